//! Alarms over time, and the messages about them.

use super::*;
use crate::alerts::message::Message;
use crate::config::QuietHours;
use chrono::{NaiveTime, TimeDelta};
use health::alarms::Acknowledgement;
use health::inventory::{Kind, ResourceKey};
use proptest::prelude::*;
use wildmatch::WildMatch;

/// 21:00 in UTC.
const START: DateTime<Utc> = DateTime::from_timestamp_nanos(1_768_510_800_000_000_000);

fn at(seconds: i64) -> DateTime<Utc> {
    START + TimeDelta::seconds(seconds)
}

fn rule() -> AlertRule {
    AlertRule {
        id: "ops".to_owned(),
        targets: vec!["pager".to_owned()],
        severity: Severity::Warning,
        systems: Vec::new(),
        connections: Vec::new(),
        resources: Vec::new(),
        after: TimeDelta::seconds(30),
        repeat: None,
        quiet: None,
        recovery: true,
    }
}

fn alarm(id: &str, severity: Severity) -> Alarm {
    Alarm {
        id: id.to_owned(),
        resource: ResourceKey {
            kind: Kind::FailoverGroup,
            connection: "plant-a".to_owned(),
            id: format!("group-{id}"),
        },
        name: format!("Kiln {id}"),
        severity,
        rank: 2,
        word: severity.key().into(),
        sentence: String::new(),
        ..Message::test(String::new(), START, None).alarm
    }
}

fn acknowledged(alarm: Alarm) -> Alarm {
    Alarm {
        acknowledged: Some(Acknowledgement {
            by: "ann".to_owned(),
            reason: "on it".to_owned(),
            at: START,
            until: None,
            severity: alarm.severity,
            word: alarm.word.clone(),
        }),
        ..alarm
    }
}

fn system(connection: &str) -> Option<SystemKind> {
    (connection == "plant-a").then_some(SystemKind::Aveva)
}

/// The messages by second. `over_time` lists the open alarms from each second on.
fn sent(
    rule: &AlertRule,
    over_time: &[(i64, Vec<Alarm>)],
    until: i64,
) -> Vec<(i64, Occasion, usize)> {
    let mut watches = Watches::default();
    let rules = [rule.clone()];
    let mut sent = Vec::new();
    for second in 0..=until {
        let now = over_time.iter().rev().find(|(from, _)| *from <= second);
        let open = now.map_or(&[][..], |(_, open)| open);
        let step = watches.step(&rules, open, system, |_| true, at(second));
        sent.extend(
            step.due
                .iter()
                .map(|due| (second, due.occasion, 1 + due.others.len())),
        );
    }
    sent
}

const CRITICAL: Severity = Severity::Critical;
const WARNING: Severity = Severity::Warning;

#[test]
fn an_alarm_is_sent_after_its_delay_when_it_gets_worse_and_when_it_ends() {
    use Occasion::{Began, Ended, Worse};
    let one = |severity| vec![alarm("1", severity)];
    for (over_time, expected) in [
        (vec![(0, one(CRITICAL))], vec![(30, Began, 1)]),
        (vec![(0, one(CRITICAL)), (29, vec![])], vec![]),
        (
            vec![(0, one(CRITICAL)), (40, vec![])],
            vec![(30, Began, 1), (40, Ended, 1)],
        ),
        (
            vec![
                (0, one(WARNING)),
                (50, one(CRITICAL)),
                (60, one(WARNING)),
                (70, one(CRITICAL)),
            ],
            vec![(30, Began, 1), (50, Worse, 1)],
        ),
        (vec![(0, one(Severity::Unknown))], vec![]),
        // The rule did not apply before.
        (
            vec![(0, one(Severity::Unknown)), (20, one(WARNING))],
            vec![(50, Began, 1)],
        ),
        // A less severe alarm is still open.
        (
            vec![
                (0, one(WARNING)),
                (40, one(Severity::Unknown)),
                (60, vec![]),
            ],
            vec![(30, Began, 1), (60, Ended, 1)],
        ),
    ] {
        assert_eq!(sent(&rule(), &over_time, 100), expected, "{over_time:?}");
    }
}

#[test]
fn an_alarm_of_a_removed_connection_is_reported_as_unwatched() {
    let rules = [rule()];
    let mut watches = Watches::default();
    let mut step = |open: &[Alarm], is_watched: bool, second| {
        let system = |_: &str| is_watched.then_some(SystemKind::Aveva);
        let step = watches.step(&rules, open, system, |_| true, at(second));
        step.due.iter().map(|due| due.occasion).collect::<Vec<_>>()
    };
    let open = [alarm("1", CRITICAL)];
    step(&open, true, 0);
    assert_eq!(step(&open, true, 30), [Occasion::Began]);
    assert_eq!(step(&[], false, 31), [Occasion::Unwatched]);
    assert_eq!(step(&[], false, 32), []);
}

#[test]
fn ends_are_sent_before_beginnings() {
    use Occasion::{Began, Ended};
    let over_time = [
        (0, vec![alarm("1", CRITICAL)]),
        (30, vec![alarm("1", CRITICAL), alarm("2", CRITICAL)]),
        (60, vec![alarm("2", CRITICAL)]),
    ];
    let expected = [(30, Began, 1), (60, Ended, 1), (60, Began, 1)];
    assert_eq!(sent(&rule(), &over_time, 90), expected);
}

#[test]
fn reminders_are_sent_at_their_interval_and_ends_only_if_configured() {
    use Occasion::{Began, Reminder};
    let rule = AlertRule {
        repeat: Some(TimeDelta::seconds(60)),
        recovery: false,
        ..rule()
    };
    let over_time = [(0, vec![alarm("1", CRITICAL)]), (200, vec![])];
    let expected = [(30, Began, 1), (90, Reminder, 1), (150, Reminder, 1)];
    assert_eq!(sent(&rule, &over_time, 300), expected);
}

#[test]
fn acknowledged_alarms_are_not_sent() {
    use Occasion::{Began, Ended, Reminder};
    let rule = AlertRule {
        repeat: Some(TimeDelta::seconds(60)),
        ..rule()
    };
    let (open, acked) = (
        vec![alarm("1", CRITICAL)],
        vec![acknowledged(alarm("1", CRITICAL))],
    );
    for (over_time, expected) in [
        (vec![(0, acked.clone())], vec![]),
        // The delay starts when the acknowledgement ends.
        (
            vec![(0, open.clone()), (20, acked.clone()), (100, open.clone())],
            vec![
                (130, Began, 1),
                (190, Reminder, 1),
                (250, Reminder, 1),
                (310, Reminder, 1),
            ],
        ),
        (
            vec![(0, open.clone()), (40, acked.clone()), (300, open.clone())],
            vec![(30, Began, 1), (300, Reminder, 1)],
        ),
        // The recipients of the alarm also get its end.
        (
            vec![(0, open), (40, acked), (60, vec![])],
            vec![(30, Began, 1), (60, Ended, 1)],
        ),
    ] {
        assert_eq!(sent(&rule, &over_time, 310), expected, "{over_time:?}");
    }
}

#[test]
fn an_alarm_is_sent_again_once_when_its_acknowledgement_ends() {
    use Occasion::{Began, Reminder, Worse};
    let one = |severity| vec![alarm("1", severity)];
    let acked = |severity| vec![acknowledged(alarm("1", severity))];
    for (over_time, expected) in [
        (
            vec![
                (0, one(CRITICAL)),
                (40, acked(CRITICAL)),
                (60, one(CRITICAL)),
            ],
            vec![(30, Began, 1), (60, Reminder, 1)],
        ),
        (
            vec![
                (0, one(WARNING)),
                (40, acked(WARNING)),
                (60, one(CRITICAL)),
                (70, one(WARNING)),
            ],
            vec![(30, Began, 1), (60, Worse, 1)],
        ),
        // The rule does not apply while the alarm is less severe.
        (
            vec![
                (0, one(WARNING)),
                (40, acked(WARNING)),
                (60, one(Severity::Unknown)),
                (70, one(WARNING)),
            ],
            vec![(30, Began, 1), (70, Reminder, 1)],
        ),
    ] {
        assert_eq!(sent(&rule(), &over_time, 100), expected, "{over_time:?}");
    }
}

#[test]
fn an_earlier_acknowledgement_is_remembered_after_a_restart() {
    let rules = [rule()];
    let open = [alarm("1", CRITICAL)];
    let mut watches = Watches::default();
    for second in [0, 30] {
        watches.step(&rules, &open, system, |_| true, at(second));
    }
    let acked = [acknowledged(open[0].clone())];
    let step = watches.step(&rules, &acked, system, |_| true, at(40));
    let (key, watch) = step.changed.into_iter().next().expect("what changed");
    let mut text = serde_json::to_value(watch.expect("a watch")).expect("JSON");
    let read = |text: &serde_json::Value| serde_json::from_value(text.clone()).expect("a watch");
    let mut after = Watches::new([(key.clone(), read(&text))]);
    assert_eq!(
        after
            .step(&rules, &open, system, |_| true, at(50))
            .due
            .len(),
        1
    );
    // Earlier versions did not save it.
    text.as_object_mut().expect("it").remove("was_handled");
    let mut after = Watches::new([(key, read(&text))]);
    assert_eq!(after.step(&rules, &open, system, |_| true, at(50)).due, []);
}

#[test]
fn a_clock_that_was_set_forward_and_back_delays_nothing() {
    let rules = [AlertRule {
        repeat: Some(TimeDelta::seconds(60)),
        ..rule()
    }];
    let open = [alarm("1", CRITICAL)];
    let mut watches = Watches::default();
    let mut sent = Vec::new();
    let day = 86_400;
    for second in [day, 0, 29, 30, day, 40, 99, 100] {
        let step = watches.step(&rules, &open, system, |_| true, at(second));
        sent.extend(step.due.iter().map(|due| (second, due.occasion)));
    }
    let expected = [
        (30, Occasion::Began),
        (day, Occasion::Reminder),
        (100, Occasion::Reminder),
    ];
    assert_eq!(sent, expected);
}

#[test]
fn an_alarm_is_sent_once_it_is_confirmed() {
    use Occasion::{Began, Ended, Reminder};
    let rules = [AlertRule {
        repeat: Some(TimeDelta::seconds(60)),
        ..rule()
    }];
    let mut watches = Watches::default();
    let mut sent = Vec::new();
    let open = [alarm("1", CRITICAL)];
    for (second, open, is_confirmed) in [
        (0, &open[..], true),
        (30, &open, false),
        (31, &open, true),
        (91, &open, false),
        (95, &open, true),
        (96, &[], false),
    ] {
        let step = watches.step(&rules, open, system, |_| is_confirmed, at(second));
        sent.extend(step.due.iter().map(|due| (second, due.occasion)));
    }
    assert_eq!(sent, [(31, Began), (95, Reminder), (96, Ended)]);
}

#[test]
fn quiet_hours_delay_messages_until_they_end() {
    use Occasion::{Began, Ended};
    let time = |text| NaiveTime::parse_from_str(text, "%H:%M:%S").expect("a time");
    let rule = AlertRule {
        quiet: Some(QuietHours {
            from: time("21:01:00"),
            to: time("21:03:00"),
            zone: chrono_tz::Tz::UTC,
        }),
        ..rule()
    };
    let one = || vec![alarm("1", CRITICAL)];
    for (over_time, expected) in [
        (vec![(50, one())], vec![(180, Began, 1)]),
        (vec![(70, one()), (170, vec![])], vec![]),
        (
            vec![(0, one()), (90, vec![])],
            vec![(30, Began, 1), (180, Ended, 1)],
        ),
    ] {
        assert_eq!(sent(&rule, &over_time, 200), expected, "{over_time:?}");
    }
    // The message has the time of the end, also after a restart in the quiet hours.
    let (rules, mut saved) = ([rule], BTreeMap::new());
    let mut until = Vec::new();
    for (second, open) in [
        (0, one()),
        (30, one()),
        (90, vec![]),
        (120, vec![]),
        (180, vec![]),
    ] {
        let step = Watches::new(saved.clone()).step(&rules, &open, system, |_| true, at(second));
        until.extend(step.due.iter().map(|due| due.until));
        let changed = step.changed.into_iter();
        saved.extend(changed.filter_map(|(key, watch)| Some((key, watch?))));
    }
    assert_eq!(until, [None, Some(at(90))]);
}

#[test]
fn a_rule_applies_to_its_systems_connections_resources_and_severity() {
    let like = |text: &str| vec![WildMatch::new_case_insensitive(text)];
    for (rule, expected) in [
        (rule(), true),
        (
            AlertRule {
                systems: vec![SystemKind::Aveva],
                ..rule()
            },
            true,
        ),
        (
            AlertRule {
                systems: vec![SystemKind::Veeam],
                ..rule()
            },
            false,
        ),
        (
            AlertRule {
                connections: vec!["plant-a".to_owned()],
                ..rule()
            },
            true,
        ),
        (
            AlertRule {
                connections: vec!["plant-b".to_owned()],
                ..rule()
            },
            false,
        ),
        (
            AlertRule {
                resources: like("kiln*"),
                ..rule()
            },
            true,
        ),
        (
            AlertRule {
                resources: like("group-1"),
                ..rule()
            },
            true,
        ),
        (
            AlertRule {
                resources: like("kiln"),
                ..rule()
            },
            false,
        ),
        (
            AlertRule {
                severity: CRITICAL,
                ..rule()
            },
            false,
        ),
    ] {
        let sent = sent(&rule, &[(0, vec![alarm("1", WARNING)])], 60);
        assert_eq!(sent.len() == 1, expected, "{rule:?}");
    }
}

#[test]
fn more_than_five_simultaneous_alarms_are_one_message() {
    let many = |number: usize| {
        (0..number)
            .map(|n| alarm(&n.to_string(), CRITICAL))
            .collect()
    };
    for (number, expected) in [(5, vec![1; 5]), (6, vec![6]), (2_000, vec![2_000])] {
        let sent = sent(&rule(), &[(0, many(number))], 40);
        let sizes: Vec<usize> = sent.iter().map(|(_, _, size)| *size).collect();
        assert_eq!(sizes, expected);
    }
}

#[test]
fn a_restart_sends_nothing_twice_and_forgets_removed_rules() {
    let rules = [rule()];
    let open = [alarm("1", CRITICAL)];
    let mut watches = Watches::default();
    let mut saved = BTreeMap::new();
    for second in 0..40 {
        for (key, watch) in watches
            .step(&rules, &open, system, |_| true, at(second))
            .changed
        {
            match watch {
                Some(watch) => saved.insert(key, watch),
                None => saved.remove(&key),
            };
        }
    }
    let text = serde_json::to_string(&saved.values().collect::<Vec<_>>()).expect("JSON");
    let read: Vec<Watch> = serde_json::from_str(&text).expect("the same");
    let mut after = Watches::new(saved.keys().cloned().zip(read));
    assert_eq!(after.step(&rules, &open, system, |_| true, at(60)).due, []);
    let ended = after.step(&rules, &[], system, |_| true, at(61));
    assert_eq!(ended.due.len(), 1, "an end during the restart is sent");
    let mut other = Watches::new(saved);
    let step = other.step(&[], &open, system, |_| true, at(61));
    assert!(step.due.is_empty() && step.changed.len() == 1);
}

proptest! {
    /// An alarm begins and ends at most once and never ends before it begins, and the saved states equal those in
    /// memory.
    #[test]
    fn each_alarm_is_sent_in_order(steps in prop::collection::vec((1_i64..40, prop::collection::vec((0_u8..4, 0_u8..3, any::<bool>()), 0..4)), 1..30)) {
        let rules = [rule()];
        let mut watches = Watches::default();
        let (mut now, mut sent, mut saved) = (0, BTreeMap::<String, bool>::new(), BTreeMap::new());
        for (seconds, items) in steps {
            now += seconds;
            let open: BTreeMap<u8, Alarm> = items.into_iter().map(|(id, severity, acked)| {
                let severity = [CRITICAL, WARNING, Severity::Unknown][usize::from(severity)];
                let one = alarm(&id.to_string(), severity);
                (id, if acked { acknowledged(one) } else { one })
            }).collect();
            let open: Vec<Alarm> = open.into_values().collect();
            let step = watches.step(&rules, &open, system, |_| true, at(now));
            for due in &step.due {
                for alarm in [&due.first].into_iter().chain(&due.others) {
                    let is_sent = sent.entry(alarm.id.clone()).or_default();
                    prop_assert_eq!(*is_sent, due.occasion != Occasion::Began);
                    prop_assert!(due.occasion == Occasion::Ended || !alarm.is_handled());
                    *is_sent = due.occasion != Occasion::Ended;
                }
            }
            for (key, watch) in step.changed {
                match watch {
                    Some(watch) => { saved.insert(key, watch); }
                    None => { saved.remove(&key); }
                }
            }
            prop_assert!(saved.keys().eq(watches.0.keys()));
        }
    }
}
