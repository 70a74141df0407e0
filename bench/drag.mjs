// How much scripting a drag costs: 200 slicers, 120 moves at 8 ms, at 1×, 4× and 6× CPU slowdown, by
// Chromium's own trace. Prints the milliseconds of scripting per frame. The order that comes out is
// checked. Run it with `node bench/drag.mjs` after `cargo xtask build`.

import assert from 'node:assert/strict';
import { launch } from '../tests/e2e/support/browser.mjs';
import { start } from '../tests/e2e/support/product.mjs';
import { grip, middle, ordered, shown } from '../tests/e2e/support/slicers.mjs';
import { path, system } from '../tests/e2e/support/worlds.mjs';

const COUNT = 200;
const MOVES = 120;
const EVERY = 8;
const ROUNDS = 5;

// The outermost of these on the main thread are what scripts take; what they call lies inside of them.
const SCRIPTS = new Set(['EventDispatch', 'FireAnimationFrame', 'FunctionCall', 'TimerFire', 'RunMicrotasks', 'EvaluateScript', 'v8.callFunction', 'XHRReadyStateChange']);

const ids = Array.from({ length: COUNT }, (_, n) => `cam${String(n + 1).padStart(3, '0')}`);

async function open(browser, product) {
  const { systems } = await product.control('GET', '/world');
  const group = system({ systems }, 'live').groups.find(ordered);
  await product.control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids });
  const context = await browser.newContext({ baseURL: product.url, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(path('slicers', 'live', group.id));
  await page.getByRole('listitem').filter({ hasText: ids.at(-1) }).first().waitFor();
  return { context, page };
}

/** Milliseconds of scripting in each frame of a trace. */
function frames(events) {
  // More than one page may be alive; the one that is dragged in draws frames.
  const thread = events.find(({ name }) => name === 'BeginMainThreadFrame');
  const main = events
    .filter(({ pid, tid }) => pid === thread.pid && tid === thread.tid)
    .toSorted((a, b) => a.ts - b.ts);
  const begins = main.filter(({ name }) => name === 'BeginMainThreadFrame').map(({ ts }) => ts);
  const costs = begins.map(() => 0);
  let end = 0;
  // The thread's own time (`tdur`), where the trace has it: what else the machine does is no scripting.
  for (const { name, ts, dur = 0, tdur = dur } of main) {
    if (!SCRIPTS.has(name) || ts < end) continue;
    end = ts + dur;
    const at = begins.findLastIndex((begin) => begin <= ts);
    if (at >= 0) costs[at] += tdur / 1000;
  }
  return costs;
}

async function measure(browser, product, rate) {
  const { context, page } = await open(browser, product);
  const client = await context.newCDPSession(page);
  const from = await middle(grip(page, 2));
  await client.send('Emulation.setCPUThrottlingRate', { rate });
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  const events = [];
  client.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await client.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'devtools.timeline.frame', 'disabled-by-default-devtools.timeline.frame', '__metadata'] },
  });
  for (let move = 1; move <= MOVES; move += 1) {
    const y = from.y + 300 * Math.sin((move / MOVES) * Math.PI * 2) + (move / MOVES) * 64;
    client.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: from.x, y, button: 'left', buttons: 1 });
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
  const end = { x: from.x, y: from.y + 130, button: 'left' };
  await client.send('Input.dispatchMouseEvent', { type: 'mouseMoved', buttons: 1, ...end });
  await client.send('Input.dispatchMouseEvent', { type: 'mouseReleased', clickCount: 1, ...end });
  await page.getByText(/^\S+ moved from position 3 to \d+ of 200$/).waitFor();
  const done = new Promise((resolve) => client.once('Tracing.tracingComplete', resolve));
  await client.send('Tracing.end');
  await done;
  const order = await shown(page);
  assert.deepEqual(order.toSorted(), ids, 'a permutation');
  assert.notDeepEqual(order, ids, 'something has moved');
  await context.close();
  return frames(events);
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const product = await start();
const browser = await launch();
try {
  for (const rate of [1, 4, 6]) {
    const costs = [];
    for (let round = 0; round < ROUNDS; round += 1) costs.push(...(await measure(browser, product, rate)));
    costs.sort((a, b) => a - b);
    const words = [0.5, 0.95, 0.99].map((share) => `p${share * 100} ${at(costs, share).toFixed(1)}`);
    process.stdout.write(`${rate}×: ${costs.length} frames, ms of scripting: ${words.join(', ')}, most ${costs.at(-1).toFixed(1)}\n`);
  }
} finally {
  await browser.close();
  await product.stop();
}
