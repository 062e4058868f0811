#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::executables::Executables;

fuzz_target!(|bytes: &[u8]| {
    // Shorter files are not wanted.
    if bytes.len() >= 64 {
        pratique_fuzz::read(&Executables, "usr/bin/program", bytes);
    }
});
