// The gateway stops and starts again.

import assert from 'node:assert/strict';
import { eventually, open, pass, passUntil, start, story, whenRows } from './harness.mjs';
import { GATEWAY_GONE } from './support/browser.mjs';
import { proxy } from './support/proxy.mjs';
import { waitForSource } from './support/sources.mjs';

story('the console shows that the gateway is down, and recovers with it', async ({ page, product, visit, complaints }) => {
  complaints.expect(GATEWAY_GONE);
  await visit('/groups');
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
  await product.stop();
  const alert = page.getByRole('alert').filter({ hasText: 'The gateway does not answer' });
  await alert.waitFor({ timeout: 30_000 });
  // The alert stays visible while the page is scrolled.
  await page.getByRole('main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
  await eventually(async () => {
    const [{ y }, main] = [await alert.boundingBox(), await page.getByRole('main').boundingBox()];
    assert.ok(y >= main.y && y < main.y + 24, `it stands at ${y}`);
  });
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
  const again = await start({ listen: new URL(product.url).host });
  try {
    await alert.waitFor({ state: 'detached', timeout: 45_000 });
    await page.getByRole('listitem', { name: /^Plant A: live/ }).waitFor();
  } finally {
    await again.stop();
  }
});

story('a change that could not be sent is not shown as refused', async ({ page, product, visit, complaints }) => {
  complaints.expect(GATEWAY_GONE);
  await visit('/groups/plant-b/gauging-modbus');
  await page.getByRole('button', { name: 'Override role GAUGE-02.Modbus' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Override role', exact: true }).click();
  const clear = page.getByRole('button', { name: 'Clear override GAUGE-02.Modbus' });
  await clear.waitFor();
  await product.stop();
  await clear.click();
  await page.getByRole('status').getByText(/^Nothing was sent: The gateway does not answer: no connection\./).waitFor({ timeout: 30_000 });
  assert.equal(await page.getByText(/Refused/).count(), 0);
});

story('a console that cannot start shows only its name', async ({ page, product, complaints }) => {
  complaints.expect(/status of 503/);
  const server = await proxy(product, (path) => (path.startsWith('/api/') ? 503 : undefined));
  try {
    await page.goto(server.url);
    await page.getByRole('region', { name: 'What went wrong' }).waitFor();
    assert.equal(await page.title(), 'Failover Console');
  } finally {
    await page.goto('about:blank');
    server.stop();
  }
});

// A proxy that requires a sign-in answers 401 with its own text.
for (const [status, text] of [
  [502, /The gateway does not answer\. Everything below is as it was at/],
  [401, /The gateway failed: .*401.* Everything below is as it was at/],
]) {
  story(`if a proxy answers ${status}, the gateway is shown as down, and no vendor is`, async ({ page, product, visit, control, complaints }) => {
    complaints.expect(/status of (502|401)/);
    let isGone = false;
    const server = await proxy(product, (path) => (isGone && path.startsWith('/api/') ? status : undefined));
    try {
      await open({ page, visit }, `${server.url}/groups`);
      await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
      isGone = true;
      // Long enough for the data to become NO DATA. A message about a vendor is only shown for a while.
      for (let second = 1; second <= 70; second += 1) {
        await pass(page, control, 1);
        assert.equal(await page.getByText(/: (STALE|NO DATA)\./).count(), 0, `a vendor is blamed after ${second} s`);
      }
      const alert = page.getByRole('alert').filter({ hasText: text });
      await alert.waitFor();
      isGone = false;
      await passUntil(page, control, 45, async () => (await alert.count()) === 0);
      await waitForSource(page, 'Plant A', /: live/);
    } finally {
      server.stop();
    }
  });
}
