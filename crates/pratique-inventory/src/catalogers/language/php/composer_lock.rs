//! `composer.lock`: the packages that Composer chose for a project.
//!
//! Follows `Composer\Package\Locker`. `packages` is what the project runs with, `packages-dev` what only its
//! development needs: development. What the project asks for itself stands in `composer.json`, not here, so
//! [`crate::Stated::direct`] is only known of what another package of the list asks for. `aliases`, `platform` and
//! `stability-flags` name no packages.
//!
//! A lock file of an installed package (`vendor/VENDOR/NAME/`) came with it and says what it was developed with: those
//! are left alone.

use pratique_image::{EntryHeader, ImagePath};
use serde::Deserialize;

use super::{
    super::document,
    composer_package::{ComposerPackage, connect},
};
use crate::{Cataloger, CatalogerId, File, Reading, Unreadable};

/// Packages that Composer locked.
pub struct ComposerLock;

/// Longest lock file that is read, in bytes. Drupal's and Magento's stay below 2 MB.
const LONGEST: u64 = 64 << 20;

fn is_in_package(path: &ImagePath) -> bool {
    path.components().rev().skip(3).any(|part| part == b"vendor")
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: Option<Vec<ComposerPackage>>,
    #[serde(default, rename = "packages-dev")]
    development: Option<Vec<ComposerPackage>>,
}

impl Cataloger for ComposerLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/composer-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/composer.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"composer.lock" && !is_in_package(&file.path)
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::json(file, "composer.lock", LONGEST)?;
        let of = |packages: Option<Vec<ComposerPackage>>, development: bool| {
            packages.unwrap_or_default().into_iter().map(move |package| {
                let mut stated = package.into_stated();
                (stated.development, stated.locked_only) = (development, true);
                stated
            })
        };
        let mut packages: Vec<_> = of(lock.packages, false).chain(of(lock.development, true)).collect();
        connect(&mut packages);
        let mut reading = Reading::nothing();
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Requirement,
        catalogers::trial::{read, try_read, withstands_damage},
    };

    const EXAMPLE: &str = r#"{"_readme":["x"],"packages":[
        {"name":"a/b","version":"1.0.2","license":["MIT"],"require":{"php":">=7","ext-json":"*","a/C":"^1","x/api":"1"},
         "source":{"type":"git","url":"https://h/a/b.git","reference":"abc"}},
        {"name":"a/c","version":"v1.1","license":"BSD","require":[],"provide":{"x/api":"1.0"}}],
        "packages-dev":[{"name":"d/e","version":"dev-main","require":{"a/b":"*"},
         "source":{"type":"git","url":"https://u:p@h/d/e.git","reference":"def"}}],"aliases":[]}"#;

    #[test]
    fn packages_and_what_they_ask_for() {
        let reading = read(&ComposerLock, "app/composer.lock", EXAMPLE);
        let all: Vec<_> = reading.packages().collect();
        assert_eq!(reading.names(), ["a/b 1.0.2", "a/c v1.1", "d/e dev-main"]);
        assert_eq!(all[0].depends, [Requirement::exactly("a/c", "v1.1")]);
        assert_eq!(all[0].licences, ["MIT"]);
        assert_eq!(all[1].provides, ["x/api"]);
        assert_eq!(all.iter().map(|p| p.direct).collect::<Vec<_>>(), [None, None, Some(true)]);
        assert!(all[2].development && !all[0].development && all.iter().all(|p| p.locked_only));
        assert_eq!(all[2].details["source_url"], "git+https://h/d/e.git@def");
        assert!(try_read(&ComposerLock, "composer.lock", b"<<<<<<< HEAD").is_err());
    }

    #[test]
    fn a_packages_own_lock_file_is_left_alone() {
        for (path, expected) in [
            ("app/vendor/a/b/composer.lock", true),
            ("vendor/a/b/tests/composer.lock", true),
            ("vendor/app/composer.lock", false),
            ("composer.lock", false),
        ] {
            assert_eq!(is_in_package(&ImagePath::new(path).unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&ComposerLock, "composer.lock", EXAMPLE);
    }
}
