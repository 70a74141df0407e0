// Pairing a screen as a wall: its code, an admin who enters it elsewhere, and the resulting wall until it is revoked.
// The screen is a separate browser whose clock the story controls.

import assert from 'node:assert/strict';
import { accessible, eventually, passInPage, rows, story, whenRows } from './harness.mjs';
import { Complaints, GATEWAY_GONE } from './support/browser.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';

/**
 * A story with an admin's page and its own gateway, whose vendor is unreachable. `screen()` opens a browser for a wall.
 */
function pairing(name, options, run) {
  if (typeof options === 'function') return pairing(name, {}, options);
  const { more, top, ...others } = options;
  return story(name, others, async (fixtures) => {
    const { page, complaints } = fixtures;
    complaints.expect(/status of 401/);
    const gateway = await serve({ more, top });
    const contexts = [];
    const collected = [];
    const screen = async (address = '/wall', more = {}) => {
      const context = await page.context().browser().newContext({
        locale: 'en-GB',
        timezoneId: 'Etc/UTC',
        viewport: { width: 1920, height: 1080 },
        colorScheme: others.colorScheme ?? 'light',
        ...more,
      });
      context.setDefaultTimeout(10_000);
      contexts.push(context);
      const wall = await context.newPage();
      await wall.clock.install();
      const wallComplaints = new Complaints(wall);
      wallComplaints.expect(/status of 401/);
      // The story may restart the gateway.
      wallComplaints.allow(GATEWAY_GONE);
      collected.push(wallComplaints);
      await wall.goto(`${gateway.url}${address}`);
      return { wall };
    };
    try {
      await signIn(page, gateway, 'ann');
      await run({ ...fixtures, gateway, screen });
      for (const wallComplaints of collected) wallComplaints.check();
    } finally {
      for (const context of contexts) await context.close();
      // The page polls until it is left.
      await page.goto('about:blank');
      await gateway.stop();
    }
  });
}

/** Stops the gateway while only the screen sends requests; returns a function that starts it again. */
async function pause(page, gateway) {
  await page.goto('about:blank');
  return gateway.pause();
}

async function signIn(page, gateway, user) {
  await page.goto(`${gateway.url}/sign-in?to=%2Fconnections`);
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Connections' }).waitFor();
}

/** The code that a screen shows, once it shows one. */
async function code(wall) {
  const shown = wall.getByRole('status', { name: 'Code' });
  await eventually(async () => assert.match(await shown.innerText(), /^[A-Z3-9]{4}-[A-Z3-9]{4}$/));
  return shown.innerText();
}

const walls = (page) => page.getByRole('region', { name: 'Walls', exact: true });

async function enter(page, typed, name) {
  const section = walls(page);
  await section.getByLabel('Code').fill(typed);
  await section.getByLabel('Name').fill(name);
  await section.getByRole('button', { name: 'Pair wall' }).click();
}

/** Waits until a screen has become a wall. */
const becomesWall = async (wall) => {
  await eventually(async () => {
    await passInPage(wall, 1);
    assert.equal(await wall.getByRole('list', { name: 'Sources' }).count(), 1);
  });
};

const signedOut = (wall) => wall.getByRole('alert').getByText('SIGNED OUT');

/** Waits until a wall shows SIGNED OUT. */
const showsSignedOut = async (wall) => {
  await eventually(async () => {
    await passInPage(wall, 1);
    assert.equal(await signedOut(wall).count(), 1);
  });
  assert.equal(await wall.getByRole('list', { name: 'Tiles' }).count(), 0, 'no tile is left');
};

pairing('a screen shows a code, becomes a wall automatically, and is signed out when revoked', async ({ page, screen }) => {
  const { wall } = await screen('/wall?only=slicers');
  await wall.getByRole('heading', { level: 1, name: 'Pair this screen' }).waitFor();
  const shown = await code(wall);
  await wall.getByText('Expires in 10 min').waitFor();
  await wall.getByText(/\/connections under Walls\. This screen then becomes a wall automatically\.$/).waitFor();
  await wall.reload();
  assert.equal(await code(wall), shown, 'the code is the same after a reload');
  await enter(page, shown.toLowerCase().replace('-', ' '), 'Hall north');
  await page.getByText('The wall Hall north is paired.').waitFor();
  await becomesWall(wall);
  assert.equal(new URL(wall.url()).search, '?only=slicers');
  await whenRows(page, 'Walls', (table) => {
    assert.deepEqual(Object.keys(table[0]), ['Name', 'Paired', 'Last seen', 'Address', 'Actions']);
    assert.equal(table[0].Name, 'Hall north');
    assert.match(table[0].Paired, /^[\d :A-Za-z]+ UTC by ann$/);
    assert.match(table[0]['Last seen'], / ago /);
    assert.equal(table[0].Address, '127.0.0.1');
  }, 20_000);
  const piece = wall.waitForEvent('requestfinished', (request) => /pairing-/.test(request.url()));
  await wall.reload();
  await wall.getByRole('list', { name: 'Sources' }).waitFor();
  // An updated gateway no longer has the chunk that shows a code: the wall has already loaded it.
  await piece;
  await wall.route(/pairing-/, (route) => route.abort());
  await page.getByRole('button', { name: 'Revoke Hall north' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke Hall north?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await rows(page, 'Walls')).length, 1);
  await page.getByRole('button', { name: 'Revoke Hall north' }).click();
  await dialog.getByRole('button', { name: 'Revoke wall' }).click();
  await page.getByText('The wall Hall north is revoked.').waitFor();
  await page.getByText('No screen is paired.').waitFor();
  // The button was removed with its row.
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'walls'));
  await showsSignedOut(wall);
  assert.notEqual(await code(wall), shown);
  await enter(page, await code(wall), 'Hall north');
  await becomesWall(wall);
  assert.equal(await signedOut(wall).count(), 0);
});

pairing('very many walls are listed in pages', { top: 'trusted_proxies = ["127.0.0.1"]\n' }, async ({ page, gateway }) => {
  for (let number = 10; number < 37; number += 1) {
    // Screens in many networks, because the codes per network are limited.
    const headers = { origin: gateway.url, 'content-type': 'application/json', 'x-forwarded-for': `10.${number}.0.1` };
    const options = (request) => ({ headers, method: 'POST', ...request });
    const screen = await fetch(`${gateway.url}/api/pairing`, options({ body: '{}' }));
    const { code: shown } = await screen.json();
    const paired = await page.request.fetch(`${gateway.url}/api/walls`, options({ data: { code: shown, name: `Hall ${number}` } }));
    assert.equal(paired.status(), 201);
  }
  await page.reload();
  const names = async () => (await rows(page, 'Walls')).map(({ Name }) => Name);
  await whenRows(page, 'Walls', (table) => assert.equal(table.length, 25));
  const first = await names();
  await walls(page).getByText('Page 1 of 2', { exact: true }).waitFor();
  await walls(page).getByRole('button', { name: 'Next' }).click();
  await walls(page).getByText('Page 2 of 2', { exact: true }).waitFor();
  await whenRows(page, 'Walls', (table) => assert.equal(table.length, 2));
  assert.equal(new Set([...first, ...(await names())]).size, 27);
  // After the last wall of a page is revoked, the previous page is shown.
  for (const name of await names()) {
    await page.getByRole('button', { name: `Revoke ${name}` }).click();
    await page.getByRole('dialog', { name: `Revoke ${name}?` }).getByRole('button', { name: 'Revoke wall' }).click();
    await page.getByText(`The wall ${name} is revoked.`).waitFor();
  }
  await whenRows(page, 'Walls', (table) => assert.equal(table.length, 25));
  assert.deepEqual(await names(), first);
  assert.equal(await walls(page).getByText(/^Page /).count(), 0);
});

/** Delays the page's POST to an address; returns a function that releases it and waits for the response. */
async function hold(page, address) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route(address, async (route) => {
    if (route.request().method() === 'POST') await released;
    await route.continue();
  });
  return async () => {
    const answered = page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.url().endsWith(address.replace('**', '')));
    release();
    await (await answered).finished();
  };
}

pairing('input for the next wall is kept while one is being paired', async ({ page, screen }) => {
  const { wall } = await screen();
  const shown = await code(wall);
  const release = await hold(page, '**/api/walls');
  await enter(page, shown, 'Hall');
  const section = walls(page);
  await section.getByRole('button', { name: 'Pairing…' }).waitFor();
  await section.getByLabel('Code').fill('CCCC-CCCC');
  await release();
  await page.getByText('The wall Hall is paired.').waitFor();
  assert.equal(await section.getByLabel('Code').inputValue(), 'CCCC-CCCC');
  assert.equal(await section.getByLabel('Name').inputValue(), '', 'the submitted name is cleared');
});

pairing('a screen continues if somebody leaves its sign-in before the response arrives', async ({ screen }) => {
  const { wall } = await screen();
  await code(wall);
  await wall.getByRole('link', { name: 'Sign in instead' }).click();
  const release = await hold(wall, '**/api/session');
  await wall.getByLabel('User name').fill('vic');
  await wall.getByLabel('Password').fill(PASSWORD);
  await wall.getByRole('button', { name: 'Sign in', exact: true }).click();
  await wall.getByRole('button', { name: 'Signing in…' }).waitFor();
  await wall.goBack();
  await code(wall);
  await release();
  await passInPage(wall, 3);
  assert.equal(await wall.getByText('The console has stopped working.').count(), 0);
});

pairing('a wrong, expired or used code is rejected with the reason, and the input is kept', async ({ page, screen, complaints }) => {
  complaints.expect(/status of 404/);
  complaints.expect(/status of 409/);
  const { wall } = await screen();
  const section = walls(page);
  await enter(page, 'CCCC-CCCC', 'Hall');
  await section.getByText('No screen shows this code').waitFor();
  assert.equal(await section.getByLabel('Name').inputValue(), 'Hall');
  const first = await code(wall);
  await enter(page, first, 'Hall');
  await becomesWall(wall);
  await enter(page, first, 'Another');
  await section.getByText('This code was used already').waitFor();
  const other = await screen();
  await enter(page, await code(other.wall), 'HALL');
  await section.getByText('There is a wall called "HALL" already').waitFor();
  await section.getByLabel('Name').fill('Another');
  await section.getByRole('button', { name: 'Pair wall' }).click();
  await becomesWall(other.wall);
  await whenRows(page, 'Walls', (table) => assert.deepEqual(table.map(({ Name }) => Name), ['Hall', 'Another']));
});

pairing('a code counts down without the gateway, and is hidden once it has expired', async ({ page, screen, gateway }) => {
  const { wall } = await screen();
  await code(wall);
  const again = await pause(page, gateway);
  await wall.clock.fastForward(61_000);
  await wall.getByText('Expires in 9 min').waitFor();
  await wall.clock.fastForward(500_000);
  await wall.getByText(/^Expires in \d\d s$/).waitFor();
  await wall.clock.fastForward(60_000);
  await wall.getByText('Requesting a code from the gateway…').waitFor();
  assert.equal(await wall.getByRole('status', { name: 'Code' }).innerText(), '····-····');
  await again();
  await eventually(async () => {
    await passInPage(wall, 3);
    assert.match(await wall.getByRole('status', { name: 'Code' }).innerText(), /^[A-Z3-9]{4}-[A-Z3-9]{4}$/);
  });
});

pairing('a screen shows that the gateway is down, and continues when it is back', async ({ page, screen, gateway }) => {
  const { wall } = await screen();
  const shown = await code(wall);
  const again = await pause(page, gateway);
  await eventually(async () => {
    await passInPage(wall, 3);
    assert.equal(await wall.getByText('The gateway does not answer').count(), 1);
  });
  await again();
  await eventually(async () => {
    await passInPage(wall, 3);
    assert.equal(await wall.getByText('The gateway does not answer').count(), 0);
  });
  assert.equal(await code(wall), shown, 'codes are in the store as well');
  await page.goto(`${gateway.url}/connections`);
  await enter(page, shown, 'Hall');
  await becomesWall(wall);
  const back = await pause(page, gateway);
  await back();
  await wall.reload();
  await wall.getByRole('list', { name: 'Sources' }).waitFor();
});

pairing('without a persistent store, a restart un-pairs the wall, and the page warns of it', { more: '[store]\npath = "memory"\n' }, async ({ page, screen, gateway }) => {
  const { wall } = await screen();
  await walls(page).getByText('The gateway keeps walls in memory only').waitFor();
  await enter(page, await code(wall), 'Hall');
  await becomesWall(wall);
  const again = await pause(page, gateway);
  await again();
  await showsSignedOut(wall);
  await code(wall);
});

pairing('a viewer sees no walls, and people can sign in at an unpaired screen', async ({ page, screen, gateway }) => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await signIn(page, gateway, 'vic');
  await page.getByText('READ-ONLY', { exact: true }).waitFor();
  assert.equal(await walls(page).count(), 0);
  const { wall } = await screen('/wall?only=slicers');
  await code(wall);
  await wall.getByRole('link', { name: 'Sign in instead' }).click();
  await wall.getByLabel('User name').fill('vic');
  await wall.getByLabel('Password').fill(PASSWORD);
  await wall.getByRole('button', { name: 'Sign in', exact: true }).click();
  await wall.getByRole('list', { name: 'Sources' }).waitFor();
  assert.equal(new URL(wall.url()).pathname + new URL(wall.url()).search, '/wall?only=slicers');
  await gateway.signOutEverybody();
  await showsSignedOut(wall);
});

/** Fails unless the code is large and nothing is cut off. */
async function assertLegible(wall, { width }) {
  const { size, fits } = await wall.evaluate(() => {
    const box = (found) => document.querySelector(found).getBoundingClientRect();
    const [shown, foot, main] = [box('output'), box('main footer'), document.querySelector('main')];
    const inside = shown.left >= 0 && shown.right <= innerWidth && foot.bottom <= innerHeight + 0.5;
    const scrolls = main.scrollHeight > main.clientHeight || document.scrollingElement.scrollHeight > innerHeight;
    return { size: Number.parseFloat(getComputedStyle(document.querySelector('output')).fontSize), fits: inside && !scrolls };
  });
  assert.ok(size >= width / 10, `${size} px is too small`);
  assert.ok(fits, 'nothing is cut off');
}

for (const colorScheme of ['light', 'dark']) {
  pairing(`pairing is accessible and legible in the ${colorScheme} theme`, { colorScheme }, async ({ page, screen }) => {
    for (const viewport of [{ width: 1920, height: 1080 }, { width: 1280, height: 720 }, { width: 1080, height: 1920 }]) {
      const { wall } = await screen('/wall', { viewport });
      await code(wall);
      await accessible(wall);
      await assertLegible(wall, viewport);
    }
    const { wall } = await screen();
      await accessible(page);
    await enter(page, await code(wall), 'Hall');
    await becomesWall(wall);
    await page.getByRole('button', { name: 'Revoke Hall' }).waitFor();
    await accessible(page);
    await page.getByRole('button', { name: 'Revoke Hall' }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke Hall?' });
    await dialog.waitFor();
    await accessible(page);
    await dialog.getByRole('button', { name: 'Revoke wall' }).click();
    await showsSignedOut(wall);
    await code(wall);
    await accessible(wall);
    await assertLegible(wall, { width: 1920, height: 1080 });
  });
}
