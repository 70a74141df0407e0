//! The audit: every sign-in, refusal and change is recorded as a row in the store and as a line in the log. The rows
//! are the record; the log lines (target `audit`, always enabled) are for people who read the log. Values from callers
//! are quoted and escaped, so that nobody can forge a line. The audit must never hold a password or a cookie, and of a
//! request body only fields that are known not to be secret.

use crate::identity::Role;
use crate::metrics::{Metrics, Recorded};
use crate::problem::{Kind, Problem};
use crate::store::{Entry, Shown, StateChange, Store};
use health::inventory::ResourceKey;
use std::net::IpAddr;

/// The user who makes a request, and the client address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Actor {
    /// The user name; `-` if not signed in.
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) from: IpAddr,
    /// The request id, which the response also carries.
    pub(crate) id: String,
}

/// Categories of refusals, as named in the records of omitted entries. Each category has its own limit, so that a flood
/// of refused requests cannot hide an attempt to guess a password.
const REFUSALS: &str = "refusals";
/// Sign-ins whose password was checked and is wrong.
const WRONG_PASSWORDS: &str = "wrong passwords";
/// Failed sign-ins whose password was not checked.
const ATTEMPTS: &str = "attempts to sign in";
const PROVIDER_ATTEMPTS: &str = "attempts to sign in at the provider";
const UNLOCK_CODES: &str = "refused unlock codes";

/// Records the actions of one actor in the store and in the log.
pub(crate) struct Audit<'a> {
    pub(crate) store: &'a Store,
    pub(crate) metrics: &'a Metrics,
    pub(crate) actor: &'a Actor,
}

impl Audit<'_> {
    /// An entry for this request. `name` is the user name, which may differ from the actor's before the sign-in.
    fn entry(&self, name: &str, what: &str, outcome: &str, why: &str) -> Entry {
        let Actor { role, from, id, .. } = self.actor;
        Entry {
            request: id.clone(),
            who: name.to_owned(),
            role: (*role).to_owned(),
            from: from.to_string(),
            what: what.to_owned(),
            outcome: outcome.to_owned(),
            why: if why == "-" {
                String::new()
            } else {
                why.to_owned()
            },
            ..Entry::default()
        }
    }

    /// Records a sign-in with a password. `name` must be loggable.
    pub(crate) fn sign_in(&self, name: &str, refused: Option<Kind>) {
        let outcome = match refused {
            None => "done",
            Some(Kind::WrongPassword | Kind::TooManyTries) => "refused",
            Some(_) => "failed",
        };
        let why = refused.map_or("-", Kind::name);
        let category = match refused {
            Some(Kind::WrongPassword) => WRONG_PASSWORDS,
            _ => ATTEMPTS,
        };
        self.sign_in_ended(name, outcome, why, category);
    }

    /// Records a sign-in whose client disconnected before the password was checked. `name` must be loggable.
    pub(crate) fn sign_in_aborted(&self, name: &str) {
        self.sign_in_ended(name, "aborted", "-", ATTEMPTS);
    }

    /// `category` names the limit that an unsuccessful sign-in counts towards.
    fn sign_in_ended(&self, name: &str, outcome: &'static str, why: &str, category: &'static str) {
        self.metrics.sign_in(outcome);
        if outcome != "done" && !self.may_record(category) {
            return;
        }
        self.record(self.entry(name, "sign in", outcome, why));
    }

    /// Records a sign-in, a sign-out or an unlock code, in the log and in the store.
    fn record(&self, entry: Entry) {
        let Entry {
            request: id,
            who,
            from,
            what,
            outcome,
            why,
            ..
        } = &entry;
        let why = if why.is_empty() { "-" } else { why.as_str() };
        tracing::info!(target: "audit", id, who, %from, what, outcome, why);
        self.store.record_later(entry);
    }

    /// Records the use of an unlock code. `name` is the user who is unlocked, or `-`.
    pub(crate) fn unlock(&self, name: &str, refused: Option<Kind>) {
        if refused.is_some() && !self.may_record(UNLOCK_CODES) {
            return;
        }
        let outcome = if refused.is_none() { "done" } else { "refused" };
        let why = refused.map_or("-", Kind::name);
        self.record(self.entry(name, "unlock", outcome, why));
    }

    /// Records a sign-in at a provider. `name` holds the provider's name and id of the user, or `-`.
    pub(crate) fn provider_sign_in(&self, name: &str, outcome: &'static str, why: &'static str) {
        self.metrics.sign_in(outcome);
        if outcome != "done" && !self.may_record(PROVIDER_ATTEMPTS) {
            return;
        }
        let Actor { from, id, .. } = self.actor;
        tracing::info!(
            target: "audit", id, who = name, %from, what = "sign in", by = "provider", outcome, why
        );
        self.store
            .record_later(self.entry(name, "sign in at the provider", outcome, why));
    }

    /// Records the end of a session. `is_saved` says whether it stays ended after a restart.
    pub(crate) fn sign_out(&self, is_saved: bool) {
        let Actor { name, role, .. } = self.actor;
        self.signed_out(name, role, if is_saved { "-" } else { "not-saved" });
    }

    /// Records the end of a session that a new sign-in replaced. `name` and `role` are those of the replaced session;
    /// `unsaved` is the reason why a restart may bring it back.
    pub(crate) fn replaced(&self, name: &str, role: &str, unsaved: Option<Kind>) {
        if role == Role::Wall.name() {
            return self.wall("revoke wall", name, unsaved);
        }
        let why = unsaved.map_or("replaced", |_| "not-saved");
        self.signed_out(name, role, why);
    }

    fn signed_out(&self, name: &str, role: &str, why: &str) {
        self.record(Entry {
            role: role.to_owned(),
            ..self.entry(name, "sign out", "done", why)
        });
    }

    /// Whether another entry of a category that anybody can cause is recorded. The number per minute is limited for
    /// each person and for all visitors who are not signed in together; for the latter also the number per day. The
    /// number of omitted entries is recorded with the next one.
    fn may_record(&self, category: &'static str) -> bool {
        let who = &self.actor.name;
        let Some(Recorded { left_out, is_last }) = self.metrics.take_refusal(category, who) else {
            return false;
        };
        if is_last {
            let what = format!("further {category} of this day left out");
            tracing::info!(target: "audit", who, what);
            self.store.record_later(Entry {
                who: who.clone(),
                what,
                ..Entry::default()
            });
        }
        if left_out > 0 {
            tracing::info!(target: "audit", who, what = format!("{category} left out"), count = left_out);
            self.store.record_later(Entry {
                who: who.clone(),
                ..Entry::left_out(left_out, category)
            });
        }
        true
    }

    /// Records a refused request.
    pub(crate) fn refused(&self, method: &str, path: &str, problem: &Problem) {
        if !matches!(
            problem.kind,
            Kind::SignIn | Kind::Forbidden | Kind::CrossSite
        ) {
            return;
        }
        let why = problem.kind.name();
        self.metrics.refusal(why);
        let Actor {
            name,
            role,
            from,
            id,
        } = self.actor;
        if !self.may_record(REFUSALS) {
            return;
        }
        let path: String = path.chars().take(300).collect();
        tracing::info!(target: "audit", id, who = name, role, %from, what = method, path, outcome = "refused", why);
        self.store.record_later(Entry {
            sent: format!("{method} {path}"),
            ..self.entry(name, "request", "refused", why)
        });
    }

    /// Records that a paired screen fetched its session.
    pub(crate) fn wall_signs_in(&self, wall: &str) {
        let Actor { from, id, .. } = self.actor;
        tracing::info!(target: "audit", id, who = wall, role = "wall", %from, what = "sign in", outcome = "done", why = "-");
        self.store.record_later(Entry {
            role: "wall".to_owned(),
            ..self.entry(wall, "sign in", "done", "-")
        });
    }

    /// Records that an admin forced a log-on shortly after the vendor refused one. This may lock the account.
    pub(crate) fn log_on_forced(&self, connection: &str) {
        let Actor {
            name,
            role,
            from,
            id,
        } = self.actor;
        let what = "log on now";
        tracing::info!(target: "audit", id, who = name, role, %from, what, connection, outcome = "done");
        self.store.record_later(Entry {
            connection: connection.to_owned(),
            shown: Shown {
                what: "Log on now".to_owned(),
                resource: Some(ResourceKey::of_connection(connection)),
                ..Shown::default()
            },
            ..self.entry(name, what, "done", "-")
        });
    }

    /// Records an action on alarms in one step with the change that it makes.
    ///
    /// # Errors
    /// The action could not be recorded, and must not take effect.
    pub(crate) async fn alarm_action(
        &self,
        action: AlarmAction,
        change: StateChange,
    ) -> Result<(), Problem> {
        let AlarmAction {
            what,
            shown,
            name: resource,
            resource: key,
            before,
            after,
        } = action;
        let Actor {
            name,
            role,
            from,
            id,
        } = self.actor;
        let entry = Entry {
            connection: key
                .as_ref()
                .map_or_else(String::new, |key| key.connection.clone()),
            resource: resource.clone(),
            before,
            body: after.clone(),
            shown: Shown {
                is_handling: true,
                what: shown,
                resource: key,
                after,
            },
            ..self.entry(name, what, "done", "-")
        };
        self.store.record_action(entry, change).await?;
        tracing::info!(target: "audit", id, who = name, role, %from, what, resource, outcome = "done");
        Ok(())
    }

    /// Records an attempt to pair or to revoke a wall.
    pub(crate) fn wall(&self, what: &str, wall: &str, problem: Option<Kind>) {
        let outcome = wall_outcome(problem);
        let why = problem.map_or("-", Kind::name);
        let Actor {
            name,
            role,
            from,
            id,
        } = self.actor;
        let wall: String = wall.chars().take(100).collect();
        tracing::info!(target: "audit", id, who = name, role, %from, what, wall, outcome, why);
        self.store.record_later(Entry {
            resource: wall,
            ..self.entry(name, what, outcome, why)
        });
    }
}

/// The outcome of an attempt to pair or to revoke a wall.
fn wall_outcome(problem: Option<Kind>) -> &'static str {
    match problem {
        None | Some(Kind::NotSaved) => "done",
        Some(Kind::Internal | Kind::StoreUnavailable | Kind::Overloaded) => "failed",
        Some(_) => "refused",
    }
}

/// An action on alarms, such as an acknowledgement.
pub(crate) struct AlarmAction {
    /// The action's name in the audit.
    pub(crate) what: &'static str,
    /// The sentence that the activity page shows.
    pub(crate) shown: String,
    /// The name of the affected resource.
    pub(crate) name: String,
    /// The affected resource, if it is a single one.
    pub(crate) resource: Option<ResourceKey>,
    /// The state before the action, as JSON.
    pub(crate) before: Option<String>,
    /// The state after the action, as JSON.
    pub(crate) after: Option<String>,
}

/// A change at a vendor.
pub(crate) struct Change<'a> {
    pub(crate) connection: &'a str,
    /// The operation's name in the vendor's contract.
    pub(crate) operation: &'a str,
    /// The vendor's path, percent-encoded.
    pub(crate) path: &'a str,
    pub(crate) outcome: &'static str,
    pub(crate) status: u16,
    /// The vendor's operation id, which is also in the vendor's log.
    pub(crate) operation_id: &'a str,
    /// The vendor's state before the change, if the gateway read it: known fields as JSON, or `-`.
    pub(crate) before: &'a str,
    /// The requested state: known fields as JSON, or `-`.
    pub(crate) after: &'a str,
}

pub(crate) fn change(actor: &Actor, change: &Change<'_>) {
    let Actor {
        name,
        role,
        from,
        id,
    } = actor;
    let Change {
        connection,
        operation,
        path,
        outcome,
        status,
        operation_id,
        before,
        after,
    } = change;
    tracing::info!(
        target: "audit", id, who = name, role, %from, what = operation, connection, path, outcome, status,
        operation_id, before, after
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_the_gateway_could_not_carry_out_is_a_failure_and_no_refusal() {
        for (problem, outcome) in [
            (None, "done"),
            (Some(Kind::NotSaved), "done"),
            (Some(Kind::Overloaded), "failed"),
            (Some(Kind::StoreUnavailable), "failed"),
            (Some(Kind::WrongCode), "refused"),
        ] {
            assert_eq!(wall_outcome(problem), outcome, "{problem:?}");
        }
    }
}
