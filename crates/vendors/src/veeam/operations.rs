//! The operations of the contract. Only the gateway logs on and off; these are not relayed.

use super::field::Field;
use crate::operation::{Method, Operation, Parameter, Values};

const NONE: &[Parameter] = &[];

/// Of everything that the server can be queried for, and all that a backup server holds, only this.
const TYPE: Parameter = Parameter {
    name: "type",
    values: Values::Words(&["CloudFailoverSession"]),
    required: true,
};

const FORMAT: &[Parameter] = &[Parameter::optional("format", Values::Words(&["Entity"]))];

/// 201 with the session id; `Authorization: Basic` and an empty body.
pub static LOG_ON: Operation = Operation {
    name: "log on",
    method: Method::Post,
    path: "/api/sessionMngr/",
    query: &[Parameter::optional("v", Values::Words(&["latest"]))],
};

/// 204.
pub static LOG_OFF: Operation = Operation {
    name: "log off",
    method: Method::Delete,
    path: "/api/logonSessions/{}",
    query: NONE,
};

/// 200 with a `QueryResult`.
pub static QUERY: Operation = Operation {
    name: "query sessions",
    method: Method::Get,
    path: "/api/query",
    query: &[
        TYPE,
        Parameter::optional("format", Values::Words(&["Entities"])),
        Parameter::optional("sortAsc", Values::Words(&Field::NAMES)),
        Parameter::optional("sortDesc", Values::Words(&Field::NAMES)),
        Parameter::optional("pageSize", Values::Number(1)),
        Parameter::optional("page", Values::Number(1)),
        Parameter::optional("filter", Values::Text),
    ],
};

/// 200 with one `CloudFailoverSession`.
pub static GET_SESSION: Operation = Operation {
    name: "get session",
    method: Method::Get,
    path: "/api/cloud/failoverSessions/{}",
    query: FORMAT,
};

/// 200 with the sessions of the last 30 days.
pub static RECENT: Operation = Operation {
    name: "list recent sessions",
    method: Method::Get,
    path: "/api/cloud/failoverSessions",
    query: FORMAT,
};

/// The operations that users may call through the gateway.
pub static ALL: [&Operation; 3] = [&QUERY, &GET_SESSION, &RECENT];

/// The operation for a method and a decoded path, if it may be relayed.
#[must_use]
pub fn operation(method: Method, segments: &[&str]) -> Option<&'static Operation> {
    let found = ALL
        .into_iter()
        .find(|operation| operation.matches(method, segments))?;
    let mut parts = found.path.split('/').skip(1).zip(segments);
    let is_sound = parts.all(|(part, have)| part != "{}" || is_plain(have));
    is_sound.then_some(found)
}

/// Whether an id has only letters, digits and dashes, as GUIDs have. With a backslash among them, a server that takes it
/// for a slash would read a path to something else.
fn is_plain(id: &str) -> bool {
    id.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
