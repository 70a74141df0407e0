//! Limits failed sign-ins, per address and per account, whether the account exists or not. The limit of an
//! address is much lower than that of an account, so that one address cannot lock an account's owner out.

use ring::digest::{SHA256, digest};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a failed attempt counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Failed attempts allowed per address.
const PER_ADDRESS: u32 = 10;
/// Failed attempts allowed per account, from all addresses together.
const PER_ACCOUNT: u32 = 50;
/// How many counters are kept. The oldest is dropped first.
const MOST: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    Account([u8; 32]),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    tries: u32,
    since: Instant,
}

/// The counters of one gateway.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<Key, Count>>);

impl Throttle {
    /// Counts an attempt before it is checked, so that parallel attempts count as well as sequential ones.
    ///
    /// # Errors
    /// The number of seconds until the next attempt is allowed.
    pub(crate) fn begin(&self, address: IpAddr, account: &str) -> Result<(), u32> {
        let now = Instant::now();
        let keys = [
            (address_key(address), PER_ADDRESS),
            (key(account), PER_ACCOUNT),
        ];
        let mut counts = self.counts();
        for (of, limit) in &keys {
            check(&counts, of, *limit, now)?;
        }
        for (of, _) in keys {
            count(&mut counts, of, now);
        }
        tidy(&mut counts, now);
        Ok(())
    }

    /// Whether an address may make an attempt that a provider decides. Such an attempt counts only once it
    /// has failed, because many users may share one address.
    ///
    /// # Errors
    /// The number of seconds until the next attempt is allowed.
    pub(crate) fn may_ask(&self, address: IpAddr) -> Result<(), u32> {
        let now = Instant::now();
        check(&self.counts(), &address_key(address), PER_ADDRESS, now)
    }

    /// Counts a failed attempt of an address.
    pub(crate) fn failed(&self, address: IpAddr) {
        let (now, mut counts) = (Instant::now(), self.counts());
        count(&mut counts, address_key(address), now);
        tidy(&mut counts, now);
    }

    /// Takes a successful attempt back, and clears the account's failed ones.
    pub(crate) fn succeeded(&self, address: IpAddr, account: &str) {
        self.forgive(address, account);
        self.counts().remove(&key(account));
    }

    /// Takes an attempt back that was not checked.
    pub(crate) fn forgive(&self, address: IpAddr, account: &str) {
        let mut counts = self.counts();
        for of in [address_key(address), key(account)] {
            if let Some(count) = counts.get_mut(&of) {
                count.tries = count.tries.saturating_sub(1);
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

fn tidy(counts: &mut HashMap<Key, Count>, now: Instant) {
    if counts.len() <= MOST {
        return;
    }
    counts.retain(|_, count| now.duration_since(count.since) < WINDOW);
    while counts.len() > MOST {
        let oldest = counts.iter().min_by_key(|(_, count)| count.since);
        let Some(of) = oldest.map(|(of, _)| of.clone()) else {
            return;
        };
        counts.remove(&of);
    }
}

/// Keeps a digest of the name only: a name may be long, and may be a password that was typed by mistake.
fn key(account: &str) -> Key {
    let digest = digest(&SHA256, account.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    Key::Account(bytes)
}

/// The address, or for IPv6 its /64 network, all of which usually belongs to one subscriber.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let net = u128::from(six) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(net))
        }
        four @ IpAddr::V4(_) => four,
    }
}

fn address_key(address: IpAddr) -> Key {
    Key::Address(network_of(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_reaches_its_limit_independently_of_others() {
        let throttle = Throttle::default();
        for try_number in 0..PER_ADDRESS {
            let account = format!("user{try_number}");
            assert_eq!(throttle.begin(ip("192.0.2.1"), &account), Ok(()));
        }
        assert_eq!(throttle.begin(ip("192.0.2.1"), "fresh"), Err(900));
        assert_eq!(throttle.begin(ip("::ffff:192.0.2.1"), "fresh"), Err(900));
        assert_eq!(throttle.begin(ip("192.0.2.2"), "fresh"), Ok(()));
        tokio::time::advance(Duration::from_secs(899)).await;
        assert_eq!(throttle.begin(ip("192.0.2.1"), "fresh"), Err(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(throttle.begin(ip("192.0.2.1"), "fresh"), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_reaches_its_limit_from_many_addresses_but_not_from_one() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            let _ = throttle.begin(ip("192.0.2.1"), "ops");
        }
        assert_eq!(
            throttle.begin(ip("192.0.2.2"), "ops"),
            Ok(()),
            "not locked out"
        );
        for last in 3..100 {
            let _ = throttle.begin(ip(&format!("192.0.2.{last}")), "ops");
        }
        assert!(throttle.begin(ip("192.0.2.200"), "ops").is_err());
        assert_eq!(throttle.begin(ip("192.0.2.200"), "other"), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn successful_attempts_do_not_count() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            assert_eq!(throttle.begin(ip("192.0.2.1"), "ops"), Ok(()));
            throttle.succeeded(ip("192.0.2.1"), "ops");
        }
        for _ in 0..PER_ADDRESS {
            assert_eq!(throttle.begin(ip("192.0.2.1"), "ops"), Ok(()));
        }
        assert!(throttle.begin(ip("192.0.2.1"), "ops").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_at_a_provider_counts_once_it_has_failed() {
        let throttle = Throttle::default();
        let address = ip("192.0.2.1");
        for _ in 0..PER_ADDRESS {
            assert_eq!(throttle.may_ask(address), Ok(()));
            assert_eq!(throttle.may_ask(address), Ok(()), "asking does not count");
            throttle.failed(address);
        }
        assert_eq!(throttle.may_ask(address), Err(900));
        assert!(
            throttle.begin(address, "ops").is_err(),
            "one address, one count"
        );
        assert_eq!(throttle.may_ask(ip("192.0.2.2")), Ok(()));
        tokio::time::advance(WINDOW).await;
        assert_eq!(throttle.may_ask(address), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_addresses_of_an_ipv6_network_share_one_limit() {
        let throttle = Throttle::default();
        for number in 0..PER_ADDRESS {
            assert_eq!(
                throttle.begin(ip(&format!("2001:db8::{number:x}")), "ops"),
                Ok(())
            );
        }
        assert!(throttle.begin(ip("2001:db8::ffff"), "ops").is_err());
        assert_eq!(throttle.begin(ip("2001:db8:0:1::1"), "ops"), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_counters_is_limited() {
        let throttle = Throttle::default();
        for number in 0..=u32::try_from(MOST).unwrap() {
            let address = IpAddr::V4(std::net::Ipv4Addr::from(number));
            throttle.begin(address, &number.to_string()).unwrap();
            if number % 5000 == 0 {
                tokio::time::advance(WINDOW).await;
            }
        }
        assert!(throttle.counts().len() <= MOST);
    }
}
