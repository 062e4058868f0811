//! Compares what a family of catalogers states of a case with the list in its `expected.json`.

use std::collections::{BTreeMap, BTreeSet};

use pratique_inventory::{Cataloger, FileFacts, LayerFacts, Overlay, Package, PackageKind, resolve::resolve};
use serde_json::Value;

use super::{difference, fixtures, json, read_tree};

/// Name, version, file.
type Line = (String, String, String);

/// Who alone lists a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Only {
    Ours,
    Theirs,
}

/// Case, file, who alone lists it, `name@version` of each package, why.
pub type Difference = (&'static str, &'static str, Only, &'static [&'static str], &'static str);

/// Packages that a development-only list of the oracle names.
const DEVELOPMENT: &str = "development_packages_left_out_by_syft";

/// A family of formats.
pub struct Family {
    pub catalogers: &'static [&'static dyn Cataloger],
    /// The oracle's readers whose packages are compared.
    pub found_by: &'static [&'static str],
    pub differences: &'static [Difference],
}

/// The packages of a tree, resolved as those of an image with one layer; problems are panics.
pub fn inventory(catalogers: &[&dyn Cataloger], root: &std::path::Path) -> Vec<Package> {
    let mut layer = LayerFacts::default();
    for read in read_tree(catalogers, root) {
        let reading = read.result.unwrap_or_else(|e| panic!("{}: {}: {e}", read.cataloger, read.path));
        assert!(reading.problems.is_empty(), "{}: {}: {:?}", read.cataloger, read.path, reading.problems);
        let facts = FileFacts { cataloger: read.cataloger.to_owned(), facts: reading.facts };
        layer.files.entry(read.path).or_default().push(facts);
    }
    resolve(&Overlay::new(&[layer])).packages
}

impl Family {
    /// Compares one case, if there are fixtures.
    pub fn compare(&self, case: &str) {
        let Some(fixtures) = fixtures(case) else { return };
        let folder = fixtures.join(case);
        let found = inventory(self.catalogers, &folder.join("root"));
        let expected = json(&folder, "expected.json").unwrap();

        let mut purls: BTreeMap<Line, &str> = BTreeMap::new();
        for package in &found {
            for at in &package.locations {
                let name = normal(package.kind, &package.name);
                purls.insert((name, package.version.clone(), at.path.to_string()), &package.purl);
            }
        }
        let mut theirs: BTreeSet<Line> = BTreeSet::new();
        for package in expected["packages"].as_array().unwrap() {
            let by = package["found_by"].as_str().unwrap_or_default();
            if !by.is_empty() && !self.found_by.contains(&by) {
                continue;
            }
            let version = text(package, "version").replace("UNKNOWN", "");
            for at in package["locations"].as_array().unwrap() {
                let at = at.as_str().unwrap().to_owned();
                let line = (text(package, "name").to_owned(), version.clone(), at);
                // Where version control or an archive is, the other tool does not say.
                let ours = purls.get(&line).map(|purl| purl.split('?').next().unwrap());
                let purl = text(package, "purl");
                if let Some(ours) = ours.filter(|_| !purl.is_empty()) {
                    assert_eq!(ours, purl, "{case}: {line:?}");
                }
                theirs.insert(line);
            }
        }
        let (only_ours, only_theirs) = difference(purls.into_keys(), theirs);
        let differences = |who: Only, lines: Vec<Line>| {
            lines.into_iter().map(move |(name, version, path)| (who, path, format!("{name}@{version}")))
        };
        let mut left: BTreeSet<_> =
            differences(Only::Ours, only_ours).chain(differences(Only::Theirs, only_theirs)).collect();

        // Development packages need no line each: the oracle's own list says which they are.
        for package in expected[DEVELOPMENT].as_array().into_iter().flatten() {
            let (name, version) = (text(package, "name"), text(package, "version"));
            let stated = found.iter().find(|p| normal(p.kind, &p.name) == name && p.version == version);
            assert!(stated.is_some_and(|stated| stated.development), "{case}: {name} {version} is marked");
            left.retain(|(who, _, package)| (*who, package) != (Only::Ours, &format!("{name}@{version}")));
        }
        for &(_, path, who, packages, why) in self.differences.iter().filter(|line| line.0 == case) {
            for package in packages {
                let line = (who, path.to_owned(), (*package).to_owned());
                assert!(left.remove(&line), "{case}: no longer so: {line:?}: {why}");
            }
        }
        assert!(left.is_empty(), "{case}: not explained: {left:#?}");
    }
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
