//! State that connections share, also across reloads of the configuration: per account, the queue of signed requests
//! and the refused log-ons; for all connections, the locks of groups.

use super::group_locks::GroupLocks;
use crate::clock::SigningClock;
use crate::config;
use crate::credentials::{Refusals, SharedSeconds, SigningQueue};
use crate::crypto::{digest_of, hex};
use secrecy::ExposeSecret as _;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Creates the source of an account's signing seconds, which gateways that share a store use together, from a name for
/// the account.
pub(crate) type SecondsOf = Box<dyn Fn(String) -> SharedSeconds + Send + Sync>;

/// The shared state of all connections.
pub(crate) struct Accounts {
    clock: SigningClock,
    shared: Option<SecondsOf>,
    signing_queues: HashMap<(String, String), Arc<SigningQueue>>,
    locks: Arc<GroupLocks>,
    refusals: HashMap<Fingerprint, Arc<Refusals>>,
}

/// Identifies credentials at a service without containing them.
type Fingerprint = [u8; 32];

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

impl Accounts {
    pub(crate) fn new(clock: impl Into<SigningClock>, shared: Option<SecondsOf>) -> Self {
        Self {
            clock: clock.into(),
            shared,
            signing_queues: HashMap::new(),
            locks: Arc::default(),
            refusals: HashMap::new(),
        }
    }

    /// The queue of an account's signed requests.
    pub(super) fn signing_queue(&mut self, base: &str, owner: &str) -> Arc<SigningQueue> {
        let key = (base.to_owned(), owner.to_owned());
        let (clock, shared) = (&self.clock, &self.shared);
        let signing_queue = self.signing_queues.entry(key).or_insert_with(|| {
            let shared = shared.as_ref().map(|shared| shared(name([base, owner])));
            Arc::new(SigningQueue::new(clock.clone(), shared))
        });
        signing_queue.clone()
    }

    pub(super) fn locks(&self) -> Arc<GroupLocks> {
        self.locks.clone()
    }

    /// The refused log-ons of these credentials. Other credentials have refusals of their own.
    pub(super) fn refusals(
        &mut self,
        base: &str,
        credentials: &config::Credentials,
    ) -> Arc<Refusals> {
        self.refusals
            .entry(fingerprint(base, credentials))
            .or_default()
            .clone()
    }
}

fn fingerprint(base: &str, credentials: &config::Credentials) -> Fingerprint {
    let (service, account, secret) = match credentials {
        config::Credentials::OAuthClient {
            token_url,
            client_id,
            client_secret,
        } => (token_url.as_str(), client_id, client_secret),
        config::Credentials::Basic { username, password } => (base, username, password),
        config::Credentials::IntegrationKey { owner, api_key } => (base, owner, api_key),
    };
    digest_of([base, service, account, secret.expose_secret()])
}

/// A name for an account that does not reveal its owner.
fn name(account: [&str; 2]) -> String {
    hex(&digest_of(account))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::wall_clock;

    #[test]
    fn the_same_credentials_at_the_same_service_share_their_refusals() {
        let mut accounts = Accounts::new(wall_clock(), None);
        let mut refusals = |base: &str, username: &str, password: &str| {
            let credentials = config::Credentials::Basic {
                username: username.to_owned(),
                password: password.into(),
            };
            accounts.refusals(base, &credentials)
        };
        let first = refusals("https://em.example", "ann", "one");
        for (base, username, password, same) in [
            ("https://em.example", "ann", "one", true),
            ("https://em.example", "ann", "two", false),
            ("https://em.example", "bob", "one", false),
            ("https://em2.example", "ann", "one", false),
            ("https://em.example", "annon", "e", false),
        ] {
            let found = Arc::ptr_eq(&first, &refusals(base, username, password));
            assert_eq!(found, same, "{base} {username} {password}");
        }
    }
}
