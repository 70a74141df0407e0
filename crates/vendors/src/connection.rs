//! A configured vendor system: the settings that calls and the console need. It contains no secrets.

use crate::call::Request;
use crate::deserialize_from_json;
use crate::from_json::{Fields, FirstError, FromJson, Value};
use crate::operation::{Method, Operation};
use crate::{aveva, uplynk, veeam};
use serde::{Deserialize, Serialize};

/// A vendor system that the gateway connects to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// The id: letters, digits and dashes. It is part of URLs.
    pub id: String,
    /// The display name.
    pub title: String,
    /// Its API and the settings of that API.
    #[serde(flatten)]
    pub system: System,
}

/// Reads the fields of the system from the same object.
impl FromJson for Connection {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        let system = FromJson::from_json(value, error);
        let mut fields = Fields::of(value, error);
        Self {
            id: fields.read("id"),
            title: fields.read("title"),
            system,
        }
    }
}

/// The API of a connection with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "system", rename_all = "lowercase")]
pub enum System {
    /// AVEVA client failover.
    Aveva(aveva::Base),
    /// Uplynk live slicer failover groups.
    Uplynk,
    /// Veeam Backup Enterprise Manager.
    Veeam {
        /// The media type for `Accept`.
        accept: veeam::MediaType,
        /// The number of hours for which an ended session is still watched.
        recent_hours: u16,
    },
}

/// Reads the settings of the system that the field `system` names.
impl FromJson for System {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
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

/// The default number of hours for which an ended session is still watched.
#[must_use]
pub fn recent_hours() -> u16 {
    24
}

/// One of the three systems, without settings.
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
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        error.word(value, &Self::ALL, Self::key)
    }
}

impl SystemKind {
    /// All systems.
    pub const ALL: [Self; 3] = [Self::Aveva, Self::Uplynk, Self::Veeam];

    /// The key in JSON and in URLs.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Aveva => "aveva",
            Self::Uplynk => "uplynk",
            Self::Veeam => "veeam",
        }
    }

    /// The vendor's display name.
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
    /// The system without its settings.
    #[must_use]
    pub fn kind(&self) -> SystemKind {
        match self {
            Self::Aveva(_) => SystemKind::Aveva,
            Self::Uplynk => SystemKind::Uplynk,
            Self::Veeam { .. } => SystemKind::Veeam,
        }
    }

    /// Veeam with default settings and this media type.
    #[must_use]
    pub fn veeam(accept: veeam::MediaType) -> Self {
        Self::Veeam {
            accept,
            recent_hours: recent_hours(),
        }
    }

    /// The vendor's display name.
    #[must_use]
    pub fn vendor(&self) -> &'static str {
        self.kind().vendor()
    }

    /// The first requests of a page about the resource with this id.
    #[must_use]
    pub fn reads_of(&self, id: &str) -> Vec<Request> {
        match self {
            Self::Aveva(base) => vec![
                aveva::groups(base).get(id).request,
                aveva::groups(base).status(id).request,
                aveva::sessions(base, id).list().request,
            ],
            // The list contains the group, and the service limits the number of requests.
            Self::Uplynk => vec![uplynk::groups().list().request],
            Self::Veeam { accept, .. } => vec![veeam::session(id, *accept).request],
        }
    }

    /// Whether a success of this write contains an object. Other writes return no data.
    #[must_use]
    pub fn returns_data(&self, write: &Operation) -> bool {
        matches!(self, Self::Aveva(_)) && write.method != Method::Delete
    }

    /// The contract's operation for a method and a decoded path, if users may call it through the gateway. `segments`
    /// is the path, split at its slashes **before** each part was decoded, without the empty first part.
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
    fn the_first_requests_of_a_page_are_in_the_contract() {
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
