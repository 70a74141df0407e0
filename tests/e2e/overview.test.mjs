// The page /: open alarms, and a summary of each system.

import assert from 'node:assert/strict';
import { accessible, eventually, open, passUntil, story } from './harness.mjs';
import { allLive } from './support/sources.mjs';
import { path, plain, system } from './support/worlds.mjs';

story('the summaries count the resources of each system', async ({ page, visit, world }) => {
  await visit('/');
  const simulated = await world();
  const groups = system(simulated, 'plant-a').groups.length + system(simulated, 'plant-b').groups.length;
  const slicers = system(simulated, 'live').groups.length;
  for (const [name, number] of [
    ['AVEVA groups', groups],
    ['Uplynk slicers', slicers],
  ]) {
    const summary = page.getByRole('region', { name, exact: true });
    await eventually(async () => {
      assert.equal(plain(await summary.locator('header p').innerText()), String(number));
      const parts = await summary.getByRole('listitem').locator('b').allInnerTexts();
      assert.equal(parts.reduce((sum, part) => sum + Number(part), 0), number);
    });
  }
  await page.getByRole('region', { name: 'Veeam failovers', exact: true }).waitFor();
});

story('the bars of the summaries are aligned, and names stand out in the sentences of alarms', async ({ page, visit }) => {
  await visit('/');
  await page.getByRole('region', { name: 'Veeam failovers', exact: true }).waitFor();
  const tops = await page.locator('.stack').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  assert.equal(tops.length, 3);
  assert.deepEqual([...new Set(tops)], [tops[0]]);
  const name = page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name: /^Web Shop DR: / }).first().getByText('Web Shop DR', { exact: true });
  assert.equal(await name.evaluate((one) => getComputedStyle(one).fontWeight), '600');
});

story('every source is live, with the age of its data', async ({ page, visit }) => {
  await visit('/');
  await allLive(page);
});

story('a group with silent adapters raises an alarm that links to the group', async ({ page, visit, control }) => {
  await visit('/');
  const about = page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name: /^Boiler House OPC UA: Critical, Plant A$/ });
  assert.equal(await about.count(), 0);
  for (const session of ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']) {
    await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session), { silent: true });
  }
  await control('POST', '/clock/advance', { seconds: 600 });
  await about.waitFor({ timeout: 20_000 });
  // The link has the role of a button: Space activates it, as Enter does.
  await about.getByRole('button', { name: 'Open Boiler House OPC UA, Primary silent, Plant A', exact: true }).press('Space');
  await page.getByRole('heading', { level: 1, name: 'Boiler House OPC UA' }).waitFor();
});

story('alarms with the same text differ by connection, and so do their buttons and dialogs', async ({ page, visit }) => {
  await visit('/');
  const list = page.getByRole('list', { name: 'Alarms' });
  for (const title of ['Enterprise Manager', 'Enterprise Manager 9.5']) {
    const alarm = list.getByRole('listitem', { name: `Web Shop DR: Critical, ${title}`, exact: true });
    await alarm.getByText(new RegExp(`^${title} · Check the session`)).waitFor();
    await alarm.getByRole('button', { name: `Open Web Shop DR, Failed, ${title}`, exact: true }).waitFor();
    await alarm.getByRole('button', { name: `Acknowledge Web Shop DR, Failed, ${title}`, exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Acknowledge Web Shop DR: Failed?' });
    await dialog.getByText(new RegExp(`^${title}: Web Shop DR failed`)).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
  const names = await list.getByRole('button', { name: /^Acknowledge/ }).allInnerTexts();
  assert.equal(new Set(names).size, names.length, String(names));
});

story('the alarm of a group on slate links to Leave slate if a slicer is ready', async ({ page, visit, control, reread }) => {
  await control('PUT', '/scenario', { name: 'incident' });
  await reread();
  await visit('/');
  const leaveSlate = page.getByRole('list', { name: 'Alarms' }).getByRole('button', { name: /^Leave slate / }).first();
  const name = (await leaveSlate.innerText()).replace('Leave slate ', '');
  await leaveSlate.click();
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  await page.getByRole('button', { name: 'Leave slate', exact: true }).waitFor();
});

story('the rail links to every page and marks the current one', async ({ page, visit }) => {
  await visit('/');
  const rail = page.getByRole('navigation', { name: 'Main' });
  for (const name of ['Groups', 'Slicers', 'Failover sessions', 'Activity', 'Connections', 'Overview']) {
    const link = rail.getByRole('listitem').getByRole('link', { name: new RegExp(`^${name}`) });
    await link.click();
    await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    assert.equal(await link.getAttribute('aria-current'), 'page');
  }
});

story('on a phone the accessible name of a rail entry is complete despite its number', { viewport: { width: 390, height: 844 } }, async (fixtures) => {
  const { page, control, reread } = fixtures;
  await open(fixtures, '/');
  const rail = page.getByRole('navigation', { name: 'Main' });
  await rail.getByRole('link', { name: /^Failover sessions\b.*\d open alarms?$/ }).waitFor();
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'status', status: 503 } });
  await reread();
  const connections = rail.getByRole('link', { name: /^Connections\b.*\d open alarms?$/ });
  await passUntil(page, control, 60, async () => (await connections.count()) > 0);
  // The visible text may be shorter.
  for (const visible of ['Sessions', 'Connections']) assert.ok(await rail.getByText(visible, { exact: true }).isVisible(), visible);
});

story('Back returns to the previous page', async ({ page, visit }) => {
  await visit('/');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Groups/ }).click();
  await page.getByRole('heading', { level: 1, name: 'Groups', exact: true }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Overview', exact: true }).waitFor();
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'main'));
});

story('a link to the open page adds no history entry', async ({ page, visit }) => {
  await visit('/');
  const groups = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Groups/ });
  for (let click = 0; click < 2; click += 1) {
    await groups.click();
    await page.getByRole('heading', { level: 1, name: 'Groups', exact: true }).waitFor();
  }
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Overview', exact: true }).waitFor();
});

story('the chosen theme is kept after a reload', async ({ page, visit }) => {
  await visit('/');
  const theme = () => page.evaluate(() => document.documentElement.outerHTML.match(/^<html[^>]*>/)[0]);
  const button = page.getByRole('button', { name: 'Colour theme' });
  const before = await theme();
  await button.click();
  await eventually(async () => assert.notEqual(await theme(), before));
  const chosen = await theme();
  await page.reload();
  await button.waitFor();
  assert.equal(await theme(), chosen);
});

story('a failover is announced immediately on every page, and links to its group', async ({ page, visit, control }) => {
  await visit('/connections');
  await page.getByRole('listitem', { name: /^Plant A: live/ }).waitFor();
  const alert = page.getByRole('alert').filter({ hasText: 'has taken over' });
  assert.equal(await alert.count(), 0);
  await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', 'BOIL-01.OpcUa'), { silent: true });
  await control('POST', '/clock/advance', { seconds: 150 });
  await alert.getByText('Boiler House OPC UA: BOIL-02.OpcUa has taken over from BOIL-01.OpcUa.').waitFor({ timeout: 20_000 });
  await alert.getByRole('link', { name: 'Open' }).click();
  await page.getByRole('heading', { level: 1, name: 'Boiler House OPC UA' }).waitFor();
  await alert.getByRole('button', { name: 'Dismiss', exact: true }).click();
  await alert.waitFor({ state: 'detached' });
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'main'));
});

story('if a focused announcement disappears, the focus moves to the page', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/connections');
  const link = page.getByRole('alert').filter({ hasText: 'has taken over' }).getByRole('link', { name: 'Open' });
  await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', 'BOIL-01.OpcUa'), { silent: true });
  await control('POST', '/clock/advance', { seconds: 150 });
  await passUntil(page, control, 60, () => link.isVisible());
  await link.focus();
  await passUntil(page, control, 40, async () => (await link.count()) === 0);
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'main'));
});

story('a second critical state of the same resource is announced as well, once', async ({ page, visit, control, reread }) => {
  const session = 'GAUGE-02.Modbus';
  await visit(path('groups', 'plant-b', 'gauging-modbus'));
  await page.getByRole('button', { name: `Override role ${session}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Override role', exact: true }).click();
  const clear = page.getByRole('button', { name: `Clear override ${session}` });
  await clear.waitFor();
  for (const silent of ['GAUGE-01.Modbus', session]) {
    await control('PATCH', path('systems', 'plant-b', 'groups', 'gauging-modbus', 'sessions', silent), { silent: true });
  }
  await control('POST', '/clock/advance', { seconds: 600 });
  await reread();
  const announced = (text) => page.getByRole('alert').getByText(text);
  const pinned = announced(/^Critical \(Plant B\): .* an override pins GAUGE-02\.Modbus/);
  await pinned.waitFor({ state: 'attached', timeout: 20_000 });
  await clear.click();
  await announced(/^Critical \(Plant B\): .* its primary GAUGE-02\.Modbus has been silent/).waitFor({ state: 'attached', timeout: 20_000 });
  assert.equal(await pinned.count(), 1);
});

story('a failing site is one foldable entry of the list, and filters select matching alarms', async ({ page, visit, control, world }) => {
  const { groups } = system(await world(), 'plant-a');
  for (const group of groups) {
    for (const session of group.Sessions) {
      await control('PATCH', path('systems', 'plant-a', 'groups', group.Id, 'sessions', session.Id), { silent: true });
    }
  }
  await control('POST', '/clock/advance', { seconds: 600 });
  await visit('/');
  const list = page.getByRole('list', { name: 'Alarms' });
  const more = list.getByText(/^\d+ more groups: Primary silent$/);
  await more.waitFor({ timeout: 20_000 });
  const number = Number((await more.innerText()).match(/\d+/)[0]);
  const folded = page.getByRole('list', { name: `${number} more groups: Primary silent` });
  assert.equal(await folded.getByRole('listitem').count(), 0, 'folded');
  await more.click();
  await eventually(async () => assert.equal(await folded.getByRole('listitem').count(), number));
  await accessible(page);
  await folded.getByRole('button', { name: /^Open/ }).first().waitFor();
  const attention = page.getByRole('region', { name: 'Needs attention', exact: true });
  await attention.getByLabel('System').selectOption('Veeam');
  await eventually(async () => assert.equal(await more.count(), 0));
  assert.ok((await list.getByRole('listitem').count()) > 0);
  await attention.getByRole('status').filter({ hasText: /^\d+ of \d+ open, worst first$/ }).waitFor();
  assert.equal(new URL(page.url()).search, '?system=veeam');
  await attention.getByLabel('Severity').selectOption('Unknown');
  const none = attention.getByRole('status').filter({ hasText: /^0 of \d+ open alarms shown\. Show all$/ });
  await none.waitFor();
  await page.goBack();
  await page.goBack();
  await more.waitFor();
  await visit('/?system=veeam&severity=unknown');
  await none.waitFor();
  await attention.getByRole('link', { name: 'Show all', exact: true }).click();
  await more.waitFor();
  assert.equal(new URL(page.url()).search, '');
  // Unknown values are ignored.
  await visit('/?system=bogus&severity=bogus');
  await more.waitFor();
  assert.equal(await attention.getByLabel('System').inputValue(), '');
  await visit('/groups?state=bogus&connection=bogus');
  await page.getByRole('button', { name: /^All \d+$/, pressed: true }).waitFor();
  await page.getByRole('table', { name: 'Failover groups' }).getByRole('row').nth(groups.length).waitFor();
});

story('folded alarms are not rendered, and unfold a hundred at a time', async ({ page, visit, control }) => {
  await control('POST', '/reset', { scenario: 'calm', groups: 150, sessions: 2 });
  const silent = { kind: 'replace', find: '"HeartbeatTime":"2026', with: '"HeartbeatTime":"2020' };
  await control('POST', '/faults', { connection: 'plant-a', operation: 'list sessions', fault: silent });
  await visit('/');
  const list = page.getByRole('list', { name: 'Alarms' });
  const more = list.getByText(/^1\d\d more groups: Primary silent$/);
  await more.waitFor({ timeout: 30_000 });
  const items = () => list.locator('details li').count();
  assert.equal(await items(), 0);
  await more.click();
  await eventually(async () => assert.equal(await items(), 100));
  await list.getByRole('button', { name: /^Show \d+ more of \d+$/ }).click();
  await eventually(async () => assert.equal(await items(), Number((await more.innerText()).match(/\d+/)[0])));
  // The button has disappeared: the focus moves to the first new alarm.
  const next = list.locator('details li').nth(100).getByRole('button').first();
  await eventually(async () => assert.ok(await next.evaluate((one) => one === document.activeElement)));
});

/** Silences the adapters of groups permanently, or lets them report again. */
async function silence({ control, reread }, connection, groups, silent) {
  for (const group of groups) {
    for (const session of group.Sessions) {
      await control('PATCH', path('systems', connection, 'groups', group.Id, 'sessions', session.Id), { silent });
    }
  }
  await control('POST', '/clock/advance', { seconds: silent ? 600 : 60 });
  await reread();
}

story('an unfolded entry and the focus stay while alarms above them start and end', async (fixtures) => {
  const { page, visit, world } = fixtures;
  const simulated = await world();
  await silence(fixtures, 'plant-a', system(simulated, 'plant-a').groups, true);
  await visit('/');
  const list = page.getByRole('list', { name: 'Alarms' });
  await list.getByText(/^\d+ more groups: Primary silent$/).click();
  const button = list.locator('details').getByRole('button', { name: /^Acknowledge/ }).nth(1);
  const words = await button.innerText();
  await button.focus();
  await button.evaluate((pressed) => {
    window.pressed = pressed;
  });
  const stays = () => page.evaluate(() => [document.activeElement === window.pressed, window.pressed.innerText, window.pressed.closest('details')?.open]);
  const first = () => list.locator(':scope > li').first().getAttribute('aria-label');
  const before = await first();
  const others = system(simulated, 'plant-b').groups.filter(({ Id }) => Id === 'hydrotreater-opcua');
  await silence(fixtures, 'plant-b', others, true);
  // The newest alarm comes first.
  await eventually(async () => assert.match(await first(), /^Hydrotreater OPC UA: Critical/), 20_000);
  assert.deepEqual(await stays(), [true, words, true]);
  assert.equal(await list.locator('details[open]').count(), 1);
  await silence(fixtures, 'plant-b', others, false);
  await eventually(async () => assert.equal(await first(), before), 20_000);
  assert.deepEqual(await stays(), [true, words, true]);
  assert.equal(await list.locator('details[open]').count(), 1);
});

story('if the alarm with the focus is folded with others, the focus moves to their entry', async (fixtures) => {
  const { page, visit, world } = fixtures;
  const { groups } = system(await world(), 'plant-a');
  await silence(fixtures, 'plant-a', groups.slice(0, 3), true);
  await visit('/');
  const list = page.getByRole('list', { name: 'Alarms' });
  await list.getByRole('button', { name: /^Acknowledge .*, Primary silent, Plant A$/ }).nth(1).focus({ timeout: 20_000 });
  await silence(fixtures, 'plant-a', groups.slice(3), true);
  const more = list.getByText(/^\d+ more groups: Primary silent$/);
  await more.waitFor({ timeout: 20_000 });
  await eventually(async () => assert.ok(await more.evaluate((one) => one === document.activeElement)));
});

story("when the worst alarm of a folded entry ends, the focus does not move to another alarm's button", async (fixtures) => {
  const { page, visit, world } = fixtures;
  const { groups } = system(await world(), 'plant-a');
  await silence(fixtures, 'plant-a', groups, true);
  await visit('/');
  const list = page.getByRole('list', { name: 'Alarms' });
  const more = list.getByText(/^\d+ more groups: Primary silent$/);
  await more.click();
  const entry = list.getByRole('listitem').filter({ has: page.getByText(/^\d+ more groups: Primary silent$/) });
  const worst = (await entry.getAttribute('aria-label')).split(':')[0];
  await entry.getByRole('button', { name: `Acknowledge ${worst}, Primary silent, Plant A`, exact: true }).focus();
  const number = Number((await more.innerText()).match(/\d+/)[0]);
  await silence(fixtures, 'plant-a', groups.filter(({ Id, Name }) => [Id, Name].includes(worst)), false);
  await eventually(async () => assert.equal(await more.innerText(), `${number - 1} more groups: Primary silent`), 20_000);
  const focused = await page.evaluate(() => [document.activeElement.localName, document.activeElement.innerText, document.activeElement.parentElement.open]);
  assert.deepEqual(focused, ['summary', `${number - 1} more groups: Primary silent`, true]);
});
