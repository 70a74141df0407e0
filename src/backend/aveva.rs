//! The changes of AVEVA's client failover: each is sent once, read back, and told.

use super::failure::Failure;
use super::report::{Compared, Report, perform};
use super::transport::{Arrived, send};
use health::groups::role_word;
use vendors::Call;
use vendors::aveva::{
    self, Base, ClientSession, GroupConfiguration, NewHeartbeat, RoleOverride, TimeSpan, Written,
};

/// One AVEVA connection, for changes.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The connection's id.
    pub connection: String,
    /// The connection's title, for sentences.
    pub title: String,
    /// Where its API is.
    pub base: Base,
}

/// "Is it there" as a value: a 404 is an answer.
fn found<T>(read: Result<Arrived<T>, Failure>) -> Result<Option<T>, Failure> {
    match read {
        Ok(arrived) => Ok(Some(arrived.value)),
        Err(failure) if failure.is_missing() => Ok(None),
        Err(failure) => Err(failure),
    }
}

impl Writer {
    async fn send<T>(&self, call: &Call<T>) -> Result<Arrived<T>, Failure> {
        send(&self.connection, call, None).await
    }

    async fn group(&self, id: &str) -> Result<Option<GroupConfiguration>, Failure> {
        found(self.send(&aveva::groups(&self.base).get(id)).await)
    }

    async fn session(&self, group: &str, id: &str) -> Result<Option<ClientSession>, Failure> {
        found(self.send(&aveva::sessions(&self.base, group).get(id)).await)
    }

    /// Who leads the group now, in a sentence.
    async fn leader(&self, group: &str) -> Result<String, Failure> {
        let status = self.send(&aveva::groups(&self.base).status(group)).await?;
        let status = status.value;
        let named = |id: Option<String>| id.filter(|id| !id.is_empty());
        Ok(
            match (named(status.primary), named(status.pending_primary)) {
                (Some(primary), None) => format!("Primary is {primary}."),
                (Some(primary), Some(pending)) => {
                    format!("Primary is {primary}, and {pending} is PendingPrimary.")
                }
                (None, Some(pending)) => format!("Nobody is Primary, {pending} is PendingPrimary."),
                (None, None) => "Nobody is Primary.".to_owned(),
            },
        )
    }

    /// Creates a group.
    pub async fn create_group(&self, group: GroupConfiguration) -> Report {
        let id = group.id.clone().unwrap_or_default();
        let title = &self.title;
        let done = |answer: &Written<GroupConfiguration>| {
            let said = if answer.created {
                format!("{title} created the group {id}.")
            } else {
                format!(
                    "{title} answered that an identical group {id} was already there. Nothing was changed."
                )
            };
            (said, answer.created)
        };
        let check = async || {
            Ok(match self.group(&id).await? {
                None => format!("The group {id} is not there now."),
                Some(held) if differences(&held, &group).is_empty() => {
                    "It holds the group as you described it.".to_owned()
                }
                Some(held) => {
                    let names: Vec<_> = differences(&held, &group)
                        .into_iter()
                        .map(|one| format!("{} {}", one.property, one.theirs))
                        .collect();
                    format!("It holds the group with: {}.", names.join(", "))
                }
            })
        };
        let report = perform(
            self.send(&aveva::groups(&self.base).create(&group)),
            done,
            check,
        )
        .await;
        match report {
            Report::Refused { failure, .. } if failure.status() == 409 => {
                let theirs = self.group(&id).await;
                let compared = theirs.ok().flatten().map(|theirs| compare(&theirs, &group));
                Report::Refused {
                    said: Some(format!(
                        "A group {id} with another configuration is there already. It cannot be changed, only deleted and created again."
                    )),
                    compared: compared.unwrap_or_default(),
                    failure,
                }
            }
            other => other,
        }
    }

    /// Deletes a group.
    pub async fn delete_group(&self, id: &str) -> Report {
        let title = &self.title;
        let check = async || {
            Ok(match self.group(id).await? {
                None => "It is gone.".to_owned(),
                Some(_) => {
                    format!("The group {id} is there: an adapter may have created it again.")
                }
            })
        };
        let call = aveva::groups(&self.base).delete(id);
        let report = perform(
            self.send(&call),
            |()| (format!("{title} deleted the group {id}."), false),
            check,
        )
        .await;
        match report {
            Report::Refused { failure, .. } if failure.status() == 409 => {
                let sessions = self.send(&aveva::sessions(&self.base, id).list()).await;
                let ids = sessions.ok().map(|sessions| {
                    let ids = sessions.value.into_iter().filter_map(|session| session.id);
                    ids.collect::<Vec<_>>().join(", ")
                });
                Report::Refused {
                    said: ids.map(|ids| {
                        format!(
                            "Its sessions are: {ids}. Stop their adapters or delete them first."
                        )
                    }),
                    compared: Vec::new(),
                    failure,
                }
            }
            other => other,
        }
    }

    async fn session_now(&self, group: &str, id: &str) -> Result<String, Failure> {
        Ok(match self.session(group, id).await? {
            None => format!("The session {id} is not there now."),
            Some(session) => {
                let role = session
                    .role
                    .as_ref()
                    .map_or_else(|| "without a role".to_owned(), role_word);
                let pinned = match (
                    &session.role_override,
                    session.role_override_expiration_time,
                ) {
                    (Some(RoleOverride::Primary), Some(end)) => format!(
                        ", overridden to Primary until {} UTC",
                        end.format("%Y-%m-%d %H:%M:%S")
                    ),
                    (Some(RoleOverride::Primary), None) => {
                        ", overridden to Primary without an end".to_owned()
                    }
                    _ => String::new(),
                };
                format!("{id} is {role} now{pinned}.")
            }
        })
    }

    /// Adds a session.
    pub async fn add_session(&self, group: &str, session: ClientSession) -> Report {
        let id = session.id.clone().unwrap_or_default();
        let call = aveva::sessions(&self.base, group).create(&session);
        self.put_in_place(
            group,
            &id,
            call,
            "was already there, identical. Nothing was changed",
        )
        .await
    }

    /// Puts a session: creates or updates it, if it still is what was seen; `None` where the connection's version has no PUT.
    pub async fn put_session(
        &self,
        group: &str,
        session: ClientSession,
        seen: Option<&ClientSession>,
    ) -> Option<Report> {
        let id = session.id.clone().unwrap_or_default();
        let call = aveva::sessions(&self.base, group).put(&id, &session)?;
        if let Some(changed) = self.changed(group, &id, seen).await {
            return Some(changed);
        }
        Some(
            self.put_in_place(group, &id, call, "was there and is updated")
                .await,
        )
    }

    async fn put_in_place(
        &self,
        group: &str,
        id: &str,
        call: Call<Written<ClientSession>>,
        was_there: &str,
    ) -> Report {
        let title = &self.title;
        let done = |answer: &Written<ClientSession>| {
            let said = if answer.created {
                format!("{title} created the session {id}.")
            } else {
                format!("{title} answered that the session {id} {was_there}.")
            };
            (said, answer.created)
        };
        perform(self.send(&call), done, async || {
            self.session_now(group, id).await
        })
        .await
    }

    /// What has changed about a session since somebody looked at it; `None` while it is what they saw.
    async fn changed(&self, group: &str, id: &str, seen: Option<&ClientSession>) -> Option<Report> {
        let seen = seen?;
        // What cannot be read now is told by the change itself.
        let now = self.session(group, id).await.ok()?;
        let facts = |one: &ClientSession| (one.role.clone(), one.role_override.clone());
        if now.as_ref().map(facts) == Some(facts(seen)) {
            return None;
        }
        let role = |one: &ClientSession| {
            one.role
                .as_ref()
                .map_or_else(|| "without a role".to_owned(), role_word)
        };
        let said = match now {
            None => format!("{id} is not there any more."),
            Some(now) if now.role != seen.role => {
                format!(
                    "{id} is {} now, and was {} when you looked.",
                    role(&now),
                    role(seen)
                )
            }
            Some(_) => format!("The role override of {id} has been changed since you looked."),
        };
        Some(Report::Changed { said })
    }

    /// Deletes a session, if it still is what was seen.
    pub async fn delete_session(
        &self,
        group: &str,
        id: &str,
        seen: Option<&ClientSession>,
    ) -> Report {
        if let Some(changed) = self.changed(group, id, seen).await {
            return changed;
        }
        let title = &self.title;
        let call = aveva::sessions(&self.base, group).delete(id);
        let check = async || {
            let there = self.session(group, id).await?.is_some();
            let leader = self.leader(group).await?;
            Ok(if there {
                format!(
                    "The session {id} is there: its adapter may have created it again. {leader}"
                )
            } else {
                format!("It is gone. {leader}")
            })
        };
        perform(
            self.send(&call),
            |()| (format!("{title} deleted the session {id}."), false),
            check,
        )
        .await
    }

    /// Posts a heartbeat in a session's name.
    pub async fn post_heartbeat(&self, group: &str, id: &str, heartbeat: NewHeartbeat) -> Report {
        let call = aveva::sessions(&self.base, group).heartbeat(id, &heartbeat);
        let title = &self.title;
        let done = |answer: &aveva::FailoverResponse| {
            let role = answer
                .role
                .as_ref()
                .map_or_else(|| "no role".to_owned(), role_word);
            let said = format!("{title} took the heartbeat and answered with the role {role}.");
            (said, false)
        };
        perform(self.send(&call), done, async || self.leader(group).await).await
    }

    /// Overrides a session's role, or clears that, if it still is what was seen; `None` where the
    /// connection's version cannot.
    pub async fn override_role(
        &self,
        group: &str,
        id: &str,
        value: RoleOverride,
        expires: Option<TimeSpan>,
        seen: Option<&ClientSession>,
    ) -> Option<Report> {
        if let Some(changed) = self.changed(group, id, seen).await {
            return Some(changed);
        }
        let call = aveva::sessions(&self.base, group).override_role(id, &value, expires)?;
        let title = &self.title;
        let done = |answer: &aveva::Overridden| {
            let said = match answer.value {
                Some(RoleOverride::Primary) => format!("{title} overrides the role of {id}."),
                _ => format!("{title} no longer overrides the role of {id}."),
            };
            (said, true)
        };
        Some(
            perform(self.send(&call), done, async || {
                self.session_now(group, id).await
            })
            .await,
        )
    }
}

fn json(data: Option<&serde_json::Map<String, serde_json::Value>>) -> String {
    data.filter(|data| !data.is_empty()).map_or_else(
        || "–".to_owned(),
        |data| serde_json::Value::from(data.clone()).to_string(),
    )
}

/// Every property of what the server holds beside what was sent.
fn compare(theirs: &GroupConfiguration, yours: &GroupConfiguration) -> Vec<Compared> {
    let text = |text: Option<&String>| {
        text.cloned()
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "–".to_owned())
    };
    let span =
        |span: Option<TimeSpan>| span.map_or_else(|| "–".to_owned(), |span| span.to_string());
    let of = |property, theirs, yours| Compared {
        property,
        theirs,
        yours,
    };
    vec![
        of(
            "Name",
            text(theirs.name.as_ref()),
            text(yours.name.as_ref()),
        ),
        of(
            "Description",
            text(theirs.description.as_ref()),
            text(yours.description.as_ref()),
        ),
        of(
            "FailoverTimeout",
            span(theirs.failover_timeout),
            span(yours.failover_timeout),
        ),
        of(
            "AdditionalData",
            json(theirs.additional_data.as_ref()),
            json(yours.additional_data.as_ref()),
        ),
    ]
}

/// Where the server holds something else than was sent.
fn differences(theirs: &GroupConfiguration, yours: &GroupConfiguration) -> Vec<Compared> {
    let mut all = compare(theirs, yours);
    all.retain(|one| one.theirs != one.yours);
    all
}

#[cfg(test)]
mod tests {
    use super::differences;
    use vendors::aveva::{GroupConfiguration, TimeSpan};

    #[test]
    fn only_what_differs_is_a_difference_and_nothing_is_like_empty() {
        let of = |name: Option<&str>, seconds| GroupConfiguration {
            id: Some("kiln".into()),
            name: name.map(str::to_owned),
            failover_timeout: Some(TimeSpan::from_seconds(seconds)),
            ..GroupConfiguration::default()
        };
        assert_eq!(differences(&of(Some(""), 60), &of(None, 60)), []);
        let found = differences(&of(Some("Kiln"), 60), &of(Some("Oven"), 90));
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.property, one.theirs.as_str(), one.yours.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("Name", "Kiln", "Oven"),
                ("FailoverTimeout", "00:01:00", "00:01:30")
            ]
        );
    }
}
