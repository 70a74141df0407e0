//! The one thread that writes.

use super::chain::{BEFORE_THE_FIRST, Hash, StoredRow};
use super::schema::{Database, words};
use super::{Entry, NewRow, RowKind};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};

/// So many rows are written together at most.
const TOGETHER: usize = 64;

/// Something for the thread to do.
pub(super) enum Job {
    /// Writes a row, and answers its number once it is durable.
    Write(Box<NewRow>, oneshot::Sender<Result<i64, ()>>),
    /// Answers whether rows can be written.
    Probe(oneshot::Sender<bool>),
}

/// The last row of the chain.
#[derive(Clone, Copy)]
struct End {
    number: i64,
    hash: Hash,
}

/// Closes what was left open, then writes until the store is dropped.
pub(super) fn start(
    database: Database,
    mut queue: mpsc::Receiver<Job>,
    is_well: Arc<AtomicBool>,
) -> Result<(), String> {
    let mut database = database;
    let mut end = end(&database.connection).map_err(|error| words(&error))?;
    close_open_intents(&mut database.connection, &mut end)
        .map_err(|error| format!("the store {}", words(&error)))?;
    let write = move || {
        // All of it, with its lock.
        let mut database = database;
        let mut jobs = Vec::new();
        while queue.blocking_recv_many(&mut jobs, TOGETHER) > 0 {
            work(&mut database.connection, &mut end, jobs.drain(..), &is_well);
        }
    };
    let thread = std::thread::Builder::new().name("store".to_owned());
    let started = thread.spawn(write);
    started.map(drop).map_err(|error| error.to_string())
}

fn work(
    connection: &mut Connection,
    end: &mut End,
    jobs: impl Iterator<Item = Job>,
    is_well: &AtomicBool,
) {
    let (mut rows, mut answers, mut probes) = (Vec::new(), Vec::new(), Vec::new());
    for job in jobs {
        match job {
            Job::Write(row, answer) => {
                rows.push(*row);
                answers.push(answer);
            }
            Job::Probe(answer) => probes.push(answer),
        }
    }
    let written = append(connection, end, rows);
    let was_well = is_well.swap(written.is_ok(), Ordering::Relaxed);
    match &written {
        Err(error) if was_well => tracing::error!("the audit {}", words(error)),
        Ok(_) if !was_well => tracing::warn!("the audit can be written again"),
        _ => {}
    }
    // Whoever does not wait any more has no use for the answer.
    for (place, answer) in answers.into_iter().enumerate() {
        let number = written.as_ref().ok().and_then(|numbers| numbers.get(place));
        let _ = answer.send(number.copied().ok_or(()));
    }
    for probe in probes {
        let _ = probe.send(written.is_ok());
    }
}

/// Writes rows as one transaction; their numbers.
fn append(
    connection: &mut Connection,
    end: &mut End,
    rows: Vec<NewRow>,
) -> rusqlite::Result<Vec<i64>> {
    let transaction = connection.transaction()?;
    if rows.is_empty() {
        // A probe is answered by the disk.
        transaction.execute("UPDATE probe SET at = ?", [now()])?;
    }
    let (mut new, mut numbers) = (*end, Vec::new());
    for row in rows {
        new = insert(&transaction, new, row)?;
        numbers.push(new.number);
    }
    transaction.commit()?;
    *end = new;
    Ok(numbers)
}

fn insert(transaction: &Transaction<'_>, end: End, row: NewRow) -> rusqlite::Result<End> {
    let entry = serde_json::to_string(&row.entry)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let stored = StoredRow {
        number: end.number + 1,
        at: now(),
        kind: row.kind.word().to_owned(),
        of: row.of,
        entry,
    };
    let hash = stored.hash(&end.hash);
    transaction.execute(
        "INSERT INTO audit (number, at, kind, intent, entry, hash) VALUES (?, ?, ?, ?, ?, ?)",
        params![
            stored.number,
            stored.at,
            stored.kind,
            stored.of,
            stored.entry,
            hash.as_slice()
        ],
    )?;
    Ok(End {
        number: stored.number,
        hash,
    })
}

fn end(connection: &Connection) -> rusqlite::Result<End> {
    let last = connection
        .query_row(
            "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)),
        )
        .optional()?;
    Ok(last.map_or(
        End {
            number: 0,
            hash: BEFORE_THE_FIRST,
        },
        |(number, hash)| End {
            number,
            // Another length is no hash of ours: `audit verify` says so, and the chain goes on from there.
            hash: Hash::try_from(hash).unwrap_or(BEFORE_THE_FIRST),
        },
    ))
}

/// What a process that ended in between has sent, or not: nobody knows.
fn close_open_intents(connection: &mut Connection, end: &mut End) -> rusqlite::Result<()> {
    let open: Vec<(i64, String)> = connection
        .prepare(
            "SELECT number, entry FROM audit AS one WHERE kind = 'intent'
             AND NOT EXISTS (SELECT 1 FROM audit WHERE intent = one.number) ORDER BY number",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    if open.is_empty() {
        return Ok(());
    }
    tracing::warn!(
        "{} changes were under way when the gateway ended; their outcome is recorded as unknown",
        open.len()
    );
    let rows = open.into_iter().map(|(number, entry)| {
        let intent: Entry = serde_json::from_str(&entry).unwrap_or_default();
        NewRow {
            kind: RowKind::Outcome,
            of: Some(number),
            entry: Entry {
                request: intent.request,
                who: intent.who,
                connection: intent.connection,
                what: intent.what,
                outcome: "unknown".to_owned(),
                ..Entry::default()
            },
        }
    });
    let rows = rows.collect();
    append(connection, end, rows).map(drop)
}

/// Milliseconds since 1970 by the computer's clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}
