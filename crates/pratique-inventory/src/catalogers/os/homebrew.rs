//! What Homebrew has installed: formulae and casks, on Linux and macOS.
//!
//! A formula lies in `Cellar/NAME/VERSION`, with the receipt `INSTALL_RECEIPT.json` (Homebrew's `Tab`) that says
//! where it came from, whether somebody asked for it, and what it was linked with. A cask's receipt lies in
//! `Caskroom/NAME/.metadata/INSTALL_RECEIPT.json`; before 2024 casks had none, only a copy of the cask below
//! `.metadata/VERSION/TIME/Casks`.
//!
//! Traps: the folder's version has a revision that the receipt's has not (`3.3.0_1`); names are those of folders,
//! while dependencies go by full name, with the tap for what is not from Homebrew's own (`acme/tap/tool`). A receipt
//! from a time when Homebrew kept less is still one.

use pratique_image::{EntryHeader, ImagePath};
use serde::Deserialize;

use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Reads Homebrew's receipts.
pub struct HomebrewReceipt;

/// Longest receipt that is read, in bytes. Real ones have some 10 kB.
const LONGEST: u64 = 4 << 20;

/// Whose receipt a path is: name, version where the path has it, whether it is a cask.
fn receipt(path: &ImagePath) -> Option<(&str, Option<&str>, bool)> {
    let folder = path.as_str()?.strip_suffix("/INSTALL_RECEIPT.json")?;
    let mut parts = folder.rsplit('/');
    let (last, name, above) = (parts.next()?, parts.next()?, parts.next()?);
    match above {
        "Cellar" => Some((name, Some(last), false)),
        "Caskroom" if last == ".metadata" => Some((name, None, true)),
        _ => None,
    }
}

impl Cataloger for HomebrewReceipt {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/homebrew", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/Cellar/*/*/INSTALL_RECEIPT.json", "**/Caskroom/*/.metadata/INSTALL_RECEIPT.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"INSTALL_RECEIPT.json" && receipt(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let bytes = file.bytes_within(LONGEST)?;
        let Some((name, version, cask)) = receipt(&file.header.path) else { return Ok(Reading::nothing()) };
        let receipt: Receipt = serde_json::from_slice(&bytes)
            .map_err(|error| Unreadable::malformed("Homebrew receipt", error))?;
        let version = match version {
            Some(version) => version.to_owned(),
            None => receipt.source.version.unwrap_or_default(),
        };
        if version.is_empty() {
            return Err(Unreadable::malformed("Homebrew receipt", "it has no source.version"));
        }
        let depends: Vec<Requirement> = receipt
            .runtime_dependencies
            .and_then(|all| serde_json::from_value(all).ok())
            .map(|all: Vec<Dependency>| all.into_iter().map(Dependency::into_requirement).collect())
            .unwrap_or_default();
        let details = [("tap", receipt.source.tap), ("cask", cask.then(|| "true".to_owned()))];
        let details = details.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Ok(Reading::of(Fact::Package(Box::new(Stated {
            kind: PackageKind::Homebrew,
            name: name.to_owned(),
            version,
            arch: receipt.arch,
            direct: receipt.installed_on_request,
            depends,
            details: details.collect(),
            ..Stated::default()
        }))))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Receipt {
    installed_on_request: Option<bool>,
    /// A list in formulae, an object of kinds in casks.
    runtime_dependencies: Option<serde_json::Value>,
    arch: Option<String>,
    source: Source,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Source {
    tap: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Dependency {
    full_name: String,
    version: String,
    pkg_version: Option<String>,
}

impl Dependency {
    fn into_requirement(self) -> Requirement {
        // The folder's name is the last part of the full name, and its version has the revision.
        let name = self.full_name.rsplit('/').next().unwrap_or_default().to_owned();
        match self.pkg_version.unwrap_or(self.version) {
            version if version.is_empty() => name.into(),
            version => Requirement::exactly(name, version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, wants, withstands_damage};

    const FORMULA: &str = "home/linuxbrew/.linuxbrew/Cellar/jq/1.7.1_1/INSTALL_RECEIPT.json";
    // Shortened from what Homebrew 4.4 writes.
    const SAMPLE: &[u8] = br#"{"homebrew_version": "4.4.0", "installed_as_dependency": false,
        "installed_on_request": true, "arch": "x86_64", "time": 1730000000, "runtime_dependencies": [
          {"full_name": "oniguruma", "version": "6.9.9", "revision": 1, "pkg_version": "6.9.9_1"},
          {"full_name": "acme/tap/tool", "version": "2"}],
        "source": {"spec": "stable", "versions": {"stable": "1.7.1"}, "tap": "homebrew/core"}}"#;

    fn package(path: &str, bytes: &[u8]) -> Stated {
        match read(&HomebrewReceipt, path, bytes).facts.pop() {
            Some(Fact::Package(stated)) => *stated,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_formula() {
        let jq = package(FORMULA, SAMPLE);
        assert_eq!((jq.name.as_str(), jq.version.as_str()), ("jq", "1.7.1_1"));
        assert_eq!((jq.direct, jq.arch.as_deref()), (Some(true), Some("x86_64")));
        let depends = [Requirement::exactly("oniguruma", "6.9.9_1"), Requirement::exactly("tool", "2")];
        assert_eq!(jq.depends, depends);
        assert_eq!(jq.details["tap"], "homebrew/core");
        assert_eq!(package(FORMULA, b"{}").version, "1.7.1_1", "old receipts say little");
    }

    #[test]
    fn a_cask() {
        let path = "opt/homebrew/Caskroom/docker/.metadata/INSTALL_RECEIPT.json";
        let text = br#"{"runtime_dependencies": {"macos": {">=": ["12"]}},
            "source": {"tap": "homebrew/cask", "version": "4.36.0,175267"}}"#;
        let docker = package(path, text);
        assert_eq!((docker.name.as_str(), docker.version.as_str()), ("docker", "4.36.0,175267"));
        assert_eq!(docker.details["cask"], "true");
        assert!(try_read(&HomebrewReceipt, path, b"{}").is_err());
        withstands_damage(&HomebrewReceipt, path, text);
    }

    #[test]
    fn which_files() {
        assert!(!wants(&HomebrewReceipt, "srv/INSTALL_RECEIPT.json"));
        assert!(!wants(&HomebrewReceipt, "opt/Cellar/jq/1.7/share/INSTALL_RECEIPT.json"));
    }

    #[test]
    fn damage_never_panics() {
        withstands_damage(&HomebrewReceipt, FORMULA, SAMPLE);
    }
}
