//! Runs the requirement vectors of the shared fixtures, and a sample that is always there.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};

use pratique_version::Scheme;
use pratique_version::range::native::Requirement;

const FILES: [(&str, Scheme); 6] = [
    ("cargo", Scheme::Cargo),
    ("maven", Scheme::Maven),
    ("npm", Scheme::Npm),
    ("packagist", Scheme::Composer),
    ("pypi", Scheme::Pep440),
    ("rubygems", Scheme::RubyGems),
];

/// Checks the lines `yes|no`, version, range of one file; answers how many there are.
fn check(scheme: Scheme, text: &str, failures: &mut Vec<String>) -> usize {
    let mut count = 0;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(answer), Some(version), Some(range)) = (fields.next(), fields.next(), fields.next()) else {
            failures.push(format!("{scheme}: not a line: {line}"));
            continue;
        };
        count += 1;
        let got = Requirement::parse(scheme, range)
            .map_err(|error| error.to_string())
            .and_then(|requirement| requirement.contains(version).map_err(|error| error.to_string()));
        if got != Ok(answer == "yes") {
            failures.push(format!("{scheme}: {line}: {got:?}"));
        }
    }
    count
}

fn run(folder: &Path) {
    let mut failures = Vec::new();
    for (file, scheme) in FILES {
        let text = std::fs::read_to_string(folder.join(file).with_extension("tsv")).unwrap();
        let count = check(scheme, &text, &mut failures);
        assert!(count > 0, "{file}");
        println!("{file}: {count} lines");
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_sample_passes() {
    run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ranges"));
}

#[test]
fn every_shared_range_passes() {
    let shared = std::env::var_os("PRATIQUE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = shared.join("fixtures/ranges");
    if folder.is_dir() {
        run(&folder);
    } else {
        println!("skipped: no shared fixtures at {}", folder.display());
    }
}
