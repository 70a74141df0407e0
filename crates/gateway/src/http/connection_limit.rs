//! Which connections stay open when there are too many: those of signed-in sessions before all others, and of the
//! others the youngest, so that a client that opens a connection and asks at once is answered, whatever else is held
//! open.

use crate::config::Network;
use crate::lock::lock;
use crate::network;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// How many connections may be open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) total: usize,
    /// Of signed-in sessions. What is left is for signing in and for probes.
    pub(crate) signed_in: usize,
    /// Of one session.
    pub(crate) per_session: usize,
    /// Of one address, without a session.
    pub(crate) per_address: usize,
    /// Of one network (a /56, for IPv4 a /24), without a session.
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
    /// By number: the oldest first.
    connections: BTreeMap<u64, Connection>,
    next: u64,
    /// Proxies, whose connections belong to many visitors: the limits of an address do not concern them.
    proxies: Vec<Network>,
}

#[derive(Debug)]
struct Connection {
    /// For IPv6 its /64. `None` for that of a proxy.
    address: Option<IpAddr>,
    session: Option<String>,
    closed: Arc<Notify>,
}

/// Permits one connection to be open, until it is dropped or has to make room for another.
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

    /// Names the trusted proxies.
    pub(crate) fn trust(&self, proxies: &[Network]) {
        lock(&self.open).proxies = proxies.to_vec();
    }

    /// Admits a new connection. Others are closed for it where there are too many.
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
            let of = |address: Option<IpAddr>| address.map(|one| network::of(one, 56, 24));
            open.close_oldest_beyond(self.limits.per_address, |other| other == address);
            open.close_oldest_beyond(self.limits.per_network, |other| of(other) == of(address));
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

    /// Closes the oldest connection without a session, because the system cannot open another.
    pub(crate) fn make_room(&self) {
        let mut open = lock(&self.open);
        let anonymous = open.anonymous(|_| true).len();
        open.close_oldest_beyond(anonymous.saturating_sub(1), |_| true);
    }
}

impl Open {
    /// How many connections belong to sessions for which `of` holds.
    fn signed_in(&self, of: impl Fn(&str) -> bool) -> usize {
        let sessions = self
            .connections
            .values()
            .filter_map(|c| c.session.as_deref());
        sessions.filter(|session| of(session)).count()
    }

    /// The numbers of the connections without a session for whose address `of` holds, the oldest first.
    fn anonymous(&self, of: impl Fn(Option<IpAddr>) -> bool) -> Vec<u64> {
        let connections = self.connections.iter();
        connections
            .filter(|(_, c)| c.session.is_none() && of(c.address))
            .map(|(number, _)| *number)
            .collect()
    }

    /// Closes the oldest connections without a session for whose address `of` holds, until there are `most` of them.
    fn close_oldest_beyond(&mut self, most: usize, of: impl Fn(Option<IpAddr>) -> bool) {
        let anonymous = self.anonymous(of);
        let too_many = anonymous.len().saturating_sub(most);
        for number in anonymous.into_iter().take(too_many) {
            if let Some(connection) = self.connections.remove(&number) {
                connection.closed.notify_one();
            }
        }
    }
}

impl ConnectionPermit {
    /// Notes that a request of this session came over the connection.
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

    /// Returns once the connection has to make room for another.
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
    fn an_address_and_a_network_lose_their_own_oldest_connections() {
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
    fn a_proxy_with_one_address_of_ipv6_has_none_of_these_limits() {
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
    fn signed_in_sessions_stay_and_the_newest_is_always_taken() {
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
        // One session does not take everything.
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
