// A console with a path in its public address: pages, files, links, sign-in, the wall.

import assert from 'node:assert/strict';
import { story } from './harness.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';

const BASE = '/tools/failover';

story('a console below a path serves its pages, links, sign-in and wall there', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const gateway = await serve({ top: `public_url = "http://localhost${BASE}"\ndrain_seconds = 0\n` });
  const path = () => new URL(page.url()).pathname;
  const heading = (name) => page.getByRole('heading', { level: 1, name, exact: true });
  const requested = [];
  page.on('request', (request) => requested.push(new URL(request.url()).pathname));
  try {
    await page.goto(`${gateway.url}${BASE}/slicers?x=1`);
    await page.getByLabel('User name').fill('Ann ');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await heading('Slicers').waitFor();
    assert.equal(path(), `${BASE}/slicers`);
    await page.getByRole('link', { name: 'Connections' }).first().click();
    await heading('Connections').waitFor();
    assert.equal(path(), `${BASE}/connections`);
    await page.goBack();
    await heading('Slicers').waitFor();
    await page.reload();
    await heading('Slicers').waitFor();
    await page.goto(`${gateway.url}${BASE}`);
    await heading('Overview').waitFor();
    await page.goto(`${gateway.url}${BASE}/wall`);
    await page.locator('#wall-clock').waitFor();
    assert.deepEqual(requested.filter((path) => path !== BASE && !path.startsWith(`${BASE}/`)), []);
    const [cookie] = await page.context().cookies(gateway.url);
    assert.equal(cookie.name, 'failover-console.tools.failover');
  } finally {
    // The page polls until it is left.
    await page.goto('about:blank');
    await gateway.stop();
  }
});
