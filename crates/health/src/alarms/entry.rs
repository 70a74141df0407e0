//! What is remembered of a resource from one reading to the next.

use super::finding::{Finding, SAME_CLOCK, flapping, of_verdict};
use super::flapping::{Flapping, History};
use super::history::Source;
use super::{Alarm, FlappingAlarm, FlappingSubject, Since};
use crate::freshness::AHEAD;
use crate::inventory::{Kind, Resource};
use crate::severity::Severity;
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use std::borrow::Cow;

/// What is remembered of a resource.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    attention: History<bool>,
    /// Who leads, and how many failovers the vendor's time has told: one that was over before the next reading shows in
    /// that alone.
    leader: History<(String, usize)>,
    failovers: usize,
    last_failover: Option<DateTime<Utc>>,
    /// When it was last found well.
    well: Option<DateTime<Utc>>,
    word: Cow<'static, str>,
    /// Since when it has had that word.
    since: DateTime<Utc>,
    /// Since when it has had that word without a gap in which it could have changed.
    unbroken: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    /// How severe its alarm was when that was last told: while it flaps, it may be worse for a moment.
    pub(super) told: Option<Severity>,
}

impl Entry {
    /// Remembers what was read then. A reading that is not later than the last one says nothing new.
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
            // Also where a clock was set back: a state has not lasted since before it began.
            self.last_seen = at;
        } else if self.lingering(verdict).is_none()
            && verdict.lingering.as_ref().is_some_and(could_change)
        {
            // What was seen before and after a gap need not be the same occurrence. What had lasted too long before it is
            // an alarm, which only another state ends.
            self.unbroken = at;
        }
        self.last_seen = self.last_seen.max(at);
        // On the way from one to the other it is neither: a failover is no coming and going.
        if verdict.severity == Severity::Moving {
            self.attention.unchanged(at);
        } else {
            self.attention
                .observe(verdict.severity.needs_attention(), at);
        }
        if matches!(verdict.severity, Severity::Normal | Severity::Off) {
            self.well = Some(at);
        }
        if let Some(last) = resource.last_failover() {
            let before = self.last_failover.replace(last);
            self.failovers += usize::from(before.is_some_and(|before| before < last));
        }
        // Between two leaders there may be none for a while: that is one change, not two.
        match resource.leader() {
            Some(leader) => self.leader.observe((leader.to_owned(), self.failovers), at),
            None => self.leader.unchanged(at),
        }
    }

    /// What lies far ahead was read before the clock was set back: it goes on from there.
    fn set_back_to(&mut self, at: DateTime<Utc>) {
        let by = self.last_seen.signed_duration_since(at);
        if by <= AHEAD {
            return;
        }
        for time in [&mut self.since, &mut self.unbroken, &mut self.last_seen] {
            *time = time.checked_sub_signed(by).unwrap_or(at);
        }
        self.well = self.well.and_then(|well| well.checked_sub_signed(by));
        self.attention.set_back(by);
        self.leader.set_back(by);
    }

    /// Goes on with the alarm of an earlier gateway: what had lasted too long has not begun with this reading, and what
    /// flapped has to calm down first.
    pub(super) fn go_on(&mut self, open: &Alarm, verdict: &Verdict, at: DateTime<Utc>) {
        if let Some((limit, wrong)) = &verdict.lingering
            && wrong.word == open.word
        {
            // A clock that was set back must not end it.
            let shortest = at.checked_sub_signed(*limit);
            let shortest =
                shortest.and_then(|at| at.checked_sub_signed(TimeDelta::milliseconds(1)));
            self.word.clone_from(&verdict.word);
            self.since = open.since.at().min(shortest.unwrap_or(at));
            self.unbroken = self.since;
            self.last_seen = at;
        }
        // Where the vendor's time was not the beginning of this state, it was well until that.
        if let Since::Observed(began) = open.since
            && open.word == verdict.word
        {
            self.well = Some(began);
        }
        if let Some(FlappingAlarm { subject, changes }) = open.flapping {
            let since = open.since.at();
            let how = Flapping { changes, since };
            match subject {
                FlappingSubject::Leader => self.leader.go_on_flapping(how, at),
                FlappingSubject::State => self.attention.go_on_flapping(how, at),
            }
        }
    }

    /// The one finding on a resource: its verdict where that needs attention, and that it flaps where it
    /// does, whatever its verdict is at the moment. What has lasted too long and is worse than that comes first.
    pub(super) fn finding(&self, resource: &Resource, source: &Source) -> Option<Finding> {
        let verdict = &resource.verdict;
        // Who leads says more than whether it was well.
        let flaps =
            |how: Option<Flapping>, subject| how.map(|how| flapping(resource, subject, how));
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
                    let since = self.since_what(resource, found.since);
                    Finding { since, ..found }
                })
            }),
        }
    }

    /// The vendor tells of slicers when they last failed over. Where the group was well after that, as before somebody
    /// changed its order, its state has begun later.
    fn since_what(&self, resource: &Resource, told: Since) -> Since {
        let was_well_after = |at| {
            let well = self.well.map(|well| well.signed_duration_since(at));
            well.is_some_and(|after| after > SAME_CLOCK)
        };
        match told {
            Since::Reported(at) if resource.key.kind == Kind::SlicerGroup && was_well_after(at) => {
                Since::Observed(self.since)
            }
            told => told,
        }
    }

    /// What a state is once it has lasted too long; `None` where it has not.
    pub(super) fn lingering<'a>(&self, verdict: &'a Verdict) -> Option<&'a Verdict> {
        let (limit, wrong) = verdict.lingering.as_ref()?;
        let lasts = self.last_seen.signed_duration_since(self.unbroken);
        (self.word == verdict.word && lasts > *limit).then_some(wrong)
    }
}
