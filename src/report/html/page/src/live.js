// A run that goes on: rows and verdicts as the server sends them. They are shown a few times a second, and the less often
// the longer that takes, so that a page of many rows stays quick to the hand.
import { h, say } from './dom.js';

/** @typedef {import('./data.js').Run} Run */

/** Shortest time between two looks of the page, in milliseconds. */
const OFTEN = 500;
/** Of all time, drawing takes this share at most. */
const SHARE = 0.1;

/**
 * @param {Run} run
 * @param {{rows: () => void, told: () => void}} shown Called when rows are to be shown, and when parts of the page were replaced
 */
export function follow(run, shown) {
    const { live } = run.about;
    const state = h('p.live', { role: 'status' }, 'Live: the run goes on.');
    document.querySelector('header.top')?.append(state);
    document.documentElement.dataset.live = 'on';
    /** @param {string} name @param {string} words */
    const tell = (name, words) => {
        if (document.documentElement.dataset.live === name) return;
        document.documentElement.dataset.live = name;
        state.textContent = words;
    };
    /** Rows are unpacked one piece after the other. */
    let queue = Promise.resolve();
    let timer = 0;
    let next = 0;

    /** Shows what has come, now or when it is time. */
    function show() {
        if (timer || document.hidden) return;
        timer = window.setTimeout(() => {
            timer = 0;
            const began = performance.now();
            if (run.came > run.size) {
                run.settle();
                shown.rows();
            }
            const took = performance.now() - began;
            next = performance.now() + Math.max(OFTEN, took / SHARE);
        }, Math.max(next - performance.now(), 0));
    }
    document.addEventListener('visibilitychange', show);

    const source = new EventSource(live.events);
    source.addEventListener('open', () => tell('on', 'Live: the run goes on.'));
    source.addEventListener('rows', ({ data }) => {
        const [rows, more = ''] = data.split('\n');
        queue = queue.then(() => run.take(rows, more)).then(show).catch((error) => tell('lost', `Rows cannot be read: ${error?.message}`));
    });
    source.addEventListener('told', ({ data }) => { if (replaceTold(data)) shown.told(); });
    source.addEventListener('again', () => {
        source.close();
        location.reload();
    });
    source.addEventListener('end', ({ data }) => {
        source.close();
        queue = queue.then(() => {
            next = 0;
            clearTimeout(timer);
            timer = 0;
            run.isLive = false;
            show();
            const words = ['The run has ended; this page has all of it.', ...JSON.parse(data)].join(' ');
            tell('over', words);
            say(`The run has ended: ${document.querySelector('h1')?.textContent}`);
        });
    });
    source.addEventListener('error', () => {
        if (source.readyState === EventSource.CLOSED) tell('lost', 'The connection is lost. What came is here still.');
        else tell('lost', 'The connection is lost; trying again.');
    });
}

/** Parts that come as markup, which the server escaped; a policy keeps anything else from running. */
const PARTS = ['h1', '.lede', '.notes', '#overview', '#waiting', '#failures'];

/** Puts the verdict and the numbers in place of those before; says whether anything changed. @param {string} markup */
function replaceTold(markup) {
    const told = new DOMParser().parseFromString(markup, 'text/html');
    const title = told.querySelector('h1')?.textContent;
    if (title) document.title = `${title} – fetchall`;
    let changed = false;
    for (const [index, selector] of PARTS.entries()) {
        const [from, to] = [told.querySelector(selector), document.querySelector(`header.top > ${selector}, main > ${selector}`)];
        if (!from || to?.contains(document.activeElement) || to?.matches(':active')) continue;
        changed = true;
        const part = document.adoptNode(from);
        if (to) to.replaceWith(part);
        else if (index < 3) document.querySelector('header.top > .live')?.before(part);
        else document.querySelector(`main > ${PARTS[index - 1]}, main > #overview`)?.after(part);
    }
    return changed;
}
