// Refresh that never lies: what is on the screen grows old visibly, is never taken for healthy when it
// is, comes back by itself, and is not asked for when nobody can see it. The browser's clock is the
// story's; what fails is made to fail in the simulator.

import assert from 'node:assert/strict';
import { START, eventually, story, whenRows } from './harness.mjs';
import { TITLES, path, system } from './support/worlds.mjs';

const source = (page, title) =>
  page.getByRole('list', { name: 'Sources' }).getByRole('listitem', { name: new RegExp(`^${title}: `) });

const says = (page, title, words) =>
  eventually(async () => assert.match(await source(page, title).getAttribute('aria-label'), words));

/** What a system has been asked since the log was last forgotten. */
const asked = async (control, connection, operation) => {
  const { requests } = await control('GET', '/requests');
  return requests.filter(
    (one) => (!connection || one.connection === connection) && (!operation || one.operation === operation),
  );
};

/** Lets time pass in the page second by second, so that every answer on the way can arrive. */
const pass = async (page, seconds) => {
  for (let second = 0; second < seconds; second += 1) await page.clock.runFor(1_000);
};

/** A page whose clock is the story's: it stands at the world's time and moves with `pass`. */
const open = async ({ page, visit }, address) => {
  await page.clock.install({ time: new Date(Date.parse(START) - 60_000) });
  await page.clock.pauseAt(new Date(START));
  await visit(address);
};

/** Waits until every source has been heard. */
const heard = async (page) => {
  for (const title of Object.values(TITLES)) await says(page, title, /: live, /);
};

story('a system that is gone for two minutes grows old step by step, and comes back by itself', async (told) => {
  const { page, control, complaints, world } = told;
  complaints.expect(/status of 50[24]/);
  await open(told, '/');
  await heard(page);
  const groups = system(await world(), 'plant-b').groups.length;
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await pass(page, 10);
  await says(page, 'Plant B', /: live, 10 s ago$/);
  await pass(page, 1);
  await says(page, 'Plant B', /: aging, 11 s ago$/);
  await pass(page, 4);
  await says(page, 'Plant B', /: aging, 15 s ago$/);
  await pass(page, 1);
  await says(page, 'Plant B', /: STALE, 16 s ago$/);
  const summary = page.getByRole('region', { name: 'AVEVA groups', exact: true });
  await summary.getByRole('listitem').filter({ hasText: `Unknown, data is stale${groups}` }).waitFor();
  const alarm = page.getByRole('list', { name: 'Alarms' }).getByRole('listitem').filter({ hasText: 'Plant B has not answered for' });
  await alarm.getByText('Unknown', { exact: true }).waitFor();
  await pass(page, 44);
  await says(page, 'Plant B', /: STALE, 1 min ago$/);
  await pass(page, 1);
  await says(page, 'Plant B', /: NO DATA, 1 min 1 s ago$/);
  await alarm.getByText('Critical', { exact: true }).waitFor();
  for (const title of ['Plant A', 'Live channels']) await says(page, title, /: live, /);
  await pass(page, 60);
  await says(page, 'Plant B', /: NO DATA, 2 min/);
  await control('DELETE', '/faults');
  await eventually(async () => {
    await page.clock.runFor(1_000);
    assert.match(await source(page, 'Plant B').getAttribute('aria-label'), /: live, /);
  }, 20_000);
  await alarm.waitFor({ state: 'detached' });
});

story('what is stale stays on the screen, drained, and is counted as unknown', async (told) => {
  const { page, control, complaints, world } = told;
  complaints.expect(/status of 503/);
  await open(told, '/groups?connection=plant-a');
  const total = system(await world(), 'plant-a').groups.length;
  await whenRows(page, 'Failover groups', (shown) => assert.equal(shown.length, total));
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'status', status: 503 } });
  await pass(page, 16);
  await whenRows(page, 'Failover groups', (shown) => {
    assert.equal(shown.length, total);
    assert.ok(shown.every((row) => /^Unknown last seen/.test(row.State)), JSON.stringify(shown[0]));
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
    const { page, control, complaints } = told;
    complaints.expect(/status of \d+/);
    await open(told, '/connections');
    await heard(page);
    const card = page.getByRole('region', { name: TITLES[connection], exact: true });
    const failure = card.getByRole('region', { name: 'What went wrong' });
    const button = card.getByRole('button', { name: /^Refresh now/ }).last();
    // For a moment the gateway remembers what a system that counts requests has said.
    const until = (holds, answer) =>
      eventually(async () => {
        await button.click();
        await assert.doesNotReject(holds(), answer);
      });
    const held = await card.getByText(/^\d+ (groups|slicer groups|newest sessions)$/).innerText();
    for (const answer of answers) {
      const fault = /^\d+$/.test(answer) ? { kind: 'status', status: Number(answer) } : { kind: answer };
      await control('POST', '/faults', { connection, fault });
      await until(() => failure.waitFor({ timeout: 300 }), answer);
      if (fault.status) await card.getByText(new RegExp(`said no: ${answer}`)).waitFor();
      await card.getByText(held, { exact: true }).waitFor();
      await control('DELETE', '/faults');
      await until(() => failure.waitFor({ state: 'detached', timeout: 300 }), answer);
      // What was mended is still told as what went wrong last.
      await eventually(async () => {
        const last = await card.getByText('Last error', { exact: true }).locator('xpath=following-sibling::dd').innerText();
        assert.ok(fault.status ? last.includes(`${answer}: `) : /cannot be read|reach|broke off/.test(last), `${answer}: ${last}`);
      });
    }
  });
}

story('an answer that does not come within 20 s counts as none', async (told) => {
  const { page, control } = told;
  await open(told, '/connections');
  await heard(page);
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'latency', milliseconds: 9_000 } });
  await page.getByRole('button', { name: 'Refresh now Live channels' }).last().click();
  await eventually(async () => {
    await page.clock.runFor(1_000);
    const card = page.getByRole('region', { name: 'Live channels', exact: true });
    await card.getByText('no answer within 20 s').first().waitFor({ timeout: 100 });
  });
});

story("the vendor's Retry-After is honoured, and a person may overrule it", async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(/status of 429/);
  await open(told, '/connections');
  await heard(page);
  const fault = { kind: 'status', status: 429, retry_after: 90 };
  await control('POST', '/faults', { connection: 'em', fault, times: 1 });
  const card = page.getByRole('region', { name: TITLES.em, exact: true });
  await page.getByRole('button', { name: 'Refresh now Enterprise Manager', exact: true }).last().click();
  await card.getByText('in 1 min 30 s', { exact: true }).waitFor();
  await control('DELETE', '/requests');
  await pass(page, 80);
  assert.deepEqual(await asked(control, 'em'), []);
  await card.getByText('in 10 s', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Refresh now Enterprise Manager', exact: true }).last().click();
  await says(page, TITLES.em, /: live, now$/);
  assert.equal((await asked(control, 'em')).length, 1);
});

story('a clock that is 40 s off is told, and does not change an age', async ({ page, visit, control }) => {
  await page.clock.setFixedTime(START);
  await control('PUT', '/clock', { now: new Date(Date.parse(START) + 40_000).toISOString() });
  await visit('/connections');
  for (const title of Object.values(TITLES)) {
    const card = page.getByRole('region', { name: title, exact: true });
    await card.getByText(/^(39|40) s ahead of this browser's$/).waitFor();
    await says(page, title, /: live, now/);
  }
  await control('PUT', '/clock', { now: new Date(Date.parse(START) - 40_000).toISOString() });
  await page.getByRole('button', { name: 'Refresh now', exact: true }).first().click();
  const card = page.getByRole('region', { name: 'Plant A', exact: true });
  await card.getByText(/^(39|40) s behind this browser's$/).waitFor();
});

story('a clock that is nearly right is not talked about', async ({ page, visit, control }) => {
  await page.clock.setFixedTime(START);
  await control('PUT', '/clock', { now: new Date(Date.parse(START) + 4_000).toISOString() });
  await visit('/connections');
  await says(page, 'Plant A', /: live, now/);
  assert.equal(await page.getByText("Server's clock").count(), 0);
});

story('a computer that slept asks for everything anew at once, also for what was under way', async (told) => {
  const { page, control } = told;
  await open(told, '/');
  await heard(page);
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'latency', milliseconds: 15_000 }, times: 1 });
  await page.getByRole('button', { name: 'Refresh now', exact: true }).first().click();
  await eventually(async () => assert.ok((await asked(control, 'live')).length > 0));
  await page.clock.fastForward(30 * 60_000);
  await page.clock.runFor(1_000);
  await heard(page);
});

story('a hidden page asks for nothing, and everything once it is seen', async (told) => {
  const { page, control } = told;
  await open(told, '/');
  await heard(page);
  const hide = (hidden) =>
    page.evaluate((is) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => is });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, hidden);
  await hide(true);
  // What was under way when the page was hidden may still be on its way.
  await page.waitForLoadState('networkidle');
  await control('DELETE', '/requests');
  await pass(page, 120);
  assert.deepEqual(await asked(control), []);
  await hide(false);
  await heard(page);
  await says(page, 'Plant A', /: live, now$/);
});

story('a window that is not in front goes on', async (told) => {
  const { page, control } = told;
  await open(told, '/');
  await heard(page);
  await page.evaluate(() => window.dispatchEvent(new Event('blur')));
  await control('DELETE', '/requests');
  await pass(page, 6);
  await eventually(async () => assert.ok((await asked(control, 'plant-a')).length > 0));
});

story('when the network is back, it is asked at once', async (told) => {
  const { page, complaints } = told;
  complaints.expect(/ERR_INTERNET_DISCONNECTED/);
  await open(told, '/');
  await heard(page);
  await page.context().setOffline(true);
  // Long enough for the waits between two tries to have grown.
  await pass(page, 70);
  await says(page, 'Live channels', /: NO DATA, /);
  await page.context().setOffline(false);
  await says(page, 'Live channels', /: live, now$/);
});

story('refresh can be paused: nothing is asked, what is shown grows old, and one can ask by hand', async (told) => {
  const { page, control } = told;
  await open(told, '/');
  await heard(page);
  const pause = page.getByRole('button', { name: 'Pause refresh' });
  await pause.click();
  assert.equal(await pause.getAttribute('aria-pressed'), 'true');
  await page.getByRole('status').filter({ hasText: 'Refresh is paused.' }).waitFor();
  await page.waitForLoadState('networkidle');
  await control('DELETE', '/requests');
  await pass(page, 20);
  assert.deepEqual(await asked(control), []);
  await says(page, 'Plant A', /: STALE, 20 s ago$/);
  await page.getByRole('button', { name: 'Refresh now', exact: true }).click();
  await heard(page);
  await pass(page, 3);
  await says(page, 'Plant A', /: live, 3 s ago$/);
  await page.getByRole('button', { name: 'Resume refresh' }).click();
  await pass(page, 3);
  await says(page, 'Plant A', /: live, (now|1 s ago)$/);
});

story('every page has its interval, and keeps it', async (told) => {
  const { page, control, visit } = told;
  await open(told, '/');
  await heard(page);
  const every = page.getByRole('combobox', { name: 'Refresh every' });
  assert.deepEqual(await every.getByRole('option').allInnerTexts(), ['2 s', '5 s', '10 s', '30 s', '1 min', '5 min']);
  assert.equal(await every.inputValue(), '5');
  await every.selectOption('1 min');
  await control('DELETE', '/requests');
  await pass(page, 50);
  assert.deepEqual(await asked(control, 'live'), []);
  await says(page, 'Live channels', /: live, 5\d s ago$/);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Slicers/ }).click();
  await eventually(async () => assert.equal(await every.inputValue(), '5'));
  await says(page, 'Live channels', /: live, now$/);
  await visit('/');
  assert.equal(await every.inputValue(), '60');
});

story('what is handing over is asked for every two seconds, and only that', async (told) => {
  const { page, control } = told;
  // Silent adapters: one is chosen and never confirms.
  const group = (session) => path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session);
  await control('PATCH', group('BOIL-02.OpcUa'), { silent: true, score: 100 });
  await control('PATCH', group('BOIL-01.OpcUa'), { score: 1 });
  await control('POST', '/clock/advance', { seconds: 20 });
  await open(told, '/groups?q=boiler');
  await whenRows(page, 'Failover groups', ([row]) => assert.equal(row['Pending primary'], 'BOIL-02.OpcUa'));
  await control('DELETE', '/requests');
  await pass(page, 4);
  await eventually(async () => {
    const statuses = await asked(control, 'plant-a', 'list sessions');
    const of = (id) => statuses.filter((one) => one.path.includes(id)).length;
    assert.ok(of('boiler-opcua') >= 1, 'the group that hands over was not asked again');
    assert.equal(of('tankfarm-opcua'), 0);
  });
});

story('the page of a group and the list of groups share one poll', async (told) => {
  const { page, control } = told;
  await open(told, path('groups', 'plant-a', 'tankfarm-opcua'));
  await page.getByRole('table', { name: 'Client sessions' }).waitFor();
  await heard(page);
  await control('DELETE', '/requests');
  await pass(page, 60);
  const statuses = await asked(control, 'plant-a', 'list sessions');
  const times = statuses.filter((one) => one.path.includes('tankfarm-opcua')).length;
  assert.ok(times >= 8 && times <= 13, `asked ${times} times in a minute`);
});

story('the page of a slicer group shows its part of the list and asks for nothing of its own', async (told) => {
  const { page, control, world } = told;
  const group = system(await world(), 'live').groups[0];
  await open(told, path('slicers', 'live', group.id));
  await page.getByRole('list', { name: 'Slicer order' }).waitFor();
  await pass(page, 20);
  assert.deepEqual(await asked(control, 'live', 'get group'), []);
});

story('fifty quick changes of page leave no poll behind', async (told) => {
  const { page, control, world } = told;
  await open(told, '/groups');
  await heard(page);
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
  await page.waitForLoadState('networkidle');
  await control('DELETE', '/requests');
  await pass(page, 60);
  for (const operation of ['get group', 'get session']) {
    assert.deepEqual(await asked(control, undefined, operation), []);
  }
  const lists = (await asked(control, 'plant-b', 'list groups')).length;
  assert.ok(lists >= 6 && lists <= 13, `${lists} lists in a minute`);
  const queries = await asked(control, 'em', 'query sessions');
  assert.equal(new Set(queries.map((one) => one.query)).size, 1, 'a query of a page that was left');
  // Something runs, so the newest sessions are asked for every two seconds.
  assert.ok(queries.length <= 31, `${queries.length} queries in a minute`);
});

story('all is well only while every connection is live', async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(/status of 503/);
  // A time before the published run that never ends, and a day after the failed ones.
  await control('POST', '/reset', { scenario: 'calm', start: '2019-03-01T08:00:00Z' });
  await control('POST', '/clock/advance', { seconds: 100_000 });
  await open(told, '/');
  const well = page.getByText('All is well: every connection is live, and nothing needs attention.');
  await well.waitFor();
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  await eventually(async () => {
    await page.clock.runFor(1_000);
    const waiting = page.getByText(/Nothing known needs attention. Waiting for .*Live channels/);
    await waiting.waitFor({ timeout: 100 });
  });
  assert.equal(await well.count(), 0);
});
