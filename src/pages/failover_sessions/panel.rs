//! The details of one session beside the table, with an address of their own (`?session=…`).

use super::model::{name, or_dash};
use super::session::{Facts, LiveTasks};
use crate::api::{Failure, Purpose, send};
use crate::live::{self, Live};
use crate::nav::use_nav;
use crate::on_change::on_change;
use crate::route::Route;
use crate::ui::{Copy, FailureCard, Icon, error_line, focus};
use leptos::html;
use leptos::prelude::*;
use vendors::veeam::{self, Link, MediaType, Session};

/// The panel "Session details".
#[component]
pub fn Panel(
    /// The connection's id.
    connection: String,
    /// The connection's title.
    title: String,
    /// The session's GUID.
    uid: String,
    /// The media type to request.
    wire: MediaType,
    /// Whether the panel has just been opened. Only then may it scroll and take the focus.
    opened: bool,
    /// Whether the list beside the panel is drawn, which may push the panel down.
    listed: Memo<bool>,
) -> impl IntoView {
    let nav = use_nav();
    let live = live::veeam::session(connection.clone(), &uid, wire);
    let plan = move || {
        live.value()
            .map_or_else(|| "Session".to_owned(), |session| name(&session))
    };
    let close = move |_| {
        // The focus returns to the row, or to the page if the row is not drawn.
        if !focus("tr[aria-current] button") {
            focus("#main");
        }
        nav.change(&[("session", None)]);
    };
    let system = title.clone();
    let error_card = move || {
        let retry = Callback::new(move |()| live.status.refresh());
        let system = system.clone();
        live.status
            .failure()
            .map(|failure| view! { <FailureCard failure system retry /> })
    };
    let page = Route::FailoverSession {
        connection: connection.clone(),
        uid: uid.clone(),
    };
    // On a narrow screen the panel is below the table. It is scrolled into view, so that the user sees that it opened.
    let heading = NodeRef::<html::H2>::new();
    on_change(move || {
        let Some(heading) = heading.get().filter(|_| opened && listed.get()) else {
            return;
        };
        // The rows are drawn by the next frame.
        request_animation_frame(move || {
            let rect = heading.get_bounding_client_rect();
            let height = window().inner_height().ok().and_then(|it| it.as_f64());
            let is_visible = rect.top() >= 0.0 && height.is_none_or(|it| rect.bottom() <= it);
            let focused_field = document().query_selector(":is(input, select):focus");
            if !is_visible && focused_field.is_ok_and(|field| field.is_none()) {
                heading.scroll_into_view();
                let _ = heading.focus();
            }
        });
    });
    view! {
        <aside class="cols" aria-label="Session details">
            <section class="panel">
                <header>
                    <h2 tabindex="-1" node_ref=heading>{plan}</h2>
                    <a class="btn end" href=page.href()>"Open its page"</a>
                    <button type="button" class="icon" aria-label="Close details" on:click=close><Icon name="close" /></button>
                </header>
                {error_card}
            </section>
            <Show when=move || live.value().is_some()>
                <Facts live connection=title.clone() />
                <LiveTasks live />
                {links(live)}
            </Show>
            {raw_payload(connection, uid, wire)}
        </aside>
    }
}

/// The session's links by path and query. The hosts are omitted: they are the server's own name for itself.
fn links(live: Live<Session>) -> AnyView {
    let links = move || {
        live.value()
            .map(|session| session.links.clone())
            .unwrap_or_default()
    };
    let rows = move || {
        let draw = |link: Link| {
            view! { <tr><th scope="row">{or_dash(link.rel)}</th><td>{or_dash(link.name)}</td><td><code>{or_dash(link.href)}</code></td></tr> }
        };
        links().into_iter().map(draw).collect::<Vec<_>>()
    };
    view! {
        <section class="panel" aria-label="Links" hidden=move || links().is_empty()>
            <details class="pad">
                <summary>"Links"</summary>
                <div class="scroll" tabindex="0" role="region" aria-label="Links, scrollable">
                    <table><caption class="vh">"Links of the session"</caption><thead><tr><th scope="col">"Rel"</th><th scope="col">"Name"</th><th scope="col">"Path"</th></tr></thead><tbody>{rows}</tbody></table>
                </div>
            </details>
        </section>
    }
    .into_any()
}

/// The unparsed payload, requested on demand.
fn raw_payload(connection: String, uid: String, wire: MediaType) -> AnyView {
    let raw: RwSignal<Option<Result<String, Failure>>> = RwSignal::new(None);
    let request = StoredValue::new((connection, uid));
    let show = move |_| {
        let (connection, uid) = request.get_value();
        leptos::task::spawn_local(async move {
            let answer = send(&connection, &veeam::raw_session(&uid, wire), Purpose::Read).await;
            let _ = raw.try_set(Some(answer.map(|arrived| arrived.value)));
        });
    };
    let shown = move || {
        Some(match raw.get()? {
            Ok(text) => {
                let copied = Signal::stored(text.clone());
                view! { <Copy text=copied name="Copy payload" /><pre tabindex="0" aria-label="Payload">{text}</pre> }.into_any()
            }
            Err(failure) => error_line(failure.line()).into_any(),
        })
    };
    view! {
        <section class="panel" aria-label="Raw payload">
            <div class="pad"><p class="row"><button type="button" class="btn" on:click=show>"Show the raw payload"</button></p>{shown}</div>
        </section>
    }
    .into_any()
}
