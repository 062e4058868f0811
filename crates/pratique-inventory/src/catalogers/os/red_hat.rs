//! What Red Hat's build system notes in the images it makes: content sets and labels.
//!
//! * `root/buildinfo/content_manifests/COMPONENT-VERSION-RELEASE.json` names the repositories that packages were
//!   installed from, as content sets (`rhel-9-for-x86_64-baseos-rpms`): which product's advisories count for a
//!   package depends on them.
//! * `root/buildinfo/Dockerfile-…` and, newer, `root/buildinfo/labels.json` hold the labels of the layer:
//!   component, version and release, which together name the build.
//!
//! Every Red Hat layer leaves files under names of its own, so that an image has one set for each of its layers.
//! What they say holds for the packages of their layer; the resolver gives it to them.

use std::collections::BTreeMap;

use pratique_image::{EntryHeader, ImagePath};
use serde::Deserialize;

use crate::{Cataloger, CatalogerId, Fact, File, Reading, Unreadable};

/// Reads what Red Hat's build system notes.
pub struct RedHatBuild;

/// Longest of these files that is read, in bytes. A manifest lists the image's sources too: some 100 kB.
const LONGEST: u64 = 32 << 20;

/// How a file says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Manifest,
    Dockerfile,
    Labels,
}

fn format(path: &ImagePath) -> Option<Format> {
    let path = path.as_bytes();
    let rest =
        path.strip_prefix(b"root/buildinfo/").or_else(|| path.strip_prefix(b"usr/share/buildinfo/"))?;
    let is_manifest = |name: &[u8]| !name.contains(&b'/') && name.ends_with(b".json");
    match rest {
        b"labels.json" => Some(Format::Labels),
        b"content_manifest.json" | b"content-sets.json" => Some(Format::Manifest),
        _ if rest.strip_prefix(b"content_manifests/").is_some_and(is_manifest) => Some(Format::Manifest),
        _ if rest.starts_with(b"Dockerfile") && !rest.contains(&b'/') => Some(Format::Dockerfile),
        _ => None,
    }
}

impl Cataloger for RedHatBuild {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/red-hat-build", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &[
            "{root,usr/share}/buildinfo/labels.json",
            "{root,usr/share}/buildinfo/content_manifest.json",
            "{root,usr/share}/buildinfo/content-sets.json",
            "{root,usr/share}/buildinfo/content_manifests/*.json",
            "{root,usr/share}/buildinfo/Dockerfile*",
        ]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        format(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Some(format) = format(&file.header.path) else { return Ok(Reading::nothing()) };
        let bytes = file.bytes_within(LONGEST)?;
        let mut details = BTreeMap::new();
        match format {
            Format::Manifest => {
                let manifest: Manifest = serde_json::from_slice(&bytes)
                    .map_err(|error| Unreadable::malformed("Red Hat content manifest", error))?;
                let mut sets = manifest.content_sets;
                sets.sort_unstable();
                sets.dedup();
                if !sets.is_empty() {
                    details.insert("content_sets".to_owned(), sets.join(" "));
                }
            }
            Format::Labels => {
                let labels: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&bytes)
                    .map_err(|error| Unreadable::malformed("file of image labels", error))?;
                let label = |name: &str| labels.get(name)?.as_str().map(str::to_owned);
                build(label, &mut details);
            }
            Format::Dockerfile => {
                let text = String::from_utf8_lossy(&bytes);
                let labels = labels(&text);
                build(|name| labels.get(name).map(|&value| value.to_owned()), &mut details);
            }
        }
        if details.is_empty() {
            return Ok(Reading::nothing());
        }
        Ok(Reading::of(Fact::Build { details }))
    }
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    content_sets: Vec<String>,
}

/// `COMPONENT-VERSION-RELEASE` and the architecture, where labels state all of them.
fn build(label: impl Fn(&str) -> Option<String>, details: &mut BTreeMap<String, String>) {
    let name = || {
        let component = label("com.redhat.component")?;
        Some(format!("{component}-{}-{}", label("version")?, label("release")?))
    };
    details.extend(name().map(|name| ("build".to_owned(), name)));
    if !details.is_empty() {
        details.extend(label("architecture").map(|arch| ("build_arch".to_owned(), arch)));
    }
}

/// The `name="value"` pairs in the LABEL instructions of a Dockerfile; the last one of a name counts.
///
/// The build system writes every pair in quotes, several an instruction, continued with backslashes. Pairs of other
/// forms come from people's own Dockerfiles and name no build.
fn labels(text: &str) -> BTreeMap<&str, &str> {
    let mut found = BTreeMap::new();
    let mut continued = false;
    for line in text.lines() {
        let trimmed = line.trim();
        let body = match trimmed.split_once(char::is_whitespace) {
            Some((word, body)) if word.eq_ignore_ascii_case("LABEL") => body,
            _ if continued => trimmed,
            _ => continue,
        };
        let mut rest = body;
        while let Some((before, behind)) = rest.split_once("=\"") {
            let Some((value, more)) = behind.split_once('"') else { break };
            let name = before.rsplit(char::is_whitespace).next().unwrap_or_default();
            found.insert(name.trim_matches('"'), value);
            rest = more;
        }
        continued = trimmed.ends_with('\\');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, wants, withstands_damage};

    const DOCKERFILE: &str = "root/buildinfo/Dockerfile-ubi8-8.5-1";
    const SAMPLE: &[u8] = b"FROM scratch\nLABEL maintainer=\"Red Hat, Inc.\"\n\
        LABEL com.redhat.component=\"ubi8-container\" \\\n      name=\"ubi8\" \\\n      version=\"8.5\"\n\
        ENV version=\"9\"\nLABEL \"release\"=\"204\" \"architecture\"=\"x86_64\"\nCMD [\"x=\\\"\"]\n";

    fn details(path: &str, bytes: &[u8]) -> Vec<(String, String)> {
        match read(&RedHatBuild, path, bytes).facts.pop() {
            Some(Fact::Build { details }) => details.into_iter().collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn labels_name_the_build() {
        let expected = [("build", "ubi8-container-8.5-204"), ("build_arch", "x86_64")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(details(DOCKERFILE, SAMPLE), expected);
        let json = br#"{"com.redhat.component": "ubi8-container", "version": "8.5", "release": "204",
            "architecture": "x86_64", "odd": 1}"#;
        assert_eq!(details("root/buildinfo/labels.json", json), expected);
        assert_eq!(read(&RedHatBuild, DOCKERFILE, b"FROM x\nLABEL a=b\n"), Reading::nothing());
    }

    #[test]
    fn content_sets() {
        let json = br#"{"metadata": {"icm_version": 1}, "content_sets": ["b-rpms", "a-rpms", "b-rpms"],
            "image_contents": []}"#;
        let path = "root/buildinfo/content_manifests/ubi8-container-8.5-204.json";
        assert_eq!(details(path, json), [("content_sets".to_owned(), "a-rpms b-rpms".to_owned())]);
        assert!(try_read(&RedHatBuild, path, b"1").is_err());
        assert!(!wants(&RedHatBuild, "root/buildinfo/content_manifests/a/b.json"));
        assert!(!wants(&RedHatBuild, "root/Dockerfile"));
        withstands_damage(&RedHatBuild, path, json);
    }

    #[test]
    fn damage_never_panics() {
        withstands_damage(&RedHatBuild, DOCKERFILE, SAMPLE);
    }
}
