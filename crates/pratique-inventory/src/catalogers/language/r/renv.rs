//! `renv.lock`: the packages of R that renv locked.
//!
//! Follows renv's documentation, "Lockfiles": `Packages`, an object from names to records with `Package`,
//! `Version`, `Source` (`Repository`, `GitHub`, `Bioconductor`, …), `Remote…` fields for what did not come
//! from a repository, and, until version 1.1 wrote whole DESCRIPTION fields, `Requirements`, a list of names.
//! `R` names itself among those.
//!
//! Since 1.1 a record has `Depends`, `Imports`, `LinkingTo` as lists of requirements with ranges instead.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::super::{document, one_or_many::OneOrMany, origin};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Packages that `renv.lock` pins.
pub struct RenvLock;

/// Longest file that is read, in bytes; real ones stay under 1 MB.
const LONGEST: u64 = 16 << 20;
const FORMAT: &str = "renv.lock";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Lock {
    #[serde(default)]
    packages: BTreeMap<String, Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    package: Option<String>,
    version: Option<String>,
    license: Option<String>,
    source: Option<String>,
    repository: Option<String>,
    remote_host: Option<String>,
    remote_username: Option<String>,
    remote_repo: Option<String>,
    remote_url: Option<String>,
    remote_sha: Option<String>,
    #[serde(default)]
    requirements: OneOrMany,
    #[serde(default)]
    depends: OneOrMany,
    #[serde(default)]
    imports: OneOrMany,
    #[serde(default)]
    linking_to: OneOrMany,
}

/// The names in lists of requirements; R writes a list that has a single element as that element.
fn names(list: &OneOrMany) -> impl Iterator<Item = &str> {
    let parts = list.as_slice().iter().flat_map(|entry| entry.split(','));
    parts.map(|entry| entry.split('(').next().unwrap_or(entry).trim()).filter(|name| !name.is_empty())
}

impl Cataloger for RenvLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/renv-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/renv.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"renv.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::json(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        for (name, _) in lock.packages.iter().filter(|(_, record)| record.version.is_none()) {
            reading.problem(format!("the record of `{name}` has no Version"));
        }
        let packages = lock.packages.iter().map(|(key, record)| record.stated(key, &lock.packages));
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

impl Record {
    fn stated(&self, key: &str, all: &BTreeMap<String, Self>) -> Stated {
        let asked = [&self.requirements, &self.depends, &self.imports, &self.linking_to];
        let asked = asked.into_iter().flat_map(names);
        let depends: Vec<Requirement> = asked
            .map(|name| Requirement {
                name: name.to_owned(),
                version: all.get(name).and_then(|record| record.version.clone()),
            })
            .collect();
        let mut stated = Stated {
            kind: PackageKind::Cran,
            name: self.package.as_deref().unwrap_or(key).to_owned(),
            version: self.version.clone().unwrap_or_default(),
            licences: self.license.iter().cloned().collect(),
            locked_only: true,
            depends,
            ..Stated::default()
        };
        let mut detail = |key: &str, value: Option<String>| {
            stated.details.extend(value.map(|value| (key.to_owned(), value)));
        };
        detail("repository", self.repository.clone());
        detail(origin::VCS_URL, self.place());
        detail(origin::ORIGIN, (self.source.as_deref() == Some("Local")).then(|| "local".to_owned()));
        stated
    }

    /// The repository it was taken from, if it was no package repository.
    fn place(&self) -> Option<String> {
        let commit = self.remote_sha.as_deref().unwrap_or_default();
        let url = match self.source.as_deref()? {
            "GitHub" | "GitLab" | "Bitbucket" => {
                let host = self.remote_host.as_deref().unwrap_or("api.github.com");
                // What is recorded is where the API lies.
                let host = match host.trim_start_matches("https://").split('/').next()? {
                    "api.github.com" => "github.com",
                    "api.bitbucket.org" => "bitbucket.org",
                    host => host,
                };
                format!(
                    "https://{host}/{}/{}",
                    self.remote_username.as_deref()?,
                    self.remote_repo.as_deref()?
                )
            }
            "git" | "git2r" | "Git" => self.remote_url.clone()?,
            _ => return None,
        };
        Some(origin::vcs_url("git", &url, commit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const LOCK: &str = r#"{"R": {"Version": "4.3.1"}, "Packages": {
        "markdown": {"Package": "markdown", "Version": "1.0", "Source": "Repository", "Repository": "CRAN",
                     "Requirements": ["mime", "utils"]},
        "mime": {"Package": "mime", "Version": "0.12.1", "Source": "GitHub", "RemoteHost": "api.github.com",
                 "RemoteUsername": "yihui", "RemoteRepo": "mime", "RemoteSha": "1763", "Requirements": "tools"},
        "new": {"Package": "new", "Version": "1", "License": "MIT", "Imports": ["markdown (>= 1.0)"]}}}"#;

    #[test]
    fn sources_and_edges() {
        let found = trial::packages(&RenvLock, "renv.lock", LOCK);
        assert_eq!(trial::ids(&found), ["markdown 1.0", "mime 0.12.1", "new 1"]);
        assert_eq!(trial::depends(&found[0]), ["mime 0.12.1", "utils ?"]);
        assert_eq!(trial::depends(&found[2]), ["markdown 1.0"]);
        assert_eq!(found[1].details["vcs_url"], "git+https://github.com/yihui/mime@1763");
        let reading = trial::read(&RenvLock, "renv.lock", r#"{"Packages": {"a": {}}}"#);
        assert_eq!(reading.problems, ["the record of `a` has no Version"]);
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&RenvLock, "renv.lock", LOCK);
        trial::keeps_to_the_limit(&RenvLock, "renv.lock", LOCK);
    }
}
