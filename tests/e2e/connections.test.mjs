// The page /connections: each system, how fresh it is, what went wrong last.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';
import { TITLES, sessions, system } from './support/worlds.mjs';

story('every connection says that it is live and how much it holds', async ({ page, visit, world }) => {
  await visit('/connections');
  const held = await world();
  const number = {
    'plant-a': `${system(held, 'plant-a').groups.length} groups`,
    'plant-b': `${system(held, 'plant-b').groups.length} groups`,
    live: `${system(held, 'live').groups.length} slicer groups`,
    em: `${Math.min(100, sessions(held, 'em').length)} newest sessions`,
    'em-old': `${Math.min(100, sessions(held, 'em-old').length)} newest sessions`,
  };
  for (const [id, title] of Object.entries(TITLES)) {
    const card = page.getByRole('region', { name: title, exact: true });
    await card.locator('dl').getByText(id, { exact: true }).waitFor();
    await card.locator('header').getByText('live', { exact: true }).waitFor();
    await card.getByText(number[id], { exact: true }).waitFor();
  }
});

story('a connection that fails says why, and recovers', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 503/);
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'status', status: 503 } });
  await visit('/connections');
  const card = page.getByRole('region', { name: TITLES['plant-b'], exact: true });
  const failure = card.getByRole('region', { name: 'What went wrong' });
  await failure.getByText('The service is unavailable.').waitFor();
  await control('DELETE', '/faults');
  await card.getByRole('button', { name: /^Refresh now/ }).last().click();
  await failure.waitFor({ state: 'detached' });
  await card.getByText('live', { exact: true }).waitFor();
});

story('a failing connection leaves the others live', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 500/);
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 500 } });
  await visit('/connections');
  const sources = page.getByRole('list', { name: 'Sources' });
  await sources.getByRole('listitem', { name: 'Live channels: NO DATA' }).waitFor();
  for (const [id, title] of Object.entries(TITLES)) {
    if (id !== 'live') await sources.getByRole('listitem', { name: new RegExp(`^${title}: live`) }).waitFor();
  }
});

story('refreshing asks at once', async ({ page, visit, control }) => {
  await visit('/connections');
  await page.getByRole('region', { name: 'Plant A', exact: true }).getByText('live', { exact: true }).waitFor();
  await control('DELETE', '/requests');
  await page.getByRole('button', { name: 'Refresh now Plant A' }).click();
  await eventually(async () => {
    const { requests } = await control('GET', '/requests');
    assert.ok(requests.some(({ connection }) => connection === 'plant-a'));
  }, 2_000);
});
