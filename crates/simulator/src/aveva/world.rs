//! All groups of one service, and the simulation of time and scenario for them.

use super::errors::{Refusal, no_group};
use super::model::{Group, Site};
use super::scenario;
use crate::options::Scenario;
use crate::steps;
use chrono::{DateTime, Utc};

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) sites: Vec<Site>,
    pub(crate) seed: u64,
    pub(crate) scenario: Scenario,
    /// The time up to which it has been simulated.
    pub(crate) now: DateTime<Utc>,
}

impl World {
    pub(crate) fn site(&self, id: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.id == id)
    }

    pub(crate) fn site_mut(&mut self, id: &str) -> Option<&mut Site> {
        self.sites.iter_mut().find(|site| site.id == id)
    }

    pub(crate) fn group(&self, id: &str) -> Result<&Group, Refusal> {
        self.site(id)
            .and_then(|site| site.group.as_ref())
            .ok_or_else(|| no_group(id))
    }

    pub(crate) fn group_mut(&mut self, id: &str) -> Result<&mut Group, Refusal> {
        self.site_mut(id)
            .and_then(|site| site.group.as_mut())
            .ok_or_else(|| no_group(id))
    }

    /// Advances to `to`: the adapters, and the scenario at each of its steps.
    pub(crate) fn advance(&mut self, to: DateTime<Utc>) {
        for (at, step) in steps::between(self.now, to) {
            self.advance_sites(at);
            scenario::step(self, step, at);
        }
        self.advance_sites(to);
        self.now = to;
    }

    fn advance_sites(&mut self, to: DateTime<Utc>) {
        for site in &mut self.sites {
            site.advance(to);
        }
    }

    /// Starts a scenario from a healthy plant.
    pub(crate) fn enter(&mut self, scenario: Scenario) {
        self.scenario = scenario;
        scenario::enter(self);
        self.advance_sites(self.now);
    }
}
