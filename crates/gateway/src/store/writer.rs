//! The one thread that writes.

use super::chain::{BEFORE_THE_FIRST, Hash, StoredRow};
use super::schema::{Database, words};
use super::{Entry, Keep, NewRow, Now, Read, RowKind, activity, kept, watching};
use chrono::{DateTime, Utc};
use health::events::Event;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// So many rows are written together at most.
const TOGETHER: usize = 64;

/// Something for the thread to do.
pub(super) enum Job {
    /// Writes a row, and answers its number once it is durable.
    Write(Box<NewRow>, oneshot::Sender<Result<i64, ()>>),
    /// Answers whether rows can be written.
    Probe(oneshot::Sender<bool>),
    /// Adds what was seen to the list of what happened.
    Events(Vec<Event>),
    /// Keeps or forgets.
    Keep(Vec<Keep>),
    /// Notes that the connections are watched.
    Watched,
    /// Reads.
    Read(Read),
}

/// What the thread shares with those who ask it.
pub(super) struct State {
    pub(super) is_well: Arc<AtomicBool>,
    pub(super) changes: Arc<AtomicU64>,
    pub(super) now: Now,
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
    state: State,
) -> Result<(), String> {
    let now = &state.now;
    let mut database = database;
    let mut end = end(&database.connection).map_err(|error| words(&error))?;
    close_open_intents(&mut database.connection, &mut end, now())
        .and_then(|()| watching::begun(&database.connection, now()))
        .and_then(|begun| add_events(&mut database.connection, vec![begun]))
        .map_err(|error| format!("the store {}", words(&error)))?;
    let write = move || {
        // All of it, with its lock.
        let mut database = database;
        let mut jobs = Vec::new();
        while queue.blocking_recv_many(&mut jobs, TOGETHER) > 0 {
            work(&mut database.connection, &mut end, jobs.drain(..), &state);
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
    state: &State,
) {
    let now = (state.now)();
    let (mut rows, mut answers, mut probes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut events, mut reads, mut is_watched) = (Vec::new(), Vec::new(), false);
    let mut keep = Vec::new();
    for job in jobs {
        match job {
            Job::Write(row, answer) => {
                rows.push(*row);
                answers.push(answer);
            }
            Job::Probe(answer) => probes.push(answer),
            Job::Events(more) => events.extend(more),
            Job::Keep(more) => keep.extend(more),
            Job::Watched => is_watched = true,
            Job::Read(read) => reads.push(read),
        }
    }
    let changes = !rows.is_empty() || !events.is_empty();
    let writes = changes || is_watched || !keep.is_empty() || !probes.is_empty();
    let written = if rows.is_empty() && probes.is_empty() {
        Ok(Vec::new())
    } else {
        append(connection, end, rows, now)
    };
    // Apart from the rows: one that cannot be written takes no event with it.
    let seen = add_events(connection, events)
        .and_then(|()| keep_all(connection, &keep))
        .and_then(|()| {
            if is_watched {
                watching::watched(connection, now)
            } else {
                Ok(())
            }
        });
    let failed = written.as_ref().err().or(seen.as_ref().err());
    // Who only reads learns nothing of whether the disk takes more.
    let was_well = if writes {
        state.is_well.swap(failed.is_none(), Ordering::Relaxed)
    } else {
        true
    };
    match failed {
        Some(error) if was_well => tracing::error!("the store {}", words(error)),
        None if !was_well => tracing::warn!("the store can be written again"),
        _ => {}
    }
    if changes {
        state.changes.fetch_add(1, Ordering::Relaxed);
    }
    // Whoever does not wait any more has no use for the answer.
    for (place, answer) in answers.into_iter().enumerate() {
        let number = written.as_ref().ok().and_then(|numbers| numbers.get(place));
        let _ = answer.send(number.copied().ok_or(()));
    }
    for probe in probes {
        let _ = probe.send(failed.is_none());
    }
    for read in reads {
        read(connection);
    }
}

fn add_events(connection: &mut Connection, events: Vec<Event>) -> rusqlite::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for event in events {
        activity::add_event(&transaction, event)?;
    }
    transaction.commit()
}

fn keep_all(connection: &mut Connection, keep: &[Keep]) -> rusqlite::Result<()> {
    if keep.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    kept::keep(&transaction, keep)?;
    transaction.commit()
}

/// Writes rows as one transaction; their numbers.
fn append(
    connection: &mut Connection,
    end: &mut End,
    rows: Vec<NewRow>,
    now: DateTime<Utc>,
) -> rusqlite::Result<Vec<i64>> {
    let transaction = connection.transaction()?;
    if rows.is_empty() {
        // A probe is answered by the disk.
        transaction.execute("UPDATE probe SET at = ?", [now.timestamp_millis()])?;
    }
    let (mut new, mut numbers) = (*end, Vec::new());
    for row in rows {
        new = insert(&transaction, new, &row, now)?;
        numbers.push(new.number);
    }
    transaction.commit()?;
    *end = new;
    Ok(numbers)
}

fn insert(
    transaction: &Transaction<'_>,
    end: End,
    row: &NewRow,
    now: DateTime<Utc>,
) -> rusqlite::Result<End> {
    let entry = serde_json::to_string(&row.entry)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let stored = StoredRow {
        number: end.number + 1,
        at: now.timestamp_millis(),
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
    activity::add_row(transaction, stored.number, row, now)?;
    kept::keep(transaction, row.keep.as_slice())?;
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
fn close_open_intents(
    connection: &mut Connection,
    end: &mut End,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
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
            keep: None,
        }
    });
    let rows = rows.collect();
    append(connection, end, rows, now).map(drop)
}
