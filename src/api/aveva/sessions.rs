//! Adding, updating and deleting sessions, posting heartbeats, and overriding roles.

use super::{SeenSession, Writer};
use crate::api::VendorDate;
use crate::api::outcome::Outcome;
use chrono::{DateTime, SubsecRound, Utc};
use health::groups::role_word;
use std::cell::Cell;
use vendors::aveva::{self, ClientSession, NewHeartbeat, Role, RoleOverride, TimeSpan, Written};
use vendors::{Call, UnreadableField};

impl Writer {
    /// Adds a session.
    pub async fn add_session(&self, group: &str, session: ClientSession) -> Outcome {
        let call = aveva::sessions(&self.base, group).create(&session);
        self.put_in_place(
            group,
            &session,
            call,
            "already exists and is identical. Nothing was changed",
        )
        .await
    }

    /// Creates or updates a session by PUT, if it and its name are still what the user saw, or if it still does not
    /// exist. Sends the current heartbeat of the service. Returns the outcome, and the current session if somebody else
    /// has changed its name; `None` if the connection's version has no PUT.
    pub async fn put_session(
        &self,
        group: &str,
        mut session: ClientSession,
        seen: Option<&ClientSession>,
    ) -> Option<(Outcome, Option<ClientSession>)> {
        let id = session.id.clone().unwrap_or_default();
        let held = match self.unchanged(group, &id, seen).await {
            Ok((held, _)) => held,
            Err(changed) => return Some((changed, None)),
        };
        if let Some(message) = renamed(&id, held.as_ref(), seen) {
            return Some((Outcome::Changed { message }, held));
        }
        session.heartbeat = held.and_then(|one| one.heartbeat);
        let call = aveva::sessions(&self.base, group).put(&id, &session)?;
        let outcome = self.put_in_place(group, &session, call, "existed and was updated");
        Some((outcome.await, None))
    }

    async fn put_in_place(
        &self,
        group: &str,
        sent: &ClientSession,
        call: Call<Written<ClientSession>>,
        existing_text: &str,
    ) -> Outcome {
        let title = &self.title;
        let id = sent.id.as_deref().unwrap_or_default();
        let done = |answer: &Written<ClientSession>| {
            let message = if answer.created {
                format!("{title} created the session {id}.")
            } else {
                format!("{title} reports that the session {id} {existing_text}.")
            };
            (message, answer.created)
        };
        let check = async {
            let held = self.session(group, id).await?;
            let mut words = session_words(id, held.as_ref());
            let is_named = |held: &ClientSession| own_name(held) == own_name(sent);
            let is_in_effect = held.as_ref().is_some_and(is_named);
            if let Some(held) = held.as_ref().filter(|_| !is_in_effect) {
                words.push_str(&format!(" Its name is {}.", quoted(own_name(held))));
            }
            Ok((is_in_effect, words))
        };
        self.change(&call, done, Box::pin(check)).await
    }

    /// The current session, if it is still what the user saw (`None` if none exists), with the vendor's clock.
    ///
    /// # Errors
    /// How it has changed since the user saw it, or why it cannot be read.
    async fn unchanged(
        &self,
        group: &str,
        id: &str,
        seen: Option<&ClientSession>,
    ) -> Result<(Option<ClientSession>, Option<VendorDate>), Outcome> {
        let read = self.session_and_date(group, id).await;
        let (now, date) = read.map_err(Outcome::refused)?;
        match changed(id, now.as_ref(), seen) {
            Some(changed) => Err(changed),
            None => Ok((now, date)),
        }
    }

    /// Why a session is not deleted: it has changed since the user saw it, or the ability of others to take over has.
    async fn why_not_deleted(&self, group: &str, id: &str, seen: &SeenSession) -> Option<Outcome> {
        let list = aveva::sessions(&self.base, group).list();
        let (sessions, date) = match self.send(&list).await {
            Ok(list) => (list.value.items, list.date),
            Err(failure) if failure.is_missing() => (Vec::new(), None),
            Err(failure) => return Some(Outcome::refused(failure)),
        };
        let mut all = sessions.iter();
        let now = all.find(|one| one.id.as_deref() == Some(id));
        changed(id, now, Some(&seen.session)).or_else(|| {
            let message = seen.takeover_changed(&seen.reassess(&sessions, now?, date))?;
            Some(Outcome::Changed { message })
        })
    }

    /// Deletes a session, if it and the ability of others to take over are still what the user saw. `seen` is `None` if
    /// this undoes adding the session, which is refused once the session leads others.
    pub async fn delete_session(
        &self,
        group: &str,
        id: &str,
        seen: Option<&SeenSession>,
    ) -> Outcome {
        let refused = match seen {
            Some(seen) => self.why_not_deleted(group, id, seen).await,
            None => self.why_not_undone(group, id).await,
        };
        if let Some(outcome) = refused {
            return outcome;
        }
        let title = &self.title;
        let call = aveva::sessions(&self.base, group).delete(id);
        let check = async {
            let is_deleted = self.session(group, id).await?.is_none();
            let leader = self.leader_words(group).await;
            let words = if is_deleted {
                format!("It no longer exists. {leader}")
            } else {
                format!("The session {id} still exists, or was created again. {leader}")
            };
            Ok((is_deleted, words))
        };
        let done = |(): &()| (format!("{title} deleted the session {id}."), false);
        self.change(&call, done, Box::pin(check)).await
    }

    /// Why adding a session is not undone: it leads others now, or its role cannot be read.
    async fn why_not_undone(&self, group: &str, id: &str) -> Option<Outcome> {
        let list = aveva::sessions(&self.base, group).list();
        let sessions = match self.send(&list).await {
            Ok(list) => list.value.items,
            Err(failure) => return Some(Outcome::refused(failure)),
        };
        let mut all = sessions.iter();
        let role = all.find(|one| one.id.as_deref() == Some(id))?.role.clone();
        let leads = matches!(role, Some(Role::Primary | Role::PendingPrimary));
        // The only session of a group becomes Primary immediately.
        let role = role.filter(|_| leads && sessions.len() > 1)?;
        Some(Outcome::Prevented {
            message: format!(
                "{id} is {} now. To delete it, choose it in the table.",
                role_word(&role)
            ),
        })
    }

    /// Posts a heartbeat for a session, if it is still what the user saw.
    pub async fn post_heartbeat(
        &self,
        group: &str,
        id: &str,
        heartbeat: NewHeartbeat,
        seen: Option<&ClientSession>,
    ) -> Outcome {
        if let Err(changed) = self.unchanged(group, id, seen).await {
            return changed;
        }
        let call = aveva::sessions(&self.base, group).heartbeat(id, &heartbeat);
        let title = &self.title;
        let done = |answer: &aveva::FailoverResponse| {
            let role = answer
                .role
                .as_ref()
                .map_or_else(|| "no role".to_owned(), role_word);
            let message = format!("{title} accepted the heartbeat and returned the role {role}.");
            (message, false)
        };
        // The service returns the effect of a heartbeat, so there is nothing to verify.
        let check = async { Ok((true, self.leader(group).await?)) };
        self.change(&call, done, Box::pin(check)).await
    }

    /// Undoes a change of a session's override, if the session still has the override that the change `left`.
    pub async fn restore_override(
        &self,
        group: &str,
        left: &ClientSession,
        value: RoleOverride,
        expires: Option<TimeSpan>,
    ) -> Option<Outcome> {
        let id = left.id.as_deref().unwrap_or_default();
        let held = match self.session(group, id).await {
            Ok(Some(session)) => session,
            Ok(None) => {
                let message = format!("{id} no longer exists.");
                return Some(Outcome::Changed { message });
            }
            Err(failure) => return Some(Outcome::refused(failure)),
        };
        // The role is not compared, because it follows the override.
        if overridden(&held) != overridden(left) {
            let message = format!("The role override of {id} has changed since.");
            return Some(Outcome::Changed { message });
        }
        let sent = self.send_override(group, id, value, expires).await;
        sent.map(|(outcome, _)| outcome)
    }

    /// Overrides a session's role or clears the override, if the session is still what the user saw. A session that has
    /// gone silent or become live since is not made Primary. Returns the outcome, and the session as it was read
    /// afterwards; `None` if the connection's version has no override.
    pub async fn override_role(
        &self,
        group: &str,
        id: &str,
        value: RoleOverride,
        expires: Option<TimeSpan>,
        seen: Option<&SeenSession>,
    ) -> Option<(Outcome, Option<ClientSession>)> {
        let session = seen.map(|seen| &seen.session);
        let (now, date) = match self.unchanged(group, id, session).await {
            Ok(read) => read,
            Err(changed) => return Some((changed, None)),
        };
        // An override may be cleared whether the session is silent or live.
        if value != RoleOverride::Off
            && let (Some(seen), Some(now)) = (seen, &now)
            && let reassessed = seen.reassess(std::slice::from_ref(now), now, date)
            && let Some(message) = seen.liveness_changed(&reassessed)
        {
            return Some((Outcome::Changed { message }, None));
        }
        self.send_override(group, id, value, expires).await
    }

    async fn send_override(
        &self,
        group: &str,
        id: &str,
        value: RoleOverride,
        expires: Option<TimeSpan>,
    ) -> Option<(Outcome, Option<ClientSession>)> {
        let call = aveva::sessions(&self.base, group).override_role(id, &value, expires)?;
        let title = &self.title;
        let done = |answer: &aveva::Overridden| {
            // The override that the service returned, otherwise the one that was sent.
            let message = match answer.value.as_ref().unwrap_or(&value) {
                RoleOverride::Primary => format!("{title} overrides the role of {id}."),
                RoleOverride::Off => format!("{title} no longer overrides the role of {id}."),
                RoleOverride::Other(word) => {
                    format!("{title} returned the override {word} for {id}.")
                }
            };
            (message, true)
        };
        let afterwards = Cell::new(None);
        let check = async {
            let session = self.session(group, id).await?;
            let is_in_effect = |session: &ClientSession| has_override(session, &value, expires);
            let is_in_effect = session.as_ref().is_some_and(is_in_effect);
            // Without its override the session may be about to lose its role.
            let words = if is_in_effect && value == RoleOverride::Off {
                self.leader_words(group).await
            } else {
                session_words(id, session.as_ref())
            };
            afterwards.set(session);
            Ok((is_in_effect, words))
        };
        let outcome = self.change(&call, done, Box::pin(check)).await;
        Some((outcome, afterwards.take()))
    }
}

/// How a session differs from what the user saw: its role, its override, or whether it exists; `None` if it does not.
fn changed(id: &str, now: Option<&ClientSession>, seen: Option<&ClientSession>) -> Option<Outcome> {
    let facts = |one: &ClientSession| (one.role.clone(), overridden(one));
    if now.map(facts) == seen.map(facts) {
        return None;
    }
    let message = match (now, seen) {
        (None, _) => format!("{id} no longer exists."),
        // Confirming the change again would not help.
        (Some(now), None) => {
            let message = format!(
                "{id} already exists and is {}. To change it, choose it in the table.",
                role_of(now)
            );
            return Some(Outcome::Prevented { message });
        }
        (Some(now), Some(seen)) if now.role != seen.role => {
            format!(
                "{id} is now {}. It was {} when you started.",
                role_of(now),
                role_of(seen)
            )
        }
        (Some(_), Some(_)) => {
            format!("The role override of {id} has changed since you started.")
        }
    };
    Some(Outcome::Changed { message })
}

/// A sentence if the name of a session has changed since the user saw it.
fn renamed(id: &str, now: Option<&ClientSession>, seen: Option<&ClientSession>) -> Option<String> {
    let name = |one: &ClientSession| one.name.clone().filter(|name| !name.is_empty());
    let (now, seen) = (name(now?), name(seen?));
    (now != seen).then(|| {
        let (now, seen) = (quoted(now.as_deref()), quoted(seen.as_deref()));
        format!("The name of {id} is now {now}. It was {seen} when you started.")
    })
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(|| "empty".to_owned(), |name| format!("“{name}”"))
}

/// The name of a session; `None` if it is empty or the id, which a service may set as the default.
fn own_name(session: &ClientSession) -> Option<&str> {
    let name = session.name.as_deref()?;
    let is_own = !name.is_empty() && session.id.as_deref() != Some(name);
    is_own.then_some(name)
}

/// Whether a session has the requested override, with an end only if one was requested.
fn has_override(session: &ClientSession, value: &RoleOverride, expires: Option<TimeSpan>) -> bool {
    let is_unreadable = UnreadableField::find(&session.unreadable, "RoleOverride").is_some();
    let (held, end) = overridden(session);
    let is_off = *value == RoleOverride::Off;
    !is_unreadable && held == *value && (is_off || end.is_some() == expires.is_some())
}

/// The override of a session, and its end.
fn overridden(session: &ClientSession) -> (RoleOverride, Option<DateTime<Utc>>) {
    let value = session.role_override.clone().unwrap_or(RoleOverride::Off);
    (value, session.role_override_expiration_time)
}

fn role_of(session: &ClientSession) -> String {
    let role = session.role.as_ref();
    role.map_or_else(|| "without a role".to_owned(), role_word)
}

/// The current state of a session, in words.
fn session_words(id: &str, session: Option<&ClientSession>) -> String {
    let Some(session) = session else {
        return format!("The session {id} does not exist.");
    };
    let role = role_of(session);
    let pinned = match (
        &session.role_override,
        session.role_override_expiration_time,
    ) {
        (Some(RoleOverride::Primary), Some(end)) => format!(
            ", overridden to Primary until {} UTC",
            end.trunc_subsecs(0).naive_utc()
        ),
        (Some(RoleOverride::Primary), None) => {
            ", overridden to Primary with no end time".to_owned()
        }
        _ => String::new(),
    };
    format!("{id} is now {role}{pinned}.")
}

#[cfg(test)]
mod tests {
    use super::{changed, has_override, own_name, renamed};
    use crate::api::Outcome;
    use chrono::{DateTime, TimeDelta, Utc};
    use vendors::UnreadableField;
    use vendors::aveva::{ClientSession, Role, RoleOverride, TimeSpan};

    fn session(name: Option<&str>) -> ClientSession {
        ClientSession {
            id: Some("a".to_owned()),
            name: name.map(str::to_owned),
            role: Some(Role::Secondary),
            ..ClientSession::default()
        }
    }

    #[test]
    fn a_change_of_a_session_since_the_user_saw_it_is_described() {
        let primary = ClientSession {
            role: Some(Role::Primary),
            ..session(None)
        };
        let pinned = ClientSession {
            role_override: Some(RoleOverride::Primary),
            ..session(None)
        };
        let differs = |message: &str| {
            let message = message.to_owned();
            Some(Outcome::Changed { message })
        };
        let seen = session(Some("A"));
        for (now, expected) in [
            // A different name matters only for changes of the name.
            (Some(&session(Some("B"))), None),
            (None, differs("a no longer exists.")),
            (
                Some(&primary),
                differs("a is now Primary. It was Secondary when you started."),
            ),
            (
                Some(&pinned),
                differs("The role override of a has changed since you started."),
            ),
        ] {
            assert_eq!(changed("a", now, Some(&seen)), expected, "{now:?}");
        }
        let there = changed("a", Some(&seen), None);
        assert!(
            matches!(there, Some(Outcome::Prevented { .. })),
            "{there:?}"
        );
        assert_eq!(changed("a", None, None), None);
    }

    #[test]
    fn a_changed_name_is_described_and_a_missing_name_equals_an_empty_one() {
        let message = |now, seen| renamed("a", Some(&session(now)), Some(&session(seen)));
        assert_eq!(message(Some("A"), Some("A")), None);
        assert_eq!(message(Some(""), None), None);
        for (now, seen, words) in [
            (
                Some("B"),
                Some("A"),
                "The name of a is now “B”. It was “A” when you started.",
            ),
            (
                None,
                Some("A"),
                "The name of a is now empty. It was “A” when you started.",
            ),
            (
                Some("B"),
                None,
                "The name of a is now “B”. It was empty when you started.",
            ),
        ] {
            assert_eq!(message(now, seen).as_deref(), Some(words));
        }
        // A new session has no name to compare.
        assert_eq!(renamed("a", None, None), None);
    }

    #[test]
    fn a_name_equal_to_the_id_is_not_a_name_of_its_own() {
        for (name, own) in [
            (None, None),
            (Some(""), None),
            (Some("a"), None),
            (Some("Spare"), Some("Spare")),
        ] {
            assert_eq!(own_name(&session(name)), own);
        }
    }

    #[test]
    fn an_override_is_in_effect_only_with_the_requested_value_and_end() {
        let end = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(1);
        let of = |value: Option<RoleOverride>, end| ClientSession {
            role_override: value,
            role_override_expiration_time: end,
            ..session(None)
        };
        let primary = || Some(RoleOverride::Primary);
        let hour = Some(TimeSpan::from_seconds(3_600));
        let other = Some(RoleOverride::Other("9".to_owned()));
        let unreadable = ClientSession {
            unreadable: vec![UnreadableField {
                name: "RoleOverride".to_owned(),
                raw: "?".to_owned(),
            }],
            ..of(None, None)
        };
        for (held, value, expires, expected) in [
            (of(primary(), None), RoleOverride::Primary, None, true),
            (of(primary(), Some(end)), RoleOverride::Primary, hour, true),
            // The override would last longer or shorter than requested.
            (of(primary(), None), RoleOverride::Primary, hour, false),
            (of(primary(), Some(end)), RoleOverride::Primary, None, false),
            (of(None, None), RoleOverride::Primary, None, false),
            (of(other, None), RoleOverride::Primary, None, false),
            (of(None, None), RoleOverride::Off, None, true),
            (
                of(Some(RoleOverride::Off), None),
                RoleOverride::Off,
                None,
                true,
            ),
            (of(primary(), None), RoleOverride::Off, None, false),
            (unreadable, RoleOverride::Off, None, false),
        ] {
            assert_eq!(has_override(&held, &value, expires), expected, "{held:?}");
        }
    }
}
