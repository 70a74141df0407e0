//! Reports of inventories; in `over_a_socket`, the command against servers over a real socket.

use super::report::{Report, State};
use super::*;
use crate::watch::unread;
use chrono::{DateTime, TimeDelta, Utc};
use health::alarms::{Acknowledgement, Alarm, Maintenance, Scope, Since};
use health::inventory::{Facts, Kind, Observed, Resource, ResourceKey};
use health::{Severity, Verdict};
use protocol::{ConnectionState, Inventory};

mod over_a_socket;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

/// Runs the command. Returns its output and its exit status, for tests of a complete gateway.
pub(crate) async fn run_line(line: &[&str], token: Option<&str>) -> (String, u8) {
    let line = ["status"].iter().chain(line);
    let Line { arguments } = clap::Parser::parse_from(line);
    let (text, state) = status(&arguments, variables(token), TIMEOUT).await;
    (text, state as u8)
}

/// An environment with this token.
fn variables(token: Option<&str>) -> impl Fn(&str) -> Option<OsString> {
    move |name| {
        token
            .filter(|_| name == "FAILOVER_CONSOLE_TOKEN")
            .map(OsString::from)
    }
}

const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

fn at(seconds: i64) -> DateTime<Utc> {
    NOW + TimeDelta::seconds(seconds)
}

fn connection(id: &str, observed_at: Option<i64>) -> ConnectionState {
    let public = vendors::Connection {
        id: id.to_owned(),
        title: format!("Plant {id}"),
        system: vendors::System::Uplynk,
    };
    ConnectionState {
        observed_at: observed_at.map(at),
        ..unread(public, Duration::from_secs(5))
    }
}

fn key(connection: &str, id: &str) -> ResourceKey {
    ResourceKey {
        kind: Kind::SlicerGroup,
        connection: connection.to_owned(),
        id: id.to_owned(),
    }
}

fn resource(connection: &str, id: &str, severity: Severity) -> Resource {
    Resource {
        key: key(connection, id),
        name: id.to_owned(),
        verdict: Verdict::new(severity, "Word", "Sentence.".to_owned()),
        observed: Observed::WithConnection,
        failure: None,
        unreadable: Vec::new(),
        also_on: Vec::new(),
        facts: Facts::None,
    }
}

fn alarm(resource: ResourceKey, severity: Severity, name: &str) -> Alarm {
    Alarm {
        id: "1".to_owned(),
        resource,
        name: name.to_owned(),
        severity,
        rank: 2,
        word: "Slate".into(),
        sentence: format!("{name} is on slate."),
        advice: "Activate a slicer.".to_owned(),
        since: Since::Observed(at(-90)),
        flapping: None,
        acknowledged: None,
        notes: Vec::new(),
        maintenance: None,
    }
}

fn inventory(
    connections: &[ConnectionState],
    resources: &[Resource],
    alarms: &[Alarm],
) -> Inventory {
    Inventory {
        revision: "1".to_owned(),
        build: String::new(),
        activity: 0,
        alerts_fail: false,
        now: NOW,
        whole: true,
        connections: Some(connections.to_vec()),
        resources: resources.to_vec(),
        times: Vec::new(),
        removed: Vec::new(),
        alarms: Some(alarms.to_vec()),
        maintenance: None,
    }
}

fn report(inventory: &Inventory) -> Report {
    Report::new(inventory, None).unwrap()
}

#[test]
fn the_state_is_the_worst_of_alarms_resources_and_connections() {
    use Severity::{Critical, Moving, Normal, Off, Unknown, Warning};
    for (read, resources, alarms, expected) in [
        (Some(-2), &[Normal, Off, Moving][..], &[][..], State::Ok),
        (Some(-2), &[], &[], State::Ok),
        (Some(-2), &[Warning], &[], State::Warning),
        (Some(-2), &[Normal], &[Warning], State::Warning),
        (Some(-2), &[Unknown, Warning], &[], State::Warning),
        (
            Some(-2),
            &[Critical, Unknown, Warning],
            &[],
            State::Critical,
        ),
        (Some(-2), &[Normal], &[Critical], State::Critical),
        (Some(-2), &[Unknown], &[], State::Unknown),
        // Stale data is never OK and hides no alarm.
        (Some(-16), &[Normal], &[], State::Unknown),
        (Some(-16), &[], &[], State::Unknown),
        (Some(-16), &[Critical], &[], State::Critical),
        (Some(-16), &[Warning], &[], State::Warning),
        (None, &[], &[], State::Unknown),
    ] {
        let resources: Vec<Resource> = resources
            .iter()
            .enumerate()
            .map(|(number, severity)| resource("a", &number.to_string(), *severity))
            .collect();
        let alarms: Vec<Alarm> = alarms
            .iter()
            .map(|severity| alarm(key("a", "0"), *severity, "news"))
            .collect();
        let complete = inventory(&[connection("a", read)], &resources, &alarms);
        assert_eq!(report(&complete).state, expected, "{read:?} {resources:?}");
    }
}

/// Maintenance silences the state; an acknowledgement does not, because Nagios and Icinga have their own.
#[test]
fn resources_in_maintenance_are_printed_but_do_not_affect_the_state() {
    let maintenance = |scope, from, until| Maintenance {
        id: "m".to_owned(),
        scope,
        from: at(from),
        until: at(until),
        reason: "cabling".to_owned(),
        by: "ann".to_owned(),
    };
    let resource_scope = || Scope::Resource(key("a", "news"));
    let connection_scope = |id: &str| Scope::Connection(id.to_owned());
    for (planned, expected) in [
        (None, State::Critical),
        (Some((resource_scope(), -60, 60)), State::Ok),
        (Some((connection_scope("a"), -60, 60)), State::Ok),
        (Some((connection_scope("b"), -60, 60)), State::Critical),
        (Some((resource_scope(), 60, 120)), State::Critical),
        (Some((resource_scope(), -60, -1)), State::Critical),
    ] {
        let planned = planned.map(|(scope, from, until)| maintenance(scope, from, until));
        let open = Alarm {
            maintenance: planned.clone().filter(|_| expected == State::Ok),
            ..alarm(key("a", "news"), Severity::Critical, "news")
        };
        let complete = Inventory {
            maintenance: Some(planned.clone().into_iter().collect()),
            ..inventory(
                &[connection("a", Some(-2))],
                &[resource("a", "news", Severity::Critical)],
                &[open],
            )
        };
        let report = report(&complete);
        assert_eq!(report.state, expected, "{planned:?}");
        let text = as_plugin_text(&report);
        let counts = match expected {
            State::Ok => (
                "OK: 0 critical, 0 warning, 0 unknown of 1 resource and 1 connection, 1 in maintenance; ",
                "critical=0 warning=0 unknown=0 maintenance=1 resources=1 alarms=0",
            ),
            _ => (
                "CRITICAL: 1 critical, 0 warning, 0 unknown of 1 resource and 1 connection; ",
                "critical=1 warning=0 unknown=0 maintenance=0 resources=1 alarms=1",
            ),
        };
        assert!(text.starts_with(counts.0), "{text}");
        assert!(text.contains(counts.1), "{text}");
        assert!(text.contains("CRITICAL news"), "{text}");
    }
    let acknowledged = Alarm {
        acknowledged: Some(Acknowledgement {
            by: "ann".to_owned(),
            reason: "on it".to_owned(),
            at: NOW,
            until: None,
            severity: Severity::Critical,
            word: "".into(),
        }),
        ..alarm(key("a", "news"), Severity::Critical, "news")
    };
    let complete = inventory(&[connection("a", Some(-2))], &[], &[acknowledged]);
    let report = report(&complete);
    assert_eq!(report.state, State::Critical);
    let text = as_plugin_text(&report);
    assert!(
        text.contains("CRITICAL news (Plant a), acknowledged: Slate"),
        "{text}"
    );
}

#[test]
fn the_first_line_is_a_summary_and_each_alarm_has_a_line_worst_first() {
    let mut limited = connection("a", Some(-2));
    limited.limit = Some("Only the first 20,000 groups are watched.".to_owned());
    let mut unread = resource("a", "new", Severity::Unknown);
    unread.observed = Observed::Never;
    let complete = inventory(
        &[limited, connection("b", Some(-25)), connection("c", None)],
        &[
            resource("a", "news", Severity::Critical),
            resource("a", "sport", Severity::Normal),
            resource("b", "late", Severity::Warning),
            resource("b", "well", Severity::Normal),
            unread,
        ],
        &[
            alarm(key("b", "late"), Severity::Warning, "late"),
            alarm(
                ResourceKey::of_connection("b"),
                Severity::Warning,
                "Plant b",
            ),
            alarm(key("a", "news"), Severity::Critical, "news"),
        ],
    );
    let report = report(&complete);
    assert_eq!(report.state, State::Critical);
    let text = as_plugin_text(&report);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "CRITICAL: 1 critical, 2 warning, 3 unknown of 5 resources and 3 connections; Plant a live 2 s ago, \
             Plant b STALE 25 s ago, Plant c NO DATA never read | critical=1 warning=2 unknown=3 \
             maintenance=0 resources=5 alarms=3 age_a=2s age_b=25s",
            "CRITICAL news (Plant a): Slate for 1 min 30 s. news is on slate. Activate a slicer.",
            "WARNING Plant b: Slate for 1 min 30 s. Plant b is on slate. Activate a slicer.",
            "WARNING late (Plant b), last known, 25 s ago: Slate for 1 min 30 s. late is on slate. \
             Activate a slicer.",
            "1 resource has not been read yet.",
            "Plant a: Only the first 20,000 groups are watched.",
        ]
    );
    let normal = inventory(
        &[connection("a", Some(0))],
        &[resource("a", "news", Severity::Normal)],
        &[],
    );
    assert_eq!(
        as_plugin_text(&self::report(&normal)),
        "OK: 0 critical, 0 warning, 0 unknown of 1 resource and 1 connection; Plant a live now | critical=0 \
         warning=0 unknown=0 maintenance=0 resources=1 alarms=0 age_a=0s"
    );
}

#[test]
fn a_report_on_one_connection_includes_resources_that_it_shares() {
    let mut shared = resource("em", "guid", Severity::Warning);
    shared.also_on = vec!["em-old".to_owned()];
    let complete = inventory(
        &[
            connection("em", Some(-1)),
            connection("em-old", Some(-2)),
            connection("a", Some(-400)),
        ],
        &[shared.clone(), resource("a", "news", Severity::Critical)],
        &[
            alarm(shared.key, Severity::Warning, "plan"),
            alarm(key("a", "news"), Severity::Critical, "news"),
        ],
    );
    for (id, state, all, alarms) in [
        ("em", State::Warning, 1, 1),
        ("em-old", State::Warning, 1, 1),
        ("a", State::Critical, 1, 1),
    ] {
        let report = Report::new(&complete, Some(id)).unwrap();
        assert_eq!(report.state, state, "{id}");
        assert_eq!((report.totals.all(), report.alarms.len()), (all, alarms));
        assert_eq!(report.sources.len(), 1);
    }
    assert_eq!(
        Report::new(&complete, Some("b")).unwrap_err(),
        "no connection has the id b; there are: em, em-old, a"
    );
    let none = inventory(&[], &[], &[]);
    let why = Report::new(&none, None).unwrap_err();
    assert_eq!(why, "no connection is configured");
}

#[test]
fn a_resource_counts_with_the_severity_of_its_alarm() {
    let flapping = resource("a", "news", Severity::Normal);
    let complete = inventory(
        &[connection("a", Some(-1))],
        std::slice::from_ref(&flapping),
        &[alarm(flapping.key.clone(), Severity::Warning, "news")],
    );
    let totals = report(&complete).totals;
    assert_eq!((totals.warning, totals.normal), (1, 0));
}

#[test]
fn a_vendors_text_cannot_control_the_terminal_or_forge_a_line() {
    let name = "news\u{1b}[2J\u{9b}1m | critical=0\nOK: all well\u{202e}";
    let complete = inventory(
        &[connection("a", Some(-1))],
        &[],
        &[alarm(key("a", "news"), Severity::Critical, name)],
    );
    let report = report(&complete);
    for text in [as_plugin_text(&report), as_json(&report)] {
        let harmful =
            |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
        assert!(!text.contains(harmful), "{text:?}");
    }
    let text = as_plugin_text(&report);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(text.matches('|').count(), 1, "{text}");
}

#[test]
fn json_holds_alarms_connections_and_totals() {
    let complete = inventory(
        &[connection("a", Some(-25)), connection("b", None)],
        &[
            resource("a", "news", Severity::Critical),
            resource("a", "well", Severity::Normal),
        ],
        &[alarm(key("a", "news"), Severity::Critical, "news")],
    );
    let value: serde_json::Value = serde_json::from_str(&as_json(&report(&complete))).unwrap();
    for (pointer, expected) in [
        ("/state", serde_json::json!("critical")),
        ("/exit_status", serde_json::json!(2)),
        ("/totals/resources", serde_json::json!(2)),
        ("/totals/critical", serde_json::json!(1)),
        ("/totals/stale", serde_json::json!(1)),
        ("/totals/normal", serde_json::json!(0)),
        ("/totals/maintenance", serde_json::json!(0)),
        ("/connections/0/id", serde_json::json!("a")),
        ("/connections/0/freshness", serde_json::json!("stale")),
        ("/connections/0/age_seconds", serde_json::json!(25)),
        ("/connections/1/freshness", serde_json::json!("no data")),
        ("/connections/1/age_seconds", serde_json::Value::Null),
        ("/alarms/0/name", serde_json::json!("news")),
        ("/alarms/0/severity", serde_json::json!("critical")),
        ("/alarms/0/lasts_seconds", serde_json::json!(90)),
        ("/alarms/0/last_known_seconds", serde_json::json!(25)),
    ] {
        assert_eq!(value.pointer(pointer), Some(&expected), "{pointer}");
    }
    let failed: serde_json::Value = serde_json::from_str(&failure_as_json("gone")).unwrap();
    let expected = serde_json::json!({"state": "unknown", "exit_status": 3, "error": "gone"});
    assert_eq!(failed, expected);
}

#[test]
fn a_hanging_resolver_does_not_delay_the_result() {
    let (resolver, hangs) = std::sync::mpsc::channel::<()>();
    let given_up = block_on(async {
        // Like a DNS lookup, which runs on a thread that waits for the operating system.
        let (begin, begun) = tokio::sync::oneshot::channel();
        let lookup = tokio::task::spawn_blocking(move || {
            begin.send(()).unwrap();
            hangs.recv_timeout(Duration::from_secs(20))
        });
        begun.await.unwrap();
        tokio::time::timeout(Duration::from_millis(50), lookup).await
    });
    assert!(given_up.unwrap().is_err());
    assert!(resolver.send(()).is_ok(), "it still hangs");
}
