//! The encryption of a connection to a mail server, from its beginning or after `STARTTLS`.

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

/// All that a server may say before the encryption, in bytes.
const MAX_TALK_BYTES: u64 = 64 * 1024;

/// An encrypted connection.
#[derive(Debug)]
pub(super) struct Encrypted {
    /// What is read before anything else.
    first: &'static [u8],
    stream: TlsStream<TcpStream>,
}

/// Encrypts a connection.
pub(super) async fn begin(
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
            Err(Failure::for_now(format!("could not reach {server}: {why}")))
        }
    }
}

/// Asks for the encryption of a connection: greeting, `EHLO`, `STARTTLS`. Nothing of what is said here counts later,
/// because anybody on the way could have said it.
pub(super) async fn ask(
    server: &str,
    mut stream: TcpStream,
    hello: &ClientId,
) -> Result<TcpStream, Failure> {
    let mut talk = BufReader::new((&mut stream).take(MAX_TALK_BYTES));
    let broken = || Failure::for_now(format!("the connection to {server} broke off"));
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
            return Err(Failure::at_last(format!(
                "{server} offers no STARTTLS, and nothing is sent without encryption"
            )));
        }
        if let Some(command) = command {
            let stream = talk.get_mut().get_mut();
            stream
                .write_all(command.as_bytes())
                .await
                .map_err(|_| broken())?;
        }
        loop {
            let mut line = String::new();
            talk.read_line(&mut line).await.map_err(|_| broken())?;
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
    if !talk.buffer().is_empty() {
        return Err(Failure::for_now(format!(
            "{server} said something after it agreed to encrypt and before it did: somebody on the way may have"
        )));
    }
    drop(talk);
    Ok(stream)
}

fn refusal(server: &str, what: &str, line: &str) -> Failure {
    let is_smtp = line.len() >= 3 && line.bytes().take(3).all(|byte| byte.is_ascii_digit());
    if !is_smtp {
        return Failure::for_now(format!(
            "the connection to {server} broke off, or it is not one for SMTP"
        ));
    }
    Failure {
        is_final: line.starts_with('5'),
        ..Failure::for_now(format!("{server} {what}: {}", redacted_line(line, &[])))
    }
}

impl Encrypted {
    /// The same for `lettre`, which expects a greeting: the server's own came before the encryption.
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
