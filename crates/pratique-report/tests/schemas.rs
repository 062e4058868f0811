//! The golden samples against the published schemas and the formats' own validators.
//!
//! The validators are Python and Node packages that `test.sh` installs below `target/peers`; this test installs nothing, and
//! prints why it skips what cannot be checked here.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn crate_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Where `test.sh` puts the validators.
fn peers() -> PathBuf {
    std::env::var_os("PRATIQUE_PEERS").map_or_else(|| crate_file("../../target/peers"), PathBuf::from)
}

/// Runs a validator: exit code 0 is valid, 77 that something is not installed.
fn check(what: &str, command: &mut Command) {
    let Ok(output) = command.output() else {
        println!("skipped: {what}: {} is not installed", command.get_program().display());
        return;
    };
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => {}
        Some(77) => println!("skipped: {what}: {}", said.trim()),
        _ => panic!("{what}:\n{said}"),
    }
}

fn python(script: &str) -> Command {
    let own = peers().join("python/bin/python3");
    let mut command = Command::new(if own.exists() { own } else { "python3".into() });
    command.arg(crate_file(script));
    command
}

/// The golden samples of a format. OpenVEX's schema wants a statement, and there is none to make of a clean image.
fn samples(format: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(crate_file("testdata/golden")).unwrap().map(|entry| entry.unwrap().path());
    let is_of = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        let inputs: &[&str] =
            if format == "openvex" { &["report", "checked"] } else { &["report", "clean", "checked"] };
        inputs.iter().any(|input| name.starts_with(&format!("{input}.{format}.")))
    };
    let samples: Vec<_> = all.filter(is_of).collect();
    assert!(!samples.is_empty(), "no samples of {format}");
    samples
}

#[test]
fn documents_follow_their_schemas() {
    for format in
        ["sarif", "cyclonedx", "openvex", "gitlab", "junit", "csv", "asff", "ecr-basic", "ecr-enhanced"]
    {
        check(format, python("tests/validate.py").arg(format).args(samples(format)));
    }
}

#[test]
fn csaf_passes_the_validator_of_the_bsi() {
    let modules = peers().join("node/node_modules");
    check(
        "csaf",
        Command::new("node").arg(crate_file("tests/validate.mjs")).arg(modules).args(samples("csaf")),
    );
}

#[test]
fn the_page_works_in_a_browser() {
    for page in ["report", "checked"] {
        let page = crate_file("testdata/golden").join(format!("{page}.html.html"));
        check("html", python("tests/page.py").arg(page));
    }
}
