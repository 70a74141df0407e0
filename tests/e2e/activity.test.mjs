// The page /activity and its parts on other pages: what people did, what the vendors' systems did by themselves,
// who and when, before and after.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { accessible, eventually, rows, START, story, whenRows } from './harness.mjs';
import { GATEWAY_GONE } from './support/browser.mjs';
import { proxy } from './support/proxy.mjs';
import { PASSWORD, serve } from './support/served.mjs';
import { find, inOrder, now, ordered } from './support/slicers.mjs';
import { path, plain, system } from './support/worlds.mjs';

const PATIENCE = 20_000;

const table = (page) => page.getByRole('table', { name: 'Activity', exact: true });

const options = (page, label) => page.getByRole('combobox', { name: label, exact: true });

const field = (page, label) => page.getByRole('search', { name: 'Filters' }).getByLabel(label, { exact: true });

const filtered = (page) => new URL(page.url()).search;

/** Another order of a group's slicers, set at the vendor, not through this console. */
const reorder = (control, group, ids) => control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids });

/** How many changes of an order the gateway has recorded. */
async function countOrders(url) {
  const count = async (before) => {
    const answer = await fetch(`${url}/api/activity?kind=order${before}`);
    const { entries, older } = await answer.json();
    return entries.length + (older === undefined ? 0 : await count(`&before=${encodeURIComponent(older)}`));
  };
  return count('');
}

/** Lets so many times ten seconds pass, in which a connection is read: one that is read more seldom counts as silent. */
const passRead = async (control, reread, connection, times) => {
  for (let time = 0; time < times; time += 1) {
    await control('POST', '/observer/advance', { seconds: 10 });
    await reread(connection);
  }
};

story('what a vendor changed by itself is told with what was there before', async ({ page, visit, world, control }) => {
  const group = await find(world, ordered);
  const ids = inOrder(group);
  await reorder(control, group, ids.toReversed());
  await visit('/activity');
  await whenRows(page, 'Activity', (all) => {
    const told = all.find(({ What }) => What.startsWith('The order of the slicers changed.'));
    assert.ok(told);
    assert.deepEqual(
      [told.Resource, told.Connection, told.Who],
      [group.name, 'Live channels', '–'],
    );
  }, PATIENCE);
  const row = table(page).getByRole('row', { name: /The order of the slicers changed\./ });
  const details = row.getByText('Before and after');
  const accent = await page.getByRole('main').evaluate((main) => {
    const one = main.appendChild(document.createElement('i'));
    one.style.color = 'var(--accent)';
    const { color } = getComputedStyle(one);
    one.remove();
    return color;
  });
  assert.equal(await details.evaluate((one) => getComputedStyle(one).color), accent, 'it looks like what can be operated');
  await details.click();
  await row.getByText(`Before: ${ids.join(', ')}`).waitFor();
  await row.getByText(`Now: ${ids.toReversed().join(', ')}`).waitFor();
  await accessible(page);
  await row.getByRole('link', { name: group.name }).click();
  await page.getByRole('heading', { level: 1, name: group.name }).waitFor();
  await page.getByRole('list', { name: 'Activity' }).getByText('The order of the slicers changed.').waitFor();
});

story('of each session it is told when its heartbeat became stale and when it was on time again', async ({ page, visit, control, reread }) => {
  const session = path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', 'BOIL-02.OpcUa');
  await visit(path('groups', 'plant-a', 'boiler-opcua'));
  const told = page.getByRole('list', { name: 'Activity' });
  for (const [silent, words] of [[true, 'Session BOIL-02.OpcUa is stale'], [false, 'Session BOIL-02.OpcUa posts heartbeats on time']]) {
    await control('PATCH', session, { silent });
    await control('POST', '/clock/advance', { seconds: 150 });
    await reread();
    await told.getByText(words).waitFor({ timeout: PATIENCE });
  }
  await visit('/activity?kind=heartbeat');
  await whenRows(page, 'Activity', (all) => {
    assert.ok(all.length >= 2);
    assert.ok(all.every(({ What }) => /^Session .+ (is (late|stale)|posts heartbeats )/.test(What)), JSON.stringify(all));
    assert.ok(all.every(({ What, Severity }) => What.includes(' posts ') || Severity !== 'Normal'), JSON.stringify(all));
  }, PATIENCE);
});

story('what a person changes is told with who did it and what became of it', async ({ page, visit, world }) => {
  const group = await find(world, ordered);
  await visit(path('slicers', 'live', group.id));
  await page.getByRole('switch', { name: 'Auto failback' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Turn o(n|ff)$/ }).click();
  await eventually(async () => assert.notEqual((await now(world, group.id)).auto_failback, group.auto_failback), PATIENCE);
  const list = page.getByRole('list', { name: 'Activity' });
  await list.getByText(/Configure group by demo \(done\)/).waitFor({ timeout: PATIENCE });
  // What the system then did is an entry of its own.
  await list.getByText('Auto failback changed.').waitFor({ timeout: PATIENCE });
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
  const lines = await row.getByRole('listitem').allInnerTexts();
  assert.deepEqual(lines.map(plain), [`Before: auto_failback: ${before}`, `Now: auto_failback: ${!before}`]);
});

story('a change is told by what it asked for: the end of an override is no override', async ({ page, visit }) => {
  const session = 'GAUGE-02.Modbus';
  await visit(path('groups', 'plant-b', 'gauging-modbus'));
  await page.getByRole('button', { name: `Override role ${session}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Override role', exact: true }).click();
  await page.getByRole('button', { name: `Clear override ${session}` }).click();
  const list = page.getByRole('list', { name: 'Activity' });
  for (const words of ['Override role', 'Clear role override']) {
    await list.getByText(`${words}: ${session} by demo (done)`).waitFor({ timeout: PATIENCE });
  }
});

for (const [status, words, told] of [
  [403, 'that the vendor refuses', 'refused by the vendor'],
  [500, 'of which nobody knows whether it was made', 'outcome unknown'],
]) {
  story(`a change ${words} is told as ${told}`, async ({ page, visit, control, complaints, world }) => {
    complaints.expect(new RegExp(`status of ${status}`));
    const group = await find(world, ordered);
    await visit(path('slicers', 'live', group.id));
    await control('POST', '/faults', { connection: 'live', operation: 'configure group', fault: { kind: 'status', status } });
    await page.getByRole('switch', { name: 'Auto failback' }).click();
    await page.getByRole('dialog').getByRole('button', { name: /^Turn o(n|ff)$/ }).click();
    await page.getByRole('list', { name: 'Activity' }).getByText(`Configure group by demo (${told})`).waitFor({ timeout: PATIENCE });
  });
}

story('filters stand in the address and leave what they name', async ({ page, visit, control, world }) => {
  const group = await find(world, ordered);
  await reorder(control, group, inOrder(group).toReversed());
  await visit('/activity');
  await whenRows(page, 'Activity', (all) => assert.ok(all.some(({ What }) => What.startsWith('The order'))), PATIENCE);
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
  // A date is one in UTC, and what there is not counts as absent.
  await visit('/activity?from=2026-01-15&system=aveva,uplynk&severity=bogus&kind=order,bogus');
  await whenRows(page, 'Activity', (all) => assert.ok(all.length === 1 && all[0].What.startsWith('The order')));
  assert.match(await field(page, 'From').inputValue(), /^2026-01-15T00:00/);
});

story('a time of which a part is typed anew keeps its other parts, and one that is left incomplete is none', async ({ page, visit }) => {
  await visit('/activity?from=2026-01-15T14:02:08Z');
  const from = field(page, 'From');
  const address = () => new URLSearchParams(filtered(page)).get('from');
  const isIncomplete = () => from.evaluate((input) => input.value === '' && input.validity.badInput);
  await eventually(async () => assert.equal(await from.inputValue(), '2026-01-15T14:02:08'));
  await from.focus();
  await page.keyboard.press('Backspace');
  assert.equal(await isIncomplete(), true);
  assert.equal(address(), '2026-01-15T14:02:08Z');
  // The month or the day, whichever the browser writes first.
  await page.keyboard.type('02');
  await eventually(() => assert.match(address(), /^2026-(02-15|01-02)T14:02:08Z$/));
  await page.keyboard.press('Backspace');
  assert.equal(await isIncomplete(), true);
  await page.getByRole('heading', { level: 1 }).click();
  await eventually(() => assert.equal(address(), null));
  assert.deepEqual(await from.evaluate((input) => [input.value, input.validity.badInput]), ['', false]);
});

story('a time that is typed is one step of the history, and is asked for once its year is whole', async ({ page, visit }) => {
  const asked = [];
  page.on('request', (request) => new URL(request.url()).pathname === '/api/activity' && asked.push(request.url()));
  await visit('/activity?from=2026-01-15T14:02:08Z');
  const address = () => new URLSearchParams(filtered(page)).get('from');
  const from = field(page, 'From');
  await from.focus();
  // The day and the month, in either order, and the year.
  await page.keyboard.type('0101202');
  assert.match(address(), /^2026-/);
  await page.keyboard.type('5');
  await eventually(() => assert.equal(address(), '2025-01-01T14:02:08Z'));
  await page.goBack();
  await eventually(() => assert.equal(address(), '2026-01-15T14:02:08Z'));
  await page.getByRole('heading', { level: 1 }).click();
  // A year that was left after its first digits is not in force, and does not stand there.
  await from.focus();
  await page.keyboard.type('0101202');
  await page.getByRole('heading', { level: 1 }).click();
  const shown = await from.inputValue();
  assert.match(shown, /^2026-01-01T14:02:08/);
  assert.match(address(), /^2026-01-01T14:02:08Z$/);
  assert.deepEqual(asked.filter((url) => /from=0/.test(url)), []);
});

story('where the clocks go back, From begins with the first hour and To ends with the second', { timezoneId: 'Europe/Berlin' }, async ({ page, visit }) => {
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
      // What is in force is seen, and stays when the same is entered.
      await eventually(async () => assert.match(await field(page, label).inputValue(), /^2025-10-26T02:30/));
    }
  }
});

story('a time that is none is refused in words', async ({ page, visit, complaints }) => {
  complaints.expect(/status of 400/);
  await visit('/activity?from=yesterday');
  await page.getByText(/the parameter `from` has to be a time such as 2026-01-15T14:30:00Z, or a date/).waitFor();
});

story('older entries come on demand, and new ones move nobody who reads below', async (told) => {
  const { page, visit, control, world } = told;
  const groups = system(await world(), 'live').groups.filter(ordered);
  const turns = Math.ceil(51 / groups.length);
  const turn = async (number, some) => {
    for (const group of some) {
      const ids = inOrder(group);
      await reorder(control, group, number % 2 ? ids : ids.toReversed());
    }
    await told.reread();
  };
  // More than a page holds.
  for (let number = 0; number < turns; number += 1) await turn(number, groups);
  const all = turns * groups.length;
  await visit('/activity?kind=order');
  await whenRows(page, 'Activity', (shown) => assert.equal(shown.length, 50), PATIENCE);
  await page.getByRole('button', { name: 'Show older entries' }).click();
  await whenRows(page, 'Activity', (shown) => assert.equal(shown.length, all));
  assert.equal(await page.getByRole('button', { name: 'Show older entries' }).count(), 0);
  await page.getByText(`${all} entries`, { exact: true }).waitFor();
  const last = table(page).getByRole('row').last();
  await last.scrollIntoViewIfNeeded();
  const before = await last.boundingBox();
  await turn(turns, groups.slice(0, 1));
  const more = page.getByRole('button', { name: 'Show 1 newer entry' });
  await more.waitFor({ timeout: PATIENCE, state: 'attached' });
  assert.equal((await rows(page, 'Activity')).length, all);
  const after = await last.boundingBox();
  assert.ok(Math.abs(after.y - before.y) <= 40, `${before.y} and ${after.y}`);
  await more.click();
  await whenRows(page, 'Activity', (shown) => assert.equal(shown.length, all + 1));
  // The button has gone, and the page stands at its beginning.
  const focused = () => page.evaluate(() => [document.activeElement.ariaLabel, document.querySelector('main').scrollTop]);
  await eventually(async () => assert.deepEqual(await focused(), ['Activity, scrollable', 0]));
  // At the top of the page new entries are shown as they come again.
  await last.scrollIntoViewIfNeeded();
  await turn(turns + 1, groups.slice(0, 1));
  await more.waitFor({ timeout: PATIENCE, state: 'attached' });
  await page.getByRole('main').evaluate((main) => main.scrollTo(0, 0));
  await turn(turns, groups.slice(0, 1));
  await whenRows(page, 'Activity', (shown) => assert.equal(shown.length, all + 3), PATIENCE);
  assert.equal(await more.count(), 0);
});

// The gateway reads when the story says so: what happens between two readings comes to the page at once.
story('a hundred entries are drawn at most, and older ones take the place of the newest', { watchSeconds: 300, timeout: 120_000 }, async (told) => {
  const { page, visit, control, world, product } = told;
  await control('POST', '/reset', { scenario: 'calm', groups: 180, sessions: 4 });
  await told.reread();
  const groups = system(await world(), 'live').groups.filter(ordered);
  assert.ok(groups.length >= 120);
  // The gateway reads group by group, and records as it reads.
  const recorded = async (expected) => {
    await told.reread();
    await eventually(async () => assert.equal(await countOrders(product.url), expected), 2 * PATIENCE);
  };
  for (const group of groups.slice(0, 120)) await reorder(control, group, inOrder(group).toReversed());
  await recorded(120);
  await visit('/activity?kind=order');
  await page.getByText('The newest 50 entries', { exact: true }).waitFor({ timeout: PATIENCE });
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
  // The row that was the last one is where it was, as it was left.
  await eventually(async () => assert.ok(Math.abs((await last.boundingBox()).y - y) <= 1));
  await last.getByText(/^Before: /).waitFor();
  await page.getByRole('button', { name: 'Show 20 newer entries' }).click();
  await page.getByText('The newest 100 entries', { exact: true }).waitFor();
  assert.deepEqual(await names(), before);
  // What was read already is not read again.
  await older.click();
  await page.getByText('Entries 21 to 120 of 120', { exact: true }).waitFor();
  assert.deepEqual(await names(), after);
  // Where more has come than a page holds, what was read here is no longer known: the newest take its place. A page that
  // pauses meanwhile hears of all at once.
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  for (const group of groups.slice(0, 60)) await reorder(control, group, inOrder(group));
  await recorded(180);
  await page.getByRole('button', { name: 'Resume refresh' }).click();
  await page.getByText('The newest 50 entries', { exact: true }).waitFor({ timeout: PATIENCE });
  assert.equal(await page.getByText('No entry matches.').count(), 0);
  assert.equal((await names()).length, 50);
});

story('everything that the filters leave is exported', async ({ page, visit, control, world }) => {
  const group = await find(world, ordered);
  await reorder(control, group, inOrder(group).toReversed());
  await visit('/activity?kind=order');
  await whenRows(page, 'Activity', (all) => assert.equal(all.length, 1), PATIENCE);
  for (const [name, extension] of [['Export CSV', 'csv'], ['Export JSON', 'json']]) {
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name }).click();
    const download = await waiting;
    assert.match(download.suggestedFilename(), new RegExp(`^activity-.*Z\\.${extension}$`));
    const text = await readFile(await download.path(), 'utf8');
    if (extension === 'json') {
      const [entry] = JSON.parse(text);
      assert.deepEqual([entry.kind, entry.resource.id, entry.before], ['order', group.id, inOrder(group).join(', ')]);
    } else {
      const lines = text.replace('\ufeff', '').trim().split('\r\n');
      assert.equal(lines.length, 2);
      assert.ok(lines[0].startsWith('Time,Kind,What,'));
      assert.ok(lines[1].startsWith(`${START.replace('Z', '.000Z')},order,The order of the slicers changed.,`));
    }
  }
});

story('an export that another filter ends says so', async ({ page, visit }) => {
  await visit('/activity');
  await whenRows(page, 'Activity', (all) => assert.ok(all.length > 0), PATIENCE);
  // Both in one go: the gateway answers faster than anybody can choose.
  await options(page, 'Kind').evaluate((select) => {
    [...document.querySelectorAll('main button')].find((button) => button.textContent === 'Export CSV').click();
    select.value = 'order';
    select.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await page.getByText('Export cancelled.', { exact: true }).waitFor();
  assert.equal(await page.getByRole('group', { name: 'Export in progress' }).count(), 0);
});

story('what is known stays while the gateway does not answer', async ({ page, product, visit, complaints }) => {
  complaints.expect(GATEWAY_GONE);
  await visit('/activity');
  await whenRows(page, 'Activity', (all) => assert.ok(all.length > 0), PATIENCE);
  await product.stop();
  await page.getByRole('button', { name: 'Refresh now', exact: true }).click();
  const card = page.getByRole('region', { name: 'What went wrong' });
  await card.getByText('The gateway does not answer: no connection', { exact: true }).waitFor({ timeout: 30_000 });
  await page.getByRole('main').getByText(/^This is the last known state, (now|\d+ s ago)\.$/).waitFor();
  assert.ok((await rows(page, 'Activity')).length > 0);
});

story('who was on air is drawn over time, with what nobody saw', async ({ page, visit, world, control, reread }) => {
  const group = await find(world, ordered);
  const [first, second] = inOrder(group);
  await visit(`${path('slicers', 'live', group.id)}?lane=hour`);
  const image = page.getByRole('img', { name: 'On air over time' });
  await image.waitFor();
  await passRead(control, reread, 'live', 6);
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${first}`, { healthy: false });
  await control('POST', '/clock/advance', { seconds: 30 });
  await reread();
  await page.getByRole('list', { name: 'Activity' }).getByText(`On air changed from ${first} to ${second}.`).waitFor({ timeout: PATIENCE });
  // For who cannot see the image its table is always there.
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
  }, PATIENCE);
  await accessible(page);
  await page.getByRole('button', { name: 'Week', exact: true }).click();
  await eventually(() => assert.equal(filtered(page), '?lane=week'));
  await image.waitFor();
});

story('a failover and back between two readings is told', { watchSeconds: 300 }, async ({ page, visit, world, control, reread }) => {
  const returns = (one) => ordered(one) && one.auto_failback && one.active_slicer_id === inOrder(one)[0];
  const group = await find(world, returns);
  const [first] = inOrder(group);
  await reread();
  for (const healthy of [false, true]) await control('PATCH', `/systems/live/groups/${group.id}/slicers/${first}`, { healthy });
  // Its re-check comes after five minutes.
  await control('POST', '/clock/advance', { seconds: 400 });
  const after = await now(world, group.id);
  assert.equal(after.active_slicer_id, first);
  assert.ok(after.failover_time > group.failover_time);
  await reread();
  await visit(path('slicers', 'live', group.id));
  const told = page.getByRole('list', { name: 'Activity' });
  await told.getByText(`It failed over and back: ${first} is on air again.`).waitFor({ timeout: PATIENCE });
});

story('the recent changes stand on the overview', async ({ page, visit, control, world }) => {
  const group = await find(world, ordered);
  await reorder(control, group, inOrder(group).toReversed());
  await visit('/');
  const recent = page.getByRole('list', { name: 'Recent changes' });
  await recent.getByText(`${group.name}: The order of the slicers changed.`).waitFor({ timeout: PATIENCE });
  await accessible(page);
});

story('viewers see what changed, and neither sign-ins nor addresses', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const served = await serve();
  try {
    const as = async (user) => {
      await page.goto(`${served.url}/activity`);
      await page.getByLabel('User name').fill(user);
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Activity', exact: true }).waitFor();
      return options(page, 'Kind').locator('option').allInnerTexts();
    };
    assert.ok((await as('ann')).includes('Sign-ins, refusals and walls'));
    await whenRows(page, 'Activity', (all) => assert.ok(all.some(({ What, Who }) => What.startsWith('Sign in done') && /^ann 127\.0\.0\.1/.test(Who)), JSON.stringify(all)));
    // What she does is for everybody to see, and from where is not.
    const acknowledge = () =>
      page.evaluate(async () => {
        const { alarms } = await (await fetch('/api/inventory')).json();
        const headers = { 'content-type': 'application/json' };
        const address = `/api/alarms/${encodeURIComponent(alarms[0].id)}/acknowledgement`;
        return (await fetch(address, { method: 'POST', headers, body: JSON.stringify({ reason: 'The key is on its way' }) })).status;
      });
    // Until the vendor has been asked there is no alarm.
    await eventually(async () => assert.equal(await acknowledge(), 201));
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    assert.ok(!(await as('vic')).includes('Sign-ins, refusals and walls'));
    await whenRows(page, 'Activity', (all) => assert.ok(all.some(({ What, Who }) => What.includes('The key is on its way') && Who === 'ann'), JSON.stringify(all)));
    assert.ok((await rows(page, 'Activity')).every(({ What }) => !What.startsWith('Sign in')));
    assert.doesNotMatch(await page.getByRole('main').innerText(), /127\.0\.0\.1/);
  } finally {
    await page.goto('about:blank');
    await served.stop();
  }
});

story('the focus goes to the page when Retry has helped', async ({ page, product, complaints }) => {
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

story('a report counts failovers and times without a primary or on slate, leads to the groups, and is exported', async ({ page, visit, world, control, complaints, reread }) => {
  const group = await find(world, ordered);
  await visit('/');
  await control('POST', '/observer/advance', { seconds: 10 });
  await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', 'BOIL-01.OpcUa'), { silent: true });
  for (const id of inOrder(group)) await control('PATCH', `/systems/live/groups/${group.id}/slicers/${id}`, { healthy: false });
  await control('POST', '/clock/advance', { seconds: 150 });
  await page.getByRole('alert').getByText(/BOIL-02\.OpcUa has taken over from BOIL-01\.OpcUa/).waitFor({ timeout: PATIENCE });
  await page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name: `${group.name}: Critical` }).waitFor({ timeout: PATIENCE });
  await passRead(control, reread, 'live', 6);
  await visit('/activity');
  await page.getByRole('link', { name: 'Report', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Report' }).waitFor();
  await whenRows(page, 'Groups', (all) => {
    const of = (name, connection) => all.find((row) => row.Group === name && row.Connection === connection);
    const boiler = of('Boiler House OPC UA', 'Plant A');
    assert.deepEqual([boiler.Failovers, boiler['No primary or on slate']], ['1', '–']);
    // Before the gateway began to watch nobody saw anything, and that is not counted as well.
    assert.match(boiler['Not known'], /d/);
    assert.match(of(group.name, 'Live channels')['No primary or on slate'], /^1 min/);
  }, PATIENCE);
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
  assert.ok(!text.includes('Boiler House'), 'what the filter leaves out');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('navigation', { name: 'Main' }).count(), 0, 'paper has no rail');
  await page.emulateMedia({ media: 'screen' });
  await page.getByRole('table', { name: 'Groups', exact: true }).getByRole('link', { name: group.name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: group.name, exact: true }).waitFor();
  complaints.expect(/status of 400/);
  await visit('/report?from=2030-01-01T00:00:00Z');
  await page.getByText(/`from` has to be before `to` and before now/).waitFor();
});
