#![no_main]

use libfuzzer_sys::fuzz_target;
use pratique_inventory::catalogers::language::{PythonDirectUrl, PythonMetadata};

fuzz_target!(|bytes: &[u8]| {
    pratique_fuzz::read(&PythonMetadata, "site-packages/a_b-1.0.dist-info/METADATA", bytes);
    pratique_fuzz::read(&PythonMetadata, "site-packages/a.egg-info", bytes);
    pratique_fuzz::read(&PythonDirectUrl, "site-packages/a-1.0.dist-info/direct_url.json", bytes);
});
