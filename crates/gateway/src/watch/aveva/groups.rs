//! The groups of a service as last read.

use super::super::limit::MAX_WATCHED;
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
    indexes: HashMap<String, usize>,
    /// When the last read of each group began; a group without an entry counts as the oldest.
    begun: HashMap<String, Millis>,
    /// The groups in transition whose last read succeeded.
    in_transition: BTreeSet<String>,
    /// The handovers in progress, by group.
    handovers: HashMap<String, Handover>,
    /// The groups that the last list omitted but that are kept.
    missing: HashSet<String>,
}

impl Groups {
    /// Groups that are known already, from before a restart or from another gateway. They have no address until a list
    /// confirms or omits them.
    pub(super) fn known(ids: Vec<String>) -> Self {
        let group = |id| WatchedGroup {
            configuration: GroupConfiguration {
                id: Some(id),
                ..GroupConfiguration::default()
            },
            detail: None,
            failure: None,
        };
        Self {
            list: ids.into_iter().map(group).collect(),
            ..Self::default()
        }
    }

    /// Replaces the configurations and keeps the readings of each group. Returns whether the configurations changed. A
    /// list in several pages may skip a group, so an omitted group stays until the next list omits it too or
    /// [`Self::confirm_deleted`] is called. Groups that an incomplete list omits stay until the latter.
    pub(super) fn configure(
        &mut self,
        mut configurations: Vec<GroupConfiguration>,
        paged: bool,
        is_complete: bool,
    ) -> bool {
        let missing_before = mem::take(&mut self.missing);
        if paged || !is_complete {
            let named: HashSet<&Option<String>> =
                configurations.iter().map(|group| &group.id).collect();
            let held = self.list.iter().map(|group| &group.configuration);
            let missing: Vec<GroupConfiguration> = held
                .filter(|group| !named.contains(&group.id))
                .filter(|group| {
                    let id = group.id.as_ref().filter(|id| !id.is_empty());
                    id.is_some_and(|id| {
                        !missing_before.contains(id) || !is_complete && is_addressable(id)
                    })
                })
                .take(MAX_WATCHED.saturating_sub(configurations.len()))
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
        self.rebuild_indexes();
        changed
    }

    /// Handles that the service does not know this group. Returns whether the list omitted it too, so that it is
    /// deleted.
    pub(super) fn confirm_deleted(&mut self, id: &str) -> bool {
        let was_missing = self.missing.remove(id);
        if was_missing {
            self.list
                .retain(|group| group.configuration.id.as_deref() != Some(id));
            self.rebuild_indexes();
        }
        was_missing
    }

    fn rebuild_indexes(&mut self) {
        self.indexes.clear();
        for (place, group) in self.list.iter().enumerate() {
            if let Some(id) = group
                .configuration
                .id
                .clone()
                .filter(|id| is_addressable(id))
            {
                self.indexes.insert(id, place);
            }
        }
        let indexes = &self.indexes;
        self.begun.retain(|id, _| indexes.contains_key(id));
        self.in_transition.retain(|id| indexes.contains_key(id));
        self.handovers.retain(|id, _| indexes.contains_key(id));
    }

    pub(super) fn all(&self) -> &[WatchedGroup] {
        &self.list
    }

    pub(super) fn get(&self, id: &str) -> Option<&WatchedGroup> {
        self.list.get(*self.indexes.get(id)?)
    }

    /// The groups with these ids, as far as they exist.
    pub(super) fn existing(&self, ids: &HashSet<String>) -> Vec<&WatchedGroup> {
        ids.iter().filter_map(|id| self.get(id)).collect()
    }

    /// The ids of all readable groups, in the order of the start of their last read.
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

    /// Notes that a read of a group begins.
    pub(super) fn begin(&mut self, id: &str, now: Millis) {
        if self.indexes.contains_key(id) {
            self.begun.insert(id.to_owned(), now);
        }
    }

    /// Stores the result of a read. After a failure, the old detail stays.
    pub(super) fn take(&mut self, id: &str, read: Result<GroupDetail, String>) {
        let Some(group) = self
            .indexes
            .get(id)
            .and_then(|place| self.list.get_mut(*place))
        else {
            return;
        };
        match read {
            Ok(detail) => {
                let mut handover = self.handovers.remove(id);
                let is_in_transition = transition::group(
                    &mut handover,
                    &group.configuration,
                    &detail.status,
                    &detail.sessions,
                    detail.observed_at,
                );
                self.handovers
                    .extend(handover.map(|handover| (id.to_owned(), handover)));
                if is_in_transition {
                    self.in_transition.insert(id.to_owned());
                } else {
                    self.in_transition.remove(id);
                }
                group.detail = Some(detail);
                group.failure = None;
            }
            Err(line) => {
                // The next sweep tries again.
                self.in_transition.remove(id);
                group.failure = Some(line);
            }
        }
    }

    pub(super) fn any_in_transition(&self) -> bool {
        !self.in_transition.is_empty()
    }

    /// The groups in transition, each with the time of its next read.
    pub(super) fn in_transition(&self) -> impl Iterator<Item = (&String, Millis)> {
        self.in_transition.iter().map(|id| (id, self.due_again(id)))
    }

    /// The time of the next read of a group in transition.
    pub(super) fn due(&self, id: &str) -> Option<Millis> {
        self.in_transition.contains(id).then(|| self.due_again(id))
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
    fn a_handover_that_never_ends_is_read_separately_for_three_timeouts() {
        let mut groups = Groups::default();
        let configuration = GroupConfiguration {
            id: Some("kiln".to_owned()),
            failover_timeout: Some(TimeSpan::from_seconds(30)),
            ..GroupConfiguration::default()
        };
        groups.configure(vec![configuration], false, true);
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
            groups.any_in_transition()
        };
        assert!(read(Some("a"), 0) && read(Some("a"), 90));
        assert!(!read(Some("a"), 91) && !read(Some("a"), 1_000));
        assert!(!read(None, 1_010) && read(Some("b"), 1_020));
    }
}
