//! Opening the door, and closing it in order.

use crate::app::{Gateway, app};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

/// How long requests under way may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Why the demo will not listen there, if it will not: nobody signs in to it.
#[must_use]
pub fn refusal(address: SocketAddr) -> Option<String> {
    (!address.ip().is_loopback()).then(|| {
        format!(
            "{address} can be reached from other computers, and nobody has to sign in to a demo: \
             listen on 127.0.0.1 or [::1]"
        )
    })
}

/// Opens the port.
///
/// # Errors
/// Why it cannot be opened, with the address.
pub async fn open(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("cannot listen on {address}: something else listens there; choose another with --listen")
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// The signals that ask for an end, watched from now on.
pub struct Stop(Signal, Signal);

impl Stop {
    /// Begins to watch.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn new() -> Result<Self, String> {
        let watch =
            |kind| signal(kind).map_err(|error| format!("cannot watch for signals: {error}"));
        Ok(Self(
            watch(SignalKind::interrupt())?,
            watch(SignalKind::terminate())?,
        ))
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// Serves until asked to stop, ends what is under way, logs off.
///
/// # Errors
/// Why serving ended by itself.
pub async fn run(
    listener: TcpListener,
    gateway: Arc<Gateway>,
    mut stop: Stop,
) -> Result<(), String> {
    let stopping = Arc::new(Notify::new());
    let service = app(gateway.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown({
        let (stopping, gateway) = (stopping.clone(), gateway.clone());
        async move {
            stop.asked().await;
            tracing::info!("stopping");
            gateway.shared.stopping.store(true, Ordering::Relaxed);
            stopping.notify_one();
        }
    });
    let overdue = async {
        stopping.notified().await;
        tokio::time::sleep(GRACE).await;
    };
    let outcome = tokio::select! {
        outcome = server => outcome.map_err(|error| format!("serving ended: {error}")),
        () = overdue => Ok(()),
    };
    gateway.log_off().await;
    outcome
}
