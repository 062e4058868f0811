//! What was not matched, said in sentences: ten thousand packages without advisories are one.

use std::collections::BTreeMap;

use pratique_inventory::{Inventory, Package, PackageKind};

use crate::{
    distribution::why_unmatched,
    lookup::{Questions, Unasked},
};

/// Counts by reason.
#[derive(Default)]
pub(crate) struct Gaps {
    without: BTreeMap<Unasked, usize>,
    kinds: BTreeMap<PackageKind, usize>,
    absent: BTreeMap<String, usize>,
}

impl Gaps {
    /// Nothing could be asked about the package.
    pub(crate) fn note(&mut self, why: Unasked, package: &Package) {
        *self.without.entry(why).or_default() += 1;
        if why == Unasked::Ecosystem {
            *self.kinds.entry(package.kind).or_default() += 1;
        }
    }

    /// A package all of whose ecosystems are missing from the database was not matched either.
    pub(crate) fn note_absent(&mut self, questions: &Questions<'_, '_>) {
        let Some(name) = questions.absent() else { return };
        match self.absent.get_mut(name) {
            Some(count) => *count += 1,
            None => _ = self.absent.insert(name.to_owned(), 1),
        }
    }

    /// Counts what another part of the packages gave.
    pub(crate) fn add(&mut self, other: Self) {
        fn add<K: Ord>(to: &mut BTreeMap<K, usize>, from: BTreeMap<K, usize>) {
            for (key, count) in from {
                *to.entry(key).or_default() += count;
            }
        }
        add(&mut self.without, other.without);
        add(&mut self.kinds, other.kinds);
        add(&mut self.absent, other.absent);
    }

    /// The sentences. `has_release` says whether the distribution's packages can be matched.
    pub(crate) fn into_sentences(self, inventory: &Inventory, has_release: bool) -> Vec<String> {
        let mut sentences = Vec::new();
        for (why, count) in self.without {
            sentences.push(match why {
                Unasked::Release => match &inventory.distribution {
                    Some(distribution) => {
                        format!("{count} packages of {}", why_unmatched(distribution))
                    }
                    None => {
                        format!("{count} packages of an unknown distribution: the image has no os-release")
                    }
                },
                Unasked::Group => {
                    format!("{count} Java archives: nothing in them tells their Maven group")
                }
                Unasked::Foreign => {
                    format!(
                        "{count} packages of another distribution inside the image: nothing tells its release"
                    )
                }
                Unasked::Commit => {
                    format!("{count} actions at a commit: no comment beside it tells the release")
                }
                Unasked::Version => format!("{count} packages that state no version"),
                Unasked::Ecosystem => {
                    let kinds: Vec<_> = self.kinds.keys().map(|kind| kind.name()).collect();
                    format!("{count} packages of kinds without advisories: {}", kinds.join(", "))
                }
            });
        }
        for (ecosystem, count) in self.absent {
            sentences.push(format!(
                "{count} packages: the advisory database holds nothing for {ecosystem} (see `pratique db status`)"
            ));
        }
        // An image with a release but no packages of it has lost its package database, or never had one.
        if has_release && !inventory.packages.iter().any(|package| package.kind.is_os()) {
            sentences.push("the distribution's packages: the image holds no package database".into());
        }
        sentences
    }
}
