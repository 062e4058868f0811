//! `package.json`: the manifest of an installed package, of a project, and of much else.
//!
//! Node.js finds a package in a folder `node_modules/NAME` or `node_modules/@scope/NAME` (its documentation,
//! "Modules: CommonJS modules", section "Loading from node_modules folders"). pnpm, Bun, Deno and npm's
//! "linked" strategy keep that shape below a folder of their own (`node_modules/.pnpm/a@1.0.0/node_modules/a`),
//! and Yarn's pnpm linker stores `node_modules/.store/KEY/package`. A `package.json` in such a folder is an
//! installed package.
//!
//! Elsewhere below `node_modules` it is a part of a package: `{"type": "module"}` beside a second build, a
//! fixture of its tests. Those are not read, even when they have a name and a version.
//!
//! Outside `node_modules` it is a project, or a product that was unpacked as it came: yarn in `/opt`, Ghost in
//! `/var/lib/ghost`. npm installed neither, but the second is a published package with advisories of its own.
//! The two look alike, so one that has a name and a version and does not say `private` is stated, with the
//! detail `origin: local`. Syft and Trivy state all of them, private ones too: what says `private` can never
//! have come from a registry, so no advisory means it.
//!
//! Debian keeps its JavaScript in `usr/share/nodejs/NAME` and `usr/lib/ARCH/nodejs/NAME`, which its Node.js searches as
//! it does `node_modules`: they are installed, private or not. dpkg's file lists, which own them, decide what becomes
//! of them.
//!
//! Not followed: Yarn's Plug'n'Play, which keeps packages zipped in `.yarn/cache`.

use pratique_image::{EntryHeader, ImagePath};
use serde::{
    Deserialize,
    de::{IgnoredAny, MapAccess},
};

use super::{
    super::{document, keys::Keys, origin},
    LONGEST_NAME, is_name,
    loose::{Licences, Loose, Shape},
};
use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable};

/// Installed packages, and projects, by their `package.json`.
pub struct NpmPackage;

/// Longest `package.json` that is read, in bytes. npm's own is 8 kB; the longest of the registry are generated
/// ones below 2 MB.
const LONGEST: u64 = 8 << 20;

impl Cataloger for NpmPackage {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/npm-package", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/package.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"package.json" && Place::of(&file.path) != Place::PartOfPackage
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Loose(manifest): Loose<Manifest> = document::json(file, "package.json", LONGEST)?;
        Ok(manifest.into_reading(Place::of(file.path())))
    }
}

/// What a `package.json` is by where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a folder in which Node.js finds a package.
    Installed,
    /// Below `node_modules`, but not such a folder.
    PartOfPackage,
    /// Not below `node_modules`.
    Outside,
}

impl Place {
    fn of(path: &ImagePath) -> Self {
        let mut parts = path.components().rev().skip(1);
        let (name, above, two_above) = (parts.next(), parts.next(), parts.next());
        let modules = Some(&b"node_modules"[..]);
        let stored = two_above == Some(b".store") && parts.next() == modules;
        match (name, above, two_above) {
            (Some(name), above, _) if above == modules && !matches!(name.first(), Some(b'.' | b'@')) => {
                Self::Installed
            }
            (Some(_), Some([b'@', _, ..]), above) if above == modules => Self::Installed,
            (Some(b"package"), Some(_), _) if stored => Self::Installed,
            _ if path.components().any(|part| part == b"node_modules") => Self::PartOfPackage,
            _ if is_debians(path) => Self::Installed,
            _ => Self::Outside,
        }
    }
}

/// Whether it is the manifest of a package in one of the folders that Debian's Node.js searches.
fn is_debians(path: &ImagePath) -> bool {
    let parts: Vec<_> = path.components().take(8).collect();
    let ([b"usr", b"share" | b"lib", b"nodejs", rest @ ..] | [b"usr", b"lib", _, b"nodejs", rest @ ..]) =
        parts.as_slice()
    else {
        return false;
    };
    matches!(rest, [[b'@', _, ..], _, _]) || matches!(rest, [[first, ..], _] if *first != b'@')
}

/// The fields of a `package.json` that are wanted.
#[derive(Default)]
struct Manifest {
    name: Option<Box<str>>,
    version: Option<Box<str>>,
    licences: Vec<String>,
    depends: Vec<String>,
    private: bool,
}

impl Shape for Manifest {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "camelCase")]
        enum Field {
            Name,
            Version,
            License,
            Licenses,
            Dependencies,
            OptionalDependencies,
            Private,
            #[serde(other)]
            Other,
        }
        let mut manifest = Self::default();
        while let Some(field) = object.next_key()? {
            match field {
                Field::Name => manifest.name = object.next_value::<Loose<_>>()?.0,
                Field::Version => manifest.version = object.next_value::<Loose<_>>()?.0,
                // `licenses` is what npm asked for before 2014; many packages have both.
                Field::License | Field::Licenses => {
                    manifest.licences.append(&mut object.next_value::<Loose<Licences>>()?.0.0);
                }
                Field::Dependencies | Field::OptionalDependencies => {
                    manifest.depends.append(&mut object.next_value::<Loose<Keys>>()?.0.0);
                }
                Field::Private => manifest.private = object.next_value::<Loose<_>>()?.0,
                Field::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(manifest)
    }
}

impl Manifest {
    fn into_reading(mut self, place: Place) -> Reading {
        // Nothing is published without both: this is a part of something, or a project that never was.
        let (Some(name), Some(version)) = (self.name, self.version) else { return Reading::nothing() };
        if name.is_empty() || version.is_empty() {
            return Reading::nothing();
        }
        let outside = place == Place::Outside;
        // Outside `node_modules` lie also templates of manifests: `"name": "<%= name %>"`.
        if outside && (self.private || !is_name(&name) || !is_number(&version)) {
            return Reading::nothing();
        }
        if !is_name(&name) {
            let mut reading = Reading::nothing();
            let name: String = name.chars().take(LONGEST_NAME).collect();
            reading.problem(format!("the name {name:?} is none that npm allows"));
            return reading;
        }
        self.licences.sort_unstable();
        self.licences.dedup();
        let mut stated = Stated {
            kind: PackageKind::Npm,
            name: name.into(),
            version: version.into(),
            licences: self.licences,
            depends: self.depends.into_iter().map(Into::into).collect(),
            ..Stated::default()
        };
        if outside {
            stated.details.insert(origin::ORIGIN.into(), "local".into());
        }
        Reading::of(Fact::Package(Box::new(stated)))
    }
}

/// Whether this looks like a version: a digit first, or after the `v` or `=` that npm takes away.
fn is_number(version: &str) -> bool {
    version.trim_start_matches(['v', '=', ' ']).starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests;
