//! Injected faults. A fault is switched on through the control port, or by a sentinel id anywhere in
//! a path, so that a fault from a test can be reproduced in a browser. This module only selects the
//! fault; the listener applies it.

use serde::{Deserialize, Serialize};

/// A kind of fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Fault {
    /// Responds with this status, the vendor's error body, and optionally `Retry-After` in seconds.
    Status {
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
    /// Delays an otherwise normal response by this many real milliseconds.
    Latency { milliseconds: u64 },
    /// Resets the connection without a response.
    Reset,
    /// The body ends before its declared length.
    Truncated,
    /// The body is not valid JSON or XML, despite its media type.
    Malformed,
    /// An HTML page, as proxies and sign-in portals send.
    Html,
    /// 200 without a body.
    Empty,
    /// 200 with this body, for example an error message with a success status.
    Body { body: String },
    /// An otherwise normal response with the first `find` in its body replaced by `with`.
    Replace { find: String, with: String },
}

/// The delay of `fault-slow`, in milliseconds.
const SLOW: u64 = 4_000;

/// The statuses that the contracts document; a sentinel id can name any of them.
pub(crate) const STATUSES: [u16; 10] = [400, 401, 403, 404, 405, 409, 429, 500, 501, 503];

/// The fault that a sentinel id selects; `None` for other ids.
pub(crate) fn sentinel(id: &str) -> Option<Fault> {
    Some(match id.strip_prefix("fault-")? {
        "slow" => Fault::Latency { milliseconds: SLOW },
        "reset" => Fault::Reset,
        "truncated" => Fault::Truncated,
        "malformed" => Fault::Malformed,
        "html" => Fault::Html,
        "empty" => Fault::Empty,
        status => {
            let status = status
                .parse()
                .ok()
                .filter(|status| STATUSES.contains(status))?;
            Fault::Status {
                status,
                retry_after: None,
            }
        }
    })
}

/// A fault that was switched on.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Switch {
    pub(crate) connection: String,
    /// One operation; `None` for all operations except those that sign in.
    pub(crate) operation: Option<String>,
    pub(crate) fault: Fault,
    /// The number of remaining requests that it applies to; `None` until it is switched off.
    pub(crate) times: Option<u64>,
}

/// All faults that are switched on.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Switch>);

/// Operations that sign in. A fault applies to them only when it names them, because a client that
/// cannot sign in never reaches the operation under test.
const SIGN_IN: [&str; 3] = ["token", "log on", "log off"];

impl Faults {
    pub(crate) fn add(&mut self, switch: Switch) {
        self.0.push(switch);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> &[Switch] {
        &self.0
    }

    /// The faults that apply to this request, in the order in which they were switched on.
    /// Reduces the remaining count of each.
    pub(crate) fn take_matching(
        &mut self,
        connection: &str,
        operation: Option<&str>,
    ) -> Vec<Fault> {
        let mut matching = Vec::new();
        for switch in &mut self.0 {
            let applies = switch.connection == connection
                && match (&switch.operation, operation) {
                    (None, Some(requested)) => !SIGN_IN.contains(&requested),
                    (None, None) => true,
                    (Some(named), Some(requested)) => named == requested,
                    (Some(_), None) => false,
                };
            if applies {
                matching.push(switch.fault.clone());
                switch.times = switch.times.map(|left| left.saturating_sub(1));
            }
        }
        self.0.retain(|switch| switch.times != Some(0));
        matching
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentinel_id_selects_the_fault_in_its_name() {
        assert_eq!(
            sentinel("fault-409"),
            Some(Fault::Status {
                status: 409,
                retry_after: None
            })
        );
        assert_eq!(
            sentinel("fault-slow"),
            Some(Fault::Latency { milliseconds: SLOW })
        );
        assert_eq!(sentinel("fault-empty"), Some(Fault::Empty));
        for id in [
            "fault-",
            "fault-200",
            "fault-999",
            "fault-4O4",
            "Fault-404",
            "my-fault-404",
        ] {
            assert_eq!(sentinel(id), None, "{id}");
        }
    }

    fn switch(operation: Option<&str>, times: Option<u64>) -> Switch {
        Switch {
            connection: "live".to_owned(),
            operation: operation.map(str::to_owned),
            fault: Fault::Html,
            times,
        }
    }

    #[test]
    fn a_fault_ends_after_its_number_of_requests() {
        let mut faults = Faults::default();
        faults.add(switch(Some("get group"), Some(2)));
        assert_eq!(faults.take_matching("live", Some("get group")).len(), 1);
        assert!(faults.take_matching("live", Some("list groups")).is_empty());
        assert!(faults.take_matching("em", Some("get group")).is_empty());
        assert_eq!(faults.take_matching("live", Some("get group")).len(), 1);
        assert!(faults.take_matching("live", Some("get group")).is_empty());
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_fault_without_an_operation_does_not_affect_sign_in() {
        let mut faults = Faults::default();
        faults.add(switch(None, None));
        assert!(faults.take_matching("live", Some("token")).is_empty());
        assert_eq!(faults.take_matching("live", None).len(), 1);
        faults.add(switch(Some("token"), None));
        assert_eq!(faults.take_matching("live", Some("token")).len(), 1);
        faults.clear();
        assert!(faults.take_matching("live", Some("token")).is_empty());
    }
}
