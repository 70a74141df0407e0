//! Import of a saved response that is pasted, chosen or dropped. Nothing is sent.

use super::export::json;
use super::imported::ImportedTable;
use super::model::{count_of_sessions, or_dash};
use crate::api::read_saved;
use crate::pages::chunks::{Chunk, Dialog, Piece, use_chunks};
use crate::ui::dialog as ui;
use crate::ui::notice::use_notices;
use crate::ui::{Icon, download, error_status, focus};
use health::words::decimal;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::veeam::Page;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, File, HtmlInputElement, HtmlTextAreaElement};

/// The maximum size of a response in bytes: more might exhaust the page's memory.
const MAX_SIZE: f64 = 50.0 * 1024.0 * 1024.0;

/// The imported response with the name of its source; `None` without an import.
pub type Imported = RwSignal<Option<(Arc<Page>, String)>>;

/// The button "Import response", with its dialog from a separate chunk.
#[component]
pub fn ImportResponse(
    /// The imported response.
    imported: Imported,
) -> impl IntoView {
    let (open, chunks) = (RwSignal::new(false), use_chunks());
    let on_close = Callback::new(move |()| open.set(false));
    let dialog = move || {
        let dialog = || chunks.dialog(Chunk::SessionTools, Dialog::Import(imported), on_close);
        open.get().then(dialog)
    };
    view! {
        <button type="button" class="btn" title="Reads a saved XML or JSON response in this browser; nothing is sent" id="import" on:click=move |_| open.set(true)>"Import response"</button>
        {dialog}
    }
}

/// The panel of the imported response, from a separate chunk.
pub fn imported_response(imported: Imported) -> impl IntoView {
    let (has_import, chunks) = (Memo::new(move |_| imported.read().is_some()), use_chunks());
    move || {
        let piece = || chunks.show(Chunk::SessionTools, Piece::Imported(imported));
        has_import.get().then(piece)
    }
}

/// The dialog "Import response".
#[component]
pub fn Importing(
    /// The imported response.
    imported: Imported,
    /// Called after the dialog has closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let (close, notices) = (Trigger::new(), use_notices());
    let text = RwSignal::new(String::new());
    let wrong: RwSignal<Option<String>> = RwSignal::new(None);
    // The number of sessions read so far; `None` while nothing is being read.
    let reading: RwSignal<Option<usize>> = RwSignal::new(None);
    let import = move |bytes: Vec<u8>, from: String| async move {
        // Closing the dialog disposes the signal, which stops the import.
        let continues = |read| reading.try_set(Some(read)).is_none();
        let Some(read) = read_saved(&bytes, continues).await else {
            return;
        };
        let _ = reading.try_set(None);
        match read {
            Ok(page) if page.sessions.is_empty() && page.references.is_empty() => {
                let suffix = match page.left_out.count() {
                    0 => "",
                    _ => " that can be read",
                };
                let words = format!("{from} contains no cloud failover session{suffix}.");
                let _ = wrong.try_set(Some(words));
            }
            Ok(page) => {
                notices.show(format!("{from} is imported."), None);
                let _ = imported.try_set(Some((Arc::new(page), from)));
                close.notify();
            }
            Err(error) => {
                let _ = wrong.try_set(Some(format!("{from} cannot be read: {error}.")));
            }
        }
    };
    let read_file = move |file: File| {
        if reading.get_untracked().is_some() {
            return;
        }
        let name = file.name();
        if file.size() > MAX_SIZE {
            wrong.set(Some(format!(
                "{name} is {} MiB large; up to 50 MiB can be read. Save a response with a smaller page size.",
                decimal(file.size() / 1024.0 / 1024.0, 0)
            )));
            return;
        }
        wrong.set(None);
        reading.set(Some(0));
        leptos::task::spawn_local(async move {
            let buffer = wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await;
            match buffer {
                Ok(buffer) => import(js_sys::Uint8Array::new(&buffer).to_vec(), name).await,
                Err(_) => {
                    let _ = reading.try_set(None);
                    let _ = wrong.try_set(Some(format!("The browser could not read {name}.")));
                }
            }
        });
    };
    let chosen = move |event: leptos::ev::Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(file) = input.and_then(|input| {
            let file = input.files()?.get(0);
            // The same file can be chosen again after it was corrected.
            input.set_value("");
            file
        }) {
            read_file(file);
        }
    };
    let dropped = move |event: DragEvent| {
        let files = event.data_transfer().and_then(|data| data.files());
        let file = files.and_then(|files| files.get(0));
        // The field takes a dropped text by itself. Beside it, the browser would open a dropped link in place of the page.
        let is_field = event
            .target()
            .is_some_and(|target| target.is_instance_of::<HtmlTextAreaElement>());
        if file.is_some() || !is_field {
            event.prevent_default();
        }
        if let Some(file) = file {
            read_file(file);
        }
    };
    let paste = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        wrong.set(None);
        let pasted = text.get_untracked().into_bytes();
        reading.set(Some(0));
        leptos::task::spawn_local(import(pasted, "The pasted text".to_owned()));
    };
    // The status announces only that reading has started. The count is visual, so that it is not announced repeatedly.
    let progress = move || {
        let read = reading.get().filter(|read| *read > 0);
        read.map(
            |read| view! { <span aria-hidden="true">{format!(" {read} sessions so far")}</span> },
        )
    };
    let is_reading = move || reading.read().is_some();
    view! {
        <ui::Dialog title="Import response" on_close close>
            <form on:submit=paste novalidate>
                <div class="dropzone" on:dragover=move |event: DragEvent| event.prevent_default() on:drop=dropped>
                    <label class="row">"File"<input type="file" accept=".xml,.json,.txt,application/json,application/xml,text/xml,text/plain" on:change=chosen /></label>
                    <p class="dim">"or drop it here, or paste the response:"</p>
                    <textarea aria-label="Response" rows="8" spellcheck="false" prop:value=move || text.get() on:input=move |event| text.set(event_target_value(&event))></textarea>
                </div>
                <p class="dim"><span role="status">{move || is_reading().then_some("Reading…")}</span>{progress}</p>
                {error_status(wrong)}
                <footer class="row">
                    <button type="button" class="btn" on:click=move |_| close.notify()>"Cancel"</button>
                    <button type="submit" class="btn main" disabled=move || is_reading() || text.read().trim().is_empty()>"Read"</button>
                </footer>
            </form>
        </ui::Dialog>
    }
}

/// The panel "Imported response".
#[component]
pub fn ImportedResponse(
    /// The imported response.
    imported: Imported,
) -> impl IntoView {
    let draw = move || {
        let (page, from) = imported.get()?;
        let sessions = count_of_sessions(page.sessions.len());
        let references = match page.references.len() {
            0 => String::new(),
            count => format!(", {count} references without details"),
        };
        let names: Vec<_> = page
            .references
            .iter()
            .map(|reference| view! { <li>{or_dash(reference.name.clone())}" "<code>{or_dash(reference.uid.clone())}</code></li> })
            .collect();
        let listed = (!names.is_empty()).then(|| view! { <details class="pad"><summary>"References"</summary><ul>{names}</ul></details> });
        let exported = Arc::clone(&page);
        let export = move |_| {
            let text = json(&exported.sessions, &[]);
            download::text("imported-sessions.json", "application/json", &text);
        };
        let close = move |_| {
            focus("#import");
            imported.set(None);
        };
        Some(view! {
            <section class="panel" aria-label="Imported response">
                <header><span class="tag" data-s="unknown"><Icon name="stale" />"IMPORTED"</span>
                    <h2>"Imported response"</h2><p>{format!("{from}: {sessions}{references}. Nothing was sent; the data is as old as the response.")}</p>
                    <button type="button" class="btn end" on:click=export>"Export JSON of the import"</button>
                    <button type="button" class="btn" on:click=close>"Close import"</button></header>
                {listed}
                <ImportedTable page />
            </section>
        })
    };
    view! { {draw} }
}
