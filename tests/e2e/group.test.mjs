// The page /groups/{connection}/{group}: one failover group and its client sessions.

import assert from 'node:assert/strict';
import { accessible, columns, eventually, open, pass, passUntil, rows, story, whenRows } from './harness.mjs';
import { clockTime, path, plain, system } from './support/worlds.mjs';

const TABLE = 'Client sessions';

const ROLES = { Primary: 'Primary', PendingPrimary: 'Pending primary', Secondary: 'Secondary' };

/** All sessions in the order of the table: by role, then by id. */
const sorted = (sessions) => {
  const rank = ({ Role }) => ['Primary', 'PendingPrimary', 'Secondary'].indexOf(Role);
  return sessions.toSorted((a, b) => rank(a) - rank(b) || (a.Id < b.Id ? -1 : 1));
};

for (const connection of ['plant-a', 'plant-b']) {
  story(`a group of ${connection} shows the facts and sessions of the system`, async ({ page, visit, world }) => {
    const group = system(await world(), connection).groups.find(({ Sessions }) => Sessions.length > 2);
    await visit(path('groups', connection, group.Id));
    await page.getByRole('heading', { level: 1, name: group.Name, exact: true }).waitFor();
    const facts = page.getByRole('region', { name: 'Group facts' });
    for (const fact of [group.Id, group.FailoverTimeout, group.Description]) {
      await facts.getByText(fact, { exact: true }).waitFor();
    }
    await whenRows(page, TABLE, (shown) => {
      assert.deepEqual(
        shown.map((row) => [
          row.Session.split(' ')[0],
          row.Role.toLowerCase(),
          row.Score.match(/[\d.]+/)?.[0],
          row['Last data processed'].slice(0, 8),
        ]),
        sorted(group.Sessions).map(({ Id, Role, Heartbeat }) => [
          Id,
          ROLES[Role].toLowerCase(),
          String(Heartbeat.FailoverScore),
          (Heartbeat.LastDataProcessedTime ? clockTime(Heartbeat.LastDataProcessedTime) : '– none reported').slice(0, 8),
        ]),
      );
    });
  });
}

story('the columns have the names that scripts and screen readers rely on', async ({ page, visit }) => {
  await visit(path('groups', 'plant-a', 'kiln2-opcua'));
  await page.getByRole('table', { name: TABLE }).waitFor();
  const names = await columns(page, TABLE);
  for (const name of ['Session', 'Role', 'Score', 'Heartbeat', 'Last data processed', 'Override']) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
});

story('a cold standby with a score of 1 is shown as normal', async ({ page, visit, world }) => {
  const group = system(await world(), 'plant-a').groups.find(({ Id }) => Id === 'kiln2-opcua');
  const cold = group.Sessions.find(({ Heartbeat }) => Heartbeat.FailoverScore <= 1);
  await visit(path('groups', 'plant-a', group.Id));
  await whenRows(page, TABLE, (shown) => {
    const row = shown.find(({ Session }) => Session.startsWith(cold.Id));
    assert.match(row.Score, /cold standby, this is normal/);
  });
});

story('a silent primary is replaced and marked as silent', async ({ page, visit, control }) => {
  await visit(path('groups', 'plant-a', 'tankfarm-opcua'));
  await whenRows(page, TABLE, ([first]) => assert.match(first.Session, /^TANK-01/));
  await control('PATCH', path('systems', 'plant-a', 'groups', 'tankfarm-opcua', 'sessions', 'TANK-01.OpcUa'), {
    silent: true,
  });
  await control('POST', '/clock/advance', { seconds: 300 });
  await page.getByRole('row', { name: /^TANK-02\.OpcUa/ }).getByText('Primary', { exact: true }).waitFor({ timeout: 20_000 });
  await whenRows(page, TABLE, (shown) => {
    assert.match(shown.find(({ Session }) => Session.startsWith('TANK-01')).Session, /silent, not eligible/);
  });
});

story('a primary silent for longer than the failover timeout is not greyed out', async ({ page, visit, control }) => {
  await control('PUT', '/scenario', { name: 'incident' });
  await visit(path('groups', 'plant-a', 'tankfarm-opcua'));
  const row = page.getByRole('row', { name: /^TANK-01\.OpcUa/ });
  await row.getByText(/silent longer than the failover timeout$/).waitFor();
  assert.equal(await row.getAttribute('data-fresh'), null);
});

story('while a system is silent, heartbeat ages stop and session counts are last known', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(/status of 50[24]/);
  const beats = () => page.locator('td > .beat:not(.score)').allInnerTexts();
  await open(fixtures, path('groups', 'plant-b', 'hydrotreater-opcua'));
  await whenRows(page, TABLE, (shown) => assert.ok(shown.length > 1));
  const sessions = page.getByRole('region', { name: 'Sessions', exact: true }).getByRole('paragraph').first();
  const counted = await sessions.innerText();
  await page.getByRole('link', { name: 'HDT-01.OpcUa', exact: true }).click();
  const posted = page.getByRole('region', { name: /^Session HDT-01/ }).getByRole('definition').nth(3);
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await passUntil(page, control, 40, async () => (await sessions.innerText()) === `last known ${counted}`);
  const frozen = [await beats(), await posted.innerText()];
  for (const beat of frozen[0]) assert.match(beat.trim(), /^was \d+ s$/);
  assert.match(frozen[1], /^\d\d:\d\d:\d\d, was \d+ s$/);
  await pass(page, control, 10);
  assert.deepEqual([await beats(), await posted.innerText()], frozen);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Groups/ }).click();
  const beat = page.getByRole('row').filter({ hasText: 'hydrotreater-opcua' }).locator('td > .beat');
  const was = await beat.innerText();
  assert.match(was.trim(), /^was \d+ s$/);
  await pass(page, control, 10);
  assert.equal(await beat.innerText(), was);
});

for (const [place, connection, title] of [
  ['groups', 'plant-b', 'Primary over time'],
  ['slicers', 'live', 'On air over time'],
]) {
  story(`a ${place} page opened while its system is silent shows the gateway's own data`, async ({ page, visit, world, control, reread, complaints }) => {
    complaints.expect(/status of 50[24]/);
    const [group] = system(await world(), connection).groups;
    await reread(connection);
    await control('POST', '/faults', { connection, fault: { kind: 'reset' } });
    // A response read before the fault must no longer be reused for the page.
    await control('POST', '/observer/advance', { seconds: 5 });
    await visit(path(place, connection, group.Id ?? group.id));
    const main = page.getByRole('main');
    await main.getByRole('region', { name: 'What went wrong' }).waitFor();
    await main.getByRole('region', { name: 'Last known state' }).waitFor();
    await main.getByRole('img', { name: title, exact: true }).waitFor();
    await main.getByRole('table', { name: title, exact: true }).waitFor({ state: 'attached' });
    await main.getByRole('list', { name: 'Activity', exact: true }).waitFor({ state: 'attached' });
  });
}

story('if the API does not report overrides, the page does not deny one or predict an overdue takeover', async ({ page, visit, control }) => {
  // An override that v1-preview does not report keeps a silent session primary.
  await control('PUT', '/scenario', { name: 'incident' });
  await visit(path('groups', 'plant-a', 'tankfarm-opcua'));
  const facts = page.getByRole('region', { name: 'Group facts' });
  await facts.getByText(/TANK-02\.OpcUa is live and has posted a heartbeat since the takeover was due .+ ago, but has not taken over: check in the service for a role override of TANK-01\.OpcUa, because not every version of its API shows one\.$/).waitFor();
  await page.getByRole('region', { name: 'Who takes over next' }).getByText(/^Highest live score, .* The takeover was due .+ ago and has not happened\.$/).waitFor();
  await whenRows(page, TABLE, (shown) => {
    assert.deepEqual(shown.map(({ Override }) => Override), ['not reported by v1-preview', 'not reported by v1-preview']);
  });
  await page.getByRole('link', { name: 'TANK-01.OpcUa', exact: true }).click();
  await page.getByRole('region', { name: /^Session TANK-01/ }).getByText('not reported by v1-preview', { exact: true }).waitFor();
});

story('an id with every special character opens from the list and after a reload', async ({ page, visit, world }) => {
  const group = system(await world(), 'plant-a').groups.find(({ Id }) => Id.includes('/'));
  for (const character of ['/', '%', '#', '?', '"', '&', ' ', 'Ü', '🏭']) {
    assert.ok(group.Id.includes(character), `the special id has no ${character}`);
  }
  await visit('/groups?connection=plant-a');
  const total = system(await world(), 'plant-a').groups.length;
  await whenRows(page, 'Failover groups', (shown) => assert.equal(shown.length, total));
  await page.getByRole('link', { name: group.Id, exact: true }).click();
  const heading = page.getByRole('heading', { level: 1, name: group.Id, exact: true });
  await heading.waitFor();
  await page.reload();
  await heading.waitFor();
  await whenRows(page, TABLE, (shown) => {
    const ids = sorted(group.Sessions).map(({ Id }) => plain(Id));
    assert.deepEqual(shown.map((row, n) => row.Session.startsWith(ids[n])), ids.map(() => true));
  });
});

story('an unknown group is not found', async ({ page, visit, complaints }) => {
  complaints.expect(/status of 404/);
  await visit(path('groups', 'plant-a', 'no such group'));
  await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
  await page.getByText('“no such group”').waitFor();
});

story('an existing group is not shown as missing because its sessions are not found', async (fixtures) => {
  const { page, control, visit, world, complaints } = fixtures;
  complaints.expect(/status of 404/);
  const [group] = system(await world(), 'plant-a').groups;
  await control('POST', '/faults', { connection: 'plant-a', operation: 'list sessions', fault: { kind: 'status', status: 404 } });
  await visit(path('groups', 'plant-a', group.Id));
  const card = page.getByRole('region', { name: 'What went wrong' });
  await card.getByText(/the group exists, but its status or sessions were not found/).waitFor();
  await card.getByText('Response body').click();
  await card.getByText(/Operation id: /).waitFor();
  assert.equal(await page.getByRole('heading', { level: 1, name: 'Not found' }).count(), 0);
});

story('a group of an unknown connection is not found', async ({ page, visit }) => {
  await visit(path('groups', 'plant-z', 'tankfarm-opcua'));
  await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
});

story('a handover shows its origin, target, start and the event it waits for', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, path('groups', 'plant-a', 'boiler-opcua'));
  const panel = page.getByRole('region', { name: 'Takeover' });
  await panel.getByText('heartbeat of the primary, BOIL-01.OpcUa').waitFor();
  // Silent adapters: a successor is chosen but never confirms.
  const session = (id) => path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', id);
  await control('PATCH', session('BOIL-02.OpcUa'), { silent: true, score: 100 });
  await control('PATCH', session('BOIL-01.OpcUa'), { score: 1 });
  await control('POST', '/clock/advance', { seconds: 20 });
  await passUntil(page, control, 10, () => panel.getByText('handing over').isVisible());
  await panel.getByRole('heading', { name: 'BOIL-02.OpcUa takes over from BOIL-01.OpcUa with its next heartbeat.' }).waitFor();
  const facts = async () => {
    const lines = await panel.locator('dl > div').evaluateAll((all) => all.map((one) => [...one.children].map((part) => part.textContent)));
    return Object.fromEntries(lines);
  };
  const { From, To, 'First seen': seen, Awaited } = await facts();
  assert.deepEqual([From, To], ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']);
  assert.match(Awaited, /^One heartbeat of BOIL-02\.OpcUa, normally within a second\. Its last was at \d\d:\d\d:\d\d\. It is a fault after /);
  await pass(page, control, 5);
  assert.equal((await facts())['First seen'].split(',')[0], seen.split(',')[0]);
  assert.doesNotMatch(await panel.innerText(), /now,/);
  const headings = await panel.getByRole('heading').allInnerTexts();
  assert.ok(headings.every((text) => text.trim() !== ''), `an empty heading among ${headings}`);
});

story('a stuck handover is shown alike by the page, its panel and the list', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, path('groups', 'plant-a', 'boiler-opcua'));
  const panel = page.getByRole('region', { name: 'Takeover' });
  await panel.getByText('heartbeat of the primary, BOIL-01.OpcUa').waitFor();
  const session = (id) => path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', id);
  await control('PATCH', session('BOIL-02.OpcUa'), { silent: true, score: 100 });
  await control('PATCH', session('BOIL-01.OpcUa'), { score: 1 });
  await control('POST', '/clock/advance', { seconds: 20 });
  const facts = page.getByRole('region', { name: 'Group facts' });
  const fact = (text) => facts.getByText(text, { exact: true }).first();
  await passUntil(page, control, 10, () => fact('Handing over').isVisible());
  assert.equal(await panel.getAttribute('data-s'), 'moving');
  // The vendor's clock is frozen, so the heartbeat stays fresh: only the gateway knows how long the handover has
  // lasted.
  await passUntil(page, control, 90, () => fact('Handover stuck').isVisible());
  assert.match(await panel.getAttribute('data-s'), /^(critical|warning)$/);
  await page.getByRole('link', { name: /^Groups/ }).first().click();
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'Boiler House OPC UA', exact: true }) });
  await passUntil(page, control, 10, () => row.getByText('Handover stuck').first().isVisible());
  // The page opened now did not see the start; the gateway did.
  await row.getByRole('link', { name: 'Boiler House OPC UA', exact: true }).click();
  await passUntil(page, control, 10, () => panel.locator('output').filter({ hasText: 'min' }).isVisible());
});

story('a heartbeat without a reported time is not shown as never posted', async ({ page, visit, control }) => {
  const fault = { kind: 'replace', find: '"HeartbeatTime"', with: '"Elsewhere"' };
  await control('POST', '/faults', { connection: 'plant-b', operation: 'list sessions', fault });
  await visit(path('groups', 'plant-b', 'gauging-modbus'));
  const facts = page.getByRole('region', { name: 'Group facts' });
  await facts.getByText(/the field Heartbeat\.HeartbeatTime of GAUGE-\d\d\.Modbus is not reported, so its state is not known\./).waitFor();
  await whenRows(page, TABLE, (shown) => {
    const row = shown.find(({ Session }) => Session.includes('the time of its heartbeat is not reported'));
    assert.equal(row?.Heartbeat, '–');
  });
});

story('a missing primary is reported only if it is certain', async ({ page, control, visit }) => {
  const spoil = (operation, fault) => control('POST', '/faults', { connection: 'plant-b', operation, fault });
  const role = (word) => spoil('list sessions', { kind: 'replace', find: '"Role":"Primary"', with: `"Role":"${word}"` });
  const panel = page.getByRole('region', { name: 'Takeover' });
  // No session has the role Primary, and the status does not name one.
  await role('Observer');
  await spoil('group status', { kind: 'body', body: '{}' });
  await visit(path('groups', 'plant-b', 'gauging-modbus'));
  await panel.getByText('The primary is not known: GAUGE-01.Modbus has the role “Observer”.').waitFor();
  await control('DELETE', '/faults');
  await spoil('list sessions', { kind: 'body', body: '[]' });
  await panel.getByText('GAUGE-01.Modbus is named primary, but its session is not listed.').waitFor({ timeout: 20_000 });
  await spoil('group status', { kind: 'body', body: '{}' });
  await panel.getByText('No session is primary, so there is no heartbeat to count from.').waitFor({ timeout: 20_000 });
});

story('the last data is taken from the primary if the status omits it', async ({ page, control, visit, world }) => {
  const group = system(await world(), 'plant-b').groups.find(({ Id }) => Id === 'gauging-modbus');
  const primary = group.Sessions.find(({ Role }) => Role === 'Primary');
  await control('POST', '/faults', { connection: 'plant-b', operation: 'group status', fault: { kind: 'body', body: '{}' } });
  await visit(path('groups', 'plant-b', group.Id));
  const fact = page.getByRole('region', { name: 'Group facts' }).locator('dl > div').filter({ hasText: 'Last data processed' });
  await fact.getByText(clockTime(primary.Heartbeat.LastDataProcessedTime)).waitFor();
  const fault = { kind: 'replace', find: '"LastDataProcessedTime"', with: '"Elsewhere"' };
  await control('POST', '/faults', { connection: 'plant-b', operation: 'list sessions', fault });
  await fact.getByText('none reported').waitFor({ timeout: 20_000 });
});

/** Opens a group with at least this number of sessions, and waits until they are read. */
const openMany = async (fixtures, sessions, visit = (address) => open(fixtures, address)) => {
  const { page, control, world } = fixtures;
  await control('POST', '/reset', { scenario: 'calm', groups: 1, sessions });
  const group = system(await world(), 'plant-a').groups.find(({ Sessions }) => Sessions.length >= sessions);
  await visit(path('groups', 'plant-a', group.Id));
  await page.getByText(`${group.Sessions.length} live`).waitFor();
  return group;
};

story('a group of 10,000 sessions renders visible rows only, counts all, and End reaches the last', async (fixtures) => {
  const { page } = fixtures;
  // With the real clock, because axe waits for timers.
  const group = await openMany(fixtures, 10_000, fixtures.visit);
  const table = page.getByRole('table', { name: TABLE });
  assert.equal(await table.getAttribute('aria-rowcount'), String(group.Sessions.length + 1));
  const drawn = () => table.locator('tbody tr[aria-rowindex]').count();
  assert.ok((await drawn()) < 60, `${await drawn()} rows are drawn`);
  const elements = await page.evaluate(() => document.getElementsByTagName('*').length);
  assert.ok(elements < 1_500, `the page has ${elements} elements`);
  await accessible(page);
  const ids = sorted(group.Sessions).map(({ Id }) => Id);
  const region = page.getByRole('region', { name: 'Client sessions, scrollable' });
  await table.getByRole('row', { name: ids[0] }).getByRole('button').first().focus();
  await region.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  const last = table.getByRole('row', { name: ids.at(-1) });
  await last.waitFor();
  assert.equal(await last.getAttribute('aria-rowindex'), String(ids.length + 1));
  // The focus was on a button of the first session, and must not move to another session's button.
  await eventually(async () => assert.ok(await region.evaluate((element) => element === document.activeElement)));
  await page.keyboard.press('Home');
  await table.getByRole('row', { name: ids[0] }).waitFor();
  await page.keyboard.press('End');
  await last.waitFor();
  await page.getByText(`${ids.length - 1 - 10} more sessions below, ${ids.length - 1 - 10} eligible.`).waitFor();
  const wanted = ids[5_000];
  await page.getByRole('searchbox').fill(wanted);
  await whenRows(page, TABLE, (shown) => assert.deepEqual(shown.map(({ Session }) => Session.split(' ')[0]), [wanted]));
});

story('Tab moves through a long table session by session and on to the next element, and back', { timeout: 120_000 }, async (fixtures) => {
  const { page } = fixtures;
  const group = await openMany(fixtures, 60, fixtures.visit);
  const ids = sorted(group.Sessions).map(({ Id }) => Id);
  /** The focused session, the table if another part of it is focused, or null outside. */
  const focused = () =>
    page.evaluate(() => {
      const { activeElement } = document;
      const link = activeElement.closest('tbody tr')?.querySelector('th a');
      return link?.textContent ?? activeElement.closest('.scroll')?.ariaLabel ?? null;
    });
  /** Waits until rows scrolled in by a key are rendered. */
  const drawn = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  /** The sessions that a key moves through, until the focus leaves them. */
  const walk = async (key) => {
    const seen = [];
    for (let at = await focused(); ids.includes(at) && seen.length <= ids.length; at = await focused()) {
      if (seen.at(-1) !== at) seen.push(at);
      await page.keyboard.press(key);
      await drawn();
    }
    return seen;
  };
  await page.getByRole('table', { name: TABLE }).getByRole('link', { name: ids[0], exact: true }).focus();
  assert.deepEqual(await walk('Tab'), ids);
  assert.equal(await focused(), null, 'the focus is after the table');
  await page.keyboard.press('Shift+Tab');
  assert.deepEqual(await walk('Shift+Tab'), ids.toReversed());
});

story('sessions can be sorted by any column, and the address contains the order', async (fixtures) => {
  const { page, visit } = fixtures;
  const group = await openMany(fixtures, 30);
  const scores = group.Sessions.map(({ Heartbeat }) => Heartbeat.FailoverScore).toSorted((a, b) => a - b);
  const shown = async () => (await rows(page, TABLE)).map(({ Score }) => Number(Score.match(/[\d.]+/)[0]));
  const header = page.getByRole('table', { name: TABLE }).getByRole('columnheader', { name: 'Score' });
  await header.getByRole('button').click();
  await eventually(async () => assert.deepEqual(await shown(), scores));
  await header.getByRole('button').click();
  await eventually(async () => assert.deepEqual(await shown(), scores.toReversed()));
  assert.equal(await header.getAttribute('aria-sort'), 'descending');
  const { pathname, search } = new URL(page.url());
  assert.equal(search, '?sort=-score');
  await visit(pathname + search);
  await eventually(async () => assert.deepEqual(await shown(), scores.toReversed()));
});

story('a group of 1,000 sessions causes at most one layout per second', async (fixtures) => {
  const { page, control } = fixtures;
  await openMany(fixtures, 1_000);
  const debug = await page.context().newCDPSession(page);
  await debug.send('Performance.enable');
  const layouts = async () => (await debug.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'LayoutCount').value;
  await pass(page, control, 2);
  const before = await layouts();
  await pass(page, control, 10);
  assert.ok((await layouts()) - before <= 10 + 3, `${(await layouts()) - before} layouts in 10 s and their polls`);
});

story('the takeover lane is filled up to the current time, which a line marks', { reducedMotion: 'reduce' }, async (fixtures) => {
  const { page } = fixtures;
  await open(fixtures, path('groups', 'plant-a', 'tankfarm-opcua'));
  const lane = page.getByRole('list', { name: 'From last heartbeat to takeover' });
  const seen = () =>
    lane.evaluate((list) => {
      const bar = list.previousElementSibling;
      const cover = getComputedStyle(bar, '::after');
      const { left, width, height } = bar.getBoundingClientRect();
      const line = list.querySelector('.now').getBoundingClientRect();
      return {
        seconds: Number(/\d+/.exec(list.querySelector('.now').textContent)[0]),
        filled: new DOMMatrix(cover.transform).e / width,
        covers: parseFloat(cover.width) / width,
        line: (line.left - left) / width,
        isHigher: line.height > height,
      };
    });
  const before = await seen();
  // The vendor's clock is independent of the clocks of gateway and page.
  await fixtures.control('POST', '/clock/advance', { seconds: 5 });
  await pass(page, fixtures.control, 6);
  await eventually(async () => assert.notEqual((await seen()).seconds, before.seconds));
  for (const { seconds, filled, covers, line, isHigher } of [before, await seen()]) {
    // The FailoverTimeout is a minute; the texts omit fractions of a second.
    for (const share of [filled, line]) assert.ok(share >= seconds / 60 - 0.01 && share < (seconds + 1) / 60 + 0.01, `${share} of ${seconds} s`);
    assert.equal(covers, 1, 'the remaining part is covered');
    assert.ok(isHigher);
  }
});
