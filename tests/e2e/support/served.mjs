// Starts `failover-console serve` with people who sign in, before a vendor that nobody reaches unless said. Knows
// nothing of browsers.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beginOn } from './port.mjs';
import { PROGRAM } from './product.mjs';

export const PASSWORD = 'correct horse battery staple';

/**
 * Starts it; answers `{ url, said, signOutEverybody, pause, stop }`. Its users are ann (admin) and vic
 * (viewer). `top` is written at the beginning of its configuration, `more` at the end; `vendor` is where its
 * vendor is.
 */
export async function serve({ more = '', top = '', vendor = 'http://127.0.0.1:9' } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'failover-console-'));
  const made = spawnSync(PROGRAM, ['hash-password'], { input: `${PASSWORD}\n`, encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const user = (name, role) =>
    `[[user]]\nname = "${name}"\nrole = "${role}"\npassword_hash = "${made.stdout.trim()}"\n`;
  const key = () => writeFile(join(folder, 'session.key'), `${Math.random()}`.padEnd(40, 'k'));
  await key();
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
  const said = [];
  let program;
  let ended;
  const begin = (listen) => beginOn(listen, async () => {
    await configure(listen);
    program = spawn(PROGRAM, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    // Everything that it said has been read by then.
    ended = new Promise((resolve) => program.once('close', resolve));
    let heard = '';
    return new Promise((resolve, reject) => {
      for (const stream of [program.stdout, program.stderr]) {
        stream.setEncoding('utf8').on('data', (piece) => {
          said.push(piece);
          heard += piece;
          const listening = heard.match(/listening on (http:\/\/[\w.:[\]]+)/)?.[1];
          if (listening) resolve(listening);
        });
      }
      ended.then(() => reject(new Error(`serve ended: ${heard}`)));
    });
  });
  const url = await begin('127.0.0.1:0');
  return {
    url,
    said,
    /** Changes the key that sessions are sealed with. */
    signOutEverybody: async () => {
      await key();
      program.kill('SIGHUP');
    },
    /** Ends it; the function that comes back starts it again, where it was. */
    pause: async () => {
      program.kill('SIGTERM');
      await ended;
      return () => begin(new URL(url).host);
    },
    stop: async () => {
      program.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
