//! The three vendors' failover APIs in memory, over real HTTP on loopback ports, for the demo and the
//! tests. Written directly from the vendors' published documentation. It must not use the `vendors`
//! crate: a wrong field name there could hide behind a shared type.
//!
//! `docs/simulator.md` describes the control port, `docs/simulator-differences.md` lists where the
//! simulator differs from the real systems.

mod answer;
mod aveva;
mod clock;
mod control;
mod faults;
mod listener;
mod log;
mod observer;
mod options;
mod path;
mod server;
mod service;
mod steps;
#[cfg(test)]
mod testing;
mod uplynk;
mod veeam;

pub use clock::Clock;
pub use observer::{Observer, Skips};
pub use options::{Credentials, Kind, Listening, Options, Scenario};

use chrono::Utc;
use control::Control;
use listener::{Listener, Shared};
use service::Service;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running simulator. Dropping it closes its ports.
#[derive(Debug)]
pub struct Simulator {
    /// The simulated systems, each on a port of its own.
    pub systems: Vec<Listening>,
    /// The address of the control port.
    pub control: SocketAddr,
    /// The clock of the observer (the demo's gateway), independent of the systems' clock.
    pub observer: Observer,
    /// The clock that validates the timestamps of signed requests.
    pub accounts: Clock,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Starts the five systems of the demo and the control port, all on loopback.
///
/// # Errors
/// When a port cannot be opened, or when the address of the control port is not a loopback address.
pub async fn start(options: Options) -> std::io::Result<Simulator> {
    if !options.control.ip().is_loopback() {
        let why = format!(
            "--control: {} can be reached from other computers, and the simulator requires no sign-in: listen on \
             127.0.0.1 or [::1]",
            options.control
        );
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, why));
    }
    let clock = Clock::new(options.start.unwrap_or_else(Utc::now), options.speed);
    let observer = Observer::new(clock.now(), options.speed);
    let accounts = Clock::new(Utc::now(), options.account_speed);
    let shared = Arc::new(Shared::new(clock));
    let (mut tasks, mut systems, mut listeners) = (Vec::new(), Vec::new(), Vec::new());
    for (id, title) in TITLES {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base_url = format!("http://{}", socket.local_addr()?);
        let kind = kind(id, &base_url);
        let service = Service::new(&kind, id, &base_url, &options, &shared.clock, &accounts);
        systems.push(Listening {
            id,
            title: title.to_owned(),
            base_url,
            kind,
        });
        let listener = Arc::new(Listener {
            id,
            service,
            shared: Arc::clone(&shared),
        });
        tasks.push(server::serve(
            socket,
            listener::router(Arc::clone(&listener)),
        ));
        listeners.push(listener);
    }
    let socket = TcpListener::bind(options.control).await?;
    let control = socket.local_addr()?;
    let current = Mutex::new(options.clone());
    let router = control::router(Arc::new(Control {
        listeners,
        shared,
        observer: observer.clone(),
        initial: options,
        current,
    }));
    tasks.push(server::serve(socket, router));
    Ok(Simulator {
        systems,
        control,
        observer,
        accounts,
        tasks,
    })
}

/// The demo's connections: id and title.
const TITLES: [(&str, &str); 5] = [
    ("plant-a", "Plant A"),
    ("plant-b", "Plant B"),
    ("live", "Live channels"),
    ("em", "Enterprise Manager"),
    ("em-old", "Enterprise Manager 9.5"),
];

/// The client configuration for a system. The secrets protect nothing but this simulator.
fn kind(id: &str, base_url: &str) -> Kind {
    match id {
        "plant-a" => Kind::Aveva {
            tenant: Some("5a1f0c62-demo-tenant".to_owned()),
            namespace: Some("plant-a".to_owned()),
            groups_version: "v1",
            sessions_version: "v1-preview",
            credentials: Credentials::ClientCredentials {
                token_url: format!("{base_url}/identity/connect/token"),
                client_id: "failover-console".to_owned(),
                client_secret: "simulated-client-secret".to_owned(),
            },
        },
        "plant-b" => Kind::Aveva {
            tenant: None,
            namespace: None,
            groups_version: "v1",
            sessions_version: "v1",
            credentials: Credentials::Basic {
                username: "failover-console".to_owned(),
                password: "simulated-password".to_owned(),
            },
        },
        "live" => Kind::Uplynk {
            owner: "ab533864a92b46a1a286cdd49b0a9bd3".to_owned(),
            api_key: "simulatedintegrationkey1234567890abcdefgh".to_owned(),
        },
        _ => Kind::Veeam {
            accept: if id == "em-old" {
                "application/xml"
            } else {
                "application/json"
            },
            username: "failover-console".to_owned(),
            password: "simulated-password".to_owned(),
        },
    }
}

/// Parses `--speed`: simulated seconds per real second, from 0, which freezes the clock, to 10,000.
///
/// # Errors
/// When the text is not a number in that range.
pub fn parse_speed(text: &str) -> Result<f64, String> {
    number_in_range(text, 0.0, 10_000.0)
}

/// Parses `--account-speed`: seconds per real second of the clock for signed requests, from 1 to 100.
///
/// # Errors
/// When the text is not a number in that range.
pub fn parse_account_speed(text: &str) -> Result<f64, String> {
    number_in_range(text, 1.0, 100.0)
}

/// Parses `--groups`: up to 20,000.
///
/// # Errors
/// When the text is not a whole number in that range.
pub fn parse_groups(text: &str) -> Result<usize, String> {
    count_up_to(text, 20_000)
}

/// Parses `--sessions`: up to 10,000.
///
/// # Errors
/// When the text is not a whole number in that range.
pub fn parse_sessions(text: &str) -> Result<usize, String> {
    count_up_to(text, 10_000)
}

fn count_up_to(text: &str, max: usize) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count <= max);
    count.ok_or_else(|| format!("must be a whole number from 0 to {max}"))
}

fn number_in_range(text: &str, min: f64, max: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        Err(format!("must be from {min} to {max}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, parse_account_speed, parse_speed, start};

    #[test]
    fn a_speed_is_accepted_only_within_its_range() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("0.5", Some(0.5)),
            ("10000", Some(10_000.0)),
            ("10000.1", None),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("fast", None),
            ("", None),
        ] {
            assert_eq!(parse_speed(text).ok(), expected, "{text}");
        }
        assert_eq!(
            parse_speed("NaN"),
            Err("must be from 0 to 10000".to_owned())
        );
        assert!(parse_account_speed("1").is_ok() && parse_account_speed("0").is_err());
    }

    #[tokio::test]
    async fn the_control_port_accepts_only_loopback_addresses() {
        for (control, expected) in [
            ("127.0.0.1:0", true),
            ("[::ffff:127.0.0.1]:0", false),
            ("0.0.0.0:0", false),
            ("[::]:0", false),
            ("192.0.2.1:9800", false),
        ] {
            let options = Options {
                control: control.parse().unwrap(),
                ..Options::default()
            };
            let started = start(options).await;
            assert_eq!(started.is_ok(), expected, "{control}");
            if let Err(error) = started {
                let why = error.to_string();
                assert!(why.contains("can be reached from other computers"), "{why}");
            }
        }
    }
}
