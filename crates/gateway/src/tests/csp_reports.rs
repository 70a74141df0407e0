//! Browsers' reports of violations of the Content-Security-Policy.

use super::access::with_users;
use super::*;

const PATH: &str = "POST /api/csp-report";
const REPORT: &str =
    r#"{"csp-report":{"effective-directive":"img-src","blocked-uri":"https://evil.example/x"}}"#;

/// The headers that browsers send: no session, and an opaque `Origin`.
const BROWSER_HEADERS: [(&str, &str); 3] = [
    ("content-type", "application/csp-report"),
    ("origin", "null"),
    ("sec-fetch-site", "same-origin"),
];

#[tokio::test]
async fn pages_name_the_report_address_and_reports_are_counted() {
    let gateway = Arc::new(with_users(Vec::new(), None, false));
    let page = get(&gateway, "/").await;
    let policy = header(&page, "content-security-policy");
    assert!(policy.contains("; report-uri /api/csp-report;"), "{policy}");
    let answer = ask(&gateway, PATH, &BROWSER_HEADERS, REPORT).await;
    assert_eq!(answer.status(), 204);
    let text = gateway.shared.metrics.counters_as_text();
    assert!(
        text.contains(r#"csp_reports_total{directive="img-src"} 1"#),
        "{text}"
    );
}

#[tokio::test]
async fn reports_are_limited_in_size_and_number_and_to_our_own_pages() {
    let gateway = Arc::new(with_users(Vec::new(), None, false));
    let [kind, origin, site] = BROWSER_HEADERS;
    let foreign = ("sec-fetch-site", "cross-site");
    let json = ("content-type", "application/json");
    let huge = "x".repeat(20_000);
    for (headers, body, status) in [
        (&[kind, origin, foreign] as &[_], REPORT, 403),
        (&[json, origin, site], REPORT, 415),
        (&BROWSER_HEADERS, "hunter2", 400),
        (&BROWSER_HEADERS, &huge, 413),
    ] {
        let answer = ask(&gateway, PATH, headers, body).await;
        assert_eq!(problem(answer).await.1, status, "{headers:?}");
    }
    for _ in 0..100 {
        ask(&gateway, PATH, &BROWSER_HEADERS, REPORT).await;
    }
    let answer = ask(&gateway, PATH, &BROWSER_HEADERS, REPORT).await;
    assert_eq!(problem(answer).await.1, 429);
    let text = gateway.shared.metrics.counters_as_text();
    assert!(text.contains(r#"{directive="img-src"} 58"#), "{text}");
}
