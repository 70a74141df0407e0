// A refresh disturbs nobody: without changes it touches no node of the page, and it never affects the focus, a
// selection, the scroll position, an open list or unsubmitted text.

import assert from 'node:assert/strict';
import { START, eventually, open as openWithClock, pass, passEventually, rows, story, whenRows } from './harness.mjs';
import { allLive } from './support/sources.mjs';
import { path, sessions, system } from './support/worlds.mjs';

/** Waits for this number of responses from now on: to polls of the inventory, and to the page's own. */
const polled = async (page, times, own) => {
  const answers = new Map([['/api/inventory', 0]]);
  const count = (request) => {
    const { pathname } = new URL(request.url());
    answers.set(pathname, (answers.get(pathname) ?? 0) + 1);
  };
  page.on('requestfinished', count);
  await eventually(() => {
    const of = (begin) => Math.max(0, ...[...answers].filter(([at]) => at.startsWith(begin)).map(([, number]) => number));
    assert.ok(of('/api/inventory') >= times, 'the inventory was polled too rarely');
    if (own) assert.ok(of('/relay/') >= times, 'the page itself polled too rarely');
  }, 30_000);
  page.off('requestfinished', count);
};

const PAGES = [
  { name: 'overview', at: () => '/' },
  { name: 'groups', at: () => '/groups' },
  { name: 'group', at: () => path('groups', 'plant-a', 'kiln2-opcua'), own: true },
  { name: 'slicers', at: () => '/slicers' },
  { name: 'slicer group', at: (world) => path('slicers', 'live', system(world, 'live').groups[0].id), own: true },
  { name: 'failover sessions', at: () => '/failover-sessions', own: true },
  { name: 'failover session', at: (world) => path('failover-sessions', 'em', system(world, 'em').sessions[0].UID), own: true },
  { name: 'connections', at: () => '/connections' },
];

for (const { name, at, own } of PAGES) {
  story(`polls without changes change no node: ${name}`, { now: START }, async ({ page, visit, world }) => {
    await page.addInitScript(() => {
      const every = { overview: 2, groups: 2, group: 2, slicers: 2, 'slicer-group': 2 };
      const more = { 'failover-sessions': 2, 'failover-session': 2, connections: 2 };
      localStorage.setItem('failover-console.refresh', JSON.stringify({ ...every, ...more }));
    });
    await visit(at(await world()));
    await allLive(page);
    await polled(page, 2, own);
    await page.evaluate(() => {
      window.seen = [];
      const element = (node) => (node.nodeType === 1 ? node : node.parentElement);
      // The time of the next poll changes with each reading.
      const isNext = (node) => element(node)?.closest('dd')?.previousElementSibling?.textContent === 'Next poll';
      new MutationObserver((changes) => {
        for (const { type, attributeName, target } of changes) {
          if (isNext(target)) continue;
          window.seen.push(`${type} ${attributeName ?? ''} ${element(target)?.outerHTML.slice(0, 200)}`);
        }
      }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    });
    await polled(page, 3, own);
    assert.deepEqual(await page.evaluate(() => window.seen), []);
  });
}

/** Silences a group that is far down in the list of normal ones. */
const silenceTankFarm = async (control) => {
  const session = (id) => path('systems', 'plant-a', 'groups', 'tankfarm-opcua', 'sessions', id);
  for (const id of ['TANK-01.OpcUa', 'TANK-02.OpcUa']) await control('PATCH', session(id), { silent: true });
  await control('POST', '/clock/advance', { seconds: 300 });
};

const state = async (page) =>
  (await rows(page, 'Failover groups')).find((row) => row.Group.startsWith('Tank Farm')).State;

story('the focus stays on its group while another one becomes worse, and the order is updated later', async ({ page, visit, control }) => {
  await visit('/groups');
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
  const link = page.getByRole('link', { name: 'Boiler House OPC UA' });
  await link.focus();
  const names = async () => (await rows(page, 'Failover groups')).map((row) => row.Group);
  const before = await names();
  await silenceTankFarm(control);
  await eventually(async () => assert.doesNotMatch(await state(page), /^Normal/), 20_000);
  assert.deepEqual(await names(), before);
  assert.equal(await page.evaluate(() => document.activeElement.innerText), 'Boiler House OPC UA');
  await page.getByLabel('Search groups').focus();
  await eventually(async () => assert.match((await names())[0], /^Tank Farm/));
});

story('rows do not move under the pointer', async ({ page, visit, control }) => {
  await visit('/groups');
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
  await page.getByRole('row').nth(4).hover();
  const names = async () => (await rows(page, 'Failover groups')).map((row) => row.Group);
  const before = await names();
  await silenceTankFarm(control);
  await eventually(async () => assert.doesNotMatch(await state(page), /^Normal/), 20_000);
  assert.deepEqual(await names(), before);
  await page.getByRole('heading', { level: 1 }).hover();
  await eventually(async () => assert.match((await names())[0], /^Tank Farm/));
});

story('an idle pointer on the list keeps the order for a limited time', async (fixtures) => {
  const { page, control } = fixtures;
  await openWithClock(fixtures, '/groups');
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
  await page.getByRole('row').nth(4).hover();
  await silenceTankFarm(control);
  const first = async () => (await rows(page, 'Failover groups'))[0].Group;
  await passEventually(page, control, async () => assert.doesNotMatch(await state(page), /^Normal/), 20_000);
  assert.doesNotMatch(await first(), /^Tank Farm/, 'the list is in use');
  await pass(page, control, 61);
  assert.match(await first(), /^Tank Farm/);
});

story('a new page starts at its top, and Back restores the scroll position', async ({ page, visit }) => {
  await page.setViewportSize({ width: 1000, height: 500 });
  await visit('/groups');
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
  const at = () => page.evaluate(() => document.querySelector('main').scrollTop);
  const down = async () => {
    await page.evaluate(() => document.querySelector('main').scrollTo(0, 150));
    assert.ok((await at()) > 100);
  };
  await down();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Overview/ }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  assert.equal(await at(), 0);
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'main'));
  await down();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Groups', exact: true }).waitFor();
  // Back restores the scroll position.
  await eventually(async () => assert.equal(await at(), 150));
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
});

story('a refresh keeps a selection and the scroll position', async ({ page, visit }) => {
  await page.setViewportSize({ width: 1000, height: 500 });
  await visit('/groups');
  // Rows may still move until every group has been read.
  await whenRows(page, 'Failover groups', (shown) => {
    assert.ok(shown.length > 10);
    assert.ok(shown.every(({ State }) => State === 'Normal'));
  });
  const at = () => page.evaluate(() => document.querySelector('main').scrollTop);
  await page.evaluate(() => {
    document.querySelector('main').scrollTop = 200;
    getSelection().selectAllChildren(document.querySelector('tbody tr:nth-child(6) th b'));
  });
  const [place, text] = [await at(), await page.evaluate(() => String(getSelection()))];
  assert.ok(place > 100 && text !== '');
  await polled(page, 3);
  assert.equal(await at(), place);
  assert.equal(await page.evaluate(() => String(getSelection())), text);
});

story('a refresh keeps an open pop-up and an edited filter', async ({ page, visit }) => {
  await visit('/failover-sessions');
  await page.getByRole('table', { name: 'Cloud failover sessions' }).waitFor();
  const filter = page.getByLabel('Filter', { exact: true });
  await filter.fill('Result==Fai');
  await page.getByRole('listitem', { name: /^Plant A: / }).getByRole('button').first().click();
  const open = page.getByRole('group', { name: 'Plant A', exact: true });
  await open.getByText('Last response', { exact: true }).waitFor();
  await polled(page, 3, true);
  assert.ok(await open.isVisible());
  assert.equal(await filter.inputValue(), 'Result==Fai');
});

story('a failure and its end keep the rest of the page unchanged', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 503/);
  await visit(path('groups', 'plant-a', 'tankfarm-opcua'));
  const table = await page.getByRole('table', { name: 'Client sessions' }).elementHandle();
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'status', status: 503 } });
  const card = page.getByRole('main').getByRole('region', { name: 'What went wrong' });
  await card.waitFor({ timeout: 20_000 });
  await page.getByRole('main').getByText(/^This is the last known state, (now|\d+ s ago)\.$/).waitFor();
  await control('DELETE', '/faults');
  await card.waitFor({ state: 'detached', timeout: 20_000 });
  assert.ok(await table.evaluate((node) => node.isConnected));
});

story('a failover session keeps the focus when a new one begins, which is sorted in later', async ({ page, visit, control, world, reread }) => {
  await visit('/failover-sessions?connection=em&size=10');
  await whenRows(page, 'Cloud failover sessions', (shown) => assert.equal(shown.length, 10));
  const newest = async () => sessions(await world(), 'em')[0].guid;
  const links = page.getByRole('table', { name: 'Cloud failover sessions' }).locator('tbody th a');
  const idOf = (link) => link.getAttribute('href').split('/').at(-1);
  const drawn = async () => Promise.all((await links.all()).map(async (link) => link.evaluate(idOf)));
  const before = await drawn();
  await links.nth(1).focus();
  const last = await newest();
  await control('PUT', '/scenario', { name: 'incident' });
  while ((await newest()) === last) await control('POST', '/clock/advance', { seconds: 60 });
  await reread('em');
  const begun = await newest();
  await eventually(async () => assert.ok((await drawn()).includes(begun)), 30_000);
  assert.equal(await page.locator(':focus').evaluate(idOf), before[1]);
  assert.deepEqual((await drawn()).slice(0, 5), before.slice(0, 5));
  await page.getByRole('button', { name: 'Next', exact: true }).focus();
  await eventually(async () => assert.equal((await drawn())[0], begun));
});
