//! Reads the entries of a report from the activity.

use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use crate::store::{ActivityCursor, ActivityQuery};
use health::events::Leader;
use health::inventory::ResourceKey;
use protocol::ActivityEntry;
use std::collections::HashMap;

/// The page size of a search for a single entry, which usually is the first one.
const PAGE: usize = 100;

/// All entries that match a query, and for each resource the first entry after the query's period: it shows who led at
/// the end of the period, whether the group existed, and whether it was watched until then.
pub(super) async fn entries_and_next(
    gateway: &Gateway,
    query: ActivityQuery,
) -> Result<Vec<ActivityEntry>, Problem> {
    let next = ActivityQuery {
        from: query.to,
        to: None,
        first_of_each: true,
        ..query.clone()
    };
    let mut newest_first = entries(gateway, next).await?;
    newest_first.extend(entries(gateway, query).await?);
    Ok(newest_first)
}

/// For each group without a leader at the start of the period, the last failover before it, which names the previous
/// leader.
pub(super) async fn failovers_before(
    gateway: &Gateway,
    query: &ActivityQuery,
    newest_first: &[ActivityEntry],
) -> Result<Vec<ActivityEntry>, Problem> {
    let mut first: HashMap<&ResourceKey, &ActivityEntry> = HashMap::new();
    for entry in newest_first {
        if let Some(key) = &entry.resource {
            first.insert(key, entry);
        }
    }
    let mut before = Vec::new();
    for (key, entry) in first {
        // If the only entry is after the period, the group had no leader in all of it; who led before is irrelevant.
        let is_later = query.to.is_some_and(|to| entry.at >= to);
        if is_later || Leader::of(key.kind, entry.before.clone()) != Leader::Nobody {
            continue;
        }
        let of_group = ActivityQuery {
            connections: Some(vec![key.connection.clone()]),
            resource: Some(key.id.clone()),
            ..query.clone()
        };
        let is_of_group = |entry: &ActivityEntry| entry.resource.as_ref() == Some(key);
        before.extend(last_before(gateway, of_group, is_of_group).await?);
    }
    Ok(before)
}

/// The last entry before the period of a query that satisfies `is_wanted`.
pub(super) async fn last_before(
    gateway: &Gateway,
    query: ActivityQuery,
    is_wanted: impl Fn(&ActivityEntry) -> bool,
) -> Result<Option<ActivityEntry>, Problem> {
    let mut query = ActivityQuery {
        from: None,
        to: query.from,
        limit: PAGE,
        ..query
    };
    loop {
        let entries = gateway.shared.store.activity(query.clone()).await?;
        let is_last = entries.len() < query.limit;
        query.before = entries.last().map(ActivityCursor::of);
        let mut entries = entries.into_iter();
        let found = entries.find(&is_wanted);
        if found.is_some() || is_last {
            return Ok(found);
        }
    }
}

/// All entries that match a query.
pub(super) async fn entries(
    gateway: &Gateway,
    query: ActivityQuery,
) -> Result<Vec<ActivityEntry>, Problem> {
    let limit = query.limit;
    let query = ActivityQuery {
        limit: limit + 1,
        ..query
    };
    let entries = gateway.shared.store.activity(query).await?;
    if entries.len() > limit {
        let detail = format!(
            "more than {limit} entries are too many for one report: choose a shorter time, a system or a connection"
        );
        return Err(Problem::new(Kind::BadRequest, detail));
    }
    Ok(entries)
}
