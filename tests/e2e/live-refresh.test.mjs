// Refreshing: displayed data ages visibly, is not shown as healthy once it is stale, recovers automatically, and is not
// requested while nobody can see it. Stories control the clocks of gateway and browser, and cause failures in the
// simulator.

import assert from 'node:assert/strict';
import { START, eventually, open, pass, passEventually, passInPage, story, whenRows } from './harness.mjs';
import { CUT, proxy } from './support/proxy.mjs';
import { pageRequests, vendorRequests } from './support/requests.mjs';
import { allLive, waitForSource, source } from './support/sources.mjs';
import { TITLES, path, system } from './support/worlds.mjs';

const refresh = (page) => page.getByRole('button', { name: 'Refresh now', exact: true }).first().click();

const alarm = (page, name) => page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name });

story('a system that is silent for two minutes ages step by step, and recovers automatically', async (fixtures) => {
  const { page, control, world } = fixtures;
  await open(fixtures, '/');
  await allLive(page);
  const groups = system(await world(), 'plant-b').groups.length;
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await pass(page, control, 10);
  await waitForSource(page, 'Plant B', /: live, 10 s ago$/);
  await pass(page, control, 1);
  await waitForSource(page, 'Plant B', /: aging, 11 s ago$/);
  await pass(page, control, 4);
  await waitForSource(page, 'Plant B', /: aging, 15 s ago$/);
  assert.equal(await alarm(page, /^Plant B: /).count(), 0);
  await pass(page, control, 1);
  await waitForSource(page, 'Plant B', /: STALE, 16 s ago$/);
  const summary = page.getByRole('region', { name: 'AVEVA groups', exact: true });
  await summary.getByRole('listitem').filter({ hasText: `Unknown, data is stale${groups}` }).waitFor();
  // The gateway's next response confirms it.
  await pass(page, control, 4);
  const silent = alarm(page, /^Plant B: Unknown$/);
  await silent.getByText(`Plant B cannot be read. The last known state of its ${groups} groups is kept and not counted as healthy.`).first().waitFor();
  await pass(page, control, 40);
  await waitForSource(page, 'Plant B', /: STALE, 1 min ago$/);
  await pass(page, control, 1);
  await waitForSource(page, 'Plant B', /: NO DATA, 1 min 1 s ago$/);
  await pass(page, control, 5);
  await alarm(page, /^Plant B: Critical$/).waitFor();
  for (const title of ['Plant A', TITLES.em]) await waitForSource(page, title, /: live, /);
  await pass(page, control, 55);
  await waitForSource(page, 'Plant B', /: NO DATA, 2 min/);
  await control('DELETE', '/faults');
  await passEventually(page, control, async () => {
    assert.match(await source(page, 'Plant B').getAttribute('aria-label'), /: live, /);
  }, 20_000);
  await alarm(page, /^Plant B: /).waitFor({ state: 'detached' });
});

story('stale data stays on the page, greyed out, and counts as unknown', async (fixtures) => {
  const { page, control, world } = fixtures;
  await open(fixtures, '/groups?connection=plant-a');
  const total = system(await world(), 'plant-a').groups.length;
  await whenRows(page, 'Failover groups', (shown) => assert.equal(shown.length, total));
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'status', status: 503 } });
  await pass(page, control, 16);
  await whenRows(page, 'Failover groups', (shown) => {
    assert.equal(shown.length, total);
    assert.ok(shown.every((row) => row.State === 'Unknown last known Normal, 16 s ago'), JSON.stringify(shown[0]));
  });
  await page.getByRole('button', { name: `Unknown ${total}` }).waitFor();
  await page.getByRole('button', { name: 'Normal 0' }).waitFor();
});

const ANSWERS = {
  'plant-a': ['400', '403', '429', '500', '503', 'html', 'malformed', 'empty', 'truncated', 'reset'],
  live: ['400', '403', '500', 'html', 'malformed', 'empty', 'reset'],
  em: ['400', '403', '404', '405', '500', '501', '503', 'html', 'malformed', 'empty', 'reset'],
  'em-old': ['400', '403', '500', '503', 'html', 'malformed', 'reset'],
};

for (const [connection, answers] of Object.entries(ANSWERS)) {
  story(`${TITLES[connection]}: after each error, it is shown and the last good response is kept`, async (fixtures) => {
    const { page, control } = fixtures;
    await open(fixtures, '/connections');
    await allLive(page);
    const card = page.getByRole('region', { name: TITLES[connection], exact: true });
    const failure = card.getByRole('region', { name: 'What went wrong' });
    const button = card.getByRole('button', { name: /^Refresh now/ }).last();
    // The gateway waits briefly after a system did not answer.
    const until = (holds, answer) =>
      eventually(async () => {
        await button.click();
        await assert.doesNotReject(holds(), answer);
      }, 20_000);
    const counted = await card.getByText(/^\d+ (groups|slicer groups|recent sessions)$/).innerText();
    for (const answer of answers) {
      const fault = /^\d+$/.test(answer) ? { kind: 'status', status: Number(answer) } : { kind: answer };
      await control('POST', '/faults', { connection, fault });
      await until(() => failure.waitFor({ timeout: 300 }), answer);
      if (fault.status) await failure.getByRole('heading', { name: `${TITLES[connection]} returned ${answer}` }).waitFor();
      await card.getByText(counted, { exact: true }).waitFor();
      await control('DELETE', '/faults');
      await until(() => failure.waitFor({ state: 'detached', timeout: 300 }), answer);
      // After recovery, the failure is still shown as the last error.
      await eventually(async () => {
        const last = await card.getByText('Last error', { exact: true }).locator('xpath=following-sibling::dd').innerText();
        assert.ok(fault.status ? last.includes(`${answer}: `) : /Unreadable response|reach|broke off/.test(last), `${answer}: ${last}`);
      });
    }
  });
}

story('a resource page treats a response that takes longer than the gateway may need as missing', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, path('groups', 'plant-a', 'tankfarm-opcua'));
  await page.getByRole('table', { name: 'Client sessions' }).waitFor();
  await control('POST', '/faults', { connection: 'plant-a', operation: 'get group', fault: { kind: 'latency', milliseconds: 9_000 } });
  await refresh(page);
  // Immediately, so that the page has waited for three times the default `timeout_seconds` and a margin of 5 s before the
  // system answers.
  await page.clock.runFor(36_000);
  await page.getByRole('main').getByText('no answer within 35 s').first().waitFor();
});

story('a slow system delays no other, and ages meanwhile', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/connections');
  await allLive(page);
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'latency', milliseconds: 20_000 } });
  await page.getByRole('button', { name: 'Refresh now Live channels' }).last().click();
  // While the gateway waits for the system: the wait does not change the estimate of the gateway's clock.
  await control('POST', '/observer/advance', { seconds: 2 });
  await page.clock.runFor(2_000);
  await pass(page, control, 2);
  await page.getByRole('button', { name: /14:32:12 UTC/ }).waitFor();
  await pass(page, control, 26);
  await waitForSource(page, 'Live channels', /: STALE, 30 s ago$/);
  for (const title of ['Plant A', 'Plant B', TITLES.em]) await waitForSource(page, title, /: live, /);
});

story("the gateway honours the vendor's Retry-After, and a person can override it", async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/connections');
  await allLive(page);
  const fault = { kind: 'status', status: 429, retry_after: 90 };
  await control('POST', '/faults', { connection: 'em', fault, times: 1 });
  await eventually(async () => {
    const requests = await vendorRequests(control, 'em', 'query sessions');
    assert.ok(requests.some(({ status }) => status === 429));
  });
  await pass(page, control, 10);
  const card = page.getByRole('region', { name: TITLES.em, exact: true });
  await card.getByText(/^in 1 min (19|20|21) s/).waitFor();
  await control('DELETE', '/requests');
  // Real time counts as well.
  await pass(page, control, 40);
  assert.deepEqual(await vendorRequests(control, 'em'), []);
  await card.getByText(/^in (39|40|41) s/).waitFor();
  await waitForSource(page, TITLES.em, /: STALE, /);
  await page.getByRole('button', { name: 'Refresh now Enterprise Manager', exact: true }).last().click();
  await waitForSource(page, TITLES.em, /: live, 0 s ago$/);
  assert.ok((await vendorRequests(control, 'em', 'query sessions')).length >= 1);
});

story('a resource page honours Retry-After even after its connection has recovered', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(/status of 429/);
  await open(fixtures, path('groups', 'plant-a', 'tankfarm-opcua'));
  await page.getByRole('table', { name: 'Client sessions' }).waitFor();
  await allLive(page);
  // The gateway reads the list of groups; only this page reads the single group.
  const limited = { connection: 'plant-a', operation: 'get group', fault: { kind: 'status', status: 429, retry_after: 900 } };
  await control('POST', '/faults', limited);
  await refresh(page);
  await page.getByRole('main').getByRole('heading', { name: /^Plant A returned 429/ }).waitFor();
  await control('DELETE', '/requests');
  await control('POST', '/faults', { connection: 'plant-a', operation: 'list groups', fault: { kind: 'status', status: 503 } });
  await pass(page, control, 20);
  await waitForSource(page, 'Plant A', /: STALE, /);
  await control('DELETE', '/faults');
  await control('POST', '/faults', limited);
  await passEventually(page, control, async () => {
    assert.match(await source(page, 'Plant A').getAttribute('aria-label'), /: live, /);
  }, 20_000);
  await pass(page, control, 3);
  const requests = () => vendorRequests(control, 'plant-a', 'get group');
  assert.deepEqual(await requests(), []);
  // A person can override it.
  await refresh(page);
  await eventually(async () => assert.ok((await requests()).length >= 1));
});

story("a vendor's clock that is 40 s off is reported, and does not change ages", async ({ page, visit, control }) => {
  await page.clock.setFixedTime(START);
  await control('PUT', '/clock', { now: new Date(Date.parse(START) + 40_000).toISOString() });
  await visit('/connections');
  await refresh(page);
  for (const title of Object.values(TITLES)) {
    const card = page.getByRole('region', { name: title, exact: true });
    await card.getByText(/^(39|40) s ahead of the gateway's$/).waitFor();
    await waitForSource(page, title, /: live, 0 s ago/);
  }
  await control('PUT', '/clock', { now: new Date(Date.parse(START) - 40_000).toISOString() });
  await refresh(page);
  const card = page.getByRole('region', { name: 'Plant A', exact: true });
  await card.getByText(/^(39|40) s behind the gateway's$/).waitFor();
  await waitForSource(page, 'Plant A', /: live, 0 s ago/);
});

story('a browser clock set back during a request does not stop polling', async ({ page, visit }) => {
  await visit('/');
  const requested = pageRequests(page);
  const delayed = [];
  await page.route('**/api/inventory*', async (route) => {
    if (delayed.length === 0) await new Promise((release) => delayed.push(release));
    await route.continue();
  });
  await eventually(() => assert.equal(delayed.length, 1));
  await page.clock.setFixedTime(Date.parse(START) - 3_600_000);
  delayed[0]();
  await eventually(() => assert.ok(requested.inventory.length >= 3), 20_000);
  await waitForSource(page, 'Plant A', /: live, /);
});

story('data from before the browser clock was set back is not shown as live', async ({ page, product, complaints }) => {
  complaints.expect(/ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|ERR_CONNECTION/);
  let isGone = false;
  const server = await proxy(product, (path) => (isGone && path.startsWith('/api/') ? CUT : undefined));
  try {
    await page.goto(server.url);
    await allLive(page);
    isGone = true;
    // No further response contains the time.
    await page.getByRole('alert').filter({ hasText: 'The gateway does not answer.' }).waitFor({ timeout: 20_000 });
    await page.clock.setFixedTime(Date.parse(START) - 3_600_000);
    for (const title of Object.values(TITLES)) await waitForSource(page, title, /: STALE, an unknown time ago$/);
    const summary = page.getByRole('region', { name: 'AVEVA groups', exact: true });
    await summary.getByRole('listitem').filter({ hasText: 'Unknown, data is stale' }).waitFor();
  } finally {
    await page.goto('about:blank');
    server.stop();
  }
});

story('connections refreshed at the same time are all read, each by itself', { watchSeconds: 300 }, async ({ page, product }) => {
  const requested = [];
  const delayed = [];
  let isSlow = false;
  const server = await proxy(product, async (path) => {
    if (!path.startsWith('/api/inventory')) return;
    requested.push(new URLSearchParams(path.split('?')[1]).get('connection'));
    if (isSlow && delayed.length === 0) await new Promise((release) => delayed.push(release));
  });
  try {
    await page.goto(`${server.url}/connections`);
    await allLive(page);
    isSlow = true;
    for (const title of ['Plant A', 'Plant B', TITLES.em]) {
      await page.getByRole('button', { name: `Refresh now ${title}`, exact: true }).last().click();
      await eventually(() => assert.equal(delayed.length, 1));
    }
    delayed[0]();
    // A system that refused the credentials is only retried if the request names its connection.
    await eventually(() => assert.deepEqual(requested.filter(Boolean).toSorted(), ['em', 'plant-a', 'plant-b']));
  } finally {
    await page.goto('about:blank');
    server.stop();
  }
});

story("a vendor's clock that is wrong by four seconds is not mentioned", async ({ page, visit, control }) => {
  await page.clock.setFixedTime(START);
  await control('PUT', '/clock', { now: new Date(Date.parse(START) + 4_000).toISOString() });
  await visit('/connections');
  await refresh(page);
  await page.waitForLoadState('networkidle');
  await waitForSource(page, 'Plant A', /: live, 0 s ago/);
  assert.equal(await page.getByText("Server's clock").count(), 0);
});

story('after sleep, a page requests everything immediately, despite requests in progress', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/');
  await allLive(page);
  const requested = pageRequests(page);
  // A refresh waits for the slow system.
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'latency', milliseconds: 5_000 }, times: 1 });
  await refresh(page);
  await eventually(() => assert.equal(requested.inventory.length, 1));
  await control('POST', '/observer/advance', { seconds: 30 * 60 });
  await page.clock.fastForward(30 * 60_000);
  await eventually(() => assert.ok(requested.inventory.length > 1, 'the request in progress is not waited for'));
  await eventually(async () => {
    await fixtures.reread();
    await passInPage(page, 2);
    for (const title of Object.values(TITLES)) assert.match(await source(page, title).getAttribute('aria-label'), /: live, /);
  }, 20_000);
});

/** Hides a page, as a browser does with a background tab, or shows it. */
const hide = (page, hidden) =>
  page.evaluate((isHidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, hidden);

story('a hidden page sends no requests, and refreshes everything once it is visible', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/');
  await allLive(page);
  const requested = pageRequests(page);
  await hide(page, true);
  // Requests sent before the page was hidden may still be in progress.
  await page.waitForLoadState('networkidle');
  requested.forget();
  await control('DELETE', '/requests');
  await pass(page, control, 120);
  assert.deepEqual([...requested.inventory, ...requested.relay], []);
  await waitForSource(page, 'Plant A', /: NO DATA, 2 min/);
  const watched = await vendorRequests(control, 'plant-a', 'list groups');
  assert.ok(watched.length >= 10, `the gateway continues to watch: ${watched.length} readings`);
  // Browsers delay the timers of a hidden page: its clock ticks only after it is visible, which is no sleep.
  await control('POST', '/observer/advance', { seconds: 60 });
  await page.clock.setSystemTime(await page.evaluate(() => Date.now() + 60_000));
  await fixtures.reread();
  await hide(page, false);
  await allLive(page);
  await passInPage(page, 1);
  assert.equal(requested.inventory.length, 1, 'requested once');
});

story('a window in the background continues to refresh', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/');
  await allLive(page);
  const requested = pageRequests(page);
  await page.evaluate(() => window.dispatchEvent(new Event('blur')));
  await pass(page, control, 6);
  assert.ok(requested.inventory.length > 0);
});

story('once the network is back, the page refreshes immediately', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(/ERR_INTERNET_DISCONNECTED/);
  await open(fixtures, '/');
  await allLive(page);
  await page.context().setOffline(true);
  // Long enough for the delays between attempts to have grown.
  await pass(page, control, 70);
  await waitForSource(page, 'Live channels', /: NO DATA, /);
  await fixtures.reread();
  await page.context().setOffline(false);
  await allLive(page);
});

story('while refresh is paused, data ages, and Refresh now still works', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/');
  await allLive(page);
  const requested = pageRequests(page);
  const pause = page.getByRole('button', { name: 'Pause refresh' });
  await pause.click();
  assert.equal(await pause.getAttribute('aria-pressed'), 'true');
  await page.getByRole('status').filter({ hasText: 'Refresh is paused.' }).waitFor();
  await page.waitForLoadState('networkidle');
  requested.forget();
  await pass(page, control, 20);
  assert.deepEqual([...requested.inventory, ...requested.relay], []);
  await waitForSource(page, 'Plant A', /: STALE, (19|20|21) s ago$/);
  await refresh(page);
  await allLive(page);
  await pass(page, control, 3);
  await waitForSource(page, 'Plant A', /: live, [345] s ago$/);
  assert.equal(requested.inventory.length, 1);
  await page.getByRole('button', { name: 'Resume refresh' }).press('Enter');
  await page.getByRole('button', { name: 'Resume refresh' }).waitFor({ state: 'detached' });
  assert.ok(await pause.evaluate((one) => one === document.activeElement), 'the button that pauses has the focus');
  const isFresh = async () => assert.match(await source(page, 'Plant A').getAttribute('aria-label'), /: live, [0-4] s ago$/);
  await passEventually(page, control, isFresh);
  assert.ok(requested.inventory.length > 1);
});

/** A world without events: before the published run that never ends, and a day after the failed ones. */
const quietWorld = async ({ control, reread }) => {
  await control('POST', '/reset', { scenario: 'calm', start: '2019-03-01T08:00:00Z' });
  await control('POST', '/clock/advance', { seconds: 100_000 });
  await reread();
};

story('every page has its own refresh interval, and keeps it', async (fixtures) => {
  const { page, control, visit } = fixtures;
  await quietWorld(fixtures);
  await open(fixtures, '/');
  await allLive(page);
  const requested = pageRequests(page);
  const every = page.getByRole('combobox', { name: 'Refresh every' });
  assert.deepEqual(await every.getByRole('option').allInnerTexts(), ['2 s', '5 s', '10 s', '30 s', '1 min', '5 min']);
  assert.equal(await every.inputValue(), '5');
  await every.selectOption('1 min');
  await page.waitForLoadState('networkidle');
  requested.forget();
  await pass(page, control, 50);
  assert.deepEqual(requested.inventory, []);
  await waitForSource(page, 'Live channels', /: live, 5\d s ago$/);
  await fixtures.reread();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Slicers/ }).click();
  await eventually(async () => assert.equal(await every.inputValue(), '5'));
  await waitForSource(page, 'Live channels', /: live, \d s ago$/);
  await visit('/');
  assert.equal(await every.inputValue(), '60');
});

story('intervals chosen in two tabs for two pages are both kept', async ({ page, visit }) => {
  const other = await page.context().newPage();
  const every = (page) => page.getByRole('combobox', { name: 'Refresh every' });
  await visit('/');
  await other.goto('/groups');
  await every(other).waitFor();
  await every(page).selectOption('1 min');
  await every(other).selectOption('30 s');
  for (const [one, seconds] of [[page, '60'], [other, '30']]) {
    await one.reload();
    await eventually(async () => assert.equal(await every(one).inputValue(), seconds));
  }
  await other.close();
});

story('a silent source stays silent on a page that refreshes rarely', async (fixtures) => {
  const { page, control } = fixtures;
  const go = (name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();
  await quietWorld(fixtures);
  await open(fixtures, '/activity');
  await allLive(page);
  await page.getByRole('combobox', { name: 'Refresh every' }).selectOption('5 min');
  await go(/^Overview/);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await pass(page, control, 21);
  await waitForSource(page, 'Plant B', /: STALE, 2\d s ago$/);
  await go(/^Activity/);
  await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
  await pass(page, control, 3);
  await waitForSource(page, 'Plant B', /: STALE, 2\d s ago$/);
  assert.equal(await page.getByText('Plant B can be read again.').count(), 0);
  await waitForSource(page, 'Plant A', /: live, /);
});

story('a report is not requested again whenever its tab becomes visible', async ({ page, visit }) => {
  const reports = [];
  page.on('request', (request) => new URL(request.url()).pathname === '/api/report' && reports.push(request));
  await visit('/report');
  await page.getByText(/^From /).waitFor();
  await hide(page, true);
  // The inventory is requested as soon as the page is visible.
  const seen = page.waitForResponse('**/api/inventory*');
  await hide(page, false);
  await seen;
  assert.equal(reports.length, 1);
  await refresh(page);
  await eventually(() => assert.equal(reports.length, 2));
});

story('a requested refresh is carried out even if the gateway could not be reached at first', { watchSeconds: 300 }, async ({ page, product, control, complaints }) => {
  complaints.expect(/ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|ERR_CONNECTION/);
  let isGone = false;
  const server = await proxy(product, (path) => (isGone && path.startsWith('/api/inventory') ? CUT : undefined));
  try {
    await page.goto(server.url);
    await allLive(page);
    isGone = true;
    await refresh(page);
    await page.getByRole('alert').filter({ hasText: 'The gateway does not answer.' }).waitFor();
    await control('DELETE', '/requests');
    isGone = false;
    await eventually(async () => {
      const requested = new Set((await vendorRequests(control)).map(({ connection }) => connection));
      assert.deepEqual([...requested].toSorted(), Object.keys(TITLES).toSorted());
    }, 20_000);
  } finally {
    await page.goto('about:blank');
    server.stop();
  }
});

story('the gateway reads a group in transition every two seconds, and no other', { watchSeconds: 60 }, async (fixtures) => {
  const { page, control } = fixtures;
  // Silent adapters: a successor is chosen but never confirms.
  const group = (session) => path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session);
  await control('PATCH', group('BOIL-02.OpcUa'), { silent: true, score: 100 });
  await control('PATCH', group('BOIL-01.OpcUa'), { score: 1 });
  await control('POST', '/clock/advance', { seconds: 20 });
  await open(fixtures, '/groups?q=boiler');
  await refresh(page);
  await whenRows(page, 'Failover groups', ([row]) => assert.equal(row['Pending primary'], 'BOIL-02.OpcUa'));
  await control('DELETE', '/requests');
  await pass(page, control, 6);
  await eventually(async () => {
    const statuses = await vendorRequests(control, 'plant-a', 'list sessions');
    const of = (id) => statuses.filter((one) => one.path.includes(id)).length;
    assert.ok(of('boiler-opcua') >= 2, 'the group in transition was not read again');
    assert.equal(of('tankfarm-opcua'), 0);
  });
});

story("a group's page polls only that group", async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, path('groups', 'plant-a', 'tankfarm-opcua'));
  await page.getByRole('table', { name: 'Client sessions' }).waitFor();
  await allLive(page);
  const requested = pageRequests(page);
  await pass(page, control, 60);
  const times = requested.relay.filter((one) => /sessions/i.test(one)).length;
  assert.ok(times >= 8 && times <= 13, `${times} requests in a minute`);
  assert.deepEqual(requested.relay.filter((one) => !one.includes('tankfarm-opcua')), []);
});

story("a slicer group's page uses the list, without requests of its own", async (fixtures) => {
  const { page, control, world } = fixtures;
  const group = system(await world(), 'live').groups[0];
  await open(fixtures, path('slicers', 'live', group.id));
  await page.getByRole('list', { name: 'Slicer order' }).waitFor();
  await pass(page, control, 20);
  assert.deepEqual(await vendorRequests(control, 'live', 'get group'), []);
});

story('fifty quick changes of page leave no polls behind', async (fixtures) => {
  const { page, control, world } = fixtures;
  await open(fixtures, '/groups');
  await allLive(page);
  const session = system(await world(), 'em').sessions[0].UID;
  const places = [
    path('groups', 'plant-a', 'tankfarm-opcua'),
    '/failover-sessions?filter=State%3D%3DWorking',
    path('failover-sessions', 'em', session),
    path('groups', 'plant-a', 'boiler-opcua'),
    '/failover-sessions',
  ];
  for (let change = 0; change < 50; change += 1) {
    await page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, places[change % places.length]);
  }
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Overview/ }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  // Waits until the requests of the pages that were left have reached the systems.
  await fixtures.reread();
  const requested = pageRequests(page);
  await control('DELETE', '/requests');
  await pass(page, control, 60);
  assert.deepEqual(requested.relay, []);
  // Because a session is running, the inventory is requested every two seconds.
  assert.ok(requested.inventory.length >= 6 && requested.inventory.length <= 31, `${requested.inventory.length} polls in a minute`);
  for (const operation of ['get group', 'get session']) {
    assert.deepEqual(await vendorRequests(control, undefined, operation), []);
  }
  const queries = await vendorRequests(control, 'em', 'query sessions');
  assert.equal(new Set(queries.map((one) => one.query)).size, 1, 'a query of a page that was left');
});

story('the Overview only reports that there are no alarms while every connection responds', async (fixtures) => {
  const { page, control } = fixtures;
  await quietWorld(fixtures);
  await open(fixtures, '/');
  const well = page.getByRole('status').filter({ hasText: 'No open alarms. All connections answer.' });
  await well.waitFor();
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  await fixtures.reread();
  await passEventually(page, control, () =>
    page.getByText('No known alarms. Waiting for Live channels.').waitFor({ timeout: 100 }));
  assert.equal(await well.count(), 0);
});
