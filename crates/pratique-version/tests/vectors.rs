//! Runs every comparison of the shared fixtures, and a small sample that is always there.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests")]

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use pratique_version::{Scheme, compare};

const FILES: [(&str, Scheme); 20] = [
    ("alpine", Scheme::Apk),
    ("alpm", Scheme::Alpm),
    ("cargo", Scheme::Cargo),
    ("conan", Scheme::Conan),
    ("cran", Scheme::Cran),
    ("debian", Scheme::Debian),
    ("gentoo", Scheme::Gentoo),
    ("go", Scheme::Go),
    ("hackage", Scheme::Hackage),
    ("hex", Scheme::Hex),
    ("maven", Scheme::Maven),
    ("npm", Scheme::Npm),
    ("nuget", Scheme::NuGet),
    ("openssl", Scheme::OpenSsl),
    ("packagist", Scheme::Composer),
    ("pub", Scheme::Pub),
    ("pypi", Scheme::Pep440),
    ("redhat", Scheme::Rpm),
    ("rubygems", Scheme::RubyGems),
    ("semver", Scheme::Semver),
];

fn shared() -> PathBuf {
    std::env::var_os("PRATIQUE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from)
}

/// Checks the lines `A < B`, `A = B`, `A > B` of one file, each in both directions; answers how many there are.
fn check(scheme: Scheme, text: &str, failures: &mut Vec<String>) -> usize {
    let mut count = 0;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut fields = line.split(' ');
        let (Some(a), Some(sign), Some(b), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            failures.push(format!("{scheme}: not a comparison: {line}"));
            continue;
        };
        let expected = match sign {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            _ => Ordering::Greater,
        };
        count += 1;
        let (there, back) = (compare(scheme, a, b), compare(scheme, b, a));
        if there != Ok(expected) || back != Ok(expected.reverse()) {
            failures.push(format!("{scheme}: {line}: {there:?}, and back {back:?}"));
        }
    }
    count
}

#[test]
fn the_sample_passes() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/versions");
    let mut failures = Vec::new();
    for (file, scheme) in FILES {
        let text = std::fs::read_to_string(sample.join(file).with_extension("txt")).unwrap();
        assert!(check(scheme, &text, &mut failures) > 0, "{file}");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_shared_vector_passes() {
    let folder = shared().join("fixtures/versions");
    if !folder.is_dir() {
        println!("skipped: no shared fixtures at {}", folder.display());
        return;
    }
    let mut failures = Vec::new();
    let mut total = 0;
    for (file, scheme) in FILES {
        let text = std::fs::read_to_string(folder.join(file).with_extension("txt")).unwrap();
        let count = check(scheme, &text, &mut failures);
        assert!(count > 0, "{file}");
        println!("{file}: {count} comparisons");
        total += count;
    }
    println!("{total} comparisons, {} failures", failures.len());
    let shown = failures.len().min(80);
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures[..shown].join("\n"));
}
