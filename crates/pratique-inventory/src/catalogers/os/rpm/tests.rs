use std::io::{self, Read};

use pratique_image::{EntryKind, ImagePath};

use super::*;
use crate::{Limits, SourcePackage, Stated, catalogers::trial};

/// One package with an epoch.
const BDB: &[u8] = include_bytes!("../../../../testdata/rpm/one-package.bdb");
/// Two packages, one over overflow pages, on pages of 512 bytes.
const SQLITE: &[u8] = include_bytes!("../../../../testdata/rpm/two-packages.sqlite");

fn read_at(path: &str, bytes: &[u8]) -> Result<Reading, Unreadable> {
    trial::try_read(&RpmDatabase, path, bytes)
}

fn read(bytes: &[u8]) -> Result<Reading, Unreadable> {
    read_at("var/lib/rpm/Packages", bytes)
}

fn packages(reading: &Reading) -> Vec<&Stated> {
    reading.packages().collect()
}

/// What is wrong with a file as a whole.
fn refused(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// A header of entries (tag, type, count, data).
fn header(entries: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
    let data: Vec<u8> = entries.iter().flat_map(|entry| entry.3.iter().copied()).collect();
    let mut out = Vec::new();
    out.extend((entries.len() as u32).to_be_bytes());
    out.extend((data.len() as u32).to_be_bytes());
    let mut offset = 0;
    for (tag, kind, count, data) in entries {
        for number in [*tag, *kind, offset, *count] {
            out.extend(number.to_be_bytes());
        }
        offset += data.len() as u32;
    }
    out.extend(data);
    out
}

/// An NDB file of records.
fn ndb(records: &[&[u8]]) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let (mut slots, mut blobs) = (Vec::new(), Vec::new());
    slots.extend([&b"RpmP"[..], &words(&[0, 1, 1, 9, 0, 0, 0])].concat());
    for (index, record) in (1_u32..).zip(records) {
        let length = record.len() as u32;
        let blocks = (16 + length + 12).div_ceil(16);
        slots.extend([&b"Slot"[..], &words(&[index, 256 + blobs.len() as u32 / 16, blocks])].concat());
        let end = blobs.len() + blocks as usize * 16;
        blobs.extend([&b"BlbS"[..], &words(&[index, 1, length]), record].concat());
        blobs.resize(end - 12, 0);
        blobs.extend([&words(&[0, length])[..], b"BlbE"].concat());
    }
    while slots.len() < 4096 {
        slots.extend([&b"Slot"[..], &words(&[0, 0, 0])].concat());
    }
    slots.extend(blobs);
    slots
}

const NAME: (u32, u32, u32, &[u8]) = (1000, 6, 1, b"bash\0");
const VERSION: (u32, u32, u32, &[u8]) = (1001, 6, 1, b"5.2\0");
const RELEASE: (u32, u32, u32, &[u8]) = (1002, 6, 1, b"1.el9\0");

#[test]
fn berkeley_db() {
    let reading = read(BDB).unwrap();
    assert_eq!(reading.problems, Vec::<String>::new());
    let [hello] = packages(&reading)[..] else { panic!("{reading:?}") };
    assert_eq!((hello.name.as_str(), hello.version.as_str()), ("hello", "1:0.0.1-rls"));
    assert_eq!(hello.source, Some(SourcePackage { name: "hello".into(), version: "1:0.0.1-rls".into() }));
}

#[test]
fn sqlite_with_overflow_pages() {
    let reading = read(SQLITE).unwrap();
    assert_eq!(reading.problems, Vec::<String>::new());
    let found: Vec<_> = packages(&reading).iter().map(|p| (p.name.as_str(), p.version.as_str())).collect();
    assert_eq!(found, [("hello", "1:0.0.1-rls"), ("bash", "5.2-1.el9")]);
}

#[test]
fn all_tags() {
    let header = header(&[
        // The region comes first and says nothing; the dribble that comes last overrides.
        (63, 7, 16, &[0; 16]),
        (1000, 6, 1, b"old\0"),
        VERSION,
        RELEASE,
        (1003, 4, 1, &[0, 0, 0, 0]),
        (1011, 6, 1, b"Red Hat, Inc.\0"),
        (1014, 6, 1, b"GPLv3+\0"),
        (1022, 6, 1, b"(none)\0"),
        (1030, 3, 3, &[0x41, 0xed, 0x81, 0xed, 0x81, 0xa4]),
        (1044, 6, 1, b"bash-src-5.2-1.el9.nosrc.rpm\0"),
        (1047, 8, 3, b"bash\0bash(x86-64)\0libx.so.1(X_1.0)(64bit)\0"),
        (
            1049,
            8,
            5,
            b"rpmlib(FileDigests)\0libc.so.6()(64bit)\0libc.so.6(GLIBC_2.4)(64bit)\0/bin/sh\0/bin/sh\0",
        ),
        (1116, 4, 3, &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]),
        (1117, 8, 3, b"bin\0bash\0bashrc\0"),
        (1118, 8, 2, b"/etc/\0/usr/bin/\0"),
        (5096, 6, 1, b"perl:5.26:1:2\0"),
        NAME,
    ]);
    let reading = read(&ndb(&[&header])).unwrap();
    assert_eq!(reading.problems, Vec::<String>::new());
    let [bash] = packages(&reading)[..] else { panic!("{reading:?}") };
    assert_eq!((bash.name.as_str(), bash.version.as_str()), ("bash", "0:5.2-1.el9"));
    assert_eq!(bash.arch, None);
    assert_eq!(bash.licences, ["GPLv3+"]);
    assert_eq!(bash.source, Some(SourcePackage { name: "bash-src".into(), version: "0:5.2-1.el9".into() }));
    assert_eq!(bash.depends, ["/bin/sh", "libc.so.6()(64bit)"]);
    assert_eq!(bash.provides, ["bash(x86-64)"]);
    let details: Vec<_> = bash.details.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let source = ("sourcerpm", "bash-src-5.2-1.el9.nosrc.rpm");
    let module = ("modularity", "perl:5.26:1:2");
    assert_eq!(details, [module, source, ("vendor", "Red Hat, Inc.")]);
    // The folder is left out.
    assert_eq!(bash.files, ["usr/bin/bash", "etc/bashrc"].into_iter().collect());
}

#[test]
fn whole_paths_of_old_packages() {
    let files = (1027, 8, 2, &b"/bin/sh\0/etc/x\0"[..]);
    let reading = read(&ndb(&[&header(&[NAME, VERSION, files])])).unwrap();
    assert_eq!(packages(&reading)[0].files, ["bin/sh", "etc/x"].into_iter().collect());
}

#[test]
fn a_source_of_another_version_has_an_epoch_of_its_own() {
    let version = |file| source(file, "1.28-416.el8", "0:1.28-416.el8").map(|s| (s.name, s.version));
    assert_eq!(version("perl-5.26.3-416.el8.src.rpm"), Some(("perl".into(), "5.26.3-416.el8".into())));
    assert_eq!(version("perl-1.28-416.el8.src.rpm"), Some(("perl".into(), "0:1.28-416.el8".into())));
    for no in ["", "x.rpm", "a.src.rpm", "a-1.src.rpm", "-1-2.src.rpm"] {
        assert_eq!(version(no), None, "{no}");
    }
}

#[test]
fn odd_headers_are_named_and_the_rest_is_read() {
    let whole = header(&[NAME, VERSION, RELEASE]);
    let records: &[(&[u8], &str)] = &[
        (&[], "a package header of 0 bytes cannot have 0 entries and 0 bytes of data"),
        (&header(&[VERSION]), "a package header has no tag 1000 (NAME)"),
        (&header(&[NAME, (1001, 6, 1, b"\0")]), "a package header has no tag 1001 (VERSION)"),
        (
            &whole[..whole.len() - 1],
            "a package header of 70 bytes cannot have 3 entries and 15 bytes of data",
        ),
        (
            &header(&[NAME, (1001, 6, 1, b"no end")]),
            "tag 1001 (VERSION) has type 6, 1 values, offset 5: that is not within the header",
        ),
        (
            &header(&[VERSION, (1000, 4, 1, b"1234")]),
            "tag 1000 (NAME) has type 4, 1 values, offset 4: that is not within the header",
        ),
        (
            &[0xff; 64],
            "a package header of 64 bytes cannot have 4294967295 entries and 4294967295 bytes of data",
        ),
    ];
    for &(record, problem) in records {
        let reading = read(&ndb(&[record, &whole])).unwrap();
        assert_eq!(packages(&reading).len(), 1, "{problem}");
        assert_eq!(reading.problems, [problem]);
    }
}

#[test]
fn odd_parts_of_a_package_cost_the_part_alone() {
    let index = (1116, 4, 1, &[0_u8, 0, 0, 9][..]);
    let odd = header(&[NAME, VERSION, (1003, 6, 1, b"x\0"), index, (1117, 8, 1, b"a\0"), (1014, 3, 1, b"")]);
    let reading = read(&ndb(&[&odd])).unwrap();
    let [bash] = packages(&reading)[..] else { panic!("{reading:?}") };
    assert_eq!((bash.version.as_str(), bash.files.len(), bash.licences.len()), ("5.2", 0, 0));
    assert_eq!(
        reading.problems,
        [
            "bash: tag 1014 (LICENSE) has type 3, 1 values, offset 17: that is not within the header",
            "bash: tag 1003 (EPOCH) has type 6, 1 values, offset 9: that is not within the header",
            "bash: 1 file names, but 1 places of them among the folders",
        ]
    );
}

#[test]
fn files_that_are_no_database() {
    assert_eq!(read(b"").unwrap(), Reading::nothing());
    let unknown = "not a readable rpm database: it is none of Berkeley DB, NDB and SQLite";
    assert_eq!(refused(b"x"), unknown);
    assert_eq!(refused(&[0; 5000]), unknown);
    assert!(refused(b"RpmP").ends_with("the description at byte 0 lies beyond the end of the file"));
    assert!(refused(b"SQLite format 3\0").ends_with("the header at byte 0 lies beyond the end of the file"));
    assert!(refused(&BDB[..100]).ends_with("the description at byte 0 lies beyond the end of the file"));
    let with = |bytes: &[u8], at: usize, value: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = value;
        refused(&bytes)
    };
    assert!(with(BDB, 16, 5).ends_with("a Berkeley DB hash file of version 5 is not supported"));
    assert!(with(BDB, 20, 1).ends_with("a page cannot have 4097 bytes"));
    assert!(with(BDB, 24, 1).ends_with("a Berkeley DB hash file with encryption is not supported"));
    assert!(with(BDB, 26, 1).ends_with("a Berkeley DB hash file with checksums is not supported"));
    assert!(with(SQLITE, 17, 3).ends_with("a page cannot have 515 bytes"));
    assert!(with(SQLITE, 59, 2).ends_with("SQLite with text in UTF-16 is not supported"));
    assert!(with(&ndb(&[]), 4, 7).ends_with("an NDB file of version 7 is not supported"));
    let schema = SQLITE.windows(8).rposition(|w| w == b"Packages").unwrap();
    let mut other = SQLITE.to_vec();
    for at in (0..=schema).filter(|&at| SQLITE[at..].starts_with(b"Packages")) {
        other[at] = b'X';
    }
    assert!(refused(&other).ends_with("there is no table named Packages"));
}

#[test]
fn records_that_overlap_are_refused() {
    let filler = vec![7; 100_000];
    let big = header(&[NAME, VERSION, (1100, 7, 1, &filler)]);
    let mut db = ndb(&[&big]);
    // Every slot points at the one record.
    for slot in 3..256 {
        db.copy_within(32..48, slot * 16);
    }
    let reading = read(&db).unwrap();
    assert_eq!(packages(&reading).len(), 1);
    assert!(reading.problems[0].contains("overlap"), "{:?}", reading.problems);
}

#[test]
fn loops_of_pages_end() {
    // An interior page of SQLite that names itself as its last child.
    let mut db = SQLITE.to_vec();
    db.resize(4 * 512, 0);
    db.splice(100..112, [0x05, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert!(refused(&db).ends_with("page 1 is used twice"), "{}", refused(&db));
    // A chain of overflow pages of Berkeley DB that comes back to its first.
    let mut db = BDB.to_vec();
    let pages: Vec<_> = (1..db.len() / 4096).filter(|page| db[page * 4096 + 25] == 7).collect();
    for page in &pages {
        db[page * 4096 + 16..page * 4096 + 20].copy_from_slice(&(pages[0] as u32).to_le_bytes());
        db[page * 4096 + 22..page * 4096 + 24].copy_from_slice(&10_u16.to_le_bytes());
    }
    let reading = read(&db).unwrap();
    assert_eq!(reading.problems, [format!("page {} is used twice", pages[0])]);
}

/// Bytes of a small database changed to each of a few values: no panic, and nothing lost in silence when a file
/// is cut.
#[test]
fn damage_never_panics() {
    let small =
        header(&[NAME, VERSION, RELEASE, (1118, 8, 1, b"/\0"), (1117, 8, 1, b"a\0"), (1116, 4, 1, &[0; 4])]);
    let ndb = ndb(&[&small, &small]);
    for whole in [BDB, SQLITE, &ndb] {
        let mut bytes = whole.to_vec();
        // Every byte of the small ones, every seventh of the large one.
        for at in (0..whole.len()).step_by(if whole.len() > 10_000 { 7 } else { 1 }) {
            for value in [0, 1, 0x7f, 0xff] {
                bytes[at] = value;
                let _ = read(&bytes);
            }
            bytes[at] = whole[at];
        }
        let all = read(whole).unwrap().facts.len();
        for cut in (1..whole.len()).step_by(97) {
            match read(&whole[..cut]) {
                Ok(reading) => assert!(reading.facts.len() == all || !reading.problems.is_empty(), "{cut}"),
                Err(e) => assert!(matches!(e, Unreadable::Malformed { .. }), "{cut}: {e}"),
            }
        }
    }
}

/// A log with one frame.
fn log(salt: u8, commit: u8) -> Vec<u8> {
    let mut log = vec![0x37, 0x7f, 0x06, 0x82, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0];
    log.extend([9; 8]);
    log.extend([0; 8]);
    log.extend([0, 0, 0, 1, 0, 0, 0, commit]);
    log.extend([salt; 8]);
    log.extend([0; 8 + 512]);
    log
}

#[test]
fn a_log_with_a_commit_is_reported() {
    let problems = |bytes: &[u8]| read_at("var/lib/rpm/rpmdb.sqlite-wal", bytes).unwrap().problems.len();
    assert_eq!(problems(&log(9, 1)), 1);
    assert_eq!(problems(&log(8, 1)), 0, "left from an earlier round");
    assert_eq!(problems(&log(9, 0)), 0, "not committed");
    assert_eq!(problems(&log(9, 1)[..100]), 0, "cut off before its end");
    assert_eq!(problems(b""), 0);
}

#[test]
fn a_layer_that_breaks_off_is_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
    let path = ImagePath::new("var/lib/rpm/Packages").unwrap();
    let header = EntryHeader { path, kind: EntryKind::File, size: 10, mode: 0o644 };
    let mut file = File { header: &header, body: &mut Broken, limits: &Limits::default() };
    assert!(matches!(RpmDatabase.read(&mut file), Err(Unreadable::Io(_))));
}

#[test]
fn which_files() {
    for (path, want) in [
        ("var/lib/rpm/Packages", true),
        ("var/lib/rpm/Packages.db", true),
        ("usr/lib/sysimage/rpm/rpmdb.sqlite", true),
        ("usr/share/rpm/rpmdb.sqlite", true),
        ("var/lib/rpm/rpmdb.sqlite-wal", true),
        ("var/lib/rpm/rpmdb.sqlite-shm", false),
        ("var/lib/rpm/Name", false),
        ("var/lib/rpm/x/Packages", false),
        ("srv/var/lib/rpm/Packages", false),
        ("Packages", false),
    ] {
        assert_eq!(trial::wants(&RpmDatabase, path), want, "{path}");
    }
}
