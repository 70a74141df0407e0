//! A session as the user saw it when confirming a change, and how it has changed since.

use crate::api::VendorDate;
use chrono::{DateTime, Utc};
use health::groups::GroupContext;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, TimeSpan};

/// A session as it was shown when the user confirmed a change, with the facts that the dialog showed.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenSession {
    /// The session.
    pub session: ClientSession,
    /// Whether it was live.
    pub is_live: bool,
    /// Whether another live session could have been elected.
    pub has_other: bool,
    /// The group's FailoverTimeout.
    pub timeout: Option<TimeSpan>,
    /// The vendor's time, used for an answer without a date.
    pub now: DateTime<Utc>,
}

impl SeenSession {
    /// A session of a group as it is currently shown.
    #[must_use]
    pub fn of(group: &GroupContext<'_>, session: &ClientSession) -> Self {
        Self {
            session: session.clone(),
            is_live: group.is_live(session),
            has_other: group.has_other(session),
            timeout: group.group.failover_timeout,
            now: group.observation.now,
        }
    }

    /// The same facts for one of these sessions, judged by the vendor's clock when they were read.
    #[must_use]
    pub(super) fn reassess(
        &self,
        sessions: &[ClientSession],
        session: &ClientSession,
        date: Option<VendorDate>,
    ) -> Self {
        let group = GroupConfiguration {
            failover_timeout: self.timeout,
            ..GroupConfiguration::default()
        };
        let group = GroupContext {
            group: &group,
            status: &GroupStatus::default(),
            sessions,
            observation: date.map_or(self.now, |date| date.at).into(),
        };
        Self::of(&group, session)
    }

    /// A sentence if the session has become silent, or live again, since the user saw it.
    #[must_use]
    pub(super) fn liveness_changed(&self, now: &Self) -> Option<String> {
        let id = self.session.id.as_deref().unwrap_or_default();
        match (self.is_live, now.is_live) {
            (true, false) => Some(format!(
                "{id} has gone silent since you started: it has posted no heartbeat for longer than the failover timeout."
            )),
            (false, true) => Some(format!("{id} is live now. It was silent when you started.")),
            _ => None,
        }
    }

    /// As [`Self::liveness_changed`]; also if another session can take over now and could not before, or the reverse.
    #[must_use]
    pub(super) fn takeover_changed(&self, now: &Self) -> Option<String> {
        let id = self.session.id.as_deref().unwrap_or_default();
        let others = || match (self.has_other, now.has_other) {
            (true, false) => Some(format!(
                "No other live session can take over from {id} now. One could when you started."
            )),
            (false, true) => Some(format!(
                "Another live session can take over from {id} now. None could when you started."
            )),
            _ => None,
        };
        self.liveness_changed(now).or_else(others)
    }
}

#[cfg(test)]
mod tests {
    use super::SeenSession;
    use crate::api::VendorDate;
    use chrono::{DateTime, TimeDelta, Utc};
    use vendors::aveva::{ClientSession, Heartbeat, Role, TimeSpan};

    fn start() -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn session(id: &str, posted: i64) -> ClientSession {
        ClientSession {
            id: Some(id.to_owned()),
            role: Some(Role::Secondary),
            heartbeat: Some(Heartbeat {
                heartbeat_time: Some(start() + TimeDelta::seconds(posted)),
                ..Heartbeat::default()
            }),
            ..ClientSession::default()
        }
    }

    fn seen(is_live: bool, has_other: bool) -> SeenSession {
        SeenSession {
            session: session("a", 0),
            is_live,
            has_other,
            timeout: Some(TimeSpan::from_seconds(60)),
            now: start(),
        }
    }

    #[test]
    fn a_session_is_judged_by_the_vendors_clock_of_the_answer() {
        let at = |seconds| VendorDate {
            at: start() + TimeDelta::seconds(seconds),
            age: 0.0,
            round_trip: 0.0,
        };
        for (date, others, expected) in [
            // Without a date, the time of the page applies.
            (None, vec![], (true, false)),
            (Some(at(60)), vec![], (true, false)),
            (Some(at(61)), vec![], (false, false)),
            (Some(at(61)), vec![session("b", 5)], (false, true)),
            (Some(at(66)), vec![session("b", 5)], (false, false)),
        ] {
            let mut sessions = vec![session("a", 0)];
            sessions.extend(others);
            let now = seen(true, true).reassess(&sessions, &sessions[0], date);
            assert_eq!((now.is_live, now.has_other), expected, "{date:?}");
        }
    }

    #[test]
    fn a_change_of_the_session_takes_precedence_over_a_change_of_the_others() {
        let messages = |was: (bool, bool), is: (bool, bool)| {
            let (was, is) = (seen(was.0, was.1), seen(is.0, is.1));
            (was.liveness_changed(&is), was.takeover_changed(&is))
        };
        let same = |words: &str| (Some(words.to_owned()), Some(words.to_owned()));
        let other = |words: &str| (None, Some(words.to_owned()));
        assert_eq!(messages((true, true), (true, true)), (None, None));
        assert_eq!(
            messages((true, true), (false, false)),
            same(
                "a has gone silent since you started: it has posted no heartbeat for longer than the failover timeout."
            )
        );
        assert_eq!(
            messages((false, true), (true, true)),
            same("a is live now. It was silent when you started.")
        );
        assert_eq!(
            messages((true, true), (true, false)),
            other("No other live session can take over from a now. One could when you started.")
        );
        assert_eq!(
            messages((true, false), (true, true)),
            other("Another live session can take over from a now. None could when you started.")
        );
    }
}
