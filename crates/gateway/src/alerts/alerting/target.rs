//! Where alerts go, and the rules of what is sent there.

use crate::alerts::message::Message;
use crate::alerts::send::{Failure, Sender};
use crate::config::{self, AlertRule, DeliveryMethod, Shape};
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;

/// Sends messages to one target.
pub(crate) trait Deliver: Send + Sync {
    /// Tries once; an e-mail to these recipients alone, where it names any.
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

/// Where messages go.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) id: String,
    /// The configuration's word for how messages get there.
    pub(crate) kind: &'static str,
    pub(crate) deliver: Arc<dyn Deliver>,
}

impl Target {
    /// A configured one.
    ///
    /// # Errors
    /// What is wrong with it, with its id and without a secret.
    pub(crate) fn new(
        target: &config::AlertTarget,
        outbound: &config::Outbound,
    ) -> Result<Self, String> {
        Ok(Self {
            id: target.id.clone(),
            kind: match &target.method {
                DeliveryMethod::Mail(_) => "mail",
                DeliveryMethod::Webhook(webhook) => match webhook.shape {
                    Shape::Own => "webhook",
                    Shape::Slack => "slack",
                    Shape::Teams => "teams",
                },
            },
            deliver: Arc::new(Sender::new(target, outbound)?),
        })
    }
}

/// The targets, and the rules of what is sent to them.
#[derive(Clone, Default)]
pub(crate) struct Setting {
    pub(crate) rules: Vec<AlertRule>,
    pub(crate) targets: Vec<Target>,
    /// The console's address, to lead from a message to a page.
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
