//! `Manifest.toml`: the packages that a Julia project was resolved to.
//!
//! Follows Pkg's documentation, "Project.toml and Manifest.toml". Two formats: in 1.0 packages are tables of
//! their own (`[[JSON]]`), in 2.x they lie below `deps` (`[[deps.JSON]]`), beside `julia_version` and
//! `manifest_format`. Several packages may have one name, told apart by `uuid`. Then, and only then, `deps`
//! of others is a table from names to UUIDs instead of a list of names.
//!
//! The standard library's packages often have no version: theirs is Julia's, and they are stated without one.
//! A `path` is a folder on the disk, a `repo-url` a repository. Pkg also reads `JuliaManifest.toml` and
//! `Manifest-v1.11.toml`.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{
    super::{document, origin},
    UUID,
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Packages that `Manifest.toml` pins.
pub struct JuliaManifest;

/// Longest file that is read, in bytes; real ones stay under 200 kB.
const LONGEST: u64 = 8 << 20;
const FORMAT: &str = "Julia manifest";

#[derive(Deserialize)]
struct Entry {
    uuid: Option<String>,
    version: Option<String>,
    path: Option<String>,
    #[serde(default)]
    deps: Deps,
    #[serde(rename = "repo-url")]
    url: Option<String>,
    #[serde(rename = "repo-rev")]
    revision: Option<String>,
    #[serde(rename = "git-tree-sha1")]
    tree: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Deps {
    Names(Vec<String>),
    Uuids(BTreeMap<String, String>),
}

impl Default for Deps {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

type Entries = BTreeMap<String, Vec<Entry>>;

impl Cataloger for JuliaManifest {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/julia-manifest", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/Manifest.toml", "**/JuliaManifest.toml", "**/Manifest-v*.toml", "**/JuliaManifest-v*.toml"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        let name = name.strip_prefix(b"Julia").unwrap_or(name);
        name == b"Manifest.toml" || (name.starts_with(b"Manifest-v") && name.ends_with(b".toml"))
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let table: toml::Table = document::toml(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        let entries = entries(table, &mut reading);
        let chosen = Chosen::of(&entries);
        let packages = entries
            .iter()
            .flat_map(|(name, named)| named.iter().map(move |entry| (name, entry)))
            .map(|(name, entry)| entry.stated(name, &chosen));
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

fn entries(mut table: toml::Table, reading: &mut Reading) -> Entries {
    // In 1.0 a package may have the name `deps`, but then it is a list.
    let packages = match table.remove("deps") {
        Some(toml::Value::Table(packages)) => packages,
        Some(deps) => {
            table.insert("deps".into(), deps);
            table
        }
        None => table,
    };
    let mut entries = Entries::new();
    for (name, value) in packages.into_iter().filter(|(_, value)| value.is_array()) {
        match value.try_into() {
            Ok(named) => drop(entries.insert(name, named)),
            Err(error) => reading.problem(format!("the package `{name}`: {}", error.message())),
        }
    }
    entries
}

/// The version of every package, by its name and UUID; that of the first without one.
struct Chosen<'a>(BTreeMap<(&'a str, Option<&'a str>), Option<&'a str>>);

impl<'a> Chosen<'a> {
    fn of(entries: &'a Entries) -> Self {
        let mut versions = BTreeMap::new();
        for (name, named) in entries {
            for entry in named {
                let version = entry.version.as_deref();
                versions.entry((name.as_str(), None)).or_insert(version);
                versions.insert((name.as_str(), Some(entry.uuid.as_deref().unwrap_or_default())), version);
            }
        }
        Self(versions)
    }

    fn requirement(&self, name: &str, uuid: Option<&str>) -> Requirement {
        let version = self.0.get(&(name, uuid)).copied().flatten();
        Requirement { name: name.to_owned(), version: version.map(str::to_owned) }
    }
}

impl Entry {
    fn stated(&self, name: &str, chosen: &Chosen<'_>) -> Stated {
        let mut stated = Stated {
            kind: PackageKind::Julia,
            name: name.to_owned(),
            version: self.version.clone().unwrap_or_default(),
            locked_only: true,
            depends: self.depends(chosen),
            ..Stated::default()
        };
        let mut detail = |key: &str, value: Option<String>| {
            stated.details.extend(value.map(|value| (key.to_owned(), value)));
        };
        detail(UUID, self.uuid.clone());
        let revision = self.revision.as_deref().unwrap_or_default();
        detail(origin::VCS_URL, self.url.as_deref().map(|url| origin::vcs_url("git", url, revision)));
        detail("git_tree", self.tree.clone());
        detail(origin::ORIGIN, self.path.is_some().then(|| "local".to_owned()));
        stated
    }

    fn depends(&self, chosen: &Chosen<'_>) -> Vec<Requirement> {
        match &self.deps {
            Deps::Names(names) => names.iter().map(|name| chosen.requirement(name, None)).collect(),
            Deps::Uuids(uuids) => {
                uuids.iter().map(|(name, uuid)| chosen.requirement(name, Some(uuid))).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const V2: &str = r#"julia_version = "1.9.0"
manifest_format = "2.0"

[[deps.Dates]]
deps = ["Printf"]
uuid = "ade2"

[[deps.JSON]]
deps = ["Dates", "Parsers"]
git-tree-sha1 = "31e9"
uuid = "682c"
version = "0.21.4"

[[deps.Parsers]]
uuid = "69de"
version = "2.5.10"
repo-url = "https://token@h/Parsers.jl.git"
repo-rev = "main"
"#;
    const V1: &str = r#"[[Foo]]
uuid = "7677"
version = "1.0.0"
[Foo.deps]
Bar = "6f42"

[[Bar]]
uuid = "6f41"
version = "1.1.0"
path = "deps/Bar"

[[Bar]]
uuid = "6f42"
version = "1.2.0"
"#;

    #[test]
    fn both_formats() {
        let found = trial::packages(&JuliaManifest, "a/Manifest-v1.9.toml", V2);
        assert_eq!(trial::ids(&found), ["Dates ", "JSON 0.21.4", "Parsers 2.5.10"]);
        assert_eq!(trial::depends(&found[1]), ["Dates ?", "Parsers 2.5.10"]);
        assert_eq!(found[1].details["uuid"], "682c");
        assert_eq!(found[2].details["vcs_url"], "git+https://h/Parsers.jl.git@main");
        let found = trial::packages(&JuliaManifest, "Manifest.toml", V1);
        assert_eq!(trial::ids(&found), ["Bar 1.1.0", "Bar 1.2.0", "Foo 1.0.0"]);
        assert_eq!(trial::depends(&found[2]), ["Bar 1.2.0"]);
        assert_eq!(found[0].details["origin"], "local");
    }

    #[test]
    fn says_what_makes_no_sense() {
        let reading = trial::read(&JuliaManifest, "Manifest.toml", "[[A]]\nversion = 1\n[[B]]\n");
        assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
        assert!(reading.problems[0].contains("`A`"));
        trial::try_read(&JuliaManifest, "Manifest.toml", "<<<<<<< HEAD\n").unwrap_err();
        assert!(trial::packages(&JuliaManifest, "Manifest.toml", "").is_empty());
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&JuliaManifest, "Manifest.toml", V2);
        trial::keeps_to_the_limit(&JuliaManifest, "Manifest.toml", V2);
        trial::withstands_damage(&JuliaManifest, "Manifest.toml", V1);
        trial::keeps_to_the_limit(&JuliaManifest, "Manifest.toml", V1);
    }
}
