//! A handover: the previous primary, the next one, the start, and what is awaited. The service reports which session
//! was chosen but not when, so the page uses what it has observed.

use crate::prefs::Zone;
use crate::ui::times;
use chrono::{DateTime, TimeDelta, Utc};
use health::groups::HeartbeatTiming;
use health::words;
use leptos::prelude::*;
use vendors::aveva::ClientSession;

/// The primary and the pending primary of a group, as this page has observed them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Leaders {
    /// The last observed primary.
    pub primary: Option<String>,
    /// The pending primary, and when it was first observed.
    pub pending: Option<(String, DateTime<Utc>)>,
}

impl Leaders {
    /// The leaders after a reading at this time.
    #[must_use]
    pub fn after(
        &self,
        primary: Option<String>,
        pending: Option<String>,
        at: DateTime<Utc>,
    ) -> Self {
        let since = |to: &String| match &self.pending {
            Some((before, since)) if before == to => *since,
            _ => at,
        };
        Self {
            primary: primary.or_else(|| self.primary.clone()),
            pending: pending.map(|to| (to.clone(), since(&to))),
        }
    }
}

/// The texts that describe a handover.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Handover {
    /// The time since it was first observed.
    pub big: String,
    /// Which session takes over, and from which one.
    pub sentence: String,
    /// The labelled facts: from, to, first seen, awaited.
    pub facts: [(&'static str, String); 4],
}

/// The session other than the pending primary that processed data last: the likely previous primary if this page has
/// not observed it.
#[must_use]
pub fn last_to_process<'a>(
    sessions: &'a [ClientSession],
    pending: &ClientSession,
) -> Option<&'a ClientSession> {
    let at = |session: &ClientSession| session.heartbeat.as_ref()?.last_data_processed_time;
    let others = sessions.iter().filter(|session| session.id != pending.id);
    others
        .filter(|session| at(session).is_some())
        .max_by_key(|session| at(session))
}

/// The texts of a handover; `None` without a pending primary. `timing` is that of the pending primary's heartbeat,
/// `last` the session that processed data last.
#[must_use]
pub fn handover(
    leaders: &Leaders,
    timing: &HeartbeatTiming,
    last: Option<String>,
    now: DateTime<Utc>,
    zone: Zone,
) -> Option<Handover> {
    let (to, since) = leaders.pending.as_ref()?;
    let from = leaders.primary.as_ref().filter(|from| *from != to);
    let named = from
        .cloned()
        .or_else(|| last.map(|last| format!("{last}, the last to process data")));
    let lasts = words::span(now - *since);
    let posted = match timing.age {
        Some(age) => format!("Its last was at {}.", times::moment(now - age, now, zone)),
        None => "It has posted none yet.".to_owned(),
    };
    let timeout = timing
        .timeout
        .filter(|timeout| *timeout > TimeDelta::zero());
    let is_stuck = timeout.is_some_and(|timeout| now - *since > timeout);
    let limit = match timeout.map(words::span) {
        Some(timeout) if is_stuck => {
            format!(" A new one was due within {timeout}, the failover timeout.")
        }
        Some(timeout) => format!(" It is a fault after {timeout}, the failover timeout."),
        None => String::new(),
    };
    Some(Handover {
        sentence: match from {
            _ if is_stuck => format!("{to} was chosen as primary and has not confirmed."),
            Some(from) => format!("{to} takes over from {from} with its next heartbeat."),
            None => format!("{to} becomes Primary with its next heartbeat."),
        },
        facts: [
            (
                "From",
                named.unwrap_or_else(|| {
                    "Not known: no other session has processed data.".to_owned()
                }),
            ),
            ("To", to.clone()),
            (
                "First seen",
                format!(
                    "{}, {}",
                    times::moment(*since, now, zone),
                    words::ago(now - *since)
                ),
            ),
            (
                "Awaited",
                format!("One heartbeat of {to}, normally within a second. {posted}{limit}"),
            ),
        ],
        big: lasts,
    })
}

/// The view of a handover.
#[component]
pub fn HandoverView(
    /// The texts.
    #[prop(into)]
    handover: Signal<Handover>,
) -> impl IntoView {
    let facts: Vec<_> = (0..4)
        .map(|at| view! { <div><dt>{move || handover.read().facts[at].0}</dt><dd dir="auto">{move || handover.read().facts[at].1.clone()}</dd></div> })
        .collect();
    view! {
        <div class="count">
            <output aria-live="off">{move || handover.read().big.clone()}</output>
            <h3>{move || handover.read().sentence.clone()}</h3>
            <dl class="facts two handover">{facts}</dl>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::{Handover, Leaders, handover, last_to_process};
    use crate::prefs::Zone;
    use chrono::{DateTime, TimeDelta, Utc};
    use health::groups::{HeartbeatTiming, heartbeat_timing};
    use vendors::aveva::{ClientSession, Heartbeat, TimeSpan};

    const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

    fn at(seconds: i64) -> DateTime<Utc> {
        NOW + TimeDelta::seconds(seconds)
    }

    fn some(name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn timing_of(seconds: Option<i64>) -> HeartbeatTiming {
        let heartbeat = seconds.map(|seconds| Heartbeat {
            heartbeat_time: Some(at(-seconds)),
            ..Heartbeat::default()
        });
        let session = ClientSession {
            heartbeat,
            ..ClientSession::default()
        };
        heartbeat_timing(&session, Some(&TimeSpan::from_seconds(60)), NOW)
    }

    fn words(leaders: &Leaders, seconds: Option<i64>) -> Handover {
        let utc = Zone::Utc;
        handover(leaders, &timing_of(seconds), None, NOW, utc).expect("a handover")
    }

    #[test]
    fn a_handover_names_both_sessions_its_start_and_the_awaited_heartbeat() {
        let before = Leaders::default().after(some("KILN-01"), None, at(-9));
        let leaders = before
            .after(None, some("KILN-02"), at(-4))
            .after(None, some("KILN-02"), NOW);
        let words = words(&leaders, Some(6));
        assert_eq!(words.big, "4 s");
        assert_eq!(
            words.sentence,
            "KILN-02 takes over from KILN-01 with its next heartbeat."
        );
        assert_eq!(words.facts[2].1, "14:32:04, 4 s ago");
        assert_eq!(
            words.facts[3].1,
            "One heartbeat of KILN-02, normally within a second. Its last was at 14:32:02. It is a fault after 1 min, the failover timeout."
        );
    }

    #[test]
    fn a_stuck_handover_is_not_described_as_about_to_end() {
        let leaders = Leaders::default().after(some("a"), some("b"), at(-61));
        let stuck = words(&leaders, Some(70));
        assert_eq!(
            stuck.sentence,
            "b was chosen as primary and has not confirmed."
        );
        assert_eq!(
            stuck.facts[3].1,
            "One heartbeat of b, normally within a second. Its last was at 14:30:58. A new one was due within 1 min, the failover timeout."
        );
        let leaders = Leaders::default().after(some("a"), some("b"), at(-60));
        assert!(
            words(&leaders, Some(70))
                .sentence
                .starts_with("b takes over")
        );
    }

    #[test]
    fn the_session_that_processed_data_last_counts_as_the_previous_primary() {
        let of = |id: &str, seconds: Option<i64>| ClientSession {
            id: some(id),
            heartbeat: Some(Heartbeat {
                last_data_processed_time: seconds.map(|seconds| at(-seconds)),
                ..Heartbeat::default()
            }),
            ..ClientSession::default()
        };
        let sessions = [
            of("a", Some(50)),
            of("b", Some(1)),
            of("c", Some(9)),
            of("d", None),
        ];
        let last = last_to_process(&sessions, &sessions[1]);
        assert_eq!(last.and_then(|session| session.id.clone()), some("c"));
        assert!(last_to_process(&sessions[3..], &sessions[1]).is_none());
        let leaders = Leaders::default().after(None, some("b"), NOW);
        let utc = Zone::Utc;
        let words = handover(&leaders, &timing_of(None), some("c"), NOW, utc).expect("a handover");
        assert_eq!(
            words.facts[0],
            ("From", "c, the last to process data".to_owned())
        );
    }

    #[test]
    fn no_text_is_empty_whatever_is_unknown() {
        for leaders in [
            Leaders::default().after(None, some("b"), NOW),
            Leaders::default().after(some("b"), some("b"), NOW),
            Leaders::default().after(some("a"), some("b"), at(3_600)),
        ] {
            for seconds in [None, Some(0), Some(6_000), Some(-30)] {
                let words = words(&leaders, seconds);
                assert!(!words.big.is_empty() && words.sentence.starts_with("b "));
                assert!(
                    words
                        .facts
                        .iter()
                        .all(|(name, words)| !name.is_empty() && !words.is_empty())
                );
            }
        }
    }

    #[test]
    fn a_new_pending_primary_restarts_the_handover_and_confirmation_ends_it() {
        let first = Leaders::default().after(some("a"), some("b"), at(-9));
        let second = first.after(None, some("c"), at(-5));
        assert_eq!(second.pending, Some(("c".to_owned(), at(-5))));
        assert_eq!(second.primary, some("a"));
        let done = second.after(some("c"), None, NOW);
        assert_eq!((done.primary, done.pending), (some("c"), None));
        assert!(handover(&Leaders::default(), &timing_of(None), None, NOW, Zone::Utc).is_none());
    }
}
