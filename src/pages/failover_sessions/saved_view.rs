//! Queries by name: the built-in ones, and those saved in this browser.

use super::builder::Builder;
use super::saved_queries::{BuiltInQuery, Duplicates, SavedQueries};
use crate::api::Outcome;
use crate::live::keyed;
use crate::nav::use_nav;
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::prefs::{Prefs, use_prefs};
use crate::ui::dialog as ui;
use crate::ui::notice::use_notices;
use crate::ui::{Field, Icon, download, focus};
use leptos::prelude::*;

/// A dialog about saved queries.
#[derive(Clone, Copy)]
pub enum OpenQueries {
    /// Saves the query being built, given as a query string.
    Save(RwSignal<String>),
    /// Removes, exports and imports queries.
    Manage,
    /// Queries one plan's history. The callback runs afterwards.
    Plan(Callback<()>),
}

/// A dialog, from a separate chunk.
pub fn dialog(open: OpenQueries, on_close: Callback<()>) -> AnyView {
    match open {
        OpenQueries::Save(search) => {
            let search = search.get_untracked();
            view! { <SaveQuery search on_close /> }.into_any()
        }
        OpenQueries::Manage => view! { <Manage on_close /> }.into_any(),
        OpenQueries::Plan(on_submit) => view! { <PlanHistory on_submit on_close /> }.into_any(),
    }
}

/// The chips of the built-in and the saved queries.
#[component]
pub fn QueryChips(
    /// The query being built, which a chosen query replaces.
    builder: Builder,
) -> impl IntoView {
    let (nav, prefs) = (use_nav(), use_prefs());
    let open = RwSignal::new(None::<OpenQueries>);
    let chunks = use_chunks();
    let saved = Memo::new(move |_| SavedQueries::from_storage(&prefs.queries.read()).0);
    let here = move || nav.search();
    let go = move |query: &str| {
        nav.go(&format!("{}?{query}", untrack(|| nav.path())));
        builder.reset();
    };
    let is_here = move |query: &str| {
        let normalised = |query: &str| {
            let params = web_sys::UrlSearchParams::new_with_str(query).ok()?;
            params.delete("page");
            params.delete("session");
            params.sort().ok()?;
            Some(String::from(params.to_string()))
        };
        if normalised(&here()) == normalised(query) {
            "true"
        } else {
            "false"
        }
    };
    let all = move || {
        let empty = nav.param("filter").is_none()
            && nav.param("started").is_none()
            && nav.param("ended").is_none();
        if empty { "true" } else { "false" }
    };
    let reset = Callback::new(move |()| builder.reset());
    let built_in = BuiltInQuery::ALL.map(|built_in| {
        let query = built_in.query("");
        let click = move |_| match built_in.query("") {
            Some(query) => go(&keep_connection(&query, &untrack(here))),
            None => open.set(Some(OpenQueries::Plan(reset))),
        };
        let pressed = move || query.as_deref().map_or("false", |query| is_here(&keep_connection(query, &here())));
        view! { <button type="button" class="chip" aria-pressed=pressed on:click=click>{built_in.name()}</button> }
    });
    let chips = move || {
        let list = saved.get();
        let chips = list.list().iter().cloned().map(|query| {
            let (name, text) = (query.name, query.query);
            let target = text.clone();
            let pressed = move || is_here(&text);
            view! { <button type="button" class="chip" aria-pressed=pressed on:click=move |_| go(&target)>{name}</button> }
        });
        chips.collect::<Vec<_>>()
    };
    let unreadable_note = move || {
        let has_unreadable = !unreadable(prefs).is_empty();
        has_unreadable.then(|| view! { <small>"Some saved queries cannot be read."</small> })
    };
    let search = RwSignal::new(String::new());
    // Saves the filter as shown, which may not have run yet.
    let save = move |_| {
        let filter = builder.typed.get_untracked();
        let mut changes = vec![("filter", Some(filter.trim())), ("session", None)];
        if builder.is_pending.get_untracked() {
            changes.push(("recent", None));
        }
        let href = untrack(|| nav.with_params(&changes));
        search.set(
            href.split_once('?')
                .map_or("", |(_, query)| query)
                .to_owned(),
        );
        open.set(Some(OpenQueries::Save(search)));
    };
    let is_wrong = move || builder.error.read().is_some();
    let why = move || is_wrong().then_some("The filter cannot be read, so it cannot be saved.");
    let on_close = Callback::new(move |()| open.set(None));
    let dialog = move || {
        let dialog = Dialog::Queries(open.get()?);
        Some(chunks.dialog(Chunk::SessionTools, dialog, on_close))
    };
    view! {
        <div class="row">
            <small>"Queries"</small>
            <button type="button" class="chip" aria-pressed=all on:click=move |_| go(&keep_connection("", &untrack(here)))>"All"</button>
            {built_in}
            {chips}
            {unreadable_note}
            <button type="button" class="btn quiet" disabled=is_wrong title=why on:click=save><Icon name="plus" />"Save query"</button>
            <button type="button" class="btn quiet" on:click=move |_| open.set(Some(OpenQueries::Manage))>"Manage queries"</button>
        </div>
        {dialog}
    }
}

/// A sentence for each unreadable query in this browser.
fn unreadable(prefs: Prefs) -> Vec<String> {
    SavedQueries::from_storage(&prefs.queries.read()).1
}

/// Reads the saved queries again in order to change them.
fn for_update(prefs: Prefs) -> Result<SavedQueries, String> {
    prefs.reload_queries();
    SavedQueries::for_update(&prefs.queries.read_untracked())
}

/// Stores these queries. Returns a sentence if the browser does not persist them.
fn store_queries(prefs: Prefs, queries: &SavedQueries) -> Vec<String> {
    if prefs.set_queries(queries.to_json()) {
        return Vec::new();
    }
    let words = "The browser did not store this change: it lasts until this page is closed.";
    vec![words.to_owned()]
}

/// A query with the connection, page size and media type of the current address.
fn keep_connection(query: &str, here: &str) -> String {
    let params = |text: &str| web_sys::UrlSearchParams::new_with_str(text).ok();
    let (Some(new), Some(old)) = (params(query), params(here)) else {
        return query.to_owned();
    };
    for name in ["connection", "size", "wire"] {
        if let Some(value) = old.get(name) {
            new.set(name, &value);
        }
    }
    String::from(new.to_string())
}

#[component]
fn SaveQuery(search: String, on_close: Callback<()>) -> impl IntoView {
    let (prefs, notices) = (use_prefs(), use_notices());
    let (name, close) = (RwSignal::new(String::new()), Trigger::new());
    let error = RwSignal::new(None::<String>);
    let taken = Memo::new(move |_| {
        let (saved, _) = SavedQueries::from_storage(&prefs.queries.read());
        saved.find(&name.read()).map(|query| query.name.clone())
    });
    let hint = Signal::derive(move || match taken.get() {
        Some(name) => format!("“{name}” already exists: saving replaces it."),
        None => "Saved in this browser. Ranges such as the last 24 h stay relative.".to_owned(),
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let saved = for_update(prefs).and_then(|mut saved| {
            let search = search.trim_start_matches('?');
            let name = saved.save(&name.get_untracked(), search, Duplicates::Replace)?;
            Ok((name, store_queries(prefs, &saved)))
        });
        match saved {
            Ok((name, words)) => {
                match words.first() {
                    None => notices.show(format!("The query “{name}” is saved."), None),
                    Some(words) => notices.show_outcome(Outcome::Unverified {
                        message: format!("The query “{name}” can be used. {words}"),
                    }),
                }
                close.notify();
            }
            Err(words) => error.set(Some(words)),
        }
    };
    let wrong = Signal::derive(move || error.get());
    view! {
        <ui::Dialog title="Save query" on_close close>
            <form on:submit=submit novalidate>
                <Field label="Name" name="query-name" value=name error=wrong hint required=true />
                <footer class="row">
                    <button type="button" class="btn" on:click=move |_| close.notify()>"Cancel"</button>
                    <button type="submit" class="btn main">"Save"</button>
                </footer>
            </form>
        </ui::Dialog>
    }
}

#[component]
fn PlanHistory(on_submit: Callback<()>, on_close: Callback<()>) -> impl IntoView {
    let nav = use_nav();
    let (plan, close) = (RwSignal::new(String::new()), Trigger::new());
    let hint = Signal::stored(
        "Enter the full plan name: the service does not match partial names.".to_owned(),
    );
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(query) = BuiltInQuery::History.query(&plan.get_untracked()) {
            close.notify();
            nav.go(&untrack(|| {
                format!("{}?{}", nav.path(), keep_connection(&query, &nav.search()))
            }));
            on_submit.run(());
        }
    };
    view! {
        <ui::Dialog title="One plan's history" on_close close>
            <form on:submit=submit novalidate>
                <Field label="Plan" name="plan" value=plan hint required=true />
                <footer class="row">
                    <button type="button" class="btn" on:click=move |_| close.notify()>"Cancel"</button>
                    <button type="submit" class="btn main" disabled=move || plan.read().trim().is_empty()>"Run query"</button>
                </footer>
            </form>
        </ui::Dialog>
    }
}

/// The control that takes the focus when the dialog opens and after the last query is removed.
const FOCUS_FALLBACK: &str = "#import-queries";

/// The dialog "Manage queries".
#[component]
fn Manage(on_close: Callback<()>) -> impl IntoView {
    let prefs = use_prefs();
    let close = Trigger::new();
    let saved = Memo::new(move |_| SavedQueries::from_storage(&prefs.queries.read()).0);
    let (text, both) = (RwSignal::new(String::new()), RwSignal::new(true));
    let messages: RwSignal<Vec<String>> = RwSignal::new(Vec::new());
    let each = move || saved.get().list().to_vec();
    let draw = move |query: super::saved_queries::SavedQuery| {
        let name = query.name.clone();
        let remove = move |_| {
            messages.set(match for_update(prefs) {
                Ok(mut queries) => {
                    let neighbour =
                        ".kept li:focus-within + li button, .kept li:has(+ li:focus-within) button";
                    if !focus(neighbour) {
                        focus(FOCUS_FALLBACK);
                    }
                    queries.remove(&name);
                    store_queries(prefs, &queries)
                }
                Err(words) => vec![words],
            });
        };
        view! {
            <li class="row"><b>{query.name.clone()}</b><code class="dim">{query.query.clone()}</code>
                <button type="button" class="icon end" aria-label=format!("Remove query {}", query.name) on:click=remove><Icon name="bin" /></button></li>
        }
    };
    let is_empty = move || saved.read().list().is_empty() && unreadable(prefs).is_empty();
    let none = move || {
        is_empty().then(|| view! { <p class="dim">"No query is saved in this browser yet."</p> })
    };
    let unreadable_section = move || {
        let errors = unreadable(prefs);
        if errors.is_empty() {
            return None;
        }
        let lines = errors.into_iter().map(|words| view! { <p>{words}</p> });
        let remove = move |_| {
            prefs.reload_queries();
            let (readable, _) = SavedQueries::from_storage(&prefs.queries.read_untracked());
            focus(FOCUS_FALLBACK);
            messages.set(store_queries(prefs, &readable));
        };
        Some(view! {
            <section aria-label="Unreadable queries">
                <p class="st" data-s="warning"><Icon name="warning" />"This console cannot read some of the queries saved in this browser. They are kept and exported unchanged, and nothing else can be saved until they are removed."</p>
                {lines.collect::<Vec<_>>()}
                <p class="row"><button type="button" class="btn" on:click=remove>"Remove unreadable queries"</button></p>
            </section>
        })
    };
    let export = move |_| {
        prefs.reload_queries();
        download::text(
            "failover-console-queries.json",
            "application/json",
            &prefs.queries.read_untracked(),
        );
    };
    let import = move |_| {
        let how = if both.get_untracked() {
            Duplicates::KeepBoth
        } else {
            Duplicates::Replace
        };
        let imported = for_update(prefs).map_err(|words| vec![words]);
        let imported = imported.and_then(|mut all| {
            let mut words = vec![all.import(&text.get_untracked(), how)?.description()];
            words.extend(store_queries(prefs, &all));
            text.set(String::new());
            Ok(words)
        });
        messages.set(imported.unwrap_or_else(|errors| errors));
    };
    view! {
        <ui::Dialog title="Manage queries" on_close close>
            <ul class="kept" aria-label="Saved queries">{keyed(each, |query| query.name.clone(), draw)}</ul>
            {none}
            {unreadable_section}
            <p class="row"><button type="button" class="btn" disabled=is_empty on:click=export>"Export queries"</button></p>
            <Field label="Import queries" name="import-queries" value=text hint=Signal::stored("Paste an exported file.".to_owned()) long=true />
            <label class="row"><input type="checkbox" prop:checked=move || both.get() on:change=move |event| both.set(event_target_checked(&event)) />"Keep both if a name already exists"</label>
            <div role="status">{move || messages.get().into_iter().map(|words| view! { <p>{words}</p> }).collect::<Vec<_>>()}</div>
            <footer class="row">
                <button type="button" class="btn" on:click=move |_| close.notify()>"Close"</button>
                <button type="button" class="btn main" disabled=move || text.read().trim().is_empty() on:click=import>"Import queries"</button>
            </footer>
        </ui::Dialog>
    }
}
