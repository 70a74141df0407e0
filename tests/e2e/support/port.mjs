// Reusing a port after a restart. Another program may have it for a moment, because systems assign free ports to any
// program.

import { setTimeout } from 'node:timers/promises';

const TIMEOUT = 10_000;

/** Starts a server on `listen`; if that names a port that is in use, tries again. */
export async function startOn(listen, start) {
  const end = performance.now() + TIMEOUT;
  for (;;) {
    try {
      return await start();
    } catch (failure) {
      const isTaken = !listen.endsWith(':0') && /something else listens there/.test(failure.message);
      if (!isTaken || performance.now() > end) throw failure;
      await setTimeout(100);
    }
  }
}
