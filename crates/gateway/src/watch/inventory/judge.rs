//! Judgement over all connections: the representative of a resource that several of them list, and the alarms.

use super::connection::{Connection, Step, TrackedResource};
use super::state::State;
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, Changes, Source};
use health::events;
use health::inventory::{Judged, Kind, ResourceKey, merge};
use std::cmp::Reverse;

impl State {
    /// Assigns each resource that several connections list to one of them: the first that can be believed or, if none
    /// can, the one that was read last. Returns whether a resource changed.
    pub(super) fn represent_shared(&mut self, step: Step, now: DateTime<Utc>) -> bool {
        let mut shared: Vec<&Connection> = self
            .connections
            .iter()
            .filter(|connection| connection.is_shared())
            .collect();
        shared.sort_by_key(|connection| {
            let is_silent = !connection.freshness_at(now).is_believable();
            let last = is_silent.then_some(Reverse(connection.state.observed_at));
            (is_silent, last)
        });
        let merged: Vec<Judged> = merge(shared.iter().map(|one| one.listed.as_slice()));
        let mut changed = false;
        let mut removed = Vec::new();
        for judged in merged {
            let Some(index) = self.index_of(&judged.resource.key.connection) else {
                continue;
            };
            if !self.connections[index].holds(&judged.resource.key.id) {
                changed = true;
                if let Some(known) = self.known_run(&judged.resource.key.id, &mut removed) {
                    // Two readings of one run are compared, whichever connections represent it.
                    let known = known.unwrap_or_else(|| TrackedResource::new(judged.clone(), step));
                    self.connections[index].take_over(known, step);
                }
            }
            let connection = &mut self.connections[index];
            let moment = connection.moment(now);
            changed |= connection.hold(judged, step, &moment, &mut self.unrecorded_events);
        }
        for connection in self.connections.iter_mut().filter(|one| one.is_shared()) {
            for left in connection.drop_unnamed(step) {
                removed.push(left.judged.resource.key.clone());
                self.left_runs
                    .add(left.judged.resource.key.id.clone(), Some(left));
            }
        }
        self.remove(removed, step) || changed
    }

    /// The last reading of a run that another connection is going to represent: from the connection that represents it
    /// now, or from when it left the list. `None` if no connection has listed it; `Some(None)` if it was recorded
    /// before a restart, without a reading.
    fn known_run(
        &mut self,
        id: &str,
        removed: &mut Vec<ResourceKey>,
    ) -> Option<Option<TrackedResource>> {
        let mut shared = self.connections.iter_mut().filter(|one| one.is_shared());
        let Some(held) = shared.find_map(|one| one.resources.remove(id)) else {
            return self.left_runs.take(id);
        };
        removed.push(held.judged.resource.key.clone());
        Some(Some(held))
    }

    /// Judges the present alarms, and the states that have lasted too long. Returns whether anything changed.
    pub(super) fn judge_alarms(&mut self, step: Step, now: DateTime<Utc>) -> bool {
        if self.waits_for_readings(now) {
            return self.mark_alarms(step, now);
        }
        for connection in &mut self.connections {
            connection.freshness = connection.freshness_at(now);
        }
        let sources: Vec<Source> = self.connections.iter().map(Connection::source).collect();
        let resources = self
            .connections
            .iter()
            .flat_map(|connection| connection.resources.values())
            .map(|held| &held.judged);
        let changes = self.history.update(&sources, resources, now);
        log(&changes);
        let mut changed = false;
        for connection in &mut self.connections {
            for held in connection.resources.values_mut() {
                let lingers = self.history.lingering(&held.judged.resource).is_some();
                changed |= held.linger(lingers, step);
            }
        }
        let is_first = |alarm: &Alarm| {
            let index = self.index_of(&alarm.resource.connection);
            let of = index.map(|index| &self.connections[index]);
            alarm.resource.kind != Kind::Connection && of.is_some_and(|of| of.baseline.is_none())
        };
        let seen = events::of_alarms(&changes, is_first, now);
        self.unrecorded_events.extend(seen);
        self.adopt_recorded();
        self.mark_alarms(step, now) || changed
    }
}

fn log(changes: &Changes) {
    let line = |alarm: &Alarm, what: &str| {
        tracing::info!(
            resource = alarm.resource.id,
            connection = alarm.resource.connection,
            severity = alarm.severity.key(),
            sentence = alarm.sentence,
            "alarm {what}"
        );
    };
    for alarm in &changes.began {
        line(alarm, "began");
    }
    for alarm in &changes.worsened {
        line(alarm, "got worse");
    }
    for alarm in &changes.ended {
        line(alarm, "ended");
    }
    for alarm in &changes.unwatched {
        line(alarm, "no longer watched");
    }
}
