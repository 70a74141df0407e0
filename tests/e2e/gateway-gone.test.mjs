// The gateway itself stops and comes back.

import assert from 'node:assert/strict';
import { start, story, whenRows } from './harness.mjs';

story('a gateway that is gone is said to be gone, and the console recovers with it', async ({ page, complaints }) => {
  complaints.expect(/ERR_CONNECTION_REFUSED/);
  const first = await start();
  let second;
  try {
    await page.goto(`${first.url}/groups`);
    await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
    await first.stop();
    const alert = page.getByRole('alert').filter({ hasText: 'The gateway does not answer' });
    await alert.waitFor({ timeout: 30_000 });
    await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
    second = await start({ listen: new URL(first.url).host });
    await alert.waitFor({ state: 'detached', timeout: 45_000 });
    await page.getByRole('listitem', { name: /^Plant A: live/ }).waitFor();
  } finally {
    await first.stop();
    await second?.stop();
  }
});
