// Numbers, texts and commands as the page writes them; no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curl, num, percent, quantile, quoted, round, size, time, visible, visibleLines } from '../../src/report/html/page/src/text.js';

test('numbers have units and groups of three', () => {
    assert.equal(num(1234567), '1,234,567');
    assert.deepEqual([0, 0.85, 3.14159, 34.9, 1250, 125_000, 3_605_000, null, -20].map(time), ['0 ms', '850 µs', '3.1 ms', '34 ms', '1.25 s', '2m 5s', '1h 5s', '–', '−20 ms']);
    assert.deepEqual([512, 1024, 1536, 64 * 1024 * 1024, null].map(size), ['512 B', '1 KiB', '1.5 KiB', '64 MiB', '–']);
    assert.deepEqual([1000, 1500, 200].map(round), ['1 s', '1.5 s', '200 ms']);
    assert.equal(percent(1, 3), '33.3 %');
    assert.deepEqual([0.5, 0.99, 1].map((share) => quantile([1, 2, 3, 4], share)), [2, 4, 4]);
});

test('what a browser would act on is written out', () => {
    assert.equal(visible('a\u202eb\u001b[2J\u0000\n'), 'a\\u{202e}b\\u{1b}[2J\\u{0}\\u{a}');
    assert.equal(visible('Ünïcode 日本語 🦀'), 'Ünïcode 日本語 🦀');
    assert.equal(visibleLines('a\tb\nc\u2066'), 'a\tb\nc\\u{2066}');
});

test('a command asks for the same, whatever is in the address', () => {
    assert.equal(curl({ url: 'http://h/a' }), 'curl --include --compressed http://h/a');
    assert.equal(curl({ url: "http://h/?a=b&c='d'", method: 'POST', redirects: [{}], request_bytes: 3 }), "curl --include --compressed --request POST --location --data-binary @BODY 'http://h/?a=b&c='\\''d'\\'''");
    assert.equal(curl({ url: 'http://h/\n$(touch x)', method: 'HEAD' }), "curl --include --compressed --head 'http://h/%0A$(touch x)'");
    assert.equal(quoted(''), "''");
});
