#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::language::CargoLock;

fuzz_target!(|bytes: &[u8]| pratique_fuzz::read(&CargoLock, "app/Cargo.lock", bytes));
