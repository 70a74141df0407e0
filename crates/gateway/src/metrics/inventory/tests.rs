//! Tests of the metrics of inventories.

use super::*;
use crate::watch::unread;
use chrono::TimeDelta;
use health::Verdict;
use health::alarms::{Alarm, Maintenance, Scope, Since};
use health::inventory::Observed;
use protocol::ConnectionState;
use std::time::Duration;
use vendors::System;

mod groups;

const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

fn at(seconds: i64) -> DateTime<Utc> {
    NOW + TimeDelta::seconds(seconds)
}

fn connection(id: &str, system: &str, observed_at: Option<i64>) -> ConnectionState {
    let system: System = serde_json::from_str(&format!(r#"{{"system":"{system}"}}"#)).unwrap();
    let public = vendors::Connection {
        id: id.to_owned(),
        title: format!("Title of {id}"),
        system,
    };
    ConnectionState {
        observed_at: observed_at.map(at),
        ..unread(public, Duration::from_secs(5))
    }
}

fn resource(kind: Kind, connection: &str, id: &str, severity: Severity) -> Resource {
    Resource {
        key: ResourceKey {
            kind,
            connection: connection.to_owned(),
            id: id.to_owned(),
        },
        name: format!("Name of {id}"),
        verdict: Verdict::new(severity, "Word", "Sentence.".to_owned()),
        observed: Observed::WithConnection,
        failure: None,
        unreadable: Vec::new(),
        also_on: Vec::new(),
        facts: Facts::None,
    }
}

fn group(connection: &str, id: &str, severity: Severity) -> Resource {
    resource(Kind::FailoverGroup, connection, id, severity)
}

fn alarm(resource: ResourceKey, severity: Severity) -> Alarm {
    Alarm {
        id: "1".to_owned(),
        resource,
        name: "x".to_owned(),
        severity,
        rank: 0,
        word: "Word".into(),
        sentence: "Sentence.".to_owned(),
        advice: String::new(),
        since: Since::Observed(NOW),
        flapping: None,
        acknowledged: None,
        notes: Vec::new(),
        maintenance: None,
    }
}

fn maintenance(scope: Scope) -> Maintenance {
    Maintenance {
        id: "m".to_owned(),
        scope,
        from: NOW,
        until: NOW + TimeDelta::hours(1),
        reason: "cabling".to_owned(),
        by: "ann".to_owned(),
    }
}

fn inventory(
    connections: Vec<ConnectionState>,
    resources: Vec<Resource>,
    alarms: Vec<Alarm>,
) -> Inventory {
    Inventory {
        revision: "1".to_owned(),
        build: String::new(),
        activity: 0,
        alerts_fail: false,
        now: NOW,
        whole: true,
        connections: Some(connections),
        resources,
        times: Vec::new(),
        removed: Vec::new(),
        alarms: Some(alarms),
        maintenance: None,
    }
}

fn text(inventory: &Inventory) -> String {
    families(inventory, &HashSet::from(["plant-a".to_owned()]), NOW).text()
}

/// The value of the series with this name and these labels.
fn value(page: &str, series: &str) -> Option<f64> {
    page.lines()
        .filter_map(|line| line.strip_prefix("failover_console_")?.rsplit_once(' '))
        .find(|(name, _)| *name == series)
        .map(|(_, value)| value.parse().unwrap())
}

#[test]
fn a_higher_severity_is_a_higher_value_and_a_stale_resource_is_unknown() {
    use Severity::{Critical, Moving, Normal, Off, Unknown, Warning};
    for (severity, live, silent) in [
        (Off, 0.0, 2.0),
        (Normal, 0.0, 2.0),
        (Moving, 1.0, 2.0),
        (Unknown, 2.0, 2.0),
        (Warning, 3.0, 3.0),
        (Critical, 4.0, 4.0),
    ] {
        for (read, expected) in [(-2, live), (-14, live), (-16, silent), (-3600, silent)] {
            let page = text(&inventory(
                vec![connection("plant-a", "aveva", Some(read))],
                vec![group("plant-a", "k", severity)],
                Vec::new(),
            ));
            let series = r#"resource_severity{connection="plant-a",kind="failover_group",id="k",name="Name of k"}"#;
            assert_eq!(value(&page, series), Some(expected), "{severity:?} {read}");
        }
    }
}

#[test]
fn a_single_unreadable_resource_is_unknown() {
    let mut late = group("plant-a", "k", Severity::Normal);
    late.observed = Observed::At(at(-40));
    let page = text(&inventory(
        vec![connection("plant-a", "aveva", Some(-2))],
        vec![late],
        Vec::new(),
    ));
    assert!(page.contains(r#"name="Name of k"} 2"#), "{page}");
}

#[test]
fn an_open_alarm_raises_the_severity_of_its_resource() {
    for (severity, open, expected) in [
        (Severity::Normal, Severity::Warning, 3.0),
        (Severity::Moving, Severity::Critical, 4.0),
        (Severity::Critical, Severity::Warning, 4.0),
    ] {
        let resource = group("plant-a", "k", severity);
        let page = text(&inventory(
            vec![connection("plant-a", "aveva", Some(0))],
            vec![resource.clone()],
            vec![alarm(resource.key, open)],
        ));
        let series = r#"resource_severity{connection="plant-a",kind="failover_group",id="k",name="Name of k"}"#;
        assert_eq!(
            value(&page, series),
            Some(expected),
            "{severity:?} {open:?}"
        );
    }
}

#[test]
fn a_resource_known_only_from_its_alarm_keeps_its_last_severity() {
    let key = group("plant-a", "k", Severity::Critical).key;
    let open = alarm(key.clone(), Severity::Critical);
    let mut all = inventory(
        vec![connection("plant-a", "aveva", None)],
        Vec::new(),
        vec![open.clone(), open],
    );
    all.maintenance = Some(vec![maintenance(Scope::Resource(key))]);
    let page = text(&all);
    let labels = r#"{connection="plant-a",kind="failover_group",id="k",name="x"}"#;
    let of = |name: &str| value(&page, &format!("{name}{labels}"));
    assert_eq!(of("resource_severity"), Some(4.0), "{page}");
    assert_eq!(of("resource_in_maintenance"), Some(1.0), "{page}");
    let count = r#"resources{connection="plant-a",kind="failover_group",severity="critical"}"#;
    assert_eq!(value(&page, count), Some(1.0), "{page}");
    assert_eq!(value(&page, "resources_left_out"), Some(0.0));
}

#[test]
fn a_connection_has_a_severity_and_an_age() {
    let silent = ResourceKey::of_connection("gone");
    let page = text(&inventory(
        vec![
            connection("plant-a", "aveva", Some(-1)),
            connection("late", "uplynk", Some(-20)),
            connection("never", "veeam", None),
            connection("gone", "uplynk", Some(-100)),
        ],
        Vec::new(),
        vec![alarm(silent, Severity::Critical)],
    ));
    for (id, severity, age, freshness) in [
        ("plant-a", 0.0, 1.0, 0.0),
        ("late", 2.0, 20.0, 2.0),
        ("never", 2.0, f64::INFINITY, 3.0),
        ("gone", 4.0, 100.0, 3.0),
    ] {
        let series = format!(
            r#"resource_severity{{connection="{id}",kind="connection",id="{id}",name="Title of {id}"}}"#
        );
        assert_eq!(value(&page, &series), Some(severity), "{id}");
        let of = |name: &str| value(&page, &format!(r#"{name}{{connection="{id}"}}"#));
        assert_eq!(of("source_age_seconds"), Some(age), "{id}");
        assert_eq!(of("source_freshness"), Some(freshness), "{id}");
        assert_eq!(of("source_interval_seconds"), Some(5.0), "{id}");
    }
}

#[test]
fn handled_alarms_are_counted_separately() {
    let one = group("plant-a", "k", Severity::Critical);
    let maintenance = maintenance(Scope::Connection("plant-a".to_owned()));
    let expected = Alarm {
        maintenance: Some(maintenance.clone()),
        ..alarm(one.key.clone(), Severity::Critical)
    };
    let complete = Inventory {
        maintenance: Some(vec![maintenance]),
        ..inventory(
            vec![
                connection("plant-a", "aveva", Some(0)),
                connection("plant-b", "aveva", Some(0)),
            ],
            vec![one.clone(), group("plant-b", "l", Severity::Critical)],
            vec![
                expected,
                alarm(ResourceKey::of_connection("plant-b"), Severity::Critical),
            ],
        )
    };
    let page = text(&complete);
    assert_eq!(value(&page, r#"alarms{severity="critical"}"#), Some(1.0));
    for (care, count) in [("in_maintenance", 1.0), ("acknowledged", 0.0)] {
        let series = format!(r#"alarms_handled{{severity="critical",care="{care}"}}"#);
        assert_eq!(value(&page, &series), Some(count), "{care}");
    }
    let is_in_maintenance: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("failover_console_resource_in_maintenance"))
        .collect();
    assert_eq!(is_in_maintenance.len(), 2, "{is_in_maintenance:?}");
    assert!(
        is_in_maintenance
            .iter()
            .all(|line| line.contains(r#"connection="plant-a""#))
    );
}

#[test]
fn every_severity_is_counted_even_if_it_is_zero() {
    let empty = text(&inventory(
        vec![connection("live", "uplynk", Some(0))],
        Vec::new(),
        Vec::new(),
    ));
    for severity in ["critical", "warning", "unknown"] {
        let series = format!(r#"alarms{{severity="{severity}"}}"#);
        assert_eq!(value(&empty, &series), Some(0.0));
    }
    let one = group("plant-a", "k", Severity::Critical);
    let page = text(&inventory(
        vec![connection("plant-a", "aveva", Some(0))],
        vec![
            one.clone(),
            group("plant-a", "l", Severity::Normal),
            group("plant-a", "m", Severity::Normal),
        ],
        vec![alarm(one.key, Severity::Critical)],
    ));
    assert_eq!(value(&page, r#"alarms{severity="critical"}"#), Some(1.0));
    for (severity, count) in [
        ("critical", 1.0),
        ("warning", 0.0),
        ("unknown", 0.0),
        ("moving", 0.0),
        ("normal", 2.0),
        ("off", 0.0),
    ] {
        let series = format!(
            r#"resources{{connection="plant-a",kind="failover_group",severity="{severity}"}}"#
        );
        assert_eq!(value(&page, &series), Some(count), "{severity}");
    }
    assert_eq!(value(&page, "resources_left_out"), Some(0.0));
}

#[test]
fn with_too_many_resources_only_the_worst_have_series() {
    let mut resources: Vec<Resource> = (0..MAX_RESOURCES + 3)
        .map(|number| group("plant-a", &number.to_string(), Severity::Normal))
        .collect();
    if let Some(last) = resources.last_mut() {
        last.verdict.severity = Severity::Critical;
    }
    let page = text(&inventory(
        vec![connection("plant-a", "aveva", Some(0))],
        resources,
        Vec::new(),
    ));
    let of_groups = |line: &&str| line.contains("resource_severity") && line.contains("_group");
    assert_eq!(page.lines().filter(of_groups).count(), MAX_RESOURCES);
    assert_eq!(value(&page, "resources_left_out"), Some(3.0));
    assert!(page.contains(r#"name="Name of 5002"} 4"#));
    let normal = r#"resources{connection="plant-a",kind="failover_group",severity="normal"}"#;
    assert_eq!(value(&page, normal), Some(5002.0));
}

#[test]
fn names_that_are_equal_after_cutting_share_one_series() {
    let long = "x".repeat(200);
    let resources = ["1", "2"].map(|end| {
        let mut one = group("plant-a", &format!("{long}{end}"), Severity::Normal);
        one.name = "N".to_owned();
        one
    });
    let page = text(&inventory(
        vec![connection("plant-a", "aveva", Some(0))],
        resources.to_vec(),
        Vec::new(),
    ));
    assert_eq!(page.matches("kind=\"failover_group\",id=").count(), 1);
    assert_eq!(value(&page, "resources_left_out"), Some(1.0));
}

#[test]
fn names_from_a_vendor_cannot_break_the_format() {
    let mut one = group("plant-a", "a\"} 9\nfake 1\\", Severity::Normal);
    one.name = "\u{1b}]0;x\u{7}\0".to_owned();
    let page = text(&inventory(
        vec![connection("plant-a", "aveva", Some(0))],
        vec![one],
        Vec::new(),
    ));
    assert!(!page.contains("\nfake"), "{page}");
    assert!(
        page.chars()
            .all(|letter| letter == '\n' || !letter.is_control())
    );
}
