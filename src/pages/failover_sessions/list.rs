//! The page `/failover-sessions`: the query, its results, and an imported response.

use super::builder::Builder;
use super::form::query_panel;
use super::import_view::{ImportResponse, imported_response};
use super::query::query_params;
use super::results::{Results, wire_of};
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::route::ALL_CONNECTIONS;
use crate::ui::Heading;
use leptos::prelude::*;
use vendors::veeam::MediaType;
use vendors::{Connection, System};

/// The page "Failover sessions".
#[component]
pub fn FailoverSessions() -> impl IntoView {
    let (nav, snapshot) = (use_nav(), use_watched().snapshot_untracked());
    let imported = RwSignal::new(None);
    let veeam_connections: Vec<Connection> = snapshot
        .connections
        .iter()
        .map(|state| &state.connection)
        .filter(|connection| matches!(connection.system, System::Veeam { .. }))
        .cloned()
        .collect();
    let Some(first) = veeam_connections
        .first()
        .map(|connection| connection.id.clone())
    else {
        return view! {
            <Heading text="Failover sessions" />
            <p class="panel blank">"No Veeam connection is configured."</p>
            <ImportResponse imported />
            {imported_response(imported)}
        }
        .into_any();
    };
    let mut titles: Vec<(String, String)> = veeam_connections
        .iter()
        .map(|connection| (connection.id.clone(), connection.title.clone()))
        .collect();
    if titles.len() > 1 {
        titles.push((ALL_CONNECTIONS.to_owned(), "All connections".to_owned()));
    }
    let params = Memo::new(move |_| query_params(nav));
    let builder = Builder::new(params, nav);
    let default = first.clone();
    let chosen = Memo::new(move |_| nav.param("connection").unwrap_or_else(|| first.clone()));
    let others = veeam_connections.len().saturating_sub(1);
    let all = StoredValue::new(veeam_connections);
    let queried = move |id: &str| {
        let is_queried = |connection: &&Connection| id == ALL_CONNECTIONS || connection.id == id;
        all.with_value(|all| all.iter().filter(is_queried).cloned().collect::<Vec<_>>())
    };
    let own = Memo::new(
        move |_| match queried(&chosen.read()).first().map(wire_of) {
            Some(MediaType::Xml) => "xml",
            Some(MediaType::Json) | None => "json",
        },
    );
    let results = move || {
        let id = chosen.get();
        let connections = queried(&id);
        let Some(first) = connections.first() else {
            return view! { <p class="panel blank">{format!("There is no Veeam connection “{id}”.")}</p> }.into_any();
        };
        // The list must not look complete if it leaves out sessions of other connections.
        let scope = (id != ALL_CONNECTIONS && others > 0).then(|| {
            let words = match others {
                1 => "1 other connection is not queried.".to_owned(),
                _ => format!("{others} other connections are not queried."),
            };
            let title = first.title.clone();
            let all = move || {
                nav.with_params(&[
                    ("connection", Some(ALL_CONNECTIONS)),
                    ("page", None),
                    ("session", None),
                ])
            };
            view! { <p class="asked dim">"Only sessions of "<b>{title}</b>" are shown: "{words}" "<a href=all>"All connections"</a></p> }
        });
        view! { {scope}<Results connections params builder /> }.into_any()
    };
    let panel = query_panel(params, builder, titles, default, own, imported);
    view! {
        <Heading text="Failover sessions" />
        {panel}
        {imported_response(imported)}
        {results}
    }
    .into_any()
}
