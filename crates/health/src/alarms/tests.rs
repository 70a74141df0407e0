//! What is an alarm, since when, and which changes are one alarm.

use super::{Alarm, AlarmHistory, Changes, Since, Source};
use crate::groups::fixtures::judge_whole;
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
    /// The group is read and judged.
    fn read(&mut self, seconds: i64, verdict: Verdict, leader: Option<&str>) -> Changes {
        let now = at(seconds);
        let group = judged("kiln", verdict, leader, Some(now));
        self.history.update(&[source(Some(now))], &[group], now)
    }

    /// Nothing has been read since `read`.
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

/// Readings as seconds, severity and leader.
fn seen(readings: &[(i64, Severity, Option<&str>)]) -> World {
    let mut world = World::default();
    for (seconds, severity, leader) in readings {
        world.read(*seconds, verdict(*severity), *leader);
    }
    world
}

#[test]
fn what_needs_attention_is_an_alarm_and_nothing_else_is() {
    for (severity, expected) in [
        (Critical, true),
        (Warning, true),
        (Unknown, true),
        (Moving, false),
        (Normal, false),
        (Off, false),
    ] {
        let alarm = seen(&[(0, severity, None)]).alarm();
        assert_eq!(alarm.is_some(), expected, "{severity:?}");
    }
}

#[test]
fn an_alarm_begins_when_the_vendor_says_or_when_it_was_first_seen() {
    let mut world = seen(&[(0, Normal, None), (5, Warning, None), (10, Warning, None)]);
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

/// The vendor's clock is known to about a second: a difference that may be none moves nothing, so that Overview and
/// page show the same second.
#[test]
fn a_beginning_that_the_vendor_reports_is_moved_to_the_gateways_clock_where_the_clocks_differ() {
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

/// Tells of an alarm that began now by a vendor's clock that is so many milliseconds ahead, and of which that is moved.
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
fn a_beginning_stays_as_it_was_first_told_while_the_vendors_clock_is_only_known_better() {
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
fn another_state_of_the_same_alarm_has_not_begun_with_the_one_before() {
    let day = 86_400;
    let mut world = seen(&[(0, Warning, None), (21 * day, Warning, None)]);
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

/// A failed over long ago and well since, until somebody changes which slicer should be on air.
#[test]
fn slicers_that_were_well_after_the_last_failover_have_their_alarm_since_it_was_seen() {
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
    assert_eq!(first, Some(Since::Reported(at(-1_000))), "none was well");
    assert_eq!(read(&mut history, 5, verdict(Normal)), None);
    let seen = Some(Since::Observed(at(10)));
    assert_eq!(read(&mut history, 10, on_backup()), seen);
    assert_eq!(read(&mut history, 15, on_backup()), seen);
    history = AlarmHistory::continuing(history.alarms());
    assert_eq!(read(&mut history, 20, on_backup()), seen);
    // Seconds are whole in what the vendor says.
    assert_eq!(read(&mut history, 25, verdict(Normal)), None);
    let failed_over = verdict(Warning).since(Some(at(24)));
    let since = read(&mut history, 30, failed_over);
    assert_eq!(since, Some(Since::Reported(at(24))));
}

#[test]
fn an_alarm_that_gets_worse_is_told_and_one_that_comes_and_goes_is_not() {
    let worsened = |world: &mut World, seconds, severity| {
        let changes = world.read(seconds, verdict(severity), None);
        let told = changes.worsened.iter().map(|alarm| alarm.severity);
        told.collect::<Vec<_>>()
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
        let told = worsened(&mut world, seconds, severity);
        assert_eq!(told, expected, "{seconds} s");
    }
    let turns = [Normal, Critical, Normal, Critical, Normal].map(|it| (it, None));
    let turns = (0..).zip(turns).map(|(n, (it, who))| (n * 5, it, who));
    let mut world = seen(&turns.collect::<Vec<_>>());
    for (seconds, severity) in [(25, Critical), (30, Normal), (35, Critical)] {
        assert_eq!(worsened(&mut world, seconds, severity), []);
    }
    assert_eq!(world.alarm().map(|alarm| alarm.severity), Some(Critical));
}

#[test]
fn a_silent_connection_gets_worse_once_it_has_no_data_and_is_silent_since_its_last_answer() {
    let mut world = seen(&[(0, Normal, None)]);
    let stale = world.silence(25, 0, verdict(Normal));
    assert_eq!((stale.began.len(), stale.worsened.len()), (1, 0));
    let changes = world.silence(61, 0, verdict(Normal));
    let told = changes.worsened.iter();
    let told: Vec<_> = told
        .map(|alarm| (alarm.word.as_ref(), alarm.since))
        .collect();
    assert_eq!(told, [("NO DATA", Since::Observed(at(0)))]);
    assert_eq!(world.silence(66, 0, verdict(Normal)), Changes::default());
    // Another gateway has never read it.
    let mut world = seen(&[(0, Normal, None)]);
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
    let world = seen(&[
        (0, Normal, Some("A")),
        (5, Warning, Some("A")),
        (10, Critical, None),
        (12, Moving, None),
        (14, Normal, Some("B")),
    ]);
    assert_eq!(world.alarm(), None);
}

#[test]
fn what_comes_and_goes_is_one_alarm_even_while_it_is_well() {
    let mut world = seen(&[
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
fn leaders_that_take_turns_are_flapping_though_nothing_is_wrong() {
    let turns = [Some("A"), Some("B"), None, Some("A"), Some("B")];
    let turns: Vec<_> = (0..)
        .zip(turns)
        .map(|(n, who)| (n * 10, Normal, who))
        .collect();
    let sentence = seen(&turns).alarm().expect("it flaps").sentence;
    assert!(
        sentence.contains("its primary has changed 3 times"),
        "{sentence}"
    );
}

/// What fails over and back between two readings shows in the vendor's time alone.
#[test]
fn failovers_that_are_over_before_they_are_read_are_flapping_too() {
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
    // Reported now and then, and a clock that was set back.
    assert_eq!(after(&[Some(-60), None, Some(-60), None, Some(-60)]), None);
    assert_eq!(after(&[Some(-60), Some(-70), Some(-80), Some(-90)]), None);
}

/// Four primaries within 20 s, which is flapping.
fn turns() -> World {
    let turns = [(0, "A"), (6, "B"), (12, "A"), (18, "B")];
    let world = seen(&turns.map(|(seconds, who)| (seconds, Normal, Some(who))));
    assert_eq!(world.alarm().map(|alarm| alarm.severity), Some(Warning));
    world
}

#[test]
fn a_handover_that_is_stuck_after_many_changes_is_what_it_is_at_once() {
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
fn changes_that_are_long_over_are_no_flapping_though_there_is_no_leader_since() {
    let mut world = turns();
    for seconds in (20..=120).step_by(5) {
        world.read(seconds, verdict(Critical), None);
        let alarm = world.alarm().expect("nobody leads");
        let flaps = alarm.sentence.contains("is flapping");
        assert_eq!(
            (alarm.severity, flaps),
            (Critical, seconds < 80),
            "{seconds} s"
        );
    }
}

#[test]
fn what_is_gone_ends_its_alarm_and_what_was_never_read_begins_none() {
    let mut world = seen(&[(0, Warning, None)]);
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
fn what_lingers_is_an_alarm_once_it_was_seen_for_longer_than_its_limit() {
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
        // Not read for longer than the limit: it may be another one.
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
fn a_silent_connection_hides_no_alarm_and_stands_above_what_it_hides() {
    for (before, after_25_s, after_61_s) in [
        (Critical, Critical, Critical),
        (Warning, Warning, Critical),
        (Unknown, Unknown, Critical),
        (Normal, Unknown, Critical),
    ] {
        let mut world = seen(&[(0, before, None)]);
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
        assert_eq!(changes.began, [], "it was there all the time");
        assert_eq!(changes.ended.len(), 1, "the connection is back");
    }
}

#[test]
fn a_group_that_cannot_be_read_any_more_keeps_its_alarm_or_becomes_one() {
    for (before, expected) in [
        (Critical, Critical),
        (Warning, Warning),
        (Normal, Unknown),
        (Moving, Unknown),
    ] {
        let mut world = seen(&[(0, before, None)]);
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
fn what_was_stuck_when_it_was_last_read_stays_critical() {
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

/// Otherwise the all-clear would be of what nobody saw, and the next alarm another one, which nobody has acknowledged.
#[test]
fn what_is_stuck_stays_so_over_a_time_in_which_it_could_not_be_read() {
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
fn what_gets_worse_while_it_flaps_is_told_once_when_it_stays_so() {
    let mut world = turns();
    let mut told = Vec::new();
    let mut read = |world: &mut World, seconds, verdict| {
        let changes = world.read(seconds, verdict, None);
        assert_eq!((changes.began.len(), changes.ended.len()), (0, 0));
        let worsened = changes.worsened.into_iter();
        told.extend(worsened.map(|alarm| (seconds, alarm.severity)));
    };
    for seconds in (20..=120).step_by(5) {
        read(&mut world, seconds, verdict(Critical));
    }
    // It may get worse again once it has been better.
    read(&mut world, 125, verdict(Warning));
    read(&mut world, 130, verdict(Critical));
    assert_eq!(told, [(80, Critical), (130, Critical)]);
    // A handover that is stuck is no coming and going, and comes back while it flaps.
    let mut world = turns();
    let mut told = Vec::new();
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
        told.extend(worsened.map(|alarm| (seconds, alarm.severity)));
    }
    assert_eq!(world.alarm().map(|alarm| alarm.severity), Some(Critical));
    assert_eq!(told, [(36, Critical)]);
}

#[test]
fn the_alarms_of_a_connection_that_is_no_longer_configured_are_gone_and_have_not_ended() {
    let mut world = seen(&[(0, Critical, None)]);
    world.silence(30, 0, verdict(Critical));
    let changes = world.history.update(&[], &[], at(31));
    assert_eq!((changes.ended.len(), changes.unwatched.len()), (0, 2));
    assert_eq!(world.history.alarms(), []);
}

#[test]
fn a_group_that_has_been_handing_over_for_too_long_is_an_alarm_though_its_client_reports() {
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
        world.read(now, judge_whole(&group, None, &[pending], at(now)), None);
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
    /// Another gateway goes on with what is open.
    fn restart(&mut self) {
        self.history = AlarmHistory::continuing(self.history.alarms());
    }
}

#[test]
fn what_has_lasted_too_long_goes_on_after_a_restart_until_it_is_over() {
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
        // The next one begins anew.
        assert_eq!(world.read(115, moving(wrong), None), Changes::default());
        assert_eq!(world.alarm(), None);
    }
    // Something else was wrong before.
    let mut world = seen(&[(0, Warning, None)]);
    world.restart();
    assert_eq!(world.read(100, moving(stuck()), None).ended.len(), 1);
}

#[test]
fn a_handover_that_begins_after_a_clock_was_set_back_is_not_stuck_at_once() {
    let moving = verdict(Moving).lingering(TimeDelta::seconds(15), verdict(Critical));
    let mut world = seen(&[(3_600, Normal, None)]);
    for (seconds, expected) in [(0, None), (10, None), (15, None), (16, Some(Critical))] {
        world.read(seconds, moving.clone(), None);
        let severity = world.alarm().map(|alarm| alarm.severity);
        assert_eq!(severity, expected, "{seconds} s");
    }
}

#[test]
fn what_lasts_too_long_does_so_also_over_a_clock_that_is_set_back() {
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
fn what_flaps_calms_down_a_minute_later_also_over_a_clock_that_is_set_back() {
    let states = [Normal, Warning, Normal, Warning, Normal];
    let mut world = seen(&[0, 1, 2, 3, 4].map(|n| (3_600 + n * 5, states[n as usize], None)));
    for (seconds, flaps) in [(0, true), (60, true), (61, false)] {
        world.read(seconds, verdict(Normal), None);
        assert_eq!(world.alarm().is_some(), flaps, "{seconds} s");
    }
}

#[test]
fn a_connection_that_falls_silent_as_the_clock_is_set_back_is_an_alarm_and_hides_none() {
    let mut world = seen(&[(3_600, Warning, None)]);
    world.silence(0, 3_600, verdict(Warning));
    let alarms = world.history.alarms();
    let kinds: Vec<_> = alarms.iter().map(|alarm| alarm.resource.kind).collect();
    assert_eq!(kinds, [Kind::Connection, Kind::FailoverGroup]);
    assert_eq!(world.read(5, verdict(Warning), None).ended.len(), 1);
}

#[test]
fn what_flaps_goes_on_after_a_restart_until_a_minute_has_brought_no_change() {
    let of_state = || {
        let states = [Normal, Warning, Normal, Warning, Normal];
        seen(&[0, 1, 2, 3, 4].map(|n| (n * 5 - 2, states[n as usize], Some("A"))))
    };
    for (mut world, sentence) in [
        (of_state(), "its state has changed 4 times"),
        (turns(), "its primary has changed 3 times"),
    ] {
        let before = world.alarm().expect("it flaps");
        let mut saved = world.history.alarms();
        // Nothing hangs on how it is said.
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

/// A failover as AVEVA's service reports it: `a` falls silent, `b` is chosen and confirms, and `a` comes
/// back as a standby. Time is in seconds, `a` posts its last heartbeat at 0.
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
fn a_whole_failover_is_reported_as_it_goes_and_never_as_flapping() {
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
            let verdict = judge_whole(&group, Some(&status), &sessions, at(now));
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

/// What one update brings: seconds that pass, whether the connection answers, and for each of three
/// groups whether it is there, whether it could be read, and its severity.
type Step = (i64, bool, [(bool, bool, Severity); 3]);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let severity = prop::sample::select(vec![Critical, Warning, Moving, Unknown, Normal, Off]);
    let group = (prop::bool::weighted(0.8), any::<bool>(), severity);
    let groups = [group.clone(), group.clone(), group];
    prop::collection::vec((1_i64..40, any::<bool>(), groups), 1..40)
}

proptest! {
    /// Whatever is read in whatever order: each alarm begins once and ends at most once, what is open is
    /// what began and has not ended, the order is worst first, and silence ends nothing.
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
fn a_session_goes_on_under_the_connection_that_represents_it_now() {
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
fn an_alarm_is_confirmed_once_its_resource_was_read_or_could_not_be() {
    let alarm = seen(&[(0, Critical, None)]).alarm().unwrap();
    let resource = |severity, failure: Option<&str>, read| Resource {
        failure: failure.map(str::to_owned),
        ..judged("kiln", verdict(severity), None, read).resource
    };
    for (resource, expected) in [
        (None, true),
        (Some(resource(Unknown, None, None)), true),
        (Some(resource(Unknown, Some("500"), None)), true),
        // It is what could not be read that is the alarm.
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
