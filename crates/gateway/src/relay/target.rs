//! Finds the connection and the contract's operation of a request.

use super::path::{self, segments};
use crate::problem::{Kind, Problem};
use crate::vendor_client::Upstream;
use std::sync::Arc;
use vendors::{Method, Operation, System};

const METHODS: [Method; 5] = [
    Method::Get,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
];

/// The connection and the operation of a request.
#[derive(Debug)]
pub(crate) struct Target {
    pub(super) upstream: Arc<Upstream>,
    pub(crate) operation: &'static Operation,
    /// The path after the connection, decoded.
    pub(super) segments: Vec<String>,
}

impl Target {
    pub(crate) fn system(&self) -> &System {
        &self.upstream.public.system
    }

    /// The id of the connection.
    pub(crate) fn connection(&self) -> &str {
        &self.upstream.public.id
    }

    /// The ids in the path, in order.
    pub(crate) fn ids(&self) -> Vec<&str> {
        // Compared from the end, because the service's base path comes first.
        let pattern = self.operation.path.rsplit('/');
        let mut ids: Vec<&str> = pattern
            .zip(self.segments.iter().rev())
            .filter(|(part, _)| *part == "{}")
            .map(|(_, id)| id.as_str())
            .collect();
        ids.reverse();
        ids
    }
}

/// Finds the target of a method and a path that begins with `/relay/`.
///
/// # Errors
/// There is no such connection, or the contract has no such operation.
pub(crate) fn find(
    upstreams: &[Arc<Upstream>],
    method: &axum::http::Method,
    path: &str,
) -> Result<Target, Problem> {
    let rest = path.strip_prefix("/relay/").unwrap_or_default();
    let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let upstream = upstreams
        .iter()
        .find(|upstream| upstream.public.id == id)
        .ok_or_else(|| Problem::new(Kind::NotFound, "there is no connection with this id"))?
        .clone();
    let segments = segments(rest)?;
    let operation = operation(&upstream.public.system, method.as_str(), &segments)?;
    Ok(Target {
        upstream,
        operation,
        segments,
    })
}

/// Finds the contract's operation.
fn operation(
    system: &System,
    method: &str,
    segments: &[String],
) -> Result<&'static Operation, Problem> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let known = |method: &Method| system.operation(*method, &segments);
    if let Some(operation) = METHODS
        .iter()
        .filter(|known| known.as_str() == method)
        .find_map(known)
    {
        return Ok(operation);
    }
    let allowed: Vec<&str> = METHODS
        .iter()
        .filter(|method| known(method).is_some())
        .map(|method| method.as_str())
        .collect();
    if allowed.is_empty() {
        return Err(path::no_such_operation());
    }
    let detail = format!("this path takes {}, not {method}", allowed.join(" or "));
    Err(Problem {
        allow: Some(allowed.join(", ")),
        ..Problem::new(Kind::MethodNotAllowed, detail)
    })
}

#[cfg(test)]
mod tests;
