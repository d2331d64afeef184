// The page: what stands in it already is the verdict; this reads the rows and adds what is drawn from them.
import { Run } from './data.js';
import { h, section } from './dom.js';
import { num } from './text.js';
import { view } from './state.js';
import { Grid } from './grid.js';
import { Details } from './details.js';
import { overTime } from './overtime.js';
import { latency } from './latency.js';
import { waterfall } from './waterfall.js';
import { broken, depth, extremes, hosts, hostsOf, redirects, settings, show } from './groups.js';

/** Lets the browser draw. */
const breath = () => new Promise((resolve) => setTimeout(resolve));

async function start() {
    const began = performance.now();
    const about = JSON.parse(document.getElementById('about')?.textContent ?? '{}');
    const main = /** @type {HTMLElement} */ (document.getElementById('main'));
    const busy = h('p.notice', { role: 'status' }, `Reading ${num(about.listed ?? 0)} records…`);
    document.getElementById('overview')?.before(busy);
    // The table has them all.
    document.getElementById('failed')?.remove();
    document.getElementById('unscripted')?.remove();
    await breath();
    const run = new Run(about);
    await run.load();
    busy.remove();
    document.body.append(h('p.vh', { id: 'live', role: 'status' }));
    if (run.size) draw(run, main);
    document.documentElement.dataset.ready = String(Math.round(performance.now() - began));
}

/** @param {Run} run @param {HTMLElement} main */
function draw(run, main) {
    /** @type {Details} */
    let details;
    const open = (/** @type {number} */ row) => details.open(row);
    const grid = new Grid(run, open);
    details = new Details(run, (row, step) => grid.beside(row, step));
    const fall = waterfall(run, hostsOf(run), open);
    const chooseHost = fall && ((/** @type {string} */ host) => {
        fall.choose(host);
        fall.element.scrollIntoView();
        fall.element.querySelector('select')?.focus({ preventScroll: true });
    });
    for (const part of [overTime(run), latency(run), broken(run, open), hosts(run, chooseHost), fall?.element, redirects(run, open), extremes(run, open), depth(run), grid.element, settings(run)]) {
        if (part) main.append(part);
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
    const links = [...main.querySelectorAll(':scope > section')].map((part) => h('li', null, h('a', { href: `#${part.id}` }, SHORT[part.id] ?? part.querySelector('h2')?.textContent)));
    main.before(h('nav', { 'aria-label': 'Parts of the report' }, h('ul', null, ...links)));
}

start().catch((error) => {
    document.getElementById('main')?.append(section('broken-page', 'The rest of this page cannot be shown', h('p', null, String(error?.message ?? error)),
        h('p', null, 'What stands above is complete. The records are in this file too: fetchall report FILE --format jsonl gives them back.')));
    document.documentElement.dataset.ready = 'failed';
});
