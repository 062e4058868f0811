#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::os::RpmDatabase;

// A header alone, in the simplest database that can hold one: NDB with one page of slots.
fuzz_target!(|header: &[u8]| {
    let numbers = |of: &[u32]| of.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
    let length = header.len() as u32;
    let blocks = (16 + length + 12).div_ceil(16);
    let mut db = [&b"RpmP"[..], &numbers(&[0, 1, 1, 2, 0, 0, 0])].concat();
    db.extend([&b"Slot"[..], &numbers(&[1, 256, blocks])].concat());
    while db.len() < 4096 {
        db.extend([&b"Slot"[..], &numbers(&[0, 0, 0])].concat());
    }
    db.extend([&b"BlbS"[..], &numbers(&[1, 1, length]), header].concat());
    db.resize(4096 + blocks as usize * 16 - 12, 0);
    db.extend([&numbers(&[0, length])[..], b"BlbE"].concat());
    pratique_fuzz::read(&RpmDatabase, "var/lib/rpm/Packages.db", &db);
});
