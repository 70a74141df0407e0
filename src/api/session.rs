//! The user's session at the gateway, signing in and signing out. The console stores neither password nor cookie: only
//! the browser holds the cookie, and no script can read it.

use super::failure::{Failure, Problem};
use super::transport::{TIMEOUT, delete, first, get, post};
use crate::json;
use crate::route::address;
use leptos::prelude::*;
use serde::Serialize;
use std::cell::Cell;
use vendors::operation::segment;

pub use protocol::{Session, SignInMethods};

/// How much longer than the gateway the console waits for a vendor, in seconds, so that the gateway's own timeout comes
/// first.
const MARGIN: u32 = 5;

/// Requests the current session.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn session() -> Result<Session, Failure> {
    let session: Session = first("/api/session", json::read).await?.value;
    READ_TIMEOUT.set(TIMEOUT.max(session.read_seconds.saturating_add(MARGIN)));
    Ok(session)
}

/// How long the console waits for the response to a read of a vendor, in seconds.
pub(super) fn read_timeout() -> u32 {
    READ_TIMEOUT.get()
}

#[derive(Serialize)]
struct Credentials<'a> {
    user: &'a str,
    password: &'a str,
}

/// Signs in.
///
/// # Errors
/// As [`super::transport::get`]; refused when the name or the password is wrong, or after too many tries.
pub async fn sign_in(user: &str, password: &str) -> Result<Session, Failure> {
    let session = post(
        "/api/session",
        &json::write(&Credentials { user, password }),
    )
    .await?;
    SIGN_INS.set(SIGN_INS.get() + 1);
    Ok(session)
}

/// Requests the available sign-in methods.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn sign_in_methods() -> Result<SignInMethods, Failure> {
    get("/api/sign-in").await
}

/// The address that starts a sign-in at the provider and then returns to the page `to` of this console.
#[must_use]
pub fn provider_sign_in_url(to: &str) -> String {
    address(&format!("/api/openid/start?to={}", segment(to)))
}

/// Signs out once.
///
/// # Errors
/// As [`super::transport::delete`].
pub async fn sign_out() -> Result<(), Failure> {
    delete("/api/session").await
}

/// The gateway's problem type for "nobody is signed in".
const NOT_SIGNED_IN: &str = "/problems/sign-in";

/// Whether the gateway requires a sign-in.
#[must_use]
pub fn is_missing(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(problem) if problem.kind == NOT_SIGNED_IN)
}

/// Whether the session that this console was opened with has ended.
#[derive(Clone, Copy)]
pub struct Ended(pub RwSignal<bool>);

thread_local! {
    /// Set by any request that detects the end. A request has no owner, so it cannot read a context.
    static ENDED: Cell<Option<RwSignal<bool>>> = const { Cell::new(None) };
    /// Counts the sign-ins since the console was opened.
    static SIGN_INS: Cell<u32> = const { Cell::new(0) };
    static READ_TIMEOUT: Cell<u32> = const { Cell::new(TIMEOUT) };
}

/// The number of sign-ins since the console was opened. It tells [`check_for_end`] to which session a request belongs.
pub(super) fn sign_ins() -> u32 {
    SIGN_INS.get()
}

/// Starts to watch for the end of the session.
pub fn watch() -> Ended {
    let ended = RwSignal::new(false);
    ENDED.set(Some(ended));
    on_cleanup(|| ENDED.set(None));
    Ended(ended)
}

/// Checks a problem response for the end of the session. `sign_ins` is the value of [`sign_ins`] when the request was
/// sent: a request from before the last sign-in belongs to an earlier session, whose end is already known.
pub(super) fn check_for_end(problem: &Problem, sign_ins: u32) {
    if problem.kind == NOT_SIGNED_IN
        && sign_ins == SIGN_INS.get()
        && let Some(ended) = ENDED.get()
    {
        let _ = ended.try_maybe_update(|ended| (!std::mem::replace(ended, true), ()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_sent_before_the_last_sign_in_ends_no_session() {
        let owner = Owner::new();
        let ended = owner.with(|| watch().0);
        let not_signed_in = Problem {
            kind: NOT_SIGNED_IN.to_owned(),
            status: 401,
            ..Problem::default()
        };
        let before = sign_ins();
        SIGN_INS.set(before + 1);
        check_for_end(&not_signed_in, before);
        assert!(!ended.get_untracked());
        check_for_end(&not_signed_in, sign_ins());
        assert!(ended.get_untracked());
    }

    #[test]
    fn only_the_gateways_sign_in_problem_requires_a_sign_in() {
        let refused = |kind: &str| {
            Failure::Refused(Box::new(Problem {
                kind: kind.to_owned(),
                status: 401,
                ..Problem::default()
            }))
        };
        assert!(is_missing(&refused("/problems/sign-in")));
        assert!(!is_missing(&refused("/problems/wrong-password")));
        assert!(!is_missing(&Failure::no_gateway("x")));
    }

    #[test]
    fn the_sign_in_address_of_the_provider_contains_the_page() {
        assert_eq!(
            provider_sign_in_url("/groups?x=a%2Fb&y"),
            "/api/openid/start?to=%2Fgroups%3Fx%3Da%252Fb%26y"
        );
        let methods: SignInMethods =
            json::read(br#"{"password":false,"provider":"Plant"}"#).unwrap();
        assert_eq!(
            (methods.password, methods.provider.as_deref()),
            (false, Some("Plant"))
        );
    }

    #[test]
    fn a_session_of_an_older_gateway_is_readable() {
        let session: Session = json::read(br#"{"user":"ops","role":"viewer"}"#).unwrap();
        assert!(!session.may_change() && !session.can_sign_out && !session.demo);
    }
}
