//! The gateway's inventory, as this console last received it. Pure.

use super::sort;
use chrono::TimeDelta;
use health::alarms::{Alarm, Maintenance};
use health::inventory::{Kind, Resource, ResourceKey};
use protocol::{ConnectionState, Inventory};
use std::ops::Range;
use std::sync::Arc;

/// The inventory at one revision. Unchanged parts are shared with the previous revision.
#[derive(Debug, Clone, Default)]
pub struct InventorySnapshot {
    /// The revision, used to request the changes after it.
    pub revision: Option<String>,
    /// The build of the console that the gateway serves.
    pub build: String,
    /// The gateway's activity counter.
    pub activity: u64,
    /// Whether the last alert to at least one target failed.
    pub alerts_fail: bool,
    /// In the order of the configuration.
    pub connections: Arc<Vec<Arc<ConnectionState>>>,
    /// Sorted by key, so that resources of one kind are adjacent.
    resources: Vec<Arc<Resource>>,
    /// The last known leader of each resource that has none now.
    last_leaders: Vec<(ResourceKey, String)>,
    /// Worst first.
    pub alarms: Arc<Vec<Arc<Alarm>>>,
    /// Under way or planned, the earliest first.
    pub maintenance: Arc<Vec<Maintenance>>,
}

/// A change of the leader of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupLeaderChange {
    /// The group.
    pub resource: ResourceKey,
    /// The group's name.
    pub name: String,
    /// The previous leader.
    pub from: String,
    /// The current leader.
    pub to: String,
}

impl PartialEq for InventorySnapshot {
    /// Compares the revision in place of all resources, and the fields that change without a new revision.
    fn eq(&self, other: &Self) -> bool {
        (&self.revision, &self.build, self.activity, self.alerts_fail)
            == (
                &other.revision,
                &other.build,
                other.activity,
                other.alerts_fail,
            )
    }
}

impl InventorySnapshot {
    /// Applies changes. Returns the new snapshot, and the changes of leaders compared with this one, even if a
    /// restarted gateway has sent everything.
    #[must_use]
    pub fn after(&self, changes: Inventory) -> (Self, Vec<GroupLeaderChange>) {
        let mut leader_changes = Vec::new();
        let mut resources = if changes.whole {
            Vec::new()
        } else {
            self.resources.clone()
        };
        let mut removed = changes.removed;
        if !removed.is_empty() {
            sort(&mut removed, Ord::cmp);
            resources.retain(|held| removed.binary_search(&held.key).is_err());
        }
        let mut last_leaders = self.last_leaders.clone();
        let mut added = Vec::new();
        for resource in changes.resources {
            let before = self.position(&resource.key);
            let before = before.and_then(|place| self.resources[place].leader());
            let before = before.map(str::to_owned);
            let before = before.or_else(|| {
                let mut held = last_leaders.iter();
                let place = held.position(|(key, _)| *key == resource.key)?;
                Some(last_leaders.swap_remove(place).1)
            });
            match (before, resource.leader()) {
                (Some(from), Some(to)) => leader_changes.extend(leader_change(&resource, from, to)),
                // Keep the last leader, because a failover may include a moment without a leader.
                (Some(from), None) => last_leaders.push((resource.key.clone(), from)),
                (None, _) => {}
            }
            let place = resources.binary_search_by(|held| held.key.cmp(&resource.key));
            match place {
                Ok(place) => resources[place] = Arc::new(resource),
                Err(_) => added.push(Arc::new(resource)),
            }
        }
        for times in &changes.times {
            let place = resources.binary_search_by(|held| held.key.cmp(&times.key));
            if let Ok(place) = place {
                let held = Resource::clone(&resources[place]);
                resources[place] = Arc::new(held.with_times(times));
            }
        }
        if !added.is_empty() {
            resources.append(&mut added);
            sort(&mut resources, |a, b| a.key.cmp(&b.key));
        }
        let is_held =
            |key: &ResourceKey| resources.binary_search_by(|held| held.key.cmp(key)).is_ok();
        last_leaders.retain(|(key, _)| is_held(key));
        let snapshot = Self {
            revision: Some(changes.revision),
            build: changes.build,
            activity: changes.activity,
            alerts_fail: changes.alerts_fail,
            connections: changes.connections.map_or_else(
                || Arc::clone(&self.connections),
                |list| Arc::new(list.into_iter().map(Arc::new).collect()),
            ),
            resources,
            last_leaders,
            alarms: changes.alarms.map_or_else(
                || Arc::clone(&self.alarms),
                |list| Arc::new(list.into_iter().map(Arc::new).collect()),
            ),
            maintenance: changes
                .maintenance
                .map_or_else(|| Arc::clone(&self.maintenance), Arc::new),
        };
        (snapshot, leader_changes)
    }

    /// The connection of this id.
    #[must_use]
    pub fn connection(&self, id: &str) -> Option<&Arc<ConnectionState>> {
        self.connection_position(id)
            .map(|place| &self.connections[place])
    }

    /// How far the clock of a connection's vendor is ahead of the gateway's.
    #[must_use]
    pub fn vendor_ahead(&self, id: &str) -> TimeDelta {
        let ahead = self.connection(id).map(|state| state.vendor_ahead_ms);
        ahead
            .and_then(TimeDelta::try_milliseconds)
            .unwrap_or_default()
    }

    /// The titles of connections with this kind of resource that were never read, and are missing from counts.
    #[must_use]
    pub fn never_read(&self, kind: Kind) -> String {
        let never = self.connections.iter().filter(|state| {
            Kind::held_by(&state.connection.system) == kind
                && state.observed_at.is_none()
                && state.held == 0
        });
        let titles: Vec<_> = never.map(|state| state.connection.title.as_str()).collect();
        titles.join(", ")
    }

    /// The title of a connection, or its id if it is no longer configured.
    #[must_use]
    pub fn title(&self, id: &str) -> String {
        let connection = self.connection(id).map(|state| &state.connection);
        connection
            .map_or(id, |connection| &connection.title)
            .to_owned()
    }

    /// The position of a connection.
    #[must_use]
    pub fn connection_position(&self, id: &str) -> Option<usize> {
        let mut connections = self.connections.iter();
        connections.position(|state| state.connection.id == id)
    }

    /// The resources of a kind, sorted by connection and id.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> &[Arc<Resource>] {
        &self.resources[self.range_of(kind)]
    }

    /// The positions of the resources of a kind.
    #[must_use]
    pub fn range_of(&self, kind: Kind) -> Range<usize> {
        let begin = self.resources.partition_point(|held| held.key.kind < kind);
        let end = self.resources.partition_point(|held| held.key.kind <= kind);
        begin..end
    }

    /// All resources.
    #[must_use]
    pub fn resources(&self) -> &[Arc<Resource>] {
        &self.resources
    }

    /// A resource. A failover session is found at the connection that represents it.
    #[must_use]
    pub fn find(&self, key: &ResourceKey) -> Option<&Arc<Resource>> {
        match key.kind {
            Kind::FailoverSession => self.session(&key.id),
            _ => self.position(key).map(|place| &self.resources[place]),
        }
    }

    /// The failover session with this GUID. Several connections may list it, and one of them represents it.
    #[must_use]
    pub fn session(&self, uid: &str) -> Option<&Arc<Resource>> {
        let mut sessions = self.of_kind(Kind::FailoverSession).iter();
        sessions.find(|held| held.key.id == uid)
    }

    /// The position of a resource.
    #[must_use]
    pub fn position(&self, key: &ResourceKey) -> Option<usize> {
        self.resources
            .binary_search_by(|held| held.key.cmp(key))
            .ok()
    }
}

fn leader_change(resource: &Resource, from: String, to: &str) -> Option<GroupLeaderChange> {
    (from != to).then(|| GroupLeaderChange {
        resource: resource.key.clone(),
        name: resource.name.clone(),
        from,
        to: to.to_owned(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::InventorySnapshot;
    use chrono::DateTime;
    use health::alarms::{Alarm, Since};
    use health::inventory::{Facts, GroupFacts, Kind, Observed, Resource, ResourceKey};
    use health::severity::Severity;
    use health::verdict::Verdict;
    use protocol::Inventory;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    /// A critical alarm about a resource.
    #[must_use]
    pub fn alarm(kind: Kind, connection: &str, id: &str) -> Alarm {
        Alarm {
            id: id.to_owned(),
            resource: ResourceKey {
                kind,
                connection: connection.to_owned(),
                id: id.to_owned(),
            },
            name: id.to_owned(),
            severity: Severity::Critical,
            rank: 0,
            word: "No primary".into(),
            sentence: format!("{id} has no primary."),
            advice: String::new(),
            since: Since::Observed(DateTime::UNIX_EPOCH),
            flapping: None,
            acknowledged: None,
            notes: Vec::new(),
            maintenance: None,
        }
    }

    fn group(id: &str, primary: &str) -> Resource {
        let facts = GroupFacts {
            primary: Some(primary.to_owned()).filter(|primary| !primary.is_empty()),
            ..GroupFacts::default()
        };
        Resource {
            key: ResourceKey {
                kind: Kind::FailoverGroup,
                connection: "plant-a".to_owned(),
                id: id.to_owned(),
            },
            name: id.to_owned(),
            verdict: Verdict::new(Severity::Normal, "Normal", String::new()),
            observed: Observed::WithConnection,
            failure: None,
            unreadable: Vec::new(),
            also_on: Vec::new(),
            facts: Facts::FailoverGroup(Box::new(facts)),
        }
    }

    fn changes(whole: bool, resources: Vec<Resource>, removed: Vec<ResourceKey>) -> Inventory {
        Inventory {
            revision: "life-1".to_owned(),
            now: DateTime::UNIX_EPOCH,
            build: String::new(),
            activity: 0,
            alerts_fail: false,
            whole,
            connections: None,
            resources,
            times: Vec::new(),
            removed,
            alarms: None,
            maintenance: None,
        }
    }

    #[test]
    fn a_leader_change_is_detected_even_across_a_restart_of_the_gateway() {
        let (snapshot, leader_changes) =
            InventorySnapshot::default().after(changes(true, vec![group("x", "a")], vec![]));
        assert_eq!(leader_changes, []);
        for whole in [false, true] {
            for (primary, expected) in [("a", 0), ("b", 1), ("", 0)] {
                let (_, leader_changes) =
                    snapshot.after(changes(whole, vec![group("x", primary)], vec![]));
                assert_eq!(leader_changes.len(), expected, "{primary} {whole}");
            }
        }
    }

    #[test]
    fn a_leader_change_with_a_leaderless_moment_is_detected_once() {
        for (primaries, expected) in [
            (["a", "", "b"], Some(("a", "b"))),
            (["a", "", "a"], None),
            (["", "", "b"], None),
        ] {
            let mut snapshot = InventorySnapshot::default();
            let mut seen = Vec::new();
            for primary in primaries.into_iter().chain([primaries[2]]) {
                let (after, leader_changes) =
                    snapshot.after(changes(false, vec![group("x", primary)], vec![]));
                seen.extend(leader_changes);
                snapshot = after;
            }
            let seen: Vec<_> = seen.iter().map(|one| (&*one.from, &*one.to)).collect();
            assert_eq!(seen, Vec::from_iter(expected), "{primaries:?}");
            assert_eq!(snapshot.last_leaders, []);
        }
        let (snapshot, _) =
            InventorySnapshot::default().after(changes(false, vec![group("x", "a")], vec![]));
        let (snapshot, _) = snapshot.after(changes(false, vec![group("x", "")], vec![]));
        assert_eq!(snapshot.last_leaders.len(), 1);
        let (snapshot, _) = snapshot.after(changes(true, Vec::new(), vec![]));
        assert_eq!(snapshot.last_leaders, [], "a removed group has none");
    }

    #[test]
    fn changed_times_are_applied_and_those_of_unknown_resources_are_ignored() {
        let (snapshot, _) =
            InventorySnapshot::default().after(changes(true, vec![group("x", "a")], vec![]));
        let mut facts = GroupFacts {
            primary: Some("a".to_owned()),
            ..GroupFacts::default()
        };
        facts.last_data = Some(DateTime::UNIX_EPOCH);
        let beaten = Resource {
            facts: Facts::FailoverGroup(Box::new(facts)),
            ..group("x", "a")
        };
        let unknown = group("y", "a").times().expect("a group has times");
        let times = vec![beaten.times().expect("a group has times"), unknown];
        let changes = Inventory {
            times,
            ..changes(false, Vec::new(), Vec::new())
        };
        let (snapshot, leader_changes) = snapshot.after(changes);
        assert_eq!(leader_changes, []);
        assert_eq!(snapshot.resources(), [std::sync::Arc::new(beaten)]);
    }

    proptest! {
        #[test]
        fn changes_add_replace_and_remove(
            steps in prop::collection::vec((any::<bool>(), prop::collection::vec((0_u8..12, 0_u8..3), 0..8)), 0..12)
        ) {
            let (mut snapshot, mut expected) = (InventorySnapshot::default(), BTreeMap::new());
            for (whole, items) in steps {
                if whole {
                    expected.clear();
                }
                let mut resources = BTreeMap::new();
                let mut removed = Vec::new();
                for (id, leader) in items {
                    let resource = group(&format!("{id:02}"), &leader.to_string());
                    if leader == 0 && !whole {
                        resources.remove(&resource.key);
                        expected.remove(&resource.key);
                        removed.push(resource.key);
                    } else {
                        removed.retain(|key| *key != resource.key);
                        expected.insert(resource.key.clone(), resource.clone());
                        resources.insert(resource.key.clone(), resource);
                    }
                }
                snapshot = snapshot.after(changes(whole, resources.into_values().collect(), removed)).0;
                let held: Vec<&Resource> = snapshot.of_kind(Kind::FailoverGroup).iter().map(AsRef::as_ref).collect();
                prop_assert_eq!(held, expected.values().collect::<Vec<_>>());
                for key in expected.keys() {
                    prop_assert!(snapshot.find(key).is_some());
                }
            }
        }
    }
}
