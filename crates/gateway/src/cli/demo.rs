//! `demo`: runs the simulator in this process, on its own ports. The gateway reaches it over real HTTP, like any
//! vendor's system.

use super::{Failure, announce, print_line};
use crate::app::{Gateway, Shared};
use crate::assets::{Assets, EarlierFiles};
use crate::auth::Access;
use crate::clock::SigningClock;
use crate::config::{
    Connection, Credentials, DEFAULT_LISTEN, DEFAULT_SHARE, DEFAULT_TIMEOUT, DEFAULT_WATCH,
    Outbound, StoreLocation,
};
use crate::http::listen::{self, Serving};
use crate::store::Store;
use crate::watch::Clock;
use chrono::{DateTime, Utc};
use clap::Args;
use reqwest::Url;
use simulator::{Kind, Listening, Scenario, Simulator};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use vendors::System;
use vendors::aveva::{ApiVersion, Base};
use vendors::veeam::MediaType;

/// The options of `demo`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The address to listen on; port 0 takes any free port.
    #[arg(long, default_value_t = DEFAULT_LISTEN)]
    pub(super) listen: SocketAddr,
    /// The address of the simulator's control port; any free port by default.
    #[arg(long)]
    pub(super) control: Option<SocketAddr>,
    /// The scenario of the simulated systems.
    #[arg(long, value_enum, default_value_t = simulator::Options::default().scenario)]
    pub(super) scenario: Scenario,
    /// The number of groups of each AVEVA and Uplynk system, in addition to the vendors' published samples.
    #[arg(long, default_value_t = simulator::Options::default().groups, value_parser = simulator::parse_groups)]
    pub(super) groups: usize,
    /// The number of sessions of each AVEVA group; up to 4, only a limit for the named groups, which have 2 to 4
    /// sessions.
    #[arg(long, default_value_t = simulator::Options::default().sessions, value_parser = simulator::parse_sessions)]
    pub(super) sessions: usize,
    /// Simulated seconds per real second, 0 to 10000; 0 freezes the clock.
    #[arg(long, default_value_t = simulator::Options::default().speed, value_parser = simulator::parse_speed)]
    pub(super) speed: f64,
    /// The seed of the simulation: the same seed gives the same world.
    #[arg(long, default_value_t = simulator::Options::default().seed)]
    pub(super) seed: u64,
    /// The simulated start time, such as 2026-01-31T08:00:00Z; by default now.
    #[arg(long, value_parser = start)]
    pub(super) start: Option<DateTime<Utc>>,
    /// The speed of the Uplynk account's clock relative to real time; the service accepts one request in each of its
    /// seconds.
    #[arg(long, default_value_t = simulator::Options::default().account_speed, value_parser = simulator::parse_account_speed)]
    pub(super) account_speed: f64,
    /// The interval at which the gateway watches each system, in seconds.
    #[arg(long, default_value_t = DEFAULT_WATCH.as_secs(), value_parser = clap::value_parser!(u64).range(2..=300))]
    pub(super) watch_seconds: u64,
}

fn start(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| "not a time such as 2026-01-31T08:00:00Z".to_owned())
}

/// Serves the console for simulated systems until the process is stopped.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    only_loopback("--listen", arguments.listen)?;
    let mut options = simulator::Options {
        seed: arguments.seed,
        groups: arguments.groups,
        sessions: arguments.sessions,
        speed: arguments.speed,
        account_speed: arguments.account_speed,
        scenario: arguments.scenario,
        start: arguments.start,
        ..simulator::Options::default()
    };
    if let Some(control) = arguments.control {
        only_loopback("--control", control)?;
        options.control = control;
    }
    let stop = listen::Stop::new().map_err(Failure::Running)?;
    let listener = listen::open(arguments.listen)
        .await
        .map_err(Failure::Running)?;
    let simulator = simulator::start(options)
        .await
        .map_err(|error| Failure::Running(format!("cannot start the simulator: {error}")))?;
    let watch = Duration::from_secs(arguments.watch_seconds);
    let gateway = gateway(
        &simulator,
        Assets::embedded(&EarlierFiles::default()),
        watch,
    )
    .map_err(Failure::Running)?;
    announce(&listener, "http")?;
    print_line(format_args!("control on http://{}", simulator.control));
    let serving = Serving {
        gateway: Arc::new(gateway),
        certificate: None,
        reload: None,
    };
    listen::run(listener, serving, stop).await;
    Ok(())
}

fn only_loopback(option: &str, address: SocketAddr) -> Result<(), Failure> {
    loopback_only(address).map_or(Ok(()), |why| {
        Err(Failure::Usage(format!("{option}: {why}")))
    })
}

/// The reason why the demo must not listen on an address, if any. The demo has no sign-in, so that only this computer
/// may reach it.
fn loopback_only(address: SocketAddr) -> Option<String> {
    (!address.ip().is_loopback()).then(|| {
        format!(
            "{address} can be reached from other computers, and the demo has no sign-in: listen on 127.0.0.1 or [::1]"
        )
    })
}

/// A gateway to simulated systems. It watches them by the simulator's observer clock.
///
/// # Errors
/// The simulator describes a system that cannot be configured.
pub(crate) fn gateway(
    simulator: &Simulator,
    assets: Assets,
    watch: Duration,
) -> Result<Gateway, String> {
    let systems = simulator.systems.iter();
    let connections = systems
        .map(|listening| {
            Ok(Connection {
                watch,
                ..connection(listening)?
            })
        })
        .collect::<Result<_, String>>()?;
    let observer = simulator.observer.clone();
    let skips = observer.skips();
    let clock = Clock::new(move || observer.now(), skips);
    let now = clock.clone();
    // The demo needs no persistent store.
    let store = Store::open_by(&StoreLocation::Memory, move || now.now())?;
    let accounts = simulator.accounts.clone();
    let speed = accounts.speed();
    let since_1970 = move || {
        let micros = u64::try_from(accounts.now().timestamp_micros());
        Duration::from_micros(micros.unwrap_or_default())
    };
    let signing = SigningClock::new(Arc::new(since_1970), speed);
    let shared = Arc::new(Shared::new(clock, store).signing_by(signing));
    Gateway::with(connections, Access::demo(), None, assets, shared)
}

fn connection(listening: &Listening) -> Result<Connection, String> {
    let (system, credentials) = match &listening.kind {
        Kind::Aveva {
            tenant,
            namespace,
            groups_version,
            sessions_version,
            credentials,
        } => {
            let base = Base {
                tenant: tenant.clone(),
                namespace: namespace.clone(),
                groups_version: version(groups_version),
                sessions_version: version(sessions_version),
            };
            (System::Aveva(base), aveva(credentials)?)
        }
        Kind::Uplynk { owner, api_key } => {
            let credentials = Credentials::IntegrationKey {
                owner: owner.clone(),
                api_key: api_key.clone().into(),
            };
            (System::Uplynk, credentials)
        }
        Kind::Veeam {
            accept,
            username,
            password,
        } => {
            let accept = if *accept == MediaType::Xml.as_str() {
                MediaType::Xml
            } else {
                MediaType::Json
            };
            (System::veeam(accept), basic(username, password))
        }
    };
    let public = vendors::Connection {
        id: listening.id.to_owned(),
        title: listening.title.clone(),
        system,
    };
    let base_url = url(&listening.base_url)?;
    // Responses are not shared, because a single user watches the demo and expects to see changes at once. Uplynk is an
    // exception, because it allows only one request a second.
    let share = match public.system {
        System::Uplynk => DEFAULT_SHARE,
        System::Aveva(_) | System::Veeam { .. } => Duration::ZERO,
    };
    Ok(Connection {
        public,
        base_url,
        credentials,
        ca: None,
        outbound: Outbound::default(),
        timeout: DEFAULT_TIMEOUT,
        share,
        watch: DEFAULT_WATCH,
    })
}

fn aveva(credentials: &simulator::Credentials) -> Result<Credentials, String> {
    Ok(match credentials {
        simulator::Credentials::ClientCredentials {
            token_url,
            client_id,
            client_secret,
        } => Credentials::OAuthClient {
            token_url: url(token_url)?,
            client_id: client_id.clone(),
            client_secret: client_secret.clone().into(),
        },
        simulator::Credentials::Basic { username, password } => basic(username, password),
    })
}

fn basic(username: &str, password: &str) -> Credentials {
    Credentials::Basic {
        username: username.to_owned(),
        password: password.into(),
    }
}

fn version(name: &str) -> ApiVersion {
    if name == ApiVersion::V1.as_str() {
        ApiVersion::V1
    } else {
        ApiVersion::V1Preview
    }
}

fn url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("the simulator's address {text:?}: {error}"))
}
