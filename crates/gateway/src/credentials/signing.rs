//! Uplynk's signed requests: one at a time per account, each with its own second as timestamp, because the vendor
//! refuses a signature that it has seen before. This holds even after the clock was set back. A waiting change gets
//! the next second, before all reads. If other gateways sign for the account too, they share the seconds through
//! their store; while it is unavailable, each gateway counts by itself.

use super::Urgency;
use crate::clock::SigningClock;
use crate::crypto::hex;
use crate::problem::{Kind, Problem};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::{Compression, write::ZlibEncoder};
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha2::Sha256;
use std::collections::VecDeque;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::{Instant, sleep_until};

/// The number of recent seconds that are not used again, for ten minutes at least. Vendors are not known to accept
/// a timestamp that is further away.
const MAX_REMEMBERED_SECONDS: usize = 600;

/// How long a second taken from the shared ones stays usable after it has passed, in seconds.
const MAX_SECONDS_PAST: u64 = 5;

/// How far in the future a shared second may be, in seconds.
pub(crate) const MAX_SECONDS_AHEAD: u64 = 30;

/// The timeout for taking a shared second.
const SHARED_SECOND_TIMEOUT: Duration = Duration::from_secs(1);

/// Takes a second that no other gateway signs with: the given current one or a later one. `None` if the shared
/// seconds are unavailable.
pub(crate) type SharedSeconds = Arc<dyn Fn(u64) -> BoxFuture<'static, Option<u64>> + Send + Sync>;

/// How long a read may make a change wait for the vendor's response to the read.
const MAX_READ_DELAY: Duration = Duration::from_secs(2);

/// The queue of one account, shared by all its connections.
pub(crate) struct SigningQueue {
    clock: SigningClock,
    shared: Option<SharedSeconds>,
    seconds: Mutex<Seconds>,
    /// The number of changes that wait for a turn.
    changes: watch::Sender<usize>,
}

/// The seconds of one account.
#[derive(Debug, Default)]
struct Seconds {
    /// The seconds of recent signatures, the oldest use first.
    used: VecDeque<u64>,
    /// A shared second whose request stopped waiting before it was used.
    taken: Option<u64>,
}

impl Seconds {
    /// The first second from `second` on that no request was signed with.
    fn unused(&self, second: u64) -> u64 {
        let mut seconds = second..;
        seconds
            .find(|second| !self.used.contains(second))
            .unwrap_or(second)
    }

    fn note_used(&mut self, second: u64) {
        self.taken = None;
        self.used.push_back(second);
        if self.used.len() > MAX_REMEMBERED_SECONDS {
            self.used.pop_front();
        }
    }
}

/// Counts a waiting change until it is dropped.
struct WaitingChange<'a>(&'a watch::Sender<usize>);

impl<'a> WaitingChange<'a> {
    fn new(changes: &'a watch::Sender<usize>) -> Self {
        changes.send_modify(|waiting| *waiting += 1);
        Self(changes)
    }
}

impl Drop for WaitingChange<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

impl fmt::Debug for SigningQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningQueue").finish_non_exhaustive()
    }
}

/// Permission to send one request. Others wait until it is dropped.
pub(crate) struct SigningTurn<'a> {
    second: u64,
    started: Instant,
    /// For a read: the number of waiting changes.
    changes: Option<&'a watch::Sender<usize>>,
    _alone: MutexGuard<'a, Seconds>,
}

impl SigningTurn<'_> {
    /// Returns when a change is waiting and this read has used up its time. Never returns for a change.
    pub(super) async fn is_needed_for_a_change(&self) {
        match self.changes {
            Some(changes) => {
                a_change_waits(changes).await;
                sleep_until(self.started + MAX_READ_DELAY).await;
            }
            None => std::future::pending().await,
        }
    }
}

async fn a_change_waits(changes: &watch::Sender<usize>) {
    // Cannot fail, because the sender exists.
    drop(changes.subscribe().wait_for(|waiting| *waiting > 0).await);
}

impl SigningQueue {
    pub(crate) fn new(clock: impl Into<SigningClock>, shared: Option<SharedSeconds>) -> Self {
        Self {
            clock: clock.into(),
            shared,
            seconds: Mutex::default(),
            changes: watch::Sender::default(),
        }
    }

    /// Waits until earlier requests have ended and for a second that none of them used.
    pub(crate) async fn next(&self, urgency: Urgency) -> SigningTurn<'_> {
        match urgency {
            Urgency::Change => {
                let _waiting = WaitingChange::new(&self.changes);
                let mut seconds = self.seconds.lock().await;
                let second = self.unused_second(&mut seconds).await;
                self.turn(second, seconds, None)
            }
            Urgency::Read => loop {
                let mut changes = self.changes.subscribe();
                drop(changes.wait_for(|waiting| *waiting == 0).await);
                let mut seconds = self.seconds.lock().await;
                let second = tokio::select! {
                    biased;
                    () = a_change_waits(&self.changes) => continue,
                    second = self.unused_second(&mut seconds) => second,
                };
                return self.turn(second, seconds, Some(&self.changes));
            },
        }
    }

    fn turn<'a>(
        &self,
        second: u64,
        alone: MutexGuard<'a, Seconds>,
        changes: Option<&'a watch::Sender<usize>>,
    ) -> SigningTurn<'a> {
        SigningTurn {
            second,
            started: Instant::now(),
            changes,
            _alone: alone,
        }
    }

    /// Waits for a current second that neither this gateway nor another one has signed with.
    async fn unused_second(&self, seconds: &mut Seconds) -> u64 {
        loop {
            let second = self.clock.now().as_secs();
            let mut next = seconds.unused(second);
            if next == second {
                next = self.taken(seconds, second).await;
                if next <= second {
                    seconds.note_used(next);
                    return next;
                }
            }
            self.clock.sleep_until(Duration::from_secs(next)).await;
        }
    }

    /// A second that only this gateway may use: the current one or a future one.
    async fn taken(&self, seconds: &mut Seconds, second: u64) -> u64 {
        let Some(shared) = &self.shared else {
            return second;
        };
        // A second that is further away is from before the clock was set back.
        let near = second.saturating_sub(MAX_SECONDS_PAST)..=second + MAX_SECONDS_AHEAD;
        let unused = seconds.taken.filter(|taken| near.contains(taken));
        let taken = match unused {
            Some(taken) => taken,
            None => {
                let taken = tokio::time::timeout(SHARED_SECOND_TIMEOUT, shared(second)).await;
                taken.ok().flatten().unwrap_or(second)
            }
        };
        seconds.taken = Some(taken);
        taken
    }
}

/// Signs for one account.
#[derive(Debug)]
pub(crate) struct Signer {
    owner: String,
    api_key: SecretString,
    turns: Arc<SigningQueue>,
}

/// The signed message, with the vendor's field names in the vendor's order.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "_owner")]
    owner: &'a str,
    #[serde(rename = "_timestamp")]
    timestamp: u64,
}

impl Signer {
    pub(crate) fn new(owner: String, api_key: SecretString, turns: Arc<SigningQueue>) -> Self {
        Self {
            owner,
            api_key,
            turns,
        }
    }

    /// The owner of the account.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// Waits at most `patience` for a turn.
    pub(crate) async fn turn(
        &self,
        urgency: Urgency,
        patience: Duration,
    ) -> Result<SigningTurn<'_>, Problem> {
        tokio::time::timeout(patience, self.turns.next(urgency))
            .await
            .map_err(|_| {
                let detail =
                    "too many requests are waiting for this account, which takes one a second";
                Problem {
                    retry_after: Some(5),
                    ..Problem::new(Kind::Timeout, detail)
                }
            })
    }

    /// The percent-encoded query parameters that sign a request of this turn.
    pub(crate) fn query(&self, turn: &SigningTurn<'_>) -> Result<String, Problem> {
        let message = self.message(turn.second, Compression::best())?;
        let signature = self.signature(&message)?;
        let message = utf8_percent_encode(&message, NON_ALPHANUMERIC);
        Ok(format!("msg={message}&sig={signature}"))
    }

    fn message(&self, timestamp: u64, level: Compression) -> Result<String, Problem> {
        let json = serde_json::to_vec(&Message {
            owner: &self.owner,
            timestamp,
        })
        .map_err(unsignable)?;
        let mut zlib = ZlibEncoder::new(Vec::new(), level);
        zlib.write_all(&json).map_err(unsignable)?;
        Ok(BASE64_STANDARD.encode(zlib.finish().map_err(unsignable)?))
    }

    /// The signature of the base64 text. The HMAC key is the text of the API key.
    fn signature(&self, message: &str) -> Result<String, Problem> {
        let key = self.api_key.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(unsignable)?;
        mac.update(message.as_bytes());
        Ok(hex(&mac.finalize().into_bytes()))
    }
}

fn unsignable(error: impl fmt::Display) -> Problem {
    Problem::new(
        Kind::Internal,
        format!("the request could not be signed: {error}"),
    )
}

#[cfg(test)]
mod tests;
