//! Messages on their way to their targets: one at a time for each target, again after a failure, given up after a day.
//! Pure.

mod joining;
mod next;

use super::message::Message;
use super::send::Failure;
use crate::config::AlertRule;
use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The time from the first attempt to the second; it doubles with each further one.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(10);
const MAX_WAIT: TimeDelta = TimeDelta::minutes(15);

/// How long a message is tried. What is older would only confuse.
const MAX_MESSAGE_AGE: TimeDelta = TimeDelta::days(1);

/// How long those that were given up are shown, and how many of a target at most.
const GIVEN_UP_SHOWN_FOR: TimeDelta = TimeDelta::days(7);
const MAX_GIVEN_UP_SHOWN: usize = 50;

/// How many may wait for a target: beyond that the oldest of the connection with the most is given up.
const MAX_WAITING: usize = 1_000;

/// A message on its way to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutboxMessage {
    pub(crate) target: String,
    pub(crate) message: Message,
    pub(crate) attempts: u32,
    /// When to try next; `None` once it was given up.
    #[serde(with = "ts_milliseconds_option")]
    pub(crate) next_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub(crate) failure: Option<String>,
    /// Whether that may be about this message alone: only those about the same connections wait for it.
    #[serde(default, rename = "is_of_message")]
    blocks_connection_only: bool,
    /// The recipients of an e-mail that still have to get it, where others have it.
    #[serde(default, rename = "missed")]
    pub(crate) remaining_recipients: Vec<String>,
    /// The id of the rule that it is of.
    #[serde(default)]
    rule: String,
    /// All targets to which it goes, or has gone.
    #[serde(default)]
    targets: Vec<String>,
    /// Its place among messages of the same moment. Of those that an earlier version made 0.
    #[serde(default)]
    number: u64,
}

/// What became of the attempts at a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// When a message last arrived.
    #[serde(with = "ts_milliseconds_option")]
    pub(crate) delivered_at: Option<DateTime<Utc>>,
    /// When and why an attempt last failed, since the target was last changed.
    pub(crate) failed: Option<Failed>,
    /// The connection that the last message was about: the next one is about another.
    #[serde(default, rename = "turn")]
    last_connection: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    #[serde(with = "ts_milliseconds")]
    pub(crate) at: DateTime<Utc>,
    pub(crate) line: String,
}

/// Something to remember or to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OutboxChange {
    Put(Box<OutboxMessage>),
    /// By its key.
    Delete(String),
    Delivery(String, Delivery),
}

/// Everything on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outbox {
    /// By a key that sorts them as they were made.
    outgoing: BTreeMap<String, OutboxMessage>,
    deliveries: BTreeMap<String, Delivery>,
}

/// What a message to a target is known by.
pub(crate) fn key(outgoing: &OutboxMessage) -> String {
    let at = outgoing.message.at.timestamp_millis();
    let (id, target) = (&outgoing.message.id, &outgoing.target);
    match outgoing.number {
        // What an earlier version has saved is there under this one.
        0 => format!("{at:016x} {id} {target}"),
        number => format!("{at:016x} {number:016x} {id} {target}"),
    }
}

impl Outbox {
    /// Goes on with what was remembered.
    pub(crate) fn new(
        outgoing: impl IntoIterator<Item = OutboxMessage>,
        deliveries: BTreeMap<String, Delivery>,
    ) -> Self {
        let outgoing = outgoing.into_iter().map(|one| (key(&one), one)).collect();
        Self {
            outgoing,
            deliveries,
        }
    }

    /// Whether no message is on its way, and none was given up lately.
    pub(crate) fn is_empty(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// What became of the attempts at a target.
    pub(crate) fn delivery(&self, target: &str) -> Delivery {
        self.deliveries.get(target).cloned().unwrap_or_default()
    }

    /// The messages to a target that wait, and those that were given up, the newest first.
    pub(crate) fn messages_for(&self, target: &str) -> (Vec<&OutboxMessage>, Vec<&OutboxMessage>) {
        let all = self.outgoing.values().rev();
        let all = all.filter(|one| one.target == target);
        all.partition(|one| one.next_at.is_some())
    }

    /// Adds a rule's message for each of these targets.
    pub(crate) fn add(
        &mut self,
        message: &Message,
        rule: &str,
        targets: &[String],
    ) -> Vec<OutboxChange> {
        let mut changes = Vec::new();
        let last = self.outgoing.values().map(|one| one.number).max();
        let number = last.unwrap_or_default() + 1;
        for target in targets {
            changes.extend(self.put(OutboxMessage {
                target: target.clone(),
                message: message.clone(),
                attempts: 0,
                next_at: Some(message.at),
                failure: None,
                blocks_connection_only: false,
                remaining_recipients: Vec::new(),
                rule: rule.to_owned(),
                targets: targets.to_vec(),
                number,
            }));
        }
        changes
    }

    /// Tries at once what waits after a failure. What has changed.
    pub(crate) fn retry(&mut self) -> Vec<OutboxChange> {
        let failed = self
            .outgoing
            .values_mut()
            .filter(|one| one.attempts > 0 && one.next_at.is_some());
        let retried = failed.map(|one| {
            one.attempts = 0;
            one.next_at = Some(one.message.at);
            OutboxChange::Put(Box::new(one.clone()))
        });
        retried.collect()
    }

    /// Forgets that attempts at these targets have failed, where nothing waits that would show it again. What has changed.
    pub(crate) fn forget_failures(&mut self, targets: &[String]) -> Vec<OutboxChange> {
        let mut changes = Vec::new();
        for target in targets {
            let mut outgoing = self.outgoing.values();
            let still_fails = outgoing
                .any(|one| one.target == *target && one.next_at.is_some() && one.failure.is_some());
            if !still_fails
                && let Some(delivery) = self.deliveries.get_mut(target)
                && delivery.failed.take().is_some()
            {
                changes.push(OutboxChange::Delivery(target.clone(), delivery.clone()));
            }
        }
        changes
    }

    fn put(&mut self, outgoing: OutboxMessage) -> Vec<OutboxChange> {
        let mut changes = vec![OutboxChange::Put(Box::new(outgoing.clone()))];
        let target = outgoing.target.clone();
        self.outgoing.insert(key(&outgoing), outgoing);
        let (waiting, _) = self.messages_for(&target);
        if waiting.len() > MAX_WAITING
            && let Some(oldest) = oldest_of_the_most(&waiting).map(key)
        {
            changes.extend(self.give_up(&oldest, "too many messages wait for this target"));
        }
        changes
    }

    /// Gives what waits for targets that are not configured any more to those that its rule has since, as after a target
    /// got another id. What has changed, and for each target that is gone how many waited, and how many of them go to
    /// others.
    pub(crate) fn redirect(
        &mut self,
        targets: &[&str],
        rules: &[AlertRule],
    ) -> (Vec<OutboxChange>, BTreeMap<String, (usize, usize)>) {
        let is_gone = |one: &&OutboxMessage| !targets.contains(&one.target.as_str());
        let waiting = self.outgoing.values().filter(|one| one.next_at.is_some());
        let stranded: Vec<OutboxMessage> = waiting.filter(is_gone).cloned().collect();
        let (mut changes, mut counts) = (Vec::new(), BTreeMap::new());
        for one in stranded {
            let rule = rules.iter().find(|rule| rule.id == one.rule);
            let now = rule.map_or(&[][..], |rule| &rule.targets);
            let new = now.iter().filter(|id| {
                // The others have it already, or it waits for them too.
                !one.targets.contains(id) && targets.contains(&id.as_str())
            });
            let new: Vec<String> = new.cloned().collect();
            let (waited, passed_on): &mut (usize, usize) =
                counts.entry(one.target.clone()).or_default();
            *waited += 1;
            *passed_on += usize::from(!new.is_empty());
            self.outgoing.remove(&key(&one));
            changes.push(OutboxChange::Delete(key(&one)));
            for target in &new {
                changes.extend(self.put(OutboxMessage {
                    target: target.clone(),
                    attempts: 0,
                    next_at: Some(one.message.at),
                    failure: None,
                    remaining_recipients: Vec::new(),
                    targets: [&one.targets[..], &new[..]].concat(),
                    ..one.clone()
                }));
            }
        }
        (changes, counts)
    }

    /// An attempt has ended.
    pub(crate) fn attempted(
        &mut self,
        key: &str,
        outcome: Result<(), Failure>,
        now: DateTime<Utc>,
    ) -> Vec<OutboxChange> {
        let Some(one) = self.outgoing.get_mut(key) else {
            return Vec::new();
        };
        let target = one.target.clone();
        let delivery = self.deliveries.entry(target.clone()).or_default();
        delivery.last_connection = Some(connection(one).to_owned());
        let mut changes = Vec::new();
        match outcome {
            Ok(()) => {
                delivery.delivered_at = Some(now);
                self.outgoing.remove(key);
                changes.push(OutboxChange::Delete(key.to_owned()));
            }
            Err(failure) => {
                delivery.failed = Some(Failed {
                    at: now,
                    line: failure.line.clone(),
                });
                one.attempts = one.attempts.saturating_add(1);
                let old = now.signed_duration_since(one.message.at) > MAX_MESSAGE_AGE;
                if failure.is_final || old {
                    changes.extend(self.give_up(key, &failure.line));
                } else {
                    one.failure = Some(failure.line);
                    one.blocks_connection_only = failure.blocks_connection_only;
                    if !failure.remaining_recipients.is_empty() {
                        one.remaining_recipients = failure.remaining_recipients;
                    }
                    one.next_at = Some(now + wait(one.attempts, failure.retry_after));
                    changes.push(OutboxChange::Put(Box::new(one.clone())));
                }
            }
        }
        changes.push(OutboxChange::Delivery(
            target.clone(),
            self.delivery(&target),
        ));
        changes
    }

    fn give_up(&mut self, key: &str, why: &str) -> Option<OutboxChange> {
        let one = self.outgoing.get_mut(key)?;
        one.next_at = None;
        one.failure = Some(why.to_owned());
        Some(OutboxChange::Put(Box::new(one.clone())))
    }

    /// Forgets those that were given up long ago, what is more than can be shown, and what goes to a target that is
    /// not configured any more.
    pub(crate) fn forget_old(&mut self, targets: &[&str], now: DateTime<Utc>) -> Vec<OutboxChange> {
        let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
        let mut gone = Vec::new();
        for (key, one) in self.outgoing.iter().rev() {
            let is_known = targets.contains(&one.target.as_str());
            let number = shown.entry(one.target.as_str()).or_default();
            let given_up = one.next_at.is_none();
            *number += usize::from(given_up);
            let old = now.signed_duration_since(one.message.at) > GIVEN_UP_SHOWN_FOR;
            if !is_known || given_up && (old || *number > MAX_GIVEN_UP_SHOWN) {
                gone.push(key.clone());
            }
        }
        for key in &gone {
            self.outgoing.remove(key);
        }
        gone.into_iter().map(OutboxChange::Delete).collect()
    }
}

/// The connection that a message is about, or its worst alarm.
fn connection(outgoing: &OutboxMessage) -> &str {
    &outgoing.message.alarm.resource.connection
}

/// All connections that a message is about.
fn connections(outgoing: &OutboxMessage) -> impl Iterator<Item = &str> {
    let message = &outgoing.message;
    let others = message.others.iter();
    let others = others.map(|alarm| alarm.resource.connection.as_str());
    let omitted = message.omitted_connections.iter().map(String::as_str);
    others.chain(omitted).chain([connection(outgoing)])
}

/// Of messages that stand the newest first, the oldest of the connection that has the most.
fn oldest_of_the_most<'a>(waiting: &[&'a OutboxMessage]) -> Option<&'a OutboxMessage> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for one in waiting {
        *numbers.entry(connection(one)).or_default() += 1;
    }
    let most = numbers.values().max()?;
    let mut oldest_first = waiting.iter().rev();
    let of_it = oldest_first.find(|one| numbers.get(connection(one)) == Some(most));
    of_it.copied()
}

/// How long to wait after so many attempts that failed.
fn wait(attempts: u32, retry_after: Option<Duration>) -> TimeDelta {
    let doubled = 2_i32.saturating_pow(attempts.saturating_sub(1).min(20));
    let own = FIRST_WAIT.checked_mul(doubled).unwrap_or(MAX_WAIT);
    let wanted = retry_after.and_then(|wanted| TimeDelta::from_std(wanted).ok());
    own.max(wanted.unwrap_or_default()).min(MAX_WAIT)
}

#[cfg(test)]
mod tests;
