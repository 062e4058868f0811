#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::os::ApkDatabase;

fuzz_target!(|bytes: &[u8]| pratique_fuzz::read(&ApkDatabase, "lib/apk/db/installed", bytes));
