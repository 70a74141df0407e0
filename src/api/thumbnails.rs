//! Where the gateway serves the pictures of slicers. The page loads nothing from elsewhere: the gateway
//! knows each picture's vendor_url address from the answers that it has relayed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use vendors::operation::segment;

/// The address of a slicer's picture, which changes whenever the vendor's vendor_url (`vendor_url`) does.
#[must_use]
pub fn thumbnail_url(connection: &str, group: &str, slicer: &str, vendor_url: &str) -> String {
    let mut version = DefaultHasher::new();
    vendor_url.hash(&mut version);
    let path = [connection, group, slicer].map(segment).join("/");
    format!("/thumbnails/{path}?v={:x}", version.finish())
}
