//! `Cargo.lock`: the crates that a build of a Rust project used.
//!
//! Follows Cargo's own encoder (`cargo::core::resolver::encode`, whose module documentation is the only
//! specification) and The Cargo Book, chapter "Cargo.toml vs Cargo.lock". Four versions, which differ in how
//! they write the same things:
//!
//! * 1: `name version (source)` in every dependency, checksums apart in `[metadata]`, and before Cargo 0.19 the
//!   project itself in `[root]`;
//! * 2: the shortest name that is not ambiguous (`name`, `name version`, …), checksums in the package;
//! * 3 and 4: how the branch of a git source is written.
//!
//! What `[[patch.unused]]` names is not built, nor is an entry with `replace`: that names the entry which is
//! built in its stead, and which is listed too.
//!
//! A crate without `source` lies on the disk: the project, a member of its workspace, or a copy that somebody
//! keeps with changes of his own (`[patch]`, `path = …`). The last is as vulnerable as the original, the others
//! rarely have a namesake; they look alike, so all are stated, with the detail `origin: local`. A lock file
//! does not say what only tests and build scripts need.

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{origin, toml_text};
use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable};

/// Crates that `Cargo.lock` pins.
pub struct CargoLock;

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
        CatalogerId { name: "language/cargo-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/Cargo.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"Cargo.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = toml_text::read(file, FORMAT)?;
        let mut reading = Reading::nothing();
        for locked in lock.root.into_iter().chain(lock.package).filter(|locked| locked.replace.is_none()) {
            if reading.facts.len() >= file.limits.records {
                reading.problem(format!("only {} of its crates were read", file.limits.records));
                break;
            }
            reading.facts.push(Fact::Package(Box::new(locked.into_stated())));
        }
        Ok(reading)
    }
}

impl Locked {
    fn into_stated(self) -> Stated {
        let mut stated = Stated {
            kind: PackageKind::Cargo,
            name: self.name,
            version: self.version,
            locked_only: true,
            // `name`, `name version` or `name version (source)`.
            depends: self
                .dependencies
                .iter()
                .filter_map(|dependency| dependency.split_ascii_whitespace().next())
                .map(str::to_owned)
                .map(Into::into)
                .collect(),
            ..Stated::default()
        };
        stated.depends.sort_unstable();
        stated.depends.dedup();
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
