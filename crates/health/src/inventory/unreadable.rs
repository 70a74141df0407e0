//! The unreadable fields of a resource and of its parts.

use vendors::UnreadableField;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus};
use vendors::uplynk::FailoverGroup;
use vendors::veeam::Session;

/// The unreadable fields of an AVEVA group, its status and its sessions.
#[must_use]
pub fn unreadable_of_group(
    configuration: &GroupConfiguration,
    status: Option<&GroupStatus>,
    sessions: &[ClientSession],
) -> Vec<UnreadableField> {
    let status = status.map(|status| ("status", &status.unreadable));
    let sessions = sessions.iter().map(|session| {
        let id = session.id.as_deref().unwrap_or("session without an id");
        (id, &session.unreadable)
    });
    with_parts(
        &configuration.unreadable,
        status.into_iter().chain(sessions),
    )
}

/// The unreadable fields of an Uplynk group, its slicers and its channels.
#[must_use]
pub fn unreadable_of_slicer_group(group: &FailoverGroup) -> Vec<UnreadableField> {
    let slicers = group.slicers.iter().flatten();
    let slicers = slicers.map(|slicer| (slicer.id.as_str(), &slicer.unreadable));
    let channels = group.channels.iter().flatten();
    let channels = channels.map(|channel| (channel.id.as_str(), &channel.unreadable));
    with_parts(&group.unreadable, slicers.chain(channels))
}

/// The unreadable fields of a Veeam session and its machines.
#[must_use]
pub fn unreadable_of_session(session: &Session) -> Vec<UnreadableField> {
    let tasks = session.tasks.iter().map(|task| {
        let machine = task.vm_name.as_deref().unwrap_or("machine without a name");
        (machine, &task.unreadable)
    });
    with_parts(&session.unreadable, tasks)
}

/// Joins the fields of a resource with those of its parts, each prefixed with the part's id.
fn with_parts<'a>(
    own: &[UnreadableField],
    parts: impl Iterator<Item = (&'a str, &'a Vec<UnreadableField>)>,
) -> Vec<UnreadableField> {
    let of_parts = parts.flat_map(|(id, fields)| {
        fields.iter().map(move |field| UnreadableField {
            name: format!("{id}: {}", field.name),
            raw: field.raw.clone(),
        })
    });
    own.iter().cloned().chain(of_parts).collect()
}
