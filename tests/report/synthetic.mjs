// Prints N records as JSON Lines, as a run of many hosts would have left them; the same on every machine.
// Every thousandth is hostile: a title and an address that would be markup, or would turn a line around.
const [count, kind] = [Number(process.argv[2] ?? 1000), process.argv[3] ?? 'fetch'];
let seed = 42;
// mulberry32
const roll = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const pick = (list) => list[Math.floor(roll() * list.length)];
const ms = (value) => Math.round(value * 1000) / 1000;
const errors = [['dns.not_found', 'no such host', false], ['timeout.headers', 'no response head within 30 s', true], ['connect.refused', 'nothing listens there', true], ['tls.expired', 'the certificate has expired', false]];
const start = Date.UTC(2026, 4, 1, 10, 0, 0);
let out = '';
for (let seq = 0; seq < count; seq++) {
    const hostile = seq % 1000 === 999;
    const host = hostile ? 'evil.example' : `site-${Math.floor(roll() ** 2 * 180)}.example`;
    const path = hostile ? '/"><script>window.hit=1</script><img src=x onerror=window.hit=1>' : `/${pick(['docs', 'blog', 'shop', 'about'])}/${pick(['guide', 'post', 'item', 'team'])}-${Math.floor(roll() * 5000)}${roll() < 0.1 ? '?page=2' : ''}`;
    const url = `https://${host}${path}`;
    const luck = roll();
    const total = ms(Math.exp(roll() * 4 + 2.5 + (luck > 0.97 ? 2 : 0)));
    const wait = ms(total * 0.62), receive = ms(total * 0.2), connect = ms(total * 0.08), tls = ms(total * 0.07);
    const fresh = roll() < 0.2;
    const error = luck < 0.02 ? pick(errors) : null;
    const status = error ? null : luck < 0.05 ? pick([404, 404, 410, 500, 503]) : luck < 0.09 ? 301 : 200;
    const skipped = luck > 0.985;
    const failed = !skipped && (error || status >= 400);
    const code = error ? error[0] : status >= 500 ? 'http.server_error' : 'http.client_error';
    const queue = ms(roll() < 0.7 ? roll() * 900 : 0);
    const record = {
        v: 1, type: kind, seq, ok: !failed, outcome: skipped ? 'skipped' : error ? 'error' : failed ? 'http_error' : 'ok',
        input: url, url, final_url: skipped || error ? null : status === 301 ? `${url}/` : url, host, method: 'GET', status: skipped ? null : status === 301 ? 200 : status,
        error: failed ? { code, message: error ? error[1] : `the server answered ${status}`, retryable: Boolean(error?.[2]) } : null,
        skip: skipped ? { code: 'duplicate', message: 'the same request came before', of: Math.max(seq - 5, 0) } : null,
        started_at: skipped ? null : new Date(start + Math.floor(seq * (60_000 / count) + roll() * 400)).toISOString(),
        attempts: skipped ? 0 : error ? 3 : 1, http_version: failed ? null : pick(['1.1', '2', '2']), ip: failed ? null : `192.0.2.${seq % 250}`,
        content_type: failed || skipped ? null : pick(['text/html', 'text/html', 'text/html', 'application/json', 'image/png']), charset: failed ? null : 'utf-8',
        bytes: failed || skipped ? null : Math.floor(Math.exp(roll() * 7 + 6)), wire_bytes: failed || skipped ? null : Math.floor(Math.exp(roll() * 6 + 6)),
        sha256: failed || skipped ? null : Array.from({ length: 4 }, () => Math.floor(roll() * 4294967296).toString(16).padStart(8, '0')).join('').padEnd(64, 'ab'), etag: null, last_modified: null,
        title: hostile ? '</title></script><script>window.hit=1</script>\u202egpj.exe\u001b[2J' : failed || skipped ? null : `${pick(['How to', 'Why we', 'About', 'Notes on'])} ${pick(['fetch', 'crawl', 'check', 'wait'])} ${seq}`,
        redirects: !failed && !skipped && status === 301 ? [{ status: pick([301, 301, 302]), url, location: `${url}/` }] : [],
        timings: skipped
            ? { queue_ms: 0, dns_ms: null, connect_ms: null, tls_ms: null, send_ms: null, wait_ms: null, receive_ms: null, total_ms: null }
            : { queue_ms: queue, dns_ms: fresh ? ms(total * 0.03) : null, connect_ms: fresh ? connect : null, tls_ms: fresh ? tls : null, send_ms: null, wait_ms: wait, receive_ms: error ? null : receive, total_ms: total },
        saved: null, tags: null,
    };
    if (kind === 'page') Object.assign(record, { depth: Math.min(Math.floor(roll() * 5), 4), parent: seq ? 'https://site-0.example/' : null, found_in: 'a', canonical: null, lang: 'en', noindex: false, nofollow: false, links: null });
    if (seq % 3 === 0 && queue > 0) record.attempt_log = [{ at_ms: 0, status: record.status, error: null, wait_ms: queue, wait_for: pick(['slot', 'slot', 'host', 'host_rate', 'rate', 'robots']) }];
    out += JSON.stringify(record) + '\n';
    if (out.length > 1 << 20) { process.stdout.write(out); out = ''; }
}
process.stdout.write(out);
