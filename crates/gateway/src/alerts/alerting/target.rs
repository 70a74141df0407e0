//! The targets of alerts, and the setting of rules and targets.

use crate::alerts::message::Message;
use crate::alerts::send::{Failure, Sender};
use crate::config::{self, AlertRule, DeliveryMethod, TargetKind};
use crate::crypto::digest_of;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::iter::once;
use std::sync::Arc;

/// Sends messages to one target.
pub(crate) trait Deliver: Send + Sync {
    /// Tries once. If `only` is not empty, an e-mail goes to these recipients only.
    fn deliver<'a>(
        &'a self,
        message: &'a Message,
        only: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>>;
}

impl Deliver for Sender {
    fn deliver<'a>(
        &'a self,
        message: &'a Message,
        only: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.send(message, only))
    }
}

/// A target of messages.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) kind: TargetKind,
    /// A hash that changes with the target's configuration. Not saved, because a short password could be guessed from
    /// it.
    pub(crate) fingerprint: [u8; 32],
    pub(crate) deliver: Arc<dyn Deliver>,
}

impl Target {
    /// Creates a configured target.
    ///
    /// # Errors
    /// What is wrong with the target, with its id and without a secret.
    pub(crate) fn new(
        target: &config::AlertTarget,
        outbound: &config::Outbound,
    ) -> Result<Self, String> {
        Ok(Self {
            id: target.id.clone(),
            kind: match &target.method {
                DeliveryMethod::Mail(_) => TargetKind::Mail,
                DeliveryMethod::Webhook(webhook) => TargetKind::Webhook(webhook.shape),
            },
            fingerprint: fingerprint(target, outbound),
            deliver: Arc::new(Sender::new(target, outbound)?),
        })
    }
}

fn fingerprint(target: &config::AlertTarget, outbound: &config::Outbound) -> [u8; 32] {
    let own = match &target.method {
        DeliveryMethod::Webhook(webhook) => [Some(&webhook.url), webhook.secret.as_ref()],
        DeliveryMethod::Mail(mail) => [mail.sign_in.as_ref().map(|(_, password)| password), None],
    };
    // The debug format holds everything but the secrets.
    let settings = format!("{target:?} {outbound:?}");
    let secrets = own.into_iter().flatten().chain(outbound.passwords());
    digest_of(once(settings.as_str()).chain(secrets.map(SecretString::expose_secret)))
}

/// The configured rules and targets.
#[derive(Clone, Default)]
pub(crate) struct Setting {
    pub(crate) rules: Vec<AlertRule>,
    pub(crate) targets: Vec<Target>,
    /// The console's address, for links in messages.
    pub(crate) console: Option<String>,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets: Vec<&str> = self.targets.iter().map(|one| one.id.as_str()).collect();
        f.debug_struct("Setting")
            .field("rules", &self.rules)
            .field("targets", &targets)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AlertTarget, Mail, MailEncryption, Outbound, Shape, Webhook};

    fn webhook(url: &str, secret: Option<&str>, shape: Shape) -> AlertTarget {
        AlertTarget {
            id: "pager".to_owned(),
            method: DeliveryMethod::Webhook(Webhook {
                url: url.into(),
                secret: secret.map(Into::into),
                shape,
                ca: None,
            }),
        }
    }

    fn mail(password: &str, to: &str) -> AlertTarget {
        AlertTarget {
            id: "mail".to_owned(),
            method: DeliveryMethod::Mail(Box::new(Mail {
                server: "smtp.example".to_owned(),
                port: 587,
                encryption: MailEncryption::StartTls,
                sign_in: Some(("console".to_owned(), password.into())),
                from: "console@plant.example".to_owned(),
                to: vec![to.to_owned()],
                ca: None,
            })),
        }
    }

    #[test]
    fn a_fingerprint_changes_with_every_setting_of_the_target() {
        let all = || {
            [
                webhook("https://hooks.example/a", None, Shape::Own),
                webhook("https://hooks.example/b", None, Shape::Own),
                webhook("https://hooks.example/a", Some("secret"), Shape::Own),
                webhook("https://hooks.example/a", Some("another"), Shape::Own),
                webhook("https://hooks.example/a", None, Shape::Slack),
                mail("secret", "ops@plant.example"),
                mail("another", "ops@plant.example"),
                mail("secret", "boss@plant.example"),
            ]
            .map(|target| fingerprint(&target, &Outbound::default()))
        };
        let mut different = all().to_vec();
        assert_eq!(different, all());
        different.sort();
        different.dedup();
        assert_eq!(different.len(), all().len());
    }
}
