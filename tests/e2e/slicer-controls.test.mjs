// The other controls of a slicer group: mode, auto failback, eligibility, activation, slate, channels and owners. Each
// describes its effect, is sent once, and shows the resulting state of the service.

import assert from 'node:assert/strict';
import { START, accessible, eventually, story } from './harness.mjs';
import { draftBar, findGroup, focused, inOrder, items, currentGroup, openGroup, isPrioritized, shown } from './support/slicers.mjs';
import { path, system } from './support/worlds.mjs';

const TIMEOUT = { timeout: 20_000 };

const statusShows = (page, text) => page.getByRole('status').getByText(text).first().waitFor(TIMEOUT);

/** The notices of changes, without those of failovers. */
const notices = (page) => page.locator('.notices [role="status"] .notice');

const countRequests = async (control, name) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(({ operation }) => operation === name).length;
};

const withoutFailback = ({ mode, auto_failback: on, slicers }) => mode === 'prioritized' && !on && slicers.length >= 3;

const confirm = async (dialog, text) => dialog.getByLabel(/^Type .* to confirm/).fill(text);

story('a change of the failover mode warns of the lost order, and offers it as a draft afterwards', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const modes = page.getByRole('radiogroup', { name: 'Failover mode' });
  await modes.getByText('Flat').click();
  const dialog = page.getByRole('dialog', { name: `Switch ${group.name} to flat mode?` });
  await dialog.getByText(/Every position is lost/).waitFor();
  await accessible(page);
  assert.ok(await modes.getByRole('radio', { name: 'Prioritized', includeHidden: true }).isChecked(), 'nothing has changed yet');
  await dialog.getByRole('button', { name: 'Switch mode' }).dblclick();
  await statusShows(page, /^Live channels accepted the change\. .* is on air\. The mode is flat/);
  await page.getByText('flat mode: positions do not apply').waitFor(TIMEOUT);
  assert.equal(await countRequests(control, 'configure group'), 1);
  // The vendor lists the slicers in another order than the lost one.
  const listed = ids.toReversed();
  await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: listed });
  await eventually(async () => assert.deepEqual(await shown(page), listed), 20_000);
  await modes.getByText('Prioritized').click();
  const back = page.getByRole('dialog', { name: `Switch ${group.name} to prioritized mode?` });
  await back.getByText(`Uplynk resets every position to the order in which it lists the slicers: ${listed.join(', ')}.`).waitFor();
  await back.getByRole('button', { name: 'Switch mode' }).click();
  await statusShows(page, `Its order is now ${listed.join(', ')}.`);
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width: 320, height });
  const isComplete = () => notices(page).locator('> span').evaluate((one) => one.scrollHeight <= one.clientHeight);
  await eventually(async () => assert.ok(await isComplete()));
  await page.setViewportSize({ width, height });
  const offer = page.getByRole('group', { name: 'Order before flat mode' });
  await offer.getByText(`Before flat mode the order was ${ids.join(', ')}.`).waitFor(TIMEOUT);
  await offer.getByRole('button', { name: 'Restore as a draft' }).click();
  await eventually(async () => assert.deepEqual(await shown(page), ids));
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await statusShows(page, 'Order saved and verified.');
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), ids);
  await offer.waitFor({ state: 'detached' });
});

story('keeping the order after flat mode returns the focus to the list', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  const modes = page.getByRole('radiogroup', { name: 'Failover mode' });
  const change = async (mode) => {
    await modes.getByText(mode).click();
    const dialog = page.getByRole('dialog', { name: `Switch ${group.name} to ${mode.toLowerCase()} mode?` });
    await dialog.getByRole('button', { name: 'Switch mode' }).click();
    await statusShows(page, new RegExp(`The mode is ${mode.toLowerCase()}`));
  };
  await change('Flat');
  const listed = inOrder(group).toReversed();
  await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: listed });
  await eventually(async () => assert.deepEqual(await shown(page), listed), 20_000);
  await change('Prioritized');
  const offer = page.getByRole('group', { name: 'Order before flat mode' });
  await offer.getByRole('button', { name: 'Keep the order as it is' }).press('Enter', TIMEOUT);
  await offer.waitFor({ state: 'detached' });
  await eventually(async () => assert.ok(await items(page).first().evaluate((item) => item.contains(document.activeElement))));
});

story('auto failback is explained, changed, verified and undone', async (fixtures) => {
  const { page, world } = fixtures;
  const group = await openGroup(fixtures);
  assert.ok(group.auto_failback);
  const control = page.getByRole('switch', { name: 'Auto failback' });
  await control.click();
  const dialog = page.getByRole('dialog', { name: `Turn auto failback off for ${group.name}?` });
  await dialog.getByText(/stays until it fails/).waitFor();
  assert.equal(await control.getAttribute('aria-checked'), 'true');
  await dialog.getByRole('button', { name: 'Turn off' }).click();
  await statusShows(page, /^Live channels accepted the change\. .* is on air\. The mode is prioritized, auto failback is off\./);
  // The notice and the page agree at once: the page shows what was read to verify the change.
  assert.equal(await control.getAttribute('aria-checked'), 'false');
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.ok((await currentGroup(world, group.id)).auto_failback), 20_000);
});

story('in flat mode auto failback is disabled, with the reason', async (fixtures) => {
  const { page } = fixtures;
  const flat = await findGroup(fixtures.world, ({ mode }) => mode === 'flat');
  await fixtures.visit(path('slicers', 'live', flat.id));
  const control = page.getByRole('switch', { name: 'Auto failback' });
  assert.ok(await control.isDisabled());
  await page.getByText('Applies in prioritized mode only.').waitFor();
});

story("a backup's eligibility changes without confirmation, with Undo", async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  const backup = group.slicers.find(({ id, enabled }) => enabled && id !== group.active_slicer_id);
  const ready = group.slicers.filter(({ id, enabled }) => enabled && id !== group.active_slicer_id).length;
  assert.ok(ready >= 2, 'there is another backup');
  const eligible = page.getByRole('switch', { name: `Eligible for failover ${backup.id}` });
  await eligible.click();
  await statusShows(page, `${backup.id} is now not eligible.`);
  await eventually(async () => assert.equal(await eligible.getAttribute('aria-checked'), 'false'), 20_000);
  const saved = await currentGroup(world, group.id);
  assert.equal(saved.slicers.find(({ id }) => id === backup.id).enabled, false);
  assert.deepEqual(inOrder(saved), inOrder(group), 'the order is unchanged');
  assert.equal(await countRequests(control, 'order slicers'), 1);
  await page.getByRole('button', { name: 'Undo' }).click();
  assert.equal(await focused(page), backup.id);
  await eventually(async () => assert.equal((await currentGroup(world, group.id)).slicers.find(({ id }) => id === backup.id).enabled, true), 20_000);
});

story('an eligibility change in progress is not sent again', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  const backup = group.slicers.find(({ id, enabled }) => enabled && id !== group.active_slicer_id);
  const delayed = [];
  await page.route('**/relay/live/**', async (route) => {
    if (route.request().method() !== 'GET') await new Promise((release) => delayed.push(release));
    await route.continue();
  });
  const eligible = page.getByRole('switch', { name: `Eligible for failover ${backup.id}` });
  await eligible.click();
  await eventually(() => assert.equal(delayed.length, 1));
  assert.equal(await eligible.getAttribute('aria-busy'), 'true');
  await eligible.click();
  delayed[0]();
  await statusShows(page, `${backup.id} is now not eligible.`);
  await eventually(async () => assert.equal(await eligible.getAttribute('aria-checked'), 'false'), 20_000);
  assert.equal(await eligible.getAttribute('aria-busy'), null);
  assert.equal(delayed.length, 1);
  assert.equal(await countRequests(control, 'order slicers'), 1);
});

story('making the slicer on air not eligible asks first and names its successor', async (fixtures) => {
  const { page, world } = fixtures;
  const group = await openGroup(fixtures);
  const active = group.active_slicer_id;
  await page.getByRole('switch', { name: `Eligible for failover ${active}` }).click();
  const dialog = page.getByRole('dialog', { name: `Make ${active} not eligible for failover?` });
  await dialog.getByText(/This is a switch on air/).waitFor();
  await dialog.getByText(`${active} is on air. Once off air, it does not return automatically.`).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.ok((await currentGroup(world, group.id)).slicers.every((one, at) => one.enabled === group.slicers[at].enabled));
});

const inputs = [
  ['it was focused', (control) => control.focus(), (page) => page.keyboard.press('Space')],
  ['the pointer entered', (control) => control.hover(), async (page) => {
    await page.mouse.down();
    await page.mouse.up();
  }],
];

for (const [since, approach, act] of inputs) {
  story(`a switch whose row has changed its slicer since ${since} needs a second click`, async (fixtures) => {
    const { page, control } = fixtures;
    const group = await openGroup(fixtures);
    const ids = inOrder(group);
    const eligible = (id) => page.getByRole('switch', { name: `Eligible for failover ${id}` });
    const reorder = async (order) => {
      await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: order });
      await eventually(async () => assert.deepEqual(await shown(page), order), 20_000);
    };
    await approach(eligible(ids[2]));
    await reorder([ids[0], ids[2], ids[1], ...ids.slice(3)]);
    await act(page);
    await statusShows(page, `Nothing was sent: the order has changed, and ${ids[1]} is now where ${ids[2]} was. Repeat it if you mean ${ids[1]}.`);
    assert.equal(await countRequests(control, 'order slicers'), 0);
    await act(page);
    await statusShows(page, `${ids[1]} is now not eligible.`);
    assert.equal(await countRequests(control, 'order slicers'), 1);
    // After leaving the list and returning, a click refers to the slicer shown.
    await page.getByRole('heading', { level: 1 }).hover();
    await reorder(ids);
    await eligible(ids[2]).click();
    await statusShows(page, `${ids[2]} is now not eligible.`);
  });
}

story('a tap right after the order has changed does not affect the slicer now in its place', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  // A touch enters the list only with the tap.
  await page.evaluate(() => {
    const list = document.querySelector('ol[aria-label="Slicer order"]');
    new MutationObserver((_, observer) => {
      observer.disconnect();
      list.dispatchEvent(new PointerEvent('pointerenter', { pointerType: 'touch' }));
      list.children[2].querySelector('[role="switch"]').click();
    }).observe(list.children[2].querySelector('b'), { subtree: true, childList: true, characterData: true });
  });
  const order = [ids[0], ids[2], ids[1], ...ids.slice(3)];
  await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: order });
  await statusShows(page, `Nothing was sent: the order has changed, and ${ids[1]} is now where ${ids[2]} was. Repeat it if you mean ${ids[1]}.`);
  assert.equal(await countRequests(control, 'order slicers'), 0);
});

story('on slate the dialog of an activation leads to leaving it, and does not move the slicer', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  assert.ok(group.auto_failback);
  const second = inOrder(group).find((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: 'Switch to slate' }).click();
  const slate = page.getByRole('dialog', { name: `Switch ${group.name} to slate?` });
  await confirm(slate, group.name);
  await slate.getByRole('button', { name: 'Switch to slate' }).click();
  await statusShows(page, 'Live channels accepted the change. The slate is on air.');
  await page.getByRole('button', { name: 'Leave slate' }).waitFor(TIMEOUT);
  await page.getByRole('button', { name: `Activate ${second}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${second}?` });
  await dialog.getByText('The slate is on air, and no position ends it.').waitFor();
  await accessible(page);
  assert.equal(await dialog.getByRole('button', { name: `Move ${second} to position 1` }).count(), 0);
  await dialog.getByRole('button', { name: 'Leave slate…' }).click();
  await page.getByRole('dialog', { name: `Leave slate on ${group.name}?` }).waitFor();
});

story('with auto failback on, the dialog of an activation explains this and offers two alternatives', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const second = ids.find((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: `Activate ${second}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${second}?` });
  await dialog.getByText(/While auto failback is on/).waitFor();
  await accessible(page);
  await dialog.getByRole('button', { name: `Move ${second} to position 1` }).click();
  await eventually(async () => assert.equal((await shown(page))[0], second));
  await statusShows(page, `${second} moved from position ${ids.indexOf(second) + 1} to 1 of ${ids.length}`);
  await eventually(async () => assert.equal(await focused(page), second));
  await draftBar(page).getByRole('button', { name: 'Discard changes' }).click();
  await page.getByRole('button', { name: `Activate ${second}` }).click();
  await dialog.getByRole('button', { name: 'Turn auto failback off…' }).click();
  await page.getByRole('dialog', { name: `Turn auto failback off for ${group.name}?` }).waitFor();
  assert.equal(await countRequests(control, 'activate slicer'), 0);
});

story('the dialog of an activation cannot move a slicer while an order is being saved', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  assert.ok(group.auto_failback);
  const ids = inOrder(group);
  const saved = [...ids.slice(0, -2), ids.at(-1), ids.at(-2)];
  const other = saved.slice(1).find((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: `Move down ${ids.at(-2)}` }).click();
  await control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'latency', milliseconds: 5000 }, times: 1 });
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await draftBar(page).getByRole('button', { name: 'Saving…' }).waitFor(TIMEOUT);
  await page.getByRole('button', { name: `Activate ${other}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${other}?` });
  const move = dialog.getByRole('button', { name: `Move ${other} to position 1` });
  await move.waitFor();
  assert.ok(await move.isDisabled());
  assert.equal(await move.getAttribute('title'), 'The order is being saved.');
  await eventually(async () => assert.ok(await move.isEnabled()), 20_000);
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), saved);
  await move.click();
  await dialog.waitFor({ state: 'detached' });
  await eventually(async () => assert.deepEqual(await shown(page), [other, ...saved.filter((id) => id !== other)]));
  await draftBar(page).getByRole('button', { name: 'Save order' }).waitFor();
});

story('in flat mode with auto failback on, the dialog of an activation leads to prioritized mode', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  assert.ok(group.auto_failback);
  const second = inOrder(group).find((id) => id !== group.active_slicer_id);
  await page.getByRole('radiogroup', { name: 'Failover mode' }).getByText('Flat').click();
  await page.getByRole('dialog', { name: `Switch ${group.name} to flat mode?` }).getByRole('button', { name: 'Switch mode' }).click();
  await page.getByText('flat mode: positions do not apply').waitFor(TIMEOUT);
  assert.ok(await page.getByRole('switch', { name: 'Auto failback' }).isDisabled());
  await page.getByRole('button', { name: `Activate ${second}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${second}?` });
  await dialog.getByText(/rejects activating a slicer in flat mode too/).waitFor();
  await dialog.getByText('Auto failback can be turned off in prioritized mode only.').waitFor();
  await accessible(page);
  for (const name of ['Turn auto failback off…', `Move ${second} to position 1`]) {
    assert.equal(await dialog.getByRole('button', { name }).count(), 0, name);
  }
  await dialog.getByRole('button', { name: 'Switch to prioritized mode…' }).click();
  await page.getByRole('dialog', { name: `Switch ${group.name} to prioritized mode?` }).waitFor();
  assert.equal(await countRequests(control, 'activate slicer'), 0);
});

story('activating a slicer shows its effect first and is sent once', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures, withoutFailback);
  const other = inOrder(group).find((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: `Activate ${other}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${other}?` });
  await dialog.getByText(`${group.active_slicer_id} goes off air. ${other} goes on air and stays until it fails.`).waitFor();
  await dialog.getByRole('button', { name: 'Activate' }).dblclick();
  await statusShows(page, `Live channels accepted the change. ${other} is on air.`);
  // The button that opened the dialog is gone.
  await eventually(async () => assert.equal(await focused(page), other));
  assert.equal(await countRequests(control, 'activate slicer'), 1);
  assert.equal((await currentGroup(world, group.id)).active_slicer_id, other);
  assert.equal(await items(page).filter({ hasText: other }).getByText('On air').count(), 1);
});

story('activating a slicer that is not ready requires typing its id, and the error is shown', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(/status of 400/);
  const group = await findGroup(fixtures.world, withoutFailback);
  const other = inOrder(group).find((id) => id !== group.active_slicer_id);
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${other}`, { healthy: false });
  await fixtures.visit(path('slicers', 'live', group.id));
  await page.getByRole('button', { name: `Activate ${other}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${other}?` });
  await dialog.getByText(`${other} is unhealthy.`).waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Activate' }).isDisabled());
  await confirm(dialog, other);
  await dialog.getByRole('button', { name: 'Activate' }).click();
  await dialog.getByText('The Live Slicer is not healthy').waitFor(TIMEOUT);
});

story('switching to slate requires a confirmation, is sent once, and can be left', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  await page.getByRole('button', { name: 'Switch to slate' }).click();
  const dialog = page.getByRole('dialog', { name: `Switch ${group.name} to slate?` });
  await dialog.getByText(/Every viewer sees the slate/).waitFor();
  await accessible(page);
  const act = dialog.getByRole('button', { name: 'Switch to slate' });
  assert.ok(await act.isDisabled());
  await confirm(dialog, 'something else');
  assert.ok(await act.isDisabled());
  await confirm(dialog, group.name);
  await act.click();
  await statusShows(page, 'Live channels accepted the change. The slate is on air.');
  assert.match(await notices(page).locator('time').innerText(), /^\d\d:\d\d:\d\d$/);
  assert.equal((await currentGroup(world, group.id)).active_slicer_id, 'no_slicer');
  await page.getByRole('region', { name: 'Group facts' }).getByText(/slate/i).first().waitFor(TIMEOUT);
  await page.getByRole('button', { name: 'Leave slate' }).click();
  const leave = page.getByRole('dialog', { name: `Leave slate on ${group.name}?` });
  await leave.getByText(/^The service puts a healthy, eligible slicer on air/).waitFor();
  await leave.getByRole('button', { name: 'Leave slate' }).click();
  await statusShows(page, `Live channels accepted the change. ${group.active_slicer_id} is on air.`);
  assert.equal(await notices(page).count(), 1, 'the notice of the slate is no longer true');
  assert.equal(await countRequests(control, 'set slate'), 2);
});

story('an activation is not sent if another slicer went on air since its dialog was opened', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures, withoutFailback);
  const [other, third] = inOrder(group).filter((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: `Activate ${third}` }).click();
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${group.active_slicer_id}`, { healthy: false });
  const dialog = page.getByRole('dialog', { name: `Activate ${third}?` });
  await dialog.getByRole('button', { name: 'Activate' }).click();
  await dialog.getByText(`${other} is on air.`).waitFor(TIMEOUT);
  assert.equal(await countRequests(control, 'activate slicer'), 0);
});

story('a channel is added, rejected if another group has it, and removed with Undo', async (fixtures) => {
  const { page, world, control, complaints } = fixtures;
  complaints.expect(/status of 409/);
  const group = await openGroup(fixtures);
  const live = system(await world(), 'live');
  const [spare] = live.spare_channels;
  const taken = live.groups.find(({ id, channels }) => id !== group.id && channels.length > 0).channels[0];
  await page.getByRole('button', { name: 'Add channel' }).click();
  const dialog = page.getByRole('dialog', { name: `Add a channel to ${group.name}?` });
  const field = dialog.getByLabel('Channel id');
  await field.fill('not an id');
  await dialog.getByText('“n” is not a hexadecimal digit.').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Add channel' }).isDisabled());
  await field.fill(taken.id);
  await dialog.getByRole('button', { name: 'Add channel' }).click();
  await dialog.getByText(`Channel ${taken.id} is already in a failover group`).waitFor(TIMEOUT);
  await field.fill(spare.id);
  await dialog.getByRole('button', { name: 'Add channel' }).click();
  await statusShows(page, new RegExp(`The group now feeds .*${spare.desc}`));
  assert.ok((await currentGroup(world, group.id)).channels.some(({ id }) => id === spare.id));
  await page.getByRole('button', { name: `Remove channel ${spare.desc}` }).click(TIMEOUT);
  const remove = page.getByRole('dialog', { name: `Remove ${spare.desc} from ${group.name}?` });
  await confirm(remove, spare.desc);
  await remove.getByRole('button', { name: 'Remove channel' }).click();
  await eventually(async () => assert.ok(!(await currentGroup(world, group.id)).channels.some(({ id }) => id === spare.id)), 20_000);
  await page.getByRole('button', { name: 'Undo' }).last().click(TIMEOUT);
  await eventually(async () => assert.ok((await currentGroup(world, group.id)).channels.some(({ id }) => id === spare.id)), 20_000);
  assert.equal(await countRequests(control, 'change channels'), 4);
});

story('allowed owners are loaded when opened, and can be added and removed', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  assert.equal(await countRequests(control, 'list allowed owners'), 0);
  const panel = page.getByRole('region', { name: 'Allowed owners' });
  await panel.getByRole('button', { name: 'Show' }).click();
  const owners = panel.getByRole('list', { name: 'Allowed owners' }).getByRole('listitem');
  const savedOwners = async () => (await currentGroup(world, group.id)).allowed_owners;
  const matches = async () => {
    const texts = await owners.allInnerTexts();
    assert.deepEqual(texts.map((text) => text.trim()), await savedOwners());
  };
  if ((await savedOwners()).length > 0) await eventually(matches, 20_000);
  const id = 'abcdef0123456789abcdef0123456789';
  await panel.getByRole('button', { name: 'Add owner' }).click();
  const dialog = page.getByRole('dialog', { name: `Add an allowed owner to ${group.name}?` });
  await dialog.getByLabel('Owner id').fill(id);
  await dialog.getByRole('button', { name: 'Add owner' }).click();
  await statusShows(page, /Allowed owners are now: .*abcdef/);
  assert.ok((await savedOwners()).includes(id));
  await eventually(matches, 20_000);
  await panel.getByRole('button', { name: `Remove owner ${id}` }).click();
  await page.getByRole('dialog', { name: `Remove owner ${id} from ${group.name}?` }).getByRole('button', { name: 'Remove owner' }).click();
  await eventually(async () => assert.ok(!(await savedOwners()).includes(id)), 20_000);
});

/** Shows the allowed owners and opens the dialog that adds this one. */
async function openOwners(fixtures, id) {
  const { page, world } = fixtures;
  const group = await openGroup(fixtures);
  const panel = page.getByRole('region', { name: 'Allowed owners' });
  await panel.getByRole('button', { name: 'Show' }).click();
  await panel.getByText('Read now.').waitFor(TIMEOUT);
  await panel.getByRole('button', { name: 'Add owner' }).click();
  const dialog = page.getByRole('dialog', { name: `Add an allowed owner to ${group.name}?` });
  await dialog.getByLabel('Owner id').fill(id);
  return {
    panel,
    dialog,
    add: dialog.getByRole('button', { name: 'Add owner' }),
    owner: panel.getByRole('listitem').filter({ hasText: id }),
    isSaved: async () => (await currentGroup(world, group.id)).allowed_owners.includes(id),
  };
}

story('allowed owners are loaded again after an Undo, and show their age', async (fixtures) => {
  const { page } = fixtures;
  const id = 'abcdef0123456789abcdef0123456789';
  const { panel, add, owner, isSaved } = await openOwners(fixtures, id);
  await add.click();
  await owner.waitFor(TIMEOUT);
  // So briefly that nothing else on the page becomes stale.
  await page.clock.setFixedTime(new Date(Date.parse(START) + 4_000));
  await panel.getByText('Read 4 s ago.').waitFor(TIMEOUT);
  await panel.getByRole('button', { name: `Remove owner ${id}` }).click();
  const dialog = page.getByRole('dialog', { name: `Remove owner ${id} from` });
  await dialog.getByRole('button', { name: 'Remove owner' }).click();
  await owner.waitFor({ state: 'detached', ...TIMEOUT });
  await panel.getByText('Read now.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await owner.waitFor(TIMEOUT);
  assert.ok(await isSaved());
});

story('allowed owners are loaded again after a change whose dialog was closed while it was sent', async (fixtures) => {
  const { page, control } = fixtures;
  const { dialog, add, owner, isSaved } = await openOwners(fixtures, 'abcdef0123456789abcdef0123456789');
  await control('POST', '/faults', { connection: 'live', operation: 'change allowed owners', fault: { kind: 'latency', milliseconds: 4000 }, times: 1 });
  await add.click();
  await dialog.getByRole('button', { name: 'Sending…' }).waitFor(TIMEOUT);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });
  const sending = page.getByRole('status').getByText(/^Add an allowed owner to .*: still being sent\. The outcome follows\.$/);
  await sending.waitFor();
  assert.equal(await isSaved(), false, 'it is still being sent');
  await statusShows(page, /Allowed owners are now: /);
  await sending.waitFor({ state: 'detached' });
  await owner.waitFor(TIMEOUT);
  assert.ok(await isSaved());
});

story('an Undo of auto failback that switches the slicer on air says so', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures, (one) => isPrioritized(one) && one.auto_failback);
  const [first, second] = inOrder(group);
  assert.equal(group.active_slicer_id, first);
  // The single group is read with its backup on air, although the first slicer is healthy.
  const fault = { kind: 'replace', find: `"active_slicer_id":"${first}"`, with: `"active_slicer_id":"${second}"` };
  await control('POST', '/faults', { connection: 'live', operation: 'get group', fault });
  await page.getByRole('switch', { name: 'Auto failback' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Turn off' }).click();
  const off = `${second} is on air. The mode is prioritized, auto failback is off.`;
  await statusShows(page, `${off} Undo: This is a switch on air: ${first} goes on air as soon as it is done.`);
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.ok((await currentGroup(world, group.id)).auto_failback), 20_000);
});

story('the dialog of an activation follows the group: once possible, the activation is offered', async (fixtures) => {
  const { page, control } = fixtures;
  // A group whose slicers are in no other group, so that the fault below affects this one only.
  const group = await openGroup(fixtures, ({ name }) => name === 'Sports Main');
  assert.ok(group.auto_failback);
  const second = inOrder(group)[1];
  await page.getByRole('button', { name: `Activate ${second}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${second}?` });
  await dialog.getByText(/While auto failback is on/).waitFor();
  const off = dialog.getByRole('button', { name: 'Turn auto failback off…' });
  await dialog.getByRole('button', { name: `Move ${second} to position 1` }).waitFor();
  await off.focus();
  // As if another person turned it off.
  const settings = (on) => `"active_slicer_id":"${group.active_slicer_id}","auto_failback":${on}`;
  for (const operation of ['list groups', 'get group']) {
    await control('POST', '/faults', { connection: 'live', operation, fault: { kind: 'replace', find: settings(true), with: settings(false) } });
  }
  await dialog.getByText(`${second} can be activated now.`).waitFor(TIMEOUT);
  await off.waitFor({ state: 'detached' });
  assert.equal(await dialog.getByRole('button', { name: `Move ${second} to position 1` }).count(), 0);
  const isInside = () => dialog.evaluate((one) => one.contains(document.activeElement) && one !== document.activeElement);
  await eventually(async () => assert.ok(await isInside(), 'the focus stays in the dialog'));
  await accessible(page);
  await dialog.getByRole('button', { name: 'Activate…' }).click();
  await dialog.getByText(`${group.active_slicer_id} goes off air. ${second} goes on air and stays until it fails.`).waitFor();
  assert.equal(await countRequests(control, 'activate slicer'), 0);
});

/** Whether a button is focused and visible. */
const isTarget = (button) => button.evaluate((one) => {
  const { top, bottom } = one.getBoundingClientRect();
  return one === document.activeElement && top >= 0 && bottom <= window.innerHeight;
});

story('the alarm of a group on slate leads to the focused button Leave slate', async ({ page, visit, control, reread }) => {
  await control('PUT', '/scenario', { name: 'incident' });
  await reread();
  await visit('/');
  await page.getByRole('list', { name: 'Alarms' }).getByRole('button', { name: /^Leave slate / }).first().click();
  const leave = page.getByRole('button', { name: 'Leave slate', exact: true });
  await eventually(async () => assert.ok(await isTarget(leave)), 20_000);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: /^Leave slate on / }).waitFor();
});

story('on a phone the address of an alarm leads to the focused button Leave slate', { viewport: { width: 390, height: 844 } }, async (fixtures) => {
  const { page, visit, world, control, reread } = fixtures;
  await control('PUT', '/scenario', { name: 'incident' });
  await reread();
  const group = await findGroup(world, ({ active_slicer_id: active }) => active === 'no_slicer');
  await visit(`${path('slicers', 'live', group.id)}?action=leave-slate`);
  const leave = page.getByRole('button', { name: 'Leave slate', exact: true });
  await eventually(async () => assert.ok(await isTarget(leave)), 20_000);
});

for (const scheme of ['light', 'dark']) {
  story(`the page with a draft, a conflict and every control is accessible in ${scheme}`, { colorScheme: scheme }, async (fixtures) => {
    const { page, control } = fixtures;
    const group = await openGroup(fixtures, isPrioritized);
    const ids = inOrder(group);
    await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
    await draftBar(page).waitFor();
    await accessible(page);
    await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: ids.toReversed() });
    await draftBar(page).getByRole('region', { name: 'Conflict' }).waitFor(TIMEOUT);
    await accessible(page);
  });
}
