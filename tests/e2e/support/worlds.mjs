// Finding one's way in what `GET /world` answers, and saying its values as the console does.

/** The connections of the demonstration: id and title. */
export const TITLES = {
  'plant-a': 'Plant A',
  'plant-b': 'Plant B',
  live: 'Live channels',
  em: 'Enterprise Manager',
  'em-old': 'Enterprise Manager 9.5',
};

/** What one system holds. */
export const system = (world, id) => {
  const held = world.systems[id];
  if (held === undefined) throw new Error(`the world has no system ${id}`);
  return held;
};

/** The path of a page, each id percent-encoded. */
export const path = (...parts) => `/${parts.map(encodeURIComponent).join('/')}`;

/** An instant of the world's day as the console writes it in UTC. */
export const clockTime = (instant) => new Date(instant).toISOString().slice(11, 19);

/** Text as a table's cell shows it. */
export const plain = (text) => text.replace(/\s+/g, ' ').trim();

/** The failover sessions of a Veeam system, in words of our own. */
export const sessions = (world, id) =>
  system(world, id).sessions.map((session) => ({
    guid: session.UID,
    name: session.Name,
    state: session.State,
    result: session.Result,
    started: session.CreationTimeUTC,
    ended: session.EndTimeUTC,
    message: session.FailureMessage,
    server: session.BackupServerName,
    tasks: session.Tasks.map(({ VmName }) => ({ machine: VmName })),
  }));

/** Those that run or ended in the last 24 hours: the others are history, which only queries find. */
export const recentSessions = (world, id) => {
  const day = 24 * 3_600_000;
  return sessions(world, id).filter(
    ({ state, started, ended }) => state !== 'Stopped' || Date.parse(world.clock.now) - Date.parse(ended ?? started) <= day,
  );
};
