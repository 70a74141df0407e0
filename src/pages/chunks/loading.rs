//! Fetches chunks: for the page that is open, for a link that somebody points at, and all of them one after
//! the other while the page is idle. Says so where one cannot be had, and tries again on demand.

use super::{Chunk, Piece};
use crate::client_view::once;
use crate::live::Watched;
use crate::pages::alarms::alarms_of;
use crate::provided::provided;
use crate::route::Route;
use crate::ui::dialog::Dialog;
use crate::ui::{Heading, Icon};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlAnchorElement};

/// How long a browser that cannot tell when it is idle leaves the page alone.
const WITHOUT_IDLE: Duration = Duration::from_secs(2);

/// For so long a page that was opened has the line and the processor for its own data.
const UNDISTURBED: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not there, or under way.
    Absent,
    Here,
    /// It could not be loaded, and a page waits for it.
    Failed,
}

/// One chunk as this browser has it.
#[derive(Clone, Copy)]
struct Slot {
    state: RwSignal<State>,
    is_loading: StoredValue<bool>,
    /// How many wait for it: a page, and what is open over it.
    waiting: StoredValue<u32>,
}

impl Slot {
    fn new() -> Self {
        let state = if cfg!(feature = "split") {
            State::Absent
        } else {
            State::Here
        };
        Self {
            state: RwSignal::new(state),
            is_loading: StoredValue::new(false),
            waiting: StoredValue::new(0),
        }
    }
}

/// The chunks of this console.
#[derive(Clone, Copy)]
pub struct Chunks([Slot; Chunk::ALL.len()]);

/// The chunks. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_chunks() -> Chunks {
    provided()
}

/// Starts to fetch what the open page needs beside what that page shows, and from then on what a link leads to
/// as soon as somebody points at it or gives it the focus.
pub fn provide(open: &Route) {
    let chunks = Chunks(Chunk::ALL.map(|_| Slot::new()));
    provide_context(chunks);
    chunks.prepare(open);
    let over = window_event_listener(leptos::ev::pointerover, move |event| chunks.meet(&event));
    let focus = window_event_listener(leptos::ev::focusin, move |event| chunks.meet(&event));
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

    /// The piece, or what stands in its place until its chunk is there. For a closure of a view: it is drawn
    /// again once that changes, so that what comes late never replaces another page.
    pub fn show(self, chunk: Chunk, piece: Piece) -> AnyView {
        let slot = self.slot(chunk);
        let frame = Frame::of(&piece);
        match slot.state.get() {
            State::Here => chunk
                .draw(piece)
                .unwrap_or_else(|| self.failed(chunk, frame)),
            State::Absent => {
                slot.waiting.update_value(|waiting| *waiting += 1);
                on_cleanup(move || {
                    slot.waiting.try_update_value(|waiting| *waiting -= 1);
                });
                self.load(chunk);
                frame.waiting(chunk)
            }
            State::Failed => {
                // Whoever comes back to the page has it tried again. Untracked: the view that ends here needs no
                // telling.
                on_cleanup(move || {
                    let _ = slot
                        .state
                        .try_update_untracked(|state| *state = State::Absent);
                });
                self.failed(chunk, frame)
            }
        }
    }

    /// A dialog, like [`Chunks::show`].
    pub fn dialog(self, chunk: Chunk, dialog: super::Dialog, on_close: Callback<()>) -> AnyView {
        self.show(chunk, Piece::Dialog(Box::new(dialog), on_close))
    }

    /// Fetches what a page will need, unless it is there.
    pub fn prepare(self, route: &Route) {
        let chunk = Chunk::of(route);
        // A wall whose session ends has to say so by itself, also where the gateway no longer has this piece.
        let too = (chunk == Some(Chunk::Wall)).then_some(Chunk::Pairing);
        for chunk in chunk.into_iter().chain(too) {
            self.load(chunk);
        }
    }

    /// Fetches every chunk, one after the other, each when the page has nothing else to do.
    pub fn prepare_all(self) {
        set_timeout(move || self.prepare_next(), UNDISTURBED);
    }

    fn prepare_next(self) {
        when_idle(move || {
            let next = Chunk::ALL.into_iter().find(|chunk| {
                let slot = self.slot(*chunk);
                slot.state.try_get_untracked() == Some(State::Absent)
                    && slot.is_loading.try_get_value() == Some(false)
            });
            if let Some(chunk) = next {
                self.begin(chunk, true);
            }
        });
    }

    /// Something that somebody points at or that has the focus now.
    fn meet(self, event: &Event) {
        let link = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| element.closest("a[href]").ok().flatten())
            .and_then(|element| element.dyn_into::<HtmlAnchorElement>().ok());
        let origin = window().location().origin().ok();
        if let Some(link) = link.filter(|link| origin == Some(link.origin())) {
            self.prepare(&Route::parse(&link.pathname()));
        }
    }

    fn load(self, chunk: Chunk) {
        let slot = self.slot(chunk);
        let is_absent = slot.state.try_get_untracked() == Some(State::Absent);
        if is_absent && slot.is_loading.try_get_value() == Some(false) {
            self.begin(chunk, false);
        }
    }

    fn begin(self, chunk: Chunk, go_on: bool) {
        let slot = self.slot(chunk);
        slot.is_loading.set_value(true);
        spawn_local(async move {
            let is_here = chunk.load().await.is_ok();
            let _ = slot.is_loading.try_set_value(false);
            if is_here {
                let _ = slot.state.try_set(State::Here);
                // After a failure the line is left alone until somebody needs it.
                if go_on {
                    self.prepare_next();
                }
            } else if slot.waiting.try_get_value() > Some(0) {
                let _ = slot.state.try_set(State::Failed);
            }
        });
    }

    fn failed(self, chunk: Chunk, frame: Frame) -> AnyView {
        let slot = self.slot(chunk);
        let retry = move |_| slot.state.set(State::Absent);
        let reload = |_| {
            let _ = window().location().reload();
        };
        // Before anybody is signed in nothing is watched.
        let watched = use_context::<Watched>();
        let why = move || {
            if watched.is_some_and(Watched::is_old_build) {
                "The gateway now serves another version of the console, which no longer has this part. Reload the console to use that version."
            } else {
                "The gateway did not answer, or it was updated since this console was opened. If Retry does not help, reload the console."
            }
        };
        let content = view! {
            <p>{why}</p>
            <p class="row">
                <button type="button" class="btn" on:click=retry>"Retry"</button>
                <button type="button" class="btn" on:click=reload>"Reload the console"</button>
            </p>
        };
        frame.failed(chunk, once(content))
    }
}

/// What stands in a piece's place.
enum Frame {
    /// A page inside the shell, with the alarms of what it is about: the one that a person opens it for may be known
    /// already.
    Page(Route),
    /// A screen of its own.
    Screen,
    /// A part of what stands around it.
    Part,
    /// A dialog, and what is run after it was closed.
    Dialog(Callback<()>),
}

impl Frame {
    fn of(piece: &Piece) -> Self {
        match piece {
            Piece::Page(Route::SignIn) => Self::Screen,
            Piece::Page(route) => Self::Page(route.clone()),
            Piece::Wall { .. } | Piece::Pairing { .. } => Self::Screen,
            Piece::Source(_) | Piece::Imported(_) | Piece::GroupSession(..) => Self::Part,
            Piece::Dialog(_, on_close) => Self::Dialog(*on_close),
        }
    }

    fn waiting(self, chunk: Chunk) -> AnyView {
        match self {
            Self::Page(_) | Self::Screen => {
                let words = view! { <p class="blank" role="status">"Loading this page…"</p> };
                self.around(chunk, words.into_any())
            }
            // Nothing is seen of it: the dialog opens a moment later.
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
        self.around(chunk, once(card))
    }

    fn around(self, chunk: Chunk, content: AnyView) -> AnyView {
        let words = chunk.words();
        match self {
            Self::Screen => once(view! {
                <Heading text=words />
                <main id="main" class="alone"><h1>"Failover Console"</h1>{content}</main>
            }),
            Self::Page(route) => once(view! { <Heading text=words />{alarms_of(route)}{content} }),
            Self::Part | Self::Dialog(_) => content,
        }
    }
}

/// Runs something when the browser has nothing else to do.
fn when_idle(run: impl Fn() + 'static) {
    let name = JsValue::from_str("requestIdleCallback");
    if js_sys::Reflect::has(&window(), &name) == Ok(true) {
        request_idle_callback(run);
    } else {
        set_timeout(run, WITHOUT_IDLE);
    }
}
