//! The one thread that writes.

use super::database::{Database, Fault};
use super::kept::Kept;
use super::{Keep, NewRow, Now, Read, activity, appending, kept, watching};
use chrono::{DateTime, Utc};
use health::events::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
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

/// Opens a database in a thread of its own, closes what was left open, then writes until the store is dropped. What was
/// kept when it was opened.
///
/// # Errors
/// What is wrong with the database, with its name.
pub(super) fn start<D: Database>(
    open: impl FnOnce() -> Result<D, String> + Send + 'static,
    mut queue: mpsc::Receiver<Job>,
    state: State,
) -> Result<Kept, String> {
    let (opened, is_open) = sync_channel(1);
    let write = move || {
        let begun = open().and_then(|mut database| {
            let kept = begin(&mut database, (state.now)())
                .map_err(|fault| format!("the store {fault}"))?;
            Ok((database, kept))
        });
        let mut database = match begun {
            Err(why) => {
                let _ = opened.send(Err(why));
                return;
            }
            Ok((database, kept)) => {
                let _ = opened.send(Ok(kept));
                database
            }
        };
        let mut jobs = Vec::new();
        while queue.blocking_recv_many(&mut jobs, TOGETHER) > 0 {
            work(&mut database, jobs.drain(..), &state);
        }
    };
    let thread = std::thread::Builder::new().name("store".to_owned());
    thread.spawn(write).map_err(|error| error.to_string())?;
    is_open
        .recv()
        .unwrap_or_else(|_| Err("the store cannot be opened: its thread has failed".to_owned()))
}

/// What a process that ended in between has sent, or not, nobody knows: it is closed as unknown.
fn begin(database: &mut dyn Database, now: DateTime<Utc>) -> Result<Kept, Fault> {
    let kept = kept::read(database)?;
    let open = appending::open_intents(database)?;
    if !open.is_empty() {
        tracing::warn!(
            "{} changes were under way when the gateway ended; their outcome is recorded as unknown",
            open.len()
        );
        let rows: Vec<NewRow> = open
            .into_iter()
            .map(|(number, intent)| appending::closing(number, intent, "unknown"))
            .collect();
        append(database, &rows, now)?;
    }
    let begun = watching::begun(database, now)?;
    database.write(&mut |sql| activity::add_event(sql, &begun))?;
    Ok(kept)
}

/// Writes rows as one transaction; their numbers. Without any it tries whether there could be some.
fn append(
    database: &mut dyn Database,
    rows: &[NewRow],
    now: DateTime<Utc>,
) -> Result<Vec<i64>, Fault> {
    let mut numbers = Vec::new();
    if rows.is_empty() {
        let at = now.timestamp_millis();
        let probe = "UPDATE probe SET at = ?";
        database.write(&mut |sql| sql.execute(probe, &[at.into()]).map(drop))?;
    } else {
        database.append(&mut |sql| {
            numbers = appending::append(sql, rows, now)?;
            Ok(())
        })?;
    }
    Ok(numbers)
}

fn work(database: &mut dyn Database, jobs: impl Iterator<Item = Job>, state: &State) {
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
        append(database, &rows, now)
    };
    // Apart from the rows: one that cannot be written takes no event with it.
    let seen = if events.is_empty() && keep.is_empty() && !is_watched {
        Ok(())
    } else {
        database.write(&mut |sql| {
            for event in &events {
                activity::add_event(sql, event)?;
            }
            kept::keep(sql, &keep)?;
            if is_watched {
                watching::watched(sql, now)?;
            }
            Ok(())
        })
    };
    let failed = written.as_ref().err().or(seen.as_ref().err());
    // Who only reads learns nothing of whether the disk takes more.
    let was_well = if writes {
        state.is_well.swap(failed.is_none(), Ordering::Relaxed)
    } else {
        true
    };
    match failed {
        Some(error) if was_well => tracing::error!("the store {error}"),
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
        read(database);
    }
}
