// What is measured beside other pages or has a limit, one after the other, with few rounds. Prints Markdown, and writes
// the same as JSON into `target/bench.json`. A part during which the machine became more than 15 % faster or slower is
// void and measured again; figures that stay void make this fail. `cargo xtask bench`, or `node bench/all.mjs` after
// `cargo xtask build` and `npm ci --prefix bench/peers`.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calibrate } from './support/figures.mjs';

const PARTS = [
  ['cold.mjs', '3'],
  ['refresh.mjs', '2'],
  ['inventory.mjs'],
  ['drag.mjs', '10'],
  ['group.mjs', '1000', '10000'],
  ['wall.mjs'],
  ['gateway.mjs'],
];
const DRIFT = 0.15;
const ATTEMPTS = 2;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const said = (program, ...words) => execFileSync(program, words, { cwd: here('..'), encoding: 'utf8' }).trim();

/** One part, measured anew while it is void. */
function run(folder, [script, ...words]) {
  for (let attempt = 1; ; attempt += 1) {
    const file = join(folder, `${script}-${attempt}`);
    const before = calibrate();
    const { status } = spawnSync(process.execPath, [here(script), ...words], {
      cwd: here('..'),
      stdio: 'inherit',
      env: { ...process.env, BENCH_JSON: file },
    });
    if (status !== 0) throw new Error(`${script} failed`);
    const drift = calibrate() / before - 1;
    const isVoid = Math.abs(drift) > DRIFT;
    console.log(`${script}: the machine became ${(drift * 100).toFixed(0)} % slower meanwhile${isVoid ? ', so that these figures are void' : ''}`);
    if (isVoid && attempt < ATTEMPTS) continue;
    const tables = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    return { script, drift, void: isVoid, tables };
  }
}

const machine = {
  date: new Date().toISOString().slice(0, 10),
  commit: said('git', 'rev-parse', '--short', 'HEAD'),
  processor: `${cpus().length} × ${cpus()[0].model.trim()}`,
  memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
  node: process.version,
  browser: said(process.env.CHROMIUM ?? '/usr/bin/chromium', '--version'),
  calibration: `${calibrate().toFixed(1)} ms`,
};
for (const [what, value] of Object.entries(machine)) console.log(`- ${what}: ${value}`);
const folder = mkdtempSync(join(tmpdir(), 'failover-console-bench-'));
const parts = PARTS.map((part) => run(folder, part));
rmSync(folder, { recursive: true });
writeFileSync(here('../target/bench.json'), `${JSON.stringify({ machine, parts }, undefined, 2)}\n`);
process.exitCode = parts.some((part) => part.void) ? 1 : 0;
