//! The operations of the contract. Logging on and off is not relayed; only the gateway does it.

use super::field::Field;
use crate::operation::{Method, Operation, Parameter, Values, operations};

const NONE: &[Parameter] = &[];

/// The only type that may be queried, although the server has many others.
const TYPE: Parameter = Parameter {
    name: "type",
    values: Values::Words(&["CloudFailoverSession"]),
    required: true,
};

const FORMAT: &[Parameter] = &[Parameter::optional("format", Values::Words(&["Entity"]))];

const LOG_ON_QUERY: &[Parameter] = &[Parameter::optional("v", Values::Words(&["latest"]))];

const FILTERS: &[Parameter] = &[
    TYPE,
    Parameter::optional("format", Values::Words(&["Entities"])),
    Parameter::optional("sortAsc", Values::Words(&Field::NAMES)),
    Parameter::optional("sortDesc", Values::Words(&Field::NAMES)),
    Parameter::optional("pageSize", Values::Number(1)),
    Parameter::optional("page", Values::Number(1)),
    Parameter::optional("filter", Values::Text),
];

operations! {
    /// 201 with the session id; `Authorization: Basic` and an empty body.
    LOG_ON = "log on", Post "/api/sessionMngr/", LOG_ON_QUERY;
    /// 204.
    LOG_OFF = "log off", Delete "/api/logonSessions/{}", NONE;
    /// 200 with a `QueryResult`.
    QUERY = "query sessions", Get "/api/query", FILTERS;
    /// 200 with one `CloudFailoverSession`.
    GET_SESSION = "get session", Get "/api/cloud/failoverSessions/{}", FORMAT;
    /// 200 with the sessions of the last 30 days.
    RECENT = "list recent sessions", Get "/api/cloud/failoverSessions", FORMAT;
}

/// The operations that users may call through the gateway.
pub static ALL: [&Operation; 3] = [&QUERY, &GET_SESSION, &RECENT];

/// The operation for a method and a decoded path, if it may be relayed.
#[must_use]
pub fn operation(method: Method, segments: &[&str]) -> Option<&'static Operation> {
    let found = ALL
        .into_iter()
        .find(|operation| operation.matches(method, segments))?;
    let mut parts = found.path.split('/').skip(1).zip(segments);
    let ids_are_plain = parts.all(|(part, segment)| part != "{}" || is_plain(segment));
    ids_are_plain.then_some(found)
}

/// Whether an id consists of letters, digits and dashes, like a GUID. A server that treats a backslash as a slash
/// would resolve an id with one to a different path.
fn is_plain(id: &str) -> bool {
    id.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
