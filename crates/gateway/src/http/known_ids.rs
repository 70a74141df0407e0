//! Which ids the vendors are asked for. Who may only read gets what the inventory knows: with ids of their own
//! making, of which each is another request, readers could keep a vendor busy that answers them slowly.

use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use crate::relay::Target;
use vendors::System;

/// Refuses an id that the inventory does not know, if it knows everything that the system holds.
///
/// Sessions of Veeam are excepted: the inventory holds the newest, and a query finds all that there ever were.
/// Nothing is changed through such a connection, so that no read can stand in the way of a change.
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
            "the gateway has not seen this id at the vendor's; what is new there is seen within seconds",
        )),
        Some(true) | None => Ok(()),
    }
}
