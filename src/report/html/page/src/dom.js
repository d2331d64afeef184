// Elements. Data becomes text nodes and attribute values only; nothing here reads markup.
import { visible } from './text.js';

/** @typedef {Node | string | number | null | undefined | false | any[]} Child */

const SVG = 'http://www.w3.org/2000/svg';

/** @param {Element} element @param {Record<string, any>} props */
function set(element, props) {
    for (const [name, value] of Object.entries(props)) {
        if (value == null || value === false) continue;
        if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
        else if (name in plain) /** @type {any} */ (element)[name] = value;
        else element.setAttribute(name, value === true ? '' : visible(String(value)));
    }
}

/** Properties that are no attributes. */
const plain = { value: 1, checked: 1, disabled: 1 };

/** @param {Node} element @param {Child[]} children */
export function fill(element, children) {
    for (const child of children) {
        if (child == null || child === false) continue;
        if (Array.isArray(child)) { fill(element, child); continue; }
        element.appendChild(child instanceof Node ? child : document.createTextNode(visible(String(child))));
    }
}

/**
 * `h('td.num', {title: 'x'}, 'text')`.
 * @param {string} what Tag and classes @param {Record<string, any> | null} [props] @param {...Child} children
 * @returns {any}
 */
export function h(what, props, ...children) {
    const [tag, ...classes] = what.split('.');
    const element = document.createElement(tag);
    if (classes.length) element.className = classes.join(' ');
    if (props) set(element, props);
    fill(element, children);
    return element;
}

/** The same for drawings. @param {string} tag @param {Record<string, any>} props @param {...Child} children @returns {any} */
export function s(tag, props, ...children) {
    const element = document.createElementNS(SVG, tag);
    set(element, props);
    fill(element, children);
    return element;
}

/** Puts these into an element, in place of what is there. @param {Element} element @param {...Child} children */
export function replace(element, ...children) {
    element.replaceChildren();
    fill(element, children);
}

/** A section with its heading. @param {string} id @param {string} title @param {...Child} children */
export function section(id, title, ...children) {
    return h('section', { id, 'aria-labelledby': `h-${id}` }, h('h2', { id: `h-${id}` }, title), ...children);
}

/** Something that may be wider than the window. @param {string} label @param {...Child} children */
export const scroll = (label, ...children) =>
    h('div.scroll', { role: 'region', 'aria-label': `Table: ${label}`, tabindex: 0 }, ...children);

/** An address; a link only where it leads to the web. @param {string} url */
export const address = (url) =>
    /^https?:\/\//i.test(url) ? h('a', { href: url, rel: 'noreferrer noopener', target: '_blank' }, url) : h('span', null, url);

/** A bar of parts, each `[class, share of 1]`. @param {[string, number][]} parts @param {string} [extra] */
export function bar(parts, extra = '') {
    let x = 0;
    return s('svg', { class: `bar ${extra}`, viewBox: '0 0 1000 8', preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
        ...parts.map(([cls, share]) => {
            const rect = s('rect', { class: cls, x: (x * 1000).toFixed(2), width: Math.max(share * 1000, 0).toFixed(2), height: 8 });
            x += share;
            return rect;
        }));
}

/** Says something to those who do not see the page. @param {string} text */
export function say(text) {
    const live = document.getElementById('live');
    if (live) live.textContent = visible(text);
}

/** Puts a text where others can be pasted from. @param {string} text @param {string} what */
export async function copy(text, what) {
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        // Without leave for the clipboard: as it was done before there was one.
        const area = h('textarea', { value: text, 'aria-hidden': 'true' });
        (document.querySelector('dialog[open]') ?? document.body).append(area);
        area.select();
        document.execCommand('copy');
        area.remove();
    }
    say(`${what} copied`);
}
