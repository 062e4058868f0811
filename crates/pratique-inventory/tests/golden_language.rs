//! What language catalogers state of real trees, beside what other tools list for the same ones.
//!
//! A package is compared by name, version and the file that states it; names of Python distributions in their
//! normal form, since Syft normalises them and metadata do not. Every difference that remains is a line of
//! [`DIFFERENCES`] with its reason. A line that no longer holds fails the test, as does a difference without
//! one.
#![allow(clippy::unwrap_used)] // A fixture that is not as it was must fail the test.

mod common;

use std::collections::BTreeSet;

use common::{difference, fixtures, json, packages, read_tree};
use pratique_inventory::{
    Cataloger, PackageKind,
    catalogers::language::{CargoLock, NpmLock, NpmPackage, PythonDirectUrl, PythonMetadata},
};
use serde_json::Value;

const NPM: &[&str] = &[
    "lang/npm/installed-app",
    "lang/npm/npm-shrinkwrap",
    "lang/npm/package-json-edge",
    "lang/npm/package-lock-v2-alias",
    "lang/npm/package-lock-v2-git",
    "lang/npm/package-lock-v3-bundled",
    "lang/npm/package-lock-v3-peer",
    "lang/npm/package-lock-v3-workspace",
    "lang/npm/sample-package-lock-v1",
    "lang/npm/sample-package-lock-v2",
    "lang/npm/sample-package-lock-v3",
];
const PYTHON: &[&str] = &[
    "lang/python/dist-info",
    "lang/python/egg-info",
    "lang/python/egg-info-debian",
    "rootfs/alpine-3.16-python",
    "rootfs/wolfi-python",
];
const RUST: &[&str] = &[
    "lang/rust/cargo-lock-git",
    "lang/rust/cargo-lock-ripgrep",
    "lang/rust/cargo-lock-v1",
    "lang/rust/sample-cargo-lock",
];

/// Name, version, file.
type Line = (String, String, String);

/// Who alone lists a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Only {
    Ours,
    Theirs,
}
use Only::{Ours, Theirs};

const OWN: &str =
    "the project itself is no package that was fetched; its package.json, if there is one, states it";
const HUSK: &str = "a link to a folder of the project, or that folder: nobody published it";
const DEV: &str = "Syft leaves development packages out; they are stated, and marked";
const PRIVATE: &str =
    "it says `private`, so npm never let it be published, and it does not lie in node_modules";
const DEEP: &str = "Syft reads only the first level of the tree of lockfileVersion 1";

/// Case, file, who alone lists it, `name@version` of each package, why.
const DIFFERENCES: &[(&str, &str, Only, &[&str], &str)] = &[
    ("lang/npm/package-lock-v2-git", "package-lock.json", Theirs, &["bump-test@0.0.1"], OWN),
    ("lang/npm/package-lock-v3-bundled", "package-lock.json", Theirs, &["npm-bundled@1.0.0"], OWN),
    ("lang/npm/package-lock-v3-peer", "package-lock.json", Theirs, &["node_v3_with_peer@1.0.0"], OWN),
    (
        "lang/npm/package-lock-v3-workspace",
        "package-lock.json",
        Theirs,
        &["node_v3_with_workspace@1.0.0"],
        OWN,
    ),
    (
        "lang/npm/package-lock-v3-workspace",
        "package-lock.json",
        Theirs,
        &["function1@", "functions/func1@", "functions/nested_func@1.0.0", "nested_func@"],
        HUSK,
    ),
    (
        "lang/npm/sample-package-lock-v1",
        "package-lock.json",
        Ours,
        &[
            "assert-plus@1.0.0",
            "depd@1.1.1",
            "http-errors@1.6.2",
            "qs@6.4.3",
            "setprototypeof@1.0.3",
            "statuses@1.5.0",
        ],
        DEEP,
    ),
    ("lang/npm/sample-package-lock-v2", "package-lock.json", Theirs, &["sample-app@1.0.0"], OWN),
    ("lang/npm/sample-package-lock-v3", "package-lock.json", Theirs, &["sample-app@1.0.0"], OWN),
    ("lang/npm/sample-package-lock-v1", "package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
    ("lang/npm/sample-package-lock-v2", "package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
    ("lang/npm/sample-package-lock-v3", "package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
    ("lang/npm/installed-app", "app/package-lock.json", Theirs, &["sample-app@1.0.0"], OWN),
    ("lang/npm/installed-app", "app/package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
    ("lang/npm/package-json-edge", "private/package.json", Theirs, &["npm@6.14.6"], PRIVATE),
];

/// Packages that a development-only list of the oracle names.
const DEVELOPMENT: &str = "development_packages_left_out_by_syft";

fn compare(case: &str, catalogers: &[&dyn Cataloger], found_by: &[&str]) {
    let Some(fixtures) = fixtures(case) else { return };
    let folder = fixtures.join(case);
    let mut found = packages(read_tree(catalogers, &folder.join("root")));
    // Syft does not read npm's list of what it installed: a test of its own compares that.
    found.retain(|(path, _)| path.file_name() != b".package-lock.json");
    let expected = json(&folder, "expected.json").unwrap();

    let ours = found
        .iter()
        .map(|(path, stated)| (normal(stated.kind, &stated.name), stated.version.clone(), path.to_string()));
    let theirs = expected["packages"].as_array().unwrap().iter().filter(|package| {
        let by = package["found_by"].as_str().unwrap_or_default();
        by.is_empty() || found_by.contains(&by)
    });
    let theirs = theirs.flat_map(|package| {
        let text = |key: &str| package[key].as_str().unwrap().to_owned();
        let version = text("version").replace("UNKNOWN", "");
        let locations = package["locations"].as_array().unwrap().iter();
        locations.map(move |at| (text("name"), version.clone(), at.as_str().unwrap().to_owned()))
    });
    // A lock file names a package once for each folder it lies in; that is one line here.
    let (ours, theirs): (BTreeSet<Line>, BTreeSet<Line>) = (ours.collect(), theirs.collect());
    let (only_ours, only_theirs) = difference(ours, theirs);
    let differences = |who: Only, lines: Vec<Line>| {
        lines.into_iter().map(move |(name, version, path)| (who, path, format!("{name}@{version}")))
    };
    let mut left: BTreeSet<_> =
        differences(Ours, only_ours).chain(differences(Theirs, only_theirs)).collect();

    // Development packages need no line each: the oracle's own list says which they are.
    let development = expected[DEVELOPMENT].as_array().cloned().unwrap_or_default();
    for package in development {
        let id = format!("{}@{}", text(&package, "name"), text(&package, "version"));
        let stated = found.iter().filter(|(_, stated)| format!("{}@{}", stated.name, stated.version) == id);
        assert!(stated.clone().count() > 0, "{case}: {id}: {DEV}");
        assert!(stated.clone().all(|(_, stated)| stated.development), "{case}: {id} is marked");
        left.retain(|(who, _, package)| (*who, package) != (Ours, &id));
    }
    for &(_, path, who, packages, why) in DIFFERENCES.iter().filter(|line| line.0 == case) {
        for package in packages {
            let line = (who, path.to_owned(), (*package).to_owned());
            assert!(left.remove(&line), "{case}: no longer so: {line:?}: {why}");
        }
    }
    assert!(left.is_empty(), "{case}: not explained: {left:#?}");
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap()
}

/// PyPA, "Names and normalization".
fn normal(kind: PackageKind, name: &str) -> String {
    if kind != PackageKind::Python {
        return name.to_owned();
    }
    let parts: Vec<_> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-").to_ascii_lowercase()
}

#[test]
fn npm() {
    let theirs = ["javascript-lock-cataloger", "javascript-package-cataloger"];
    for case in NPM {
        compare(case, &[&NpmLock, &NpmPackage], &theirs);
    }
}

/// npm's own list of what it installed is the second oracle for what lies in `node_modules`.
#[test]
fn what_npm_installed_is_what_is_found() {
    let case = "lang/npm/installed-app";
    let Some(fixtures) = fixtures(case) else { return };
    let found = packages(read_tree(&[&NpmLock, &NpmPackage], &fixtures.join(case).join("root")));
    let lines = |wanted: fn(&str) -> bool| -> BTreeSet<(String, String)> {
        let at = found.iter().filter(|(path, _)| wanted(path.as_str().unwrap()));
        at.map(|(_, stated)| (stated.name.clone(), stated.version.clone())).collect()
    };
    let listed = lines(|path| path == "app/node_modules/.package-lock.json");
    assert!(listed.len() > 100);
    assert_eq!(
        listed,
        lines(|path| path.starts_with("app/node_modules/") && path.ends_with("/package.json"))
    );
    for (path, stated) in &found {
        assert_eq!(stated.locked_only, path.file_name() == b"package-lock.json", "{path}: {}", stated.name);
    }
}

#[test]
fn python() {
    let theirs = ["python-installed-package-cataloger"];
    for case in PYTHON {
        compare(case, &[&PythonMetadata, &PythonDirectUrl], &theirs);
    }
}

#[test]
fn rust() {
    for case in RUST {
        compare(case, &[&CargoLock], &["rust-cargo-lock-cataloger"]);
    }
}

#[test]
fn every_difference_belongs_to_a_case() {
    let cases = [NPM, PYTHON, RUST].concat();
    assert!(DIFFERENCES.iter().all(|(case, ..)| cases.contains(case)));
}
