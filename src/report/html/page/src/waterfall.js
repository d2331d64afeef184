// One host's requests one below the other: when each waited, for what, and how long it then took.
import { h, replace, s, scroll, section } from './dom.js';
import { num, time } from './text.js';

/** @typedef {import('./data.js').Run} Run */

/** Rows at a time. */
const PAGE = 20;
const PARTS = /** @type {[string, string][]} */ ([['dns_ms', 'name look-up'], ['connect_ms', 'connecting'], ['tls_ms', 'TLS'], ['send_ms', 'sending'], ['wait_ms', 'waiting for the answer'], ['receive_ms', 'receiving']]);

/** @param {Run} run @param {string} cause */
export const causeOf = (run, cause) => run.about.waits?.[cause] ?? { words: 'its turn', flag: '' };

/** @param {Run} run @param {[string, number][]} hosts Name and number of requests, most first @param {(row: number) => void} open */
export function waterfall(run, hosts, open) {
    if (!hosts.length || !Number.isFinite(run.first)) return null;
    let host = hosts[0][0];
    let from = 0;
    /** @type {number[]} */
    let rows = [];
    const body = h('tbody', null);
    const where = h('span', { role: 'status' });
    const back = h('button', { type: 'button', onclick: () => { from = Math.max(0, from - PAGE); draw(); } }, 'Back');
    const next = h('button', { type: 'button', onclick: () => { from += PAGE; draw(); } }, 'Next');
    const select = h('select', { onchange: () => choose(select.value) }, ...hosts.slice(0, 200).map(([name, n]) => h('option', { value: name }, `${name} (${num(n)})`)));
    const axis = h('div.ticks', { 'aria-hidden': 'true' });

    /** @param {string} name */
    function choose(name) {
        host = name;
        from = 0;
        rows = [];
        for (let row = 0; row < run.size; row++) if (run.host(row) === host && !Number.isNaN(run.started?.[row])) rows.push(row);
        rows.sort((a, b) => (run.started?.[a] ?? 0) - (run.started?.[b] ?? 0) || a - b);
        if (select.value !== name && hosts.some(([known]) => known === name)) select.value = name;
        draw();
    }

    function draw() {
        const shown = rows.slice(from, from + PAGE);
        const spans = shown.map((row) => spanOf(run, row));
        const start = Math.min(...spans.map(({ begin }) => begin));
        const end = Math.max(...spans.map(({ end }) => end), start + 1);
        /** @param {number} at */
        const x = (at) => ((at - start) / (end - start)) * 1000;
        replace(body, ...shown.map((row, index) => {
            const { parts, told } = spans[index];
            const bar = s('svg', { class: 'fall', viewBox: '0 0 1000 14', preserveAspectRatio: 'none', role: 'img', 'aria-label': told },
                s('title', {}, told),
                ...parts.map(({ cls, at, ms }) => s('rect', { class: cls, x: x(at).toFixed(2), width: Math.max((ms / (end - start)) * 1000, 1.5).toFixed(2), y: cls.startsWith('w-') ? 4 : 1, height: cls.startsWith('w-') ? 6 : 12 })));
            return h('tr', null,
                h('th', { scope: 'row' }, h('button.plain', { type: 'button', onclick: () => open(row) }, path(run.what(row)))),
                h('td.wide', null, bar),
                h('td.why', null, reason(run, row)),
                h('td.num', null, time(run.total?.[row])));
        }));
        replace(axis, ...[0, 0.25, 0.5, 0.75, 1].map((share) => h('span', null, time(start - (run.first ?? 0) + share * (end - start)))));
        where.textContent = `${num(from + 1)}–${num(from + shown.length)} of ${num(rows.length)}`;
        back.disabled = from === 0;
        next.disabled = from + PAGE >= rows.length;
    }

    const causes = new Set();
    for (let row = 0; row < run.size; row++) for (const [cause, ms] of run.waits(row)) if (ms > 0) causes.add(cause);
    const legend = h('ul.legend', null,
        ...[...causes].map((cause) => h('li', null, h(`span.key.w-${cause}`, { 'aria-hidden': 'true' }), `waited for ${causeOf(run, cause).words}`)),
        ...PARTS.filter(([name]) => run.phases?.[name]?.some((ms) => ms > 0)).map(([name, words]) => h('li', null, h(`span.key.p-${name}`, { 'aria-hidden': 'true' }), words)));
    choose(host);
    const untold = causes.has('unknown') ? ' Some of these records do not say what they waited for: --with attempts keeps it.' : '';
    const element = section('waterfall', 'Request by request',
        h('p', null, 'The requests of one host in the order of their start. Thin bars are waiting, with its reason; thick ones are the request itself, its last try.', untold),
        h('div.tools', null, h('label', null, h('span', null, 'Host'), select)), legend,
        scroll('Requests of a host over time', h('table.falls', null, h('caption.vh', null, 'Requests of a host over time'),
            h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Request'), h('th.wide', { scope: 'col' }, h('span.vh', null, 'When'), axis), h('th', { scope: 'col' }, 'Waited for'), h('th.num', { scope: 'col' }, 'Time'))), body)),
        h('div.pager', null, where, back, next));
    return { element, choose };
}

/** @param {string} url */
function path(url) {
    const short = url.replace(/^[a-z]+:\/\/[^/]+/i, '') || url;
    return short.length > 60 ? `${short.slice(0, 57)}…` : short;
}

/** @param {Run} run @param {number} row */
function reason(run, row) {
    const waited = run.waits(row).filter(([, ms]) => ms >= 0.5).sort((a, b) => b[1] - a[1]);
    if (!waited.length) return h('span.dim', null, 'nothing');
    const [cause, ms] = waited[0];
    return [`${time(ms)} for ${causeOf(run, cause).words}`, waited.length > 1 ? `, and ${waited.length - 1} more` : ''].join('');
}

/** @param {Run} run @param {number} row */
function spanOf(run, row) {
    const start = run.started?.[row] ?? 0;
    const [first, ...later] = run.waits(row);
    const parts = [];
    const told = [];
    let begin = start;
    if (first?.[1] > 0) {
        begin = start - first[1];
        parts.push({ cls: `w-${first[0]}`, at: begin, ms: first[1] });
        told.push(`waited ${time(first[1])} for ${causeOf(run, first[0]).words}`);
    }
    let at = start;
    for (const [cause, ms] of later) {
        if (!(ms > 0)) continue;
        parts.push({ cls: `w-${cause}`, at, ms });
        told.push(`waited ${time(ms)} for ${causeOf(run, cause).words}`);
        at += ms;
    }
    const total = run.total?.[row] || 0;
    let sum = 0;
    for (const [name] of PARTS) {
        const ms = run.phases?.[name]?.[row] || 0;
        if (!(ms > 0)) continue;
        parts.push({ cls: `p-${name}`, at: at + sum, ms });
        sum += ms;
    }
    if (total > sum + 0.01) parts.push({ cls: 'p-total', at: at + sum, ms: total - sum });
    told.push(`took ${time(total)}`);
    return { begin, end: at + total, parts, told: told.join(', ') };
}
