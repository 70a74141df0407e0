// The harness of a story: starts the product, opens a page in a new context, and afterwards checks that the page had no
// complaints. A story fakes no response: failures are caused in the simulator, through its control port, or by a proxy
// in front of the gateway.

import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Complaints, launch } from './support/browser.mjs';
import { START, start } from './support/product.mjs';

export { eventually } from './support/eventually.mjs';
export { accessible, sameSnapshot } from './support/accessibility.mjs';
export { START, start } from './support/product.mjs';
export { columns, rows, whenRows } from './support/tables.mjs';
export { open, pass, passEventually, passEverywhere, passInPage, passUntil } from './support/time.mjs';

const OUT = new URL('out/', import.meta.url);

let browser;

before(async () => {
  browser = await launch();
});

after(async () => {
  await browser?.close();
});

/**
 * Defines a story. `run` gets `{ page, complaints, product, control, visit, world, reread }`. Options are those of a
 * browser context (colorScheme, viewport, reducedMotion, …); `now`, the time at which the browser's clock is frozen (by
 * default the gateway's); `watchSeconds`, the interval at which the gateway polls (2 s of real time by default); and
 * `timeout` in milliseconds.
 */
export function story(name, options, run) {
  if (typeof options === 'function') return story(name, {}, options);
  const { now = new Date(START), watchSeconds = 2, timeout = 60_000, ...contextOptions } = options;
  return test(name, { timeout }, async () => {
    // Each story has its own product, because cached responses of the gateway would affect the next story.
    const product = await start({ more: ['--watch-seconds', String(watchSeconds)] });
    let page;
    try {
      const context = await browser.newContext({
        baseURL: product.url,
        locale: 'en-GB',
        timezoneId: 'Etc/UTC',
        viewport: { width: 1440, height: 900 },
        ...contextOptions,
      });
      context.setDefaultTimeout(10_000);
      page = await context.newPage();
      await page.clock.setFixedTime(now);
      const complaints = new Complaints(page);
      await product.allRead();
      await run({
        page,
        complaints,
        product,
        control: product.control,
        visit: (path) => visit(page, path),
        world: () => product.control('GET', '/world'),
        reread: product.reread,
      });
      complaints.check();
    } catch (failure) {
      if (page) await saveEvidence(name, page, product.log);
      throw failure;
    } finally {
      // Even without a browser: a running product would keep the test file from ending.
      await page?.context().close().catch(() => undefined);
      await product.stop();
    }
  });
}

/** Opens a path and waits until the console has rendered its page. */
async function visit(page, path) {
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  // The page's chunk is loaded separately.
  await page.getByText('Loading this page…').waitFor({ state: 'detached' });
}

/** Saves a screenshot, the accessibility tree and the product's log of a failed story. */
async function saveEvidence(name, page, log) {
  const file = (ending) => new URL(`${name.replace(/[^a-z0-9]+/gi, '-')}.${ending}`, OUT);
  await mkdir(OUT, { recursive: true });
  await Promise.allSettled([
    page.screenshot({ path: file('png').pathname, fullPage: true }),
    page.locator('body').ariaSnapshot().then((tree) => writeFile(file('yml'), tree)),
    writeFile(file('log'), log.join('')),
  ]);
}
