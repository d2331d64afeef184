// Light or dark: as the system has it, unless the reader chose. Paper is light.

/** @typedef {'system' | 'light' | 'dark'} Theme */

const KEY = 'fetchall-theme';
/** What the style sheet asks for. */
const ASKED = 'screen and (prefers-color-scheme: dark)';

/** Told when colours change. */
const watchers = /** @type {Set<() => void>} */ (new Set());

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { for (const watcher of watchers) watcher(); });

/** @param {() => void} watcher */
export const onColours = (watcher) => void watchers.add(watcher);

/** What was chosen here before; storage may be closed to files. @returns {Theme} */
export function chosen() {
    try {
        const kept = localStorage.getItem(KEY);
        return kept === 'light' || kept === 'dark' ? kept : 'system';
    } catch {
        return 'system';
    }
}

/** The rule of the style sheet that has the dark colours, whatever its condition is now. */
function rule() {
    for (const sheet of document.styleSheets) {
        for (const rule of sheet.cssRules) {
            const first = rule instanceof CSSMediaRule ? rule.cssRules[0] : null;
            if (first instanceof CSSStyleRule && first.style.colorScheme === 'dark') return /** @type {CSSMediaRule} */ (rule);
        }
    }
    return null;
}

/** Shows the page so, until it is loaded anew. @param {Theme} theme */
export function apply(theme) {
    const dark = rule();
    if (!dark) return;
    dark.media.mediaText = theme === 'system' ? ASKED : theme === 'dark' ? 'screen' : 'not all';
    for (const watcher of watchers) watcher();
}

/** Shows the page so, and the next time too. @param {Theme} theme */
export function choose(theme) {
    try {
        if (theme === 'system') localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, theme);
    } catch {
        // Then for this time only.
    }
    apply(theme);
}
