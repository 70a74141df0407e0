//! Failures of PostgreSQL: unavailable, stopped, slow or cut off, another version, or another program's database.

use super::super::*;
use super::server::{PASSWORD, Server};
use super::{change, lines, outcome, reopen, until, until_it_leads};
use crate::config::StoreLocation;

fn intents(location: &StoreLocation) -> Vec<(String, String)> {
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or("").to_owned();
    let rows = lines(location);
    rows.iter()
        .map(|row| (text(row, "kind"), text(row, "outcome")))
        .collect()
}

/// Waits for the connection to be made again.
async fn until_reconnected(store: &Store) {
    until("the database", async || store.is_writable().await).await;
}

#[tokio::test]
async fn changes_are_refused_without_a_server_and_outcomes_recorded_later() {
    let Some(server) = Server::new() else { return };
    let location = server.store(&server.database());
    let store = Store::open(&location).unwrap();
    let sent = store.intent(change(1)).await.unwrap();
    server.kill();
    let problem = store.intent(change(2)).await.unwrap_err();
    assert_eq!(
        (problem.kind, problem.status.as_u16()),
        (Kind::NotRecorded, 503)
    );
    assert!(!store.is_writable().await);
    let read = store.activity(super::activity::everything()).await;
    let acted = store
        .change(&[Table::Walls], |_| Ok(((), Vec::new())))
        .await;
    let noted = StateChange::put(Table::Notes, "n", &1);
    let noted = store.record_action(change(3), noted).await;
    for (problem, kind, delivery) in [
        (read.map(drop), Kind::StoreUnavailable, None),
        (
            acted.map(drop),
            Kind::StoreUnavailable,
            Some(Delivery::NotSent),
        ),
        (noted.map(drop), Kind::NotRecorded, Some(Delivery::NotSent)),
    ] {
        let problem = problem.unwrap_err();
        let retry_after = Some(RETRY_AFTER);
        assert_eq!(
            (problem.kind, problem.delivery, problem.retry_after),
            (kind, delivery, retry_after)
        );
    }
    // The outcome of the earlier change cannot be recorded now, but is recorded later.
    assert!(store.outcome(sent, outcome("done")).await.is_err());
    store.record(vec![super::activity::event(
        7,
        health::events::EventKind::Alarm,
        health::Severity::Warning,
        "plant-a",
        "g",
    )]);
    assert!(!store.catch_up().await);
    server.start();
    until_reconnected(&store).await;
    assert!(store.catch_up().await);
    let (kinds, ends): (Vec<_>, Vec<_>) = intents(&location).into_iter().unzip();
    assert_eq!(kinds, ["intent", "outcome"]);
    assert_eq!(ends, ["", "done"]);
    assert!(verify(&location).unwrap().is_ok());
    let all = store.activity(super::activity::everything()).await.unwrap();
    let seen = all.iter().filter(|entry| entry.what == "7").count();
    assert_eq!(seen, 1, "it is listed once");
}

#[tokio::test]
async fn a_hanging_server_delays_changes_only_briefly() {
    let Some(server) = Server::new() else { return };
    let location = server.store(&server.database());
    let store = Store::open(&location).unwrap();
    store.intent(change(1)).await.unwrap();
    server.signal("STOP", true);
    // This returns although the server hangs.
    assert!(store.intent(change(2)).await.is_err());
    assert!(!store.is_writable().await);
    server.signal("CONT", true);
    until_reconnected(&store).await;
    store.intent(change(3)).await.unwrap();
    let rows = lines(&location);
    assert!(verify(&location).unwrap().is_ok());
    // The second may have been recorded when the server continued; then its outcome is "not sent".
    let second: Vec<_> = rows.iter().filter(|row| row["request"] == "r2").collect();
    match second.as_slice() {
        [] => {}
        [_, end] => assert_eq!(end["outcome"], "not sent"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn database_failures_are_described_without_secrets() {
    let Some(server) = Server::shared() else {
        return;
    };
    let complaint = |location: &StoreLocation| {
        let why = Store::open(location).unwrap_err();
        assert_eq!(Store::check(location).unwrap_err(), why);
        assert!(!why.contains("hunter2") && !why.contains("fc:"), "{why}");
        why
    };
    let wrong = server.store_over_tcp(server.port, "hunter2", "postgres");
    assert_eq!(
        complaint(&wrong),
        "the store PostgreSQL database \"postgres\" at 127.0.0.1 refuses the user name or the password"
    );
    let right = server.store_over_tcp(server.port, PASSWORD, &server.database());
    assert_eq!(Store::check(&right), Ok(()));
    drop(Store::open(&right).unwrap());

    let none = server.store("none");
    assert!(complaint(&none).ends_with("does not exist: make it with createdb"));

    let nobody = server.store_over_tcp(1, "hunter2", "fc");
    assert!(complaint(&nobody).contains("127.0.0.1 cannot be reached: "));

    let theirs = server.database();
    server
        .statement(&theirs, "CREATE TABLE theirs (x int)")
        .unwrap();
    assert!(complaint(&server.store(&theirs)).contains("holds tables of another program"));

    let unprivileged = server.database();
    for statement in [
        "CREATE ROLE poor LOGIN",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    ] {
        server.statement(&unprivileged, statement).unwrap();
    }
    let url = server.url(&unprivileged).replace("fc@", "poor@");
    let why = complaint(&StoreLocation::at_url(&url, None));
    assert!(
        why.contains("its user may not create tables in the schema \"public\""),
        "{why}"
    );

    let newer = server.database();
    let location = server.store(&newer);
    assert!(
        verify(&location)
            .unwrap_err()
            .ends_with("holds nothing yet")
    );
    drop(Store::open(&location).unwrap());
    server
        .statement(&newer, "UPDATE failover_console SET version = 99")
        .unwrap();
    let why = complaint(&location);
    assert!(
        why.contains("written by a newer version of this program (its format is 99"),
        "{why}"
    );
    assert!(verify(&location).unwrap_err().contains("newer version"));
}

#[tokio::test]
async fn a_database_of_a_newer_version_accepts_no_changes() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let location = server.store(&database);
    let store = Store::open(&location).unwrap();
    server
        .statement(&database, "UPDATE failover_console SET version = 99")
        .unwrap();
    server.end_sessions(&database);
    assert!(store.intent(change(1)).await.is_err());
    assert!(store.intent(change(2)).await.is_err());
    assert!(!store.is_writable().await);
}

#[tokio::test]
async fn a_session_that_was_ended_is_replaced_with_its_locks() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let location = server.store(&database);
    let store = Store::open(&location).unwrap();
    server.end_sessions(&database);
    // The first job on a broken connection fails, because it is unknown whether it was recorded.
    let _ = store.intent(change(1)).await;
    until_reconnected(&store).await;
    store.intent(change(2)).await.unwrap();
    store.poll_changes(0).await;
    assert!(store.leads());
    let other = Store::open(&location).unwrap();
    assert!(!other.leads());
    drop(store);
    until_it_leads(&other).await;
    assert!(verify(&location).unwrap().is_ok());
}

#[tokio::test]
async fn the_first_read_after_the_sessions_were_ended_succeeds() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let store = Store::open(&server.store(&database)).unwrap();
    let read = async || store.activity(super::activity::everything()).await;
    let before = read().await.unwrap();
    server.end_sessions(&database);
    assert_eq!(read().await.unwrap(), before);
    assert!(store.poll_changes(0).await.is_some());
}

#[tokio::test]
async fn the_start_waits_for_an_unavailable_database_but_not_for_a_wrong_password() {
    let Some(server) = Server::over_tcp() else {
        return;
    };
    let right = server.store_over_tcp(server.port, PASSWORD, &server.database());
    let wrong = server.store_over_tcp(server.port, "hunter2", "postgres");
    server.kill();
    assert!(
        Store::open(&right)
            .unwrap_err()
            .contains("cannot be reached")
    );
    let opened = std::thread::spawn(move || Store::open_patiently(&right));
    server.start();
    opened.join().unwrap().unwrap();
    let why = Store::open_patiently(&wrong).unwrap_err();
    assert!(
        why.ends_with("refuses the user name or the password"),
        "{why}"
    );
}

/// The database knows for each start of a gateway whether its session holds its lock.
#[tokio::test]
async fn open_intents_of_a_gateway_are_closed_once_it_is_gone_for_good() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let location = server.store(&database);
    let store = Store::open(&location).unwrap();
    store.intent(change(1)).await.unwrap();
    // As if it was killed: it does not announce its end.
    let before = "CREATE TABLE before AS SELECT id FROM gateway";
    server.statement(&database, before).unwrap();
    server.end_sessions(&database);
    drop(store);
    let second = reopen(&location).await;
    assert_eq!(
        intents(&location),
        [("intent".to_owned(), String::new())],
        "it may come back"
    );
    drop(second);
    let aged = "UPDATE gateway SET seen_at = seen_at - interval '1 hour'";
    server.statement(&database, aged).unwrap();
    let _third = reopen(&location).await;
    assert_eq!(
        intents(&location)[1],
        ("outcome".to_owned(), "unknown".to_owned())
    );
    assert!(verify(&location).unwrap().is_ok());
    let left = "SELECT count(*) FROM gateway WHERE id IN (SELECT id FROM before)";
    assert_eq!(server.statement(&database, left).unwrap(), "0");
}

#[test]
fn gateways_that_start_together_create_the_tables_once() {
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let opened: Vec<_> = std::thread::scope(|threads| {
        let open = |_| threads.spawn(|| Store::open(&location));
        let all: Vec<_> = (0..4).map(open).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let opened: Vec<Store> = opened.into_iter().map(Result::unwrap).collect();
    let leading = opened.iter().filter(|store| store.leads());
    assert_eq!(leading.count(), 1);
}

/// A long table takes time, and so does waiting for another gateway that migrates it.
#[test]
fn a_migration_may_take_longer_than_a_change() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let slow = "CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(5); END $$;
        CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION slow()";
    server.statement(&database, slow).unwrap();
    let location = server.store(&database);
    std::thread::scope(|threads| {
        let open = |_| threads.spawn(|| Store::open(&location));
        let all: Vec<_> = (0..2).map(open).collect();
        for one in all {
            one.join().unwrap().unwrap();
        }
    });
    assert_eq!(Store::check(&location), Ok(()));
}

/// A page is read in the order of an index: nothing is sorted, and no table is scanned.
#[tokio::test]
async fn every_filter_is_answered_by_its_index() {
    use super::super::activity_query::statement;
    use super::super::database::Database as _;
    let Some(server) = Server::shared() else {
        return;
    };
    let name = server.database();
    let StoreLocation::Postgres(address) = server.store(&name) else {
        panic!("a database of PostgreSQL");
    };
    let plans = std::thread::spawn(move || {
        let mut database = postgres::open(&address, false).unwrap();
        let mut plans = Vec::new();
        // An empty table makes all plans equal. An administrator fills it, without a time limit.
        let fill = "INSERT INTO activity (at, kind, severity, connection, resource, person, entry)
            SELECT n, (ARRAY['run', 'failover', 'alarm', 'member', 'change'])[1 + n % 5],
                (ARRAY['critical', 'warning', 'normal'])[1 + n / 5 % 3],
                (ARRAY['live', 'em', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])[1 + n / 15 % 10],
                CASE n / 150 % 100 WHEN 0 THEN 'g' ELSE 'g-' || n / 150 % 100 END,
                CASE n / 5 % 400 WHEN 0 THEN 'ann' ELSE '' END, '{}'
            FROM generate_series(1, 60000) AS n";
        server.statement(&name, fill).unwrap();
        server.statement(&name, "ANALYZE activity").unwrap();
        database
            .write(&mut |sql| {
                // Sorting may be as fast in a table this short.
                sql.execute("SET LOCAL enable_bitmapscan = off", &[])?;
                sql.execute("SET LOCAL enable_seqscan = off", &[])?;
                for (query, index) in super::indexes::indexed() {
                    let (statement, values) = statement(&query, query.resource.as_slice());
                    let plan = sql.rows(&format!("EXPLAIN {statement}"), &values)?;
                    let lines = plan.iter().map(|row| row.text(0).unwrap().to_owned());
                    plans.push((query, index, lines.collect::<Vec<_>>().join("\n")));
                }
                Ok(())
            })
            .unwrap();
        plans
    });
    for (query, index, plan) in plans.join().unwrap() {
        let wanted = format!("using activity_{index} on");
        assert!(plan.contains(&wanted), "{query:?}: {plan}");
        let parts = plan.matches("Index Scan").count() + plan.matches("Index Only Scan").count();
        assert!(!plan.contains("Sort") || parts > 1, "{query:?}: {plan}");
    }
}

#[tokio::test]
async fn an_encrypted_connection_requires_a_trusted_certificate_with_the_right_name() {
    let Some(server) = Server::over_tcp() else {
        return;
    };
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let place = |host: &str, trusted: Option<&str>| {
        let (password, port) = (PASSWORD.replace(' ', "%20"), server.port);
        let url = format!("postgres://fc:{password}@{host}:{port}/postgres?sslmode=verify-full");
        StoreLocation::at_url(&url, trusted)
    };
    let complaint = |location: &StoreLocation| Store::check(location).unwrap_err();
    let right = place("localhost", Some(&certificate));
    // It does not fall back to an unencrypted connection.
    let plain = complaint(&right);
    assert!(plain.contains("cannot be reached: "), "{plain}");
    server.encrypt(&certificate, &key);
    assert_eq!(Store::check(&right), Ok(()));
    let store = Store::open(&right).unwrap();
    store.intent(change(1)).await.unwrap();
    // The session that listens may or may not exist already.
    let encrypted = "SELECT bool_and(ssl)::text FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'failover-console'";
    assert_eq!(server.statement("postgres", encrypted).unwrap(), "true");
    for (location, why) in [
        (place("localhost", None), "cannot be trusted: "),
        (
            place("localhost", Some(&other.cert.pem())),
            "cannot be trusted: ",
        ),
        (
            place("127.0.0.1", Some(&certificate)),
            "cannot be trusted: ",
        ),
    ] {
        let found = complaint(&location);
        assert!(found.contains(why), "{found}");
    }
}
