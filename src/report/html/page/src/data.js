// The run: unpacks the columns that stand in the page and answers questions about rows. Knows no elements but those that hold data.

/**
 * @typedef {{list?: any[], all?: any[], of?: any[], at?: number[], as?: string, but?: Record<string, any>, none?: number[]}} Coded
 * @typedef {{rows: number, order: string[], groups: Record<string, string[]>, columns: Record<string, Coded>}} AtOnce
 * @typedef {{from: number, rows: number, order: string[], groups: Record<string, string[]>, columns: Record<string, any[]>, more: (() => string) | null, rest: Record<string, any[]> | null}} Chunk
 * @typedef {{cause: string, ms: number, at?: number, status?: number | null, code?: string | null}} Try
 */

/** What the row has no value for, not even null. */
const ABSENT = undefined;

/** @param {string} text */
function bytesOf(text) {
    const native = /** @type {any} */ (Uint8Array).fromBase64;
    if (native) return native.call(Uint8Array, text);
    const raw = atob(text);
    const bytes = new Uint8Array(raw.length);
    for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
    return bytes;
}

/** @param {string} text */
async function unpack(text) {
    const packed = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream('gzip'));
    return JSON.parse(await new Response(packed).text());
}

/** @param {Record<string, Coded>} columns @param {number} rows @param {Record<string, any[]>} [known] */
function decode(columns, rows, known = {}) {
    /** @type {Record<string, any[]>} */
    const out = Object.create(null);
    const names = Object.keys(columns);
    // Those that follow another column come last.
    names.sort((a, b) => Number('as' in columns[a]) - Number('as' in columns[b]));
    for (const name of names) {
        const { list, all, of, at, as, but, none } = columns[name];
        let values;
        if (list) values = list;
        else if (all) values = new Array(rows).fill(all[0]);
        else if (of && at) values = at.map((index) => of[index]);
        else {
            values = (out[as ?? ''] ?? known[as ?? ''] ?? new Array(rows).fill(null)).slice();
            for (const [row, value] of Object.entries(but ?? {})) values[Number(row)] = value;
        }
        for (const row of none ?? []) values[row] = ABSENT;
        out[name] = values;
    }
    return out;
}

/** Names of times, in their order within a request. */
export const PHASES = /** @type {const} */ (['dns_ms', 'connect_ms', 'tls_ms', 'send_ms', 'wait_ms', 'receive_ms']);

export class Run {
    /** @param {any} about What the page says beside the rows. */
    constructor(about) {
        this.about = about;
        /** Rows that have come, and those of them that can be seen. */
        this.came = 0;
        this.size = 0;
        /** @type {Chunk[]} */
        this.chunks = [];
        /** @type {Record<string, any[]>} */
        this.columns = Object.create(null);
        /** @type {[string, string]} */
        this.noun = about.noun;
        /** Whether rows may come after those of the page. */
        this.isLive = Boolean(about.live);
        /** @type {string[] | null} */
        this.hay = null;
    }

    /** Unpacks everything that lists and charts need, of what stands in the page. */
    async load() {
        const elements = [...document.querySelectorAll('script.rows')];
        // Unpacking happens beside this thread, so all of them may begin.
        const unpacked = elements.map((element) => unpack(element.textContent ?? ''));
        for (const [index, element] of elements.entries()) {
            const more = element.nextElementSibling;
            this.append(await unpacked[index], more?.classList.contains('more') ? () => more.textContent ?? '' : null);
            element.textContent = '';
        }
        this.settle();
    }

    /** Takes in rows that came later; they are seen after `settle`. @param {string} rows @param {string} more */
    async take(rows, more) {
        this.append(await unpack(rows), more ? () => more : null);
    }

    /** @param {AtOnce} part @param {(() => string) | null} more */
    append(part, more) {
        this.chunks.push({ from: this.came, rows: part.rows, order: part.order, groups: part.groups, columns: decode(part.columns, part.rows), more, rest: null });
        this.came += part.rows;
    }

    /** Makes everything that has come seen. */
    settle() {
        this.size = this.came;
        this.join();
        this.derive();
    }

    /** One array for each column, over all chunks. */
    join() {
        const names = new Set(this.chunks.flatMap((chunk) => Object.keys(chunk.columns)));
        for (const name of names) {
            const whole = new Array(this.size);
            for (const { from, rows, columns } of this.chunks) {
                if (from >= this.size) break;
                const part = columns[name];
                for (let row = 0; row < rows; row++) whole[from + row] = part ? part[row] : ABSENT;
            }
            this.columns[name] = whole;
        }
        // Where an object was kept whole in one chunk, its parts are taken out.
        const whole = this.columns.timings;
        whole?.forEach((timings, row) => {
            for (const [key, value] of Object.entries(timings ?? {})) {
                (this.columns[`timings.${key}`] ??= new Array(this.size))[row] = value;
            }
        });
    }

    /** Numbers as typed arrays, `NaN` where there is none; and what is asked for often. */
    derive() {
        const n = this.size;
        /** @param {string} name */
        const numbers = (name) => {
            const out = new Float64Array(n).fill(NaN);
            this.columns[name]?.forEach((value, row) => { if (typeof value === 'number') out[row] = value; });
            return out;
        };
        this.total = numbers('timings.total_ms');
        if (!this.columns['timings.total_ms']) this.total = numbers('total_ms');
        this.queue = numbers('timings.queue_ms');
        this.bytes = numbers('bytes');
        this.status = numbers('status');
        this.depth = numbers('depth');
        /** @type {Record<string, Float64Array>} */
        this.phases = Object.fromEntries(PHASES.map((name) => [name, numbers(`timings.${name}`)]));
        this.started = new Float64Array(n).fill(NaN);
        const started = this.columns.started_at ?? [];
        let [first, last] = [Infinity, -Infinity];
        for (let row = 0; row < n; row++) {
            const at = started[row] ? Date.parse(started[row]) : NaN;
            if (Number.isNaN(at)) continue;
            this.started[row] = at;
            if (at < first) first = at;
            const end = at + (this.total[row] || 0);
            if (end > last) last = end;
        }
        this.first = first;
        this.last = last;
        this.isCheck = this.columns.type?.some((type) => type === 'link') ?? false;
    }

    /** @param {string} name @param {number} row */
    get(name, row) { return this.columns[name]?.[row]; }
    /** @param {number} row */
    ok(row) { return this.get('ok', row) !== false; }
    /** @param {number} row @returns {string} */
    outcome(row) { return this.get('outcome', row) ?? 'error'; }
    /** `failed`, `warned`, `skipped` or `fine`. @param {number} row */
    fate(row) {
        if (!this.ok(row)) return 'failed';
        if (this.get('severity', row) === 'warning') return 'warned';
        return this.outcome(row) === 'skipped' ? 'skipped' : 'fine';
    }
    /** Why, as a name: of a finding that weighs something, of an error, of a skip. @param {number} row @returns {string | null} */
    code(row) {
        const rule = this.get('severity', row) === 'off' ? null : this.get('rule', row);
        return rule ?? this.get('error', row)?.code ?? this.get('skip', row)?.code ?? null;
    }
    /** @param {number} row @returns {string} */
    message(row) { return this.get('error', row)?.message ?? this.get('skip', row)?.message ?? ''; }
    /** What it is about. @param {number} row @returns {string} */
    what(row) { return this.get('url', row) ?? this.get('source', row)?.raw ?? this.get('input', row) ?? ''; }
    /** @param {number} row @returns {string | null} */
    host(row) { return this.get('host', row) ?? null; }
    /** Where a link stands, or on which page a page was found. @param {number} row @returns {string | null} */
    from(row) {
        const source = this.get('source', row);
        return source ? source.path ?? source.url ?? null : this.get('parent', row) ?? null;
    }
    /** Our own waiting: `[[cause, ms], …]`. @param {number} row @returns {[string, number][]} */
    waits(row) {
        return this.tries(row).map(({ cause, ms }) => [cause, ms]);
    }
    /** Its tries, as far as they are known: what each waited for and how long, and when it began since the first. @param {number} row @returns {Try[]} */
    tries(row) {
        const told = this.get('~waits', row);
        if (told) return told.map((/** @type {any[]} */ [cause, ms, at, status, code]) => ({ cause, ms, at, status, code }));
        const queue = this.queue?.[row] ?? 0;
        return queue > 0 ? [{ cause: 'unknown', ms: queue }] : [];
    }
    /** What a search looks at. @param {number} row */
    text(row) {
        this.hay ??= [];
        if (this.hay.length < this.size) {
            for (let at = this.hay.length; at < this.size; at++) {
                const parts = [this.what(at), this.code(at), this.message(at), this.get('title', at), this.from(at), this.get('status', at), this.get('content_type', at)];
                this.hay[at] = parts.filter((part) => part != null).join('\n').toLowerCase();
            }
        }
        return this.hay[row];
    }

    /** The whole record, its keys in their order. @param {number} row @returns {Promise<Record<string, any>>} */
    async record(row) {
        const chunk = this.chunks.find(({ from, rows }) => row >= from && row < from + rows);
        if (!chunk) return {};
        if (!chunk.rest) {
            const more = chunk.more ? (await unpack(chunk.more())).columns : {};
            chunk.rest = decode(more, chunk.rows, chunk.columns);
        }
        const rest = chunk.rest;
        const own = row - chunk.from;
        /** @param {string} name */
        const value = (name) => (chunk.columns[name] ?? rest[name])?.[own];
        /** @type {[string, any][]} */
        const pairs = [];
        for (const name of chunk.order) {
            const keys = chunk.groups[name];
            const found = keys ? Object.fromEntries(keys.map((key) => [key, value(`${name}.${key}`)])) : value(name);
            if (found !== ABSENT) pairs.push([name, found]);
        }
        return Object.fromEntries(pairs);
    }
}
