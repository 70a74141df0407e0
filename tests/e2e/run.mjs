// Runs all stories, some files at a time: `node tests/e2e/run.mjs WORKERS [PATTERN]`. Node's own command would take the
// files by name, and leave one worker alone with the last of the long ones.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

/** What takes longest goes first, as the last lines of a run say. */
const LONGEST = ['group-actions', 'accessibility', 'wall', 'live-refresh', 'slicer-order', 'failures', 'pairing', 'undisturbed', 'chunks', 'slicer-drag', 'query-builder'];

const [workers, pattern] = process.argv.slice(2);
const names = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.mjs'));
const longest = LONGEST.map((name) => `${name}.test.mjs`);
for (const name of longest) assert.ok(names.includes(name), `${name} is among the longest and not there`);
const ordered = [...longest, ...names.toSorted().filter((name) => !longest.includes(name))];

/** The files that have ended, and how long each took. */
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
    // A file counts as a test, too, and has its own path as its name.
    if (name === file) ended.push({ name: basename(file, '.test.mjs'), seconds: Math.round(details.duration_ms / 1_000) });
  })
  .on('end', () => {
    const longest = ended.toSorted((a, b) => b.seconds - a.seconds).slice(0, LONGEST.length);
    console.log(`The longest files: ${longest.map(({ name, seconds }) => `${name} ${seconds} s`).join(', ')}`);
  })
  .compose(spec)
  .pipe(process.stdout);
