//! Reads Veeam's cloud failover sessions that run or ended lately.

use super::limit;
use super::source::Source;
use super::whole::Reading;
use crate::vendor_client::When;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use health::inventory::Contents;
use health::transition;
use protocol::ReadFailure;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use vendors::veeam::{self, Field, Filter, MediaType, Op, Page, Query};

/// After the service has refused queries, so many readings do without: roles change seldom.
const WITHOUT_QUERY: u32 = 100;

/// How many more readings do without a query.
pub(super) type WithoutQuery = Arc<AtomicU32>;

/// So many pages of them are read.
const PAGES: u32 = 20;

/// What runs, and what began or ended lately, the newest first. In whole hours, and of one more than is shown: what
/// is shown is judged by the moment, and the question stays the same for a while.
fn question(now: DateTime<Utc>, recent: TimeDelta, page: u32) -> Query {
    let margin = TimeDelta::hours(1);
    let since = (now - recent - margin).timestamp();
    let since = DateTime::from_timestamp(since - since.rem_euclid(3_600), 0).unwrap_or_default();
    let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
    let lately = |field| Filter::condition(field, Op::GreaterOrEqual, since.clone());
    let conditions = vec![
        Filter::condition(Field::State, Op::NotEqual, "Stopped"),
        lately(Field::EndTime),
        lately(Field::CreationTime),
    ];
    Query {
        filter: Some(Filter::Any(conditions)),
        page,
        ..Query::default()
    }
}

/// What runs or ended lately, by a query; of a role that may not query, those that everybody may see.
pub(super) async fn read(
    source: Source,
    when: When,
    wire: MediaType,
    recent: TimeDelta,
    without: WithoutQuery,
) -> Result<Reading, ReadFailure> {
    let may_query = without
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
        .is_err();
    let query = |page| veeam::query(&question(source.vendor_now(), recent, page), wire);
    let answer = if may_query {
        source.read(&query(1), when).await
    } else {
        source.read(&veeam::recent(wire), when).await
    };
    let first = match answer {
        Err(ReadFailure::Vendor(error)) if may_query && error.status == 403 => {
            let recent = source.read(&veeam::recent(wire), when).await?;
            without.store(WITHOUT_QUERY, Ordering::Relaxed);
            recent
        }
        other => other?,
    };
    let Page {
        mut sessions,
        paging,
        mut left_out,
        ..
    } = first.value;
    let pages = paging.map_or(1, |paging| paging.pages);
    for number in 2..=pages.min(PAGES) {
        let page = source.read(&query(number), when).await?.value;
        left_out.unreadable += page.left_out.unreadable;
        left_out.repeated += page.left_out.repeated;
        // What begins meanwhile moves the others on to the next page.
        let known: HashSet<_> = sessions.iter().map(|one| one.uid.clone()).collect();
        let new = page.sessions.into_iter();
        sessions.extend(new.filter(|one| one.uid.is_none() || !known.contains(&one.uid)));
    }
    let limit = (pages > PAGES).then(|| {
        format!(
            "More cloud failover sessions ran or ended lately than the gateway reads: the newest {} are watched.",
            sessions.len()
        )
    });
    let now = source.vendor_now();
    Ok(Reading {
        observed_at: first.observed_at,
        in_transition: sessions.iter().any(|one| transition::session(one, now)),
        contents: Contents::Veeam(sessions),
        limit: limit::said(limit, left_out),
    })
}
