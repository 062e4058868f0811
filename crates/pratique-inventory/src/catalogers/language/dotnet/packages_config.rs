//! `packages.config`: the packages of a project of the .NET Framework.
//!
//! Follows NuGet's "packages.config reference". The list is flat and complete: what packages ask for is in it, and it
//! does not say which those are. Versions are exact. `developmentDependency` marks what is not shipped.

use pratique_image::EntryHeader;

use super::super::xml::{self, Attributes, Path, Visitor};
use crate::{Cataloger, CatalogerId, File, Limits, PackageKind, Reading, Stated, Unreadable};

/// Packages that `packages.config` lists.
pub struct PackagesConfig;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 16 << 20;

impl Cataloger for PackagesConfig {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/nuget-config", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/packages.config", "**/packages.*.config"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        // `packages.PROJECT.config` where several projects share a folder.
        name.len() >= b"packages.config".len()
            && name.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"packages."))
            && name.ends_with(b".config")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let mut list = List { limits: file.limits, reading: Reading::nothing(), full: false };
        match xml::read(&text, &mut list) {
            Ok(()) => {}
            Err(error) if list.reading.facts.is_empty() => {
                return Err(Unreadable::malformed("packages.config", error));
            }
            Err(error) => list.reading.problem(format!("packages are missing: {error}")),
        }
        Ok(list.reading)
    }
}

struct List<'l> {
    limits: &'l Limits,
    reading: Reading,
    full: bool,
}

impl Visitor for List<'_> {
    fn open(&mut self, path: &Path, attributes: &Attributes) {
        if !path.is(&["packages", "package"]) || self.full {
            return;
        }
        let (Some(name), Some(version)) = (attributes.get("id"), attributes.get("version")) else {
            self.reading.problem(format!("a package lacks id or version: id {:?}", attributes.get("id")));
            return;
        };
        let stated = Stated {
            kind: PackageKind::NuGet,
            name: name.into(),
            version: version.into(),
            locked_only: true,
            development: attributes
                .get("developmentDependency")
                .is_some_and(|v| v.eq_ignore_ascii_case("true")),
            ..Stated::default()
        };
        self.full = !self.reading.package(stated, self.limits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    const EXAMPLE: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<packages>\r\n  \
        <package id=\"A.B\" version=\"5.2.2\" targetFramework=\"net45\" />\r\n  \
        <package id=\"T\" version=\"1.0\" developmentDependency=\"true\"/>\r\n  <package id=\"x\"/></packages>";

    #[test]
    fn packages_and_what_is_not_shipped() {
        let reading = read(&PackagesConfig, "App/packages.config", EXAMPLE);
        assert_eq!(reading.names(), ["A.B 5.2.2", "T 1.0"]);
        assert_eq!(reading.packages().map(|p| p.development).collect::<Vec<_>>(), [false, true]);
        assert!(reading.problems[0].contains("\"x\""));
        assert!(try_read(&PackagesConfig, "packages.config", b"").is_err());
        withstands_damage(&PackagesConfig, "packages.config", EXAMPLE);
    }
}
