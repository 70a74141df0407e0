//! The audit: a row of the store and a line of the log for every sign-in, every refusal and every change. The rows are
//! the record; the lines, on the target `audit`, which is always enabled, are for people who read the log. Values from
//! callers are quoted and escaped, so that nobody can forge a line. Must never hold a password or a cookie, and of a
//! body only fields that are known not to be secret.

use crate::identity::Role;
use crate::metrics::{Metrics, Recorded};
use crate::problem::{Kind, Problem};
use crate::store::{Entry, Shown, StateChange, Store};
use health::inventory::ResourceKey;
use std::net::IpAddr;

/// Who makes a request, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Actor {
    /// `-` without a sign-in.
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) from: IpAddr,
    /// The id of the request, which its answer holds too.
    pub(crate) id: String,
}

/// Refused requests, and sign-ins that did not succeed, in the words that say how many were left out. Their numbers are
/// apart: what anybody can send without end hides no password that was tried.
const REFUSALS: &str = "refusals";
/// Passwords that were checked.
const WRONG_PASSWORDS: &str = "wrong passwords";
/// With a password that was not checked.
const ATTEMPTS: &str = "attempts to sign in";
const PROVIDER_ATTEMPTS: &str = "attempts to sign in at the provider";
const UNLOCK_CODES: &str = "refused unlock codes";

/// Records what somebody does, in the store and in the log.
pub(crate) struct Audit<'a> {
    pub(crate) store: &'a Store,
    pub(crate) metrics: &'a Metrics,
    pub(crate) actor: &'a Actor,
}

impl Audit<'_> {
    /// An entry with who it is; `name` in place of the name where nobody is signed in yet.
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

    /// A sign-in with a password. `name` must be loggable.
    pub(crate) fn sign_in(&self, name: &str, refused: Option<Kind>) {
        let outcome = match refused {
            None => "done",
            Some(Kind::WrongPassword | Kind::TooManyTries) => "refused",
            Some(_) => "failed",
        };
        let why = refused.map_or("-", Kind::name);
        let of = match refused {
            Some(Kind::WrongPassword) => WRONG_PASSWORDS,
            _ => ATTEMPTS,
        };
        self.sign_in_ended(name, outcome, why, of);
    }

    /// A sign-in whose client went away before the password was checked. `name` must be loggable.
    pub(crate) fn sign_in_aborted(&self, name: &str) {
        self.sign_in_ended(name, "aborted", "-", ATTEMPTS);
    }

    /// `of` is what it is counted with, if it did not succeed.
    fn sign_in_ended(&self, name: &str, outcome: &'static str, why: &str, of: &'static str) {
        self.metrics.sign_in(outcome);
        if outcome != "done" && !self.may_record(of) {
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

    /// The use of an unlock code. `name` is that of the user whom it lets in, or `-`.
    pub(crate) fn unlock(&self, name: &str, refused: Option<Kind>) {
        if refused.is_some() && !self.may_record(UNLOCK_CODES) {
            return;
        }
        let outcome = if refused.is_none() { "done" } else { "refused" };
        let why = refused.map_or("-", Kind::name);
        self.record(self.entry(name, "unlock", outcome, why));
    }

    /// A sign-in at a provider. `name` holds the provider's name and id of the user, or `-`.
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

    /// The end of a session. `is_saved` says whether it stays ended after a restart.
    pub(crate) fn sign_out(&self, is_saved: bool) {
        let Actor { name, role, .. } = self.actor;
        self.signed_out(name, role, if is_saved { "-" } else { "not-saved" });
    }

    /// The end of the session that the actor signed in over, by whose it was, and why a restart may bring it back.
    pub(crate) fn replaced(&self, name: &str, role: &str, unsaved: Option<Kind>) {
        if role == Role::Wall.word() {
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

    /// Whether one more of something that anybody can cause is recorded: so many a minute are, of each person and of all
    /// who are not signed in, and of those so many a day. How many were left out is recorded with the next one.
    fn may_record(&self, what: &'static str) -> bool {
        let who = &self.actor.name;
        let Some(Recorded { left_out, is_last }) = self.metrics.take_refusal(what, who) else {
            return false;
        };
        if is_last {
            let what = format!("further {what} of this day left out");
            tracing::info!(target: "audit", who, what);
            self.store.record_later(Entry {
                who: who.clone(),
                what,
                ..Entry::default()
            });
        }
        if left_out > 0 {
            tracing::info!(target: "audit", who, what = format!("{what} left out"), count = left_out);
            self.store.record_later(Entry {
                who: who.clone(),
                ..Entry::left_out(left_out, what)
            });
        }
        true
    }

    /// A refused request.
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
        // Paths may be long.
        let path: String = path.chars().take(300).collect();
        tracing::info!(target: "audit", id, who = name, role, %from, what = method, path, outcome = "refused", why);
        self.store.record_later(Entry {
            sent: format!("{method} {path}"),
            ..self.entry(name, "request", "refused", why)
        });
    }

    /// A paired screen fetched its session.
    pub(crate) fn wall_signs_in(&self, wall: &str) {
        let Actor { from, id, .. } = self.actor;
        tracing::info!(target: "audit", id, who = wall, role = "wall", %from, what = "sign in", outcome = "done", why = "-");
        self.store.record_later(Entry {
            role: "wall".to_owned(),
            ..self.entry(wall, "sign in", "done", "-")
        });
    }

    /// An admin lets a connection log on although the vendor refused that a short time ago. It may lock the account.
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

    /// Something that is done about alarms, together with what it changes.
    ///
    /// # Errors
    /// It could not be recorded, and must not take effect.
    pub(crate) async fn handling(
        &self,
        handled: Handled,
        change: StateChange,
    ) -> Result<(), Problem> {
        let Handled {
            what,
            shown,
            name: resource,
            resource: key,
            before,
            after,
        } = handled;
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
        self.store.handle(entry, change).await?;
        tracing::info!(target: "audit", id, who = name, role, %from, what, resource, outcome = "done");
        Ok(())
    }

    /// An attempt to pair or to revoke a wall.
    pub(crate) fn wall(&self, what: &str, wall: &str, refused: Option<Kind>) {
        let outcome = match refused {
            None | Some(Kind::NotSaved) => "done",
            Some(Kind::Internal) => "failed",
            Some(_) => "refused",
        };
        let why = refused.map_or("-", Kind::name);
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

/// Something that somebody does about alarms.
pub(crate) struct Handled {
    /// In the audit's words.
    pub(crate) what: &'static str,
    /// In a sentence, as the activity shows it.
    pub(crate) shown: String,
    /// The name of what it concerns.
    pub(crate) name: String,
    /// What it concerns, where that is one resource.
    pub(crate) resource: Option<ResourceKey>,
    /// What there was before, as JSON.
    pub(crate) before: Option<String>,
    /// What there is now, as JSON.
    pub(crate) after: Option<String>,
}

/// A change at a vendor.
pub(crate) struct Change<'a> {
    pub(crate) connection: &'a str,
    /// The contract's name of the operation.
    pub(crate) operation: &'a str,
    /// The vendor's own path, encoded.
    pub(crate) path: &'a str,
    pub(crate) outcome: &'static str,
    pub(crate) status: u16,
    /// The vendor's id of the operation, which the vendor's log holds too.
    pub(crate) operation_id: &'a str,
    /// What the vendor held before, if the gateway read it: known fields as JSON, or `-`.
    pub(crate) before: &'a str,
    /// What was requested: known fields as JSON, or `-`.
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
