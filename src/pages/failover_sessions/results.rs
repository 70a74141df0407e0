//! What a query found: the table "Cloud failover sessions", its pages, what went wrong, and the panel
//! of one session beside it.

use super::builder::Builder;
use super::histogram_view::HistogramView;
use super::model::{Column, row};
use super::pagination::Pagination;
use super::panel::Panel;
use super::query::{QueryParams, write_sort};
use super::session_row::Cells;
use crate::live::rows::Rows;
use crate::live::veeam::Ask;
use crate::live::{self, Live, use_clock, use_watched};
use crate::nav::use_nav;
use crate::on_change::on_change;
use crate::pages::last_known::aged;
use crate::pages::unreadable::left_out_note;
use crate::prefs::use_prefs;
use crate::route::Route;
use crate::ui::table::row_window::{LongTable, RowWindow};
use crate::ui::{FailureCard, Icon, times};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use std::sync::Arc;
use vendors::veeam::{MediaType, Page, Paging, Query, Sort};
use vendors::{Connection, System};

/// Up to how many rows are all drawn; of more only those that are seen, because a server may answer with
/// thousands on one page.
const ALL_DRAWN: usize = 200;

/// The media type that a connection is configured for.
#[must_use]
pub fn wire_of(connection: &Connection) -> MediaType {
    match connection.system {
        System::Veeam { accept, .. } => accept,
        _ => MediaType::default(),
    }
}

/// The results of what the URL asks one connection.
#[component]
pub fn Results(
    /// The connection.
    connection: Connection,
    /// What the URL asks for.
    params: Memo<QueryParams>,
    /// The query being built, which is given the server's objections.
    builder: Builder,
) -> impl IntoView {
    let (prefs, watched) = (use_prefs(), use_watched());
    // Relative ranges count back from the moment the list was requested, not from each page.
    let ran = Memo::new(move |before: Option<&(QueryParams, u32, DateTime<Utc>)>| {
        let (params, run) = (params.get(), builder.runs.get());
        let now = before
            .filter(|(old, last, _)| *last == run && old.is_same_list(&params))
            .map_or_else(|| watched.now_untracked(), |(_, _, now)| *now);
        (params, run, now)
    });
    let connection = StoredValue::new(connection);
    move || {
        let (params, _, now) = ran.get();
        let zone = prefs.zone.get_untracked();
        let wire = params
            .wire
            .unwrap_or_else(|| connection.with_value(wire_of));
        match params.sent(now, &|at| times::offset(zone, at)) {
            Ok(query) => {
                let recent = params.recent;
                let same = query.clone();
                // The first page goes with the time, at each poll; those behind it go on from where it was.
                let ask: Ask = Arc::new(move || {
                    let now = watched.now_untracked();
                    match params.sent(now, &|at| times::offset(zone, at)) {
                        Ok(query) if query.page == 1 => query,
                        _ => same.clone(),
                    }
                });
                view! { <Found connection=connection.get_value() query ask wire recent builder /> }
                    .into_any()
            }
            Err(_) => {
                view! { <p class="panel blank">"Nothing was sent: the query is invalid."</p> }
                    .into_any()
            }
        }
    }
}

#[component]
fn Found(
    connection: Connection,
    query: Query,
    ask: Ask,
    wire: MediaType,
    recent: bool,
    builder: Builder,
) -> impl IntoView {
    let (clock, prefs, nav) = (use_clock(), use_prefs(), use_nav());
    let (sort, number) = (query.sort, query.page);
    let live = if recent {
        live::veeam::recent(connection.id.clone(), wire)
    } else {
        live::veeam::query(connection.id.clone(), ask.clone(), wire)
    };
    let stale =
        Memo::new(move |_| live.value().is_some() && !live.status.freshness(clock).is_believable());
    let of_list = connection.id.clone();
    let count = Memo::new(move |_| live.value().map_or(0, |page| page.sessions.len()));
    let table = RowWindow::new(ALL_DRAWN, count);
    let list = Memo::new(move |_| {
        let now = live.status.vendor_time(clock);
        let zone = prefs.zone.get();
        let page = live.value().unwrap_or_default();
        let seen = table.rows.get().rows;
        let sessions = page.sessions.get(seen).unwrap_or_default().iter();
        let sessions = sessions.map(|session| {
            let uid = session.uid.clone().unwrap_or_default();
            let to = Route::FailoverSession {
                connection: of_list.clone(),
                uid,
            };
            row(session, to.href(), now, zone)
        });
        sessions.collect::<Vec<_>>()
    });
    let left_out = Memo::new(move |_| live.value().map(|page| page.left_out));
    let rows = Rows::follow(list);
    let columns = Memo::new(move |_| Column::chosen(prefs.session_columns.read().as_deref()));
    on_change(move || {
        let refused = live
            .status
            .failure()
            .filter(|failure| failure.status() == 400);
        builder.refused.set(refused.map(|failure| failure.line()));
    });
    on_cleanup(move || {
        let _ = builder.refused.try_set(None);
    });
    live::veeam::prefetch(connection.id.clone(), query.clone(), wire, live);
    let headers = move || {
        let columns = columns.get().into_iter();
        columns
            .map(|column| view! { <Header column sort recent /> })
            .collect::<Vec<_>>()
    };
    let chosen = Memo::new(move |_| nav.param("session"));
    let panel = {
        let connection = connection.clone();
        move || {
            chosen.get().map(|uid| view! { <Panel connection=connection.id.clone() title=connection.title.clone() uid wire /> })
        }
    };
    let last = move || {
        let waits = builder.waiting.get();
        waits.then(|| view! { <p class="bar">"Showing the last query. Run query shows the one above."</p> })
    };
    let is_chosen =
        move |row: RwSignal<super::model::Row>| chosen.read().as_ref() == Some(&row.read().uid);
    let draw = move |place, row: RwSignal<super::model::Row>| {
        let at = move || table.row_index(place);
        view! { <tr aria-rowindex=at aria-current=move || is_chosen(row).then_some("true")><Cells row columns /></tr> }
    };
    view! {
        <QueryErrors live title=connection.title.clone() recent number />
        {move || left_out.get().and_then(left_out_note)}
        {recent.then(|| view! { <p class="panel note" role="status">"These are the sessions of the last 30 days, without the query."</p> })}
        <HistogramView page=Signal::derive(move || live.value()) of="this page" builder=(!recent).then_some(builder) />
        <div class="cols" class:draw=move || chosen.read().is_some()>
            <section class="panel" aria-label="Results" hidden=move || live.value().is_none() data-fresh=move || stale.get().then_some("stale")>
                <div role="status">{last}</div>
                <LongTable table caption="Cloud failover sessions" head=headers.into_any()>
                    <tbody>{table.before()}{rows.draw_numbered(draw)}{table.after()}</tbody>
                </LongTable>
                <Nothing live number />
                <Pagination live query=query.clone() ask=ask.clone() connection=connection.id.clone() wire recent />
            </section>
            {panel}
        </div>
    }
}

/// Failures, the waiting note, and what to do about them.
#[component]
fn QueryErrors(live: Live<Page>, title: String, recent: bool, number: u32) -> impl IntoView {
    let nav = use_nav();
    let title = StoredValue::new(title);
    let go = move |changes: &[(&str, Option<&str>)]| nav.go(&untrack(|| nav.with_params(changes)));
    let error_card = move || {
        let retry = Callback::new(move |()| live.status.refresh());
        let failure = live.status.failure()?;
        let status = failure.status();
        // Roles that may not query may still read the collection.
        let offer = (status == 403 && !recent).then(|| view! {
            <p class="panel note">"Some roles may not query but may read the collection. "
                <button type="button" class="btn" on:click=move |_| go(&[("recent", Some("30")), ("page", None)])>"Show the last 30 days"</button></p>
        });
        let first = (number > 1 && status != 0).then(|| view! {
            <p class="panel note">{format!("This is page {number}. It may be out of range. ")}
                <button type="button" class="btn" on:click=move |_| go(&[("page", None)])>"Go to the first page"</button></p>
        });
        Some(view! { <FailureCard failure system=title.get_value() retry />{offer}{first} })
    };
    let waiting = Memo::new(move |_| live.value().is_none() && live.status.failure().is_none());
    view! {
        <Show when=move || waiting.get()><p class="panel note" role="status">{format!("Asking {}…", title.get_value())}</p></Show>
        {error_card}
        {aged(live.status)}
    }
}

/// The text if there are no rows.
#[component]
fn Nothing(
    live: Live<Page>,
    /// The number of the page that was asked for.
    number: u32,
) -> impl IntoView {
    let nav = use_nav();
    move || {
        let page = live.value().filter(|page| page.sessions.is_empty())?;
        let last = page.paging.as_ref().and_then(Paging::last);
        let beyond = number > last.unwrap_or(1).max(1);
        let words = match (page.references.len(), last) {
            (0, None) if beyond => format!("There is nothing on page {number}."),
            (0, Some(last)) if beyond => format!(
                "There is no page {number}: the last one is {}.",
                last.max(1)
            ),
            (0, _) if page.left_out.count() > 0 => "No session could be read.".to_owned(),
            (0, _) => "No session matches the query.".to_owned(),
            (count, _) => format!("The server answered with {count} references and no details."),
        };
        let back = beyond.then(|| {
            let go = move |_| nav.go(&untrack(|| nav.with_params(&[("page", None)])));
            view! { " "<button type="button" class="btn" on:click=go>"Go to the first page"</button> }
        });
        Some(view! { <p class="blank">{words}{back}</p> })
    }
}

/// A header; one that the service can sort by sorts there.
#[component]
fn Header(column: Column, sort: Sort, recent: bool) -> impl IntoView {
    let nav = use_nav();
    let Some(field) = column.field().filter(|_| !recent) else {
        return view! { <th scope="col">{column.name()}</th> }.into_any();
    };
    let sorted = sort.field == field;
    let aria = sorted.then_some(if sort.descending {
        "descending"
    } else {
        "ascending"
    });
    // A first click on a time shows the newest, on anything else the first.
    let descending = if sorted {
        !sort.descending
    } else {
        matches!(column, Column::Started | Column::Ended)
    };
    let click = move |_| {
        let sort = write_sort(Sort { field, descending });
        nav.go(&untrack(|| {
            nav.with_params(&[("sort", Some(&sort)), ("page", None)])
        }));
    };
    let arrow = sorted.then(|| {
        let name = if sort.descending { "sortd" } else { "sorta" };
        view! { <Icon name /> }
    });
    view! { <th scope="col" aria-sort=aria><button type="button" on:click=click>{column.name()}{arrow}</button></th> }.into_any()
}
