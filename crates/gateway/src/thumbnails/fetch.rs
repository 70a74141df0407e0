//! Fetches a thumbnail from the address that the vendor gave, trusting neither the address nor the answer: no
//! credentials, no cookies, no redirects, no private addresses, a short time-out, a low size limit, and only images, by
//! their media type and their first bytes.

use super::address::PublicHosts;
use super::image_type::ImageType;
use super::{Outcome, Thumbnail, failed, not_found};
use crate::config;
use crate::problem::{Kind, Problem};
use crate::vendor_http::{Trust, VendorHttp, build, client_builder};
use axum::http::{HeaderValue, StatusCode, header};
use reqwest::{Method, Request, Url};
use std::sync::Arc;
use std::time::Duration;

/// The time limit for a thumbnail, including name resolution and the connection.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The largest thumbnail, in bytes.
pub(super) const MAX_BYTES: usize = 2 * 1024 * 1024;

const NOT_ALLOWED: &str =
    "the address of this thumbnail is one that the gateway does not connect to";

#[derive(Debug)]
pub(super) struct Fetch {
    http: VendorHttp,
    allowed: PublicHosts,
}

impl Fetch {
    pub(super) fn new(of: &config::Connection) -> Result<Self, String> {
        let allowed = PublicHosts::new(&of.base_url, of.outbound.proxy.as_ref());
        // Thumbnails may come from a public service even if the system is private. Images are compressed already, and
        // decompression would bypass the size limit.
        let builder = client_builder(TIMEOUT, &of.outbound, Trust::Also(of.ca.as_deref()))?
            .no_gzip()
            .dns_resolver(Arc::new(allowed.clone()));
        let http = VendorHttp {
            client: build(builder)?,
            name: "the thumbnail's server".to_owned(),
            limit: MAX_BYTES,
        };
        Ok(Self { http, allowed })
    }

    pub(super) async fn get(&self, address: &str) -> Outcome {
        let url = self.url(address)?;
        if !self
            .allowed
            .allows_via_proxy(url.host_str().unwrap_or_default())
            .await
        {
            return Err(rejected(NOT_ALLOWED));
        }
        let mut request = Request::new(Method::GET, url);
        request.headers_mut().insert(
            header::ACCEPT,
            HeaderValue::from_static("image/jpeg, image/png, image/webp, image/gif"),
        );
        let answer = self.http.send(request).await.map_err(|problem| {
            if problem.kind == Kind::Redirect {
                rejected("the thumbnail's server sent the gateway to another address, which it does not follow")
            } else {
                failed(problem.kind, problem.detail)
            }
        })?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                return Err(not_found(
                    "no thumbnail at the address that the vendor gave",
                ));
            }
            other => {
                let detail = format!("the thumbnail's server returned {}", other.as_u16());
                return Err(rejected(detail));
            }
        }
        let content_type = answer
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let image_type = ImageType::of(content_type, &answer.body).ok_or_else(|| {
            rejected("what the thumbnail's server sent is no JPEG, PNG, WebP or GIF")
        })?;
        Ok(Thumbnail {
            image_type,
            bytes: answer.body,
        })
    }

    /// Parses the address, and checks that it may be requested.
    fn url(&self, address: &str) -> Result<Url, Problem> {
        let refused = |why| rejected(format!("the address of this thumbnail {why}"));
        let url = Url::parse(address).map_err(|_| refused("is not a URL"))?;
        let host = url.host_str().unwrap_or_default();
        if !matches!(url.scheme(), "http" | "https") || host.is_empty() {
            return Err(refused("is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("holds a user name or a password"));
        }
        if !self.allowed.allows(host) {
            return Err(rejected(NOT_ALLOWED));
        }
        Ok(url)
    }
}

fn rejected(detail: impl Into<String>) -> Problem {
    failed(Kind::Thumbnail, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_of_public_hosts_are_allowed() {
        let fetch = Fetch::new(&crate::tests::uplynk("http://10.0.0.5:9000/x")).unwrap();
        for good in [
            "https://pictures.example/a.jpg?x=y#z",
            "HTTP://8.8.8.8/a.jpg",
            "http://10.0.0.5/a.jpg",
        ] {
            assert!(fetch.url(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", "is not a URL"),
            ("/a.jpg", "is not a URL"),
            ("https://", "is not a URL"),
            ("file:///etc/passwd", "neither"),
            ("ftp://pictures.example/a.jpg", "neither"),
            ("data:image/png;base64,AAAA", "neither"),
            ("javascript:alert(1)", "neither"),
            ("https://ops@pictures.example/", "user name"),
            ("https://:hunter2@pictures.example/", "user name"),
            ("http://127.0.0.1/", "does not connect"),
            ("http://127.1/", "does not connect"),
            ("http://2130706433/", "does not connect"),
            ("http://0x7f.0.0.1/", "does not connect"),
            ("http://0177.0.0.1./", "does not connect"),
            ("http://10.0.0.6/", "does not connect"),
            ("http://169.254.169.254/latest", "does not connect"),
            ("http://[::1]/", "does not connect"),
            ("http://[::ffff:7f00:1]/", "does not connect"),
            ("http://[fd00::1]:80/", "does not connect"),
        ] {
            let problem = fetch.url(bad).unwrap_err();
            assert_eq!(
                (problem.kind, problem.status),
                (Kind::Thumbnail, StatusCode::BAD_GATEWAY)
            );
            assert!(problem.detail.contains(why), "{bad}: {}", problem.detail);
            assert!(!problem.detail.contains("hunter2"), "{}", problem.detail);
        }
    }
}
