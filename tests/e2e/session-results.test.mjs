// The results of a query of /failover-sessions: pages, the details of one session, the histogram, export, and errors.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { accessible, eventually, open, passEventually, passEverywhere, rows, story, whenRows } from './harness.mjs';
import { readCsv } from './support/csv.mjs';
import { plain, sessions, system } from './support/worlds.mjs';

const TABLE = 'Cloud failover sessions';

const sentQueries = async (control) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(({ operation, connection }) => operation === 'query sessions' && connection === 'em');
};

/** The id of the focused element, or its tag without one. */
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);

/** The rows of a query's first page in a response format, and the Accept header that was sent. */
const readAs = async ({ page, visit, world }, connection, wire) => {
  const all = sessions(await world(), connection);
  const asking = page.waitForRequest((request) => new URL(request.url()).pathname === `/relay/${connection}/api/query`);
  await visit(`/failover-sessions?connection=${connection}&wire=${wire}&size=100`);
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, Math.min(100, all.length)));
  return { accept: await (await asking).headerValue('accept'), shown: await rows(page, TABLE) };
};

story('em returns JSON and XML, and the table is the same', async (fixtures) => {
  const [json, xml] = [await readAs(fixtures, 'em', 'json'), await readAs(fixtures, 'em', 'xml')];
  assert.deepEqual([json.accept, xml.accept], ['application/json', 'application/xml']);
  assert.deepEqual(xml.shown, json.shown);
});

story('em-old returns XML', async (fixtures) => {
  const { accept, shown } = await readAs(fixtures, 'em-old', 'xml');
  assert.equal(accept, 'application/xml');
  const plans = sessions(await fixtures.world(), 'em-old').map(({ name }) => plain(name));
  for (const { Plan } of shown) assert.ok(plans.some((plan) => Plan.startsWith(plan)), Plan);
});

story('the JSON of a server of version 13 is read as well', async ({ page, visit, world, control }) => {
  const all = sessions(await world(), 'em');
  await control('PATCH', '/systems/em', { json: 'v13' });
  await visit('/failover-sessions?connection=em&size=100');
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, Math.min(100, all.length)));
});

story('of hundreds of sessions on one page only the visible ones are rendered, in order', async ({ page, visit, world, control, reread }) => {
  await control('PUT', '/scenario', { name: 'incident' });
  for (let day = 0; day < 4; day += 1) await control('POST', '/clock/advance', { seconds: 86_400 });
  // The gateway's session with the vendor expires each day.
  await reread('em');
  const all = sessions(await world(), 'em').toSorted((a, b) => (a.started < b.started ? 1 : -1));
  assert.ok(all.length > 300, `${all.length} sessions`);
  await visit('/failover-sessions?connection=em&size=1000');
  const table = page.getByRole('table', { name: TABLE });
  await eventually(async () => assert.equal(await table.getAttribute('aria-rowcount'), String(Math.min(1000, all.length) + 1)));
  const drawn = () => table.locator('tbody tr:not(.space)');
  assert.ok((await drawn().count()) < 60, `${await drawn().count()} rows`);
  const plans = () => drawn().evaluateAll((rows) => rows.map((row) => [Number(row.getAttribute('aria-rowindex')) - 2, row.querySelector('th b').textContent]));
  const region = page.getByRole('region', { name: 'Cloud failover sessions, scrollable' });
  for (const part of [0, 0.5, 1]) {
    await region.evaluate((element, part) => element.scrollTo(0, element.scrollHeight * part), part);
    await eventually(async () => {
      const seen = await plans();
      const expected = Math.floor((Math.min(1000, all.length) - 1) * part);
      assert.ok(seen.some(([at]) => Math.abs(at - expected) < 12), `${seen[0]} to ${seen.at(-1)}, not ${expected}`);
      for (const [at, plan] of seen) {
        // Sessions that started in the same second may be in any order.
        const near = all.slice(Math.max(0, at - 3), at + 4).map(({ name }) => plain(name));
        assert.ok(near.includes(plan), `${plan} at ${at}, not ${near}`);
      }
    });
  }
});

story('the next page is prefetched', async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  const second = async () => (await sentQueries(control)).filter(({ query }) => new URLSearchParams(query).get('page') === '2').length;
  await eventually(async () => assert.equal(await second(), 1));
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.getByText(/on page 2 of/).waitFor();
  assert.equal(await second(), 1, 'the prefetched page was used');
});

story('later pages use the relative range of the last request of the first page', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/failover-sessions?connection=em&size=1&started=7d');
  await page.getByText(/on page 1 of/).waitFor();
  const filters = async (number) => {
    const queries = (await sentQueries(control)).map(({ query }) => new URLSearchParams(query));
    return queries.filter((query) => (query.get('page') ?? '1') === String(number)).map((query) => query.get('filter'));
  };
  const later = 'CreationTime>="2026-01-08T14:33:00Z"';
  await passEverywhere(page, control, 54);
  await passEventually(page, control, async () => assert.ok((await filters(1)).includes(later), String(await filters(1))));
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.getByText(/on page 2 of/).waitFor();
  await eventually(async () => assert.ok((await filters(2)).includes(later), String(await filters(2))));
  await page.getByText(later).waitFor();
});

story('a page out of range says so, and links to the first page', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&size=10&page=99');
  await page.getByText(/There is no page 99: the last one is \d+\./).waitFor();
  await page.getByRole('button', { name: 'Go to the first page' }).press('Enter');
  await page.getByText(/on page 1 of/).waitFor();
  assert.equal(await focused(page), 'results');
});

story('a pressed column header has the focus again once the list is sorted', async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  const header = page.getByRole('table', { name: TABLE }).getByRole('button', { name: 'Plan', exact: true });
  const hasFocus = () => eventually(async () => assert.ok(await header.evaluate((one) => one === document.activeElement), await focused(page)));
  await header.press('Enter');
  await page.waitForURL(/sort=Name/);
  await hasFocus();
  await page.getByRole('columnheader', { name: 'Plan', exact: true }).and(page.locator('[aria-sort="ascending"]')).waitFor();
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'latency', milliseconds: 1000 } });
  await page.keyboard.press('Enter');
  await page.waitForURL(/sort=-Name/);
  // Until the response arrives, the results have the focus.
  await eventually(async () => assert.equal(await focused(page), 'results'));
  await hasFocus();
  // The focus is not taken from another element that got it meanwhile.
  await page.keyboard.press('Enter');
  await page.waitForURL(/sort=Name/);
  const filter = page.getByLabel('Filter', { exact: true });
  await filter.focus();
  await page.getByText(/on page 1 of/).waitFor();
  await header.waitFor();
  assert.ok(await filter.evaluate((one) => one === document.activeElement));
});

story("the progress of a running plan is the server's, in the list and in the details", async ({ page, visit, world }) => {
  const running = system(await world(), 'em').sessions.find(({ State, Progress }) => State === 'Working' && Progress > 0);
  const words = `${running.Progress} %`;
  const filter = encodeURIComponent(`UID==${running.UID}`);
  await visit(`/failover-sessions?connection=em&filter=${filter}&session=${running.UID}`);
  await whenRows(page, TABLE, ([row]) => assert.equal(row.Progress, words));
  const bar = page.getByRole('table', { name: TABLE }).locator('progress');
  assert.equal(await bar.evaluate((one) => one.position * 100), running.Progress);
  const panel = page.getByRole('complementary', { name: 'Session details' });
  await panel.getByText(words, { exact: true }).first().waitFor();
});

story('with the details open the paging buttons are in one line', async ({ page, visit, world }) => {
  const [{ guid }] = sessions(await world(), 'em');
  await visit(`/failover-sessions?connection=em&session=${guid}`);
  await page.getByRole('complementary', { name: 'Session details' }).waitFor();
  await page.getByText(/on page 1 of/).waitFor();
  const top = async (name) => (await page.getByRole('button', { name, exact: true }).boundingBox()).y;
  const tops = await Promise.all(['First', 'Previous', 'Next', 'Last'].map(top));
  assert.deepEqual(new Set(tops).size, 1, String(tops));
});

story('a session opens in a panel with its own address', async ({ page, visit, world }) => {
  const session = sessions(await world(), 'em').find(({ message, tasks }) => message && tasks.length > 0);
  const filter = encodeURIComponent(`UID==${session.guid}`);
  await visit(`/failover-sessions?connection=em&filter=${filter}`);
  await page.getByRole('button', { name: `Details ${plain(session.name)}` }).click();
  await page.waitForURL(new RegExp(`session=${session.guid}`, 'i'));
  const panel = page.getByRole('complementary', { name: 'Session details' });
  await panel.getByRole('heading', { name: plain(session.name) }).waitFor();
  await panel.getByText(plain(session.message)).first().waitFor();
  await panel.getByRole('table', { name: 'Virtual machines of the session' }).getByText(session.tasks[0].machine).first().waitFor();
  await panel.getByRole('button', { name: 'Show the raw payload' }).click();
  await panel.getByLabel('Payload').getByText(new RegExp(session.guid, 'i')).first().waitFor();
  await accessible(page);
  await page.reload();
  await panel.getByRole('heading', { name: plain(session.name) }).waitFor();
  const details = page.getByRole('button', { name: `Details ${plain(session.name)}` });
  await details.waitFor();
  await panel.getByRole('button', { name: 'Close details' }).press('Enter');
  await panel.waitFor({ state: 'detached' });
  assert.ok(await details.evaluate((one) => one === document.activeElement), 'the button of its row has the focus');
  assert.ok(!page.url().includes('session='));
});

story('on a phone opening details scrolls to them and focuses them', { viewport: { width: 390, height: 844 } }, async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&size=50');
  await page.getByRole('button', { name: /^Details / }).first().click();
  const heading = page.getByRole('complementary', { name: 'Session details' }).getByRole('heading').first();
  await eventually(async () => assert.ok(await heading.evaluate((heading) => heading === document.activeElement)));
  const isSeen = async () => {
    const { y, height } = await heading.boundingBox();
    assert.ok(y >= 0 && y + height <= 844, `at ${y}`);
  };
  await isSeen();
  // Also when opened by their address, where the list arrives later.
  await page.reload();
  await eventually(async () => assert.ok(await heading.evaluate((heading) => heading === document.activeElement)));
  await isSeen();
});

story('on a phone paging with open details keeps the focus and position', { viewport: { width: 390, height: 844 } }, async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByRole('button', { name: /^Details / }).first().click();
  const heading = page.getByRole('complementary', { name: 'Session details' }).getByRole('heading').first();
  await eventually(async () => assert.ok(await heading.evaluate((heading) => heading === document.activeElement)));
  const next = page.getByRole('button', { name: 'Next', exact: true });
  await next.press('Enter');
  await page.getByText(/on page 2 of/).waitFor();
  await heading.waitFor();
  assert.ok(await next.evaluate((next) => next === document.activeElement), 'the button keeps the focus');
});

story('the number of sessions is not shown before it is known', async ({ page, visit, control }) => {
  await page.addInitScript(() => {
    window.announcements = new Set();
    new MutationObserver(() => {
      for (const { textContent } of document.querySelectorAll('[role=status]')) if (/^\d+ sessions?/.test(textContent)) window.announcements.add(textContent);
    }).observe(document, { childList: true, characterData: true, subtree: true });
  });
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'latency', milliseconds: 1000 } });
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  const announcements = await page.evaluate(() => [...window.announcements]);
  assert.ok(announcements.length > 0 && announcements.every((words) => words.startsWith('10 sessions on page 1 of ')), String(announcements));
});

story('a bar of the histogram narrows the range, and the histogram is also a table', async ({ page, visit, world }) => {
  const all = sessions(await world(), 'em').filter(({ started }) => started).slice(0, 100);
  await visit('/failover-sessions?connection=em&size=100');
  const picture = page.getByRole('group', { name: 'Sessions over time by result' });
  const bars = picture.getByRole('button');
  await bars.first().waitFor();
  const counts = await bars.evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('aria-label').match(/: (\d+) session/)[1])));
  assert.equal(counts.reduce((sum, count) => sum + count, 0), all.length);
  await page.getByText('As a table').click();
  const table = page.getByRole('table', { name: 'Sessions over time' });
  const total = await table.locator('tbody td').evaluateAll((cells) => cells.reduce((sum, cell) => sum + Number(cell.textContent), 0));
  assert.equal(total, all.length);
  await bars.last().focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/filter=CreationTime/);
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, counts.at(-1)));
  assert.equal(await focused(page), 'results', 'the bars were replaced');
});

story('a bar of the histogram keeps an edited filter', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&size=100');
  const bars = page.getByRole('group', { name: 'Sessions over time by result' }).getByRole('button');
  await bars.first().waitFor();
  const filter = page.getByLabel('Filter', { exact: true });
  await filter.fill('Result==Failed');
  await page.getByText('Not run yet').waitFor();
  await bars.last().focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/filter=CreationTime/);
  assert.match(await filter.inputValue(), /^Result==Failed;CreationTime>=/);
  await page.getByText('Not run yet').waitFor();
});

const exported = async (page, button) => {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  const file = await download;
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
};

story('CSV of this page can be read by another reader, and contains no formulas', async ({ page, visit, world }) => {
  const all = sessions(await world(), 'em');
  await visit('/failover-sessions?connection=em&size=100');
  await page.getByText(/on page 1 of/).waitFor();
  const { name, text } = await exported(page, 'Export CSV');
  assert.match(name, /^cloud-failover-sessions-.*\.csv$/);
  const records = readCsv(text);
  assert.equal(records.length, Math.min(100, all.length));
  const by = new Map(all.map((session) => [session.guid.toLowerCase(), session]));
  for (const record of records) {
    const session = by.get(record.UID);
    assert.equal(record.Plan.replace(/^'/, ''), session.name);
    assert.equal(record.Result, session.result ?? '');
    assert.match(record.Started, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
    for (const field of Object.values(record)) assert.ok(!/^[=+@]/.test(field), field);
  }
});

story('JSON of every page contains every session once', async ({ page, visit, world }) => {
  const all = sessions(await world(), 'em');
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  const { text } = await exported(page, 'Export JSON');
  const ids = JSON.parse(text).map(({ UID }) => UID);
  assert.deepEqual(ids.toSorted(), all.map(({ guid }) => guid.toLowerCase()).toSorted());
});

story('the choice to export every page is kept while paging', async ({ page, visit, world }) => {
  const all = sessions(await world(), 'em');
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.getByText(/on page 2 of/).waitFor();
  assert.equal(await page.getByLabel('Export of').inputValue(), 'every');
  const records = readCsv((await exported(page, 'Export CSV')).text);
  assert.deepEqual(records.map(({ UID }) => UID).toSorted(), all.map(({ guid }) => guid.toLowerCase()).toSorted());
  // Another connection starts with the default.
  await page.getByRole('combobox', { name: 'Connection' }).selectOption('em-old');
  await page.waitForURL(/connection=em-old/);
  await eventually(async () => assert.equal(await page.getByLabel('Export of').inputValue(), 'page'));
});

story('an export of every page in a changing order warns that sessions may be missing', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&size=10&sort=-EndTime');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  await exported(page, 'Export CSV');
  await page.getByText(/exported\..* Sessions that changed while it was read may be missing\.$/).waitFor();
});

story('an export of every page can be cancelled, and a failing page exports nothing', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 503/);
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'latency', milliseconds: 1500 } });
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const going = page.getByRole('group', { name: 'Export in progress' });
  await going.getByRole('button', { name: 'Cancel' }).click();
  await going.waitFor({ state: 'detached' });
  const button = page.getByRole('button', { name: 'Export CSV' });
  assert.ok(await button.evaluate((button) => button === document.activeElement), 'the focus returns to the button');
  await control('DELETE', '/faults');
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'status', status: 503 } });
  await button.click();
  // The first page may come from the request in progress when the export was cancelled.
  await page.getByRole('status').getByText(/Page [12] of \d+ could not be read, so nothing was exported/).waitFor();
});

story('leaving the page cancels an export, and a notice says so', async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'latency', milliseconds: 1000 } });
  await page.getByRole('button', { name: 'Export CSV' }).click();
  await page.getByRole('group', { name: 'Export in progress' }).waitFor();
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.getByText('Export cancelled because you left the page.').waitFor();
});

for (const [find, words] of [
  ['"pagesCount":', /\d+ sessions on page 1 of \d+/],
  ['"pagingInfo":', /10 sessions on page 1; the server does not say whether there are more/],
]) {
  story(`without ${find} a page is not treated as the only one`, async ({ page, visit, control }) => {
    await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'replace', find, with: '"other":' } });
    await visit('/failover-sessions?connection=em&size=10');
    await page.getByText(words).waitFor();
    assert.equal(await page.getByText(/on page 1 of 1$/).count(), 0);
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.waitForURL(/page=2/);
  });
}

story('a response of another structure is not shown as an empty result', async ({ page, visit, control }) => {
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'replace', find: '"cloudFailoverSessions":[', with: '"items":[' } });
  await visit('/failover-sessions?connection=em');
  await page.getByRole('heading', { name: /unreadable response/ }).waitFor();
  assert.equal(await page.getByText('No session matches the query.').count(), 0);
});

story('the list of the last 30 days has no controls of the query', async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed&recent=30');
  await page.getByText('These are all sessions of the last 30 days. The query does not apply.').waitFor();
  const picture = page.getByRole('group', { name: 'Sessions over time by result' });
  await picture.getByRole('img').first().waitFor();
  assert.equal(await picture.getByRole('button').count(), 0);
  for (const name of ['Sort', 'Page size', 'Export of']) {
    assert.equal(await page.getByRole('combobox', { name, exact: true }).count(), 0, name);
  }
  await page.getByText('/api/cloud/failoverSessions?format=Entity').waitFor();
  await control('DELETE', '/requests');
  await page.getByRole('button', { name: 'Run query' }).click();
  await page.getByText(/on page 1 of/).waitFor();
  assert.ok(!page.url().includes('recent='));
  await page.getByRole('combobox', { name: 'Page size', exact: true }).waitFor();
});

story('the list of the last 30 days is sorted by newest, regardless of the query', async ({ page, visit, world }) => {
  const started = new Map(sessions(await world(), 'em').map((one) => [one.guid.toLowerCase(), one.started]));
  await visit('/failover-sessions?connection=em&recent=30&sort=Name');
  await page.getByText('These are all sessions of the last 30 days. The query does not apply.').waitFor();
  await whenRows(page, TABLE, (shown) => assert.ok(shown.length > 1));
  const links = page.getByRole('table', { name: TABLE }).getByRole('link');
  const hrefs = await links.evaluateAll((links) => links.map((link) => link.getAttribute('href').toLowerCase()));
  const times = hrefs.map((href) => started.get(href.split('/').at(-1)));
  assert.deepEqual(times, times.toSorted().toReversed());
});

story('a user who may not query is offered the last 30 days', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 403/);
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'status', status: 403 } });
  await visit('/failover-sessions?connection=em');
  await page.getByRole('button', { name: 'Show the last 30 days' }).click();
  await page.getByText('These are all sessions of the last 30 days. The query does not apply.').waitFor();
  await whenRows(page, TABLE, (shown) => assert.ok(shown.length > 0));
});

story('the choice to export every page does not apply to the list of the last 30 days', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 403/);
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'status', status: 403 } });
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await page.getByRole('button', { name: 'Show the last 30 days' }).press('Enter');
  await page.getByText('These are all sessions of the last 30 days. The query does not apply.').waitFor();
  await whenRows(page, TABLE, (shown) => assert.ok(shown.length > 10));
  // The card with the button was removed.
  assert.equal(await focused(page), 'main');
  const { text } = await exported(page, 'Export JSON');
  assert.equal(JSON.parse(text).length, (await rows(page, TABLE)).length);
});

for (const kind of ['empty', 'html', 'truncated']) {
  story(`a body that is ${kind} is reported, and nothing is lost`, async ({ page, visit, control, complaints }) => {
    if (kind === 'truncated') complaints.expect(/status of 502/);
    await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed');
    await page.getByText(/on page 1 of/).waitFor();
    await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind } });
    await page.getByRole('button', { name: 'Refresh now' }).click();
    await page.getByRole('heading', { name: /unreadable response|reach/i }).first().waitFor();
    assert.ok((await page.getByRole('table', { name: TABLE }).getByRole('row').count()) > 1, 'the rows stay');
    assert.equal(await page.getByLabel('Filter', { exact: true }).inputValue(), 'Result==Failed');
  });
}
