//! What the tests of all catalogers share: one file put to one cataloger, and what damage does to it.

use pratique_image::{EntryHeader, EntryKind, ImagePath};

use crate::{Cataloger, Fact, File, Limits, Reading, Selection, Stated, Unreadable};

impl Reading {
    /// The packages among what a file states.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Stated> {
        self.facts.iter().filter_map(|fact| match fact {
            Fact::Package(stated) => Some(&**stated),
            _ => None,
        })
    }

    /// Names and versions of the packages.
    pub(crate) fn names(&self) -> Vec<String> {
        ids(self.packages())
    }
}

/// `name version` of each.
pub(crate) fn ids<'a>(packages: impl IntoIterator<Item = &'a Stated>) -> Vec<String> {
    packages.into_iter().map(|stated| format!("{} {}", stated.name, stated.version)).collect()
}

/// `name version` of what a package asks for.
pub(crate) fn depends(package: &Stated) -> Vec<String> {
    let show = |r: &crate::Requirement| format!("{} {}", r.name, r.version.as_deref().unwrap_or("?"));
    package.depends.iter().map(show).collect()
}

/// The header of a regular file.
pub(crate) fn header(path: &str, size: u64) -> EntryHeader {
    EntryHeader { path: ImagePath::new(path).unwrap(), kind: EntryKind::File, size, mode: 0o644 }
}

/// Whether `cataloger` wants a regular file at `path`; that it is offered one is part of the test.
pub(crate) fn wants(cataloger: &dyn Cataloger, path: &str) -> bool {
    is_wanted(cataloger, &header(path, 100))
}

fn is_wanted(cataloger: &dyn Cataloger, header: &EntryHeader) -> bool {
    let wanted = cataloger.wants(header);
    let offered = !Selection::of(&[cataloger]).is_unwanted(header);
    assert_eq!(wanted, offered, "{}: what is wanted is not what the globs say", header.path);
    wanted
}

/// What `cataloger`, which must want it, says of a file.
pub(crate) fn try_read_within(
    cataloger: &dyn Cataloger,
    path: &str,
    mut bytes: &[u8],
    limits: &Limits,
) -> Result<Reading, Unreadable> {
    let header = header(path, bytes.len() as u64);
    // Whoever wants only files of some size must still bear one that breaks off at once.
    assert!(bytes.is_empty() || is_wanted(cataloger, &header), "{path} is not wanted");
    cataloger.read(&mut File { header: &header, body: &mut bytes, limits }).map(Reading::finished)
}

/// As [`try_read_within`] the usual limits.
pub(crate) fn try_read(
    cataloger: &dyn Cataloger,
    path: &str,
    bytes: impl AsRef<[u8]>,
) -> Result<Reading, Unreadable> {
    try_read_within(cataloger, path, bytes.as_ref(), &Limits::default())
}

/// As [`try_read`], of a file that can be read.
pub(crate) fn read(cataloger: &dyn Cataloger, path: &str, bytes: impl AsRef<[u8]>) -> Reading {
    try_read(cataloger, path, bytes).unwrap()
}

/// The packages of a file that has nothing wrong with it and states nothing else.
pub(crate) fn packages(cataloger: &dyn Cataloger, path: &str, bytes: impl AsRef<[u8]>) -> Vec<Stated> {
    let reading = read(cataloger, path, bytes);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    let package = |fact| match fact {
        Fact::Package(stated) => *stated,
        other => panic!("{other:?}"),
    };
    reading.facts.into_iter().map(package).collect()
}

/// Puts to the cataloger what is left of a sample when it breaks off, what becomes of it when bits turn over, and
/// what opens without end. It must answer: with what is left or with an error, never with a panic.
pub(crate) fn withstands_damage(cataloger: &dyn Cataloger, path: &str, sample: impl AsRef<[u8]>) {
    let mut bytes = sample.as_ref().to_vec();
    // Long samples are cut and turned at every so many bytes only.
    let step = bytes.len().div_ceil(1500).max(1);
    for end in (0..bytes.len()).step_by(step) {
        let _ = try_read(cataloger, path, &bytes[..end]);
    }
    for at in (0..bytes.len()).step_by(step) {
        for mask in [1 << (at % 8), 0x20, 0x80, 0xff] {
            bytes[at] ^= mask;
            let _ = try_read(cataloger, path, &bytes);
            bytes[at] ^= mask;
        }
    }
    for deep in ["[", "{", "(", "{\"a\":", "a = {", "- ", "<<", "<a>", "\"", "[[", "\\"] {
        let text = deep.repeat(20_000);
        // Small files alone are wanted by some.
        if cataloger.wants(&header(path, text.len() as u64)) {
            let _ = try_read(cataloger, path, text);
        }
    }
}

/// States nothing where no record is allowed, and says so if there would have been one.
pub(crate) fn keeps_to_the_limit(cataloger: &dyn Cataloger, path: &str, sample: impl AsRef<[u8]>) {
    let reading = read(cataloger, path, sample.as_ref());
    let none = Limits { records: 0, ..Limits::default() };
    let bounded = try_read_within(cataloger, path, sample.as_ref(), &none).unwrap();
    assert!(bounded.facts.is_empty(), "more records than allowed");
    assert_eq!(bounded.problems.is_empty(), reading.facts.is_empty(), "{:?}", bounded.problems);
}
