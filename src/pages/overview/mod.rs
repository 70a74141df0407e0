//! The page `/`: what needs attention, worst first, and a summary of each system.

pub mod summary;

use super::activity::RecentChanges;
use super::alarms::{AlarmDialog, AlarmRow, alarms};
use crate::live::rows::Rows;
use crate::live::use_watched;
use crate::ui::Heading;
use health::freshness::Freshness;
use leptos::html;
use leptos::prelude::*;
use summary::Summaries;

/// The page `/`.
#[component]
pub fn Overview() -> impl IntoView {
    let (open, handled) = (alarms(false), alarms(true));
    let watched = use_watched();
    let (rows, handled_rows) = (Rows::follow(open), Rows::follow(handled));
    let dialog = AlarmDialog::default();
    // All is well only when every connection says so at this moment: one that was not read yet, or not
    // lately, is no good news.
    let behind = Memo::new(move |_| {
        let world = watched.world();
        let late = world.connections.iter().map(|state| &state.connection);
        let late = late.filter(|connection| watched.freshness(&connection.id) != Freshness::Live);
        let titles: Vec<_> = late.map(|connection| connection.title.clone()).collect();
        titles.join(", ")
    });
    let summary = move || match open.read().len() {
        0 => String::new(),
        number => format!("{number} open, worst first"),
    };
    let well = move || {
        let behind = behind.read();
        match (open.read().is_empty(), behind.is_empty()) {
            (false, _) => None,
            (true, true) if handled.read().is_empty() => Some(
                "All is well: every connection is live, and nothing needs attention.".to_owned(),
            ),
            (true, true) => {
                Some("Somebody takes care of every alarm, and every connection is live.".to_owned())
            }
            (true, false) => Some(format!(
                "Nothing known needs attention. Waiting for {behind}."
            )),
        }
    };
    let folded = move || format!("{} acknowledged or in maintenance", handled.read().len());
    // The row that a dialog was opened from goes to the other list.
    let heading = NodeRef::<html::H2>::new();
    let closed = move || {
        if let Some(heading) = heading.get_untracked() {
            let _ = heading.focus();
        }
    };
    view! {
        <Heading text="Overview" />
        <section class="panel" aria-labelledby="attention">
            <header><h2 id="attention" tabindex="-1" node_ref=heading>"Needs attention"</h2><p>{summary}</p></header>
            <ol class="alarms" aria-label="Alarms">{rows.draw(move |row| view! { <AlarmRow row dialog /> })}</ol>
            {move || well().map(|words| view! { <p class="blank" role="status">{words}</p> })}
            <details class="handled" hidden=move || handled.read().is_empty()>
                <summary>{folded}</summary>
                <ol class="alarms" aria-label="Acknowledged or in maintenance">{handled_rows.draw(move |row| view! { <AlarmRow row dialog /> })}</ol>
            </details>
        </section>
        {dialog.view(closed)}
        <Summaries />
        <RecentChanges />
    }
}
