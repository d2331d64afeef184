// One host's requests one below the other: when each waited, for what, and how long it then took.
import { h, replace, s, scroll, section } from './dom.js';
import { num, time } from './text.js';

/** @typedef {import('./data.js').Run} Run */

/** Rows at a time. */
const PAGE = 20;
const PARTS = /** @type {[string, string][]} */ ([['dns_ms', 'name look-up'], ['connect_ms', 'connecting'], ['tls_ms', 'TLS'], ['send_ms', 'sending'], ['wait_ms', 'waiting for the answer'], ['receive_ms', 'receiving']]);

/** Where it stood: while a run goes on it is made anew again and again. */
const place = { host: '', from: 0 };

/** @param {Run} run @param {string} cause */
export const causeOf = (run, cause) => run.about.waits?.[cause] ?? { words: 'its turn', flag: '' };

/** @param {Run} run @param {[string, number][]} hosts Name and number of requests, most first @param {(row: number) => void} open */
export function waterfall(run, hosts, open) {
    if (!hosts.length || !Number.isFinite(run.first)) return null;
    let host = hosts.some(([name]) => name === place.host) ? place.host : hosts[0][0];
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
        rows = [];
        for (let row = 0; row < run.size; row++) if (run.host(row) === host && !Number.isNaN(run.started?.[row])) rows.push(row);
        rows.sort((a, b) => (run.started?.[a] ?? 0) - (run.started?.[b] ?? 0) || a - b);
        if (select.value !== name && hosts.some(([known]) => known === name)) select.value = name;
        from = name === place.host ? Math.min(place.from, Math.floor(Math.max(rows.length - 1, 0) / PAGE) * PAGE) : 0;
        draw();
    }

    function draw() {
        Object.assign(place, { host, from });
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
        replace(axis, ...[0, 0.25, 0.5, 0.75, 1].map((share) => h('span', null, tick(start - (run.first ?? 0) + share * (end - start), end - start))));
        where.textContent = `${num(from + 1)}–${num(from + shown.length)} of ${num(rows.length)}`;
        back.disabled = from === 0;
        next.disabled = from + PAGE >= rows.length;
    }

    const causes = new Set();
    const earlier = { failed: false, hop: false, untold: false };
    for (let row = 0; row < run.size; row++) {
        for (const [cause, ms] of run.waits(row)) if (ms > 0) causes.add(cause);
        if (!(run.get('attempts', row) > 1)) continue;
        const tries = run.tries(row);
        if (tries.length < 2 || tries[0].at === undefined) earlier.untold = true;
        for (const { code, status } of tries.slice(0, -1)) earlier[!code && (status ?? 0) >= 300 && (status ?? 0) < 400 ? 'hop' : 'failed'] = true;
    }
    const legend = h('ul.legend', null,
        ...[...causes].map((cause) => h('li', null, h(`span.key.w-${cause}`, { 'aria-hidden': 'true' }), `waited for ${causeOf(run, cause).words}`)),
        earlier.failed && h('li', null, h('span.key.t-failed', { 'aria-hidden': 'true' }), 'an earlier try, which failed'),
        earlier.hop && h('li', null, h('span.key.t-hop', { 'aria-hidden': 'true' }), 'a redirect on the way'),
        ...PARTS.filter(([name]) => run.phases?.[name]?.some((ms) => ms > 0)).map(([name, words]) => h('li', null, h(`span.key.p-${name}`, { 'aria-hidden': 'true' }), words)));
    choose(host);
    const untold = [causes.has('unknown') && 'what they waited for', earlier.untold && 'how their earlier tries went'].filter(Boolean).join(' and ');
    const element = section('waterfall', 'Request by request',
        h('p', null, 'The requests of one host in the order of their start. Thin bars are waiting, with its reason; thick ones are the request itself, each try of it.',
            untold && ` Some of these records do not say ${untold}: --with attempts keeps it.`),
        h('div.tools', null, h('label', null, h('span', null, 'Host'), select)), legend,
        scroll('Requests of a host over time', h('table.falls', null, h('caption.vh', null, 'Requests of a host over time'),
            h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Request'), h('th.wide', { scope: 'col' }, h('span.vh', null, 'When'), axis), h('th', { scope: 'col' }, 'Waited for'), h('th.num', { scope: 'col' }, 'Last try'))), body)),
        h('div.pager', null, where, back, next));
    return { element, choose };
}

/** A moment on an axis this long; what is too short to be seen there is nothing. @param {number} at @param {number} span */
const tick = (at, span) => (Math.abs(at) < span / 200 ? '0 s' : time(at));

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

/** What ended a try that was not the last. @param {import('./data.js').Try} tried */
const endOf = ({ status, code }) => [status, code].filter(Boolean).join(' ') || 'no answer';

/** The phases of the last try, from `at` on. @param {Run} run @param {number} row @param {number} at @param {{cls: string, at: number, ms: number}[]} parts */
function phasesFrom(run, row, at, parts) {
    const total = run.total?.[row] || 0;
    let sum = 0;
    for (const [name] of PARTS) {
        const ms = run.phases?.[name]?.[row] || 0;
        if (!(ms > 0)) continue;
        parts.push({ cls: `p-${name}`, at: at + sum, ms });
        sum += ms;
    }
    if (total > sum + 0.01) parts.push({ cls: 'p-total', at: at + sum, ms: total - sum });
    return total;
}

/** Where a request stands in time: its waiting and its tries, all of them where they are known. @param {Run} run @param {number} row */
function spanOf(run, row) {
    const start = run.started?.[row] ?? 0;
    const tries = run.tries(row);
    /** @type {{cls: string, at: number, ms: number}[]} */
    const parts = [];
    const told = [];
    let at = start;
    for (const [index, tried] of tries.entries()) {
        // Where nobody said when it began: right behind what is known before it.
        const begin = tried.at === undefined ? at + (index ? tried.ms : 0) : start + tried.at;
        if (tried.ms > 0) {
            parts.push({ cls: `w-${tried.cause}`, at: begin - tried.ms, ms: tried.ms });
            told.push(`waited ${time(tried.ms)} for ${causeOf(run, tried.cause).words}`);
        }
        at = begin;
        const next = tries[index + 1];
        if (next?.at === undefined || tried.at === undefined) continue;
        const ms = Math.max(next.at - next.ms - tried.at, 0);
        const isHop = !tried.code && (tried.status ?? 0) >= 300 && (tried.status ?? 0) < 400;
        parts.push({ cls: isHop ? 't-hop' : 't-failed', at: begin, ms });
        told.push(`${isHop ? 'redirect' : 'try'} ${index + 1}: ${endOf(tried)} after ${time(ms)}`);
        at = begin + ms;
    }
    const total = phasesFrom(run, row, at, parts);
    told.push(`${tries.length > 1 ? 'the last took' : 'took'} ${time(total)}`);
    return { begin: Math.min(start, ...parts.map((part) => part.at)), end: at + total, parts, told: told.join(', ') };
}
