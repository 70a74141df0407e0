// What one group of very many sessions costs: 100, 1,000 and 10,000 of them, at 1× and 4× CPU slowdown. Prints the
// time until its first rows, the elements of the page, and of the page in rest, per 5 s: the processor's time on the
// main thread, which what else the machine does does not change, layouts and writes to the page, and the longest
// task; then the time from a click on a header and from a key in the search to the paint of what it asked for. Run it
// with `node bench/group.mjs [SESSIONS…]` after `cargo xtask build`; `PROFILE=1` also prints where that time goes.

import { launch } from '../tests/e2e/support/browser.mjs';
import { start } from '../tests/e2e/support/product.mjs';
import { median, report } from './support/figures.mjs';
import { sleep } from './support/pages.mjs';

const COUNTS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 1_000, 10_000];
const RATES = [1, 4];
const ROUNDS = 3;
/** For so long the page in rest is watched, in seconds. */
const WATCHED = 20;

const p95 = (values) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * 0.95)];

/** The address of the largest group of a connection. */
async function largest(product) {
  const { groups } = (await product.control('GET', '/world')).systems['plant-a'];
  const group = groups.toSorted((a, b) => b.Sessions.length - a.Sessions.length)[0];
  return `/groups/plant-a/${encodeURIComponent(group.Id)}`;
}

const ROWS = 'section[aria-labelledby="sessions"] tbody tr:not(.space)';

/** A page with the group's first rows drawn, and how long that took. */
async function visit(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction((rows) => document.querySelectorAll(rows).length >= 8, ROWS, { polling: 'raf', timeout: 300_000 });
  return { page, took: await page.evaluate(() => performance.now()) };
}

async function cold(url) {
  const browser = await launch();
  try {
    return (await visit(browser, url)).took;
  } finally {
    await browser.close();
  }
}

/** What a page does without any input, per 5 s. */
async function rest(page, debug) {
  const read = async () => {
    const { metrics } = await debug.send('Performance.getMetrics');
    const of = (name) => metrics.find((one) => one.name === name).value;
    return { busy: of('TaskDuration') * 1_000, layouts: of('LayoutCount') };
  };
  await page.evaluate(() => {
    window.writes = 0;
    window.longest = 0;
    new MutationObserver((changes) => (window.writes += changes.length)).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: 'longtask' });
  });
  const before = await read();
  await sleep(WATCHED * 1_000);
  const after = await read();
  const { writes, longest } = await page.evaluate(() => ({ writes: window.writes, longest: window.longest }));
  const per = (value) => (value * 5) / WATCHED;
  return {
    busy: per(after.busy - before.busy),
    layouts: per(after.layouts - before.layouts),
    writes: per(writes),
    longest,
  };
}

/** Milliseconds from each press of a button or a key until the next frame is painted. */
async function inputs(page, act, times) {
  await page.evaluate(() => {
    window.painted = [];
    const note = ({ type, timeStamp }) => {
      if (type === 'click' || type === 'input') {
        requestAnimationFrame(() => setTimeout(() => window.painted.push(performance.now() - timeStamp)));
      }
    };
    for (const type of ['click', 'input']) document.addEventListener(type, note, { capture: true });
  });
  for (let turn = 0; turn < times; turn += 1) {
    await act(turn);
    await page.waitForFunction((turn) => window.painted.length > turn, turn);
    await sleep(120);
  }
  return page.evaluate(() => window.painted);
}

/** The functions that take the most of the main thread's time, from Chromium's own profiler. */
async function profile(page, debug) {
  await debug.send('Profiler.enable');
  await debug.send('Profiler.setSamplingInterval', { interval: 200 });
  await debug.send('Profiler.start');
  await sleep(10_000);
  const { profile } = await debug.send('Profiler.stop');
  const own = new Map();
  profile.samples.forEach((id, at) => own.set(id, (own.get(id) ?? 0) + (profile.timeDeltas[at] ?? 0) / 1_000));
  const names = new Map();
  for (const { id, callFrame } of profile.nodes) {
    const name = callFrame.functionName || `${callFrame.url.split('/').at(-1)}:${callFrame.lineNumber}`;
    names.set(name, (names.get(name) ?? 0) + (own.get(id) ?? 0));
  }
  const top = [...names].toSorted((a, b) => b[1] - a[1]).slice(0, 25);
  for (const [name, ms] of top) console.log(`    ${ms.toFixed(0).padStart(6)} ms in 10 s  ${name}`);
}

const rows = [];
for (const count of COUNTS) {
  const product = await start({ speed: 1, more: ['--groups', '1', '--sessions', String(count)] });
  try {
    const url = product.url + (await largest(product));
    await product.allRead();
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await cold(url));
    for (const rate of RATES) {
      const browser = await launch();
      try {
        const { page } = await visit(browser, url);
        const debug = await page.context().newCDPSession(page);
        await debug.send('Performance.enable', { timeDomain: 'threadTicks' });
        await debug.send('Emulation.setCPUThrottlingRate', { rate });
        await sleep(5_000);
        const elements = await page.evaluate(() => document.getElementsByTagName('*').length);
        const { busy, layouts, writes, longest } = await rest(page, debug);
        if (process.env.PROFILE) await profile(page, debug);
        const table = page.getByRole('table', { name: 'Client sessions' });
        const header = table.getByRole('button', { name: 'Score', exact: true });
        const clicks = await inputs(page, () => header.click(), 12);
        await page.getByRole('searchbox', { name: 'Search sessions' }).focus();
        const keys = await inputs(page, (turn) => page.keyboard.press(turn % 6 === 5 ? 'Control+A' : '0123456789'[turn % 10]), 5);
        const first = rate === 1 ? median(times).toFixed(0) : '';
        const figures = [busy, layouts, writes, longest, median(clicks), p95(clicks), median(keys)];
        rows.push([`${count.toLocaleString('en')} sessions, ${rate}×`, first, elements, ...figures.map((figure) => figure.toFixed(0))]);
      } finally {
        await browser.close();
      }
    }
  } finally {
    await product.stop();
  }
}
report(
  'One group with very many sessions',
  ['', 'first rows, ms', 'elements', 'rest, ms per 5 s', 'layouts per 5 s', 'writes per 5 s', 'longest task, ms', 'click to paint, ms', '95th', 'key to paint, ms'],
  rows,
);
