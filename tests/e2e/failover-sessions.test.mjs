// The page /failover-sessions: Veeam's cloud failover sessions, selected by a query in the address.

import assert from 'node:assert/strict';
import { columns, eventually, rows, story, whenRows } from './harness.mjs';
import { path, plain, sessions } from './support/worlds.mjs';

const TABLE = 'Cloud failover sessions';

const PAGE = 25;

const newestFirst = (a, b) => (a.started < b.started ? 1 : -1);

/** The text that identifies a row: the name of its plan. */
const planOf = (session) => plain(session.name);

/** Waits until the rows are exactly these sessions; those that started together may be in any order. */
const holds = async (page, expected) =>
  whenRows(page, TABLE, (shown) => {
    assert.equal(shown.length, expected.length);
    const plans = shown.map((row) => expected.map(planOf).find((plan) => row.Plan.startsWith(plan)) ?? row.Plan);
    assert.deepEqual(plans.toSorted(), expected.map(planOf).toSorted());
  });

for (const connection of ['em', 'em-old']) {
  story(`the newest sessions of ${connection} are on the first page`, async ({ page, visit, world }) => {
    const all = sessions(await world(), connection).toSorted(newestFirst);
    await visit(`/failover-sessions?connection=${connection}`);
    await holds(page, all.slice(0, PAGE));
    const [first] = await rows(page, TABLE);
    assert.ok(first.Plan.startsWith(planOf(all[0])));
    assert.equal(first.State, all[0].state);
    assert.ok(first.Server.includes(all[0].server));
  });
}

story('the columns have the names that scripts and screen readers rely on', async ({ page, visit }) => {
  await visit('/failover-sessions');
  await page.getByRole('table', { name: TABLE }).waitFor();
  const names = await columns(page, TABLE);
  for (const name of ['Result', 'Plan', 'State', 'Started', 'Duration', 'Progress', 'Server']) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
});

story('a filter runs on the server, is kept in the address and survives a reload', async ({ page, visit, world }) => {
  const failed = sessions(await world(), 'em').filter(({ result }) => result === 'Failed').toSorted(newestFirst);
  assert.ok(failed.length > 0, 'the world holds a failed session');
  await visit('/failover-sessions?connection=em&size=100');
  await page.getByLabel('Filter', { exact: true }).fill('Result==Failed');
  await page.getByRole('button', { name: 'Run query' }).click();
  await page.waitForURL(/filter=Result/);
  await holds(page, failed);
  await page.reload();
  await holds(page, failed);
  assert.equal(await page.getByLabel('Filter', { exact: true }).inputValue(), 'Result==Failed');
});

story('a failed session shows its message below its plan', async ({ page, visit, world }) => {
  const failed = sessions(await world(), 'em').find(({ message }) => message);
  await visit(`/failover-sessions?connection=em&size=100&filter=${encodeURIComponent(`UID==${failed.guid}`)}`);
  await whenRows(page, TABLE, ([row]) => assert.equal(row.Plan, plain(`${failed.name} ${failed.message}`)));
});

for (const [width, height] of [[1440, 900], [390, 844]]) {
  story(`at ${width} px a message has the width of its column, and no plan extends beyond the screen`, { viewport: { width, height } }, async ({ page, visit }) => {
    await visit('/failover-sessions?connection=em&size=100');
    await page.locator('#results .msg').first().waitFor();
    const places = await page.locator('#results tbody th').evaluateAll((cells) => {
      const edge = cells[0].closest('.scroll').getBoundingClientRect().right;
      const width = (cell, one) => Math.round(cell.getBoundingClientRect().right - one.getBoundingClientRect().right);
      return cells.map((cell) => ({
        beyond: [...cell.querySelectorAll('.icon, .msg')].filter((one) => one.getBoundingClientRect().right > edge + 1).length,
        free: [...cell.querySelectorAll('.msg')].map((one) => width(cell, one)),
      }));
    });
    for (const { beyond, free } of places) {
      assert.equal(beyond, 0);
      assert.ok(free.every((pixels) => pixels <= 9), `${free} px beside a message`);
    }
  });
}

story('Run query keeps its position while conditions are added', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em');
  const run = page.getByRole('button', { name: 'Run query' });
  const before = await run.boundingBox();
  for (let count = 1; count <= 5; count += 1) {
    await page.getByRole('button', { name: 'Add filter', exact: true }).click();
    await eventually(async () => assert.equal(await page.getByRole('combobox', { name: 'Operator' }).count(), count));
    assert.deepEqual(await run.boundingBox(), before);
  }
});

story('a value that needs quotes is found', async ({ page, visit, world }) => {
  const name = 'ABC Company Failover Plan';
  const expected = sessions(await world(), 'em').filter((session) => session.name === name);
  assert.ok(expected.length > 0, 'the published sample is there');
  await visit(`/failover-sessions?connection=em&size=100&filter=${encodeURIComponent(`Name=="${name}"`)}`);
  await holds(page, expected);
});

story('an invalid filter is not sent, and its error is shown', async ({ page, visit, control }) => {
  await visit('/failover-sessions?filter=Colour%3D%3Dred');
  await page.getByRole('status').filter({ hasText: 'Colour' }).waitFor();
  await page.getByText('Nothing was sent').waitFor();
  const { requests } = await control('GET', '/requests');
  assert.deepEqual(requests.filter(({ query }) => query.includes('Colour')), []);
});

story('paging neither loses nor repeats a session', async ({ page, visit, world }) => {
  const all = sessions(await world(), 'em');
  const pages = Math.ceil(all.length / 10);
  assert.ok(pages > 1, 'there is more than one page');
  await visit('/failover-sessions?connection=em&size=10');
  const seen = [];
  for (let number = 1; number <= pages; number += 1) {
    await page.getByText(`on page ${number} of ${pages}`).waitFor();
    const hrefs = page.getByRole('table', { name: TABLE }).getByRole('link');
    seen.push(...(await hrefs.evaluateAll((links) => links.map((link) => link.getAttribute('href')))));
    const next = page.getByRole('button', { name: 'Next', exact: true });
    assert.equal(await next.isDisabled(), number === pages);
    if (number < pages) await next.press('Enter');
  }
  assert.equal(seen.length, all.length);
  assert.equal(new Set(seen).size, all.length);
  assert.ok(await page.getByRole('button', { name: 'Next', exact: true }).evaluate((one) => one === document.activeElement), 'the focus stays');
  // This page was not prefetched.
  const previous = page.getByRole('button', { name: 'Previous', exact: true });
  await previous.press('Enter');
  await page.getByText(`on page ${pages - 1} of ${pages}`).waitFor();
  assert.ok(await previous.evaluate((one) => one === document.activeElement), 'also while a page is loading');
});

story('a column header sorts on the server', async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em&size=100');
  const header = page.getByRole('columnheader', { name: 'Plan', exact: true });
  await header.getByRole('button').click();
  await eventually(async () => assert.equal(await header.getAttribute('aria-sort'), 'ascending'));
  await eventually(async () => {
    const { requests } = await control('GET', '/requests');
    assert.ok(requests.some(({ query }) => query.includes('sortAsc=Name')));
  });
});

story("a plan's name links to its session", async ({ page, visit, world }) => {
  const session = sessions(await world(), 'em').find(({ message }) => message);
  await visit(`/failover-sessions?connection=em&filter=${encodeURIComponent(`UID==${session.guid}`)}`);
  await page.getByRole('table', { name: TABLE }).getByRole('link').click();
  await page.getByRole('heading', { level: 1, name: plain(session.name), exact: true }).waitFor();
  await page.waitForURL((url) => url.pathname.startsWith(path('failover-sessions', 'em')));
});
