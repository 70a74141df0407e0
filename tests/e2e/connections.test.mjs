// The page /connections: each system, its freshness, its last failure, and refreshing it.

import assert from 'node:assert/strict';
import { eventually, open, pass, story } from './harness.mjs';
import { vendorRequests } from './support/requests.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';
import { waitForSource } from './support/sources.mjs';
import { TITLES, recentSessions, system } from './support/worlds.mjs';

story('every connection shows that it is live and its number of resources', async ({ page, visit, world }) => {
  await visit('/connections');
  const simulated = await world();
  const number = {
    'plant-a': `${system(simulated, 'plant-a').groups.length} groups`,
    'plant-b': `${system(simulated, 'plant-b').groups.length} groups`,
    live: `${system(simulated, 'live').groups.length} slicer groups`,
    em: `${recentSessions(simulated, 'em').length} recent sessions`,
    'em-old': `${recentSessions(simulated, 'em-old').length} recent sessions`,
  };
  for (const [id, title] of Object.entries(TITLES)) {
    const card = page.getByRole('region', { name: title, exact: true });
    await card.locator('dl').getByText(id, { exact: true }).waitFor();
    await card.locator('header').getByText('live', { exact: true }).waitFor();
    await card.getByText(number[id], { exact: true }).waitFor();
    // The enabled button does not look disabled.
    const colours = await card.getByRole('button', { name: /^Refresh now/ }).evaluate((one) => [one, document.body].map((part) => getComputedStyle(part).color));
    assert.equal(colours[0], colours[1]);
  }
});

story('an undelivered alert is shown with time and reason within its row', async ({ page, complaints }) => {
  complaints.expect(/status of 401/);
  const target = '[[alert_target]]\nid = "pager"\nkind = "webhook"\nurl = "http://127.0.0.1:9/"\n';
  const gateway = await serve({ more: `${target}[[alert]]\nid = "all"\ntargets = ["pager"]\nafter_seconds = 0\n` });
  try {
    await page.goto(`${gateway.url}/sign-in?to=%2Fconnections`);
    await page.getByLabel('User name').fill('ann');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const row = page.getByRole('table', { name: 'Alert targets' }).getByRole('row', { name: /^pager/ });
    const cell = row.getByRole('cell').filter({ hasText: /could not reach the receiver/ });
    await cell.waitFor({ timeout: 40_000 });
    const looks = await cell.evaluate((one) => {
      const middle = (part) => (part.getBoundingClientRect().top + part.getBoundingClientRect().bottom) / 2;
      const [mark, time, why] = [one.querySelector('svg'), one.querySelector('.st'), one.querySelector('.sub')];
      return [Math.abs(middle(mark) - middle(time)) <= 2, one.getBoundingClientRect().bottom - why.getBoundingClientRect().bottom >= 4];
    });
    assert.deepEqual(looks, [true, true]);
    const note = page.getByRole('status').filter({ hasText: 'Alerts are not delivered.' });
    await note.waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Overview/ }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await note.getByRole('link', { name: 'Connections' }).click();
    await cell.waitFor();
  } finally {
    await page.goto('about:blank');
    await gateway.stop();
  }
});

story('a failing connection shows the reason, and recovers', async ({ page, visit, control }) => {
  await visit('/connections');
  const card = page.getByRole('region', { name: TITLES['plant-b'], exact: true });
  await card.getByText('none since the gateway was started').waitFor();
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'status', status: 503 } });
  const failure = card.getByRole('region', { name: 'What went wrong' });
  await failure.getByRole('heading', { name: 'Plant B returned 503 Service Unavailable' }).waitFor();
  await failure.getByText('The service is unavailable.').waitFor();
  assert.equal(await card.getByText(/The service is unavailable/).count(), 1, 'it is shown once');
  await control('DELETE', '/faults');
  await card.getByRole('button', { name: /^Refresh now/ }).last().click();
  await failure.waitFor({ state: 'detached' });
  await card.getByText('live', { exact: true }).waitFor();
  await card.getByText(/^503: The service is unavailable/).waitFor();
});

story("a source's pop-up closes when its link opens another page", async ({ page, visit }) => {
  await visit('/');
  await page.getByRole('list', { name: 'Sources' }).getByRole('button', { name: /^Plant A: / }).click();
  const more = page.getByRole('group', { name: 'Plant A', exact: true });
  await more.getByRole('link', { name: 'Connections' }).click();
  await page.getByRole('heading', { level: 1, name: 'Connections' }).waitFor();
  await more.waitFor({ state: 'hidden' });
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'main'));
});

story('the focus moves to the page when a retried connection recovers', async ({ page, visit, control, reread }) => {
  await visit('/groups');
  await control('POST', '/faults', { connection: 'plant-b', fault: { kind: 'status', status: 503 } });
  await reread();
  const retry = page.getByRole('main').getByRole('button', { name: 'Retry Plant B', exact: true });
  await retry.focus();
  await control('DELETE', '/faults');
  await page.keyboard.press('Enter');
  await retry.waitFor({ state: 'detached' });
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'main'));
});

story('a failing connection leaves the others live', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/connections');
  await control('POST', '/faults', { connection: 'live', fault: { kind: 'status', status: 500 } });
  await fixtures.reread();
  await pass(page, control, 62);
  await waitForSource(page, TITLES.live, /: NO DATA, 1 min/);
  for (const [id, title] of Object.entries(TITLES)) if (id !== 'live') await waitForSource(page, title, /: live, /);
});

story('Refresh now reads only that connection, immediately, and shows the result', { watchSeconds: 300 }, async ({ page, visit, control }) => {
  await visit('/connections');
  const card = page.getByRole('region', { name: 'Plant A', exact: true });
  await card.getByText('live', { exact: true }).waitFor();
  await control('DELETE', '/requests');
  await control('POST', '/observer/advance', { seconds: 1 });
  await page.getByRole('button', { name: 'Refresh now Plant A' }).last().click();
  await eventually(async () => assert.ok((await vendorRequests(control, 'plant-a', 'list groups')).length > 0));
  assert.deepEqual(await vendorRequests(control, 'plant-b'), []);
  assert.deepEqual(await vendorRequests(control, 'live'), []);
  await card.getByRole('status').getByText(/^Refreshed at \d\d:\d\d:\d\d.*\.$/).waitFor();
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'status', status: 503 } });
  await control('POST', '/observer/advance', { seconds: 1 });
  await card.getByRole('button', { name: 'Refresh now Plant A' }).click();
  await card.getByRole('status').getByText(/^Not refreshed: see the error of \d\d:\d\d:\d\d.*\.$/).waitFor();
});

story('refreshing everything reads every connection immediately', { watchSeconds: 300 }, async ({ page, visit, control }) => {
  await visit('/');
  await control('DELETE', '/requests');
  await page.getByRole('group', { name: 'Refresh' }).getByRole('button', { name: 'Refresh now' }).click();
  await eventually(async () => {
    const requested = new Set((await vendorRequests(control)).map(({ connection }) => connection));
    assert.deepEqual([...requested].toSorted(), Object.keys(TITLES).toSorted());
  });
});
