// What the pages of one group have in common: what they ask for, the order of its sessions, and the words of their rows,
// as the console's page has them. Ages are by the vendor's clock.

import { moment, span } from './model.js';

/** Milliseconds between two readings, as the console has them of a group at rest. */
export const INTERVAL = 5_000;

/** The height of a row in pixels, as the style sheet sets it, and how many are drawn beyond what is seen. */
export const ROW = 49;
export const OVERSCAN = 8;

export const COLUMNS = ['Session', 'Role', 'Score', 'Heartbeat', 'Last data processed', 'Override', 'Actions'];

export const nothing = { group: {}, status: {}, sessions: [], at: 0, ahead: 0 };

/** Asks for the group, its status and its sessions, whose addresses stand in the page's own. `at` is when, by the vendor's clock. */
export async function read() {
  const [asked, begun] = [new URLSearchParams(location.search), Date.now()];
  const answers = ['group', 'status', 'sessions'].map(async (name) => {
    const answer = await fetch(asked.get(name));
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    return { value: await answer.json(), date: Date.parse(answer.headers.get('date')) };
  });
  const [group, status, sessions] = await Promise.all(answers);
  const ahead = sessions.date - Date.now();
  return { group: group.value, status: status.value, sessions: sessions.value, at: begun + ahead, ahead };
}

/** The roles by number: their word, their icon, and who comes first. */
const ROLES = [
  ['Secondary', 'normal', 2],
  ['Primary', 'primary', 0],
  ['Pending', 'pending', 1],
];
const NO_ROLE = ['Unknown', 'unknown', 3];

const roleOf = ({ Role }) => ROLES[Role] ?? NO_ROLE;

/** Who collects first, and equal ones by id. */
export const inOrder = (a, b) => roleOf(a)[2] - roleOf(b)[2] || (a.Id < b.Id ? -1 : 1);

/** The seconds of a time span without days. */
export function seconds(written = '00:00:00') {
  const [hours, minutes, rest] = written.split(':').map(Number);
  return (hours * 60 + minutes) * 60 + rest;
}

/** A vendor's tolerance before a heartbeat counts as missed, in seconds. */
const SLACK = 2;

/**
 * A session as its row shows it, at a moment by the vendor's clock. Whether a heartbeat is missing is judged by when it was
 * read: one may have come since.
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
    heartbeat: Number.isNaN(at) ? 'never' : span(age * 1_000),
    meter: {
      max: timeout * 1.2,
      low: isLate ? timeout / 2 : timeout * 1.2,
      high: isSilent ? timeout : timeout * 1.2,
      value: Math.min(age || 0, timeout * 1.2),
      label: `${span(age * 1_000)} since the last heartbeat, timeout ${timeout} s`,
    },
    moment: Number.isNaN(data) ? '–' : moment(data, now),
    dataAge: Number.isNaN(data) ? 'never' : now - data < 1_000 ? 'now' : `${span(now - data)} ago`,
    pinned: RoleOverride === undefined ? 'not reported by v1-preview' : RoleOverride === 1 ? 'Primary, no end' : 'Off',
    isStale: isSilent,
  };
}
