// Measures very many groups: 2,000 AVEVA groups of 10 sessions (and 1,000 slicer groups) behind one gateway. Prints the
// time from a cold browser to a complete Overview and to the list, a page's requests per minute, its main thread's time
// per 5 s at 1× and 4× CPU slowdown, and the gateway's memory per 1,000 resources. Run it with
// `node bench/inventory.mjs [GROUPS] [SESSIONS]` after `cargo xtask build`.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { start } from '../tests/e2e/support/product.mjs';
import { median, report } from './support/figures.mjs';
import { everything } from './support/gateway.mjs';
import { openPage, sleep } from './support/pages.mjs';

const GROUPS = Number(process.argv[2] ?? 1_000);
const SESSIONS = Number(process.argv[3] ?? 10);
const ROUNDS = 5;

const resident = async (pid) => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

/** The time from the navigation until `complete` holds in the page. */
async function cold(product, path, complete, groups) {
  const { page, close } = await openPage();
  try {
    await page.goto(product.url + path, { waitUntil: 'commit' });
    await page.waitForFunction(complete, { groups }, { polling: 'raf', timeout: 120_000 });
    return await page.evaluate(() => performance.now());
  } finally {
    await close();
  }
}

const overview = ({ groups }) => {
  const summary = document.querySelector('section[aria-labelledby="aveva-groups"]');
  const counted = Number(/\d+/.exec(summary?.querySelector('header p')?.textContent ?? '')?.[0]);
  return counted === groups && !summary.textContent.includes('Not read yet');
};

const list = ({ groups }) =>
  document.querySelectorAll('tbody tr').length >= 20 &&
  [...document.querySelectorAll('[role=status]')].some((status) => status.textContent.startsWith(`${groups} groups`));

/** Requests per minute and the main thread's milliseconds per 5 s while a page is open. */
async function open(product, path, complete, groups, rate) {
  const { page, metrics, close } = await openPage({ rate });
  try {
    let requests = 0;
    page.on('request', () => (requests += 1));
    await page.goto(product.url + path);
    await page.waitForFunction(complete, { groups }, { timeout: 120_000 });
    const busy = async () => (await metrics()).TaskDuration * 1_000;
    await sleep(5_000);
    requests = 0;
    const before = await busy();
    await sleep(30_000);
    return { requests: requests * 2, busy: ((await busy()) - before) / 6 };
  } finally {
    await close();
  }
}

const empty = await start({ speed: 1, more: ['--groups', '1', '--sessions', '1'] });
const few = await everything(empty);
await sleep(10_000);
const base = await resident(empty.pid);
await empty.stop();

const product = await start({ speed: 1, more: ['--groups', String(GROUPS), '--sessions', String(SESSIONS)] });
try {
  const began = performance.now();
  const world = await everything(product);
  console.log(`the gateway has read everything ${((performance.now() - began) / 1_000).toFixed(1)} s after it was started`);
  const aveva = world.resources.filter(({ kind }) => kind === 'failover_group').length;
  assert.ok(aveva >= 2 * GROUPS);
  const pages = [
    ['Overview', '/', overview],
    ['Groups', '/groups', list],
  ];
  const rows = [];
  for (const [title, path, complete] of pages) {
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await cold(product, path, complete, aveva));
    const row = [title, median(times).toFixed(0)];
    for (const rate of [1, 4]) {
      const { requests, busy } = await open(product, path, complete, aveva, rate);
      row.push(busy.toFixed(0), requests);
    }
    rows.push(row);
  }
  report(
    `${aveva} groups of ${SESSIONS} sessions`,
    ['', 'complete, cold browser, ms', 'main thread per 5 s at 1×, ms', 'requests a minute', 'main thread per 5 s at 4×, ms', 'requests a minute'],
    rows,
  );
  // The simulator runs in the same process and is included.
  const more = (world.resources.length - few.resources.length) / 1_000;
  const used = await resident(product.pid);
  report(
    'Memory of gateway and simulator',
    ['resources', 'MiB', 'MiB per 1,000'],
    [[world.resources.length, used.toFixed(0), ((used - base) / more).toFixed(1)]],
  );
} finally {
  await product.stop();
}
