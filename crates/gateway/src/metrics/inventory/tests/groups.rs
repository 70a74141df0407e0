//! Tests of the metrics of failover groups and slicer groups.

use super::*;
use crate::tests::metrics::promtool;
use health::alarms::{Maintenance, Scope};
use health::groups::{HeartbeatState, Members};
use health::inventory::{GroupFacts, HeartbeatFacts, SlicerGroupFacts};
use vendors::aveva::TimeSpan;
use vendors::uplynk::OnAir;

#[test]
fn a_failover_group_shows_its_primary_by_the_vendors_clock() {
    for (ahead, heartbeat, primary, expected) in [
        (0, Some(-42), Some("a"), Some(42.0)),
        // The vendor's clock, and so the heartbeat's time, is two minutes ahead.
        (120_000, Some(78), Some("a"), Some(42.0)),
        (-60_000, Some(-102), Some("a"), Some(42.0)),
        (0, Some(30), Some("a"), Some(0.0)),
        (i64::MAX, Some(-42), Some("a"), None),
        (0, None, Some("a"), None),
        // The heartbeat belongs to the pending primary.
        (0, Some(-42), None, None),
    ] {
        let mut plant = connection("plant-a", "aveva", Some(0));
        plant.vendor_ahead_ms = ahead;
        let mut one = group("plant-a", "k", Severity::Normal);
        one.facts = Facts::FailoverGroup(Box::new(GroupFacts {
            primary: primary.map(str::to_owned),
            heartbeat: Some(HeartbeatFacts {
                at: heartbeat.map(at),
                beat: HeartbeatState::OnTime,
            }),
            ..GroupFacts::default()
        }));
        let page = text(&inventory(vec![plant], vec![one], Vec::new()));
        let series =
            r#"failover_group_primary_age_seconds{connection="plant-a",id="k",name="Name of k"}"#;
        let found = value(&page, series);
        if ahead == i64::MAX {
            assert!(found.is_some(), "an extreme clock offset causes no failure");
        } else {
            assert_eq!(found, expected, "{ahead} {heartbeat:?} {primary:?}");
        }
    }
}

#[test]
fn a_failover_group_shows_its_sessions_its_timeout_and_its_data() {
    let mut plant = connection("plant-a", "aveva", Some(0));
    plant.vendor_ahead_ms = 10_000;
    let mut one = group("plant-a", "k", Severity::Normal);
    one.facts = Facts::FailoverGroup(Box::new(GroupFacts {
        members: Some(Members {
            primary: 1,
            pending: 2,
            standby: 3,
            stale: 4,
            unknown: 5,
        }),
        failover_timeout: Some(TimeSpan::from_seconds(60)),
        last_data: Some(at(0)),
        ..GroupFacts::default()
    }));
    let page = text(&inventory(vec![plant], vec![one], Vec::new()));
    let of = |name: &str, more: &str| {
        let labels = format!(r#"connection="plant-a",id="k",name="Name of k"{more}"#);
        value(&page, &format!("{name}{{{labels}}}"))
    };
    for (role, count) in [
        ("primary", 1.0),
        ("pending_primary", 2.0),
        ("secondary", 3.0),
        ("stale", 4.0),
        ("unknown", 5.0),
    ] {
        let role = format!(r#",role="{role}""#);
        assert_eq!(of("failover_group_sessions", &role), Some(count));
    }
    let timeout = of("failover_group_failover_timeout_seconds", "");
    assert_eq!(timeout, Some(60.0));
    let data = of("failover_group_last_data_timestamp_seconds", "");
    assert_eq!(data, Some(1_795_271_518.0));
    assert_eq!(of("failover_group_primary_age_seconds", ""), None);
}

#[test]
fn a_slicer_group_shows_slate_backups_and_its_last_failover() {
    for (on_air, slate) in [
        (Some(OnAir::Slate), Some(1.0)),
        (Some(OnAir::Slicer("news01".to_owned())), Some(0.0)),
        (None, None),
    ] {
        let mut one = resource(Kind::SlicerGroup, "live", "9", Severity::Normal);
        one.facts = Facts::SlicerGroup(Box::new(SlicerGroupFacts {
            on_air: on_air.clone(),
            backups_ready: Some(1),
            backups: Some(2),
            last_failover: Some(at(-60)),
            ..SlicerGroupFacts::default()
        }));
        let page = text(&inventory(
            vec![connection("live", "uplynk", Some(0))],
            vec![one],
            Vec::new(),
        ));
        let of = |name: &str| {
            let labels = r#"{connection="live",id="9",name="Name of 9"}"#;
            value(&page, &format!("slicer_group_{name}{labels}"))
        };
        assert_eq!(of("on_slate"), slate, "{on_air:?}");
        assert_eq!((of("backups_ready"), of("backups")), (Some(1.0), Some(2.0)));
        assert_eq!(of("last_failover_timestamp_seconds"), Some(1_795_271_468.0));
    }
}

#[test]
fn a_slicer_group_without_reported_slicers_has_no_backup_count() {
    let mut one = resource(Kind::SlicerGroup, "live", "9", Severity::Unknown);
    one.facts = Facts::SlicerGroup(Box::default());
    let connections = vec![connection("live", "uplynk", Some(0))];
    let page = text(&inventory(connections, vec![one], Vec::new()));
    for name in ["backups", "backups_ready"] {
        let series = format!(r#"slicer_group_{name}{{connection="live",id="9",name="Name of 9"}}"#);
        assert_eq!(value(&page, &series), None, "{page}");
    }
}

#[test]
fn promtool_accepts_all_metrics() {
    let mut first = group("plant-a", "k", Severity::Critical);
    first.facts = Facts::FailoverGroup(Box::new(GroupFacts {
        primary: Some("a".to_owned()),
        members: Some(Members::default()),
        failover_timeout: Some(TimeSpan::from_seconds(60)),
        last_data: Some(at(-3)),
        heartbeat: Some(HeartbeatFacts {
            at: Some(at(-3)),
            beat: HeartbeatState::OnTime,
        }),
        ..GroupFacts::default()
    }));
    let mut second = resource(Kind::SlicerGroup, "live", "9\"\\\n\u{0}é", Severity::Normal);
    second.facts = Facts::SlicerGroup(Box::new(SlicerGroupFacts {
        on_air: Some(OnAir::Slate),
        backups_ready: Some(0),
        backups: Some(2),
        last_failover: Some(at(-60)),
        ..SlicerGroupFacts::default()
    }));
    let open = alarm(first.key.clone(), Severity::Critical);
    let mut complete = inventory(
        vec![
            connection("plant-a", "aveva", Some(-1)),
            connection("live", "uplynk", Some(-100)),
            connection("em", "veeam", None),
        ],
        vec![first, second],
        vec![open],
    );
    complete.maintenance = Some(vec![Maintenance {
        id: "m".to_owned(),
        scope: Scope::Connection("live".to_owned()),
        from: NOW,
        until: at(60),
        reason: String::new(),
        by: String::new(),
    }]);
    let all = families(&complete, &HashSet::new(), NOW);
    let names = all.names();
    let page = all.text();
    for name in names {
        assert!(page.contains(&format!("\n{name}")), "{name} has no series");
    }
    if let Some((is_valid, output)) = promtool(&["check", "metrics"], &page) {
        assert!(is_valid && output.is_empty(), "{output}\n{page}");
    }
}
