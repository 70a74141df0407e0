// Coming back on a port. For a moment another program may have it: systems give a port that was left to whoever asks
// for any.

import { setTimeout } from 'node:timers/promises';

const PATIENCE = 10_000;

/** Begins what listens on `listen`; where that names a port, it tries again while something else listens there. */
export async function beginOn(listen, begin) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await begin();
    } catch (failure) {
      const isTaken = !listen.endsWith(':0') && /something else listens there/.test(failure.message);
      if (!isTaken || performance.now() > end) throw failure;
      await setTimeout(100);
    }
  }
}
