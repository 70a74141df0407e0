// How a story is told: the product started anew, a page in a context of its own, and afterwards the
// question whether the page complained about anything. A story invents no answer: what goes wrong is made to
// go wrong in the simulator, through its control port, or by a proxy before the gateway.

import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Complaints, launch } from './support/browser.mjs';
import { START, start } from './support/product.mjs';

export { eventually } from './support/eventually.mjs';
export { accessible, sameSnapshot } from './support/looks.mjs';
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
 * One story. `tell` gets `{ page, complaints, product, control, visit, world, reread }`; options are those of a
 * browser context (colorScheme, viewport, reducedMotion, …), `now`, an instant at which the browser's own
 * clock stands (as the gateway's does unless said), `watchSeconds`, how often the gateway reads the systems: every
 * 2 s of real time unless said, and `timeout`, how many milliseconds it may take.
 */
export function story(name, options, tell) {
  if (typeof options === 'function') return story(name, {}, options);
  const { now = new Date(START), watchSeconds = 2, timeout = 60_000, ...contextOptions } = options;
  return test(name, { timeout }, async () => {
    // Of its own: what the gateway remembers for a moment would reach into the next story.
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
      await tell({
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
      if (page) await keep(name, page, product.log);
      throw failure;
    } finally {
      // Without a browser, too: a product that goes on would keep this file from its end.
      await page?.context().close().catch(() => undefined);
      await product.stop();
    }
  });
}

/** Opens a path and waits until the console, not just its page, is there. */
async function visit(page, path) {
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  // The page's part of the program comes on its own.
  await page.getByText('Loading this page…').waitFor({ state: 'detached' });
}

/** Keeps what the page looked like for the person who has to find out why. */
async function keep(name, page, log) {
  const file = (ending) => new URL(`${name.replace(/[^a-z0-9]+/gi, '-')}.${ending}`, OUT);
  await mkdir(OUT, { recursive: true });
  await Promise.allSettled([
    page.screenshot({ path: file('png').pathname, fullPage: true }),
    page.locator('body').ariaSnapshot().then((tree) => writeFile(file('yml'), tree)),
    writeFile(file('log'), log.join('')),
  ]);
}
