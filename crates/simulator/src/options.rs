//! The options of a simulator, and the description of its running systems.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};

/// The options of a simulated world.
#[derive(Debug, Clone)]
pub struct Options {
    /// The same seed, clock and requests give the same world.
    pub seed: u64,
    /// Groups on each AVEVA and Uplynk system, besides the published samples and the group with the
    /// awkward id. The first ones are the demo plant's; the rest are generated.
    pub groups: usize,
    /// Sessions of each AVEVA group. Up to four it is a limit for the demo plant's groups, which have two to four of
    /// their own; above four, every group has exactly this many.
    pub sessions: usize,
    /// Simulated seconds per real second; 0 freezes the clock.
    pub speed: f64,
    /// Seconds per real second of the clock for signed requests. The service accepts one request per such second.
    pub account_speed: f64,
    /// The scenario.
    pub scenario: Scenario,
    /// The simulated time at the start; `None` for the real time.
    pub start: Option<DateTime<Utc>>,
    /// The address of the control port, on loopback only; port 0 selects a free port.
    pub control: SocketAddr,
}

impl Default for Options {
    /// A demo world that looks like a real plant.
    fn default() -> Self {
        Self {
            seed: 1,
            groups: 8,
            sessions: 4,
            speed: 1.0,
            account_speed: 1.0,
            scenario: Scenario::Busy,
            start: None,
            control: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }
}

/// The events that occur as the clock advances.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// Everything is normal.
    Calm,
    /// Occasionally a failover, a blacklisted slicer, or an adapter that is silent for a while.
    #[default]
    Busy,
    /// Several permanent failures, and more temporary ones than in `busy`.
    Incident,
}

/// One simulated vendor system on its own loopback port.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The connection's id.
    pub id: &'static str,
    /// The display name.
    pub title: String,
    /// `http://127.0.0.1:{port}`, without a slash at the end.
    pub base_url: String,
    /// The API and the credentials.
    pub kind: Kind,
}

/// The API of a system, with the client's configuration.
#[derive(Debug, Clone)]
pub enum Kind {
    /// AVEVA client failover.
    Aveva {
        /// Cloud only.
        tenant: Option<String>,
        /// Cloud only.
        namespace: Option<String>,
        /// `v1` or `v1-preview`.
        groups_version: &'static str,
        /// `v1` or `v1-preview`.
        sessions_version: &'static str,
        /// The credentials.
        credentials: Credentials,
    },
    /// Uplynk live slicer failover groups: signed requests.
    Uplynk {
        /// The account's id, `_owner` in `msg`.
        owner: String,
        /// The integration key that signs requests.
        api_key: String,
    },
    /// Veeam Backup Enterprise Manager: Basic at log-on, then a session header.
    Veeam {
        /// The media type to request.
        accept: &'static str,
        /// The user name for the log-on.
        username: String,
        /// The password for the log-on.
        password: String,
    },
}

/// How an AVEVA service authenticates its callers.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// In the cloud: OAuth2 client credentials, then a bearer token.
    ClientCredentials {
        /// The token endpoint.
        token_url: String,
        /// The client id.
        client_id: String,
        /// The client secret.
        client_secret: String,
    },
    /// On premises: Basic on every request.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
}
