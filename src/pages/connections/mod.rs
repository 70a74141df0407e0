//! The page `/connections`: each system, how fresh it is, what went wrong last, which versions it has.

use crate::live::{Source, use_clock, use_sources};
use crate::prefs::use_prefs;
use crate::ui::{FailureCard, Heading, Icon, times};
use health::freshness::Freshness;
use health::words;
use leptos::prelude::*;
use vendors::aveva::ApiVersion;
use vendors::{Connection, System};

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
    view! {
        <Heading text="Connections" />
        {none}
        <div class="cols cards">{cards}</div>
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
                ApiVersion::V1 => "v1: role override, no put of sessions",
                ApiVersion::V1Preview => "v1-preview: put of sessions, no role override",
            };
            vec![
                ("Deployment", deployment),
                ("Groups", base.groups_version.as_str().to_owned()),
                ("Sessions", sessions.to_owned()),
            ]
        }
        System::Uplynk => vec![("API", "v4".to_owned())],
        System::Veeam { accept } => vec![("Asks for", accept.media_type().to_owned())],
    }
}

#[component]
fn Card(source: Source) -> impl IntoView {
    let (clock, prefs) = (use_clock(), use_prefs());
    let Source { connection, feed } = source;
    let freshness = Memo::new(move |_| feed.freshness(clock));
    let age = move || feed.age(clock).map(words::ago);
    let (key, glyph) = (
        move || freshness.get().word(),
        Signal::derive(move || match freshness.get() {
            Freshness::Live => "live",
            Freshness::Aging => "aging",
            Freshness::Stale => "stale",
            Freshness::NoData => "nodata",
        }),
    );
    let data = move || match freshness.get() {
        Freshness::Live => "live",
        Freshness::Aging => "aging",
        Freshness::Stale => "stale",
        Freshness::NoData => "none",
    };
    let last = move || match feed.asked() {
        Some(at) => {
            let now = clock.at(0.0);
            let zone = prefs.zone.get();
            format!(
                "{} {}",
                times::moment(at, now, times::offset(zone, now)),
                zone.word()
            )
        }
        None => "never".to_owned(),
    };
    let next = move || match feed.next_in(clock) {
        Some(wait) => format!("in {}", words::span(wait)),
        None => "now".to_owned(),
    };
    let held = move || {
        let (number, things) = feed.held();
        format!("{number} {things}")
    };
    let failure = Memo::new(move |_| feed.failure());
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
                <span class="fresh end"><span class="now" data-f=data><Icon name=glyph /><b>{key}</b>{move || age().map(|age| format!(" · {age}"))}</span></span>
            </header>
            <dl class="pad facts two">
                <div><dt>"Connection id"</dt><dd><code>{connection.id.clone()}</code></dd></div>
                <div><dt>"Holds"</dt><dd>{held}</dd></div>
                <div><dt>"Last answer"</dt><dd>{last}</dd></div>
                <div><dt>"Next try"</dt><dd>{next}</dd></div>
                {versions}
            </dl>
            {card}
            <p class="bar"><button type="button" class="btn" aria-label=format!("Refresh now {}", connection.title) on:click=move |_| feed.refresh()>"Refresh now"</button></p>
        </section>
    }
}
