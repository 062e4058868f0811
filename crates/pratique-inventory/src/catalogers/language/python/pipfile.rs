//! `Pipfile.lock`: what Pipenv locked.
//!
//! Follows Pipenv's documentation, "Pipfile.lock". An object of categories: `default`, `develop`, and since 2022
//! any that somebody named, which are installed when asked for (`--categories`). In each, packages by name, with
//! `version` as a pin (`==1.0`), or an address. A folder (`path`) is the project's own and not stated. Which of
//! them the project asks for is in `Pipfile` alone.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;
use serde::Deserialize;
use serde_json::Value;

use super::{
    super::{document, origin},
    locked,
};
use crate::{Cataloger, CatalogerId, File, Reading, Stated, Unreadable};

/// Distributions that `Pipfile.lock` pins.
pub struct PipfileLock;

/// Longest lock file that is read, in bytes.
const LONGEST: u64 = 32 << 20;
const FORMAT: &str = "Pipfile.lock";

impl Cataloger for PipfileLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/pipfile-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/Pipfile.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"Pipfile.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: BTreeMap<String, Value> = document::json(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        for (category, packages) in lock.into_iter().filter(|(category, _)| category != "_meta") {
            let packages: BTreeMap<String, Value> = match serde_json::from_value(packages) {
                Ok(packages) => packages,
                Err(error) => {
                    reading
                        .problem(format!("the category {category:.100?} is no object of packages: {error}"));
                    continue;
                }
            };
            for (name, package) in packages {
                let package = match serde_json::from_value::<Locked>(package) {
                    Ok(package) => package.stated(&name, &category),
                    Err(error) => Err(format!("{category:.100?}: {name:.100?}: {error}")),
                };
                match package {
                    Ok(Some(stated)) => {
                        if !reading.package(stated, file.limits) {
                            return Ok(reading);
                        }
                    }
                    Ok(None) => {}
                    Err(why) => reading.problem(why),
                }
            }
        }
        Ok(reading)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Locked {
    version: Option<String>,
    r#ref: Option<String>,
    git: Option<String>,
    hg: Option<String>,
    svn: Option<String>,
    bzr: Option<String>,
    file: Option<String>,
    path: Option<String>,
}

impl Locked {
    /// The package; `None` for a folder of the project's own, a sentence for what says too little.
    fn stated(self, name: &str, category: &str) -> Result<Option<Stated>, String> {
        if self.path.as_deref().is_some_and(|path| !locked::is_archive(path)) {
            return Ok(None);
        }
        let version = self.version.as_deref().unwrap_or_default();
        let number = version.trim_start_matches('=').trim();
        let repositories = [("git", self.git), ("hg", self.hg), ("svn", self.svn), ("bzr", self.bzr)];
        let repository = repositories.into_iter().find_map(|(tool, url)| Some((tool, url?)));
        let archive = self.file.or(self.path);
        if number.is_empty() && repository.is_none() && archive.is_none() {
            return Err(format!("{name:.100?} has neither a version nor an address"));
        }
        // `*` is what stands beside an address.
        let number = if number == "*" { "" } else { number };
        let mut stated = locked::stated(name, number);
        stated.development = category == "develop";
        stated.optional = !matches!(category, "default" | "develop");
        if let Some((tool, url)) = repository {
            let place = origin::vcs_url(tool, &url, self.r#ref.as_deref().unwrap_or_default());
            stated.details.insert(origin::VCS_URL.into(), place);
        } else if let Some(url) = archive.filter(|url| url.contains("://") && !url.starts_with("file:")) {
            stated.details.insert(origin::DOWNLOAD_URL.into(), origin::without_credentials(&url));
        }
        Ok(Some(stated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    const SAMPLE: &str = r#"{"_meta": {"hash": {"sha256": "00"}, "sources": []},
        "default": {"a": {"hashes": ["sha256:00"], "version": "==1.0", "index": "pypi"},
            "git": {"git": "https://token@h/git.git", "ref": "abc", "editable": true},
            "own": {"path": ".", "editable": true}},
        "develop": {"a": {"version": "==1.0"}, "test": {"version": "==2.0"}, "bad": {"version": 1}, "none": {}},
        "docs": {"doc": {"version": "==3.0"}, "zip": {"file": "https://user:pw@h/zip.zip"}},
        "odd": 1}"#;

    #[test]
    fn reads_categories() {
        let reading = read(&PipfileLock, "Pipfile.lock", SAMPLE);
        assert_eq!(reading.names(), ["a 1.0", "git ", "a 1.0", "test 2.0", "doc 3.0", "zip "]);
        assert_eq!(reading.problems.len(), 3, "{:?}", reading.problems);
        let found: Vec<_> = reading.packages().collect();
        let told: Vec<_> = found.iter().map(|p| (p.development, p.optional)).collect();
        let (always, development, optional) = ((false, false), (true, false), (false, true));
        assert_eq!(told, [always, always, development, development, optional, optional]);
        assert_eq!(found[1].details["vcs_url"], "git+https://h/git.git@abc");
        assert_eq!(found[5].details["download_url"], "https://h/zip.zip");
    }

    #[test]
    fn bears_damage() {
        for text in ["", "[]", "1"] {
            assert!(try_read(&PipfileLock, "Pipfile.lock", text).is_err());
        }
        withstands_damage(&PipfileLock, "Pipfile.lock", SAMPLE);
    }
}
