//! Packages, as they are once all layers are laid over each other.

use std::collections::BTreeMap;

use pratique_image::ImagePath;
use serde::{Deserialize, Serialize};

use crate::fact::SourcePackage;

/// The kinds of packages we know, each with its purl type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PackageKind {
    /// Alpine, Wolfi, Chainguard, Alpaquita: `apk`.
    Apk,
    /// Debian and Ubuntu: `deb`.
    Deb,
    /// Red Hat's and SUSE's families, Amazon, Photon, Azure Linux: `rpm`.
    Rpm,
    /// JavaScript: `npm`.
    Npm,
    /// Python: `pypi`.
    Python,
    /// Go modules, and the standard library as module `stdlib`: `golang`.
    Go,
    /// Rust crates: `cargo`.
    Cargo,
    /// Java archives: `maven`.
    Maven,
    /// Anything else: `generic`.
    #[default]
    Generic,
}

impl PackageKind {
    /// The purl type.
    pub fn purl_type(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Npm => "npm",
            Self::Python => "pypi",
            Self::Go => "golang",
            Self::Cargo => "cargo",
            Self::Maven => "maven",
            Self::Generic => "generic",
        }
    }

    /// The name by which Syft calls this kind, and by which our JSON does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Npm => "npm",
            Self::Python => "python",
            Self::Go => "go-module",
            Self::Cargo => "rust-crate",
            Self::Maven => "java-archive",
            Self::Generic => "binary",
        }
    }

    /// Whether the distribution's own package manager installs it.
    pub fn is_os(self) -> bool {
        matches!(self, Self::Apk | Self::Deb | Self::Rpm)
    }
}

/// A file that states a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// The file's path.
    pub path: ImagePath,
    /// Where inside the file, for an archive in an archive; else empty.
    pub inside: String,
}

/// A package of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// Kind of package.
    pub kind: PackageKind,
    /// Name as its ecosystem writes it; for Maven the artifact.
    pub name: String,
    /// Maven group.
    pub namespace: Option<String>,
    /// Version as its ecosystem writes it, epoch included; empty when unknown.
    pub version: String,
    /// The canonical package URL.
    pub purl: String,
    /// Architecture as its ecosystem calls it.
    pub arch: Option<String>,
    /// The package it was built from.
    pub source: Option<SourcePackage>,
    /// Licences as stated, sorted.
    pub licences: Vec<String>,
    /// Every file of this layer that states it, sorted.
    pub locations: Vec<Location>,
    /// Index of the layer in which this version first appeared, counted from 0.
    pub layer: usize,
    /// The operating system package that installed the files which state it, if one did.
    pub owned_by: Option<String>,
    /// Whether every file that states it says it is for development only.
    pub development: bool,
    /// Whether only lock files state it: nothing shows it installed.
    pub locked_only: bool,
    /// Names of what it depends on.
    pub depends: Vec<String>,
    /// More that its ecosystem states: `modularity`, `vendor`, `commit`, …
    pub details: BTreeMap<String, String>,
}

impl Package {
    /// The name under which people and advisories know it: `group:artifact` for Maven, else the name.
    pub fn full_name(&self) -> std::borrow::Cow<'_, str> {
        match &self.namespace {
            Some(group) if self.kind == PackageKind::Maven => format!("{group}:{}", self.name).into(),
            _ => self.name.as_str().into(),
        }
    }
}
