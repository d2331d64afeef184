// Numbers and texts as people read them. Knows no elements.

const grouped = new Intl.NumberFormat('en-US');

/** `1,234,567`. @param {number} n */
export const num = (n) => grouped.format(n);

/** @param {number} n @param {string} one @param {string} [many] */
export const counted = (n, one, many = `${one}s`) => `${num(n)} ${n === 1 ? one : many}`;

/** Milliseconds with about three digits: `850 µs`, `34 ms`, `1.25 s`, `2m 5s`. @param {number | null | undefined} ms @returns {string} */
export function time(ms) {
    if (ms == null || Number.isNaN(ms)) return '–';
    if (ms < 0) return `−${time(-ms)}`;
    if (ms === 0) return '0 ms';
    if (ms < 1) return `${Math.round(ms * 1000)} µs`;
    if (ms < 10) return `${ms.toFixed(1)} ms`;
    if (ms < 1000) return `${Math.floor(ms)} ms`;
    if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
    const s = Math.floor(ms / 1000);
    const parts = [[Math.floor(s / 3600), 'h'], [Math.floor(s / 60) % 60, 'm'], [s % 60, 's']];
    return parts.filter(([n]) => n).map(([n, unit]) => `${n}${unit}`).join(' ');
}

/** The same without noughts at the end, for what is a round number. @param {number} ms */
export const round = (ms) => time(ms).replace(/\.0+ /, ' ').replace(/(\.\d)0 /, '$1 ');

/** `512 B`, `1.2 KiB`, `64 MiB`. @param {number | null | undefined} bytes */
export function size(bytes) {
    if (bytes == null || Number.isNaN(bytes)) return '–';
    if (bytes < 1024) return `${bytes} B`;
    let value = bytes / 1024;
    const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
    let unit = 0;
    while (value >= 1024 && unit + 1 < units.length) { value /= 1024; unit++; }
    return `${value.toFixed(value < 10 && value % 1 >= 0.05 ? 1 : 0)} ${units[unit]}`;
}

/** `12.3 %`. @param {number} part @param {number} whole */
export const percent = (part, whole) => (whole ? `${((part / whole) * 100).toFixed(1)} %` : '–');

// C0, DEL and C1 controls, bidi controls (UAX #9) and the two separators: a browser acts on them instead of showing them.
const acts = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** One line of text with such characters written out as `\u{1b}`. @param {string} text */
export const visible = (text) => text.replace(acts, (c) => `\\u{${/** @type {number} */ (c.codePointAt(0)).toString(16)}}`);

const actsInLines = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** The same, lines and tabs apart. @param {string} text */
export const visibleLines = (text) => text.replace(actsInLines, visible);

/** A word as a POSIX shell takes it. @param {string} word */
export const quoted = (word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The command that asks for the same. @param {Record<string, any>} record */
export function curl(record) {
    const url = record.url ?? record.input ?? '';
    const words = ['curl', '--include', '--compressed'];
    const method = record.method ?? 'GET';
    if (method === 'HEAD') words.push('--head');
    else if (method !== 'GET') words.push('--request', quoted(method));
    if (record.redirects?.length) words.push('--location');
    if (record.request_bytes) words.push('--data-binary', '@BODY');
    // A line end within would be a second command for some shells.
    words.push(quoted(url.replace(acts, (/** @type {string} */ c) => encodeURIComponent(c))));
    return words.join(' ');
}

/** Parts of a sorted array of numbers: the value that `share` of them do not exceed. @param {ArrayLike<number>} sorted @param {number} share */
export const quantile = (sorted, share) =>
    sorted.length ? sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] : NaN;
