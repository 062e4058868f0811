//! Compares what a family of catalogers states of a case with the list in its `expected.json`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use pratique_image::ImagePath;
use pratique_inventory::{Cataloger, Package, PackageKind};
use serde_json::Value;

use super::{difference, fixtures, json};

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

/// The packages of a tree of which all can be read.
pub fn packages(catalogers: &[&dyn Cataloger], root: &Path) -> Vec<Package> {
    let inventory = super::inventory(catalogers, root);
    assert!(inventory.problems.is_empty(), "{:?}", inventory.problems);
    inventory.packages
}

/// Differences that the table does not explain, and its lines that no longer hold.
pub fn unexplained(
    case: &str,
    mut found: BTreeSet<(Only, String, String)>,
    differences: &[Difference],
) -> Vec<String> {
    let mut wrong = Vec::new();
    for &(_, path, who, packages, why) in differences.iter().filter(|line| line.0 == case) {
        for package in packages {
            let line = (who, path.to_owned(), (*package).to_owned());
            if !found.remove(&line) {
                wrong.push(format!("{case}: no longer so: {line:?}: {why}"));
            }
        }
    }
    wrong.extend(found.into_iter().map(|line| format!("{case}: not explained: {line:?}")));
    wrong
}

impl Family {
    /// Compares one case, if there are fixtures.
    pub fn compare(&self, case: &str) {
        let Some(fixtures) = fixtures(case) else { return };
        let folder = fixtures.join(case);
        let found = packages(self.catalogers, &folder.join("root"));
        let expected = json(&folder, "expected.json").unwrap();

        let mut purls: BTreeMap<Line, &str> = BTreeMap::new();
        for package in &found {
            // Syft does not read npm's list of what it installed: a test of its own compares that.
            let listed = |path: &ImagePath| path.file_name() == b".package-lock.json";
            for at in package.locations.iter().filter(|at| !listed(&at.path)) {
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
                // Where version control or an archive is, the other tool does not say, or writes in its own way.
                let bare = |purl: &str| purl.split('?').next().unwrap_or_default().to_owned();
                let purl = text(package, "purl");
                if let Some(ours) = purls.get(&line).filter(|_| !purl.is_empty()) {
                    assert_eq!(bare(ours), bare(purl), "{case}: {line:?}");
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
            let same = |p: &&Package| normal(p.kind, &p.name) == name && p.version == version;
            let mut stated = found.iter().filter(same).peekable();
            let marked = stated.peek().is_some() && stated.all(|stated| stated.development);
            assert!(marked, "{case}: {name} {version} is marked");
            left.retain(|(who, _, package)| (*who, package) != (Only::Ours, &format!("{name}@{version}")));
        }
        let wrong = unexplained(case, left, self.differences);
        assert!(wrong.is_empty(), "{wrong:#?}");
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
