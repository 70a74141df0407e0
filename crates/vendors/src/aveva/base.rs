//! The prefix of an AVEVA service's paths.

use crate::from_json;
use serde::{Deserialize, Serialize};

/// A version of the API. Groups and sessions have separate versions, because the published pages disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ApiVersion {
    /// `v1`: `FailoverScore`, role override, no PUT of sessions.
    #[default]
    #[serde(rename = "v1")]
    V1,
    /// `v1-preview`: `FailoverStatus`, PUT of sessions, no role override.
    #[serde(rename = "v1-preview")]
    V1Preview,
}

from_json! { enum ApiVersion { V1 = "v1", V1Preview = "v1-preview" } }

impl ApiVersion {
    /// The version in a path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Preview => "v1-preview",
        }
    }
}

/// The prefix of an AVEVA service's paths: tenant and namespace in the cloud, neither on premises.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Base {
    /// The tenant; only in the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The namespace; only in the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The version that the group operations use.
    pub groups_version: ApiVersion,
    /// The version that the session operations use.
    pub sessions_version: ApiVersion,
}
