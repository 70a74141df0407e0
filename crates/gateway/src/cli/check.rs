//! `check`: reports every error of a configuration file, and optionally connects to its systems.

use super::{Failure, load, print_line};
use crate::alerts::send;
use crate::app::{Gateway, Shared};
use crate::assets::{Assets, EarlierFiles};
use crate::auth::Access;
use crate::config::{self, Checks, Config, StoreLocation};
use crate::credentials::RETRIED_LATER;
use crate::crypto::password_hash;
use crate::store::Store;
use crate::tls::CertificateFiles;
use crate::vendor_http::proxy_to;
use crate::watch::{self, Clock};
use crate::{auth, pairing, tls};
use health::inventory::Kind;
use protocol::{ConnectionState, ReadFailure};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The checks of configured values by other modules of the gateway.
pub(crate) const CHECKS: Checks = Checks {
    password_hash: |hash| password_hash::parse(hash).map(drop),
    certificates: |pem| tls::certificates(pem).map(drop),
    tls_files: |files, host| certificate_files(files).check(host),
    wall_registry: pairing::check,
    ended_file: auth::check_ended_file,
    mail_server: |name| send::server_name(name).map(drop),
    mailbox: |address| send::mailbox(address).map(drop),
};

/// The certificate files in the form that `tls` uses.
pub(super) fn certificate_files(files: &config::TlsFiles) -> CertificateFiles {
    CertificateFiles {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
    }
}

/// Reads a configuration file and prints a summary; with `connect`, also connects to its systems and prints the
/// results.
pub(super) async fn run(file: &Path, connect: bool) -> Result<(), Failure> {
    let config = load(file)?;
    describe(file, &config);
    let store = if connect || !config.store.is_shared() {
        check_store(&config.store)
    } else {
        Ok(())
    };
    if connect {
        let connections = check_connections(config.connections).await;
        if let Some(openid) = config.openid {
            check_provider(&openid).await?;
        }
        connections?;
    }
    store
}

/// Reads the metadata of the OpenID Connect provider, and prints the result.
async fn check_provider(openid: &config::OpenId) -> Result<(), Failure> {
    let title = &openid.title;
    match auth::check_provider(openid).await {
        Ok(()) => {
            print_line(format_args!("  {title}: answers"));
            Ok(())
        }
        Err(why) => {
            print_line(format_args!("  {title}: cannot be read: {why}"));
            let why = "the OpenID Connect provider cannot be read".to_owned();
            Err(Failure::Running(why))
        }
    }
}

/// Prints a summary of a configuration.
fn describe(file: &Path, config: &Config) {
    for config::Fault { line, column, text } in &config.warnings {
        let file = file.display();
        print_line(format_args!("{file}:{line}:{column}: warning: {text}"));
    }
    print_line(format_args!("{}: ok", file.display()));
    print_line(format_args!("  listens on {}", config.listen));
    for connection in &config.connections {
        let vendors::Connection { id, title, system } = &connection.public;
        print_line(format_args!(
            "  {id}: {title} ({}) at {}",
            system.vendor(),
            connection.base_url
        ));
        if let Some(server) = proxy_to(&connection.outbound, &connection.base_url) {
            print_line(format_args!("  {id}: through the proxy {server}"));
        }
    }
    for user in &config.users {
        print_line(format_args!(
            "  {} signs in as {}",
            user.name,
            user.role.name()
        ));
    }
    if let Some(openid) = &config.openid {
        let config::OpenId { title, issuer, .. } = openid;
        print_line(format_args!("  others sign in with {title} ({issuer})"));
    }
    describe_walls(config);
    print_line(format_args!("  the audit is kept in {}", config.store));
    if let Some(hint) = config.store_hint() {
        print_line(format_args!("  {hint}"));
    }
    for rule in &config.alerts.rules {
        let (id, targets) = (&rule.id, rule.targets.join(", "));
        print_line(format_args!("  alert {id}: goes to {targets}"));
    }
}

/// Prints where paired walls are kept, if a sign-in is configured.
fn describe_walls(config: &Config) {
    if !config.has_sign_in() {
        print_line("  there is no sign-in: everybody at this computer is an admin");
    } else if config.session.key.is_none() {
        print_line(
            "  paired walls are kept in memory, because [session] has no key: a restart un-pairs them",
        );
    } else if config.store != StoreLocation::Memory {
        print_line("  paired walls are kept in the store");
        if let Some(walls) = &config.walls {
            let walls = walls.display();
            print_line(format_args!("  walls in {walls} are imported once"));
        }
    } else if let Some(walls) = &config.walls {
        print_line(format_args!(
            "  paired walls are kept in {}",
            walls.display()
        ));
    } else {
        print_line("  paired walls are kept in memory, as the store is: a restart un-pairs them");
    }
}

/// Checks the store, and prints the result.
fn check_store(location: &StoreLocation) -> Result<(), Failure> {
    match Store::check(location) {
        Ok(()) => {
            if location.is_shared() {
                print_line("  the store answers");
            }
            Ok(())
        }
        Err(why) => {
            print_line(format_args!("  {why}"));
            Err(Failure::Running("the store cannot be used".to_owned()))
        }
    }
}

/// The timeout for the first response of a system.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The interval between checks whether all systems have responded.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The pause before a request signed for a second that a running gateway may have used is repeated.
const NEXT_SECOND: Duration = Duration::from_secs(1);

/// Reads each system as a running gateway does, and prints the results.
async fn check_connections(mut connections: Vec<config::Connection>) -> Result<(), Failure> {
    let mut states = read(connections.clone()).await?;
    connections.retain(|one| {
        let state = states
            .iter()
            .find(|state| state.connection.id == one.public.id);
        state.is_some_and(may_share_a_second)
    });
    if !connections.is_empty() {
        sleep(NEXT_SECOND).await;
        for again in read(connections).await? {
            let first = states
                .iter_mut()
                .find(|state| state.connection.id == again.connection.id);
            if let Some(first) = first {
                *first = again;
            }
        }
    }
    report(&states)
}

/// Whether Uplynk may have refused the request because a running gateway signed another one for the same second.
fn may_share_a_second(state: &ConnectionState) -> bool {
    let is_uplynk = matches!(state.connection.system, vendors::System::Uplynk);
    is_uplynk && matches!(&state.failure, Some(ReadFailure::Vendor(error)) if error.status == 400)
}

/// Reads each system once. Returns their states.
async fn read(connections: Vec<config::Connection>) -> Result<Vec<ConnectionState>, Failure> {
    let store = Store::open(&StoreLocation::Memory).map_err(Failure::Running)?;
    let shared = Arc::new(Shared::new(Clock::system(), store));
    let gateway = Gateway::with(
        connections,
        Access::local(),
        None,
        Assets::embedded(&EarlierFiles::default()),
        shared.clone(),
    )
    .map_err(Failure::Usage)?;
    gateway.watch();
    let until = Instant::now() + CONNECT_TIMEOUT;
    let states = loop {
        let states = shared.watchers.inventory().everything().connections;
        let states = states.unwrap_or_default();
        let is_known =
            |state: &ConnectionState| state.observed_at.is_some() || state.failure.is_some();
        if states.iter().all(is_known) || Instant::now() > until {
            break states;
        }
        sleep(POLL_INTERVAL).await;
    };
    shared.watchers.stop();
    gateway.log_off().await;
    Ok(states)
}

fn report(states: &[ConnectionState]) -> Result<(), Failure> {
    let mut failed = 0;
    for state in states {
        let vendors::Connection { id, system, .. } = &state.connection;
        let noun = Kind::held_by(system).noun();
        match (&state.failure, state.observed_at) {
            (None, Some(_)) => print_line(format_args!("  {id}: answers: {} {noun}", state.held)),
            (Some(failure), _) => {
                failed += 1;
                let line = watch::line(failure);
                // No gateway that tries again is running.
                let why = line
                    .split_once(RETRIED_LATER)
                    .map_or(&*line, |(why, _)| why);
                print_line(format_args!("  {id}: cannot be read: {why}"));
            }
            (None, None) => {
                failed += 1;
                let seconds = CONNECT_TIMEOUT.as_secs();
                print_line(format_args!("  {id}: has not answered within {seconds} s"));
            }
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::Running(format!(
            "{failed} of {} connections cannot be read",
            states.len()
        ))),
    }
}
