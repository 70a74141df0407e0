//! Changes of mode, auto failback, the slicer on air, channels and owners.

use super::order::with_conflict;
use super::{Writer, ids};
use crate::api::failure::Failure;
use crate::api::outcome::Outcome;
use crate::api::transport::{Purpose, send};
use chrono::{DateTime, Utc};
use health::slicers::{channel_count, channel_label, is_ready, ordered};
use health::sort;
use std::cell::Cell;
use vendors::Call;
use vendors::uplynk::{self, Collection, Configuration, FailoverGroup, Mode, OnAir, Slicer};

fn mode(group: &FailoverGroup) -> &str {
    match &group.mode {
        Some(Mode::Prioritized) => "prioritized",
        Some(Mode::Flat) => "flat",
        Some(Mode::Other(word)) => word,
        None => "not reported",
    }
}

fn failback(group: &FailoverGroup) -> &'static str {
    match group.auto_failback {
        Some(true) => "on",
        Some(false) => "off",
        None => "not reported",
    }
}

fn settings(group: &FailoverGroup) -> String {
    format!(
        "The mode is {}, auto failback is {}.",
        mode(group),
        failback(group)
    )
}

/// What is on air, in words.
pub(super) fn on_air(group: &FailoverGroup) -> String {
    match &group.active {
        Some(OnAir::Slicer(id)) => format!("{id} is on air."),
        Some(OnAir::Slate) => "The slate is on air.".to_owned(),
        None => "The service does not report what is on air.".to_owned(),
    }
}

/// What is on air, and the settings, in words.
pub(super) fn on_air_and_settings(group: &FailoverGroup) -> String {
    format!("{} {}", on_air(group), settings(group))
}

/// Lists slicers in this order, and those that are not eligible or of unknown eligibility, in sentences.
pub(super) fn listed<'g>(slicers: impl IntoIterator<Item = &'g Slicer>) -> String {
    let slicers: Vec<&Slicer> = slicers.into_iter().collect();
    let names = |is: &dyn Fn(&Slicer) -> bool| {
        let found = slicers.iter().filter(|slicer| is(slicer));
        found.map(|one| &*one.id).collect::<Vec<_>>().join(", ")
    };
    let mut words = format!("{}.", names(&|_| true));
    for (title, enabled) in [
        ("Not eligible", Some(false)),
        ("Eligibility not reported", None),
    ] {
        let found = names(&|slicer| slicer.enabled == enabled);
        if !found.is_empty() {
            words.push_str(&format!(" {title}: {found}."));
        }
    }
    words
}

/// Whether a list contains the added ids and none of the removed ones; the latter requires a complete list
/// (`is_complete`). Ids are hexadecimal digits, which a service may write in another case.
fn is_changed(held: &[&str], is_complete: bool, add: &[&str], remove: &[&str]) -> bool {
    let holds = |id: &&str| held.iter().any(|one| one.eq_ignore_ascii_case(id));
    let is_removed = remove.is_empty() || (is_complete && !remove.iter().any(holds));
    add.iter().all(holds) && is_removed
}

impl Writer {
    /// Changes the mode or auto failback, if both are still what the user saw. What is on air must be unchanged too,
    /// unless auto failback is turned off, which never switches. If the change makes positions decide, order and
    /// eligibilities must be unchanged as well. Also returns the group as it was read afterwards, if the change is in
    /// effect.
    pub async fn configure(
        &self,
        seen: &FailoverGroup,
        change: &Configuration,
    ) -> (Outcome, Option<FailoverGroup>) {
        let stays = change.auto_failback == Some(false);
        let resets = change.mode == Some(Mode::Prioritized);
        // Whether positions decide what goes on air after the change. A reset sets them to the order of the list.
        let decides = resets || change.auto_failback == Some(true);
        let of = |group: &FailoverGroup| {
            let active = group.active.clone().filter(|_| !stays);
            let slicers = group.slicers.iter().flatten().filter(|_| decides);
            let slicers = slicers.map(|one| (one.id.clone(), one.order, one.enabled));
            let mut slicers: Vec<_> = slicers.collect();
            if !resets {
                sort(&mut slicers, |one, other| one.0.cmp(&other.0));
            }
            (group.mode.clone(), group.auto_failback, active, slicers)
        };
        let words = |group: &FailoverGroup| {
            let slicers = match decides {
                _ if resets => format!(
                    " Its slicers are listed as {}",
                    listed(group.slicers.iter().flatten())
                ),
                true => format!(" The order is now {}", listed(ordered(group))),
                false => String::new(),
            };
            on_air_and_settings(group) + &slicers
        };
        let (now, tag) = match self.tagged(&seen.id).await {
            Ok(read) => read,
            Err(failure) => return (Outcome::refused(failure), None),
        };
        if of(&now) != of(seen) {
            let message = words(&now);
            return (Outcome::Changed { message }, None);
        }
        let held = Cell::new(None);
        let check = async {
            let now = self.read(&seen.id).await?;
            let is_other = change.mode.is_some() && change.mode != now.mode
                || change.auto_failback.is_some() && change.auto_failback != now.auto_failback;
            let order = resets.then(|| format!(" Its order is now {}.", ids(&now).join(", ")));
            let words = on_air_and_settings(&now) + &order.unwrap_or_default();
            held.set(Some(now).filter(|_| !is_other));
            Ok((!is_other, words))
        };
        let call = uplynk::groups().configure(&seen.id, change);
        let outcome = self.change(&call, tag.as_deref(), !resets, Box::pin(check));
        (with_conflict(outcome.await), held.take())
    }

    /// Puts a slicer on air, if the settings, what is on air, and the readiness of the slicer at the vendor's time `at`
    /// are still what the user saw. Sent once, because every attempt is a switch.
    pub async fn activate(&self, seen: &FailoverGroup, slicer: &str, at: DateTime<Utc>) -> Outcome {
        let ready = |group: &FailoverGroup| {
            let mut slicers = group.slicers.iter().flatten();
            let found = slicers.find(|one| one.id == slicer)?;
            Some(is_ready(found, at))
        };
        let of = |group: &FailoverGroup| {
            let settings = (group.mode.clone(), group.auto_failback);
            (group.active.clone(), settings, ready(group))
        };
        let words = |group: &FailoverGroup| {
            let ready = match ready(group) {
                Some(true) => "is ready",
                Some(false) => "is not ready",
                None => "is not in the group",
            };
            format!("{slicer} {ready}. {}", on_air_and_settings(group))
        };
        if let Err(outcome) = self.unchanged(seen, of, words).await {
            return outcome;
        }
        let call = uplynk::groups().activate(&seen.id, slicer);
        let wanted = OnAir::Slicer(slicer.to_owned());
        self.switch(seen, &call, |now| *now == wanted).await
    }

    /// Puts the slate on air, or takes it off, if what is on air is still what the user saw.
    pub async fn set_slate(&self, seen: &FailoverGroup, on: bool) -> Outcome {
        let of = |group: &FailoverGroup| group.active.clone();
        if let Err(outcome) = self.unchanged(seen, of, on_air).await {
            return outcome;
        }
        let call = uplynk::groups().set_no_slicer(&seen.id, on);
        self.switch(seen, &call, |now| (*now == OnAir::Slate) == on)
            .await
    }

    /// Sends a switch. `is_wanted` checks what is on air afterwards.
    async fn switch(
        &self,
        seen: &FailoverGroup,
        call: &Call<()>,
        is_wanted: impl Fn(&OnAir) -> bool,
    ) -> Outcome {
        let check = async {
            let now = self.read(&seen.id).await?;
            let is_in_effect = now.active.as_ref().is_some_and(is_wanted);
            Ok((is_in_effect, on_air(&now)))
        };
        self.change(call, None, false, Box::pin(check)).await
    }

    /// Adds and removes channels (their ids).
    pub async fn channels(&self, seen: &FailoverGroup, add: &[&str], remove: &[&str]) -> Outcome {
        let call = uplynk::groups().channels(&seen.id, add, remove);
        let check = async {
            let now = self.read(&seen.id).await?;
            let is_complete = channel_count(&now).is_some();
            let Some(channels) = now.channels else {
                let words = "The service does not report what it feeds.".to_owned();
                return Ok((false, words));
            };
            let held: Vec<&str> = channels.iter().map(|channel| &*channel.id).collect();
            let unread = (!is_complete).then_some("others that cannot be read");
            let names: Vec<&str> = channels.iter().map(channel_label).chain(unread).collect();
            let words = match names.as_slice() {
                [] => "The group now feeds no channel.".to_owned(),
                names => format!("The group now feeds {}.", names.join(", ")),
            };
            Ok((is_changed(&held, is_complete, add, remove), words))
        };
        self.change(&call, None, true, Box::pin(check)).await
    }

    /// The owners that may use the group.
    ///
    /// # Errors
    /// Why they could not be read.
    pub async fn owners(&self, group: &str) -> Result<Collection<String>, Failure> {
        let call = uplynk::groups().allowed_owners(group);
        Ok(send(&self.connection, &call, Purpose::Change).await?.value)
    }

    /// Changes the owners that may use the group.
    pub async fn set_owners(&self, group: &str, add: &[&str], remove: &[&str]) -> Outcome {
        let call = uplynk::groups().set_allowed_owners(group, add, remove);
        let check = async {
            let owners = self.owners(group).await?;
            let mut names: Vec<&str> = owners.items.iter().map(|id| &**id).collect();
            let is_in_effect = is_changed(&names, owners.missing() == 0, add, remove);
            let unread = format!("{} more that cannot be read", owners.missing());
            if owners.missing() > 0 {
                names.push(&unread);
            }
            let words = match names.as_slice() {
                [] => "No other owner is allowed now.".to_owned(),
                names => format!("Allowed owners are now: {}.", names.join(", ")),
            };
            Ok((is_in_effect, words))
        };
        self.change(&call, None, true, Box::pin(check)).await
    }
}

#[cfg(test)]
mod tests {
    use super::{is_changed, listed};
    use vendors::uplynk::Slicer;

    #[test]
    fn slicers_that_are_not_eligible_are_listed() {
        let slicers = [("a", Some(true)), ("b", Some(false)), ("c", None)];
        let slicers = slicers.map(|(id, enabled)| Slicer {
            id: id.to_owned(),
            enabled,
            ..Slicer::default()
        });
        for (count, words) in [
            (1, "a."),
            (2, "a, b. Not eligible: b."),
            (3, "a, b, c. Not eligible: b. Eligibility not reported: c."),
        ] {
            assert_eq!(listed(&slicers[..count]), words);
        }
    }

    #[test]
    fn a_list_is_changed_if_it_contains_added_and_no_removed_ids() {
        for (held, add, remove, expected, incomplete) in [
            ("a b", "b", "", true, true),
            ("a B", "b", "", true, true),
            ("a", "b", "", false, false),
            ("a b", "", "b", false, false),
            // An unreadable item may be the removed one.
            ("a", "", "b", true, false),
            ("b", "b", "a", true, false),
            ("", "", "a", true, false),
        ] {
            let ids = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
            for (is_complete, expected) in [(true, expected), (false, incomplete)] {
                let is = is_changed(&ids(held), is_complete, &ids(add), &ids(remove));
                assert_eq!(
                    is, expected,
                    "{held:?} +{add} -{remove}, complete: {is_complete}"
                );
            }
        }
    }
}
