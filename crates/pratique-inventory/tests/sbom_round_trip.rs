//! What we write in every format, read back, is what was written.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking and say what they skip"
)]

use std::{collections::BTreeSet, fs, path::Path};

use pratique_image::{Image, OpenOptions, Target};
use pratique_inventory::{
    Inventory, Limits, Package, Scope, TakeOptions,
    sbom::{self, Format, Sbom, Subject, SubjectLayer, github::Job},
};

mod common;

/// What a document must keep of a package; licences as a set of all that must be kept to.
fn kept(package: &Package, format: Format) -> String {
    let mut package = package.clone();
    // Dependencies are compared as edges; lists of what is provided are left to them.
    package.depends.clear();
    package.provides.clear();
    package.details.remove("provides");
    let parts = package.licences.iter().flat_map(|licence| licence.split(" AND "));
    let bare = parts.map(|part| part.trim_matches(['(', ')', ' ']).replace(['(', ')'], ""));
    let licences: BTreeSet<_> = bare.collect();
    package.licences.clear();
    if format == Format::SyftJson {
        // Syft's words for what all formats have; ours have no place there.
        return format!(
            "{:?} {} {:?} {:?} {} {licences:?}",
            package.kind,
            package.full_name(),
            package.version,
            package.source,
            package.purl
        );
    }
    format!("{package:?} {licences:?}")
}

fn edges(inventory: &Inventory) -> BTreeSet<(String, String)> {
    let name = |index: usize| inventory.packages[index].purl.clone();
    inventory.graph().edges().map(|(from, to)| (name(from), name(to))).collect()
}

fn subject() -> Subject {
    Subject {
        name: "registry.example/app:1 <&>\"".into(),
        digest: Some(format!("sha256:{}", "a".repeat(64))),
        image_id: Some(format!("sha256:{}", "b".repeat(64))),
        platform: Some("linux/amd64".into()),
        created: None,
        layers: vec![SubjectLayer {
            digest: None,
            diff_id: Some(format!("sha256:{}", "c".repeat(64))),
            created_by: Some("RUN echo \"a\" && \\\n  b </text>".into()),
        }],
    }
}

fn written(inventory: &Inventory, subject: &Subject, format: Format) -> Vec<u8> {
    let sbom = Sbom { inventory, scope: Scope::ALL, subject, tool_version: "1.2.3", created: None };
    let mut bytes = Vec::new();
    format.write(&sbom, &Job::default(), &mut bytes).unwrap();
    bytes
}

fn inventory_of(root: &Path) -> Inventory {
    let unpacked = tempfile::tempdir().unwrap();
    unpack(root, unpacked.path());
    let image = Image::open(&Target::Directory(unpacked.path().into()), &OpenOptions::default()).unwrap();
    Inventory::take(&image, &TakeOptions::default()).unwrap()
}

/// Copies a tree, expanding what ends in `.zst`.
fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let at = to.join(path.file_name().unwrap());
        if path.is_dir() {
            unpack(&path, &at);
        } else if path.extension().is_some_and(|end| end == "zst") {
            fs::write(at.with_extension(""), zstd::decode_all(fs::File::open(&path).unwrap()).unwrap())
                .unwrap();
        } else {
            fs::copy(&path, &at).unwrap();
        }
    }
}

#[test]
fn every_format_gives_back_what_it_was_given() {
    let Some(fixtures) = common::fixtures("sbom round trips") else { return };
    let below = |folder: &Path| -> Vec<_> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect()
    };
    let systems = below(&fixtures.join("rootfs")).into_iter().map(|system| system.join("root"));
    let languages = below(&fixtures.join("lang")).into_iter().flat_map(|language| below(&language));
    let roots: BTreeSet<_> = systems.chain(languages).collect();
    let subject = subject();
    let mut packages = 0;
    for root in &roots {
        let name = root.strip_prefix(&fixtures).unwrap().display().to_string();
        let inventory = inventory_of(root);
        packages += inventory.packages.len();
        for &format in Format::ALL.iter().filter(|format| **format != Format::GitHub) {
            let bytes = written(&inventory, &subject, format);
            assert_eq!(
                bytes,
                written(&inventory, &subject, format),
                "{name} {format:?} is the same every time"
            );
            let read = sbom::read(&mut bytes.as_slice(), &Limits::default()).unwrap();
            let what = |inventory: &Inventory| -> BTreeSet<String> {
                inventory.packages.iter().map(|package| kept(package, format)).collect()
            };
            let (want, got) = (what(&inventory), what(&read.inventory));
            let lost: Vec<_> = want.difference(&got).take(2).collect();
            let new: Vec<_> = got.difference(&want).take(2).collect();
            assert!(lost.is_empty() && new.is_empty(), "{name} {format:?}\nlost {lost:#?}\nnew {new:#?}");
            if format != Format::SyftJson {
                assert_eq!(read.subject, subject, "{name} {format:?}");
                // Of a tree without os-release the reader says what the purls of its packages say.
                if inventory.distribution.is_some() {
                    assert_eq!(read.inventory.distribution, inventory.distribution, "{name} {format:?}");
                }
            }
            let (want, got) = (edges(&inventory), edges(&read.inventory));
            let lost: Vec<_> = want.difference(&got).take(3).collect();
            let new: Vec<_> = got.difference(&want).take(3).collect();
            assert!(
                lost.is_empty() && new.is_empty(),
                "{name} {format:?} edges\nlost {lost:#?}\nnew {new:#?}"
            );
        }
    }
    assert!(packages > 1000, "{packages} packages");
    println!("{packages} packages of {} trees", roots.len());
}
