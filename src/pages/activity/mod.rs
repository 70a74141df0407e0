//! The page `/activity`: what people did through this console and what the gateway saw change, newest first; and
//! the part of it on the pages of what it concerns.

pub mod diff;
pub mod entry;
pub mod export;
pub mod recent;
pub mod table;
pub mod timeline;

use crate::api::activity::ActivityKind;
use crate::api::session::Session;
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::prefs::use_prefs;
use crate::provided::provided;
use crate::route::Route;
use crate::ui::table::filters::{
    Select, is_severity, is_system, known, severity_filter, system_filter,
};
use crate::ui::time_zone::{clock, entered_moment, local_text};
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

/// Of one group's own page: who led it, or what was on air, over time, and what has happened to it.
pub fn history(resource: ResourceKey) -> AnyView {
    view! { <timeline::Timeline resource=resource.clone() /><recent::RecentActivity resource /> }
        .into_any()
}

/// The parameters of the address that filter.
const FILTERS: [&str; 8] = [
    "system",
    "connection",
    "resource",
    "kind",
    "severity",
    "person",
    "from",
    "to",
];

/// The page.
#[component]
pub fn Activity() -> impl IntoView {
    let nav = use_nav();
    let query = Memo::new(move |_| {
        let given = FILTERS.into_iter().filter_map(|name| {
            let value = nav.param(name)?;
            // What there is not counts as absent.
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

/// What several entries of a kind are called.
fn plural(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Change => "Changes by people",
        ActivityKind::Handling => "Acknowledgements and maintenance",
        ActivityKind::Access => "Sign-ins, refusals and walls",
        ActivityKind::Seen(kind) => match kind {
            EventKind::Failover => "Failovers",
            EventKind::Pending => "Pending primaries",
            EventKind::Member => "Sessions and slicers that come and go",
            EventKind::Heartbeat => "Heartbeats of sessions",
            EventKind::Override => "Role overrides",
            EventKind::Order => "Slicer orders",
            EventKind::Setting => "Settings",
            EventKind::Eligibility => "Eligibility of slicers",
            EventKind::Run => "Cloud failover sessions",
            EventKind::Resource => "Groups that come and go",
            EventKind::Alarm => "Alarms",
            EventKind::Watching => "Starts of the gateway",
        },
    }
}

/// The connections that can be chosen: their ids and titles. One that is no longer configured has a history all the same.
#[must_use]
pub fn connection_options() -> Vec<(String, String)> {
    let snapshot = use_watched().snapshot_untracked();
    let connections = snapshot.connections.iter().map(|state| &state.connection);
    let connections = connections.map(|one| (one.id.clone(), one.title.clone()));
    let mut connections: Vec<_> = connections.collect();
    let asked = untrack(|| use_nav().param("connection"));
    let former = asked.filter(|id| connections.iter().all(|(known, _)| known != id));
    connections.extend(former.map(|id| (id.clone(), id)));
    connections
}

/// The moment from which on all is recorded that is kept, where the gateway watched before it. Elsewhere nothing is known
/// from before the gateway started watching.
fn kept_since(
    complete_since: Option<DateTime<Utc>>,
    watched_since: impl Iterator<Item = Option<DateTime<Utc>>>,
) -> Option<DateTime<Utc>> {
    let first = watched_since.flatten().min()?;
    complete_since.filter(|since| first <= *since)
}

/// Why a list has no entries. `never` is the sentence where everything since the gateway began to watch is kept; else it
/// says since when entries are kept. `of` is the id of the connection that the list is about; `None` for all.
fn nothing(complete_since: Option<DateTime<Utc>>, of: Option<&str>, never: &str) -> String {
    let (watched, prefs) = (use_watched(), use_prefs());
    let snapshot = watched.snapshot_untracked();
    let connections = snapshot.connections.iter();
    let connections = connections.filter(|one| of.is_none_or(|id| one.connection.id == id));
    match kept_since(complete_since, connections.map(|one| one.watched_since)) {
        Some(since) => {
            let since = times::moment(since, watched.now_by_day(), prefs.zone.get());
            format!("Nothing is recorded since {since}.")
        }
        None => never.to_owned(),
    }
}

/// A text that writes one parameter of the address.
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

/// A time on the clocks of the zone on the screen; the address holds it in UTC.
#[component]
pub fn TimeFilter(
    /// What it is called.
    label: &'static str,
    /// The parameter of the address.
    param: &'static str,
) -> impl IntoView {
    let (nav, prefs) = (use_nav(), use_prefs());
    let shown = move || {
        let text = nav.param(param)?;
        // As the gateway reads it: in UTC, and the beginning of a day.
        let mut whole = ["", "Z", ":00Z", "T00:00:00Z"].into_iter();
        let at = whole.find_map(|rest| json::moment(&format!("{text}{rest}")))?;
        let zone = prefs.zone.get();
        Some(local_text(at, &|at| times::offset(zone, at)))
    };
    // Whether the time that is being entered has a step in the history. Each further key makes none.
    let has_step = StoredValue::new(false);
    let change = move |event| {
        let text = event_target_value(&event);
        // A year of which the first digits are typed: 2, 20, 202.
        if text.starts_with('0') {
            return;
        }
        let zone = prefs.zone.get_untracked();
        let zone = move |at| times::offset(zone, at);
        let time = clock(&text);
        // An event may come without a change, and what is shown may stand for two moments.
        if time.is_some() && time == untrack(shown).and_then(|shown| clock(&shown)) {
            return;
        }
        let at = time.map(|time| entered_moment(time, param == "to", &zone));
        let value = at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let href = nav.with_params(&[(param, value.as_deref())]);
        if has_step.get_value() {
            nav.replace(&href);
        } else {
            has_step.set_value(true);
            nav.go(&href);
        }
    };
    // What was not taken over does not stand there as if it were in force.
    let leave = move |event: leptos::ev::FocusEvent| {
        // The field keeps the focus while another window has it.
        if document().has_focus() != Ok(true) {
            return;
        }
        // With the page, the field is left as well.
        let _ = has_step.try_set_value(false);
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
    fn what_is_no_longer_kept_is_told_only_where_somebody_watched_before() {
        let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-04-01T00:00:00Z"));
        for (complete, watched, told) in [
            (Some(late), vec![Some(early)], Some(late)),
            (Some(late), vec![None, Some(late), Some(early)], Some(late)),
            // Of a gateway that is new, what is kept begins before it.
            (Some(early), vec![Some(late)], None),
            (Some(late), vec![None], None),
            (Some(late), vec![], None),
            (None, vec![Some(early)], None),
        ] {
            let kept = kept_since(complete, watched.iter().copied());
            assert_eq!(kept, told, "{complete:?} {watched:?}");
        }
    }
}
