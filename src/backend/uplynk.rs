//! The changes of Uplynk's failover groups: each is sent once, read back, and told.

use super::failure::Failure;
use super::report::{Report, perform};
use super::transport::send;
use health::slicers::ordered;
use vendors::uplynk::{self, FailoverGroup, SlicerPlace};

/// One Uplynk connection, for changes.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The connection's id.
    pub connection: String,
    /// The connection's title, for sentences.
    pub title: String,
}

fn ids(group: &FailoverGroup) -> Vec<String> {
    ordered(group)
        .into_iter()
        .map(|slicer| slicer.id.clone())
        .collect()
}

impl Writer {
    async fn group(&self, id: &str) -> Result<FailoverGroup, Failure> {
        let call = uplynk::groups().get(id);
        Ok(send(&self.connection, &call, None).await?.value)
    }

    /// Saves an order, if the group still has the order `base` and the mode that were seen. The service ignores slicers that are not of
    /// the group and answers 204 all the same: so every slicer is sent, with positions from 1, and what
    /// it then holds is compared.
    pub async fn save_order(
        &self,
        seen: &FailoverGroup,
        base: &[String],
        order: &[String],
    ) -> Report {
        let title = &self.title;
        let now = match self.group(&seen.id).await {
            Ok(now) => now,
            Err(failure) => return Report::refused(failure),
        };
        if ids(&now) != base || now.mode != seen.mode {
            let said = format!("The order is {} now.", ids(&now).join(", "));
            return Report::Changed { said };
        }
        let enabled = |id: &String| {
            let mut slicers = now.slicers.iter().flatten();
            slicers
                .find(|slicer| slicer.id == *id)
                .and_then(|slicer| slicer.enabled)
        };
        let places = order.iter().zip(1..).map(|(id, order)| SlicerPlace {
            slicer_id: id.clone(),
            enabled: enabled(id).unwrap_or(true),
            order,
        });
        let places: Vec<SlicerPlace> = places.collect();
        let change = uplynk::groups().order(&seen.id, &places);
        let check = async || {
            let held = ids(&self.group(&seen.id).await?);
            Ok(if held == order {
                "It holds the order as you saved it.".to_owned()
            } else {
                format!("It holds another order: {}.", held.join(", "))
            })
        };
        let done = |(): &()| (format!("{title} took the order."), true);
        perform(send(&self.connection, &change, None), done, check).await
    }
}
