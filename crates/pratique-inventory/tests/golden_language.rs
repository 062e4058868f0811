//! What language catalogers state of real trees, beside what other tools list for the same ones.
//!
//! A package is compared by name, version and the file that states it; names of Python distributions in their
//! normal form, since Syft normalises them and metadata do not. Every difference that remains is a line of
//! [`DIFFERENCES`] with its reason. A line that no longer holds fails the test, as does a difference without
//! one.
#![allow(clippy::unwrap_used)] // A fixture that is not as it was must fail the test.

mod common;

use std::collections::BTreeSet;

use common::{
    fixtures,
    lists::{
        Difference, Family,
        Only::{Ours, Theirs},
    },
    packages, read_tree,
};
use pratique_inventory::catalogers::language::{NpmLock, NpmPackage, PythonDirectUrl, PythonMetadata};

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
const OWN: &str =
    "the project itself is no package that was fetched; its package.json, if there is one, states it";
const HUSK: &str = "a link to a folder of the project, or that folder: nobody published it";
const PRIVATE: &str =
    "it says `private`, so npm never let it be published, and it does not lie in node_modules";
const DEEP: &str = "Syft reads only the first level of the tree of lockfileVersion 1";

/// Case, file, who alone lists it, `name@version` of each package, why.
const DIFFERENCES: &[Difference] = &[
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

#[test]
fn npm() {
    let family = Family {
        catalogers: &[&NpmLock, &NpmPackage],
        found_by: &["javascript-lock-cataloger", "javascript-package-cataloger"],
        differences: DIFFERENCES,
    };
    for case in NPM {
        family.compare(case);
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
    let family = Family {
        catalogers: &[&PythonMetadata, &PythonDirectUrl],
        found_by: &["python-installed-package-cataloger"],
        differences: DIFFERENCES,
    };
    for case in PYTHON {
        family.compare(case);
    }
}

#[test]
fn every_difference_belongs_to_a_case() {
    let cases = [NPM, PYTHON].concat();
    assert!(DIFFERENCES.iter().all(|(case, ..)| cases.contains(case)));
}
