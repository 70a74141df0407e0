// Measures a wall on which only the time changes: about 208 tiles, at 1× and 6× CPU slowdown. Prints the main thread's
// milliseconds, layouts and style recalculations per 5 s, compared with a page of the same size that contains only a
// clock, and the number of writes to the wall per second. Run it with `node bench/wall.mjs [GROUPS]` after
// `cargo xtask build`; GROUPS is the number of groups of each of three systems.

import assert from 'node:assert/strict';
import { eventually } from '../tests/e2e/support/eventually.mjs';
import { start } from '../tests/e2e/support/product.mjs';
import { allLive } from '../tests/e2e/support/sources.mjs';
import { tiles } from '../tests/e2e/support/walls.mjs';
import { report } from './support/figures.mjs';
import { openPage, sleep } from './support/pages.mjs';

const GROUPS = Number(process.argv[2] ?? 67);
/** Seconds of observation. */
const OBSERVED = 30;

/** The baseline: the minimum that a wall does is to write a time once a second. */
const CLOCK = `<!doctype html><title>Clock</title><time style="position:absolute;contain:strict;width:20em;height:2em"> </time>
  <script>setInterval(() => (document.querySelector('time').firstChild.data = new Date().toISOString()), 1000)</script>`;

const FIGURES = ['main thread, ms', 'scripts, ms', 'layout, ms', 'layouts', 'style recalculations'];
const rows = [];

/** Measures a page at each slowdown. */
async function measure({ debug, metrics }, name) {
  const used = async () => {
    const { TaskDuration, ScriptDuration, LayoutDuration, LayoutCount, RecalcStyleCount } = await metrics();
    return {
      'main thread, ms': TaskDuration * 1_000,
      'scripts, ms': ScriptDuration * 1_000,
      'layout, ms': LayoutDuration * 1_000,
      layouts: LayoutCount,
      'style recalculations': RecalcStyleCount,
    };
  };
  for (const rate of [1, 6]) {
    await debug.send('Emulation.setCPUThrottlingRate', { rate });
    await sleep(5_000);
    const before = await used();
    await sleep(OBSERVED * 1_000);
    const after = await used();
    rows.push([`${name}, ${rate}×`, ...FIGURES.map((figure) => (((after[figure] - before[figure]) * 5) / OBSERVED).toFixed(1))]);
  }
  await debug.send('Emulation.setCPUThrottlingRate', { rate: 1 });
}

const product = await start({ speed: 1, more: ['--groups', String(GROUPS)] });
const options = { baseURL: product.url, viewport: { width: 3840, height: 2160 }, timeDomain: 'threadTicks' };
const alone = await openPage(options);
const wall = await openPage(options);
try {
  // Waits until the cloud session that runs at first has ended: systems in transition are polled more often.
  for (const clock of ['/clock', '/observer']) await product.control('POST', `${clock}/advance`, { seconds: 600 });
  await eventually(async () => {
    await product.reread();
    const { connections } = await fetch(`${product.url}/api/inventory`).then((answer) => answer.json());
    for (const { id, observed_at: at, in_transition: moves } of connections) assert.ok(at && !moves, `${id} is not at rest`);
  });
  await alone.page.setContent(CLOCK);
  await measure(alone, 'a clock alone');
  await alone.close();
  const { page } = wall;
  await page.goto('/wall?distance=1&diagonal=65');
  await allLive(page);
  await page.waitForFunction((least) => document.querySelectorAll('.tiles > li:not([hidden])').length >= least, 3 * GROUPS);
  await measure(wall, `${await tiles(page).count()} tiles`);
  report('Walls at rest, per 5 s', ['', ...FIGURES], rows);
  // Separately, because counting is work of the page as well.
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
  }, OBSERVED * 1_000);
  const most = Object.entries(written).toSorted(([, a], [, b]) => b - a);
  const all = most.reduce((sum, [, number]) => sum + number, 0);
  console.log(`${(all / OBSERVED).toFixed(1)} writes a second: ${most.map(([what, number]) => `${what} ${(number / OBSERVED).toFixed(1)}`).join(', ')}`);
  assert.ok(all > 0, 'the clock goes on');
} finally {
  await alone.close();
  await wall.close();
  await product.stop();
}
