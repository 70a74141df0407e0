// What very many groups cost: 2,000 AVEVA groups of 10 sessions (and 1,000 slicer groups) behind one gateway.
// Prints the time from a cold browser to a complete Overview and to the list, the requests a minute of a
// page, its main thread's time per 5 s at 1× and 4× CPU slowdown, and the gateway's memory per 1,000
// resources. Run it with `node bench/inventory.mjs [GROUPS] [SESSIONS]` after `cargo xtask build`.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { launch } from '../tests/e2e/support/browser.mjs';
import { start } from '../tests/e2e/support/product.mjs';

const GROUPS = Number(process.argv[2] ?? 1_000);
const SESSIONS = Number(process.argv[3] ?? 10);
const ROUNDS = 5;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Everything that the gateway knows; waits until it has read every group. */
async function warm(product) {
  for (;;) {
    const world = await (await fetch(`${product.url}/api/inventory`)).json();
    const read = world.connections.every((one) => one.observed_at);
    if (read && world.resources.every((one) => one.observed !== 'never')) return world;
    await sleep(500);
  }
}

const resident = async (pid) => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

/** The time from the navigation until `complete` holds in the page. */
async function cold(product, path, complete, groups) {
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(product.url + path, { waitUntil: 'commit' });
    await page.waitForFunction(complete, { groups }, { polling: 'raf', timeout: 120_000 });
    return await page.evaluate(() => performance.now());
  } finally {
    await browser.close();
  }
}

const overview = ({ groups }) => {
  const summary = document.querySelector('section[aria-labelledby="aveva-groups"]');
  const counted = Number(/\d+/.exec(summary?.querySelector('header p')?.textContent ?? '')?.[0]);
  return counted === groups && !summary.textContent.includes('Not read yet');
};

const list = ({ groups }) =>
  document.querySelectorAll('tbody tr').length >= 20 &&
  [...document.querySelectorAll('[role=status]')].some((one) => one.textContent.startsWith(`${groups} groups`));

/** Requests a minute and the main thread's milliseconds per 5 s of a page that is open. */
async function open(product, path, complete, groups, rate) {
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    let requests = 0;
    page.on('request', () => (requests += 1));
    await page.goto(product.url + path);
    await page.waitForFunction(complete, { groups }, { timeout: 120_000 });
    const debug = await page.context().newCDPSession(page);
    await debug.send('Performance.enable');
    await debug.send('Emulation.setCPUThrottlingRate', { rate });
    const busy = async () => {
      const { metrics } = await debug.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration').value * 1_000;
    };
    await sleep(5_000);
    requests = 0;
    const before = await busy();
    await sleep(30_000);
    return { requests: requests * 2, busy: ((await busy()) - before) / 6 };
  } finally {
    await browser.close();
  }
}

const empty = await start({ speed: 1, more: ['--groups', '1', '--sessions', '1'] });
const few = await warm(empty);
await sleep(10_000);
const base = await resident(empty.pid);
await empty.stop();

const product = await start({ speed: 1, more: ['--groups', String(GROUPS), '--sessions', String(SESSIONS)] });
try {
  const began = performance.now();
  const world = await warm(product);
  console.log(`the gateway has read everything ${((performance.now() - began) / 1_000).toFixed(1)} s after it was started`);
  const aveva = world.resources.filter((one) => one.kind === 'failover_group').length;
  assert.ok(aveva >= 2 * GROUPS);
  for (const [title, path, complete] of [['Overview', '/', overview], ['Groups', '/groups', list]]) {
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await cold(product, path, complete, aveva));
    console.log(`${title}, cold browser, complete with ${aveva} groups after ms: median ${median(times).toFixed(0)}, all ${times.map((time) => time.toFixed(0)).join(' ')}`);
  }
  for (const [title, path, complete] of [['Overview', '/', overview], ['Groups', '/groups', list]]) {
    for (const rate of [1, 4]) {
      const { requests, busy } = await open(product, path, complete, aveva, rate);
      console.log(`${title} at ${rate}×: ${requests} requests a minute, ${busy.toFixed(0)} ms of the main thread per 5 s`);
    }
  }
  // The simulator lives in the same process: its share is measured with it.
  const more = (world.resources.length - few.resources.length) / 1_000;
  const used = await resident(product.pid);
  console.log(`gateway and simulator: ${used.toFixed(0)} MiB with ${world.resources.length} resources, ${((used - base) / more).toFixed(1)} MiB per 1,000`);
} finally {
  await product.stop();
}
