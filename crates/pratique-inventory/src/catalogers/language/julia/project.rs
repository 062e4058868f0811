//! `Project.toml` of a package of Julia that is installed in a depot or came with Julia.
//!
//! Follows Pkg's documentation, "Project.toml and Manifest.toml", and for the places Julia's manual,
//! "Environment variables", `JULIA_DEPOT_PATH`: `packages/NAME/SLUG/Project.toml` in a depot,
//! `share/julia/stdlib/vX.Y/NAME/Project.toml` for the standard library, whose packages without a version
//! have Julia's.
//!
//! The `Project.toml` of a project names what it asks for (`deps`) without versions, and itself. That is
//! neither pinned nor installed: it is not read, [`super::manifest`] states what was chosen.

use std::collections::BTreeMap;

use pratique_image::{EntryHeader, ImagePath};
use serde::Deserialize;

use super::{super::document, UUID};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Packages of Julia that are installed.
pub struct JuliaProject;

/// Longest file that is read, in bytes; real ones have some thousand.
const LONGEST: u64 = 1 << 20;
const FORMAT: &str = "Project.toml";

#[derive(Deserialize)]
struct Project {
    name: Option<String>,
    uuid: Option<String>,
    version: Option<String>,
    license: Option<String>,
    #[serde(default)]
    deps: BTreeMap<String, toml::Value>,
}

impl Cataloger for JuliaProject {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/julia-project", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &[
            "**/packages/*/*/Project.toml",
            "**/packages/*/*/JuliaProject.toml",
            "**/stdlib/v*/*/Project.toml",
            "**/stdlib/v*/*/JuliaProject.toml",
        ]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(file.path.file_name(), b"Project.toml" | b"JuliaProject.toml")
            && folder(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let project: Project = document::toml(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        let name = project.name.as_deref().or(folder(file.path())).unwrap_or_default();
        if project.uuid.is_none() {
            reading.problem(format!("the package `{name}` has no uuid, by which it would be known"));
        }
        let mut stated = Stated {
            kind: PackageKind::Julia,
            name: name.to_owned(),
            version: project.version.unwrap_or_default(),
            licences: project.license.into_iter().collect(),
            depends: project.deps.into_keys().map(Requirement::from).collect(),
            ..Stated::default()
        };
        stated.details.extend(project.uuid.map(|uuid| (UUID.to_owned(), uuid)));
        reading.extend([stated], file.limits);
        Ok(reading)
    }
}

/// The package that the folder is named after, where packages are installed.
fn folder(path: &ImagePath) -> Option<&str> {
    let mut parts = path.as_str()?.rsplit('/').skip(1);
    let (own, above, root) = (parts.next()?, parts.next()?, parts.next()?);
    if root == "stdlib" && above.starts_with('v') {
        return Some(own);
    }
    // A slug is five letters of a hash, four before Julia 1.0.
    (root == "packages" && matches!(own.len(), 4 | 5)).then_some(above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const PATH: &str = "root/.julia/packages/JSON/93Ea8/Project.toml";
    const JSON: &str = "name = \"JSON\"\nuuid = \"682c\"\nversion = \"0.21.4\"\n[deps]\nDates = \"ade2\"\nParsers = \"69de\"\n\
        [compat]\nParsers = \"1, 2\"\n";

    #[test]
    fn only_what_is_installed() {
        for (path, want) in [
            (PATH, true),
            ("usr/share/julia/stdlib/v1.9/Dates/Project.toml", true),
            ("app/Project.toml", false),
            ("a/packages/JSON/docs-more/Project.toml", false),
            ("Project.toml", false),
        ] {
            assert_eq!(trial::wants(&JuliaProject, path), want, "{path}");
        }
    }

    #[test]
    fn states_the_package() {
        let found = trial::packages(&JuliaProject, PATH, JSON);
        assert_eq!(trial::ids(&found), ["JSON 0.21.4"]);
        assert_eq!((&*found[0].details["uuid"], found[0].locked_only), ("682c", false));
        assert_eq!(found[0].depends, ["Dates", "Parsers"]);
        let reading = trial::read(&JuliaProject, PATH, "version = \"1\"");
        assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&JuliaProject, PATH, JSON);
        trial::keeps_to_the_limit(&JuliaProject, PATH, JSON);
    }
}
