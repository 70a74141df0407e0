//! Mode, auto failback, what is on air, channels and owners.

use super::order::overtaken;
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

/// Slicers in this order, and which of them are not simply eligible, in sentences.
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

/// Whether a list holds what was added to it, and nothing that was removed, which only a list that was read as a whole
/// (`is_whole`) can show. Ids are hexadecimal digits, which a service may write in another case.
fn is_changed(held: &[&str], is_whole: bool, add: &[&str], remove: &[&str]) -> bool {
    let holds = |id: &&str| held.iter().any(|one| one.eq_ignore_ascii_case(id));
    let is_removed = remove.is_empty() || (is_whole && !remove.iter().any(holds));
    add.iter().all(holds) && is_removed
}

impl Writer {
    /// Changes the mode or auto failback, if both are still what the user saw, and what is on air, unless the change
    /// only leaves that where it is; where the change lets positions decide, also the order and the eligibilities.
    /// Returns what was read afterwards, too, where the change is in effect.
    pub async fn configure(
        &self,
        seen: &FailoverGroup,
        change: &Configuration,
    ) -> (Outcome, Option<FailoverGroup>) {
        let stays = change.auto_failback == Some(false);
        let resets = change.mode == Some(Mode::Prioritized);
        // What goes on air once positions begin to count, or are reset to the order in which the slicers are listed.
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
        (overtaken(outcome.await), held.take())
    }

    /// Puts a slicer on air, if the settings, what is on air, and whether the slicer is ready are still what the user
    /// saw; `at` is the vendor's time. Sent once: every attempt is a switch.
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

    /// `is_wanted`: whether that is on air then which the change asks for.
    async fn switch(
        &self,
        seen: &FailoverGroup,
        call: &Call<()>,
        is_wanted: impl Fn(&OnAir) -> bool,
    ) -> Outcome {
        let check = async {
            let now = self.read(&seen.id).await?;
            let is_there = now.active.as_ref().is_some_and(is_wanted);
            Ok((is_there, on_air(&now)))
        };
        self.change(call, None, false, Box::pin(check)).await
    }

    /// Adds and removes channels (their ids).
    pub async fn channels(&self, seen: &FailoverGroup, add: &[&str], remove: &[&str]) -> Outcome {
        let call = uplynk::groups().channels(&seen.id, add, remove);
        let check = async {
            let now = self.read(&seen.id).await?;
            let is_whole = channel_count(&now).is_some();
            let Some(channels) = now.channels else {
                let words = "The service does not report what it feeds.".to_owned();
                return Ok((false, words));
            };
            let held: Vec<&str> = channels.iter().map(|channel| &*channel.id).collect();
            let unread = (!is_whole).then_some("others that cannot be read");
            let names: Vec<&str> = channels.iter().map(channel_label).chain(unread).collect();
            let words = match names.as_slice() {
                [] => "The group now feeds no channel.".to_owned(),
                names => format!("The group now feeds {}.", names.join(", ")),
            };
            Ok((is_changed(&held, is_whole, add, remove), words))
        };
        self.change(&call, None, true, Box::pin(check)).await
    }

    /// Who may use the group.
    ///
    /// # Errors
    /// Why it is not known.
    pub async fn owners(&self, group: &str) -> Result<Collection<String>, Failure> {
        let call = uplynk::groups().allowed_owners(group);
        Ok(send(&self.connection, &call, Purpose::Change).await?.value)
    }

    /// Changes who may use the group.
    pub async fn set_owners(&self, group: &str, add: &[&str], remove: &[&str]) -> Outcome {
        let call = uplynk::groups().set_allowed_owners(group, add, remove);
        let check = async {
            let owners = self.owners(group).await?;
            let mut names: Vec<&str> = owners.items.iter().map(|id| &**id).collect();
            let is_there = is_changed(&names, owners.missing() == 0, add, remove);
            let unread = format!("{} more that cannot be read", owners.missing());
            if owners.missing() > 0 {
                names.push(&unread);
            }
            let words = match names.as_slice() {
                [] => "No other owner is allowed now.".to_owned(),
                names => format!("Allowed owners are now: {}.", names.join(", ")),
            };
            Ok((is_there, words))
        };
        self.change(&call, None, true, Box::pin(check)).await
    }
}

#[cfg(test)]
mod tests {
    use super::{is_changed, listed};
    use vendors::uplynk::Slicer;

    #[test]
    fn slicers_that_are_not_eligible_are_named() {
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
    fn a_list_is_changed_where_it_holds_what_was_added_and_nothing_that_was_removed() {
        for (held, add, remove, expected, in_part) in [
            ("a b", "b", "", true, true),
            ("a B", "b", "", true, true),
            ("a", "b", "", false, false),
            ("a b", "", "b", false, false),
            // What cannot be read may be what was to be removed.
            ("a", "", "b", true, false),
            ("b", "b", "a", true, false),
            ("", "", "a", true, false),
        ] {
            let ids = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
            for (is_whole, expected) in [(true, expected), (false, in_part)] {
                let is = is_changed(&ids(held), is_whole, &ids(add), &ids(remove));
                assert_eq!(is, expected, "{held:?} +{add} -{remove}, whole: {is_whole}");
            }
        }
    }
}
