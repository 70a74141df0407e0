//! What an alert says, and its forms: JSON of this program, of Slack, of Teams; and an e-mail. Pure.

use chrono::{DateTime, Utc};
use health::alarms::Alarm;
use serde::{Deserialize, Serialize};

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
    /// The title of the alarm's connection.
    pub(crate) connection: String,
    /// The page of what it concerns, where the configuration knows the console's address.
    pub(crate) link: Option<String>,
}
