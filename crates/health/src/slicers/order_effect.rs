//! The effect of saving an order of a group's slicers.

use super::{backups, candidates, is_ready, on_air};
use crate::effect::Effect;
use crate::severity::Severity::Warning;
use crate::sort;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use vendors::uplynk::{FailoverGroup, Mode, OnAir, Slicer};

/// The slicers in the given order; slicers that it does not contain come last.
fn in_order<'s>(group: &'s FailoverGroup, order: &[String]) -> Vec<&'s Slicer> {
    let positions: HashMap<&str, usize> = order.iter().map(String::as_str).zip(0..).collect();
    let mut slicers: Vec<&Slicer> = group.slicers.iter().flatten().collect();
    let position = |slicer: &Slicer| {
        positions
            .get(slicer.id.as_str())
            .copied()
            .unwrap_or(usize::MAX)
    };
    sort(&mut slicers, |a, b| position(a).cmp(&position(b)));
    slicers
}

/// The effect of a change on the slate, by the number of ready slicers. A slate that somebody put on air stays; one
/// that is on air because no slicer was ready ends once one is. The service does not report which of the two it is.
pub(super) fn slate_stays(ready: usize) -> &'static str {
    match ready {
        0 => "The slate stays on air at least until a slicer is ready.",
        _ => "The slate stays on air.",
    }
}

/// The effect of saving this order, given the group's mode and auto failback.
#[must_use]
pub fn order_effect(group: &FailoverGroup, order: &[String], now: DateTime<Utc>) -> Effect {
    let new = in_order(group, order);
    let active = on_air(group).map(|slicer| slicer.id.as_str());
    let stays = match active {
        Some(id) => format!("{id} stays on air"),
        None => "What is on air does not change".to_owned(),
    };
    let prioritized = group.mode == Some(Mode::Prioritized);
    let follows = new
        .iter()
        .find(|slicer| is_ready(slicer, now) && Some(slicer.id.as_str()) != active)
        .filter(|_| prioritized)
        .map(|slicer| format!(" If it fails, {} follows.", slicer.id))
        .unwrap_or_default();
    let slate = group.active == Some(OnAir::Slate);
    let wanted = candidates(group, new.clone(), now);
    let wanted = wanted.first().map(|slicer| slicer.id.as_str());
    let mut notes = Vec::new();
    let may_switch = || (Warning, "This may be a switch on air.".to_owned());
    let sentence = match (group.auto_failback, wanted) {
        _ if group.mode == Some(Mode::Flat) => "Positions have no effect in flat mode.".to_owned(),
        _ if slate => slate_stays(backups(group, now).0).to_owned(),
        (Some(true), Some(wanted)) if Some(wanted) != active => {
            if let Some(active) = active {
                notes.push((
                    Warning,
                    format!("This is a switch on air, away from {active}."),
                ));
            }
            format!("Auto failback is on: {wanted} goes on air as soon as this is saved.")
        }
        (Some(true), Some(_)) => format!("{stays}: it is the first ready slicer.{follows}"),
        (Some(true), None) if prioritized => format!(
            "{stays}: no slicer is ready. Auto failback is on: the first one that becomes ready goes on air."
        ),
        (Some(true), None) => {
            notes.push(may_switch());
            "The failover mode is not known: saving may switch what is on air.".to_owned()
        }
        (Some(false), _) => format!("{stays}: auto failback is off.{follows}"),
        (None, _) => {
            notes.push(may_switch());
            "It is not known whether auto failback is on: saving may switch what is on air."
                .to_owned()
        }
    };
    let returns = prioritized && group.auto_failback == Some(true) && !slate;
    // Slicers before the one that is on air then replace it once they are ready.
    let until = wanted.or(active);
    let before = new
        .iter()
        .take_while(|slicer| Some(slicer.id.as_str()) != until);
    let waiting =
        before.filter(|slicer| returns && slicer.enabled != Some(false) && !is_ready(slicer, now));
    let waiting: Vec<&str> = waiting.map(|slicer| slicer.id.as_str()).collect();
    match *waiting {
        [] => {}
        [one] => notes.push((
            Warning,
            format!("{one} comes first but is not ready: it goes on air as soon as it is ready."),
        )),
        _ => notes.push((
            Warning,
            format!(
                "{} come first but are not ready: the first of them to be ready goes on air at once.",
                waiting.join(", ")
            ),
        )),
    }
    Effect { sentence, notes }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, for_seconds, group, slicer};
    use super::order_effect;
    use vendors::uplynk::{FailoverGroup, Mode, Slicer};

    fn effect(group: &FailoverGroup, order: &str) -> (String, usize) {
        let order: Vec<String> = order.split_whitespace().map(str::to_owned).collect();
        let effect = order_effect(group, &order, NOW);
        (effect.sentence, effect.notes.len())
    }

    #[test]
    fn the_effect_depends_on_mode_failback_and_health() {
        let healthy = || group("a", vec![slicer("a", 1), slicer("b", 2), slicer("c", 3)]);
        let sick = || {
            group(
                "a",
                vec![
                    slicer("a", 1),
                    for_seconds(90, slicer("b", 2)),
                    slicer("c", 3),
                ],
            )
        };
        let manual = FailoverGroup {
            auto_failback: Some(false),
            ..healthy()
        };
        let flat = FailoverGroup {
            mode: Some(Mode::Flat),
            ..sick()
        };
        let other_mode = FailoverGroup {
            mode: Some(Mode::Other("weighted".to_owned())),
            ..healthy()
        };
        let other_mode_by_hand = FailoverGroup {
            auto_failback: Some(false),
            ..other_mode.clone()
        };
        let unknown = FailoverGroup {
            auto_failback: None,
            ..healthy()
        };
        let on_slate = group("no_slicer", vec![slicer("a", 1), slicer("b", 2)]);
        let none_ready = |active| {
            let sick = |id, order| for_seconds(90, slicer(id, order));
            group(active, vec![sick("a", 1), sick("b", 2)])
        };
        for (group, order, sentence, notes) in [
            (
                healthy(),
                "b a c",
                "Auto failback is on: b goes on air as soon as this is saved.",
                1,
            ),
            (
                healthy(),
                "a c b",
                "a stays on air: it is the first ready slicer. If it fails, c follows.",
                0,
            ),
            (
                sick(),
                "b a c",
                "a stays on air: it is the first ready slicer. If it fails, c follows.",
                1,
            ),
            (
                manual,
                "b a c",
                "a stays on air: auto failback is off. If it fails, b follows.",
                0,
            ),
            (flat, "b a c", "Positions have no effect in flat mode.", 0),
            (on_slate, "b a", "The slate stays on air.", 0),
            (
                none_ready("no_slicer"),
                "b a",
                "The slate stays on air at least until a slicer is ready.",
                0,
            ),
            (
                none_ready("a"),
                "b a",
                "a stays on air: no slicer is ready. Auto failback is on: the first one that becomes ready goes on air.",
                1,
            ),
            (
                other_mode,
                "b a c",
                "The failover mode is not known: saving may switch what is on air.",
                1,
            ),
            (
                unknown,
                "b a c",
                "It is not known whether auto failback is on: saving may switch what is on air.",
                1,
            ),
            (
                other_mode_by_hand,
                "b a c",
                "a stays on air: auto failback is off.",
                0,
            ),
        ] {
            assert_eq!(
                effect(&group, order),
                (sentence.to_owned(), notes),
                "{order}"
            );
        }
    }

    #[test]
    fn only_slicers_waiting_before_the_one_on_air_are_named() {
        let sick = |id, order| for_seconds(90, slicer(id, order));
        let out = |id, order| Slicer {
            enabled: Some(false),
            ..sick(id, order)
        };
        let all = || {
            let of_failover = [slicer("a", 1), sick("b", 2), sick("c", 3), slicer("d", 4)];
            of_failover.into_iter().chain([out("e", 5)]).collect()
        };
        for (order, warnings) in [
            ("a b c d e", ""),
            ("e a b c d", ""),
            (
                "b a c d e",
                "b comes first but is not ready: it goes on air as soon as it is ready.",
            ),
            (
                "e b a c d",
                "b comes first but is not ready: it goes on air as soon as it is ready.",
            ),
            (
                "b e c a d",
                "b, c come first but are not ready: the first of them to be ready goes on air at once.",
            ),
            (
                "c d b a e",
                "This is a switch on air, away from a. c comes first but is not ready: it goes on air as soon as it is ready.",
            ),
        ] {
            let order: Vec<String> = order.split(' ').map(str::to_owned).collect();
            let effect = order_effect(&group("a", all()), &order, NOW);
            assert_eq!(effect.warnings(), warnings, "{order:?}");
        }
    }
}
