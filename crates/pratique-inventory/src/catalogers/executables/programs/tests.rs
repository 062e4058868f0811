//! Samples of real programs, one at least for every row: `testdata/programs.txt`.

use std::collections::BTreeSet;

use pratique_image::{EntryHeader, EntryKind, ImagePath};

use super::super::window::{OVERLAP, WINDOW};
use super::{Form, fits, follows, named, version_in_name};
use crate::{Cataloger, Fact, File, Limits, Reading, catalogers::executables::Executables};

/// Columns: file, form, name, version, where it comes from, bytes with escapes.
const SAMPLES: &str = include_str!("../../../../testdata/programs.txt");

fn samples() -> impl Iterator<Item = [&'static str; 6]> {
    let lines = SAMPLES.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.splitn(6, '\t').collect::<Vec<_>>().try_into().unwrap())
}

/// `\xNN` and `\\` back to bytes.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        (bytes, rest) = match (first, more) {
            (b'\\', [b'\\', more @ ..]) => ([&bytes[..], b"\\"].concat(), more),
            (b'\\', [b'x', a, b, more @ ..]) => {
                let hex = String::from_utf8(vec![*a, *b]).unwrap();
                ([&bytes[..], &[u8::from_str_radix(&hex, 16).unwrap()]].concat(), more)
            }
            _ => ([&bytes[..], &[*first]].concat(), more),
        };
    }
    bytes
}

/// The head of an ELF program without segments or sections, and `data` at some distance behind it.
fn elf(data: &[u8], distance: usize) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(64, 0);
    bytes[16] = 2;
    bytes.resize(64 + distance, b'.');
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len() + 100, b'.');
    bytes
}

fn read(name: &str, bytes: &[u8]) -> Reading {
    let path = ImagePath::new(format!("opt/x/{name}")).unwrap();
    let header = EntryHeader { path, kind: EntryKind::File, size: bytes.len() as u64, mode: 0o755 };
    let limits = Limits::default();
    Executables.read(&mut File { header: &header, body: &mut &bytes[..], limits: &limits }).unwrap()
}

fn stated(reading: &Reading) -> BTreeSet<(&str, &str)> {
    let facts = reading.facts.iter();
    facts
        .filter_map(|fact| if let Fact::Package(stated) = fact { Some(stated) } else { None })
        .map(|stated| (stated.name.as_str(), stated.version.as_str()))
        .collect()
}

#[test]
fn every_sample_is_known() {
    let (mut known, mut unlike) = (BTreeSet::new(), Vec::new());
    for [file, form, name, version, _, bytes] in samples() {
        let bytes = unescaped(bytes);
        let file_bytes = if form == "text" { bytes.clone() } else { elf(&bytes, 10) };
        let reading = read(file, &file_bytes);
        if stated(&reading) != [(name, version)].into() {
            unlike.push(format!("{file}: {name} {version}: {:?}", stated(&reading)));
            continue;
        }
        if !known.insert(name) {
            continue;
        }
        // The border between two windows makes no difference.
        if form != "text" {
            let far = elf(&bytes, WINDOW - OVERLAP - 64 - bytes.len() / 2);
            assert!(stated(&read(file, &far)).contains(&(name, version)), "{file}: across windows");
        }
    }
    assert!(unlike.is_empty(), "{unlike:#?}");
    let rows = [Form::Program, Form::Text].into_iter().flat_map(Form::rows);
    let missing: Vec<_> = rows.map(|(row, _)| row.name).filter(|name| !known.contains(name)).collect();
    assert_eq!(missing, UNSAMPLED, "rows without a sample");
}

/// Rows whose program could not be had: no registry that the project uses carries it. Their patterns are those of
/// sisters with samples: the other beats, `mysql`, `redis`.
const UNSAMPLED: &[&str] = &["metricbeat", "mysql-server", "valkey"];

#[test]
fn every_pattern_is_one_and_names_are_sorted() {
    for form in [Form::Program, Form::Text] {
        for (row, made) in form.rows() {
            assert_eq!(row.patterns(made).len(), row.versions.len(), "{}", row.name);
            for pattern in row.patterns(made) {
                assert!(pattern.groups() == 1, "{}: {pattern:?} has one group", row.name);
            }
        }
        assert!(form.rows().is_sorted_by_key(|(row, _)| row.name));
        // A repetition with a bound is a state for each of its steps. Where what comes before it can come again within
        // it, a file made for it costs that many steps for each byte: `[^\x00]+` does not, nor does `~1000~`.
        let bounds = form.rows().flat_map(|(row, _)| row.versions).flat_map(|text| text.split('{').skip(1));
        let bounds =
            bounds.filter_map(|rest| rest.split('}').next()?.rsplit(',').next()?.parse::<u32>().ok());
        assert!(bounds.max() <= Some(80));
    }
}

#[test]
fn text_called_like_a_program_is_none() {
    let sample = b"#!/bin/sh\necho nginx version: nginx/1.25.1; echo some more, so that it is long enough\n";
    assert_eq!(read("nginx", sample), Reading::nothing());
    // Nor is a program that is called like a text.
    assert_eq!(read("wp", &elf(b"wp-cli/wp-cli 2.9.0 2023", 10)).facts, []);
    // A library's version is not Python's.
    assert_eq!(read("python3.11", &elf(b"\x001.2.13\x00 \x003.1.0\x00", 10)).facts, []);
}

#[test]
fn names_of_files() {
    for (glob, name, fit) in [
        ("node", "node", true),
        ("node", "nodejs", false),
        ("*-gcc-*", "x86_64-linux-gnu-gcc-12", true),
        ("libz.so*", "libz.so.1.2.13", true),
        ("libstd-????????????????.so", "libstd-6f77337c1826707d.so", true),
        ("libstd-????????????????.so", "libstd-6f.so", false),
        ("ruby[0-9]*", "ruby3.1", true),
        ("ruby[0-9]*", "rubygems", false),
        ("libphp*.so", "libphp.so", true),
    ] {
        assert_eq!(fits(glob.as_bytes(), name.as_bytes()), fit, "{glob} {name}");
    }
    assert!(named(b"VERSION", Form::Text) && !named(b"VERSION", Form::Program));
    assert_eq!(version_in_name(b"libpython3.11.so.1.0").as_deref(), Some(&b"3.11"[..]));
    assert_eq!(version_in_name(b"libpython3.7m.so.1.0").as_deref(), Some(&b"3.7"[..]));
    assert_eq!(version_in_name(b"python3"), None);
    assert!(follows(b"3.1.4", b"3.1") && !follows(b"3.11.4", b"3.1"));
}

#[test]
fn damage_never_panics() {
    for [file, _, _, _, _, bytes] in samples().take(20) {
        let bytes = elf(&unescaped(bytes), 0);
        for end in (0..bytes.len()).step_by(7) {
            read(file, &bytes[..end]);
        }
        let mut damaged = bytes.clone();
        for at in (0..bytes.len()).step_by(5) {
            damaged[at] ^= 0xff;
            read(file, &damaged);
            damaged[at] ^= 0xff;
        }
    }
}
