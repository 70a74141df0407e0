//! The operations of the contract: methods, and paths after the base path.

use crate::operation::{Method, Operation, Parameter, Values, operations};

/// The base of every path.
pub(crate) const BASE: &str = "/api/v4";

const NONE: &[Parameter] = &[];
const PAGE: &[Parameter] = &[Parameter::optional("page", Values::Number(1))];

operations! {
    /// 200 with a Collection.
    LIST_GROUPS = "list groups", Get "/failover-groups", PAGE;
    /// 200.
    GET_GROUP = "get group", Get "/failover-groups/{}", NONE;
    /// 204: mode and auto failback.
    CONFIGURE = "configure group", Patch "/failover-groups/{}", NONE;
    /// 204: eligibility and order; slicers that are not in the group are silently ignored.
    ORDER = "order slicers", Put "/failover-groups/{}/slicers", NONE;
    /// 2xx; 400 while auto failback is on. Each attempt switches live output.
    ACTIVATE = "activate slicer", Put "/failover-groups/{}/activate_slicer", NONE;
    /// 204: slate on or off.
    SLATE = "set slate", Put "/failover-groups/{}/set_no_slicer", NONE;
    /// 204; 409 for a channel that is already in a group.
    CHANNELS = "change channels", Put "/failover-groups/{}/channels", NONE;
    /// 200 with a Collection.
    ALLOWED_OWNERS = "list allowed owners", Get "/failover-groups/{}/allowed-owners", NONE;
    /// 204.
    SET_ALLOWED_OWNERS = "change allowed owners", Put "/failover-groups/{}/allowed-owners", NONE;
}

/// All operations. One that is missing here is not relayed.
pub static ALL: &[&Operation] = &[
    &LIST_GROUPS,
    &GET_GROUP,
    &CONFIGURE,
    &ORDER,
    &ACTIVATE,
    &SLATE,
    &CHANNELS,
    &ALLOWED_OWNERS,
    &SET_ALLOWED_OWNERS,
];

/// The operation for a method and a decoded path.
#[must_use]
pub fn operation(method: Method, segments: &[&str]) -> Option<&'static Operation> {
    let rest = segments.strip_prefix(&["api", "v4"])?;
    ALL.iter()
        .find(|operation| operation.matches(method, rest))
        .copied()
}
