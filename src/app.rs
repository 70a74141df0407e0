//! The root component: loads the session and the inventory, then shows the shell with the open page.

use crate::api::{Failure, session};
use crate::client_view::once;
use crate::live::{clock, inventory, keyed, poll_settings, use_poll_settings, use_watched};
use crate::on_change::on_change;
use crate::pages::chunks::{self, Chunk, Chunks, Piece, use_chunks};
use crate::route::Route;
use crate::shell::{self, notes};
use crate::ui::{
    Announcements, Icon, LostTextBanner, announcements, hand_over, heading, lost_text, notice,
};
use crate::{nav, pages, prefs};
use futures_util::future::join;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;
use std::time::Duration;
use wasm_bindgen::JsValue;

/// The data that the console needs before it can show anything.
type Start = (session::Session, inventory::First);

/// The delay before another attempt to start, if the gateway could not be reached.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// The console.
#[component]
pub fn App() -> impl IntoView {
    let nav = nav::provide();
    prefs::provide();
    clock::provide(poll_settings::provide());
    heading::provide();
    // A `LocalResource` with its `Suspense` would add 7 kB to the program.
    let start = RwSignal::new_local(None::<Result<Start, Failure>>);
    let attempts = StoredValue::new(0_u32);
    let retry = Callback::new(move |()| {
        attempts.update_value(|attempts| *attempts = attempts.wrapping_add(1));
        let attempt = attempts.get_value();
        spawn_local(async move {
            // Both requests run concurrently, which shows alarms one round trip earlier.
            let (session, first) = join(session::session(), inventory::first()).await;
            let loaded = session.and_then(|session| Ok((session, first?)));
            // A newer attempt may have opened the console already: do not replace it while somebody uses it.
            if attempts.try_get_value() == Some(attempt) {
                let _ = start.try_set(Some(loaded));
            }
        });
    });
    retry.run(());
    on_change(move || {
        if let Some(Err(Failure::Unreachable(_))) = &*start.read() {
            let timer = set_timeout_with_handle(move || retry.run(()), RETRY_DELAY);
            on_cleanup(move || {
                if let Ok(timer) = timer {
                    timer.clear();
                }
            });
        }
    });
    let route = nav.route();
    chunks::provide(&route.get_untracked());
    let chunks = use_chunks();
    let is_sign_in = Memo::new(move |_| *route.read() == Route::SignIn);
    let is_wall = Memo::new(move |_| *route.read() == Route::Wall);
    on_change(move || {
        let is_signed_out = start
            .read()
            .as_ref()
            .is_some_and(|result| result.as_ref().is_err_and(session::is_missing));
        // A wall is paired instead of signed in.
        if is_signed_out && !is_wall.get() && !is_sign_in.get_untracked() {
            nav.replace(&pages::sign_in::href(&untrack(|| nav.here())));
        }
    });
    let started = move || match start.get() {
        // `index.html` shows its loading view.
        None => ().into_any(),
        Some(result) => match result {
            Ok((session, first)) => view! { <Console session first restart=retry /> }.into_any(),
            Err(failure) if session::is_missing(&failure) && is_wall.get() => chunks.show(
                Chunk::Pairing,
                Piece::Pairing {
                    ended: false,
                    done: retry,
                },
            ),
            Err(failure) if session::is_missing(&failure) => {
                view! { <p class="alone" role="status">"Not signed in…"</p> }.into_any()
            }
            Err(failure) => cannot_start(&failure, retry),
        },
    };
    let framed = is_framed();
    let may_not_be_framed = Memo::new(move |_| framed && !is_wall.get());
    on_change(move || {
        if may_not_be_framed.get() || is_sign_in.get() || start.read().is_some() {
            remove_loading();
        }
    });
    move || {
        if may_not_be_framed.get() {
            return once(view! { <Framed /> });
        }
        if is_sign_in.get() {
            return chunks.show(Chunk::SignIn, Piece::Page(Route::SignIn));
        }
        started()
    }
}

/// Shows why the console cannot start. It does not use the failure card, so that the first visit need not load that.
fn cannot_start(failure: &Failure, retry: Callback<()>) -> AnyView {
    on_cleanup(|| hand_over("#main"));
    let (title, advice) = match failure {
        Failure::Unreachable(problem) if problem.status > 0 && !problem.kind.is_empty() => (
            "The gateway could not do this now",
            "Retrying automatically.",
        ),
        Failure::Unreachable(_) => ("Could not reach the gateway", "Retrying automatically."),
        Failure::Unreadable(_) => (
            "The gateway returned an unreadable response",
            "A proxy in front of the gateway may have answered instead.",
        ),
        Failure::Refused(_) | Failure::Vendor(_) => ("The gateway refused the request", ""),
    };
    let excerpt = match failure {
        Failure::Unreadable(unreadable) => unreadable.excerpt.clone(),
        _ => String::new(),
    };
    let excerpt = (!excerpt.trim().is_empty()).then(
        || view! { <details><summary>"Response body"</summary><pre>{excerpt}</pre></details> },
    );
    view! {
        <main id="main" class="alone">
            <h1>"Failover Console"</h1>
            <section class="panel failure" aria-label="What went wrong">
                <h2><Icon name="broken" />{title}</h2>
                <p>{failure.in_full()}</p>
                {excerpt}
                <p class="dim">{advice}</p>
                <button type="button" class="btn" on:click=move |_| retry.run(())>"Retry"<span class="vh">" the gateway"</span></button>
            </section>
        </main>
    }
    .into_any()
}

/// Removes the loading view of `index.html`.
fn remove_loading() {
    if let Some(loading) = document().get_element_by_id("loading") {
        loading.remove();
    }
}

/// Whether this page is inside a frame of another page.
fn is_framed() -> bool {
    let top = window().top().ok().flatten();
    top.is_none_or(|top| JsValue::from(top) != JsValue::from(window()))
}

/// Shown inside a frame on any route but the wall. A page that embeds the wall must not trick users into
/// clicking hidden controls (clickjacking), so no other page is shown in a frame.
#[component]
fn Framed() -> impl IntoView {
    let nav = nav::use_nav();
    view! {
        <main id="main" class="alone">
            <h1>"Failover Console"</h1>
            <p>"Only the status wall can be embedded in another page. "<a href=move || nav.here() target="_blank" rel="noopener">"Open in a new window"</a></p>
        </main>
    }
}

/// The layout of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Screen {
    Desk,
    Wall,
    /// The pairing page, for a wall whose session has ended.
    Pairing,
}

#[component]
fn Console(
    session: session::Session,
    /// The first answer for the inventory.
    first: inventory::First,
    /// Restarts the console with the current session.
    restart: Callback<()>,
) -> impl IntoView {
    inventory::provide(first);
    let demo = session.demo;
    // The gateway sends a wall session only the data that the wall shows.
    let is_wall_session = session.is_wall();
    provide_context(Arc::new(session));
    let session::Ended(ended) = session::watch();
    provide_context(session::Ended(ended));
    notice::provide();
    announcements::provide();
    pages::slicers::order_memory::provide();
    let nav = nav::use_nav();
    let route = nav.route();
    let screen = Memo::new(move |_| match *route.read() {
        _ if is_wall_session && ended.get() => Screen::Pairing,
        _ if is_wall_session => Screen::Wall,
        Route::Wall if ended.get() => Screen::Pairing,
        Route::Wall => Screen::Wall,
        _ => Screen::Desk,
    });
    let unattended = Signal::derive(move || screen.get() != Screen::Desk);
    let lost_text = lost_text::provide(unattended);
    let (prefs, settings, watched) = (prefs::use_prefs(), use_poll_settings(), use_watched());
    let announced = announcements::use_announced();
    // Drop the subscribers of the page that was left.
    on_change(move || {
        route.track();
        nav.resubscribe();
        prefs.resubscribe();
        settings.resubscribe();
        watched.resubscribe();
        announced.resubscribe();
        lost_text.resubscribe();
    });
    let chunks = use_chunks();
    let draw = move |_| {
        move || match screen.get() {
            Screen::Desk => once(view! { <Desk route /> }),
            Screen::Wall => chunks.show(Chunk::Wall, Piece::Wall { demo }),
            Screen::Pairing => chunks.show(
                Chunk::Pairing,
                Piece::Pairing {
                    ended: true,
                    done: restart,
                },
            ),
        }
    };
    // A list of one item: a new key replaces the item and creates all of its nodes again.
    keyed(move || vec![lost_text.redraw_count()], |count| *count, draw)
}

/// Every page but the wall, inside the shell.
#[component]
fn Desk(route: Memo<Route>) -> impl IntoView {
    let chunks = use_chunks();
    chunks.preload_all();
    view! {
        <a class="skip vh" href="#main">"Skip to content"</a>
        <div class="app">
            <shell::Rail />
            <shell::Top />
            <main id="main" tabindex="-1">
                <shell::GatewayLost />
                <LostTextBanner />
                <shell::SignedOut />
                {notes::paused()}
                {notes::alerts_fail()}
                {notes::store_in_memory()}
                {move || page(chunks, route.get())}
            </main>
            <shell::UnsavedChangesDialog />
            // Notices have a strip below the page, so that they neither move nor cover its content.
            <div class="notices">
                <Announcements />
                <notice::NoticeArea />
            </div>
        </div>
    }
}

fn page(chunks: Chunks, route: Route) -> AnyView {
    match Chunk::of(&route) {
        // `Console` shows the wall and the pairing page, `App` the sign-in page.
        Some(Chunk::Wall | Chunk::Pairing | Chunk::SignIn) => ().into_any(),
        Some(chunk) => chunks.show(chunk, Piece::Page(route)),
        None if route == Route::Overview => once(view! { <pages::overview::Overview /> }),
        None => once(view! { <pages::NotFound what="There is no page at this address." /> }),
    }
}
