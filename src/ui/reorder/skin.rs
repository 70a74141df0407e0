//! The skin of a drag: pointer events in, offsets of rows out. What a drag is and where it ends is
//! decided in [`super::drag`]; nothing here knows what is ordered.

use super::drag::{Change, Drag, Dropped, Geometry};
use super::held::{Held, corner, measured, now, window_point};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

/// The list may be scrolled by other means than the drag's own, or be pushed down: where it is, is looked
/// at so often, in milliseconds.
const SCROLLED: f64 = 100.0;

/// The dragging of one list.
#[derive(Clone, Copy)]
pub struct Dragging {
    held: StoredValue<Held, LocalStorage>,
    pub(super) list: NodeRef<html::Ol>,
    /// The index of the lifted row, and the position that it is held over, from 1.
    pub over: RwSignal<Option<(usize, Option<usize>)>>,
    pub(super) gap: RwSignal<Option<(f64, f64)>>,
    dropped: Callback<Dropped>,
}

impl Dragging {
    /// Dragging that tells `dropped` what it came to.
    #[must_use]
    pub fn new(dropped: Callback<Dropped>) -> Self {
        let dragging = Self {
            held: StoredValue::new_local(Held::default()),
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
        on_cleanup(move || escape.remove());
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
        if event.button() != 0 || !event.is_primary() {
            return;
        }
        let children = list.children();
        let index = (0..children.length()).find(|at| children.item(*at).as_ref() == Some(&row));
        let Some(index) = index.and_then(|index| usize::try_from(index).ok()) else {
            return;
        };
        // Neither a selection nor the browser's own dragging begins here.
        event.prevent_default();
        let _ = list.set_pointer_capture(event.pointer_id());
        let corner = corner(&list);
        // Measured while nothing moves yet.
        let geometry = measured(&list);
        let view = list.closest("main").ok().flatten().map(|view| {
            let seen = view.get_bounding_client_rect();
            (view, (seen.top(), seen.bottom()))
        });
        self.held.update_value(|held| {
            (held.at, held.corner, held.cornered) = (window_point(event), corner, now());
            (held.geometry, held.view) = (geometry, view);
            held.drag.press(event.pointer_id(), index, held.point());
        });
    }

    pub(super) fn moved(self, event: &PointerEvent) {
        if !self.is_pressed() {
            return;
        }
        let lifted = self.held.try_update_value(|held| {
            held.at = window_point(event);
            held.pointer = event.pointer_id();
            let is_pressed = matches!(held.drag, Drag::Pressed { .. });
            is_pressed
                && held.drag.moved(held.pointer, held.point(), &held.geometry) == Change::Lifted
        });
        if lifted == Some(true) {
            self.held.update_value(|held| held.frame = now());
            request_animation_frame(move || self.frame());
        }
    }

    /// One frame of a drag: scrolls, follows the pointer, and asks for the next one.
    fn frame(self) {
        self.follow();
        if self
            .held
            .try_with_value(|held| held.drag.lifted().is_some())
            == Some(true)
        {
            request_animation_frame(move || self.frame());
        }
    }

    fn follow(self) {
        let Some(list) = self.list.try_get_untracked().flatten() else {
            return;
        };
        let told = self.held.try_update_value(|held| {
            held.drag.lifted()?;
            if held.scroll() || held.frame - held.cornered > SCROLLED {
                (held.corner, held.cornered) = (corner(&list), held.frame);
            }
            if held.geometry.rows.len() != usize::try_from(list.child_element_count()).unwrap_or(0)
            {
                held.geometry = measured(&list);
            }
            held.drag.moved(held.pointer, held.point(), &held.geometry);
            held.draw(&list);
            let row = held.drag.lifted()?;
            let over = held.drag.over();
            Some((row, over, over.and_then(|to| held.geometry.gap(row, to))))
        });
        if let Some((row, over, gap)) = told.flatten() {
            let new = Some((row, over));
            if self.over.try_get_untracked() != Some(new) {
                let _ = self.over.try_set(new);
                let _ = self.gap.try_set(gap);
            }
        }
    }

    pub(super) fn release(self, event: &PointerEvent) {
        if !self.is_pressed() {
            return;
        }
        let at = window_point(event);
        let dropped = self.held.try_update_value(|held| {
            held.at = at;
            if held.drag.lifted().is_some() {
                held.drag
                    .moved(event.pointer_id(), held.point(), &held.geometry);
            }
            held.drag.release(event.pointer_id())
        });
        match dropped.filter(|dropped| *dropped != Dropped::Nothing) {
            None => self.settle(),
            // A frame of its own: the hand has let go in this one.
            Some(dropped) => {
                self.held.update_value(|held| held.letting_go = true);
                self.gap.set(None);
                request_animation_frame(move || {
                    // None once the page was left.
                    let _ = self.dropped.try_run(dropped);
                    self.settle();
                });
            }
        }
    }

    /// Gives up a drag; whether there was one.
    pub(super) fn cancel(self) -> bool {
        let row = self
            .held
            .try_update_value(|held| held.drag.cancel())
            .flatten();
        if self.held.try_with_value(|held| held.letting_go) == Some(true) {
            return false;
        }
        self.settle();
        if let Some(row) = row {
            self.dropped.run(Dropped::Back { row });
        }
        row.is_some()
    }

    /// Every row lies where it lies again.
    fn settle(self) {
        if let Some(list) = self.list.try_get_untracked().flatten() {
            let _ = self.held.try_update_value(|held| {
                held.draw(&list);
                held.drawn.clear();
                held.geometry = Geometry::default();
                (held.view, held.letting_go) = (None, false);
            });
        }
        if self.over.try_get_untracked().flatten().is_some() {
            let _ = self.over.try_set(None);
            let _ = self.gap.try_set(None);
        }
    }

    /// Whether a pointer is down on a row, lifted or not.
    fn is_pressed(self) -> bool {
        self.held.try_with_value(|held| held.drag != Drag::Idle) == Some(true)
    }
}
