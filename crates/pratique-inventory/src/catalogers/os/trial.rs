//! What the tests of this folder's readers share: a file of one name, and what damage does to it.

use pratique_image::{EntryHeader, EntryKind, ImagePath};

use crate::{Cataloger, File, Limits, Reading, Unreadable};

/// Lets `cataloger` read `bytes` as a regular file at `path`, which it must want.
pub(super) fn read(cataloger: &dyn Cataloger, path: &str, mut bytes: &[u8]) -> Result<Reading, Unreadable> {
    let path = ImagePath::new(path).unwrap();
    let header = EntryHeader { path, kind: EntryKind::File, size: bytes.len() as u64, mode: 0o644 };
    assert!(cataloger.wants(&header), "{:?} is not wanted", header.path);
    cataloger.read(&mut File { header: &header, body: &mut bytes, limits: &Limits::default() })
}

/// Whether `cataloger` wants a regular file at `path`.
pub(super) fn wants(cataloger: &dyn Cataloger, path: &str) -> bool {
    let path = ImagePath::new(path).unwrap();
    cataloger.wants(&EntryHeader { path, kind: EntryKind::File, size: 100, mode: 0o644 })
}

/// Reads `sample` cut off at every byte, and with every byte changed: that it ends without a panic is the test.
pub(super) fn assert_survives(cataloger: &dyn Cataloger, path: &str, sample: &[u8]) {
    for end in 0..sample.len() {
        let _ = read(cataloger, path, &sample[..end]);
    }
    let mut damaged = sample.to_vec();
    for at in 0..sample.len() {
        for flip in [0x01, 0x80, 0xff] {
            damaged[at] ^= flip;
            let _ = read(cataloger, path, &damaged);
            damaged[at] ^= flip;
        }
    }
}
