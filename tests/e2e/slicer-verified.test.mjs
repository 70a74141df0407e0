// A change of a slicer group is compared with what was seen before it is sent, and with what the service holds
// afterwards: what changed meanwhile is not overwritten, and what the service ignored is not shown as done.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';
import { bar, inOrder, now, open, save, shown } from './support/slicers.mjs';
import { system } from './support/worlds.mjs';

const PATIENCE = { timeout: 20_000 };

const said = (page, words) => page.getByRole('status').getByText(words).first().waitFor(PATIENCE);

const sent = async (control, name) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(({ operation }) => operation === name).length;
};

/** The service answers this operation with success, once, and does nothing. */
const ignore = (control, operation) =>
  control('POST', '/faults', { connection: 'live', operation, fault: { kind: 'body', body: '{}' }, times: 1 });

const backups = ({ slicers, active_slicer_id: active }) => slicers.filter(({ id, enabled }) => enabled && id !== active);

const several = (group) => group.mode === 'prioritized' && backups(group).length >= 2;

const undo = (page) => page.getByRole('button', { name: 'Undo' });

story('an order that the service ignores is said to be unverified, and its draft stays', async (told) => {
  const { page, world, control } = told;
  const group = await open(told);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const wanted = [ids[1], ids[0], ...ids.slice(2)];
  await ignore(control, 'order slicers');
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await bar(page).getByText(`Not verified: Live channels accepted the change. The group now has a different order: ${ids.join(', ')}.`).waitFor(PATIENCE);
  assert.deepEqual(await shown(page), wanted);
  assert.equal(await undo(page).count(), 0);
  await bar(page).getByRole('button', { name: 'Dismiss' }).click();
  await save(page);
  assert.deepEqual(inOrder(await now(world, group.id)), wanted);
});

story('an eligibility and a setting that the service ignores are not shown as done', async (told) => {
  const { page, control } = told;
  const group = await open(told, several);
  const [backup] = backups(group);
  await ignore(control, 'order slicers');
  await page.getByRole('switch', { name: `Eligible for failover ${backup.id}` }).click();
  await said(page, `It is not in effect: ${backup.id} is still eligible.`);
  assert.equal(await undo(page).count(), 0);
  const failback = page.getByRole('switch', { name: 'Auto failback' });
  const was = await failback.getAttribute('aria-checked');
  await ignore(control, 'configure group');
  await failback.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: /^Turn o/ }).click();
  await dialog.getByRole('heading', { name: 'The change was not found in effect' }).waitFor(PATIENCE);
  assert.equal(await failback.getAttribute('aria-checked'), was);
  assert.equal(await undo(page).count(), 0);
});

story('a channel and an owner that the service ignores are not shown as done', async (told) => {
  const { page, world, control } = told;
  const group = await open(told);
  const [spare] = system(await world(), 'live').spare_channels;
  const owners = page.getByRole('region', { name: 'Allowed owners' });
  await owners.getByRole('button', { name: 'Show' }).click();
  for (const [what, label, operation, id] of [
    ['Add channel', 'Channel id', 'change channels', spare.id],
    ['Add owner', 'Owner id', 'change allowed owners', 'abcdef0123456789abcdef0123456789'],
  ]) {
    await ignore(control, operation);
    await page.getByRole('button', { name: what }).click(PATIENCE);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(label).fill(id);
    await dialog.getByRole('button', { name: what }).click();
    await dialog.getByRole('heading', { name: 'The change was not found in effect' }).waitFor(PATIENCE);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
  }
  const held = await now(world, group.id);
  assert.deepEqual([held.channels, held.allowed_owners], [group.channels, group.allowed_owners]);
});

story('an eligibility is not changed where something else is on air than what was seen', async (told) => {
  const { page, world, control } = told;
  const group = await open(told, several);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${group.active_slicer_id}`, { healthy: false });
  const { active_slicer_id: active } = await now(world, group.id);
  assert.ok(backups(group).some(({ id }) => id === active), 'a backup went on air');
  await page.getByRole('switch', { name: `Eligible for failover ${active}` }).click();
  await said(page, new RegExp(`^Nothing was sent: The order is now .* ${active} is on air\\.`));
  assert.equal(await sent(control, 'order slicers'), 0);
});

story('an eligibility can be changed at once after another one, and only the last can be undone', async (told) => {
  const { page, world } = told;
  const wanted = (group) => several(group) && backups(group).length >= 3;
  const group = await open(told, wanted);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  const [one, two] = backups(group).map(({ id }) => id);
  const enabled = async (id) => (await now(world, group.id)).slicers.find((slicer) => slicer.id === id).enabled;
  for (const id of [one, two]) {
    await page.getByRole('switch', { name: `Eligible for failover ${id}` }).click();
    await said(page, `${id} is now not eligible.`);
  }
  await eventually(async () => assert.equal(await undo(page).count(), 1));
  await undo(page).click();
  await eventually(async () => assert.ok(await enabled(two)), 20_000);
  assert.equal(await enabled(one), false);
});

/** Turns auto failback off, and waits until that can be taken back. */
const turnOff = async (page) => {
  const failback = page.getByRole('switch', { name: 'Auto failback' });
  await failback.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Turn off' }).click();
  await eventually(async () => assert.equal(await failback.getAttribute('aria-checked'), 'false'), 20_000);
  await undo(page).waitFor(PATIENCE);
};

story('an Undo ends with the next change', async (told) => {
  const { page } = told;
  const group = await open(told, (one) => several(one) && one.auto_failback);
  await turnOff(page);
  const [other] = backups(group);
  await page.getByRole('button', { name: `Activate ${other.id}` }).click(PATIENCE);
  await page.getByRole('dialog', { name: `Activate ${other.id}?` }).getByRole('button', { name: 'Activate' }).click();
  await said(page, `${other.id} is on air.`);
  assert.equal(await undo(page).count(), 0);
});

story('an Undo is not sent where something else is on air by then', async (told) => {
  const { page, world, control } = told;
  const group = await open(told, (one) => several(one) && one.auto_failback);
  await turnOff(page);
  const { active_slicer_id: active } = await now(world, group.id);
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${active}`, { healthy: false });
  await eventually(async () => assert.notEqual((await now(world, group.id)).active_slicer_id, active));
  await undo(page).click();
  await said(page, /Nothing was sent: .* is on air\./);
  assert.equal((await now(world, group.id)).auto_failback, false);
});

story('an order is not saved over an eligibility that the service does not report', async (told) => {
  const { page, world, control } = told;
  const group = await open(told, several);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await control('POST', '/faults', { connection: 'live', operation: 'get group', fault: { kind: 'replace', find: '"enabled":true', with: '"enabled":null' } });
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  const { id } = group.slicers.find(({ enabled }) => enabled);
  await bar(page).getByText(`Nothing was sent: Uplynk does not report the eligibility of ${id}, and this change would have to set it.`).waitFor(PATIENCE);
  assert.equal(await sent(control, 'order slicers'), 0);
  await control('DELETE', '/faults');
  await bar(page).getByRole('button', { name: 'Dismiss' }).click();
  await save(page);
  assert.deepEqual(inOrder(await now(world, group.id)), [ids[1], ids[0], ...ids.slice(2)]);
});
