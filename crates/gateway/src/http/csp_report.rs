//! `POST /api/csp-report`: browsers report violations of the console's Content-Security-Policy. Anybody may send
//! reports, so their size and rate are limited, and only known words and origins are counted and logged.

use crate::app::Gateway;
use crate::metrics::CSP_DIRECTIVES;
use crate::problem::{Kind, Problem};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use reqwest::Url;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

pub(super) const PATH: &str = "/api/csp-report";

/// The largest report, in bytes.
const LIMIT: usize = 16 * 1024;
/// The maximum time for a report to arrive.
const PATIENCE: Duration = Duration::from_secs(5);

/// Counts a report.
///
/// # Errors
/// The body is not a report, comes from another site or is too large, or there are too many reports.
pub(super) async fn receive(
    State(gateway): State<Arc<Gateway>>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let metrics = &gateway.shared.metrics;
    is_acceptable(request.headers())?;
    if !metrics.may_report() {
        metrics.csp_report("too-many");
        return Err(Problem {
            retry_after: Some(60),
            ..Problem::new(Kind::TooManyTries, "too many reports; this one is dropped")
        });
    }
    let body = tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), LIMIT)).await;
    let Ok(Ok(bytes)) = body else {
        return Err(Problem {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            ..Problem::new(
                Kind::TooLarge,
                "the report is larger than 16 KiB or did not end",
            )
        });
    };
    let report: Value = serde_json::from_slice(&bytes)
        .map_err(|_| Problem::new(Kind::BadRequest, "the body is not a report"))?;
    let (directive, blocked) = read(&report);
    metrics.csp_report(directive);
    tracing::warn!(
        directive,
        blocked,
        "a page of the console violated its Content-Security-Policy"
    );
    Ok(StatusCode::NO_CONTENT)
}

/// Checks the type and origin of a report. `Sec-Fetch-Site` names the site; `Origin` does not, because the pages
/// send no referrer.
fn is_acceptable(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        let detail = "reports are accepted from this console's own pages only";
        return Err(Problem::new(Kind::CrossSite, detail));
    }
    let kind = text(header::CONTENT_TYPE.as_str()).and_then(|value| value.split(';').next());
    match kind.map(str::trim) {
        Some("application/csp-report" | "application/reports+json") => Ok(()),
        _ => {
            let detail = "a report has to be sent with content-type: application/csp-report";
            Err(Problem::new(Kind::UnsupportedMediaType, detail))
        }
    }
}

/// The directive, and the blocked origin or a word such as `inline`. Complete addresses may contain secrets.
fn read(report: &Value) -> (&'static str, String) {
    let report = report.get(0).unwrap_or(report);
    let report = report
        .get("csp-report")
        .or_else(|| report.get("body"))
        .unwrap_or(report);
    let text = |names: [&str; 2]| {
        let mut values = names.iter().filter_map(|name| report.get(name)?.as_str());
        values.next().unwrap_or_default().to_owned()
    };
    let directive = text(["effective-directive", "effectiveDirective"]);
    let directive = if directive.is_empty() {
        text(["violated-directive", "violatedDirective"])
    } else {
        directive
    };
    let name = directive.split_whitespace().next().unwrap_or_default();
    let known = CSP_DIRECTIVES.into_iter().find(|known| *known == name);
    let blocked = text(["blocked-uri", "blockedURL"]);
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let is_word = blocked.len() <= 20 && blocked.bytes().all(is_word);
    let blocked = match Url::parse(&blocked) {
        Ok(url) => url
            .origin()
            .ascii_serialization()
            .chars()
            .take(100)
            .collect(),
        Err(_) if is_word => blocked,
        Err(_) => String::new(),
    };
    (known.unwrap_or("other"), blocked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_known_words_and_origins_are_read_from_a_report() {
        let old = |directive: &str, blocked: &str| json!({"csp-report": {"effective-directive": directive, "blocked-uri": blocked}});
        for (report, expected) in [
            (
                old("script-src-elem", "inline"),
                ("script-src-elem", "inline"),
            ),
            (
                old("img-src", "https://evil.example:8443/x?token=hunter2"),
                ("img-src", "https://evil.example:8443"),
            ),
            (old("x\n\u{202e}", "\u{1b}[2J"), ("other", "")),
            (
                json!({"csp-report": {"violated-directive": "connect-src 'self'"}}),
                ("connect-src", ""),
            ),
            (
                json!([{"type": "csp-violation", "body": {"effectiveDirective": "style-src-attr",
                    "blockedURL": "inline"}}]),
                ("style-src-attr", "inline"),
            ),
            (old("script-src", "wasm-eval"), ("script-src", "wasm-eval")),
            (json!(null), ("other", "")),
            (json!([]), ("other", "")),
        ] {
            let (directive, blocked) = read(&report);
            assert_eq!((directive, blocked.as_str()), expected, "{report}");
        }
    }
}
