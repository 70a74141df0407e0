// The page /failover-sessions/{connection}/{guid}: one session and its virtual machines.

import assert from 'node:assert/strict';
import { rows, story, whenRows } from './harness.mjs';
import { path, plain, recentSessions, sessions, system } from './support/worlds.mjs';

const TABLE = 'Virtual machines of the session';

for (const connection of ['em', 'em-old']) {
  story(`a session of ${connection} lists its machines with their results`, async ({ page, visit, world }) => {
    const session = sessions(await world(), connection).find(({ tasks }) => tasks.length > 0);
    await visit(path('failover-sessions', connection, session.guid));
    await page.getByRole('heading', { level: 1, name: plain(session.name), exact: true }).waitFor();
    const facts = page.getByRole('region', { name: 'Session facts' });
    await facts.getByText(session.server, { exact: true }).waitFor();
    await facts.getByText(session.state, { exact: true }).waitFor();
    await whenRows(page, TABLE, (shown) => assert.equal(shown.length, session.tasks.length));
    const machines = (await rows(page, TABLE)).map((row) => row.Machine.split(' ')[0]);
    assert.deepEqual(machines, session.tasks.map(({ machine }) => plain(machine).split(' ')[0]));
  });
}

story('a failed session shows its message', async ({ page, visit, world }) => {
  const failed = sessions(await world(), 'em').find(({ message }) => message);
  await visit(path('failover-sessions', 'em', failed.guid));
  await page.getByRole('region', { name: 'Session facts' }).getByText(plain(failed.message), { exact: true }).waitFor();
});

story('a running session has no end', async ({ page, visit, world }) => {
  const running = sessions(await world(), 'em').find(({ state }) => state === 'Working');
  assert.ok(running, 'a session is running');
  await visit(path('failover-sessions', 'em', running.guid));
  await page.getByRole('region', { name: 'Session facts' }).getByText('not yet', { exact: true }).waitFor();
});

for (const [field, text] of [['endTimeUTC', 'not given'], ['failureMessage', 'no message given']]) {
  story(`a session that ended without its ${field} says that it is missing`, async ({ page, visit, world, control }) => {
    const isFailed = ({ Result, State, FailureMessage }) => Result === 'Failed' && State === 'Stopped' && FailureMessage;
    const failed = system(await world(), 'em').sessions.find(isFailed);
    const value = JSON.stringify(failed[field[0].toUpperCase() + field.slice(1)]);
    const missing = { kind: 'replace', find: `"${field}":${value}`, with: `"${field}":null` };
    await control('POST', '/faults', { connection: 'em', operation: 'get session', fault: missing });
    await visit(path('failover-sessions', 'em', failed.UID));
    const facts = page.getByRole('region', { name: 'Session facts' });
    await facts.getByText(text, { exact: true }).waitFor();
    assert.equal(await facts.getByText('not yet', { exact: true }).count(), 0);
  });
}

story("a time in another season is shown with that season's UTC offset", { timezoneId: 'Europe/Berlin' }, async ({ page, visit, world }) => {
  const running = sessions(await world(), 'em').find(({ started }) => started?.startsWith('2020-05-06T20:29:45'));
  await visit(path('failover-sessions', 'em', running.guid));
  const facts = page.getByRole('region', { name: 'Session facts' });
  await facts.getByText('6 May 2020 20:29').waitFor();
  await page.getByTitle('Show times in the other zone').click();
  await facts.getByText('6 May 2020 22:29').waitFor();
});

story('maintenance of a run listed by two connections is announced on either page and shown on both', async ({ page, visit, world }) => {
  const simulated = await world();
  const [first, second] = ['em', 'em-old'].map((connection) => recentSessions(simulated, connection));
  const shared = second.find(({ guid }) => first.some((one) => one.guid === guid));
  assert.ok(shared, 'both connections list it');
  const address = (connection) => path('failover-sessions', connection, shared.guid.toLowerCase());
  await visit(address('em-old'));
  await page.getByRole('button', { name: 'Announce maintenance' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('Storage');
  await dialog.getByLabel('Reason').press('Enter');
  const note = page.getByText(/^In maintenance until 15:32:08, by demo: Storage$/);
  await note.waitFor();
  await visit(address('em'));
  await note.waitFor();
});

story('a session too old to be watched offers no maintenance', async ({ page, visit, world }) => {
  const simulated = await world();
  const recent = recentSessions(simulated, 'em');
  const old = sessions(simulated, 'em').find(({ guid }) => !recent.some((one) => one.guid === guid));
  await visit(path('failover-sessions', 'em', recent[0].guid.toLowerCase()));
  const announce = page.getByRole('button', { name: 'Announce maintenance' });
  await announce.waitFor();
  await visit(path('failover-sessions', 'em', old.guid.toLowerCase()));
  await page.getByRole('region', { name: 'Session facts' }).getByText(old.state, { exact: true }).waitFor();
  assert.equal(await announce.count(), 0);
});

story('the last known state of a run of two connections is shown while one of them cannot be read', async ({ page, visit, world, control, complaints }) => {
  complaints.expect(/status of 503/);
  const simulated = await world();
  const [first, second] = ['em', 'em-old'].map((connection) => recentSessions(simulated, connection));
  const shared = second.find(({ guid }) => first.some((one) => one.guid === guid));
  await control('POST', '/faults', { connection: 'em-old', operation: 'get session', fault: { kind: 'status', status: 503 } });
  await visit(path('failover-sessions', 'em-old', shared.guid.toLowerCase()));
  await page.getByRole('heading', { level: 1, name: plain(shared.name), exact: true }).waitFor();
  const known = page.getByRole('region', { name: 'Last known state' });
  await known.getByText(shared.state, { exact: true }).waitFor();
  await known.getByText(/^last known, (now|\d+ s ago)$/).waitFor();
});

story('a failed run shows that its plan has succeeded since, on its page and in the list', async ({ page, visit, world, control, reread }) => {
  const all = system(await world(), 'em').sessions;
  const running = all.find(({ State }) => State === 'Working');
  const warned = all.find(({ Result, BackupServerName }) => Result === 'Warning' && BackupServerName === running.BackupServerName);
  const text = (name, progress, result, state) => `"name":"${name}","progress":${progress},"result":"${result}","state":"${state}"`;
  // The newest run becomes a success of the same plan.
  const fault = {
    kind: 'replace',
    find: text(running.Name, running.Progress, 'None', 'Working'),
    with: text(warned.Name, 100, 'Success', 'Stopped'),
  };
  await control('POST', '/faults', { connection: 'em', operation: 'query sessions', fault });
  await reread('em');
  await visit(path('failover-sessions', 'em', warned.UID.toLowerCase()));
  const facts = page.getByRole('region', { name: 'Session facts' });
  await facts.getByText(/A run of the same name has succeeded since\. Check in Veeam whether it was the same plan\.$/).waitFor();
  await facts.getByText('Warning', { exact: true }).waitFor();
  await visit('/failover-sessions?connection=em');
  await whenRows(page, 'Cloud failover sessions', (shown) => {
    const row = shown.find(({ Plan, Result }) => Plan.startsWith(warned.Name) && Result.startsWith('Warning'));
    assert.equal(row.Result, 'Warning same name succeeded since');
  });
});

story('an unknown session is not found', async ({ page, visit, complaints }) => {
  complaints.expect(/status of 404/);
  await visit(path('failover-sessions', 'em', '00000000-0000-4000-8000-000000000000'));
  await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
});
