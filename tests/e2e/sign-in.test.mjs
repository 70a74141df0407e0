// Signing in to a gateway with users: the page, the return to the original page, read-only users, and a session that
// ends while a page is open.

import assert from 'node:assert/strict';
import { accessible, eventually, story } from './harness.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';

/** A story with its own gateway, whose vendor is unreachable. */
function signing(name, run) {
  story(name, async (story) => {
    story.complaints.expect(/status of 401/);
    const gateway = await serve();
    try {
      await run({ ...story, gateway });
    } finally {
      // The page polls until it is left.
      await story.page.goto('about:blank');
      await gateway.stop();
    }
  });
}

async function signIn(page, user, password) {
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

/** Waits until the element with this id has the focus. */
const hasFocus = (page, id) => eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), id));

signing('a page redirects to the sign-in and back to itself', async ({ page, gateway }) => {
  await page.goto(`${gateway.url}/slicers?x=a%2Fb`);
  await heading(page, 'Sign in').waitFor();
  await hasFocus(page, 'user');
  assert.equal(await page.getByText('You are signed out.').count(), 0);
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await accessible(page);
  await signIn(page, 'vic', 'wrong');
  await page.getByText('the user name or the password is wrong').waitFor();
  assert.equal(await page.getByLabel('Password').inputValue(), 'wrong', 'the input is kept');
  await signIn(page, 'vic', PASSWORD);
  await heading(page, 'Slicers').waitFor();
  const there = new URL(page.url());
  assert.equal(there.pathname + there.search, '/slicers?x=a%2Fb');
  await page.getByText('READ-ONLY', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading(page, 'Sign in').waitFor();
  await page.getByText('You are signed out.').waitFor();
  await hasFocus(page, 'user');
  await accessible(page);
  await page.goto(`${gateway.url}/connections`);
  await heading(page, 'Sign in').waitFor();
});

signing('credentials filled in without an input event are used', async ({ page, gateway }) => {
  await page.goto(gateway.url);
  for (const [label, text] of [['User name', 'ann'], ['Password', PASSWORD]]) {
    await page.getByLabel(label).evaluate((input, value) => {
      input.value = value;
    }, text);
  }
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await heading(page, 'Overview').waitFor();
});

/** Checks that the page names the signed-in user and links to the Overview. */
async function expectSignedIn(page, user) {
  await page.getByText(`You are signed in as ${user}.`).waitFor();
  await heading(page, 'Sign in').waitFor();
  assert.equal(await page.getByLabel('Password').count(), 0);
  await accessible(page);
  await page.getByRole('link', { name: 'Overview' }).click();
  await heading(page, 'Overview').waitFor();
}

story('without users, the sign-in page shows the current user', async ({ page, visit }) => {
  await visit('/sign-in?to=%2Fslicers');
  await page.getByText('DEMO', { exact: true }).waitFor();
  await expectSignedIn(page, 'demo');
});

signing('a signed-in user is not asked to sign in again', async ({ page, gateway }) => {
  await page.goto(gateway.url);
  await signIn(page, 'vic', PASSWORD);
  await heading(page, 'Overview').waitFor();
  await page.goto(`${gateway.url}/sign-in`);
  await expectSignedIn(page, 'vic');
});

signing('a late response keeps the input', async ({ page, gateway }) => {
  const delayed = [];
  let requests = 0;
  // The first request selects the page; the second one is the page's own check of the user.
  await page.route('**/api/session', async (route) => {
    requests += 1;
    if (requests === 2) await new Promise((release) => delayed.push(release));
    await route.continue();
  });
  await page.goto(`${gateway.url}/sign-in`);
  await page.getByLabel('User name').fill('ann');
  await page.getByLabel('Password').fill(PASSWORD);
  await eventually(async () => assert.equal(delayed.length, 1));
  const answered = page.waitForResponse('**/api/session');
  delayed.pop()();
  await (await answered).finished();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await heading(page, 'Overview').waitFor();
});

signing('a return address on another site is ignored', async ({ page, gateway }) => {
  await page.goto(`${gateway.url}/sign-in?to=%2F%2Fevil.example%2Fgroups`);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Overview').waitFor();
  assert.equal(new URL(page.url()).origin, gateway.url);
  assert.equal(await page.getByText('READ-ONLY', { exact: true }).count(), 0);
});

/** Ends the session of an open page; returns the dialog that asks to sign in again. */
async function endSession(page, gateway) {
  await page.goto(`${gateway.url}/sign-in?to=%2Fconnections`);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Connections').waitFor();
  await page.evaluate(() => {
    window.stillTheSamePage = true;
  });
  await gateway.signOutEverybody();
  await eventually(async () => assert.match(gateway.output.join(''), /reloaded and is in use/));
  await page.getByRole('group', { name: 'Refresh' }).getByRole('button', { name: 'Refresh now' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.waitFor();
  return dialog;
}

signing('a session that ends keeps the page and opens a sign-in dialog over it', async ({ page, gateway }) => {
  const dialog = await endSession(page, gateway);
  // The name is already filled in.
  await hasFocus(page, 'password');
  await page.keyboard.press('Escape');
  await page.getByText('Your session has ended.').waitFor();
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => window.stillTheSamePage), true);
  // The button that opened the dialog was removed.
  await hasFocus(page, 'main');
});

signing('signing in again returns the focus to its previous element', async ({ page, gateway }) => {
  const dialog = await endSession(page, gateway);
  await hasFocus(page, 'password');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), 'Refresh now'));
});

/** Ends the session of a page, which asks to sign in again; then signs in in another tab of its browser. */
async function signInElsewhere(page, gateway, user) {
  await endSession(page, gateway);
  const other = await page.context().newPage();
  await other.goto(`${gateway.url}/sign-in?to=%2Fconnections`);
  await signIn(other, user, PASSWORD);
  await heading(other, 'Connections').waitFor();
  await other.close();
}

signing('signing in again in another tab closes the dialog of this one, too', async ({ page, gateway }) => {
  await signInElsewhere(page, gateway, 'ann');
  await page.getByRole('dialog', { name: 'Sign in again' }).waitFor({ state: 'detached', timeout: 20_000 });
  assert.equal(await page.getByText('Your session has ended.').count(), 0);
  assert.equal(await page.evaluate(() => window.stillTheSamePage), true);
});

signing('the input of a dialog and its focus are kept if the same person signs in in another tab', async ({ page, gateway }) => {
  await page.goto(gateway.url);
  await signIn(page, 'ann', PASSWORD);
  const list = page.getByRole('list', { name: 'Alarms' });
  await list.getByRole('button', { name: /^Acknowledge Live/ }).click({ timeout: 40_000 });
  const typed = page.getByRole('dialog', { name: /^Acknowledge Live/ }).getByRole('textbox').first();
  await typed.fill('The feed is being moved');
  await gateway.signOutEverybody();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.waitFor({ timeout: 20_000 });
  const other = await page.context().newPage();
  await other.goto(`${gateway.url}/sign-in`);
  await signIn(other, 'ann', PASSWORD);
  await heading(other, 'Overview').waitFor();
  await other.close();
  await dialog.waitFor({ state: 'detached', timeout: 20_000 });
  assert.equal(await typed.inputValue(), 'The feed is being moved');
  await eventually(async () => assert.ok(await typed.evaluate((one) => one === document.activeElement)));
});

signing('a page is loaded again if another person signs in in another tab', async ({ page, gateway, complaints }) => {
  // The admin's page may still send requests that the viewer may not.
  complaints.allow(/status of 403/);
  await signInElsewhere(page, gateway, 'vic');
  await page.getByText('READ-ONLY', { exact: true }).waitFor({ timeout: 20_000 });
  assert.equal(await page.evaluate(() => window.stillTheSamePage), undefined);
});

signing('a visible page switches to the person who signs in in another window', async ({ page, gateway, complaints }) => {
  complaints.allow(/status of 403/);
  await page.goto(gateway.url);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Overview').waitFor();
  // Without polling, so that no response reveals the other person.
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  const other = await page.context().newPage();
  await other.goto(gateway.url);
  await other.getByRole('button', { name: 'Sign out' }).click();
  await signIn(other, 'vic', PASSWORD);
  await heading(other, 'Overview').waitFor();
  await page.getByText('READ-ONLY', { exact: true }).waitFor();
  await other.close();
});

signing('a page restored by Back after the end of a session is not shown', async ({ page, gateway }) => {
  await page.goto(gateway.url);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Overview').waitFor();
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await gateway.signOutEverybody();
  await eventually(async () => assert.match(gateway.output.join(''), /reloaded and is in use/));
  // As for a page restored from the browser's cache, which is disabled in these browsers.
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await heading(page, 'Sign in').waitFor();
});

signing('a late response to a request of the ended session does not reopen the dialog', async ({ page, gateway }) => {
  await page.goto(`${gateway.url}/sign-in?to=%2Fconnections`);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Connections').waitFor();
  await gateway.signOutEverybody();
  await eventually(async () => assert.match(gateway.output.join(''), /reloaded and is in use/));
  const statuses = [];
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route('**/api/inventory*', async (route) => {
    const answer = await route.fetch();
    statuses.push(answer.status());
    if (answer.status() === 401) await released;
    await route.fulfill({ response: answer });
  });
  const refresh = page.getByRole('group', { name: 'Refresh' }).getByRole('button', { name: 'Refresh now' });
  await refresh.click();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByLabel('Password').fill(PASSWORD);
  await eventually(() => assert.deepEqual(statuses, [401]));
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  release();
  await eventually(() => assert.deepEqual(statuses.slice(0, 2), [401, 200], 'the request is repeated immediately'));
  const before = statuses.length;
  await refresh.click();
  await eventually(() => assert.ok(statuses.length > before));
  assert.equal(await dialog.count(), 0);
});

story('without a persistent store, every page of an admin warns of it, and no other', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const gateway = await serve({ more: '[store]\npath = "memory"\n' });
  const words = page.getByText('The audit does not last.');
  try {
    await page.goto(`${gateway.url}/sign-in?to=%2Fconnections`);
    await signIn(page, 'ann', PASSWORD);
    for (const [name, link] of [['Connections', 'Groups'], ['Groups', 'Overview'], ['Overview', 'Activity']]) {
      await heading(page, name).waitFor();
      await words.waitFor();
      await accessible(page);
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: new RegExp(`^${link}`) }).click();
    }
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, 'vic', PASSWORD);
    await page.getByText('READ-ONLY', { exact: true }).waitFor();
    assert.equal(await words.count(), 0);
  } finally {
    await page.goto('about:blank');
    await gateway.stop();
  }
});
