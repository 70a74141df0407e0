// Measures the scripting while 10,000 imported sessions are scrolled, sorted and searched, at 1× and 4× CPU slowdown,
// from Chromium's trace. Run it with `node bench/imported.mjs` after `cargo xtask build`.

import { launch } from '../tests/e2e/support/browser.mjs';
import { start } from '../tests/e2e/support/product.mjs';
import { report } from './support/figures.mjs';
import { COLUMNS, costs, frames, traced } from './support/trace.mjs';

const COUNT = 10_000;

const sessions = Array.from({ length: COUNT }, (_, n) => ({
  UID: `urn:veeam:CloudFailoverSession:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  Name: `Plan ${String((n * 7919) % COUNT).padStart(5, '0')}`,
  JobType: 'FailoverPlan',
  CreationTimeUTC: new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString(),
  EndTimeUTC: new Date(Date.UTC(2026, 0, 1) + n * 60_000 + 45_000).toISOString(),
  State: 'Stopped',
  Result: ['Success', 'Warning', 'Failed'][n % 3],
  Progress: 100,
}));

const response = JSON.stringify({ Entities: { CloudFailoverSessions: { CloudFailoverSessions: sessions } } });

const product = await start();
const browser = await launch();
try {
  const rows = [];
  for (const rate of [1, 4]) {
    const page = await (await browser.newContext({ baseURL: product.url, viewport: { width: 1280, height: 800 } })).newPage();
    await page.goto('/failover-sessions');
    await page.getByRole('button', { name: 'Import response' }).click();
    await page.getByLabel('File').setInputFiles({ name: 'many.json', mimeType: 'application/json', buffer: Buffer.from(response) });
    const region = page.getByRole('group', { name: 'Imported sessions, scrollable' });
    await page.getByText(`${COUNT} shown`).waitFor();
    await region.scrollIntoViewIfNeeded();
    const box = await region.boundingBox();
    await page.mouse.move(box.x + 200, box.y + 200);
    const client = await page.context().newCDPSession(page);
    await client.send('Emulation.setCPUThrottlingRate', { rate });
    const scrolled = await traced(client, async () => {
      for (let turn = 0; turn < 120; turn += 1) {
        await page.mouse.wheel(0, turn % 40 < 30 ? 300 : -500);
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
    });
    rows.push(costs(`${rate}× scrolling`, frames(scrolled)));
    const plan = page.getByRole('table', { name: 'Imported cloud failover sessions' }).getByRole('button', { name: 'Plan', exact: true });
    const sorted = await traced(client, async () => {
      await plan.click();
      await page.getByText('Plan 00000').waitFor();
    });
    rows.push(costs(`${rate}× sorting`, frames(sorted)));
    const searched = await traced(client, async () => {
      await page.getByPlaceholder('Search the imported sessions').pressSequentially('failed 0123');
      await page.getByText(/^\d\d? shown$/).waitFor();
    });
    rows.push(costs(`${rate}× searching`, frames(searched)));
    await page.context().close();
  }
  report(`Scripting a frame with ${COUNT} imported sessions`, COLUMNS, rows);
} finally {
  await browser.close();
  await product.stop();
}
