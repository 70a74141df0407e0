//! The table "Slicer failover groups" over all Uplynk connections.

use super::model::{Row, SLICER_GROUPS, last_failover, row};
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::pages::SourceErrors;
use crate::pages::resource_list::{PAGE_SIZE, resource_list};
use crate::pages::resource_row::{StateCell, row_time};
use crate::route::Route;
use crate::ui::table::filters::{Chip, Pager, Search};
use crate::ui::table::sorting::SortHeader;
use crate::ui::table::stable_rows::StableRows;
use crate::ui::{Heading, icon, name};
use health::inventory::Kind;
use health::severity::Severity;
use leptos::prelude::*;

/// The page `/slicers`.
#[component]
pub fn Slicers() -> impl IntoView {
    let (nav, watched) = (use_nav(), use_watched());
    let list = resource_list(SLICER_GROUPS);
    let order = list.order;
    let rows = list.rows(row);
    let summary = move || list.summary(watched);
    let none = "There are no slicer failover groups. Create them in Uplynk.";
    let empty_message = move || list.empty_message(nav, watched, none, &Route::Slicers);
    view! {
        <Heading text="Slicers" />
        <div class="row">
            <Search label="Search slicer groups" placeholder="Group, slicer or channel" />
            <Chip name="All" count=list.count(None) />
            <Chip name="Critical" state="critical" severity=Severity::Critical count=list.count(Some("critical")) />
            <Chip name="Warning" state="warning" severity=Severity::Warning count=list.count(Some("warning")) />
            <Chip name="Unknown" state="unknown" severity=Severity::Unknown count=list.count(Some("unknown")) />
            <Chip name="Normal" state="normal" severity=Severity::Normal count=list.count(Some("normal")) />
        </div>
        <SourceErrors of=Kind::SlicerGroup />
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
                    <StableRows row_lock=list.row_lock>{rows.draw(|row| view! { <GroupRow row /> })}</StableRows>
                </table>
            </div>
            {empty_message}
            <p class="bar"><span role="status">{summary}</span><Pager page=list.page all=list.number page_size=PAGE_SIZE /></p>
        </section>
    }
}

#[component]
fn GroupRow(row: RwSignal<Row>) -> impl IntoView {
    let state = Signal::derive(move || row.read().state.clone());
    let chain = Memo::new(move |_| row.read().chain.clone());
    let links = move || {
        chain.get().into_iter().map(|link| {
            let on_air = (link.mark == Some("onair")).then_some("true");
            let tone = link.mark.filter(|mark| *mark != "onair");
            view! {
                <li aria-current=on_air data-s=tone>
                    {link.mark.map(icon)}
                    {link.id}
                    {(!link.words.is_empty()).then(|| view! { <span class="vh">" "{link.words}</span> })}
                </li>
            }
        }).collect::<Vec<_>>()
    };
    let element = NodeRef::new();
    let watched = use_watched();
    let time = row_time(element, move || {
        watched.vendor_now(&row.read().connection_id)
    });
    let failover = Memo::new(move |_| last_failover(&row.read(), time.get()));
    view! {
        <tr node_ref=element data-fresh=move || row.read().state.last_known.is_some().then_some("stale")>
            <StateCell state />
            <th scope="row">
                <a href=move || row.read().href.clone()><b>{name(move || row.read().name.clone())}</b></a>
                <span class="sub">{move || row.read().channels.clone()}</span>
            </th>
            <td>{name(move || row.read().connection.clone())}</td>
            <td><b>{name(move || row.read().on_air.0.clone())}</b><span class="sub">{move || row.read().on_air.1.clone()}</span></td>
            <td><ol class="chain">{links}</ol></td>
            <td>{move || row.read().backups.clone()}</td>
            <td>{move || row.read().mode.clone()}</td>
            <td>{move || row.read().auto_failback}</td>
            <td>{move || failover.read().0.clone()}<span class="sub">{move || failover.read().1.clone()}</span></td>
        </tr>
    }
}
