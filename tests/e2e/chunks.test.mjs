// The program is loaded in chunks: those of the first page at once, the others on demand.

import assert from 'node:assert/strict';
import { accessible, eventually, START, story } from './harness.mjs';
import { CUT, proxy } from './support/proxy.mjs';
import { recordShifts, shifts } from './support/layout-shifts.mjs';
import { path, plain, sessions, system } from './support/worlds.mjs';

/** Whether a path is a chunk or piece of the program that the first page does not need. */
const isPiece = (path) => /\.(wasm|bin)$/.test(path) && !path.startsWith('/console-');

/** Whether a path is the bundle of a chunk, or the piece that belongs to it alone. */
const isOwn = (path, chunk) => new RegExp(`^/(bundle-${chunk}-[0-9a-f]{16}\\.bin|${chunk}-[0-9a-f]{16}\\.wasm)$`).test(path);

/** The paths that a page requests. */
const requestedPaths = (page) => {
  const requested = [];
  page.on('request', (request) => requested.push(new URL(request.url()).pathname));
  return requested;
};

/** A promise that is resolved on demand. */
const deferred = () => {
  let release;
  const awaited = new Promise((resolve) => (release = resolve));
  return { awaited, release };
};

const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

story('the first visit fetches what the Overview needs, and all other chunks once the page is idle', async ({ page, visit }) => {
  const requested = requestedPaths(page);
  await visit('/');
  await heading(page, 'Overview').waitFor();
  await eventually(() => assert.ok(requested.some(isPiece)));
  const first = requested.slice(0, requested.findIndex(isPiece)).filter((path) => !path.startsWith('/api/'));
  const kinds = new Set(first.map((path) => path.replace(/-[0-9a-f]{16}\./, '.')));
  kinds.delete('/icon.svg');
  assert.deepEqual([...kinds].sort(), ['/', '/console-main.wasm', '/console.js']);
  await eventually(() => {
    const pieces = requested.filter(isPiece);
    for (const name of ['activity', 'alarm_dialogs', 'connections', 'failover_session', 'failover_sessions', 'group', 'group_dialogs', 'group_session', 'groups', 'pairing', 'report', 'session_tools', 'sign_in', 'slicer_dialogs', 'slicer_group', 'slicers', 'wall']) {
      assert.ok(pieces.some((path) => isOwn(path, name)), name);
    }
    assert.equal(pieces.length, new Set(pieces).size, 'each once');
  });
});

story('a page opened by its address fetches its own chunk with the program, each file once', async ({ page, product, world }) => {
  const requested = requestedPaths(page);
  const { groups } = (await world()).systems['plant-a'];
  const pages = {
    activity: '/activity', connections: '/connections', groups: '/groups', group: path('groups', 'plant-a', groups[0].Id),
    failover_sessions: '/failover-sessions', report: '/report', slicers: '/slicers', wall: '/wall',
  };
  for (const [chunk, address] of Object.entries(pages)) {
    const program = deferred();
    const server = await proxy(product, (path) => (path.startsWith('/console-main') ? program.awaited : undefined));
    try {
      await page.goto(`${server.url}${address}`, { waitUntil: 'commit' });
      await eventually(() => assert.ok(requested.some((path) => isOwn(path, chunk)), chunk));
      program.release();
      await page.locator('#console h1').first().waitFor({ state: 'attached' });
      await page.getByText('Loading this page…').waitFor({ state: 'detached' });
      const pieces = requested.filter(isPiece);
      assert.deepEqual(pieces.filter((one, at) => pieces.indexOf(one) !== at), [], `${address}: each once`);
    } finally {
      program.release();
      // The page would continue to fetch chunks while idle.
      await page.goto('about:blank');
      requested.length = 0;
      server.stop();
    }
  }
});

story('the first data is requested once, while the program is loading', async ({ page, product }) => {
  const requested = requestedPaths(page);
  const program = deferred();
  const server = await proxy(product, (path) => (path.startsWith('/console-main') ? program.awaited : undefined));
  const times = (path) => requested.filter((one) => one === path).length;
  try {
    await page.goto(server.url, { waitUntil: 'commit' });
    await page.getByText('Loading the console.').waitFor();
    await eventually(() => assert.deepEqual([times('/api/session'), times('/api/inventory')], [1, 1]));
    program.release();
    await heading(page, 'Overview').waitFor();
    assert.equal(await page.getByText('Loading the console.').count(), 0);
    assert.deepEqual([times('/api/session'), times('/api/inventory')], [1, 1]);
  } finally {
    program.release();
    server.stop();
  }
});

/** The pages of one resource of each system: their addresses, and the endings of their requests to the vendor. */
async function resourcePages(world) {
  const simulated = await world();
  const [group] = system(simulated, 'plant-a').groups;
  const [session] = sessions(simulated, 'em');
  const ofGroup = `/clientfailover/groups/${encodeURIComponent(group.Id)}`;
  return {
    group: [path('groups', 'plant-a', group.Id), [ofGroup, `${ofGroup}/status`, `${ofGroup}/clientsessions`]],
    slicers: [path('slicers', 'live', system(simulated, 'live').groups[0].id), ['/failover-groups']],
    session: [path('failover-sessions', 'em', session.guid), [`/failoverSessions/${session.guid}`]],
  };
}

/** How many requests to a vendor end with each of these. */
const relayed = (requested, ends) => ends.map((end) => requested.filter((one) => one.startsWith('/relay/') && one.endsWith(end)).length);

/** Opens a page whose program is delayed. `whileDelayed` gets the answered paths and a function that loads it. */
async function openDelayed({ page, product, address, later }, whileDelayed) {
  const program = deferred();
  const server = await proxy(product, (path) => (path.startsWith('/console-main') ? program.awaited : undefined));
  const answers = [];
  page.on('requestfinished', (request) => answers.push(new URL(request.url()).pathname));
  try {
    await page.goto(`${server.url}${address}`, { waitUntil: 'commit' });
    await whileDelayed(answers, async () => {
      // The browser's clock only moves here.
      await page.clock.setFixedTime(Date.parse(START) + later);
      program.release();
      await page.locator('#console h1').waitFor();
      await page.getByText('Loading this page…').waitFor({ state: 'detached' });
    });
  } finally {
    program.release();
    await page.goto('about:blank');
    server.stop();
  }
}

for (const [kind, title] of Object.entries({ group: 'group', slicers: 'slicer group', session: 'failover session' })) {
  story(`a ${title} page requests its vendor data once, while the program is loading`, async ({ page, product, world }) => {
    const requested = requestedPaths(page);
    const [address, ends] = (await resourcePages(world))[kind];
    await openDelayed({ page, product, address, later: 7_000 }, async (answers, release) => {
      const once = ends.map(() => 1);
      await eventually(() => assert.deepEqual(relayed(answers, ends), once));
      await release();
      await page.getByRole('region', { name: /^(Sessions|Slicer order|Session facts)$/ }).waitFor();
      assert.deepEqual(relayed(requested, ends), once);
      if (kind !== 'group') return;
      // Ages include the time that the response has waited.
      const [, at, age] = /(\d\d:\d\d:\d\d) (\d+) s ago/.exec(await page.getByRole('region', { name: 'Group facts' }).innerText().then((text) => text.replace(/\s+/g, ' ')));
      const now = Date.parse(`${START.slice(0, 10)}T${at}Z`) + Number(age) * 1_000;
      assert.ok(Math.abs(now - Date.parse(START) - 7_000) <= 1_000, `${at}, ${age} s ago`);
    });
  });
}

story('vendor data read long before the program is loaded is requested again', async ({ page, product, world }) => {
  const requested = requestedPaths(page);
  const [address, ends] = (await resourcePages(world)).group;
  await openDelayed({ page, product, address, later: 11_000 }, async (answers, release) => {
    await eventually(() => assert.deepEqual(relayed(answers, ends), [1, 1, 1]));
    await release();
    await page.getByRole('table', { name: 'Client sessions' }).getByRole('row', { name: /Primary/ }).waitFor();
    assert.deepEqual(relayed(requested, ends), [2, 2, 2]);
  });
});

story('a vendor error received before the program is loaded is shown', async ({ page, product, world, control, complaints }) => {
  complaints.expect(/Failed to load resource/);
  const [address, ends] = (await resourcePages(world)).group;
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'status', status: 503 } });
  await openDelayed({ page, product, address, later: 0 }, async (answers, release) => {
    await eventually(() => assert.deepEqual(relayed(answers, ends), [1, 1, 1]));
    await release();
    await page.getByText(/HTTP status 503|503 Service Unavailable/).first().waitFor();
  });
});

/**
 * Each alarm row's texts, link and position: on a wide page exactly; on a narrower one, where the program's buttons may
 * make a row higher, only the top of visible rows; on a phone, where the buttons have lines of their own, none.
 */
const alarmRows = (page, width) =>
  page.locator('ol[aria-label="Alarms"] > li').evaluateAll((rows, width) =>
    rows.map((row) => {
      const text = (selector) => row.querySelector(selector)?.textContent.trim() ?? '';
      const { top, height } = row.getBoundingClientRect();
      return {
        label: row.getAttribute('aria-label'),
        texts: ['.tag', '.what', '.dim', 'time b', 'time small', '.known'].map(text),
        fresh: [...row.children].map((part) => part.getAttribute('data-fresh')).slice(0, 3),
        folded: row.querySelector(':scope > p.more, :scope > details.more > summary')?.textContent ?? '',
        opens: [...row.querySelectorAll('.acts a')].find((link) => link.textContent.startsWith('Open')).href,
        place: width > 1024 ? [top, height].map(Math.round) : width > 640 && top < innerHeight && Math.round(top),
      };
    }), width,
  );

for (const width of [1440, 1024, 390]) {
  story(`alarms are shown before the program is loaded, with the same texts, at ${width} pixels`, { viewport: { width, height: 900 }, watchSeconds: 300 }, async ({ page, product, control, reread }) => {
    await control('POST', '/reset', { scenario: 'incident' });
    // What is known of a lost source is no longer current.
    await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'status', status: 503 } });
    await control('POST', '/clock/advance', { seconds: 120 });
    await reread();
    await eventually(async () => {
      const { alarms } = await (await fetch(`${product.url}/api/inventory`)).json();
      assert.ok(alarms.length > 10);
    });
    const program = deferred();
    const server = await proxy(product, (path) => (path.startsWith('/console-main') ? program.awaited : undefined));
    await page.addInitScript(recordShifts, true);
    try {
      await page.goto(server.url, { waitUntil: 'commit' });
      const list = page.getByRole('list', { name: 'Alarms' });
      await list.waitFor();
      await page.getByText(/^\d+ open, worst first\. As of .*; not refreshed until the console is loaded\.$/).waitFor();
      // The page gets its heading from the program: it shows that the page is operable.
      await accessible(page, ['page-has-heading-one']);
      const early = await alarmRows(page, width);
      assert.ok(early.length > 5);
      await page.getByText('DEMO', { exact: true }).waitFor();
      program.release();
      await heading(page, 'Overview').waitFor();
      await eventually(async () => assert.deepEqual(await alarmRows(page, width), early));
      assert.deepEqual(await shifts(page), [], 'nothing moves when the alarms and the program come');
    } finally {
      program.release();
      server.stop();
    }
  });
}

story('a resource page shows its alarm before the program and before its own chunk are loaded', { watchSeconds: 300 }, async ({ page, product, control, world, reread }) => {
  await control('POST', '/reset', { scenario: 'incident' });
  await reread();
  const { alarms } = await (await fetch(`${product.url}/api/inventory`)).json();
  const { resource, name, sentence } = alarms.find(({ resource }) => resource.kind === 'failover_group');
  const [program, piece] = [deferred(), deferred()];
  const server = await proxy(product, (path) => {
    if (path.startsWith('/console-main')) return program.awaited;
    return isOwn(path, 'group') ? piece.awaited : undefined;
  });
  const list = page.getByRole('region', { name: 'Needs attention' }).getByRole('list', { name: 'Alarms' });
  try {
    await page.goto(`${server.url}${path('groups', resource.connection, resource.id)}`, { waitUntil: 'commit' });
    await list.getByRole('listitem').filter({ hasText: sentence }).waitFor();
    assert.equal(await list.getByRole('listitem').count(), 1);
    await page.getByText(/^1 open, worst first\. As of .*; not refreshed until the console is loaded\.$/).waitFor();
    await accessible(page, ['page-has-heading-one']);
    program.release();
    await page.getByText('Loading this page…').waitFor();
    await list.getByRole('listitem').filter({ hasText: sentence }).waitFor();
    assert.equal(await list.getByRole('listitem').count(), 1);
    // Buttons are absent: the arriving page would close their dialog and discard its input, and Open leads to this
    // page.
    assert.equal(await list.getByRole('button', { name: /^(Acknowledge|Note|Withdraw|Open)/ }).count(), 0);
    await accessible(page);
    piece.release();
    await heading(page, plain(name)).waitFor();
    await page.getByRole('region', { name: 'Group facts' }).waitFor();
    assert.equal(await list.count(), 0);
    // The page of a resource without an alarm shows no alarm meanwhile.
    const well = system(await world(), 'plant-b').groups.find(({ Id }) => !alarms.some((alarm) => alarm.resource.id === Id));
    await page.goto(`${server.url}${path('groups', 'plant-b', well.Id)}`);
    await heading(page, plain(well.Name)).waitFor();
    assert.equal(await list.count(), 0);
  } finally {
    program.release();
    piece.release();
    server.stop();
  }
});

story('a resource page that cannot be loaded says so, and shows its alarm', { watchSeconds: 300 }, async ({ page, product, control, complaints, reread }) => {
  complaints.expect(/status of 404/);
  await control('POST', '/reset', { scenario: 'incident' });
  await reread();
  const { alarms } = await (await fetch(`${product.url}/api/inventory`)).json();
  const { resource, sentence } = alarms.find(({ resource }) => resource.kind === 'failover_group');
  const server = await proxy(product, (path) => (isPiece(path) ? 404 : undefined));
  const list = page.getByRole('region', { name: 'Needs attention' }).getByRole('list', { name: 'Alarms' });
  try {
    await page.goto(`${server.url}${path('groups', resource.connection, resource.id)}`);
    await page.getByRole('alert', { name: 'What went wrong' }).getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
    await list.getByRole('listitem').filter({ hasText: sentence }).waitFor();
    assert.equal(await list.getByRole('listitem').count(), 1);
    await accessible(page);
  } finally {
    server.stop();
  }
});

story('alarms shown before the program is loaded age, and become last known', async ({ page, product, control, reread }) => {
  await control('POST', '/reset', { scenario: 'incident' });
  await reread();
  const program = deferred();
  const server = await proxy(product, (path) => (path.startsWith('/console-main') ? program.awaited : undefined));
  try {
    await page.goto(server.url, { waitUntil: 'commit' });
    const first = page.getByRole('list', { name: 'Alarms' }).getByRole('listitem').first();
    await first.waitFor();
    await page.clock.setFixedTime(Date.parse(START) + 90_000);
    await page.getByText(/As of 1 min \d+ s ago;/).waitFor();
    await first.getByText(/^last known, 1 min/).waitFor();
    await page.getByText('Loading the console.').waitFor();
  } finally {
    program.release();
    server.stop();
  }
});

story('a filtered Overview shows no alarms before the program is loaded', async ({ page, product, control, reread }) => {
  await control('POST', '/reset', { scenario: 'incident' });
  await reread();
  const program = deferred();
  const answers = [];
  page.on('response', (response) => answers.push(new URL(response.url()).pathname));
  const server = await proxy(product, (path) => (path.startsWith('/console-main') ? program.awaited : undefined));
  try {
    await page.goto(`${server.url}/?system=uplynk`, { waitUntil: 'commit' });
    await eventually(() => assert.ok(['/api/session', '/api/inventory'].every((path) => answers.includes(path))));
    // By then they would be shown.
    await page.evaluate(async () => {
      for (const { response } of await Promise.all(Object.values(window.firstAnswers))) await response.clone().text();
      for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    });
    assert.equal(await page.getByRole('list', { name: 'Alarms' }).count(), 0);
    program.release();
    await page.getByRole('list', { name: 'Alarms' }).waitFor();
  } finally {
    program.release();
    server.stop();
  }
});

story('a truncated first response is requested again, and an error of the gateway is shown', async ({ page, product, complaints }) => {
  complaints.expect(/ERR_INVALID_RESPONSE|ERR_EMPTY_RESPONSE|ERR_CONNECTION|Failed to load resource/);
  const first = [CUT, 503];
  const server = await proxy(product, (path) => (path === '/api/inventory' ? first.shift() : undefined));
  try {
    await page.goto(server.url);
    await page.getByText(/HTTP status 503/).waitFor();
    assert.deepEqual(first, []);
    await page.getByRole('button', { name: 'Retry the gateway', exact: true }).click();
    await heading(page, 'Overview').waitFor();
    await page.getByRole('heading', { level: 2, name: 'Needs attention' }).waitFor();
  } finally {
    server.stop();
  }
});

story('a page opened by its address is loaded as one file, and the next one only loads missing pieces', async ({ page, product }) => {
  const requested = [];
  const server = await proxy(product, (path) => {
    if (isPiece(path)) requested.push(path);
  });
  try {
    await page.goto(`${server.url}/slicers`);
    await page.getByRole('table', { name: 'Slicer failover groups' }).waitFor();
    assert.match(requested[0], /^\/bundle-slicers-/);
    await page.getByRole('link', { name: /^Groups/ }).click();
    await page.getByRole('table', { name: 'Failover groups' }).waitFor();
    const pieces = requested.filter((path) => path.endsWith('.wasm'));
    assert.ok(pieces.some((path) => isOwn(path, 'groups')), 'most pieces are already loaded');
    assert.ok(!requested.some((path) => path.startsWith('/bundle-groups-')));
    assert.equal(pieces.length, new Set(pieces).size);
  } finally {
    server.stop();
  }
});

story('hovering over or focusing a link fetches its page', async ({ page, product }) => {
  const groups = deferred();
  const requested = [];
  const isAsked = (chunk) => requested.some((path) => isOwn(path, chunk));
  const server = await proxy(product, (path) => {
    if (!isPiece(path)) return undefined;
    requested.push(path);
    // The first fetch of the idle page stays open, so that it fetches nothing else.
    return isOwn(path, 'groups') ? groups.awaited : undefined;
  });
  try {
    await page.goto(server.url);
    await heading(page, 'Overview').waitFor();
    await eventually(() => assert.ok(isAsked('groups')));
    assert.ok(!isAsked('connections') && !isAsked('activity'));
    await page.getByRole('link', { name: 'Connections' }).hover();
    await eventually(() => assert.ok(isAsked('connections')));
    assert.ok(!isAsked('activity'));
    await page.getByRole('link', { name: 'Activity', exact: true }).focus();
    await eventually(() => assert.ok(isAsked('activity')));
    await heading(page, 'Overview').waitFor();
  } finally {
    groups.release();
    server.stop();
  }
});

story('a page that cannot be loaded says so, Retry loads it, and the rest of the console still works', async ({ page, product, complaints }) => {
  complaints.expect(/status of 404/);
  let isGone = true;
  const server = await proxy(product, (path) => (isGone && isPiece(path) ? 404 : undefined));
  const card = page.getByRole('alert', { name: 'What went wrong' });
  try {
    await page.goto(server.url);
    await page.getByRole('link', { name: /^Slicers/ }).click();
    await card.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
    await heading(page, 'Slicers').waitFor();
    await page.getByRole('listitem', { name: /^Plant A: live/ }).waitFor();
    await page.getByRole('link', { name: 'Overview', exact: true }).click();
    await heading(page, 'Overview').waitFor();
    await page.getByRole('heading', { level: 2, name: 'Needs attention' }).waitFor();
    await page.goBack();
    await card.waitFor();
    await card.getByRole('button', { name: 'Retry' }).click();
    await card.getByRole('button', { name: 'Retry' }).waitFor();
    isGone = false;
    await card.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('table', { name: 'Slicer failover groups' }).waitFor();
    await card.waitFor({ state: 'detached' });
  } finally {
    server.stop();
  }
});

story('a page whose chunk does not arrive in time says so, and Retry loads it', async ({ page, product }) => {
  const pieces = deferred();
  const server = await proxy(product, (path) => (isPiece(path) ? pieces.awaited : undefined));
  const card = page.getByRole('alert', { name: 'What went wrong' });
  try {
    await page.goto(server.url);
    await page.getByRole('link', { name: /^Slicers/ }).click();
    await page.getByText('Loading this page…').waitFor();
    await page.clock.fastForward(60_000);
    await card.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
    pieces.release();
    await card.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('table', { name: 'Slicer failover groups' }).waitFor();
  } finally {
    pieces.release();
    server.stop();
  }
});

story('a chunk that arrives slowly is loaded, unless nothing more of it arrives for 20 s', async ({ page, product }) => {
  const others = deferred();
  let [chunk, parts, sent] = [];
  const writeSlowly = async (body, response) => {
    const size = Math.ceil(body.length / parts.length);
    for (const [number, { awaited }] of parts.entries()) {
      await awaited;
      if (response.destroyed) return;
      response.write(body.subarray(number * size, (number + 1) * size));
      sent = Math.min((number + 1) * size, body.length);
    }
    response.end();
  };
  const server = await proxy(product, (path) => {
    if (isOwn(path, chunk)) return writeSlowly;
    return isPiece(path) ? others.awaited : undefined;
  });
  await page.addInitScript(() => {
    window.received_ = 0;
    const { read } = ReadableStreamDefaultReader.prototype;
    ReadableStreamDefaultReader.prototype.read = async function () {
      const step = await read.call(this);
      window.received_ += step.value?.length ?? 0;
      return step;
    };
  });
  try {
    for (const [name, number, rest, shown] of [
      ['slicers', 4, 15_000, page.getByRole('table', { name: 'Slicer failover groups' })],
      ['groups', 1, 20_000, page.getByRole('heading', { name: 'This page could not be loaded' })],
    ]) {
      [chunk, parts, sent] = [name, Array.from({ length: 4 }, deferred), 0];
      await page.goto(`${server.url}/${name}`, { waitUntil: 'commit' });
      await page.getByText('Loading this page…').waitFor();
      for (const { release } of parts.slice(0, number)) {
        release();
        await eventually(async () => assert.ok(sent > 0 && (await page.evaluate(() => window.received_)) === sent));
        await page.clock.fastForward(rest);
      }
      await shown.waitFor();
    }
  } finally {
    others.release();
    for (const { release } of parts) release();
    await page.goto('about:blank');
    server.stop();
  }
});

story('a page that cannot be loaded says so, even if a pop-up waiting for its chunk was closed', async ({ page, product, complaints }) => {
  complaints.expect(/status of 404/);
  const pieces = deferred();
  const server = await proxy(product, (path) => (isPiece(path) ? pieces.awaited.then(() => 404) : undefined));
  try {
    await page.goto(server.url);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Connections/ }).click();
    await page.getByText('Loading this page…').waitFor();
    // The pop-up of a source shows a part of the same chunk.
    await page.getByRole('list', { name: 'Sources' }).getByRole('button', { name: /^Plant A: / }).click();
    const popUp = page.getByRole('group', { name: 'Plant A', exact: true });
    await popUp.getByText('Loading…').waitFor({ state: 'attached' });
    await page.keyboard.press('Escape');
    await popUp.getByText('Loading…').waitFor({ state: 'detached' });
    pieces.release();
    await page.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
  } finally {
    pieces.release();
    server.stop();
  }
});

story('a chunk that arrives late does not replace the page opened since', async ({ page, product }) => {
  const pieces = deferred();
  const server = await proxy(product, (path) => (isPiece(path) ? pieces.awaited : undefined));
  try {
    await page.goto(server.url);
    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await page.getByText('Loading this page…').waitFor();
    await heading(page, 'Activity').waitFor();
    await page.getByRole('link', { name: 'Overview', exact: true }).click();
    await heading(page, 'Overview').waitFor();
    // An idle page fetches this chunk last: by then the other one is loaded, and would be shown.
    const last = page.waitForEvent('request', (request) => isOwn(new URL(request.url()).pathname, 'wall'));
    const come = page.waitForEvent('requestfinished', (request) => isOwn(new URL(request.url()).pathname, 'activity'));
    pieces.release();
    await come;
    await last;
    await heading(page, 'Overview').waitFor();
    await page.getByRole('heading', { level: 2, name: 'Needs attention' }).waitFor();
    assert.equal(await page.getByText('Loading this page…').count(), 0);
    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
    await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'main'));
  } finally {
    server.stop();
  }
});

story('a wall that cannot be loaded says so in full screen, and Retry loads it', async ({ page, product, complaints }) => {
  complaints.expect(/status of 503/);
  let isGone = true;
  const server = await proxy(product, (path) => (isGone && isPiece(path) ? 503 : undefined));
  try {
    await page.goto(`${server.url}/wall`);
    await page.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
    isGone = false;
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('heading', { level: 1, name: 'Status wall' }).waitFor({ state: 'attached' });
  } finally {
    server.stop();
  }
});

story('a dialog that cannot be loaded says so in a dialog, and Retry opens it', async ({ page, product, control, complaints }) => {
  complaints.expect(/status of 404/);
  let isGone = true;
  const server = await proxy(product, (path) => (isGone && isPiece(path) ? 404 : undefined));
  const dialog = page.getByRole('dialog');
  try {
    for (const session of ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']) {
      await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session), { silent: true });
    }
    await control('POST', '/clock/advance', { seconds: 600 });
    await page.goto(server.url);
    const alarm = page.getByRole('listitem', { name: /^Boiler House OPC UA: Critical/ });
    const acknowledge = alarm.getByRole('button', { name: /^Acknowledge/ });
    await acknowledge.click({ timeout: 20_000 });
    await dialog.getByRole('heading', { name: 'This dialog could not be loaded' }).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
    await acknowledge.click();
    await dialog.getByRole('heading', { name: 'This dialog could not be loaded' }).waitFor();
    isGone = false;
    await dialog.getByRole('button', { name: 'Retry' }).click();
    await dialog.getByLabel('Reason').waitFor();
    await heading(page, 'Overview').waitFor();
  } finally {
    server.stop();
  }
});
