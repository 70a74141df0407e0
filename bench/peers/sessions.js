// Shared by the pages of one group: their requests, the order of its sessions, and the texts of their rows, as on the
// console's page. Ages use the vendor's clock.

import { formatTime, formatDuration } from './model.js';

/** Milliseconds between two polls; the console uses the same interval for a group at rest. */
export const POLL_INTERVAL = 5_000;

/** The height of a row in pixels, as in the style sheet, and the number of rows rendered beyond the visible ones. */
export const ROW = 49;
export const OVERSCAN = 8;

export const COLUMNS = ['Session', 'Role', 'Score', 'Heartbeat', 'Last data processed', 'Override', 'Actions'];

export const EMPTY = { group: {}, status: {}, sessions: [], at: 0, clockOffset: 0 };

/**
 * Requests the group, its status and its sessions from the addresses in the page's query; `at` is the vendor's time.
 */
export async function read() {
  const [query, startedAt] = [new URLSearchParams(location.search), Date.now()];
  const answers = ['group', 'status', 'sessions'].map(async (name) => {
    const answer = await fetch(query.get(name));
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    return { value: await answer.json(), date: Date.parse(answer.headers.get('date')) };
  });
  const [group, status, sessions] = await Promise.all(answers);
  const clockOffset = sessions.date - Date.now();
  return { group: group.value, status: status.value, sessions: sessions.value, at: startedAt + clockOffset, clockOffset };
}

/** The roles by number: text, icon, rank in the order. */
const ROLES = [
  ['Secondary', 'normal', 2],
  ['Primary', 'primary', 0],
  ['Pending', 'pending', 1],
];
const NO_ROLE = ['Unknown', 'unknown', 3];

const roleOf = ({ Role }) => ROLES[Role] ?? NO_ROLE;

/** By role, then by id. */
export const compareSessions = (a, b) => roleOf(a)[2] - roleOf(b)[2] || (a.Id < b.Id ? -1 : 1);

/** The seconds of a time span without days. */
export function seconds(written = '00:00:00') {
  const [hours, minutes, rest] = written.split(':').map(Number);
  return (hours * 60 + minutes) * 60 + rest;
}

/** The vendor's tolerance in seconds before a heartbeat counts as missed. */
const SLACK = 2;

/**
 * The texts of a session's row at a time of the vendor's clock. Whether a heartbeat is missing depends on the time of
 * reading, because a newer one may have been posted since.
 */
export function rowOf(session, timeout, readAt, now) {
  const { Id, Name, Heartbeat, RoleOverride } = session;
  const [role, icon] = roleOf(session);
  const at = Date.parse(Heartbeat?.HeartbeatTime);
  const data = Date.parse(Heartbeat?.LastDataProcessedTime);
  const age = Math.max(0, now - at) / 1_000;
  const silence = (readAt - at) / 1_000;
  const isSilent = !(silence <= timeout);
  const isLate = !(silence <= timeout / 2 + SLACK);
  const health = Number.isNaN(at) ? 'no heartbeat yet' : isSilent ? 'stale, not eligible' : isLate ? 'missed 1 heartbeat' : '';
  return {
    id: Id,
    href: `?session=${encodeURIComponent(Id)}`,
    sub: [Name && Name !== Id ? Name : '', health].filter(Boolean).join(' · '),
    role,
    icon,
    score: Heartbeat?.FailoverStatus,
    heartbeat: Number.isNaN(at) ? 'never' : formatDuration(age * 1_000),
    meter: {
      max: timeout * 1.2,
      low: isLate ? timeout / 2 : timeout * 1.2,
      high: isSilent ? timeout : timeout * 1.2,
      value: Math.min(age || 0, timeout * 1.2),
      label: `${formatDuration(age * 1_000)} since the last heartbeat, timeout ${timeout} s`,
    },
    moment: Number.isNaN(data) ? '–' : formatTime(data, now),
    dataAge: Number.isNaN(data) ? 'none reported' : now - data < 1_000 ? 'now' : `${formatDuration(now - data)} ago`,
    override: RoleOverride === undefined ? 'not reported by v1-preview' : RoleOverride === 1 ? 'Primary, no end' : 'Off',
    isStale: isSilent,
  };
}
