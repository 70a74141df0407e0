//! The table "Activity": the newest entries, and older ones on demand.

use super::diff::{Side, diff};
use super::empty_text;
use super::entry::{connection_title, outcome, resource_name, what};
use crate::api::activity::{ActivityEntry, ActivityKind};
use crate::live::activity::{Feed, feed};
use crate::live::{keyed, use_watched};
use crate::on_change::on_change;
use crate::pages::last_known::gateway_problems;
use crate::pages::moments::use_moments;
use crate::route::Route;
use crate::ui::{Tag, error_line, focus, name, times};
use chrono::{DateTime, Utc};
use health::events::EventKind;
use leptos::prelude::*;
use std::sync::Arc;
use web_sys::{Element, HtmlTableSectionElement as Tbody};

/// Maximum number of entries drawn, so that the page does not grow while somebody reads on.
const MAX_DRAWN: usize = 100;

/// Maximum number of entries that "Show older entries" adds.
const STEP: usize = 50;

/// The table of the entries that match a query.
#[component]
pub fn ActivityTable(
    /// The filters as a query string.
    query: String,
    /// Whether the query filters.
    is_filtered: bool,
    /// The address of the page without filters.
    everything: String,
) -> impl IntoView {
    let feed = feed(query);
    // The first entry shown. While somebody reads further down, newer entries are held back, so that nothing moves.
    let top = RwSignal::new(None::<(DateTime<Utc>, i64)>);
    // Whether older entries are shown instead of the newest.
    let shows_older = StoredValue::new(false);
    on_change(move || {
        let entries = feed.entries();
        let first = entries.first().map(|entry| position(entry));
        let last = entries.last().map(|entry| position(entry));
        let reads_below = shows_older.get_value() || !is_at_top();
        feed.trim(reads_below);
        // After a complete reload the list may no longer contain the entries that somebody was reading.
        if !reads_below || last > top.get_untracked() {
            shows_older.set_value(false);
            top.set(first);
        }
    });
    let all = Memo::new(move |_| feed.entries());
    // Number of newer entries held back above the first one shown.
    let above = Memo::new(move |_| {
        let is_above = |entry: &ActivityEntry| top.get().is_some_and(|top| position(entry) > top);
        all.read().iter().filter(|entry| is_above(entry)).count()
    });
    let shown = Memo::new(move |_| {
        let all = all.read();
        let shown = all.iter().skip(above.get()).take(MAX_DRAWN);
        shown.cloned().collect::<Vec<_>>()
    });
    let show_newest = move |_| {
        // This button is about to disappear, so the focus moves to the table.
        focus(".activity .scroll");
        if let Some(main) = document().get_element_by_id("main") {
            main.set_scroll_top(0);
        }
        shows_older.set_value(false);
        top.set(all.read_untracked().first().map(|entry| position(entry)));
    };
    let newer = move || {
        (above.get() > 0).then(|| {
            let words = move || match above.get() {
                1 => "Show 1 newer entry".to_owned(),
                number => format!("Show {number} newer entries"),
            };
            view! { <p class="bar newer"><button type="button" class="btn" on:click=show_newest>{words}</button></p> }
        })
    };
    let has_older =
        Memo::new(move |_| feed.has_older() || all.read().len() > above.get() + MAX_DRAWN);
    let body = NodeRef::new();
    // Shows older entries that are already loaded; the row that was the last one keeps its position on the screen.
    let show_loaded = move || {
        let (all, above) = (all.read_untracked(), above.get_untracked());
        let undrawn = all.len().saturating_sub(above + MAX_DRAWN);
        let Some(entry) = all.get(above + undrawn.min(STEP)) else {
            return;
        };
        let last = body
            .get_untracked()
            .and_then(|body: Tbody| body.last_element_child());
        shows_older.set_value(true);
        top.set(Some(position(entry)));
        if let Some(last) = last {
            keep_on_screen(last);
        }
    };
    let show_older = move |()| {
        if all.read_untracked().len() > above.get_untracked() + MAX_DRAWN {
            show_loaded();
        } else {
            feed.read_older(show_loaded);
        }
    };
    let nothing = move || {
        let answer = feed.newest.value().filter(|_| shown.read().is_empty())?;
        let all = is_filtered.then(|| view! { <a href=everything.clone()>"Show everything"</a> });
        let words = if is_filtered {
            "No entry matches.".to_owned()
        } else {
            let never = "Nothing has happened since the gateway started watching.";
            empty_text(answer.complete_since, None, never)
        };
        Some(view! { <p class="blank">{words}" "{all}</p> })
    };
    let summary = move || {
        let (above, number) = (above.get(), shown.read().len());
        let (first, last) = (above + 1, above + number);
        match (above, number) {
            (_, 0) if feed.is_read() => "0 entries".to_owned(),
            (_, 0) if feed.newest.status.failure().is_none() => "Loading…".to_owned(),
            (_, 0) => String::new(),
            (0, 1) => "1 entry".to_owned(),
            (0, _) if has_older.get() => format!("The newest {number} entries"),
            (0, _) => format!("{number} entries"),
            _ if feed.has_older() => format!("Entries {first} to {last}"),
            _ => format!("Entries {first} to {last} of {}", all.read().len()),
        }
    };
    view! {
        {gateway_problems(feed.newest.status)}
        <section class="panel activity">
            {newer}
            <div class="scroll" tabindex="0" role="region" aria-label="Activity, scrollable">
                <table>
                    <caption class="vh">"Activity"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Time"</th>
                            <th scope="col">"What"</th>
                            <th scope="col">"Resource"</th>
                            <th scope="col">"Connection"</th>
                            <th scope="col">"Who"</th>
                            <th scope="col">"Severity"</th>
                        </tr>
                    </thead>
                    <tbody node_ref=body>
                        {keyed(move || shown.get(), |entry| format!("{} {}", entry.number, entry.outcome), |entry| row(&entry))}
                    </tbody>
                </table>
            </div>
            {nothing}
            <p class="bar"><span role="status">{summary}</span><Older feed has_older show_older=Callback::new(show_older) /></p>
        </section>
    }
}

fn position(entry: &ActivityEntry) -> (DateTime<Utc>, i64) {
    (entry.at, entry.number)
}

/// Whether the page is scrolled to its top.
fn is_at_top() -> bool {
    let main = document().get_element_by_id("main");
    main.is_none_or(|main| main.scroll_top() == 0)
}

/// Scrolls the page so that a row keeps its position on the screen when rows above it are removed.
fn keep_on_screen(row: Element) {
    let top = row.get_bounding_client_rect().top();
    request_animation_frame(move || {
        if let Some(main) = document().get_element_by_id("main") {
            main.scroll_by_with_x_and_y(0.0, row.get_bounding_client_rect().top() - top);
        }
    });
}

#[component]
fn Older(feed: Feed, has_older: Memo<bool>, show_older: Callback<()>) -> impl IntoView {
    let words = move || {
        if feed.is_reading.get() {
            "Loading…"
        } else {
            "Show older entries"
        }
    };
    let wrong = move || {
        let failure = feed.failure.get()?;
        Some(error_line(format!("{}.", failure.line())))
    };
    view! {
        <div role="status">{wrong}</div>
        {move || has_older.get().then(|| view! {
            <button type="button" class="btn" aria-disabled=move || feed.is_reading.get().then_some("true") on:click=move |_| show_older.run(())>{words}</button>
        })}
    }
}

fn row(entry: &Arc<ActivityEntry>) -> impl IntoView + use<> {
    let watched = use_watched();
    let severity = entry.severity;
    let word = severity.word().to_owned();
    let (resource, connection) = (
        resource_name(entry, watched),
        connection_title(entry, watched),
    );
    let resource = match &entry.resource {
        Some(key) => {
            view! { <a href=Route::of(key).href()>{name(move || resource.clone())}</a> }.into_any()
        }
        None if resource.is_empty() => "–".into_any(),
        None => name(move || resource.clone()),
    };
    let dash = |text: String| {
        if text.is_empty() {
            "–".into_any()
        } else {
            name(move || text.clone())
        }
    };
    let from = entry.from.clone();
    let from = (!from.is_empty()).then(|| view! { <span class="sub">{from}</span> });
    let outcome = outcome(entry);
    let outcome = (!outcome.is_empty()).then(|| view! { <span class="sub">{outcome}</span> });
    view! {
        <tr>
            <td>{time(entry.at)}</td>
            <th scope="row">{what(entry).into_owned()}{outcome}{details(entry)}</th>
            <td>{resource}</td>
            <td>{dash(connection)}</td>
            <td>{dash(entry.who.clone())}{from}</td>
            <td><Tag severity=Signal::stored(severity) word=Signal::stored(word) /></td>
        </tr>
    }
}

/// A time in the chosen time zone.
pub(super) fn time(at: DateTime<Utc>) -> impl IntoView {
    let moment = use_moments();
    let words = move || moment(at);
    view! { <time datetime=times::datetime_attribute(at)>{words}</time> }
}

/// The values before and after a change, and the ids that find it in other systems.
fn details(entry: &Arc<ActivityEntry>) -> Option<impl IntoView + use<>> {
    let (shown, moment) = (Arc::clone(entry), use_moments());
    let lines = move || match shown.kind {
        // Here `before` is not a state but the time since which nothing was observed, for reports.
        ActivityKind::Event(EventKind::Watching | EventKind::Alarm | EventKind::Resource) => {
            Vec::new()
        }
        _ => diff(shown.before.as_deref(), shown.after.as_deref(), &moment),
    };
    let ids = [
        (
            "Request",
            Some(entry.request.clone()).filter(|id| !id.is_empty()),
        ),
        ("Operation", entry.operation_id.clone()),
    ];
    if untrack(&lines).is_empty() && ids.iter().all(|(_, id)| id.is_none()) {
        return None;
    }
    let has_before = entry.before.is_some();
    let draw = move |(side, line)| match side {
        Side::Before => {
            view! { <li><del><span class="vh">"Before: "</span>{line}</del></li> }.into_any()
        }
        Side::After if has_before => {
            view! { <li><ins><span class="vh">"Now: "</span>{line}</ins></li> }.into_any()
        }
        Side::After | Side::Both => view! { <li>{line}</li> }.into_any(),
    };
    let ids: Vec<_> = ids
        .into_iter()
        .filter_map(|(name, id)| Some((name, id?)))
        .map(|(name, id)| view! { <p class="sub">{name}" "<code>{id}</code></p> })
        .collect();
    let words = if has_before {
        "Before and after"
    } else {
        "Details"
    };
    Some(view! {
        <details>
            <summary>{words}</summary>
            <ul class="diff">{move || lines().into_iter().map(draw).collect_view()}</ul>
            {ids}
        </details>
    })
}
