//! Export of the shown page, or of every page, as CSV or JSON.

use super::export::{CombinedSessions, Pages, Source, csv, export_summary, json};
use super::found::{FoundSessions, QueriedConnection};
use super::select::{choice, labelled_select};
use crate::api::{Purpose, send_page};
use crate::live::{clock, use_clock};
use crate::prefs::use_prefs;
use crate::ui::download::FileKind;
use crate::ui::notice::use_notices;
use crate::ui::{download, error_status, focus, times};
use health::words;
use leptos::prelude::*;
use vendors::veeam::{self, Page, Paging, Query};

/// Maximum number of pages in one export: more might not fit into memory.
const MAX_PAGES: u32 = 1000;

/// The notice after somebody leaves the page during an export.
const PAGE_LEFT: &str = "Export cancelled because you left the page.";

/// Why reading the pages stopped early.
enum Stop {
    /// Somebody cancelled the export or left the page.
    Cancelled,
    /// A page could not be read.
    Failed(String),
}

/// Reads the pages for an export.
#[derive(Clone, Copy)]
struct ExportReader {
    /// The number of pages read, and the total, of the current connection.
    progress: RwSignal<Option<(u32, u32)>>,
    cancelled: StoredValue<bool>,
}

impl ExportReader {
    /// Reads every page of one connection, with notes for the user.
    async fn read_connection(
        self,
        connection: &QueriedConnection,
    ) -> Result<(Page, [&'static str; 2]), Stop> {
        let last = connection.live.value_untracked();
        let last = last.and_then(|page| page.paging.as_ref().and_then(Paging::last));
        let (query, mut read) = ((connection.query)(), Pages::default());
        let (mut page, mut pages) = (1, last.unwrap_or(1).max(1));
        loop {
            // Both signals are disposed with the console's page.
            let is_left = self.progress.try_set(Some((page - 1, pages))).is_some();
            if is_left || self.cancelled.try_get_value() != Some(false) {
                return Err(Stop::Cancelled);
            }
            if pages > MAX_PAGES {
                return Err(Stop::Failed(format!(
                    "{pages} pages are too many for one file: narrow the query, or choose a larger page size."
                )));
            }
            let call = veeam::query(
                &Query {
                    page,
                    ..query.clone()
                },
                connection.wire,
            );
            let answer = send_page(&connection.id, &call, Purpose::Read).await;
            let answer = answer.map_err(|failure| {
                Stop::Failed(format!(
                    "Page {page} of {pages} could not be read, so nothing was exported: {}.",
                    failure.line()
                ))
            })?;
            match read.add(page, query.page_size, answer.value) {
                Some(known) => (page, pages) = (page + 1, known),
                None => return Ok(read.finish(&query)),
            }
        }
    }

    /// Reads every page of all connections, with notes for the user.
    async fn read_all(
        self,
        connections: &[QueriedConnection],
        sources: &[Source],
    ) -> Result<(CombinedSessions, String), Stop> {
        let (mut all, mut note) = (CombinedSessions::default(), String::new());
        for (connection, source) in connections.iter().zip(sources) {
            let (page, words) = self.read_connection(connection).await?;
            all.add(page, source);
            for words in words {
                // A note that applies to several connections is shown once.
                if !note.contains(words) {
                    note.push_str(words);
                }
            }
        }
        Ok((all, note))
    }
}

/// The export buttons, and the progress of an export of every page.
#[must_use]
pub fn export_buttons(found: FoundSessions) -> AnyView {
    let (prefs, notices, clock) = (use_prefs(), use_notices(), use_clock());
    let every = found.every;
    let progress: RwSignal<Option<(u32, u32)>> = RwSignal::new(None);
    let cancelled = StoredValue::new(false);
    let wrong: RwSignal<Option<String>> = RwSignal::new(None);
    let connections = found.connections;
    let write = move |kind: FileKind, page: &Page, sources: &[Source], note: &str| {
        let zone = prefs.zone.get_untracked();
        let text = match kind {
            FileKind::Csv => csv(&page.sessions, sources, &|at| times::offset(zone, at)),
            FileKind::Json => json(&page.sessions, sources),
        };
        let name = kind.name("cloud-failover-sessions", clock::time(clock::now()));
        download::text(&name, kind.media_type(), &text);
        notices.show(export_summary(page, note), None);
    };
    let all_pages = move |kind: FileKind| {
        cancelled.set_value(false);
        let reader = ExportReader {
            progress,
            cancelled,
        };
        let connections = connections.get_value();
        let source = |connection: &QueriedConnection| Source {
            // A single connection is not named.
            titles: match connections.len() {
                1 => String::new(),
                _ => connection.title.clone(),
            },
            now: connection.live.status.vendor_now(),
        };
        let sources: Vec<_> = connections.iter().map(source).collect();
        leptos::task::spawn_local(async move {
            let read = reader.read_all(&connections, &sources).await;
            // The button "Cancel" disappears, so the focus moves away from it.
            focus("#export:has(~ * button:focus)");
            let is_left = progress.try_set(None).is_some();
            match read {
                _ if is_left => notices.show(PAGE_LEFT.to_owned(), None),
                Ok((all, note)) => write(kind, &all.page, &all.sources, &note),
                Err(Stop::Cancelled) => wrong.set(None),
                Err(Stop::Failed(words)) => wrong.set(Some(words)),
            }
        });
    };
    let is_disabled = move || {
        found.page().is_none_or(|page| page.sessions.is_empty()) || progress.read().is_some()
    };
    let export = move |kind: FileKind| {
        if untrack(is_disabled) {
            return;
        }
        wrong.set(None);
        // The list of the last 30 days is one page, even if "every page" was chosen before.
        if every.get_untracked() && !found.recent {
            all_pages(kind);
        } else if let Some(page) = untrack(|| found.page()) {
            let note = if untrack(|| found.is_partial()) {
                " The sessions of connections that have not answered are missing."
            } else {
                ""
            };
            write(kind, &page, &untrack(|| found.sources()), note);
        }
    };
    // Not `disabled`, which would take the focus from the pressed button.
    let disabled = move || is_disabled().then_some("true");
    let stale = Memo::new(move |_| {
        let age = found.oldest(clock)?;
        Some(format!("last known, {}", words::ago(age)))
    });
    let stale = move || {
        stale
            .get()
            .map(|words| view! { <small class="dim">{words}</small> })
    };
    let progress_view = move || {
        progress.get().map(|(done, pages)| view! {
            <span class="row" role="group" aria-label="Export in progress">
                <progress max=pages value=done aria-label="Pages read"></progress>{format!("{done} of {pages}")}
                <button type="button" class="btn" on:click=move |_| cancelled.set_value(true)>"Cancel"</button>
            </span>
        })
    };
    let scope = (!found.recent).then(|| {
        let choices = move || {
            let is_every = every.get();
            let page = choice("page", "this page", !is_every);
            vec![page, choice("every", "every page", is_every)]
        };
        let choose = move |value: &str| every.set(value == "every");
        labelled_select("Export of", Box::new(choices), Box::new(choose))
    });
    view! {
        {scope}
        <button type="button" class="btn" id="export" aria-disabled=disabled on:click=move |_| export(FileKind::Csv)>"Export CSV"</button>
        <button type="button" class="btn" aria-disabled=disabled on:click=move |_| export(FileKind::Json)>"Export JSON"</button>
        {stale}
        {progress_view}
        {error_status(wrong)}
    }
    .into_any()
}
