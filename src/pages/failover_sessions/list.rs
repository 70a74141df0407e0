//! The query and its table "Cloud failover sessions".

use super::model::{Row, row};
use super::query::{Asked, SIZES, asked, write_sort};
use crate::live::rows::Rows;
use crate::live::{self, Feed, Source, use_clock, use_sources};
use crate::nav::use_nav;
use crate::prefs::use_prefs;
use crate::route::Route;
use crate::ui::filter::Select;
use crate::ui::{Copy, FailureCard, Heading, Icon, StatusMark, times};
use health::severity::Severity;
use leptos::prelude::*;
use vendors::System;
use vendors::veeam::{self, Field, Query, Sort, Wire};

/// Queries ready to run.
const READY: [(&str, &str); 3] = [
    ("All", ""),
    ("Failed or with warnings", "Result>=Warning"),
    ("Running now", "State==Working"),
];

/// The page `/failover-sessions`.
#[component]
pub fn FailoverSessions() -> impl IntoView {
    let (nav, sources) = (use_nav(), use_sources());
    let of_veeam: Vec<Source> = sources
        .iter()
        .filter(|source| matches!(source.feed, Feed::Veeam(_)))
        .cloned()
        .collect();
    let Some(first) = of_veeam.first().map(|source| source.connection.id.clone()) else {
        return view! {
            <Heading text="Failover sessions" />
            <p class="panel blank">"No Veeam connection is configured."</p>
        }
        .into_any();
    };
    let titles: Vec<(String, String)> = of_veeam
        .iter()
        .map(|source| {
            (
                source.connection.id.clone(),
                source.connection.title.clone(),
            )
        })
        .collect();
    let asked = Memo::new(move |_| asked(nav));
    let default = first.clone();
    let source = Memo::new(move |_| nav.param("connection").unwrap_or_else(|| first.clone()));
    let results = move || {
        let id = source.get();
        let Some(source) = of_veeam
            .iter()
            .find(|source| source.connection.id == id)
            .cloned()
        else {
            return view! { <p class="panel blank">{format!("There is no Veeam connection “{id}”.")}</p> }.into_any();
        };
        match asked.get().query {
            Ok(query) => view! { <Results source query /> }.into_any(),
            Err(_) => {
                view! { <p class="panel blank">"Nothing was sent: the filter cannot be read."</p> }
                    .into_any()
            }
        }
    };
    view! {
        <Heading text="Failover sessions" />
        <QueryForm asked titles default />
        {results}
    }
    .into_any()
}

#[component]
fn QueryForm(asked: Memo<Asked>, titles: Vec<(String, String)>, default: String) -> impl IntoView {
    let nav = use_nav();
    let typed = RwSignal::new(asked.get_untracked().filter);
    Effect::new(move |_| typed.set(asked.read().filter.clone()));
    let run = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        nav.go(&nav.with_params(&[
            ("filter", Some(typed.get_untracked().trim())),
            ("page", None),
        ]));
    };
    let ready: Vec<_> = READY.into_iter().map(|(name, filter)| {
        let pressed = move || if asked.read().filter == filter { "true" } else { "false" };
        let click = move |_| nav.go(&nav.with_params(&[("filter", Some(filter)), ("page", None)]));
        view! { <button type="button" class="chip" aria-pressed=pressed on:click=click>{name}</button> }
    }).collect();
    let sent = Memo::new(move |_| {
        asked
            .read()
            .query
            .as_ref()
            .ok()
            .map(|query| veeam::query(query, Wire::Json).request.target())
    });
    let wrong =
        move || {
            asked.read().query.clone().err().map(|error| view! {
        <p id="filter-error" class="wrong" role="alert"><Icon name="warning" />{error}</p>
    })
        };
    let sizes = SIZES
        .iter()
        .map(|size| (size.to_string(), size.to_string()))
        .collect::<Vec<_>>();
    let size = asked.get_untracked().size.to_string();
    view! {
        <section class="panel query" aria-labelledby="query">
            <h2 class="vh" id="query">"Query"</h2>
            <form class="row" on:submit=run>
                <label class="field grow">
                    <span>"Filter"</span>
                    <input
                        type="text"
                        name="filter"
                        autocomplete="off"
                        spellcheck="false"
                        placeholder="Result==Failed;CreationTime>=\"2026-11-01T00:00:00Z\""
                        aria-invalid=move || asked.read().query.is_err().then_some("true")
                        aria-describedby=move || asked.read().query.is_err().then_some("filter-error")
                        prop:value=move || typed.get()
                        on:input=move |event| typed.set(event_target_value(&event))
                    />
                </label>
                <button type="submit" class="btn main">"Run query"</button>
            </form>
            {wrong}
            {move || sent.get().map(|target| view! {
                <div class="code"><code><b>"GET"</b>" "{target.clone()}</code><Copy text=target name="Copy query" /></div>
            })}
            <div class="row">
                <small>"Ready"</small>
                {ready}
                <span class="end"></span>
                <Select label="Connection" param="connection" options=titles default=default />
                <Select label="Page size" param="size" options=sizes default=size />
            </div>
        </section>
    }
}

#[component]
fn Results(source: Source, query: Query) -> impl IntoView {
    let (clock, prefs) = (use_clock(), use_prefs());
    let connection = source.connection.clone();
    let wire = match connection.system {
        System::Veeam { accept } => accept,
        _ => Wire::default(),
    };
    let sort = query.sort;
    let number = query.page;
    let live = live::veeam::query(connection.id.clone(), &query, wire);
    let stale =
        Memo::new(move |_| live.value().is_some() && !live.status.freshness(clock).is_believable());
    let list = {
        let id = connection.id.clone();
        Memo::new(move |_| {
            let now = live.status.vendor_time(clock);
            let zone = times::offset(prefs.zone.get(), now);
            let page = live.value().unwrap_or_default();
            page.sessions
                .iter()
                .map(|session| {
                    let uid = session.uid.clone().unwrap_or_default();
                    let to = Route::FailoverSession {
                        connection: id.clone(),
                        uid,
                    };
                    row(session, to.href(), now, zone)
                })
                .collect::<Vec<_>>()
        })
    };
    let rows = Rows::follow(list);
    let paging = Memo::new(move |_| {
        live.value()
            .and_then(|page| page.paging.clone())
            .map(|paging| (paging.page, paging.pages))
    });
    let trouble = {
        let title = connection.title.clone();
        move || {
            let retry = Callback::new(move |()| live.status.refresh());
            let system = title.clone();
            live.status
                .failure()
                .map(|failure| view! { <FailureCard failure system retry /> })
        }
    };
    let waiting = {
        let title = connection.title.clone();
        move || {
            (live.value().is_none() && live.status.failure().is_none()).then(|| {
                view! {
                    <p class="panel note" role="status">{format!("Asking {title}…")}</p>
                }
            })
        }
    };
    let nothing = move || {
        live.value()
            .filter(|page| page.sessions.is_empty())
            .map(|_| {
                view! {
                    <p class="blank">"No session matches the query."</p>
                }
            })
    };
    view! {
        {waiting}
        {trouble}
        <section class="panel" hidden=move || live.value().is_none() data-fresh=move || stale.get().then_some("stale")>
            <div class="scroll" tabindex="0" role="region" aria-label="Cloud failover sessions, scrollable">
                <table>
                    <caption class="vh">"Cloud failover sessions"</caption>
                    <thead>
                        <tr>
                            <ServerSort name="Result" field=Field::Result sort />
                            <ServerSort name="Plan" field=Field::Name sort />
                            <ServerSort name="State" field=Field::State sort />
                            <ServerSort name="Started" field=Field::CreationTime sort />
                            <th scope="col">"Duration"</th>
                            <th scope="col">"Progress"</th>
                            <ServerSort name="Server" field=Field::BackupServerName sort />
                        </tr>
                    </thead>
                    <tbody>{rows.draw(|row| view! { <SessionRow row /> })}</tbody>
                </table>
            </div>
            {nothing}
            <Pages paging rows=Signal::derive(move || list.read().len()) number />
        </section>
    }
}

/// A header that sorts on the server.
#[component]
fn ServerSort(name: &'static str, field: Field, sort: Sort) -> impl IntoView {
    let nav = use_nav();
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
        field == Field::CreationTime
    };
    let click = move |_| {
        nav.go(&nav.with_params(&[
            ("sort", Some(&write_sort(Sort { field, descending }))),
            ("page", None),
        ]));
    };
    let arrow = sorted.then(|| {
        let name = if sort.descending { "sortd" } else { "sorta" };
        view! { <Icon name /> }
    });
    view! { <th scope="col" aria-sort=aria><button type="button" on:click=click>{name}{arrow}</button></th> }
}

#[component]
fn Pages(paging: Memo<Option<(u32, u32)>>, rows: Signal<usize>, number: u32) -> impl IntoView {
    let nav = use_nav();
    let last = move || paging.get().map_or(number, |(_, pages)| pages.max(1));
    let go = move |page: u32| nav.go(&nav.with_params(&[("page", Some(&page.to_string()))]));
    let summary = move || {
        let sessions = match rows.get() {
            1 => "1 session".to_owned(),
            rows => format!("{rows} sessions"),
        };
        match paging.get() {
            Some((page, pages)) => format!("{sessions} on page {page} of {}", pages.max(1)),
            None => sessions,
        }
    };
    view! {
        <p class="bar">
            <span role="status">{summary}</span>
            <span class="end"></span>
            <button type="button" class="btn" disabled={number <= 1} on:click=move |_| go(1)>"First"</button>
            <button type="button" class="btn" disabled={number <= 1} on:click=move |_| go(number.saturating_sub(1))>"Previous"</button>
            <button type="button" class="btn" disabled=move || { number >= last() } on:click=move |_| go(number.saturating_add(1))>"Next"</button>
            <button type="button" class="btn" disabled=move || { number >= last() } on:click=move |_| go(paging.get_untracked().map_or(number, |(_, pages)| pages))>"Last"</button>
        </p>
    }
}

#[component]
fn SessionRow(row: RwSignal<Row>) -> impl IntoView {
    let result = move || {
        let row = row.read();
        view! { <StatusMark severity=row.severity word=row.result.clone() icon=row.glyph /> }
    };
    let message = move || {
        row.read().message.clone().map(|text| {
            let whole = text.clone();
            view! { <span class="sub msg" title=whole>{text}</span> }
        })
    };
    let progress = move || {
        let row = row.read();
        match row.tasks {
            Some((done, all)) if row.severity == Severity::Moving => view! {
                {format!("{done} of {all}")}
                <progress max=all value=done aria-label="machines done"></progress>
            }
            .into_any(),
            _ => row
                .progress
                .clone()
                .unwrap_or_else(|| "–".to_owned())
                .into_any(),
        }
    };
    view! {
        <tr>
            <td>{result}</td>
            <th scope="row"><a href=move || row.read().href.clone()><b>{move || row.read().plan.clone()}</b></a>{message}</th>
            <td>{move || row.read().state.clone()}</td>
            <td>{move || row.read().started.0.clone()}<span class="sub">{move || row.read().started.1.clone()}</span></td>
            <td>{move || row.read().duration.clone()}</td>
            <td>{progress}</td>
            <td>{move || row.read().server.clone()}</td>
        </tr>
    }
}
