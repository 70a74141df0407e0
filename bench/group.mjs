// Measures the page of one group of 1,000 and 10,000 sessions, at 1× and 4× CPU slowdown, compared with a React page
// and a hand-written page that show the same. All use the same gateway, in turn, each visit in a new browser. Prints
// the milliseconds until the first rows, the number of elements, and for 5 s of the page at rest: the CPU time of the
// main thread (independent of other processes), layouts, writes to the page, and the longest task; for the console also
// the time from a click on a header and from a key in the search to the paint. Run it with
// `npm ci --prefix bench/peers && node bench/group.mjs [SESSIONS…]` after `cargo xtask build`; `PROFILE=1` also prints
// the functions in which the console spends its time.

import assert from 'node:assert/strict';
import { start } from '../tests/e2e/support/product.mjs';
import { median, report } from './support/figures.mjs';
import { pagesOf, TABLE } from './support/group.mjs';
import { openPage, sleep } from './support/pages.mjs';
import { serve } from './support/peers.mjs';

const COUNTS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 10_000];
const RATES = [1, 4];
const ROUNDS = 3;
/** Seconds for which the page at rest is observed. */
const OBSERVED = 20;

const p95 = (values) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * 0.95)];

/** Opens a page, waits for the group's first rows and measures this time; then scrolls to the console's table. */
async function visit(url, path, rate) {
  const opened = await openPage({ baseURL: url, timeDomain: 'threadTicks' });
  const { page, debug } = opened;
  await page.goto(path, { waitUntil: 'commit' });
  const drawn = () => document.querySelectorAll('.virtual tbody tr:not(.space)').length >= 8;
  await page.waitForFunction(drawn, undefined, { polling: 'raf', timeout: 300_000 });
  const milliseconds = await page.evaluate(() => performance.now());
  await page.locator('.virtual').evaluate((region) => region.scrollIntoView({ block: 'end' }));
  await debug.send('Emulation.setCPUThrottlingRate', { rate });
  return { ...opened, milliseconds };
}

/** The texts of the visible rows, scrolled to a fraction of the table's height, without times, which change. */
async function texts(page, part) {
  await page.locator('.virtual').evaluate((region, part) => region.scrollTo(0, Math.floor((region.scrollHeight * part) / 49) * 49), part);
  await sleep(1_500);
  return page.locator(TABLE).evaluate((table) => {
    const text = (node) => node.textContent.replace(/\s+/g, ' ').replace(/\d\d:\d\d:\d\d/g, 'TIME').replace(/\d+ (s|min|h|d)\b( \d+ (s|min|h)\b)?( ago)?|now/g, 'SPAN').trim();
    const region = table.parentElement.getBoundingClientRect();
    const isSeen = (row) => row.getBoundingClientRect().top >= region.top + 49 && row.getBoundingClientRect().bottom <= region.bottom;
    return [...table.tBodies[0].rows].filter(isSeen).map((row) => [...row.cells].map(text));
  });
}

/** The figures count only if all pages show the same first, middle and last rows. */
async function compare(url, pages) {
  const shown = {};
  for (const [name, path] of Object.entries(pages)) {
    const { page, close } = await visit(url, path, 1);
    try {
      shown[name] = [];
      for (const part of [0, 0.5, 1]) shown[name].push(await texts(page, part));
    } finally {
      await close();
    }
  }
  assert.ok(shown.console.every((rows) => rows.length > 5));
  for (const name of ['hand', 'react']) assert.deepEqual(shown[name], shown.console, name);
}

/** The activity of a page without any input, per 5 s. */
async function rest(page, metrics) {
  await page.evaluate(() => {
    window.writes = 0;
    window.longest = 0;
    new MutationObserver((changes) => (window.writes += changes.length)).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: 'longtask' });
  });
  const before = await metrics();
  await sleep(OBSERVED * 1_000);
  const after = await metrics();
  const { writes, longest } = await page.evaluate(() => ({ writes: window.writes, longest: window.longest }));
  const per = (value) => (value * 5) / OBSERVED;
  return {
    busy: per((after.TaskDuration - before.TaskDuration) * 1_000),
    layouts: per(after.LayoutCount - before.LayoutCount),
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

/** Milliseconds from a click on a header and from a key in the search to the paint; only the console has both. */
async function consoleInputs(page) {
  const header = page.locator(TABLE).getByRole('button', { name: 'Score', exact: true });
  const clicks = await inputs(page, () => header.click(), 12);
  await page.getByRole('searchbox', { name: 'Search sessions' }).focus();
  const keys = await inputs(page, (turn) => page.keyboard.press(turn % 6 === 5 ? 'Control+A' : '0123456789'[turn % 10]), 5);
  return [median(clicks), p95(clicks), median(keys)];
}

/** The functions that take the most time of the main thread, from Chromium's profiler. */
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
  const served = await serve(product);
  try {
    await product.allRead();
    const pages = await pagesOf(product, served);
    await compare(served.url, pages);
    const times = Object.fromEntries(Object.keys(pages).map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, path] of Object.entries(pages)) {
        const { milliseconds, close } = await visit(served.url, path, 1);
        times[name].push(milliseconds);
        await close();
      }
    }
    for (const rate of RATES) {
      for (const [name, path] of Object.entries(pages)) {
        const { page, debug, metrics, close } = await visit(served.url, path, rate);
        try {
          await sleep(5_000);
          const elements = await page.evaluate(() => document.getElementsByTagName('*').length);
          const { busy, layouts, writes, longest } = await rest(page, metrics);
          const isConsole = name === 'console';
          if (isConsole && process.env.PROFILE) await profile(page, debug);
          const figures = [busy, layouts, writes, longest, ...(isConsole ? await consoleInputs(page) : [])].map((figure) => figure.toFixed(0));
          const first = rate === 1 ? median(times[name]).toFixed(0) : '';
          rows.push([`${count.toLocaleString('en')} sessions, ${rate}×, ${name}`, first, elements, ...figures, ...(isConsole ? [] : ['–', '–', '–'])]);
        } finally {
          await close();
        }
      }
    }
  } finally {
    served.stop();
    await product.stop();
  }
}
report(
  'One group with very many sessions',
  ['', 'first rows, ms', 'elements', 'rest, ms per 5 s', 'layouts per 5 s', 'writes per 5 s', 'longest task, ms', 'click to paint, ms', '95th', 'key to paint, ms'],
  rows,
);
