//! Acknowledgements, notes and maintenance, and alarms across a restart.

use crate::alarms::{
    Acknowledgement, Alarm, AlarmHistory, Expired, FlappingAlarm, FlappingSubject, Handling,
    Maintenance, Note, Scope, Since, Source,
};
use crate::inventory::{Facts, Judged, Kind, Observed, Resource, ResourceKey};
use crate::severity::Severity::{self, Critical, Normal, Unknown, Warning};
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use vendors::SystemKind;

const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

fn at(seconds: i64) -> DateTime<Utc> {
    NOW + TimeDelta::seconds(seconds)
}

fn key(connection: &str, id: &str) -> ResourceKey {
    ResourceKey {
        kind: Kind::FailoverGroup,
        connection: connection.to_owned(),
        id: id.to_owned(),
    }
}

fn alarm(id: &str, severity: Severity) -> Alarm {
    Alarm {
        id: id.to_owned(),
        resource: key("plant-a", id),
        name: id.to_owned(),
        severity,
        rank: Verdict::RULE,
        word: severity.key().into(),
        sentence: format!("{id} is not well."),
        advice: String::new(),
        since: Since::Observed(NOW),
        flapping: None,
        acknowledged: None,
        notes: Vec::new(),
        maintenance: None,
    }
}

fn acknowledgement(severity: Severity, until: Option<i64>) -> Acknowledgement {
    Acknowledgement {
        by: "ann".to_owned(),
        reason: "spare part ordered".to_owned(),
        at: NOW,
        until: until.map(at),
        severity,
        word: severity.key().into(),
    }
}

fn note(alarm: &str, text: &str, seconds: i64) -> Note {
    Note {
        alarm: alarm.to_owned(),
        by: "ann".to_owned(),
        text: text.to_owned(),
        at: at(seconds),
    }
}

fn maintenance(id: &str, scope: Scope, from: i64, until: i64) -> Maintenance {
    Maintenance {
        id: id.to_owned(),
        scope,
        from: at(from),
        until: at(until),
        reason: "new firmware".to_owned(),
        by: "ann".to_owned(),
    }
}

fn system(connection: &str) -> Option<SystemKind> {
    match connection {
        "plant-a" | "plant-b" => Some(SystemKind::Aveva),
        "live" => Some(SystemKind::Uplynk),
        _ => None,
    }
}

#[test]
fn an_acknowledgement_is_valid_until_it_expires_or_the_alarm_gets_worse() {
    for (given, until, severity, seconds, holds) in [
        (Critical, None, Critical, 1_000_000, true),
        (Critical, None, Warning, 10, true),
        (Critical, None, Unknown, 10, true),
        (Warning, None, Critical, 10, false),
        (Unknown, None, Warning, 10, false),
        (Critical, Some(60), Critical, 59, true),
        (Critical, Some(60), Critical, 60, false),
        (Warning, Some(60), Critical, 10, false),
    ] {
        let given = acknowledgement(given, until);
        assert_eq!(
            given.holds(&alarm("a", severity), at(seconds)),
            holds,
            "{given:?} {severity:?} {seconds}"
        );
    }
}

#[test]
fn an_acknowledgement_does_not_hold_for_another_critical_alarm() {
    for (severity, given, word, holds) in [
        (Critical, "On air unhealthy", "On air unhealthy", true),
        (Critical, "On air unhealthy", "On slate", false),
        // Saved by an earlier version.
        (Critical, "", "On slate", true),
        // A flapping resource alternates between words.
        (Warning, "Flapping", "On backup", true),
        (Unknown, "Unknown", "Never read", true),
    ] {
        let given = Acknowledgement {
            word: given.into(),
            ..acknowledgement(severity, None)
        };
        let alarm = Alarm {
            word: word.into(),
            ..alarm("a", severity)
        };
        assert_eq!(given.holds(&alarm, NOW), holds, "{given:?} {word}");
        // A flapping resource and a silent connection remain the same problem whatever their words.
        let flapping = Alarm {
            flapping: Some(FlappingAlarm {
                subject: FlappingSubject::Leader,
                changes: 3,
            }),
            ..alarm.clone()
        };
        let mut silent = alarm;
        silent.resource.kind = Kind::Connection;
        assert!(given.holds(&flapping, NOW), "{flapping:?}");
        assert!(given.holds(&silent, NOW), "{silent:?}");
    }
    let without_word: Acknowledgement = serde_json::from_value(serde_json::json!({
        "by": "ann", "reason": "on it", "at": 0, "severity": "critical",
    }))
    .expect("an acknowledgement");
    assert!(without_word.holds(&alarm("a", Critical), NOW));
}

#[test]
fn expired_handling_is_removed_and_reported() {
    let mut handling = Handling::default();
    for (id, given) in [
        ("well", acknowledgement(Critical, None)),
        ("ended", acknowledgement(Critical, None)),
        ("worse", acknowledgement(Warning, None)),
        ("late", acknowledgement(Critical, Some(5))),
    ] {
        handling.acknowledgements.insert(id.to_owned(), given);
    }
    for (id, from, until) in [("past", -20, 10), ("now", -20, 20), ("planned", 20, 40)] {
        let scope = Scope::System(SystemKind::Aveva);
        let one = maintenance(id, scope, from, until);
        handling.maintenance.insert(id.to_owned(), one);
    }
    for (id, alarm) in [("1", "ended"), ("2", "worse")] {
        handling.notes.insert(id.to_owned(), note(alarm, "", 0));
    }
    let open = ["well", "worse", "late"].map(|id| alarm(id, Critical));
    let expired = handling.remove_expired(&open, at(10));
    assert_eq!(expired.acknowledgements, ["ended", "worse"]);
    assert_eq!(expired.maintenance, [""; 0], "the clock may be wrong");
    assert_eq!(expired.notes, ["1"]);
    let a_day_later = at(10 + 86_400);
    let expired = handling.remove_expired(&open, a_day_later);
    assert_eq!(expired.acknowledgements, ["late"]);
    assert_eq!(expired.maintenance, ["past"]);
    let again = handling.remove_expired(&open, a_day_later);
    assert_eq!(again, Expired::default());
    assert_eq!(handling.acknowledgements.len(), 1);
    assert_eq!(handling.maintenance.len(), 2);
}

#[test]
fn maintenance_of_a_session_applies_whichever_connection_lists_it() {
    let run = |connection, id| ResourceKey {
        kind: Kind::FailoverSession,
        ..key(connection, id)
    };
    let scope = Scope::Resource(run("em", "1"));
    for (other, concerns) in [
        (run("em", "1"), true),
        (run("em-old", "1"), true),
        (run("em", "2"), false),
        (key("em", "1"), false),
    ] {
        assert_eq!(scope.contains(&other, |_| None), concerns, "{other:?}");
    }
}

#[test]
fn maintenance_covers_only_its_resource_connection_or_system() {
    for (scope, connection, id, concerns) in [
        (
            Scope::Resource(key("plant-a", "kiln")),
            "plant-a",
            "kiln",
            true,
        ),
        (
            Scope::Resource(key("plant-a", "kiln")),
            "plant-a",
            "oven",
            false,
        ),
        (
            Scope::Resource(key("plant-a", "kiln")),
            "plant-b",
            "kiln",
            false,
        ),
        (
            Scope::Connection("plant-a".to_owned()),
            "plant-a",
            "oven",
            true,
        ),
        (
            Scope::Connection("plant-a".to_owned()),
            "plant-b",
            "kiln",
            false,
        ),
        (Scope::System(SystemKind::Aveva), "plant-b", "kiln", true),
        (Scope::System(SystemKind::Aveva), "live", "kiln", false),
        (Scope::System(SystemKind::Aveva), "gone", "kiln", false),
    ] {
        let key = key(connection, id);
        assert_eq!(scope.contains(&key, system), concerns, "{scope:?} {key:?}");
    }
    let connection = ResourceKey::of_connection("plant-a");
    assert!(Scope::Connection("plant-a".to_owned()).contains(&connection, system));
    assert!(Scope::System(SystemKind::Aveva).contains(&connection, system));
}

#[test]
fn maintenance_applies_from_its_start_to_its_end() {
    let mut handling = Handling::default();
    for (id, from, until) in [("short", 10, 20), ("long", 15, 60)] {
        let scope = Scope::Connection("plant-a".to_owned());
        let one = maintenance(id, scope, from, until);
        handling.maintenance.insert(id.to_owned(), one);
    }
    for (seconds, expected) in [
        (9, None),
        (10, Some("short")),
        (15, Some("long")),
        (20, Some("long")),
        (59, Some("long")),
        (60, None),
    ] {
        let mut alarms = [alarm("kiln", Critical)];
        handling.mark(&mut alarms, system, at(seconds));
        let marked = alarms[0].maintenance.as_ref().map(|one| one.id.as_str());
        assert_eq!(marked, expected, "after {seconds} s");
        assert_eq!(alarms[0].is_handled(), expected.is_some());
    }
}

#[test]
fn notes_are_added_to_their_alarm_in_order_of_time() {
    let mut handling = Handling::default();
    for (id, one) in [
        ("1", note("a", "then this", 5)),
        ("2", note("a", "first this", 1)),
        ("3", note("b", "of another", 2)),
    ] {
        handling.notes.insert(id.to_owned(), one);
    }
    let mut alarms = vec![alarm("a", Critical), alarm("c", Critical)];
    handling.mark(&mut alarms, system, NOW);
    let texts = |alarm: &Alarm| -> Vec<String> {
        let notes = alarm.notes.iter();
        notes.map(|note| note.text.clone()).collect()
    };
    assert_eq!(texts(&alarms[0]), ["first this", "then this"]);
    assert_eq!(texts(&alarms[1]), [""; 0]);
    assert!(!alarms[0].is_handled(), "a note is not handling");
}

#[test]
fn handled_alarms_sort_after_unhandled_ones() {
    let mut handling = Handling::default();
    let given = acknowledgement(Critical, None);
    handling.acknowledgements.insert("a".to_owned(), given);
    let mut alarms = [
        alarm("a", Critical),
        alarm("b", Warning),
        alarm("c", Unknown),
    ];
    handling.mark(&mut alarms, system, NOW);
    let order = alarms.each_ref().map(|alarm| alarm.id.as_str());
    assert_eq!(order, ["b", "c", "a"]);
    handling.acknowledgements.clear();
    handling.mark(&mut alarms, system, NOW);
    let order = alarms.each_ref().map(|alarm| alarm.id.as_str());
    assert_eq!(order, ["a", "b", "c"]);
}

fn source(observed_at: Option<DateTime<Utc>>, failure: Option<&str>) -> Source {
    Source {
        failure: failure.map(str::to_owned),
        ..crate::alarms::tests::source(observed_at)
    }
}

fn judged(id: &str, severity: Severity, read: Option<DateTime<Utc>>) -> Judged {
    let sentence = format!("{id} is {}.", severity.key());
    Judged {
        resource: Resource {
            observed: read.map_or(Observed::Never, Observed::At),
            ..Resource::new(
                key("plant-a", id),
                id.to_owned(),
                Verdict::new(severity, severity.key(), sentence),
                Facts::None,
            )
        },
        observed_at: read,
    }
}

/// A history that continues the two open alarms of a stopped gateway: a group and its connection.
fn restarted() -> (AlarmHistory, Vec<Alarm>) {
    let mut history = AlarmHistory::default();
    history.update(
        &[source(Some(NOW), None)],
        &[judged("kiln", Critical, Some(NOW))],
        NOW,
    );
    let unread = judged("kiln", Critical, Some(NOW));
    history.update(&[source(Some(NOW), Some("timeout"))], &[unread], at(30));
    let open = history.alarms();
    assert_eq!(open.len(), 2, "{open:?}");
    (AlarmHistory::continuing(open.clone()), open)
}

fn ids(alarms: &[Alarm]) -> Vec<&str> {
    alarms.iter().map(|alarm| alarm.id.as_str()).collect()
}

#[test]
fn an_alarm_that_still_applies_after_a_restart_keeps_its_id() {
    let (mut history, open) = restarted();
    // Nothing has been read yet.
    let changes = history.update(&[source(None, None)], &[], at(100));
    assert_eq!((changes.began.len(), changes.ended.len()), (0, 0));
    assert_eq!(ids(&history.alarms()), ids(&open));
    // The groups are listed, but not read yet.
    history.update(
        &[source(None, None)],
        &[judged("kiln", Unknown, None)],
        at(101),
    );
    assert_eq!(ids(&history.alarms()), ids(&open));
    // Everything is read: the connection answers, and the group is unchanged.
    let read = at(102);
    let changes = history.update(
        &[source(Some(read), None)],
        &[judged("kiln", Critical, Some(read))],
        read,
    );
    assert_eq!(changes.began, []);
    let ended: Vec<Kind> = changes
        .ended
        .iter()
        .map(|alarm| alarm.resource.kind)
        .collect();
    assert_eq!(ended, [Kind::Connection]);
    let alarms = history.alarms();
    assert_eq!(
        (alarms[0].id.as_str(), alarms[0].since),
        (open[1].id.as_str(), Since::Observed(NOW))
    );
}

#[test]
fn after_a_restart_an_unread_resource_keeps_its_alarm() {
    // The connection has answered for all groups but this one, which is slow or failed to read.
    let unread = judged("kiln", Unknown, None);
    let mut failed = unread.clone();
    failed.resource.failure = Some("500: out of order".to_owned());
    for unread in [unread, failed] {
        let (mut history, open) = restarted();
        let kiln = |history: &AlarmHistory| {
            let mut alarms = history.alarms().into_iter();
            alarms.find(|one| one.resource.kind == Kind::FailoverGroup)
        };
        for seconds in [100, 105] {
            let read = at(seconds);
            let sources = [source(Some(read), None)];
            let changes = history.update(&sources, std::slice::from_ref(&unread), read);
            assert_eq!(changes.began, []);
            assert_eq!(kiln(&history), Some(open[1].clone()));
        }
        let read = at(110);
        let well = judged("kiln", Normal, Some(read));
        let changes = history.update(&[source(Some(read), None)], &[well], read);
        assert_eq!((changes.ended.len(), kiln(&history)), (1, None));
    }
    // An alarm about an unknown state is updated with the latest failure.
    let known = judged("kiln", Unknown, Some(NOW));
    let mut before = AlarmHistory::default();
    before.update(&[source(Some(NOW), None)], &[known], NOW);
    let mut history = AlarmHistory::continuing(before.alarms());
    let mut failed = judged("kiln", Unknown, None);
    failed.resource.failure = Some("500: out of order".to_owned());
    failed.resource.verdict.word = "Cannot be read".into();
    history.update(&[source(Some(at(100)), None)], &[failed], at(100));
    assert_eq!(history.alarms()[0].word, "Cannot be read");
    assert_eq!(ids(&history.alarms()), ids(&before.alarms()));
}

#[test]
fn after_a_restart_a_normal_or_missing_resource_ends_its_alarm_once() {
    for resources in [vec![judged("kiln", Normal, Some(at(100)))], Vec::new()] {
        let (mut history, _) = restarted();
        let changes = history.update(&[source(Some(at(100)), None)], &resources, at(100));
        assert_eq!((changes.began.len(), changes.ended.len()), (0, 2));
        let changes = history.update(&[source(Some(at(105)), None)], &resources, at(105));
        assert_eq!(changes.ended, []);
    }
    // Alarms of a connection that is no longer configured do not count as ended.
    let (mut history, _) = restarted();
    let changes = history.update(&[], &[], at(100));
    assert_eq!((changes.ended.len(), changes.unwatched.len()), (0, 2));
}

#[test]
fn a_connection_that_is_still_silent_after_a_restart_keeps_its_alarms() {
    let (mut history, open) = restarted();
    let changes = history.update(&[source(None, Some("refused"))], &[], at(100));
    assert_eq!((changes.began.len(), changes.ended.len()), (0, 0));
    let alarms = history.alarms();
    assert_eq!(ids(&alarms), ids(&open));
    assert_eq!(
        alarms[0].since, open[0].since,
        "silent since before the restart"
    );
}

#[test]
fn alarm_ids_are_unique_and_need_no_url_encoding() {
    let mut history = AlarmHistory::default();
    let odd = ["a/b", "a%2Fb", "ä ö", "a:b", "🦀"];
    let resources = odd.map(|id| judged(id, Critical, Some(NOW)));
    history.update(&[source(Some(NOW), None)], &resources, NOW);
    let alarms = history.alarms();
    let mut ids: Vec<&String> = alarms.iter().map(|alarm| &alarm.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), odd.len());
    for id in ids {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(id.chars().all(plain) && id.len() < 40, "{id}");
    }
}

proptest! {
    /// Handling never adds, removes or rewords an alarm.
    #[test]
    fn handling_changes_only_order_and_marks(
        severities in prop::collection::vec(prop::sample::select(&[Critical, Warning, Unknown][..]), 0..8),
        given in prop::collection::vec((0_usize..10, prop::option::of(-5_i64..5)), 0..6),
        planned in prop::collection::vec((0_usize..10, -5_i64..5, -5_i64..5), 0..4),
    ) {
        let mut alarms: Vec<Alarm> = severities.iter().enumerate()
            .map(|(number, severity)| alarm(&number.to_string(), *severity)).collect();
        let mut handling = Handling::default();
        for (number, until) in given {
            handling.acknowledgements.insert(number.to_string(), acknowledgement(Critical, until));
        }
        for (number, from, until) in planned {
            let scope = Scope::Resource(key("plant-a", &number.to_string()));
            let one = maintenance(&number.to_string(), scope, from, until);
            handling.maintenance.insert(one.id.clone(), one);
        }
        let before = alarms.clone();
        handling.remove_expired(&alarms, NOW);
        handling.mark(&mut alarms, system, NOW);
        let bare = |alarm: &Alarm| Alarm { acknowledged: None, notes: Vec::new(), maintenance: None, ..alarm.clone() };
        let mut after: Vec<Alarm> = alarms.iter().map(bare).collect();
        after.sort_by(|a, b| a.id.cmp(&b.id));
        prop_assert_eq!(after, before);
        let first_handled = alarms.iter().position(Alarm::is_handled).unwrap_or(alarms.len());
        prop_assert!(alarms[first_handled..].iter().all(Alarm::is_handled));
        for alarm in &alarms {
            prop_assert!(alarm.acknowledged.as_ref().is_none_or(|one| one.holds(alarm, NOW)));
            prop_assert!(alarm.maintenance.as_ref().is_none_or(|one| one.is_active(NOW)));
        }
    }
}
