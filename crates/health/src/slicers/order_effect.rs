//! The effect of another order of a group's slicers.

use super::{intended_of, is_ready, on_air};
use crate::effect::Effect;
use crate::severity::Severity::Warning;
use crate::sort;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use vendors::uplynk::{FailoverGroup, Mode, Slicer};

/// The slicers in another order; slicers that are not in it come last.
fn in_order<'s>(group: &'s FailoverGroup, order: &[String]) -> Vec<&'s Slicer> {
    let places: HashMap<&str, usize> = order.iter().map(String::as_str).zip(0..).collect();
    let mut slicers: Vec<&Slicer> = group.slicers.iter().flatten().collect();
    let place = |slicer: &Slicer| {
        places
            .get(slicer.id.as_str())
            .copied()
            .unwrap_or(usize::MAX)
    };
    sort(&mut slicers, |a, b| place(a).cmp(&place(b)));
    slicers
}

/// The effect of saving this order, by the group's mode and auto failback.
#[must_use]
pub fn order_effect(group: &FailoverGroup, order: &[String], now: DateTime<Utc>) -> Effect {
    let new = in_order(group, order);
    let active = on_air(group).map(|slicer| slicer.id.as_str());
    let stays = match active {
        Some(id) => format!("{id} stays on air"),
        None => "What is on air does not change".to_owned(),
    };
    let follows = new
        .iter()
        .find(|slicer| is_ready(slicer, now) && Some(slicer.id.as_str()) != active)
        .map(|slicer| format!(" If it fails, {} follows.", slicer.id))
        .unwrap_or_default();
    let wanted = intended_of(group, &new, now).map(|slicer| slicer.id.as_str());
    let mut notes = Vec::new();
    let sentence = match (&group.mode, group.auto_failback, wanted) {
        (Some(Mode::Flat), ..) => "Positions have no effect in flat mode.".to_owned(),
        (_, Some(true), Some(wanted)) if Some(wanted) != active => {
            if let Some(active) = active {
                notes.push((
                    Warning,
                    format!("This is a switch on air, away from {active}."),
                ));
            }
            format!("Auto failback is on: {wanted} goes on air as soon as this is saved.")
        }
        (_, Some(true), Some(_)) => format!("{stays}: it is the first ready slicer.{follows}"),
        _ => format!("{stays}: auto failback is off.{follows}"),
    };
    let first = new.first().copied();
    if let Some(first) =
        first.filter(|first| group.auto_failback == Some(true) && !is_ready(first, now))
    {
        notes.push((
            Warning,
            format!(
                "{} is first but not ready: it goes on air as soon as it is ready.",
                first.id
            ),
        ));
    }
    Effect { sentence, notes }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, for_seconds, group, slicer};
    use super::order_effect;
    use vendors::uplynk::{FailoverGroup, Mode};

    fn effect(group: &FailoverGroup, order: &str) -> (String, usize) {
        let order: Vec<String> = order.split_whitespace().map(str::to_owned).collect();
        let effect = order_effect(group, &order, NOW);
        (effect.sentence, effect.notes.len())
    }

    #[test]
    fn the_effect_follows_mode_failback_and_health() {
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
        let by_hand = FailoverGroup {
            auto_failback: Some(false),
            ..healthy()
        };
        let flat = FailoverGroup {
            mode: Some(Mode::Flat),
            ..healthy()
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
                by_hand,
                "b a c",
                "a stays on air: auto failback is off. If it fails, b follows.",
                0,
            ),
            (flat, "b a c", "Positions have no effect in flat mode.", 0),
        ] {
            assert_eq!(
                effect(&group, order),
                (sentence.to_owned(), notes),
                "{order}"
            );
        }
    }
}
