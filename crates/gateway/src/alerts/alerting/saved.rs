//! Converts changes of alert states and messages to changes of the store.

use crate::alerts::outbox::{self, OutboxChange};
use crate::alerts::rules::{Watch, WatchKey};
use crate::store::{StateChange, Table};

pub(super) fn watch_change((key, watch): &(WatchKey, Option<Watch>)) -> StateChange {
    // Ids of rules and alarms contain no spaces.
    let id = format!("{} {}", key.0, key.1);
    match watch {
        Some(watch) => StateChange::put(Table::AlertWatches, id, &(key, watch)),
        None => StateChange::delete(Table::AlertWatches, id),
    }
}

pub(super) fn outbox_change(change: &OutboxChange) -> StateChange {
    match change {
        OutboxChange::Put(one) => StateChange::put(Table::AlertMessages, outbox::key(one), one),
        OutboxChange::Delete(key) => StateChange::delete(Table::AlertMessages, key),
        OutboxChange::Delivery(target, delivery) => {
            StateChange::put(Table::AlertDeliveries, target, delivery)
        }
    }
}
