// The run by something: by host, by target and page of broken links, by redirect, by depth; the slowest and the biggest; the flags.
import { bar, h, scroll, section } from './dom.js';
import { counted, num, percent, quantile, size, time } from './text.js';
import { go, only } from './state.js';
import { paged } from './paged.js';

/** @typedef {import('./data.js').Run} Run */

/** Goes to the table with this in it. @param {Partial<import('./state.js').View>} view */
export function show(view) {
    go(only(view), 'push');
    document.getElementById('requests')?.scrollIntoView();
    document.getElementById('grid')?.focus({ preventScroll: true });
}

/** Hosts and how many requests each has, most first. @param {Run} run @returns {[string, number][]} */
export function hostsOf(run) {
    const counts = new Map();
    for (let row = 0; row < run.size; row++) {
        const host = run.host(row);
        if (host) counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
}

/** @param {Run} run @param {((host: string) => void) | null} fall */
export function hosts(run, fall) {
    /** @type {Map<string, {name: string, rows: number, failed: number, bytes: number, waited: number, times: number[]}>} */
    const groups = new Map();
    for (let row = 0; row < run.size; row++) {
        const name = run.host(row);
        if (!name) continue;
        let group = groups.get(name);
        if (!group) groups.set(name, (group = { name, rows: 0, failed: 0, bytes: 0, waited: 0, times: [] }));
        group.rows++;
        if (!run.ok(row)) group.failed++;
        group.bytes += run.bytes?.[row] || 0;
        group.waited += run.queue?.[row] || 0;
        const total = run.total?.[row] ?? NaN;
        if (!Number.isNaN(total)) group.times.push(total);
    }
    if (!groups.size) return null;
    const items = [...groups.values()].map((group) => {
        const times = Float64Array.from(group.times).sort();
        return { ...group, median: quantile(times, 0.5), most: quantile(times, 0.95) };
    }).sort((a, b) => b.rows - a.rows);
    return section('hosts', 'By host', h('p', null, `${counted(items.length, 'host')}.`), paged('Hosts', items, [
        { title: 'Host', head: true, key: (g) => g.name, cell: (g) => h('button.plain', { type: 'button', onclick: () => show({ host: g.name }) }, g.name) },
        { title: run.isCheck ? 'Links' : 'Requests', cls: 'num', key: (g) => g.rows, cell: (g) => num(g.rows) },
        { title: 'Failed', cls: 'num', key: (g) => g.failed, cell: (g) => (g.failed ? h('b.bad', null, num(g.failed)) : '0') },
        { title: 'Share failed', cls: 'wide', key: (g) => g.failed / g.rows, cell: (g) => bar([['o-error', g.failed / g.rows]], 'thin track') },
        { title: 'Median', cls: 'num', key: (g) => g.median || 0, cell: (g) => time(g.median) },
        { title: '95 %', cls: 'num', key: (g) => g.most || 0, cell: (g) => time(g.most) },
        { title: 'Waited', cls: 'num', key: (g) => g.waited / g.rows, cell: (g) => time(g.waited / g.rows) },
        { title: 'Received', cls: 'num', key: (g) => g.bytes, cell: (g) => size(g.bytes) },
        ...(fall ? [{ title: 'Details', cls: 'tight', cell: (/** @type {any} */ g) => h('button', { type: 'button', 'aria-label': `Over time: ${g.name}`, onclick: () => fall(g.name) }, 'Over time') }] : []),
    ]));
}

/** Broken links by what they lead to and by where they stand. @param {Run} run @param {(row: number) => void} open */
export function broken(run, open) {
    /** @type {Map<string, {name: string, rows: number[], others: Set<string>, code: string}>} */
    const targets = new Map();
    /** @type {typeof targets} */
    const sources = new Map();
    /** @param {typeof targets} groups @param {string} name @param {number} row @param {string} other */
    const add = (groups, name, row, other) => {
        let group = groups.get(name);
        if (!group) groups.set(name, (group = { name, rows: [], others: new Set(), code: run.code(row) ?? '' }));
        group.rows.push(row);
        group.others.add(other);
    };
    for (let row = 0; row < run.size; row++) {
        const from = run.from(row);
        if (from === null || !['failed', 'warned'].includes(run.fate(row))) continue;
        add(targets, run.what(row), row, from);
        add(sources, from, row, run.what(row));
    }
    if (!targets.size) return null;
    const order = (/** @type {typeof targets} */ groups) => [...groups.values()].sort((a, b) => b.rows.length - a.rows.length);
    const first = (/** @type {any} */ g) => h('button.plain', { type: 'button', onclick: () => open(g.rows[0]) }, g.name);
    return section('broken', 'Broken links',
        h('h3', null, 'By target'), h('p', null, `${counted(targets.size, 'target')} of links that need a look.`),
        paged('Broken links by target', order(targets), [
            { title: 'Target', head: true, key: (g) => g.name, cell: first },
            { title: 'Reason', key: (g) => g.code, cell: (g) => h('code', null, g.code) },
            { title: 'Places', cls: 'num', key: (g) => g.rows.length, cell: (g) => num(g.rows.length) },
            { title: 'On', cell: (g) => few(g.others) },
        ]),
        h('h3', null, 'By page'), h('p', null, `${counted(sources.size, 'page')} with links to mend.`),
        paged('Broken links by page', order(sources), [
            { title: 'Page', head: true, key: (g) => g.name, cell: (g) => h('button.plain', { type: 'button', onclick: () => show({ q: g.name }) }, g.name) },
            { title: 'Links', cls: 'num', key: (g) => g.rows.length, cell: (g) => num(g.rows.length) },
            { title: 'Targets', cell: (g) => few(g.others) },
        ]));
}

/** @param {Set<string>} names */
function few(names) {
    const shown = [...names].slice(0, 3);
    return h('ul.few', null, ...shown.map((name) => h('li', null, name)), names.size > 3 && h('li.dim', null, `and ${num(names.size - 3)} more`));
}

/** What a redirect changes. @param {string} from @param {string} to */
function change(from, to) {
    try {
        const [a, b] = [new URL(from), new URL(to)];
        if (a.host !== b.host && a.host.replace(/^www\./, '') !== b.host.replace(/^www\./, '')) return 'to another host';
        if (a.protocol === 'http:' && b.protocol === 'https:') return 'to https';
        if (a.host !== b.host) return 'with or without www';
        if (a.pathname.replace(/\/$/, '') === b.pathname.replace(/\/$/, '') && a.pathname !== b.pathname) return 'by a slash at the end';
        if (a.pathname.toLowerCase() === b.pathname.toLowerCase() && a.pathname !== b.pathname) return 'to another case';
        if (a.pathname === b.pathname) return 'to another query';
        return 'to another path';
    } catch {
        return 'elsewhere';
    }
}

/** `301 → 302`; `302 × 10` where they are all the same. @param {any[]} hops */
function statusesOf(hops) {
    const statuses = hops.map(({ status }) => status);
    const same = statuses.length > 2 && statuses.every((status) => status === statuses[0]);
    return same ? `${statuses[0]} × ${statuses.length}` : statuses.join(' → ');
}

/** @param {Run} run @param {(row: number) => void} open */
export function redirects(run, open) {
    const items = [];
    for (let row = 0; row < run.size; row++) {
        const hops = run.get('redirects', row);
        if (!hops?.length) continue;
        const to = run.get('final_url', row) ?? hops.at(-1).location;
        const lasts = hops.every((/** @type {any} */ hop) => hop.status === 301 || hop.status === 308);
        items.push({ row, from: hops[0].url, to, hops: hops.length, statuses: statusesOf(hops), lasts: lasts ? 'for good' : 'for now', what: change(hops[0].url, to) });
    }
    if (!items.length) return null;
    const kinds = new Map();
    for (const { what } of items) kinds.set(what, (kinds.get(what) ?? 0) + 1);
    const told = [...kinds].sort((a, b) => b[1] - a[1]).map(([what, n]) => `${num(n)} ${what}`).join(', ');
    const good = items.filter(({ lasts }) => lasts === 'for good').length;
    return section('redirects', 'Redirects', h('p', null, `${counted(items.length, 'record')} went through redirects: ${told}. ${good ? `${num(good)} moved for good: their addresses can be corrected.` : ''}`),
        paged('Redirects', items, [
            { title: 'From', head: true, key: (g) => g.from, cell: (g) => h('button.plain', { type: 'button', onclick: () => open(g.row) }, g.from) },
            { title: 'To', key: (g) => g.to, cell: (g) => h('span.url', null, g.to) },
            { title: 'Status', key: (g) => g.statuses, cell: (g) => g.statuses },
            { title: 'Moved', cls: 'tight', key: (g) => g.lasts, cell: (g) => g.lasts },
            { title: 'Hops', cls: 'num', key: (g) => g.hops, cell: (g) => num(g.hops) },
        ]));
}

/** @param {Run} run @param {(row: number) => void} open */
export function extremes(run, open) {
    /** @param {Float64Array | undefined} values @param {(n: number) => string} told @param {string} label */
    const top = (values, told, label) => {
        if (!values) return null;
        // Ten of a hundred thousand: no need to put all in order.
        /** @type {number[]} */
        const rows = [];
        for (let row = 0; row < run.size; row++) {
            if (!(values[row] > 0) || (rows.length === 10 && values[row] <= values[rows[9]])) continue;
            rows.push(row);
            rows.sort((a, b) => values[b] - values[a]);
            if (rows.length > 10) rows.pop();
        }
        if (rows.length < 2) return null;
        return h('div.half', null, h('h3', null, label), scroll(label, h('table', null, h('caption.vh', null, label),
            h('thead.vh', null, h('tr', null, h('th', { scope: 'col' }, 'Address'), h('th', { scope: 'col' }, 'How much'))),
            h('tbody', null, ...rows.map((row) => h('tr', null,
                h('th', { scope: 'row' }, h('button.plain', { type: 'button', onclick: () => open(row) }, run.what(row)), bar([['p-total', values[row] / values[rows[0]]]], 'thin')),
                h('td.num', null, told(values[row]))))))));
    };
    const parts = [top(run.total, time, 'Slowest'), top(run.bytes, size, 'Biggest')].filter(Boolean);
    return parts.length ? section('extremes', 'Slowest and biggest', h('div.halves', null, ...parts)) : null;
}

/** @param {Run} run */
export function depth(run) {
    /** @type {Map<number, {depth: number, fine: number, failed: number, skipped: number}>} */
    const groups = new Map();
    for (let row = 0; row < run.size; row++) {
        const at = run.depth?.[row] ?? NaN;
        if (Number.isNaN(at)) continue;
        let group = groups.get(at);
        if (!group) groups.set(at, (group = { depth: at, fine: 0, failed: 0, skipped: 0 }));
        const fate = run.fate(row);
        group[fate === 'failed' ? 'failed' : fate === 'skipped' ? 'skipped' : 'fine']++;
    }
    if (!groups.size) return null;
    const items = [...groups.values()].sort((a, b) => a.depth - b.depth);
    const most = Math.max(...items.map((g) => g.fine + g.failed + g.skipped));
    return section('depth', 'How deep the crawl went', h('p', null, 'Pages by the number of links between them and a seed.'), paged('Pages by depth', items, [
        { title: 'Depth', head: true, key: (g) => g.depth, cell: (g) => num(g.depth) },
        { title: 'Pages', cls: 'wide', cell: (g) => bar([['o-ok', g.fine / most], ['o-error', g.failed / most], ['o-skipped', g.skipped / most]]) },
        { title: 'Fine', cls: 'num', key: (g) => g.fine, cell: (g) => num(g.fine) },
        { title: 'Failed', cls: 'num', key: (g) => g.failed, cell: (g) => num(g.failed) },
        { title: 'Left out', cls: 'num', key: (g) => g.skipped, cell: (g) => num(g.skipped) },
        { title: 'Share failed', cls: 'num', key: (g) => g.failed / (g.fine + g.failed || 1), cell: (g) => percent(g.failed, g.fine + g.failed) },
    ]));
}

/** @param {Run} run */
export function settings(run) {
    /** @type {{name: string, value: string, origin: string}[]} */
    const all = run.about.about?.settings ?? [];
    if (!all.length) return null;
    const given = all.filter(({ origin }) => origin !== 'default');
    const columns = [
        { title: 'Flag', head: true, key: (/** @type {any} */ g) => g.name, cell: (/** @type {any} */ g) => h('code', null, g.name) },
        { title: 'Value', key: (/** @type {any} */ g) => g.value, cell: (/** @type {any} */ g) => h('span.url', null, g.value || 'on') },
        { title: 'From', key: (/** @type {any} */ g) => g.origin, cell: (/** @type {any} */ g) => g.origin },
    ];
    const rest = all.filter(({ origin }) => origin === 'default');
    return section('settings', 'Configuration',
        h('p', null, `fetchall ${run.about.about?.command || ''}: ${given.length ? `${counted(given.length, 'value')} given` : 'nothing given'}, ${counted(rest.length, 'default')}.`),
        given.length && paged('Values that were given', given, columns),
        rest.length && h('details', null, h('summary', null, 'Defaults'), paged('Defaults', rest, columns, { page: 20 })));
}
