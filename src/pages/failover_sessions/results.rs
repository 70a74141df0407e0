//! What a query found, at one connection or at several: the table "Cloud failover sessions", its pages, what went
//! wrong, and the panel of one session beside it.

use super::builder::Builder;
use super::found::{Found, QueriedConnection};
use super::histogram_view::histogram_view;
use super::merge::needed;
use super::model::{Column, Row};
use super::pagination::pagination;
use super::panel::Panel;
use super::query::{QueryParams, write_sort};
use super::session_row::cells;
use crate::live::rows::Rows;
use crate::live::veeam::Ask;
use crate::live::{self, Live, use_clock, use_watched};
use crate::nav::{Nav, use_nav};
use crate::on_change::on_change;
use crate::pages::last_known::aged;
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

/// Up to how many rows are all drawn; of more only those that are seen, because a server may answer with
/// thousands on one page.
const ALL_DRAWN: usize = 200;

/// The field whose header was pressed last, until the list in its order is there: all headers are drawn anew with it.
type PressedHeader = StoredValue<Option<Field>>;

/// Gives the focus back to the header that was pressed, once the table is drawn, unless it was moved on meanwhile.
fn focus_header(field: Field) {
    request_animation_frame(move || {
        let focused = document().active_element();
        if focused.is_some_and(|one| one.id() == "results") {
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

/// The results of what the URL asks.
#[component]
pub fn Results(
    /// The connections that are asked, one at least.
    connections: Vec<Connection>,
    /// What the URL asks for.
    params: Memo<QueryParams>,
    /// The query being built, which is given the server's objections.
    builder: Builder,
) -> impl IntoView {
    let (prefs, watched, clock) = (use_prefs(), use_watched(), use_clock());
    let mut ran: Option<(QueryParams, u32, DateTime<Utc>)> = None;
    let connections = StoredValue::new(connections);
    // The pages that are drawn in turn have these in common.
    let (every, opened) = (RwSignal::new(false), StoredValue::new(None));
    let pressed: PressedHeader = StoredValue::new(None);
    move || {
        // What was pressed may go with the list that it was in.
        hand_over("#results");
        let (params, run) = (params.get(), builder.runs.get());
        // Relative ranges count back from the moment that the first page was requested, not from each page.
        let now = ran
            .take()
            .filter(|(old, last, _)| *last == run && old.is_same_list(&params))
            .map_or_else(|| watched.now_untracked(), |(_, _, now)| now);
        ran = Some((params.clone(), run, now));
        let first_asked = builder.asked_at.get_untracked().filter(|at| *at > now);
        let now = match params.page {
            1 => watched.now_untracked(),
            _ => first_asked.unwrap_or(now),
        };
        builder.asked_at.set(Some(now));
        // A month begins with the zone; nothing else that is asked for depends on it.
        let zone = if params.relative.needs_zone() {
            prefs.zone.get()
        } else {
            prefs.zone.get_untracked()
        };
        // By the clock that stamps the sessions, which is each vendor's own.
        let sent = move |params: &QueryParams, connection: &str, now| {
            let now = untrack(|| watched.vendor_time(connection, now));
            params.sent(now, &|at| times::offset(zone, at))
        };
        let connections = connections.get_value();
        let first = connections
            .first()
            .map(|first| sent(&params, &first.id, now));
        let Some(Ok(query)) = first else {
            return view! { <p class="panel blank">"Nothing was sent: the query is invalid."</p> }
                .into_any();
        };
        let (recent, wire) = (params.recent, params.wire);
        let several = connections.len() > 1;
        let asked = connections.into_iter().map(|connection| {
            let wire = wire.unwrap_or_else(|| wire_of(&connection));
            let (params, id) = (params.clone(), connection.id.clone());
            let same = sent(&params, &id, now).unwrap_or_default();
            // The first page goes with the time, at each poll; those behind it go on from where it was.
            let ask: Ask = Arc::new(move || {
                let now = watched.now_untracked();
                match sent(&params, &id, now) {
                    Ok(query) if query.page == 1 => {
                        let _ = builder.asked_at.try_set(Some(now));
                        query
                    }
                    _ => same.clone(),
                }
            });
            let id = connection.id;
            let live = if recent {
                live::veeam::recent(id.clone(), wire)
            } else {
                live::veeam::query(
                    id.clone(),
                    if several {
                        from_first(&ask)
                    } else {
                        Arc::clone(&ask)
                    },
                    wire,
                )
            };
            QueriedConnection {
                id,
                title: connection.title,
                wire,
                ask,
                live,
            }
        });
        let found = Found::new(asked.collect(), &query, recent, every, clock);
        view! { <Listing found query builder opened pressed /> }.into_any()
    }
}

/// All sessions that a page of several connections may need, in place of that page of one.
fn from_first(ask: &Ask) -> Ask {
    let ask = Arc::clone(ask);
    Arc::new(move || {
        let query = ask();
        Query {
            page: 1,
            page_size: needed(query.page, query.page_size),
            ..query
        }
    })
}

#[component]
fn Listing(
    found: Found,
    query: Query,
    builder: Builder,
    /// The session whose panel was opened last, until it is closed.
    opened: StoredValue<Option<String>>,
    pressed: PressedHeader,
) -> impl IntoView {
    let (clock, prefs, nav, watched) = (use_clock(), use_prefs(), use_nav(), use_watched());
    let Found { asked, recent, .. } = found;
    let (sort, several) = (query.sort, found.is_of_several());
    // Of several, each row says so for itself.
    let stale = Memo::new(move |_| !several && found.oldest(clock).is_some());
    let count = Memo::new(move |_| found.page().map_or(0, |page| page.sessions.len()));
    let table = RowWindow::new(ALL_DRAWN, count);
    let row_lock = RowLock::default();
    let list = Memo::new(move |before: Option<&Vec<Row>>| {
        let mut rows = found.rows(
            table.rows.get().rows,
            &watched.snapshot(),
            clock,
            prefs.zone.get(),
        );
        // Of a longer page other rows are drawn when it is scrolled, and these belong where they stand in it.
        let is_whole = count.get() <= ALL_DRAWN;
        if let Some(before) = before.filter(|_| is_whole && row_lock.is_held()) {
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
        let refused = asked.with_value(|asked| {
            let failures = asked.iter().filter_map(|one| one.live.status.failure());
            failures.into_iter().find(|failure| failure.status() == 400)
        });
        builder.refused.set(refused.map(|failure| failure.line()));
    });
    on_cleanup(move || {
        let _ = builder.refused.try_set(None);
    });
    asked.with_value(|asked| {
        if let [one] = &asked[..] {
            live::veeam::prefetch(one.id.clone(), query, one.wire, one.live);
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
        let (one, uid) = found.detailed(&session?)?;
        Some(
            view! { <Panel connection=one.id title=one.title uid wire=one.wire opened=!is_open listed /> },
        )
    };
    // What cannot be read cannot be run. A memo: it is not said again with each letter.
    let is_wrong = Memo::new(move |_| builder.error.read().is_some());
    let last = move || {
        let words = if is_wrong.get() {
            "Correct the filter; the last query is shown."
        } else {
            "Showing the last query. Run query shows the one above."
        };
        builder
            .waiting
            .get()
            .then(|| view! { <p class="bar">{words}</p> })
    };
    // Of several connections that have a session, another one may be shown than when it was opened.
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
    let errors = asked.get_value().into_iter();
    let errors = errors.map(|one| query_errors(one.live, one.title, found));
    let errors = errors.collect::<Vec<_>>();
    let short = move || {
        let title = found.short()?;
        Some(
            view! { <p class="panel note">{format!("{title} gave fewer sessions than this page needs of it, so the page ends early. Narrow the query, or ask {title} alone.")}</p> },
        )
    };
    view! {
        {errors}
        <div class="cols" role="status">
            {short}
            {recent.then(|| view! { <p class="panel note">"These are the sessions of the last 30 days, without the query."</p> })}
        </div>
        {move || found.page().and_then(|page| left_out_note(page.left_out))}
        {histogram_view(Box::new(move || found.page()), "this page", (!recent).then_some(builder))}
        <div class="cols" class:draw=move || chosen.read().is_some()>
            <section class="panel" id="results" tabindex="-1" aria-label="Results" data-fresh=move || stale.get().then_some("stale")>
                <div role="status">{last}</div>
                // The table alone: while a page is read, the button that led to it keeps the focus.
                <div hidden=move || !listed.get()>
                    <LongTable table caption="Cloud failover sessions" head=headers.into_any()>
                        <StableRows row_lock>{table.before()}{rows.draw_numbered(draw)}{table.after()}</StableRows>
                    </LongTable>
                </div>
                {nothing(found)}
                {pagination(found)}
            </section>
            {panel}
        </div>
    }
}

/// Failures, the waiting note, and what to do about them.
fn query_errors(live: Live<Page>, title: String, found: Found) -> AnyView {
    let (nav, number, several) = (use_nav(), found.number, found.is_of_several());
    let title = StoredValue::new(title);
    let error_card = move || {
        let retry = Callback::new(move |()| live.status.refresh());
        let failure = live.status.failure()?;
        let status = failure.status();
        // Roles that may not query may still read the collection.
        let offer = (status == 403 && !found.recent).then(|| view! {
            <p class="panel note">"Some roles may not query but may read the collection. "
                <button type="button" class="btn" on:click=move |_| nav.change(&[("recent", Some("30")), ("page", None)])>"Show the last 30 days"</button></p>
        });
        // Of several, each is asked from its first session on.
        let first = (number > 1 && status != 0 && !several).then(|| view! {
            <p class="panel note">{format!("This is page {number}. It may be out of range. ")}{to_first_page(nav)}</p>
        });
        let missing = (several && live.value().is_none()).then(|| view! {
            <p class="panel note" data-s="unknown"><Icon name="stale" />{format!("The list is without the sessions of {}.", title.get_value())}</p>
        });
        Some(
            view! { <FailureCard failure system=title.get_value() retry />{offer}{first}{missing} },
        )
    };
    let waiting = Memo::new(move |_| live.value().is_none() && live.status.failure().is_none());
    view! {
        <div role="status"><Show when=move || waiting.get()><p class="panel note">{format!("Loading from {}…", title.get_value())}</p></Show></div>
        {error_card}
        {aged(live.status)}
    }
    .into_any()
}

fn to_first_page(nav: Nav) -> AnyView {
    let go = move |_| nav.change(&[("page", None)]);
    view! { <button type="button" class="btn" on:click=go>"Go to the first page"</button> }
        .into_any()
}

/// The text if there are no rows.
fn nothing(found: Found) -> AnyView {
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
            (count, _) => format!("The server answered with {count} references and no details."),
        };
        let back = beyond.then(|| view! { " "{to_first_page(nav)} });
        Some(view! { <p class="blank">{words}{back}</p> })
    };
    view! { {shown} }.into_any()
}

/// A header; one that the service can sort by sorts there.
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
    // A first click on a time shows the newest, on anything else the first.
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
