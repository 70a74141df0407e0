//! A session as a table row with the chosen columns.

use super::model::{Column, Row, or_dash};
use crate::nav::use_nav;
use crate::prefs::use_prefs;
use crate::ui::{Icon, StatusMark, name};
use leptos::prelude::*;

/// The row's cells.
#[must_use]
pub fn cells(row: RwSignal<Row>, columns: Memo<Vec<Column>>) -> AnyView {
    let cells = move || {
        let columns = columns.get().into_iter();
        columns.map(|column| cell(row, column)).collect::<Vec<_>>()
    };
    view! { {cells} }.into_any()
}

fn cell(row: RwSignal<Row>, column: Column) -> AnyView {
    match column {
        Column::Result => {
            let result = move || {
                let row = row.read();
                let since = row.since.clone();
                let since = (!since.is_empty()).then(|| view! { <span class="sub">{since}</span> });
                view! { <StatusMark severity=row.severity word=row.result.clone() icon=row.glyph />{since} }
            };
            view! { <td>{result}</td> }.into_any()
        }
        Column::Plan => plan(row),
        Column::State => text(move || row.read().state.clone()),
        Column::Started => {
            view! { <td>{move || row.read().started.0.clone()}<span class="sub">{move || row.read().started.1.clone()}</span></td> }.into_any()
        }
        Column::Ended => text(move || row.read().ended.clone()),
        Column::Duration => text(move || row.read().duration.clone()),
        Column::Progress => view! { <td>{move || progress(&row.read())}</td> }.into_any(),
        Column::Tasks => text(move || row.read().tasks.clone()),
        Column::Server => view! { <td>{name(move || row.read().server.clone())}</td> }.into_any(),
        Column::Type => text(move || row.read().kind.clone()),
        Column::Connection => view! { <td class="lines">{name(move || row.read().link.connection.clone())}</td> }.into_any(),
        Column::Id => view! { <td><code>{move || row.read().uid.clone()}</code></td> }.into_any(),
    }
}

fn text(words: impl Fn() -> String + Send + 'static) -> AnyView {
    view! { <td>{words}</td> }.into_any()
}

fn progress(row: &Row) -> impl IntoView + use<> {
    let words = or_dash(row.progress.clone());
    // Hidden from assistive technology: the text has the same value.
    let bar = row
        .bar
        .clone()
        .map(|value| view! { <progress max="100" value=value aria-hidden="true"></progress> });
    view! { {words}{bar} }
}

fn plan(row: RwSignal<Row>) -> AnyView {
    let nav = use_nav();
    let message = move || {
        row.read().message.clone().map(|text| {
            let title = text.clone();
            view! { <span class="sub msg" title=title>{text}</span> }
        })
    };
    let linked = Memo::new(move |_| !row.read().link.href.is_empty());
    let plan = move || {
        let plan = name(move || row.read().plan.clone());
        if linked.get() {
            view! { <a href=move || row.read().link.href.clone()><b>{plan}</b></a> }.into_any()
        } else {
            view! { <b>{plan}</b> }.into_any()
        }
    };
    let open = move |_| {
        let details = row.with_untracked(|row| row.link.details.clone());
        nav.change(&[("session", Some(&details))]);
    };
    let details = move || {
        linked.get().then(|| view! {
            <button type="button" class="icon" aria-label=move || format!("Details {}", row.read().plan) title="Details" on:click=open><Icon name="panel" /></button>
        })
    };
    view! { <th scope="row"><span class="with">{plan}{details}</span>{message}</th> }.into_any()
}

/// The column chooser. The choice is saved in this browser.
#[must_use]
pub fn column_chooser() -> AnyView {
    let prefs = use_prefs();
    let chosen = Memo::new(move |_| Column::chosen(prefs.session_columns.read().as_deref()));
    let toggle = move |column: Column, on: bool| {
        let mut names: Vec<String> = chosen
            .get_untracked()
            .into_iter()
            .map(|column| column.name().to_owned())
            .collect();
        names.retain(|name| name != column.name());
        if on {
            names.push(column.name().to_owned());
        }
        prefs.session_columns.set(Some(names));
    };
    let boxes = Column::ALL.map(|column| {
        let checked = move || chosen.read().contains(&column);
        let change = move |event| toggle(column, event_target_checked(&event));
        view! { <label class="row"><input type="checkbox" prop:checked=checked disabled=column == Column::Plan on:change=change />{column.name()}</label> }
    });
    let reset = move |_| prefs.session_columns.set(None);
    view! {
        <details class="chooser">
            <summary>"Columns"</summary>
            <fieldset><legend class="vh">"Columns"</legend>{boxes}
                <button type="button" class="btn" on:click=reset>"Default columns"</button>
            </fieldset>
        </details>
    }
    .into_any()
}
