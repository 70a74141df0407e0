//! `serve`: runs the gateway of a configuration file, and replaces it when the file is reloaded.

use super::check::certificate_files;
use super::{CHECKS, Failure, announce, load};
use crate::alerts::{Setting, Target};
use crate::app::{Gateway, Shared};
use crate::assets::{Assets, EarlierFiles};
use crate::auth::{Access, Memory, SignIn};
use crate::config::{Config, Fault, StoreLocation};
use crate::crypto::cookie_suffix;
use crate::http::listen::{self, Serving};
use crate::store::Store;
use crate::tls::CertificateReloader;
use crate::watch::Clock;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::oneshot;

/// The gateway's own certificate, if it has one.
fn certificate(config: &Config) -> Result<Option<CertificateReloader>, String> {
    let files = config.tls.as_ref().map(certificate_files);
    files.map(CertificateReloader::new).transpose()
}

/// Builds the gateway of a configuration, and applies its changes to the shared state. If it fails, nothing has
/// changed.
fn build_gateway(
    config: Config,
    memory: Arc<Memory>,
    shared: Arc<Shared>,
) -> Result<Gateway, String> {
    let encrypted = config.is_encrypted();
    let (access, changes) = if !config.has_sign_in() {
        tracing::warn!(
            "there is no [[user]] and no [openid]: everybody at this computer is an admin"
        );
        (Access::local(), None)
    } else {
        let settings = SignIn {
            users: config.users,
            openid: config.openid,
            limits: config.session.limits,
            key: config.session.key,
            encrypted,
            cookie_suffix: config
                .public_origin
                .as_ref()
                .map(|origin| cookie_suffix(origin, &config.base_path)),
            base_path: config.base_path.clone(),
            walls: config.walls,
            ended: config.session.ended,
        };
        let (access, changes) = Access::prepare(settings, memory)?;
        (access, Some(changes))
    };
    let targets = config.alerts.targets.iter();
    let targets: Result<_, String> = targets
        .map(|one| Target::new(one, &config.outbound))
        .collect();
    let alerts = Setting {
        rules: config.alerts.rules,
        targets: targets?,
        console: config
            .public_origin
            .as_ref()
            .map(|origin| format!("{origin}{}", config.base_path)),
    };
    let gateway = Gateway::with(
        config.connections,
        access,
        config.public_origin,
        Assets::embedded(&shared.earlier_files)
            .below(&config.base_path)
            .framed_by(&config.wall_frames),
        shared,
    )?;
    // Nothing can fail from here on: a refused configuration must not take effect partially.
    if let Some(changes) = changes {
        changes.apply();
    }
    gateway.shared.store.retain(config.retention);
    Ok(Gateway {
        base_path: config.base_path,
        tls: config.tls.is_some(),
        drain: config.drain,
        trusted_proxies: config.trusted_proxies,
        metrics_token: config.metrics_token,
        alerts,
        ..gateway
    })
}

/// The files of earlier builds, which are kept beside a store that is a file. The console also works without them.
fn earlier_files(store: &StoreLocation) -> EarlierFiles {
    let StoreLocation::File(file) = store else {
        return EarlierFiles::default();
    };
    let folder = file.with_file_name("failover-console-parts");
    EarlierFiles::take_over(&folder).unwrap_or_else(|error| {
        tracing::warn!(
            "pages that are open during an upgrade must be reloaded: {}: {error}",
            folder.display()
        );
        EarlierFiles::default()
    })
}

/// Logs the warnings about the file that `check` also prints.
fn log_warnings(file: &Path, config: &Config) {
    let file = file.display();
    for Fault { line, column, text } in &config.warnings {
        tracing::warn!("{file}:{line}:{column}: {text}");
    }
}

/// The address that the gateway listens on.
#[derive(Clone, Copy)]
struct Listening {
    address: SocketAddr,
    /// Whether it is given by `--listen`, which overrides `listen` in the file.
    is_given: bool,
}

/// Opens the store in a separate thread. Shutdown does not wait for it, because it retries while a database is down.
async fn open_store(location: StoreLocation) -> Result<Store, String> {
    let (sender, receiver) = oneshot::channel();
    let thread = std::thread::Builder::new().name("open store".to_owned());
    thread
        .spawn(move || {
            // Fails only if the gateway was stopped meanwhile.
            let _ = sender.send(Store::open_patiently(&location));
        })
        .map_err(|error| error.to_string())?;
    let opened = receiver.await;
    opened.unwrap_or_else(|_| Err("the store cannot be opened: its thread has failed".to_owned()))
}

/// Serves until the process is stopped. SIGHUP reloads the file.
pub(super) async fn run(file: PathBuf, address: Option<SocketAddr>) -> Result<(), Failure> {
    // Installed first, because a SIGHUP without its handler would end the process.
    let mut stop = listen::Stop::new().map_err(Failure::Running)?;
    let config = load(&file)?;
    log_warnings(&file, &config);
    let listening = Listening {
        address: address.unwrap_or(config.listen),
        is_given: address.is_some(),
    };
    config
        .may_listen_on(listening.address)
        .map_err(|why| Failure::Usage(format!("--listen: {why}")))?;
    let opened = tokio::select! {
        opened = open_store(config.store.clone()) => opened,
        () = stop.requested() => return Ok(()),
    };
    let store = opened.map_err(Failure::Running)?;
    let mut shared = Shared::new(Clock::system(), store);
    shared.earlier_files = earlier_files(&config.store);
    let shared = Arc::new(shared);
    let memory = Memory::new().map_err(Failure::Running)?;
    let memory = Arc::new(memory.with_store(shared.store.clone()));
    let certificate = certificate(&config).map_err(Failure::Usage)?.map(Arc::new);
    let gateway = build_gateway(config, memory.clone(), shared.clone()).map_err(Failure::Usage)?;
    let listener = listen::open(listening.address)
        .await
        .map_err(Failure::Running)?;
    let scheme = if certificate.is_some() {
        "https"
    } else {
        "http"
    };
    announce(&listener, scheme)?;
    let reload = {
        let certificate = certificate.clone();
        move || reload(&file, listening, &memory, &shared, certificate.as_deref())
    };
    let serving = Serving {
        gateway: Arc::new(gateway),
        certificate,
        reload: Some(Box::new(reload)),
    };
    listen::run(listener, serving, stop).await;
    Ok(())
}

/// Reads the configuration again and builds its gateway, if it can replace the running one.
fn reload(
    file: &Path,
    listening: Listening,
    memory: &Arc<Memory>,
    shared: &Arc<Shared>,
    certificate: Option<&CertificateReloader>,
) -> Result<Gateway, String> {
    let config = Config::load(file, CHECKS).map_err(|faults| faults.to_string())?;
    log_warnings(file, &config);
    config.may_listen_on(listening.address)?;
    if config.tls.is_some() != certificate.is_some() {
        return Err("adding or removing [tls] needs a restart of the gateway".to_owned());
    }
    if memory.had_sign_in() && !config.has_sign_in() {
        // An incompletely saved file must not make everybody an admin.
        return Err(
            "[[user]] and [openid] were removed, so that everybody would be an admin; to serve without a sign-in, \
             restart the gateway"
                .to_owned(),
        );
    }
    if config.store != *shared.store.location() {
        tracing::warn!("[store] has changed, which takes effect at the next start");
    }
    if !listening.is_given && config.listen != listening.address {
        tracing::warn!("`listen` has changed, which takes effect at the next start");
    }
    build_successor(config, memory, shared, certificate)
}

/// Builds the gateway that replaces the running one, with its certificate. If it fails, nothing has changed.
fn build_successor(
    config: Config,
    memory: &Arc<Memory>,
    shared: &Arc<Shared>,
    present: Option<&CertificateReloader>,
) -> Result<Gateway, String> {
    let new = certificate(&config)?;
    if let Some((present, new)) = present.zip(new.as_ref()) {
        present.check_successor(new)?;
    }
    let gateway = build_gateway(config, memory.clone(), shared.clone())?;
    if let Some((present, new)) = present.zip(new) {
        present.replace(new);
    }
    Ok(gateway)
}

#[cfg(test)]
mod tests;
