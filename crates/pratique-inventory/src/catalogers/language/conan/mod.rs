//! Conan: packages of C and C++. What its three kinds of files share is how they refer to a recipe or a
//! package.

pub mod lock;
pub mod text;

pub use lock::ConanLock;
pub use text::ConanText;

use crate::{PackageKind, Requirement, Stated};

/// `name/version@user/channel#recipe-revision%timestamp:package-id#package-revision`, of which all but name
/// and version may be missing; user and channel come together, and `_` stands for none.
///
/// Follows Conan's reference, "Package references" and "Revisions".
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    name: &'a str,
    version: &'a str,
    user: Option<&'a str>,
    channel: Option<&'a str>,
    revision: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Reads a reference; `None` when it names no version, or only a range (`zlib/[>=1.2 <2]`).
    fn parse(text: &'a str) -> Option<Self> {
        let (text, rest) = text.trim().split_once('#').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        // Without a revision the package's id follows at once.
        let text = text.split(['%', ':']).next().unwrap_or(text);
        let (recipe, owner) = text.split_once('@').map_or((text, None), |(a, b)| (a, Some(b)));
        let (name, version) = recipe.split_once('/')?;
        if name.is_empty() || version.is_empty() || version.starts_with('[') || version.contains('/') {
            return None;
        }
        let (user, channel) = owner.and_then(|owner| owner.split_once('/')).unzip();
        let given = |part: &&str| !part.is_empty() && *part != "_";
        let revision = rest.and_then(|rest| rest.split(['%', ':', '#']).next());
        Some(Self {
            name,
            version,
            user: user.filter(given),
            channel: channel.filter(given),
            // Conan 1 writes `#0` when revisions are off.
            revision: revision.filter(|revision| !revision.is_empty() && *revision != "0"),
        })
    }

    fn requirement(&self) -> Requirement {
        Requirement::exactly(self.name, self.version)
    }

    /// The package, as a file that locks it states it.
    fn stated(&self) -> Stated {
        let mut stated = Stated {
            kind: PackageKind::Conan,
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            namespace: self.user.map(str::to_owned),
            locked_only: true,
            ..Stated::default()
        };
        let details = [("channel", self.channel), ("recipe_revision", self.revision)];
        let given = details.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        stated.details.extend(given);
        stated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let full = Reference::parse("a/1.0@u/c#12ab%1675.07:9d1f#0c").unwrap();
        let want = Reference {
            name: "a",
            version: "1.0",
            user: Some("u"),
            channel: Some("c"),
            revision: Some("12ab"),
        };
        assert_eq!(full, want);
        for (text, revision) in [
            ("a/1.0", None),
            (" a/1.0@_/_ ", None),
            ("a/1.0:9d1f", None),
            ("a/1.0#0", None),
            ("a/1.0@", None),
            ("a/1.0#12%%98", Some("12")),
        ] {
            let found = Reference::parse(text).unwrap();
            let want = Reference { name: "a", version: "1.0", user: None, channel: None, revision };
            assert_eq!(found, want, "{text}");
        }
        for text in ["", "a", "a/", "/1", "a/[>=1.0]", "a/[>=1.0]@u/c", "a/b/c", "#"] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }
}
