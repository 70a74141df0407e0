//! The state of a drag between two events, and its effects on the page: row positions, scrolling and offsets.

use super::drag::{Drag, Geometry, Point, scroll_speed};
use crate::api::poll_gate::now;
use health::words::decimal;
use std::ops::Range;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, PointerEvent};

/// The maximum frame duration used for scrolling, in milliseconds, so that the list does not jump after a stall.
const MAX_FRAME: f64 = 50.0;

/// The interval at which the list's position is measured again, in milliseconds, because other content may move it.
const MEASURE_INTERVAL: f64 = 100.0;

/// Number of rows on each side that the first frame after a drag restores. It doubles after each short frame.
const RESTORED_ROWS: usize = 4;
/// The maximum duration of a short frame, in milliseconds.
const SHORT_FRAME: f64 = 20.0;

/// The state of a drag between two events.
#[derive(Default)]
pub(super) struct DragState {
    pub(super) drag: Drag,
    pub(super) geometry: Geometry,
    /// The drawn offset of each row, in CSS pixels.
    pub(super) drawn: Vec<f64>,
    /// The pointer's position in the window.
    pub(super) at: Point,
    /// The position of the list's top left corner in the window.
    pub(super) corner: Point,
    /// When the corner was measured, in milliseconds. Measuring it makes the browser lay out the page.
    corner_measured_at: f64,
    /// Whether something was scrolled since.
    pub(super) scrolled: bool,
    /// When the last frame was drawn, in milliseconds.
    pub(super) frame: f64,
    /// The fraction of a pixel that is not scrolled yet.
    scroll_rest: f64,
    /// The row that is marked as lifted.
    marked: Option<usize>,
    /// The scrolling element, and the visible top and bottom of it in the window.
    pub(super) view: Option<(Element, (f64, f64))>,
    /// Whether a row was dropped but the result is not drawn yet.
    pub(super) dropping: bool,
    /// The rows that are shown while one is held; empty if all are shown.
    near: Range<usize>,
    /// The rows that are prepared for moving, each as a separate layer.
    layers: Range<usize>,
    /// Number of rows on each side that the next frame restores; 0 while none are restored.
    restoring: usize,
    /// The row with the focus.
    pub(super) focused: Option<usize>,
}

impl DragState {
    /// The pointer's position in the list.
    pub(super) fn point(&self) -> Point {
        Point {
            x: self.at.x - self.corner.x,
            y: self.at.y - self.corner.y,
        }
    }

    /// Moves the held row with its pointer. Returns whether the row was lifted.
    pub(super) fn moved(&mut self) -> bool {
        let (held, at) = (self.drag.held(), self.point());
        held.is_some_and(|(pointer, _)| self.drag.moved(pointer, at, &self.geometry))
    }

    /// Measures the list's position, if it may have changed.
    pub(super) fn locate(&mut self, list: &Element) {
        if self.scrolled || now() - self.corner_measured_at > MEASURE_INTERVAL {
            let rect = list.get_bounding_client_rect();
            self.corner = Point {
                x: rect.left(),
                y: rect.top(),
            };
            (self.corner_measured_at, self.scrolled) = (now(), false);
        }
    }

    /// Scrolls while the pointer is near an edge of the view that hides a part of the list.
    pub(super) fn scroll(&mut self) {
        let passed = (now() - self.frame).clamp(0.0, MAX_FRAME);
        self.frame = now();
        let Some((view, (top, bottom))) = &self.view else {
            return;
        };
        let speed = scroll_speed(self.at.y, *top, *bottom);
        let end = self.geometry.end();
        // Scroll only to the list's end: beyond it, a pointer at the edge would be outside the list.
        let hidden = if speed < 0.0 {
            *top - self.corner.y
        } else {
            self.corner.y + end - *bottom
        };
        if speed.abs() > 0.0 && hidden > 0.0 {
            let by = speed * passed / 1000.0 + self.scroll_rest;
            let by = by.max(-hidden).min(hidden);
            self.scroll_rest = by.fract();
            view.scroll_by_with_x_and_y(0.0, by.trunc());
            self.scrolled = true;
        }
    }

    /// Measures all rows, after showing hidden ones.
    pub(super) fn measure(&mut self, list: &HtmlElement) {
        if !self.near.is_empty() {
            self.show(list, 0..0);
        }
        self.geometry = measured(list);
    }

    /// Shows only the rows near the view, with empty space for the others, so that a frame costs the same in a list of
    /// any length. The held row stays visible, and so does the focused one, because hiding it would remove the focus.
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

    /// Starts to restore all rows. Returns whether to request the first frame.
    pub(super) fn begin_restore(&mut self) -> bool {
        let begins = self.needs_restore() && self.restoring == 0;
        if begins {
            (self.restoring, self.frame) = (RESTORED_ROWS, now());
        }
        begins
    }

    /// Whether rows are still hidden, or layers, after a drag.
    fn needs_restore(&self) -> bool {
        !self.near.is_empty() || !self.layers.is_empty()
    }

    /// Shows more of the hidden rows, and then removes some of the layers. Returns whether to request another frame.
    /// One frame for all rows would take too long.
    pub(super) fn restore(&mut self, list: &HtmlElement) -> bool {
        if self.drag != Drag::Idle || !self.needs_restore() {
            self.restoring = 0;
            return false;
        }
        if self.near.is_empty() {
            let end = self.layers.end.saturating_sub(self.restoring);
            self.set_layers(list, self.layers.start..end.max(self.layers.start));
        } else {
            let rows = usize::try_from(list.child_element_count()).unwrap_or(0);
            let start = self.near.start.saturating_sub(self.restoring);
            let more = start..self.near.end + self.restoring;
            let is_all = more.start == 0 && more.end >= rows;
            self.show(list, if is_all { 0..0 } else { more });
        }
        let goes_on = self.needs_restore();
        let is_short = now() - self.frame <= SHORT_FRAME;
        self.frame = now();
        self.restoring = match (goes_on, is_short) {
            (false, _) => 0,
            (true, true) => self.restoring * 2,
            (true, false) => RESTORED_ROWS,
        };
        goes_on
    }

    /// Shows only these rows, or all for an empty range. During a drag they become layers.
    fn show(&mut self, list: &HtmlElement, near: Range<usize>) {
        mark(list, "data-far", |at| {
            !near.is_empty() && !near.contains(&at)
        });
        if self.drag != Drag::Idle {
            self.set_layers(list, near.clone());
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

    fn set_layers(&mut self, list: &HtmlElement, layers: Range<usize>) {
        mark(list, "data-near", |at| layers.contains(&at));
        self.layers = layers;
    }

    /// Measures the shown rows, whose heights are known only once they are laid out, and moves the rows below them.
    fn measure_near(&mut self, list: &HtmlElement) {
        let rows = list.children();
        let heights = self.near.clone().map(|at| {
            let row = u32::try_from(at).ok().and_then(|at| rows.item(at));
            row.map_or(0.0, |row| row.get_bounding_client_rect().height())
        });
        self.geometry.set_heights(self.near.start, heights);
        self.scrolled = true;
    }

    /// Updates the rows that have moved since the last frame.
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

/// Sets an attribute on the rows with a marked index, and removes it from the others.
fn mark(list: &HtmlElement, attribute: &str, is_marked: impl Fn(usize) -> bool) {
    let rows = list.children();
    for (row, at) in (0..rows.length()).zip(0..) {
        if let Some(row) = rows.item(row) {
            let _ = row.toggle_attribute_with_force(attribute, is_marked(at));
        }
    }
}

/// Measures the rows. Offsets ignore translations.
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
        // A row ends where the next one begins, without a gap.
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
