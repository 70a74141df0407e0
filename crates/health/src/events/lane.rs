//! Who led over time, from the failovers that were seen and from the times in which nobody could see any.

use crate::inventory::Kind;
use crate::slicers::SLATE;
use crate::sort;
use chrono::{DateTime, Utc};

/// Who led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Led {
    /// The session that was primary, or what was on air.
    By(String),
    /// Nobody.
    Nobody,
    /// Nobody watched, or the system did not answer.
    Unknown,
}

/// A time in which that did not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Its beginning.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// Who led.
    pub led: Led,
}

/// A failover: when, and who led before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// When.
    pub at: DateTime<Utc>,
    /// Who led before; `None` for nobody.
    pub before: Option<String>,
    /// Who led after.
    pub after: Option<String>,
}

impl Handover {
    /// As an event of this kind of resource tells it.
    #[must_use]
    pub fn new(
        kind: Kind,
        at: DateTime<Utc>,
        before: Option<String>,
        after: Option<String>,
    ) -> Self {
        let named = |leader: Option<String>| leader.filter(|leader| leads(kind, leader));
        Self {
            at,
            before: named(before),
            after: named(after),
        }
    }
}

/// Whether this one leads: of slicers the slate is nobody.
#[must_use]
pub fn leads(kind: Kind, leader: &str) -> bool {
    kind != Kind::SlicerGroup || leader != SLATE
}

/// Who led from one moment to another, without a gap. `handovers` are in the order of time; `leader` leads at the end;
/// of `unknown` each part is a time in which nobody could see who leads.
#[must_use]
pub fn lane(
    handovers: &[Handover],
    leader: Option<&str>,
    unknown: &[(DateTime<Utc>, DateTime<Utc>)],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<Stretch> {
    let led =
        |leader: Option<&str>| leader.map_or(Led::Nobody, |leader| Led::By(leader.to_owned()));
    let inside: Vec<&Handover> = handovers
        .iter()
        .filter(|handover| (from..to).contains(&handover.at))
        .collect();
    let mut bounds: Vec<DateTime<Utc>> = inside
        .iter()
        .map(|handover| handover.at)
        .chain(unknown.iter().flat_map(|(begin, end)| [*begin, *end]))
        .filter(|at| (from..to).contains(at))
        .chain([from, to])
        .collect();
    sort(&mut bounds, Ord::cmp);
    bounds.dedup();
    let led_at = |at: DateTime<Utc>| {
        if unknown
            .iter()
            .any(|(begin, end)| (*begin..*end).contains(&at))
        {
            return Led::Unknown;
        }
        let last = inside.iter().rfind(|handover| handover.at <= at);
        let next = inside.iter().find(|handover| handover.at > at);
        match (last, next) {
            (Some(last), _) => led(last.after.as_deref()),
            (None, Some(next)) => led(next.before.as_deref()),
            (None, None) => led(leader),
        }
    };
    let mut stretches: Vec<Stretch> = Vec::new();
    for (begin, end) in bounds.iter().zip(bounds.iter().skip(1)) {
        let led = led_at(*begin);
        match stretches.last_mut().filter(|last| last.led == led) {
            Some(last) => last.to = *end,
            None => stretches.push(Stretch {
                from: *begin,
                to: *end,
                led,
            }),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::{Handover, Led, Stretch, lane};
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    fn handover(second: i64, before: &str, after: &str) -> Handover {
        let named = |id: &str| (!id.is_empty()).then(|| id.to_owned());
        Handover {
            at: at(second),
            before: named(before),
            after: named(after),
        }
    }

    /// As words: `0-40 a`.
    fn words(stretches: &[Stretch]) -> Vec<String> {
        let word = |led: &Led| match led {
            Led::By(id) => id.clone(),
            Led::Nobody => "nobody".to_owned(),
            Led::Unknown => "?".to_owned(),
        };
        let each = stretches.iter().map(|one| {
            let (from, to) = (one.from.timestamp(), one.to.timestamp());
            format!("{from}-{to} {}", word(&one.led))
        });
        each.collect()
    }

    #[test]
    fn who_led_is_told_from_end_to_end() {
        for (handovers, unknown, expected) in [
            (vec![], vec![], vec!["0-100 now"]),
            (
                vec![handover(40, "a", "b")],
                vec![],
                vec!["0-40 a", "40-100 b"],
            ),
            (
                vec![handover(40, "a", ""), handover(50, "", "b")],
                vec![],
                vec!["0-40 a", "40-50 nobody", "50-100 b"],
            ),
            // Before the gateway watched, and while it did not.
            (
                vec![handover(70, "a", "b")],
                vec![(at(-9_999), at(20)), (at(30), at(60))],
                vec!["0-20 ?", "20-30 a", "30-60 ?", "60-70 a", "70-100 b"],
            ),
            // What happened outside of the time that is shown says nothing of it.
            (
                vec![handover(-5, "x", "now"), handover(100, "now", "y")],
                vec![],
                vec!["0-100 now"],
            ),
            (vec![handover(40, "a", "a")], vec![], vec!["0-100 a"]),
        ] {
            let told = lane(&handovers, Some("now"), &unknown, at(0), at(100));
            assert_eq!(words(&told), expected);
        }
    }

    proptest! {
        #[test]
        fn there_is_no_gap_and_no_overlap(
            handovers in prop::collection::btree_map(-20_i64..120, ("[ab]?", "[ab]?"), 0..6),
            unknown in prop::collection::vec((-20_i64..120, 0_i64..50), 0..4),
        ) {
            let handovers: Vec<_> = handovers
                .into_iter()
                .map(|(second, (before, after))| handover(second, &before, &after))
                .collect();
            let unknown: Vec<_> = unknown
                .into_iter()
                .map(|(begin, lasts)| (at(begin), at(begin + lasts)))
                .collect();
            let told = lane(&handovers, None, &unknown, at(0), at(100));
            prop_assert_eq!(told.first().map(|one| one.from), Some(at(0)));
            prop_assert_eq!(told.last().map(|one| one.to), Some(at(100)));
            for (one, next) in told.iter().zip(told.iter().skip(1)) {
                prop_assert_eq!(one.to, next.from);
                prop_assert!(one.led != next.led);
            }
        }
    }
}
