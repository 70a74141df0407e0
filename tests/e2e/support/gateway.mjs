// Starts `failover-console serve` with users, in front of a vendor that is unreachable by default. Knows nothing of
// browsers.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOn } from './port.mjs';
import { PROGRAM } from './product.mjs';

export const PASSWORD = 'correct horse battery staple';

/**
 * Starts it. Returns `{ url, output, signOutEverybody, pause, stop }`. Its users are ann (admin) and vic (viewer).
 * `top` is inserted at the start of its configuration, `more` at the end; `vendor` is the vendor's address.
 */
export async function serve({ more = '', top = '', vendor = 'http://127.0.0.1:9' } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'failover-console-'));
  const hashed = spawnSync(PROGRAM, ['hash-password'], { input: `${PASSWORD}\n`, encoding: 'utf8' });
  assert.equal(hashed.status, 0, hashed.stderr);
  const user = (name, role) =>
    `[[user]]\nname = "${name}"\nrole = "${role}"\npassword_hash = "${hashed.stdout.trim()}"\n`;
  const writeKey = () => writeFile(join(folder, 'session.key'), `${Math.random()}`.padEnd(40, 'k'));
  await writeKey();
  const file = join(folder, 'failover-console.toml');
  await writeFile(join(folder, 'api.key'), 'none');
  const configure = (listen) => writeFile(
    file,
    [
      `listen = "${listen}"\n${top}`,
      `[[connection]]\nid = "live"\ntitle = "Live"\nsystem = "uplynk"\nbase_url = "${vendor}"`,
      'credentials = { kind = "integration-key", owner = "o", api_key_file = "api.key" }',
      user('ann', 'admin') + user('vic', 'viewer'),
      '[session]\nkey_file = "session.key"\n',
      more,
    ].join('\n'),
  );
  const output = [];
  let program;
  let ended;
  const start = (listen) => startOn(listen, async () => {
    await configure(listen);
    program = spawn(PROGRAM, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    // `close` comes after all output has been read.
    ended = new Promise((resolve) => program.once('close', resolve));
    let text = '';
    return new Promise((resolve, reject) => {
      for (const stream of [program.stdout, program.stderr]) {
        stream.setEncoding('utf8').on('data', (piece) => {
          output.push(piece);
          text += piece;
          const listening = text.match(/listening on (http:\/\/[\w.:[\]]+)/)?.[1];
          if (listening) resolve(listening);
        });
      }
      ended.then(() => reject(new Error(`serve ended: ${text}`)));
    });
  });
  const url = await start('127.0.0.1:0');
  return {
    url,
    output,
    /** Changes the key that encrypts sessions. */
    signOutEverybody: async () => {
      await writeKey();
      program.kill('SIGHUP');
    },
    /** Stops it; returns a function that starts it again on the same port. */
    pause: async () => {
      program.kill('SIGTERM');
      await ended;
      return () => start(new URL(url).host);
    },
    stop: async () => {
      program.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
