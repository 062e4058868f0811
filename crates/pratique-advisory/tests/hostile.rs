//! Files made by an enemy: every checksum is right, the contents are not. An error or other answers, never a panic.

mod common;

use std::fs;

use common::{Outcome, ask_everything, build, few};
use pratique_advisory::Database;
use tempfile::tempdir;
use xxhash_rust::xxh3::xxh3_64;

const HEADER: usize = 4096;
const BLOCK: usize = 64 * 1024;

/// Puts right checksums under changed bytes; the layout is that of the format's description in `file/header.rs`.
fn seal(bytes: &mut [u8]) -> Outcome {
    let table = usize::try_from(u64::from_le_bytes(bytes[40..48].try_into()?))?;
    let sums: Vec<u8> =
        bytes[HEADER..table].chunks(BLOCK).flat_map(|block| xxh3_64(block).to_le_bytes()).collect();
    bytes[table..].copy_from_slice(&sums);
    bytes[48..56].copy_from_slice(&xxh3_64(&sums).to_le_bytes());
    let sum = xxh3_64(&bytes[..HEADER - 8]);
    bytes[HEADER - 8..HEADER].copy_from_slice(&sum.to_le_bytes());
    Ok(())
}

#[test]
fn no_changed_byte_makes_a_panic() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&few()?, folder.path(), "a.pdb")?;
    let sound = fs::read(&path)?;
    let expected = ask_everything(&Database::open(&path)?)?;
    let table = usize::try_from(u64::from_le_bytes(sound[40..48].try_into()?))?;
    let hostile = folder.path().join("hostile.pdb");
    let mut resealed = sound.clone();
    seal(&mut resealed)?;
    assert!(resealed == sound, "the test seals as the program does");
    let (mut refused, mut other) = (0, 0);
    for at in HEADER..table {
        let mut bytes = sound.clone();
        bytes[at] ^= [0x01, 0x80, 0xff][at % 3];
        seal(&mut bytes)?;
        fs::write(&hostile, &bytes)?;
        let answers = Database::open(&hostile).and_then(|database| {
            database.verify()?;
            ask_everything(&database)
        });
        match answers {
            Ok(answers) => other += usize::from(answers != expected),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 100 && other > 100, "{refused} refused, {other} with other answers");
    Ok(())
}
