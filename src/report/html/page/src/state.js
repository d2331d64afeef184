// What is looked at: filters, order, the record that is open. It stands in the address, so that it can be handed on.

/**
 * @typedef {object} View
 * @property {string} q What is searched for
 * @property {string} is `failed`, `warned`, `skipped`, `fine`; empty is all
 * @property {string} code
 * @property {string} status
 * @property {string} host
 * @property {string} from Milliseconds since the first launch; empty is the beginning
 * @property {string} to
 * @property {string} sort Name of a column, `-` in front for the largest first
 * @property {string} row The record that is open
 */

/** @type {View} */
const NOTHING = { q: '', is: '', code: '', status: '', host: '', from: '', to: '', sort: '', row: '' };

/** @type {Set<(view: View, changed: Set<string>) => void>} */
const watchers = new Set();

/** @type {View} */
export let view = read();

/** The view that the address names. */
function read() {
    const found = { ...NOTHING };
    const text = location.hash.slice(1);
    // Without `=` it names a part of the page.
    if (!text.includes('=')) return found;
    for (const [name, value] of new URLSearchParams(text)) {
        if (name in found) /** @type {any} */ (found)[name] = value;
    }
    return found;
}

/** The address of a view, as what stands behind `#`. @param {Partial<View>} change */
export function hash(change) {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...view, ...change })) if (value) params.set(name, value);
    const text = params.toString();
    return text ? `#${text}` : '#requests=';
}

/** @param {Partial<View>} change @param {'replace' | 'push'} [how] */
export function go(change, how = 'replace') {
    const next = hash(change);
    if (how === 'push') history.pushState(null, '', next);
    else history.replaceState(null, '', next);
    apply({ ...view, ...change });
}

/** Everything but these taken back. @param {Partial<View>} view */
export const only = (view) => ({ ...NOTHING, ...view });

/** @param {View} next */
function apply(next) {
    const changed = new Set(Object.keys(next).filter((name) => /** @type {any} */ (next)[name] !== /** @type {any} */ (view)[name]));
    view = next;
    if (changed.size) for (const watcher of watchers) watcher(view, changed);
}

/** @param {(view: View, changed: Set<string>) => void} watcher */
export const watch = (watcher) => void watchers.add(watcher);

addEventListener('popstate', () => {
    // An address that names a part of the page changes nothing but the record that is open.
    const names = location.hash.includes('=') || location.hash.length < 2;
    apply(names ? read() : { ...view, row: '' });
});
