#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::language::JavaArchives;

fuzz_target!(|bytes: &[u8]| {
    if !bytes.is_empty() {
        pratique_fuzz::read(&JavaArchives, "app/lib-1.2.3.jar", bytes);
    }
});
