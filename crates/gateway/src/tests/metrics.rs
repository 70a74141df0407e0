//! The metrics as Prometheus's own tool reads them. Without the tool (Debian's package `prometheus`) these tests
//! say so and pass.

use super::*;
use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};

/// What `promtool` says, and whether it is content; `None` where it is not installed.
pub(crate) fn promtool(arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let child = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: promtool is not installed (Debian: apt-get install prometheus)");
            return None;
        }
        Err(error) => panic!("promtool: {error}"),
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    Some((output.status.success(), text))
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_the_text() {
    let simulator = simulator::start(simulator::Options::default())
        .await
        .unwrap();
    let gateway = Arc::new(
        crate::cli::demo::gateway(&simulator, Assets::from_files([]), config::DEFAULT_WATCH)
            .unwrap(),
    );
    get(&gateway, "/relay/live/api/v4/failover-groups").await;
    let page = text(get(&gateway, "/metrics").await).await;
    if let Some((content, said)) = promtool(&["check", "metrics"], &page) {
        assert!(content && said.is_empty(), "{said}\n{page}");
    }
    // The tool would have said something of a text that is wrong.
    if let Some((content, said)) = promtool(&["check", "metrics"], &page.replace("_total", "")) {
        assert!(!content && said.contains("_total"), "{said}");
    }
    gateway.log_off().await;
}

#[test]
fn promtool_takes_the_rules_of_the_guide() {
    let guide = include_str!("../../../../docs/monitoring.md");
    let rules = guide
        .split("```yaml\n")
        .filter_map(|part| part.split("```").next())
        .find(|block| block.starts_with("groups:"))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    std::fs::write(&file, rules).unwrap();
    if let Some((content, said)) = promtool(&["check", "rules", file.to_str().unwrap()], "") {
        assert!(content && said.contains("3 rules found"), "{said}");
    }
}
