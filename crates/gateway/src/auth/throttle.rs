//! Limits failed sign-ins per network and per account, whether the account exists or not. The limit of an address is
//! much lower than that of an account, so that one address cannot lock out an account's owner. Attempts from browsers
//! in which the owner has signed in before are counted separately, so that many addresses cannot do so either.
//!
//! Also limits the number of concurrent attempts per account, so that one account cannot use up the password hashing,
//! and the number of successful sign-ins of an account's owner.

use crate::clock::seconds_rounded_up;
use crate::crypto::sha256;
use crate::lock::lock;
use crate::network::{self, network_of};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// The time for which a failed attempt counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Failed attempts allowed per address.
const PER_ADDRESS: u32 = 10;
/// The factor by which more attempts are allowed if a provider decides them.
const PROVIDER_FACTOR: u32 = 5;
/// Prefix lengths of the larger IPv6 networks that subscribers get, each with the allowed failed attempts.
const PER_NETWORK: [(u8, u32); 2] = [(56, 30), (48, 100)];
/// Failed attempts allowed per known browser.
const PER_BROWSER: u32 = 10;
/// Failed attempts allowed per account, from all addresses together.
const PER_ACCOUNT: u32 = 50;
/// Successful sign-ins allowed per account.
const PER_OWNER: u32 = 30;
/// Concurrent attempts allowed per account, for known browsers and for others separately.
const MAX_IN_PROGRESS: u32 = 3;
/// The wait before a retry after too many concurrent attempts, in seconds.
const IN_PROGRESS_RETRY_SECONDS: u32 = 2;
/// The maximum number of counters. The oldest is dropped first.
const MAX_COUNTERS: usize = 20_000;

/// The key of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// A network and the length of its prefix.
    Network(IpAddr, u8),
    /// A network, for attempts that a provider decides. Counted separately, so that guessed passwords do not lock
    /// others out of the provider.
    AtProvider(IpAddr, u8),
    Account([u8; 32]),
    Browser(String),
    /// An account, for successful sign-ins.
    Owner([u8; 32]),
    /// A user of the provider, for successful sign-ins.
    Subject([u8; 32]),
}

/// The counters of an attempt, each with its limit.
#[derive(Debug, Clone)]
pub(crate) struct CountedAttempt(Vec<(Key, u32)>);

impl CountedAttempt {
    /// An attempt from an address at an account.
    pub(crate) fn new(address: IpAddr, account: &str) -> Self {
        let mut keys = network_keys(address, Key::Network);
        keys.push((Key::Account(sha256(account)), PER_ACCOUNT));
        Self(keys)
    }

    /// An attempt from an address that a provider decides. Counts for the address only, so that nobody can lock others
    /// out of the provider. The limit is higher, because codes cannot be guessed and many users may share an address.
    pub(crate) fn at_provider(address: IpAddr) -> Self {
        let keys = network_keys(address, Key::AtProvider).into_iter();
        Self(
            keys.map(|(key, limit)| (key, limit * PROVIDER_FACTOR))
                .collect(),
        )
    }

    /// An attempt from a browser in which the account's owner has signed in before. `browser` is its id.
    pub(crate) fn of_known_browser(browser: String) -> Self {
        Self(vec![(Key::Browser(browser), PER_BROWSER)])
    }
}

#[derive(Debug, Clone, Copy)]
struct Count {
    tries: u32,
    since: Instant,
}

/// An account, and whether the browser is a known one.
type Group = ([u8; 32], bool);

/// The counters of one gateway.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    counts: Mutex<HashMap<Key, Count>>,
    in_progress: Mutex<HashMap<Group, u32>>,
}

/// The permit of one attempt in progress.
#[derive(Debug)]
pub(crate) struct AttemptPermit<'t> {
    throttle: &'t Throttle,
    group: Group,
}

impl Drop for AttemptPermit<'_> {
    fn drop(&mut self) {
        let mut in_progress = lock(&self.throttle.in_progress);
        if let Some(count) = in_progress.get_mut(&self.group) {
            *count -= 1;
            if *count == 0 {
                in_progress.remove(&self.group);
            }
        }
    }
}

impl Throttle {
    /// Admits an attempt at an account. The permit must be held until the attempt is decided.
    ///
    /// # Errors
    /// The number of seconds until the next attempt is allowed.
    pub(crate) fn admit(
        &self,
        account: &str,
        is_known_browser: bool,
    ) -> Result<AttemptPermit<'_>, u32> {
        let account = sha256(account);
        check(
            &lock(&self.counts),
            &Key::Owner(account),
            PER_OWNER,
            Instant::now(),
        )?;
        let group = (account, is_known_browser);
        let mut in_progress = lock(&self.in_progress);
        let count = in_progress.entry(group).or_default();
        if *count >= MAX_IN_PROGRESS {
            return Err(IN_PROGRESS_RETRY_SECONDS);
        }
        *count += 1;
        Ok(AttemptPermit {
            throttle: self,
            group,
        })
    }

    /// Counts a successful sign-in of an account's owner.
    pub(crate) fn signed_in(&self, account: &str) {
        let (now, mut counts) = (Instant::now(), lock(&self.counts));
        count(&mut counts, Key::Owner(sha256(account)), now);
        tidy(&mut counts, now);
    }

    /// Counts a successful sign-in at the provider. `subject` is the provider's id of the user.
    ///
    /// # Errors
    /// There were too many. The number of seconds until the next sign-in is allowed.
    pub(crate) fn signed_in_at_provider(&self, subject: &str) -> Result<(), u32> {
        let key = Key::Subject(sha256(subject));
        let (now, mut counts) = (Instant::now(), lock(&self.counts));
        check(&counts, &key, PER_OWNER, now)?;
        count(&mut counts, key, now);
        tidy(&mut counts, now);
        Ok(())
    }

    /// Counts an attempt before it is checked, so that concurrent attempts count like sequential ones.
    ///
    /// # Errors
    /// The number of seconds until the next attempt is allowed.
    pub(crate) fn begin(&self, attempt: &CountedAttempt) -> Result<(), u32> {
        let now = Instant::now();
        let mut counts = lock(&self.counts);
        for (key, limit) in &attempt.0 {
            check(&counts, key, *limit, now)?;
        }
        for (key, _) in &attempt.0 {
            count(&mut counts, key.clone(), now);
        }
        tidy(&mut counts, now);
        Ok(())
    }

    /// Removes a successful attempt from the counts, and clears the account's failed attempts.
    pub(crate) fn succeeded(&self, attempt: &CountedAttempt) {
        self.forgive(attempt);
        let mut counts = lock(&self.counts);
        for (key, _) in &attempt.0 {
            if matches!(key, Key::Account(_)) {
                counts.remove(key);
            }
        }
    }

    /// Removes an attempt from the counts that was not checked or did not fail.
    pub(crate) fn forgive(&self, attempt: &CountedAttempt) {
        let mut counts = lock(&self.counts);
        for (key, _) in &attempt.0 {
            if let Some(count) = counts.get_mut(key) {
                count.tries = count.tries.saturating_sub(1);
            }
        }
    }
}

/// Checks that the limit is not reached.
///
/// # Errors
/// The number of seconds until the next attempt is allowed.
fn check(counts: &HashMap<Key, Count>, key: &Key, limit: u32, now: Instant) -> Result<(), u32> {
    let count = counts
        .get(key)
        .filter(|count| now.duration_since(count.since) < WINDOW);
    match count.filter(|count| count.tries >= limit) {
        None => Ok(()),
        Some(count) => {
            let left = WINDOW.saturating_sub(now.duration_since(count.since));
            Err(seconds_rounded_up(left))
        }
    }
}

fn count(counts: &mut HashMap<Key, Count>, key: Key, now: Instant) {
    let empty = Count {
        tries: 0,
        since: now,
    };
    let count = counts.entry(key).or_insert(empty);
    if now.duration_since(count.since) >= WINDOW {
        *count = empty;
    }
    count.tries += 1;
}

/// If there are too many counters, drops the expired ones and then the oldest.
fn tidy(counts: &mut HashMap<Key, Count>, now: Instant) {
    if counts.len() <= MAX_COUNTERS {
        return;
    }
    counts.retain(|_, count| now.duration_since(count.since) < WINDOW);
    while counts.len() > MAX_COUNTERS {
        let oldest = counts.iter().min_by_key(|(_, count)| count.since);
        let Some(key) = oldest.map(|(key, _)| key.clone()) else {
            return;
        };
        counts.remove(&key);
    }
}

/// The counters of an address and of its larger networks, with their limits.
fn network_keys(address: IpAddr, key: fn(IpAddr, u8) -> Key) -> Vec<(Key, u32)> {
    let subscriber = network_of(address);
    let mut keys = vec![(key(subscriber, 64), PER_ADDRESS)];
    if subscriber.is_ipv6() {
        let larger = PER_NETWORK.into_iter();
        keys.extend(larger.map(|(prefix, limit)| {
            let network = network::of(subscriber, prefix, 32);
            (key(network, prefix), limit)
        }));
    }
    keys
}

#[cfg(test)]
mod tests;
