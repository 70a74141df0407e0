//! What the connections hold, as tiles. The verdicts come from `health`, alarms over time from `alarms`;
//! here they are only combined.

use super::model::{Millis, Tile, worst_first};
use super::params::{Kind, Params};
use crate::live::{Clock, Feed, Source, Sources};
use crate::pages::alarms::{Alarm, alarms, verdicts};
use crate::pages::{failover_sessions, slicers};
use crate::route::Route;
use chrono::{DateTime, Utc};
use health::failover_sessions::is_recent;
use health::freshness::Freshness;
use health::severity::Severity;
use health::verdict::Verdict;
use leptos::prelude::*;
use std::collections::HashMap;

/// The connections that the address asks for.
pub fn shown<'a>(sources: &'a Sources, params: &'a Params) -> impl Iterator<Item = &'a Source> {
    let shows = |source: &&Source| {
        params.shows_connection(&source.connection.id) && params.shows_kind(kind(source.feed))
    };
    sources.iter().filter(shows)
}

/// Every tile, worst first.
#[must_use]
pub fn tiles(sources: &Sources, params: &Params, clock: Clock) -> Vec<Tile> {
    let alarms = alarms();
    let alarms = alarms.read();
    let by_place: HashMap<String, &Alarm> = alarms
        .iter()
        .map(|alarm| (alarm.to.href(), alarm))
        .collect();
    let mut tiles = Vec::new();
    for source in shown(sources, params) {
        let of = SourceReader::new(source, clock);
        tiles.extend(of.silence());
        of.resources(&by_place, &mut tiles);
    }
    tiles.sort_by(worst_first);
    tiles
}

fn kind(feed: Feed) -> Kind {
    match feed {
        Feed::Aveva(..) => Kind::Groups,
        Feed::Uplynk(_) => Kind::Slicers,
        Feed::Veeam(_) => Kind::Sessions,
    }
}

/// One connection at one moment.
struct SourceReader<'a> {
    source: &'a Source,
    clock: Clock,
    fresh: Freshness,
    read: Option<Millis>,
    /// What the vendor's clock is ahead of the browser's, in milliseconds.
    ahead: Millis,
    now: DateTime<Utc>,
}

/// The reading of a resource, before its freshness is considered.
struct Reading<'a> {
    name: String,
    to: Route,
    verdict: &'a Verdict,
    read: Option<Millis>,
    fresh: Freshness,
    is_told: bool,
}

impl<'a> SourceReader<'a> {
    fn new(source: &'a Source, clock: Clock) -> Self {
        let status = source.feed.status();
        let now = status.vendor_time(clock);
        Self {
            source,
            clock,
            fresh: status.freshness(clock),
            read: status.requested_at().map(millis),
            ahead: millis(now) - millis(clock.at(0.0)),
            now,
        }
    }

    /// The connection itself, where it is silent.
    fn silence(&self) -> Option<Tile> {
        let status = self.source.feed.status();
        let failure = status.failure();
        if self.fresh.is_believable() || (self.read.is_none() && failure.is_none()) {
            return None;
        }
        let (held, things) = self.source.feed.held();
        let known = match self.read {
            Some(_) => format!("Its {held} {things} are as they were last seen."),
            None => format!("Nothing is known of its {things}."),
        };
        let why = failure.map(|failure| format!(" {}", failure.line()));
        Some(Tile {
            key: self.source.connection.id.clone(),
            source: self.source.connection.id.clone(),
            name: self.source.connection.title.clone(),
            severity: match self.fresh {
                Freshness::NoData => Severity::Critical,
                _ => Severity::Unknown,
            },
            was: Severity::Critical,
            rank: Verdict::FIRST,
            word: String::new(),
            sentence: format!("{known}{}", why.unwrap_or_default()),
            since: self.read,
            read: self.read,
            fresh: self.fresh,
            is_source: true,
            is_told: true,
        })
    }

    fn resources(&self, alarms: &HashMap<String, &Alarm>, tiles: &mut Vec<Tile>) {
        let connection = &self.source.connection.id;
        let verdicts = verdicts(connection);
        let verdicts = verdicts.read();
        let status = self.source.feed.status();
        match self.source.feed {
            Feed::Aveva(live, _) => {
                let groups = live.value().unwrap_or_default();
                for (group, verdict) in groups.iter().zip(verdicts.iter()) {
                    let own = group.freshness(status, self.clock);
                    let is_stale = self.fresh.is_believable()
                        && group.detail.is_some()
                        && !own.is_believable();
                    let last = is_stale.then(|| group.last_verdict(group.look(status, self.clock)));
                    let reading = Reading {
                        name: group.name(),
                        to: Route::Group {
                            connection: connection.clone(),
                            group: group.configuration.id.clone().unwrap_or_default(),
                        },
                        verdict: last.as_ref().unwrap_or(verdict),
                        read: group.detail.as_ref().map(|detail| detail.requested_at),
                        fresh: if is_stale { own } else { self.fresh },
                        is_told: group.detail.is_some() || group.failure.is_some(),
                    };
                    tiles.push(self.tile(reading, alarms));
                }
            }
            Feed::Uplynk(live) => {
                let groups = live.value().unwrap_or_default();
                for (group, verdict) in groups.iter().zip(verdicts.iter()) {
                    let to = Route::SlicerGroup {
                        connection: connection.clone(),
                        group: group.id.clone(),
                    };
                    tiles.push(self.tile(self.reading(slicers::name(group), to, verdict), alarms));
                }
            }
            Feed::Veeam(live) => {
                let page = live.value().unwrap_or_default();
                let sessions = page.sessions.iter().zip(verdicts.iter());
                for (session, verdict) in sessions.filter(|(s, _)| is_recent(s, self.now)) {
                    let to = Route::FailoverSession {
                        connection: connection.clone(),
                        uid: session.uid.clone().unwrap_or_default(),
                    };
                    let name = failover_sessions::name(session);
                    tiles.push(self.tile(self.reading(name, to, verdict), alarms));
                }
            }
        }
    }

    /// Of a thing that was read together with all others.
    fn reading<'v>(&self, name: String, to: Route, verdict: &'v Verdict) -> Reading<'v> {
        Reading {
            name,
            to,
            verdict,
            read: self.read,
            fresh: self.fresh,
            is_told: true,
        }
    }

    fn tile(&self, reading: Reading<'_>, alarms: &HashMap<String, &Alarm>) -> Tile {
        let verdict = reading.verdict;
        let alarm = alarms.get(&reading.to.href()).map(|alarm| &alarm.entry);
        let believed = reading.fresh.is_believable();
        let alarm = alarm.filter(|_| believed);
        let was = alarm.map_or(verdict.severity, |alarm| alarm.severity);
        // What is well at this moment and has an alarm all the same comes and goes.
        let quiet = matches!(verdict.severity, Severity::Normal | Severity::Off);
        let word = if alarm.is_some() && quiet {
            "Flapping"
        } else {
            verdict.word
        };
        let since = alarm.map(|alarm| alarm.since.at()).or(verdict.since);
        let sentence = alarm.map_or(&verdict.sentence, |alarm| &alarm.sentence);
        let connection = &self.source.connection.id;
        Tile {
            key: format!("{connection}/{}", reading.to.href()),
            source: connection.clone(),
            name: reading.name,
            severity: if believed { was } else { Severity::Unknown },
            was,
            rank: alarm.map_or(verdict.rank, |alarm| alarm.rank),
            word: word.to_owned(),
            sentence: sentence.clone(),
            since: since.map(|since| millis(since) - self.ahead),
            read: reading.read,
            fresh: reading.fresh,
            is_source: false,
            is_told: reading.is_told,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are exact in an f64"
)]
fn millis(at: DateTime<Utc>) -> Millis {
    at.timestamp_millis() as Millis
}
