//! The results of a query at one or several connections: the table "Cloud failover sessions", its pages, errors, and
//! the panel of one session beside it.

use super::builder::Builder;
use super::found::{FoundSessions, QueriedConnection};
use super::histogram_view::histogram_view;
use super::merge::sessions_needed;
use super::model::{Column, Row};
use super::pagination::pagination;
use super::panel::Panel;
use super::query::{QueryParams, write_sort};
use super::session_row::cells;
use crate::live::rows::Rows;
use crate::live::veeam::CurrentQuery;
use crate::live::{self, Live, use_clock, use_watched};
use crate::nav::{Nav, use_nav};
use crate::on_change::{on_change, on_change_since};
use crate::pages::last_known::last_known_note;
use crate::pages::unreadable::left_out_note;
use crate::prefs::use_prefs;
use crate::ui::table::row_window::{LongTable, RowWindow};
use crate::ui::table::stable_rows::{RowLock, StableRows, keep_order};
use crate::ui::{FailureCard, Icon, focus, hand_over, times};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use std::sync::Arc;
use vendors::veeam::{Field, MediaType, Page, Paging, Query, Sort};
use vendors::{Connection, System};

/// A longer table draws only the visible rows, because a server may return thousands on one page.
const DRAW_ALL_UP_TO: usize = 200;

/// The field whose header was pressed last, until the sorted list arrives and all headers are drawn again.
type PressedHeader = StoredValue<Option<Field>>;

/// Returns the focus to the pressed header once the table is drawn, unless the user has moved the focus.
fn focus_header(field: Field) {
    request_animation_frame(move || {
        let focused = document().active_element();
        if focused.is_some_and(|focused| focused.id() == "results") {
            focus(&format!("#{}", header_id(field)));
        }
    });
}

fn header_id(field: Field) -> String {
    format!("sort-{}", field.name())
}

/// The media type that a connection is configured for.
#[must_use]
pub fn wire_of(connection: &Connection) -> MediaType {
    match connection.system {
        System::Veeam { accept, .. } => accept,
        _ => MediaType::default(),
    }
}

/// The results of the query in the URL.
#[component]
pub fn Results(
    /// The connections that are queried, at least one.
    connections: Vec<Connection>,
    /// The query in the URL.
    params: Memo<QueryParams>,
    /// The query being built, which shows the server's errors.
    builder: Builder,
) -> impl IntoView {
    let (prefs, watched, clock) = (use_prefs(), use_watched(), use_clock());
    let mut ran: Option<(QueryParams, DateTime<Utc>)> = None;
    let connections = StoredValue::new(connections);
    let lives: StoredValue<Vec<Live<Page>>> = StoredValue::default();
    // Running the same query again keeps its rows until the answer arrives.
    on_change_since(move |before: Option<(QueryParams, u32)>| {
        let (params, run) = (params.get(), builder.runs.get());
        if before.is_some_and(|(old, last)| old == params && last != run) {
            lives
                .get_value()
                .iter()
                .for_each(|live| live.status.refresh());
        }
        (params, run)
    });
    // This state is kept when another page of the list is drawn.
    let (every, opened) = (RwSignal::new(false), StoredValue::new(None));
    let pressed: PressedHeader = StoredValue::new(None);
    move || {
        // The focused element may be removed with the old list.
        hand_over("#results");
        let params = params.get();
        // Relative ranges count back from the moment that the first page was requested, not from each page.
        let now = ran
            .take()
            .filter(|(old, _)| old.is_same_list(&params))
            .map_or_else(|| watched.now_untracked(), |(_, now)| now);
        ran = Some((params.clone(), now));
        let last_poll = builder.queried_at.get_untracked().filter(|at| *at > now);
        let now = match params.page {
            1 => watched.now_untracked(),
            _ => last_poll.unwrap_or(now),
        };
        builder.queried_at.set(Some(now));
        // Only the range "This month" depends on the time zone.
        let zone = if params.relative.needs_zone() {
            prefs.zone.get()
        } else {
            prefs.zone.get_untracked()
        };
        // Ranges count back on the vendor's clock, which stamps the sessions.
        let resolved = move |params: &QueryParams, connection: &str, now| {
            let now = untrack(|| watched.vendor_time(connection, now));
            params.resolved(now, &|at| times::offset(zone, at))
        };
        let connections = connections.get_value();
        let first = connections
            .first()
            .map(|first| resolved(&params, &first.id, now));
        let Some(Ok(query)) = first else {
            return view! { <p class="panel blank">"Nothing was sent: the query is invalid."</p> }
                .into_any();
        };
        let (recent, wire) = (params.recent, params.wire);
        let several = connections.len() > 1;
        let queried = connections.into_iter().map(|connection| {
            let wire = wire.unwrap_or_else(|| wire_of(&connection));
            let (params, id) = (params.clone(), connection.id.clone());
            let fixed = resolved(&params, &id, now).unwrap_or_default();
            // Each poll of the first page resolves the ranges again; later pages continue the first page's list.
            let query: CurrentQuery = Arc::new(move || {
                let now = watched.now_untracked();
                match resolved(&params, &id, now) {
                    Ok(query) if query.page == 1 => {
                        let _ = builder.queried_at.try_set(Some(now));
                        query
                    }
                    _ => fixed.clone(),
                }
            });
            let id = connection.id;
            let live = if recent {
                live::veeam::recent(id.clone(), wire)
            } else {
                live::veeam::query(
                    id.clone(),
                    if several {
                        from_first(&query)
                    } else {
                        Arc::clone(&query)
                    },
                    wire,
                )
            };
            QueriedConnection {
                id,
                title: connection.title,
                wire,
                query,
                live,
            }
        });
        let queried: Vec<_> = queried.collect();
        lives.set_value(queried.iter().map(|queried| queried.live).collect());
        let found = FoundSessions::new(queried, &query, recent, every, clock);
        view! { <Listing found query builder opened pressed /> }.into_any()
    }
}

/// The query for all sessions that a merged page may need from one connection.
fn from_first(current: &CurrentQuery) -> CurrentQuery {
    let current = Arc::clone(current);
    Arc::new(move || {
        let query = current();
        Query {
            page: 1,
            page_size: sessions_needed(query.page, query.page_size),
            ..query
        }
    })
}

#[component]
fn Listing(
    found: FoundSessions,
    query: Query,
    builder: Builder,
    /// The session whose panel is open.
    opened: StoredValue<Option<String>>,
    pressed: PressedHeader,
) -> impl IntoView {
    let (clock, prefs, nav, watched) = (use_clock(), use_prefs(), use_nav(), use_watched());
    let FoundSessions {
        connections,
        recent,
        ..
    } = found;
    let (sort, several) = (query.sort, found.is_of_several());
    // With several connections, each row shows whether it is stale.
    let stale = Memo::new(move |_| !several && found.oldest(clock).is_some());
    let count = Memo::new(move |_| found.page().map_or(0, |page| page.sessions.len()));
    let table = RowWindow::new(DRAW_ALL_UP_TO, count);
    let row_lock = RowLock::default();
    let list = Memo::new(move |before: Option<&Vec<Row>>| {
        let mut rows = found.rows(
            table.rows.get().rows,
            &watched.snapshot(),
            clock,
            prefs.zone.get(),
        );
        // On a longer page, scrolling draws other rows, whose position depends on the list.
        let draws_all = count.get() <= DRAW_ALL_UP_TO;
        if let Some(before) = before.filter(|_| draws_all && row_lock.is_held()) {
            keep_order(&mut rows, before.iter().map(|row| row.uid.clone()), |row| {
                row.uid.clone()
            });
        }
        rows
    });
    let rows = Rows::follow(list);
    let columns = Memo::new(move |_| {
        let mut columns = Column::chosen(prefs.session_columns.read().as_deref());
        columns.extend(several.then_some(Column::Connection));
        columns
    });
    on_change(move || {
        let refused = connections.with_value(|connections| {
            let failures = connections
                .iter()
                .filter_map(|connection| connection.live.status.failure());
            failures.into_iter().find(|failure| failure.status() == 400)
        });
        builder.refused.set(refused.map(|failure| failure.line()));
    });
    on_cleanup(move || {
        let _ = builder.refused.try_set(None);
    });
    connections.with_value(|connections| {
        if let [connection] = &connections[..] {
            live::veeam::prefetch(
                connection.id.clone(),
                query,
                connection.wire,
                connection.live,
            );
        }
    });
    let headers = move || {
        let columns = columns.get().into_iter();
        columns
            .map(|column| header(column, sort, recent, pressed))
            .collect::<Vec<_>>()
    };
    on_change(move || {
        if found.page().is_some()
            && let Some(field) = pressed.try_update_value(Option::take).flatten()
        {
            focus_header(field);
        }
    });
    let chosen = Memo::new(move |_| nav.param("session"));
    let listed = Memo::new(move |_| found.page().is_some());
    let panel = move || {
        let session = chosen.get();
        let is_open = opened.get_value() == session;
        opened.set_value(session.clone());
        let (queried, uid) = found.resolve_details(&session?)?;
        Some(
            view! { <Panel connection=queried.id title=queried.title uid wire=queried.wire opened=!is_open listed /> },
        )
    };
    // A memo, so that the status is not announced again with each key.
    let is_wrong = Memo::new(move |_| builder.error.read().is_some());
    let pending_note = move || {
        let words = if is_wrong.get() {
            "Correct the filter; the last query is shown."
        } else {
            "Showing the last query. Run query shows the one above."
        };
        builder
            .is_pending
            .get()
            .then(|| view! { <p class="bar">{words}</p> })
    };
    // Only the GUID is compared: the row may now come from another connection that has the same session.
    let is_chosen = move |row: RwSignal<Row>| {
        let chosen = chosen.read();
        let uid = chosen
            .as_deref()
            .and_then(|details| details.rsplit('/').next());
        uid == Some(row.read().uid.as_str())
    };
    let draw = move |place, row: RwSignal<Row>| {
        let at = move || table.row_index(place);
        let fresh = move || row.read().link.is_stale.then_some("stale");
        view! { <tr aria-rowindex=at aria-current=move || is_chosen(row).then_some("true") data-fresh=fresh>{cells(row, columns)}</tr> }
    };
    let errors = connections.get_value().into_iter().enumerate();
    let errors =
        errors.map(|(at, queried)| query_errors(queried.live, queried.title, found, at == 0));
    let errors = errors.collect::<Vec<_>>();
    let incomplete = move || {
        let title = found.incomplete()?;
        Some(
            view! { <p class="panel note">{format!("{title} returned fewer sessions than this page needs, so the page is incomplete. Narrow the query, or query {title} alone.")}</p> },
        )
    };
    view! {
        {errors}
        <div class="cols" role="status">
            {incomplete}
            {recent.then(|| view! { <p class="panel note">"These are all sessions of the last 30 days. The query does not apply."</p> })}
        </div>
        {move || found.page().and_then(|page| left_out_note(page.left_out))}
        {histogram_view(Box::new(move || found.page()), "this page", (!recent).then_some(builder))}
        <div class="cols" class:draw=move || chosen.read().is_some()>
            <section class="panel" id="results" tabindex="-1" aria-label="Results" data-fresh=move || stale.get().then_some("stale")>
                <div role="status">{pending_note}</div>
                // Only the table is hidden while a page loads, so that the pressed page button keeps the focus.
                <div hidden=move || !listed.get()>
                    <LongTable table caption="Cloud failover sessions" head=headers.into_any()>
                        <StableRows row_lock>{table.before()}{rows.draw_numbered(draw)}{table.after()}</StableRows>
                    </LongTable>
                </div>
                {empty_text(found)}
                {pagination(found)}
            </section>
            {panel}
        </div>
    }
}

/// The loading note of a connection, its failure, and hints on how to proceed. That the gateway cannot be reached is
/// shown once, for the first connection.
fn query_errors(live: Live<Page>, title: String, found: FoundSessions, is_first: bool) -> AnyView {
    let (nav, number, several) = (use_nav(), found.number, found.is_of_several());
    let title = StoredValue::new(title);
    let error_card = move || {
        let retry = Callback::new(move |()| live.status.refresh());
        let failure = live.status.failure()?;
        let status = failure.status();
        // Roles that cannot query may still read the collection.
        let offer = (status == 403 && !found.recent).then(|| view! {
            <p class="panel note">"Some roles cannot query sessions but can read the list of recent ones. "
                <button type="button" class="btn" on:click=move |_| nav.change(&[("recent", Some("30")), ("page", None)])>"Show the last 30 days"</button></p>
        });
        // With several connections, each is queried from its first session.
        let first = (number > 1 && status != 0 && !several).then(|| view! {
            <p class="panel note">{format!("This is page {number}. It may be out of range. ")}{to_first_page(nav)}</p>
        });
        let missing = (several && live.value().is_none()).then(|| view! {
            <p class="panel note" data-s="unknown"><Icon name="stale" />{format!("The list does not include the sessions of {}.", title.get_value())}</p>
        });
        let card = (status != 0 || is_first)
            .then(|| view! { <FailureCard failure system=title.get_value() retry /> });
        Some(view! { {card}{offer}{first}{missing} })
    };
    let is_loading = Memo::new(move |_| live.value().is_none() && live.status.failure().is_none());
    view! {
        <div class="cols" role="status" aria-atomic="false">
            <Show when=move || is_loading.get()><p class="panel note">{format!("Loading from {}…", title.get_value())}</p></Show>
            {error_card}
        </div>
        {last_known_note(live.status)}
    }
    .into_any()
}

fn to_first_page(nav: Nav) -> AnyView {
    let go = move |_| nav.change(&[("page", None)]);
    view! { <button type="button" class="btn" on:click=go>"Go to the first page"</button> }
        .into_any()
}

/// The text if there are no rows.
fn empty_text(found: FoundSessions) -> AnyView {
    let nav = use_nav();
    let number = found.number;
    let shown = move || {
        let page = found.page().filter(|page| page.sessions.is_empty())?;
        let last = page.paging.as_ref().and_then(Paging::last);
        let beyond = number > last.unwrap_or(1).max(1);
        let is_partial = found.is_partial();
        let words = match (page.references.len(), last) {
            (0, Some(last)) if beyond && !is_partial => format!(
                "There is no page {number}: the last one is {}.",
                last.max(1)
            ),
            (0, _) if beyond => format!("There is nothing on page {number}."),
            (0, _) if page.left_out.count() > 0 => "No session could be read.".to_owned(),
            (0, _) => match (found.recent, is_partial) {
                (true, false) => "No session in the last 30 days.",
                (true, true) => {
                    "No session in the last 30 days at the connections that have answered."
                }
                (false, true) => {
                    "No session of the connections that have answered matches the query."
                }
                (false, false) => "No session matches the query.",
            }
            .to_owned(),
            (count, _) => format!("The server returned {count} references without details."),
        };
        let back = beyond.then(|| view! { " "{to_first_page(nav)} });
        Some(view! { <p class="blank">{words}{back}</p> })
    };
    view! { {shown} }.into_any()
}

/// A header. It sorts on the server if the server can sort by its field.
fn header(column: Column, sort: Sort, recent: bool, pressed: PressedHeader) -> AnyView {
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
    // The first click sorts times newest first and everything else ascending.
    let descending = if sorted {
        !sort.descending
    } else {
        matches!(column, Column::Started | Column::Ended)
    };
    let click = move |_| {
        pressed.set_value(Some(field));
        let sort = write_sort(Sort { field, descending });
        nav.change(&[("sort", Some(&sort)), ("page", None)]);
    };
    let arrow = sorted.then(|| {
        let name = if sort.descending { "sortd" } else { "sorta" };
        view! { <Icon name /> }
    });
    view! { <th scope="col" aria-sort=aria><button type="button" id=header_id(field) on:click=click>{column.name()}{arrow}</button></th> }.into_any()
}
