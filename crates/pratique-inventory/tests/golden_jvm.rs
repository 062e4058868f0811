//! The Java virtual machine: projects, locks and runtimes, beside what other tools list.

#![allow(clippy::unwrap_used)] // It is all tests.

mod common;

use common::oracle::{Difference, Is, compare_all};

/// Where we differ from the oracle: case, how, what, why.
const DIFFERENCES: &[Difference] = &[
    (
        "lang/java/gradle-lockfile",
        Is::Ours,
        "buildscript-gradle.lockfile spring-boot-autoconfigure 2.7.4",
        BUILD,
    ),
    (
        "lang/java/gradle-lockfile",
        Is::Ours,
        "buildscript-gradle.lockfile spring-boot-configuration-processor 2.7.5",
        BUILD,
    ),
    ("lang/java/gradle-lockfile", Is::Ours, "buildscript-gradle.lockfile spring-boot-devtools 2.7.6", BUILD),
    (
        "lang/java/gradle-lockfile",
        Is::Ours,
        "buildscript-gradle.lockfile spring-boot-starter-aop 2.7.7",
        BUILD,
    ),
    (
        "lang/java/gradle-lockfile",
        Is::Ours,
        "buildscript-gradle.lockfile spring-boot-starter-data-jpa 2.7.8",
        BUILD,
    ),
    (
        "lang/java/gradle-lockfile",
        Is::Theirs,
        "gradle.lockfile grpc-api 1.21.1",
        "a comment behind a space; syft makes the group `# io.grpc` of it",
    ),
    ("lang/java/pom", Is::Ours, "interpolation/pom.xml ranged-package ", RANGE),
    ("lang/java/pom", Is::Theirs, "interpolation/pom.xml ranged-package [9.4.35.v20201120,9.5)", RANGE),
    ("lang/java/pom", Is::Problem, "which version is used of org.mine:ranged-package is not told", RANGE),
];

const CASES: &[&str] = &[
    "lang/java/gradle-lockfile",
    "lang/java/gradle-verification",
    "lang/java/jvm-release",
    "lang/java/pom",
    "lang/java/sbt-lock",
];

const BUILD: &str = "syft reads no lock files of build scripts; what they name is development, and marked";
const RANGE: &str = "a range is no version: which one of it was used nobody says, and that is told";

#[test]
fn cases() {
    let found = compare_all(CASES, DIFFERENCES);
    let development = |case: &str| -> Vec<String> {
        let marked = found[case].iter().filter(|package| package.development);
        marked.map(|package| package.full_name().into_owned()).collect()
    };
    if !found["lang/java/pom"].is_empty() {
        assert_eq!(development("lang/java/pom"), ["junit:junit"]);
        let locked = development("lang/java/gradle-lockfile");
        assert!(locked.contains(&"junit:junit".to_owned()) && locked.len() == 6, "{locked:?}");
        assert!(development("lang/java/sbt-lock").is_empty());
    }
}
