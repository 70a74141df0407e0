//! Several gateways at one database.

use super::super::*;
use super::activity::{at, event, everything};
use super::server::Server;
use super::{change, lines, outcome, until, until_it_leads};
use health::Severity;
use health::events::{Event, EventKind};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

/// Gateways with a common clock, at a database of their own.
pub(super) struct Several {
    pub(super) server: Arc<Server>,
    pub(super) database: String,
    pub(super) seconds: Arc<AtomicI64>,
}

impl Several {
    pub(super) fn new() -> Option<Self> {
        let server = Server::shared()?;
        Some(Self {
            database: server.database(),
            server,
            seconds: Arc::new(AtomicI64::new(1_000)),
        })
    }

    pub(super) fn open(&self) -> Store {
        let seconds = self.seconds.clone();
        let location = self.server.store(&self.database);
        Store::open_by(&location, move || at(seconds.load(Ordering::SeqCst))).unwrap()
    }

    fn has_no_leader(&self) -> bool {
        let leaders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 0 AND objsubid = 2
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        self.server.statement(&self.database, leaders).unwrap() == "0"
    }

    pub(super) fn cut_off_the_leader(&self) {
        self.server.cut_off_the_leader(&self.database);
    }
}

fn failovers(second: i64, id: &str) -> Vec<Event> {
    let event = event(
        second,
        EventKind::Failover,
        Severity::Warning,
        "plant-a",
        id,
    );
    vec![Event {
        what: "The primary changed.".to_owned(),
        ..event
    }]
}

async fn recorded_resources(store: &Store) -> Vec<String> {
    let entries = store.activity(everything()).await.unwrap();
    let failovers = entries.iter().filter_map(|entry| entry.resource.clone());
    failovers.map(|key| key.id).collect()
}

#[tokio::test]
async fn one_of_two_gateways_records_and_the_other_takes_over() {
    let Some(several) = Several::new() else {
        return;
    };
    let (one, other) = (several.open(), several.open());
    assert!(one.leads() && !other.leads());
    for store in [&one, &other] {
        store.record(failovers(1_000, "a"));
        store.note_watching();
        assert!(store.catch_up().await);
    }
    assert_eq!(recorded_resources(&one).await, ["a"]);
    // The leader is cut off before it has recorded the event, and the other has not noticed yet.
    several.seconds.store(1_005, Ordering::SeqCst);
    several.cut_off_the_leader();
    other.record(failovers(1_004, "b"));
    until_it_leads(&other).await;
    assert_eq!(recorded_resources(&other).await, ["b", "a"]);
    // It comes back with its events.
    one.record(failovers(1_003, "b"));
    until("the database", async || one.catch_up().await).await;
    let update = one.poll_changes(0).await.unwrap();
    assert!(!update.leads && !one.leads());
    // Repeated events are all recorded, also by a gateway that could not write for a while.
    several.server.end_sessions(&several.database);
    other.record([failovers(1_006, "c"), failovers(1_007, "c")].concat());
    until("the database", async || other.catch_up().await).await;
    other.record(failovers(1_008, "c"));
    several.server.end_sessions(&several.database);
    until("the database", async || other.catch_up().await).await;
    assert_eq!(recorded_resources(&one).await, ["c", "c", "c", "b", "a"]);
    // Somebody watched all the time.
    let entries = other.activity(everything()).await.unwrap();
    let gaps = entries.iter().filter(|entry| entry.resource.is_none());
    assert_eq!(gaps.count(), 1, "only the first start");
    drop(other);
    until_it_leads(&one).await;
}

/// Its session ended while it was suspended, and it writes before it polls.
#[tokio::test]
async fn a_gateway_that_lost_the_lead_unnoticed_records_no_shared_events() {
    let Some(several) = Several::new() else {
        return;
    };
    let (stopped, other) = (several.open(), several.open());
    until("a confirmation", async || {
        stopped.poll_changes(0).await.is_some() && stopped.is_lead_confirmed()
    })
    .await;
    several.cut_off_the_leader();
    until_it_leads(&other).await;
    assert!(stopped.leads(), "as far as it knows");
    stopped.record(failovers(1_000, "made up"));
    let alarm = StateChange::put(Table::OpenAlarms, "made up", &1);
    let own = StateChange::put(Table::AlertDeliveries, "a", &1);
    stopped.save_later(vec![alarm, own]);
    // The next poll reports the leader, although its session is a new one.
    let update = stopped.poll_changes(0).await.unwrap();
    assert!(!update.leads && !stopped.leads());
    assert_eq!(recorded_resources(&other).await, Vec::<String>::new());
    let mut saved = other.poll_changes(0).await.unwrap().saved.unwrap();
    assert!(saved.take::<u8>(Table::OpenAlarms).is_empty());
    assert_eq!(saved.take::<u8>(Table::AlertDeliveries).len(), 1);
}

#[tokio::test]
async fn the_end_of_an_alarm_seen_at_different_times_is_recorded_once() {
    let Some(several) = Several::new() else {
        return;
    };
    let ended = |second: i64, lasted: &str, sentence: &str| {
        let event = event(second, EventKind::Alarm, Severity::Normal, "plant-a", "a");
        vec![Event {
            what: format!("Alarm ended after {lasted}: {sentence}"),
            ..event
        }]
    };
    let (one, other) = (several.open(), several.open());
    one.record(ended(1_000, "1 min 11 s", "No primary."));
    assert!(one.catch_up().await);
    other.record(ended(1_003, "1 min 14 s", "No primary."));
    other.record(ended(1_004, "1 min 14 s", "No backup."));
    assert!(other.catch_up().await);
    drop(one);
    until_it_leads(&other).await;
    assert_eq!(recorded_resources(&other).await, ["a", "a"]);
}

/// A follower that writes before it polls records nothing, also if the lead has become free.
#[tokio::test]
async fn only_a_time_in_which_nobody_watched_is_reported_as_a_gap() {
    for fails_at_first in [false, true] {
        let Some(several) = Several::new() else {
            return;
        };
        let one = several.open();
        one.note_watching();
        one.record(failovers(1_290, "a"));
        assert!(one.catch_up().await);
        several.seconds.store(1_300, Ordering::SeqCst);
        // It starts before the end of the leader is noticed, which has noted nothing for five minutes.
        let other = several.open();
        several.seconds.store(1_310, Ordering::SeqCst);
        if fails_at_first {
            let rename = |from, to| {
                let rename = format!("ALTER TABLE {from} RENAME TO {to}");
                several
                    .server
                    .statement(&several.database, &rename)
                    .unwrap();
            };
            rename("watched", "elsewhere");
            drop(one);
            until("the failure", async || {
                other.poll_changes(0).await.is_none()
            })
            .await;
            assert!(!other.leads(), "it has not taken over yet");
            rename("elsewhere", "watched");
        } else {
            drop(one);
            until("a free lead", async || several.has_no_leader()).await;
        }
        other.record(failovers(1_290, "a"));
        other.note_watching();
        assert!(other.catch_up().await && !other.leads());
        until_it_leads(&other).await;
        assert!(other.catch_up().await);
        assert_eq!(recorded_resources(&other).await, ["a"], "once");
        let entries = other.activity(everything()).await.unwrap();
        let gaps = entries.iter().filter(|entry| entry.resource.is_none());
        let gaps: Vec<&str> = gaps.map(|entry| entry.what.as_str()).collect();
        let gap = "The gateway did not watch for 5 min";
        assert!(gaps.len() == 2 && gaps[0].starts_with(gap), "{gaps:?}");
    }
}

#[tokio::test]
async fn all_gateways_append_to_one_chain() {
    let Some(several) = Several::new() else {
        return;
    };
    let stores = Arc::new([several.open(), several.open(), several.open()]);
    let all = (0..60).map(|number: u16| {
        let stores = stores.clone();
        tokio::spawn(async move {
            let store = &stores[usize::from(number) % stores.len()];
            let intent = store.intent(change(number)).await.unwrap();
            store.outcome(intent, outcome("done")).await.unwrap();
        })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    let location = several.server.store(&several.database);
    assert_eq!(verify(&location).unwrap().unwrap().rows, 120);
    let rows = lines(&location);
    assert!(rows.iter().all(|row| row["gateway"].is_string()));
    let writers = "SELECT count(DISTINCT gateway) FROM audit";
    let writers = several.server.statement(&several.database, writers);
    assert_eq!(writers.unwrap(), "3");
}

#[tokio::test]
async fn open_intents_of_a_running_gateway_stay_open() {
    let Some(several) = Several::new() else {
        return;
    };
    let (_leader, one) = (several.open(), several.open());
    let intent = one.intent(change(1)).await.unwrap();
    // Old, but alive: its session holds its lock.
    let aged = "UPDATE gateway SET seen_at = seen_at - interval '1 hour'
        WHERE id = (SELECT max(id) FROM gateway)";
    several.server.statement(&several.database, aged).unwrap();
    let other = several.open();
    let location = several.server.store(&several.database);
    assert_eq!(lines(&location).len(), 1);
    one.outcome(intent, outcome("done")).await.unwrap();
    drop(other);
}

#[tokio::test]
async fn a_hanging_leader_loses_the_lead() {
    let Some(several) = Several::new() else {
        return;
    };
    let (stopped, other) = (several.open(), several.open());
    assert!(stopped.leads());
    // Its session is alive, as that of a suspended program.
    let aged = "UPDATE gateway SET seen_at = seen_at - interval '1 hour'
        WHERE id = (SELECT min(id) FROM gateway)";
    several.server.statement(&several.database, aged).unwrap();
    until_it_leads(&other).await;
    until("the database", async || stopped.catch_up().await).await;
    assert!(!stopped.poll_changes(0).await.unwrap().leads);
}

#[tokio::test]
async fn saved_state_is_shared_with_other_gateways() {
    let Some(several) = Several::new() else {
        return;
    };
    let (one, other) = (several.open(), several.open());
    let known = |update: StoreUpdate| {
        let mut saved = update.saved?;
        Some(saved.take::<String>(Table::Acknowledgements))
    };
    let first = one.poll_changes(0).await.unwrap();
    let revision = first.revision;
    assert_eq!(known(first), Some(BTreeMap::new()));
    assert_eq!(known(one.poll_changes(revision).await.unwrap()), None);
    let changes = one.activity_changes();
    let saved = StateChange::put(Table::Acknowledgements, "alarm", &"on it".to_owned());
    other.record_action(change(1), saved).await.unwrap();
    let next = one.poll_changes(revision).await.unwrap();
    assert_ne!(next.revision, revision);
    assert_eq!(known(next).unwrap()["alarm"], "on it");
    assert_ne!(
        one.activity_changes(),
        changes,
        "there is something to read"
    );
    // Only the leader saves open alarms.
    other.save_later(vec![StateChange::put(
        Table::OpenAlarms,
        "its own",
        &"x".to_owned(),
    )]);
    assert!(other.catch_up().await);
    let mut saved = one.poll_changes(0).await.unwrap().saved.unwrap();
    assert!(saved.take::<String>(Table::OpenAlarms).is_empty());
}

/// Waits until a gateway is notified of a change.
async fn until_notified(store: &Store) {
    let notified = tokio::time::timeout(Duration::from_secs(60), store.changed()).await;
    assert!(notified.is_ok(), "no notification");
}

/// Discards earlier notifications.
async fn discard_notifications(store: &Store) {
    while tokio::time::timeout(Duration::from_millis(300), store.changed())
        .await
        .is_ok()
    {}
}

#[tokio::test]
async fn gateways_are_notified_of_changes_also_after_a_broken_session() {
    let Some(several) = Several::new() else {
        return;
    };
    let (one, other) = (several.open(), several.open());
    until_notified(&other).await;
    discard_notifications(&other).await;
    for table in [Table::Acknowledgements, Table::EndedSessions] {
        let saved = StateChange::put(table, "a", &"on it".to_owned());
        one.save(vec![saved]).await.unwrap();
        until_notified(&other).await;
    }
    discard_notifications(&other).await;
    one.record(failovers(1_000, "a"));
    until_notified(&other).await;
    // The session that listens is gone, so changes in the meantime are not notified.
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE (query LIKE 'LISTEN %' OR query = 'SELECT 1') AND datname = current_database()";
    several.server.statement(&several.database, cut).unwrap();
    until_notified(&other).await;
    one.save(vec![StateChange::put(Table::Notes, "a", &"x".to_owned())])
        .await
        .unwrap();
    until_notified(&other).await;
}
