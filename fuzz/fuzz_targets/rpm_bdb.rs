#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::os::RpmDatabase;

fuzz_target!(|bytes: &[u8]| pratique_fuzz::read(&RpmDatabase, "var/lib/rpm/Packages", bytes));
