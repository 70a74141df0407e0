//! Arithmetic of a long table with rows of equal height: the rows to draw, and the target row of a key. Pure; in CSS
//! pixels, without measuring or scrolling.

use std::ops::Range;

/// The scroll position and size of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scrolled {
    /// The scroll position, in pixels. Browsers report negative values while they bounce.
    pub top: f64,
    /// The visible height, in pixels, without a sticky header.
    pub viewport: f64,
    /// The height of every row, in pixels.
    pub row: f64,
    /// Number of rows.
    pub count: usize,
}

/// The rows to draw, and the empty space around them.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// The rows, counted from 0.
    pub rows: Range<usize>,
    /// The height of the rows before, in pixels.
    pub before: f64,
    /// The height of the rows after, in pixels.
    pub after: f64,
}

/// A keyboard step from row to row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the row above.
    Up,
    /// To the row below.
    Down,
    /// Up by the visible height.
    PageUp,
    /// Down by the visible height.
    PageDown,
    /// To the first row.
    Home,
    /// To the last row.
    End,
}

impl Step {
    /// The step of a key, by its name in keyboard events.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "ArrowUp" => Self::Up,
            "ArrowDown" => Self::Down,
            "PageUp" => Self::PageUp,
            "PageDown" => Self::PageDown,
            "Home" => Self::Home,
            "End" => Self::End,
            _ => return None,
        })
    }
}

impl Scrolled {
    /// The rows to draw, with `overscan` more on each side.
    #[must_use]
    pub fn window(&self, overscan: usize) -> Window {
        let top = self.clamped(self.top);
        let first = rows(top / self.row);
        let visible = rows(((top + self.height()) / self.row).ceil());
        let last = visible.saturating_add(overscan).min(self.count);
        let first = first.saturating_sub(overscan).min(last);
        Window {
            rows: first..last,
            before: pixels(first, self.row),
            after: pixels(self.count - last, self.row),
        }
    }

    /// The target row of a key from the active row, and the scroll position that shows it. Without an active row, up
    /// and down lead to the first completely visible row. `None` if there are no rows.
    #[must_use]
    pub fn step(&self, active: Option<usize>, step: Step) -> Option<(usize, f64)> {
        let last = self.count.checked_sub(1)?;
        let page = rows(self.height() / self.row).max(1);
        let from = active.map(|active| active.min(last));
        let to = match (step, from) {
            (Step::Home, _) => 0,
            (Step::End, _) => last,
            (_, None) => rows((self.clamped(self.top) / self.row).ceil()),
            (Step::Up, Some(from)) => from.saturating_sub(1),
            (Step::Down, Some(from)) => from.saturating_add(1),
            (Step::PageUp, Some(from)) => from.saturating_sub(page),
            (Step::PageDown, Some(from)) => from.saturating_add(page),
        };
        let to = to.min(last);
        Some((to, self.showing(to)))
    }

    /// The nearest scroll position that shows a row. For a row that is higher than the visible area, its top.
    #[must_use]
    pub fn showing(&self, row: usize) -> f64 {
        let begin = pixels(row.min(self.count.saturating_sub(1)), self.row);
        let lowest = (begin + self.row - self.height()).min(begin);
        self.clamped(self.clamped(self.top).max(lowest).min(begin))
    }

    /// The height of all rows, in pixels.
    #[must_use]
    pub fn total(&self) -> f64 {
        pixels(self.count, self.row)
    }

    fn height(&self) -> f64 {
        self.viewport.max(0.0)
    }

    /// Limits a scroll position to the table, because a list that became shorter keeps the old position for a moment.
    fn clamped(&self, top: f64) -> f64 {
        let most = (self.total() - self.height()).max(0.0);
        top.max(0.0).min(most)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` converts too large values to the maximum, and negative values to 0"
)]
fn rows(count: f64) -> usize {
    count as usize
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact up to 2^53 rows, more than a browser can hold"
)]
fn pixels(rows: usize, height: f64) -> f64 {
    rows as f64 * height
}

#[cfg(test)]
mod tests {
    use super::{Scrolled, Step};
    use proptest::prelude::*;

    fn at(top: f64) -> Scrolled {
        Scrolled {
            top,
            viewport: 400.0,
            row: 40.0,
            count: 10_000,
        }
    }

    #[test]
    fn visible_rows_are_drawn_with_some_rows_around_them() {
        for (top, overscan, rows) in [
            (0.0, 0, 0..10),
            (0.0, 5, 0..15),
            (39.9, 0, 0..11),
            (40.0, 0, 1..11),
            (4_000.0, 5, 95..115),
            (399_600.0, 5, 9_985..10_000),
            (9e12, 0, 9_990..10_000),
            (-80.0, 0, 0..10),
        ] {
            let window = at(top).window(overscan);
            assert_eq!(window.rows, rows, "{top}");
        }
    }

    #[test]
    fn a_list_that_became_short_shows_its_rows() {
        let short = Scrolled {
            count: 3,
            ..at(4_000.0)
        };
        assert_eq!(short.window(5).rows, 0..3);
        let none = Scrolled {
            count: 0,
            ..at(4_000.0)
        };
        assert_eq!(none.window(5).rows, 0..0);
        assert_eq!(none.step(Some(3), Step::Down), None);
    }

    #[test]
    fn keys_move_the_active_row_and_scroll_as_little_as_possible() {
        for (top, active, step, row, scrolled) in [
            (0.0, Some(0), Step::Down, 1, 0.0),
            (0.0, Some(9), Step::Down, 10, 40.0),
            (0.0, Some(0), Step::Up, 0, 0.0),
            (400.0, Some(10), Step::Up, 9, 360.0),
            (0.0, Some(3), Step::PageDown, 13, 160.0),
            (400.0, Some(12), Step::PageUp, 2, 80.0),
            (400.0, Some(4), Step::PageUp, 0, 0.0),
            (400.0, Some(12), Step::Home, 0, 0.0),
            (0.0, Some(12), Step::End, 9_999, 399_600.0),
            (0.0, Some(9_995), Step::PageDown, 9_999, 399_600.0),
            (410.0, None, Step::Down, 11, 410.0),
            (0.0, None, Step::Up, 0, 0.0),
            (4_000.0, Some(3), Step::Down, 4, 160.0),
        ] {
            let found = at(top).step(active, step);
            assert_eq!(found, Some((row, scrolled)), "{top} {active:?} {step:?}");
        }
    }

    #[test]
    fn key_names_are_parsed_to_steps() {
        assert_eq!(Step::from_key("PageDown"), Some(Step::PageDown));
        assert_eq!(Step::from_key("Enter"), None);
    }

    fn any_scrolled() -> impl Strategy<Value = Scrolled> {
        (
            -1e3..1e6_f64,
            -10.0..2e3_f64,
            1.0..200.0_f64,
            0_usize..30_000,
        )
            .prop_map(|(top, viewport, row, count)| Scrolled {
                top,
                viewport,
                row,
                count,
            })
    }

    proptest! {
        #[test]
        fn rows_are_never_out_of_range_and_the_heights_add_up(
            scrolled in any_scrolled(), overscan in 0_usize..100,
        ) {
            let window = scrolled.window(overscan);
            prop_assert!(window.rows.start <= window.rows.end && window.rows.end <= scrolled.count);
            prop_assert!(window.before >= 0.0 && window.after >= 0.0);
            if scrolled.total() > 0.0 {
                let drawn = super::pixels(window.rows.len(), scrolled.row);
                let sum = window.before + drawn + window.after;
                prop_assert!((sum - scrolled.total()).abs() <= scrolled.total() * 1e-12);
                // All visible rows are drawn.
                let top = scrolled.clamped(scrolled.top);
                let bottom = (top + scrolled.height()).min(scrolled.total());
                prop_assert!(window.before <= top + 1e-6);
                prop_assert!(window.before + drawn >= bottom - 1e-6 * bottom.max(1.0));
            }
        }

        #[test]
        fn keys_lead_to_a_row_that_is_then_visible(
            scrolled in any_scrolled(),
            active in proptest::option::of(0_usize..40_000),
            step in proptest::sample::select(vec![Step::Up, Step::Down, Step::PageUp, Step::PageDown, Step::Home, Step::End]),
        ) {
            let Some((row, top)) = scrolled.step(active, step) else {
                prop_assert_eq!(scrolled.count, 0);
                return Ok(());
            };
            prop_assert!(row < scrolled.count && top >= 0.0 && top.is_finite());
            let moved = Scrolled { top, ..scrolled };
            prop_assert!(moved.window(0).rows.contains(&row) || scrolled.total() == 0.0 || scrolled.height() == 0.0);
            prop_assert!((moved.showing(row) - top).abs() < 1e-6, "a visible row needs no scrolling");
        }
    }
}
