//! What files state, as plain data: independent of the order in which files came, kept by layer digest.

mod maven;

use std::collections::BTreeMap;

use pratique_image::ImagePath;
use serde::{Deserialize, Serialize};

pub use self::maven::{MavenDependency, MavenParent, MavenProject};
use crate::{package::PackageKind, path_set::PathSet};

/// What one file states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    /// Which operating system release this is.
    Distribution(Distribution),
    /// A package that is installed, built in, or locked.
    Package(Box<Stated>),
    /// The files of a package that another file states: `dpkg/info/NAME.list`.
    PackageFiles {
        /// Package name, with `:arch` where the file's name has it.
        package: String,
        /// The files, directories left out.
        files: PathSet,
    },
    /// The licences of a package that another file states: `usr/share/doc/NAME/copyright`.
    PackageLicences {
        /// Package name.
        package: String,
        /// Licence identifiers as found, sorted.
        licences: Vec<String>,
    },
    /// A Maven project, whose dependencies other files have a say in: `pom.xml`.
    MavenProject(Box<MavenProject>),
    /// One field of the package that the file's folder is, where each lies in a file of its own: portage.
    PackageField {
        /// What it is: `slot`, `licence`, `depends`, …
        field: String,
        /// As the file has it.
        value: String,
    },
    /// What a build system noted of the layer that it made: it holds for the packages of that layer.
    Build {
        /// `content_sets`, `build`, …
        details: BTreeMap<String, String>,
    },
    /// The licences whose texts the file holds: `LICENSE`, `COPYING`, …
    LicenceText {
        /// SPDX identifiers, sorted; empty for a text that nobody knows.
        licences: Vec<String>,
    },
    /// Something secret. What it is never leaves the reader: only its kind, place and redacted form do.
    Secret(SecretFact),
    /// A file that a check looks for, by the word that the check's reader has for it: `package-cache/apt`.
    Trace(String),
}

/// A secret that one file holds, as much of it as may be told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretFact {
    /// Id of the rule that found it.
    pub rule: String,
    /// Line, counted from 1.
    pub line: u32,
    /// What may be shown of it: the prefix that all tokens of its kind have, and its length.
    pub redacted: String,
}

/// Permissions of a file or directory that give more than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialMode {
    /// Permission bits with set-user-id, set-group-id and sticky.
    pub mode: u32,
    /// Whether it is a directory.
    pub directory: bool,
}

impl SpecialMode {
    /// Whether who runs it gets the rights of its owner or group: a program with set-user-id or set-group-id.
    pub const fn elevates(self) -> bool {
        !self.directory && self.mode & 0o6000 != 0 && self.mode & 0o111 != 0
    }

    /// Whether everybody may write it: of a directory, also remove or replace what others put there, which the sticky
    /// bit forbids.
    pub const fn is_open(self) -> bool {
        self.mode & 0o002 != 0 && !(self.directory && self.mode & 0o1000 != 0)
    }

    /// Whether it gives more than usual.
    pub const fn is_special(self) -> bool {
        self.elevates() || self.is_open()
    }
}

/// A package as one file states it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stated {
    /// Kind of package: decides purl type and ordering of versions.
    pub kind: PackageKind,
    /// Name as its ecosystem writes it; for Maven the artifact, with the group in `namespace`.
    pub name: String,
    /// Version as its ecosystem writes it, epoch included (`1:2.3-4`); empty when the file states none.
    pub version: String,
    /// Maven group, npm needs none (the scope is part of the name).
    pub namespace: Option<String>,
    /// Architecture as the package's ecosystem calls it.
    pub arch: Option<String>,
    /// The package it was built from.
    pub source: Option<SourcePackage>,
    /// Licences as stated.
    pub licences: Vec<String>,
    /// Where inside the file: `BOOT-INF/lib/a.jar` for an archive in an archive. Empty for the file itself.
    pub inside: String,
    /// Whether it is only there for development.
    pub development: bool,
    /// Whether the file only locks or requests it (a lock file), rather than showing it installed.
    pub locked_only: bool,
    /// Files that belong to it, where the file that states it also lists them (rpm, apk).
    pub files: PathSet,
    /// What it asks for, as stated, sorted; in a lock file with the versions that were chosen.
    pub depends: Vec<Requirement>,
    /// Names besides its own under which others ask for it, sorted.
    pub provides: Vec<String>,
    /// Whether the project that the file belongs to asks for it itself (true), or only something that it uses does
    /// (false); `None` where the file does not tell.
    pub direct: Option<bool>,
    /// Whether it is optional: the project works, or installs, without it.
    pub optional: bool,
    /// More that its ecosystem states and that a person or a matcher wants: `modularity`, `vendor`, `commit`,
    /// `sourcerpm`, `vcs_url`, `essential`, …
    pub details: BTreeMap<String, String>,
}

/// Something that a package asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Requirement {
    /// Name of a package, or of what a package provides: `lodash`, `so:libc.musl-x86_64.so.1`, `/bin/sh`; with the
    /// group where the ecosystem has those (`org.slf4j:slf4j-api`).
    pub name: String,
    /// The version that was chosen for it, where the file tells exactly that; never a range.
    pub version: Option<String>,
}

impl Requirement {
    /// Asks for `name` in the version that was chosen.
    ///
    /// A version longer than any is left out: a lock file writes it once and everything that asks for it repeats it.
    pub fn exactly(name: impl Into<String>, version: impl Into<String>) -> Self {
        const LONGEST: usize = 1024;
        Self { name: name.into(), version: Some(version.into()).filter(|version| version.len() <= LONGEST) }
    }
}

impl From<String> for Requirement {
    fn from(name: String) -> Self {
        Self { name, version: None }
    }
}

impl From<&str> for Requirement {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

/// A requirement without a version is its name.
impl PartialEq<&str> for Requirement {
    fn eq(&self, name: &&str) -> bool {
        self.name == *name && self.version.is_none()
    }
}

/// The package that a binary package was built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePackage {
    /// Its name.
    pub name: String,
    /// Its version; the binary package's own where nothing else is stated.
    pub version: String,
}

/// An operating system release, as `os-release(5)` states it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// `ID`: `debian`, `alpine`, `rhel`, `amzn`, …
    pub id: String,
    /// `ID_LIKE`, split.
    pub id_like: Vec<String>,
    /// `VERSION_ID`: `12`, `3.14.0`, `9.3`; empty where a release states none (sid, Arch).
    pub version: String,
    /// `VERSION_CODENAME`.
    pub codename: Option<String>,
    /// `PRETTY_NAME`, or name and version.
    pub name: String,
    /// `BUILD_ID`: what releases without a version state instead (`rolling`).
    pub build: Option<String>,
    /// `CPE_NAME`.
    pub cpe: Option<String>,
    /// `VARIANT_ID`.
    pub variant: Option<String>,
    /// `SUPPORT_END` (`YYYY-MM-DD`), where stated.
    pub support_end: Option<String>,
    /// The point release, where another file states more than `VERSION_ID` does: `12.15` from
    /// `etc/debian_version`, `7.9.2009` from `etc/centos-release`.
    pub point_release: Option<String>,
}

/// All that was found in one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Name of the cataloger that read it.
    pub cataloger: String,
    /// What the file states.
    pub facts: Vec<Fact>,
}

/// Something that a careful reader of the result should hear of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Where; the root for the layer or image as a whole.
    pub path: ImagePath,
    /// Name of the cataloger that met it; `None` for the reader of the layer or image itself.
    pub cataloger: Option<String>,
    /// What and why: a sentence without a full stop.
    pub what: String,
    /// Whether something is missing from the result because of it; if not, it is only odd.
    pub lost: bool,
}

impl Problem {
    /// Something that could not be read, and is therefore missing from the result.
    pub fn lost(path: ImagePath, cataloger: Option<&str>, what: impl Into<String>) -> Self {
        Self { path, cataloger: cataloger.map(str::to_owned), what: what.into(), lost: true }
    }
}

/// All that one layer states, and what it covers of the layers below it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerFacts {
    /// Facts by the path of the file that states them; one entry per cataloger that read it.
    /// The cache writes them apart from all else ([`crate::Cache`]).
    #[serde(skip)]
    pub files: BTreeMap<ImagePath, Vec<FileFacts>>,
    /// Hard links to files of lower layers that a cataloger would read under the link's name: link → target.
    pub links_below: BTreeMap<ImagePath, ImagePath>,
    /// Symbolic links whose own name a cataloger would read: link, and its target resolved against the root.
    pub symlinks: BTreeMap<ImagePath, ImagePath>,
    /// Every path that is not a directory: it covers what lay at that path and below it.
    pub replaced: PathSet,
    /// Every directory: it covers a file that lay at that path.
    pub directories: PathSet,
    /// Paths removed by whiteouts.
    pub removed: PathSet,
    /// Directories of which nothing is left from lower layers.
    pub opaque: PathSet,
    /// Files and directories whose permissions give more than usual.
    pub modes: BTreeMap<ImagePath, SpecialMode>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Whether part of the layer could not be had this time: such facts are not kept.
    pub incomplete: bool,
}
