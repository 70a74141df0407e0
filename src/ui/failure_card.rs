//! The card of a failure, one of four kinds, with the vendor's own text and advice.

use super::copy::Copy;
use super::focus::hand_over;
use super::icon::Icon;
use crate::api::Failure;
use crate::api::failure::status_line;
use chrono::TimeDelta;
use health::words::span;
use leptos::prelude::*;

/// The texts of a card.
#[derive(Default)]
struct Texts {
    title: String,
    detail: String,
    reason: Option<String>,
    resolution: Option<String>,
    wait: Option<String>,
    /// The name and the value of the id to quote.
    id: Option<(&'static str, String)>,
    excerpt: Option<String>,
    advice: &'static str,
}

const RETRYING: &str = "Retrying automatically.";

fn texts(failure: &Failure, system: &str) -> Texts {
    match failure {
        Failure::Unreachable(problem) => {
            let id = problem.request_id.clone().map(|id| ("Request id", id));
            // The title of the first two kinds replaces the problem's own title.
            let of_title = |title, advice| Texts {
                title,
                detail: problem.detail.clone(),
                advice,
                ..Texts::default()
            };
            let with_line = |title| Texts {
                detail: problem.line(),
                ..of_title(title, RETRYING)
            };
            let texts = match problem.kind.as_str() {
                _ if problem.status == 0 => with_line("Could not reach the gateway".to_owned()),
                "/problems/credentials" => of_title(
                    format!("{system} refused the gateway's credentials"),
                    // The detail says when the gateway tries again.
                    "",
                ),
                "/problems/wrong-address" => of_title(
                    format!("The address of {system} is not that of its API"),
                    "Retrying automatically; the address is in the gateway's configuration.",
                ),
                "/problems/not-recorded"
                | "/problems/overloaded"
                | "/problems/not-ready"
                | "/problems/store-unavailable" => {
                    with_line("The gateway could not do this now".to_owned())
                }
                _ => with_line(format!("Could not reach {system}")),
            };
            Texts { id, ..texts }
        }
        Failure::Refused(problem) => Texts {
            title: "The gateway refused the request".to_owned(),
            detail: problem.line(),
            id: problem.request_id.clone().map(|id| ("Request id", id)),
            ..Texts::default()
        },
        Failure::Unreadable(unreadable) => Texts {
            title: format!("{system} returned an unreadable response"),
            detail: match unreadable.problem.strip_prefix("the body") {
                Some(rest) => format!("The body{rest}"),
                // It may begin with a field name of the vendor, which keeps its case.
                None => unreadable.problem.clone(),
            },
            excerpt: Some(unreadable.excerpt.clone()).filter(|text| !text.trim().is_empty()),
            advice: "A proxy between the gateway and the vendor may have answered instead.",
            ..Texts::default()
        },
        Failure::Vendor(error) => Texts {
            title: if error.is_refusal_with_success() {
                format!("{system} refused the request, with status {}", error.status)
            } else {
                format!("{system} returned {}", status_line(error.status))
            },
            detail: error.message.clone(),
            reason: error.reason.clone(),
            resolution: error.resolution.clone(),
            wait: error
                .retry_after
                .map(|seconds| span(TimeDelta::seconds(seconds.cast_signed()))),
            id: error.operation_id.clone().map(|id| ("Operation id", id)),
            advice: if error.left_out {
                "The response body was not a vendor error (for example, a proxy page), so the gateway omitted it."
            } else {
                ""
            },
            ..Texts::default()
        },
    }
}

/// The details of an unknown outcome: the card of a vendor's error, or the request id for the gateway's log.
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
    /// The failure.
    failure: Failure,
    /// The title of the system that answered, such as "Plant A".
    #[prop(into)]
    system: String,
    /// Retries the request. Omit it if there is a button for this beside the card.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
    /// Whether the request is not repeated automatically.
    #[prop(optional)]
    once: bool,
    /// The level of the heading.
    #[prop(default = "2")]
    level: &'static str,
) -> impl IntoView {
    let mut texts = texts(&failure, &system);
    if once && matches!(failure, Failure::Unreachable(_)) {
        texts.advice = "";
    }
    let retry = retry.map(|retry| {
        // A successful retry removes the card with its focus.
        on_cleanup(|| hand_over("#main"));
        view! { <button type="button" class="btn" on:click=move |_| retry.run(())>"Retry"<span class="vh">" "{system}</span></button> }
    });
    let term = |name: &'static str, text: Option<String>| {
        text.filter(|text| !text.is_empty())
            .map(|text| view! { <div><dt>{name}</dt><dd>{text}</dd></div> })
    };
    let id = texts.id.map(|(name, id)| {
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
            <h2 attr:aria-level=level><Icon name="broken" />{texts.title}</h2>
            <p>{texts.detail}</p>
            <dl>
                {term("Reason", texts.reason)}
                {term("Resolution", texts.resolution)}
                {term("Retry after", texts.wait)}
                {id}
            </dl>
            {texts.excerpt.map(|text| view! { <details><summary>Response body</summary><pre>{text}</pre></details> })}
            <p class="dim">{texts.advice}</p>
            {retry}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::{RETRYING, texts};
    use crate::api::{Failure, Problem};
    use vendors::call::VendorError;

    #[test]
    fn a_card_shows_how_long_the_vendor_asks_to_wait() {
        for (retry_after, wait) in [(Some(90), Some("1 min 30 s")), (None, None)] {
            let failure = Failure::Vendor(Box::new(VendorError {
                status: 429,
                retry_after,
                ..VendorError::default()
            }));
            assert_eq!(texts(&failure, "EM").wait.as_deref(), wait);
        }
    }

    #[test]
    fn the_title_of_a_card_depends_on_the_kind_of_problem() {
        let failure = |kind: &str, status| {
            Failure::Unreachable(Box::new(Problem {
                kind: format!("/problems/{kind}"),
                title: "A title".to_owned(),
                status,
                detail: "what happened".to_owned(),
                ..Problem::default()
            }))
        };
        for (kind, status, title, detail, advice) in [
            (
                "unreachable",
                0,
                "Could not reach the gateway",
                "What happened",
                RETRYING,
            ),
            (
                "unreachable",
                502,
                "Could not reach EM",
                "What happened",
                RETRYING,
            ),
            (
                "redirect",
                502,
                "Could not reach EM",
                "A title: what happened",
                RETRYING,
            ),
            (
                "not-recorded",
                503,
                "The gateway could not do this now",
                "A title: what happened",
                RETRYING,
            ),
            (
                "credentials",
                502,
                "EM refused the gateway's credentials",
                "what happened",
                "",
            ),
            (
                "wrong-address",
                502,
                "The address of EM is not that of its API",
                "what happened",
                "Retrying automatically; the address is in the gateway's configuration.",
            ),
        ] {
            let texts = texts(&failure(kind, status), "EM");
            assert_eq!(
                (texts.title.as_str(), texts.detail.as_str(), texts.advice),
                (title, detail, advice)
            );
        }
    }
}
