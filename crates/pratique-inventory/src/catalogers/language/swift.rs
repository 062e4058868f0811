//! `Package.resolved`: the packages that a Swift package or Xcode project was resolved to.
//!
//! Follows Swift Package Manager, which writes it (`PinsStore`; the manual, "Resolving and updating
//! dependencies", only names it). Three versions:
//!
//! * 1: `object.pins` of `package`, `repositoryURL`, `state`. The name is the one in the other package's
//!   manifest.
//! * 2 and 3: `pins` of `identity`, `kind`, `location`, `state`. The identity is the repository's name in
//!   lower case, or, for a package that a registry served, `scope.name`.
//!
//! Packages are known by their repository, to the purl specification as to advisories
//! (`github.com/apple/swift-nio`), so that is what is stated: the last part of the address as the name,
//! without `.git`, and what is before it as the namespace. What the file calls it is kept as `identity` where
//! it differs by more than case.
//!
//! A pin of a branch has a revision and no version. The file does not say who depends on whom.

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{document, origin};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Packages that `Package.resolved` pins.
pub struct SwiftResolved;

/// Longest file that is read, in bytes; real ones stay under 100 kB.
const LONGEST: u64 = 8 << 20;
const FORMAT: &str = "Package.resolved";

#[derive(Deserialize)]
struct Resolved {
    object: Option<Pins>,
    #[serde(default)]
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pins {
    #[serde(default)]
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pin {
    #[serde(alias = "package")]
    identity: Option<String>,
    kind: Option<String>,
    #[serde(alias = "repositoryURL")]
    location: Option<String>,
    state: Option<State>,
}

#[derive(Deserialize)]
struct State {
    branch: Option<String>,
    revision: Option<String>,
    version: Option<String>,
}

impl Cataloger for SwiftResolved {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/swift-resolved", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/Package.resolved", "**/.package.resolved"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(file.path.file_name(), b"Package.resolved" | b".package.resolved")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let resolved: Resolved = document::json(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        let mut packages = Vec::new();
        for pin in
            resolved.object.map(|object| object.pins).unwrap_or_default().into_iter().chain(resolved.pins)
        {
            match pin.into_stated() {
                Some(stated) => packages.push(stated),
                None => reading.problem("a pin has neither identity nor location"),
            }
        }
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

impl Pin {
    fn into_stated(self) -> Option<Stated> {
        let identity = self.identity.unwrap_or_default();
        let location = self.location.unwrap_or_default();
        let local = self.kind.as_deref() == Some("localSourceControl");
        let (namespace, name) = match self.kind.as_deref() {
            // A registry's packages are `scope.name`.
            Some("registry") => match identity.split_once('.') {
                Some((scope, name)) => (Some(scope.to_owned()), name.to_owned()),
                None => (None, identity.clone()),
            },
            _ => match repository(&location).filter(|_| !local) {
                Some((namespace, name)) => (Some(namespace), name),
                None => (None, identity.clone()),
            },
        };
        let mut stated = Stated {
            kind: PackageKind::Swift,
            name: if name.is_empty() { identity.clone() } else { name },
            namespace,
            locked_only: true,
            ..Stated::default()
        };
        if stated.name.is_empty() {
            return None;
        }
        let state = self.state.unwrap_or(State { branch: None, revision: None, version: None });
        stated.version = state.version.unwrap_or_default();
        let mut detail = |key: &str, value: Option<String>| {
            let value = value.filter(|value| !value.is_empty());
            stated.details.extend(value.map(|value| (key.to_owned(), value)));
        };
        detail("branch", state.branch);
        detail("commit", state.revision);
        detail(origin::ORIGIN, local.then(|| "local".to_owned()));
        let differs = !identity.to_lowercase().ends_with(&stated.name.to_lowercase());
        detail("identity", Some(identity).filter(|_| differs));
        Some(stated)
    }
}

/// `github.com/apple` and `swift-nio` of `https://github.com/apple/swift-nio.git` or
/// `git@github.com:apple/swift-nio.git`; `None` for a path.
fn repository(location: &str) -> Option<(String, String)> {
    let (host, path) = match location.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split_once('/')?,
        // The form of scp: a colon, and no slash before it.
        None => location.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_ascii_lowercase();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let (owner, name) = path.rsplit_once('/').unwrap_or(("", path));
    let namespace = if owner.is_empty() { host } else { format!("{host}/{owner}") };
    (!namespace.is_empty() && !name.is_empty()).then(|| (namespace, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const V1: &str = r#"{"object": {"pins": [
        {"package": "NIO", "repositoryURL": "git@github.com:apple/swift-nio.git",
         "state": {"branch": null, "revision": "c93f", "version": "9.2.1"}}]}, "version": 1}"#;
    const V3: &str = r#"{"originHash": "ea", "pins": [
        {"identity": "swift-mmio", "kind": "remoteSourceControl", "location": "https://u:p@GitHub.com/apple/swift-MMIO",
         "state": {"branch": "main", "revision": "80c1"}},
        {"identity": "mona.LinkedList", "kind": "registry", "location": "", "state": {"version": "1.1.0"}},
        {"identity": "mine", "kind": "localSourceControl", "location": "/Users/me/mine", "state": {"version": "1.0.0"}}],
        "version": 3}"#;

    #[test]
    fn all_versions() {
        let found = trial::packages(&SwiftResolved, "a/Package.resolved", V1);
        assert_eq!(trial::ids(&found), ["swift-nio 9.2.1"]);
        assert_eq!(found[0].namespace.as_deref(), Some("github.com/apple"));
        assert_eq!(found[0].details["identity"], "NIO");
        let found = trial::packages(&SwiftResolved, ".package.resolved", V3);
        assert_eq!(trial::ids(&found), ["swift-MMIO ", "LinkedList 1.1.0", "mine 1.0.0"]);
        let namespaces: Vec<_> = found.iter().map(|p| p.namespace.as_deref()).collect();
        assert_eq!(namespaces, [Some("github.com/apple"), Some("mona"), None]);
        assert_eq!(found[0].details["commit"], "80c1");
        assert!(!found[0].details.contains_key("identity"));
        assert_eq!(found[2].details["origin"], "local");
    }

    #[test]
    fn addresses() {
        for (location, want) in [
            ("https://h/a/b.git/", Some(("h/a", "b"))),
            ("https://h/a", Some(("h", "a"))),
            ("ssh://git@h:22/a/b/c.git", Some(("h:22/a/b", "c"))),
            ("file:///a/b", None),
            ("../a/b", None),
            ("/a/b", None),
            ("https://h", None),
            ("https:///", None),
        ] {
            assert_eq!(repository(location), want.map(|(a, b)| (a.to_owned(), b.to_owned())), "{location}");
        }
    }

    #[test]
    fn says_what_makes_no_sense() {
        let reading = trial::read(&SwiftResolved, "Package.resolved", r#"{"pins": [{}]}"#);
        assert_eq!((reading.facts.len(), reading.problems.len()), (0, 1));
        trial::try_read(&SwiftResolved, "Package.resolved", r#"{"pins": [1]}"#).unwrap_err();
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&SwiftResolved, "Package.resolved", V1);
        trial::keeps_to_the_limit(&SwiftResolved, "Package.resolved", V1);
        trial::withstands_damage(&SwiftResolved, "Package.resolved", V3);
        trial::keeps_to_the_limit(&SwiftResolved, "Package.resolved", V3);
    }
}
