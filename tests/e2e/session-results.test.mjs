// What a query of /failover-sessions found: pages, the panel of one session, the picture over time,
// export, and what is said when things go wrong.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { accessible, eventually, open, passEventually, passEverywhere, rows, story, whenRows } from './harness.mjs';
import { readCsv } from './support/csv.mjs';
import { plain, sessions, system } from './support/worlds.mjs';

const TABLE = 'Cloud failover sessions';

const asked = async (control) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(({ operation, connection }) => operation === 'query sessions' && connection === 'em');
};

/** The id of what has the focus; that of the page is none. */
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);

/** The rows of a query's first page when it is asked for in a wire format, and what the page said that it accepts. */
const readAs = async ({ page, visit, world }, connection, wire) => {
  const all = sessions(await world(), connection);
  const asking = page.waitForRequest((request) => new URL(request.url()).pathname === `/relay/${connection}/api/query`);
  await visit(`/failover-sessions?connection=${connection}&wire=${wire}&size=100`);
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, Math.min(100, all.length)));
  return { accept: await (await asking).headerValue('accept'), shown: await rows(page, TABLE) };
};

story('em answers in json and in xml, and the table is the same', async (told) => {
  const [json, xml] = [await readAs(told, 'em', 'json'), await readAs(told, 'em', 'xml')];
  assert.deepEqual([json.accept, xml.accept], ['application/json', 'application/xml']);
  assert.deepEqual(xml.shown, json.shown);
});

story('em-old answers in xml', async (told) => {
  const { accept, shown } = await readAs(told, 'em-old', 'xml');
  assert.equal(accept, 'application/xml');
  const plans = sessions(await told.world(), 'em-old').map(({ name }) => plain(name));
  for (const { Plan } of shown) assert.ok(plans.some((plan) => Plan.startsWith(plan)), Plan);
});

story('a server that speaks the JSON of version 13 is read as well', async ({ page, visit, world, control }) => {
  const all = sessions(await world(), 'em');
  await control('PATCH', '/systems/em', { json: 'v13' });
  await visit('/failover-sessions?connection=em&size=100');
  await whenRows(page, TABLE, (shown) => assert.equal(shown.length, Math.min(100, all.length)));
});

story('of hundreds of sessions on one page only those that are seen are drawn, in their order', async ({ page, visit, world, control, reread }) => {
  await control('PUT', '/scenario', { name: 'incident' });
  for (let day = 0; day < 4; day += 1) await control('POST', '/clock/advance', { seconds: 86_400 });
  // Each day ends the gateway's session.
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
        // Sessions that began in one second may stand either way.
        const near = all.slice(Math.max(0, at - 3), at + 4).map(({ name }) => plain(name));
        assert.ok(near.includes(plan), `${plan} at ${at}, not ${near}`);
      }
    });
  }
});

story('the next page is there before somebody asks for it', async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  const second = async () => (await asked(control)).filter(({ query }) => new URLSearchParams(query).get('page') === '2').length;
  await eventually(async () => assert.equal(await second(), 1));
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.getByText(/on page 2 of/).waitFor();
  assert.equal(await second(), 1, 'what was read ahead was used');
});

story('the pages behind the first count a range back from when the first was asked for last', async (told) => {
  const { page, control } = told;
  await open(told, '/failover-sessions?connection=em&size=1&started=7d');
  await page.getByText(/on page 1 of/).waitFor();
  const filters = async (number) => {
    const queries = (await asked(control)).map(({ query }) => new URLSearchParams(query));
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

story('a page out of range says so and leads back', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&size=10&page=99');
  await page.getByText(/There is no page 99: the last one is \d+\./).waitFor();
  await page.getByRole('button', { name: 'Go to the first page' }).press('Enter');
  await page.getByText(/on page 1 of/).waitFor();
  assert.equal(await focused(page), 'results');
});

story('the header that was pressed has the focus again once the list is in its order', async ({ page, visit, control }) => {
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
  // Until the answer is there, the part that the table is in has it.
  await eventually(async () => assert.equal(await focused(page), 'results'));
  await hasFocus();
  // Who goes on meanwhile is not called back.
  await page.keyboard.press('Enter');
  await page.waitForURL(/sort=Name/);
  const filter = page.getByLabel('Filter', { exact: true });
  await filter.focus();
  await page.getByText(/on page 1 of/).waitFor();
  await header.waitFor();
  assert.ok(await filter.evaluate((one) => one === document.activeElement));
});

story('how far a plan is that runs is the figure of its server, in the list and beside it', async ({ page, visit, world }) => {
  const told = system(await world(), 'em').sessions.find(({ State, Progress }) => State === 'Working' && Progress > 0);
  const words = `${told.Progress} %`;
  const filter = encodeURIComponent(`UID==${told.UID}`);
  await visit(`/failover-sessions?connection=em&filter=${filter}&session=${told.UID}`);
  await whenRows(page, TABLE, ([row]) => assert.equal(row.Progress, words));
  const bar = page.getByRole('table', { name: TABLE }).locator('progress');
  assert.equal(await bar.evaluate((one) => one.position * 100), told.Progress);
  const panel = page.getByRole('complementary', { name: 'Session details' });
  await panel.getByText(words, { exact: true }).first().waitFor();
});

story('with the details open the buttons of the pages stand beside each other', async ({ page, visit, world }) => {
  const [{ guid }] = sessions(await world(), 'em');
  await visit(`/failover-sessions?connection=em&session=${guid}`);
  await page.getByRole('complementary', { name: 'Session details' }).waitFor();
  await page.getByText(/on page 1 of/).waitFor();
  const top = async (name) => (await page.getByRole('button', { name, exact: true }).boundingBox()).y;
  const tops = await Promise.all(['First', 'Previous', 'Next', 'Last'].map(top));
  assert.deepEqual(new Set(tops).size, 1, String(tops));
});

story('a session opens in a panel with an address of its own', async ({ page, visit, world }) => {
  const told = sessions(await world(), 'em').find(({ message, tasks }) => message && tasks.length > 0);
  const filter = encodeURIComponent(`UID==${told.guid}`);
  await visit(`/failover-sessions?connection=em&filter=${filter}`);
  await page.getByRole('button', { name: `Details ${plain(told.name)}` }).click();
  await page.waitForURL(new RegExp(`session=${told.guid}`, 'i'));
  const panel = page.getByRole('complementary', { name: 'Session details' });
  await panel.getByRole('heading', { name: plain(told.name) }).waitFor();
  await panel.getByText(plain(told.message)).first().waitFor();
  await panel.getByRole('table', { name: 'Virtual machines of the session' }).getByText(told.tasks[0].machine).first().waitFor();
  await panel.getByRole('button', { name: 'Show the raw payload' }).click();
  await panel.getByLabel('Payload').getByText(new RegExp(told.guid, 'i')).first().waitFor();
  await accessible(page);
  await page.reload();
  await panel.getByRole('heading', { name: plain(told.name) }).waitFor();
  const details = page.getByRole('button', { name: `Details ${plain(told.name)}` });
  await details.waitFor();
  await panel.getByRole('button', { name: 'Close details' }).press('Enter');
  await panel.waitFor({ state: 'detached' });
  assert.ok(await details.evaluate((one) => one === document.activeElement), 'its row has the focus');
  assert.ok(!page.url().includes('session='));
});

story('on a phone the details of a session are brought into view and have the focus', { viewport: { width: 390, height: 844 } }, async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&size=50');
  await page.getByRole('button', { name: /^Details / }).first().click();
  const heading = page.getByRole('complementary', { name: 'Session details' }).getByRole('heading').first();
  await eventually(async () => assert.ok(await heading.evaluate((heading) => heading === document.activeElement)));
  const isSeen = async () => {
    const { y, height } = await heading.boundingBox();
    assert.ok(y >= 0 && y + height <= 844, `at ${y}`);
  };
  await isSeen();
  // By their address, too, where the list comes later.
  await page.reload();
  await eventually(async () => assert.ok(await heading.evaluate((heading) => heading === document.activeElement)));
  await isSeen();
});

story('on a phone the details that are open leave the focus and the list where they are as one pages on', { viewport: { width: 390, height: 844 } }, async ({ page, visit }) => {
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

story('nothing is said of how many there are before it is known', async ({ page, visit, control }) => {
  await page.addInitScript(() => {
    window.told = new Set();
    new MutationObserver(() => {
      for (const { textContent } of document.querySelectorAll('[role=status]')) if (/^\d+ sessions?/.test(textContent)) window.told.add(textContent);
    }).observe(document, { childList: true, characterData: true, subtree: true });
  });
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'latency', milliseconds: 1000 } });
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  const told = await page.evaluate(() => [...window.told]);
  assert.ok(told.length > 0 && told.every((words) => words.startsWith('10 sessions on page 1 of ')), String(told));
});

story('a bar of the picture narrows the range, and the picture is a table as well', async ({ page, visit, world }) => {
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
  assert.equal(await focused(page), 'results', 'the bars are others now');
});

story('a bar of the picture leaves a filter that was typed and not run', async ({ page, visit }) => {
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

story('CSV of this page is read back by another reader, and no spreadsheet runs it', async ({ page, visit, world }) => {
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

story('JSON of every page holds every session once, with progress', async ({ page, visit, world }) => {
  const all = sessions(await world(), 'em');
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  const { text } = await exported(page, 'Export JSON');
  const ids = JSON.parse(text).map(({ UID }) => UID);
  assert.deepEqual(ids.toSorted(), all.map(({ guid }) => guid.toLowerCase()).toSorted());
});

story('every page stays chosen for the export while one looks through the pages', async ({ page, visit, world }) => {
  const all = sessions(await world(), 'em');
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.getByText(/on page 2 of/).waitFor();
  assert.equal(await page.getByLabel('Export of').inputValue(), 'every');
  const records = readCsv((await exported(page, 'Export CSV')).text);
  assert.deepEqual(records.map(({ UID }) => UID).toSorted(), all.map(({ guid }) => guid.toLowerCase()).toSorted());
  // Of another connection nobody has chosen it.
  await page.getByRole('combobox', { name: 'Connection' }).selectOption('em-old');
  await page.waitForURL(/connection=em-old/);
  await eventually(async () => assert.equal(await page.getByLabel('Export of').inputValue(), 'page'));
});

story('an export of every page, in an order that changes as sessions run, says that some may be missing', async ({ page, visit }) => {
  await visit('/failover-sessions?connection=em&size=10&sort=-EndTime');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  await exported(page, 'Export CSV');
  await page.getByText(/exported\..* Sessions that changed while it was read may be missing\.$/).waitFor();
});

story('an export of every page can be cancelled, and a page that fails exports nothing', async ({ page, visit, control, complaints }) => {
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
  assert.ok(await button.evaluate((button) => button === document.activeElement), 'the focus goes back to where it came from');
  await control('DELETE', '/faults');
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'status', status: 503 } });
  await button.click();
  // The first page may come from the question that was under way when the export was cancelled.
  await page.getByRole('status').getByText(/Page [12] of \d+ could not be read, so nothing was exported/).waitFor();
});

story('an export that is left says so', async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'latency', milliseconds: 1000 } });
  await page.getByRole('button', { name: 'Export CSV' }).click();
  await page.getByRole('group', { name: 'Export in progress' }).waitFor();
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.getByText('Export cancelled: the page was left.').waitFor();
});

for (const [find, words] of [
  ['"pagesCount":', /\d+ sessions on page 1 of \d+/],
  ['"pagingInfo":', /10 sessions on page 1; the server does not say whether there are more/],
]) {
  story(`without ${find} it is not taken for the only page`, async ({ page, visit, control }) => {
    await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'replace', find, with: '"other":' } });
    await visit('/failover-sessions?connection=em&size=10');
    await page.getByText(words).waitFor();
    assert.equal(await page.getByText(/on page 1 of 1$/).count(), 0);
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.waitForURL(/page=2/);
  });
}

story('a response in another shape is not an answer without sessions', async ({ page, visit, control }) => {
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'replace', find: '"cloudFailoverSessions":[', with: '"items":[' } });
  await visit('/failover-sessions?connection=em');
  await page.getByRole('heading', { name: /unreadable response/ }).waitFor();
  assert.equal(await page.getByText('No session matches the query.').count(), 0);
});

story('in the list of the last 30 days nothing pretends to choose what is in it', async ({ page, visit, control }) => {
  await visit('/failover-sessions?connection=em&filter=Result%3D%3DFailed&recent=30');
  await page.getByText('These are the sessions of the last 30 days, without the query.').waitFor();
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

story('the list of the last 30 days is the newest first, whatever order the query has', async ({ page, visit, world }) => {
  const started = new Map(sessions(await world(), 'em').map((one) => [one.guid.toLowerCase(), one.started]));
  await visit('/failover-sessions?connection=em&recent=30&sort=Name');
  await page.getByText('These are the sessions of the last 30 days, without the query.').waitFor();
  await whenRows(page, TABLE, (shown) => assert.ok(shown.length > 1));
  const links = page.getByRole('table', { name: TABLE }).getByRole('link');
  const hrefs = await links.evaluateAll((links) => links.map((link) => link.getAttribute('href').toLowerCase()));
  const times = hrefs.map((href) => started.get(href.split('/').at(-1)));
  assert.deepEqual(times, times.toSorted().toReversed());
});

story('a role that may not query is offered the last 30 days', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 403/);
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'status', status: 403 } });
  await visit('/failover-sessions?connection=em');
  await page.getByRole('button', { name: 'Show the last 30 days' }).click();
  await page.getByText('These are the sessions of the last 30 days, without the query.').waitFor();
  await whenRows(page, TABLE, (shown) => assert.ok(shown.length > 0));
});

story('every page that was chosen for the export of a query is not asked for in the list of the last 30 days', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 403/);
  await visit('/failover-sessions?connection=em&size=10');
  await page.getByText(/on page 1 of/).waitFor();
  await page.getByLabel('Export of').selectOption('every');
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault: { kind: 'status', status: 403 } });
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await page.getByRole('button', { name: 'Show the last 30 days' }).press('Enter');
  await page.getByText('These are the sessions of the last 30 days, without the query.').waitFor();
  await whenRows(page, TABLE, (shown) => assert.ok(shown.length > 10));
  // The card that the button was in is gone.
  assert.equal(await focused(page), 'main');
  const { text } = await exported(page, 'Export JSON');
  assert.equal(JSON.parse(text).length, (await rows(page, TABLE)).length);
});

for (const kind of ['empty', 'html', 'truncated']) {
  story(`a body that is ${kind} is told, and nothing is lost`, async ({ page, visit, control, complaints }) => {
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
