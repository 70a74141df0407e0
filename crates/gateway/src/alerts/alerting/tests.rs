//! What is looked at again after a fault, and what a message names.

use super::compose::message;
use super::*;
use crate::alerts::message::{MAX_LISTED, Message, Occasion};
use crate::alerts::rules::Due;
use crate::config::{AlertRule, StoreLocation};
use crate::store::tests::server::Server;
use crate::store::tests::{until, until_it_leads};
use crate::watch::{Clock, Skips};
use futures_util::future::BoxFuture;
use health::Severity;
use health::inventory::ResourceKey;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

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
    let busy = HashMap::from([("pager".to_owned(), "a key".to_owned())]);
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
        others: (1..=MAX_LISTED + 2).map(about).collect(),
    };
    let message = message(
        String::new(),
        &due,
        &HashMap::new(),
        None,
        DateTime::default(),
    );
    assert_eq!((message.others.len(), message.omitted), (MAX_LISTED, 2));
    let omitted = ["21", "22"].map(str::to_owned);
    assert_eq!(message.omitted_connections, BTreeSet::from(omitted));
}

/// Notes what it is given, and says so.
#[derive(Default)]
struct Taker {
    given: Mutex<Vec<String>>,
    fails: AtomicBool,
    /// What it asks for with its first answer, as with 429 and `Retry-After`.
    asks_for_time: Mutex<Option<Duration>>,
    /// How long it takes to answer.
    takes: Duration,
}

impl Deliver for Taker {
    fn deliver<'a>(
        &'a self,
        message: &'a Message,
        _: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async {
            sleep(self.takes).await;
            if let Some(time) = lock(&self.asks_for_time).take() {
                return Err(Failure {
                    retry_after: Some(time),
                    ..Failure::for_now("429".to_owned())
                });
            }
            if self.fails.load(Ordering::SeqCst) {
                return Err(Failure::for_now("refused".to_owned()));
            }
            lock(&self.given).push(message.id.clone());
            Ok(())
        })
    }
}

/// The alerting of a gateway, with this many messages waiting for its one target, and a clock that is stopped.
fn alerting(store: Store, waiting: usize) -> (Arc<Alerting>, Arc<Taker>, Setting) {
    alerting_by(store, waiting, || DateTime::UNIX_EPOCH)
}

/// The same, with the time of this clock.
fn alerting_by(
    store: Store,
    waiting: usize,
    now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
) -> (Arc<Alerting>, Arc<Taker>, Setting) {
    let (_, skipped) = watch::channel(Skips::default());
    let store = Arc::new(store);
    let clock = Clock::new(now, skipped);
    let inventory = Arc::new(Inventory::new(clock, store.clone()));
    let alerting = Arc::new(Alerting::new(inventory, store));
    add(&alerting, waiting, &["pager"]);
    let taker = Arc::new(Taker::default());
    let setting = Setting {
        targets: vec![Target {
            deliver: taker.clone(),
            ..target("pager", "slack")
        }],
        ..Setting::default()
    };
    (alerting, taker, setting)
}

/// A target that takes everything.
pub(super) fn target(id: &str, kind: &'static str) -> Target {
    Target {
        id: id.to_owned(),
        kind,
        fingerprint: Vec::new(),
        deliver: Arc::new(Taker::default()),
    }
}

fn in_memory() -> Store {
    Store::open(&StoreLocation::Memory).unwrap()
}

/// A message about each of so many connections, for these targets.
fn add(alerting: &Alerting, number: usize, targets: &[&str]) {
    let targets: Vec<String> = targets.iter().map(|&id| id.to_owned()).collect();
    for number in 0..number {
        let id = format!("{number:02}");
        let mut message = Message::test(id.clone(), DateTime::UNIX_EPOCH, None);
        message.alarm.resource = ResourceKey::of_connection(&id);
        lock(&alerting.state).outbox.add(&message, "ops", &targets);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_follow_one_another_at_the_pace_of_their_target() {
    let (alerting, taker, mut setting) = alerting(in_memory(), 0);
    // A target that is slow to answer delays no other.
    let slow = Arc::new(Taker {
        takes: Duration::from_secs(5),
        ..Taker::default()
    });
    let program = Arc::new(Taker::default());
    for (id, kind, deliver) in [("mail", "mail", &slow), ("program", "webhook", &program)] {
        setting.targets.push(Target {
            deliver: deliver.clone(),
            ..target(id, kind)
        });
    }
    add(&alerting, 20, &["mail", "pager", "program"]);
    alerting.set(setting);
    sleep(Duration::from_millis(500)).await;
    let all: Vec<String> = (0..20)
        .map(|number: usize| format!("{number:02}"))
        .collect();
    assert_eq!(*lock(&taker.given), all[..3], "at once");
    assert_eq!(*lock(&program.given), all[..10], "at once");
    for number in 4..20 {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(*lock(&taker.given), all[..number]);
        assert_eq!(*lock(&program.given), all, "after a second");
    }
    sleep(Duration::from_secs(100)).await;
    for taker in [taker, slow] {
        assert_eq!(*lock(&taker.given), all, "in their order, and all of them");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_asks_for_time_gets_it_and_then_everything_in_order() {
    let began = Instant::now();
    let now = move || DateTime::UNIX_EPOCH + began.elapsed();
    let (alerting, taker, setting) = alerting_by(in_memory(), 4, now);
    *lock(&taker.asks_for_time) = Some(Duration::from_secs(40));
    alerting.set(setting);
    sleep(Duration::from_secs(39)).await;
    assert_eq!(lock(&taker.given).len(), 0);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(*lock(&taker.given), ["00", "01", "02", "03"]);
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

#[tokio::test(start_paused = true)]
async fn whether_messages_arrive_is_known_without_waiting_for_the_state() {
    let (alerting, taker, mut setting) = alerting(in_memory(), 1);
    taker.fails.store(true, Ordering::SeqCst);
    alerting.set(setting.clone());
    sleep(Duration::from_millis(500)).await;
    let state = lock(&alerting.state);
    assert!(alerting.is_any_failing());
    drop(state);
    // A target that was removed is not waited for.
    let target = setting.targets.pop();
    alerting.set(setting.clone());
    assert!(!alerting.is_any_failing());
    setting.targets.extend(target);
    alerting.set(setting);
    assert!(alerting.is_any_failing(), "the message still waits");
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
    server.cut_off_the_leader(&database);
    until_it_leads(&other).await;
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

#[tokio::test]
async fn who_does_not_ask_for_a_while_sends_nothing_once_the_store_knows_another_leader() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let open = || Store::open(&server.store(&database)).unwrap();
    let (one, other) = (open(), open());
    let (alerting, _, _) = alerting(one, 1);
    let is_unanswered = || lock(&alerting.state).unanswered.is_some();
    let renamed = "ALTER TABLE kept_revision RENAME TO elsewhere";
    server.statement(&database, renamed).unwrap();
    assert!(alerting.is_in_charge().await && is_unanswered());
    let back = "ALTER TABLE elsewhere RENAME TO kept_revision";
    server.statement(&database, back).unwrap();
    assert!(alerting.is_in_charge().await);
    assert!(is_unanswered(), "it has not asked again");
    server.cut_off_the_leader(&database);
    until_it_leads(&other).await;
    // As the look at the store does every two seconds.
    until("the loss", async || {
        alerting.store.poll_changes(0).await;
        !alerting.store.leads()
    })
    .await;
    assert!(!alerting.is_in_charge().await && !is_unanswered());
}
