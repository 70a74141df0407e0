// Whether a page that is refreshed continuously grows: memory, nodes, listeners.

import assert from 'node:assert/strict';

/** Milliseconds of the page's clock between two refreshes. */
export const INTERVAL = 5_000;

/** Refreshes a page whose clock is installed. The gateway's clock advances as well, so that it polls the vendors. */
export async function refresh(page, control) {
  await control('POST', '/observer/advance', { seconds: INTERVAL / 1_000 });
  await page.clock.runFor(INTERVAL);
}

/** A line of text about the page's memory, nodes and listeners. */
export const describe = ({ bytes, wasm, nodes, listeners }) =>
  `${(bytes / 1e6).toFixed(2)} MB (${(wasm / 1e6).toFixed(2)} of wasm), ${nodes} nodes, ${listeners} listeners`;

/** Fails if the minimum of the last samples exceeds what is allowed for the maximum of the first. */
export function assertNoGrowth(first, last, allowed) {
  for (const [what, most] of Object.entries(allowed)) {
    const before = Math.max(...first.map((sample) => sample[what]));
    const after = Math.min(...last.map((sample) => sample[what]));
    assert.ok(after <= most(before), `the page grew from ${before} to ${after} ${what}`);
  }
}
