//! What the gateway itself says when something fails.

use serde::Serialize;
use vendors::{deserialize_from_json, from_json};

/// `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Problem {
    /// `/problems/…`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is, in a few words.
    pub title: String,
    /// The HTTP status; 0 when nothing answered.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The gateway's request id, to find it in the log. From a header, never in the body.
    #[serde(skip)]
    pub request_id: Option<String>,
    /// How long not to ask again, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// `false` where it ended a change that certainly was not carried out; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried_out: Option<bool>,
}

from_json! { struct Problem {
    kind as "type" or default, title or default, status or default, detail or default, instance, request_id is None,
    retry_after, carried_out,
} }

impl Problem {
    /// What it is and what happened this time, in one line. Who could not be reached is in the detail
    /// alone: "Could not reach Plant A: it refused the connection".
    #[must_use]
    pub fn line(&self) -> String {
        let says_all = matches!(
            self.kind.as_str(),
            "/problems/unreachable" | "/problems/timeout"
        );
        let mut letters = self.detail.chars();
        match (letters.next(), self.title.as_str()) {
            (None, title) => title.to_owned(),
            (Some(first), title) if says_all || title.is_empty() => {
                std::iter::once(first.to_ascii_uppercase())
                    .chain(letters)
                    .collect()
            }
            (Some(_), title) => format!("{title}: {}", self.detail),
        }
    }
}

deserialize_from_json!(Problem);

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn the_system_that_cannot_be_reached_is_named_once() {
        for (kind, title, detail, expected) in [
            (
                "/problems/unreachable",
                "Could not reach the vendor",
                "could not reach Plant A: it reset the connection",
                "Could not reach Plant A: it reset the connection",
            ),
            (
                "/problems/timeout",
                "The vendor did not answer in time",
                "Plant A did not answer in time",
                "Plant A did not answer in time",
            ),
            (
                "/problems/timeout",
                "The vendor did not answer in time",
                "",
                "The vendor did not answer in time",
            ),
            (
                "/problems/redirect",
                "The vendor redirected",
                "Plant A returned 302",
                "The vendor redirected: Plant A returned 302",
            ),
            ("about:blank", "", "sorry", "Sorry"),
            // The tables of all capitals would weigh more than what this crate is made of.
            ("about:blank", "", "é", "é"),
        ] {
            let (kind, title, detail) = (kind.to_owned(), title.to_owned(), detail.to_owned());
            let problem = Problem {
                kind,
                title,
                detail,
                ..Problem::default()
            };
            assert_eq!(problem.line(), expected);
        }
    }
}
