// A page that is measured: in a browser of its own, with its processor slowed down, and Chromium's own figures of it.

import { launch } from '../../tests/e2e/support/browser.mjs';

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Lets a page tell later how much memory its program has, which never shrinks. */
function keepMemory() {
  const made = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...all) => {
    const instance = await made.apply(WebAssembly, all);
    globalThis.wasm ??= instance.exports.memory;
    return instance;
  };
}

/**
 * Opens a page that nothing was loaded into yet. Answers `{ page, debug, metrics, held, close }`: Chromium's figures
 * by name, and what the page holds once the garbage is collected. With the time domain `threadTicks` the times are the
 * thread's own, to which nothing adds that the machine does meanwhile.
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
  const held = async () => {
    // One collection leaves what its finalizers let go, and what is not swept yet.
    for (let time = 0; time < 3; time += 1) await debug.send('HeapProfiler.collectGarbage');
    const { JSHeapUsedSize: heap, Nodes: nodes, JSEventListeners: listeners } = await metrics();
    const wasm = await page.evaluate(() => globalThis.wasm?.buffer.byteLength ?? 0);
    return { bytes: heap + wasm, wasm, nodes, listeners };
  };
  return { page, debug, metrics, held, close: () => browser.close() };
}
