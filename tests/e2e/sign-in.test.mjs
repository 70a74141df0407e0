// Signing in to a gateway that has people: the page, the way back, who may only read, and a session
// that ends while a page is open.

import assert from 'node:assert/strict';
import { accessible, eventually, story } from './harness.mjs';
import { PASSWORD, serve } from './support/served.mjs';

/** A story before a gateway of its own, whose vendor is never reached. */
function signing(name, tell) {
  story(name, async (story) => {
    story.complaints.expect(/status of 401/);
    const served = await serve();
    try {
      await tell({ ...story, served });
    } finally {
      // A page goes on asking.
      await story.page.goto('about:blank');
      await served.stop();
    }
  });
}

async function signIn(page, user, password) {
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

/** Waits until the element of this id has the focus. */
const hasFocus = (page, id) => eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), id));

signing('a page leads to the sign-in and back to itself', async ({ page, served }) => {
  await page.goto(`${served.url}/slicers?x=a%2Fb`);
  await heading(page, 'Sign in').waitFor();
  await hasFocus(page, 'user');
  assert.equal(await page.getByText('You are signed out.').count(), 0);
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await accessible(page);
  await signIn(page, 'vic', 'wrong');
  await page.getByText('the user name or the password is wrong').waitFor();
  assert.equal(await page.getByLabel('Password').inputValue(), 'wrong', 'nothing typed is lost');
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
  await page.goto(`${served.url}/connections`);
  await heading(page, 'Sign in').waitFor();
});

signing('what a password manager fills in without an event is signed in with', async ({ page, served }) => {
  await page.goto(served.url);
  for (const [label, text] of [['User name', 'ann'], ['Password', PASSWORD]]) {
    await page.getByLabel(label).evaluate((input, value) => {
      input.value = value;
    }, text);
  }
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await heading(page, 'Overview').waitFor();
});

/** The page says who is signed in, and leads to the Overview. */
async function isSignedIn(page, user) {
  await page.getByText(`You are signed in as ${user}.`).waitFor();
  await heading(page, 'Sign in').waitFor();
  assert.equal(await page.getByLabel('Password').count(), 0);
  await accessible(page);
  await page.getByRole('link', { name: 'Overview' }).click();
  await heading(page, 'Overview').waitFor();
}

story('without users, the sign-in page says who one is', async ({ page, visit }) => {
  await visit('/sign-in?to=%2Fslicers');
  await page.getByText('DEMO', { exact: true }).waitFor();
  await isSignedIn(page, 'demo');
});

signing('who is signed in already is not asked to sign in again', async ({ page, served }) => {
  await page.goto(served.url);
  await signIn(page, 'vic', PASSWORD);
  await heading(page, 'Overview').waitFor();
  await page.goto(`${served.url}/sign-in`);
  await isSignedIn(page, 'vic');
});

signing('an answer that comes late leaves what was typed', async ({ page, served }) => {
  const held = [];
  let asked = 0;
  // The first decides which page it is; then this page asks who is signed in now.
  await page.route('**/api/session', async (route) => {
    asked += 1;
    if (asked === 2) await new Promise((release) => held.push(release));
    await route.continue();
  });
  await page.goto(`${served.url}/sign-in`);
  await page.getByLabel('User name').fill('ann');
  await page.getByLabel('Password').fill(PASSWORD);
  await eventually(async () => assert.equal(held.length, 1));
  const answered = page.waitForResponse('**/api/session');
  held.pop()();
  await (await answered).finished();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await heading(page, 'Overview').waitFor();
});

signing('an address from elsewhere does not lead elsewhere', async ({ page, served }) => {
  await page.goto(`${served.url}/sign-in?to=%2F%2Fevil.example%2Fgroups`);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Overview').waitFor();
  assert.equal(new URL(page.url()).origin, served.url);
  assert.equal(await page.getByText('READ-ONLY', { exact: true }).count(), 0);
});

/** Ends the session of a page that somebody has open; answers the dialog that then asks to sign in again. */
async function endSession(page, served) {
  await page.goto(`${served.url}/sign-in?to=%2Fconnections`);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Connections').waitFor();
  await page.evaluate(() => {
    window.stillTheSamePage = true;
  });
  await served.signOutEverybody();
  await eventually(async () => assert.match(served.said.join(''), /in force/));
  await page.getByRole('group', { name: 'Refresh' }).getByRole('button', { name: 'Refresh now' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.waitFor();
  return dialog;
}

signing('a session that ends leaves the page as it is and asks to sign in over it', async ({ page, served }) => {
  const dialog = await endSession(page, served);
  // The name is filled in.
  await hasFocus(page, 'password');
  await page.keyboard.press('Escape');
  await page.getByText('Your session has ended.').waitFor();
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => window.stillTheSamePage), true);
  // The button that opened the dialog has gone.
  await hasFocus(page, 'main');
});

signing('who signs in again goes on where the focus was', async ({ page, served }) => {
  const dialog = await endSession(page, served);
  await hasFocus(page, 'password');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), 'Refresh now'));
});

/** Ends the session of a page, which asks to sign in again; then somebody signs in in another tab of its browser. */
async function signInElsewhere(page, served, user) {
  await endSession(page, served);
  const other = await page.context().newPage();
  await other.goto(`${served.url}/sign-in?to=%2Fconnections`);
  await signIn(other, user, PASSWORD);
  await heading(other, 'Connections').waitFor();
  await other.close();
}

signing('who signs in again in another tab goes on in this one, too', async ({ page, served }) => {
  await signInElsewhere(page, served, 'ann');
  await page.getByRole('dialog', { name: 'Sign in again' }).waitFor({ state: 'detached', timeout: 20_000 });
  assert.equal(await page.getByText('Your session has ended.').count(), 0);
  assert.equal(await page.evaluate(() => window.stillTheSamePage), true);
});

signing('what is typed in a dialog stays, with the focus, where the same person signs in in another tab', async ({ page, served }) => {
  await page.goto(served.url);
  await signIn(page, 'ann', PASSWORD);
  const list = page.getByRole('list', { name: 'Alarms' });
  await list.getByRole('button', { name: /^Acknowledge Live/ }).click({ timeout: 40_000 });
  const typed = page.getByRole('dialog', { name: /^Acknowledge Live/ }).getByRole('textbox').first();
  await typed.fill('The feed is being moved');
  await served.signOutEverybody();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.waitFor({ timeout: 20_000 });
  const other = await page.context().newPage();
  await other.goto(`${served.url}/sign-in`);
  await signIn(other, 'ann', PASSWORD);
  await heading(other, 'Overview').waitFor();
  await other.close();
  await dialog.waitFor({ state: 'detached', timeout: 20_000 });
  assert.equal(await typed.inputValue(), 'The feed is being moved');
  await eventually(async () => assert.ok(await typed.evaluate((one) => one === document.activeElement)));
});

signing('nothing of a session stays for somebody else who signs in in another tab', async ({ page, served, complaints }) => {
  // What the page of an admin asks for until it is loaded anew.
  complaints.allow(/status of 403/);
  await signInElsewhere(page, served, 'vic');
  await page.getByText('READ-ONLY', { exact: true }).waitFor({ timeout: 20_000 });
  assert.equal(await page.evaluate(() => window.stillTheSamePage), undefined);
});

signing('a page that is seen beside another window goes over to who signs in there', async ({ page, served, complaints }) => {
  complaints.allow(/status of 403/);
  await page.goto(served.url);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Overview').waitFor();
  // It would hear of that with what it asks for.
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  const other = await page.context().newPage();
  await other.goto(served.url);
  await other.getByRole('button', { name: 'Sign out' }).click();
  await signIn(other, 'vic', PASSWORD);
  await heading(other, 'Overview').waitFor();
  await page.getByText('READ-ONLY', { exact: true }).waitFor();
  await other.close();
});

signing('what the button Back brings back after the end of a session is not shown', async ({ page, served }) => {
  await page.goto(served.url);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Overview').waitFor();
  await page.getByRole('button', { name: 'Pause refresh' }).click();
  await served.signOutEverybody();
  await eventually(async () => assert.match(served.said.join(''), /in force/));
  // As a browser tells a page that it has kept: these are started so that they keep none.
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await heading(page, 'Sign in').waitFor();
});

signing('a late answer to a request of the session before does not open the dialog again', async ({ page, served }) => {
  await page.goto(`${served.url}/sign-in?to=%2Fconnections`);
  await signIn(page, 'ann', PASSWORD);
  await heading(page, 'Connections').waitFor();
  await served.signOutEverybody();
  await eventually(async () => assert.match(served.said.join(''), /in force/));
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
  await eventually(() => assert.deepEqual(statuses.slice(0, 2), [401, 200], 'it is asked again at once'));
  const before = statuses.length;
  await refresh.click();
  await eventually(() => assert.ok(statuses.length > before));
  assert.equal(await dialog.count(), 0);
});

story('where audit and activity end with the gateway, every page of an admin says so, and no other', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const served = await serve({ more: '[store]\npath = "memory"\n' });
  const words = page.getByText('The audit does not last.');
  try {
    await page.goto(`${served.url}/sign-in?to=%2Fconnections`);
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
    await served.stop();
  }
});
