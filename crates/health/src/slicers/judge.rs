//! The one verdict on a slicer group: the worst of what is wrong with it.

use super::{SlicerHealth, backups, intended, on_air, slicer_health};
use crate::severity::Severity::{Critical, Normal, Unknown, Warning};
use crate::verdict::Verdict;
use chrono::{DateTime, Utc};
use vendors::uplynk::{FailoverGroup, OnAir, Slicer, SlicerState};

/// Judges a slicer group.
#[must_use]
pub fn judge_slicers(group: &FailoverGroup, now: DateTime<Utc>) -> Verdict {
    let named = group.name.as_deref().filter(|name| !name.trim().is_empty());
    let name = named.unwrap_or(&group.id);
    let Some(slicers) = &group.slicers else {
        return Verdict::new(
            Unknown,
            "Unknown",
            format!("{name}: its slicers are not known."),
        )
        .advise("Open the group to ask for it by itself.");
    };
    match &group.active {
        Some(OnAir::Slate) => on_slate(name, group, slicers, now),
        None => Verdict::new(
            Unknown,
            "Unknown",
            format!("{name}: Uplynk does not say what is on air."),
        )
        .advise("Look at the channels themselves."),
        Some(OnAir::Slicer(id)) => match on_air(group) {
            None => Verdict::new(
                Unknown,
                "Unknown",
                format!("{name}: {id} is on air and is not one of its slicers."),
            )
            .advise("Compare the group with the vendor's own page."),
            Some(active) => of_active(name, group, active, now),
        },
    }
}

fn on_slate(name: &str, group: &FailoverGroup, slicers: &[Slicer], now: DateTime<Utc>) -> Verdict {
    let ready: Vec<&str> = slicers
        .iter()
        .filter(|slicer| super::is_ready(slicer, now))
        .map(|s| s.id.as_str())
        .collect();
    let (why, advice) = match ready.as_slice() {
        [] => (
            "none of its slicers is healthy and eligible",
            "Restore the feed of one of its slicers.".to_owned(),
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
    Verdict::new(Critical, "On slate", format!("{name} is on slate: {why}."))
        .advise(advice)
        .since(group.failover_time)
}

fn of_active(name: &str, group: &FailoverGroup, active: &Slicer, now: DateTime<Utc>) -> Verdict {
    let id = &active.id;
    let (ready, all) = backups(group, now);
    let help = match ready {
        0 => "No backup is ready either.".to_owned(),
        1 => "1 backup is ready.".to_owned(),
        ready => format!("{ready} backups are ready."),
    };
    let sick = match slicer_health(active, now) {
        SlicerHealth::Unhealthy { .. } | SlicerHealth::RecheckDue { .. } => Some("unhealthy"),
        _ if active.state == Some(SlicerState::Inactive) => Some("inactive"),
        _ => None,
    };
    if let Some(sick) = sick {
        return Verdict::new(
            Critical,
            "On air unhealthy",
            format!("{name}: {id} is on air and {sick}."),
        )
        .advise(format!("Check the input of {id}. {help}"));
    }
    if let Some(intended) = intended(group, now).filter(|intended| intended.id != *id) {
        let advice = if group.auto_failback == Some(true) {
            "Auto failback is on and should have returned to it: check the group in Uplynk."
                .to_owned()
        } else {
            format!(
                "Auto failback is off: {id} stays until someone activates {}.",
                intended.id
            )
        };
        return Verdict::new(
            Warning,
            "On backup",
            format!(
                "{name} runs on its backup: {id} is on air, {} should be.",
                intended.id
            ),
        )
        .advise(advice)
        .since(group.failover_time);
    }
    if let Some(first) = skipped(group, active, now) {
        return Verdict::new(
            Warning,
            "On backup",
            format!(
                "{name} runs on its backup: {id} is on air, because {} is unhealthy.",
                first.id
            ),
        )
        .advise(format!("Check the input of {}.", first.id))
        .since(group.failover_time);
    }
    if ready == 0 {
        let why = if all == 0 {
            "no other slicer takes part in failover"
        } else {
            "no other slicer is healthy and eligible"
        };
        return Verdict::new(
            Warning,
            "No backup",
            format!("{name} has no backup: {why}."),
        )
        .advise(format!("If {id} fails, the channels go to slate."));
    }
    Verdict::new(Normal, "Normal", format!("{name}: {id} is on air. {help}"))
}

/// The slicer that would be on air before the active one were it healthy.
fn skipped<'a>(
    group: &'a FailoverGroup,
    active: &Slicer,
    now: DateTime<Utc>,
) -> Option<&'a Slicer> {
    if group.mode == Some(vendors::uplynk::Mode::Flat) {
        return None;
    }
    let before = super::ordered(group)
        .into_iter()
        .take_while(|slicer| slicer.id != active.id);
    before
        .into_iter()
        .find(|slicer| slicer.enabled != Some(false) && !super::is_ready(slicer, now))
}

#[cfg(test)]
mod tests {
    use super::judge_slicers;
    use crate::severity::Severity;
    use crate::slicers::{SlicerHealth, backups, intended, slicer_health};
    use chrono::{DateTime, TimeDelta, Utc};
    use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

    const NOW: DateTime<Utc> = DateTime::from_timestamp(1_795_271_528, 0).expect("in range");

    fn slicer(id: &str, order: i64) -> Slicer {
        Slicer {
            id: id.into(),
            blacklist: Some(Blacklist::Healthy),
            order: Some(order),
            state: Some(SlicerState::Slicing),
            enabled: Some(true),
            ..Slicer::default()
        }
    }

    fn sick(slicer: Slicer) -> Slicer {
        Slicer {
            blacklist: Some(Blacklist::Until(NOW + TimeDelta::seconds(90))),
            ..slicer
        }
    }

    fn group(active: &str, slicers: Vec<Slicer>) -> FailoverGroup {
        let active = if active == "no_slicer" {
            OnAir::Slate
        } else {
            OnAir::Slicer(active.into())
        };
        FailoverGroup {
            id: "9852".into(),
            name: Some("News East".into()),
            mode: Some(Mode::Prioritized),
            auto_failback: Some(true),
            active: Some(active),
            slicers: Some(slicers),
            ..FailoverGroup::default()
        }
    }

    fn word(group: &FailoverGroup) -> (Severity, &'static str) {
        let verdict = judge_slicers(group, NOW);
        assert!(
            verdict.sentence.contains("News East"),
            "{}",
            verdict.sentence
        );
        (verdict.severity, verdict.word)
    }

    #[test]
    fn each_trouble_has_its_word() {
        let (a, b) = (slicer("a", 1), slicer("b", 2));
        let off = |slicer: Slicer| Slicer {
            enabled: Some(false),
            ..slicer
        };
        let inactive = |slicer: Slicer| Slicer {
            state: Some(SlicerState::Inactive),
            ..slicer
        };
        let ad = |slicer: Slicer| Slicer {
            state: Some(SlicerState::AdBreak),
            ..slicer
        };
        for (active, slicers, expected) in [
            (
                "a",
                vec![a.clone(), b.clone()],
                (Severity::Normal, "Normal"),
            ),
            (
                "a",
                vec![ad(a.clone()), b.clone()],
                (Severity::Normal, "Normal"),
            ),
            (
                "no_slicer",
                vec![a.clone(), b.clone()],
                (Severity::Critical, "On slate"),
            ),
            (
                "no_slicer",
                vec![sick(a.clone()), sick(b.clone())],
                (Severity::Critical, "On slate"),
            ),
            (
                "a",
                vec![sick(a.clone()), b.clone()],
                (Severity::Critical, "On air unhealthy"),
            ),
            (
                "a",
                vec![inactive(a.clone()), b.clone()],
                (Severity::Critical, "On air unhealthy"),
            ),
            (
                "b",
                vec![a.clone(), b.clone()],
                (Severity::Warning, "On backup"),
            ),
            (
                "b",
                vec![sick(a.clone()), b.clone()],
                (Severity::Warning, "On backup"),
            ),
            (
                "b",
                vec![off(a.clone()), b.clone()],
                (Severity::Warning, "No backup"),
            ),
            (
                "a",
                vec![a.clone(), sick(b.clone())],
                (Severity::Warning, "No backup"),
            ),
            (
                "a",
                vec![a.clone(), off(b.clone())],
                (Severity::Warning, "No backup"),
            ),
            ("a", vec![a.clone()], (Severity::Warning, "No backup")),
            (
                "z",
                vec![a.clone(), b.clone()],
                (Severity::Unknown, "Unknown"),
            ),
        ] {
            assert_eq!(
                word(&group(active, slicers.clone())),
                expected,
                "{active} {slicers:?}"
            );
        }
    }

    #[test]
    fn flat_mode_has_no_intended_slicer() {
        let flat = FailoverGroup {
            mode: Some(Mode::Flat),
            ..group("b", vec![slicer("a", 1), slicer("b", 1)])
        };
        assert_eq!(intended(&flat, NOW), None);
        assert_eq!(word(&flat), (Severity::Normal, "Normal"));
    }

    #[test]
    fn a_list_item_without_its_slicers_is_unknown() {
        let bare = FailoverGroup {
            slicers: None,
            ..group("a", Vec::new())
        };
        assert_eq!(word(&bare), (Severity::Unknown, "Unknown"));
        let mute = FailoverGroup {
            active: None,
            ..group("a", vec![slicer("a", 1)])
        };
        assert_eq!(word(&mute), (Severity::Unknown, "Unknown"));
    }

    #[test]
    fn a_blacklisting_that_ran_out_is_no_health() {
        let at = |seconds| Slicer {
            blacklist: Some(Blacklist::Until(NOW + TimeDelta::seconds(seconds))),
            ..slicer("a", 1)
        };
        let health = |seconds| slicer_health(&at(seconds), NOW);
        assert_eq!(
            health(1),
            SlicerHealth::Unhealthy {
                until: NOW + TimeDelta::seconds(1)
            }
        );
        assert_eq!(health(0), SlicerHealth::RecheckDue { since: NOW });
        assert_eq!(
            health(-1),
            SlicerHealth::RecheckDue {
                since: NOW - TimeDelta::seconds(1)
            }
        );
        assert_eq!(
            slicer_health(
                &Slicer {
                    blacklist: None,
                    ..slicer("a", 1)
                },
                NOW
            ),
            SlicerHealth::Unknown
        );
    }

    #[test]
    fn backups_are_counted_among_those_in_failover() {
        let left_out = Slicer {
            enabled: Some(false),
            ..slicer("d", 4)
        };
        let of_four = group(
            "a",
            vec![
                slicer("a", 1),
                sick(slicer("b", 2)),
                slicer("c", 3),
                left_out,
            ],
        );
        assert_eq!(backups(&of_four, NOW), (1, 2));
    }
}
