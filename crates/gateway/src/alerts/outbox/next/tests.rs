//! The turns of connections, and the messages that block others.

use super::super::tests::{
    about, at, delivered, failure_for_all, failure_of_message, message, partial_delivery, to,
};
use super::*;
use crate::alerts::outbox::key;
use crate::alerts::send::Failure;

#[test]
fn a_connection_with_many_messages_delays_no_other() {
    let mut outbox = Outbox::default();
    outbox.add(&about(0, &["quiet"]), "ops", &to(&["pager"]));
    for number in 1..1_200 {
        outbox.add(&about(number, &["noisy"]), "ops", &to(&["pager"]));
    }
    outbox.add(&about(1_200, &["calm"]), "ops", &to(&["pager"]));
    outbox.add(&about(1_201, &["quiet"]), "ops", &to(&["pager"]));
    let (waiting, given_up) = outbox.messages_for("pager");
    assert_eq!((waiting.len(), given_up.len()), (1_000, 202));
    assert!(given_up.iter().all(|one| connection(one) == "noisy"));
    let ids = delivered(&mut outbox);
    let first = ["m1200", "m203", "m0", "m204", "m1201", "m205", "m206"];
    assert_eq!(ids[..7], first);
    assert_eq!(ids.len(), 1_000);
}

#[test]
fn no_message_overtakes_an_older_one_about_the_same_connection() {
    let mut outbox = Outbox::default();
    for (number, connections) in [
        (0, &["b"][..]),
        (1, &["c"]),
        (2, &["a", "b", "c"]),
        (3, &["a"]),
        (4, &["d"]),
        (5, &["c"]),
    ] {
        outbox.add(&about(number, connections), "ops", &to(&["pager"]));
    }
    assert_eq!(delivered(&mut outbox), ["m0", "m1", "m4", "m2", "m5", "m3"]);
}

/// Makes the next attempt. Returns the id of its message.
fn attempt(outbox: &mut Outbox, outcome: Result<(), Failure>, seconds: i64) -> Option<String> {
    let one = outbox.due(&HashSet::new(), at(seconds)).pop()?;
    outbox.attempted(&key(&one), outcome, at(seconds));
    Some(one.message.id)
}

#[test]
fn a_refused_message_blocks_only_messages_about_its_connections() {
    let mut outbox = Outbox::default();
    let mut storm = about(2, &["b", "c"]);
    storm.omitted_connections.insert("e".to_owned());
    for message in [
        about(0, &["a"]),
        about(1, &["a"]),
        storm,
        about(3, &["c"]),
        about(4, &["d"]),
        about(5, &["e"]),
    ] {
        outbox.add(&message, "ops", &to(&["pager"]));
    }
    for (seconds, outcome, id) in [
        (10, failure_of_message(), Some("m0")),
        (10, failure_of_message(), Some("m2")),
        (10, Ok(()), Some("m4")),
        (19, Ok(()), None),
        (20, Ok(()), Some("m0")),
        (20, failure_of_message(), Some("m2")),
        (20, Ok(()), Some("m1")),
        (39, Ok(()), None),
        (40, Ok(()), Some("m2")),
        (40, Ok(()), Some("m3")),
        (40, Ok(()), Some("m5")),
    ] {
        let attempted = attempt(&mut outbox, outcome, seconds);
        assert_eq!(attempted.as_deref(), id, "{seconds}");
    }
    assert_eq!(outbox.messages_for("pager"), (vec![], vec![]));
}

#[test]
fn an_unreachable_receiver_blocks_all_messages() {
    let mut outbox = Outbox::default();
    for (number, connection) in [(0, "a"), (1, "b"), (2, "c")] {
        outbox.add(&about(number, &[connection]), "ops", &to(&["pager"]));
    }
    for (seconds, outcome, id) in [
        (10, failure_of_message(), Some("m0")),
        (15, failure_for_all(false), Some("m1")),
        (24, Ok(()), None),
        (25, Ok(()), Some("m1")),
        (25, Ok(()), Some("m2")),
        (25, failure_of_message(), Some("m0")),
    ] {
        let attempted = attempt(&mut outbox, outcome, seconds);
        assert_eq!(attempted.as_deref(), id, "{seconds}");
    }
    // Messages of earlier versions do not say whether the failure concerns all messages.
    let (waiting, _) = outbox.messages_for("pager");
    let mut text = serde_json::to_value(waiting[0]).expect("JSON");
    let fields = text.as_object_mut().expect("it");
    assert!(fields.remove("is_of_message").is_some());
    let old = serde_json::from_value(text).expect("the same");
    let mut outbox = Outbox::new([old], BTreeMap::new());
    outbox.add(&about(30, &["d"]), "ops", &to(&["pager"]));
    assert_eq!(attempt(&mut outbox, Ok(()), 30), None);
}

#[test]
fn a_partial_delivery_is_retried_for_the_rest_and_delays_no_message() {
    let mut outbox = Outbox::default();
    for number in 0..3 {
        outbox.add(&message(number), "ops", &to(&["mail"]));
    }
    let mut remaining = Vec::new();
    for (seconds, outcome, id) in [
        (10, partial_delivery(), Some("m0")),
        (10, partial_delivery(), Some("m1")),
        (20, failure_of_message(), Some("m0")),
        (20, Ok(()), Some("m2")),
        // Partial deliveries keep their order.
        (39, Ok(()), None),
        (40, failure_for_all(false), Some("m0")),
        (80, Ok(()), Some("m0")),
        (80, Ok(()), Some("m1")),
    ] {
        let due = outbox.due(&HashSet::new(), at(seconds)).pop();
        remaining.push(due.map_or(0, |one| one.remaining_recipients.len()));
        let attempted = attempt(&mut outbox, outcome, seconds);
        assert_eq!(attempted.as_deref(), id, "{seconds}");
        // Like a restart, also with messages of earlier versions.
        let (waiting, _) = outbox.messages_for("mail");
        let saved = waiting.into_iter().map(|one| {
            let mut text = serde_json::to_value(one).expect("JSON");
            let fields = text.as_object_mut().expect("it");
            fields.retain(|name, value| name != "missed" || *value != serde_json::json!([]));
            serde_json::from_value(text).expect("the same")
        });
        let again = Outbox::new(saved.collect::<Vec<_>>(), outbox.deliveries.clone());
        assert_eq!(again, outbox);
        outbox = again;
    }
    assert_eq!(remaining, [0, 0, 1, 0, 0, 1, 1, 1]);
    assert_eq!(outbox.messages_for("mail"), (vec![], vec![]));
}
