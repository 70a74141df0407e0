//! The verdicts of `health` on every resource, computed once a tick for everything that shows them: the
//! rail, the overview and the lists.

use crate::live::{Clock, Feed, Group, Source, Status, use_clock, use_sources};
use chrono::TimeDelta;
use health::failover_sessions::judge_session;
use health::groups::{Look, judge_group};
use health::severity::Severity;
use health::slicers::judge_slicers;
use health::verdict::Verdict;
use health::words;
use leptos::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// The verdicts of one connection, in the order of what it holds.
pub type Verdicts = Memo<Arc<Vec<Verdict>>>;

/// The verdicts of every connection, by its id.
#[derive(Clone)]
struct Judged(Arc<HashMap<String, Verdicts>>);

/// Begins to judge.
pub(super) fn provide() {
    let (clock, sources) = (use_clock(), use_sources());
    let judged = sources.iter().cloned().map(|source| {
        let id = source.connection.id.clone();
        let verdicts = Memo::new(move |_| Arc::new(of_source(&source, clock)));
        (id, verdicts)
    });
    provide_context(Judged(Arc::new(judged.collect())));
}

/// The verdicts of a connection, in the order of what it holds; none for one that is not there.
#[must_use]
pub fn verdicts(connection: &str) -> Verdicts {
    let judged = expect_context::<Judged>();
    let known = judged.0.get(connection).copied();
    known.unwrap_or_else(|| Memo::new(|_| Arc::default()))
}

fn of_source(source: &Source, clock: Clock) -> Vec<Verdict> {
    let status = source.feed.status();
    let now = status.vendor_time(clock);
    match source.feed {
        Feed::Aveva(live, _) => {
            let groups = live.value().unwrap_or_default();
            let judge = |group: &Group| group.verdict(status, clock);
            groups.iter().map(judge).collect()
        }
        Feed::Uplynk(live) => {
            let groups = live.value().unwrap_or_default();
            groups.iter().map(|g| judge_slicers(g, now)).collect()
        }
        Feed::Veeam(live) => {
            let page = live.value().unwrap_or_default();
            let sessions = page.sessions.iter();
            sessions.map(|s| judge_session(s, now)).collect()
        }
    }
}

impl Group {
    /// What `health` says of the group; unknown when it has not been read for too long.
    #[must_use]
    pub fn verdict(&self, status: Status, clock: Clock) -> Verdict {
        let judged = self.last_verdict(self.look(status, clock));
        // With a connection that has fallen silent as a whole, what each of its groups was is kept.
        if self.freshness(status, clock).is_believable() || !status.freshness(clock).is_believable()
        {
            return judged;
        }
        let Some(age) = self.age(clock) else {
            return judged;
        };
        let (name, age, was) = (self.name(), words::span(age), judged.word);
        let sentence = format!("{name} could not be read for {age}. It was: {was}.");
        Verdict::new(Severity::Unknown, "Unknown", sentence).advise(self.why())
    }

    /// What `health` says of the group as it was last read.
    #[must_use]
    pub fn last_verdict(&self, look: Look) -> Verdict {
        let configuration = &self.configuration;
        match &self.detail {
            Some(detail) => {
                judge_group(configuration, Some(&detail.status), &detail.sessions, look)
            }
            None if self.failure.is_none() => {
                let sentence = format!("{}: its sessions have not been read yet.", self.name());
                Verdict::new(Severity::Unknown, "Not read yet", sentence).advise(self.why())
            }
            None => {
                let sentence = format!("{}: its status could not be read.", self.name());
                Verdict::new(Severity::Unknown, "Unknown", sentence).advise(self.why())
            }
        }
    }

    /// Now, and when its sessions were read, by the vendor's clock.
    #[must_use]
    pub fn look(&self, status: Status, clock: Clock) -> Look {
        let now = status.vendor_time(clock);
        let detail = self.detail.as_ref();
        let read = detail.map_or(now, |detail| status.vendor_time_of(detail.requested_at));
        Look { now, read }
    }

    /// How old what is known of its sessions is.
    #[must_use]
    pub fn age(&self, clock: Clock) -> Option<TimeDelta> {
        let detail = self.detail.as_ref()?;
        Some(crate::live::clock::span(
            clock.millis() - detail.requested_at,
        ))
    }

    fn why(&self) -> String {
        let failure = self.failure.as_ref().map(|failure| failure.line());
        failure.unwrap_or_else(|| "Retrying automatically.".to_owned())
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
