//! Changes of alarms by other gateways at the same store. The leader records the alarms, and all gateways use its ids
//! and share their handling.

use super::Inventory;
use super::state::State;
use crate::store::{SavedState, StateChange, StoreUpdate, Table};
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, Handling};
use std::collections::{BTreeMap, HashMap};

/// The shared state, as last read from the store.
#[derive(Debug, Default)]
pub(super) struct SharedAlarms {
    /// The revision of the saved state that was last applied.
    revision: i64,
    /// Number of changes that people made here.
    pub(super) handled: u64,
    /// Whether another gateway is the leader.
    pub(super) is_follower: bool,
    /// The recorded alarms, by id.
    recorded: BTreeMap<String, Alarm>,
    /// The present ids of alarms, by their earlier ids.
    renamed: HashMap<String, String>,
}

impl SharedAlarms {
    /// The present id of an alarm.
    pub(super) fn id_now<'a>(&'a self, id: &'a str) -> &'a str {
        self.renamed.get(id).map_or(id, String::as_str)
    }
}

impl State {
    /// Applies changes by other gateways. `handled` is the number of local changes when the update was requested: an
    /// older update does not include later ones and is ignored.
    pub(super) fn take_update(&mut self, update: StoreUpdate, handled: u64, now: DateTime<Utc>) {
        if let Some(saved) = update.saved
            && handled == self.shared_alarms.handled
        {
            self.shared_alarms.revision = update.revision;
            let recorded_here = update.leads && !self.shared_alarms.is_follower;
            self.take_saved(saved, recorded_here);
            self.refresh_handling(now);
        }
        if update.leads && self.shared_alarms.is_follower {
            // Save what the previous leader could not save.
            let connections = self.connections.iter_mut();
            connections.for_each(|one| one.leaders.save_again());
            let open = self.history.alarms();
            let is_open = |id: &String| open.iter().any(|alarm| alarm.id == **id);
            let gone = self.shared_alarms.recorded.keys().filter(|id| !is_open(id));
            let changes = open
                .iter()
                .map(|alarm| StateChange::put(Table::OpenAlarms, &alarm.id, alarm))
                .chain(gone.map(|id| StateChange::delete(Table::OpenAlarms, id)));
            self.unsaved.extend(changes.collect::<Vec<_>>());
        }
        self.shared_alarms.is_follower = !update.leads;
    }

    /// Uses the leader's ids for alarms, including earlier ones.
    pub(super) fn adopt_recorded(&mut self) {
        if self.shared_alarms.is_follower {
            let renamed = self.history.adopt(self.shared_alarms.recorded.values());
            self.shared_alarms.renamed.extend(renamed);
        }
    }

    /// Alarms that another gateway recorded keep their ids, even if this one becomes the leader.
    fn take_saved(&mut self, mut saved: SavedState, recorded_here: bool) {
        let open = saved.take::<Alarm>(Table::OpenAlarms);
        if !recorded_here {
            let renamed = self.history.adopt(open.values());
            self.shared_alarms.renamed.extend(renamed);
        }
        let shared_alarms = &mut self.shared_alarms;
        shared_alarms.renamed.retain(|_, id| open.contains_key(id));
        shared_alarms.recorded = open;
        self.handling = Handling {
            acknowledgements: saved.take(Table::Acknowledgements),
            notes: saved.take(Table::Notes),
            maintenance: saved.take(Table::Maintenance),
        };
    }
}

impl Inventory {
    /// Waits for changes by other gateways.
    pub(crate) async fn store_changed(&self) {
        self.store.changed().await;
    }

    /// Applies changes by other gateways, if there are any.
    pub(crate) async fn sync_with_store(&self) {
        #[cfg(test)]
        self.fail_on_purpose("the store poll");
        let (after, handled) = {
            let state = self.state();
            (state.shared_alarms.revision, state.shared_alarms.handled)
        };
        let Some(update) = self.store.poll_changes(after).await else {
            return;
        };
        let now = self.clock.now();
        let mut state = self.state();
        state.take_update(update, handled, now);
        self.record(state);
    }

    /// The id by which all gateways know an alarm, after applying their latest changes. `None` if the leader has not
    /// seen the alarm yet.
    pub(crate) async fn shared_id(&self, id: &str) -> Option<String> {
        self.sync_with_store().await;
        let shared_alarms = &self.state().shared_alarms;
        let id = shared_alarms.id_now(id);
        let is_shared = self.store.leads() || shared_alarms.recorded.contains_key(id);
        is_shared.then(|| id.to_owned())
    }
}
