//! Export of what is shown, or of every page of it, as CSV or JSON.

use super::export::{Pages, Together, csv, exported, json};
use super::found::{Found, QueriedConnection};
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
    /// By the button Cancel.
    Cancelled,
    /// The page of the console was left.
    Left,
    /// A page could not be read: what is said of it.
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
            // Both end with the page.
            if self.progress.try_set(Some((page - 1, pages))).is_some() {
                return Err(Stop::Left);
            }
            if self.cancelled.try_get_value().unwrap_or(true) {
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
}

/// The buttons.
#[component]
pub fn Export(
    /// What was found.
    found: Found,
) -> impl IntoView {
    let (prefs, notices, clock) = (use_prefs(), use_notices(), use_clock());
    let every = found.every;
    let progress: RwSignal<Option<(u32, u32)>> = RwSignal::new(None);
    let cancelled = StoredValue::new(false);
    let wrong: RwSignal<Option<String>> = RwSignal::new(None);
    let asked = found.asked;
    let write = move |kind: FileKind, page: &Page, titles: &[String], note: &str| {
        let zone = prefs.zone.get_untracked();
        let sessions = &page.sessions;
        let now = found.now();
        let text = match kind {
            FileKind::Csv => Ok(csv(sessions, titles, &|at| times::offset(zone, at), now)),
            FileKind::Json => json(sessions, titles, Some(now)).map_err(|error| error.to_string()),
        };
        match text {
            Ok(text) => {
                download::text(
                    &kind.name("cloud-failover-sessions", clock::time(clock::now())),
                    kind.media_type(),
                    &text,
                );
                notices.show(exported(page, note), None);
            }
            Err(error) => wrong.set(Some(error)),
        }
    };
    let all_pages = move |kind: FileKind| {
        cancelled.set_value(false);
        let reading = Reading {
            progress,
            cancelled,
        };
        let asked = asked.get_value();
        leptos::task::spawn_local(async move {
            let (mut all, mut note) = (Together::default(), String::new());
            let mut stop = None;
            for one in &asked {
                match reading.every(one).await {
                    Ok((page, words)) => {
                        all.add(page, &one.title);
                        for words in words {
                            // Of several connections it is said once.
                            if !note.contains(words) {
                                note.push_str(words);
                            }
                        }
                    }
                    Err(why) => {
                        stop = Some(why);
                        break;
                    }
                }
            }
            // Cancel goes away, which may have the focus.
            focus("#export:has(~ * button:focus)");
            if progress.try_set(None).is_some() {
                stop = Some(Stop::Left);
            }
            match stop {
                None => {
                    // Of one connection it goes without saying.
                    let titles = if asked.len() > 1 {
                        &all.titles[..]
                    } else {
                        &[]
                    };
                    write(kind, &all.page, titles, &note);
                }
                Some(Stop::Left) => {
                    notices.show(LEFT.to_owned(), None);
                }
                Some(Stop::Cancelled) => wrong.set(None),
                Some(Stop::Failed(words)) => wrong.set(Some(words)),
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
            write(kind, &page, &untrack(|| found.titles()), "");
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
    view! {
        <label class="pick" hidden=found.recent><span>"Export of"</span>
            <select prop:value=move || if every.get() { "every" } else { "page" } on:change=move |event| every.set(event_target_value(&event) == "every")>
                <option value="page">"this page"</option>
                <option value="every" selected=move || every.get()>"every page"</option>
            </select>
        </label>
        <button type="button" class="btn" id="export" aria-disabled=off on:click=move |_| export(FileKind::Csv)>"Export CSV"</button>
        <button type="button" class="btn" aria-disabled=off on:click=move |_| export(FileKind::Json)>"Export JSON"</button>
        {stale}
        {going}
        {error_status(wrong)}
    }
}
