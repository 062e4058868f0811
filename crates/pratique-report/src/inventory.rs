//! The inventory that a saved document was made from, as far as it tells: so that a report can be written as an SBOM, and a
//! list of packages be matched.
//!
//! Neither tells who depends on whom, and a report without `--list-all-pkgs` only which packages have findings. An inventory
//! made of one says so among its problems, and what is made of that says it too.

use std::collections::BTreeMap;

use pratique_image::ImagePath;
use pratique_inventory::{
    Distribution, Inventory, Location, Package, PackageKind,
    fact::{Problem, SourcePackage},
};

use crate::{
    model::{Coverage, PackageRow, Report, TargetInfo},
    packages::PackageList,
};

/// What tells one package of a report from another.
pub(crate) type Key<'a> = (&'a str, usize, Option<&'a str>, &'a [String]);

/// The key of a row.
pub(crate) fn key(row: &PackageRow) -> Key<'_> {
    (&row.purl, row.layer.index, row.owned_by.as_deref(), &row.locations)
}

impl Report {
    /// All packages that it tells of: those that have findings where it does not list all.
    pub fn known_packages(&self) -> Vec<&PackageRow> {
        if let Some(packages) = &self.packages {
            return packages.iter().collect();
        }
        let affected = self.findings.iter().map(|row| (key(&row.package), &row.package));
        affected.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    /// What it tells of the inventory that it was made from.
    pub fn inventory(&self) -> Inventory {
        let mut inventory = of_rows(&self.target, &self.known_packages());
        inventory.problems = problems(&self.coverage);
        if self.packages.is_none() {
            let what = "the report that this was made from lists only packages that have findings";
            inventory.problems.push((None, Problem::lost(ImagePath::default(), None, what)));
        }
        inventory
    }
}

impl PackageList {
    /// What it tells of the inventory that it was made from.
    pub fn inventory(&self) -> Inventory {
        let mut inventory = of_rows(&self.target, &self.packages.iter().collect::<Vec<_>>());
        inventory.problems = problems(&self.coverage);
        inventory
    }
}

/// The inventory of `rows`, in their order.
pub(crate) fn of_rows(target: &TargetInfo, rows: &[&PackageRow]) -> Inventory {
    let distribution = target.distribution.as_ref().map(|d| Distribution {
        id: d.id.clone(),
        version: d.version.clone(),
        name: d.name.clone(),
        ..Distribution::default()
    });
    let packages = rows.iter().map(|row| package(row)).collect();
    Inventory { distribution, packages, ..Inventory::default() }
}

/// What could not be read when the document was made, and what it cannot hold.
fn problems(coverage: &Coverage) -> Vec<(Option<usize>, Problem)> {
    let unread = coverage.warnings.iter().map(|warning| {
        let problem = Problem {
            path: ImagePath::new(&warning.path).unwrap_or_default(),
            cataloger: warning.cataloger.clone(),
            what: warning.message.clone(),
            lost: warning.lost,
        };
        (warning.layer, problem)
    });
    let graph = Problem {
        path: ImagePath::default(),
        cataloger: None,
        what: "made from a saved report, which does not tell which package depends on which".to_owned(),
        lost: false,
    };
    unread.chain([(None, graph)]).collect()
}

fn package(row: &PackageRow) -> Package {
    let location = |place: &String| {
        let (path, inside) = place.split_once("!/").unwrap_or((place, ""));
        Some(Location { path: ImagePath::new(path).ok()?, inside: inside.to_owned() })
    };
    let source = row.source.as_ref();
    Package {
        kind: PackageKind::from_name(&row.kind).unwrap_or_default(),
        name: row.name.clone(),
        namespace: row.namespace.clone(),
        version: row.version.clone(),
        purl: row.purl.clone(),
        arch: row.arch.clone(),
        source: source.map(|s| SourcePackage { name: s.name.clone(), version: s.version.clone() }),
        licences: row.licenses.clone(),
        locations: row.locations.iter().filter_map(location).collect(),
        layer: row.layer.index,
        owned_by: row.owned_by.clone(),
        development: row.development,
        locked_only: row.locked_only,
        depends: Vec::new(),
        provides: Vec::new(),
        direct: None,
        optional: false,
        details: row.details.clone(),
    }
}
