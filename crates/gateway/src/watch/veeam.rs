//! Reads Veeam's newest cloud failover sessions.

use super::limit;
use super::source::Source;
use super::whole::Reading;
use crate::vendor_client::When;
use health::inventory::Contents;
use health::transition;
use protocol::ReadFailure;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use vendors::veeam::{self, MediaType, Query};

/// After the service has refused queries, so many readings do without: roles change seldom.
const WITHOUT_QUERY: u32 = 100;

/// How many more readings do without a query.
pub(super) type WithoutQuery = Arc<AtomicU32>;

/// The newest sessions, by a query; of a role that may not query, those that everybody may see.
pub(super) async fn read(
    source: Source,
    when: When,
    wire: MediaType,
    without: WithoutQuery,
) -> Result<Reading, ReadFailure> {
    let may_query = without
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
        .is_err();
    let query = veeam::query(&Query::default(), wire);
    let answer = if may_query {
        source.read(&query, when).await
    } else {
        source.read(&veeam::recent(wire), when).await
    };
    let page = match answer {
        Err(ReadFailure::Vendor(error)) if may_query && error.status == 403 => {
            let recent = source.read(&veeam::recent(wire), when).await?;
            without.store(WITHOUT_QUERY, Ordering::Relaxed);
            recent
        }
        other => other?,
    };
    let (now, left_out) = (source.vendor_now(), page.value.left_out);
    let sessions = page.value.sessions;
    Ok(Reading {
        observed_at: page.observed_at,
        in_transition: sessions.iter().any(|one| transition::session(one, now)),
        contents: Contents::Veeam(sessions),
        limit: limit::said(None, left_out),
    })
}
