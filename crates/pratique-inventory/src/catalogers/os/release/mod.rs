//! Which operating system release this is.
//!
//! `os-release(5)` settled the question in 2012 with one file of assignments; what is older or smaller writes
//! one line of prose into a file named after itself, and everybody keeps the old files for programs that look
//! for them. The traps:
//!
//! * Derivatives keep their parent's file. Oracle's `redhat-release` says "Red Hat Enterprise Linux", Ubuntu's
//!   `debian_version` names a Debian that it is not. So files are ordered ([`precedence`]): `os-release` first,
//!   a vendor's own file before `redhat-release`, `debian_version` last; and what a later file says only counts
//!   if it speaks of the same distribution ([`merge`]).
//! * `VERSION_ID` is what advisories go by, and coarse: Debian's is `12` where `debian_version` says `12.15`,
//!   CentOS' `7` where `centos-release` says `7.9.2009`. The finer one is kept beside it as the point release.
//! * Testing and unstable Debian, Arch and Gentoo have no `VERSION_ID` at all. An empty version is an answer.

mod assignments;
mod prose;

use pratique_image::{EntryHeader, ImagePath};

use crate::{Cataloger, CatalogerId, Distribution, Fact, File, Reading, Unreadable};

/// Reads the files that name an operating system release.
pub struct ReleaseFiles;

/// Largest file of these that makes sense, in bytes; real ones have a few hundred.
const LARGEST: u64 = 256 << 10;

/// How a file says it.
#[derive(Clone, Copy)]
enum Format {
    OsRelease,
    LsbRelease,
    /// A bare version of the distribution with this `ID`.
    Version(&'static str),
    DebianVersion,
    /// An empty file, or one that need not be read, of the distribution with this `ID` and name.
    Presence(&'static str, &'static str),
    Prose,
}

/// File names below `etc/` and `usr/lib/`, most trustworthy first.
const FILES: &[(&str, Format)] = &[
    ("os-release", Format::OsRelease),
    ("alpine-release", Format::Version("alpine")),
    ("oracle-release", Format::Prose),
    ("rocky-release", Format::Prose),
    ("almalinux-release", Format::Prose),
    ("centos-release", Format::Prose),
    ("fedora-release", Format::Prose),
    ("photon-release", Format::Prose),
    ("mariner-release", Format::Prose),
    ("azurelinux-release", Format::Prose),
    ("openEuler-release", Format::Prose),
    ("SuSE-release", Format::Prose),
    ("gentoo-release", Format::Prose),
    ("arch-release", Format::Presence("arch", "Arch Linux")),
    ("redhat-release", Format::Prose),
    ("system-release", Format::Prose),
    ("lsb-release", Format::LsbRelease),
    ("debian_version", Format::DebianVersion),
];

/// The place in [`FILES`] of a file, and whether it lies in `usr/lib`.
fn place(path: &ImagePath) -> Option<(usize, bool)> {
    let bytes = path.as_bytes();
    let (name, vendor) = match bytes.strip_prefix(b"etc/") {
        Some(name) => (name, false),
        None => (bytes.strip_prefix(b"usr/lib/")?, true),
    };
    // All names end in one of two letters: most files of `etc` and `usr/lib` are gone after this.
    if !matches!(name.last(), Some(b'e' | b'n')) {
        return None;
    }
    FILES.iter().position(|(known, _)| known.as_bytes() == name).map(|at| (at, vendor))
}

/// How much a release file is worth beside others: 0 is the best, 255 is no release file.
pub fn precedence(path: &ImagePath) -> u8 {
    place(path).and_then(|(at, vendor)| u8::try_from(at * 2 + usize::from(vendor)).ok()).unwrap_or(u8::MAX)
}

/// Makes one release of what several files of an image say.
///
/// The best file decides; others of the same distribution fill in what it leaves open, and the point release.
pub fn merge(mut found: Vec<(&ImagePath, &Distribution)>) -> Option<Distribution> {
    // `linux` is what os-release(5) puts for an ID that is missing: any file that names something is better.
    found.sort_by_key(|(path, stated)| (stated.id.is_empty() || stated.id == "linux", precedence(path)));
    let mut found = found.into_iter().map(|(_, stated)| stated);
    let mut best = found.next()?.clone();
    for other in found.filter(|other| other.id == best.id).cloned().collect::<Vec<_>>() {
        if best.version.is_empty() {
            best.version.clone_from(&other.version);
        }
        if best.name.is_empty() {
            best.name = other.name;
        }
        if best.point_release.is_none() {
            let finer = [other.point_release, Some(other.version)].into_iter().flatten();
            best.point_release = finer.into_iter().find(|finer| is_finer(finer, &best.version));
        }
        best.codename = best.codename.or(other.codename);
        best.build = best.build.or(other.build);
        best.cpe = best.cpe.or(other.cpe);
        best.variant = best.variant.or(other.variant);
        best.support_end = best.support_end.or(other.support_end);
    }
    Some(best)
}

/// Whether `finer` is `version` with more components: `7.9.2009` of `7`.
fn is_finer(finer: &str, version: &str) -> bool {
    !version.is_empty() && finer.strip_prefix(version).is_some_and(|more| more.starts_with('.'))
}

impl Cataloger for ReleaseFiles {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/release", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &[
            "{etc,usr/lib}/os-release",
            "{etc,usr/lib}/alpine-release",
            "{etc,usr/lib}/oracle-release",
            "{etc,usr/lib}/rocky-release",
            "{etc,usr/lib}/almalinux-release",
            "{etc,usr/lib}/centos-release",
            "{etc,usr/lib}/fedora-release",
            "{etc,usr/lib}/photon-release",
            "{etc,usr/lib}/mariner-release",
            "{etc,usr/lib}/azurelinux-release",
            "{etc,usr/lib}/openEuler-release",
            "{etc,usr/lib}/SuSE-release",
            "{etc,usr/lib}/gentoo-release",
            "{etc,usr/lib}/arch-release",
            "{etc,usr/lib}/redhat-release",
            "{etc,usr/lib}/system-release",
            "{etc,usr/lib}/lsb-release",
            "{etc,usr/lib}/debian_version",
        ]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        place(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Some((_, format)) = place(file.path()).and_then(|(at, _)| FILES.get(at)) else {
            return Ok(Reading::nothing());
        };
        let text = file.text_within(LARGEST)?;
        let mut reading = Reading::nothing();
        let stated = match *format {
            Format::OsRelease => assignments::os_release(&text, &mut reading),
            Format::LsbRelease => assignments::lsb_release(&text, &mut reading),
            Format::Version(id) => prose::bare_version(id, &text),
            Format::DebianVersion => prose::debian_version(&text),
            Format::Presence(id, name) => {
                Some(Distribution { id: id.into(), name: name.into(), ..Distribution::default() })
            }
            Format::Prose => prose::sentence(&text),
        };
        reading.facts.extend(stated.map(Fact::Distribution));
        Ok(reading)
    }
}

#[cfg(test)]
mod tests;
