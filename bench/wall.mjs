// What a wall costs on which nothing changes but the time: about 208 tiles, at 1× and 6× CPU slowdown. Prints the main
// thread's milliseconds, layouts and style recalculations per 5 s, and how often the page is written to a second.
// Run it with `node bench/wall.mjs [GROUPS]` after `cargo xtask build`; GROUPS are those of each of three systems.

import assert from 'node:assert/strict';
import { launch } from '../tests/e2e/support/browser.mjs';
import { start } from '../tests/e2e/support/product.mjs';
import { shownLive, tiles } from '../tests/e2e/support/walls.mjs';

const GROUPS = Number(process.argv[2] ?? 67);
/** How long it is watched, in seconds. */
const WATCHED = 30;

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

const product = await start({ speed: 1, more: ['--groups', String(GROUPS)] });
const browser = await launch();
try {
  await product.allRead();
  const context = await browser.newContext({ baseURL: product.url, viewport: { width: 3840, height: 2160 } });
  const page = await context.newPage();
  await page.goto('/wall?distance=1&diagonal=65');
  await shownLive(page);
  await page.waitForFunction((least) => document.querySelectorAll('.tiles > li:not([hidden])').length >= least, 3 * GROUPS);
  const debug = await context.newCDPSession(page);
  // The thread's own time: what else the machine does is no work of the page.
  await debug.send('Performance.enable', { timeDomain: 'threadTicks' });
  const used = async () => {
    const { metrics } = await debug.send('Performance.getMetrics');
    const of = (name) => metrics.find((metric) => metric.name === name).value;
    return {
      'of the main thread': of('TaskDuration') * 1_000,
      'of scripts': of('ScriptDuration') * 1_000,
      'of layout': of('LayoutDuration') * 1_000,
      layouts: of('LayoutCount'),
      'style recalculations': of('RecalcStyleCount'),
    };
  };
  console.log(`${await tiles(page).count()} tiles`);
  for (const rate of [1, 6]) {
    await debug.send('Emulation.setCPUThrottlingRate', { rate });
    await sleep(5);
    const before = await used();
    await sleep(WATCHED);
    const after = await used();
    const per = Object.keys(after).map((what) => {
      const each = ((after[what] - before[what]) * 5) / WATCHED;
      return `${each.toFixed(1)}${what.startsWith('of') ? ' ms' : ''} ${what}`;
    });
    console.log(`${rate}×, per 5 s: ${per.join(', ')}`);
  }
  await debug.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  // By itself: whoever counts is measured along.
  const written = await page.evaluate(async (milliseconds) => {
    const counts = {};
    const count = (records) => {
      for (const { type, target, attributeName } of records) {
        const one = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
        const what = `${one?.localName}${one?.className?.at ? `.${one.className}` : ''} ${attributeName ?? type}`;
        counts[what] = (counts[what] ?? 0) + 1;
      }
    };
    const observer = new MutationObserver(count);
    observer.observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true, attributes: true });
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    observer.disconnect();
    return counts;
  }, WATCHED * 1_000);
  const most = Object.entries(written).toSorted(([, a], [, b]) => b - a);
  const all = most.reduce((sum, [, number]) => sum + number, 0);
  console.log(`${(all / WATCHED).toFixed(1)} writes a second: ${most.map(([what, number]) => `${what} ${(number / WATCHED).toFixed(1)}`).join(', ')}`);
  assert.ok(all > 0, 'the clock goes on');
} finally {
  await browser.close();
  await product.stop();
}
