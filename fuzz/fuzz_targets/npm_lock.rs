#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_image::{EntryHeader, EntryKind, ImagePath};
use pratique_inventory::{Cataloger, File, Limits, Reading, catalogers::language::NpmLock};

// Short files are read from memory and long ones as they stream past: both ways must say the same.
fuzz_target!(|bytes: &[u8]| {
    let path = ImagePath::new("app/package-lock.json").expect("a path");
    let read = |size| -> Option<Reading> {
        let header = EntryHeader { path: path.clone(), kind: EntryKind::File, size, mode: 0o644 };
        NpmLock.read(&mut File { header: &header, body: &mut &bytes[..], limits: &Limits::default() }).ok()
    };
    let (memory, stream) = (read(bytes.len() as u64), read(200 << 20));
    assert_eq!(memory.map(|r| r.facts), stream.map(|r| r.facts));
});
