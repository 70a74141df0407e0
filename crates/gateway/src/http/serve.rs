//! Accepts connections and enforces their limits: their number, the time for the head of a request and for sending, and
//! their shutdown. Independent of the requests themselves.

use super::connection_limit::{ConnectionLimit, ConnectionPermit, Limits};
use super::write_timeout::WriteTimeout;
use crate::tls::CertificateReloader;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// The limits of connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The maximum numbers of open connections.
    pub(crate) connections: Limits,
    /// The maximum time that sending waits for the client to read.
    pub(crate) write: Duration,
    /// The maximum number of requests on one connection.
    pub(crate) requests: u32,
    /// The maximum time for the head of a request, including the idle time before it.
    pub(crate) head: Duration,
    /// The maximum time for requests in progress after a stop was requested.
    pub(crate) grace: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: Limits::default(),
            write: Duration::from_secs(30),
            requests: 1_000,
            head: Duration::from_secs(20),
            grace: Duration::from_secs(10),
        }
    }
}

/// The size of the head of a request, in bytes, from which no more of it is read. The last read may exceed it.
const MAX_HEAD_SIZE: usize = 64 * 1024;

/// The wait after a connection could not be accepted, for example because no file handles are free.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Serves until a stop is requested, then completes the requests in progress.
///
/// The latest router handles each request. With a `certificate`, connections are encrypted.
pub(crate) async fn serve(
    listener: TcpListener,
    router: watch::Receiver<Router>,
    certificate: Option<Arc<CertificateReloader>>,
    (bounds, limit): (Bounds, Arc<ConnectionLimit>),
    mut stop: watch::Receiver<bool>,
) {
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop_requested(&mut stop) => break,
            accepted = listener.accept() => accepted,
        };
        // Removes connections that have ended.
        while open.try_join_next().is_some() {}
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                limit.make_room();
                tokio::time::sleep(RETRY_DELAY).await;
                continue;
            }
        };
        let permit = Arc::new(limit.admit(peer.ip()));
        // A failure only delays small packets.
        let _ = stream.set_nodelay(true);
        let (router, stop) = (router.clone(), stop.clone());
        let config = certificate.as_ref().map(|certificate| certificate.config());
        open.spawn(async move {
            let client = (peer, permit.clone());
            let served = async {
                match config {
                    None => connection(TokioIo::new(stream), client, router, bounds, stop).await,
                    Some(config) => {
                        let handshake = TlsAcceptor::from(config).accept(stream);
                        // A client without TLS, or one that is too slow, is disconnected.
                        if let Ok(Ok(stream)) = tokio::time::timeout(bounds.head, handshake).await {
                            connection(TokioIo::new(stream), client, router, bounds, stop).await;
                        }
                    }
                }
            };
            tokio::select! {
                () = served => {}
                () = permit.closed() => tracing::debug!(%peer, "closed in favour of another connection"),
            }
        });
    }
    drop(listener);
    let all = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(bounds.grace, all).await.is_err() {
        tracing::warn!("requests in progress were aborted");
    }
}

/// Returns when a stop is requested, or can no longer be requested.
async fn stop_requested(stop: &mut watch::Receiver<bool>) {
    // The returned value holds a lock and is not needed.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn connection<S>(
    stream: S,
    (peer, permit): (SocketAddr, Arc<ConnectionPermit>),
    router: watch::Receiver<Router>,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
) where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let requests = AtomicU32::new(0);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(permit.clone());
        let router = router.borrow().clone();
        let is_last = requests.fetch_add(1, Ordering::Relaxed) + 1 >= bounds.requests;
        async move {
            let mut response = router.oneshot(request).await?;
            if is_last {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let stream = WriteTimeout::new(stream, bounds.write);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(MAX_HEAD_SIZE)
        .serve_connection(stream, service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop_requested(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Browsers disconnect all the time.
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests;
