// Refresh that never lies: what is on the screen grows old visibly, is never taken for healthy when it
// is, comes back by itself, and is not asked for when nobody can see it. The gateway's clock and the
// browser's are the story's; what fails is made to fail in the simulator.

import assert from 'node:assert/strict';
import { START, eventually, open, pass, passEventually, passInPage, story, whenRows } from './harness.mjs';
import { CUT, proxy } from './support/proxy.mjs';
import { pageRequests, vendorRequests } from './support/requests.mjs';
import { allLive, says, source } from './support/sources.mjs';
import { TITLES, path, system } from './support/worlds.mjs';

const refresh = (page) => page.getByRole('button', { name: 'Refresh now', exact: true }).first().click();

const alarm = (page, name) => page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name });

story('a system that is gone for two minutes grows old step by step, and comes back by itself', async (told) => {
  const { page, control, world } = told;
  await open(told, '/');
  await allLive(page);
  const groups = system(await world(), 'plant-b').groups.length;
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await pass(page, control, 10);
  await says(page, 'Plant B', /: live, 10 s ago$/);
  await pass(page, control, 1);
  await says(page, 'Plant B', /: aging, 11 s ago$/);
  await pass(page, control, 4);
  await says(page, 'Plant B', /: aging, 15 s ago$/);
  assert.equal(await alarm(page, /^Plant B: /).count(), 0);
  await pass(page, control, 1);
  await says(page, 'Plant B', /: STALE, 16 s ago$/);
  const summary = page.getByRole('region', { name: 'AVEVA groups', exact: true });
  await summary.getByRole('listitem').filter({ hasText: `Unknown, data is stale${groups}` }).waitFor();
  // The gateway says the same with its next answer.
  await pass(page, control, 4);
  const silent = alarm(page, /^Plant B: Unknown$/);
  await silent.getByText(`Plant B does not answer. The last known state of its ${groups} groups is kept and not counted as healthy.`).first().waitFor();
  await pass(page, control, 40);
  await says(page, 'Plant B', /: STALE, 1 min ago$/);
  await pass(page, control, 1);
  await says(page, 'Plant B', /: NO DATA, 1 min 1 s ago$/);
  await pass(page, control, 5);
  await alarm(page, /^Plant B: Critical$/).waitFor();
  for (const title of ['Plant A', TITLES.em]) await says(page, title, /: live, /);
  await pass(page, control, 55);
  await says(page, 'Plant B', /: NO DATA, 2 min/);
  await control('DELETE', '/faults');
  await passEventually(page, control, async () => {
    assert.match(await source(page, 'Plant B').getAttribute('aria-label'), /: live, /);
  }, 20_000);
  await alarm(page, /^Plant B: /).waitFor({ state: 'detached' });
});

story('what is stale stays on the screen, drained, and is counted as unknown', async (told) => {
  const { page, control, world } = told;
  await open(told, '/groups?connection=plant-a');
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
  story(`${TITLES[connection]}: whatever it answers, the last error is told and the last good answer kept`, async (told) => {
    const { page, control } = told;
    await open(told, '/connections');
    await allLive(page);
    const card = page.getByRole('region', { name: TITLES[connection], exact: true });
    const failure = card.getByRole('region', { name: 'What went wrong' });
    const button = card.getByRole('button', { name: /^Refresh now/ }).last();
    // The gateway waits for a moment after a system that did not answer.
    const until = (holds, answer) =>
      eventually(async () => {
        await button.click();
        await assert.doesNotReject(holds(), answer);
      }, 20_000);
    const held = await card.getByText(/^\d+ (groups|slicer groups|recent sessions)$/).innerText();
    for (const answer of answers) {
      const fault = /^\d+$/.test(answer) ? { kind: 'status', status: Number(answer) } : { kind: answer };
      await control('POST', '/faults', { connection, fault });
      await until(() => failure.waitFor({ timeout: 300 }), answer);
      if (fault.status) await failure.getByRole('heading', { name: `${TITLES[connection]} returned ${answer}` }).waitFor();
      await card.getByText(held, { exact: true }).waitFor();
      await control('DELETE', '/faults');
      await until(() => failure.waitFor({ state: 'detached', timeout: 300 }), answer);
      // What was mended is still told as what went wrong last.
      await eventually(async () => {
        const last = await card.getByText('Last error', { exact: true }).locator('xpath=following-sibling::dd').innerText();
        assert.ok(fault.status ? last.includes(`${answer}: `) : /Unreadable response|reach|broke off/.test(last), `${answer}: ${last}`);
      });
    }
  });
}

story('a page of one thing: an answer that does not come within 20 s counts as none', async (told) => {
  const { page, control } = told;
  await open(told, path('groups', 'plant-a', 'tankfarm-opcua'));
  await page.getByRole('table', { name: 'Client sessions' }).waitFor();
  await control('POST', '/faults', { connection: 'plant-a', operation: 'get group', fault: { kind: 'latency', milliseconds: 9_000 } });
  await refresh(page);
  // At once, so that the page has waited for 20 s before the system answers.
  await page.clock.runFor(21_000);
  await page.getByRole('main').getByText('no answer within 20 s').first().waitFor();
});

story('a system that takes its time delays no other, and grows old meanwhile', async (told) => {
  const { page, control } = told;
  await open(told, '/connections');
  await allLive(page);
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'latency', milliseconds: 20_000 } });
  await page.getByRole('button', { name: 'Refresh now Live channels' }).last().click();
  await pass(page, control, 30);
  await says(page, 'Live channels', /: STALE, 30 s ago$/);
  for (const title of ['Plant A', 'Plant B', TITLES.em]) await says(page, title, /: live, /);
});

story("the gateway honours the vendor's Retry-After, and a person may overrule it", async (told) => {
  const { page, control } = told;
  await open(told, '/connections');
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
  await says(page, TITLES.em, /: STALE, /);
  await page.getByRole('button', { name: 'Refresh now Enterprise Manager', exact: true }).last().click();
  await says(page, TITLES.em, /: live, 0 s ago$/);
  assert.ok((await vendorRequests(control, 'em', 'query sessions')).length >= 1);
});

story("a page of one thing honours the vendor's Retry-After also when its connection answers again", async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(/status of 429/);
  await open(told, path('groups', 'plant-a', 'tankfarm-opcua'));
  await page.getByRole('table', { name: 'Client sessions' }).waitFor();
  await allLive(page);
  // The gateway reads the list of groups, and only this page the group by itself.
  const limited = { connection: 'plant-a', operation: 'get group', fault: { kind: 'status', status: 429, retry_after: 900 } };
  await control('POST', '/faults', limited);
  await refresh(page);
  await page.getByRole('main').getByRole('heading', { name: /^Plant A returned 429/ }).waitFor();
  await control('DELETE', '/requests');
  await control('POST', '/faults', { connection: 'plant-a', operation: 'list groups', fault: { kind: 'status', status: 503 } });
  await pass(page, control, 20);
  await says(page, 'Plant A', /: STALE, /);
  await control('DELETE', '/faults');
  await control('POST', '/faults', limited);
  await passEventually(page, control, async () => {
    assert.match(await source(page, 'Plant A').getAttribute('aria-label'), /: live, /);
  }, 20_000);
  await pass(page, control, 3);
  const asked = () => vendorRequests(control, 'plant-a', 'get group');
  assert.deepEqual(await asked(), []);
  // A person may overrule it.
  await refresh(page);
  await eventually(async () => assert.ok((await asked()).length >= 1));
});

story('a clock that is 40 s off is told, and does not change an age', async ({ page, visit, control }) => {
  await page.clock.setFixedTime(START);
  await control('PUT', '/clock', { now: new Date(Date.parse(START) + 40_000).toISOString() });
  await visit('/connections');
  await refresh(page);
  for (const title of Object.values(TITLES)) {
    const card = page.getByRole('region', { name: title, exact: true });
    await card.getByText(/^(39|40) s ahead of the gateway's$/).waitFor();
    await says(page, title, /: live, 0 s ago/);
  }
  await control('PUT', '/clock', { now: new Date(Date.parse(START) - 40_000).toISOString() });
  await refresh(page);
  const card = page.getByRole('region', { name: 'Plant A', exact: true });
  await card.getByText(/^(39|40) s behind the gateway's$/).waitFor();
  await says(page, 'Plant A', /: live, 0 s ago/);
});

story('a clock that is set back while something is asked for holds nothing up', async ({ page, visit }) => {
  await visit('/');
  const asked = pageRequests(page);
  const held = [];
  await page.route('**/api/inventory*', async (route) => {
    if (held.length === 0) await new Promise((release) => held.push(release));
    await route.continue();
  });
  await eventually(() => assert.equal(held.length, 1));
  await page.clock.setFixedTime(Date.parse(START) - 3_600_000);
  held[0]();
  await eventually(() => assert.ok(asked.inventory.length >= 3), 20_000);
  await says(page, 'Plant A', /: live, /);
});

story('what was read before a clock was set back is not taken for live', async ({ page, product, complaints }) => {
  complaints.expect(/ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|ERR_CONNECTION/);
  let isGone = false;
  const server = await proxy(product, (path) => (isGone && path.startsWith('/api/') ? CUT : undefined));
  try {
    await page.goto(server.url);
    await allLive(page);
    isGone = true;
    // No answer tells the time any more.
    await page.getByRole('alert').filter({ hasText: 'The gateway does not answer.' }).waitFor({ timeout: 20_000 });
    await page.clock.setFixedTime(Date.parse(START) - 3_600_000);
    for (const title of Object.values(TITLES)) await says(page, title, /: STALE, an unknown time ago$/);
    const summary = page.getByRole('region', { name: 'AVEVA groups', exact: true });
    await summary.getByRole('listitem').filter({ hasText: 'Unknown, data is stale' }).waitFor();
  } finally {
    await page.goto('about:blank');
    server.stop();
  }
});

story('several connections that are to be read anew at once all are, each for itself', { watchSeconds: 300 }, async ({ page, product }) => {
  const asked = [];
  const held = [];
  let isSlow = false;
  const server = await proxy(product, async (path) => {
    if (!path.startsWith('/api/inventory')) return;
    asked.push(new URLSearchParams(path.split('?')[1]).get('connection'));
    if (isSlow && held.length === 0) await new Promise((release) => held.push(release));
  });
  try {
    await page.goto(`${server.url}/connections`);
    await allLive(page);
    isSlow = true;
    for (const title of ['Plant A', 'Plant B', TITLES.em]) {
      await page.getByRole('button', { name: `Refresh now ${title}`, exact: true }).last().click();
      await eventually(() => assert.equal(held.length, 1));
    }
    held[0]();
    // A system that refused the credentials is tried again only where its own connection is named.
    await eventually(() => assert.deepEqual(asked.filter(Boolean).toSorted(), ['em', 'plant-a', 'plant-b']));
  } finally {
    await page.goto('about:blank');
    server.stop();
  }
});

story('a clock that is nearly right is not talked about', async ({ page, visit, control }) => {
  await page.clock.setFixedTime(START);
  await control('PUT', '/clock', { now: new Date(Date.parse(START) + 4_000).toISOString() });
  await visit('/connections');
  await refresh(page);
  await page.waitForLoadState('networkidle');
  await says(page, 'Plant A', /: live, 0 s ago/);
  assert.equal(await page.getByText("Server's clock").count(), 0);
});

story('a computer that slept asks for everything anew at once, also for what was under way', async (told) => {
  const { page, control } = told;
  await open(told, '/');
  await allLive(page);
  const asked = pageRequests(page);
  // A refresh waits for the system that takes its time.
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'latency', milliseconds: 5_000 }, times: 1 });
  await refresh(page);
  await eventually(() => assert.equal(asked.inventory.length, 1));
  await control('POST', '/observer/advance', { seconds: 30 * 60 });
  await page.clock.fastForward(30 * 60_000);
  await eventually(() => assert.ok(asked.inventory.length > 1, 'what was under way is not waited for'));
  await eventually(async () => {
    await told.reread();
    await passInPage(page, 2);
    for (const title of Object.values(TITLES)) assert.match(await source(page, title).getAttribute('aria-label'), /: live, /);
  }, 20_000);
});

/** Hides a page, as a browser does whose tab is not in front, or shows it. */
const hide = (page, hidden) =>
  page.evaluate((is) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => is });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, hidden);

story('a hidden page asks the gateway nothing, and everything once it is seen', async (told) => {
  const { page, control } = told;
  await open(told, '/');
  await allLive(page);
  const asked = pageRequests(page);
  await hide(page, true);
  // What was under way when the page was hidden may still be on its way.
  await page.waitForLoadState('networkidle');
  asked.forget();
  await control('DELETE', '/requests');
  await pass(page, control, 120);
  assert.deepEqual([...asked.inventory, ...asked.relay], []);
  await says(page, 'Plant A', /: NO DATA, 2 min/);
  const watched = await vendorRequests(control, 'plant-a', 'list groups');
  assert.ok(watched.length >= 10, `the gateway goes on watching: ${watched.length} readings`);
  await told.reread();
  await hide(page, false);
  await allLive(page);
});

story('a window that is not in front goes on', async (told) => {
  const { page, control } = told;
  await open(told, '/');
  await allLive(page);
  const asked = pageRequests(page);
  await page.evaluate(() => window.dispatchEvent(new Event('blur')));
  await pass(page, control, 6);
  assert.ok(asked.inventory.length > 0);
});

story('when the network is back, the gateway is asked at once', async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(/ERR_INTERNET_DISCONNECTED/);
  await open(told, '/');
  await allLive(page);
  await page.context().setOffline(true);
  // Long enough for the waits between two tries to have grown.
  await pass(page, control, 70);
  await says(page, 'Live channels', /: NO DATA, /);
  await told.reread();
  await page.context().setOffline(false);
  await allLive(page);
});

story('refresh can be paused: nothing is asked, what is shown grows old, and one can ask by hand', async (told) => {
  const { page, control } = told;
  await open(told, '/');
  await allLive(page);
  const asked = pageRequests(page);
  const pause = page.getByRole('button', { name: 'Pause refresh' });
  await pause.click();
  assert.equal(await pause.getAttribute('aria-pressed'), 'true');
  await page.getByRole('status').filter({ hasText: 'Refresh is paused.' }).waitFor();
  await page.waitForLoadState('networkidle');
  asked.forget();
  await pass(page, control, 20);
  assert.deepEqual([...asked.inventory, ...asked.relay], []);
  await says(page, 'Plant A', /: STALE, (19|20|21) s ago$/);
  await refresh(page);
  await allLive(page);
  await pass(page, control, 3);
  await says(page, 'Plant A', /: live, [345] s ago$/);
  assert.equal(asked.inventory.length, 1);
  await page.getByRole('button', { name: 'Resume refresh' }).press('Enter');
  await page.getByRole('button', { name: 'Resume refresh' }).waitFor({ state: 'detached' });
  assert.ok(await pause.evaluate((one) => one === document.activeElement), 'the button that pauses has the focus');
  await pass(page, control, 3);
  await says(page, 'Plant A', /: live, [0-4] s ago$/);
  assert.ok(asked.inventory.length > 1);
});

/** A world before the published run that never ends, a day after the failed ones: nothing happens in it. */
const quietWorld = async ({ control, reread }) => {
  await control('POST', '/reset', { scenario: 'calm', start: '2019-03-01T08:00:00Z' });
  await control('POST', '/clock/advance', { seconds: 100_000 });
  await reread();
};

story('every page has its interval, and keeps it', async (told) => {
  const { page, control, visit } = told;
  await quietWorld(told);
  await open(told, '/');
  await allLive(page);
  const asked = pageRequests(page);
  const every = page.getByRole('combobox', { name: 'Refresh every' });
  assert.deepEqual(await every.getByRole('option').allInnerTexts(), ['2 s', '5 s', '10 s', '30 s', '1 min', '5 min']);
  assert.equal(await every.inputValue(), '5');
  await every.selectOption('1 min');
  await page.waitForLoadState('networkidle');
  asked.forget();
  await pass(page, control, 50);
  assert.deepEqual(asked.inventory, []);
  await says(page, 'Live channels', /: live, 5\d s ago$/);
  await told.reread();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Slicers/ }).click();
  await eventually(async () => assert.equal(await every.inputValue(), '5'));
  await says(page, 'Live channels', /: live, \d s ago$/);
  await visit('/');
  assert.equal(await every.inputValue(), '60');
});

story('two tabs that choose how often two pages refresh keep both', async ({ page, visit }) => {
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

story('a source that is silent is so on a page that refreshes seldom, too, and does not come back there', async (told) => {
  const { page, control } = told;
  const go = (name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();
  await quietWorld(told);
  await open(told, '/activity');
  await allLive(page);
  await page.getByRole('combobox', { name: 'Refresh every' }).selectOption('5 min');
  await go(/^Overview/);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await pass(page, control, 21);
  await says(page, 'Plant B', /: STALE, 2\d s ago$/);
  await go(/^Activity/);
  await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
  await pass(page, control, 3);
  await says(page, 'Plant B', /: STALE, 2\d s ago$/);
  assert.equal(await page.getByText('Plant B answers again.').count(), 0);
  await says(page, 'Plant A', /: live, /);
});

story('a report is not made anew whenever its tab is shown', async ({ page, visit }) => {
  const made = [];
  page.on('request', (request) => new URL(request.url()).pathname === '/api/report' && made.push(request));
  await visit('/report');
  await page.getByText(/^From /).waitFor();
  await hide(page, true);
  // The inventory is asked for as soon as the page is seen.
  const seen = page.waitForResponse('**/api/inventory*');
  await hide(page, false);
  await seen;
  assert.equal(made.length, 1);
  await refresh(page);
  await eventually(() => assert.equal(made.length, 2));
});

story('what is to be read anew is, also where the gateway could not be reached at first', { watchSeconds: 300 }, async ({ page, product, control, complaints }) => {
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
      const asked = new Set((await vendorRequests(control)).map(({ connection }) => connection));
      assert.deepEqual([...asked].toSorted(), Object.keys(TITLES).toSorted());
    }, 20_000);
  } finally {
    await page.goto('about:blank');
    server.stop();
  }
});

story('the gateway reads what is handing over every two seconds, and only that', { watchSeconds: 60 }, async (told) => {
  const { page, control } = told;
  // Silent adapters: one is chosen and never confirms.
  const group = (session) => path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session);
  await control('PATCH', group('BOIL-02.OpcUa'), { silent: true, score: 100 });
  await control('PATCH', group('BOIL-01.OpcUa'), { score: 1 });
  await control('POST', '/clock/advance', { seconds: 20 });
  await open(told, '/groups?q=boiler');
  await refresh(page);
  await whenRows(page, 'Failover groups', ([row]) => assert.equal(row['Pending primary'], 'BOIL-02.OpcUa'));
  await control('DELETE', '/requests');
  await pass(page, control, 6);
  await eventually(async () => {
    const statuses = await vendorRequests(control, 'plant-a', 'list sessions');
    const of = (id) => statuses.filter((one) => one.path.includes(id)).length;
    assert.ok(of('boiler-opcua') >= 2, 'the group that hands over was not read again');
    assert.equal(of('tankfarm-opcua'), 0);
  });
});

story('the page of a group polls that group and nothing else', async (told) => {
  const { page, control } = told;
  await open(told, path('groups', 'plant-a', 'tankfarm-opcua'));
  await page.getByRole('table', { name: 'Client sessions' }).waitFor();
  await allLive(page);
  const asked = pageRequests(page);
  await pass(page, control, 60);
  const times = asked.relay.filter((one) => /sessions/i.test(one)).length;
  assert.ok(times >= 8 && times <= 13, `asked ${times} times in a minute`);
  assert.deepEqual(asked.relay.filter((one) => !one.includes('tankfarm-opcua')), []);
});

story('the page of a slicer group shows its part of the list and asks for nothing of its own', async (told) => {
  const { page, control, world } = told;
  const group = system(await world(), 'live').groups[0];
  await open(told, path('slicers', 'live', group.id));
  await page.getByRole('list', { name: 'Slicer order' }).waitFor();
  await pass(page, control, 20);
  assert.deepEqual(await vendorRequests(control, 'live', 'get group'), []);
});

story('fifty quick changes of page leave no poll behind', async (told) => {
  const { page, control, world } = told;
  await open(told, '/groups');
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
  // What the pages asked for before they were left is on its way to the systems before this is.
  await told.reread();
  const asked = pageRequests(page);
  await control('DELETE', '/requests');
  await pass(page, control, 60);
  assert.deepEqual(asked.relay, []);
  // Something runs, so the inventory is asked for every two seconds.
  assert.ok(asked.inventory.length >= 6 && asked.inventory.length <= 31, `${asked.inventory.length} polls in a minute`);
  for (const operation of ['get group', 'get session']) {
    assert.deepEqual(await vendorRequests(control, undefined, operation), []);
  }
  const queries = await vendorRequests(control, 'em', 'query sessions');
  assert.equal(new Set(queries.map((one) => one.query)).size, 1, 'a query of a page that was left');
});

story('all is well only while every connection answers', async (told) => {
  const { page, control } = told;
  await quietWorld(told);
  await open(told, '/');
  const well = page.getByRole('status').filter({ hasText: 'No open alarms. Every connection answers.' });
  await well.waitFor();
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  await told.reread();
  await passEventually(page, control, () =>
    page.getByText('Nothing known needs attention. Waiting for Live channels.').waitFor({ timeout: 100 }));
  assert.equal(await well.count(), 0);
});
