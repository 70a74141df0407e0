//! Reports of failovers and of periods without a primary.

use super::alarm_actions::{reopened, reopened_by, send};
use super::*;
use crate::config::Retention;
use crate::store::Table;
use health::Severity;
use health::events::{Event, EventKind};
use health::inventory::{Kind, ResourceKey};
use serde_json::{Value, json};

#[tokio::test]
async fn a_report_contains_failovers_periods_without_a_primary_and_unknown_periods() {
    let plant = Plant::new(1).await;
    let both = |a, b| [("a", a), ("b", b)];
    plant.sessions("g0", &both("Primary", "Secondary"));
    let fixture = Fixture::of(&plant).await;
    let read = async |first, second| {
        plant.sessions("g0", &both(first, second));
        fixture.skip(59);
        let before = fixture.gateway.shared.store.activity_changes();
        fixture.refresh().await;
        // Another thread writes the event.
        fixture
            .until("the record", |_| {
                fixture.gateway.shared.store.activity_changes() != before
            })
            .await;
    };
    // The primary: none after one minute, b after two, a after three.
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
    // A part of the period. The events before it determine the primary at its start.
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
    // The period before the start of watching is unknown.
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
        ("system=other", "one or more of aveva, uplynk, veeam, "),
        ("who=ann", "no parameter `who`"),
    ] {
        let (status, problem) =
            send(&fixture, &format!("GET /api/report?{query}"), &Value::Null).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
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

/// The time since which each connection is watched, in seconds.
fn watched_since(fixture: &Fixture) -> Vec<i64> {
    let connections = fixture.all().connections.unwrap_or_default().into_iter();
    let watched_since = connections.map(|one| one.watched_since.unwrap().timestamp());
    watched_since.collect()
}

/// Removes the second connection from the configuration and adds it again after a minute.
fn remove_for_a_minute(fixture: &Fixture) {
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
async fn the_period_before_a_connection_was_watched_is_unknown() {
    let plant = Plant::new(1).await;
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    let fixture = Fixture::new(two(&plant));
    assert_eq!(watched_since(&fixture), [0, 0]);
    remove_for_a_minute(&fixture);
    assert_eq!(watched_since(&fixture), [0, 120]);
    fixture.refresh().await;
    let since_start = "GET /api/report?from=1970-01-01T00:00:00Z";
    let (_, report) = send(&fixture, since_start, &Value::Null).await;
    let unknown = report["groups"].as_array().unwrap().iter();
    let unknown: Vec<_> = unknown.map(|group| &group["unknown_ms"]).collect();
    assert_eq!(unknown, [&json!(0), &json!(120_000)], "{report}");
}

#[tokio::test]
async fn the_start_of_watching_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let plant = Plant::new(1).await;
    let fixture = Fixture::with_store(two(&plant), reopened(&file).await);
    remove_for_a_minute(&fixture);
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    let fixture = Fixture::with_store(two(&plant), reopened(&file).await);
    assert_eq!(watched_since(&fixture), [0, 120]);
}

#[tokio::test]
async fn a_failover_during_a_restart_is_recorded_and_the_time_before_the_restart_stays_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let plant = Plant::new(3).await;
    let led_by_a = [("a", "Primary"), ("b", "Secondary")];
    for group in ["g0", "g1", "g2"] {
        plant.sessions(group, &led_by_a);
    }
    let started = async |second: u64| {
        let (skips, skipped) = watch::channel(Skips::default());
        skips.send_modify(|skips| skips.total = Duration::from_secs(second));
        let store = reopened_by(&file, clock(&skipped)).await;
        let connections = vec![watched("plant-a", &plant.base)];
        let fixture = Fixture::assembled(connections, store, skips, skipped);
        fixture.refresh().await;
        fixture
    };
    let stopped = async |fixture: Fixture| {
        fixture.gateway.shared.watchers.inventory().note_watching();
        assert!(fixture.gateway.shared.store.catch_up().await);
        fixture.gateway.shared.watchers.stop();
    };
    let fixture = started(0).await;
    fixture.skip(98);
    fixture.refresh().await;
    stopped(fixture).await;
    plant.sessions("g1", &[("a", "Secondary"), ("b", "Primary")]);
    plant.groups(&["g0", "g1"]);
    let fixture = started(160).await;
    fixture.skip(38);
    fixture.refresh().await;
    assert!(fixture.gateway.shared.store.catch_up().await);
    let query = "GET /api/report?from=1970-01-01T00:00:00Z";
    let (_, report) = send(&fixture, query, &Value::Null).await;
    let groups = report["groups"].as_array().unwrap().iter();
    let groups: Vec<_> = groups
        .map(|group| (&group["name"], &group["failovers"], &group["unknown_ms"]))
        .collect();
    let one = |name: &str, failovers: u64| (json!(name), json!(failovers), json!(60_000));
    let expected = [one("g0", 0), one("g1", 1)];
    let expected: Vec<_> = expected.iter().map(|(a, b, c)| (a, b, c)).collect();
    assert_eq!(groups, expected, "{report}");
    let query = "GET /api/activity?kind=failover,watching";
    let (_, activity) = send(&fixture, query, &Value::Null).await;
    let entries = activity["entries"].as_array().unwrap().iter();
    let entries: Vec<_> = entries
        .map(|entry| entry["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        entries,
        [
            "The primary changed from g1-a to g1-b.",
            "The gateway did not watch for 1 min. Of the changes in that time, only those of primaries and slicers on air \
             are known.",
            "The gateway started watching. Earlier events are not known.",
        ]
    );
    // The group that was removed in the meantime is forgotten.
    stopped(fixture).await;
    let store = reopened(&file).await;
    let left = store.take_saved::<Value>(Table::LastLeaders);
    assert_eq!(
        left.keys().collect::<Vec<_>>(),
        ["plant-a/g0", "plant-a/g1"]
    );
}

/// An event of the plant at a second.
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

/// A failover at a second; an empty text is no primary.
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

/// The start or the end of an alarm of the connection.
fn silence(second: i64, severity: Severity) -> Event {
    event(
        second,
        EventKind::Alarm,
        severity,
        Kind::Connection,
        "plant-a",
    )
}

/// A gateway that has watched its group for these seconds and has recorded these events.
async fn watched_for(plant: &Plant, seconds: u64, events: Vec<Event>) -> Fixture {
    plant.sessions("g0", &[("a", "Primary"), ("b", "Secondary")]);
    // The long interval prevents an alarm for a silent connection.
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

/// The group's number of failovers, and its seconds without a primary and with an unknown one.
async fn reported(fixture: &Fixture, query: &str) -> [u64; 3] {
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

const SINCE_START: &str = "from=1970-01-01T00:00:00Z";

#[tokio::test]
async fn the_alarm_of_a_group_with_its_connections_name_is_not_one_of_the_connection() {
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
    assert_eq!(reported(&fixture, SINCE_START).await, [0, 0, 0]);
    let silence = vec![
        silence(30, Severity::Critical),
        silence(50, Severity::Normal),
    ];
    fixture.gateway.shared.store.record(silence);
    assert!(fixture.gateway.shared.store.catch_up().await);
    assert_eq!(reported(&fixture, SINCE_START).await, [0, 0, 20]);
}

#[tokio::test]
async fn a_silence_starts_at_the_last_response_and_may_concern_one_group_only() {
    let plant = Plant::new(1).await;
    let event_since = |second: i64, event: Event| Event {
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
        event_since(20, silence(40, Severity::Critical)),
        silence(50, Severity::Normal),
        event_since(60, read_again),
    ];
    let fixture = watched_for(&plant, 100, events).await;
    assert_eq!(reported(&fixture, SINCE_START).await, [0, 0, 50]);
    // Failures that were detected after the period.
    let part = "from=1970-01-01T00:00:00Z&to=1970-01-01T00:00:30Z";
    assert_eq!(reported(&fixture, part).await, [0, 0, 10]);
    let part = "from=1970-01-01T00:00:55Z&to=1970-01-01T00:01:10Z";
    assert_eq!(reported(&fixture, part).await, [0, 0, 10]);
}

#[tokio::test]
async fn a_period_whose_events_were_deleted_is_unknown() {
    const DAY: u64 = 24 * 3_600;
    let plant = Plant::new(1).await;
    let failovers = vec![failover(60, "a", "b"), failover(90, "b", "a")];
    let fixture = watched_for(&plant, 3 * DAY, failovers).await;
    let [_, _, unknown] = reported(&fixture, SINCE_START).await;
    let store = &fixture.gateway.shared.store;
    store.retain(Retention {
        days: 1,
        ..Retention::default()
    });
    // A clock that has jumped ahead is accepted after it has continued for a day.
    for days in [0, 1] {
        fixture.skip(days * DAY);
        store.note_watching();
        assert!(store.catch_up().await);
    }
    let [failovers, without, now_unknown] = reported(&fixture, SINCE_START).await;
    assert_eq!((failovers, without), (0, 0));
    assert_eq!(now_unknown - unknown, 3 * DAY);
}

#[tokio::test]
async fn a_report_reads_only_events_of_its_period_and_those_that_determine_its_limits() {
    let plant = Plant::new(1).await;
    let part = "from=1970-01-01T01:00:00Z&to=1970-01-01T01:01:40Z";
    // More events than a report may read, long before and long after its period.
    let mut events = Vec::new();
    for second in (0..200).step_by(2) {
        for from in [0, 6_000] {
            events.push(silence(from + second, Severity::Critical));
            events.push(silence(from + second + 1, Severity::Normal));
        }
        events.push(failover(5_000 + second, "a", "b"));
        events.push(failover(5_001 + second, "b", "a"));
    }
    // The first failover after the period determines the primary at its end.
    events.push(failover(3_640, "b", "a"));
    let fixture = watched_for(&plant, 7_200, events).await;
    assert_eq!(reported(&fixture, part).await, [1, 0, 0]);
    // The connection became silent before the period and recovered in it.
    let silence = vec![
        silence(3_000, Severity::Critical),
        silence(3_630, Severity::Normal),
    ];
    fixture.gateway.shared.store.record(silence);
    assert!(fixture.gateway.shared.store.catch_up().await);
    assert_eq!(reported(&fixture, part).await, [1, 0, 30]);
}

#[tokio::test]
async fn later_events_determine_only_periods_that_were_watched() {
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
        // There was no primary for an hour before b took over.
        (
            vec![failover(5_000, "", "b"), failover(5_010, "b", "a")],
            [0, 100, 0],
        ),
        // No gateway watched between the period and the failover.
        (
            vec![
                restart(4_000, 4_100),
                failover(5_000, "", "b"),
                restart(6_000, 6_100),
            ],
            [0, 0, 100],
        ),
        // The group was added after the period, or added in it and removed after it.
        (vec![listed(5_000, Severity::Critical)], [0, 0, 100]),
        (
            vec![
                listed(3_620, Severity::Critical),
                listed(5_000, Severity::Unknown),
            ],
            [0, 0, 100],
        ),
        // The connection became silent in the period and recovered after it.
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
        assert_eq!(reported(&fixture, part).await, expected, "{events:?}");
    }
}
