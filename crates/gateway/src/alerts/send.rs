//! Sends one message to one target, once. What fails is said in words that hold no secret: of a webhook not even its
//! address, because anybody who knows it can post there.

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

/// How long a webhook may take.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the conversation with a mail server may take.
const MAIL_TIMEOUT: Duration = Duration::from_secs(20);

/// How many characters of a receiver's own words are passed on.
const MAX_WORDS_LENGTH: usize = 200;

/// The shortest secret that is looked for in a receiver's words: of a shorter one every text holds some.
const MIN_SECRET_LENGTH: usize = 4;

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// One line for people, without a secret.
    pub(crate) line: String,
    /// Whether it is no use to try again.
    pub(crate) is_final: bool,
    /// How long the receiver wants not to be asked again; at most 15 minutes.
    pub(crate) retry_after: Option<Duration>,
    /// Whether it may be about this message alone, so that others are tried meanwhile: the receiver answered, and did not
    /// ask for time.
    pub(crate) blocks_connection_only: bool,
    /// The recipients of an e-mail that were refused where others have it: to try again is for them alone.
    pub(crate) remaining_recipients: Vec<String>,
}

impl Failure {
    /// One after which it is no use to try again.
    fn at_last(line: String) -> Self {
        Self {
            is_final: true,
            ..Self::for_now(line)
        }
    }

    /// One that may pass, and that any message would meet.
    pub(crate) fn for_now(line: String) -> Self {
        Self {
            line,
            is_final: false,
            retry_after: None,
            blocks_connection_only: false,
            remaining_recipients: Vec::new(),
        }
    }
}

/// What sends to one target.
pub(crate) struct Sender(TargetSender);

enum TargetSender {
    Webhook(WebhookSender),
    Mail(Box<MailSender>),
}

impl Sender {
    /// # Errors
    /// What is wrong with the target, with its id and without a secret.
    pub(crate) fn new(target: &AlertTarget, outbound: &config::Outbound) -> Result<Self, String> {
        let by = match &target.method {
            DeliveryMethod::Webhook(webhook) => {
                WebhookSender::new(webhook, outbound, WEBHOOK_TIMEOUT).map(TargetSender::Webhook)
            }
            DeliveryMethod::Mail(mail) => MailSender::new(mail, outbound.roots, MAIL_TIMEOUT)
                .map(|sender| TargetSender::Mail(Box::new(sender))),
        };
        by.map(Self)
            .map_err(|why| format!("alert target {:?}: {why}", target.id))
    }

    /// Sends a message once; an e-mail to these recipients alone, where it names any.
    pub(crate) async fn send(&self, message: &Message, only: &[String]) -> Result<(), Failure> {
        match &self.0 {
            TargetSender::Webhook(webhook) => webhook.send(message).await,
            TargetSender::Mail(mail) => mail.send(message, only).await,
        }
    }
}

/// What a receiver said, as one line that repeats none of these secrets.
fn redacted_line(words: &str, secrets: &[&str]) -> String {
    let secrets = secrets
        .iter()
        .filter(|secret| secret.len() >= MIN_SECRET_LENGTH);
    let words = secrets.fold(words.to_owned(), |words, secret| words.replace(secret, "…"));
    line(&words, MAX_WORDS_LENGTH)
}
