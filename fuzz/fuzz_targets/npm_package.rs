#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::language::NpmPackage;

fuzz_target!(|bytes: &[u8]| {
    pratique_fuzz::read(&NpmPackage, "app/node_modules/a/package.json", bytes);
    pratique_fuzz::read(&NpmPackage, "app/package.json", bytes);
});
