//! Performance of the activity at its maximum length.

use super::super::database::Database;
use super::super::*;
use super::activity::{at, event, everything, with};
use super::server::Server;
use health::Severity;
use health::events::EventKind;

/// Ten million entries of two thousand groups and twenty connections, with kinds and people in turn.
const FILL: &str = "WITH RECURSIVE counted(n) AS
        (SELECT CAST(1 AS bigint) UNION ALL SELECT n + 1 FROM counted WHERE n < 10000000)
    INSERT INTO activity (at, kind, severity, connection, resource, person, entry)
    SELECT n * 1000,
        CASE n / 20 % 5 WHEN 0 THEN 'failover' WHEN 1 THEN 'alarm' WHEN 2 THEN 'member' WHEN 3 THEN 'run' ELSE 'change' END,
        CASE n % 7 WHEN 0 THEN 'critical' WHEN 1 THEN 'warning' ELSE 'normal' END,
        'connection-' || (n % 20), 'group-' || (n % 2000),
        CASE n / 20 % 5 WHEN 4 THEN 'person-' || (n % 9) ELSE '' END,
        (SELECT entry FROM activity WHERE number = 1)
    FROM counted";

/// Measures a page of ten million entries for each filter, and the insertion of an event. Needs some 10 GB for
/// temporary files.
#[test]
#[ignore = "measures: see bench/README.md"]
fn bench_activity_page_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let database = sqlite::open(&StoreLocation::File(path)).unwrap();
    measure(database, |database| {
        database.execute(FILL, &[]).unwrap();
    });
}

/// The same in PostgreSQL.
#[test]
#[ignore = "measures: see bench/README.md"]
fn bench_activity_page_in_postgresql() {
    let Some(server) = Server::shared() else {
        return;
    };
    let name = server.database();
    let StoreLocation::Postgres(address) = server.store(&name) else {
        panic!("a database of PostgreSQL");
    };
    let database = postgres::open(&address, false).unwrap();
    measure(database, |_| {
        server.statement(&name, FILL).unwrap();
        // The server does this by itself a while later.
        server.statement(&name, "VACUUM ANALYZE activity").unwrap();
    });
}

fn measure<D: Database>(mut database: D, fill: impl FnOnce(&mut D)) {
    let sample = event(1, EventKind::Failover, Severity::Warning, "live", "group-7");
    database
        .write(&mut |sql| activity::add_event(sql, &sample))
        .unwrap();
    let filled = Instant::now();
    fill(&mut database);
    println!("ten million entries in {:?}", filled.elapsed());
    let text = |text: &str| Some(text.to_owned());
    let middle = ActivityCursor::parse("5000000000.5000000");
    let connections = (0..20)
        .map(|number| format!("connection-{number}"))
        .collect();
    let one = |text: &str| vec![text.to_owned()];
    for (name, query) in [
        ("everything", everything()),
        ("from the middle", with(|q| q.before = middle)),
        (
            "a resource from the middle",
            with(|q| (q.resource, q.before) = (text("group-7"), middle)),
        ),
        (
            "a resource of a connection",
            with(|q| (q.resource, q.connections) = (text("group-7"), Some(one("connection-7")))),
        ),
        (
            "a kind of a connection, in a time",
            with(|q| {
                (q.kinds, q.connections) = (one("run"), Some(one("connection-7")));
                (q.from, q.to) = (Some(at(2_000_000)), Some(at(3_000_000)));
            }),
        ),
        (
            "a severity of twenty connections",
            with(|q| (q.severities, q.connections) = (one("critical"), Some(connections))),
        ),
        (
            "a person and a severity",
            with(|q| (q.person, q.severities) = (text("person-4"), one("critical"))),
        ),
        ("nobody", with(|q| q.person = text("nobody"))),
    ] {
        let mut found = 0;
        let mut times = [(); 9].map(|()| {
            let begun = Instant::now();
            found = activity_query::read(&mut database, &query).unwrap().len();
            begun.elapsed()
        });
        // The first run also reads from the disk.
        let first = times[0];
        times.sort_unstable();
        println!(
            "{name}: {found} entries in {first:?} at first, median {:?}",
            times[4]
        );
    }
    let begun = Instant::now();
    for second in 0..1_000 {
        let one = event(second, EventKind::Member, Severity::Normal, "live", "g");
        database
            .write(&mut |sql| activity::add_event(sql, &one))
            .unwrap();
    }
    println!("an event by itself: {:?}", begun.elapsed() / 1_000);
}
