// How a story is told: a browser, the product, a page in a context of its own, and afterwards the
// question whether the page complained about anything. A story touches the network nowhere: what
// goes wrong is made to go wrong in the simulator, through its control port.

import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Complaints, launch } from './support/browser.mjs';
import { start } from './support/product.mjs';

export { eventually } from './support/eventually.mjs';
export { accessible, sameSnapshot } from './support/looks.mjs';
export { START, start } from './support/product.mjs';
export { columns, rows, whenRows } from './support/tables.mjs';

const OUT = new URL('out/', import.meta.url);

let browser;
let product;

before(async () => {
  [browser, product] = await Promise.all([launch(), start()]);
});

after(async () => {
  await Promise.all([browser?.close(), product?.stop()]);
});

/**
 * One story. `tell` gets `{ page, complaints, control, url, visit, world }`; options are those of a
 * browser context (colorScheme, viewport, reducedMotion, …) and `now`, an instant at which the
 * browser's own clock stands.
 */
export function story(name, options, tell) {
  if (typeof options === 'function') return story(name, {}, options);
  const { now, ...contextOptions } = options;
  return test(name, { timeout: 60_000 }, async () => {
    // The world as the product started it, no fault and no request left from the story before.
    await product.control('POST', '/reset');
    const context = await browser.newContext({
      baseURL: product.url,
      locale: 'en-GB',
      timezoneId: 'Etc/UTC',
      viewport: { width: 1440, height: 900 },
      ...contextOptions,
    });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    if (now) await page.clock.setFixedTime(now);
    const complaints = new Complaints(page);
    try {
      await tell({
        page,
        complaints,
        control: product.control,
        url: product.url,
        visit: (path) => visit(page, path),
        world: () => product.control('GET', '/world'),
      });
      complaints.check();
    } catch (failure) {
      await keep(name, page);
      throw failure;
    } finally {
      await context.close();
    }
  });
}

/** Opens a path and waits until the console, not just its page, is there. */
async function visit(page, path) {
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
}

/** Keeps what the page looked like for the person who has to find out why. */
async function keep(name, page) {
  const file = (ending) => new URL(`${name.replace(/[^a-z0-9]+/gi, '-')}.${ending}`, OUT);
  await mkdir(OUT, { recursive: true });
  await Promise.allSettled([
    page.screenshot({ path: file('png').pathname, fullPage: true }),
    page.locator('body').ariaSnapshot().then((tree) => writeFile(file('yml'), tree)),
    writeFile(file('log'), product.log.join('')),
  ]);
}
