//! Which alarms are open and what people do about them: with this a gateway that starts anew goes on.

use health::alarms::{Acknowledgement, Alarm, Handling, Maintenance};
use rusqlite::{Connection, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Something to keep, or to keep no longer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Keep {
    /// An alarm that is open.
    Alarm(Box<Alarm>),
    /// The id of one that is open no longer.
    EndedAlarm(String),
    /// The id of an alarm, and who takes care of it.
    Acknowledgement(String, Acknowledgement),
    /// The id of an alarm whose acknowledgement holds no longer.
    EndedAcknowledgement(String),
    /// Under way or planned.
    Maintenance(Maintenance),
    /// The id of one that is over.
    EndedMaintenance(String),
}

/// What a gateway that ended has left.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Kept {
    /// The alarms that were open.
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) handling: Handling,
}

const ALARMS: &str = "open_alarm";
const ACKNOWLEDGEMENTS: &str = "acknowledgement";
const MAINTENANCE: &str = "maintenance";

/// Writes what is to be kept.
pub(super) fn keep(transaction: &Transaction<'_>, things: &[Keep]) -> rusqlite::Result<()> {
    for thing in things {
        match thing {
            Keep::Alarm(alarm) => put(transaction, ALARMS, &alarm.id, alarm)?,
            Keep::EndedAlarm(id) => take(transaction, ALARMS, id)?,
            Keep::Acknowledgement(id, given) => put(transaction, ACKNOWLEDGEMENTS, id, given)?,
            Keep::EndedAcknowledgement(id) => take(transaction, ACKNOWLEDGEMENTS, id)?,
            Keep::Maintenance(one) => put(transaction, MAINTENANCE, &one.id, one)?,
            Keep::EndedMaintenance(id) => take(transaction, MAINTENANCE, id)?,
        }
    }
    Ok(())
}

fn put(
    transaction: &Transaction<'_>,
    table: &str,
    id: &str,
    thing: &impl Serialize,
) -> rusqlite::Result<()> {
    let json = serde_json::to_string(thing)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    transaction
        .execute(
            &format!("INSERT OR REPLACE INTO {table} (id, entry) VALUES (?, ?)"),
            params![id, json],
        )
        .map(drop)
}

fn take(transaction: &Transaction<'_>, table: &str, id: &str) -> rusqlite::Result<()> {
    transaction
        .execute(&format!("DELETE FROM {table} WHERE id = ?"), [id])
        .map(drop)
}

/// Reads what was kept.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Kept> {
    Ok(Kept {
        alarms: all(connection, ALARMS)?.into_values().collect(),
        handling: Handling {
            acknowledgements: all(connection, ACKNOWLEDGEMENTS)?,
            maintenance: all(connection, MAINTENANCE)?,
        },
    })
}

fn all<T: DeserializeOwned>(
    connection: &Connection,
    table: &str,
) -> rusqlite::Result<BTreeMap<String, T>> {
    let mut statement = connection.prepare(&format!("SELECT id, entry FROM {table}"))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let mut things = BTreeMap::new();
    for row in rows {
        let (id, text): (String, String) = row?;
        let thing = serde_json::from_str(&text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
        })?;
        things.insert(id, thing);
    }
    Ok(things)
}
