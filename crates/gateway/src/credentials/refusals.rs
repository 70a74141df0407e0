//! Delays log-ons after a refusal, because directories lock an account after a few wrong passwords. All connections
//! with the same credentials at the same service share one count.

use super::Urgency;
use crate::clock::seconds_rounded_up;
use crate::lock::lock;
use crate::problem::Problem;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The waits after the first refusal, the second, and so on. The last one repeats.
const WAITS: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(60 * 60),
];

/// What separates the reason of a refusal from the time of the next log-on.
pub(crate) const RETRIED_LATER: &str =
    ". So that the account is not locked, the gateway tries again at";

/// The minimum time between a refusal and the next log-on, even if an admin requests one.
const MIN_WAIT: Duration = Duration::from_secs(30);

/// The refused log-ons of one set of credentials at one service, for all its connections.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    state: Mutex<State>,
    /// Held while one request tries credentials that have not been accepted yet. Changes have a mutex of their own,
    /// so that a read without a response does not block them.
    trial_of_reads: tokio::sync::Mutex<()>,
    trial_of_changes: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of consecutive refusals.
    count: usize,
    pause: Option<Pause>,
    /// Whether the last request with the credentials was accepted.
    accepted: bool,
    /// The last replacement of a refused session or token.
    renewal: Option<Renewal>,
}

#[derive(Debug, Clone, Copy)]
struct Renewal {
    at: Instant,
    /// The minimum time before the next one.
    wait: Duration,
}

#[derive(Debug)]
struct Pause {
    since: Instant,
    until: Instant,
    /// The refusal, with the time of the next log-on.
    problem: Problem,
}

/// Held by the only request that may try the credentials at this moment.
pub(crate) type TrialGuard<'a> = tokio::sync::MutexGuard<'a, ()>;

impl Refusals {
    /// Permits a log-on, unless the wait after a refusal has not ended.
    ///
    /// # Errors
    /// The last refusal, with the time of the next log-on.
    pub(super) fn check(&self) -> Result<(), Problem> {
        lock(&self.state).paused()
    }

    /// Permits a request that carries the password. Until the password is accepted, one request at a time may try it.
    ///
    /// # Errors
    /// The last refusal, or `late` if the turn does not come within `patience`.
    pub(super) async fn trial(
        &self,
        urgency: Urgency,
        patience: Duration,
        late: impl FnOnce() -> Problem,
    ) -> Result<Option<TrialGuard<'_>>, Problem> {
        let known = || {
            let state = lock(&self.state);
            state.paused().map(|()| state.accepted)
        };
        if known()? {
            return Ok(None);
        }
        let trial = match urgency {
            Urgency::Read => &self.trial_of_reads,
            Urgency::Change => &self.trial_of_changes,
        };
        let trial = timeout(patience, trial.lock()).await.map_err(|_| late())?;
        Ok((!known()?).then_some(trial))
    }

    /// Records that the vendor accepted the credentials.
    pub(super) fn accepted(&self) {
        let mut state = lock(&self.state);
        *state = State {
            accepted: true,
            renewal: state.renewal,
            ..State::default()
        };
    }

    /// Records a refused log-on. Returns the problem with the time of the next one.
    pub(super) fn log_on_refused(&self, problem: Problem) -> Problem {
        let mut state = lock(&self.state);
        // This log-on was sent before the refusal of another one arrived.
        if let Err(known) = state.paused() {
            return known;
        }
        let wait = WAITS[state.count.min(WAITS.len() - 1)];
        let detail = format!(
            "{}{RETRIED_LATER} {}, or when an admin presses Refresh now for this connection, at most every {} s",
            problem.detail,
            (chrono::Utc::now() + wait).format("%H:%M:%S UTC"),
            MIN_WAIT.as_secs(),
        );
        let now = Instant::now();
        let pause = Pause {
            since: now,
            until: now + wait,
            problem: Problem { detail, ..problem },
        };
        let problem = pause.problem_with_retry(wait);
        *state = State {
            count: state.count + 1,
            pause: Some(pause),
            accepted: false,
            renewal: state.renewal,
        };
        problem
    }

    /// Records a refused request that carried the password. A password that was accepted before is tried again with
    /// the next request, because some services return a 401 if only this one request is not permitted.
    pub(super) fn request_refused(&self, problem: Problem) -> Problem {
        let mut state = lock(&self.state);
        if state.accepted {
            state.accepted = false;
            return problem;
        }
        drop(state);
        self.log_on_refused(problem)
    }

    /// Permits a log-on at once, also to replace a session or token. If it is refused too, the next longer wait
    /// applies. Has no effect within [`MIN_WAIT`] of a refusal, so that repeated requests cannot lock the account.
    /// Returns whether it ended a wait.
    pub(crate) fn try_now(&self) -> bool {
        let mut state = lock(&self.state);
        let is_fresh = |pause: &Pause| pause.since.elapsed() < MIN_WAIT;
        if state.pause.as_ref().is_some_and(is_fresh) {
            return false;
        }
        let waited = state.paused().is_err();
        state.pause = None;
        state.renewal = None;
        waited
    }
}

/// The first wait between two replacements of refused sessions or tokens. It doubles with each replacement.
const FIRST_RENEWAL_WAIT: Duration = Duration::from_secs(5);
/// The longest such wait, because the session may really have ended.
const MAX_RENEWAL_WAIT: Duration = Duration::from_secs(60);
/// After this time without a replacement, the waits start over.
const RENEWAL_RESET_AFTER: Duration = Duration::from_secs(10 * 60);

impl Refusals {
    /// Permits a log-on to replace a refused session or token. A vendor may refuse a single request although the
    /// session is valid; the waits then limit the number of useless log-ons. While log-ons are paused, the current
    /// session stays in use, because other requests may succeed with it.
    pub(super) fn may_renew(&self, urgency: Urgency) -> bool {
        let mut state = lock(&self.state);
        if state.paused().is_err() {
            return false;
        }
        let now = Instant::now();
        let last = state.renewal.map(|last| (now - last.at, last.wait));
        let wait = match last {
            Some((since, wait)) if since < wait && urgency == Urgency::Read => return false,
            Some((since, wait)) if since < RENEWAL_RESET_AFTER => (wait * 2).min(MAX_RENEWAL_WAIT),
            _ => FIRST_RENEWAL_WAIT,
        };
        state.renewal = Some(Renewal { at: now, wait });
        true
    }

    /// Records that a permitted log-on failed without a refusal. The next one need not wait.
    pub(super) fn renewal_failed(&self) {
        lock(&self.state).renewal = None;
    }
}

impl State {
    fn paused(&self) -> Result<(), Problem> {
        let Some(pause) = &self.pause else {
            return Ok(());
        };
        let left = pause.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        Err(pause.problem_with_retry(left))
    }
}

impl Pause {
    fn problem_with_retry(&self, left: Duration) -> Problem {
        Problem {
            retry_after: Some(seconds_rounded_up(left)),
            ..self.problem.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Kind;
    use tokio::time::advance;

    fn refusal() -> Problem {
        Problem::new(Kind::Credentials, "Plant A returned 401")
    }

    async fn trial(refusals: &Refusals) -> Result<bool, Option<u32>> {
        let late = || Problem::new(Kind::Timeout, "late");
        match refusals
            .trial(Urgency::Read, Duration::from_secs(5), late)
            .await
        {
            Ok(trial) => Ok(trial.is_some()),
            Err(problem) => Err(problem.retry_after),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_refusal_waits_longer_and_reports_the_wait() {
        let refusals = Refusals::default();
        for minutes in [1, 5, 15, 60, 60] {
            assert_eq!(refusals.check(), Ok(()));
            let refused = refusals.log_on_refused(refusal());
            assert_eq!(refused.retry_after, Some(minutes * 60));
            assert!(
                refused.detail.starts_with("Plant A returned 401. So that")
                    && refused.detail.contains(" UTC"),
                "{}",
                refused.detail
            );
            advance(Duration::from_secs(20)).await;
            let again = refusals.check().unwrap_err();
            assert_eq!(again.retry_after, Some(minutes * 60 - 20));
            assert_eq!(again.detail, refused.detail);
            assert_eq!(
                refusals.log_on_refused(refusal()).retry_after,
                again.retry_after,
                "sent before the refusal arrived"
            );
            advance(Duration::from_secs(u64::from(minutes) * 60 - 20)).await;
        }
        refusals.accepted();
        assert_eq!(refusals.log_on_refused(refusal()).retry_after, Some(60));
    }

    #[tokio::test(start_paused = true)]
    async fn replacements_of_refused_sessions_slow_down_except_for_changes() {
        let refusals = Refusals::default();
        let read = || refusals.may_renew(Urgency::Read);
        assert!(read());
        for wait in [5, 10, 20, 40, 60, 60] {
            refusals.accepted();
            assert!(!read(), "{wait}");
            advance(Duration::from_secs(wait - 1)).await;
            assert!(!read(), "{wait}");
            advance(Duration::from_secs(1)).await;
            assert!(read(), "{wait}");
        }
        assert!(refusals.may_renew(Urgency::Change));
        assert!(!read());
        advance(RENEWAL_RESET_AFTER).await;
        assert!(read());
        advance(FIRST_RENEWAL_WAIT).await;
        assert!(read(), "the waits start over");
    }

    #[tokio::test(start_paused = true)]
    async fn no_session_is_replaced_while_log_ons_are_paused() {
        let refusals = Refusals::default();
        let may = |urgency| refusals.may_renew(urgency);
        assert!(may(Urgency::Change));
        refusals.log_on_refused(refusal());
        advance(WAITS[0] - Duration::from_secs(1)).await;
        assert!(!may(Urgency::Read) && !may(Urgency::Change));
        advance(Duration::from_secs(1)).await;
        assert!(may(Urgency::Read));
        refusals.log_on_refused(refusal());
        advance(MIN_WAIT).await;
        refusals.try_now();
        assert!(may(Urgency::Read), "requested by an admin");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_trial_of_a_read_does_not_delay_a_change() {
        let refusals = Refusals::default();
        let late = || Problem::new(Kind::Timeout, "late");
        let trial = async |urgency| refusals.trial(urgency, Duration::ZERO, late).await.unwrap();
        let hanging = trial(Urgency::Read).await;
        assert!(hanging.is_some() && trial(Urgency::Change).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_admin_can_request_a_log_on_but_not_repeatedly() {
        let refusals = Refusals::default();
        refusals.log_on_refused(refusal());
        for _ in 0..30 {
            assert!(!refusals.try_now(), "refused a moment ago");
            assert!(refusals.check().is_err());
            advance(Duration::from_secs(1)).await;
        }
        assert!(refusals.try_now());
        assert_eq!(refusals.check(), Ok(()));
        assert!(!refusals.try_now(), "no wait to end");
        assert_eq!(refusals.log_on_refused(refusal()).retry_after, Some(300));
        refusals.try_now();
        assert!(refusals.check().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_password_is_tried_by_one_request_at_a_time() {
        let refusals = Refusals::default();
        let late = || Problem::new(Kind::Timeout, "late");
        let first = refusals
            .trial(Urgency::Read, Duration::ZERO, late)
            .await
            .unwrap();
        assert!(first.is_some());
        let waiting = trial(&refusals);
        let refused = async {
            refusals.request_refused(refusal());
            drop(first);
        };
        assert_eq!(tokio::join!(waiting, refused).0, Err(Some(60)));
        advance(WAITS[0]).await;
        let first = refusals
            .trial(Urgency::Read, Duration::ZERO, late)
            .await
            .unwrap();
        assert_eq!(
            trial(&refusals).await,
            Err(None),
            "another request holds the trial"
        );
        refusals.accepted();
        drop(first);
        assert_eq!(trial(&refusals).await, Ok(false), "accepted: no queue");
        assert_eq!(
            refusals.request_refused(refusal()).retry_after,
            None,
            "the refusal may concern this request only"
        );
        assert_eq!(trial(&refusals).await, Ok(true));
        assert_eq!(refusals.request_refused(refusal()).retry_after, Some(60));
        assert_eq!(trial(&refusals).await, Err(Some(60)));
    }
}
