//! Restarts after a panic, the contents of messages, rates and retries, and the loss of the lead.

use super::compose::message;
use super::*;
use crate::alerts::message::{MAX_LISTED, Message, Occasion};
use crate::alerts::rules::Due;
use crate::config::{AlertRule, Shape, StoreLocation, TargetKind};
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
async fn alarms_are_evaluated_again_after_a_panic() {
    let evaluations = Arc::new(AtomicU64::new(0));
    let panics_at_first = {
        let evaluations = evaluations.clone();
        move || {
            assert!(evaluations.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
            DateTime::UNIX_EPOCH
        }
    };
    let (_skips, skipped) = watch::channel(Skips::default());
    let store = Arc::new(Store::open(&StoreLocation::Memory).unwrap());
    let clock = Clock::new(panics_at_first, skipped);
    let inventory = Arc::new(Inventory::new(clock, store.clone()));
    let alerting = Arc::new(Alerting::new(inventory, store));
    assert_eq!(evaluations.load(Ordering::SeqCst), 0);
    let busy = HashMap::from([("pager".to_owned(), "a key".to_owned())]);
    lock(&alerting.state).busy = busy;
    alerting.set(Setting {
        rules: vec![rule()],
        ..Setting::default()
    });
    sleep(Duration::from_secs(10)).await;
    assert!(evaluations.load(Ordering::SeqCst) > 2);
    assert!(
        lock(&alerting.state).busy.is_empty(),
        "interrupted attempts are repeated"
    );
}

#[test]
fn a_message_names_the_connections_of_the_alarms_that_it_omits() {
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
        until: None,
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

/// A receiver that records the messages, or fails.
#[derive(Default)]
struct FakeReceiver {
    received: Mutex<Vec<String>>,
    fails: AtomicBool,
    /// The wait that its first response requests, as with 429 and `Retry-After`.
    retry_after_once: Mutex<Option<Duration>>,
    /// The time that it takes to respond.
    latency: Duration,
}

impl Deliver for FakeReceiver {
    fn deliver<'a>(
        &'a self,
        message: &'a Message,
        _: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async {
            sleep(self.latency).await;
            if let Some(wait) = lock(&self.retry_after_once).take() {
                return Err(Failure {
                    retry_after: Some(wait),
                    ..Failure::temporary("429".to_owned())
                });
            }
            if self.fails.load(Ordering::SeqCst) {
                return Err(Failure::temporary("refused".to_owned()));
            }
            lock(&self.received).push(message.id.clone());
            Ok(())
        })
    }
}

/// The alerting of a gateway with a stopped clock, and a number of messages that wait for its only target.
fn alerting(store: Store, waiting: usize) -> (Arc<Alerting>, Arc<FakeReceiver>, Setting) {
    alerting_with_clock(store, waiting, || DateTime::UNIX_EPOCH)
}

/// Like [`alerting`], with this clock.
fn alerting_with_clock(
    store: Store,
    waiting: usize,
    now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
) -> (Arc<Alerting>, Arc<FakeReceiver>, Setting) {
    let (_, skipped) = watch::channel(Skips::default());
    let store = Arc::new(store);
    let clock = Clock::new(now, skipped);
    let inventory = Arc::new(Inventory::new(clock, store.clone()));
    let alerting = Arc::new(Alerting::new(inventory, store));
    add(&alerting, waiting, &["pager"]);
    let receiver = Arc::new(FakeReceiver::default());
    let setting = Setting {
        targets: vec![Target {
            deliver: receiver.clone(),
            ..target("pager", TargetKind::Webhook(Shape::Slack))
        }],
        ..Setting::default()
    };
    (alerting, receiver, setting)
}

/// A target that accepts all messages.
pub(super) fn target(id: &str, kind: TargetKind) -> Target {
    Target {
        id: id.to_owned(),
        kind,
        fingerprint: [0; 32],
        deliver: Arc::new(FakeReceiver::default()),
    }
}

fn in_memory() -> Store {
    Store::open(&StoreLocation::Memory).unwrap()
}

/// Adds one message for each of `number` connections, to these targets.
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
async fn messages_are_sent_at_the_rate_of_their_target() {
    let (alerting, receiver, mut setting) = alerting(in_memory(), 0);
    // A slow target does not delay the others.
    let slow = Arc::new(FakeReceiver {
        latency: Duration::from_secs(5),
        ..FakeReceiver::default()
    });
    let program = Arc::new(FakeReceiver::default());
    for (id, kind, deliver) in [
        ("mail", TargetKind::Mail, &slow),
        ("program", TargetKind::Webhook(Shape::Own), &program),
    ] {
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
    assert_eq!(*lock(&receiver.received), all[..3], "at once");
    assert_eq!(*lock(&program.received), all[..10], "at once");
    for number in 4..20 {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(*lock(&receiver.received), all[..number]);
        assert_eq!(*lock(&program.received), all, "after a second");
    }
    sleep(Duration::from_secs(100)).await;
    for receiver in [receiver, slow] {
        assert_eq!(*lock(&receiver.received), all, "all messages, in order");
    }
}

#[tokio::test(start_paused = true)]
async fn a_requested_wait_is_respected_and_all_messages_follow_in_order() {
    let began = Instant::now();
    let now = move || DateTime::UNIX_EPOCH + began.elapsed();
    let (alerting, receiver, setting) = alerting_with_clock(in_memory(), 4, now);
    *lock(&receiver.retry_after_once) = Some(Duration::from_secs(40));
    alerting.set(setting);
    sleep(Duration::from_secs(39)).await;
    assert_eq!(lock(&receiver.received).len(), 0);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(*lock(&receiver.received), ["00", "01", "02", "03"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_setting_retries_failed_messages_at_once() {
    let (alerting, receiver, setting) = alerting(in_memory(), 1);
    receiver.fails.store(true, Ordering::SeqCst);
    alerting.set(setting.clone());
    sleep(Duration::from_millis(500)).await;
    receiver.fails.store(false, Ordering::SeqCst);
    // The clock of these alerts is stopped, so that the message would wait forever.
    sleep(Duration::from_secs(60)).await;
    assert_eq!(lock(&receiver.received).len(), 0);
    alerting.set(setting);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(lock(&receiver.received).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn failures_are_readable_without_locking_the_state() {
    let (alerting, receiver, mut setting) = alerting(in_memory(), 1);
    receiver.fails.store(true, Ordering::SeqCst);
    alerting.set(setting.clone());
    sleep(Duration::from_millis(500)).await;
    let state = lock(&alerting.state);
    assert!(alerting.is_any_failing());
    drop(state);
    // A removed target does not count.
    let target = setting.targets.pop();
    alerting.set(setting.clone());
    assert!(!alerting.is_any_failing());
    setting.targets.extend(target);
    alerting.set(setting);
    assert!(alerting.is_any_failing(), "the message still waits");
}

#[tokio::test]
async fn a_gateway_that_lost_the_lead_unnoticed_sends_nothing() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let open = || Store::open(&server.store(&database)).unwrap();
    let (one, other) = (open(), open());
    let (alerting, _, _) = alerting(one, 1);
    assert!(alerting.is_leader().await);
    server.cut_off_the_leader(&database);
    until_it_leads(&other).await;
    alerting.store.forget_confirmation();
    assert!(!alerting.is_leader().await);
    // While the leader is unknown, a message sent twice is better than none.
    drop(other);
    until("the lead", async || alerting.is_leader().await).await;
    let renamed = "ALTER TABLE kept_revision RENAME TO elsewhere";
    server.statement(&database, renamed).unwrap();
    alerting.store.forget_confirmation();
    assert!(alerting.is_leader().await);
}

#[tokio::test]
async fn between_requests_for_the_leader_the_store_reports_the_loss_of_the_lead() {
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
    assert!(alerting.is_leader().await && is_unanswered());
    let back = "ALTER TABLE elsewhere RENAME TO kept_revision";
    server.statement(&database, back).unwrap();
    assert!(alerting.is_leader().await);
    assert!(is_unanswered(), "it did not ask again");
    server.cut_off_the_leader(&database);
    until_it_leads(&other).await;
    // Like the regular poll of the store every two seconds.
    until("the loss", async || {
        alerting.store.poll_changes(0).await;
        !alerting.store.leads()
    })
    .await;
    assert!(!alerting.is_leader().await && !is_unanswered());
}
