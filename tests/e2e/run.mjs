// Runs all stories, several files in parallel: `node tests/e2e/run.mjs WORKERS [PATTERN]`. Node's own command sorts
// files by name, so that a long file could start last.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

/** The longest files start first; the end of each run lists them. */
const LONGEST = ['group-actions', 'accessibility', 'wall', 'live-refresh', 'slicer-order', 'failures', 'pairing', 'undisturbed', 'chunks', 'slicer-drag', 'query-builder'];

const [workers, pattern] = process.argv.slice(2);
const names = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.mjs'));
const longest = LONGEST.map((name) => `${name}.test.mjs`);
for (const name of longest) assert.ok(names.includes(name), `${name} is listed as one of the longest but does not exist`);
const ordered = [...longest, ...names.toSorted().filter((name) => !longest.includes(name))];

/** The finished files with their durations. */
const ended = [];

run({
  files: ordered.map((name) => fileURLToPath(new URL(name, import.meta.url))),
  concurrency: Number(workers),
  testNamePatterns: pattern === undefined ? undefined : [pattern],
})
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .on('test:complete', ({ name, file, details }) => {
    // A test file counts as a test as well, with its path as its name.
    if (name === file) ended.push({ name: basename(file, '.test.mjs'), seconds: Math.round(details.duration_ms / 1_000) });
  })
  .on('end', () => {
    const longest = ended.toSorted((a, b) => b.seconds - a.seconds).slice(0, LONGEST.length);
    console.log(`The longest files: ${longest.map(({ name, seconds }) => `${name} ${seconds} s`).join(', ')}`);
  })
  .compose(spec)
  .pipe(process.stdout);
