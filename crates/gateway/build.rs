//! Says when the embedded console has changed. Must not write anywhere: a gateway without a built
//! console is a legal build.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // What is built for debugging reads the console when it runs.
    let embeds = std::env::var_os("PROFILE").is_some_and(|profile| profile == "release");
    let dist = std::path::Path::new("../../dist");
    // A path that is not there would count as changed in every build. `cargo xtask build` has the
    // gateway built anew after the first console.
    if embeds && dist.is_dir() {
        println!("cargo:rerun-if-changed=../../dist");
    }
}
