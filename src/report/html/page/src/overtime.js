// Requests and failures over time. The drawing has a table beside it that says the same.
import uPlot from 'uplot';
import { h, section } from './dom.js';
import { counted, num, round, time } from './text.js';
import { go, only } from './state.js';
import { paged } from './paged.js';
import { onColours } from './theme.js';

/** @typedef {import('./data.js').Run} Run */

/** Lengths of a step, in milliseconds: those that people count in. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000];
/** Steps of the drawing at most. */
const MOST = 120;

/** The drawing that is in the page; there may be another one soon, while a run goes on. @type {uPlot | null} */
let last = null;
let redraw = () => {};
onColours(() => redraw());

/** @param {Run} run @param {number} most */
function steps(run, most) {
    const [first, last] = [run.first ?? 0, run.last ?? 0];
    const span = Math.max(last - first, 1);
    const step = STEPS.find((step) => span / step <= most) ?? Math.ceil(span / most);
    const count = Math.floor(span / step) + 1;
    const [fine, failed] = [new Float64Array(count), new Float64Array(count)];
    for (let row = 0; row < run.size; row++) {
        const end = (run.started?.[row] ?? NaN) + (run.total?.[row] || 0) - first;
        if (Number.isNaN(end)) continue;
        const at = Math.min(Math.floor(end / step), count - 1);
        (run.ok(row) ? fine : failed)[at]++;
    }
    return { step, count, fine, failed };
}

/** @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** @param {Run} run */
export function overTime(run) {
    if (!Number.isFinite(run.first)) return null;
    const { step, count, fine, failed } = steps(run, MOST);
    if (count < 2) return null;
    const xs = Array.from({ length: count }, (_, at) => (at * step) / 1000);
    const all = fine.map((n, at) => n + failed[at]);
    const busiest = all.indexOf(Math.max(...all));
    const broken = failed.some(Boolean) ? failed.indexOf(Math.max(...failed)) : -1;
    const told = [
        `Each bar is ${round(step)}. In the busiest, at ${round(busiest * step)}, ${counted(all[busiest], ...run.noun)} ended`,
        broken >= 0 ? `; most failures (${num(failed[broken])}) fell into the one at ${round(broken * step)}.` : '; nothing failed.',
    ].join('');
    const box = h('div.plot', { 'aria-hidden': 'true' });
    const readout = h('p.readout', { 'aria-hidden': 'true' }, 'Drag over a part to see its records.');
    const small = steps(run, 12);
    const table = paged('Requests and failures over time', Array.from(small.fine, (_, at) => at), [
        { title: 'From', head: true, cell: (at) => round(at * small.step), key: (at) => at },
        { title: 'Fine', cls: 'num', cell: (at) => num(small.fine[at]), key: (at) => small.fine[at] },
        { title: 'Failed', cls: 'num', cell: (at) => num(small.failed[at]), key: (at) => small.failed[at] },
        { title: 'Records', cell: (at) => h('button', { type: 'button', 'aria-label': `Show the records from ${time(at * small.step)}`, onclick: () => show(at * small.step, (at + 1) * small.step) }, 'Show') },
    ], { page: 13 });
    const element = section('time', 'Requests and failures over time', h('p', null, told), h('figure', { 'aria-label': told }, box, readout),
        h('details', null, h('summary', null, 'The same as a table'), table));
    // Drawn once it has a width; drawn anew with other colours and another width.
    last?.destroy();
    last = null;
    const draw = () => {
        last?.destroy();
        last = new uPlot(options(box.clientWidth, step, readout, fine, failed), [xs, Array.from(all), Array.from(failed)], box);
    };
    let width = 0;
    new ResizeObserver(() => {
        if (box.clientWidth === width || !box.clientWidth) return;
        width = box.clientWidth;
        if (last && redraw === draw) last.setSize({ width, height: 180 });
        else draw();
        redraw = draw;
    }).observe(box);
    return element;
}

/** @param {number} from @param {number} to */
function show(from, to) {
    go(only({ from: String(Math.floor(from)), to: String(Math.ceil(to)) }));
    document.getElementById('requests')?.scrollIntoView();
    document.getElementById('grid')?.focus({ preventScroll: true });
}

/** @param {number} width @param {number} step @param {HTMLElement} readout @param {Float64Array} fine @param {Float64Array} failed @returns {uPlot.Options} */
function options(width, step, readout, fine, failed) {
    const bars = /** @type {any} */ (uPlot.paths).bars({ size: [0.9, 60], align: 1 });
    const axis = { stroke: colour('--dim'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 }, font: '12px system-ui, sans-serif' };
    return {
        width, height: 180, padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
        scales: { x: { time: false, range: (_, min, max) => [min, max + step / 1000] }, y: { range: (_, __, max) => [0, Math.max(max * 1.05, 1)] } },
        axes: [
            { ...axis, values: (_, values) => values.map((value) => (value === 0 ? '0 s' : round(value * 1000))) },
            { ...axis, size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 500_000], values: (_, values) => values.map((value) => num(value)) },
        ],
        series: [
            {},
            { label: 'all', paths: bars, fill: colour('--ok'), stroke: colour('--ok'), width: 0, points: { show: false } },
            { label: 'failed', paths: bars, fill: colour('--error'), stroke: colour('--error'), width: 0, points: { show: false } },
        ],
        hooks: {
            setCursor: [(plot) => {
                const at = plot.cursor.idx;
                if (at == null) return;
                readout.textContent = `From ${round(at * step)}: ${num(fine[at])} fine, ${num(failed[at])} failed`;
            }],
            setSelect: [(plot) => {
                if (plot.select.width < 3) return;
                const from = plot.posToVal(plot.select.left, 'x') * 1000;
                const to = plot.posToVal(plot.select.left + plot.select.width, 'x') * 1000;
                plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
                show(Math.floor(from / step) * step, Math.ceil(to / step) * step);
            }],
        },
    };
}
