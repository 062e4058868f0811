//! `paket.lock`: the packages that Paket chose.
//!
//! Follows Paket's documentation, "The paket.lock file". Sections begin at the margin, two spaces lead to a source,
//! four to a package, six to what it asks for:
//!
//! ```text
//! GROUP Test
//! NUGET
//!   remote: https://api.nuget.org/v3/index.json
//!     NUnit (2.6.4) - restriction: >= net45
//!       NUnit.Console (>= 3.0)
//! GITHUB
//!   remote: fsharp/FAKE
//!     src/app/FAKE/Globbing.fs (COMMIT)
//! ```
//!
//! Only `NUGET` lists packages: `GITHUB`, `GIT` and `HTTP` fetch source files by commit or address. Groups have any
//! name; those of builds and tests are development. What no other package of its group asks for, the project does.

use std::collections::{BTreeMap, BTreeSet};

use pratique_image::EntryHeader;

use super::{super::origin, Chosen};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Packages that Paket locked.
pub struct PaketLock;

/// Longest lock file that is read, in bytes.
const LONGEST: u64 = 32 << 20;

impl Cataloger for PaketLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/paket-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/paket.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"paket.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let mut reading = Reading::nothing();
        let mut groups: Vec<Group<'_>> = vec![Group::default()];
        let (mut in_nuget, mut remote) = (false, "");
        for (number, line) in text.lines().enumerate() {
            let content = line.trim();
            let indent = line.len() - line.trim_start().len();
            match indent {
                _ if content.is_empty() => {}
                0 => {
                    in_nuget = content == "NUGET";
                    remote = "";
                    if let Some(name) = content.strip_prefix("GROUP ") {
                        groups.push(Group { name: name.trim(), packages: Vec::new() });
                    }
                }
                _ if !in_nuget => {}
                2 => remote = content.strip_prefix("remote:").map_or(remote, str::trim),
                4 => {
                    let Some((name, version)) = package(content) else {
                        reading.problem(format!("line {} is no NAME (VERSION): {content:?}", number + 1));
                        continue;
                    };
                    if let Some(group) = groups.last_mut() {
                        group.packages.push(Package { name, version, remote, asks: Vec::new() });
                    }
                }
                6 => {
                    let name =
                        content.split(" (").next().unwrap_or(content).split(" - ").next().unwrap_or(content);
                    let last = groups.last_mut().and_then(|group| group.packages.last_mut());
                    if let Some(last) = last {
                        last.asks.push(name.trim().to_owned());
                    }
                }
                _ => {}
            }
        }
        for group in groups {
            if !group.state(&mut reading, file) {
                break;
            }
        }
        Ok(reading)
    }
}

#[derive(Default)]
struct Group<'a> {
    name: &'a str,
    packages: Vec<Package<'a>>,
}

struct Package<'a> {
    name: &'a str,
    version: &'a str,
    remote: &'a str,
    asks: Vec<String>,
}

/// `NAME (VERSION)`, with remarks behind it.
fn package(content: &str) -> Option<(&str, &str)> {
    let (name, rest) = content.split_once(" (")?;
    let (version, _) = rest.split_once(')')?;
    (!name.is_empty() && !version.is_empty()).then_some((name, version))
}

impl Group<'_> {
    /// States its packages; false when there is no room for more.
    fn state(self, reading: &mut Reading, file: &File<'_>) -> bool {
        let name = self.name.to_ascii_lowercase();
        let development = name == "build" || name.contains("test");
        let mut chosen = Chosen::default();
        for package in &self.packages {
            chosen.add(package.name, package.version);
        }
        let asked: BTreeSet<String> =
            self.packages.iter().flat_map(|p| &p.asks).map(|name| name.to_ascii_lowercase()).collect();
        for package in &self.packages {
            let mut details = BTreeMap::new();
            if !package.remote.is_empty() && !package.remote.contains("nuget.org") {
                details.insert(origin::REPOSITORY_URL.into(), origin::without_credentials(package.remote));
            }
            if !self.name.is_empty() {
                details.insert("group".into(), self.name.to_owned());
            }
            let stated = Stated {
                kind: PackageKind::NuGet,
                name: package.name.to_owned(),
                version: package.version.to_owned(),
                locked_only: true,
                development,
                direct: (!asked.contains(&package.name.to_ascii_lowercase())).then_some(true),
                depends: chosen.requirements(&package.asks),
                details,
                ..Stated::default()
            };
            if !reading.package(stated, file.limits) {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Requirement,
        catalogers::trial::{read, withstands_damage},
    };

    const EXAMPLE: &str = "RESTRICTION: >= net45\nNUGET\n  remote: https://api.nuget.org/v3/index.json\n    \
        A (1.0) - restriction: && (>= net45) (< net5)\n      b (>= 2.0) - restriction: >= net45\n    B (2.1)\n    odd\n\
        GITHUB\n  remote: a/b\n    src/x.fs (abc)\nGROUP Test\nNUGET\n  remote: https://u:p@h/v3\n    T (3.0)\n";

    #[test]
    fn packages_of_groups() {
        let reading = read(&PaketLock, "paket.lock", EXAMPLE);
        assert_eq!(reading.names(), ["A 1.0", "B 2.1", "T 3.0"]);
        let all: Vec<_> = reading.packages().collect();
        assert_eq!(all[0].depends, [Requirement::exactly("B", "2.1")]);
        assert_eq!((all[0].direct, all[1].direct), (Some(true), None));
        assert!(all[2].development && !all[0].development);
        assert_eq!(all[2].details["repository_url"], "https://h/v3");
        assert!(reading.problems[0].contains("line 7"), "{:?}", reading.problems);
        withstands_damage(&PaketLock, "paket.lock", EXAMPLE);
    }
}
