// Every change that the AVEVA API offers, with every answer that its contract documents: what is said
// before, what is sent, and what the service holds afterwards. A story's name is the contract's row.

import assert from 'node:assert/strict';
import { START, eventually, open, passInPage, story } from './harness.mjs';
import { pageRequests, vendorRequests } from './support/requests.mjs';
import { TITLES, path, system } from './support/worlds.mjs';

const A = { connection: 'plant-a', group: 'tankfarm-opcua', primary: 'TANK-01.OpcUa', standby: 'TANK-02.OpcUa' };
const B = { connection: 'plant-b', group: 'gauging-modbus', primary: 'GAUGE-01.Modbus', standby: 'GAUGE-02.Modbus' };

/** A browser complains of every 404, also of one that says that a deletion was done. */
const GONE = /status of 404/;

const dialog = (page) => page.getByRole('dialog');
const send = (page, name) => dialog(page).getByRole('button', { name, exact: true });
const notice = (page, words) => page.getByRole('status').getByText(words);
const fill = (page, label, text) => dialog(page).getByLabel(label, { exact: true }).fill(text);
const confirm = (page, id) => dialog(page).getByLabel(/^Type .* to confirm/).fill(id);

const held = async (world, { connection, group }) =>
  system(await world(), connection).groups.find(({ Id }) => Id === group);

const sessionOf = async (world, at, id) => (await held(world, at)).Sessions.find(({ Id }) => Id === id);

/** Opens a group's page and waits until its sessions are there. */
const openGroup = async ({ page, visit }, { connection, group, standby }) => {
  await visit(path('groups', connection, group));
  await page.getByRole('link', { name: standby, exact: true }).waitFor();
};

/** Each change: the operation that is sent, where, and how a person makes it. */
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
    go: async (told) => {
      await openGroup(told, A);
      await told.page.getByRole('button', { name: 'Delete group', exact: true }).click();
      await confirm(told.page, A.group);
    },
    now: /The group tankfarm-opcua exists: it was not deleted, not yet deleted, or created again/,
    answers: [400, 403, 404, 409],
  },
  'create session': {
    at: B,
    button: 'Add session',
    go: async (told) => {
      await openGroup(told, B);
      await told.page.getByRole('button', { name: 'Add session', exact: true }).click();
      await fill(told.page, 'Id', 'NEW-01.OpcUa');
    },
    kept: async (page) => assert.equal(await dialog(page).getByLabel('Id', { exact: true }).inputValue(), 'NEW-01.OpcUa'),
    now: /The session NEW-01.OpcUa does not exist/,
    answers: [400, 403, 404, 409],
  },
  'put session': {
    at: A,
    button: 'Put session',
    go: async (told) => {
      await openGroup(told, A);
      await told.page.getByRole('button', { name: 'Put session', exact: true }).click();
      await fill(told.page, 'Id', 'NEW-02.OpcUa');
    },
    now: /The session NEW-02.OpcUa does not exist/,
    answers: [400, 403, 404],
  },
  'delete session': {
    at: A,
    button: 'Delete session',
    go: async (told) => {
      await openGroup(told, A);
      await told.page.getByRole('button', { name: `Delete session ${A.standby}` }).click();
    },
    now: /The session TANK-02.OpcUa still exists/,
    answers: [400, 403, 404],
  },
  heartbeat: {
    at: A,
    button: 'Post heartbeat',
    go: async (told) => {
      await openGroup(told, A);
      await told.page.getByRole('button', { name: `Post heartbeat ${A.standby}` }).click();
    },
    now: /Primary is TANK-01.OpcUa/,
    answers: [400, 403, 404, 429],
  },
  'role override': {
    at: B,
    button: 'Override role',
    go: async (told) => {
      await openGroup(told, B);
      await told.page.getByRole('button', { name: `Override role ${B.standby}` }).click();
    },
    now: /GAUGE-02.Modbus is now Secondary\./,
    answers: [400, 403, 404],
  },
};

for (const [operation, change] of Object.entries(CHANGES)) {
  for (const status of change.answers) {
    story(`${operation}: ${status}`, async (told) => {
      const { page, control, complaints } = told;
      complaints.expect(new RegExp(`status of ${status}`));
      // What is read to compare is not there.
      if ((operation === 'create group' && status === 409) || operation === 'put session') complaints.expect(GONE);
      await change.go(told);
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

  // The service, the gateway's way to it, or the way back failed: nobody knows, so it is read.
  for (const [name, fault, complaint] of [
    ['500', { kind: 'status', status: 500 }, /status of 500/],
    ['503', { kind: 'status', status: 503 }, /status of 503/],
    ['a connection that is reset', { kind: 'reset' }, /status of 502/],
    ['a page of a proxy', { kind: 'html' }, undefined],
  ]) {
    story(`${operation}: ${name} leaves the outcome unknown until it is read`, async (told) => {
      const { page, control, complaints } = told;
      if (complaint) complaints.expect(complaint);
      if (/^create group|put session|create session/.test(operation)) complaints.expect(GONE);
      await change.go(told);
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

// The service answers with success and does nothing: what was asked for is not there afterwards.
for (const [operation, body, now, notThere] of [
  ['create group', '{"Id":"new-group"}', 'The group new-group does not exist.', true],
  ['create session', '{"Id":"NEW-01.OpcUa"}', 'The session NEW-01.OpcUa does not exist.', true],
  ['put session', '{"Id":"NEW-02.OpcUa"}', 'The session NEW-02.OpcUa does not exist.', true],
  ['delete session', '{}', 'The session TANK-02.OpcUa still exists, or was created again. Primary is TANK-01.OpcUa.', false],
  ['role override', '{"Value":1}', 'GAUGE-02.Modbus is now Secondary.', false],
]) {
  story(`${operation}: one that is accepted and not made is not shown as done`, async (told) => {
    const { page, control, complaints } = told;
    if (notThere) complaints.expect(GONE);
    const change = CHANGES[operation];
    const { connection } = change.at;
    await change.go(told);
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

story('delete group: one that is accepted and not made leaves the page where it is', async (told) => {
  const { page, control, world } = told;
  await aboutToDelete(told, 'long-lived');
  await control('POST', '/faults', { connection: 'plant-a', operation: 'delete group', fault: { kind: 'body', body: '{}' }, times: 1 });
  await send(page, 'Delete group').click();
  await dialog(page).getByRole('heading', { name: 'The change was not found in effect' }).waitFor();
  await dialog(page).getByText(/^Plant A accepted the change, but it is not in effect\. The group long-lived exists: /).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByRole('heading', { level: 1, name: 'long-lived' }).waitFor();
  assert.ok(await held(world, { connection: 'plant-a', group: 'long-lived' }));
});

story('clearing an override: one that is accepted and not made is told until it is dismissed', async (told) => {
  const { page, control, world } = told;
  await openGroup(told, B);
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

story('delete session: where it cannot be read afterwards it is not said to be done', async (told) => {
  const { page, control, complaints, world } = told;
  complaints.expect(/status of 403/);
  await CHANGES['delete session'].go(told);
  await control('POST', '/faults', { connection: A.connection, operation: 'get session', fault: { kind: 'status', status: 403 } });
  await send(page, 'Delete session').click();
  const unknown = dialog(page).getByRole('region', { name: 'Outcome unknown' });
  await unknown.getByText('Plant A deleted the session TANK-02.OpcUa. The result is not verified, because the current state could not be read.').waitFor();
  assert.equal(await sessionOf(world, A, A.standby), undefined);
});

for (const [operation, change] of Object.entries(CHANGES)) {
  story(`${operation}: 401 says that it was not carried out`, async (told) => {
    const { page, control, complaints } = told;
    complaints.expect(/status of 502/);
    if (operation === 'put session') complaints.expect(GONE);
    await change.go(told);
    const { connection } = change.at;
    await control('POST', '/faults', { connection, operation, fault: { kind: 'status', status: 401 } });
    await send(page, change.button).click();
    await dialog(page).getByRole('heading', { name: `${TITLES[connection]} refused the gateway's credentials` }).waitFor();
    await dialog(page).getByText('The change was not carried out.').waitFor();
  });
}

story('who is Primary after a change is said by the sessions where the status leaves it out', async (told) => {
  const { page, control } = told;
  await CHANGES.heartbeat.go(told);
  const { connection } = CHANGES.heartbeat.at;
  await control('POST', '/faults', { connection, operation: 'group status', fault: { kind: 'body', body: '{}' } });
  await send(page, CHANGES.heartbeat.button).click();
  await notice(page, /Primary is TANK-01.OpcUa\./).waitFor();
});

story('create group: 201', async (told) => {
  const { page, complaints, visit, world } = told;
  complaints.expect(GONE);
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await dialog(page).getByLabel('Connection').selectOption('Plant B');
  await fill(page, 'Id', 'mill-7');
  await fill(page, 'Name', 'Mill 7');
  await fill(page, 'Description', 'Ball mill');
  await fill(page, 'FailoverTimeout', '1m30');
  await dialog(page).getByText('Sent as 00:01:30.').waitFor();
  await fill(page, 'AdditionalData', '{"line": 7}');
  await send(page, 'Create group').click();
  await page.getByRole('heading', { level: 1, name: 'Mill 7' }).waitFor();
  await notice(page, 'Plant B created the group mill-7. The group matches what you entered.').waitFor();
  const group = await held(world, { connection: 'plant-b', group: 'mill-7' });
  assert.deepEqual(
    [group.Name, group.Description, group.FailoverTimeout, group.AdditionalData],
    ['Mill 7', 'Ball mill', '00:01:30', { line: 7 }],
  );
  await page.getByRole('button', { name: 'Undo' }).click();
  await notice(page, 'Plant B deleted the group mill-7. It no longer exists.').waitFor();
  assert.equal(await held(world, { connection: 'plant-b', group: 'mill-7' }), undefined);
});

story('a group that is created after its dialog was cancelled takes nobody away from where they are', async (told) => {
  const { page, control, visit, complaints } = told;
  complaints.expect(GONE);
  await control('POST', '/faults', { connection: 'plant-b', operation: 'create group', fault: { kind: 'latency', milliseconds: 2000 } });
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await dialog(page).getByLabel('Connection').selectOption('Plant B');
  await fill(page, 'Id', 'mill-8');
  await send(page, 'Create group').click();
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Connections/ }).click();
  const heading = page.getByRole('heading', { level: 1, name: 'Connections', exact: true });
  await heading.waitFor();
  await notice(page, /^Plant B created the group mill-8\./).waitFor({ timeout: 20_000 });
  await page.getByRole('button', { name: 'Undo' }).click();
  await notice(page, 'Plant B deleted the group mill-8. It no longer exists.').waitFor();
  await heading.waitFor();
});

story('create group: 200, an identical one was there', async (told) => {
  const { page } = told;
  await openGroup(told, A);
  await page.getByRole('button', { name: 'Duplicate with changes…' }).click();
  await fill(page, 'Id', A.group);
  await send(page, 'Create group').click();
  await notice(page, /an identical group tankfarm-opcua already exists\. Nothing was changed\./).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 0);
});

story('create group: 409, with the two configurations side by side', async (told) => {
  const { page, complaints, world } = told;
  complaints.expect(/status of 409/);
  await openGroup(told, A);
  await page.getByRole('button', { name: 'Duplicate with changes…' }).click();
  await fill(page, 'Id', A.group);
  await fill(page, 'FailoverTimeout', '2m');
  await send(page, 'Create group').click();
  const table = dialog(page).getByRole('table', { name: "The server's configuration and yours" });
  const row = table.getByRole('row', { name: /^FailoverTimeout/ });
  await row.waitFor();
  assert.deepEqual(await row.getByRole('cell').allInnerTexts(), ['00:01:00', '00:02:00']);
  await row.getByText('differs').waitFor();
  assert.equal((await held(world, A)).FailoverTimeout, '00:01:00');
});

story('create group: 400 for a FailoverTimeout that the service refuses', async (told) => {
  const { page, visit, complaints } = told;
  complaints.expect(/status of 400/);
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await fill(page, 'Id', 'too-fast');
  await fill(page, 'FailoverTimeout', '5s');
  await dialog(page).getByText('Adapters reject values below 00:00:15.').waitFor();
  await send(page, 'Create group').click();
  await dialog(page).getByRole('heading', { name: 'Plant A returned 400 Bad Request' }).waitFor();
});

story('create group: a refusal names the connection that was chosen', async (told) => {
  const { page, visit, control, complaints } = told;
  complaints.expect(/status of 400/);
  await control('POST', '/faults', { connection: B.connection, operation: 'create group', fault: { kind: 'status', status: 400 }, times: 1 });
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await dialog(page).getByLabel('Connection').selectOption({ label: TITLES[B.connection] });
  await fill(page, 'Id', 'elsewhere');
  await send(page, 'Create group').click();
  await dialog(page).getByRole('heading', { name: `${TITLES[B.connection]} returned 400 Bad Request` }).waitFor();
});

story('what is wrong with a field stands beside it, and nothing is sent', async (told) => {
  const { page, visit, control } = told;
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  for (const [label, text, words] of [
    ['Id', '..', 'An id cannot be . or ..'],
    ['FailoverTimeout', '61', 'Enter a time such as 90s, 1m30, 2h or 00:01:30.'],
    ['AdditionalData', '[1]', 'Enter a JSON object'],
    ['AdditionalData', '{"a":', 'Invalid JSON'],
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

story('delete group: 204', async (told) => {
  const { page, complaints, visit, world, control } = told;
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
  assert.equal(await held(world, { connection: 'plant-a', group: 'short-lived' }), undefined);
  const { requests } = await control('GET', '/requests');
  assert.equal(requests.filter(({ operation }) => operation === 'delete group').length, 1);
});

/** Opens the page of a new group without sessions, and the dialog that deletes it, confirmed. */
const aboutToDelete = async ({ page, visit }, id) => {
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await fill(page, 'Id', id);
  await send(page, 'Create group').click();
  await page.getByRole('heading', { level: 1, name: id }).waitFor();
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  await confirm(page, id);
};

/** The group was deleted, the list of groups is open, and the console goes on. */
const wasDeleted = async ({ page, world }, id) => {
  await notice(page, `Plant A deleted the group ${id}. It no longer exists.`).waitFor({ timeout: 20_000 });
  await page.getByRole('heading', { level: 1, name: 'Groups', exact: true }).waitFor();
  await page.getByRole('table', { name: 'Failover groups' }).waitFor();
  assert.equal(await page.getByText('The console has stopped working').count(), 0);
  assert.equal(await held(world, { connection: 'plant-a', group: id }), undefined);
};

story('a group whose dialog is closed while its deletion is sent is deleted, and the console goes on', async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(GONE);
  await aboutToDelete(told, 'short-lived');
  await control('POST', '/faults', { connection: 'plant-a', operation: 'delete group', fault: { kind: 'latency', milliseconds: 2000 } });
  await send(page, 'Delete group').click();
  await send(page, 'Sending…').waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  await wasDeleted(told, 'short-lived');
});

story('a group that the page no longer finds while its deletion is being checked is deleted, and the console goes on', async (told) => {
  const { page, complaints } = told;
  complaints.expect(GONE);
  await aboutToDelete(told, 'short-lived');
  const checks = [];
  let isSent = false;
  // What is read first after the deletion is the check of it; the page goes on reading meanwhile.
  page.on('response', (response) => (isSent ||= response.request().method() === 'DELETE'));
  await page.route(({ pathname }) => pathname.startsWith('/relay/') && pathname.endsWith('/short-lived'), async (route) => {
    if (isSent && checks.length === 0) await new Promise((release) => checks.push(release));
    await route.continue();
  });
  await send(page, 'Delete group').click();
  await eventually(() => assert.equal(checks.length, 1));
  await page.getByText('Plant A has no group “short-lived”.').waitFor({ timeout: 20_000 });
  checks[0]();
  await wasDeleted(told, 'short-lived');
});

for (const [button, label, text, isAboutGroup] of [
  ['Duplicate with changes…', 'Id', 'half-typed', false],
  ['Add session', 'Id', 'HALF-01.OpcUa', true],
  [`Override role ${B.standby}`, 'Ends after', '90m', true],
  ['Announce maintenance', 'Reason', 'New firmw', false],
]) {
  story(`what is typed after “${button}” stays while the group is not found, and that is said`, async (told) => {
    const { page, control, complaints } = told;
    complaints.expect(GONE);
    await openGroup(told, B);
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

story('delete group: 409 is foretold, and its sessions are named', async (told) => {
  const { page, complaints, world } = told;
  complaints.expect(/status of 409/);
  await openGroup(told, A);
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  await dialog(page).getByText('Plant A will reject this now: 2 sessions are active').waitFor();
  // The links to the sessions stand above what is to be filled in.
  await dialog(page).getByRole('link', { name: A.standby }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'confirm');
  await dialog(page).getByText(/It may reappear: a running adapter recreates its session and this group/).waitFor();
  await confirm(page, A.group);
  await send(page, 'Delete group').click();
  await dialog(page).getByText('Its sessions are: TANK-01.OpcUa, TANK-02.OpcUa.').waitFor();
  assert.ok(await held(world, A));
  await dialog(page).getByRole('list', { name: 'Sessions of the group' }).getByRole('link', { name: A.standby }).click();
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByRole('region', { name: `Session ${A.standby}`, exact: true }).waitFor();
});

story('delete group: of very many sessions the first are named, and how many more there are', async (told) => {
  const { page, control, visit, world } = told;
  await control('POST', '/reset', { scenario: 'calm', groups: 1, sessions: 60 });
  const group = system(await world(), 'plant-a').groups.find(({ Sessions }) => Sessions.length >= 60);
  await visit(path('groups', 'plant-a', group.Id));
  await page.getByText(`${group.Sessions.length} live`).waitFor();
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  const list = dialog(page).getByRole('list', { name: 'Sessions of the group' });
  await list.getByText(`and ${group.Sessions.length - 20} more`, { exact: true }).waitFor();
  assert.equal(await list.getByRole('link').count(), 20);
});

/** Somebody else adds a session to a group. */
const addElsewhere = async (page, connection, group, id) => {
  const other = await page.context().newPage();
  await other.goto(path('groups', connection, group));
  await other.getByRole('button', { name: 'Add session', exact: true }).click();
  await fill(other, 'Id', id);
  await send(other, 'Add session').click();
  await notice(other, `created the session ${id}`).waitFor();
  await other.close();
};

story('two admins at once: a group that has got a session since one looked is not deleted', async (told) => {
  const { page, control, world } = told;
  await openGroup(told, B);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  await confirm(page, B.group);
  await addElsewhere(page, B.connection, B.group, 'SPARE-03');
  await control('DELETE', '/requests');
  await send(page, 'Delete group').click();
  await dialog(page).getByText(/The sessions of gauging-modbus have changed meanwhile\. They are now: .*SPARE-03/).waitFor();
  assert.ok(await held(world, B));
  assert.equal((await vendorRequests(control, B.connection, 'delete group')).length, 0);
});

story('create group: Undo leaves alone a group that has got a session meanwhile', async (told) => {
  const { page, visit, world } = told;
  await visit('/groups');
  await page.getByRole('button', { name: 'Create group' }).click();
  await dialog(page).getByLabel('Connection').selectOption('Plant B');
  await fill(page, 'Id', 'mill-9');
  await send(page, 'Create group').click();
  await page.getByRole('heading', { level: 1, name: 'mill-9' }).waitFor();
  await addElsewhere(page, 'plant-b', 'mill-9', 'MILL-01');
  await page.getByRole('button', { name: 'Undo' }).click();
  await notice(page, /The sessions of mill-9 have changed meanwhile\. They are now: MILL-01\./).waitFor();
  assert.ok(await held(world, { connection: 'plant-b', group: 'mill-9' }));
});

story('put session: an id that begins with a blank is sent as it is', async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(GONE);
  const blank = { kind: 'replace', find: `"Id":"${A.standby}"`, with: `"Id":" ${A.standby}"` };
  await control('POST', '/faults', { connection: A.connection, operation: 'list sessions', fault: blank });
  await told.visit(`${path('groups', A.connection, A.group)}?session=${encodeURIComponent(` ${A.standby}`)}`);
  const panel = page.getByRole('region', { name: /^Session +TANK-02/ });
  await panel.getByRole('button', { name: /^Put session/ }).click();
  await send(page, 'Put session').click();
  // The service has no such session, only one without the blank.
  await dialog(page).getByText(/TANK-02\.OpcUa no longer exists\./).waitFor();
});

story('create session: 201, and Undo takes it back', async (told) => {
  const { page, complaints, world } = told;
  complaints.expect(GONE);
  await openGroup(told, B);
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

story('create session: the only one of a group is Primary at once, and Undo takes it back all the same', async (told) => {
  const { page, complaints, visit } = told;
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

story('create session: 200, an identical one was there', async (told) => {
  const { page } = told;
  await openGroup(told, B);
  for (const words of [/created the session SPARE-02/, /the session SPARE-02 already exists and is identical\. Nothing was changed\./]) {
    await page.getByRole('button', { name: 'Add session', exact: true }).click();
    await fill(page, 'Id', 'SPARE-02');
    await send(page, 'Add session').click();
    await notice(page, words).waitFor();
    await dialog(page).waitFor({ state: 'detached' });
  }
});

story('put session: a new one whose id is taken leaves the session that has it as it is', async (told) => {
  const { page, world, control } = told;
  await openGroup(told, A);
  const before = await sessionOf(world, A, A.primary);
  await page.getByRole('button', { name: 'Put session', exact: true }).click();
  await fill(page, 'Id', A.primary);
  await send(page, 'Put session').click();
  await dialog(page).getByText('Nothing was sent').waitFor();
  await dialog(page).getByText(`${A.primary} already exists and is Primary. To change it, choose it in the table.`).waitFor();
  assert.deepEqual(await sessionOf(world, A, A.primary), before);
  const { requests } = await control('GET', '/requests');
  assert.ok(!requests.some(({ operation }) => operation === 'put session'));
});

story('put session: 201 and 200 are told apart', async (told) => {
  const { page, world, complaints } = told;
  complaints.expect(GONE);
  await openGroup(told, A);
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

story('delete session: 204, confirmed by typing because it is Primary, and says who follows', async (told) => {
  const { page, complaints, world } = told;
  complaints.expect(GONE);
  await openGroup(told, A);
  await page.getByRole('button', { name: `Delete session ${A.primary}` }).click();
  await dialog(page).getByText(/TANK-01.OpcUa is Primary and leaves the group. TANK-02.OpcUa becomes Primary within 30 s: highest score among live sessions/).waitFor();
  await dialog(page).getByText('it is Primary').waitFor();
  assert.ok(await send(page, 'Delete session').isDisabled());
  await confirm(page, A.primary);
  await send(page, 'Delete session').click();
  await notice(page, /Plant A deleted the session TANK-01.OpcUa\. It no longer exists\. .*TANK-02.OpcUa/).waitFor();
  assert.equal(await sessionOf(world, A, A.primary), undefined);
});

story('heartbeat: 200, the answer tells the role, and one right after it is refused', async (told) => {
  const { page, world, complaints } = told;
  complaints.expect(/status of 429/);
  await openGroup(told, B);
  await page.getByRole('button', { name: `Post heartbeat ${B.standby}` }).click();
  assert.equal(await dialog(page).getByLabel('HeartbeatTime').count(), 0);
  await fill(page, 'FailoverScore', '101');
  await dialog(page).getByText('Enter a number from 0 to 100').waitFor();
  await fill(page, 'FailoverScore', '42.5');
  await send(page, 'Post heartbeat').click();
  await notice(page, /Plant B accepted the heartbeat and returned the role Secondary\. Primary is GAUGE-01.Modbus\./).waitFor();
  assert.equal((await sessionOf(world, B, B.standby)).Heartbeat.FailoverScore, 42.5);
  await page.getByRole('button', { name: `Post heartbeat ${B.standby}` }).click();
  await send(page, 'Post heartbeat').click();
  await dialog(page).getByRole('heading', { name: 'Plant B returned 429' }).waitFor();
});

story('heartbeat: 429 with Retry-After holds the button until then', async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(/status of 429/);
  const sent = async () => (await vendorRequests(control, B.connection, 'heartbeat')).length;
  await open(told, path('groups', B.connection, B.group));
  await page.getByRole('button', { name: `Post heartbeat ${B.standby}` }).click();
  await control('DELETE', '/requests');
  await control('POST', '/faults', { connection: B.connection, operation: 'heartbeat', fault: { kind: 'status', status: 429, retry_after: 30 } });
  await send(page, 'Post heartbeat').click();
  await dialog(page).getByRole('heading', { name: 'Plant B returned 429' }).waitFor();
  await control('DELETE', '/faults');
  const waiting = dialog(page).getByRole('button', { name: 'Rate limited, waiting…', disabled: true });
  await waiting.waitFor();
  await passInPage(page, 29);
  await dialog(page).getByLabel('FailoverScore', { exact: true }).press('Enter');
  assert.equal(await waiting.count(), 1);
  assert.equal(await sent(), 1);
  await passInPage(page, 2);
  await send(page, 'Post heartbeat').click();
  await notice(page, /Plant B accepted the heartbeat/).waitFor();
  assert.equal(await sent(), 2);
});

story('heartbeat: version v1-preview asks for its times and its old name of the score', async (told) => {
  const { page, world } = told;
  await openGroup(told, A);
  await page.getByRole('button', { name: `Post heartbeat ${A.standby}` }).click();
  await fill(page, 'FailoverStatus', '77');
  await fill(page, 'LastDataProcessedTime', 'yesterday');
  await dialog(page).getByText('Enter a UTC time such as').waitFor();
  await fill(page, 'LastDataProcessedTime', '2026-01-15T14:00:00Z');
  await send(page, 'Post heartbeat').click();
  await notice(page, /Plant A accepted the heartbeat/).waitFor();
  const { Heartbeat } = await sessionOf(world, A, A.standby);
  assert.equal(Heartbeat.FailoverScore, 77);
  assert.match(Heartbeat.LastDataProcessedTime, /^2026-01-15T14:00:00/);
});

story('role override: 200 with an end, cleared with one click, and taken back', async (told) => {
  const { page, world } = told;
  await openGroup(told, B);
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await dialog(page).getByText('GAUGE-02.Modbus becomes Primary immediately and stays Primary for 1 h, regardless of its score.').waitFor();
  await fill(page, 'Ends after', '90m');
  await dialog(page).getByText('Sent as ExpirationPeriod 01:30:00.').waitFor();
  await send(page, 'Override role').click();
  await notice(page, /Plant B overrides the role of GAUGE-02.Modbus\. GAUGE-02.Modbus is now Primary, overridden to Primary until 2026-01-15 16:02:08 UTC\./).waitFor();
  const inactive = page.getByRole('region', { name: 'Takeover' }).getByText('Inactive', { exact: true });
  await inactive.waitFor();
  await page.getByRole('button', { name: `Clear override ${B.standby}` }).click();
  await notice(page, /Plant B no longer overrides the role of GAUGE-02.Modbus/).waitFor();
  await inactive.waitFor({ state: 'detached' });
  assert.ok(!(await sessionOf(world, B, B.standby)).RoleOverride);
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await eventually(async () => assert.ok((await sessionOf(world, B, B.standby)).RoleOverride));
});

story('clearing an override by keyboard leaves the focus on that session, and the rows in their places', async (told) => {
  const { page, world } = told;
  await openGroup(told, B);
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

story('a dialog about a session that is not listed now says so, and sends nothing until it is listed again', async (told) => {
  const { page, control, world } = told;
  await openGroup(told, B);
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

story('a heartbeat is posted with the time of sending, not of the dialog', async (told) => {
  const { page, control } = told;
  await openGroup(told, A);
  await page.getByRole('button', { name: `Post heartbeat ${A.standby}` }).click();
  assert.equal(await dialog(page).getByLabel('HeartbeatTime').inputValue(), 'now');
  await fill(page, 'HeartbeatTime', '2026-01-15T10:00:00Z');
  await dialog(page).getByText('HeartbeatTime is older than FailoverTimeout').waitFor();
  await fill(page, 'HeartbeatTime', '2026-01-15T18:00:00Z');
  await dialog(page).getByText(/HeartbeatTime is .+ in the future: if TANK-02\.OpcUa fails, no session takes over until then/).waitFor();
  await fill(page, 'HeartbeatTime', 'now');
  await control('POST', '/clock/advance', { seconds: 20 });
  await page.clock.fastForward(20_000);
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/heartbeat'));
  await send(page, 'Post heartbeat').click();
  const { HeartbeatTime, LastDataProcessedTime } = (await sent).postDataJSON();
  assert.ok(Date.parse(HeartbeatTime) >= Date.parse(START) + 20_000, HeartbeatTime);
  assert.ok(Date.parse(LastDataProcessedTime) >= Date.parse(START) + 20_000, LastDataProcessedTime);
  await notice(page, /Plant A accepted the heartbeat/).waitFor();
});

story('a refusal of what has no dialog is told in full, and stays until it is dismissed', async (told) => {
  const { page, control, complaints, world } = told;
  complaints.expect(/status of 403/);
  await openGroup(told, B);
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

story('role override: a session that is silent is warned of loudly and typed', async (told) => {
  const { page, control } = told;
  await control('PATCH', path('systems', B.connection, 'groups', B.group, 'sessions', B.standby), { silent: true });
  await control('POST', '/clock/advance', { seconds: 300 });
  await openGroup(told, B);
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await dialog(page).getByText(/GAUGE-02.Modbus is silent, last heartbeat .* ago: it would stay Primary and no data would flow\./).waitFor();
  await dialog(page).getByText('it is silent').waitFor();
  assert.ok(await send(page, 'Override role').isDisabled());
});

/** A session's adapter falls silent, for longer than the FailoverTimeout. */
const silence = async (control, { connection, group }, id) => {
  await control('PATCH', path('systems', connection, 'groups', group, 'sessions', id), { silent: true });
  await control('POST', '/clock/advance', { seconds: 300 });
};

story('role override: a session that has gone silent since one looked is not made Primary', async (told) => {
  const { page, control, world } = told;
  await openGroup(told, B);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: `Override role ${B.standby}` }).click();
  await send(page, 'Override role').waitFor();
  await silence(control, B, B.standby);
  await send(page, 'Override role').click();
  const changed = dialog(page).getByRole('region', { name: 'Changed meanwhile' });
  await changed.getByText('GAUGE-02.Modbus has gone silent since you started: it has posted no heartbeat for longer than the FailoverTimeout.').waitFor();
  assert.equal((await vendorRequests(control, B.connection, 'role override')).length, 0);
  assert.ok(!(await sessionOf(world, B, B.standby)).RoleOverride);
  // What stands in the dialog follows: now it has to be typed.
  await dialog(page).getByText('it is silent').waitFor();
  assert.ok(await send(page, 'Override role').isDisabled());
});

story('delete session: the Primary is not deleted where who would follow has gone silent since one looked', async (told) => {
  const { page, control, world } = told;
  await openGroup(told, B);
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

story('a button that a refresh turned into another action is not pressed by a slip', async (told) => {
  const { page, control } = told;
  await openGroup(told, B);
  await page.getByRole('button', { name: `Override role ${B.primary}` }).focus();
  // Also of who has looked at its dialog and left it.
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
  await notice(page, `Nothing was sent: the button read “Override role ${B.primary}” when you turned to it, and now reads “Clear override ${B.primary}”. Press it again if you mean that.`).waitFor();
  assert.equal(await dialog(page).count(), 0);
  // It is meant now, and compared with what the service holds.
  await page.keyboard.press('Enter');
  await notice(page, `Nothing was sent: The role override of ${B.primary} has changed since you started.`).waitFor();
  assert.equal((await vendorRequests(control, B.connection, 'role override')).length, 0);
});

story('put session: a name that somebody else has given since one looked is not overwritten unseen', async (told) => {
  const { page, control, world } = told;
  const { Name } = await sessionOf(world, A, A.standby);
  const openForm = async (window) => {
    await window.getByRole('link', { name: A.standby, exact: true }).click();
    await window.getByRole('region', { name: `Session ${A.standby}`, exact: true }).getByRole('button', { name: `Put session ${A.standby}` }).click();
  };
  await openGroup(told, A);
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

story('an id to confirm that is filled in without an event is read all the same', async (told) => {
  const { page } = told;
  await openGroup(told, A);
  await page.getByRole('button', { name: 'Delete group', exact: true }).click();
  assert.ok(await send(page, 'Delete group').isDisabled());
  await dialog(page).getByLabel(/^Type .* to confirm/).evaluate((input, id) => {
    input.value = id;
  }, A.group);
  await eventually(async () => assert.ok(await send(page, 'Delete group').isEnabled()));
});

story('what a version does not have is absent, and /connections says why', async (told) => {
  const { page, visit } = told;
  await openGroup(told, A);
  assert.equal(await page.getByRole('button', { name: /^Override role/ }).count(), 0);
  await openGroup(told, B);
  assert.equal(await page.getByRole('button', { name: /^Put session/ }).count(), 0);
  await visit('/connections');
  await page.getByText('Put session: version v1 of sessions has no PUT').waitFor();
  await page.getByText(/Override role: version v1-preview of sessions has no role override/).waitFor();
});

story('two admins at once: what has changed since one looked is not overwritten', async (told) => {
  const { page, control, world } = told;
  await openGroup(told, B);
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await page.getByRole('button', { name: `Delete session ${B.standby}` }).click();
  // The other one makes it Primary meanwhile.
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
  // What stands in the dialog follows: now it has to be typed.
  await dialog(page).getByText('it is Primary').waitFor();
});

story('an id with every awkward character is added, overridden and deleted', async (told) => {
  const { page, complaints, visit, world } = told;
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

story('a dialog keeps the focus inside, closes on Escape and gives it back', async (told) => {
  const { page } = told;
  await openGroup(told, B);
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

story('a half-typed dialog survives every refresh', async (told) => {
  const { page } = told;
  await openGroup(told, B);
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await fill(page, 'Id', 'HALF');
  const asked = pageRequests(page);
  await eventually(() => {
    assert.ok(asked.inventory.length >= 2);
    assert.ok(asked.relay.filter((one) => one.endsWith('/status')).length >= 2, `${asked.relay}`);
  }, 20_000);
  assert.equal(await dialog(page).getByLabel('Id', { exact: true }).inputValue(), 'HALF');
});

story('create session: no answer in time leaves the outcome unknown until it is read', async (told) => {
  const { page, control, complaints } = told;
  complaints.expect(GONE);
  await page.clock.install();
  await openGroup(told, B);
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

story('a dialog is sent with Enter and closed with Cancel', async (told) => {
  const { page } = told;
  await openGroup(told, B);
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await send(page, 'Cancel').click();
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Add session', exact: true }).click();
  await fill(page, 'Id', 'ENTERED');
  await page.keyboard.press('Enter');
  await notice(page, /created the session ENTERED/).waitFor();
});
