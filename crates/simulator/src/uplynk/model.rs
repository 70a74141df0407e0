//! The data of the Uplynk service, and the selection of the slicer on air. Time and random numbers are
//! arguments.

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;
use rand::rngs::SmallRng;

/// The time that an unhealthy slicer stays on the blacklist before its re-check.
pub(crate) const BLACKLIST: TimeDelta = TimeDelta::minutes(5);
/// The time that a newly enabled slicer takes to become available.
pub(crate) const WARM_UP: TimeDelta = TimeDelta::seconds(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Prioritized,
    Flat,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Prioritized => "prioritized",
            Self::Flat => "flat",
        }
    }
}

/// The source of a slicer's thumbnail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Thumbnail {
    /// The URL of the vendor's published sample.
    VendorSample(&'static str),
    /// A test card, a new one every few seconds.
    Drawn,
    /// A test card that never changes.
    Stuck,
}

#[derive(Debug, Clone)]
pub(crate) struct Slicer {
    pub(crate) id: String,
    pub(crate) hostname: String,
    pub(crate) healthy: bool,
    /// `blacklist_until`; `None` is 0.
    pub(crate) blacklist: Option<DateTime<Utc>>,
    pub(crate) order: i64,
    pub(crate) state: i64,
    pub(crate) enabled: bool,
    /// The time at which it becomes available after it was enabled.
    pub(crate) available: DateTime<Utc>,
    pub(crate) thumbnail: Thumbnail,
    /// The end of a problem caused by a scenario.
    pub(crate) problem_until: Option<DateTime<Utc>>,
}

impl Slicer {
    /// A healthy slicer with order 1.
    pub(crate) fn new(id: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: id.to_owned(),
            hostname: format!("{id}.slicer.example"),
            healthy: true,
            blacklist: None,
            order: 1,
            state: 0,
            enabled: true,
            available: now,
            thumbnail: Thumbnail::Drawn,
            problem_until: None,
        }
    }

    fn eligible(&self, now: DateTime<Utc>) -> bool {
        self.enabled && self.healthy && self.blacklist.is_none() && self.available <= now
    }

    pub(crate) fn mark_unhealthy(&mut self, now: DateTime<Utc>) {
        self.healthy = false;
        self.blacklist = self.blacklist.or(Some(now + BLACKLIST));
    }
}

/// Whether the slate is on air, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slate {
    Off,
    /// Switched on by an operator; it stays until an operator switches it off.
    ByHand,
    /// No slicer was available.
    NothingHealthy,
}

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) hot_warm: i64,
    pub(crate) mode: Mode,
    pub(crate) auto_failback: bool,
    /// Unix milliseconds of the last failover; 0 for never.
    pub(crate) failover_time: i64,
    pub(crate) active: String,
    pub(crate) slate: Slate,
    pub(crate) channels: Vec<Channel>,
    pub(crate) slicers: Vec<Slicer>,
    pub(crate) owners: Vec<String>,
    /// Whether lists omit it: the groups `fault-slow` and `fault-pictures`.
    pub(crate) hidden: bool,
    /// Whether scenarios leave it unchanged.
    pub(crate) steady: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) desc: String,
}

impl Group {
    pub(crate) fn slicer_mut(&mut self, id: &str) -> Option<&mut Slicer> {
        self.slicers.iter_mut().find(|slicer| slicer.id == id)
    }

    /// `active_slicer_id`.
    pub(crate) fn on_air(&self) -> &str {
        if self.slate == Slate::Off {
            &self.active
        } else {
            "no_slicer"
        }
    }

    /// Re-checks slicers whose time on the blacklist is over.
    pub(crate) fn recheck(&mut self, now: DateTime<Utc>) {
        for slicer in &mut self.slicers {
            if slicer.problem_until.is_some_and(|until| until <= now) {
                slicer.problem_until = None;
                slicer.healthy = true;
                slicer.state = 0;
            }
            if slicer.blacklist.is_some_and(|until| until <= now) {
                slicer.blacklist = (!slicer.healthy).then(|| now + BLACKLIST);
            }
        }
    }

    /// Applies the failover rules. Prioritized mode selects the eligible slicer with the lowest order when
    /// the one on air fails or when automatic failback applies. Flat mode selects a random eligible slicer
    /// when the one on air fails. Without an eligible slicer the slate goes on air.
    pub(crate) fn elect(&mut self, now: DateTime<Utc>, rng: &mut SmallRng) {
        if self.slate == Slate::ByHand {
            return;
        }
        let eligible: Vec<&Slicer> = self
            .slicers
            .iter()
            .filter(|one| one.eligible(now))
            .collect();
        let fits = |one: &Slicer| one.healthy && one.blacklist.is_none();
        let continues = self.slate == Slate::Off
            && self
                .slicers
                .iter()
                .any(|one| one.id == self.active && fits(one));
        let first = eligible
            .iter()
            .min_by_key(|one| one.order)
            .map(|one| one.id.clone());
        let next = match self.mode {
            Mode::Prioritized if continues && !self.auto_failback => return,
            Mode::Prioritized => first,
            Mode::Flat if continues => return,
            Mode::Flat if eligible.is_empty() => None,
            Mode::Flat => Some(eligible[rng.random_range(0..eligible.len())].id.clone()),
        };
        match next {
            Some(next) => self.switch(next, now),
            None if continues => {}
            None if self.slate == Slate::Off => {
                self.slate = Slate::NothingHealthy;
                self.failover_time = now.timestamp_millis();
            }
            None => {}
        }
    }

    /// Puts a slicer on air unconditionally.
    pub(crate) fn switch(&mut self, to: String, now: DateTime<Utc>) {
        if self.slate != Slate::Off || self.active != to {
            self.slate = Slate::Off;
            self.active = to;
            self.failover_time = now.timestamp_millis();
        }
    }

    /// Sets the orders for a mode: 1 for all in flat mode, the list order after switching to prioritized.
    pub(crate) fn set_mode(&mut self, mode: Mode) {
        if mode == self.mode {
            return;
        }
        self.mode = mode;
        for (order, slicer) in (1..).zip(&mut self.slicers) {
            slicer.order = if mode == Mode::Flat { 1 } else { order };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::demo::group;
    use super::*;
    use crate::steps::step_rng;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn three() -> Group {
        group("g", "G", &["a", "b", "c"], NOW)
    }

    #[test]
    fn the_lowest_eligible_order_takes_over_and_fails_back_only_if_enabled() {
        for (auto_failback, back) in [(true, "a"), (false, "c")] {
            let mut group = three();
            group.auto_failback = auto_failback;
            group.slicers[1].enabled = false;
            group.slicers[0].mark_unhealthy(NOW);
            group.elect(NOW, &mut step_rng(1, 1));
            assert_eq!(group.on_air(), "c", "b is disabled");
            group.slicers[0].healthy = true;
            group.recheck(NOW + BLACKLIST / 2);
            group.elect(NOW + BLACKLIST / 2, &mut step_rng(1, 1));
            assert_eq!(group.on_air(), "c", "a is still on the blacklist");
            group.recheck(NOW + BLACKLIST);
            group.elect(NOW + BLACKLIST, &mut step_rng(1, 1));
            assert_eq!(group.on_air(), back);
        }
    }

    #[test]
    fn the_blacklisting_of_an_unhealthy_slicer_is_extended_at_each_recheck() {
        let mut group = three();
        group.slicers[2].mark_unhealthy(NOW);
        assert_eq!(group.slicers[2].blacklist, Some(NOW + BLACKLIST));
        group.recheck(NOW + BLACKLIST);
        assert_eq!(group.slicers[2].blacklist, Some(NOW + BLACKLIST * 2));
    }

    #[test]
    fn the_slate_goes_on_without_a_healthy_slicer_and_off_after_a_recovery() {
        let mut group = three();
        for slicer in &mut group.slicers {
            slicer.mark_unhealthy(NOW);
        }
        group.elect(NOW, &mut step_rng(1, 1));
        assert_eq!((group.on_air(), group.failover_time), ("no_slicer", 0));
        group.slicers[1].healthy = true;
        group.recheck(NOW + BLACKLIST);
        group.elect(NOW + BLACKLIST, &mut step_rng(1, 1));
        assert_eq!(group.on_air(), "b");
        assert_eq!(group.failover_time, BLACKLIST.num_milliseconds());
    }

    #[test]
    fn a_slate_switched_on_by_an_operator_stays() {
        let mut group = three();
        group.slate = Slate::ByHand;
        group.elect(NOW, &mut step_rng(1, 1));
        assert_eq!(group.on_air(), "no_slicer");
    }

    #[test]
    fn flat_mode_selects_any_healthy_slicer_and_keeps_it() {
        let mut group = three();
        group.set_mode(Mode::Flat);
        assert!(group.slicers.iter().all(|slicer| slicer.order == 1));
        group.slicers[0].mark_unhealthy(NOW);
        let mut picked = std::collections::BTreeSet::new();
        for seed in 0..20 {
            let mut group = group.clone();
            group.elect(NOW, &mut step_rng(seed, 1));
            let first = group.on_air().to_owned();
            group.elect(NOW, &mut step_rng(seed + 1, 2));
            assert_eq!(group.on_air(), first);
            picked.insert(first);
        }
        assert_eq!(picked.into_iter().collect::<Vec<_>>(), ["b", "c"]);
        group.slicers.swap(0, 2);
        group.set_mode(Mode::Prioritized);
        assert_eq!(
            group
                .slicers
                .iter()
                .map(|one| one.order)
                .collect::<Vec<_>>(),
            [1, 2, 3]
        );
    }
}
