// One field that cannot be read: marked where it stands, with the raw value on demand, and everything else as it was.

import assert from 'node:assert/strict';
import { open, pass, story, whenRows } from './harness.mjs';
import { path, system } from './support/worlds.mjs';

/** From now on the first such field of each answer of a system is a list. */
const spoil = (control, connection, field) =>
  control('POST', '/faults', { connection, fault: { kind: 'replace', find: `"${field}"`, with: `"${field}":[7],"Was"` } });

story('a group whose FailoverTimeout cannot be read is marked in the list, and the others stay as they were', async (told) => {
  const { page, control, world, reread } = told;
  await open(told, '/groups?connection=plant-b');
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

story('what is on air and cannot be read is said to be unreadable, not unreported', async (told) => {
  const { page, control, world, reread } = told;
  const [group] = system(await world(), 'live').groups;
  await open(told, path('slicers', 'live', group.id));
  await spoil(control, 'live', 'active_slicer_id');
  await reread();
  await pass(page, control, 5);
  const card = page.getByRole('region', { name: 'On air' });
  await card.getByText('what is on air cannot be read').waitFor();
  await page.getByRole('region', { name: 'Group facts' }).getByText('1 field is unreadable').waitFor();
  await page.getByRole('listitem', { name: /position 1/ }).waitFor();
});
