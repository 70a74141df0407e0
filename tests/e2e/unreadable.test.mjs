// A single unreadable field: it is marked, with its raw value on demand, and everything else is shown normally.

import assert from 'node:assert/strict';
import { open, pass, story, whenRows } from './harness.mjs';
import { path, system } from './support/worlds.mjs';

/** Makes the first such field of each response of a system a list. */
const spoil = (control, connection, field) =>
  control('POST', '/faults', { connection, fault: { kind: 'replace', find: `"${field}"`, with: `"${field}":[7],"Was"` } });

story('a group with an unreadable FailoverTimeout is marked in the list, and others are normal', async (fixtures) => {
  const { page, control, world, reread } = fixtures;
  await open(fixtures, '/groups?connection=plant-b');
  const [first, ...others] = system(await world(), 'plant-b').groups;
  await spoil(control, 'plant-b', 'FailoverTimeout');
  await reread();
  await pass(page, control, 5);
  await whenRows(page, 'Failover groups', (shown) => {
    const marked = shown.filter((row) => row.State.includes('1 field is unreadable'));
    assert.equal(marked.length, 1);
    assert.ok(marked[0].Group.startsWith(first.Name), marked[0].Group);
    assert.equal(shown.length, others.length + 1);
    assert.ok(shown.filter((row) => row !== marked[0]).every((row) => row.State === 'Normal'));
  });
  await page.getByRole('link', { name: first.Name }).click();
  const facts = page.getByRole('region', { name: 'Group facts' });
  await facts.getByText('1 field is unreadable').click();
  await facts.getByText('[7]', { exact: true }).waitFor();
});

story('an unreadable slicer on air is shown as unreadable, not as unreported', async (fixtures) => {
  const { page, control, world, reread } = fixtures;
  const [group] = system(await world(), 'live').groups;
  await open(fixtures, path('slicers', 'live', group.id));
  await spoil(control, 'live', 'active_slicer_id');
  await reread();
  await pass(page, control, 5);
  const card = page.getByRole('region', { name: 'On air' });
  await card.getByText('what is on air cannot be read').waitFor();
  await page.getByRole('region', { name: 'Group facts' }).getByText('1 field is unreadable').waitFor();
  await page.getByRole('listitem', { name: /position 1/ }).waitFor();
});
