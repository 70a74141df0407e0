//! Export of all entries that match the filters, as CSV or JSON.

use super::entry::{connection_title, outcome, resource_name, what};
use crate::api::activity::{ActivityEntry, read};
use crate::live::{Watched, use_watched};
use crate::ui::csv::{cell, file, row};
use crate::ui::download::FileKind;
use crate::ui::notice::use_notices;
use crate::ui::{download, error_status};
use chrono::SecondsFormat;
use leptos::prelude::*;

/// Number of entries in one request.
const PAGE_SIZE: usize = 500;
/// Maximum number of entries in a file: more might not fit into memory.
const MAX_ENTRIES: usize = 100_000;

const COLUMNS: [&str; 12] = [
    "Time",
    "Kind",
    "What",
    "Outcome",
    "Resource",
    "Resource id",
    "Connection",
    "Who",
    "Address",
    "Severity",
    "Before",
    "After",
];

/// The export buttons.
#[component]
pub fn Export(
    /// The filters as a query string.
    query: String,
) -> impl IntoView {
    let (watched, notices) = (use_watched(), use_notices());
    let progress = RwSignal::new(None::<usize>);
    let cancelled = StoredValue::new(false);
    let wrong = RwSignal::new(None::<String>);
    let query = StoredValue::new(query);
    let export = move |kind: FileKind| {
        if progress.get_untracked().is_some() {
            return;
        }
        wrong.set(None);
        cancelled.set_value(false);
        progress.set(Some(0));
        leptos::task::spawn_local(async move {
            let mut entries: Vec<ActivityEntry> = Vec::new();
            let mut older = None::<String>;
            let result = loop {
                let query = query.try_get_value().unwrap_or_default();
                let before = older.map_or_else(String::new, |cursor| format!("&before={cursor}"));
                let page = read(&format!("{query}&limit={PAGE_SIZE}{before}"), None).await;
                if cancelled.try_get_value().unwrap_or(true) {
                    // The buttons are disposed with the page or when the filters change; then there is no notice.
                    if progress.try_set(None).is_some() {
                        notices.show("Export cancelled.".to_owned(), None);
                    }
                    return;
                }
                match page {
                    Ok(page) => {
                        entries.extend(page.entries);
                        older = page.older;
                    }
                    Err(failure) => {
                        break Err(format!(
                            "The entries could not be read, so nothing was exported: {}.",
                            failure.line()
                        ));
                    }
                }
                let _ = progress.try_set(Some(entries.len()));
                if older.is_none() {
                    break Ok(());
                }
                if entries.len() >= MAX_ENTRIES {
                    break Err(format!(
                        "More than {MAX_ENTRIES} entries are too many for one file: choose a shorter period."
                    ));
                }
            };
            let _ = progress.try_set(None);
            match result.and_then(|()| text(kind, &entries, watched)) {
                Ok(text) => {
                    let name = kind.name("activity", watched.now_untracked());
                    download::text(&name, kind.media_type(), &text);
                    notices.show(format!("{} entries exported.", entries.len()), None);
                }
                Err(words) => {
                    let _ = wrong.try_set(Some(words));
                }
            }
        });
    };
    on_cleanup(move || {
        let _ = cancelled.try_update_value(|cancelled| *cancelled = true);
    });
    let progress_view = move || {
        progress.get().map(|read| view! {
            <span class="row" role="group" aria-label="Export in progress">
                <span role="status">{format!("{read} entries read")}</span>
                <button type="button" class="btn" on:click=move |_| cancelled.set_value(true)>"Cancel"</button>
            </span>
        })
    };
    // Not `disabled`, which would take the focus from the pressed button.
    let busy = move || progress.read().is_some().then_some("true");
    view! {
        <button type="button" class="btn" aria-disabled=busy on:click=move |_| export(FileKind::Csv)>"Export CSV"</button>
        <button type="button" class="btn" aria-disabled=busy on:click=move |_| export(FileKind::Json)>"Export JSON"</button>
        {progress_view}
        {error_status(wrong)}
    }
}

fn text(kind: FileKind, entries: &[ActivityEntry], watched: Watched) -> Result<String, String> {
    match kind {
        FileKind::Csv => {
            let rows: String = entries
                .iter()
                .map(|entry| row(&cells(entry, watched).map(|text| cell(&text))))
                .collect();
            Ok(file(&row(&COLUMNS), &rows))
        }
        FileKind::Json => json(entries).map_err(|error| error.to_string()),
    }
}

/// The entries as JSON, with their times as in CSV instead of the gateway's milliseconds.
fn json(entries: &[ActivityEntry]) -> serde_json::Result<String> {
    let mut list = serde_json::to_value(entries)?;
    for (value, entry) in list.as_array_mut().into_iter().flatten().zip(entries) {
        if let Some(at) = value.get_mut("at") {
            *at = time(entry).into();
        }
    }
    serde_json::to_string_pretty(&list)
}

fn time(entry: &ActivityEntry) -> String {
    entry.at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The cells of an entry, in the order of [`COLUMNS`].
fn cells(entry: &ActivityEntry, watched: Watched) -> [String; COLUMNS.len()] {
    [
        time(entry),
        entry.kind.key().to_owned(),
        what(entry).into_owned(),
        outcome(entry),
        resource_name(entry, watched),
        entry
            .resource
            .as_ref()
            .map(|key| key.id.clone())
            .unwrap_or_default(),
        connection_title(entry, watched),
        entry.who.clone(),
        entry.from.clone(),
        entry.severity.word().to_owned(),
        entry.before.clone().unwrap_or_default(),
        entry.after.clone().unwrap_or_default(),
    ]
}
