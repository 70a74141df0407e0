// Checks that a console does not grow while it is open for months and people move between its pages: it opens the
// lists, a group, a slicer group and the wall in turn, refreshes each a few times, and opens and closes a dialog on
// some, with the page's clock accelerated. After each round, back on the first page, it measures the page's memory,
// nodes and listeners. Run it with `node bench/pages.mjs [REFRESHES]` after `cargo xtask build`.

import { start } from '../tests/e2e/support/product.mjs';
import { isPrioritized } from '../tests/e2e/support/slicers.mjs';
import { path, system } from '../tests/e2e/support/worlds.mjs';
import { assertNoGrowth, describe, refresh } from './support/growth.mjs';
import { openPage } from './support/pages.mjs';

const REFRESHES = Number(process.argv[2] ?? 3_000);
const FIRST = Math.min(1_000, Math.ceil(REFRESHES / 3));
/** Refreshes of each page before the next one is opened. */
const PER_PAGE = 4;
/** Number of measurements at the end of the first and of the last part. */
const SAMPLES = 5;

const product = await start();
const { control } = product;
const world = await control('GET', '/world');
const group = '/groups/plant-a/boiler-opcua';
const { id, name } = system(world, 'live').groups.find(isPrioritized);
const slicers = { address: path('slicers', 'live', id), name };

/** Each page: the link to it, its heading, and the button that opens a dialog on it. */
const PAGES = [
  { to: '/groups', heading: 'Groups', dialog: 'Create group' },
  { to: group, heading: 'Boiler House OPC UA', dialog: 'Add session' },
  { to: '/slicers', heading: 'Slicers' },
  { to: slicers.address, heading: slicers.name, dialog: /^Move to position/ },
  { to: '/failover-sessions', heading: 'Failover sessions', dialog: 'Save query' },
  { to: '/wall', heading: 'Status wall' },
  { to: '/', heading: 'Overview' },
];

const { page, usage, close } = await openPage({ baseURL: product.url, viewport: { width: 1440, height: 900 } });
try {
  await product.allRead();
  await page.clock.install();
  await page.goto('/');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();

  /** Follows a link within the page, without loading it again. */
  const go = async ({ to, heading }) => {
    await page.evaluate((href) => {
      const link = Object.assign(document.createElement('a'), { href });
      document.querySelector('#console').append(link);
      link.click();
      link.remove();
    }, to);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor({ state: 'attached' });
  };

  let done = 0;
  const round = async () => {
    for (const target of PAGES) {
      await go(target);
      for (let time = 0; time < PER_PAGE; time += 1) await refresh(page, control);
      done += PER_PAGE;
      if (!target.dialog) continue;
      await page.getByRole('button', { name: target.dialog }).first().click();
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
  };

  const began = performance.now();
  const until = async (refreshes) => {
    const samples = [];
    while (done < refreshes) {
      await round();
      const isNear = refreshes - done < SAMPLES * PER_PAGE * PAGES.length;
      if (!isNear && done % 500 >= PER_PAGE * PAGES.length) continue;
      const now = await usage();
      if (isNear) samples.push(now);
      console.log(`${done} refreshes in ${Math.round((performance.now() - began) / 1_000)} s: ${describe(now)}`);
    }
    return samples;
  };
  const first = await until(FIRST);
  const last = await until(REFRESHES);
  const same = (before) => before;
  assertNoGrowth(first, last, { bytes: (before) => before * 1.01 + 65_536, nodes: same, listeners: same });
  console.log('The console has not grown.');
} finally {
  await close();
  await product.stop();
}
