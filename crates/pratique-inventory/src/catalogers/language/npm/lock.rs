//! npm's lock files: `package-lock.json`, `npm-shrinkwrap.json`, and `node_modules/.package-lock.json`.
//!
//! Follows the documentation of npm, "package-lock.json", section "file format". There are three versions:
//!
//! * 1 (npm 5 and 6): `dependencies`, a tree by name. The version may be an address instead
//!   (`git+ssh://…#commit`, `https://….tgz`, `file:…`) or an alias (`npm:ms@0.7.1`); what the package's own
//!   `package.json` says its version is, nobody knows then.
//! * 2 (npm 7 and 8): `packages`, flat, by folder (`node_modules/a/node_modules/b`), and the tree of version 1
//!   beside it for older npm. npm reads `packages` where it is there, and so do we.
//! * 3 (npm 9 and later, and every hidden lock file): `packages` alone.
//!
//! Not stated, because nobody published them and no advisory means them: the project itself (the key `""`),
//! its workspaces and folders it depends on (keys without `node_modules`), and links to these. Syft lists
//! them, in part with made-up names (`functions/func1`).
//!
//! `node_modules/.package-lock.json` is npm's list of what it installed: what it states is there
//! ([`Stated::locked_only`] is false). A lock file anywhere else inside `node_modules` is left alone: it came
//! with a package and describes how that was developed; what of it is installed has a `package.json`.
//!
//! `devOptional` means: development needs it, and so does something optional outside development. It may be in
//! a production install, so it is not for development only.
//!
//! What a package asks for is found as Node.js finds it, from folder to folder up to the root ([`tree`]); that
//! gives the version which it gets. The project's own folders tell what is asked for directly: not in version 1
//! and not in the hidden file, which have none. `peer` (only a peer dependency brought it) and `inBundle` (it
//! came in the archive of another package, so that package's next release must update it) become details.

mod tree;
mod v1;

use std::{
    fmt,
    io::{self, BufRead, BufReader, Read},
};

use pratique_image::EntryHeader;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use self::tree::{Asks, Tree};
use super::{
    super::{keys::Keys, origin},
    LONGEST_NAME, folder_name, is_name,
    loose::{Licences, Loose, Shape},
    origin::repository,
};
use crate::{Cataloger, CatalogerId, File, Limits, PackageKind, Reading, Stated, Unreadable};

/// Packages that npm's lock files pin, or say are installed.
pub struct NpmLock;

/// Files up to this size are read from memory, which is four times as fast (`benches/lockfiles.rs`); longer ones
/// as they stream past.
const IN_MEMORY: u64 = 8 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const HIDDEN: &[u8] = b".package-lock.json";
const FORMAT: &str = "npm lock file";

impl Cataloger for NpmLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/npm-lock", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/package-lock.json", "**/npm-shrinkwrap.json", "**/node_modules/.package-lock.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        match file.path.file_name() {
            b"package-lock.json" | b"npm-shrinkwrap.json" => {
                file.path.components().all(|part| part != b"node_modules")
            }
            HIDDEN => file.path.ends_with("node_modules/.package-lock.json"),
            _ => false,
        }
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut found = Found::new(file.path().file_name() == HIDDEN, file.limits);
        let outcome = if file.header.size <= IN_MEMORY {
            let bytes = file.bytes()?;
            let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
            parse(&mut serde_json::Deserializer::from_slice(text), &mut found)
        } else {
            let limit = file.limits.file_bytes;
            if file.header.size > limit {
                return Err(Unreadable::TooLarge { size: file.header.size, limit });
            }
            let mut text = BufReader::with_capacity(1 << 16, (&mut *file.body).take(limit));
            if text.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
                text.consume(BYTE_ORDER_MARK.len());
            }
            parse(&mut serde_json::Deserializer::from_reader(text), &mut found)
        };
        found.into_reading(outcome)
    }
}

fn parse<'de, R: serde_json::de::Read<'de>>(
    json: &mut serde_json::Deserializer<R>,
    found: &mut Found,
) -> serde_json::Result<()> {
    json.deserialize_map(Document(found))?;
    json.end()
}

/// What was found so far.
struct Found {
    /// By `packages`; `None` while no such key came.
    by_folder: Option<Tree>,
    /// By the tree of version 1; dropped when `packages` comes.
    by_name: Tree,
    problems: Reading,
    installed: bool,
    room: usize,
    overfull: bool,
}

impl Found {
    fn new(installed: bool, limits: &Limits) -> Self {
        Self {
            by_folder: None,
            by_name: Tree::default(),
            problems: Reading::nothing(),
            installed,
            room: limits.records,
            overfull: false,
        }
    }

    /// Whether one more package may be taken; says so once when not.
    fn has_room(&mut self) -> bool {
        if let Some(room) = self.room.checked_sub(1) {
            self.room = room;
            return true;
        }
        if !self.overfull {
            self.overfull = true;
            self.problems.problem("it has more packages than are read from one file");
        }
        false
    }

    /// A package with what both forms of lock files state alike.
    fn stated(&self, name: &str, version: &str, development: bool) -> Stated {
        Stated {
            kind: PackageKind::Npm,
            name: name.to_owned(),
            version: version.to_owned(),
            development,
            locked_only: !self.installed,
            ..Stated::default()
        }
    }

    /// What was read, although the file may break off: packages until there, and a problem.
    fn into_reading(self, outcome: serde_json::Result<()>) -> Result<Reading, Unreadable> {
        let mut reading = self.problems;
        reading.facts = self.by_folder.unwrap_or(self.by_name).into_facts();
        match outcome {
            Ok(()) => Ok(reading),
            Err(error) if error.is_io() => Err(Unreadable::Io(io::Error::from(error))),
            Err(error) if reading.facts.is_empty() => Err(Unreadable::malformed(FORMAT, error)),
            Err(error) => {
                reading.problem(format!("not a readable {FORMAT} any more: {error}"));
                Ok(reading)
            }
        }
    }
}

/// The whole document.
struct Document<'a>(&'a mut Found);

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the packages of a lock file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut document: A) -> Result<(), A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "camelCase")]
        enum Field {
            Packages,
            Dependencies,
            #[serde(other)]
            Other,
        }
        while let Some(field) = document.next_key()? {
            match field {
                Field::Packages => {
                    self.0.by_folder = Some(Tree::default());
                    self.0.by_name = Tree::default();
                    document.next_value_seed(Packages(self.0))?;
                }
                Field::Dependencies if self.0.by_folder.is_none() => {
                    document.next_value_seed(v1::Dependencies(self.0, ""))?;
                }
                Field::Dependencies | Field::Other => drop(document.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The object `packages`.
struct Packages<'a>(&'a mut Found);

impl<'de> DeserializeSeed<'de> for Packages<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Packages<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of packages by folder")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut packages: A) -> Result<(), A::Error> {
        while let Some(folder) = packages.next_key::<String>()? {
            let Loose(mut entry) = packages.next_value::<Loose<Entry>>()?;
            if !self.0.has_room() || entry.link {
                continue;
            }
            let (asks, own) = (entry.asks(), is_own(&folder));
            let stated = if own { Ok(None) } else { entry.into_stated(&folder, self.0).map(Some) };
            match stated {
                Ok(stated) => self.0.by_folder.get_or_insert_default().place(folder, asks, stated),
                Err(why) => self.0.problems.problem(format!("packages[{:?}]: {why}", shortened(&folder))),
            }
        }
        Ok(())
    }
}

/// Whether a folder is the project's own: the project, a workspace, a folder it depends on.
fn is_own(folder: &str) -> bool {
    !folder.split('/').any(|part| part == "node_modules")
}

/// Enough of a stranger's text to find it again.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(LONGEST_NAME).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// One package of `packages`.
#[derive(Default)]
struct Entry {
    name: Option<Box<str>>,
    version: Option<Box<str>>,
    resolved: Option<Box<str>>,
    licences: Licences,
    depends: Vec<String>,
    /// What only a project gets that asks for it itself.
    besides: Vec<String>,
    development: bool,
    optional: bool,
    peer: bool,
    bundled: bool,
    link: bool,
}

impl Shape for Entry {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "camelCase")]
        enum Field {
            Name,
            Version,
            Resolved,
            License,
            Dependencies,
            OptionalDependencies,
            DevDependencies,
            PeerDependencies,
            Dev,
            Optional,
            Peer,
            InBundle,
            Link,
            #[serde(other)]
            Other,
        }
        let mut entry = Self::default();
        while let Some(field) = object.next_key()? {
            match field {
                Field::Name => entry.name = object.next_value::<Loose<_>>()?.0,
                Field::Version => entry.version = object.next_value::<Loose<_>>()?.0,
                Field::Resolved => entry.resolved = object.next_value::<Loose<_>>()?.0,
                Field::License => entry.licences = object.next_value::<Loose<_>>()?.0,
                Field::Dependencies | Field::OptionalDependencies => {
                    entry.depends.append(&mut object.next_value::<Loose<Keys>>()?.0.0);
                }
                Field::DevDependencies | Field::PeerDependencies => {
                    entry.besides.append(&mut object.next_value::<Loose<Keys>>()?.0.0);
                }
                Field::Peer => entry.peer = object.next_value::<Loose<_>>()?.0,
                Field::InBundle => entry.bundled = object.next_value::<Loose<_>>()?.0,
                Field::Dev => entry.development = object.next_value::<Loose<_>>()?.0,
                Field::Optional => entry.optional = object.next_value::<Loose<_>>()?.0,
                Field::Link => entry.link = object.next_value::<Loose<_>>()?.0,
                Field::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(entry)
    }
}

impl Entry {
    /// The names it asks for, and those that it asks for if it is the project.
    fn asks(&mut self) -> Asks {
        Asks { always: std::mem::take(&mut self.depends), besides: std::mem::take(&mut self.besides) }
    }

    fn into_stated(self, folder: &str, found: &Found) -> Result<Stated, &'static str> {
        // The field is there only where folder and package have different names.
        let name = match &self.name {
            Some(name) if is_name(name) => name,
            Some(_) => return Err("its name is none that npm allows"),
            None => folder_name(folder).ok_or("the folder's name is none that npm allows")?,
        };
        if self.version.is_none() && self.resolved.is_none() {
            // npm leaves such husks for optional packages that are not for this machine.
            return Err("it has neither a version nor an address");
        }
        let mut stated = found.stated(name, self.version.as_deref().unwrap_or_default(), self.development);
        if let Some(place) = self.resolved.as_deref().and_then(repository) {
            stated.details.insert(origin::VCS_URL.into(), place);
        }
        for (key, _) in [("peer", self.peer), ("bundled", self.bundled)].iter().filter(|(_, is)| *is) {
            stated.details.insert((*key).into(), "true".into());
        }
        stated.optional = self.optional;
        stated.licences = self.licences.0;
        Ok(stated)
    }
}

#[cfg(test)]
mod tests;
