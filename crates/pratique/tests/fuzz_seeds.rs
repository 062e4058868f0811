//! The seeds of the fuzz targets, on the stable toolchain and without a fuzzer.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;
// The targets' bodies are no test code of ours: they follow the rules of `fuzz/`.
#[allow(clippy::pedantic, unreachable_pub)]
#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;

use support::workspace;

#[test]
fn every_seed_passes_its_target() {
    let seeds = workspace().join("fuzz/seeds");
    for (name, target) in fuzz::TARGETS {
        let mut count = 0;
        for seed in fs::read_dir(seeds.join(name)).unwrap_or_else(|_| panic!("{name} has no seeds")) {
            let seed = seed.unwrap().path();
            let bytes = fs::read(&seed).unwrap();
            // Whatever a cut does, it is one more input that has to be answered.
            for bytes in [&bytes[..], &bytes[..bytes.len() / 2], &bytes[..bytes.len().saturating_sub(1)]] {
                let passed = std::panic::catch_unwind(|| target(bytes));
                assert!(passed.is_ok(), "{} of {} bytes", seed.display(), bytes.len());
            }
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
    }
    for folder in fs::read_dir(&seeds).unwrap() {
        let folder = folder.unwrap().file_name();
        assert!(fuzz::TARGETS.iter().any(|(name, _)| folder == *name), "no target for {}", folder.display());
    }
}
