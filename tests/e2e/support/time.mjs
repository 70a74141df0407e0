// Time in a story. The gateway and the page each have a clock: `pass` moves both, so that what the gateway
// read and what the page shows of it age together. The clock of the vendors' systems is another one.

import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';
import { START } from './product.mjs';

/** The requests for the inventory that a page has under way. */
const requests = new WeakMap();

function underWay(page) {
  const known = requests.get(page);
  if (known) return known;
  const open = new Set();
  requests.set(page, open);
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/api/inventory') open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
  return open;
}

/** Opens a page whose clock stands at the world's time and moves with `pass`. */
export async function open({ page, visit }, address) {
  underWay(page);
  await page.clock.install({ time: new Date(Date.parse(START) - 60_000) });
  await page.clock.pauseAt(new Date(START));
  await visit(address);
}

/** Lets time pass in a page alone, second by second. */
export async function passInPage(page, seconds) {
  const open = underWay(page);
  for (let second = 0; second < seconds; second += 1) {
    await page.clock.runFor(1_000);
    await eventually(() => assert.equal(open.size, 0, 'the gateway has not answered yet'));
  }
}

/**
 * Lets time pass for the gateway and in a page, second by second, so that every answer on the way can arrive. It
 * passes faster than Uplynk, which wants a second of real time for each request, can be read: what that holds is
 * some seconds old until somebody has it reread.
 */
export async function pass(page, control, seconds) {
  for (let second = 0; second < seconds; second += 1) {
    await control('POST', '/observer/advance', { seconds: 1 });
    await passInPage(page, 1);
  }
}

/** Lets time pass for the vendors' systems as well. */
export async function passEverywhere(page, control, seconds) {
  for (let second = 0; second < seconds; second += 1) {
    await control('POST', '/clock/advance', { seconds: 1 });
    await pass(page, control, 1);
  }
}

/** Lets time pass until something can be seen, at most so many seconds. */
export async function passUntil(page, control, seconds, seen) {
  for (let second = 0; second < seconds; second += 1) {
    if (await seen()) return;
    await pass(page, control, 1);
  }
  assert.fail(`not seen within ${seconds} s`);
}

/** Lets time pass until an assertion holds, for as long as the gateway may take in real time. */
export async function passEventually(page, control, assertion, patience) {
  await eventually(async () => {
    await pass(page, control, 1);
    await assertion();
  }, patience);
}
