//! The freshness of each connection.

use super::super::families::{Family, label};
use crate::inventory_view::{age, reading, vendor_ahead};
use chrono::{DateTime, TimeDelta, Utc};
use health::Freshness;
use protocol::Inventory;
use std::collections::HashSet;

/// The metric families of connections. `watched`: the connections that this gateway reads itself.
pub(super) fn families(
    inventory: &Inventory,
    watched: &HashSet<String>,
    now: DateTime<Utc>,
) -> [Family; 5] {
    let mut ages = Family::gauge(
        "source_age_seconds",
        "Time since the last complete reading of a connection began; +Inf if there was none.",
    );
    let mut freshness = Family::gauge(
        "source_freshness",
        "0 live, 1 aging, 2 stale (no longer believed), 3 no data.",
    );
    let mut intervals = Family::gauge(
        "source_interval_seconds",
        "Time from one complete reading of a connection to the next.",
    );
    let mut clocks = Family::gauge(
        "source_clock_offset_seconds",
        "How far the vendor's clock is ahead of the gateway's.",
    );
    let mut watched_here = Family::gauge(
        "source_watched",
        "1 if this gateway reads the connection itself, 0 if another gateway at its database does.",
    );
    for state in inventory.connections.iter().flatten() {
        let labels = || vec![("connection", label(&state.connection.id))];
        let reading = reading(state);
        // A connection that was never read is older than any limit, so that the same rule matches it.
        ages.add(labels(), age(state, now).map_or(f64::INFINITY, seconds));
        freshness.add(labels(), step(reading.freshness(now)));
        intervals.add(labels(), seconds(reading.interval));
        let is_here = watched.contains(&state.connection.id);
        watched_here.add(labels(), u64::from(is_here));
        clocks.add(labels(), seconds(vendor_ahead(state)));
    }
    [ages, freshness, intervals, clocks, watched_here]
}

fn seconds(delta: TimeDelta) -> f64 {
    delta.as_seconds_f64()
}

fn step(freshness: Freshness) -> u64 {
    match freshness {
        Freshness::Live => 0,
        Freshness::Aging => 1,
        Freshness::Stale => 2,
        Freshness::NoData => 3,
    }
}
