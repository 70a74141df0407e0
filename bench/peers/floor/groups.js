// The minimum of every page: requests the changes and reads the bytes. Shows only the revision.

import { POLL_INTERVAL } from '../model.js';

let revision;
for (;;) {
  const answer = await fetch(`/api/inventory${revision === undefined ? '' : `?after=${encodeURIComponent(revision)}`}`);
  revision = /"revision":"([^"]+)"/.exec(await answer.text())[1];
  document.querySelector('p').textContent = revision;
  await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
}
