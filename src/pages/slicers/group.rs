//! The page of one slicer group: what is on air, the slicers in their order, how it fails over.

use super::model::name;
use super::on_air::{Facts, OnAirCard, Settings};
use super::order::SlicerOrder;
use crate::backend::send;
use crate::live::{Feed, Live, use_sources};
use crate::pages::NotFound;
use crate::route::Route;
use crate::ui::{FailureCard, Heading};
use leptos::prelude::*;
use vendors::uplynk;

/// The page `/slicers/{connection}/{group}`.
#[component]
pub fn SlicerGroupPage(
    /// The connection.
    connection: String,
    /// The group's id.
    group: String,
) -> impl IntoView {
    let sources = use_sources();
    let Some(source) = sources
        .find(&connection)
        .filter(|source| matches!(source.feed, Feed::Uplynk(_)))
    else {
        return view! { <NotFound what=format!("There is no Uplynk connection “{connection}”.") /> }.into_any();
    };
    let title = source.connection.title.clone();
    let live = {
        let group = group.clone();
        Live::new(move |abort| {
            let (connection, group) = (connection.clone(), group.clone());
            async move { send(&connection, &uplynk::groups().get(&group), Some(&abort)).await }
        })
    };
    let heading = {
        let group = group.clone();
        Signal::derive(move || {
            live.value()
                .map_or_else(|| group.clone(), |group| name(&group))
        })
    };
    let state = Memo::new(move |_| (live.value().is_some(), live.failure()));
    let page = move || {
        let retry = Callback::new(move |()| live.refresh());
        let system = title.clone();
        match state.get() {
            (_, Some(failure)) if failure.is_missing() => {
                view! { <NotFound what=format!("{title} has no slicer failover group “{group}”.") /> }.into_any()
            }
            (false, None) => {
                view! { <Title heading /><p class="panel note" role="status">{format!("Asking {title}…")}</p> }.into_any()
            }
            (false, Some(failure)) => view! { <Title heading /><FailureCard failure system retry /> }.into_any(),
            (true, failure) => view! {
                <Title heading />
                {failure.map(|failure| view! { <FailureCard failure system retry /> })}
                <Facts live connection=title.clone() />
                <div class="cols lead">
                    <div class="cols">
                        <OnAirCard live />
                        <Settings live />
                    </div>
                    <SlicerOrder live />
                </div>
            }
            .into_any(),
        }
    };
    page.into_any()
}

#[component]
fn Title(heading: Signal<String>) -> impl IntoView {
    view! { <Heading text=heading parent=("Slicers", Route::Slicers.href()) /> }
}
