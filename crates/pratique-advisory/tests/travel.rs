//! A database that travels arrives whole or not at all.

mod common;

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use common::{Outcome, build, few};
use pratique_advisory::{Content, Database, Incoming, TravelError, pack};
use tempfile::tempdir;

fn packed(folder: &Path) -> Outcome<(std::path::PathBuf, Vec<u8>, Content)> {
    let (path, _) = build(&few()?, folder, "a.pdb")?;
    let mut bytes = Vec::new();
    let content = pack(&path, &mut bytes, "out".as_ref())?;
    Ok((path, bytes, content))
}

/// Takes `bytes` in at `target`.
fn arrive(bytes: &[u8], target: &Path, expected: Option<Content>) -> Result<Database, TravelError> {
    let mut incoming = Incoming::beside(target)?;
    incoming.receive(&mut &*bytes, expected, "what came")?;
    incoming.finish("what came")
}

fn files(folder: &Path) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[test]
fn comes_out_as_it_went_in() -> Outcome {
    let folder = tempdir()?;
    let (path, bytes, content) = packed(folder.path())?;
    assert_eq!(content, Content::of(&path)?);
    let mut again = Vec::new();
    pack(&path, &mut again, "out".as_ref())?;
    assert_eq!(bytes, again, "the same each time");
    // Any zstd expands it, to the database itself.
    assert_eq!(zstd::decode_all(&*bytes)?, fs::read(&path)?);

    let target = folder.path().join("new/folder/b.pdb");
    let plain = fs::read(&path)?;
    let by_hand = zstd::encode_all(&*plain, 1)?;
    for (what, bytes) in [("packed", &bytes), ("as it is", &plain), ("compressed by hand", &by_hand)] {
        for expected in [None, Some(content)] {
            let database = arrive(bytes, &target, expected)?;
            assert_eq!(database.path(), target, "{what}");
            assert_eq!(fs::read(&target)?, plain, "{what}");
        }
    }
    assert_eq!(files(&folder.path().join("new/folder"))?, ["b.pdb"]);
    Ok(())
}

#[test]
fn damage_leaves_the_old_one() -> Outcome {
    let folder = tempdir()?;
    let (_, bytes, content) = packed(folder.path())?;
    let there = folder.path().join("there");
    fs::create_dir(&there)?;
    let target = there.join("b.pdb");
    fs::write(&target, "the old one")?;
    for at in (0..bytes.len()).step_by(7).chain(0..300) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        for (what, bytes) in [("flip", &changed[..]), ("end", &bytes[..at])] {
            match arrive(bytes, &target, Some(content)) {
                Err(error) => assert!(error.to_string().contains("what came"), "{error}"),
                // JSON takes some changes: white space, and names that nobody asks for.
                Ok(database) => {
                    assert_eq!(Content::of(database.path())?, content, "{what} at {at}");
                    fs::write(&target, "the old one")?;
                }
            }
            assert_eq!(fs::read(&target)?, b"the old one", "{what} at {at}");
        }
    }
    assert_eq!(files(&there)?, ["b.pdb"], "nothing is left lying about");
    let mut longer = bytes.clone();
    longer.extend(b"more");
    let error = arrive(&longer, &target, Some(content)).err().ok_or("taken")?;
    assert!(matches!(error, TravelError::Damaged { .. }), "{error}");
    Ok(())
}

#[test]
fn says_what_is_wrong() -> Outcome {
    let folder = tempdir()?;
    let (path, bytes, content) = packed(folder.path())?;
    let target = folder.path().join("b.pdb");
    let error = |bytes: &[u8], expected| arrive(bytes, &target, expected).err().ok_or("taken");

    let other = Content { bytes: content.bytes + 1, ..content };
    let text = error(&bytes, Some(other))?.to_string();
    assert!(text.contains("were promised") && text.contains("untouched"), "{text}");
    assert!(matches!(error(b"{\"id\":1}", None)?, TravelError::Foreign { .. }));
    assert!(matches!(error(b"", None)?, TravelError::Damaged { .. }));
    // Sound zstd of something else, also of something far larger than promised.
    let text = zstd::encode_all(&b"text"[..], 1)?;
    assert!(matches!(error(&text, None)?, TravelError::Unusable { .. }));
    let bomb = zstd::encode_all(io::repeat(0).take(64 << 20), 1)?;
    let text = error(&bomb, Some(content))?.to_string();
    assert!(text.contains(&format!("it has {} bytes", content.bytes + 1)), "{text}");
    // A database that only a later program reads: the error names its place to be, not the temporary one.
    let mut future = fs::read(&path)?;
    future[16] = 99;
    let sum = xxhash_rust::xxh3::xxh3_64(&future[..4088]).to_le_bytes();
    future[4088..4096].copy_from_slice(&sum);
    let problem = error(&future, None)?;
    let cause = std::error::Error::source(&problem).ok_or("no cause")?.to_string();
    assert!(cause.contains("newer pratique") && cause.contains("b.pdb has format 99"), "{cause}");
    assert!(!target.exists());

    // The line broke: that is no damage.
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the line broke"))
        }
    }
    let mut incoming = Incoming::beside(&target)?;
    let half = bytes[..bytes.len() / 2].chain(Broken);
    let problem = incoming.receive(&mut { half }, None, "what came").err().ok_or("taken")?;
    assert!(matches!(problem, TravelError::Read { .. }), "{problem}");
    Ok(())
}
