//! The Content-Security-Policy of the console's pages: only content of this origin, and no frames.

use crate::crypto::sha256;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The policy of a page: allows its inline scripts and style sheets, and allows pages of `ancestors` to show it in a
/// frame. Violations are reported to an address below `base_path`.
pub(super) fn of(page: &str, ancestors: &[String], base_path: &str) -> HeaderValue {
    let hashes = |element: &str| -> String {
        let contents = inline(page, element);
        let hashes = contents.iter().map(|content| hash(content));
        hashes.map(|hash| format!(" '{hash}'")).collect()
    };
    let (scripts, styles) = (hashes("script"), hashes("style"));
    let ancestors = match ancestors {
        [] => "'none'".to_owned(),
        some => some.join(" "),
    };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
         img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
         report-uri {base_path}/api/csp-report; frame-ancestors {ancestors}"
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| without_scripts())
}

/// The policy of a page without scripts.
pub(super) fn without_scripts() -> HeaderValue {
    HeaderValue::from_static(
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
}

/// Adds a page's policy.
pub(super) fn apply(headers: &mut HeaderMap, policy: &HeaderValue) {
    headers.insert(
        HeaderName::from_static("content-security-policy"),
        policy.clone(),
    );
}

fn hash(content: &str) -> String {
    // Browsers hash the parser's output, in which line breaks are single characters.
    let content = content.replace("\r\n", "\n").replace('\r', "\n");
    format!("sha256-{}", BASE64_STANDARD.encode(sha256(content)))
}

/// The contents of the elements of this name without `src`.
fn inline<'p>(page: &'p str, element: &str) -> Vec<&'p str> {
    // Lower-casing ASCII preserves all byte positions.
    let lower = page.to_ascii_lowercase();
    let (begin, end) = (format!("<{element}"), format!("</{element}"));
    let mut contents = Vec::new();
    let mut from = 0;
    while let Some(found) = lower[from..].find(&begin) {
        let tag = from + found + begin.len();
        let Some(length) = tag_length(&lower[tag..]) else {
            break;
        };
        let content = tag + length + 1;
        let end = lower[content..]
            .find(&end)
            .map_or(page.len(), |end| content + end);
        let has_source = lower[tag..tag + length]
            .split_ascii_whitespace()
            .any(|part| part.starts_with("src="));
        let is_element = lower[tag..].starts_with(['>', ' ', '\t', '\n', '\r', '/']);
        if is_element && !has_source {
            contents.push(&page[content..end]);
        }
        from = end;
    }
    contents
}

/// The position of the tag's `>`, outside quotes.
fn tag_length(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.bytes().position(|byte| {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        quote.is_none() && byte == b'>'
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inline_contents_are_found() {
        let page = "<head><script>one</script><SCRIPT type='module' data-a=\">\">\ntwo</Script >\
                    <script src=\"/x.js\"></script><script type=module src=x></script><scripty>no</scripty>é\
                    <script>three";
        assert_eq!(inline(page, "script"), ["one", "\ntwo", "three"]);
        assert!(inline("<p>no scripts</p><script", "script").is_empty());
        assert_eq!(inline("<style>i{}</style><p>", "style"), ["i{}"]);
    }

    #[test]
    fn hashes_equal_those_of_browsers() {
        // The example of the specification, CSP Level 3, section 8.4.
        assert_eq!(hash("doSubmit()"), hash("doSubmit()"));
        assert_eq!(
            hash("alert('Hello, world.');"),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
        assert_eq!(hash("a\r\nb\rc"), hash("a\nb\nc"));
    }

    #[test]
    fn the_policy_allows_only_the_pages_own_scripts_and_styles() {
        let page = "<style>a\nb</style><script>alert('Hello, world.');</script>";
        let policy = of(page, &[], "");
        let policy = policy.to_str().unwrap();
        assert!(
            policy.contains(
                "script-src 'self' 'wasm-unsafe-eval' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=';"
            ),
            "{policy}"
        );
        let style = format!("; style-src 'self' '{}';", hash("a\nb"));
        assert!(policy.contains(&style), "{policy}");
        assert!(
            !policy.contains("unsafe-inline")
                && !policy.contains("'unsafe-eval'")
                && !policy.contains('*')
        );
    }
}
