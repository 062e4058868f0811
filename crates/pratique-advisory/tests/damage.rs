//! Damaged files: an error or the same answers, never a panic and never other answers.

mod common;

use std::fs;

use common::{Outcome, ask_everything, build, few, golden};
use pratique_advisory::{Database, Error};
use tempfile::tempdir;

#[test]
fn every_flipped_byte_is_noticed() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&few()?, folder.path(), "a.pdb")?;
    let sound = fs::read(&path)?;
    let damaged = folder.path().join("damaged.pdb");
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x55;
        fs::write(&damaged, &bytes)?;
        // The file is smaller than one block, so whatever is read meets the damage.
        let problem = Database::open(&damaged).and_then(|database| database.verify()).err();
        let problem = problem.ok_or_else(|| format!("the flip at {at} went unnoticed"))?;
        let named =
            problem.to_string().contains("damaged.pdb") && problem.to_string().contains("`pratique db");
        assert!(named, "{problem}");
    }
    Ok(())
}

#[test]
fn look_ups_meet_the_damage_without_being_asked_to_verify() -> Outcome {
    let folder = tempdir()?;
    // Large enough for several blocks.
    let mut members = golden()?;
    for number in 0..3000_u32 {
        let json = format!(
            r#"{{"id":"X-{number}","modified":"2024-01-01T00:00:00Z","summary":"{:x}","affected":[{{
               "package":{{"ecosystem":"npm","name":"package-{number}"}},"versions":["{number}.0","{number}.1"]}}]}}"#,
            u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
        );
        members.push(common::member("npm", &format!("X-{number}.json"), &json));
    }
    members.sort();
    let (path, _) = build(&members, folder.path(), "a.pdb")?;
    let expected = ask_everything(&Database::open(&path)?)?;
    let sound = fs::read(&path)?;
    assert!(sound.len() > 4 * 65536, "{}", sound.len());
    let damaged = folder.path().join("damaged.pdb");
    let (mut refused, mut same) = (0, 0);
    for at in (4096..sound.len()).step_by(8_009) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x80;
        fs::write(&damaged, &bytes)?;
        match Database::open(&damaged).and_then(|database| ask_everything(&database)) {
            Ok(answers) => {
                assert!(answers == expected, "other answers after a flip at {at}");
                same += 1;
            }
            Err(Error::Damaged { .. }) => refused += 1,
            Err(other) => return Err(other.into()),
        }
    }
    assert!(refused > same, "{refused} refused, {same} not touched");
    Ok(())
}

#[test]
fn files_of_another_length_are_refused_when_opened() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&few()?, folder.path(), "a.pdb")?;
    let sound = fs::read(&path)?;
    let cut = folder.path().join("cut.pdb");
    for length in 0..sound.len() {
        fs::write(&cut, &sound[..length])?;
        match Database::open(&cut) {
            Err(Error::Length { found, .. }) => assert_eq!(found, length as u64),
            Err(Error::Foreign { .. }) => assert_eq!(length, 0),
            other => return Err(format!("{length}: {:?}", other.err()).into()),
        }
    }
    fs::write(&cut, [sound.as_slice(), b"more"].concat())?;
    assert!(matches!(Database::open(&cut), Err(Error::Length { .. })));
    Ok(())
}

#[test]
fn a_newer_format_is_refused_with_the_remedy() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&few()?, folder.path(), "a.pdb")?;
    let mut bytes = fs::read(&path)?;
    // The format's number, and the checksum of the header that a newer program would have put under it.
    bytes[16..18].copy_from_slice(&u16::MAX.to_le_bytes());
    let sum = xxhash_rust::xxh3::xxh3_64(&bytes[..4088]);
    bytes[4088..4096].copy_from_slice(&sum.to_le_bytes());
    fs::write(&path, &bytes)?;
    let problem = Database::open(&path).err().ok_or("a newer format was opened")?;
    assert!(matches!(problem, Error::Format { found: u16::MAX, .. }), "{problem}");
    let said = problem.to_string();
    assert!(said.contains("a.pdb") && said.contains("65535"), "{said}");
    assert!(said.contains("pratique"), "no remedy: {said}");
    Ok(())
}

#[test]
fn every_refusal_names_the_file_and_what_to_do() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&few()?, folder.path(), "a.pdb")?;
    let sound = fs::read(&path)?;
    let mut flipped = sound.clone();
    flipped[5000] ^= 1;
    for (what, bytes) in
        [("cut", &sound[..sound.len() - 1]), ("header alone", &sound[..4096]), ("bit flip", &flipped)]
    {
        fs::write(&path, bytes)?;
        let problem = Database::open(&path).and_then(|database| database.verify()).err();
        let said = problem.ok_or_else(|| format!("{what} went unnoticed"))?.to_string();
        assert!(said.contains("a.pdb") && said.contains("`pratique db"), "{what}: {said}");
    }
    Ok(())
}

#[test]
fn what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not() -> Outcome {
    let folder = tempdir()?;
    let left = folder.path().join(".a.pdb.4711-0.new.partial");
    fs::write(&left, b"half a database")?;
    let living = folder.path().join(".a.pdb.4712-0.new.partial");
    let file = fs::File::create(&living)?;
    file.lock()?;
    let other = folder.path().join(".b.pdb.4711-0.new.partial");
    fs::write(&other, b"of another database")?;
    build(&few()?, folder.path(), "a.pdb")?;
    assert!(!left.exists() && living.exists() && other.exists());
    drop(file);
    build(&few()?, folder.path(), "a.pdb")?;
    assert!(!living.exists());
    Ok(())
}

#[test]
fn other_files_are_refused_with_a_reason() -> Outcome {
    let folder = tempdir()?;
    let path = folder.path().join("other");
    assert!(matches!(Database::open(&path), Err(Error::Missing { .. })));
    fs::write(&path, vec![b'x'; 10_000])?;
    assert!(matches!(Database::open(&path), Err(Error::Foreign { .. })));
    assert!(matches!(Database::open(folder.path()), Err(Error::Foreign { .. } | Error::Unreadable { .. })));
    Ok(())
}

#[test]
fn an_open_database_outlives_its_replacement() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&golden()?, folder.path(), "a.pdb")?;
    let open = Database::open(&path)?;
    let expected = ask_everything(&Database::open(&path)?)?;
    let one: Vec<_> = golden()?.into_iter().filter(|(ecosystem, _, _)| ecosystem == "npm").collect();
    build(&one, folder.path(), "a.pdb")?;
    assert!(ask_everything(&open)? == expected);
    assert_eq!(Database::open(&path)?.info().records, 2);
    Ok(())
}
