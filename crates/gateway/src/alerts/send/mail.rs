//! Sends e-mail by SMTP. `lettre` composes the message and implements the protocol; the encryption is the gateway's
//! own, so that the same authorities are trusted as everywhere else.

mod encryption;

use super::{Failure, redacted_line};
use crate::alerts::message::{Message, Occasion, mail_subject, mail_text};
use crate::config::{Mail, MailEncryption, Roots, is_loopback_host};
use crate::tls;
use crate::vendor_http::in_io;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret as _, SecretString};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The timeout for connecting to one address of the server. Another of its addresses may answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The timeout of `QUIT` after a message was delivered.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// The sender to the recipients of one target.
pub(super) struct MailSender {
    server: String,
    port: u16,
    encryption: Encryption,
    sign_in: Option<(String, SecretString)>,
    from: Mailbox,
    to: Vec<Mailbox>,
    limit: Duration,
}

enum Encryption {
    Tls(TlsConnector, ServerName<'static>),
    StartTls(TlsConnector, ServerName<'static>),
    None,
}

/// The recipients that the server refused, and whether it may accept them later.
struct Refused {
    emails: Vec<String>,
    lines: Vec<String>,
    all_final: bool,
    blocks_connection_only: bool,
}

impl MailSender {
    /// # Errors
    /// What is wrong with the target.
    pub(super) fn new(mail: &Mail, roots: Roots, limit: Duration) -> Result<Self, String> {
        // IPv6 addresses are configured with brackets.
        let server = mail.server.trim_start_matches('[').trim_end_matches(']');
        let to: Vec<Mailbox> = mail
            .to
            .iter()
            .map(|to| mailbox(to))
            .collect::<Result<_, _>>()?;
        if to.is_empty() {
            return Err("it has no recipient".to_owned());
        }
        Ok(Self {
            server: server.to_owned(),
            port: mail.port,
            encryption: encryption(server, mail, roots)?,
            sign_in: mail.sign_in.clone(),
            from: mailbox(&mail.from)?,
            to,
            limit,
        })
    }

    /// Sends a message; if `only` is not empty, to these recipients only.
    pub(super) async fn send(&self, message: &Message, only: &[String]) -> Result<(), Failure> {
        let is_addressed = |to: &&Mailbox| only.is_empty() || only.contains(&to.email.to_string());
        let to: Vec<&Mailbox> = self.to.iter().filter(is_addressed).collect();
        if to.is_empty() {
            // The refused recipients are no longer configured, and the others have got the message.
            return Ok(());
        }
        let mail = self.compose(message).map_err(|error| {
            Failure::permanent(format!("the e-mail cannot be composed: {error}"))
        })?;
        let (mut connection, refused) = timeout(self.limit, self.deliver(&mail, &to))
            .await
            .map_err(|_| Failure::temporary(format!("{} did not answer in time", self.server)))??;
        // The message is delivered, whatever the reply to `QUIT`.
        let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
        if refused.lines.is_empty() {
            return Ok(());
        }
        let line = format!(
            "delivered to {} of {} recipients; {}",
            self.to.len() - refused.lines.len(),
            self.to.len(),
            refused.lines.join("; ")
        );
        Err(Failure {
            is_final: refused.all_final,
            blocks_connection_only: refused.blocks_connection_only,
            remaining_recipients: refused.emails,
            ..Failure::temporary(line)
        })
    }

    fn compose(&self, message: &Message) -> Result<Vec<u8>, lettre::error::Error> {
        let domain = self.from.email.domain();
        let mut mail = lettre::Message::builder()
            .from(self.from.clone())
            .subject(mail_subject(message))
            .date(message.at.into())
            .message_id(Some(format!("<{}@{domain}>", message_id_part(&message.id))))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        if message.occasion != Occasion::Test {
            // No message has this id. It represents the alarm, so that mail programs group the messages about it.
            let alarm = format!("<alarm-{}@{domain}>", message_id_part(&message.alarm.id));
            mail = mail.in_reply_to(alarm.clone()).references(alarm);
        }
        Ok(mail
            .singlepart(SinglePart::plain(mail_text(message)))?
            .formatted())
    }

    /// Delivers the message. On success, the server accepted at least one recipient.
    async fn deliver(
        &self,
        mail: &[u8],
        to: &[&Mailbox],
    ) -> Result<(AsyncSmtpConnection, Refused), Failure> {
        let mut smtp = self.connect().await?;
        if let Some((name, password)) = &self.sign_in {
            let credentials = Credentials::new(name.clone(), password.expose_secret().to_owned());
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await
                .map_err(|error| self.failure("refused the sign-in", &error))?;
        }
        let all = self.to.iter().chain([&self.from]);
        let mut parameters = Vec::new();
        if all.into_iter().any(|one| !is_ascii(one)) {
            if !smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Failure::permanent(format!(
                    "{} does not support addresses with characters other than ASCII",
                    self.server
                )));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        smtp.command(From::new(Some(self.from.email.clone()), parameters))
            .await
            .map_err(|error| self.failure("refused the sender", &error))?;
        let refused = self.add_recipients(&mut smtp, to).await?;
        let refuses = |error| self.refusal("refused the message", &error);
        smtp.command(Data).await.map_err(refuses)?;
        smtp.message(mail).await.map_err(refuses)?;
        Ok((smtp, refused))
    }

    /// Adds the recipients one by one, so that an unknown one does not prevent the delivery to the others.
    async fn add_recipients(
        &self,
        smtp: &mut AsyncSmtpConnection,
        to: &[&Mailbox],
    ) -> Result<Refused, Failure> {
        let mut refused = Refused {
            emails: Vec::new(),
            lines: Vec::new(),
            all_final: true,
            blocks_connection_only: true,
        };
        for Mailbox { email, .. } in to {
            let Err(error) = smtp.command(Rcpt::new(email.clone(), Vec::new())).await else {
                continue;
            };
            let failure = self.refusal(&format!("refused {email}"), &error);
            if error.status().is_none() {
                return Err(failure);
            }
            refused.all_final &= failure.is_final;
            refused.blocks_connection_only &= failure.blocks_connection_only;
            refused.emails.push(email.to_string());
            refused.lines.push(failure.line);
        }
        if refused.lines.len() < to.len() {
            return Ok(refused);
        }
        Err(Failure {
            is_final: refused.all_final,
            blocks_connection_only: refused.blocks_connection_only,
            ..Failure::temporary(refused.lines.join("; "))
        })
    }

    /// Connects with the encryption that the target is configured with.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let stream = self.tcp().await?;
        let hello = match stream.local_addr().map(|address| address.ip()) {
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Err(_) => ClientId::default(),
        };
        let stream: Box<dyn AsyncTokioStream> = match &self.encryption {
            Encryption::None => Box::new(stream),
            Encryption::Tls(connector, name) => {
                let stream = encryption::encrypt(&self.server, stream, connector, name).await?;
                Box::new(stream)
            }
            Encryption::StartTls(connector, name) => {
                let stream = encryption::start_tls(&self.server, stream, &hello).await?;
                let stream = encryption::encrypt(&self.server, stream, connector, name).await?;
                Box::new(stream.after_start_tls())
            }
        };
        AsyncSmtpConnection::connect_with_transport(stream, &hello)
            .await
            .map_err(|error| self.failure("refused the connection", &error))
    }

    async fn tcp(&self) -> Result<TcpStream, Failure> {
        let server = &self.server;
        let unreachable =
            |why: &str| Failure::temporary(format!("could not reach {server}: {why}"));
        let may_use = |address: &SocketAddr| !self.is_unencrypted() || address.ip().is_loopback();
        let addresses = lookup_host((server.as_str(), self.port))
            .await
            .map_err(|_| unreachable("its name is not known (DNS)"))?
            .filter(may_use);
        let mut failure = unreachable("it has no address that may be used");
        for address in addresses {
            match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => {
                    failure = unreachable(in_io(error.kind()).unwrap_or("no connection was made"));
                }
                Err(_) => failure = unreachable("it did not answer in time"),
            }
        }
        Err(failure)
    }

    fn is_unencrypted(&self) -> bool {
        matches!(self.encryption, Encryption::None)
    }

    /// The failure of a command.
    fn failure(&self, what: &str, error: &smtp::Error) -> Failure {
        let server = &self.server;
        let Some(code) = error.status() else {
            return if error.is_client() {
                Failure::permanent(format!(
                    "{server} offers no sign-in method that the gateway supports (PLAIN, LOGIN)"
                ))
            } else {
                Failure::temporary(format!(
                    "the connection to {server} broke off, or it is not an SMTP server"
                ))
            };
        };
        let text = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
        let password = self
            .sign_in
            .as_ref()
            .map(|(_, password)| password.expose_secret());
        let text = redacted_line(&text, &[password.unwrap_or_default()]);
        let line = format!("{server} {what}: {code} {text}");
        Failure {
            is_final: error.is_permanent(),
            ..Failure::temporary(line.trim_end().to_owned())
        }
    }

    /// The failure of a command about the recipients or the content. The server may accept another message, unless it
    /// is shutting down (421).
    fn refusal(&self, what: &str, error: &smtp::Error) -> Failure {
        let code = error.status().map(u16::from);
        Failure {
            blocks_connection_only: code.is_some_and(|code| code != 421),
            ..self.failure(what, error)
        }
    }
}

/// Parses an e-mail address. Rejects control characters, because it becomes part of protocol and header lines.
///
/// # Errors
/// It is not an e-mail address.
pub(crate) fn mailbox(text: &str) -> Result<Mailbox, String> {
    let refused = || format!("{text:?} is not an e-mail address");
    if text.chars().any(char::is_control) {
        return Err(refused());
    }
    text.parse().map_err(|_| refused())
}

fn is_ascii(mailbox: &Mailbox) -> bool {
    AsRef::<str>::as_ref(&mailbox.email).is_ascii()
}

/// The id without characters that are not allowed in a message id.
fn message_id_part(id: &str) -> String {
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    id.chars().filter(is_allowed).collect()
}

/// The name that the server's certificate must have.
///
/// # Errors
/// It is not a server name.
pub(crate) fn server_name(server: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(server.to_owned())
        .map_err(|_| format!("{server:?} is not the name of a server"))
}

fn encryption(server: &str, mail: &Mail, roots: Roots) -> Result<Encryption, String> {
    if mail.encryption == MailEncryption::None {
        return if is_loopback_host(server) {
            Ok(Encryption::None)
        } else {
            Err("only a server on this computer may be used without encryption".to_owned())
        };
    }
    let name = server_name(server)?;
    let config = tls::trusting(roots == Roots::Bundled, mail.ca.as_deref())?;
    let connector = TlsConnector::from(Arc::new(config));
    Ok(match mail.encryption {
        MailEncryption::StartTls => Encryption::StartTls(connector, name),
        MailEncryption::Tls | MailEncryption::None => Encryption::Tls(connector, name),
    })
}
