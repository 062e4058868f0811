//! For the tests of language catalogers: one file put to one cataloger.

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
        self.packages().map(|stated| format!("{} {}", stated.name, stated.version)).collect()
    }
}

/// What `cataloger`, which must want it, says of a file.
pub(crate) fn try_read(
    cataloger: &dyn Cataloger,
    path: &str,
    mut bytes: &[u8],
) -> Result<Reading, Unreadable> {
    let path = ImagePath::new(path).unwrap();
    let header = EntryHeader { path, kind: EntryKind::File, size: bytes.len() as u64, mode: 0o644 };
    if !bytes.is_empty() {
        assert!(cataloger.wants(&header), "{} is not wanted", header.path);
        let catalogers = [cataloger];
        let offered = Selection::of(&catalogers).wanting(&header).next().is_some();
        assert!(offered, "{} fits no glob of {}", header.path, cataloger.id().name);
    }
    cataloger.read(&mut File { header: &header, body: &mut bytes, limits: &Limits::default() })
}

/// As [`try_read`], of a file that can be read.
pub(crate) fn read(cataloger: &dyn Cataloger, path: &str, text: impl AsRef<[u8]>) -> Reading {
    try_read(cataloger, path, text.as_ref()).unwrap()
}

/// Puts to the cataloger what is left of a file when it breaks off, and what becomes of it when bits turn over.
pub(crate) fn hurt(cataloger: &dyn Cataloger, path: &str, sample: &[u8]) {
    // Long samples are cut and turned at every so many bytes only.
    let step = sample.len().div_ceil(1500).max(1);
    for end in (0..sample.len()).step_by(step) {
        let _ = try_read(cataloger, path, &sample[..end]);
    }
    let mut bytes = sample.to_vec();
    for at in (0..bytes.len()).step_by(step) {
        for mask in [1 << (at % 8), 0xff, 0x20] {
            bytes[at] ^= mask;
            let _ = try_read(cataloger, path, &bytes);
            bytes[at] ^= mask;
        }
    }
}
