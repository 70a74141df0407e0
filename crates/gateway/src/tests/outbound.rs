//! Systems behind a proxy, and systems with certificates that are not trusted.

use super::*;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Reads the head of a message, up to the first empty line.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            break;
        };
        head.push(byte);
    }
    String::from_utf8(head).unwrap()
}

/// A TLS acceptor with a self-signed certificate, and that certificate (PEM).
pub(crate) fn self_signed(parameters: &CertificateParams) -> (TlsAcceptor, Vec<u8>) {
    crate::tls::install();
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (acceptor, certificate.pem().into_bytes())
}

/// A local TLS server with a certificate for these names. It answers every request with `[]`, or forwards to a port
/// without TLS.
pub(super) struct TlsVendor {
    port: u16,
    pub(super) certificate: Vec<u8>,
}

impl TlsVendor {
    async fn new(parameters: CertificateParams) -> Self {
        Self::before(parameters, None).await
    }

    /// A TLS server in front of a local port.
    pub(super) async fn before_port(name: &str, port: u16) -> Self {
        let parameters = CertificateParams::new([name.to_owned()]).unwrap();
        Self::before(parameters, Some(port)).await
    }

    async fn before(parameters: CertificateParams, port: Option<u16>) -> Self {
        let (acceptor, certificate) = self_signed(&parameters);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    if let Some(port) = port {
                        let mut target = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                        let _ = copy_bidirectional(&mut stream, &mut target).await;
                        return;
                    }
                    while !head(&mut stream).await.is_empty() {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";
                        let _ = stream.write_all(answer).await;
                    }
                });
            }
        });
        Self {
            port: own,
            certificate,
        }
    }

    async fn of(name: &str) -> Self {
        Self::new(CertificateParams::new([name.to_owned()]).unwrap()).await
    }
}

/// A proxy that connects every request to one local port, or answers with a status.
pub(super) struct TinyProxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl TinyProxy {
    pub(super) async fn new(answer: Result<u16, &'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let noted = heads.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let noted = noted.clone();
                tokio::spawn(async move {
                    let head = head(&mut stream).await;
                    noted.lock().unwrap().push(head);
                    let status = answer.err().unwrap_or("200 OK");
                    let status = format!("HTTP/1.1 {status}\r\n\r\n");
                    let _ = stream.write_all(status.as_bytes()).await;
                    if let Ok(port) = answer {
                        let mut target = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                        let _ = copy_bidirectional(&mut stream, &mut target).await;
                    }
                });
            }
        });
        Self { port, heads }
    }

    /// A proxy to a vendor.
    pub(super) async fn to(vendor: &TlsVendor) -> Self {
        Self::new(Ok(vendor.port)).await
    }

    /// The heads of the received requests.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub(super) fn server(&self, credentials: Option<(&str, &str)>) -> config::ProxyServer {
        config::ProxyServer {
            url: Url::parse(&format!("http://127.0.0.1:{}", self.port)).unwrap(),
            credentials: credentials.map(|(name, password)| (name.to_owned(), password.into())),
        }
    }
}

pub(super) fn through(server: config::ProxyServer, except: &str) -> config::Outbound {
    config::Outbound {
        proxy: Some(config::ProxySettings {
            https: Some(server.clone()),
            http: Some(server),
            except: except.to_owned(),
        }),
        ..config::Outbound::default()
    }
}

fn to(base: &str, ca: &[u8], outbound: config::Outbound) -> Arc<Gateway> {
    gateway(vec![config::Connection {
        ca: Some(ca.to_vec()),
        outbound,
        ..connection("plant-a", aveva(), base, basic())
    }])
}

#[tokio::test]
async fn a_proxy_to_a_system_sees_only_its_name() {
    let vendor = TlsVendor::of("plant.invalid").await;
    let proxy = TinyProxy::to(&vendor).await;
    for (credentials, authorization) in [
        (None, None),
        // The encoding of ann:pass@word.
        (
            Some(("ann", "pass@word")),
            Some("Basic YW5uOnBhc3NAd29yZA=="),
        ),
    ] {
        let outbound = through(proxy.server(credentials), "");
        let gateway = to("https://plant.invalid", &vendor.certificate, outbound);
        assert!(!format!("{gateway:?}").contains("pass@word"));
        assert!(!format!("{gateway:?}").contains("YW5u"));
        assert_eq!(text(get(&gateway, GROUPS).await).await, "[]");
        let head = proxy.heads().pop().unwrap();
        assert!(
            head.starts_with("CONNECT plant.invalid:443 HTTP/1.1\r\n"),
            "{head}"
        );
        let mut headers = HeaderMap::new();
        for line in head.lines().skip(1) {
            if let Some((name, value)) = line.split_once(": ") {
                let name = HeaderName::try_from(name).unwrap();
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        let found = headers.get("proxy-authorization");
        assert_eq!(found.map(|value| value.to_str().unwrap()), authorization);
        assert!(!head.contains("b3BzOm"), "the vendor's password");
    }
}

#[tokio::test]
async fn loopback_addresses_and_exceptions_are_reached_without_the_proxy() {
    let proxy = TinyProxy::new(Err("502 Bad Gateway")).await;
    let vendor = TlsVendor::new({
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        CertificateParams::new(names).unwrap()
    })
    .await;
    for host in ["localhost", "127.0.0.1"] {
        let base = format!("https://{host}:{}", vendor.port);
        let gateway = to(&base, &vendor.certificate, through(proxy.server(None), ""));
        assert_eq!(text(get(&gateway, GROUPS).await).await, "[]", "{host}");
    }
    let outbound = through(proxy.server(None), "corp.invalid,.plant.invalid");
    for host in ["corp.invalid", "a.plant.invalid"] {
        let gateway = to(
            &format!("https://{host}"),
            &vendor.certificate,
            outbound.clone(),
        );
        let (_, _, detail) = problem(get(&gateway, GROUPS).await).await;
        assert_eq!(
            detail,
            "could not reach Plant A: its name is not known (DNS)"
        );
    }
    assert_eq!(proxy.heads(), [""; 0]);
}

#[tokio::test]
async fn failures_of_the_proxy_are_reported_as_such() {
    for (answer, expected) in [
        (
            "407 Proxy Authentication Required",
            "the proxy rejected the user name and password (407)",
        ),
        ("403 Forbidden", "the proxy refused to connect to it"),
        (
            "503 Service Unavailable",
            "the proxy refused to connect to it",
        ),
    ] {
        let proxy = TinyProxy::new(Err(answer)).await;
        let outbound = through(proxy.server(Some(("ann", "pass@word"))), "");
        let base = "https://plant.invalid";
        let gateway = gateway(vec![config::Connection {
            outbound,
            ..connection("plant-a", aveva(), base, basic())
        }]);
        let (kind, _, detail) = problem(get(&gateway, GROUPS).await).await;
        assert_eq!(kind, "unreachable");
        assert!(
            detail.contains(expected) && !detail.contains("pass@word"),
            "{detail}"
        );
    }
    let server = |url: &str| config::ProxyServer {
        url: Url::parse(url).unwrap(),
        credentials: None,
    };
    for (proxy, expected) in [
        (
            "http://127.0.0.1:1",
            "the proxy cannot be reached: it refused the connection",
        ),
        (
            "http://proxy.invalid:3128",
            "the proxy's name is not known (DNS)",
        ),
    ] {
        let gateway = gateway(vec![config::Connection {
            outbound: through(server(proxy), ""),
            ..connection("plant-a", aveva(), "https://plant.invalid", basic())
        }]);
        let (_, _, detail) = problem(get(&gateway, GROUPS).await).await;
        assert_eq!(detail, format!("could not reach Plant A: {expected}"));
    }
}

#[tokio::test]
async fn the_reason_for_an_untrusted_certificate_is_reported() {
    let vendor = TlsVendor::of("127.0.0.1").await;
    let other = TlsVendor::of("em.invalid").await;
    let mut expired = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 2, 3);
    let expired = TlsVendor::new(expired).await;
    for (roots, port, ca, expected) in [
        (
            config::Roots::System,
            vendor.port,
            None,
            "its certificate is self-signed; name that",
        ),
        (
            config::Roots::Bundled,
            vendor.port,
            None,
            "its certificate is self-signed; name that",
        ),
        (
            config::Roots::System,
            vendor.port,
            Some(&other.certificate),
            "its certificate is self-signed; name that",
        ),
        (
            config::Roots::System,
            other.port,
            Some(&other.certificate),
            "its certificate is not for 127.0.0.1 but for em.invalid;",
        ),
        (
            config::Roots::System,
            expired.port,
            Some(&expired.certificate),
            "its certificate expired at 2021-02-03T00:00:00Z",
        ),
    ] {
        let gateway = gateway(vec![config::Connection {
            ca: ca.cloned(),
            outbound: config::Outbound { proxy: None, roots },
            ..connection(
                "plant-a",
                aveva(),
                &format!("https://127.0.0.1:{port}"),
                basic(),
            )
        }]);
        let (kind, _, detail) = problem(get(&gateway, GROUPS).await).await;
        assert_eq!(kind, "unreachable");
        assert!(detail.contains(expected), "{expected}: {detail}");
    }
    let plain = vendor::Vendor::new(|_, _| vendor::json(200, "[]")).await;
    let base = plain.base.replace("http:", "https:");
    let (_, _, detail) = problem(get(&to_aveva(&base), GROUPS).await).await;
    assert!(detail.contains("does not answer in TLS"), "{detail}");
}
