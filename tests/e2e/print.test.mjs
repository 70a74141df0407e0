// Printing.

import assert from 'node:assert/strict';
import { story, whenRows } from './harness.mjs';
import { path, system } from './support/worlds.mjs';

story('printing a long table prints the visible rows without gaps, with a note', async ({ page, visit, world, control, reread }) => {
  await control('POST', '/reset', { scenario: 'calm', groups: 1, sessions: 1_000 });
  await reread();
  const { groups } = system(await world(), 'plant-a');
  const group = groups.find(({ Sessions }) => Sessions.length >= 1_000);
  await visit(path('groups', 'plant-a', group.Id));
  const region = page.getByRole('region', { name: 'Client sessions, scrollable' });
  await region.getByRole('row').nth(10).waitFor();
  const looks = () =>
    region.evaluate((one) => ({
      isCut: one.scrollHeight > one.clientHeight,
      hasRoom: [...one.querySelectorAll('.space')].some((space) => space.getClientRects().length > 0),
      says: getComputedStyle(one, '::after').content,
    }));
  assert.deepEqual(await looks(), { isCut: true, hasRoom: true, says: 'none' });
  await page.emulateMedia({ media: 'print' });
  assert.deepEqual(await looks(), { isCut: false, hasRoom: false, says: '"Only the rows in view are printed."' });
});

story('a printed report shows its date, its period and the filters that are set', async ({ page, visit }) => {
  await visit('/report?system=aveva&from=2026-01-14T06:00:00Z');
  await page.getByRole('table', { name: 'Groups', exact: true }).waitFor();
  const date = page.getByRole('banner').getByText('15 Jan 2026');
  const filter = (label) => page.locator('search label', { hasText: label });
  const set = async () => Promise.all(['System', 'Connection', 'From', 'To'].map((label) => filter(label).isVisible()));
  assert.deepEqual(await set(), [true, true, true, true]);
  assert.ok(!(await date.isVisible()), 'on the screen the clock has no date');
  await page.emulateMedia({ media: 'print' });
  await page.getByText('From 14 Jan 2026 06:00:00 to 15 Jan 2026 14:32:08 UTC').waitFor();
  await date.waitFor();
  assert.deepEqual(await set(), [true, false, true, false]);
});

story('a printed table longer than a page starts on the first page, with totals once and full names', { viewport: { width: 720, height: 900 } }, async ({ page, visit }) => {
  await visit('/report');
  await whenRows(page, 'Groups', (all) => assert.ok(all.length > 20));
  await page.emulateMedia({ media: 'print' });
  const groups = page.getByRole('table', { name: 'Groups', exact: true });
  const looks = await groups.evaluate((table) => ({
    foot: getComputedStyle(table.tFoot).display,
    cut: [...table.querySelectorAll('th, td, bdi')].filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth > 0).map((one) => one.textContent),
  }));
  assert.deepEqual(looks, { foot: 'table-row-group', cut: [] });
  // One and a half pages: if the table started on a new page, there would be three.
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  const sheet = Math.ceil(whole / 1.5);
  const { height } = await groups.boundingBox();
  assert.ok(height > sheet, `${height} of ${whole}`);
  const file = await page.pdf({ width: '720px', height: `${sheet}px` });
  assert.equal(file.toString('latin1').match(/\/Type\s*\/Page\b/g).length, 2);
});

story('critical states are printed in dark text, because backgrounds are not printed', async ({ page, visit, control, reread }) => {
  await control('PUT', '/scenario', { name: 'incident' });
  await reread();
  await visit('/');
  const tag = page.getByRole('list', { name: 'Alarms' }).getByText('Critical', { exact: true }).first();
  await tag.waitFor();
  const colour = () => tag.evaluate((one) => getComputedStyle(one.closest('.tag')).color);
  assert.equal(await colour(), 'rgb(255, 255, 255)');
  await page.emulateMedia({ media: 'print' });
  const [red, green, blue] = (await colour()).match(/\d+/g).map(Number);
  assert.ok(red + green + blue < 300, `${red} ${green} ${blue}`);
});
