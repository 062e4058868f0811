//! The tree of `lockfileVersion` 1: `dependencies` by name, each with `dependencies` of its own below it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};

use super::{
    super::{super::keys::Keys, is_name, loose::Loose},
    Asks, Found, origin, repository, shortened,
    tree::LONGEST_PATH,
};
use crate::Stated;

/// An object `dependencies`, at any depth. serde_json ends a recursion of more than 128 levels with an error.
///
/// Beside what was found so far it has the folder whose `node_modules` it is.
pub(super) struct Dependencies<'a>(pub(super) &'a mut Found, pub(super) &'a str);

impl<'de> DeserializeSeed<'de> for Dependencies<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Dependencies<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of packages by name")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut tree: A) -> Result<(), A::Error> {
        while let Some(folder) = tree.next_key::<String>()? {
            let path = below(self.1, &folder);
            let mut entry = tree.next_value_seed(EntryIn(self.0, &path))?;
            if !self.0.has_room() {
                continue;
            }
            let asks = Asks { always: std::mem::take(&mut entry.depends), besides: Vec::new() };
            match entry.into_stated(&folder, self.0) {
                Ok(Some(stated)) => self.0.by_name.place(path, asks, Some(stated)),
                Ok(None) => {}
                Err(why) => self.0.problems.problem(format!("dependencies[{:?}]: {why}", shortened(&folder))),
            }
        }
        Ok(())
    }
}

/// The path of a folder below another: cut where it is too long to look anything up from, since 128 names in each
/// other, for each of millions of entries, would be more than a file's worth of memory.
fn below(above: &str, folder: &str) -> String {
    if above.len() + folder.len() > LONGEST_PATH {
        return above.to_owned();
    }
    let slash = if above.is_empty() { "" } else { "/" };
    format!("{above}{slash}node_modules/{folder}")
}

/// One package of the tree; what lies below it is stated while it is read.
struct EntryIn<'a>(&'a mut Found, &'a str);

#[derive(Default)]
struct Entry {
    version: Option<Box<str>>,
    depends: Vec<String>,
    development: bool,
    optional: bool,
    bundled: bool,
}

impl<'de> DeserializeSeed<'de> for EntryIn<'_> {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Entry, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntryIn<'_> {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that describes a package")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Entry, A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "camelCase")]
        enum Field {
            Version,
            Requires,
            Dependencies,
            Dev,
            Optional,
            Bundled,
            #[serde(other)]
            Other,
        }
        let mut entry = Entry::default();
        while let Some(field) = object.next_key()? {
            match field {
                Field::Version => entry.version = object.next_value::<Loose<_>>()?.0,
                // `true` where npm 5 was not asked to write them down.
                Field::Requires => entry.depends = object.next_value::<Loose<Keys>>()?.0.0,
                Field::Dependencies => object.next_value_seed(Dependencies(self.0, self.1))?,
                Field::Dev => entry.development = object.next_value::<Loose<_>>()?.0,
                Field::Bundled => entry.bundled = object.next_value::<Loose<_>>()?.0,
                Field::Optional => entry.optional = object.next_value::<Loose<_>>()?.0,
                Field::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(entry)
    }
}

/// What stands where the version belongs.
enum Version<'a> {
    /// A version.
    Number(&'a str),
    /// Another package under this name.
    Alias { name: &'a str, version: &'a str },
    /// A place in version control, as SPDX writes it.
    Repository(String),
    /// An archive somewhere.
    Archive(&'a str),
    /// An archive beside the project.
    Beside,
    /// A folder: the project's own.
    Own,
}

impl<'a> Version<'a> {
    fn of(text: &'a str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        if let Some(alias) = text.strip_prefix("npm:") {
            // The name may be scoped: the last `@` parts it from the version.
            let (name, version) = alias.rsplit_once('@').filter(|(name, _)| !name.is_empty())?;
            return Some(Self::Alias { name, version });
        }
        if let Some(path) = text.strip_prefix("file:").or_else(|| text.strip_prefix("link:")) {
            let archive = [".tgz", ".tar.gz", ".tar"].iter().any(|suffix| path.ends_with(suffix));
            return Some(if archive { Self::Beside } else { Self::Own });
        }
        if let Some(place) = repository(text) {
            return Some(Self::Repository(place));
        }
        if text.starts_with("https:") || text.starts_with("http:") {
            return Some(Self::Archive(text));
        }
        Some(Self::Number(text))
    }
}

impl Entry {
    /// `None` for a folder of the project's own.
    fn into_stated(self, folder: &str, found: &Found) -> Result<Option<Stated>, &'static str> {
        let version = self.version.as_deref().and_then(Version::of).ok_or("it has no version")?;
        let (name, number, detail) = match version {
            Version::Number(version) => (folder, version, None),
            Version::Alias { name, version } => (name, version, None),
            Version::Repository(place) => (folder, "", Some((origin::VCS_URL, place))),
            Version::Archive(url) => {
                (folder, "", Some((origin::DOWNLOAD_URL, origin::without_credentials(url))))
            }
            Version::Beside => (folder, "", None),
            Version::Own => return Ok(None),
        };
        if !is_name(name) {
            return Err("its name is none that npm allows");
        }
        let mut stated = found.stated(name, number, self.development);
        if let Some((key, value)) = detail {
            stated.details.insert(key.into(), value);
        }
        if self.bundled {
            stated.details.insert("bundled".into(), "true".into());
        }
        stated.optional = self.optional;
        Ok(Some(stated))
    }
}
