// Handling of alarms: acknowledgements, and maintenance, during which nobody is notified of alarms.

import assert from 'node:assert/strict';
import { accessible, eventually, open as openWithClock, pass, START, story } from './harness.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';
import { path, plain } from './support/worlds.mjs';

const TIMEOUT = 20_000;

const GROUP = 'Boiler House OPC UA';

/** Silences both adapters of a group permanently: its alarm is critical. */
async function silence(control) {
  for (const session of ['BOIL-01.OpcUa', 'BOIL-02.OpcUa']) {
    await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session), { silent: true });
  }
  await control('POST', '/clock/advance', { seconds: 600 });
}

/** Waits until the gateway has the alarm: a page opened after that does not announce it as new. */
const alarmKnown = ({ url }) =>
  eventually(async () => {
    const { alarms } = await (await fetch(`${url}/api/inventory`)).json();
    assert.ok(alarms.some(({ name, severity }) => name === GROUP && severity === 'critical'));
  }, TIMEOUT);

async function recover(control) {
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

/** The number of alarms at an entry of the rail. */
const counted = async (page, name) => {
  const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: new RegExp(`^${name}`) });
  return Number(plain(await link.innerText()).match(/\d+/)?.[0] ?? 0);
};

async function acknowledge(page, reason) {
  await open(page).getByRole('button', { name: /^Acknowledge/ }).click();
  await dialog(page).getByLabel('Reason').fill(reason);
  await dialog(page).getByLabel('Reason').press('Enter');
}

story('an acknowledged alarm is folded, shows its acknowledgement, and is not announced until it is withdrawn', async ({ page, visit, control, product }) => {
  await silence(control);
  await alarmKnown(product);
  await visit('/');
  await open(page).waitFor({ timeout: TIMEOUT });
  const before = await counted(page, 'Groups');
  await open(page).getByRole('button', { name: /^Acknowledge/ }).focus();
  await page.keyboard.press('Enter');
  await dialog(page).waitFor();
  await accessible(page);
  const confirm = dialog(page).getByRole('button', { name: 'Acknowledge' });
  assert.ok(await confirm.isDisabled(), 'a reason is required');
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  await acknowledge(page, 'New power supply is on its way');
  await page.getByRole('status').getByText(`${GROUP}: The alarm is acknowledged.`).waitFor();
  await open(page).waitFor({ state: 'detached', timeout: TIMEOUT });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Needs attention', 'the focus is not lost');
  await eventually(async () => assert.equal(await counted(page, 'Groups'), before - 1));
  await unfold(page);
  await folded(page).getByText(/Acknowledged by demo at 14:32:08, until it ends: New power supply is on its way/).waitFor();
  await accessible(page);
  await folded(page).getByRole('button', { name: /^Open/ }).click();
  await page.getByText(/^Acknowledged by demo at 14:32:08, until it ends/).waitFor({ timeout: TIMEOUT });
  await page.goBack();
  // The list still shows its state, and why the rail does not count it.
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Groups/ }).click();
  await page.getByRole('row', { name: new RegExp(GROUP) }).getByText('acknowledged', { exact: true }).waitFor();
  await page.goBack();
  await unfold(page);
  // The wall shows it as well, less prominently.
  const wall = await page.context().newPage();
  await wall.clock.setFixedTime(new Date(START));
  await wall.goto(new URL('/wall?distance=1', page.url()).href);
  const tile = wall.getByRole('list', { name: 'Tiles' }).getByRole('listitem', { name: new RegExp(`^${GROUP}: .*, acknowledged$`) });
  await tile.waitFor({ timeout: TIMEOUT });
  await wall.close();
  const announced = page.getByRole('alert').getByText(/^Critical \(Plant A\): /);
  assert.equal(await announced.count(), 0);
  await folded(page).getByRole('button', { name: /^Withdraw/ }).click();
  await dialog(page).getByRole('button', { name: 'Withdraw' }).click();
  await open(page).waitFor({ timeout: TIMEOUT });
  await announced.waitFor({ state: 'attached' });
  await visit('/activity?kind=handling');
  await page.getByRole('table', { name: 'Activity' }).getByText('Withdraw acknowledgement').waitFor();
  await page.getByRole('table', { name: 'Activity' }).getByText('Acknowledge alarm: New power supply is on its way').waitFor();
});

story('a note on an acknowledged alarm is shown to everybody', async ({ page, visit, control }) => {
  await silence(control);
  await visit('/');
  await open(page).waitFor({ timeout: TIMEOUT });
  await acknowledge(page, 'on my way');
  await open(page).waitFor({ state: 'detached', timeout: TIMEOUT });
  await unfold(page);
  await folded(page).getByRole('button', { name: /^Note/ }).focus();
  await page.keyboard.press('Enter');
  await dialog(page).waitFor();
  await accessible(page);
  assert.ok(await dialog(page).getByRole('button', { name: 'Add note' }).isDisabled(), 'a text is required');
  await dialog(page).getByLabel('Note').fill('The fan is dead; a new one comes at noon');
  await dialog(page).getByLabel('Note').press('Enter');
  await page.getByRole('status').getByText('The note is saved.').waitFor();
  const text = /^Note by demo at 14:32:08: The fan is dead; a new one comes at noon$/;
  await folded(page).getByText(text).waitFor({ timeout: TIMEOUT });
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^Note/, 'the focus is where it was');
  await accessible(page);
  await folded(page).getByRole('button', { name: /^Open/ }).click();
  await page.getByText(text).waitFor({ timeout: TIMEOUT });
  await visit('/activity?kind=handling');
  await page.getByRole('table', { name: 'Activity' }).getByText('Add note to alarm: The fan is dead; a new one comes at noon').waitFor();
  // Notes end with their alarm.
  await visit('/');
  await summary(page).waitFor({ timeout: TIMEOUT });
  await recover(control);
  await summary(page).waitFor({ state: 'hidden', timeout: TIMEOUT });
  await silence(control);
  await open(page).waitFor({ timeout: TIMEOUT });
  assert.doesNotMatch(await open(page).innerText(), /Note by|Acknowledged by/);
});

story('an alarm reopens after its acknowledgement has expired', async ({ page, visit, control }) => {
  await silence(control);
  await visit('/');
  await open(page).waitFor({ timeout: TIMEOUT });
  await open(page).getByRole('button', { name: /^Acknowledge/ }).click();
  await dialog(page).getByLabel('Reason').fill('x'.repeat(501));
  await dialog(page).getByText('501 characters, more than 500.').waitFor();
  assert.ok(await dialog(page).getByRole('button', { name: 'Acknowledge' }).isDisabled());
  await dialog(page).getByLabel('Reason').fill('after lunch');
  await dialog(page).getByLabel('Until').selectOption('30 minutes');
  await dialog(page).getByRole('button', { name: 'Acknowledge' }).click();
  await open(page).waitFor({ state: 'detached', timeout: TIMEOUT });
  await unfold(page);
  await folded(page).getByText('until 15:02:08: after lunch').waitFor();
  await control('POST', '/observer/advance', { seconds: 1_801 });
  await open(page).waitFor({ timeout: TIMEOUT });
});

story('passing time does not replace a focused button', async (fixtures) => {
  const { page, control, product } = fixtures;
  await silence(control);
  // A page with a frozen clock requests only once.
  await alarmKnown(product);
  const post = (address, body) =>
    fetch(product.url + address, { method: 'POST', headers: { 'content-type': 'application/json', origin: product.url }, body: JSON.stringify(body) });
  const until = Date.parse(START) + 3_600_000;
  assert.equal((await post('/api/maintenance', { scope: { connection: 'plant-b' }, until, reason: 'Cabling' })).status, 201);
  await openWithClock(fixtures, '/');
  /** Checks that the same node keeps the focus for some seconds while sentences and ages change. */
  const stays = async (locator) => {
    await locator.focus();
    await locator.evaluate((button) => { button.marked_ = true; });
    await control('POST', '/clock/advance', { seconds: 65 });
    // Prevents the systems from counting as silent: the story's clock is faster than they are polled.
    await product.reread();
    await pass(page, control, 7);
    assert.equal(await page.evaluate(() => document.activeElement.marked_ === true && document.activeElement.isConnected), true);
  };
  await open(page).waitFor({ timeout: TIMEOUT });
  await stays(open(page).getByRole('button', { name: /^Acknowledge/ }));
  await stays(open(page).getByRole('button', { name: /^Open/ }));
  await openWithClock(fixtures, path('groups', 'plant-b', 'hydrotreater-opcua'));
  await page.getByText(/^In maintenance until/).waitFor({ timeout: TIMEOUT });
  await stays(page.getByRole('button', { name: 'End maintenance' }));
  await openWithClock(fixtures, '/connections');
  const row = page.getByRole('region', { name: 'Maintenance', exact: true }).getByRole('row', { name: /Plant B/ });
  await row.getByText('in progress').waitFor({ timeout: TIMEOUT });
  await stays(row.getByRole('button', { name: 'End maintenance of Plant B' }));
});

story('closing a dialog returns the focus to its opener', async ({ page, visit, control }) => {
  await silence(control);
  await visit('/');
  await open(page).waitFor({ timeout: TIMEOUT });
  const button = open(page).getByRole('button', { name: /^Acknowledge/ });
  await button.focus();
  await page.keyboard.press('Enter');
  await dialog(page).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  await eventually(async () => assert.ok(await button.evaluate((one) => one === document.activeElement)));
});

story('an acknowledgement begun for a warning is not sent once the alarm is critical', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 409/);
  const fall = async (session) => {
    await control('PATCH', path('systems', 'plant-a', 'groups', 'boiler-opcua', 'sessions', session), { silent: true });
    await control('POST', '/clock/advance', { seconds: 600 });
  };
  await fall('BOIL-02.OpcUa');
  await visit('/');
  const warning = page.getByRole('list', { name: 'Alarms' }).getByRole('listitem', { name: new RegExp(`^${GROUP}: Warning`) });
  await warning.waitFor({ timeout: TIMEOUT });
  await warning.getByRole('button', { name: /^Acknowledge/ }).click();
  const before = await dialog(page).getByRole('heading').innerText();
  await dialog(page).getByLabel('Reason').fill('the stand-by can wait');
  await fall('BOIL-01.OpcUa');
  await open(page).waitFor({ timeout: TIMEOUT });
  assert.notEqual(await dialog(page).getByRole('heading').innerText(), before, 'the dialog shows the current state');
  const confirm = dialog(page).getByRole('button', { name: 'Acknowledge' });
  await confirm.click();
  await dialog(page).getByText(/Meanwhile the alarm has become critical: .* Nothing was sent/).waitFor();
  await open(page).waitFor();
  assert.equal(await dialog(page).getByLabel('Reason').inputValue(), 'the stand-by can wait');
  await confirm.click();
  await page.getByRole('status').getByText('The alarm is acknowledged.').waitFor();
});

story('an alarm that has ended is not acknowledged, and the reason is kept', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 404/);
  await silence(control);
  await visit('/');
  await open(page).waitFor({ timeout: TIMEOUT });
  await open(page).getByRole('button', { name: /^Acknowledge/ }).click();
  await dialog(page).getByLabel('Reason').fill('on it');
  await recover(control);
  await open(page).waitFor({ state: 'detached', timeout: TIMEOUT });
  await dialog(page).getByRole('status').getByText(/^The alarm is not in the list at the moment: it may have ended\./).waitFor();
  await dialog(page).getByRole('button', { name: 'Acknowledge' }).click();
  await dialog(page).getByText(/no such alarm is open: it may have ended/).waitFor();
  assert.equal(await dialog(page).getByLabel('Reason').inputValue(), 'on it');
});

story('maintenance of a connection folds its alarms from its start to its end', async ({ page, visit, control }) => {
  await silence(control);
  await visit('/connections');
  const section = page.getByRole('region', { name: 'Maintenance', exact: true });
  await section.getByText('No maintenance in progress or planned.').waitFor();
  await section.getByRole('button', { name: 'Announce maintenance' }).click();
  await dialog(page).getByLabel('Applies to').selectOption('Plant A');
  await dialog(page).getByLabel('Reason').fill('New firmware');
  await dialog(page).getByLabel(/^Begins/).fill('2026-01-15T15:00');
  await dialog(page).getByLabel('Lasts').selectOption('2 hours');
  await accessible(page);
  await dialog(page).getByRole('button', { name: 'Announce' }).click();
  const row = section.getByRole('row', { name: /Plant A/ });
  await row.getByText('planned').waitFor({ timeout: TIMEOUT });
  await row.getByText('New firmware').waitFor();
  await visit('/');
  await open(page).waitFor({ timeout: TIMEOUT });
  await visit('/connections');
  await section.getByRole('button', { name: 'Call off maintenance of Plant A' }).click();
  await dialog(page).getByRole('button', { name: 'Call off maintenance' }).waitFor();
  // It begins while the dialog is open.
  await control('POST', '/observer/advance', { seconds: 1_800 });
  await dialog(page).getByRole('button', { name: 'End maintenance' }).waitFor({ timeout: TIMEOUT });
  await dialog(page).getByRole('heading', { name: 'End the maintenance “New firmware”?' }).waitFor();
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await visit('/');
  await open(page).waitFor({ state: 'detached', timeout: TIMEOUT });
  await unfold(page);
  await folded(page).getByText(/In maintenance until 17:00:00, by demo: New firmware/).waitFor();
  await visit('/connections');
  await row.getByText('in progress').waitFor({ timeout: TIMEOUT });
  await accessible(page);
  await section.getByRole('button', { name: 'End maintenance of Plant A' }).click();
  await dialog(page).getByRole('button', { name: 'End maintenance' }).click();
  await section.getByText('No maintenance in progress or planned.').waitFor({ timeout: TIMEOUT });
  // The focused button was removed.
  await eventually(async () => assert.equal(await focused(page), 'maintenance'));
  await visit('/');
  await open(page).waitFor({ timeout: TIMEOUT });
});

story('maintenance with an incomplete start time cannot be announced, and a dialog says when it has ended', async ({ page, visit, control }) => {
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
  assert.equal(await isIncomplete(), true, 'the input is kept');
  assert.ok(await announce.isDisabled());
  await accessible(page);
  await begins.fill('2026-01-15T15:00');
  await complete.waitFor({ state: 'detached' });
  assert.ok(await announce.isEnabled());
  // Clearing a part of a complete time makes it incomplete.
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
  await row.getByText('in progress').waitFor({ timeout: TIMEOUT });
  // It ends while the dialog is open.
  await row.getByRole('button', { name: /^End maintenance/ }).click();
  const ended = dialog(page).getByRole('status').getByText('The maintenance is not in the list at the moment: it may have ended.');
  assert.equal(await ended.count(), 0);
  await control('POST', '/observer/advance', { seconds: 3_600 });
  await ended.waitFor({ timeout: TIMEOUT });
  await accessible(page);
});

story('maintenance of a group is announced, shown and ended on its page', async ({ page, visit, control }) => {
  await silence(control);
  await visit(path('groups', 'plant-a', 'boiler-opcua'));
  await page.getByRole('button', { name: 'Announce maintenance' }).click();
  await dialog(page).getByRole('heading', { name: `Announce maintenance of ${GROUP}` }).waitFor();
  await dialog(page).getByLabel('Reason').fill('Cabling');
  await dialog(page).getByLabel('Reason').press('Enter');
  await page.getByText('In maintenance until 15:32:08, by demo: Cabling').waitFor({ timeout: TIMEOUT });
  const isCovered = () => page.evaluate(() => {
    const [{ bottom }, { top }] = [document.activeElement, document.querySelector('.notices')].map((one) => one.getBoundingClientRect());
    return bottom > top;
  });
  await eventually(async () => assert.equal(await isCovered(), false, 'the notice does not cover the focused button'));
  await accessible(page);
  await page.getByRole('button', { name: 'End maintenance' }).click();
  await dialog(page).getByRole('button', { name: 'End maintenance' }).click();
  await page.getByText(/^In maintenance until/).waitFor({ state: 'detached', timeout: TIMEOUT });
  await eventually(async () => assert.equal(await focused(page), 'main'));
  await page.getByRole('list', { name: 'Activity' }).getByText(`End maintenance of ${GROUP}`).waitFor({ timeout: TIMEOUT });
});

story('viewers see how alarms are handled, and cannot change it', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const gateway = await serve();
  const signIn = async (user) => {
    await page.getByLabel('User name').fill(user);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  };
  const change = page.getByRole('main').getByRole('button', { name: /^(Acknowledge|Withdraw|Note)/ });
  try {
    await page.goto(gateway.url);
    await signIn('ann');
    await page.getByRole('list', { name: 'Alarms' }).getByRole('button', { name: /^Acknowledge/ }).click({ timeout: TIMEOUT });
    await dialog(page).getByLabel('Reason').fill('The key is on its way');
    await dialog(page).getByLabel('Reason').press('Enter');
    const care = page.getByText(/^Acknowledged by ann at .*: The key is on its way$/);
    await summary(page).click({ timeout: TIMEOUT });
    await care.waitFor();
    assert.equal(await change.count(), 2);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn('vic');
    await summary(page).click({ timeout: TIMEOUT });
    await care.waitFor();
    assert.equal(await change.count(), 0);
    await page.goto(new URL('/connections', gateway.url).href);
    await page.getByRole('region', { name: 'Maintenance', exact: true }).getByText('No maintenance in progress or planned.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Announce maintenance' }).count(), 0);
    // The idle page would continue to fetch its chunks.
    await page.goto('about:blank');
  } finally {
    await gateway.stop();
  }
});

story('on a phone a select is no wider than its dialog, even with a long connection title', { viewport: { width: 390, height: 844 } }, async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const title = 'Live channels of the northern region, first and second studio, with spare encoders';
  const gateway = await serve({
    more: `[[connection]]\nid = "long"\ntitle = "${title}"\nsystem = "uplynk"\nbase_url = "http://127.0.0.1:9"\ncredentials = { kind = "integration-key", owner = "o", api_key_file = "api.key" }\n`,
  });
  try {
    await page.goto(new URL('/connections', gateway.url).href);
    await page.getByLabel('User name').fill('ann');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Announce maintenance' }).click();
    await dialog(page).getByLabel('Applies to').selectOption(title);
    const inner = await dialog(page).evaluate((one) => one.scrollWidth - one.clientWidth);
    assert.equal(inner, 0);
    await page.goto('about:blank');
  } finally {
    await gateway.stop();
  }
});
