//! Errors of the gateway itself.

use serde::Serialize;
use vendors::{deserialize_from_json, from_json};

/// The body of an `application/problem+json` response (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Problem {
    /// The problem type: `/problems/…`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The problem type in a few words.
    pub title: String,
    /// The HTTP status; 0 if there was no response.
    pub status: u16,
    /// The details of this occurrence.
    pub detail: String,
    /// The requested path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The gateway's request id, for a search in the log. It comes from a header, never from the body.
    #[serde(skip)]
    pub request_id: Option<String>,
    /// The minimum wait before another request, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// `false` if the request was a change that was certainly not carried out; omitted otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried_out: Option<bool>,
}

from_json! { struct Problem {
    kind as "type" or default, title or default, status or default, detail or default, instance, request_id is None,
    retry_after, carried_out,
} }

impl Problem {
    /// Title and detail in one line, or only the detail if it says everything: "Could not reach Plant A: it refused the
    /// connection", "This code has expired".
    #[must_use]
    pub fn line(&self) -> String {
        let detail_suffices = matches!(
            self.kind.as_str(),
            "/problems/unreachable"
                | "/problems/timeout"
                | "/problems/wrong-code"
                | "/problems/name-taken"
        );
        let mut chars = self.detail.chars();
        match (chars.next(), self.title.as_str()) {
            (None, title) => title.to_owned(),
            (Some(first), title) if detail_suffices || title.is_empty() => {
                std::iter::once(first.to_ascii_uppercase())
                    .chain(chars)
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
    fn a_detail_that_says_everything_has_no_title() {
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
                "/problems/wrong-code",
                "Wrong code",
                "this code has expired",
                "This code has expired",
            ),
            (
                "/problems/name-taken",
                "Name taken",
                "there is a wall called \"Hall\" already",
                "There is a wall called \"Hall\" already",
            ),
            (
                "/problems/redirect",
                "The vendor redirected",
                "Plant A returned 302",
                "The vendor redirected: Plant A returned 302",
            ),
            ("about:blank", "", "sorry", "Sorry"),
            // Only ASCII is capitalised: the tables of Unicode would be larger than this crate.
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
