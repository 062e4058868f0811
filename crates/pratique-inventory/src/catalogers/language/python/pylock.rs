//! `pylock.toml` and `pylock.NAME.toml`: the lock file that is the same for all of Python's tools.
//!
//! Follows the PyPA specification "pylock.toml" (PEP 751). Where a package comes from is a table: `vcs`,
//! `directory` (the project's own, not stated), `archive`, else an index. What only an extra or a group brings says
//! so in its marker (`'web' in extras`, `'dev' in dependency_groups`): where the whole marker is that, possibly
//! with more that must hold too, the package is optional, or for development. `dependencies` are informative and
//! name packages of the file.

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{
    super::{document, origin},
    locked::{self, Versions},
};
use crate::{Cataloger, CatalogerId, File, Reading, Unreadable, fact::Requirement};

/// Distributions that `pylock.toml` pins.
pub struct PyLock;

impl Cataloger for PyLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/pylock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/pylock.toml", "**/pylock.*.toml"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        let between = name.strip_prefix(b"pylock.").and_then(|rest| rest.strip_suffix(b".toml"));
        name == b"pylock.toml" || between.is_some_and(|name| !name.is_empty() && !name.contains(&b'.'))
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::toml(file, "pylock.toml", locked::LONGEST)?;
        let mut versions = Versions::default();
        for package in &lock.packages {
            versions.add(&package.name, package.version.as_deref().unwrap_or_default());
        }
        let mut reading = Reading::nothing();
        for package in lock.packages {
            if package.directory.is_some() {
                continue;
            }
            let mut stated = locked::stated(&package.name, package.version.as_deref().unwrap_or_default());
            (stated.development, stated.optional) = by_marker(package.marker.as_deref().unwrap_or_default());
            let exactly = |asked: &Asked| match (&asked.name, &asked.version) {
                (Some(name), Some(version)) => Some(Requirement::exactly(name, version)),
                (Some(name), None) => Some(versions.requirement(name)),
                _ => None,
            };
            stated.depends = package.dependencies.iter().filter_map(exactly).collect();
            if let Some(Vcs { kind, url: Some(url), commit_id }) = &package.vcs {
                stated.details.insert(origin::VCS_URL.into(), origin::vcs_url(kind, url, commit_id));
            }
            if let Some(Archive { url: Some(url) }) = &package.archive {
                stated.details.insert(origin::DOWNLOAD_URL.into(), origin::without_credentials(url));
            }
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
    packages: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Option<String>,
    marker: Option<String>,
    #[serde(default)]
    dependencies: Vec<Asked>,
    vcs: Option<Vcs>,
    directory: Option<Directory>,
    archive: Option<Archive>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    name: Option<String>,
    version: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Vcs {
    #[serde(rename = "type")]
    kind: String,
    url: Option<String>,
    commit_id: String,
}

#[derive(Deserialize)]
struct Directory {}

#[derive(Deserialize)]
struct Archive {
    url: Option<String>,
}

/// Whether a marker says that the package is for development only, or optional.
fn by_marker(marker: &str) -> (bool, bool) {
    let mut development = !marker.is_empty();
    let mut optional = !marker.is_empty();
    // Alternatives at any depth: each must say so. Parentheses do not matter for what is looked for.
    for alternative in marker.split(" or ") {
        let groups = alternative.contains(" in dependency_groups")
            && !alternative.contains(" not in dependency_groups");
        let extras = alternative.contains(" in extras") && !alternative.contains(" not in extras");
        development &= groups;
        optional &= extras || groups;
    }
    (development, optional && !development)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, wants, withstands_damage};

    const SAMPLE: &str = r#"
lock-version = "1.0"
created-by = "tool"

[[packages]]
name = "a"
version = "1.0"
dependencies = [{ name = "b" }, { name = "c", version = "3.0" }]
wheels = [{ url = "https://h/a.whl", hashes = { sha256 = "00" } }]

[[packages]]
name = "b"
version = "2.0"
marker = "'dev' in dependency_groups"
vcs = { type = "git", url = "https://token@h/b.git", commit-id = "abc" }

[[packages]]
name = "c"
marker = "python_version < '3' and ('web' in extras or 'dev' in dependency_groups)"
archive = { url = "https://user:pw@h/c.tar.gz", hashes = { sha256 = "00" } }

[[packages]]
name = "own"
directory = { path = ".", editable = true }
"#;

    #[test]
    fn reads_packages() {
        let reading = read(&PyLock, "app/pylock.toml", SAMPLE);
        assert!(reading.problems.is_empty());
        assert_eq!(reading.names(), ["a 1.0", "b 2.0", "c "]);
        let found: Vec<_> = reading.packages().collect();
        assert_eq!(found[0].depends, [Requirement::exactly("b", "2.0"), Requirement::exactly("c", "3.0")]);
        assert_eq!(found[1].details["vcs_url"], "git+https://h/b.git@abc");
        assert_eq!(found[2].details["download_url"], "https://h/c.tar.gz");
        let told: Vec<_> = found.iter().map(|p| (p.development, p.optional)).collect();
        assert_eq!(told, [(false, false), (true, false), (false, true)]);
    }

    #[test]
    fn judges_markers() {
        for (marker, want) in [
            ("", (false, false)),
            ("os_name == 'nt'", (false, false)),
            ("'x' in extras", (false, true)),
            ("os_name == 'nt' or 'x' in extras", (false, false)),
            ("'x' not in extras", (false, false)),
            ("'a' in dependency_groups or 'b' in dependency_groups", (true, false)),
        ] {
            assert_eq!(by_marker(marker), want, "{marker}");
        }
    }

    #[test]
    fn wants_named_locks() {
        for (path, want) in [
            ("pylock.toml", true),
            ("a/pylock.dev.toml", true),
            ("pylock.a.b.toml", false),
            ("pylock..toml", false),
            ("my-pylock.toml", false),
        ] {
            assert_eq!(wants(&PyLock, path), want, "{path}");
        }
    }

    #[test]
    fn bears_damage() {
        assert!(try_read(&PyLock, "pylock.toml", b"packages = 1").is_err());
        withstands_damage(&PyLock, "pylock.toml", SAMPLE);
    }
}
