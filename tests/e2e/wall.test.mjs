// The status wall: what stands on it, how large, and what it says when something goes wrong.

import assert from 'node:assert/strict';
import { START, accessible, eventually, pass, passEventually, passUntil, start, story } from './harness.mjs';
import { GATEWAY_GONE } from './support/browser.mjs';
import { proxy } from './support/proxy.mjs';
import { says, source } from './support/sources.mjs';
import { SIZES, leastText, openWall, shownLive, stands, tile, tiles, total } from './support/walls.mjs';
import { TITLES, path, recentSessions, system } from './support/worlds.mjs';

const silent = (control, session, group = 'boiler-opcua') =>
  control('PATCH', path('systems', 'plant-a', 'groups', group, 'sessions', session), { silent: true });

/** Silences all sessions of "Boiler House OPC UA" for long enough to be critical. */
const breakBoiler = async (control) => {
  for (const session of ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']) await silent(control, session);
  await control('POST', '/clock/advance', { seconds: 600 });
};

/** Moves the mouse, which shows the controls. */
const stir = async (page) => {
  await page.mouse.move(300, 300);
  await page.mouse.move(320, 300);
};

/** Everything that the wall should have a tile for. */
const things = async (world) => {
  const held = await world();
  // A run that both servers of Veeam list has one tile.
  const runs = ['em', 'em-old'].flatMap((id) => recentSessions(held, id).map(({ guid }) => guid));
  return {
    groups: system(held, 'plant-a').groups.length + system(held, 'plant-b').groups.length,
    slicers: system(held, 'live').groups.length,
    running: new Set(runs).size,
  };
};

/** Fails unless no other alarm of the page has a larger name than the first one. */
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
  story(`the wall stands at ${width} by ${height}`, { viewport }, async ({ page, visit }) => {
    await visit('/wall');
    await shownLive(page);
    await page.getByRole('heading', { level: 1, name: 'Status wall' }).waitFor({ state: 'attached' });
    const { smallestSeen } = await stands(page, leastText(viewport));
    assert.ok(smallestSeen >= leastText(viewport) - 0.05);
  });

  story(`the wall of a bad day stands at ${width} by ${height}`, { viewport }, async ({ page, visit, control, reread }) => {
    await control('PUT', '/scenario', { name: 'incident' });
    await control('POST', '/clock/advance', { seconds: 900 });
    await reread();
    await visit('/wall?distance=4&diagonal=65');
    await shownLive(page);
    await eventually(async () => assert.ok((await tiles(page).count()) > 2));
    await stands(page, leastText(viewport, 4, 65));
    await worstIsLargest(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await stands(page, leastText(viewport, 4, 65));
  });
}

story('every group has its tile, and nothing stands around them', { viewport: { width: 3840, height: 2160 } }, async ({ page, visit, world }) => {
  const { groups, slicers, running } = await things(world);
  await visit('/wall?distance=1&diagonal=65');
  await shownLive(page);
  await eventually(async () => assert.equal(await tiles(page).count(), groups + slicers + running));
  await tile(page, 'Boiler House OPC UA: Normal').waitFor();
  await tile(page, 'My Failover Group: Normal').first().waitFor();
  assert.equal(await page.getByRole('navigation').count(), 0);
  assert.equal(await page.getByRole('banner').filter({ hasText: 'admin' }).count(), 0);
  await page.getByText(/^\d\d:\d\d:\d\d local$/).waitFor();
});

story('groups of one name in two connections can be told apart', { viewport: { width: 3840, height: 2160 } }, async ({ page, visit, product, world, reread }) => {
  const { Name } = system(await world(), 'plant-a').groups[0];
  const answer = await fetch(`${product.url}/relay/plant-b/api/v1/clientfailover/groups`, {
    method: 'POST',
    headers: { origin: product.url, 'content-type': 'application/json' },
    body: JSON.stringify({ Id: 'same-name', Name, FailoverTimeout: '00:01:00' }),
  });
  assert.equal(answer.status, 201);
  await reread();
  const named = tile(page, new RegExp(`^${Name}: `));
  // Also where there is no room for a sentence.
  for (const distance of [1, 2.5]) {
    await visit(`/wall?distance=${distance}&diagonal=65&only=groups`);
    await shownLive(page);
    for (const title of [TITLES['plant-a'], TITLES['plant-b']]) {
      await named.getByText(title, { exact: true }).waitFor();
      // A tile is named by its group and its state alone; a screen reader is told its connection beside that.
      await named.and(page.locator(`[aria-description="${title}"]`)).waitFor();
    }
    assert.equal(await named.count(), 2);
  }
  await visit('/wall?distance=1&diagonal=65&connections=plant-a');
  await named.waitFor();
  assert.equal(await named.filter({ hasText: TITLES['plant-a'] }).count(), 0);
  assert.equal(await named.getAttribute('aria-description'), null);
});

story('only what the address asks for stands on the wall', { viewport: { width: 3840, height: 2160 } }, async ({ page, visit, world }) => {
  const { groups } = await things(world);
  await visit('/wall?distance=1&diagonal=65&only=groups');
  await shownLive(page);
  await eventually(async () => assert.equal(await tiles(page).count(), groups));
  await visit('/wall?distance=1&diagonal=65&connections=live&tz=Asia/Tokyo&theme=dark');
  await shownLive(page);
  const { slicers } = await things(world);
  await eventually(async () => assert.equal(await tiles(page).count(), slicers));
  assert.equal(await page.getByRole('list', { name: 'Sources' }).getByRole('listitem').count(), 1);
  await page.getByText(/^\d\d:\d\d:\d\d Tokyo$/).waitFor();
});

story('what cannot be is told, and the wall goes on', async ({ page, visit }) => {
  await visit('/wall?rotate=now&distance=2&theme=blue');
  await shownLive(page);
  await page.getByRole('status').getByText('rotate=now: give whole seconds from 5 to 3600. Pages turn every 20 s. And 1 more.').waitFor();
  await stands(page, leastText({ width: 1440, height: 900 }, 2));
});

for (const colorScheme of ['light', 'dark']) {
  story(`the wall is accessible in the ${colorScheme} theme`, { colorScheme }, async ({ page, visit, control, reread }) => {
    await control('PUT', '/scenario', { name: 'incident' });
    await control('POST', '/clock/advance', { seconds: 900 });
    await reread();
    // Not standing still: axe waits by the page's own timers.
    await page.clock.install();
    await visit(`/wall?distance=1.5&theme=${colorScheme}`);
    await shownLive(page);
    await accessible(page);
    await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
    await pass(page, control, 20);
    await eventually(async () => assert.match(await source(page, 'Plant B').getAttribute('aria-label'), /STALE/));
    await accessible(page);
    await page.mouse.move(200, 200);
    await pass(page, control, 1);
    await page.getByRole('button', { name: 'Distance' }).click();
    await page.getByRole('region', { name: 'Set-up' }).waitFor();
    await accessible(page);
  });
}

story('a source that falls silent is hatched step by step, and leaves the healthy count', { viewport: { width: 1920, height: 1080 } }, async (told) => {
  const { page, control, world } = told;
  await openWall(told, '/wall?distance=1.5&only=groups');
  await shownLive(page);
  await pass(page, control, 2);
  const { groups } = await things(world);
  const lost = system(await world(), 'plant-b').groups.length;
  const normal = async () => Number((await total(page, /^\d+ normal$/).innerText()).split(' ')[0]);
  const before = await normal();
  assert.ok(before > lost && before <= groups);
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await pass(page, control, 12);
  await says(page, TITLES['plant-b'], /: aging, \d+ s ago$/);
  assert.equal(await tile(page, /STALE/).count(), 0);
  await pass(page, control, 10);
  await says(page, TITLES['plant-b'], /: STALE, \d+ s ago$/);
  await tile(page, /^Plant B: STALE \d+ s$/).waitFor();
  await tile(page, /^Tank Gauging Modbus: STALE \d+ s, last known Normal$/).waitFor();
  await total(page, `${lost} STALE`).waitFor();
  assert.ok((await normal()) <= before - lost + 1);
  await stands(page, leastText({ width: 1920, height: 1080 }, 1.5));
  await pass(page, control, 50);
  await says(page, TITLES['plant-b'], /: NO DATA, 1 min /);
  await tile(page, 'Plant B: NO DATA 1 min').waitFor();
  await control('DELETE', '/faults');
  await passEventually(page, control, async () => {
    assert.match(await source(page, TITLES['plant-b']).getAttribute('aria-label'), /: live/);
    assert.equal(await tile(page, /STALE|NO DATA/).count(), 0);
    assert.ok(Math.abs((await normal()) - before) <= 1);
  }, 20_000);
});

story('what was critical when it was last seen stays in its place while its source is silent', { viewport: { width: 3840, height: 2160 } }, async (told) => {
  const { page, control } = told;
  // Anew, and not after a time in which all was well: then some of it would have begun with the reading.
  await control('POST', '/reset', { scenario: 'incident' });
  await told.reread();
  await openWall(told, '/wall?distance=1&diagonal=65&only=slicers');
  await shownLive(page);
  await pass(page, control, 5);
  const names = () => tiles(page).evaluateAll((all) => all.filter((one) => !one.hidden).map((one) => one.getAttribute('aria-label')));
  const kept = (all) => all.filter((name) => / (On slate|On backup)/.test(name)).map((name) => name.split(',')[0]);
  const before = kept(await names());
  assert.ok(before.some((name) => name.endsWith(': On slate')), String(before));
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  await told.reread();
  await pass(page, control, 27);
  await eventually(async () => {
    const [first, ...others] = await names();
    assert.match(first, /^Live channels: STALE \d+ s$/);
    assert.deepEqual(kept(others), before);
    for (const name of others) assert.match(name, /: (.+, last known, STALE \d+ s|STALE \d+ s, last known .+)$/);
  });
});

story('every state is told apart without colour, by its shape and its word', { viewport: { width: 3840, height: 2160 } }, async (told) => {
  const { page, control } = told;
  await control('PUT', '/scenario', { name: 'incident' });
  await told.reread();
  await openWall(told, '/wall?distance=1&diagonal=65');
  await shownLive(page);
  const debug = await page.context().newCDPSession(page);
  await debug.send('Emulation.setEmulatedVisionDeficiency', { type: 'achromatopsia' });
  const look = () =>
    tiles(page).evaluateAll((all) =>
      all.map((one) => {
        const word = one.querySelector('.state').textContent.replace(/ \d.*$/, '');
        const isKept = word.endsWith(', last known');
        // A silent connection and what it holds are in the same state; what is kept has the shape that it had.
        const state = one.dataset.fresh && !isKept ? 'stale' : one.dataset.s;
        return { state, shape: one.querySelector('svg').innerHTML, word: [isKept ? `${state}, last known` : state, word] };
      }),
    );
  await passUntil(page, control, 60, async () => (await look()).some(({ state }) => state === 'moving'));
  await total(page, /^[1-9]\d* in transition$/).waitFor();
  const seen = await look();
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'reset' } });
  await passUntil(page, control, 60, async () => (await tile(page, /: STALE/).count()) > 0);
  seen.push(...(await look()));
  const states = new Set(seen.map(({ state }) => state));
  for (const state of ['critical', 'warning', 'moving', 'normal', 'stale']) assert.ok(states.has(state), state);
  assert.ok(seen.some(({ word: [state] }) => state === 'critical, last known'));
  const owners = { shape: new Map(), word: new Map() };
  for (const { state, shape, word } of seen) {
    for (const [by, what, of] of [['shape', shape, state], ['word', word[1], word[0]]]) {
      assert.ok(what.length > 0, `${of} has a ${by}`);
      assert.equal(owners[by].get(what) ?? of, of, `the ${by} ${what} stands for two states`);
      owners[by].set(what, of);
    }
  }
});

story('from second to second nothing is written on the wall but its clock, and how old what it shows is by its words alone', async (told) => {
  const { page, control } = told;
  await openWall(told, '/wall?distance=1.5&only=groups&connections=plant-a');
  await shownLive(page);
  const ages = () => tiles(page).locator('.age').allInnerTexts();
  await passUntil(page, control, 10, async () => (await ages()).every((age) => age === '<10 s'));
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'reset' } });
  await page.evaluate(() => {
    window.written_ = [];
    const note = (records) => {
      for (const { target, attributeName } of records) {
        const element = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
        // The name of a source tells its age to the second.
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

const pageNote = (page) => page.getByText(/^(Page|Critical) (\d+ of \d+|only)/);

story('pages turn, and a critical alarm stops them on its page', async (told) => {
  const { page, control } = told;
  await openWall(told, '/wall?rotate=10&only=groups');
  await shownLive(page);
  await pass(page, control, 1);
  await eventually(async () => assert.match(await pageNote(page).innerText(), /^Page 1 of [2-9]/));
  const first = await tiles(page).allInnerTexts();
  await pass(page, control, 10);
  await eventually(async () => assert.match(await pageNote(page).innerText(), /^Page 2 of/));
  assert.notDeepEqual(await tiles(page).allInnerTexts(), first);
  await breakBoiler(control);
  await passUntil(page, control, 30, () => tile(page, /^Boiler House OPC UA: /).isVisible());
  await passUntil(page, control, 10, async () => /^Critical (only|1 of \d+) · \d+ (warnings?|more) not shown$/.test(await pageNote(page).innerText()));
  await pass(page, control, 25);
  await tile(page, /^Boiler House OPC UA: /).waitFor();
});

story('somebody who is there finds the controls, and they go away', async (told) => {
  const { page, control } = told;
  await openWall(told, '/wall?only=groups');
  await shownLive(page);
  const bar = page.getByRole('toolbar', { name: 'Wall controls' });
  assert.equal(await bar.isVisible(), false);
  await stir(page);
  await pass(page, control, 1);
  await bar.waitFor();
  await page.getByRole('button', { name: 'Pause rotation' }).click();
  await eventually(async () => assert.match(await pageNote(page).innerText(), /, paused$/));
  await page.getByRole('button', { name: 'Distance' }).click();
  const metres = page.getByRole('spinbutton', { name: 'Distance in metres' });
  await metres.fill('2');
  await metres.press('Enter');
  await eventually(() => assert.match(page.url(), /distance=2(&|$)/));
  await page.getByRole('region', { name: 'Set-up' }).getByText(/16′ at 2 m: capitals 9\.3 mm high/).waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.evaluate(() => document.activeElement.blur());
  await pass(page, control, 6);
  await bar.waitFor({ state: 'hidden' });
});

story('the controls of the wall go away also where the clock of its computer was set back', async ({ page, visit }) => {
  await visit('/wall');
  const bar = page.getByRole('toolbar', { name: 'Wall controls' });
  await stir(page);
  await bar.waitFor();
  await page.clock.setFixedTime(Date.parse(START) - 3_600_000);
  await bar.waitFor({ state: 'hidden' });
});

story('the colour theme of the wall is stepped from the one that is shown', async ({ page, visit }) => {
  await page.addInitScript(() => localStorage.setItem('failover-console.theme', 'dark'));
  await visit('/wall');
  await stir(page);
  const button = page.getByRole('button', { name: 'Colour theme' });
  await button.waitFor();
  assert.equal(await button.getAttribute('title'), 'Colour theme: dark');
  await button.click();
  await eventually(() => assert.equal(new URL(page.url()).searchParams.get('theme'), 'system'));
  assert.equal(await button.getAttribute('title'), 'Colour theme: system');
});

story('a pause holds one of several critical pages, and says so', async (told) => {
  const { page, control } = told;
  await control('POST', '/reset', { scenario: 'incident' });
  await control('POST', '/clock/advance', { seconds: 60 });
  await told.reread();
  await openWall(told, '/wall?rotate=10&distance=10');
  await shownLive(page);
  const note = async () => (await pageNote(page).textContent()).trim();
  await passUntil(page, control, 20, async () => /^Critical \d+ of \d/.test(await note()));
  await stir(page);
  await pass(page, control, 1);
  const pause = page.getByRole('button', { name: 'Pause rotation' });
  await pause.waitFor();
  assert.match(await pause.getAttribute('title'), /^Only critical pages are shown\. /);
  await pause.click();
  await eventually(async () => assert.match(await note(), /^Critical \d+ of \d+, paused$/));
  assert.equal(await pause.getAttribute('aria-pressed'), 'true');
  // A source that time leaves behind adds to what is critical, but turns no page.
  const [held] = (await note()).match(/^Critical \d+/);
  for (let second = 0; second < 25; second += 5) {
    await pass(page, control, 5);
    assert.ok((await note()).startsWith(`${held} of `), await note());
  }
  await pause.click();
  await eventually(async () => assert.equal(await pause.getAttribute('aria-pressed'), 'false'));
  await passUntil(page, control, 15, async () => !(await note()).startsWith(`${held} of `));
  // What is critical has its turn, also where it has ended.
  await openWall(told, '/wall?rotate=5');
  await shownLive(page);
  await passUntil(page, control, 40, () => tile(page, /^Web Shop DR: Failed/).first().isVisible());
  assert.match(await note(), /^Critical (only|\d+ of \d+) · \d+ warnings? not shown$/);
});

/** Counts the notes that the page plays. */
const listen = (page) =>
  page.addInitScript(() => {
    globalThis.notes = [];
    // As a browser does whose page nobody has touched; the debugger counts as a touch.
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

story('a new critical alarm flashes its symbol and sounds, with an end, and what was there at first does not', async (told) => {
  const { page, control } = told;
  await listen(page);
  await control('PUT', '/scenario', { name: 'incident' });
  await control('POST', '/clock/advance', { seconds: 900 });
  await control('PUT', '/scenario', { name: 'calm' });
  await told.reread();
  await openWall(told, '/wall?distance=1.5&only=groups');
  await shownLive(page);
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
  // Only symbols, once a second.
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

/** Every open alarm of a gateway. */
const openAlarms = async ({ url }) => {
  const { alarms } = await (await fetch(`${url}/api/inventory`)).json();
  return alarms.filter(({ acknowledged, severity }) => !acknowledged && ['critical', 'warning'].includes(severity));
};

story('an alarm that somebody takes care of sounds no more, is not called normal, and says so also while its source is silent', { viewport: { width: 1920, height: 1080 } }, async (told) => {
  const { page, control, product } = told;
  await listen(page);
  await openWall(told, '/wall?distance=1.5&only=groups&connections=plant-a');
  await shownLive(page);
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
  assert.ok(!before.includes(784), 'the highest note of what says that all is normal');
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'reset' } });
  await passUntil(page, control, 90, () => tile(page, /^Boiler House OPC UA: .+, last known, (STALE|NO DATA) .+, acknowledged$/).isVisible());
  await stands(page, leastText({ width: 1920, height: 1080 }, 1.5));
});

story('what broke while a wall loaded itself anew flashes, and what was there before does not', async (told) => {
  const { page, control, world, product } = told;
  const isPlain = (text) => /^[\w .-]+$/.test(text);
  const groups = system(await world(), 'plant-a').groups.filter(({ Id }) => Id !== 'boiler-opcua');
  const before = groups.find(({ Name, Sessions }) => isPlain(Name) && Sessions.length >= 2 && Sessions.every(({ Id }) => isPlain(Id)));
  const isCritical = async (group) => (await openAlarms(product)).some(({ name, severity }) => name === group && severity === 'critical');
  const breaks = async (group, name, sessions) => {
    for (const session of sessions) await silent(control, session, group);
    await control('POST', '/clock/advance', { seconds: 600 });
    await eventually(async () => assert.ok(await isCritical(name), `${name} is critical`), 20_000);
  };
  await breaks(before.Id, before.Name, before.Sessions.map(({ Id }) => Id));
  await openWall(told, '/wall?distance=1.5&only=groups&connections=plant-a');
  await shownLive(page);
  await pass(page, control, 12);
  const isNew = (name) => tile(page, new RegExp(`^${name}: `)).getAttribute('data-new');
  assert.equal(await isNew(before.Name), null, 'what was there at first is no news');
  const boiler = 'Boiler House OPC UA';
  await breaks('boiler-opcua', boiler, ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']);
  // Nothing is asked meanwhile: the page's clock stands.
  await page.reload();
  await shownLive(page);
  await eventually(async () => assert.equal(await isNew(boiler), 'new'));
  assert.equal(await isNew(before.Name), null);
  // It has flashed for a moment only, so that nobody may have seen it.
  await page.reload();
  await shownLive(page);
  await eventually(async () => assert.equal(await isNew(boiler), 'new'));
  await pass(page, control, 45);
  assert.equal(await isNew(boiler), null);
  await page.reload();
  await shownLive(page);
  await pass(page, control, 2);
  assert.equal(await isNew(boiler), null, 'it was there before');
});

story('a failover, a silent source and its return are announced once and seen on the wall', async (told) => {
  const { page, visit, control, reread } = told;
  await visit('/wall?only=groups&connections=plant-a');
  await shownLive(page);
  await tiles(page).first().waitFor();
  const area = () => page.locator('.area').evaluate(({ offsetTop, offsetHeight }) => [offsetTop, offsetHeight]);
  const before = await area();
  await silent(control, 'BOIL-01.OpcUa');
  await control('POST', '/clock/advance', { seconds: 150 });
  const alert = page.getByRole('alert');
  const sentence = 'Boiler House OPC UA: BOIL-02.OpcUa has taken over from BOIL-01.OpcUa.';
  await alert.getByText(sentence).waitFor({ state: 'attached', timeout: 20_000 });
  await page.locator('.strip').filter({ hasText: sentence }).waitFor();
  assert.deepEqual(await area(), before, 'no tile moves for it');
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  // In steps: within a single one all the others would have been silent for as long.
  for (let step = 0; step < 4; step += 1) {
    await control('POST', '/observer/advance', { seconds: 5 });
    for (const connection of ['plant-a', 'plant-b', 'em']) await reread(connection);
  }
  await alert.getByText(/^Live.* does not answer: STALE\.$/).waitFor({ state: 'attached' });
  await control('DELETE', '/faults');
  await alert.getByText(/^Live.* answers again\.$/).waitFor({ state: 'attached', timeout: 20_000 });
  assert.equal(await alert.getByText(/does not answer: STALE/).count(), 1);
});

story('a new critical alarm is notified, where somebody wants it', async (told) => {
  const { page, control } = told;
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
  await openWall(told, '/wall?distance=1.5&only=groups');
  await shownLive(page);
  const shown = () => page.evaluate(() => globalThis.shown);
  await stir(page);
  const button = page.getByRole('button', { name: 'Notify' });
  await button.click();
  await eventually(async () => assert.equal(await button.getAttribute('aria-pressed'), 'true'));
  assert.deepEqual(await shown(), [], 'what was there at first is no news');
  await breakBoiler(control);
  await passUntil(page, control, 30, async () => (await shown()).length > 0);
  const boiler = (await shown()).filter(({ title }) => title === 'Boiler House OPC UA');
  assert.equal(boiler.length, 1);
  assert.match(boiler[0].body, /silent/i);
  await page.mouse.move(340, 300);
  await button.click();
  await eventually(async () => assert.equal(await button.getAttribute('aria-pressed'), 'false'));
});

story('a browser that blocks notifications is told of at the button', async ({ page, visit }) => {
  await page.addInitScript(() => {
    globalThis.Notification = class {
      static permission = 'denied';
    };
  });
  await visit('/wall');
  await stir(page);
  const button = page.getByRole('button', { name: 'Notify' });
  await button.waitFor();
  assert.equal(await button.isDisabled(), true);
  assert.equal(await button.getAttribute('title'), 'The browser blocks notifications for this page');
});

story('silence is shown', async ({ page, visit }) => {
  await visit('/wall');
  await stir(page);
  await page.getByRole('button', { name: 'Sound' }).click();
  await page.getByText('Muted', { exact: true }).waitFor();
  await page.reload();
  await page.getByText('Muted', { exact: true }).waitFor();
});

story('the screen is kept on, also after the browser has let it go, unless the address says no', async (told) => {
  const { page, control } = told;
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
  await openWall(told, '/wall');
  await passUntil(page, control, 10, async () => (await locks()).length === 1);
  assert.deepEqual(await locks(), ['screen held']);
  await page.evaluate(() => (globalThis.locks[0].released = true));
  await passUntil(page, control, 10, async () => (await locks()).length === 2);
  await pass(page, control, 5);
  assert.deepEqual(await locks(), ['screen released', 'screen held'], 'one at a time');
  await openWall(told, '/wall?awake=no');
  await pass(page, control, 5);
  assert.deepEqual(await locks(), []);
});

story('a browser that refuses to keep the screen on is told of for as long as it does', async (told) => {
  const { page, control } = told;
  await page.addInitScript(() => {
    globalThis.refuses = true;
    const request = async () => {
      if (globalThis.refuses) throw new DOMException('Battery saver', 'NotAllowedError');
      return Object.assign(new EventTarget(), { released: false, release: async () => undefined });
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request } });
  });
  await openWall(told, '/wall');
  await stir(page);
  await pass(page, control, 1);
  await page.getByRole('button', { name: 'Distance' }).click();
  const setUp = page.getByRole('region', { name: 'Set-up' });
  await setUp.getByText('The browser refused to keep the screen on (battery saver or frame permission).').waitFor();
  await page.evaluate(() => (globalThis.refuses = false));
  await passUntil(page, control, 10, () => setUp.getByText(/^The screen is kept on\./).isVisible());
});

story('nothing on the wall stays in one place for long', async (told) => {
  const { page, control } = told;
  await openWall(told, '/wall');
  await shownLive(page);
  const all = page.locator('main.wall > .all');
  const place = () => all.evaluate((one) => new DOMMatrix(getComputedStyle(one).transform)).then(({ e, f }) => [e, f]);
  const places = [await place()];
  for (let minute = 0; minute < 5; minute += 1) {
    await page.clock.fastForward(60_000);
    await pass(page, control, 1);
    places.push(await place());
  }
  assert.equal(new Set(places.map(String)).size, places.length, 'another place each minute');
  for (const [x, y] of places) assert.ok(Math.abs(x) <= 12 && Math.abs(y) <= 12, 'within 24 px');
});

story('a gateway that is gone covers the wall, and the wall comes back with it', async ({ page, product, visit, complaints }) => {
  complaints.expect(GATEWAY_GONE);
  await visit('/wall?distance=2');
  await shownLive(page);
  await product.stop();
  const cry = page.getByRole('alert').getByText('NO CONNECTION');
  await cry.waitFor({ timeout: 30_000 });
  await page.getByText(/^Last data at \d\d:\d\d:\d\d UTC$/).waitFor();
  await page.getByText(/^\d+ s ago$/).waitFor();
  const again = await start({ listen: new URL(product.url).host });
  try {
    await cry.waitFor({ state: 'hidden', timeout: 15_000 });
    await source(page, 'Plant A').filter({ hasText: 'live' }).waitFor();
  } finally {
    await again.stop();
  }
});

for (const [status, cry, words] of [
  [500, 'NO DATA', /^The gateway failed: .*500.* Nothing here is current\.$/],
  [403, 'NO DATA', /^The gateway failed: .*403.* Nothing here is current\.$/],
  [502, 'NO CONNECTION', /^The gateway does not answer\. Nothing here is current\.$/],
]) {
  story(`a wall whose proxy answers ${status} says ${cry} and sounds`, async ({ page, product, visit, control, complaints }) => {
    complaints.expect(new RegExp(`status of ${status}`));
    await listen(page);
    let isGone = false;
    const server = await proxy(product, (asked) => (isGone && asked.startsWith('/api/') ? status : undefined));
    try {
      await openWall({ page, visit }, `${server.url}/wall?distance=2`);
      await shownLive(page);
      await page.mouse.click(300, 300);
      await pass(page, control, 3);
      isGone = true;
      const alert = page.getByRole('alert').getByText(cry, { exact: true });
      await passUntil(page, control, 30, () => alert.isVisible());
      await page.getByText(words).waitFor();
      await passUntil(page, control, 30, async () => (await page.evaluate(() => globalThis.notes)).includes(988));
      isGone = false;
      await passUntil(page, control, 45, () => alert.isHidden());
    } finally {
      server.stop();
    }
  });
}

story('a wall whose clock stops is loaded anew, once a minute at most', async (told) => {
  const { page, control } = told;
  await openWall(told, '/wall');
  await shownLive(page);
  let loads = 0;
  page.on('load', () => (loads += 1));
  await pass(page, control, 70);
  assert.equal(loads, 0, 'a clock that goes on is left alone');
  // The worst that can happen to the console: nothing of it is left in the page.
  const breaks = () => page.evaluate(() => document.getElementById('console').remove());
  await breaks();
  await pass(page, control, 25);
  await eventually(() => assert.equal(loads, 1));
  await shownLive(page);
  await breaks();
  await pass(page, control, 30);
  assert.equal(loads, 1, 'not again within the minute');
  await pass(page, control, 35);
  await eventually(() => assert.equal(loads, 2));
});

story('a wall whose content is taken out of the page draws it again at once', async (told) => {
  const { page, control } = told;
  await openWall(told, '/wall');
  await shownLive(page);
  await page.evaluate(() => document.querySelector('main').remove());
  await pass(page, control, 2);
  await page.getByRole('heading', { level: 1, name: 'Status wall' }).waitFor({ state: 'attached' });
  await shownLive(page);
});

/**
 * Runs it behind a proxy, where another console can come to be served. `said` answers what is said in place of parts of an
 * inventory; `visits` counts the pages that were loaded.
 */
const behindProxy = async (product, served, run) => {
  const count = (path, { headers }) => {
    if (headers['sec-fetch-mode'] === 'navigate') served.visits = (served.visits ?? 0) + 1;
  };
  const replace = (path) => {
    const isInventory = path.startsWith('/api/inventory');
    if (!(isInventory || path === '/api/build') || !(served.build || served.said)) return undefined;
    return (told) => ({ ...told, build: served.build ?? told.build, ...(isInventory && served.said?.(told)) });
  };
  const server = await proxy(product, count, replace);
  try {
    await run(server.url);
  } finally {
    server.stop();
  }
};

/** Opens a wall, which is not loaded again by itself. Answers how often it was since. */
const steadyWall = async ({ page, control }, url) => {
  await openWall({ page, visit: (address) => page.goto(url + address) }, '/wall');
  await shownLive(page);
  let loads = 0;
  page.on('load', () => (loads += 1));
  await pass(page, control, 65);
  assert.equal(loads, 0, 'the same console is left alone');
  return () => loads;
};

story('a wall loads itself anew once the gateway serves another console', async ({ page, product, control, reread }) => {
  const served = {};
  await behindProxy(product, served, async (url) => {
    const loads = await steadyWall({ page, control }, url);
    served.build = 'another';
    await eventually(async () => {
      await pass(page, control, 10);
      assert.equal(loads(), 1);
    }, 30_000);
    // The minutes that passed in seconds left Uplynk behind. The page's first answer may have been on its way.
    await reread();
    const sources = page.getByRole('list', { name: 'Sources' });
    await sources.getByRole('listitem').first().waitFor();
    const live = sources.getByRole('listitem', { name: /: live/ });
    await passUntil(page, control, 10, async () => (await live.count()) === (await sources.getByRole('listitem').count()));
    await pass(page, control, 65);
    assert.equal(loads(), 1, 'what was loaded is what is served');
  });
});

story('a wall that cannot read what the gateway says loads itself anew once another console is served, and a page of the desk says so', async (told) => {
  const { page, product, control } = told;
  const served = {};
  await behindProxy(product, served, async (url) => {
    const loads = await steadyWall({ page, control }, url);
    // The new console can read what it is told.
    const { visits } = served;
    const said = () => (served.visits === visits ? { alarms: [{ severity: 'grave' }] } : {});
    Object.assign(served, { build: 'another', said });
    await eventually(async () => {
      await pass(page, control, 10);
      assert.equal(loads(), 1);
    }, 30_000);
    await page.getByRole('list', { name: 'Sources' }).getByRole('listitem').first().waitFor();
    await page.goto(`${url}/`);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    served.said = () => ({ alarms: [{ severity: 'grave' }] });
    const remedy = page.getByRole('alert').getByText(/^The gateway failed: .* Reload the page: the gateway may be of another version\./);
    await passUntil(page, control, 20, () => remedy.isVisible());
  });
});

story('a wall that cannot read what the gateway says has no data, and says why', async ({ page, product, control }) => {
  const served = {};
  await behindProxy(product, served, async (url) => {
    await openWall({ page, visit: (address) => page.goto(url + address) }, '/wall?distance=2');
    await shownLive(page);
    served.said = () => ({ alarms: [{ severity: 'grave' }] });
    const alert = page.getByRole('alert').getByText('NO DATA', { exact: true });
    await passUntil(page, control, 30, () => alert.isVisible());
    await page.getByText(/^The gateway failed: Unreadable response: .* Nothing here is current\.$/).waitFor();
    served.said = undefined;
    await passUntil(page, control, 45, () => alert.isHidden());
  });
});

story('an alarm of something that was not read since the gateway began is the last known, on the wall and on the Overview', { viewport: { width: 3840, height: 2160 } }, async (told) => {
  const { page, product, control } = told;
  await control('POST', '/reset', { scenario: 'incident' });
  await told.reread();
  // As a gateway says it that was started anew while Uplynk is silent.
  const said = ({ connections, resources }) => ({
    connections: connections?.map((one) => (one.id === 'live' ? { ...one, observed_at: undefined } : one)),
    resources: resources?.filter(({ connection }) => connection !== 'live'),
  });
  const held = [];
  let isHeld = true;
  await behindProxy(product, { said }, async (url) => {
    await page.route(/[/]console-main/, (route) => (isHeld ? held.push(route) : route.continue()));
    await page.goto(url, { waitUntil: 'commit' });
    const alarms = page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name: /: Critical, .*last known, an unknown time ago$/ });
    // Before the program is there, and by the program.
    await alarms.first().waitFor();
    isHeld = false;
    for (const route of held) await route.continue();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor({ state: 'attached' });
    await alarms.first().waitFor();
    await page.goto(`${url}/wall?distance=1&diagonal=65&only=slicers`);
    await tile(page, /: On slate, last known, NO DATA$/).first().waitFor();
    await total(page, /^[1-9]\d* critical$/).waitFor();
  });
});
