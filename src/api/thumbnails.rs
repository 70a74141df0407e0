//! Thumbnails of slicers. The gateway serves them, and knows their original addresses from responses that it relayed.

use crate::route::address;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use vendors::operation::segment;

/// The address of a slicer's thumbnail. It changes whenever the vendor's own address (`vendor_url`) does.
#[must_use]
pub fn thumbnail_url(connection: &str, group: &str, slicer: &str, vendor_url: &str) -> String {
    let mut version = DefaultHasher::new();
    vendor_url.hash(&mut version);
    let path = [connection, group, slicer].map(segment).join("/");
    address(&format!("/thumbnails/{path}?v={:x}", version.finish()))
}
