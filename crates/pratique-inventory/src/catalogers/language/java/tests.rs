//! Archives made here, in all the ways that streaming makes hard.

use std::io::Write as _;

use flate2::{Compression, write::DeflateEncoder};
use pratique_image::{EntryKind, ImagePath};

use super::*;
use crate::Stated;

/// How a member's sizes are told.
#[derive(Clone, Copy, PartialEq)]
enum Sizes {
    InFront,
    Behind { marked: bool, wide: bool },
}

/// Writes archives byte by byte, so that they can be wrong where a test wants it.
#[derive(Default)]
struct Maker {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Maker {
    fn behind(prefix: &[u8]) -> Self {
        Self { bytes: prefix.to_vec(), ..Self::default() }
    }

    fn member(mut self, name: &str, body: &[u8], deflate: bool, sizes: Sizes) -> Self {
        let offset = self.bytes.len() as u32;
        let data = if deflate {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        } else {
            body.to_vec()
        };
        let method: u16 = if deflate { 8 } else { 0 };
        let flags: u16 = if sizes == Sizes::InFront { 0 } else { 8 };
        let lengths = [data.len() as u32, body.len() as u32].map(u32::to_le_bytes).concat();
        let told = if sizes == Sizes::InFront { lengths.clone() } else { vec![0; 8] };
        let header = |told: &[u8]| {
            let mut out = [20_u16, flags, method, 0, 0].map(u16::to_le_bytes).concat();
            out.extend([0; 4]);
            out.extend(told);
            out.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
            out
        };
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(header(&told));
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(&data);
        if let Sizes::Behind { marked, wide } = sizes {
            if marked {
                self.bytes.extend(b"PK\x07\x08");
            }
            self.bytes.extend([1, 2, 3, 4]);
            if wide {
                self.bytes.extend([data.len() as u64, body.len() as u64].map(u64::to_le_bytes).concat());
            } else {
                self.bytes.extend(&lengths);
            }
        }
        self.directory.extend(b"PK\x01\x02\x14\0");
        self.directory.extend(header(&lengths));
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count += 1;
        self
    }

    fn finish(self) -> Vec<u8> {
        let Self { mut bytes, directory, count } = self;
        let start = bytes.len() as u32;
        bytes.extend(&directory);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([count, count].map(u16::to_le_bytes).concat());
        bytes.extend([directory.len() as u32, start].map(u32::to_le_bytes).concat());
        bytes.extend([0, 0]);
        bytes
    }
}

const JAVA: Sizes = Sizes::Behind { marked: true, wide: false };
const POM: &str = "META-INF/maven/com.a/b/pom.properties";
const PROPERTIES: &[u8] = b"groupId=com.a\nartifactId=b\nversion=1\n";

fn read_within(name: &str, mut bytes: &[u8], limits: &Limits) -> Result<Reading, Unreadable> {
    let header = EntryHeader {
        path: ImagePath::new(name).unwrap(),
        kind: EntryKind::File,
        size: bytes.len() as u64,
        mode: 0o644,
    };
    assert!(JavaArchives.wants(&header));
    JavaArchives.read(&mut File { header: &header, body: &mut bytes, limits })
}

fn read(name: &str, bytes: &[u8]) -> Result<Reading, Unreadable> {
    read_within(name, bytes, &Limits::default())
}

fn stated(reading: &Reading) -> Vec<&Stated> {
    reading
        .facts
        .iter()
        .map(|fact| match fact {
            Fact::Package(stated) => &**stated,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn names(reading: &Reading) -> Vec<String> {
    stated(reading).iter().map(|p| format!("{}@{} {}", p.name, p.version, p.inside)).collect()
}

#[test]
fn sizes_may_follow_in_every_form() {
    // What is to be skipped is long, and holds bytes like headers and like marks.
    let mut junk: Vec<u8> =
        (0..200_000_u32).flat_map(|i| (i.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()).collect();
    junk.extend(b"PK\x03\x04PK\x07\x08PK\x01\x02");
    for deflate in [false, true] {
        for marked in [false, true] {
            for wide in [false, true] {
                let sizes = Sizes::Behind { marked, wide };
                let bytes = Maker::default()
                    .member("META-INF/", b"", deflate, sizes)
                    .member("junk.class", &junk, deflate, sizes)
                    .member(POM, PROPERTIES, deflate, sizes)
                    .finish();
                let reading = read("b-1.jar", &bytes).unwrap();
                assert_eq!(reading.problems, Vec::<String>::new(), "{deflate} {marked} {wide}");
                assert_eq!(names(&reading), ["b@1 "], "{deflate} {marked} {wide}");
            }
        }
    }
}

#[test]
fn archives_in_archives_in_every_form() {
    let inner = Maker::default().member(POM, PROPERTIES, true, JAVA).finish();
    for deflate in [false, true] {
        for sizes in [JAVA, Sizes::InFront] {
            let middle = Maker::default().member("lib/b-1.jar", &inner, deflate, sizes).finish();
            let outer = Maker::default()
                .member("META-INF/MANIFEST.MF", b"Implementation-Version: 7\n", true, JAVA)
                .member("m.war", &middle, deflate, sizes)
                .finish();
            let reading = read("opt/o.ear", &outer).unwrap();
            assert_eq!(reading.problems, Vec::<String>::new());
            assert_eq!(names(&reading), ["b@1 m.war!/lib/b-1.jar", "o@7 "]);
        }
    }
}

#[test]
fn a_script_in_front_shifts_the_places_or_not() {
    let script = b"#!/bin/bash\n# PK and more PK\x03\x04\n".repeat(3000);
    let shifted = Maker::behind(&script).member(POM, PROPERTIES, true, JAVA).finish();
    let mut unshifted = script.clone();
    unshifted.extend(Maker::default().member(POM, PROPERTIES, true, JAVA).finish());
    for bytes in [shifted, unshifted] {
        let reading = read("b-1.jar", &bytes).unwrap();
        assert_eq!(reading.problems, Vec::<String>::new());
        assert_eq!(names(&reading), ["b@1 "]);
    }
}

#[test]
fn what_the_directory_says_must_be_what_was_found() {
    let whole = Maker::default().member(POM, PROPERTIES, true, JAVA).member("x", b"y", false, Sizes::InFront);
    // A member that only the directory has.
    let mut hidden = Maker { bytes: whole.bytes.clone(), directory: whole.directory.clone(), count: 2 };
    hidden.bytes.truncate(hidden.bytes.len() - 32);
    let problems = read("b-1.jar", &hidden.finish()).unwrap().problems;
    assert!(problems.iter().any(|p| p.contains("lists 2 members and 1 were found")), "{problems:?}");
    // A member that the directory no longer has.
    let mut deleted = Maker { bytes: whole.bytes.clone(), directory: whole.directory.clone(), count: 1 };
    deleted.directory.truncate(deleted.directory.len() - 47);
    let problems = read("b-1.jar", &deleted.finish()).unwrap().problems;
    assert!(problems.iter().any(|p| p.contains("lists 1 members and 2 were found")), "{problems:?}");
    // Bytes that follow.
    let mut followed = whole.finish();
    followed.extend(b"more");
    let problems = read("b-1.jar", &followed).unwrap().problems;
    assert!(problems.iter().any(|p| p.contains("follow its end")), "{problems:?}");
    // Cut off anywhere: never silence, never a panic.
    followed.truncate(followed.len() - 4);
    for length in 1..followed.len() {
        if let Ok(reading) = read("b-1.jar", &followed[..length]) {
            assert!(!reading.problems.is_empty(), "{length}");
        }
    }
}

#[test]
fn bytes_between_members_are_passed_over() {
    let mut maker = Maker::default().member("x", b"y", false, Sizes::InFront);
    maker.bytes.extend(b"left over from a member that was deleted");
    let reading = read("b-1.jar", &maker.member(POM, PROPERTIES, true, JAVA).finish()).unwrap();
    assert_eq!(reading.problems, Vec::<String>::new());
    assert_eq!(names(&reading), ["b@1 "]);
}

#[test]
fn hostile_archives_are_bounded_and_told() {
    // Expands a thousandfold, in an archive in the archive.
    let bomb = vec![0; 3 << 20];
    let inner = Maker::default().member("META-INF/MANIFEST.MF", &bomb, true, JAVA).finish();
    let outer = Maker::default().member("a.jar", &inner, true, JAVA).finish();
    let limits = Limits { expanded_bytes: 1 << 20, ..Limits::default() };
    let reading = read_within("o.jar", &outer, &limits).unwrap();
    assert!(reading.problems.iter().any(|p| p.contains("more than")), "{:?}", reading.problems);

    let mut deep = inner;
    for _ in 0..20 {
        deep = Maker::default().member("a.jar", &deep, true, JAVA).finish();
    }
    let reading = read("o.jar", &deep).unwrap();
    assert!(reading.problems.iter().any(|p| p.contains("too deep")), "{:?}", reading.problems);

    let mut locked = Maker::default().member(POM, PROPERTIES, false, Sizes::InFront).finish();
    locked[6] |= 1;
    let reading = read("o.jar", &locked).unwrap();
    assert!(reading.problems.iter().any(|p| p.contains("is encrypted")), "{:?}", reading.problems);

    let mut unknown = Maker::default().member(POM, PROPERTIES, false, Sizes::InFront).finish();
    unknown[8] = 93;
    let reading = read("o.jar", &unknown).unwrap();
    assert!(reading.problems.iter().any(|p| p.contains("unknown method 93")), "{:?}", reading.problems);
}

#[test]
fn what_only_looks_like_an_archive() {
    assert!(read("a.jar", b"not a zip archive, but long enough").is_err());
    assert!(read("a.jar", b"PK").is_err());
    assert_eq!(read("a.rar", b"Rar!\x1a\x07 and more of it, long enough").unwrap(), Reading::nothing());
    assert_eq!(read("empty.jar", &Maker::default().finish()).unwrap(), Reading::nothing());
}
