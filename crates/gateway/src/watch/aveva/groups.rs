//! The groups of a service as they were last read.

use health::inventory::{GroupDetail, WatchedGroup};
use health::schedule::{IN_TRANSITION, Millis, millis};
use health::transition::{self, Handover};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::mem;
use vendors::aveva::GroupConfiguration;
use vendors::operation::is_addressable;

/// Every group, in the order of the service's list.
#[derive(Debug, Default)]
pub(super) struct Groups {
    list: Vec<WatchedGroup>,
    places: HashMap<String, usize>,
    /// When the last read of each began; what was never read is the oldest.
    begun: HashMap<String, Millis>,
    /// What is in transition, and was read without a failure.
    moving: BTreeSet<String>,
    /// The handovers that are under way, by their groups.
    handovers: HashMap<String, Handover>,
    /// What the last list did not name and is held all the same.
    missing: HashSet<String>,
}

impl Groups {
    /// Takes over the configurations; what was read of each group stays. Returns whether they are others
    /// than before. A list in several pages may pass over a group: one that it does not name stays until the next list
    /// does not name it either, or it is [`Self::gone`].
    pub(super) fn configure(
        &mut self,
        mut configurations: Vec<GroupConfiguration>,
        paged: bool,
    ) -> bool {
        let missing_before = mem::take(&mut self.missing);
        if paged {
            let named: HashSet<&Option<String>> =
                configurations.iter().map(|group| &group.id).collect();
            let held = self.list.iter().map(|group| &group.configuration);
            let missing: Vec<GroupConfiguration> = held
                .filter(|group| !named.contains(&group.id))
                .filter(|group| {
                    let id = group.id.as_ref().filter(|id| !id.is_empty());
                    id.is_some_and(|id| !missing_before.contains(id))
                })
                .cloned()
                .collect();
            let ids = missing.iter().filter_map(|group| group.id.clone());
            self.missing = ids.collect();
            configurations.extend(missing);
        }
        let held = self.list.iter().map(|group| &group.configuration);
        let changed = !held.eq(configurations.iter());
        let mut before: HashMap<Option<String>, WatchedGroup> = self
            .list
            .drain(..)
            .map(|group| (group.configuration.id.clone(), group))
            .collect();
        for configuration in configurations {
            let known = before.remove(&configuration.id);
            let (detail, failure) =
                known.map_or((None, None), |known| (known.detail, known.failure));
            let why = match configuration.id.as_deref().unwrap_or_default() {
                id if is_addressable(id) => None,
                "" => Some("The service gives no id of it.".to_owned()),
                id => Some(format!("No address can name the id “{id}”.")),
            };
            self.list.push(WatchedGroup {
                failure: failure.or(why),
                configuration,
                detail,
            });
        }
        self.find_places();
        changed
    }

    /// The service does not know this group. Returns whether that confirms what the list says, and the group is held no
    /// longer.
    pub(super) fn gone(&mut self, id: &str) -> bool {
        let gone = self.missing.remove(id);
        if gone {
            self.list
                .retain(|group| group.configuration.id.as_deref() != Some(id));
            self.find_places();
        }
        gone
    }

    fn find_places(&mut self) {
        self.places.clear();
        for (place, group) in self.list.iter().enumerate() {
            if let Some(id) = group
                .configuration
                .id
                .clone()
                .filter(|id| is_addressable(id))
            {
                self.places.insert(id, place);
            }
        }
        let places = &self.places;
        self.begun.retain(|id, _| places.contains_key(id));
        self.moving.retain(|id| places.contains_key(id));
        self.handovers.retain(|id, _| places.contains_key(id));
    }

    pub(super) fn all(&self) -> &[WatchedGroup] {
        &self.list
    }

    pub(super) fn get(&self, id: &str) -> Option<&WatchedGroup> {
        self.list.get(*self.places.get(id)?)
    }

    /// These of the groups that are still there.
    pub(super) fn these(&self, ids: &HashSet<String>) -> Vec<&WatchedGroup> {
        ids.iter().filter_map(|id| self.get(id)).collect()
    }

    /// The ids of all groups that can be read, those first whose last read began the longest time ago.
    pub(super) fn oldest_first(&self) -> Vec<String> {
        let ids = self
            .list
            .iter()
            .filter_map(|group| group.configuration.id.clone());
        let mut ids: Vec<String> = ids.filter(|id| is_addressable(id)).collect();
        let begun = |id: &String| self.begun.get(id).copied().unwrap_or(-1.0);
        ids.sort_by(|a, b| begun(a).total_cmp(&begun(b)));
        ids
    }

    /// A read of a group begins.
    pub(super) fn begin(&mut self, id: &str, now: Millis) {
        if self.places.contains_key(id) {
            self.begun.insert(id.to_owned(), now);
        }
    }

    /// Takes over what was read of a group, or why it could not be. Its old detail stays then.
    pub(super) fn take(&mut self, id: &str, read: Result<GroupDetail, String>) {
        let Some(group) = self
            .places
            .get(id)
            .and_then(|place| self.list.get_mut(*place))
        else {
            return;
        };
        match read {
            Ok(detail) => {
                let mut handover = self.handovers.remove(id);
                let moves = transition::group(
                    &mut handover,
                    &group.configuration,
                    &detail.status,
                    &detail.sessions,
                    detail.observed_at,
                );
                self.handovers
                    .extend(handover.map(|handover| (id.to_owned(), handover)));
                if moves {
                    self.moving.insert(id.to_owned());
                } else {
                    self.moving.remove(id);
                }
                group.detail = Some(detail);
                group.failure = None;
            }
            Err(line) => {
                // The next reading of everything tries again.
                self.moving.remove(id);
                group.failure = Some(line);
            }
        }
    }

    /// Whether a group is in transition.
    pub(super) fn any_moves(&self) -> bool {
        !self.moving.is_empty()
    }

    /// The groups in transition, and when each is to be read again.
    pub(super) fn moving(&self) -> impl Iterator<Item = (&String, Millis)> {
        self.moving.iter().map(|id| (id, self.due_again(id)))
    }

    /// When a group is to be read again, if it is in transition.
    pub(super) fn due(&self, id: &str) -> Option<Millis> {
        self.moving.contains(id).then(|| self.due_again(id))
    }

    fn due_again(&self, id: &str) -> Millis {
        self.begun.get(id).copied().unwrap_or(0.0) + millis(IN_TRANSITION)
    }
}

#[cfg(test)]
mod tests {
    use super::Groups;
    use chrono::{DateTime, TimeDelta, Utc};
    use health::inventory::GroupDetail;
    use vendors::LeftOut;
    use vendors::aveva::{GroupConfiguration, GroupStatus, TimeSpan};

    #[test]
    fn a_handover_that_never_ends_is_read_by_itself_for_three_timeouts() {
        let mut groups = Groups::default();
        let configuration = GroupConfiguration {
            id: Some("kiln".to_owned()),
            failover_timeout: Some(TimeSpan::from_seconds(30)),
            ..GroupConfiguration::default()
        };
        groups.configure(vec![configuration], false);
        let mut read = |pending: Option<&str>, seconds| {
            let detail = GroupDetail {
                status: GroupStatus {
                    pending_primary: pending.map(str::to_owned),
                    ..GroupStatus::default()
                },
                sessions: Vec::new(),
                left_out: LeftOut::default(),
                observed_at: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(seconds),
            };
            groups.take("kiln", Ok(detail));
            groups.any_moves()
        };
        assert!(read(Some("a"), 0) && read(Some("a"), 90));
        assert!(!read(Some("a"), 91) && !read(Some("a"), 1_000));
        assert!(!read(None, 1_010) && read(Some("b"), 1_020));
    }
}
