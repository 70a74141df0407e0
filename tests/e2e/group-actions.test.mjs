// Every change that the AVEVA API offers, with every response that its contract documents: the preview, the request,
// and the service's state afterwards. Stories named by a status test one row of the contract.

import assert from 'node:assert/strict';
import { START, eventually, open, passEventually, passEverywhere, passInPage, story } from './harness.mjs';
import { pageRequests, vendorRequests } from './support/requests.mjs';
import { TITLES, path, system } from './support/worlds.mjs';

const A = { connection: 'plant-a', group: 'tankfarm-opcua', primary: 'TANK-01.OpcUa', standby: 'TANK-02.OpcUa' };
const B = { connection: 'plant-b', group: 'gauging-modbus', primary: 'GAUGE-01.Modbus', standby: 'GAUGE-02.Modbus' };

/** A browser reports every 404, including the one that confirms a deletion. */
const GONE = /status of 404/;

const dialog = (page) => page.getByRole('dialog');
const send = (page, name) => dialog(page).getByRole('button', { name, exact: true });
const notice = (page, words) => page.getByRole('status').getByText(words);
const fill = (page, label, text) => dialog(page).getByLabel(label, { exact: true }).fill(text);
const confirm = (page, id) => dialog(page).getByLabel(/^Type .* to confirm/).fill(id);

const groupOf = async (world, { connection, group }) =>
  system(await world(), connection).groups.find(({ Id }) => Id === group);

const sessionOf = async (world, at, id) => (await groupOf(world, at)).Sessions.find(({ Id }) => Id === id);

/** Opens a group's page and waits for its sessions. */
const openGroup = async ({ page, visit }, { connection, group, standby }) => {
  await visit(path('groups', connection, group));
  await page.getByRole('link', { name: standby, exact: true }).waitFor();
};

/** Each change: its operation, its connection and group, and how a person makes it. */
const CHANGES = {
  'create group': {
    at: A,
    button: 'Create group',
    go: async ({ page, visit }) => {
      await visit('/groups');
      await page.getByRole('button', { name: 'Create group' }).click();
      await fill(page, 'Id', 'new-group');
    },
    kept: async (page) => assert.equal(await dialog(page).getByLabel('Id', { exact: true }).inputValue(), 'new-group'),
    now: /The group new-group does not exist/,
    answers: [400, 403, 409],
  },
  'delete group': {
    at: A,
    button: 'Delete group',
    go: async (fixtures) => {
      await openGroup(fixtures, A);
      await fixtures.page.getByRole('button', { name: 'Delete group', exact: true }).click();
      await confirm(fixtures.page, A.group);
    },
    now: /The group tankfarm-opcua exists: it was not deleted, not yet deleted, or created again/,
    answers: [400, 403, 404, 409],
  },
  'create session': {
    at: B,
    button: 'Add session',
    go: async (fixtures) => {
      await openGroup(fixtures, B);
      await fixtures.page.getByRole('button', { name: 'Add session', exact: true }).click();
      await fill(fixtures.page, 'Id', 'NEW-01.OpcUa');
    },
    kept: async (page) => assert.equal(await dialog(page).getByLabel('Id', { exact: true }).inputValue(), 'NEW-01.OpcUa'),
    now: /The session NEW-01.OpcUa does not exist/,
    answers: [400, 403, 404, 409],
  },
  'put session': {
    at: A,
    button: 'Put session',
    go: async (fixtures) => {
      await openGroup(fixtures, A);
      await fixtures.page.getByRole('button', { name: 'Put session', exact: true }).click();
      await fill(fixtures.page, 'Id', 'NEW-02.OpcUa');
    },
    now: /The session NEW-02.OpcUa does not exist/,
    answers: [400, 403, 404],
  },
  'delete session': {
    at: A,
    button: 'Delete session',
    go: async (fixtures) => {
      await openGroup(fixtures, A);
      await fixtures.page.getByRole('button', { name: `Delete session ${A.standby}` }).click();
    },
    now: /The session TANK-02.OpcUa still exists/,
    answers: [400, 403, 404],
  },
  heartbeat: {
    at: A,
    button: 'Post heartbeat',
    go: async (fixtures) => {
      await openGroup(fixtures, A);
      await fixtures.page.getByRole('button', { name: `Post heartbeat ${A.standby}` }).click();
    },
    now: /Primary is TANK-01.OpcUa/,
    answers: [400, 403, 404, 429],
  },
  'role override': {
    at: B,
    button: 'Override role',
    go: async (fixtures) => {
      await openGroup(fixtures, B);
      await fixtures.page.getByRole('button', { name: `Override role ${B.standby}` }).click();
    },
    now: /GAUGE-02.Modbus is now Secondary\./,
    answers: [400, 403, 404],
  },
};

for (const [operation, change] of Object.entries(CHANGES)) {
  for (const status of change.answers) {
    story(`${operation}: ${status}`, async (fixtures) => {
      const { page, control, complaints } = fixtures;
      complaints.expect(new RegExp(`status of ${status}`));
      // The resource read for comparison does not exist.
      if ((operation === 'create group' && status === 409) || operation === 'put session') complaints.expect(GONE);
      await change.go(fixtures);
      const fault = { kind: 'status', status };
      await control('POST', '/faults', { connection: change.at.connection, operation, fault });
      await send(page, change.button).click();
      const card = dialog(page).getByRole('region', { name: 'What went wrong' });
      await card.getByRole('heading', { name: `${TITLES[change.at.connection]} returned ${status}` }).waitFor();
      for (const term of ['Reason', 'Resolution', 'Operation id']) await card.getByText(term, { exact: true }).waitFor();
      await card.getByRole('button', { name: 'Copy operation id' }).waitFor();
      await change.kept?.(page);
      await page.keyboard.press('Escape');
      await dialog(page).waitFor({ state: 'detached' });
    });
  }

  // The service, the request or the response failed: the outcome is unknown, so the state is read.
  for (const [name, fault, complaint] of [
    ['500', { kind: 'status', status: 500 }, /status of 500/],
    ['503', { kind: 'status', status: 503 }, /status of 503/],
    ['a reset connection', { kind: 'reset' }, /status of 502/],
    ["a proxy's page", { kind: 'html' }, undefined],
  ]) {
    story(`${operation}: ${name} leaves the outcome unknown until it is read`, async (fixtures) => {
      const { page, control, complaints } = fixtures;
      if (complaint) complaints.expect(complaint);
      if (/^create group|put session|create session/.test(operation)) complaints.expect(GONE);
      await change.go(fixtures);
      await control('POST', '/faults', { connection: change.at.connection, operation, fault });
      await send(page, change.button).click();
      const unknown = dialog(page).getByRole('region', { name: 'Outcome unknown' });
      await unknown.getByText(change.now).waitFor();
      if (!(fault.status >= 500)) return;
      const card = dialog(page).getByRole('region', { name: 'What went wrong' });
      for (const term of ['Reason', 'Resolution', 'Operation id']) await card.getByText(term, { exact: true }).waitFor();
    });
  }
}

// The service answers with success and does nothing: the state afterwards does not match the request.
for (const [operation, body, now, notThere] of [
  ['create group', '{"Id":"new-group"}', 'The group new-group does not exist.', true],
  ['create session', '{"Id":"NEW-01.OpcUa"}', 'The session NEW-01.OpcUa does not exist.', true],
  ['put session', '{"Id":"NEW-02.OpcUa"}', 'The session NEW-02.OpcUa does not exist.', true],
  ['delete session', '{}', 'The session TANK-02.OpcUa still exists, or was created again. Primary is TANK-01.OpcUa.', false],
  ['role override', '{"Value":1}', 'GAUGE-02.Modbus is now Secondary.', false],
]) {
  story(`${operation}: a change that is accepted but not made is not shown as done`, async (fixtures) => {
    const { page, control, complaints } = fixtures;
    if (notThere) complaints.expect(GONE);
    const change = CHANGES[operation];
    const { connection } = change.at;
    await change.go(fixtures);
    const { pathname } = new URL(page.url());
    await control('POST', '/faults', { connection, operation, fault: { kind: 'body', body }, times: 1 });
    await send(page, change.button).click();
    await dialog(page).getByRole('heading', { name: 'The change was not found in effect' }).waitFor();
    await dialog(page).getByText(`${TITLES[connection]} accepted the change, but it is not in effect. ${now}`).waitFor();
    await change.kept?.(page);
    assert.equal(new URL(page.url()).pathname, pathname);
    assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 0);
  });
}

story('delete group: if accepted but not made, the page stays open', async (fixtures) => {
  const { page, control, world } = fixtures;
  await aboutToDelete(fixtures, 'long-lived');
  await control('POST', '/faults', { connection: 'plant-a', operation: 'delete group', fault: { kind: 'body', body: '{}' }, times: 1 });
  await send(page, 'Delete group').click();
  await dialog(page).getByRole('heading', { name: 'The change was not found in effect' }).waitFor();
  await dialog(page).getByText(/^Plant A accepted the change, but it is not in effect\. The group long-lived exists: /).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByRole('heading', { level: 1, name: 'long-lived' }).waitFor();
  assert.ok(await groupOf(world, { connection: 'plant-a', group: 'long-lived' }));
});

story('clearing an override: if accepted but not made, the notice stays until dismissed', async (fixtures) => {
  const { page, control, world } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await send(page, 'Override role').click();
  const clear = page.getByRole('button', { name: `Clear override ${B.standby}` });
  await clear.waitFor();
  const ignored = { kind: 'body', body: '{"Value":0}' };
  await control('POST', '/faults', { connection: B.connection, operation: 'role override', fault: ignored, times: 1 });
  await clear.click();
  const unmade = notice(page, /Plant B accepted the change, but it is not in effect\. GAUGE-02\.Modbus is now Primary, overridden to Primary until/);
  await unmade.waitFor();
  assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 0);
  await page.clock.fastForward(60_000);
  await unmade.waitFor();
  assert.ok((await sessionOf(world, B, B.standby)).RoleOverride);
});

story('delete session: not shown as done if it cannot be verified', async (fixtures) => {
  const { page, control, complaints, world } = fixtures;
  complaints.expect(/status of 403/);
  await CHANGES['delete session'].go(fixtures);
  await control('POST', '/faults', { connection: A.connection, operation: 'get session', fault: { kind: 'status', status: 403 } });
  await send(page, 'Delete session').click();
  const unknown = dialog(page).getByRole('region', { name: 'Outcome unknown' });
  await unknown.getByText('Plant A deleted the session TANK-02.OpcUa. The result is not verified, because the current state could not be read.').waitFor();
  assert.equal(await sessionOf(world, A, A.standby), undefined);
});

for (const [operation, change] of Object.entries(CHANGES)) {
  story(`${operation}: 401 is shown as not carried out`, async (fixtures) => {
    const { page, control, complaints } = fixtures;
    complaints.expect(/status of 502/);
    if (operation === 'put session') complaints.expect(GONE);
    await change.go(fixtures);
    const { connection } = change.at;
    await control('POST', '/faults', { connection, operation, fault: { kind: 'status', status: 401 } });
    await send(page, change.button).click();
    await dialog(page).getByRole('heading', { name: `${TITLES[connection]} refused the gateway's credentials` }).waitFor();
    await dialog(page).getByText('The change was not carried out.').waitFor();
    assert.ok(await send(page, change.button).isEnabled());
  });
}

story('the Primary after a change is derived from the sessions if the status omits it', async (fixtures) => {
  const { page, control } = fixtures;
  await CHANGES.heartbeat.go(fixtures);
  const { connection } = CHANGES.heartbeat.at;
  await control('POST', '/faults', { connection, operation: 'group status', fault: { kind: 'body', body: '{}' } });
  await send(page, CHANGES.heartbeat.button).click();
  await notice(page, /Primary is TANK-01.OpcUa\./).waitFor();
});

story('create group: 201', async (fixtures) => {
  const { page, complaints, visit, world } = fixtures;
  complaints.expect(GONE);
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await dialog(page).getByLabel('Connection').selectOption('Plant B');
  await fill(page, 'Id', 'mill-7');
  await fill(page, 'Name', 'Mill 7');
  await fill(page, 'Description', 'Ball mill');
  await fill(page, 'Failover timeout', '1m30');
  await dialog(page).getByText('Sent as FailoverTimeout 00:01:30.').waitFor();
  await fill(page, 'Additional data', '{"line": 7}');
  await send(page, 'Create group').click();
  await page.getByRole('heading', { level: 1, name: 'Mill 7' }).waitFor();
  await notice(page, 'Plant B created the group mill-7. The group matches what you entered.').waitFor();
  const group = await groupOf(world, { connection: 'plant-b', group: 'mill-7' });
  assert.deepEqual(
    [group.Name, group.Description, group.FailoverTimeout, group.AdditionalData],
    ['Mill 7', 'Ball mill', '00:01:30', { line: 7 }],
  );
  await page.getByRole('button', { name: 'Undo' }).click();
  await notice(page, 'Plant B deleted the group mill-7. It no longer exists.').waitFor();
  assert.equal(await groupOf(world, { connection: 'plant-b', group: 'mill-7' }), undefined);
});

story('a group created after its dialog was closed does not change the open page', async (fixtures) => {
  const { page, control, visit, complaints } = fixtures;
  complaints.expect(GONE);
  await control('POST', '/faults', { connection: 'plant-b', operation: 'create group', fault: { kind: 'latency', milliseconds: 2000 } });
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await dialog(page).getByLabel('Connection').selectOption('Plant B');
  await fill(page, 'Id', 'mill-8');
  await send(page, 'Create group').click();
  await dialog(page).getByRole('button', { name: 'Close' }).click();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Connections/ }).click();
  const heading = page.getByRole('heading', { level: 1, name: 'Connections', exact: true });
  await heading.waitFor();
  await notice(page, /^Plant B created the group mill-8\./).waitFor({ timeout: 20_000 });
  await page.getByRole('button', { name: 'Undo' }).click();
  await notice(page, 'Plant B deleted the group mill-8. It no longer exists.').waitFor();
  await heading.waitFor();
});

story('create group: 200, an identical one already exists', async (fixtures) => {
  const { page } = fixtures;
  await openGroup(fixtures, A);
  await page.getByRole('button', { name: 'Duplicate with changes…' }).click();
  await fill(page, 'Id', A.group);
  await send(page, 'Create group').click();
  await notice(page, /an identical group tankfarm-opcua already exists\. Nothing was changed\./).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 0);
});

story('create group: 409 shows both configurations side by side', async (fixtures) => {
  const { page, complaints, world } = fixtures;
  complaints.expect(/status of 409/);
  await openGroup(fixtures, A);
  await page.getByRole('button', { name: 'Duplicate with changes…' }).click();
  await fill(page, 'Id', A.group);
  await fill(page, 'Failover timeout', '2m');
  await send(page, 'Create group').click();
  const table = dialog(page).getByRole('table', { name: "The server's configuration and yours" });
  const row = table.getByRole('row', { name: /^Failover timeout/ });
  await row.waitFor();
  assert.deepEqual(await row.getByRole('cell').allInnerTexts(), ['00:01:00', '00:02:00']);
  await row.getByText('differs').waitFor();
  assert.equal((await groupOf(world, A)).FailoverTimeout, '00:01:00');
});

story('create group: 400 for a FailoverTimeout that the service rejects', async (fixtures) => {
  const { page, visit, complaints } = fixtures;
  complaints.expect(/status of 400/);
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await fill(page, 'Id', 'too-fast');
  await fill(page, 'Failover timeout', '5s');
  await dialog(page).getByText('Adapters reject values below 00:00:15.').waitFor();
  await send(page, 'Create group').click();
  await dialog(page).getByRole('heading', { name: 'Plant A returned 400 Bad Request' }).waitFor();
});

story('create group: an error names the selected connection', async (fixtures) => {
  const { page, visit, control, complaints } = fixtures;
  complaints.expect(/status of 400/);
  await control('POST', '/faults', { connection: B.connection, operation: 'create group', fault: { kind: 'status', status: 400 }, times: 1 });
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await dialog(page).getByLabel('Connection').selectOption({ label: TITLES[B.connection] });
  await fill(page, 'Id', 'elsewhere');
  await send(page, 'Create group').click();
  await dialog(page).getByRole('heading', { name: `${TITLES[B.connection]} returned 400 Bad Request` }).waitFor();
});

story('an invalid field shows its error beside it, and nothing is sent', async (fixtures) => {
  const { page, visit, control } = fixtures;
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  for (const [label, text, words] of [
    ['Id', '..', 'An id cannot be . or ..'],
    ['Failover timeout', '61', 'Enter a time such as 90s, 1m30, 2h or 00:01:30.'],
    ['Additional data', '[1]', 'Enter a JSON object'],
    ['Additional data', '{"a":', 'Invalid JSON'],
  ]) {
    await fill(page, label, text);
    await dialog(page).getByText(words).waitFor();
    const field = dialog(page).getByLabel(label, { exact: true });
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.ok(await send(page, 'Create group').isDisabled());
  }
  const { requests } = await control('GET', '/requests');
  assert.ok(requests.every(({ operation }) => operation !== 'create group'));
});

story('delete group: 204', async (fixtures) => {
  const { page, complaints, visit, world, control } = fixtures;
  complaints.expect(GONE);
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await fill(page, 'Id', 'short-lived');
  await send(page, 'Create group').click();
  await page.getByRole('heading', { level: 1, name: 'short-lived' }).waitFor();
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  assert.ok(await send(page, 'Delete group').isDisabled());
  await confirm(page, 'short-live');
  assert.ok(await send(page, 'Delete group').isDisabled());
  await confirm(page, 'short-lived');
  await control('DELETE', '/requests');
  await send(page, 'Delete group').dblclick();
  await page.getByRole('heading', { level: 1, name: 'Groups', exact: true }).waitFor();
  await notice(page, 'Plant A deleted the group short-lived. It no longer exists.').waitFor();
  assert.equal(await groupOf(world, { connection: 'plant-a', group: 'short-lived' }), undefined);
  const { requests } = await control('GET', '/requests');
  assert.equal(requests.filter(({ operation }) => operation === 'delete group').length, 1);
});

/** Opens the page of a new group without sessions and the dialog that deletes it, with the id typed. */
const aboutToDelete = async ({ page, visit }, id) => {
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await fill(page, 'Id', id);
  await send(page, 'Create group').click();
  await page.getByRole('heading', { level: 1, name: id }).waitFor();
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  await confirm(page, id);
};

/** Checks that the group was deleted, the list of groups is open, and the console still works. */
const expectDeleted = async ({ page, world }, id) => {
  await notice(page, `Plant A deleted the group ${id}. It no longer exists.`).waitFor({ timeout: 20_000 });
  await page.getByRole('heading', { level: 1, name: 'Groups', exact: true }).waitFor();
  await page.getByRole('table', { name: 'Failover groups' }).waitFor();
  assert.equal(await page.getByText('The console has stopped working').count(), 0);
  assert.equal(await groupOf(world, { connection: 'plant-a', group: id }), undefined);
};

story('closing the dialog while a deletion is sent does not stop it, and the console still works', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(GONE);
  await aboutToDelete(fixtures, 'short-lived');
  await control('POST', '/faults', { connection: 'plant-a', operation: 'delete group', fault: { kind: 'latency', milliseconds: 2000 } });
  await send(page, 'Delete group').click();
  await send(page, 'Sending…').waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  await expectDeleted(fixtures, 'short-lived');
});

story('a group that disappears while its deletion is verified is shown as deleted', async (fixtures) => {
  const { page, complaints } = fixtures;
  complaints.expect(GONE);
  await aboutToDelete(fixtures, 'short-lived');
  const checks = [];
  let isSent = false;
  // The first read after the deletion is its verification; the page continues to poll.
  page.on('response', (response) => (isSent ||= response.request().method() === 'DELETE'));
  await page.route(({ pathname }) => pathname.startsWith('/relay/') && pathname.endsWith('/short-lived'), async (route) => {
    if (isSent && checks.length === 0) await new Promise((release) => checks.push(release));
    await route.continue();
  });
  await send(page, 'Delete group').click();
  await eventually(() => assert.equal(checks.length, 1));
  await page.getByText('Plant A has no group “short-lived”.').waitFor({ timeout: 20_000 });
  checks[0]();
  await expectDeleted(fixtures, 'short-lived');
});

for (const [button, label, text, isAboutGroup] of [
  ['Duplicate with changes…', 'Id', 'half-typed', false],
  ['Add session', 'Id', 'HALF-01.OpcUa', true],
  [`Override role ${B.standby}`, 'Ends after', '90m', true],
  ['Announce maintenance', 'Reason', 'New firmw', false],
]) {
  story(`input after “${button}” is kept while the group is not found, with a note`, async (fixtures) => {
    const { page, control, complaints } = fixtures;
    complaints.expect(GONE);
    await openGroup(fixtures, B);
    await page.getByRole('button', { name: button, exact: true }).click();
    await fill(page, label, text);
    const typed = () => dialog(page).getByLabel(label, { exact: true }).inputValue();
    await control('POST', '/faults', { connection: B.connection, operation: 'get group', fault: { kind: 'status', status: 404 } });
    const gone = page.getByText(`Plant B has no group “${B.group}”.`);
    await gone.waitFor({ timeout: 20_000 });
    const note = dialog(page).getByText('The group is not found at the moment.');
    await eventually(async () => assert.equal(await note.count(), isAboutGroup ? 1 : 0));
    assert.equal(await typed(), text);
    await control('DELETE', '/faults');
    await gone.waitFor({ state: 'detached', timeout: 20_000 });
    await eventually(async () => assert.equal(await note.count(), 0));
    assert.equal(await typed(), text);
    await send(page, 'Cancel').click();
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: B.standby, exact: true }).waitFor();
  });
}

story('delete group: 409 is predicted, and its sessions are listed', async (fixtures) => {
  const { page, complaints, world } = fixtures;
  complaints.expect(/status of 409/);
  await openGroup(fixtures, A);
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  await dialog(page).getByText('Plant A will reject this now: 2 sessions are active').waitFor();
  // The links to the sessions are above the fields.
  await dialog(page).getByRole('link', { name: A.standby }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'confirm');
  await dialog(page).getByText(/It may reappear: a running adapter recreates its session and this group/).waitFor();
  await confirm(page, A.group);
  await send(page, 'Delete group').click();
  await dialog(page).getByText('Its sessions are: TANK-01.OpcUa, TANK-02.OpcUa.').waitFor();
  assert.ok(await groupOf(world, A));
  await dialog(page).getByRole('list', { name: 'Sessions of the group' }).getByRole('link', { name: A.standby }).click();
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByRole('region', { name: `Session ${A.standby}`, exact: true }).waitFor();
});

story('delete group: of very many sessions the first are listed, with the number of others', async (fixtures) => {
  const { page, control, visit, world } = fixtures;
  await control('POST', '/reset', { scenario: 'calm', groups: 1, sessions: 60 });
  const group = system(await world(), 'plant-a').groups.find(({ Sessions }) => Sessions.length >= 60);
  await visit(path('groups', 'plant-a', group.Id));
  await page.getByText(`${group.Sessions.length} live`).waitFor();
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  const list = dialog(page).getByRole('list', { name: 'Sessions of the group' });
  await list.getByText(`and ${group.Sessions.length - 20} more`, { exact: true }).waitFor();
  assert.equal(await list.getByRole('link').count(), 20);
});

/** Adds a session to a group in another window. */
const addElsewhere = async (page, connection, group, id) => {
  const other = await page.context().newPage();
  await other.goto(path('groups', connection, group));
  await other.getByRole('button', { name: 'Add session', exact: true }).click();
  await fill(other, 'Id', id);
  await send(other, 'Add session').click();
  await notice(other, `created the session ${id}`).waitFor();
  await other.close();
};

story('two admins at once: a group with a new session is not deleted', async (fixtures) => {
  const { page, control, world } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  await confirm(page, B.group);
  await addElsewhere(page, B.connection, B.group, 'SPARE-03');
  await control('DELETE', '/requests');
  await send(page, 'Delete group').click();
  await dialog(page).getByText(/The sessions of gauging-modbus have changed meanwhile\. They are now: .*SPARE-03/).waitFor();
  assert.ok(await groupOf(world, B));
  assert.equal((await vendorRequests(control, B.connection, 'delete group')).length, 0);
});

story('create group: Undo does not delete a group that has a new session', async (fixtures) => {
  const { page, visit, world } = fixtures;
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await dialog(page).getByLabel('Connection').selectOption('Plant B');
  await fill(page, 'Id', 'mill-9');
  await send(page, 'Create group').click();
  await page.getByRole('heading', { level: 1, name: 'mill-9' }).waitFor();
  await addElsewhere(page, 'plant-b', 'mill-9', 'MILL-01');
  await page.getByRole('button', { name: 'Undo' }).click();
  await notice(page, /The sessions of mill-9 have changed meanwhile\. They are now: MILL-01\./).waitFor();
  assert.ok(await groupOf(world, { connection: 'plant-b', group: 'mill-9' }));
});

story('put session: an id with a leading space is sent unchanged', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(GONE);
  const blank = { kind: 'replace', find: `"Id":"${A.standby}"`, with: `"Id":" ${A.standby}"` };
  await control('POST', '/faults', { connection: A.connection, operation: 'list sessions', fault: blank });
  await fixtures.visit(`${path('groups', A.connection, A.group)}?session=${encodeURIComponent(` ${A.standby}`)}`);
  const panel = page.getByRole('region', { name: /^Session +TANK-02/ });
  await panel.getByRole('button', { name: /^Put session/ }).click();
  await send(page, 'Put session').click();
  // The service only has a session without the leading space.
  await dialog(page).getByText(/TANK-02\.OpcUa no longer exists\./).waitFor();
});

story('create session: 201, and Undo deletes it', async (fixtures) => {
  const { page, complaints, world } = fixtures;
  complaints.expect(GONE);
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await dialog(page).getByText(/It is on standby, and takes part in the election/).waitFor();
  await fill(page, 'Id', 'SPARE-01.OpcUa');
  await fill(page, 'Name', 'Spare');
  await send(page, 'Add session').click();
  await notice(page, /Plant B created the session SPARE-01.OpcUa. SPARE-01.OpcUa is now Secondary\./).waitFor();
  assert.equal((await sessionOf(world, B, 'SPARE-01.OpcUa')).Name, 'Spare');
  await page.getByRole('link', { name: 'SPARE-01.OpcUa', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await notice(page, /Plant B deleted the session SPARE-01.OpcUa. It no longer exists. Primary is GAUGE-01.Modbus\./).waitFor();
});

story('create session: the only one of a group becomes Primary, and Undo still deletes it', async (fixtures) => {
  const { page, complaints, visit } = fixtures;
  complaints.expect(GONE);
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await dialog(page).getByLabel('Connection').selectOption('Plant B');
  await fill(page, 'Id', 'solo');
  await send(page, 'Create group').click();
  await page.getByRole('heading', { level: 1, name: 'solo' }).waitFor();
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await dialog(page).getByText('It becomes Primary as the only session of the group.').waitFor();
  await fill(page, 'Id', 'ONLY-01.OpcUa');
  await send(page, 'Add session').click();
  await notice(page, /created the session ONLY-01.OpcUa. ONLY-01.OpcUa is now Primary\./).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await notice(page, /Plant B deleted the session ONLY-01.OpcUa. It no longer exists\./).waitFor();
});

story('create session: 200, an identical one already exists', async (fixtures) => {
  const { page } = fixtures;
  await openGroup(fixtures, B);
  for (const words of [/created the session SPARE-02/, /the session SPARE-02 already exists and is identical\. Nothing was changed\./]) {
    await page.getByRole('button', { name: 'Add session', exact: true }).click();
    await fill(page, 'Id', 'SPARE-02');
    await send(page, 'Add session').click();
    await notice(page, words).waitFor();
    await dialog(page).waitFor({ state: 'detached' });
  }
});

story('put session: creating one with an existing id leaves the existing session unchanged', async (fixtures) => {
  const { page, world, control } = fixtures;
  await openGroup(fixtures, A);
  const before = await sessionOf(world, A, A.primary);
  await page.getByRole('button', { name: 'Put session', exact: true }).click();
  await fill(page, 'Id', A.primary);
  const words = `${A.primary} already exists and is Primary. To change it, choose it in the table.`;
  await dialog(page).getByText(words).waitFor();
  await send(page, 'Put session').click();
  await dialog(page).getByRole('region', { name: 'Nothing was sent' }).getByText(words).waitFor();
  assert.deepEqual(await sessionOf(world, A, A.primary), before);
  const { requests } = await control('GET', '/requests');
  assert.ok(!requests.some(({ operation }) => operation === 'put session'));
});

story('put session: 201 and 200 have different notices', async (fixtures) => {
  const { page, world, complaints } = fixtures;
  complaints.expect(GONE);
  await openGroup(fixtures, A);
  await page.getByRole('button', { name: 'Put session', exact: true }).click();
  await fill(page, 'Id', 'TANK-09.OpcUa');
  await send(page, 'Put session').click();
  await notice(page, /Plant A created the session TANK-09.OpcUa\./).waitFor();
  await page.getByRole('link', { name: 'TANK-09.OpcUa', exact: true }).click();
  const panel = page.getByRole('region', { name: /^Session TANK-09/ });
  await panel.getByRole('button', { name: 'Put session TANK-09.OpcUa' }).click();
  await fill(page, 'Name', 'The ninth');
  await send(page, 'Put session').click();
  await notice(page, /the session TANK-09.OpcUa existed and was updated\./).waitFor();
  assert.equal((await sessionOf(world, A, 'TANK-09.OpcUa')).Name, 'The ninth');
});

story('delete session: 204 for a Primary requires typing its id and names the successor', async (fixtures) => {
  const { page, complaints, world } = fixtures;
  complaints.expect(GONE);
  await openGroup(fixtures, A);
  await page.getByRole('button', { name: `Delete session ${A.primary}` }).click();
  await dialog(page).getByText(/TANK-01.OpcUa is Primary and leaves the group. TANK-02.OpcUa becomes Primary within 30 s: highest score among live sessions/).waitFor();
  await dialog(page).getByText('it is Primary').waitFor();
  assert.ok(await send(page, 'Delete session').isDisabled());
  await confirm(page, A.primary);
  await send(page, 'Delete session').click();
  await notice(page, /Plant A deleted the session TANK-01.OpcUa\. It no longer exists\. .*TANK-02.OpcUa/).waitFor();
  assert.equal(await sessionOf(world, A, A.primary), undefined);
});

story('heartbeat: 200 reports the role, and another one right after it is rejected', async (fixtures) => {
  const { page, world, complaints } = fixtures;
  complaints.expect(/status of 429/);
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: `Post heartbeat ${B.standby}` }).click();
  assert.equal(await dialog(page).getByLabel('Heartbeat time').count(), 0);
  await fill(page, 'Score', '101');
  await dialog(page).getByText('Enter a number from 0 to 100').waitFor();
  await fill(page, 'Score', '42.5');
  await send(page, 'Post heartbeat').click();
  await notice(page, /Plant B accepted the heartbeat and returned the role Secondary\. Primary is GAUGE-01.Modbus\./).waitFor();
  assert.equal((await sessionOf(world, B, B.standby)).Heartbeat.FailoverScore, 42.5);
  await page.getByRole('button', { name: `Post heartbeat ${B.standby}` }).click();
  await send(page, 'Post heartbeat').click();
  await dialog(page).getByRole('heading', { name: 'Plant B returned 429' }).waitFor();
});

story('heartbeat: 429 with Retry-After disables the button until then', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(/status of 429/);
  const countHeartbeats = async () => (await vendorRequests(control, B.connection, 'heartbeat')).length;
  await open(fixtures, path('groups', B.connection, B.group));
  await page.getByRole('button', { name: `Post heartbeat ${B.standby}` }).click();
  await control('DELETE', '/requests');
  await control('POST', '/faults', { connection: B.connection, operation: 'heartbeat', fault: { kind: 'status', status: 429, retry_after: 30 } });
  await send(page, 'Post heartbeat').click();
  await dialog(page).getByRole('heading', { name: 'Plant B returned 429' }).waitFor();
  await control('DELETE', '/faults');
  const waiting = dialog(page).getByRole('button', { name: 'Rate limited, waiting…', disabled: true });
  await waiting.waitFor();
  // The next dialog waits as well.
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: `Post heartbeat ${B.standby}` }).click();
  await waiting.waitFor();
  await passInPage(page, 29);
  await dialog(page).getByLabel('Score', { exact: true }).press('Enter');
  assert.equal(await waiting.count(), 1);
  assert.equal(await countHeartbeats(), 1);
  await passInPage(page, 2);
  await send(page, 'Post heartbeat').click();
  await notice(page, /Plant B accepted the heartbeat/).waitFor();
  assert.equal(await countHeartbeats(), 2);
});

story('heartbeat: version v1-preview uses its times and its old name of the score', async (fixtures) => {
  const { page, world } = fixtures;
  await openGroup(fixtures, A);
  await page.getByRole('button', { name: `Post heartbeat ${A.standby}` }).click();
  await fill(page, 'Score', '77');
  await fill(page, 'Last data processed', 'yesterday');
  await dialog(page).getByText('Enter a UTC time such as').waitFor();
  await fill(page, 'Last data processed', '2026-01-15T14:00:00Z');
  await send(page, 'Post heartbeat').click();
  await notice(page, /Plant A accepted the heartbeat/).waitFor();
  const { Heartbeat } = await sessionOf(world, A, A.standby);
  assert.equal(Heartbeat.FailoverScore, 77);
  assert.match(Heartbeat.LastDataProcessedTime, /^2026-01-15T14:00:00/);
});

story('role override: 200 with an end, cleared with one click, and undone', async (fixtures) => {
  const { page, world } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await dialog(page).getByText('GAUGE-02.Modbus becomes Primary immediately and stays Primary for 1 h, regardless of its score.').waitFor();
  await fill(page, 'Ends after', '90m');
  await dialog(page).getByText('Sent as ExpirationPeriod 01:30:00.').waitFor();
  await send(page, 'Override role').click();
  await notice(page, /Plant B overrides the role of GAUGE-02.Modbus\. GAUGE-02.Modbus is now Primary, overridden to Primary until 2026-01-15 16:02:08 UTC\./).waitFor();
  const silent = page.getByRole('region', { name: 'Takeover' }).getByText('Silent', { exact: true });
  await silent.waitFor();
  await page.getByRole('button', { name: `Clear override ${B.standby}` }).click();
  await notice(page, /Plant B no longer overrides the role of GAUGE-02.Modbus\. Primary is GAUGE-02.Modbus(, and GAUGE-01.Modbus is PendingPrimary)?\./).waitFor();
  await silent.waitFor({ state: 'detached' });
  assert.ok(!(await sessionOf(world, B, B.standby)).RoleOverride);
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await eventually(async () => assert.ok((await sessionOf(world, B, B.standby)).RoleOverride));
});

story('of two overrides one is not in effect, and a group whose primary keeps changing is shown as flapping', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, path('groups', B.connection, B.group));
  for (const id of [B.standby, B.primary]) {
    await passEverywhere(page, control, 2);
    await page.getByRole('button', { name: `Override role ${id}` }).click();
    await send(page, 'Override role').click();
    await notice(page, new RegExp(`Plant B overrides the role of ${id}`)).waitFor();
  }
  await page.getByRole('table', { name: 'Client sessions' }).getByText(/^Primary until .*, not in effect$/).waitFor();
  await passEverywhere(page, control, 2);
  await page.getByRole('button', { name: `Clear override ${B.primary}` }).click();
  await notice(page, /Plant B no longer overrides the role of GAUGE-01.Modbus\. Primary is GAUGE-02.Modbus\./).waitFor();
  const flapping = page.getByRole('main').getByText(/is flapping: its primary has changed \d+ times\. Now: .* check the members that take turns\.$/);
  await passEventually(page, control, () => flapping.waitFor({ timeout: 100 }), 20_000);
});

story('clearing an override by keyboard keeps the focus on that session and the order of rows', async (fixtures) => {
  const { page, world } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await fill(page, 'Ends after', '90m');
  await send(page, 'Override role').click();
  const clear = page.getByRole('button', { name: `Clear override ${B.standby}` });
  await clear.waitFor();
  const order = () => page.getByRole('table', { name: 'Client sessions' }).getByRole('rowheader').allInnerTexts();
  const before = await order();
  await clear.focus();
  await page.keyboard.press('Enter');
  await eventually(async () => assert.ok(!(await sessionOf(world, B, B.standby)).RoleOverride));
  const again = page.getByRole('button', { name: `Override role ${B.standby}` });
  await again.waitFor();
  assert.ok(await again.evaluate((button) => button === document.activeElement), 'the focus stays on the session');
  assert.deepEqual((await order()).map((text) => text.split('\n')[0]), before.map((text) => text.split('\n')[0]));
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: `Override the role of ${B.standby}` }).waitFor();
});

story('a dialog about a session that is no longer listed says so, and is disabled until it is listed', async (fixtures) => {
  const { page, control, world } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: `Delete session ${B.primary}` }).click();
  await confirm(page, B.primary);
  await eventually(async () => assert.ok(await send(page, 'Delete session').isEnabled()));
  const missing = { kind: 'replace', find: `"Id":"${B.primary}"`, with: '"Id":"ELSE-01.Modbus"' };
  await control('POST', '/faults', { connection: B.connection, operation: 'list sessions', fault: missing });
  await dialog(page).getByText(`This group has no session “${B.primary}” now.`).waitFor({ timeout: 20_000 });
  assert.ok(await send(page, 'Delete session').isDisabled());
  await control('DELETE', '/faults');
  await dialog(page).getByText(/is Primary and leaves the group/).waitFor({ timeout: 20_000 });
  assert.ok(await sessionOf(world, B, B.primary));
});

story('a heartbeat has the time of sending, not of opening the dialog', async (fixtures) => {
  const { page, control } = fixtures;
  await openGroup(fixtures, A);
  await page.getByRole('button', { name: `Post heartbeat ${A.standby}` }).click();
  assert.equal(await dialog(page).getByLabel('Heartbeat time').inputValue(), 'now');
  await fill(page, 'Heartbeat time', '2026-01-15T10:00:00Z');
  await dialog(page).getByText('The heartbeat time is older than the failover timeout').waitFor();
  await fill(page, 'Heartbeat time', '2026-01-15T18:00:00Z');
  await dialog(page).getByText(/The heartbeat time is .+ in the future: if TANK-02\.OpcUa fails, no session takes over until then/).waitFor();
  await fill(page, 'Heartbeat time', 'now');
  await control('POST', '/clock/advance', { seconds: 20 });
  await page.clock.fastForward(20_000);
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/heartbeat'));
  await send(page, 'Post heartbeat').click();
  const { HeartbeatTime, LastDataProcessedTime } = (await sent).postDataJSON();
  assert.ok(Date.parse(HeartbeatTime) >= Date.parse(START) + 20_000, HeartbeatTime);
  assert.ok(Date.parse(LastDataProcessedTime) >= Date.parse(START) + 20_000, LastDataProcessedTime);
  await notice(page, /Plant A accepted the heartbeat/).waitFor();
});

story('an error of a change without a dialog is shown in full until it is dismissed', async (fixtures) => {
  const { page, control, complaints, world } = fixtures;
  complaints.expect(/status of 403/);
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await send(page, 'Override role').click();
  const clear = page.getByRole('button', { name: `Clear override ${B.standby}` });
  await clear.waitFor();
  await control('POST', '/faults', { connection: B.connection, operation: 'role override', fault: { kind: 'status', status: 403 } });
  await clear.click();
  const refused = page.getByRole('status').getByText(/^Refused: 403: .* Reason: .* Resolution: .* Operation id: \S+$/);
  await refused.waitFor();
  assert.ok(!(await refused.innerText()).includes('..'));
  await page.clock.fastForward(60_000);
  await refused.waitFor();
  await page.locator('.notice', { hasText: 'Refused: 403' }).getByRole('button', { name: 'Dismiss' }).click();
  await refused.waitFor({ state: 'detached' });
  assert.ok((await sessionOf(world, B, B.standby)).RoleOverride);
});

story('role override: a silent session requires a warning and typing its id', async (fixtures) => {
  const { page, control } = fixtures;
  await control('PATCH', path('systems', B.connection, 'groups', B.group, 'sessions', B.standby), { silent: true });
  await control('POST', '/clock/advance', { seconds: 300 });
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await dialog(page).getByText(/GAUGE-02.Modbus is silent, last heartbeat .* ago: it would stay Primary and no data would flow\./).waitFor();
  await dialog(page).getByText('it is silent').waitFor();
  assert.ok(await send(page, 'Override role').isDisabled());
});

/** Silences a session's adapter for longer than the failover timeout. */
const silence = async (control, { connection, group }, id) => {
  await control('PATCH', path('systems', connection, 'groups', group, 'sessions', id), { silent: true });
  await control('POST', '/clock/advance', { seconds: 300 });
};

story('role override: a session that has become silent unseen is not made Primary', async (fixtures) => {
  const { page, control, world } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await send(page, 'Override role').waitFor();
  await silence(control, B, B.standby);
  await send(page, 'Override role').click();
  const changed = dialog(page).getByRole('region', { name: 'Changed meanwhile' });
  await changed.getByText('GAUGE-02.Modbus has gone silent since you started: it has posted no heartbeat for longer than the failover timeout.').waitFor();
  assert.equal((await vendorRequests(control, B.connection, 'role override')).length, 0);
  assert.ok(!(await sessionOf(world, B, B.standby)).RoleOverride);
  // The dialog is updated: now the id has to be typed.
  await dialog(page).getByText('it is silent').waitFor();
  assert.ok(await send(page, 'Override role').isDisabled());
});

story('delete session: a Primary is not deleted after its only successor became silent unseen', async (fixtures) => {
  const { page, control, world } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: `Delete session ${B.primary}` }).click();
  await confirm(page, B.primary);
  await silence(control, B, B.standby);
  await send(page, 'Delete session').click();
  const changed = dialog(page).getByRole('region', { name: 'Changed meanwhile' });
  await changed.getByText('No other live session can take over from GAUGE-01.Modbus now. One could when you started.').waitFor();
  assert.equal((await vendorRequests(control, B.connection, 'delete session')).length, 0);
  assert.ok(await sessionOf(world, B, B.primary));
  await dialog(page).getByText(/no data will be collected until one takes over/).waitFor();
});

story('a button that a refresh turned into another action needs a second press', async (fixtures) => {
  const { page, control } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: `Override role ${B.primary}` }).focus();
  // Even after its dialog was opened and closed.
  await page.keyboard.press('Enter');
  await dialog(page).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  const turned = { kind: 'replace', find: '"RoleOverride":0', with: '"RoleOverride":1' };
  await control('POST', '/faults', { connection: B.connection, operation: 'list sessions', fault: turned });
  const clear = page.getByRole('button', { name: `Clear override ${B.primary}` });
  await clear.waitFor({ timeout: 20_000 });
  assert.ok(await clear.evaluate((button) => button === document.activeElement));
  await page.keyboard.press('Enter');
  await notice(page, `Nothing was sent: the button changed from “Override role ${B.primary}” to “Clear override ${B.primary}”. Press it again to confirm.`).waitFor();
  assert.equal(await dialog(page).count(), 0);
  // The second press counts, and is compared with the service's state.
  await page.keyboard.press('Enter');
  await notice(page, `Nothing was sent: The role override of ${B.primary} has changed since you started.`).waitFor();
  assert.equal((await vendorRequests(control, B.connection, 'role override')).length, 0);
});

story('put session: a name changed by somebody else is not overwritten unseen', async (fixtures) => {
  const { page, control, world } = fixtures;
  const { Name } = await sessionOf(world, A, A.standby);
  const openForm = async (window) => {
    await window.getByRole('link', { name: A.standby, exact: true }).click();
    await window.getByRole('region', { name: `Session ${A.standby}`, exact: true }).getByRole('button', { name: `Put session ${A.standby}` }).click();
  };
  await openGroup(fixtures, A);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await openForm(page);
  await fill(page, 'Name', 'Mine');
  const other = await page.context().newPage();
  await other.goto(path('groups', A.connection, A.group));
  await openForm(other);
  await fill(other, 'Name', 'Theirs');
  await send(other, 'Put session').click();
  await notice(other, /existed and was updated\./).waitFor();
  await other.close();
  await send(page, 'Put session').click();
  const changed = dialog(page).getByRole('region', { name: 'Changed meanwhile' });
  await changed.getByText(`The name of ${A.standby} is now “Theirs”. It was ${Name ? `“${Name}”` : 'empty'} when you started.`).waitFor();
  assert.equal((await sessionOf(world, A, A.standby)).Name, 'Theirs');
  assert.equal((await vendorRequests(control, A.connection, 'put session')).length, 1);
  assert.equal(await dialog(page).getByLabel('Name', { exact: true }).inputValue(), 'Mine');
  await send(page, 'Put session').click();
  await notice(page, /existed and was updated\./).waitFor();
  assert.equal((await sessionOf(world, A, A.standby)).Name, 'Mine');
});

story('a confirmation id filled in without an input event is accepted', async (fixtures) => {
  const { page } = fixtures;
  await openGroup(fixtures, A);
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  assert.ok(await send(page, 'Delete group').isDisabled());
  await dialog(page).getByLabel(/^Type .* to confirm/).evaluate((input, id) => {
    input.value = id;
  }, A.group);
  await eventually(async () => assert.ok(await send(page, 'Delete group').isEnabled()));
});

story('actions that an API version lacks are absent, and /connections explains it', async (fixtures) => {
  const { page, visit } = fixtures;
  await openGroup(fixtures, A);
  assert.equal(await page.getByRole('button', { name: /^Override role/ }).count(), 0);
  await openGroup(fixtures, B);
  assert.equal(await page.getByRole('button', { name: /^Put session/ }).count(), 0);
  await visit('/connections');
  await page.getByText('Put session: version v1 of sessions has no PUT').waitFor();
  await page.getByText(/Override role: version v1-preview of sessions has no role override/).waitFor();
});

story('two admins at once: a session that became Primary is not deleted unseen', async (fixtures) => {
  const { page, control, world } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: `Delete session ${B.standby}` }).click();
  // The other person makes it Primary meanwhile.
  const other = await page.context().newPage();
  await other.goto(path('groups', B.connection, B.group));
  await other.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await send(other, 'Override role').click();
  await notice(other, /GAUGE-02.Modbus is now Primary/).waitFor();
  await control('DELETE', '/requests');
  await send(page, 'Delete session').click();
  await dialog(page).getByText('GAUGE-02.Modbus is now Primary. It was Secondary when you started.').waitFor();
  assert.ok(await sessionOf(world, B, B.standby));
  const { requests } = await control('GET', '/requests');
  assert.equal(requests.filter(({ operation }) => operation === 'delete session').length, 0);
  // The dialog is updated: now the id has to be typed.
  await dialog(page).getByText('it is Primary').waitFor();
});

story('an id with every special character is added, overridden and deleted', async (fixtures) => {
  const { page, complaints, visit, world } = fixtures;
  complaints.expect(GONE);
  const group = system(await world(), 'plant-b').groups.find(({ Id }) => Id.includes('/'));
  const at = { connection: 'plant-b', group: group.Id };
  const id = 'a/b %41 #1 "q" \'s\' ..x?&=+ <i>Ü</i> 🏭';
  await visit(path('groups', at.connection, at.group));
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await fill(page, 'Id', id);
  await send(page, 'Add session').click();
  await page.getByRole('link', { name: id, exact: true }).click();
  await page.getByRole('region', { name: `Session ${id}`, exact: true }).waitFor();
  await page.reload();
  const panel = page.getByRole('region', { name: `Session ${id}`, exact: true });
  await panel.getByRole('button', { name: `Override role ${id}`, exact: true }).click();
  await confirm(page, id);
  await send(page, 'Override role').click();
  await notice(page, /overrides the role/).waitFor();
  await panel.getByRole('button', { name: `Delete session ${id}`, exact: true }).click();
  await confirm(page, id);
  await send(page, 'Delete session').click();
  await notice(page, /It no longer exists\./).waitFor();
  await panel.getByText(`This group has no session “${id}” now.`).waitFor();
  assert.equal(await sessionOf(world, at, id), undefined);
});

story('a dialog keeps the focus inside, closes on Escape and returns the focus', async (fixtures) => {
  const { page } = fixtures;
  await openGroup(fixtures, B);
  const opener = page.getByRole('button', { name: `Post heartbeat ${B.standby}` });
  await opener.focus();
  await page.keyboard.press('Enter');
  await dialog(page).waitFor();
  for (let tab = 0; tab < 8; tab += 1) {
    await page.keyboard.press('Tab');
    const inside = await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null);
    assert.ok(inside, 'the focus has left the dialog');
  }
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  assert.ok(await opener.evaluate((button) => button === document.activeElement));
});

story('the input of an open dialog survives every refresh', async (fixtures) => {
  const { page } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await fill(page, 'Id', 'HALF');
  const requests = pageRequests(page);
  await eventually(() => {
    assert.ok(requests.inventory.length >= 2);
    assert.ok(requests.relay.filter((address) => address.endsWith('/status')).length >= 2, `${requests.relay}`);
  }, 20_000);
  assert.equal(await dialog(page).getByLabel('Id', { exact: true }).inputValue(), 'HALF');
});

story('create session: a time-out leaves the outcome unknown until it is read', async (fixtures) => {
  const { page, control, complaints } = fixtures;
  complaints.expect(GONE);
  await page.clock.install();
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await fill(page, 'Id', 'LATE-01');
  await control('POST', '/faults', {
    connection: B.connection,
    operation: 'create session',
    fault: { kind: 'latency', milliseconds: 12_000 },
  });
  await send(page, 'Add session').click();
  await send(page, 'Sending…').waitFor();
  await page.clock.runFor(21_000);
  const unknown = dialog(page).getByRole('region', { name: 'Outcome unknown' });
  await unknown.getByText(/no answer within 20 s/).waitFor();
  await unknown.getByText('The session LATE-01 does not exist.').waitFor();
});

story('Enter submits a dialog, and Cancel closes it', async (fixtures) => {
  const { page } = fixtures;
  await openGroup(fixtures, B);
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await send(page, 'Cancel').click();
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await fill(page, 'Id', 'ENTERED');
  await page.keyboard.press('Enter');
  await notice(page, /created the session ENTERED/).waitFor();
});
