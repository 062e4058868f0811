//! What the fuzz targets share.

use pratique_image::{EntryHeader, EntryKind, ImagePath};
use pratique_inventory::{Cataloger, File, Limits};

/// Lets a cataloger read `bytes` as a regular file at `path`, which it must want.
///
/// What it answers does not matter, only that it does: no panic, no hang, no memory beyond reason.
pub fn read(cataloger: &dyn Cataloger, path: &str, mut bytes: &[u8]) {
    let path = ImagePath::new(path).expect("a target's path is one");
    let header = EntryHeader { path, kind: EntryKind::File, size: bytes.len() as u64, mode: 0o755 };
    assert!(cataloger.wants(&header), "the cataloger does not want {:?}", header.path);
    let limits = Limits::default();
    let _ = cataloger.read(&mut File { header: &header, body: &mut bytes, limits: &limits });
}
