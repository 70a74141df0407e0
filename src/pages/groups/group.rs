//! The page of one group: its facts, who takes over next, its sessions.

use super::facts::Facts;
use super::sessions::Sessions;
use super::takeover::{Next, Takeover};
use crate::backend::{Arrived, Failure, send};
use crate::live::sources::detail;
use crate::live::{Feed, Group, Live, use_sources};
use crate::pages::NotFound;
use crate::route::Route;
use crate::ui::{FailureCard, Heading};
use leptos::prelude::*;
use vendors::System;
use vendors::aveva;
use web_sys::AbortController;

/// The page `/groups/{connection}/{group}`.
#[component]
pub fn GroupPage(
    /// The connection.
    connection: String,
    /// The group's id.
    group: String,
) -> impl IntoView {
    let sources = use_sources();
    let Some(source) = sources
        .find(&connection)
        .filter(|source| matches!(source.feed, Feed::Aveva(_)))
    else {
        return view! { <NotFound what=format!("There is no AVEVA connection “{connection}”.") /> }
            .into_any();
    };
    let System::Aveva(base) = source.connection.system.clone() else {
        return ().into_any();
    };
    let title = source.connection.title.clone();
    let live = {
        let (connection, group) = (connection.clone(), group.clone());
        Live::new(move |abort| whole(connection.clone(), base.clone(), group.clone(), abort))
    };
    let heading = {
        let group = group.clone();
        Signal::derive(move || {
            live.value()
                .map_or_else(|| group.clone(), |group| group.name())
        })
    };
    let state = Memo::new(move |_| (live.value().is_some(), live.failure()));
    let page = move || {
        let retry = Callback::new(move |()| live.refresh());
        let system = title.clone();
        match state.get() {
            (_, Some(failure)) if failure.is_missing() => {
                view! { <NotFound what=format!("{title} has no group “{group}”. It may have been deleted.") /> }.into_any()
            }
            (false, None) => {
                view! { <Title heading /><p class="panel note" role="status">{format!("Asking {title}…")}</p> }.into_any()
            }
            (false, Some(failure)) => view! { <Title heading /><FailureCard failure system retry /> }.into_any(),
            (true, failure) => {
                view! {
                    <Title heading />
                    {failure.map(|failure| view! { <FailureCard failure system retry /> })}
                    <Facts live connection=title.clone() />
                    <div class="cols side">
                        <Takeover live />
                        <Next live />
                    </div>
                    <Sessions live />
                }
                .into_any()
            }
        }
    };
    page.into_any()
}

#[component]
fn Title(heading: Signal<String>) -> impl IntoView {
    view! { <Heading text=heading parent=("Groups", Route::Groups.href()) /> }
}

async fn whole(
    connection: String,
    base: aveva::Base,
    group: String,
    abort: AbortController,
) -> Result<Arrived<Group>, Failure> {
    let configuration = send(&connection, &aveva::groups(&base).get(&group), Some(&abort)).await?;
    let detail = detail(&connection, &base, &group, &abort).await?;
    let value = Group {
        configuration: configuration.value,
        detail: Ok(detail.value),
    };
    Ok(Arrived {
        value,
        date: detail.date,
        age: detail.age,
    })
}
