//! Everything that needs attention, worst first: for the overview and for the numbers in the rail.
//! The judgement is `health`'s; here it is gathered over the connections.

pub mod failovers;
pub mod judged;

pub use failovers::Failovers;
pub use judged::{Verdicts, verdicts};

use crate::live::{Clock, Feed, Source, Sources, clock, use_clock, use_sources};
use crate::route::Route;
use chrono::{DateTime, TimeDelta, Utc};
use health::failover_sessions::is_recent;
use health::freshness::Freshness;
use health::ledger::{self, Ledger, Sighting, Since};
use health::severity::Severity;
use health::verdict::Verdict;
use health::words;
use leptos::prelude::*;
use std::collections::HashSet;
use vendors::uplynk::OnAir;

/// One resource that needs attention.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// What is wrong with it, since when, and what to do.
    pub entry: ledger::Alarm,
    /// The vendor's time now, for the age.
    pub now: DateTime<Utc>,
    /// Where to see it.
    pub to: Route,
    /// The list that it belongs to.
    pub section: Route,
}

/// The number of an entry in the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmCount {
    /// How many things need attention.
    pub number: usize,
    /// The worst of them.
    pub worst: Severity,
}

/// The numbers in the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// AVEVA groups.
    pub groups: AlarmCount,
    /// Uplynk groups.
    pub slicers: AlarmCount,
    /// Veeam sessions.
    pub sessions: AlarmCount,
    /// Connections that are not heard.
    pub connections: AlarmCount,
}

#[derive(Clone, Copy)]
struct Alarms(Memo<Vec<Alarm>>);

/// Begins to judge and to gather.
pub fn provide() {
    judged::provide();
    let (sources, clock) = (use_sources(), use_clock());
    let ledger = StoredValue::new(Ledger::default());
    provide_context(Alarms(Memo::new(move |_| gather(&sources, clock, ledger))));
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
            let worst = of
                .peek()
                .map_or(Severity::Normal, |alarm| alarm.entry.severity);
            AlarmCount {
                number: of.count(),
                worst,
            }
        };
        Counts {
            groups: count(&Route::Groups),
            slicers: count(&Route::Slicers),
            sessions: count(&Route::FailoverSessions),
            connections: count(&Route::Connections),
        }
    })
}

fn gather(sources: &Sources, clock: Clock, ledger: StoredValue<Ledger>) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = sources
        .iter()
        .flat_map(|source| of_source(source, clock, ledger))
        .collect();
    // Worst first; then what is so now before what has ended, and the newest first.
    alarms.sort_by(|a, b| {
        let rank = |alarm: &Alarm| (alarm.entry.severity, alarm.entry.rank);
        let by = rank(a).cmp(&rank(b));
        by.then_with(|| b.entry.since.at().cmp(&a.entry.since.at()))
    });
    alarms
}

/// One thing that a connection holds.
struct Resource {
    /// What it is known by among all things.
    key: String,
    name: String,
    /// Who is primary or on air, where that is known.
    leader: Option<String>,
    /// When it was read, by the browser's clock; `None` if it never was.
    read: Option<DateTime<Utc>>,
    to: Route,
}

fn of_source(source: &Source, clock: Clock, ledger: StoredValue<Ledger>) -> Vec<Alarm> {
    let status = source.feed.status();
    if !status.has_answered() && status.failure().is_none() {
        return Vec::new();
    }
    if !status.freshness(clock).is_believable() {
        return vec![silent(source, clock)];
    }
    let now = status.vendor_time(clock);
    let (section, leads, resources) = resources(source, now);
    let verdicts = verdicts(&source.connection.id);
    let verdicts = verdicts.read();
    let mut alarms = Vec::new();
    let known = |ledger: &mut Ledger| {
        let kept = resources
            .iter()
            .flatten()
            .map(|resource| resource.key.clone());
        let kept: HashSet<String> = kept.collect();
        ledger.forget_others(&format!("{}/", source.connection.id), &kept);
        for (resource, verdict) in resources.iter().zip(verdicts.iter()) {
            let Some(resource) = resource else { continue };
            if let Some(at) = resource.read {
                ledger.observe(&Sighting {
                    thing: &resource.key,
                    verdict,
                    leader: resource.leader.as_deref(),
                    at,
                });
            }
            let alarm = ledger.alarm(&resource.key, &resource.name, leads, verdict);
            alarms.extend(alarm.map(|entry| Alarm {
                entry: by_vendor(entry, now - clock.at(0.0)),
                now,
                to: resource.to.clone(),
                section: section.clone(),
            }));
        }
    };
    let _ = ledger.try_update_value(known);
    alarms
}

/// What a connection holds, in its order, with the list that it belongs to and what its leaders are
/// called; `None` for what is history.
fn resources(source: &Source, now: DateTime<Utc>) -> (Route, &'static str, Vec<Option<Resource>>) {
    let connection = &source.connection.id;
    let key = |id: &str| format!("{connection}/{id}");
    let requested_at = source.feed.status().requested_at();
    match source.feed {
        Feed::Aveva(live, _) => {
            let groups = live.value().unwrap_or_default();
            let resources = groups.iter().map(|group| {
                let id = group.configuration.id.clone().unwrap_or_default();
                let detail = group.detail.as_deref();
                // What a first sweep has not come to yet is no news.
                (detail.is_some() || group.failure.is_some()).then(|| Resource {
                    key: key(&id),
                    name: group.name(),
                    leader: detail.and_then(|detail| detail.status.primary.clone()),
                    read: detail.map_or(requested_at, |detail| {
                        Some(clock::time(detail.requested_at))
                    }),
                    to: Route::Group {
                        connection: connection.clone(),
                        group: id,
                    },
                })
            });
            (Route::Groups, "primary", resources.collect())
        }
        Feed::Uplynk(live) => {
            let groups = live.value().unwrap_or_default();
            let resources = groups.iter().map(|group| {
                Some(Resource {
                    key: key(&group.id),
                    name: super::slicers::name(group),
                    leader: match &group.active {
                        Some(OnAir::Slicer(id)) => Some(id.clone()),
                        Some(OnAir::Slate) => Some("slate".to_owned()),
                        None => None,
                    },
                    read: requested_at,
                    to: Route::SlicerGroup {
                        connection: connection.clone(),
                        group: group.id.clone(),
                    },
                })
            });
            (Route::Slicers, "slicer on air", resources.collect())
        }
        Feed::Veeam(live) => {
            let page = live.value().unwrap_or_default();
            let resources = page.sessions.iter().map(|session| {
                let uid = session.uid.clone().unwrap_or_default();
                is_recent(session, now).then(|| Resource {
                    key: key(&uid),
                    name: super::failover_sessions::name(session),
                    leader: None,
                    read: requested_at,
                    to: Route::FailoverSession {
                        connection: connection.clone(),
                        uid,
                    },
                })
            });
            (Route::FailoverSessions, "", resources.collect())
        }
    }
}

/// What this console saw, it saw by the browser's clock.
fn by_vendor(mut entry: ledger::Alarm, offset: TimeDelta) -> ledger::Alarm {
    if let Since::Seen(at) = entry.since {
        entry.since = Since::Seen(at + offset);
    }
    entry
}

/// A connection that has not answered for too long is one alarm, not one for each thing it holds. It
/// grows louder with time: once its last answer is no data any more, nobody knows anything.
fn silent(source: &Source, clock: Clock) -> Alarm {
    let title = &source.connection.title;
    let now = clock.at(0.0);
    let status = source.feed.status();
    let (held, resources) = source.feed.held();
    let age = status.age(clock);
    let sentence = match age {
        Some(age) => format!(
            "{title} has not answered for {}. The last known state of its {held} {resources} is kept and not counted as healthy.",
            words::span(age)
        ),
        None => format!("{title} has not answered yet. Nothing is known of its {resources}."),
    };
    let failure = status.failure().map(|failure| failure.line());
    let paused = || "It is not asked while refresh is paused.".to_owned();
    let severity = match status.freshness(clock) {
        Freshness::NoData => Severity::Critical,
        _ => Severity::Unknown,
    };
    Alarm {
        entry: ledger::Alarm {
            severity,
            rank: Verdict::FIRST,
            sentence,
            advice: failure.unwrap_or_else(paused),
            since: Since::Told(age.map_or(now, |age| now - age)),
        },
        now,
        to: Route::Connections,
        section: Route::Connections,
    }
}
