// The list "Sources" of the top bar and of the wall: the freshness of each connection.

import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';
import { TITLES } from './worlds.mjs';

/** The item of a connection. */
export const source = (page, title) =>
  page.getByRole('list', { name: 'Sources' }).getByRole('listitem', { name: new RegExp(`^${title}: `) });

/** Waits until the label of a connection's item matches. */
export const waitForSource = (page, title, pattern) =>
  eventually(async () => assert.match(await source(page, title).getAttribute('aria-label'), pattern));

/** Waits until every connection is live. */
export const allLive = async (page) => {
  for (const title of Object.values(TITLES)) await waitForSource(page, title, /: live, /);
};
