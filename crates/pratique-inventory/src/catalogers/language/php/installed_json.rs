//! `vendor/composer/installed.json`: the packages that Composer installed.
//!
//! Follows `Composer\Repository\FilesystemRepository`. Composer 1 writes a list of packages; Composer 2 an object
//! whose `packages` is that list and whose `dev-package-names` says which of them only development needs. `dev` says
//! whether such were installed, and does not matter: what is listed is there.

use std::{collections::HashSet, fmt};

use pratique_image::EntryHeader;
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    super::document,
    composer_package::{ComposerPackage, connect},
};
use crate::{Cataloger, CatalogerId, File, Reading, Unreadable};

/// Packages that Composer installed.
pub struct ComposerInstalled;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 64 << 20;

struct Installed {
    packages: Vec<ComposerPackage>,
    development: HashSet<String>,
}

#[derive(Deserialize)]
struct VersionTwo {
    packages: Vec<ComposerPackage>,
    #[serde(default, rename = "dev-package-names")]
    development: Vec<String>,
}

impl<'de> Deserialize<'de> for Installed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Installed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of packages, or an object with one")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Installed, A::Error> {
                let mut packages = Vec::new();
                while let Some(package) = list.next_element()? {
                    packages.push(package);
                }
                Ok(Installed { packages, development: HashSet::new() })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Installed, A::Error> {
                let two = VersionTwo::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Installed { packages: two.packages, development: two.development.into_iter().collect() })
            }
        }

        from.deserialize_any(Either)
    }
}

impl Cataloger for ComposerInstalled {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/composer-installed", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/composer/installed.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"installed.json" && file.path.ends_with("composer/installed.json")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let installed: Installed = document::json(file, "installed.json", LONGEST)?;
        let mut packages: Vec<_> = installed
            .packages
            .into_iter()
            .map(|package| {
                let mut stated = package.into_stated();
                stated.development = installed.development.contains(&stated.name);
                stated
            })
            .collect();
        connect(&mut packages);
        let mut reading = Reading::nothing();
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    const PATH: &str = "app/vendor/composer/installed.json";
    const LIST: &str = r#"[{"name":"a/b","version":"1.0"},{"name":"d/e","version":"2"}]"#;

    #[test]
    fn both_versions() {
        let one = read(&ComposerInstalled, PATH, LIST);
        assert_eq!(one.names(), ["a/b 1.0", "d/e 2"]);
        assert!(one.packages().all(|p| !p.development && !p.locked_only));
        let two = format!(r#"{{"packages":{LIST},"dev":true,"dev-package-names":["d/e"]}}"#);
        let two = read(&ComposerInstalled, PATH, two);
        assert_eq!(two.packages().map(|p| p.development).collect::<Vec<_>>(), [false, true]);
        assert!(try_read(&ComposerInstalled, PATH, b"{}").is_err());
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&ComposerInstalled, PATH, LIST);
    }
}
