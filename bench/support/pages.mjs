// A page to measure: in a new browser, with a CPU slowdown and Chromium's metrics.

import { launch } from '../../tests/e2e/support/browser.mjs';

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs in the page: keeps the program's memory, which never shrinks, so that its size can be read later. */
function keepMemory() {
  const original = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...all) => {
    const instance = await original.apply(WebAssembly, all);
    globalThis.wasm ??= instance.exports.memory;
    return instance;
  };
}

/**
 * Opens an empty page. Returns `{ page, debug, metrics, usage, close }`: `metrics` returns Chromium's metrics by name,
 * `usage` the page's memory, nodes and listeners after a garbage collection. With the time domain `threadTicks`, times
 * are CPU times of the thread, independent of other processes.
 */
export async function openPage({ baseURL, rate = 1, viewport = { width: 1280, height: 800 }, timeDomain = 'timeTicks' } = {}) {
  const browser = await launch();
  const context = await browser.newContext({ baseURL, viewport, locale: 'en-GB', timezoneId: 'Etc/UTC' });
  const page = await context.newPage();
  await page.addInitScript(keepMemory);
  const debug = await context.newCDPSession(page);
  await debug.send('Performance.enable', { timeDomain });
  await debug.send('Emulation.setCPUThrottlingRate', { rate });
  const metrics = async () => {
    const { metrics } = await debug.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const usage = async () => {
    // A single collection leaves objects that are released by finalizers or not swept yet.
    for (let time = 0; time < 3; time += 1) await debug.send('HeapProfiler.collectGarbage');
    const { JSHeapUsedSize: heap, Nodes: nodes, JSEventListeners: listeners } = await metrics();
    const wasm = await page.evaluate(() => globalThis.wasm?.buffer.byteLength ?? 0);
    return { bytes: heap + wasm, wasm, nodes, listeners };
  };
  return { page, debug, metrics, usage, close: () => browser.close() };
}
