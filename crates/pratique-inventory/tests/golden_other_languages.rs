//! What the catalogers of the smaller languages state of real files, beside what other tools list for the same ones.
//!
//! Compared are name, version, package URL and the file that states it. Every difference that remains is a line of
//! [`DIFFERENCES`] with its reason, and a way of writing package URLs that differs throughout a case is a rule in
//! [`URLS`]. A line or a rule that no longer holds fails the test, as does a difference without one.
#![allow(clippy::unwrap_used)] // A fixture that is not as it was must fail the test.

mod common;

use std::collections::BTreeSet;

use common::{
    fixtures, json, layer,
    lists::{
        Difference,
        Only::{self, Ours, Theirs},
        unexplained,
    },
    read_tree,
};
use pratique_inventory::{Cataloger, Fact, Inventory, Package, catalogers, catalogers::language};

/// Case, and who reads it.
const CASES: &[(&str, &[&dyn Cataloger])] = &[
    ("lang/cpp/conan", &[&language::ConanLock, &language::ConanText]),
    ("lang/cpp/conaninfo", &[&language::ConanText]),
    ("lang/dart/pubspec-lock", &[&language::DartPubspecLock]),
    ("lang/elixir/mix-lock", &[&language::ElixirMixLock]),
    ("lang/erlang/rebar-lock", &[&language::ErlangRebarLock, &language::ErlangApplication]),
    ("lang/github-actions/workflows", &[&language::GitHubActions]),
    ("lang/haskell/stack-cabal", &[&language::HaskellFreeze, &language::HaskellStack]),
    ("lang/julia/manifest", &[&language::JuliaManifest, &language::JuliaProject]),
    ("lang/lua/rockspec", &[&language::LuaRockspec]),
    ("lang/ocaml/opam", &[&language::OpamPackage, &language::OpamSwitch]),
    ("lang/perl/cpan-meta", &[&language::PerlMeta]),
    ("lang/r/description", &[&language::RDescription]),
    ("lang/r/renv-lock", &[&language::RenvLock]),
    ("lang/rust/cargo-lock-git", &[&language::CargoLock]),
    ("lang/rust/cargo-lock-ripgrep", &[&language::CargoLock]),
    ("lang/rust/cargo-lock-v1", &[&language::CargoLock]),
    ("lang/rust/sample-cargo-lock", &[&language::CargoLock]),
    ("lang/swift/package-resolved", &[&language::SwiftResolved]),
    ("lang/swift/podfile-lock", &[&language::CocoaPodsLock]),
    ("lang/swipl/pack", &[&language::SwiPlPack]),
    ("lang/terraform/lock", &[&language::TerraformLock]),
];

/// Name, version, package URL (empty where the oracle gives none), file.
type Line = (String, String, String, String);

/// Case, file, who alone lists them, each by package URL or name and version, why.
const DIFFERENCES: &[Difference] = &[
    (
        "lang/elixir/mix-lock",
        "mix.lock",
        Theirs,
        &["pkg:hex/enacl@//github.com/aeternity/enacl.git"],
        "Syft takes part of the repository's address for a version",
    ),
    (
        "lang/elixir/mix-lock",
        "mix.lock",
        Ours,
        &["pkg:hex/enacl?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Faeternity%2Fenacl.git%40\
           2f50ba6289f2f2d9fef05d22a396c0bab4f64149"],
        "the same package: it has a commit and no version",
    ),
    ("lang/elixir/mix-lock", "mix.lock", Theirs, &["pkg:hex/local_dep@[]"], FOLDER),
    (
        "lang/github-actions/workflows",
        ".github/workflows/call.yaml",
        Theirs,
        &["./.github/workflows/workflow-2.yml@"],
        FOLDER,
    ),
    (
        "lang/github-actions/workflows",
        ".github/workflows/multi.yaml",
        Theirs,
        &["./.github/actions/bootstrap@"],
        FOLDER,
    ),
    (
        "lang/haskell/stack-cabal",
        "stack.yaml.lock",
        Ours,
        &["pkg:hackage/kore@0.60.0.0?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fruntimeverification%2F\
           haskell-backend.git%40a5847301404583e16d55cd4d051b8e605d704fbc"],
        "the plain reading has only what came from Hackage; this came from a repository, with name and version",
    ),
    (
        "lang/julia/manifest",
        "old/Manifest.toml",
        Ours,
        &["pkg:julia/Foo?uuid=6f418443-bd2e-4783-b551-cdbac608adf2"],
        "the plain reading takes the first of two packages of one name",
    ),
    (
        "lang/lua/rockspec",
        "luasyslog-2.0.1-1.rockspec",
        Ours,
        &["pkg:luarocks/luasyslog@2.0.1-1"],
        "the plain reading takes only literals; name and version are put together from variables here",
    ),
    (
        "lang/ocaml/opam",
        "ocaml-base-compiler.4.14.0.opam",
        Theirs,
        &["pkg:opam/ocaml-base-compiler.4.14.0"],
        "a name has no full stop: what is behind it is the version",
    ),
    (
        "lang/ocaml/opam",
        "ocaml-base-compiler.4.14.0.opam",
        Ours,
        &["pkg:opam/ocaml-base-compiler@4.14.0"],
        "the same package, with its version",
    ),
    (
        "lang/rust/cargo-lock-git",
        "Cargo.lock",
        Ours,
        &[
            "pkg:cargo/regex@1.11.1?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Frust-lang%2Fregex.git%40\
               1a069b9232c607b34c4937122361aa075ef573fa",
            "pkg:cargo/regex-automata@0.4.9?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Frust-lang%2Fregex.git%40\
               1a069b9232c607b34c4937122361aa075ef573fa",
            "pkg:cargo/regex-syntax@0.8.5?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Frust-lang%2Fregex.git%40\
               1a069b9232c607b34c4937122361aa075ef573fa",
        ],
        "the same version from crates.io and from a repository: two packages, which Syft does not tell apart",
    ),
];

const FOLDER: &str = "a folder of the project itself: nobody published it";

/// Case, what our package URL is for theirs, why.
type Rule = (&'static str, fn(&str) -> String, &'static str);

const URLS: &[Rule] = &[
    (
        "lang/dart/pubspec-lock",
        |url| url.replace("?hosted_url=pub.dev", ""),
        "pub.dev is Pub's own site; Syft 1.18 knows only its former name, pub.dartlang.org",
    ),
    (
        "lang/dart/pubspec-lock",
        |url| url.replace("=git%40github.com:Workiva/", "=git%2Bgit%40github.com:Workiva%2F"),
        "SPDX, whose form of an address vcs_url takes, puts the tool before it",
    ),
    (
        "lang/lua/rockspec",
        str::to_lowercase,
        "luarocks names ignore case, and package URLs are in lower case",
    ),
    (
        "lang/swift/package-resolved",
        |url| {
            let (path, version) = url.split_once('@').unwrap_or((url, ""));
            let (path, _) = path.rsplit_once('/').unwrap();
            let at = if version.is_empty() { "" } else { "@" };
            format!("{}{at}{version}", path.strip_suffix(".git").unwrap_or(path))
        },
        "the specification has the owner as namespace and the repository as name; Syft has the repository in both",
    ),
    (
        "lang/swift/podfile-lock",
        |url| match url.strip_prefix("pkg:cocoapods/").unwrap().split_once('/') {
            Some((pod, rest)) => {
                let (part, version) = rest.split_once('@').unwrap();
                format!("pkg:cocoapods/{pod}@{version}#{part}")
            }
            None => url.to_owned(),
        },
        "the specification has a pod's part as subpath and forbids namespaces",
    ),
];

/// What the image of one layer with the tree would hold.
fn found(case: &str, catalogers: &[&dyn Cataloger]) -> Option<Vec<Package>> {
    let fixtures = fixtures(case)?;
    let layer = layer(catalogers, &fixtures.join(case).join("root"));
    assert!(layer.problems.is_empty(), "{case}: {:?}", layer.problems);
    for file in layer.files.values().flatten() {
        check_edges(case, &file.facts);
    }
    Some(Inventory::of_layers(&[layer]).packages)
}

/// A version that was chosen for something is that of a package in the same file.
fn check_edges(case: &str, facts: &[Fact]) {
    let packages = || {
        facts.iter().filter_map(|fact| match fact {
            Fact::Package(stated) => Some(stated),
            _ => None,
        })
    };
    let there: BTreeSet<_> = packages().map(|p| (p.name.as_str(), p.version.as_str())).collect();
    for stated in packages() {
        for asked in &stated.depends {
            let chosen = asked.version.as_deref().map(|version| (asked.name.as_str(), version));
            assert!(
                chosen.is_none_or(|chosen| there.contains(&chosen)),
                "{case}: {}: {asked:?}",
                stated.name
            );
        }
        assert!(stated.depends.is_sorted(), "{case}: {}", stated.name);
    }
}

/// What is not as it should be.
fn compare(case: &str, catalogers: &[&dyn Cataloger]) -> Vec<String> {
    let Some(packages) = found(case, catalogers) else { return Vec::new() };
    let mut wrong = Vec::new();
    let expected = json(&fixtures(case).unwrap().join(case), "expected.json").unwrap();
    let rules: Vec<_> = URLS.iter().filter(|(of, ..)| *of == case).collect();
    let mut applied = vec![false; rules.len()];
    let mut theirs: BTreeSet<Line> = BTreeSet::new();
    for package in expected["packages"].as_array().unwrap() {
        let text = |key: &str| package[key].as_str().unwrap().to_owned();
        let mut url = text("purl");
        for ((_, rule, _), applied) in rules.iter().zip(&mut applied) {
            let ours = if url.is_empty() { String::new() } else { rule(&url) };
            *applied |= ours != url;
            url = ours;
        }
        let version = text("version").replace("UNKNOWN", "");
        for at in package["locations"].as_array().unwrap() {
            theirs.insert((text("name"), version.clone(), url.clone(), at.as_str().unwrap().to_owned()));
        }
    }
    for ((_, _, why), applied) in rules.iter().zip(applied) {
        if !applied {
            wrong.push(format!("{case}: no longer so: {why}"));
        }
    }
    let ours: BTreeSet<Line> = packages
        .iter()
        .flat_map(|package| package.locations.iter().map(move |at| (package, at.path.to_string())))
        .map(|(package, path)| {
            let line = (package.name.clone(), package.version.clone(), String::new(), path);
            if theirs.contains(&line) { line } else { (line.0, line.1, package.purl.clone(), line.3) }
        })
        .collect();
    let line = |who: Only, (name, version, url, path): &Line| {
        let id = if url.is_empty() { format!("{name}@{version}") } else { url.clone() };
        (who, path.clone(), id)
    };
    let mut left: BTreeSet<_> = ours.difference(&theirs).map(|id| line(Ours, id)).collect();
    left.extend(theirs.difference(&ours).map(|id| line(Theirs, id)));
    wrong.extend(unexplained(case, left, DIFFERENCES));
    wrong
}

#[test]
fn every_case() {
    let wrong: Vec<_> = CASES.iter().flat_map(|(case, catalogers)| compare(case, catalogers)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nobody else states anything of these trees: each file has one reader.
#[test]
fn nobody_else_reads_them() {
    for (case, readers) in CASES {
        let Some(fixtures) = fixtures(case) else { return };
        for read in read_tree(catalogers::all(), &fixtures.join(case).join("root")) {
            let facts = read.result.map(|reading| reading.facts).unwrap_or_default();
            let known = readers.iter().any(|reader| reader.id().name == read.cataloger);
            assert!(known || facts.is_empty(), "{case}: {} also reads {}", read.cataloger, read.path);
        }
    }
}

#[test]
fn every_difference_belongs_to_a_case() {
    let cases: BTreeSet<&str> = CASES.iter().map(|(case, _)| *case).collect();
    assert!(DIFFERENCES.iter().all(|(case, ..)| cases.contains(case)));
    assert!(URLS.iter().all(|(case, ..)| cases.contains(case)));
}
