// Vendor errors: each is shown on its page with the vendor's own message, and the other systems keep working.

import assert from 'node:assert/strict';
import { eventually, open, pass, passEventually, passUntil, story, whenRows } from './harness.mjs';
import { proxy } from './support/proxy.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';
import { TITLES, path, system } from './support/worlds.mjs';

const card = (page) => page.getByRole('main').getByRole('region', { name: 'What went wrong' });

/** The texts of the simulated vendor's errors, by status. */
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

story("AVEVA's 401 is shown as a failure of the gateway's credentials", async ({ page, visit, complaints }) => {
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
    story(`${TITLES[connection]}: a response that is ${fault} is shown as unreadable`, async ({ page, visit }) => {
      await visit(address(`fault-${fault}`));
      await card(page)
        .getByRole('heading', { name: `${TITLES[connection]} returned an unreadable response` })
        .waitFor();
    });
  }

  for (const fault of ['reset', 'truncated']) {
    story(`${TITLES[connection]}: a response that is ${fault} is shown as unreachable`, async ({ page, visit, complaints }) => {
      complaints.expect(/status of 50[24]/);
      await visit(address(`fault-${fault}`));
      await card(page).getByRole('heading', { name: `Could not reach ${TITLES[connection]}` }).waitFor();
    });
  }
}

story("behind a proxy, the gateway's own errors are not mistaken for a vendor's", async ({ page, product, complaints }) => {
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

story('copying on an insecure page, which has no clipboard, shows that it failed', async ({ page, visit, complaints }) => {
  complaints.expect(/status of 403/);
  await page.addInitScript(() => {
    Object.defineProperty(window, 'isSecureContext', { value: false });
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
  });
  await visit(path('groups', 'plant-a', 'fault-403'));
  await card(page).getByRole('button', { name: 'Copy operation id' }).click();
  await card(page).getByText('The browser did not allow copying').waitFor();
});

story('a console that starts without a gateway retries, and starts once the gateway answers', async ({ page, product, complaints }) => {
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

story('a late answer to an earlier attempt does not restart the console', async ({ page, product, complaints }) => {
  complaints.expect(/status of 502/);
  const waiting = [];
  let isGone = true;
  let isSlow = false;
  const server = await proxy(product, async (path) => {
    if (isGone && path.startsWith('/api/')) return 502;
    if (isSlow && path === '/api/inventory') await new Promise((release) => waiting.push(release));
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
    // The automatic attempt, and the one that a person requests.
    await eventually(() => assert.equal(waiting.length, 1));
    await page.getByRole('button', { name: 'Retry the gateway', exact: true }).click();
    waiting[0]();
    // The browser itself sends identical requests one at a time.
    await eventually(() => assert.equal(waiting.length, 2));
    isSlow = false;
    const answered = page.waitForResponse('**/api/inventory');
    waiting[1]();
    await (await answered).finished();
    await page.getByRole('listitem', { name: /^Plant A: live/ }).waitFor();
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    assert.equal(await page.evaluate(() => window.drawn), 1);
  } finally {
    server.stop();
  }
});

story('a slow response is waited for, with a message', async ({ page, visit }) => {
  await visit(path('groups', 'plant-a', 'fault-slow'));
  await page.getByRole('status').filter({ hasText: 'Loading from Plant A' }).waitFor();
  // Three responses in sequence, each four seconds late.
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
  story(`while Plant A answers ${what}, the list shows why and keeps its groups, and Plant B is live`, async (fixtures) => {
    const { page, world, control } = fixtures;
    await open(fixtures, '/groups');
    await control('POST', '/faults', { connection: 'plant-a', fault });
    await pass(page, control, 20);
    const note = page.getByRole('main').getByText(/This is the last known state, (19|2\d) s ago\.$/);
    await note.filter({ hasText: fault.status ? '500: ' : /Unreadable response: |Plant A/ }).waitFor();
    const simulated = await world();
    const of = (title, shown) => shown.filter((row) => row.Connection === title);
    await whenRows(page, 'Failover groups', (shown) => {
      assert.equal(of('Plant A', shown).length, system(simulated, 'plant-a').groups.length);
      assert.ok(of('Plant A', shown).every((row) => /^Unknown last known Normal, /.test(row.State)));
      assert.equal(of('Plant B', shown).length, system(simulated, 'plant-b').groups.length);
      assert.ok(of('Plant B', shown).every((row) => row.State === 'Normal'));
    });
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Slicers/ }).click();
    const slicers = system(simulated, 'live').groups.length;
    await whenRows(page, 'Slicer failover groups', (shown) => assert.equal(shown.length, slicers));
  });
}

story('last known values stay on the page after a failure, with their age', async (fixtures) => {
  const { page, world, control } = fixtures;
  await open(fixtures, '/slicers');
  const total = system(await world(), 'live').groups.length;
  await whenRows(page, 'Slicer failover groups', (shown) => assert.equal(shown.length, total));
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  await fixtures.reread();
  await pass(page, control, 20);
  await page.getByRole('main').getByText(/503: .*[^.]\. This is the last known state, (19|2\d) s ago\.$/).waitFor();
  await whenRows(page, 'Slicer failover groups', (shown) => {
    assert.equal(shown.length, total);
    assert.ok(shown.every((row) => /^Unknown last known Normal, (19|2\d) s ago$/.test(row.State)), JSON.stringify(shown[0]));
  });
});

for (const [place, word] of [['groups', 'Override silent'], ['slicers', 'On slate'], ['failover-sessions', 'Failed']]) {
  story(`a ${place} page keeps a critical state as last known when its system falls silent`, async (fixtures) => {
    const { page, product, control, complaints, reread } = fixtures;
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
    await open(fixtures, path(place, connection, id));
    const main = page.getByRole('main');
    const facts = main.getByRole('region', { name: / facts$/ });
    const tag = facts.locator('.tag[data-s="critical"]').filter({ hasText: word });
    await tag.waitFor();
    assert.equal(await facts.getByText(/^last known/).count(), 0);
    await control('POST', '/faults', { connection, fault: { kind: 'status', status: 503 } });
    // Responses to earlier requests may still arrive: the age starts with them.
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
  story(`${address} shows when ${api} is loading, and the age of its data once it fails`, async ({ page, product, visit, complaints }) => {
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
      // The page polls until it is left.
      await page.goto('about:blank').catch(() => undefined);
      server.stop();
    }
  });
}

story('a list recovers automatically after its system failed', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/slicers');
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 500 } });
  await fixtures.reread();
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

story('a system that has never answered has an error card on its list', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const gateway = await serve();
  try {
    await page.goto(`${gateway.url}/sign-in?to=%2Fslicers`);
    await page.getByLabel('User name').fill('ann');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await card(page).getByRole('heading', { name: 'Could not reach Live' }).waitFor();
    await card(page).getByText('Retrying automatically.').waitFor();
    await page.getByRole('listitem', { name: 'Live: NO DATA, never read', exact: true }).waitFor();
    assert.equal(await page.getByText('There are no slicer').count(), 0, 'a list that was never read is not shown as empty');
    await page.getByRole('status').getByText('No data from Live yet', { exact: true }).waitFor();
    for (const name of ['All', 'Critical', 'Normal']) await page.getByRole('button', { name: `${name} –`, exact: true }).waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Overview/ }).click();
    await page.getByRole('region', { name: 'Uplynk slicers' }).getByText('not known').waitFor();
  } finally {
    // The page polls until it is left.
    await page.goto('about:blank');
    await gateway.stop();
  }
});
