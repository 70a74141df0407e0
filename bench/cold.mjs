// Measures a first visit until the alarms are painted, compared with a React page and a hand-written page that show the
// same alarms. All use the same gateway and proxy, in turn, each visit in a new browser. Prints medians: milliseconds
// until the first paint, until the alarms and until the page is operable, kilobytes and layout shift. Run it with
// `npm ci --prefix bench/peers && node bench/cold.mjs [ROUNDS] [LINE]` after `cargo xtask build`.

import assert from 'node:assert/strict';
import { eventually } from '../tests/e2e/support/eventually.mjs';
import { start } from '../tests/e2e/support/product.mjs';
import { median, report } from './support/figures.mjs';
import { LINES } from './support/lines.mjs';
import { openPage, sleep } from './support/pages.mjs';
import { serve } from './support/peers.mjs';

const ROUNDS = Number(process.argv[2] ?? 5);
/** The name of the only network to measure; without it, all are measured. */
const ONLY_LINE = process.argv[3];

const PAGES = { hand: '/peers/hand/overview.html', react: '/peers/react/overview.html', console: '/' };

/** One first visit. */
async function visit(url, line, rate) {
  const { page, debug, close } = await openPage({ rate });
  try {
    await debug.send('Network.enable');
    if (line) await debug.send('Network.emulateNetworkConditions', line);
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
    // Waits until the browser has started: its start takes longer than the page.
    await sleep(1_500);
    await page.goto(url, { waitUntil: 'commit' });
    await page.waitForFunction(() => document.querySelector('ol.alarms > li .what'), undefined, { polling: 'raf', timeout: 60_000 });
    const alarms = await page.evaluate(() => performance.now());
    isPainted = true;
    // The console's page shows its alarms before its program is loaded, which then replaces the element `loading`.
    await page.waitForFunction(() => !document.getElementById('loading'), undefined, { polling: 'raf', timeout: 60_000 });
    const operable = await page.evaluate(() => performance.now());
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    const results = await page.evaluate(() => ({
      first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      shifted: window.shifted,
      sentences: [...document.querySelectorAll('ol.alarms > li > div > .what')].map((node) => node.textContent.trim()),
    }));
    return { alarms, operable, bytes, ...results };
  } finally {
    await close();
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
  // The figures count only if all pages show the same alarms. The console shows the first alarm of each cause.
  const sentences = {};
  for (const [name, path] of Object.entries(PAGES)) sentences[name] = new Set((await visit(served.url + path, undefined, 1)).sentences);
  assert.deepEqual(sentences.react, sentences.hand);
  for (const sentence of sentences.console) assert.ok(sentences.hand.has(sentence), sentence);
  for (const rate of [1, 4]) {
    for (const [title, line] of Object.entries(LINES)) {
      if (ONLY_LINE && title !== ONLY_LINE) continue;
      const all = Object.fromEntries(Object.keys(PAGES).map((name) => [name, []]));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [name, path] of Object.entries(PAGES)) all[name].push(await visit(served.url + path, line, rate));
      }
      const of = (name, what) => median(all[name].map((one) => one[what]));
      report(
        `First visit to the Overview, ${title}, ${rate}×, ${ROUNDS} visits each`,
        ['', 'alarms, ms', 'operable, ms', 'first paint, ms', 'kB until the alarms', 'layout shift'],
        Object.keys(PAGES).map((name) => [
          name,
          of(name, 'alarms').toFixed(0),
          of(name, 'operable').toFixed(0),
          of(name, 'first').toFixed(0),
          (of(name, 'bytes') / 1_000).toFixed(0),
          of(name, 'shifted').toFixed(3),
        ]),
      );
    }
  }
} finally {
  served.stop();
  await product.stop();
}
