//! Dragging in the browser: pointer events in, row offsets out. The state machine is [`super::drag`].

use super::drag::{Drag, Dropped};
use super::drag_state::{DragState, window_point};
use crate::api::poll_gate::now;
use leptos::html;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, PointerEvent};

/// The dragging of one list.
#[derive(Clone, Copy)]
pub struct Dragging {
    state: StoredValue<DragState, LocalStorage>,
    pub(super) list: NodeRef<html::Ol>,
    /// The index of the lifted row, and the position that it is held over, from 1.
    pub over: RwSignal<Option<(usize, Option<usize>)>>,
    pub(super) gap: RwSignal<Option<(f64, f64)>>,
    dropped: Callback<Dropped>,
}

impl Dragging {
    /// Dragging that calls `dropped` with the result.
    #[must_use]
    pub fn new(dropped: Callback<Dropped>) -> Self {
        let dragging = Self {
            state: StoredValue::new_local(DragState::default()),
            list: NodeRef::new(),
            over: RwSignal::new(None),
            gap: RwSignal::new(None),
            dropped,
        };
        let escape = window_event_listener(leptos::ev::keydown, move |event| {
            if event.key() == "Escape" && dragging.cancel() {
                event.prevent_default();
            }
        });
        // Scroll events do not bubble, so this listens in the capture phase.
        let scrolled = Closure::<dyn Fn()>::new(move || {
            let _ = dragging
                .state
                .try_update_value(|state| state.scrolled = true);
        })
        .into_js_value();
        let scrolled = SendWrapper::new(scrolled.unchecked_into::<js_sys::Function>());
        let _ = window().add_event_listener_with_callback_and_bool("scroll", &scrolled, true);
        on_cleanup(move || {
            escape.remove();
            let _ =
                window().remove_event_listener_with_callback_and_bool("scroll", &scrolled, true);
        });
        dragging
    }

    /// Whether a row is lifted.
    #[must_use]
    pub fn is_lifted(self) -> bool {
        self.over.read().is_some()
    }

    pub(super) fn press(self, event: &PointerEvent) {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let closest = |selector| {
            target
                .as_ref()
                .and_then(|one| one.closest(selector).ok().flatten())
        };
        let (Some(_), Some(row), Some(list)) = (
            closest("[data-grip]"),
            closest("li"),
            self.list.get_untracked(),
        ) else {
            return;
        };
        // The primary pointer of each type may be down at the same time, such as a mouse and a finger.
        let is_busy = |state: &DragState| state.dropping || state.drag.held().is_some();
        if event.button() != 0 || !event.is_primary() || self.state.with_value(is_busy) {
            return;
        }
        let children = list.children();
        let index_of = |row: &Element| {
            let index = (0..children.length()).find(|at| children.item(*at).as_ref() == Some(row));
            index.and_then(|index| usize::try_from(index).ok())
        };
        let Some(index) = index_of(&row) else {
            return;
        };
        let focused = document().active_element();
        let focused = focused.and_then(|one| one.closest("li").ok().flatten());
        // Prevents text selection and the browser's own dragging.
        event.prevent_default();
        let _ = list.set_pointer_capture(event.pointer_id());
        let view = view_of(&list);
        self.state.update_value(|state| {
            (state.at, state.scrolled) = (window_point(event), true);
            (state.focused, state.view) = (focused.as_ref().and_then(index_of), view);
            state.measure(&list);
            state.locate(&list);
            state.drag.press(event.pointer_id(), index, state.point());
            // Hiding rows takes long, so it happens before anything moves.
            state.show_near(&list);
        });
    }

    pub(super) fn moved(self, event: &PointerEvent) {
        if !self.is_held_by(event) {
            return;
        }
        let lifted = self.state.try_update_value(|state| {
            state.at = window_point(event);
            matches!(state.drag, Drag::Pressed { .. }) && state.moved()
        });
        if lifted == Some(true) {
            self.state.update_value(|state| state.frame = now());
            request_animation_frame(move || self.frame());
        }
    }

    /// One frame of a drag: scrolls, follows the pointer, and requests the next frame.
    fn frame(self) {
        self.follow();
        if self
            .state
            .try_with_value(|state| state.drag.lifted().is_some())
            == Some(true)
        {
            request_animation_frame(move || self.frame());
        }
    }

    fn follow(self) {
        let Some(list) = self.list.try_get_untracked().flatten() else {
            return;
        };
        let target = self.state.try_update_value(|state| {
            state.drag.lifted()?;
            state.scroll();
            state.locate(&list);
            if state.geometry.rows.len() != usize::try_from(list.child_element_count()).unwrap_or(0)
            {
                state.measure(&list);
            }
            state.moved();
            state.draw(&list);
            let row = state.drag.lifted()?;
            let over = state.drag.over();
            Some((row, over, over.and_then(|to| state.geometry.gap(row, to))))
        });
        if let Some((row, over, gap)) = target.flatten() {
            let new = Some((row, over));
            if self.over.try_get_untracked() != Some(new) {
                let _ = self.over.try_set(new);
                let _ = self.gap.try_set(gap);
            }
        }
    }

    pub(super) fn release(self, event: &PointerEvent) {
        if !self.is_held_by(event) {
            return;
        }
        let at = window_point(event);
        let list = self.list.try_get_untracked().flatten();
        let dropped = self.state.try_update_value(|state| {
            state.at = at;
            if let Some(list) = list.filter(|_| state.drag.lifted().is_some()) {
                // The page may have scrolled since the last frame without a scroll event yet.
                state.scrolled = true;
                state.locate(&list);
                state.moved();
            }
            state.drag.release(event.pointer_id())
        });
        match dropped.filter(|dropped| *dropped != Dropped::Nothing) {
            None => self.settle(),
            // The drop is handled in the next frame, so that this one stays short.
            Some(dropped) => {
                self.state.update_value(|state| state.dropping = true);
                request_animation_frame(move || {
                    // The callback no longer exists once the page was left.
                    let _ = self.dropped.try_run(dropped);
                    self.settle();
                });
            }
        }
    }

    /// Handles a pointer that the browser cancels.
    pub(super) fn lost(self, event: &PointerEvent) {
        if self.is_held_by(event) {
            self.cancel();
        }
    }

    /// Cancels a drag. Returns whether a row was lifted.
    fn cancel(self) -> bool {
        let row = self
            .state
            .try_update_value(|state| state.drag.cancel())
            .flatten();
        if self.state.try_with_value(|state| state.dropping) == Some(true) {
            return false;
        }
        self.settle();
        if let Some(row) = row {
            self.dropped.run(Dropped::Back { row });
        }
        row.is_some()
    }

    /// Moves every row back to its place.
    fn settle(self) {
        if let Some(list) = self.list.try_get_untracked().flatten() {
            let begins = self.state.try_update_value(|state| {
                state.draw(&list);
                state.drawn.clear();
                (state.view, state.dropping) = (None, false);
                state.begin_restore()
            });
            if begins == Some(true) {
                request_animation_frame(move || self.restore());
            }
        }
        if self.over.try_get_untracked().flatten().is_some() {
            let _ = self.over.try_set(None);
            let _ = self.gap.try_set(None);
        }
    }

    /// One frame after a drag: restores some of the rows that were hidden during it.
    fn restore(self) {
        let list = self.list.try_get_untracked().flatten();
        let goes_on =
            list.and_then(|list| self.state.try_update_value(|state| state.restore(&list)));
        if goes_on == Some(true) {
            request_animation_frame(move || self.restore());
        }
    }

    /// Whether the pointer of an event holds a row, lifted or not. Events of other pointers are ignored.
    fn is_held_by(self, event: &PointerEvent) -> bool {
        let held = self.state.try_with_value(|state| state.drag.held());
        held.flatten()
            .is_some_and(|(pointer, _)| pointer == event.pointer_id())
    }
}

/// The scrolling element of a list, and the visible top and bottom of it in the window. It is the main element, or in a
/// low window, where the main element is as high as its content, the document.
fn view_of(list: &Element) -> Option<(Element, (f64, f64))> {
    let main = list.closest("main").ok().flatten()?;
    let style = window().get_computed_style(&main).ok().flatten();
    let overflow = style.and_then(|style| style.get_property_value("overflow-y").ok());
    if overflow.as_deref() == Some("auto") {
        let visible = main.get_bounding_client_rect();
        return Some((main, (visible.top(), visible.bottom())));
    }
    let height = window().inner_height().ok()?.as_f64()?;
    Some((document().scrolling_element()?, (0.0, height)))
}
