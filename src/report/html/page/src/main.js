// The page: what stands in it already is the verdict; this reads the rows and adds what is drawn from them.
import { Run } from './data.js';
import { h, section } from './dom.js';
import { num } from './text.js';
import { view } from './state.js';
import { Grid } from './grid.js';
import { Details } from './details.js';
import { overTime } from './overtime.js';
import { latency } from './latency.js';
import { follow } from './live.js';
import { waterfall } from './waterfall.js';
import { themeSwitch } from './switch.js';
import { broken, depth, extremes, hosts, hostsOf, redirects, settings, show } from './groups.js';

/** Lets the browser draw. */
const breath = () => new Promise((resolve) => setTimeout(resolve));

async function start() {
    const began = performance.now();
    const about = JSON.parse(document.getElementById('about')?.textContent ?? '{}');
    const main = /** @type {HTMLElement} */ (document.getElementById('main'));
    const busy = h('p.notice', { role: 'status' }, `Reading ${num(about.listed ?? 0)} records…`);
    if (!about.live) document.getElementById('overview')?.before(busy);
    // The table has them all.
    document.getElementById('failed')?.remove();
    document.getElementById('unscripted')?.remove();
    themeSwitch();
    await breath();
    const run = new Run(about);
    await run.load();
    busy.remove();
    document.body.append(h('p.vh', { id: 'live', role: 'status' }));
    if (run.isLive) draw(run, main, true);
    else if (run.size) draw(run, main, false);
    document.documentElement.dataset.ready = String(Math.round(performance.now() - began));
}

/** @param {Run} run @param {HTMLElement} main @param {boolean} isLive */
function draw(run, main, isLive) {
    /** @type {Details} */
    let details;
    const open = (/** @type {number} */ row) => details.open(row);
    const grid = new Grid(run, open);
    details = new Details(run, (row, step) => grid.beside(row, step));
    /** @type {ReturnType<typeof waterfall>} */
    let fall = null;
    const chooseHost = (/** @type {string} */ host) => {
        fall?.choose(host);
        fall?.element.scrollIntoView();
        fall?.element.querySelector('select')?.focus({ preventScroll: true });
    };
    /** The parts in their order; those that there is nothing for are none. @type {[string, () => Element | null | undefined][]} */
    const parts = [
        ['time', () => overTime(run)], ['latency', () => latency(run)], ['broken', () => broken(run, open)], ['hosts', () => hosts(run, fall && chooseHost)],
        ['waterfall', () => fall?.element], ['redirects', () => redirects(run, open)], ['extremes', () => extremes(run, open)], ['depth', () => depth(run)],
        ['requests', () => grid.element], ['settings', () => settings(run)],
    ];
    const falling = () => { fall = waterfall(run, hostsOf(run), open); };
    falling();
    for (const [, part] of parts) {
        const element = part();
        if (element) main.append(element);
    }
    linkReasons();
    forPaper(run, main);
    navigation(main);
    grid.update();
    if (location.hash.includes('=')) document.getElementById('requests')?.scrollIntoView();
    else if (location.hash.length > 1) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
    if (view.row) void details.follow();
    addEventListener('keydown', (event) => {
        const target = /** @type {Element} */ (event.target);
        if (event.key !== '/' || event.ctrlKey || event.metaKey || target.closest('input, select, textarea, dialog')) return;
        event.preventDefault();
        document.getElementById('search')?.focus();
    });
    if (!isLive) return;
    follow(run, {
        told: linkReasons,
        rows: () => {
            grid.refresh();
            falling();
            redraw(main, parts);
            navigation(main);
        },
    });
}

/** Makes the parts anew, but for what somebody is in. @param {HTMLElement} main @param {[string, () => Element | null | undefined][]} parts */
function redraw(main, parts) {
    /** @type {Element | null} */
    let before = null;
    for (const [id, part] of [...parts].reverse()) {
        const old = document.getElementById(id);
        const isHeld = old && (['requests', 'settings'].includes(id) || old.contains(document.activeElement) || old.matches(':active') || (id === 'time' && old.matches(':hover')));
        const element = isHeld ? old : part() ?? old;
        if (element && element !== old) {
            // What was unfolded stays so.
            const open = [...(old?.querySelectorAll('details') ?? [])].map((fold) => fold.open);
            element.querySelectorAll('details').forEach((fold, index) => { fold.open = open[index] ?? false; });
            if (old) old.replaceWith(element);
            else main.insertBefore(element, before);
        }
        before = element ?? before;
    }
}

/** Failures that are printed. */
const PRINTED = 200;

/** On paper there is no table to search: the first failures are printed, and how many there are. @param {Run} run @param {HTMLElement} main */
function forPaper(run, main) {
    addEventListener('beforeprint', () => {
        document.getElementById('failed-print')?.remove();
        const rows = [];
        let all = 0;
        for (let row = 0; row < run.size; row++) {
            if (!['failed', 'warned'].includes(run.fate(row))) continue;
            if (++all <= PRINTED) rows.push(row);
        }
        if (!all) return;
        main.append(section('failed-print', 'What failed', h('p', null, all > PRINTED ? `The first ${num(PRINTED)} of ${num(all)}.` : ''),
            h('table', null, h('tbody', null, ...rows.map((row) => h('tr', null, h('th', { scope: 'row' }, h('code', null, run.code(row) ?? '')), h('td', null, h('span.url', null, run.what(row)), h('br', null), h('span.dim', null, run.message(row)))))))));
    });
    addEventListener('afterprint', () => document.getElementById('failed-print')?.remove());
}

/** The reasons that stand in the page lead to their records. */
function linkReasons() {
    for (const row of document.querySelectorAll('#failures [data-code]')) {
        const code = row.querySelector('code');
        const name = row.getAttribute('data-code') ?? '';
        if (code) code.replaceWith(h('button.plain', { type: 'button', onclick: () => show({ code: name }) }, h('code', null, name)));
    }
}

/** What parts are called where there is little room. */
const SHORT = /** @type {Record<string, string>} */ ({ waiting: 'Waiting', failures: 'Reasons', time: 'Over time', latency: 'Phases', broken: 'Broken links', hosts: 'Hosts', waterfall: 'Waterfall', extremes: 'Slowest', depth: 'Depth', requests: 'All records', settings: 'Flags' });

/** @param {HTMLElement} main */
function navigation(main) {
    const parts = [...main.querySelectorAll(':scope > section')];
    const known = document.querySelector('nav');
    if (known && known.querySelectorAll('li').length === parts.length) return;
    const links = parts.map((part) => h('li', null, h('a', { href: `#${part.id}` }, SHORT[part.id] ?? part.querySelector('h2')?.textContent)));
    const made = h('nav', { 'aria-label': 'Parts of the report' }, h('ul', null, ...links));
    if (known) known.replaceWith(made);
    else main.before(made);
}

start().catch((error) => {
    document.getElementById('main')?.append(section('broken-page', 'The rest of this page cannot be shown', h('p', null, String(error?.message ?? error)),
        h('p', null, 'What stands above is complete. The records are in this file too: fetchall report FILE --format jsonl gives them back.')));
    document.documentElement.dataset.ready = 'failed';
});
