// Every page can be opened by its address, and reloaded.

import assert from 'node:assert/strict';
import { story } from './harness.mjs';
import { path, plain, sessions, system } from './support/worlds.mjs';

story('every page is the same after a reload', async ({ page, visit, world }) => {
  const simulated = await world();
  const group = system(simulated, 'plant-b').groups[0];
  const slicers = system(simulated, 'live').groups[0];
  const [session] = sessions(simulated, 'em');
  for (const [address, heading] of [
    ['/', 'Overview'],
    ['/groups', 'Groups'],
    ['/groups?q=kiln&state=normal', 'Groups'],
    [path('groups', 'plant-b', group.Id), group.Name],
    ['/slicers', 'Slicers'],
    [path('slicers', 'live', slicers.id), slicers.name],
    ['/failover-sessions', 'Failover sessions'],
    ['/failover-sessions?connection=em-old&filter=Result%3D%3DFailed&size=10', 'Failover sessions'],
    [path('failover-sessions', 'em', session.guid), session.name],
    ['/connections', 'Connections'],
    ['/nowhere', 'Not found'],
  ]) {
    await visit(address);
    const title = page.getByRole('heading', { level: 1, name: plain(heading), exact: true });
    await title.waitFor();
    const before = page.url();
    await page.reload();
    await title.waitFor();
    assert.equal(page.url(), before);
    assert.equal(await page.title(), `${heading} · Failover Console`);
  }
});
