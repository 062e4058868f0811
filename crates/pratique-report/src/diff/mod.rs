//! What a rebuild changed: packages added, removed and changed, findings new, fixed and still there.
//!
//! A package is known by its kind and name: several versions of one (two copies of an npm package) are compared as sets, and what
//! both sides have is no change. Findings are paired off by vulnerability and package ([`findings`]), so that one that an
//! update did not mend is still there, not fixed and new. Aliases count: a GHSA that has become a CVE is the same.
//!
//! A side that did not tell its packages or its findings (a saved report without `--list-all-pkgs` or of a scan that did not
//! look for vulnerabilities, a list of packages) is not taken for empty: the comparison is left out, and [`Diff::notes`]
//! says so. So it does where filters kept findings out of a saved report: what they hid on one side alone looks fixed.

mod findings;
pub mod markdown;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use pratique_advisory::Level;
use serde::Serialize;

use crate::model::{Coverage, FindingRow, PackageRow, Report, SCHEMA_VERSION, TargetInfo};

/// One of the two that are compared.
#[derive(Debug, Clone)]
pub struct Side {
    /// What it is.
    pub target: TargetInfo,
    /// Its packages; `None` if it does not tell.
    pub packages: Option<Vec<PackageRow>>,
    /// Its findings; `None` if nobody looked for any.
    pub findings: Option<Vec<FindingRow>>,
    /// Findings that filters kept out of it.
    pub hidden: usize,
    /// When the advisories that it was matched against were built.
    pub database: Option<String>,
    /// What was not looked at.
    pub coverage: Coverage,
}

impl From<Report> for Side {
    fn from(report: Report) -> Self {
        let looked = !report.checked.without_vulnerabilities;
        Self {
            target: report.target,
            packages: report.packages,
            findings: looked.then_some(report.findings),
            hidden: report.summary.hidden,
            database: looked.then_some(report.database.created),
            coverage: report.coverage,
        }
    }
}

impl From<crate::packages::PackageList> for Side {
    fn from(list: crate::packages::PackageList) -> Self {
        Self {
            target: list.target,
            packages: Some(list.packages),
            findings: None,
            hidden: 0,
            database: None,
            coverage: list.coverage,
        }
    }
}

/// What is different between an old and a new side.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// Version of the JSON schema.
    pub schema_version: u32,
    /// What was there before.
    pub old: TargetInfo,
    /// What is there now.
    pub new: TargetInfo,
    /// Packages, where both sides tell them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<PackageChanges>,
    /// Findings, where both sides tell them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<FindingChanges>,
    /// What was not compared, or not on equal terms, each a sentence.
    pub notes: Vec<String>,
}

/// Packages that came, went and changed, by kind and name.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PackageChanges {
    /// Only the new side has it.
    pub added: Vec<PackageChange>,
    /// Only the old side has it.
    pub removed: Vec<PackageChange>,
    /// Both have it, in different versions.
    pub changed: Vec<PackageChange>,
    /// How many are the same.
    pub unchanged: usize,
}

/// A package and its versions on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PackageChange {
    /// Kind of package.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Versions that only the old side has.
    pub old: Vec<String>,
    /// Versions that only the new side has.
    pub new: Vec<String>,
}

/// Findings that came and went, the worst first.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FindingChanges {
    /// Only the new side has it.
    pub new: Vec<FindingRow>,
    /// Only the old side has it.
    pub fixed: Vec<FindingRow>,
    /// Both have it; as the new side tells it.
    pub remaining: Vec<FindingRow>,
}

impl Diff {
    /// Compares two sides.
    pub fn new(old: Side, new: Side) -> Self {
        let mut notes = Vec::new();
        let packages = match (&old.packages, &new.packages) {
            (Some(before), Some(after)) => Some(package_changes(before, after)),
            (before, after) => {
                let silent = [(before.is_none(), &old), (after.is_none(), &new)];
                for (_, side) in silent.iter().filter(|(is_silent, _)| *is_silent) {
                    notes.push(format!(
                        "packages were not compared: the report of {} does not list them (pratique scan --list-all-pkgs)",
                        side.target.name
                    ));
                }
                None
            }
        };
        for (which, side) in [("old", &old), ("new", &new)] {
            if !side.coverage.complete {
                notes.push(format!(
                    "{} ({which}) was not analysed as a whole: what is missing there may look added or removed",
                    side.target.name
                ));
            }
        }
        for (which, side) in [("old", &old), ("new", &new)] {
            if side.hidden > 0 {
                notes.push(format!(
                    "{} findings of {} ({which}) were left out of its report by filters: they may look new or fixed",
                    side.hidden, side.target.name
                ));
            }
        }
        if let (Some(before), Some(after)) = (&old.database, &new.database)
            && before != after
        {
            notes.push(format!(
                "the sides were matched against different advisories ({before} and {after}): what is new may only be newly known"
            ));
        }
        let findings = match (old.findings, new.findings) {
            (Some(before), Some(after)) => Some(findings::changes(before, after)),
            (before, after) => {
                for (side, name) in [(before, &old.target.name), (after, &new.target.name)] {
                    if side.is_none() {
                        notes.push(format!("findings were not compared: nobody looked for those of {name}"));
                    }
                }
                None
            }
        };
        Self { schema_version: SCHEMA_VERSION, old: old.target, new: new.target, packages, findings, notes }
    }

    /// The worst level among the new findings.
    pub fn worst_new(&self) -> Option<Level> {
        self.findings.iter().flat_map(|findings| &findings.new).map(|row| row.finding.level()).max()
    }
}

/// Versions of each package, by kind and name.
fn versions(packages: &[PackageRow]) -> BTreeMap<(&str, String), BTreeSet<&str>> {
    let mut versions: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        let key = (package.kind.as_str(), package.full_name());
        versions.entry(key).or_default().insert(&package.version);
    }
    versions
}

fn package_changes(old: &[PackageRow], new: &[PackageRow]) -> PackageChanges {
    let (old, new) = (versions(old), versions(new));
    let mut changes = PackageChanges::default();
    let none = BTreeSet::new();
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (before, after) = (old.get(key).unwrap_or(&none), new.get(key).unwrap_or(&none));
        let only = |here: &BTreeSet<&str>, there: &BTreeSet<&str>| {
            here.difference(there).map(|version| (*version).to_owned()).collect()
        };
        let change = PackageChange {
            kind: key.0.to_owned(),
            name: key.1.clone(),
            old: only(before, after),
            new: only(after, before),
        };
        match (before.is_empty(), after.is_empty()) {
            (true, _) => changes.added.push(change),
            (_, true) => changes.removed.push(change),
            _ if before == after => changes.unchanged += 1,
            _ => changes.changed.push(change),
        }
    }
    changes
}
