// Importing a saved response of the query service in the browser: pasted or as a file, in every format of the server or
// the documentation; marked as imported, without sending requests.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { accessible, eventually, story, whenRows } from './harness.mjs';

const TABLE = 'Imported cloud failover sessions';

const sample = async (name) => readFile(new URL(`../../crates/vendors/tests/samples/veeam/${name}`, import.meta.url));

const table = (page) => page.getByRole('table', { name: TABLE });

const open = async ({ page, visit }) => {
  await visit('/failover-sessions');
  await page.getByRole('button', { name: 'Import response' }).click();
  return page.getByRole('dialog', { name: 'Import response' });
};

for (const [name, shows] of [
  ['query-failed.xml', 'ABC Company Failover Plan'],
  ['query-failed.pasted-from-docs.xml', 'ABC Company Failover Plan'],
  ['query-v12.inferred.json', 'ABC Company Failover Plan'],
  ['query-v13.inferred.json', 'ABC Company Failover Plan'],
  ['session-success.xml', 'ABC Company Failover Plan'],
]) {
  story(`${name} is imported and marked, and nothing is sent`, async (fixtures) => {
    const { page, control } = fixtures;
    const dialog = await open(fixtures);
    await control('DELETE', '/requests');
    await dialog.getByLabel('File').setInputFiles({ name, mimeType: 'text/plain', buffer: await sample(name) });
    const region = page.getByRole('region', { name: 'Imported response' });
    await region.getByText('IMPORTED', { exact: true }).waitFor();
    await region.getByText(`${name}:`).waitFor();
    await page.getByRole('status').getByText(`${name} is imported.`).waitFor();
    await eventually(async () => assert.ok((await table(page).locator('tbody tr:not(.space)').count()) >= 1));
    await table(page).getByText(shows).first().click();
    const details = page.getByRole('region', { name: 'Imported session' });
    await details.getByRole('heading', { name: shows }).waitFor();
    const { requests } = await control('GET', '/requests');
    assert.deepEqual(requests.filter(({ operation }) => operation === 'get session'), [], 'nothing is sent');
    await page.getByRole('button', { name: 'Close import' }).click();
    await region.waitFor({ state: 'detached' });
    const again = page.getByRole('button', { name: 'Import response' });
    assert.ok(await again.evaluate((button) => button === document.activeElement), 'the focus returns to the button');
  });
}

story('references are listed as references', async (fixtures) => {
  const { page } = fixtures;
  const dialog = await open(fixtures);
  await dialog.getByLabel('File').setInputFiles({ name: 'references.xml', mimeType: 'text/xml', buffer: await sample('references.xml') });
  await page.getByRole('region', { name: 'Imported response' }).getByText(/references without details/).waitFor();
});

story('unreadable text shows its error and is kept', async (fixtures) => {
  const { page } = fixtures;
  const dialog = await open(fixtures);
  const { height, padding } = await dialog.getByLabel('File').evaluate((one) => {
    const { paddingTop, paddingBottom } = getComputedStyle(one);
    return { height: one.getBoundingClientRect().height, padding: [paddingTop, paddingBottom] };
  });
  assert.deepEqual(padding, ['4px', '4px'], 'the button has space within its field');
  assert.ok(height >= 34 && height <= 40, `${height} px`);
  await dialog.getByLabel('Response').fill('{"Entities": ');
  await dialog.getByRole('button', { name: 'Read' }).click();
  await dialog.getByRole('status').getByText(/The pasted text cannot be read: /).waitFor();
  assert.equal(await dialog.getByLabel('Response').inputValue(), '{"Entities": ');
  await accessible(page);
  await dialog.getByLabel('Response').fill('<html><body>Log in</body></html>');
  await dialog.getByRole('button', { name: 'Read' }).click();
  await dialog.getByRole('status').getByText(/sessions, found `html`\.$/).waitFor();
});

story('a response with only unreadable sessions is not shown as empty', async (fixtures) => {
  const { page } = fixtures;
  const dialog = await open(fixtures);
  const read = async (sessions) => {
    await dialog.getByLabel('Response').fill(JSON.stringify({ Entities: { CloudFailoverSessions: { CloudFailoverSessions: sessions } } }));
    await dialog.getByRole('button', { name: 'Read' }).click();
  };
  await read([{ Name: 'No id' }]);
  await dialog.getByRole('status').getByText('The pasted text contains no cloud failover session that can be read.').waitFor();
  await read([]);
  await dialog.getByRole('status').getByText('The pasted text contains no cloud failover session.').waitFor();
  assert.equal(await page.getByText('IMPORTED', { exact: true }).count(), 0);
});

story('the durations of imported sessions do not depend on the current time', async (fixtures) => {
  const { page } = fixtures;
  const dialog = await open(fixtures);
  const run = { CreationTimeUTC: '2025-01-15T14:00:00Z', EndTimeUTC: null, State: 'Working', Result: 'None' };
  const session = {
    ...run,
    UID: '00000000-0000-4000-8000-000000000001',
    Name: 'Web Shop DR',
    CloudFailoverTasks: { CloudFailoverTasks: [{ ...run, VmName: 'shop-db-01' }] },
  };
  await dialog.getByLabel('Response').fill(JSON.stringify({ Entities: { CloudFailoverSessions: { CloudFailoverSessions: [session] } } }));
  await dialog.getByRole('button', { name: 'Read' }).click();
  const shows = async (name) => {
    await whenRows(page, name, (shown) => {
      const values = shown.filter(({ Result }) => Result).map((row) => [row.Result, row.Duration]);
      assert.deepEqual(values, [['Running', '–']]);
    });
  };
  await shows(TABLE);
  await table(page).getByText('Web Shop DR').click();
  await shows('Virtual machines of the session');
  const file = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export JSON of the import' }).click();
  const [exported] = JSON.parse(await readFile(await (await file).path(), 'utf8'));
  assert.equal(exported['Duration in seconds'], null);
});

/** A response with this number of sessions, in the server's format. */
const responseOf = (count) =>
  JSON.stringify({
    Entities: {
      CloudFailoverSessions: {
        CloudFailoverSessions: Array.from({ length: count }, (_, n) => ({
          UID: `urn:veeam:CloudFailoverSession:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
          Name: `Plan ${String((n * 7919) % count).padStart(5, '0')}`,
          JobType: 'FailoverPlan',
          CreationTimeUTC: new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString(),
          EndTimeUTC: new Date(Date.UTC(2026, 0, 1) + n * 60_000 + 45_000).toISOString(),
          State: 'Stopped',
          Result: ['Success', 'Warning', 'Failed'][n % 3],
          Progress: 100,
        })),
      },
    },
  });

story('10,000 imported sessions can be sorted, searched and scrolled with few rendered rows', async (fixtures) => {
  const { page } = fixtures;
  const dialog = await open(fixtures);
  await dialog.getByLabel('File').setInputFiles({ name: 'many.json', mimeType: 'application/json', buffer: Buffer.from(responseOf(10_000)) });
  const region = page.getByRole('region', { name: 'Imported response' });
  await region.getByText('10000 shown').waitFor();
  assert.equal(await table(page).getAttribute('aria-rowcount'), '10001');
  const drawn = () => table(page).locator('tbody tr:not(.space)').count();
  assert.ok((await drawn()) < 80, `${await drawn()} rows are drawn`);
  await table(page).getByRole('button', { name: 'Plan', exact: true }).click();
  await eventually(async () => assert.equal(await table(page).locator('tbody th').first().innerText(), 'Plan 00000'));
  const scroller = page.getByRole('group', { name: 'Imported sessions, scrollable' });
  await scroller.focus();
  await page.keyboard.press('End');
  await eventually(async () => assert.equal(await table(page).locator('tr[aria-current] th').innerText(), 'Plan 09999\nno message given'));
  assert.equal(await table(page).locator('tr[aria-current]').getAttribute('aria-rowindex'), '10001');
  await page.keyboard.press('Enter');
  const details = page.getByRole('region', { name: 'Imported session' });
  await details.getByRole('heading', { name: 'Plan 09999' }).waitFor();
  await page.keyboard.press('ArrowUp');
  await eventually(async () => assert.match(await table(page).locator('tr[aria-current] th').innerText(), /^Plan 09998/));
  await region.getByPlaceholder('Search the imported sessions').fill('failed 0123');
  await eventually(async () => assert.match(await region.getByText(/ shown$/).innerText(), /^[1-9]\d? shown$/));
  await accessible(page);
});

story('a key pressed on a header of an import does not affect the rows', async (fixtures) => {
  const { page } = fixtures;
  const dialog = await open(fixtures);
  await dialog.getByLabel('File').setInputFiles({ name: 'some.json', mimeType: 'application/json', buffer: Buffer.from(responseOf(40)) });
  await page.getByRole('region', { name: 'Imported response' }).getByText('40 shown').waitFor();
  const current = table(page).locator('tr[aria-current]');
  await page.getByRole('group', { name: 'Imported sessions, scrollable' }).focus();
  await page.keyboard.press('ArrowDown');
  await current.waitFor();
  const header = table(page).getByRole('button', { name: 'Plan', exact: true });
  await header.focus();
  // The current row stays until the header is activated. ArrowDown scrolls little, so the row stays rendered.
  const before = await current.getAttribute('aria-rowindex');
  await page.keyboard.press('ArrowDown');
  assert.equal(await current.getAttribute('aria-rowindex'), before);
  await page.keyboard.press('Enter');
  await table(page).locator('th[aria-sort="ascending"]').waitFor();
  assert.equal(await page.getByRole('region', { name: 'Imported session' }).count(), 0);
});

story('a session with 10,000 machines renders few rows, and End reaches the last', async (fixtures) => {
  const { page } = fixtures;
  const dialog = await open(fixtures);
  const response = JSON.parse(responseOf(1));
  const [session] = response.Entities.CloudFailoverSessions.CloudFailoverSessions;
  session.CloudFailoverTasks = { CloudFailoverTasks: Array.from({ length: 10_000 }, (_, n) => ({ VmName: `vm-${String(n).padStart(5, '0')}`, State: 'Stopped', Result: 'Success' })) };
  await dialog.getByLabel('File').setInputFiles({ name: 'one.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(response)) });
  await table(page).getByText('Plan 00000').click();
  const machines = page.getByRole('table', { name: 'Virtual machines of the session' });
  await machines.getByText('vm-00000').waitFor();
  assert.equal(await machines.getAttribute('aria-rowcount'), '10001');
  const drawn = await machines.locator('tbody tr:not(.space)').count();
  assert.ok(drawn < 60, `${drawn} rows are drawn`);
  await page.getByRole('region', { name: 'Machines, scrollable' }).focus();
  await page.keyboard.press('End');
  const last = machines.getByRole('row', { name: 'vm-09999' });
  await last.waitFor();
  assert.equal(await last.getAttribute('aria-rowindex'), '10001');
  await accessible(page);
});

story('closing the dialog while a long response is read discards it', async (fixtures) => {
  const { page } = fixtures;
  const dialog = await open(fixtures);
  // Clicks within the page at the first slice: a click from outside might come after the last one.
  await dialog.evaluate((dialog) => {
    const cancel = [...dialog.querySelectorAll('button')].find((button) => button.textContent === 'Cancel');
    const observer = new MutationObserver(() => {
      if (!dialog.textContent.includes('sessions so far')) return;
      observer.disconnect();
      cancel.click();
    });
    observer.observe(dialog, { childList: true, characterData: true, subtree: true });
    window.imported_ = new Set();
    new MutationObserver(() => {
      const status = document.querySelector('[aria-label="Imported response"] header p');
      if (status) window.imported_.add(status.textContent);
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
  });
  const buffer = Buffer.from(responseOf(30_000));
  await dialog.getByLabel('File').setInputFiles({ name: 'many.json', mimeType: 'application/json', buffer });
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Import response' }).click();
  // As long as the first response, which would be shown before it.
  await dialog.getByLabel('File').setInputFiles({ name: 'again.json', mimeType: 'application/json', buffer });
  await page.getByRole('region', { name: 'Imported response' }).getByText('again.json: 30000 sessions').waitFor({ timeout: 30_000 });
  const imported = await page.evaluate(() => [...window.imported_]);
  assert.deepEqual(imported.map((text) => text.split(':')[0]), ['again.json']);
});

story('a response of more than 50 MB is rejected with a clear message', async (fixtures) => {
  const { page } = fixtures;
  const dialog = await open(fixtures);
  await dialog.evaluate((dialog) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(51 * 1024 * 1024)], 'huge.json'));
    dialog.querySelector('.dropzone').dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
  });
  await dialog.getByRole('status').getByText('huge.json is 51 MiB large; up to 50 MiB can be read.').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Read' }).isDisabled());
});
