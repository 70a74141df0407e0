//! A mail server that records its input and simulates faults.

use super::encryption;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The behaviour of the server.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ServerBehaviour {
    /// Whether connections use TLS from the start.
    pub(super) encrypted: bool,
    pub(super) offers_start_tls: bool,
    /// Text that it adds to its reply to `STARTTLS`, as an attacker on the network could.
    pub(super) injects: &'static str,
    /// The sign-in methods that it offers once the connection is encrypted, such as `PLAIN`.
    pub(super) auth: &'static str,
    /// Replies that replace the usual ones, by the start of the received line. An empty reply closes the connection;
    /// `…` never replies.
    pub(super) replies: &'static [(&'static str, &'static str)],
}

/// The server and the lines that it received.
pub(super) struct SmtpServer {
    pub(super) port: u16,
    pub(super) certificate: Vec<u8>,
    received: Arc<Mutex<Vec<String>>>,
}

impl SmtpServer {
    pub(super) async fn new(behaviour: ServerBehaviour) -> Self {
        let (acceptor, certificate) = encryption("127.0.0.1");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = received.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let session = SmtpSession {
                    behaviour,
                    received: lines.clone(),
                };
                tokio::spawn(session.serve(stream, acceptor.clone()));
            }
        });
        Self {
            port,
            certificate,
            received,
        }
    }

    /// Removes and returns all received lines. Encrypted lines start with `*`.
    pub(super) fn received(&self) -> Vec<String> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }
}

struct SmtpSession {
    behaviour: ServerBehaviour,
    received: Arc<Mutex<Vec<String>>>,
}

/// The end of an SMTP session.
enum End {
    StartTls,
    Over,
}

impl SmtpSession {
    async fn serve(self, mut stream: TcpStream, acceptor: TlsAcceptor) {
        if !self.behaviour.encrypted {
            match self.run(&mut stream, false, true).await {
                Some(End::StartTls) => {}
                _ => return,
            }
        }
        if let Ok(mut stream) = acceptor.accept(stream).await {
            self.run(&mut stream, true, self.behaviour.encrypted).await;
        }
    }

    async fn run(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        is_encrypted: bool,
        sends_greeting: bool,
    ) -> Option<End> {
        let mut stream = BufReader::new(stream);
        if sends_greeting {
            self.reply(&mut stream, "", "220 mail.plant.example ESMTP")
                .await?;
        }
        loop {
            let line = self.read_line_from(&mut stream, is_encrypted).await?;
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            match verb {
                "EHLO" => {
                    let mut answer = "250-mail.plant.example\r\n".to_owned();
                    if self.behaviour.offers_start_tls && !is_encrypted {
                        answer += "250-STARTTLS\r\n";
                    }
                    if is_encrypted {
                        answer += &format!("250-AUTH {}\r\n", self.behaviour.auth);
                    }
                    answer += "250 8BITMIME";
                    self.reply(&mut stream, &line, &answer).await?;
                }
                "STARTTLS" => {
                    let answer = format!("220 go ahead{}", self.behaviour.injects);
                    self.reply(&mut stream, &line, &answer).await?;
                    return Some(End::StartTls);
                }
                "AUTH" if line == "AUTH LOGIN" => {
                    for what in ["Username:", "Password:"] {
                        let prompt = format!("334 {}", BASE64_STANDARD.encode(what));
                        self.reply(&mut stream, "", &prompt).await?;
                        self.read_line_from(&mut stream, is_encrypted).await?;
                    }
                    self.reply(&mut stream, &line, "235 welcome").await?;
                }
                "AUTH" => self.reply(&mut stream, &line, "235 welcome").await?,
                "DATA" => {
                    self.reply(&mut stream, &line, "354 go ahead").await?;
                    while self.read_line_from(&mut stream, is_encrypted).await? != "." {}
                    self.reply(&mut stream, ".", "250 2.0.0 queued").await?;
                }
                "QUIT" => {
                    self.reply(&mut stream, &line, "221 bye").await?;
                    return Some(End::Over);
                }
                _ => self.reply(&mut stream, &line, "250 ok").await?,
            }
        }
    }

    async fn read_line_from(
        &self,
        stream: &mut (impl AsyncBufRead + Unpin),
        is_encrypted: bool,
    ) -> Option<String> {
        let mut line = String::new();
        let length = stream.read_line(&mut line).await.ok()?;
        let line = line.trim_end_matches("\r\n").to_owned();
        let mark = if is_encrypted { "*" } else { "" };
        self.received.lock().unwrap().push(format!("{mark}{line}"));
        (length > 0).then_some(line)
    }

    /// Sends a reply to a line, or the one that replaces it.
    async fn reply(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        to: &str,
        answer: &str,
    ) -> Option<()> {
        let mut replies = self.behaviour.replies.iter();
        let replacement = replies.find(|(start, _)| match *start {
            "" => to.is_empty(),
            start => to.starts_with(start),
        });
        let answer = match replacement {
            Some((_, "")) => return None,
            Some((_, "…")) => std::future::pending().await,
            Some((_, other)) => other,
            None => answer,
        };
        let answer = format!("{answer}\r\n");
        stream.write_all(answer.as_bytes()).await.ok()?;
        stream.flush().await.ok()
    }
}
