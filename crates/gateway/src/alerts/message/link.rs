//! Links from a message to the console.

use health::inventory::{Kind, ResourceKey};
use vendors::operation::percent_encoded;

/// The link to the page of a resource. `console` is the console's address.
pub(crate) fn to_page(console: &str, key: &ResourceKey) -> String {
    format!("{console}{}", page(key))
}

/// The link to the page with all alarms.
pub(crate) fn to_overview(console: &str) -> String {
    format!("{console}/")
}

/// The link to the page with all alarms, derived from a link to the page of one resource.
pub(super) fn overview_of(link: &str, key: &ResourceKey) -> String {
    link.strip_suffix(&page(key))
        .map_or_else(|| link.to_owned(), to_overview)
}

fn page(key: &ResourceKey) -> String {
    let below = |list| {
        format!(
            "/{list}/{}/{}",
            percent_encoded(&key.connection),
            percent_encoded(&key.id)
        )
    };
    match key.kind {
        Kind::Connection => "/connections".to_owned(),
        Kind::FailoverGroup => below("groups"),
        Kind::SlicerGroup => below("slicers"),
        Kind::FailoverSession => below("failover-sessions"),
    }
}
