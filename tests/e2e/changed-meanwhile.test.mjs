// What somebody else changed between a look and a press: nothing is sent that would do something else than was said, and
// nothing of another person's is taken away unseen.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';
import { bar, inOrder, now, open, ordered, shown } from './support/slicers.mjs';
import { path } from './support/worlds.mjs';

const PATIENCE = { timeout: 20_000 };

const B = { connection: 'plant-b', group: 'gauging-modbus', standby: 'GAUGE-02.Modbus' };

const dialog = (page) => page.getByRole('dialog');

const press = (page, name) => dialog(page).getByRole('button', { name, exact: true }).click();

const changed = (page) => dialog(page).getByRole('region', { name: 'Changed meanwhile' });

const said = (page, words) => page.getByRole('status').getByText(words).first().waitFor(PATIENCE);

const sent = async (control, name) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(({ operation }) => operation === name).length;
};

const pause = (page) => page.getByRole('button', { name: 'Pause refresh' }).click();

/** Another order of a group's slicers. */
const reorder = (control, id, ids) => control('PUT', `/systems/live/groups/${id}/slicers`, { ids });

const stays = (group) => ordered(group) && !group.auto_failback;

/** Another window on the same page. */
async function another(page, at) {
  const other = await page.context().newPage();
  await other.goto(at);
  return other;
}

story('auto failback is not turned on over an order that nobody saw', async (told) => {
  const { page, world, control } = told;
  const group = await open(told, stays);
  const ids = inOrder(group);
  await pause(page);
  await page.getByRole('switch', { name: 'Auto failback' }).click();
  await dialog(page).waitFor();
  const theirs = [ids[1], ids[0], ...ids.slice(2)];
  await reorder(control, group.id, theirs);
  await press(page, 'Turn on');
  await changed(page).getByText(`The order is now ${theirs.join(', ')}.`).waitFor(PATIENCE);
  assert.equal(await sent(control, 'configure group'), 0);
  assert.equal((await now(world, group.id)).auto_failback, false);
  await dialog(page).getByText(/This is a switch on air/).waitFor(PATIENCE);
  await press(page, 'Turn on');
  await said(page, /accepted the change\. .* is on air\. The mode is prioritized, auto failback is on\./);
});

story('an order is not saved where auto failback was turned on since, and its notice says what is on air', async (told) => {
  const { page, world, control } = told;
  const group = await open(told, stays);
  const ids = inOrder(group);
  await pause(page);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const other = await another(page, path('slicers', 'live', group.id));
  await other.getByRole('switch', { name: 'Auto failback' }).click();
  await press(other, 'Turn on');
  await said(other, /auto failback is on\./);
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await bar(page).getByText('Nothing was sent because the group has changed.').waitFor(PATIENCE);
  await bar(page).getByText(/auto failback is on\./).waitFor();
  assert.equal(await sent(control, 'order slicers'), 0);
  assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2)], 'the draft stays');
  await bar(page).getByText(/This is a switch on air/).waitFor(PATIENCE);
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await said(page, new RegExp(`Order saved and verified\\. ${ids[1]} is on air\\.`));
  assert.deepEqual(inOrder(await now(world, group.id)), [ids[1], ids[0], ...ids.slice(2)]);
});

story('an order whose group cannot be read before it is sent is kept', async (told) => {
  const { page, world, control, complaints } = told;
  complaints.expect(/status of 400/);
  const group = await open(told);
  const ids = inOrder(group);
  await pause(page);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await control('POST', '/faults', { connection: 'live', operation: 'get group', fault: { kind: 'status', status: 400 } });
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await bar(page).getByText('Nothing was saved. Your changes are kept.').waitFor(PATIENCE);
  await control('DELETE', '/faults');
  assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2)]);
  await bar(page).getByRole('button', { name: 'Dismiss' }).click();
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await said(page, 'Order saved and verified.');
  assert.deepEqual(inOrder(await now(world, group.id)), [ids[1], ids[0], ...ids.slice(2)]);
});

story('an order that somebody saved while another one was to be overwritten is not overwritten unseen', async (told) => {
  const { page, world, control } = told;
  const group = await open(told);
  const ids = inOrder(group);
  const mine = [ids[1], ids[0], ...ids.slice(2)];
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await reorder(control, group.id, [...ids].reverse());
  const conflict = bar(page).getByRole('region', { name: 'Conflict' });
  await bar(page).getByRole('button', { name: 'Overwrite…' }).click(PATIENCE);
  await dialog(page).getByLabel(/^Type .* to confirm/).fill(group.name);
  const third = [ids.at(-1), ...ids.slice(0, -1)];
  await reorder(control, group.id, third);
  await conflict.getByRole('cell', { name: ids.at(-1) }).first().waitFor({ state: 'attached' });
  await press(page, 'Overwrite');
  await changed(page).getByText(`The order is now ${third.join(', ')}.`).waitFor(PATIENCE);
  assert.equal(await sent(control, 'order slicers'), 0);
  assert.deepEqual(inOrder(await now(world, group.id)), third);
  await press(page, 'Overwrite');
  await said(page, 'Order saved and verified.');
  assert.deepEqual(inOrder(await now(world, group.id)), mine);
});

story('what cannot be done any more while its dialog is open is not offered there', async (told) => {
  const { page } = told;
  const group = await open(told, stays);
  await page.getByRole('switch', { name: 'Auto failback' }).click();
  await dialog(page).waitFor();
  const other = await another(page, path('slicers', 'live', group.id));
  await other.getByRole('radio', { name: 'Flat' }).check({ force: true }).catch(() => undefined);
  await press(other, 'Switch mode');
  await dialog(page).getByText('Auto failback applies only in prioritized mode.').waitFor(PATIENCE);
  assert.ok(await dialog(page).getByRole('button', { name: 'Turn on' }).isDisabled());
});

story('an eligibility that is not reported is shown as not known, and is not switched off by a slip', async (told) => {
  const { page, control } = told;
  // The first of the list, whose value the fault takes away.
  const group = await open(told, ({ slicers }) => slicers.some(({ enabled }) => enabled));
  const { id } = group.slicers.find(({ enabled }) => enabled);
  await control('POST', '/faults', { connection: 'live', operation: 'list groups', fault: { kind: 'replace', find: '"enabled":true', with: '"enabled":null' } });
  await page.getByRole('button', { name: 'Refresh now' }).click();
  const eligible = page.getByRole('switch', { name: `Eligible for failover ${id}` });
  await eventually(async () => assert.equal(await eligible.getAttribute('aria-checked'), 'false'));
  await eligible.click();
  await page.getByRole('dialog', { name: `Make ${id} eligible for failover?` }).waitFor();
  assert.equal(await sent(control, 'order slicers'), 0);
});

/** Opens a group's page and overrides the role of its standby. */
async function override({ page, visit }) {
  await visit(path('groups', B.connection, B.group));
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await press(page, 'Override role');
  await said(page, `Plant B overrides the role of ${B.standby}.`);
}

const undo = (page) => page.getByRole('button', { name: 'Undo' });

story('an Undo of an override leaves alone what somebody else has changed since', async (told) => {
  const { page } = told;
  const other = await another(page, path('groups', B.connection, B.group));
  await override(told);
  await other.getByRole('button', { name: 'Refresh now' }).click();
  await other.getByRole('button', { name: `Clear override ${B.standby}` }).click(PATIENCE);
  await said(other, `Plant B no longer overrides the role of ${B.standby}.`);
  await undo(page).click();
  await said(page, `Nothing was sent: The role override of ${B.standby} has changed since.`);
});

story('an Undo ends with the next change of the same page', async (told) => {
  const { page } = told;
  await override(told);
  await page.getByRole('button', { name: `Clear override ${B.standby}` }).click(PATIENCE);
  await said(page, `Plant B no longer overrides the role of ${B.standby}.`);
  assert.equal(await undo(page).count(), 1);
  await undo(page).click();
  await said(page, `${B.standby} is now Primary, overridden to Primary until`);
});

story('a heartbeat that takes the role says so, by the score that is typed', async ({ page, visit }) => {
  await visit(path('groups', B.connection, B.group));
  await page.getByRole('button', { name: `Post heartbeat ${B.standby}` }).click();
  const score = dialog(page).getByLabel('FailoverScore');
  const takes = dialog(page).getByText(/its adapter may not collect\./);
  await takes.waitFor();
  await score.fill('1');
  await takes.waitFor({ state: 'detached' });
});

story('an acknowledgement that took the place of another is not withdrawn unseen', async ({ page, visit, control, product, complaints }) => {
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
  await page.getByText(/acknowledged or in maintenance$/).click(PATIENCE);
  const folded = page.getByRole('list', { name: 'Acknowledged or in maintenance' }).getByRole('listitem', { name: /^Boiler House OPC UA: Critical/ });
  await pause(page);
  await folded.getByRole('button', { name: /^Withdraw/ }).click();
  await dialog(page).getByText(/demo acknowledged it: I look at it\./).waitFor();
  // The gateway's clock stands still: an acknowledgement of the same moment would be the same one.
  await control('POST', '/observer/advance', { seconds: 5 });
  await acknowledge('A part is on its way');
  await press(page, 'Withdraw');
  await changed(page).getByText('has acknowledged the alarm: A part is on its way').waitFor(PATIENCE);
  assert.equal((await found()).acknowledged.reason, 'A part is on its way');
  await dialog(page).getByText(/acknowledged it: A part is on its way\./).first().waitFor(PATIENCE);
  await press(page, 'Withdraw');
  await said(page, 'The acknowledgement is withdrawn.');
  assert.equal((await found()).acknowledged, undefined);
});
