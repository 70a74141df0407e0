//! New and ended alarms on the wall. Pure.
//!
//! Alarms present when the wall opens are not new, also where they are the last known. Resources of a silent connection,
//! and those whose state is unknown, keep theirs: none of their alarms ends. What broke while the page was loaded anew is
//! new (see `stored`).

mod stored;

pub use stored::RECENT;

use super::model::Tile;
use health::severity::Severity;
use std::collections::{HashMap, HashSet};

/// What the loss of the gateway is known by. No tile has this key.
const GATEWAY: &str = "the gateway";

/// How urgent an alarm is, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Something is critical.
    Critical,
    /// Something should be looked at.
    Warning,
}

/// The changes found by one update.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlarmChanges {
    /// Alarms that were not there, or were less urgent.
    pub raised: Vec<(String, Priority)>,
    /// Whether an alarm has ended. One that somebody begins to take care of has not.
    pub ended: bool,
}

/// The alarms seen so far.
#[derive(Debug, Clone, Default)]
pub struct AlarmDiff {
    /// By the key of the tile: through which connection it was last seen, and how urgent it is.
    known: HashMap<String, (String, Option<Priority>)>,
    /// Connections of which everything has been seen once.
    settled: HashSet<String>,
    /// Whether the gateway itself does not answer: an alarm that has no tile.
    is_gateway_lost: bool,
}

impl Priority {
    /// How urgent this severity is.
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
        for tile in tiles.iter().filter(|tile| tile.is_told) {
            let alarm = Priority::of(tile.severity);
            // Nobody can know whether an alarm has ended of what is silent or cannot be understood.
            let is_unknown = tile.is_stale() || tile.severity == Severity::Unknown;
            let may_last = alarm.is_none() && is_unknown && !tile.is_source;
            if may_last && !tile.is_handled() {
                continue;
            }
            let now = alarm.filter(|_| !tile.is_handled());
            let before = self.known.get(&tile.key).map(|(_, before)| *before);
            // Until a connection has been read completely, a new resource is only new to this console.
            let known = before.is_some() || self.settled.contains(&tile.source);
            match (before.flatten(), now) {
                (before, Some(now)) if known && before.is_none_or(|before| now < before) => {
                    changes.raised.push((tile.key.clone(), now));
                }
                // Where there still is an alarm, somebody takes care of it now.
                (Some(_), None) => changes.ended |= alarm.is_none() && !may_last,
                _ => {}
            }
            let seen = (tile.source.clone(), now);
            self.known.insert(tile.key.clone(), seen);
        }
        self.forget(tiles, answering, &mut changes);
        for source in answering {
            let mut of = tiles.iter().filter(|tile| tile.source == *source);
            if of.all(|tile| tile.is_told) {
                self.settled.insert(source.clone());
            }
        }
        changes
    }

    /// Compares whether the gateway is lost with what was the case before.
    pub fn update_gateway(&mut self, is_lost: bool, changes: &mut AlarmChanges) {
        let was_lost = std::mem::replace(&mut self.is_gateway_lost, is_lost);
        if is_lost && !was_lost {
            let raised = (GATEWAY.to_owned(), Priority::Critical);
            changes.raised.push(raised);
        }
        changes.ended |= was_lost && !is_lost;
    }

    /// Resources that answering connections no longer hold have no alarm.
    fn forget(&mut self, tiles: &[Tile], answering: &[String], changes: &mut AlarmChanges) {
        let there: HashSet<&str> = tiles.iter().map(|tile| tile.key.as_str()).collect();
        self.known.retain(|key, (source, priority)| {
            let gone = !there.contains(key.as_str()) && answering.contains(source);
            changes.ended |= gone && priority.is_some();
            !gone
        });
    }

    /// Keeps what is known of these connections only. An alarm of one that is no longer on the wall would never end.
    pub fn keep_only(&mut self, is_shown: impl Fn(&str) -> bool) {
        self.known.retain(|_, (source, _)| is_shown(source));
        self.settled.retain(|source| is_shown(source));
    }

    /// Whether there is an alarm that nobody takes care of.
    #[must_use]
    pub fn has_open(&self) -> bool {
        let mut known = self.known.values();
        self.is_gateway_lost || known.any(|(_, priority)| priority.is_some())
    }

    /// The current priority of a resource.
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
