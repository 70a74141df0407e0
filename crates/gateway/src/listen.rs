//! Opening the door, and closing it in order.

use crate::app::{Gateway, app};
use crate::door::{Door, OFTEN};
use crate::serve::{Bounds, serve};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

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

/// The signals that ask for an end or for the configuration to be read again, watched from now on.
pub struct Stop(Signal, Signal, Signal);

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
            watch(SignalKind::hangup())?,
        ))
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.0.recv() => Asked::End,
            _ = self.1.recv() => Asked::End,
            _ = self.2.recv() => Asked::Again,
        }
    }
}

/// What a signal asks for.
enum Asked {
    End,
    Again,
}

/// Makes a gateway from the configuration as it is now.
pub(crate) type Again = Box<dyn Fn() -> Result<Gateway, String> + Send + Sync>;

/// How a gateway is served.
pub(crate) struct Serving {
    /// What is served at first.
    pub(crate) gateway: Arc<Gateway>,
    /// The certificate to show, where it encrypts by itself.
    pub(crate) door: Option<Arc<Door>>,
    /// What SIGHUP asks for; nothing without it.
    pub(crate) again: Option<Again>,
}

/// Serves until asked to stop, ends what is under way, logs off. On SIGHUP takes over the configuration
/// if it is sound, and otherwise goes on with the one it has.
pub(crate) async fn run(listener: TcpListener, serving: Serving, mut stop: Stop) {
    let Serving {
        mut gateway,
        door,
        again,
    } = serving;
    let (stopping, stopped) = watch::channel(false);
    let (router, routers) = watch::channel(app(gateway.clone()));
    let server = serve(listener, routers, door.clone(), Bounds::default(), stopped);
    let mut server = std::pin::pin!(server);
    let mut look = tokio::time::interval(OFTEN);
    loop {
        tokio::select! {
            () = server.as_mut() => break,
            asked = stop.next() => match asked {
                Asked::End => {
                    tracing::info!("stopping");
                    gateway.shared.stopping.store(true, Ordering::Relaxed);
                    // Nobody listens only if serving has ended by itself.
                    let _ = stopping.send(true);
                }
                Asked::Again => {
                    if let Some(new) = again.as_ref().and_then(take_over) {
                        let old = std::mem::replace(&mut gateway, new);
                        // An error only says that serving has ended.
                        let _ = router.send(app(gateway.clone()));
                        tokio::spawn(retire(old));
                    }
                }
            },
            _ = look.tick() => if let Some(door) = &door {
                match door.look() {
                    Ok(true) => tracing::warn!("a new certificate is in use"),
                    Ok(false) => {}
                    Err(why) => tracing::error!("the certificate in use stays: {why}"),
                }
            },
        }
    }
    gateway.log_off().await;
}

/// The gateway of the configuration as it is now, if it is sound.
fn take_over(again: &Again) -> Option<Arc<Gateway>> {
    match again() {
        Ok(new) => {
            tracing::warn!("the configuration was read again and is in force");
            Some(Arc::new(new))
        }
        Err(why) => {
            tracing::error!(
                "the configuration was read again and is not sound; the one before stays in force: {why}"
            );
            None
        }
    }
}

/// Ends what an old gateway began with the vendors, once its last requests have had their time.
async fn retire(old: Arc<Gateway>) {
    tokio::time::sleep(Bounds::default().grace).await;
    old.log_off().await;
}
