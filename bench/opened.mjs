// Measures the page of one group opened by its address, as from an alert, until its sessions are shown, compared with a
// React page and a hand-written page that show the same. All use the same gateway, in turn, each visit in a new
// browser; once with a vendor that answers immediately, once with one that takes 600 ms. Run it with
// `npm ci --prefix bench/peers && node bench/opened.mjs [ROUNDS]` after `cargo xtask build`.

import { start } from '../tests/e2e/support/product.mjs';
import { median, report } from './support/figures.mjs';
import { pagesOf } from './support/group.mjs';
import { LINES } from './support/lines.mjs';
import { openPage, sleep } from './support/pages.mjs';
import { serve } from './support/peers.mjs';

const ROUNDS = Number(process.argv[2] ?? 3);
/** The vendor's response times in milliseconds. */
const DELAYS = [0, 600];

/** Milliseconds until the table contains a session. */
async function visit(url, line) {
  const { page, debug, close } = await openPage();
  try {
    await debug.send('Network.enable');
    if (line) await debug.send('Network.emulateNetworkConditions', line);
    // Waits until the browser has started: its start takes longer than the page.
    await sleep(1_500);
    await page.goto(url, { waitUntil: 'commit' });
    // Checked in each frame: a locator polls less often.
    const isDrawn = () => [...document.querySelectorAll('caption')].some((caption) => caption.textContent === 'Client sessions' && caption.parentElement.querySelector('tbody tr:not(.space)'));
    await page.waitForFunction(isDrawn, undefined, { polling: 'raf', timeout: 60_000 });
    return await page.evaluate(() => performance.now());
  } finally {
    await close();
  }
}

const product = await start({ speed: 1 });
const served = await serve(product);
try {
  await product.allRead();
  const pages = await pagesOf(product, served);
  const rows = [];
  for (const milliseconds of DELAYS) {
    if (milliseconds > 0) await product.control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'latency', milliseconds } });
    for (const [title, line] of Object.entries(LINES)) {
      const times = Object.fromEntries(Object.keys(pages).map((name) => [name, []]));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [name, path] of Object.entries(pages)) times[name].push(await visit(served.url + path, line));
      }
      rows.push([`${title}, vendor takes ${milliseconds} ms`, ...Object.keys(pages).map((name) => median(times[name]).toFixed(0))]);
    }
  }
  report(`A group opened by its address, milliseconds until its sessions, ${ROUNDS} visits each`, ['', ...Object.keys(pages)], rows);
} finally {
  served.stop();
  await product.stop();
}
