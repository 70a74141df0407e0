//! A configured vendor system: the settings that the calls and the console need. Contains no secrets.

use crate::operation::{Method, Operation};
use crate::{aveva, uplynk, veeam};
use serde::{Deserialize, Serialize};

/// One vendor system that the gateway can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Letters, digits and dashes; part of URLs.
    pub id: String,
    /// The name for people.
    pub title: String,
    /// Its API and the settings of that API.
    #[serde(flatten)]
    pub system: System,
}

/// The API of a connection, with the settings that its paths need.
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
        accept: veeam::MediaType,
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

    /// The contract's operation for a method and a decoded path, if users may call it through the gateway.
    /// `segments` is the path split at its slashes **before** decoding, each part decoded once, without the
    /// empty part before the first slash.
    #[must_use]
    pub fn operation(&self, method: Method, segments: &[&str]) -> Option<&'static Operation> {
        match self {
            Self::Aveva(base) => base.operation(method, segments),
            Self::Uplynk => uplynk::operation(method, segments),
            Self::Veeam { .. } => veeam::operation(method, segments),
        }
    }
}
