//! The page `/connections`: the freshness, last error and API versions of each connection, maintenance, and for
//! admins alerts and walls.

pub mod alerts;
pub mod wall_list;
pub mod walls;

use crate::api::inventory::Refresh;
use crate::api::session::Session;
use crate::live::{keyed, use_watched};
use crate::on_change::on_change;
use crate::pages::maintenance::MaintenanceList;
use crate::pages::moments::use_moments;
use crate::pages::polling::Polling;
use crate::provided::provided;
use crate::route::Route;
use crate::ui::{FailureCard, Heading, Icon, freshness};
use alerts::Alerts;
use chrono::{DateTime, Utc};
use health::groups::Action;
use health::inventory::Kind;
use health::words;
use leptos::prelude::*;
use protocol::ConnectionState;
use std::sync::Arc;
use vendors::aveva::ApiVersion;
use vendors::{Connection, System};
use walls::Walls;

/// The page `/connections`.
#[component]
pub fn Connections() -> impl IntoView {
    let connections = use_watched().connections();
    let none = move || {
        let none = connections.read().is_empty();
        none.then(|| view! { <p class="panel blank">"No connection is configured."</p> })
    };
    let session = provided::<Arc<Session>>();
    // Without sign-in, walls need no pairing.
    let walls = session.may_change() && session.can_sign_out;
    view! {
        <Heading text="Connections" />
        {none}
        <div class="cols cards">
            {keyed(move || connections.get(), |connection| format!("{connection:?}"), |connection| view! { <Card connection /> })}
        </div>
        <MaintenanceList />
        {session.may_change().then(|| view! { <Alerts /> })}
        {walls.then(|| view! { <Walls /> })}
    }
}

/// The details of a connection that the top bar shows on demand.
pub fn source(connection: Connection) -> AnyView {
    let vendor = connection.system.vendor();
    let Connection { id, title, .. } = connection;
    let name = format!("Refresh now {title}");
    let refresh = refresh_now(id.clone(), name.clone(), name);
    view! {
        <h2>{title}<small>" "{vendor}</small></h2>
        <dl class="facts two"><Polling connection=id /></dl>
        <p class="row">
            {refresh}
            <a class="end" href=Route::Connections.href()>"Connections"</a>
        </p>
    }
    .into_any()
}

/// A button that has a connection read at once, and the result.
fn refresh_now(id: String, name: String, words: String) -> AnyView {
    let (watched, moment) = (use_watched(), use_moments());
    let message = RwSignal::new(String::new());
    let asked = StoredValue::new(None);
    let id = StoredValue::new(id);
    on_change(move || {
        let Some(state) = watched.connection(&id.get_value()) else {
            return;
        };
        let at = last_attempt(&state);
        if asked.get_value().is_some_and(|asked| at > asked) {
            asked.set_value(None);
            let at = untrack(|| moment(at));
            message.set(if state.failure.is_some() {
                format!("Not refreshed: see the error of {at}.")
            } else {
                format!("Refreshed at {at}.")
            });
        }
    });
    let refresh = move |_| {
        let state = untrack(|| watched.connection(&id.get_value()));
        asked.set_value(Some(
            state.map_or(DateTime::UNIX_EPOCH, |state| last_attempt(&state)),
        ));
        message.set("Refreshing…".to_owned());
        watched.refresh(Refresh::Connection(id.get_value()));
    };
    view! {
        <button type="button" class="btn" aria-label=name on:click=refresh>{words}</button>
        <span role="status">{message}</span>
    }
    .into_any()
}

/// The time of the last complete reading or of the last error, whichever is later.
fn last_attempt(state: &ConnectionState) -> DateTime<Utc> {
    let failed = state.last_error.as_ref().map(|error| error.at);
    state.observed_at.max(failed).unwrap_or_default()
}

/// The facts from a connection's configuration, each with its label.
fn configuration(connection: &Connection) -> Vec<(&'static str, String)> {
    match &connection.system {
        System::Aveva(base) => {
            let deployment = match (&base.tenant, &base.namespace) {
                (Some(tenant), Some(namespace)) => {
                    format!("cloud, tenant {tenant}, namespace {namespace}")
                }
                _ => "on premises".to_owned(),
            };
            let sessions = match base.sessions_version {
                ApiVersion::V1 => "v1",
                ApiVersion::V1Preview => "v1-preview",
            };
            let missing = Action::ALL.into_iter().filter_map(|action| {
                let reason = action.unsupported_reason(base)?;
                Some(format!("{}: {reason}", action.name()))
            });
            let missing = missing.collect::<Vec<_>>().join("; ");
            vec![
                ("Deployment", deployment),
                ("Groups", base.groups_version.as_str().to_owned()),
                ("Sessions", sessions.to_owned()),
                ("Not available", missing),
            ]
        }
        System::Uplynk => vec![("API", "v4".to_owned())],
        System::Veeam {
            accept,
            recent_hours,
        } => vec![
            ("API", "latest".to_owned()),
            ("Response format", accept.as_str().to_owned()),
            (
                "Watched sessions",
                format!("running, or ended in the last {recent_hours} h"),
            ),
        ],
    }
}

#[component]
fn Card(connection: Connection) -> impl IntoView {
    let watched = use_watched();
    let id = StoredValue::new(connection.id.clone());
    let state = move || watched.connection(&id.get_value());
    let fresh = Memo::new(move |_| id.with_value(|id| watched.freshness(id)));
    let age = Memo::new(move |_| Some(words::ago(watched.since(state()?.observed_at?))));
    let age = move || age.get().map(|age| format!(" · {age}"));
    let key = Signal::derive(move || freshness::key(fresh.get()));
    let noun = Kind::held_by(&connection.system).noun();
    let resources = Memo::new(move |_| match state() {
        Some(state) if state.observed_at.is_some() || state.held > 0 => {
            let is_current = fresh.get().is_believable();
            let last_known = if is_current { "" } else { ", last known" };
            format!("{} {noun}{last_known}", state.held)
        }
        _ => format!("not known: its {noun} have never been read"),
    });
    let limit = Memo::new(move |_| state()?.limit.clone());
    let limit = move || {
        limit.get().map(|words| view! { <p class="panel note" data-s="warning"><Icon name="warning" />{words}</p> })
    };
    let failure = Memo::new(move |_| state()?.failure.clone());
    let card = {
        let title = connection.title.clone();
        move || {
            let (system, failure) = (title.clone(), failure.get()?);
            Some(view! { <FailureCard failure=failure.into() system /> })
        }
    };
    let configuration: Vec<_> = configuration(&connection)
        .into_iter()
        .map(|(name, words)| view! { <div><dt>{name}</dt><dd>{words}</dd></div> })
        .collect();
    let named = format!("connection-{}", connection.id);
    let labelled = named.clone();
    let name = format!("Refresh now {}", connection.title);
    let refresh = refresh_now(connection.id.clone(), name, "Refresh now".to_owned());
    view! {
        <section class="panel" aria-labelledby=labelled>
            <header>
                <h2 id=named>{connection.title.clone()}</h2>
                <p>{connection.system.vendor()}</p>
                <span class="fresh end"><span class="now" data-f=key><Icon name=key /><b>{move || fresh.get().word()}</b>{age}</span></span>
            </header>
            {limit}
            <dl class="pad facts two">
                <div><dt>"Connection id"</dt><dd><code>{connection.id.clone()}</code></dd></div>
                <div><dt>"Resources"</dt><dd>{resources}</dd></div>
                <Polling connection=connection.id.clone() with_card=true />
                {configuration}
            </dl>
            {card}
            <p class="bar">{refresh}</p>
        </section>
    }
}
