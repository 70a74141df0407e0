//! `[[alert_target]]`: to whom alerts go, and `[[alert]]`: which alarms are alerts.

use super::alert_rules::AlertRule;
use secrecy::SecretString;

/// Who is alerted, and of what.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    /// In the order of the file.
    pub targets: Vec<AlertTarget>,
    /// In the order of the file.
    pub rules: Vec<AlertRule>,
}

/// Where alerts go.
#[derive(Debug, Clone)]
pub struct AlertTarget {
    /// Letters, digits and dashes.
    pub id: String,
    /// How they get there.
    pub method: DeliveryMethod,
}

/// How an alert gets to somebody.
#[derive(Debug, Clone)]
pub enum DeliveryMethod {
    /// A POST of JSON.
    Webhook(Webhook),
    /// An e-mail.
    Mail(Box<Mail>),
}

/// What is posted where.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The whole address. Those of Slack and Teams are secrets.
    pub url: SecretString,
    /// What signs the body with HMAC-SHA256, where the receiver knows it.
    pub secret: Option<SecretString>,
    /// Whose JSON.
    pub shape: Shape,
    /// Certificates (PEM) to trust besides the known authorities.
    pub ca: Option<Vec<u8>>,
}

/// Whose JSON is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// This program's own, which `docs/alerts.md` describes.
    Own,
    /// That of Slack's and Mattermost's incoming webhooks.
    Slack,
    /// That of Microsoft Teams' workflows: an adaptive card.
    Teams,
}

/// An e-mail by SMTP.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The server's name.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: MailEncryption,
    /// The name and the password to sign in with.
    pub sign_in: Option<(String, SecretString)>,
    /// Who sends it: an address, or a name with an address in angle brackets.
    pub from: String,
    /// Who gets it, in the same form.
    pub to: Vec<String>,
    /// Certificates (PEM) to trust besides the known authorities.
    pub ca: Option<Vec<u8>>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailEncryption {
    /// From its beginning (port 465).
    Tls,
    /// After `STARTTLS`, and not without (port 587).
    StartTls,
    /// Not at all: only to this computer.
    None,
}
