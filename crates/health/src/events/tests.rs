use super::{EventKind, LastLeader, appeared, between, gone, of_alarms, read_again};
use crate::alarms::{Alarm, Changes, Since};
use crate::inventory::{
    Facts, GroupFacts, Judged, Kind, Moment, Observed, Reading, Resource, ResourceKey,
    SessionFacts, SlicerFacts, SlicerGroupFacts, SlicerPart,
};
use crate::severity::Severity;
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::collections::HashSet;
use vendors::aveva::TimeSpan;
use vendors::uplynk::{Mode, OnAir};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("in range")
}

/// The vendor's clock is 30 s ahead.
fn moment() -> Moment {
    Moment {
        now: at(1_000),
        vendor_ahead: TimeDelta::seconds(30),
        observed_at: Some(at(1_000)),
        recent: TimeDelta::days(1),
    }
}

fn resource(facts: Facts) -> Resource {
    let key = ResourceKey {
        kind: match &facts {
            Facts::SlicerGroup(_) => Kind::SlicerGroup,
            Facts::FailoverSession(_) => Kind::FailoverSession,
            _ => Kind::FailoverGroup,
        },
        connection: "c".to_owned(),
        id: "g".to_owned(),
    };
    let verdict = Verdict::new(Severity::Normal, "Normal", String::new());
    Resource::new(key, "G".to_owned(), verdict, facts)
}

fn judged(facts: Facts) -> Judged {
    Judged {
        resource: resource(facts),
        observed_at: Some(at(1_000)),
    }
}

fn group(primary: &str, pending: &str, sessions: &[&str], overridden: &[&str]) -> Facts {
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let named = |id: &str| (!id.is_empty()).then(|| id.to_owned());
    Facts::FailoverGroup(Box::new(GroupFacts {
        primary: named(primary),
        pending: named(pending),
        members: Some(Default::default()),
        sessions: owned(sessions),
        overridden: owned(overridden),
        failover_timeout: Some(TimeSpan::from_seconds(60)),
        ..GroupFacts::default()
    }))
}

/// A group of `a` and `b` with these late and stale heartbeats.
fn beating(late: &[&str], stale: &[&str]) -> Facts {
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let mut facts = group("a", "", &["a", "b"], &[]);
    if let Facts::FailoverGroup(facts) = &mut facts {
        (facts.late, facts.stale) = (owned(late), owned(stale));
    }
    facts
}

/// The sentences of the events, sorted.
fn sentences(before: Facts, after: Facts) -> Vec<String> {
    let events = between(&judged(before), &judged(after), &moment());
    let mut sentences: Vec<String> = events.into_iter().map(|event| event.what).collect();
    sentences.sort();
    sentences
}

#[test]
fn changes_of_a_failover_group_are_events() {
    let both = &["a", "b"];
    for (before, after, expected) in [
        (group("a", "", both, &[]), group("a", "", both, &[]), vec![]),
        (
            group("a", "", both, &[]),
            group("b", "", both, &[]),
            vec!["The primary changed from a to b."],
        ),
        (
            group("a", "", both, &[]),
            group("", "b", both, &[]),
            vec![
                "Session a is no longer primary. No session is primary.",
                "Session b was chosen as primary and has to confirm.",
            ],
        ),
        (
            group("", "b", both, &[]),
            group("b", "", both, &[]),
            vec!["Session b became primary. Before, no session was primary."],
        ),
        (
            group("a", "b", both, &[]),
            group("a", "", both, &[]),
            vec!["Session b was chosen as primary and did not become it."],
        ),
        (
            group("a", "", &["a"], &[]),
            group("a", "", &["b"], &[]),
            vec!["Session a left.", "Session b appeared."],
        ),
        (
            beating(&[], &[]),
            beating(&["a"], &["b"]),
            vec![
                "Session a is late: its heartbeat is overdue.",
                "Session b is silent: no heartbeat within the failover timeout.",
            ],
        ),
        (
            beating(&["a"], &["b"]),
            beating(&[], &["a"]),
            vec![
                "Session a is silent: no heartbeat within the failover timeout.",
                "Session b posts heartbeats on time again.",
            ],
        ),
        (
            beating(&[], &["a", "b"]),
            beating(&["a"], &["b"]),
            vec!["Session a posts heartbeats again, late."],
        ),
        // A session that left or appeared has no heartbeat event.
        (
            beating(&["b"], &[]),
            group("a", "", &["a"], &[]),
            vec!["Session b left."],
        ),
        (
            group("a", "", &["a"], &[]),
            beating(&[], &["b"]),
            vec!["Session b appeared."],
        ),
        (
            group("a", "", both, &["a"]),
            group("a", "", both, &["b"]),
            vec![
                "A role override makes b primary.",
                "The role override of a ended.",
            ],
        ),
    ] {
        assert_eq!(sentences(before, after), expected);
    }
}

#[test]
fn heartbeats_are_on_time_only_if_a_timeout_and_a_time_were_read() {
    let changed = |mut facts: Facts, change: fn(&mut GroupFacts)| {
        if let Facts::FailoverGroup(facts) = &mut facts {
            change(facts);
        }
        facts
    };
    let without_timeout = |timeout| {
        let facts = changed(beating(&[], &[]), |facts| facts.failover_timeout = None);
        sentences(timeout, facts)
    };
    let of_heartbeats = |sentences: Vec<String>| {
        let mut sentences = sentences.into_iter();
        sentences.find(|what| what.contains("heartbeat"))
    };
    assert_eq!(
        of_heartbeats(without_timeout(beating(&["a"], &["b"]))),
        None
    );
    let zero = changed(beating(&[], &[]), |facts| {
        facts.failover_timeout = Some(TimeSpan::from_seconds(0));
    });
    assert_eq!(of_heartbeats(sentences(beating(&[], &["b"]), zero)), None);
    let ahead = || {
        changed(beating(&[], &[]), |facts| {
            facts.ahead = vec!["b".to_owned()];
        })
    };
    assert_eq!(
        sentences(beating(&[], &["b"]), ahead()),
        ["Session b posts heartbeats with a time in the future."]
    );
    // No event: otherwise a clock at the tolerated limit would cause one event after another.
    assert_eq!(sentences(ahead(), beating(&[], &[])), [""; 0]);
}

fn slicers(on_air: Option<OnAir>, order: &[(&str, SlicerPart)]) -> SlicerGroupFacts {
    SlicerGroupFacts {
        on_air,
        slicers: order
            .iter()
            .map(|(id, part)| SlicerFacts {
                id: (*id).to_owned(),
                part: *part,
            })
            .collect(),
        backups: Some(order.len()),
        ..SlicerGroupFacts::default()
    }
}

fn on(id: &str) -> Option<OnAir> {
    Some(OnAir::Slicer(id.to_owned()))
}

#[test]
fn changes_of_a_slicer_group_are_events() {
    use SlicerPart::{OnAir as Air, OutOfFailover, Ready, Unhealthy};
    let unchanged = slicers(on("a"), &[("a", Air), ("b", Ready), ("c", Ready)]);
    for (after, expected) in [
        (unchanged.clone(), vec![]),
        (
            slicers(on("b"), &[("a", Unhealthy), ("b", Air), ("c", Ready)]),
            vec!["On air changed from a to b.", "Slicer a became unhealthy."],
        ),
        (
            slicers(
                Some(OnAir::Slate),
                &[("a", Ready), ("b", OutOfFailover), ("c", Ready)],
            ),
            vec![
                "On air changed from a to slate.",
                "Slicer b is no longer eligible for failover.",
            ],
        ),
        (
            slicers(on("a"), &[("a", Air), ("c", Ready), ("b", Ready)]),
            vec!["The order of the slicers changed."],
        ),
        (
            slicers(on("a"), &[("d", Ready), ("a", Air), ("c", Ready)]),
            vec!["Slicer b left.", "Slicer d appeared."],
        ),
        (
            SlicerGroupFacts {
                mode: Some(Mode::Flat),
                auto_failback: Some(true),
                ..unchanged.clone()
            },
            vec!["Auto failback changed.", "The failover mode changed."],
        ),
        (
            slicers(None, &[("a", Ready), ("b", Ready), ("c", Ready)]),
            vec!["What is on air is no longer reported; it was a."],
        ),
        // The slicers are not reported.
        (
            SlicerGroupFacts {
                backups: None,
                ..slicers(on("a"), &[])
            },
            vec![],
        ),
    ] {
        let of = |facts: &SlicerGroupFacts| Facts::SlicerGroup(Box::new(facts.clone()));
        assert_eq!(sentences(of(&unchanged), of(&after)), expected);
    }
}

#[test]
fn eligibility_changes_when_it_changes_and_not_when_the_slicer_goes_on_or_off_air() {
    use SlicerPart::{OnAir as Air, OutOfFailover, Ready};
    let on_air = |on_air_not_eligible| SlicerGroupFacts {
        on_air_not_eligible,
        ..slicers(on("a"), &[("a", Air)])
    };
    let off_air = |part| slicers(None, &[("a", part)]);
    let (lost, again) = (
        Some("Slicer a is no longer eligible for failover."),
        Some("Slicer a is eligible for failover again."),
    );
    for (before, after, expected) in [
        (on_air(false), on_air(true), lost),
        (on_air(true), on_air(false), again),
        (on_air(true), off_air(OutOfFailover), None),
        (off_air(OutOfFailover), on_air(true), None),
        (off_air(OutOfFailover), on_air(false), again),
        (on_air(false), off_air(OutOfFailover), lost),
        (on_air(false), off_air(Ready), None),
    ] {
        let of = |facts: &SlicerGroupFacts| Facts::SlicerGroup(Box::new(facts.clone()));
        let found = sentences(of(&before), of(&after));
        let of_eligibility = found.iter().find(|what| what.starts_with("Slicer"));
        assert_eq!(of_eligibility.map(String::as_str), expected, "{after:?}");
    }
}

#[test]
fn an_unreported_slicer_on_air_is_no_failover() {
    let of = |on_air| {
        let mut judged = judged(Facts::SlicerGroup(Box::new(slicers(on_air, &[]))));
        judged.resource.verdict.severity = Severity::Unknown;
        judged
    };
    let named = |id: &str| Some(id.to_owned());
    for (before, after, what, leaders) in [
        (
            on("a"),
            None,
            "What is on air is no longer reported; it was a.",
            (named("a"), None),
        ),
        (
            None,
            Some(OnAir::Slate),
            "What is on air is reported: slate.",
            (None, named("slate")),
        ),
    ] {
        let events = between(&of(before), &of(after), &moment());
        assert_eq!(events.len(), 1);
        let event = events.into_iter().next().expect("one");
        assert_eq!(
            (event.what.as_str(), event.severity),
            (what, Severity::Unknown)
        );
        assert_eq!((event.before, event.after), leaders);
    }
}

fn alarm(severity: Severity) -> Alarm {
    Alarm {
        id: "1".to_owned(),
        resource: resource(Facts::None).key,
        name: "G".to_owned(),
        severity,
        rank: Verdict::RULE,
        word: "No backup".into(),
        sentence: "G is not well.".to_owned(),
        advice: String::new(),
        since: Since::Observed(at(940)),
        flapping: None,
        acknowledged: None,
        notes: Vec::new(),
        maintenance: None,
    }
}

#[test]
fn alarms_that_begin_worsen_and_end_are_events() {
    let changes = Changes {
        began: vec![alarm(Severity::Warning)],
        worsened: vec![alarm(Severity::Critical)],
        ended: vec![alarm(Severity::Critical)],
        unwatched: vec![alarm(Severity::Warning)],
    };
    let events = of_alarms(&changes, |_| false, at(1_000));
    let sentences: Vec<_> = events
        .iter()
        .map(|one| (one.what.as_str(), one.severity))
        .collect();
    assert_eq!(
        sentences,
        [
            ("Alarm: G is not well.", Severity::Warning),
            ("Alarm, now critical: G is not well.", Severity::Critical),
            ("Alarm ended after 1 min: G is not well.", Severity::Normal),
            ("Alarm no longer watched: G is not well.", Severity::Off),
        ]
    );
}

#[test]
fn a_members_fault_is_at_least_a_warning_and_its_recovery_is_normal() {
    use SlicerPart::{OnAir as Air, OutOfFailover, Ready, Unhealthy};
    let with_b = |part| {
        let facts = slicers(on("a"), &[("a", Air), ("b", part)]);
        Facts::SlicerGroup(Box::new(facts))
    };
    use Severity::{Critical, Normal, Warning};
    // The severities if the group is normal and if it is critical afterwards.
    for (before, after, expected) in [
        (with_b(Ready), with_b(Unhealthy), [Warning, Critical]),
        (with_b(Unhealthy), with_b(Ready), [Normal, Normal]),
        (with_b(OutOfFailover), with_b(Ready), [Normal, Normal]),
        (with_b(Ready), with_b(OutOfFailover), [Normal, Critical]),
        (beating(&[], &[]), beating(&["b"], &[]), [Warning, Critical]),
        (
            beating(&["b"], &[]),
            beating(&[], &["b"]),
            [Warning, Critical],
        ),
        (beating(&["b"], &[]), beating(&[], &[]), [Normal, Normal]),
        // Not a recovery yet.
        (
            beating(&[], &["b"]),
            beating(&["b"], &[]),
            [Normal, Critical],
        ),
    ] {
        let severity_in = |severity| {
            let mut after = judged(after.clone());
            after.resource.verdict.severity = severity;
            let events = between(&judged(before.clone()), &after, &moment());
            let severities: Vec<Severity> = events.iter().map(|event| event.severity).collect();
            severities
        };
        let found = [Normal, Critical].map(severity_in).concat();
        assert_eq!(found, expected, "{after:?}");
    }
}

#[test]
fn a_slicer_failover_has_the_vendors_time() {
    let of = |on_air: &str, last: Option<i64>| {
        Facts::SlicerGroup(Box::new(SlicerGroupFacts {
            last_failover: last.map(at),
            ..slicers(on(on_air), &[])
        }))
    };
    for (before, after, expected) in [
        // By the gateway's clock.
        (Some(500), Some(1_020), 990),
        // The vendor's time is unchanged, or in the future.
        (Some(500), Some(500), 1_000),
        (Some(500), Some(1_040), 1_000),
        (None, None, 1_000),
    ] {
        let events = between(&judged(of("a", before)), &judged(of("b", after)), &moment());
        assert_eq!(events[0].kind, EventKind::Failover);
        assert_eq!(events[0].severity, Severity::Warning);
        assert_eq!(events[0].at, at(expected), "{after:?}");
    }
}

#[test]
fn a_failover_and_failback_between_readings_shows_in_the_vendors_time() {
    let of = |on_air: Option<OnAir>, last: Option<i64>| {
        let facts = SlicerGroupFacts {
            last_failover: last.map(at),
            ..slicers(on_air, &[])
        };
        // The vendor's clock is 30 s ahead.
        Judged {
            observed_at: Some(at(800)),
            ..judged(Facts::SlicerGroup(Box::new(facts)))
        }
    };
    for (before, after, expected) in [
        (Some(500), Some(1_020), Some(990)),
        (Some(500), Some(500), None),
        // A clock that was set back, and a time that is no longer reported.
        (Some(500), Some(400), None),
        (Some(500), None, None),
        // The first failover, and an old one that is reported for the first time.
        (None, Some(1_020), Some(990)),
        (None, Some(820), None),
        (Some(500), Some(1_040), Some(800)),
    ] {
        for on_air in [on("a"), Some(OnAir::Slate)] {
            let events = between(
                &of(on_air.clone(), before),
                &of(on_air.clone(), after),
                &moment(),
            );
            let sentences: Vec<_> = events.iter().map(|event| event.at).collect();
            let expected: Vec<_> = expected.into_iter().map(at).collect();
            assert_eq!(sentences, expected, "{before:?} {after:?}");
            for event in events {
                assert_eq!(event.kind, EventKind::Failover);
                assert_eq!(event.before, event.after);
                assert!(event.what.starts_with("It failed over and back: "));
            }
        }
        assert_eq!(between(&of(None, before), &of(None, after), &moment()), []);
    }
}

#[test]
fn the_last_leader_before_a_restart_is_compared_with_the_first_reading() {
    let slicers = |on_air, last_failover: i64| {
        Facts::SlicerGroup(Box::new(SlicerGroupFacts {
            last_failover: Some(at(last_failover)),
            ..slicers(on_air, &[])
        }))
    };
    let changed = |before: Facts, after: Facts| {
        let last = LastLeader::of(&resource(before))?;
        let saved = serde_json::to_string(&last).ok()?;
        let last: LastLeader = serde_json::from_str(&saved).ok()?;
        let events = last.changes_until(&judged(after), &moment());
        Some(events.into_iter().map(|one| one.what).collect::<Vec<_>>())
    };
    let of = |primary| group(primary, "", &["a", "b"], &[]);
    let slate = || Some(OnAir::Slate);
    for (before, after, expected) in [
        // Other changes are not known.
        (of("a"), group("a", "b", &["a", "c"], &["a"]), vec![]),
        (of("a"), of("b"), vec!["The primary changed from a to b."]),
        (
            of(""),
            of("b"),
            vec!["Session b became primary. Before, no session was primary."],
        ),
        (
            slicers(on("a"), 500),
            slicers(slate(), 800),
            vec!["On air changed from a to slate."],
        ),
        (
            slicers(slate(), 500),
            slicers(on("a"), 800),
            vec!["On air changed from slate to a."],
        ),
        (
            slicers(on("a"), 500),
            slicers(on("a"), 800),
            vec!["It failed over and back: a is on air again."],
        ),
        (slicers(on("a"), 500), slicers(on("a"), 500), vec![]),
        (
            slicers(None, 500),
            slicers(on("a"), 500),
            vec!["What is on air is reported: a."],
        ),
    ] {
        let found = changed(before.clone(), after.clone());
        let found: Vec<&str> = found.iter().flatten().map(String::as_str).collect();
        assert_eq!(found, expected, "{before:?} {after:?}");
    }
    // A group whose sessions were not read has no last leader.
    assert_eq!(changed(Facts::None, of("a")), None);
    let unread = Facts::FailoverGroup(Box::default());
    assert_eq!(changed(unread, of("a")), None);
}

/// A run with times by the vendor's clock.
fn run(started: i64, ended: Option<i64>, state: &str, result: &str) -> Judged {
    judged(Facts::FailoverSession(Box::new(SessionFacts {
        started: Some(at(started)),
        ended: ended.map(at),
        state: Some(state.to_owned()),
        result: Some(result.to_owned()),
        ..SessionFacts::default()
    })))
}

#[test]
fn a_run_ends_once_and_not_while_its_state_is_running() {
    let ends = |before: &Judged, after: &Judged| !between(before, after, &moment()).is_empty();
    for (before, after, expected) in [
        ((None, "Working"), (None, "Working"), false),
        ((None, "Working"), (Some(1_000), "Stopped"), true),
        ((None, "Working"), (None, "Stopped"), true),
        ((Some(1_000), "Stopped"), (Some(1_000), "Stopped"), false),
        ((None, "Stopped"), (Some(1_000), "Stopped"), false),
        ((None, "Working"), (Some(1_000), "Working"), false),
        ((Some(1_000), "Stopping"), (Some(1_000), "Stopped"), true),
        // An unknown state.
        ((None, "New"), (Some(1_000), "New"), true),
    ] {
        let of = |(ended, state): (Option<i64>, &str)| run(900, ended, state, "None");
        assert_eq!(
            ends(&of(before), &of(after)),
            expected,
            "{before:?} {after:?}"
        );
    }
}

#[test]
fn a_run_that_is_listed_late_has_events_from_its_start() {
    let started = ("The failover started.", at(-29_100));
    let ended = ("The failover ended: Failed.", at(870));
    for (judged, expected) in [
        (run(-29_070, None, "Working", "None"), vec![started]),
        (
            run(-29_070, Some(900), "Stopped", "Failed"),
            vec![started, ended],
        ),
    ] {
        let events = appeared(&judged, &moment());
        let sentences = events.iter().map(|event| (event.what.as_str(), event.at));
        assert_eq!(sentences.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn the_end_of_a_run_has_the_severity_of_its_result() {
    for (result, expected) in [
        ("Failed", Severity::Critical),
        ("Warning", Severity::Warning),
        ("Success", Severity::Normal),
        ("None", Severity::Unknown),
        ("Cancelled", Severity::Unknown),
    ] {
        for judged_as in [Severity::Normal, Severity::Moving, Severity::Critical] {
            let mut after = run(900, Some(1_000), "Stopped", result);
            after.resource.verdict.severity = judged_as;
            let before = run(900, None, "Working", "None");
            let of_end = between(&before, &after, &moment())[0].severity;
            let of_late = appeared(&after, &moment())[1].severity;
            assert_eq!((of_end, of_late), (expected, expected), "{result}");
        }
    }
}

/// The time is 1,000. Up to 1.5 s the vendor's clock counts as the same.
#[test]
fn no_run_starts_or_ends_in_the_future_and_none_ends_before_it_starts() {
    for (ahead, started, ended, expected) in [
        (30_000, 900, 1_000, [870, 970]),
        (30_000, 900, 2_000, [870, 1_000]),
        (30_000, 2_000, 3_000, [1_000, 1_000]),
        (30_000, 900, 500, [870, 870]),
        (30_000, 2_000, 500, [1_000, 1_000]),
        (1_500, 900, 950, [900, 950]),
        (-1_500, 900, 1_001, [900, 1_000]),
    ] {
        let moment = Moment {
            vendor_ahead: TimeDelta::milliseconds(ahead),
            ..moment()
        };
        let events = appeared(&run(started, Some(ended), "Stopped", "Success"), &moment);
        let sentences: Vec<_> = events.iter().map(|event| event.at).collect();
        assert_eq!(sentences, expected.map(at), "{started} {ended}");
    }
}

#[test]
fn a_group_that_is_readable_again_records_its_last_reading() {
    let reading = Reading {
        observed_at: Some(at(995)),
        interval: TimeDelta::seconds(5),
    };
    let of = |observed| {
        let mut one = judged(group("a", "", &["a"], &[]));
        one.resource.observed = observed;
        one
    };
    let failed = |observed| {
        let mut one = of(observed);
        one.resource.failure = Some("500".to_owned());
        one
    };
    let (now, never) = (Observed::WithConnection, Observed::Never);
    let before = |second| Observed::At(at(second));
    for (was, is, last, since) in [
        (before(900), now, 990, Some(900)),
        (before(900), before(985), 990, Some(900)),
        // Not stale before the connection itself fell silent.
        (before(900), now, 915, None),
        (before(900), before(900), 990, None),
        (before(900), never, 990, None),
        (now, now, 500, None),
        (never, now, 990, None),
    ] {
        let event = read_again(&failed(was), &of(is), at(last), &reading);
        let sentences = event.as_ref().and_then(|event| event.before.clone());
        let expected = since.map(|second| {
            let time = at(second).to_rfc3339();
            time.replace("+00:00", ".000Z")
        });
        assert_eq!(sentences, expected, "{was:?} {is:?} {last}");
    }
    // It was merely read late after its connection answered again.
    let late = read_again(&of(before(900)), &of(now), at(990), &reading);
    assert_eq!(late, None);
    let event = read_again(&failed(before(900)), &of(now), at(990), &reading).expect("it was");
    assert_eq!(
        (event.kind, event.at, event.what.as_str()),
        (
            EventKind::Resource,
            at(1_000),
            "It could not be read for 1 min 40 s. Changes in that time were not observed."
        )
    );
}

#[test]
fn alarms_of_silent_connections_record_the_last_reading() {
    let of = |kind, severity| Alarm {
        resource: ResourceKey {
            kind,
            ..resource(Facts::None).key
        },
        ..alarm(severity)
    };
    let silence = |severity| of(Kind::Connection, severity);
    let changes = Changes {
        began: vec![
            silence(Severity::Unknown),
            of(Kind::FailoverGroup, Severity::Critical),
        ],
        worsened: vec![silence(Severity::Critical)],
        ended: vec![silence(Severity::Critical)],
        ..Changes::default()
    };
    let mut events = of_alarms(&changes, |_| false, at(1_000));
    events.retain(|event| event.before.is_some());
    let sentences = events.iter().map(|event| {
        let of = event.resource.as_ref().map(|key| key.kind);
        (of, event.severity, event.before.as_deref(), event.at)
    });
    let since = Some("1970-01-01T00:15:40.000Z");
    let silent = Some(Kind::Connection);
    assert_eq!(
        sentences.collect::<Vec<_>>(),
        [
            (silent, Severity::Unknown, since, at(1_000)),
            (silent, Severity::Critical, since, at(1_000)),
        ]
    );
}

#[test]
fn a_resource_that_was_never_read_has_no_events() {
    let unread = Judged {
        resource: Resource {
            observed: Observed::Never,
            ..resource(group("", "", &[], &[]))
        },
        observed_at: None,
    };
    let now = judged(group("a", "", &["a"], &[]));
    assert_eq!(between(&unread, &now, &moment()), []);
    let listed = judged(Facts::FailoverGroup(Box::default()));
    assert_eq!(between(&listed, &now, &moment()), []);
}

#[test]
fn groups_that_disappear_are_events_and_aged_sessions_are_not() {
    let event_of = |facts| gone(&resource(facts), at(5)).map(|event| (event.what, event.severity));
    let left = ("It is no longer listed.".to_owned(), Severity::Unknown);
    assert_eq!(event_of(group("a", "", &[], &[])), Some(left));
    assert_eq!(event_of(Facts::FailoverSession(Box::default())), None);
}

proptest! {
    /// For any readings, the events lead from the first leader to the last one.
    #[test]
    fn consecutive_failovers_form_a_chain_of_leaders(
        steps in prop::collection::vec("[abc]?", 1..8),
    ) {
        let mut leader = Some("x".to_owned());
        let mut before = group("x", "", &[], &[]);
        for step in &steps {
            let after = group(step, "", &[], &[]);
            let events = between(&judged(before), &judged(after.clone()), &moment());
            prop_assert!(events.len() <= 1);
            for event in events {
                prop_assert_eq!(event.before, leader);
                leader = event.after;
            }
            before = after;
        }
        let last = steps.last().filter(|step| !step.is_empty());
        prop_assert_eq!(leader.as_ref(), last);
    }
}

#[test]
fn every_kind_has_its_own_key() {
    let keys: HashSet<&str> = EventKind::ALL.map(EventKind::key).into();
    assert_eq!(keys.len(), 12);
    for kind in EventKind::ALL {
        let json = serde_json::to_string(&kind).expect("a word");
        assert_eq!(json, format!("\"{}\"", kind.key()));
    }
}

/// A quadratic comparison would take minutes.
#[test]
fn large_groups_are_compared_quickly() {
    use SlicerPart::{OnAir as Air, Ready, Unhealthy};
    let ids: Vec<String> = (0..100_000).map(|number| format!("{number:06}")).collect();
    let mut order: Vec<(&str, SlicerPart)> = ids.iter().map(|id| (id.as_str(), Ready)).collect();
    order[0].1 = Air;
    let before = slicers(on(&ids[0]), &order);
    order[99_999].1 = Unhealthy;
    let after = slicers(on(&ids[0]), &order);
    let sentences_between = |before: &SlicerGroupFacts, after: &SlicerGroupFacts| {
        sentences(
            Facts::SlicerGroup(Box::new(before.clone())),
            Facts::SlicerGroup(Box::new(after.clone())),
        )
    };
    assert_eq!(
        sentences_between(&before, &after),
        ["Slicer 099999 became unhealthy."]
    );
    order.swap(1, 2);
    let turned = slicers(on(&ids[0]), &order);
    assert_eq!(
        sentences_between(&after, &turned),
        ["The order of the slicers changed."]
    );
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let overridden = |of: &[&str]| group("a", "", &["a"], of);
    assert_eq!(
        sentences(overridden(&ids), overridden(&ids[1..])),
        ["The role override of 000000 ended."]
    );
}
