//! Two gateways that share a database and watch the same systems.

use super::alarm_actions::{alarm, plant, send};
use super::alerts::Receiver;
use super::*;
use crate::alerts::message::Occasion;
use crate::config::StoreLocation;
use crate::store::tests::server::Server;
use crate::store::tests::until;
use health::alarms::Alarm;
use serde_json::{Value, json};

impl Fixture {
    /// A gateway with a store at that location that has the same clock.
    pub(super) fn sharing(location: &StoreLocation, connections: Vec<config::Connection>) -> Self {
        let (skips, skipped) = watch::channel(Skips::default());
        let store = Store::open_by(location, clock(&skipped)).unwrap();
        Self::assembled(connections, store, skips, skipped)
    }

    async fn sync_with_store(&self) {
        let store = &self.gateway.shared.store;
        assert!(store.catch_up().await);
        self.gateway
            .shared
            .watchers
            .inventory()
            .sync_with_store()
            .await;
    }

    pub(super) async fn leads_now(&self) -> bool {
        self.gateway
            .shared
            .watchers
            .inventory()
            .sync_with_store()
            .await;
        self.leads()
    }

    fn leads(&self) -> bool {
        self.gateway.shared.store.leads()
    }

    /// Stops the gateway.
    pub(super) fn end(self) {
        self.gateway.shared.alerts.stop();
        self.gateway.shared.watchers.stop();
    }

    pub(super) async fn activity(&self, kind: &str) -> Vec<String> {
        assert!(self.gateway.shared.store.catch_up().await);
        let line = format!("GET /api/activity?kind={kind}");
        let (_, activity) = send(self, &line, &Value::Null).await;
        let entries = activity["entries"].as_array().unwrap().iter();
        entries
            .map(|entry| entry["what"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Two gateways, the first of which leads, and their server; `None` without PostgreSQL. With different titles of the
/// plant, each gateway watches it itself.
async fn pair(plant: &Plant, titles: [&str; 2]) -> Option<(Fixture, Fixture, Arc<Server>)> {
    let server = Server::shared()?;
    let location = server.store(&server.database());
    let [one, other] = titles.map(|title| {
        let mut plant = watched("plant-a", &plant.base);
        title.clone_into(&mut plant.public.title);
        vec![plant]
    });
    let one = Fixture::sharing(&location, one);
    alarm(&one, "the alarm", |_| true).await;
    let other = Fixture::sharing(&location, other);
    // Waits for the alarm from its own reading; the alarm from the store exists earlier.
    other
        .until("a first reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    assert!(one.leads() && !other.leads());
    Some((one, other, server))
}

#[tokio::test]
async fn both_gateways_have_the_same_alarm_with_the_same_acknowledgement() {
    let plant = plant().await;
    // Each gateway watches the plant itself, because the configurations differ.
    let Some((one, other, _server)) = pair(&plant, ["Plant A", "Plant One"]).await else {
        return;
    };
    // The second gateway detects another alarm before the first one, and gives it an id of its own.
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    for fixture in [&one, &other] {
        fixture.refresh().await;
        fixture
            .until("its end", |all| {
                let mut alarms = all.alarms.iter().flatten();
                !alarms.any(|alarm| alarm.resource.id == "g0")
            })
            .await;
        assert!(fixture.gateway.shared.store.catch_up().await);
    }
    plant.sessions("g0", &[("a", "Secondary")]);
    other.skip(7);
    other.refresh().await;
    let alarm_at_other = alarm(&other, "the alarm", |_| true).await;
    let acknowledgement = |alarm: &Alarm| format!("/api/alarms/{}/acknowledgement", alarm.id);
    let on_it = json!({"reason": "on it"});
    let (status, _) = send(
        &other,
        &format!("POST {}", acknowledgement(&alarm_at_other)),
        &on_it,
    )
    .await;
    assert_eq!(status, 503, "the leader has not detected it yet");
    one.refresh().await;
    let alarm_at_leader = alarm(&one, "the alarm", |_| true).await;
    assert_ne!(alarm_at_leader.id, alarm_at_other.id);
    one.sync_with_store().await;
    // A page may still use the earlier id.
    let (status, _) = send(
        &other,
        &format!("POST {}", acknowledgement(&alarm_at_other)),
        &on_it,
    )
    .await;
    assert_eq!(status, 201);
    let known = alarm(&other, "the acknowledgement", Alarm::is_handled).await;
    assert_eq!(
        (&known.id, known.since),
        (&alarm_at_leader.id, alarm_at_leader.since)
    );
    one.sync_with_store().await;
    alarm(&one, "the acknowledgement", Alarm::is_handled).await;
    let (status, _) = send(
        &one,
        &format!("DELETE {}", acknowledgement(&alarm_at_leader)),
        &Value::Null,
    )
    .await;
    assert_eq!(status, 204);
    other.sync_with_store().await;
    alarm(&other, "its end", |alarm| !alarm.is_handled()).await;
    let all = json!({"scope": {"connection": "plant-a"}, "until": 900_000, "reason": "cabling"});
    let (status, _) = send(&other, "POST /api/maintenance", &all).await;
    assert_eq!(status, 201);
    one.sync_with_store().await;
    assert_eq!(one.all().maintenance.unwrap().len(), 1);
    let notes = format!("POST /api/alarms/{}/notes", alarm_at_other.id);
    let (status, _) = send(&other, &notes, &json!({"text": "at noon"})).await;
    assert_eq!(status, 201);
    one.sync_with_store().await;
    let noted = alarm(&one, "the note", |alarm| !alarm.notes.is_empty()).await;
    assert_eq!(noted.notes[0].text, "at noon");
    one.end();
    other.end();
}

#[tokio::test]
async fn an_alarm_acknowledged_at_one_gateway_cannot_be_acknowledged_again_at_the_other() {
    let plant = plant().await;
    let Some((one, other, _server)) = pair(&plant, ["Plant A"; 2]).await else {
        return;
    };
    one.sync_with_store().await;
    other.sync_with_store().await;
    let open = alarm(&one, "the alarm", |_| true).await;
    let acknowledge = async |at: &Fixture, reason: &str| {
        let line = format!("POST /api/alarms/{}/acknowledgement", open.id);
        let seen = json!({"severity": "critical"});
        let (status, answer) = send(at, &line, &json!({"reason": reason, "seen": seen})).await;
        (status, answer["detail"].as_str().map(str::to_owned))
    };
    assert_eq!(acknowledge(&other, "on it").await, (201, None));
    let given = Some("local has acknowledged the alarm: on it".to_owned());
    assert_eq!(acknowledge(&one, "me too").await, (409, given));
    one.end();
    other.end();
}

#[tokio::test]
async fn an_alarm_detected_first_by_the_leader_has_one_id_from_the_start() {
    let plant = plant().await;
    let Some((one, other, _server)) = pair(&plant, ["Plant A", "Plant One"]).await else {
        return;
    };
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    for fixture in [&one, &other] {
        fixture.refresh().await;
        fixture.sync_with_store().await;
    }
    plant.sessions("g0", &[("a", "Secondary")]);
    one.skip(7);
    one.refresh().await;
    let first = alarm(&one, "the alarm", |_| true).await;
    one.sync_with_store().await;
    other.sync_with_store().await;
    other.refresh().await;
    let then = alarm(&other, "the alarm", |_| true).await;
    assert_eq!((then.id, then.since), (first.id, first.since));
    one.end();
    other.end();
}

#[tokio::test]
async fn events_are_recorded_once_also_after_the_end_of_a_gateway() {
    let plant = plant().await;
    let Some((one, other, _server)) = pair(&plant, ["Plant A"; 2]).await else {
        return;
    };
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    one.refresh().await;
    other.refresh().await;
    plant.sessions("g0", &[("a", "Secondary"), ("b", "Primary")]);
    one.refresh().await;
    other.refresh().await;
    let first = one.activity("failover").await;
    assert_eq!(first, other.activity("failover").await);
    assert_eq!(first.len(), 2, "{first:?}");
    let watching = one.activity("watching").await.len();
    one.end();
    until("the lead", async || {
        other.sync_with_store().await;
        other.leads()
    })
    .await;
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    other.refresh().await;
    assert_eq!(other.activity("failover").await.len(), 3);
    assert_eq!(
        other.activity("watching").await.len(),
        watching,
        "always watched"
    );
    other.end();
}

#[tokio::test]
async fn the_leader_sends_each_alert_once_and_its_successor_continues() {
    let plant = plant().await;
    let Some((one, other, _server)) = pair(&plant, ["Plant A"; 2]).await else {
        return;
    };
    let pagers = [Arc::new(Receiver::default()), Arc::new(Receiver::default())];
    one.notify(&[("pager", &pagers[0])]);
    other.notify(&[("pager", &pagers[1])]);
    one.pass_until("the message", || !pagers[0].got().is_empty())
        .await;
    other.pass(30).await;
    one.pass(30).await;
    assert_eq!(pagers[0].got(), [(Occasion::Began, "g0".to_owned())]);
    assert_eq!(pagers[1].got(), []);
    assert!(one.gateway.shared.store.catch_up().await);
    one.end();
    until("the lead", async || {
        other.sync_with_store().await;
        other.leads()
    })
    .await;
    other.pass(30).await;
    assert_eq!(pagers[1].got(), [], "the alert was already sent");
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    other.refresh().await;
    other
        .pass_until("its end", || !pagers[1].got().is_empty())
        .await;
    assert_eq!(pagers[1].got(), [(Occasion::Ended, "g0".to_owned())]);
    other.end();
}
