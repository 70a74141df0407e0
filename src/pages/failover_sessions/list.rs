//! The page `/failover-sessions`: the query, what it found, and what somebody imported.

use super::builder::Builder;
use super::form::QueryForm;
use super::import_view::{ImportResponse, ImportedResponse};
use super::query::query_params;
use super::results::{Results, wire_of};
use crate::live::{Feed, Source, use_sources};
use crate::nav::use_nav;
use crate::ui::Heading;
use leptos::prelude::*;
use vendors::veeam::Wire;

/// The page.
#[component]
pub fn FailoverSessions() -> impl IntoView {
    let (nav, sources) = (use_nav(), use_sources());
    let imported = RwSignal::new(None);
    let of_veeam: Vec<Source> = sources
        .iter()
        .filter(|source| matches!(source.feed, Feed::Veeam(_)))
        .cloned()
        .collect();
    let Some(first) = of_veeam.first().map(|source| source.connection.id.clone()) else {
        return view! {
            <Heading text="Failover sessions" />
            <p class="panel blank">"No Veeam connection is configured."</p>
            <ImportResponse imported />
            <ImportedResponse imported />
        }
        .into_any();
    };
    let titles: Vec<(String, String)> = of_veeam
        .iter()
        .map(|source| {
            (
                source.connection.id.clone(),
                source.connection.title.clone(),
            )
        })
        .collect();
    let params = Memo::new(move |_| query_params(nav));
    let builder = Builder::new(params, nav);
    let default = first.clone();
    let chosen = Memo::new(move |_| nav.param("connection").unwrap_or_else(|| first.clone()));
    let all = StoredValue::new(of_veeam);
    let find = move |id: &str| {
        all.with_value(|all| all.iter().find(|one| one.connection.id == id).cloned())
    };
    let wire = Signal::derive(move || {
        let own = find(&chosen.read())
            .as_ref()
            .map_or(Wire::default(), wire_of);
        params.read().wire.unwrap_or(own)
    });
    let results = move || {
        let id = chosen.get();
        match find(&id) {
            Some(source) => view! { <Results source params builder /> }.into_any(),
            None => view! { <p class="panel blank">{format!("There is no Veeam connection “{id}”.")}</p> }.into_any(),
        }
    };
    view! {
        <Heading text="Failover sessions" />
        <QueryForm params builder titles default wire>
            <ImportResponse imported />
        </QueryForm>
        <ImportedResponse imported />
        {results}
    }
    .into_any()
}
