//! The documents list exactly what the sources define: problems, kinds, routes, keys of the configuration, tests,
//! documents.

use crate::assert_none;
use crate::files::{File, all, named};

/// The last path segments of the `type` of every problem, from its source.
fn problems(source: &str) -> Vec<&str> {
    source
        .split("Self::")
        .filter_map(|arm| arm.split_once(" => (")?.1.trim_start().strip_prefix('"'))
        .filter_map(|arm| arm.split_once('"'))
        .map(|(name, _)| name)
        .collect()
}

/// The keys of every kind of entry of the activity.
fn kinds(source: &str) -> Vec<&str> {
    let body = source.split("fn key(self)").nth(1).unwrap_or_default();
    body.lines()
        .take_while(|line| !line.starts_with("    }"))
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \""))
        .filter_map(|(_, rest)| rest.strip_suffix("\","))
        .collect()
}

#[test]
fn every_problem_and_every_kind_of_activity_is_in_the_reference() {
    let files = all();
    let reference = &named(&files, "docs/api.md").text;
    let problems = problems(&named(&files, "crates/gateway/src/problem.rs").text);
    let sources = [
        "crates/protocol/src/activity.rs",
        "crates/health/src/events/mod.rs",
    ];
    let kinds = sources.map(|path| kinds(&named(&files, path).text));
    assert!(
        problems.len() > 20 && kinds.concat().len() == 15,
        "the sources could not be parsed: {problems:?} {kinds:?}"
    );
    let problems = problems.iter().map(|name| format!("`/problems/{name}`"));
    let kinds = kinds.iter().flatten().map(|kind| format!("`{kind}`"));
    let complaints: Vec<_> = problems
        .chain(kinds)
        .filter(|word| !reference.contains(word))
        .map(|word| format!("docs/api.md does not mention {word}"))
        .collect();
    assert_none(
        &complaints,
        "describe it in docs/api.md, in the table of problems or the list of kinds",
    );
}

/// The routes of the gateway from its source: the method, if any, and the path.
fn routes(source: &str) -> Vec<String> {
    let methods = [("get(", "GET "), ("post(", "POST "), ("delete(", "DELETE ")];
    source
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            let path = line.split('"').nth(1)?;
            let method = methods.iter().find(|(call, _)| line.starts_with(call));
            let is_listed = method.is_some() || line.starts_with("every_method(");
            let method = method.map_or("", |(_, word)| word);
            (is_listed && path.starts_with('/')).then(|| format!("`{method}{path}`"))
        })
        .collect()
}

#[test]
fn every_route_is_in_the_reference() {
    let files = all();
    let reference = &named(&files, "docs/api.md").text;
    let routes = routes(&named(&files, "crates/gateway/src/http/router.rs").text);
    assert!(
        routes.len() > 20,
        "the list of routes could not be parsed: {routes:?}"
    );
    let missing = routes.iter().filter(|route| !reference.contains(*route));
    let complaints: Vec<_> = missing
        .map(|route| format!("docs/api.md does not mention {route}"))
        .collect();
    assert_none(&complaints, "add it to the table of routes in docs/api.md");
}

/// The reference of the configuration.
const CONFIGURATION: &str = "docs/configuration.md";

/// The folder of the sources that read the configuration.
const CONFIG: &str = "crates/gateway/src/config/";

/// The sources that read keys, and the headings in the reference that list them.
const SECTIONS: [(&str, &[&str]); 15] = [
    ("mod.rs", &["Top level"]),
    ("listen.rs", &["Top level"]),
    ("tls.rs", &["`[tls]`"]),
    ("url.rs", &["Top level"]),
    ("outbound.rs", &["Top level", "Proxy"]),
    ("connection/mod.rs", &["`[[connection]]`"]),
    (
        "connection/credentials.rs",
        &["`[[connection]]`", "Credentials"],
    ),
    ("user.rs", &["`[[user]]`"]),
    ("session.rs", &["`[session]`"]),
    ("openid.rs", &["`[openid]`"]),
    ("store.rs", &["`[store]`"]),
    ("retention.rs", &["`[activity]`"]),
    ("walls.rs", &["`[walls]`"]),
    ("alert_rules.rs", &["`[[alert]]`"]),
    ("alert_targets.rs", &["`[[alert_target]]`"]),
];

/// Functions whose first argument is the key that they read.
const READERS: [&str; 13] = [
    "text",
    "required",
    "one_of",
    "required_one_of",
    "number",
    "flag",
    "texts",
    "table",
    "tables",
    "filter",
    "values",
    "time",
    "file",
];

/// Functions whose second argument is the key that they read, after its section.
const READERS_IN: [&str; 3] = ["required", "optional", "origins"];

/// Functions that read a fixed key, which several tables have.
const FIXED_KEYS: [(&str, &str); 2] = [("ca", "ca_file"), ("id", "id")];

/// Functions that read `NAME_env` or `NAME_file`.
const SECRETS: [&str; 2] = ["secret::read", "secret::optional"];

/// The keys that a source of the configuration reads.
fn keys_read(file: &File) -> Vec<String> {
    let code: Vec<_> = file.code().into_iter().map(|(_, line)| line).collect();
    let code = code.join(" ").replace("\\\"", "").replace("'\"'", "");
    let is_key = |c: char| c.is_ascii_lowercase() || c == '_';
    let is_call = |c: char| is_key(c) || c == ':';
    let mut keys = Vec::new();
    let parts: Vec<&str> = code.split('"').collect();
    for pair in parts.chunks_exact(2) {
        let (before, literal) = (pair[0].trim_end(), pair[1]);
        if literal.is_empty() || !literal.chars().all(is_key) {
            continue;
        }
        let first = before.strip_suffix('(');
        let second = before.strip_suffix(',').and_then(|before| {
            let (call, section) = before.rsplit_once('(')?;
            let section = section.trim().trim_start_matches('&');
            section.chars().all(is_key).then_some(call)
        });
        let call = first.or(second).unwrap_or_default();
        let path = &call[call.trim_end_matches(is_call).len()..];
        let name = path.rsplit("::").next().unwrap_or_default();
        let readers = first.map_or(&READERS_IN[..], |_| &READERS[..]);
        if SECRETS.contains(&path) {
            keys.extend(["env", "file"].map(|from| format!("{literal}_{from}")));
        } else if before.ends_with("let key =") || readers.contains(&name) {
            keys.push(literal.to_owned());
        }
    }
    for (call, key) in FIXED_KEYS {
        let calls = [format!("{call}(section,"), format!("{call}(&section,")];
        if calls.iter().any(|call| code.contains(call)) {
            keys.push(key.to_owned());
        }
    }
    keys
}

/// The keys in the first column of the tables of a reference, each with the heading of its table.
fn keys_documented(text: &str) -> Vec<(&str, &str)> {
    let mut heading = "";
    let mut keys = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
        } else if let Some(cell) = line
            .strip_prefix("| `")
            .and_then(|row| row.split('|').next())
        {
            let names = cell.split('`').step_by(2);
            keys.extend(
                names
                    .filter(|name| !name.trim().is_empty())
                    .map(|name| (heading, name)),
            );
        }
    }
    keys
}

/// The differences between the keys in the sources and in the reference.
fn differences(sources: &[File], reference: &str) -> Vec<String> {
    let documented = keys_documented(reference);
    let headings: Vec<&str> = reference
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim())
        .collect();
    let mut complaints = Vec::new();
    let mut read: Vec<(&str, String)> = Vec::new();
    for file in sources {
        let name = file.path.strip_prefix(CONFIG).unwrap_or_default();
        let section = SECTIONS.iter().find(|(source, _)| *source == name);
        let sections = section.map_or(&[][..], |(_, headings)| *headings);
        for key in keys_read(file) {
            let is_table = [format!("`[{key}]`"), format!("`[[{key}]]`")]
                .iter()
                .any(|table| headings.contains(&table.as_str()));
            let is_listed = sections
                .iter()
                .any(|heading| documented.contains(&(*heading, key.as_str())));
            if !is_table && !is_listed {
                complaints.push(format!("`{key}` of {name} is not in {CONFIGURATION}"));
            }
            read.extend(sections.iter().map(|heading| (*heading, key.clone())));
        }
    }
    let is_section = |heading: &str| {
        SECTIONS
            .iter()
            .any(|(_, headings)| headings.contains(&heading))
    };
    let unused = documented.iter().filter(|(heading, key)| {
        is_section(heading)
            && !read
                .iter()
                .any(|(section, known)| section == heading && known == key)
    });
    complaints.extend(unused.map(|(heading, key)| format!("nothing reads `{key}` of {heading}")));
    complaints
}

#[test]
fn the_reference_lists_exactly_the_keys_of_the_configuration() {
    let files = all();
    let reference = &named(&files, CONFIGURATION).text;
    let sources: Vec<File> = files
        .iter()
        .filter(|file| file.path.starts_with(CONFIG) && file.ends_with(&[".rs"]))
        .map(|file| File::new(&file.path, &file.text))
        .collect();
    let number = sources.iter().flat_map(keys_read).count();
    assert!(number > 80, "only {number} keys were found in {CONFIG}");
    assert_none(
        &differences(&sources, reference),
        "list the key in docs/configuration.md under the heading of its table; add a new source to \
         SECTIONS of tests/architecture/reference.rs",
    );
}

/// The names of tests in a text: words with at least three underscores, and benchmarks.
fn names_of_tests(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_')
        .filter(|word| word.matches('_').count() >= 3 || word.starts_with("bench_"))
        .collect()
}

#[test]
fn every_test_that_the_documents_name_exists() {
    let files = all();
    let sources = files.iter().filter(|file| file.ends_with(&[".rs"]));
    let exists = |name: &str| {
        let function = format!("fn {name}");
        sources.clone().any(|file| file.text.contains(&function))
    };
    let mut complaints = Vec::new();
    for path in ["CONTRIBUTING.md", "bench/README.md", "docs/security.md"] {
        let names = names_of_tests(&named(&files, path).text);
        assert!(!names.is_empty(), "{path} names no test");
        let missing = names.into_iter().filter(|name| !exists(name));
        complaints.extend(missing.map(|name| format!("{path} names {name}, which does not exist")));
    }
    assert_none(&complaints, "correct the name, or write its start");
}

/// Documents in `docs` that no other document links to.
fn unlinked<'a>(files: &[&'a File]) -> Vec<&'a str> {
    let name = |path: &'a str| path.strip_prefix("docs/");
    let is_linked = |file: &File, name: &str| {
        let mut others = files.iter().filter(|other| other.path != file.path);
        others.any(|other| {
            let links = [format!("]({name}"), format!("](docs/{name}")];
            links.iter().any(|link| other.text.contains(link))
        })
    };
    files
        .iter()
        .filter(|file| name(&file.path).is_some_and(|name| !is_linked(file, name)))
        .map(|file| file.path.as_str())
        .collect()
}

#[test]
fn every_document_is_linked_to() {
    let files = all();
    let documents: Vec<&File> = files
        .iter()
        .filter(|file| file.ends_with(&[".md"]))
        .collect();
    let complaints: Vec<_> = unlinked(&documents)
        .into_iter()
        .map(|path| format!("no document links to {path}"))
        .collect();
    assert_none(&complaints, "add it to the table at the end of README.md");
}

#[test]
fn problems_and_kinds_are_read_from_their_sources() {
    let source = "match self {\n Self::A => (\"not-found\", \"Not found\", X),\n Self::B => (\n  \"too-large\",\n  \"T\",\n X),";
    assert_eq!(problems(source), ["not-found", "too-large"]);
    let source = "fn key(self) -> &'static str {\n        match self {\n            Self::Run => \"run\",\n            \
                  Self::Seen(kind) => kind.key(),\n        }\n    }\n            Self::Run => \"Runs\",\n";
    assert_eq!(kinds(source), ["run"]);
}

#[test]
fn routes_are_read_from_their_list() {
    let source = "  get(\"/api/a\", EVERYBODY, a::read),\n  every_method(\"/relay/{*rest}\", X, relay::serve),\n  \
                  Self::Listed { path: \"/healthz\" }\n";
    assert_eq!(routes(source), ["`GET /api/a`", "`/relay/{*rest}`"]);
}

#[test]
fn missing_and_unused_keys_in_the_reference_are_found() {
    let source = "fn read(top: &Section) {\n  let section = top.table(\"walls\")?;\n  section\n    .required(\n      \
                  \"file\");\n  secret::read(&section, \"key\", e);\n  section.fault(at, \"odd\");\n  say(\"no\");\n}\n";
    let source = File::new("crates/gateway/src/config/walls.rs", source);
    assert_eq!(keys_read(&source), ["walls", "file", "key_env", "key_file"]);
    let reference = "# Keys\n## `[walls]`\n| key | meaning |\n|---|---|\n| `file` | x `y` |\n| `key_env`, `old` | z |\n";
    assert_eq!(
        differences(&[source], reference),
        [
            "`key_file` of walls.rs is not in docs/configuration.md",
            "nothing reads `old` of `[walls]`"
        ]
    );
}

#[test]
fn names_of_tests_are_distinguished_from_other_words() {
    let text = "(`a_wrong_name_fails`), `x.rs`: `this_is_test_2` and `drain_seconds` of failover_console_up";
    assert_eq!(
        names_of_tests(text),
        ["a_wrong_name_fails", "this_is_test_2"]
    );
}

#[test]
fn an_unlinked_document_is_found() {
    let a = File::new("docs/a.md", "[b](b.md#x) [itself](a.md)");
    let b = File::new("docs/b.md", "");
    let readme = File::new("README.md", "[c](docs/c.md)");
    let c = File::new("docs/c.md", "");
    assert_eq!(unlinked(&[&a, &b, &readme, &c]), ["docs/a.md"]);
}
