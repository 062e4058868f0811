//! What the tests of these catalogers share.

use pratique_image::{EntryHeader, EntryKind, ImagePath};

use crate::{Cataloger, Fact, File, Limits, Reading, Stated, Unreadable};

pub(super) fn header(path: &str, size: usize) -> EntryHeader {
    EntryHeader { path: ImagePath::new(path).unwrap(), kind: EntryKind::File, size: size as u64, mode: 0o644 }
}

pub(super) fn read_at(
    cataloger: &dyn Cataloger,
    path: &str,
    mut bytes: &[u8],
    limits: &Limits,
) -> Result<Reading, Unreadable> {
    let header = header(path, bytes.len());
    assert!(cataloger.wants(&header), "{path}");
    cataloger.read(&mut File { header: &header, body: &mut bytes, limits })
}

pub(super) fn read(cataloger: &dyn Cataloger, path: &str, text: &str) -> Reading {
    read_at(cataloger, path, text.as_bytes(), &Limits::default()).unwrap()
}

pub(super) fn packages(reading: &Reading) -> Vec<&Stated> {
    fn package(fact: &Fact) -> &Stated {
        match fact {
            Fact::Package(stated) => stated,
            other => panic!("{other:?}"),
        }
    }
    reading.facts.iter().map(package).collect()
}

pub(super) fn names(reading: &Reading) -> Vec<String> {
    packages(reading).iter().map(|p| format!("{}@{}", p.name, p.version)).collect()
}

/// Throws every truncation and many flips of bits of `sample` at a cataloger: it must answer, whatever that is.
pub(super) fn damage(cataloger: &dyn Cataloger, path: &str, sample: &str) {
    let limits = Limits::default();
    for end in 0..sample.len() {
        let _ = read_at(cataloger, path, &sample.as_bytes()[..end], &limits);
    }
    let mut bytes = sample.as_bytes().to_vec();
    for at in 0..bytes.len() {
        let bit = 1 << (at % 8);
        bytes[at] ^= bit;
        let _ = read_at(cataloger, path, &bytes, &limits);
        bytes[at] ^= bit;
    }
}
