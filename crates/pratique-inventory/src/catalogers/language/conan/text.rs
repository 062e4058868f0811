//! `conanfile.txt` and `conaninfo.txt`: what a project asks Conan for, and what a package in its cache was
//! built of.
//!
//! Follows Conan's reference, "conanfile.txt" and "conaninfo.txt": sections in square brackets, one entry a
//! line, `#` for a comment at the start of a line (later in a line it begins a revision).
//!
//! * `conanfile.txt`: `[requires]`, and `[tool_requires]` (before, `[build_requires]`) and `[test_requires]`,
//!   which are not part of the product. A requirement is mostly one version; a range is no package and is
//!   passed over.
//! * `conaninfo.txt` of Conan 1 lies in the package it describes, at `NAME/VERSION/USER/CHANNEL/package/ID/`,
//!   with `_` for no user and no channel. `[requires]` names what it asks for with the version blurred
//!   (`boost/1.Y.Z`), `[full_requires]` all it was built with. Conan 2 gives the package's folder a made-up
//!   name and writes no `[full_requires]`: such a file states nothing.

use std::collections::BTreeSet;

use pratique_image::{EntryHeader, ImagePath};

use super::{super::document, Reference};
use crate::{Cataloger, CatalogerId, File, Reading, Stated, Unreadable};

/// Recipes that `conanfile.txt` asks for, and packages with a `conaninfo.txt`.
pub struct ConanText;

/// Longest file that is read, in bytes; real ones stay under 50 kB.
const LONGEST: u64 = 4 << 20;
const FORMAT: &str = "file of Conan";

impl Cataloger for ConanText {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/conan-text", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/conanfile.txt", "**/conaninfo.txt"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(file.path.file_name(), b"conanfile.txt" | b"conaninfo.txt")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        let packages = if file.path().file_name() == b"conanfile.txt" {
            asked_for(&text, &mut reading)
        } else {
            built_of(&text, file.path(), &mut reading)
        };
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

/// Each entry with its section's name.
fn entries(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(
        move |line| match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => {
                section = name;
                None
            }
            None => Some((section, line)),
        },
    )
}

fn asked_for(text: &str, reading: &mut Reading) -> Vec<Stated> {
    let mut packages = Vec::new();
    for (section, entry) in entries(text) {
        let development = match section {
            "requires" => false,
            "tool_requires" | "build_requires" | "test_requires" => true,
            _ => continue,
        };
        match Reference::parse(entry) {
            Some(reference) => {
                packages.push(Stated { development, direct: Some(true), ..reference.stated() });
            }
            None if entry.contains("/[") => {}
            None => reading.problem(format!("`{entry}` in [{section}] is no reference")),
        }
    }
    packages
}

fn built_of(text: &str, path: &ImagePath, reading: &mut Reading) -> Vec<Stated> {
    let asked: BTreeSet<&str> = entries(text)
        .filter(|(section, _)| *section == "requires")
        .filter_map(|(_, entry)| Some(entry.split_once('/')?.0))
        .collect();
    let mut packages = Vec::new();
    let mut depends = Vec::new();
    for (_, entry) in entries(text).filter(|(section, _)| *section == "full_requires") {
        let Some(reference) = Reference::parse(entry) else {
            reading.problem(format!("`{entry}` in [full_requires] is no reference"));
            continue;
        };
        if asked.contains(reference.name) {
            depends.push(reference.requirement());
        }
        packages.push(reference.stated());
    }
    if let Some(own) = by_folder(path) {
        let own = Reference::parse(&own).map(|reference| reference.stated());
        packages.extend(own.map(|own| Stated { locked_only: false, depends, ..own }));
    }
    packages
}

/// `name/version@user/channel` of a package in Conan's cache.
fn by_folder(path: &ImagePath) -> Option<String> {
    let mut parts = path.as_str()?.rsplit('/').skip(1);
    let (_id, package) = (parts.next()?, parts.next()?);
    let (channel, user, version, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (package == "package").then(|| format!("{name}/{version}@{user}/{channel}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const FILE: &str = "# Docs\n[requires]\nfmt/8.1.1\nspdlog/1.9.2@u/c#12%%98 \nzlib/[>=1.2]\n\n[tool_requires]\n\
                        cmake/3.20\n[generators]\nCMakeDeps\n";
    const INFO: &str = "[settings]\n    os=Linux\n\n[requires]\n    boost/1.Y.Z\n\n[full_requires]\n    \
                        boost/1.75.0:dc8a\n    zlib/1.2.13:dfbe\n";
    const INSTALLED: &str = "root/.conan/data/mfast/1.2.2/_/_/package/9d1f/conaninfo.txt";

    #[test]
    fn what_is_asked_for() {
        let found = trial::packages(&ConanText, "conanfile.txt", FILE);
        assert_eq!(trial::ids(&found), ["fmt 8.1.1", "spdlog 1.9.2", "cmake 3.20"]);
        assert!(found[2].development && found.iter().all(|p| p.direct == Some(true) && p.locked_only));
        let reading = trial::read(&ConanText, "conanfile.txt", "[requires]\nnonsense\n");
        assert_eq!(reading.problems, ["`nonsense` in [requires] is no reference"]);
    }

    #[test]
    fn what_is_installed() {
        let found = trial::packages(&ConanText, INSTALLED, INFO);
        assert_eq!(trial::ids(&found), ["boost 1.75.0", "zlib 1.2.13", "mfast 1.2.2"]);
        assert!(!found[2].locked_only && found[0].locked_only);
        assert_eq!(trial::depends(&found[2]), ["boost 1.75.0"]);
        assert_eq!(found[2].namespace, None);
        let two =
            trial::packages(&ConanText, "root/.conan2/p/b/zlib1/p/conaninfo.txt", "[requires]\na/1.Z\n");
        assert!(two.is_empty());
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&ConanText, "conanfile.txt", FILE);
        trial::keeps_to_the_limit(&ConanText, "conanfile.txt", FILE);
        trial::withstands_damage(&ConanText, INSTALLED, INFO);
        trial::keeps_to_the_limit(&ConanText, INSTALLED, INFO);
    }
}
