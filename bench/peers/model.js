// Shared by the peers: the inventory with its changes applied, and the texts of the list of groups, as on the console's
// page. Ages use the vendor's clock.

/** Rows per page. */
export const PAGE_SIZE = 25;

/** Milliseconds between two polls; the console uses the same interval while something is in transition. */
export const POLL_INTERVAL = 2_000;

const keyOf = ({ kind, connection, id }) => `${kind}\n${connection}\n${id}`;

export const EMPTY = { revision: undefined, clockOffset: 0, connections: [], resources: new Map() };

/** Applies a response. Resources are updated in place; a changed one is a new object. */
export function applyResponse(state, answer) {
  const resources = answer.whole ? new Map() : state.resources;
  for (const resource of answer.resources ?? []) resources.set(keyOf(resource), resource);
  for (const { kind, connection, id, observed, last_data, heartbeat } of answer.times ?? []) {
    const key = keyOf({ kind, connection, id });
    const before = resources.get(key);
    const failover_group = { ...before.facts.failover_group, last_data, heartbeat };
    resources.set(key, { ...before, observed, facts: { failover_group } });
  }
  for (const key of answer.removed ?? []) resources.delete(keyOf(key));
  const connections = answer.connections ?? state.connections;
  return { revision: answer.revision, clockOffset: answer.now - Date.now(), connections, resources };
}

/** Requests the changes and applies them. */
export async function poll(state) {
  const after = state.revision === undefined ? '' : `?after=${encodeURIComponent(state.revision)}`;
  const answer = await fetch(`/api/inventory${after}`);
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return applyResponse(state, await answer.json());
}

export const groupsOf = ({ resources }) => [...resources.values()].filter(({ kind }) => kind === 'failover_group');

/** The sort key of the list. */
export const sortKey = ({ name, connection, id }) => `${name.toLowerCase()}\n${connection}\n${id}`;

export const connectionsOf = ({ connections }) => new Map(connections.map((one) => [one.id, one]));

/** A stale resource does not count as normal; if it was critical or a warning, it remains so. */
export function severityOf({ verdict: { severity } }, connection, now) {
  const isStale = now - connection.observed_at > Math.max(3 * connection.interval_ms, 15_000);
  return isStale && severity !== 'critical' && severity !== 'warning' ? 'unknown' : severity;
}

/** The number of all groups, and of those that each chip selects. */
export function counts(groups, connections, now) {
  const found = { all: groups.length, attention: 0, moving: 0, unknown: 0, normal: 0 };
  for (const group of groups) {
    const severity = severityOf(group, connections.get(group.connection), now);
    found[severity === 'critical' || severity === 'warning' ? 'attention' : severity] += 1;
  }
  return found;
}

/** The chips: their count, text and icon. */
export const CHIPS = [
  ['all', 'All'],
  ['attention', 'Needs attention', 'critical'],
  ['moving', 'Handing over', 'moving'],
  ['unknown', 'Unknown', 'unknown'],
  ['normal', 'Normal', 'normal'],
];

export const COLUMNS = ['State', 'Group', 'Connection', 'Primary', 'Pending primary', 'Sessions', 'Failover timeout', 'Last data processed', 'Heartbeat of primary'];

/** The kinds of members: their icon, their text, their name in the facts. */
const MEMBERS = [
  ['primary', 'primary', 'primary'],
  ['pending', 'pending', 'pending'],
  ['normal', 'standby', 'standby'],
  ['unknown', 'stale', 'stale'],
  ['unknown', 'of unknown role', 'unknown'],
];

/** A duration as text. */
export function formatDuration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const two = (big, unit, small, smaller) => (small === 0 ? `${big} ${unit}` : `${big} ${unit} ${small} ${smaller}`);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  if (seconds < 86_400) return two(Math.floor(seconds / 3_600), 'h', Math.floor((seconds % 3_600) / 60), 'min');
  return two(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3_600), 'h');
}

const digits = (number) => String(number).padStart(2, '0');

function timeSpan(ticks) {
  const seconds = Math.floor(ticks / 10_000_000);
  return [seconds / 3_600, (seconds / 60) % 60, seconds % 60].map((part) => digits(Math.floor(part))).join(':');
}

/** A time of day, with the date if it is not today. */
export function formatTime(at, now) {
  const iso = new Date(at).toISOString();
  if (iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10)) return iso.slice(11, 19);
  return `${new Date(at).getUTCDate()} ${new Date(at).toLocaleString('en-GB', { month: 'short', timeZone: 'UTC' })} ${iso.slice(11, 19)}`;
}

/** The texts of a group's row. */
export function rowOf(group, connection, now) {
  const { name, id, facts } = group;
  const { primary = '–', pending, members, failover_timeout: ticks, last_data: data, heartbeat, description } = facts.failover_group ?? {};
  const vendorNow = now + connection.vendor_ahead_ms;
  const isNamed = name !== id;
  const timeout = ticks / 10_000_000;
  const age = Math.max(0, vendorNow - heartbeat?.at) / 1_000;
  const dataAge = vendorNow - data;
  const isLate = heartbeat?.beat === 'late' || heartbeat?.beat === 'stale';
  return {
    severity: severityOf(group, connection, now),
    word: group.verdict.word,
    name,
    isNamed,
    sub: isNamed ? id : (description ?? 'no name'),
    href: `/groups/${group.connection}/${encodeURIComponent(id)}`,
    connection: connection.title,
    primary,
    pending,
    members: MEMBERS.map(([icon, word, name]) => [icon, word, members?.[name] ?? 0]).filter(([, , number]) => number > 0),
    timeout: ticks === undefined ? '–' : timeSpan(ticks),
    moment: data === undefined ? '–' : formatTime(data, vendorNow),
    dataAge: data === undefined ? 'never' : dataAge < 1_000 ? 'now' : `${formatDuration(dataAge)} ago`,
    heartbeat: heartbeat?.at === undefined ? 'never' : formatDuration(age * 1_000),
    meter: {
      max: timeout * 1.2,
      low: isLate ? timeout / 2 : timeout * 1.2,
      high: heartbeat?.beat === 'stale' ? timeout : timeout * 1.2,
      value: Math.min(age, timeout * 1.2),
      label: `${formatDuration(age * 1_000)} since the last heartbeat, timeout ${timeout} s`,
    },
  };
}

/** The index of the page in the address. */
export const pageIndex = () => Number(new URLSearchParams(location.search).get('page') ?? 1) - 1;
