// The page /failover-sessions/{connection}/{guid}: one session and the machines that it moved.

import assert from 'node:assert/strict';
import { rows, story, whenRows } from './harness.mjs';
import { path, plain, sessions } from './support/worlds.mjs';

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

story('a time from before the clocks changed is told on the clocks of its season', { timezoneId: 'Europe/Berlin' }, async ({ page, visit, world }) => {
  const running = sessions(await world(), 'em').find(({ started }) => started?.startsWith('2020-05-06T20:29:45'));
  await visit(path('failover-sessions', 'em', running.guid));
  const facts = page.getByRole('region', { name: 'Session facts' });
  await facts.getByText('6 May 2020 20:29').waitFor();
  await page.getByTitle('Show times in the other zone').click();
  await facts.getByText('6 May 2020 22:29').waitFor();
});

story('a session that is not there is not found', async ({ page, visit, complaints }) => {
  complaints.expect(/status of 404/);
  await visit(path('failover-sessions', 'em', '00000000-0000-4000-8000-000000000000'));
  await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
});
