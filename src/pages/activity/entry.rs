//! The words of an entry, as the table, the lists and the files have them.

use crate::api::activity::{ActivityEntry, ActivityKind};
use crate::live::Watched;
use crate::route::Route;
use std::borrow::Cow;

/// What happened, in a sentence or a few words. What was seen may begin with an id, which stays as it is.
#[must_use]
pub fn what(entry: &ActivityEntry) -> Cow<'_, str> {
    let mut letters = entry.what.chars();
    let is_seen = matches!(entry.kind, ActivityKind::Seen(_));
    match letters.next() {
        Some(first) if first.is_ascii_lowercase() && !is_seen => Cow::Owned(
            std::iter::once(first.to_ascii_uppercase())
                .chain(letters)
                .collect(),
        ),
        _ => Cow::Borrowed(&entry.what),
    }
}

/// What became of it: `refused: wrong password`; nothing for what was only seen.
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

/// The name of what it concerns: as it is called now, else as it was called, else its id.
#[must_use]
pub fn resource_name(entry: &ActivityEntry, watched: Watched) -> String {
    let key = entry.resource.as_ref();
    let snapshot = watched.snapshot_untracked();
    let present = key.and_then(|key| snapshot.find(key).map(|held| held.name.clone()));
    let id = || key.map(|key| key.id.clone()).unwrap_or_default();
    let told = Some(entry.name.clone()).filter(|name| !name.is_empty());
    present.or(told).unwrap_or_else(id)
}

/// Where what it concerns is shown.
#[must_use]
pub fn href(entry: &ActivityEntry) -> Option<String> {
    Some(Route::of(entry.resource.as_ref()?).href())
}

/// The title of its connection; its id where that is no longer configured.
#[must_use]
pub fn connection_title(entry: &ActivityEntry, watched: Watched) -> String {
    watched.snapshot_untracked().title(&entry.connection)
}

#[cfg(test)]
mod tests {
    use super::{outcome, what};
    use crate::api::activity::ActivityEntry;

    #[test]
    fn what_became_of_it_is_said_in_words() {
        for (json, said) in [
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
            assert_eq!((what(&entry).as_ref(), outcome(&entry).as_str()), said);
        }
    }
}
