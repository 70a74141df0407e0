//! A writer that makes no progress, as with a hanging disk, and threads that have failed.

use super::super::database::{Database, Fault, Row, Sql, Statement, Value, Work};
use super::super::recording::HANGS_AFTER;
use super::super::*;
use super::{at, change, lines, open, place, store_in, until};
use std::sync::mpsc::{Receiver, Sender, channel};

/// A database that writes audit rows but does not return.
struct Hanging {
    database: sqlite::Sqlite,
    begins: Sender<()>,
    goes_on: Receiver<()>,
}

impl Sql for Hanging {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault> {
        Sql::execute(&mut self.database, statement, values)
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        self.database.rows(statement, values)
    }
}

impl Database for Hanging {
    fn write(&mut self, work: Work<'_>) -> Result<(), Fault> {
        self.database.write(work)
    }

    fn append(&mut self, work: Work<'_>) -> Result<(), Fault> {
        self.database.append(work)?;
        let _ = self.begins.send(());
        let _ = self.goes_on.recv();
        Ok(())
    }

    fn abandoned_intents(&self) -> Statement {
        self.database.abandoned_intents()
    }
}

#[tokio::test]
async fn a_hanging_disk_delays_no_caller_and_sends_no_change_later() {
    let (_folder, file) = place();
    let (begins, begun) = channel();
    let (go_on, goes_on) = channel::<()>();
    let database = Hanging {
        database: sqlite::open(&at(&file)).unwrap(),
        begins,
        goes_on,
    };
    // The start looks for open intents.
    go_on.send(()).unwrap();
    let store = Arc::new(store_in(database, &file));
    begun.recv().unwrap();
    let acknowledgement = StateChange::put(Table::Acknowledgements, "a", &1);
    let first = tokio::spawn({
        let store = store.clone();
        async move { store.intent(change(1)).await }
    });
    while begun.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
    assert!(store.is_writable().await, "it has just begun");
    tokio::time::pause();
    let problem = first.await.unwrap().unwrap_err();
    assert_eq!(problem.kind, Kind::NotRecorded);
    tokio::time::resume();
    let long_ago = Instant::now().checked_sub(HANGS_AFTER).unwrap();
    *store.working_since.lock().unwrap() = Some(long_ago);
    let started = Instant::now();
    assert!(!store.is_writable().await);
    assert!(!store.catch_up().await);
    assert!(store.intent(change(2)).await.is_err());
    assert!(
        store
            .record_action(change(3), acknowledgement)
            .await
            .is_err()
    );
    assert!(store.event(change(4)).await.is_err());
    assert!(started.elapsed() < HANGS_AFTER, "new callers fail at once");
    drop(go_on);
    until("the disk", async || store.is_writable().await).await;
    assert!(store.catch_up().await);
    let rows = lines(&at(&file));
    let fields = |row: &serde_json::Value| {
        ["request", "kind", "outcome"].map(|name| row[name].as_str().unwrap_or("").to_owned())
    };
    let expected = [
        ["r1", "intent", ""],
        ["r1", "outcome", "not sent"],
        ["r4", "event", ""],
    ];
    assert_eq!(rows.iter().map(fields).collect::<Vec<_>>(), expected);
    assert!(verify(&at(&file)).unwrap().is_ok());
    let saved = "SELECT count(*) FROM acknowledgement";
    let database = rusqlite::Connection::open(&file).unwrap();
    let saved: i64 = database.query_row(saved, [], |row| row.get(0)).unwrap();
    assert_eq!(saved, 0, "its caller got an error");
}

#[tokio::test]
async fn a_store_whose_writer_has_failed_is_not_writable() {
    let (_folder, file) = place();
    let store = open(&file).unwrap();
    assert!(store.is_writable().await);
    let fault: ReadJob = Box::new(|_| panic!("on purpose"));
    assert!(store.jobs.try_send(Job::Read(fault)).is_ok());
    until("its end", async || !store.is_writable().await).await;
    assert!(store.intent(change(1)).await.is_err());
}

#[tokio::test]
async fn a_reader_that_has_failed_continues_with_the_next_query() {
    let (_folder, file) = place();
    let store = open(&file).unwrap();
    let fault: ReadJob = Box::new(|_| panic!("on purpose"));
    assert!(store.reads.as_ref().unwrap().try_send(fault).is_ok());
    let query = super::activity::everything();
    assert!(store.activity(query).await.is_ok());
}
