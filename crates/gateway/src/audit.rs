//! The audit: a line for every sign-in, every refusal and every change, on the log's target `audit`, which is
//! always enabled. Values from callers are quoted and escaped, so that nobody can forge a line. Must never hold
//! a password or a cookie, and of a body only fields that are known not to be secret.

use crate::metrics::Metrics;
use crate::problem::{Kind, Problem};
use std::net::IpAddr;

/// Who makes a request, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who {
    /// `-` without a sign-in.
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) from: IpAddr,
    /// The id of the request, which its answer holds too.
    pub(crate) id: String,
}

/// A sign-in with a password. `name` must be loggable.
pub(crate) fn sign_in(metrics: &Metrics, who: &Who, name: &str, refused: Option<Kind>) {
    let outcome = match refused {
        None => "done",
        Some(Kind::WrongPassword | Kind::TooManyTries) => "refused",
        Some(_) => "failed",
    };
    metrics.sign_in(outcome);
    let why = refused.map_or("-", Kind::name);
    let Who { from, id, .. } = who;
    tracing::info!(target: "audit", id, who = name, %from, what = "sign in", outcome, why);
}

/// A sign-in whose client went away before the password was checked. `name` must be loggable.
pub(crate) fn sign_in_aborted(metrics: &Metrics, who: &Who, name: &str) {
    let outcome = "aborted";
    metrics.sign_in(outcome);
    let Who { from, id, .. } = who;
    tracing::info!(target: "audit", id, who = name, %from, what = "sign in", outcome, why = "-");
}

/// The use of an unlock code.
pub(crate) fn unlock(who: &Who, refused: Option<Kind>) {
    let outcome = if refused.is_none() { "done" } else { "refused" };
    let why = refused.map_or("-", Kind::name);
    let Who { name, from, id, .. } = who;
    tracing::info!(target: "audit", id, who = name, %from, what = "unlock", outcome, why);
}

/// A sign-in at a provider. `name` holds the provider's name and id of the user, or `-`.
pub(crate) fn provider_sign_in(
    metrics: &Metrics,
    who: &Who,
    name: &str,
    outcome: &'static str,
    why: &'static str,
) {
    metrics.sign_in(outcome);
    let Who { from, id, .. } = who;
    tracing::info!(
        target: "audit", id, who = name, %from, what = "sign in", by = "provider", outcome, why
    );
}

/// The end of a session. `is_saved` says whether a restart would bring it back.
pub(crate) fn sign_out(who: &Who, is_saved: bool) {
    let Who { name, from, id, .. } = who;
    let why = if is_saved { "-" } else { "not-saved" };
    tracing::info!(target: "audit", id, who = name, %from, what = "sign out", outcome = "done", why);
}

/// A refused request.
pub(crate) fn refused(metrics: &Metrics, who: &Who, method: &str, path: &str, problem: &Problem) {
    if !matches!(
        problem.kind,
        Kind::SignIn | Kind::Forbidden | Kind::CrossSite
    ) {
        return;
    }
    let why = problem.kind.name();
    metrics.refusal(why);
    let Who {
        name,
        role,
        from,
        id,
    } = who;
    // Paths may be long.
    let path: String = path.chars().take(300).collect();
    tracing::info!(target: "audit", id, who = name, role, %from, what = method, path, outcome = "refused", why);
}

/// A paired screen fetched its session.
pub(crate) fn wall_signs_in(who: &Who, wall: &str) {
    let Who { from, id, .. } = who;
    tracing::info!(target: "audit", id, who = wall, role = "wall", %from, what = "sign in", outcome = "done", why = "-");
}

/// An attempt to pair or to revoke a wall.
pub(crate) fn wall(who: &Who, what: &str, wall: &str, refused: Option<Kind>) {
    let outcome = match refused {
        None | Some(Kind::NotSaved) => "done",
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
