#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pratique_fuzz::advisories::publisher_feed(bytes));
