//! The backlog after a longer failure of the database, which limits how long a transaction may take.

use super::super::backlog::Backlog;
use super::super::database::{Database, Fault, Row, Sql, Statement, Value, Work};
use super::super::writer::{self, Job};
use super::super::*;
use super::activity::event;
use chrono::TimeDelta;
use health::Severity;
use health::events::{Event, EventKind};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// More than one transaction can write.
const MANY: usize = 1_500;

/// A database that fails after some transactions, and rolls back those with too many statements.
struct Limited {
    database: sqlite::Sqlite,
    transactions: usize,
}

/// A transaction with a number of statements left.
struct Transaction<'a>(&'a mut dyn Sql, usize);

impl Transaction<'_> {
    fn count(&mut self) -> Result<(), Fault> {
        self.1 = self.1.checked_sub(1).ok_or("does not answer in time")?;
        Ok(())
    }
}

impl Sql for Transaction<'_> {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault> {
        self.count()?;
        self.0.execute(statement, values)
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        self.count()?;
        self.0.rows(statement, values)
    }
}

impl Sql for Limited {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault> {
        Sql::execute(&mut self.database, statement, values)
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        self.database.rows(statement, values)
    }
}

impl Database for Limited {
    fn write(&mut self, work: Work<'_>) -> Result<(), Fault> {
        let left = self.transactions.checked_sub(1);
        self.transactions = left.ok_or("cannot be reached")?;
        self.database
            .write(&mut |sql| work(&mut Transaction(sql, 1_000)))
    }

    fn append(&mut self, work: Work<'_>) -> Result<(), Fault> {
        self.write(work)
    }

    fn abandoned_intents(&self) -> Statement {
        self.database.abandoned_intents()
    }
}

impl Limited {
    fn count(&mut self, table: &str) -> usize {
        let found = self.rows(&format!("SELECT count(*) FROM {table}"), &[]);
        let number = found.unwrap()[0].number(0).unwrap();
        usize::try_from(number).unwrap()
    }
}

/// Never reached.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}

fn full_backlog(now: DateTime<Utc>) -> (Backlog, Limited) {
    let mut backlog = Backlog::default();
    backlog.begin_after(0);
    let event = |number: usize| {
        // The same happens repeatedly within a moment.
        let event = event(1, EventKind::Alarm, Severity::Warning, "plant-a", "g");
        Event {
            at: now,
            what: (number / 2).to_string(),
            ..event
        }
    };
    let change = |number: usize| StateChange::put(Table::OpenAlarms, number.to_string(), &1);
    let (events, changes) = (0..MANY)
        .map(|number| (event(number), change(number)))
        .unzip();
    backlog.add(events, changes);
    let limited = Limited {
        database: sqlite::open(&StoreLocation::Memory).unwrap(),
        transactions: 0,
    };
    (backlog, limited)
}

#[test]
fn a_long_backlog_is_written_in_several_transactions() {
    let now = Utc::now();
    let (mut backlog, mut database) = full_backlog(now);
    let retention = Retention::default();
    for transactions in [0, 3] {
        database.transactions = transactions;
        let written = backlog.write(&mut database, Some(&retention), now, far());
        assert!(written.is_err(), "{transactions}");
    }
    database.transactions = 100;
    // What is late is left for the next call.
    backlog
        .write(&mut database, Some(&retention), now, Instant::now())
        .unwrap();
    assert!(!backlog.is_empty());
    backlog
        .write(&mut database, Some(&retention), now, far())
        .unwrap();
    assert!(backlog.is_empty());
    let counts = ["activity", "open_alarm", "watched"].map(|table| database.count(table));
    assert_eq!(counts, [MANY, MANY, 1]);
}

/// Also if the rest of the backlog cannot be written at all.
#[test]
fn a_caller_waits_for_its_own_changes_and_not_for_the_backlog() {
    let (mut backlog, mut database) = full_backlog(Utc::now());
    let store = Store::new(
        mpsc::channel(1).0,
        &StoreLocation::Memory,
        Arc::new(Utc::now),
    );
    let put = |table, id: &str| StateChange::put(table, id, &1);
    let ((save, mut saved), (later, mut not_yet)) = (oneshot::channel(), oneshot::channel());
    let jobs = [
        Job::SaveLater(vec![StateChange::delete(Table::EndedSessions, "ann")]),
        Job::Save(vec![put(Table::EndedSessions, "ann")], save),
        // Only the leader writes it, after it has made sure that it still leads.
        Job::Save(vec![put(Table::OpenAlarms, "0")], later),
    ];
    database.transactions = 1;
    writer::work(
        &mut database,
        jobs.into_iter(),
        &store.writer_state(),
        &mut backlog,
    );
    assert_eq!(saved.try_recv(), Ok(true));
    assert_eq!(not_yet.try_recv(), Ok(false));
    assert_eq!(
        ["ended_session", "open_alarm"].map(|table| database.count(table)),
        [1, 0]
    );
}

#[test]
fn a_gateway_that_does_not_lead_keeps_everything_until_a_poll_says_who_leads() {
    let now = Utc::now();
    let mut backlog = Backlog::default();
    let event = event(1, EventKind::Alarm, Severity::Warning, "plant-a", "g");
    let old = Event {
        at: now - TimeDelta::minutes(5),
        ..event
    };
    let put = |table| StateChange::put(table, "1".to_owned(), &1);
    backlog.add(vec![old], vec![put(Table::OpenAlarms), put(Table::Walls)]);
    let mut database = sqlite::open(&StoreLocation::Memory).unwrap();
    let mut written = |backlog: &mut Backlog| {
        backlog.write(&mut database, None, now, far()).unwrap();
        ["activity", "open_alarm", "wall"].map(|table| {
            let found = database.rows(&format!("SELECT count(*) FROM {table}"), &[]);
            found.unwrap()[0].number(0).unwrap()
        })
    };
    assert_eq!(written(&mut backlog), [0, 0, 1]);
    backlog.take_over();
    assert_eq!(written(&mut backlog), [1, 1, 1]);
    assert!(backlog.is_empty());
}

/// Also if it fails while the entries are written one by one, because one of them cannot be written.
#[test]
fn a_database_that_fails_again_loses_no_entry() {
    let now = Utc::now();
    let (mut backlog, mut database) = full_backlog(now);
    let reject = "CREATE TRIGGER reject BEFORE INSERT ON open_alarm WHEN NEW.id = '1'
        BEGIN SELECT RAISE(ABORT, 'on purpose'); END";
    database.execute(reject, &[]).unwrap();
    for transactions in [300, 300] {
        database.transactions = transactions;
        assert!(backlog.write_each(&mut database, now, far()).is_err());
    }
    database.transactions = MANY;
    backlog.write(&mut database, None, now, far()).unwrap();
    let counts = ["activity", "open_alarm"].map(|table| database.count(table));
    assert_eq!(counts, [MANY, MANY - 1], "all but the one that fails");
}
