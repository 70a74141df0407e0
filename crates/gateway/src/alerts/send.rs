//! Sends one message to one target, once. Failures are described without secrets. The address of a webhook is a secret
//! too, because anybody who knows it can post there.

mod mail;
mod webhook;

#[cfg(test)]
mod tests;

pub(crate) use mail::{mailbox, server_name};

use super::message::{Message, line};
use crate::config::{self, AlertTarget, DeliveryMethod};
use mail::MailSender;
use std::time::Duration;
use webhook::WebhookSender;

/// The timeout of a webhook.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout of a complete exchange with a mail server.
const MAIL_TIMEOUT: Duration = Duration::from_secs(20);

/// The maximum number of characters of a receiver's text that are passed on.
const MAX_TEXT_LENGTH: usize = 200;

/// The minimum length of a secret that is redacted in a receiver's text. Shorter ones would match in every text.
const MIN_SECRET_LENGTH: usize = 4;

/// The reason why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// One line for people, without a secret.
    pub(crate) line: String,
    /// Whether a retry is useless.
    pub(crate) is_final: bool,
    /// The wait that the receiver requests before the next attempt, at most 15 minutes.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the failure may concern this message only, so that others are tried meanwhile: the receiver responded
    /// and did not request a wait.
    pub(crate) blocks_connection_only: bool,
    /// The refused recipients of an e-mail that others have got. A retry is sent to them only.
    pub(crate) remaining_recipients: Vec<String>,
}

impl Failure {
    /// A failure for which a retry is useless.
    fn permanent(line: String) -> Self {
        Self {
            is_final: true,
            ..Self::temporary(line)
        }
    }

    /// A failure that may pass, and that concerns all messages.
    pub(crate) fn temporary(line: String) -> Self {
        Self {
            line,
            is_final: false,
            retry_after: None,
            blocks_connection_only: false,
            remaining_recipients: Vec::new(),
        }
    }
}

/// The sender to one target.
pub(crate) struct Sender(TargetSender);

enum TargetSender {
    Webhook(WebhookSender),
    Mail(Box<MailSender>),
}

impl Sender {
    /// # Errors
    /// What is wrong with the target, with its id and without a secret.
    pub(crate) fn new(target: &AlertTarget, outbound: &config::Outbound) -> Result<Self, String> {
        let sender = match &target.method {
            DeliveryMethod::Webhook(webhook) => {
                WebhookSender::new(webhook, outbound, WEBHOOK_TIMEOUT).map(TargetSender::Webhook)
            }
            DeliveryMethod::Mail(mail) => MailSender::new(mail, outbound.roots, MAIL_TIMEOUT)
                .map(|sender| TargetSender::Mail(Box::new(sender))),
        };
        sender
            .map(Self)
            .map_err(|why| format!("alert target {:?}: {why}", target.id))
    }

    /// Sends a message once. If `only` is not empty, an e-mail goes to these recipients only.
    pub(crate) async fn send(&self, message: &Message, only: &[String]) -> Result<(), Failure> {
        match &self.0 {
            TargetSender::Webhook(webhook) => webhook.send(message).await,
            TargetSender::Mail(mail) => mail.send(message, only).await,
        }
    }
}

/// A receiver's text as one line, without these secrets.
fn redacted_line(text: &str, secrets: &[&str]) -> String {
    let secrets = secrets
        .iter()
        .filter(|secret| secret.len() >= MIN_SECRET_LENGTH);
    let text = secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "…"));
    line(&text, MAX_TEXT_LENGTH)
}
