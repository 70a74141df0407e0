//! Serves the built console: its files, compressed ahead of time, and its page for every other address. Does not know
//! the console's routes.

mod earlier;
mod encoding;
mod files;
mod policy;

pub(crate) use earlier::EarlierFiles;
pub(crate) use files::Assets;

use crate::problem::{Kind, Problem};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use files::File;

/// Extensions of files that are never pages, in addition to the file types of the console.
const FILE_EXTENSIONS: [&str; 7] = ["bin", "br", "gif", "gz", "otf", "ttf", "woff"];

/// Responds with a file or with the console's page.
///
/// # Errors
/// The method is not allowed, or the file does not exist.
pub(crate) fn serve(assets: &Assets, request: &Request) -> Result<Response, Problem> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let detail = format!("this path takes GET or HEAD, not {}", request.method());
        let allow = Some("GET, HEAD".to_owned());
        return Err(Problem {
            allow,
            ..Problem::new(Kind::MethodNotAllowed, detail)
        });
    }
    let path = request.uri().path().trim_start_matches('/');
    if let Some(file) = assets.file(path) {
        return Ok(answer(assets, file, request));
    }
    if !is_page(path, request.headers()) {
        return Err(Problem::new(Kind::NotFound, "there is no such file"));
    }
    Ok(match assets.index() {
        Some(index) => answer(assets, index, request),
        None => unbuilt(),
    })
}

/// Whether a path without a file is a page of the console. Ids may end like file names, so deeper paths count
/// as pages when the browser explicitly accepts HTML.
fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .map_or("*/*", |accept| accept.to_str().unwrap_or_default());
    let (_, ending) = path
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .rsplit_once('.')
        .unwrap_or_default();
    let ending = ending.to_ascii_lowercase();
    let is_file =
        files::media_type(&ending).is_some() || FILE_EXTENSIONS.contains(&ending.as_str());
    if is_file {
        path.contains('/') && accept.contains("text/html")
    } else {
        ["text/html", "text/*", "*/*"]
            .iter()
            .any(|page| accept.contains(page))
    }
}

fn answer(assets: &Assets, file: &File, request: &Request) -> Response {
    let requested = request.headers();
    let accepted = requested
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let (encoding, content) = encoding::choose(file, &accepted.collect::<Vec<_>>().join(","));
    let etag = file.etag(encoding);
    let unchanged = requested
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .map(str::trim)
                .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
        });
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(content));
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(file.content_type),
        );
        if let Some(name) = encoding.name() {
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    };
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(file.cache_control()),
    );
    if file.is_page() {
        policy::apply(headers, assets.policy(request.uri().path()));
    }
    response
}

/// The page of a gateway that was built without the console.
fn unbuilt() -> Response {
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Failover Console</title>\
         <h1>The console is not built</h1><p>This gateway was compiled without its pages. In the project's folder run \
         <code>cargo xtask build</code>, or <code>cargo xtask run</code> to build and start.</p></html>";
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    policy::apply(headers, &policy::without_scripts());
    response
}

#[cfg(test)]
mod tests;
