//! The table "Failover groups" over all AVEVA connections.

use super::action_context::writer;
use super::group_row::GroupRow;
use super::model::{GROUPS, row};
use crate::api::inventory::Refresh;
use crate::api::session::Session;
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::pages::SourceErrors;
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::pages::resource_list::{PAGE_SIZE, resource_list};
use crate::provided::provided;
use crate::route::Route;
use crate::ui::table::filters::{Chip, Pager, Search, Select};
use crate::ui::table::sorting::SortHeader;
use crate::ui::table::stable_rows::StableRows;
use crate::ui::{Heading, icon};
use health::inventory::Kind;
use health::severity::Severity;
use leptos::prelude::*;
use std::sync::Arc;

/// The page `/groups`.
#[component]
pub fn Groups() -> impl IntoView {
    let (nav, watched) = (use_nav(), use_watched());
    let list = resource_list(GROUPS);
    let order = list.order;
    let rows = list.rows(row);
    let summary = move || list.summary(watched);
    let none = "There are no failover groups.";
    let empty_message = move || list.empty_message(nav, watched, none, &Route::Groups);
    let snapshot = watched.snapshot_untracked();
    let connections: Vec<_> = snapshot
        .connections
        .iter()
        .map(|state| &state.connection)
        .collect();
    let writers: Vec<_> = connections
        .iter()
        .filter_map(|connection| writer(connection))
        .collect();
    let titles: Vec<(String, String)> = writers
        .iter()
        .map(|writer| (writer.connection.clone(), writer.title.clone()))
        .collect();
    let (creating, chunks) = (RwSignal::new(false), use_chunks());
    let may_create = provided::<Arc<Session>>().may_change() && !writers.is_empty();
    let create = may_create.then(|| {
        view! { <button type="button" class="btn main end" on:click=move |_| creating.set(true)>"Create group"</button> }
    });
    let dialog = move || {
        let changed = Callback::new(move |()| watched.refresh(Refresh::Everything));
        let on_close = Callback::new(move |()| creating.set(false));
        let writers = writers.clone();
        let dialog = Dialog::CreateGroup { writers, changed };
        creating
            .get()
            .then(|| chunks.dialog(Chunk::GroupDialogs, dialog, on_close))
    };
    view! {
        <Heading text="Groups" />
        <div class="row">
            <Search label="Search groups" placeholder="Name, id, session or connection" />
            <Chip name="All" count=list.count(None) />
            <Chip name="Needs attention" state="attention" severity=Severity::Critical count=list.count(Some("attention")) />
            <Chip name="Handing over" state="moving" severity=Severity::Moving count=list.count(Some("moving")) />
            <Chip name="Unknown" state="unknown" severity=Severity::Unknown count=list.count(Some("unknown")) />
            <Chip name="Normal" state="normal" severity=Severity::Normal count=list.count(Some("normal")) />
            <Select label="Connection" param="connection" all="all" options=titles />
            {create}
        </div>
        {dialog}
        <SourceErrors of=Kind::FailoverGroup />
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
                    <StableRows row_lock=list.row_lock>{rows.draw(|row| view! { <GroupRow row /> })}</StableRows>
                </table>
            </div>
            {empty_message}
            <p class="bar">
                <span role="status">{summary}</span>
                <span class="key" aria-hidden="true">
                    {icon("primary")}"primary"{icon("pending")}"pending"{icon("normal")}"standby"
                    {icon("unknown")}"silent"
                </span>
                <span class="end">"Heartbeat bar: thin mark = half of the timeout, beat due. Thick mark = takeover."</span>
                <Pager page=list.page all=list.number page_size=PAGE_SIZE />
            </p>
        </section>
    }
}
