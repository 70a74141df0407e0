//! No alternative spelling of a path bypasses a rule that applies to the usual spelling.

use super::access::sign_in;
use super::roles::{everything, reached, vendor};
use super::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Spellings of paths that an intermediate server might interpret as another path.
const AMBIGUOUS: [&str; 54] = [
    "//relay/live/api/v4/failover-groups/x/{}",
    "/relay//live/api/v4/failover-groups/x/{}",
    "/relay/live//api/v4/failover-groups/x/{}",
    "/relay/live/api/v4/failover-groups/x//{}",
    "/relay/live/api/v4/failover-groups/x/{}/",
    "/relay/live/api/v4/failover-groups/x/./{}",
    "/relay/live/api/v4/failover-groups/x/y/../{}",
    "/relay/live/api/v4/failover-groups/x/y/%2e%2e/{}",
    "/relay/live/api/v4/failover-groups/x/y%2f..%2f{}",
    "/relay/live/api/v4/failover-groups/x%2f{}",
    "/relay/live/api/v4/failover-groups/x%2F{}",
    "/relay/live/api/v4/failover-groups/x%252f{}",
    "/relay/live/api/v4/failover-groups/x%5c{}",
    "/relay/live/api/v4/failover-groups/x/%7b{}",
    "/relay/live/api/v4/failover-groups/x/{};a=b",
    "/relay/live/api/v4/failover-groups/x/{}%00",
    "/relay/live/api/v4/failover-groups/x/{}%20",
    "/relay/live/api/v4/failover-groups/x/{}%0a",
    "/relay/live/api/v4/failover-groups/x/{}%3f",
    "/relay/live/api/v4/failover-groups/x/{}%23",
    "/relay/live/api/v4/FAILOVER-GROUPS/x/{}",
    "/RELAY/live/api/v4/failover-groups/x/{}",
    "/%72elay/live/api/v4/failover-groups/x/{}",
    "/relay%2flive/api/v4/failover-groups/x/{}",
    "/relay/live%2fapi/v4/failover-groups/x/{}",
    "/relay/%6cive/api/v4/failover-groups/x/{}",
    "/relay/live/api/v4/failover-groups/%c0%ae%c0%ae/{}",
    "/relay/live/api/v4/failover-groups/x/%c0%af{}",
    "/relay/live/api/v4/failover%2dgroups/x/{}",
    "/relay/live/api/v4/failover-groups/%e0%80%af/{}",
    "/relay/live/api/v4/failover-groups/x/%f0%80%80%af{}",
    "/relay/live/api/v4/failover-groups/x/%fc%80%80%80%80%af{}",
    "/relay/live/api/v4/failover-groups/x/y/..;/{}",
    "/relay/live/api/v4/failover-groups/x/y/%2e%2e;/{}",
    "/relay/live/api/v4/failover-groups/x/y/%252e%252e/{}",
    "/relay/live/api/v4/failover-groups/x/y%252f%252e%252e%252f{}",
    "/relay/live/api/v4/failover-groups/x/y/%2e%2e%2f{}",
    "/relay/live/api/v4/failover-groups/x/y/..%5c{}",
    "/relay/live/api/v4/failover-groups/x/%u002f{}",
    "/relay/live/api/v4/failover-groups/x/{}%09",
    "/relay/live/api/v4/failover-groups/x/{}%0d%0aX:%20y",
    "/relay/live/api/v4/failover-groups/x/{}%2e",
    "/relay/live/api/v4/failover-groups/x/{}.json",
    "/relay/live/api/v4/failover-groups/x/%ef%bc%8f{}",
    "/relay/live/api/v4/failover-groups/x%ef%bc%8f{}",
    "/relay/live/api/v4/failover-groups/x/%e2%80%ae{}",
    "/relay/live/api/v4/failover-groups;x/x/{}",
    "/relay/live/api/V4/failover-groups/x/{}",
    "/Relay/live/api/v4/failover-groups/x/{}",
    "/%2frelay/live/api/v4/failover-groups/x/{}",
    "/%2e/relay/live/api/v4/failover-groups/x/{}",
    "/api/pairing/..%2f..%2frelay/live/api/v4/failover-groups/x/{}",
    "/wall/../relay/live/api/v4/failover-groups/x/{}",
    "/api/session/../../relay/live/api/v4/failover-groups/x/{}",
];

#[tokio::test(start_paused = true)]
async fn no_spelling_of_a_path_bypasses_a_rule() {
    let vendor = vendor().await;
    let gateway = everything(&vendor.base).await;
    let (viewer, wall) = (
        sign_in(&gateway, "vic").await,
        sign_in(&gateway, "hall").await,
    );
    let last = |segment: &str| {
        [
            segment.to_owned(),
            segment.to_uppercase(),
            segment.replacen('a', "%61", 1),
            segment.replace('-', "%2D").replace('_', "%5F"),
        ]
    };
    for path in AMBIGUOUS {
        for segment in last("activate_slicer") {
            let line = format!("PUT {}", path.replace("{}", &segment));
            for cookie in ["", &viewer, &wall] {
                let answer = ask(&gateway, &line, &[("cookie", cookie)], "{}").await;
                let status = answer.status().as_u16();
                assert!([400, 401, 403, 405].contains(&status), "{line}: {status}");
            }
        }
        for segment in last("allowed-owners") {
            let line = format!("GET {}", path.replace("{}", &segment));
            ask(&gateway, &line, &[("cookie", &wall)], "").await;
        }
    }
    let lines = reached(&vendor);
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("owners") && !line.contains("failover-groups/x%")),
        "{lines:?}"
    );
    assert!(
        !lines.iter().any(|line| !line.starts_with("GET ")),
        "{lines:?}"
    );
}

/// A path with some of its characters encoded differently.
fn reencoded(path: &str, marks: &[u8]) -> String {
    path.char_indices()
        .map(|(at, c)| match marks.get(at % marks.len().max(1)) {
            Some(0) => format!("%{:02x}", u32::from(c)),
            Some(1) => format!("%25{:02X}", u32::from(c)),
            Some(2) => c.to_uppercase().to_string(),
            Some(3) if c == '/' => "//".to_owned(),
            Some(4) if c == '/' => "/./".to_owned(),
            Some(5) if c == '/' => "/a/../".to_owned(),
            _ => c.to_string(),
        })
        .collect()
}

#[test]
fn no_encoding_of_a_path_bypasses_a_rule() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (vendor, gateway, viewer, wall) = runtime.block_on(async {
        let vendor = vendor().await;
        let gateway = everything(&vendor.base).await;
        let viewer = sign_in(&gateway, "vic").await;
        let wall = sign_in(&gateway, "hall").await;
        (vendor, gateway, viewer, wall)
    });
    let group = "/relay/live/api/v4/failover-groups/x";
    let lines = [
        (format!("PUT {group}/slicers"), &viewer),
        (format!("PATCH {group}"), &viewer),
        (format!("DELETE {GROUPS}/x"), &viewer),
        (format!("GET {group}/allowed-owners"), &wall),
    ];
    let marks = proptest::collection::vec(0..40_u8, 8..60);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(512));
    runner
        .run(&(marks, 0..lines.len()), |(marks, at)| {
            let (line, cookie) = &lines[at];
            let (method, path) = line.split_once(' ').unwrap();
            let line = format!("{method} /{}", reencoded(&path[1..], &marks));
            let answer = runtime.block_on(ask(&gateway, &line, &[("cookie", cookie)], ""));
            let status = answer.status().as_u16();
            // A path that is not a route of the gateway is answered with the page.
            prop_assert!(
                status >= 400 || status == 200 && at == 3,
                "{line}: {status}"
            );
            let lines = reached(&vendor);
            let harmless =
                |line: &String| line.starts_with("GET ") && !line.ends_with("/allowed-owners");
            prop_assert!(lines.iter().all(harmless), "{line}: {lines:?}");
            Ok(())
        })
        .unwrap();
}
