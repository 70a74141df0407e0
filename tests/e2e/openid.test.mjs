// Signing in at a provider, which is another site to the browser: there and back to the page one came from,
// and every end that it can have.

import assert from 'node:assert/strict';
import { accessible, story } from './harness.mjs';
import { provide } from './support/provider.mjs';
import { proxy } from './support/proxy.mjs';
import { PASSWORD, serve } from './support/served.mjs';

/** A story before a gateway that knows a provider. */
function signing(name, tell) {
  story(name, async (story) => {
    story.complaints.expect(/status of 401/);
    const provider = await provide();
    const served = await serve({ more: `[openid]
issuer = "${provider.issuer}"
client_id = "console"
client_secret_file = "api.key"
roles_claim = "groups"
admins = ["admins"]
viewers = ["viewers"]
title = "Plant account"
` });
    try {
      await tell({ ...story, served, provider });
    } finally {
      // A page goes on asking.
      await story.page.goto('about:blank');
      await served.stop();
      await provider.stop();
    }
  });
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });
const there = (page) => page.getByRole('button', { name: 'Sign in with Plant account' });
const link = (page, name) => page.getByRole('link', { name, exact: true });

signing('a person goes to the provider and comes back to the page', async ({ page, served, provider }) => {
  provider.person.groups = ['viewers'];
  await page.goto(`${served.url}/slicers?x=a%2Fb`);
  await there(page).waitFor();
  await page.getByLabel('User name').waitFor();
  await accessible(page);
  await there(page).click();
  await link(page, 'Go on as ann').click();
  await heading(page, 'Slicers').waitFor();
  const at = new URL(page.url());
  assert.equal(at.origin + at.pathname + at.search, `${served.url}/slicers?x=a%2Fb`);
  await page.getByText('READ-ONLY', { exact: true }).waitFor();
  const cookies = await page.context().cookies(served.url);
  assert.deepEqual(
    cookies.map(({ sameSite, httpOnly }) => [sameSite, httpOnly]),
    [['Strict', true]],
    'the session, and nothing of the way to it',
  );
  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading(page, 'Sign in').waitFor();
});

signing('the page says in its own words why nobody is signed in', async ({ page, served, provider }) => {
  await page.goto(`${served.url}/sign-in?to=%2Fconnections&failed=%3Cb%3ECall%200900%3C%2Fb%3E`);
  await there(page).waitFor();
  assert.doesNotMatch(await page.getByRole('main').innerText(), /Call|0900/);
  await there(page).click();
  await link(page, 'Go on as ann').click();
  await page.getByText('you have no role in this console').waitFor();
  await accessible(page);
  await there(page).click();
  await link(page, 'Turn back').click();
  await page.getByText('refused the sign-in, or it was cancelled').waitFor();
  await page.goBack();
  await link(page, 'Go on as ann').click();
  await page.getByText('Sign in again').waitFor();
  await provider.stop();
  // Who has a name here is not kept out by that.
  await page.getByLabel('User name').fill('ann');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await heading(page, 'Overview').waitFor();
});

signing('where it cannot be read how one signs in, the page says so and asks again', async ({ page, served, complaints }) => {
  complaints.expect(/status of 503/);
  let fails = true;
  const server = await proxy(served, (path) => (fails && path === '/api/sign-in' ? 503 : undefined));
  await page.goto(`${server.url}/connections`);
  const failure = page.getByRole('region', { name: 'What went wrong' });
  await failure.getByRole('heading', { name: 'Could not reach the gateway' }).waitFor();
  await page.getByLabel('User name').fill('ann');
  assert.equal(await there(page).count(), 0);
  await accessible(page);
  fails = false;
  await failure.getByRole('button', { name: 'Retry the gateway' }).click();
  await there(page).waitFor();
  await failure.waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('User name').inputValue(), 'ann', 'nothing typed is lost');
  await page.goto('about:blank');
  server.stop();
});
