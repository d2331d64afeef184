// How long each part of a request took: a histogram for each phase, on one scale of time, and its quantiles.
import { h, s, scroll, section } from './dom.js';
import { num, quantile, time } from './text.js';

/** @typedef {import('./data.js').Run} Run */

const PHASES = /** @type {const} */ ([
    ['total', 'All of it'], ['queue', 'Our own waiting'], ['dns_ms', 'Name look-up'], ['connect_ms', 'Connecting'], ['tls_ms', 'TLS'], ['send_ms', 'Sending'], ['wait_ms', 'Waiting for the answer'], ['receive_ms', 'Receiving'],
]);
/** Buckets in a factor of ten. */
const FINE = 6;

/** @param {Run} run */
export function latency(run) {
    const found = PHASES.map(([name, title]) => {
        const all = name === 'total' ? run.total : name === 'queue' ? run.queue : run.phases?.[name];
        // Nothing is no phase that took no time.
        const values = (all ?? new Float64Array()).filter((ms) => ms >= 0 && (name !== 'queue' || ms > 0)).sort();
        return { name, title, values };
    }).filter(({ values }) => values.length && values[values.length - 1] > 0);
    if (!found.length) return null;
    const largest = Math.max(...found.map(({ values }) => values[values.length - 1]));
    const smallest = Math.min(...found.map(({ values }) => quantile(values, 0.01) || Infinity).filter(Number.isFinite), largest);
    const low = Math.max(Math.floor(Math.log10(Math.max(smallest, 0.01))), -2);
    const high = Math.max(Math.ceil(Math.log10(largest)), low + 1);
    const buckets = (high - low) * FINE;
    /** @param {number} ms */
    const bucket = (ms) => Math.max(0, Math.min(buckets - 1, Math.floor((Math.log10(Math.max(ms, 1e-9)) - low) * FINE)));
    const rows = found.map(({ name, title, values }) => {
        const counts = new Array(buckets).fill(0);
        for (const ms of values) counts[bucket(ms)]++;
        const most = Math.max(...counts);
        const chart = s('svg', { class: 'histogram', viewBox: `0 0 ${buckets * 10} 40`, preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
            ...Array.from({ length: high - low + 1 }, (_, at) => s('line', { x1: at * FINE * 10, x2: at * FINE * 10, y1: 0, y2: 40, class: 'tick' })),
            ...counts.flatMap((count, at) => (count ? [s('rect', { class: `p-${name}`, x: at * 10 + 1, width: 8, y: (40 - Math.max((count / most) * 38, 1)).toFixed(2), height: Math.max((count / most) * 38, 1).toFixed(2) })] : [])));
        return h('tr', null, h('th', { scope: 'row' }, title), h('td.wide', null, chart),
            ...[0.5, 0.9, 0.99, 1].map((share) => h('td.num', null, time(quantile(values, share)))), h('td.num', null, num(values.length)));
    });
    const ticks = h('div.ticks', { 'aria-hidden': 'true' }, ...Array.from({ length: high - low + 1 }, (_, at) => h('span', null, tick(10 ** (low + at)))));
    return section('latency', 'Where the time went',
        h('p', null, 'Each row shows how often a phase took how long; the scale goes up by tens. All but our own waiting add up to the first row.'),
        scroll('Times by phase', h('table.latency', null,
            h('caption.vh', null, 'Times by phase'),
            h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Phase'), h('th.wide', { scope: 'col' }, h('span.vh', null, 'As a histogram'), ticks),
                ...['Median', '90 %', '99 %', 'Longest', 'Requests'].map((title) => h('th.num', { scope: 'col' }, title)))),
            h('tbody', null, ...rows))));
}

/** @param {number} ms */
const tick = (ms) => (ms < 1 ? `${Math.round(ms * 1000)} µs` : ms < 1000 ? `${ms} ms` : `${num(ms / 1000)} s`);
