//! A configured vendor system, as far as the calls and the console need to know it. No secrets.

use crate::operation::{Method, Operation};
use crate::{aveva, uplynk, veeam};
use serde::{Deserialize, Serialize};

/// One vendor system that the gateway can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Letters, digits and dashes; part of URLs.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Which API it speaks, and how.
    #[serde(flatten)]
    pub system: System,
}

/// Which API a connection speaks, with the settings that its paths need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "system", rename_all = "lowercase")]
pub enum System {
    /// AVEVA client failover.
    Aveva(aveva::Base),
    /// Uplynk live slicer failover groups.
    Uplynk,
    /// Veeam Backup Enterprise Manager.
    Veeam {
        /// The media type to ask for.
        #[serde(default)]
        accept: veeam::Wire,
    },
}

impl System {
    /// The vendor's name for people.
    #[must_use]
    pub fn vendor(&self) -> &'static str {
        match self {
            Self::Aveva(_) => "AVEVA",
            Self::Uplynk => "Uplynk",
            Self::Veeam { .. } => "Veeam",
        }
    }

    /// The contract's operation that a method and a decoded path are, for those that people may
    /// call through the gateway. `segments` is the path split at its slashes **before** decoding,
    /// each part decoded once, without the empty part before the first slash.
    #[must_use]
    pub fn operation(&self, method: Method, segments: &[&str]) -> Option<&'static Operation> {
        match self {
            Self::Aveva(base) => base.operation(method, segments),
            Self::Uplynk => uplynk::operation(method, segments),
            Self::Veeam { .. } => veeam::operation(method, segments),
        }
    }
}
