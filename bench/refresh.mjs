// Measures one refresh of the list of groups while 1 % of the resources change with each, compared with a React page, a
// hand-written page, and a page that only sends the request. All use the same gateway, in turn, each round in a new
// browser. Run it with `npm ci --prefix bench/peers && node bench/refresh.mjs [ROUNDS] [GROUPS…]` after
// `cargo xtask build`; GROUPS is the number of groups of each of the three AVEVA and Uplynk systems.

import assert from 'node:assert/strict';
import { start } from '../tests/e2e/support/product.mjs';
import { median, report } from './support/figures.mjs';
import { beat, everything } from './support/gateway.mjs';
import { openPage } from './support/pages.mjs';
import { serve } from './support/peers.mjs';

const [ROUNDS = 3, ...SIZES] = process.argv.slice(2).map(Number);
const WARM_UP = 3;
const SAMPLES = 10;
const RATES = [1, 4];
const PAGE_SIZE = 25;

const PAGES = {
  floor: '/peers/floor/groups.html?',
  hand: '/peers/hand/groups.html?',
  react: '/peers/react/groups.html?',
  console: '/groups?sort=group',
};

/**
 * The groups of `plant-b` to change: with each refresh the next 1 % of all resources, always including the visible one.
 */
function* hundredths(resources, visible) {
  const all = resources.filter(({ kind, connection, facts }) => kind === 'failover_group' && connection === 'plant-b' && facts.failover_group.primary);
  const others = all.filter(({ name }) => name !== visible);
  const count = Math.round(resources.length / 100) - 1;
  for (let from = 0; ; from = (from + count) % (others.length - count)) {
    yield [...others.slice(from, from + count), all.find(({ name }) => name === visible)];
  }
}

/** The texts of the rows, the chips and the status line, without ages, which change while they are read. */
async function texts(url, path) {
  const { page, close } = await openPage({ viewport: { width: 1280, height: 3_000 } });
  try {
    await page.goto(url + path);
    await page.locator('tbody tr').first().waitFor();
    return await page.evaluate(() => {
      const text = (node) => node.textContent.replace(/\s+/g, ' ').replace(/\d+ (s|min|h|d)\b( \d+ (s|min|h)\b)?|now/g, 'SPAN').trim();
      const rows = [...document.querySelectorAll('tbody tr')].map((row) => [...row.cells].map(text));
      return { rows, chips: [...document.querySelectorAll('.chip')].map(text), status: text(document.querySelector('p.bar [role=status]')) };
    });
  } finally {
    await close();
  }
}

/** The figures count only if all pages show the same on the first, a middle and the last page. */
async function compare(served, groups) {
  for (const page of [1, Math.ceil(groups / PAGE_SIZE / 2), Math.ceil(groups / PAGE_SIZE)]) {
    const expected = await texts(served.url, `${PAGES.console}&page=${page}`);
    assert.ok(expected.rows.length > 0);
    for (const name of ['hand', 'react']) assert.deepEqual(await texts(served.url, `${PAGES[name]}page=${page}`), expected, `${name}, page ${page}`);
  }
}

/** Runs in the page: sets `painted` to the time of the first frame that contains the change. */
function watch({ name, text }) {
  const row = [...document.querySelectorAll('tbody tr')].find(({ cells }) => cells[1].textContent.startsWith(name) && cells[2].textContent === 'Plant B');
  const node = row?.cells[7] ?? document.querySelector('p');
  const before = node.textContent;
  globalThis.painted = new Promise((resolve) => {
    setTimeout(resolve, 10_000);
    const observer = new MutationObserver(() => {
      if (row ? !node.textContent.startsWith(text) : node.textContent === before) return;
      observer.disconnect();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage(undefined);
      });
    });
    observer.observe(node, { childList: true, characterData: true, subtree: true });
  });
}

/**
 * Runs in the page: the time at which the response began. The browser may report it only after the page has painted.
 */
async function answered() {
  for (;;) {
    const answer = performance.getEntriesByType('resource').findLast(({ name }) => name.includes('/api/inventory?after='));
    performance.clearResourceTimings();
    if (answer) return answer.responseStart;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Measures some refreshes of one page, and its activity between them. */
async function measure(served, change, visible, name, rate) {
  const { page, metrics, usage, close } = await openPage({ baseURL: served.url, rate });
  try {
    await page.goto(PAGES[name]);
    await page.locator(name === 'floor' ? 'p:not(:empty)' : 'tbody tr').first().waitFor({ timeout: 60_000 });
    const refreshes = [];
    const rest = { layouts: 0, busy: 0, seconds: 0 };
    let after;
    for (let turn = 0; refreshes.length < SAMPLES; turn += 1) {
      const poll = served.holdPoll();
      const text = await change();
      const release = await poll;
      const rested = await metrics();
      if (after) {
        rest.layouts += rested.LayoutCount - after.LayoutCount;
        rest.busy += (rested.TaskDuration - after.TaskDuration) * 1_000;
        rest.seconds += rested.Timestamp - after.Timestamp;
      }
      await page.evaluate(watch, { name: visible, text });
      await page.evaluate(() => performance.clearResourceTimings());
      const before = await metrics();
      release();
      const painted = await page.evaluate(() => globalThis.painted);
      after = await metrics();
      const paint = painted - (await page.evaluate(answered));
      // Nothing was painted if the row happened to show the same text before.
      if (turn >= WARM_UP && painted !== undefined) refreshes.push({ paint, busy: (after.TaskDuration - before.TaskDuration) * 1_000 });
    }
    return { refreshes, layouts: rest.layouts / rest.seconds, rest: rest.busy / rest.seconds, ...(await usage()) };
  } finally {
    await close();
  }
}

async function compareAt(size) {
  // Read rarely, so that only this benchmark changes data; the vendors' clocks run, and ages with them.
  const product = await start({ speed: 1, more: ['--groups', String(size), '--watch-seconds', '300'] });
  const served = await serve(product);
  try {
    const { resources } = await everything(product);
    const groups = resources.filter(({ kind }) => kind === 'failover_group').length;
    await compare(served, groups);
    const first = await texts(served.url, PAGES.console);
    // Some names occur in both plants.
    const ofPlantB = first.rows.filter((row) => row[2] === 'Plant B');
    const visible = resources.find(({ name, connection }) => connection === 'plant-b' && ofPlantB.some((row) => row[1].startsWith(name))).name;
    const parts = hundredths(resources, visible);
    let last = 0;
    const change = async () => {
      // At least a second apart, so that each has a different text.
      const { now } = await (await fetch(`${product.url}/api/inventory?after=`)).json();
      last = Math.max(last + 1_000, Math.floor(now / 1_000) * 1_000);
      return (await beat(product, parts.next().value, new Date(last))).toISOString().slice(11, 19);
    };
    for (const rate of RATES) {
      const runs = Object.fromEntries(Object.keys(PAGES).map((name) => [name, []]));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const name of Object.keys(PAGES)) runs[name].push(await measure(served, change, visible, name, rate));
      }
      const of = (name, what) => median(runs[name].map((run) => run[what]));
      const refresh = (name, what) => median(runs[name].flatMap((run) => run.refreshes.map((one) => one[what])));
      report(
        `Refresh of the list of groups, ${resources.length.toLocaleString('en')} resources, 1 % changed, ${rate}×, ${ROUNDS * SAMPLES} refreshes each`,
        ['', 'main thread, ms', 'to paint, ms', 'rest, ms/s', 'layouts/s', 'memory, MB', 'of it wasm', 'nodes'],
        Object.keys(PAGES).map((name) => [
          name,
          refresh(name, 'busy').toFixed(1),
          refresh(name, 'paint').toFixed(1),
          of(name, 'rest').toFixed(1),
          of(name, 'layouts').toFixed(1),
          (of(name, 'bytes') / 1e6).toFixed(1),
          (of(name, 'wasm') / 1e6).toFixed(1),
          of(name, 'nodes'),
        ]),
      );
    }
  } finally {
    served.stop();
    await product.stop();
  }
}

for (const size of SIZES.length > 0 ? SIZES : [330, 3_330]) await compareAt(size);
