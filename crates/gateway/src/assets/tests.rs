use super::*;

fn console() -> Assets {
    let file = |name: &str, content: &str| (name.to_owned(), content.as_bytes().to_vec());
    Assets::from_files([
        file("index.html", "<script>start()</script>"),
        file("index.html.br", "index in brotli"),
        file("index.html.gz", "index in gzip"),
        file("console-0123456789abcdef_bg.wasm", "wasm"),
        file("console-0123456789abcdef_bg.wasm.br", "wasm in brotli"),
        file("favicon.svg", "<svg/>"),
    ])
}

fn send(assets: &Assets, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    serve(assets, &request.body(Body::empty()).unwrap())
        .unwrap_or_else(axum::response::IntoResponse::into_response)
}

fn get(path: &str, headers: &[(&str, &str)]) -> Response {
    send(&console(), Method::GET, path, headers)
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_page_is_revalidated_and_sent_in_the_requested_encoding() {
    let response = get("/", &[("accept-encoding", "gzip, br")]);
    assert_eq!(header(&response, "content-encoding"), "br");
    assert_eq!(
        header(&response, "content-type"),
        "text/html; charset=utf-8"
    );
    assert_eq!(header(&response, "cache-control"), "no-cache");
    assert_eq!(header(&response, "vary"), "accept-encoding");
    assert!(header(&response, "content-security-policy").contains("'sha256-"));
    assert_eq!(text(response).await, "index in brotli");
    assert_eq!(
        text(get("/index.html", &[])).await,
        "<script>start()</script>"
    );
}

#[test]
fn only_the_wall_may_be_framed_and_only_by_configured_origins() {
    let frames = |assets: &Assets, path: &str| {
        let response = send(assets, Method::GET, path, &[]);
        let policy = header(&response, "content-security-policy").to_owned();
        policy.split_once("frame-ancestors ").unwrap().1.to_owned()
    };
    let origins = [
        "https://a.example".to_owned(),
        "https://b.example:8443".to_owned(),
    ];
    let framed = console().framed_by(&origins);
    assert_eq!(
        frames(&framed, "/wall"),
        "https://a.example https://b.example:8443"
    );
    for path in [
        "/",
        "/index.html",
        "/wall/",
        "//wall",
        "/Wall",
        "/wall/x",
        "/walls",
        "/connections",
        "/sign-in",
    ] {
        assert_eq!(frames(&framed, path), "'none'", "{path}");
    }
    assert_eq!(frames(&console(), "/wall"), "'none'");
}

#[tokio::test]
async fn hashed_files_are_immutable_and_have_no_policy() {
    let response = get(
        "/console-0123456789abcdef_bg.wasm",
        &[("accept-encoding", "br")],
    );
    assert_eq!(header(&response, "content-type"), "application/wasm");
    assert_eq!(
        header(&response, "cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(header(&response, "content-security-policy"), "");
    assert_eq!(text(response).await, "wasm in brotli");
}

#[test]
fn unchanged_files_are_not_sent_and_each_encoding_has_its_own_tag() {
    let plain = header(&get("/", &[]), "etag").to_owned();
    let brotli = header(&get("/", &[("accept-encoding", "br")]), "etag").to_owned();
    assert_ne!(plain, brotli);
    let old = format!("\"old\", W/{brotli}");
    for (tags, encoding, expected) in [
        (plain.as_str(), "", 304),
        (brotli.as_str(), "br", 304),
        (old.as_str(), "br", 304),
        ("*", "br", 304),
        (plain.as_str(), "br", 200),
        ("\"old\"", "", 200),
    ] {
        let response = get(
            "/",
            &[("if-none-match", tags), ("accept-encoding", encoding)],
        );
        assert_eq!(response.status(), expected, "{tags} {encoding}");
        assert_eq!(header(&response, "vary"), "accept-encoding");
        assert!(!header(&response, "etag").is_empty());
    }
}

#[test]
fn other_paths_are_the_page_and_missing_files_are_not_found() {
    const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    const ANY: (&str, &str) = ("accept", "*/*");
    const IMAGE: (&str, &str) = ("accept", "image/avif,image/webp");
    for (path, accept, expected) in [
        ("/groups", PAGE, 200),
        ("/groups", ANY, 200),
        ("/groups", IMAGE, 404),
        ("/groups/plant-a/HOST-01.OpcUa", PAGE, 200),
        ("/groups/plant-a/a%2Fb%20c.js", PAGE, 200),
        ("/groups/plant-a/logo.png", PAGE, 200),
        ("/groups/plant-a/logo.png", IMAGE, 404),
        ("/groups/plant-a/logo.png", ANY, 404),
        ("/nonsense", PAGE, 200),
        ("/missing.js", ANY, 404),
        ("/missing.js", PAGE, 404),
        ("/missing-0123456789abcdef_bg.WASM", PAGE, 404),
        ("/index.html.br", PAGE, 404),
        ("/favicon.svg", IMAGE, 200),
    ] {
        let response = get(path, &[accept]);
        assert_eq!(response.status(), expected, "{path} {accept:?}");
        let is_html = header(&response, "content-type").starts_with("text/html");
        assert_eq!(is_html, expected == 200 && path != "/favicon.svg", "{path}");
    }
}

#[test]
fn files_are_read_only() {
    let response = send(&console(), Method::POST, "/", &[]);
    assert_eq!(
        (response.status().as_u16(), header(&response, "allow")),
        (405, "GET, HEAD")
    );
}

#[tokio::test]
async fn without_a_built_console_the_page_names_the_build_command() {
    let response = send(&Assets::from_files([]), Method::GET, "/groups", &[]);
    assert_eq!(response.status(), 503);
    assert!(text(response).await.contains("cargo xtask build"));
    let missing = send(&Assets::from_files([]), Method::GET, "/app.js", &[]);
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn below_a_path_the_page_prefixes_its_file_names() {
    let page = "<html><head><link href=\"/a-1.css\"><script type=\"module\">import x from '/b-2.js';</script></head>\
                <a href=\"#main\"></a><a href=\"/other\"></a></html>";
    let file = |name: &str, content: &str| (name.to_owned(), content.as_bytes().to_vec());
    let files = [
        file("index.html", page),
        file("index.html.br", "at the root"),
        file("a-1.css", "css"),
        file("b-2.js", "js"),
    ];
    let root = Assets::from_files(files.clone());
    let below = Assets::from_files(files.clone()).below("/failover");
    let response = send(&below, Method::GET, "/groups", &[("accept-encoding", "br")]);
    assert_eq!(header(&response, "content-encoding"), "");
    let policy = header(&response, "content-security-policy").to_owned();
    assert!(policy.contains("base-uri 'none'"), "{policy}");
    let old = send(&root, Method::GET, "/", &[]);
    assert_ne!(
        policy,
        header(&old, "content-security-policy"),
        "the hash of the changed script"
    );
    assert_eq!(
        text(response).await,
        "<html><head><meta name=\"failover-base\" content=\"/failover\"><link href=\"/failover/a-1.css\"><script \
         type=\"module\">import x from '/failover/b-2.js';</script></head><a href=\"#main\"></a><a \
         href=\"/other\"></a></html>"
    );
    let zipped = send(&below, Method::GET, "/", &[("accept-encoding", "gzip")]);
    assert_eq!(header(&zipped, "content-encoding"), "gzip");
    let same = Assets::from_files(files).below("");
    assert_eq!(same.build(), root.build());
    assert_ne!(below.build(), root.build());
}
