// The other controls of a slicer group: mode, auto failback, eligibility, what is on air, channels and
// owners. Each says what it will do, does it once, and tells what the service then holds.

import assert from 'node:assert/strict';
import { START, accessible, eventually, story } from './harness.mjs';
import { bar, find, inOrder, items, now, open, ordered, shown } from './support/slicers.mjs';
import { path, system } from './support/worlds.mjs';

const PATIENCE = { timeout: 20_000 };

const said = (page, words) => page.getByRole('status').getByText(words).first().waitFor(PATIENCE);

const sent = async (control, name) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(({ operation }) => operation === name).length;
};

const byHand = ({ mode, auto_failback: on, slicers }) => mode === 'prioritized' && !on && slicers.length >= 3;

const confirm = async (dialog, text) => dialog.getByLabel(/^Type .* to confirm/).fill(text);

story('the failover mode says what is lost, changes once, and the old order is offered as a draft', async (told) => {
  const { page, world, control } = told;
  const group = await open(told);
  const ids = inOrder(group);
  const modes = page.getByRole('radiogroup', { name: 'Failover mode' });
  await modes.getByText('Flat').click();
  const dialog = page.getByRole('dialog', { name: `Switch ${group.name} to flat mode?` });
  await dialog.getByText(/Every position is lost/).waitFor();
  await accessible(page);
  assert.ok(await modes.getByRole('radio', { name: 'Prioritized', includeHidden: true }).isChecked(), 'nothing has changed yet');
  await dialog.getByRole('button', { name: 'Switch mode' }).dblclick();
  await said(page, /^Live channels accepted the change\. .* is on air\. The mode is flat/);
  await page.getByText('flat mode: positions do not apply').waitFor(PATIENCE);
  assert.equal(await sent(control, 'configure group'), 1);
  // The vendor lists them in another order than the one that was lost.
  const listed = ids.toReversed();
  await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: listed });
  await eventually(async () => assert.deepEqual(await shown(page), listed), 20_000);
  await modes.getByText('Prioritized').click();
  const back = page.getByRole('dialog', { name: `Switch ${group.name} to prioritized mode?` });
  await back.getByText(`Uplynk resets every position to the order in which it lists the slicers: ${listed.join(', ')}.`).waitFor();
  await back.getByRole('button', { name: 'Switch mode' }).click();
  await said(page, `Its order is now ${listed.join(', ')}.`);
  const offer = page.getByRole('group', { name: 'Order before flat mode' });
  await offer.getByText(`Before flat mode the order was ${ids.join(', ')}.`).waitFor(PATIENCE);
  await offer.getByRole('button', { name: 'Restore as a draft' }).click();
  await eventually(async () => assert.deepEqual(await shown(page), ids));
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await said(page, 'Order saved and verified.');
  assert.deepEqual(inOrder(await now(world, group.id)), ids);
  await offer.waitFor({ state: 'detached' });
});

story('whoever keeps the order that flat mode left stays in the list', async (told) => {
  const { page, control } = told;
  const group = await open(told);
  const modes = page.getByRole('radiogroup', { name: 'Failover mode' });
  const change = async (mode) => {
    await modes.getByText(mode).click();
    const dialog = page.getByRole('dialog', { name: `Switch ${group.name} to ${mode.toLowerCase()} mode?` });
    await dialog.getByRole('button', { name: 'Switch mode' }).click();
    await said(page, new RegExp(`The mode is ${mode.toLowerCase()}`));
  };
  await change('Flat');
  const listed = inOrder(group).toReversed();
  await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: listed });
  await eventually(async () => assert.deepEqual(await shown(page), listed), 20_000);
  await change('Prioritized');
  const offer = page.getByRole('group', { name: 'Order before flat mode' });
  await offer.getByRole('button', { name: 'Keep the order as it is' }).press('Enter', PATIENCE);
  await offer.waitFor({ state: 'detached' });
  await eventually(async () => assert.ok(await items(page).first().evaluate((item) => item.contains(document.activeElement))));
});

story('auto failback is explained, changed, read back and undone', async (told) => {
  const { page, world } = told;
  const group = await open(told);
  assert.ok(group.auto_failback);
  const control = page.getByRole('switch', { name: 'Auto failback' });
  await control.click();
  const dialog = page.getByRole('dialog', { name: `Turn auto failback off for ${group.name}?` });
  await dialog.getByText(/stays until it fails/).waitFor();
  assert.equal(await control.getAttribute('aria-checked'), 'true');
  await dialog.getByRole('button', { name: 'Turn off' }).click();
  await said(page, /^Live channels accepted the change\. .* is on air\. The mode is prioritized, auto failback is off\./);
  await eventually(async () => assert.equal(await control.getAttribute('aria-checked'), 'false'), 20_000);
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.ok((await now(world, group.id)).auto_failback), 20_000);
});

story('in flat mode auto failback is disabled, with the reason', async (told) => {
  const { page } = told;
  const flat = await find(told.world, ({ mode }) => mode === 'flat');
  await told.visit(path('slicers', 'live', flat.id));
  const control = page.getByRole('switch', { name: 'Auto failback' });
  assert.ok(await control.isDisabled());
  await page.getByText('Applies in prioritized mode only.').waitFor();
});

story('a backup is left out and taken in at once, with a way back', async (told) => {
  const { page, world, control } = told;
  const group = await open(told);
  const backup = group.slicers.find(({ id, enabled }) => enabled && id !== group.active_slicer_id);
  const ready = group.slicers.filter(({ id, enabled }) => enabled && id !== group.active_slicer_id).length;
  assert.ok(ready >= 2, 'there is another backup');
  const eligible = page.getByRole('switch', { name: `Eligible for failover ${backup.id}` });
  await eligible.click();
  await said(page, `${backup.id} is now not eligible.`);
  await eventually(async () => assert.equal(await eligible.getAttribute('aria-checked'), 'false'), 20_000);
  const held = await now(world, group.id);
  assert.equal(held.slicers.find(({ id }) => id === backup.id).enabled, false);
  assert.deepEqual(inOrder(held), inOrder(group), 'the order is as it was');
  assert.equal(await sent(control, 'order slicers'), 1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.equal((await now(world, group.id)).slicers.find(({ id }) => id === backup.id).enabled, true), 20_000);
});

story('an eligibility that is being changed is not sent again', async (told) => {
  const { page, control } = told;
  const group = await open(told);
  const backup = group.slicers.find(({ id, enabled }) => enabled && id !== group.active_slicer_id);
  const held = [];
  await page.route('**/relay/live/**', async (route) => {
    if (route.request().method() !== 'GET') await new Promise((release) => held.push(release));
    await route.continue();
  });
  const eligible = page.getByRole('switch', { name: `Eligible for failover ${backup.id}` });
  await eligible.click();
  await eventually(() => assert.equal(held.length, 1));
  assert.equal(await eligible.getAttribute('aria-busy'), 'true');
  await eligible.click();
  held[0]();
  await said(page, `${backup.id} is now not eligible.`);
  await eventually(async () => assert.equal(await eligible.getAttribute('aria-checked'), 'false'), 20_000);
  assert.equal(await eligible.getAttribute('aria-busy'), null);
  assert.equal(held.length, 1);
  assert.equal(await sent(control, 'order slicers'), 1);
});

story('leaving out the slicer on air asks first and says who goes on air', async (told) => {
  const { page, world } = told;
  const group = await open(told);
  const active = group.active_slicer_id;
  await page.getByRole('switch', { name: `Eligible for failover ${active}` }).click();
  const dialog = page.getByRole('dialog', { name: `Make ${active} not eligible for failover?` });
  await dialog.getByText(/This is a switch on air/).waitFor();
  await dialog.getByText(`${active} is on air. Once off air, it does not return automatically.`).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.ok((await now(world, group.id)).slicers.every((one, at) => one.enabled === group.slicers[at].enabled));
});

const turns = [
  ['the focus', (control) => control.focus(), (page) => page.keyboard.press('Space')],
  ['the pointer', (control) => control.hover(), async (page) => {
    await page.mouse.down();
    await page.mouse.up();
  }],
];

for (const [what, turn, act] of turns) {
  story(`a row that shows another slicer since ${what} came to the list sends nothing, and says so once`, async (told) => {
    const { page, control } = told;
    const group = await open(told);
    const ids = inOrder(group);
    const eligible = (id) => page.getByRole('switch', { name: `Eligible for failover ${id}` });
    const reorder = async (order) => {
      await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: order });
      await eventually(async () => assert.deepEqual(await shown(page), order), 20_000);
    };
    await turn(eligible(ids[2]));
    await reorder([ids[0], ids[2], ids[1], ...ids.slice(3)]);
    await act(page);
    await said(page, `Nothing was sent: the order has changed, and ${ids[1]} is now where ${ids[2]} was. Repeat it if you mean ${ids[1]}.`);
    assert.equal(await sent(control, 'order slicers'), 0);
    await act(page);
    await said(page, `${ids[1]} is now not eligible.`);
    assert.equal(await sent(control, 'order slicers'), 1);
    // Who turns to the list anew means what it shows.
    await page.getByRole('heading', { level: 1 }).hover();
    await reorder(ids);
    await eligible(ids[2]).click();
    await said(page, `${ids[2]} is now not eligible.`);
  });
}

story('a tap right after the order has changed does not act on the slicer that has come under it', async (told) => {
  const { page, control } = told;
  const group = await open(told);
  const ids = inOrder(group);
  // A touch comes into the list only as it acts.
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
  await said(page, `Nothing was sent: the order has changed, and ${ids[1]} is now where ${ids[2]} was. Repeat it if you mean ${ids[1]}.`);
  assert.equal(await sent(control, 'order slicers'), 0);
});

story('on slate the dialog of an activation leads to leaving it, and moves no slicer', async (told) => {
  const { page } = told;
  const group = await open(told);
  assert.ok(group.auto_failback);
  const second = inOrder(group).find((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: 'Switch to slate' }).click();
  const slate = page.getByRole('dialog', { name: `Switch ${group.name} to slate?` });
  await confirm(slate, group.name);
  await slate.getByRole('button', { name: 'Switch to slate' }).click();
  await said(page, 'Live channels accepted the change. The slate is on air.');
  await page.getByRole('button', { name: 'Leave slate' }).waitFor(PATIENCE);
  await page.getByRole('button', { name: `Activate ${second}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${second}?` });
  await dialog.getByText('The slate is on air, and no position ends it.').waitFor();
  await accessible(page);
  assert.equal(await dialog.getByRole('button', { name: `Move ${second} to position 1` }).count(), 0);
  await dialog.getByRole('button', { name: 'Leave slate…' }).click();
  await page.getByRole('dialog', { name: `Leave slate on ${group.name}?` }).waitFor();
});

story('while auto failback is on, activating is explained and its two other ways are offered', async (told) => {
  const { page, control } = told;
  const group = await open(told);
  const ids = inOrder(group);
  const second = ids.find((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: `Activate ${second}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${second}?` });
  await dialog.getByText(/While auto failback is on/).waitFor();
  await accessible(page);
  await dialog.getByRole('button', { name: `Move ${second} to position 1` }).click();
  await eventually(async () => assert.equal((await shown(page))[0], second));
  await said(page, `${second} moved from position ${ids.indexOf(second) + 1} to 1 of ${ids.length}`);
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label')?.split(',')[0]);
  await eventually(async () => assert.equal(await focused(), second));
  await bar(page).getByRole('button', { name: 'Discard changes' }).click();
  await page.getByRole('button', { name: `Activate ${second}` }).click();
  await dialog.getByRole('button', { name: 'Turn auto failback off…' }).click();
  await page.getByRole('dialog', { name: `Turn auto failback off for ${group.name}?` }).waitFor();
  assert.equal(await sent(control, 'activate slicer'), 0);
});

story('while an order is saved the dialog of an activation moves no slicer, and does once it is saved', async (told) => {
  const { page, world, control } = told;
  const group = await open(told);
  assert.ok(group.auto_failback);
  const ids = inOrder(group);
  const saved = [...ids.slice(0, -2), ids.at(-1), ids.at(-2)];
  const other = saved.slice(1).find((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: `Move down ${ids.at(-2)}` }).click();
  await control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'latency', milliseconds: 5000 }, times: 1 });
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await bar(page).getByRole('button', { name: 'Saving…' }).waitFor(PATIENCE);
  await page.getByRole('button', { name: `Activate ${other}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${other}?` });
  const move = dialog.getByRole('button', { name: `Move ${other} to position 1` });
  await move.waitFor();
  assert.ok(await move.isDisabled());
  assert.equal(await move.getAttribute('title'), 'The order is being saved.');
  await eventually(async () => assert.ok(await move.isEnabled()), 20_000);
  assert.deepEqual(inOrder(await now(world, group.id)), saved);
  await move.click();
  await dialog.waitFor({ state: 'detached' });
  await eventually(async () => assert.deepEqual(await shown(page), [other, ...saved.filter((id) => id !== other)]));
  await bar(page).getByRole('button', { name: 'Save order' }).waitFor();
});

story('in flat mode with auto failback stored as on, activating leads to prioritized mode, as the switch says', async (told) => {
  const { page, control } = told;
  const group = await open(told);
  assert.ok(group.auto_failback);
  const second = inOrder(group).find((id) => id !== group.active_slicer_id);
  await page.getByRole('radiogroup', { name: 'Failover mode' }).getByText('Flat').click();
  await page.getByRole('dialog', { name: `Switch ${group.name} to flat mode?` }).getByRole('button', { name: 'Switch mode' }).click();
  await page.getByText('flat mode: positions do not apply').waitFor(PATIENCE);
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
  assert.equal(await sent(control, 'activate slicer'), 0);
});

story('a slicer is activated once, after its effect was read', async (told) => {
  const { page, world, control } = told;
  const group = await open(told, byHand);
  const other = inOrder(group).find((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: `Activate ${other}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${other}?` });
  await dialog.getByText(`${group.active_slicer_id} goes off air. ${other} goes on air and stays until it fails.`).waitFor();
  await dialog.getByRole('button', { name: 'Activate' }).dblclick();
  await said(page, `Live channels accepted the change. ${other} is on air.`);
  assert.equal(await sent(control, 'activate slicer'), 1);
  assert.equal((await now(world, group.id)).active_slicer_id, other);
  await items(page).filter({ hasText: other }).getByText('On air').waitFor(PATIENCE);
});

story('a slicer that is not ready is activated only after its id is typed, and the refusal is told', async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(/status of 400/);
  const group = await find(told.world, byHand);
  const other = inOrder(group).find((id) => id !== group.active_slicer_id);
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${other}`, { healthy: false });
  await told.visit(path('slicers', 'live', group.id));
  await page.getByRole('button', { name: `Activate ${other}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${other}?` });
  await dialog.getByText(`${other} is unhealthy.`).waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Activate' }).isDisabled());
  await confirm(dialog, other);
  await dialog.getByRole('button', { name: 'Activate' }).click();
  await dialog.getByText('The Live Slicer is not healthy').waitFor(PATIENCE);
});

story('the slate is guarded, goes on air once, is an alarm, and is left again', async (told) => {
  const { page, world, control } = told;
  const group = await open(told);
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
  await said(page, 'Live channels accepted the change. The slate is on air.');
  assert.equal((await now(world, group.id)).active_slicer_id, 'no_slicer');
  await page.getByRole('region', { name: 'Group facts' }).getByText(/slate/i).first().waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Leave slate' }).click();
  const leave = page.getByRole('dialog', { name: `Leave slate on ${group.name}?` });
  await leave.getByText(/^The service puts a healthy, eligible slicer on air/).waitFor();
  await leave.getByRole('button', { name: 'Leave slate' }).click();
  await said(page, `Live channels accepted the change. ${group.active_slicer_id} is on air.`);
  assert.equal(await sent(control, 'set slate'), 2);
});

story('what is on air has changed since the dialog was opened: nothing is sent', async (told) => {
  const { page, control } = told;
  const group = await open(told, byHand);
  const [other, third] = inOrder(group).filter((id) => id !== group.active_slicer_id);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: `Activate ${third}` }).click();
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${group.active_slicer_id}`, { healthy: false });
  const dialog = page.getByRole('dialog', { name: `Activate ${third}?` });
  await dialog.getByRole('button', { name: 'Activate' }).click();
  await dialog.getByText(`${other} is on air.`).waitFor(PATIENCE);
  assert.equal(await sent(control, 'activate slicer'), 0);
});

story('a channel is added, refused where another group has it, and removed with a way back', async (told) => {
  const { page, world, control, complaints } = told;
  complaints.expect(/status of 409/);
  const group = await open(told);
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
  await dialog.getByText(`Channel ${taken.id} is already in a failover group`).waitFor(PATIENCE);
  await field.fill(spare.id);
  await dialog.getByRole('button', { name: 'Add channel' }).click();
  await said(page, new RegExp(`The group now feeds .*${spare.desc}`));
  assert.ok((await now(world, group.id)).channels.some(({ id }) => id === spare.id));
  await page.getByRole('button', { name: `Remove channel ${spare.desc}` }).click(PATIENCE);
  const remove = page.getByRole('dialog', { name: `Remove ${spare.desc} from ${group.name}?` });
  await confirm(remove, spare.desc);
  await remove.getByRole('button', { name: 'Remove channel' }).click();
  await eventually(async () => assert.ok(!(await now(world, group.id)).channels.some(({ id }) => id === spare.id)), 20_000);
  await page.getByRole('button', { name: 'Undo' }).last().click(PATIENCE);
  await eventually(async () => assert.ok((await now(world, group.id)).channels.some(({ id }) => id === spare.id)), 20_000);
  assert.equal(await sent(control, 'change channels'), 4);
});

story('who may use the group is asked for when it is opened, added to and taken from', async (told) => {
  const { page, world, control } = told;
  const group = await open(told);
  assert.equal(await sent(control, 'list allowed owners'), 0);
  const panel = page.getByRole('region', { name: 'Allowed owners' });
  await panel.getByRole('button', { name: 'Show' }).click();
  const owners = panel.getByRole('list', { name: 'Allowed owners' }).getByRole('listitem');
  const held = async () => (await now(world, group.id)).allowed_owners;
  const matches = async () => {
    const texts = await owners.allInnerTexts();
    assert.deepEqual(texts.map((text) => text.trim()), await held());
  };
  if ((await held()).length > 0) await eventually(matches, 20_000);
  const id = 'abcdef0123456789abcdef0123456789';
  await panel.getByRole('button', { name: 'Add owner' }).click();
  const dialog = page.getByRole('dialog', { name: `Add an allowed owner to ${group.name}?` });
  await dialog.getByLabel('Owner id').fill(id);
  await dialog.getByRole('button', { name: 'Add owner' }).click();
  await said(page, /Allowed owners are now: .*abcdef/);
  assert.ok((await held()).includes(id));
  await eventually(matches, 20_000);
  await panel.getByRole('button', { name: `Remove owner ${id}` }).click();
  await page.getByRole('dialog', { name: `Remove owner ${id} from ${group.name}?` }).getByRole('button', { name: 'Remove owner' }).click();
  await eventually(async () => assert.ok(!(await held()).includes(id)), 20_000);
});

/** Shows the allowed owners, of which there is one that has been added. */
async function openOwners(told, id) {
  const { page, world } = told;
  const group = await open(told);
  const panel = page.getByRole('region', { name: 'Allowed owners' });
  await panel.getByRole('button', { name: 'Show' }).click();
  await panel.getByText('Read now.').waitFor(PATIENCE);
  await panel.getByRole('button', { name: 'Add owner' }).click();
  const dialog = page.getByRole('dialog', { name: `Add an allowed owner to ${group.name}?` });
  await dialog.getByLabel('Owner id').fill(id);
  return {
    panel,
    dialog,
    add: dialog.getByRole('button', { name: 'Add owner' }),
    owner: panel.getByRole('listitem').filter({ hasText: id }),
    isHeld: async () => (await now(world, group.id)).allowed_owners.includes(id),
  };
}

story('allowed owners are read again after an Undo, and say how long ago that was', async (told) => {
  const { page } = told;
  const id = 'abcdef0123456789abcdef0123456789';
  const { panel, add, owner, isHeld } = await openOwners(told, id);
  await add.click();
  await owner.waitFor(PATIENCE);
  // So short a while that nothing else on the page is old.
  await page.clock.setFixedTime(new Date(Date.parse(START) + 4_000));
  await panel.getByText('Read 4 s ago.').waitFor(PATIENCE);
  await panel.getByRole('button', { name: `Remove owner ${id}` }).click();
  const dialog = page.getByRole('dialog', { name: `Remove owner ${id} from` });
  await dialog.getByRole('button', { name: 'Remove owner' }).click();
  await owner.waitFor({ state: 'detached', ...PATIENCE });
  await panel.getByText('Read now.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await owner.waitFor(PATIENCE);
  assert.ok(await isHeld());
});

story('allowed owners are read again after a change whose dialog was closed while it was sent', async (told) => {
  const { page, control } = told;
  const { dialog, add, owner, isHeld } = await openOwners(told, 'abcdef0123456789abcdef0123456789');
  await control('POST', '/faults', { connection: 'live', operation: 'change allowed owners', fault: { kind: 'latency', milliseconds: 4000 }, times: 1 });
  await add.click();
  await dialog.getByRole('button', { name: 'Sending…' }).waitFor(PATIENCE);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await isHeld(), false, 'it is still being sent');
  await owner.waitFor(PATIENCE);
  assert.ok(await isHeld());
});

story('an Undo of auto failback that switches what is on air says so', async (told) => {
  const { page, world, control } = told;
  const group = await open(told, (one) => ordered(one) && one.auto_failback);
  const [first, second] = inOrder(group);
  assert.equal(group.active_slicer_id, first);
  // Read by itself, the group has its backup on air, while the first slicer is well.
  const fault = { kind: 'replace', find: `"active_slicer_id":"${first}"`, with: `"active_slicer_id":"${second}"` };
  await control('POST', '/faults', { connection: 'live', operation: 'get group', fault });
  await page.getByRole('switch', { name: 'Auto failback' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Turn off' }).click();
  const off = `${second} is on air. The mode is prioritized, auto failback is off.`;
  await said(page, `${off} Undo: This is a switch on air: ${first} goes on air as soon as it is done.`);
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.ok((await now(world, group.id)).auto_failback), 20_000);
});

story('the dialog of an activation follows the group: once it is possible it is offered', async (told) => {
  const { page, control } = told;
  // One whose slicers no other group has, so that the fault below is of this one alone.
  const group = await open(told, ({ name }) => name === 'Sports Main');
  assert.ok(group.auto_failback);
  const second = inOrder(group)[1];
  await page.getByRole('button', { name: `Activate ${second}` }).click();
  const dialog = page.getByRole('dialog', { name: `Activate ${second}?` });
  await dialog.getByText(/While auto failback is on/).waitFor();
  const off = dialog.getByRole('button', { name: 'Turn auto failback off…' });
  await dialog.getByRole('button', { name: `Move ${second} to position 1` }).waitFor();
  await off.focus();
  // As if somebody else turned it off.
  const held = (on) => `"active_slicer_id":"${group.active_slicer_id}","auto_failback":${on}`;
  for (const operation of ['list groups', 'get group']) {
    await control('POST', '/faults', { connection: 'live', operation, fault: { kind: 'replace', find: held(true), with: held(false) } });
  }
  await dialog.getByText(`${second} can be activated now.`).waitFor(PATIENCE);
  await off.waitFor({ state: 'detached' });
  assert.equal(await dialog.getByRole('button', { name: `Move ${second} to position 1` }).count(), 0);
  const focused = () => dialog.evaluate((one) => one.contains(document.activeElement) && one !== document.activeElement);
  await eventually(async () => assert.ok(await focused(), 'the focus stays in the dialog'));
  await accessible(page);
  await dialog.getByRole('button', { name: 'Activate…' }).click();
  await dialog.getByText(`${group.active_slicer_id} goes off air. ${second} goes on air and stays until it fails.`).waitFor();
  assert.equal(await sent(control, 'activate slicer'), 0);
});

/** Whether a button has the focus and is seen. */
const isTarget = (button) => button.evaluate((one) => {
  const { top, bottom } = one.getBoundingClientRect();
  return one === document.activeElement && top >= 0 && bottom <= window.innerHeight;
});

story('the alarm of a group on slate leads to the button that leaves it', async ({ page, visit, control, reread }) => {
  await control('PUT', '/scenario', { name: 'incident' });
  await reread();
  await visit('/');
  await page.getByRole('list', { name: 'Alarms' }).getByRole('button', { name: /^Leave slate / }).first().click();
  const leave = page.getByRole('button', { name: 'Leave slate', exact: true });
  await eventually(async () => assert.ok(await isTarget(leave)), 20_000);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: /^Leave slate on / }).waitFor();
});

story('on a phone, too, the address of an alarm leads to the button that leaves the slate', { viewport: { width: 390, height: 844 } }, async (told) => {
  const { page, visit, world, control, reread } = told;
  await control('PUT', '/scenario', { name: 'incident' });
  await reread();
  const group = await find(world, ({ active_slicer_id: active }) => active === 'no_slicer');
  await visit(`${path('slicers', 'live', group.id)}?action=leave-slate`);
  const leave = page.getByRole('button', { name: 'Leave slate', exact: true });
  await eventually(async () => assert.ok(await isTarget(leave)), 20_000);
});

for (const scheme of ['light', 'dark']) {
  story(`the page with a draft, a conflict and every control is accessible in ${scheme}`, { colorScheme: scheme }, async (told) => {
    const { page, control } = told;
    const group = await open(told, ordered);
    const ids = inOrder(group);
    await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
    await bar(page).waitFor();
    await accessible(page);
    await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: ids.toReversed() });
    await bar(page).getByRole('region', { name: 'Conflict' }).waitFor(PATIENCE);
    await accessible(page);
  });
}
