//! A configured vendor system: the settings that the calls and the console need. Contains no secrets.

use crate::call::Request;
use crate::deserialize_from_json;
use crate::from_json::{Fields, FirstError, FromJson, Value};
use crate::operation::{Method, Operation};
use crate::{aveva, uplynk, veeam};
use serde::{Deserialize, Serialize};

/// One vendor system that the gateway can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// Letters, digits and dashes; part of URLs.
    pub id: String,
    /// The name for people.
    pub title: String,
    /// Its API and the settings of that API.
    #[serde(flatten)]
    pub system: System,
}

/// All fields in one object.
impl FromJson for Connection {
    fn from_json(value: &Value, error: &mut FirstError) -> Self {
        let system = FromJson::from_json(value, error);
        let mut fields = Fields::of(value, error);
        Self {
            id: fields.read("id"),
            title: fields.read("title"),
            system,
        }
    }
}

/// The API of a connection, with the settings that belong to one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "system", rename_all = "lowercase")]
pub enum System {
    /// AVEVA client failover.
    Aveva(aveva::Base),
    /// Uplynk live slicer failover groups.
    Uplynk,
    /// Veeam Backup Enterprise Manager.
    Veeam {
        /// The media type to ask for.
        accept: veeam::MediaType,
        /// For how many hours a session that has ended is still watched. After that it is history.
        recent_hours: u16,
    },
}

/// The fields of all systems in one object, of which `system` says which it is.
impl FromJson for System {
    fn from_json(value: &Value, error: &mut FirstError) -> Self {
        let mut fields = Fields::of(value, error);
        match fields.read("system") {
            SystemKind::Aveva => Self::Aveva(aveva::Base {
                tenant: fields.read("tenant"),
                namespace: fields.read("namespace"),
                groups_version: fields.read_or_default("groups_version"),
                sessions_version: fields.read_or_default("sessions_version"),
            }),
            SystemKind::Uplynk => Self::Uplynk,
            SystemKind::Veeam => Self::Veeam {
                accept: fields.read_or_default("accept"),
                recent_hours: fields
                    .read::<Option<u16>>("recent_hours")
                    .unwrap_or_else(recent_hours),
            },
        }
    }
}

/// For how many hours a session that has ended is watched where nothing else is configured.
#[must_use]
pub fn recent_hours() -> u16 {
    24
}

/// Which of the three systems, without the settings of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SystemKind {
    /// AVEVA client failover.
    Aveva,
    /// Uplynk live slicer failover groups.
    Uplynk,
    /// Veeam Backup Enterprise Manager.
    Veeam,
}

impl FromJson for SystemKind {
    fn from_json(value: &Value, error: &mut FirstError) -> Self {
        error.word(value, &Self::ALL, Self::key)
    }
}

impl SystemKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Aveva, Self::Uplynk, Self::Veeam];

    /// One lower-case word, as the wire and addresses know it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Aveva => "aveva",
            Self::Uplynk => "uplynk",
            Self::Veeam => "veeam",
        }
    }

    /// The vendor's name for people.
    #[must_use]
    pub fn vendor(self) -> &'static str {
        match self {
            Self::Aveva => "AVEVA",
            Self::Uplynk => "Uplynk",
            Self::Veeam => "Veeam",
        }
    }
}

impl System {
    /// Which of the three it is.
    #[must_use]
    pub fn kind(&self) -> SystemKind {
        match self {
            Self::Aveva(_) => SystemKind::Aveva,
            Self::Uplynk => SystemKind::Uplynk,
            Self::Veeam { .. } => SystemKind::Veeam,
        }
    }

    /// Veeam as it is where nothing else is configured, asked for this media type.
    #[must_use]
    pub fn veeam(accept: veeam::MediaType) -> Self {
        Self::Veeam {
            accept,
            recent_hours: recent_hours(),
        }
    }

    /// The vendor's name for people.
    #[must_use]
    pub fn vendor(&self) -> &'static str {
        self.kind().vendor()
    }

    /// What a page about one resource of this id reads first.
    #[must_use]
    pub fn reads_of(&self, id: &str) -> Vec<Request> {
        match self {
            Self::Aveva(base) => vec![
                aveva::groups(base).get(id).request,
                aveva::groups(base).status(id).request,
                aveva::sessions(base, id).list().request,
            ],
            // The list has the group, and the service counts its requests.
            Self::Uplynk => vec![uplynk::groups().list().request],
            Self::Veeam { accept, .. } => vec![veeam::session(id, *accept).request],
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

deserialize_from_json!(Connection, System);

#[cfg(test)]
mod tests {
    use super::System;
    use crate::aveva::{ApiVersion, Base};
    use crate::veeam::MediaType;

    #[test]
    fn what_a_page_reads_first_is_of_the_contract() {
        let aveva = System::Aveva(Base {
            tenant: Some("t".to_owned()),
            namespace: Some("n".to_owned()),
            groups_version: ApiVersion::V1,
            sessions_version: ApiVersion::V1Preview,
        });
        for system in [aveva, System::Uplynk, System::veeam(MediaType::Xml)] {
            let reads = system.reads_of("x");
            assert!(!reads.is_empty());
            for read in reads {
                let segments: Vec<_> = read.path.split('/').skip(1).collect();
                let operation = system.operation(read.method(), &segments);
                assert_eq!(operation, Some(read.operation), "{}", read.path);
            }
        }
    }
}
