//! The queue of messages to targets. Each target gets one message at a time; a failed message is retried and given up
//! after a day. Pure.

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

/// The wait after the first attempt. It doubles with each further attempt.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(10);
const MAX_WAIT: TimeDelta = TimeDelta::minutes(15);

/// The age after which a message is given up. An older message would only confuse.
const MAX_MESSAGE_AGE: TimeDelta = TimeDelta::days(1);

/// How long messages that were given up are shown, and the maximum number for a target.
const GIVEN_UP_SHOWN_FOR: TimeDelta = TimeDelta::days(7);
const MAX_GIVEN_UP_SHOWN: usize = 50;

/// The maximum number of messages that wait for a target. Beyond it, the oldest message of the connection with the most
/// messages is given up.
const MAX_WAITING: usize = 1_000;

/// A message on its way to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutboxMessage {
    pub(crate) target: String,
    pub(crate) message: Message,
    pub(crate) attempts: u32,
    /// The time of the next attempt; `None` once the message was given up.
    #[serde(with = "ts_milliseconds_option")]
    pub(crate) next_at: Option<DateTime<Utc>>,
    /// The reason why the last attempt failed.
    pub(crate) failure: Option<String>,
    /// Whether the failure may concern this message only, so that just the messages about the same connections wait.
    #[serde(default, rename = "is_of_message")]
    blocks_connection_only: bool,
    /// The recipients who still have to get the e-mail after others got it.
    #[serde(default, rename = "missed")]
    pub(crate) remaining_recipients: Vec<String>,
    /// The id of the message's rule.
    #[serde(default)]
    rule: String,
    /// All targets of the message, including those that have already got it.
    #[serde(default)]
    targets: Vec<String>,
    /// The position among messages of the same time; 0 in messages of earlier versions.
    #[serde(default)]
    number: u64,
}

/// The result of the attempts at a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeliveryResult {
    /// The time of the last successful delivery.
    #[serde(with = "ts_milliseconds_option")]
    pub(crate) delivered_at: Option<DateTime<Utc>>,
    /// The last failure since the target's configuration changed.
    pub(crate) failed: Option<Failed>,
    /// The connection of the last message. Connections take turns.
    #[serde(default, rename = "turn")]
    last_connection: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    #[serde(with = "ts_milliseconds")]
    pub(crate) at: DateTime<Utc>,
    pub(crate) line: String,
}

/// A change to save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OutboxChange {
    Put(Box<OutboxMessage>),
    /// The key of the message to delete.
    Delete(String),
    Delivery(String, DeliveryResult),
}

/// All messages that wait or were given up, and the result for each target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outbox {
    /// The messages by [`key`], which sorts them by creation.
    outgoing: BTreeMap<String, OutboxMessage>,
    deliveries: BTreeMap<String, DeliveryResult>,
}

/// The key of a message to a target.
pub(crate) fn key(outgoing: &OutboxMessage) -> String {
    let at = outgoing.message.at.timestamp_millis();
    let (id, target) = (&outgoing.message.id, &outgoing.target);
    match outgoing.number {
        // The key that earlier versions used for saved messages.
        0 => format!("{at:016x} {id} {target}"),
        number => format!("{at:016x} {number:016x} {id} {target}"),
    }
}

impl Outbox {
    /// Restores the saved messages and results.
    pub(crate) fn new(
        outgoing: impl IntoIterator<Item = OutboxMessage>,
        deliveries: BTreeMap<String, DeliveryResult>,
    ) -> Self {
        let outgoing = outgoing.into_iter().map(|one| (key(&one), one)).collect();
        Self {
            outgoing,
            deliveries,
        }
    }

    /// Whether no message waits, and none was given up recently.
    pub(crate) fn is_empty(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// The result of the attempts at a target.
    pub(crate) fn delivery(&self, target: &str) -> DeliveryResult {
        self.deliveries.get(target).cloned().unwrap_or_default()
    }

    /// The messages to a target that wait, and those that were given up, newest first.
    pub(crate) fn messages_for(&self, target: &str) -> (Vec<&OutboxMessage>, Vec<&OutboxMessage>) {
        let all = self.outgoing.values().rev();
        let all = all.filter(|one| one.target == target);
        all.partition(|one| one.next_at.is_some())
    }

    /// Adds a message of a rule for each target. Returns the changes to save.
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

    /// Makes messages that wait after a failure due at once. Returns the changes to save.
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

    /// Forgets the last failure of these targets, except where a failed message still waits. Returns the changes to
    /// save.
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
            && let Some(oldest) = oldest_of_largest_backlog(&waiting).map(key)
        {
            changes.extend(self.give_up(&oldest, "too many messages wait for this target"));
        }
        changes
    }

    /// Redirects messages for targets that are no longer configured to the present targets of their rules, as after a
    /// target's id changed. Returns the changes to save, and for each removed target how many messages waited and how
    /// many of them were redirected.
    pub(crate) fn redirect(
        &mut self,
        targets: &[&str],
        rules: &[AlertRule],
    ) -> (Vec<OutboxChange>, BTreeMap<String, (usize, usize)>) {
        let is_removed = |one: &&OutboxMessage| !targets.contains(&one.target.as_str());
        let waiting = self.outgoing.values().filter(|one| one.next_at.is_some());
        let stranded: Vec<OutboxMessage> = waiting.filter(is_removed).cloned().collect();
        let (mut changes, mut counts) = (Vec::new(), BTreeMap::new());
        for one in stranded {
            let rule = rules.iter().find(|rule| rule.id == one.rule);
            let present = rule.map_or(&[][..], |rule| &rule.targets);
            let new = present.iter().filter(|id| {
                // The message was sent to the others, or waits for them too.
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

    /// Records the outcome of an attempt. Returns the changes to save.
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
                let is_too_old = now.signed_duration_since(one.message.at) > MAX_MESSAGE_AGE;
                if failure.is_final || is_too_old {
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

    /// Deletes messages that were given up long ago or exceed the number that is shown, and all messages to targets
    /// that are no longer configured. Returns the changes to save.
    pub(crate) fn forget_old(&mut self, targets: &[&str], now: DateTime<Utc>) -> Vec<OutboxChange> {
        let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
        let mut removed = Vec::new();
        for (key, one) in self.outgoing.iter().rev() {
            let is_known = targets.contains(&one.target.as_str());
            let number = shown.entry(one.target.as_str()).or_default();
            let given_up = one.next_at.is_none();
            *number += usize::from(given_up);
            let is_old = now.signed_duration_since(one.message.at) > GIVEN_UP_SHOWN_FOR;
            if !is_known || given_up && (is_old || *number > MAX_GIVEN_UP_SHOWN) {
                removed.push(key.clone());
            }
        }
        for key in &removed {
            self.outgoing.remove(key);
        }
        removed.into_iter().map(OutboxChange::Delete).collect()
    }
}

/// The connection of a message's first alarm, which is the worst.
fn connection(outgoing: &OutboxMessage) -> &str {
    &outgoing.message.alarm.resource.connection
}

/// The connections of all alarms of a message.
fn connections(outgoing: &OutboxMessage) -> impl Iterator<Item = &str> {
    let message = &outgoing.message;
    let others = message.others.iter();
    let others = others.map(|alarm| alarm.resource.connection.as_str());
    let omitted = message.omitted_connections.iter().map(String::as_str);
    others.chain(omitted).chain([connection(outgoing)])
}

/// The oldest message of the connection with the most messages. `waiting` is sorted newest first.
fn oldest_of_largest_backlog<'a>(waiting: &[&'a OutboxMessage]) -> Option<&'a OutboxMessage> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for one in waiting {
        *numbers.entry(connection(one)).or_default() += 1;
    }
    let most = numbers.values().max()?;
    let mut oldest_first = waiting.iter().rev();
    let of_it = oldest_first.find(|one| numbers.get(connection(one)) == Some(most));
    of_it.copied()
}

/// The wait after a number of failed attempts.
fn wait(attempts: u32, retry_after: Option<Duration>) -> TimeDelta {
    let doubled = 2_i32.saturating_pow(attempts.saturating_sub(1).min(20));
    let backoff = FIRST_WAIT.checked_mul(doubled).unwrap_or(MAX_WAIT);
    let requested = retry_after.and_then(|requested| TimeDelta::from_std(requested).ok());
    backoff.max(requested.unwrap_or_default()).min(MAX_WAIT)
}

#[cfg(test)]
mod tests;
