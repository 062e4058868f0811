//! Compares what an image of a case's files has with the case's `expected.json`.
//!
//! The files are read by all catalogers, laid over nothing and resolved, so what is compared is what a scan says:
//! name, version and place of each package, and its purl where the oracle states one. Each difference that remains is
//! an entry of the caller's table with its reason; one that no longer holds fails, as does one without entry.

use std::collections::{BTreeMap, BTreeSet};

use pratique_inventory::{Inventory, Package, catalogers};
use pratique_version::purl::PackageUrl;

use super::{fixtures, json};

/// How a difference shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Is {
    /// Only we state it: `PATH NAME VERSION`.
    Ours,
    /// Only the oracle does.
    Theirs,
    /// Both do, with other purls: `OURS THEIRS`.
    Purl,
    /// We say that something is missing: a part of the sentence.
    Problem,
}

/// Case, how, what, why.
pub type Difference = (&'static str, Is, &'static str, &'static str);

/// The inventory of a case, or `None` where there are no fixtures.
pub fn inventory(case: &str) -> Option<Inventory> {
    Some(super::inventory(catalogers::all(), &fixtures(case)?.join(case).join("root")))
}

/// What came of a case.
#[derive(Debug, Default)]
pub struct Compared {
    pub packages: Vec<Package>,
    /// Differences without entry in the table, and entries without difference.
    pub unexplained: Vec<String>,
}

/// Compares a case.
pub fn compare(case: &str, differences: &[Difference]) -> Compared {
    let Some(inventory) = inventory(case) else { return Compared::default() };
    let expected = json(&fixtures(case).unwrap().join(case), "expected.json").unwrap();
    let mut ours: BTreeMap<String, &Package> = BTreeMap::new();
    for package in &inventory.packages {
        for at in &package.locations {
            ours.insert(format!("{} {} {}", at.path, package.name, package.version), package);
        }
    }
    let mut theirs: BTreeMap<String, String> = BTreeMap::new();
    for package in expected["packages"].as_array().unwrap() {
        let text = |key: &str| package[key].as_str().unwrap();
        let version = text("version").replace("UNKNOWN", "");
        // A plain reading writes group and artifact as one name.
        let name =
            if text("type") == "maven" { text("name").split(':').next_back().unwrap() } else { text("name") };
        for at in package["locations"].as_array().unwrap() {
            let line = format!("{} {name} {version}", at.as_str().unwrap());
            theirs.insert(line, canonical(text("purl")));
        }
    }
    let mut left: BTreeSet<(Is, String)> = BTreeSet::new();
    for (line, package) in &ours {
        match theirs.get(line).map(String::as_str) {
            None => drop(left.insert((Is::Ours, line.clone()))),
            Some(purl) if purl.is_empty() || purl == package.purl => {}
            Some(purl) => drop(left.insert((Is::Purl, format!("{} {purl}", package.purl)))),
        }
    }
    left.extend(theirs.into_keys().filter(|line| !ours.contains_key(line)).map(|line| (Is::Theirs, line)));
    let problems = inventory.problems.iter();
    left.extend(problems.map(|(_, problem)| (Is::Problem, format!("{}: {}", problem.path, problem.what))));
    let mut unexplained = Vec::new();
    for &(_, how, what, why) in differences.iter().filter(|line| line.0 == case) {
        let fits = |line: &String| if how == Is::Problem { line.contains(what) } else { line == what };
        match left.iter().find(|(kind, line)| *kind == how && fits(line)).cloned() {
            Some(found) => drop(left.remove(&found)),
            None => unexplained.push(format!("{case}: no longer so: {how:?} {what}: {why}")),
        }
    }
    unexplained.extend(left.into_iter().map(|(how, line)| format!("{case}: {how:?} {line}")));
    Compared { packages: inventory.packages, unexplained }
}

/// Compares all cases; fails with everything that is not explained. All packages, for more questions.
pub fn compare_all(
    cases: &[&'static str],
    differences: &[Difference],
) -> BTreeMap<&'static str, Vec<Package>> {
    assert!(differences.iter().all(|(case, ..)| cases.contains(case)), "every difference belongs to a case");
    let (mut unexplained, mut packages) = (Vec::new(), BTreeMap::new());
    for case in cases {
        let compared = compare(case, differences);
        unexplained.extend(compared.unexplained);
        packages.insert(*case, compared.packages);
    }
    assert!(unexplained.is_empty(), "not explained: {unexplained:#?}");
    packages
}

/// An oracle's purl as the specification writes it: what Syft leaves as it is in qualifiers is escaped.
///
/// Syft takes the first three parts of a Go module's path for the package and the rest for a subpath:
/// `pkg:golang/github.com/moby/moby@v1.55.0#api`. The specification's subpath is a place inside of a package, and
/// `github.com/moby/moby/api` is a module with versions of its own, of which `github.com/moby/moby` has no v1.55.0. So
/// the path stays whole in ours, as with Trivy, and theirs is put together again.
fn canonical(purl: &str) -> String {
    if let Some((rest, subpath)) = purl.strip_prefix("pkg:golang/").and_then(|rest| rest.split_once('#')) {
        let (name, version) = rest.split_once('@').unwrap();
        return format!("pkg:golang/{name}/{subpath}@{version}");
    }
    PackageUrl::parse(purl).map_or_else(|_| purl.to_owned(), |purl| purl.to_string())
}
