// Addresses without a page.

import { story } from './harness.mjs';

for (const address of ['/nowhere', '/groups/plant-a', '/groups/plant-a/a/b', '/slicers/plant-a/x', '/failover-sessions/live/x']) {
  story(`${address} shows Not found, and links to the overview`, async ({ page, visit }) => {
    await visit(address);
    await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
    await page.getByRole('link', { name: 'Go to the overview' }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });
}
