//! Actions on alarms from clients that disconnect or get an error before the store replies take effect exactly if they
//! are recorded.

use super::alarm_actions::{alarm, plant, send};
use super::*;
use crate::store::tests::{hold_up, until};
use health::alarms::Alarm;
use serde_json::{Value, json};

/// The activity entries about actions on alarms, newest first.
async fn rows(fixture: &Fixture) -> Vec<String> {
    let (_, activity) = send(fixture, "GET /api/activity?kind=handling", &Value::Null).await;
    let entries = activity["entries"].as_array().unwrap().iter();
    let texts = entries.map(|entry| entry["what"].as_str().unwrap().to_owned());
    texts.collect()
}

#[tokio::test]
async fn an_alarm_is_acknowledged_noted_and_unacknowledged() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let open = alarm(&fixture, "the alarm", |_| true).await;
    let of = |what: &str| format!("/api/alarms/{}/{what}", open.id);
    let gateway = &fixture.gateway;
    let now = || gateway.shared.watchers.inventory().alarm(&open.id).unwrap();
    let post = format!("POST {}", of("acknowledgement"));
    disconnect(gateway, &post, &[], &json!({"reason": "on it"}).to_string()).await;
    assert!(Alarm::is_handled(&now()));
    assert_eq!(rows(&fixture).await, ["Acknowledge alarm: on it"]);
    let post = format!("POST {}", of("notes"));
    disconnect(gateway, &post, &[], &json!({"text": "the fan"}).to_string()).await;
    assert_eq!(now().notes.len(), 1);
    assert_eq!(rows(&fixture).await.len(), 2);
    let delete = format!("DELETE {}", of("acknowledgement"));
    disconnect(gateway, &delete, &[], "").await;
    assert!(!Alarm::is_handled(&now()));
    assert_eq!(rows(&fixture).await.len(), 3);
}

#[tokio::test]
async fn maintenance_is_created_and_ended() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let gateway = &fixture.gateway;
    let known = || gateway.shared.watchers.inventory().maintenance();
    for (number, from) in [(1, None), (2, None), (3, Some(500_000))] {
        let one = json!({"scope": {"connection": "plant-a"}, "from": from, "until": 900_000, "reason": "cabling"});
        disconnect(gateway, "POST /api/maintenance", &[], &one.to_string()).await;
        assert_eq!(
            (known().len(), rows(&fixture).await.len()),
            (number, number)
        );
    }
    for number in 1..=3 {
        let line = format!("DELETE /api/maintenance/{}", known()[0].id);
        disconnect(gateway, &line, &[], "").await;
        let both = (known().len(), rows(&fixture).await.len());
        assert_eq!(both, (3 - number, 3 + number));
    }
    let rows = rows(&fixture).await;
    let count = |start: &str| rows.iter().filter(|row| row.starts_with(start)).count();
    let actions =
        ["Announce", "End", "Call off"].map(|verb| count(&format!("{verb} maintenance of ")));
    assert_eq!(actions, [3, 2, 1], "{rows:?}");
}

#[tokio::test]
async fn an_action_takes_effect_once_a_slow_store_has_recorded_it() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let open = alarm(&fixture, "the alarm", |_| true).await;
    let acknowledge = format!("POST /api/alarms/{}/acknowledgement", open.id);
    let inventory = fixture.gateway.shared.watchers.inventory();
    let announce =
        json!({"scope": {"connection": "plant-a"}, "until": 900_000, "reason": "cabling"});
    let go_on = hold_up(&fixture.gateway.shared.store);
    tokio::time::pause();
    for (line, body, may_take_effect) in [
        ("POST /api/maintenance", &announce, true),
        (&acknowledge, &json!({"reason": "on it"}), true),
        // The first one may still take effect, so the second cannot be compared with it.
        (&acknowledge, &json!({"reason": "again"}), false),
    ] {
        let (status, problem) = send(&fixture, line, body).await;
        let has_none = problem["carried_out"] == false;
        assert_eq!((status, has_none), (503, !may_take_effect), "{problem}");
    }
    tokio::time::resume();
    assert!(inventory.maintenance().is_empty());
    drop(go_on);
    until("the maintenance", async || {
        !inventory.maintenance().is_empty()
    })
    .await;
    let acknowledged = alarm(&fixture, "the acknowledgement", Alarm::is_handled).await;
    assert_eq!(acknowledged.acknowledged.unwrap().reason, "on it");
    assert_eq!(rows(&fixture).await.len(), 2);
}
