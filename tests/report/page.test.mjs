// Pages as a reader has them: in Chromium, from file://, with no network. PAGES is the folder that tests/report.sh fills.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

const require = createRequire(new URL('../../src/report/html/page/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const dir = process.env.PAGES;
const facts = (name) => JSON.parse(readFileSync(`${dir}/${name}.json`, 'utf8'));
const records = (name) => readFileSync(`${dir}/${name}.jsonl`, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const grouped = (n) => new Intl.NumberFormat('en-US').format(n);

let browser;
before(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(() => browser?.close());

/** A page that is ready; everything that it asks for and complains about is noted. */
async function open(name, { hash = '', ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    await context.setOffline(true);
    const page = await context.newPage();
    page.asked = [];
    page.complaints = [];
    page.on('request', (request) => page.asked.push(request.url()));
    page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text()); });
    page.on('pageerror', (error) => page.complaints.push(error.message));
    await page.goto(`file://${dir}/${name}.html${hash}`);
    if (options.javaScriptEnabled !== false) await page.waitForFunction(() => document.documentElement.dataset.ready);
    return page;
}
const close = async (page) => {
    assert.deepEqual(page.complaints, []);
    await page.context().close();
};
const tile = (page, label) => page.locator('.tile', { has: page.locator(`dt:text-is("${label}")`) }).locator('dd').innerText();
const count = (page) => page.locator('.count').innerText();
const nodes = (page) => page.evaluate(() => document.querySelectorAll('*').length);

test('a page asks for nothing but itself', async () => {
    for (const name of ['real', 'crawl', 'check', 'small']) {
        const page = await open(name);
        const foreign = page.asked.filter((url) => !url.startsWith('file://') && !url.startsWith('data:'));
        assert.deepEqual(foreign, []);
        assert.equal(page.asked.filter((url) => url.startsWith('file://')).length, 1);
        await close(page);
    }
});

test('its policy refuses what is not part of it', async () => {
    const page = await open('small');
    const ran = await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'window.hit = 1';
        document.body.append(script);
        const image = new Image();
        image.src = 'http://127.0.0.1:9/x.png';
        document.body.append(image);
        return window.hit;
    });
    assert.equal(ran, undefined);
    await page.waitForTimeout(100);
    assert.ok(page.complaints.some((text) => text.includes('Content Security Policy')));
    await page.context().close();
});

test('numbers are those of jq', async () => {
    for (const name of ['real', 'crawl', 'check', 'small', 'large']) {
        const wanted = facts(name);
        const page = await open(name);
        assert.equal(await page.locator('.tile dd').first().innerText(), grouped(wanted.all), name);
        assert.equal(await tile(page, 'Failed'), grouped(wanted.failed), name);
        assert.equal(await tile(page, 'Left out'), grouped(wanted.skipped), name);
        assert.match(await count(page), new RegExp(`^${grouped(wanted.all)} `));
        if (name !== 'check') {
            for (const [code, n] of Object.entries(wanted.codes)) {
                assert.match(await page.locator(`#failures [data-code="${code}"] td`).first().innerText(), new RegExp(`^${grouped(n)} failed`), `${name} ${code}`);
            }
        }
        for (const [host, n] of Object.entries(wanted.hosts).sort((a, b) => b[1] - a[1]).slice(0, 1)) {
            const row = page.locator('#hosts tbody tr').first();
            assert.equal(await row.locator('td').first().innerText(), grouped(n), `${name} ${host}`);
        }
        await close(page);
    }
});

test('100,000 records are ready within 5 s, in fewer than 2,000 elements', async () => {
    const page = await open('large');
    const ms = Number(await page.evaluate(() => document.documentElement.dataset.ready));
    const elements = await nodes(page);
    console.log(`100,000 records: ready after ${ms} ms, ${elements} elements, ${(statSync(`${dir}/large.html`).size / 1e6).toFixed(1)} MB`);
    assert.ok(ms < 5000, `${ms} ms`);
    assert.ok(elements < 2000, `${elements} elements`);
    // And stay so, wherever one looks.
    await page.locator('#grid').evaluate((pane) => { pane.scrollTop = pane.scrollHeight; });
    await page.waitForTimeout(100);
    const last = await page.locator('.g-row').last().getAttribute('aria-rowindex');
    assert.equal(last, '100001');
    assert.ok(await nodes(page) < 2000);
    const began = Date.now();
    await page.locator('#search').fill('guide-42');
    await page.waitForFunction(() => document.querySelector('.count')?.textContent?.includes(' of '));
    console.log(`a search: ${Date.now() - began} ms`);
    const wanted = records('large').filter((record) => JSON.stringify([record.url, record.title]).includes('guide-42')).length;
    assert.equal(await count(page), `${grouped(wanted)} of 100,000 requests`);
    await close(page);
});

test('search, filters and order say the same as the records', async () => {
    const all = records('small');
    const page = await open('small');
    await page.locator('#requests .tools select').nth(0).selectOption('failed');
    assert.equal(await count(page), `${all.filter((r) => !r.ok).length} of 3,000 requests`);
    await page.locator('#requests .tools select').nth(1).selectOption('dns.not_found');
    assert.equal(await count(page), `${all.filter((r) => r.error?.code === 'dns.not_found').length} of 3,000 requests`);
    await page.getByRole('button', { name: 'start over' }).click();
    await page.locator('#grid').getByRole('columnheader', { name: 'Time' }).getByRole('button').click();
    const slowest = all.reduce((a, b) => ((b.timings.total_ms ?? 0) > (a.timings.total_ms ?? 0) ? b : a));
    assert.equal(await page.locator('.g-row').first().getAttribute('data-row'), String(slowest.seq));
    assert.equal(await page.locator('#grid').getByRole('columnheader', { name: 'Time' }).getAttribute('aria-sort'), 'descending');
    await close(page);
});

test('a link into a page shows what it showed', async () => {
    const all = records('small');
    const failed = all.filter((r) => !r.ok);
    const page = await open('small', { hash: '#is=failed&sort=-time' });
    assert.match(await count(page), new RegExp(`^${failed.length} of`));
    assert.equal(await page.locator('.g-row').first().getAttribute('data-row'), String(failed.reduce((a, b) => (b.timings.total_ms > a.timings.total_ms ? b : a)).seq));
    await close(page);
    const other = await open('small', { hash: `#row=${failed[3].seq}` });
    await other.waitForSelector('dialog[open]');
    assert.ok((await other.locator('dialog').innerText()).includes(failed[3].error.message));
    assert.ok((await other.locator('dialog .d-url').innerText()).startsWith('https://'));
    await close(other);
});

test('hostile titles and addresses are text', async () => {
    const page = await open('small', { hash: '#q=evil.example' });
    assert.equal(await page.evaluate(() => window.hit), undefined);
    const row = page.locator('.g-row').first();
    assert.ok((await row.innerText()).includes('<script>window.hit=1</script>'));
    await row.click();
    await page.waitForSelector('dialog[open]');
    const text = await page.locator('dialog').innerText();
    assert.ok(text.includes('</title></script><script>window.hit=1</script>\\u{202e}gpj.exe\\u{1b}[2J'), text.slice(0, 300));
    const whole = await page.evaluate(() => document.body.innerText);
    assert.ok(!/[\u202e\u001b]/.test(whole));
    assert.equal(await page.evaluate(() => window.hit), undefined);
    assert.equal(await page.locator('dialog img, #requests img').count(), 0);
    await close(page);
    const check = await open('check');
    assert.equal(await check.evaluate(() => window.hit), undefined);
    await close(check);
});

test('everything can be done by keys', async () => {
    const page = await open('small');
    const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent);
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Skip to the report');
    await page.keyboard.press('/');
    assert.equal(await focused(), 'search');
    await page.keyboard.type('guide');
    await page.waitForFunction(() => document.querySelector('.count')?.textContent?.includes(' of '));
    for (let presses = 0; presses < 30 && (await focused()) !== 'grid'; presses++) await page.keyboard.press('Tab');
    assert.equal(await focused(), 'grid');
    await page.keyboard.press('End');
    const last = await page.locator('#grid').getAttribute('aria-activedescendant');
    assert.equal(await page.locator(`#${last}`).getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog[open]');
    const first = await page.locator('dialog .d-url').innerText();
    await page.getByRole('button', { name: 'Next' }).last().focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction((was) => document.querySelector('dialog .d-url')?.textContent !== was, first);
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => !document.querySelector('dialog[open]'));
    assert.equal(await focused(), 'grid');
    await close(page);
});

test('a record is copied as a command that a shell takes as it is', async () => {
    const page = await open('small', { hash: '#q=evil.example' });
    await page.evaluate(() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; });
    await page.locator('.g-row').first().click();
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    const command = await page.evaluate(() => window.copied);
    assert.equal(command, `curl --include --compressed 'https://evil.example/"><script>window.hit=1</script><img src=x onerror=window.hit=1>'`);
    await page.getByRole('button', { name: 'Copy as JSON' }).click();
    const copied = JSON.parse(await page.evaluate(() => window.copied));
    assert.deepEqual(copied, records('small')[copied.seq]);
    await page.getByRole('button', { name: 'Copy link' }).click();
    assert.match(await page.evaluate(() => window.copied), /small\.html#row=\d+$/);
    await close(page);
});

test('axe-core finds nothing wrong', async () => {
    for (const [name, options] of [['real', {}], ['real', { colorScheme: 'dark' }], ['check', {}], ['crawl', { viewport: { width: 320, height: 800 } }], ['small', { hash: '#row=2' }], ['small', { javaScriptEnabled: false }]]) {
        const page = await open(name, options);
        if (options.hash) await page.waitForSelector('dialog[open]');
        if (options.javaScriptEnabled === false) { await page.context().close(); continue; }
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run());
        const told = violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
        assert.deepEqual(told, [], `${name} ${JSON.stringify(options)}`);
        await close(page);
    }
});

test('without scripts the verdict and the failures are there', async () => {
    const { all, failed, codes } = facts('small');
    const page = await open('small', { javaScriptEnabled: false });
    assert.equal(await page.locator('h1').innerText(), `${grouped(failed)} of ${grouped(all)} requests failed`);
    for (const code of Object.keys(codes)) assert.ok(await page.locator('#failures').getByText(code, { exact: true }).isVisible());
    assert.equal(await page.locator('#failed tbody tr').count(), Math.min(failed, 500));
    assert.ok(await page.getByText('This is the part that needs no scripts').isVisible());
    await close(page);
});

test('320 pixels are enough', async () => {
    for (const name of ['real', 'crawl', 'check', 'small']) {
        const page = await open(name, { viewport: { width: 320, height: 700 } });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(over, 0, name);
        await page.locator('.g-row').first().click();
        await page.waitForSelector('dialog[open]');
        assert.ok(await page.locator('dialog').evaluate((dialog) => dialog.scrollWidth <= dialog.clientWidth));
        await close(page);
    }
});

test('on paper the failures are listed', async () => {
    const page = await open('small');
    const pdf = await page.pdf();
    assert.ok(pdf.length > 20_000);
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.locator('#failed-print').isVisible());
    assert.equal(await page.locator('#failed-print tbody tr').count(), Math.min(facts('small').failed, 200));
    assert.ok(!(await page.locator('#requests').isVisible()));
    await close(page);
});

test('light or dark is chosen by hand, kept, and left to the system; paper is light', async () => {
    const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [light, dark] = ['rgb(246, 247, 249)', 'rgb(16, 21, 27)'];
    const page = await open('small');
    assert.equal(await ground(page), light);
    const choice = page.getByRole('combobox', { name: 'Colours' });
    await choice.focus();
    await page.keyboard.press('End');
    await page.waitForFunction((dark) => getComputedStyle(document.body).backgroundColor === dark, dark);
    await page.reload();
    await page.waitForFunction(() => document.documentElement.dataset.ready);
    assert.equal(await ground(page), dark);
    assert.equal(await choice.inputValue(), 'dark');
    await page.emulateMedia({ media: 'print' });
    assert.equal(await ground(page), 'rgb(255, 255, 255)');
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.tile.bad')).backgroundColor), 'rgb(253, 234, 230)');
    await page.emulateMedia({ media: 'screen', colorScheme: 'dark' });
    await choice.selectOption('light');
    assert.equal(await ground(page), light);
    await choice.selectOption('system');
    assert.equal(await ground(page), dark);
    await page.emulateMedia({ colorScheme: 'light' });
    assert.equal(await ground(page), light);
    await close(page);
});

test('the waterfall draws every try of a request', async () => {
    const many = records('real').filter((record) => record.attempt_log?.length > 1);
    assert.ok(many.length > 0);
    const page = await open('real');
    const host = many[0].host;
    await page.locator('#waterfall select').selectOption(host);
    const earlier = { failed: 0, hop: 0 };
    for (;;) {
        earlier.failed += await page.locator('#waterfall .t-failed:not(.key)').count();
        earlier.hop += await page.locator('#waterfall .t-hop:not(.key)').count();
        const next = page.locator('#waterfall').getByRole('button', { name: 'Next' });
        if (await next.isDisabled()) break;
        await next.click();
    }
    const wanted = { failed: 0, hop: 0 };
    for (const { attempt_log: log } of many.filter((record) => record.host === host)) {
        for (const { status, error } of log.slice(0, -1)) wanted[!error && status >= 300 && status < 400 ? 'hop' : 'failed']++;
    }
    assert.deepEqual(earlier, wanted);
    await close(page);
});

test('parts that a run has nothing for are not there, and those that it has are', async () => {
    const parts = async (name) => {
        const page = await open(name);
        const ids = await page.locator('main > section').evaluateAll((sections) => sections.map((part) => part.id));
        await close(page);
        return ids;
    };
    const real = await parts('real');
    for (const id of ['overview', 'waiting', 'failures', 'time', 'latency', 'hosts', 'waterfall', 'redirects', 'extremes', 'requests', 'settings']) assert.ok(real.includes(id), `real: ${id}`);
    assert.ok(!real.includes('broken') && !real.includes('depth') && !real.includes('failed'));
    const check = await parts('check');
    assert.ok(check.includes('broken') && !check.includes('depth'));
    assert.ok((await parts('crawl')).includes('depth'));
});

test('flags stand with where they come from', async () => {
    const page = await open('real');
    const text = await page.locator('#settings').innerText();
    assert.match(text, /--rate-per-host\s+40\/s\s+command line/);
    assert.match(text, /--header\s+Authorization: \S+\s+command line/);
    assert.ok(!text.includes('hunter2'));
    await close(page);
});
