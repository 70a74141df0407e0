// What an open page holds: the memory of its scripts and of WebAssembly, its nodes and its listeners.

import assert from 'node:assert/strict';

/** Between two refreshes, in milliseconds of the page's clock. */
export const EVERY = 5_000;

/** Lets a page be counted whose clock moves with `refresh`; before it is opened. */
export async function prepare(page) {
  await page.addInitScript(() => {
    const made = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...all) => {
      const result = await made.apply(WebAssembly, all);
      globalThis.wasm ??= result.instance.exports.memory;
      return result;
    };
  });
  await page.clock.install();
}

/** Answers a function that counts what the page holds. */
export async function counter(page) {
  const debug = await page.context().newCDPSession(page);
  await debug.send('Performance.enable');
  return async () => {
    // One collection leaves what its finalizers let go, and what is not swept yet.
    for (let time = 0; time < 3; time += 1) await debug.send('HeapProfiler.collectGarbage');
    const { metrics } = await debug.send('Performance.getMetrics');
    const of = (name) => metrics.find((metric) => metric.name === name).value;
    const wasm = await page.evaluate(() => globalThis.wasm.buffer.byteLength);
    return { bytes: of('JSHeapUsedSize') + wasm, wasm, nodes: of('Nodes'), listeners: of('JSEventListeners') };
  };
}

/** The gateway's clock moves along with the page's, so that the gateway reads the vendors anew. */
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
