//! The page `/activity`: what people did through this console and what the gateway saw change, newest first. Also the
//! activity of one resource, which its page shows.

pub mod diff;
pub mod entry;
pub mod export;
pub mod recent;
pub mod table;
pub mod timeline;

use crate::api::activity::{ACTIVITY_FILTERS, ActivityKind};
use crate::api::session::Session;
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::prefs::use_prefs;
use crate::provided::provided;
use crate::route::Route;
use crate::ui::table::filters::{
    Select, is_severity, is_system, known, severity_filter, system_filter,
};
use crate::ui::time_zone::{entered_moment, local_text, parse_local};
use crate::ui::{Heading, times};
use chrono::{DateTime, SecondsFormat, Utc};
use export::Export;
use health::events::EventKind;
use health::inventory::ResourceKey;
use health::severity::Severity;
use leptos::prelude::*;
use std::sync::Arc;
use table::ActivityTable;
use vendors::json;
use vendors::operation::percent_encoded;
use web_sys::HtmlInputElement;

pub use recent::RecentChanges;

/// The history of one group, for its page: the primary or the slicer on air over time, and the recent activity.
pub fn history(resource: ResourceKey) -> AnyView {
    view! { <timeline::Timeline resource=resource.clone() /><recent::RecentActivity resource /> }
        .into_any()
}

/// The page "Activity".
#[component]
pub fn Activity() -> impl IntoView {
    let nav = use_nav();
    let query = Memo::new(move |_| {
        let given = ACTIVITY_FILTERS.into_iter().filter_map(|name| {
            let value = nav.param(name)?;
            // An unknown value counts as absent.
            let value = match name {
                "system" => known(&value, is_system),
                "severity" => known(&value, is_severity),
                "kind" => known(&value, |key| {
                    ActivityKind::all().any(|kind| kind.key() == key)
                }),
                _ => Some(value),
            };
            Some(format!("{name}={}", percent_encoded(&value?)))
        });
        given.collect::<Vec<_>>().join("&")
    });
    let table = move || {
        let query = query.get();
        let is_filtered = !query.is_empty();
        view! { <ActivityTable query is_filtered everything=Route::Activity.href() /> }
    };
    view! {
        <Heading text="Activity" />
        <Filters />
        <div class="row">{move || view! { <Export query=query.get() /> }}<a class="btn" href=Route::Report.href()>"Report"</a></div>
        {table}
    }
}

#[component]
fn Filters() -> impl IntoView {
    let may_see_access = provided::<Arc<Session>>().may_change();
    let kinds = ActivityKind::all()
        .filter(|kind| may_see_access || *kind != ActivityKind::Access)
        .map(|kind| (kind.key().to_owned(), plural(kind).to_owned()));
    view! {
        <search class="row filters" aria-label="Filters">
            {system_filter()}
            <Select label="Connection" param="connection" all="all" options=connection_options() />
            <Select label="Kind" param="kind" all="all" options=kinds.collect() />
            {severity_filter(&Severity::ALL)}
            <TextFilter label="Resource" param="resource" />
            <TextFilter label="Person" param="person" />
            <TimeFilter label="From" param="from" />
            <TimeFilter label="To" param="to" />
        </search>
    }
}

/// The plural name of a kind of entries.
fn plural(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Change => "Changes by people",
        ActivityKind::Handling => "Acknowledgements and maintenance",
        ActivityKind::Access => "Sign-ins, refusals and walls",
        ActivityKind::Event(kind) => match kind {
            EventKind::Failover => "Failovers",
            EventKind::Pending => "Pending primaries",
            EventKind::Member => "Sessions and slicers added or removed",
            EventKind::Heartbeat => "Heartbeats of sessions",
            EventKind::Override => "Role overrides",
            EventKind::Order => "Slicer orders",
            EventKind::Setting => "Settings",
            EventKind::Eligibility => "Eligibility of slicers",
            EventKind::Run => "Cloud failover sessions",
            EventKind::Resource => "Groups added or removed",
            EventKind::Alarm => "Alarms",
            EventKind::Watching => "Gateway starts",
        },
    }
}

/// The ids and titles of the connections to choose from. A connection that the address names is included even if it is
/// no longer configured, because its history is kept.
#[must_use]
pub fn connection_options() -> Vec<(String, String)> {
    let snapshot = use_watched().snapshot_untracked();
    let connections = snapshot.connections.iter().map(|state| &state.connection);
    let connections =
        connections.map(|connection| (connection.id.clone(), connection.title.clone()));
    let mut connections: Vec<_> = connections.collect();
    let chosen = untrack(|| use_nav().param("connection"));
    let former = chosen.filter(|id| connections.iter().all(|(known, _)| known != id));
    connections.extend(former.map(|id| (id.clone(), id)));
    connections
}

/// The moment since which the kept entries are complete, if the gateway was watching before it: older entries were then
/// deleted. `None` if there never were older entries.
fn kept_since(
    complete_since: Option<DateTime<Utc>>,
    watched_since: impl Iterator<Item = Option<DateTime<Utc>>>,
) -> Option<DateTime<Utc>> {
    let first = watched_since.flatten().min()?;
    complete_since.filter(|since| first <= *since)
}

/// Why a list has no entries. `never` is the text if no entries were deleted; otherwise the text names the time since
/// which entries are kept. `connection` is the id of the connection that the list is about; `None` for all.
fn empty_text(
    complete_since: Option<DateTime<Utc>>,
    connection: Option<&str>,
    never: &str,
) -> String {
    let (watched, prefs) = (use_watched(), use_prefs());
    let snapshot = watched.snapshot_untracked();
    let connections = snapshot.connections.iter();
    let connections =
        connections.filter(|state| connection.is_none_or(|id| state.connection.id == id));
    match kept_since(complete_since, connections.map(|state| state.watched_since)) {
        Some(since) => {
            let since = times::moment(since, watched.now_by_day(), prefs.zone.get());
            format!("No entries since {since}. Older entries are no longer kept.")
        }
        None => never.to_owned(),
    }
}

/// A text field for one URL parameter.
#[component]
fn TextFilter(label: &'static str, param: &'static str) -> impl IntoView {
    let nav = use_nav();
    let shown = move || nav.param(param).unwrap_or_default();
    let change = move |event| {
        let value = event_target_value(&event).trim().to_owned();
        if value != shown() {
            nav.go(&nav.with_params(&[(param, Some(&value))]));
        }
    };
    view! {
        <label class="pick"><span>{label}</span>
            <input type="text" size="14" data-set=move || (!shown().is_empty()).then_some("") spellcheck="false" autocomplete="off" prop:value=shown on:change=change />
        </label>
    }
}

/// A field for a time in the chosen time zone; the address holds it in UTC.
#[component]
pub fn TimeFilter(
    /// The field's label.
    label: &'static str,
    /// The URL parameter.
    param: &'static str,
) -> impl IntoView {
    let (nav, prefs) = (use_nav(), use_prefs());
    let shown = move || {
        let text = nav.param(param)?;
        // The gateway reads an incomplete time the same way: in UTC, and a date as the start of its day.
        let mut endings = ["", "Z", ":00Z", "T00:00:00Z"].into_iter();
        let at = endings.find_map(|ending| json::moment(&format!("{text}{ending}")))?;
        let zone = prefs.zone.get();
        Some(local_text(at, &|at| times::offset(zone, at)))
    };
    // Whether this edit has added an entry to the browser's history. Further keys replace that entry.
    let has_history_entry = StoredValue::new(false);
    let change = move |event| {
        let text = event_target_value(&event);
        // A leading zero is a year that is still being typed: 0002, 0020, 0202.
        if text.starts_with('0') {
            return;
        }
        let zone = prefs.zone.get_untracked();
        let zone = move |at| times::offset(zone, at);
        let time = parse_local(&text);
        // Without a change the address stays: a local time that occurs twice must not switch to the other moment.
        if time.is_some() && time == untrack(shown).and_then(|shown| parse_local(&shown)) {
            return;
        }
        let at = time.map(|time| entered_moment(time, param == "to", &zone));
        let value = at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let href = nav.with_params(&[(param, value.as_deref())]);
        if has_history_entry.get_value() {
            nav.replace(&href);
        } else {
            has_history_entry.set_value(true);
            nav.go(&href);
        }
    };
    // An incomplete entry is replaced by the time in force when the field loses the focus.
    let leave = move |event: leptos::ev::FocusEvent| {
        // The event also comes when another window gets the focus; then the edit continues afterwards.
        if document().has_focus() != Ok(true) {
            return;
        }
        // Fails if the page is already disposed: leaving the page also ends the edit.
        let _ = has_history_entry.try_set_value(false);
        let field = event_target::<HtmlInputElement>(&event);
        field.set_value(&shown().unwrap_or_default());
    };
    view! {
        <label class="pick"><span>{label}</span>
            <input type="datetime-local" step="1" aria-label=label data-set=move || shown().map(|_| "") prop:value=move || shown().unwrap_or_default() on:change=change on:focusout=leave />
            <small>{move || prefs.zone.get().word()}</small>
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::kept_since;
    use crate::ui::time_zone::tests::at;

    #[test]
    fn deleted_entries_are_mentioned_only_if_the_gateway_watched_before() {
        let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-04-01T00:00:00Z"));
        for (complete, watched, expected) in [
            (Some(late), vec![Some(early)], Some(late)),
            (Some(late), vec![None, Some(late), Some(early)], Some(late)),
            // The gateway is newer than the oldest entry that would be kept.
            (Some(early), vec![Some(late)], None),
            (Some(late), vec![None], None),
            (Some(late), vec![], None),
            (None, vec![Some(early)], None),
        ] {
            let kept = kept_since(complete, watched.iter().copied());
            assert_eq!(kept, expected, "{complete:?} {watched:?}");
        }
    }
}
