//! Burn-in protection: the wall moves by a pixel a minute. Pure.

/// The farthest from the middle, in pixels; less than the margin around the wall.
const FAR: i64 = 12;

/// Pixels to the right and down in a minute since 1970. Each minute is at most one pixel from the
/// last; from edge to edge it is 24.
#[must_use]
pub fn offset(minute: i64) -> (i64, i64) {
    // Different periods, so that the wall visits nearly every position.
    (to_and_fro(minute, FAR), to_and_fro(minute, FAR - 1))
}

fn to_and_fro(step: i64, far: i64) -> i64 {
    let at = step.rem_euclid(4 * far);
    if at <= 2 * far {
        at - far
    } else {
        3 * far - at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::wall::layout::MARGIN;
    use std::collections::HashSet;

    #[test]
    fn the_wall_drifts_a_pixel_a_minute_and_never_out_of_its_margin() {
        let mut before = offset(-1);
        let mut places = HashSet::new();
        for minute in 0..2_000 {
            let now = offset(minute);
            assert!((now.0 - before.0).abs() <= 1 && (now.1 - before.1).abs() <= 1);
            assert!(now.0.abs() <= FAR && now.1.abs() <= FAR);
            assert_ne!(now, before);
            places.insert(now);
            before = now;
        }
        assert!(places.len() > 200, "it rests nowhere: {}", places.len());
        const { assert!(MARGIN > 12.0) };
    }
}
