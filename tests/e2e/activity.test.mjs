// The page /activity and its parts on other pages: changes by people and by the vendors' systems themselves, with
// author, time, and values before and after.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { accessible, eventually, rows, START, story, whenRows } from './harness.mjs';
import { GATEWAY_GONE } from './support/browser.mjs';
import { proxy } from './support/proxy.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';
import { findGroup, inOrder, currentGroup, isPrioritized } from './support/slicers.mjs';
import { path, plain, system } from './support/worlds.mjs';

const TIMEOUT = 20_000;

const table = (page) => page.getByRole('table', { name: 'Activity', exact: true });

const options = (page, label) => page.getByRole('combobox', { name: label, exact: true });

const field = (page, label) => page.getByRole('search', { name: 'Filters' }).getByLabel(label, { exact: true });

const filtered = (page) => new URL(page.url()).search;

/** Another order of a group's slicers, set at the vendor, not through this console. */
const reorder = (control, group, ids) => control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids });

/** The number of changes of an order that the gateway has recorded. */
async function countOrders(url) {
  const count = async (before) => {
    const answer = await fetch(`${url}/api/activity?kind=order${before}`);
    const { entries, older } = await answer.json();
    return entries.length + (older === undefined ? 0 : await count(`&before=${encodeURIComponent(older)}`));
  };
  return count('');
}

/**
 * Advances ten seconds several times and reads the connection each time: one that is read less often counts as silent.
 */
const passRead = async (control, reread, connection, times) => {
  for (let time = 0; time < times; time += 1) {
    await control('POST', '/observer/advance', { seconds: 10 });
    await reread(connection);
  }
};

story('a change made at the vendor is listed with the values before and after', async ({ page, visit, world, control }) => {
  const group = await findGroup(world, isPrioritized);
  const ids = inOrder(group);
  await reorder(control, group, ids.toReversed());
  await visit('/activity');
  await whenRows(page, 'Activity', (all) => {
    const entry = all.find(({ What }) => What.startsWith('The order of the slicers changed.'));
    assert.ok(entry);
    assert.deepEqual(
      [entry.Resource, entry.Connection, entry.Who],
      [group.name, 'Live channels', '–'],
    );
  }, TIMEOUT);
  const row = table(page).getByRole('row', { name: /The order of the slicers changed\./ });
  const details = row.getByText('Before and after');
  const accent = await page.getByRole('main').evaluate((main) => {
    const one = main.appendChild(document.createElement('i'));
    one.style.color = 'var(--accent)';
    const { color } = getComputedStyle(one);
    one.remove();
    return color;
  });
  assert.equal(await details.evaluate((one) => getComputedStyle(one).color), accent, 'it looks operable');
  await details.click();
  await row.getByText(`Before: ${ids.join(', ')}`).waitFor();
  await row.getByText(`Now: ${ids.toReversed().join(', ')}`).waitFor();
  await accessible(page);
  await row.getByRole('link', { name: group.name }).click();
  await page.getByRole('heading', { level: 1, name: group.name }).waitFor();
  await page.getByRole('list', { name: 'Activity' }).getByText('The order of the slicers changed.').waitFor();
});

story("each session's silence and recovery is listed", async ({ page, visit, control, reread }) => {
  const session = path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', 'BOIL-02.OpcUa');
  await visit(path('groups', 'plant-a', 'boiler-opcua'));
  const list = page.getByRole('list', { name: 'Activity' });
  for (const [silent, words] of [[true, 'Session BOIL-02.OpcUa is silent'], [false, 'Session BOIL-02.OpcUa posts heartbeats on time again']]) {
    await control('PATCH', session, { silent });
    await control('POST', '/clock/advance', { seconds: 150 });
    await reread();
    await list.getByText(words).waitFor({ timeout: TIMEOUT });
  }
  await visit('/activity?kind=heartbeat');
  await whenRows(page, 'Activity', (all) => {
    assert.ok(all.length >= 2);
    assert.ok(all.every(({ What }) => /^Session .+ (is (late|silent)|posts heartbeats )/.test(What)), JSON.stringify(all));
    assert.ok(all.every(({ What, Severity }) => (What.includes(' on time again') ? Severity === 'Normal' : What.includes(' posts ') || Severity !== 'Normal')), JSON.stringify(all));
  }, TIMEOUT);
});

story('a change by a person is listed with the person and the outcome', async ({ page, visit, world }) => {
  const group = await findGroup(world, isPrioritized);
  await visit(path('slicers', 'live', group.id));
  await page.getByRole('switch', { name: 'Auto failback' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Turn o(n|ff)$/ }).click();
  await eventually(async () => assert.notEqual((await currentGroup(world, group.id)).auto_failback, group.auto_failback), TIMEOUT);
  const list = page.getByRole('list', { name: 'Activity' });
  await list.getByText(/Configure group by demo \(done\)/).waitFor({ timeout: TIMEOUT });
  // The resulting change of the system is a separate entry.
  await list.getByText('Auto failback changed.').waitFor({ timeout: TIMEOUT });
  await page.getByRole('link', { name: /^All activity/ }).click();
  await page.getByRole('heading', { level: 1, name: 'Activity', exact: true }).waitFor();
  assert.equal(new URLSearchParams(filtered(page)).get('resource'), group.id);
  await whenRows(page, 'Activity', (all) => {
    const change = all.find(({ What }) => What.startsWith('Configure group'));
    assert.ok(change.What.includes('done'));
    assert.ok(change.Who.startsWith('demo'));
  });
  const row = table(page).getByRole('row', { name: /Configure group/ });
  await row.getByText('Before and after').click();
  const { auto_failback: before } = group;
  const yes = (is) => (is ? 'yes' : 'no');
  const lines = await row.getByRole('listitem').allInnerTexts();
  assert.deepEqual(lines.map(plain), [`Before: Auto failback: ${yes(before)}`, `Now: Auto failback: ${yes(!before)}`]);
});

story('ending an override is listed as Clear role override', async ({ page, visit }) => {
  const session = 'GAUGE-02.Modbus';
  await visit(path('groups', 'plant-b', 'gauging-modbus'));
  await page.getByRole('button', { name: `Override role ${session}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Override role', exact: true }).click();
  await page.getByRole('button', { name: `Clear override ${session}` }).click();
  const list = page.getByRole('list', { name: 'Activity' });
  for (const words of ['Override role', 'Clear role override']) {
    await list.getByText(`${words}: ${session} by demo (done)`).waitFor({ timeout: TIMEOUT });
  }
});

for (const [status, condition, outcome] of [
  [403, 'that the vendor rejects', 'refused by the vendor'],
  [500, 'that the vendor answers with 500', 'outcome unknown'],
]) {
  story(`a change ${condition} is listed as ${outcome}`, async ({ page, visit, control, complaints, world }) => {
    complaints.expect(new RegExp(`status of ${status}`));
    const group = await findGroup(world, isPrioritized);
    await visit(path('slicers', 'live', group.id));
    await control('POST', '/faults', { connection: 'live', operation: 'configure group', fault: { kind: 'status', status } });
    await page.getByRole('switch', { name: 'Auto failback' }).click();
    await page.getByRole('dialog').getByRole('button', { name: /^Turn o(n|ff)$/ }).click();
    await page.getByRole('list', { name: 'Activity' }).getByText(`Configure group by demo (${outcome})`).waitFor({ timeout: TIMEOUT });
  });
}

story('filters are kept in the address and select the matching entries', async ({ page, visit, control, world }) => {
  const group = await findGroup(world, isPrioritized);
  await reorder(control, group, inOrder(group).toReversed());
  await visit('/activity');
  await whenRows(page, 'Activity', (all) => assert.ok(all.some(({ What }) => What.startsWith('The order'))), TIMEOUT);
  await options(page, 'Kind').selectOption({ label: 'Slicer orders' });
  await whenRows(page, 'Activity', (all) => assert.ok(all.length === 1 && all[0].What.startsWith('The order')));
  assert.equal(filtered(page), '?kind=order');
  await options(page, 'System').selectOption({ label: 'AVEVA' });
  await page.getByText('No entry matches.').waitFor();
  await page.getByRole('status').filter({ hasText: /^0 entries$/ }).waitFor();
  await page.getByRole('link', { name: 'Show everything' }).click();
  await field(page, 'Resource').fill(group.name.toUpperCase());
  await field(page, 'Resource').press('Enter');
  await eventually(() => assert.equal(new URLSearchParams(filtered(page)).get('resource'), group.name.toUpperCase()));
  await whenRows(page, 'Activity', (all) => assert.ok(all.length > 0 && all.every(({ Resource }) => Resource === group.name)));
  await field(page, 'From').fill('2026-01-15T14:32:09');
  await field(page, 'From').press('Enter');
  await eventually(() => assert.equal(new URLSearchParams(filtered(page)).get('from'), '2026-01-15T14:32:09Z'));
  await page.getByText('No entry matches.').waitFor();
  await page.goBack();
  await whenRows(page, 'Activity', (all) => assert.ok(all.length > 0));
  // A date is in UTC, and unknown values are ignored.
  await visit('/activity?from=2026-01-15&system=aveva,uplynk&severity=bogus&kind=order,bogus');
  await whenRows(page, 'Activity', (all) => assert.ok(all.length === 1 && all[0].What.startsWith('The order')));
  assert.match(await field(page, 'From').inputValue(), /^2026-01-15T00:00/);
});

story('editing part of a time keeps its other parts, and an incomplete time is discarded', async ({ page, visit }) => {
  await visit('/activity?from=2026-01-15T14:02:08Z');
  const from = field(page, 'From');
  const address = () => new URLSearchParams(filtered(page)).get('from');
  const isIncomplete = () => from.evaluate((input) => input.value === '' && input.validity.badInput);
  await eventually(async () => assert.equal(await from.inputValue(), '2026-01-15T14:02:08'));
  await from.focus();
  await page.keyboard.press('Backspace');
  assert.equal(await isIncomplete(), true);
  assert.equal(address(), '2026-01-15T14:02:08Z');
  // The month or the day, depending on the browser's order.
  await page.keyboard.type('02');
  await eventually(() => assert.match(address(), /^2026-(02-15|01-02)T14:02:08Z$/));
  await page.keyboard.press('Backspace');
  assert.equal(await isIncomplete(), true);
  await page.getByRole('heading', { level: 1 }).click();
  await eventually(() => assert.equal(address(), null));
  assert.deepEqual(await from.evaluate((input) => [input.value, input.validity.badInput]), ['', false]);
});

story('typing a time adds one history entry, and requests entries once its year is complete', async ({ page, visit }) => {
  const requested = [];
  page.on('request', (request) => new URL(request.url()).pathname === '/api/activity' && requested.push(request.url()));
  await visit('/activity?from=2026-01-15T14:02:08Z');
  const address = () => new URLSearchParams(filtered(page)).get('from');
  const from = field(page, 'From');
  await from.focus();
  // The day and the month, in either order, and the first digits of the year.
  await page.keyboard.type('0101202');
  assert.match(address(), /^2026-/);
  await page.keyboard.type('5');
  await eventually(() => assert.equal(address(), '2025-01-01T14:02:08Z'));
  await page.goBack();
  await eventually(() => assert.equal(address(), '2026-01-15T14:02:08Z'));
  await page.getByRole('heading', { level: 1 }).click();
  // An incomplete year is not applied and not shown after the focus has left.
  await from.focus();
  await page.keyboard.type('0101202');
  await page.getByRole('heading', { level: 1 }).click();
  const shown = await from.inputValue();
  assert.match(shown, /^2026-01-01T14:02:08/);
  assert.match(address(), /^2026-01-01T14:02:08Z$/);
  assert.deepEqual(requested.filter((url) => /from=0/.test(url)), []);
});

story('in the hour that clocks repeat, From uses the first occurrence and To the second', { timezoneId: 'Europe/Berlin' }, async ({ page, visit }) => {
  for (const route of ['/activity', '/report']) {
    await visit(route);
    if (route === '/activity') await page.getByTitle('Show times in the other zone').click();
    for (const [label, param, moment] of [
      ['From', 'from', '2025-10-26T00:30:00Z'],
      ['To', 'to', '2025-10-26T01:30:00Z'],
    ]) {
      await field(page, label).fill('2025-10-26T02:30');
      await field(page, label).press('Enter');
      await eventually(() => assert.equal(new URLSearchParams(filtered(page)).get(param), moment));
      // The time in effect is shown, and entering it again does not change it.
      await eventually(async () => assert.match(await field(page, label).inputValue(), /^2025-10-26T02:30/));
    }
  }
});

story('an invalid time is rejected with an explanation', async ({ page, visit, complaints }) => {
  complaints.expect(/status of 400/);
  await visit('/activity?from=yesterday');
  await page.getByText(/the parameter `from` has to be a time such as 2026-01-15T14:30:00Z, or a date/).waitFor();
});

story('older entries load on demand, and new ones do not scroll the page', async (fixtures) => {
  const { page, visit, control, world } = fixtures;
  const groups = system(await world(), 'live').groups.filter(isPrioritized);
  const turns = Math.ceil(51 / groups.length);
  const reorderAll = async (number, groups) => {
    for (const group of groups) {
      const ids = inOrder(group);
      await reorder(control, group, number % 2 ? ids : ids.toReversed());
    }
    await fixtures.reread();
  };
  // More than one page of entries.
  for (let number = 0; number < turns; number += 1) await reorderAll(number, groups);
  const all = turns * groups.length;
  await visit('/activity?kind=order');
  await whenRows(page, 'Activity', (shown) => assert.equal(shown.length, 50), TIMEOUT);
  await page.getByRole('button', { name: 'Show older entries' }).click();
  await whenRows(page, 'Activity', (shown) => assert.equal(shown.length, all));
  assert.equal(await page.getByRole('button', { name: 'Show older entries' }).count(), 0);
  await page.getByText(`${all} entries`, { exact: true }).waitFor();
  const last = table(page).getByRole('row').last();
  await last.scrollIntoViewIfNeeded();
  const before = await last.boundingBox();
  await reorderAll(turns, groups.slice(0, 1));
  const more = page.getByRole('button', { name: 'Show 1 newer entry' });
  await more.waitFor({ timeout: TIMEOUT, state: 'attached' });
  assert.equal((await rows(page, 'Activity')).length, all);
  const after = await last.boundingBox();
  assert.ok(Math.abs(after.y - before.y) <= 40, `${before.y} and ${after.y}`);
  await more.click();
  await whenRows(page, 'Activity', (shown) => assert.equal(shown.length, all + 1));
  // The button has disappeared, and the page is scrolled to its top.
  const focused = () => page.evaluate(() => [document.activeElement.ariaLabel, document.querySelector('main').scrollTop]);
  await eventually(async () => assert.deepEqual(await focused(), ['Activity, scrollable', 0]));
  // At the top of the page new entries are shown as they arrive.
  await last.scrollIntoViewIfNeeded();
  await reorderAll(turns + 1, groups.slice(0, 1));
  await more.waitFor({ timeout: TIMEOUT, state: 'attached' });
  await page.getByRole('main').evaluate((main) => main.scrollTo(0, 0));
  await reorderAll(turns, groups.slice(0, 1));
  await whenRows(page, 'Activity', (shown) => assert.equal(shown.length, all + 3), TIMEOUT);
  assert.equal(await more.count(), 0);
});

// The gateway reads only on request, so that all changes between two readings reach the page together.
story('at most a hundred entries are shown, and older ones replace the newest', { watchSeconds: 300, timeout: 120_000 }, async (fixtures) => {
  const { page, visit, control, world, product } = fixtures;
  await control('POST', '/reset', { scenario: 'calm', groups: 180, sessions: 4 });
  await fixtures.reread();
  const groups = system(await world(), 'live').groups.filter(isPrioritized);
  assert.ok(groups.length >= 120);
  // The gateway reads group by group, and records as it reads.
  const recorded = async (expected) => {
    await fixtures.reread();
    await eventually(async () => assert.equal(await countOrders(product.url), expected), 2 * TIMEOUT);
  };
  for (const group of groups.slice(0, 120)) await reorder(control, group, inOrder(group).toReversed());
  await recorded(120);
  await visit('/activity?kind=order');
  await page.getByText('The newest 50 entries', { exact: true }).waitFor({ timeout: TIMEOUT });
  const older = page.getByRole('button', { name: 'Show older entries' });
  const names = async () => (await rows(page, 'Activity')).map(({ Resource }) => Resource);
  const newest = await names();
  await older.click();
  await page.getByText('The newest 100 entries', { exact: true }).waitFor();
  const before = await names();
  assert.deepEqual(before.slice(0, 50), newest);
  const last = table(page).getByRole('row', { name: before.at(-1) });
  await last.getByText('Before and after').click();
  await older.scrollIntoViewIfNeeded();
  const { y } = await last.boundingBox();
  await older.click();
  await page.getByText('Entries 21 to 120 of 120', { exact: true }).waitFor();
  const after = await names();
  assert.deepEqual(after.slice(0, 80), before.slice(20));
  assert.equal(new Set([...before, ...after]).size, 120);
  assert.equal(await older.count(), 0);
  // The row that was the last keeps its position and its open details.
  await eventually(async () => assert.ok(Math.abs((await last.boundingBox()).y - y) <= 1));
  await last.getByText(/^Before: /).waitFor();
  await page.getByRole('button', { name: 'Show 20 newer entries' }).click();
  await page.getByText('The newest 100 entries', { exact: true }).waitFor();
  assert.deepEqual(await names(), before);
  // Entries that were already loaded are not requested again.
  await older.click();
  await page.getByText('Entries 21 to 120 of 120', { exact: true }).waitFor();
  assert.deepEqual(await names(), after);
  // If more entries arrive than fit on a page, the loaded ones are discarded and the newest are shown. A paused page
  // receives all of them at once.
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  for (const group of groups.slice(0, 60)) await reorder(control, group, inOrder(group));
  await recorded(180);
  await page.getByRole('button', { name: 'Resume refresh' }).click();
  await page.getByText('The newest 50 entries', { exact: true }).waitFor({ timeout: TIMEOUT });
  assert.equal(await page.getByText('No entry matches.').count(), 0);
  assert.equal((await names()).length, 50);
});

story('all entries that match the filters are exported', async ({ page, visit, control, world }) => {
  const group = await findGroup(world, isPrioritized);
  await reorder(control, group, inOrder(group).toReversed());
  await visit('/activity?kind=order');
  await whenRows(page, 'Activity', (all) => assert.equal(all.length, 1), TIMEOUT);
  for (const [name, extension] of [['Export CSV', 'csv'], ['Export JSON', 'json']]) {
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name }).click();
    const download = await waiting;
    assert.match(download.suggestedFilename(), new RegExp(`^activity-.*Z\\.${extension}$`));
    const text = await readFile(await download.path(), 'utf8');
    if (extension === 'json') {
      const [entry] = JSON.parse(text);
      const at = START.replace('Z', '.000Z');
      assert.deepEqual([entry.at, entry.kind, entry.resource.id, entry.before], [at, 'order', group.id, inOrder(group).join(', ')]);
    } else {
      const lines = text.replace('\ufeff', '').trim().split('\r\n');
      assert.equal(lines.length, 2);
      assert.ok(lines[0].startsWith('Time,Kind,What,'));
      assert.ok(lines[1].startsWith(`${START.replace('Z', '.000Z')},order,The order of the slicers changed.,`));
    }
  }
});

story('changing a filter cancels a running export, and a notice says so', async ({ page, visit }) => {
  await visit('/activity');
  await whenRows(page, 'Activity', (all) => assert.ok(all.length > 0), TIMEOUT);
  // Both in one task: the gateway answers faster than a person could click.
  await options(page, 'Kind').evaluate((select) => {
    [...document.querySelectorAll('main button')].find((button) => button.textContent === 'Export CSV').click();
    select.value = 'order';
    select.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await page.getByText('Export cancelled.', { exact: true }).waitFor();
  assert.equal(await page.getByRole('group', { name: 'Export in progress' }).count(), 0);
});

story('known entries stay on the page while the gateway does not answer', async ({ page, product, visit, complaints }) => {
  complaints.expect(GATEWAY_GONE);
  await visit('/activity');
  await whenRows(page, 'Activity', (all) => assert.ok(all.length > 0), TIMEOUT);
  await product.stop();
  await page.getByRole('button', { name: 'Refresh now', exact: true }).click();
  const card = page.getByRole('region', { name: 'What went wrong' });
  await card.getByText('The gateway does not answer: no connection', { exact: true }).waitFor({ timeout: 30_000 });
  await page.getByRole('main').getByText(/^This is the last known state, (now|\d+ s ago)\.$/).waitFor();
  assert.ok((await rows(page, 'Activity')).length > 0);
});

story('the lane shows which slicer was on air over time, and the times that nobody observed', async ({ page, visit, world, control, reread }) => {
  const group = await findGroup(world, isPrioritized);
  const [first, second] = inOrder(group);
  await visit(`${path('slicers', 'live', group.id)}?lane=hour`);
  const image = page.getByRole('img', { name: 'On air over time' });
  await image.waitFor();
  await passRead(control, reread, 'live', 6);
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${first}`, { healthy: false });
  await control('POST', '/clock/advance', { seconds: 30 });
  await reread();
  await page.getByRole('list', { name: 'Activity' }).getByText(`On air changed from ${first} to ${second}.`).waitFor({ timeout: TIMEOUT });
  // For people who cannot see the image, its table is always present.
  const table = page.getByRole('table', { name: 'On air over time' });
  await table.waitFor({ state: 'attached' });
  await accessible(page);
  const show = page.getByRole('button', { name: 'As a table' });
  assert.equal(await show.getAttribute('aria-expanded'), 'false');
  await show.click();
  assert.equal(await show.getAttribute('aria-expanded'), 'true');
  assert.ok((await table.boundingBox()).height > 20);
  await whenRows(page, 'On air over time', (all) => {
    assert.deepEqual(Object.keys(all[0]), ['On air', 'From', 'To', 'Duration']);
    assert.ok(all.some((stretch) => stretch['On air'] === second));
    assert.equal(all.at(-1)['On air'], 'Not known', 'before the gateway began to watch');
  }, TIMEOUT);
  await accessible(page);
  await page.getByRole('button', { name: 'Week', exact: true }).click();
  await eventually(() => assert.equal(filtered(page), '?lane=week'));
  await image.waitFor();
});

story('a failover and back between two readings is listed', { watchSeconds: 300 }, async ({ page, visit, world, control, reread }) => {
  const returns = (one) => isPrioritized(one) && one.auto_failback && one.active_slicer_id === inOrder(one)[0];
  const group = await findGroup(world, returns);
  const [first] = inOrder(group);
  await reread();
  for (const healthy of [false, true]) await control('PATCH', `/systems/live/groups/${group.id}/slicers/${first}`, { healthy });
  // The slicer is checked again after five minutes.
  await control('POST', '/clock/advance', { seconds: 400 });
  const after = await currentGroup(world, group.id);
  assert.equal(after.active_slicer_id, first);
  assert.ok(after.failover_time > group.failover_time);
  await reread();
  await visit(path('slicers', 'live', group.id));
  const list = page.getByRole('list', { name: 'Activity' });
  await list.getByText(`It failed over and back: ${first} is on air again.`).waitFor({ timeout: TIMEOUT });
});

story('recent changes are shown on the Overview', async ({ page, visit, control, world }) => {
  const group = await findGroup(world, isPrioritized);
  await reorder(control, group, inOrder(group).toReversed());
  await visit('/');
  const recent = page.getByRole('list', { name: 'Recent changes' });
  await recent.getByText(`${group.name}: The order of the slicers changed.`).waitFor({ timeout: TIMEOUT });
  await accessible(page);
});

story('viewers see changes, but neither sign-ins nor IP addresses', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const gateway = await serve();
  try {
    const as = async (user) => {
      await page.goto(`${gateway.url}/activity`);
      await page.getByLabel('User name').fill(user);
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Activity', exact: true }).waitFor();
      return options(page, 'Kind').locator('option').allInnerTexts();
    };
    assert.ok((await as('ann')).includes('Sign-ins, refusals and walls'));
    await whenRows(page, 'Activity', (all) => assert.ok(all.some(({ What, Who }) => What.startsWith('Sign in done') && /^ann 127\.0\.0\.1/.test(Who)), JSON.stringify(all)));
    // Everybody sees her change, but not her address.
    const acknowledge = () =>
      page.evaluate(async () => {
        const { alarms } = await (await fetch('/api/inventory')).json();
        const headers = { 'content-type': 'application/json' };
        const address = `/api/alarms/${encodeURIComponent(alarms[0].id)}/acknowledgement`;
        return (await fetch(address, { method: 'POST', headers, body: JSON.stringify({ reason: 'The key is on its way' }) })).status;
      });
    // There is no alarm before the vendor has been polled.
    await eventually(async () => assert.equal(await acknowledge(), 201));
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    assert.ok(!(await as('vic')).includes('Sign-ins, refusals and walls'));
    await whenRows(page, 'Activity', (all) => assert.ok(all.some(({ What, Who }) => What.includes('The key is on its way') && Who === 'ann'), JSON.stringify(all)));
    assert.ok((await rows(page, 'Activity')).every(({ What }) => !What.startsWith('Sign in')));
    assert.doesNotMatch(await page.getByRole('main').innerText(), /127\.0\.0\.1/);
  } finally {
    await page.goto('about:blank');
    await gateway.stop();
  }
});

story('the focus moves to the page after a successful Retry', async ({ page, product, complaints }) => {
  complaints.expect(/status of 503/);
  let isGone = true;
  const server = await proxy(product, (path) => (isGone && path.startsWith('/api/report') ? 503 : undefined));
  try {
    await page.goto(`${server.url}/report`);
    const retry = page.getByRole('region', { name: 'What went wrong' }).getByRole('button', { name: /^Retry/ });
    await retry.focus();
    isGone = false;
    await page.keyboard.press('Enter');
    await page.getByRole('table', { name: 'Groups', exact: true }).waitFor();
    await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'main'));
  } finally {
    await page.goto('about:blank');
    server.stop();
  }
});

story('a report on a connection that is no longer configured says so', async ({ page, visit }) => {
  await visit('/report?connection=plant-z');
  await eventually(async () => assert.equal(await options(page, 'Connection').inputValue(), 'plant-z'));
  await eventually(async () => assert.equal(await page.getByText('This connection is no longer configured.').count(), 2));
  assert.equal(await page.getByText('No group matches.').count(), 0);
  await accessible(page);
  await options(page, 'Connection').selectOption({ label: 'Plant A' });
  await whenRows(page, 'Groups', (all) => assert.ok(all.length > 1));
});

story('a report counts failovers and downtime, links to the groups, and can be exported', async ({ page, visit, world, control, complaints, reread }) => {
  const group = await findGroup(world, isPrioritized);
  await visit('/');
  await control('POST', '/observer/advance', { seconds: 10 });
  await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', 'BOIL-01.OpcUa'), { silent: true });
  for (const id of inOrder(group)) await control('PATCH', `/systems/live/groups/${group.id}/slicers/${id}`, { healthy: false });
  await control('POST', '/clock/advance', { seconds: 150 });
  await page.getByRole('alert').getByText(/BOIL-02\.OpcUa has taken over from BOIL-01\.OpcUa/).waitFor({ timeout: TIMEOUT });
  await page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name: `${group.name}: Critical` }).waitFor({ timeout: TIMEOUT });
  await passRead(control, reread, 'live', 6);
  await visit('/activity');
  await page.getByRole('link', { name: 'Report', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Report' }).waitFor();
  await whenRows(page, 'Groups', (all) => {
    const of = (name, connection) => all.find((row) => row.Group === name && row.Connection === connection);
    const boiler = of('Boiler House OPC UA', 'Plant A');
    assert.deepEqual([boiler.Failovers, boiler['No primary or on slate']], ['1', '–']);
    // The time before the gateway started is not known, and does not count as healthy.
    assert.match(boiler['Not known'], /d/);
    assert.match(of(group.name, 'Live channels')['No primary or on slate'], /^1 min/);
  }, TIMEOUT);
  await accessible(page);
  await options(page, 'System').selectOption({ label: 'Uplynk' });
  await whenRows(page, 'Groups', (all) => assert.ok(all.every(({ Connection }) => ['Live channels', ''].includes(Connection))));
  assert.equal(filtered(page), '?system=uplynk');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const file = await download;
  const text = await readFile(await file.path(), 'utf8');
  assert.match(file.suggestedFilename(), /^report-\d{4}-\d\d-\d\dT\d{6}Z-to-\d{4}-\d\d-\d\dT\d{6}Z\.csv$/);
  assert.ok(text.startsWith('\ufeffKind,Name,Connection,Failovers,'));
  const [head, ...lines] = text.trim().split('\r\n');
  assert.match(head, /,From,To$/);
  for (const line of lines) assert.match(line, /,\d{4}-\d\d-\d\dT[\d:]{8}Z,\d{4}-\d\d-\d\dT[\d:]{8}Z$/);
  assert.ok(text.includes(`\r\ngroup,${group.name},Live channels,`), text);
  assert.ok(!text.includes('Boiler House'), 'the filter excludes it');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('navigation', { name: 'Main' }).count(), 0, 'the rail is not printed');
  await page.emulateMedia({ media: 'screen' });
  await page.getByRole('table', { name: 'Groups', exact: true }).getByRole('link', { name: group.name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: group.name, exact: true }).waitFor();
  complaints.expect(/status of 400/);
  await visit('/report?from=2030-01-01T00:00:00Z');
  await page.getByText(/`from` has to be before `to` and before now/).waitFor();
});
