//! `[[alert_target]]`: to whom alerts go, and `[[alert]]`: which alarms are alerts.

use super::alert_rules::AlertRule;
use secrecy::SecretString;

/// Who is alerted, and of what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alerts {
    /// In the order of the file.
    pub(crate) targets: Vec<AlertTarget>,
    /// In the order of the file.
    pub(crate) rules: Vec<AlertRule>,
}

/// Where alerts go.
#[derive(Debug, Clone)]
pub(crate) struct AlertTarget {
    /// Letters, digits and dashes.
    pub(crate) id: String,
    pub(crate) method: DeliveryMethod,
}

/// How an alert gets to somebody.
#[derive(Debug, Clone)]
pub(crate) enum DeliveryMethod {
    Webhook(Webhook),
    Mail(Box<Mail>),
}

/// What is posted where.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    /// The whole address. Those of Slack and Teams are secrets.
    pub(crate) url: SecretString,
    /// What signs the body with HMAC-SHA256, where the receiver knows it.
    pub(crate) secret: Option<SecretString>,
    pub(crate) shape: Shape,
    /// Certificates (PEM) to trust besides the known authorities.
    pub(crate) ca: Option<Vec<u8>>,
}

/// Whose JSON is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// This program's own, which `docs/alerts.md` describes.
    Own,
    /// That of Slack's and Mattermost's incoming webhooks.
    Slack,
    /// That of Microsoft Teams' workflows: an adaptive card.
    Teams,
}

/// An e-mail by SMTP.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) server: String,
    pub(crate) port: u16,
    pub(crate) encryption: MailEncryption,
    /// The name and the password to sign in with.
    pub(crate) sign_in: Option<(String, SecretString)>,
    /// Who sends it: an address, or a name with an address in angle brackets.
    pub(crate) from: String,
    /// Who gets it, in the same form.
    pub(crate) to: Vec<String>,
    /// Certificates (PEM) to trust besides the known authorities.
    pub(crate) ca: Option<Vec<u8>>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailEncryption {
    /// From its beginning (port 465).
    Tls,
    /// After `STARTTLS`, and not without (port 587).
    StartTls,
    /// Not at all: only to this computer.
    None,
}
