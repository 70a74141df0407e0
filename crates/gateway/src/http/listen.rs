//! Opens the port, handles signals and changed certificates, and shuts down in order.

use super::connection_limit::ConnectionLimit;
use super::router::app;
use super::serve::{Bounds, serve};
use crate::app::Gateway;
use crate::lock::lock;
use crate::store::WRITER_TIMEOUT;
use crate::tls::{CertificateReloader, RELOAD_INTERVAL};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

/// Opens the port.
///
/// # Errors
/// The reason why the port cannot be opened, with the address.
pub(crate) async fn open(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("cannot listen on {address}: something else listens there; choose another with --listen")
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// The maximum time to record an action of the gateway's own, such as a sign-in at a provider.
const OWN_CHANGE: Duration = WRITER_TIMEOUT;

/// Handlers of the signals that request a stop or a reload.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Stop {
    /// Installs the handlers.
    ///
    /// # Errors
    /// The operating system does not allow it.
    pub(crate) fn new() -> Result<Self, String> {
        let watch =
            |kind| signal(kind).map_err(|error| format!("cannot watch for signals: {error}"));
        Ok(Self {
            interrupt: watch(SignalKind::interrupt())?,
            terminate: watch(SignalKind::terminate())?,
            hangup: watch(SignalKind::hangup())?,
        })
    }

    /// Waits until a stop is requested. A pending reload request is kept.
    pub(crate) async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    async fn next(&mut self) -> SignalAction {
        tokio::select! {
            _ = self.interrupt.recv() => SignalAction::Stop,
            _ = self.terminate.recv() => SignalAction::Stop,
            _ = self.hangup.recv() => SignalAction::Reload,
        }
    }
}

/// The action that a signal requests.
enum SignalAction {
    Stop,
    Reload,
}

/// Reads the configuration again and creates a gateway from it.
pub(crate) type Reload = Box<dyn Fn() -> Result<Gateway, String> + Send + Sync>;

/// Receives the gateway of a configuration that is being read.
type Reloading = oneshot::Receiver<Result<Gateway, String>>;

/// A gateway to serve, and how.
pub(crate) struct Serving {
    /// The gateway at the start.
    pub(crate) gateway: Arc<Gateway>,
    /// The gateway's own certificate, if it has one.
    pub(crate) certificate: Option<Arc<CertificateReloader>>,
    /// The handler of SIGHUP. `None`: SIGHUP has no effect.
    pub(crate) reload: Option<Reload>,
}

/// Serves until a stop is requested and the drain time has passed, completes the requests in progress and logs off.
/// SIGHUP reloads the configuration; if it is invalid, the current one stays in use.
pub(crate) async fn run(listener: TcpListener, serving: Serving, mut stop: Stop) {
    let Serving {
        mut gateway,
        certificate,
        reload,
    } = serving;
    gateway.watch();
    let (stopping, stopped) = watch::channel(false);
    let (router, routers) = watch::channel(app(gateway.clone()));
    let bounds = Bounds::default();
    let connections = ConnectionLimit::new(bounds.connections);
    connections.trust(&gateway.trusted_proxies);
    let limits = (bounds, connections.clone());
    let server = serve(listener, routers, certificate.clone(), limits, stopped);
    let mut server = std::pin::pin!(server);
    let mut renewal = std::pin::pin!(renew(certificate));
    let reload = reload.map(Arc::new);
    let (mut reloading, mut reload_again): (Option<Reloading>, bool) = (None, false);
    let mut drained_at = None;
    loop {
        tokio::select! {
            () = server.as_mut() => break,
            action = stop.next() => match action {
                SignalAction::Stop => {
                    tracing::info!("stopping");
                    // A second signal skips the drain time.
                    let again = gateway.shared.stopping.swap(true, Ordering::Relaxed);
                    let drain = if again { Duration::ZERO } else { gateway.drain };
                    drained_at = Some(Instant::now() + drain);
                }
                SignalAction::Reload if reloading.is_some() => reload_again = true,
                SignalAction::Reload => reloading = reload.as_ref().map(start_reload),
            },
            new = async { reloading.as_mut()?.await.ok() }, if reloading.is_some() => {
                reloading = reload.as_ref().filter(|_| reload_again).map(start_reload);
                reload_again = false;
                let new = new.and_then(reloaded);
                gateway.shared.metrics.reload(new.is_some());
                if let Some(new) = new {
                    let old = std::mem::replace(&mut gateway, new);
                    gateway.watch();
                    connections.trust(&gateway.trusted_proxies);
                    // Fails only if serving has ended.
                    let _ = router.send(app(gateway.clone()));
                    tokio::spawn(retire(old));
                }
            }
            // Until then `/readyz` returns 503, and everything else is served.
            () = sleep_until(drained_at.unwrap_or_else(Instant::now)), if drained_at.is_some() => {
                drained_at = None;
                // Fails only if serving has ended by itself.
                let _ = stopping.send(true);
            }
            () = renewal.as_mut() => {}
        }
    }
    // Changes in progress are completed and recorded, within the maximum time that they may take.
    if !gateway.shared.changes.ended(OWN_CHANGE).await {
        tracing::error!(
            "a change was still in progress at shutdown; its outcome is recorded as unknown at the next start"
        );
    }
    // Watchers stop before the log-off, because they would log on again.
    gateway.shared.alerts.stop();
    gateway.shared.watchers.stop();
    // Other gateways take over its connections.
    gateway.shared.store.leave().await;
    gateway.log_off().await;
    // The last events may still be in the store's queue.
    gateway.shared.store.catch_up().await;
}

/// Held while files are read, so that an older certificate cannot replace one that was read meanwhile.
static READING: Mutex<()> = Mutex::new(());

/// Reads files in a thread of its own that shutdown does not wait for. On a network share reading may block forever;
/// meanwhile connections are accepted and signals handled.
fn read_in_thread<T: Send + 'static>(
    read: impl FnOnce() -> T + Send + 'static,
) -> oneshot::Receiver<T> {
    let (answer, answered) = oneshot::channel();
    let runtime = Handle::current();
    let thread = std::thread::Builder::new().name("read files".to_owned());
    let started = thread.spawn(move || {
        let _runtime = runtime.enter();
        let _reading = lock(&READING);
        // Fails only after a stop, when the result is no longer needed.
        let _ = answer.send(read());
    });
    if let Err(error) = started {
        tracing::error!("cannot start a thread to read files: {error}");
    }
    answered
}

/// Starts to read the configuration again.
fn start_reload(reload: &Arc<Reload>) -> Reloading {
    let reload = reload.clone();
    read_in_thread(move || reload())
}

/// Reloads the gateway's own certificate when its files have changed. Never returns.
async fn renew(certificate: Option<Arc<CertificateReloader>>) {
    let Some(certificate) = certificate else {
        return std::future::pending().await;
    };
    let mut check = tokio::time::interval(RELOAD_INTERVAL);
    loop {
        check.tick().await;
        let certificate = certificate.clone();
        match read_in_thread(move || certificate.reload()).await {
            Ok(Ok(true)) => tracing::warn!("a new certificate is in use"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(why)) => tracing::error!("the previous certificate stays in use: {why}"),
        }
    }
}

/// Logs the outcome of a reload, and returns the gateway of a valid configuration.
fn reloaded(read: Result<Gateway, String>) -> Option<Arc<Gateway>> {
    match read {
        Ok(new) => {
            tracing::warn!("the configuration was reloaded and is in use");
            Some(Arc::new(new))
        }
        Err(why) => {
            tracing::error!(
                "the configuration was reloaded and is invalid; the previous one stays in use: {why}"
            );
            None
        }
    }
}

/// Logs an old gateway off at the vendors, after its last requests had time to complete.
async fn retire(old: Arc<Gateway>) {
    // Everything else is dropped now; requests in progress hold what they need.
    let upstreams = old.upstreams.iter().filter(|upstream| upstream.logs_off());
    let upstreams: Vec<_> = upstreams.cloned().collect();
    drop(old);
    tokio::time::sleep(Bounds::default().grace).await;
    for upstream in upstreams {
        upstream.log_off().await;
    }
}
