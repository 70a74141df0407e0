//! New and ended alarms on the wall. Pure.
//!
//! Alarms that exist when the wall opens are not new, including last known ones. Alarms of a silent connection, or of a
//! resource whose state is unknown, do not end. Alarms that are raised during a reload of the page are new (see
//! `stored`).

mod stored;

pub use stored::MAX_AGE;

use super::model::Tile;
use health::severity::Severity;
use std::collections::{HashMap, HashSet};

/// The key of the alarm that the gateway is lost. No tile has this key.
const GATEWAY: &str = "the gateway";

/// The urgency of an alarm, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A critical alarm.
    Critical,
    /// A warning.
    Warning,
}

/// The changes found by one update.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlarmChanges {
    /// Alarms that are new or more urgent than before, by the key of the tile.
    pub raised: Vec<(String, Priority)>,
    /// Whether an alarm has ended. Acknowledgement and maintenance do not end an alarm.
    pub ended: bool,
}

/// The alarms seen so far.
#[derive(Debug, Clone, Default)]
pub struct AlarmDiff {
    /// For each key of a tile, the connection through which it was last seen and the priority of its open alarm.
    known: HashMap<String, (String, Option<Priority>)>,
    /// Connections that have been read completely once.
    settled: HashSet<String>,
    /// Whether the gateway does not answer, which is an alarm without a tile.
    is_gateway_lost: bool,
}

impl Priority {
    /// The priority of a severity; `None` if it is no alarm.
    #[must_use]
    pub fn of(severity: Severity) -> Option<Self> {
        match severity {
            Severity::Critical => Some(Self::Critical),
            Severity::Warning => Some(Self::Warning),
            _ => None,
        }
    }
}

impl AlarmDiff {
    /// Compares the tiles with the previous ones. `answering` are the connections with current data.
    pub fn update(&mut self, tiles: &[Tile], answering: &[String]) -> AlarmChanges {
        let mut changes = AlarmChanges::default();
        for tile in tiles.iter().filter(|tile| tile.is_read) {
            let alarm = Priority::of(tile.severity);
            // While the state is stale or unknown, it is unknown whether an alarm has ended.
            let is_unknown = tile.is_stale() || tile.severity == Severity::Unknown;
            let may_persist = alarm.is_none() && is_unknown && !tile.is_source;
            if may_persist && !tile.is_handled() {
                continue;
            }
            let now = alarm.filter(|_| !tile.is_handled());
            let before = self.known.get(&tile.key).map(|(_, before)| *before);
            // Until a connection has been read completely, its resources may have had their alarms before.
            let known = before.is_some() || self.settled.contains(&tile.source);
            match (before.flatten(), now) {
                (before, Some(now)) if known && before.is_none_or(|before| now < before) => {
                    changes.raised.push((tile.key.clone(), now));
                }
                // If the tile still has an alarm, it has been acknowledged or is in maintenance, and has not ended.
                (Some(_), None) => changes.ended |= alarm.is_none() && !may_persist,
                _ => {}
            }
            let seen = (tile.source.clone(), now);
            self.known.insert(tile.key.clone(), seen);
        }
        self.remove_missing(tiles, answering, &mut changes);
        for source in answering {
            let mut of_source = tiles.iter().filter(|tile| tile.source == *source);
            if of_source.all(|tile| tile.is_read) {
                self.settled.insert(source.clone());
            }
        }
        changes
    }

    /// Compares whether the gateway is lost with the previous state.
    pub fn update_gateway(&mut self, is_lost: bool, changes: &mut AlarmChanges) {
        let was_lost = std::mem::replace(&mut self.is_gateway_lost, is_lost);
        if is_lost && !was_lost {
            let raised = (GATEWAY.to_owned(), Priority::Critical);
            changes.raised.push(raised);
        }
        changes.ended |= was_lost && !is_lost;
    }

    /// Ends the alarms of resources that no longer exist in an answering connection.
    fn remove_missing(&mut self, tiles: &[Tile], answering: &[String], changes: &mut AlarmChanges) {
        let present: HashSet<&str> = tiles.iter().map(|tile| tile.key.as_str()).collect();
        self.known.retain(|key, (source, priority)| {
            let is_removed = !present.contains(key.as_str()) && answering.contains(source);
            changes.ended |= is_removed && priority.is_some();
            !is_removed
        });
    }

    /// Forgets all connections but these: an alarm of a connection that is no longer on the wall would never end.
    pub fn keep_only(&mut self, is_shown: impl Fn(&str) -> bool) {
        self.known.retain(|_, (source, _)| is_shown(source));
        self.settled.retain(|source| is_shown(source));
    }

    /// Whether there is an open alarm that is neither acknowledged nor in maintenance.
    #[must_use]
    pub fn has_open(&self) -> bool {
        let mut known = self.known.values();
        self.is_gateway_lost || known.any(|(_, priority)| priority.is_some())
    }

    /// The priority of the open alarm with a key.
    #[must_use]
    pub fn priority_of(&self, key: &str) -> Option<Priority> {
        if key == GATEWAY {
            return self.is_gateway_lost.then_some(Priority::Critical);
        }
        self.known.get(key).and_then(|(_, priority)| *priority)
    }
}

#[cfg(test)]
mod tests;
