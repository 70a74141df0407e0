//! Changes to Uplynk failover groups. Each is sent once and then verified by reading.

mod order;
mod positions;
mod settings;

pub use order::{SaveOutcome, SaveStep, state};

use super::failure::Failure;
use super::outcome::{Check, Outcome, execute};
use super::transport::{Purpose, send, send_if_match};
use health::slicers::ordered;
use leptos::prelude::{Callable, Callback};
use vendors::Call;
use vendors::uplynk::{self, FailoverGroup};

/// One Uplynk connection, for changes.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The connection's id.
    pub connection: String,
    /// The connection's title, for sentences.
    pub title: String,
    /// Receives each group that is read before or after a change, with the time of the request in milliseconds since
    /// 1970, so that the page shows what an outcome says.
    pub on_read: Callback<(FailoverGroup, f64)>,
}

/// The slicers' ids in order.
#[must_use]
pub fn ids(group: &FailoverGroup) -> Vec<String> {
    let slicers = ordered(group).into_iter();
    slicers.map(|slicer| slicer.id.clone()).collect()
}

/// Whether every slicer of the group is readable: an order without an unreadable one would lose its position.
#[must_use]
pub fn has_all_slicers(group: &FailoverGroup) -> bool {
    let mut unreadable = group.unreadable.iter();
    group.slicers.is_some() && !unreadable.any(|field| field.name.starts_with("slicers"))
}

impl Writer {
    /// The current group.
    async fn read(&self, id: &str) -> Result<FailoverGroup, Failure> {
        let (call, requested_at) = (uplynk::groups().get(id), js_sys::Date::now());
        let group = send(&self.connection, &call, Purpose::Change).await?.value;
        self.show(&group, requested_at);
        Ok(group)
    }

    /// Shows a group that was read on the page, unless that was closed.
    fn show(&self, group: &FailoverGroup, requested_at: f64) {
        self.on_read.try_run((group.clone(), requested_at));
    }

    /// The current group, if the values that `of` returns are still what the user saw.
    async fn unchanged<T: PartialEq>(
        &self,
        seen: &FailoverGroup,
        of: impl Fn(&FailoverGroup) -> T,
        message: impl Fn(&FailoverGroup) -> String,
    ) -> Result<FailoverGroup, Outcome> {
        let now = self.read(&seen.id).await.map_err(Outcome::refused)?;
        if of(&now) == of(seen) {
            Ok(now)
        } else {
            Err(Outcome::Changed {
                message: message(&now),
            })
        }
    }

    /// Sends a change once, only if the group still has the entity tag `tag`, and then reads the state to verify it.
    async fn change(
        &self,
        call: &Call<()>,
        tag: Option<&str>,
        undoable: bool,
        check: Check<'_>,
    ) -> Outcome {
        let accepted = format!("{} accepted the change.", self.title);
        let sent = async {
            send_if_match(&self.connection, call, tag).await?;
            Ok((accepted.clone(), undoable))
        };
        execute(Box::pin(sent), &accepted, check).await
    }
}

#[cfg(test)]
mod tests {
    use super::has_all_slicers;
    use vendors::UnreadableField;
    use vendors::uplynk::FailoverGroup;

    #[test]
    fn a_group_with_an_unreadable_slicer_does_not_have_all_slicers() {
        let group = |is_reported: bool, unreadable: &[&str]| FailoverGroup {
            slicers: is_reported.then(Vec::new),
            unreadable: unreadable
                .iter()
                .map(|name| UnreadableField {
                    name: (*name).to_owned(),
                    raw: String::new(),
                })
                .collect(),
            ..FailoverGroup::default()
        };
        assert!(has_all_slicers(&group(true, &[])));
        assert!(has_all_slicers(&group(true, &["owner"])));
        assert!(!has_all_slicers(&group(false, &[])));
        assert!(!has_all_slicers(&group(false, &["slicers"])));
        assert!(!has_all_slicers(&group(true, &["owner", "slicers[1]"])));
    }
}
