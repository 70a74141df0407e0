// The sessions of one group without a framework: reads them, sorts them only if a role or an id has changed, and
// patches the texts of the visible rows, which are created once.

import { COLUMNS, POLL_INTERVAL, OVERSCAN, ROW, compareSessions, EMPTY, read, rowOf, seconds } from '../sessions.js';
import { icon, named, set, write } from './dom.js';

const CELLS = `<th scope="row"><a><b><bdi></bdi></b></a><span class="sub"><bdi></bdi></span></th>
<td><span class="st"><svg aria-hidden="true"><use></use></svg><span></span></span></td>
<td><span class="beat score"><meter min="0" max="100"></meter><span></span></span></td>
<td><span class="beat"><span><meter min="0" optimum="0" aria-label="Age of the last heartbeat"></meter></span><span></span></span></td>
<td><span></span><span class="sub"></span></td><td></td>
<td><div class="row acts"><button type="button" class="icon" title="Post heartbeat">${icon('beat')}</button><button type="button" class="icon" title="Delete session">${icon('bin')}</button></div></td>`;

document.querySelector('#root').innerHTML = `<div class="app"><nav class="rail" aria-label="Main"><p>Failover</p></nav>
<header class="top"><h1></h1></header><main>
<section class="panel"><header><h2>Sessions</h2><p role="status"></p></header><div class="scroll virtual" tabindex="0"><table><caption class="vh">Client sessions</caption>
<thead><tr>${COLUMNS.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead><tbody>
<tr class="space"><td colspan="7"></td></tr><tr class="space"><td colspan="7"></td></tr></tbody></table></div></section></main></div>`;

const heading = document.querySelector('h1');
const status = document.querySelector('[role=status]');
const region = document.querySelector('.scroll');
const table = document.querySelector('table');
const [before, after] = document.querySelectorAll('.space');
const rows = [];

function make() {
  const row = document.createElement('tr');
  row.innerHTML = CELLS;
  after.before(row);
  const [session, role, score, beat, data, override, acts] = row.children;
  return { row, session, role: role.firstChild, score: score.firstChild, beat: beat.firstChild, data, override, acts: acts.firstChild };
}

function patch(shown, row, index) {
  const { session, role, score, beat, data, acts } = shown;
  set(shown.row, 'aria-rowindex', String(index + 2));
  if (row.isStale) set(shown.row, 'data-fresh', 'stale');
  else if (shown.row.hasAttribute('data-fresh')) shown.row.removeAttribute('data-fresh');
  set(session.firstChild, 'href', row.href);
  named(session.querySelector('b bdi'), row.id);
  named(session.lastChild.firstChild, row.sub);
  set(role.querySelector('use'), 'href', `#i-${row.icon}`);
  write(role.lastChild, row.role);
  const scored = String(row.score);
  if (score.lastChild.textContent !== scored) {
    score.lastChild.textContent = scored;
    score.firstChild.value = row.score;
    score.firstChild.setAttribute('aria-label', `score ${scored} of 100`);
  }
  write(beat.lastChild, row.heartbeat);
  const meter = beat.querySelector('meter');
  const { max, low, high, value, label } = row.meter;
  if (meter.max !== max) meter.max = max;
  if (meter.low !== low) meter.low = low;
  if (meter.high !== high) meter.high = high;
  meter.value = value;
  set(meter, 'aria-valuetext', label);
  write(data.firstChild, row.moment);
  write(data.lastChild, row.dataAge);
  write(shown.override, row.override);
  set(acts.firstChild, 'aria-label', `Post heartbeat ${row.id}`);
  set(acts.lastChild, 'aria-label', `Delete session ${row.id}`);
}

let state = EMPTY;
let order = [];

const height = (space, rows) => {
  space.hidden = rows === 0;
  space.firstElementChild.style.height = `${rows * ROW}px`;
};

function show() {
  const now = Date.now() + state.clockOffset;
  const timeout = seconds(state.group.FailoverTimeout);
  const from = Math.max(0, Math.floor(region.scrollTop / ROW) - OVERSCAN);
  const to = Math.min(order.length, Math.ceil((region.scrollTop + region.clientHeight) / ROW) + OVERSCAN);
  height(before, from);
  for (let index = from; index < to; index += 1) {
    patch((rows[index - from] ??= make()), rowOf(state.sessions[order[index]], timeout, state.at, now), index);
  }
  while (rows.length > to - from) rows.pop().row.remove();
  height(after, order.length - to);
}

async function refresh() {
  const { sessions: last } = state;
  state = await read();
  const { group, sessions } = state;
  write(heading, group.Name ?? group.Id);
  const hasChanged = (session, index) => session.Id !== last[index].Id || session.Role !== last[index].Role;
  if (sessions.length !== last.length || sessions.some(hasChanged)) {
    order = [...sessions.keys()].sort((a, b) => compareSessions(sessions[a], sessions[b]));
    set(table, 'aria-rowcount', String(sessions.length + 1));
  }
  const now = Date.now() + state.clockOffset;
  const timeout = seconds(group.FailoverTimeout) * 1_000;
  write(status, `${sessions.filter(({ Heartbeat }) => now - Date.parse(Heartbeat?.HeartbeatTime) <= timeout).length} live`);
  show();
  setTimeout(refresh, POLL_INTERVAL);
}

region.addEventListener('scroll', show, { passive: true });
refresh();
setInterval(show, 1_000);
