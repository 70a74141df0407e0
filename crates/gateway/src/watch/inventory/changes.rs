//! The changes since a revision.

use super::connection::TrackedResource;
use super::state::State;
use chrono::{DateTime, Utc};
use health::inventory::ResourceKey;

/// A client's revision, checked against this inventory. Equal positions get equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Position {
    instance_id: String,
    /// The newest revision.
    newest: u64,
    /// The revision after which changes are wanted; `None` for everything.
    after: Option<u64>,
}

impl Position {
    /// Whether an answer for another position contains the same state.
    pub(crate) fn is_as_new_as(&self, other: &Self) -> bool {
        (&self.instance_id, self.newest) == (&other.instance_id, other.newest)
    }
}

impl State {
    /// The position of a revision. An unreadable or future revision, one of another instance, and one from before the
    /// oldest remembered removal are ignored: the answer then contains everything.
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
        // The state may have changed between the two calls.
        let known =
            |after: &u64| position.instance_id == self.instance_id && *after >= self.forgotten;
        let after = position.after.filter(known);
        let changed = |revision: u64| after.is_none_or(|after| revision > after);
        let held = self
            .connections
            .iter()
            .flat_map(|connection| connection.resources.values());
        let held = held.filter(|held| changed(held.revision));
        let (changed_contents, times): (Vec<_>, Vec<_>) =
            held.partition(|held| changed(held.contents_at));
        let states = self.connections.iter().map(|one| one.state.clone());
        protocol::Inventory {
            revision: format!("{}-{}", self.instance_id, self.number),
            now,
            // The inventory does not know which console is served.
            build: String::new(),
            activity: 0,
            alerts_fail: false,
            whole: after.is_none(),
            connections: changed(self.connections_at).then(|| states.collect()),
            resources: changed_contents
                .into_iter()
                .map(TrackedResource::shown)
                .collect(),
            times: times
                .into_iter()
                .filter_map(|held| held.judged.resource.times())
                .collect(),
            removed: after.map_or_else(Vec::new, |after| self.removed_since(after)),
            alarms: changed(self.alarms_at).then(|| self.alarms.clone()),
            maintenance: changed(self.alarms_at).then(|| self.shown_maintenance.clone()),
        }
    }

    /// The resources that were removed after a revision and have not come back.
    pub(super) fn removed_since(&self, after: u64) -> Vec<ResourceKey> {
        let is_here = |key: &ResourceKey| {
            let index = self.index_of(&key.connection);
            index.is_some_and(|index| {
                let held = self.connections[index].resources.get(&key.id);
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
