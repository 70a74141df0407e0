// Time in a story. The gateway and the page each have a clock: `pass` advances both, so that data ages consistently in
// both. The clock of the vendors' systems is independent.

import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';
import { START } from './product.mjs';

/** The pending inventory requests of each page. */
const pendingRequests = new WeakMap();

function pendingOf(page) {
  const known = pendingRequests.get(page);
  if (known) return known;
  const open = new Set();
  pendingRequests.set(page, open);
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/api/inventory') open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
  return open;
}

/** Opens a page whose clock starts at the world's time and is advanced by `pass`. */
export async function open({ page, visit }, address) {
  pendingOf(page);
  await page.clock.install({ time: new Date(Date.parse(START) - 60_000) });
  await page.clock.pauseAt(new Date(START));
  await visit(address);
}

/** Advances the clock of a page only, second by second. */
export async function passInPage(page, seconds) {
  const open = pendingOf(page);
  for (let second = 0; second < seconds; second += 1) {
    await page.clock.runFor(1_000);
    await eventually(() => assert.equal(open.size, 0, 'the gateway has not responded yet'));
  }
}

/**
 * Advances the clocks of gateway and page, second by second, so that pending responses can arrive. This is faster than
 * Uplynk can be read, which needs a second of real time for each request: its data is some seconds old until it is
 * refreshed.
 */
export async function pass(page, control, seconds) {
  for (let second = 0; second < seconds; second += 1) {
    await control('POST', '/observer/advance', { seconds: 1 });
    await passInPage(page, 1);
  }
}

/** Advances the vendors' clock as well. */
export async function passEverywhere(page, control, seconds) {
  for (let second = 0; second < seconds; second += 1) {
    await control('POST', '/clock/advance', { seconds: 1 });
    await pass(page, control, 1);
  }
}

/** Advances the clocks until a condition holds, for at most this number of seconds. */
export async function passUntil(page, control, seconds, seen) {
  for (let second = 0; second < seconds; second += 1) {
    if (await seen()) return;
    await pass(page, control, 1);
  }
  assert.fail(`not seen within ${seconds} s`);
}

/** Advances the clocks until an assertion holds, within a limit of real time. */
export async function passEventually(page, control, assertion, timeout) {
  await eventually(async () => {
    await pass(page, control, 1);
    await assertion();
  }, timeout);
}
