// All records as a table that has only the rows in sight: any number of them in a few hundred elements.
import { h, replace, say } from './dom.js';
import { counted, num, size, time } from './text.js';
import { go, only, view, watch } from './state.js';

/** @typedef {import('./data.js').Run} Run */

/** Rows beyond the edges that are kept ready. */
const SPARE = 6;
/** Browsers end elements somewhere above 16 million pixels. */
const TALLEST = 8_000_000;

export const MARKS = /** @type {Record<string, [string, string]>} */ ({
    fine: ['●', 'fine'], failed: ['■', 'failed'], warned: ['▲', 'warning'], skipped: ['○', 'left out'],
});

/** @typedef {{name: string, title: string, cls: string, key: (row: number) => any, cell: (run: Run, row: number) => any}} Column */

/** @param {Run} run @returns {Column[]} */
const columns = (run) => [
    { name: 'result', title: 'Result', cls: 'c-result', key: (/** @type {number} */ row) => `${run.fate(row)} ${run.status?.[row] ?? ''} ${run.code(row) ?? ''}`, cell: result },
    { name: 'what', title: run.isCheck ? 'Link' : 'Address', cls: 'c-what', key: (/** @type {number} */ row) => run.what(row), cell: what },
    { name: 'time', title: 'Time', cls: 'c-num c-time', key: (/** @type {number} */ row) => run.total?.[row] ?? NaN, cell: (/** @type {Run} */ r, /** @type {number} */ row) => time(r.total?.[row]) },
    { name: 'waited', title: 'Waited', cls: 'c-num c-waited', key: (/** @type {number} */ row) => run.queue?.[row] ?? NaN, cell: (/** @type {Run} */ r, /** @type {number} */ row) => time(r.queue?.[row]) },
    { name: 'size', title: 'Size', cls: 'c-num c-size', key: (/** @type {number} */ row) => run.bytes?.[row] ?? NaN, cell: (/** @type {Run} */ r, /** @type {number} */ row) => size(r.bytes?.[row]) },
    { name: 'start', title: 'Start', cls: 'c-num c-start', key: (/** @type {number} */ row) => run.started?.[row] ?? NaN, cell: (/** @type {Run} */ r, /** @type {number} */ row) => start(r, row) },
];

/** @param {Run} run @param {number} row */
const start = (run, row) => {
    const at = (run.started?.[row] ?? NaN) - (run.first ?? 0);
    return Number.isNaN(at) ? '–' : `+${(at / 1000).toFixed(2)} s`;
};

/** @param {Run} run @param {number} row */
function result(run, row) {
    const fate = run.fate(row);
    const [mark, words] = MARKS[fate];
    const status = run.status?.[row];
    const name = fate === 'fine' && status ? String(status) : run.code(row) ?? (status ? String(status) : words);
    const shown = fate !== 'fine' && status && !name.startsWith('link.') ? `${status} ${name}` : name;
    return [h(`span.mark.${fate}`, { 'aria-hidden': 'true' }, mark), h('span.vh', null, `${words}: `), shown];
}

/** @param {Run} run @param {number} row */
function what(run, row) {
    const from = run.isCheck ? run.from(row) : null;
    const line = run.get('source', row)?.line;
    return [run.what(row), from && h('span.dim', null, `  in ${from}${line ? `:${line}` : ''}`)];
}

export class Grid {
    /** @param {Run} run @param {(row: number) => void} open */
    constructor(run, open) {
        this.run = run;
        this.open = open;
        // A column that says nothing is none.
        this.columns = columns(run).filter(({ key }) => {
            if (run.isLive) return true; 
            for (let row = 0; row < run.size; row++) if (!Number.isNaN(key(row))) return true;
            return false;
        });
        /** @type {Uint32Array} */
        this.rows = new Uint32Array(0);
        this.at = 0;
        this.head = h('div.g-head', { role: 'row', 'aria-rowindex': 1 },
            ...this.columns.map(({ name, title, cls }) =>
                h(`div.${cls.replaceAll(' ', '.')}`, { role: 'columnheader', 'data-sort': name },
                    h('button', { type: 'button', onclick: () => this.order(name) }, title, h('span.arrow', { 'aria-hidden': 'true' })))));
        this.body = h('div.g-body', { role: 'rowgroup' });
        this.pane = h('div.g-pane', {
            role: 'grid', tabindex: 0, 'aria-label': 'All records', 'aria-describedby': 'grid-keys', 'aria-colcount': this.columns.length, id: 'grid',
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
            onscroll: () => this.draw(),
            onclick: (/** @type {MouseEvent} */ event) => this.click(event),
        }, h('div.g-top', { role: 'rowgroup' }, this.head), this.body);
        this.tools = new Tools(run);
        this.element = h('section', { id: 'requests', 'aria-labelledby': 'h-requests' },
            h('h2', { id: 'h-requests' }, run.isCheck ? 'All links' : 'All requests'),
            this.tools.element,
            h('p.vh', { id: 'grid-keys' }, 'Arrow keys, Page Up, Page Down, Home and End move; Enter opens the record.'),
            this.pane);
        watch((_, changed) => {
            if (['q', 'is', 'code', 'status', 'host', 'from', 'to', 'sort'].some((name) => changed.has(name))) this.update();
        });
        new ResizeObserver(() => this.draw()).observe(this.pane);
    }

    /** Chooses and orders the rows anew. */
    update() {
        this.rows = sorted(this.run, chosen(this.run), this.columns);
        this.at = 0;
        this.pane.scrollTop = 0;
        for (const cell of this.head.children) {
            const name = cell.getAttribute('data-sort');
            const way = view.sort === name ? 'ascending' : view.sort === `-${name}` ? 'descending' : null;
            if (way) cell.setAttribute('aria-sort', way);
            else cell.removeAttribute('aria-sort');
        }
        this.pane.setAttribute('aria-rowcount', String(this.rows.length + 1));
        this.tools.update(this.rows.length);
        this.draw();
    }

    /** Takes in rows that came, and stays where it is. */
    refresh() {
        const current = this.rows[this.at];
        this.tools.recount();
        this.rows = sorted(this.run, chosen(this.run), this.columns);
        if (this.rows[this.at] !== current) this.at = Math.max(this.rows.indexOf(current), 0);
        this.pane.setAttribute('aria-rowcount', String(this.rows.length + 1));
        this.tools.update(this.rows.length);
        this.draw();
    }

    /** @param {string} name */
    order(name) {
        const first = name === 'what' || name === 'result' || name === 'start' ? name : `-${name}`;
        const second = first.startsWith('-') ? name : `-${name}`;
        go({ sort: view.sort === first ? second : view.sort === second ? '' : first });
    }

    get height() { return innerWidth <= 700 ? 58 : 34; }

    /** Rows that are in sight, and where they stand. */
    place() {
        const row = this.height;
        const real = this.rows.length * row;
        const tall = Math.min(real, TALLEST);
        const inside = this.pane.clientHeight - this.head.offsetHeight;
        const most = Math.max(tall - inside, 0);
        const share = most ? Math.min(this.pane.scrollTop / most, 1) : 0;
        const offset = real > TALLEST ? share * (real - inside) : this.pane.scrollTop;
        return { row, tall, inside, offset, shift: this.pane.scrollTop - offset, most, real };
    }

    draw() {
        const { row, tall, inside, offset, shift } = this.place();
        const from = Math.max(Math.floor(offset / row) - SPARE, 0);
        const to = Math.min(Math.ceil((offset + inside) / row) + SPARE, this.rows.length);
        this.body.style.height = `${Math.max(tall, row)}px`;
        const drawn = [];
        for (let index = from; index < to; index++) drawn.push(this.row(index, index * row + shift));
        if (!this.rows.length) {
            drawn.push(h('div.g-row.none', { role: 'row' }, h('div', { role: 'gridcell' }, this.run.size ? 'Nothing matches. ' : 'Nothing yet. ', this.run.size && h('button', { type: 'button', onclick: () => go(only({ sort: view.sort })) }, 'Show all'))));
        }
        this.body.replaceChildren(...drawn);
        const isThere = this.at >= from && this.at < to && this.rows.length;
        if (isThere) this.pane.setAttribute('aria-activedescendant', `row-${this.at}`);
        else this.pane.removeAttribute('aria-activedescendant');
    }

    /** @param {number} index @param {number} top */
    row(index, top) {
        const row = this.rows[index];
        const element = h(`div.g-row.${this.run.fate(row)}`, { role: 'row', id: `row-${index}`, 'aria-rowindex': index + 2, 'aria-selected': index === this.at ? 'true' : 'false', 'data-row': row },
            ...this.columns.map(({ cls, cell }) => {
                const told = cell(this.run, row);
                return h(`div.${cls.replaceAll(' ', '.')}`, { role: 'gridcell' }, ...(Array.isArray(told) ? told : [told]));
            }));
        element.style.transform = `translateY(${top}px)`;
        return element;
    }

    /** Makes a row the current one and brings it into sight. @param {number} index */
    move(index) {
        this.at = Math.max(0, Math.min(index, this.rows.length - 1));
        const { row, inside, offset, most, real } = this.place();
        const top = this.at * row;
        let wanted = offset;
        if (top < offset) wanted = top;
        else if (top + row > offset + inside) wanted = top + row - inside;
        if (wanted !== offset) this.pane.scrollTop = real > TALLEST ? (wanted / (real - inside)) * most : wanted;
        this.draw();
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        if (event.target !== this.pane) return;
        const page = Math.max(Math.floor(this.place().inside / this.height) - 1, 1);
        /** @type {Record<string, () => void>} */
        const keys = {
            ArrowDown: () => this.move(this.at + 1), ArrowUp: () => this.move(this.at - 1),
            PageDown: () => this.move(this.at + page), PageUp: () => this.move(this.at - page),
            Home: () => this.move(0), End: () => this.move(this.rows.length - 1),
            Enter: () => { if (this.rows.length) this.open(this.rows[this.at]); },
            ' ': () => { if (this.rows.length) this.open(this.rows[this.at]); },
        };
        const act = event.ctrlKey || event.altKey || event.metaKey ? null : keys[event.key];
        if (!act) return;
        event.preventDefault();
        act();
    }

    /** @param {MouseEvent} event */
    click(event) {
        const target = /** @type {Element} */ (event.target).closest('[data-row]');
        if (!target || String(getSelection() ?? '')) return;
        this.at = Number(target.id.slice(4));
        this.open(Number(target.getAttribute('data-row')));
    }

    /** The row before or after that one, as the table has them; `null` at its end. @param {number} row @param {number} step */
    beside(row, step) {
        const index = this.rows.indexOf(row);
        if (index < 0 || index + step < 0 || index + step >= this.rows.length) return null;
        this.move(index + step);
        return this.rows[index + step];
    }
}

/** Rows that the view wants. @param {Run} run */
export function chosen(run) {
    const words = view.q.toLowerCase().split(/\s+/).filter(Boolean);
    const [from, to] = [view.from, view.to].map((text) => (text === '' ? null : Number(text)));
    const out = new Uint32Array(run.size);
    let count = 0;
    for (let row = 0; row < run.size; row++) {
        if (view.is && run.fate(row) !== view.is) continue;
        if (view.code && run.code(row) !== view.code) continue;
        if (view.status && !String(run.status?.[row]).startsWith(view.status.replace(/x+$/, ''))) continue;
        if (view.host && run.host(row) !== view.host) continue;
        if (from !== null || to !== null) {
            const end = (run.started?.[row] ?? NaN) + (run.total?.[row] || 0) - (run.first ?? 0);
            if (!(end >= (from ?? -Infinity) && end < (to ?? Infinity))) continue;
        }
        if (words.length) {
            const text = run.text(row);
            if (!words.every((word) => text.includes(word))) continue;
        }
        out[count++] = row;
    }
    return out.subarray(0, count);
}

/** @param {Run} run @param {Uint32Array} rows @param {Column[]} columns */
function sorted(run, rows, columns) {
    const name = view.sort.replace(/^-/, '');
    const column = columns.find((column) => column.name === name);
    if (!column) return rows;
    const way = view.sort.startsWith('-') ? -1 : 1;
    /** @type {any[]} */
    const keys = new Array(run.size);
    for (const row of rows) keys[row] = column.key(row);
    return rows.slice().sort((a, b) => {
        const [x, y] = [keys[a], keys[b]];
        // What has no value comes last, whichever way.
        if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
        return x < y ? -way : x > y ? way : a - b;
    });
}

/** What stands above the table: search, filters, how many there are. */
class Tools {
    /** @param {Run} run */
    constructor(run) {
        this.run = run;
        this.timer = 0;
        this.search = h('input', {
            type: 'search', id: 'search', placeholder: 'Search addresses, titles, reasons', autocomplete: 'off', spellcheck: 'false',
            oninput: () => {
                clearTimeout(this.timer);
                this.timer = window.setTimeout(() => go({ q: this.search.value }), run.size > 20_000 ? 150 : 30);
            },
        });
        this.is = choice('Outcome', 'is');
        this.code = choice('Reason', 'code');
        this.status = choice('Status', 'status');
        this.recount();
        this.chips = h('p.chips', null);
        this.count = h('p.count', { role: 'status', 'aria-live': run.isLive ? 'off' : null });
        this.element = h('form.tools', { role: 'search', 'aria-label': 'Records', onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
            h('label.search', { for: 'search' }, h('span', null, 'Search'), this.search),
            this.is, this.code, this.status, this.chips, this.count);
    }

    /** Says behind each filter how many it would leave. */
    recount() {
        const { run } = this;
        /** @type {Record<string, number>} */
        const fates = {};
        /** @type {Record<string, number>} */
        const codes = {};
        /** @type {Record<string, number>} */
        const statuses = {};
        for (let row = 0; row < run.size; row++) {
            const [code, status, fate] = [run.code(row), run.status?.[row], run.fate(row)];
            fates[fate] = (fates[fate] ?? 0) + 1;
            if (code) codes[code] = (codes[code] ?? 0) + 1;
            if (status) statuses[status] = (statuses[status] ?? 0) + 1;
        }
        const classes = [...new Set(Object.keys(statuses).map((status) => `${status[0]}xx`))];
        for (const name of classes) statuses[name] = Object.entries(statuses).reduce((sum, [status, n]) => (/^\d+$/.test(status) && status[0] === name[0] ? sum + n : sum), 0);
        offer(this.is, [['', 'All'], ...['failed', 'warned', 'skipped', 'fine'].filter((fate) => fates[fate]).map((fate) => [fate, `${fate === 'skipped' ? 'left out' : fate} (${num(fates[fate])})`])]);
        offer(this.code, [['', 'Any']].concat(Object.entries(codes).sort((a, b) => b[1] - a[1]).slice(0, 200).map(([code, n]) => [code, `${code} (${num(n)})`])));
        offer(this.status, [['', 'Any']].concat(Object.entries(statuses).sort().slice(0, 200).map(([status, n]) => [status, `${status} (${num(n)})`])));
    }

    /** @param {number} shown */
    update(shown) {
        const { run } = this;
        if (document.activeElement !== this.search) this.search.value = view.q;
        for (const [label, name] of /** @type {const} */ ([[this.is, 'is'], [this.code, 'code'], [this.status, 'status']])) {
            label.querySelector('select').value = view[name];
        }
        /** @type {Element[]} */
        const chips = [];
        /** @param {string} text @param {Partial<import('./state.js').View>} change */
        const chip = (text, change) => chips.push(h('button.chip', { type: 'button', 'aria-label': `Take away: ${text}`, onclick: () => go(change) }, text, h('span', { 'aria-hidden': 'true' }, ' ×')));
        if (view.host) chip(`host ${view.host}`, { host: '' });
        if (view.from || view.to) chip(`ended ${time(Number(view.from || 0))} to ${view.to ? time(Number(view.to)) : 'the end'}`, { from: '', to: '' });
        if (shown < run.size || view.sort) chip('start over', only({}));
        replace(this.chips, ...chips);
        const [one, many] = run.noun;
        this.count.textContent = shown === run.size ? `${counted(shown, one, many)}` : `${num(shown)} of ${counted(run.size, one, many)}`;
    }
}

/** @param {string} label @param {'is' | 'code' | 'status'} name */
function choice(label, name) {
    return h('label', null, h('span', null, label),
        h('select', { onchange: (/** @type {Event} */ event) => { go({ [name]: /** @type {HTMLSelectElement} */ (event.target).value }); say(''); } }));
}

/** Puts these into a choice, which stays at what was chosen; not under the hand of somebody who is choosing. @param {HTMLElement} label @param {string[][]} options */
function offer(label, options) {
    const select = label.querySelector('select');
    if (!select || (select.options.length && document.activeElement === select)) return;
    const { value } = select;
    replace(select, ...options.map(([value, text]) => h('option', { value }, text)));
    select.value = value;
}
