//! Dragging a row as a state machine: pointer events in, a drop or nothing out. Pure; it does not know the browser,
//! and identifies a row by its index in the list.

use std::ops::Range;

/// The distance that a pointer moves before a drag starts, in CSS pixels, so that a click is not a drag.
const THRESHOLD: f64 = 4.0;

/// The distance from the list beyond which a drop cancels the drag, in CSS pixels.
const MARGIN: f64 = 64.0;

/// The distance from an edge of the view at which scrolling starts, in CSS pixels.
const EDGE: f64 = 72.0;

/// The scroll speed at the edge and beyond, in CSS pixels per second.
const MAX_SPEED: f64 = 1200.0;

/// A point, in CSS pixels from the list's top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// The distance to the right.
    pub x: f64,
    /// The distance down.
    pub y: f64,
}

/// The places of a list's rows while nothing is dragged, in CSS pixels from its top.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Geometry {
    /// Top and height of each row, from top to bottom.
    pub rows: Vec<(f64, f64)>,
    /// The list's width.
    pub width: f64,
}

/// The result of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// No row was dragged, or another pointer drags it.
    Nothing,
    /// The row was dropped at a position.
    At {
        /// The index, from 0.
        row: usize,
        /// The position, from 1.
        to: usize,
    },
    /// The row was dropped outside the list, or at its old position.
    Back {
        /// The index, from 0.
        row: usize,
    },
}

/// The state of a drag.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Drag {
    /// No pointer is down.
    #[default]
    Idle,
    /// A pointer is down on a row and has not moved far enough.
    Pressed {
        /// The pointer's id.
        pointer: i32,
        /// The row's index.
        row: usize,
        /// The point at which the pointer went down.
        from: Point,
    },
    /// A row is lifted.
    Lifted {
        /// The pointer's id.
        pointer: i32,
        /// The row's index.
        row: usize,
        /// The point at which the pointer went down.
        from: Point,
        /// The row's distance down from its place.
        by: f64,
        /// The position that the row is held over, from 1; `None` outside the list.
        over: Option<usize>,
    },
}

impl Drag {
    /// Handles a pointer that goes down on a row. A second pointer is ignored.
    pub fn press(&mut self, pointer: i32, row: usize, from: Point) {
        if *self == Self::Idle {
            *self = Self::Pressed { pointer, row, from };
        }
    }

    /// Handles a pointer that moves, or a list that scrolls under it. Returns whether a row was lifted.
    pub fn moved(&mut self, pointer: i32, to: Point, geometry: &Geometry) -> bool {
        let (row, from, is_new) = match *self {
            Self::Pressed {
                pointer: held,
                row,
                from,
            } if held == pointer && (to.x - from.x).hypot(to.y - from.y) >= THRESHOLD => {
                (row, from, true)
            }
            Self::Lifted {
                pointer: held,
                row,
                from,
                ..
            } if held == pointer => (row, from, false),
            _ => return false,
        };
        let by = to.y - from.y;
        let over = geometry.over(to);
        *self = Self::Lifted {
            pointer,
            row,
            from,
            by,
            over,
        };
        is_new
    }

    /// Handles a pointer that goes up.
    pub fn release(&mut self, pointer: i32) -> Dropped {
        match *self {
            Self::Lifted {
                pointer: held,
                row,
                over,
                ..
            } if held == pointer => {
                *self = Self::Idle;
                match over.filter(|to| *to != row + 1) {
                    Some(to) => Dropped::At { row, to },
                    None => Dropped::Back { row },
                }
            }
            Self::Pressed { pointer: held, .. } if held == pointer => {
                *self = Self::Idle;
                Dropped::Nothing
            }
            _ => Dropped::Nothing,
        }
    }

    /// Cancels the drag. Returns the index of the lifted row.
    pub fn cancel(&mut self) -> Option<usize> {
        let row = self.lifted();
        *self = Self::Idle;
        row
    }

    /// The index of the lifted row.
    #[must_use]
    pub fn lifted(&self) -> Option<usize> {
        match self {
            Self::Lifted { row, .. } => Some(*row),
            _ => None,
        }
    }

    /// The pointer that is down on a row, and the row's index, whether lifted or not.
    #[must_use]
    pub fn held(&self) -> Option<(i32, usize)> {
        match *self {
            Self::Idle => None,
            Self::Pressed { pointer, row, .. } | Self::Lifted { pointer, row, .. } => {
                Some((pointer, row))
            }
        }
    }

    /// The position that the lifted row is held over, from 1.
    #[must_use]
    pub fn over(&self) -> Option<usize> {
        match self {
            Self::Lifted { over, .. } => *over,
            _ => None,
        }
    }

    /// The distance of a row down from its place: the lifted row follows the pointer, and the others make room.
    #[must_use]
    pub fn shift(&self, row: usize, geometry: &Geometry) -> f64 {
        let Self::Lifted {
            row: lifted,
            by,
            over,
            ..
        } = self
        else {
            return 0.0;
        };
        if row == *lifted {
            return *by;
        }
        let height = geometry
            .rows
            .get(*lifted)
            .map_or(0.0, |(_, height)| *height);
        match over {
            Some(to) if row > *lifted && row < *to => -height,
            Some(to) if row < *lifted && row + 1 >= *to => height,
            _ => 0.0,
        }
    }
}

impl Geometry {
    /// The bottom of the last row.
    #[must_use]
    pub fn end(&self) -> f64 {
        self.rows.last().map_or(0.0, |(top, height)| top + height)
    }

    /// The position under a point, from 1: that of the row there, or of the nearest row. `None` if the point is too far
    /// outside the list.
    fn over(&self, at: Point) -> Option<usize> {
        let bottom = self.end();
        let beside = |value: f64, end: f64| value < -MARGIN || value > end + MARGIN;
        if self.rows.is_empty() || beside(at.x, self.width) || beside(at.y, bottom) {
            return None;
        }
        let above = self.rows.partition_point(|(top, _)| *top <= at.y);
        Some(above.max(1))
    }

    /// The rows between two heights of the list, with one more screen above and below. Returns `before` while that
    /// still contains the visible rows, so that the result changes rarely.
    #[must_use]
    pub fn near(&self, before: &Range<usize>, top: f64, bottom: f64) -> Range<usize> {
        let row_at = |y: f64| self.rows.partition_point(|(top, _)| *top <= y);
        let visible = row_at(top).saturating_sub(1)..row_at(bottom);
        if before.start <= visible.start && visible.end <= before.end && !before.is_empty() {
            return before.clone();
        }
        let beside = bottom - top;
        row_at(top - beside).saturating_sub(1)..row_at(bottom + beside)
    }

    /// Sets the heights of consecutive rows, and moves the rows below them.
    pub fn set_heights(&mut self, from: usize, heights: impl Iterator<Item = f64>) {
        let mut top = self.rows.get(from).map_or(0.0, |(top, _)| *top);
        let changed = self.rows.iter_mut().skip(from).zip(heights);
        changed.for_each(|((_, height), new)| *height = new);
        for row in self.rows.iter_mut().skip(from) {
            row.0 = top;
            top += row.1;
        }
    }

    /// The total heights of the rows above and below these rows.
    #[must_use]
    pub fn beside(&self, rows: &Range<usize>) -> (f64, f64) {
        let top = |row: usize| self.rows.get(row).map_or(self.end(), |(top, _)| *top);
        (top(rows.start), self.end() - top(rows.end))
    }

    /// Top and height of the gap that the others leave for a row held over a position.
    #[must_use]
    pub fn gap(&self, row: usize, to: usize) -> Option<(f64, f64)> {
        let (_, height) = *self.rows.get(row)?;
        let (top, there) = *self.rows.get(to.checked_sub(1)?)?;
        let top = if to > row + 1 {
            top + there - height
        } else {
            top
        };
        Some((top, height))
    }
}

/// The scroll speed in CSS pixels per second, positive downwards, for a row held at `y` in a view.
#[must_use]
pub fn scroll_speed(y: f64, top: f64, bottom: f64) -> f64 {
    let edge = EDGE.min((bottom - top) / 4.0);
    if edge <= 0.0 {
        return 0.0;
    }
    let down = ((y - (bottom - edge)) / edge).clamp(0.0, 1.0);
    let up = ((top + edge - y) / edge).clamp(0.0, 1.0);
    (down - up) * MAX_SPEED
}

#[cfg(test)]
mod tests {
    use super::{Drag, Dropped, Geometry, Point, scroll_speed};
    use crate::ui::reorder::Draft;
    use proptest::prelude::*;

    /// A list 800 pixels wide with rows 64 pixels high.
    fn list(count: u32) -> Geometry {
        Geometry {
            rows: (0..count).map(|at| (f64::from(at) * 64.0, 64.0)).collect(),
            width: 800.0,
        }
    }

    fn at(y: f64) -> Point {
        Point { x: 20.0, y }
    }

    fn held(row: usize, to: Point) -> Drag {
        let geometry = list(5);
        let mut drag = Drag::Idle;
        drag.press(1, row, at(geometry.rows[row].0 + 32.0));
        drag.moved(1, to, &geometry);
        drag
    }

    #[test]
    fn a_click_is_not_a_drag() {
        let mut drag = Drag::Idle;
        drag.press(1, 2, at(160.0));
        assert_eq!(drag.held(), Some((1, 2)));
        assert!(!drag.moved(1, at(163.0), &list(5)));
        assert_eq!(drag.release(1), Dropped::Nothing);
        assert_eq!(drag, Drag::Idle);
    }

    #[test]
    fn a_row_is_dropped_on_the_row_under_the_pointer() {
        for (row, y, dropped) in [
            (4, 200.0, Dropped::At { row: 4, to: 4 }),
            (4, 64.0, Dropped::At { row: 4, to: 2 }),
            (4, 63.0, Dropped::At { row: 4, to: 1 }),
            (4, -60.0, Dropped::At { row: 4, to: 1 }),
            (0, 65.0, Dropped::At { row: 0, to: 2 }),
            (0, 127.0, Dropped::At { row: 0, to: 2 }),
            (0, 380.0, Dropped::At { row: 0, to: 5 }),
            (2, 129.0, Dropped::Back { row: 2 }),
            (2, 191.0, Dropped::Back { row: 2 }),
            (2, -65.0, Dropped::Back { row: 2 }),
            (2, 385.0, Dropped::Back { row: 2 }),
        ] {
            assert_eq!(held(row, at(y)).release(1), dropped, "{row} at {y}");
        }
        let beside = Point { x: 865.0, y: 40.0 };
        assert_eq!(held(4, beside).release(1), Dropped::Back { row: 4 });
    }

    #[test]
    fn scrolling_under_a_resting_pointer_changes_the_position_below_it() {
        let geometry = list(5);
        let mut drag = held(0, at(100.0));
        assert_eq!(drag.over(), Some(2));
        for (scrolled, over) in [(30.0, 3), (100.0, 4), (1000.0, 0), (-90.0, 1)] {
            drag.moved(1, at(100.0 + scrolled), &geometry);
            assert_eq!(drag.over().unwrap_or(0), over, "by {scrolled}");
        }
    }

    #[test]
    fn the_other_rows_make_room_for_the_lifted_one() {
        let geometry = list(5);
        let shifts = |drag: Drag| {
            (0..5)
                .map(|row| drag.shift(row, &geometry))
                .collect::<Vec<_>>()
        };
        assert_eq!(shifts(held(4, at(90.0))), [0.0, 64.0, 64.0, 64.0, -198.0]);
        assert_eq!(
            shifts(held(1, at(300.0))),
            [0.0, 204.0, -64.0, -64.0, -64.0]
        );
        assert_eq!(geometry.gap(4, 2), Some((64.0, 64.0)));
        assert_eq!(geometry.gap(1, 5), Some((256.0, 64.0)));
        assert_eq!(shifts(Drag::Idle), [0.0; 5]);
    }

    #[test]
    fn the_near_rows_change_only_when_others_become_visible() {
        let geometry = list(40);
        let near = geometry.near(&(0..0), 640.0, 1280.0);
        assert_eq!(near, 0..31);
        for (top, bottom) in [(0.0, 640.0), (1300.0, 1940.0)] {
            assert_eq!(geometry.near(&near, top, bottom), near);
        }
        assert_eq!(geometry.near(&near, 1400.0, 2040.0), 11..40);
        assert_eq!(geometry.beside(&(11..39)), (704.0, 64.0));
        assert_eq!(geometry.beside(&(0..40)), (0.0, 0.0));
        assert_eq!(geometry.near(&(0..0), -700.0, -60.0), 0..10);
        let mut geometry = list(4);
        geometry.set_heights(1, [80.0, 100.0].into_iter());
        assert_eq!(
            geometry.rows,
            [(0.0, 64.0), (64.0, 80.0), (144.0, 100.0), (244.0, 64.0)]
        );
    }

    #[test]
    fn a_second_pointer_is_ignored() {
        let mut drag = held(4, at(100.0));
        assert_eq!(drag.held(), Some((1, 4)));
        let before = drag;
        drag.press(2, 0, at(10.0));
        assert!(!drag.moved(2, at(300.0), &list(5)));
        assert_eq!(drag.release(2), Dropped::Nothing);
        assert_eq!(drag, before);
    }

    #[test]
    fn scrolling_starts_near_an_edge_and_is_faster_closer_to_it() {
        for (y, speed) in [
            (0.0, -1200.0),
            (36.0, -600.0),
            (72.0, 0.0),
            (500.0, 0.0),
            (964.0, 600.0),
            (1100.0, 1200.0),
        ] {
            assert!((scroll_speed(y, 0.0, 1000.0) - speed).abs() < 1e-9, "{y}");
        }
        assert!(
            scroll_speed(5.0, 0.0, 0.0).abs() < 1e-9,
            "no view, no scrolling"
        );
    }

    #[derive(Debug, Clone)]
    enum Input {
        Press(i32, usize, f64),
        Move(i32, f64, f64),
        Release(i32),
        Cancel,
    }

    fn input() -> impl Strategy<Value = Input> {
        prop_oneof![
            (0..2, 0_usize..6, 0.0..384.0).prop_map(|(id, row, y)| Input::Press(id, row, y)),
            (0..2, -200.0..1000.0, -200.0..600.0).prop_map(|(id, x, y)| Input::Move(id, x, y)),
            (0..2).prop_map(Input::Release),
            Just(Input::Cancel),
        ]
    }

    proptest! {
        #[test]
        fn any_inputs_leave_a_permutation_and_a_cancel_keeps_the_order(inputs in proptest::collection::vec(input(), 0..60)) {
            let geometry = list(6);
            let base: Vec<String> = "a b c d e f".split(' ').map(str::to_owned).collect();
            let mut draft = Draft::new(base.clone());
            let mut drag = Drag::Idle;
            for input in inputs {
                let before = draft.order().to_vec();
                match input {
                    Input::Press(id, row, y) => drag.press(id, row, at(y)),
                    Input::Move(id, x, y) => { drag.moved(id, Point { x, y }, &geometry); }
                    Input::Cancel => {
                        drag.cancel();
                        prop_assert_eq!(drag, Drag::Idle);
                        prop_assert_eq!(draft.order(), &before[..]);
                    }
                    Input::Release(pointer) => {
                        if let Dropped::At { row, to } = drag.release(pointer) {
                            let id = before[row].clone();
                            prop_assert!(draft.move_to(&id, to).is_some());
                            prop_assert_eq!(&draft.order()[to - 1], &id);
                        } else {
                            prop_assert_eq!(draft.order(), &before[..]);
                        }
                    }
                }
                let mut sorted = draft.order().to_vec();
                sorted.sort();
                prop_assert_eq!(&sorted, &base);
            }
        }

        #[test]
        fn the_gap_is_where_the_row_is_dropped(row in 0_usize..6, y in -50.0..430.0) {
            let geometry = Geometry { rows: vec![(0.0, 40.0), (40.0, 90.0), (130.0, 64.0), (194.0, 30.0), (224.0, 64.0), (288.0, 100.0)], width: 300.0 };
            let mut drag = Drag::Idle;
            let (top, height) = geometry.rows[row];
            drag.press(1, row, at(top + height / 2.0));
            drag.moved(1, at(y), &geometry);
            if let Some(to) = drag.over() {
                let (under, tall) = geometry.rows[to - 1];
                prop_assert!(!(0.0..=388.0).contains(&y) || (under..=under + tall).contains(&y));
                let (gap, _) = geometry.gap(row, to).expect("inside");
                let mut laid: Vec<(f64, f64)> = (0..6).filter(|other| *other != row)
                    .map(|other| (geometry.rows[other].0 + drag.shift(other, &geometry), geometry.rows[other].1)).collect();
                laid.push((gap, height));
                laid.sort_by(|a, b| a.0.total_cmp(&b.0));
                let mut end = 0.0;
                for (top, height) in laid {
                    prop_assert!((top - end).abs() < 1e-6, "a row begins at {} where the last one ends at {}", top, end);
                    end = top + height;
                }
            }
        }
    }
}
