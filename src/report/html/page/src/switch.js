// The switch between light and dark, at the head of the page.
import { h } from './dom.js';
import { apply, choose, chosen } from './theme.js';

/** Puts it there, and sees to it that paper is light. */
export function themeSwitch() {
    let theme = chosen();
    const select = h('select', { id: 'theme', onchange: () => choose((theme = select.value)) },
        ...[['system', 'As the system'], ['light', 'Light'], ['dark', 'Dark']].map(([value, words]) => h('option', { value, selected: value === theme }, words)));
    document.querySelector('header.top')?.prepend(h('p.theme', null, h('label', { for: 'theme' }, 'Colours'), ' ', select));
    // What a script draws has the colours of the screen.
    addEventListener('beforeprint', () => apply('light'));
    addEventListener('afterprint', () => apply(theme));
}
