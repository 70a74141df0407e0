// The gateway itself stops and comes back.

import assert from 'node:assert/strict';
import { eventually, open, pass, passUntil, start, story, whenRows } from './harness.mjs';
import { GATEWAY_GONE } from './support/browser.mjs';
import { proxy } from './support/proxy.mjs';
import { says } from './support/sources.mjs';

story('a gateway that is gone is said to be gone, and the console recovers with it', async ({ page, product, visit, complaints }) => {
  complaints.expect(GATEWAY_GONE);
  await visit('/groups');
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
  await product.stop();
  const alert = page.getByRole('alert').filter({ hasText: 'The gateway does not answer' });
  await alert.waitFor({ timeout: 30_000 });
  // It stays in sight.
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

story('what could not be sent because the gateway is gone was refused by nobody', async ({ page, product, visit, complaints }) => {
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

story('a console that cannot start has its own name alone', async ({ page, product, complaints }) => {
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

// A proxy that asks people to sign in to it answers 401 in words of its own.
for (const [status, words] of [
  [502, /The gateway does not answer\. Everything below is as it was at/],
  [401, /The gateway failed: .*401.* Everything below is as it was at/],
]) {
  story(`a gateway for which a proxy answers ${status} is said to be gone, and no vendor is`, async ({ page, product, visit, control, complaints }) => {
    complaints.expect(/status of (502|401)/);
    let isGone = false;
    const server = await proxy(product, (path) => (isGone && path.startsWith('/api/') ? status : undefined));
    try {
      await open({ page, visit }, `${server.url}/groups`);
      await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 10));
      isGone = true;
      // So long that what was read is no data any more. A sentence about a vendor stands for a while only.
      for (let second = 1; second <= 70; second += 1) {
        await pass(page, control, 1);
        assert.equal(await page.getByText(/does not answer:/).count(), 0, `a vendor is blamed after ${second} s`);
      }
      const alert = page.getByRole('alert').filter({ hasText: words });
      await alert.waitFor();
      isGone = false;
      await passUntil(page, control, 45, async () => (await alert.count()) === 0);
      await says(page, 'Plant A', /: live/);
    } finally {
      server.stop();
    }
  });
}
