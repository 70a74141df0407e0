//! The page `/`: what needs attention, worst first, and a summary of each system.

pub mod summary;

use super::activity::RecentChanges;
use super::alarms::{AlarmDialog, ShownAlarm, alarm_list, alarms, filters, similar_alarms};
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::route::Route;
use crate::ui::Heading;
use crate::ui::table::filters::Select;
use health::severity::Severity;
use leptos::html;
use leptos::prelude::*;
use summary::Summaries;
use vendors::SystemKind;

/// The page `/`.
#[component]
pub fn Overview() -> impl IntoView {
    let (open, handled) = (alarms(false), alarms(true));
    let watched = use_watched();
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
        let world = watched.world();
        let all = world.alarms.iter().filter(|alarm| !alarm.is_handled());
        if is_filtered { all.count() } else { 0 }
    });
    // All is well only while every connection was read the last time, and not long ago. One that is merely aging is
    // not named: it is live and aging in turn, and the words would be announced with every reading.
    let behind = Memo::new(move |_| {
        let world = watched.world();
        let late = world.connections.iter().filter(|state| {
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
        let behind = behind.read();
        match (open.read().is_empty(), behind.is_empty()) {
            (false, _) => None,
            _ if unfiltered.get() > 0 => {
                Some(format!("0 of {} open alarms shown.", unfiltered.get()))
            }
            (true, true) if handled.read().is_empty() => {
                Some("No open alarms. Every connection answers.".to_owned())
            }
            (true, true) => Some(
                "Every alarm is acknowledged or in maintenance, and every connection answers."
                    .to_owned(),
            ),
            (true, false) => Some(format!(
                "Nothing known needs attention. Waiting for {behind}."
            )),
        }
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
    let systems = SystemKind::ALL.map(|kind| (kind.key().to_owned(), kind.vendor().to_owned()));
    let systems = systems.to_vec();
    let severities = [Severity::Critical, Severity::Warning, Severity::Unknown];
    let severities = severities.map(|one| (one.key().to_owned(), one.word().to_owned()));
    let severities = severities.to_vec();
    view! {
        <Heading text="Overview" />
        <section class="panel" aria-labelledby="attention">
            <header>
                <h2 id="attention" tabindex="-1" node_ref=heading>"Needs attention"</h2><p>{summary}</p>
                <search class="row end" aria-label="Filters">
                    <Select label="System" param="system" all="all" options=systems />
                    <Select label="Severity" param="severity" all="all" options=severities />
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
