// Checks that a wall does not grow over months: it refreshes continuously against a changing world, with the page's
// clock accelerated, and regularly collects the garbage and measures memory, nodes and listeners. These vary by a tenth
// with the world, so growth means that the minimum of the last part exceeds the maximum of the first. Run it with
// `cargo xtask soak [REFRESHES]`, or `node bench/soak.mjs [REFRESHES]` after `cargo xtask build`.

import { start } from '../tests/e2e/support/product.mjs';
import { assertNoGrowth, describe, refresh } from './support/growth.mjs';
import { openPage } from './support/pages.mjs';

const REFRESHES = Number(process.argv[2] ?? 20_000);
const FIRST = Math.min(1_000, Math.ceil(REFRESHES / 4));
/** Number of measurements in the first part, and in the last, which is as long. */
const SAMPLES = 10;
/** The permitted factor between the first part and the last. */
const GROWTH = 1.05;

const product = await start();
await product.control('PUT', '/clock', { speed: 20 });
const { page, usage, close } = await openPage({ baseURL: product.url, viewport: { width: 1920, height: 1080 } });
try {
  await page.clock.install();
  await page.goto('/wall?rotate=20');
  await page.getByRole('list', { name: 'Tiles' }).getByRole('listitem').first().waitFor();
  const first = [];
  const last = [];
  const step = Math.max(1, Math.floor(FIRST / SAMPLES));
  const began = performance.now();
  for (let done = 1; done <= REFRESHES; done += 1) {
    await refresh(page, product.control);
    const stretch = done <= FIRST ? first : done > REFRESHES - FIRST ? last : undefined;
    const sampled = stretch && done % step === 0;
    if (!sampled && done % 1_000 !== 0) continue;
    const now = await usage();
    if (sampled) stretch.push(now);
    const seconds = Math.round((performance.now() - began) / 1_000);
    console.log(`${done} refreshes in ${seconds} s: ${describe(now)}`);
  }
  const more = (before) => before * GROWTH;
  assertNoGrowth(first, last, { bytes: more, nodes: more, listeners: (before) => before });
  console.log('The wall has not grown.');
} finally {
  await close();
  await product.stop();
}
