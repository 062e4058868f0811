//! `pubspec.lock`: the packages that a Dart or Flutter project was resolved to.
//!
//! Follows Dart's documentation, "Package dependencies" and "Glossary: lockfile", and Pub's own reader
//! (`LockFile`). A mapping `packages` from names to entries, each with
//!
//! * `dependency`: `direct main`, `direct dev`, `direct overridden` or `transitive`. That a package is needed
//!   only by one that is `direct dev` the file does not say;
//! * `source`: `hosted`, `git`, `path` or `sdk`, and a `description` that belongs to it: a mapping, for an
//!   SDK its name;
//! * `version`.
//!
//! Pub's own site was `pub.dartlang.org` and is `pub.dev`; a package that another site served is another
//! package.

use std::fmt;

use pratique_image::EntryHeader;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use super::{
    origin,
    yaml::{self, Pairs},
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Packages that `pubspec.lock` pins.
pub struct DartPubspecLock;

const FORMAT: &str = "pubspec.lock";

/// The key of the site that serves a package, where that is not Pub's own; a qualifier of the purl.
const HOSTED_URL: &str = "hosted_url";

/// Pub's own site, today and before.
const OWN_SITES: [&str; 2] = ["pub.dev", "pub.dartlang.org"];

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: Pairs<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    dependency: String,
    #[serde(default)]
    source: String,
    version: Option<String>,
    #[serde(default)]
    description: Description,
}

/// What belongs to the source: the values of a mapping. The name of an SDK says nothing more.
#[derive(Default)]
struct Description(Vec<(String, Option<String>)>);

impl Description {
    fn get(&self, key: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == key);
        found.and_then(|(_, value)| value.as_deref()).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Description {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Shape;

        impl<'de> Visitor<'de> for Shape {
            type Value = Description;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping or a name")
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Description, E> {
                Ok(Description::default())
            }

            fn visit_unit<E: Error>(self) -> Result<Description, E> {
                Ok(Description::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Description, A::Error> {
                let mut values = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    values.push(entry);
                }
                Ok(Description(values))
            }
        }

        from.deserialize_any(Shape)
    }
}

impl Cataloger for DartPubspecLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/dart-pubspec-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/pubspec.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"pubspec.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = yaml::read(file, FORMAT)?;
        let mut reading = Reading::nothing();
        for (name, _) in lock.packages.0.iter().filter(|(_, entry)| entry.version.is_none()) {
            reading.problem(format!("the package `{name}` has no version"));
        }
        let packages = lock.packages.0.into_iter().map(|(name, entry)| entry.into_stated(name));
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

impl Entry {
    fn into_stated(self, name: String) -> Stated {
        let mut stated = Stated {
            kind: PackageKind::Pub,
            name,
            version: self.version.unwrap_or_default(),
            locked_only: true,
            development: self.dependency == "direct dev",
            direct: match self.dependency.as_str() {
                "transitive" => Some(false),
                direct if direct.starts_with("direct") => Some(true),
                _ => None,
            },
            ..Stated::default()
        };
        let url = self.description.get("url");
        let detail = match self.source.as_str() {
            "hosted" => {
                let url = origin::without_credentials(url);
                let site = url.split_once("://").map_or(url.as_str(), |(_, site)| site).trim_end_matches('/');
                let own = site.is_empty() || OWN_SITES.contains(&site);
                (!own).then(|| (HOSTED_URL, site.to_owned()))
            }
            "git" => {
                let revision = self.description.get("resolved-ref");
                Some((origin::VCS_URL, origin::vcs_url("git", url, revision)))
            }
            "path" => Some((origin::ORIGIN, "local".to_owned())),
            _ => None,
        };
        stated.details.extend(detail.map(|(key, value)| (key.to_owned(), value)));
        stated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const LOCK: &str = r#"# Generated by pub
packages:
  ale:
    dependency: transitive
    description:
      name: ale
      url: "https://token@pub.hosted.org/"
    source: hosted
    version: "3.3.0"
  meta:
    dependency: "direct dev"
    description: {name: meta, sha256: 1e10, url: "https://pub.dev"}
    source: hosted
    version: 1.10
  flutter:
    dependency: "direct main"
    description: flutter
    source: sdk
    version: "0.0.0"
  mine:
    dependency: "direct overridden"
    description: {path: "../mine", relative: true}
    source: path
    version: "1.0.0"
  git_one:
    dependency: "direct main"
    description: {path: ".", ref: HEAD, resolved-ref: 123, url: "https://h/a.git"}
    source: git
    version: "2.0.0"
sdks:
  dart: ">=2.12.0 <3.0.0"
"#;

    #[test]
    fn sources_and_dependencies() {
        let found = trial::packages(&DartPubspecLock, "app/pubspec.lock", LOCK);
        let want = ["ale 3.3.0", "meta 1.10", "flutter 0.0.0", "mine 1.0.0", "git_one 2.0.0"];
        assert_eq!(trial::ids(&found), want);
        let direct: Vec<_> = found.iter().map(|p| (p.direct, p.development)).collect();
        let main = (Some(true), false);
        assert_eq!(direct, [(Some(false), false), (Some(true), true), main, main, main]);
        let details: Vec<_> = found.iter().map(|p| p.details.values().next().map(String::as_str)).collect();
        assert_eq!(
            details,
            [Some("pub.hosted.org"), None, None, Some("local"), Some("git+https://h/a.git@123")]
        );
    }

    #[test]
    fn says_what_makes_no_sense() {
        let reading = trial::read(&DartPubspecLock, "pubspec.lock", "packages:\n  a: {}\n");
        assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
        trial::try_read(&DartPubspecLock, "pubspec.lock", "packages: [1]\n").unwrap_err();
        assert!(trial::packages(&DartPubspecLock, "pubspec.lock", "packages:\nsdks: {}\n").is_empty());
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&DartPubspecLock, "pubspec.lock", LOCK);
        trial::keeps_to_the_limit(&DartPubspecLock, "pubspec.lock", LOCK);
    }
}
