//! The state of a resource that is kept from one reading to the next.

use super::finding::{Finding, flapping, of_verdict};
use super::flapping::{Flapping, History};
use super::history::Source;
use super::{Alarm, FlappingAlarm, FlappingSubject, Since};
use crate::freshness::AHEAD;
use crate::inventory::{Kind, Resource};
use crate::severity::Severity;
use crate::vendor_clock::SAME_CLOCK;
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use std::borrow::Cow;

/// The state of a resource that is kept between readings.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    attention: History<bool>,
    /// The leader, with the number of failovers counted by the vendor's time of the last failover. A failover and
    /// failback between two readings changes only that number.
    leader: History<(String, usize)>,
    failovers: usize,
    last_failover: Option<DateTime<Utc>>,
    /// When the resource was last read as normal or off.
    last_well: Option<DateTime<Utc>>,
    word: Cow<'static, str>,
    /// When the verdict's word last changed.
    since: DateTime<Utc>,
    /// Start of the time with that word and without a gap between readings in which it could have changed.
    unbroken: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    /// The alarm's severity when it was last reported as new or worse. While the resource flaps, the alarm can be
    /// worse for a moment without a report.
    pub(super) reported_severity: Option<Severity>,
}

impl Entry {
    /// Records a reading. One that is not newer than the last is ignored unless its word differs.
    pub(super) fn observe(&mut self, resource: &Resource, at: DateTime<Utc>) {
        let verdict = &resource.verdict;
        self.set_back_to(at);
        let gap = at.signed_duration_since(self.last_seen);
        if gap <= TimeDelta::zero() && self.word == verdict.word {
            return;
        }
        let could_change = |(limit, _): &(TimeDelta, Box<Verdict>)| gap > *limit;
        if self.word != verdict.word {
            self.word.clone_from(&verdict.word);
            self.since = at;
            self.unbroken = at;
            // Also if the clock was set back: otherwise the new state would seem to have lasted since before it began.
            self.last_seen = at;
        } else if self.lingering(verdict).is_none()
            && verdict.lingering.as_ref().is_some_and(could_change)
        {
            // The states before and after a gap may be two occurrences. A state that was overdue before the gap
            // already is an alarm, which only a different state ends.
            self.unbroken = at;
        }
        self.last_seen = self.last_seen.max(at);
        // A resource in transition counts as neither well nor ill, so that a failover does not count as flapping.
        if verdict.severity == Severity::Moving {
            self.attention.unchanged(at);
        } else {
            self.attention
                .observe(verdict.severity.needs_attention(), at);
        }
        if matches!(verdict.severity, Severity::Normal | Severity::Off) {
            self.last_well = Some(at);
        }
        if let Some(last) = resource.last_failover() {
            let before = self.last_failover.replace(last);
            self.failovers += usize::from(before.is_some_and(|before| before < last));
        }
        // A time without a leader between two leaders is one change, not two.
        match resource.leader() {
            Some(leader) => self.leader.observe((leader.to_owned(), self.failovers), at),
            None => self.leader.unchanged(at),
        }
    }

    /// Moves all times back if the last reading is far in the future, because the clock was set back since.
    fn set_back_to(&mut self, at: DateTime<Utc>) {
        let by = self.last_seen.signed_duration_since(at);
        if by <= AHEAD {
            return;
        }
        for time in [&mut self.since, &mut self.unbroken, &mut self.last_seen] {
            *time = time.checked_sub_signed(by).unwrap_or(at);
        }
        self.last_well = self.last_well.and_then(|well| well.checked_sub_signed(by));
        self.attention.set_back(by);
        self.leader.set_back(by);
    }

    /// Continues an alarm from before a restart: an overdue state keeps its beginning, and flapping ends first.
    pub(super) fn resume(&mut self, open: &Alarm, verdict: &Verdict, at: DateTime<Utc>) {
        if let Some((limit, wrong)) = &verdict.lingering
            && wrong.word == open.word
        {
            // Long enough to exceed the limit, even if the clock was set back since the alarm began.
            let shortest = at.checked_sub_signed(*limit);
            let shortest =
                shortest.and_then(|at| at.checked_sub_signed(TimeDelta::milliseconds(1)));
            self.word.clone_from(&verdict.word);
            self.since = open.since.at().min(shortest.unwrap_or(at));
            self.unbroken = self.since;
            self.last_seen = at;
        }
        // The alarm did not use the vendor's time, so the resource was well until the alarm began.
        if let Since::Observed(began) = open.since
            && open.word == verdict.word
        {
            self.last_well = Some(began);
        }
        if let Some(FlappingAlarm { subject, changes }) = open.flapping {
            let since = open.since.at();
            let flapping = Flapping { changes, since };
            match subject {
                FlappingSubject::Leader => self.leader.resume_flapping(flapping, at),
                FlappingSubject::State => self.attention.resume_flapping(flapping, at),
            }
        }
    }

    /// The finding on a resource: flapping, unless an overdue state is worse; else an overdue state, else a verdict
    /// that is an alarm.
    pub(super) fn finding(&self, resource: &Resource, source: &Source) -> Option<Finding> {
        let verdict = &resource.verdict;
        // A flapping leader is more specific than a flapping state.
        let flaps = |found: Option<Flapping>, subject| {
            found.map(|found| flapping(resource, subject, found))
        };
        let flapping = flaps(self.leader.flapping(), FlappingSubject::Leader)
            .or_else(|| flaps(self.attention.flapping(), FlappingSubject::State));
        let lingering = self.lingering(verdict).map(|wrong| Finding {
            since: Since::Observed(self.unbroken),
            ..of_verdict(wrong, Since::Observed(self.unbroken), source)
        });
        match (flapping, lingering) {
            (Some(flapping), Some(lingering)) if lingering.severity < flapping.severity => {
                Some(lingering)
            }
            (flapping, lingering) => flapping.or(lingering).or_else(|| {
                let needed = verdict.severity.needs_attention();
                needed.then(|| {
                    let found = of_verdict(verdict, Since::Observed(self.since), source);
                    let since = self.beginning(resource, found.since);
                    Finding { since, ..found }
                })
            }),
        }
    }

    /// The beginning of the resource's state. For slicers the vendor reports the last failover; if the group was well
    /// after that, until somebody changed its order for example, its state began later.
    fn beginning(&self, resource: &Resource, found: Since) -> Since {
        let was_well_after = |at| {
            let well = self.last_well.map(|well| well.signed_duration_since(at));
            well.is_some_and(|after| after > SAME_CLOCK)
        };
        match found {
            Since::Reported(at) if resource.key.kind == Kind::SlicerGroup && was_well_after(at) => {
                Since::Observed(self.since)
            }
            found => found,
        }
    }

    /// The verdict that replaces `verdict` because its state is overdue; `None` if it is not.
    pub(super) fn lingering<'a>(&self, verdict: &'a Verdict) -> Option<&'a Verdict> {
        let (limit, wrong) = verdict.lingering.as_ref()?;
        let lasted = self.last_seen.signed_duration_since(self.unbroken);
        (self.word == verdict.word && lasted > *limit).then_some(wrong)
    }
}
