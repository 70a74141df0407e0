//! What changed since a revision.

use super::connection::TrackedResource;
use super::state::State;
use chrono::{DateTime, Utc};
use health::inventory::ResourceKey;

/// A revision that somebody holds, as this inventory knows it. Equal positions get equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Position {
    instance_id: String,
    /// The newest revision.
    newest: u64,
    /// What came after this one is wanted; everything where there is none.
    after: Option<u64>,
}

impl Position {
    /// Whether an answer for another position was made from the same knowledge.
    pub(crate) fn is_as_new_as(&self, other: &Self) -> bool {
        (&self.instance_id, self.newest) == (&other.instance_id, other.newest)
    }
}

impl State {
    /// A revision of another instance, one that cannot be read, one from the future, and one that is older than
    /// the removals that are remembered, are none: then everything is answered.
    pub(super) fn position(&self, after: Option<&str>) -> Position {
        let number = |text: &str| {
            let (instance_id, number) = text.rsplit_once('-')?;
            let number = number.parse::<u64>().ok()?;
            let known = instance_id == self.instance_id
                && number <= self.number
                && number >= self.forgotten;
            known.then_some(number)
        };
        Position {
            instance_id: self.instance_id.clone(),
            newest: self.number,
            after: after.and_then(number),
        }
    }

    pub(super) fn answer(&self, position: &Position, now: DateTime<Utc>) -> protocol::Inventory {
        // Between the two calls much may have happened.
        let known =
            |after: &u64| position.instance_id == self.instance_id && *after >= self.forgotten;
        let after = position.after.filter(known);
        let changed = |revision: u64| after.is_none_or(|after| revision > after);
        let held = self
            .connections
            .iter()
            .flat_map(|connection| connection.resources.values());
        let held = held.filter(|held| changed(held.revision));
        let (whole, times): (Vec<_>, Vec<_>) = held.partition(|held| changed(held.beyond_times));
        let states = self.connections.iter().map(|one| one.state.clone());
        protocol::Inventory {
            revision: format!("{}-{}", self.instance_id, self.number),
            now,
            // What is watched does not know which console is served.
            build: String::new(),
            activity: 0,
            alerts_fail: false,
            whole: after.is_none(),
            connections: changed(self.connections_at).then(|| states.collect()),
            resources: whole.into_iter().map(TrackedResource::shown).collect(),
            times: times
                .into_iter()
                .filter_map(|held| held.judged.resource.times())
                .collect(),
            removed: after.map_or_else(Vec::new, |after| self.removed_since(after)),
            alarms: changed(self.alarms_at).then(|| self.alarms.clone()),
            maintenance: changed(self.alarms_at).then(|| self.maintenance()),
        }
    }

    /// What is gone and has not come back.
    pub(super) fn removed_since(&self, after: u64) -> Vec<ResourceKey> {
        let is_here = |key: &ResourceKey| {
            let place = self.place(&key.connection);
            place.is_some_and(|place| {
                let held = self.connections[place].resources.get(&key.id);
                held.is_some_and(|held| held.judged.resource.key == *key)
            })
        };
        let newest_first = self.removed.iter().rev();
        let mut keys: Vec<ResourceKey> = newest_first
            .take_while(|(revision, _)| *revision > after)
            .filter(|(_, key)| !is_here(key))
            .map(|(_, key)| key.clone())
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }
}
