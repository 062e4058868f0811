//! Programs made here: the forms that no toolchain at hand writes any more, and damage.

use std::io::Write as _;

use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use pratique_image::{EntryKind, ImagePath};

use super::*;
use crate::Limits;

/// A 64-bit little-endian ELF program: two segments (read-only at 0x1000 of the file, data at 0x40000), both
/// loaded at 0x400000 + their offset, and a section table at its end.
struct Elf {
    bytes: Vec<u8>,
    sections: Vec<(u64, u64)>,
}

const BASE: u64 = 0x40_0000;
const TEXTS: usize = 0x1000;
const DATA: usize = 0x8_0000;

impl Elf {
    fn new() -> Self {
        let mut bytes = vec![0; DATA + 0x1000];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        for (at, value) in [(16, 2_u16), (54, 56), (56, 2), (58, 64)] {
            bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
        bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
        for (i, (flags, offset, size)) in
            [(4_u32, TEXTS, DATA - TEXTS), (6, DATA, 0x1000)].into_iter().enumerate()
        {
            let at = 64 + 56 * i;
            bytes[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&flags.to_le_bytes());
            for (into, value) in [(8, offset as u64), (16, BASE + offset as u64), (32, size as u64)] {
                bytes[at + into..at + into + 8].copy_from_slice(&value.to_le_bytes());
            }
        }
        Self { bytes, sections: Vec::new() }
    }

    fn put(mut self, at: usize, what: &[u8]) -> Self {
        self.bytes[at..at + what.len()].copy_from_slice(what);
        self
    }

    fn section(mut self, what: &[u8]) -> Self {
        self.sections.push((self.bytes.len() as u64, what.len() as u64));
        self.bytes.extend(what);
        self
    }

    fn finish(mut self) -> Vec<u8> {
        let table = self.bytes.len() as u64;
        self.bytes[40..48].copy_from_slice(&table.to_le_bytes());
        self.bytes[60..62].copy_from_slice(&(self.sections.len() as u16).to_le_bytes());
        for (offset, size) in self.sections {
            let mut header = [0; 64];
            header[4] = 1;
            header[24..32].copy_from_slice(&offset.to_le_bytes());
            header[32..40].copy_from_slice(&size.to_le_bytes());
            self.bytes.extend(header);
        }
        self.bytes
    }
}

fn read(mut bytes: &[u8]) -> Reading {
    let header = EntryHeader {
        path: ImagePath::new("usr/bin/program").unwrap(),
        kind: EntryKind::File,
        size: bytes.len() as u64,
        mode: 0o755,
    };
    Executables.read(&mut File { header: &header, body: &mut bytes, limits: &Limits::default() }).unwrap()
}

fn names(reading: &Reading) -> Vec<String> {
    reading
        .facts
        .iter()
        .map(|fact| match fact {
            Fact::Package(stated) => format!("{} {}", stated.name, stated.version),
            other => panic!("{other:?}"),
        })
        .collect()
}

const LIST: &str = "path\ta.b/c\nmod\ta.b/c\tv1.0.0\th1:x\ndep\td.e/f\tv2.0.0\th1:y\n";

fn framed(list: &str) -> Vec<u8> {
    let start = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
    let end = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
    [&start[..], list.as_bytes(), &end[..]].concat()
}

fn string(address: usize, length: usize) -> Vec<u8> {
    [BASE + address as u64, length as u64].map(u64::to_le_bytes).concat()
}

/// The header Go before 1.18 wrote, its strings at these offsets of the file (0: a pointer left empty).
fn old_header(version: usize, modules: usize) -> Vec<u8> {
    let mut header = b"\xff Go buildinf:\x08\x00".to_vec();
    for at in [version, modules] {
        header.extend(if at == 0 { 0 } else { BASE + at as u64 }.to_le_bytes());
    }
    header
}

fn inline_header(version: &str, list: &[u8]) -> Vec<u8> {
    let mut header = b"\xff Go buildinf:\x08\x02".to_vec();
    header.resize(32, 0);
    header.push(version.len() as u8);
    header.extend(version.as_bytes());
    header.extend([(list.len() & 0x7f | 0x80) as u8, (list.len() >> 7) as u8]);
    header.extend(list);
    header
}

/// An old program with its texts in front of the header, as the linker lays them.
fn old_program(version_pointer: usize, modules_pointer: usize) -> Vec<u8> {
    let list = framed(LIST);
    Elf::new()
        .put(TEXTS + 0x111, b"go1.15.2go1.16.7go1.17 is not it")
        .put(TEXTS + 0x40_001, &list)
        .put(DATA, &old_header(version_pointer, modules_pointer))
        .put(DATA + 0x200, &string(TEXTS + 0x119, 8))
        .put(DATA + 0x210, &string(TEXTS + 0x40_001, list.len()))
        .finish()
}

#[test]
fn old_programs_point_back_to_their_texts() {
    let reading = read(&old_program(DATA + 0x200, DATA + 0x210));
    assert_eq!(reading.problems, Vec::<String>::new());
    assert_eq!(names(&reading), ["stdlib go1.16.7", "a.b/c v1.0.0", "d.e/f v2.0.0"]);
}

#[test]
fn an_old_version_without_pointer_is_not_guessed() {
    let reading = read(&old_program(0, 0));
    assert_eq!(names(&reading), ["a.b/c v1.0.0", "d.e/f v2.0.0"]);
    assert!(reading.problems[0].contains("version could not be found"), "{:?}", reading.problems);
}

#[test]
fn texts_behind_the_header_are_found_too() {
    let list = framed(LIST);
    let program = Elf::new()
        .put(DATA, &old_header(DATA + 0x200, DATA + 0x210))
        .put(DATA + 0x200, &string(DATA + 0x300, 8))
        .put(DATA + 0x210, &string(DATA + 0x400, list.len()))
        .put(DATA + 0x300, b"go1.16.7")
        .put(DATA + 0x400, &list)
        .finish();
    assert_eq!(names(&read(&program)), ["stdlib go1.16.7", "a.b/c v1.0.0", "d.e/f v2.0.0"]);
}

#[test]
fn only_the_header_in_the_programs_own_data_is_its_own() {
    let carried = inline_header("go1.20", &framed("path\tx\nmod\tx\tv9\th1:\n"));
    let program = Elf::new()
        .put(TEXTS + 0x300, &carried)
        .put(DATA + 8, b"\xff Go buildinf:\x08\x02")
        .put(DATA + 0x40, &inline_header("go1.21.3", &framed(LIST)))
        .finish();
    let reading = read(&program);
    assert_eq!(names(&reading), ["stdlib go1.21.3", "a.b/c v1.0.0", "d.e/f v2.0.0"]);
    assert_eq!(reading.problems.len(), 1);
    assert!(reading.problems[0].contains("carries another Go program"), "{:?}", reading.problems);
}

fn audit_list(name: &str) -> Vec<u8> {
    let json = format!(
        r#"{{"packages":[{{"name":"{name}","version":"1.0.0","source":"local","root":true,"dependencies":[1,2]}},
        {{"name":"cc","version":"1.1.0","source":"crates.io","kind":"build"}},
        {{"name":"libc","version":"0.2.0","source":"crates.io"}}]}}"#
    );
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(json.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_audit_list_is_the_one_that_begins_a_section() {
    let own = Elf::new().put(TEXTS + 5, &audit_list("carried")).section(&audit_list("own")).finish();
    let reading = read(&own);
    assert_eq!(names(&reading), ["own 1.0.0", "libc 0.2.0"]);
    assert_eq!(reading.problems.len(), 1);
    assert!(reading.problems[0].contains("carries another program"), "{:?}", reading.problems);

    // Without a table nothing can be checked: stated, and told.
    let mut stripped = own;
    stripped[40..48].fill(0);
    let reading = read(&stripped);
    assert_eq!(names(&reading), ["carried 1.0.0", "libc 0.2.0"]);
    assert_eq!(reading.problems.len(), 2, "{:?}", reading.problems);
}

#[test]
fn a_long_audit_list_is_bounded() {
    let mut json = b"{\"packages\":".to_vec();
    json.resize(9 << 20, b' ');
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&json).unwrap();
    let reading = read(&Elf::new().section(&encoder.finish().unwrap()).finish());
    assert!(reading.problems[0].contains("longer than"), "{:?}", reading.problems);
}

#[test]
fn packed_programs_are_told() {
    let reading = read(&Elf::new().put(64 + 2 * 56 + 4, b"UPX!").finish());
    assert!(reading.problems[0].contains("packed by UPX"));
    assert_eq!(read(&Elf::new().put(TEXTS, b"UPX!").finish()), Reading::nothing());
}

#[test]
fn cut_off_programs_do_no_harm() {
    let program = old_program(DATA + 0x200, DATA + 0x210);
    for length in (0..program.len()).step_by(4093).chain(0..300) {
        read(&program[..length]);
    }
}

/// Three programs in one file: what they state is stated once.
#[test]
fn fat_files_are_read_program_by_program() {
    let program = |version: &str| Elf::new().put(DATA, &inline_header(version, &framed(LIST))).finish();
    let programs = [program("go1.21.3"), program("go1.21.3"), program("go1.21.4")];
    let mut bytes = b"\xca\xfe\xba\xbe\0\0\0\x03".to_vec();
    let mut at = 0x1000_u32;
    for each in &programs {
        bytes.extend([0; 8]);
        bytes.extend([at, each.len() as u32, 12].map(u32::to_be_bytes).concat());
        at += (each.len() as u32).next_multiple_of(0x1000);
    }
    for each in &programs {
        bytes.resize(bytes.len().next_multiple_of(0x1000), 0);
        bytes.extend(each);
    }
    let reading = read(&bytes);
    assert_eq!(reading.problems, Vec::<String>::new());
    assert_eq!(names(&reading), ["stdlib go1.21.3", "a.b/c v1.0.0", "d.e/f v2.0.0", "stdlib go1.21.4"]);
    // A Java class begins with the same four bytes.
    let mut class = b"\xca\xfe\xba\xbe\0\0\0\x34".to_vec();
    class.resize(200, 0);
    assert_eq!(read(&class), Reading::nothing());
}

#[test]
fn what_is_wanted() {
    for (path, mode, size, wanted) in [
        ("bin/ls", 0o755, 100, true),
        ("bin/ls", 0o755, 63, false),
        ("etc/passwd", 0o644, 1000, false),
        ("lib/libc.so.6", 0o644, 1000, true),
        ("lib/x.so", 0o644, 1000, true),
        ("app/tool.exe", 0o644, 1000, true),
        ("app/tool", 0o000, 1000, true),
    ] {
        let header = EntryHeader { path: ImagePath::new(path).unwrap(), kind: EntryKind::File, size, mode };
        assert_eq!(Executables.wants(&header), wanted, "{path} {mode:o} {size}");
    }
}

#[test]
fn a_native_image_exports_where_its_list_is() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(br#"{"bomFormat":"CycloneDX","components":[{"group":"a.b","name":"c","version":"1.0"}]}"#)
        .unwrap();
    let list = encoder.finish().unwrap();
    let image = Elf::new().put(0x200, b"\0sbom\0sbom_length\0").put(DATA + 3, &list).finish();
    assert_eq!(names(&read(&image)), ["c 1.0"]);
    assert!(names(&read(&Elf::new().put(DATA + 3, &list).finish())).is_empty());
}
