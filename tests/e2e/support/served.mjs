// Starts `failover-console serve` with people who sign in, before a vendor that nobody reaches. Knows
// nothing of browsers.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAM } from './product.mjs';

export const PASSWORD = 'correct horse battery staple';

/**
 * Starts it; answers `{ url, signOutEverybody, stop }`. Its users are ann (admin) and vic (viewer). `more` is
 * written at the end of its configuration.
 */
export async function serve(more = '') {
  const folder = await mkdtemp(join(tmpdir(), 'failover-console-'));
  const made = spawnSync(PROGRAM, ['hash-password'], { input: `${PASSWORD}\n`, encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const user = (name, role) =>
    `[[user]]\nname = "${name}"\nrole = "${role}"\npassword_hash = "${made.stdout.trim()}"\n`;
  const key = () => writeFile(join(folder, 'session.key'), `${Math.random()}`.padEnd(40, 'k'));
  await key();
  const file = join(folder, 'failover-console.toml');
  await writeFile(join(folder, 'api.key'), 'none');
  await writeFile(
    file,
    [
      'listen = "127.0.0.1:0"',
      '[[connection]]\nid = "live"\ntitle = "Live"\nsystem = "uplynk"\nbase_url = "http://127.0.0.1:9"',
      'credentials = { kind = "integration-key", owner = "o", api_key_file = "api.key" }',
      user('ann', 'admin') + user('vic', 'viewer'),
      '[session]\nkey_file = "session.key"\n',
      more,
    ].join('\n'),
  );
  const program = spawn(PROGRAM, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => program.once('exit', resolve));
  const said = [];
  const url = await new Promise((resolve, reject) => {
    for (const stream of [program.stdout, program.stderr]) {
      stream.setEncoding('utf8').on('data', (piece) => {
        said.push(piece);
        const listening = said.join('').match(/listening on (http:\/\/[\w.:[\]]+)/)?.[1];
        if (listening) resolve(listening);
      });
    }
    ended.then(() => reject(new Error(`serve ended: ${said.join('')}`)));
  });
  return {
    url,
    said,
    /** Changes the key that sessions are sealed with. */
    signOutEverybody: async () => {
      await key();
      program.kill('SIGHUP');
    },
    stop: async () => {
      program.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
