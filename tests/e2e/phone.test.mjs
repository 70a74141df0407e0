// Differences between a phone and a desktop.

import assert from 'node:assert/strict';
import { story } from './harness.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';

for (const base of ['', '/tools/failover']) {
  story(`a phone has no entry for the wall ${base === '' ? 'at the root' : `below ${base}`}`, { viewport: { width: 390, height: 844 } }, async ({ page, complaints }) => {
    complaints.expect(/status of 401/);
    const top = base === '' ? '' : `public_url = "http://localhost${base}"\ndrain_seconds = 0\n`;
    const gateway = await serve({ top });
    const wall = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Wall', exact: true });
    try {
      await page.goto(`${gateway.url}${base}/`);
      await page.getByLabel('User name').fill('ann');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
      assert.equal(await wall.count(), 0);
      await page.setViewportSize({ width: 1440, height: 900 });
      await wall.waitFor();
    } finally {
      // The page polls until it is left.
      await page.goto('about:blank');
      await gateway.stop();
    }
  });
}
