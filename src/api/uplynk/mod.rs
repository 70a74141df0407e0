//! Changes to Uplynk failover groups. Each is sent once and then verified by reading.

mod order;
mod positions;
mod settings;

pub use order::{SaveOutcome, SaveStep, state};

use super::failure::Failure;
use super::outcome::{Check, Outcome, execute};
use super::transport::{Purpose, send, send_if_match};
use health::slicers::ordered;
use vendors::Call;
use vendors::uplynk::{self, FailoverGroup};

/// One Uplynk connection, for changes.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The connection's id.
    pub connection: String,
    /// The connection's title, for sentences.
    pub title: String,
}

/// The slicers' ids in order.
#[must_use]
pub fn ids(group: &FailoverGroup) -> Vec<String> {
    let slicers = ordered(group).into_iter();
    slicers.map(|slicer| slicer.id.clone()).collect()
}

/// Whether every slicer of the group is known: an order without one that is not would lose it.
#[must_use]
pub fn is_whole(group: &FailoverGroup) -> bool {
    let mut unreadable = group.unreadable.iter();
    group.slicers.is_some() && !unreadable.any(|field| field.name.starts_with("slicers"))
}

impl Writer {
    /// The current group.
    async fn read(&self, id: &str) -> Result<FailoverGroup, Failure> {
        let call = uplynk::groups().get(id);
        Ok(send(&self.connection, &call, Purpose::Change).await?.value)
    }

    /// The current group, if the part that `of` selects is still what the user saw.
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

    /// Sends a change once, with `tag` only if the group still has that entity tag, and then reads the state. It is done
    /// only where the state is what was asked for.
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
    use super::is_whole;
    use vendors::UnreadableField;
    use vendors::uplynk::FailoverGroup;

    #[test]
    fn a_group_is_whole_where_each_of_its_slicers_is_known() {
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
        assert!(is_whole(&group(true, &[])));
        assert!(is_whole(&group(true, &["owner"])));
        assert!(!is_whole(&group(false, &[])));
        assert!(!is_whole(&group(false, &["slicers"])));
        assert!(!is_whole(&group(true, &["owner", "slicers[1]"])));
    }
}
