//! Restricts the ids that may be read from the vendors to those in the inventory. With invented ids, each of which is
//! a separate request, viewers could keep a slow vendor busy.

use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use crate::relay::Target;
use vendors::System;

/// Rejects an id that is not in the inventory, if the inventory has everything of the system.
///
/// Sessions of Veeam are exempt: the inventory has only the newest, and a query finds all of them.
/// Nothing is changed through such a connection, so no read can delay a change.
///
/// # Errors
/// Not found.
pub(super) fn check(gateway: &Gateway, target: &Target) -> Result<(), Problem> {
    let ids = target.ids();
    if ids.is_empty() || matches!(target.system(), System::Veeam { .. }) {
        return Ok(());
    }
    let inventory = gateway.shared.watchers.inventory();
    match inventory.knows(target.connection(), &ids) {
        Some(false) => Err(Problem::new(
            Kind::NotFound,
            "the gateway has not found this id in the vendor system; new ids are found within seconds",
        )),
        Some(true) | None => Ok(()),
    }
}
