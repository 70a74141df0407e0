//! Signing in: the page, and the form that it shares with the dialog over a page. The form keeps its fields through
//! every failure; the password is stored nowhere else. A failed sign-in at the provider is explained by a known code
//! in the URL; no text from a URL or a provider is ever shown.

use crate::api::Failure;
use crate::api::session::{
    Session, SignInMethods, provider_sign_in_url, session, sign_in, sign_in_methods,
};
use crate::nav::use_nav;
use crate::route::Route;
use crate::ui::dialog::Dialog;
use crate::ui::{FailureCard, Heading, Icon, demo_badge, error_status, focus, is_focus_lost};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use vendors::operation::segment;

/// The page "Sign in". After signing in, the user is sent to the page in the parameter `to`.
#[component]
pub fn SignIn() -> impl IntoView {
    let nav = use_nav();
    let to = destination(nav.param("to"));
    let failed = nav.param("failed").unwrap_or_default();
    let is_signed_out = nav.param("signed-out").is_some();
    let claim = RwSignal::new(String::new());
    if failed == "overage" || failed == "no-claim" || failed.starts_with("claim-") {
        leptos::task::spawn_local(async move {
            let methods = sign_in_methods().await.unwrap_or_default();
            let _ = claim.try_set(methods.roles_claim.unwrap_or_default());
        });
    }
    // Read again: the session that the console started with may have ended, or a new one may have started.
    let (signed_in, demo) = (RwSignal::new(None::<String>), RwSignal::new(false));
    leptos::task::spawn_local(async move {
        // A wall's session belongs to no user. Without a session nothing changes, so that typed text is kept.
        if let Ok(session) = session().await
            && !session.is_wall()
        {
            let _ = demo.try_set(session.demo);
            let _ = signed_in.try_set(Some(session.user));
        }
    });
    // Reloads the console: another user may have signed in, and nothing of the previous session may remain.
    let back = to.clone();
    let done = Callback::new(move |_: Session| {
        let _ = window().location().replace(&to);
    });
    view! {
        <Heading text="Sign in" />
        <main id="main" class="alone enter" tabindex="-1">
            <p class="row"><Icon name="mark" /><b>"Failover Console"</b></p>
            <h1>"Sign in"</h1>
            {move || provider_failure(&failed, &claim.read()).map(|why| view! { <p role="status" class="wrong"><Icon name="warning" />{why}</p> })}
            {move || match signed_in.get() {
                // Reloads the console, which may have started without this session.
                Some(user) => view! {
                    <p>"You are signed in as "<b>{user}</b>". "{demo.get_untracked().then(demo_badge)}</p>
                    <p class="row"><a class="btn main" href=Route::Overview.href() target="_self">"Overview"</a></p>
                }
                .into_any(),
                None => view! {
                    {is_signed_out.then(|| view! { <p class="row" role="status"><Icon name="done" />"You are signed out."</p> })}
                    <SignInForm back=back.clone() done />
                }
                .into_any(),
            }}
        </main>
    }
}

/// The dialog over a page whose session has ended.
#[component]
pub fn SignInAgain(
    /// The user who was signed in.
    user: String,
    /// Called after a successful sign-in.
    done: Callback<Session>,
    /// Called after the dialog has closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let close = Trigger::new();
    let new = StoredValue::new(None::<Session>);
    let signed_in = Callback::new(move |session| {
        new.set_value(Some(session));
        close.notify();
    });
    // Only a dialog that is closed, rather than removed, returns the focus, so `done` runs after closing.
    let closed = Callback::new(move |()| {
        if let Some(session) = new.try_update_value(Option::take).flatten() {
            let _ = done.try_run(session);
        }
        let _ = on_close.try_run(());
        // The element that opened the dialog may be removed as a result.
        request_animation_frame(|| {
            if is_focus_lost() {
                focus("#main");
            }
        });
    });
    view! {
        <Dialog title="Sign in again" on_close=closed close>
            <p>"Your session has ended. The data on the screen stays but is no longer refreshed."</p>
            <SignInForm user done=signed_in late=done />
        </Dialog>
    }
}

/// The sign-in form.
#[component]
fn SignInForm(
    /// The initial user name.
    #[prop(optional, into)]
    user: String,
    /// The page to return to from the provider; the current page if `None`. If given, nothing is shown
    /// until the sign-in methods are known.
    #[prop(optional, into)]
    back: Option<String>,
    /// Called after a successful sign-in.
    done: Callback<Session>,
    /// Called instead of `done` if the dialog was closed in the meantime.
    #[prop(optional)]
    late: Option<Callback<Session>>,
) -> impl IntoView {
    let nav = use_nav();
    let missing = if user.is_empty() {
        "#user"
    } else {
        "#password"
    };
    let (user, password) = (RwSignal::new(user), RwSignal::new(String::new()));
    let (busy, wrong) = (RwSignal::new(false), RwSignal::new(None::<String>));
    // A dialog shows the fields at once, because it moves the focus to the first one.
    let known = RwSignal::new(back.is_none().then(|| Ok(SignInMethods::default())));
    let load_methods = Callback::new(move |()| {
        leptos::task::spawn_local(async move {
            let _ = known.try_set(Some(sign_in_methods().await));
        });
    });
    load_methods.run(());
    // The failure is shown with the form, because the provider may be the only sign-in method.
    let failure = move || {
        let failure = known.get()?.err()?;
        Some(view! { <FailureCard failure system="the gateway" retry=load_methods once=true /> })
    };
    let go_to_provider = move |_| {
        let back = back.clone().unwrap_or_else(|| untrack(|| nav.here()));
        let _ = window().location().assign(&provider_sign_in_url(&back));
    };
    let provider = move || {
        let SignInMethods {
            password, provider, ..
        } = known.get()?.ok()?;
        let button_class = if password { "btn" } else { "btn main" };
        let go = go_to_provider.clone();
        provider.map(|title| {
            view! { <p class="row"><button type="button" class=button_class on:click=go>"Sign in with "{title}</button></p> }
        })
    };
    // Also shown if the sign-in methods cannot be read or there are none: submitting the form then shows the error.
    let by_password = Memo::new(move |_| match &*known.read() {
        None => false,
        Some(Err(_)) => true,
        Some(Ok(methods)) => methods.password || methods.provider.is_none(),
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        wrong.set(None);
        let [name, secret] = [user, password].map(|field| field.get_untracked());
        leptos::task::spawn_local(async move {
            let answer = sign_in(&name, &secret).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(session) => {
                    let _ = password.try_set(String::new());
                    // `done` no longer exists if its page or dialog was closed.
                    if done.try_run(session.clone()).is_none() {
                        let _ = late.and_then(|late| late.try_run(session));
                    }
                }
                Err(failure) => {
                    let _ = wrong.try_set(Some(failure_message(&failure)));
                }
            }
        });
    };
    let button = move || {
        if busy.get() {
            "Signing in…"
        } else {
            "Sign in"
        }
    };
    let form = move || {
        // Runs after the dialog has moved the focus to its first field.
        request_animation_frame(move || {
            focus(missing);
        });
        view! {
        <form class="sign-in" on:submit=submit>
            <div class="entry">
                <label for="user">"User name"</label>
                <div class="field">
                    <input id="user" name="user" type="text" autocomplete="username" autocapitalize="none" spellcheck="false"
                        required prop:value=move || user.get() on:input=move |event| user.set(event_target_value(&event)) />
                </div>
            </div>
            <div class="entry">
                <label for="password">"Password"</label>
                <div class="field">
                    <input id="password" name="password" type="password" autocomplete="current-password" required
                        prop:value=move || password.get() on:input=move |event| password.set(event_target_value(&event)) />
                </div>
            </div>
            {error_status(wrong)}
            <p class="row"><button type="submit" class="btn main" aria-disabled=move || busy.get().then_some("true")>{button}</button></p>
        </form>
        }
    };
    view! {
        {move || by_password.get().then_some(form)}
        {provider}
        {failure}
    }
}

/// The message for a failed sign-in at the provider, by the gateway's code. `claim` is the configured name of the
/// claim with the roles, once it is known.
fn provider_failure(code: &str, claim: &str) -> Option<String> {
    let claim = match claim {
        "" => "the claim with the roles".to_owned(),
        claim => format!("the claim \"{claim}\""),
    };
    let shape = |shape: &str| {
        format!(
            "The provider sent {claim} as {shape}, in which no role can be found. It must be a list of strings, strings \
             separated by commas, or objects with a name. Ask the administrator of the provider."
        )
    };
    let text = match code {
        "denied" => "The provider refused the sign-in, or it was cancelled.",
        "no-role" => {
            "The provider knows you, but you have no role in this console. Ask the administrator who assigns roles."
        }
        "no-claim" => {
            return Some(format!(
                "The provider knows you, but did not send {claim}, which should contain your role. Ask the administrator of \
                 the provider."
            ));
        }
        "overage" => {
            return Some(format!(
                "The provider left out {claim}, because you are in too many groups. Ask its administrator to send roles \
                 or fewer groups to this console."
            ));
        }
        "claim-object" => return Some(shape("an object without a name")),
        "claim-list" => return Some(shape("a list of neither strings nor objects with a name")),
        "claim-number" => return Some(shape("a number")),
        "claim-boolean" => return Some(shape("true or false")),
        "expired" => {
            "The sign-in took too long, or another one was started in the meantime. Sign in again."
        }
        "unreachable" => "The provider could not be reached. Try again in a moment.",
        "invalid" => "The provider's response was rejected. The reason is in the gateway's log.",
        "too-many-tries" => "Too many failed sign-ins from this address. Try again in 15 minutes.",
        "internal" => "The gateway had an internal error. The reason is in its log.",
        _ => return None,
    };
    Some(text.to_owned())
}

/// The message for a failed sign-in, with the request id if the failure needs investigation.
fn failure_message(failure: &Failure) -> String {
    let id = match failure {
        Failure::Refused(problem) | Failure::Unreachable(problem) if problem.status != 401 => {
            problem.request_id.as_ref()
        }
        _ => None,
    };
    match id {
        Some(id) => format!("{}. Request id {id}.", failure.line()),
        None => format!("{}.", failure.line()),
    }
}

/// The URL of the sign-in page that returns to a path and its query.
#[must_use]
pub fn href(from: &str) -> String {
    let here = Route::SignIn.href();
    if from == Route::Overview.href() || destination(Some(from.to_owned())) != from {
        here
    } else {
        format!("{here}?to={}", segment(from))
    }
}

/// The page to open after signing in: `to` if it is a page of this console, otherwise the overview. A crafted
/// address cannot redirect to another site.
#[must_use]
pub fn destination(to: Option<String>) -> String {
    let is_ours = |to: &str| {
        let path = to.split(['?', '#']).next().unwrap_or_default();
        path.starts_with('/')
            && !path.starts_with("//")
            && !to.contains(['\\', '\t', '\n', '\r'])
            && !matches!(Route::parse(path), Route::NotFound | Route::SignIn)
    };
    to.filter(|to| is_ours(to))
        .unwrap_or_else(|| Route::Overview.href())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_returns_only_to_pages_of_this_console() {
        for (to, expected) in [
            ("/groups", "/groups"),
            ("/groups/plant-a/a%2Fb", "/groups/plant-a/a%2Fb"),
            (
                "/failover-sessions?filter=x%3D1",
                "/failover-sessions?filter=x%3D1",
            ),
            ("/", "/"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("groups", "/"),
            ("/sign-in", "/"),
            ("/nothing", "/"),
            ("/api/session", "/"),
        ] {
            assert_eq!(destination(Some(to.to_owned())), expected, "{to}");
        }
        assert_eq!(destination(None), "/");
    }

    #[test]
    fn only_known_failure_codes_of_the_gateway_have_a_message() {
        for code in [
            "denied",
            "no-role",
            "no-claim",
            "overage",
            "claim-object",
            "claim-list",
            "claim-number",
            "claim-boolean",
            "expired",
            "unreachable",
            "invalid",
            "too-many-tries",
            "internal",
        ] {
            assert!(provider_failure(code, "").is_some(), "{code}");
        }
        let named = provider_failure("claim-number", "groups").unwrap_or_default();
        assert!(
            named.contains("the claim \"groups\" as a number"),
            "{named}"
        );
        for code in [
            "",
            "Denied",
            "claim-",
            "claim-text",
            "<b>",
            "call+this+number",
            "denied ",
        ] {
            assert_eq!(provider_failure(code, "groups"), None, "{code}");
        }
    }

    #[test]
    fn the_sign_in_url_contains_the_page_to_return_to() {
        assert_eq!(href("/"), "/sign-in");
        assert_eq!(href("/sign-in"), "/sign-in");
        assert_eq!(
            href("/groups/a/b%2Fc?x=1&y"),
            "/sign-in?to=%2Fgroups%2Fa%2Fb%252Fc%3Fx%3D1%26y"
        );
    }
}
