//! Everything that needs attention, worst first: for the overview and for the numbers in the rail.
//! The judgement is `health`'s; here it is gathered over the connections.

use crate::live::{Clock, Feed, Source, Sources, use_clock, use_sources};
use crate::route::Route;
use chrono::{DateTime, TimeDelta, Utc};
use health::failover_sessions::{is_recent, judge_session};
use health::groups::judge_group;
use health::severity::Severity;
use health::slicers::judge_slicers;
use health::verdict::Verdict;
use health::words;
use leptos::prelude::*;

/// One thing that needs attention.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// How bad.
    pub severity: Severity,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// What to do.
    pub advice: String,
    /// Since when, by the vendor's clock.
    pub since: Option<DateTime<Utc>>,
    /// The vendor's time now, for the age.
    pub now: DateTime<Utc>,
    /// Where to see it.
    pub to: Route,
    /// The list that it belongs to.
    pub section: Route,
}

/// The number of an entry in the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    /// How many things need attention.
    pub number: usize,
    /// The worst of them.
    pub worst: Severity,
}

/// The numbers in the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// AVEVA groups.
    pub groups: Attention,
    /// Uplynk groups.
    pub slicers: Attention,
    /// Veeam sessions.
    pub sessions: Attention,
}

#[derive(Clone, Copy)]
struct Alarms(Memo<Vec<Alarm>>);

/// Begins to gather.
pub fn provide() {
    let (sources, clock) = (use_sources(), use_clock());
    provide_context(Alarms(Memo::new(move |_| gather(&sources, clock))));
}

/// Everything that needs attention, worst first.
#[must_use]
pub fn alarms() -> Memo<Vec<Alarm>> {
    expect_context::<Alarms>().0
}

/// The numbers in the rail.
#[must_use]
pub fn counts() -> Memo<Counts> {
    let alarms = alarms();
    Memo::new(move |_| {
        let alarms = alarms.read();
        let count = |section: &Route| {
            let mut of = alarms
                .iter()
                .filter(|alarm| alarm.section == *section)
                .peekable();
            let worst = of.peek().map_or(Severity::Normal, |alarm| alarm.severity);
            Attention {
                number: of.count(),
                worst,
            }
        };
        Counts {
            groups: count(&Route::Groups),
            slicers: count(&Route::Slicers),
            sessions: count(&Route::FailoverSessions),
        }
    })
}

fn gather(sources: &Sources, clock: Clock) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = sources
        .iter()
        .flat_map(|source| of_source(source, clock))
        .collect();
    // Worst first; the newest first within a severity.
    alarms.sort_by(|a, b| a.severity.cmp(&b.severity).then(b.since.cmp(&a.since)));
    alarms
}

fn of_source(source: &Source, clock: Clock) -> Vec<Alarm> {
    if source.feed.asked().is_none() && source.feed.failure().is_none() {
        return Vec::new();
    }
    if !source.feed.freshness(clock).is_believable() {
        return vec![silent(source, clock)];
    }
    let connection = &source.connection;
    let (section, judged): (Route, Vec<(Verdict, Route)>) = match source.feed {
        Feed::Aveva(live) => {
            let now = live.vendor_time(clock);
            let groups = live.value().unwrap_or_default();
            let judged = groups.iter().map(|group| {
                let verdict = group.verdict(now);
                let id = group.configuration.id.clone().unwrap_or_default();
                (
                    verdict,
                    Route::Group {
                        connection: connection.id.clone(),
                        group: id,
                    },
                )
            });
            (Route::Groups, judged.collect())
        }
        Feed::Uplynk(live) => {
            let now = live.vendor_time(clock);
            let groups = live.value().unwrap_or_default();
            let judged = groups.iter().map(|group| {
                let to = Route::SlicerGroup {
                    connection: connection.id.clone(),
                    group: group.id.clone(),
                };
                (judge_slicers(group, now), to)
            });
            (Route::Slicers, judged.collect())
        }
        Feed::Veeam(live) => {
            let now = live.vendor_time(clock);
            let page = live.value().unwrap_or_default();
            let judged = page
                .sessions
                .iter()
                .filter(|session| is_recent(session, now))
                .map(|session| {
                    let uid = session.uid.clone().unwrap_or_default();
                    (
                        judge_session(session, now),
                        Route::FailoverSession {
                            connection: connection.id.clone(),
                            uid,
                        },
                    )
                });
            (Route::FailoverSessions, judged.collect())
        }
    };
    let now = source.feed.vendor_time(clock);
    let bad = |severity| {
        matches!(
            severity,
            Severity::Critical | Severity::Warning | Severity::Unknown
        )
    };
    judged
        .into_iter()
        .filter(|(verdict, _)| bad(verdict.severity))
        .map(|(verdict, to)| Alarm {
            severity: verdict.severity,
            sentence: verdict.sentence,
            advice: verdict.advice.unwrap_or_default(),
            since: verdict.since,
            now,
            to,
            section: section.clone(),
        })
        .collect()
}

/// A connection that has not answered for too long is one alarm, not one for each thing it holds.
fn silent(source: &Source, clock: Clock) -> Alarm {
    let title = &source.connection.title;
    let now = clock.at(0.0);
    let (held, things) = source.feed.held();
    let sentence = match source.feed.age(clock) {
        Some(age) => format!(
            "{title} has not answered for {}. The last known state of its {held} {things} is kept and not counted as healthy.",
            words::span(age)
        ),
        None => format!("{title} has not answered yet. Nothing is known of its {things}."),
    };
    let advice = source
        .feed
        .failure()
        .map(|failure| failure.line())
        .unwrap_or_default();
    Alarm {
        severity: Severity::Unknown,
        sentence,
        advice,
        since: source.feed.age(clock).map(|age: TimeDelta| now - age),
        now,
        to: Route::Connections,
        section: Route::Connections,
    }
}

impl crate::live::Group {
    /// What `health` says of the group; unknown when its status could not be read.
    #[must_use]
    pub fn verdict(&self, now: DateTime<Utc>) -> Verdict {
        match &self.detail {
            Ok(detail) => judge_group(
                &self.configuration,
                Some(&detail.status),
                &detail.sessions,
                now,
            ),
            Err(failure) => Verdict {
                severity: Severity::Unknown,
                word: "Unknown",
                sentence: format!("{}: its status could not be read.", self.name()),
                advice: Some(failure.line()),
                since: None,
            },
        }
    }

    /// The group's name; its id when it has none, as groups that adapters made.
    #[must_use]
    pub fn name(&self) -> String {
        let named = self
            .configuration
            .name
            .clone()
            .filter(|name| !name.trim().is_empty());
        named
            .or_else(|| self.configuration.id.clone())
            .unwrap_or_else(|| "(no id)".to_owned())
    }
}
