//! Export of what is shown, or of every page of it, as CSV or JSON.

use super::export::{Pages, csv, exported, json};
use crate::api::{Purpose, send_page};
use crate::live::veeam::Ask;
use crate::live::{Live, clock, use_clock};
use crate::prefs::use_prefs;
use crate::ui::download::FileKind;
use crate::ui::notice::use_notices;
use crate::ui::{download, error_status, times};
use health::words;
use leptos::prelude::*;
use vendors::veeam::{self, MediaType, Page, Paging, Query};

/// More pages than this are probably a mistake and would not fit into memory.
const MOST_PAGES: u32 = 1000;

/// What is said once somebody has left the page that is being exported.
const LEFT: &str = "Export cancelled: the page was left.";

/// The buttons.
#[component]
pub fn Export(
    /// The page that is shown.
    live: Live<Page>,
    /// What would be asked now.
    ask: Ask,
    /// The connection's id.
    connection: String,
    /// The media type to ask for.
    wire: MediaType,
    /// Whether it is the list of the last 30 days, which has one page.
    recent: bool,
) -> impl IntoView {
    let (prefs, notices, clock) = (use_prefs(), use_notices(), use_clock());
    let every = RwSignal::new(false);
    let progress: RwSignal<Option<(u32, u32)>> = RwSignal::new(None);
    let cancelled = StoredValue::new(false);
    let wrong: RwSignal<Option<String>> = RwSignal::new(None);
    let request = StoredValue::new((connection, ask));
    let write = move |kind: FileKind, page: &Page, note: &str| {
        let now = live.status.vendor_now();
        let zone = prefs.zone.get_untracked();
        let sessions = &page.sessions;
        let text = match kind {
            FileKind::Csv => Ok(csv(sessions, &|at| times::offset(zone, at), now)),
            FileKind::Json => json(sessions, now).map_err(|error| error.to_string()),
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
        let last = live.value_untracked();
        let last = last.and_then(|page| page.paging.as_ref().and_then(Paging::last));
        cancelled.set_value(false);
        progress.set(Some((0, last.unwrap_or(1).max(1))));
        let (connection, ask) = request.get_value();
        leptos::task::spawn_local(async move {
            let (query, mut read) = (ask(), Pages::default());
            // Both end with the page.
            while let Some((done, pages)) = progress.try_get_untracked().flatten() {
                let page = done + 1;
                let call = veeam::query(
                    &Query {
                        page,
                        ..query.clone()
                    },
                    wire,
                );
                let words = if cancelled.try_get_value().unwrap_or(true) {
                    None
                } else if pages > MOST_PAGES {
                    Some(format!(
                        "{pages} pages are too many for one file: narrow the query, or ask for larger pages."
                    ))
                } else {
                    match send_page(&connection, &call, Purpose::Read).await {
                        Ok(answer) => match read.add(page, query.page_size, answer.value) {
                            Some(pages) => {
                                let _ = progress.try_set(Some((page, pages)));
                                continue;
                            }
                            None if progress.try_set(None).is_none() => {
                                let (page, note) = read.whole();
                                return write(kind, &page, note);
                            }
                            None => break,
                        },
                        Err(failure) => Some(format!(
                            "Page {page} of {pages} could not be read, so nothing was exported: {}.",
                            failure.line()
                        )),
                    }
                };
                if progress.try_set(None).is_none() {
                    wrong.set(words);
                    return;
                }
            }
            notices.show(LEFT.to_owned(), None);
        });
    };
    let export = move |kind: FileKind| {
        wrong.set(None);
        if every.get_untracked() {
            all_pages(kind);
        } else if let Some(page) = live.value_untracked() {
            write(kind, &page, "");
        }
    };
    let nothing = move || {
        live.value().is_none_or(|page| page.sessions.is_empty()) || progress.read().is_some()
    };
    let stale = Memo::new(move |_| {
        let age = live.status.age(clock)?;
        let stale = !live.status.freshness(clock).is_believable();
        stale.then(|| format!("last known, {}", words::ago(age)))
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
        <label class="pick" hidden=recent><span>"Export of"</span>
            <select on:change=move |event| every.set(event_target_value(&event) == "every")>
                <option value="page">"this page"</option>
                <option value="every">"every page"</option>
            </select>
        </label>
        <button type="button" class="btn" disabled=nothing on:click=move |_| export(FileKind::Csv)>"Export CSV"</button>
        <button type="button" class="btn" disabled=nothing on:click=move |_| export(FileKind::Json)>"Export JSON"</button>
        {stale}
        {going}
        {error_status(wrong)}
    }
}
