// Starts and stops the product: `failover-console demo`, its simulator's clock standing still, and
// speaks with the simulator's control port. Knows nothing of browsers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.mjs';
import { beginOn } from './port.mjs';

/** The instant at which every story's world stands, unless the story moves it. */
export const START = '2026-01-15T14:32:08Z';

export const PROGRAM =
  process.env.FAILOVER_CONSOLE ??
  fileURLToPath(new URL('../../../target/release/failover-console', import.meta.url));

/**
 * Starts the product and waits until it listens. `listen` is for coming back on the same port, `speed` in simulated
 * seconds per second. Answers `{ url, control, log, pid, allRead, reread, stop }`.
 */
export const start = ({ listen = '127.0.0.1:0', speed = 0, more = [] } = {}) =>
  beginOn(listen, async () => {
    const program = spawn(
      PROGRAM,
      [
        'demo',
        ...['--listen', listen, '--control', '127.0.0.1:0', '--scenario', 'calm'],
        ...['--seed', '1', '--speed', String(speed), '--start', START],
        // Each request to Uplynk needs a second of the account for itself: here these pass ten times as fast.
        ...['--account-speed', '10'],
        ...more,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const ended = new Promise((resolve) => {
      program.once('error', resolve);
      // Everything that it said has been read by then.
      program.once('close', (code, signal) => resolve(`ended with ${code ?? signal}`));
    });
    const log = [];
    const addresses = announced(program, log);
    const found = await Promise.race([addresses, ended.then((why) => ({ why }))]);
    if (found.why) {
      throw new Error(`${PROGRAM} did not start: ${found.why}\n${log.join('')}`);
    }
    const stop = async () => {
      program.kill('SIGTERM');
      await ended;
    };
    const url = found.listening;
    const control = controller(found.control);
    return { url, control, log, pid: program.pid, allRead: () => allRead(url), reread: (connection) => reread(url, connection), stop };
  });

/** Waits until the gateway has read every system. */
const allRead = (url) =>
  eventually(async () => {
    const { connections } = await fetch(`${url}/api/inventory`).then((answer) => answer.json());
    for (const { id, observed_at: at } of connections) assert.ok(at, `${id} has not been read`);
  });

/**
 * Has the gateway read every system anew, or one of them, as "Refresh now" does, and waits until it has. Of one it also
 * replaces a session that the system has forgotten, even right after it replaced another.
 */
const reread = async (url, connection) => {
  const query = connection === undefined ? '' : `?${new URLSearchParams({ connection })}`;
  const answer = await fetch(`${url}/api/inventory${query}`, { headers: { 'cache-control': 'no-cache' } });
  assert.equal(answer.status, 200);
  await answer.text();
};

/** Resolves to the two addresses that the program prints once it listens. */
async function announced(program, log) {
  let text = '';
  return new Promise((resolve) => {
    const read = (piece) => {
      log.push(piece);
      text += piece;
      const listening = text.match(/listening on (http:\/\/[\w.:[\]]+)/i)?.[1];
      const control = text.match(/control on (http:\/\/[\w.:[\]]+)/i)?.[1];
      if (listening && control) resolve({ listening, control });
    };
    for (const stream of [program.stdout, program.stderr]) {
      stream.setEncoding('utf8').on('data', read);
    }
  });
}

/** Calls on the control port; an answer that is no success fails the story. */
function controller(base) {
  return async (method, path, body) => {
    const answer = await fetch(base + path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `control port: ${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}

