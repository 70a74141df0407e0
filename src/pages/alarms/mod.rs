//! What needs attention: the alarms of the overview and the numbers in the rail. The gateway judges; here
//! it is only marked what is no longer current.

pub mod acknowledge;
pub mod lasting;
pub mod row;

pub use row::{AlarmDialog, AlarmRow, acknowledgement_words};

use crate::live::{Watched, use_watched};
use health::alarms::Alarm;
use health::inventory::Kind;
use health::severity::Severity;
use health::words;
use leptos::prelude::*;
use std::sync::Arc;

/// An alarm as it is shown at this moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownAlarm {
    /// What is wrong, since when, and what to do.
    pub alarm: Arc<Alarm>,
    /// Where it is no longer current: that it is the last known state, and how old that is.
    pub last_known: Option<String>,
}

/// The number of an entry in the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmCount {
    /// How many resources need attention.
    pub number: usize,
    /// The worst of them.
    pub worst: Severity,
}

/// The alarms, worst first: those that somebody takes care of, or those that nobody does.
#[must_use]
pub fn alarms(handled: bool) -> Memo<Vec<ShownAlarm>> {
    let watched = use_watched();
    Memo::new(move |_| {
        let world = watched.world();
        world
            .alarms
            .iter()
            .filter(|alarm| alarm.is_handled() == handled)
            .map(|alarm| ShownAlarm {
                last_known: last_known(watched, alarm),
                alarm: Arc::clone(alarm),
            })
            .collect()
    })
}

fn last_known(watched: Watched, alarm: &Alarm) -> Option<String> {
    let world = watched.world();
    let resource = world.find(&alarm.resource)?;
    watched.standing(resource).last_known?;
    let age = watched.age_of(resource).map(words::ago);
    Some(format!("last known, {}", age.unwrap_or_default()))
}

/// How many resources of a kind need attention, and nobody takes care of them.
#[must_use]
pub fn count(kind: Kind) -> Memo<AlarmCount> {
    let watched = use_watched();
    Memo::new(move |_| {
        let world = watched.world();
        let of_kind = || {
            let alarms = world.alarms.iter();
            alarms.filter(move |alarm| alarm.resource.kind == kind && !alarm.is_handled())
        };
        AlarmCount {
            number: of_kind().count(),
            worst: of_kind()
                .map(|alarm| alarm.severity)
                .min()
                .unwrap_or(Severity::Normal),
        }
    })
}
