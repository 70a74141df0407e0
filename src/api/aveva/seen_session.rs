//! What somebody saw of a session beside the session itself, and whether it is still so.

use crate::api::VendorDate;
use chrono::{DateTime, Utc};
use health::groups::GroupContext;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, TimeSpan};

/// A session as it was shown when a change of it was confirmed, with what its dialog said of it.
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
    /// The vendor's time, for an answer that does not say it.
    pub now: DateTime<Utc>,
}

impl SeenSession {
    /// A session of a group as it is shown.
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

    /// One of these sessions, judged by the vendor's clock when they were read.
    #[must_use]
    pub(super) fn again(
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

    /// Whether the session is live, where that is not as it was seen, in a sentence.
    #[must_use]
    pub(super) fn liveness_changed(&self, now: &Self) -> Option<String> {
        let id = self.session.id.as_deref().unwrap_or_default();
        match (self.is_live, now.is_live) {
            (true, false) => Some(format!(
                "{id} has gone silent since you started: it has posted no heartbeat for longer than the FailoverTimeout."
            )),
            (false, true) => Some(format!("{id} is live now. It was silent when you started.")),
            _ => None,
        }
    }

    /// The same, and whether another session can take over.
    #[must_use]
    pub(super) fn standing_changed(&self, now: &Self) -> Option<String> {
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
            on_way: 0.0,
        };
        for (date, others, expected) in [
            // Without a date by the time that the page had.
            (None, vec![], (true, false)),
            (Some(at(60)), vec![], (true, false)),
            (Some(at(61)), vec![], (false, false)),
            (Some(at(61)), vec![session("b", 5)], (false, true)),
            (Some(at(66)), vec![session("b", 5)], (false, false)),
        ] {
            let mut sessions = vec![session("a", 0)];
            sessions.extend(others);
            let now = seen(true, true).again(&sessions, &sessions[0], date);
            assert_eq!((now.is_live, now.has_other), expected, "{date:?}");
        }
    }

    #[test]
    fn what_has_changed_is_said_and_the_session_comes_first() {
        let told = |was: (bool, bool), is: (bool, bool)| {
            let (was, is) = (seen(was.0, was.1), seen(is.0, is.1));
            (was.liveness_changed(&is), was.standing_changed(&is))
        };
        let same = |words: &str| (Some(words.to_owned()), Some(words.to_owned()));
        let other = |words: &str| (None, Some(words.to_owned()));
        assert_eq!(told((true, true), (true, true)), (None, None));
        assert_eq!(
            told((true, true), (false, false)),
            same(
                "a has gone silent since you started: it has posted no heartbeat for longer than the FailoverTimeout."
            )
        );
        assert_eq!(
            told((false, true), (true, true)),
            same("a is live now. It was silent when you started.")
        );
        assert_eq!(
            told((true, true), (true, false)),
            other("No other live session can take over from a now. One could when you started.")
        );
        assert_eq!(
            told((true, false), (true, true)),
            other("Another live session can take over from a now. None could when you started.")
        );
    }
}
