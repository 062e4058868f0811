//! What all writers start from.

use std::collections::{BTreeMap, HashMap};

use super::Subject;
use crate::{
    inventory::{Inventory, Scope},
    package::Package,
};

/// An inventory that is to become a document.
#[derive(Debug, Clone, Copy)]
pub struct Sbom<'a> {
    /// What was found.
    pub inventory: &'a Inventory,
    /// Which of its packages are asked for.
    pub scope: Scope,
    /// What it is the inventory of.
    pub subject: &'a Subject,
    /// Version of this program.
    pub tool_version: &'a str,
    /// When the document was made (RFC 3339, whole seconds, `Z`); `None` to leave it out where the format allows
    /// that.
    pub created: Option<&'a str>,
}

/// The time of documents of which nobody said when they were made, in formats that must have one.
pub const NO_TIME: &str = "1970-01-01T00:00:00Z";

/// The packages of an [`Sbom`], each with a name that is unique in the document.
#[derive(Debug)]
pub struct Contents<'a> {
    entries: Vec<Entry<'a>>,
    /// Position in `entries` by index in the inventory.
    positions: HashMap<usize, usize>,
}

/// A package of a document.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its index in [`Inventory::packages`].
    pub index: usize,
    /// The package.
    pub package: &'a Package,
    /// Names it in the document: the purl, where only this package has it.
    pub reference: String,
    /// Positions in [`Contents::entries`] of those on which it depends.
    pub depends: Vec<usize>,
    /// Whether the image itself is said to depend on it: the project asks for it, or nothing that is asked for does.
    pub is_root: bool,
}

impl<'a> Contents<'a> {
    /// Names the packages that are asked for.
    pub fn new(sbom: &Sbom<'a>) -> Self {
        let all = sbom.inventory.packages.iter().enumerate();
        let asked: Vec<_> = all.filter(|(_, package)| sbom.scope.includes(package)).collect();
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, package) in &asked {
            *times.entry(&package.purl).or_default() += 1;
        }
        let mut used: HashMap<String, usize> = HashMap::new();
        let mut entries: Vec<_> = asked
            .into_iter()
            .map(|(index, package)| {
                let mut reference = package.purl.clone();
                if times.get(package.purl.as_str()).is_some_and(|times| *times > 1) {
                    // The same package in several layers, or once more in the hands of the distribution.
                    reference.push_str(&format!("#layer-{}", package.layer));
                    if let Some(owner) = &package.owned_by {
                        reference.push_str(&format!("-{owner}"));
                    }
                }
                let again = used.entry(reference.clone()).or_default();
                *again += 1;
                if *again > 1 {
                    reference.push_str(&format!("#{again}"));
                }
                Entry { index, package, reference, depends: Vec::new(), is_root: false }
            })
            .collect();
        let positions: HashMap<usize, usize> =
            entries.iter().enumerate().map(|(at, entry)| (entry.index, at)).collect();
        let graph = sbom.inventory.graph();
        for entry in &mut entries {
            let there = |index: &usize| positions.get(index).copied();
            entry.depends = graph.dependencies(entry.index).iter().filter_map(there).collect();
            entry.is_root = entry.package.direct == Some(true)
                || graph.dependents(entry.index).iter().filter_map(there).next().is_none();
        }
        Self { entries, positions }
    }

    /// All of them, in the inventory's order.
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// On whom `entry` depends.
    pub fn dependencies<'e>(&'e self, entry: &'e Entry<'a>) -> impl Iterator<Item = &'e Entry<'a>> {
        entry.depends.iter().filter_map(|&at| self.entries.get(at))
    }

    /// The name of the package with this index in the inventory, if it is asked for.
    pub fn reference(&self, index: usize) -> Option<&str> {
        let position = *self.positions.get(&index)?;
        self.entries.get(position).map(|entry| entry.reference.as_str())
    }
}
