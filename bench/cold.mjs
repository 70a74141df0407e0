// How long a first visit takes until the alarms are painted, beside a page of the same job with React and one written
// by hand, all through the same gateway and the same proxy, in turn, each with a browser of its own. Prints medians of
// the time to the first paint and to the alarms, the bytes, the layout shift, and the ratios. Run it with
// `npm ci --prefix bench/peers/react && node bench/cold.mjs [ROUNDS]` after `cargo xtask build`.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { brotliCompressSync } from 'node:zlib';
import { launch } from '../tests/e2e/support/browser.mjs';
import { eventually } from '../tests/e2e/support/eventually.mjs';
import { start } from '../tests/e2e/support/product.mjs';

const ROUNDS = Number(process.argv[2] ?? 5);

/** Lines as their owners have them: bytes a second, and milliseconds there and back. */
const LINES = {
  loopback: undefined,
  'fast 4G': { downloadThroughput: 9e6 / 8, uploadThroughput: 9e6 / 8, latency: 85, offline: false },
  'slow 4G': { downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8, latency: 150, offline: false },
};

const PAGES = { console: '/', react: '/peers/react.html', hand: '/peers/hand.html' };

const here = (path) => new URL(path, import.meta.url);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** The pages that the console is measured against, as they are sent: their style sheet is the console's own. */
async function peers() {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: here('peers/react/') });
  const index = await readFile(here('../index.html'), 'utf8');
  const sheets = [...index.matchAll(/href="(style\/[^"]+\.css)"/g)].map(([, file]) => readFile(here(`../${file}`), 'utf8'));
  const style = (await Promise.all(sheets)).join('\n');
  assert.ok(style.length > 10_000, 'the style sheets were found');
  const file = async (type, path) => [type, brotliCompressSync(await readFile(here(path)))];
  return new Map([
    ['/peers/style.css', ['text/css', brotliCompressSync(style)]],
    ['/peers/react.html', await file('text/html', 'peers/react/index.html')],
    ['/peers/react.js', await file('text/javascript', 'peers/react/dist/react.js')],
    ['/peers/hand.html', await file('text/html', 'peers/hand/index.html')],
    ['/peers/hand.js', await file('text/javascript', 'peers/hand/hand.js')],
  ]);
}

/** Serves the peers, and everything else as the gateway does. */
async function serve(product) {
  const files = await peers();
  const host = new URL(product.url).host;
  const server = createServer((asked, answer) => {
    const file = files.get(asked.url);
    if (file) {
      answer.writeHead(200, { 'content-type': file[0], 'content-encoding': 'br' });
      answer.end(file[1]);
      return;
    }
    const onward = request(product.url + asked.url, { method: asked.method, headers: { ...asked.headers, host } }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.closeAllConnections() || server.close() };
}

/** One first visit. */
async function visit(url, line, rate) {
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const debug = await page.context().newCDPSession(page);
    await debug.send('Network.enable');
    if (line) await debug.send('Network.emulateNetworkConditions', line);
    await debug.send('Emulation.setCPUThrottlingRate', { rate });
    let bytes = 0;
    let isPainted = false;
    debug.on('Network.loadingFinished', ({ encodedDataLength }) => {
      if (!isPainted) bytes += encodedDataLength;
    });
    await page.addInitScript(() => {
      window.shifted = 0;
      new PerformanceObserver((list) => {
        for (const { value } of list.getEntries()) window.shifted += value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto(url, { waitUntil: 'commit' });
    await page.waitForFunction(() => document.querySelector('ol.alarms > li .what'), undefined, { polling: 'raf', timeout: 60_000 });
    const alarms = await page.evaluate(() => performance.now());
    isPainted = true;
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    const told = await page.evaluate(() => ({
      first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      shifted: window.shifted,
      said: [...document.querySelectorAll('ol.alarms > li > div > .what')].map((one) => one.textContent.trim()),
    }));
    return { alarms, bytes, ...told };
  } finally {
    await browser.close();
  }
}

const product = await start();
await product.control('POST', '/reset', { scenario: 'incident' });
await product.reread();
await eventually(async () => {
  const { alarms } = await (await fetch(`${product.url}/api/inventory`)).json();
  assert.ok(alarms.length > 10);
});
const served = await serve(product);
try {
  // All show the same, or no figure counts: the console folds those of one cause, whose first it shows.
  const said = {};
  for (const [name, path] of Object.entries(PAGES)) said[name] = new Set((await visit(served.url + path, undefined, 1)).said);
  assert.deepEqual(said.react, said.hand);
  for (const sentence of said.console) assert.ok(said.hand.has(sentence), sentence);
  for (const rate of [1, 4]) {
    for (const [title, line] of Object.entries(LINES)) {
      const all = Object.fromEntries(Object.keys(PAGES).map((name) => [name, []]));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [name, path] of Object.entries(PAGES)) all[name].push(await visit(served.url + path, line, rate));
      }
      const of = (name, what) => median(all[name].map((one) => one[what]));
      for (const name of Object.keys(PAGES)) {
        const [alarms, first, bytes, shifted] = ['alarms', 'first', 'bytes', 'shifted'].map((what) => of(name, what));
        console.log(`${title} at ${rate}×, ${name}: alarms ${alarms.toFixed(0)} ms, first paint ${first.toFixed(0)} ms, ${(bytes / 1_000).toFixed(0)} kB, layout shift ${shifted.toFixed(3)}`);
      }
      console.log(`${title} at ${rate}×: alarms at ${(of('console', 'alarms') / of('react', 'alarms')).toFixed(2)} of React's time, first paint at ${(of('console', 'first') / of('hand', 'first')).toFixed(2)} of that of the page by hand`);
    }
  }
} finally {
  served.stop();
  await product.stop();
}
