//! Counts resources by state.

use crate::inventory::EffectiveState;
use crate::severity::Severity;

/// The number of resources by effective state. Stale resources never count as healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Critical, now or when last known.
    pub critical: usize,
    /// Warning, now or when last known.
    pub warning: usize,
    /// In transition.
    pub moving: usize,
    /// Unknown although the source answers.
    pub unknown: usize,
    /// Stale, and neither critical nor warning when last known.
    pub stale: usize,
    /// Healthy.
    pub normal: usize,
    /// Not taking part in failover.
    pub off: usize,
}

impl Totals {
    /// Counts a resource.
    pub fn add(&mut self, state: &EffectiveState) {
        let count = match state.severity {
            Severity::Critical => &mut self.critical,
            Severity::Warning => &mut self.warning,
            Severity::Moving => &mut self.moving,
            Severity::Unknown if state.last_known.is_some() => &mut self.stale,
            Severity::Unknown => &mut self.unknown,
            Severity::Normal => &mut self.normal,
            Severity::Off => &mut self.off,
        };
        *count += 1;
    }

    /// The total number.
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
