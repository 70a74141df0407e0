// What the gateway watches and judges once, shown everywhere alike: on the overview, in the rail, in the lists
// and on the wall; however many look; also of what is known no longer.

import assert from 'node:assert/strict';
import { eventually, open, pass, rows, story, whenRows } from './harness.mjs';
import { pageRequests, vendorRequests } from './support/requests.mjs';
import { allLive } from './support/sources.mjs';
import { shownLive, tiles } from './support/walls.mjs';
import { TITLES, path, sessions, system } from './support/worlds.mjs';

/** Large enough that every tile stands on the first page of the wall. */
const large = { viewport: { width: 3840, height: 2160 } };

const WALL = '/wall?distance=1&diagonal=65';

/** Each alarm of the overview, worst first: its name, its severity, its sentence, where it leads, what marks it. */
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

/** What a summary of the overview counts: from the word to the number. */
const summary = async (page, name) => {
  const items = page.getByRole('region', { name, exact: true }).getByRole('listitem');
  const counted = await items.evaluateAll((all) => all.map((item) => [item.querySelector('.st').textContent, item.querySelector('b').textContent]));
  return Object.fromEntries(counted.map(([word, number]) => [word, Number(number)]));
};

/** The tiles of the wall: the name and the state of each in words, its severity, and its sentence. */
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

/** Fails unless tiles and alarms are the same, each tile with the end of a sentence whose beginning its name and state say. */
const saysTheSame = (loud, alarms) => {
  const left = [...alarms];
  for (const { label, severity, sentence } of loud) {
    const isSame = (alarm) => label.startsWith(`${alarm.name}: `) && severity === alarm.severity.toLowerCase() && alarm.sentence.endsWith(sentence);
    const at = left.findIndex(isSame);
    assert.ok(at >= 0, `${severity}, ${label}: ${sentence}`);
    left.splice(at, 1);
  }
  assert.deepEqual(left, []);
};

/** How often each word comes. */
const count = (words) => {
  const counted = {};
  for (const word of words) counted[word] = (counted[word] ?? 0) + 1;
  return counted;
};

const section = (alarm) => `/${alarm.href.split('/')[1]}`;

story('overview, rail, lists and wall say the same of each resource, word for word', large, async (told) => {
  const { page, control, visit, reread } = told;
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
    // What needs attention is what has an alarm, and stands first.
    const wrong = open.filter((alarm) => section(alarm) === at);
    assert.deepEqual(hrefs.slice(0, wrong.length).map(([href]) => href).toSorted(), wrong.map(({ href }) => href).toSorted());
    const chips = at === '/groups' ? { 'Needs attention': wrong.length } : count(wrong.map(({ severity }) => severity));
    for (const [chip, number] of Object.entries(chips)) await page.getByRole('button', { name: `${chip} ${number}`, exact: true }).waitFor();
  }

  await visit(`${WALL}&only=groups,slicers`);
  await shownLive(page);
  await eventually(async () => assert.equal((await onWall(page)).length, listed.length));
  const wall = await onWall(page);
  assert.deepEqual(wall.map(({ label }) => label).toSorted(), listed.map(({ name, state }) => `${name}: ${state}`).toSorted());
  const loud = wall.filter(({ severity }) => ['critical', 'warning'].includes(severity));
  const alike = open.filter((alarm) => ['/groups', '/slicers'].includes(section(alarm)));
  saysTheSame(loud, alike);
});

story('a run that fails stands on the overview, in the rail and on the wall alike', large, async (told) => {
  const { page, control, visit, reread } = told;
  await control('PUT', '/scenario', { name: 'incident' });
  await reread();
  await visit('/');
  await allLive(page);
  const runs = (await alarms(page)).filter((alarm) => section(alarm) === '/failover-sessions');
  const counted = await summary(page, 'Veeam failovers');
  assert.equal(await railNumber(page, 'Failover sessions'), runs.length);
  await visit(`${WALL}&only=sessions`);
  await shownLive(page);
  const total = Object.values(counted).reduce((sum, number) => sum + number, 0);
  await eventually(async () => assert.equal((await onWall(page)).length, total));
  const wall = await onWall(page);
  const word = ({ label }) => label.slice(label.lastIndexOf(': ') + 2);
  assert.deepEqual(count(wall.map(word)), counted);
  const loud = wall.filter(({ severity }) => ['critical', 'warning'].includes(severity));
  saysTheSame(loud, runs);
});

const VIEWS = ['/', '/groups', '/slicers', '/wall', '/connections'];

story('the systems are asked the same whether nobody, one or several look', { watchSeconds: 300 }, async (told) => {
  const { page, control, visit, world } = told;
  // A world in which nothing is in transition: what is, is read more often.
  await control('POST', '/reset', { scenario: 'calm', start: '2019-03-01T08:00:00Z' });
  await control('POST', '/clock/advance', { seconds: 100_000 });
  await told.reread();
  const held = await world();
  // Uplynk is left out: its answers are shared for 5 s of real time, however the gateway's clock is moved.
  const least = {
    'plant-a list groups': 1,
    'plant-a list sessions': system(held, 'plant-a').groups.length,
    'plant-b list groups': 1,
    'plant-b list sessions': system(held, 'plant-b').groups.length,
    'em query sessions': 1,
    'em-old query sessions': 1,
  };
  /** The reads of three intervals. */
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
  /** Waits until a page has had so many answers. */
  const polls = (asked) => eventually(() => assert.ok(asked.inventory.length >= 3, `${asked.inventory.length} polls`), 20_000);
  const nobody = await reads();
  const asked = [pageRequests(page)];
  await visit('/');
  await polls(asked[0]);
  assert.deepEqual(await reads(), nobody);
  for (const address of VIEWS.slice(1)) {
    const other = await page.context().newPage();
    asked.push(pageRequests(other));
    await other.goto(address);
  }
  for (const one of asked) await polls(one);
  assert.deepEqual(await reads(), nobody);
  // All of it comes from the inventory: none of these pages asks a system itself.
  assert.deepEqual(asked.flatMap(({ relay }) => relay), []);
});

story('when every system fails, each alarm stays where it was, marked as last known', large, async (told) => {
  const { page, control, visit, reread } = told;
  await control('PUT', '/scenario', { name: 'incident' });
  await control('POST', '/clock/advance', { seconds: 60 });
  await reread();
  await open(told, '/');
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
  // The systems' clocks go on too: where they stood still, they would be told to be behind.
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
    assert.match(after[own].sentence, new RegExp(`^${title.replaceAll('.', '\\.')} does not answer\\. The last known state of its \\d+ .* is kept and not counted as healthy\\.$`));
    const hidden = after.filter(({ href }) => href.split('/')[2] === connection);
    const worst = hidden.map(({ severity }) => rank.indexOf(severity)).toSorted((a, b) => a - b)[0] ?? 2;
    assert.equal(after[own].severity, rank[worst], `${title} counts as the worst that it hides`);
    for (const alarm of hidden) assert.ok(after.indexOf(alarm) > own, `${alarm.name} stands below ${title}`);
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
    saysTheSame(loud, before);
    const quiet = wall.filter((tile) => !silent.includes(tile) && !loud.includes(tile));
    for (const { label } of quiet) assert.match(label, /: STALE 2\d s, last known .+$/);
  });
});

story('the page of something whose system is down shows its last known state', async (told) => {
  const { page, control, complaints, world } = told;
  complaints.expect(/status of 503/);
  const held = await world();
  const slicers = system(held, 'live').groups.find(({ name }) => name === 'My Failover Group');
  // The newest sessions are known; one that failed today is among them.
  const failed = sessions(held, 'em').find(({ result }) => result === 'Failed');
  await open(told, '/');
  await allLive(page);
  for (const connection of ['plant-a', 'live', 'em']) {
    await control('POST', '/faults', { connection, fault: { kind: 'status', status: 503 } });
  }
  await told.reread();
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
  story(`a group whose sessions cannot be read (${id}) is marked, and no other`, async (told) => {
    const { page, control, complaints, visit, world } = told;
    complaints.allow(/status of (404|500)/);
    const held = await world();
    await visit('/groups');
    await page.getByRole('button', { name: 'Create group' }).click();
    await page.getByRole('dialog').getByLabel('Id', { exact: true }).fill(id);
    await page.getByRole('dialog').getByRole('button', { name: 'Create group', exact: true }).click();
    await eventually(async () => {
      const requests = await vendorRequests(control, 'plant-a', 'create group');
      assert.equal(requests.length, 1);
    });
    await visit('/groups');
    const total = ['plant-a', 'plant-b'].reduce((sum, of) => sum + system(held, of).groups.length, 1);
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
