//! Deletion of old entries, and clocks that leap.

use super::super::database::Database;
use super::super::*;
use super::activity::{FIRST_START, at, change, event, everything, stores, texts};
use super::{Site, in_each_database, reopen_by, sites};
use health::Severity;
use health::events::EventKind;
use protocol::ActivityKind;
use std::collections::BTreeSet;

/// The seconds of the alarms and of the failovers that are left after a day, and the second since which no leadership
/// entry was deleted.
fn left_after_a_day(database: &mut dyn Database, retention: &Retention) -> ([Vec<i64>; 2], i64) {
    let later = at(24 * 3_600);
    database
        .write(&mut |sql| {
            for (second, kind) in [
                (-1, EventKind::Alarm),
                (-1, EventKind::Failover),
                (1_000, EventKind::Alarm),
                (2_000, EventKind::Failover),
            ] {
                let event = event(second, kind, Severity::Normal, "c", "g");
                activity::add_event(sql, &event)?;
            }
            watching::note_watching(sql, retention, later)
        })
        .unwrap();
    let left = activity_query::read(database, &everything()).unwrap();
    let complete_since = watching::complete_since(database).unwrap().unwrap();
    let left = [EventKind::Alarm, EventKind::Failover].map(|kind| {
        let of_kind = left
            .iter()
            .filter(|entry| entry.kind == ActivityKind::Event(kind));
        let mut seconds: Vec<i64> = of_kind.map(|entry| entry.at.timestamp()).collect();
        seconds.sort_unstable();
        seconds
    });
    (left, complete_since.timestamp())
}

#[tokio::test]
async fn sign_ins_and_refusals_displace_no_other_entries() {
    for (store, _site) in stores() {
        store.retain(Retention {
            entries: 100,
            ..Retention::default()
        });
        let alarm = event(1, EventKind::Alarm, Severity::Critical, "plant-a", "g");
        store.record(vec![alarm]);
        for number in 0..150 {
            store.record_later(Entry {
                what: format!("refusal {number}"),
                ..Entry::default()
            });
        }
        store.intent(change()).await.unwrap();
        store.note_watching();
        assert!(store.catch_up().await);
        let found = texts(&store, everything()).await;
        let (refusals, others): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|what| what.starts_with("refusal"));
        let latest: BTreeSet<String> = refusals.into_iter().collect();
        let expected: Vec<_> = (140..150)
            .map(|number| format!("refusal {number}"))
            .collect();
        assert_eq!(latest, BTreeSet::from_iter(expected));
        assert_eq!(others, ["Order slicers", FIRST_START, "1"]);
    }
}

#[test]
fn entries_are_deleted_after_the_retention_of_their_kind() {
    let days = |days| Retention {
        days,
        ..Retention::default()
    };
    const DAY: i64 = 24 * 3_600;
    for (retention, alarms, failovers, complete_since) in [
        (days(2), vec![-1, 1_000], vec![-1, 2_000], -DAY),
        (days(1), vec![1_000], vec![2_000], 0),
        (
            Retention {
                by_kind: vec![(ActivityKind::Event(EventKind::Alarm), 1)],
                ..days(2)
            },
            vec![1_000],
            vec![-1, 2_000],
            0,
        ),
        (
            Retention {
                by_kind: vec![(ActivityKind::Event(EventKind::Alarm), 2)],
                ..days(1)
            },
            vec![-1, 1_000],
            vec![2_000],
            0,
        ),
        // These are not leadership entries.
        (
            Retention {
                by_kind: vec![(ActivityKind::Event(EventKind::Heartbeat), 1)],
                ..days(2)
            },
            vec![-1, 1_000],
            vec![-1, 2_000],
            -DAY,
        ),
        (
            Retention {
                entries: 1,
                ..days(2)
            },
            vec![],
            vec![2_000],
            1_000,
        ),
    ] {
        let expected = ([alarms, failovers], complete_since);
        in_each_database(|database| {
            let left = left_after_a_day(database, &retention);
            assert_eq!(left, expected, "{retention:?}");
        });
    }
}

#[test]
fn complete_since_stays_after_the_retention_is_extended() {
    const DAY: i64 = 24 * 3_600;
    in_each_database(|database| {
        for (days, second, complete_since) in [
            (1, 10 * DAY, 9 * DAY),
            (400, 10 * DAY, 9 * DAY),
            // A clock that was ahead and has been set back.
            (1, 11 * DAY, 10 * DAY),
            (0, 12 * DAY, 12 * DAY),
            (400, 11 * DAY, 11 * DAY),
        ] {
            let retention = Retention {
                days,
                ..Retention::default()
            };
            let work =
                &mut |sql: &mut dyn Sql| watching::note_watching(sql, &retention, at(second));
            database.write(work).unwrap();
            let found = watching::complete_since(database).unwrap();
            assert_eq!(found, Some(at(complete_since)), "{days} {second}");
        }
    });
}

/// The seconds of the alarms that are left after notes at these times, with a retention of two days.
fn left_after_notes(database: &mut dyn Database, moments: &[i64]) -> Vec<i64> {
    let retention = Retention {
        days: 2,
        ..Retention::default()
    };
    for second in moments {
        let alarm = event(*second, EventKind::Alarm, Severity::Normal, "c", "g");
        let note = &mut |sql: &mut dyn Sql| {
            activity::add_event(sql, &alarm)?;
            watching::note_watching(sql, &retention, alarm.at)
        };
        database.write(note).unwrap();
    }
    let left = activity_query::read(database, &everything()).unwrap();
    left.iter().rev().map(|one| one.at.timestamp()).collect()
}

#[test]
fn a_clock_that_leaps_ahead_deletes_nothing_for_a_day() {
    const DAY: i64 = 24 * 3_600;
    let leapt = 40 * DAY;
    // The clock was wrong, and is corrected.
    let all = [0, 10, leapt, leapt + 10, leapt + 3_600, 20, 30];
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    // Nobody watched for weeks.
    let later = [0, leapt, leapt + 10, leapt + DAY - 10, leapt + DAY];
    for (moments, left) in [
        (&all[..], &sorted[..]),
        (&later[..4], &later[..4]),
        (&later, &later[1..]),
    ] {
        in_each_database(|database| assert_eq!(left_after_notes(database, moments), left));
    }
}

#[tokio::test]
async fn a_restart_does_not_make_a_leapt_clock_trusted() {
    const DAY: i64 = 24 * 3_600;
    let leapt = 4_000 * DAY;
    for Site { location, .. } in &sites() {
        let store = Store::open_by(location, || at(0)).unwrap();
        store.record(vec![event(
            0,
            EventKind::Alarm,
            Severity::Critical,
            "c",
            "g",
        )]);
        store.note_watching();
        assert!(store.catch_up().await);
        drop(store);
        for (second, is_left) in [
            (leapt, true),
            (leapt + 10, true),
            (leapt + DAY - 10, true),
            (leapt + DAY, false),
        ] {
            let store = reopen_by(location, move || at(second)).await;
            store.note_watching();
            assert!(store.catch_up().await);
            let left = texts(&store, everything()).await;
            assert_eq!(
                left.contains(&"0".to_owned()),
                is_left,
                "{second}: {left:?}"
            );
        }
    }
}

#[test]
fn deletion_does_not_scan_entries_that_are_kept_for_longer() {
    let mut database = sqlite::open(&StoreLocation::Memory).unwrap();
    let explain = format!("EXPLAIN QUERY PLAN {}", watching::DELETE_OLD);
    let values = ["alarm".into(), 0.into(), 1.into()];
    let plan = database.rows(&explain, &values).unwrap();
    let steps: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
    let found = "USING COVERING INDEX activity_kind (kind=? AND at<?)";
    assert!(steps.iter().any(|step| step.contains(found)), "{steps:?}");
}
