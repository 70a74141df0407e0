// The list of groups without a framework: reads the changes, sorts only if names have changed, and patches the texts of
// rows that are created once.

import { PAGE_SIZE, CHIPS, COLUMNS, POLL_INTERVAL, connectionsOf, counts, groupsOf, EMPTY, pageIndex, poll, rowOf, sortKey } from '../model.js';
import { icon, named, set, write } from './dom.js';

const ROW = `<td><span class="st"><svg aria-hidden="true"><use></use></svg><bdi></bdi></span></td>
<th scope="row"><a><b><bdi></bdi></b></a><span class="sub"><bdi></bdi></span></th><td><bdi></bdi></td><td><bdi></bdi></td><td></td>
<td><span class="row"></span></td><td></td><td><span></span><span class="sub"></span></td>
<td><span class="beat"><span><meter min="0" optimum="0" aria-label="Age of the last heartbeat"></meter></span><span></span></span></td>`;

document.querySelector('#root').innerHTML = `<div class="app"><nav class="rail" aria-label="Main"><p>Failover</p></nav>
<header class="top"><h1>Groups</h1></header><main>
<div class="row">${CHIPS.map(([, words, glyph]) => `<button type="button" class="chip">${glyph ? icon(glyph) : ''}${words} <b></b></button>`).join('')}</div>
<section class="panel"><div class="scroll" tabindex="0"><table><caption class="vh">Failover groups</caption>
<thead><tr>${COLUMNS.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead><tbody></tbody></table></div>
<p class="bar"><span role="status"></span></p></section></main></div>`;

const chips = [...document.querySelectorAll('.chip b')];
const status = document.querySelector('[role=status]');
const body = document.querySelector('tbody');
const rows = [];

function make() {
  const row = document.createElement('tr');
  row.innerHTML = ROW;
  body.append(row);
  const [state, group, connection, primary, pending, members, timeout, data, beat] = row.children;
  return { row, state: state.firstChild, group, connection, primary, pending, members: members.firstChild, timeout, data, beat: beat.firstChild };
}

function patch(shown, row) {
  const { state, group, data, beat } = shown;
  set(state, 'data-s', row.severity);
  set(state.querySelector('use'), 'href', `#i-${row.severity}`);
  named(state.lastChild, row.word);
  set(group.querySelector('a'), 'href', row.href);
  named(group.querySelector('b bdi'), row.name);
  set(group.lastChild, 'class', row.isNamed ? 'sub id' : 'sub');
  named(group.lastChild.firstChild, row.sub);
  named(shown.connection.firstChild, row.connection);
  named(shown.primary.firstChild, row.primary);
  write(shown.pending, row.pending ?? '–');
  const members = row.members.map(([glyph, word, number]) => `${icon(glyph)}${number}<span class="vh"> ${word} </span>`).join('');
  if (shown.lastMembers !== members) shown.members.innerHTML = shown.lastMembers = members;
  write(shown.timeout, row.timeout);
  write(data.firstChild, row.moment);
  write(data.lastChild, row.dataAge);
  write(beat.lastChild, row.heartbeat);
  const meter = beat.querySelector('meter');
  const { max, low, high, value, label } = row.meter;
  if (meter.max !== max) meter.max = max;
  if (meter.low !== low) meter.low = low;
  if (meter.high !== high) meter.high = high;
  meter.value = value;
  set(meter, 'aria-valuetext', label);
}

let state = EMPTY;
let order = [];
let connections = new Map();

function show() {
  const now = Date.now() + state.clockOffset;
  const shown = order.slice(pageIndex() * PAGE_SIZE, (pageIndex() + 1) * PAGE_SIZE);
  shown.forEach(({ key }, index) => {
    const group = state.resources.get(key);
    patch((rows[index] ??= make()), rowOf(group, connections.get(group.connection), now));
  });
  while (rows.length > shown.length) rows.pop().row.remove();
}

async function refresh() {
  state = await poll(state);
  connections = connectionsOf(state);
  const groups = groupsOf(state);
  const found = counts(groups, connections, Date.now() + state.clockOffset);
  CHIPS.forEach(([count], index) => write(chips[index], String(found[count])));
  write(status, `${groups.length} groups`);
  // Names rarely change, and only they determine the order.
  if (order.length !== groups.length || order.some(({ key, name }) => state.resources.get(key)?.name !== name)) {
    const named = [...state.resources].filter(([, { kind }]) => kind === 'failover_group');
    order = named.map(([key, group]) => ({ key, name: group.name, by: sortKey(group) })).sort((a, b) => (a.by < b.by ? -1 : 1));
  }
  show();
  setTimeout(refresh, POLL_INTERVAL);
}

refresh();
setInterval(show, 1_000);
