//! The page that is shown, and how long. Pure: the time is an argument.

use health::schedule::Millis;

/// Maximum length of a pause, after which it ends: otherwise a forgotten pause would hide the other pages.
pub const MAX_PAUSE: Millis = 600_000.0;

/// Why the pages do not turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldReason {
    /// Something on this page is critical.
    Critical,
    /// Somebody paused it.
    Paused,
}

/// The numbers of tiles on pages that are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NotShown {
    /// Critical tiles, whose alarms are acknowledged or in maintenance.
    pub critical: usize,
    /// Warnings.
    pub warnings: usize,
    /// All tiles.
    pub all: usize,
}

/// The page that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rotation {
    /// The index of the page.
    pub page: usize,
    /// Why the pages do not turn.
    pub held: Option<HoldReason>,
    since: Millis,
    paused_until: Option<Millis>,
    /// Whether anything was critical at the last step.
    was_critical: bool,
    /// The time until which a page that somebody turned to is shown, even if others are critical.
    turned_until: Option<Millis>,
}

impl Rotation {
    /// The state now, with the number of pages and of critical pages, which come first. While there are critical pages,
    /// only these are shown in turn; a pause then holds one of them. The first critical page ends an earlier pause.
    #[must_use]
    pub fn step(mut self, now: Millis, pages: usize, seconds: u32, critical: usize) -> Self {
        let before = self.page;
        // A time too far in the future is from before the clock was set back.
        let lasts = |until: &Millis, max: Millis| now < *until && *until - now <= max;
        let shown_for = millis(seconds);
        self.paused_until = self.paused_until.filter(|until| lasts(until, MAX_PAUSE));
        self.turned_until = self.turned_until.filter(|until| lasts(until, shown_for));
        let critical = critical.min(pages);
        if critical > 0 && !self.was_critical {
            self.paused_until = None;
        }
        self.was_critical = critical > 0;
        let (turning, held) = match critical {
            _ if self.turned_until.is_some() => (pages, None),
            0 => (pages, self.paused_until.map(|_| HoldReason::Paused)),
            critical => (critical, Some(HoldReason::Critical)),
        };
        self.held = held;
        if self.page >= turning {
            self.page = 0;
        }
        let stays = held.is_some() && (self.is_paused() || turning == 1);
        if stays || before != self.page || now < self.since {
            self.since = now;
        } else if now - self.since >= shown_for {
            self.page = if self.page + 1 >= turning {
                0
            } else {
                self.page + 1
            };
            self.since = now;
        }
        self
    }

    /// The first page, starting now.
    #[must_use]
    pub fn start(now: Millis) -> Self {
        Self {
            since: now,
            ..Self::default()
        }
    }

    /// Turns to the next page, which is shown for its full time even if others are critical.
    #[must_use]
    pub fn turn(mut self, now: Millis, pages: usize, seconds: u32) -> Self {
        self.page = (self.page + 1) % pages.max(1);
        self.since = now;
        self.turned_until = Some(now + millis(seconds));
        self
    }

    /// Pauses or resumes.
    #[must_use]
    pub fn pause(mut self, now: Millis, paused: bool) -> Self {
        self.paused_until = paused.then_some(now + MAX_PAUSE);
        self.since = now;
        if self.held != Some(HoldReason::Critical) {
            self.held = paused.then_some(HoldReason::Paused);
        }
        self
    }

    /// Whether somebody paused it.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused_until.is_some()
    }

    /// The page number, and the numbers of alarms or tiles on pages that are held back. `critical` is the number of
    /// critical pages.
    #[must_use]
    pub fn label(&self, pages: usize, critical: usize, not_shown: NotShown) -> String {
        let page = self.page + 1;
        let which = match self.held {
            Some(HoldReason::Critical) if critical > 1 && self.is_paused() => {
                return format!("Critical {page} of {critical}, paused");
            }
            Some(HoldReason::Critical) if critical > 1 => format!("Critical {page} of {critical}"),
            Some(HoldReason::Critical) => "Held: critical".to_owned(),
            Some(HoldReason::Paused) => return format!("Page {page} of {pages}, paused"),
            None => return format!("Page {page} of {pages}"),
        };
        let alarm = match not_shown.critical {
            0 => "warning",
            _ => "alarm",
        };
        match (not_shown.critical + not_shown.warnings, not_shown.all) {
            (0, 0) => which,
            (0, all) => format!("{which} · {all} more not shown"),
            (1, _) => format!("{which} · 1 {alarm} not shown"),
            (alarms, _) => format!("{which} · {alarms} {alarm}s not shown"),
        }
    }

    /// The elapsed fraction of the page's time, from 0 to 1.
    #[must_use]
    pub fn progress(&self, now: Millis, seconds: u32) -> f64 {
        ((now - self.since) / millis(seconds)).clamp(0.0, 1.0)
    }
}

fn millis(seconds: u32) -> Millis {
    f64::from(seconds) * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn not_shown(critical: usize, warnings: usize, all: usize) -> NotShown {
        NotShown {
            critical,
            warnings,
            all,
        }
    }

    fn shown(rotation: Rotation, pages: usize, critical: usize, at: &[u32]) -> Vec<usize> {
        let mut now = rotation;
        let step = |second: &u32| {
            now = now.step(millis(*second), pages, 20, critical);
            now.page
        };
        at.iter().map(step).collect()
    }

    #[test]
    fn a_wall_starts_with_its_first_page() {
        let now = 1.8e12;
        let started = Rotation::start(now);
        assert_eq!(started.step(now, 3, 20, 0).page, 0);
        assert_eq!(started.step(now + millis(20), 3, 20, 0).page, 1);
    }

    #[test]
    fn pages_turn_after_their_time_and_start_over() {
        let seconds = [0, 19, 20, 39, 40, 60];
        assert_eq!(
            shown(Rotation::default(), 3, 0, &seconds),
            [0, 0, 1, 1, 2, 0]
        );
        assert_eq!(shown(Rotation::default(), 1, 0, &seconds), [0; 6]);
        assert_eq!(shown(Rotation::default(), 0, 0, &seconds), [0; 6]);
    }

    #[test]
    fn a_critical_page_is_held_until_it_is_no_longer_critical() {
        let second = Rotation::default().step(millis(20), 3, 20, 0);
        assert_eq!(second.page, 1);
        let held = second.step(millis(21), 3, 20, 1);
        assert_eq!((held.page, held.held), (0, Some(HoldReason::Critical)));
        assert_eq!(shown(held, 3, 1, &[41, 61, 400]), [0, 0, 0]);
        let after = held.step(millis(400), 3, 20, 1);
        assert_eq!(shown(after, 3, 0, &[401, 419, 420]), [0, 0, 1]);
    }

    #[test]
    fn several_critical_pages_are_shown_in_turn() {
        let at = [0, 20, 40, 60];
        assert_eq!(shown(Rotation::default(), 5, 2, &at), [0, 1, 0, 1]);
        assert_eq!(shown(Rotation::default(), 2, 9, &at), [0, 1, 0, 1]);
    }

    #[test]
    fn a_page_turned_to_manually_is_shown_for_its_time_despite_a_critical_page() {
        let held = Rotation::default().step(0.0, 3, 20, 1);
        let turned = held.turn(1_000.0, 3, 20);
        assert_eq!(shown(turned, 3, 1, &[2, 20, 21, 22]), [1, 1, 0, 0]);
    }

    #[test]
    fn a_pause_holds_the_page_yields_to_critical_pages_and_ends_automatically() {
        let second = Rotation::default().step(millis(20), 3, 20, 0);
        let paused = second.pause(millis(20), true);
        assert_eq!(shown(paused, 3, 0, &[50, 619]), [1, 1]);
        assert_eq!(
            paused.step(millis(50), 3, 20, 0).held,
            Some(HoldReason::Paused)
        );
        assert_eq!(paused.step(millis(50), 3, 20, 1).page, 0);
        let held = paused.step(millis(619), 3, 20, 0);
        assert_eq!(shown(held, 3, 0, &[620, 638, 639]), [1, 1, 2]);
        assert!(!paused.pause(0.0, false).is_paused());
    }

    #[test]
    fn a_pause_holds_a_critical_page_and_a_new_critical_page_ends_an_earlier_pause() {
        let started = Rotation::default().step(0.0, 5, 20, 3);
        let second = started.step(millis(20), 5, 20, 3);
        let paused = second.pause(millis(21), true);
        assert_eq!(
            shown(paused, 5, 3, &[22, 50, 620, 621, 641]),
            [1, 1, 1, 1, 2]
        );
        let held = paused.step(millis(50), 5, 20, 3);
        assert_eq!(
            (held.held, held.is_paused()),
            (Some(HoldReason::Critical), true)
        );
        assert_eq!(
            held.label(5, 3, not_shown(0, 8, 30)),
            "Critical 2 of 3, paused"
        );
        assert_eq!(
            held.step(millis(51), 5, 20, 1).page,
            0,
            "one critical page is left"
        );
        // Turning the page still shows the other pages.
        let turned = held.turn(millis(60), 5, 20);
        assert_eq!(shown(turned, 5, 3, &[61, 79, 80, 200]), [2, 2, 2, 2]);
        let before = Rotation::default()
            .step(millis(20), 5, 20, 0)
            .pause(millis(20), true);
        let critical = before.step(millis(30), 5, 20, 0).step(millis(30), 5, 20, 3);
        assert!(!critical.is_paused());
        assert_eq!(shown(critical, 5, 3, &[49, 50, 70]), [1, 2, 0]);
    }

    #[test]
    fn a_clock_that_is_set_back_delays_neither_the_pages_nor_the_end_of_a_pause() {
        let late = Rotation::default().step(millis(9_000), 3, 20, 0);
        assert_eq!(shown(late, 3, 0, &[10, 29, 30]), [1, 1, 2]);
        let paused = late
            .pause(millis(9_000), true)
            .step(millis(9_000), 3, 20, 0);
        assert!(paused.is_paused() && paused.step(millis(9_001), 3, 20, 0).is_paused());
        assert!(!paused.step(millis(10), 3, 20, 0).is_paused());
        let turned = Rotation::default()
            .step(millis(9_000), 3, 20, 1)
            .turn(millis(9_000), 3, 20);
        assert_eq!(shown(turned, 3, 1, &[9_001, 10]), [1, 0]);
    }

    #[test]
    fn the_label_names_the_page_and_the_alarms_that_are_not_shown() {
        for ((pages, critical, counts), expected) in [
            (
                (18, 2, not_shown(0, 8, 30)),
                "Critical 1 of 2 · 8 warnings not shown",
            ),
            // That page may show other tiles, too.
            (
                (4, 1, not_shown(0, 1, 9)),
                "Held: critical · 1 warning not shown",
            ),
            // Acknowledged critical alarms make the word "alarms".
            (
                (4, 1, not_shown(2, 1, 9)),
                "Held: critical · 3 alarms not shown",
            ),
            (
                (4, 1, not_shown(1, 0, 9)),
                "Held: critical · 1 alarm not shown",
            ),
            (
                (4, 1, not_shown(0, 0, 9)),
                "Held: critical · 9 more not shown",
            ),
            ((2, 2, not_shown(0, 0, 0)), "Critical 1 of 2"),
            ((4, 0, not_shown(0, 3, 9)), "Page 1 of 4"),
        ] {
            let rotation = Rotation::default().step(0.0, pages, 20, critical);
            assert_eq!(rotation.label(pages, critical, counts), expected);
        }
        let counts = not_shown(0, 3, 9);
        let paused = Rotation::default().pause(0.0, true).step(0.0, 4, 20, 0);
        assert_eq!(paused.label(4, 0, counts), "Page 1 of 4, paused");
        let turned = Rotation::default().turn(0.0, 4, 20).step(0.0, 4, 20, 1);
        assert_eq!(turned.label(4, 1, counts), "Page 2 of 4");
    }

    proptest! {
        #[test]
        fn the_page_always_exists(steps in proptest::collection::vec((0_u32..100_000, 0_usize..6, 0_usize..6, 0_u8..4), 1..40)) {
            let mut rotation = Rotation::default();
            for (second, pages, critical, action) in steps {
                let now = millis(second);
                rotation = match action {
                    0 => rotation.turn(now, pages, 20),
                    1 => rotation.pause(now, true),
                    2 => rotation.pause(now, false),
                    _ => rotation,
                };
                rotation = rotation.step(now, pages, 20, critical);
                prop_assert!(rotation.page < pages.max(1));
                prop_assert!((0.0..=1.0).contains(&rotation.progress(now, 20)));
            }
        }
    }
}
