//! The last observed leaders of a connection's groups. They are saved, so that the first readings after a restart are
//! compared with them.

use crate::store::{StateChange, Table};
use health::events::{Event, LastLeader};
use health::inventory::{Judged, Moment};
use std::collections::{BTreeMap, HashMap};
use std::mem;

/// Separates the id of the connection, which cannot contain it, from that of the group.
const SEPARATOR: char = '/';

#[derive(Debug, Default)]
pub(super) struct Leaders {
    connection: String,
    /// By the group's id.
    known: BTreeMap<String, LastLeader>,
    unsaved: Vec<StateChange>,
}

/// Sorts saved leaders by connection.
pub(super) fn by_connection(saved: BTreeMap<String, LastLeader>) -> HashMap<String, Leaders> {
    let mut all: HashMap<String, Leaders> = HashMap::new();
    for (id, leader) in saved {
        if let Some((connection, group)) = id.split_once(SEPARATOR) {
            let of = all.entry(connection.to_owned());
            let of = of.or_insert_with(|| Leaders::of(connection));
            of.known.insert(group.to_owned(), leader);
        }
    }
    all
}

impl Leaders {
    pub(super) fn of(connection: &str) -> Self {
        Self {
            connection: connection.to_owned(),
            ..Self::default()
        }
    }

    /// Notes the leader of a reading. `held` is the reading before it: only without one is the leader compared here,
    /// because otherwise the two readings are.
    pub(super) fn observe(
        &mut self,
        held: Option<&Judged>,
        judged: &Judged,
        moment: &Moment,
        events_seen: &mut Vec<Event>,
    ) {
        let Some(now) = LastLeader::of(&judged.resource) else {
            return;
        };
        let id = &judged.resource.key.id;
        let last = self.known.get(id);
        if last == Some(&now) {
            return;
        }
        let is_first = held.is_none_or(|held| LastLeader::of(&held.resource).is_none());
        if let Some(last) = last.filter(|_| is_first) {
            events_seen.extend(last.changes_until(judged, moment));
        }
        self.unsaved.push(self.put(id, &now));
        self.known.insert(id.clone(), now);
    }

    fn key(&self, id: &str) -> String {
        format!("{}{SEPARATOR}{id}", self.connection)
    }

    fn put(&self, id: &str, leader: &LastLeader) -> StateChange {
        StateChange::put(Table::LastLeaders, self.key(id), leader)
    }

    /// Forgets a group that no longer exists.
    pub(super) fn forget(&mut self, id: &str) {
        if self.known.remove(id).is_some() {
            let deleted = StateChange::delete(Table::LastLeaders, self.key(id));
            self.unsaved.push(deleted);
        }
    }

    /// Forgets the groups that do not satisfy `is_kept`.
    pub(super) fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        let gone: Vec<_> = self
            .known
            .keys()
            .filter(|id| !is_kept(id))
            .cloned()
            .collect();
        gone.iter().for_each(|id| self.forget(id));
    }

    /// The changes that delete all of them, after the connection was removed or replaced.
    pub(super) fn deleted(self) -> impl Iterator<Item = StateChange> {
        let keys: Vec<_> = self.known.keys().map(|id| self.key(id)).collect();
        keys.into_iter()
            .map(|key| StateChange::delete(Table::LastLeaders, key))
    }

    /// Saves all of them again: the previous leader of the gateways may not have saved the latest.
    pub(super) fn save_again(&mut self) {
        let all = self.known.iter().map(|(id, leader)| self.put(id, leader));
        self.unsaved = all.collect();
    }

    pub(super) fn take_unsaved(&mut self) -> Vec<StateChange> {
        mem::take(&mut self.unsaved)
    }
}
