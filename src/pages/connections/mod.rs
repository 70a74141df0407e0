//! The page `/connections`: each system, how fresh it is, what went wrong last, which versions it has;
//! and for admins the walls.

pub mod wall_list;
pub mod walls;

use crate::api::session::Session;
use crate::live::{Source, use_clock, use_sources};
use crate::shell::Polling;
use crate::ui::{FailureCard, Heading, Icon, freshness};
use health::groups::Action;
use health::words;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::aveva::ApiVersion;
use vendors::{Connection, System};
use walls::Walls;

/// The page `/connections`.
#[component]
pub fn Connections() -> impl IntoView {
    let sources = use_sources();
    let cards: Vec<_> = sources
        .iter()
        .cloned()
        .map(|source| view! { <Card source /> })
        .collect();
    let none = cards
        .is_empty()
        .then(|| view! { <p class="panel blank">"No connection is configured."</p> });
    let session = expect_context::<Arc<Session>>();
    // Without sign-in there is nothing to pair.
    let walls = session.may_change() && session.can_sign_out;
    view! {
        <Heading text="Connections" />
        {none}
        <div class="cols cards">{cards}</div>
        {walls.then(|| view! { <Walls /> })}
    }
}

/// What a connection's configuration says, in a person's words.
fn versions(connection: &Connection) -> Vec<(&'static str, String)> {
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
            let missing = Action::ALL
                .into_iter()
                .filter_map(|action| Some(format!("{}: {}", action.name(), action.missing(base)?)));
            let missing = missing.collect::<Vec<_>>().join("; ");
            vec![
                ("Deployment", deployment),
                ("Groups", base.groups_version.as_str().to_owned()),
                ("Sessions", sessions.to_owned()),
                ("Not offered", missing),
            ]
        }
        System::Uplynk => vec![("API", "v4".to_owned())],
        System::Veeam { accept } => vec![("Asks for", accept.media_type().to_owned())],
    }
}

#[component]
fn Card(source: Source) -> impl IntoView {
    let clock = use_clock();
    let Source { connection, feed } = source;
    let status = feed.status();
    let fresh = Memo::new(move |_| status.freshness(clock));
    let age = Memo::new(move |_| status.age(clock).map(words::ago));
    let age = move || age.get().map(|age| format!(" · {age}"));
    let glyph = Signal::derive(move || freshness::glyph(fresh.get()));
    let key = move || freshness::key(fresh.get());
    let held = move || {
        let (number, things) = feed.held();
        if status.has_answered() {
            format!("{number} {things}")
        } else {
            format!("not known: its {things} were never read")
        }
    };
    let failure = Memo::new(move |_| status.failure());
    let card = {
        let title = connection.title.clone();
        move || {
            let system = title.clone();
            failure
                .get()
                .map(|failure| view! { <FailureCard failure system /> })
        }
    };
    let versions: Vec<_> = versions(&connection)
        .into_iter()
        .map(|(name, words)| view! { <div><dt>{name}</dt><dd>{words}</dd></div> })
        .collect();
    let named = format!("connection-{}", connection.id);
    let labelled = named.clone();
    view! {
        <section class="panel" aria-labelledby=labelled>
            <header>
                <h2 id=named>{connection.title.clone()}</h2>
                <p>{connection.system.vendor()}</p>
                <span class="fresh end"><span class="now" data-f=key><Icon name=glyph /><b>{move || fresh.get().word()}</b>{age}</span></span>
            </header>
            <dl class="pad facts two">
                <div><dt>"Connection id"</dt><dd><code>{connection.id.clone()}</code></dd></div>
                <div><dt>"Holds"</dt><dd>{held}</dd></div>
                <Polling status />
                {versions}
            </dl>
            {card}
            <p class="bar"><button type="button" class="btn" aria-label=format!("Refresh now {}", connection.title) on:click=move |_| status.refresh()>"Refresh now"</button></p>
        </section>
    }
}
