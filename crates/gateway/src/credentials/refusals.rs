//! Waits after a refused log-on, one count for everybody who uses the credentials: directories lock an account
//! after a few wrong passwords, for the people who own it too. Other credentials have a count of their own.

use super::Urgency;
use crate::lock::lock;
use crate::problem::Problem;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long no log-on is sent after the first refusal, the second, and so on. The last one repeats.
const WAITS: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(60 * 60),
];

/// After a refusal no log-on is sent within this time, not even when an admin asks for one.
const SHORTEST_WAIT: Duration = Duration::from_secs(30);

/// The refused log-ons of one set of credentials at one service, whichever connections use it.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    state: Mutex<State>,
    /// Held while credentials that have not been accepted yet are tried, so that they are tried once. Changes
    /// have a trial of their own: a read that the vendor never answers must not keep them waiting.
    trial_of_reads: tokio::sync::Mutex<()>,
    trial_of_changes: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// How many log-ons were refused one after another.
    times: usize,
    pause: Option<Pause>,
    /// Whether the last request with the credentials was accepted.
    accepted: bool,
    /// The last time that a session or token was replaced because it was refused.
    renewal: Option<Renewal>,
}

#[derive(Debug, Clone, Copy)]
struct Renewal {
    at: Instant,
    /// How long it stays the last one.
    wait: Duration,
}

#[derive(Debug)]
struct Pause {
    since: Instant,
    until: Instant,
    /// Why, and when the next log-on is sent.
    problem: Problem,
}

/// The only request that tries the credentials at this moment.
pub(crate) type TrialGuard<'a> = tokio::sync::MutexGuard<'a, ()>;

impl Refusals {
    /// Permits a log-on, unless one was refused a short time ago.
    ///
    /// # Errors
    /// The last refusal, which says when the next log-on is sent.
    pub(super) fn check(&self) -> Result<(), Problem> {
        lock(&self.state).paused()
    }

    /// Permits a request whose password is checked with it. While it is not known to be accepted, one request at
    /// a time tries it.
    ///
    /// # Errors
    /// The last refusal, or what `late` says when the turn does not come within `patience`.
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

    /// The vendor accepted the credentials.
    pub(super) fn accepted(&self) {
        let mut state = lock(&self.state);
        *state = State {
            accepted: true,
            renewal: state.renewal,
            ..State::default()
        };
    }

    /// A log-on was refused. Returns the problem with the time of the next one.
    pub(super) fn log_on_refused(&self, problem: Problem) -> Problem {
        let mut state = lock(&self.state);
        // It was sent at the same time as another one that was refused.
        if let Err(known) = state.paused() {
            return known;
        }
        let wait = WAITS[state.times.min(WAITS.len() - 1)];
        let detail = format!(
            "{}. So that the account is not locked, the gateway tries again at {}, or when an admin \
             presses Refresh now for this connection, every {} s at most",
            problem.detail,
            (chrono::Utc::now() + wait).format("%H:%M:%S UTC"),
            SHORTEST_WAIT.as_secs(),
        );
        let now = Instant::now();
        let pause = Pause {
            since: now,
            until: now + wait,
            problem: Problem { detail, ..problem },
        };
        let problem = pause.problem_with_retry(wait);
        *state = State {
            times: state.times + 1,
            pause: Some(pause),
            accepted: false,
            renewal: state.renewal,
        };
        problem
    }

    /// A request was refused whose password was checked with it. One that was accepted before is tried once more
    /// with the next request: services answer so where somebody may log on and may not do this one thing.
    pub(super) fn request_refused(&self, problem: Problem) -> Problem {
        let mut state = lock(&self.state);
        if state.accepted {
            state.accepted = false;
            return problem;
        }
        drop(state);
        self.log_on_refused(problem)
    }

    /// Permits a log-on at once, also in place of a session or token. If it is refused as well, the wait is the next
    /// longer one. Has no effect within [`SHORTEST_WAIT`] of a refusal: asking again and again must not lock the
    /// account. Returns whether a wait has ended by it.
    pub(crate) fn try_now(&self) -> bool {
        let mut state = lock(&self.state);
        let is_fresh = |pause: &Pause| pause.since.elapsed() < SHORTEST_WAIT;
        if state.pause.as_ref().is_some_and(is_fresh) {
            return false;
        }
        let waited = state.paused().is_err();
        state.pause = None;
        state.renewal = None;
        waited
    }
}

/// How long after a refused session or token was replaced the next one is, at first. The time doubles with each.
const FIRST_RENEWAL_WAIT: Duration = Duration::from_secs(5);
/// The longest such time, because the session may really have ended.
const MAX_RENEWAL_WAIT: Duration = Duration::from_secs(60);
/// After this time without one, it begins anew.
const RENEWAL_RESET_AFTER: Duration = Duration::from_secs(10 * 60);

impl Refusals {
    /// Permits a log-on in place of a session or token that a request was refused with. A vendor may refuse one
    /// request with the best of sessions: then a new one for each would be no help, and many. While no log-on is sent
    /// the present one is all that there is, and may be good for other requests.
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

    /// Nothing came of a permitted log-on: the next one need not wait.
    pub(super) fn not_renewed(&self) {
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
            retry_after: u32::try_from(left.as_millis().div_ceil(1000)).ok(),
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
    async fn each_refusal_waits_longer_and_the_wait_is_named() {
        let refusals = Refusals::default();
        for minutes in [1, 5, 15, 60, 60] {
            assert_eq!(refusals.check(), Ok(()));
            let told = refusals.log_on_refused(refusal());
            assert_eq!(told.retry_after, Some(minutes * 60));
            assert!(
                told.detail.starts_with("Plant A returned 401. So that")
                    && told.detail.contains(" UTC"),
                "{}",
                told.detail
            );
            advance(Duration::from_secs(20)).await;
            let again = refusals.check().unwrap_err();
            assert_eq!(again.retry_after, Some(minutes * 60 - 20));
            assert_eq!(again.detail, told.detail);
            assert_eq!(
                refusals.log_on_refused(refusal()).retry_after,
                again.retry_after,
                "sent at the same time as the refused one"
            );
            advance(Duration::from_secs(u64::from(minutes) * 60 - 20)).await;
        }
        refusals.accepted();
        assert_eq!(refusals.log_on_refused(refusal()).retry_after, Some(60));
    }

    #[tokio::test(start_paused = true)]
    async fn refused_sessions_are_replaced_ever_more_seldom_but_at_once_for_a_change() {
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
        assert!(read(), "from the beginning");
    }

    #[tokio::test(start_paused = true)]
    async fn no_session_is_replaced_while_log_ons_wait() {
        let refusals = Refusals::default();
        let may = |urgency| refusals.may_renew(urgency);
        assert!(may(Urgency::Change));
        refusals.log_on_refused(refusal());
        advance(WAITS[0] - Duration::from_secs(1)).await;
        assert!(!may(Urgency::Read) && !may(Urgency::Change));
        advance(Duration::from_secs(1)).await;
        assert!(may(Urgency::Read));
        refusals.log_on_refused(refusal());
        advance(SHORTEST_WAIT).await;
        refusals.try_now();
        assert!(may(Urgency::Read), "somebody asked for it");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_trial_of_a_read_does_not_hold_up_a_change() {
        let refusals = Refusals::default();
        let late = || Problem::new(Kind::Timeout, "late");
        let of = async |urgency| refusals.trial(urgency, Duration::ZERO, late).await.unwrap();
        let hanging = of(Urgency::Read).await;
        assert!(hanging.is_some() && of(Urgency::Change).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_on_can_be_asked_for_at_once_and_not_again_and_again() {
        let refusals = Refusals::default();
        refusals.log_on_refused(refusal());
        for _ in 0..30 {
            assert!(!refusals.try_now(), "it was refused a moment ago");
            assert!(refusals.check().is_err());
            advance(Duration::from_secs(1)).await;
        }
        assert!(refusals.try_now());
        assert_eq!(refusals.check(), Ok(()));
        assert!(!refusals.try_now(), "nothing waits any more");
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
        assert_eq!(trial(&refusals).await, Err(None), "its turn did not come");
        refusals.accepted();
        drop(first);
        assert_eq!(trial(&refusals).await, Ok(false), "accepted: no queue");
        assert_eq!(
            refusals.request_refused(refusal()).retry_after,
            None,
            "it may be about this one request"
        );
        assert_eq!(trial(&refusals).await, Ok(true));
        assert_eq!(refusals.request_refused(refusal()).retry_after, Some(60));
        assert_eq!(trial(&refusals).await, Err(Some(60)));
    }
}
