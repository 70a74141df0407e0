// Launches Debian's Chromium through playwright-core, and collects a page's complaints. Knows nothing of the product.

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
  // The pages of a test file do not need separate processes.
  '--renderer-process-limit=1',
];

/** Launches a browser with a temporary profile. */
export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
}

/**
 * Chromium's errors for a stopped gateway. Which one occurs depends on whether a request was in progress, or a
 * connection was still open.
 */
export const GATEWAY_GONE = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;

/**
 * Collects complaints of a page: errors and warnings on its console (including violations of the
 * Content-Security-Policy), uncaught exceptions and failed requests.
 */
export class Complaints {
  #collected = [];
  #expected = [];
  #allowed = [];

  constructor(page) {
    page.on('console', (message) => {
      // Missing thumbnails depend on the vendor and are replaced by a placeholder, which has its own story.
      const picture = message.location().url.includes('/thumbnails/');
      if (['error', 'warning'].includes(message.type()) && !picture) {
        this.#collected.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on('pageerror', (error) => this.#collected.push(`uncaught: ${error.stack ?? error}`));
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText;
      // Leaving a page aborts its requests, which is expected.
      if (why !== 'net::ERR_ABORTED') this.#collected.push(`request failed: ${request.url()}: ${why}`);
    });
  }

  /** Declares a complaint that must occur. */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  /** Declares a complaint that may or may not occur, depending on timing. */
  allow(pattern) {
    this.#allowed.push(pattern);
  }

  check() {
    const known = [...this.#expected, ...this.#allowed];
    const unexpected = this.#collected.filter((complaint) => !known.some((p) => p.test(complaint)));
    assert.deepEqual(unexpected, [], 'the page complained');
    const missing = this.#expected.filter((p) => !this.#collected.some((complaint) => p.test(complaint)));
    assert.deepEqual(missing, [], 'these expected complaints did not occur');
  }
}
