//! The queue of groups in transition that are due to be read separately, in the order in which they became due. There
//! may be very many, so most steps of a watcher look at none of them.

use super::ReadReason;
use super::groups::Groups;
use health::schedule::Millis;
use std::collections::{HashMap, HashSet, VecDeque};

/// The shortest interval between checks of all groups in transition, in milliseconds.
const CHECK_INTERVAL_MS: Millis = 100.0;

/// The groups in transition that are due.
#[derive(Debug, Default)]
pub(super) struct Transitions {
    queue: VecDeque<String>,
    /// The same groups, for look-ups.
    queued: HashSet<String>,
    /// The time of the next check of all groups in transition.
    next_check_at: Millis,
}

impl Transitions {
    /// Queues the groups that have become due. Returns the time of the next check.
    pub(super) fn follow(
        &mut self,
        groups: &Groups,
        under_way: &HashMap<String, ReadReason>,
        now: Millis,
    ) -> Millis {
        if !groups.any_in_transition() {
            return Millis::INFINITY;
        }
        if now < self.next_check_at {
            return self.next_check_at;
        }
        self.next_check_at = now + CHECK_INTERVAL_MS;
        let mut again = Millis::INFINITY;
        for (id, due) in groups.in_transition() {
            if self.queued.contains(id) || under_way.contains_key(id) {
                continue;
            }
            if due <= now {
                self.queued.insert(id.clone());
                self.queue.push_back(id.clone());
            } else {
                again = again.min(due);
            }
        }
        again.max(self.next_check_at)
    }

    /// The group to read next. A group that was read in the meantime is skipped, and is due again later.
    pub(super) fn next(
        &mut self,
        groups: &Groups,
        under_way: &HashMap<String, ReadReason>,
        now: Millis,
    ) -> Option<String> {
        while let Some(id) = self.queue.pop_front() {
            self.queued.remove(&id);
            let is_due = groups.due(&id).is_some_and(|due| due <= now);
            if is_due && !under_way.contains_key(&id) {
                return Some(id);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use health::inventory::GroupDetail;
    use health::schedule::{IN_TRANSITION, millis};
    use std::time::{Duration, Instant};
    use vendors::LeftOut;
    use vendors::aveva::{GroupConfiguration, GroupStatus};

    /// This many groups in transition, whose reads began at this time.
    fn moving(count: usize, begun: Millis) -> Groups {
        let mut groups = Groups::default();
        let ids: Vec<String> = (0..count).map(|number| format!("g{number:05}")).collect();
        let configurations = ids.iter().map(|id| GroupConfiguration {
            id: Some(id.clone()),
            ..GroupConfiguration::default()
        });
        groups.configure(configurations.collect(), false, true);
        for id in &ids {
            groups.begin(id, begun);
            let detail = GroupDetail {
                status: GroupStatus {
                    pending_primary: Some("a".to_owned()),
                    ..GroupStatus::default()
                },
                sessions: Vec::new(),
                left_out: LeftOut::default(),
                observed_at: DateTime::UNIX_EPOCH,
            };
            groups.take(id, Ok(detail));
        }
        groups
    }

    #[test]
    fn each_group_in_transition_is_read_once_when_due() {
        let mut groups = moving(3, 0.0);
        let mut transitions = Transitions::default();
        let due = millis(IN_TRANSITION);
        let mut under_way = HashMap::new();
        assert_eq!(transitions.follow(&groups, &under_way, 0.0), due);
        assert_eq!(transitions.next(&groups, &under_way, 0.0), None);
        under_way.insert("g00000".to_owned(), ReadReason::Sweep);
        transitions.follow(&groups, &under_way, due);
        transitions.follow(&groups, &under_way, due + CHECK_INTERVAL_MS);
        // A sweep has read a queued group in the meantime.
        groups.begin("g00001", due);
        let mut next = |under_way: &_, now| transitions.next(&groups, under_way, now);
        assert_eq!(next(&under_way, due).as_deref(), Some("g00002"));
        under_way.insert("g00002".to_owned(), ReadReason::Transition);
        assert_eq!(next(&under_way, due), None);
        under_way.clear();
        groups.begin("g00002", due);
        let later = due + 2.0 * CHECK_INTERVAL_MS;
        transitions.follow(&groups, &under_way, later);
        let next = transitions.next(&groups, &under_way, later);
        assert_eq!(next.as_deref(), Some("g00000"));
    }

    /// A step must not compare all due groups with all waiting ones.
    #[test]
    fn a_step_is_cheap_even_with_many_transitions() {
        let groups = moving(10_000, 0.0);
        let (mut transitions, under_way) = (Transitions::default(), HashMap::new());
        let began = Instant::now();
        for step in 0..1_000 {
            let now = millis(IN_TRANSITION) + Millis::from(step);
            transitions.follow(&groups, &under_way, now);
            assert!(transitions.next(&groups, &under_way, now).is_some());
        }
        let took = began.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}
