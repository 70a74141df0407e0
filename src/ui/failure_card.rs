//! What went wrong, in one of its four kinds, with the vendor's own words and what to do.

use super::copy::Copy;
use super::focus::hand_over;
use super::icon::Icon;
use crate::api::Failure;
use crate::api::failure::status_line;
use leptos::prelude::*;

/// The words of a card.
#[derive(Default)]
struct Words {
    title: String,
    detail: String,
    reason: Option<String>,
    resolution: Option<String>,
    /// What to quote: its name and itself.
    id: Option<(&'static str, String)>,
    excerpt: Option<String>,
    advice: &'static str,
}

fn words(failure: &Failure, system: &str) -> Words {
    match failure {
        Failure::Unreachable(problem) => {
            let id = problem.request_id.clone().map(|id| ("Request id", id));
            // What the title says of these two is not said again.
            let of_title = |title, advice| Words {
                title,
                detail: problem.detail.clone(),
                advice,
                ..Words::default()
            };
            let words = |title| Words {
                detail: problem.line(),
                ..of_title(title, "Retrying automatically.")
            };
            let words = match problem.kind.as_str() {
                _ if problem.status == 0 => words("Could not reach the gateway".to_owned()),
                "/problems/credentials" => of_title(
                    format!("{system} refused the gateway's credentials"),
                    "Retrying later, so that the account is not locked; an admin's Refresh now tries at once.",
                ),
                "/problems/wrong-address" => of_title(
                    format!("The address of {system} is not that of its API"),
                    "Retrying automatically; the address is in the gateway's configuration.",
                ),
                "/problems/not-recorded" | "/problems/overloaded" | "/problems/not-ready" => {
                    words("The gateway could not do this now".to_owned())
                }
                _ => words(format!("Could not reach {system}")),
            };
            Words { id, ..words }
        }
        Failure::Refused(problem) => Words {
            title: "The gateway refused the request".to_owned(),
            detail: problem.line(),
            id: problem.request_id.clone().map(|id| ("Request id", id)),
            ..Words::default()
        },
        Failure::Unreadable(unreadable) => Words {
            title: format!("{system} returned an unreadable response"),
            detail: match unreadable.problem.strip_prefix("the body") {
                Some(rest) => format!("The body{rest}"),
                // It may begin with a name of the vendor's.
                None => unreadable.problem.clone(),
            },
            excerpt: Some(unreadable.excerpt.clone()).filter(|text| !text.trim().is_empty()),
            advice: "A proxy between the gateway and the vendor may have answered instead.",
            ..Words::default()
        },
        Failure::Vendor(error) => Words {
            title: if error.is_refusal_with_success() {
                format!("{system} refused the request, with status {}", error.status)
            } else {
                format!("{system} returned {}", status_line(error.status))
            },
            detail: error.message.clone(),
            reason: error.reason.clone(),
            resolution: error.resolution.clone(),
            id: error.operation_id.clone().map(|id| ("Operation id", id)),
            advice: if error.left_out {
                "The response body was not a vendor error (for example, a proxy page), so the gateway omitted it."
            } else {
                ""
            },
            ..Words::default()
        },
    }
}

/// What else is known of an outcome that stays unknown: of a vendor's error its reason, its advice and the id for its
/// support, and of the gateway's the id by which its log has it.
pub fn details_card(failure: Failure, system: String, level: &'static str) -> Option<AnyView> {
    match failure {
        Failure::Vendor(_) => Some(view! { <FailureCard failure system level /> }.into_any()),
        Failure::Unreachable(problem) | Failure::Refused(problem) => {
            let id = problem.request_id?;
            let shown = id.clone();
            Some(view! { <p class="row dim">"Request id "<code>{shown}</code><Copy text=id name="Copy request id" /></p> }.into_any())
        }
        Failure::Unreadable(_) => None,
    }
}

/// A failure as a card in the page.
#[component]
pub fn FailureCard(
    /// What went wrong.
    failure: Failure,
    /// Whose answer it was ("Plant A").
    #[prop(into)]
    system: String,
    /// Asks again; left out where a button for it stands beside the card.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
    /// Whether the request is not repeated automatically.
    #[prop(optional)]
    once: bool,
    /// The level of its heading.
    #[prop(default = "2")]
    level: &'static str,
) -> impl IntoView {
    let mut words = words(&failure, &system);
    if once && matches!(failure, Failure::Unreachable(_)) {
        words.advice = "";
    }
    let retry = retry.map(|retry| {
        // After it has helped, the card goes.
        on_cleanup(|| hand_over("#main"));
        view! { <button type="button" class="btn" on:click=move |_| retry.run(())>"Retry"<span class="vh">" "{system}</span></button> }
    });
    let term = |name: &'static str, text: Option<String>| {
        text.filter(|text| !text.is_empty())
            .map(|text| view! { <div><dt>{name}</dt><dd>{text}</dd></div> })
    };
    let id = words.id.map(|(name, id)| {
        let copy = format!("Copy {}", name.to_ascii_lowercase());
        view! {
            <div>
                <dt>{name}</dt>
                <dd class="row"><code>{id.clone()}</code><Copy text=id name=copy /></dd>
            </div>
        }
    });
    view! {
        <section class="panel failure" aria-label="What went wrong">
            <h2 attr:aria-level=level><Icon name="broken" />{words.title}</h2>
            <p>{words.detail}</p>
            <dl>
                {term("Reason", words.reason)}
                {term("Resolution", words.resolution)}
                {id}
            </dl>
            {words.excerpt.map(|text| view! { <details><summary>Response body</summary><pre>{text}</pre></details> })}
            <p class="dim">{words.advice}</p>
            {retry}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::api::{Failure, Problem};

    #[test]
    fn a_card_is_titled_by_what_happened() {
        let failure = |kind: &str, status| {
            Failure::Unreachable(Box::new(Problem {
                kind: format!("/problems/{kind}"),
                title: "A title".to_owned(),
                status,
                detail: "what happened".to_owned(),
                ..Problem::default()
            }))
        };
        for (kind, status, title, detail) in [
            (
                "unreachable",
                0,
                "Could not reach the gateway",
                "What happened",
            ),
            ("unreachable", 502, "Could not reach EM", "What happened"),
            (
                "redirect",
                502,
                "Could not reach EM",
                "A title: what happened",
            ),
            (
                "not-recorded",
                503,
                "The gateway could not do this now",
                "A title: what happened",
            ),
            (
                "credentials",
                502,
                "EM refused the gateway's credentials",
                "what happened",
            ),
            (
                "wrong-address",
                502,
                "The address of EM is not that of its API",
                "what happened",
            ),
        ] {
            let said = words(&failure(kind, status), "EM");
            assert_eq!((said.title.as_str(), said.detail.as_str()), (title, detail));
        }
    }
}
