// Undo after its page was left: the page's state is released, the notice stays.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';
import { path, system } from './support/worlds.mjs';

story('an override is undone from another page, and the console still works', async ({ page, visit, world }) => {
  const group = path('groups', 'plant-b', 'gauging-modbus');
  await visit(group);
  await page.getByRole('button', { name: 'Override role GAUGE-02.Modbus' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Override role', exact: true }).click();
  await page.getByRole('status').getByText(/Plant B overrides the role of GAUGE-02.Modbus/).waitFor();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Slicers/ }).click();
  await page.getByRole('heading', { level: 1, name: 'Slicers', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('status').getByText(/Plant B no longer overrides the role of GAUGE-02.Modbus/).waitFor();
  const { groups } = system(await world(), 'plant-b');
  const { Sessions } = groups.find(({ Id }) => Id === 'gauging-modbus');
  assert.ok(!Sessions.find(({ Id }) => Id === 'GAUGE-02.Modbus').RoleOverride);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Groups/ }).click();
  await eventually(async () => assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Groups'));
});

story('clearing an override is undone from another page, with the remaining time', async ({ page, visit, world }) => {
  await visit(path('groups', 'plant-b', 'gauging-modbus'));
  await page.getByRole('button', { name: 'Override role GAUGE-02.Modbus' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Override role', exact: true }).click();
  await page.getByRole('button', { name: 'Clear override GAUGE-02.Modbus' }).click();
  await page.getByRole('status').getByText(/Plant B no longer overrides the role of GAUGE-02.Modbus/).waitFor();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Connections/ }).click();
  await page.getByRole('heading', { level: 1, name: 'Connections', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await eventually(async () => {
    const { groups } = system(await world(), 'plant-b');
    const { Sessions } = groups.find(({ Id }) => Id === 'gauging-modbus');
    const session = Sessions.find(({ Id }) => Id === 'GAUGE-02.Modbus');
    assert.ok(session.RoleOverride);
    assert.match(session.RoleOverrideExpirationTime, /^2026-01-15T15:3[12]/);
  });
});
