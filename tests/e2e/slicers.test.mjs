// The page /slicers: all slicer failover groups of the Uplynk account.

import assert from 'node:assert/strict';
import { columns, story, whenRows } from './harness.mjs';
import { TITLES, path, plain, system } from './support/worlds.mjs';

const TABLE = 'Slicer failover groups';

const MODES = { prioritized: 'Prioritized', flat: 'Flat' };

const failback = ({ mode, auto_failback }) =>
  mode === 'flat' ? 'not in flat mode' : auto_failback ? 'On' : 'Off';

/** The slicers in order of failover; in flat mode, where all have position 1, in the system's order. */
const inOrder = ({ slicers }) => slicers.toSorted((a, b) => a.order - b.order);

story('the table contains every group of the account with its data', async ({ page, visit, world }) => {
  await visit('/slicers');
  const groups = system(await world(), 'live').groups;
  assert.ok(groups.some(({ name }) => name === 'My Failover Group'), 'the published sample is there');
  await whenRows(page, TABLE, (shown) => {
    assert.equal(shown.length, groups.length);
    for (const group of groups) {
      const row = shown.find((row) => row.Group.startsWith(plain(group.name)));
      assert.ok(row, `no row begins with ${group.name}`);
      assert.equal(row.Connection, TITLES.live);
      assert.equal(row.Mode, MODES[group.mode]);
      assert.equal(row['Auto failback'], failback(group));
      const onAir = group.active_slicer_id === 'no_slicer' ? 'Slate' : group.active_slicer_id;
      assert.ok(row['On air'].startsWith(plain(onAir)), `${row['On air']} is not ${onAir}`);
      for (const { id } of group.slicers) assert.ok(row.Slicers.includes(plain(id)), `${id} in ${row.Slicers}`);
    }
  });
});

story('the slicers of a row are listed in order of failover', async ({ page, visit, world }) => {
  await visit('/slicers');
  const group = system(await world(), 'live').groups.find(({ mode, slicers }) => mode === 'prioritized' && slicers.length > 1);
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: group.name, exact: true }) });
  await row.waitFor();
  const items = (await row.getByRole('listitem').allInnerTexts()).map((text) => plain(text).split(' ')[0]);
  assert.deepEqual(items, inOrder(group).map(({ id }) => plain(id).split(' ')[0]));
});

story('the columns have the names that scripts and screen readers rely on', async ({ page, visit }) => {
  await visit('/slicers');
  await page.getByRole('table', { name: TABLE }).waitFor();
  const names = await columns(page, TABLE);
  for (const name of ['Group', 'Connection', 'State', 'On air', 'Mode', 'Auto failback', 'Slicers', 'Last failover']) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
});

story('a search finds a group by its slicer', async ({ page, visit, world }) => {
  const groups = system(await world(), 'live').groups;
  const sample = groups.find(({ name }) => name === 'My Failover Group');
  const wanted = sample.slicers[1].id;
  await visit('/slicers');
  await page.getByLabel('Search slicer groups').fill(wanted);
  const expected = groups.filter((group) => JSON.stringify(group).includes(wanted)).length;
  await whenRows(page, TABLE, (shown) => {
    assert.equal(shown.length, expected);
    assert.ok(shown.some((row) => row.Group.startsWith('My Failover Group')));
  });
});

story("a group's name links to its page", async ({ page, visit, world }) => {
  const sample = system(await world(), 'live').groups.find(({ name }) => name === 'My Failover Group');
  await visit('/slicers');
  const total = system(await world(), 'live').groups.length;
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, total));
  await page.getByRole('link', { name: sample.name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: sample.name, exact: true }).waitFor();
  await page.waitForURL(`**${path('slicers', 'live', sample.id)}`);
});
