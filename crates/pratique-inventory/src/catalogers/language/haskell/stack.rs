//! `stack.yaml` and `stack.yaml.lock`: the packages that a Haskell project adds to a snapshot.
//!
//! Follows Stack's documentation, "stack.yaml: extra-deps", "Package locations" and "Lock files".
//!
//! * `stack.yaml` lists `extra-deps`: `name-1.0`, `name-1.0@sha256:…,size`, `name-1.0@rev:2`; folders,
//!   archives and repositories have no name of a package here.
//! * `stack.yaml.lock` lists `packages`, with `completed` either as such a text under `hackage` or as `name`,
//!   `version` and the place of a repository or archive.
//!
//! Most packages of a project come from its snapshot (`resolver: lts-18.28`), which is a list that Stack
//! fetches: neither file has them.

use std::fmt;

use pratique_image::EntryHeader;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};

use super::super::{origin, yaml};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Packages that `stack.yaml` and `stack.yaml.lock` pin.
pub struct HaskellStack;

const FORMAT: &str = "file of Stack";

#[derive(Deserialize)]
struct Project {
    #[serde(rename = "extra-deps", default)]
    extra: Option<Vec<Location>>,
}

/// A text; a mapping is a place without a name.
struct Location(Option<String>);

impl<'de> Deserialize<'de> for Location {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Shape;

        impl<'de> Visitor<'de> for Shape {
            type Value = Location;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a package, a folder, an archive or a repository")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Location, E> {
                Ok(Location(Some(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Location, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Location(None))
            }
        }

        from.deserialize_any(Shape)
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: Option<Vec<Locked>>,
}

#[derive(Deserialize)]
struct Locked {
    completed: Option<Completed>,
}

#[derive(Deserialize)]
struct Completed {
    hackage: Option<String>,
    name: Option<String>,
    version: Option<String>,
    git: Option<String>,
    commit: Option<String>,
    url: Option<String>,
}

impl Cataloger for HaskellStack {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/haskell-stack", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/stack.yaml", "**/stack.yaml.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(file.path.file_name(), b"stack.yaml" | b"stack.yaml.lock")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut reading = Reading::nothing();
        let packages: Vec<Stated> = if file.path().file_name() == b"stack.yaml" {
            let project: Project = yaml::read(file, FORMAT)?;
            let locations = project.extra.unwrap_or_default();
            locations.iter().filter_map(|location| of_hackage(location.0.as_deref()?)).collect()
        } else {
            let lock: Lock = yaml::read(file, FORMAT)?;
            let completed = lock.packages.unwrap_or_default().into_iter().map(|locked| locked.completed);
            let mut packages = Vec::new();
            for completed in completed {
                match completed.and_then(Completed::into_stated) {
                    Some(stated) => packages.push(stated),
                    None => reading.problem("a package has no name and version"),
                }
            }
            packages
        };
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

impl Completed {
    fn into_stated(self) -> Option<Stated> {
        if let Some(hackage) = self.hackage {
            return of_hackage(&hackage);
        }
        let mut stated = stated(&self.name?, &self.version?);
        let detail = match (self.git, self.url) {
            (Some(url), _) => {
                Some((origin::VCS_URL, origin::vcs_url("git", &url, &self.commit.unwrap_or_default())))
            }
            (None, Some(url)) => Some((origin::DOWNLOAD_URL, origin::without_credentials(&url))),
            (None, None) => None,
        };
        stated.details.extend(detail.map(|(key, value)| (key.to_owned(), value)));
        Some(stated)
    }
}

/// `name-1.0`, with what says which revision of its description is meant behind an `@`.
fn of_hackage(text: &str) -> Option<Stated> {
    let text = text.split('@').next().unwrap_or(text);
    let (name, version) = text.rsplit_once('-')?;
    let is_version = version.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && version.starts_with(|c: char| c.is_ascii_digit());
    // `../folder-1` is a folder, `https://…-1.0` an archive.
    (is_version && !name.is_empty() && !name.contains('/')).then(|| stated(name, version))
}

fn stated(name: &str, version: &str) -> Stated {
    Stated {
        kind: PackageKind::Hackage,
        name: name.to_owned(),
        version: version.to_owned(),
        locked_only: true,
        ..Stated::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const PROJECT: &str = "resolver: lts-18.28\npackages:\n  - .\nextra-deps:\n  - hspec-core-2.9.4@sha256:a126,6498\n  \
        - stm-2.5.0.2\n  - ./vendor/thing-1.0\n  - git: https://h/a.git\n    commit: abc\nghc-options:\n  \"$everything\": -haddock\n";
    const LOCK: &str = "packages:\n- completed:\n    hackage: HTTP-4000.3.16@sha256:6042,5947\n    pantry-tree: {size: 1428}\n  \
        original:\n    hackage: HTTP-4000.3.16\n- completed:\n    git: https://u:p@h/a.git\n    commit: abc\n    name: a-b\n    \
        version: '1.10'\nsnapshots: []\n";

    #[test]
    fn both_files() {
        let found = trial::packages(&HaskellStack, "app/stack.yaml", PROJECT);
        assert_eq!(trial::ids(&found), ["hspec-core 2.9.4", "stm 2.5.0.2"]);
        let found = trial::packages(&HaskellStack, "app/stack.yaml.lock", LOCK);
        assert_eq!(trial::ids(&found), ["HTTP 4000.3.16", "a-b 1.10"]);
        assert_eq!(found[1].details["vcs_url"], "git+https://h/a.git@abc");
        assert!(trial::packages(&HaskellStack, "stack.yaml", "extra-deps:\n").is_empty());
    }

    #[test]
    fn says_what_makes_no_sense() {
        let reading = trial::read(&HaskellStack, "stack.yaml.lock", "packages: [{completed: {}}]");
        assert_eq!((reading.facts.len(), reading.problems.len()), (0, 1));
        trial::try_read(&HaskellStack, "stack.yaml", "extra-deps: {").unwrap_err();
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&HaskellStack, "stack.yaml", PROJECT);
        trial::keeps_to_the_limit(&HaskellStack, "stack.yaml", PROJECT);
        trial::withstands_damage(&HaskellStack, "stack.yaml.lock", LOCK);
        trial::keeps_to_the_limit(&HaskellStack, "stack.yaml.lock", LOCK);
    }
}
