//! Reading the audit, also while a gateway writes to it.

use super::chain::{Broken, ChainVerifier, StoredRow, Verified};
use super::database::{Fault, Row, Sql, Value};
use super::{Entry, ReadJob, postgres, sqlite};
use crate::config::StoreLocation;
use crate::crypto::hex;
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use tokio::sync::mpsc;

/// The most reads that wait.
const MAX_WAITING_READS: usize = 64;

/// Starts a thread that reads while another one writes.
pub(super) fn start<S: Sql + Send + 'static>(
    mut database: S,
) -> Result<mpsc::Sender<ReadJob>, String> {
    let (reads, mut queue) = mpsc::channel::<ReadJob>(MAX_WAITING_READS);
    let thread = std::thread::Builder::new().name("store reader".to_owned());
    let started = thread.spawn(move || {
        while let Some(read) = queue.blocking_recv() {
            // Only this reply is lost: reads leave no partial state behind.
            if catch_unwind(AssertUnwindSafe(|| read(&mut database))).is_err() {
                tracing::error!("an internal error occurred while the store was read");
            }
        }
    });
    started.map_err(|error| error.to_string())?;
    Ok(reads)
}

/// Reads in a thread of its own: the caller may run inside a runtime, which must not block on that of a database.
struct ReaderThread(mpsc::Sender<ReadJob>);

impl Sql for ReaderThread {
    fn execute(&mut self, _: &str, _: &[Value]) -> Result<u64, Fault> {
        Err("is read-only here".to_owned())
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        let (answer, answered) = sync_channel(1);
        let (statement, values) = (statement.to_owned(), values.to_vec());
        let read: ReadJob = Box::new(move |sql| {
            let _ = answer.send(sql.rows(&statement, &values));
        });
        let gone = || "cannot be read: its thread has failed".to_owned();
        self.0.try_send(read).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }
}

/// Opens a store for reading its audit.
fn open(location: &StoreLocation) -> Result<Box<dyn Sql>, String> {
    match location {
        StoreLocation::File(path) => Ok(Box::new(sqlite::open_to_read(path)?)),
        StoreLocation::Postgres(address) => Ok(Box::new(ReaderThread(start(
            postgres::open_to_read(address)?,
        )?))),
        StoreLocation::Memory => {
            Err("the store is in memory: only the gateway itself can read it".to_owned())
        }
    }
}

/// An exported row.
#[derive(Serialize)]
struct Exported<'a> {
    number: i64,
    /// RFC 3339, with milliseconds.
    at: String,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<i64>,
    #[serde(flatten)]
    entry: Option<Entry>,
    /// The stored entry, if it is unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<&'a str>,
    /// In hexadecimal digits.
    hash: String,
}

/// Number of rows per read.
const PAGE_SIZE: i64 = 1_000;

/// Calls `take` with each row in the order of their numbers, until it returns `false`.
fn each(sql: &mut dyn Sql, mut take: impl FnMut(StoredRow, &[u8]) -> bool) -> Result<(), Fault> {
    let mut last = i64::MIN;
    loop {
        let page = sql.rows(
            "SELECT number, at, kind, intent, entry, hash FROM audit WHERE number > ?
             ORDER BY number LIMIT ?",
            &[last.into(), PAGE_SIZE.into()],
        )?;
        if page.is_empty() {
            return Ok(());
        }
        for row in page {
            let stored = StoredRow {
                number: row.number(0)?,
                at: row.number(1)?,
                kind: row.text(2)?.to_owned(),
                of: row.optional(3)?,
                entry: row.text(4)?.to_owned(),
            };
            last = stored.number;
            if !take(stored, row.bytes(5)?) {
                return Ok(());
            }
        }
    }
}

/// Verifies the chain of a store.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn verify(location: &StoreLocation) -> Result<Result<Verified, Broken>, String> {
    let mut sql = open(location)?;
    let (mut chain, mut broken) = (ChainVerifier::new(), None);
    each(&mut *sql, |row, hash| {
        broken = chain.take(&row, hash).err();
        broken.is_none()
    })
    .map_err(|fault| format!("the store {location} {fault}"))?;
    Ok(broken.map_or_else(|| Ok(chain.end()), Err))
}

/// Escapes the characters of JSON texts that some readers take for line ends.
fn in_one_line(json: &str) -> String {
    json.replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Writes every row of a store as a line of JSON. Returns the number of unreadable rows.
///
/// # Errors
/// The store cannot be read, or the lines cannot be written.
pub(crate) fn export(location: &StoreLocation, out: &mut impl Write) -> Result<u64, String> {
    let mut sql = open(location)?;
    let (mut written, mut unreadable_rows): (io::Result<()>, u64) = (Ok(()), 0);
    let read = each(&mut *sql, |row, hash| {
        let at = DateTime::from_timestamp_millis(row.at).unwrap_or_default();
        let entry: Option<Entry> = serde_json::from_str(&row.entry).ok();
        let unreadable = entry.is_none().then_some(row.entry.as_str());
        unreadable_rows += u64::from(unreadable.is_some());
        let line = Exported {
            number: row.number,
            at: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            kind: &row.kind,
            intent: row.of,
            entry,
            unreadable,
            hash: hex(hash),
        };
        written = serde_json::to_string(&line)
            .map_err(io::Error::from)
            .and_then(|line| writeln!(out, "{}", in_one_line(&line)));
        written.is_ok()
    });
    read.map_err(|fault| format!("the store {location} {fault}"))?;
    written.map_err(|error| format!("the lines cannot be written: {error}"))?;
    Ok(unreadable_rows)
}
