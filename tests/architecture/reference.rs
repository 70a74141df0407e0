//! What the documents name and list is what the sources hold: problems, kinds, tests, documents.

use crate::files::{File, all, named};
use crate::none;

/// The last parts of the `type` of every problem, from the source that defines them.
fn problems(source: &str) -> Vec<&str> {
    source
        .split("Self::")
        .filter_map(|arm| arm.split_once(" => (")?.1.trim_start().strip_prefix('"'))
        .filter_map(|arm| arm.split_once('"'))
        .map(|(name, _)| name)
        .collect()
}

/// The words of every kind of entry of the activity.
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
    let reference = &named(&files, "docs/deploying.md").text;
    let problems = problems(&named(&files, "crates/gateway/src/problem.rs").text);
    let sources = [
        "crates/protocol/src/activity.rs",
        "crates/health/src/events/mod.rs",
    ];
    let kinds = sources.map(|path| kinds(&named(&files, path).text));
    assert!(
        problems.len() > 20 && kinds.concat().len() == 15,
        "the sources were not understood: {problems:?} {kinds:?}"
    );
    let problems = problems.iter().map(|name| format!("`/problems/{name}`"));
    let kinds = kinds.iter().flatten().map(|kind| format!("`{kind}`"));
    let complaints: Vec<_> = problems
        .chain(kinds)
        .filter(|word| !reference.contains(word))
        .map(|word| format!("docs/deploying.md does not name {word}"))
        .collect();
    none(
        &complaints,
        "say in docs/deploying.md what it means, in its table of problems or its list of kinds",
    );
}

/// The names of tests that a text gives: a test's name is a sentence.
fn names_of_tests(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_')
        .filter(|word| word.matches('_').count() >= 3)
        .collect()
}

#[test]
fn every_test_that_the_documents_name_exists() {
    let files = all();
    let sources = files.iter().filter(|file| file.ends_with(&[".rs"]));
    let is_there = |name: &str| {
        let function = format!("fn {name}");
        sources.clone().any(|file| file.text.contains(&function))
    };
    let mut complaints = Vec::new();
    for path in ["CONTRIBUTING.md", "docs/security.md"] {
        let names = names_of_tests(&named(&files, path).text);
        assert!(!names.is_empty(), "{path} names no test");
        let missing = names.into_iter().filter(|name| !is_there(name));
        complaints.extend(missing.map(|name| format!("{path} names {name}")));
    }
    none(
        &complaints,
        "write the name of a test that is there, or its beginning",
    );
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
        .map(|path| format!("no document leads to {path}"))
        .collect();
    none(&complaints, "add it to the table at the end of README.md");
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
fn the_names_of_tests_are_told_from_other_words() {
    let text =
        "(`a_wrong_name_fails`), `x.rs`: `what_is_it_2` and `drain_seconds` of failover_console_up";
    assert_eq!(names_of_tests(text), ["a_wrong_name_fails", "what_is_it_2"]);
}

#[test]
fn a_document_that_no_other_links_to_is_found() {
    let a = File::new("docs/a.md", "[b](b.md#x) [itself](a.md)");
    let b = File::new("docs/b.md", "");
    let readme = File::new("README.md", "[c](docs/c.md)");
    let c = File::new("docs/c.md", "");
    assert_eq!(unlinked(&[&a, &b, &readme, &c]), ["docs/a.md"]);
}
