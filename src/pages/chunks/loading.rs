//! Fetches chunks: for the open page, for a link under the pointer or with the focus, and all others one by one
//! while the page is idle. If a chunk cannot be loaded, shows an error with a retry button.

use super::{Chunk, Piece};
use crate::client_view::once;
use crate::live::Watched;
use crate::nav::own_link;
use crate::pages::alarms::alarms_of;
use crate::provided::provided;
use crate::route::Route;
use crate::ui::dialog::Dialog;
use crate::ui::{Heading, Icon};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;
use wasm_bindgen::JsValue;
use web_sys::Event;

/// The delay that replaces waiting for idle time in browsers without `requestIdleCallback`.
const IDLE_FALLBACK: Duration = Duration::from_secs(2);

/// The delay before preloading, which leaves network and processor to a new page's own data.
const PRELOAD_DELAY: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not loaded, or being loaded.
    Absent,
    Loaded,
    /// Loading has failed while a view was waiting for the chunk.
    Failed,
}

/// The loading state of one chunk.
#[derive(Clone, Copy)]
struct Slot {
    state: RwSignal<State>,
    is_loading: StoredValue<bool>,
    /// Number of views that wait for the chunk: a page, and parts or dialogs on it.
    waiting: StoredValue<u32>,
}

impl Slot {
    fn new() -> Self {
        let state = if cfg!(feature = "split") {
            State::Absent
        } else {
            State::Loaded
        };
        Self {
            state: RwSignal::new(state),
            is_loading: StoredValue::new(false),
            waiting: StoredValue::new(0),
        }
    }
}

/// The chunks of this console, with their loading states.
#[derive(Clone, Copy)]
pub struct Chunks([Slot; Chunk::ALL.len()]);

/// The chunks. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_chunks() -> Chunks {
    provided()
}

/// Provides [`Chunks`]. Starts loading the chunk of the open page and, from then on, the target of each link that is
/// pointed at or focused.
pub fn provide(open: &Route) {
    let chunks = Chunks(Chunk::ALL.map(|_| Slot::new()));
    provide_context(chunks);
    chunks.preload(open);
    let preload = move |event: &Event| chunks.preload_link(event);
    let over = window_event_listener(leptos::ev::pointerover, move |event| preload(&event));
    let focus = window_event_listener(leptos::ev::focusin, move |event| preload(&event));
    on_cleanup(move || {
        over.remove();
        focus.remove();
    });
}

impl Chunks {
    fn slot(self, chunk: Chunk) -> Slot {
        let Self(slots) = self;
        slots[chunk as usize]
    }

    /// The piece, or a placeholder until its chunk is loaded. For use in a closure of a view: the closure runs again
    /// when the chunk's state changes, so a chunk that loads late cannot replace another page.
    pub fn show(self, chunk: Chunk, piece: Piece) -> AnyView {
        let slot = self.slot(chunk);
        let placeholder = Placeholder::of(&piece);
        match slot.state.get() {
            State::Loaded => chunk
                .draw(piece)
                .unwrap_or_else(|| self.failed(chunk, placeholder)),
            State::Absent => {
                slot.waiting.update_value(|waiting| *waiting += 1);
                on_cleanup(move || {
                    slot.waiting.try_update_value(|waiting| *waiting -= 1);
                });
                self.load(chunk);
                placeholder.loading(chunk)
            }
            State::Failed => {
                // Returning to the page retries. Untracked, because the view that is cleaned up must not run again.
                on_cleanup(move || {
                    let _ = slot
                        .state
                        .try_update_untracked(|state| *state = State::Absent);
                });
                self.failed(chunk, placeholder)
            }
        }
    }

    /// Shows a dialog, like [`Chunks::show`].
    pub fn dialog(self, chunk: Chunk, dialog: super::Dialog, on_close: Callback<()>) -> AnyView {
        self.show(chunk, Piece::Dialog(Box::new(dialog), on_close))
    }

    /// Loads the chunk of a page, unless it is loaded.
    pub fn preload(self, route: &Route) {
        let chunk = Chunk::of(route);
        // A wall must be able to show that its session has ended even if the gateway no longer serves this chunk.
        let pairing = (chunk == Some(Chunk::Wall)).then_some(Chunk::Pairing);
        for chunk in chunk.into_iter().chain(pairing) {
            self.load(chunk);
        }
    }

    /// Loads all chunks one by one, each while the page is idle.
    pub fn preload_all(self) {
        set_timeout(move || self.preload_next(), PRELOAD_DELAY);
    }

    fn preload_next(self) {
        when_idle(move || {
            let next = Chunk::ALL.into_iter().find(|chunk| {
                let slot = self.slot(*chunk);
                slot.state.try_get_untracked() == Some(State::Absent)
                    && slot.is_loading.try_get_value() == Some(false)
            });
            if let Some(chunk) = next {
                self.start_loading(chunk, true);
            }
        });
    }

    /// Loads the target of the link that is pointed at or focused, if any.
    fn preload_link(self, event: &Event) {
        if let Some(link) = own_link(event) {
            self.preload(&Route::parse(&link.pathname()));
        }
    }

    fn load(self, chunk: Chunk) {
        let slot = self.slot(chunk);
        let is_absent = slot.state.try_get_untracked() == Some(State::Absent);
        if is_absent && slot.is_loading.try_get_value() == Some(false) {
            self.start_loading(chunk, false);
        }
    }

    fn start_loading(self, chunk: Chunk, then_next: bool) {
        let slot = self.slot(chunk);
        slot.is_loading.set_value(true);
        spawn_local(async move {
            let is_loaded = chunk.load().await.is_ok();
            let _ = slot.is_loading.try_set_value(false);
            if is_loaded {
                let _ = slot.state.try_set(State::Loaded);
                // A failure stops preloading.
                if then_next {
                    self.preload_next();
                }
            } else if slot.waiting.try_get_value() > Some(0) {
                let _ = slot.state.try_set(State::Failed);
            }
        });
    }

    fn failed(self, chunk: Chunk, placeholder: Placeholder) -> AnyView {
        let slot = self.slot(chunk);
        let retry = move |_| slot.state.set(State::Absent);
        let reload = |_| {
            let _ = window().location().reload();
        };
        // `None` until someone is signed in.
        let watched = use_context::<Watched>();
        let why = move || {
            if watched.is_some_and(Watched::is_old_build) {
                "The gateway now serves another version of the console, which no longer has this part. Reload the console to use that version."
            } else {
                "The gateway did not answer, or it was updated after this console was opened. If Retry does not help, reload the console."
            }
        };
        let content = view! {
            <p>{why}</p>
            <p class="row">
                <button type="button" class="btn" on:click=retry>"Retry"</button>
                <button type="button" class="btn" on:click=reload>"Reload the console"</button>
            </p>
        };
        placeholder.failed(chunk, once(content))
    }
}

/// The placeholder for a piece that is not loaded.
enum Placeholder {
    /// A page inside the shell. Shows the alarms of its resource, which are already known and may be the reason for
    /// opening the page.
    Page(Route),
    /// A full screen without the shell.
    Screen,
    /// A part of a page.
    Part,
    /// A dialog, and the callback that runs after it has closed.
    Dialog(Callback<()>),
}

impl Placeholder {
    fn of(piece: &Piece) -> Self {
        match piece {
            Piece::Page(Route::SignIn) => Self::Screen,
            Piece::Page(route) => Self::Page(route.clone()),
            Piece::Wall { .. } | Piece::Pairing { .. } => Self::Screen,
            Piece::Source(_) | Piece::Imported(_) | Piece::GroupSession(..) => Self::Part,
            Piece::Dialog(_, on_close) => Self::Dialog(*on_close),
        }
    }

    fn loading(self, chunk: Chunk) -> AnyView {
        match self {
            Self::Page(_) | Self::Screen => {
                let words = view! { <p class="blank" role="status">"Loading this page…"</p> };
                self.with_heading(chunk, words.into_any())
            }
            // For screen readers only, because the dialog or part usually appears a moment later.
            Self::Dialog(_) | Self::Part => {
                view! { <p class="vh" role="status">"Loading…"</p> }.into_any()
            }
        }
    }

    fn failed(self, chunk: Chunk, content: AnyView) -> AnyView {
        if let Self::Part = self {
            return content;
        }
        if let Self::Dialog(on_close) = self {
            let close = Trigger::new();
            return once(view! {
                <Dialog title="This dialog could not be loaded" on_close close>
                    {content}
                    <p class="row"><button type="button" class="btn" on:click=move |_| close.notify()>"Close"</button></p>
                </Dialog>
            });
        }
        let card = view! {
            <section class="panel failure" role="alert" aria-label="What went wrong">
                <h2><Icon name="broken" />"This page could not be loaded"</h2>
                {content}
            </section>
        };
        self.with_heading(chunk, once(card))
    }

    fn with_heading(self, chunk: Chunk, content: AnyView) -> AnyView {
        let title = chunk.loading_heading();
        match self {
            Self::Screen => once(view! {
                <Heading text=title />
                <main id="main" class="alone"><h1>"Failover Console"</h1>{content}</main>
            }),
            Self::Page(route) => once(view! { <Heading text=title />{alarms_of(route)}{content} }),
            Self::Part | Self::Dialog(_) => content,
        }
    }
}

/// Runs a function once the browser is idle.
fn when_idle(run: impl Fn() + 'static) {
    let name = JsValue::from_str("requestIdleCallback");
    if js_sys::Reflect::has(&window(), &name) == Ok(true) {
        request_idle_callback(run);
    } else {
        set_timeout(run, IDLE_FALLBACK);
    }
}
