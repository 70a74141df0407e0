//! Findings: the problem of a resource or a connection at one moment, before it is compared with the open alarms.

use super::flapping::Flapping;
use super::history::Source;
use super::{FlappingAlarm, FlappingSubject, Since};
use crate::freshness::Freshness;
use crate::inventory::{Kind, Resource, outlasts_silence};
use crate::severity::Severity;
use crate::vendor_clock::by_own_clock;
use crate::verdict::Verdict;
use chrono::{DateTime, Utc};
use std::borrow::Cow;

/// The contents of an alarm, before it is known whether it is new.
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) rank: u8,
    pub(super) word: Cow<'static, str>,
    pub(super) sentence: String,
    pub(super) advice: String,
    pub(super) since: Since,
    pub(super) flapping: Option<FlappingAlarm>,
}

pub(super) fn silence(
    source: &Source,
    freshness: Freshness,
    hidden: Option<Severity>,
    now: DateTime<Utc>,
) -> Finding {
    let Source {
        title,
        held,
        noun,
        reading,
        ..
    } = source;
    let sentence = match reading.observed_at {
        Some(_) => format!(
            "{title} cannot be read. The last known state of its {held} {noun} is kept and not counted as healthy."
        ),
        None => format!("{title} has not been read yet, so the state of its {noun} is not known."),
    };
    let severity = match (freshness, hidden) {
        (Freshness::NoData, _) => Severity::Critical,
        (_, Some(hidden)) if outlasts_silence(hidden) => hidden,
        _ => Severity::Unknown,
    };
    let failure = source.failure.clone();
    Finding {
        severity,
        rank: Verdict::SILENT,
        word: Cow::Borrowed(freshness.word()),
        sentence,
        advice: failure.unwrap_or_else(|| "Retrying automatically.".to_owned()),
        since: Since::Observed(reading.observed_at.unwrap_or(now)),
        flapping: None,
    }
}

/// The finding for a resource that was well when last read and can no longer be read, although its connection answers.
pub(super) fn unread_since(resource: &Resource, observed_at: DateTime<Utc>) -> Finding {
    let (name, word) = (&resource.name, &resource.verdict.word);
    let failure = resource.failure.clone();
    Finding {
        severity: Severity::Unknown,
        rank: Verdict::RULE,
        word: Cow::Borrowed("Unknown"),
        sentence: format!("{name} cannot be read. Its last known state is: {word}."),
        advice: failure.unwrap_or_else(|| "Retrying automatically.".to_owned()),
        since: Since::Observed(observed_at),
        flapping: None,
    }
}

pub(super) fn of_verdict(verdict: &Verdict, first_seen: Since, source: &Source) -> Finding {
    let reported = verdict
        .since
        .map(|at| by_own_clock(at, source.vendor_ahead));
    Finding {
        severity: verdict.severity,
        rank: verdict.rank,
        word: verdict.word.clone(),
        sentence: verdict.sentence.clone(),
        advice: verdict.advice.clone().unwrap_or_default(),
        since: reported.map_or(first_seen, Since::Reported),
        flapping: None,
    }
}

/// The word of an alarm for a resource that flaps and is well at this moment.
const FLAPPING: &str = "Flapping";

pub(super) fn flapping(resource: &Resource, subject: FlappingSubject, found: Flapping) -> Finding {
    let (name, verdict) = (&resource.name, &resource.verdict);
    let changes = found.changes;
    let (changing, advice) = match subject {
        FlappingSubject::Leader => (
            match resource.key.kind {
                Kind::SlicerGroup => "slicer on air",
                Kind::FailoverGroup | Kind::FailoverSession | Kind::Connection => "primary",
            },
            "It keeps failing over and back: check the members that take turns.",
        ),
        FlappingSubject::State => (
            "state",
            "The fault comes and goes: check its network and its host.",
        ),
    };
    let is_well = matches!(verdict.severity, Severity::Normal | Severity::Off);
    let changed = format!("is flapping: its {changing} has changed {changes} times.");
    let (sentence, advice) = if verdict.severity.needs_attention() {
        // What is wrong now comes first: the changes may be somebody's own.
        let own = verdict.advice.iter().map(String::as_str);
        let advice = own.chain([advice]).collect::<Vec<_>>().join(" ");
        (format!("{} It {changed}", verdict.sentence), advice)
    } else {
        let sentence = format!("{name} {changed} Now: {}.", verdict.word);
        (sentence, advice.to_owned())
    };
    Finding {
        severity: verdict.severity.min(Severity::Warning),
        rank: verdict.rank,
        word: if is_well {
            Cow::Borrowed(FLAPPING)
        } else {
            verdict.word.clone()
        },
        sentence,
        advice,
        since: Since::Observed(found.since),
        flapping: Some(FlappingAlarm { subject, changes }),
    }
}
