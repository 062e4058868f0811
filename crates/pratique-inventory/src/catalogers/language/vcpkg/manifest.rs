//! `vcpkg.json`: the ports that a project asks vcpkg for.
//!
//! Follows Microsoft's reference, "vcpkg.json". vcpkg chooses the lowest version that satisfies everybody:
//! the one of the registry's `builtin-baseline`, or more where a `version>=` asks for more. The file alone
//! therefore tells the version only of what it overrides (`overrides`); the rest of `dependencies` is not
//! pinned and is passed over. What was installed is stated by [`super::status`].
//!
//! A port's own manifest in a registry (`ports/NAME/vcpkg.json`) has the same form and pins nothing.

use std::collections::BTreeSet;

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{super::document, PORT_VERSION};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Ports that `vcpkg.json` pins.
pub struct VcpkgManifest;

/// Longest file that is read, in bytes; real ones have some thousand.
const LONGEST: u64 = 4 << 20;
const FORMAT: &str = "vcpkg.json";

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    dependencies: Vec<Dependency>,
    #[serde(default)]
    overrides: Vec<Override>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dependency {
    Name(String),
    Object { name: String },
}

#[derive(Deserialize)]
struct Override {
    name: String,
    #[serde(alias = "version-semver", alias = "version-date", alias = "version-string")]
    version: String,
    #[serde(rename = "port-version", default)]
    port_version: u64,
}

impl Cataloger for VcpkgManifest {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/vcpkg-manifest", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/vcpkg.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"vcpkg.json"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let manifest: Manifest = document::json(file, FORMAT, LONGEST)?;
        let asked: BTreeSet<&str> = manifest.dependencies.iter().map(Dependency::name).collect();
        let package = |pinned: &Override| {
            // `version` may carry the port's revision behind a `#`.
            let (version, revision) = pinned.version.split_once('#').unwrap_or((&pinned.version, ""));
            let mut stated = Stated {
                kind: PackageKind::Vcpkg,
                name: pinned.name.clone(),
                version: version.to_owned(),
                locked_only: true,
                direct: Some(asked.contains(&&*pinned.name)),
                ..Stated::default()
            };
            let revision = revision.parse().unwrap_or(pinned.port_version);
            if revision > 0 {
                stated.details.insert(PORT_VERSION.to_owned(), revision.to_string());
            }
            stated
        };
        let mut reading = Reading::nothing();
        reading.extend(manifest.overrides.iter().map(package), file.limits);
        Ok(reading)
    }
}

impl Dependency {
    fn name(&self) -> &str {
        match self {
            Self::Name(name) | Self::Object { name } => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const MANIFEST: &str = r#"{"name": "app", "version": "1.0",
        "dependencies": ["fmt", {"name": "zlib", "version>=": "1.2.11#9", "features": ["a"]}],
        "builtin-baseline": "3426db05b996481ca31e95fff3734cf23e0f51bc",
        "overrides": [{"name": "zlib", "version": "1.2.13", "port-version": 2},
                      {"name": "openssl", "version-string": "3.0.7#1"}]}"#;

    #[test]
    fn only_what_is_pinned() {
        let found = trial::packages(&VcpkgManifest, "app/vcpkg.json", MANIFEST);
        assert_eq!(trial::ids(&found), ["zlib 1.2.13", "openssl 3.0.7"]);
        assert_eq!(found.iter().map(|p| p.direct).collect::<Vec<_>>(), [Some(true), Some(false)]);
        assert_eq!((&*found[0].details["port_version"], &*found[1].details["port_version"]), ("2", "1"));
        assert!(trial::packages(&VcpkgManifest, "vcpkg.json", r#"{"name": "x"}"#).is_empty());
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&VcpkgManifest, "vcpkg.json", MANIFEST);
        trial::keeps_to_the_limit(&VcpkgManifest, "vcpkg.json", MANIFEST);
    }
}
