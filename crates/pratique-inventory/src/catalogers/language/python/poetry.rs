//! `poetry.lock`: what Poetry locked.
//!
//! Follows Poetry's documentation and its writer (`poetry.packages.locker`). What changed over the years:
//!
//! * before 1.5 a package says `category = "main"` or `"dev"`;
//! * from 1.5 to 2.0 nothing tells what is for development only;
//! * since 2.0 it has `groups`: `main` is what everybody gets, the others are for development.
//!
//! `optional` says that only an extra of the project asks for it. Hashes have moved about and are not wanted.
//! Which of them the project asks for itself is in `pyproject.toml` alone. `[package.source]` says where it
//! comes from if not from the index; a `directory` is the project's own, and not stated.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    super::{document, origin},
    locked::{self, Versions},
};
use crate::{Cataloger, CatalogerId, File, Reading, Unreadable};

/// Distributions that `poetry.lock` pins.
pub struct PoetryLock;

impl Cataloger for PoetryLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/poetry-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/poetry.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"poetry.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::toml(file, "poetry.lock", locked::LONGEST)?;
        let mut versions = Versions::default();
        for package in &lock.package {
            versions.add(&package.name, &package.version);
        }
        let mut reading = Reading::nothing();
        for package in lock.package {
            let source = package.source.unwrap_or_default();
            if source.kind == "directory" {
                continue;
            }
            let mut stated = locked::stated(&package.name, &package.version);
            stated.development = match package.category.as_deref() {
                Some(category) => category == "dev",
                None => !package.groups.is_empty() && !package.groups.iter().any(|group| group == "main"),
            };
            stated.optional = package.optional;
            let always = package.dependencies.iter().filter(|(_, ask)| !ask.is_optional());
            stated.depends = always.map(|(name, _)| versions.requirement(name)).collect();
            let detail = match source.kind.as_str() {
                "git" | "hg" | "svn" | "bzr" => {
                    let commit = source.resolved_reference.or(source.reference).unwrap_or_default();
                    Some((origin::VCS_URL, origin::vcs_url(&source.kind, &source.url, &commit)))
                }
                "url" => Some((origin::DOWNLOAD_URL, origin::without_credentials(&source.url))),
                "legacy" => Some((origin::REPOSITORY_URL, origin::without_credentials(&source.url))),
                _ => None,
            };
            stated.details.extend(detail.map(|(key, value)| (key.to_owned(), value)));
            if !reading.package(stated, file.limits) {
                break;
            }
        }
        Ok(reading)
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    category: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, Ask>,
    source: Option<Source>,
}

/// A range, a table with one, or several of these for several platforms.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ask {
    Table {
        #[serde(default)]
        optional: bool,
    },
    Other(IgnoredAny),
}

impl Ask {
    fn is_optional(&self) -> bool {
        matches!(self, Self::Table { optional: true })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    reference: Option<String>,
    resolved_reference: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalogers::trial::{read, try_read, withstands_damage},
        fact::Requirement,
    };

    const SAMPLE: &str = r#"
[[package]]
name = "a"
version = "1.0"
category = "dev"
optional = false

[package.dependencies]
b = ">=1"
"Zope.Interface" = {version = "*", markers = "x"}
c = [{version = "1", python = "3"}, {version = "2"}]
extra = {version = "*", optional = true}

[package.extras]
x = ["extra"]

[[package]]
name = "b"
version = "2.0"
optional = true
groups = ["docs"]

[package.source]
type = "git"
url = "https://token@h/b.git"
reference = "main"
resolved_reference = "abc"

[[package]]
name = "zope-interface"
version = "3.0"
groups = ["main", "dev"]

[package.source]
type = "legacy"
url = "https://user:pw@index.example.org/simple"
reference = "private"

[[package]]
name = "c"
version = "1.0"

[[package]]
name = "c"
version = "2.0"

[[package]]
name = "own"
version = "0.1.0"

[package.source]
type = "directory"
url = "../own"

[metadata]
lock-version = "2.1"
"#;

    #[test]
    fn reads_all_ages() {
        let reading = read(&PoetryLock, "app/poetry.lock", SAMPLE);
        assert!(reading.problems.is_empty());
        assert_eq!(reading.names(), ["a 1.0", "b 2.0", "zope-interface 3.0", "c 1.0", "c 2.0"]);
        let found: Vec<_> = reading.packages().collect();
        let exactly = Requirement::exactly;
        assert_eq!(found[0].depends, [exactly("Zope.Interface", "3.0"), exactly("b", "2.0"), "c".into()]);
        assert_eq!(found[1].details["vcs_url"], "git+https://h/b.git@abc");
        assert_eq!(found[2].details["repository_url"], "https://index.example.org/simple");
        let told: Vec<_> = found.iter().map(|p| (p.development, p.optional)).collect();
        assert_eq!(told, [(true, false), (true, true), (false, false), (false, false), (false, false)]);
    }

    #[test]
    fn says_what_makes_no_sense() {
        for text in ["[[package]]\nname = 1\n", "[package]\n", "x"] {
            assert!(try_read(&PoetryLock, "poetry.lock", text).is_err(), "{text}");
        }
        assert_eq!(read(&PoetryLock, "poetry.lock", "package = []\n"), Reading::nothing());
    }

    #[test]
    fn bears_damage() {
        withstands_damage(&PoetryLock, "poetry.lock", SAMPLE);
    }
}
