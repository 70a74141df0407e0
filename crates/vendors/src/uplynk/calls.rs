//! The operations on failover groups as calls.

use super::operations::{
    ACTIVATE, ALLOWED_OWNERS, BASE, CHANNELS, CONFIGURE, GET_GROUP, LIST_GROUPS, ORDER,
    SET_ALLOWED_OWNERS, SLATE,
};
use super::{Collection, Configuration, FailoverGroup, Mode, SlicerPlace, decode};
use crate::call::{Call, Request, read_empty, read_json};
use crate::json::object;
use crate::operation::Operation;
use serde_json::{Value, json};

/// The operations on failover groups.
#[derive(Debug, Clone, Copy)]
pub struct Groups(());

/// The operations on failover groups.
#[must_use]
pub fn groups() -> Groups {
    Groups(())
}

fn request(operation: &'static Operation, ids: &[&str]) -> Request {
    Request::new(operation, operation.path_for(BASE, ids))
}

fn write(operation: &'static Operation, id: &str, body: &Value) -> Call<()> {
    Call::new(
        request(operation, &[id]).with_body(body),
        read_empty,
        decode::vendor_error,
    )
}

impl Groups {
    /// Lists every group. No paging is documented, so the first request has no parameters.
    #[must_use]
    pub fn list(self) -> Call<Collection<FailoverGroup>> {
        Call::new(
            request(&LIST_GROUPS, &[]),
            decode::groups,
            decode::vendor_error,
        )
    }

    /// Another page, from 2 on. Only if there are fewer `items` than `total_items`, until a page has no new id.
    #[must_use]
    pub fn page(self, page: u32) -> Call<Collection<FailoverGroup>> {
        let request = Request {
            query: format!("page={page}"),
            ..request(&LIST_GROUPS, &[])
        };
        Call::new(request, decode::groups, decode::vendor_error)
    }

    /// One complete group.
    #[must_use]
    pub fn get(self, id: &str) -> Call<FailoverGroup> {
        Call::new(
            request(&GET_GROUP, &[id]),
            |answer| read_json(answer, decode::group),
            decode::vendor_error,
        )
    }

    /// Changes the mode, auto failback or both.
    #[must_use]
    pub fn configure(self, id: &str, change: &Configuration) -> Call<()> {
        let mode = change.mode.as_ref().map(|mode| match mode {
            Mode::Prioritized => "prioritized".into(),
            Mode::Flat => "flat".into(),
            Mode::Other(word) => word.as_str().into(),
        });
        let auto_failback = change.auto_failback.map(Value::from);
        let body = object([("mode", mode), ("auto_failback", auto_failback)]);
        write(&CONFIGURE, id, &body)
    }

    /// Sets eligibility and order. `places` must contain every slicer; Uplynk silently ignores unknown ones.
    #[must_use]
    pub fn order(self, id: &str, places: &[SlicerPlace]) -> Call<()> {
        let slicers: Vec<Value> = places
            .iter()
            .map(|place| json!({ "slicer_id": place.slicer_id, "enabled": place.enabled, "order": place.order }))
            .collect();
        write(&ORDER, id, &json!({ "slicers": slicers }))
    }

    /// Puts a slicer on air. Every attempt switches live output; 400 while auto failback is on.
    #[must_use]
    pub fn activate(self, id: &str, slicer: &str) -> Call<()> {
        write(&ACTIVATE, id, &json!({ "slicer_id": slicer }))
    }

    /// Puts the slate on air, or takes it off.
    #[must_use]
    pub fn set_no_slicer(self, id: &str, no_slicer: bool) -> Call<()> {
        write(&SLATE, id, &json!({ "no_slicer": no_slicer }))
    }

    /// Adds and removes channels.
    #[must_use]
    pub fn channels(self, id: &str, add: &[&str], remove: &[&str]) -> Call<()> {
        write(
            &CHANNELS,
            id,
            &json!({ "channels_ids_to_add": add, "channels_ids_to_remove": remove }),
        )
    }

    /// The allowed owners of the group.
    #[must_use]
    pub fn allowed_owners(self, id: &str) -> Call<Collection<String>> {
        Call::new(
            request(&ALLOWED_OWNERS, &[id]),
            decode::owners,
            decode::vendor_error,
        )
    }

    /// Changes the allowed owners of the group.
    #[must_use]
    pub fn set_allowed_owners(self, id: &str, add: &[&str], remove: &[&str]) -> Call<()> {
        write(
            &SET_ALLOWED_OWNERS,
            id,
            &json!({ "owners_to_add": add, "owners_to_remove": remove }),
        )
    }
}
