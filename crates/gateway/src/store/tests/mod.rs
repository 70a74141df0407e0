//! Tests of the store, in each database.

mod activity;
mod activity_measured;
mod backlog;
mod chain;
pub(crate) mod cut;
mod event_queue;
mod export;
mod file;
mod hanging;
mod indexes;
mod leases;
mod postgres;
mod retention;
pub(crate) mod server;
mod several;

use super::database::Database;
use super::*;
use rusqlite::Connection;
use server::Server;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn change(number: u16) -> Entry {
    Entry {
        request: format!("r{number}"),
        who: "ann".to_owned(),
        connection: "live".to_owned(),
        what: "order slicers".to_owned(),
        sent: "PUT /x".to_owned(),
        body: Some(r#"{"a": 1}"#.to_owned()),
        ..Entry::default()
    }
}

fn outcome(outcome: &str) -> Entry {
    Entry {
        outcome: outcome.to_owned(),
        status: Some(204),
        ..Entry::default()
    }
}

/// A folder with the file of a store.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    (folder, file)
}

impl Server {
    /// A store in a database of this server.
    pub(crate) fn store(&self, database: &str) -> StoreLocation {
        StoreLocation::at_url(&self.url(database), None)
    }

    pub(crate) fn store_over_tcp(
        &self,
        port: u16,
        password: &str,
        database: &str,
    ) -> StoreLocation {
        StoreLocation::at_url(&self.url_over_tcp(port, password, database), None)
    }
}

/// A location for a store, with the resources behind it.
pub(crate) struct Site {
    pub(crate) location: StoreLocation,
    _folder: Option<tempfile::TempDir>,
    /// The server with the database's name.
    server: Option<(Arc<Server>, String)>,
}

impl Site {
    /// Runs statements directly in the database.
    fn execute(&self, statements: &str) {
        if let Some((server, database)) = &self.server {
            server.statement(database, statements).unwrap();
        } else if let StoreLocation::File(file) = &self.location {
            let connection = Connection::open(file).unwrap();
            connection.execute_batch(statements).unwrap();
        }
    }

    /// Renames a table, so that statements on it fail until it is renamed back.
    fn rename(&self, from: &str, to: &str) {
        self.execute(&format!("ALTER TABLE {from} RENAME TO {to}"));
    }
}

/// A site in each kind of database.
pub(crate) fn sites() -> Vec<Site> {
    let (folder, file) = place();
    let mut sites = vec![Site {
        location: at(&file),
        _folder: Some(folder),
        server: None,
    }];
    sites.extend(Server::shared().map(|server| {
        let database = server.database();
        Site {
            location: server.store(&database),
            _folder: None,
            server: Some((server, database)),
        }
    }));
    sites
}

/// Calls this with a new database of each kind. Not within a runtime, which must not block on another one.
fn in_each_database(mut act: impl FnMut(&mut dyn Database)) {
    act(&mut sqlite::open(&StoreLocation::Memory).unwrap());
    let Some(server) = Server::shared() else {
        return;
    };
    let StoreLocation::Postgres(address) = server.store(&server.database()) else {
        panic!("a database of PostgreSQL");
    };
    act(&mut super::postgres::open(&address, false).unwrap());
}

fn at(file: &Path) -> StoreLocation {
    StoreLocation::File(file.to_owned())
}

fn open(file: &Path) -> Result<Store, String> {
    Store::open(&at(file))
}

/// Reopens a store that was just closed: its thread ends a moment later.
pub(crate) async fn reopen(location: &StoreLocation) -> Store {
    reopen_by(location, Utc::now).await
}

/// The same, with this clock.
pub(super) async fn reopen_by(
    location: &StoreLocation,
    now: impl Fn() -> DateTime<Utc> + Copy + Send + Sync + 'static,
) -> Store {
    let store = loop {
        match Store::open_by(location, now) {
            Err(why) if why.contains("in use by another gateway") => tokio::task::yield_now().await,
            other => break other.unwrap(),
        }
    };
    until_it_leads(&store).await;
    store
}

/// Waits for a condition.
pub(crate) async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !is().await {
        assert!(Instant::now() < patience, "{what} was not reached");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn until_it_leads(store: &Store) {
    until("the lead", async || {
        store.poll_changes(0).await;
        store.leads()
    })
    .await;
}

pub(crate) fn lines(location: &StoreLocation) -> Vec<serde_json::Value> {
    let mut out = Vec::new();
    export(location, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn a_change_has_an_intent_and_an_outcome_in_a_complete_chain() {
    for Site { location, .. } in &sites() {
        let store = Store::open(location).unwrap();
        let intent = store.intent(change(1)).await.unwrap();
        // The intent is visible to all before anything is sent.
        assert_eq!(lines(location).len(), 1);
        store.outcome(intent, outcome("done")).await.unwrap();
        store.event(outcome("refused")).await.unwrap();
        let rows = lines(location);
        let field = |at: usize, name: &str| rows[at][name].clone();
        assert_eq!(
            (field(0, "kind"), field(0, "body")),
            ("intent".into(), r#"{"a": 1}"#.into())
        );
        assert_eq!(
            (field(1, "kind"), field(1, "intent")),
            ("outcome".into(), 1.into())
        );
        assert_eq!(
            (field(2, "kind"), field(2, "outcome")),
            ("event".into(), "refused".into())
        );
        assert_eq!(verify(location).unwrap().unwrap().rows, 3);
        // An intent has one outcome only.
        assert!(store.outcome(intent, outcome("unknown")).await.is_err());
        assert_eq!(verify(location).unwrap().unwrap().rows, 3);
        assert!(store.is_writable().await, "other rows can be written");
    }
}

#[tokio::test]
async fn open_intents_are_closed_as_unknown_at_the_next_start() {
    for Site { location, .. } in &sites() {
        let store = Store::open(location).unwrap();
        let ended = store.intent(change(1)).await.unwrap();
        store.intent(change(2)).await.unwrap();
        store.outcome(ended, outcome("done")).await.unwrap();
        drop(store);
        let store = reopen(location).await;
        let rows = lines(location);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[3]["outcome"], "unknown");
        assert_eq!(
            (&rows[3]["intent"], &rows[3]["request"]),
            (&2.into(), &"r2".into())
        );
        drop(store);
        drop(reopen(location).await);
        assert_eq!(lines(location).len(), 4, "once");
        assert_eq!(verify(location).unwrap().unwrap().rows, 4);
    }
}

#[tokio::test]
async fn a_damaged_intent_is_closed_too() {
    for site in sites() {
        let store = Store::open(&site.location).unwrap();
        store.intent(change(1)).await.unwrap();
        site.execute("UPDATE audit SET entry = '{' WHERE number = 1");
        drop(store);
        drop(reopen(&site.location).await);
        let mut out = Vec::new();
        assert_eq!(export(&site.location, &mut out), Ok(1));
        let rows = lines(&site.location);
        assert_eq!(
            (&rows[1]["intent"], &rows[1]["outcome"]),
            (&1.into(), &"unknown".into())
        );
    }
}

#[tokio::test]
async fn concurrent_writes_get_distinct_numbers() {
    for Site { location, .. } in &sites() {
        let store = Arc::new(Store::open(location).unwrap());
        let all = (0..200).map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.intent(change(number)).await })
        });
        let mut numbers = Vec::new();
        for one in all.collect::<Vec<_>>() {
            numbers.push(one.await.unwrap().unwrap());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
        assert_eq!(verify(location).unwrap().unwrap().rows, 200);
    }
}

/// A store with this database.
fn store_in(database: impl Database + 'static, file: &Path) -> Store {
    let (jobs, queue) = mpsc::channel(MAX_WAITING_JOBS);
    let store = Store::new(jobs, &at(file), Arc::new(Utc::now));
    writer::start(move || Ok(database), queue, store.writer_state()).unwrap();
    store
}

#[tokio::test]
async fn a_saved_action_is_not_overwritten_by_older_waiting_changes() {
    for site in sites() {
        let store = Store::open(&site.location).unwrap();
        let forget =
            |id: &str| store.save_later(vec![StateChange::delete(Table::Acknowledgements, id)]);
        let give = |id: &str| {
            store.record_action(change(1), StateChange::put(Table::Acknowledgements, id, &1))
        };
        site.rename("acknowledgement", "elsewhere");
        site.rename("probe", "no_probe");
        forget("a");
        assert!(!store.catch_up().await, "it waits");
        site.rename("elsewhere", "acknowledgement");
        site.rename("no_probe", "probe");
        give("a").await.unwrap();
        // A later change wins, also if both are written together.
        let (given, ()) = tokio::join!(give("b"), async { forget("b") });
        given.unwrap();
        assert!(store.catch_up().await);
        drop(store);
        let saved = reopen(&site.location).await;
        let saved = saved.take_saved::<u8>(Table::Acknowledgements);
        assert_eq!(saved.into_keys().collect::<Vec<_>>(), ["a"]);
    }
}

/// Blocks the writer until the result is dropped.
pub(crate) fn hold_up(store: &Store) -> std::sync::mpsc::Sender<()> {
    let (go_on, goes_on) = std::sync::mpsc::channel::<()>();
    let (begins, begun) = std::sync::mpsc::channel();
    let read: ReadJob = Box::new(move |_| {
        begins.send(()).unwrap();
        let _ = goes_on.recv();
    });
    assert!(store.jobs.try_send(Job::Read(read)).is_ok());
    begun.recv().unwrap();
    go_on
}

#[tokio::test]
async fn changes_that_find_the_queue_full_are_saved_with_the_next() {
    let (_folder, file) = place();
    let store = open(&file).unwrap();
    let go_on = hold_up(&store);
    for number in 0..=MAX_WAITING_JOBS {
        store.save_later(vec![StateChange::put(
            Table::OpenAlarms,
            number.to_string(),
            &1,
        )]);
    }
    store.save_later(vec![StateChange::delete(Table::OpenAlarms, "7")]);
    drop(go_on);
    until("the queue", async || store.catch_up().await).await;
    store.note_watching();
    assert!(store.catch_up().await);
    drop(store);
    let saved = reopen(&at(&file)).await;
    let saved = saved.take_saved::<u8>(Table::OpenAlarms);
    assert_eq!(saved.len(), MAX_WAITING_JOBS);
    assert!(!saved.contains_key("7"), "the latest change counts");
}

#[tokio::test]
async fn unqueued_changes_are_not_written_after_newer_ones() {
    let (_folder, file) = place();
    let store = open(&file).unwrap();
    let put = |id: &str| StateChange::put(Table::Acknowledgements, id, &1);
    let go_on = hold_up(&store);
    while store.jobs.try_send(Job::NoteWatching).is_ok() {}
    for id in ["given", "saved", "left"] {
        store.save_later(vec![StateChange::delete(Table::Acknowledgements, id)]);
    }
    assert!(store.record_action(change(1), put("given")).await.is_err());
    assert!(store.save(vec![put("saved")]).await.is_err());
    drop(go_on);
    until("the queue", async || {
        store.jobs.capacity() == MAX_WAITING_JOBS
    })
    .await;
    store.record_action(change(2), put("given")).await.unwrap();
    let go_on = hold_up(&store);
    while store.jobs.try_send(Job::NoteWatching).is_ok() {}
    store.save_later(vec![StateChange::delete(Table::Acknowledgements, "saved")]);
    drop(go_on);
    until("the queue", async || {
        store.jobs.capacity() == MAX_WAITING_JOBS
    })
    .await;
    store.save(vec![put("saved")]).await.unwrap();
    store.note_watching();
    assert!(store.catch_up().await);
    drop(store);
    let saved = reopen(&at(&file)).await;
    let saved = saved.take_saved::<u8>(Table::Acknowledgements);
    assert_eq!(saved.into_keys().collect::<Vec<_>>(), ["given", "saved"]);
}

#[tokio::test]
async fn unqueued_changes_are_written_before_a_stop() {
    let (_folder, file) = place();
    let store = open(&file).unwrap();
    let go_on = hold_up(&store);
    while store.jobs.try_send(Job::NoteWatching).is_ok() {}
    store.save_later(vec![StateChange::put(Table::OpenAlarms, "a", &1)]);
    drop(go_on);
    until("the queue", async || store.catch_up().await).await;
    drop(store);
    let saved = reopen(&at(&file)).await;
    let saved = saved.take_saved::<u8>(Table::OpenAlarms);
    assert_eq!(saved.into_keys().collect::<Vec<_>>(), ["a"]);
}

/// Measures what the audit adds to a change, on the disk that holds the folder for temporary files.
#[tokio::test]
#[ignore = "measures: see bench/README.md"]
async fn bench_audit_of_a_change() {
    let (_folder, file) = place();
    let store = open(&file).unwrap();
    let mut times = Vec::new();
    for number in 0..500 {
        let begun = Instant::now();
        let intent = store.intent(change(number)).await.unwrap();
        store.outcome(intent, outcome("done")).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let (median, late) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    println!("intent and outcome of a change: median {median:?}, 95th percentile {late:?}");
}
