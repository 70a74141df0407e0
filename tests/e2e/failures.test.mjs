// What the vendors may answer instead of what was asked for: each is shown on its page in the
// vendor's own words, and the other systems go on.

import assert from 'node:assert/strict';
import { eventually, open, pass, passEventually, passUntil, story, whenRows } from './harness.mjs';
import { proxy } from './support/proxy.mjs';
import { PASSWORD, serve } from './support/served.mjs';
import { TITLES, path, system } from './support/worlds.mjs';

const card = (page) => page.getByRole('main').getByRole('region', { name: 'What went wrong' });

/** The vendor's words for a status, as the simulated system sends them. */
const AVEVA = {
  400: ['The request was refused.', 'The service refused the request.', 'Check the request.'],
  403: ['The request is not authorized.', 'The caller has no role that allows this operation.', 'Ask an administrator for access.'],
  409: ['The request conflicts with the current state.'],
  429: ['Too many requests.', 'The limit of requests was reached.'],
  500: ['An unexpected error occurred.', 'The service failed while it handled the request.'],
  503: ['The service is unavailable.', 'The service is starting or under maintenance.'],
};

for (const [status, words] of Object.entries(AVEVA)) {
  story(`AVEVA's ${status} is shown with its reason, resolution and operation id`, async ({ page, visit, complaints }) => {
    complaints.expect(new RegExp(`status of ${status}`));
    await visit(path('groups', 'plant-a', `fault-${status}`));
    await card(page).getByRole('heading', { name: `Plant A returned ${status}` }).waitFor();
    for (const text of words) await card(page).getByText(text, { exact: true }).waitFor();
    await card(page).getByText('Operation id', { exact: true }).waitFor();
    await card(page).getByRole('button', { name: 'Copy operation id' }).waitFor();
  });
}

story("AVEVA's 401 is the gateway's business, and is said to be", async ({ page, visit, complaints }) => {
  complaints.expect(/status of 502/);
  await visit(path('groups', 'plant-a', 'fault-401'));
  await card(page).getByRole('heading', { name: "Plant A refused the gateway's credentials" }).waitFor();
  await card(page).getByText("Plant A returned 401 to the gateway's own credentials").waitFor();
});

for (const status of [400, 403, 500, 503]) {
  story(`Uplynk's ${status} is shown`, async ({ page, visit, complaints }) => {
    complaints.expect(new RegExp(`status of ${status}`));
    await visit(path('slicers', 'live', `fault-${status}`));
    await card(page).getByRole('heading', { name: `Live channels returned ${status}` }).waitFor();
    assert.notEqual((await card(page).getByRole('paragraph').first().innerText()).trim(), '');
  });

  for (const connection of ['em', 'em-old']) {
    story(`Veeam's ${status} is shown for ${connection}`, async ({ page, visit, complaints }) => {
      complaints.expect(new RegExp(`status of ${status}`));
      await visit(path('failover-sessions', connection, `fault-${status}`));
      await card(page).getByRole('heading', { name: `${TITLES[connection]} returned ${status}` }).waitFor();
      assert.notEqual((await card(page).getByRole('paragraph').first().innerText()).trim(), '');
    });
  }
}

const PAGES = [
  { connection: 'plant-a', page: (fault) => path('groups', 'plant-a', fault) },
  { connection: 'live', page: (fault) => path('slicers', 'live', fault) },
  { connection: 'em', page: (fault) => path('failover-sessions', 'em', fault) },
  { connection: 'em-old', page: (fault) => path('failover-sessions', 'em-old', fault) },
];

for (const { connection, page: address } of PAGES) {
  for (const fault of ['malformed', 'html', 'empty']) {
    story(`${TITLES[connection]}: an answer that is ${fault} is called unreadable`, async ({ page, visit }) => {
      await visit(address(`fault-${fault}`));
      await card(page)
        .getByRole('heading', { name: `${TITLES[connection]} returned an unreadable response` })
        .waitFor();
    });
  }

  for (const fault of ['reset', 'truncated']) {
    story(`${TITLES[connection]}: an answer that is ${fault} is called out of reach`, async ({ page, visit, complaints }) => {
      complaints.expect(/status of 50[24]/);
      await visit(address(`fault-${fault}`));
      await card(page).getByRole('heading', { name: `Could not reach ${TITLES[connection]}` }).waitFor();
    });
  }
}

story('behind a proxy what the gateway says is not taken for the words of a vendor', async ({ page, product, complaints }) => {
  complaints.expect(/status of 50[24]/);
  complaints.expect(/status of 409/);
  const server = await proxy(product, () => undefined);
  try {
    await page.goto(`${server.url}${path('groups', 'plant-a', 'fault-reset')}`);
    await card(page).getByRole('heading', { name: 'Could not reach Plant A' }).waitFor();
    await page.goto(`${server.url}${path('groups', 'plant-a', 'fault-409')}`);
    await card(page).getByRole('heading', { name: 'Plant A returned 409' }).waitFor();
  } finally {
    server.stop();
  }
});

story('on a page that was not loaded securely, which has no clipboard, a copy says that it was not made', async ({ page, visit, complaints }) => {
  complaints.expect(/status of 403/);
  await page.addInitScript(() => {
    Object.defineProperty(window, 'isSecureContext', { value: false });
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
  });
  await visit(path('groups', 'plant-a', 'fault-403'));
  await card(page).getByRole('button', { name: 'Copy operation id' }).click();
  await card(page).getByText('The browser did not allow copying').waitFor();
});

story('a gateway that is not there at the start is asked again, and the console begins once it is', async ({ page, product, complaints }) => {
  complaints.expect(/status of 502/);
  let isGone = true;
  const server = await proxy(product, (path) => (isGone && path.startsWith('/api/') ? 502 : undefined));
  try {
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'Could not reach the gateway' }).waitFor();
    await page.getByText('Retrying automatically.').waitFor();
    isGone = false;
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  } finally {
    server.stop();
  }
});

story('the console that one attempt has opened stays as it is when another one answers later', async ({ page, product, complaints }) => {
  complaints.expect(/status of 502/);
  const held = [];
  let isGone = true;
  let isSlow = false;
  const server = await proxy(product, async (path) => {
    if (isGone && path.startsWith('/api/')) return 502;
    if (isSlow && path === '/api/inventory') await new Promise((release) => held.push(release));
    return undefined;
  });
  try {
    await page.goto(server.url);
    await page.getByText('Retrying automatically.').waitFor();
    await page.evaluate(() => {
      window.drawn = 0;
      const drawn = (node) => [node, ...(node.querySelectorAll?.('nav') ?? [])].filter((one) => one.matches?.('nav[aria-label=Main]'));
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes) for (const node of addedNodes) window.drawn += drawn(node).length;
      }).observe(document.body, { subtree: true, childList: true });
    });
    [isGone, isSlow] = [false, true];
    // The one that comes by itself, and the one that a person asks for.
    await eventually(() => assert.equal(held.length, 1));
    await page.getByRole('button', { name: 'Retry the gateway', exact: true }).click();
    held[0]();
    // The browser itself asks the same but once at a time.
    await eventually(() => assert.equal(held.length, 2));
    isSlow = false;
    const answered = page.waitForResponse('**/api/inventory');
    held[1]();
    await (await answered).finished();
    await page.getByRole('listitem', { name: /^Plant A: live/ }).waitFor();
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    assert.equal(await page.evaluate(() => window.drawn), 1);
  } finally {
    server.stop();
  }
});

story('a slow answer is waited for, and said to be', async ({ page, visit }) => {
  await visit(path('groups', 'plant-a', 'fault-slow'));
  await page.getByRole('status').filter({ hasText: 'Loading from Plant A' }).waitFor();
  // Three answers one after the other, each four seconds late.
  await whenRows(page, 'Client sessions', (shown) => assert.equal(shown.length, 2), 25_000);
});

for (const fault of [
  { kind: 'html' },
  { kind: 'malformed' },
  { kind: 'empty' },
  { kind: 'truncated' },
  { kind: 'reset' },
  { kind: 'status', status: 500 },
]) {
  const what = fault.status ?? fault.kind;
  story(`while Plant A answers ${what}, the list says why, keeps what was known, and Plant B goes on`, async (told) => {
    const { page, world, control } = told;
    await open(told, '/groups');
    await control('POST', '/faults', { connection: 'plant-a', fault });
    await pass(page, control, 20);
    const note = page.getByRole('main').getByText(/This is the last known state, (19|2\d) s ago\.$/);
    await note.filter({ hasText: fault.status ? '500: ' : /Unreadable response: |Plant A/ }).waitFor();
    const held = await world();
    const of = (title, shown) => shown.filter((row) => row.Connection === title);
    await whenRows(page, 'Failover groups', (shown) => {
      assert.equal(of('Plant A', shown).length, system(held, 'plant-a').groups.length);
      assert.ok(of('Plant A', shown).every((row) => /^Unknown last known Normal, /.test(row.State)));
      assert.equal(of('Plant B', shown).length, system(held, 'plant-b').groups.length);
      assert.ok(of('Plant B', shown).every((row) => row.State === 'Normal'));
    });
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Slicers/ }).click();
    const slicers = system(held, 'live').groups.length;
    await whenRows(page, 'Slicer failover groups', (shown) => assert.equal(shown.length, slicers));
  });
}

story('what was known before a failure stays on the page, with its age', async (told) => {
  const { page, world, control } = told;
  await open(told, '/slicers');
  const total = system(await world(), 'live').groups.length;
  await whenRows(page, 'Slicer failover groups', (shown) => assert.equal(shown.length, total));
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  await told.reread();
  await pass(page, control, 20);
  await page.getByRole('main').getByText(/503: .*[^.]\. This is the last known state, (19|2\d) s ago\.$/).waitFor();
  await whenRows(page, 'Slicer failover groups', (shown) => {
    assert.equal(shown.length, total);
    assert.ok(shown.every((row) => /^Unknown last known Normal, (19|2\d) s ago$/.test(row.State)), JSON.stringify(shown[0]));
  });
});

for (const [place, word] of [['groups', 'Override silent'], ['slicers', 'On slate'], ['failover-sessions', 'Failed']]) {
  story(`an open page of ${place} keeps what was critical when its system falls silent, and says that it is the last known`, async (told) => {
    const { page, product, control, complaints, reread } = told;
    complaints.expect(/status of 503/);
    await control('PUT', '/scenario', { name: 'incident' });
    await reread();
    let resource;
    await eventually(async () => {
      const { resources } = await (await fetch(`${product.url}/api/inventory`)).json();
      resource = resources.find(({ verdict }) => verdict.word === word);
      assert.equal(resource?.verdict.severity, 'critical');
    });
    const { connection, id } = resource;
    await open(told, path(place, connection, id));
    const main = page.getByRole('main');
    const facts = main.getByRole('region', { name: / facts$/ });
    const tag = facts.locator('.tag[data-s="critical"]').filter({ hasText: word });
    await tag.waitFor();
    assert.equal(await facts.getByText(/^last known/).count(), 0);
    await control('POST', '/faults', { connection, fault: { kind: 'status', status: 503 } });
    // What was asked for before that may still come: its age begins then.
    await passUntil(page, control, 40, () => facts.getByText(/^last known, \d+ s ago$/).isVisible());
    await tag.waitFor();
    await main.getByText(/^This is the last known state, \d+ s ago\.$/).waitFor();
  });
}

for (const [address, api] of [
  ['/', '/api/activity'],
  ['/activity', '/api/activity'],
  ['/report', '/api/report'],
  ['/connections', '/api/alert-targets'],
]) {
  story(`${address} says that ${api} is being read, and of what can be read no more how old it is`, async ({ page, product, visit, complaints }) => {
    complaints.expect(/status of 503/);
    let release;
    let answer = new Promise((resolve) => (release = resolve));
    const server = await proxy(product, (path) => (path.startsWith(api) ? answer : undefined));
    try {
      await visit(`${server.url}${address}`);
      const main = page.getByRole('main');
      const loading = main.getByRole('status').filter({ hasText: /^Loading…$/ });
      await loading.waitFor();
      release();
      await loading.waitFor({ state: 'detached' });
      answer = 503;
      await page.getByRole('button', { name: 'Refresh now', exact: true }).click();
      await main.getByText(/^This is the last known state, (now|\d+ s ago)\.$/).waitFor();
    } finally {
      // A page goes on asking.
      await page.goto('about:blank').catch(() => undefined);
      server.stop();
    }
  });
}

story('a list whose system failed recovers by itself', async (told) => {
  const { page, control } = told;
  await open(told, '/slicers');
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 500 } });
  await told.reread();
  await pass(page, control, 20);
  const note = page.getByRole('main').getByText(/500: .*[^.]\. This is the last known state/);
  await note.waitFor();
  await control('DELETE', '/faults');
  await passEventually(page, control, () => note.waitFor({ state: 'detached', timeout: 100 }), 20_000);
  await whenRows(page, 'Slicer failover groups', (shown) => {
    assert.ok(shown.length > 0);
    assert.ok(shown.every((row) => row.State === 'Normal'));
  });
});

story('a system that has never answered has a card on its list', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const served = await serve();
  try {
    await page.goto(`${served.url}/sign-in?to=%2Fslicers`);
    await page.getByLabel('User name').fill('ann');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await card(page).getByRole('heading', { name: 'Could not reach Live' }).waitFor();
    await card(page).getByText('Retrying automatically.').waitFor();
    await page.getByRole('listitem', { name: 'Live: NO DATA, never read', exact: true }).waitFor();
    assert.equal(await page.getByText('There are no slicer').count(), 0, 'what was never read is not called empty');
    await page.getByRole('status').getByText('Nothing is known of Live', { exact: true }).waitFor();
    for (const name of ['All', 'Critical', 'Normal']) await page.getByRole('button', { name: `${name} –`, exact: true }).waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Overview/ }).click();
    await page.getByRole('region', { name: 'Uplynk slicers' }).getByText('not known').waitFor();
  } finally {
    // A page goes on asking.
    await page.goto('about:blank');
    await served.stop();
  }
});
