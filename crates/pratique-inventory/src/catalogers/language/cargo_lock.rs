//! `Cargo.lock`: the crates that a build of a Rust project used.
//!
//! Follows Cargo's own encoder (`cargo::core::resolver::encode`, whose module documentation is the only
//! specification) and The Cargo Book, chapter "Cargo.toml vs Cargo.lock". Four versions, which differ in how
//! they write the same things:
//!
//! * 1: `name version (source)` in every dependency, checksums apart in `[metadata]`, and before Cargo 0.19
//!   the project itself in `[root]`;
//! * 2: the shortest name that is not ambiguous (`name`, `name version`, …), checksums in the package;
//! * 3 and 4: how the branch of a git source is written.
//!
//! What `[[patch.unused]]` names is not built, nor is an entry with `replace`: that names the entry which is
//! built in its stead, and which is listed too.
//!
//! A crate without `source` lies on the disk: the project, a member of its workspace, or a copy that somebody
//! keeps with changes of his own (`[patch]`, `path = …`). The last is as vulnerable as the original, the
//! others rarely have a namesake; they look alike, so all are stated, with the detail `origin: local`. What
//! they depend on is what the project asks for itself. A lock file does not say what only tests and build
//! scripts need.

use std::collections::{BTreeMap, BTreeSet};

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{document, origin};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Crates that `Cargo.lock` pins.
pub struct CargoLock;

/// Longest lock file that is read, in bytes: a thousand crates take 250 kB.
const LONGEST: u64 = 32 << 20;
const FORMAT: &str = "Cargo.lock";
/// The registry that advisories for crates speak of, by its git index and by its sparse one.
const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

#[derive(Deserialize)]
struct Lock {
    root: Option<Locked>,
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    replace: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Cataloger for CargoLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/cargo-lock", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/Cargo.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"Cargo.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::toml(file, FORMAT, LONGEST)?;
        let locked: Vec<Locked> =
            lock.root.into_iter().chain(lock.package).filter(|locked| locked.replace.is_none()).collect();
        let chosen = Chosen::of(&locked);
        let asked: BTreeSet<Requirement> = locked
            .iter()
            .filter(|locked| locked.source.is_none())
            .flat_map(|local| local.dependencies.iter().filter_map(|asked| chosen.requirement(asked)))
            .collect();
        let packages = locked.iter().map(|locked| locked.stated(&chosen, &asked));
        let mut reading = Reading::nothing();
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

/// The versions of every name, by which a dependency that is not ambiguous gives none.
struct Chosen<'a>(BTreeMap<&'a str, BTreeSet<&'a str>>);

impl<'a> Chosen<'a> {
    fn of(locked: &'a [Locked]) -> Self {
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for each in locked {
            versions.entry(&each.name).or_default().insert(&each.version);
        }
        Self(versions)
    }

    /// What `name`, `name version` or `name version (source)` stands for.
    fn requirement(&self, dependency: &str) -> Option<Requirement> {
        let mut words = dependency.split_ascii_whitespace();
        let name = words.next()?;
        let only = || {
            let mut versions = self.0.get(name)?.iter();
            versions.next().copied().filter(|_| versions.next().is_none())
        };
        let version = words.next().or_else(only).map(str::to_owned);
        Some(Requirement { name: name.to_owned(), version })
    }
}

impl Locked {
    fn stated(&self, chosen: &Chosen<'_>, asked: &BTreeSet<Requirement>) -> Stated {
        let depends: BTreeSet<_> =
            self.dependencies.iter().filter_map(|dependency| chosen.requirement(dependency)).collect();
        let mut stated = Stated {
            kind: PackageKind::Cargo,
            name: self.name.clone(),
            version: self.version.clone(),
            locked_only: true,
            // The project itself is not something that it asks for.
            direct: self
                .source
                .as_ref()
                .map(|_| asked.contains(&Requirement::exactly(self.name.as_str(), self.version.as_str()))),
            depends: depends.into_iter().collect(),
            ..Stated::default()
        };
        let detail = match self.source.as_deref() {
            None => Some((origin::ORIGIN, "local".to_owned())),
            Some(source) if CRATES_IO.contains(&source) => None,
            Some(source) if source.starts_with("git+") => {
                let (url, commit) = source.split_once('#').unwrap_or((source, ""));
                Some((origin::VCS_URL, origin::vcs_url("git", url, commit)))
            }
            Some(source) => {
                let url = source.split_once('+').map_or(source, |(_, url)| url);
                Some((origin::REPOSITORY_URL, origin::without_credentials(url)))
            }
        };
        stated.details.extend(detail.map(|(key, value)| (key.to_owned(), value)));
        stated
    }
}

#[cfg(test)]
mod tests;
