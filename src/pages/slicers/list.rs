//! The table "Slicer failover groups" over all Uplynk connections.

use super::model::{KEYS, Row, RowContext, WORST_FIRST, row, sort};
use crate::live::rows::Rows;
use crate::live::{Feed, Source, use_clock, use_sources};
use crate::nav::use_nav;
use crate::pages::{SourceError, alarms::verdicts};
use crate::prefs::use_prefs;
use crate::route::Route;
use crate::ui::table::filters::{Chip, Search};
use crate::ui::table::sorting::{SortHeader, SortOrder};
use crate::ui::table::stable_rows::{RowLock, StableRows, keep_order};
use crate::ui::times;
use crate::ui::{Heading, Icon, StatusMark};
use health::severity::Severity;
use leptos::prelude::*;

/// The page `/slicers`.
#[component]
pub fn Slicers() -> impl IntoView {
    let (nav, sources, clock, prefs) = (use_nav(), use_sources(), use_clock(), use_prefs());
    let of_uplynk: Vec<Source> = sources
        .iter()
        .filter(|source| matches!(source.feed, Feed::Uplynk(_)))
        .cloned()
        .collect();
    let source_errors: Vec<_> = of_uplynk
        .iter()
        .cloned()
        .map(|source| view! { <SourceError source /> })
        .collect();
    let has_answered = move || {
        of_uplynk
            .iter()
            .any(|source| source.feed.status().has_answered())
    };
    let order =
        Memo::new(move |_| SortOrder::read(nav.param("sort").as_deref(), KEYS, WORST_FIRST));
    let searched = Memo::new(move |_| {
        let words = nav.param("q").unwrap_or_default().to_lowercase();
        let mut rows = Vec::new();
        for (source, live) in sources.uplynk() {
            let connection = &source.connection;
            let now = live.status.vendor_time(clock);
            let zone = times::offset(prefs.zone.get(), now);
            let stale = !live.status.freshness(clock).is_believable();
            let verdicts = verdicts(&connection.id);
            let groups = live.value().unwrap_or_default();
            for (group, verdict) in groups.iter().zip(verdicts.read().iter()) {
                let to = Route::SlicerGroup {
                    connection: connection.id.clone(),
                    group: group.id.clone(),
                };
                let row = row(
                    group,
                    verdict,
                    RowContext {
                        connection: &connection.title,
                        href: to.href(),
                        stale,
                        now,
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
    let belongs =
        |row: &Row, state: Option<&str>| state.is_none_or(|state| row.severity.key() == state);
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
    let rows = Rows::follow(Memo::new(move |_| shown.read().1.clone()));
    let summary = move || match shown.read().1.len() {
        1 => "1 group".to_owned(),
        number => format!("{number} groups"),
    };
    let nothing = move || {
        (shown.read().1.is_empty() && has_answered()).then(|| {
        let filtered = nav.param("q").is_some() || nav.param("state").is_some();
        let words = if filtered { "No group matches." } else { "There are no slicer failover groups. They are made in Uplynk." };
        view! { <p class="blank">{words}" "{filtered.then(|| view! { <a href=Route::Slicers.href()>"Show all groups"</a> })}</p> }
    })
    };
    view! {
        <Heading text="Slicers" />
        <div class="row">
            <Search label="Search slicer groups" placeholder="Group, slicer or channel" />
            <Chip name="All" count=count(None) />
            <Chip name="Critical" state="critical" severity=Severity::Critical count=count(Some("critical")) />
            <Chip name="Warning" state="warning" severity=Severity::Warning count=count(Some("warning")) />
            <Chip name="Unknown" state="unknown" severity=Severity::Unknown count=count(Some("unknown")) />
            <Chip name="Normal" state="normal" severity=Severity::Normal count=count(Some("normal")) />
        </div>
        {source_errors}
        <section class="panel">
            <div class="scroll" tabindex="0" role="region" aria-label="Slicer failover groups, scrollable">
                <table class="tall">
                    <caption class="vh">"Slicer failover groups"</caption>
                    <thead>
                        <tr>
                            <SortHeader name="State" key="state" order />
                            <SortHeader name="Group" key="group" order />
                            <SortHeader name="Connection" key="connection" order />
                            <th scope="col">"On air"</th>
                            <th scope="col">"Slicers"</th>
                            <th scope="col">"Backups ready"</th>
                            <th scope="col">"Mode"</th>
                            <th scope="col">"Auto failback"</th>
                            <SortHeader name="Last failover" key="failover" order />
                        </tr>
                    </thead>
                    <StableRows row_lock>{rows.draw(|row| view! { <GroupRow row /> })}</StableRows>
                </table>
            </div>
            {nothing}
            <p class="bar"><span role="status">{summary}</span></p>
        </section>
    }
}

#[component]
fn GroupRow(row: RwSignal<Row>) -> impl IntoView {
    let severity = Signal::derive(move || row.read().severity);
    let word = Signal::derive(move || row.read().word.clone());
    let was = move || {
        row.read()
            .was
            .map(|was| view! { <span class="sub">"last seen "{was}</span> })
    };
    let chain = Memo::new(move |_| row.read().chain.clone());
    let links = move || {
        chain.get().into_iter().map(|link| {
            let on_air = (link.mark == Some("onair")).then_some("true");
            let tone = link.mark.filter(|mark| *mark != "onair");
            view! {
                <li aria-current=on_air data-s=tone>
                    {link.mark.map(|name| view! { <Icon name /> })}
                    {link.id}
                    {(!link.words.is_empty()).then(|| view! { <span class="vh">" "{link.words}</span> })}
                </li>
            }
        }).collect::<Vec<_>>()
    };
    view! {
        <tr data-fresh=move || row.read().stale.then_some("stale")>
            <td><StatusMark severity word />{was}</td>
            <th scope="row">
                <a href=move || row.read().href.clone()><b>{move || row.read().name.clone()}</b></a>
                <span class="sub">{move || row.read().channels.clone()}</span>
            </th>
            <td>{move || row.read().connection.clone()}</td>
            <td><b>{move || row.read().on_air.0.clone()}</b><span class="sub">{move || row.read().on_air.1.clone()}</span></td>
            <td><ol class="chain">{links}</ol></td>
            <td>{move || row.read().backups.clone()}</td>
            <td>{move || row.read().mode.clone()}</td>
            <td>{move || row.read().auto_failback}</td>
            <td>{move || row.read().failover_words.0.clone()}<span class="sub">{move || row.read().failover_words.1.clone()}</span></td>
        </tr>
    }
}
