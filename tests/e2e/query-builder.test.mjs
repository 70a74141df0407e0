// The query builder of /failover-sessions: conditions and text show the same filter, the address contains the complete
// query, and queries can be saved by name.

import assert from 'node:assert/strict';
import { accessible, columns, eventually, open, passEverywhere, START, story, whenRows } from './harness.mjs';
import { plain, sessions } from './support/worlds.mjs';

const TABLE = 'Cloud failover sessions';

const filter = (page) => page.getByLabel('Filter', { exact: true });

const run = (page) => page.getByRole('button', { name: 'Run query' }).first().click();

/** Waits until the table shows these plans, in any order. */
const plans = async (page, expected) =>
  whenRows(page, TABLE, (shown) => {
    const names = expected.map(({ name }) => plain(name)).toSorted();
    assert.deepEqual(shown.map((row) => names.find((name) => row.Plan.startsWith(name)) ?? row.Plan).toSorted(), names);
  });

const tokens = (page) => page.getByRole('group', { name: 'Conditions' }).locator('.token');

const sentFilters = async (control) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(({ operation }) => operation === 'query sessions').map(({ query }) => new URLSearchParams(query).get('filter') ?? '');
};

story('a condition is built without knowing the grammar, runs, and is kept in the address', async ({ page, visit, world }) => {
  const failed = sessions(await world(), 'em').filter(({ result }) => result === 'Failed');
  await visit('/failover-sessions?connection=em&size=100');
  await page.getByRole('button', { name: 'Add filter', exact: true }).click();
  const token = tokens(page).first();
  assert.equal(await token.getByLabel('Field').inputValue(), 'Result');
  await token.getByLabel('Value').selectOption('Failed');
  assert.equal(await filter(page).inputValue(), 'Result==Failed');
  assert.ok(!page.url().includes('filter='), 'nothing has run yet');
  await run(page);
  await page.waitForURL(/filter=Result%3D%3DFailed/);
  await plans(page, failed);
  await page.goBack();
  await eventually(async () => assert.equal(await filter(page).inputValue(), ''));
  assert.equal(await tokens(page).count(), 0);
  await page.goForward();
  await eventually(async () => assert.equal(await tokens(page).count(), 1));
});

story('conditions can be grouped by all or any, and nested', async ({ page, visit, world }) => {
  const wanted = sessions(await world(), 'em').filter(({ result, state }) => result === 'Failed' || state === 'Working');
  await visit('/failover-sessions?connection=em&size=100');
  await page.getByRole('button', { name: 'Add filter', exact: true }).click();
  await tokens(page).nth(0).getByLabel('Value').selectOption('Failed');
  await page.getByRole('button', { name: 'Add filter', exact: true }).click();
  await tokens(page).nth(1).getByLabel('Field').selectOption('State');
  await tokens(page).nth(1).getByLabel('Value').selectOption('Working');
  assert.equal(await filter(page).inputValue(), 'Result==Failed;State==Working');
  await page.getByLabel('Match').selectOption('any');
  assert.equal(await filter(page).inputValue(), 'Result==Failed,State==Working');
  await run(page);
  await plans(page, wanted);
  await page.getByRole('button', { name: 'Wrap State is Working in a group' }).click();
  const group = page.getByRole('group', { name: 'Group of conditions' });
  await group.getByRole('button', { name: 'Add filter to the group' }).click();
  await group.locator('.token').nth(1).getByLabel('Value').selectOption('None');
  assert.equal(await filter(page).inputValue(), 'Result==Failed,(State==Working;Result==None)');
  await group.getByRole('button', { name: 'Remove group' }).click();
  assert.equal(await filter(page).inputValue(), 'Result==Failed');
});

story('the focus moves on after a condition or group is removed, ungrouped or wrapped', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em');
  await filter(page).fill('Name==a;(Result==Failed,State==Working)');
  const button = (name) => page.getByRole('button', { name, exact: true });
  const value = (at) => tokens(page).nth(at).getByLabel('Value');
  for (const [pressed, left, focused] of [
    ['Ungroup', 'Name==a;Result==Failed;State==Working', value(1)],
    ['Wrap State is Working in a group', 'Name==a;Result==Failed;State==Working', value(2)],
    ['Remove Result is Failed', 'Name==a;State==Working', button('Add filter to the group')],
    ['Remove group', 'Name==a', value(0)],
    ['Remove Plan is a', '', button('Add filter')],
  ]) {
    await button(pressed).press('Enter');
    await eventually(async () => assert.equal(await filter(page).inputValue(), left, pressed));
    await eventually(async () => assert.ok(await focused.evaluate((one) => one === document.activeElement), pressed));
  }
});

story('each field offers only meaningful operators', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em');
  await page.getByRole('button', { name: 'Add filter', exact: true }).click();
  const token = tokens(page).first();
  const offered = () => token.getByLabel('Operator').locator('option').evaluateAll((all) => all.map(({ value }) => value));
  assert.deepEqual((await offered()).toSorted(), ['!=', '<', '<=', '==', '>', '>='].toSorted());
  for (const field of ['State', 'Name', 'UID', 'FailureMessage']) {
    await token.getByLabel('Field').selectOption(field);
    assert.deepEqual((await offered()).toSorted(), ['!=', '=='], field);
  }
});

story('a missing value is an error only after leaving the condition or running the query', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em');
  const conditions = page.getByRole('group', { name: 'Conditions' });
  const hint = (field) => conditions.getByText(`${field} has no value yet and is ignored.`);
  const isError = (field) => hint(field).evaluate((one) => one.matches('.wrong'));
  const add = async () => {
    await page.getByRole('button', { name: 'Add filter', exact: true }).click();
    await eventually(async () => assert.ok(await tokens(page).last().getByLabel('Value').evaluate((one) => one === document.activeElement)));
  };
  await add();
  assert.equal(await isError('Result'), false);
  // From one part of the condition to another.
  await tokens(page).first().getByLabel('Field').focus();
  await tokens(page).first().getByLabel('Field').selectOption('Name');
  assert.equal(await isError('Plan'), false);
  await tokens(page).first().getByLabel('Value').press('Enter');
  await eventually(async () => assert.equal(await isError('Plan'), true));
  await add();
  assert.equal(await isError('Result'), false);
  await filter(page).focus();
  await eventually(async () => assert.equal(await isError('Result'), true));
  await tokens(page).last().getByLabel('Value').selectOption('Failed');
  await hint('Result').waitFor({ state: 'detached' });
});

story('edited text becomes conditions, and a mistake shows its position and what was expected', async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em');
  await filter(page).fill('Name=="ABC Company Failover Plan";(Result==Success,Result==Warning)');
  await eventually(async () => assert.equal(await tokens(page).count(), 3));
  assert.equal(await tokens(page).first().getByLabel('Value').inputValue(), 'ABC Company Failover Plan');
  await filter(page).fill('Result==Failed;Colour==red');
  await page.getByRole('status').getByText(/At character 16: expected a field/).waitFor();
  await page.getByRole('status').getByText(/or “\(”, found “Colour”\.$/).waitFor();
  assert.equal(await page.locator('.place mark').textContent(), 'Colour');
  await page.getByRole('region', { name: 'Results' }).getByRole('status').getByText('Correct the filter; the last query is shown.').waitFor();
  await control('DELETE', '/requests');
  await run(page);
  await accessible(page);
  assert.ok(!page.url().includes('Colour'), 'the filter did not run');
  assert.ok((await sentFilters(control)).every((sent) => !sent.includes('Colour')));
  // The conditions replace the text, which stays in a notice.
  await tokens(page).first().getByLabel('Value').fill('Another plan');
  await page.getByRole('status').getByText('Replaced the filter text: Result==Failed;Colour==red', { exact: true }).waitFor();
  assert.match(await filter(page).inputValue(), /Another plan/);
});

story('a relative range stays relative in the address and is sent as UTC', { now: START }, async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em');
  await page.getByRole('combobox', { name: 'Started', exact: true }).selectOption({ label: 'Last 24 h' });
  await page.waitForURL(/started=24h/);
  await eventually(async () => assert.ok((await sentFilters(control)).some((sent) => sent === 'CreationTime>="2026-01-14T14:32:00Z"'), JSON.stringify(await sentFilters(control))));
  assert.ok(!page.url().includes('2026-01-14'));
});

story('a custom range is entered in the displayed time zone and sent as UTC', { now: START, timezoneId: 'Europe/Berlin' }, async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em');
  await page.getByRole('button', { name: /^14:32:08 UTC/ }).click();
  // One hour ahead of UTC in winter.
  await page.getByRole('button', { name: /^15:32:08/ }).waitFor();
  await page.getByRole('combobox', { name: 'Started', exact: true }).selectOption('custom');
  const range = page.getByRole('group', { name: 'Started between' });
  assert.notEqual((await range.locator('small').last().textContent()).trim(), 'UTC');
  await range.getByRole('button', { name: 'Apply' }).click();
  await range.getByText('Enter at least one of the two times.').waitFor();
  await range.getByLabel('Started from').fill('2026-01-10T10:00');
  await range.getByLabel('Started to').fill('2026-01-09T10:00');
  await range.getByRole('button', { name: 'Apply' }).click();
  await range.getByText('From must be before To.').waitFor();
  await range.getByLabel('Started to').fill('2026-01-11T10:00');
  await range.getByLabel('Started to').press('Enter');
  const started = 'CreationTime>="2026-01-10T09:00:00Z";CreationTime<"2026-01-11T09:00:00Z"';
  const isSent = (filter) => eventually(async () => assert.ok((await sentFilters(control)).includes(filter), JSON.stringify(await sentFilters(control))));
  await isSent(started);
  // Run query includes a range that was not applied, but no invalid times.
  await page.getByRole('combobox', { name: 'Ended', exact: true }).selectOption('custom');
  const ended = page.getByRole('group', { name: 'Ended between' });
  await ended.getByLabel('Ended from').fill('2026-01-11T10:00');
  await ended.getByLabel('Ended to').fill('2026-01-10T10:00');
  await run(page);
  await ended.getByText('From must be before To.').waitFor();
  await ended.getByLabel('Ended to').fill('2026-01-12T10:00');
  await run(page);
  await isSent(`${started};EndTime>="2026-01-11T09:00:00Z";EndTime<"2026-01-12T09:00:00Z"`);
});

story('in the hour that clocks repeat, Apply keeps unedited times, and a range includes both hours', { timezoneId: 'Europe/Berlin' }, async ({ page, visit, control }) => {
  // The second occurrence of half past two.
  const filtered = encodeURIComponent('CreationTime>="2025-10-26T01:30:00Z"');
  await visit(`/failover-sessions?connection=em&filter=${filtered}`);
  await page.getByTitle('Show times in the other zone').click();
  const range = page.getByRole('group', { name: 'Started between' });
  await eventually(async () => assert.equal(await range.getByLabel('Started from').inputValue(), '2025-10-26T02:30'));
  await range.getByLabel('Started to').fill('2025-10-26T02:45');
  await range.getByRole('button', { name: 'Apply' }).click();
  const second = 'CreationTime>="2025-10-26T01:30:00Z";CreationTime<"2025-10-26T01:45:00Z"';
  await eventually(async () => assert.ok((await sentFilters(control)).includes(second), JSON.stringify(await sentFilters(control))));
  await range.getByLabel('Started from').fill('2025-10-26T02:00');
  await range.getByRole('button', { name: 'Apply' }).click();
  const both = 'CreationTime>="2025-10-26T00:00:00Z";CreationTime<"2025-10-26T01:45:00Z"';
  await eventually(async () => assert.ok((await sentFilters(control)).includes(both), JSON.stringify(await sentFilters(control))));
});

story('selected values follow the history', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed');
  const value = tokens(page).first().getByLabel('Value');
  const shows = (select, choice) => eventually(async () => assert.equal(await select.inputValue(), choice));
  await value.selectOption('Warning');
  await run(page);
  await page.waitForURL(/filter=Result%3D%3DWarning/);
  await page.goBack();
  await shows(value, 'Failed');
  await page.goForward();
  await shows(value, 'Warning');
  // Another field has other operators and values.
  await filter(page).fill('CreationTime>="2026-01-10T09:00:00Z"');
  await run(page);
  await page.waitForURL(/filter=CreationTime/);
  const operator = tokens(page).first().getByLabel('Operator');
  await shows(operator, '>=');
  await page.goBack();
  await shows(operator, '==');
  await shows(value, 'Warning');
  await page.goForward();
  await shows(operator, '>=');
});

story('ranges and order follow the history', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em');
  for (const [name, choices, param] of [
    ['Started', ['24h', '7d'], 'started'],
    ['Sort', ['Name', 'UID'], 'sort'],
  ]) {
    const select = page.getByRole('combobox', { name, exact: true });
    const first = await select.inputValue();
    for (const choice of choices) {
      await select.selectOption(choice);
      await page.waitForURL(new RegExp(`${param}=-?${choice}`));
    }
    const shows = (choice) => eventually(async () => assert.equal(await select.inputValue(), choice, name));
    await page.goBack();
    await shows(choices[0]);
    await page.goBack();
    await shows(first);
    await page.goForward();
    await shows(choices[0]);
  }
});

story('a range in the filter is shown and editable, and is replaced by a relative one', { now: START }, async ({ page, visit, control }) => {
  const filtered = encodeURIComponent('Result==Failed;CreationTime>="2026-01-10T09:00:00Z"');
  await visit(`/failover-sessions?connection=em&filter=${filtered}`);
  const started = page.getByRole('combobox', { name: 'Started', exact: true });
  const range = page.getByRole('group', { name: 'Started between' });
  assert.equal(await started.inputValue(), 'custom');
  assert.equal(await range.getByLabel('Started from').inputValue(), '2026-01-10T09:00');
  await started.selectOption({ label: 'Last 24 h' });
  await page.waitForURL(/started=24h/);
  await range.waitFor({ state: 'detached' });
  assert.equal(await filter(page).inputValue(), 'Result==Failed');
  const sent = 'Result==Failed;CreationTime>="2026-01-14T14:32:00Z"';
  await eventually(async () => assert.ok((await sentFilters(control)).includes(sent), JSON.stringify(await sentFilters(control))));
  await started.selectOption('custom');
  await range.waitFor();
  await page.goBack();
  await eventually(async () => assert.equal(await range.getByLabel('Started from').inputValue(), '2026-01-10T09:00'));
  await started.selectOption({ label: 'any time' });
  await page.waitForURL((url) => url.searchParams.get('filter') === 'Result==Failed');
  await range.waitFor({ state: 'detached' });
});

story('time conditions that are not a range are shown as such, and replacing them shows which', { now: START }, async ({ page, visit }) => {
  const limited = 'CreationTime>="2026-01-08T06:00:00Z";CreationTime<="2026-01-15T13:00:00Z"';
  await visit(`/failover-sessions?connection=em&filter=${encodeURIComponent(`Result==Failed;${limited}`)}`);
  const started = page.getByRole('combobox', { name: 'Started', exact: true });
  const shows = (words) => eventually(async () => assert.equal(await started.evaluate((select) => select.selectedOptions[0]?.textContent), words));
  const ended = page.getByRole('combobox', { name: 'Ended', exact: true });
  await shows('In the filter');
  assert.equal(await ended.evaluate((select) => select.selectedOptions[0].textContent), 'any time');
  await accessible(page);
  // Entering two times changes nothing yet.
  await started.selectOption('custom');
  await page.getByRole('group', { name: 'Started between' }).waitFor();
  await started.selectOption({ label: 'In the filter' });
  await page.getByRole('group', { name: 'Started between' }).waitFor({ state: 'detached' });
  assert.equal(await filter(page).inputValue(), `Result==Failed;${limited}`);
  await started.selectOption({ label: 'Last 24 h' });
  await page.waitForURL(/started=24h/);
  await page.getByText(`Replaced in the filter: ${limited}`).waitFor();
  await eventually(async () => assert.equal(await filter(page).inputValue(), 'Result==Failed'));
  await shows('Last 24 h');
  await page.goBack();
  await shows('In the filter');
  await eventually(async () => assert.equal(await filter(page).inputValue(), `Result==Failed;${limited}`));
  await started.selectOption({ label: 'any time' });
  await page.getByText(`Removed from the filter: ${limited}`).waitFor();
  await page.waitForURL((url) => url.searchParams.get('filter') === 'Result==Failed');
  await shows('any time');
});

story('a time being entered is converted when the time zone changes', { timezoneId: 'Europe/Berlin' }, async ({ page, visit, control }) => {
  await visit(`/failover-sessions?connection=em&filter=${encodeURIComponent('CreationTime>="2026-01-10T09:00:00Z"')}`);
  const range = (name) => page.getByRole('group', { name: `${name} between` });
  const shows = (name, text) => eventually(async () => assert.equal(await range(name).getByLabel(`${name} from`).inputValue(), text));
  await shows('Started', '2026-01-10T09:00');
  await range('Started').getByLabel('Started from').fill('2026-01-11T08:00');
  await page.getByRole('combobox', { name: 'Ended', exact: true }).selectOption('custom');
  await range('Ended').getByLabel('Ended from').fill('2026-01-12T10:30');
  const clocks = page.getByTitle('Show times in the other zone');
  await clocks.click();
  await shows('Started', '2026-01-11T09:00');
  await shows('Ended', '2026-01-12T11:30');
  await clocks.click();
  await shows('Started', '2026-01-11T08:00');
  await range('Started').getByRole('button', { name: 'Apply' }).click();
  const sent = 'CreationTime>="2026-01-11T08:00:00Z"';
  await eventually(async () => assert.ok((await sentFilters(control)).includes(sent), JSON.stringify(await sentFilters(control))));
});

story('in the hour that clocks repeat, a condition on an end includes both hours', { timezoneId: 'Europe/Berlin' }, async ({ page, visit }) => {
  await visit(`/failover-sessions?connection=em&filter=${encodeURIComponent('EndTime<="2025-10-25T12:00:00Z"')}`);
  await page.getByTitle('Show times in the other zone').click();
  const token = tokens(page).first();
  const filterIs = (text) => eventually(async () => assert.equal(await filter(page).inputValue(), text));
  await token.getByLabel('Value').fill('2025-10-26T02:30');
  await filterIs('EndTime<="2025-10-26T01:30:00Z"');
  await token.getByLabel('Operator').selectOption('>=');
  await token.getByLabel('Value').fill('2025-10-26T02:15');
  await filterIs('EndTime>="2025-10-26T00:15:00Z"');
});

story('the default media type and page size are shown as selected', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&size=50');
  const shows = (name, choice) => eventually(async () => assert.equal(await page.getByRole('combobox', { name, exact: true }).inputValue(), choice, name));
  await shows('Response format', 'json');
  await page.getByRole('combobox', { name: 'Connection', exact: true }).selectOption('em-old');
  await shows('Response format', 'xml');
  await page.goBack();
  await shows('Response format', 'json');
  await shows('Page size', '50');
  await page.getByRole('navigation').getByRole('link', { name: 'Failover sessions' }).first().click();
  await page.waitForURL((url) => !url.search.includes('size='));
  await shows('Page size', '25');
});

story('predefined queries run with one click', { now: START }, async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em');
  await page.getByRole('button', { name: 'Failed, started in the last 24 h' }).click();
  await eventually(async () => assert.ok((await sentFilters(control)).includes('Result==Failed;CreationTime>="2026-01-14T14:32:00Z"'), JSON.stringify(await sentFilters(control))));
  assert.equal(await page.getByRole('button', { name: 'Failed, started in the last 24 h' }).getAttribute('aria-pressed'), 'true');
  await page.getByRole('button', { name: 'Running now' }).click();
  await eventually(async () => assert.ok((await sentFilters(control)).some((sent) => sent.includes('State==Working')), JSON.stringify(await sentFilters(control))));
  await page.getByRole('button', { name: 'One plan’s history', exact: true }).or(page.getByRole('button', { name: "One plan's history" })).click();
  const dialog = page.getByRole('dialog', { name: "One plan's history" });
  await dialog.getByLabel('Plan').fill('ABC Company Failover Plan');
  await dialog.getByRole('button', { name: 'Run query' }).click();
  await whenRows(page, TABLE, (shown) => assert.ok(shown.length > 0 && shown.every((row) => row.Plan.startsWith('ABC Company Failover Plan'))));
  // Once more, replacing text entered since.
  const history = await filter(page).inputValue();
  await filter(page).fill('Result==Failed');
  await page.getByRole('button', { name: "One plan's history" }).click();
  await dialog.getByLabel('Plan').fill('ABC Company Failover Plan');
  await dialog.getByRole('button', { name: 'Run query' }).click();
  await eventually(async () => assert.equal(await filter(page).inputValue(), history));
});

story('the table is marked while the edited filter has not run; ranges, sort and size apply at once', { now: START }, async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em');
  await page.getByRole('button', { name: 'Failed, started in the last 24 h' }).click();
  const results = page.getByRole('region', { name: 'Results' });
  const last = results.getByRole('status').getByText('Showing the last query.');
  const chip = page.getByRole('button', { name: 'Failed, started in the last 24 h' });
  await eventually(async () => assert.equal(await chip.getAttribute('aria-pressed'), 'true'));
  assert.equal(await last.count(), 0);
  await filter(page).fill('Result==Failed;Name==Nobody');
  await last.waitFor();
  await page.getByText('Not run yet').waitFor();
  await page.getByRole('combobox', { name: 'Started', exact: true }).selectOption({ label: 'Last 7 days' });
  const sent = 'Result==Failed;CreationTime>="2026-01-08T14:32:00Z"';
  await eventually(async () => assert.ok((await sentFilters(control)).includes(sent), JSON.stringify(await sentFilters(control))));
  await eventually(async () => assert.equal(await chip.getAttribute('aria-pressed'), 'false'));
  await page.getByRole('combobox', { name: 'Page size' }).selectOption('50');
  await page.waitForURL(/size=50/);
  await page.getByRole('combobox', { name: 'Sort', exact: true }).selectOption('Name');
  await page.waitForURL(/sort=-Name/);
  assert.equal(await filter(page).inputValue(), 'Result==Failed;Name==Nobody', 'the edited filter stays');
  await last.waitFor();
  assert.ok((await sentFilters(control)).every((sent) => !sent.includes('Nobody')));
  await run(page);
  await page.waitForURL(/Nobody/);
  await page.getByText('No session matches the query.').waitFor();
  assert.equal(await last.count(), 0);
  await filter(page).fill('Result==Failed');
  await last.waitFor();
  await filter(page).fill('(Result==Failed;Name=="Nobody")');
  await last.waitFor({ state: 'detached' });
});

story('a query can be saved by name, survives a reload, and can be exported and imported', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed&started=7d');
  await page.getByRole('button', { name: 'Save query' }).click();
  const dialog = page.getByRole('dialog', { name: 'Save query' });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('The name is missing.').waitFor();
  await dialog.getByLabel('Name').fill('Trouble this week');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.reload();
  const chip = page.getByRole('button', { name: 'Trouble this week' });
  await eventually(async () => assert.equal(await chip.getAttribute('aria-pressed'), 'true'));
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await eventually(async () => assert.equal(await chip.getAttribute('aria-pressed'), 'false'));
  await chip.click();
  await page.waitForURL(/started=7d/);
  await page.getByRole('button', { name: 'Manage queries' }).click();
  const manage = page.getByRole('dialog', { name: 'Manage queries' });
  const download = page.waitForEvent('download');
  await manage.getByRole('button', { name: 'Export queries' }).click();
  const file = await download;
  const text = await (await import('node:fs/promises')).readFile(await file.path(), 'utf8');
  await manage.getByRole('button', { name: 'Remove query Trouble this week' }).click();
  await manage.getByText('No query is saved in this browser yet.').waitFor();
  await manage.getByLabel('Import queries').fill('{"nonsense": true}');
  await manage.getByRole('button', { name: 'Import queries' }).click();
  await eventually(async () => assert.ok((await manage.getByRole('status').textContent()).length > 10));
  await manage.getByLabel('Import queries').fill(text);
  await manage.getByRole('button', { name: 'Import queries' }).click();
  await manage.getByRole('listitem').filter({ hasText: 'Trouble this week' }).waitFor();
  await accessible(page);
});

/** Saves the current query of a tab. */
async function save(tab, name) {
  await tab.getByRole('button', { name: 'Save query' }).click();
  const dialog = tab.getByRole('dialog', { name: 'Save query' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await tab.getByRole('button', { name }).waitFor();
}

story('after removing a saved query the focus moves to the next one, or to the import', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed');
  for (const name of ['Kept first', 'Kept second']) await save(page, name);
  await page.getByRole('button', { name: 'Manage queries' }).click();
  const manage = page.getByRole('dialog', { name: 'Manage queries' });
  const remove = (name) => manage.getByRole('button', { name: `Remove query ${name}` });
  for (const [name, focused] of [['Kept first', remove('Kept second')], ['Kept second', manage.getByLabel('Import queries')]]) {
    await remove(name).press('Enter');
    await remove(name).waitFor({ state: 'detached' });
    assert.ok(await focused.evaluate((one) => one === document.activeElement), name);
  }
});

story('queries saved in two tabs are both kept', async ({ page, visit }) => {
  const address = '/failover-sessions?connection=em&filter=Result%3D%3DFailed';
  await visit(address);
  const other = await page.context().newPage();
  await other.goto(address);
  await save(page, 'From here');
  await other.getByRole('button', { name: 'From here' }).waitFor();
  await save(other, 'From there');
  for (const tab of [page, other]) {
    for (const name of ['From here', 'From there']) await tab.getByRole('button', { name }).waitFor();
  }
});

story("a tab that missed another tab's saved query keeps it when saving its own", async ({ page, visit }) => {
  const address = '/failover-sessions?connection=em&filter=Result%3D%3DFailed';
  const other = await page.context().newPage();
  // Browsers notify other tabs with a delay; this one never does.
  await other.addInitScript(() => addEventListener('storage', (event) => event.stopImmediatePropagation(), true));
  await other.goto(address);
  await other.getByRole('button', { name: 'Save query' }).waitFor();
  await visit(address);
  await save(page, 'From here');
  const kept = () => page.evaluate(() => ['queries', 'theme'].map((key) => localStorage.getItem(`failover-console.${key}`)));
  const [, before] = await kept();
  await page.getByRole('button', { name: 'Colour theme' }).click();
  const saved = await kept();
  assert.match(saved[0], /From here/);
  assert.notEqual(saved[1], before);
  // Opening another page of the console reads every preference again.
  await other.getByRole('link', { name: 'Activity' }).click();
  await other.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
  await other.getByRole('table').first().waitFor();
  assert.deepEqual(await kept(), saved);
  await other.goBack();
  await save(other, 'From there');
  await other.getByRole('button', { name: 'From here' }).waitFor();
  await page.getByRole('button', { name: 'From there' }).waitFor();
});

/** Stored queries that are partly unreadable: the unreadable part, the data, the error, the number of readable ones. */
const UNREADABLE = [
  ['an entry', { version: 1, queries: [{ name: 'Good', query: 'filter=Result%3D%3DFailed' }, { name: 'Old', query: 'filter=Colour%3D%3Dred' }] }, 'Entry 2 (“Old”): The filter cannot be read.', 1],
  ['the file', { version: 2, queries: [{ name: 'Good', query: 'filter=Result%3D%3DFailed' }] }, 'The file has version 2; this console reads version 1.', 0],
];

for (const [part, data, words, good] of UNREADABLE) {
  story(`saved queries with ${part} unreadable are reported, and kept until that part is removed`, async ({ page, visit }) => {
    const text = JSON.stringify({ kind: 'failover-console.saved-queries', ...data });
    const stored = () => page.evaluate(() => localStorage.getItem('failover-console.queries'));
    await visit('/connections');
    await page.evaluate((queries) => localStorage.setItem('failover-console.queries', queries), text);
    await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed');
    await page.getByText('Some saved queries cannot be read.').waitFor();
    const chip = (name) => page.getByRole('button', { name, exact: true });
    assert.equal(await chip('Good').count(), good);
    assert.equal(await chip('Old').count(), 0);
    await page.getByRole('button', { name: 'Save query' }).click();
    const dialog = page.getByRole('dialog', { name: 'Save query' });
    await dialog.getByLabel('Name').fill('Mine');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText(/^Nothing was changed: some queries saved in this browser cannot be read/).waitFor();
    assert.equal(await stored(), text);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Manage queries' }).click();
    const manage = page.getByRole('dialog', { name: 'Manage queries' });
    const unreadable = manage.getByRole('region', { name: 'Unreadable queries' });
    await unreadable.getByText(words).waitFor();
    await accessible(page);
    if (good > 0) {
      await manage.getByRole('button', { name: 'Remove query Good' }).click();
      await manage.getByRole('status').getByText(/^Nothing was changed: /).waitFor();
      assert.equal(await stored(), text);
    }
    const download = page.waitForEvent('download');
    await manage.getByRole('button', { name: 'Export queries' }).click();
    const file = await (await download).path();
    assert.equal(await (await import('node:fs/promises')).readFile(file, 'utf8'), text);
    await unreadable.getByRole('button', { name: 'Remove unreadable queries' }).click();
    await unreadable.waitFor({ state: 'detached' });
    await manage.getByRole('button', { name: 'Close' }).click();
    await manage.waitFor({ state: 'detached' });
    assert.equal(await page.getByText('Some saved queries cannot be read.').count(), 0);
    await save(page, 'Mine');
    assert.deepEqual(JSON.parse(await stored()).queries.map(({ name }) => name), good > 0 ? ['Good', 'Mine'] : ['Mine']);
  });
}

story('a query that the browser cannot store is kept until the page is closed, with a notice', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed');
  await save(page, 'Kept');
  await page.getByRole('status').getByText('The query “Kept” is saved.').waitFor();
  await page.evaluate(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  for (const name of ['Failed ones', 'Failed again']) {
    await save(page, name);
    await page.getByRole('status').getByText(`The query “${name}” can be used. The browser did not store this change: it lasts until this page is closed.`).waitFor();
    assert.equal(await page.getByText(`The query “${name}” is saved.`).count(), 0);
  }
  for (const name of ['Kept', 'Failed ones', 'Failed again']) await page.getByRole('button', { name, exact: true }).waitFor();
  await page.getByRole('button', { name: 'Manage queries' }).click();
  const manage = page.getByRole('dialog', { name: 'Manage queries' });
  await manage.getByRole('button', { name: 'Remove query Failed again' }).click();
  await manage.getByRole('status').getByText('The browser did not store this change: it lasts until this page is closed.').waitFor();
  await manage.getByRole('listitem').filter({ hasText: 'Failed again' }).waitFor({ state: 'detached' });
});

story('if browser storage is unavailable, saved queries stay until the page is closed', async ({ page, visit }) => {
  await page.addInitScript(() =>
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    }));
  await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed');
  await save(page, 'Failed ones');
  await page.getByRole('status').getByText('The query “Failed ones” can be used. The browser did not store this change: it lasts until this page is closed.').waitFor();
  await save(page, 'Failed again');
  await page.getByRole('button', { name: 'Failed ones' }).waitFor();
});

story('saving a query saves the displayed filter, even before it has run', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed');
  const save = page.getByRole('button', { name: 'Save query' });
  await filter(page).fill('Result==');
  await eventually(async () => assert.ok(await save.isDisabled(), 'an invalid filter cannot be saved'));
  await filter(page).fill('Result==Warning');
  await save.click();
  const dialog = page.getByRole('dialog', { name: 'Save query' });
  await dialog.getByLabel('Name').fill('mine');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Not run yet').waitFor();
  const chip = page.getByRole('button', { name: 'mine', exact: true });
  assert.equal(await chip.getAttribute('aria-pressed'), 'false');
  await chip.click();
  await page.waitForURL(/filter=Result%3D%3DWarning/);
  await eventually(async () => assert.equal(await filter(page).inputValue(), 'Result==Warning'));
});

for (const width of [320, 390]) {
  story(`every part of a condition is reachable on a screen of ${width} pixels`, { viewport: { width, height: 844 } }, async ({ page, visit }) => {
    const nested = 'CreationTime>"2026-01-01T00:00:00Z",(Result==Failed;State==Working)';
    await visit(`/failover-sessions?connection=em&filter=${encodeURIComponent(nested)}`);
    await tokens(page).nth(2).waitFor();
    const ends = await page.getByRole('group', { name: 'Conditions' }).locator('select, input, button').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
    assert.ok(ends.length > 15, String(ends.length));
    const card = await page.getByRole('region', { name: 'Query', exact: true }).boundingBox();
    assert.ok(Math.max(...ends) <= card.x + card.width, `${ends} in ${card.x + card.width}`);
  });
}

story('a relative range moves with time, and is computed again for each run', { now: START }, async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/failover-sessions?connection=em&started=1h');
  const since = (time) => eventually(async () => {
    const sent = await sentFilters(control);
    assert.ok(sent.includes(`CreationTime>="2026-01-15T${time}:00Z"`), JSON.stringify(sent));
  });
  await since('13:32');
  await passEverywhere(page, control, 60);
  await since('13:33');
  await control('DELETE', '/requests');
  await passEverywhere(page, control, 60);
  await run(page);
  await since('13:34');
  await page.getByText('CreationTime>="2026-01-15T13:34:00Z"').waitFor();
});

story('a relative range uses the clock of the queried system', { now: START }, async ({ page, visit, control, reread }) => {
  await control('PUT', '/clock', { now: '2026-01-15T16:32:08Z' });
  await reread('em');
  await visit('/failover-sessions?connection=em&started=1h');
  const since = 'CreationTime>="2026-01-15T15:32:00Z"';
  await eventually(async () => assert.ok((await sentFilters(control)).includes(since), JSON.stringify(await sentFilters(control))));
  await page.getByText(since).waitFor();
});

story('a pasted query sets order and page size, and ambiguous parts are reported', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&filter=Result%3D%3Dfailed');
  await filter(page).fill('type=CloudFailoverSession&format=Entities&sortDesc=Name&pageSize=50&filter=Result==failed');
  await page.waitForURL((url) => url.searchParams.get('sort') === '-Name' && url.searchParams.get('size') === '50');
  await eventually(async () => assert.equal(await filter(page).inputValue(), 'Result==failed'));
  await filter(page).fill('type=CloudFailoverSession&filter=State==Working&Result==None');
  await page.getByRole('status').getByText('“&Result==None” follows the filter').waitFor();
  assert.equal(await filter(page).inputValue(), 'State==Working');
  assert.equal(await tokens(page).count(), 1);
  await filter(page).fill('Name==""Backup""');
  await page.getByRole('status').getByText('Doubled quotes are ambiguous').waitFor();
  assert.equal(await filter(page).inputValue(), 'Name==Backup');
  await filter(page).fill('State==Working&Result==None');
  await page.getByRole('status').getByText('write “;” for “and”').waitFor();
  assert.equal(await page.getByRole('status').getByText('Doubled quotes').count(), 0);
  await accessible(page);
});

story("the server's error about a filter is shown beside the condition that it names", async ({ page, visit, complaints }) => {
  complaints.expect(/status of 400/);
  await visit('/failover-sessions?connection=em');
  await filter(page).fill('Name==Anything;Result==Postponed');
  await run(page);
  await page.getByRole('heading', { name: /returned 400/ }).waitFor();
  const items = page.getByRole('group', { name: 'Conditions' }).getByRole('listitem');
  await items.nth(1).getByText(/^Server: .*Postponed/).waitFor();
  assert.equal(await items.nth(0).getByText(/^The server/).count(), 0);
  await filter(page).fill('Name==Anything;Result==Failed');
  await run(page);
  await items.nth(1).getByText(/^The server/).waitFor({ state: 'detached' });
});

story('selected columns are remembered', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em');
  await page.getByRole('table', { name: TABLE }).waitFor();
  await page.getByText('Columns', { exact: true }).first().click();
  await page.getByRole('checkbox', { name: 'Tasks' }).check();
  await page.getByRole('checkbox', { name: 'Progress' }).uncheck();
  assert.ok(await page.getByRole('checkbox', { name: 'Plan' }).isDisabled());
  await eventually(async () => assert.deepEqual(await columns(page, TABLE), ['Result', 'Plan', 'State', 'Started', 'Duration', 'Tasks', 'Server']));
  await page.reload();
  await eventually(async () => assert.deepEqual(await columns(page, TABLE), ['Result', 'Plan', 'State', 'Started', 'Duration', 'Tasks', 'Server']));
  await page.getByText('Columns', { exact: true }).first().click();
  await page.getByRole('button', { name: 'Default columns' }).click();
  await eventually(async () => assert.ok((await columns(page, TABLE)).includes('Progress')));
});

for (const scheme of ['light', 'dark']) {
  story(`the builder with nested groups, ranges and the histogram is accessible in ${scheme}`, { colorScheme: scheme }, async ({ page, visit }) => {
    await visit(`/failover-sessions?connection=em&size=100&filter=${encodeURIComponent('Result==Failed,(State==Working;CreationTime>="2026-01-01T00:00:00Z")')}`);
    await page.getByRole('table', { name: TABLE }).waitFor();
    await page.getByRole('combobox', { name: 'Ended', exact: true }).selectOption('custom');
    await page.getByText('Columns', { exact: true }).first().click();
    await accessible(page);
  });
}
