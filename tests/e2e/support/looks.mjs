// What a page is to somebody who cannot see it, or sees it badly: its accessibility tree against a
// file, and axe.

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { eventually } from './eventually.mjs';

const SNAPSHOTS = new URL('../snapshots/', import.meta.url);

/** Compares a part of the page with `snapshots/{name}.yml`; UPDATE_SNAPSHOTS=1 writes the file. */
export async function sameSnapshot(locator, name) {
  const file = new URL(`${name}.yml`, SNAPSHOTS);
  if (process.env.UPDATE_SNAPSHOTS === '1') {
    await mkdir(SNAPSHOTS, { recursive: true });
    await writeFile(file, `${await locator.ariaSnapshot()}\n`);
    return;
  }
  const kept = await readFile(file, 'utf8').catch(() => {
    throw new Error(`no snapshot ${name}.yml: run once with UPDATE_SNAPSHOTS=1 and read what it wrote`);
  });
  await eventually(async () => {
    assert.equal(`${await locator.ariaSnapshot()}\n`, kept, `${name}.yml no longer fits the page`);
  });
}

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const RULES = {
  runOnly: {
    type: 'tag',
    values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  },
  rules: { 'target-size': { enabled: true } },
};

/** Fails with what axe finds on the page as it stands, but for `except`, rules by name; names elements and reasons. */
export async function accessible(page, except = []) {
  // Evaluated by the debugger, so the page's own Content-Security-Policy stays in force.
  await page.evaluate(AXE);
  const found = await page.evaluate((rules) => globalThis.axe.run(document, rules), RULES);
  const violations = found.violations.filter(({ id }) => !except.includes(id)).flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  ${target}\n  ${failureSummary}`),
  );
  assert.deepEqual(violations, [], 'axe found faults');
}
