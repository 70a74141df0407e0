//! The encryption of a connection to a mail server, from the start or after `STARTTLS`.

use super::super::{Failure, redacted_line};
use crate::vendor_http::{in_io, in_tls};
use lettre::transport::smtp::client::AsyncTokioStream;
use lettre::transport::smtp::commands::{Ehlo, Starttls};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
};
use tokio::io::{BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The maximum number of bytes that a server may send before the encryption.
const MAX_PLAIN_BYTES: u64 = 64 * 1024;

/// An encrypted connection.
#[derive(Debug)]
pub(super) struct Encrypted {
    /// Bytes that are read before those of the stream.
    first: &'static [u8],
    stream: TlsStream<TcpStream>,
}

/// Encrypts a connection.
pub(super) async fn encrypt(
    server: &str,
    stream: TcpStream,
    connector: &TlsConnector,
    name: &ServerName<'static>,
) -> Result<Encrypted, Failure> {
    match connector.connect(name.clone(), stream).await {
        Ok(stream) => Ok(Encrypted { first: b"", stream }),
        Err(error) => {
            let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
            let why = match (tls, in_io(error.kind())) {
                (Some(why), _) => in_tls(why),
                (None, Some(why)) => why.to_owned(),
                (None, None) => "the connection broke off before it was encrypted".to_owned(),
            };
            Err(Failure::temporary(format!(
                "could not reach {server}: {why}"
            )))
        }
    }
}

/// Requests the encryption of a connection: greeting, `EHLO`, `STARTTLS`. Nothing that the server sends here is used
/// later, because it could have been tampered with.
pub(super) async fn start_tls(
    server: &str,
    mut stream: TcpStream,
    hello: &ClientId,
) -> Result<TcpStream, Failure> {
    let mut plain = BufReader::new((&mut stream).take(MAX_PLAIN_BYTES));
    let broken = || Failure::temporary(format!("the connection to {server} broke off"));
    let mut can_encrypt = false;
    let commands = [
        ("refused the connection", None),
        (
            "refused the connection",
            Some(Ehlo::new(hello.clone()).to_string()),
        ),
        ("refused to encrypt", Some(Starttls.to_string())),
    ];
    for (what, command) in commands {
        if command.as_deref() == Some("STARTTLS\r\n") && !can_encrypt {
            return Err(Failure::permanent(format!(
                "{server} offers no STARTTLS, and nothing is sent without encryption"
            )));
        }
        if let Some(command) = command {
            let stream = plain.get_mut().get_mut();
            stream
                .write_all(command.as_bytes())
                .await
                .map_err(|_| broken())?;
        }
        loop {
            let mut line = String::new();
            plain.read_line(&mut line).await.map_err(|_| broken())?;
            let line = line.trim_end();
            let code = line.get(..3).unwrap_or_default();
            if !code.starts_with('2') {
                return Err(refusal(server, what, line));
            }
            let rest = line.get(4..).unwrap_or_default();
            can_encrypt |= rest.eq_ignore_ascii_case("STARTTLS");
            if line.as_bytes().get(3) != Some(&b'-') {
                break;
            }
        }
    }
    if !plain.buffer().is_empty() {
        return Err(Failure::temporary(format!(
            "{server} sent data between its reply to STARTTLS and the encryption: the connection may have been tampered with"
        )));
    }
    drop(plain);
    Ok(stream)
}

fn refusal(server: &str, what: &str, line: &str) -> Failure {
    let is_smtp = line.len() >= 3 && line.bytes().take(3).all(|byte| byte.is_ascii_digit());
    if !is_smtp {
        return Failure::temporary(format!(
            "the connection to {server} broke off, or it is not an SMTP server"
        ));
    }
    Failure {
        is_final: line.starts_with('5'),
        ..Failure::temporary(format!("{server} {what}: {}", redacted_line(line, &[])))
    }
}

impl Encrypted {
    /// Adds a greeting, which `lettre` expects: the server's own came before the encryption.
    pub(super) fn after_start_tls(self) -> Self {
        Self {
            first: b"220 encrypted\r\n",
            ..self
        }
    }
}

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let (now, later) = self
            .first
            .split_at(self.first.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.first = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
