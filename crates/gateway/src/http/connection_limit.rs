//! Limits the number of open connections. Those of signed-in sessions stay open; of the others, the oldest are closed
//! first, so that a client that sends its request at once always gets a response.

use crate::config::Network;
use crate::lock::lock;
use crate::network;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// The maximum numbers of open connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// All connections.
    pub(crate) total: usize,
    /// Connections of signed-in sessions. The rest is reserved for signing in and for probes.
    pub(crate) signed_in: usize,
    /// Connections of one session.
    pub(crate) per_session: usize,
    /// Connections of one address, without a session.
    pub(crate) per_address: usize,
    /// Connections of one network (a /56, for IPv4 a /24), without a session.
    pub(crate) per_network: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: 4096,
            signed_in: 3072,
            per_session: 1024,
            per_address: 1024,
            per_network: 2048,
        }
    }
}

/// The open connections.
#[derive(Debug)]
pub(crate) struct ConnectionLimit {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    /// By number, the oldest first.
    connections: BTreeMap<u64, Connection>,
    next: u64,
    /// Proxies, which are exempt from the limits per address, because their connections belong to many visitors.
    proxies: Vec<Network>,
}

#[derive(Debug)]
struct Connection {
    /// The client's address, for IPv6 its /64. `None` for a proxy.
    address: Option<IpAddr>,
    session: Option<String>,
    closed: Arc<Notify>,
}

/// The permit of one open connection, until it is dropped or closed in favour of another.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    limit: Arc<ConnectionLimit>,
    number: u64,
    closed: Arc<Notify>,
}

impl ConnectionLimit {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        let open = Mutex::default();
        Arc::new(Self { limits, open })
    }

    /// Sets the trusted proxies.
    pub(crate) fn trust(&self, proxies: &[Network]) {
        lock(&self.open).proxies = proxies.to_vec();
    }

    /// Admits a new connection. If there are too many, older ones are closed.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> ConnectionPermit {
        let closed = Arc::new(Notify::new());
        let mut open = lock(&self.open);
        let is_proxy = open.proxies.iter().any(|proxy| proxy.contains(address));
        let address = (!is_proxy).then(|| network::network_of(address));
        let number = open.next;
        open.next += 1;
        let connection = Connection {
            address,
            session: None,
            closed: closed.clone(),
        };
        open.connections.insert(number, connection);
        if address.is_some() {
            let network = |address: Option<IpAddr>| address.map(|one| network::of(one, 56, 24));
            open.close_oldest_beyond(self.limits.per_address, |other| other == address);
            open.close_oldest_beyond(self.limits.per_network, |other| {
                network(other) == network(address)
            });
        }
        if open.connections.len() > self.limits.total {
            let signed_in = open.signed_in(|_| true);
            open.close_oldest_beyond(self.limits.total.saturating_sub(signed_in), |_| true);
        }
        drop(open);
        ConnectionPermit {
            limit: self.clone(),
            number,
            closed,
        }
    }

    /// Closes the oldest connection without a session, because the operating system cannot open another.
    pub(crate) fn make_room(&self) {
        let mut open = lock(&self.open);
        let anonymous = open.anonymous(|_| true).len();
        open.close_oldest_beyond(anonymous.saturating_sub(1), |_| true);
    }
}

impl Open {
    /// The number of connections of the sessions that match `is_match`.
    fn signed_in(&self, is_match: impl Fn(&str) -> bool) -> usize {
        let sessions = self
            .connections
            .values()
            .filter_map(|c| c.session.as_deref());
        sessions.filter(|session| is_match(session)).count()
    }

    /// The connections without a session whose address matches `is_match`, the oldest first.
    fn anonymous(&self, is_match: impl Fn(Option<IpAddr>) -> bool) -> Vec<u64> {
        let connections = self.connections.iter();
        connections
            .filter(|(_, c)| c.session.is_none() && is_match(c.address))
            .map(|(number, _)| *number)
            .collect()
    }

    /// Closes the oldest connections without a session whose address matches `is_match`, until at most `max` remain.
    fn close_oldest_beyond(&mut self, max: usize, is_match: impl Fn(Option<IpAddr>) -> bool) {
        let anonymous = self.anonymous(is_match);
        let excess = anonymous.len().saturating_sub(max);
        for number in anonymous.into_iter().take(excess) {
            if let Some(connection) = self.connections.remove(&number) {
                connection.closed.notify_one();
            }
        }
    }
}

impl ConnectionPermit {
    /// Records that the connection carried a request of this session.
    pub(crate) fn signed_in(&self, session: &str) {
        let mut open = lock(&self.limit.open);
        let limits = self.limit.limits;
        let known = open.connections.get(&self.number);
        if known.is_none_or(|known| known.session.as_deref() == Some(session)) {
            return;
        }
        let has_room = open.signed_in(|_| true) < limits.signed_in
            && open.signed_in(|other| other == session) < limits.per_session;
        if let Some(connection) = open.connections.get_mut(&self.number) {
            connection.session = has_room.then(|| session.to_owned());
        }
    }

    /// Returns when the connection has to be closed in favour of another.
    pub(crate) async fn closed(&self) {
        self.closed.notified().await;
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        lock(&self.limit.open).connections.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    const LIMITS: Limits = Limits {
        total: 20,
        signed_in: 12,
        per_session: 8,
        per_address: 5,
        per_network: 8,
    };

    fn is_closed(permit: &ConnectionPermit) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        pin!(permit.closed()).poll(&mut context) == Poll::Ready(())
    }

    fn open(permits: &[ConnectionPermit]) -> Vec<bool> {
        let open = permits.iter();
        open.map(|permit| {
            lock(&permit.limit.open)
                .connections
                .contains_key(&permit.number)
        })
        .collect()
    }

    fn admit_all(limit: &Arc<ConnectionLimit>, addresses: &[&str]) -> Vec<ConnectionPermit> {
        let addresses = addresses.iter();
        addresses
            .map(|address| limit.admit(address.parse().unwrap()))
            .collect()
    }

    #[test]
    fn over_a_limit_an_address_or_network_loses_its_oldest_connections() {
        let limit = ConnectionLimit::new(LIMITS);
        let other = admit_all(&limit, &["198.51.100.1"]);
        let held = admit_all(&limit, &["192.0.2.1"; 7]);
        let expected: Vec<bool> = (0..7).map(|number| number >= 2).collect();
        assert_eq!(open(&held), expected);
        assert!(is_closed(&held[0]) && !is_closed(&held[6]));
        let beside = admit_all(
            &limit,
            &["192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"],
        );
        assert_eq!(open(&held).iter().filter(|open| **open).count(), 4);
        assert_eq!(open(&beside), [true; 4]);
        assert_eq!(open(&other), [true]);
        limit.trust(&["192.0.2.9".parse().unwrap()]);
        let proxied = admit_all(&limit, &["192.0.2.9"; 8]);
        assert_eq!(open(&proxied), [true; 8]);
        drop((held, beside, proxied));
        assert_eq!(lock(&limit.open).connections.len(), 1);
    }

    #[test]
    fn a_proxy_with_an_ipv6_address_is_exempt_from_address_limits() {
        let limit = ConnectionLimit::new(LIMITS);
        limit.trust(&["2001:db8::1".parse().unwrap(), "192.0.2.9".parse().unwrap()]);
        let proxied = admit_all(&limit, &["2001:db8::1"; 8]);
        assert_eq!(open(&proxied), [true; 8]);
        let neighbours = admit_all(&limit, &["2001:db8::2"; 7]);
        let expected: Vec<bool> = (0..7).map(|number| number >= 2).collect();
        assert_eq!(open(&neighbours), expected);
        assert_eq!(open(&proxied), [true; 8], "beside a neighbour");
    }

    #[test]
    fn signed_in_connections_stay_and_a_new_one_is_always_admitted() {
        let limit = ConnectionLimit::new(LIMITS);
        let people: Vec<ConnectionPermit> = (0..10)
            .map(|number| limit.admit(IpAddr::from([10, 0, number, 1])))
            .collect();
        for (number, permit) in people.iter().enumerate() {
            permit.signed_in(&format!("s{}", number % 2));
        }
        let flood: Vec<ConnectionPermit> = (0..100)
            .map(|number| limit.admit(IpAddr::from([10, 1, number, 1])))
            .collect();
        assert_eq!(open(&people), [true; 10]);
        let kept: Vec<bool> = (0..100).map(|number| number >= 90).collect();
        assert_eq!(open(&flood), kept);
        limit.make_room();
        assert_eq!(open(&flood).iter().filter(|open| **open).count(), 9);
        // A session has at most its own limit.
        for permit in &flood[91..] {
            permit.signed_in("s0");
        }
        assert_eq!(lock(&limit.open).signed_in(|session| session == "s0"), 7);
        let more: Vec<ConnectionPermit> = (0..20)
            .map(|number| limit.admit(IpAddr::from([10, 2, number, 1])))
            .collect();
        assert_eq!(lock(&limit.open).connections.len(), LIMITS.total);
        assert!(open(&more)[19] && open(&people) == [true; 10]);
    }
}
