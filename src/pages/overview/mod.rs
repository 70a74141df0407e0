//! The page `/`: what needs attention, worst first, and a summary of each system.

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
    // How many are open in all, where the address leaves any out.
    let unfiltered = Memo::new(move |_| {
        let is_filtered = filters(nav).iter().any(Option::is_some);
        let snapshot = watched.snapshot();
        let all = snapshot.alarms.iter().filter(|alarm| !alarm.is_handled());
        if is_filtered { all.count() } else { 0 }
    });
    // All is well only while every connection was read the last time, and not long ago. One that is merely aging is
    // not named: it is live and aging in turn, and the words would be announced with every reading.
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
    let well = move || {
        let (handled, connections) = (handled.read().len(), connections.read().len());
        let words = nothing_open(unfiltered.get(), &behind.read(), handled, connections);
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
                <h2 id="attention" tabindex="-1" node_ref=heading>"Needs attention"</h2><p>{summary}</p>
                <search class="row end" aria-label="Filters">
                    {system_filter()}
                    {severity_filter(&[Severity::Critical, Severity::Warning, Severity::Unknown])}
                </search>
            </header>
            <ol class="alarms" aria-label="Alarms">{open_list}</ol>
            // Always there: a screen reader says what comes into it.
            <div role="status">{move || well().map(|words| view! { <p class="blank">{words}{show_all}</p> })}</div>
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

/// What stands in the place of the alarms where none is listed. `unfiltered` is how many are open while the address hides
/// some, else 0; `behind` names the connections that do not answer; `handled` and `connections` are counts.
fn nothing_open(unfiltered: usize, behind: &str, handled: usize, connections: usize) -> String {
    let words = match unfiltered {
        0 if !behind.is_empty() => {
            return format!("Nothing known needs attention. Waiting for {behind}.");
        }
        0 if connections == 0 => "No connection is configured.",
        0 if handled == 0 => "No open alarms. Every connection answers.",
        0 => "Every alarm is acknowledged or in maintenance, and every connection answers.",
        all => return format!("0 of {all} open alarms shown."),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::nothing_open;

    #[test]
    fn all_is_well_only_where_something_is_watched_and_answers() {
        for (unfiltered, behind, handled, connections, words) in [
            (0, "", 0, 2, "No open alarms. Every connection answers."),
            (0, "", 0, 0, "No connection is configured."),
            (
                0,
                "",
                1,
                2,
                "Every alarm is acknowledged or in maintenance, and every connection answers.",
            ),
            (
                0,
                "EM",
                0,
                2,
                "Nothing known needs attention. Waiting for EM.",
            ),
            (7, "EM", 0, 2, "0 of 7 open alarms shown."),
        ] {
            assert_eq!(
                nothing_open(unfiltered, behind, handled, connections),
                words
            );
        }
    }
}
