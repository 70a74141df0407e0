//! Boundaries: each external interface that the console or the gateway uses may occur in one place only.

use crate::assert_none;
use crate::files::{File, all, words_outside};

const CODE: [&str; 6] = [".css", ".html", ".js", ".mjs", ".rs", ".svg"];

fn code_under(folders: &[&str]) -> Vec<File> {
    let mut files = all();
    files.retain(|file| file.is_under(folders) && file.ends_with(&CODE));
    files
}

const HTTP: [&str; 3] = ["gloo_net", "XmlHttpRequest", "fetch_with"];

#[test]
fn only_the_transport_sends_http_requests_in_the_browser() {
    assert_none(
        &words_outside(&code_under(&["src"]), &HTTP, &["src/api/transport.rs"]),
        "describe the request as a `Call` in crates/vendors and send it through src/api",
    );
}

/// Uses of libraries that add several kilobytes to the console.
const HEAVY: [&str; 8] = [
    "expect_context",
    "Effect::new",
    "Deserialize",
    ":.0}",
    ":.1}",
    ":.2}",
    ":.3}",
    ":.4}",
];

#[test]
fn the_console_avoids_expensive_library_functions() {
    assert_none(
        &words_outside(&code_under(&["src"]), &HEAVY, &["src/on_change.rs"]),
        "get a context with `provided`, follow changes with `on_change`, read with `from_json!`, and write numbers with `health::words::decimal`",
    );
}

const VENDOR_PATHS: [&str; 6] = [
    "/api/query",
    "clientfailover",
    "failover-groups",
    "failoverSessions",
    "logonSessions",
    "sessionMngr",
];

#[test]
fn vendor_paths_occur_only_in_the_vendors_crate() {
    assert_none(
        &words_outside(
            &code_under(&["src", "crates", "style", "index.html"]),
            &VENDOR_PATHS,
            // The simulator implements the server side, and is written independently on purpose.
            &["crates/vendors", "crates/simulator"],
        ),
        "take the path from an operation of crates/vendors; its tests and the simulator may contain it",
    );
}

const STORAGE: [&str; 8] = [
    "local_storage",
    "localStorage",
    "session_storage",
    "sessionStorage",
    "indexed_db",
    "indexedDB",
    "document.cookie",
    "set_cookie",
];

#[test]
fn only_prefs_uses_the_browsers_storage() {
    assert_none(
        &words_outside(&code_under(&["src"]), &STORAGE, &["src/prefs.rs"]),
        "store it through src/prefs.rs, and never store a secret",
    );
}

#[test]
fn the_page_only_reads_the_browsers_storage() {
    let writes = ["setItem", "removeItem", "localStorage.clear"];
    let storage = STORAGE.into_iter().filter(|word| *word != "localStorage");
    let words: Vec<&str> = writes.into_iter().chain(storage).collect();
    assert_none(
        &words_outside(&code_under(&["index.html"]), &words, &[]),
        "index.html may only read what src/prefs.rs stores, for rendering before the program is loaded",
    );
}

#[test]
fn vendor_text_is_never_inserted_as_html() {
    assert_none(
        &words_outside(
            &code_under(&["src", "index.html"]),
            &[
                "inner_html",
                "innerHTML",
                "outer_html",
                "outerHTML",
                "insert_adjacent_html",
            ],
            &[],
        ),
        "insert the text as a child node: the view escapes it",
    );
}

#[test]
fn there_is_no_unsafe_code() {
    assert_none(
        &unsafe_blocks(&code_under(&["src", "crates"])),
        "write safe code; the lint table forbids `unsafe` in every crate",
    );
}

fn unsafe_blocks(files: &[File]) -> Vec<String> {
    words_outside(
        files,
        &[
            "unsafe {",
            "unsafe fn",
            "unsafe impl",
            "unsafe(",
            "unsafe extern",
        ],
        &[],
    )
}

#[test]
fn every_exception_from_a_lint_has_a_reason() {
    let mut files = all();
    files.retain(|file| file.ends_with(&[".rs"]) && !file.is_under(&["tests/architecture"]));
    assert_none(
        &exceptions_without_reason(&files),
        "write `#[expect(lint, reason = \"…\")]`, with the reason why it is correct here",
    );
}

/// Attributes that silence a lint without a reason, and every `allow`, because it would remain unnoticed when it is no
/// longer needed.
fn exceptions_without_reason(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for kind in ["allow(", "expect("] {
            for (at, _) in file.text.match_indices(kind) {
                let before = &file.text[..at];
                if !(before.ends_with("#[") || before.ends_with("#![")) {
                    continue;
                }
                let attribute = file.text[at..].split(")]").next().unwrap_or_default();
                let number = before.lines().count();
                if !attribute.contains("reason =") {
                    complaints.push(format!("{}:{number} has no reason", file.path));
                } else if kind == "allow(" {
                    complaints.push(format!(
                        "{}:{number} uses `allow` instead of `expect`",
                        file.path
                    ));
                }
            }
        }
    }
    complaints
}

/// Test files with names other than `tests.rs`.
fn misnamed_test_files(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.ends_with(&["_tests.rs", "_test.rs"]))
        .map(|file| format!("{} is not named tests.rs", file.path))
        .collect()
}

#[test]
fn unit_tests_are_in_modules_named_tests() {
    assert_none(
        &misnamed_test_files(&all()),
        "put the tests of `name.rs` at its end, or into `name/tests.rs`",
    );
}

#[test]
fn misnamed_test_files_are_found() {
    let at = |path: &str| misnamed_test_files(&[File::new(path, "")]).len();
    assert_eq!(at("crates/a/src/b_tests.rs"), 1);
    assert_eq!(at("crates/a/src/b/tests.rs"), 0);
}

#[test]
fn a_word_is_found_outside_its_allowed_files_only() {
    let at = |path: &str, text: &str, words: &[&str], allowed: &[&str]| {
        words_outside(&[File::new(path, text)], words, allowed).len()
    };
    let transport = &["src/api/transport.rs"];
    assert_eq!(
        at(
            "src/pages/groups.rs",
            "use gloo_net::http;",
            &HTTP,
            transport
        ),
        1
    );
    assert_eq!(
        at(
            "src/api/transport.rs",
            "use gloo_net::http;",
            &HTTP,
            transport
        ),
        0
    );
    assert_eq!(
        at(
            "src/app.rs",
            "get(\"/api/v4/failover-groups\")",
            &VENDOR_PATHS,
            &[]
        ),
        1
    );
    let tests = "fn a() {}\n#[cfg(test)]\nmod tests {\n const P: &str = \"/api/query\";\n}";
    assert_eq!(
        at("crates/gateway/src/relay.rs", tests, &VENDOR_PATHS, &[]),
        0
    );
    assert_eq!(
        at(
            "src/app.rs",
            "window().local_storage()",
            &STORAGE,
            &["src/prefs.rs"]
        ),
        1
    );
    assert_eq!(
        at(
            "src/prefs.rs",
            "window().local_storage()",
            &STORAGE,
            &["src/prefs.rs"]
        ),
        0
    );
}

#[test]
fn unsafe_code_is_found() {
    let found = |text: &str| unsafe_blocks(&[File::new("src/a.rs", text)]).len();
    assert_eq!(found("let x = unsafe { *p };"), 1);
    assert_eq!(found("unsafe fn f() {}"), 1);
    assert_eq!(found("#![forbid(unsafe_code)]"), 0);
}

#[test]
fn an_exception_without_a_reason_is_found() {
    let found = |text: &str| exceptions_without_reason(&[File::new("src/a.rs", text)]).len();
    assert_eq!(found("#[allow(dead_code)]"), 1);
    assert_eq!(found("#![expect(dead_code)]"), 1);
    assert_eq!(found("#[allow(dead_code, reason = \"why\")]"), 1);
    assert_eq!(
        found("#[expect(\n    dead_code,\n    reason = \"why\"\n)]"),
        0
    );
    assert_eq!(found("option.expect(\"there\")"), 0);
}
