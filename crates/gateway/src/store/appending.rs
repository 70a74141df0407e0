//! Appending rows to the audit's chain, in a transaction during which no other gateway adds rows.

use super::chain::{BEFORE_THE_FIRST, Hash, StoredRow};
use super::database::{Fault, Sql, Value};
use super::{Entry, NewRow, RowKind, activity, saved_state};
use chrono::{DateTime, Utc};

/// The last row of the chain.
#[derive(Clone, Copy)]
struct End {
    number: i64,
    hash: Hash,
}

/// Adds rows, and returns their numbers.
pub(super) fn append(
    sql: &mut dyn Sql,
    rows: &[NewRow],
    now: DateTime<Utc>,
) -> Result<Vec<i64>, Fault> {
    let (mut end, mut numbers) = (end(sql)?, Vec::new());
    for row in rows {
        end = insert(sql, end, row, now)?;
        numbers.push(end.number);
    }
    Ok(numbers)
}

fn insert(sql: &mut dyn Sql, end: End, row: &NewRow, now: DateTime<Utc>) -> Result<End, Fault> {
    let (at, entry) = (row.at(now), row.text()?);
    let stored = StoredRow {
        number: end.number + 1,
        at: at.timestamp_millis(),
        kind: row.kind.as_str().to_owned(),
        of: row.of,
        entry,
    };
    let hash = stored.hash(&end.hash);
    let number = stored.number;
    sql.execute(
        "INSERT INTO audit (number, at, kind, intent, entry, hash) VALUES (?, ?, ?, ?, ?, ?)",
        &[
            number.into(),
            stored.at.into(),
            stored.kind.into(),
            stored.of.into(),
            stored.entry.into(),
            Value::Bytes(hash.to_vec()),
        ],
    )?;
    activity::add_row(sql, number, row, at)?;
    saved_state::write(sql, &row.change)?;
    Ok(End { number, hash })
}

fn end(sql: &mut dyn Sql) -> Result<End, Fault> {
    let last = sql.rows(
        "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1",
        &[],
    )?;
    let Some(last) = last.first() else {
        return Ok(End {
            number: 0,
            hash: BEFORE_THE_FIRST,
        });
    };
    Ok(End {
        number: last.number(0)?,
        // A hash of another length is damaged. `audit verify` reports it, and the chain continues from there.
        hash: Hash::try_from(last.bytes(1)?).unwrap_or(BEFORE_THE_FIRST),
    })
}

/// Whether the intent of this outcome has no outcome yet.
pub(super) fn is_open(sql: &mut dyn Sql, outcome: &NewRow) -> Result<bool, Fault> {
    let ended = sql.rows(
        "SELECT number FROM audit WHERE intent = ?",
        &[outcome.of.into()],
    )?;
    Ok(ended.is_empty())
}

/// The outcome of an intent about which nothing else is known.
pub(super) fn closing(number: i64, intent: Entry, outcome: &str) -> NewRow {
    NewRow {
        kind: RowKind::Outcome,
        of: Some(number),
        entry: Entry {
            request: intent.request,
            who: intent.who,
            connection: intent.connection,
            what: intent.what,
            outcome: outcome.to_owned(),
            ..Entry::default()
        },
        change: None,
        happened_at: None,
    }
}
