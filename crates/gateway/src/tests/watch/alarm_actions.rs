//! Acknowledgements, notes and maintenance: over HTTP, over time, and after a restart.

use super::*;
use crate::config::StoreLocation;
use crate::store::Table;
use crate::watch::Audience;
use health::Severity;
use health::alarms::{Alarm, Scope};
use serde_json::{Value, json};
use std::path::Path;
use vendors::SystemKind;

/// A plant with one group without a primary.
pub(super) async fn plant() -> Plant {
    let plant = Plant::new(2).await;
    plant.sessions("g0", &[("a", "Secondary")]);
    plant
}

/// Waits until the group has an alarm for which the condition holds.
pub(super) async fn alarm(fixture: &Fixture, what: &str, is: impl Fn(&Alarm) -> bool) -> Alarm {
    let of_group = |all: &Inventory| {
        let mut alarms = all.alarms.iter().flatten();
        alarms.find(|one| one.resource.id == "g0").cloned()
    };
    let all = fixture
        .until(what, |all| of_group(all).is_some_and(|one| is(&one)))
        .await;
    of_group(&all).unwrap()
}

pub(super) async fn send(fixture: &Fixture, line: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = ask(&fixture.gateway, line, &[], &body).await;
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&text(answer).await).unwrap_or_default(),
    )
}

fn of(alarm: &Alarm) -> String {
    format!("/api/alarms/{}/acknowledgement", alarm.id)
}

#[tokio::test]
async fn an_id_that_is_not_utf_8_is_not_found() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    for line in [
        "POST /api/alarms/%FF/acknowledgement",
        "DELETE /api/alarms/%FF/acknowledgement",
        "POST /api/alarms/%FF/notes",
        "DELETE /api/maintenance/%FF",
    ] {
        let (status, problem) = send(&fixture, line, &json!({})).await;
        assert_eq!((status, &problem["status"]), (404, &json!(404)), "{line}");
    }
}

#[tokio::test]
async fn an_acknowledgement_is_shown_to_all_users_and_can_be_withdrawn() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let open = alarm(&fixture, "the alarm", |_| true).await;
    let revision = fixture.all().revision;
    let (status, given) = send(
        &fixture,
        &format!("POST {}", of(&open)),
        &json!({"reason": " on it "}),
    )
    .await;
    assert_eq!((status, &given["reason"]), (201, &json!("on it")));
    let now = alarm(&fixture, "the acknowledgement", Alarm::is_handled).await;
    assert_eq!((now.id.as_str(), now.since), (open.id.as_str(), open.since));
    assert_ne!(fixture.all().revision, revision, "sent to all consoles");
    let inventory = fixture.gateway.shared.watchers.inventory();
    let for_walls = inventory.answer(&inventory.position(None), Audience::Wall);
    let on_wall = for_walls
        .alarms
        .iter()
        .flatten()
        .find(|one| one.id == open.id)
        .unwrap();
    let acknowledged = on_wall.acknowledged.as_ref().unwrap();
    assert_eq!(
        (acknowledged.by.as_str(), acknowledged.reason.as_str()),
        ("", "")
    );
    let given = given["at"].as_i64().unwrap();
    for (seen, expected) in [
        ("?acknowledged_at=soon".to_owned(), (400, "bad-request")),
        // A misspelt guard must not count as none.
        (format!("?acknowledgedat={given}"), (400, "bad-request")),
        (format!("?acknowledged_at={}", given - 1), (409, "changed")),
    ] {
        let line = format!("DELETE {}{seen}", of(&open));
        let (status, response) = send(&fixture, &line, &Value::Null).await;
        let kind = response["type"].as_str().unwrap();
        assert_eq!((status, kind.trim_start_matches("/problems/")), expected);
    }
    alarm(
        &fixture,
        "a newer acknowledgement is not withdrawn",
        Alarm::is_handled,
    )
    .await;
    let line = format!("DELETE {}?acknowledged_at={given}", of(&open));
    assert_eq!(send(&fixture, &line, &Value::Null).await.0, 204);
    alarm(&fixture, "its end", |one| !one.is_handled()).await;
    let (status, _) = send(&fixture, &format!("DELETE {}", of(&open)), &Value::Null).await;
    assert_eq!(status, 404);
    let (_, activity) = send(&fixture, "GET /api/activity?kind=handling", &Value::Null).await;
    let entries: Vec<&str> = activity["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        entries,
        ["Withdraw acknowledgement", "Acknowledge alarm: on it"]
    );
}

#[tokio::test]
async fn a_note_is_shown_with_its_alarm_and_in_the_activity() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let open = alarm(&fixture, "the alarm", |_| true).await;
    let line = format!("POST /api/alarms/{}/notes", open.id);
    for text in ["the fan is dead", "a new one comes at noon"] {
        let (status, given) = send(&fixture, &line, &json!({"text": text})).await;
        assert_eq!((status, &given["text"]), (201, &json!(text)));
    }
    let now = alarm(&fixture, "the notes", |one| one.notes.len() == 2).await;
    assert!(!now.is_handled());
    let inventory = fixture.gateway.shared.watchers.inventory();
    let for_walls = inventory.answer(&inventory.position(None), Audience::Wall);
    let mut on_wall = for_walls.alarms.iter().flatten();
    assert!(on_wall.all(|one| one.notes.is_empty()));
    let (_, activity) = send(&fixture, "GET /api/activity?kind=handling", &Value::Null).await;
    assert_eq!(
        activity["entries"][0]["what"],
        "Add note to alarm: a new one comes at noon"
    );
    for _ in 2..50 {
        assert_eq!(send(&fixture, &line, &json!({"text": "more"})).await.0, 201);
    }
    let (status, response) = send(&fixture, &line, &json!({"text": "too much"})).await;
    assert_eq!(status, 503, "{response}");
    assert!(response["detail"].as_str().unwrap().contains("50 notes"));
    // An ended alarm accepts no notes.
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    fixture.refresh().await;
    fixture
        .until("its end", |all| {
            let mut alarms = all.alarms.iter().flatten();
            alarms.all(|one| one.resource.id != "g0")
        })
        .await;
    assert_eq!(send(&fixture, &line, &json!({"text": "late"})).await.0, 404);
}

#[tokio::test]
async fn an_alarm_that_has_changed_since_it_was_displayed_is_not_acknowledged() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let open = alarm(&fixture, "the alarm", |_| true).await;
    let acknowledge = async |seen: Value| {
        let body = json!({"reason": "on it", "seen": seen});
        let (status, answer) = send(&fixture, &format!("POST {}", of(&open)), &body).await;
        (status, answer["detail"].as_str().map(str::to_owned), answer)
    };
    let (status, detail, answer) = acknowledge(json!({"severity": "warning"})).await;
    assert_eq!(
        (status, &answer["type"]),
        (409, &json!("/problems/changed"))
    );
    let expected = format!("the alarm has become critical: {}", open.sentence);
    assert_eq!(detail.as_ref(), Some(&expected));
    assert!(alarm(&fixture, "it", |_| true).await.acknowledged.is_none());
    let other = json!({"severity": "critical", "word": "Two primaries"});
    let (status, detail, _) = acknowledge(other).await;
    assert_eq!((status, detail), (409, Some(expected)));
    let as_it_is = json!({"severity": "critical", "word": open.word});
    let (status, _, given) = acknowledge(as_it_is).await;
    assert_eq!(status, 201);
    assert_eq!(given["word"], open.word.as_ref());
    // As from another user, whose console does not show that acknowledgement yet.
    let (status, detail, _) = acknowledge(json!({"severity": "critical"})).await;
    let expected = "local has acknowledged the alarm: on it".to_owned();
    assert_eq!((status, detail), (409, Some(expected)));
    let seen = json!({"severity": "critical", "acknowledged_at": given["at"]});
    assert_eq!(acknowledge(seen).await.0, 201);
}

#[tokio::test]
async fn an_acknowledgement_ends_when_it_expires_or_the_alarm_worsens_or_ends() {
    let plant = plant().await;
    plant.behave("g0", Behaviour::Status(500));
    let fixture = Fixture::of(&plant).await;
    let open = alarm(&fixture, "the alarm", |one| {
        one.severity == Severity::Unknown
    })
    .await;
    let acknowledge = async |body: Value| {
        let (status, _) = send(&fixture, &format!("POST {}", of(&open)), &body).await;
        assert_eq!(status, 201);
        alarm(&fixture, "the acknowledgement", Alarm::is_handled).await;
    };
    acknowledge(json!({"reason": "for a minute", "until": 60_000})).await;
    fixture.skip(61);
    alarm(&fixture, "its end", |one| !one.is_handled()).await;
    acknowledge(json!({"reason": "it cannot be read"})).await;
    plant.behave("g0", Behaviour::Normal);
    fixture.refresh().await;
    let worse = alarm(&fixture, "the worse alarm", |one| {
        one.severity == Severity::Critical
    })
    .await;
    assert_eq!(
        (worse.id.as_str(), worse.is_handled()),
        (open.id.as_str(), false)
    );
    acknowledge(json!({"reason": "again"})).await;
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    fixture.refresh().await;
    fixture
        .until("its end", |all| {
            all.alarms
                .iter()
                .flatten()
                .all(|one| one.resource.id != "g0")
        })
        .await;
    let (status, _) = send(
        &fixture,
        &format!("POST {}", of(&open)),
        &json!({"reason": "late"}),
    )
    .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn maintenance_applies_to_its_scope_from_its_start_to_its_end() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    alarm(&fixture, "the alarm", |_| true).await;
    let planned = json!({"scope": {"system": "aveva"}, "from": 100_000, "until": 200_000, "reason": "new firmware"});
    let (status, response) = send(&fixture, "POST /api/maintenance", &planned).await;
    assert_eq!(status, 201, "{response}");
    alarm(&fixture, "nothing yet", |one| !one.is_handled()).await;
    // The command `status` with the metrics token needs active maintenance for its exit status.
    let for_walls = || {
        let inventory = fixture.gateway.shared.watchers.inventory();
        let answer = inventory.answer(&inventory.position(None), Audience::Wall);
        answer.maintenance.unwrap()
    };
    assert_eq!(for_walls(), []);
    fixture.skip(101);
    alarm(&fixture, "its beginning", |one| one.maintenance.is_some()).await;
    let active = for_walls();
    assert_eq!(active[0].scope, Scope::System(SystemKind::Aveva));
    assert_eq!((&*active[0].by, &*active[0].reason), ("", ""));
    fixture.skip(100);
    alarm(&fixture, "its end", |one| one.maintenance.is_none()).await;
    let (_, list) = send(&fixture, "GET /api/maintenance", &Value::Null).await;
    assert_eq!(list["maintenance"], json!([]));
    let key = json!({"kind": "failover_group", "connection": "plant-a", "id": "g0"});
    let now = json!({"scope": {"resource": key}, "until": 900_000, "reason": "cabling"});
    let (status, one) = send(&fixture, "POST /api/maintenance", &now).await;
    assert_eq!(status, 201, "{one}");
    alarm(&fixture, "maintenance", |one| one.maintenance.is_some()).await;
    let path = format!("/api/maintenance/{}", one["id"].as_str().unwrap());
    assert_eq!(
        send(&fixture, &format!("DELETE {path}"), &Value::Null)
            .await
            .0,
        204
    );
    alarm(&fixture, "its end", |one| one.maintenance.is_none()).await;
    assert_eq!(
        send(&fixture, &format!("DELETE {path}"), &Value::Null)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn invalid_requests_are_rejected_and_change_nothing() {
    let plant = plant().await;
    let fixture = Fixture::of(&plant).await;
    let open = alarm(&fixture, "the alarm", |_| true).await;
    let acknowledgement = format!("POST {}", of(&open));
    let note = format!("POST /api/alarms/{}/notes", open.id);
    let system = json!({"system": "aveva"});
    let long = "x".repeat(501);
    for (line, body, says) in [
        (note.as_str(), Value::Null, "has to be a JSON object"),
        (&note, json!({"text": " "}), "the note is empty"),
        (&note, json!({"text": long}), "the note is longer than 500"),
        (&note, json!({"text": "a\nb"}), "control characters"),
        (
            &note,
            json!({"text": "x", "at": 1}),
            "has to be a JSON object",
        ),
        (&acknowledgement, Value::Null, "has to be a JSON object"),
        (&acknowledgement, json!({"reason": "  "}), "is empty"),
        (&acknowledgement, json!({"reason": long}), "longer than 500"),
        (
            &acknowledgement,
            json!({"reason": "a\u{202e}b"}),
            "control characters",
        ),
        (
            &acknowledgement,
            json!({"reason": "a\nb"}),
            "control characters",
        ),
        (&note, json!({"text": "a\u{2028}b"}), "cannot be seen"),
        (&note, json!({"text": "a\u{200b}b"}), "cannot be seen"),
        (
            &acknowledgement,
            json!({"reason": "x", "until": -1}),
            "has passed",
        ),
        (
            &acknowledgement,
            json!({"reason": "x", "until": i64::MAX}),
            "has to be a JSON object",
        ),
        (
            &acknowledgement,
            json!({"reason": "x", "until": 40_000_000_000_i64}),
            "at most 366 days",
        ),
        (
            &acknowledgement,
            json!({"reason": "x", "for": "ever"}),
            "has to be a JSON object",
        ),
        (
            "POST /api/maintenance",
            json!({"reason": "x", "until": 9_000}),
            "has to be a JSON object",
        ),
        (
            "POST /api/maintenance",
            json!({"scope": {"system": "other"}, "reason": "x", "until": 9_000}),
            "has to be a JSON object",
        ),
        (
            "POST /api/maintenance",
            json!({"scope": {"connection": "plant-z"}, "reason": "x", "until": 9_000}),
            "no connection has the id",
        ),
        (
            "POST /api/maintenance",
            json!({"scope": {"resource": {"kind": "slicer_group", "connection": "plant-a", "id": "g0"}}, "reason": "x", "until": 9_000}),
            "no resource has the id",
        ),
        (
            "POST /api/maintenance",
            json!({"scope": system, "reason": "", "until": 9_000}),
            "is empty",
        ),
        (
            "POST /api/maintenance",
            json!({"scope": system, "reason": "x", "until": 0}),
            "has passed",
        ),
        (
            "POST /api/maintenance",
            json!({"scope": system, "reason": "x", "from": 9_000, "until": 9_000}),
            "not after",
        ),
        (
            "POST /api/maintenance",
            json!({"scope": system, "reason": "x", "from": 39_000_000_000_i64, "until": 40_000_000_000_i64}),
            "at most 366 days",
        ),
    ] {
        let (status, response) = send(&fixture, line, &body).await;
        let detail = response["detail"].as_str().unwrap_or_default();
        assert!(
            status == 400 && detail.contains(says),
            "{line} {body}: {status} {detail}"
        );
    }
    let (status, _) = send(
        &fixture,
        "POST /api/alarms/nothing/acknowledgement",
        &json!({"reason": "x"}),
    )
    .await;
    assert_eq!(status, 404);
    assert_eq!(fixture.all().maintenance, Some(Vec::new()));
    alarm(&fixture, "an alarm without acknowledgement", |one| {
        !one.is_handled()
    })
    .await;
}

#[tokio::test]
async fn an_action_that_cannot_be_recorded_does_not_take_effect() {
    let plant = plant().await;
    let fixture = Fixture::with_store(vec![watched("plant-a", &plant.base)], Store::failing());
    let open = alarm(&fixture, "the alarm", |_| true).await;
    let (status, response) = send(
        &fixture,
        &format!("POST {}", of(&open)),
        &json!({"reason": "x"}),
    )
    .await;
    assert_eq!(
        (
            status,
            response["type"].as_str().unwrap().ends_with("not-recorded"),
            &response["carried_out"]
        ),
        (503, true, &Value::Bool(false))
    );
    let note = format!("POST /api/alarms/{}/notes", open.id);
    assert_eq!(send(&fixture, &note, &json!({"text": "x"})).await.0, 503);
    let one = json!({"scope": {"system": "aveva"}, "until": 9_000, "reason": "x"});
    assert_eq!(send(&fixture, "POST /api/maintenance", &one).await.0, 503);
    assert_eq!(fixture.all().maintenance, Some(Vec::new()));
    alarm(&fixture, "an alarm without acknowledgement", |one| {
        !one.is_handled() && one.notes.is_empty()
    })
    .await;
}

/// Opens a store once another gateway has closed it.
pub(super) async fn reopened(file: &Path) -> Store {
    reopened_by(file, Utc::now).await
}

/// Opens a store with this clock once another gateway has closed it.
pub(super) async fn reopened_by(
    file: &Path,
    now: impl Fn() -> DateTime<Utc> + Clone + Send + Sync + 'static,
) -> Store {
    for _ in 0..1_000 {
        let location = StoreLocation::File(file.to_owned());
        if let Ok(store) = Store::open_by(&location, now.clone()) {
            return store;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the store stays locked");
}

#[tokio::test]
async fn alarms_and_their_acknowledgements_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let plant = plant().await;
    let watch = || vec![watched("plant-a", &plant.base)];
    let fixture = Fixture::with_store(watch(), reopened(&file).await);
    let before = alarm(&fixture, "the alarm", |_| true).await;
    send(
        &fixture,
        &format!("POST {}", of(&before)),
        &json!({"reason": "ordered"}),
    )
    .await;
    let one = json!({"scope": {"connection": "plant-a"}, "until": 900_000, "reason": "cabling"});
    send(&fixture, "POST /api/maintenance", &one).await;
    let note = format!("POST /api/alarms/{}/notes", before.id);
    send(&fixture, &note, &json!({"text": "comes at noon"})).await;
    alarm(&fixture, "all three", |one| {
        one.acknowledged.is_some() && one.maintenance.is_some() && !one.notes.is_empty()
    })
    .await;
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    let fixture = Fixture::with_store(watch(), reopened(&file).await);
    fixture
        .until("a reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    let after = alarm(&fixture, "the same", |_| true).await;
    assert_eq!(after.id, before.id);
    assert_eq!(after.acknowledged.unwrap().reason, "ordered");
    assert_eq!(after.maintenance.unwrap().reason, "cabling");
    assert_eq!(after.notes[0].text, "comes at noon");
    // The group recovers while no gateway is running.
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    let fixture = Fixture::with_store(watch(), reopened(&file).await);
    fixture
        .until("its end", |all| {
            all.connections()[0].observed_at.is_some()
                && all.alarms.as_ref().is_some_and(Vec::is_empty)
        })
        .await;
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    let store = reopened(&file).await;
    let left = |table| store.take_saved::<Value>(table).len();
    let tables = [
        Table::OpenAlarms,
        Table::Acknowledgements,
        Table::Notes,
        Table::Maintenance,
    ];
    assert_eq!(tables.map(left), [0, 0, 0, 1]);
}

#[tokio::test]
async fn a_group_that_is_slow_after_a_restart_keeps_its_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let plant = plant().await;
    let connections = vec![watched("plant-a", &plant.base)];
    let fixture = Fixture::with_store(connections, reopened(&file).await);
    let before = alarm(&fixture, "the alarm", |_| true).await;
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    plant.behave("g0", Behaviour::Never);
    let connections = vec![watched_briefly("plant-a", &plant.base)];
    let fixture = Fixture::with_store(connections, reopened(&file).await);
    fixture
        .until("the other group", |all| {
            let mut groups = all.resources.iter();
            groups.any(|one| one.key.id == "g1" && one.observed != Observed::Never)
        })
        .await;
    // A reading does not wait that long for a group.
    fixture.skip(3);
    let all = fixture
        .until("the end of the reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    assert_eq!(all.resource("g0").observed, Observed::Never);
    let unread = alarm(&fixture, "the unchanged alarm", |_| true).await;
    assert_eq!(
        (unread.id.as_str(), unread.word),
        (before.id.as_str(), before.word.clone())
    );
    // The read of the group has failed, so its state is still unknown.
    let failed = |all: &Inventory| all.resource("g0").failure.is_some();
    fixture.until("the failure", failed).await;
    let failed = alarm(&fixture, "the unchanged alarm", |_| true).await;
    assert_eq!((failed.id, failed.word), (before.id, before.word));
    plant.behave("g0", Behaviour::Normal);
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    let all = fixture.refresh().await;
    assert_eq!(all.alarms.as_deref(), Some(&[][..]));
}
