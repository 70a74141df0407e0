//! When alarms begin and end, and which changes belong to one alarm.

use super::{Alarm, AlarmHistory, Changes, Since, Source};
use crate::groups::fixtures::judge_complete;
use crate::inventory::{
    Facts, GroupFacts, Judged, Kind, Observed, Reading, Resource, ResourceKey, SlicerGroupFacts,
    outlasts_silence,
};
use crate::severity::Severity::{self, Critical, Moving, Normal, Off, Unknown, Warning};
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::collections::BTreeSet;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Heartbeat, Role, TimeSpan};
use vendors::uplynk::OnAir;

const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

fn at(seconds: i64) -> DateTime<Utc> {
    NOW + TimeDelta::seconds(seconds)
}

fn verdict(severity: Severity) -> Verdict {
    Verdict::new(
        severity,
        severity.key(),
        format!("Kiln 2 is {}.", severity.key()),
    )
}

fn key(id: &str) -> ResourceKey {
    ResourceKey {
        kind: Kind::FailoverGroup,
        connection: "plant-a".to_owned(),
        id: id.to_owned(),
    }
}

fn judged(id: &str, verdict: Verdict, leader: Option<&str>, read: Option<DateTime<Utc>>) -> Judged {
    let facts = GroupFacts {
        primary: leader.map(str::to_owned),
        ..GroupFacts::default()
    };
    Judged {
        resource: Resource {
            observed: read.map_or(Observed::Never, Observed::At),
            ..Resource::new(
                key(id),
                "Kiln 2".to_owned(),
                verdict,
                Facts::FailoverGroup(Box::new(facts)),
            )
        },
        observed_at: read,
    }
}

pub(super) fn source(observed_at: Option<DateTime<Utc>>) -> Source {
    Source {
        id: "plant-a".to_owned(),
        title: "Plant A".to_owned(),
        reading: Reading {
            observed_at,
            interval: TimeDelta::seconds(5),
        },
        vendor_ahead: TimeDelta::zero(),
        failure: None,
        held: 1,
        noun: "groups",
    }
}

/// One connection with one group.
#[derive(Default)]
struct World {
    history: AlarmHistory,
}

impl World {
    /// Updates with a successful reading of the group.
    fn read(&mut self, seconds: i64, verdict: Verdict, leader: Option<&str>) -> Changes {
        let now = at(seconds);
        let group = judged("kiln", verdict, leader, Some(now));
        self.history.update(&[source(Some(now))], &[group], now)
    }

    /// Updates while the last successful reading is from `read`.
    fn silence(&mut self, seconds: i64, read: i64, verdict: Verdict) -> Changes {
        let group = judged("kiln", verdict, None, Some(at(read)));
        let source = source(Some(at(read)));
        self.history.update(&[source], &[group], at(seconds))
    }

    fn alarm(&self) -> Option<Alarm> {
        let alarms = self.history.alarms();
        alarms.into_iter().find(|a| a.resource == key("kiln"))
    }
}

/// A world after these readings: seconds, severity, leader.
fn after_readings(readings: &[(i64, Severity, Option<&str>)]) -> World {
    let mut world = World::default();
    for (seconds, severity, leader) in readings {
        world.read(*seconds, verdict(*severity), *leader);
    }
    world
}

#[test]
fn only_critical_warning_and_unknown_states_are_alarms() {
    for (severity, expected) in [
        (Critical, true),
        (Warning, true),
        (Unknown, true),
        (Moving, false),
        (Normal, false),
        (Off, false),
    ] {
        let alarm = after_readings(&[(0, severity, None)]).alarm();
        assert_eq!(alarm.is_some(), expected, "{severity:?}");
    }
}

#[test]
fn an_alarm_begins_when_the_vendor_reports_or_when_first_observed() {
    let mut world = after_readings(&[(0, Normal, None), (5, Warning, None), (10, Warning, None)]);
    assert_eq!(
        world.alarm().map(|alarm| alarm.since),
        Some(Since::Observed(at(5)))
    );
    world.read(15, verdict(Warning).since(Some(at(-90))), None);
    assert_eq!(
        world.alarm().map(|alarm| alarm.since),
        Some(Since::Reported(at(-90)))
    );
}

/// The vendor's clock is known to about a second. A smaller difference is ignored, so that the Overview and the
/// group's page show the same second.
#[test]
fn a_reported_beginning_is_converted_to_the_gateways_clock() {
    for (ahead, moved) in [
        (40_000, 40_000),
        (-40_000, -40_000),
        (1_501, 1_501),
        (-1_501, -1_501),
        (1_500, 0),
        (900, 0),
        (0, 0),
        (-700, 0),
        (-1_500, 0),
    ] {
        reported(&mut AlarmHistory::default(), ahead, moved);
    }
}

/// Reads an alarm that began at `NOW` by a vendor's clock that is `ahead` by so many milliseconds, and expects its
/// beginning `moved` milliseconds earlier.
fn reported(history: &mut AlarmHistory, ahead: i64, moved: i64) {
    let source = Source {
        vendor_ahead: TimeDelta::milliseconds(ahead),
        ..source(Some(NOW))
    };
    let group = judged("kiln", verdict(Warning).since(Some(NOW)), None, Some(NOW));
    history.update(&[source], &[group], NOW);
    let since = history.alarms().first().map(|alarm| alarm.since);
    let expected = NOW - TimeDelta::milliseconds(moved);
    assert_eq!(since, Some(Since::Reported(expected)), "{ahead} ms");
}

#[test]
fn a_reported_beginning_stays_while_the_vendors_clock_is_only_refined() {
    let mut history = AlarmHistory::default();
    for (ahead, moved) in [
        (40_000, 40_000),
        (40_700, 40_000),
        (39_100, 40_000),
        (60_000, 60_000),
    ] {
        reported(&mut history, ahead, moved);
    }
}

#[test]
fn an_alarm_in_a_new_state_has_a_new_beginning() {
    let day = 86_400;
    let mut world = after_readings(&[(0, Warning, None), (21 * day, Warning, None)]);
    let id = world.alarm().map(|alarm| alarm.id);
    world.read(21 * day + 5, verdict(Critical), None);
    let alarm = world.alarm().expect("it is worse");
    assert_eq!(alarm.since, Since::Observed(at(21 * day + 5)));
    assert_eq!(Some(alarm.id), id);
    world.restart();
    world.read(21 * day + 20, verdict(Critical), None);
    let since = world.alarm().map(|alarm| alarm.since);
    assert_eq!(since, Some(Since::Observed(at(21 * day + 5))));
}

/// The group failed over long ago and was well since, until somebody changed which slicer should be on air.
#[test]
fn a_slicer_group_that_was_well_after_its_last_failover_has_a_later_beginning() {
    let on_backup = || verdict(Warning).since(Some(at(-1_000)));
    let read = |history: &mut AlarmHistory, seconds, verdict| {
        let now = at(seconds);
        let mut group = judged("kiln", verdict, None, Some(now));
        group.resource.key.kind = Kind::SlicerGroup;
        history.update(&[source(Some(now))], &[group], now);
        history.alarms().first().map(|alarm| alarm.since)
    };
    let mut history = AlarmHistory::default();
    let first = read(&mut history, 0, on_backup());
    assert_eq!(first, Some(Since::Reported(at(-1_000))), "never well");
    assert_eq!(read(&mut history, 5, verdict(Normal)), None);
    let since_10 = Some(Since::Observed(at(10)));
    assert_eq!(read(&mut history, 10, on_backup()), since_10);
    assert_eq!(read(&mut history, 15, on_backup()), since_10);
    history = AlarmHistory::continuing(history.alarms());
    assert_eq!(read(&mut history, 20, on_backup()), since_10);
    // The vendor reports whole seconds.
    assert_eq!(read(&mut history, 25, verdict(Normal)), None);
    let failed_over = verdict(Warning).since(Some(at(24)));
    let since = read(&mut history, 30, failed_over);
    assert_eq!(since, Some(Since::Reported(at(24))));
}

#[test]
fn a_worsened_alarm_is_reported_unless_its_resource_flaps() {
    let worsened = |world: &mut World, seconds, severity| {
        let changes = world.read(seconds, verdict(severity), None);
        let severities = changes.worsened.iter().map(|alarm| alarm.severity);
        severities.collect::<Vec<_>>()
    };
    let mut world = World::default();
    for (seconds, severity, expected) in [
        (0, Warning, vec![]),
        (5, Critical, vec![Critical]),
        (10, Critical, vec![]),
        (15, Warning, vec![]),
        (20, Unknown, vec![]),
        (25, Warning, vec![Warning]),
    ] {
        let reported = worsened(&mut world, seconds, severity);
        assert_eq!(reported, expected, "{seconds} s");
    }
    let turns = [Normal, Critical, Normal, Critical, Normal].map(|severity| (severity, None));
    let turns = (0..)
        .zip(turns)
        .map(|(n, (severity, leader))| (n * 5, severity, leader));
    let mut world = after_readings(&turns.collect::<Vec<_>>());
    for (seconds, severity) in [(25, Critical), (30, Normal), (35, Critical)] {
        assert_eq!(worsened(&mut world, seconds, severity), []);
    }
    assert_eq!(world.alarm().map(|alarm| alarm.severity), Some(Critical));
}

#[test]
fn a_silent_connection_worsens_at_no_data_and_began_with_its_last_response() {
    let mut world = after_readings(&[(0, Normal, None)]);
    let stale = world.silence(25, 0, verdict(Normal));
    assert_eq!((stale.began.len(), stale.worsened.len()), (1, 0));
    let changes = world.silence(61, 0, verdict(Normal));
    let worsened = changes.worsened.iter();
    let worsened: Vec<_> = worsened
        .map(|alarm| (alarm.word.as_ref(), alarm.since))
        .collect();
    assert_eq!(worsened, [("NO DATA", Since::Observed(at(0)))]);
    assert_eq!(world.silence(66, 0, verdict(Normal)), Changes::default());
    // A restarted gateway that has not read it yet.
    let mut world = after_readings(&[(0, Normal, None)]);
    world.silence(25, 0, verdict(Normal));
    world.restart();
    let failed = Source {
        failure: Some("503".to_owned()),
        ..source(None)
    };
    world.history.update(&[failed], &[], at(90));
    let since: Vec<_> = world.history.alarms().iter().map(|one| one.since).collect();
    assert_eq!(since, [Since::Observed(at(0))]);
}

#[test]
fn one_failover_is_not_flapping() {
    let world = after_readings(&[
        (0, Normal, Some("A")),
        (5, Warning, Some("A")),
        (10, Critical, None),
        (12, Moving, None),
        (14, Normal, Some("B")),
    ]);
    assert_eq!(world.alarm(), None);
}

#[test]
fn a_flapping_resource_has_one_alarm_even_while_it_is_well() {
    let mut world = after_readings(&[
        (0, Normal, None),
        (5, Warning, None),
        (10, Normal, None),
        (15, Warning, None),
        (20, Normal, None),
    ]);
    let alarm = world.alarm().expect("it flaps");
    assert_eq!(
        (alarm.severity, alarm.since, alarm.word.as_ref()),
        (Warning, Since::Observed(at(5)), "Flapping")
    );
    assert!(
        alarm.sentence.contains("its state has changed 4 times"),
        "{}",
        alarm.sentence
    );
    world.read(25, verdict(Critical), None);
    assert_eq!(world.alarm().map(|alarm| alarm.severity), Some(Critical));
}

#[test]
fn alternating_leaders_are_flapping_even_in_normal_state() {
    let turns = [Some("A"), Some("B"), None, Some("A"), Some("B")];
    let turns: Vec<_> = (0..)
        .zip(turns)
        .map(|(n, leader)| (n * 10, Normal, leader))
        .collect();
    let sentence = after_readings(&turns).alarm().expect("it flaps").sentence;
    assert!(
        sentence.contains("its primary has changed 3 times"),
        "{sentence}"
    );
}

/// A failover and failback between two readings shows only in the vendor's time of the last failover.
#[test]
fn failovers_between_readings_count_as_flapping() {
    let after = |last_failovers: &[Option<i64>]| {
        let mut history = AlarmHistory::default();
        for (n, last) in (0..).zip(last_failovers) {
            let now = at(n * 10);
            let mut group = judged("kiln", verdict(Normal), None, Some(now));
            group.resource.facts = Facts::SlicerGroup(Box::new(SlicerGroupFacts {
                on_air: Some(OnAir::Slicer("a".to_owned())),
                last_failover: last.map(at),
                ..SlicerGroupFacts::default()
            }));
            history.update(&[source(Some(now))], &[group], now);
        }
        history
            .alarms()
            .into_iter()
            .map(|alarm| alarm.sentence)
            .next()
    };
    let sentence = after(&[Some(-60), Some(5), Some(15), Some(25)]).expect("it flaps");
    assert!(sentence.contains("has changed 3 times"), "{sentence}");
    assert_eq!(after(&[Some(-60); 4]), None);
    // A time that is not always reported, and a clock that was set back.
    assert_eq!(after(&[Some(-60), None, Some(-60), None, Some(-60)]), None);
    assert_eq!(after(&[Some(-60), Some(-70), Some(-80), Some(-90)]), None);
}

/// Four primaries within 20 s, which is flapping.
fn turns() -> World {
    let turns = [(0, "A"), (6, "B"), (12, "A"), (18, "B")];
    let world = after_readings(&turns.map(|(seconds, leader)| (seconds, Normal, Some(leader))));
    assert_eq!(world.alarm().map(|alarm| alarm.severity), Some(Warning));
    world
}

#[test]
fn a_stuck_handover_replaces_the_flapping_alarm() {
    let mut world = turns();
    let stuck = verdict(Critical).advise("Check its adapter.");
    let moving = verdict(Moving).lingering(TimeDelta::seconds(15), stuck);
    for seconds in (20..=170).step_by(5) {
        world.read(seconds, moving.clone(), None);
        let alarm = world.alarm().expect("it flaps, or is stuck");
        let (severity, advice) = if seconds <= 35 {
            (Warning, "It keeps failing over and back")
        } else {
            (Critical, "Check its adapter.")
        };
        assert_eq!(alarm.severity, severity, "{seconds} s");
        assert!(alarm.advice.starts_with(advice), "{seconds} s: {alarm:?}");
    }
}

#[test]
fn flapping_ends_although_there_is_no_leader_any_more() {
    let mut world = turns();
    for seconds in (20..=120).step_by(5) {
        world.read(seconds, verdict(Critical).advise("Act."), None);
        let alarm = world.alarm().expect("no leader");
        // What is wrong now, and what to do about it, comes first.
        let (sentence, advice) = if seconds < 80 {
            (
                "Kiln 2 is critical. It is flapping: its primary has changed 3 times.",
                "Act. It keeps failing over and back: check the members that take turns.",
            )
        } else {
            ("Kiln 2 is critical.", "Act.")
        };
        assert_eq!(alarm.severity, Critical, "{seconds} s");
        assert_eq!((&*alarm.sentence, &*alarm.advice), (sentence, advice));
    }
}

#[test]
fn a_missing_resource_ends_its_alarm_and_an_unread_one_begins_none() {
    let mut world = after_readings(&[(0, Warning, None)]);
    let changes = world.history.update(&[source(Some(at(5)))], &[], at(5));
    assert_eq!((changes.began.len(), changes.ended.len()), (0, 1));
    let unread = judged("oven", verdict(Unknown), None, None);
    let changes = world
        .history
        .update(&[source(Some(at(6)))], &[unread], at(6));
    assert_eq!(changes, Changes::default());
    let mut failed = judged("oven", verdict(Unknown), None, None);
    failed.resource.failure = Some("500: out of order".to_owned());
    let changes = world
        .history
        .update(&[source(Some(at(7)))], &[failed], at(7));
    assert_eq!(changes.began.len(), 1, "a read of it failed");
}

#[test]
fn a_transition_is_an_alarm_once_observed_for_longer_than_its_limit() {
    let stuck = verdict(Critical).since(Some(at(-300)));
    let moving = verdict(Moving).lingering(TimeDelta::seconds(60), stuck);
    let normal = verdict(Normal);
    let alarm = |readings: &[(i64, &Verdict)]| {
        let mut world = World::default();
        for (seconds, verdict) in readings {
            world.read(*seconds, (*verdict).clone(), None);
        }
        let alarm = world.alarm();
        alarm.map(|alarm| (alarm.severity, alarm.since))
    };
    let (critical, m) = (
        |since| Some((Critical, Since::Observed(at(since)))),
        &moving,
    );
    for (readings, expected) in [
        (vec![(0, m)], None),
        (vec![(0, m), (30, m), (60, m)], None),
        (vec![(0, m), (30, m), (61, m)], critical(0)),
        // A gap longer than the limit: it may be a different transition.
        (vec![(0, m), (61, m)], None),
        (vec![(0, m), (61, m), (90, m), (121, m)], None),
        (vec![(0, m), (61, m), (90, m), (122, m)], critical(61)),
        (vec![(0, m), (30, &normal), (40, m), (70, m)], None),
        (vec![(0, m), (30, m), (61, &normal)], None),
    ] {
        assert_eq!(alarm(&readings), expected);
    }
}

#[test]
fn a_silent_connection_sorts_above_the_alarms_that_it_hides() {
    for (before, after_25_s, after_61_s) in [
        (Critical, Critical, Critical),
        (Warning, Warning, Critical),
        (Unknown, Unknown, Critical),
        (Normal, Unknown, Critical),
    ] {
        let mut world = after_readings(&[(0, before, None)]);
        for (seconds, expected) in [(25, after_25_s), (61, after_61_s)] {
            world.silence(seconds, 0, verdict(before));
            let alarms = world.history.alarms();
            let first = alarms.first().expect("the connection");
            assert_eq!(
                (first.resource.kind, first.severity),
                (Kind::Connection, expected),
                "{before:?} after {seconds} s"
            );
            assert_eq!(alarms.len(), 1 + usize::from(before.needs_attention()));
        }
        let changes = world.read(65, verdict(before), None);
        assert_eq!(changes.began, [], "open all the time");
        assert_eq!(changes.ended.len(), 1, "the connection is back");
    }
}

#[test]
fn an_unreadable_group_keeps_its_alarm_or_gets_an_unknown_one() {
    for (before, expected) in [
        (Critical, Critical),
        (Warning, Warning),
        (Normal, Unknown),
        (Moving, Unknown),
    ] {
        let mut world = after_readings(&[(0, before, None)]);
        let group = judged("kiln", verdict(before), None, Some(at(0)));
        world
            .history
            .update(&[source(Some(at(20)))], &[group], at(20));
        let severity = world.alarm().map(|alarm| alarm.severity);
        assert_eq!(severity, Some(expected), "{before:?}");
        assert_eq!(world.history.alarms().len(), 1, "the connection answers");
    }
}

#[test]
fn a_stuck_handover_that_becomes_unreadable_stays_critical() {
    let mut world = World::default();
    let moving = verdict(Moving).lingering(TimeDelta::seconds(15), verdict(Critical));
    for seconds in [0, 10, 20] {
        world.read(seconds, moving.clone(), None);
    }
    let group = judged("kiln", moving, None, Some(at(20)));
    world
        .history
        .update(&[source(Some(at(40)))], &[group], at(40));
    assert_eq!(world.alarm().map(|alarm| alarm.severity), Some(Critical));
}

/// Otherwise the alarm would end although nobody saw its state end, and the next one would lack its acknowledgement.
#[test]
fn a_stuck_handover_keeps_its_alarm_across_a_gap_in_readings() {
    let moving = verdict(Moving).lingering(TimeDelta::seconds(15), verdict(Critical));
    let mut world = World::default();
    for seconds in [0, 10, 20] {
        world.read(seconds, moving.clone(), None);
    }
    let open = world.alarm().expect("it is stuck");
    for seconds in [46, 100, 200] {
        let changes = world.read(seconds, moving.clone(), None);
        assert_eq!(changes, Changes::default(), "{seconds} s");
        assert_eq!(world.alarm().as_ref(), Some(&open), "{seconds} s");
    }
    assert_eq!(world.read(205, verdict(Normal), None).ended.len(), 1);
}

#[test]
fn a_flapping_resource_that_stays_worse_is_reported_once() {
    let mut world = turns();
    let mut reported_changes = Vec::new();
    let mut read = |world: &mut World, seconds, verdict| {
        let changes = world.read(seconds, verdict, None);
        assert_eq!((changes.began.len(), changes.ended.len()), (0, 0));
        let worsened = changes.worsened.into_iter();
        reported_changes.extend(worsened.map(|alarm| (seconds, alarm.severity)));
    };
    for seconds in (20..=120).step_by(5) {
        read(&mut world, seconds, verdict(Critical));
    }
    // A second worsening after an improvement is reported again.
    read(&mut world, 125, verdict(Warning));
    read(&mut world, 130, verdict(Critical));
    assert_eq!(reported_changes, [(80, Critical), (130, Critical)]);
    // A stuck handover is reported at once, but not again while the resource flaps.
    let mut world = turns();
    let mut reported_changes = Vec::new();
    let moving = verdict(Moving).lingering(TimeDelta::seconds(15), verdict(Critical));
    for (seconds, verdict, leader) in [
        (20, moving.clone(), None),
        (30, moving.clone(), None),
        (36, moving.clone(), None),
        (40, verdict(Normal), Some("A")),
        (45, moving.clone(), None),
        (55, moving.clone(), None),
        (61, moving, None),
    ] {
        let worsened = world.read(seconds, verdict, leader).worsened.into_iter();
        reported_changes.extend(worsened.map(|alarm| (seconds, alarm.severity)));
    }
    assert_eq!(world.alarm().map(|alarm| alarm.severity), Some(Critical));
    assert_eq!(reported_changes, [(36, Critical)]);
}

#[test]
fn alarms_of_a_removed_connection_are_unwatched_and_not_ended() {
    let mut world = after_readings(&[(0, Critical, None)]);
    world.silence(30, 0, verdict(Critical));
    let changes = world.history.update(&[], &[], at(31));
    assert_eq!((changes.ended.len(), changes.unwatched.len()), (0, 2));
    assert_eq!(world.history.alarms(), []);
}

#[test]
fn a_stuck_handover_is_an_alarm_although_its_client_posts_heartbeats() {
    let group = GroupConfiguration {
        name: Some("Kiln 2".to_owned()),
        failover_timeout: Some(TimeSpan::from_seconds(15)),
        ..GroupConfiguration::default()
    };
    let mut world = World::default();
    let alarms = (0..20).map(|now| {
        let pending = ClientSession {
            id: Some("b".to_owned()),
            role: Some(Role::PendingPrimary),
            heartbeat: Some(Heartbeat {
                heartbeat_time: Some(at(now)),
                ..Heartbeat::default()
            }),
            ..ClientSession::default()
        };
        world.read(now, judge_complete(&group, None, &[pending], at(now)), None);
        world.alarm()
    });
    let alarms: Vec<_> = alarms.collect();
    assert_eq!(alarms[15], None);
    let alarm = alarms[16].as_ref().expect("it lingers");
    assert_eq!(
        (alarm.severity, alarm.since),
        (Critical, Since::Observed(NOW))
    );
    assert_eq!(alarm.word, "Handover stuck");
}

impl World {
    /// Continues the open alarms with a new history, as a restarted gateway does.
    fn restart(&mut self) {
        self.history = AlarmHistory::continuing(self.history.alarms());
    }
}

#[test]
fn an_overdue_state_continues_after_a_restart_until_it_ends() {
    let stuck = || Verdict::new(Critical, "Handover stuck", "Kiln 2 is stuck.".to_owned());
    let moving = |wrong| verdict(Moving).lingering(TimeDelta::seconds(15), wrong);
    for wrong in [stuck(), stuck().since(Some(at(19)))] {
        let mut world = World::default();
        for seconds in [0, 10, 20] {
            world.read(seconds, moving(wrong.clone()), None);
        }
        let before = world.alarm().expect("it lingers");
        world.restart();
        for seconds in [100, 105] {
            let changes = world.read(seconds, moving(wrong.clone()), None);
            assert_eq!(changes, Changes::default(), "{seconds} s");
            assert_eq!(world.alarm(), Some(before.clone()));
        }
        let kiln = judged("kiln", moving(wrong.clone()), None, Some(at(105)));
        assert!(world.history.lingering(&kiln.resource).is_some());
        assert_eq!(world.read(110, verdict(Normal), None).ended.len(), 1);
        // The next transition starts a new count.
        assert_eq!(world.read(115, moving(wrong), None), Changes::default());
        assert_eq!(world.alarm(), None);
    }
    // The open alarm was about a different state.
    let mut world = after_readings(&[(0, Warning, None)]);
    world.restart();
    assert_eq!(world.read(100, moving(stuck()), None).ended.len(), 1);
}

#[test]
fn a_handover_after_a_clock_was_set_back_is_not_stuck_at_once() {
    let moving = verdict(Moving).lingering(TimeDelta::seconds(15), verdict(Critical));
    let mut world = after_readings(&[(3_600, Normal, None)]);
    for (seconds, expected) in [(0, None), (10, None), (15, None), (16, Some(Critical))] {
        world.read(seconds, moving.clone(), None);
        let severity = world.alarm().map(|alarm| alarm.severity);
        assert_eq!(severity, expected, "{seconds} s");
    }
}

#[test]
fn a_transition_becomes_overdue_although_the_clock_is_set_back() {
    let moving = verdict(Moving).lingering(TimeDelta::seconds(15), verdict(Critical));
    let mut world = World::default();
    for (seconds, expected) in [
        (3_600, None),
        (3_610, None),
        (0, None),
        (5, None),
        (6, Some(Critical)),
    ] {
        world.read(seconds, moving.clone(), None);
        let severity = world.alarm().map(|alarm| alarm.severity);
        assert_eq!(severity, expected, "{seconds} s");
    }
}

#[test]
fn flapping_ends_after_a_minute_although_the_clock_is_set_back() {
    let states = [Normal, Warning, Normal, Warning, Normal];
    let mut world =
        after_readings(&[0, 1, 2, 3, 4].map(|n| (3_600 + n * 5, states[n as usize], None)));
    for (seconds, flaps) in [(0, true), (60, true), (61, false)] {
        world.read(seconds, verdict(Normal), None);
        assert_eq!(world.alarm().is_some(), flaps, "{seconds} s");
    }
}

#[test]
fn a_connection_silent_when_the_clock_is_set_back_is_an_alarm_and_hides_none() {
    let mut world = after_readings(&[(3_600, Warning, None)]);
    world.silence(0, 3_600, verdict(Warning));
    let alarms = world.history.alarms();
    let kinds: Vec<_> = alarms.iter().map(|alarm| alarm.resource.kind).collect();
    assert_eq!(kinds, [Kind::Connection, Kind::FailoverGroup]);
    assert_eq!(world.read(5, verdict(Warning), None).ended.len(), 1);
}

#[test]
fn flapping_continues_after_a_restart_until_a_minute_without_a_change() {
    let of_state = || {
        let states = [Normal, Warning, Normal, Warning, Normal];
        after_readings(&[0, 1, 2, 3, 4].map(|n| (n * 5 - 2, states[n as usize], Some("A"))))
    };
    for (mut world, sentence) in [
        (of_state(), "its state has changed 4 times"),
        (turns(), "its primary has changed 3 times"),
    ] {
        let before = world.alarm().expect("it flaps");
        let mut saved = world.history.alarms();
        // Nothing depends on the sentence.
        saved[0].sentence = "It comes and goes.".to_owned();
        world.history = AlarmHistory::continuing(saved);
        for seconds in (100..=160).step_by(5) {
            let changes = world.read(seconds, verdict(Normal), Some("A"));
            assert_eq!(changes, Changes::default(), "{seconds} s");
            let now = world.alarm().expect("it flaps");
            assert!(now.sentence.contains(sentence), "{}", now.sentence);
            assert_eq!((now.id, now.since), (before.id.clone(), before.since));
        }
        let changes = world.read(165, verdict(Normal), Some("A"));
        assert_eq!((changes.ended.len(), world.alarm()), (1, None));
    }
}

/// A failover in AVEVA's service: `a` falls silent after 0 s, `b` is chosen and confirms, and `a` returns as standby.
fn failover(now: i64, timeout: i64, standbys: &[&str]) -> (GroupStatus, Vec<ClientSession>) {
    let beat = timeout / 2;
    let back = now > timeout * 4;
    let member = |id: &str, role, silent: bool| {
        let last = if silent {
            0
        } else {
            now - now.rem_euclid(beat)
        };
        let heartbeat = Some(Heartbeat {
            score: Some(90.0),
            heartbeat_time: Some(at(last)),
            ..Heartbeat::default()
        });
        ClientSession {
            id: Some(id.to_owned()),
            role: Some(role),
            heartbeat,
            ..ClientSession::default()
        }
    };
    let chosen = timeout + 1;
    let (a, b, primary) = if now < chosen {
        (Role::Primary, Role::Secondary, Some("a"))
    } else if now < chosen + 4 {
        (Role::Secondary, Role::PendingPrimary, None)
    } else {
        (Role::Secondary, Role::Primary, Some("b"))
    };
    let mut sessions = vec![member("a", a, now > 0 && !back), member("b", b, false)];
    sessions.extend(standbys.iter().map(|id| member(id, Role::Secondary, false)));
    let status = GroupStatus {
        primary: primary.map(str::to_owned),
        ..GroupStatus::default()
    };
    (status, sessions)
}

#[test]
fn a_complete_failover_is_reported_step_by_step_and_never_as_flapping() {
    for (timeout, every, standbys) in [
        (15, 1, &[][..]),
        (15, 2, &[]),
        (15, 5, &["c"]),
        (60, 1, &[]),
        (60, 2, &[]),
        (60, 5, &[]),
        (60, 2, &["c", "d"]),
        (120, 5, &[]),
    ] {
        let group = GroupConfiguration {
            name: Some("Kiln 2".to_owned()),
            failover_timeout: Some(TimeSpan::from_seconds(timeout)),
            ..GroupConfiguration::default()
        };
        let mut world = World::default();
        let mut words = Vec::new();
        for now in (-4 * timeout..8 * timeout).step_by(every) {
            let (status, sessions) = failover(now, timeout, standbys);
            let verdict = judge_complete(&group, Some(&status), &sessions, at(now));
            words.push(verdict.word.clone());
            world.read(now, verdict.clone(), status.primary.as_deref());
            if let Some(alarm) = world.alarm() {
                assert_eq!(
                    alarm.sentence, verdict.sentence,
                    "{timeout} s, each {every} s"
                );
            }
        }
        words.dedup();
        let after: &[&str] = if standbys.is_empty() {
            &["No standby", "Normal"]
        } else {
            &["Normal"]
        };
        let last = &words[words.len() - after.len()..];
        assert_eq!(last, after, "{words:?}");
        assert!(
            words.iter().any(|word| word == "Heartbeat late"),
            "{words:?}"
        );
        assert_eq!(words.first().map(AsRef::as_ref), Some("Normal"));
    }
}

/// One update: the seconds that pass, whether the connection answers, and for each of three groups whether it exists,
/// whether it is readable, and its severity.
type Step = (i64, bool, [(bool, bool, Severity); 3]);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let severity = prop::sample::select(vec![Critical, Warning, Moving, Unknown, Normal, Off]);
    let group = (prop::bool::weighted(0.8), any::<bool>(), severity);
    let groups = [group.clone(), group.clone(), group];
    prop::collection::vec((1_i64..40, any::<bool>(), groups), 1..40)
}

proptest! {
    /// For any readings: each alarm begins once and ends at most once, the open alarms are those that began and have
    /// not ended, the order is worst first, and silence ends nothing.
    #[test]
    fn an_alarm_begins_once_and_ends_once(steps in steps()) {
        let mut history = AlarmHistory::default();
        let (mut began, mut ended) = (BTreeSet::new(), BTreeSet::new());
        let mut known: [Option<(Severity, DateTime<Utc>)>; 3] = [None; 3];
        let (mut seconds, mut answered) = (0, None);
        for (pass, answers, groups) in steps {
            seconds += pass;
            let now = at(seconds);
            if answers {
                answered = Some(now);
                for (known, (there, read, severity)) in known.iter_mut().zip(groups) {
                    *known = match (there, read, *known) {
                        (false, ..) => None,
                        (true, true, _) => Some((severity, now)),
                        (true, false, held) => held,
                    };
                }
            }
            let resources: Vec<Judged> = known
                .iter()
                .enumerate()
                .filter_map(|(n, known)| {
                    let (severity, read) = (*known)?;
                    Some(judged(&format!("group-{n}"), verdict(severity), None, Some(read)))
                })
                .collect();
            let source = source(answered);
            let believed = source.reading.freshness(now).is_believable();
            let before: BTreeSet<String> = history.alarms().into_iter().map(|a| a.id).collect();
            let changes = history.update(&[source], &resources, now);
            for alarm in &changes.began {
                prop_assert!(began.insert(alarm.id.clone()), "{} began twice", alarm.id);
            }
            for alarm in &changes.ended {
                prop_assert!(began.contains(&alarm.id), "{} never began", alarm.id);
                prop_assert!(ended.insert(alarm.id.clone()), "{} ended twice", alarm.id);
            }
            let alarms = history.alarms();
            let open: BTreeSet<String> = alarms.iter().map(|alarm| alarm.id.clone()).collect();
            prop_assert_eq!(&open, &began.difference(&ended).cloned().collect());
            prop_assert!(alarms.is_sorted_by(|a, b| a.worst_first(b).is_le()));
            if !believed {
                let lost: Vec<_> = before.difference(&open).collect();
                prop_assert!(lost.is_empty(), "silence ended {lost:?}");
                let worst = alarms.iter().map(|alarm| alarm.severity).min();
                if worst.is_some_and(outlasts_silence) {
                    prop_assert_eq!(alarms[0].resource.kind, Kind::Connection);
                }
            }
        }
    }
}

#[test]
fn a_session_listed_by_another_connection_keeps_its_alarm() {
    let source = |id: &str| Source {
        id: id.to_owned(),
        ..source(Some(at(1)))
    };
    let sources = [source("em"), source("em-old")];
    let run = |connection: &str| {
        let mut run = judged("f00d", verdict(Critical), None, Some(at(1)));
        run.resource.key.kind = Kind::FailoverSession;
        run.resource.key.connection = connection.to_owned();
        run
    };
    let mut history = AlarmHistory::default();
    let began = history.update(&sources, &[run("em")], at(1)).began;
    let changes = history.update(&sources, &[run("em-old")], at(2));
    assert_eq!(changes, Changes::default());
    let alarms = history.alarms();
    assert_eq!(alarms[0].id, began[0].id);
    assert_eq!(alarms[0].resource.connection, "em-old");
    let ended = history.update(&sources, &[], at(3)).ended;
    assert_eq!(ended.len(), 1);
}

#[test]
fn an_alarm_is_confirmed_once_its_resource_was_read_or_failed_to_read() {
    let alarm = after_readings(&[(0, Critical, None)]).alarm().unwrap();
    let resource = |severity, failure: Option<&str>, read| Resource {
        failure: failure.map(str::to_owned),
        ..judged("kiln", verdict(severity), None, read).resource
    };
    for (resource, expected) in [
        (None, true),
        (Some(resource(Unknown, None, None)), true),
        (Some(resource(Unknown, Some("500"), None)), true),
        // The alarm is about the failure to read.
        (Some(resource(Critical, Some("500"), None)), false),
        (Some(resource(Critical, None, Some(at(0)))), false),
        (Some(resource(Unknown, Some("500"), Some(at(0)))), false),
    ] {
        assert_eq!(alarm.is_unconfirmed(resource.as_ref()), expected);
    }
    let silent = Alarm {
        resource: ResourceKey::of_connection("plant-a"),
        ..alarm
    };
    assert!(!silent.is_unconfirmed(None));
}
