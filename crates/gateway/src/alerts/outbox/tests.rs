//! Retries and failures of messages.

use super::*;
use crate::alerts::message::Occasion;
use health::Severity;
use health::alarms::Alarm;
use health::inventory::ResourceKey;
use std::collections::HashSet;

const START: DateTime<Utc> = DateTime::from_timestamp_nanos(1_768_510_800_000_000_000);

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    START + TimeDelta::seconds(seconds)
}

pub(super) fn message(number: i64) -> Message {
    let test = Message::test(format!("m{number}"), START, None);
    Message {
        at: at(number),
        occasion: Occasion::Began,
        alarm: Alarm {
            id: number.to_string(),
            resource: ResourceKey::of_connection("plant-a"),
            name: "Plant A".to_owned(),
            severity: Severity::Critical,
            word: "NO DATA".into(),
            sentence: String::new(),
            ..test.alarm
        },
        connection: "Plant A".to_owned(),
        ..test
    }
}

pub(super) fn to(targets: &[&str]) -> Vec<String> {
    targets.iter().map(|&target| target.to_owned()).collect()
}

pub(super) fn failure_for_all(is_final: bool) -> Result<(), Failure> {
    Err(Failure {
        is_final,
        ..Failure::temporary("500".to_owned())
    })
}

/// A failure that may concern this message only.
pub(super) fn failure_of_message() -> Result<(), Failure> {
    Err(Failure {
        blocks_connection_only: true,
        ..Failure::temporary("500".to_owned())
    })
}

/// The delivery of an e-mail to all recipients but one.
pub(super) fn partial_delivery() -> Result<(), Failure> {
    Err(Failure {
        blocks_connection_only: true,
        remaining_recipients: to(&["boss@plant.example"]),
        ..Failure::temporary("delivered to 1 of 2 recipients".to_owned())
    })
}

fn due(outbox: &Outbox, busy: &[&str], seconds: i64) -> Vec<(String, String)> {
    let busy = busy.iter().map(|&one| one.to_owned()).collect();
    let due = outbox.due(&busy, at(seconds)).into_iter();
    due.map(|one| (one.target, one.message.id)).collect()
}

#[test]
fn each_target_gets_one_message_at_a_time_and_delays_no_other_target() {
    let mut outbox = Outbox::default();
    outbox.add(&message(1), "ops", &to(&["mail", "pager"]));
    outbox.add(&message(2), "ops", &to(&["mail", "pager"]));
    let pair = |target: &str, id: &str| (target.to_owned(), id.to_owned());
    assert_eq!(
        due(&outbox, &[], 2),
        [pair("mail", "m1"), pair("pager", "m1")]
    );
    assert_eq!(due(&outbox, &["mail"], 2), [pair("pager", "m1")]);
    let first = outbox.due(&HashSet::new(), at(2)).pop().expect("one");
    outbox.attempted(&key(&first), Ok(()), at(3));
    assert_eq!(due(&outbox, &["mail"], 3), [pair("pager", "m2")]);
    assert_eq!(outbox.delivery("pager").delivered_at, Some(at(3)));
}

#[test]
fn a_failed_message_is_retried_with_growing_waits_for_a_day_before_others() {
    let mut outbox = Outbox::default();
    outbox.add(&message(0), "ops", &to(&["pager"]));
    outbox.add(&message(1), "ops", &to(&["pager"]));
    let (mut now, mut attempts) = (0, Vec::new());
    while let Some(one) = outbox.due(&HashSet::new(), at(now)).pop() {
        if one.message.id != "m0" {
            break;
        }
        attempts.push(now);
        outbox.attempted(&key(&one), failure_for_all(false), at(now));
        let (waiting, _) = outbox.messages_for("pager");
        let next = waiting.last().and_then(|one| one.next_at).expect("a time");
        now = next.signed_duration_since(START).num_seconds().max(now);
    }
    assert_eq!(attempts[..9], [0, 10, 30, 70, 150, 310, 630, 1_270, 2_170]);
    // The message is given up after a day, and shown.
    let last = attempts.last().expect("attempts");
    assert!((86_400..86_400 + 900 + 1).contains(last), "{last}");
    let (waiting, given_up) = outbox.messages_for("pager");
    assert_eq!((waiting.len(), given_up.len()), (1, 1));
    assert_eq!(
        outbox.delivery("pager").failed.expect("a failure").line,
        "500"
    );
}

#[test]
fn a_clock_that_was_set_back_delays_no_message() {
    let mut outbox = Outbox::default();
    outbox.add(&message(86_400), "ops", &to(&["pager"]));
    assert_eq!(due(&outbox, &[], 0).len(), 1);
    let one = outbox.due(&HashSet::new(), at(0)).pop().expect("one");
    outbox.attempted(&key(&one), failure_for_all(false), at(86_400));
    assert_eq!(due(&outbox, &[], 0).len(), 1);
    // The next wait is the usual one.
    outbox.attempted(&key(&one), failure_for_all(false), at(0));
    assert_eq!(
        (due(&outbox, &[], 19).len(), due(&outbox, &[], 20).len()),
        (0, 1)
    );
}

#[test]
fn messages_of_one_time_keep_their_order_after_a_restart() {
    let mut outbox = Outbox::default();
    // Ids are random and do not define the order.
    for id in ["z", "b", "y"] {
        let one = Message {
            id: id.to_owned(),
            ..message(0)
        };
        outbox.add(&one, "ops", &to(&["pager"]));
    }
    let saved: Vec<OutboxMessage> = outbox.outgoing.into_values().collect();
    let mut again = Outbox::new(saved, BTreeMap::new());
    let last = Message {
        id: "a".to_owned(),
        ..message(0)
    };
    again.add(&last, "ops", &to(&["pager"]));
    assert_eq!(delivered(&mut again), ["z", "b", "y", "a"]);
    // Messages that earlier versions saved keep their keys.
    again.add(&message(0), "ops", &to(&["pager"]));
    let [one] = again.outgoing.values().collect::<Vec<_>>()[..] else {
        panic!("one");
    };
    let mut text = serde_json::to_value(one).expect("JSON");
    let fields = text.as_object_mut().expect("it");
    assert!(fields.remove("number").is_some());
    let old: OutboxMessage = serde_json::from_value(text).expect("the same");
    let at = START.timestamp_millis();
    assert_eq!(key(&old), format!("{at:016x} m0 pager"));
}

#[test]
fn retry_makes_failed_messages_due_at_once() {
    let mut outbox = Outbox::default();
    outbox.add(&message(0), "ops", &to(&["pager", "mail"]));
    let [mail, pager] = outbox.due(&HashSet::new(), at(0)).try_into().expect("two");
    outbox.attempted(&key(&pager), failure_for_all(false), at(0));
    outbox.attempted(&key(&mail), failure_for_all(true), at(0));
    assert_eq!(due(&outbox, &[], 1), []);
    assert_eq!(outbox.retry().len(), 1, "not the one given up");
    assert_eq!(due(&outbox, &[], 1).len(), 1);
    outbox.attempted(&key(&pager), failure_for_all(false), at(1));
    assert_eq!(
        (due(&outbox, &[], 10).len(), due(&outbox, &[], 11).len()),
        (0, 1)
    );
}

#[test]
fn a_failure_is_forgotten_on_request_unless_a_failed_message_waits() {
    let mut outbox = Outbox::default();
    outbox.add(&message(0), "ops", &to(&["pager", "mail", "chat"]));
    let due = outbox.due(&HashSet::new(), at(0));
    for one in due {
        outbox.attempted(&key(&one), failure_for_all(one.target != "mail"), at(0));
    }
    outbox.retry();
    let changes = outbox.forget_failures(&to(&["pager", "mail", "other"]));
    let forgotten = OutboxChange::Delivery("pager".to_owned(), outbox.delivery("pager"));
    assert_eq!(changes, [forgotten]);
    let fails = ["pager", "mail", "chat"].map(|id| outbox.delivery(id).failed.is_some());
    assert_eq!(fails, [false, true, true]);
    assert_eq!(outbox.messages_for("pager").1.len(), 1, "it is still shown");
}

#[test]
fn a_final_failure_is_given_up_at_once_and_a_requested_wait_is_limited() {
    let mut outbox = Outbox::default();
    outbox.add(&message(0), "ops", &to(&["pager"]));
    let one = outbox.due(&HashSet::new(), at(0)).pop().expect("one");
    outbox.attempted(&key(&one), failure_for_all(true), at(0));
    assert_eq!(outbox.messages_for("pager").1.len(), 1);
    for (requested, expected) in [(1, 10), (60, 60), (100_000, 900)] {
        let requested = Some(Duration::from_secs(requested));
        assert_eq!(wait(1, requested), TimeDelta::seconds(expected));
    }
    assert_eq!(wait(u32::MAX, None), MAX_WAIT);
}

pub(super) fn about(number: i64, connections: &[&str]) -> Message {
    let mut one = message(number);
    let (first, others) = connections.split_first().expect("a connection");
    let alarm_of = |connection: &&str| Alarm {
        resource: ResourceKey::of_connection(connection),
        ..one.alarm.clone()
    };
    one.others = others.iter().map(alarm_of).collect();
    one.alarm = alarm_of(first);
    one
}

/// Delivers all messages. Returns their ids in order.
pub(super) fn delivered(outbox: &mut Outbox) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(one) = outbox.due(&HashSet::new(), at(10_000)).pop() {
        outbox.attempted(&key(&one), Ok(()), at(10_000));
        ids.push(one.message.id);
    }
    ids
}

fn rule(targets: &[&str]) -> AlertRule {
    AlertRule {
        id: "ops".to_owned(),
        targets: to(targets),
        severity: Severity::Warning,
        systems: Vec::new(),
        connections: Vec::new(),
        resources: Vec::new(),
        after: TimeDelta::zero(),
        repeat: None,
        quiet: None,
        recovery: true,
    }
}

#[test]
fn messages_for_a_renamed_target_go_to_its_new_id_only() {
    for (targets, rules, passed_on) in [
        (["mail", "page"], vec![rule(&["mail", "page"])], 1),
        // All targets of the rule have got the message.
        (["mail", "page"], vec![rule(&["mail"])], 0),
        (["mail", "page"], vec![], 0),
        // The rule's new target is not configured.
        (["mail", "other"], vec![rule(&["mail", "page"])], 0),
    ] {
        let mut outbox = Outbox::default();
        let changes = outbox.add(&message(0), "ops", &to(&["mail", "pager"]));
        let [mail, pager] = outbox.due(&HashSet::new(), at(0)).try_into().expect("two");
        outbox.attempted(&key(&mail), Ok(()), at(0));
        outbox.attempted(&key(&pager), failure_for_all(false), at(0));
        let (changed, removed) = outbox.redirect(&targets, &rules);
        assert_eq!(
            removed,
            BTreeMap::from([("pager".to_owned(), (1, passed_on))])
        );
        assert_eq!(changed.len(), 1 + passed_on);
        let page = ("page".to_owned(), "m0".to_owned());
        assert_eq!(due(&outbox, &[], 0), vec![page; passed_on]);
        let again = outbox.redirect(&targets, &rules);
        assert_eq!(again, (Vec::new(), BTreeMap::new()));
        // Messages of earlier versions do not name their rule.
        let OutboxChange::Put(one) = &changes[1] else {
            panic!("{changes:?}");
        };
        let mut text = serde_json::to_value(one).expect("JSON");
        let fields = text.as_object_mut().expect("it");
        assert!(fields.remove("rule").is_some() && fields.remove("targets").is_some());
        let old = serde_json::from_value(text).expect("the same");
        let mut outbox = Outbox::new([old], BTreeMap::new());
        let (_, removed) = outbox.redirect(&targets, &rules);
        assert_eq!(removed, BTreeMap::from([("pager".to_owned(), (1, 0))]));
    }
}

#[test]
fn the_saved_state_equals_the_state_in_memory() {
    let mut outbox = Outbox::default();
    let mut saved_messages: BTreeMap<String, OutboxMessage> = BTreeMap::new();
    let mut deliveries = BTreeMap::new();
    let mut save = |changes: Vec<OutboxChange>| {
        for change in changes {
            match change {
                OutboxChange::Put(one) => {
                    saved_messages.insert(key(&one), *one);
                }
                OutboxChange::Delete(key) => {
                    saved_messages.remove(&key);
                }
                OutboxChange::Delivery(target, delivery) => {
                    deliveries.insert(target, delivery);
                }
            }
        }
        Outbox::new(saved_messages.values().cloned(), deliveries.clone())
    };
    for number in 0..1_200 {
        let changes = outbox.add(&message(number), "ops", &to(&["mail", "pager"]));
        assert_eq!(save(changes), outbox);
    }
    let (waiting, given_up) = outbox.messages_for("mail");
    assert_eq!(
        (waiting.len(), given_up.len()),
        (1_000, 200),
        "the oldest are given up"
    );
    let outcomes = [
        Ok(()),
        failure_of_message(),
        partial_delivery(),
        failure_for_all(false),
        failure_for_all(true),
    ];
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let one = outbox
            .due(&HashSet::new(), at(2_000 + 60 * number as i64))
            .pop()
            .expect("one");
        let changes = outbox.attempted(&key(&one), outcome, at(2_000));
        assert_eq!(save(changes), outbox);
    }
    let changes = outbox.forget_old(&["pager"], at(2_000));
    assert_eq!(save(changes), outbox);
    assert_eq!(
        outbox.messages_for("mail"),
        (vec![], vec![]),
        "the target is no longer configured"
    );
    assert_eq!(outbox.messages_for("pager").1.len(), 50);
    let changes = outbox.forget_old(&["pager"], at(8 * 86_400));
    assert_eq!(save(changes), outbox);
    assert_eq!(outbox.messages_for("pager").1.len(), 0);
}
