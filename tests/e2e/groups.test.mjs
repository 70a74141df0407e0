// The page /groups: all failover groups of both AVEVA systems.

import assert from 'node:assert/strict';
import { columns, eventually, open, pass, passEventually, rows, story, whenRows } from './harness.mjs';
import { TITLES, clockTime, path, plain, system } from './support/worlds.mjs';

const TABLE = 'Failover groups';

const titled = (group) => group.Name ?? group.Id;

const groupsOf = (world) =>
  ['plant-a', 'plant-b'].flatMap((id) =>
    system(world, id).groups.map((group) => ({ ...group, connection: id })),
  );

story('the table contains every group of both systems with its data', async ({ page, visit, world }) => {
  await visit('/groups');
  const expected = groupsOf(await world()).map((group) => [
    plain(titled(group)),
    TITLES[group.connection],
    group.Status.Primary === undefined ? '–' : plain(group.Status.Primary),
    group.Status.PendingPrimary === undefined ? '–' : plain(group.Status.PendingPrimary),
    group.FailoverTimeout,
    clockTime(group.Status.LastDataProcessedTime),
  ]);
  assert.ok(expected.length >= 16, 'the world is not empty');
  await whenRows(page, TABLE, (shown) => {
    const read = shown.map((row) => {
      const name = expected.find(([name, title]) => row.Connection === title && row.Group.startsWith(name));
      return [
        name?.[0] ?? row.Group,
        row.Connection,
        row.Primary,
        row['Pending primary'],
        row['Failover timeout'],
        row['Last data processed'].slice(0, 8),
      ];
    });
    assert.deepEqual(read.toSorted(), expected.toSorted());
  });
});

story('the columns have the names that scripts and screen readers rely on', async ({ page, visit }) => {
  await visit('/groups');
  await page.getByRole('table', { name: TABLE }).waitFor();
  const names = await columns(page, TABLE);
  for (const name of [
    'Group',
    'Connection',
    'State',
    'Primary',
    'Pending primary',
    'Sessions',
    'Failover timeout',
    'Last data processed',
  ]) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
});

story('a search is kept in the address and survives a reload', async ({ page, visit, world }) => {
  await visit('/groups');
  const total = groupsOf(await world()).length;
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, total));
  await page.getByLabel('Search groups').fill('kiln');
  await whenRows(page, TABLE, (shown) => {
    assert.deepEqual(shown.map((row) => row.Primary), ['KILN-01.OpcUa']);
  });
  await page.waitForURL(/q=kiln/);
  await page.reload();
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, 1));
  assert.equal(await page.getByLabel('Search groups').inputValue(), 'kiln');
  // Browsers refuse frequent changes of the address, some without an error.
  await page.evaluate(() => {
    history.replaceState = () => {};
  });
  await page.getByLabel('Search groups').fill('');
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, total));
});

story('a search without matches says so and can be cleared', async ({ page, visit, world }) => {
  await visit('/groups?q=no-such-thing');
  await page.getByText('No group matches.').waitFor();
  await page.getByRole('link', { name: 'Show all groups' }).click();
  const total = groupsOf(await world()).length;
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, total));
});

story('a column header sorts, and reverses the order when clicked again', async ({ page, visit, world }) => {
  await visit('/groups');
  const names = groupsOf(await world()).map((group) => plain(titled(group)).toLowerCase()).toSorted();
  const header = page.getByRole('columnheader', { name: 'Group', exact: true });
  const sorted = (direction, expected) =>
    whenRows(page, TABLE, async (shown) => {
      assert.equal(await header.getAttribute('aria-sort'), direction);
      assert.equal(shown.length, expected.length);
      const wrong = shown.filter(({ Group }, at) => !Group.toLowerCase().startsWith(expected[at]));
      assert.deepEqual(wrong, []);
    });
  await header.getByRole('button').click();
  await sorted('ascending', names);
  await header.getByRole('button').click();
  await sorted('descending', names.toReversed());
  await page.waitForURL(/sort=/);
});

story('the list can be limited to one connection', async ({ page, visit, world }) => {
  await visit('/groups');
  await page.getByRole('combobox', { name: 'Connection' }).selectOption({ label: 'Plant B' });
  const total = system(await world(), 'plant-b').groups.length;
  await whenRows(page, TABLE, (shown) => {
    assert.equal(shown.length, total);
    assert.ok(shown.every((row) => row.Connection === 'Plant B'));
  });
});

story("a group's name links to its page", async ({ page, visit, world }) => {
  await visit('/groups');
  // Rows move while the systems answer one by one, so the story waits for all of them.
  const total = groupsOf(await world()).length;
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, total));
  await page.getByRole('link', { name: 'Boiler House OPC UA' }).click();
  await page.getByRole('heading', { level: 1, name: 'Boiler House OPC UA' }).waitFor();
  await page.waitForURL(`**${path('groups', 'plant-a', 'boiler-opcua')}`);
});

story('a failover appears in the table automatically', async ({ page, visit, control }) => {
  await visit('/groups');
  const primary = async () =>
    (await rows(page, TABLE)).find((row) => row.Group.startsWith('Boiler House'))?.Primary;
  await eventually(async () => assert.equal(await primary(), 'BOIL-01.OpcUa'));
  await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', 'BOIL-01.OpcUa'), {
    silent: true,
  });
  await control('POST', '/clock/advance', { seconds: 150 });
  await eventually(async () => assert.equal(await primary(), 'BOIL-02.OpcUa'), 20_000);
});

story('a service with very many groups is read and shown in pages', async ({ page, visit, control }) => {
  await control('POST', '/reset', { scenario: 'calm', groups: 250, sessions: 2 });
  await visit('/groups?connection=plant-b');
  await page.getByText('Page 1 of 11').waitFor();
  await page.getByRole('button', { name: 'All 251' }).waitFor();
  const first = await rows(page, TABLE);
  assert.equal(first.length, 25);
  const previous = page.getByRole('button', { name: 'Previous' });
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('Page 2 of 11').waitFor();
  await previous.press('Enter');
  await page.getByText('Page 1 of 11').waitFor();
  assert.ok(await previous.isDisabled());
  assert.ok(await previous.evaluate((one) => one === document.activeElement), 'the focus stays');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('Page 2 of 11').waitFor();
  await page.waitForURL(/page=2/);
  const second = await rows(page, TABLE);
  assert.equal(new Set([...first, ...second].map((row) => row.Group)).size, 50);
  const { requests } = await control('GET', '/requests');
  const lists = requests.filter((one) => one.connection === 'plant-b' && one.operation === 'list groups');
  assert.ok(['skip=0', 'skip=100', 'skip=200'].every((skip) => lists.some((one) => one.query.includes(skip))));
});

story('a group without a name and one with an unreadable name are marked', async (fixtures) => {
  const { page, control, world, reread } = fixtures;
  await open(fixtures, '/groups?connection=plant-b');
  const [first, ...others] = system(await world(), 'plant-b').groups;
  const nameless = others.find(({ Name, Description }) => !Name && !Description);
  const fault = { kind: 'replace', find: '"Name"', with: '"Name":[7],"Was"' };
  await control('POST', '/faults', { connection: 'plant-b', operation: 'list groups', fault });
  await reread();
  await pass(page, control, 5);
  await whenRows(page, TABLE, (shown) => {
    const of = ({ Id }) => shown.find(({ Group }) => Group.startsWith(plain(Id)))?.Group;
    assert.equal(of(first), `${plain(first.Id)} name unreadable`);
    assert.equal(of(nameless), `${plain(nameless.Id)} no name`);
  });
});

story('a click keeps the order of rows, as a movement of the pointer does', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/groups');
  await whenRows(page, TABLE, (shown) => assert.ok(shown.length > 10));
  await page.getByRole('row').nth(4).hover();
  for (const id of ['TANK-01.OpcUa', 'TANK-02.OpcUa']) {
    await control('PATCH', path('systems', 'plant-a', 'groups', 'tankfarm-opcua', 'sessions', id), { silent: true });
  }
  await control('POST', '/clock/advance', { seconds: 300 });
  const first = async () => (await rows(page, TABLE))[0].Group;
  const state = async () => (await rows(page, TABLE)).find(({ Group }) => Group.startsWith('Tank Farm')).State;
  await passEventually(page, control, async () => assert.doesNotMatch(await state(), /^Normal/), 20_000);
  await page.mouse.down();
  await page.mouse.up();
  // Longer than an idle pointer keeps the order.
  await pass(page, control, 28);
  assert.doesNotMatch(await first(), /^Tank Farm/, 'somebody has just clicked');
  await pass(page, control, 61);
  assert.match(await first(), /^Tank Farm/);
});
