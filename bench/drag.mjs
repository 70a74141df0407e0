// What a drag costs: 120 moves at 8 ms, over 200 slicers at 1× and 4× CPU slowdown and over 500 at 1×, by Chromium's
// own trace. Prints the milliseconds between frames (16.7 at 60 a second), and what the main thread and its scripts
// take of each. The order that comes out is checked. Run it with `node bench/drag.mjs [DRAGS]` after
// `cargo xtask build`.

import assert from 'node:assert/strict';
import { launch } from '../tests/e2e/support/browser.mjs';
import { start } from '../tests/e2e/support/product.mjs';
import { grip, middle, ordered, shown } from '../tests/e2e/support/slicers.mjs';
import { path, system } from '../tests/e2e/support/worlds.mjs';
import { report } from './support/figures.mjs';
import { COLUMNS, costs, frames, intervals, traced, work } from './support/trace.mjs';

/** How many slicers, and how many times slower the processor is. */
const RUNS = [[200, 1], [200, 4], [500, 1]];
const MOVES = 120;
const EVERY = 8;
const WARM = 5;
const SAMPLES = Number(process.argv[2] ?? 25);

async function open(browser, product, ids) {
  const { systems } = await product.control('GET', '/world');
  const group = system({ systems }, 'live').groups.find(ordered);
  await product.control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids });
  const context = await browser.newContext({ baseURL: product.url, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(path('slicers', 'live', group.id));
  await page.getByRole('listitem').filter({ hasText: ids.at(-1) }).first().waitFor();
  return { context, page };
}

// The page tells it, which it does anew only where the words differ: a test that looks for words by itself would be measured along.
const said = (page) =>
  page.evaluate(() => {
    const words = /^\S+ moved from position 3 to \d+ of \d+$/;
    const list = document.querySelector('ol[aria-label="Slicer order"]');
    const status = list.closest('section').querySelector('p[role=status]');
    return new Promise((resolve) => {
      new MutationObserver(() => {
        if (words.test(status.textContent)) requestAnimationFrame(() => requestAnimationFrame(resolve));
      }).observe(status, { childList: true, characterData: true, subtree: true });
    });
  });

async function drag(page, client, ids, turn) {
  const from = await middle(grip(page, 2));
  await page.mouse.move(from.x, from.y);
  const moved = said(page);
  const end = { x: from.x, y: from.y + 130 + (turn % 2) * 64, button: 'left' };
  const events = await traced(client, async () => {
    await page.mouse.down();
    for (let move = 1; move <= MOVES; move += 1) {
      const y = from.y + 300 * Math.sin((move / MOVES) * Math.PI * 2) + (move / MOVES) * 64;
      client.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: from.x, y, button: 'left', buttons: 1 });
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
    await client.send('Input.dispatchMouseEvent', { type: 'mouseMoved', buttons: 1, ...end });
    await client.send('Input.dispatchMouseEvent', { type: 'mouseReleased', clickCount: 1, ...end });
    await moved;
  });
  // Those far from what is seen come back after it.
  await page.locator('[data-far]').first().waitFor({ state: 'detached' });
  const order = await shown(page);
  assert.deepEqual(order.toSorted(), ids, 'a permutation');
  assert.notDeepEqual(order, ids, 'something has moved');
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await page.getByRole('button', { name: 'Discard changes' }).waitFor({ state: 'hidden' });
  // The next one begins with a page that has come to rest.
  await page.waitForTimeout(1_500);
  return events;
}

async function measure(browser, product, count, rate) {
  const ids = Array.from({ length: count }, (_, n) => `cam${String(n + 1).padStart(3, '0')}`);
  const { context, page } = await open(browser, product, ids);
  const client = await context.newCDPSession(page);
  await client.send('Emulation.setCPUThrottlingRate', { rate });
  for (let warm = 0; warm < WARM; warm += 1) await drag(page, client, ids, warm);
  const measured = [['ms between', intervals, []], ['ms of the main thread', work, []], ['ms of scripting', frames, []]];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const events = await drag(page, client, ids, sample + 1);
    for (const [, of, all] of measured) all.push(...of(events));
  }
  await context.close();
  return measured.map(([what, , all]) => costs(`${count} at ${rate}×, ${what}`, all));
}

const product = await start();
const browser = await launch();
try {
  const rows = [];
  for (const [count, rate] of RUNS) rows.push(...(await measure(browser, product, count, rate)));
  report(`Frames while a slicer is dragged, ${SAMPLES} drags`, COLUMNS, rows);
} finally {
  await browser.close();
  await product.stop();
}
