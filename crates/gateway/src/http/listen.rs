//! Opens the port, reacts to signals and to changed certificates, and stops in order.

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
use tokio::time::{Instant, sleep_until, timeout};

/// Opens the port.
///
/// # Errors
/// Why it cannot be opened, with the address.
pub(crate) async fn open(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("cannot listen on {address}: something else listens there; choose another with --listen")
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// A change waits for its turn in the gateway and among gateways. Then it reads what is there, and is sent: each waits for
/// its place, its credentials and its answer. Each of these takes the connection's time at most.
const STEPS_OF_A_CHANGE: u32 = 8;

/// How long a change may take to be recorded before it is sent, and anything else that is recorded together with its effect,
/// such as a sign-in at a provider.
const OWN_CHANGE: Duration = WRITER_TIMEOUT;

/// The signals that request a stop or a reload, watched from now on.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Stop {
    /// Begins to watch.
    ///
    /// # Errors
    /// The system does not allow it.
    pub(crate) fn new() -> Result<Self, String> {
        let watch =
            |kind| signal(kind).map_err(|error| format!("cannot watch for signals: {error}"));
        Ok(Self {
            interrupt: watch(SignalKind::interrupt())?,
            terminate: watch(SignalKind::terminate())?,
            hangup: watch(SignalKind::hangup())?,
        })
    }

    /// Waits until a stop is requested. A reload that is requested meanwhile stays so.
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

/// What a signal requests.
enum SignalAction {
    Stop,
    Reload,
}

/// Reads the configuration again and makes its gateway.
pub(crate) type Reload = Box<dyn Fn() -> Result<Gateway, String> + Send + Sync>;

/// The gateway of the configuration that is being read.
type Reloading = oneshot::Receiver<Result<Gateway, String>>;

/// What to serve, and how.
pub(crate) struct Serving {
    /// The gateway at the start.
    pub(crate) gateway: Arc<Gateway>,
    /// The gateway's own certificate, if it has one.
    pub(crate) certificate: Option<Arc<CertificateReloader>>,
    /// What SIGHUP does. Without it SIGHUP has no effect.
    pub(crate) reload: Option<Reload>,
}

/// Serves until a stop is requested and for a moment after, completes the requests in progress and logs off. SIGHUP
/// applies the configuration again if it is valid, and otherwise keeps the present one.
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
    let mut ends = None;
    loop {
        tokio::select! {
            () = server.as_mut() => break,
            action = stop.next() => match action {
                SignalAction::Stop => {
                    tracing::info!("stopping");
                    // A second signal ends the wait for the balancer.
                    let again = gateway.shared.stopping.swap(true, Ordering::Relaxed);
                    let drain = if again { Duration::ZERO } else { gateway.drain };
                    ends = Some(Instant::now() + drain);
                }
                SignalAction::Reload if reloading.is_some() => reload_again = true,
                SignalAction::Reload => reloading = reload.as_ref().map(begin),
            },
            new = async { reloading.as_mut()?.await.ok() }, if reloading.is_some() => {
                reloading = reload.as_ref().filter(|_| reload_again).map(begin);
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
            // Until then `/readyz` says 503, and everything else is served.
            () = sleep_until(ends.unwrap_or_else(Instant::now)), if ends.is_some() => {
                ends = None;
                // Fails only if serving has ended by itself.
                let _ = stopping.send(true);
            }
            () = renewal.as_mut() => {}
        }
    }
    // Half a change is worse than none: those under way end, and are recorded, within what each may take.
    let timeouts = gateway.upstreams.iter().map(|upstream| upstream.timeout);
    let ended = timeout(longest_change(timeouts), gateway.shared.changes.ended()).await;
    if ended.is_err() {
        tracing::error!(
            "a change was still under way at the end; its outcome is recorded as unknown at the next start"
        );
    }
    // Before logging off: who watches would log on again.
    gateway.shared.alerts.stop();
    gateway.shared.watchers.stop();
    // Others take over what it watched.
    gateway.shared.store.leave().await;
    gateway.log_off().await;
    // What happened last may be on its way into the store still.
    gateway.shared.store.catch_up().await;
}

/// How long a change that is under way takes at most, at connections with these timeouts or of the gateway's own.
fn longest_change(timeouts: impl Iterator<Item = Duration>) -> Duration {
    timeouts.max().unwrap_or_default() * STEPS_OF_A_CHANGE + OWN_CHANGE
}

/// Held while files are read: an older certificate must not take the place of one that was read meanwhile.
static READING: Mutex<()> = Mutex::new(());

/// Reads files in a thread that nobody waits for at the end: where they lie on a share, that may take for ever, and
/// meanwhile connections are accepted and a stop is heard.
fn aside<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (answer, answered) = oneshot::channel();
    let runtime = Handle::current();
    let thread = std::thread::Builder::new().name("read files".to_owned());
    let begun = thread.spawn(move || {
        let _runtime = runtime.enter();
        let _reading = lock(&READING);
        // Nobody waits for it any more after a stop.
        let _ = answer.send(read());
    });
    if let Err(error) = begun {
        tracing::error!("files cannot be read: {error}");
    }
    answered
}

/// Begins to read the configuration again.
fn begin(reload: &Arc<Reload>) -> Reloading {
    let reload = reload.clone();
    aside(move || reload())
}

/// Reads the gateway's own certificate again whenever its files have changed. Never ends.
async fn renew(certificate: Option<Arc<CertificateReloader>>) {
    let Some(certificate) = certificate else {
        return std::future::pending().await;
    };
    let mut check = tokio::time::interval(RELOAD_INTERVAL);
    loop {
        check.tick().await;
        let certificate = certificate.clone();
        match aside(move || certificate.reload()).await {
            Ok(Ok(true)) => tracing::warn!("a new certificate is in use"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(why)) => tracing::error!("the certificate in use stays: {why}"),
        }
    }
}

/// The gateway of the configuration that was read, if it is valid.
fn reloaded(read: Result<Gateway, String>) -> Option<Arc<Gateway>> {
    match read {
        Ok(new) => {
            tracing::warn!("the configuration was read again and is in force");
            Some(Arc::new(new))
        }
        Err(why) => {
            tracing::error!(
                "the configuration was read again and is invalid; the one before stays in force: {why}"
            );
            None
        }
    }
}

/// Logs an old gateway off at the vendors, once its last requests had time to complete.
async fn retire(old: Arc<Gateway>) {
    // Nothing else of it is kept for so long; requests under way keep what they need.
    let upstreams = old.upstreams.iter().filter(|upstream| upstream.logs_off());
    let upstreams: Vec<_> = upstreams.cloned().collect();
    drop(old);
    tokio::time::sleep(Bounds::default().grace).await;
    for upstream in upstreams {
        upstream.log_off().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_waits_for_as_long_as_each_step_of_the_slowest_change_may_take() {
        let longest = |seconds: &[u64]| {
            let timeouts = seconds.iter().copied().map(Duration::from_secs);
            longest_change(timeouts)
        };
        for (timeouts, slowest) in [(&[10][..], 10), (&[60, 5], 60), (&[5, 60], 60)] {
            let timeout = Duration::from_secs(slowest);
            let [here, among_gateways] = [timeout; 2];
            let [place, credentials, answer] = [timeout; 3];
            let sent = place + credentials + answer;
            let read = sent;
            let recorded = OWN_CHANGE;
            assert!(longest(timeouts) >= here + among_gateways + read + recorded + sent);
        }
        assert_eq!(longest(&[]), OWN_CHANGE, "a sign-in");
    }
}
