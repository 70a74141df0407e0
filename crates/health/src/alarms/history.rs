//! The history of every resource's verdicts, and the alarms that follow from it.

use super::entry::Entry;
use super::finding::{Finding, of_verdict, silence, unread_since};
use super::{Alarm, Since};
use crate::inventory::{Judged, Kind, Reading, Resource, ResourceKey, outlasts_silence};
use crate::vendor_clock::SAME_CLOCK;
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The properties of a connection on which alarms depend.
#[derive(Debug, Clone)]
pub struct Source {
    /// The connection's id.
    pub id: String,
    /// The connection's display name.
    pub title: String,
    /// The time of the last reading and the expected interval.
    pub reading: Reading,
    /// The vendor's clock minus the gateway's.
    pub vendor_ahead: TimeDelta,
    /// The failure since the last successful reading, in one line.
    pub failure: Option<String>,
    /// Number of its resources.
    pub held: usize,
    /// The noun for its resources, in the plural.
    pub noun: &'static str,
}

/// The alarms that one update opened, worsened or closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Newly opened alarms.
    pub began: Vec<Alarm>,
    /// Alarms that were already open and less severe.
    pub worsened: Vec<Alarm>,
    /// Alarms that have ended, in their last state.
    pub ended: Vec<Alarm>,
    /// Alarms whose connection is no longer watched, in their last state. Whether they have ended is not known.
    pub unwatched: Vec<Alarm>,
}

impl Changes {
    /// Records an alarm that was closed because its resource no longer exists.
    fn closed(&mut self, alarm: Option<Alarm>, by_id: &HashMap<&str, &Source>) {
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

/// The history of every resource and the open alarms.
#[derive(Debug, Clone, Default)]
pub struct AlarmHistory {
    entries: HashMap<ResourceKey, Entry>,
    open: BTreeMap<ResourceKey, Alarm>,
    /// Keys of alarms that were open before a restart of the gateway or a new configuration of their connection, and
    /// whose resource has not been read since.
    carried_over: HashSet<ResourceKey>,
}

impl AlarmHistory {
    /// Continues after a restart: open alarms stay open until their resource is read and found well.
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

    /// Starts a connection over, as after a restart: its alarms stay open until their resource is read and well.
    pub fn carry_over(&mut self, connection: &str) {
        let open = self.open.keys();
        let of_it = open.filter(|key| key.connection == connection);
        self.carried_over.extend(of_it.cloned());
    }

    /// Whether an alarm is from before a restart or a new configuration, and its resource has not been read since.
    #[must_use]
    pub fn is_carried_over(&self, alarm: &Alarm) -> bool {
        self.carried_over.contains(&alarm.resource)
    }

    /// Updates history and alarms with the current state of all connections and resources.
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
        self.follow_sessions(&present);
        let waits = |key: &ResourceKey| {
            let source = by_id.get(key.connection.as_str());
            source.is_some_and(|source| source.reading.observed_at.is_none())
        };
        // A connection may have answered for all its resources but this one.
        let unread: HashSet<&ResourceKey> = resources
            .iter()
            .filter(|(judged, _)| judged.observed_at.is_none())
            .map(|(judged, _)| &judged.resource.key)
            .collect();
        self.carried_over
            .retain(|key| waits(key) || unread.contains(key));
        let mut changes = Changes::default();
        for (judged, source) in resources {
            if self.awaits_first_reading(judged) {
                continue;
            }
            // The resources of a silent connection keep their last state.
            if source.reading.freshness(now).is_believable() {
                let finding = self.finding(judged, source, now);
                let Resource { key, name, .. } = &judged.resource;
                self.update_alarm(key, name, finding, now, &mut changes);
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
            changes.closed(self.open.remove(&key), &by_id);
        }
        self.connections(sources, &by_id, now, &mut changes);
        changes
    }

    /// Whether an alarm from before the restart stays unchanged, because its resource has not been read since. If a
    /// read has failed, that failure replaces alarms that do not outlast silence.
    fn awaits_first_reading(&self, judged: &Judged) -> bool {
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

    /// Moves history and alarm of a failover session that is now listed by another connection.
    fn follow_sessions(&mut self, present: &HashSet<&ResourceKey>) {
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

    /// Adopts the ids and beginnings of another gateway's alarms on the same resources. Returns old and new ids.
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

    /// The verdict on a resource whose state is overdue; `None` if it is not.
    #[must_use]
    pub fn lingering<'a>(&self, resource: &'a Resource) -> Option<&'a Verdict> {
        resource.verdict.lingering.as_ref()?;
        self.entries
            .get(&resource.key)?
            .lingering(&resource.verdict)
    }

    /// The finding on a resource of a connection that answers.
    fn finding(&mut self, judged: &Judged, source: &Source, now: DateTime<Utc>) -> Option<Finding> {
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
            entry.resume(open, verdict, observed_at);
        }
        let lingers = entry.lingering(verdict).is_some();
        if !is_believable && !outlasts_silence(verdict.severity) && !lingers {
            return Some(unread_since(resource, observed_at));
        }
        entry.finding(resource, source)
    }

    /// Opens, updates or closes the alarm of a resource according to the finding.
    fn update_alarm(
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
        // A connection that is STALE and then has NO DATA fell silent only once.
        let is_same = |alarm: &Alarm| alarm.word == found.word || key.kind == Kind::Connection;
        let since = match (
            found.since,
            before.map(|alarm| (alarm.since, is_same(alarm))),
        ) {
            // Keep the first observation: after a restart the new one is later.
            (Since::Observed(new), Some((Since::Observed(old), true))) => {
                Since::Observed(new.min(old))
            }
            // A small difference only means that the vendor's clock is known more precisely.
            (Since::Reported(new), Some((Since::Reported(old), _)))
                if new.signed_duration_since(old).abs() <= SAME_CLOCK =>
            {
                Since::Reported(old)
            }
            (since, _) => since,
        };
        let entry = self.entries.get_mut(key);
        let reported = entry.as_ref().and_then(|entry| entry.reported_severity);
        // While a resource flaps, a worse moment is not reported. Once it stays worse, it is.
        let has_worsened = before.map(|alarm| {
            let still_flaps = alarm.flapping.is_some() && found.flapping.is_some();
            found.severity < reported.unwrap_or(alarm.severity) && !still_flaps
        });
        if let Some(entry) = entry
            && (has_worsened != Some(false) || found.flapping.is_none())
        {
            entry.reported_severity = Some(found.severity);
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

    /// Opens and closes the alarms of connections. A connection whose data is no longer believable, or that has never
    /// been read, has an alarm of its own. It is as severe as the worst alarm that it hides, is sorted above those,
    /// and is critical once the connection has NO DATA.
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
            let was_polled = source.reading.observed_at.is_some() || source.failure.is_some();
            if freshness.is_believable() || !was_polled {
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
            self.update_alarm(&key, &source.title, Some(finding), now, changes);
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
            changes.closed(self.open.remove(&key), by_id);
        }
    }
}

/// A short alarm id that is safe in any URL, whatever characters the resource's ids contain.
fn id_of(key: &ResourceKey, began: DateTime<Utc>) -> String {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    format!("{:x}-{:016x}", began.timestamp_millis(), hasher.finish())
}
