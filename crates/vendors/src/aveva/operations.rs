//! The operations of the contract: methods, and paths after the base path.

use super::{ApiVersion, Base};
use crate::operation::{Method, Operation, Parameter, Values, operations, segment};

const NONE: &[Parameter] = &[];
const PAGE: &[Parameter] = &[
    Parameter::optional("skip", Values::Number(0)),
    Parameter::optional("count", Values::Number(0)),
];

operations! {
    /// 200 with the configurations, `Total-Count` in a header.
    LIST_GROUPS = "list groups", Get "/groups", PAGE;
    /// 201 created, 200 identical, 409 different.
    CREATE_GROUP = "create group", Post "/groups", NONE;
    /// 200.
    GET_GROUP = "get group", Get "/groups/{}", NONE;
    /// 204; 409 while sessions are active.
    DELETE_GROUP = "delete group", Delete "/groups/{}", NONE;
    /// 200.
    GROUP_STATUS = "group status", Get "/groups/{}/status", NONE;
    /// 200, not paged.
    LIST_SESSIONS = "list sessions", Get "/groups/{}/clientsessions", NONE;
    /// 201, or 200 identical.
    CREATE_SESSION = "create session", Post "/groups/{}/clientsessions", NONE;
    /// 200.
    GET_SESSION = "get session", Get "/groups/{}/clientsessions/{}", NONE;
    /// 200 updated, 201 created; `v1-preview` only.
    PUT_SESSION = "put session", Put "/groups/{}/clientsessions/{}", NONE;
    /// 204.
    DELETE_SESSION = "delete session", Delete "/groups/{}/clientsessions/{}", NONE;
    /// 200 with the role; 429 if posted too soon.
    HEARTBEAT = "heartbeat", Post "/groups/{}/clientsessions/{}/heartbeat", NONE;
    /// 200; `v1` only.
    ROLE_OVERRIDE = "role override", Post "/groups/{}/clientsessions/{}/roleoverride", NONE;
}

/// The operations on groups.
pub static OF_GROUPS: [&Operation; 5] = [
    &LIST_GROUPS,
    &CREATE_GROUP,
    &GET_GROUP,
    &DELETE_GROUP,
    &GROUP_STATUS,
];

/// The operations on sessions, of either version.
pub static OF_SESSIONS: [&Operation; 7] = [
    &LIST_SESSIONS,
    &CREATE_SESSION,
    &GET_SESSION,
    &PUT_SESSION,
    &DELETE_SESSION,
    &HEARTBEAT,
    &ROLE_OVERRIDE,
];

impl Base {
    /// The encoded base path of a version.
    pub(crate) fn path(&self, version: ApiVersion) -> String {
        let mut path = format!("/api/{}", version.as_str());
        if let (Some(tenant), Some(namespace)) = (&self.tenant, &self.namespace) {
            path = format!(
                "{path}/tenants/{}/namespaces/{}",
                segment(tenant),
                segment(namespace)
            );
        }
        path + "/clientfailover"
    }

    /// Whether this connection's sessions version supports an operation.
    #[must_use]
    pub fn has(&self, operation: &Operation) -> bool {
        match self.sessions_version {
            ApiVersion::V1 => *operation != PUT_SESSION,
            ApiVersion::V1Preview => *operation != ROLE_OVERRIDE,
        }
    }

    /// The operation for a method and a decoded path, if this connection's versions support it (PUT of sessions only
    /// in `v1-preview`, role override only in `v1`).
    #[must_use]
    pub fn operation(&self, method: Method, segments: &[&str]) -> Option<&'static Operation> {
        let find = |version: ApiVersion, operations: &[&'static Operation]| {
            let rest = self.after_base(version, segments)?;
            operations
                .iter()
                .find(|operation| operation.matches(method, rest))
                .copied()
        };
        find(self.groups_version, &OF_GROUPS)
            .or_else(|| find(self.sessions_version, &OF_SESSIONS))
            .filter(|operation| self.has(operation))
    }

    fn after_base<'s, 'a>(
        &self,
        version: ApiVersion,
        segments: &'s [&'a str],
    ) -> Option<&'s [&'a str]> {
        let mut base = vec!["api", version.as_str()];
        if let (Some(tenant), Some(namespace)) = (&self.tenant, &self.namespace) {
            base.extend(["tenants", tenant.as_str(), "namespaces", namespace.as_str()]);
        }
        base.push("clientfailover");
        segments.starts_with(&base).then(|| &segments[base.len()..])
    }
}
