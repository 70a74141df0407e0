// The gateway's judgement is shown consistently on the overview, in the rail, in the lists and on the wall; the number
// of viewers does not affect the systems; and last known states stay.

import assert from 'node:assert/strict';
import { eventually, open, pass, rows, story, whenRows } from './harness.mjs';
import { pageRequests, vendorRequests } from './support/requests.mjs';
import { allLive } from './support/sources.mjs';
import { tiles } from './support/walls.mjs';
import { TITLES, path, sessions, system } from './support/worlds.mjs';

/** Large enough for all tiles to be on the wall's first page. */
const large = { viewport: { width: 3840, height: 2160 } };

const WALL = '/wall?distance=1&diagonal=65';

/** Each alarm of the overview, worst first: name, severity, sentence, link, and the mark "last known". */
const alarms = async (page) =>
  page.getByRole('list', { name: 'Alarms' }).getByRole('listitem').evaluateAll((all) =>
    all.map((item) => {
      const label = item.getAttribute('aria-label');
      const [, name, severity, mark] = label.match(/^(.*): (Critical|Warning|Unknown)(?:, (?!last known)[^,]+)?(?:, (last known, .*))?$/s);
      const href = item.querySelector('a').getAttribute('href');
      return { name, severity, mark, sentence: `${item.querySelector('.what b').textContent}${item.querySelector('.what b').nextSibling.textContent}`, href };
    }),
  );

/** The number at an entry of the rail. */
const railNumber = async (page, name) => {
  const entry = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: new RegExp(`^${name}`) });
  return Number((await entry.innerText()).match(/\d+/)?.[0] ?? 0);
};

/** The counts of a summary of the overview, by state. */
const summary = async (page, name) => {
  const items = page.getByRole('region', { name, exact: true }).getByRole('listitem');
  const counted = await items.evaluateAll((all) => all.map((item) => [item.querySelector('.st').textContent, item.querySelector('b').textContent]));
  return Object.fromEntries(counted.map(([word, number]) => [word, Number(number)]));
};

/** The tiles of the wall: label, severity and sentence. */
const onWall = async (page) =>
  tiles(page).evaluateAll((all) =>
    all
      .filter((tile) => !tile.hidden)
      .map((tile) => ({
        label: tile.getAttribute('aria-label'),
        severity: tile.dataset.s,
        sentence: tile.querySelector('.what').textContent,
      })),
  );

/** Fails unless tiles and alarms match: a tile's label and sentence together contain its alarm's text. */
const assertSameAlarms = (loud, alarms) => {
  const left = [...alarms];
  for (const { label, severity, sentence } of loud) {
    const isSame = (alarm) => label.startsWith(`${alarm.name}: `) && severity === alarm.severity.toLowerCase() && alarm.sentence.endsWith(sentence);
    const at = left.findIndex(isSame);
    assert.ok(at >= 0, `${severity}, ${label}: ${sentence}`);
    left.splice(at, 1);
  }
  assert.deepEqual(left, []);
};

/** The number of occurrences of each text. */
const count = (words) => {
  const counted = {};
  for (const word of words) counted[word] = (counted[word] ?? 0) + 1;
  return counted;
};

const section = (alarm) => `/${alarm.href.split('/')[1]}`;

story('overview, rail, lists and wall show the same state of each resource', large, async (fixtures) => {
  const { page, control, visit, reread } = fixtures;
  await control('PUT', '/scenario', { name: 'incident' });
  await control('POST', '/clock/advance', { seconds: 60 });
  await reread();
  await visit('/');
  await allLive(page);
  const [open, groups, slicers] = [await alarms(page), await summary(page, 'AVEVA groups'), await summary(page, 'Uplynk slicers')];
  assert.ok(open.filter((alarm) => alarm.severity === 'Critical').length >= 3, JSON.stringify(open));
  for (const [name, at] of [['Groups', '/groups'], ['Slicers', '/slicers'], ['Failover sessions', '/failover-sessions']]) {
    assert.equal(await railNumber(page, name), open.filter((alarm) => section(alarm) === at).length, name);
  }

  const listed = [];
  for (const [at, table, counted] of [['/groups', 'Failover groups', groups], ['/slicers', 'Slicer failover groups', slicers]]) {
    await visit(at);
    const total = Object.values(counted).reduce((sum, number) => sum + number, 0);
    await whenRows(page, table, (shown) => assert.equal(shown.length, total));
    const shown = await rows(page, table);
    assert.deepEqual(count(shown.map(({ State }) => State)), counted, `the summary of ${at}`);
    const hrefs = await page.getByRole('table', { name: table, exact: true }).locator('tbody th a').evaluateAll((all) => all.map((link) => [link.getAttribute('href'), link.innerText]));
    for (const [n, [href, name]] of hrefs.entries()) listed.push({ href, name, state: shown[n].State });
    // The rows that need attention are those with an alarm, and come first.
    const wrong = open.filter((alarm) => section(alarm) === at);
    assert.deepEqual(hrefs.slice(0, wrong.length).map(([href]) => href).toSorted(), wrong.map(({ href }) => href).toSorted());
    const chips = at === '/groups' ? { 'Needs attention': wrong.length } : count(wrong.map(({ severity }) => severity));
    for (const [chip, number] of Object.entries(chips)) await page.getByRole('button', { name: `${chip} ${number}`, exact: true }).waitFor();
  }

  await visit(`${WALL}&only=groups,slicers`);
  await allLive(page);
  await eventually(async () => assert.equal((await onWall(page)).length, listed.length));
  const wall = await onWall(page);
  assert.deepEqual(wall.map(({ label }) => label).toSorted(), listed.map(({ name, state }) => `${name}: ${state}`).toSorted());
  const loud = wall.filter(({ severity }) => ['critical', 'warning'].includes(severity));
  const alike = open.filter((alarm) => ['/groups', '/slicers'].includes(section(alarm)));
  assertSameAlarms(loud, alike);
});

story('a failed run is shown alike on the overview, in the rail and on the wall', large, async (fixtures) => {
  const { page, control, visit, reread } = fixtures;
  await control('PUT', '/scenario', { name: 'incident' });
  await reread();
  await visit('/');
  await allLive(page);
  const runs = (await alarms(page)).filter((alarm) => section(alarm) === '/failover-sessions');
  const counted = await summary(page, 'Veeam failovers');
  assert.equal(await railNumber(page, 'Failover sessions'), runs.length);
  await visit(`${WALL}&only=sessions`);
  await allLive(page);
  const total = Object.values(counted).reduce((sum, number) => sum + number, 0);
  await eventually(async () => assert.equal((await onWall(page)).length, total));
  const wall = await onWall(page);
  const word = ({ label }) => label.slice(label.lastIndexOf(': ') + 2);
  assert.deepEqual(count(wall.map(word)), counted);
  const loud = wall.filter(({ severity }) => ['critical', 'warning'].includes(severity));
  assertSameAlarms(loud, runs);
});

const VIEWS = ['/', '/groups', '/slicers', '/wall', '/connections'];

story('the number of viewers does not change the requests to the systems', { watchSeconds: 300 }, async (fixtures) => {
  const { page, control, visit, world } = fixtures;
  // A world in which nothing is in transition: systems in transition are polled more often.
  await control('POST', '/reset', { scenario: 'calm', start: '2019-03-01T08:00:00Z' });
  await control('POST', '/clock/advance', { seconds: 100_000 });
  await fixtures.reread();
  const simulated = await world();
  // Without Uplynk: its responses are reused for 5 s of real time, regardless of the gateway's clock.
  const least = {
    'plant-a list groups': 1,
    'plant-a list sessions': system(simulated, 'plant-a').groups.length,
    'plant-b list groups': 1,
    'plant-b list sessions': system(simulated, 'plant-b').groups.length,
    'em query sessions': 1,
    'em-old query sessions': 1,
  };
  /** The requests during three intervals. */
  const reads = async () => {
    await control('DELETE', '/requests');
    let counted;
    for (let interval = 1; interval <= 3; interval += 1) {
      await control('POST', '/observer/advance', { seconds: 300 });
      await eventually(async () => {
        const requests = await vendorRequests(control);
        counted = count(requests.filter((one) => one.connection !== 'live' && /^(list|query|get|group)/.test(one.operation)).map(({ connection, operation }) => `${connection} ${operation}`));
        for (const [what, number] of Object.entries(least)) assert.ok(counted[what] >= number * interval, `${what}: ${counted[what]}`);
      });
    }
    return counted;
  };
  await page.addInitScript(() => {
    const every = { overview: 2, groups: 2, slicers: 2, wall: 2, connections: 2 };
    localStorage.setItem('failover-console.refresh', JSON.stringify(every));
  });
  /** Waits until a page has polled at least three times. */
  const polls = (requested) => eventually(() => assert.ok(requested.inventory.length >= 3, `${requested.inventory.length} polls`), 20_000);
  const nobody = await reads();
  const requested = [pageRequests(page)];
  await visit('/');
  await polls(requested[0]);
  assert.deepEqual(await reads(), nobody);
  for (const address of VIEWS.slice(1)) {
    const other = await page.context().newPage();
    requested.push(pageRequests(other));
    await other.goto(address);
  }
  for (const one of requested) await polls(one);
  assert.deepEqual(await reads(), nobody);
  // All data comes from the inventory: none of these pages sends requests to a system.
  assert.deepEqual(requested.flatMap(({ relay }) => relay), []);
});

story('when every system fails, each alarm stays, marked as last known', large, async (fixtures) => {
  const { page, control, visit, reread } = fixtures;
  await control('PUT', '/scenario', { name: 'incident' });
  await control('POST', '/clock/advance', { seconds: 60 });
  await reread();
  await open(fixtures, '/');
  await allLive(page);
  const before = (await alarms(page)).filter(({ severity }) => severity !== 'Unknown');
  const numbers = async () => ({
    groups: await railNumber(page, 'Groups'),
    slicers: await railNumber(page, 'Slicers'),
    sessions: await railNumber(page, 'Failover sessions'),
  });
  const counted = await numbers();
  assert.ok(before.length >= 4 && before.every(({ mark }) => mark === undefined), JSON.stringify(before));
  for (const connection of Object.keys(TITLES)) {
    await control('POST', '/faults', { connection, fault: { kind: 'status', status: 503 } });
  }
  await reread();
  // The systems' clocks advance too: frozen clocks would be reported as wrong.
  for (let second = 0; second < 25; second += 1) {
    await control('POST', '/clock/advance', { seconds: 1 });
    await pass(page, control, 1);
  }

  const after = await alarms(page);
  const isConnection = ({ name }) => Object.values(TITLES).includes(name);
  const kept = after.filter((alarm) => !isConnection(alarm));
  const same = ({ name, severity, sentence, href }) => ({ name, severity, sentence, href });
  assert.deepEqual(kept.map(same), before.map(same), 'the same alarms in the same order');
  for (const { name, mark } of kept) assert.match(mark, /^last known, 2\d s ago$/, name);
  const rank = ['Critical', 'Warning', 'Unknown'];
  for (const [connection, title] of Object.entries(TITLES)) {
    const own = after.findIndex(({ name }) => name === title);
    assert.ok(own >= 0, `${title} has an alarm of its own`);
    assert.match(after[own].sentence, new RegExp(`^${title.replaceAll('.', '\\.')} cannot be read\\. The last known state of its \\d+ .* is kept and not counted as healthy\\.$`));
    const hidden = after.filter(({ href }) => href.split('/')[2] === connection);
    const worst = hidden.map(({ severity }) => rank.indexOf(severity)).toSorted((a, b) => a - b)[0] ?? 2;
    assert.equal(after[own].severity, rank[worst], `${title} has the worst severity of its resources`);
    for (const alarm of hidden) assert.ok(after.indexOf(alarm) > own, `${alarm.name} is below ${title}`);
  }
  assert.deepEqual(await numbers(), counted, 'the numbers of the rail');
  assert.equal(await railNumber(page, 'Connections'), Object.keys(TITLES).length);
  for (const name of ['AVEVA groups', 'Uplynk slicers', 'Veeam failovers']) {
    const words = Object.keys(await summary(page, name));
    assert.ok(words.every((word) => word === 'Unknown, data is stale' || word.endsWith(', last known')), `${name}: ${words}`);
  }

  for (const [at, table] of [['/groups', 'Failover groups'], ['/slicers', 'Slicer failover groups']]) {
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: at === '/groups' ? /^Groups/ : /^Slicers/ }).click();
    const wrong = before.filter((alarm) => section(alarm) === at);
    await page.getByRole('table', { name: table, exact: true }).waitFor();
    const shown = await rows(page, table);
    for (const [n, { State }] of shown.entries()) {
      const pattern = n < wrong.length ? /^(?!Unknown).+ last known, 2\d s ago$/ : /^Unknown last known .+, 2\d s ago$/;
      assert.match(State, pattern, shown[n].Group);
    }
  }

  await page.goto(WALL);
  await eventually(async () => {
    const wall = await onWall(page);
    const silent = wall.filter(({ label }) => / STALE 2\d s$/.test(label) && Object.values(TITLES).some((title) => label.startsWith(`${title}: STALE`)));
    assert.equal(silent.length, Object.keys(TITLES).length);
    const loud = wall.filter((tile) => !silent.includes(tile) && ['critical', 'warning'].includes(tile.severity));
    for (const { label } of loud) assert.match(label, /: .+, last known, STALE 2\d s$/);
    assertSameAlarms(loud, before);
    const quiet = wall.filter((tile) => !silent.includes(tile) && !loud.includes(tile));
    for (const { label } of quiet) assert.match(label, /: STALE 2\d s, last known .+$/);
  });
});

story('the page of a resource whose system is down shows its last known state', async (fixtures) => {
  const { page, control, complaints, world } = fixtures;
  complaints.expect(/status of 503/);
  const simulated = await world();
  const slicers = system(simulated, 'live').groups.find(({ name }) => name === 'My Failover Group');
  // Only the newest sessions are known; one of them failed today.
  const failed = sessions(simulated, 'em').find(({ result }) => result === 'Failed');
  await open(fixtures, '/');
  await allLive(page);
  for (const connection of ['plant-a', 'live', 'em']) {
    await control('POST', '/faults', { connection, fault: { kind: 'status', status: 503 } });
  }
  await fixtures.reread();
  await pass(page, control, 20);
  const go = (to) =>
    page.evaluate((address) => {
      history.pushState(null, '', address);
      dispatchEvent(new PopStateEvent('popstate'));
    }, to);
  const known = page.getByRole('region', { name: 'Last known state' });
  for (const { to, words } of [
    { to: path('groups', 'plant-a', 'tankfarm-opcua'), words: ['Unknown', /^last known Normal, 2\d s ago$/, 'TANK-01.OpcUa', '00:01:00'] },
    { to: path('slicers', 'live', slicers.id), words: ['Unknown', /^last known Normal, 2\d s ago$/, slicers.active_slicer_id] },
    { to: path('failover-sessions', 'em', failed.guid), words: ['Failed', /^last known, 2\d s ago$/, failed.server] },
  ]) {
    await go(to);
    for (const text of words) await known.getByText(text, { exact: true }).first().waitFor();
    await page.getByRole('main').getByRole('region', { name: 'What went wrong' }).getByRole('heading', { name: /returned 503/ }).waitFor();
  }
  await control('DELETE', '/faults');
  await go(path('groups', 'plant-a', 'tankfarm-opcua'));
  await page.getByRole('table', { name: 'Client sessions' }).waitFor();
  await known.waitFor({ state: 'detached' });
});

for (const id of ['fault-malformed', 'fault-500']) {
  story(`a group whose sessions cannot be read (${id}) is marked, and no other`, async (fixtures) => {
    const { page, control, complaints, visit, world } = fixtures;
    complaints.allow(/status of (404|500)/);
    const simulated = await world();
    await visit('/groups');
    await page.getByRole('button', { name: 'Create group' }).click();
    await page.getByRole('dialog').getByLabel('Id', { exact: true }).fill(id);
    await page.getByRole('dialog').getByRole('button', { name: 'Create group', exact: true }).click();
    await eventually(async () => {
      const requests = await vendorRequests(control, 'plant-a', 'create group');
      assert.equal(requests.length, 1);
    });
    await visit('/groups');
    const total = ['plant-a', 'plant-b'].reduce((sum, of) => sum + system(simulated, of).groups.length, 1);
    await whenRows(page, 'Failover groups', (shown) => {
      assert.equal(shown.length, total);
      for (const { Group, State } of shown) assert.equal(State, Group.startsWith(id) ? 'Never read' : 'Normal', Group);
    });
    await page.getByRole('button', { name: 'Unknown 1', exact: true }).waitFor();
    await allLive(page);
    await visit('/');
    const about = (await alarms(page)).filter(({ href }) => href.startsWith('/groups'));
    assert.deepEqual(about.map(({ name, severity, sentence }) => [name, severity, sentence]), [[id, 'Unknown', `${id}: its sessions could not be read.`]]);
  });
}
