//! The text size of the wall, from viewing distance and screen size. Pure.
//!
//! Text is easy to read when its capitals cover 20 arc minutes, and just legible at 16. All text on the wall is at
//! least as large as the smallest text, which is 1 em.

/// Minimum height of the capitals of the smallest text, in arc minutes.
pub const MIN_ARC_MINUTES: f64 = 16.0;

/// Preferred height of the capitals of the smallest text, in arc minutes.
pub const PREFERRED_ARC_MINUTES: f64 = 20.0;

/// The height of a capital in em, in the console's typefaces.
const CAPITAL: f64 = 0.70;

/// Millimetres per inch.
const INCH: f64 = 25.4;

/// Minimum text size in pixels, at any distance.
const MIN_TEXT: f64 = 12.0;

/// The window, the screen and the viewing distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewingConditions {
    /// The width of the window in CSS pixels. The window is assumed to fill the screen.
    pub width: f64,
    /// The height of the window in CSS pixels.
    pub height: f64,
    /// The viewing distance in metres.
    pub distance: f64,
    /// The screen diagonal in inches.
    pub diagonal: f64,
}

impl ViewingConditions {
    /// Pixels per millimetre, from the screen's diagonal, so that the orientation does not matter.
    #[must_use]
    pub fn density(&self) -> f64 {
        self.width.hypot(self.height) / (self.diagonal * INCH)
    }

    /// The height in millimetres of capitals that cover this many arc minutes.
    #[must_use]
    pub fn capital(&self, minutes: f64) -> f64 {
        1_000.0 * self.distance * angle(minutes)
    }

    /// The font size in CSS pixels at which capitals cover this many arc minutes.
    #[must_use]
    pub fn text(&self, minutes: f64) -> f64 {
        (self.capital(minutes) / CAPITAL * self.density()).max(MIN_TEXT)
    }

    /// The maximum distance in metres at which text of this size is legible.
    #[must_use]
    pub fn legible_from(&self, text: f64) -> f64 {
        let capital = text * CAPITAL / self.density();
        capital / (1_000.0 * angle(MIN_ARC_MINUTES))
    }
}

/// The size of an object that covers this many arc minutes, relative to its distance. The tangent of so small an angle
/// is the angle.
fn angle(minutes: f64) -> f64 {
    (minutes / 60.0).to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn viewing(width: f64, height: f64) -> ViewingConditions {
        ViewingConditions {
            width,
            height,
            distance: 5.0,
            diagonal: 65.0,
        }
    }

    #[test]
    fn five_metres_from_65_inches_need_44_of_1080_pixels() {
        let viewing = viewing(1920.0, 1080.0);
        assert!((viewing.capital(MIN_ARC_MINUTES) - 23.27).abs() < 0.01);
        assert!(
            (viewing.text(MIN_ARC_MINUTES) - 44.4).abs() < 0.3,
            "{}",
            viewing.text(MIN_ARC_MINUTES)
        );
        // The same fraction of the height on every screen of this aspect ratio.
        let large = ViewingConditions {
            width: 3840.0,
            height: 2160.0,
            ..viewing
        };
        assert!((large.text(MIN_ARC_MINUTES) - 2.0 * viewing.text(MIN_ARC_MINUTES)).abs() < 1e-9);
    }

    #[test]
    fn a_portrait_screen_needs_the_same_text_size() {
        let (landscape, portrait) = (viewing(1920.0, 1080.0), viewing(1080.0, 1920.0));
        let sizes = [landscape, portrait].map(|viewing| viewing.text(MIN_ARC_MINUTES));
        assert!((sizes[0] - sizes[1]).abs() < 1e-9);
    }

    #[test]
    fn text_has_a_minimum_size_at_a_short_distance() {
        let desk = ViewingConditions {
            distance: 0.3,
            ..viewing(1920.0, 1080.0)
        };
        assert!((desk.text(MIN_ARC_MINUTES) - MIN_TEXT).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn text_of_minimum_size_is_legible_at_the_viewing_distance(
            width in 640.0..8_000.0_f64, height in 480.0..8_000.0_f64,
            distance in 0.3..60.0_f64, diagonal in 5.0..800.0_f64,
        ) {
            let viewing = ViewingConditions { width, height, distance, diagonal };
            let text = viewing.text(MIN_ARC_MINUTES);
            prop_assert!(viewing.legible_from(text) >= distance * (1.0 - 1e-9));
            prop_assert!(viewing.text(PREFERRED_ARC_MINUTES) >= text);
        }
    }
}
