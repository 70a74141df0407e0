// Signing in at an OpenID Connect provider, which is another site to the browser: to the provider and back to the
// original page, and every possible outcome.

import assert from 'node:assert/strict';
import { accessible, story } from './harness.mjs';
import { startProvider } from './support/provider.mjs';
import { proxy } from './support/proxy.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';

/** A story with a gateway that has a provider configured. */
function signing(name, run) {
  story(name, async (story) => {
    story.complaints.expect(/status of 401/);
    const provider = await startProvider();
    const gateway = await serve({ more: `[openid]
issuer = "${provider.issuer}"
client_id = "console"
client_secret_file = "api.key"
roles_claim = "groups"
admins = ["admins"]
viewers = ["viewers"]
title = "Plant account"
` });
    try {
      await run({ ...story, gateway, provider });
    } finally {
      // The page polls until it is left.
      await story.page.goto('about:blank');
      await gateway.stop();
      await provider.stop();
    }
  });
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });
const providerButton = (page) => page.getByRole('button', { name: 'Sign in with Plant account' });
const link = (page, name) => page.getByRole('link', { name, exact: true });

signing('a person signs in at the provider and returns to the original page', async ({ page, gateway, provider }) => {
  provider.person.groups = ['viewers'];
  await page.goto(`${gateway.url}/slicers?x=a%2Fb`);
  await providerButton(page).waitFor();
  await page.getByLabel('User name').waitFor();
  await accessible(page);
  await providerButton(page).click();
  await link(page, 'Go on as ann').click();
  await heading(page, 'Slicers').waitFor();
  const at = new URL(page.url());
  assert.equal(at.origin + at.pathname + at.search, `${gateway.url}/slicers?x=a%2Fb`);
  await page.getByText('READ-ONLY', { exact: true }).waitFor();
  const cookies = await page.context().cookies(gateway.url);
  assert.deepEqual(
    cookies.map(({ sameSite, httpOnly }) => [sameSite, httpOnly]),
    [['Strict', true]],
    'the session cookie remains, and no cookie of the sign-in',
  );
  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading(page, 'Sign in').waitFor();
});

signing('the page explains in its own texts why the sign-in failed', async ({ page, gateway, provider }) => {
  await page.goto(`${gateway.url}/sign-in?to=%2Fconnections&failed=%3Cb%3ECall%200900%3C%2Fb%3E`);
  await providerButton(page).waitFor();
  assert.doesNotMatch(await page.getByRole('main').innerText(), /Call|0900/);
  await providerButton(page).click();
  await link(page, 'Go on as ann').click();
  await page.getByText('you have no role in this console').waitFor();
  await accessible(page);
  await providerButton(page).click();
  await link(page, 'Turn back').click();
  await page.getByText('refused the sign-in, or it was cancelled').waitFor();
  await page.goBack();
  await link(page, 'Go on as ann').click();
  await page.getByText('Sign in again').waitFor();
  await provider.stop();
  // A local user can sign in while the provider is down.
  await page.getByLabel('User name').fill('ann');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await heading(page, 'Overview').waitFor();
});

signing('if the sign-in methods cannot be loaded, the page says so and can retry', async ({ page, gateway, complaints }) => {
  complaints.expect(/status of 503/);
  let fails = true;
  const server = await proxy(gateway, (path) => (fails && path === '/api/sign-in' ? 503 : undefined));
  await page.goto(`${server.url}/connections`);
  const failure = page.getByRole('region', { name: 'What went wrong' });
  await failure.getByRole('heading', { name: 'Could not reach the gateway' }).waitFor();
  await page.getByLabel('User name').fill('ann');
  assert.equal(await providerButton(page).count(), 0);
  await accessible(page);
  fails = false;
  await failure.getByRole('button', { name: 'Retry the gateway' }).click();
  await providerButton(page).waitFor();
  await failure.waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('User name').inputValue(), 'ann', 'the input is kept');
  await page.goto('about:blank');
  server.stop();
});
