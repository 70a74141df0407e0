//! What is an alarm, since when, and what is one alarm of many changes.

use super::{Ledger, Sighting, Since};
use crate::groups::judge_group;
use crate::severity::Severity::{self, Critical, Moving, Normal, Off, Unknown, Warning};
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashSet;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Heartbeat, Role, TimeSpan};

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

/// Sightings as seconds, severity and leader.
fn seen(sightings: &[(i64, Severity, Option<&str>)]) -> Ledger {
    let mut ledger = Ledger::default();
    for (seconds, severity, leader) in sightings {
        ledger.observe(&Sighting {
            thing: "kiln",
            verdict: &verdict(*severity),
            leader: *leader,
            at: at(*seconds),
        });
    }
    ledger
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
        let verdict = verdict(severity);
        let alarm = seen(&[(0, severity, None)]).alarm("kiln", "Kiln 2", "primary", &verdict);
        assert_eq!(alarm.is_some(), expected, "{severity:?}");
    }
}

#[test]
fn an_alarm_begins_when_the_vendor_says_or_when_it_was_first_seen() {
    let ledger = seen(&[(0, Normal, None), (5, Warning, None), (10, Warning, None)]);
    let since = |verdict: &Verdict| ledger.alarm("kiln", "", "", verdict).map(|a| a.since);
    let warning = verdict(Warning);
    assert_eq!(since(&warning), Some(Since::Seen(at(5))));
    let told = warning.since(Some(at(-90)));
    assert_eq!(since(&told), Some(Since::Told(at(-90))));
}

#[test]
fn one_failover_is_not_flapping() {
    let ledger = seen(&[
        (0, Normal, Some("A")),
        (5, Warning, Some("A")),
        (10, Critical, None),
        (12, Moving, None),
        (14, Normal, Some("B")),
    ]);
    assert_eq!(
        ledger.alarm("kiln", "Kiln 2", "primary", &verdict(Normal)),
        None
    );
}

#[test]
fn what_comes_and_goes_is_one_alarm_even_while_it_is_well() {
    let ledger = seen(&[
        (0, Normal, None),
        (5, Warning, None),
        (10, Normal, None),
        (15, Warning, None),
        (20, Normal, None),
    ]);
    let alarm = ledger.alarm("kiln", "Kiln 2", "primary", &verdict(Normal));
    let alarm = alarm.expect("it flaps");
    assert_eq!((alarm.severity, alarm.since), (Warning, Since::Seen(at(5))));
    assert!(
        alarm.sentence.starts_with("Kiln 2 flaps: "),
        "{}",
        alarm.sentence
    );
    assert!(alarm.sentence.contains("4 changes"), "{}", alarm.sentence);
    let worst = ledger.alarm("kiln", "Kiln 2", "primary", &verdict(Critical));
    assert_eq!(worst.map(|alarm| alarm.severity), Some(Critical));
}

#[test]
fn leaders_that_take_turns_are_flapping_though_nothing_is_wrong() {
    let turns = [Some("A"), Some("B"), None, Some("A"), Some("B")];
    let turns: Vec<_> = (0..)
        .zip(turns)
        .map(|(n, who)| (n * 10, Normal, who))
        .collect();
    let alarm = seen(&turns).alarm("kiln", "Kiln 2", "primary", &verdict(Normal));
    let sentence = alarm.expect("it flaps").sentence;
    assert!(
        sentence.contains("its primary has changed 3 times"),
        "{sentence}"
    );
}

#[test]
fn what_is_gone_is_forgotten_and_what_was_never_seen_is_no_alarm() {
    let mut ledger = seen(&[(0, Warning, None)]);
    assert_eq!(ledger.alarm("other", "", "", &verdict(Warning)), None);
    ledger.forget_others("oven", &HashSet::new());
    assert!(ledger.alarm("kiln", "", "", &verdict(Warning)).is_some());
    ledger.forget_others("ki", &HashSet::new());
    assert_eq!(ledger.alarm("kiln", "", "", &verdict(Warning)), None);
}

#[test]
fn what_lingers_is_an_alarm_once_it_was_seen_for_longer_than_its_limit() {
    let stuck = verdict(Critical).since(Some(at(-300)));
    let moving = verdict(Moving).lingering(TimeDelta::seconds(60), stuck);
    let normal = verdict(Normal);
    let alarm = |sightings: &[(i64, &Verdict)]| {
        let mut ledger = Ledger::default();
        for (seconds, verdict) in sightings {
            ledger.observe(&Sighting {
                thing: "kiln",
                verdict,
                leader: None,
                at: at(*seconds),
            });
        }
        let (_, last) = sightings.last().expect("one at least");
        let alarm = ledger.alarm("kiln", "Kiln 2", "primary", last);
        alarm.map(|alarm| (alarm.severity, alarm.since))
    };
    let (critical, m) = (|since| Some((Critical, Since::Seen(at(since)))), &moving);
    for (sightings, expected) in [
        (vec![(0, m)], None),
        (vec![(0, m), (30, m), (60, m)], None),
        (vec![(0, m), (30, m), (61, m)], critical(0)),
        (vec![(0, m), (60, m), (61, m)], critical(0)),
        // Out of sight for longer than the limit: it may be another one.
        (vec![(0, m), (61, m)], None),
        (vec![(0, m), (61, m), (90, m), (121, m)], None),
        (vec![(0, m), (61, m), (90, m), (122, m)], critical(61)),
        (vec![(0, m), (30, &normal), (40, m), (70, m)], None),
        (vec![(0, m), (30, m), (61, &normal)], None),
    ] {
        assert_eq!(alarm(&sightings), expected);
    }
}

#[test]
fn a_group_that_has_been_handing_over_for_too_long_is_an_alarm_though_its_client_reports() {
    let group = GroupConfiguration {
        name: Some("Kiln 2".to_owned()),
        failover_timeout: Some(TimeSpan::from_seconds(15)),
        ..GroupConfiguration::default()
    };
    let mut ledger = Ledger::default();
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
        let verdict = judge_group(&group, None, &[pending], at(now));
        ledger.observe(&Sighting {
            thing: "kiln",
            verdict: &verdict,
            leader: None,
            at: at(now),
        });
        ledger.alarm("kiln", "Kiln 2", "primary", &verdict)
    });
    let alarms: Vec<_> = alarms.collect();
    assert_eq!(alarms[15], None);
    let alarm = alarms[16].as_ref().expect("it lingers");
    assert_eq!((alarm.severity, alarm.since), (Critical, Since::Seen(NOW)));
    assert_eq!(
        alarm.sentence,
        "Kiln 2: b was chosen as primary and has not confirmed within the FailoverTimeout."
    );
    assert_eq!(
        alarm.advice,
        "Check the adapter of b: nobody collects data until it confirms."
    );
}

/// A failover as AVEVA's service tells it: `a` falls silent, `b` is chosen and confirms, and `a` comes
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
fn a_whole_failover_is_told_as_it_goes_and_never_as_flapping() {
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
        let mut ledger = Ledger::default();
        let mut words = Vec::new();
        for now in (-4 * timeout..8 * timeout).step_by(every) {
            let (status, sessions) = failover(now, timeout, standbys);
            let verdict = judge_group(&group, Some(&status), &sessions, at(now));
            words.push(verdict.word);
            ledger.observe(&Sighting {
                thing: "kiln",
                verdict: &verdict,
                leader: status.primary.as_deref(),
                at: at(now),
            });
            if let Some(alarm) = ledger.alarm("kiln", "Kiln 2", "primary", &verdict) {
                assert_eq!(
                    alarm.sentence, verdict.sentence,
                    "{timeout} s, each {every} s"
                );
            }
        }
        words.dedup();
        let alone = standbys.is_empty();
        let after: &[_] = if alone {
            &["No standby", "Normal"]
        } else {
            &["Normal"]
        };
        assert!(words.ends_with(after), "{words:?}");
        assert!(words.contains(&"Heartbeat late"), "{words:?}");
        assert_eq!(words.first(), Some(&"Normal"));
    }
}
