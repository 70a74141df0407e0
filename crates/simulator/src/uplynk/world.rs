//! All groups of the account, and the simulation of time and scenario for them.

use super::model::{Channel, Group, Slate, Thumbnail};
use crate::options::Scenario;
use crate::steps::{self, SECONDS, step_rng};
use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) groups: Vec<Group>,
    /// Channels that belong to no group.
    pub(crate) spare: Vec<Channel>,
    pub(crate) seed: u64,
    pub(crate) scenario: Scenario,
    /// The time up to which it has been simulated.
    pub(crate) now: DateTime<Utc>,
    /// The base of the thumbnails' addresses.
    pub(crate) base_url: String,
}

impl World {
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.id == id)
    }

    /// Advances to `to`. Re-checks and elections happen at the steps; the real service has intervals of
    /// its own.
    pub(crate) fn advance(&mut self, to: DateTime<Utc>) {
        if to < self.now {
            self.shift(to - self.now);
        }
        for (at, step) in steps::between(self.now, to) {
            self.now = at;
            self.scenario_step(step);
            for index in 0..self.groups.len() {
                self.groups[index].recheck(at);
                self.elect(index);
            }
        }
        self.now = to;
    }

    /// Runs the election of one group, with random numbers that depend only on the group and the time.
    pub(crate) fn elect(&mut self, index: usize) {
        let salt = self.seed.wrapping_add((index as u64) << 32);
        let mut rng = step_rng(salt, self.now.timestamp().div_euclid(SECONDS));
        self.groups[index].elect(self.now, &mut rng);
    }

    /// When the clock is set back, the blacklist times move back with it.
    fn shift(&mut self, by: TimeDelta) {
        for slicer in self.groups.iter_mut().flat_map(|group| &mut group.slicers) {
            slicer.blacklist = slicer.blacklist.map(|time| time + by);
            slicer.problem_until = slicer.problem_until.map(|time| time + by);
            slicer.available += by;
        }
    }

    /// One step of the scenario: a slicer becomes unhealthy, or its state changes.
    fn scenario_step(&mut self, step: i64) {
        let odds = match self.scenario {
            Scenario::Calm => return,
            Scenario::Busy => 0.25,
            Scenario::Incident => 0.4,
        };
        let mut rng = step_rng(self.seed ^ 0x0055_504C, step);
        if !rng.random_bool(odds) {
            return;
        }
        let now = self.now;
        let open =
            |group: &&mut Group| !group.steady && group.slicers.iter().all(|one| one.healthy);
        let mut groups: Vec<_> = self.groups.iter_mut().filter(open).collect();
        if groups.is_empty() {
            return;
        }
        let at = rng.random_range(0..groups.len());
        let Some(group) = groups.get_mut(at) else {
            return;
        };
        if group.slicers.is_empty() {
            return;
        }
        let at = rng.random_range(0..group.slicers.len());
        let slicer = &mut group.slicers[at];
        if rng.random_bool(0.3) {
            slicer.problem_until = Some(now + TimeDelta::minutes(4));
            slicer.state = -1;
            slicer.mark_unhealthy(now);
        } else {
            slicer.problem_until = Some(now + TimeDelta::seconds(60));
            slicer.state = rng.random_range(1..=3);
        }
    }

    /// Starts a scenario from healthy channels.
    pub(crate) fn enter(&mut self, scenario: Scenario) {
        self.scenario = scenario;
        let now = self.now;
        for group in self.groups.iter_mut().filter(|group| !group.steady) {
            for slicer in &mut group.slicers {
                (slicer.healthy, slicer.blacklist, slicer.problem_until) = (true, None, None);
                slicer.state = 0;
                slicer.thumbnail = Thumbnail::Drawn;
            }
            if group.slate != Slate::Off {
                group.slate = Slate::NothingHealthy;
            }
        }
        if scenario == Scenario::Incident {
            self.incident(now);
        }
        for index in 0..self.groups.len() {
            self.elect(index);
        }
    }

    /// The start of an incident, in the order of the plant's groups.
    fn incident(&mut self, now: DateTime<Utc>) {
        let mut groups = self.groups.iter_mut().filter(|group| !group.steady);
        if let Some(slicer) = groups.next().and_then(|group| group.slicers.get_mut(2)) {
            slicer.state = -1;
            slicer.mark_unhealthy(now);
        }
        if let Some(slicer) = groups.next().and_then(|group| group.slicers.first_mut()) {
            slicer.state = -1;
            slicer.mark_unhealthy(now);
        }
        for slicer in groups
            .next()
            .into_iter()
            .flat_map(|group| &mut group.slicers)
        {
            slicer.state = -1;
            slicer.mark_unhealthy(now);
        }
        if let Some(slicer) = groups.next().and_then(|group| group.slicers.first_mut()) {
            slicer.thumbnail = Thumbnail::Stuck;
        }
        if let Some(group) = groups.next() {
            group.slate = Slate::ByHand;
            group.failover_time = (now - TimeDelta::minutes(2)).timestamp_millis();
        }
    }
}
