#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::os::DpkgStatus;

fuzz_target!(|bytes: &[u8]| pratique_fuzz::read(&DpkgStatus, "var/lib/dpkg/status", bytes));
