//! Reads the audit, also while a gateway writes to it.

use super::chain::{Broken, Follower, StoredRow, Verified};
use super::schema::{open_to_read, words};
use super::{Entry, Read};
use chrono::{DateTime, SecondsFormat};
use rusqlite::Connection;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;
use tokio::sync::mpsc;

/// How many may wait to read.
const QUEUE: usize = 64;

/// Starts the thread that reads a file for those who ask while another one writes to it.
pub(super) fn start(path: &Path) -> Result<mpsc::Sender<Read>, String> {
    let connection = open_to_read(path)?;
    let (reads, mut queue) = mpsc::channel::<Read>(QUEUE);
    let thread = std::thread::Builder::new().name("store reader".to_owned());
    let started = thread.spawn(move || {
        while let Some(read) = queue.blocking_recv() {
            read(&connection);
        }
    });
    started.map_err(|error| error.to_string())?;
    Ok(reads)
}

/// A row as it is exported.
#[derive(Serialize)]
struct Exported<'a> {
    number: i64,
    /// RFC 3339, with milliseconds.
    at: String,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<i64>,
    #[serde(flatten)]
    entry: Entry,
    /// In hexadecimal digits.
    hash: String,
}

/// Calls `take` with each row in the order of the numbers, until it says that it is enough.
fn each(
    connection: &Connection,
    mut take: impl FnMut(StoredRow, Vec<u8>) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare("SELECT number, at, kind, intent, entry, hash FROM audit ORDER BY number")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let stored = StoredRow {
            number: row.get(0)?,
            at: row.get(1)?,
            kind: row.get(2)?,
            of: row.get(3)?,
            entry: row.get(4)?,
        };
        if !take(stored, row.get(5)?) {
            break;
        }
    }
    Ok(())
}

/// Follows the chain of a file.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn verify(path: &Path) -> Result<Result<Verified, Broken>, String> {
    let connection = open_to_read(path)?;
    let (mut chain, mut broken) = (Follower::new(), None);
    each(&connection, |row, hash| {
        broken = chain.take(&row, &hash).err();
        broken.is_none()
    })
    .map_err(|error| format!("the store {} {}", path.display(), words(&error)))?;
    Ok(broken.map_or_else(|| Ok(chain.end()), Err))
}

/// Writes every row of a file as a line of JSON.
///
/// # Errors
/// The file cannot be read, or nobody takes the lines.
pub(crate) fn export(path: &Path, out: &mut impl Write) -> Result<(), String> {
    let connection = open_to_read(path)?;
    let mut written: io::Result<()> = Ok(());
    let read = each(&connection, |row, hash| {
        let at = DateTime::from_timestamp_millis(row.at).unwrap_or_default();
        let line = Exported {
            number: row.number,
            at: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            kind: &row.kind,
            intent: row.of,
            entry: serde_json::from_str(&row.entry).unwrap_or_default(),
            hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        written = serde_json::to_writer(&mut *out, &line)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"));
        written.is_ok()
    });
    read.map_err(|error| format!("the store {} {}", path.display(), words(&error)))?;
    written.map_err(|error| format!("the lines cannot be written: {error}"))
}
