//! Programs without a package, known by their file's name and the version in their bytes.
//!
//! An image's most interesting program is often one that no package manager installed: `node` from a tarball,
//! `redis-server` compiled into `usr/local/bin`. [`table`] says declaratively how each is known. The bytes are
//! searched while the program streams past, and only if a row names the file, so that ordinary files cost the
//! comparison of a name. A program that a package does own is hidden by ownership, like everything that is stated of
//! a package's files.
//!
//! A program must be one: a script or a text that is merely called `python3.6` states nothing, whatever it
//! contains. [`table::TEXTS`] are the exception and are looked for in other files only.

mod pattern;
mod table;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::OnceLock};

use self::{
    pattern::Pattern,
    table::{PROGRAMS, Row, TEXTS},
};
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

/// The patterns of a row, made when a file first asks for them.
type Made = OnceLock<Vec<Pattern>>;

impl Form {
    /// The rows of this form, each with its patterns.
    fn rows(self) -> impl Iterator<Item = (&'static Row, &'static Made)> {
        static OF_PROGRAMS: [Made; PROGRAMS.len()] = [const { Made::new() }; PROGRAMS.len()];
        static OF_TEXTS: [Made; TEXTS.len()] = [const { Made::new() }; TEXTS.len()];
        let (rows, made): (_, &[Made]) = match self {
            Self::Program => (PROGRAMS, &OF_PROGRAMS),
            Self::Text => (TEXTS, &OF_TEXTS),
        };
        rows.iter().zip(made)
    }
}

impl Row {
    /// Its patterns. One that is none is left out; the tests see to it that all are.
    fn patterns(&self, made: &'static Made) -> &'static [Pattern] {
        made.get_or_init(|| self.versions.iter().filter_map(|text| Pattern::of(text)).collect())
    }

    fn names(&self, file: &[u8]) -> bool {
        self.files.iter().any(|glob| fits(glob.as_bytes(), file))
    }
}

/// Whether a row of this form names the file.
pub(super) fn named(file: &[u8], form: Form) -> bool {
    form.rows().any(|(row, _)| row.names(file))
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
    row: &'static Row,
    patterns: &'static [Pattern],
    /// What the version must begin with: empty where anything goes.
    begins: Vec<u8>,
    /// For each pattern the version it found first.
    found: Vec<Option<String>>,
}

impl Versions {
    /// `None` when no row of this form names the file.
    pub(super) fn of(file: &[u8], form: Form) -> Option<Self> {
        let rows = form.rows().filter(|(row, _)| row.names(file));
        let candidates: Vec<_> = rows
            .filter_map(|(row, made)| {
                let begins = if row.agrees { version_in_name(file)? } else { Vec::new() };
                let patterns = row.patterns(made);
                Some(Candidate { row, patterns, begins, found: vec![None; patterns.len()] })
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
        let believe = |version: &[u8]| version.len() <= LONGEST && follows(version, &self.begins);
        for (pattern, found) in self.patterns.iter().zip(&mut self.found) {
            if found.is_some() || (window.offset > 0 && pattern.at_start) {
                continue;
            }
            // What starts in the overlap is seen whole in the next window.
            let version = pattern.version(window.bytes, window.starts, believe);
            *found = version.map(|version| String::from_utf8_lossy(version).into_owned());
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
