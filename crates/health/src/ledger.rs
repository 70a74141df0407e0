//! What has been said of each thing over time: so every alarm has a beginning, and the alarms of a
//! thing that flaps are one.

use crate::flapping::{Flapping, History};
use crate::severity::Severity;
use crate::verdict::Verdict;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

/// One thing as it was found.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// What it is known by, among everything that is watched.
    pub thing: &'a str,
    /// What is said of it.
    pub verdict: &'a Verdict,
    /// Who is primary or on air; `None` where that is not known at the moment.
    pub leader: Option<&'a str>,
    /// When it was read.
    pub at: DateTime<Utc>,
}

/// Since when something is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// By the vendor.
    Told(DateTime<Utc>),
    /// For as long as this console has seen it: it may have been so before.
    Seen(DateTime<Utc>),
}

impl Since {
    /// The time itself.
    #[must_use]
    pub fn at(self) -> DateTime<Utc> {
        match self {
            Self::Told(at) | Self::Seen(at) => at,
        }
    }
}

/// One thing that needs attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// How bad.
    pub severity: Severity,
    /// Its place within the severity, lower first.
    pub rank: u8,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// What to do.
    pub advice: String,
    /// Since when.
    pub since: Since,
}

/// What is remembered of a thing.
#[derive(Debug, Clone, Default)]
struct Entry {
    attention: History<bool>,
    leader: History<String>,
    word: &'static str,
    since: DateTime<Utc>,
}

/// What has been said of everything.
#[derive(Debug, Clone, Default)]
pub struct Ledger(HashMap<String, Entry>);

fn needs_attention(severity: Severity) -> bool {
    matches!(
        severity,
        Severity::Critical | Severity::Warning | Severity::Unknown
    )
}

impl Ledger {
    /// Remembers a sighting.
    pub fn observe(&mut self, sighting: &Sighting<'_>) {
        if !self.0.contains_key(sighting.thing) {
            self.0.insert(sighting.thing.to_owned(), Entry::default());
        }
        let Some(entry) = self.0.get_mut(sighting.thing) else {
            return;
        };
        let verdict = sighting.verdict;
        if entry.word != verdict.word {
            entry.word = verdict.word;
            entry.since = sighting.at;
        }
        let attention = needs_attention(verdict.severity);
        entry.attention.observe(attention, sighting.at);
        // Between two leaders there may be nobody for a while: that is one change, not two.
        if let Some(leader) = sighting.leader {
            entry.leader.observe(leader.to_owned(), sighting.at);
        }
    }

    /// Forgets what is not there any more of the things whose names begin so.
    pub fn forget_others(&mut self, prefix: &str, keep: &HashSet<String>) {
        self.0
            .retain(|thing, _| !thing.starts_with(prefix) || keep.contains(thing));
    }

    /// The one alarm of a thing: its verdict where that needs attention, and that it flaps where it
    /// does, whatever its verdict is at the moment. `leader` is what the one is called that leads it:
    /// "primary", "slicer on air".
    #[must_use]
    pub fn alarm(&self, thing: &str, name: &str, leader: &str, verdict: &Verdict) -> Option<Alarm> {
        let entry = self.0.get(thing)?;
        let flaps = |how: Option<Flapping>, what| how.map(|how| flapping(name, what, how, verdict));
        // Who leads says more than whether it was well.
        flaps(entry.leader.flapping(), What::Leader(leader))
            .or_else(|| flaps(entry.attention.flapping(), What::State))
            .or_else(|| {
                needs_attention(verdict.severity).then(|| Alarm {
                    severity: verdict.severity,
                    rank: verdict.rank,
                    sentence: verdict.sentence.clone(),
                    advice: verdict.advice.clone().unwrap_or_default(),
                    since: verdict.since.map_or(Since::Seen(entry.since), Since::Told),
                })
            })
    }
}

#[derive(Clone, Copy)]
enum What<'a> {
    Leader(&'a str),
    State,
}

fn flapping(name: &str, what: What<'_>, how: Flapping, verdict: &Verdict) -> Alarm {
    let times = how.changes;
    let (sentence, advice) = match what {
        What::Leader(leader) => (
            format!("{name} flaps: its {leader} has changed {times} times."),
            "Something keeps failing over and back: look at the ones that take turns.",
        ),
        What::State => (
            format!("{name} flaps: it has gone wrong and been well again, {times} changes in all."),
            "Something comes and goes: look at its network and its host before you act.",
        ),
    };
    // At this moment, to tell what it is between two changes.
    let sentence = format!("{sentence} Now: {}.", verdict.word);
    Alarm {
        severity: verdict.severity.min(Severity::Warning),
        rank: verdict.rank,
        sentence,
        advice: advice.to_owned(),
        since: Since::Seen(how.since),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, Sighting, Since};
    use crate::severity::Severity::{self, Critical, Moving, Normal, Off, Unknown, Warning};
    use crate::verdict::Verdict;
    use chrono::{DateTime, TimeDelta, Utc};
    use std::collections::HashSet;

    const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

    fn at(seconds: i64) -> DateTime<Utc> {
        NOW + TimeDelta::seconds(seconds)
    }

    fn verdict(severity: Severity) -> Verdict {
        Verdict::new(
            severity,
            severity.key(),
            format!("Kiln 2 is {}.", severity.key()),
        )
    }

    /// Sightings as seconds, severity and leader.
    fn seen(sightings: &[(i64, Severity, Option<&str>)]) -> Ledger {
        let mut ledger = Ledger::default();
        for (seconds, severity, leader) in sightings {
            ledger.observe(&Sighting {
                thing: "kiln",
                verdict: &verdict(*severity),
                leader: *leader,
                at: at(*seconds),
            });
        }
        ledger
    }

    #[test]
    fn what_needs_attention_is_an_alarm_and_nothing_else_is() {
        for (severity, expected) in [
            (Critical, true),
            (Warning, true),
            (Unknown, true),
            (Moving, false),
            (Normal, false),
            (Off, false),
        ] {
            let verdict = verdict(severity);
            let alarm = seen(&[(0, severity, None)]).alarm("kiln", "Kiln 2", "primary", &verdict);
            assert_eq!(alarm.is_some(), expected, "{severity:?}");
        }
    }

    #[test]
    fn an_alarm_begins_when_the_vendor_says_or_when_it_was_first_seen() {
        let ledger = seen(&[(0, Normal, None), (5, Warning, None), (10, Warning, None)]);
        let since = |verdict: &Verdict| ledger.alarm("kiln", "", "", verdict).map(|a| a.since);
        let warning = verdict(Warning);
        assert_eq!(since(&warning), Some(Since::Seen(at(5))));
        let told = warning.since(Some(at(-90)));
        assert_eq!(since(&told), Some(Since::Told(at(-90))));
    }

    #[test]
    fn one_failover_is_not_flapping() {
        let ledger = seen(&[
            (0, Normal, Some("A")),
            (5, Warning, Some("A")),
            (10, Critical, None),
            (12, Moving, None),
            (14, Normal, Some("B")),
        ]);
        assert_eq!(
            ledger.alarm("kiln", "Kiln 2", "primary", &verdict(Normal)),
            None
        );
    }

    #[test]
    fn what_comes_and_goes_is_one_alarm_even_while_it_is_well() {
        let ledger = seen(&[
            (0, Normal, None),
            (5, Warning, None),
            (10, Normal, None),
            (15, Warning, None),
            (20, Normal, None),
        ]);
        let alarm = ledger.alarm("kiln", "Kiln 2", "primary", &verdict(Normal));
        let alarm = alarm.expect("it flaps");
        assert_eq!((alarm.severity, alarm.since), (Warning, Since::Seen(at(5))));
        assert!(
            alarm.sentence.starts_with("Kiln 2 flaps: "),
            "{}",
            alarm.sentence
        );
        assert!(alarm.sentence.contains("4 changes"), "{}", alarm.sentence);
        let worst = ledger.alarm("kiln", "Kiln 2", "primary", &verdict(Critical));
        assert_eq!(worst.map(|alarm| alarm.severity), Some(Critical));
    }

    #[test]
    fn leaders_that_take_turns_are_flapping_though_nothing_is_wrong() {
        let turns = [Some("A"), Some("B"), None, Some("A"), Some("B")];
        let turns: Vec<_> = (0..)
            .zip(turns)
            .map(|(n, who)| (n * 10, Normal, who))
            .collect();
        let alarm = seen(&turns).alarm("kiln", "Kiln 2", "primary", &verdict(Normal));
        let sentence = alarm.expect("it flaps").sentence;
        assert!(
            sentence.contains("its primary has changed 3 times"),
            "{sentence}"
        );
    }

    #[test]
    fn what_is_gone_is_forgotten_and_what_was_never_seen_is_no_alarm() {
        let mut ledger = seen(&[(0, Warning, None)]);
        assert_eq!(ledger.alarm("other", "", "", &verdict(Warning)), None);
        ledger.forget_others("oven", &HashSet::new());
        assert!(ledger.alarm("kiln", "", "", &verdict(Warning)).is_some());
        ledger.forget_others("ki", &HashSet::new());
        assert_eq!(ledger.alarm("kiln", "", "", &verdict(Warning)), None);
    }
}
