//! The operations on groups.

use super::decode;
use super::error_body::vendor_error;
use super::operations::{CREATE_GROUP, DELETE_GROUP, GET_GROUP, GROUP_STATUS, LIST_GROUPS};
use super::{Base, GroupConfiguration, GroupStatus, Listed, Written};
use crate::call::{Answer, Call, Request, read_empty, read_json};
use crate::json::object;
use crate::operation::Operation;
use serde_json::Value;

/// The operations on groups of one service.
#[derive(Debug, Clone, Copy)]
pub struct Groups<'a> {
    base: &'a Base,
}

/// The operations on groups.
#[must_use]
pub fn groups(base: &Base) -> Groups<'_> {
    Groups { base }
}

impl Groups<'_> {
    fn request(self, operation: &'static Operation, ids: &[&str]) -> Request {
        Request::new(
            operation,
            operation.path_for(&self.base.path(self.base.groups_version), ids),
        )
    }

    /// Lists at most `count` groups after the first `skip`; `None` uses the service's own limits.
    #[must_use]
    pub fn list(self, skip: Option<u64>, count: Option<u64>) -> Call<Listed<GroupConfiguration>> {
        let part = |name: &str, value: Option<u64>| value.map(|value| format!("{name}={value}"));
        let query: Vec<String> = [part("skip", skip), part("count", count)]
            .into_iter()
            .flatten()
            .collect();
        let request = Request {
            query: query.join("&"),
            ..self.request(&LIST_GROUPS, &[])
        };
        let read = |answer: &Answer| {
            let total = answer
                .header("total-count")
                .and_then(|total| total.trim().parse().ok());
            Ok(Listed {
                total,
                ..decode::groups(&answer.body)?
            })
        };
        Call::new(request, read, vendor_error)
    }

    /// Creates a group. Fields that are `None` are not sent.
    #[must_use]
    pub fn create(self, group: &GroupConfiguration) -> Call<Written<GroupConfiguration>> {
        let request = self.request(&CREATE_GROUP, &[]).with_body(&encode(group));
        let read = |answer: &Answer| {
            Ok(Written {
                created: answer.status == 201,
                value: read_json(answer, decode::group)?,
            })
        };
        Call::new(request, read, vendor_error)
    }

    /// One group's configuration.
    #[must_use]
    pub fn get(self, id: &str) -> Call<GroupConfiguration> {
        Call::new(
            self.request(&GET_GROUP, &[id]),
            |answer| read_json(answer, decode::group),
            vendor_error,
        )
    }

    /// Deletes a group that has no active sessions.
    #[must_use]
    pub fn delete(self, id: &str) -> Call<()> {
        Call::new(self.request(&DELETE_GROUP, &[id]), read_empty, vendor_error)
    }

    /// The status of a group, which names its primary.
    #[must_use]
    pub fn status(self, id: &str) -> Call<GroupStatus> {
        Call::new(
            self.request(&GROUP_STATUS, &[id]),
            |answer| read_json(answer, decode::status),
            vendor_error,
        )
    }
}

fn encode(group: &GroupConfiguration) -> Value {
    object([
        ("Id", group.id.clone().map(Value::from)),
        ("Name", group.name.clone().map(Value::from)),
        ("Description", group.description.clone().map(Value::from)),
        (
            "FailoverTimeout",
            group.failover_timeout.map(|span| span.to_string().into()),
        ),
        (
            "AdditionalData",
            group.additional_data.clone().map(Value::from),
        ),
    ])
}
