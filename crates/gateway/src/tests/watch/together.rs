//! Two gateways with one database before the same systems.

use super::alerts::Receiver;
use super::handled::{alarm, plant, send};
use super::*;
use crate::alerts::message::Occasion;
use crate::config::StoreLocation;
use crate::store::tests::server::Server;
use crate::store::tests::until;
use health::alarms::Alarm;
use serde_json::{Value, json};

impl Fixture {
    /// With a store there that has the same clock.
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

    /// Ends the gateway.
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

/// Two gateways, of which the first records, and their server; none where there is no PostgreSQL. Where they know the
/// plant by different titles, each watches it by itself.
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
    // The alarm of its own reading, and not only the one that it has from the store.
    other
        .until("a first reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    assert!(one.leads() && !other.leads());
    Some((one, other, server))
}

#[tokio::test]
async fn an_alarm_is_the_same_at_both_and_so_is_who_takes_care_of_it() {
    let plant = plant().await;
    // Each watches it by itself, because it is configured differently.
    let Some((one, other, _server)) = pair(&plant, ["Plant A", "Plant One"]).await else {
        return;
    };
    // Another alarm, which the second sees before the first, and knows by a name of its own.
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
    let seen_there = alarm(&other, "the alarm", |_| true).await;
    let there = |alarm: &Alarm| format!("/api/alarms/{}/acknowledgement", alarm.id);
    let on_it = json!({"reason": "on it"});
    let (status, _) = send(&other, &format!("POST {}", there(&seen_there)), &on_it).await;
    assert_eq!(status, 503, "the first has not seen it yet");
    one.refresh().await;
    let seen_here = alarm(&one, "the alarm", |_| true).await;
    assert_ne!(seen_here.id, seen_there.id);
    one.sync_with_store().await;
    // The page still has the name that it was told.
    let (status, _) = send(&other, &format!("POST {}", there(&seen_there)), &on_it).await;
    assert_eq!(status, 201);
    let known = alarm(&other, "the acknowledgement", Alarm::is_handled).await;
    assert_eq!((&known.id, known.since), (&seen_here.id, seen_here.since));
    one.sync_with_store().await;
    alarm(&one, "the acknowledgement", Alarm::is_handled).await;
    let (status, _) = send(&one, &format!("DELETE {}", there(&seen_here)), &Value::Null).await;
    assert_eq!(status, 204);
    other.sync_with_store().await;
    alarm(&other, "its end", |alarm| !alarm.is_handled()).await;
    let all = json!({"scope": {"connection": "plant-a"}, "until": 900_000, "reason": "cabling"});
    let (status, _) = send(&other, "POST /api/maintenance", &all).await;
    assert_eq!(status, 201);
    one.sync_with_store().await;
    assert_eq!(one.all().maintenance.unwrap().len(), 1);
    let notes = format!("POST /api/alarms/{}/notes", seen_there.id);
    let (status, _) = send(&other, &notes, &json!({"text": "at noon"})).await;
    assert_eq!(status, 201);
    one.sync_with_store().await;
    let noted = alarm(&one, "the note", |alarm| !alarm.notes.is_empty()).await;
    assert_eq!(noted.notes[0].text, "at noon");
    one.end();
    other.end();
}

#[tokio::test]
async fn who_acknowledges_an_alarm_at_one_hears_that_somebody_has_done_so_at_the_other() {
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
async fn an_alarm_that_the_one_that_records_sees_first_has_one_id_at_once() {
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
async fn what_happens_is_listed_once_and_goes_on_when_one_ends() {
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
        "somebody watched all the time"
    );
    other.end();
}

#[tokio::test]
async fn people_are_told_once_by_the_one_that_records_and_by_the_next_when_it_ends() {
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
    assert_eq!(pagers[1].got(), [], "it was told already");
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    other.refresh().await;
    other
        .pass_until("its end", || !pagers[1].got().is_empty())
        .await;
    assert_eq!(pagers[1].got(), [(Occasion::Ended, "g0".to_owned())]);
    other.end();
}
