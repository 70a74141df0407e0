//! `serve`: the gateway that a configuration file describes, and its successor when the file has changed.

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

/// Makes the gateway of a configuration, and changes what survives it. Where it fails, nothing has changed.
fn make_gateway(
    config: Config,
    memory: Arc<Memory>,
    shared: Arc<Shared>,
) -> Result<Gateway, String> {
    let encrypted = config.is_encrypted();
    let (access, changes) = if !config.has_sign_in() {
        tracing::warn!(
            "there is no [[user]] and no [openid]: whoever uses this computer is an admin"
        );
        (Access::local(), None)
    } else {
        let with = SignIn {
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
        let (access, changes) = Access::prepare(with, memory)?;
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
    // Nothing fails any more: a configuration that is refused must not take effect in part.
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

/// What is kept beside a store that is a file. The console works without.
fn earlier_files(store: &StoreLocation) -> EarlierFiles {
    let StoreLocation::File(file) = store else {
        return EarlierFiles::default();
    };
    let folder = file.with_file_name("failover-console-parts");
    EarlierFiles::take_over(&folder).unwrap_or_else(|error| {
        tracing::warn!(
            "pages that are open across an upgrade have to be loaded anew: {}: {error}",
            folder.display()
        );
        EarlierFiles::default()
    })
}

/// Logs what is odd in the file and yet possible, as `check` prints it.
fn log_warnings(file: &Path, config: &Config) {
    let file = file.display();
    for Fault { line, column, text } in &config.warnings {
        tracing::warn!("{file}:{line}:{column}: {text}");
    }
}

/// Where the gateway listens.
#[derive(Clone, Copy)]
struct Listening {
    address: SocketAddr,
    /// By `--listen`, before which `listen` in the file does not count.
    is_given: bool,
}

/// Opens the store, in a thread that nobody waits for at the end: it may take as long as a database is away.
async fn open_store(location: StoreLocation) -> Result<Store, String> {
    let (answer, answered) = oneshot::channel();
    let thread = std::thread::Builder::new().name("open store".to_owned());
    thread
        .spawn(move || {
            // Nobody waits for it any more where a stop was requested.
            let _ = answer.send(Store::open_patiently(&location));
        })
        .map_err(|error| error.to_string())?;
    let opened = answered.await;
    opened.unwrap_or_else(|_| Err("the store cannot be opened: its thread has failed".to_owned()))
}

/// Serves until the process is told to stop. SIGHUP reads the file again.
pub(super) async fn run(file: PathBuf, address: Option<SocketAddr>) -> Result<(), Failure> {
    // Before all that takes time: a reload that is requested meanwhile would end the process.
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
    if !store.lasts() {
        tracing::warn!("the store is in memory: the audit ends with this process");
    }
    let mut shared = Shared::new(Clock::system(), store);
    shared.earlier_files = earlier_files(&config.store);
    let shared = Arc::new(shared);
    let memory = Memory::new().map_err(Failure::Running)?;
    let memory = Arc::new(memory.kept_in(shared.store.clone()));
    let certificate = certificate(&config).map_err(Failure::Usage)?.map(Arc::new);
    let gateway = make_gateway(config, memory.clone(), shared.clone()).map_err(Failure::Usage)?;
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

/// Reads the configuration again and makes its gateway, if it can replace the running one.
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
        return Err("to begin or to end encrypting, start the gateway anew".to_owned());
    }
    if memory.had_sign_in() && !config.has_sign_in() {
        // A file that is saved half done must not make everybody an admin.
        return Err(
            "there is no [[user]] and no [openid] any more: everybody would be an admin; to serve without a \
             sign-in, start the gateway anew"
                .to_owned(),
        );
    }
    if config.store != *shared.store.location() {
        tracing::warn!("[store] has changed, which takes effect at the next start");
    }
    if !listening.is_given && config.listen != listening.address {
        tracing::warn!("`listen` has changed, which takes effect at the next start");
    }
    make_successor(config, memory, shared, certificate)
}

/// Makes the gateway that replaces the running one, with its certificate. Where it fails, nothing has changed.
fn make_successor(
    config: Config,
    memory: &Arc<Memory>,
    shared: &Arc<Shared>,
    present: Option<&CertificateReloader>,
) -> Result<Gateway, String> {
    let new = certificate(&config)?;
    let gateway = make_gateway(config, memory.clone(), shared.clone())?;
    if let Some((present, new)) = present.zip(new) {
        present.replace(new);
    }
    Ok(gateway)
}

#[cfg(test)]
mod tests;
