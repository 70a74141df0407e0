//! Every field and every enum value of the gateway's responses survives a round trip through JSON.

use crate::*;
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::{
    Acknowledgement, Alarm, FlappingAlarm, FlappingSubject, Maintenance, Note, Scope, Since,
};
use health::events::EventKind;
use health::groups::{HeartbeatState, Members};
use health::inventory::{
    Facts, GroupFacts, HeartbeatFacts, Kind, Observed, Resource, ResourceKey, SessionFacts,
    SlicerFacts, SlicerGroupFacts, SlicerPart,
};
use health::verdict::Verdict;
use serde::Serialize;
use serde_json::json;
use std::fmt::Debug;
use vendors::aveva::TimeSpan;
use vendors::call::{Unreadable, VendorError};
use vendors::from_json::{FromJson, read};
use vendors::uplynk::{Mode, OnAir};
use vendors::{SystemKind, UnreadableField};

fn assert_round_trip<T: Serialize + FromJson + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_vec(value).expect("JSON");
    assert_eq!(read::<T>(&text).as_ref(), Ok(value));
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_271_528 + second, 7_000_000).expect("a time")
}

fn text(word: &str) -> Option<String> {
    Some(word.to_owned())
}

fn key(kind: Kind) -> ResourceKey {
    ResourceKey {
        kind,
        connection: "plant-a".to_owned(),
        id: "gruppe ä".to_owned(),
    }
}

fn resource(kind: Kind, observed: Observed, facts: Facts) -> Resource {
    let verdict = Verdict::new(
        Severity::Warning,
        "Heartbeat late",
        "It is late.".to_owned(),
    );
    Resource {
        key: key(kind),
        name: "A".to_owned(),
        verdict: verdict
            .advise("Look")
            .rank(Verdict::FIRST)
            .since(Some(at(0))),
        observed,
        failure: text("503"),
        unreadable: vec![UnreadableField {
            name: "state".to_owned(),
            raw: "\"?\"".to_owned(),
        }],
        also_on: vec!["plant-b".to_owned()],
        facts,
    }
}

fn resources() -> Vec<Resource> {
    let group = GroupFacts {
        description: text("d"),
        primary: text("p"),
        pending: text("q"),
        members: Some(Members {
            primary: 1,
            pending: 2,
            standby: 3,
            stale: 4,
            unknown: 5,
        }),
        failover_timeout: Some(TimeSpan::from_seconds(60)),
        last_data: Some(at(1)),
        heartbeat: Some(HeartbeatFacts {
            at: Some(at(2)),
            beat: HeartbeatState::OnTime,
        }),
        sessions: vec!["p".to_owned()],
        overridden: vec!["q".to_owned()],
        late: vec!["r".to_owned()],
        stale: vec!["s".to_owned()],
        ahead: vec!["t".to_owned()],
    };
    let slicer = |id: &str, part| SlicerFacts {
        id: id.to_owned(),
        part,
    };
    let slicers = SlicerGroupFacts {
        on_air: Some(OnAir::Slicer("a".to_owned())),
        on_air_state: text("Slicing"),
        on_air_not_eligible: true,
        mode: Some(Mode::Other("new".to_owned())),
        auto_failback: Some(true),
        slicers: vec![
            slicer("a", SlicerPart::OnAir),
            slicer("b", SlicerPart::Ready),
            slicer("c", SlicerPart::Unhealthy),
            slicer("d", SlicerPart::OutOfFailover),
            slicer("e", SlicerPart::Unknown),
        ],
        backups_ready: Some(1),
        backups: Some(3),
        channels: Some(vec![String::new()]),
        last_failover: Some(at(3)),
    };
    let session = SessionFacts {
        state: text("Working"),
        result: text("None"),
        started: Some(at(4)),
        ended: Some(at(5)),
        progress: Some(12.5),
        server: text("vbr"),
        message: text("m"),
    };
    vec![
        resource(Kind::Connection, Observed::Never, Facts::None),
        resource(
            Kind::FailoverGroup,
            Observed::At(at(6)),
            Facts::FailoverGroup(Box::new(group)),
        ),
        resource(
            Kind::SlicerGroup,
            Observed::WithConnection,
            Facts::SlicerGroup(Box::new(slicers)),
        ),
        resource(
            Kind::FailoverSession,
            Observed::WithConnection,
            Facts::FailoverSession(Box::new(session)),
        ),
    ]
}

fn maintenance(scope: Scope) -> Maintenance {
    Maintenance {
        id: "m1".to_owned(),
        scope,
        from: at(7),
        until: at(8),
        reason: "r".to_owned(),
        by: "ann".to_owned(),
    }
}

fn alarms() -> Vec<Alarm> {
    let scopes = [
        Scope::System(SystemKind::Uplynk),
        Scope::Connection("plant-a".to_owned()),
        Scope::Resource(key(Kind::SlicerGroup)),
    ];
    let alarm = |since, scope| Alarm {
        id: "a1".to_owned(),
        resource: key(Kind::FailoverGroup),
        name: "A".to_owned(),
        severity: Severity::Critical,
        rank: 1,
        word: "No primary".into(),
        sentence: "s".to_owned(),
        advice: "a".to_owned(),
        since,
        flapping: Some(FlappingAlarm {
            subject: FlappingSubject::Leader,
            changes: 3,
        }),
        acknowledged: Some(Acknowledgement {
            by: "ann".to_owned(),
            reason: "r".to_owned(),
            at: at(9),
            until: Some(at(10)),
            severity: Severity::Warning,
            word: "No standby".into(),
        }),
        notes: vec![Note {
            alarm: "a1".to_owned(),
            by: "bob".to_owned(),
            text: "t".to_owned(),
            at: at(11),
        }],
        maintenance: Some(maintenance(scope)),
    };
    let since = [
        Since::Reported(at(0)),
        Since::Observed(at(1)),
        Since::Reported(at(2)),
    ];
    since
        .into_iter()
        .zip(scopes)
        .map(|(since, scope)| alarm(since, scope))
        .collect()
}

#[test]
fn the_inventory() {
    let resources = resources();
    assert_round_trip(&Inventory {
        revision: "7".to_owned(),
        now: at(0),
        build: "b".to_owned(),
        whole: true,
        connections: Some(Vec::new()),
        times: resources.iter().filter_map(Resource::times).collect(),
        resources,
        removed: vec![key(Kind::FailoverSession)],
        activity: u64::MAX,
        alerts_fail: true,
        alarms: Some(alarms()),
        maintenance: Some(vec![maintenance(Scope::System(SystemKind::Veeam))]),
    });
    // Only the required fields.
    let minimal: Inventory =
        read(br#"{"revision":"7","now":1795271528007,"later":[]}"#).expect("an inventory");
    assert_eq!(
        (minimal.now, minimal.alarms, minimal.resources),
        (at(0), None, Vec::new())
    );
}

#[test]
fn the_activity() {
    for kind in ActivityKind::all() {
        assert_round_trip(&Activity {
            now: at(0),
            entries: vec![ActivityEntry {
                number: -1,
                at: at(1),
                kind,
                severity: Severity::Normal,
                what: "w".to_owned(),
                resource: Some(key(Kind::SlicerGroup)),
                name: "n".to_owned(),
                connection: "c".to_owned(),
                who: "ann".to_owned(),
                from: "::1".to_owned(),
                outcome: "done".to_owned(),
                why: "y".to_owned(),
                before: text("b"),
                after: text("a"),
                request: "r".to_owned(),
                operation_id: text("o"),
            }],
            older: text("9"),
            complete_since: Some(at(2)),
        });
    }
    assert!(ActivityKind::all().any(|kind| kind == ActivityKind::Event(EventKind::Failover)));
}

#[test]
fn read_failures() {
    let more = json!({"Errors": [{"x": [1, null, "é"]}]});
    assert_round_trip(&ReadFailure::Vendor(Box::new(VendorError {
        status: 503,
        message: "m".to_owned(),
        reason: text("r"),
        resolution: None,
        operation_id: text("o"),
        retry_after: Some(30),
        left_out: true,
        more: more.as_object().cloned().unwrap_or_default(),
    })));
    assert_round_trip(&ReadFailure::Unreadable(Unreadable {
        status: 200,
        problem: "p".to_owned(),
        excerpt: "<html>".to_owned(),
    }));
    assert_round_trip(&ReadFailure::Problem(Problem {
        kind: "/problems/timeout".to_owned(),
        title: "t".to_owned(),
        status: 504,
        detail: "d".to_owned(),
        instance: text("/relay"),
        request_id: None,
        retry_after: Some(5),
        carried_out: Some(false),
    }));
    assert_eq!(read(b"{}"), Ok(Problem::default()));
}

#[test]
fn sessions_walls_alerts_and_the_report() {
    assert_round_trip(&Session {
        user: "ann".to_owned(),
        role: "admin".to_owned(),
        demo: true,
        version: "1".to_owned(),
        can_sign_out: true,
        store_in_memory: true,
        read_seconds: 30,
    });
    assert_round_trip(&SignInMethods {
        password: false,
        provider: text("Plant"),
        roles_claim: text("roles"),
    });
    assert_round_trip(&MaintenanceList {
        now: at(0),
        maintenance: vec![maintenance(Scope::Connection("c".to_owned()))],
    });
    assert_round_trip(&Walls {
        walls: vec![Wall {
            id: "w".to_owned(),
            name: "Hall".to_owned(),
            paired_by: "ann".to_owned(),
            paired_at: text("2026-01-15T14:32:08Z"),
            last_seen: None,
            address: text("::1"),
        }],
        kept: "store".to_owned(),
    });
    assert_round_trip(&AlertTargets {
        now: at(0),
        rules: 2,
        targets: vec![AlertTargetState {
            id: "t".to_owned(),
            kind: "mail".to_owned(),
            delivered_at: Some(at(1)),
            failed_at: Some(at(2)),
            failure: text("f"),
            waiting: 3,
            undelivered: vec![UndeliveredAlert {
                at: at(3),
                name: "A".to_owned(),
                failure: "f".to_owned(),
            }],
        }],
    });
    assert_round_trip(&Report {
        from: at(0),
        to: at(1),
        groups: vec![GroupReport {
            resource: key(Kind::FailoverGroup),
            name: "A".to_owned(),
            failovers: 1,
            without_ms: 2,
            longest_ms: 3,
            recoveries: 4,
            mean_recovery_ms: Some(5),
            unknown_ms: 6,
        }],
        plans: vec![PlanReport {
            connection: "em".to_owned(),
            plan: "P".to_owned(),
            runs: 1,
            failed: 2,
            warnings: 3,
        }],
    });
}

#[test]
fn every_enum_value() {
    Severity::ALL.iter().for_each(assert_round_trip);
    SystemKind::ALL.iter().for_each(assert_round_trip);
    [
        HeartbeatState::Never,
        HeartbeatState::OnTime,
        HeartbeatState::Late,
        HeartbeatState::Stale,
        HeartbeatState::Future,
    ]
    .iter()
    .for_each(assert_round_trip);
    [Mode::Prioritized, Mode::Flat]
        .iter()
        .for_each(assert_round_trip);
    assert_round_trip(&OnAir::Slate);
}

#[test]
fn an_error_names_the_field() {
    for (answer, words) in [
        ("[]", "expected an object, found a list"),
        (
            r#"{"revision":"7"}"#,
            "now: expected a time in milliseconds, found nothing",
        ),
        (
            r#"{"revision":7,"now":1}"#,
            "revision: expected a text, found a number",
        ),
        (
            r#"{"revision":"7","now":1,"times":{}}"#,
            "times: expected a list, found an object",
        ),
        (
            r#"{"revision":"7","now":1,"alarms":[{"id":"a","resource":{"kind":"new"}}]}"#,
            "alarms: [0]: resource: kind: expected a known value, found a text",
        ),
        (
            r#"{"revision":"7","now":1,"maintenance":[{"id":"m","scope":{"all":1}}]}"#,
            "maintenance: [0]: scope: expected a known value, found an object",
        ),
        (
            r#"{"revision":"7","now":1,"activity":-1}"#,
            "activity: expected a whole number, found a number",
        ),
        (
            r#"{"revision":"7","now":1e300}"#,
            "now: expected a time in milliseconds, found a number",
        ),
    ] {
        let wrong = read::<Inventory>(answer.as_bytes())
            .expect_err(answer)
            .to_string();
        assert!(wrong.ends_with(words), "{answer}: {wrong}");
    }
}
