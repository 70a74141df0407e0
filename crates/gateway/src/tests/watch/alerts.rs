//! Messages about alarms, also when receivers fail and after a restart.

use super::alarm_actions::{alarm, plant, reopened, send};
use super::*;
use crate::alerts::message::{Message, Occasion};
use crate::alerts::send::Failure;
use crate::alerts::{Deliver, Setting, Target};
use crate::config::{AlertRule, Shape, TargetKind};
use futures_util::future::BoxFuture;
use health::Severity;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Mutex;

/// A receiver that fails as the test specifies.
#[derive(Default)]
pub(super) struct Receiver {
    fails: Mutex<Option<Failure>>,
    got: Mutex<Vec<Message>>,
    /// The recipients of the last attempt, if it was only for some.
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
        ..Failure::temporary(line.to_owned())
    })
}

fn setting(receivers: &[(&str, &Arc<Receiver>)]) -> Setting {
    let target = |(id, receiver): &(&str, &Arc<Receiver>)| Target {
        id: (*id).to_owned(),
        kind: TargetKind::Webhook(Shape::Own),
        fingerprint: [0; 32],
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
    /// Advances the time until the condition holds.
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
async fn an_alarm_and_its_end_are_each_sent_once() {
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
    let (status, body) = send(&fixture, "GET /api/alert-targets", &Value::Null).await;
    let target = &body["targets"][0];
    assert_eq!(
        (status, &target["id"], &target["waiting"]),
        (200, &json!("pager"), &json!(0))
    );
    assert!(target["delivered_at"].is_number() && target["failure"].is_null());
}

#[tokio::test]
async fn alarms_in_maintenance_or_acknowledged_are_not_sent() {
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
    assert_eq!(pager.got(), [], "acknowledged when maintenance ends");
    fixture
        .pass_until("the message", || !pager.got().is_empty())
        .await;
}

#[tokio::test]
async fn a_failed_delivery_is_retried_and_delays_no_other_receiver() {
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
    let (_, body) = send(&fixture, "GET /api/alert-targets", &Value::Null).await;
    let target = &body["targets"][0];
    assert_eq!(
        (&target["failure"], &target["waiting"]),
        (&json!("500: out of order"), &json!(1))
    );
    // A panic of the sending task is handled too.
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
async fn a_renamed_target_receives_its_pending_messages() {
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
async fn a_permanently_rejected_message_is_dropped_and_shown() {
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
    let (_, body) = send(&fixture, "GET /api/alert-targets", &Value::Null).await;
    let given_up = &body["targets"][0]["undelivered"][0];
    assert_eq!(
        (&given_up["name"], &given_up["failure"]),
        (&json!("g0"), &json!("410: this webhook is gone"))
    );
    let (_, body) = send(&fixture, "GET /api/inventory", &Value::Null).await;
    assert_eq!(body["alerts_fail"], json!(true), "shown to all users");
    // The failure is shown until the target is corrected. Reloading the same configuration does not correct it.
    let mut corrected = setting(&[("pager", &pager)]);
    corrected.targets[0].fingerprint = [1; 32];
    for (setting, fails) in [(setting(&[("pager", &pager)]), true), (corrected, false)] {
        fixture.gateway.shared.alerts.set(setting);
        fixture.pass(2).await;
        let (_, body) = send(&fixture, "GET /api/inventory", &Value::Null).await;
        assert_eq!(body["alerts_fail"] == json!(true), fails);
        let (_, body) = send(&fixture, "GET /api/alert-targets", &Value::Null).await;
        let target = &body["targets"][0];
        assert_eq!(target["failed_at"].is_number(), fails);
        assert_eq!(target["undelivered"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn a_restart_loses_no_message_and_repeats_no_delivered_one() {
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
    assert_eq!(ids.len(), 1, "one message for all recipients");
    // The end of an alarm is sent even if it ended while no gateway was running.
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
