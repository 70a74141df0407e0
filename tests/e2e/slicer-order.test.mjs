// Reordering a group's slicers: by buttons, by keys, by a typed position; as a draft that shows its effect, is compared
// with the current order when saved, verified, and undone.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { setInterval } from 'node:timers/promises';
import { eventually, story } from './harness.mjs';
import { pageRequests } from './support/requests.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';
import { draftBar, findGroup, focused, notFoundMessage, hideGroup, inOrder, items, currentGroup, openGroup, isPrioritized, save, shown, recordFrames } from './support/slicers.mjs';
import { path } from './support/worlds.mjs';

story('a slicer is moved by its buttons, and the draft lists its changes', async (fixtures) => {
  const { page, world } = fixtures;
  const group = await openGroup(fixtures);
  const [first, second, ...others] = inOrder(group);
  assert.ok(await page.getByRole('button', { name: `Move up ${first}` }).isDisabled());
  await page.getByRole('button', { name: `Move up ${second}` }).click();
  await page.getByRole('status').getByText(`${second} moved from position 2 to 1 of ${2 + others.length}`).waitFor();
  assert.deepEqual(await shown(page), [second, first, ...others]);
  const changes = draftBar(page).getByRole('list', { name: 'Changes' }).getByRole('listitem');
  assert.deepEqual(await changes.allInnerTexts(), [`${second} 2 → 1`, `${first} 1 → 2`]);
  await draftBar(page).getByText(/auto failback/i).first().waitFor();
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), inOrder(group));
  await draftBar(page).getByRole('button', { name: 'Discard changes' }).click();
  await draftBar(page).waitFor({ state: 'detached' });
  assert.deepEqual(await shown(page), inOrder(group));
  // The focus stays on the slicer's button, so that it can be pressed again.
  await page.getByRole('button', { name: `Move down ${first}` }).focus();
  for (const wanted of [[second, first, ...others], [second, others[0], first, ...others.slice(1)]]) {
    await page.keyboard.press('Enter');
    await eventually(async () => assert.deepEqual(await shown(page), wanted));
  }
});

story('a slicer is moved by keyboard, keeps the focus, and moves can be undone and redone', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await items(page).first().focus();
  const last = ids.length;
  const moved = (what, from, to) => `${what}${ids[0]} moved from position ${from} to ${to} of ${last}`;
  // A moved row gets the focus back one frame later.
  for (const [keys, at, message] of [
    ['Alt+End', -1, moved('', 1, last)],
    ['Alt+ArrowUp', -2, moved('', last, last - 1)],
    ['Control+z', -1, moved('Move undone: ', last - 1, last)],
    ['Control+Shift+z', -2, moved('Move redone: ', last, last - 1)],
  ]) {
    await page.keyboard.press(keys);
    await eventually(async () => assert.equal((await shown(page)).at(at), ids[0], keys));
    await eventually(async () => assert.ok(await focused(page), keys));
    await page.getByRole('status').getByText(message, { exact: true }).waitFor();
  }
  assert.equal(await focused(page), ids[0]);
  await page.keyboard.press('Alt+Home');
  await eventually(async () => assert.deepEqual(await shown(page), ids));
  for (const [keys, words] of [['Alt+ArrowUp', 'first'], ['Alt+End', ''], ['Alt+ArrowDown', 'last']]) {
    await page.keyboard.press(keys);
    if (words) await page.getByRole('status').getByText(`${ids[0]} is already ${words}.`, { exact: true }).waitFor();
  }
});

story('undoing or redoing a move keeps the focus on the moved slicer', async (fixtures) => {
  const { page } = fixtures;
  const [first, second, third, ...others] = inOrder(await openGroup(fixtures));
  await items(page).nth(1).focus();
  for (const [keys, wanted] of [
    ['Alt+ArrowUp', [second, first, third]],
    ['Control+z', [first, second, third]],
    ['Control+Shift+z', [second, first, third]],
    ['Control+z', [first, second, third]],
    ['Alt+ArrowDown', [first, third, second]],
  ]) {
    await page.keyboard.press(keys);
    await eventually(async () => assert.deepEqual(await shown(page), [...wanted, ...others], keys));
    await eventually(async () => assert.equal(await focused(page), second, keys));
  }
});

story('a position can be typed, and an invalid one is rejected', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const count = ids.length;
  await page.getByRole('button', { name: `Move to position ${ids[0]}` }).click();
  const dialog = page.getByRole('dialog', { name: `Move ${ids[0]} to position` });
  for (const wrong of ['0', String(count + 1), 'first', '1.5']) {
    await dialog.getByLabel('Position').fill(wrong);
    await dialog.getByText(`Enter a position from 1 to ${count}.`).waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Move' }).isDisabled());
  }
  await dialog.getByLabel('Position').fill(String(count));
  await dialog.getByLabel('Position').press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await eventually(async () => assert.deepEqual(await shown(page), [...ids.slice(1), ids[0]]));
  await page.getByRole('status').getByText(`${ids[0]} moved from position 1 to ${count} of ${count}`).waitFor();
});

story('the dialog of a position follows changes of the group', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const count = ids.length;
  const reorder = (slicers) => control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: slicers });
  await page.getByRole('button', { name: `Move to position ${ids[1]}` }).click();
  const dialog = page.getByRole('dialog', { name: `Move ${ids[1]} to position` });
  await dialog.getByText(`Currently at position 2 of ${count}.`).waitFor();
  await reorder([ids[0], ...ids.slice(2), ids[1]]);
  await dialog.getByText(`Currently at position ${count} of ${count}.`).waitFor({ timeout: 20_000 });
  await dialog.getByLabel('Position').fill(String(count));
  const move = dialog.getByRole('button', { name: 'Move', exact: true });
  assert.ok(await move.isEnabled());
  await reorder([ids[0], ids[1], ...ids.slice(3)]);
  await dialog.getByText(`Enter a position from 1 to ${count - 1}.`).waitFor({ timeout: 20_000 });
  assert.ok(await move.isDisabled());
  await reorder([ids[0], ...ids.slice(2)]);
  await dialog.getByText(`${ids[1]} is no longer in the group.`).waitFor({ timeout: 20_000 });
  assert.ok(await move.isDisabled());
  await dialog.getByLabel('Position').fill('1');
  await dialog.getByText(`${ids[1]} is no longer in the group.`).waitFor();
  assert.ok(await move.isDisabled());
});

story('an order is saved with every slicer, verified, and undone', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move down ${ids.at(-2)}` }).click();
  const wanted = [...ids.slice(0, -2), ids.at(-1), ids.at(-2)];
  await draftBar(page).getByRole('button', { name: 'Save order' }).dblclick();
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
  await draftBar(page).waitFor({ state: 'detached' });
  const saved = await currentGroup(world, group.id);
  assert.deepEqual(inOrder(saved), wanted);
  assert.deepEqual(saved.slicers.map(({ order }) => order).toSorted((a, b) => a - b), ids.map((_, n) => n + 1));
  const { requests } = await control('GET', '/requests');
  assert.equal(requests.filter(({ operation }) => operation === 'order slicers').length, 1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.deepEqual(inOrder(await currentGroup(world, group.id)), ids), 20_000);
});

story('while an order is saved each frame is consistent, and the focus stays on the moved slicer', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await items(page).first().focus();
  await page.keyboard.press('Alt+ArrowDown');
  await eventually(async () => assert.equal(await focused(page), ids[0]));
  const frames = await recordFrames(page);
  await draftBar(page).getByRole('button', { name: 'Save order' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
  await draftBar(page).waitFor({ state: 'detached' });
  await eventually(async () => assert.equal(await focused(page), ids[0]));
  const wanted = [ids[1], ids[0], ...ids.slice(2)];
  for (const frame of await frames()) {
    assert.deepEqual(frame.map(({ id }) => id), wanted);
    assert.deepEqual(frame.map(({ position }) => Number(position)), ids.map((_, at) => at + 1));
    for (const { id, name, position } of frame) assert.ok(name.startsWith(`${id}, position ${position},`), name);
  }
});

story('each of several saves keeps the focus, shows its progress, and replaces the previous notice', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const verified = page.getByRole('status').getByText('Order saved and verified.');
  for (const slow of [false, true, false, true]) {
    const [moved] = await shown(page);
    await items(page).first().focus();
    await page.keyboard.press('Alt+ArrowDown');
    await eventually(async () => assert.equal(await focused(page), moved));
    if (slow) {
      await control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'latency', milliseconds: 3000 }, times: 1 });
    }
    await draftBar(page).getByRole('button', { name: 'Save order' }).focus();
    // The bar shows the progress until the notice appears, and the previous notice has disappeared by then.
    await page.evaluate(() => {
      window.gaps_ = 0;
      window.noNotice_ = 0;
      const check = () => {
        const saves = document.querySelector('[aria-label="Unsaved order"]');
        const notices = [...document.querySelectorAll('.notice')].filter((one) => one.textContent.includes('Order saved and verified.'));
        if (!saves && notices.length === 0) window.gaps_ += 1;
        if (notices.length === 0) window.noNotice_ += 1;
        if (!window.done_) requestAnimationFrame(check);
      };
      window.done_ = false;
      check();
    });
    await page.keyboard.press('Enter');
    await eventually(async () => assert.ok((await page.evaluate(() => window.noNotice_)) > 0, 'the previous notice disappears'));
    await verified.waitFor({ timeout: 20_000 });
    await draftBar(page).waitFor({ state: 'detached' });
    await page.evaluate(() => { window.done_ = true; });
    assert.equal(await page.evaluate(() => window.gaps_), 0, 'no frame without bar and notice');
    await eventually(async () => assert.equal(await focused(page), moved));
    assert.equal(await verified.count(), 1);
  }
  assert.deepEqual(new Set(await shown(page)), new Set(ids));
});

story('saving an order shows each step', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  await page.getByRole('button', { name: `Move up ${inOrder(group)[1]}` }).click();
  await draftBar(page).waitFor();
  assert.equal(await page.locator('.notices').evaluate((one) => one.offsetHeight), 0, 'without a notice its area is empty');
  await control('POST', '/faults', { connection: 'live', operation: 'get group', fault: { kind: 'latency', milliseconds: 3000 }, times: 1 });
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await draftBar(page).getByRole('button', { name: 'Reading the current order…' }).waitFor();
  const saving = page.getByRole('status').getByText('Saving the order…', { exact: true });
  await saving.waitFor();
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
  await saving.waitFor({ state: 'detached' });
});

for (const rate of [1, 4]) {
  story(`holding Alt and an arrow key moves only the focused slicer, at ${rate}× CPU slowdown`, async (fixtures) => {
    const { page, visit, world, control, reread } = fixtures;
    const group = await findGroup(world, isPrioritized);
    const ids = Array.from({ length: 40 }, (_, n) => `cam${String(n + 1).padStart(2, '0')}`);
    await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids });
    // Otherwise the first key on a list that has changed since it was opened would need a repetition.
    await reread();
    await visit(path('slicers', 'live', group.id));
    await eventually(async () => assert.equal(await items(page).count(), ids.length));
    await items(page).first().focus();
    await page.evaluate(() => {
      window.pressed_ = [];
      const note = ({ target }) => window.pressed_.push(target.getAttribute('aria-label')?.split(',')[0]);
      addEventListener('keydown', note, true);
    });
    const client = await page.context().newCDPSession(page);
    await client.send('Emulation.setCPUThrottlingRate', { rate });
    const key = { key: 'ArrowDown', code: 'ArrowDown', windowsVirtualKeyCode: 40, modifiers: 1 };
    // As with a real keyboard, no event waits until the previous one is rendered.
    const sent = [];
    for await (const _ of setInterval(1_000 / 30)) {
      sent.push(client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', autoRepeat: sent.length > 0, ...key }));
      if (sent.length === 30) break;
    }
    await Promise.all(sent);
    await client.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
    await client.send('Emulation.setCPUThrottlingRate', { rate: 1 });
    await eventually(async () => assert.deepEqual(await shown(page), [...ids.slice(1, 31), ids[0], ...ids.slice(31)]));
    assert.deepEqual(await page.evaluate(() => window.pressed_), Array(30).fill(ids[0]), 'each repeat reaches the moved slicer');
    await eventually(async () => assert.equal(await focused(page), ids[0]));
  });
}

story('a picture is never shown at another slicer', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await eventually(async () => assert.ok(await page.locator('ol img').evaluateAll((all) => all.length > 0 && all.every((img) => img.naturalWidth > 0))));
  const frames = await recordFrames(page);
  for (const id of [ids[1], ids[2], ids[0]]) {
    await page.getByRole('button', { name: `Move up ${id}`, exact: true }).click();
  }
  await eventually(async () => assert.ok(await page.locator('ol img').evaluateAll((all) => all.every((img) => getComputedStyle(img).visibility === 'visible'))));
  const seen = (await frames()).flat().filter(({ picture }) => picture !== '');
  assert.ok(seen.length > 0);
  for (const { id, isComplete } of seen) assert.ok(isComplete, `another picture beside ${id}`);
  for (const { id, picture } of seen) assert.ok(picture.includes(`/${id}/`) || picture.includes(`/${id}?`) || picture.endsWith(`/${id}`), `${picture} beside ${id}`);
});

/** Two browsers change the same order: the first has an unsaved move when the other one saves. */
async function createConflict(fixtures) {
  const { page, world } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const other = await page.context().newPage();
  await other.goto(path('slicers', 'live', group.id));
  await other.getByRole('button', { name: `Move down ${ids.at(-2)}` }).click();
  await draftBar(other).getByRole('button', { name: 'Save order' }).click();
  await other.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
  const theirs = inOrder(await currentGroup(world, group.id));
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await draftBar(page).getByText(`The order is now ${theirs.join(', ')}.`).waitFor({ timeout: 20_000 });
  const conflict = draftBar(page).getByRole('region', { name: 'Conflict' });
  const cells = await conflict.getByRole('row').evaluateAll((all) => all.slice(1).map((row) => [...row.cells].slice(1).map((cell) => cell.textContent)));
  const mine = [ids[1], ids[0], ...ids.slice(2)];
  assert.deepEqual(cells, ids.map((id, at) => [id, theirs[at], mine[at]]));
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), theirs);
  assert.ok(await draftBar(page).getByRole('button', { name: 'Save order' }).isDisabled());
  return { page, group, ids, theirs, mine, conflict };
}

story('a conflict overwrites nothing, and their order can be used', async (fixtures) => {
  const { page, theirs } = await createConflict(fixtures);
  await draftBar(page).getByRole('button', { name: 'Use theirs' }).click();
  await draftBar(page).getByRole('button', { name: 'Save order' }).waitFor({ state: 'detached' });
  await eventually(async () => assert.deepEqual(await shown(page), theirs));
});

story('in a conflict my moves can be reapplied to their order', async (fixtures) => {
  const { page, group, ids, theirs } = await createConflict(fixtures);
  await draftBar(page).getByRole('button', { name: 'Reapply mine' }).click();
  const both = [ids[1], ids[0], ...theirs.slice(2)];
  await eventually(async () => assert.deepEqual(await shown(page), both));
  await save(page);
  assert.deepEqual(inOrder(await currentGroup(fixtures.world, group.id)), both);
});

story('in a conflict my order overwrites theirs after typing the name', async (fixtures) => {
  const { page, group, mine } = await createConflict(fixtures);
  await draftBar(page).getByRole('button', { name: 'Overwrite…' }).click();
  const dialog = page.getByRole('dialog', { name: `Overwrite the order of ${group.name}?` });
  const act = dialog.getByRole('button', { name: 'Overwrite' });
  assert.ok(await act.isDisabled());
  await dialog.getByLabel(/^Type .* to confirm/).fill(group.name);
  await act.click();
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
  assert.deepEqual(inOrder(await currentGroup(fixtures.world, group.id)), mine);
  await draftBar(page).waitFor({ state: 'detached' });
});

story('while my order overwrites theirs, no other action is possible, even if the dialog is closed', async (fixtures) => {
  const { page, group, ids, mine } = await createConflict(fixtures);
  await draftBar(page).getByRole('button', { name: 'Overwrite…' }).click();
  const dialog = page.getByRole('dialog', { name: `Overwrite the order of ${group.name}?` });
  await dialog.getByLabel(/^Type .* to confirm/).fill(group.name);
  await fixtures.control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'latency', milliseconds: 5000 }, times: 1 });
  await dialog.getByRole('button', { name: 'Overwrite' }).click();
  await dialog.getByRole('button', { name: 'Sending…' }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await draftBar(page).getByRole('button', { name: 'Saving…' }).waitFor();
  const moves = page.getByRole('button', { name: /^Move (up|down|to position)/ });
  assert.equal(await moves.count(), 0);
  for (const name of ['Use theirs', 'Reapply mine', 'Overwrite…']) {
    assert.ok(await draftBar(page).getByRole('button', { name }).isDisabled(), name);
  }
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
  await draftBar(page).waitFor({ state: 'detached' });
  assert.deepEqual(inOrder(await currentGroup(fixtures.world, group.id)), mine);
  assert.deepEqual(await shown(page), mine);
  await page.getByRole('button', { name: `Move down ${mine[0]}` }).click();
  await eventually(async () => assert.deepEqual(await shown(page), ids));
});

story('in a conflict nothing can be moved until it is resolved; then a new slicer can be', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const theirs = ['late01', ...ids.slice(1).toReversed()];
  await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: theirs });
  const conflict = draftBar(page).getByRole('region', { name: 'Conflict' });
  await page.getByRole('status').filter({ hasText: /^The order has changed\. Your order is not saved\.$/ }).waitFor({ timeout: 20_000 });
  await conflict.getByText('The order has changed. Your order is not saved.').waitFor();
  await page.getByText('The order has changed: resolve the conflict before moving slicers.').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Move (up|down|to position)/ }).count(), 0);
  assert.equal(await page.locator('[data-grip]').count(), 0);
  await items(page).first().focus();
  const before = await shown(page);
  await page.keyboard.press('Alt+End');
  assert.deepEqual(await shown(page), before);
  await draftBar(page).getByRole('button', { name: 'Reapply mine' }).click();
  const mine = [ids[1], ...theirs.filter((id) => id !== ids[1])];
  await eventually(async () => assert.deepEqual(await shown(page), mine));
  await page.getByRole('button', { name: 'Move down late01' }).click();
  await eventually(async () => assert.deepEqual(await shown(page), [mine[0], mine[2], 'late01', ...mine.slice(3)]));
});

story('an order is not overwritten after the group became flat, and the conflict stays', async (fixtures) => {
  const { page, group, theirs, conflict } = await createConflict(fixtures);
  await draftBar(page).getByRole('button', { name: 'Overwrite…' }).click();
  const dialog = page.getByRole('dialog', { name: `Overwrite the order of ${group.name}?` });
  await dialog.getByLabel(/^Type .* to confirm/).fill(group.name);
  const other = await page.context().newPage();
  await other.goto(path('slicers', 'live', group.id));
  await other.getByRole('radio', { name: 'Flat' }).check({ force: true }).catch(() => undefined);
  await other.getByRole('dialog').getByRole('button', { name: 'Switch mode' }).click();
  await other.getByText('flat mode: positions do not apply').waitFor({ timeout: 20_000 });
  await dialog.getByRole('button', { name: 'Overwrite' }).click();
  await dialog.getByText(/The mode is flat/).waitFor({ timeout: 20_000 });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await draftBar(page).getByText('The group is now in flat mode').waitFor({ timeout: 20_000 });
  const column = await conflict.getByRole('row').evaluateAll((all) => all.slice(1).map((row) => row.cells[2].textContent));
  assert.deepEqual(column, theirs);
});

for (const [status, words] of [[400, 'returned 400'], [403, 'returned 403']]) {
  story(`an order that the service rejects with ${status} is not shown as saved`, async (fixtures) => {
    const { page, world, control, complaints } = fixtures;
    complaints.expect(new RegExp(`status of ${status}`));
    const group = await openGroup(fixtures);
    const ids = inOrder(group);
    await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
    await control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'status', status }, times: 1 });
    await draftBar(page).getByRole('button', { name: 'Save order' }).click();
    await draftBar(page).getByRole('heading', { name: new RegExp(words) }).waitFor({ timeout: 20_000 });
    assert.deepEqual(inOrder(await currentGroup(world, group.id)), ids);
    assert.deepEqual(await shown(page), ids, 'the page shows the saved order');
    await draftBar(page).getByRole('button', { name: 'Reapply my moves' }).click();
    await eventually(async () => assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2)]));
    await save(page);
  });
}

story('an order without a response is read again, and shown as unknown', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(/status of 502/);
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'reset' } });
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await draftBar(page).getByText(/Outcome unknown: .*The order is unchanged: /).waitFor({ timeout: 20_000 });
});

story('a save is shown as not sent if the gateway cannot read the group first', async (fixtures) => {
  const { page, world, control, complaints } = fixtures;
  complaints.expect(/status of 502/);
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  // The console reads the group, and the gateway reads it again just before writing: only the second read fails.
  const fault = (kind) => control('POST', '/faults', { connection: 'live', operation: 'get group', ...kind });
  await fault({ fault: { kind: 'latency', milliseconds: 2500 }, times: 1 });
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await eventually(async () => assert.deepEqual((await control('GET', '/faults')).faults, []), 20_000);
  await fault({ fault: { kind: 'status', status: 503 } });
  await draftBar(page).getByText('Nothing was saved. Your changes are kept.').waitFor({ timeout: 20_000 });
  assert.equal(await draftBar(page).getByText(/Outcome unknown/).count(), 0);
  await control('DELETE', '/faults');
  await draftBar(page).getByRole('button', { name: 'Dismiss' }).click();
  await save(page);
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), [ids[1], ids[0], ...ids.slice(2)]);
});

story('an Undo that switches the slicer on air says so', async (fixtures) => {
  const { page, world } = fixtures;
  const group = await openGroup(fixtures, (one) => isPrioritized(one) && one.auto_failback && inOrder(one)[0] === one.active_slicer_id);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await page.getByRole('status').getByText(`Order saved and verified. ${ids[1]} is on air. Undo: This is a switch on air, away from ${ids[1]}.`).waitFor({ timeout: 20_000 });
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('status').getByText(`Order saved and verified. ${ids[0]} is on air.`).waitFor({ timeout: 20_000 });
  const saved = await currentGroup(world, group.id);
  assert.deepEqual([inOrder(saved), saved.active_slicer_id], [ids, ids[0]]);
});

story('the first move of another draft removes Undo', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move down ${ids.at(-2)}` }).click();
  await save(page);
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.waitFor();
  await page.getByRole('button', { name: `Move up ${ids.at(-2)}` }).click();
  await undo.waitFor({ state: 'detached', timeout: 2_000 });
  await draftBar(page).waitFor();
});

story('a draft survives a response without slicers', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const named = `"name":"${group.name}","owner":"${group.owner}"`;
  for (const operation of ['list groups', 'get group']) {
    await control('POST', '/faults', { connection: 'live', operation, fault: { kind: 'replace', find: `${named},"slicers"`, with: `${named},"was"` } });
  }
  await page.getByText('Uplynk does not report the slicers of this group.').waitFor({ timeout: 20_000 });
  await page.getByText('Not all slicers can be read, so their order cannot be changed.').waitFor();
  await control('DELETE', '/faults');
  await eventually(async () => assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2)]), 20_000);
  await draftBar(page).getByRole('button', { name: 'Save order' }).waitFor();
});

story('a draft survives a refresh', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const wanted = await shown(page);
  const requested = pageRequests(page);
  await eventually(() => assert.ok(requested.relay.length >= 3, `${requested.relay.length} polls`), 30_000);
  assert.deepEqual(await shown(page), wanted);
});

story('a draft survives failures of the list of groups, and a list without the group', async (fixtures) => {
  const { page, visit, world, control, complaints } = fixtures;
  complaints.expect(/status of 500/);
  const group = await findGroup(world, isPrioritized);
  const ids = inOrder(group);
  const read = (end, ok = true) =>
    page.waitForResponse((response) => response.ok() === ok && new URL(response.url()).pathname.endsWith(`/api/v4/failover-groups${end}`));
  await control('POST', '/faults', { connection: 'live', operation: 'list groups', fault: { kind: 'status', status: 500 } });
  // The first response may be from before the fault, shared with the gateway's own read.
  const failed = read('', false);
  await visit(path('slicers', 'live', group.id));
  await eventually(async () => assert.deepEqual(await shown(page), ids), 20_000);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const wanted = [ids[1], ids[0], ...ids.slice(2)];
  const stays = async () => {
    assert.deepEqual(await shown(page), wanted);
    assert.equal(await draftBar(page).count(), 1);
  };
  await eventually(stays);
  await failed;
  let answer = read('');
  await control('DELETE', '/faults');
  await answer;
  // The next response arrives after the previous one was shown.
  await read('');
  await stays();
  answer = read(`/${group.id}`);
  await control('POST', '/faults', { connection: 'live', operation: 'list groups', fault: { kind: 'replace', find: `"id":"${group.id}"`, with: '"id":[7]' } });
  await answer;
  await read(`/${group.id}`);
  await stays();
  answer = read('');
  await control('DELETE', '/faults');
  await answer;
  await read('');
  await stays();
});

story('in flat mode nothing can be moved, and the page explains why', async ({ page, visit, world }) => {
  const flat = await findGroup(world, ({ mode }) => mode === 'flat');
  await visit(path('slicers', 'live', flat.id));
  await page.getByText('flat mode: positions do not apply, so there is no order to change').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Move (up|down)/ }).count(), 0);
});

story('changes of the group are merged into the draft if they do not conflict', async (fixtures) => {
  const { page, world, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move down ${ids[0]}` }).click();
  const members = (list) => control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: list });
  await members([...ids, 'late01']);
  await eventually(async () => assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2), 'late01']), 20_000);
  await members([...ids.slice(0, 2), 'late01']);
  await eventually(async () => assert.deepEqual(await shown(page), [ids[1], ids[0], 'late01']), 20_000);
  await save(page);
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), [ids[1], ids[0], 'late01']);
  await page.getByRole('button', { name: 'Move up late01' }).click();
  await draftBar(page).waitFor();
  await members([ids[1], ids[0]]);
  await page.getByRole('status').getByText('late01 is no longer in the group. Your move of it is discarded.').waitFor({ timeout: 20_000 });
  await draftBar(page).waitFor({ state: 'detached' });
});

story('a group that becomes flat keeps the draft, which cannot be saved', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const other = await page.context().newPage();
  await other.goto(path('slicers', 'live', group.id));
  await other.getByRole('radio', { name: 'Flat' }).check({ force: true }).catch(() => undefined);
  await other.getByRole('dialog').getByRole('button', { name: 'Switch mode' }).click();
  await draftBar(page).getByText('The group is now in flat mode').waitFor({ timeout: 20_000 });
  assert.ok(await draftBar(page).getByRole('button', { name: 'Save order' }).isDisabled());
  await draftBar(page).getByRole('button', { name: 'Discard changes' }).click();
  await draftBar(page).waitFor({ state: 'detached' });
});

/** Opens a group's page from the list, so that Back works, and moves its second slicer up. */
async function draftFromList({ page, visit, world }) {
  const group = await findGroup(world, isPrioritized);
  const ids = inOrder(group);
  await visit('/slicers');
  await page.getByRole('link', { name: group.name, exact: true }).click();
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  return ids;
}

story('leaving a page with a draft asks first', async (fixtures) => {
  const { page } = fixtures;
  await draftFromList(fixtures);
  const here = page.url();
  const main = page.getByRole('navigation', { name: 'Main' });
  await main.getByRole('link', { name: /^Overview/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByText('Your changes to the order would be lost.').waitFor();
  await dialog.getByRole('button', { name: 'Stay' }).click();
  assert.equal(page.url(), here);
  await draftBar(page).waitFor();
  await page.goBack();
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await draftBar(page).waitFor();
  assert.equal(page.url(), here);
  await main.getByRole('link', { name: /^Overview/ }).click();
  await dialog.getByRole('button', { name: 'Leave and discard' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
});

story('a question over an open dialog has its own name', async (fixtures) => {
  const { page } = fixtures;
  const ids = await draftFromList(fixtures);
  await page.getByRole('button', { name: `Move to position ${ids[0]}` }).click();
  const below = page.getByRole('dialog', { name: `Move ${ids[0]} to position`, exact: true });
  await below.waitFor();
  await page.goBack();
  const above = page.getByRole('dialog', { name: 'Leave without saving?', exact: true });
  await above.getByText('Your changes to the order would be lost.').waitFor();
  await above.getByRole('button', { name: 'Stay' }).click();
  await above.waitFor({ state: 'detached' });
  await below.waitFor();
});

story('Back during the closing of a leave question asks again', async (fixtures) => {
  const { page, visit, world } = fixtures;
  // Runs before the console's own listener.
  await page.addInitScript(() => addEventListener('popstate', () => window.onBack?.()));
  const group = await findGroup(world, isPrioritized);
  await visit('/slicers');
  await page.getByRole('link', { name: group.name, exact: true }).click();
  await page.getByRole('button', { name: `Move up ${inOrder(group)[1]}` }).click();
  const here = page.url();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Overview/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.waitFor();
  // Back arrives between the click on Stay and the browser's close event of the dialog.
  const closed = await page.evaluate(() => new Promise((resolve) => {
    const old = document.querySelector('dialog');
    old.addEventListener('close', () => requestAnimationFrame(() => resolve(!old.open)), { once: true });
    window.onBack = () => {
      window.onBack = undefined;
      [...old.querySelectorAll('button')].find(({ textContent }) => textContent === 'Stay').click();
    };
    history.back();
  }));
  assert.ok(closed, 'the first dialog was closed');
  await dialog.waitFor();
  assert.equal(page.url(), here);
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await dialog.waitFor({ state: 'detached' });
  await draftBar(page).waitFor();
});

story('signing out with a draft asks first, before the session ends', async ({ page, world, complaints }) => {
  complaints.expect(/status of 401/);
  const group = await findGroup(world, isPrioritized);
  const slicers = group.slicers.map((slicer) => ({ ...slicer, status: { state: 0 } }));
  const vendorGroup = { ...group, slicers };
  const vendor = createServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(url.includes(group.id) ? vendorGroup : { items: [vendorGroup], total_items: 1 }));
  });
  await new Promise((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  const gateway = await serve({ vendor: `http://127.0.0.1:${vendor.address().port}` });
  try {
    await page.goto(gateway.url + path('slicers', 'live', group.id));
    await page.getByLabel('User name').fill('ann');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: `Move up ${inOrder(group)[1]}` }).click();
    await draftBar(page).waitFor();
    const ended = [];
    page.on('request', (request) => {
      if (request.method() === 'DELETE') ended.push(request.url());
    });
    const signOut = page.getByRole('button', { name: 'Sign out' });
    const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
    await signOut.click();
    await dialog.getByRole('button', { name: 'Stay' }).click();
    await dialog.waitFor({ state: 'detached' });
    await draftBar(page).waitFor();
    assert.deepEqual(ended, []);
    await signOut.click();
    await dialog.getByRole('button', { name: 'Leave and discard' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    assert.equal(ended.length, 1);
  } finally {
    await page.goto('about:blank');
    await gateway.stop();
    vendor.closeAllConnections();
    vendor.close();
  }
});

story('closing the window with a draft asks first', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  await page.getByRole('button', { name: `Move up ${inOrder(group)[1]}` }).click();
  const question = new Promise((resolve) => page.once('dialog', async (dialog) => {
    resolve(dialog.type());
    await dialog.accept();
  }));
  await draftBar(page).waitFor();
  await page.close({ runBeforeUnload: true });
  assert.equal(await question, 'beforeunload');
});

story('a save that the gateway finds outdated is a conflict, and the draft is kept', async (fixtures) => {
  const { page, world, control, complaints } = fixtures;
  complaints.expect(/status of 412/);
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  // The console reads the group, and the gateway reads it again just before writing: in between somebody saves.
  await control('POST', '/faults', { connection: 'live', operation: 'get group', fault: { kind: 'latency', milliseconds: 2500 } });
  const save = await draftBar(page).getByRole('button', { name: 'Save order' }).elementHandle();
  await save.evaluate((button) => {
    window.steps = [];
    new MutationObserver(() => window.steps.push(button.textContent.trim())).observe(button, { childList: true, characterData: true, subtree: true });
  });
  await save.click();
  const theirs = [...ids.slice(0, -2), ids.at(-1), ids.at(-2)];
  await eventually(async () => {
    const { requests } = await control('GET', '/requests');
    assert.ok(requests.filter(({ operation }) => operation === 'get group').length >= 1);
  }, 20_000);
  await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: theirs });
  await draftBar(page).getByText(`The order is now ${theirs.join(', ')}.`).waitFor({ timeout: 30_000 });
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), theirs);
  const reading = 'Reading the current order…';
  assert.deepEqual(await page.evaluate(() => window.steps), [reading, 'Saving…', reading, 'Save order'], 'the button shows each step');
});

/** Follows a link while a slow save is in progress; returns the dialog that then asks. */
async function leaveWhileSaving({ page, control }, group) {
  await control('POST', '/faults', { connection: 'live', operation: 'get group', fault: { kind: 'latency', milliseconds: 2000 } });
  await page.getByRole('button', { name: `Move up ${inOrder(group)[1]}` }).click();
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Groups/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByText('The order is being saved. If that fails, your changes to it would be lost.').waitFor();
  return dialog;
}

story('leaving while an order is saved continues automatically once it is saved', async (fixtures) => {
  const { page, control, world } = fixtures;
  const group = await openGroup(fixtures);
  const here = page.url();
  const ids = inOrder(group);
  const dialog = await leaveWhileSaving(fixtures, group);
  await page.getByRole('heading', { level: 1, name: 'Groups', exact: true }).waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Undo' }).waitFor();
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), [ids[1], ids[0], ...ids.slice(2)]);
  await control('DELETE', '/faults');
  await page.goBack();
  assert.equal(page.url(), here);
  await page.getByRole('button', { name: `Move up ${ids[2]}` }).click();
  await draftBar(page).waitFor();
  assert.equal(await dialog.count(), 0);
});

story('leaving while an order is saved still asks if the save may have failed', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(/status of 503/);
  await control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'status', status: 503 } });
  const dialog = await leaveWhileSaving(fixtures, await openGroup(fixtures));
  await dialog.getByText('Your changes to the order would be lost.').waitFor({ timeout: 30_000 });
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await draftBar(page).waitFor();
});

story('after leaving while an order is saved its outcome is shown on the next page', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(/status of 503/);
  await control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'status', status: 503 } });
  const dialog = await leaveWhileSaving(fixtures, await openGroup(fixtures));
  await dialog.getByRole('button', { name: 'Leave and discard' }).click();
  await page.getByRole('heading', { level: 1, name: 'Groups', exact: true }).waitFor();
  await page.getByRole('status').getByText(/^Outcome unknown: /).waitFor({ timeout: 30_000 });
  assert.equal(await page.getByText('The console has stopped working').count(), 0);
  await page.getByRole('button', { name: 'Dismiss' }).click();
});

for (const [what, button, label, text, isSent] of [
  ['an action', () => 'Add channel', 'Channel id', '9852b864', true],
  ['a position', ([first]) => `Move to position ${first}`, 'Position', '2', false],
]) {
  story(`the input of a dialog about ${what}, and the draft, are kept while the group is not found`, async (fixtures) => {
    const { page, control, complaints } = fixtures;
    complaints.expect(/status of 404/);
    const group = await openGroup(fixtures);
    const ids = inOrder(group);
    await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
    const wanted = [ids[1], ids[0], ...ids.slice(2)];
    await page.getByRole('button', { name: button(ids) }).click();
    const dialog = page.getByRole('dialog');
    const typed = dialog.getByLabel(label, { exact: true });
    await typed.fill(text);
    await hideGroup(control, group.id);
    await notFoundMessage(page, group.id).waitFor({ timeout: 20_000 });
    const note = dialog.getByText('The group is not found at the moment.');
    await eventually(async () => assert.equal(await note.count(), isSent ? 1 : 0));
    assert.equal(await typed.inputValue(), text);
    await control('DELETE', '/faults');
    await notFoundMessage(page, group.id).waitFor({ state: 'detached', timeout: 20_000 });
    await eventually(async () => assert.equal(await note.count(), 0));
    assert.equal(await typed.inputValue(), text);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await eventually(async () => assert.deepEqual(await shown(page), wanted));
    await draftBar(page).waitFor();
  });
}

story('leaving a page with a draft asks first, even while the group is not found', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(/status of 404/);
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await draftBar(page).waitFor();
  await hideGroup(control, group.id);
  await notFoundMessage(page, group.id).waitFor({ timeout: 20_000 });
  const here = page.url();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Overview/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByText('Your changes to the order would be lost.').waitFor();
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal(page.url(), here);
  await control('DELETE', '/faults');
  await draftBar(page).waitFor({ timeout: 20_000 });
  assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2)]);
});

story('an order saved while the group is briefly not found is confirmed, and another one can be made', async (fixtures) => {
  const { page, world, control, complaints } = fixtures;
  complaints.expect(/status of 404/);
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const wanted = [ids[1], ids[0], ...ids.slice(2)];
  const delayed = [];
  await page.route('**/relay/live/**', async (route) => {
    if (route.request().method() !== 'GET') await new Promise((release) => delayed.push(release));
    await route.continue();
  });
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await eventually(() => assert.equal(delayed.length, 1), 20_000);
  // Refreshed immediately, because the delayed request times out after 20 s.
  const refresh = page.getByRole('group', { name: 'Refresh' }).getByRole('button', { name: 'Refresh now' });
  await hideGroup(control, group.id);
  await refresh.click();
  await notFoundMessage(page, group.id).waitFor({ timeout: 20_000 });
  await control('DELETE', '/faults');
  await refresh.click();
  await draftBar(page).getByRole('button', { name: 'Saving…' }).waitFor({ timeout: 20_000 });
  delayed[0]();
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
  await draftBar(page).waitFor({ state: 'detached' });
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), wanted);
  await page.getByRole('button', { name: `Move up ${ids[0]}` }).click();
  await draftBar(page).getByRole('button', { name: 'Save order' }).waitFor();
  await eventually(async () => assert.deepEqual(await shown(page), ids));
});
