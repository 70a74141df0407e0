//! Where the gateway serves the pictures of slicers. The page loads nothing from elsewhere: the gateway
//! knows each picture's own address from the answers that it has relayed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use vendors::operation::segment;
use vendors::uplynk::Slicer;

/// The address of a slicer's picture, which changes whenever the vendor's own does; `None` where there
/// is none to show.
#[must_use]
pub fn picture(connection: &str, group: &str, slicer: &Slicer) -> Option<String> {
    let own = slicer.picture(true)?;
    let mut version = DefaultHasher::new();
    own.hash(&mut version);
    let place = [connection, group, &slicer.id].map(segment).join("/");
    Some(format!("/thumbnails/{place}?v={:x}", version.finish()))
}
