//! Operating systems' packages in the shared root file systems, against Syft's lists and the native tools'.

#![allow(clippy::unwrap_used)] // A helper of tests is no test to clippy.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{difference, fixtures, json, packages, read_tree};
use pratique_inventory::catalogers::os::{
    ApkDatabase, DpkgCopyright, DpkgFiles, DpkgStatus, PacmanFiles, PacmanPackage, PortageContents,
    PortageFields, ReleaseFiles, RpmDatabase, RpmManifest, release,
};
use pratique_inventory::{Cataloger, Distribution, Fact, Stated};

const CATALOGERS: &[&dyn Cataloger] = &[
    &ReleaseFiles,
    &ApkDatabase,
    &DpkgStatus,
    &DpkgFiles,
    &DpkgCopyright,
    &RpmDatabase,
    &RpmManifest,
    &PacmanPackage,
    &PacmanFiles,
    &PortageContents,
    &PortageFields,
];

/// Where we and the oracle differ: case, what only we have, what only it has, and why.
type Packages = &'static [(&'static str, &'static str)];
const DIFFERENCES: &[(&str, Packages, Packages, &str)] = &[
    (
        "ubuntu-24.04",
        &[],
        &[
            ("git", "1:2.34.1-1ubuntu1.17"),
            ("libglib2.0-0", "2.72.4-0ubuntu2.9"),
            ("libmagic1", "1:5.41-3ubuntu0.1"),
            ("libssl3", "3.0.2-0ubuntu1.23"),
            ("tcpdump", "4.99.1-3ubuntu0.2"),
        ],
        "these are removed, only their configuration is left (dpkg-query says config-files)",
    ),
    (
        "mariner-2.0-distroless",
        &[("prebuilt-ca-certificates", "1:2.0.0-16.cm2")],
        &[("prebuilt-ca-certificates", "2.0.0-16.cm2")],
        "the manifest's column 9 is the epoch as a number, which Syft 1.18.1 passes over",
    ),
];

/// Releases that the oracle does not name: case, ID, version, and why.
const RELEASES: &[(&str, &str, &str, &str)] =
    &[("ubuntu-10.04", "ubuntu", "10.04", "Syft 1.18.1 does not read lsb-release")];

fn cases(what: &str) -> Vec<(String, std::path::PathBuf)> {
    let Some(fixtures) = fixtures(what) else { return Vec::new() };
    let mut cases: Vec<_> = std::fs::read_dir(fixtures.join("rootfs"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    cases.sort();
    assert_eq!(cases.len(), 35, "cases came or went");
    cases
}

fn text<'a>(value: &'a serde_json::Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn packages_are_those_of_the_oracle() {
    let mut differences = Vec::new();
    for (case, path) in cases("packages of operating systems") {
        let ours = packages(read_tree(CATALOGERS, &path.join("root")))
            .into_iter()
            .map(|(at, stated)| (stated.name, stated.version, at.to_string()));
        let expected = json(&path, "expected.json").unwrap();
        let theirs: Vec<_> = expected["packages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|package| matches!(text(package, "type"), "apk" | "deb" | "rpm" | "alpm" | "portage"))
            .map(|package| {
                let at = package["locations"][0].as_str().unwrap_or_default();
                (text(package, "name").to_owned(), text(package, "version").to_owned(), at.to_owned())
            })
            .collect();
        let (ours, theirs) = difference(ours, theirs);
        if !ours.is_empty() || !theirs.is_empty() {
            differences.push((case, ours, theirs));
        }
    }
    if differences.is_empty() && cases("").is_empty() {
        return;
    }
    for (case, ours, theirs) in &differences {
        let known = DIFFERENCES.iter().find(|(known, ..)| known == case);
        let Some((_, only_ours, only_theirs, _)) = known else {
            panic!("{case}: only ours {ours:?}, only theirs {theirs:?}");
        };
        let plain = |found: &[(String, String, String)]| -> Vec<(String, String)> {
            found.iter().map(|(name, version, _)| (name.clone(), version.clone())).collect()
        };
        let want = |known: Packages| -> Vec<(String, String)> {
            known.iter().map(|&(name, version)| (name.to_owned(), version.to_owned())).collect()
        };
        assert_eq!(plain(ours), want(only_ours), "{case}: only ours");
        assert_eq!(plain(theirs), want(only_theirs), "{case}: only theirs");
    }
    let differing: BTreeSet<_> = differences.iter().map(|(case, ..)| case.as_str()).collect();
    for (case, ..) in DIFFERENCES {
        assert!(differing.contains(case), "{case}: the known difference is gone");
    }
}

#[test]
fn releases_are_those_of_the_oracle() {
    for (case, path) in cases("releases") {
        let found: Vec<(_, Distribution)> = read_tree(&[&ReleaseFiles], &path.join("root"))
            .into_iter()
            .flat_map(|read| {
                let reading = read.result.unwrap();
                assert!(reading.problems.is_empty(), "{case}: {:?}", reading.problems);
                reading.facts.into_iter().filter_map(move |fact| match fact {
                    Fact::Distribution(stated) => Some((read.path.clone(), stated)),
                    _ => None,
                })
            })
            .collect();
        let merged = release::merge(found.iter().map(|(path, stated)| (path, stated)).collect()).unwrap();
        let expected = json(&path, "expected.json").unwrap();
        let (id, version) = match RELEASES.iter().find(|(known, ..)| *known == case) {
            Some((_, id, version, _)) => {
                assert!(expected["distro"].is_null(), "{case}: the known difference is gone");
                (*id, *version)
            }
            None => (text(&expected["distro"], "id"), text(&expected["distro"], "version_id")),
        };
        assert_eq!((merged.id.as_str(), merged.version.as_str()), (id, version), "{case}");
        assert!(!merged.name.is_empty(), "{case}");
    }
}

/// Everything that a native tool tells of a package, in its words.
type Native = (String, String, String, String, String, String, String, String);

/// What is missing has several spellings in the native lists.
fn stated_or_not(value: &str) -> String {
    if value == "(none)" { String::new() } else { value.to_owned() }
}

fn native_deb(package: &serde_json::Value) -> Native {
    let field = |key| text(package, key).to_owned();
    let none = String::new;
    (
        field("name"),
        field("version"),
        field("arch"),
        field("source"),
        field("source_version"),
        none(),
        none(),
        none(),
    )
}

fn native_rpm(package: &serde_json::Value) -> Native {
    let field = |key| stated_or_not(text(package, key));
    let epoch = package["epoch"].as_u64().map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let version = format!("{epoch}{}-{}", field("version"), field("release"));
    let none = String::new;
    let (arch, source) = (field("arch"), field("source"));
    (field("name"), version, arch, source, field("vendor"), field("license"), field("modularity"), none())
}

fn ours_deb(stated: Stated) -> Native {
    let none = String::new;
    let source = stated.source.unwrap();
    let arch = stated.arch.unwrap_or_default();
    (stated.name, stated.version, arch, source.name, source.version, none(), none(), none())
}

fn ours_rpm(stated: Stated) -> Native {
    let detail = |key: &str| stated.details.get(key).cloned().unwrap_or_default();
    let (source, vendor, module) = (detail("sourcerpm"), detail("vendor"), detail("modularity"));
    if !source.is_empty() {
        let parsed = stated.source.as_ref().unwrap();
        let bare = parsed.version.split_once(':').map_or(parsed.version.as_str(), |(_, bare)| bare);
        assert_eq!(format!("{}-{bare}.src.rpm", parsed.name), source);
    }
    let arch = stated.arch.clone().unwrap_or_default();
    let licence = stated.licences.join(" ");
    (stated.name, stated.version, arch, source, vendor, licence, module, String::new())
}

#[test]
fn fields_are_those_of_the_native_tool() {
    let mut compared = 0;
    for (case, path) in cases("fields of packages") {
        let Some(native) = json(&path, "native.json") else { continue };
        let rpm = text(&native, "oracle").starts_with("rpm");
        let theirs = native["packages"].as_array().unwrap().iter();
        let theirs = theirs.filter(|package| text(package, "status") != "config-files").map(if rpm {
            native_rpm
        } else {
            native_deb
        });
        let ours = packages(read_tree(CATALOGERS, &path.join("root"))).into_iter().map(|(_, stated)| stated);
        let (ours, theirs) = difference(ours.map(if rpm { ours_rpm } else { ours_deb }), theirs);
        assert!(ours.is_empty() && theirs.is_empty(), "{case}: only ours {ours:#?}, only theirs {theirs:#?}");
        compared += 1;
    }
    assert!(compared == 0 || compared == 27, "{compared} cases compared");
}

/// A case, a package, and a path that it owns.
const OWNED: &[(&str, &str, &str)] = &[
    ("rhel-8-one-package", "libuuid", "usr/lib64/libuuid.so.1"),
    ("fedora-26-bdb", "bash", "usr/bin/bash"),
    ("amazonlinux-2023", "bash", "usr/bin/bash"),
    ("mariner-2.0", "bash", "bin/bash"),
    ("sles-15-bci", "bash", "bin/bash"),
    ("alpine-3.14", "busybox", "bin/busybox"),
    ("wolfi-python", "zlib", "usr/lib/libz.so.1"),
    ("arch", "gmp", "usr/lib/libgmp.so.10.4.1"),
    ("gentoo", "app-containers/skopeo", "usr/bin/skopeo"),
    ("debian-12", "dpkg", "usr/bin/dpkg"),
    ("distroless-debian-12", "libgomp1", "usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0"),
];

#[test]
fn packages_own_their_files() {
    let Some(fixtures) = fixtures("files of packages") else { return };
    for &(case, package, file) in OWNED {
        let root = fixtures.join("rootfs").join(case).join("root");
        let owners = owners(&root, file.as_bytes());
        assert!(owners.iter().any(|owner| owner == package), "{case}: {file} is of {owners:?}");
        assert!(self::owners(&root, b"usr").is_empty(), "{case}: folders are nobody's");
    }
}

fn owners(root: &Path, file: &[u8]) -> Vec<String> {
    let facts = read_tree(CATALOGERS, root).into_iter().flat_map(|read| read.result.unwrap().facts);
    facts
        .filter_map(|fact| match fact {
            Fact::Package(stated) if stated.files.contains(file) => Some(stated.name),
            Fact::PackageFiles { package, files } if files.contains(file) => Some(package),
            _ => None,
        })
        .collect()
}
