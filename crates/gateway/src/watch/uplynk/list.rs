//! Reads the list of an account's groups, with all its pages.

use super::super::failure;
use super::super::limit::{self, MAX_WATCHED};
use super::super::source::Source;
use crate::vendor_client::When;
use chrono::{DateTime, Utc};
use protocol::ReadFailure;
use std::collections::HashSet;
use vendors::uplynk::{self, FailoverGroup};

/// The list as received.
pub(super) struct List {
    /// Some may lack their slicers or channels.
    pub(super) groups: Vec<FailoverGroup>,
    /// When the oldest of its pages was read.
    pub(super) observed_at: DateTime<Utc>,
    /// Whether it contains every group that is watched.
    pub(super) is_complete: bool,
    /// The note about omitted groups.
    pub(super) limit: Option<String>,
}

/// Reads the list. Paging is not documented, so a rejected page does not affect the pages before it.
pub(super) async fn read(source: Source, when: When) -> Result<List, ReadFailure> {
    let groups = uplynk::groups();
    let first = source.read(&groups.list(), when).await?;
    let (total, mut observed_at) = (first.value.total, first.observed_at);
    let mut known: HashSet<String> = HashSet::new();
    let (mut all, mut left_out) = (first.value.items, first.value.left_out);
    all.retain(|group| known.insert(group.id.clone()));
    let is_more = |held: usize| total.is_some_and(|total| total > held as u64);
    let mut page = 2;
    while is_more(all.len() + left_out.count()) && all.len() < MAX_WATCHED {
        let more = match source.read(&groups.page(page), when).await {
            Ok(more) => {
                observed_at = observed_at.min(more.observed_at);
                more.value
            }
            Err(why) if failure::ends_a_reading(&why) => return Err(why),
            Err(_) => break,
        };
        let (before, items) = (all.len(), more.items.len());
        all.extend(
            more.items
                .into_iter()
                .filter(|group| known.insert(group.id.clone())),
        );
        // The service may ignore the page number.
        if all.len() == before {
            break;
        }
        left_out += more.left_out;
        left_out.repeated += items - (all.len() - before);
        page += 1;
    }
    let listed = all.len() + left_out.count();
    let is_complete = !is_more(listed) || all.len() >= MAX_WATCHED;
    let limit = limit::apply_limit(&mut all, listed, total, "slicer groups");
    Ok(List {
        groups: all,
        observed_at,
        is_complete,
        limit: limit::limitation_note(limit, left_out),
    })
}
