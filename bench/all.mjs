// Runs all benchmarks that compare pages or have a limit, one after the other, with few rounds. Prints Markdown and
// writes the same figures as JSON to `target/bench.json`. A benchmark during which the machine became more than 15 %
// faster or slower is void and repeated. If one fails or remains void, the exit status is 1; one whose programs are not
// installed is skipped and reported. Run it with `cargo xtask bench`, or with `node bench/all.mjs` after
// `cargo xtask build` and `npm ci --prefix bench/peers`.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calibrate } from './support/figures.mjs';

const PARTS = [
  ['cold.mjs', '3'],
  ['opened.mjs', '2'],
  ['refresh.mjs', '2'],
  ['inventory.mjs'],
  ['drag.mjs', '10'],
  ['group.mjs', '1000', '10000'],
  ['wall.mjs'],
  ['gateway.mjs'],
];
/** Programs that only some benchmarks need: the gateway's reads are compared with those of another proxy. */
const NEEDS = { 'gateway.mjs': ['nginx', 'wrk'] };
const DRIFT = 0.15;
const ATTEMPTS = 2;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outputOf = (program, ...text) => execFileSync(program, text, { cwd: here('..'), encoding: 'utf8' }).trim();

/** Runs one benchmark, and repeats it if it is void. */
function run(folder, [script, ...args]) {
  const missing = (NEEDS[script] ?? []).filter((program) => spawnSync(program, ['-v']).error);
  if (missing.length > 0) {
    console.log(`${script}: skipped, because ${missing.join(' and ')} cannot be found`);
    return { script, missing };
  }
  for (let attempt = 1; ; attempt += 1) {
    const file = join(folder, `${script}-${attempt}`);
    const before = calibrate();
    const { status } = spawnSync(process.execPath, [here(script), ...args], {
      cwd: here('..'),
      stdio: 'inherit',
      env: { ...process.env, BENCH_JSON: file },
    });
    if (status !== 0) {
      console.log(`${script}: failed`);
      return { script, failed: true };
    }
    const drift = calibrate() / before - 1;
    const isVoid = Math.abs(drift) > DRIFT;
    console.log(`${script}: the machine became ${(drift * 100).toFixed(0)} % slower during this benchmark${isVoid ? ', so its figures are void' : ''}`);
    if (isVoid && attempt < ATTEMPTS) continue;
    const tables = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    return { script, drift, void: isVoid, tables };
  }
}

const machine = {
  date: new Date().toISOString().slice(0, 10),
  commit: outputOf('git', 'rev-parse', '--short', 'HEAD'),
  processor: `${cpus().length} × ${cpus()[0].model.trim()}`,
  memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
  node: process.version,
  browser: outputOf(process.env.CHROMIUM ?? '/usr/bin/chromium', '--version'),
  calibration: `${calibrate().toFixed(1)} ms`,
};
for (const [what, value] of Object.entries(machine)) console.log(`- ${what}: ${value}`);
const folder = mkdtempSync(join(tmpdir(), 'failover-console-bench-'));
const parts = PARTS.map((part) => run(folder, part));
rmSync(folder, { recursive: true });
writeFileSync(here('../target/bench.json'), `${JSON.stringify({ machine, parts }, undefined, 2)}\n`);
const outcome = ({ missing, failed, void: isVoid }) => (missing ? 'skipped' : failed ? 'failed' : isVoid ? 'void' : 'measured');
for (const part of parts) console.log(`${part.script}: ${outcome(part)}`);
process.exitCode = parts.some((part) => part.void || part.failed) ? 1 : 0;
