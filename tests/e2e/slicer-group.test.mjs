// The page /slicers/{connection}/{group}: one slicer failover group, its slicers in order.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';
import { pageRequests } from './support/requests.mjs';
import { path, plain, system } from './support/worlds.mjs';

const STATES = { '-1': 'Inactive', 0: 'Slicing', 1: 'Ad Break', 2: 'Replacing Content', 3: 'Blackout' };

const slicersOnPage = (page) => page.getByRole('list', { name: 'Slicer order' }).getByRole('listitem');

const names = async (page) => {
  const items = await slicersOnPage(page).all();
  return Promise.all(items.map((item) => item.getAttribute('aria-label')));
};

story('the slicers are listed in order, each with its state and eligibility', async ({ page, visit, world }) => {
  const groups = system(await world(), 'live').groups;
  const group = groups.find(({ mode, slicers }) => mode === 'prioritized' && slicers.length > 1);
  await visit(path('slicers', 'live', group.id));
  await page.getByRole('heading', { level: 1, name: group.name, exact: true }).waitFor();
  const expected = group.slicers.toSorted((a, b) => a.order - b.order);
  await eventually(async () => {
    const shown = await names(page);
    assert.equal(shown.length, expected.length);
    expected.forEach((slicer, n) => {
      assert.ok(shown[n].startsWith(`${slicer.id}, position ${slicer.order}`), shown[n]);
      assert.equal(shown[n].includes('on air'), slicer.id === group.active_slicer_id, shown[n]);
      assert.ok(shown[n].includes(STATES[slicer.status.state]), shown[n]);
      assert.ok(shown[n].endsWith(slicer.enabled ? 'Eligible' : 'Not eligible'), shown[n]);
    });
  });
});

story('the published sample is shown as published', async ({ page, visit, world }) => {
  const sample = system(await world(), 'live').groups.find(({ name }) => name === 'My Failover Group');
  await visit(path('slicers', 'live', sample.id));
  await page.getByRole('heading', { level: 1, name: 'My Failover Group', exact: true }).waitFor();
  const facts = page.getByRole('region', { name: 'Group facts' });
  await facts.getByText(sample.id, { exact: true }).waitFor();
  await eventually(async () => {
    const shown = (await names(page)).map((name) => name.split(',')[0]);
    assert.deepEqual(shown, sample.slicers.toSorted((a, b) => a.order - b.order).map(({ id }) => id));
  });
  const channels = page.getByRole('list', { name: 'Channels' }).getByRole('listitem');
  assert.deepEqual((await channels.allInnerTexts()).map(plain), sample.channels.map(({ desc }) => plain(desc)));
});

story('every group has its page', async ({ page, visit, world }) => {
  for (const group of system(await world(), 'live').groups) {
    await visit(path('slicers', 'live', group.id));
    await page.getByRole('heading', { level: 1, name: plain(group.name), exact: true }).waitFor();
    await eventually(async () => assert.equal(await slicersOnPage(page).count(), group.slicers.length));
  }
});

story('an unknown group is not found', async ({ page, visit, complaints }) => {
  complaints.expect(/status of 404/);
  await visit(path('slicers', 'live', 'no such group'));
  await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
});

for (const status of [404, 500]) {
  story(`a group listed without slicers, whose own address returns ${status}, does not hide others`, async ({ page, visit, world, control }) => {
    const [thin, group] = system(await world(), 'live').groups;
    const faulty = (operation, fault) => control('POST', '/faults', { connection: 'live', operation, fault });
    await faulty('list groups', { kind: 'replace', find: '"slicers"', with: '"was"' });
    await faulty('get group', { kind: 'status', status });
    await visit(path('slicers', 'live', group.id));
    const requested = pageRequests(page);
    const isComplete = async () => {
      await page.getByRole('heading', { level: 1, name: group.name, exact: true }).waitFor();
      await eventually(async () => assert.equal(await slicersOnPage(page).count(), group.slicers.length));
    };
    await isComplete();
    await eventually(() => assert.ok(requested.relay.length >= 2, `${requested.relay.length} polls`), 30_000);
    await eventually(async () => {
      const { requests } = await control('GET', '/requests');
      const single = requests.filter(({ operation }) => operation === 'get group');
      assert.ok(single.length >= 1, 'the gateway has read the other group');
      assert.ok(single.every(({ path: of }) => of.includes(thin.id)), 'and no other');
    }, 20_000);
    await isComplete();
    const source = page.getByRole('list', { name: 'Sources' }).getByRole('listitem', { name: /Live channels.*live/ });
    await source.waitFor();
  });
}

story('a group id with every special character reaches the vendor unchanged', async ({ page, visit, control, complaints }) => {
  complaints.expect(/status of 404/);
  const id = 'a/b %41 #1 "q" ..x?&=+ Ü 🏭';
  await visit(path('slicers', 'live', id));
  await page.getByText(`“${id}”`).waitFor();
  const { requests } = await control('GET', '/requests');
  const requested = requests.map((request) => decodeURIComponent(request.path.split('/').at(-1)));
  assert.ok(requested.includes(id), `${id} is not among ${requested}`);
});

story('each slicer has its own picture, loaded only through the gateway', async ({ page, visit, world, control }) => {
  const groups = system(await world(), 'live').groups;
  const group = groups.find(({ name, slicers }) => name !== 'My Failover Group' && slicers.length > 2);
  const requested = [];
  page.on('request', (request) => requested.push(new URL(request.url())));
  await visit(path('slicers', 'live', group.id));
  const pictures = page.getByRole('list', { name: 'Slicer order' }).locator('img');
  await eventually(async () => {
    const widths = await pictures.evaluateAll((all) => all.map((one) => one.naturalWidth));
    assert.equal(widths.length, group.slicers.filter(({ status }) => status.state === 0).length);
    assert.ok(widths.every((width) => width > 0), String(widths));
  });
  const addresses = await pictures.evaluateAll((all) => all.map((one) => one.src));
  assert.equal(new Set(addresses).size, addresses.length);
  // The age of the first picture is unknown.
  const age = page.getByRole('region', { name: 'On air' }).getByText(/^thumbnail at most .* old$/);
  assert.equal(await age.count(), 0);
  await control('POST', '/clock/advance', { seconds: 15 });
  await age.waitFor({ timeout: 20_000 });
  const origin = new URL(page.url()).origin;
  assert.deepEqual(requested.filter((url) => url.origin !== origin && url.protocol !== 'data:').map(String), []);
});

story('a missing picture is replaced with “No preview available”', async ({ page, visit, control, world }) => {
  const groups = system(await world(), 'live').groups;
  const group = groups.find(({ name, slicers }) => name !== 'My Failover Group' && slicers.length > 2);
  await control('POST', '/faults', { connection: 'live', operation: 'get picture', fault: { kind: 'html' } });
  await visit(path('slicers', 'live', group.id));
  await page.getByRole('region', { name: 'On air' }).getByText('No preview available').waitFor({ timeout: 20_000 });
  await eventually(async () => assert.equal(await page.getByRole('region', { name: 'On air' }).locator('img').count(), 0));
});

story('an unchanging picture is marked at its slicer, even if it is not on air', async ({ page, visit, control, world }) => {
  await control('PUT', '/scenario', { name: 'incident' });
  const isStuck = ({ status }) => status.state === 0 && status.thumb_url.endsWith('/0.png');
  const group = system(await world(), 'live').groups.find(({ slicers }) => slicers.some(isStuck));
  const { id } = group.slicers.find(isStuck);
  // So that another slicer goes on air.
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${id}`, { healthy: false });
  await visit(path('slicers', 'live', group.id));
  const row = slicersOnPage(page).filter({ hasText: id });
  await page.getByRole('listitem', { name: new RegExp(`^${id}, position \\d+, Slicing, `) }).waitFor({ timeout: 20_000 });
  await eventually(async () => assert.ok(await row.locator('img').evaluate((img) => img.naturalWidth > 0)));
  assert.equal(await page.getByText(/thumbnail unchanged for/).count(), 0);
  await control('POST', '/clock/advance', { seconds: 40 });
  await page.getByRole('listitem', { name: new RegExp(`^${id}, .*, thumbnail unchanged for \\d+ s, Eligible$`) }).waitFor({ timeout: 20_000 });
  await row.getByText(/^thumbnail unchanged for \d+ s$/).waitFor();
  assert.equal(await page.getByText(/thumbnail unchanged for/).count(), 1);
});

story('unreported data of a group is shown as not reported, not as none', async ({ page, visit, world, control }) => {
  const [group] = system(await world(), 'live').groups;
  const unreported = async (field) => {
    await control('DELETE', '/faults');
    for (const operation of ['list groups', 'get group']) {
      await control('POST', '/faults', { connection: 'live', operation, fault: { kind: 'replace', find: `"${field}"`, with: '"was"' } });
    }
  };
  await unreported('channels');
  await visit(path('slicers', 'live', group.id));
  await page.getByRole('region', { name: 'On air' }).getByText('Uplynk does not report which channels use this group.').waitFor();
  await visit('/slicers');
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: group.name, exact: true }) });
  await row.getByText('channels not reported').waitFor();
  await unreported('failover_time');
  await row.getByText('none reported').waitFor({ timeout: 20_000 });
  await visit(path('slicers', 'live', group.id));
  await page.getByRole('region', { name: 'Group facts' }).getByText('none reported').waitFor();
  await visit('/slicers');
  await unreported('slicers');
  // Data that the list omits is read again after some time.
  await control('POST', '/observer/advance', { seconds: 5 });
  await eventually(async () => assert.doesNotMatch(await row.innerText(), /\d of \d/, 'no backups are counted'), 20_000);
  await visit(path('slicers', 'live', group.id));
  await page.getByText('Uplynk does not report the slicers of this group.').waitFor();
});

story('unreadable allowed owners are counted, and not shown as none', async ({ page, visit, world, control }) => {
  const [group] = system(await world(), 'live').groups;
  const body = JSON.stringify({ items: [7, 8], total_items: 40 });
  await control('POST', '/faults', { connection: 'live', operation: 'list allowed owners', fault: { kind: 'body', body } });
  await visit(path('slicers', 'live', group.id));
  const panel = page.getByRole('region', { name: 'Allowed owners' });
  await panel.getByRole('button', { name: 'Show' }).click();
  await panel.getByText('0 of 40 shown').waitFor();
  assert.equal(await panel.getByText('No other owner is allowed.').count(), 0);
});

story('a channel without a name is shown by its id', async ({ page, visit, world, control }) => {
  const [group] = system(await world(), 'live').groups;
  const [{ id, desc }] = group.channels;
  for (const operation of ['list groups', 'get group']) {
    await control('POST', '/faults', { connection: 'live', operation, fault: { kind: 'replace', find: `"desc":"${desc}"`, with: '"desc":" "' } });
  }
  await visit(path('slicers', 'live', group.id));
  await page.getByRole('list', { name: 'Channels' }).getByText(id, { exact: true }).waitFor();
  await page.getByRole('button', { name: `Remove channel ${id}`, exact: true }).click();
  await page.getByRole('dialog', { name: `Remove ${id} from ${group.name}?` }).getByText(`${id} no longer shows what this group has on air.`).waitFor();
});

story('a group without channels does not mention a number of channels', async ({ page, visit, world, control }) => {
  const group = system(await world(), 'live').groups.find(({ channels }) => channels.length === 1);
  const text = JSON.stringify(group.channels);
  for (const operation of ['list groups', 'get group']) {
    await control('POST', '/faults', { connection: 'live', operation, fault: { kind: 'replace', find: `"channels":${text}`, with: '"channels":[]' } });
  }
  await visit(path('slicers', 'live', group.id));
  await page.getByRole('region', { name: 'How it fails over' }).getByText('No channel uses this group.').waitFor();
  await page.getByRole('button', { name: 'Switch to slate' }).click();
  const dialog = page.getByRole('dialog', { name: `Switch ${group.name} to slate?` });
  await dialog.getByText('The slate is on air until it is taken off. No channel uses this group.').waitFor();
  await dialog.getByText('no slicer stays on air').waitFor();
  assert.equal(await page.getByText(/all 0 channels/).count(), 0);
});
