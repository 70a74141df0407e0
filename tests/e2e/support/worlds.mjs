// Reads the simulated world of `GET /world`, and formats its values as the console does.

/** The connections of the demonstration: id and title. */
export const TITLES = {
  'plant-a': 'Plant A',
  'plant-b': 'Plant B',
  live: 'Live channels',
  em: 'Enterprise Manager',
  'em-old': 'Enterprise Manager 9.5',
};

/** The state of one system. */
export const system = (world, id) => {
  const state = world.systems[id];
  if (state === undefined) throw new Error(`the world has no system ${id}`);
  return state;
};

/** The path of a page, each id percent-encoded. */
export const path = (...parts) => `/${parts.map(encodeURIComponent).join('/')}`;

/** A time of day in UTC, as the console formats it. */
export const clockTime = (instant) => new Date(instant).toISOString().slice(11, 19);

/** Text as a table's cell shows it. */
export const plain = (text) => text.replace(/\s+/g, ' ').trim();

/** The failover sessions of a Veeam system, with our own field names. */
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

/** Sessions that run or ended in the last 24 hours; older ones are only found by queries. */
export const recentSessions = (world, id) => {
  const day = 24 * 3_600_000;
  return sessions(world, id).filter(
    ({ state, started, ended }) => state !== 'Stopped' || Date.parse(world.clock.now) - Date.parse(ended ?? started) <= day,
  );
};
