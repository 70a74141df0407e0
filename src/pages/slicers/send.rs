//! Sends what was confirmed to Uplynk, once, and knows what would undo it.

use super::acts::Acts;
use crate::backend::Report;
use crate::backend::uplynk::{Saved, Writer, ids};
use crate::ui::notice::Undo;
use crate::ui::reorder::Draft;
use health::slicers::Deed;
use leptos::prelude::*;
use vendors::uplynk::{Configuration, FailoverGroup};

/// Sends it once.
pub(super) async fn run(
    acts: Acts,
    writer: Writer,
    seen: FailoverGroup,
    deed: Deed,
    typed: String,
) -> (Report, Option<Undo>) {
    let group = seen.id.clone();
    match deed {
        Deed::SetMode(mode) => {
            let change = Configuration {
                mode: Some(mode),
                auto_failback: None,
            };
            (writer.configure(&seen, &change).await, None)
        }
        Deed::SetAutoFailback(on) => {
            let set = |on| Configuration {
                mode: None,
                auto_failback: Some(on),
            };
            let report = writer.configure(&seen, &set(on)).await;
            let after = FailoverGroup {
                auto_failback: Some(on),
                ..seen
            };
            let undo = acts.undo(move || {
                let (writer, after) = (writer.clone(), after.clone());
                async move { writer.configure(&after, &set(!on)).await }
            });
            (report, Some(undo))
        }
        Deed::SetEligible(id, on) => {
            let report = writer.set_eligible(&group, &id, on).await;
            (report, Some(acts.undo_eligible(&writer, &group, &id, !on)))
        }
        Deed::Activate(id) => (writer.activate(&seen, &id).await, None),
        Deed::SetSlate(on) => (writer.set_slate(&seen, on).await, None),
        Deed::AddChannel => (writer.channels(&seen, &[&typed], &[]).await, None),
        Deed::RemoveChannel(id) => {
            let report = writer.channels(&seen, &[], &[&id]).await;
            let undo = acts.undo(move || {
                let (writer, seen, id) = (writer.clone(), seen.clone(), id.clone());
                async move { writer.channels(&seen, &[&id], &[]).await }
            });
            (report, Some(undo))
        }
        Deed::AddOwner => (writer.set_owners(&group, &[&typed], &[]).await, None),
        Deed::RemoveOwner(id) => {
            let report = writer.set_owners(&group, &[], &[&id]).await;
            let undo = acts.undo(move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                async move { writer.set_owners(&group, &[&id], &[]).await }
            });
            (report, Some(undo))
        }
        Deed::Overwrite(order) => {
            let theirs = acts
                .draft
                .with_untracked(|draft| draft.theirs().map(<[String]>::to_vec));
            let base = theirs.unwrap_or_else(|| ids(&seen));
            match writer.save_order(&seen, &base, &order).await {
                Saved::Told(report) => {
                    if matches!(report, Report::Done { .. }) {
                        let _ = acts.draft.try_set(Draft::new(order));
                    }
                    (report, None)
                }
                Saved::Conflict(now) => {
                    let _ = acts.draft.try_update(|draft| draft.follow(&ids(&now)));
                    let said = format!("The order is {} now.", ids(&now).join(", "));
                    (Report::Changed { said }, None)
                }
            }
        }
    }
}
