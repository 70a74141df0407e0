// The list "Sources" of the top bar and of the wall: the freshness of each connection.

import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';

const list = (page) => page.getByRole('list', { name: 'Sources' });

/** The item of a connection. */
export const source = (page, title) => list(page).getByRole('listitem', { name: new RegExp(`^${title}: `) });

/** Waits until the label of a connection's item matches. */
export const waitForSource = (page, title, pattern) =>
  eventually(async () => assert.match(await source(page, title).getAttribute('aria-label'), pattern), 30_000);

/** Waits until every connection in the list is live. */
export const allLive = async (page) => {
  const items = list(page).getByRole('listitem');
  await items.first().waitFor();
  const labels = await items.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  for (const label of labels) await waitForSource(page, label.split(':')[0], /: live, /);
};
