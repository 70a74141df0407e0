// Debian's Chromium through playwright-core, and what it must not log. Knows nothing of the product.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // One after the other: the pages of a file need no process each.
  '--renderer-process-limit=1',
];

/** A browser with a profile of its own, gone when it closes. */
export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
}

/**
 * What a browser says of a gateway that has stopped: which of them depends on whether a request was under way, or the
 * browser had a connection left from before.
 */
export const GATEWAY_GONE = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;

/**
 * Listens for everything that a page should not say: errors and warnings on its console, uncaught
 * exceptions, requests that failed. A breach of the Content-Security-Policy is among the errors.
 */
export class Complaints {
  #heard = [];
  #expected = [];
  #allowed = [];

  constructor(page) {
    page.on('console', (message) => {
      // A slicer's picture comes from wherever its vendor says; one that cannot be had is shown as a
      // plain one, which has a story of its own.
      const picture = message.location().url.includes('/thumbnails/');
      if (['error', 'warning'].includes(message.type()) && !picture) {
        this.#heard.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on('pageerror', (error) => this.#heard.push(`uncaught: ${error.stack ?? error}`));
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText;
      // A page that is left stops asking; that is as it should be.
      if (why !== 'net::ERR_ABORTED') this.#heard.push(`request failed: ${request.url()}: ${why}`);
    });
  }

  /** The story is about this complaint: it may come, and it must. */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  /** This complaint may come or not: it depends on who is faster. */
  allow(pattern) {
    this.#allowed.push(pattern);
  }

  check() {
    const known = [...this.#expected, ...this.#allowed];
    const unexpected = this.#heard.filter((said) => !known.some((p) => p.test(said)));
    assert.deepEqual(unexpected, [], 'the page complained');
    const missing = this.#expected.filter((p) => !this.#heard.some((said) => p.test(said)));
    assert.deepEqual(missing, [], 'these complaints were expected and did not come');
  }
}
