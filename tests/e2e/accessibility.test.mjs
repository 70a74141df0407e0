// Every page, in both themes, on a desktop and on a phone: axe finds nothing, and the accessibility tree matches its
// snapshot.

import assert from 'node:assert/strict';
import { START, accessible, eventually, open, passInPage, sameSnapshot, story, whenRows } from './harness.mjs';
import { allLive } from './support/sources.mjs';
import { path, sessions, system } from './support/worlds.mjs';

const PAGES = [
  { name: 'overview', address: () => '/', there: (page) => page.getByRole('region', { name: 'Veeam failovers' }).getByRole('listitem').first() },
  { name: 'groups', address: () => '/groups', table: 'Failover groups' },
  { name: 'group', address: () => path('groups', 'plant-a', 'kiln2-opcua'), table: 'Client sessions' },
  { name: 'slicers', address: () => '/slicers', table: 'Slicer failover groups' },
  {
    name: 'slicer-group',
    address: (world) => path('slicers', 'live', system(world, 'live').groups.find(({ name }) => name === 'My Failover Group').id),
    there: (page) => page.getByRole('list', { name: 'Slicer order' }).getByRole('listitem').first(),
  },
  { name: 'failover-sessions', address: () => '/failover-sessions?connection=em', table: 'Cloud failover sessions' },
  {
    name: 'failover-session',
    address: (world) => path('failover-sessions', 'em', sessions(world, 'em').find(({ tasks }) => tasks.length > 0).guid),
    table: 'Virtual machines of the session',
  },
  { name: 'activity', address: () => '/activity?kind=watching', table: 'Activity' },
  { name: 'connections', address: () => '/connections', there: (page) => page.getByRole('main').getByRole('region').nth(4) },
  { name: 'not-found', address: () => '/nowhere', there: (page) => page.getByRole('heading', { name: 'Not found' }) },
];

/** Waits until every source is live and the page shows its content. */
async function settled(page, { table, there }) {
  await allLive(page);
  if (table) await whenRows(page, table, (shown) => assert.ok(shown.length > 0));
  if (there) await there(page).waitFor();
}

for (const one of PAGES) {
  for (const colorScheme of ['light', 'dark']) {
    story(`${one.name} is accessible in the ${colorScheme} theme`, { colorScheme }, async ({ page, visit, world }) => {
      await visit(one.address(await world()));
      await settled(page, one);
      await accessible(page);
    });
  }

  story(`${one.name} is accessible on a phone`, { viewport: { width: 390, height: 844 } }, async ({ page, visit, world }) => {
    await visit(one.address(await world()));
    await settled(page, one);
    await accessible(page);
  });

  story(`${one.name} has the expected accessibility tree`, { now: START }, async ({ page, visit, world }) => {
    await visit(one.address(await world()));
    await settled(page, one);
    await sameSnapshot(page.locator('body'), one.name);
  });
}

story('screen readers announce only the new text of alerts and notices', async ({ page, visit }) => {
  await visit('/');
  // Alerts and statuses are read completely unless they say otherwise, and these contain several texts.
  for (const several of ['.failovers[role="alert"]', '.notices [role="status"]']) {
    assert.equal(await page.locator(several).first().getAttribute('aria-atomic'), 'false', several);
  }
});

story('dismissing a notice moves the focus to the next one, and after the last one to the page', async (fixtures) => {
  const { page } = fixtures;
  await open(fixtures, '/failover-sessions?connection=em');
  const dismiss = page.getByRole('button', { name: 'Dismiss', exact: true });
  const hasFocus = (one) => one.evaluate((element) => element === document.activeElement);
  const exportTo = async (number) => {
    await page.getByRole('button', { name: 'Export CSV' }).click();
    await eventually(async () => assert.equal(await dismiss.count(), number));
  };
  for (const number of [1, 2, 3]) await exportTo(number);
  const notice = page.locator('.notices [role="status"] .notice');
  for (const [at, left] of [[0, 2], [1, 1]]) {
    await dismiss.nth(at).press('Enter');
    await eventually(async () => assert.equal(await dismiss.count(), left));
    assert.ok(await hasFocus(notice.first()), `${left} are left`);
    // Pressing the key twice dismisses no unread notice.
    await page.keyboard.press('Enter');
    assert.equal(await dismiss.count(), left);
  }
  // The next notice's button is one step away.
  await page.keyboard.press('Tab');
  assert.ok(await hasFocus(dismiss));
  await page.keyboard.press('Enter');
  await dismiss.waitFor({ state: 'detached' });
  assert.ok(await hasFocus(page.getByRole('main')));
});

story('a notice stays while it is focused or hovered, and disappears some time later', async (fixtures) => {
  const { page } = fixtures;
  await open(fixtures, '/failover-sessions?connection=em');
  const dismiss = page.getByRole('button', { name: 'Dismiss', exact: true });
  const button = page.getByRole('button', { name: 'Export CSV' });
  for (const [use, leave] of [
    [() => dismiss.focus(), () => button.focus()],
    [() => dismiss.hover(), () => page.mouse.move(0, 0)],
  ]) {
    await button.click();
    await dismiss.waitFor();
    await use();
    await passInPage(page, 25);
    assert.equal(await dismiss.count(), 1);
    await leave();
    await passInPage(page, 11);
    await dismiss.waitFor({ state: 'detached' });
  }
});

story('an error card is accessible in both themes', { colorScheme: 'dark' }, async ({ page, visit, complaints }) => {
  complaints.expect(/status of 403/);
  await visit(path('groups', 'plant-a', 'fault-403'));
  await page.getByRole('region', { name: 'What went wrong' }).waitFor();
  await accessible(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await accessible(page);
});

const gauging = path('groups', 'plant-b', 'gauging-modbus');
const press = (name) => (page) => page.getByRole('button', { name, exact: true }).first().click();

/** Dialogs, panels and pop-ups that open on demand. */
const OPENED = {
  'the dialog that creates a group': { at: '/groups', open: press('Create group'), there: 'dialog' },
  'the dialog that deletes a group': { at: gauging, open: press('Delete group'), there: 'dialog' },
  'the dialog that adds a session': { at: gauging, open: press('Add session'), there: 'dialog' },
  'the dialog that deletes a Primary': { at: gauging, open: press('Delete session GAUGE-01.Modbus'), there: 'dialog' },
  'the dialog that posts a heartbeat': {
    at: path('groups', 'plant-a', 'boiler-opcua'),
    open: press('Post heartbeat BOIL-02.OpcUa'),
    there: 'dialog',
  },
  'the dialog that overrides a role': { at: gauging, open: press('Override role GAUGE-02.Modbus'), there: 'dialog' },
  'the panel of a session': { at: `${gauging}?session=GAUGE-02.Modbus`, open: () => {}, there: 'region', name: 'Session GAUGE-02.Modbus' },
  'the pop-up of a source': { at: '/', open: press('Plant A: live, 0 s ago'), there: 'group', name: 'Plant A' },
  'a paused page': { at: '/', open: press('Pause refresh'), there: 'button', name: 'Resume refresh' },
};

for (const [what, { at, open, there, name }] of Object.entries(OPENED)) {
  for (const size of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    story(`${what} is accessible in both themes at ${size.width}`, { now: START, viewport: size }, async ({ page, visit }) => {
      await visit(at);
      await settled(page, at.startsWith('/groups/') ? { table: 'Client sessions' } : {});
      await open(page);
      await page.getByRole(there, { name, exact: true }).waitFor();
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await accessible(page);
      }
    });
  }
}
