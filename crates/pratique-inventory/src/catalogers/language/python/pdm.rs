//! `pdm.lock`: what PDM locked.
//!
//! Follows PDM's documentation, "Lock file", and its writer (`pdm.formats`, `pdm.models.candidates`). A package
//! has `groups` when the strategy `inherit_metadata` was on: `default` is what everybody gets; others are groups
//! for development or extras of the project, which the file does not tell apart. Only PDM's own name for what is
//! for development, `dev`, is taken for that; everything outside of `default` is optional. A package that is asked
//! for with extras stands there twice, the second time with the extras' requirements.

use std::collections::HashMap;

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{
    super::{document, origin},
    locked::{self, Versions},
    specifier::Specifier,
};
use crate::{Cataloger, CatalogerId, Fact, File, Reading, Unreadable};

/// Distributions that `pdm.lock` pins.
pub struct PdmLock;

impl Cataloger for PdmLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/pdm-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/pdm.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"pdm.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::toml(file, "pdm.lock", locked::LONGEST)?;
        let mut versions = Versions::default();
        for package in &lock.package {
            versions.add(&package.name, package.version.as_deref().unwrap_or_default());
        }
        let mut reading = Reading::nothing();
        let mut known: HashMap<(String, String), usize> = HashMap::new();
        for package in lock.package {
            if package.path.as_deref().is_some_and(|path| !locked::is_archive(path)) {
                continue;
            }
            let version = package.version.unwrap_or_default();
            let depends = package.dependencies.iter().filter_map(|text| Specifier::parse(text));
            // With its extras a package asks for itself without them.
            let depends = depends.filter(|asked| asked.name != package.name);
            let depends: Vec<_> = depends.map(|asked| versions.requirement(asked.name)).collect();
            let (development, optional) = match package.groups.as_slice() {
                [] => (false, false),
                groups => (groups == ["dev"], !groups.iter().any(|group| group == "default")),
            };
            let identity = (package.name.clone(), version.clone());
            if let Some(Fact::Package(stated)) =
                known.get(&identity).and_then(|at| reading.facts.get_mut(*at))
            {
                stated.depends.extend(depends);
                stated.development &= development;
                stated.optional &= optional;
                continue;
            }
            let mut stated = locked::stated(&package.name, &version);
            (stated.development, stated.optional, stated.depends) = (development, optional, depends);
            let repositories =
                [("git", package.git), ("hg", package.hg), ("svn", package.svn), ("bzr", package.bzr)];
            for (tool, url) in repositories.into_iter().filter_map(|(tool, url)| Some((tool, url?))) {
                let place = origin::vcs_url(tool, &url, package.revision.as_deref().unwrap_or_default());
                stated.details.insert(origin::VCS_URL.into(), place);
            }
            if let Some(url) = package.url {
                stated.details.insert(origin::DOWNLOAD_URL.into(), origin::without_credentials(&url));
            }
            known.insert(identity, reading.facts.len());
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
    version: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    git: Option<String>,
    hg: Option<String>,
    svn: Option<String>,
    bzr: Option<String>,
    revision: Option<String>,
    url: Option<String>,
    path: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalogers::trial::{read, try_read, withstands_damage},
        fact::Requirement,
    };

    const SAMPLE: &str = r#"
[metadata]
groups = ["default", "dev", "web"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"

[[package]]
name = "a"
version = "1.0"
groups = ["default"]
dependencies = ["b>=1; python_version < '3'", "c[x]==1", "broken ["]

[[package]]
name = "a"
version = "1.0"
extras = ["x"]
groups = ["web"]
dependencies = ["a==1.0", "d"]

[[package]]
name = "b"
version = "2.0"
groups = ["dev"]
git = "https://token@h/b.git"
ref = "main"
revision = "abc"

[[package]]
name = "c"
version = "3.0"
groups = ["web", "dev"]
url = "https://user:pw@h/c.whl"

[[package]]
name = "own"
version = "0.1.0"
path = "./own"
editable = true
"#;

    #[test]
    fn reads_groups_and_extras() {
        let reading = read(&PdmLock, "pdm.lock", SAMPLE);
        assert_eq!(reading.names(), ["a 1.0", "b 2.0", "c 3.0"]);
        let found: Vec<_> = reading.packages().collect();
        let exactly = Requirement::exactly;
        assert_eq!(found[0].depends, [exactly("b", "2.0"), exactly("c", "3.0"), "d".into()]);
        let told: Vec<_> = found.iter().map(|p| (p.development, p.optional)).collect();
        assert_eq!(told, [(false, false), (true, true), (false, true)]);
        assert_eq!(found[1].details["vcs_url"], "git+https://h/b.git@abc");
        assert_eq!(found[2].details["download_url"], "https://h/c.whl");
    }

    #[test]
    fn bears_damage() {
        assert!(try_read(&PdmLock, "pdm.lock", b"[[package]]\nversion = '1'").is_err());
        withstands_damage(&PdmLock, "pdm.lock", SAMPLE);
    }
}
