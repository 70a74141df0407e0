//! The freshness of everything in the inventory, from the gateway's last answer and the current time. Pure.

use super::InventorySnapshot;
use chrono::{DateTime, TimeDelta, Utc};
use health::freshness::{Freshness, freshness};
use health::inventory::{Observed, Reading};
use protocol::ConnectionState;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The time of the last poll, and the polling interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Polled {
    /// The time of the last answer by the gateway's clock.
    pub(super) answered: DateTime<Utc>,
    /// The interval of the open page.
    pub(super) interval: TimeDelta,
}

/// The freshness of everything, and the period in which it is valid unless new data arrives.
#[derive(Debug)]
pub(super) struct InventoryFreshness {
    /// In the order of the snapshot's connections.
    pub(super) connections: Vec<Freshness>,
    /// In the order of the snapshot's resources.
    pub(super) resources: Vec<Freshness>,
    pub(super) snapshot: Arc<InventorySnapshot>,
    polled: Polled,
    valid: RangeInclusive<DateTime<Utc>>,
}

impl InventoryFreshness {
    pub(super) fn of(snapshot: Arc<InventorySnapshot>, polled: Polled, now: DateTime<Utc>) -> Self {
        let readings: Vec<_> = snapshot
            .connections
            .iter()
            .map(|state| reading(state, state.observed_at, polled))
            .collect();
        let connections: Vec<_> = readings
            .iter()
            .map(|reading| reading.freshness(now))
            .collect();
        let ends = readings
            .iter()
            .filter_map(|reading| reading.as_fresh_until(None, now));
        let mut until = ends.min().unwrap_or(DateTime::<Utc>::MAX_UTC);
        // Resources of one connection are adjacent, so the last position is reused.
        let mut last: Option<(&str, Option<usize>)> = None;
        let resources = snapshot.resources().iter().map(|resource| {
            let id = resource.key.connection.as_str();
            let place = match last {
                Some((held, place)) if held == id => place,
                _ => snapshot.connection_position(id),
            };
            last = Some((id, place));
            match (place, resource.observed) {
                (Some(place), Observed::At(at)) => {
                    let reading = reading(&snapshot.connections[place], Some(at), polled);
                    let end = reading.as_fresh_until(None, now);
                    until = end.map_or(until, |end| until.min(end));
                    reading.freshness(now)
                }
                (Some(place), Observed::WithConnection) => connections[place],
                _ => Freshness::NoData,
            }
        });
        let resources = resources.collect();
        Self {
            connections,
            resources,
            snapshot,
            polled,
            valid: now..=until,
        }
    }

    /// Whether judging now would give the same result.
    pub(super) fn is_valid_for(
        &self,
        snapshot: &Arc<InventorySnapshot>,
        polled: Polled,
        now: DateTime<Utc>,
    ) -> bool {
        Arc::ptr_eq(&self.snapshot, snapshot) && self.polled == polled && self.valid.contains(&now)
    }

    /// Whether every freshness is the same.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        (&self.connections, &self.resources) == (&other.connections, &other.resources)
    }
}

/// When a connection, or a resource of it, was read, and the interval at which that is expected. If the data was fresh
/// at the gateway's last answer, the page's own, maybe longer, interval applies until the next answer. Stale data stays
/// stale.
fn reading(state: &ConnectionState, observed_at: Option<DateTime<Utc>>, polled: Polled) -> Reading {
    let own = i64::try_from(state.interval_ms).unwrap_or(i64::MAX);
    let own = TimeDelta::try_milliseconds(own).unwrap_or(TimeDelta::MAX);
    let age = observed_at.map(|at| polled.answered.signed_duration_since(at));
    let interval = if freshness(age, own).is_believable() {
        own.max(polled.interval)
    } else {
        own
    };
    Reading {
        observed_at,
        interval,
    }
}

#[cfg(test)]
mod tests {
    use super::{InventoryFreshness, Polled};
    use crate::live::InventorySnapshot;
    use chrono::{DateTime, TimeDelta, Utc};
    use health::freshness::Freshness::{Aging, Live, NoData, Stale};
    use health::inventory::{Facts, Kind, Observed, Resource, ResourceKey};
    use health::severity::Severity;
    use health::verdict::Verdict;
    use protocol::{ConnectionState, Inventory};
    use std::sync::Arc;
    use vendors::{Connection, System};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn polled(answered: i64, interval: i64) -> Polled {
        Polled {
            answered: at(answered),
            interval: TimeDelta::seconds(interval),
        }
    }

    /// A connection that is read every five seconds, and was last read at `observed`.
    fn connection(id: &str, observed: Option<i64>) -> ConnectionState {
        ConnectionState {
            connection: Connection {
                id: id.to_owned(),
                title: id.to_owned(),
                system: System::Uplynk,
            },
            watched_since: None,
            observed_at: observed.map(at),
            interval_ms: 5_000,
            next_at: None,
            failure: None,
            last_error: None,
            vendor_ahead_ms: 0,
            held: 1,
            in_transition: false,
            limit: None,
        }
    }

    fn resource(connection: &str, id: &str, observed: Observed) -> Resource {
        Resource {
            key: ResourceKey {
                kind: Kind::FailoverGroup,
                connection: connection.to_owned(),
                id: id.to_owned(),
            },
            name: id.to_owned(),
            verdict: Verdict::new(Severity::Normal, "Normal", String::new()),
            observed,
            failure: None,
            unreadable: Vec::new(),
            also_on: Vec::new(),
            facts: Facts::FailoverGroup(Box::default()),
        }
    }

    fn snapshot(
        connections: Vec<ConnectionState>,
        resources: Vec<Resource>,
    ) -> Arc<InventorySnapshot> {
        let inventory = Inventory {
            revision: "life-1".to_owned(),
            now: at(0),
            build: String::new(),
            activity: 0,
            alerts_fail: false,
            whole: true,
            connections: Some(connections),
            resources,
            times: Vec::new(),
            removed: Vec::new(),
            alarms: None,
            maintenance: None,
        };
        Arc::new(InventorySnapshot::default().after(inventory).0)
    }

    #[test]
    fn a_source_that_was_stale_at_the_last_answer_is_stale_at_any_page_interval() {
        let snapshot = snapshot(vec![connection("plant-a", Some(0))], Vec::new());
        let judged = |answered, interval, now| {
            InventoryFreshness::of(Arc::clone(&snapshot), polled(answered, interval), at(now))
                .connections[0]
        };
        for (answered, interval, now, expected) in [
            // The page polls as often as the gateway reads.
            (10, 5, 10, Live),
            (10, 5, 15, Aging),
            (10, 5, 16, Stale),
            (10, 5, 61, NoData),
            // The page polls every five minutes: a source that was fresh stays so until the next answer.
            (10, 300, 300, Live),
            (10, 300, 601, Aging),
            (16, 300, 16, Stale),
            (61, 300, 61, NoData),
            (200, 300, 200, NoData),
            // A longer interval of the page does not make stale data fresher.
            (20, 5, 21, Stale),
            (20, 300, 21, Stale),
        ] {
            let case = format!("answered at {answered}, every {interval} s, now {now}");
            assert_eq!(judged(answered, interval, now), expected, "{case}");
        }
    }

    #[test]
    fn a_resource_that_was_stale_at_the_last_answer_is_stale() {
        let resources = vec![
            resource("plant-a", "a", Observed::WithConnection),
            resource("plant-a", "b", Observed::At(at(80))),
            resource("plant-a", "c", Observed::At(at(98))),
            resource("plant-a", "d", Observed::Never),
        ];
        let snapshot = snapshot(vec![connection("plant-a", Some(100))], resources);
        let fresh = InventoryFreshness::of(snapshot, polled(100, 300), at(130));
        assert_eq!(fresh.resources, [Live, Stale, Live, NoData]);
    }

    #[test]
    fn a_resource_has_the_freshness_of_its_connection_or_no_data_without_one() {
        let resources = ["gone", "plant-a", "plant-b"]
            .map(|connection| resource(connection, "x", Observed::WithConnection));
        let connections = vec![
            connection("plant-b", Some(0)),
            connection("plant-a", Some(20)),
            connection("plant-c", None),
        ];
        let fresh = InventoryFreshness::of(
            snapshot(connections, resources.to_vec()),
            polled(20, 5),
            at(20),
        );
        assert_eq!(fresh.connections, [Stale, Live, NoData]);
        assert_eq!(fresh.resources, [NoData, Live, Stale]);
    }

    #[test]
    fn a_result_is_valid_until_the_first_item_becomes_less_fresh() {
        let resources = vec![resource("plant-a", "x", Observed::At(at(92)))];
        let connections = vec![
            connection("plant-a", Some(100)),
            connection("plant-b", Some(95)),
        ];
        let snapshot = snapshot(connections, resources);
        let polled_at = polled(100, 5);
        let fresh = InventoryFreshness::of(Arc::clone(&snapshot), polled_at, at(100));
        // The resource is aging after 102, the connections after 105 and 110.
        for (now, expected) in [(99, false), (100, true), (102, true), (103, false)] {
            let is_valid = fresh.is_valid_for(&snapshot, polled_at, at(now));
            assert_eq!(is_valid, expected, "{now}");
        }
        assert!(!fresh.is_valid_for(&snapshot, polled(101, 5), at(101)));
        assert!(!fresh.is_valid_for(&snapshot, polled(100, 10), at(101)));
        assert!(!fresh.is_valid_for(
            &Arc::new(InventorySnapshot::clone(&snapshot)),
            polled_at,
            at(101)
        ));
        let later = |now| InventoryFreshness::of(Arc::clone(&snapshot), polled_at, at(now));
        assert!(fresh.is_same_as(&later(102)));
        let aged = later(103);
        assert!(!fresh.is_same_as(&aged));
        assert_eq!(aged.resources, [Aging]);
    }

    #[test]
    fn the_result_for_an_empty_inventory_is_always_valid() {
        let snapshot = snapshot(Vec::new(), Vec::new());
        let fresh = InventoryFreshness::of(Arc::clone(&snapshot), polled(0, 5), at(0));
        assert!(fresh.is_valid_for(&snapshot, polled(0, 5), at(1_000_000)));
    }
}
