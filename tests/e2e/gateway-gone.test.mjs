// The gateway itself stops and comes back.

import assert from 'node:assert/strict';
import { start, story, whenRows } from './harness.mjs';
import { GATEWAY_GONE } from './support/browser.mjs';

story('a gateway that is gone is said to be gone, and the console recovers with it', async ({ page, product, visit, complaints }) => {
  complaints.expect(GATEWAY_GONE);
  await visit('/groups');
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
  await product.stop();
  const alert = page.getByRole('alert').filter({ hasText: 'The gateway does not answer' });
  await alert.waitFor({ timeout: 30_000 });
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
  const again = await start({ listen: new URL(product.url).host });
  try {
    await alert.waitFor({ state: 'detached', timeout: 45_000 });
    await page.getByRole('listitem', { name: /^Plant A: live/ }).waitFor();
  } finally {
    await again.stop();
  }
});
