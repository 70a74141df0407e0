//! What is looked at again after a fault, and what a message names.

use super::*;
use crate::alerts::message::Occasion;
use crate::config::StoreLocation;
use crate::store::tests::server::Server;
use crate::store::tests::until;
use crate::watch::{Clock, Skips};
use health::Severity;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

fn rule() -> AlertRule {
    AlertRule {
        id: "ops".to_owned(),
        targets: Vec::new(),
        severity: Severity::Warning,
        systems: Vec::new(),
        connections: Vec::new(),
        resources: Vec::new(),
        after: chrono::TimeDelta::zero(),
        repeat: None,
        quiet: None,
        recovery: true,
    }
}

#[tokio::test(start_paused = true)]
async fn alarms_are_looked_at_again_after_a_fault() {
    let looks = Arc::new(AtomicU64::new(0));
    let fails_at_first = {
        let looks = looks.clone();
        move || {
            assert!(looks.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
            DateTime::UNIX_EPOCH
        }
    };
    let (_skips, skipped) = watch::channel(Skips::default());
    let store = Arc::new(Store::open(&StoreLocation::Memory).unwrap());
    let clock = Clock::new(fails_at_first, skipped);
    let inventory = Arc::new(Inventory::new(clock, store.clone()));
    let alerting = Arc::new(Alerting::new(inventory, store));
    assert_eq!(looks.load(Ordering::SeqCst), 0);
    let busy = HashSet::from(["pager".to_owned()]);
    lock(&alerting.state).busy = busy;
    alerting.set(Setting {
        rules: vec![rule()],
        ..Setting::default()
    });
    sleep(Duration::from_secs(10)).await;
    assert!(looks.load(Ordering::SeqCst) > 2);
    assert!(
        lock(&alerting.state).busy.is_empty(),
        "what was under way is tried again"
    );
}

#[test]
fn a_storm_names_the_connections_of_alarms_that_it_does_not_list() {
    let about = |number: usize| {
        let mut alarm = Message::test(String::new(), DateTime::default(), None).alarm;
        alarm.resource = ResourceKey::of_connection(&number.to_string());
        alarm
    };
    let rule = rule();
    let due = Due {
        rule: &rule,
        occasion: Occasion::Began,
        first: about(0),
        others: (1..=LISTED + 2).map(about).collect(),
    };
    let message = message(
        String::new(),
        &due,
        &HashMap::new(),
        None,
        DateTime::default(),
    );
    assert_eq!((message.others.len(), message.omitted), (LISTED, 2));
    let omitted = ["21", "22"].map(str::to_owned);
    assert_eq!(message.omitted_connections, BTreeSet::from(omitted));
}

/// Notes what it is given, and says so.
#[derive(Default)]
struct Taker {
    given: Mutex<Vec<String>>,
    fails: std::sync::atomic::AtomicBool,
}

impl Deliver for Taker {
    fn deliver<'a>(
        &'a self,
        message: &'a Message,
        _: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async {
            if self.fails.load(Ordering::SeqCst) {
                return Err(Failure::for_now("refused".to_owned()));
            }
            lock(&self.given).push(message.id.clone());
            Ok(())
        })
    }
}

/// Alerts of a gateway with a target, for which so many messages wait.
fn alerting(store: Store, waiting: usize) -> (Arc<Alerting>, Arc<Taker>, Setting) {
    let (_, skipped) = watch::channel(Skips::default());
    let store = Arc::new(store);
    let clock = Clock::new(|| DateTime::UNIX_EPOCH, skipped);
    let inventory = Arc::new(Inventory::new(clock, store.clone()));
    let alerting = Arc::new(Alerting::new(inventory, store));
    for number in 0..waiting {
        let message = Message::test(number.to_string(), DateTime::UNIX_EPOCH, None);
        let targets = ["pager".to_owned()];
        lock(&alerting.state).outbox.add(&message, "ops", &targets);
    }
    let taker = Arc::new(Taker::default());
    let setting = Setting {
        targets: vec![Target {
            id: "pager".to_owned(),
            kind: "webhook",
            deliver: taker.clone(),
        }],
        ..Setting::default()
    };
    (alerting, taker, setting)
}

fn in_memory() -> Store {
    Store::open(&StoreLocation::Memory).unwrap()
}

#[tokio::test(start_paused = true)]
async fn after_a_message_has_arrived_the_next_one_follows_at_once() {
    let (alerting, taker, setting) = alerting(in_memory(), 20);
    alerting.set(setting);
    sleep(Duration::from_millis(500)).await;
    let expected: Vec<String> = (0..20).map(|number: usize| number.to_string()).collect();
    assert_eq!(*lock(&taker.given), expected);
}

#[tokio::test(start_paused = true)]
async fn with_another_setting_what_has_failed_is_tried_at_once() {
    let (alerting, taker, setting) = alerting(in_memory(), 1);
    taker.fails.store(true, Ordering::SeqCst);
    alerting.set(setting.clone());
    sleep(Duration::from_millis(500)).await;
    taker.fails.store(false, Ordering::SeqCst);
    // The clock of these alerts stands still: it would wait for ever.
    sleep(Duration::from_secs(60)).await;
    assert_eq!(lock(&taker.given).len(), 0);
    alerting.set(setting);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(lock(&taker.given).len(), 1);
}

#[tokio::test]
async fn who_has_lost_the_lead_without_noticing_sends_nothing() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let open = || Store::open(&server.store(&database)).unwrap();
    let (one, other) = (open(), open());
    let (alerting, _, _) = alerting(one, 1);
    assert!(alerting.is_in_charge().await);
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
        AND objid = 0 AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    server.statement(&database, cut).unwrap();
    until("the lead", async || {
        other.poll_changes(0).await;
        other.leads()
    })
    .await;
    alerting.store.forget_confirmation();
    assert!(!alerting.is_in_charge().await);
    // While nobody can say who leads, people are better told twice than not at all.
    drop(other);
    until("the lead", async || alerting.is_in_charge().await).await;
    let renamed = "ALTER TABLE kept_revision RENAME TO elsewhere";
    server.statement(&database, renamed).unwrap();
    alerting.store.forget_confirmation();
    assert!(alerting.is_in_charge().await);
}
