//! The types of `[[alert_target]]`, the receivers of alerts, and of `[[alert]]`, the rules.

use super::alert_rules::AlertRule;
use secrecy::SecretString;

/// The receivers of alerts and the rules that select alarms for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alerts {
    /// In the order of the file.
    pub(crate) targets: Vec<AlertTarget>,
    /// In the order of the file.
    pub(crate) rules: Vec<AlertRule>,
}

/// A receiver of alerts.
#[derive(Debug, Clone)]
pub(crate) struct AlertTarget {
    /// Letters, digits and dashes.
    pub(crate) id: String,
    pub(crate) method: DeliveryMethod,
}

/// How a target receives alerts.
#[derive(Debug, Clone)]
pub(crate) enum DeliveryMethod {
    Webhook(Webhook),
    Mail(Box<Mail>),
}

/// The kind of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// A webhook, and the JSON format of its body.
    Webhook(Shape),
    Mail,
}

impl TargetKind {
    pub(crate) const ALL: [Self; 4] = [
        Self::Webhook(Shape::Own),
        Self::Webhook(Shape::Slack),
        Self::Webhook(Shape::Teams),
        Self::Mail,
    ];

    /// The kind's name in the configuration and in responses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Webhook(Shape::Own) => "webhook",
            Self::Webhook(Shape::Slack) => "slack",
            Self::Webhook(Shape::Teams) => "teams",
            Self::Mail => "mail",
        }
    }
}

/// A webhook that receives alerts as JSON.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    /// The complete address. For Slack and Teams it is a secret.
    pub(crate) url: SecretString,
    /// The key that signs the body with HMAC-SHA256.
    pub(crate) secret: Option<SecretString>,
    pub(crate) shape: Shape,
    /// Certificates (PEM) to trust besides the known authorities.
    pub(crate) ca: Option<Vec<u8>>,
}

/// The JSON format of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// This program's own format, described in `docs/alerts.md`.
    Own,
    /// The format of Slack's and Mattermost's incoming webhooks.
    Slack,
    /// An adaptive card, for workflows of Microsoft Teams.
    Teams,
}

/// An SMTP server and the addresses for its e-mails.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) server: String,
    pub(crate) port: u16,
    pub(crate) encryption: MailEncryption,
    /// The user name and password.
    pub(crate) sign_in: Option<(String, SecretString)>,
    /// The sender: an address, or a name with an address in angle brackets.
    pub(crate) from: String,
    /// The recipients, in the same form.
    pub(crate) to: Vec<String>,
    /// Certificates (PEM) to trust besides the known authorities.
    pub(crate) ca: Option<Vec<u8>>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailEncryption {
    /// TLS from the start (port 465).
    Tls,
    /// TLS after `STARTTLS`, which is mandatory (port 587).
    StartTls,
    /// No encryption. Only for a server on this computer.
    None,
}
