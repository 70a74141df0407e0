//! The table of an imported response. Only the visible rows are drawn. Sorting and searching happen here, because the
//! sessions are not on a server.

use super::export::json;
use super::histogram_view::histogram_view;
use super::model::{Column, Row, SessionLink, name, row};
use super::order::by_column;
use super::session_row::{cells, column_chooser};
use super::tasks::Tasks;
use crate::live::clock;
use crate::live::rows::Rows;
use crate::pages::unreadable::left_out_note;
use crate::prefs::use_prefs;
use crate::ui::table::row_window::RowWindow;
use crate::ui::table::search::lower;
use crate::ui::table::virtual_rows::Step;
use crate::ui::{Copy, Icon};
use chrono::{DateTime, Utc};
use health::sort;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::veeam::{Outcome, Page, Session, State};

/// Whether a session contains all of these words, given in lower case.
fn has_words(session: &Session, words: &[String]) -> bool {
    let server = session.server.as_ref();
    let texts = [
        session.name.as_deref(),
        session.failure_message.as_deref(),
        session.uid.as_deref(),
        server.and_then(|server| server.name.as_deref()),
        session.result.as_ref().map(Outcome::word),
        session.state.as_ref().map(State::word),
    ];
    let texts: Vec<&str> = texts.into_iter().flatten().collect();
    let texts = lower(&texts.join("\n"));
    words.iter().all(|word| texts.contains(word))
}

/// The indices of the sessions that match the search, sorted; equal ones keep their order.
#[must_use]
pub fn filter_and_sort(
    sessions: &[Session],
    search: &str,
    by: Option<(Column, bool)>,
) -> Vec<usize> {
    let words: Vec<String> = lower(search)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let mut indices: Vec<usize> = (0..sessions.len())
        .filter(|at| words.is_empty() || has_words(&sessions[*at], &words))
        .collect();
    if let Some((column, descending)) = by {
        sort(&mut indices, |a, b| {
            let order = by_column(&sessions[*a], &sessions[*b], column);
            if descending { order.reverse() } else { order }
        });
    }
    indices
}

/// The table "Imported cloud failover sessions".
#[component]
pub fn ImportedTable(
    /// The imported page.
    page: Arc<Page>,
) -> impl IntoView {
    let prefs = use_prefs();
    let all = Arc::clone(&page);
    let histogram_page = Box::new(move || Some(Arc::clone(&all)));
    let left_out = left_out_note(page.left_out);
    let search = RwSignal::new(String::new());
    let sort: RwSignal<Option<(Column, bool)>> = RwSignal::new(None);
    let active: RwSignal<Option<usize>> = RwSignal::new(None);
    let (listed, detailed) = (Arc::clone(&page), Arc::clone(&page));
    let indices = Memo::new(move |_| filter_and_sort(&listed.sessions, &search.read(), sort.get()));
    let table = RowWindow::new(0, Memo::new(move |_| indices.read().len()));
    let (window, view_port) = (table.rows, table.view_port);
    let read_at = clock::time(clock::now());
    let list = Memo::new(move |_| {
        let zone = prefs.zone.get();
        let indices = indices.read();
        let visible = window.get().rows;
        let rows = indices.get(visible).unwrap_or_default().iter();
        rows.map(|at| row(&page.sessions[*at], SessionLink::default(), read_at, zone))
            .collect::<Vec<Row>>()
    });
    let drawn = Rows::follow(list);
    let columns = Memo::new(move |_| Column::chosen(prefs.session_columns.read().as_deref()));
    let back_to_top = move || {
        active.set(None);
        table.back_to_top();
    };
    let chosen: RwSignal<Option<usize>> = RwSignal::new(None);
    // The row number depends on sorting and search; the index of the session does not.
    let choose = move |row: usize| {
        active.set(Some(row));
        chosen.set(indices.with_untracked(|indices| indices.get(row).copied()));
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        // A key pressed on a header is handled by the header.
        if event.target() != event.current_target() {
            return;
        }
        if event.key() == "Enter" {
            if let Some(row) = active.get_untracked() {
                choose(row);
            }
            return;
        }
        let Some(step) = Step::from_key(&event.key()) else {
            return;
        };
        let Some((row, to)) = untrack(|| table.scrolled()).step(active.get_untracked(), step)
        else {
            return;
        };
        event.prevent_default();
        active.set(Some(row));
        if let Some(element) = view_port.get_untracked() {
            element.scroll_to_with_x_and_y(f64::from(element.scroll_left()), to);
        }
    };
    let headers = move || {
        columns.get().into_iter().map(|column| {
        let by = move || sort.get().filter(|(one, _)| *one == column).map(|(_, descending)| descending);
        let aria = move || by().map(|descending| if descending { "descending" } else { "ascending" });
        let click = move |_| {
            sort.set(Some((column, by().is_some_and(|descending| !descending))));
            back_to_top();
        };
        let arrow = move || by().map(|descending| view! { <Icon name=if descending { "sortd" } else { "sorta" } /> });
        view! { <th scope="col" aria-sort=aria><button type="button" on:click=click>{column.name()}{arrow}</button></th> }
    }).collect::<Vec<_>>()
    };
    let draw = move |place, row: RwSignal<Row>| {
        let at = move || window.get().rows.start + place;
        view! {
            <tr id=move || format!("imported-{}", at()) aria-rowindex=move || at() + 2 aria-current=move || (active.get() == Some(at())).then_some("true") on:click=move |_| choose(untrack(at))>
                {cells(row, columns)}
            </tr>
        }
    };
    let details = move || {
        let session = Arc::new(detailed.sessions.get(chosen.get()?)?.clone());
        Some(view! { <Details session at=read_at /> })
    };
    let set_search = move |event| {
        search.set(event_target_value(&event));
        back_to_top();
    };
    view! {
        {left_out}
        <div class="bar">
            <label class="field wide"><Icon name="search" /><span class="vh">"Search the imported sessions"</span>
                <input type="search" placeholder="Search the imported sessions" prop:value=move || search.get() on:input=set_search /></label>
            {column_chooser()}
            <span class="end" role="status">{move || format!("{} shown", indices.read().len())}</span>
        </div>
        {histogram_view(histogram_page, "the import", None)}
        <div class="scroll virtual" tabindex="0" role="group" aria-label="Imported sessions, scrollable" node_ref=view_port on:scroll=move |_| table.measure() on:keydown=keys
            aria-activedescendant=move || active.get().map(|at| format!("imported-{at}"))>
            <table aria-rowcount=move || indices.read().len() + 1>
                <caption class="vh">"Imported cloud failover sessions"</caption>
                <thead><tr aria-rowindex="1">{headers}</tr></thead>
                <tbody>
                    {table.before()}
                    {drawn.draw_numbered(draw)}
                    {table.after()}
                </tbody>
            </table>
        </div>
        {details}
    }
}

/// One imported session: its machines and its data.
#[component]
fn Details(session: Arc<Session>, at: DateTime<Utc>) -> impl IntoView {
    let heading = name(&session);
    let payload = json(std::slice::from_ref(&*session), &[]);
    let copied = Signal::stored(payload.clone());
    view! {
        <section class="panel" aria-label="Imported session">
            <header><h3>{heading}</h3><span class="end"></span><Copy text=copied name="Copy the imported session" /></header>
            <Tasks session=Signal::stored(session) now=Signal::stored(at) stale=Signal::stored(false) imported=true />
            <details class="pad"><summary>"Imported data"</summary><pre tabindex="0" aria-label="Imported payload">{payload}</pre></details>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::filter_and_sort;
    use crate::pages::failover_sessions::model::Column;
    use vendors::veeam::{Outcome, Session};

    #[test]
    fn imported_sessions_match_every_search_word_and_sort_by_value() {
        let session = |name: &str, result: Outcome, progress: f64| Session {
            name: Some(name.to_owned()),
            result: Some(result),
            progress: Some(progress),
            ..Session::default()
        };
        let all = [
            session("Web Shop DR", Outcome::Failed, 100.0),
            session("Mail Relay", Outcome::Success, 9.0),
            session("Web Front", Outcome::Warning, 20.0),
        ];
        let of = |search: &str, by| filter_and_sort(&all, search, by);
        assert_eq!(of("", None), [0, 1, 2]);
        assert_eq!(of("web", None), [0, 2]);
        assert_eq!(of("WEB fail", None), [0]);
        assert_eq!(of("", Some((Column::Result, false))), [1, 2, 0]);
        assert_eq!(of("", Some((Column::Progress, true))), [0, 2, 1]);
        assert!(of("nothing of the kind", None).is_empty());
    }
}
