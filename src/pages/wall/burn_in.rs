//! Burn-in protection: the wall moves by a pixel a minute. Pure.

/// Maximum distance from the centre in pixels; less than the margin around the wall.
const MAX_OFFSET: i64 = 12;

/// The horizontal and vertical offset in pixels at a minute since 1970. Each changes by at most one pixel per minute.
#[must_use]
pub fn offset(minute: i64) -> (i64, i64) {
    // Different periods, so that the wall visits nearly every position.
    (
        triangle_wave(minute, MAX_OFFSET),
        triangle_wave(minute, MAX_OFFSET - 1),
    )
}

fn triangle_wave(step: i64, max: i64) -> i64 {
    let at = step.rem_euclid(4 * max);
    if at <= 2 * max {
        at - max
    } else {
        3 * max - at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::wall::layout::MARGIN;
    use std::collections::HashSet;

    #[test]
    fn the_wall_moves_one_pixel_per_minute_within_its_margin() {
        let mut before = offset(-1);
        let mut positions = HashSet::new();
        for minute in 0..2_000 {
            let now = offset(minute);
            assert!((now.0 - before.0).abs() <= 1 && (now.1 - before.1).abs() <= 1);
            assert!(now.0.abs() <= MAX_OFFSET && now.1.abs() <= MAX_OFFSET);
            assert_ne!(now, before);
            positions.insert(now);
            before = now;
        }
        assert!(positions.len() > 200, "too few: {}", positions.len());
        const { assert!(MARGIN > 12.0) };
    }
}
