//! The verdict on each state of a group. The module `judge` decides which state applies.

use super::heartbeat::HeartbeatTiming;
use super::observation::Observation;
use super::successor::{next_primary, no_successor, overdue};
use super::{group_name, is_pinned, role_held, score, score_words, session_name};
use crate::severity::Severity::{Critical, Moving, Normal, Unknown, Warning};
use crate::verdict::Verdict;
use crate::words::{ago, span};
use chrono::{DateTime, TimeDelta, Utc};
use vendors::aveva::{ClientSession, GroupConfiguration};

pub(super) struct Verdicts<'a> {
    group: &'a GroupConfiguration,
    sessions: &'a [ClientSession],
    observation: Observation,
    now: DateTime<Utc>,
    name: &'a str,
}

impl<'a> Verdicts<'a> {
    pub(super) fn new(
        group: &'a GroupConfiguration,
        sessions: &'a [ClientSession],
        observation: Observation,
    ) -> Self {
        let name = group_name(group);
        Self {
            group,
            sessions,
            observation,
            now: observation.now,
            name,
        }
    }

    /// The time of a session's last heartbeat.
    fn last_heartbeat(&self, timing: &HeartbeatTiming) -> Option<DateTime<Utc>> {
        timing.age.and_then(|age| self.now.checked_sub_signed(age))
    }

    fn next_primary(&self, but: Option<&ClientSession>) -> Option<&'a ClientSession> {
        next_primary(self.group, self.sessions, but, self.observation)
    }

    /// The reason why no other session can be elected, in words.
    fn no_successor(&self, but: Option<&ClientSession>) -> &'static str {
        no_successor(self.group, self.sessions, but, self.observation)
    }

    /// The session that takes over, or the reason why there is none, in one sentence.
    fn next(&self, but: Option<&ClientSession>) -> String {
        let Some(next_primary) = self.next_primary(but) else {
            return format!(
                "{}: check the adapters and their network.",
                self.no_successor(but)
            );
        };
        let score = score(next_primary).map(score_words);
        let score = score.map(|score| format!(" with score {score}"));
        let (id, score) = (session_name(next_primary), score.unwrap_or_default());
        format!("{id} is live{score} and takes over at its next heartbeat.")
    }

    /// The session that takes over from a silent primary, or the recommended action if it has missed its takeover.
    fn next_after(&self, primary: &ClientSession) -> String {
        let Some(overdue) = overdue(self.group, self.sessions, primary, self.observation) else {
            return self.next(Some(primary));
        };
        let of = session_name(primary);
        let check = match primary.role_override {
            None => format!(
                "check in the service for a role override of {of}, because not every version of its API shows one"
            ),
            Some(_) => "check the group in the service".to_owned(),
        };
        format!("{overdue}: {check}.")
    }

    pub(super) fn no_sessions(&self) -> Verdict {
        let sentence = format!("{} has no sessions: no adapter has registered.", self.name);
        Verdict::new(Unknown, "No sessions", sentence)
            .advise("Start an adapter of this group, or delete the group if it is not used.")
    }

    pub(super) fn no_primary(&self) -> Verdict {
        let sentence = format!("{} has no primary: no data is being collected.", self.name);
        Verdict::new(Critical, "No primary", sentence).advise(self.next(None))
    }

    pub(super) fn primary_missing(&self, missing: &str) -> Verdict {
        let name = self.name;
        let sentence = format!("{name}: its primary is {missing}, and no such session is listed.");
        Verdict::new(Warning, "Primary missing", sentence)
            .advise("It may have just joined or left: if this persists, check its adapter.")
    }

    pub(super) fn role_unknown(&self, session: &ClientSession) -> Verdict {
        let (name, id, role) = (self.name, session_name(session), role_held(session));
        let sentence = format!("{name}: no session is primary, and {id} {role}.");
        Verdict::new(Unknown, "Unknown", sentence).advise(
            "This console does not know this role: check in the service which session is primary.",
        )
    }

    pub(super) fn several_primaries(&self, primaries: &[&ClientSession]) -> Verdict {
        let (name, number) = (self.name, primaries.len());
        let ids: Vec<&str> = primaries.iter().map(|s| session_name(s)).collect();
        let ids = ids.join(", ");
        let sentence = format!("{name} has {number} primaries: {ids}. Data may arrive twice.");
        Verdict::new(Critical, "Two primaries", sentence)
            .advise("Check the network between the adapters and the service, and stop all but one.")
    }

    /// The most severe verdict: the session stays Primary although it is silent, so no data flows. If `primary` still
    /// collects, the override is not in effect yet.
    pub(super) fn pinned_silent(
        &self,
        pinned: &ClientSession,
        timing: &HeartbeatTiming,
        primary: Option<&ClientSession>,
    ) -> Verdict {
        let (name, id) = (self.name, session_name(pinned));
        let silent = match timing.age {
            Some(_) => "has gone silent",
            None => "has never posted a heartbeat",
        };
        let end = pinned
            .role_override_expiration_time
            .map(|end| span(end.signed_duration_since(self.now)));
        let end = end.map(|end| format!(", which expires in {end}"));
        let end = end.unwrap_or_default();
        let verdict = match primary.map(session_name) {
            Some(primary) => {
                let sentence = format!(
                    "{name}: an override pins {id}, which {silent}, while {primary} is primary."
                );
                let advice = format!(
                    "Clear the override{end}: while it is active, no other session can take over from {primary}."
                );
                Verdict::new(Warning, "Override silent", sentence).advise(advice)
            }
            None => {
                let sentence = format!(
                    "{name} has no working primary: an override pins {id}, and it {silent}."
                );
                Verdict::new(Critical, "Override silent", sentence)
                    .rank(Verdict::FIRST)
                    .advise(format!(
                        "Clear the override{end}. {}",
                        self.next(Some(pinned))
                    ))
            }
        };
        verdict.since(self.last_heartbeat(timing))
    }

    pub(super) fn primary_silent(
        &self,
        primary: &ClientSession,
        timing: &HeartbeatTiming,
    ) -> Verdict {
        let (name, id) = (self.name, session_name(primary));
        let sentence = match timing.age {
            Some(age) => format!(
                "{name}: its primary {id} has been silent for {}.",
                span(age)
            ),
            None => format!("{name}: its primary {id} has never posted a heartbeat."),
        };
        Verdict::new(Critical, "Primary silent", sentence)
            .advise(self.next_after(primary))
            .since(self.last_heartbeat(timing))
    }

    /// After a missed heartbeat, the takeover is due at the time of the next heartbeat.
    pub(super) fn primary_late(
        &self,
        primary: &ClientSession,
        timing: &HeartbeatTiming,
    ) -> Verdict {
        let (name, id) = (self.name, session_name(primary));
        let due = timing
            .next_due
            .and_then(|due| self.now.checked_add_signed(due));
        let late = |sentence: String, advice: String| {
            Verdict::new(Warning, "Heartbeat late", sentence)
                .advise(advice)
                .since(due)
        };
        if is_pinned(primary, self.now) {
            return late(
                format!("{name}: {id} has missed a heartbeat, and an override pins it as primary."),
                format!(
                    "Check the adapter of {id} now: no session can take over while the override is active."
                ),
            );
        }
        let advice = match self.next_primary(Some(primary)).map(session_name) {
            Some(next) => format!(
                "No action is needed if {next} may take over. Otherwise check the adapter of {id} now."
            ),
            None => {
                let reason = self.no_successor(Some(primary));
                format!("{reason}: check the adapter of {id} now.")
            }
        };
        let left = timing.takeover.unwrap_or_default();
        let sentence = if left > TimeDelta::zero() {
            let left = span(left);
            format!("{name} loses its primary in {left} unless {id} reports again.")
        } else {
            let due = ago(-left);
            format!(
                "{name}: the takeover of {id} was due {due}, and its outcome has not been read yet."
            )
        };
        late(sentence, advice)
    }

    pub(super) fn clock_ahead(&self, session: &ClientSession, timing: &HeartbeatTiming) -> Verdict {
        let (name, id) = (self.name, session_name(session));
        let skew = timing.skew.map(span).unwrap_or_default();
        let sentence = format!(
            "{name}: the clock of {id} is {skew} ahead, so a failure would be detected late."
        );
        Verdict::new(Warning, "Clock ahead", sentence)
            .advise(format!("Set the clock of the host of {id}."))
    }

    /// Adds to the advice of a verdict that the primary's clock is ahead, if it is.
    pub(super) fn with_clock(
        &self,
        verdict: Verdict,
        primary: &ClientSession,
        timing: &HeartbeatTiming,
    ) -> Verdict {
        let Some(skew) = timing.skew.map(span) else {
            return verdict;
        };
        let (id, advice) = (
            session_name(primary),
            verdict.advice.clone().unwrap_or_default(),
        );
        verdict.advise(format!(
            "{advice} Also set the clock of the host of {id}, which is {skew} ahead."
        ))
    }

    pub(super) fn handing_over(
        &self,
        pending: &ClientSession,
        timing: &HeartbeatTiming,
    ) -> Verdict {
        let (name, id) = (self.name, session_name(pending));
        let last_heartbeat = timing.age.map(ago).unwrap_or_default();
        let sentence = format!("{name} is handing over to {id}, last heartbeat {last_heartbeat}.");
        Verdict::new(Moving, "Handing over", sentence)
            .advise("It becomes primary with its next heartbeat.")
            .since(self.last_heartbeat(timing))
    }

    /// `silent` is the heartbeat of the old primary if the handover is overdue since that. The API does not report the
    /// time of the election, so the pending session's heartbeats are not the beginning while they continue.
    pub(super) fn handover_stuck(
        &self,
        pending: &ClientSession,
        timing: &HeartbeatTiming,
        silent: Option<&HeartbeatTiming>,
        collects: bool,
    ) -> Verdict {
        let (name, id) = (self.name, session_name(pending));
        let sentence = format!(
            "{name}: {id} was chosen as primary and has not confirmed within the failover timeout."
        );
        let (severity, meanwhile) = if collects {
            (Warning, "the old primary still reports")
        } else {
            (Critical, "no data is being collected until it confirms")
        };
        let last = self.last_heartbeat(timing).filter(|_| !timing.is_live());
        let due = silent.and_then(|silent| self.now.checked_add_signed(silent.takeover?));
        Verdict::new(severity, "Handover stuck", sentence)
            .advise(format!("Check the adapter of {id}: {meanwhile}."))
            .since(last.into_iter().chain(due).min())
    }

    pub(super) fn no_standby(&self, primary: &ClientSession, alone: bool) -> Verdict {
        let (name, id) = (self.name, session_name(primary));
        let sentence =
            format!("{name} has no live standby: if {id} fails, no session can take over.");
        Verdict::new(Warning, "No standby", sentence).advise(if alone {
            "It is the only session of the group: start a second adapter."
        } else {
            "Check the adapters of the other sessions."
        })
    }

    /// The only other live session has a role that is not in the contract: whether it takes over is not known.
    pub(super) fn no_known_standby(&self, session: &ClientSession) -> Verdict {
        let (name, id, role) = (self.name, session_name(session), role_held(session));
        let sentence = format!("{name} has no known standby: {id} {role}.");
        Verdict::new(Warning, "No standby", sentence).advise(
            "This console does not know this role: check in the service whether the session can take over.",
        )
    }

    pub(super) fn normal(&self, primary: &ClientSession, standbys: usize) -> Verdict {
        let (name, id) = (self.name, session_name(primary));
        let standbys = match standbys {
            1 => "1 standby".to_owned(),
            many => format!("{many} standbys"),
        };
        let pinned = if is_pinned(primary, self.now) {
            ", pinned by an override"
        } else {
            ""
        };
        let sentence = format!("{name}: {id} is primary{pinned}, {standbys}.");
        Verdict::new(Normal, "Normal", sentence)
    }
}
