//! The texts of an entry, shared by the table, the lists and the exported files.

use crate::api::activity::{ActivityEntry, ActivityKind};
use crate::live::Watched;
use std::borrow::Cow;

/// What happened, in a sentence or a few words, with a capital first letter. The text of an observed event stays as it
/// is, because it may begin with an id.
#[must_use]
pub fn what(entry: &ActivityEntry) -> Cow<'_, str> {
    let mut letters = entry.what.chars();
    let is_seen = matches!(entry.kind, ActivityKind::Event(_));
    match letters.next() {
        Some(first) if first.is_ascii_lowercase() && !is_seen => Cow::Owned(
            std::iter::once(first.to_ascii_uppercase())
                .chain(letters)
                .collect(),
        ),
        _ => Cow::Borrowed(&entry.what),
    }
}

/// The outcome, such as `refused: wrong password`; empty for observed events.
#[must_use]
pub fn outcome(entry: &ActivityEntry) -> String {
    let outcome = match (entry.kind, entry.outcome.as_str()) {
        (ActivityKind::Change, "unknown") => "outcome unknown",
        (_, outcome) => outcome,
    };
    if entry.why.is_empty() {
        outcome.to_owned()
    } else {
        format!("{outcome}: {}", entry.why.replace('-', " "))
    }
}

/// The resource's current name; if it no longer exists, the name in the entry, or else the id.
#[must_use]
pub fn resource_name(entry: &ActivityEntry, watched: Watched) -> String {
    let key = entry.resource.as_ref();
    let snapshot = watched.snapshot_untracked();
    let current = key.and_then(|key| snapshot.find(key).map(|resource| resource.name.clone()));
    let id = || key.map(|key| key.id.clone()).unwrap_or_default();
    let recorded = Some(entry.name.clone()).filter(|name| !name.is_empty());
    current.or(recorded).unwrap_or_else(id)
}

/// The title of the entry's connection; its id if it is no longer configured.
#[must_use]
pub fn connection_title(entry: &ActivityEntry, watched: Watched) -> String {
    watched.snapshot_untracked().title(&entry.connection)
}

#[cfg(test)]
mod tests {
    use super::{outcome, what};
    use crate::api::activity::ActivityEntry;

    #[test]
    fn an_entry_has_a_text_and_an_outcome_in_words() {
        for (json, expected) in [
            (
                r#""kind":"change","what":"Order slicers","outcome":"done""#,
                ("Order slicers", "done"),
            ),
            (
                r#""kind":"change","what":"Order slicers","outcome":"unknown""#,
                ("Order slicers", "outcome unknown"),
            ),
            (
                r#""kind":"access","what":"sign in","outcome":"refused","why":"wrong-password""#,
                ("Sign in", "refused: wrong password"),
            ),
            (r#""kind":"failover","what":"It is so.""#, ("It is so.", "")),
            (
                r#""kind":"eligibility","what":"film03 became unhealthy.""#,
                ("film03 became unhealthy.", ""),
            ),
        ] {
            let json = format!(r#"{{"at":0,"severity":"normal",{json}}}"#);
            let entry: ActivityEntry = serde_json::from_str(&json).expect("an entry");
            assert_eq!((what(&entry).as_ref(), outcome(&entry).as_str()), expected);
        }
    }
}
