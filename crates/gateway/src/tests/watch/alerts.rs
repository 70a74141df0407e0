//! Messages about alarms, over failures of their receivers and over a restart.

use super::handled::{alarm, plant, reopened, send};
use super::*;
use crate::alerts::message::{Message, Occasion};
use crate::alerts::send::Failure;
use crate::alerts::{Deliver, Setting, Target};
use crate::config::AlertRule;
use futures_util::future::BoxFuture;
use health::Severity;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Mutex;

/// A receiver that fails as the test wants it.
#[derive(Default)]
pub(super) struct Receiver {
    fails: Mutex<Option<Failure>>,
    got: Mutex<Vec<Message>>,
    /// The recipients to whom alone the last attempt was to go.
    only: Mutex<Vec<String>>,
    attempts: Mutex<usize>,
}

impl Receiver {
    fn fail(&self, why: Option<Failure>) {
        *self.fails.lock().unwrap() = why;
    }

    pub(super) fn got(&self) -> Vec<(Occasion, String)> {
        let got = self.got.lock().unwrap();
        got.iter()
            .map(|one| (one.occasion, one.alarm.name.clone()))
            .collect()
    }

    fn attempts(&self) -> usize {
        *self.attempts.lock().unwrap()
    }
}

impl Deliver for Receiver {
    fn deliver<'a>(
        &'a self,
        message: &'a Message,
        only: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            *self.attempts.lock().unwrap() += 1;
            *self.only.lock().unwrap() = only.to_vec();
            let fails = self.fails.lock().unwrap().clone();
            if let Some(why) = fails {
                assert_ne!(why.line, "a fault", "as a program's fault would");
                return Err(why);
            }
            self.got.lock().unwrap().push(message.clone());
            Ok(())
        })
    }
}

fn refusal(line: &str, is_final: bool) -> Option<Failure> {
    Some(Failure {
        is_final,
        ..Failure::for_now(line.to_owned())
    })
}

fn setting(receivers: &[(&str, &Arc<Receiver>)]) -> Setting {
    let target = |(id, receiver): &(&str, &Arc<Receiver>)| Target {
        id: (*id).to_owned(),
        kind: "webhook",
        fingerprint: Vec::new(),
        deliver: (*receiver).clone(),
    };
    let targets: Vec<Target> = receivers.iter().map(target).collect();
    Setting {
        rules: vec![AlertRule {
            id: "ops".to_owned(),
            targets: targets.iter().map(|one| one.id.clone()).collect(),
            severity: Severity::Warning,
            systems: Vec::new(),
            connections: Vec::new(),
            resources: Vec::new(),
            after: TimeDelta::seconds(10),
            repeat: None,
            quiet: None,
            recovery: true,
        }],
        targets,
        console: Some("https://console.example".to_owned()),
    }
}

impl Fixture {
    /// Lets time pass until it is so.
    pub(super) async fn pass_until(&self, what: &str, is: impl Fn() -> bool) {
        for _ in 0..2_000 {
            if is() {
                return;
            }
            self.skip(1);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{what} did not come");
    }

    pub(super) async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            self.skip(1);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(super) fn notify(&self, receivers: &[(&str, &Arc<Receiver>)]) {
        self.gateway.shared.alerts.set(setting(receivers));
    }
}

#[tokio::test]
async fn an_alarm_calls_once_and_its_end_is_told() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let pager = Arc::new(Receiver::default());
    fixture.notify(&[("pager", &pager)]);
    fixture
        .pass_until("the message", || !pager.got().is_empty())
        .await;
    fixture.pass(30).await;
    assert_eq!(pager.got(), [(Occasion::Began, "g0".to_owned())]);
    let link = pager.got.lock().unwrap()[0].link.clone();
    assert_eq!(
        link.as_deref(),
        Some("https://console.example/groups/plant-a/g0")
    );
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    fixture.refresh().await;
    fixture
        .pass_until("the end", || pager.got().len() == 2)
        .await;
    assert_eq!(pager.got()[1].0, Occasion::Ended);
    let (status, told) = send(&fixture, "GET /api/alert-targets", &Value::Null).await;
    let target = &told["targets"][0];
    assert_eq!(
        (status, &target["id"], &target["waiting"]),
        (200, &json!("pager"), &json!(0))
    );
    assert!(target["delivered_at"].is_number() && target["failure"].is_null());
}

#[tokio::test]
async fn what_is_in_maintenance_or_acknowledged_calls_nobody() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let pager = Arc::new(Receiver::default());
    let open = alarm(&fixture, "the alarm", |_| true).await;
    let one = json!({"scope": {"connection": "plant-a"}, "until": 60_000, "reason": "cabling"});
    assert_eq!(send(&fixture, "POST /api/maintenance", &one).await.0, 201);
    fixture.notify(&[("pager", &pager)]);
    fixture.pass(50).await;
    assert_eq!(pager.got(), []);
    let path = format!("POST /api/alarms/{}/acknowledgement", open.id);
    let given = json!({"reason": "on it", "until": 120_000});
    assert_eq!(send(&fixture, &path, &given).await.0, 201);
    fixture.pass(60).await;
    assert_eq!(
        pager.got(),
        [],
        "not in maintenance any more, and acknowledged"
    );
    fixture
        .pass_until("the message", || !pager.got().is_empty())
        .await;
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_and_delays_nobody_else() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let (mail, pager) = (Arc::new(Receiver::default()), Arc::new(Receiver::default()));
    mail.fail(refusal("500: out of order", false));
    fixture.notify(&[("mail", &mail), ("pager", &pager)]);
    fixture
        .pass_until("the message", || !pager.got().is_empty())
        .await;
    fixture
        .pass_until("several attempts", || mail.attempts() >= 3)
        .await;
    let (_, told) = send(&fixture, "GET /api/alert-targets", &Value::Null).await;
    let target = &told["targets"][0];
    assert_eq!(
        (&target["failure"], &target["waiting"]),
        (&json!("500: out of order"), &json!(1))
    );
    // Even where the program itself fails.
    mail.fail(refusal("a fault", false));
    let before = mail.attempts();
    fixture
        .pass_until("an attempt", || mail.attempts() > before)
        .await;
    mail.fail(None);
    fixture
        .pass_until("the delivery", || !mail.got().is_empty())
        .await;
    assert_eq!(mail.got(), [(Occasion::Began, "g0".to_owned())]);
    assert_eq!(pager.got().len(), 1);
}

#[tokio::test]
async fn a_target_that_gets_another_id_gets_what_waits_for_it() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let (mail, pager) = (Arc::new(Receiver::default()), Arc::new(Receiver::default()));
    pager.fail(refusal("unreachable", false));
    fixture.notify(&[("mail", &mail), ("pager", &pager)]);
    fixture
        .pass_until("both attempts", || {
            !mail.got().is_empty() && pager.attempts() > 0
        })
        .await;
    pager.fail(None);
    fixture.notify(&[("mail", &mail), ("on-call", &pager)]);
    fixture
        .pass_until("the message", || !pager.got().is_empty())
        .await;
    fixture.pass(30).await;
    assert_eq!((mail.got().len(), pager.got().len()), (1, 1));
}

#[tokio::test]
async fn what_a_receiver_will_never_take_is_given_up_and_shown() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let pager = Arc::new(Receiver::default());
    pager.fail(refusal("410: this webhook is gone", true));
    fixture.notify(&[("pager", &pager)]);
    fixture
        .pass_until("the attempt", || pager.attempts() == 1)
        .await;
    fixture.pass(60).await;
    assert_eq!(pager.attempts(), 1);
    let (_, told) = send(&fixture, "GET /api/alert-targets", &Value::Null).await;
    let given_up = &told["targets"][0]["undelivered"][0];
    assert_eq!(
        (&given_up["name"], &given_up["failure"]),
        (&json!("g0"), &json!("410: this webhook is gone"))
    );
    let (_, told) = send(&fixture, "GET /api/inventory", &Value::Null).await;
    assert_eq!(told["alerts_fail"], json!(true), "everybody is told");
    // Until somebody corrects the target. To read the same configuration again corrects nothing.
    let mut corrected = setting(&[("pager", &pager)]);
    corrected.targets[0].fingerprint = vec![1];
    for (setting, fails) in [(setting(&[("pager", &pager)]), true), (corrected, false)] {
        fixture.gateway.shared.alerts.set(setting);
        fixture.pass(2).await;
        let (_, told) = send(&fixture, "GET /api/inventory", &Value::Null).await;
        assert_eq!(told["alerts_fail"] == json!(true), fails);
        let (_, told) = send(&fixture, "GET /api/alert-targets", &Value::Null).await;
        let target = &told["targets"][0];
        assert_eq!(target["failed_at"].is_number(), fails);
        assert_eq!(target["undelivered"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn a_restart_loses_no_message_and_repeats_none_that_arrived() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let plant = plant().await;
    let watch = || vec![watched("plant-a", &plant.base)];
    let (mail, pager) = (Arc::new(Receiver::default()), Arc::new(Receiver::default()));
    let missed = vec!["boss@plant.example".to_owned()];
    mail.fail(refusal("450 greylisted", false).map(|failure| Failure {
        remaining_recipients: missed.clone(),
        ..failure
    }));
    let fixture = Fixture::with_store(watch(), reopened(&file).await);
    fixture.notify(&[("mail", &mail), ("pager", &pager)]);
    fixture
        .pass_until("the message", || {
            !pager.got().is_empty() && mail.attempts() > 0
        })
        .await;
    fixture.gateway.shared.alerts.stop();
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    mail.fail(None);
    let fixture = Fixture::with_store(watch(), reopened(&file).await);
    fixture.notify(&[("mail", &mail), ("pager", &pager)]);
    fixture
        .pass_until("the delivery", || !mail.got().is_empty())
        .await;
    assert_eq!(*mail.only.lock().unwrap(), missed);
    fixture.pass(60).await;
    let began = [(Occasion::Began, "g0".to_owned())];
    assert_eq!(
        (mail.got().as_slice(), pager.got().as_slice()),
        (&began[..], &began[..])
    );
    let ids: HashSet<String> = [&mail, &pager]
        .iter()
        .map(|one| one.got.lock().unwrap()[0].id.clone())
        .collect();
    assert_eq!(ids.len(), 1, "one message, delivered to each");
    // What ended while nobody watched is told.
    fixture.gateway.shared.alerts.stop();
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    let fixture = Fixture::with_store(watch(), reopened(&file).await);
    fixture.notify(&[("mail", &mail), ("pager", &pager)]);
    fixture
        .pass_until("the end", || {
            pager.got().len() == 2 && mail.got().len() == 2
        })
        .await;
    assert_eq!(pager.got()[1].0, Occasion::Ended);
}
