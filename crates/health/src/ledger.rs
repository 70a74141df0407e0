//! What has been said of each thing over time: so every alarm has a beginning, and the alarms of a
//! thing that flaps are one.

use crate::flapping::{Flapping, History};
use crate::severity::Severity;
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
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
    /// Since when it has had that word without having been out of sight for long.
    unbroken: DateTime<Utc>,
    seen: DateTime<Utc>,
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
        let gap = sighting.at.signed_duration_since(entry.seen);
        let hidden = |(limit, _): &(TimeDelta, Box<Verdict>)| gap > *limit;
        if entry.word != verdict.word {
            entry.word = verdict.word;
            entry.since = sighting.at;
            entry.unbroken = sighting.at;
        } else if verdict.lingering.as_ref().is_some_and(hidden) {
            // What was seen before and after a gap need not be the same one.
            entry.unbroken = sighting.at;
        }
        entry.seen = entry.seen.max(sighting.at);
        // On the way from one to the other it is neither: a failover is no coming and going.
        if verdict.severity != Severity::Moving {
            let attention = needs_attention(verdict.severity);
            entry.attention.observe(attention, sighting.at);
        }
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
            .or_else(|| entry.lingering(verdict))
            .or_else(|| {
                let since = verdict.since.map_or(Since::Seen(entry.since), Since::Told);
                needs_attention(verdict.severity).then(|| plain(verdict, since))
            })
    }
}

impl Entry {
    /// What is wrong with what has been so for too long.
    fn lingering(&self, verdict: &Verdict) -> Option<Alarm> {
        let (limit, wrong) = verdict.lingering.as_ref()?;
        let lasts = self.seen.signed_duration_since(self.unbroken);
        let lingers = self.word == verdict.word && lasts > *limit;
        lingers.then(|| plain(wrong, Since::Seen(self.unbroken)))
    }
}

fn plain(verdict: &Verdict, since: Since) -> Alarm {
    Alarm {
        severity: verdict.severity,
        rank: verdict.rank,
        sentence: verdict.sentence.clone(),
        advice: verdict.advice.clone().unwrap_or_default(),
        since,
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
mod tests;
