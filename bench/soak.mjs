// Whether a wall stays as it is over months: refreshes without end against a world that changes, with the
// page's clock run fast. Now and then the garbage is collected and what the page holds is counted. The world
// makes that rise and fall by a tenth: growth is where the least of the last stretch is above the most of the first.
// `cargo xtask soak [REFRESHES]`, or `node bench/soak.mjs [REFRESHES]` after `cargo xtask build`.

import { start } from '../tests/e2e/support/product.mjs';
import { hasNotGrown, refresh, words } from './support/held.mjs';
import { openPage } from './support/pages.mjs';

const REFRESHES = Number(process.argv[2] ?? 20_000);
const FIRST = Math.min(1_000, Math.ceil(REFRESHES / 4));
/** How often it is counted in the first stretch, and in the last, which is as long. */
const SAMPLES = 10;
/** How much more the page may hold in the last stretch than in the first. */
const MORE = 1.05;

const product = await start();
await product.control('PUT', '/clock', { speed: 20 });
const { page, held, close } = await openPage({ baseURL: product.url, viewport: { width: 1920, height: 1080 } });
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
    const now = await held();
    if (sampled) stretch.push(now);
    const seconds = Math.round((performance.now() - began) / 1_000);
    console.log(`${done} refreshes in ${seconds} s: ${words(now)}`);
  }
  const more = (before) => before * MORE;
  hasNotGrown(first, last, { bytes: more, nodes: more, listeners: (before) => before });
  console.log('The wall stays as it is.');
} finally {
  await close();
  await product.stop();
}
