// Changes by somebody else between reading a page and pressing a button: nothing is sent that would have another effect
// than the one shown, and nobody's change is overwritten unseen.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';
import { draftBar, inOrder, currentGroup, openGroup, isPrioritized, shown } from './support/slicers.mjs';
import { path } from './support/worlds.mjs';

const TIMEOUT = { timeout: 20_000 };

const B = { connection: 'plant-b', group: 'gauging-modbus', standby: 'GAUGE-02.Modbus' };

const dialog = (page) => page.getByRole('dialog');

const press = (page, name) => dialog(page).getByRole('button', { name, exact: true }).click();

const changed = (page) => dialog(page).getByRole('region', { name: 'Changed meanwhile' });

const statusShows = (page, text) => page.getByRole('status').getByText(text).first().waitFor(TIMEOUT);

const countRequests = async (control, name) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(({ operation }) => operation === name).length;
};

const pause = (page) => page.getByRole('button', { name: 'Pause refresh' }).click();

/** Changes the order of a group's slicers at the vendor. */
const reorder = (control, id, ids) => control('PUT', `/systems/live/groups/${id}/slicers`, { ids });

const withoutFailback = (group) => isPrioritized(group) && !group.auto_failback;

/** Opens the same page in a second window. */
async function openSecondWindow(page, at) {
  const other = await page.context().newPage();
  await other.goto(at);
  return other;
}

story('auto failback is not turned on if the order has changed unseen', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures, withoutFailback);
  const ids = inOrder(group);
  await pause(page);
  await page.getByRole('switch', { name: 'Auto failback' }).click();
  await dialog(page).waitFor();
  const theirs = [ids[1], ids[0], ...ids.slice(2)];
  await reorder(control, group.id, theirs);
  await press(page, 'Turn on');
  await changed(page).getByText(`The order is now ${theirs.join(', ')}.`).waitFor(TIMEOUT);
  assert.equal(await countRequests(control, 'configure group'), 0);
  assert.equal((await currentGroup(world, group.id)).auto_failback, false);
  await dialog(page).getByText(/This is a switch on air/).waitFor(TIMEOUT);
  await press(page, 'Turn on');
  await statusShows(page, /accepted the change\. .* is on air\. The mode is prioritized, auto failback is on\./);
});

story('an order is not saved after auto failback was turned on, and a notice shows what is on air', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures, withoutFailback);
  const ids = inOrder(group);
  await pause(page);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const other = await openSecondWindow(page, path('slicers', 'live', group.id));
  await other.getByRole('switch', { name: 'Auto failback' }).click();
  await press(other, 'Turn on');
  await statusShows(other, /auto failback is on\./);
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await draftBar(page).getByText('Nothing was sent because the group has changed.').waitFor(TIMEOUT);
  await draftBar(page).getByText(/auto failback is on\./).waitFor();
  assert.equal(await countRequests(control, 'order slicers'), 0);
  assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2)], 'the draft stays');
  await draftBar(page).getByText(/This is a switch on air/).waitFor(TIMEOUT);
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await statusShows(page, new RegExp(`Order saved and verified\\. ${ids[1]} is on air\\.`));
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), [ids[1], ids[0], ...ids.slice(2)]);
});

story('an order is kept if its group cannot be read before saving', async (fixtures) => {
  const { page, world, control, complaints } = fixtures;
  complaints.expect(/status of 400/);
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await pause(page);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await control('POST', '/faults', { connection: 'live', operation: 'get group', fault: { kind: 'status', status: 400 } });
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await draftBar(page).getByText('Nothing was saved. Your changes are kept.').waitFor(TIMEOUT);
  await control('DELETE', '/faults');
  assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2)]);
  await draftBar(page).getByRole('button', { name: 'Dismiss' }).click();
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await statusShows(page, 'Order saved and verified.');
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), [ids[1], ids[0], ...ids.slice(2)]);
});

story('overwriting an order does not overwrite a newer one unseen', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const mine = [ids[1], ids[0], ...ids.slice(2)];
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await reorder(control, group.id, [...ids].reverse());
  const conflict = draftBar(page).getByRole('region', { name: 'Conflict' });
  await draftBar(page).getByRole('button', { name: 'Overwrite…' }).click(TIMEOUT);
  await dialog(page).getByLabel(/^Type .* to confirm/).fill(group.name);
  const third = [ids.at(-1), ...ids.slice(0, -1)];
  await reorder(control, group.id, third);
  await conflict.getByRole('cell', { name: ids.at(-1) }).first().waitFor({ state: 'attached' });
  await press(page, 'Overwrite');
  await changed(page).getByText(`The order is now ${third.join(', ')}.`).waitFor(TIMEOUT);
  assert.equal(await countRequests(control, 'order slicers'), 0);
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), third);
  await press(page, 'Overwrite');
  await statusShows(page, 'Order saved and verified.');
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), mine);
});

story('an open dialog disables an action that is no longer possible', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures, withoutFailback);
  await page.getByRole('switch', { name: 'Auto failback' }).click();
  await dialog(page).waitFor();
  const other = await openSecondWindow(page, path('slicers', 'live', group.id));
  await other.getByRole('radio', { name: 'Flat' }).check({ force: true }).catch(() => undefined);
  await press(other, 'Switch mode');
  await dialog(page).getByText('Auto failback applies only in prioritized mode.').waitFor(TIMEOUT);
  assert.ok(await dialog(page).getByRole('button', { name: 'Turn on' }).isDisabled());
});

story('an eligibility that is not reported is shown as unknown, and changing it needs confirmation', async (fixtures) => {
  const { page, control } = fixtures;
  // The first one in the list, whose value the fault removes.
  const group = await openGroup(fixtures, ({ slicers }) => slicers.some(({ enabled }) => enabled));
  const { id } = group.slicers.find(({ enabled }) => enabled);
  await control('POST', '/faults', { connection: 'live', operation: 'list groups', fault: { kind: 'replace', find: '"enabled":true', with: '"enabled":null' } });
  await page.getByRole('button', { name: 'Refresh now' }).click();
  const eligible = page.getByRole('switch', { name: `Eligible for failover ${id}` });
  await eventually(async () => assert.equal(await eligible.getAttribute('aria-checked'), 'false'));
  await eligible.click();
  await page.getByRole('dialog', { name: `Make ${id} eligible for failover?` }).waitFor();
  assert.equal(await countRequests(control, 'order slicers'), 0);
});

/** Opens a group's page and overrides the role of its standby. */
async function override({ page, visit }) {
  await visit(path('groups', B.connection, B.group));
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await press(page, 'Override role');
  await statusShows(page, `Plant B overrides the role of ${B.standby}.`);
}

const undo = (page) => page.getByRole('button', { name: 'Undo' });

story('Undo of an override keeps a later change by somebody else', async (fixtures) => {
  const { page } = fixtures;
  const other = await openSecondWindow(page, path('groups', B.connection, B.group));
  await override(fixtures);
  await other.getByRole('button', { name: 'Refresh now' }).click();
  await other.getByRole('button', { name: `Clear override ${B.standby}` }).click(TIMEOUT);
  await statusShows(other, `Plant B no longer overrides the role of ${B.standby}.`);
  await undo(page).click();
  await statusShows(page, `Nothing was sent: The role override of ${B.standby} has changed since.`);
});

story('the next change on the page replaces Undo', async (fixtures) => {
  const { page } = fixtures;
  await override(fixtures);
  await page.getByRole('button', { name: `Clear override ${B.standby}` }).click(TIMEOUT);
  await statusShows(page, `Plant B no longer overrides the role of ${B.standby}.`);
  assert.equal(await undo(page).count(), 1);
  await undo(page).click();
  await statusShows(page, `${B.standby} is now Primary, overridden to Primary until`);
});

story('a heartbeat that takes over the role says so, depending on the entered score', async ({ page, visit }) => {
  await visit(path('groups', B.connection, B.group));
  await page.getByRole('button', { name: `Post heartbeat ${B.standby}` }).click();
  const score = dialog(page).getByLabel('Score', { exact: true });
  const takes = dialog(page).getByText(/its adapter may not collect\./);
  await takes.waitFor();
  await score.fill('1');
  await takes.waitFor({ state: 'detached' });
});

story('an acknowledgement that replaced another is not withdrawn unseen', async ({ page, visit, control, product, complaints }) => {
  complaints.expect(/status of 409/);
  for (const session of ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']) {
    await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session), { silent: true });
  }
  await control('POST', '/clock/advance', { seconds: 600 });
  const found = async () => {
    const { alarms } = await (await fetch(`${product.url}/api/inventory`)).json();
    const alarm = alarms.find(({ name, severity }) => name === 'Boiler House OPC UA' && severity === 'critical');
    assert.ok(alarm);
    return alarm;
  };
  let alarm;
  await eventually(async () => (alarm = await found()), 20_000);
  const acknowledge = async (reason) => {
    const body = JSON.stringify({ reason });
    const answer = await fetch(`${product.url}/api/alarms/${alarm.id}/acknowledgement`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    assert.equal(answer.status, 201);
  };
  await acknowledge('I look at it');
  await visit('/');
  await page.getByText(/acknowledged or in maintenance$/).click(TIMEOUT);
  const folded = page.getByRole('list', { name: 'Acknowledged or in maintenance' }).getByRole('listitem', { name: /^Boiler House OPC UA: Critical/ });
  await pause(page);
  await folded.getByRole('button', { name: /^Withdraw/ }).click();
  await dialog(page).getByText(/demo acknowledged it: I look at it\./).waitFor();
  // The gateway's clock is frozen: an acknowledgement at the same time would count as the same one.
  await control('POST', '/observer/advance', { seconds: 5 });
  await acknowledge('A part is on its way');
  await press(page, 'Withdraw acknowledgement');
  await changed(page).getByText('has acknowledged the alarm: A part is on its way').waitFor(TIMEOUT);
  assert.equal((await found()).acknowledged.reason, 'A part is on its way');
  await dialog(page).getByText(/acknowledged it: A part is on its way\./).first().waitFor(TIMEOUT);
  await press(page, 'Withdraw acknowledgement');
  await statusShows(page, 'The acknowledgement is withdrawn.');
  assert.equal((await found()).acknowledged, undefined);
});
