//! Changes to AVEVA client failover. Each is sent once and then verified by reading.

mod groups;
mod seen_session;
mod sessions;

pub use groups::MAX_LISTED;
pub use seen_session::SeenSession;

use super::failure::Failure;
use super::outcome::{Check, Outcome, execute};
use super::transport::{Arrived, Purpose, VendorDate, send};
use vendors::Call;
use vendors::aveva::{self, Base, ClientSession, GroupConfiguration, GroupStatus, Role};

/// One AVEVA connection, for changes.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The connection's id.
    pub connection: String,
    /// The connection's title, for sentences.
    pub title: String,
    /// The base path of its API.
    pub base: Base,
}

/// Turns a 404 into `None`.
fn found<T>(read: Result<Arrived<T>, Failure>) -> Result<Option<T>, Failure> {
    match read {
        Ok(arrived) => Ok(Some(arrived.value)),
        Err(failure) if failure.is_missing() => Ok(None),
        Err(failure) => Err(failure),
    }
}

impl Writer {
    pub(super) async fn send<T>(&self, call: &Call<T>) -> Result<Arrived<T>, Failure> {
        send(&self.connection, call, Purpose::Change).await
    }

    pub(super) async fn group(&self, id: &str) -> Result<Option<GroupConfiguration>, Failure> {
        found(self.send(&aveva::groups(&self.base).get(id)).await)
    }

    pub(super) async fn session(
        &self,
        group: &str,
        id: &str,
    ) -> Result<Option<ClientSession>, Failure> {
        Ok(self.session_and_date(group, id).await?.0)
    }

    /// A session, and the vendor's clock from the answer.
    pub(super) async fn session_and_date(
        &self,
        group: &str,
        id: &str,
    ) -> Result<(Option<ClientSession>, Option<VendorDate>), Failure> {
        let read = self.send(&aveva::sessions(&self.base, group).get(id)).await;
        let date = read.as_ref().ok().and_then(|arrived| arrived.date);
        Ok((found(read)?, date))
    }

    /// Sends a change once and then reads the state, because a service may accept a change without carrying it out.
    pub(super) async fn change<T>(
        &self,
        call: &Call<T>,
        done: impl FnOnce(&T) -> (String, bool),
        check: Check<'_>,
    ) -> Outcome {
        let sent = async { Ok(done(&self.send(call).await?.value)) };
        let unverified = format!(
            "{} accepted the change, but it is not in effect.",
            self.title
        );
        execute(Box::pin(sent), &unverified, check).await
    }

    /// The current primary, in a sentence.
    pub(super) async fn leader(&self, group: &str) -> Result<String, Failure> {
        let status = self.send(&aveva::groups(&self.base).status(group)).await?;
        // A status may omit the field although a session has the role.
        let sessions = match status.value.primary {
            Some(_) => Vec::new(),
            None => {
                let list = aveva::sessions(&self.base, group).list();
                self.send(&list).await?.value.items
            }
        };
        Ok(leader_words(status.value, &sessions))
    }

    /// As [`Self::leader`]; a failure does not hide what else was read after a change.
    pub(super) async fn leader_words(&self, group: &str) -> String {
        let leader = self.leader(group).await;
        leader.unwrap_or_else(|failure| {
            format!("Who is Primary could not be read: {}.", failure.line())
        })
    }
}

/// The Primary and the PendingPrimary in a sentence, from the status, or from the sessions if it omits them.
fn leader_words(status: GroupStatus, sessions: &[ClientSession]) -> String {
    let with_role = |role| {
        let role = Some(role);
        sessions.iter().find(|one| one.role == role)?.id.clone()
    };
    let primary = status.primary.or_else(|| with_role(Role::Primary));
    let pending = status.pending_primary;
    match (primary, pending.or_else(|| with_role(Role::PendingPrimary))) {
        (Some(primary), None) => format!("Primary is {primary}."),
        (Some(primary), Some(pending)) => {
            format!("Primary is {primary}, and {pending} is PendingPrimary.")
        }
        (None, Some(pending)) => format!("No session is Primary, {pending} is PendingPrimary."),
        (None, None) => "No session is Primary.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::leader_words;
    use vendors::aveva::{ClientSession, GroupStatus, Role};

    #[test]
    fn the_leader_is_taken_from_the_sessions_if_the_status_omits_it() {
        let session = |id: &str, role| ClientSession {
            id: Some(id.to_owned()),
            role: Some(role),
            ..ClientSession::default()
        };
        let sessions = [
            session("a", Role::Secondary),
            session("b", Role::Primary),
            session("c", Role::PendingPrimary),
        ];
        let named = |id: &str| GroupStatus {
            primary: Some(id.to_owned()),
            ..GroupStatus::default()
        };
        let nothing = GroupStatus::default;
        for (status, sessions, words) in [
            (named("z"), &sessions[..0], "Primary is z."),
            (nothing(), &sessions[..2], "Primary is b."),
            (
                nothing(),
                &sessions[..],
                "Primary is b, and c is PendingPrimary.",
            ),
            (
                nothing(),
                &sessions[2..],
                "No session is Primary, c is PendingPrimary.",
            ),
            (nothing(), &sessions[..1], "No session is Primary."),
        ] {
            assert_eq!(leader_words(status, sessions), words);
        }
    }
}
