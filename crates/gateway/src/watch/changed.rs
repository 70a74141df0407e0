//! Passes writes through the relay to the watchers, so that changed resources are read at once.

use super::inbox::Inbox;
use crate::lock::lock;
use crate::vendor_client::WriteObserver;
use percent_encoding::percent_decode_str;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use vendors::Operation;

/// The inboxes of all watchers, by their connections' ids.
#[derive(Debug, Default)]
pub(super) struct Inboxes(Mutex<HashMap<String, Arc<Inbox>>>);

impl Inboxes {
    pub(super) fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Inbox>>> {
        lock(&self.0)
    }
}

impl WriteObserver for Inboxes {
    fn written(&self, connection: &str, operation: &Operation, path: &str) {
        if let Some(inbox) = self.all().get(connection) {
            inbox.changed(group(operation, path));
        }
    }
}

/// The group that a write changed. `None` if the write changes the list, as the creation or deletion of a group does.
fn group(operation: &Operation, path: &str) -> Option<String> {
    if operation.name == "delete group" {
        return None;
    }
    let pattern: Vec<&str> = operation.path.split('/').collect();
    let place = pattern.iter().position(|part| *part == "{}")?;
    // The base of the service comes before.
    let from_the_end = pattern.len() - place;
    let written: Vec<&str> = path.split('/').collect();
    let group = written.get(written.len().checked_sub(from_the_end)?)?;
    let group = percent_decode_str(group).decode_utf8().ok()?;
    Some(group.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vendors::aveva::{Base, groups, sessions};

    #[test]
    fn the_changed_group_is_taken_from_the_path_of_a_write() {
        let mut base = Base::default();
        for cloud in [false, true] {
            if cloud {
                base.tenant = Some("groups".to_owned());
                base.namespace = Some("clientsessions".to_owned());
            }
            let id = "kiln/2 ÄÖ%";
            let calls = [
                sessions(&base, id).delete("a/b").request,
                groups(&base).delete(id).request,
                groups(&base).create(&Default::default()).request,
            ];
            let written = calls.map(|request| group(request.operation, &request.path));
            assert_eq!(written, [Some(id.to_owned()), None, None]);
        }
    }
}
