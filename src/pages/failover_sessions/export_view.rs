//! Export of what is shown, or of every page of it, as CSV or JSON.

use super::export::{Pages, Source, Together, csv, exported, json};
use super::found::{Found, QueriedConnection};
use super::select::{choice, labelled};
use crate::api::{Purpose, send_page};
use crate::live::{clock, use_clock};
use crate::prefs::use_prefs;
use crate::ui::download::FileKind;
use crate::ui::notice::use_notices;
use crate::ui::{download, error_status, focus, times};
use health::words;
use leptos::prelude::*;
use vendors::veeam::{self, Page, Paging, Query};

/// More pages than this are probably a mistake and would not fit into memory.
const MOST_PAGES: u32 = 1000;

/// What is said once somebody has left the page that is being exported.
const LEFT: &str = "Export cancelled: the page was left.";

/// Why the pages were not read to the end.
enum Stop {
    /// Somebody cancelled it, or left.
    Cancelled,
    /// A page could not be read.
    Failed(String),
}

/// The pages that are being read.
#[derive(Clone, Copy)]
struct Reading {
    /// How many were read, and how many there are, of one connection.
    progress: RwSignal<Option<(u32, u32)>>,
    cancelled: StoredValue<bool>,
}

impl Reading {
    /// Every page of one connection, and what is to be known of them.
    async fn every(self, asked: &QueriedConnection) -> Result<(Page, [&'static str; 2]), Stop> {
        let last = asked.live.value_untracked();
        let last = last.and_then(|page| page.paging.as_ref().and_then(Paging::last));
        let (query, mut read) = ((asked.ask)(), Pages::default());
        let (mut page, mut pages) = (1, last.unwrap_or(1).max(1));
        loop {
            // Both end with the page of the console.
            let is_left = self.progress.try_set(Some((page - 1, pages))).is_some();
            if is_left || self.cancelled.try_get_value() != Some(false) {
                return Err(Stop::Cancelled);
            }
            if pages > MOST_PAGES {
                return Err(Stop::Failed(format!(
                    "{pages} pages are too many for one file: narrow the query, or ask for larger pages."
                )));
            }
            let call = veeam::query(
                &Query {
                    page,
                    ..query.clone()
                },
                asked.wire,
            );
            let answer = send_page(&asked.id, &call, Purpose::Read).await;
            let answer = answer.map_err(|failure| {
                Stop::Failed(format!(
                    "Page {page} of {pages} could not be read, so nothing was exported: {}.",
                    failure.line()
                ))
            })?;
            match read.add(page, query.page_size, answer.value) {
                Some(known) => (page, pages) = (page + 1, known),
                None => return Ok(read.whole(&query)),
            }
        }
    }

    /// Every page of all connections, and what is to be known of them.
    async fn together(
        self,
        asked: &[QueriedConnection],
        sources: &[Source],
    ) -> Result<(Together, String), Stop> {
        let (mut all, mut note) = (Together::default(), String::new());
        for (one, source) in asked.iter().zip(sources) {
            let (page, words) = self.every(one).await?;
            all.add(page, source);
            for words in words {
                // Of several connections it is said once.
                if !note.contains(words) {
                    note.push_str(words);
                }
            }
        }
        Ok((all, note))
    }
}

/// The buttons, and how far an export of every page is.
#[must_use]
pub fn export_buttons(found: Found) -> AnyView {
    let (prefs, notices, clock) = (use_prefs(), use_notices(), use_clock());
    let every = found.every;
    let progress: RwSignal<Option<(u32, u32)>> = RwSignal::new(None);
    let cancelled = StoredValue::new(false);
    let wrong: RwSignal<Option<String>> = RwSignal::new(None);
    let asked = found.asked;
    let write = move |kind: FileKind, page: &Page, sources: &[Source], note: &str| {
        let zone = prefs.zone.get_untracked();
        let text = match kind {
            FileKind::Csv => csv(&page.sessions, sources, &|at| times::offset(zone, at)),
            FileKind::Json => json(&page.sessions, sources),
        };
        let name = kind.name("cloud-failover-sessions", clock::time(clock::now()));
        download::text(&name, kind.media_type(), &text);
        notices.show(exported(page, note), None);
    };
    let all_pages = move |kind: FileKind| {
        cancelled.set_value(false);
        let reading = Reading {
            progress,
            cancelled,
        };
        let asked = asked.get_value();
        let source = |one: &QueriedConnection| Source {
            // Of one connection it goes without saying.
            titles: match asked.len() {
                1 => String::new(),
                _ => one.title.clone(),
            },
            now: one.live.status.vendor_now(),
        };
        let sources: Vec<_> = asked.iter().map(source).collect();
        leptos::task::spawn_local(async move {
            let read = reading.together(&asked, &sources).await;
            // Cancel goes away, which may have the focus.
            focus("#export:has(~ * button:focus)");
            let is_left = progress.try_set(None).is_some();
            match read {
                _ if is_left => notices.show(LEFT.to_owned(), None),
                Ok((all, note)) => write(kind, &all.page, &all.sources, &note),
                Err(Stop::Cancelled) => wrong.set(None),
                Err(Stop::Failed(words)) => wrong.set(Some(words)),
            }
        });
    };
    let nothing = move || {
        found.page().is_none_or(|page| page.sessions.is_empty()) || progress.read().is_some()
    };
    let export = move |kind: FileKind| {
        if untrack(nothing) {
            return;
        }
        wrong.set(None);
        // The list of the last 30 days is one page, whatever was chosen before it was shown.
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
    // Not `disabled`, which would take the focus from the one that was pressed.
    let off = move || nothing().then_some("true");
    let stale = Memo::new(move |_| {
        let age = found.oldest(clock)?;
        Some(format!("last known, {}", words::ago(age)))
    });
    let stale = move || {
        stale
            .get()
            .map(|words| view! { <small class="dim">{words}</small> })
    };
    let going = move || {
        progress.get().map(|(done, pages)| view! {
            <span class="row" role="group" aria-label="Export in progress">
                <progress max=pages value=done aria-label="Pages read"></progress>{format!("{done} of {pages}")}
                <button type="button" class="btn" on:click=move |_| cancelled.set_value(true)>"Cancel"</button>
            </span>
        })
    };
    let of = (!found.recent).then(|| {
        let choices = move || {
            let is_every = every.get();
            let page = choice("page", "this page", !is_every);
            vec![page, choice("every", "every page", is_every)]
        };
        let choose = move |value: &str| every.set(value == "every");
        labelled("Export of", Box::new(choices), Box::new(choose))
    });
    view! {
        {of}
        <button type="button" class="btn" id="export" aria-disabled=off on:click=move |_| export(FileKind::Csv)>"Export CSV"</button>
        <button type="button" class="btn" aria-disabled=off on:click=move |_| export(FileKind::Json)>"Export JSON"</button>
        {stale}
        {going}
        {error_status(wrong)}
    }
    .into_any()
}
