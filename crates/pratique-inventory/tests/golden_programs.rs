//! Programs known by the version in their bytes: the shared snippets, whole programs, and files that are none.

#![allow(clippy::unwrap_used)] // A fixture that is not as it was must fail the test.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use common::{difference, fixtures, json, read_bytes, read_tree};
use pratique_image::ImagePath;
use pratique_inventory::{
    Fact, FileFacts, Inventory, LayerFacts, PackageKind, Scope, Stated, catalogers::executables::Executables,
};

/// What only the oracle finds, and why.
const THEIRS: &[(&str, &[&str])] = &[(
    "the application of Erlang's OTP states it, which another cataloger reads",
    &[
        "elixir/1.12.0-rc.1/linux-amd64/lib/elixir/ebin/elixir.app elixir 1.12.0-rc.1",
        "elixir/1.19.1/linux-amd64/lib/elixir/ebin/elixir.app elixir 1.19.1",
    ],
)];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// A snippet as the program that it was cut out of: behind the head of an ELF file.
fn program(snippet: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"### byte snippet to follow ###\n";
    let at = snippet.windows(MARK.len()).position(|window| window == MARK);
    let body = at.map_or(snippet, |at| &snippet[at + MARK.len()..]);
    if body.starts_with(b"\x7fELF") {
        return body.to_vec();
    }
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(64, 0);
    bytes[16] = 2;
    bytes.extend_from_slice(body);
    bytes
}

fn stated(path: &str, bytes: &[u8]) -> Vec<String> {
    let reading = read_bytes(&Executables, path, 0o755, bytes).unwrap();
    let facts = reading.facts.into_iter();
    facts
        .filter_map(|fact| match fact {
            Fact::Package(stated) if stated.kind == PackageKind::Generic => {
                Some(format!("{path} {} {}", stated.name, stated.version))
            }
            _ => None,
        })
        .collect()
}

fn theirs(case: &Path) -> Vec<String> {
    let expected = json(case, "expected.json").unwrap();
    let mut lines = Vec::new();
    for package in expected["packages"].as_array().unwrap() {
        for at in package["locations"].as_array().unwrap() {
            let text = |key: &str| package[key].as_str().unwrap();
            lines.push(format!("{} {} {}", at.as_str().unwrap(), text("name"), text("version")));
        }
    }
    lines
}

#[test]
fn snippets() {
    let Some(fixtures) = fixtures("snippets of programs") else { return };
    let case = fixtures.join("lang/binaries/snippets");
    let root = case.join("root");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    let mut ours = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        let at = path.strip_prefix(&root).unwrap().to_str().unwrap();
        let as_text = stated(at, &bytes);
        ours.extend(if as_text.is_empty() { stated(at, &program(&bytes)) } else { as_text });
    }
    let (more, theirs) = difference(ours.iter().cloned(), theirs(&case));
    let known: BTreeSet<_> =
        THEIRS.iter().flat_map(|(_, lines)| *lines).map(|&line| line.to_owned()).collect();
    assert_eq!(theirs.into_iter().collect::<BTreeSet<_>>(), known, "only theirs");
    // What the oracle does not know must be what the suite says of the folder.
    let truth = json(&case, "truth.json").unwrap();
    let truth: BTreeMap<&str, &str> = truth
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["folder"].as_str().unwrap(), entry["version"].as_str().unwrap()))
        .collect();
    let folder_of = |line: &str| truth.keys().copied().find(|folder| line.starts_with(&format!("{folder}/")));
    for line in &more {
        let Some(folder) = folder_of(line) else {
            assert!(line.starts_with("go-version-hint/1.25/any/VERSION.cache go 1.25"), "{line}");
            continue;
        };
        let version = line.rsplit(' ').next().unwrap();
        let expected =
            REWRITTEN.iter().find(|(known, ..)| *known == folder).map_or(truth[folder], |known| known.1);
        assert_eq!(version, expected, "{line}");
    }
    let found: BTreeSet<_> = ours.iter().filter_map(|line| folder_of(line)).collect();
    let missed: Vec<_> = truth.keys().filter(|folder| !found.contains(*folder)).collect();
    assert!(missed.is_empty(), "in the suite, and not found: {missed:?}");
}

/// Folders whose name is not the version that is in the program.
const REWRITTEN: &[(&str, &str)] = &[("grafana/12.3.2-security-01/linux-amd64", "12.3.2")];

/// Whole programs: name and version. Syft 1.18.1 knows four of them.
const WHOLE: &[&str] = &[
    "usr/local/bin/bash bash 5.2.15",
    "usr/local/bin/busybox busybox 1.35.0",
    "usr/local/bin/memcached memcached 1.6.18",
    "usr/local/bin/perl perl 5.36.0",
    "usr/local/bin/redis-server redis 7.0.15",
    "usr/local/sbin/haproxy haproxy 2.6.12",
    "usr/local/sbin/nginx nginx 1.22.1",
];

fn of_tree(root: &Path) -> Vec<String> {
    let read = read_tree(&[&Executables], root).into_iter();
    let mut lines: Vec<String> = read
        .flat_map(|read| {
            let facts = read.result.unwrap().facts.into_iter();
            facts.filter_map(move |fact| match fact {
                Fact::Package(stated) => Some(format!("{} {} {}", read.path, stated.name, stated.version)),
                _ => None,
            })
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn whole_programs() {
    let Some(fixtures) = fixtures("whole programs") else { return };
    let case = fixtures.join("lang/binaries/debian-programs");
    let ours = of_tree(&case.join("root"));
    assert_eq!(ours, WHOLE);
    assert_eq!(difference(ours, theirs(&case)).1, Vec::<String>::new(), "only theirs");
}

#[test]
fn a_packages_program_is_the_packages() {
    let path = |path: &str| ImagePath::new(path).unwrap();
    let package = |kind, name: &str| {
        let version = "5.2.15".to_owned();
        Fact::Package(Box::new(Stated { kind, name: name.into(), version, ..Stated::default() }))
    };
    let files = ["bin/bash"].into_iter().collect();
    let layer: BTreeMap<_, _> = [
        ("var/lib/dpkg/status", package(PackageKind::Deb, "bash")),
        ("var/lib/dpkg/info/bash.list", Fact::PackageFiles { package: "bash".into(), files }),
        ("usr/bin/bash", package(PackageKind::Generic, "bash")),
        ("usr/local/bin/bash", package(PackageKind::Generic, "bash")),
    ]
    .into_iter()
    .map(|(at, fact)| (path(at), vec![FileFacts { cataloger: "x".into(), facts: vec![fact] }]))
    .collect();
    let found = Inventory::of_layers(&[LayerFacts { files: layer, ..LayerFacts::default() }]);
    let programs = found.packages_in(Scope::default()).filter(|package| package.kind == PackageKind::Generic);
    let places: Vec<_> =
        programs.flat_map(|package| &package.locations).map(|at| at.path.to_string()).collect();
    assert_eq!(places, ["usr/local/bin/bash"]);
}

#[test]
fn what_is_no_program_states_nothing() {
    let Some(fixtures) = fixtures("files called like programs") else { return };
    let root = fixtures.join("lang/binaries/negative/root");
    assert_eq!(of_tree(&root), Vec::<String>::new());
    let mut paths = Vec::new();
    files(&root, &mut paths);
    for path in paths {
        let at = path.strip_prefix(&root).unwrap().to_str().unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(read_bytes(&Executables, at, 0o755, &bytes).unwrap().facts, [], "{at}");
    }
}
