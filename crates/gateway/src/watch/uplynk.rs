//! Reads Uplynk's groups. The service counts requests and wants each in a second of its own, so that all
//! groups come with one list where it holds them whole.

use super::failure;
use super::limit::{self, LIMIT};
use super::source::Source;
use super::whole::Reading;
use crate::vendor_client::When;
use health::inventory::Contents;
use health::transition;
use protocol::ReadFailure;
use std::collections::HashSet;
use vendors::uplynk;

/// Every group of an account, whole: one that the list holds without its slicers is read by itself.
pub(super) async fn read(source: Source, when: When) -> Result<Reading, ReadFailure> {
    let groups = uplynk::groups();
    let first = source.read(&groups.list(), when).await?;
    let total = first.value.total;
    let mut known: HashSet<String> = HashSet::new();
    let (mut all, mut left_out) = (first.value.items, first.value.left_out);
    all.retain(|group| known.insert(group.id.clone()));
    let is_more = |held: usize| total.is_some_and(|total| total > held as u64);
    let mut page = 2;
    while is_more(all.len() + left_out.count()) && all.len() < LIMIT {
        let more = source.read(&groups.page(page), when).await?.value;
        let (before, items) = (all.len(), more.items.len());
        all.extend(
            more.items
                .into_iter()
                .filter(|group| known.insert(group.id.clone())),
        );
        // The service may not know pages.
        if all.len() == before {
            break;
        }
        left_out += more.left_out;
        left_out.repeated += items - (all.len() - before);
        page += 1;
    }
    let listed = all.len() + left_out.count();
    let limit = limit::cut(&mut all, listed, total, "slicer groups");
    for group in &mut all {
        if group.slicers.is_some() && group.channels.is_some() {
            continue;
        }
        match source.read(&groups.get(&group.id), when).await {
            Ok(whole) => *group = whole.value,
            Err(why) if failure::ends_a_reading(&why) => return Err(why),
            // What is wrong with one group hides no other.
            Err(_) => {}
        }
    }
    let now = source.vendor_now();
    Ok(Reading {
        observed_at: first.observed_at,
        in_transition: all.iter().any(|group| transition::slicers(group, now)),
        contents: Contents::Uplynk(all),
        limit: limit::said(limit, left_out),
    })
}
