//! The table "Failover groups" over all AVEVA connections.

use super::action_context::writer;
use super::group_form::GroupForm;
use super::group_row::GroupRow;
use super::model::{KEYS, Row, RowContext, WORST_FIRST, row, sort};
use crate::api::session::Session;
use crate::live::rows::Rows;
use crate::live::{Feed, Source, use_clock, use_sources};
use crate::nav::use_nav;
use crate::pages::{SourceError, alarms::verdicts};
use crate::prefs::use_prefs;
use crate::route::Route;
use crate::ui::table::filters::{Chip, Pager, Search, Select, page_of};
use crate::ui::table::sorting::{SortHeader, SortOrder};
use crate::ui::table::stable_rows::{RowLock, StableRows, keep_order};
use crate::ui::times;
use crate::ui::{Heading, Icon};
use health::severity::Severity;
use leptos::prelude::*;
use std::sync::Arc;

/// Rows a page.
const A_PAGE: usize = 50;

/// Whether a row belongs to a state chip.
fn belongs(row: &Row, state: Option<&str>) -> bool {
    match state {
        Some("attention") => matches!(row.severity, Severity::Critical | Severity::Warning),
        Some(key) => row.severity.key() == key,
        None => true,
    }
}

/// The page `/groups`.
#[component]
pub fn Groups() -> impl IntoView {
    let (nav, sources, clock, prefs) = (use_nav(), use_sources(), use_clock(), use_prefs());
    let of_aveva: Vec<Source> = sources
        .iter()
        .filter(|source| matches!(source.feed, Feed::Aveva(..)))
        .cloned()
        .collect();
    let titles: Vec<(String, String)> = of_aveva
        .iter()
        .map(|source| {
            (
                source.connection.id.clone(),
                source.connection.title.clone(),
            )
        })
        .collect();
    let source_errors: Vec<_> = of_aveva
        .iter()
        .cloned()
        .map(|source| view! { <SourceError source /> })
        .collect();
    let writers: Vec<_> = of_aveva.iter().filter_map(writer).collect();
    let created = of_aveva.clone();
    let has_answered = {
        let of_aveva = of_aveva.clone();
        move || {
            of_aveva
                .iter()
                .any(|source| source.feed.held().0 > 0 || source.feed.status().has_answered())
        }
    };
    let order =
        Memo::new(move |_| SortOrder::read(nav.param("sort").as_deref(), KEYS, WORST_FIRST));
    let searched = Memo::new(move |_| {
        let words = nav.param("q").unwrap_or_default().to_lowercase();
        let only = nav.param("connection");
        let mut rows = Vec::new();
        for (source, live) in sources.aveva() {
            let connection = &source.connection;
            if only.as_ref().is_some_and(|only| *only != connection.id) {
                continue;
            }
            let now = live.status.vendor_time(clock);
            let zone = times::offset(prefs.zone.get(), now);
            let silent = !live.status.freshness(clock).is_believable();
            let verdicts = verdicts(&connection.id);
            let groups = live.value().unwrap_or_default();
            for (group, verdict) in groups.iter().zip(verdicts.read().iter()) {
                let fresh = group.freshness(live.status, clock).is_believable();
                let stale = silent || (!fresh && group.detail.is_some());
                let id = group.configuration.id.clone().unwrap_or_default();
                let href = Route::Group {
                    connection: connection.id.clone(),
                    group: id,
                }
                .href();
                let row = row(
                    group,
                    verdict,
                    RowContext {
                        connection: &connection.title,
                        href,
                        stale,
                        look: group.look(live.status, clock),
                        zone,
                    },
                );
                if row.haystack.contains(&words) {
                    rows.push(row);
                }
            }
        }
        rows
    });
    let count = move |state: Option<&'static str>| {
        Signal::derive(move || {
            searched
                .read()
                .iter()
                .filter(|row| belongs(row, state))
                .count()
        })
    };
    let row_lock = RowLock::new();
    let shown = Memo::new(move |before: Option<&(SortOrder, Vec<Row>)>| {
        let state = nav.param("state");
        let mut rows: Vec<Row> = searched
            .read()
            .iter()
            .filter(|row| belongs(row, state.as_deref()))
            .cloned()
            .collect();
        sort(&mut rows, order.get());
        let before = before.filter(|(by, _)| row_lock.is_held() && *by == order.get());
        if let Some((_, before)) = before {
            keep_order(&mut rows, before, |row| row.href.clone());
        }
        (order.get(), rows)
    });
    let all = Signal::derive(move || shown.read().1.len());
    let page = Memo::new(move |_| page_of(nav.param("page").as_deref(), all.get(), A_PAGE));
    let rows = Rows::follow(Memo::new(move |_| {
        shown
            .read()
            .1
            .iter()
            .skip((page.get() - 1) * A_PAGE)
            .take(A_PAGE)
            .cloned()
            .collect::<Vec<_>>()
    }));
    let summary = move || {
        let words = if order.get() == WORST_FIRST {
            ", worst first"
        } else {
            ""
        };
        match all.get() {
            1 => "1 group".to_owned(),
            number => format!("{number} groups{words}"),
        }
    };
    let nothing = move || {
        (all.get() == 0 && has_answered()).then(|| {
        let filtered = nav.param("q").is_some() || nav.param("state").is_some() || nav.param("connection").is_some();
        let words = if filtered { "No group matches." } else { "There are no failover groups." };
        view! { <p class="blank">{words}" "{filtered.then(|| view! { <a href=Route::Groups.href()>"Show all groups"</a> })}</p> }
    })
    };
    let creating = RwSignal::new(false);
    let may_create = expect_context::<Arc<Session>>().may_change() && !writers.is_empty();
    let create = may_create.then(|| {
        view! { <button type="button" class="btn main end" on:click=move |_| creating.set(true)>"Create group"</button> }
    });
    let dialog = move || {
        let (sources, writers) = (created.clone(), writers.clone());
        let changed = Callback::new(move |()| {
            for source in &sources {
                source.feed.status().refresh();
            }
        });
        let on_close = Callback::new(move |()| creating.set(false));
        creating
            .get()
            .then(|| view! { <GroupForm writers changed on_close /> })
    };
    view! {
        <Heading text="Groups" />
        <div class="row">
            <Search label="Search groups" placeholder="Name, id, session or connection" />
            <Chip name="All" count=count(None) />
            <Chip name="Needs attention" state="attention" severity=Severity::Critical count=count(Some("attention")) />
            <Chip name="Handing over" state="moving" severity=Severity::Moving count=count(Some("moving")) />
            <Chip name="Unknown" state="unknown" severity=Severity::Unknown count=count(Some("unknown")) />
            <Chip name="Normal" state="normal" severity=Severity::Normal count=count(Some("normal")) />
            <Select label="Connection" param="connection" all="all" options=titles />
            {create}
        </div>
        {dialog}
        {source_errors}
        <section class="panel">
            <div class="scroll" tabindex="0" role="region" aria-label="Failover groups, scrollable">
                <table>
                    <caption class="vh">"Failover groups"</caption>
                    <thead>
                        <tr>
                            <SortHeader name="State" key="state" order />
                            <SortHeader name="Group" key="group" order />
                            <SortHeader name="Connection" key="connection" order />
                            <SortHeader name="Primary" key="primary" order />
                            <SortHeader name="Pending primary" key="pending" order />
                            <th scope="col">"Sessions"</th>
                            <SortHeader name="Failover timeout" key="timeout" order />
                            <SortHeader name="Last data processed" key="data" order />
                            <th scope="col">"Heartbeat of primary"</th>
                        </tr>
                    </thead>
                    <StableRows row_lock>{rows.draw(|row| view! { <GroupRow row /> })}</StableRows>
                </table>
            </div>
            {nothing}
            <p class="bar">
                <span role="status">{summary}</span>
                <span class="key" aria-hidden="true">
                    <Icon name="primary" />"primary"<Icon name="pending" />"pending"<Icon name="normal" />"standby"
                    <Icon name="unknown" />"stale"
                </span>
                <span class="end">"Heartbeat bar: thin mark = half of the timeout, beat due. Thick mark = takeover."</span>
                <Pager page all a_page=A_PAGE />
            </p>
        </section>
    }
}
