// Accessibility checks: the accessibility tree compared with a snapshot, and axe.

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
  const expected = await readFile(file, 'utf8').catch(() => {
    throw new Error(`no snapshot ${name}.yml: run once with UPDATE_SNAPSHOTS=1 and review the file`);
  });
  await eventually(async () => {
    assert.equal(`${await locator.ariaSnapshot()}\n`, expected, `${name}.yml no longer matches the page`);
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

/** Fails with the violations that axe finds on the page, except for the rules in `except`. */
export async function accessible(page, except = []) {
  // Evaluated through the debugger, so that the page's Content-Security-Policy stays in effect.
  await page.evaluate(AXE);
  const found = await page.evaluate((rules) => globalThis.axe.run(document, rules), RULES);
  const violations = found.violations.filter(({ id }) => !except.includes(id)).flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  ${target}\n  ${failureSummary}`),
  );
  assert.deepEqual(violations, [], 'axe found violations');
}
