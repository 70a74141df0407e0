//! The newest entries about one resource, for its page, and the newest changes of all resources, for the overview.

use super::empty_text;
use super::entry::{outcome, resource_name, what};
use super::table::time;
use crate::api::activity::ActivityEntry;
use crate::live::activity::feed;
use crate::live::{keyed, use_watched};
use crate::on_change::on_change;
use crate::pages::last_known::{last_known_note, loading};
use crate::route::Route;
use crate::ui::StatusMark;
use health::events::EventKind;
use health::inventory::ResourceKey;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::operation::percent_encoded;

/// Number of entries shown.
const SHOWN: usize = 8;

/// The list "Activity" of one resource.
#[component]
pub fn RecentActivity(
    /// The resource.
    resource: ResourceKey,
) -> impl IntoView {
    let query = format!(
        "connection={}&resource={}",
        percent_encoded(&resource.connection),
        percent_encoded(&resource.id)
    );
    let connection = Some(resource.connection);
    view! { <Recent query connection title="Activity" of=" of this resource" id="activity" with_names=false /> }
}

/// The list "Recent changes" of all resources.
#[component]
pub fn RecentChanges() -> impl IntoView {
    // Left out: alarms, which the overview lists above; heartbeats, which do not affect a group; and sign-ins.
    let kinds = EventKind::ALL
        .into_iter()
        .filter(|kind| !matches!(kind, EventKind::Alarm | EventKind::Heartbeat));
    let kinds = kinds.map(EventKind::key).collect::<Vec<_>>().join(",");
    view! { <Recent query=format!("kind=change,{kinds}") connection=None title="Recent changes" of=" of recent changes" id="recent" with_names=true /> }
}

#[component]
fn Recent(
    /// The filters as a query string.
    query: String,
    /// The id of the connection that the list is about; `None` for all.
    connection: Option<String>,
    title: &'static str,
    /// The end of the link's accessible name.
    of: &'static str,
    id: &'static str,
    /// Whether each entry names its resource.
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
        let words = empty_text(answer.complete_since, connection.as_deref(), never);
        Some(view! { <p class="blank">{words}</p> })
    };
    view! {
        <section class="panel recent" aria-labelledby=id>
            <header><h2 id=id>{title}</h2><a class="more end" href=all>"All activity"<span class="vh">{of}</span></a></header>
            {failure}
            {last_known_note(feed.newest.status)}
            {nothing}
            <ul class="rows pad" aria-label=title>
                {keyed(move || shown.get(), |entry| format!("{} {}", entry.number, entry.outcome), move |entry| item(&entry, with_names))}
            </ul>
            // Below the list, so that the list does not move.
            {loading(feed.newest.status)}
        </section>
    }
}

fn item(entry: &Arc<ActivityEntry>, with_names: bool) -> impl IntoView + use<> {
    let resource = resource_name(entry, use_watched());
    let name = (with_names && !resource.is_empty()).then(|| view! { <b>{resource}</b>": " });
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
            <span class="what">{name}{what(entry).into_owned()}{by}</span>
            {time(entry.at)}
        </li>
    }
}
