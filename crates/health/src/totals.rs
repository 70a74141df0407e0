//! How many resources are in which state.

use crate::inventory::EffectiveState;
use crate::severity::Severity;

/// Resources counted by their effective state. What is stale is never counted as healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Critical, now or when last known.
    pub critical: usize,
    /// Warning, now or when last known.
    pub warning: usize,
    /// Changing as expected.
    pub moving: usize,
    /// The state is not known although the source answers.
    pub unknown: usize,
    /// Stale, and neither critical nor warning when last known.
    pub stale: usize,
    /// Healthy.
    pub normal: usize,
    /// Does not take part in failover.
    pub off: usize,
}

impl Totals {
    /// Counts one more resource.
    pub fn add(&mut self, state: &EffectiveState) {
        let place = match state.severity {
            Severity::Critical => &mut self.critical,
            Severity::Warning => &mut self.warning,
            Severity::Moving => &mut self.moving,
            Severity::Unknown if state.last_known.is_some() => &mut self.stale,
            Severity::Unknown => &mut self.unknown,
            Severity::Normal => &mut self.normal,
            Severity::Off => &mut self.off,
        };
        *place += 1;
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> usize {
        let Self {
            critical,
            warning,
            moving,
            unknown,
            stale,
            normal,
            off,
        } = self;
        critical + warning + moving + unknown + stale + normal + off
    }
}

impl<'a> FromIterator<&'a EffectiveState> for Totals {
    fn from_iter<I: IntoIterator<Item = &'a EffectiveState>>(states: I) -> Self {
        let mut totals = Self::default();
        for state in states {
            totals.add(state);
        }
        totals
    }
}
