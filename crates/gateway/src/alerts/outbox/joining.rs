//! Joins messages that wait: a target gets them one after the other at its pace, and many alarms that begin within seconds
//! would otherwise keep people waiting for the last of them.

use super::{Outbox, OutboxChange, OutboxMessage, connection, connections, key};
use crate::alerts::message::MAX_LISTED;
use chrono::TimeDelta;
use std::collections::{HashMap, HashSet};

/// So many may wait for a target as they are. As many alarms of one moment are sent one by one.
const MAX_SEPARATE: usize = 5;

/// Messages that were made within this time are of one moment.
const MAX_APART: TimeDelta = TimeDelta::seconds(10);

impl Outbox {
    /// Where many wait for a target, joins those of one rule, occasion, connection and moment that follow one another: so no
    /// message overtakes another one about its connection. Only as many as are listed in full, and nothing that is known to
    /// have been tried before. `under_way` are the keys of what is tried now.
    pub(crate) fn join_waiting(&mut self, under_way: &HashSet<&str>) -> Vec<OutboxChange> {
        let waiting = self.waiting().into_values();
        let many = waiting.filter(|all| all.len() > MAX_SEPARATE);
        let groups = many.flat_map(|all| groups(&all, under_way));
        let groups = groups.filter(|group| group.len() > 1);
        let keys = |group: Vec<&OutboxMessage>| group.into_iter().map(key).collect();
        let groups: Vec<Vec<String>> = groups.map(keys).collect();
        let mut changes = Vec::new();
        for keys in groups {
            let mut parts = keys.iter().filter_map(|key| self.outgoing.remove(key));
            let Some(mut joined) = parts.next() else {
                continue;
            };
            parts.for_each(|part| joined.message.join(&part.message));
            self.outgoing.insert(key(&joined), joined.clone());
            changes.extend(keys.into_iter().map(OutboxChange::Delete));
            changes.push(OutboxChange::Put(Box::new(joined)));
        }
        changes
    }
}

/// Of what waits for a target, the oldest first: the messages that are to be joined, each group by itself.
fn groups<'a>(
    waiting: &[&'a OutboxMessage],
    under_way: &HashSet<&str>,
) -> Vec<Vec<&'a OutboxMessage>> {
    let mut groups: Vec<Vec<&OutboxMessage>> = Vec::new();
    // The place of the group to which the next message about a connection may be joined.
    let mut open: HashMap<&str, usize> = HashMap::new();
    for one in waiting {
        let id = connection(one);
        if !is_joinable(one) || under_way.contains(key(one).as_str()) {
            for id in connections(one) {
                open.remove(id);
            }
            continue;
        }
        let group = open.get(id).and_then(|place| groups.get_mut(*place));
        match group.filter(|group| fits(group, one)) {
            Some(group) => group.push(one),
            None => {
                open.insert(id, groups.len());
                groups.push(vec![one]);
            }
        }
    }
    groups
}

/// Whether a message is of those that are joined: not yet tried, listing all of its alarms, about one connection.
fn is_joinable(one: &OutboxMessage) -> bool {
    // The attempts are counted anew once all are tried at once.
    one.attempts == 0
        && one.failure.is_none()
        && one.remaining_recipients.is_empty()
        && one.message.omitted == 0
        && connections(one).all(|id| id == connection(one))
}

/// Whether a message may be joined to those of a group.
fn fits(group: &[&OutboxMessage], one: &OutboxMessage) -> bool {
    let Some(first) = group.first() else {
        return false;
    };
    let alarms = group.iter().chain([&one]);
    let number: usize = alarms.map(|one| 1 + one.message.others.len()).sum();
    let apart = one.message.at.signed_duration_since(first.message.at);
    number <= 1 + MAX_LISTED
        && apart <= MAX_APART
        && first.message.occasion == one.message.occasion
        && first.rule == one.rule
        && first.targets == one.targets
}

#[cfg(test)]
mod tests {
    use super::super::tests::{about, at, delivered, to};
    use super::*;
    use crate::alerts::message::{Message, Occasion};
    use crate::alerts::send::Failure;
    use health::Severity;
    use std::collections::BTreeMap;

    /// The same message at another time.
    fn made(seconds: i64, message: Message) -> Message {
        Message {
            at: at(seconds),
            ..message
        }
    }

    fn of(occasion: Occasion, message: Message) -> Message {
        Message {
            occasion,
            ..message
        }
    }

    fn outbox(messages: impl IntoIterator<Item = Message>) -> Outbox {
        let mut outbox = Outbox::default();
        for message in messages {
            outbox.add(&message, "ops", &to(&["pager"]));
        }
        outbox
    }

    /// The ids of the alarms in each message, in the order in which a target gets them.
    fn sent(outbox: &mut Outbox) -> Vec<String> {
        let ids = |one: &OutboxMessage| {
            let alarms = std::iter::once(&one.message.alarm).chain(&one.message.others);
            let ids: Vec<&str> = alarms.map(|alarm| alarm.id.as_str()).collect();
            ids.join(" ")
        };
        let alarms: BTreeMap<String, String> = outbox
            .outgoing
            .values()
            .map(|one| (one.message.id.clone(), ids(one)))
            .collect();
        let sent = delivered(outbox).into_iter();
        sent.map(|id| alarms[&id].clone()).collect()
    }

    #[test]
    fn many_messages_of_one_moment_are_joined_where_that_changes_no_order() {
        let plant = |number| about(number, &["a"]);
        let (began, ended) = (Occasion::Began, Occasion::Ended);
        for (what, messages, expected) in [
            (
                "few are sent one by one",
                (0..5).map(plant).collect(),
                vec!["0", "1", "2", "3", "4"],
            ),
            (
                "within ten seconds of the first",
                (0..12).map(plant).collect(),
                vec!["0 1 2 3 4 5 6 7 8 9 10", "11"],
            ),
            (
                "an end stays behind its beginning",
                vec![
                    plant(0),
                    plant(1),
                    of(ended, plant(2)),
                    of(ended, plant(3)),
                    of(began, plant(4)),
                    of(began, plant(5)),
                ],
                vec!["0 1", "2 3", "4 5"],
            ),
            (
                "each connection by itself",
                (0..8)
                    .map(|number| about(number, &[["a", "b"][number as usize % 2]]))
                    .collect(),
                vec!["0 2 4 6", "1 3 5 7"],
            ),
            (
                "a message about several connections stays where it is",
                vec![
                    plant(0),
                    plant(1),
                    about(2, &["b", "a"]),
                    plant(3),
                    plant(4),
                    about(5, &["b"]),
                ],
                vec!["0 1", "2 2", "3 4", "5"],
            ),
        ] {
            let mut outbox = outbox(messages);
            let before = outbox.clone();
            let changes = outbox.join_waiting(&HashSet::new());
            assert_eq!(outbox.join_waiting(&HashSet::new()), [], "{what}: once");
            // What is saved is what is known.
            let mut saved = before.outgoing;
            for change in changes {
                match change {
                    OutboxChange::Put(one) => drop(saved.insert(key(&one), *one)),
                    OutboxChange::Delete(key) => drop(saved.remove(&key)),
                    OutboxChange::Delivery(..) => {}
                }
            }
            assert_eq!(saved, outbox.outgoing, "{what}");
            assert_eq!(sent(&mut outbox), expected, "{what}");
        }
    }

    #[test]
    fn nothing_is_left_out_of_joined_messages() {
        let all = (0..50).map(|number| made(0, about(number, &["a"])));
        let mut outbox = outbox(all);
        outbox.join_waiting(&HashSet::new());
        let sent = sent(&mut outbox);
        let numbers: Vec<usize> = sent.iter().map(|ids| ids.split(' ').count()).collect();
        assert_eq!(numbers, [21, 21, 8]);
    }

    #[test]
    fn what_is_tried_or_was_tried_is_not_joined() {
        let mut outbox = outbox((0..7).map(|number| about(number, &["a"])));
        let keys: Vec<String> = outbox.outgoing.keys().cloned().collect();
        let refused = Failure {
            blocks_connection_only: true,
            ..Failure::for_now("500".to_owned())
        };
        outbox.attempted(&keys[1], Err(refused), at(7));
        // As after a reload, which makes it due again and forgets its attempts.
        outbox.retry();
        outbox.join_waiting(&HashSet::from([keys[4].as_str()]));
        assert_eq!(sent(&mut outbox), ["0", "1", "2 3", "4", "5 6"]);
    }

    #[test]
    fn a_receiver_that_knows_the_parts_does_not_take_what_is_joined_for_one_of_them() {
        let messages = || (0..7).map(|number| about(number, &["a"]));
        let ids = || {
            let mut outbox = outbox(messages());
            outbox.join_waiting(&HashSet::new());
            delivered(&mut outbox)
        };
        let joined = ids();
        assert_eq!((joined.len(), joined[0].len()), (1, 32));
        assert!(messages().all(|one| one.id != joined[0]));
        assert_eq!(ids(), joined, "as after a crash that saved none of it");
    }

    #[test]
    fn a_joined_message_is_about_the_worst_of_its_alarms_and_leads_to_all() {
        let mut first = about(0, &["a"]);
        first.link = Some("https://console.example/connections".to_owned());
        first.alarm.severity = Severity::Warning;
        let later = about(1, &["a"]);
        let mut again = about(2, &["a"]);
        again.alarm.id = first.alarm.id.clone();
        first.join(&later);
        assert_eq!((first.alarm.id.as_str(), first.others.len()), ("1", 1));
        assert_eq!(first.link.as_deref(), Some("https://console.example/"));
        first.join(&again);
        assert_eq!(first.others.len(), 1);
        let severities = [first.alarm.severity, first.others[0].severity];
        assert_eq!(severities, [Severity::Critical; 2], "as the later one says");
        assert_eq!(first.link.as_deref(), Some("https://console.example/"));
    }
}
