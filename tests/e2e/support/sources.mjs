// The list "Sources" of the top bar and of the wall: how fresh each connection is.

import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';
import { TITLES } from './worlds.mjs';

/** The item of a connection. */
export const source = (page, title) =>
  page.getByRole('list', { name: 'Sources' }).getByRole('listitem', { name: new RegExp(`^${title}: `) });

/** Waits until the item of a connection says so. */
export const says = (page, title, words) =>
  eventually(async () => assert.match(await source(page, title).getAttribute('aria-label'), words));

/** Waits until every connection is live. */
export const allLive = async (page) => {
  for (const title of Object.values(TITLES)) await says(page, title, /: live, /);
};
