//! How many things are in which state. What is not believed is unknown, whatever it was.

use crate::freshness::Freshness;
use crate::severity::Severity;

/// Things counted by how bad they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Someone has to act now.
    pub critical: usize,
    /// Someone should look.
    pub warning: usize,
    /// Changing, as they should.
    pub moving: usize,
    /// It cannot be told, or their source is no longer believed.
    pub unknown: usize,
    /// As they should be.
    pub normal: usize,
    /// Not taking part.
    pub off: usize,
}

impl Totals {
    /// Counts the things of one source. All of them are unknown unless the source is live or aging.
    #[must_use]
    pub fn count(source: Freshness, severities: impl IntoIterator<Item = Severity>) -> Self {
        let mut totals = Self::default();
        for severity in severities {
            totals.add(source, severity);
        }
        totals
    }

    /// Counts one more thing.
    pub fn add(&mut self, source: Freshness, severity: Severity) {
        let believed = if source.is_believable() {
            severity
        } else {
            Severity::Unknown
        };
        let place = match believed {
            Severity::Critical => &mut self.critical,
            Severity::Warning => &mut self.warning,
            Severity::Moving => &mut self.moving,
            Severity::Unknown => &mut self.unknown,
            Severity::Normal => &mut self.normal,
            Severity::Off => &mut self.off,
        };
        *place += 1;
    }

    /// These and those.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            critical: self.critical + other.critical,
            warning: self.warning + other.warning,
            moving: self.moving + other.moving,
            unknown: self.unknown + other.unknown,
            normal: self.normal + other.normal,
            off: self.off + other.off,
        }
    }

    /// How many of this severity.
    #[must_use]
    pub fn of(&self, severity: Severity) -> usize {
        match severity {
            Severity::Critical => self.critical,
            Severity::Warning => self.warning,
            Severity::Moving => self.moving,
            Severity::Unknown => self.unknown,
            Severity::Normal => self.normal,
            Severity::Off => self.off,
        }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> usize {
        self.critical + self.warning + self.moving + self.unknown + self.normal + self.off
    }

    /// How many need attention: critical, warning or unknown.
    #[must_use]
    pub fn attention(&self) -> usize {
        self.critical + self.warning + self.unknown
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;
    use crate::freshness::Freshness::{self, Aging, Live, NoData, Stale};
    use crate::severity::Severity::{self, Critical, Moving, Normal, Off, Unknown, Warning};

    const EACH: [Severity; 6] = [Critical, Warning, Moving, Unknown, Normal, Off];

    fn counted(source: Freshness) -> [usize; 6] {
        let totals = Totals::count(source, EACH);
        assert_eq!(totals.all(), 6);
        EACH.map(|severity| totals.of(severity))
    }

    #[test]
    fn what_is_believed_is_counted_as_it_is() {
        assert_eq!(counted(Live), [1; 6]);
        assert_eq!(counted(Aging), [1; 6]);
    }

    #[test]
    fn what_is_not_believed_is_unknown_and_never_healthy() {
        assert_eq!(counted(Stale), [0, 0, 0, 6, 0, 0]);
        assert_eq!(counted(NoData), [0, 0, 0, 6, 0, 0]);
    }

    #[test]
    fn sources_add_up() {
        let both = Totals::count(Live, [Normal, Critical]).plus(Totals::count(Stale, [Normal]));
        assert_eq!((both.normal, both.critical, both.unknown), (1, 1, 1));
        assert_eq!((both.all(), both.attention()), (3, 2));
    }
}
