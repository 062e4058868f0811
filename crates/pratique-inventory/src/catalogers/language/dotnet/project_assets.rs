//! `project.assets.json`: what NuGet restored for a project, written to its `obj` folder for MSBuild.
//!
//! The only specification is NuGet's `LockFileFormat`. `targets` has for each framework (and runtime) its libraries,
//! `NAME/VERSION`, of type `package` or `project`, with what they ask for and the files they bring;
//! `projectFileDependencyGroups` says what the project asks for itself. It is in images that were built in and not
//! cleaned: the packages lie in NuGet's folder, or not at all, so they are locked only.
//!
//! A package with `suppressParent: All` (`PrivateAssets="all"`) that brings no assembly for running helps building
//! alone (source links, analysers): development.

use std::collections::{BTreeMap, BTreeSet};

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{
    super::{document, keys::Keys},
    Chosen, split_key,
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Packages that NuGet restored.
pub struct ProjectAssets;

/// Longest file that is read, in bytes. It lists every file of every package, and reaches 20 MB.
const LONGEST: u64 = 128 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assets {
    targets: BTreeMap<String, BTreeMap<String, Library>>,
    #[serde(default)]
    project_file_dependency_groups: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    project: Project,
}

#[derive(Deserialize)]
struct Library {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    dependencies: Keys,
    #[serde(default)]
    runtime: Keys,
    #[serde(default)]
    native: Keys,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Project {
    frameworks: BTreeMap<String, Framework>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Framework {
    dependencies: BTreeMap<String, Asked>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Asked {
    suppress_parent: Option<String>,
}

impl Library {
    /// Whether it brings something that runs.
    fn runs(&self) -> bool {
        self.runtime.0.iter().chain(&self.native.0).any(|path| !path.ends_with("_._"))
    }
}

impl Cataloger for ProjectAssets {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/nuget-assets", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/project.assets.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"project.assets.json"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let assets: Assets = document::json(file, "project.assets.json", LONGEST)?;
        let asked = assets.asked();
        let private = assets.private();
        let mut reading = Reading::nothing();
        let mut found: BTreeMap<&str, (Stated, bool)> = BTreeMap::new();
        for (framework, libraries) in &assets.targets {
            let mut chosen = Chosen::default();
            for (name, version) in libraries.keys().filter_map(|key| split_key(key)) {
                chosen.add(name, version);
            }
            for (key, library) in libraries.iter().filter(|(_, library)| library.kind == "package") {
                let Some((name, version)) = split_key(key) else {
                    reading.problem(format!("{framework}: the library {key:?} is no NAME/VERSION"));
                    continue;
                };
                let (stated, runs) = found.entry(key).or_insert_with(|| {
                    let stated = Stated {
                        kind: PackageKind::NuGet,
                        name: name.to_owned(),
                        version: version.to_owned(),
                        locked_only: true,
                        direct: Some(asked.contains(&name.to_ascii_lowercase())),
                        ..Stated::default()
                    };
                    (stated, false)
                });
                stated.depends.extend(chosen.requirements(&library.dependencies.0));
                *runs |= library.runs();
            }
        }
        for (mut stated, runs) in found.into_values() {
            stated.development = !runs && private.contains(&stated.name.to_ascii_lowercase());
            if !reading.package(stated, file.limits) {
                break;
            }
        }
        Ok(reading)
    }
}

impl Assets {
    /// What the project asks for, in lower case: `Newtonsoft.Json >= 13.0.3`.
    fn asked(&self) -> BTreeSet<String> {
        let lines = self.project_file_dependency_groups.values().flatten();
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_ascii_lowercase).collect()
    }

    /// What the project keeps to itself, in lower case.
    fn private(&self) -> BTreeSet<String> {
        let all = self.project.frameworks.values().flat_map(|framework| &framework.dependencies);
        let all = all.filter(|(_, asked)| asked.suppress_parent.as_deref() == Some("All"));
        all.map(|(name, _)| name.to_ascii_lowercase()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Requirement,
        catalogers::trial::{read, withstands_damage},
    };

    const EXAMPLE: &str = r#"{"version":3,"targets":{
        "net8.0":{"A/1.0":{"type":"package","dependencies":{"b":"2.0"},"runtime":{"lib/A.dll":{}}},
          "B/2.1":{"type":"package","runtime":{"lib/_._":{}}},"P/1.0":{"type":"project","runtime":{}},
          "L/5.0":{"type":"package","build":{"x":{}}}},
        "net48":{"A/1.0":{"type":"package"}}},
        "libraries":{"A/1.0":{"files":["a","b"]}},
        "projectFileDependencyGroups":{"net8.0":["A >= 1.0","L >= 5"],"net48":[]},
        "project":{"version":"1","frameworks":{"net8.0":{"dependencies":{
          "L":{"suppressParent":"All","target":"Package"},"A":{"target":"Package"}}}}}}"#;

    #[test]
    fn packages_what_asks_for_them_and_what_only_builds() {
        let reading = read(&ProjectAssets, "app/obj/project.assets.json", EXAMPLE);
        let found: Vec<_> =
            reading.packages().map(|p| (&*p.name, p.direct.unwrap(), p.development)).collect();
        assert_eq!(found, [("A", true, false), ("B", false, false), ("L", true, true)]);
        assert_eq!(reading.packages().next().unwrap().depends, [Requirement::exactly("B", "2.1")]);
        withstands_damage(&ProjectAssets, "obj/project.assets.json", EXAMPLE);
    }
}
