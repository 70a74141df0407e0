//! The verdict on each state of a slicer group. The module `judge` decides which state applies.

use super::{SlicerHealth, backups, is_ready, slicer_health};
use crate::severity::Severity::{Critical, Normal, Unknown, Warning};
use crate::verdict::Verdict;
use crate::words::span;
use chrono::{DateTime, Utc};
use vendors::uplynk::{FailoverGroup, Mode, Slicer, SlicerState};

pub(super) struct Verdicts<'a> {
    group: &'a FailoverGroup,
    now: DateTime<Utc>,
    name: &'a str,
}

impl<'a> Verdicts<'a> {
    pub(super) fn new(group: &'a FailoverGroup, now: DateTime<Utc>) -> Self {
        let named = group.name.as_deref().filter(|name| !name.trim().is_empty());
        let name = named.unwrap_or(&group.id);
        Self { group, now, name }
    }

    /// The group's name, or its id if it has none.
    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    /// The number of ready backups, in one sentence.
    fn backups_sentence(&self) -> String {
        let warm = if self.group.hot_warm == Some(1) {
            ", warm: a failover has a gap"
        } else {
            ""
        };
        match backups(self.group, self.now).0 {
            0 => "No backup is ready.".to_owned(),
            1 => format!("1 backup is ready{warm}."),
            ready => format!("{ready} backups are ready{warm}."),
        }
    }

    /// The reason why a slicer is not ready, as an adjective.
    fn problem(&self, slicer: &Slicer) -> &'static str {
        match slicer_health(slicer, self.now) {
            SlicerHealth::Unhealthy { .. } => "unhealthy",
            SlicerHealth::RecheckDue { .. } => "unhealthy, and its re-check is due",
            _ if slicer.state == Some(SlicerState::Inactive) => "inactive",
            SlicerHealth::Unknown => "of unknown health",
            SlicerHealth::Healthy => "not ready",
        }
    }

    /// The advice for a slicer that is not ready, and the time of its next check.
    fn remedy(&self, slicer: &Slicer) -> String {
        let check = format!("Check the input of {}.", slicer.id);
        match slicer_health(slicer, self.now) {
            SlicerHealth::Unhealthy { until } => {
                let left = span(until.signed_duration_since(self.now));
                format!("{check} It is checked again in {left}.")
            }
            _ => check,
        }
    }

    fn unknown(&self, what: &str, advice: &str) -> Verdict {
        let sentence = format!("{}: {what}.", self.name);
        Verdict::new(Unknown, "Unknown", sentence).advise(advice)
    }

    /// The list of groups may omit the slicers.
    pub(super) fn slicers_unknown(&self) -> Verdict {
        let advice = "Open the group to load its slicers.";
        self.unknown("its slicers are unknown", advice)
    }

    pub(super) fn on_air_unknown(&self) -> Verdict {
        let advice = "Check the channels directly.";
        self.unknown("Uplynk does not report what is on air", advice)
    }

    pub(super) fn unlisted_on_air(&self, id: &str) -> Verdict {
        let what = format!("{id} is on air and is not one of its slicers");
        self.unknown(&what, "Compare the group with the vendor's own page.")
    }

    /// `slicers` is `None` if the list of groups omitted them.
    pub(super) fn on_slate(&self, slicers: Option<&[Slicer]>) -> Verdict {
        let ready = slicers.into_iter().flatten();
        let ready = ready.filter(|slicer| is_ready(slicer, self.now));
        let ready: Vec<&str> = ready.map(|slicer| slicer.id.as_str()).collect();
        let (why, advice) = match ready.as_slice() {
            [] if slicers.is_none() => (
                "no slicer feeds its channels",
                "Open the group to load its slicers.".to_owned(),
            ),
            [] => (
                "none of its slicers is ready",
                "Restore the feed of one of its slicers, or make a healthy one eligible."
                    .to_owned(),
            ),
            [one] => (
                "no slicer feeds its channels",
                format!("{one} is ready: leave the slate to put a slicer on air."),
            ),
            several => (
                "no slicer feeds its channels",
                format!(
                    "{} are ready: leave the slate to put a slicer on air.",
                    several.join(", ")
                ),
            ),
        };
        let sentence = format!("{} is on slate: {why}.", self.name);
        Verdict::new(Critical, "On slate", sentence)
            .advise(advice)
            .since(self.group.failover_time)
    }

    pub(super) fn on_air_unhealthy(&self, active: &Slicer) -> Verdict {
        let (name, id, problem) = (self.name, &active.id, self.problem(active));
        let sentence = format!("{name}: {id} is on air and is {problem}.");
        let advice = format!("{} {}", self.remedy(active), self.backups_sentence());
        Verdict::new(Critical, "On air unhealthy", sentence).advise(advice)
    }

    /// The intended slicer is ready, but another one is on air.
    pub(super) fn on_backup(&self, active: &Slicer, wanted: &Slicer) -> Verdict {
        let (id, wanted) = (&active.id, &wanted.id);
        let advice = match self.group.auto_failback {
            Some(true) => format!(
                "Auto failback is on: if {wanted} is not on air again in two minutes, check the group in Uplynk."
            ),
            Some(false) => {
                format!("Auto failback is off: {id} stays until someone activates {wanted}.")
            }
            None => format!("Activate {wanted} to return to it."),
        };
        self.runs_on_backup(format!("{id} is on air, {wanted} should be"), advice)
    }

    /// A slicer of higher priority is not ready.
    pub(super) fn on_backup_of_failing(&self, active: &Slicer, skipped: &Slicer) -> Verdict {
        let (id, first) = (&active.id, &skipped.id);
        let what = format!(
            "{id} is on air, because {first} is {}",
            self.problem(skipped)
        );
        self.runs_on_backup(
            what,
            format!("{} {}", self.remedy(skipped), self.backups_sentence()),
        )
    }

    fn runs_on_backup(&self, what: String, advice: String) -> Verdict {
        let sentence = format!("{} runs on its backup: {what}.", self.name);
        Verdict::new(Warning, "On backup", sentence)
            .advise(advice)
            .since(self.group.failover_time)
    }

    pub(super) fn no_backup(&self, active: &Slicer, all: usize) -> Verdict {
        let why = match all {
            0 => "no other slicer is eligible for failover",
            _ => "no other slicer is ready",
        };
        let sentence = format!("{} has no backup: {why}.", self.name);
        Verdict::new(Warning, "No backup", sentence)
            .advise(format!("If {} fails, the channels go to slate.", active.id))
    }

    /// The group is configured with hot backups, but only warm ones are ready.
    pub(super) fn only_warm(&self, active: &Slicer, ready: usize) -> Verdict {
        let (name, id) = (self.name, &active.id);
        let backups = match ready {
            1 => "its one ready backup is warm".to_owned(),
            ready => format!("all {ready} ready backups are warm"),
        };
        let sentence = format!("{name} would fail over with a gap: {backups}.");
        let advice =
            format!("Check the hot backups before {id} fails: a warm one has to start first.");
        Verdict::new(Warning, "Backups warm", sentence).advise(advice)
    }

    pub(super) fn normal(&self, active: &Slicer) -> Verdict {
        let (name, id, backups_sentence) = (self.name, &active.id, self.backups_sentence());
        let any = if self.group.mode == Some(Mode::Flat) {
            " Flat mode: any healthy slicer may be."
        } else {
            ""
        };
        let sentence = format!("{name}: {id} is on air.{any} {backups_sentence}");
        Verdict::new(Normal, "Normal", sentence)
    }
}
