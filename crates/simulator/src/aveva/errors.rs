//! The service's errors: `ErrorResponse` with Error, Reason and Resolution.

use crate::answer;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

/// The error of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) reason: String,
    pub(crate) resolution: &'static str,
}

pub(crate) fn invalid(reason: impl Into<String>) -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        error: "The request is not valid.",
        reason: reason.into(),
        resolution: "Correct the request and send it again.",
    }
}

pub(crate) fn no_group(id: &str) -> Refusal {
    Refusal {
        status: StatusCode::NOT_FOUND,
        error: "The failover group was not found.",
        reason: format!("There is no failover group with the identifier '{id}'."),
        resolution: "Check the identifier of the failover group.",
    }
}

pub(crate) fn no_session(group: &str, id: &str) -> Refusal {
    Refusal {
        status: StatusCode::NOT_FOUND,
        error: "The client session was not found.",
        reason: format!(
            "The failover group '{group}' has no client session with the identifier '{id}'."
        ),
        resolution: "Check the identifier of the client session.",
    }
}

pub(crate) fn conflict(error: &'static str, reason: String, resolution: &'static str) -> Refusal {
    Refusal {
        status: StatusCode::CONFLICT,
        error,
        reason,
        resolution,
    }
}

pub(crate) fn too_soon() -> Refusal {
    Refusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        error: "Too many heartbeats.",
        reason: "The client session posted a heartbeat less than one second ago.".to_owned(),
        resolution: "Wait at least one second between heartbeats.",
    }
}

/// The error body for an injected fault.
pub(crate) fn by_status(status: StatusCode) -> Refusal {
    let (error, reason, resolution) = match status.as_u16() {
        403 => (
            "The request is not authorized.",
            "The caller has no role that allows this operation.",
            "Ask an administrator for access.",
        ),
        404 => (
            "The resource was not found.",
            "There is nothing with the specified identifier.",
            "Check the identifier.",
        ),
        405 => (
            "The method is not allowed.",
            "This version of the service does not have this operation.",
            "Use another version of the API.",
        ),
        409 => (
            "The request conflicts with the current state.",
            "The failover group has active sessions or a different configuration.",
            "Read the current state and try again.",
        ),
        429 => (
            "Too many requests.",
            "The limit of requests was reached.",
            "Wait a moment and send the request again.",
        ),
        500 => (
            "An unexpected error occurred.",
            "The service failed while it handled the request.",
            "Send the request again. If that fails too, contact support with the OperationId.",
        ),
        501 => (
            "The operation is not implemented.",
            "This simulator does not have this operation.",
            "Check the method and the path against the published API.",
        ),
        503 => (
            "The service is unavailable.",
            "The service is starting or under maintenance.",
            "Wait a moment and send the request again.",
        ),
        _ => (
            "The request was refused.",
            "The service refused the request.",
            "Check the request.",
        ),
    };
    Refusal {
        status,
        error,
        reason: reason.to_owned(),
        resolution,
    }
}

impl Refusal {
    /// The response. A 401 has no body.
    pub(crate) fn response(&self, operation_id: &str) -> Response {
        if self.status == StatusCode::UNAUTHORIZED {
            return answer::empty(self.status);
        }
        let mut response = answer::json(
            self.status,
            &json!({
                "OperationId": operation_id,
                "Error": self.error,
                "Reason": self.reason,
                "Resolution": self.resolution,
            }),
        );
        if let Ok(id) = HeaderValue::from_str(operation_id) {
            response
                .headers_mut()
                .insert(HeaderName::from_static("operation-id"), id);
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response
                .headers_mut()
                .insert("retry-after", HeaderValue::from_static("1"));
        }
        response
    }
}
