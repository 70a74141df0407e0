// The page /failover-sessions/{connection}/{guid}: one session and the machines that it moved.

import assert from 'node:assert/strict';
import { rows, story, whenRows } from './harness.mjs';
import { path, plain, recentSessions, sessions, system } from './support/worlds.mjs';

const TABLE = 'Virtual machines of the session';

for (const connection of ['em', 'em-old']) {
  story(`a session of ${connection} shows its machines, each with its result`, async ({ page, visit, world }) => {
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
  const told = sessions(await world(), 'em').find(({ message }) => message);
  await visit(path('failover-sessions', 'em', told.guid));
  await page.getByRole('region', { name: 'Session facts' }).getByText(plain(told.message), { exact: true }).waitFor();
});

story('a running session has not ended', async ({ page, visit, world }) => {
  const running = sessions(await world(), 'em').find(({ state }) => state === 'Working');
  assert.ok(running, 'a session is running');
  await visit(path('failover-sessions', 'em', running.guid));
  await page.getByRole('region', { name: 'Session facts' }).getByText('not yet', { exact: true }).waitFor();
});

for (const [field, words] of [['endTimeUTC', 'not given'], ['failureMessage', 'no message given']]) {
  story(`a session that ended without its ${field} says that it was not given`, async ({ page, visit, world, control }) => {
    const isFailed = ({ Result, State, FailureMessage }) => Result === 'Failed' && State === 'Stopped' && FailureMessage;
    const failed = system(await world(), 'em').sessions.find(isFailed);
    const held = JSON.stringify(failed[field[0].toUpperCase() + field.slice(1)]);
    const missing = { kind: 'replace', find: `"${field}":${held}`, with: `"${field}":null` };
    await control('POST', '/faults', { connection: 'em', operation: 'get session', fault: missing });
    await visit(path('failover-sessions', 'em', failed.UID));
    const facts = page.getByRole('region', { name: 'Session facts' });
    await facts.getByText(words, { exact: true }).waitFor();
    assert.equal(await facts.getByText('not yet', { exact: true }).count(), 0);
  });
}

story('a time from before the clocks changed is told on the clocks of its season', { timezoneId: 'Europe/Berlin' }, async ({ page, visit, world }) => {
  const running = sessions(await world(), 'em').find(({ started }) => started?.startsWith('2020-05-06T20:29:45'));
  await visit(path('failover-sessions', 'em', running.guid));
  const facts = page.getByRole('region', { name: 'Session facts' });
  await facts.getByText('6 May 2020 20:29').waitFor();
  await page.getByTitle('Show times in the other zone').click();
  await facts.getByText('6 May 2020 22:29').waitFor();
});

story('maintenance of a run that two connections list is announced on the page of either, and told on both', async ({ page, visit, world }) => {
  const held = await world();
  const [first, second] = ['em', 'em-old'].map((connection) => recentSessions(held, connection));
  const shared = second.find(({ guid }) => first.some((one) => one.guid === guid));
  assert.ok(shared, 'both list it');
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

story('of a session that ended too long ago to be watched no maintenance is offered', async ({ page, visit, world }) => {
  const held = await world();
  const recent = recentSessions(held, 'em');
  const old = sessions(held, 'em').find(({ guid }) => !recent.some((one) => one.guid === guid));
  await visit(path('failover-sessions', 'em', recent[0].guid.toLowerCase()));
  const announce = page.getByRole('button', { name: 'Announce maintenance' });
  await announce.waitFor();
  await visit(path('failover-sessions', 'em', old.guid.toLowerCase()));
  await page.getByRole('region', { name: 'Session facts' }).getByText(old.state, { exact: true }).waitFor();
  assert.equal(await announce.count(), 0);
});

story('what is known last of a run that another connection represents is shown while its own cannot be read', async ({ page, visit, world, control, complaints }) => {
  complaints.expect(/status of 503/);
  const held = await world();
  const [first, second] = ['em', 'em-old'].map((connection) => recentSessions(held, connection));
  const shared = second.find(({ guid }) => first.some((one) => one.guid === guid));
  await control('POST', '/faults', { connection: 'em-old', operation: 'get session', fault: { kind: 'status', status: 503 } });
  await visit(path('failover-sessions', 'em-old', shared.guid.toLowerCase()));
  await page.getByRole('heading', { level: 1, name: plain(shared.name), exact: true }).waitFor();
  await page.getByRole('region', { name: 'Last known state' }).getByText(shared.state, { exact: true }).waitFor();
});

story('a run that went wrong says on its page and in the list that the plan has succeeded since, as the overview does', async ({ page, visit, world, control, reread }) => {
  const all = system(await world(), 'em').sessions;
  const running = all.find(({ State }) => State === 'Working');
  const warned = all.find(({ Result, BackupServerName }) => Result === 'Warning' && BackupServerName === running.BackupServerName);
  const words = (name, progress, result, state) => `"name":"${name}","progress":${progress},"result":"${result}","state":"${state}"`;
  // The newest run becomes a success of the same plan.
  const fault = {
    kind: 'replace',
    find: words(running.Name, running.Progress, 'None', 'Working'),
    with: words(warned.Name, 100, 'Success', 'Stopped'),
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

story('a session that is not there is not found', async ({ page, visit, complaints }) => {
  complaints.expect(/status of 404/);
  await visit(path('failover-sessions', 'em', '00000000-0000-4000-8000-000000000000'));
  await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
});
