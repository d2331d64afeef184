// A run in a browser while it goes on: FETCHALL is the program, its dashboard the page, a server of this file the site.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

const require = createRequire(new URL('../../src/report/html/page/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const HOSTILE = '</title></script><script>window.hit=1</script>\u202egpj.exe\u001b[2J';
const site = createServer((request, response) => {
    const number = Number(request.url.slice(2));
    response.writeHead(number % 10 === 7 ? 404 : 200, { 'content-type': 'text/html' });
    // Within a title, markup is text.
    response.end(`<!doctype html><title>${HOSTILE.replaceAll('<', '&lt;')} ${number}</title>`);
});
let browser;
let base;
before(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    base = `http://127.0.0.1:${site.address().port}/p`;
});
after(async () => {
    await browser?.close();
    site.closeAllConnections();
    site.close();
});

/** A run that reads its list from us. */
async function start(...more) {
    const run = spawn(process.env.FETCHALL, ['-', '--dashboard', ':0', '--progress', 'none', '-f', 'none', '--no-proxy', '*', ...more], { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    run.stderr.setEncoding('utf8');
    while (!said.includes('\n')) said += await once(run.stderr, 'data');
    run.stderr.resume();
    run.url = /dashboard: (\S+)/.exec(said)[1];
    run.want = (from, count) => run.stdin.write(Array.from({ length: count }, (_, at) => `${base}${from + at}\n`).join(''));
    run.finish = async () => {
        run.stdin.end();
        if (run.exitCode === null) await once(run, 'exit');
    };
    return run;
}

async function open(url, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.asked = [];
    page.complaints = [];
    page.on('request', (request) => page.asked.push(request.url()));
    page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text()); });
    page.on('pageerror', (error) => page.complaints.push(error.message));
    await page.goto(url);
    await page.waitForFunction(() => document.documentElement.dataset.ready);
    return page;
}
const counts = (page, words) => page.waitForFunction((words) => document.querySelector('.count')?.textContent === words, words, { timeout: 60_000 });
const state = (page, name) => page.waitForFunction((name) => document.documentElement.dataset.live === name, name, { timeout: 60_000 });
async function clean(page, what) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`), [], what);
}

test('rows appear as they come, and the end is shown', async () => {
    const run = await start();
    const page = await open(run.url);
    assert.equal(await page.locator('h1').innerText(), 'Nothing has come in yet');
    await clean(page, 'nothing yet');
    run.want(0, 8);
    await counts(page, '8 requests');
    await page.waitForFunction(() => document.querySelector('h1')?.textContent === '1 of 8 requests failed so far');
    await clean(page, 'going on');
    run.want(8, 20);
    await counts(page, '28 requests');
    assert.equal(await page.evaluate(() => document.documentElement.dataset.live), 'on');
    const text = await page.locator('.g-row').first().evaluate(async (row) => { row.click(); return row.textContent; });
    assert.ok(text.includes(base), text);
    await page.waitForSelector('dialog[open]');
    assert.match(await page.locator('dialog').innerText(), /<\/title><\/script><script>window\.hit=1<\/script>\\u\{202e\}gpj\.exe/);
    await page.keyboard.press('Escape');
    await run.finish();
    await state(page, 'over');
    assert.match(await page.locator('.live').innerText(), /^The run has ended/);
    assert.equal(await page.locator('h1').innerText(), '3 of 28 requests failed');
    assert.equal(await page.locator('.tile dd').first().innerText(), '28');
    assert.equal(await page.locator('#failures [data-code="http.client_error"] td').first().innerText(), '3 failed');
    await clean(page, 'over');
    assert.equal(await page.evaluate(() => window.hit), undefined);
    assert.deepEqual(page.asked.filter((url) => !url.startsWith(run.url) && !url.startsWith('data:')), []);
    assert.deepEqual(page.complaints, []);
    // What was open stays whole.
    await page.locator('#requests .tools select').nth(0).selectOption('failed');
    await counts(page, '3 of 28 requests');
    await page.context().close();
});

test('what a reader does is left alone while rows come', async () => {
    const run = await start();
    const page = await open(run.url);
    run.want(0, 400);
    await counts(page, '400 requests');
    await page.locator('#search').fill('p39');
    await counts(page, '11 of 400 requests');
    await page.locator('#grid').focus();
    await page.keyboard.press('ArrowDown');
    const current = await page.locator('#grid [aria-selected="true"]').getAttribute('data-row');
    run.want(400, 100);
    await counts(page, '11 of 500 requests');
    assert.equal(await page.locator('#search').inputValue(), 'p39');
    assert.equal(await page.locator('#grid [aria-selected="true"]').getAttribute('data-row'), current);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'grid');
    await page.locator('#hosts thead button').first().click();
    run.want(500, 100);
    await counts(page, '11 of 600 requests');
    assert.match(await page.locator('#hosts [aria-sort]').innerText(), /Host/);
    await run.finish();
    await page.context().close();
});

test('many rows in few elements, also for one who comes late', async () => {
    const run = await start();
    const early = await open(run.url);
    run.want(0, 5000);
    await counts(early, '5,000 requests');
    const late = await open(run.url, { viewport: { width: 320, height: 700 } });
    await counts(late, '5,000 requests');
    for (const page of [early, late]) {
        const elements = await page.evaluate(() => document.querySelectorAll('*').length);
        console.log(`5,000 rows: ${elements} elements`);
        assert.ok(elements < 2000, `${elements} elements`);
    }
    assert.equal(await late.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    await clean(late, 'narrow');
    await run.finish();
    for (const page of [early, late]) {
        await state(page, 'over');
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    }
});

test('a run that is gone without a word is told from one that has ended', async () => {
    const run = await start();
    const page = await open(run.url);
    run.want(0, 3);
    await counts(page, '3 requests');
    run.kill('SIGKILL');
    await state(page, 'lost');
    assert.match(await page.locator('.live').innerText(), /connection is lost/);
    assert.equal(await page.locator('.count').innerText(), '3 requests');
    await page.context().close();
});
