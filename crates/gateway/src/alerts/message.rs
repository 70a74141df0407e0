//! The content of an alert and its formats: this program's own JSON, Slack, Teams and e-mail. Pure.

pub(crate) mod link;
mod mail;
mod slack;
mod teams;
mod webhook;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use mail::{mail_subject, mail_text};
pub(crate) use slack::slack_json;
pub(crate) use teams::teams_json;
pub(crate) use webhook::webhook_json;
pub(crate) use words::line;

use crate::crypto::short_hex;
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::{Alarm, Since};
use health::inventory::ResourceKey;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The maximum number of further alarms that a message lists.
pub(crate) const MAX_LISTED: usize = 20;

/// The reason why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Occasion {
    /// An alarm has begun.
    Began,
    /// The alarm has got worse.
    Worse,
    /// The alarm is still open.
    Reminder,
    /// The alarm has ended.
    Ended,
    /// The alarm's connection is no longer watched, so its end cannot be observed.
    Unwatched,
    /// A test of the delivery, without an alarm.
    Test,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// The unique id. Retries keep it, so that receivers can detect duplicates.
    pub(crate) id: String,
    /// The time of creation, by the gateway's clock.
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub(crate) at: DateTime<Utc>,
    pub(crate) occasion: Occasion,
    /// The latest state of the alarm; in a test an invented alarm.
    pub(crate) alarm: Alarm,
    /// When the alarm ended or was last watched, if it is over. Messages of earlier versions do not have it.
    #[serde(default, with = "chrono::serde::ts_milliseconds_option")]
    pub(crate) until: Option<DateTime<Utc>>,
    /// Further alarms of the same occasion, worst first, if many occurred at once.
    #[serde(default)]
    pub(crate) others: Vec<Alarm>,
    /// The number of further alarms that are not listed.
    #[serde(default)]
    pub(crate) omitted: usize,
    /// The connections of the omitted alarms, which keep the messages about each connection in order.
    #[serde(default)]
    pub(crate) omitted_connections: BTreeSet<String>,
    /// The title of the alarm's connection.
    pub(crate) connection: String,
    /// The console page of the affected resource, if the console's address is configured.
    pub(crate) link: Option<String>,
}

impl Message {
    /// Merges a later message of the same occasion and connection into this one. The new id is derived from both ids,
    /// so that a receiver that already has one of them does not drop the merged message as a duplicate.
    pub(crate) fn join(&mut self, later: &Self) {
        let ids = format!("{} {}", self.id, later.id);
        self.id = short_hex(ids, 16);
        if let Some(link) = &mut self.link
            && self.others.is_empty()
        {
            *link = link::overview_of(link, &self.alarm.resource);
        }
        let earlier = std::iter::once(&self.alarm).chain(&self.others);
        let added: Vec<&Alarm> = std::iter::once(&later.alarm).chain(&later.others).collect();
        // For an alarm in both messages, the later state is kept.
        let earlier = earlier.filter(|one| added.iter().all(|new| new.id != one.id));
        let mut alarms: Vec<Alarm> = earlier.chain(added.iter().copied()).cloned().collect();
        alarms.sort_by(Alarm::worst_first);
        let mut alarms = alarms.into_iter();
        if let Some(worst) = alarms.next() {
            // The worst alarm of both is the worst of one of them.
            if worst.id == later.alarm.id {
                self.until = later.until;
            }
            self.alarm = worst;
            self.others = alarms.collect();
        }
    }

    /// A message that tests the delivery.
    pub(crate) fn test(id: String, at: DateTime<Utc>, link: Option<String>) -> Self {
        let alarm = Alarm {
            id: "test".to_owned(),
            resource: ResourceKey::of_connection("test"),
            name: "Failover Console".to_owned(),
            // Receivers that decide by severity must not wake anybody.
            severity: Severity::Normal,
            rank: 0,
            word: Cow::Borrowed("Alerts arrive here"),
            sentence: "This is a test: there is no alarm.".to_owned(),
            advice: String::new(),
            since: Since::Observed(at),
            flapping: None,
            acknowledged: None,
            notes: Vec::new(),
            maintenance: None,
        };
        Self {
            id,
            at,
            occasion: Occasion::Test,
            alarm,
            until: None,
            others: Vec::new(),
            omitted: 0,
            omitted_connections: BTreeSet::new(),
            connection: "Failover Console".to_owned(),
            link,
        }
    }
}
