//! The text size of the wall, from viewing distance and screen size. Pure.
//!
//! Text is read with ease when its capitals cover 20 arc minutes, and with care at 16. Everything on
//! the wall is at least as large as the smallest text, which is 1 em.

/// What the capitals of the smallest text cover at least, in arc minutes.
pub const LEAST: f64 = 16.0;

/// What they should cover, where it fits.
pub const PREFERRED: f64 = 20.0;

/// The height of a capital in em, for the typefaces of the console.
const CAPITAL: f64 = 0.70;

/// Millimetres an inch.
const INCH: f64 = 25.4;

/// Smaller text is not drawn, however near somebody stands.
const FLOOR: f64 = 12.0;

/// The window, the screen and where people stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewingConditions {
    /// The width of the window, in CSS pixels. The window is taken to fill the screen.
    pub width: f64,
    /// The height of the window, in CSS pixels.
    pub height: f64,
    /// Metres from the screen to the eyes.
    pub distance: f64,
    /// Inches across the screen.
    pub diagonal: f64,
}

impl ViewingConditions {
    /// Pixels a millimetre, of the screen's diagonal: that is what screens are sold by, lying or
    /// standing.
    #[must_use]
    pub fn density(&self) -> f64 {
        self.width.hypot(self.height) / (self.diagonal * INCH)
    }

    /// The height of capitals that cover so many arc minutes, in millimetres.
    #[must_use]
    pub fn capital(&self, minutes: f64) -> f64 {
        1_000.0 * self.distance * angle(minutes)
    }

    /// The font size at which capitals cover so many arc minutes, in CSS pixels.
    #[must_use]
    pub fn text(&self, minutes: f64) -> f64 {
        (self.capital(minutes) / CAPITAL * self.density()).max(FLOOR)
    }

    /// From how far text of this size is legible, in metres.
    #[must_use]
    pub fn legible_from(&self, text: f64) -> f64 {
        let capital = text * CAPITAL / self.density();
        capital / (1_000.0 * angle(LEAST))
    }
}

/// What covers so many arc minutes, in parts of its distance. So small an angle is its own tangent.
fn angle(minutes: f64) -> f64 {
    (minutes / 60.0).to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hall(width: f64, height: f64) -> ViewingConditions {
        ViewingConditions {
            width,
            height,
            distance: 5.0,
            diagonal: 65.0,
        }
    }

    #[test]
    fn five_metres_before_65_inches_need_44_pixels_of_1080() {
        let hall = hall(1920.0, 1080.0);
        assert!((hall.capital(LEAST) - 23.27).abs() < 0.01);
        assert!(
            (hall.text(LEAST) - 44.4).abs() < 0.3,
            "{}",
            hall.text(LEAST)
        );
        // The same part of the height on every screen of this shape.
        let large = ViewingConditions {
            width: 3840.0,
            height: 2160.0,
            ..hall
        };
        assert!((large.text(LEAST) - 2.0 * hall.text(LEAST)).abs() < 1e-9);
    }

    #[test]
    fn a_screen_on_its_end_needs_the_same_text() {
        let (lying, standing) = (hall(1920.0, 1080.0), hall(1080.0, 1920.0));
        assert!((lying.text(LEAST) - standing.text(LEAST)).abs() < 1e-9);
    }

    #[test]
    fn at_a_desk_text_is_no_smaller_than_elsewhere_in_the_console() {
        let desk = ViewingConditions {
            distance: 0.3,
            ..hall(1920.0, 1080.0)
        };
        assert!((desk.text(LEAST) - FLOOR).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn text_of_the_least_size_is_legible_from_where_people_stand(
            width in 640.0..8_000.0_f64, height in 480.0..8_000.0_f64,
            distance in 0.3..60.0_f64, diagonal in 5.0..800.0_f64,
        ) {
            let viewing = ViewingConditions { width, height, distance, diagonal };
            let text = viewing.text(LEAST);
            prop_assert!(viewing.legible_from(text) >= distance * (1.0 - 1e-9));
            prop_assert!(viewing.text(PREFERRED) >= text);
        }
    }
}
