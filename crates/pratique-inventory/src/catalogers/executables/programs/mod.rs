//! Programs without a package, known by their file's name and the version in their bytes.
//!
//! An image's most interesting program is often one that no package manager installed: `node` from a tarball,
//! `redis-server` compiled into `usr/local/bin`. [`table`] says declaratively how each is known. The bytes are
//! searched while the program streams past, and only if a row names the file, so that ordinary files cost the
//! comparison of a name. A program that a package does own is hidden by ownership, like everything that is stated of
//! a package's files.
//!
//! A program must be one: a script or a text that is merely called `python3.6` states nothing, whatever it
//! contains. Rows of form [`Form::Text`] are the exception and are looked for in other files only.

mod table;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    sync::{LazyLock, OnceLock},
};

use regex::bytes::{Regex, RegexBuilder};

use self::table::{ROWS, Row};
use super::{Appetite, Detector, window::Window};
use crate::{Fact, PackageKind, Reading, Stated};

/// What kind of file a row is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An ELF, PE or Mach-O file.
    Program,
    /// Anything else.
    Text,
}

/// Longest version that is believed, in bytes.
const LONGEST: usize = 64;

/// The patterns of each row, made when a file first asks for them.
static PATTERNS: LazyLock<Vec<OnceLock<Vec<Regex>>>> =
    LazyLock::new(|| ROWS.iter().map(|_| OnceLock::new()).collect());

/// The patterns of the row with this number. One that is none is left out; the tests see to it that all are.
fn patterns(index: usize) -> &'static [Regex] {
    let Some((row, made)) = ROWS.get(index).zip(PATTERNS.get(index)) else { return &[] };
    made.get_or_init(|| {
        let make = |pattern: &&str| RegexBuilder::new(pattern).unicode(false).build().ok();
        row.versions.iter().filter_map(make).collect()
    })
}

/// Whether a row of this form names the file.
pub(super) fn named(file: &[u8], form: Form) -> bool {
    ROWS.iter().any(|row| row.form == form && row.files.iter().any(|glob| fits(glob.as_bytes(), file)))
}

/// Whether a name fits a pattern in which `*` stands for any characters, `?` for one and `[0-9]` for a digit.
fn fits(glob: &[u8], name: &[u8]) -> bool {
    match glob.split_first() {
        None => name.is_empty(),
        Some((b'*', [])) => true,
        Some((b'*', rest)) => (0..=name.len()).any(|at| fits(rest, name.get(at..).unwrap_or_default())),
        Some((b'?', rest)) => name.split_first().is_some_and(|(_, name)| fits(rest, name)),
        Some((b'[', [b'0', b'-', b'9', b']', rest @ ..])) => {
            name.split_first().is_some_and(|(first, name)| first.is_ascii_digit() && fits(rest, name))
        }
        Some((first, rest)) => name.split_first().is_some_and(|(b, name)| b == first && fits(rest, name)),
    }
}

/// Looks for the versions of the programs that a file may be.
pub(super) struct Versions {
    candidates: Vec<Candidate>,
}

/// A row that names the file.
struct Candidate {
    index: usize,
    row: &'static Row,
    /// What the version must begin with: empty where anything goes.
    begins: Vec<u8>,
    /// For each pattern the version it found first.
    found: Vec<Option<String>>,
}

impl Versions {
    /// `None` when no row of this form names the file.
    pub(super) fn of(file: &[u8], form: Form) -> Option<Self> {
        let rows = ROWS.iter().enumerate().filter(|(_, row)| row.form == form);
        let rows = rows.filter(|(_, row)| row.files.iter().any(|glob| fits(glob.as_bytes(), file)));
        let candidates: Vec<_> = rows
            .filter_map(|(index, row)| {
                let begins = if row.agrees { version_in_name(file)? } else { Vec::new() };
                Some(Candidate { index, row, begins, found: vec![None; patterns(index).len()] })
            })
            .collect();
        (!candidates.is_empty()).then_some(Self { candidates })
    }
}

/// `3.11` of `python3.11` and `libpython3.11.so.1.0`; `None` where the name has no version of two numbers.
fn version_in_name(file: &[u8]) -> Option<Vec<u8>> {
    let start = file.iter().position(u8::is_ascii_digit)?;
    let version: Vec<u8> =
        file.iter().skip(start).take_while(|b| b.is_ascii_digit() || **b == b'.').copied().collect();
    let version = version.strip_suffix(b".").unwrap_or(&version);
    version.contains(&b'.').then(|| version.to_vec())
}

impl Candidate {
    fn feed(&mut self, window: &Window<'_>) -> Appetite {
        for (pattern, found) in patterns(self.index).iter().zip(&mut self.found) {
            if found.is_some() || (window.offset > 0 && pattern.as_str().starts_with(r"\A")) {
                continue;
            }
            for captures in pattern.captures_iter(window.bytes) {
                let Some((whole, version)) = captures.get(0).zip(captures.get(1)) else { continue };
                // What starts in the overlap is seen whole in the next window.
                if whole.start() >= window.starts {
                    break;
                }
                let version = version.as_bytes();
                if version.len() <= LONGEST && follows(version, &self.begins) {
                    *found = Some(String::from_utf8_lossy(version).into_owned());
                    break;
                }
            }
        }
        if self.found.first().is_some_and(Option::is_some) { Appetite::Enough } else { Appetite::More }
    }

    fn stated(&self) -> Option<Stated> {
        let version = self.found.iter().flatten().next()?;
        let cpe = |product: &&str| format!("cpe:2.3:a:{product}:{}:*:*:*:*:*:*:*", escaped(version));
        let cpes: Vec<String> = self.row.cpes.iter().map(cpe).collect();
        let details = [("cpe", Some(cpes.join(" "))), ("purl", self.row.purl.map(str::to_owned))];
        let details = details.into_iter().filter_map(|(key, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some((key.to_owned(), value))
        });
        Some(Stated {
            kind: PackageKind::Generic,
            name: self.row.name.to_owned(),
            version: version.clone(),
            details: details.collect(),
            ..Stated::default()
        })
    }
}

/// Whether `version` is `begins`, or goes on from it with something other than a digit.
fn follows(version: &[u8], begins: &[u8]) -> bool {
    let rest = version.strip_prefix(begins);
    rest.is_some_and(|rest| begins.is_empty() || !rest.first().is_some_and(u8::is_ascii_digit))
}

/// A version as a formatted CPE has it: a backslash before what is no letter, digit, dot, dash or underscore
/// (NISTIR 7695, 6.2).
fn escaped(version: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if version.chars().all(plain) {
        return version.into();
    }
    let mut out = String::new();
    for c in version.chars() {
        if !plain(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.into()
}

impl Detector for Versions {
    fn feed(&mut self, window: &Window<'_>) -> Appetite {
        let mut appetite = Appetite::Enough;
        for candidate in &mut self.candidates {
            if candidate.feed(window) == Appetite::More {
                appetite = Appetite::More;
            }
        }
        appetite
    }

    fn finish(&mut self, reading: &mut Reading) {
        let stated: Vec<Stated> = self.candidates.iter().filter_map(Candidate::stated).collect();
        for each in &stated {
            // A rebuild of another program has that one's marks too; the more specific one is what it is.
            let covered = COVERED.iter().any(|(what, by)| {
                each.name == *what && stated.iter().any(|other| by.contains(&other.name.as_str()))
            });
            if !covered {
                reading.facts.push(Fact::Package(Box::new(each.clone())));
            }
        }
    }
}

/// A program, and those that are made of it: where one of these is found in the same file, it is no other.
const COVERED: &[(&str, &[&str])] = &[
    ("mysql", &["mariadb", "percona-server"]),
    ("mysql-server", &["mariadb", "mysql-cluster", "percona-server"]),
    ("java/jre", &["java/graalvm"]),
];
