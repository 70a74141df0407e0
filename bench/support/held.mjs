// Whether a page that is refreshed without end holds more and more: memory, nodes, listeners.

import assert from 'node:assert/strict';

/** Between two refreshes, in milliseconds of the page's clock. */
export const EVERY = 5_000;

/** One refresh of a page whose clock is installed. The gateway's clock moves along with the page's, so that the gateway reads the vendors anew. */
export async function refresh(page, control) {
  await control('POST', '/observer/advance', { seconds: EVERY / 1_000 });
  await page.clock.runFor(EVERY);
}

/** A line about what is held. */
export const words = ({ bytes, wasm, nodes, listeners }) =>
  `${(bytes / 1e6).toFixed(2)} MB (${(wasm / 1e6).toFixed(2)} of wasm), ${nodes} nodes, ${listeners} listeners`;

/** Fails where the least of the last samples is above what the most of the first ones allows. */
export function hasNotGrown(first, last, allowed) {
  for (const [what, most] of Object.entries(allowed)) {
    const before = Math.max(...first.map((sample) => sample[what]));
    const after = Math.min(...last.map((sample) => sample[what]));
    assert.ok(after <= most(before), `the page grew from ${before} to ${after} ${what}`);
  }
}
