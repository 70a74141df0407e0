//! Adding, putting and deleting sessions, posting heartbeats, overriding roles.

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

    /// Creates or updates a session by PUT, if it and its name are still what the user saw, or it is still not there
    /// where the user saw none; `None` where the connection's version has no PUT. The heartbeat that it sends is the one
    /// that the service holds at this moment. The answer is the outcome, with the session as it is now where somebody
    /// else has changed its name.
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
        was_there: &str,
    ) -> Outcome {
        let title = &self.title;
        let id = sent.id.as_deref().unwrap_or_default();
        let done = |answer: &Written<ClientSession>| {
            let message = if answer.created {
                format!("{title} created the session {id}.")
            } else {
                format!("{title} reports that the session {id} {was_there}.")
            };
            (message, answer.created)
        };
        let check = async {
            let held = self.session(group, id).await?;
            let mut words = session_words(id, held.as_ref());
            let is_named = |held: &ClientSession| own_name(held) == own_name(sent);
            let is_there = held.as_ref().is_some_and(is_named);
            if let Some(held) = held.as_ref().filter(|_| !is_there) {
                words.push_str(&format!(" Its name is {}.", quoted(own_name(held))));
            }
            Ok((is_there, words))
        };
        self.change(&call, done, Box::pin(check)).await
    }

    /// A session as the service holds it, which is what the user saw: `None` where that was none. With it the vendor's
    /// clock.
    ///
    /// # Errors
    /// What has changed about it since the user saw it, or why it cannot be read.
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

    /// Why a session is not deleted: it is not what the user saw, or whether another one can take over is not.
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
            let message = seen.standing_changed(&seen.again(&sessions, now?, date))?;
            Some(Outcome::Changed { message })
        })
    }

    /// Deletes a session, if it is still what the user saw, and another one can take over or not as the user saw. `seen` is
    /// `None` where this undoes adding the session, which is refused once it leads others.
    pub async fn delete_session(
        &self,
        group: &str,
        id: &str,
        seen: Option<&SeenSession>,
    ) -> Outcome {
        let refused = match seen {
            Some(seen) => self.why_not_deleted(group, id, seen).await,
            None => self.why_kept(group, id).await,
        };
        if let Some(outcome) = refused {
            return outcome;
        }
        let title = &self.title;
        let call = aveva::sessions(&self.base, group).delete(id);
        let check = async {
            let is_gone = self.session(group, id).await?.is_none();
            // Whether the session is gone is known all the same.
            let leader = self.leader(group).await.unwrap_or_else(|failure| {
                format!("Who is Primary could not be read: {}.", failure.line())
            });
            let words = if is_gone {
                format!("It no longer exists. {leader}")
            } else {
                format!("The session {id} still exists, or was created again. {leader}")
            };
            Ok((is_gone, words))
        };
        let done = |(): &()| (format!("{title} deleted the session {id}."), false);
        self.change(&call, done, Box::pin(check)).await
    }

    /// Why adding a session is not taken back: it leads others by now, or that is not known.
    async fn why_kept(&self, group: &str, id: &str) -> Option<Outcome> {
        let list = aveva::sessions(&self.base, group).list();
        let sessions = match self.send(&list).await {
            Ok(list) => list.value.items,
            Err(failure) => return Some(Outcome::refused(failure)),
        };
        let mut all = sessions.iter();
        let role = all.find(|one| one.id.as_deref() == Some(id))?.role.clone();
        let leads = matches!(role, Some(Role::Primary | Role::PendingPrimary));
        // The only session of a group is Primary at once.
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
        // What it did is what the service returned.
        let check = async { Ok((true, self.leader(group).await?)) };
        self.change(&call, done, Box::pin(check)).await
    }

    /// Takes back what was done about a session's override, if the session still has the one that was `left` there.
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
        // Not the role, which follows the override.
        if overridden(&held) != overridden(left) {
            let message = format!("The role override of {id} has changed since.");
            return Some(Outcome::Changed { message });
        }
        let sent = self.send_override(group, id, value, expires).await;
        sent.map(|(outcome, _)| outcome)
    }

    /// Overrides a session's role or clears the override, if it is still what the user saw. A session that has fallen
    /// silent since, or is live again, is not made Primary. The answer is the outcome, with the session as it was read
    /// afterwards; `None` where the connection's version cannot.
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
        // An override is cleared of a silent session just as of a live one.
        if value != RoleOverride::Off
            && let (Some(seen), Some(now)) = (seen, &now)
            && let again = seen.again(std::slice::from_ref(now), now, date)
            && let Some(message) = seen.liveness_changed(&again)
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
            // What the service returned, or what was sent where it does not say.
            let message = match answer.value.as_ref().unwrap_or(&value) {
                RoleOverride::Primary => format!("{title} overrides the role of {id}."),
                RoleOverride::Off => format!("{title} no longer overrides the role of {id}."),
                RoleOverride::Other(word) => {
                    format!("{title} returned the override {word} for {id}.")
                }
            };
            (message, true)
        };
        let left = Cell::new(None);
        let check = async {
            let session = self.session(group, id).await?;
            let words = session_words(id, session.as_ref());
            let is_there = |session: &ClientSession| has_override(session, &value, expires);
            let is_there = session.as_ref().is_some_and(is_there);
            left.set(session);
            Ok((is_there, words))
        };
        let outcome = self.change(&call, done, Box::pin(check)).await;
        Some((outcome, left.take()))
    }
}

/// Why a session as it is now is not what was seen: its role or its override is another, it is gone, or there already.
fn changed(id: &str, now: Option<&ClientSession>, seen: Option<&ClientSession>) -> Option<Outcome> {
    let facts = |one: &ClientSession| (one.role.clone(), overridden(one));
    if now.map(facts) == seen.map(facts) {
        return None;
    }
    let message = match (now, seen) {
        (None, _) => format!("{id} no longer exists."),
        // Confirming again would not help.
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

/// That a session has another name than was seen, in words.
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

/// The name of a session; nothing where it is the id, which a service may give it itself.
fn own_name(session: &ClientSession) -> Option<&str> {
    let name = session.name.as_deref()?;
    let is_own = !name.is_empty() && session.id.as_deref() != Some(name);
    is_own.then_some(name)
}

/// Whether a session has the override that was asked for, with an end only where one was.
fn has_override(session: &ClientSession, value: &RoleOverride, expires: Option<TimeSpan>) -> bool {
    let is_unreadable = UnreadableField::find(&session.unreadable, "RoleOverride").is_some();
    let (held, end) = overridden(session);
    let is_off = *value == RoleOverride::Off;
    !is_unreadable && held == *value && (is_off || end.is_some() == expires.is_some())
}

/// What is overridden, and until when.
fn overridden(session: &ClientSession) -> (RoleOverride, Option<DateTime<Utc>>) {
    let value = session.role_override.clone().unwrap_or(RoleOverride::Off);
    (value, session.role_override_expiration_time)
}

fn role_of(session: &ClientSession) -> String {
    let role = session.role.as_ref();
    role.map_or_else(|| "without a role".to_owned(), role_word)
}

/// A session as it is now, in words.
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
    fn a_session_that_is_not_as_it_was_seen_is_told_apart() {
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
            // Another name is another person's only where names are changed.
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
    fn a_name_that_somebody_else_has_given_is_told_and_none_is_like_empty() {
        let told = |now, seen| renamed("a", Some(&session(now)), Some(&session(seen)));
        assert_eq!(told(Some("A"), Some("A")), None);
        assert_eq!(told(Some(""), None), None);
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
            assert_eq!(told(now, seen).as_deref(), Some(words));
        }
        // A new session has none to compare.
        assert_eq!(renamed("a", None, None), None);
    }

    #[test]
    fn a_name_that_is_the_id_is_none_of_its_own() {
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
    fn an_override_is_in_effect_where_it_is_the_one_that_was_asked_for() {
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
            // It would last longer, or less long, than was asked for.
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
