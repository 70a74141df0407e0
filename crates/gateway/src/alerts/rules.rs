//! Decides which alarms are sent to whom, and when, from the rules, the alarms over time and earlier messages. Pure.
//!
//! An alarm is sent once it has lasted for the rule's delay, again when it gets worse, and again at the rule's repeat
//! interval. Its end is sent only if the alarm was sent. Acknowledged alarms and alarms in maintenance are not sent; if
//! they are still open when that ends, they are sent again. Nothing is sent in quiet hours; alarms that are open at
//! their end are sent then.

use super::message::Occasion;
use crate::config::AlertRule;
use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::Alarm;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use vendors::SystemKind;

/// The maximum number of alarms of a rule at one moment that are sent as separate messages. More are combined.
const MAX_SEPARATE: usize = 5;

/// The ids of a rule and an alarm.
pub(crate) type WatchKey = (String, String);

/// The state of an alarm under a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// The time since which the rule applies to the alarm.
    #[serde(with = "ts_milliseconds")]
    since: DateTime<Utc>,
    /// The latest state of the alarm.
    alarm: Alarm,
    #[serde(rename = "told")]
    last_notification: Option<LastNotification>,
    /// Whether the alarm was acknowledged or in maintenance after it was last sent.
    #[serde(default)]
    was_handled: bool,
    /// When the alarm was first no longer open. Quiet hours delay the message about that.
    #[serde(default, with = "ts_milliseconds_option")]
    ended_at: Option<DateTime<Utc>>,
}

/// The latest message about an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct LastNotification {
    #[serde(with = "ts_milliseconds")]
    at: DateTime<Utc>,
    severity: Severity,
}

/// A message that is due.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Due<'r> {
    pub(crate) rule: &'r AlertRule,
    pub(crate) occasion: Occasion,
    /// The worst alarm of the message.
    pub(crate) first: Alarm,
    /// The other alarms, worst first.
    pub(crate) others: Vec<Alarm>,
    /// When the worst alarm ended, or was last watched.
    pub(crate) until: Option<DateTime<Utc>>,
}

/// The state of all alarms under all rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watches(BTreeMap<WatchKey, Watch>);

/// The result of one step.
#[derive(Debug, Default)]
pub(crate) struct Step<'r> {
    pub(crate) due: Vec<Due<'r>>,
    /// The states to save; `None` to delete.
    pub(crate) changed: Vec<(WatchKey, Option<Watch>)>,
}

impl Watches {
    /// Restores saved states.
    pub(crate) fn new(known: impl IntoIterator<Item = (WatchKey, Watch)>) -> Self {
        Self(known.into_iter().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Evaluates the rules for the alarms that are open now. `system` returns the system of a connection. Alarms that
    /// are not confirmed may have ended unnoticed: nothing is sent about them yet.
    pub(crate) fn step<'r>(
        &mut self,
        rules: &'r [AlertRule],
        open: &[Alarm],
        system: impl Fn(&str) -> Option<SystemKind>,
        is_confirmed: impl Fn(&Alarm) -> bool,
        now: DateTime<Utc>,
    ) -> Step<'r> {
        let before = self.0.clone();
        for watch in self.0.values_mut() {
            watch.limit_times_to(now);
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
                let applies = applies(rule, alarm, &system);
                if !self.0.contains_key(&key) && (!applies || alarm.is_handled()) {
                    continue;
                }
                let watch = self.0.entry(key.clone()).or_insert_with(|| Watch {
                    since: now,
                    alarm: alarm.clone(),
                    last_notification: None,
                    was_handled: false,
                    ended_at: None,
                });
                watch.alarm.clone_from(alarm);
                watch.ended_at = None;
                watch.was_handled |= alarm.is_handled();
                if alarm.is_handled() || !applies {
                    // An alarm that was never sent starts over later.
                    if watch.last_notification.is_none() {
                        self.0.remove(&key);
                    }
                } else if !is_quiet
                    && is_confirmed(alarm)
                    && let Some(occasion) = watch.occasion(rule, now)
                {
                    watch.last_notification = Some(LastNotification {
                        at: now,
                        severity: alarm.severity,
                    });
                    watch.was_handled = false;
                    notifications.push((occasion, alarm.clone(), None));
                }
            }
            self.0.retain(|(of, id), watch| {
                if *of != rule.id || by_id.contains_key(id.as_str()) {
                    return true;
                }
                let ended_at = *watch.ended_at.get_or_insert(now);
                let notifies = watch.last_notification.is_some() && rule.recovery;
                if notifies && !is_quiet {
                    let is_watched = system(&watch.alarm.resource.connection).is_some();
                    let occasion = if is_watched {
                        Occasion::Ended
                    } else {
                        Occasion::Unwatched
                    };
                    notifications.push((occasion, watch.alarm.clone(), Some(ended_at)));
                }
                notifies && is_quiet
            });
            due.extend(bundled(rule, notifications));
        }
        let changed = changes(&before, &self.0);
        Step { due, changed }
    }
}

impl Watch {
    /// Limits the saved times to `now`. After the clock was set back, later times would delay messages.
    fn limit_times_to(&mut self, now: DateTime<Utc>) {
        self.since = self.since.min(now);
        if let Some(last) = &mut self.last_notification {
            last.at = last.at.min(now);
        }
        self.ended_at = self.ended_at.map(|at| at.min(now));
    }

    /// The occasion for a message about the open alarm now, if any.
    fn occasion(&self, rule: &AlertRule, now: DateTime<Utc>) -> Option<Occasion> {
        let elapsed = |since: DateTime<Utc>| now.signed_duration_since(since);
        match self.last_notification {
            None => (elapsed(self.since) >= rule.after).then_some(Occasion::Began),
            Some(last) if self.alarm.severity < last.severity => Some(Occasion::Worse),
            // Recipients of the earlier message believe that somebody still handles the alarm.
            Some(_) if self.was_handled => Some(Occasion::Reminder),
            Some(last) => rule
                .repeat
                .filter(|repeat| elapsed(last.at) >= *repeat)
                .map(|_| Occasion::Reminder),
        }
    }
}

fn applies(rule: &AlertRule, alarm: &Alarm, system: impl Fn(&str) -> Option<SystemKind>) -> bool {
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

/// An alarm to send, with the time of its end if it is over.
type Notification = (Occasion, Alarm, Option<DateTime<Utc>>);

/// Groups alarms by occasion. More than [`MAX_SEPARATE`] alarms become one message.
fn bundled(rule: &AlertRule, mut notifications: Vec<Notification>) -> Vec<Due<'_>> {
    let occasions = [
        Occasion::Ended,
        Occasion::Unwatched,
        Occasion::Began,
        Occasion::Worse,
        Occasion::Reminder,
    ];
    notifications.sort_by(|(_, one, _), (_, other, _)| one.worst_first(other));
    let mut due = Vec::new();
    for occasion in occasions {
        let of_it = notifications.extract_if(.., |(of, ..)| *of == occasion);
        let mut messages: Vec<Due<'_>> = of_it
            .map(|(_, first, until)| Due {
                rule,
                occasion,
                first,
                others: Vec::new(),
                until,
            })
            .collect();
        if messages.len() > MAX_SEPARATE {
            let others = messages.drain(1..).map(|one| one.first).collect();
            messages[0].others = others;
        }
        due.append(&mut messages);
    }
    due
}

/// The changed states. Ignores changes of the alarm itself, whose text may differ with each reading.
fn changes(
    before: &BTreeMap<WatchKey, Watch>,
    after: &BTreeMap<WatchKey, Watch>,
) -> Vec<(WatchKey, Option<Watch>)> {
    let state = |of: &Watch| (of.since, of.last_notification, of.was_handled, of.ended_at);
    let new = after.iter().filter(|(key, new)| {
        let old = before.get(*key);
        old.is_none_or(|old| state(old) != state(new))
    });
    let new = new.map(|(key, watch)| (key.clone(), Some(watch.clone())));
    let removed = before.keys().filter(|key| !after.contains_key(*key));
    new.chain(removed.map(|key| (key.clone(), None))).collect()
}

#[cfg(test)]
mod tests;
