// Pairing a screen as a wall: its code, an admin who enters it elsewhere, and the wall that it becomes,
// until it is revoked. The screen is a browser of its own, whose clock the story moves.

import assert from 'node:assert/strict';
import { accessible, eventually, passInPage, rows, story, whenRows } from './harness.mjs';
import { Complaints, GATEWAY_GONE } from './support/browser.mjs';
import { PASSWORD, serve } from './support/served.mjs';

/**
 * A story with an admin's page and a gateway of its own, whose vendor is never reached. `screen()` opens
 * a browser for a wall.
 */
function pairing(name, options, tell) {
  if (typeof options === 'function') return pairing(name, {}, options);
  const { more, top, ...others } = options;
  return story(name, others, async (told) => {
    const { page, complaints } = told;
    complaints.expect(/status of 401/);
    const served = await serve({ more, top });
    const contexts = [];
    const heard = [];
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
      const said = new Complaints(wall);
      said.expect(/status of 401/);
      // A gateway that is started again.
      said.allow(GATEWAY_GONE);
      heard.push(said);
      await wall.goto(`${served.url}${address}`);
      return { wall };
    };
    try {
      await signIn(page, served, 'ann');
      await tell({ ...told, served, screen });
      for (const said of heard) said.check();
    } finally {
      for (const context of contexts) await context.close();
      // A page goes on asking.
      await page.goto('about:blank');
      await served.stop();
    }
  });
}

/** Ends the gateway while nobody but the screen asks it anything; answers what starts it again. */
async function pause(page, served) {
  await page.goto('about:blank');
  return served.pause();
}

async function signIn(page, served, user) {
  await page.goto(`${served.url}/sign-in?to=%2Fconnections`);
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

/** Waits until a screen is a wall. */
const becomesWall = async (wall) => {
  await eventually(async () => {
    await passInPage(wall, 1);
    assert.equal(await wall.getByRole('list', { name: 'Sources' }).count(), 1);
  });
};

const signedOut = (wall) => wall.getByRole('alert').getByText('SIGNED OUT');

/** Waits until a wall covers itself. */
const coversItself = async (wall) => {
  await eventually(async () => {
    await passInPage(wall, 1);
    assert.equal(await signedOut(wall).count(), 1);
  });
  assert.equal(await wall.getByRole('list', { name: 'Tiles' }).count(), 0, 'no tile is left');
};

pairing('a screen shows a code, becomes a wall without a hand, and is signed out when it is revoked', async ({ page, screen }) => {
  const { wall } = await screen('/wall?only=slicers');
  await wall.getByRole('heading', { level: 1, name: 'Pair this screen' }).waitFor();
  const shown = await code(wall);
  await wall.getByText('Expires in 10 min').waitFor();
  await wall.getByText(/\/connections under Walls\. This screen then becomes a wall automatically\.$/).waitFor();
  await wall.reload();
  assert.equal(await code(wall), shown, 'the same after a reload');
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
  // A gateway that was updated meanwhile no longer has the piece of the program that shows a code: the wall has it already.
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
  // The button has gone with its row.
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'walls'));
  await coversItself(wall);
  assert.notEqual(await code(wall), shown);
  await enter(page, await code(wall), 'Hall north');
  await becomesWall(wall);
  assert.equal(await signedOut(wall).count(), 0);
});

pairing('very many walls are listed page by page', { top: 'trusted_proxies = ["127.0.0.1"]\n' }, async ({ page, served }) => {
  for (let number = 10; number < 37; number += 1) {
    // Screens of many networks: one network gets few codes.
    const headers = { origin: served.url, 'content-type': 'application/json', 'x-forwarded-for': `10.${number}.0.1` };
    const asked = (request) => ({ headers, method: 'POST', ...request });
    const screen = await fetch(`${served.url}/api/pairing`, asked({ body: '{}' }));
    const { code: shown } = await screen.json();
    const paired = await page.request.fetch(`${served.url}/api/walls`, asked({ data: { code: shown, name: `Hall ${number}` } }));
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
  // Where the last wall of a page is revoked, the page before it is shown.
  for (const name of await names()) {
    await page.getByRole('button', { name: `Revoke ${name}` }).click();
    await page.getByRole('dialog', { name: `Revoke ${name}?` }).getByRole('button', { name: 'Revoke wall' }).click();
    await page.getByText(`The wall ${name} is revoked.`).waitFor();
  }
  await whenRows(page, 'Walls', (table) => assert.equal(table.length, 25));
  assert.deepEqual(await names(), first);
  assert.equal(await walls(page).getByText(/^Page /).count(), 0);
});

/** Holds what a page posts to an address; the function that comes back lets it go, and waits until it is answered. */
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

pairing('what is typed for the next wall while one is being paired stays', async ({ page, screen }) => {
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
  assert.equal(await section.getByLabel('Name').inputValue(), '', 'what was sent is cleared');
});

pairing('a screen goes on when somebody leaves its sign-in before the answer comes', async ({ screen }) => {
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

pairing('a code that is wrong, old or used is refused with the reason, and nothing typed is lost', async ({ page, screen, complaints }) => {
  complaints.expect(/status of 404/);
  complaints.expect(/status of 409/);
  const { wall } = await screen();
  const section = walls(page);
  await enter(page, 'CCCC-CCCC', 'Hall');
  await section.getByText('Wrong code: no screen shows this code').waitFor();
  assert.equal(await section.getByLabel('Name').inputValue(), 'Hall');
  const first = await code(wall);
  await enter(page, first, 'Hall');
  await becomesWall(wall);
  await enter(page, first, 'Another');
  await section.getByText('Wrong code: this code was used already').waitFor();
  const other = await screen();
  await enter(page, await code(other.wall), 'HALL');
  await section.getByText('Name taken: there is a wall called "HALL" already').waitFor();
  await section.getByLabel('Name').fill('Another');
  await section.getByRole('button', { name: 'Pair wall' }).click();
  await becomesWall(other.wall);
  await whenRows(page, 'Walls', (table) => assert.deepEqual(table.map(({ Name }) => Name), ['Hall', 'Another']));
});

pairing('a code counts down also without the gateway, and is not shown for longer than it is good', async ({ page, screen, served }) => {
  const { wall } = await screen();
  await code(wall);
  const again = await pause(page, served);
  await wall.clock.fastForward(61_000);
  await wall.getByText('Expires in 9 min').waitFor();
  await wall.clock.fastForward(500_000);
  await wall.getByText(/^Expires in \d\d s$/).waitFor();
  await wall.clock.fastForward(60_000);
  await wall.getByText('Asking the gateway for a code…').waitFor();
  assert.equal(await wall.getByRole('status', { name: 'Code' }).innerText(), '····-····');
  await again();
  await eventually(async () => {
    await passInPage(wall, 3);
    assert.match(await wall.getByRole('status', { name: 'Code' }).innerText(), /^[A-Z3-9]{4}-[A-Z3-9]{4}$/);
  });
});

pairing('a gateway that is gone is told, and the screen goes on when it is back', async ({ page, screen, served }) => {
  const { wall } = await screen();
  const shown = await code(wall);
  const again = await pause(page, served);
  await eventually(async () => {
    await passInPage(wall, 3);
    assert.equal(await wall.getByText('The gateway does not answer').count(), 1);
  });
  await again();
  await eventually(async () => {
    await passInPage(wall, 3);
    assert.equal(await wall.getByText('The gateway does not answer').count(), 0);
  });
  assert.equal(await code(wall), shown, 'codes are kept in the file too');
  await page.goto(`${served.url}/connections`);
  await enter(page, shown, 'Hall');
  await becomesWall(wall);
  const back = await pause(page, served);
  await back();
  await wall.reload();
  await wall.getByRole('list', { name: 'Sources' }).waitFor();
});

pairing('without a store that lasts a restart un-pairs the wall, which covers itself, and the page says so before', { more: '[store]\npath = "memory"\n' }, async ({ page, screen, served }) => {
  const { wall } = await screen();
  await walls(page).getByText('The gateway keeps walls in memory only').waitFor();
  await enter(page, await code(wall), 'Hall');
  await becomesWall(wall);
  const again = await pause(page, served);
  await again();
  await coversItself(wall);
  await code(wall);
});

pairing('a viewer sees no walls, and people can sign in at a screen that waits', async ({ page, screen, served }) => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await signIn(page, served, 'vic');
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
  await served.signOutEverybody();
  await coversItself(wall);
});

/** Fails unless the code is large and nothing is cut off. */
async function legible(wall, { width }) {
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
      await legible(wall, viewport);
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
    await coversItself(wall);
    await code(wall);
    await accessible(wall);
    await legible(wall, { width: 1920, height: 1080 });
  });
}
