// A console below a path of its public address: pages, files, links, signing in, the wall.

import assert from 'node:assert/strict';
import { story } from './harness.mjs';
import { PASSWORD, serve } from './support/served.mjs';

const BASE = '/tools/failover';

story('below a path the console has its pages, links, sign-in and wall', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const served = await serve({ top: `public_url = "http://localhost${BASE}"\ndrain_seconds = 0\n` });
  const path = () => new URL(page.url()).pathname;
  const heading = (name) => page.getByRole('heading', { level: 1, name, exact: true });
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  try {
    await page.goto(`${served.url}${BASE}/slicers?x=1`);
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
    await page.goto(`${served.url}${BASE}`);
    await heading('Overview').waitFor();
    await page.goto(`${served.url}${BASE}/wall`);
    await page.locator('#wall-clock').waitFor();
    assert.deepEqual(asked.filter((path) => path !== BASE && !path.startsWith(`${BASE}/`)), []);
    const [cookie] = await page.context().cookies(served.url);
    assert.equal(cookie.name, 'failover-console.tools.failover');
  } finally {
    // A page goes on asking.
    await page.goto('about:blank');
    await served.stop();
  }
});
