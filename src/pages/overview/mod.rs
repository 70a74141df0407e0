//! The page `/`: the alarms, worst first, a summary of each system, and recent changes.

pub mod summary;

use super::activity::RecentChanges;
use super::alarms::{AlarmDialog, ShownAlarm, alarm_list, alarms, filters, similar_alarms};
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::route::Route;
use crate::ui::Heading;
use crate::ui::table::filters::{severity_filter, system_filter};
use health::severity::Severity;
use leptos::html;
use leptos::prelude::*;
use summary::Summaries;

/// The page `/`.
#[component]
pub fn Overview() -> impl IntoView {
    let (open, handled) = (alarms(false), alarms(true));
    let watched = use_watched();
    let connections = watched.connections();
    let is_unfolded = RwSignal::new(false);
    let dialog = AlarmDialog::default();
    let list = |alarms: Memo<Vec<ShownAlarm>>, is_seen: Signal<bool>| {
        let list = move |_: Option<&_>| match is_seen.get() {
            true => similar_alarms(&alarms.read()),
            false => Vec::new(),
        };
        alarm_list(Memo::new(list), Some(dialog))
    };
    let open_list = list(open, Signal::stored(true));
    let handled_list = list(handled, is_unfolded.into());
    let toggle = move |event| {
        is_unfolded.set(event_target::<web_sys::Element>(&event).has_attribute("open"));
    };
    let nav = use_nav();
    // Number of all open alarms, if the URL filters them.
    let unfiltered = Memo::new(move |_| {
        let is_filtered = filters(nav).iter().any(Option::is_some);
        let snapshot = watched.snapshot();
        let all = snapshot.alarms.iter().filter(|alarm| !alarm.is_handled());
        if is_filtered { all.count() } else { 0 }
    });
    // Connections whose last read failed or is stale: without their data, "no open alarms" cannot be claimed. Aging
    // connections are left out: they alternate between live and aging, so the text would be announced with every poll.
    let behind = Memo::new(move |_| {
        let snapshot = watched.snapshot();
        let late = snapshot.connections.iter().filter(|state| {
            state.failure.is_some() || !watched.freshness(&state.connection.id).is_believable()
        });
        let titles: Vec<_> = late.map(|state| state.connection.title.clone()).collect();
        titles.join(", ")
    });
    let summary = move || match open.read().len() {
        0 => String::new(),
        number => match unfiltered.get() {
            0 => format!("{number} open, worst first"),
            all => format!("{number} of {all} open, worst first"),
        },
    };
    let empty = move || {
        let (handled, connections) = (handled.read().len(), connections.read().len());
        let words = empty_message(unfiltered.get(), &behind.read(), handled, connections);
        open.read().is_empty().then_some(words)
    };
    let show_all = move || {
        (unfiltered.get() > 0)
            .then(|| view! { " "<a href=Route::Overview.href()>"Show all"</a> }.into_any())
    };
    let folded = move || format!("{} acknowledged or in maintenance", handled.read().len());
    let heading = NodeRef::<html::H2>::new();
    let moved = move || {
        if let Some(heading) = heading.get_untracked() {
            let _ = heading.focus();
        }
    };
    view! {
        <Heading text="Overview" />
        <section class="panel" aria-labelledby="attention">
            <header>
                <h2 id="attention" tabindex="-1" node_ref=heading>"Needs attention"</h2><p role="status">{summary}</p>
                <search class="row end" aria-label="Filters">
                    {system_filter()}
                    {severity_filter(&[Severity::Critical, Severity::Warning, Severity::Unknown])}
                </search>
            </header>
            <ol class="alarms" aria-label="Alarms">{open_list}</ol>
            // Always present, because screen readers announce only what is added to an existing live region.
            <div role="status">{move || empty().map(|words| view! { <p class="blank">{words}{show_all}</p> })}</div>
            <details class="handled" on:toggle=toggle hidden=move || handled.read().is_empty()>
                <summary>{folded}</summary>
                <ol class="alarms" aria-label="Acknowledged or in maintenance">{handled_list}</ol>
            </details>
        </section>
        {dialog.view(moved)}
        <Summaries />
        <RecentChanges />
    }
}

/// The message shown if no alarm is listed. `unfiltered` is the number of open alarms if the URL filters them, else 0;
/// `behind` names the connections that do not respond; `handled` and `connections` are counts.
fn empty_message(unfiltered: usize, behind: &str, handled: usize, connections: usize) -> String {
    let words = match unfiltered {
        0 if !behind.is_empty() => {
            return format!("No known alarms. Waiting for {behind}.");
        }
        0 if connections == 0 => "No connection is configured.",
        0 if handled == 0 => "No open alarms. All connections answer.",
        0 => "All alarms are acknowledged or in maintenance, and all connections answer.",
        all => return format!("0 of {all} open alarms shown."),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::empty_message;

    #[test]
    fn no_open_alarms_is_claimed_only_if_all_connections_answer() {
        for (unfiltered, behind, handled, connections, words) in [
            (0, "", 0, 2, "No open alarms. All connections answer."),
            (0, "", 0, 0, "No connection is configured."),
            (
                0,
                "",
                1,
                2,
                "All alarms are acknowledged or in maintenance, and all connections answer.",
            ),
            (0, "EM", 0, 2, "No known alarms. Waiting for EM."),
            (7, "EM", 0, 2, "0 of 7 open alarms shown."),
        ] {
            assert_eq!(
                empty_message(unfiltered, behind, handled, connections),
                words
            );
        }
    }
}
