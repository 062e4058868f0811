//! `Podfile.lock`: the pods that a project of CocoaPods was resolved to.
//!
//! Follows CocoaPods' guide, "Using CocoaPods: What is Podfile.lock?", and its writer (`Pod::Lockfile`). YAML
//! with
//!
//! * `PODS`: `Name (1.0)`, or a mapping from that to what it asks for (`Other (~> 1.0)`). A name with a slash
//!   is a subspec, a part of the pod that can be had alone; each part that is used has an entry;
//! * `DEPENDENCIES`: what the Podfile asks for, with constraints or `(from …)`;
//! * `EXTERNAL SOURCES` and `CHECKOUT OPTIONS`: folders and repositories that pods came from, the second with
//!   the commit.
//!
//! Keys in these two are Ruby's symbols: `:git`, `:commit`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use pratique_image::EntryHeader;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use super::{
    origin,
    yaml::{self, Pairs},
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Pods that `Podfile.lock` pins.
pub struct CocoaPodsLock;

const FORMAT: &str = "Podfile.lock";

type Sources = Pairs<Source>;
type Source = Pairs<Option<String>>;

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "PODS", default)]
    pods: Option<Vec<Pod>>,
    #[serde(rename = "DEPENDENCIES", default)]
    dependencies: Option<Vec<String>>,
    #[serde(rename = "EXTERNAL SOURCES", default)]
    external: Sources,
    #[serde(rename = "CHECKOUT OPTIONS", default)]
    checkout: Sources,
}

/// `Name (1.0)`, and what it asks for.
struct Pod {
    id: String,
    asks: Vec<String>,
}

impl<'de> Deserialize<'de> for Pod {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Shape;

        impl<'de> Visitor<'de> for Shape {
            type Value = Pod;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pod, or a mapping from a pod to what it asks for")
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<Pod, E> {
                Ok(Pod { id: id.to_owned(), asks: Vec::new() })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pod, A::Error> {
                let entry: Option<(String, Option<Vec<String>>)> = map.next_entry()?;
                let (id, asks) = entry.ok_or_else(|| A::Error::custom("a pod without a name"))?;
                match map.next_entry::<String, serde::de::IgnoredAny>()? {
                    None => Ok(Pod { id, asks: asks.unwrap_or_default() }),
                    Some((other, _)) => {
                        Err(A::Error::custom(format!("two pods in one entry: {id}, {other}")))
                    }
                }
            }
        }

        from.deserialize_any(Shape)
    }
}

impl Cataloger for CocoaPodsLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/cocoapods-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/Podfile.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"Podfile.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = yaml::read(file, FORMAT)?;
        let pods = lock.pods.unwrap_or_default();
        let chosen: BTreeMap<&str, &str> = pods
            .iter()
            .map(|pod| split(&pod.id))
            .filter_map(|(name, version)| Some((name, version?)))
            .collect();
        let dependencies = lock.dependencies.unwrap_or_default();
        let asked: BTreeSet<&str> = dependencies.iter().map(|dependency| split(dependency).0).collect();
        // What was checked out tells more than what was asked for, and comes last to count.
        let sources: BTreeMap<&str, &Source> = lock
            .external
            .0
            .iter()
            .chain(&lock.checkout.0)
            .map(|(name, source)| (name.as_str(), source))
            .collect();
        let mut reading = Reading::nothing();
        let mut packages = Vec::new();
        for pod in &pods {
            let (name, Some(version)) = split(&pod.id) else {
                reading.problem(format!("the pod `{}` has no version", pod.id));
                continue;
            };
            let depends: Vec<_> = pod
                .asks
                .iter()
                .map(|asked| split(asked).0)
                .map(|name| Requirement {
                    name: name.to_owned(),
                    version: chosen.get(name).map(|&version| version.to_owned()),
                })
                .collect();
            let mut stated = Stated {
                kind: PackageKind::CocoaPods,
                name: name.to_owned(),
                version: version.to_owned(),
                locked_only: true,
                direct: Some(asked.contains(name)),
                depends,
                ..Stated::default()
            };
            // Parts of a pod come from where the pod does.
            let whole = name.split('/').next().unwrap_or(name);
            let detail = sources.get(whole).and_then(|source| place(source));
            stated.details.extend(detail.map(|(key, value)| (key.to_owned(), value)));
            packages.push(stated);
        }
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

/// The name, and what stands in the brackets behind it.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(" (") {
        Some((name, rest)) => (name.trim(), rest.strip_suffix(')').filter(|version| !version.is_empty())),
        None => (text.trim(), None),
    }
}

fn place(source: &Source) -> Option<(&'static str, String)> {
    let value = |key: &str| source.0.iter().find(|(known, _)| known == key)?.1.as_deref();
    if let Some(url) = value(":git") {
        let revision = value(":commit").or(value(":tag")).unwrap_or_default();
        return Some((origin::VCS_URL, origin::vcs_url("git", url, revision)));
    }
    value(":path").map(|_| (origin::ORIGIN, "local".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const LOCK: &str = r#"PODS:
  - GlossButtonNode (3.1.2):
    - Texture/Core (~> 3)
    - Missing
  - "GoogleUtilities/NSData+zlib (7.5.2)"
  - Mine (1.10)
  - Forked (2.0):
  - Texture/Core (3.1.0)

DEPENDENCIES:
  - Forked (from `https://h/f.git`, branch `main`)
  - GlossButtonNode (~> 3.0)
  - Mine (from `../Mine`)

EXTERNAL SOURCES:
  Forked:
    :branch: main
    :git: https://h/f.git
  Mine:
    :path: "../Mine"

CHECKOUT OPTIONS:
  Forked:
    :commit: abc
    :git: https://h/f.git

COCOAPODS: 1.11.2
"#;

    #[test]
    fn pods_and_edges() {
        let found = trial::packages(&CocoaPodsLock, "ios/Podfile.lock", LOCK);
        let want = [
            "GlossButtonNode 3.1.2",
            "GoogleUtilities/NSData+zlib 7.5.2",
            "Mine 1.10",
            "Forked 2.0",
            "Texture/Core 3.1.0",
        ];
        assert_eq!(trial::ids(&found), want);
        assert_eq!(trial::depends(&found[0]), ["Missing ?", "Texture/Core 3.1.0"]);
        let direct: Vec<_> = found.iter().map(|p| p.direct == Some(true)).collect();
        assert_eq!(direct, [true, false, true, true, false]);
        assert_eq!(found[2].details["origin"], "local");
        assert_eq!(found[3].details["vcs_url"], "git+https://h/f.git@abc");
    }

    #[test]
    fn says_what_makes_no_sense() {
        let reading = trial::read(&CocoaPodsLock, "Podfile.lock", "PODS:\n  - Name\n");
        assert_eq!(reading.problems, ["the pod `Name` has no version"]);
        assert!(trial::packages(&CocoaPodsLock, "Podfile.lock", "").is_empty());
        for text in ["PODS:\n  - [a]\n", "PODS:\n  - {}\n", "PODS:\n  - {a (1): [], b (1): []}\n"] {
            trial::try_read(&CocoaPodsLock, "Podfile.lock", text).unwrap_err();
        }
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&CocoaPodsLock, "Podfile.lock", LOCK);
        trial::keeps_to_the_limit(&CocoaPodsLock, "Podfile.lock", LOCK);
    }
}
