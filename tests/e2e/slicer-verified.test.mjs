// A change of a slicer group is compared with the state that was seen before it is sent, and with the service's state
// afterwards: changes by others are not overwritten, and a change that the service ignored is not shown as done.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';
import { draftBar, inOrder, currentGroup, openGroup, save, shown } from './support/slicers.mjs';
import { system } from './support/worlds.mjs';

const TIMEOUT = { timeout: 20_000 };

const statusShows = (page, text) => page.getByRole('status').getByText(text).first().waitFor(TIMEOUT);

const countRequests = async (control, name) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(({ operation }) => operation === name).length;
};

/** Makes the service answer this operation with success once, without carrying it out. */
const ignore = (control, operation) =>
  control('POST', '/faults', { connection: 'live', operation, fault: { kind: 'body', body: '{}' }, times: 1 });

const backups = ({ slicers, active_slicer_id: active }) => slicers.filter(({ id, enabled }) => enabled && id !== active);

const hasBackups = (group) => group.mode === 'prioritized' && backups(group).length >= 2;

const undo = (page) => page.getByRole('button', { name: 'Undo' });

story('an order that the service ignores is shown as not verified, and its draft stays', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const wanted = [ids[1], ids[0], ...ids.slice(2)];
  await ignore(control, 'order slicers');
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await draftBar(page).getByText(`Not verified: Live channels accepted the change. The order is unchanged: ${ids.join(', ')}.`).waitFor(TIMEOUT);
  assert.deepEqual(await shown(page), wanted);
  assert.equal(await undo(page).count(), 0);
  await draftBar(page).getByRole('button', { name: 'Dismiss' }).click();
  await save(page);
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), wanted);
});

story('an eligibility and a setting that the service ignores are not shown as done', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures, hasBackups);
  const [backup] = backups(group);
  await ignore(control, 'order slicers');
  await page.getByRole('switch', { name: `Eligible for failover ${backup.id}` }).click();
  await statusShows(page, `It is not in effect: ${backup.id} is still eligible.`);
  assert.equal(await undo(page).count(), 0);
  const failback = page.getByRole('switch', { name: 'Auto failback' });
  const was = await failback.getAttribute('aria-checked');
  await ignore(control, 'configure group');
  await failback.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: /^Turn o/ }).click();
  await dialog.getByRole('heading', { name: 'The change was not found in effect' }).waitFor(TIMEOUT);
  assert.equal(await failback.getAttribute('aria-checked'), was);
  assert.equal(await undo(page).count(), 0);
});

story('a channel and an owner that the service ignores are not shown as done', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  const [spare] = system(await world(), 'live').spare_channels;
  const owners = page.getByRole('region', { name: 'Allowed owners' });
  await owners.getByRole('button', { name: 'Show' }).click();
  for (const [what, label, operation, id] of [
    ['Add channel', 'Channel id', 'change channels', spare.id],
    ['Add owner', 'Owner id', 'change allowed owners', 'abcdef0123456789abcdef0123456789'],
  ]) {
    await ignore(control, operation);
    await page.getByRole('button', { name: what }).click(TIMEOUT);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(label).fill(id);
    await dialog.getByRole('button', { name: what }).click();
    await dialog.getByRole('heading', { name: 'The change was not found in effect' }).waitFor(TIMEOUT);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
  }
  const saved = await currentGroup(world, group.id);
  assert.deepEqual([saved.channels, saved.allowed_owners], [group.channels, group.allowed_owners]);
});

story('an eligibility is not changed if another slicer is on air than was seen', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures, hasBackups);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${group.active_slicer_id}`, { healthy: false });
  const { active_slicer_id: active } = await currentGroup(world, group.id);
  assert.ok(backups(group).some(({ id }) => id === active), 'a backup went on air');
  await page.getByRole('switch', { name: `Eligible for failover ${active}` }).click();
  await statusShows(page, new RegExp(`^Nothing was sent: The order is now .* ${active} is on air\\.`));
  assert.equal(await countRequests(control, 'order slicers'), 0);
});

story('two eligibilities can be changed in succession, and only the last one can be undone', async (fixtures) => {
  const { page, world } = fixtures;
  const wanted = (group) => hasBackups(group) && backups(group).length >= 3;
  const group = await openGroup(fixtures, wanted);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  const [one, two] = backups(group).map(({ id }) => id);
  const enabled = async (id) => (await currentGroup(world, group.id)).slicers.find((slicer) => slicer.id === id).enabled;
  for (const id of [one, two]) {
    await page.getByRole('switch', { name: `Eligible for failover ${id}` }).click();
    await statusShows(page, `${id} is now not eligible.`);
  }
  await eventually(async () => assert.equal(await undo(page).count(), 1));
  await undo(page).click();
  await eventually(async () => assert.ok(await enabled(two)), 20_000);
  assert.equal(await enabled(one), false);
});

/** Turns auto failback off, and waits for Undo. */
const turnOff = async (page) => {
  const failback = page.getByRole('switch', { name: 'Auto failback' });
  await failback.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Turn off' }).click();
  await eventually(async () => assert.equal(await failback.getAttribute('aria-checked'), 'false'), 20_000);
  await undo(page).waitFor(TIMEOUT);
};

story('the next change removes Undo', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures, (one) => hasBackups(one) && one.auto_failback);
  await turnOff(page);
  const [other] = backups(group);
  await page.getByRole('button', { name: `Activate ${other.id}` }).click(TIMEOUT);
  await page.getByRole('dialog', { name: `Activate ${other.id}?` }).getByRole('button', { name: 'Activate' }).click();
  await statusShows(page, `${other.id} is on air.`);
  assert.equal(await undo(page).count(), 0);
});

story('an Undo is not sent if another slicer went on air', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures, (one) => hasBackups(one) && one.auto_failback);
  await turnOff(page);
  const { active_slicer_id: active } = await currentGroup(world, group.id);
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${active}`, { healthy: false });
  await eventually(async () => assert.notEqual((await currentGroup(world, group.id)).active_slicer_id, active));
  await undo(page).click();
  await statusShows(page, /Nothing was sent: .* is on air\./);
  assert.equal((await currentGroup(world, group.id)).auto_failback, false);
});

story('an order is not saved if the service does not report an eligibility', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures, hasBackups);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await control('POST', '/faults', { connection: 'live', operation: 'get group', fault: { kind: 'replace', find: '"enabled":true', with: '"enabled":null' } });
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  const { id } = group.slicers.find(({ enabled }) => enabled);
  await draftBar(page).getByText(`Nothing was sent: Uplynk does not report the eligibility of ${id}, and this change would have to set it.`).waitFor(TIMEOUT);
  assert.equal(await countRequests(control, 'order slicers'), 0);
  await control('DELETE', '/faults');
  await draftBar(page).getByRole('button', { name: 'Dismiss' }).click();
  await save(page);
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), [ids[1], ids[0], ...ids.slice(2)]);
});
