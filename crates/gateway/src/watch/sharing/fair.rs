//! Fair distribution of the connections over the gateways. Pure: gateways with the same input get the same result.

use std::collections::{BTreeMap, BTreeSet};

/// The actions of a gateway.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The unwatched connections that this gateway takes.
    pub(super) take: Vec<String>,
    /// A connection that it leaves to a gateway with fewer.
    pub(super) give: Option<String>,
}

/// The plan of the gateway `me`. `gateways` are the running gateways with the connections that each can watch,
/// `watched` has the gateway of each watched connection, and `left` the last gateway of each unwatched one.
///
/// An unwatched connection goes to the gateway with the fewest, but only as a last resort to the one that has left it.
/// Once all are watched, the gateway with the most gives up one connection if another gateway has at least two fewer:
/// one at a time, so that no connection moves twice if every gateway can watch every connection. Otherwise one may move
/// again, always to a gateway with fewer, so that the moves end.
pub(super) fn plan(
    me: &str,
    gateways: &BTreeMap<String, BTreeSet<String>>,
    watched: &BTreeMap<String, String>,
    left: &BTreeMap<&str, &str>,
) -> Plan {
    let mut loads: BTreeMap<&str, usize> = gateways
        .keys()
        .map(|gateway| (gateway.as_str(), 0))
        .collect();
    for gateway in watched.values() {
        *loads.entry(gateway).or_default() += 1;
    }
    let all: BTreeSet<&String> = gateways.values().flatten().collect();
    let free: Vec<&String> = all
        .into_iter()
        .filter(|one| !watched.contains_key(*one))
        .collect();
    let mut plan = Plan::default();
    let candidates = |connection: &String| {
        let connection = connection.clone();
        let gateways = gateways.iter();
        gateways
            .filter(move |(_, readable)| readable.contains(&connection))
            .map(|(id, _)| id.as_str())
    };
    for connection in &free {
        let Some(next) = candidates(connection).min_by_key(|gateway| {
            let has_left = left.get(connection.as_str()) == Some(gateway);
            (has_left, loads[gateway], *gateway)
        }) else {
            continue;
        };
        *loads.entry(next).or_default() += 1;
        if next == me {
            plan.take.push((*connection).clone());
        }
    }
    if free.is_empty() {
        let too_many = |(connection, gateway): &(&String, &String)| {
            candidates(connection).any(|other| loads[other] + 2 <= loads[gateway.as_str()])
        };
        let next = watched.iter().filter(too_many);
        let next = next.max_by_key(|(_, gateway)| (loads[gateway.as_str()], *gateway));
        let own = next.filter(|(_, gateway)| *gateway == me);
        plan.give = own.map(|(connection, _)| connection.clone());
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Gateways = BTreeMap<String, BTreeSet<String>>;
    type Watched = BTreeMap<String, String>;

    fn names(prefix: &str, count: usize) -> BTreeSet<String> {
        (0..count)
            .map(|number| format!("{prefix}{number:02}"))
            .collect()
    }

    /// Lets all gateways act in turn until none has anything to do. Returns the connections that moved, in order.
    fn settle(gateways: &Gateways, watched: &mut Watched) -> Vec<String> {
        let (mut moved, mut left) = (Vec::new(), Watched::new());
        for _ in 0..1_000 {
            let (seen, seen_left) = (watched.clone(), left.clone());
            let seen_left = seen_left
                .iter()
                .map(|(one, gateway): (&String, &String)| (one.as_str(), gateway.as_str()))
                .collect();
            let mut calm = true;
            for me in gateways.keys() {
                let plan = plan(me, gateways, &seen, &seen_left);
                calm &= plan == Plan::default();
                for connection in plan.take {
                    // The lease has the same effect.
                    watched.entry(connection).or_insert_with(|| me.clone());
                }
                if let Some(connection) = plan.give {
                    assert_eq!(watched.remove(&connection).as_ref(), Some(me));
                    left.insert(connection.clone(), me.clone());
                    moved.push(connection);
                }
            }
            if calm {
                return moved;
            }
        }
        panic!("it does not come to rest: {watched:?}");
    }

    fn is_unique(moved: &[String]) -> bool {
        moved.iter().collect::<BTreeSet<_>>().len() == moved.len()
    }

    fn loads(gateways: &Gateways, watched: &Watched) -> Vec<usize> {
        let of = |gateway: &String| watched.values().filter(|one| *one == gateway).count();
        gateways.keys().map(of).collect()
    }

    #[test]
    fn a_joining_gateway_gets_its_share_and_an_ending_one_leaves_its_own() {
        let all = names("c", 5);
        let of = |count| -> Gateways {
            let gateways = names("g", count).into_iter();
            gateways.map(|gateway| (gateway, all.clone())).collect()
        };
        let mut watched = Watched::new();
        for (count, expected, most_moved) in [
            (1, vec![5], 0),
            (2, vec![3, 2], 2),
            (3, vec![2, 2, 1], 1),
            (2, vec![3, 2], 0),
            (1, vec![5], 0),
        ] {
            let gateways = of(count);
            watched.retain(|_, gateway| gateways.contains_key(gateway));
            let moved = settle(&gateways, &mut watched);
            assert!(moved.len() <= most_moved, "{count}: {moved:?}");
            assert!(is_unique(&moved), "{count}: {moved:?}");
            let mut loads = loads(&gateways, &watched);
            loads.sort_unstable_by(|one, other| other.cmp(one));
            assert_eq!(loads, expected);
        }
    }

    #[test]
    fn a_connection_that_one_gateway_has_left_goes_to_another() {
        let all = names("c", 3);
        let gateways = names("g", 2).into_iter();
        let gateways: Gateways = gateways.map(|id| (id, all.clone())).collect();
        let watched = ["c00", "c01"].map(|one| (one.to_owned(), "g01".to_owned()));
        let watched = Watched::from(watched);
        for (left, next) in [("g00", "g01"), ("g01", "g00"), ("g02", "g00")] {
            let left = BTreeMap::from([("c02", left)]);
            for me in ["g00", "g01"] {
                let plan = plan(me, &gateways, &watched, &left);
                assert_eq!(plan.take.len(), usize::from(me == next), "{left:?} {me}");
            }
        }
    }

    #[test]
    fn a_connection_that_only_one_gateway_can_reach_stays_with_it() {
        let mut gateways = Gateways::new();
        gateways.insert("g0".to_owned(), names("c", 6));
        gateways.insert("g1".to_owned(), names("d", 1));
        let mut watched = Watched::new();
        assert_eq!(settle(&gateways, &mut watched), Vec::<String>::new());
        assert_eq!(loads(&gateways, &watched), [6, 1]);
    }

    #[test]
    fn a_connection_may_move_again_if_gateways_can_watch_different_ones() {
        let could = [
            &["c1", "c2", "c3"][..],
            &["c0", "c4", "c5"],
            &["c0", "c1"],
            &["c0"],
        ];
        let gateways = could.iter().enumerate().map(|(number, could)| {
            let could = could.iter().map(|one| (*one).to_owned());
            (format!("g{number}"), could.collect())
        });
        let gateways: Gateways = gateways.collect();
        let mut watched = Watched::new();
        assert_eq!(settle(&gateways, &mut watched), ["c0", "c1", "c0"]);
        assert_eq!(loads(&gateways, &watched), [2, 2, 1, 1]);
    }

    proptest! {
        #[test]
        fn no_gateway_has_more_than_its_share_and_no_connection_moves_twice(
            (gateways, connections) in (1_usize..6, 0_usize..20),
            before in proptest::collection::vec(0_usize..8, 20),
        ) {
            let all = names("c", connections);
            let gateways: Gateways = names("g", gateways).into_iter().map(|id| (id, all.clone())).collect();
            // Some connections are unwatched, some are watched by a running gateway.
            let mut watched: Watched = all.iter().zip(&before)
                .filter_map(|(connection, gateway)| {
                    Some((connection.clone(), gateways.keys().nth(*gateway)?.clone()))
                })
                .collect();
            let moved = settle(&gateways, &mut watched);
            let share = connections.div_ceil(gateways.len());
            prop_assert_eq!(watched.len(), connections);
            prop_assert!(loads(&gateways, &watched).iter().all(|load| *load <= share));
            prop_assert!(is_unique(&moved), "{:?}", moved);
            prop_assert_eq!(settle(&gateways, &mut watched), Vec::<String>::new());
        }

        #[test]
        fn every_connection_is_watched_by_a_gateway_that_can_watch_it(
            could in proptest::collection::vec(proptest::collection::btree_set(0_usize..8, 0..8), 1..5),
        ) {
            let gateways: Gateways = could.iter().enumerate()
                .map(|(gateway, could)| {
                    (format!("g{gateway}"), could.iter().map(|one| format!("c{one}")).collect())
                })
                .collect();
            let mut watched = Watched::new();
            settle(&gateways, &mut watched);
            let all: BTreeSet<&String> = gateways.values().flatten().collect();
            prop_assert_eq!(watched.keys().collect::<BTreeSet<_>>(), all);
            for (connection, gateway) in &watched {
                prop_assert!(gateways[gateway].contains(connection));
            }
        }
    }
}
