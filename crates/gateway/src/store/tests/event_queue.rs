//! Audit events without a waiting caller, such as sign-ins.

use super::super::*;
use super::{Server, at, change, hold_up, lines, open, place, sites, until};

fn sign_in(request: &str) -> Entry {
    Entry {
        request: request.to_owned(),
        who: "ann".to_owned(),
        what: "sign in".to_owned(),
        outcome: "done".to_owned(),
        ..Entry::default()
    }
}

/// The recorded requests with their times, without the day.
fn recorded(location: &StoreLocation) -> Vec<(String, String)> {
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = lines(location);
    let fields = rows
        .iter()
        .map(|row| (text(row, "request"), text(row, "at")[17..].to_owned()));
    fields.collect()
}

fn row(request: &str, at: &str) -> (String, String) {
    (request.to_owned(), at.to_owned())
}

#[tokio::test]
async fn events_during_a_write_failure_are_recorded_afterwards_with_their_times() {
    for site in sites() {
        let second = Arc::new(AtomicI64::new(0));
        let store = Store::open_by(&site.location, {
            let second = second.clone();
            move || DateTime::from_timestamp(second.load(Ordering::SeqCst), 0).unwrap()
        })
        .unwrap();
        site.rename("audit", "elsewhere");
        for (now, request) in [(1, "a"), (2, "b")] {
            second.store(now, Ordering::SeqCst);
            store.record_later(sign_in(request));
            assert!(!store.catch_up().await, "it waits");
            // A caller that got an error can repeat its action.
            assert!(store.event(change(1)).await.is_err());
        }
        site.rename("elsewhere", "audit");
        second.store(9, Ordering::SeqCst);
        let before = store.activity_changes();
        assert!(store.catch_up().await);
        assert_ne!(
            store.activity_changes(),
            before,
            "there is something new to read"
        );
        store.event(sign_in("c")).await.unwrap();
        let rows = [
            row("a", "01.000Z"),
            row("b", "02.000Z"),
            row("c", "09.000Z"),
        ];
        assert_eq!(recorded(&site.location), rows);
        let listed = store.activity(super::activity::everything()).await.unwrap();
        let times: Vec<i64> = listed.iter().map(|entry| entry.at.timestamp()).collect();
        assert_eq!(times, [9, 2, 1, 0]);
        assert!(verify(&site.location).unwrap().is_ok());
    }
}

#[tokio::test]
async fn events_while_the_database_is_unavailable_are_recorded_afterwards() {
    let Some(server) = Server::new() else {
        return;
    };
    let location = server.store(&server.database());
    let store = Store::open(&location).unwrap();
    server.kill();
    for request in ["a", "b", "c"] {
        store.record_later(sign_in(request));
    }
    assert!(!store.catch_up().await);
    server.start();
    until("the database", async || store.catch_up().await).await;
    let requests: Vec<String> = recorded(&location).into_iter().map(|(id, _)| id).collect();
    assert_eq!(requests, ["a", "b", "c"]);
}

#[tokio::test]
async fn background_events_leave_room_for_changes_in_the_queue() {
    let (_folder, file) = place();
    let store = open(&file).unwrap();
    let go_on = hold_up(&store);
    for number in 0..2_000 {
        store.record_later(sign_in(&number.to_string()));
    }
    let (intent, ()) = tokio::join!(store.intent(change(1)), async { drop(go_on) });
    intent.unwrap();
    store.record_later(sign_in("last"));
    assert!(store.catch_up().await);
    let rows = lines(&at(&file));
    let recorded = rows.iter().filter(|row| row["what"] == "sign in").count();
    let left_out = format!("{} events left out", 2_001 - recorded);
    assert!((500..600).contains(&recorded), "{recorded}");
    assert_eq!(rows.iter().filter(|row| row["what"] == left_out).count(), 1);
}
