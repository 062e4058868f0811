//! `Directory.Packages.props`: the versions that a solution's projects use of their packages.
//!
//! Follows NuGet's "Central Package Management". `PackageVersion` says which version is used where a project asks for
//! a package; `GlobalPackageReference` asks for one in all projects, for development (analysers, version tools). Which
//! packages are asked for at all stands in the projects: what is here is locked at best.
//!
//! It is a program for MSBuild. Properties of the same file (`$(Name)`) are put in; a property that another file or
//! the command line sets, a range or a floating version (`1.*`) tell no version: such a package is stated without
//! version, with the detail `requested`, and told. Conditions are not judged: versions of all of them are stated.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;

use super::{
    super::xml::{self, Attributes, Path, Visitor},
    exact,
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Versions that a solution's projects use.
pub struct CentralVersions;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 16 << 20;
/// Most properties, and longest value with properties put in, in bytes.
const MOST_PROPERTIES: usize = 10_000;
const LONGEST_VALUE: usize = 4 << 10;

impl Cataloger for CentralVersions {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/nuget-central", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/Directory.Packages.props"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name().eq_ignore_ascii_case(b"directory.packages.props")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let mut props = Props::default();
        let outcome = xml::read(&text, &mut props);
        let mut reading = Reading::nothing();
        for item in std::mem::take(&mut props.items) {
            // One item may name several packages.
            for name in item.names.split(';').map(str::trim).filter(|name| !name.is_empty()) {
                let requested = item.version.as_deref().unwrap_or_default();
                let value = props.value(requested);
                let version = value.as_deref().and_then(exact);
                let mut stated = Stated {
                    kind: PackageKind::NuGet,
                    name: name.to_owned(),
                    version: version.unwrap_or_default().to_owned(),
                    locked_only: true,
                    development: item.global,
                    ..Stated::default()
                };
                if version.is_none() {
                    let requested = value.unwrap_or_else(|| requested.to_owned());
                    reading.problem(format!(
                        "which version of {name} {requested:?} means this file does not tell"
                    ));
                    stated.details.insert("requested".into(), requested);
                }
                if !reading.package(stated, file.limits) {
                    return Ok(reading);
                }
            }
        }
        match outcome {
            Err(error) if reading.facts.is_empty() => {
                Err(Unreadable::malformed("Directory.Packages.props", error))
            }
            Err(error) => {
                reading.problem(format!("packages are missing: {error}"));
                Ok(reading)
            }
            Ok(()) => Ok(reading),
        }
    }
}

#[derive(Default)]
struct Props {
    properties: BTreeMap<String, String>,
    items: Vec<Item>,
    open: Option<Item>,
}

struct Item {
    names: String,
    version: Option<String>,
    global: bool,
}

impl Visitor for Props {
    fn open(&mut self, path: &Path, attributes: &Attributes) {
        if path.depth() == 3
            && let ["Project", "ItemGroup", item @ ("PackageVersion" | "GlobalPackageReference")] =
                path.names()
        {
            // `Update` gives another version to what was included before; `Remove` takes it away again.
            let names = attributes.get("Include").or_else(|| attributes.get("Update"));
            self.open = names.map(|names| Item {
                names: names.to_owned(),
                version: attributes
                    .get("Version")
                    .or_else(|| attributes.get("VersionOverride"))
                    .map(str::to_owned),
                global: item == "GlobalPackageReference",
            });
        }
    }

    fn close(&mut self, path: &Path, text: &str) {
        match path.names() {
            ["Project", "PropertyGroup", name, ""]
                if !name.is_empty() && self.properties.len() < MOST_PROPERTIES =>
            {
                // MSBuild's names do not depend on case.
                self.properties.insert(name.to_ascii_lowercase(), text.to_owned());
            }
            ["Project", "ItemGroup", "PackageVersion" | "GlobalPackageReference", "Version"] => {
                if let Some(item) =
                    self.open.as_mut().filter(|item| item.version.is_none() && path.depth() == 4)
                {
                    item.version = Some(text.to_owned());
                }
            }
            ["Project", "ItemGroup", "PackageVersion" | "GlobalPackageReference", ""] => {
                self.items.extend(self.open.take());
            }
            _ => {}
        }
    }
}

impl Props {
    /// `text` with its properties put in; `None` where one is not known here.
    fn value(&self, text: &str) -> Option<String> {
        let mut value = text.to_owned();
        // Each round puts in one property, whose value may hold others.
        for _ in 0..64 {
            let Some((before, rest)) = value.split_once("$(") else { return Some(value) };
            let (name, after) = rest.split_once(')')?;
            let property = self.properties.get(&name.trim().to_ascii_lowercase())?;
            value = format!("{before}{property}{after}");
            if value.len() > LONGEST_VALUE {
                return None;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, withstands_damage};

    const EXAMPLE: &str = "<Project><PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally>\
        <A>1.$(Minor)</A><Minor>2</Minor><Loop>$(Loop)$(Loop)</Loop></PropertyGroup><ItemGroup>\
        <PackageVersion Include=\"P;Q\" Version=\"$(a).0\"/><PackageVersion Include=\"R\"><Version>[3.0]</Version>\
        </PackageVersion><GlobalPackageReference Include=\"G\" Version=\"4.0\" PrivateAssets=\"All\"/>\
        <PackageVersion Include=\"S\" Version=\"$(Unknown)\"/><PackageVersion Include=\"T\" Version=\"1.*\"/>\
        <PackageVersion Include=\"U\" Version=\"$(Loop)\"/><PackageReference Include=\"No\" Version=\"1\"/>\
        <PackageVersion Remove=\"P\"/></ItemGroup></Project>";

    #[test]
    fn versions_and_what_tells_none() {
        let reading = read(&CentralVersions, "Directory.Packages.props", EXAMPLE);
        assert_eq!(reading.names(), ["P 1.2.0", "Q 1.2.0", "R 3.0", "G 4.0", "S ", "T ", "U "]);
        assert_eq!(reading.packages().filter(|p| p.development).count(), 1);
        assert_eq!(reading.problems.len(), 3);
        assert_eq!(reading.packages().last().unwrap().details["requested"], "$(Loop)");
        withstands_damage(&CentralVersions, "Directory.Packages.props", EXAMPLE);
    }
}
