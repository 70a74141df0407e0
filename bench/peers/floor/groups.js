// What no page can do without: asks for what changed and reads the bytes. Shows the revision and nothing else.

import { INTERVAL } from '../model.js';

let revision;
for (;;) {
  const answer = await fetch(`/api/inventory${revision === undefined ? '' : `?after=${encodeURIComponent(revision)}`}`);
  revision = /"revision":"([^"]+)"/.exec(await answer.text())[1];
  document.querySelector('p').textContent = revision;
  await new Promise((resolve) => setTimeout(resolve, INTERVAL));
}
