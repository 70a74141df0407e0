// Another order of a group's slicers: by buttons, by keys, by a typed position; as a draft with its
// effect, saved against what was seen, read back, and undone.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';
import { path, system } from './support/worlds.mjs';

const items = (page) => page.getByRole('list', { name: 'Slicer order' }).getByRole('listitem');

const shown = async (page) =>
  (await items(page).evaluateAll((all) => all.map((item) => item.getAttribute('aria-label').split(',')[0])));

const inOrder = (group) => group.slicers.toSorted((a, b) => a.order - b.order).map(({ id }) => id);

/** A prioritized group of three or more slicers, and how it is now. */
const find = async (world) =>
  system(await world(), 'live').groups.find(({ mode, slicers }) => mode === 'prioritized' && slicers.length >= 3);

const now = async (world, id) => system(await world(), 'live').groups.find((group) => group.id === id);

const open = async ({ page, visit, world }) => {
  const group = await find(world);
  await visit(path('slicers', 'live', group.id));
  await eventually(async () => assert.deepEqual(await shown(page), inOrder(group)));
  return group;
};

const bar = (page) => page.getByRole('region', { name: 'Unsaved order' });

story('a slicer is moved by its buttons alone, and the draft says what it changes', async (told) => {
  const { page, world } = told;
  const group = await open(told);
  const [first, second, ...others] = inOrder(group);
  assert.ok(await page.getByRole('button', { name: `Move up ${first}` }).isDisabled());
  await page.getByRole('button', { name: `Move up ${second}` }).click();
  await page.getByRole('status').getByText(`${second} moved from position 2 to 1 of ${2 + others.length}`).waitFor();
  assert.deepEqual(await shown(page), [second, first, ...others]);
  const changes = bar(page).getByRole('list', { name: 'Changes' }).getByRole('listitem');
  assert.deepEqual(await changes.allInnerTexts(), [`${second} 2 → 1`, `${first} 1 → 2`]);
  await bar(page).getByText(/auto failback/i).first().waitFor();
  assert.deepEqual(inOrder(await now(world, group.id)), inOrder(group));
  await bar(page).getByRole('button', { name: 'Discard changes' }).click();
  await bar(page).waitFor({ state: 'detached' });
  assert.deepEqual(await shown(page), inOrder(group));
});

story('a slicer is moved by keys alone, keeps the focus, and moves are taken back and made again', async (told) => {
  const { page } = told;
  const group = await open(told);
  const ids = inOrder(group);
  await items(page).first().focus();
  await page.keyboard.press('Alt+End');
  await eventually(async () => assert.equal((await shown(page)).at(-1), ids[0]));
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label')?.split(',')[0]);
  await eventually(async () => assert.equal(await focused(), ids[0]));
  await page.keyboard.press('Alt+ArrowUp');
  await eventually(async () => assert.equal((await shown(page)).at(-2), ids[0]));
  await page.keyboard.press('Control+z');
  await eventually(async () => assert.equal((await shown(page)).at(-1), ids[0]));
  await page.keyboard.press('Control+Shift+z');
  await eventually(async () => assert.equal((await shown(page)).at(-2), ids[0]));
  await eventually(async () => assert.equal(await focused(), ids[0]));
  await page.keyboard.press('Alt+Home');
  await eventually(async () => assert.deepEqual(await shown(page), ids));
});

story('a position can be typed', async (told) => {
  const { page } = told;
  const group = await open(told);
  const ids = inOrder(group);
  const position = page.getByRole('spinbutton', { name: `Move to position ${ids[0]}` });
  await position.fill(String(ids.length));
  await position.press('Enter');
  await eventually(async () => assert.deepEqual(await shown(page), [...ids.slice(1), ids[0]]));
});

story('an order is saved with every slicer, read back, and undone', async (told) => {
  const { page, world, control } = told;
  const group = await open(told);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move down ${ids.at(-2)}` }).click();
  const wanted = [...ids.slice(0, -2), ids.at(-1), ids.at(-2)];
  await bar(page).getByRole('button', { name: 'Save order' }).dblclick();
  await page.getByRole('status').getByText('Live channels took the order. It holds the order as you saved it.').waitFor({ timeout: 20_000 });
  await bar(page).waitFor({ state: 'detached' });
  const saved = await now(world, group.id);
  assert.deepEqual(inOrder(saved), wanted);
  assert.deepEqual(saved.slicers.map(({ order }) => order).toSorted((a, b) => a - b), ids.map((_, n) => n + 1));
  const { requests } = await control('GET', '/requests');
  assert.equal(requests.filter(({ operation }) => operation === 'order slicers').length, 1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.deepEqual(inOrder(await now(world, group.id)), ids), 20_000);
});

story('an order that somebody else has changed is not overwritten', async (told) => {
  const { page, world } = told;
  const group = await open(told);
  const ids = inOrder(group);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const other = await page.context().newPage();
  await other.goto(path('slicers', 'live', group.id));
  await other.getByRole('button', { name: `Move down ${ids.at(-2)}` }).click();
  await bar(other).getByRole('button', { name: 'Save order' }).click();
  await other.getByRole('status').getByText('It holds the order as you saved it.').waitFor({ timeout: 20_000 });
  const theirs = inOrder(await now(world, group.id));
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await bar(page).getByText(`The order is ${theirs.join(', ')} now.`).waitFor({ timeout: 20_000 });
  await bar(page).getByText(/Somebody else has changed the order/).waitFor({ timeout: 20_000 });
  assert.deepEqual(inOrder(await now(world, group.id)), theirs);
  await bar(page).getByRole('button', { name: 'Discard changes' }).click();
  await eventually(async () => assert.deepEqual(await shown(page), theirs));
});

for (const [status, words] of [[400, 'said no: 400'], [403, 'said no: 403']]) {
  story(`an order that the service refuses with ${status} is not shown as saved`, async (told) => {
    const { page, world, control, complaints } = told;
    complaints.expect(new RegExp(`status of ${status}`));
    const group = await open(told);
    const ids = inOrder(group);
    await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
    await control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'status', status } });
    await bar(page).getByRole('button', { name: 'Save order' }).click();
    await bar(page).getByRole('heading', { name: new RegExp(words) }).waitFor({ timeout: 20_000 });
    assert.deepEqual(inOrder(await now(world, group.id)), ids);
  });
}

story('an order whose answer never came is read, and told as unknown', async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(/status of 502/);
  const group = await open(told);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  await control('POST', '/faults', { connection: 'live', operation: 'order slicers', fault: { kind: 'reset' } });
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await bar(page).getByText(/Outcome unknown: .*It holds another order: /).waitFor({ timeout: 20_000 });
});

story('a draft survives the refresh', async (told) => {
  const { page, control } = told;
  const group = await open(told);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move up ${ids[1]}` }).click();
  const wanted = await shown(page);
  await control('DELETE', '/requests');
  await eventually(async () => {
    const { requests } = await control('GET', '/requests');
    assert.ok(requests.filter((one) => one.connection === 'live' && one.operation === 'list groups').length >= 3);
  }, 30_000);
  assert.deepEqual(await shown(page), wanted);
});

story('in flat mode nothing can be moved, and the page says why', async ({ page, visit, world }) => {
  const flat = system(await world(), 'live').groups.find(({ mode }) => mode === 'flat');
  await visit(path('slicers', 'live', flat.id));
  await page.getByText('flat mode: positions do not count, and there is no order to change').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Move (up|down)/ }).count(), 0);
});
