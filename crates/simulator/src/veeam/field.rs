//! The fields that a query filters and sorts by, their values in a session, and how filter values are
//! parsed for them.

use super::model::{Outcome, Shown, State};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Uid,
    Name,
    Type,
    CreationTime,
    EndTime,
    State,
    Result,
    FailureMessage,
    BackupServerUid,
    BackupServerName,
}

const FIELDS: [(&str, Field); 10] = [
    ("UID", Field::Uid),
    ("Name", Field::Name),
    ("Type", Field::Type),
    ("CreationTime", Field::CreationTime),
    ("EndTime", Field::EndTime),
    ("State", Field::State),
    ("Result", Field::Result),
    ("FailureMessage", Field::FailureMessage),
    ("BackupServerUid", Field::BackupServerUid),
    ("BackupServerName", Field::BackupServerName),
];

/// The only type of session.
pub(super) const JOB_TYPE: &str = "FailoverPlan";

/// A value to compare. Values of one field always have the same kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    /// In lower case: the server's database is case-insensitive.
    Text(String),
    Time(DateTime<Utc>),
    /// The index in the vendor's list of the enumeration's values.
    Rank(usize),
}

impl Field {
    /// # Errors
    /// The server's message, when the field does not exist.
    pub(super) fn named(text: &str) -> Result<Self, String> {
        let found = FIELDS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, field)| *field).ok_or_else(|| {
            let names = FIELDS.map(|(name, _)| name).join(", ");
            format!("CloudFailoverSession has no field '{text}'. Its fields are {names}.")
        })
    }

    /// The value of the field in a session, if it has one.
    pub(super) fn of(self, shown: &Shown<'_>) -> Option<Value> {
        let text = |text: &str| Some(Value::Text(text.to_lowercase()));
        let session = shown.session;
        match self {
            Self::Uid => text(&session.uid),
            Self::Name => text(&session.name),
            Self::Type => text(JOB_TYPE),
            Self::CreationTime => Some(Value::Time(session.run.creation)),
            Self::EndTime => shown.moment.end.map(Value::Time),
            Self::State => rank(&State::ALL.map(State::name), shown.moment.state.name()),
            Self::Result => rank(
                &Outcome::ALL.map(Outcome::name),
                shown.moment.outcome.name(),
            ),
            Self::FailureMessage => shown.moment.message.as_deref().and_then(text),
            Self::BackupServerUid => text(&session.server.uid),
            Self::BackupServerName => text(&session.server.name),
        }
    }

    /// Parses a filter's value for this field.
    ///
    /// # Errors
    /// The server's message, when the value is not valid for the field.
    pub(super) fn value(self, text: &str, quoted: bool) -> Result<Value, String> {
        match self {
            Self::Uid => uid(text, "CloudFailoverSession"),
            Self::BackupServerUid => uid(text, "BackupServer"),
            Self::CreationTime | Self::EndTime => time(text),
            Self::State => one_of(&State::ALL.map(State::name), text),
            Self::Result => one_of(&Outcome::ALL.map(Outcome::name), text),
            Self::Name | Self::Type | Self::FailureMessage | Self::BackupServerName => {
                let plain = |one: char| one.is_ascii_alphanumeric() || one == '_';
                if quoted || text.chars().all(plain) {
                    Ok(Value::Text(text.to_lowercase()))
                } else {
                    Err(format!("The value '{text}' has to be in quotes."))
                }
            }
        }
    }
}

fn rank(names: &[&str], name: &str) -> Option<Value> {
    let at = names.iter().position(|one| one.eq_ignore_ascii_case(name));
    at.map(Value::Rank)
}

fn one_of(names: &[&str], text: &str) -> Result<Value, String> {
    rank(names, text).ok_or_else(|| format!("'{text}' is not one of {}.", names.join(", ")))
}

/// Parses a GUID, alone or at the end of a URN of that kind.
fn uid(text: &str, kind: &str) -> Result<Value, String> {
    let lower = text.to_ascii_lowercase();
    let urn = format!("urn:veeam:{}:", kind.to_ascii_lowercase());
    let guid = lower.strip_prefix(&urn).unwrap_or(&lower);
    if is_guid(guid) {
        Ok(Value::Text(guid.to_owned()))
    } else {
        Err(format!("'{text}' is not the UID of a {kind}."))
    }
}

fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
        && text
            .chars()
            .all(|one| one == '-' || one.is_ascii_hexdigit())
}

/// Parses a UTC date and time, or a date; `Z` is optional, other zones are rejected.
fn time(text: &str) -> Result<Value, String> {
    let bare = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let read = NaiveDateTime::parse_from_str(bare, "%Y-%m-%dT%H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(bare, "%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|_| NaiveDateTime::parse_from_str(bare, "%Y-%m-%dT%H:%M"));
    let read = read.ok().or_else(|| {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        day.and_hms_opt(0, 0, 0)
    });
    read.map(|time| Value::Time(time.and_utc()))
        .ok_or_else(|| format!("'{text}' is not a UTC date and time."))
}
