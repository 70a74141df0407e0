// Starts and stops the product (`failover-console demo` with a frozen clock), and calls the simulator's control port.
// Knows nothing of browsers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.mjs';
import { startOn } from './port.mjs';

/** The time of every story's world, unless the story advances it. */
export const START = '2026-01-15T14:32:08Z';

export const PROGRAM =
  process.env.FAILOVER_CONSOLE ??
  fileURLToPath(new URL('../../../target/release/failover-console', import.meta.url));

/**
 * Starts the product and waits until it listens. `listen` allows restarting on the same port, `speed` is in simulated
 * seconds per second. Returns `{ url, control, log, pid, allRead, reread, stop }`.
 */
export const start = ({ listen = '127.0.0.1:0', speed = 0, more = [] } = {}) =>
  startOn(listen, async () => {
    const program = spawn(
      PROGRAM,
      [
        'demo',
        ...['--listen', listen, '--control', '127.0.0.1:0', '--scenario', 'calm'],
        ...['--seed', '1', '--speed', String(speed), '--start', START],
        // Uplynk allows one request per second and account; here ten, so that stories are faster.
        ...['--account-speed', '10'],
        ...more,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const ended = new Promise((resolve) => {
      program.once('error', resolve);
      // `close` comes after all output has been read.
      program.once('close', (code, signal) => resolve(`ended with ${code ?? signal}`));
    });
    const log = [];
    const addresses = printedAddresses(program, log);
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
 * Makes the gateway read every system now, or one of them, as "Refresh now" does, and waits for it. With a single
 * system it also replaces an expired session with that system, even right after replacing another one.
 */
const reread = async (url, connection) => {
  const query = connection === undefined ? '' : `?${new URLSearchParams({ connection })}`;
  const answer = await fetch(`${url}/api/inventory${query}`, { headers: { 'cache-control': 'no-cache' } });
  assert.equal(answer.status, 200);
  await answer.text();
};

/** Resolves to the two addresses that the program prints once it listens. */
async function printedAddresses(program, log) {
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

/** Returns a function that calls the control port; an unsuccessful response fails the story. */
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

