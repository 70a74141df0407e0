// The wall embedded in another site's page: only the wall, and only for sites named in the configuration.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { eventually, story } from './harness.mjs';
import { serve } from './support/gateway.mjs';

/** A story with another site's server; `embed(address, host)` opens a page there with this address in a frame. */
function framing(name, run) {
  story(name, async (fixtures) => {
    const { page } = fixtures;
    const portal = createServer((request, response) => {
      const address = new URL(request.url, 'http://portal').searchParams.get('frame');
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>Portal</title><link rel="icon" href="data:,"><iframe width="1400" height="800" src="${address}">`);
    });
    await new Promise((listening) => portal.listen(0, '127.0.0.1', listening));
    const { port } = portal.address();
    const gateway = await serve({ top: `wall_frames = ["http://127.0.0.1:${port}"]\n` });
    const embed = async (address, host = '127.0.0.1') => {
      await page.goto(`http://${host}:${port}/?frame=${encodeURIComponent(gateway.url + address)}`);
      return page.frameLocator('iframe');
    };
    try {
      await run({ ...fixtures, embed });
    } finally {
      await gateway.stop();
      portal.close();
      portal.closeAllConnections();
    }
  });
}

const heading = (frame, name) => frame.getByRole('heading', { level: 1, name, exact: true });

/** The frame's address: Chromium's error page if it was blocked. */
const address = async (page) => {
  await page.waitForLoadState();
  return page.frames()[1].url();
};

/** Declares that the browser will block a page in a frame, and report it. */
const expectBlocked = (complaints) => {
  complaints.expect(/frame-ancestors|Framing/);
  complaints.allow(/ERR_BLOCKED_BY_RESPONSE/);
  // The report may be sent on the connection whose response was just blocked.
  complaints.allow(/\/api\/csp-report/);
};

framing('a site named in the configuration can embed the wall, and nothing else of the console', async ({ page, embed, complaints }) => {
  complaints.expect(/status of 401/);
  const frame = await embed('/wall');
  await heading(frame, 'Pair this screen').waitFor();
  await frame.getByText(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/).waitFor();
  await frame.getByRole('link', { name: 'Sign in instead' }).click();
  await frame.getByText('Only the status wall can be embedded in another page.').waitFor();
  const out = frame.getByRole('link', { name: 'Open in a new window' });
  assert.match(await out.getAttribute('href'), /^\/sign-in/);
  assert.equal(await frame.getByLabel('Password').count(), 0);

  expectBlocked(complaints);
  for (const path of ['/sign-in', '/', '/connections', '/wall/']) {
    await embed(path);
    await eventually(async () => assert.match(await address(page), /^chrome-error:/, path));
  }
});

framing('a site that the configuration does not name cannot embed the wall', async ({ page, embed, complaints }) => {
  expectBlocked(complaints);
  await embed('/wall', 'localhost');
  await eventually(async () => assert.match(await address(page), /^chrome-error:/));
});
