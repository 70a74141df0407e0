//! New and ended alarms on the wall. Pure.
//!
//! Alarms present when the wall opens are not new, also where they are the last known. Resources of a silent connection
//! keep their state: it neither raises nor ends an alarm.

use super::model::Tile;
use health::severity::Severity;
use std::collections::{HashMap, HashSet};

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
    /// Whether an alarm is over.
    pub calmed: bool,
}

/// The alarms seen so far.
#[derive(Debug, Clone, Default)]
pub struct AlarmDiff {
    /// By the key of the tile: through which connection it was last seen, and how urgent it is.
    known: HashMap<String, (String, Option<Priority>)>,
    /// Connections of which everything has been seen once.
    settled: HashSet<String>,
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
        let kept = |tile: &Tile| tile.is_stale() && !tile.is_source;
        for tile in tiles.iter().filter(|tile| tile.is_told) {
            let now = Priority::of(tile.severity).filter(|_| !tile.is_handled());
            if kept(tile) {
                if now.is_some() && !self.known.contains_key(&tile.key) {
                    let seen = (tile.source.clone(), now);
                    self.known.insert(tile.key.clone(), seen);
                }
                continue;
            }
            let before = self.known.get(&tile.key).map(|(_, before)| *before);
            // Until a connection has been read completely, a new resource is only new to this console.
            let known = before.is_some() || self.settled.contains(&tile.source);
            let before = before.flatten();
            match (before, now) {
                (_, Some(now)) if known && before.is_none_or(|before| now < before) => {
                    changes.raised.push((tile.key.clone(), now));
                }
                (Some(_), None) => changes.calmed = true,
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

    /// Resources that answering connections no longer hold have no alarm.
    fn forget(&mut self, tiles: &[Tile], answering: &[String], changes: &mut AlarmChanges) {
        let there: HashSet<&str> = tiles.iter().map(|tile| tile.key.as_str()).collect();
        self.known.retain(|key, (source, priority)| {
            let gone = !there.contains(key.as_str()) && answering.contains(source);
            changes.calmed |= gone && priority.is_some();
            !gone
        });
    }

    /// The current priority of a resource.
    #[must_use]
    pub fn priority_of(&self, key: &str) -> Option<Priority> {
        self.known.get(key).and_then(|(_, priority)| *priority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use health::freshness::Freshness;
    use health::inventory::Observed;

    fn tile(source: &str, name: &str, severity: Severity) -> Tile {
        Tile {
            key: format!("{source}/{name}"),
            source: source.to_owned(),
            name: name.to_owned(),
            connection: String::new(),
            severity,
            was: severity,
            rank: 1,
            word: String::new(),
            sentence: String::new(),
            since: None,
            observed: Observed::WithConnection,
            fresh: Freshness::Live,
            is_source: false,
            is_told: true,
            care: "",
        }
    }

    fn answering(sources: &[&str]) -> Vec<String> {
        sources.iter().map(|source| (*source).to_owned()).collect()
    }

    fn raised(changes: &AlarmChanges) -> Vec<(&str, Priority)> {
        let pairs = changes.raised.iter();
        pairs
            .map(|(key, priority)| (key.as_str(), *priority))
            .collect()
    }

    #[test]
    fn what_is_there_at_first_is_no_news_and_what_comes_is() {
        let mut diff = AlarmDiff::default();
        let at = |severity| [tile("a", "x", severity), tile("a", "y", Severity::Critical)];
        assert_eq!(
            diff.update(&at(Severity::Normal), &answering(&["a"])),
            AlarmChanges::default()
        );
        let changes = diff.update(&at(Severity::Warning), &answering(&["a"]));
        assert_eq!(raised(&changes), [("a/x", Priority::Warning)]);
        assert_eq!(
            diff.update(&at(Severity::Warning), &answering(&["a"])),
            AlarmChanges::default()
        );
        let changes = diff.update(&at(Severity::Critical), &answering(&["a"]));
        assert_eq!(raised(&changes), [("a/x", Priority::Critical)]);
        // Less urgent than before is neither new nor over.
        assert_eq!(
            diff.update(&at(Severity::Warning), &answering(&["a"])),
            AlarmChanges::default()
        );
        assert!(
            diff.update(&at(Severity::Normal), &answering(&["a"]))
                .calmed
        );
        assert_eq!(diff.priority_of("a/y"), Some(Priority::Critical));
    }

    #[test]
    fn what_a_first_sweep_comes_to_later_is_no_news() {
        let mut diff = AlarmDiff::default();
        let unread = Tile {
            is_told: false,
            care: "",
            ..tile("a", "y", Severity::Unknown)
        };
        let x = tile("a", "x", Severity::Normal);
        diff.update(&[x.clone(), unread], &answering(&["a"]));
        let changes = diff.update(
            &[x.clone(), tile("a", "y", Severity::Critical)],
            &answering(&["a"]),
        );
        assert_eq!(changes, AlarmChanges::default());
        // From now on something that was not there is.
        let z = tile("a", "z", Severity::Critical);
        let changes = diff.update(&[x, z], &answering(&["a"]));
        assert_eq!(raised(&changes), [("a/z", Priority::Critical)]);
        assert!(changes.calmed, "y was critical and is gone");
    }

    #[test]
    fn what_somebody_takes_care_of_is_over_and_is_new_when_nobody_does_any_more() {
        let mut diff = AlarmDiff::default();
        let x = tile("a", "x", Severity::Critical);
        let handled = Tile {
            care: "acknowledged",
            ..x.clone()
        };
        let well = tile("a", "x", Severity::Normal);
        let mut update = |tile: &Tile| {
            let changes = diff.update(std::slice::from_ref(tile), &answering(&["a"]));
            let raised = !raised(&changes).is_empty();
            (raised, changes.calmed, diff.priority_of("a/x"))
        };
        let critical = Some(Priority::Critical);
        let nothing = (false, false, None);
        assert_eq!(update(&well), nothing);
        assert_eq!(update(&handled), nothing, "handled from the start");
        assert_eq!(update(&x), (true, false, critical), "withdrawn");
        assert_eq!(update(&handled), (false, true, None));
        assert_eq!(update(&handled), nothing);
        assert_eq!(update(&x), (true, false, critical), "withdrawn again");
        assert_eq!(update(&x), (false, false, critical));
    }

    #[test]
    fn a_silent_connection_raises_its_own_alarm_and_keeps_those_it_had() {
        let mut diff = AlarmDiff::default();
        let x = tile("a", "x", Severity::Critical);
        diff.update(std::slice::from_ref(&x), &answering(&["a"]));
        let stale = Tile {
            severity: Severity::Unknown,
            fresh: Freshness::NoData,
            ..x.clone()
        };
        let silent = Tile {
            is_source: true,
            fresh: Freshness::NoData,
            key: "a".to_owned(),
            ..tile("a", "", Severity::Critical)
        };
        let changes = diff.update(&[silent, stale], &answering(&[]));
        assert_eq!(raised(&changes), [("a", Priority::Critical)]);
        assert!(!changes.calmed);
        let changes = diff.update(&[x], &answering(&["a"]));
        assert_eq!(raised(&changes), []);
        assert!(changes.calmed, "the connection is back");
    }

    #[test]
    fn an_alarm_from_before_a_restart_is_no_news_when_it_is_read_and_is_over_when_it_is_well() {
        let at = |severity| tile("a", "x", severity);
        for (read, is_over) in [(Severity::Critical, false), (Severity::Normal, true)] {
            let mut diff = AlarmDiff::default();
            let before = Tile {
                fresh: Freshness::NoData,
                ..at(Severity::Critical)
            };
            for answering in [answering(&[]), answering(&["a"])] {
                let changes = diff.update(std::slice::from_ref(&before), &answering);
                assert_eq!(changes, AlarmChanges::default());
            }
            let changes = diff.update(&[at(read)], &answering(&["a"]));
            assert_eq!((raised(&changes), changes.calmed), (Vec::new(), is_over));
        }
    }

    #[test]
    fn a_run_that_another_connection_comes_to_represent_is_no_news_and_is_over_when_it_is_gone() {
        let mut diff = AlarmDiff::default();
        let run = |source: &str, fresh| Tile {
            key: "run 7".to_owned(),
            fresh,
            ..tile(source, "7", Severity::Critical)
        };
        let live = Freshness::Live;
        let both = answering(&["em", "em-old"]);
        diff.update(&[run("em", live)], &both);
        for (tile, answering) in [
            (run("em", Freshness::Stale), answering(&["em-old"])),
            (run("em-old", live), answering(&["em-old"])),
            (run("em-old", live), both.clone()),
            (run("em", live), both.clone()),
        ] {
            let changes = diff.update(&[tile], &answering);
            assert_eq!(changes, AlarmChanges::default());
        }
        assert!(!diff.update(&[], &answering(&["em-old"])).calmed);
        assert!(diff.update(&[], &both).calmed);
    }

    #[test]
    fn a_connection_that_never_answered_is_no_news() {
        let mut diff = AlarmDiff::default();
        let silent = Tile {
            is_source: true,
            fresh: Freshness::NoData,
            key: "a".to_owned(),
            ..tile("a", "", Severity::Critical)
        };
        assert_eq!(
            diff.update(&[silent], &answering(&[])),
            AlarmChanges::default()
        );
        let x = tile("a", "x", Severity::Critical);
        assert_eq!(raised(&diff.update(&[x], &answering(&["a"]))), []);
    }
}
