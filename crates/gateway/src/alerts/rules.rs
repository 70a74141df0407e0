//! Which alarms are sent to whom, and when: the rules, the alarms over time, and what was sent already. Pure.
//!
//! An alarm is sent once it has lasted, once more when it gets worse, and again at the rule's interval; its end is sent
//! where the alarm was. What is acknowledged or in maintenance is not sent, and is sent again where it is still open when
//! that ends. Nothing is sent in quiet hours: what is open when they end is sent then.

use super::message::Occasion;
use crate::config::AlertRule;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::Alarm;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use vendors::SystemKind;

/// The most alarms of a rule at one moment that are a message each; more are one message.
const MAX_SEPARATE: usize = 5;

/// The rule and the alarm.
pub(crate) type WatchKey = (String, String);

/// What a rule knows of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// Since when the rule is about it.
    #[serde(with = "ts_milliseconds")]
    since: DateTime<Utc>,
    /// As it is, or last was.
    alarm: Alarm,
    #[serde(rename = "told")]
    last_notification: Option<LastNotification>,
    /// Whether it was acknowledged or in maintenance after it was sent.
    #[serde(default)]
    was_handled: bool,
}

/// What was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct LastNotification {
    #[serde(with = "ts_milliseconds")]
    at: DateTime<Utc>,
    severity: Severity,
}

/// What is to be told now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Due<'r> {
    pub(crate) rule: &'r AlertRule,
    pub(crate) occasion: Occasion,
    /// The worst of them.
    pub(crate) first: Alarm,
    /// The others, worst first.
    pub(crate) others: Vec<Alarm>,
}

/// What the rules know of all alarms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watches(BTreeMap<WatchKey, Watch>);

/// What one step brought.
#[derive(Debug, Default)]
pub(crate) struct Step<'r> {
    pub(crate) due: Vec<Due<'r>>,
    /// What is to be remembered, or forgotten.
    pub(crate) changed: Vec<(WatchKey, Option<Watch>)>,
}

impl Watches {
    /// Goes on with what was remembered.
    pub(crate) fn new(known: impl IntoIterator<Item = (WatchKey, Watch)>) -> Self {
        Self(known.into_iter().collect())
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks at the alarms that are open now. `system` says which system a connection is.
    pub(crate) fn step<'r>(
        &mut self,
        rules: &'r [AlertRule],
        open: &[Alarm],
        system: impl Fn(&str) -> Option<SystemKind>,
        now: DateTime<Utc>,
    ) -> Step<'r> {
        let before = self.0.clone();
        for watch in self.0.values_mut() {
            watch.not_after(now);
        }
        let by_id: HashMap<&str, &Alarm> = open.iter().map(|one| (one.id.as_str(), one)).collect();
        self.0
            .retain(|(rule, _), _| rules.iter().any(|known| known.id == *rule));
        let mut due = Vec::new();
        for rule in rules {
            let is_quiet = rule.quiet.is_some_and(|hours| hours.contain(now));
            let mut notifications = Vec::new();
            for alarm in open {
                let key = (rule.id.clone(), alarm.id.clone());
                let is_about = is_about(rule, alarm, &system);
                if !self.0.contains_key(&key) && (!is_about || alarm.is_handled()) {
                    continue;
                }
                let watch = self.0.entry(key.clone()).or_insert_with(|| Watch {
                    since: now,
                    alarm: alarm.clone(),
                    last_notification: None,
                    was_handled: false,
                });
                watch.alarm.clone_from(alarm);
                watch.was_handled |= alarm.is_handled();
                if alarm.is_handled() || !is_about {
                    // What nobody was told of begins anew.
                    if watch.last_notification.is_none() {
                        self.0.remove(&key);
                    }
                } else if !is_quiet && let Some(occasion) = watch.occasion(rule, now) {
                    watch.last_notification = Some(LastNotification {
                        at: now,
                        severity: alarm.severity,
                    });
                    watch.was_handled = false;
                    notifications.push((occasion, alarm.clone()));
                }
            }
            self.0.retain(|(of, id), watch| {
                if *of != rule.id || by_id.contains_key(id.as_str()) {
                    return true;
                }
                let tells = watch.last_notification.is_some() && rule.recovery;
                if tells && !is_quiet {
                    let is_watched = system(&watch.alarm.resource.connection).is_some();
                    let occasion = if is_watched {
                        Occasion::Ended
                    } else {
                        Occasion::Unwatched
                    };
                    notifications.push((occasion, watch.alarm.clone()));
                }
                tells && is_quiet
            });
            due.extend(bundled(rule, notifications));
        }
        let changed = changes(&before, &self.0);
        Step { due, changed }
    }
}

impl Watch {
    /// A clock that was set back must not keep it waiting until the time comes again that it had shown.
    fn not_after(&mut self, now: DateTime<Utc>) {
        self.since = self.since.min(now);
        if let Some(last) = &mut self.last_notification {
            last.at = last.at.min(now);
        }
    }

    /// Why the alarm, which is open, is to be told of now.
    fn occasion(&self, rule: &AlertRule, now: DateTime<Utc>) -> Option<Occasion> {
        let lasts = |since: DateTime<Utc>| now.signed_duration_since(since);
        match self.last_notification {
            None => (lasts(self.since) >= rule.after).then_some(Occasion::Began),
            Some(last) if self.alarm.severity < last.severity => Some(Occasion::Worse),
            // People who got the message rely on somebody who no longer handles the alarm.
            Some(_) if self.was_handled => Some(Occasion::Reminder),
            Some(last) => rule
                .repeat
                .filter(|repeat| lasts(last.at) >= *repeat)
                .map(|_| Occasion::Reminder),
        }
    }
}

fn is_about(rule: &AlertRule, alarm: &Alarm, system: impl Fn(&str) -> Option<SystemKind>) -> bool {
    let AlertRule {
        severity,
        systems,
        connections,
        resources,
        ..
    } = rule;
    let key = &alarm.resource;
    let of_system = || system(&key.connection).is_some_and(|kind| systems.contains(&kind));
    alarm.severity <= *severity
        && (systems.is_empty() || of_system())
        && (connections.is_empty() || connections.contains(&key.connection))
        && (resources.is_empty()
            || resources
                .iter()
                .any(|like| like.matches(&alarm.name) || like.matches(&key.id)))
}

/// A storm is one message.
fn bundled(rule: &AlertRule, notifications: Vec<(Occasion, Alarm)>) -> Vec<Due<'_>> {
    let occasions = [
        Occasion::Ended,
        Occasion::Unwatched,
        Occasion::Began,
        Occasion::Worse,
        Occasion::Reminder,
    ];
    let mut due = Vec::new();
    for occasion in occasions {
        let of_it = notifications.iter().filter(|(of, _)| *of == occasion);
        let mut alarms: Vec<Alarm> = of_it.map(|(_, alarm)| alarm.clone()).collect();
        alarms.sort_by(Alarm::worst_first);
        let message = |first, others| Due {
            rule,
            occasion,
            first,
            others,
        };
        if alarms.len() > MAX_SEPARATE {
            let first = alarms.remove(0);
            due.push(message(first, alarms));
        } else {
            due.extend(alarms.into_iter().map(|alarm| message(alarm, Vec::new())));
        }
    }
    due
}

/// What differs in more than an alarm's words, which may change with each reading.
fn changes(
    before: &BTreeMap<WatchKey, Watch>,
    after: &BTreeMap<WatchKey, Watch>,
) -> Vec<(WatchKey, Option<Watch>)> {
    let same = |old: &Watch, new: &Watch| {
        (old.since, old.last_notification, old.was_handled)
            == (new.since, new.last_notification, new.was_handled)
    };
    let new = after.iter().filter(|(key, new)| {
        let old = before.get(*key);
        old.is_none_or(|old| !same(old, new))
    });
    let new = new.map(|(key, watch)| (key.clone(), Some(watch.clone())));
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    new.chain(gone.map(|key| (key.clone(), None))).collect()
}

#[cfg(test)]
mod tests;
