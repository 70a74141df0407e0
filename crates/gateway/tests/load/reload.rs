//! Repeated reloads of the configuration.

use super::program::Program;
use super::vendor::Vendor;
use super::viewer::Viewer;
use std::time::Duration;
use tokio::time::sleep;

/// The number of reloads, from the program's metrics.
async fn reloads(admin: &mut Viewer) -> u64 {
    let metrics = admin.get("/metrics").await.expect("metrics").body;
    let metrics = String::from_utf8(metrics).expect("text");
    let count = r#"configuration_reloads_total{outcome="done"} "#;
    let line = metrics.lines().find_map(|line| line.split_once(count));
    line.map_or(0, |(_, count)| count.parse().expect("a number"))
}

#[tokio::test]
async fn a_hundred_reloads_do_not_increase_the_memory() {
    let vendor = Vendor::start().await;
    let program = Program::start(&vendor, 1, "127.0.0.1:0").await;
    let mut admin = Viewer::new(&program.address, &program.sign_in("ann").await);
    let mut reload = async |upto: u64| {
        for number in 1 + reloads(&mut admin).await..=upto {
            program.reload();
            while reloads(&mut admin).await < number {
                sleep(Duration::from_millis(5)).await;
            }
        }
    };
    reload(40).await;
    let before = program.memory();
    reload(100).await;
    let after = program.memory();
    println!("{before} KiB after 40 reloads, {after} KiB after 100");
    assert!(
        after * 10 <= before * 11,
        "{before} KiB grew to {after} KiB"
    );
}
