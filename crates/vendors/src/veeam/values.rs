//! Reads the simple values of a response: UIDs, links, times, numbers and enumerations.

use super::node::Fields;
use super::types::{Link, Outcome, State};
use crate::json;
use crate::unreadable::Unread;
use chrono::{DateTime, Utc};

/// A field's time; `None` if it is absent, null, empty or the sentinel `1753-01-01T00:00:00Z`.
pub(super) fn time(fields: Fields<'_>, name: &str) -> Option<DateTime<Utc>> {
    fields.read(name, json::time).flatten()
}

/// A field's number, also as text.
pub(super) fn number(fields: Fields<'_>, name: &str) -> Option<f64> {
    fields.read(name, json::number)
}

/// A field's count, also as text.
pub(super) fn count(fields: Fields<'_>, name: &str) -> Option<u32> {
    fields.read(name, |text| {
        text.strip_suffix(".0").unwrap_or(text).parse().ok()
    })
}

/// The GUID of a bare UID or of `urn:veeam:CloudFailoverSession:{guid}`, in lower case.
pub(super) fn guid(uid: &str) -> String {
    let without_urn = uid.trim().rsplit(':').next().unwrap_or(uid);
    without_urn.to_ascii_lowercase()
}

/// The UID of an item.
pub(super) fn uid(fields: Fields<'_>) -> Option<String> {
    fields.read("UID", |text| Some(guid(text)))
}

/// The id of a session's plan. An id of zeros counts as missing.
pub(super) fn plan_id(fields: Fields<'_>) -> Option<String> {
    let is_zero = |id: &String| id.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    fields
        .read("JobUid", |text| Some(guid(text)))
        .filter(|id| !is_zero(id))
}

/// Path and query of a link, without the host, which is only the server's internal name. The result starts with
/// exactly one slash, so that it can never lead to another host. `None` for other links.
pub(super) fn local(href: &str) -> Option<String> {
    let href = href.trim();
    let scheme = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let without_host = match href.split_once("//") {
        Some((before, rest))
            if before.is_empty() || before.strip_suffix(':').is_some_and(scheme) =>
        {
            rest.find(['/', '?']).map_or("/", |at| &rest[at..])
        }
        _ if href.starts_with('/') => href,
        _ => return None,
    };
    Some(format!("/{}", without_host.trim_start_matches(['/', '\\'])))
}

/// The last segment of a link's path, as an id.
pub(super) fn tail(href: &str) -> Option<String> {
    let path = href.split('?').next().unwrap_or(href);
    let last = path.rsplit('/').next()?;
    (!last.is_empty()).then(|| last.to_ascii_lowercase())
}

/// A link.
pub(super) fn link(fields: Fields<'_>) -> Link {
    Link {
        rel: fields.text("Rel"),
        href: fields.text("Href").as_deref().and_then(local),
        name: fields.text("Name"),
        kind: fields.text("Type"),
    }
}

/// The links of an item.
pub(super) fn links(fields: Fields<'_>) -> Vec<Link> {
    fields.list("Links", "Link", |node| {
        let unread = Unread::default();
        let inner = Fields {
            node,
            unread: &unread,
        };
        let link = (!node.fields.is_empty()).then(|| link(inner));
        fields.unread.absorb("Links", &unread);
        link
    })
}

/// `State`.
pub(super) fn state(fields: Fields<'_>) -> Option<State> {
    word(fields, "State", State::KNOWN, State::word, State::Other)
}

/// `Result`.
pub(super) fn result(fields: Fields<'_>) -> Option<Outcome> {
    word(
        fields,
        "Result",
        Outcome::KNOWN,
        Outcome::word,
        Outcome::Other,
    )
}

/// A known value in any case; a value that is not in the contract is kept.
fn word<T>(
    fields: Fields<'_>,
    name: &str,
    known: [T; 4],
    word: fn(&T) -> &str,
    other: fn(String) -> T,
) -> Option<T> {
    let text = fields.text(name)?;
    let mut known = known.into_iter();
    let known = known.find(|known| word(known).eq_ignore_ascii_case(&text));
    Some(known.unwrap_or_else(|| other(text)))
}

#[cfg(test)]
mod tests {
    use super::{guid, local, tail};

    #[test]
    fn links_never_lead_to_another_host() {
        for (href, path) in [
            (
                "https://localhost:9398/api/query?type=X&page=1",
                Some("/api/query?type=X&page=1"),
            ),
            (
                "/api/x?next=https://elsewhere/",
                Some("/api/x?next=https://elsewhere/"),
            ),
            ("https://em", Some("/")),
            ("https://em?a=/b", Some("/?a=/b")),
            ("//elsewhere/x", Some("/x")),
            ("https://em//elsewhere/x", Some("/elsewhere/x")),
            ("https://em/\\elsewhere", Some("/elsewhere")),
            ("javascript:alert(1)", None),
            ("javascript://%0aalert(1)", Some("/")),
            ("api/x", None),
            ("", None),
        ] {
            assert_eq!(local(href).as_deref(), path, "{href}");
        }
    }

    #[test]
    fn ids_have_no_urn_and_are_in_lower_case() {
        assert_eq!(
            guid("urn:veeam:CloudFailoverSession:475420EE-D045"),
            "475420ee-d045"
        );
        assert_eq!(guid(" 475420EE-D045"), "475420ee-d045");
        assert_eq!(
            tail("/api/backupServers/CA19?format=a/b"),
            Some("ca19".to_owned())
        );
        assert_eq!(tail("/api/backupServers/"), None);
    }
}
