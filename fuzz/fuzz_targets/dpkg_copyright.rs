#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::os::DpkgCopyright;

fuzz_target!(|bytes: &[u8]| pratique_fuzz::read(&DpkgCopyright, "usr/share/doc/x/copyright", bytes));
