// The Overview's alarms without a framework: reads the inventory every five seconds and patches the rows whose text has
// changed.

import { formatDuration } from '../model.js';

const list = document.querySelector('ol.alarms');
const rows = new Map();

function make(alarm) {
  const row = document.createElement('li');
  row.innerHTML =
    '<span><b class="tag"></b></span><div><p class="what"></p><p class="dim"></p></div><time><b></b></time><span class="row acts"><button type="button" class="btn">Acknowledge</button><a class="btn">Open</a></span>';
  row.querySelector('a').href = `/groups/${alarm.resource.connection}/${alarm.resource.id}`;
  return { row, tag: row.querySelector('.tag'), what: row.querySelector('.what'), dim: row.querySelector('.dim'), age: row.querySelector('time b') };
}

const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

function show({ alarms, now }) {
  const current = new Set();
  alarms.forEach((alarm, index) => {
    current.add(alarm.id);
    let shown = rows.get(alarm.id);
    if (!shown) rows.set(alarm.id, (shown = make(alarm)));
    shown.tag.dataset.s = alarm.severity;
    write(shown.tag, alarm.severity);
    write(shown.what, alarm.sentence);
    write(shown.dim, alarm.advice);
    write(shown.age, formatDuration(now - (alarm.since.reported ?? alarm.since.observed)));
    if (list.children[index] !== shown.row) list.insertBefore(shown.row, list.children[index] ?? null);
  });
  for (const [id, { row }] of rows) {
    if (!current.has(id)) {
      row.remove();
      rows.delete(id);
    }
  }
}

async function poll() {
  const answer = await fetch('/api/inventory');
  if (answer.ok) show(await answer.json());
}

poll();
setInterval(poll, 5_000);
