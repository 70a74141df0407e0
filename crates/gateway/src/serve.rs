//! Connections of browsers and proxies: how many, how long one may take to say what it wants, and how
//! they end. Knows nothing of what is asked.

use crate::door::Door;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// What connections may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// So many are open at a time; others wait to be taken.
    pub(crate) connections: usize,
    /// How long the head of a request may take, and how long a connection may be silent before one.
    pub(crate) head: Duration,
    /// How long requests under way may take once an end was asked for.
    pub(crate) grace: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 4096,
            head: Duration::from_secs(20),
            grace: Duration::from_secs(10),
        }
    }
}

/// The longest head of a request, in bytes.
const HEAD: usize = 64 * 1024;

/// After a failure to take a connection (no file handles left), how long to wait.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until told to stop; then ends what is under way.
///
/// Each request is answered by the router that is the latest when it comes; with a `door` connections
/// are encrypted.
pub(crate) async fn serve(
    listener: TcpListener,
    router: watch::Receiver<Router>,
    door: Option<Arc<Door>>,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = asked(&mut stop) => break,
            place = places.clone().acquire_owned() => match place {
                Ok(place) => tokio::select! {
                    () = asked(&mut stop) => break,
                    accepted = listener.accept() => accepted.map(|accepted| (accepted, place)),
                },
                Err(_) => break,
            },
        };
        // The ended ones, so that they do not pile up.
        while open.try_join_next().is_some() {}
        let ((stream, peer), place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        // An error only means that small packets are sent together.
        let _ = stream.set_nodelay(true);
        let (router, stop) = (router.clone(), stop.clone());
        let config = door.as_ref().map(|door| door.config());
        open.spawn(async move {
            match config {
                None => connection(TokioIo::new(stream), peer, router, bounds, stop).await,
                Some(config) => {
                    let greeting = TlsAcceptor::from(config).accept(stream);
                    // Who does not speak TLS, or not in time, is no browser of ours.
                    if let Ok(Ok(stream)) = tokio::time::timeout(bounds.head, greeting).await {
                        connection(TokioIo::new(stream), peer, router, bounds, stop).await;
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    let all = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(bounds.grace, all).await.is_err() {
        tracing::warn!("requests under way were broken off");
    }
}

/// Returns once an end is asked for, or nobody is left who could ask.
async fn asked(stop: &mut watch::Receiver<bool>) {
    // What it returns holds a lock, and says nothing more.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn connection<S>(
    stream: S,
    peer: SocketAddr,
    router: watch::Receiver<Router>,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
) where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.borrow().clone();
        router.oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(HEAD)
        .serve_connection(stream, service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Browsers go away all the time.
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests;
