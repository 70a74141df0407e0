//! Joins waiting messages. A target gets its messages one by one at a limited rate, so that after many alarms within
//! seconds the last message would arrive late.

use super::{Outbox, OutboxChange, OutboxMessage, connection, connections, key};
use crate::alerts::message::MAX_LISTED;
use chrono::TimeDelta;
use std::collections::{HashMap, HashSet};

/// The number of messages that may wait for a target without being joined. Equals the limit in `rules`.
const MAX_SEPARATE: usize = 5;

/// The maximum time between the first and the last of the messages that are joined.
const MAX_DISTANCE: TimeDelta = TimeDelta::seconds(10);

impl Outbox {
    /// If many messages wait for a target, joins consecutive ones of one rule, occasion, connection and time, so that
    /// no message overtakes another one about its connection. Joins at most as many alarms as a message lists, and no
    /// message that was tried before. `in_progress` holds the keys of the messages that are being sent. Returns the
    /// changes to save.
    pub(crate) fn join_waiting(&mut self, in_progress: &HashSet<&str>) -> Vec<OutboxChange> {
        let waiting = self.waiting().into_values();
        let many = waiting.filter(|all| all.len() > MAX_SEPARATE);
        let groups = many.flat_map(|all| groups(&all, in_progress));
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

/// Groups the waiting messages of a target that are to be joined. `waiting` is sorted oldest first.
fn groups<'a>(
    waiting: &[&'a OutboxMessage],
    in_progress: &HashSet<&str>,
) -> Vec<Vec<&'a OutboxMessage>> {
    let mut groups: Vec<Vec<&OutboxMessage>> = Vec::new();
    // The index of the group that the next message about a connection may join.
    let mut open: HashMap<&str, usize> = HashMap::new();
    for one in waiting {
        let id = connection(one);
        if !is_joinable(one) || in_progress.contains(key(one).as_str()) {
            for id in connections(one) {
                open.remove(id);
            }
            continue;
        }
        let group = open.get(id).and_then(|index| groups.get_mut(*index));
        match group.filter(|group| can_join(group, one)) {
            Some(group) => group.push(one),
            None => {
                open.insert(id, groups.len());
                groups.push(vec![one]);
            }
        }
    }
    groups
}

/// Whether a message may be joined: it was not tried yet, lists all of its alarms, and is about one connection.
fn is_joinable(one: &OutboxMessage) -> bool {
    // `retry` resets the attempts, so the failure is checked too.
    one.attempts == 0
        && one.failure.is_none()
        && one.remaining_recipients.is_empty()
        && one.message.omitted == 0
        && connections(one).all(|id| id == connection(one))
}

/// Whether a message may be added to a group.
fn can_join(group: &[&OutboxMessage], one: &OutboxMessage) -> bool {
    let Some(first) = group.first() else {
        return false;
    };
    let alarms = group.iter().chain([&one]);
    let number: usize = alarms.map(|one| 1 + one.message.others.len()).sum();
    let distance = one.message.at.signed_duration_since(first.message.at);
    number <= 1 + MAX_LISTED
        && distance <= MAX_DISTANCE
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

    /// The message with another time of creation.
    fn created(seconds: i64, message: Message) -> Message {
        Message {
            at: at(seconds),
            ..message
        }
    }

    fn with_occasion(occasion: Occasion, message: Message) -> Message {
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

    /// The ids of the alarms in each message, in the order of delivery.
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
    fn many_messages_of_one_time_are_joined_where_that_keeps_the_order() {
        let plant = |number| about(number, &["a"]);
        let (began, ended) = (Occasion::Began, Occasion::Ended);
        for (what, messages, expected) in [
            (
                "few are sent one by one",
                (0..5).map(plant).collect(),
                vec!["0", "1", "2", "3", "4"],
            ),
            (
                "only messages within ten seconds of the first are joined",
                (0..12).map(plant).collect(),
                vec!["0 1 2 3 4 5 6 7 8 9 10", "11"],
            ),
            (
                "an end stays after its beginning",
                vec![
                    plant(0),
                    plant(1),
                    with_occasion(ended, plant(2)),
                    with_occasion(ended, plant(3)),
                    with_occasion(began, plant(4)),
                    with_occasion(began, plant(5)),
                ],
                vec!["0 1", "2 3", "4 5"],
            ),
            (
                "messages of different connections are not joined",
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
            // The saved messages equal those in memory.
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
    fn joined_messages_omit_no_alarm() {
        let all = (0..50).map(|number| created(0, about(number, &["a"])));
        let mut outbox = outbox(all);
        outbox.join_waiting(&HashSet::new());
        let sent = sent(&mut outbox);
        let numbers: Vec<usize> = sent.iter().map(|ids| ids.split(' ').count()).collect();
        assert_eq!(numbers, [21, 21, 8]);
    }

    #[test]
    fn messages_that_are_or_were_tried_are_not_joined() {
        let mut outbox = outbox((0..7).map(|number| about(number, &["a"])));
        let keys: Vec<String> = outbox.outgoing.keys().cloned().collect();
        let refused = Failure {
            blocks_connection_only: true,
            ..Failure::temporary("500".to_owned())
        };
        outbox.attempted(&keys[1], Err(refused), at(7));
        // Like a reload, which makes the message due again and resets its attempts.
        outbox.retry();
        outbox.join_waiting(&HashSet::from([keys[4].as_str()]));
        assert_eq!(sent(&mut outbox), ["0", "1", "2 3", "4", "5 6"]);
    }

    #[test]
    fn a_joined_message_has_an_id_of_its_own() {
        let messages = || (0..7).map(|number| about(number, &["a"]));
        let ids = || {
            let mut outbox = outbox(messages());
            outbox.join_waiting(&HashSet::new());
            delivered(&mut outbox)
        };
        let joined = ids();
        assert_eq!((joined.len(), joined[0].len()), (1, 32));
        assert!(messages().all(|one| one.id != joined[0]));
        assert_eq!(ids(), joined, "the same after an unsaved crash");
    }

    #[test]
    fn a_joined_message_names_the_worst_alarm_and_links_to_the_overview() {
        let mut first = about(0, &["a"]);
        first.link = Some("https://console.example/connections".to_owned());
        first.alarm.severity = Severity::Warning;
        let mut later = about(1, &["a"]);
        later.until = Some(at(5));
        let mut again = about(2, &["a"]);
        again.alarm.id = first.alarm.id.clone();
        first.join(&later);
        assert_eq!((first.alarm.id.as_str(), first.others.len()), ("1", 1));
        assert_eq!(first.until, later.until);
        assert_eq!(first.link.as_deref(), Some("https://console.example/"));
        first.join(&again);
        assert_eq!(first.others.len(), 1);
        let severities = [first.alarm.severity, first.others[0].severity];
        assert_eq!(severities, [Severity::Critical; 2], "from the later one");
        assert_eq!(first.link.as_deref(), Some("https://console.example/"));
    }
}
