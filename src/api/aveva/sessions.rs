//! Adding, putting and deleting sessions, posting heartbeats, overriding roles.

use super::Writer;
use crate::api::Failure;
use crate::api::outcome::{Outcome, execute};
use chrono::{DateTime, SubsecRound, Utc};
use health::groups::role_word;
use std::cell::Cell;
use vendors::Call;
use vendors::aveva::{self, ClientSession, NewHeartbeat, Role, RoleOverride, TimeSpan, Written};

impl Writer {
    async fn session_now(&self, group: &str, id: &str) -> Result<String, Failure> {
        Ok(session_words(id, self.session(group, id).await?.as_ref()))
    }

    /// Adds a session.
    pub async fn add_session(&self, group: &str, session: ClientSession) -> Outcome {
        let id = session.id.clone().unwrap_or_default();
        let call = aveva::sessions(&self.base, group).create(&session);
        self.put_in_place(
            group,
            &id,
            call,
            "already exists and is identical. Nothing was changed",
        )
        .await
    }

    /// Creates or updates a session by PUT, if it is still what the user saw, or still not there where the user saw
    /// none; `None` where the connection's version has no PUT. The heartbeat that it sends is the one that the service
    /// holds at this moment.
    pub async fn put_session(
        &self,
        group: &str,
        mut session: ClientSession,
        seen: Option<&ClientSession>,
    ) -> Option<Outcome> {
        let id = session.id.clone().unwrap_or_default();
        match self.unchanged(group, &id, seen).await {
            Ok(held) => session.heartbeat = held.and_then(|one| one.heartbeat),
            Err(changed) => return Some(changed),
        }
        let call = aveva::sessions(&self.base, group).put(&id, &session)?;
        Some(
            self.put_in_place(group, &id, call, "existed and was updated")
                .await,
        )
    }

    async fn put_in_place(
        &self,
        group: &str,
        id: &str,
        call: Call<Written<ClientSession>>,
        was_there: &str,
    ) -> Outcome {
        let title = &self.title;
        let done = |answer: &Written<ClientSession>| {
            let message = if answer.created {
                format!("{title} created the session {id}.")
            } else {
                format!("{title} reports that the session {id} {was_there}.")
            };
            (message, answer.created)
        };
        execute(self.send(&call), done, async || {
            self.session_now(group, id).await
        })
        .await
    }

    /// A session as the service holds it, which is what the user saw: `None` where that was none.
    ///
    /// # Errors
    /// What has changed about it since the user saw it, or why it cannot be read.
    async fn unchanged(
        &self,
        group: &str,
        id: &str,
        seen: Option<&ClientSession>,
    ) -> Result<Option<ClientSession>, Outcome> {
        let now = self.session(group, id).await;
        let now = now.map_err(Outcome::refused)?;
        let facts = |one: &ClientSession| (one.role.clone(), overridden(one));
        if now.as_ref().map(facts) == seen.map(facts) {
            return Ok(now);
        }
        let message = match (now, seen) {
            (None, _) => format!("{id} no longer exists."),
            // Confirming again would not help.
            (Some(now), None) => {
                let message = format!(
                    "{id} already exists and is {}. To change it, choose it in the table.",
                    role_of(&now)
                );
                return Err(Outcome::Prevented { message });
            }
            (Some(now), Some(seen)) if now.role != seen.role => {
                format!(
                    "{id} is now {}. It was {} when you started.",
                    role_of(&now),
                    role_of(seen)
                )
            }
            (Some(_), Some(_)) => {
                format!("The role override of {id} has changed since you started.")
            }
        };
        Err(Outcome::Changed { message })
    }

    /// Deletes a session, if it is still what the user saw. `seen` is `None` where this undoes adding the session, which is
    /// refused once it leads others.
    pub async fn delete_session(
        &self,
        group: &str,
        id: &str,
        seen: Option<&ClientSession>,
    ) -> Outcome {
        let refused = match seen {
            Some(_) => self.unchanged(group, id, seen).await.err(),
            None => self.why_kept(group, id).await,
        };
        if let Some(outcome) = refused {
            return outcome;
        }
        let title = &self.title;
        let call = aveva::sessions(&self.base, group).delete(id);
        let check = async || {
            let there = self.session(group, id).await?.is_some();
            let leader = self.leader(group).await?;
            Ok(if there {
                format!("The session {id} still exists. {leader}")
            } else {
                format!("It no longer exists. {leader}")
            })
        };
        execute(
            self.send(&call),
            |()| (format!("{title} deleted the session {id}."), false),
            check,
        )
        .await
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
        execute(self.send(&call), done, async || self.leader(group).await).await
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

    /// Overrides a session's role or clears the override, if it is still what the user saw. The answer is the outcome, with
    /// the session as it was read afterwards; `None` where the connection's version cannot.
    pub async fn override_role(
        &self,
        group: &str,
        id: &str,
        value: RoleOverride,
        expires: Option<TimeSpan>,
        seen: Option<&ClientSession>,
    ) -> Option<(Outcome, Option<ClientSession>)> {
        if let Err(changed) = self.unchanged(group, id, seen).await {
            return Some((changed, None));
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
        let outcome = execute(self.send(&call), done, async || {
            let session = self.session(group, id).await?;
            let words = session_words(id, session.as_ref());
            left.set(session);
            Ok(words)
        });
        let outcome = outcome.await;
        Some((outcome, left.take()))
    }
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
