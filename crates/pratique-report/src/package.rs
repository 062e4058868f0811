//! Packages as every document shows them.

use std::collections::BTreeMap;

use pratique_inventory::{Location, Package, PackageKind};
use serde::{Deserialize, Serialize};

use crate::target::LayerRef;

/// A package, wherever one is named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageRow {
    /// Name as its ecosystem writes it; for Java the artifact.
    pub name: String,
    /// Maven group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Version as its ecosystem writes it, epoch included.
    pub version: String,
    /// Kind, in Syft's words: `deb`, `npm`, `java-archive`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Package URL.
    pub purl: String,
    /// Architecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// The source package it was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRow>,
    /// Licences as stated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// Files that state it; `outer.jar!/inner.jar` for an archive in an archive.
    pub locations: Vec<String>,
    /// The layer in which this version first appeared.
    pub layer: LayerRef,
    /// The operating system package that installed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<String>,
    /// Only a lock file names it, and for development only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub development: bool,
    /// Only a lock file names it: nothing shows it installed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked_only: bool,
    /// More that its ecosystem states.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

/// A source package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl PackageRow {
    /// `package` as it is shown; `layers` are those of the target.
    pub fn new(package: &Package, layers: &[LayerRef]) -> Self {
        let place = |l: &Location| match l.inside.as_str() {
            "" => l.path.to_string(),
            inside => format!("{}!/{inside}", l.path),
        };
        Self {
            name: package.name.clone(),
            namespace: package.namespace.clone(),
            version: package.version.clone(),
            kind: package.kind.name().to_owned(),
            purl: package.purl.clone(),
            arch: package.arch.clone(),
            source: package
                .source
                .as_ref()
                .map(|source| SourceRow { name: source.name.clone(), version: source.version.clone() }),
            licenses: package.licences.clone(),
            locations: package.locations.iter().map(place).collect(),
            layer: layers.get(package.layer).cloned().unwrap_or_default(),
            owned_by: package.owned_by.clone(),
            development: package.development,
            locked_only: package.locked_only,
            details: package.details.clone(),
        }
    }

    /// Whether the distribution's own package manager installs packages of its kind.
    pub fn is_os(&self) -> bool {
        PackageKind::from_name(&self.kind).is_some_and(PackageKind::is_os)
    }

    /// What it was built from, and in which version: its source package, else the package itself. One update mends all that
    /// was built from the same.
    pub fn built_from(&self) -> (String, &str) {
        match &self.source {
            Some(source) => (source.name.clone(), &source.version),
            None => (self.full_name(), &self.version),
        }
    }

    /// `group:artifact` for Java, else the name.
    pub fn full_name(&self) -> String {
        match &self.namespace {
            Some(group) => format!("{group}:{}", self.name),
            None => self.name.clone(),
        }
    }
}
