//! What an alert says, and its forms: JSON of this program, of Slack, of Teams; and an e-mail. Pure.

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

use crate::crypto::hex;
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::{Alarm, Since};
use health::inventory::ResourceKey;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The most further alarms that a message lists.
pub(crate) const MAX_LISTED: usize = 20;

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Occasion {
    /// An alarm has begun.
    Began,
    /// It has got worse.
    Worse,
    /// It is still open.
    Reminder,
    /// It has ended.
    Ended,
    /// Its connection is not watched any more: whether it has ended nobody knows.
    Unwatched,
    /// Somebody tries whether messages arrive: there is no alarm.
    Test,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// Of this message alone, also when it is sent again: receivers can tell that they have it already.
    pub(crate) id: String,
    /// When it was made, by the gateway's clock.
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub(crate) at: DateTime<Utc>,
    pub(crate) occasion: Occasion,
    /// The alarm as it is now, or last was; of a test one that is made up.
    pub(crate) alarm: Alarm,
    /// Further alarms of the same occasion, where many came at once, worst first.
    #[serde(default)]
    pub(crate) others: Vec<Alarm>,
    /// How many more there are, which are not listed.
    #[serde(default)]
    pub(crate) omitted: usize,
    /// The connections of these, for the order of the messages about each.
    #[serde(default)]
    pub(crate) omitted_connections: BTreeSet<String>,
    /// The title of the alarm's connection.
    pub(crate) connection: String,
    /// The page of what it concerns, where the configuration knows the console's address.
    pub(crate) link: Option<String>,
}

impl Message {
    /// Takes in the alarms of a later message of the same occasion, about the same connection. It gets another id, the same
    /// for the same two: a receiver that has this one already must not drop what is joined to it.
    pub(crate) fn join(&mut self, later: &Self) {
        let ids = format!("{} {}", self.id, later.id);
        self.id = hex(&digest(&SHA256, ids.as_bytes()).as_ref()[..16]);
        if let Some(link) = &mut self.link
            && self.others.is_empty()
        {
            *link = link::overview_of(link, &self.alarm.resource);
        }
        let earlier = std::iter::once(&self.alarm).chain(&self.others);
        let added: Vec<&Alarm> = std::iter::once(&later.alarm).chain(&later.others).collect();
        // Of an alarm that is in both the later message knows more.
        let earlier = earlier.filter(|one| added.iter().all(|new| new.id != one.id));
        let mut alarms: Vec<Alarm> = earlier.chain(added.iter().copied()).cloned().collect();
        alarms.sort_by(Alarm::worst_first);
        let mut alarms = alarms.into_iter();
        if let Some(worst) = alarms.next() {
            self.alarm = worst;
            self.others = alarms.collect();
        }
    }

    /// A message with which somebody tries whether messages arrive.
    pub(crate) fn test(id: String, at: DateTime<Utc>, link: Option<String>) -> Self {
        let alarm = Alarm {
            id: "test".to_owned(),
            resource: ResourceKey::of_connection("test"),
            name: "Failover Console".to_owned(),
            // Receivers that know only severities must not wake anybody.
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
            others: Vec::new(),
            omitted: 0,
            omitted_connections: BTreeSet::new(),
            connection: "Failover Console".to_owned(),
            link,
        }
    }
}
