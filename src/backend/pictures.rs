//! Where the gateway serves the pictures of slicers. The page loads nothing from elsewhere: the gateway
//! knows each picture's own address from the answers that it has relayed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use vendors::operation::segment;

/// The address of a slicer's picture, which changes whenever the vendor's own (`own`) does.
#[must_use]
pub fn picture(connection: &str, group: &str, slicer: &str, own: &str) -> String {
    let mut version = DefaultHasher::new();
    own.hash(&mut version);
    let place = [connection, group, slicer].map(segment).join("/");
    format!("/thumbnails/{place}?v={:x}", version.finish())
}
