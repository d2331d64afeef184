// Builds dist/report.js, dist/first.js and dist/report.css: one file each, no imports, the same bytes on every machine.
import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';

const here = new URL('.', import.meta.url).pathname;
const shared = {
    absWorkingDir: here,
    bundle: true,
    minify: true,
    charset: 'ascii',
    target: ['chrome110', 'firefox115', 'safari16.4'],
    legalComments: 'inline',
    logLevel: 'warning',
};
await build({ ...shared, entryPoints: ['src/main.js'], outfile: 'dist/report.js', format: 'iife' });
await build({ ...shared, entryPoints: ['src/first.js'], outfile: 'dist/first.js', format: 'iife' });
await build({ ...shared, entryPoints: ['src/report.css'], outfile: 'dist/report.css', charset: 'utf8' });

// They stand within a page: no line end behind them, and nothing that ends an element or loads anything.
for (const name of ['report.js', 'first.js', 'report.css']) {
    const path = `${here}dist/${name}`;
    const text = readFileSync(path, 'utf8').trimEnd();
    for (const bad of ['</script', '</style', '<!--', '\r', '@import', 'url(http', 'innerHTML', 'insertAdjacentHTML', 'outerHTML', 'document.write', 'eval(', 'new Function'])
        if (text.includes(bad)) throw new Error(`dist/${name} has ${JSON.stringify(bad)} in it`);
    // A page that is looked at in a terminal does nothing there.
    const acting = text.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/u);
    if (acting) throw new Error(`dist/${name} has a control character in it, near ${text.slice(acting.index - 40, acting.index + 10)}`);
    writeFileSync(path, text);
}
