#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::os::ReleaseFiles;

fuzz_target!(|bytes: &[u8]| pratique_fuzz::read(&ReleaseFiles, "etc/os-release", bytes));
