// Measures a drag: 120 moves at 8 ms, over 200 slicers at 1× and 4× CPU slowdown and over 500 at 1×, from Chromium's
// trace. Prints the milliseconds between frames (16.7 at 60 frames per second), and the milliseconds of the main thread
// and of scripting in each frame. Checks the resulting order. Run it with `node bench/drag.mjs [DRAGS]` after
// `cargo xtask build`.

import assert from 'node:assert/strict';
import { launch } from '../tests/e2e/support/browser.mjs';
import { start } from '../tests/e2e/support/product.mjs';
import { grip, centreOf, isPrioritized, shown } from '../tests/e2e/support/slicers.mjs';
import { path, system } from '../tests/e2e/support/worlds.mjs';
import { report } from './support/figures.mjs';
import { COLUMNS, costs, frames, intervals, traced, work } from './support/trace.mjs';

/** Number of slicers, and CPU slowdown. */
const RUNS = [[200, 1], [200, 4], [500, 1]];
const MOVES = 120;
const MOVE_INTERVAL = 8;
const WARM_UP_DRAGS = 5;
const SAMPLES = Number(process.argv[2] ?? 25);

async function open(browser, product, ids) {
  const { systems } = await product.control('GET', '/world');
  const group = system({ systems }, 'live').groups.find(isPrioritized);
  await product.control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids });
  const context = await browser.newContext({ baseURL: product.url, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(path('slicers', 'live', group.id));
  await page.getByRole('listitem').filter({ hasText: ids.at(-1) }).first().waitFor();
  return { context, page };
}

// Observes in the page, because polling from outside would be measured as well.
const moveAnnounced = (page) =>
  page.evaluate(() => {
    const text = /^\S+ moved from position 3 to \d+ of \d+$/;
    const list = document.querySelector('ol[aria-label="Slicer order"]');
    const status = list.closest('section').querySelector('p[role=status]');
    return new Promise((resolve) => {
      new MutationObserver(() => {
        if (text.test(status.textContent)) requestAnimationFrame(() => requestAnimationFrame(resolve));
      }).observe(status, { childList: true, characterData: true, subtree: true });
    });
  });

async function drag(page, client, ids, turn) {
  const from = await centreOf(grip(page, 2));
  await page.mouse.move(from.x, from.y);
  const announced = moveAnnounced(page);
  const end = { x: from.x, y: from.y + 130 + (turn % 2) * 64, button: 'left' };
  const events = await traced(client, async () => {
    await page.mouse.down();
    for (let move = 1; move <= MOVES; move += 1) {
      const y = from.y + 300 * Math.sin((move / MOVES) * Math.PI * 2) + (move / MOVES) * 64;
      client.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: from.x, y, button: 'left', buttons: 1 });
      await new Promise((resolve) => setTimeout(resolve, MOVE_INTERVAL));
    }
    await client.send('Input.dispatchMouseEvent', { type: 'mouseMoved', buttons: 1, ...end });
    await client.send('Input.dispatchMouseEvent', { type: 'mouseReleased', clickCount: 1, ...end });
    await announced;
  });
  // Items far outside the window are moved back after the drag.
  await page.locator('[data-far]').first().waitFor({ state: 'detached' });
  const order = await shown(page);
  assert.deepEqual(order.toSorted(), ids, 'a permutation');
  assert.notDeepEqual(order, ids, 'something has moved');
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await page.getByRole('button', { name: 'Discard changes' }).waitFor({ state: 'hidden' });
  // The next drag starts when the page is idle.
  await page.waitForTimeout(1_500);
  return events;
}

async function measure(browser, product, count, rate) {
  const ids = Array.from({ length: count }, (_, n) => `cam${String(n + 1).padStart(3, '0')}`);
  const { context, page } = await open(browser, product, ids);
  const client = await context.newCDPSession(page);
  await client.send('Emulation.setCPUThrottlingRate', { rate });
  for (let warm = 0; warm < WARM_UP_DRAGS; warm += 1) await drag(page, client, ids, warm);
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
