//! The complete state, and how publications change it.

use super::connection::{Connection, Step, TrackedResource};
use super::leaders::Leaders;
use super::left_runs::LeftRuns;
use super::pause::Pause;
use super::shared_alarms::SharedAlarms;
use super::{Read, unread};
use crate::store::{StateChange, Table};
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, AlarmHistory, Handling, Maintenance};
use health::events::{self, Event};
use health::inventory::{Resource, ResourceKey};
use protocol::ConnectionState;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::mem;
use std::time::Duration;

/// The most removals that are remembered. A client with an older revision gets everything.
pub(super) const MAX_REMOVALS: usize = 4_096;

#[derive(Debug)]
pub(super) struct State {
    /// A random id that distinguishes the revisions of this run, or of a reset of its clock, from others.
    pub(super) instance_id: String,
    /// The number of clock resets when this started.
    pub(super) clock_resets: u64,
    /// The newest revision.
    pub(super) number: u64,
    /// In the order of the configuration.
    pub(super) connections: Vec<Connection>,
    /// The revision in which a connection last changed.
    pub(super) connections_at: u64,
    pub(super) removed: VecDeque<(u64, ResourceKey)>,
    /// The revision of the latest removal that was forgotten.
    pub(super) forgotten: u64,
    pub(super) left_runs: LeftRuns,
    pub(super) pause: Pause,
    pub(super) history: AlarmHistory,
    /// When the connections were last configured or started over.
    pub(super) configured_at: DateTime<Utc>,
    /// The open alarms, worst first, each with its handling.
    pub(super) alarms: Vec<Alarm>,
    /// The acknowledgements, notes and maintenance.
    pub(super) handling: Handling,
    /// Active and planned maintenance, earliest first.
    pub(super) shown_maintenance: Vec<Maintenance>,
    /// The revision in which an alarm last changed.
    pub(super) alarms_at: u64,
    /// Events that are not recorded yet.
    pub(super) unrecorded_events: Vec<Event>,
    /// Changes that are still to be saved.
    pub(super) unsaved: Vec<StateChange>,
    /// Since when each connection has been watched, in milliseconds since 1970. Survives restarts.
    pub(super) watched_since: BTreeMap<String, i64>,
    /// The last leaders from before a restart, by connections that are not configured yet.
    pub(super) saved_leaders: HashMap<String, Leaders>,
    /// The changes of alarms by other gateways.
    pub(super) shared_alarms: SharedAlarms,
    /// Number of publications, to detect resources that a complete one omits.
    publication: u64,
}

impl State {
    pub(super) fn new(instance_id: String, clock_resets: u64) -> Self {
        Self {
            instance_id,
            clock_resets,
            number: 0,
            connections: Vec::new(),
            connections_at: 0,
            removed: VecDeque::new(),
            forgotten: 0,
            left_runs: LeftRuns::default(),
            pause: Pause::default(),
            history: AlarmHistory::default(),
            configured_at: DateTime::<Utc>::MIN_UTC,
            alarms: Vec::new(),
            handling: Handling::default(),
            shown_maintenance: Vec::new(),
            alarms_at: 0,
            unrecorded_events: Vec::new(),
            unsaved: Vec::new(),
            watched_since: BTreeMap::new(),
            saved_leaders: HashMap::new(),
            shared_alarms: SharedAlarms::default(),
            publication: 0,
        }
    }

    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        let known = |connection: &Connection| connection.state.connection.id == id;
        self.connections.iter().position(known)
    }

    pub(super) fn knows(&self, connection: &str, ids: &[&str]) -> Option<bool> {
        self.connections[self.index_of(connection)?].knows(ids)
    }

    /// The changes that are still to be saved.
    pub(super) fn take_unsaved(&mut self) -> Vec<StateChange> {
        let mut unsaved = mem::take(&mut self.unsaved);
        let connections = self.connections.iter_mut();
        unsaved.extend(connections.flat_map(|one| one.leaders.take_unsaved()));
        unsaved
    }

    /// Begins a publication.
    pub(super) fn step(&mut self) -> Step {
        self.publication += 1;
        Step {
            publication: self.publication,
            revision: self.number + 1,
        }
    }

    /// Ends a publication that may have changed something.
    pub(super) fn end(&mut self, step: Step, changed: bool) {
        if changed {
            self.number = step.revision;
        }
    }

    /// Remembers removed resources. Returns whether there are any.
    pub(super) fn remove(&mut self, gone: Vec<ResourceKey>, step: Step) -> bool {
        let any = !gone.is_empty();
        for key in gone {
            self.removed.push_back((step.revision, key));
        }
        while self.removed.len() > MAX_REMOVALS {
            if let Some((revision, _)) = self.removed.pop_front() {
                self.forgotten = revision;
            }
        }
        any
    }

    pub(super) fn configured(&self) -> Vec<(vendors::Connection, Duration)> {
        let of = |connection: &Connection| {
            let interval = Duration::from_millis(connection.state.interval_ms);
            (connection.state.connection.clone(), interval)
        };
        self.connections.iter().map(of).collect()
    }

    pub(super) fn configure(
        &mut self,
        wanted: Vec<(vendors::Connection, Duration)>,
        now: DateTime<Utc>,
    ) {
        let step = self.step();
        self.configured_at = now;
        let mut old = mem::take(&mut self.connections);
        self.update_watched_since(&wanted, &old, now);
        for (public, interval) in wanted {
            let same = old.iter().position(|one| one.state.connection == public);
            let connection = match same {
                Some(index) => old.swap_remove(index),
                None => {
                    let kind = public.system.kind();
                    let before = old.iter_mut().find(|one| {
                        let before = &one.state.connection;
                        before.id == public.id && before.system.kind() == kind
                    });
                    // With another title, for example, its alarms stay until it is read.
                    if let Some(before) = before {
                        self.history.carry_over(&public.id);
                        let leaders = mem::take(&mut before.leaders);
                        self.saved_leaders.insert(public.id.clone(), leaders);
                    }
                    self.unread(public, interval)
                }
            };
            self.connections.push(connection);
        }
        for gone in old {
            self.drop_resources(gone, step);
        }
        let removed = mem::take(&mut self.saved_leaders).into_values();
        self.unsaved.extend(removed.flat_map(Leaders::deleted));
        self.connections_at = step.revision;
        self.represent_shared(step, now);
        self.judge_alarms(step, now);
        self.end(step, true);
    }

    /// Adds new connections, and removes deleted ones. Another system with the same id is another connection.
    fn update_watched_since(
        &mut self,
        wanted: &[(vendors::Connection, Duration)],
        old: &[Connection],
        now: DateTime<Utc>,
    ) {
        let wanted: Vec<_> = wanted.iter().map(|(public, _)| public).collect();
        let is_other = |one: &vendors::Connection| {
            let kind = one.system.kind();
            let mut old = old.iter().map(|old| &old.state.connection);
            old.any(|old| old.id == one.id && old.system.kind() != kind)
        };
        let unsaved = &mut self.unsaved;
        self.watched_since.retain(|id, _| {
            let is_kept = wanted.iter().any(|one| one.id == *id && !is_other(one));
            if !is_kept {
                unsaved.push(StateChange::delete(Table::WatchedConnections, id));
            }
            is_kept
        });
        for one in wanted {
            self.watched_since.entry(one.id.clone()).or_insert_with(|| {
                let now = now.timestamp_millis();
                unsaved.push(StateChange::put(Table::WatchedConnections, &one.id, &now));
                now
            });
        }
    }

    /// A connection that has not been read yet.
    fn unread(&mut self, public: vendors::Connection, interval: Duration) -> Connection {
        let since = self.watched_since.get(&public.id);
        let watched_since = since.and_then(|since| DateTime::from_timestamp_millis(*since));
        let leaders = self.saved_leaders.remove(&public.id);
        let leaders = leaders.unwrap_or_else(|| Leaders::of(&public.id));
        let state = ConnectionState {
            watched_since,
            ..unread(public, interval)
        };
        Connection::new(state, leaders)
    }

    pub(super) fn forget(&mut self, id: &str, now: DateTime<Utc>) {
        let Some(index) = self.index_of(id) else {
            return;
        };
        let step = self.step();
        self.configured_at = now;
        let held = &self.connections[index].state;
        let interval = Duration::from_millis(held.interval_ms);
        let new = self.unread(held.connection.clone(), interval);
        let old = mem::replace(&mut self.connections[index], new);
        self.history.carry_over(id);
        self.drop_resources(old, step);
        self.connections_at = step.revision;
        self.represent_shared(step, now);
        self.judge_alarms(step, now);
        self.end(step, true);
    }

    fn drop_resources(&mut self, mut of: Connection, step: Step) {
        self.unsaved.extend(mem::take(&mut of.leaders).deleted());
        let is_shared = of.is_shared();
        let mut gone = Vec::new();
        for held in of.resources.into_values() {
            gone.push(held.judged.resource.key.clone());
            if is_shared {
                // Another connection may list it.
                self.left_runs
                    .add(held.judged.resource.key.id.clone(), Some(held));
            }
        }
        self.remove(gone, step);
    }

    pub(super) fn publish(
        &mut self,
        reported: &ConnectionState,
        read: Read<'_>,
        now: DateTime<Utc>,
    ) {
        let Some(index) = self.index_of(&reported.connection.id) else {
            return;
        };
        let step = self.step();
        let connection = &mut self.connections[index];
        // The system was just replaced by another one with the same id.
        if connection.state.connection != reported.connection {
            return;
        }
        let updated = ConnectionState {
            watched_since: connection.state.watched_since,
            ..reported.clone()
        };
        let before = mem::replace(&mut connection.state, updated);
        connection.baseline = before.observed_at;
        let only_time = matches!(read, Read::Nothing)
            && (&before.failure, before.observed_at) == (&reported.failure, reported.observed_at);
        let mut changed = self.apply_read(index, read, now, step);
        let connection = &mut self.connections[index];
        connection.state.held = if connection.is_shared() {
            connection.listed.len()
        } else {
            connection.resources.len()
        };
        if connection.state != before {
            self.connections_at = step.revision;
            changed = true;
        }
        if !only_time {
            // The severity of a connection's alarm depends on what it hides, which another connection may represent by
            // now.
            let turned = |one: &Connection| one.is_shared() && one.has_turned(now);
            if self.connections.iter().any(turned) {
                changed |= self.represent_shared(step, now);
            }
            changed |= self.judge_alarms(step, now);
        }
        self.end(step, changed);
    }

    /// Applies a reading. Returns whether a resource changed.
    fn apply_read(&mut self, index: usize, read: Read<'_>, now: DateTime<Utc>, step: Step) -> bool {
        let connection = &mut self.connections[index];
        let id = connection.state.connection.id.clone();
        let moment = connection.moment(now);
        let unrecorded = &mut self.unrecorded_events;
        let mut changed = false;
        let is_complete = !matches!(read, Read::Groups(_) | Read::Part(_) | Read::Nothing);
        match read {
            Read::Nothing => {}
            Read::Groups(groups) => {
                changed |= connection.hold_groups(groups, step, &moment, unrecorded);
            }
            Read::AllGroups(groups) => {
                changed |= connection.hold_groups(groups, step, &moment, unrecorded);
            }
            Read::Publication(publication) => {
                return self.apply_publication(index, *publication, now, step);
            }
            Read::Everything(contents) if connection.is_shared() => {
                let listed = contents.resources(&id, &moment).into_iter();
                let listed = listed.map(|judged| connection.keep_known(judged, &moment));
                connection.list(listed.collect(), step);
                return self.represent_shared(step, now);
            }
            Read::Everything(contents) | Read::Part(contents) => {
                for judged in contents.resources(&id, &moment) {
                    let judged = connection.keep_known(judged, &moment);
                    changed |= connection.hold(judged, step, &moment, unrecorded);
                }
            }
        }
        if is_complete {
            let gone = connection.drop_unnamed(step);
            changed |= self.remove_resources(index, gone, now, step);
        }
        changed
    }

    /// Adds the events for removed resources, and remembers the removals. Returns whether there are any.
    pub(super) fn remove_resources(
        &mut self,
        index: usize,
        gone: Vec<TrackedResource>,
        now: DateTime<Utc>,
        step: Step,
    ) -> bool {
        let gone = gone.into_iter().map(|held| held.judged.resource);
        let gone: Vec<Resource> = gone.collect();
        let leaders = &mut self.connections[index].leaders;
        gone.iter().for_each(|gone| leaders.forget(&gone.key.id));
        if self.connections[index].baseline.is_some() {
            let gone = gone.iter();
            let events = gone.filter_map(|resource| events::gone(resource, now));
            self.unrecorded_events.extend(events);
        }
        let keys = gone.into_iter().map(|resource| resource.key).collect();
        self.remove(keys, step)
    }

    pub(super) fn tick(&mut self, now: DateTime<Utc>) {
        if !self.connections.iter().any(|one| one.has_turned(now)) {
            // Time alone changes nothing else.
            if self.handling != Handling::default() {
                self.refresh_handling(now);
            }
            return;
        }
        let step = self.step();
        let changed = self.represent_shared(step, now);
        let changed = self.judge_alarms(step, now) || changed;
        self.end(step, changed);
    }
}
