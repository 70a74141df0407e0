// What people do about alarms: acknowledging one, and maintenance in which nobody is notified of alarms.

import assert from 'node:assert/strict';
import { accessible, eventually, open as openTicking, pass, START, story } from './harness.mjs';
import { PASSWORD, serve } from './support/served.mjs';
import { path, plain } from './support/worlds.mjs';

const PATIENCE = 20_000;

const GROUP = 'Boiler House OPC UA';

/** Lets both adapters of a group fall silent for good: its alarm is critical. */
async function silence(control) {
  for (const session of ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']) {
    await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session), { silent: true });
  }
  await control('POST', '/clock/advance', { seconds: 600 });
}

/** Waits until the gateway knows the alarm: to a page that is opened then it is no news. */
const known = ({ url }) =>
  eventually(async () => {
    const { alarms } = await (await fetch(`${url}/api/inventory`)).json();
    assert.ok(alarms.some(({ name, severity }) => name === GROUP && severity === 'critical'));
  }, PATIENCE);

async function mend(control) {
  for (const session of ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']) {
    await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session), { silent: false });
  }
  await control('POST', '/clock/advance', { seconds: 60 });
}

const open = (page) => page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name: new RegExp(`^${GROUP}: Critical`) });

const folded = (page) => page.getByRole('list', { name: 'Acknowledged or in maintenance' }).getByRole('listitem', { name: new RegExp(`^${GROUP}: Critical`) });

const summary = (page) => page.getByText(/acknowledged or in maintenance$/);

const unfold = (page) => summary(page).click();

const dialog = (page) => page.getByRole('dialog');

const focused = (page) => page.evaluate(() => document.activeElement.id);

/** The number of alarms that an entry of the rail tells. */
const counted = async (page, name) => {
  const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: new RegExp(`^${name}`) });
  return Number(plain(await link.innerText()).match(/\d+/)?.[0] ?? 0);
};

async function acknowledge(page, reason) {
  await open(page).getByRole('button', { name: /^Acknowledge/ }).click();
  await dialog(page).getByLabel('Reason').fill(reason);
  await dialog(page).getByLabel('Reason').press('Enter');
}

story('an acknowledged alarm is folded, says who takes care of it, and is announced to nobody until that is withdrawn', async ({ page, visit, control, product }) => {
  await silence(control);
  await known(product);
  await visit('/');
  await open(page).waitFor({ timeout: PATIENCE });
  const before = await counted(page, 'Groups');
  await open(page).getByRole('button', { name: /^Acknowledge/ }).focus();
  await page.keyboard.press('Enter');
  await dialog(page).waitFor();
  await accessible(page);
  const confirm = dialog(page).getByRole('button', { name: 'Acknowledge' });
  assert.ok(await confirm.isDisabled(), 'nothing without a reason');
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  await acknowledge(page, 'New power supply is on its way');
  await page.getByRole('status').getByText(`${GROUP}: The alarm is acknowledged.`).waitFor();
  await open(page).waitFor({ state: 'detached', timeout: PATIENCE });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Needs attention', 'the focus is not lost');
  await eventually(async () => assert.equal(await counted(page, 'Groups'), before - 1));
  await unfold(page);
  await folded(page).getByText(/Acknowledged by demo at 14:32:08, until it ends: New power supply is on its way/).waitFor();
  await accessible(page);
  await folded(page).getByRole('button', { name: /^Open/ }).click();
  await page.getByText(/^Acknowledged by demo at 14:32:08, until it ends/).waitFor({ timeout: PATIENCE });
  await page.goBack();
  // In the list it still needs attention, and says why the rail does not count it.
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Groups/ }).click();
  await page.getByRole('row', { name: new RegExp(GROUP) }).getByText('acknowledged', { exact: true }).waitFor();
  await page.goBack();
  await unfold(page);
  // Everybody sees it, the wall too: quieter, and never gone.
  const wall = await page.context().newPage();
  await wall.clock.setFixedTime(new Date(START));
  await wall.goto(new URL('/wall?distance=1', page.url()).href);
  const tile = wall.getByRole('list', { name: 'Tiles' }).getByRole('listitem', { name: new RegExp(`^${GROUP}: .*, acknowledged$`) });
  await tile.waitFor({ timeout: PATIENCE });
  await wall.close();
  const announced = page.getByRole('alert').getByText(/^Critical \(Plant A\): /);
  assert.equal(await announced.count(), 0);
  await folded(page).getByRole('button', { name: /^Withdraw/ }).click();
  await dialog(page).getByRole('button', { name: 'Withdraw' }).click();
  await open(page).waitFor({ timeout: PATIENCE });
  await announced.waitFor({ state: 'attached' });
  await visit('/activity?kind=handling');
  await page.getByRole('table', { name: 'Activity' }).getByText('Withdrew the acknowledgement of the alarm.').waitFor();
  await page.getByRole('table', { name: 'Activity' }).getByText('Acknowledged the alarm: New power supply is on its way').waitFor();
});

story('who takes care of an alarm writes what was found beside it, for everybody', async ({ page, visit, control }) => {
  await silence(control);
  await visit('/');
  await open(page).waitFor({ timeout: PATIENCE });
  await acknowledge(page, 'on my way');
  await open(page).waitFor({ state: 'detached', timeout: PATIENCE });
  await unfold(page);
  await folded(page).getByRole('button', { name: /^Note/ }).focus();
  await page.keyboard.press('Enter');
  await dialog(page).waitFor();
  await accessible(page);
  assert.ok(await dialog(page).getByRole('button', { name: 'Add note' }).isDisabled(), 'nothing without a text');
  await dialog(page).getByLabel('Note').fill('The fan is dead; a new one comes at noon');
  await dialog(page).getByLabel('Note').press('Enter');
  await page.getByRole('status').getByText('The note is kept.').waitFor();
  const words = /^Note by demo at 14:32:08: The fan is dead; a new one comes at noon$/;
  await folded(page).getByText(words).waitFor({ timeout: PATIENCE });
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^Note/, 'the focus is where it was');
  await accessible(page);
  await folded(page).getByRole('button', { name: /^Open/ }).click();
  await page.getByText(words).waitFor({ timeout: PATIENCE });
  await visit('/activity?kind=handling');
  await page.getByRole('table', { name: 'Activity' }).getByText('Noted on the alarm: The fan is dead; a new one comes at noon').waitFor();
  // What has ended takes its notes along.
  await visit('/');
  await summary(page).waitFor({ timeout: PATIENCE });
  await mend(control);
  await summary(page).waitFor({ state: 'hidden', timeout: PATIENCE });
  await silence(control);
  await open(page).waitFor({ timeout: PATIENCE });
  assert.doesNotMatch(await open(page).innerText(), /Note by|Acknowledged by/);
});

story('an acknowledgement with an end calls again after it', async ({ page, visit, control }) => {
  await silence(control);
  await visit('/');
  await open(page).waitFor({ timeout: PATIENCE });
  await open(page).getByRole('button', { name: /^Acknowledge/ }).click();
  await dialog(page).getByLabel('Reason').fill('x'.repeat(501));
  await dialog(page).getByText('501 characters, more than 500.').waitFor();
  assert.ok(await dialog(page).getByRole('button', { name: 'Acknowledge' }).isDisabled());
  await dialog(page).getByLabel('Reason').fill('after lunch');
  await dialog(page).getByLabel('Until').selectOption('30 minutes');
  await dialog(page).getByRole('button', { name: 'Acknowledge' }).click();
  await open(page).waitFor({ state: 'detached', timeout: PATIENCE });
  await unfold(page);
  await folded(page).getByText('until 15:02:08: after lunch').waitFor();
  await control('POST', '/observer/advance', { seconds: 1_801 });
  await open(page).waitFor({ timeout: PATIENCE });
});

story('seconds that pass take no button away from who is about to press it', async (told) => {
  const { page, control, product } = told;
  await silence(control);
  // A page whose clock stands asks once.
  await known(product);
  const post = (address, body) =>
    fetch(product.url + address, { method: 'POST', headers: { 'content-type': 'application/json', origin: product.url }, body: JSON.stringify(body) });
  const until = Date.parse(START) + 3_600_000;
  assert.equal((await post('/api/maintenance', { scope: { connection: 'plant-b' }, until, reason: 'Cabling' })).status, 201);
  await openTicking(told, '/');
  /** Whether it is the same node with the focus after some seconds in which sentences and ages change. */
  const stays = async (locator) => {
    await locator.focus();
    await locator.evaluate((button) => { button.marked_ = true; });
    await control('POST', '/clock/advance', { seconds: 65 });
    // No system is silent for that long: a story goes faster than these are read.
    await product.reread();
    await pass(page, control, 7);
    assert.equal(await page.evaluate(() => document.activeElement.marked_ === true && document.activeElement.isConnected), true);
  };
  await open(page).waitFor({ timeout: PATIENCE });
  await stays(open(page).getByRole('button', { name: /^Acknowledge/ }));
  await stays(open(page).getByRole('button', { name: /^Open/ }));
  await openTicking(told, path('groups', 'plant-b', 'hydrotreater-opcua'));
  await page.getByText(/^In maintenance until/).waitFor({ timeout: PATIENCE });
  await stays(page.getByRole('button', { name: 'End maintenance' }));
  await openTicking(told, '/connections');
  const row = page.getByRole('region', { name: 'Maintenance', exact: true }).getByRole('row', { name: /Plant B/ });
  await row.getByText('under way').waitFor({ timeout: PATIENCE });
  await stays(row.getByRole('button', { name: 'End maintenance of Plant B' }));
});

story('a dialog that is left gives the focus back to what opened it', async ({ page, visit, control }) => {
  await silence(control);
  await visit('/');
  await open(page).waitFor({ timeout: PATIENCE });
  const button = open(page).getByRole('button', { name: /^Acknowledge/ });
  await button.focus();
  await page.keyboard.press('Enter');
  await dialog(page).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  await eventually(async () => assert.ok(await button.evaluate((one) => one === document.activeElement)));
});

story('what somebody began to acknowledge as a warning is not acknowledged once it is critical', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 409/);
  const fall = async (session) => {
    await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session), { silent: true });
    await control('POST', '/clock/advance', { seconds: 600 });
  };
  await fall('BOIL-02.OpcUa');
  await visit('/');
  const warning = page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name: new RegExp(`^${GROUP}: Warning`) });
  await warning.waitFor({ timeout: PATIENCE });
  await warning.getByRole('button', { name: /^Acknowledge/ }).click();
  const before = await dialog(page).getByRole('heading').innerText();
  await dialog(page).getByLabel('Reason').fill('the stand-by can wait');
  await fall('BOIL-01.OpcUa');
  await open(page).waitFor({ timeout: PATIENCE });
  assert.notEqual(await dialog(page).getByRole('heading').innerText(), before, 'the dialog tells what is wrong now');
  const confirm = dialog(page).getByRole('button', { name: 'Acknowledge' });
  await confirm.click();
  await dialog(page).getByText(/Meanwhile the alarm has become critical: .* Nothing was sent/).waitFor();
  await open(page).waitFor();
  assert.equal(await dialog(page).getByLabel('Reason').inputValue(), 'the stand-by can wait');
  await confirm.click();
  await page.getByRole('status').getByText('The alarm is acknowledged.').waitFor();
});

story('an alarm that has ended meanwhile is not acknowledged, and nothing is lost', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 404/);
  await silence(control);
  await visit('/');
  await open(page).waitFor({ timeout: PATIENCE });
  await open(page).getByRole('button', { name: /^Acknowledge/ }).click();
  await dialog(page).getByLabel('Reason').fill('on it');
  await mend(control);
  await open(page).waitFor({ state: 'detached', timeout: PATIENCE });
  await dialog(page).getByRole('button', { name: 'Acknowledge' }).click();
  await dialog(page).getByText(/no such alarm is open: it may have ended/).waitFor();
  assert.equal(await dialog(page).getByLabel('Reason').inputValue(), 'on it');
});

story('maintenance of a connection folds its alarms from its beginning to its end', async ({ page, visit, control }) => {
  await silence(control);
  await visit('/connections');
  const section = page.getByRole('region', { name: 'Maintenance', exact: true });
  await section.getByText('No maintenance in progress or planned.').waitFor();
  await section.getByRole('button', { name: 'Announce maintenance' }).click();
  await dialog(page).getByLabel('Concerns').selectOption('Plant A');
  await dialog(page).getByLabel('Reason').fill('New firmware');
  await dialog(page).getByLabel(/^Begins/).fill('2026-01-15T15:00');
  await dialog(page).getByLabel('Lasts').selectOption('2 hours');
  await accessible(page);
  await dialog(page).getByRole('button', { name: 'Announce' }).click();
  const row = section.getByRole('row', { name: /Plant A/ });
  await row.getByText('planned').waitFor({ timeout: PATIENCE });
  await row.getByText('New firmware').waitFor();
  await visit('/');
  await open(page).waitFor({ timeout: PATIENCE });
  await control('POST', '/observer/advance', { seconds: 1_800 });
  await open(page).waitFor({ state: 'detached', timeout: PATIENCE });
  await unfold(page);
  await folded(page).getByText(/In maintenance until 17:00:00, by demo: New firmware/).waitFor();
  await visit('/connections');
  await row.getByText('under way').waitFor({ timeout: PATIENCE });
  await accessible(page);
  await section.getByRole('button', { name: 'End maintenance of Plant A' }).click();
  await dialog(page).getByRole('button', { name: 'End maintenance' }).click();
  await section.getByText('No maintenance in progress or planned.').waitFor({ timeout: PATIENCE });
  // Its button has gone.
  await eventually(async () => assert.equal(await focused(page), 'maintenance'));
  await visit('/');
  await open(page).waitFor({ timeout: PATIENCE });
});

story('maintenance whose beginning was left incomplete does not begin at once', async ({ page, visit }) => {
  await visit('/connections');
  await page.getByRole('button', { name: 'Announce maintenance' }).click();
  const [reason, begins] = [dialog(page).getByLabel('Reason'), dialog(page).getByLabel(/^Begins/)];
  const announce = dialog(page).getByRole('button', { name: 'Announce' });
  const complete = dialog(page).getByText('Complete the date and time, or clear it.');
  const isIncomplete = () => begins.evaluate((input) => input.validity.badInput);
  await reason.fill('New firmware');
  await eventually(async () => assert.ok(await announce.isEnabled()));
  await begins.focus();
  await page.keyboard.type('01');
  await reason.focus();
  await complete.waitFor();
  assert.equal(await isIncomplete(), true, 'what was typed is kept');
  assert.ok(await announce.isDisabled());
  await accessible(page);
  await begins.fill('2026-01-15T15:00');
  await complete.waitFor({ state: 'detached' });
  assert.ok(await announce.isEnabled());
  // Of a time that is there a part is cleared.
  await begins.focus();
  await page.keyboard.press('Backspace');
  assert.equal(await isIncomplete(), true);
  await reason.focus();
  await complete.waitFor();
  assert.ok(await announce.isDisabled());
  await begins.fill('');
  await reason.focus();
  await complete.waitFor({ state: 'detached' });
  await announce.click();
  const row = page.getByRole('region', { name: 'Maintenance', exact: true }).getByRole('row', { name: /New firmware/ });
  await row.getByText('under way').waitFor({ timeout: PATIENCE });
});

story('maintenance of one group is announced, told and ended on its page', async ({ page, visit, control }) => {
  await silence(control);
  await visit(path('groups', 'plant-a', 'boiler-opcua'));
  await page.getByRole('button', { name: 'Announce maintenance' }).click();
  await dialog(page).getByRole('heading', { name: `Announce maintenance of ${GROUP}` }).waitFor();
  await dialog(page).getByLabel('Reason').fill('Cabling');
  await dialog(page).getByLabel('Reason').press('Enter');
  await page.getByText('In maintenance until 15:32:08, by demo: Cabling').waitFor({ timeout: PATIENCE });
  await accessible(page);
  await page.getByRole('button', { name: 'End maintenance' }).click();
  await dialog(page).getByRole('button', { name: 'End maintenance' }).click();
  await page.getByText(/^In maintenance until/).waitFor({ state: 'detached', timeout: PATIENCE });
  await eventually(async () => assert.equal(await focused(page), 'main'));
  await page.getByRole('list', { name: 'Activity' }).getByText(`Ended the maintenance of ${GROUP}.`).waitFor({ timeout: PATIENCE });
});

story('viewers see what is taken care of, and cannot change it', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const served = await serve();
  const signIn = async (user) => {
    await page.getByLabel('User name').fill(user);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  };
  const change = page.getByRole('main').getByRole('button', { name: /^(Acknowledge|Withdraw|Note)/ });
  try {
    await page.goto(served.url);
    await signIn('ann');
    await page.getByRole('list', { name: 'Alarms' }).getByRole('button', { name: /^Acknowledge/ }).click({ timeout: PATIENCE });
    await dialog(page).getByLabel('Reason').fill('The key is on its way');
    await dialog(page).getByLabel('Reason').press('Enter');
    const care = page.getByText(/^Acknowledged by ann at .*: The key is on its way$/);
    await summary(page).click({ timeout: PATIENCE });
    await care.waitFor();
    assert.equal(await change.count(), 2);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn('vic');
    await summary(page).click({ timeout: PATIENCE });
    await care.waitFor();
    assert.equal(await change.count(), 0);
    await page.goto(new URL('/connections', served.url).href);
    await page.getByRole('region', { name: 'Maintenance', exact: true }).getByText('No maintenance in progress or planned.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Announce maintenance' }).count(), 0);
    // Its other pages still come while it is idle.
    await page.goto('about:blank');
  } finally {
    await served.stop();
  }
});

story('on a phone a field is no wider than its dialog, however long the name of a connection is', { viewport: { width: 390, height: 844 } }, async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const title = 'Live channels of the northern region, first and second studio, with spare encoders';
  const served = await serve({
    more: `[[connection]]\nid = "long"\ntitle = "${title}"\nsystem = "uplynk"\nbase_url = "http://127.0.0.1:9"\ncredentials = { kind = "integration-key", owner = "o", api_key_file = "api.key" }\n`,
  });
  try {
    await page.goto(new URL('/connections', served.url).href);
    await page.getByLabel('User name').fill('ann');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Announce maintenance' }).click();
    await dialog(page).getByLabel('Concerns').selectOption(title);
    const inner = await dialog(page).evaluate((one) => one.scrollWidth - one.clientWidth);
    assert.equal(inner, 0);
    await page.goto('about:blank');
  } finally {
    await served.stop();
  }
});
