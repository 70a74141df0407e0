// One query to all Veeam connections, with their results as one list.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { accessible, columns, eventually, open, pass, rows, story, whenRows } from './harness.mjs';
import { readCsv } from './support/csv.mjs';
import { vendorRequests } from './support/requests.mjs';
import { TITLES, sessions } from './support/worlds.mjs';

const TABLE = 'Cloud failover sessions';

const ALL = '/failover-sessions?connection=*';

const newestFirst = (a, b) => (a.started < b.started ? 1 : a.started > b.started ? -1 : 0);

const CONNECTIONS = ['em', 'em-old'];

/** The sessions of all connections, newest first; one listed by both appears once. */
const together = (world) => {
  const all = new Map();
  for (const connection of CONNECTIONS) {
    for (const session of sessions(world, connection)) {
      const merged = all.get(session.guid) ?? { ...session, on: [] };
      all.set(session.guid, { ...merged, on: [...merged.on, TITLES[connection]] });
    }
  }
  return [...all.values()].toSorted(newestFirst);
};

const hrefs = (page) =>
  page
    .getByRole('table', { name: TABLE })
    .getByRole('link')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href').toLowerCase()));

/** Waits until the list shows this text and every connection has answered. */
const complete = async (page, text) => {
  await page.getByText(text).waitFor();
  await eventually(async () => assert.equal(await page.getByText(/^Loading from /).count(), 0));
};

const exported = async (page, button) => {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  return readFile(await (await download).path(), 'utf8');
};

story('the sessions of all connections form one list, newest first, in pages', async ({ page, visit, world }) => {
  const all = together(await world());
  const pages = Math.ceil(all.length / 10);
  await visit('/failover-sessions?size=10');
  assert.ok(!(await columns(page, TABLE)).includes('Connection'), 'one connection is queried');
  await page.getByRole('combobox', { name: 'Connection' }).selectOption('All connections');
  await page.waitForURL(/connection=(\*|%2A)/);
  const seen = [];
  for (let number = 1; number <= pages; number += 1) {
    await complete(page, number === pages ? `on page ${number} of ${pages}` : `on page ${number}, number of pages unknown`);
    assert.ok((await columns(page, TABLE)).includes('Connection'));
    seen.push(...(await hrefs(page)));
    const next = page.getByRole('button', { name: 'Next', exact: true });
    assert.equal(await next.isDisabled(), number === pages);
    if (number < pages) await next.click();
  }
  const ids = seen.map((href) => href.split('/').at(-1));
  assert.deepEqual(ids.toSorted(), all.map(({ guid }) => guid.toLowerCase()).toSorted());
  const started = new Map(all.map((one) => [one.guid.toLowerCase(), one.started]));
  assert.deepEqual(ids.map((id) => started.get(id)), all.map((one) => one.started));
  await page.getByRole('button', { name: 'First', exact: true }).click();
  await page.getByText('on page 1, number of pages unknown').waitFor();
  await accessible(page);
});

story('a query of one connection shows that others exist, with a link to query all', async ({ page, visit }) => {
  await visit('/failover-sessions?filter=State%3D%3DWorking&page=1');
  const note = page.getByText('Only sessions of Enterprise Manager are shown: 1 other connection is not queried.');
  await note.waitFor();
  await page.getByRole('link', { name: 'All connections' }).click();
  await page.waitForURL(/connection=(\*|%2A)/);
  await complete(page, 'on page 1');
  assert.equal(new URL(page.url()).searchParams.get('filter'), 'State==Working');
  assert.ok((await columns(page, TABLE)).includes('Connection'));
  assert.equal(await note.count(), 0);
  await page.getByRole('combobox', { name: 'Connection' }).selectOption(TITLES['em-old']);
  await page.getByText('Only sessions of Enterprise Manager 9.5 are shown: 1 other connection is not queried.').waitFor();
});

story('a page beyond the last of all connections names the last page', async ({ page, visit, world }) => {
  const last = Math.ceil(together(await world()).length / 10);
  await visit(`${ALL}&size=10&page=${last + 5}`);
  await page.getByText(`There is no page ${last + 5}: the last one is ${last}.`).waitFor();
  assert.equal(await page.getByText('No session matches the query.').count(), 0);
  await page.getByRole('button', { name: 'Go to the first page' }).click();
  await page.getByText('on page 1, number of pages unknown').waitFor();
});

story('a query of all connections is kept in the address, and each row names its connections', async ({ page, visit, world }) => {
  const failed = together(await world()).filter(({ result }) => result === 'Failed');
  assert.ok(failed.some(({ on }) => on.length === 2), 'both connections list one of them');
  await visit(`${ALL}&size=100&filter=Result%3D%3DFailed`);
  const agrees = (shown) => {
    assert.deepEqual(shown.map((row) => row.Connection).toSorted(), failed.map(({ on }) => on.join(', ')).toSorted());
    for (const row of shown) assert.match(row.Result, /Failed/);
  };
  await whenRows(page, TABLE, agrees);
  await page.reload();
  await whenRows(page, TABLE, agrees);
  assert.equal(await page.getByLabel('Response format').isVisible(), false);
});

/** The addresses of the sessions that only the second connection lists, newest first. */
const onlyInSecond = (world) =>
  together(world)
    .filter(({ on }) => String(on) === TITLES['em-old'])
    .map(({ guid }) => `/failover-sessions/em-old/${guid.toLowerCase()}`);

story('the details of a row come from its own connection', async ({ page, visit, world }) => {
  const [own] = onlyInSecond(await world());
  await visit(`${ALL}&size=100`);
  const second = page.getByRole('table', { name: TABLE }).getByRole('row').filter({ has: page.locator(`a[href="${own}"]`) });
  await second.getByRole('cell', { name: TITLES['em-old'], exact: true }).waitFor();
  await second.getByRole('button', { name: /^Details / }).click();
  await page.waitForURL(new RegExp(`session=em-old(/|%2F)${own.split('/').at(-1)}`, 'i'));
  await page.getByRole('complementary', { name: 'Session details' }).getByRole('link', { name: 'Open its page' }).waitFor();
  const link = page.getByRole('link', { name: 'Open its page' });
  assert.equal(await link.getAttribute('href'), own);
  await page.reload();
  await link.waitFor();
  await page.getByRole('button', { name: 'Close details' }).click();
  await link.waitFor({ state: 'detached' });
  // A query of this connection alone shows the same session.
  const details = encodeURIComponent(`em-old/${own.split('/').at(-1)}`);
  await visit(`/failover-sessions?connection=em-old&session=${details}`);
  await link.waitFor();
  await page.getByRole('complementary', { name: 'Session details' }).getByText(TITLES['em-old'], { exact: true }).waitFor();
});

story('choosing a connection that does not have the open session closes its details', async ({ page, visit, world }) => {
  const simulated = await world();
  const own = sessions(simulated, 'em').find(({ guid }) => sessions(simulated, 'em-old').every((other) => other.guid !== guid));
  await visit(`/failover-sessions?connection=em&size=10&page=2&session=${own.guid}`);
  const details = page.getByRole('complementary', { name: 'Session details' });
  await details.getByRole('link', { name: 'Open its page' }).waitFor();
  // Changing the order keeps them open.
  await page.getByRole('combobox', { name: 'Sort', exact: true }).selectOption('Name');
  await page.waitForURL(/sort=-Name/);
  await details.getByRole('link', { name: 'Open its page' }).waitFor();
  await page.getByRole('combobox', { name: 'Connection' }).selectOption(TITLES['em-old']);
  await page.waitForURL(/connection=em-old/);
  assert.deepEqual(['session', 'page'].map((name) => new URL(page.url()).searchParams.get(name)), [null, null]);
  await details.waitFor({ state: 'detached' });
  await page.getByText(/on page 1 of/).waitFor();
  assert.equal(await page.getByRole('heading', { name: /returned 404/ }).count(), 0);
});

story('a connection that fails is reported, and only its own rows are last known', async (fixtures) => {
  const { page, control, complaints, world } = fixtures;
  complaints.expect(/status of 503/);
  await open(fixtures, `${ALL}&size=100`);
  await whenRows(page, TABLE, (shown) => assert.ok(shown.some((row) => row.Connection === TITLES['em-old'])));
  const expected = onlyInSecond(await world());
  const before = (await rows(page, TABLE)).length;
  await control('POST', '/faults', { connection: 'em-old', operation: 'query sessions', fault: { kind: 'status', status: 503 } });
  for (let waited = 0; waited < 60; waited += 5) await pass(page, control, 5);
  await page.getByRole('heading', { name: new RegExp(TITLES['em-old'].replaceAll('.', '\\.')) }).waitFor();
  await page.getByText(/^This is the last known state, .* ago\.$/).waitFor();
  await eventually(async () => {
    const body = page.getByRole('table', { name: TABLE }).locator('tbody tr');
    const shown = await body.evaluateAll((all) => all.map((row) => [row.querySelector('a').getAttribute('href'), row.dataset.fresh ?? '']));
    assert.equal(shown.length, before);
    // Rows that the other connection lists as well are not stale.
    const silent = shown.filter(([, state]) => state === 'stale').map(([href]) => href);
    assert.deepEqual(silent.toSorted(), expected.filter((href) => shown.some(([one]) => one === href)).toSorted());
    assert.ok(silent.length > 10);
  });
  await page.getByText(/^last known, .* ago$/).waitFor();
  // Running the same query again keeps them.
  await control('DELETE', '/requests');
  await page.getByRole('button', { name: 'Run query' }).click();
  await eventually(async () => assert.ok((await vendorRequests(control, 'em-old', 'query sessions')).length > 0));
  await eventually(async () => assert.ok((await vendorRequests(control, 'em', 'query sessions')).length > 0));
  await page.getByText(/^last known, .* ago$/).waitFor();
  assert.equal((await rows(page, TABLE)).length, before);
});

story("a connection that never answers does not hide the others' sessions", async ({ page, visit, control, complaints, world }) => {
  complaints.expect(/status of 503/);
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'status', status: 503 } });
  const expected = sessions(await world(), 'em-old');
  await visit(`${ALL}&size=100`);
  await whenRows(page, TABLE, (shown) => {
    assert.equal(shown.length, expected.length);
    for (const row of shown) assert.equal(row.Connection, TITLES['em-old']);
  });
  await page.getByRole('status').getByRole('heading', { name: /Enterprise Manager(?! 9)/ }).waitFor();
  await page.getByText('The list does not include the sessions of Enterprise Manager.').waitFor();
  await exported(page, 'Export CSV');
  await page.getByText(/exported\. The sessions of connections that have not answered are missing\.$/).waitFor();
  // An empty result only applies to the connections that answered.
  await page.getByLabel('Filter', { exact: true }).fill('Name==nowhere');
  await page.getByRole('button', { name: 'Run query' }).click();
  await page.getByText('No session of the connections that have answered matches the query.').waitFor();
  assert.equal(await page.getByText('It may be out of range.').count(), 0);
  // The last page is unknown.
  await visit(`${ALL}&size=10&page=99`);
  await page.getByText('There is nothing on page 99.').waitFor();
});

story('a server that returns fewer sessions than requested is reported, and paging stops there', async ({ page, visit, control }) => {
  // It reports more pages than it returns.
  const fault = { kind: 'replace', find: 'PagesCount="1"', with: 'PagesCount="9"' };
  await control('POST', '/faults', { connection: 'em-old', operation: 'query sessions', fault });
  await visit(`${ALL}&size=100&filter=Result%3D%3DFailed`);
  await page.getByText(`${TITLES['em-old']} returned fewer sessions than this page needs, so the page is incomplete.`).waitFor();
  await page.getByText(/on page 1, number of pages unknown/).waitFor();
  assert.ok(await page.getByRole('button', { name: 'Next', exact: true }).isDisabled());
});

story('an export of all connections names the connections of each session', async ({ page, visit, world }) => {
  const all = together(await world());
  await visit(`${ALL}&size=10`);
  await complete(page, 'on page 1, number of pages unknown');
  const shown = await rows(page, TABLE);
  const records = readCsv(await exported(page, 'Export CSV'));
  assert.deepEqual(records.map((record) => record.Connection), shown.map((row) => row.Connection));
  await page.getByLabel('Export of').selectOption('every');
  const list = JSON.parse(await exported(page, 'Export JSON'));
  const read = list.map(({ UID, Connection }) => `${UID} ${Connection}`);
  assert.deepEqual(read.toSorted(), all.map(({ guid, on }) => `${guid.toLowerCase()} ${on.join(', ')}`).toSorted());
  // An export of one connection has no such column.
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  assert.ok(!('Connection' in readCsv(await exported(page, 'Export CSV'))[0]));
});

story('the overview links to all sessions that it counts', async ({ page, visit }) => {
  await visit('/');
  await page.getByRole('region', { name: 'Veeam failovers' }).getByRole('link', { name: 'All sessions' }).click();
  await whenRows(page, TABLE, (shown) => assert.ok(new Set(shown.map((row) => row.Connection)).size > 1));
});
