//! Failovers and times without a primary, over a time.

use super::handled::{reopened, send};
use super::*;
use crate::config::Retention;
use health::Severity;
use health::events::{Event, EventKind};
use health::inventory::{Kind, ResourceKey};
use serde_json::{Value, json};

#[tokio::test]
async fn a_report_tells_failovers_times_without_a_primary_and_what_nobody_saw() {
    let plant = Plant::new(1).await;
    let both = |a, b| [("a", a), ("b", b)];
    plant.sessions("g0", &both("Primary", "Secondary"));
    let fixture = Fixture::of(&plant).await;
    let read = async |first, second| {
        plant.sessions("g0", &both(first, second));
        fixture.skip(59);
        let before = fixture.gateway.shared.store.activity_changes();
        fixture.refresh().await;
        // Written by a thread of its own.
        fixture
            .until("the record", |_| {
                fixture.gateway.shared.store.activity_changes() != before
            })
            .await;
    };
    // After a minute nobody, after two b, after three a.
    read("Secondary", "Secondary").await;
    read("Secondary", "Primary").await;
    read("Primary", "Secondary").await;
    fixture.skip(1);
    let (status, report) = send(
        &fixture,
        "GET /api/report?from=1970-01-01T00:00:00Z",
        &Value::Null,
    )
    .await;
    assert_eq!(status, 200, "{report}");
    let group = &report["groups"][0];
    assert_eq!(
        (&group["name"], &group["failovers"], &group["recoveries"]),
        (&json!("g0"), &json!(2), &json!(1)),
        "{group}"
    );
    assert_eq!(
        (
            &group["without_ms"],
            &group["longest_ms"],
            &group["mean_recovery_ms"]
        ),
        (&json!(60_000), &json!(60_000), &json!(60_000)),
        "{group}"
    );
    // Only a part of the time. Who led before nobody did is known from before it.
    let part = "GET /api/report?from=1970-01-01T00:01:30Z&to=1970-01-01T00:02:30Z";
    let (_, report) = send(&fixture, part, &Value::Null).await;
    let group = &report["groups"][0];
    assert_eq!(
        (
            &group["failovers"],
            &group["without_ms"],
            &group["recoveries"]
        ),
        (&json!(1), &json!(30_000), &json!(0)),
        "{group}"
    );
    // Before it watched, nobody knows.
    let (_, report) = send(
        &fixture,
        "GET /api/report?from=1969-12-31T23:59:00Z",
        &Value::Null,
    )
    .await;
    assert_eq!(report["groups"][0]["unknown_ms"], json!(60_000));
    for (query, says) in [
        ("from=yesterday", "`from` has to be a time"),
        ("from=1970-01-02T00:00:00Z", "`from` has to be before"),
        ("system=other", "aveva, uplynk or veeam"),
        ("who=ann", "no parameter `who`"),
    ] {
        let (status, told) =
            send(&fixture, &format!("GET /api/report?{query}"), &Value::Null).await;
        let detail = told["detail"].as_str().unwrap_or_default();
        assert!(
            status == 400 && detail.contains(says),
            "{query}: {status} {detail}"
        );
    }
    let (_, report) = send(&fixture, "GET /api/report?system=veeam", &Value::Null).await;
    assert_eq!(
        (&report["groups"], &report["plans"]),
        (&json!([]), &json!([]))
    );
}

/// Since when each connection is watched, in seconds.
fn since(fixture: &Fixture) -> Vec<i64> {
    let connections = fixture.all().connections.unwrap_or_default().into_iter();
    let since = connections.map(|one| one.watched_since.unwrap().timestamp());
    since.collect()
}

/// The second connection is taken out of the configuration, and a minute later put back.
fn away_for_a_minute(fixture: &Fixture) {
    let inventory = fixture.gateway.shared.watchers.inventory();
    let configured = fixture.all().connections.unwrap();
    let configured = configured.into_iter().map(|one| one.connection);
    let both: Vec<_> = configured
        .map(|one| (one, Duration::from_secs(5)))
        .collect();
    fixture.skip(60);
    inventory.configure(both[..1].to_vec());
    fixture.skip(60);
    inventory.configure(both);
    inventory.tick();
}

fn two(plant: &Plant) -> Vec<config::Connection> {
    ["plant-a", "plant-b"]
        .map(|id| watched(id, &plant.base))
        .into()
}

#[tokio::test]
async fn of_the_time_before_a_connection_was_watched_nothing_is_said_to_be_known() {
    let plant = Plant::new(1).await;
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    let fixture = Fixture::new(two(&plant));
    assert_eq!(since(&fixture), [0, 0]);
    away_for_a_minute(&fixture);
    assert_eq!(since(&fixture), [0, 120]);
    fixture.refresh().await;
    let whole = "GET /api/report?from=1970-01-01T00:00:00Z";
    let (_, report) = send(&fixture, whole, &Value::Null).await;
    let unknown = report["groups"].as_array().unwrap().iter();
    let unknown: Vec<_> = unknown.map(|group| &group["unknown_ms"]).collect();
    assert_eq!(unknown, [&json!(0), &json!(120_000)], "{report}");
}

#[tokio::test]
async fn since_when_a_connection_is_watched_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let plant = Plant::new(1).await;
    let fixture = Fixture::with_store(two(&plant), reopened(&file).await);
    away_for_a_minute(&fixture);
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    let fixture = Fixture::with_store(two(&plant), reopened(&file).await);
    assert_eq!(since(&fixture), [0, 120]);
}

/// What was seen of the plant at a second.
fn event(second: i64, kind: EventKind, severity: Severity, of: Kind, id: &str) -> Event {
    Event {
        at: DateTime::from_timestamp(second, 0).unwrap(),
        kind,
        severity,
        resource: Some(ResourceKey {
            kind: of,
            connection: "plant-a".to_owned(),
            id: id.to_owned(),
        }),
        name: id.to_owned(),
        what: String::new(),
        before: None,
        after: None,
    }
}

/// At a second one led after another; an empty one is nobody.
fn failover(second: i64, before: &str, after: &str) -> Event {
    let named = |id: &str| (!id.is_empty()).then(|| id.to_owned());
    Event {
        before: named(before),
        after: named(after),
        ..event(
            second,
            EventKind::Failover,
            Severity::Warning,
            Kind::FailoverGroup,
            "g0",
        )
    }
}

/// An alarm of the connection begins, or ends.
fn silence(second: i64, severity: Severity) -> Event {
    event(
        second,
        EventKind::Alarm,
        severity,
        Kind::Connection,
        "plant-a",
    )
}

/// A gateway that has watched its group for so many seconds, and what it has recorded meanwhile.
async fn watched_for(plant: &Plant, seconds: u64, events: Vec<Event>) -> Fixture {
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    // Read so seldom that it does not count as silent meanwhile.
    let fixture = Fixture::new(vec![config::Connection {
        watch: Duration::from_secs(seconds),
        ..watched("plant-a", &plant.base)
    }]);
    fixture
        .until("a first reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    fixture.skip(seconds - 1);
    fixture.refresh().await;
    fixture.gateway.shared.store.record(events);
    assert!(fixture.gateway.shared.store.catch_up().await);
    fixture
}

/// The failovers of the group in a time, and for how many seconds nobody led it, and it is not known who did.
async fn told(fixture: &Fixture, query: &str) -> [u64; 3] {
    let line = format!("GET /api/report?{query}");
    let (status, report) = send(fixture, &line, &Value::Null).await;
    assert_eq!(status, 200, "{report}");
    let group = &report["groups"][0];
    let number = |name: &str| group[name].as_u64().unwrap();
    [
        number("failovers"),
        number("without_ms") / 1_000,
        number("unknown_ms") / 1_000,
    ]
}

const WHOLE: &str = "from=1970-01-01T00:00:00Z";

#[tokio::test]
async fn an_alarm_of_a_group_called_as_its_connection_is_no_silence_of_that() {
    let plant = Plant::new(1).await;
    let of_group = |id: &str, name: &str| Event {
        name: name.to_owned(),
        ..event(
            20,
            EventKind::Alarm,
            Severity::Critical,
            Kind::FailoverGroup,
            id,
        )
    };
    let alarms = vec![of_group("g7", "Plant-A"), of_group("plant-a", "g8")];
    let fixture = watched_for(&plant, 100, alarms).await;
    assert_eq!(told(&fixture, WHOLE).await, [0, 0, 0]);
    let silence = vec![
        silence(30, Severity::Critical),
        silence(50, Severity::Normal),
    ];
    fixture.gateway.shared.store.record(silence);
    assert!(fixture.gateway.shared.store.catch_up().await);
    assert_eq!(told(&fixture, WHOLE).await, [0, 0, 20]);
}

#[tokio::test]
async fn a_silence_begins_with_the_last_answer_and_a_group_may_be_silent_alone() {
    let plant = Plant::new(1).await;
    let since = |second: i64, event: Event| Event {
        before: Some(DateTime::from_timestamp(second, 0).unwrap().to_rfc3339()),
        ..event
    };
    let read_again = event(
        80,
        EventKind::Resource,
        Severity::Normal,
        Kind::FailoverGroup,
        "g0",
    );
    let events = vec![
        since(20, silence(40, Severity::Critical)),
        silence(50, Severity::Normal),
        since(60, read_again),
    ];
    let fixture = watched_for(&plant, 100, events).await;
    assert_eq!(told(&fixture, WHOLE).await, [0, 0, 50]);
    // What was noticed later than the time.
    let part = "from=1970-01-01T00:00:00Z&to=1970-01-01T00:00:30Z";
    assert_eq!(told(&fixture, part).await, [0, 0, 10]);
    let part = "from=1970-01-01T00:00:55Z&to=1970-01-01T00:01:10Z";
    assert_eq!(told(&fixture, part).await, [0, 0, 10]);
}

#[tokio::test]
async fn of_a_time_that_is_no_longer_kept_nothing_is_said_to_be_known() {
    const DAY: u64 = 24 * 3_600;
    let plant = Plant::new(1).await;
    let failovers = vec![failover(60, "a", "b"), failover(90, "b", "a")];
    let fixture = watched_for(&plant, 3 * DAY, failovers).await;
    let [_, _, unknown] = told(&fixture, WHOLE).await;
    let store = &fixture.gateway.shared.store;
    store.retain(Retention {
        days: 1,
        ..Retention::default()
    });
    // A clock that has leapt ahead is believed once it has gone on for a day.
    for days in [0, 1] {
        fixture.skip(days * DAY);
        store.watched();
        assert!(store.catch_up().await);
    }
    let [failovers, without, now_unknown] = told(&fixture, WHOLE).await;
    assert_eq!((failovers, without), (0, 0));
    assert_eq!(now_unknown - unknown, 3 * DAY);
}

#[tokio::test]
async fn a_report_reads_no_more_than_its_own_time_and_what_its_ends_need() {
    let plant = Plant::new(1).await;
    let part = "from=1970-01-01T01:00:00Z&to=1970-01-01T01:01:40Z";
    // More than one report may read: long before and long after the time.
    let mut events = Vec::new();
    for second in (0..200).step_by(2) {
        for from in [0, 6_000] {
            events.push(silence(from + second, Severity::Critical));
            events.push(silence(from + second + 1, Severity::Normal));
        }
        events.push(failover(5_000 + second, "a", "b"));
        events.push(failover(5_001 + second, "b", "a"));
    }
    // Who led at the end, only the first failover after it tells.
    events.push(failover(3_640, "b", "a"));
    let fixture = watched_for(&plant, 7_200, events).await;
    assert_eq!(told(&fixture, part).await, [1, 0, 0]);
    // It had fallen silent before the time, and answered again within.
    let silence = vec![
        silence(3_000, Severity::Critical),
        silence(3_630, Severity::Normal),
    ];
    fixture.gateway.shared.store.record(silence);
    assert!(fixture.gateway.shared.store.catch_up().await);
    assert_eq!(told(&fixture, part).await, [1, 0, 30]);
}

#[tokio::test]
async fn what_came_after_the_time_of_a_report_tells_no_more_of_it_than_was_seen() {
    let plant = Plant::new(1).await;
    let part = "from=1970-01-01T01:00:00Z&to=1970-01-01T01:01:40Z";
    let restart = |from: i64, to: i64| Event {
        resource: None,
        before: Some(DateTime::from_timestamp(from, 0).unwrap().to_rfc3339()),
        ..event(
            to,
            EventKind::Watching,
            Severity::Unknown,
            Kind::Connection,
            "",
        )
    };
    let listed = |second, severity| {
        event(
            second,
            EventKind::Resource,
            severity,
            Kind::FailoverGroup,
            "g0",
        )
    };
    for (events, expected) in [
        // Nobody had led for an hour when b took over.
        (
            vec![failover(5_000, "", "b"), failover(5_010, "b", "a")],
            [0, 100, 0],
        ),
        // Nobody watched between the time and that.
        (
            vec![
                restart(4_000, 4_100),
                failover(5_000, "", "b"),
                restart(6_000, 6_100),
            ],
            [0, 0, 100],
        ),
        // It came after the time, or within it and went after.
        (vec![listed(5_000, Severity::Critical)], [0, 0, 100]),
        (
            vec![
                listed(3_620, Severity::Critical),
                listed(5_000, Severity::Unknown),
            ],
            [0, 0, 100],
        ),
        // It fell silent in the time, and answered again after.
        (
            vec![
                silence(3_650, Severity::Critical),
                silence(5_000, Severity::Normal),
                failover(5_500, "a", "b"),
                restart(6_000, 6_100),
            ],
            [0, 0, 50],
        ),
    ] {
        let fixture = watched_for(&plant, 7_200, events.clone()).await;
        assert_eq!(told(&fixture, part).await, expected, "{events:?}");
    }
}
