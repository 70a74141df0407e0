// How long the page of one group takes that is opened by its address, as from a message about an alarm, until its sessions
// are there: beside pages of the same job with React and by hand, all through the same gateway, in turn, each visit
// with a browser of its own; with a vendor that answers at once, and with one that takes 600 ms. Run it with
// `npm ci --prefix bench/peers && node bench/opened.mjs [ROUNDS]` after `cargo xtask build`.

import { start } from '../tests/e2e/support/product.mjs';
import { median, report } from './support/figures.mjs';
import { pagesOf } from './support/group.mjs';
import { LINES } from './support/lines.mjs';
import { openPage, sleep } from './support/pages.mjs';
import { serve } from './support/peers.mjs';

const ROUNDS = Number(process.argv[2] ?? 3);
/** Milliseconds that the vendor takes for each answer. */
const DELAYS = [0, 600];

/** Milliseconds until a session stands in the table. */
async function visit(url, line) {
  const { page, debug, close } = await openPage();
  try {
    await debug.send('Network.enable');
    if (line) await debug.send('Network.emulateNetworkConditions', line);
    // The browser's own start is over: it would take more than the page does.
    await sleep(1_500);
    await page.goto(url, { waitUntil: 'commit' });
    // In each frame: a locator looks only now and then.
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
