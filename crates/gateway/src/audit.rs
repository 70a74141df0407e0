//! Who did what: a line for every sign-in, every refusal and every change, on the log's target
//! `audit`, which is always written. What a caller wrote stands in quotes with everything odd escaped:
//! nobody can write a line of somebody else. Must never hold a password or a cookie, and of a
//! body only fields that are known to be none.

use crate::access::Refusal;
use crate::app::Shared;
use crate::problem::{Kind, Problem};
use std::net::IpAddr;

/// Who asks, from where, and the number of the request, which its answer carries too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who {
    /// `-` for nobody.
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) from: IpAddr,
    pub(crate) id: String,
}

/// A sign-in, done or refused; `name` is one that may be written.
pub(crate) fn sign_in(shared: &Shared, who: &Who, name: &str, refused: Option<Kind>) {
    let outcome = match refused {
        None => "done",
        Some(Kind::WrongPassword | Kind::TooManyTries) => "refused",
        Some(_) => "failed",
    };
    shared.metrics.sign_in(outcome);
    let why = refused.map_or("-", Kind::name);
    let Who { from, id, .. } = who;
    tracing::info!(target: "audit", id, who = name, %from, what = "sign in", outcome, why);
}

/// A sign-in at a provider: done, or why not. `name` is one that the provider vouches for, with its own
/// name for them behind, or `-`.
pub(crate) fn provided(shared: &Shared, who: &Who, name: &str, refused: Option<Refusal>) {
    let outcome = match refused {
        None => "done",
        Some(refused) if refused.is_ours() => "failed",
        Some(_) => "refused",
    };
    shared.metrics.sign_in(outcome);
    let why = refused.map_or("-", Refusal::code);
    let Who { from, id, .. } = who;
    tracing::info!(
        target: "audit", id, who = name, %from, what = "sign in", by = "provider", outcome, why
    );
}

pub(crate) fn sign_out(who: &Who) {
    let Who { name, from, id, .. } = who;
    tracing::info!(target: "audit", id, who = name, %from, what = "sign out", outcome = "done");
}

/// A request that was not let in.
pub(crate) fn refused(shared: &Shared, who: &Who, method: &str, path: &str, problem: &Problem) {
    if !matches!(
        problem.kind,
        Kind::SignIn | Kind::Forbidden | Kind::CrossSite
    ) {
        return;
    }
    let why = problem.kind.name();
    shared.metrics.refusal(why);
    let Who {
        name,
        role,
        from,
        id,
    } = who;
    // Addresses may be long.
    let path: String = path.chars().take(300).collect();
    tracing::info!(target: "audit", id, who = name, role, %from, what = method, path, outcome = "refused", why);
}

/// A screen that was paired comes for its session.
pub(crate) fn wall_signs_in(who: &Who, wall: &str) {
    let Who { from, id, .. } = who;
    tracing::info!(target: "audit", id, who = wall, role = "wall", %from, what = "sign in", outcome = "done", why = "-");
}

/// A wall was paired or revoked, or was not.
pub(crate) fn wall(who: &Who, what: &str, wall: &str, refused: Option<Kind>) {
    let outcome = match refused {
        None => "done",
        Some(Kind::Internal) => "failed",
        Some(_) => "refused",
    };
    let why = refused.map_or("-", Kind::name);
    let Who {
        name,
        role,
        from,
        id,
    } = who;
    let wall: String = wall.chars().take(100).collect();
    tracing::info!(target: "audit", id, who = name, role, %from, what, wall, outcome, why);
}

/// A change of what a vendor holds.
pub(crate) struct Change<'a> {
    pub(crate) connection: &'a str,
    /// The contract's name for it.
    pub(crate) operation: &'a str,
    /// The vendor's own path, encoded.
    pub(crate) path: &'a str,
    pub(crate) outcome: &'static str,
    pub(crate) status: u16,
    /// The vendor's own number for it, to be found in the vendor's log.
    pub(crate) operation_id: &'a str,
    /// What the vendor held, where the gateway read it before: known fields as JSON, or `-`.
    pub(crate) before: &'a str,
    /// What was asked for: known fields as JSON, or `-`.
    pub(crate) after: &'a str,
}

pub(crate) fn change(who: &Who, change: &Change<'_>) {
    let Who {
        name,
        role,
        from,
        id,
    } = who;
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
