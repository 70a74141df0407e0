//! What is judged over all connections: who represents a resource that several of them list, and the alarms.

use super::connection::{Connection, Step};
use super::state::State;
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, Changes, Source};
use health::events;
use health::inventory::{Judged, Kind, merge};
use std::cmp::Reverse;

impl State {
    /// Divides what several connections list among them, each resource to one: to one that can be believed,
    /// and among those to the first; where none can, to the one that was read last. Returns whether a resource changed.
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
        for judged in merged {
            if let Some(place) = self.place(&judged.resource.key.connection) {
                let connection = &mut self.connections[place];
                let moment = connection.moment(now);
                changed |= connection.hold(judged, step, &moment, &mut self.seen);
            }
        }
        let mut gone = Vec::new();
        for connection in self.connections.iter_mut().filter(|one| one.is_shared()) {
            gone.extend(connection.drop_unnamed(step));
        }
        let keys = gone.into_iter().map(|resource| resource.key).collect();
        self.remove(keys, step) || changed
    }

    /// Judges what is an alarm at this moment, and which states have lasted too long. Returns whether that changed.
    pub(super) fn judge_alarms(&mut self, step: Step, now: DateTime<Utc>) -> bool {
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
            let place = self.place(&alarm.resource.connection);
            let of = place.map(|place| &self.connections[place]);
            alarm.resource.kind != Kind::Connection && of.is_some_and(|of| of.baseline.is_none())
        };
        let seen = events::of_alarms(&changes, is_first, now);
        self.seen.extend(seen);
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
}
