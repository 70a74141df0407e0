//! What other gateways have changed that share the store. One of them records what all see: by its names all know the
//! alarms, and what people do at one is told by all.

use super::Inventory;
use super::state::State;
use crate::store::{SavedState, StateChange, StoreUpdate, Table};
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, Handling};
use std::collections::{BTreeMap, HashMap};

/// What is known of the store that others change too.
#[derive(Debug, Default)]
pub(super) struct SharedAlarms {
    /// The number of the saved state that was taken over last.
    revision: i64,
    /// Counts what people did here.
    pub(super) handled: u64,
    /// Whether another gateway is the one that records.
    pub(super) follows: bool,
    /// The alarms that are recorded, by their ids.
    recorded: BTreeMap<String, Alarm>,
    /// By which ids alarms were known here before.
    renamed: HashMap<String, String>,
}

impl SharedAlarms {
    /// By which id an alarm is known now.
    pub(super) fn id_now<'a>(&'a self, id: &'a str) -> &'a str {
        self.renamed.get(id).map_or(id, String::as_str)
    }
}

impl State {
    /// Takes over what others have changed. `handled` is how often somebody had done something here when it was asked
    /// for: what is older than that says nothing of it.
    pub(super) fn take_update(&mut self, update: StoreUpdate, handled: u64, now: DateTime<Utc>) {
        if let Some(saved) = update.saved
            && handled == self.shared_alarms.handled
        {
            self.shared_alarms.revision = update.revision;
            let recorded_here = update.leads && !self.shared_alarms.follows;
            self.take_saved(saved, recorded_here);
            self.refresh_handling(now);
        }
        if update.leads && self.shared_alarms.follows {
            // What the one before has not come to write.
            let open = self.history.alarms();
            let is_open = |id: &String| open.iter().any(|alarm| alarm.id == **id);
            let gone = self.shared_alarms.recorded.keys().filter(|id| !is_open(id));
            let changes = open
                .iter()
                .map(|alarm| StateChange::put(Table::OpenAlarms, &alarm.id, alarm))
                .chain(gone.map(|id| StateChange::delete(Table::OpenAlarms, id)));
            self.unsaved.extend(changes.collect::<Vec<_>>());
        }
        self.shared_alarms.follows = !update.leads;
    }

    /// Knows alarms by the ids of the gateway that records, also those that it has seen before.
    pub(super) fn adopt_recorded(&mut self) {
        if self.shared_alarms.follows {
            let renamed = self.history.adopt(self.shared_alarms.recorded.values());
            self.shared_alarms.renamed.extend(renamed);
        }
    }

    /// What another gateway recorded goes on by its ids, also where this one takes its place.
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
    /// Waits until another gateway that shares the store may have changed something.
    pub(crate) async fn store_changed(&self) {
        self.store.changed().await;
    }

    /// Takes over what other gateways have changed that share the store, where there are some.
    pub(crate) async fn sync_with_store(&self) {
        #[cfg(test)]
        self.fail_on_purpose("the look at the store");
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

    /// The id by which all gateways know an alarm that is open here, after what others have done about it until now was
    /// taken over. `None` where the one that records has not seen it
    /// yet.
    pub(crate) async fn shared_id(&self, id: &str) -> Option<String> {
        self.sync_with_store().await;
        let shared_alarms = &self.state().shared_alarms;
        let id = shared_alarms.id_now(id);
        let is_shared = self.store.leads() || shared_alarms.recorded.contains_key(id);
        is_shared.then(|| id.to_owned())
    }
}
