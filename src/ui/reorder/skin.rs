//! The skin of a drag: pointer events in, offsets of rows out. What a drag is and where it ends is
//! decided in [`super::drag`]; nothing here knows what is ordered.

use super::drag::{Change, Drag, Dropped, Geometry, Point, scroll_speed};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, PointerEvent};

/// A frame is taken to be no longer than this, in milliseconds: after a stall nothing leaps.
const LONGEST_FRAME: f64 = 50.0;

/// The list may be scrolled by other means than the drag's own, or be pushed down: where it is, is looked
/// at so often, in milliseconds.
const SCROLLED: f64 = 100.0;

/// What is held between two events.
#[derive(Default)]
struct Held {
    drag: Drag,
    geometry: Geometry,
    /// Each row's offset as it is drawn, in CSS pixels.
    drawn: Vec<f64>,
    /// The pointer in the window.
    at: Point,
    /// The list's corner in the window.
    corner: Point,
    /// When it was asked for, in milliseconds: the browser has to lay the page out for an answer.
    cornered: f64,
    pointer: i32,
    /// When the last frame was drawn, in milliseconds.
    frame: f64,
    /// What is left of a pixel to scroll.
    rest: f64,
    /// The row that is marked as lifted.
    marked: Option<usize>,
    /// What the list scrolls in, and between which heights of the window that is seen.
    view: Option<(Element, (f64, f64))>,
    /// Whether a row is let go and its end not drawn yet.
    letting_go: bool,
}

/// The dragging of one list.
#[derive(Clone, Copy)]
pub struct Dragging {
    held: StoredValue<Held, LocalStorage>,
    list: NodeRef<html::Ol>,
    /// The index of the lifted row, and the position that it is held over, from 1.
    pub over: RwSignal<Option<(usize, Option<usize>)>>,
    gap: RwSignal<Option<(f64, f64)>>,
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

    fn press(self, event: &PointerEvent) {
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

    fn moved(self, event: &PointerEvent) {
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

    fn release(self, event: &PointerEvent) {
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
    fn cancel(self) -> bool {
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

impl Held {
    /// The pointer in the list.
    fn point(&self) -> Point {
        Point {
            x: self.at.x - self.corner.x,
            y: self.at.y - self.corner.y,
        }
    }

    /// Scrolls what the list lies in while the pointer is near an edge that hides some of the list; whether
    /// it did.
    fn scroll(&mut self) -> bool {
        let passed = (now() - self.frame).clamp(0.0, LONGEST_FRAME);
        self.frame = now();
        let Some((view, (top, bottom))) = &self.view else {
            return false;
        };
        let speed = scroll_speed(self.at.y, *top, *bottom);
        let end = self
            .geometry
            .rows
            .last()
            .map_or(0.0, |(at, height)| at + height);
        let hidden = if speed < 0.0 {
            self.corner.y < *top
        } else {
            self.corner.y + end > *bottom
        };
        let scrolls = speed.abs() > 0.0 && hidden;
        if scrolls {
            let by = speed * passed / 1000.0 + self.rest;
            self.rest = by.fract();
            view.scroll_by_with_x_and_y(0.0, by.trunc());
        }
        scrolls
    }

    /// Draws the rows that have moved since the last frame.
    fn draw(&mut self, list: &Element) {
        let rows = list.children();
        self.drawn.resize(self.geometry.rows.len(), 0.0);
        let lifted = self.drag.lifted();
        for (at, drawn) in self.drawn.iter_mut().enumerate() {
            let shift = self.drag.shift(at, &self.geometry);
            let row = || u32::try_from(at).ok().and_then(|at| rows.item(at));
            if (shift - *drawn).abs() > f64::EPSILON
                && let Some(row) = row().and_then(|row| row.dyn_into::<HtmlElement>().ok())
            {
                let style = row.style();
                let _ = if shift == 0.0 {
                    style.remove_property("translate").map(|_| ())
                } else {
                    style.set_property("translate", &format!("0 {shift}px"))
                };
                *drawn = shift;
            }
        }
        if self.marked != lifted {
            let row = |at: Option<usize>| rows.item(u32::try_from(at?).ok()?);
            if let Some(row) = row(self.marked) {
                let _ = row.remove_attribute("data-lifted");
            }
            if let Some(row) = row(lifted) {
                let _ = row.set_attribute("data-lifted", "");
            }
            self.marked = lifted;
        }
    }
}

/// Where the rows lie; offsets do not count what is drawn elsewhere.
fn measured(list: &Element) -> Geometry {
    let rows = list.children();
    let rows: Vec<HtmlElement> = (0..rows.length())
        .filter_map(|at| rows.item(at).map(JsCast::unchecked_into))
        .collect();
    let mut tops: Vec<f64> = rows.iter().map(|row| f64::from(row.offset_top())).collect();
    let last = tops.last().copied().zip(rows.last());
    tops.extend(last.map(|(top, row)| top + f64::from(row.offset_height())));
    let first = tops.first().copied().unwrap_or_default();
    Geometry {
        // Row by row without a gap: a row ends where the next one begins.
        rows: tops
            .windows(2)
            .map(|at| (at[0] - first, at[1] - at[0]))
            .collect(),
        width: list.get_bounding_client_rect().width(),
    }
}

fn window_point(event: &PointerEvent) -> Point {
    Point {
        x: f64::from(event.client_x()),
        y: f64::from(event.client_y()),
    }
}

fn corner(list: &Element) -> Point {
    let rect = list.get_bounding_client_rect();
    Point {
        x: rect.left(),
        y: rect.top(),
    }
}

fn now() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// An ordered list whose rows are dragged by whatever in them has `data-grip`, with the line where the
/// lifted one would go.
#[component]
pub fn Reorderable(
    /// What it is called.
    name: &'static str,
    /// The dragging.
    dragging: Dragging,
    /// What letting go would do.
    #[prop(into)]
    told: Signal<String>,
    /// The rows, each an `li`.
    children: Children,
) -> impl IntoView {
    let pixels = |of: f64| format!("{of}px");
    let top = move || dragging.gap.get().map(|(top, _)| pixels(top));
    let height = move || dragging.gap.get().map(|(_, height)| pixels(height));
    view! {
        <div class="order">
            <ol aria-label=name node_ref=dragging.list
                on:pointerdown=move |event| dragging.press(&event)
                on:pointermove=move |event| dragging.moved(&event)
                on:pointerup=move |event| dragging.release(&event)
                on:pointercancel=move |_| { dragging.cancel(); }
                on:lostpointercapture=move |_| { dragging.cancel(); }
            >{children()}</ol>
            <Show when=move || dragging.gap.read().is_some()>
                <div class="drop" aria-hidden="true" style:top=top style:height=height></div>
                <p class="told" aria-hidden="true">{told}</p>
            </Show>
        </div>
    }
}
