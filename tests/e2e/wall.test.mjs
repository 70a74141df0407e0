// The status wall: its content, its sizes, and its messages when something goes wrong.

import assert from 'node:assert/strict';
import { START, accessible, eventually, pass, passEventually, passUntil, start, story } from './harness.mjs';
import { GATEWAY_GONE } from './support/browser.mjs';
import { proxy } from './support/proxy.mjs';
import { allLive, waitForSource, source } from './support/sources.mjs';
import { SIZES, leastText, openWall, assertFits, tile, tiles, total } from './support/walls.mjs';
import { TITLES, path, recentSessions, system } from './support/worlds.mjs';

const silence = (control, session, group = 'boiler-opcua') =>
  control('PATCH', path('systems', 'plant-a', 'groups', group, 'sessions', session), { silent: true });

/** Silences all sessions of "Boiler House OPC UA" for long enough to be critical. */
const breakBoiler = async (control) => {
  for (const session of ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']) await silence(control, session);
  await control('POST', '/clock/advance', { seconds: 600 });
};

/** Moves the mouse, so that the controls appear. */
const moveMouse = async (page) => {
  await page.mouse.move(300, 300);
  await page.mouse.move(320, 300);
};

/** The number of tiles that the wall should have, by kind. */
const tileCounts = async (world) => {
  const simulated = await world();
  // A run that both servers of Veeam list has one tile.
  const runs = ['em', 'em-old'].flatMap((id) => recentSessions(simulated, id).map(({ guid }) => guid));
  return {
    groups: system(simulated, 'plant-a').groups.length + system(simulated, 'plant-b').groups.length,
    slicers: system(simulated, 'live').groups.length,
    running: new Set(runs).size,
  };
};

/** Fails if another alarm's name is larger than the first one's. */
const worstIsLargest = async (page) => {
  const names = await tiles(page).evaluateAll((all) => {
    const large = all.filter((one) => !one.hidden && one.dataset.size.startsWith('large'));
    return large.map((one) => Number.parseFloat(getComputedStyle(one.querySelector('.name')).fontSize));
  });
  const [worst, ...others] = names;
  for (const other of others) assert.ok(worst >= other, JSON.stringify(names));
};

for (const viewport of SIZES) {
  const { width, height } = viewport;
  story(`the wall fits the screen at ${width} by ${height}`, { viewport }, async ({ page, visit }) => {
    await visit('/wall');
    await allLive(page);
    await page.getByRole('heading', { level: 1, name: 'Status wall' }).waitFor({ state: 'attached' });
    const { smallestSeen } = await assertFits(page, leastText(viewport));
    assert.ok(smallestSeen >= leastText(viewport) - 0.05);
  });

  story(`the wall with many alarms fits the screen at ${width} by ${height}`, { viewport }, async ({ page, visit, control, reread }) => {
    await control('PUT', '/scenario', { name: 'incident' });
    await control('POST', '/clock/advance', { seconds: 900 });
    await reread();
    await visit('/wall?distance=4&diagonal=65');
    await allLive(page);
    await eventually(async () => assert.ok((await tiles(page).count()) > 2));
    await assertFits(page, leastText(viewport, 4, 65));
    await worstIsLargest(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await assertFits(page, leastText(viewport, 4, 65));
  });
}

story('every group has a tile, and the wall has no navigation', { viewport: { width: 3840, height: 2160 } }, async ({ page, visit, world }) => {
  const { groups, slicers, running } = await tileCounts(world);
  await visit('/wall?distance=1&diagonal=65');
  await allLive(page);
  await eventually(async () => assert.equal(await tiles(page).count(), groups + slicers + running));
  await tile(page, 'Boiler House OPC UA: Normal').waitFor();
  await tile(page, 'My Failover Group: Normal').first().waitFor();
  assert.equal(await page.getByRole('navigation').count(), 0);
  assert.equal(await page.getByRole('banner').filter({ hasText: 'admin' }).count(), 0);
  await page.getByText(/^\d\d:\d\d:\d\d local$/).waitFor();
});

story('groups of the same name in two connections can be distinguished', { viewport: { width: 3840, height: 2160 } }, async ({ page, visit, product, world, reread }) => {
  const { Name } = system(await world(), 'plant-a').groups[0];
  const answer = await fetch(`${product.url}/relay/plant-b/api/v1/clientfailover/groups`, {
    method: 'POST',
    headers: { origin: product.url, 'content-type': 'application/json' },
    body: JSON.stringify({ Id: 'same-name', Name, FailoverTimeout: '00:01:00' }),
  });
  assert.equal(answer.status, 201);
  await reread();
  const named = tile(page, new RegExp(`^${Name}: `));
  // Also without room for a sentence.
  for (const distance of [1, 2.5]) {
    await visit(`/wall?distance=${distance}&diagonal=65&only=groups`);
    await allLive(page);
    for (const title of [TITLES['plant-a'], TITLES['plant-b']]) {
      await named.getByText(title, { exact: true }).waitFor();
      // A tile's name contains group and state; screen readers get the connection as its description.
      await named.and(page.locator(`[aria-description="${title}"]`)).waitFor();
    }
    assert.equal(await named.count(), 2);
  }
  await visit('/wall?distance=1&diagonal=65&connections=plant-a');
  await named.waitFor();
  assert.equal(await named.filter({ hasText: TITLES['plant-a'] }).count(), 0);
  assert.equal(await named.getAttribute('aria-description'), null);
});

story('the address selects what the wall shows', { viewport: { width: 3840, height: 2160 } }, async ({ page, visit, world }) => {
  const { groups } = await tileCounts(world);
  await visit('/wall?distance=1&diagonal=65&only=groups');
  await allLive(page);
  await eventually(async () => assert.equal(await tiles(page).count(), groups));
  await visit('/wall?distance=1&diagonal=65&connections=live&tz=Asia/Tokyo&theme=dark');
  await allLive(page);
  const { slicers } = await tileCounts(world);
  await eventually(async () => assert.equal(await tiles(page).count(), slicers));
  assert.equal(await page.getByRole('list', { name: 'Sources' }).getByRole('listitem').count(), 1);
  await page.getByText(/^\d\d:\d\d:\d\d Tokyo$/).waitFor();
});

story('invalid parameters are reported, and the wall works without them', async ({ page, visit }) => {
  await visit('/wall?rotate=now&distance=2&theme=blue');
  await allLive(page);
  await page.getByRole('status').getByText('rotate=now: give whole seconds from 5 to 3600. Pages turn every 20 s. And 1 more.').waitFor();
  await assertFits(page, leastText({ width: 1440, height: 900 }, 2));
});

for (const colorScheme of ['light', 'dark']) {
  story(`the wall is accessible in the ${colorScheme} theme`, { colorScheme }, async ({ page, visit, control, reread }) => {
    await control('PUT', '/scenario', { name: 'incident' });
    await control('POST', '/clock/advance', { seconds: 900 });
    await reread();
    // With a running clock, because axe waits for the page's timers.
    await page.clock.install();
    await visit(`/wall?distance=1.5&theme=${colorScheme}`);
    await allLive(page);
    await accessible(page);
    await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
    await pass(page, control, 20);
    await eventually(async () => assert.match(await source(page, 'Plant B').getAttribute('aria-label'), /STALE/));
    await accessible(page);
    await page.mouse.move(200, 200);
    await pass(page, control, 1);
    await page.getByRole('button', { name: 'Screen settings' }).click();
    await page.getByRole('region', { name: 'Screen settings' }).waitFor();
    await accessible(page);
  });
}

story('a silent source is hatched step by step, and no longer counts as healthy', { viewport: { width: 1920, height: 1080 } }, async (fixtures) => {
  const { page, control, world } = fixtures;
  await openWall(fixtures, '/wall?distance=1.5&only=groups');
  await allLive(page);
  await pass(page, control, 2);
  const { groups } = await tileCounts(world);
  const lost = system(await world(), 'plant-b').groups.length;
  const normal = async () => Number((await total(page, /^\d+ normal$/).innerText()).split(' ')[0]);
  const before = await normal();
  assert.ok(before > lost && before <= groups);
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await pass(page, control, 12);
  await waitForSource(page, TITLES['plant-b'], /: aging, \d+ s ago$/);
  assert.equal(await tile(page, /STALE/).count(), 0);
  await pass(page, control, 10);
  await waitForSource(page, TITLES['plant-b'], /: STALE, \d+ s ago$/);
  await tile(page, /^Plant B: STALE \d+ s$/).waitFor();
  await tile(page, /^Tank Gauging Modbus: STALE \d+ s, last known Normal$/).waitFor();
  await total(page, `${lost} STALE`).waitFor();
  assert.ok((await normal()) <= before - lost + 1);
  await assertFits(page, leastText({ width: 1920, height: 1080 }, 1.5));
  await pass(page, control, 50);
  await waitForSource(page, TITLES['plant-b'], /: NO DATA, 1 min /);
  await tile(page, 'Plant B: NO DATA 1 min').waitFor();
  await total(page, `${lost} NO DATA`).waitFor();
  await total(page, /^[1-9]\d* critical$/).waitFor();
  await control('DELETE', '/faults');
  await passEventually(page, control, async () => {
    assert.match(await source(page, TITLES['plant-b']).getAttribute('aria-label'), /: live/);
    assert.equal(await tile(page, /STALE|NO DATA/).count(), 0);
    assert.ok(Math.abs((await normal()) - before) <= 1);
  }, 20_000);
});

story('a critical resource keeps its place while its source is silent', { viewport: { width: 3840, height: 2160 } }, async (fixtures) => {
  const { page, control } = fixtures;
  // With a reset, so that all states began before the first reading.
  await control('POST', '/reset', { scenario: 'incident' });
  await fixtures.reread();
  await openWall(fixtures, '/wall?distance=1&diagonal=65&only=slicers');
  await allLive(page);
  await pass(page, control, 5);
  const names = () => tiles(page).evaluateAll((all) => all.filter((one) => !one.hidden).map((one) => one.getAttribute('aria-label')));
  const kept = (all) => all.filter((name) => / (On slate|On backup)/.test(name)).map((name) => name.split(',')[0]);
  const before = kept(await names());
  assert.ok(before.some((name) => name.endsWith(': On slate')), String(before));
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  await fixtures.reread();
  await pass(page, control, 27);
  await eventually(async () => {
    const [first, ...others] = await names();
    assert.match(first, /^Live channels: STALE \d+ s$/);
    assert.deepEqual(kept(others), before);
    for (const name of others) assert.match(name, /: (.+, last known, STALE \d+ s|STALE \d+ s, last known .+)$/);
  });
});

story('every state can be distinguished without colour, by its shape and its text', { viewport: { width: 3840, height: 2160 } }, async (fixtures) => {
  const { page, control } = fixtures;
  await control('PUT', '/scenario', { name: 'incident' });
  await fixtures.reread();
  await openWall(fixtures, '/wall?distance=1&diagonal=65');
  await allLive(page);
  const debug = await page.context().newCDPSession(page);
  await debug.send('Emulation.setEmulatedVisionDeficiency', { type: 'achromatopsia' });
  const readTiles = () =>
    tiles(page).evaluateAll((all) =>
      all.map((one) => {
        const word = one.querySelector('.state').textContent.replace(/ \d.*$/, '');
        const isKept = word.endsWith(', last known');
        // A silent connection and its resources have the same state; a last known alarm keeps its shape.
        const state = one.dataset.fresh && !isKept ? 'stale' : one.dataset.s;
        return { state, shape: one.querySelector('svg').innerHTML, word: [isKept ? `${state}, last known` : state, word] };
      }),
    );
  await passUntil(page, control, 60, async () => (await readTiles()).some(({ state }) => state === 'moving'));
  await total(page, /^[1-9]\d* in transition$/).waitFor();
  const seen = await readTiles();
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await passUntil(page, control, 60, async () => (await tile(page, /: STALE/).count()) > 0);
  seen.push(...(await readTiles()));
  const states = new Set(seen.map(({ state }) => state));
  for (const state of ['critical', 'warning', 'moving', 'normal', 'stale']) assert.ok(states.has(state), state);
  assert.ok(seen.some(({ word: [state] }) => state === 'critical, last known'));
  const owners = { shape: new Map(), word: new Map() };
  for (const { state, shape, word } of seen) {
    for (const [by, what, of] of [['shape', shape, state], ['word', word[1], word[0]]]) {
      assert.ok(what.length > 0, `${of} has a ${by}`);
      assert.equal(owners[by].get(what) ?? of, of, `the ${by} ${what} is used for two states`);
      owners[by].set(what, of);
    }
  }
});

story('each second the wall only updates its clock, and displayed ages change rarely', async (fixtures) => {
  const { page, control } = fixtures;
  await openWall(fixtures, '/wall?distance=1.5&only=groups&connections=plant-a');
  await allLive(page);
  const ages = () => tiles(page).locator('.age').allInnerTexts();
  await passUntil(page, control, 10, async () => (await ages()).every((age) => age === '<10 s'));
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'reset' } });
  await page.evaluate(() => {
    window.written_ = [];
    const note = (records) => {
      for (const { target, attributeName } of records) {
        const element = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
        // The accessible name of a source contains its age in seconds.
        if (!element.closest('time') && !(attributeName === 'aria-label' && element.closest('.sources'))) window.written_.push(element.className || element.localName);
      }
    };
    new MutationObserver(note).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true, attributes: true });
  });
  for (let second = 0; second < 3; second += 1) {
    const clock = await page.locator('#wall-clock').innerText();
    await pass(page, control, 1);
    await eventually(async () => assert.notEqual(await page.locator('#wall-clock').innerText(), clock));
  }
  assert.deepEqual(await page.evaluate(() => window.written_), []);
  await passUntil(page, control, 20, async () => (await ages()).every((age) => age === '10 s'));
  await passUntil(page, control, 20, async () => (await tile(page, /: STALE/).count()) > 0);
});

const pageNote = (page) => page.getByText(/^((Page|Critical) \d+ of \d+|Held: critical)/);

story('pages rotate, and stop at the page of a critical alarm', async (fixtures) => {
  const { page, control } = fixtures;
  await openWall(fixtures, '/wall?rotate=10&only=groups');
  await allLive(page);
  await pass(page, control, 1);
  await eventually(async () => assert.match(await pageNote(page).innerText(), /^Page 1 of [2-9]/));
  const first = await tiles(page).allInnerTexts();
  await pass(page, control, 10);
  await eventually(async () => assert.match(await pageNote(page).innerText(), /^Page 2 of/));
  assert.notDeepEqual(await tiles(page).allInnerTexts(), first);
  await breakBoiler(control);
  await passUntil(page, control, 30, () => tile(page, /^Boiler House OPC UA: /).isVisible());
  await passUntil(page, control, 10, async () => /^(Held: critical|Critical 1 of \d+) · \d+ (warnings?|more) not shown$/.test(await pageNote(page).innerText()));
  await pass(page, control, 25);
  await tile(page, /^Boiler House OPC UA: /).waitFor();
});

story('moving the mouse shows the controls, which disappear later', async (fixtures) => {
  const { page, control } = fixtures;
  await openWall(fixtures, '/wall?only=groups');
  await allLive(page);
  const bar = page.getByRole('toolbar', { name: 'Wall controls' });
  assert.equal(await bar.isVisible(), false);
  await moveMouse(page);
  await pass(page, control, 1);
  await bar.waitFor();
  await page.getByRole('button', { name: 'Pause rotation' }).click();
  await eventually(async () => assert.match(await pageNote(page).innerText(), /, paused$/));
  await page.getByRole('button', { name: 'Screen settings' }).click();
  const metres = page.getByRole('spinbutton', { name: 'Viewing distance in metres' });
  await metres.fill('2');
  await metres.press('Enter');
  await eventually(() => assert.match(page.url(), /distance=2(&|$)/));
  await page.getByRole('region', { name: 'Screen settings' }).getByText(/16′ at 2 m: capitals 9\.3 mm high/).waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.evaluate(() => document.activeElement.blur());
  await pass(page, control, 6);
  await bar.waitFor({ state: 'hidden' });
});

story("the controls disappear even if the computer's clock was set back", async ({ page, visit }) => {
  await visit('/wall');
  const bar = page.getByRole('toolbar', { name: 'Wall controls' });
  await moveMouse(page);
  await bar.waitFor();
  await page.clock.setFixedTime(Date.parse(START) - 3_600_000);
  await bar.waitFor({ state: 'hidden' });
});

story('the theme button continues from the theme that is shown', async ({ page, visit }) => {
  await page.addInitScript(() => localStorage.setItem('failover-console.theme', 'dark'));
  await visit('/wall');
  await moveMouse(page);
  const button = page.getByRole('button', { name: 'Colour theme' });
  await button.waitFor();
  assert.equal(await button.getAttribute('title'), 'Colour theme: dark');
  await button.click();
  await eventually(() => assert.equal(new URL(page.url()).searchParams.get('theme'), 'system'));
  assert.equal(await button.getAttribute('title'), 'Colour theme: system');
});

story('a pause stops at one of several critical pages, and the page note says so', async (fixtures) => {
  const { page, control } = fixtures;
  await control('POST', '/reset', { scenario: 'incident' });
  await control('POST', '/clock/advance', { seconds: 60 });
  await fixtures.reread();
  await openWall(fixtures, '/wall?rotate=10&distance=10');
  await allLive(page);
  const note = async () => (await pageNote(page).textContent()).trim();
  await passUntil(page, control, 20, async () => /^Critical \d+ of \d/.test(await note()));
  await moveMouse(page);
  await pass(page, control, 1);
  const pause = page.getByRole('button', { name: 'Pause rotation' });
  await pause.waitFor();
  assert.match(await pause.getAttribute('title'), /^Only critical pages are shown\. /);
  await pause.click();
  await eventually(async () => assert.match(await note(), /^Critical \d+ of \d+, paused$/));
  assert.equal(await pause.getAttribute('aria-pressed'), 'true');
  // A source that becomes stale adds a critical tile, but the page does not change.
  const [current] = (await note()).match(/^Critical \d+/);
  for (let second = 0; second < 25; second += 5) {
    await pass(page, control, 5);
    assert.ok((await note()).startsWith(`${current} of `), await note());
  }
  await pause.click();
  await eventually(async () => assert.equal(await pause.getAttribute('aria-pressed'), 'false'));
  await passUntil(page, control, 15, async () => !(await note()).startsWith(`${current} of `));
  // Critical runs that have ended are shown as well.
  await openWall(fixtures, '/wall?rotate=5');
  await allLive(page);
  await passUntil(page, control, 40, () => tile(page, /^Web Shop DR: Failed/).first().isVisible());
  assert.match(await note(), /^(Held: critical|Critical \d+ of \d+) · \d+ warnings? not shown$/);
});

/** Records the notes that the page plays. */
const recordNotes = (page) =>
  page.addInitScript(() => {
    globalThis.notes = [];
    // As in a browser without user activation; evaluating scripts counts as activation.
    globalThis.AudioContext = class extends AudioContext {
      constructor() {
        super();
        this.suspend();
      }
    };
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      globalThis.notes.push(Math.round(this.frequency.value));
      return start.apply(this, when);
    };
  });

story('a new critical alarm flashes and sounds for a limited time, and an existing one does not', async (fixtures) => {
  const { page, control } = fixtures;
  await recordNotes(page);
  await control('PUT', '/scenario', { name: 'incident' });
  await control('POST', '/clock/advance', { seconds: 900 });
  await control('PUT', '/scenario', { name: 'calm' });
  await fixtures.reread();
  await openWall(fixtures, '/wall?distance=1.5&only=groups');
  await allLive(page);
  await page.getByText('Sound is blocked by the browser').waitFor();
  await page.mouse.click(300, 300);
  await pass(page, control, 3);
  await page.getByText('Sound is blocked by the browser').waitFor({ state: 'hidden' });
  assert.deepEqual(await page.evaluate(() => globalThis.notes), []);
  const flashing = () => page.evaluate(() => document.getAnimations().map(({ effect }) => effect.target.localName));
  assert.deepEqual(await flashing(), []);
  await breakBoiler(control);
  await pass(page, control, 8);
  await eventually(async () => assert.ok((await page.evaluate(() => globalThis.notes)).filter((n) => n === 988).length >= 5));
  // Only symbols flash, once a second.
  await eventually(async () => assert.ok((await flashing()).length > 0));
  assert.ok((await flashing()).every((name) => name === 'svg'));
  const period = await page.evaluate(() => document.getAnimations()[0].effect.getTiming().duration);
  assert.ok(period > 1000 / 3);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  assert.deepEqual(await flashing(), []);
  await pass(page, control, 120);
  const all = (await page.evaluate(() => globalThis.notes)).length;
  await pass(page, control, 60);
  assert.equal((await page.evaluate(() => globalThis.notes)).length, all, 'the repeats have an end');
});

/** The open critical alarms and warnings of a gateway that are not acknowledged. */
const openAlarms = async ({ url }) => {
  const { alarms } = await (await fetch(`${url}/api/inventory`)).json();
  return alarms.filter(({ acknowledged, severity }) => !acknowledged && ['critical', 'warning'].includes(severity));
};

story('an acknowledged alarm is silent, does not count as normal, and is marked even as last known', { viewport: { width: 1920, height: 1080 } }, async (fixtures) => {
  const { page, control, product } = fixtures;
  await recordNotes(page);
  await openWall(fixtures, '/wall?distance=1.5&only=groups&connections=plant-a');
  await allLive(page);
  await page.mouse.click(300, 300);
  await pass(page, control, 3);
  const notes = () => page.evaluate(() => globalThis.notes);
  await breakBoiler(control);
  await passUntil(page, control, 30, async () => (await notes()).includes(988));
  for (const { id } of await openAlarms(product)) {
    const body = JSON.stringify({ reason: 'A new power supply is on its way' });
    const answer = await fetch(`${product.url}/api/alarms/${encodeURIComponent(id)}/acknowledgement`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    assert.equal(answer.status, 201);
  }
  await passUntil(page, control, 30, () => tile(page, /^Boiler House OPC UA: .*, acknowledged$/).isVisible());
  const before = await notes();
  await pass(page, control, 60);
  assert.deepEqual(await notes(), before, 'neither the alarm nor that all is normal');
  assert.ok(!before.includes(784), 'the highest note of the sound for all normal');
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'reset' } });
  await passUntil(page, control, 90, () => tile(page, /^Boiler House OPC UA: .+, last known, (STALE|NO DATA) .+, acknowledged$/).isVisible());
  await assertFits(page, leastText({ width: 1920, height: 1080 }, 1.5));
});

story('an alarm that began while the wall reloaded flashes, and an existing one does not', async (fixtures) => {
  const { page, control, world, product } = fixtures;
  const isPlain = (text) => /^[\w .-]+$/.test(text);
  const groups = system(await world(), 'plant-a').groups.filter(({ Id }) => Id !== 'boiler-opcua');
  const before = groups.find(({ Name, Sessions }) => isPlain(Name) && Sessions.length >= 2 && Sessions.every(({ Id }) => isPlain(Id)));
  const isCritical = async (group) => (await openAlarms(product)).some(({ name, severity }) => name === group && severity === 'critical');
  const breaks = async (group, name, sessions) => {
    for (const session of sessions) await silence(control, session, group);
    await control('POST', '/clock/advance', { seconds: 600 });
    await eventually(async () => assert.ok(await isCritical(name), `${name} is critical`), 20_000);
  };
  await breaks(before.Id, before.Name, before.Sessions.map(({ Id }) => Id));
  await openWall(fixtures, '/wall?distance=1.5&only=groups&connections=plant-a');
  await allLive(page);
  await pass(page, control, 12);
  const isNew = (name) => tile(page, new RegExp(`^${name}: `)).getAttribute('data-new');
  assert.equal(await isNew(before.Name), null, 'an existing alarm does not flash');
  const boiler = 'Boiler House OPC UA';
  await breaks('boiler-opcua', boiler, ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']);
  // The wall does not poll meanwhile, because its clock is frozen.
  await page.reload();
  await allLive(page);
  await eventually(async () => assert.equal(await isNew(boiler), 'new'));
  assert.equal(await isNew(before.Name), null);
  // It has flashed so briefly that nobody may have seen it.
  await page.reload();
  await allLive(page);
  await eventually(async () => assert.equal(await isNew(boiler), 'new'));
  await pass(page, control, 45);
  assert.equal(await isNew(boiler), null);
  await page.reload();
  await allLive(page);
  await pass(page, control, 2);
  assert.equal(await isNew(boiler), null, 'it is no longer new');
});

story('a failover, a silent source and its recovery are announced once and shown on the wall', async (fixtures) => {
  const { page, visit, control, reread } = fixtures;
  await visit('/wall?only=groups&connections=plant-a');
  await allLive(page);
  await tiles(page).first().waitFor();
  const area = () => page.locator('.area').evaluate(({ offsetTop, offsetHeight }) => [offsetTop, offsetHeight]);
  const before = await area();
  await silence(control, 'BOIL-01.OpcUa');
  await control('POST', '/clock/advance', { seconds: 150 });
  const alert = page.getByRole('alert');
  const sentence = 'Boiler House OPC UA: BOIL-02.OpcUa has taken over from BOIL-01.OpcUa.';
  await alert.getByText(sentence).waitFor({ state: 'attached', timeout: 20_000 });
  await page.locator('.strip').filter({ hasText: sentence }).waitFor();
  assert.deepEqual(await area(), before, 'the tiles do not move');
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  // In steps, because a single one would make all other sources stale as well.
  for (let step = 0; step < 4; step += 1) {
    await control('POST', '/observer/advance', { seconds: 5 });
    for (const connection of ['plant-a', 'plant-b', 'em']) await reread(connection);
  }
  await alert.getByText(/^Live.*: STALE\. 503: .+\.$/).waitFor({ state: 'attached' });
  await control('DELETE', '/faults');
  await alert.getByText(/^Live.* can be read again\.$/).waitFor({ state: 'attached', timeout: 20_000 });
  assert.equal(await alert.getByText(/: STALE\./).count(), 1);
});

story('a new critical alarm sends a notification if enabled', async (fixtures) => {
  const { page, control } = fixtures;
  await page.addInitScript(() => {
    globalThis.shown = [];
    globalThis.Notification = class {
      static permission = 'default';
      static async requestPermission() {
        this.permission = 'granted';
        return 'granted';
      }
      constructor(title, { body, tag }) {
        globalThis.shown.push({ title, body, tag });
      }
    };
  });
  await openWall(fixtures, '/wall?distance=1.5&only=groups');
  await allLive(page);
  const shown = () => page.evaluate(() => globalThis.shown);
  await moveMouse(page);
  const button = page.getByRole('button', { name: 'Notify' });
  await button.click();
  await eventually(async () => assert.equal(await button.getAttribute('aria-pressed'), 'true'));
  assert.deepEqual(await shown(), [], 'existing alarms are not notified');
  await breakBoiler(control);
  await passUntil(page, control, 30, async () => (await shown()).length > 0);
  const boiler = (await shown()).filter(({ title }) => title === 'Boiler House OPC UA');
  assert.equal(boiler.length, 1);
  assert.match(boiler[0].body, /silent/i);
  await page.mouse.move(340, 300);
  await button.click();
  await eventually(async () => assert.equal(await button.getAttribute('aria-pressed'), 'false'));
});

story('a browser that blocks notifications is reported at the button', async ({ page, visit }) => {
  await page.addInitScript(() => {
    globalThis.Notification = class {
      static permission = 'denied';
    };
  });
  await visit('/wall');
  await moveMouse(page);
  const button = page.getByRole('button', { name: 'Notify' });
  await button.waitFor();
  assert.equal(await button.isDisabled(), true);
  assert.equal(await button.getAttribute('title'), 'The browser blocks notifications for this page');
});

story('a muted wall says so', async ({ page, visit }) => {
  await visit('/wall');
  await moveMouse(page);
  await page.getByRole('button', { name: 'Sound' }).click();
  await page.getByText('Muted', { exact: true }).waitFor();
  await page.reload();
  await page.getByText('Muted', { exact: true }).waitFor();
});

story('the wall keeps the screen on, requests it again if released, and can be told not to', async (fixtures) => {
  const { page, control } = fixtures;
  await page.addInitScript(() => {
    globalThis.locks = [];
    const request = async (type) => {
      const lock = Object.assign(new EventTarget(), { type, released: false, release: async () => (lock.released = true) });
      globalThis.locks.push(lock);
      return lock;
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request } });
  });
  const locks = () => page.evaluate(() => globalThis.locks.map(({ type, released }) => `${type} ${released ? 'released' : 'held'}`));
  await openWall(fixtures, '/wall');
  await passUntil(page, control, 10, async () => (await locks()).length === 1);
  assert.deepEqual(await locks(), ['screen held']);
  await page.evaluate(() => (globalThis.locks[0].released = true));
  await passUntil(page, control, 10, async () => (await locks()).length === 2);
  await pass(page, control, 5);
  assert.deepEqual(await locks(), ['screen released', 'screen held'], 'one at a time');
  await openWall(fixtures, '/wall?awake=no');
  await pass(page, control, 5);
  assert.deepEqual(await locks(), []);
});

story('if the browser refuses to keep the screen on, the set-up says so until it succeeds', async (fixtures) => {
  const { page, control } = fixtures;
  await page.addInitScript(() => {
    globalThis.refuses = true;
    const request = async () => {
      if (globalThis.refuses) throw new DOMException('Battery saver', 'NotAllowedError');
      return Object.assign(new EventTarget(), { released: false, release: async () => undefined });
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request } });
  });
  await openWall(fixtures, '/wall');
  await moveMouse(page);
  await pass(page, control, 1);
  await page.getByRole('button', { name: 'Screen settings' }).click();
  const setUp = page.getByRole('region', { name: 'Screen settings' });
  await setUp.getByText('The browser refused to keep the screen on (battery saver or frame permission).').waitFor();
  await page.evaluate(() => (globalThis.refuses = false));
  await passUntil(page, control, 10, () => setUp.getByText(/^The screen is kept on\./).isVisible());
});

story("the wall's content moves regularly, to prevent burn-in", async (fixtures) => {
  const { page, control } = fixtures;
  await openWall(fixtures, '/wall');
  await allLive(page);
  const all = page.locator('main.wall > .all');
  const place = () => all.evaluate((one) => new DOMMatrix(getComputedStyle(one).transform)).then(({ e, f }) => [e, f]);
  const places = [await place()];
  for (let minute = 0; minute < 5; minute += 1) {
    await page.clock.fastForward(60_000);
    await pass(page, control, 1);
    places.push(await place());
  }
  assert.equal(new Set(places.map(String)).size, places.length, 'the position changes each minute');
  for (const [x, y] of places) assert.ok(Math.abs(x) <= 12 && Math.abs(y) <= 12, 'within 24 px');
});

story('the wall shows that the gateway is down, and recovers with it', async ({ page, product, visit, complaints }) => {
  complaints.expect(GATEWAY_GONE);
  await visit('/wall?distance=2');
  await allLive(page);
  await product.stop();
  const alert = page.getByRole('alert').getByText('NO CONNECTION');
  await alert.waitFor({ timeout: 30_000 });
  await page.getByText(/^Last data at \d\d:\d\d:\d\d UTC$/).waitFor();
  await page.getByText(/^\d+ s ago$/).waitFor();
  const again = await start({ listen: new URL(product.url).host });
  try {
    await alert.waitFor({ state: 'hidden', timeout: 15_000 });
    await source(page, 'Plant A').filter({ hasText: 'live' }).waitFor();
  } finally {
    await again.stop();
  }
});

for (const [status, headline, text] of [
  [500, 'NO DATA', /^The gateway failed: .*500.* Nothing here is current\.$/],
  [403, 'NO DATA', /^The gateway failed: .*403.* Nothing here is current\.$/],
  [502, 'NO CONNECTION', /^The gateway does not answer\. Nothing here is current\.$/],
]) {
  story(`a wall whose proxy answers ${status} shows ${headline} and sounds`, async ({ page, product, visit, control, complaints }) => {
    complaints.expect(new RegExp(`status of ${status}`));
    await recordNotes(page);
    let isGone = false;
    const server = await proxy(product, (path) => (isGone && path.startsWith('/api/') ? status : undefined));
    try {
      await openWall({ page, visit }, `${server.url}/wall?distance=2`);
      await allLive(page);
      await page.mouse.click(300, 300);
      await pass(page, control, 3);
      isGone = true;
      const alert = page.getByRole('alert').getByText(headline, { exact: true });
      await passUntil(page, control, 30, () => alert.isVisible());
      await page.getByText(text).waitFor();
      await passUntil(page, control, 30, async () => (await page.evaluate(() => globalThis.notes)).includes(988));
      isGone = false;
      await passUntil(page, control, 45, () => alert.isHidden());
    } finally {
      server.stop();
    }
  });
}

story('a wall whose clock has stopped is reloaded, at most once a minute', async (fixtures) => {
  const { page, control } = fixtures;
  await openWall(fixtures, '/wall');
  await allLive(page);
  let loads = 0;
  page.on('load', () => (loads += 1));
  await pass(page, control, 70);
  assert.equal(loads, 0, 'no reload while the clock runs');
  // The worst failure of the console: its element is removed from the page.
  const removeConsole = () => page.evaluate(() => document.getElementById('console').remove());
  await removeConsole();
  await pass(page, control, 25);
  await eventually(() => assert.equal(loads, 1));
  await allLive(page);
  await removeConsole();
  await pass(page, control, 30);
  assert.equal(loads, 1, 'at most one reload a minute');
  await pass(page, control, 35);
  await eventually(() => assert.equal(loads, 2));
});

story('a wall whose content is removed from the page renders it again', async (fixtures) => {
  const { page, control } = fixtures;
  await openWall(fixtures, '/wall');
  await allLive(page);
  await page.evaluate(() => document.querySelector('main').remove());
  await pass(page, control, 2);
  await page.getByRole('heading', { level: 1, name: 'Status wall' }).waitFor({ state: 'attached' });
  await allLive(page);
});

/**
 * Runs a story behind a proxy that can pretend to serve another console. `served.build` replaces the build's id,
 * `served.replace` returns replacements for parts of an inventory, and `served.visits` counts page loads.
 */
const behindProxy = async (product, served, run) => {
  const count = (path, { headers }) => {
    if (headers['sec-fetch-mode'] === 'navigate') served.visits = (served.visits ?? 0) + 1;
  };
  const replace = (path) => {
    const isInventory = path.startsWith('/api/inventory');
    if (!(isInventory || path === '/api/build') || !(served.build || served.replace)) return undefined;
    return (body) => ({ ...body, build: served.build ?? body.build, ...(isInventory && served.replace?.(body)) });
  };
  const server = await proxy(product, count, replace);
  try {
    await run(server.url);
  } finally {
    server.stop();
  }
};

/** Opens a wall and checks that it is not reloaded. Returns a function that counts later loads. */
const openStableWall = async ({ page, control }, url) => {
  await openWall({ page, visit: (address) => page.goto(url + address) }, '/wall');
  await allLive(page);
  let loads = 0;
  page.on('load', () => (loads += 1));
  await pass(page, control, 65);
  assert.equal(loads, 0, 'the same build is not reloaded');
  return () => loads;
};

story('a wall reloads once the gateway serves another build', async ({ page, product, control, reread }) => {
  const served = {};
  await behindProxy(product, served, async (url) => {
    const loads = await openStableWall({ page, control }, url);
    served.build = 'another';
    await eventually(async () => {
      await pass(page, control, 10);
      assert.equal(loads(), 1);
    }, 30_000);
    // The story's clock was too fast for Uplynk, and the page's first response may predate the refresh.
    await reread();
    const sources = page.getByRole('list', { name: 'Sources' });
    await sources.getByRole('listitem').first().waitFor();
    const live = sources.getByRole('listitem', { name: /: live/ });
    await passUntil(page, control, 10, async () => (await live.count()) === (await sources.getByRole('listitem').count()));
    await pass(page, control, 65);
    assert.equal(loads(), 1, 'the served build is loaded');
  });
});

story('a wall that cannot read responses reloads once another build is served; other pages say so', async (fixtures) => {
  const { page, product, control } = fixtures;
  const served = {};
  await behindProxy(product, served, async (url) => {
    const loads = await openStableWall({ page, control }, url);
    // The new build can read the responses.
    const { visits } = served;
    const replace = () => (served.visits === visits ? { alarms: [{ severity: 'grave' }] } : {});
    Object.assign(served, { build: 'another', replace });
    await eventually(async () => {
      await pass(page, control, 10);
      assert.equal(loads(), 1);
    }, 30_000);
    await page.getByRole('list', { name: 'Sources' }).getByRole('listitem').first().waitFor();
    await page.goto(`${url}/`);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    served.replace = () => ({ alarms: [{ severity: 'grave' }] });
    const remedy = page.getByRole('alert').getByText(/^The gateway failed: .* Reload the page: the gateway may be of another version\./);
    await passUntil(page, control, 20, () => remedy.isVisible());
  });
});

story('a wall that cannot read responses shows NO DATA and the reason', async ({ page, product, control }) => {
  const served = {};
  await behindProxy(product, served, async (url) => {
    await openWall({ page, visit: (address) => page.goto(url + address) }, '/wall?distance=2');
    await allLive(page);
    served.replace = () => ({ alarms: [{ severity: 'grave' }] });
    const alert = page.getByRole('alert').getByText('NO DATA', { exact: true });
    await passUntil(page, control, 30, () => alert.isVisible());
    await page.getByText(/^The gateway failed: Unreadable response: .* Nothing here is current\.$/).waitFor();
    served.replace = undefined;
    await passUntil(page, control, 45, () => alert.isHidden());
  });
});

story('an alarm not read since the gateway started is last known, on the wall and on the Overview', { viewport: { width: 3840, height: 2160 } }, async (fixtures) => {
  const { page, product, control } = fixtures;
  await control('POST', '/reset', { scenario: 'incident' });
  await fixtures.reread();
  // As from a gateway that was restarted while Uplynk is silent.
  const replace = ({ connections, resources }) => ({
    connections: connections?.map((one) => (one.id === 'live' ? { ...one, observed_at: undefined } : one)),
    resources: resources?.filter(({ connection }) => connection !== 'live'),
  });
  const delayed = [];
  let isDelayed = true;
  await behindProxy(product, { replace }, async (url) => {
    await page.route(/[/]console-main/, (route) => (isDelayed ? delayed.push(route) : route.continue()));
    await page.goto(url, { waitUntil: 'commit' });
    const alarms = page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name: /: Critical, .*last known, an unknown time ago$/ });
    // Shown before the program is loaded, and afterwards by the program.
    await alarms.first().waitFor();
    isDelayed = false;
    for (const route of delayed) await route.continue();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor({ state: 'attached' });
    await alarms.first().waitFor();
    await page.goto(`${url}/wall?distance=1&diagonal=65&only=slicers`);
    await tile(page, /: On slate, last known, NO DATA$/).first().waitFor();
    await total(page, /^[1-9]\d* critical$/).waitFor();
  });
});
