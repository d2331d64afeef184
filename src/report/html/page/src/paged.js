// Lists of groups, ten at a time: any number of them in a few elements. Ordered by a click on a heading.
import { h, replace, scroll } from './dom.js';
import { num } from './text.js';

/**
 * @template T
 * @typedef {object} Column
 * @property {string} title
 * @property {(item: T) => import('./dom.js').Child | import('./dom.js').Child[]} cell
 * @property {(item: T) => number | string} [key] What it is ordered by
 * @property {string} [cls]
 * @property {boolean} [head] Names the row
 */

/** Where each list stood: while a run goes on they are made anew again and again. @type {Map<string, {from: number, by: number, way: number}>} */
const places = new Map();

/**
 * @template T
 * @param {string} label What it is, for those who do not see it
 * @param {T[]} items @param {Column<T>[]} columns @param {{page?: number}} [options]
 */
export function paged(label, items, columns, { page = 10 } = {}) {
    const before = places.get(label);
    let from = Math.min(before?.from ?? 0, Math.max(Math.floor((items.length - 1) / page) * page, 0));
    let by = before?.by ?? -1;
    let way = before?.way ?? 1;
    let shown = items;
    const body = h('tbody', null);
    const heads = columns.map((column, index) => {
        const cls = column.cls ? `th.${column.cls}` : 'th';
        if (!column.key) return h(cls, { scope: 'col' }, column.title);
        return h(cls, { scope: 'col' }, h('button', {
            type: 'button',
            onclick: () => {
                const numbers = typeof column.key?.(items[0]) === 'number';
                if (by !== index) { by = index; way = numbers ? -1 : 1; } else way = -way;
                from = 0;
                order();
            },
        }, column.title, h('span.arrow', { 'aria-hidden': 'true' })));
    });
    const where = h('span', { role: 'status' });
    const back = h('button', { type: 'button', onclick: () => turn(-page) }, 'Back');
    const next = h('button', { type: 'button', onclick: () => turn(page) }, 'Next');
    const pager = h('div.pager', null, where, back, next);

    function order() {
        const { key } = columns[by];
        if (!key) return;
        shown = [...items].sort((a, b) => (key(a) < key(b) ? -way : key(a) > key(b) ? way : 0));
        heads.forEach((head, index) => (index === by ? head.setAttribute('aria-sort', way > 0 ? 'ascending' : 'descending') : head.removeAttribute('aria-sort')));
        draw();
    }
    /** @param {number} step */
    function turn(step) {
        from = Math.max(0, Math.min(from + step, Math.floor((items.length - 1) / page) * page));
        draw();
    }
    function draw() {
        places.set(label, { from, by, way });
        replace(body, ...shown.slice(from, from + page).map((item) =>
            h('tr', null, ...columns.map((column) => {
                const told = column.cell(item);
                const tag = column.head ? 'th' : 'td';
                return h(column.cls ? `${tag}.${column.cls}` : tag, column.head ? { scope: 'row' } : null, ...(Array.isArray(told) ? told : [told]));
            }))));
        const to = Math.min(from + page, items.length);
        where.textContent = `${num(from + 1)}–${num(to)} of ${num(items.length)}`;
        back.disabled = from === 0;
        next.disabled = to >= items.length;
    }
    if (by >= 0) order();
    else draw();
    return h('div.paged', null,
        scroll(label, h('table', null, h('caption.vh', null, label), h('thead', null, h('tr', null, ...heads)), body)),
        items.length > page && pager);
}
