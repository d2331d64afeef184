// One record with everything that is known of it.
import { address, bar, copy, h, replace, scroll } from './dom.js';
import { curl, num, size, time, visibleLines } from './text.js';
import { go, hash, only, view, watch } from './state.js';
import { MARKS } from './grid.js';
import { causeOf } from './waterfall.js';

/** @typedef {import('./data.js').Run} Run */

/** Longest text that is shown of a value, in characters: a body may have megabytes. */
const LONGEST = 20_000;
/** Keys that are shown in a part of their own. */
const APART = new Set(['v', 'type', 'ok', 'outcome', 'url', 'error', 'skip', 'redirects', 'timings', 'attempt_log', 'headers', 'body', 'title', 'source', 'suggestion']);

export class Details {
    /** @param {Run} run @param {(row: number, step: number) => number | null} beside */
    constructor(run, beside) {
        this.run = run;
        this.beside = beside;
        this.title = h('h2', { id: 'h-details', tabindex: -1 });
        this.body = h('div.d-body', null);
        const step = (/** @type {number} */ by) => {
            const row = beside(Number(view.row), by);
            if (row !== null) go({ row: String(row) });
        };
        this.back = h('button', { type: 'button', onclick: () => step(-1) }, 'Previous');
        this.next = h('button', { type: 'button', onclick: () => step(1) }, 'Next');
        this.dialog = h('dialog', { 'aria-labelledby': 'h-details', onclose: () => { if (view.row) go({ row: '' }); }, onclick: (/** @type {Event} */ event) => { if (event.target === this.dialog) this.dialog.close(); } },
            h('div.d-inner', null, h('div.d-head', null, this.title, h('div.d-tools', null, this.back, this.next, h('button', { type: 'button', onclick: () => this.dialog.close() }, 'Close'))), this.body));
        document.body.append(this.dialog);
        watch((_, changed) => { if (changed.has('row')) void this.follow(); });
    }

    /** @param {number} row */
    open(row) { go({ row: String(row) }, 'push'); }

    /** Shows the record that the view names, or none. */
    async follow() {
        const row = view.row === '' ? -1 : Number(view.row);
        if (!(row >= 0 && row < this.run.size)) {
            if (this.dialog.open) this.dialog.close();
            return;
        }
        const record = await this.run.record(row);
        if (view.row !== String(row)) return;
        this.draw(row, record);
        if (!this.dialog.open) this.dialog.showModal();
        this.dialog.scrollTop = 0;
        this.title.focus({ preventScroll: true });
    }

    /** @param {number} row @param {Record<string, any>} record */
    draw(row, record) {
        const { run } = this;
        const fate = run.fate(row);
        const code = run.code(row);
        const facts = code ? run.about.codes?.[code] : null;
        replace(this.title, h(`span.mark.${fate}`, { 'aria-hidden': 'true' }, MARKS[fate][0]), ' ', record.title || `${MARKS[fate][1][0].toUpperCase()}${MARKS[fate][1].slice(1)}${record.status ? `: ${record.status}` : ''}`);
        // The page may know them where the record does not.
        const log = record.attempt_log ?? run.tries(row).filter(({ at }) => at !== undefined).map(({ cause, ms, at, status, code }) => ({ at_ms: at, status, error: code, wait_ms: ms, wait_for: cause }));
        const link = new URL(location.href);
        link.hash = hash(only({ row: view.row }));
        replace(this.body,
            h('p.d-url', null, address(run.what(row))),
            h('div.d-tools', null,
                h('button', { type: 'button', onclick: () => copy(curl(record), 'Command') }, 'Copy as curl'),
                h('button', { type: 'button', onclick: () => copy(JSON.stringify(record), 'Record') }, 'Copy as JSON'),
                h('button', { type: 'button', onclick: () => copy(link.href, 'Link') }, 'Copy link')),
            code && h(`div.d-why.${fate}`, null, h('p', null, h('code', null, code), ' ', run.message(row) || ''), facts?.meaning && h('p', null, facts.meaning, ' ', h('span.dim', null, facts.advice))),
            record.suggestion && h('p', null, 'Could stand there instead: ', h('code', null, record.suggestion.url)),
            record.source && facets({ document: record.source.path ?? record.source.url, line: record.source.line, column: record.source.column, element: record.source.element, attribute: record.source.attribute, text: record.source.text, reference: record.source.raw }),
            this.times(row, record),
            record.redirects?.length ? [h('h3', null, 'Redirects'), h('ol', null, ...record.redirects.map((/** @type {any} */ hop) => h('li', null, `${hop.status} `, address(hop.url), ' → ', h('code', null, hop.location))))] : null,
            log.length ? [h('h3', null, 'Tries'), this.tries(log)] : null,
            h('h3', null, 'Record'), facets(Object.fromEntries(Object.entries(record).filter(([name, value]) => !APART.has(name) && value !== null))),
            record.headers ? [h('h3', null, 'Response fields'), facets(Object.fromEntries(Object.entries(record.headers).map(([name, values]) => [name, /** @type {string[]} */ (values).join('\n')])))] : null,
            record.body ? [h('h3', null, 'Body'), long(record.body)] : null);
        this.back.disabled = this.beside(row, 0) === null;
        this.next.disabled = this.back.disabled;
    }

    /** @param {number} row @param {Record<string, any>} record */
    times(row, record) {
        const timings = record.timings ?? {};
        const total = timings.total_ms ?? record.total_ms;
        if (total == null) return null;
        const names = [['dns_ms', 'Name look-up'], ['connect_ms', 'Connecting'], ['tls_ms', 'TLS'], ['send_ms', 'Sending'], ['wait_ms', 'Waiting for the answer'], ['receive_ms', 'Receiving']];
        const parts = names.filter(([name]) => timings[name] > 0);
        const waits = this.run.waits(row).filter(([, ms]) => ms > 0);
        return [h('h3', null, 'Time'),
            bar(parts.map(([name]) => [`p-${name}`, total ? timings[name] / total : 0])),
            h('dl.facets', null,
                ...waits.flatMap(([cause, ms]) => [h('dt', null, h(`span.key.w-${cause}`, { 'aria-hidden': 'true' }), `Waited for ${causeOf(this.run, cause).words}`), h('dd', null, time(ms), ' ', causeOf(this.run, cause).flag && h('code', null, causeOf(this.run, cause).flag))]),
                ...parts.flatMap(([name, title]) => [h('dt', null, h(`span.key.p-${name}`, { 'aria-hidden': 'true' }), title), h('dd', null, time(timings[name]))]),
                h('dt', null, h('b', null, 'In all, without waiting')), h('dd', null, h('b', null, time(total))))];
    }

    /** @param {any[]} log */
    tries(log) {
        return scroll('Tries', h('table', null, h('caption.vh', null, 'Tries'),
            h('thead', null, h('tr', null, ...['At', 'Result', 'Waited before', 'For'].map((title) => h('th', { scope: 'col' }, title)))),
            h('tbody', null, ...log.map((entry) => h('tr', null, h('td', null, `+${time(entry.at_ms)}`), h('td', null, [entry.status, entry.error].filter(Boolean).join(' ') || '–'), h('td', null, time(entry.wait_ms)), h('td', null, entry.wait_for ? causeOf(this.run, entry.wait_for).words : '–'))))));
    }
}

/** Names and values. @param {Record<string, any>} values */
function facets(values) {
    return h('dl.facets', null, ...Object.entries(values).filter(([, value]) => value != null && value !== '').flatMap(([name, value]) => [h('dt', null, name.replaceAll('_', ' ')), h('dd', null, shown(name, value))]));
}

/** @param {string} name @param {any} value */
function shown(name, value) {
    if (typeof value === 'string') {
        if (/^https?:\/\//i.test(value) && !/\s/.test(value)) return address(value);
        return value.length > 200 || value.includes('\n') ? long(value) : value;
    }
    if (typeof value === 'number') {
        if (/bytes$/.test(name)) return `${size(value)} (${num(value)})`;
        return name.endsWith('_ms') ? time(value) : String(value);
    }
    return typeof value === 'boolean' ? (value ? 'yes' : 'no') : long(JSON.stringify(value, null, 1));
}

/** @param {string} text */
function long(text) {
    const pre = h('pre', { tabindex: 0 });
    pre.textContent = visibleLines(text.slice(0, LONGEST)) + (text.length > LONGEST ? `\n… ${num(text.length - LONGEST)} more characters` : '');
    return pre;
}
