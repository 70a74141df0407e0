//! The Content-Security-Policy of the console's pages: only content of this origin, and no frames.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

/// The policy of a page with its inline scripts, which pages of `ancestors` may show in a frame. Breaches are
/// reported below `base_path`.
pub(super) fn of(page: &str, ancestors: &[String], base_path: &str) -> HeaderValue {
    let hashes: String = inline_scripts(page)
        .iter()
        .map(|script| format!(" '{}'", hash(script)))
        .collect();
    let ancestors = match ancestors {
        [] => "'none'".to_owned(),
        some => some.join(" "),
    };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; \
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

fn hash(script: &str) -> String {
    // Browsers hash the parser's output, in which each line ends with one character.
    let script = script.replace("\r\n", "\n").replace('\r', "\n");
    format!(
        "sha256-{}",
        BASE64_STANDARD.encode(Sha256::digest(script.as_bytes()))
    )
}

/// The contents of the `<script>` elements without `src`.
fn inline_scripts(page: &str) -> Vec<&str> {
    // Lower-casing ASCII keeps all positions.
    let lower = page.to_ascii_lowercase();
    let mut scripts = Vec::new();
    let mut from = 0;
    while let Some(found) = lower[from..].find("<script") {
        let tag = from + found + "<script".len();
        let Some(length) = tag_length(&lower[tag..]) else {
            break;
        };
        let content = tag + length + 1;
        let end = lower[content..]
            .find("</script")
            .map_or(page.len(), |end| content + end);
        let has_source = lower[tag..tag + length]
            .split_ascii_whitespace()
            .any(|part| part.starts_with("src="));
        let is_element = lower[tag..].starts_with(['>', ' ', '\t', '\n', '\r', '/']);
        if is_element && !has_source {
            scripts.push(&page[content..end]);
        }
        from = end;
    }
    scripts
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
    fn inline_scripts_are_found_and_others_are_not() {
        let page = "<head><script>one</script><SCRIPT type='module' data-a=\">\">\ntwo</Script >\
                    <script src=\"/x.js\"></script><script type=module src=x></script><scripty>no</scripty>é\
                    <script>three";
        assert_eq!(inline_scripts(page), ["one", "\ntwo", "three"]);
        assert!(inline_scripts("<p>no scripts</p><script").is_empty());
    }

    #[test]
    fn a_hash_is_the_one_that_browsers_make() {
        // The example of the specification, CSP Level 3, section 8.4.
        assert_eq!(hash("doSubmit()"), hash("doSubmit()"));
        assert_eq!(
            hash("alert('Hello, world.');"),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
        assert_eq!(hash("a\r\nb\rc"), hash("a\nb\nc"));
    }

    #[test]
    fn the_policy_allows_these_scripts_and_nothing_foreign() {
        let policy = of("<script>alert('Hello, world.');</script>", &[], "");
        let policy = policy.to_str().unwrap();
        assert!(
            policy.contains(
                "script-src 'self' 'wasm-unsafe-eval' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=';"
            ),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe-inline")
                && !policy.contains("'unsafe-eval'")
                && !policy.contains('*')
        );
    }
}
