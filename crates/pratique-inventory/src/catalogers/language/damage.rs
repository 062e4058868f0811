//! What the unit tests of small formats share: reading a text at a path, and damaging it.

use pratique_image::{EntryHeader, EntryKind, ImagePath};

use crate::{Cataloger, Fact, File, Limits, Reading, Selection, Stated, Unreadable};

/// Lets the cataloger read `bytes` at `path`, which it must want.
pub(super) fn read_within(
    cataloger: &dyn Cataloger,
    path: &str,
    mut bytes: &[u8],
    limits: &Limits,
) -> Result<Reading, Unreadable> {
    let header = header(path, bytes.len() as u64);
    assert!(cataloger.wants(&header), "{path} is not wanted");
    cataloger.read(&mut File { header: &header, body: &mut bytes, limits })
}

/// Reads `text` at `path`.
pub(super) fn read(cataloger: &dyn Cataloger, path: &str, text: &str) -> Result<Reading, Unreadable> {
    read_within(cataloger, path, text.as_bytes(), &Limits::default())
}

/// The packages of a text that has nothing wrong with it.
pub(super) fn packages(cataloger: &dyn Cataloger, path: &str, text: &str) -> Vec<Stated> {
    assert!(wants(cataloger, path));
    let reading = read(cataloger, path, text).unwrap();
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    stated(reading)
}

/// The packages of a reading.
pub(super) fn stated(reading: Reading) -> Vec<Stated> {
    let package = |fact| match fact {
        Fact::Package(stated) => *stated,
        other => panic!("{other:?}"),
    };
    reading.facts.into_iter().map(package).collect()
}

/// `name version` of each.
pub(super) fn ids(packages: &[Stated]) -> Vec<String> {
    packages.iter().map(|p| format!("{} {}", p.name, p.version)).collect()
}

/// `name version` of what a package asks for.
pub(super) fn depends(package: &Stated) -> Vec<String> {
    let show = |r: &crate::Requirement| format!("{} {}", r.name, r.version.as_deref().unwrap_or("?"));
    package.depends.iter().map(show).collect()
}

/// Whether a regular file at `path` is wanted.
pub(super) fn wants(cataloger: &dyn Cataloger, path: &str) -> bool {
    let header = header(path, 100);
    let wanted = cataloger.wants(&header);
    let offered = !Selection::of(&[cataloger]).is_unwanted(&header);
    assert_eq!(wanted, offered, "{path}: what is wanted is not what the globs say");
    wanted
}

fn header(path: &str, size: u64) -> EntryHeader {
    EntryHeader { path: ImagePath::new(path).unwrap(), kind: EntryKind::File, size, mode: 0o644 }
}

/// Cuts the sample at every place, flips bits of every byte, and asks that each is answered: with what was
/// left of it or with an error, never with a panic. Also, that one record more than allowed is said.
pub(super) fn withstands_damage(cataloger: &dyn Cataloger, path: &str, sample: &str) {
    let limits = Limits::default();
    let mut bytes = sample.as_bytes().to_vec();
    for cut in 0..bytes.len() {
        let _ = read_within(cataloger, path, &bytes[..cut], &limits);
    }
    for at in 0..bytes.len() {
        for mask in [0x01, 0x20, 0x80] {
            bytes[at] ^= mask;
            let _ = read_within(cataloger, path, &bytes, &limits);
            bytes[at] ^= mask;
        }
    }
    for deep in ["[", "{", "(", "{\"a\":", "a = {", "- ", "<<", "\"", "[[", "\\"] {
        let _ = read_within(cataloger, path, deep.repeat(20_000).as_bytes(), &limits);
    }
    let reading = read_within(cataloger, path, &bytes, &limits).unwrap();
    let none = Limits { records: 0, ..Limits::default() };
    let bounded = read_within(cataloger, path, &bytes, &none).unwrap();
    assert!(bounded.facts.is_empty(), "more records than allowed");
    assert_eq!(bounded.problems.is_empty(), reading.facts.is_empty(), "{:?}", bounded.problems);
}
