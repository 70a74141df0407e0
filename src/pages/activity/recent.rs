//! The newest entries about one resource, on its page; and the newest changes of all, on the overview.

use super::entry::{outcome, resource_name, what};
use super::nothing;
use super::table::time;
use crate::api::activity::ActivityEntry;
use crate::live::activity::feed;
use crate::live::{keyed, use_watched};
use crate::on_change::on_change;
use crate::pages::last_known::{aged, loading};
use crate::route::Route;
use crate::ui::StatusMark;
use health::events::EventKind;
use health::inventory::ResourceKey;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::operation::percent_encoded;

/// How many entries are shown.
const SHOWN: usize = 8;

/// What of the activity concerns one resource.
#[component]
pub fn RecentActivity(
    /// The resource.
    resource: ResourceKey,
) -> impl IntoView {
    let of = format!(
        "connection={}&resource={}",
        percent_encoded(&resource.connection),
        percent_encoded(&resource.id)
    );
    let connection = Some(resource.connection);
    view! { <Recent query=of connection title="Activity" of=" of this resource" id="activity" with_names=false /> }
}

/// What people and systems changed last, of everything.
#[component]
pub fn RecentChanges() -> impl IntoView {
    // Alarms stand above, heartbeats of single sessions change nothing by themselves, and sign-ins change nothing.
    let kinds = EventKind::ALL
        .into_iter()
        .filter(|kind| !matches!(kind, EventKind::Alarm | EventKind::Heartbeat));
    let kinds = kinds.map(EventKind::key).collect::<Vec<_>>().join(",");
    view! { <Recent query=format!("kind=change,{kinds}") connection=None title="Recent changes" of=" of recent changes" id="recent" with_names=true /> }
}

#[component]
fn Recent(
    /// What is asked, as it stands in an address.
    query: String,
    /// The id of the connection that it concerns; `None` for all.
    connection: Option<String>,
    title: &'static str,
    /// The end of the link's name.
    of: &'static str,
    id: &'static str,
    /// Whether each says which resource it concerns.
    with_names: bool,
) -> impl IntoView {
    let all = format!("{}?{query}", Route::Activity.href());
    let feed = feed(format!("{query}&limit={SHOWN}"));
    let shown = Memo::new(move |_| {
        let mut entries = feed.entries();
        entries.truncate(SHOWN);
        entries
    });
    on_change(move || {
        shown.track();
        feed.trim(false);
    });
    let failure = move || {
        let failure = feed.newest.status.failure()?;
        Some(
            view! { <p class="blank wrong">{format!("The activity could not be read: {}.", failure.line())}</p> },
        )
    };
    let nothing = move || {
        let answer = feed.newest.value().filter(|_| shown.read().is_empty())?;
        let never = "Nothing has changed since the gateway started watching.";
        let words = nothing(answer.complete_since, connection.as_deref(), never);
        Some(view! { <p class="blank">{words}</p> })
    };
    view! {
        <section class="panel recent" aria-labelledby=id>
            <header><h2 id=id>{title}</h2><a class="more end" href=all>"All activity"<span class="vh">{of}</span></a></header>
            {failure}
            {aged(feed.newest.status)}
            {nothing}
            <ul class="rows pad" aria-label=title>
                {keyed(move || shown.get(), |entry| format!("{} {}", entry.number, entry.outcome), move |entry| item(&entry, with_names))}
            </ul>
            // Below the list, which so stays where it is.
            {loading(feed.newest.status)}
        </section>
    }
}

fn item(entry: &Arc<ActivityEntry>, with_names: bool) -> impl IntoView + use<> {
    let resource = resource_name(entry, use_watched());
    let named = (with_names && !resource.is_empty()).then(|| view! { <b>{resource}</b>": " });
    let outcome = outcome(entry);
    let by = match (entry.who.as_str(), outcome.as_str()) {
        ("", "") => String::new(),
        ("", outcome) => format!(" ({outcome})"),
        (who, "") => format!(" by {who}"),
        (who, outcome) => format!(" by {who} ({outcome})"),
    };
    let severity = entry.severity;
    view! {
        <li>
            <StatusMark severity=Signal::stored(severity) word=Signal::stored(severity.word().to_owned()) />
            <span class="what">{named}{what(entry).into_owned()}{by}</span>
            {time(entry.at)}
        </li>
    }
}
