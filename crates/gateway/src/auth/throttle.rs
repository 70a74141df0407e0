//! Limits failed sign-ins, per network and per account, whether the account exists or not. The limit of an
//! address is much lower than that of an account, so that one address cannot lock an account's owner out; and
//! attempts of browsers in which the owner signed in before are counted apart, so that many cannot either.
//!
//! Limits as well how many attempts at an account are under way, so that those of one leave room for others where
//! passwords are hashed, and how often an account's owner signs in.

use crate::lock::lock;
use crate::network::{self, network_of};
use ring::digest::{SHA256, digest};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// How long a failed attempt counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Failed attempts allowed per address.
const PER_ADDRESS: u32 = 10;
/// How many times as many attempts are allowed where a provider decides them.
const PROVIDER_FACTOR: u32 = 5;
/// Failed attempts allowed per IPv6 network of the larger sizes that subscribers get, with the length of its prefix.
const PER_NETWORK: [(u8, u32); 2] = [(56, 30), (48, 100)];
/// Failed attempts allowed per known browser.
const PER_BROWSER: u32 = 10;
/// Failed attempts allowed per account, from all addresses together.
const PER_ACCOUNT: u32 = 50;
/// Successful sign-ins allowed per account.
const PER_OWNER: u32 = 30;
/// Attempts per account that may be under way at a time. Those of known browsers and those of others have this limit each.
const MAX_UNDER_WAY: u32 = 3;
/// How soon an attempt may be made again that found too many under way, in seconds.
const UNDER_WAY_RETRY_SECONDS: u32 = 2;
/// How many counters are kept. The oldest is dropped first.
const MAX_COUNTERS: usize = 20_000;

/// What attempts are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// With the length of its prefix.
    Network(IpAddr, u8),
    /// The same, of attempts that a provider decides. Counted apart, so that who guesses passwords keeps nobody from the
    /// provider.
    AtProvider(IpAddr, u8),
    Account([u8; 32]),
    Browser(String),
    /// The successes at an account.
    Owner([u8; 32]),
    /// The same, of a user of the provider.
    Subject([u8; 32]),
}

/// Who makes an attempt: what it counts for.
#[derive(Debug, Clone)]
pub(crate) struct Attempt(Vec<(Key, u32)>);

impl Attempt {
    /// An attempt from an address at an account.
    pub(crate) fn new(address: IpAddr, account: &str) -> Self {
        let mut keys = network_keys(address, Key::Network);
        keys.push((Key::Account(digest_of(account)), PER_ACCOUNT));
        Self(keys)
    }

    /// An attempt from an address that a provider decides. It counts for the address alone, so that nobody can lock
    /// others out of the provider. Nobody guesses a code, and those of one office may come back at one moment.
    pub(crate) fn at_provider(address: IpAddr) -> Self {
        let keys = network_keys(address, Key::AtProvider).into_iter();
        Self(
            keys.map(|(key, limit)| (key, limit * PROVIDER_FACTOR))
                .collect(),
        )
    }

    /// An attempt of a browser in which the account's owner has signed in before, by its id.
    pub(crate) fn of_known_browser(browser: String) -> Self {
        Self(vec![(Key::Browser(browser), PER_BROWSER)])
    }
}

#[derive(Debug, Clone, Copy)]
struct Count {
    tries: u32,
    since: Instant,
}

/// An account, and whether the browser is known there.
type Group = ([u8; 32], bool);

/// The counters of one gateway.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    counts: Mutex<HashMap<Key, Count>>,
    under_way: Mutex<HashMap<Group, u32>>,
}

/// Permits one attempt to be under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct AttemptPermit<'t> {
    of: &'t Throttle,
    group: Group,
}

impl Drop for AttemptPermit<'_> {
    fn drop(&mut self) {
        let mut under_way = lock(&self.of.under_way);
        if let Some(count) = under_way.get_mut(&self.group) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.group);
            }
        }
    }
}

impl Throttle {
    /// Admits an attempt at an account. The permit has to be held until the attempt is decided.
    ///
    /// # Errors
    /// The number of seconds until the next attempt is allowed.
    pub(crate) fn admit(
        &self,
        account: &str,
        is_known_browser: bool,
    ) -> Result<AttemptPermit<'_>, u32> {
        let account = digest_of(account);
        check(
            &lock(&self.counts),
            &Key::Owner(account),
            PER_OWNER,
            Instant::now(),
        )?;
        let group = (account, is_known_browser);
        let mut under_way = lock(&self.under_way);
        let count = under_way.entry(group).or_default();
        if *count >= MAX_UNDER_WAY {
            return Err(UNDER_WAY_RETRY_SECONDS);
        }
        *count += 1;
        Ok(AttemptPermit { of: self, group })
    }

    /// Counts that an account's owner has signed in.
    pub(crate) fn signed_in(&self, account: &str) {
        let (now, mut counts) = (Instant::now(), lock(&self.counts));
        count(&mut counts, Key::Owner(digest_of(account)), now);
        tidy(&mut counts, now);
    }

    /// Counts that a user signs in at the provider, by the provider's id of the user.
    ///
    /// # Errors
    /// It happened too often. The number of seconds until the next sign-in is allowed.
    pub(crate) fn signs_in_at_provider(&self, subject: &str) -> Result<(), u32> {
        let of = Key::Subject(digest_of(subject));
        let (now, mut counts) = (Instant::now(), lock(&self.counts));
        check(&counts, &of, PER_OWNER, now)?;
        count(&mut counts, of, now);
        tidy(&mut counts, now);
        Ok(())
    }

    /// Counts an attempt before it is checked, so that parallel attempts count as well as sequential ones.
    ///
    /// # Errors
    /// The number of seconds until the next attempt is allowed.
    pub(crate) fn begin(&self, attempt: &Attempt) -> Result<(), u32> {
        let now = Instant::now();
        let mut counts = lock(&self.counts);
        for (of, limit) in &attempt.0 {
            check(&counts, of, *limit, now)?;
        }
        for (of, _) in &attempt.0 {
            count(&mut counts, of.clone(), now);
        }
        tidy(&mut counts, now);
        Ok(())
    }

    /// Takes a successful attempt back, and clears the account's failed ones.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        self.forgive(attempt);
        let mut counts = lock(&self.counts);
        for (of, _) in &attempt.0 {
            if matches!(of, Key::Account(_)) {
                counts.remove(of);
            }
        }
    }

    /// Takes an attempt back that was not checked, or did not fail.
    pub(crate) fn forgive(&self, attempt: &Attempt) {
        let mut counts = lock(&self.counts);
        for (of, _) in &attempt.0 {
            if let Some(count) = counts.get_mut(of) {
                count.tries = count.tries.saturating_sub(1);
            }
        }
    }
}

/// Checks that fewer attempts than the limit are counted.
///
/// # Errors
/// The number of seconds until the next attempt is allowed.
fn check(counts: &HashMap<Key, Count>, of: &Key, limit: u32, now: Instant) -> Result<(), u32> {
    let count = counts
        .get(of)
        .filter(|count| now.duration_since(count.since) < WINDOW);
    match count.filter(|count| count.tries >= limit) {
        None => Ok(()),
        Some(count) => {
            let left = WINDOW.saturating_sub(now.duration_since(count.since));
            Err(u32::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX))
        }
    }
}

/// Counts an attempt.
fn count(counts: &mut HashMap<Key, Count>, of: Key, now: Instant) {
    let begins = Count {
        tries: 0,
        since: now,
    };
    let count = counts.entry(of).or_insert(begins);
    if now.duration_since(count.since) >= WINDOW {
        *count = begins;
    }
    count.tries += 1;
}

/// Drops what no longer counts, and then the oldest, where there are too many counters.
fn tidy(counts: &mut HashMap<Key, Count>, now: Instant) {
    if counts.len() <= MAX_COUNTERS {
        return;
    }
    counts.retain(|_, count| now.duration_since(count.since) < WINDOW);
    while counts.len() > MAX_COUNTERS {
        let oldest = counts.iter().min_by_key(|(_, count)| count.since);
        let Some(of) = oldest.map(|(of, _)| of.clone()) else {
            return;
        };
        counts.remove(&of);
    }
}

/// Keeps a digest of the name only: a name may be long, and may be a password that was typed by mistake.
fn digest_of(account: &str) -> [u8; 32] {
    let digest = digest(&SHA256, account.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// The address and the networks that count for it.
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
