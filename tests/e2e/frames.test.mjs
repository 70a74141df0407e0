// The wall within a page of somebody else's: only the wall, and only where the configuration names that page.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { eventually, story } from './harness.mjs';
import { serve } from './support/served.mjs';

/** A story with another site's server; `hold(address, host)` opens a page there with this address in a frame. */
function framing(name, tell) {
  story(name, async (told) => {
    const { page } = told;
    const portal = createServer((request, response) => {
      const address = new URL(request.url, 'http://portal').searchParams.get('frame');
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>Portal</title><link rel="icon" href="data:,"><iframe width="1400" height="800" src="${address}">`);
    });
    await new Promise((listening) => portal.listen(0, '127.0.0.1', listening));
    const { port } = portal.address();
    const served = await serve({ top: `wall_frames = ["http://127.0.0.1:${port}"]\n` });
    const hold = async (address, host = '127.0.0.1') => {
      await page.goto(`http://${host}:${port}/?frame=${encodeURIComponent(served.url + address)}`);
      return page.frameLocator('iframe');
    };
    try {
      await tell({ ...told, hold });
    } finally {
      await served.stop();
      portal.close();
      portal.closeAllConnections();
    }
  });
}

const heading = (frame, name) => frame.getByRole('heading', { level: 1, name, exact: true });

/** Where the frame came to: Chromium's own page if it was refused. */
const address = async (page) => {
  await page.waitForLoadState();
  return page.frames()[1].url();
};

/** The browser refuses to show a page in a frame, and says so. */
const refuses = (complaints) => {
  complaints.expect(/frame-ancestors|Framing/);
  complaints.allow(/ERR_BLOCKED_BY_RESPONSE/);
  // It may send its report of that on the connection whose answer it has just refused.
  complaints.allow(/\/api\/csp-report/);
};

framing('a page that the configuration names holds the wall, and nothing else of the console', async ({ page, hold, complaints }) => {
  complaints.expect(/status of 401/);
  const frame = await hold('/wall');
  await heading(frame, 'Pair this screen').waitFor();
  await frame.getByText(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/).waitFor();
  await frame.getByRole('link', { name: 'Sign in instead' }).click();
  await frame.getByText('Only the status wall can be embedded in another page.').waitFor();
  const out = frame.getByRole('link', { name: 'Open in a new window' });
  assert.match(await out.getAttribute('href'), /^\/sign-in/);
  assert.equal(await frame.getByLabel('Password').count(), 0);

  refuses(complaints);
  for (const path of ['/sign-in', '/', '/connections', '/wall/']) {
    await hold(path);
    await eventually(async () => assert.match(await address(page), /^chrome-error:/, path));
  }
});

framing('a page that the configuration does not name holds no wall', async ({ page, hold, complaints }) => {
  refuses(complaints);
  await hold('/wall', 'localhost');
  await eventually(async () => assert.match(await address(page), /^chrome-error:/));
});
