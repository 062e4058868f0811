//! What is installed beside, or instead of, a distribution's packages: Nix, Bitnami, snaps; and whole systems put
//! together from several files, by their purls.

#![allow(clippy::unwrap_used)] // A fixture that is not as it was must fail the test.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{difference, fixtures, inventory, json, packages, read_tree};
use pratique_image::ImagePath;
use pratique_inventory::catalogers::{
    self,
    os::{BitnamiSpdx, NixStore, SnapFiles},
};
use pratique_inventory::{Cataloger, Fact, FileFacts, Inventory, LayerFacts, Stated};

/// Case, what only we have (kind, name, version), what only the oracle has, why. An entry that no longer holds
/// fails the test.
const DIFFERENCES: &[(&str, &[&str], &[&str], &str)] = &[
    (
        "lang/bitnami/spdx",
        &["bitnami nss_wrapper 1.1.16"],
        &["bitnami nss-wrapper 1.1.16"],
        "the purl's name is what advisories go by",
    ),
    (
        "lang/bitnami/spdx",
        &["golang stdlib go1.22.7"],
        &["golang stdlib 1.22.7"],
        "as Go calls it, and as programs state it",
    ),
    (
        "lang/bitnami/spdx",
        &[],
        &[" opt/bitnami/common/bin/render-template "],
        "the program that was looked into: it has neither version nor purl",
    ),
];

fn line(stated: &Stated) -> String {
    let group = stated.namespace.as_ref().filter(|_| stated.kind.purl_type() == "maven");
    let group = group.map(|group| format!("{group}:")).unwrap_or_default();
    format!("{} {group}{} {}", stated.kind.purl_type(), stated.name, stated.version)
}

fn expected_lines(case: &Path) -> Vec<String> {
    let expected = json(case, "expected.json").unwrap();
    let packages = expected["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap().to_owned();
            format!("{} {} {}", text("type"), text("name"), text("version"))
        })
        .collect()
}

fn compare(case: &str, cataloger: &dyn Cataloger) {
    let Some(fixtures) = fixtures(case) else { return };
    let folder = fixtures.join(case);
    let found = packages(read_tree(&[cataloger], &folder.join("root")));
    let (ours, theirs) = difference(found.iter().map(|(_, stated)| line(stated)), expected_lines(&folder));
    let known = || DIFFERENCES.iter().filter(|(known, ..)| *known == case);
    let (mut left, mut right): (Vec<_>, Vec<_>) = (
        known().flat_map(|(_, left, ..)| *left).collect(),
        known().flat_map(|(_, _, right, _)| *right).collect(),
    );
    left.sort_unstable();
    right.sort_unstable();
    assert_eq!(ours.iter().collect::<Vec<_>>(), left, "{case}: only ours");
    assert_eq!(theirs.iter().collect::<Vec<_>>(), right, "{case}: only theirs");
}

#[test]
fn bitnami() {
    compare("lang/bitnami/spdx", &BitnamiSpdx);
}

#[test]
fn snaps() {
    compare("lang/snap/snap-yaml", &SnapFiles);
}

#[test]
fn nix() {
    let Some(fixtures) = fixtures("nix store") else { return };
    let folder = fixtures.join("lang/nix/store");
    let entries = fs::read_dir(folder.join("root/nix/store")).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let facts = folders.filter_map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        NixStore.directory(&ImagePath::new(format!("nix/store/{name}")).unwrap())
    });
    let lines = facts.map(|fact| match fact {
        Fact::Package(stated) => line(&stated),
        other => panic!("{other:?}"),
    });
    let (ours, theirs) = difference(lines, expected_lines(&folder));
    assert_eq!((ours, theirs), (Vec::<String>::new(), Vec::<String>::new()));
}

#[test]
fn purls_are_those_of_the_oracle() {
    let Some(fixtures) = fixtures("purls") else { return };
    for case in
        ["rootfs/arch", "rootfs/gentoo", "rootfs/mariner-2.0", "rootfs/wolfi-python", "lang/bitnami/spdx"]
    {
        let folder = fixtures.join(case);
        let kinds = ["alpm", "ebuild", "rpm", "apk", "bitnami"];
        let is_os = |purl: &str| kinds.iter().any(|kind| purl.starts_with(&format!("pkg:{kind}/")));
        let found = inventory(catalogers::all(), &folder.join("root"));
        let ours = found.packages.iter().map(|package| package.purl.clone()).filter(|purl| is_os(purl));
        let expected = json(&folder, "expected.json").unwrap();
        let theirs: Vec<String> = expected["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| package["purl"].as_str().unwrap().to_owned())
            .filter(|purl| is_os(purl))
            .collect();
        // Where qualifiers differ only by what we add, the rest must be equal.
        let (ours, theirs) = difference(ours, theirs);
        assert_eq!((&ours, &theirs), (&Vec::new(), &Vec::new()), "{case}");
    }
}

#[test]
fn fields_of_gentoo_are_put_together() {
    let Some(fixtures) = fixtures("gentoo") else { return };
    let found = inventory(catalogers::all(), &fixtures.join("rootfs/gentoo/root"));
    let [skopeo] = &found.packages[..] else { panic!("{:?}", found.packages) };
    let licences = ["Apache-2.0", "BSD", "BSD-2", "CC-BY-SA-4.0", "ISC", "MIT"];
    assert_eq!(skopeo.licences, licences);
    assert_eq!(skopeo.name, "app-containers/skopeo");
}

#[test]
fn what_is_noted_of_a_layer_holds_for_its_packages() {
    let package = |name: &str| {
        Fact::Package(Box::new(Stated {
            kind: pratique_inventory::PackageKind::Rpm,
            name: name.into(),
            version: "1-1".into(),
            ..Stated::default()
        }))
    };
    let layer = |files: Vec<(&str, Vec<Fact>)>| LayerFacts {
        files: files
            .into_iter()
            .map(|(path, facts)| {
                (ImagePath::new(path).unwrap(), vec![FileFacts { cataloger: "x".into(), facts }])
            })
            .collect(),
        ..LayerFacts::default()
    };
    let build = |value: &str| Fact::Build { details: [("build".to_owned(), value.to_owned())].into() };
    let layers = [
        layer(vec![("db", vec![package("base")]), ("a", vec![build("ubi9-9.4-1")])]),
        layer(vec![("db", vec![package("base"), package("top")]), ("b", vec![build("nodejs-20-1")])]),
    ];
    let found = Inventory::of_layers(&layers);
    let builds: BTreeMap<_, _> = found
        .packages
        .iter()
        .map(|package| (package.name.as_str(), package.details["build"].as_str()))
        .collect();
    assert_eq!(builds, [("base", "ubi9-9.4-1"), ("top", "nodejs-20-1")].into());
}
