// One query that is asked of every Veeam connection, and what they answer as one list.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { accessible, columns, eventually, open, pass, rows, story, whenRows } from './harness.mjs';
import { readCsv } from './support/csv.mjs';
import { TITLES, sessions } from './support/worlds.mjs';

const TABLE = 'Cloud failover sessions';

const ALL = '/failover-sessions?connection=*';

const newestFirst = (a, b) => (a.started < b.started ? 1 : a.started > b.started ? -1 : 0);

const CONNECTIONS = ['em', 'em-old'];

/** What the connections hold, newest first: a session that both have once. */
const together = (world) => {
  const all = new Map();
  for (const connection of CONNECTIONS) {
    for (const session of sessions(world, connection)) {
      const held = all.get(session.guid) ?? { ...session, on: [] };
      all.set(session.guid, { ...held, on: [...held.on, TITLES[connection]] });
    }
  }
  return [...all.values()].toSorted(newestFirst);
};

const hrefs = (page) =>
  page
    .getByRole('table', { name: TABLE })
    .getByRole('link')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href').toLowerCase()));

/** Waits until the list says these words and every connection has answered. */
const complete = async (page, words) => {
  await page.getByText(words).waitFor();
  await eventually(async () => assert.equal(await page.getByText(/^Loading from /).count(), 0));
};

const exported = async (page, button) => {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  return readFile(await (await download).path(), 'utf8');
};

story('the sessions of all connections are one list, newest first, page by page', async ({ page, visit, world }) => {
  const all = together(await world());
  const pages = Math.ceil(all.length / 10);
  await visit('/failover-sessions?size=10');
  assert.ok(!(await columns(page, TABLE)).includes('Connection'), 'one connection is asked');
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

story('where one of several connections is asked, that is said, with the way to all of them', async ({ page, visit }) => {
  await visit('/failover-sessions?filter=State%3D%3DWorking&page=1');
  const said = page.getByText('Sessions of Enterprise Manager alone: 1 other connection is not asked.');
  await said.waitFor();
  await page.getByRole('link', { name: 'All connections' }).click();
  await page.waitForURL(/connection=(\*|%2A)/);
  await complete(page, 'on page 1');
  assert.equal(new URL(page.url()).searchParams.get('filter'), 'State==Working');
  assert.ok((await columns(page, TABLE)).includes('Connection'));
  assert.equal(await said.count(), 0);
  await page.getByRole('combobox', { name: 'Connection' }).selectOption(TITLES['em-old']);
  await page.getByText('Sessions of Enterprise Manager 9.5 alone: 1 other connection is not asked.').waitFor();
});

story('a page behind the last of all connections says which one is the last', async ({ page, visit, world }) => {
  const last = Math.ceil(together(await world()).length / 10);
  await visit(`${ALL}&size=10&page=${last + 5}`);
  await page.getByText(`There is no page ${last + 5}: the last one is ${last}.`).waitFor();
  assert.equal(await page.getByText('No session matches the query.').count(), 0);
  await page.getByRole('button', { name: 'Go to the first page' }).click();
  await page.getByText('on page 1, number of pages unknown').waitFor();
});

story('a query for all connections stands in the address, and each row says which connections have it', async ({ page, visit, world }) => {
  const failed = together(await world()).filter(({ result }) => result === 'Failed');
  assert.ok(failed.some(({ on }) => on.length === 2), 'both hold one of them');
  await visit(`${ALL}&size=100&filter=Result%3D%3DFailed`);
  const agrees = (shown) => {
    assert.deepEqual(shown.map((row) => row.Connection).toSorted(), failed.map(({ on }) => on.join(', ')).toSorted());
    for (const row of shown) assert.match(row.Result, /Failed/);
  };
  await whenRows(page, TABLE, agrees);
  await page.reload();
  await whenRows(page, TABLE, agrees);
  assert.equal(await page.getByLabel('Answer as').isVisible(), false);
});

/** The addresses of the sessions that the second connection alone has, newest first. */
const ofSecondAlone = (world) =>
  together(world)
    .filter(({ on }) => String(on) === TITLES['em-old'])
    .map(({ guid }) => `/failover-sessions/em-old/${guid.toLowerCase()}`);

story('the details of a row are those of its own connection', async ({ page, visit, world }) => {
  const [own] = ofSecondAlone(await world());
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
  // Asked alone, the same connection shows the same session.
  const details = encodeURIComponent(`em-old/${own.split('/').at(-1)}`);
  await visit(`/failover-sessions?connection=em-old&session=${details}`);
  await link.waitFor();
  await page.getByRole('complementary', { name: 'Session details' }).getByText(TITLES['em-old'], { exact: true }).waitFor();
});

story('the details of a session are closed when another connection is chosen, which does not have it', async ({ page, visit, world }) => {
  const held = await world();
  const own = sessions(held, 'em').find(({ guid }) => sessions(held, 'em-old').every((other) => other.guid !== guid));
  await visit(`/failover-sessions?connection=em&size=10&page=2&session=${own.guid}`);
  const details = page.getByRole('complementary', { name: 'Session details' });
  await details.getByRole('link', { name: 'Open its page' }).waitFor();
  // Another order of the same list leaves them open.
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

story('a connection that falls silent says so beside the list, and only its own rows are the last known', async (told) => {
  const { page, control, complaints, world } = told;
  complaints.expect(/status of 503/);
  await open(told, `${ALL}&size=100`);
  await whenRows(page, TABLE, (shown) => assert.ok(shown.some((row) => row.Connection === TITLES['em-old'])));
  const silentOnes = ofSecondAlone(await world());
  const before = (await rows(page, TABLE)).length;
  await control('POST', '/faults', { connection: 'em-old', operation: 'query sessions', fault: { kind: 'status', status: 503 } });
  for (let waited = 0; waited < 60; waited += 5) await pass(page, control, 5);
  await page.getByRole('heading', { name: new RegExp(TITLES['em-old'].replaceAll('.', '\\.')) }).waitFor();
  await page.getByText(/^This is the last known state, .* ago\.$/).waitFor();
  await eventually(async () => {
    const body = page.getByRole('table', { name: TABLE }).locator('tbody tr');
    const shown = await body.evaluateAll((all) => all.map((row) => [row.querySelector('a').getAttribute('href'), row.dataset.fresh ?? '']));
    assert.equal(shown.length, before);
    // What the other connection has as well is not stale.
    const silent = shown.filter(([, state]) => state === 'stale').map(([href]) => href);
    assert.deepEqual(silent.toSorted(), silentOnes.filter((href) => shown.some(([one]) => one === href)).toSorted());
    assert.ok(silent.length > 10);
  });
  await page.getByText(/^last known, .* ago$/).waitFor();
});

story('a connection that never answers does not keep the others from being shown', async ({ page, visit, control, complaints, world }) => {
  complaints.expect(/status of 503/);
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'status', status: 503 } });
  const expected = sessions(await world(), 'em-old');
  await visit(`${ALL}&size=100`);
  await whenRows(page, TABLE, (shown) => {
    assert.equal(shown.length, expected.length);
    for (const row of shown) assert.equal(row.Connection, TITLES['em-old']);
  });
  await page.getByRole('heading', { name: /Enterprise Manager(?! 9)/ }).waitFor();
  await page.getByText('The list is without the sessions of Enterprise Manager.').waitFor();
  await exported(page, 'Export CSV');
  await page.getByText(/exported\. The sessions of connections that have not answered are missing\.$/).waitFor();
  // That nothing is found is no more than the others say.
  await page.getByLabel('Filter', { exact: true }).fill('Name==nowhere');
  await page.getByRole('button', { name: 'Run query' }).click();
  await page.getByText('No session of the connections that have answered matches the query.').waitFor();
  assert.equal(await page.getByText('It may be out of range.').count(), 0);
  // Nor does anybody know which page is the last.
  await visit(`${ALL}&size=10&page=99`);
  await page.getByText('There is nothing on page 99.').waitFor();
});

story('a server that gives fewer sessions than it is asked for ends the page where more could follow', async ({ page, visit, control }) => {
  // It says that there are more pages than it gives.
  const fault = { kind: 'replace', find: 'PagesCount="1"', with: 'PagesCount="9"' };
  await control('POST', '/faults', { connection: 'em-old', operation: 'query sessions', fault });
  await visit(`${ALL}&size=100&filter=Result%3D%3DFailed`);
  await page.getByText(`${TITLES['em-old']} gave fewer sessions than this page needs of it, so the page ends early.`).waitFor();
  await page.getByText(/on page 1, number of pages unknown/).waitFor();
  assert.ok(await page.getByRole('button', { name: 'Next', exact: true }).isDisabled());
});

story('a file of all connections says which each session is from', async ({ page, visit, world }) => {
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
  // Of one connection it says nothing that was not asked.
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  assert.ok(!('Connection' in readCsv(await exported(page, 'Export CSV'))[0]));
});

story('the overview leads to all of the sessions that it counts', async ({ page, visit }) => {
  await visit('/');
  await page.getByRole('region', { name: 'Veeam failovers' }).getByRole('link', { name: 'All sessions' }).click();
  await whenRows(page, TABLE, (shown) => assert.ok(new Set(shown.map((row) => row.Connection)).size > 1));
});
