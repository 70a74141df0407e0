// Whether a console that is open for months, and that people walk through, stays as it is: the lists, a group, a slicer
// group and the wall are opened one after the other, each refreshes a few times, and a dialog is opened and closed on
// the way, with the page's clock run fast. After each round, back on the first page, what the page holds is counted.
// `node bench/pages.mjs [REFRESHES]` after `cargo xtask build`.

import { start } from '../tests/e2e/support/product.mjs';
import { ordered } from '../tests/e2e/support/slicers.mjs';
import { path, system } from '../tests/e2e/support/worlds.mjs';
import { hasNotGrown, refresh, words } from './support/held.mjs';
import { openPage } from './support/pages.mjs';

const REFRESHES = Number(process.argv[2] ?? 3_000);
const FIRST = Math.min(1_000, Math.ceil(REFRESHES / 3));
/** Refreshes of each page before the next one is opened. */
const EACH = 4;
/** How often it is counted at the end of the first stretch, and at the end of the last. */
const SAMPLES = 5;

const product = await start();
const { control } = product;
const world = await control('GET', '/world');
const group = '/groups/plant-a/boiler-opcua';
const { id, name } = system(world, 'live').groups.find(ordered);
const slicers = { address: path('slicers', 'live', id), name };

/** Each page: the link that leads there, its heading, and what opens a dialog on it. */
const PAGES = [
  { to: '/groups', heading: 'Groups', dialog: 'Create group' },
  { to: group, heading: 'Boiler House OPC UA', dialog: 'Add session' },
  { to: '/slicers', heading: 'Slicers' },
  { to: slicers.address, heading: slicers.name, dialog: /^Move to position/ },
  { to: '/failover-sessions', heading: 'Failover sessions', dialog: 'Save query' },
  { to: '/wall', heading: 'Status wall' },
  { to: '/', heading: 'Overview' },
];

const { page, held, close } = await openPage({ baseURL: product.url, viewport: { width: 1440, height: 900 } });
try {
  await product.allRead();
  await page.clock.install();
  await page.goto('/');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();

  /** As a link in the page does: nothing is loaded anew. */
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
    for (const one of PAGES) {
      await go(one);
      for (let time = 0; time < EACH; time += 1) await refresh(page, control);
      done += EACH;
      if (!one.dialog) continue;
      await page.getByRole('button', { name: one.dialog }).first().click();
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
      const isNear = refreshes - done < SAMPLES * EACH * PAGES.length;
      if (!isNear && done % 500 >= EACH * PAGES.length) continue;
      const now = await held();
      if (isNear) samples.push(now);
      console.log(`${done} refreshes in ${Math.round((performance.now() - began) / 1_000)} s: ${words(now)}`);
    }
    return samples;
  };
  const first = await until(FIRST);
  const last = await until(REFRESHES);
  const same = (before) => before;
  hasNotGrown(first, last, { bytes: (before) => before * 1.01 + 65_536, nodes: same, listeners: same });
  console.log('The console stays as it is.');
} finally {
  await close();
  await product.stop();
}
