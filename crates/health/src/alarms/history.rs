//! What was said of each resource over time.

use super::entry::Entry;
use super::finding::{Finding, SAME_CLOCK, of_verdict, silence, unread_since};
use super::{Alarm, Since};
use crate::inventory::{Judged, Kind, Reading, Resource, ResourceKey, outlasts_silence};
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A connection, as far as alarms depend on it.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// When it was read, and how often that is expected.
    pub reading: Reading,
    /// How far its vendor's clock is ahead of the gateway's.
    pub vendor_ahead: TimeDelta,
    /// Why it could not be read since, in one line.
    pub failure: Option<String>,
    /// How many resources it holds.
    pub held: usize,
    /// What these are called, in the plural.
    pub noun: &'static str,
}

/// What began, what got worse and what ended with one update.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Alarms that were not open before.
    pub began: Vec<Alarm>,
    /// Alarms that were open and less severe before.
    pub worsened: Vec<Alarm>,
    /// Alarms that are no longer open, as they last were.
    pub ended: Vec<Alarm>,
    /// Those whose connection is watched no longer, as they last were: whether they have ended nobody knows.
    pub unwatched: Vec<Alarm>,
}

impl Changes {
    /// An alarm is open no longer, because its resource is not there any more.
    fn is_over(&mut self, alarm: Option<Alarm>, by_id: &HashMap<&str, &Source>) {
        let Some(alarm) = alarm else {
            return;
        };
        if by_id.contains_key(alarm.resource.connection.as_str()) {
            self.ended.push(alarm);
        } else {
            self.unwatched.push(alarm);
        }
    }
}

/// What was said of every resource over time, and the alarms that are open.
#[derive(Debug, Clone, Default)]
pub struct AlarmHistory {
    entries: HashMap<ResourceKey, Entry>,
    open: BTreeMap<ResourceKey, Alarm>,
    /// Those of the open ones that were open when an earlier gateway ended, or when their connection was configured
    /// anew, and whose resource was not read since.
    carried_over: HashSet<ResourceKey>,
}

impl AlarmHistory {
    /// Continues after a restart: what was open then is open until its resource is read and found well.
    #[must_use]
    pub fn continuing(open: impl IntoIterator<Item = Alarm>) -> Self {
        let open: BTreeMap<ResourceKey, Alarm> = open
            .into_iter()
            .map(|alarm| (alarm.resource.clone(), alarm))
            .collect();
        Self {
            entries: HashMap::new(),
            carried_over: open.keys().cloned().collect(),
            open,
        }
    }

    /// A connection begins anew, as after a restart: what is open of it is open until its resource is read and found well.
    pub fn carry_over(&mut self, connection: &str) {
        let open = self.open.keys();
        let of_it = open.filter(|key| key.connection == connection);
        self.carried_over.extend(of_it.cloned());
    }

    /// Takes over what is known of every connection and of every resource at this moment.
    pub fn update<'a>(
        &mut self,
        sources: &[Source],
        resources: impl IntoIterator<Item = &'a Judged>,
        now: DateTime<Utc>,
    ) -> Changes {
        let by_id: HashMap<&str, &Source> = sources
            .iter()
            .map(|source| (source.id.as_str(), source))
            .collect();
        let resources: Vec<(&Judged, &Source)> = resources
            .into_iter()
            .filter_map(|judged| {
                let connection = judged.resource.key.connection.as_str();
                Some((judged, *by_id.get(connection)?))
            })
            .collect();
        let present: HashSet<&ResourceKey> = resources
            .iter()
            .map(|(judged, _)| &judged.resource.key)
            .collect();
        self.follow(&present);
        let waits = |key: &ResourceKey| {
            let source = by_id.get(key.connection.as_str());
            source.is_some_and(|source| source.reading.observed_at.is_none())
        };
        // A connection may have answered for all but this one.
        let unread: HashSet<&ResourceKey> = resources
            .iter()
            .filter(|(judged, _)| judged.observed_at.is_none())
            .map(|(judged, _)| &judged.resource.key)
            .collect();
        self.carried_over
            .retain(|key| waits(key) || unread.contains(key));
        let mut changes = Changes::default();
        for (judged, source) in resources {
            if self.stands_unread(judged) {
                continue;
            }
            // What a silent connection holds stays as it was last seen.
            if source.reading.freshness(now).is_believable() {
                let finding = self.find(judged, source, now);
                let Resource { key, name, .. } = &judged.resource;
                self.settle(key, name, finding, now, &mut changes);
            }
        }
        self.entries.retain(|key, _| present.contains(key));
        let gone: Vec<ResourceKey> = self
            .open
            .keys()
            .filter(|key| key.kind != Kind::Connection && !present.contains(key))
            .filter(|key| !self.carried_over.contains(key))
            .cloned()
            .collect();
        for key in gone {
            changes.is_over(self.open.remove(&key), &by_id);
        }
        self.connections(sources, &by_id, now, &mut changes);
        changes
    }

    /// Whether the alarm of a resource stands as it was before the restart: the resource was not read since. Where a
    /// read of it failed, an alarm that does not outlast silence gives way to that.
    fn stands_unread(&self, judged: &Judged) -> bool {
        let Judged {
            resource,
            observed_at,
        } = judged;
        let Some(open) = self.open.get(&resource.key) else {
            return false;
        };
        observed_at.is_none()
            && self.carried_over.contains(&resource.key)
            && (resource.is_unread() || outlasts_silence(open.severity))
    }

    /// A session that is represented by another connection than before is the same session: it keeps
    /// its history and its alarm.
    fn follow(&mut self, present: &HashSet<&ResourceKey>) {
        let lost: BTreeSet<ResourceKey> = self
            .entries
            .keys()
            .chain(&self.carried_over)
            .filter(|key| key.kind == Kind::FailoverSession && !present.contains(key))
            .cloned()
            .collect();
        for old in lost {
            let same = |key: &&&ResourceKey| key.kind == old.kind && key.id == old.id;
            let Some(new) = present.iter().find(same) else {
                continue;
            };
            if let Some(entry) = self.entries.remove(&old) {
                self.entries.insert((*new).clone(), entry);
            }
            if let Some(mut alarm) = self.open.remove(&old) {
                alarm.resource = (*new).clone();
                self.open.insert((*new).clone(), alarm);
            }
        }
    }

    /// Takes over by what the alarms are known that somebody else has seen too, who watches the same: their ids and their
    /// beginnings. The ids that are others now, before and after.
    pub fn adopt<'a>(
        &mut self,
        known: impl IntoIterator<Item = &'a Alarm>,
    ) -> Vec<(String, String)> {
        let mut renamed = Vec::new();
        for alarm in known {
            if let Some(own) = self.open.get_mut(&alarm.resource)
                && own.id != alarm.id
            {
                let before = std::mem::replace(&mut own.id, alarm.id.clone());
                renamed.push((before, alarm.id.clone()));
                own.since = alarm.since;
            }
        }
        renamed
    }

    /// The open alarms, worst first.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        let mut alarms: Vec<Alarm> = self.open.values().cloned().collect();
        alarms.sort_by(Alarm::worst_first);
        alarms
    }

    /// What the state of a resource is once it has lasted too long; `None` where it has not.
    #[must_use]
    pub fn lingering<'a>(&self, resource: &'a Resource) -> Option<&'a Verdict> {
        resource.verdict.lingering.as_ref()?;
        self.entries
            .get(&resource.key)?
            .lingering(&resource.verdict)
    }

    /// What is wrong with a resource of a connection that answers.
    fn find(&mut self, judged: &Judged, source: &Source, now: DateTime<Utc>) -> Option<Finding> {
        let resource = &judged.resource;
        if resource.is_unread() {
            return None;
        }
        let verdict = &resource.verdict;
        let Some(observed_at) = judged.observed_at else {
            return Some(of_verdict(verdict, Since::Observed(now), source));
        };
        let is_first = !self.entries.contains_key(&resource.key);
        let entry = self.entries.entry(resource.key.clone()).or_default();
        let is_believable = source.reading.freshness_of(resource, now).is_believable();
        if is_believable {
            entry.observe(resource, observed_at);
        }
        if is_first && let Some(open) = self.open.get(&resource.key) {
            entry.go_on(open, verdict, observed_at);
        }
        let lingers = entry.lingering(verdict).is_some();
        if !is_believable && !outlasts_silence(verdict.severity) && !lingers {
            return Some(unread_since(resource, observed_at));
        }
        entry.finding(resource, source)
    }

    /// Compares what was found with the alarm that is open.
    fn settle(
        &mut self,
        key: &ResourceKey,
        name: &str,
        finding: Option<Finding>,
        now: DateTime<Utc>,
        changes: &mut Changes,
    ) {
        let Some(found) = finding else {
            changes.ended.extend(self.open.remove(key));
            return;
        };
        let before = self.open.get(key);
        let id = before.map_or_else(|| id_of(key, now), |alarm| alarm.id.clone());
        // A connection that falls silent and then has no data has done so once.
        let is_same = |alarm: &Alarm| alarm.word == found.word || key.kind == Kind::Connection;
        let since = match (
            found.since,
            before.map(|alarm| (alarm.since, is_same(alarm))),
        ) {
            // The moment of the first sight is the alarm's, not the last reading's: after a restart that was earlier.
            (Since::Observed(new), Some((Since::Observed(old), true))) => {
                Since::Observed(new.min(old))
            }
            // The vendor's clock is known better with each answer: the moment is the same.
            (Since::Reported(new), Some((Since::Reported(old), _)))
                if new.signed_duration_since(old).abs() <= SAME_CLOCK =>
            {
                Since::Reported(old)
            }
            (since, _) => since,
        };
        let entry = self.entries.get_mut(key);
        let told = entry.as_ref().and_then(|entry| entry.told);
        // What flaps comes and goes: that it is back, or worse for a moment, is nothing new. That it stays so is.
        let has_worsened = before.map(|alarm| {
            let goes_on_flapping = alarm.flapping.is_some() && found.flapping.is_some();
            found.severity < told.unwrap_or(alarm.severity) && !goes_on_flapping
        });
        if let Some(entry) = entry
            && (has_worsened != Some(false) || found.flapping.is_none())
        {
            entry.told = Some(found.severity);
        }
        let alarm = Alarm {
            id,
            resource: key.clone(),
            name: name.to_owned(),
            severity: found.severity,
            rank: found.rank,
            word: found.word,
            sentence: found.sentence,
            advice: found.advice,
            since,
            flapping: found.flapping,
            acknowledged: None,
            notes: Vec::new(),
            maintenance: None,
        };
        match has_worsened {
            None => changes.began.push(alarm.clone()),
            Some(true) => changes.worsened.push(alarm.clone()),
            Some(false) => {}
        }
        self.open.insert(key.clone(), alarm);
    }

    /// **The one rule of silent:** a connection that is not believed any more, or that could not be read
    /// even once, is an alarm of its own, ranked by what it hides and above all of that. Once its last
    /// answer is no data any more, nothing is known of it, and that is critical.
    fn connections(
        &mut self,
        sources: &[Source],
        by_id: &HashMap<&str, &Source>,
        now: DateTime<Utc>,
        changes: &mut Changes,
    ) {
        let mut silent: HashSet<ResourceKey> = HashSet::new();
        for source in sources {
            let freshness = source.reading.freshness(now);
            let asked = source.reading.observed_at.is_some() || source.failure.is_some();
            if freshness.is_believable() || !asked {
                continue;
            }
            let key = ResourceKey::of_connection(&source.id);
            let hidden = self
                .open
                .values()
                .filter(|alarm| {
                    alarm.resource.kind != Kind::Connection
                        && alarm.resource.connection == source.id
                })
                .map(|alarm| alarm.severity)
                .min();
            let finding = silence(source, freshness, hidden, now);
            self.settle(&key, &source.title, Some(finding), now, changes);
            silent.insert(key);
        }
        let over: Vec<ResourceKey> = self
            .open
            .keys()
            .filter(|key| key.kind == Kind::Connection && !silent.contains(key))
            .filter(|key| !self.carried_over.contains(key))
            .cloned()
            .collect();
        for key in over {
            changes.is_over(self.open.remove(&key), by_id);
        }
    }
}

/// Short, and safe in any address, whatever the ids of the resource hold.
fn id_of(key: &ResourceKey, began: DateTime<Utc>) -> String {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    format!("{:x}-{:016x}", began.timestamp_millis(), hasher.finish())
}
