//! A package as Composer writes it down, in `composer.lock` and `installed.json` alike.
//!
//! Follows Composer's "The composer.json schema" and `Composer\Package\Dumper\ArrayDumper`. What a package asks for
//! is PHP itself, its extensions and libraries too (`php`, `ext-json`, `lib-curl`, `composer-plugin-api`): platform
//! packages, told apart by having no vendor.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::super::{keys::Keys, one_or_many::OneOrMany, origin};
use crate::{PackageKind, Requirement, Stated};

/// The fields of a package that are wanted.
#[derive(Deserialize)]
pub(super) struct ComposerPackage {
    pub(super) name: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    license: Licences,
    #[serde(default, rename = "require")]
    requires: Keys,
    #[serde(default, rename = "provide")]
    provides: Keys,
    #[serde(default, rename = "replace")]
    replaces: Keys,
    source: Option<Place>,
    dist: Option<Place>,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default, rename = "type")]
    kind: String,
    url: Option<String>,
    reference: Option<String>,
}

/// A licence, or a list of them.
#[derive(Default)]
struct Licences(Vec<String>);

impl<'de> Deserialize<'de> for Licences {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Stated(OneOrMany),
            None(IgnoredAny),
        }
        Ok(match Either::deserialize(from)? {
            Either::Stated(licences) => Self(licences.into_vec()),
            Either::None(_) => Self::default(),
        })
    }
}

impl ComposerPackage {
    /// As a fact; what it asks for without versions yet.
    pub(super) fn into_stated(self) -> Stated {
        let mut stated = Stated {
            kind: PackageKind::Composer,
            name: self.name,
            version: self.version,
            licences: self.license.0,
            depends: self.requires.0.into_iter().filter(|name| is_package(name)).map(Into::into).collect(),
            ..Stated::default()
        };
        let provided = self.provides.0.into_iter().chain(self.replaces.0);
        stated.provides = provided.filter(|name| is_package(name)).collect();
        let place = self.source.as_ref().or(self.dist.as_ref());
        let local = self.dist.as_ref().is_some_and(|dist| dist.kind == "path");
        if local {
            stated.details.insert(origin::ORIGIN.into(), "local".into());
        }
        if let Some(commit) = place.and_then(|place| place.reference.as_deref()).filter(|_| !local) {
            stated.details.insert("commit".into(), commit.into());
        }
        // Packagist does not hold archives: the place of every package is its own repository. What is told is only
        // where it is no release of Packagist's.
        let source = self.source.filter(|source| source.kind == "git" && stated.version.starts_with("dev-"));
        if let Some(url) = source.as_ref().and_then(|source| source.url.as_deref()) {
            let reference =
                source.as_ref().and_then(|source| source.reference.as_deref()).unwrap_or_default();
            stated.details.insert("source_url".into(), origin::vcs_url("git", url, reference));
        }
        stated
    }
}

/// Whether Composer installs it: platform packages have no vendor.
pub(super) fn is_package(name: &str) -> bool {
    name.contains('/')
}

/// Puts the chosen versions to what packages ask for, and says which of them no other package asks for: the project
/// itself does then. What others ask for too it may ask for or not; that stands in `composer.json`.
pub(super) fn connect(packages: &mut [Stated]) {
    let mut versions: BTreeMap<String, String> = BTreeMap::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for package in packages.iter() {
        for provided in &package.provides {
            names.entry(provided.to_ascii_lowercase()).or_insert_with(|| package.name.clone());
        }
        versions.insert(package.name.clone(), package.version.clone());
    }
    names.extend(versions.keys().map(|name| (name.to_ascii_lowercase(), name.clone())));
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for package in packages.iter_mut() {
        for requirement in &mut package.depends {
            let chosen = names.get(&requirement.name.to_ascii_lowercase());
            if let Some((name, version)) = chosen.and_then(|name| versions.get_key_value(name)) {
                *requirement = Requirement::exactly(name.clone(), version.clone());
                asked.insert(name.clone());
            }
        }
    }
    for package in packages {
        package.direct = (!asked.contains(&package.name)).then_some(true);
    }
}
