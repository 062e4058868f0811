//! `packages.lock.json`: the packages that NuGet chose for a project.
//!
//! Follows NuGet's "PackageReference in project files", section "Locking dependencies", and `PackagesLockFileFormat`.
//! For each target framework (and runtime: `net8.0/linux-x64` has only what differs) the packages with `type`:
//! `Direct` (the project asks for it), `Transitive`, `CentralTransitive` (asked for by others, version told centrally)
//! and `Project` (another project of the solution, which is no package). What each asks for stands with a least
//! version or a range; which one was chosen is said by the package's own entry.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{
    super::{document, keys::Keys},
    Chosen,
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Packages that NuGet locked.
pub struct PackagesLock;

/// Longest lock file that is read, in bytes.
const LONGEST: u64 = 64 << 20;

#[derive(Deserialize)]
struct Lock {
    dependencies: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default, rename = "type")]
    kind: String,
    resolved: Option<String>,
    #[serde(default)]
    dependencies: Keys,
}

impl Cataloger for PackagesLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/nuget-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/packages.lock.json", "**/packages.*.lock.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        // `packages.PROJECT.lock.json` where several projects share a folder.
        name.starts_with(b"packages.") && name.ends_with(b".lock.json") || name == b"packages.lock.json"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::json(file, "packages.lock.json", LONGEST)?;
        let mut found: BTreeMap<(&str, &str), Stated> = BTreeMap::new();
        let mut reading = Reading::nothing();
        for (framework, entries) in &lock.dependencies {
            let mut chosen = Chosen::default();
            // What a runtime's section lacks, its framework's has.
            let base = framework.split_once('/').and_then(|(base, _)| lock.dependencies.get(base));
            for (name, entry) in base.into_iter().flatten().chain(entries) {
                if let Some(version) = &entry.resolved {
                    chosen.add(name, version);
                }
            }
            for (name, entry) in entries.iter().filter(|(_, entry)| entry.kind != "Project") {
                let Some(version) = &entry.resolved else {
                    reading.problem(format!("{framework}: {name} has no field resolved"));
                    continue;
                };
                let stated = found.entry((name, version)).or_insert_with(|| Stated {
                    kind: PackageKind::NuGet,
                    name: name.clone(),
                    version: version.clone(),
                    locked_only: true,
                    direct: Some(false),
                    ..Stated::default()
                });
                if entry.kind == "Direct" {
                    stated.direct = Some(true);
                }
                stated.depends.extend(chosen.requirements(&entry.dependencies.0));
            }
        }
        reading.extend(found.into_values(), file.limits);
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Requirement,
        catalogers::trial::{read, withstands_damage},
    };

    const EXAMPLE: &str = r#"{"version":2,"dependencies":{
        "net8.0":{"A":{"type":"Direct","requested":"[1.0, )","resolved":"1.0.0","dependencies":{"b":"2.0.0"}},
                  "B":{"type":"Transitive","resolved":"2.5.0"},"Other":{"type":"Project","dependencies":{"B":"[2, )"}},
                  "Broken":{"type":"Transitive"}},
        "net8.0/linux-x64":{"A":{"type":"Direct","resolved":"1.0.0","dependencies":{"C":"1"}},
                  "B":{"type":"Transitive","resolved":"2.6.0","dependencies":{"a":"1"}}}}}"#;

    #[test]
    fn packages_of_all_frameworks() {
        let reading = read(&PackagesLock, "app/packages.lock.json", EXAMPLE);
        assert_eq!(reading.names(), ["A 1.0.0", "B 2.5.0", "B 2.6.0"]);
        let all: Vec<_> = reading.packages().collect();
        assert_eq!(all[0].depends, [Requirement::exactly("B", "2.5.0"), "C".into()]);
        assert_eq!(all[2].depends, [Requirement::exactly("A", "1.0.0")]);
        assert_eq!(all.iter().map(|p| p.direct).collect::<Vec<_>>(), [Some(true), Some(false), Some(false)]);
        assert!(reading.problems[0].contains("Broken"), "{:?}", reading.problems);
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&PackagesLock, "packages.lock.json", EXAMPLE);
    }
}
