//! Hints about a `base_url` that is valid but probably wrong. A proxy may make any of these addresses right, so they
//! are not faults.

use reqwest::Url;
use vendors::System;

/// The probable mistake in a `base_url`, to continue a sentence that names the address.
pub(crate) fn address_hint(base_url: &Url, system: &System) -> Option<String> {
    let hints: Vec<String> = [path_hint(base_url), port_hint(base_url, system)]
        .into_iter()
        .flatten()
        .collect();
    (!hints.is_empty()).then(|| hints.join("; "))
}

fn path_hint(url: &Url) -> Option<String> {
    let mut path = url.path_segments()?;
    let api_at = path.position(|segment| segment.eq_ignore_ascii_case("api"))?;
    let prefix: Vec<&str> = url.path_segments()?.take(api_at).collect();
    let mut short = url.clone();
    short.set_path(&prefix.join("/"));
    let short = short.as_str().trim_end_matches('/');
    Some(format!(
        "base_url holds the API's own path, which the gateway adds itself; give {short}"
    ))
}

fn port_hint(url: &Url, system: &System) -> Option<String> {
    if !matches!(system, System::Veeam { .. }) {
        return None;
    }
    let port = url.port_or_known_default()?;
    let what = match port {
        9419 => "Backup & Replication's own REST API",
        9392 | 9401 => "the Backup & Replication console",
        9443 | 9080 => "Enterprise Manager's web pages",
        _ => return None,
    };
    Some(format!(
        "{port} is usually the port of {what}; Enterprise Manager's REST API usually has 9398"
    ))
}

#[cfg(test)]
mod tests {
    use crate::config::tests::hint;

    #[test]
    fn an_address_that_is_probably_wrong_has_a_hint() {
        for (system, address, expected) in [
            ("veeam", "https://em.example:9398", None),
            ("veeam", "https://em.example:9398/", None),
            ("veeam", "https://em.example", None),
            ("veeam", "https://proxy.example/apis/em", None),
            (
                "veeam",
                "https://em.example:9398/api",
                Some("; give https://em.example:9398"),
            ),
            (
                "veeam",
                "https://em.example:9398/API/",
                Some("; give https://em.example:9398"),
            ),
            (
                "veeam",
                "https://proxy.example/em/api/sessionMngr/",
                Some("; give https://proxy.example/em"),
            ),
            (
                "veeam",
                "https://vbr.example:9419",
                Some("9419 is usually the port of Backup & Replication's own"),
            ),
            (
                "veeam",
                "https://em.example:9443",
                Some("9443 is usually the port of Enterprise Manager's web pages"),
            ),
            ("veeam", "https://em.example:9080/", Some("9080 is usually")),
            (
                "uplynk",
                "https://services.example/api/v4",
                Some("; give https://services.example"),
            ),
            (
                "veeam",
                "https://vbr.example:9419/api/v1",
                Some("; give https://vbr.example:9419; 9419 is usually the port"),
            ),
            ("uplynk", "https://services.example:9419", None),
            (
                "aveva",
                "https://region.example/api/v1/tenants/t",
                Some("; give https://region.example"),
            ),
        ] {
            let found = hint(system, address);
            match (expected, found.as_deref()) {
                (None, found) => assert_eq!(found, None, "{address}"),
                (Some(words), Some(found)) => assert!(found.contains(words), "{address}: {found}"),
                (Some(_), None) => panic!("{address}"),
            }
        }
    }
}
