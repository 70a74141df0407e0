// What the vendors may answer instead of what was asked for: each is shown on its page in the
// vendor's own words, and the other systems go on.

import assert from 'node:assert/strict';
import { story, whenRows } from './harness.mjs';
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
    await card(page).getByRole('heading', { name: `Plant A said no: ${status}` }).waitFor();
    for (const text of words) await card(page).getByText(text, { exact: true }).waitFor();
    await card(page).getByText('Operation id', { exact: true }).waitFor();
    await card(page).getByRole('button', { name: 'Copy operation id' }).waitFor();
  });
}

story("AVEVA's 401 is the gateway's business, and is said to be", async ({ page, visit, complaints }) => {
  complaints.expect(/status of 502/);
  await visit(path('groups', 'plant-a', 'fault-401'));
  await card(page).getByRole('heading', { name: 'Could not reach Plant A' }).waitFor();
  await card(page).getByText("Plant A answered 401 to the gateway's own credentials").waitFor();
});

for (const status of [400, 403, 500, 503]) {
  story(`Uplynk's ${status} is shown`, async ({ page, visit, complaints }) => {
    complaints.expect(new RegExp(`status of ${status}`));
    await visit(path('slicers', 'live', `fault-${status}`));
    await card(page).getByRole('heading', { name: `Live channels said no: ${status}` }).waitFor();
    assert.notEqual((await card(page).getByRole('paragraph').first().innerText()).trim(), '');
  });

  for (const connection of ['em', 'em-old']) {
    story(`Veeam's ${status} is shown for ${connection}`, async ({ page, visit, complaints }) => {
      complaints.expect(new RegExp(`status of ${status}`));
      await visit(path('failover-sessions', connection, `fault-${status}`));
      await card(page).getByRole('heading', { name: `${TITLES[connection]} said no: ${status}` }).waitFor();
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
        .getByRole('heading', { name: `${TITLES[connection]} answered with something that cannot be read` })
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

story('a slow answer is waited for, and said to be', async ({ page, visit }) => {
  await visit(path('groups', 'plant-a', 'fault-slow'));
  await page.getByRole('status').filter({ hasText: 'Asking Plant A' }).waitFor();
  // Three answers one after the other, each four seconds late.
  await whenRows(page, 'Client sessions', (shown) => assert.equal(shown.length, 2), 25_000);
});

for (const [fault, complaint] of [
  [{ kind: 'html' }],
  [{ kind: 'malformed' }],
  [{ kind: 'empty' }],
  [{ kind: 'truncated' }, /status of 50[24]/],
  [{ kind: 'reset' }, /status of 50[24]/],
  [{ kind: 'status', status: 500 }, /status of 500/],
]) {
  const what = fault.status ?? fault.kind;
  story(`while Plant A answers ${what}, its page has a card and Plant B goes on`, async ({ page, visit, world, control, complaints }) => {
    if (complaint) complaints.expect(complaint);
    await control('POST', '/faults', { connection: 'plant-a', fault });
    await visit('/groups');
    await card(page).getByRole('heading', { name: /Plant A/ }).waitFor();
    const total = system(await world(), 'plant-b').groups.length;
    await whenRows(page, 'Failover groups', (shown) => {
      assert.equal(shown.length, total);
      assert.ok(shown.every((row) => row.Connection === 'Plant B'));
    });
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Slicers/ }).click();
    const slicers = system(await world(), 'live').groups.length;
    await whenRows(page, 'Slicer failover groups', (shown) => assert.equal(shown.length, slicers));
  });
}

story('what was heard before a failure stays on the page, with its age', async ({ page, visit, world, control, complaints }) => {
  complaints.expect(/status of 503/);
  await visit('/slicers');
  const total = system(await world(), 'live').groups.length;
  await whenRows(page, 'Slicer failover groups', (shown) => assert.equal(shown.length, total));
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 503 } });
  await page.getByRole('main').getByText(/Shown as it was .* ago/).waitFor({ timeout: 20_000 });
  await whenRows(page, 'Slicer failover groups', (shown) => assert.equal(shown.length, total));
});

story('a page that failed recovers by itself', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 500/);
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 500 } });
  await visit('/slicers');
  await card(page).waitFor();
  await control('DELETE', '/faults');
  await card(page).waitFor({ state: 'detached', timeout: 20_000 });
  await whenRows(page, 'Slicer failover groups', (shown) => assert.ok(shown.length > 0));
});
