//! The state of a drag between two events, and its effects on the page: row positions, scrolling and row
//! offsets.

use super::drag::{Drag, Geometry, Point, scroll_speed};
use health::words::decimal;
use leptos::prelude::*;
use std::ops::Range;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, PointerEvent};

/// The longest frame that is counted, in milliseconds, so that nothing jumps after a stall.
const LONGEST_FRAME: f64 = 50.0;

/// How often the list's position is measured again, in milliseconds: something else may move it.
const MEASURED: f64 = 100.0;

/// How many rows on either side are shown again in the first frames after a drag, and are then no longer layers; twice as
/// many in each one after a frame that took no longer than so many milliseconds.
const SHOWN_AGAIN: usize = 4;
const SHORT_FRAME: f64 = 20.0;

/// The state of a drag between two events.
#[derive(Default)]
pub(super) struct DragState {
    pub(super) drag: Drag,
    pub(super) geometry: Geometry,
    /// Each row's offset as it is drawn, in CSS pixels.
    pub(super) drawn: Vec<f64>,
    /// The pointer in the window.
    pub(super) at: Point,
    /// The list's corner in the window.
    pub(super) corner: Point,
    /// When it was asked for, in milliseconds: the browser has to lay the page out for an answer.
    cornered: f64,
    /// Whether something was scrolled since.
    pub(super) scrolled: bool,
    /// When the last frame was drawn, in milliseconds.
    pub(super) frame: f64,
    /// What is left of a pixel to scroll.
    rest: f64,
    /// The row that is marked as lifted.
    marked: Option<usize>,
    /// What the list scrolls in, and between which heights of the window that is seen.
    pub(super) view: Option<(Element, (f64, f64))>,
    /// Whether a row was dropped and the result is not drawn yet.
    pub(super) dropping: bool,
    /// The rows that are shown while one is held, by their indices; none where all are.
    near: Range<usize>,
    /// The rows that are ready to be moved, each a layer of its own.
    ready: Range<usize>,
    /// How many rows on either side the next frame shows again; none while that is not being done.
    again: usize,
    /// The row that has the focus.
    pub(super) focused: Option<usize>,
}

impl DragState {
    /// The pointer in the list.
    pub(super) fn point(&self) -> Point {
        Point {
            x: self.at.x - self.corner.x,
            y: self.at.y - self.corner.y,
        }
    }

    /// The held row follows its pointer. Returns whether that has lifted it.
    pub(super) fn moved(&mut self) -> bool {
        let (held, at) = (self.drag.held(), self.point());
        held.is_some_and(|(pointer, _)| self.drag.moved(pointer, at, &self.geometry))
    }

    /// Measures the list's position, if it may have changed since.
    pub(super) fn find(&mut self, list: &Element) {
        if self.scrolled || now() - self.cornered > MEASURED {
            let rect = list.get_bounding_client_rect();
            self.corner = Point {
                x: rect.left(),
                y: rect.top(),
            };
            (self.cornered, self.scrolled) = (now(), false);
        }
    }

    /// Scrolls what the list lies in while the pointer is near an edge that hides some of the list.
    pub(super) fn scroll(&mut self) {
        let passed = (now() - self.frame).clamp(0.0, LONGEST_FRAME);
        self.frame = now();
        let Some((view, (top, bottom))) = &self.view else {
            return;
        };
        let speed = scroll_speed(self.at.y, *top, *bottom);
        let end = self.geometry.end();
        // No further than to the list's end: past it, the pointer at the edge would lie outside of the list.
        let hidden = if speed < 0.0 {
            *top - self.corner.y
        } else {
            self.corner.y + end - *bottom
        };
        if speed.abs() > 0.0 && hidden > 0.0 {
            let by = speed * passed / 1000.0 + self.rest;
            let by = by.max(-hidden).min(hidden);
            self.rest = by.fract();
            view.scroll_by_with_x_and_y(0.0, by.trunc());
            self.scrolled = true;
        }
    }

    /// Measures where the rows lie, with all of them shown.
    pub(super) fn measure(&mut self, list: &HtmlElement) {
        if !self.near.is_empty() {
            self.show(list, 0..0);
        }
        self.geometry = measured(list);
    }

    /// Shows the rows near the view alone, so that a frame costs the same in a list of any length, and room in the place of
    /// the others. The held row stays, and the one that has the focus, which a hidden one would lose.
    pub(super) fn show_near(&mut self, list: &HtmlElement) {
        let (Some((_, (top, bottom))), Some((_, held))) = (&self.view, self.drag.held()) else {
            return;
        };
        let (top, bottom) = (top - self.corner.y, bottom - self.corner.y);
        let near = self.geometry.near(&self.near, top, bottom);
        let kept = self.focused.unwrap_or(held);
        let start = near.start.min(held).min(kept);
        let near = start..near.end.max(held + 1).max(kept + 1);
        if near != self.near {
            self.show(list, near);
            self.measure_near(list);
        }
    }

    /// Begins to show all rows again; returns whether a first frame of that is to be asked for.
    pub(super) fn begin_to_show_again(&mut self) -> bool {
        let begins = self.is_left() && self.again == 0;
        if begins {
            (self.again, self.frame) = (SHOWN_AGAIN, now());
        }
        begins
    }

    /// Whether a drag has left rows hidden, or rows as layers.
    fn is_left(&self) -> bool {
        !self.near.is_empty() || !self.ready.is_empty()
    }

    /// Shows some more of the rows again, and then has fewer of them as layers; returns whether another frame is to be
    /// asked for. All of them at once would take as long as many frames, and the one of the drop is long enough.
    pub(super) fn show_again(&mut self, list: &HtmlElement) -> bool {
        if self.drag != Drag::Idle || !self.is_left() {
            self.again = 0;
            return false;
        }
        if self.near.is_empty() {
            let end = self.ready.end.saturating_sub(self.again);
            self.make_ready(list, self.ready.start..end.max(self.ready.start));
        } else {
            let rows = usize::try_from(list.child_element_count()).unwrap_or(0);
            let more = self.near.start.saturating_sub(self.again)..self.near.end + self.again;
            let is_all = more.start == 0 && more.end >= rows;
            self.show(list, if is_all { 0..0 } else { more });
        }
        let goes_on = self.is_left();
        let is_short = now() - self.frame <= SHORT_FRAME;
        self.frame = now();
        self.again = match (goes_on, is_short) {
            (false, _) => 0,
            (true, true) => self.again * 2,
            (true, false) => SHOWN_AGAIN,
        };
        goes_on
    }

    /// Shows these rows alone, ready to be moved while one is held; all, where there are none.
    fn show(&mut self, list: &HtmlElement, near: Range<usize>) {
        mark(list, "data-far", |at| {
            !near.is_empty() && !near.contains(&at)
        });
        if self.drag != Drag::Idle {
            self.make_ready(list, near.clone());
        }
        self.near = near;
        if self.near.is_empty() {
            let _ = list.style().remove_property("padding");
            return;
        }
        let (above, below) = self.geometry.beside(&self.near);
        let room = format!("{}px 0 {}px", decimal(above, 2), decimal(below, 2));
        let _ = list.style().set_property("padding", &room);
    }

    fn make_ready(&mut self, list: &HtmlElement, ready: Range<usize>) {
        mark(list, "data-near", |at| ready.contains(&at));
        self.ready = ready;
    }

    /// How high a row is shows once it is laid out, and moves what lies below it.
    fn measure_near(&mut self, list: &HtmlElement) {
        let rows = list.children();
        let heights = self.near.clone().map(|at| {
            let row = u32::try_from(at).ok().and_then(|at| rows.item(at));
            row.map_or(0.0, |row| row.get_bounding_client_rect().height())
        });
        self.geometry.set_heights(self.near.start, heights);
        self.scrolled = true;
    }

    /// Draws the rows that have moved since the last frame.
    pub(super) fn draw(&mut self, list: &HtmlElement) {
        let rows = list.children();
        let lifted = self.drag.lifted();
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
        self.show_near(list);
        self.drawn.resize(self.geometry.rows.len(), 0.0);
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
                    style.set_property("translate", &format!("0 {}px", decimal(shift, 2)))
                };
                *drawn = shift;
            }
        }
    }
}

/// Gives an attribute to the rows whose index is one of these, and takes it from the others.
fn mark(list: &HtmlElement, attribute: &str, is_marked: impl Fn(usize) -> bool) {
    let rows = list.children();
    for (row, at) in (0..rows.length()).zip(0..) {
        if let Some(row) = rows.item(row) {
            let _ = row.toggle_attribute_with_force(attribute, is_marked(at));
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

pub(super) fn window_point(event: &PointerEvent) -> Point {
    Point {
        x: f64::from(event.client_x()),
        y: f64::from(event.client_y()),
    }
}

/// How long the page has been open, in milliseconds.
#[must_use]
pub fn now() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}
