//! Paragraphs of fields, as dpkg and opkg keep their databases: deb-control(5), RFC 822.
//!
//! `Name: value`, continued on lines that begin with white space; an empty line ends the paragraph. Field names
//! are case-insensitive. A file is read line by line, and of a paragraph only the fields that are asked for are
//! kept: descriptions and lists of configuration files, most of the bytes, pass by.

use std::io::{self, Read};

use super::lines::{Lines, text};
use crate::{File, Reading, Stated, Unreadable};

/// Longest value that is kept, in bytes.
const LONGEST: usize = 1 << 20;

/// The fields of one paragraph that were asked for.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    /// The line on which it begins, counted from 1.
    pub(super) line: u64,
    /// Names as they were asked for, and values, in the order of the file.
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Paragraph {
    /// The value of the last field called `name`; empty where there is none.
    pub(super) fn take(&mut self, name: &str) -> String {
        let found = self.fields.iter_mut().rev().find(|(known, _)| *known == name);
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }
}

/// What `package` makes of each paragraph, up to the limit of records.
///
/// # Errors
/// What the file's reader says.
pub(super) fn packages(
    file: &mut File<'_>,
    wanted: &[&'static str],
    package: impl Fn(Paragraph, &mut Reading) -> Option<Stated>,
) -> Result<Reading, Unreadable> {
    let limits = file.limits;
    let mut reading = Reading::nothing();
    each(file.body, wanted, &mut reading, |paragraph, reading| {
        package(paragraph, reading).is_none_or(|stated| reading.package(stated, limits))
    })?;
    Ok(reading)
}

/// Reads paragraphs until `take` has had enough (answers false), and tells `reading` of damage.
///
/// `wanted` are the fields that are kept, in the spelling in which they are handed on.
///
/// # Errors
/// What the file's reader says.
fn each(
    body: &mut dyn Read,
    wanted: &[&'static str],
    reading: &mut Reading,
    mut take: impl FnMut(Paragraph, &mut Reading) -> bool,
) -> io::Result<()> {
    let mut lines = Lines::new(body);
    let mut open = Open::default();
    while let Some(line) = lines.next()? {
        if line.bytes.trim_ascii().is_empty() {
            if let Some(paragraph) = open.finish()
                && !take(paragraph, reading)
            {
                return Ok(());
            }
            continue;
        }
        if open.paragraph.line == 0 {
            open.paragraph.line = line.number;
        }
        if let [b' ' | b'\t', ..] = line.bytes {
            open.more(line.bytes);
        } else if let Some(colon) = memchr::memchr(b':', line.bytes) {
            let (name, value) = line.bytes.split_at(colon);
            open.commit();
            open.field = wanted.iter().copied().find(|known| name.eq_ignore_ascii_case(known.as_bytes()));
            open.more(value.get(1..).unwrap_or_default());
        } else {
            open.commit();
            reading.problem(format!("line {} is no field", line.number));
        }
        if (line.cut || open.value.len() > LONGEST)
            && let Some(field) = open.field
        {
            reading.problem(format!("line {}: {field} is too long, its end is missing", line.number));
            open.commit();
        }
    }
    if let Some(paragraph) = open.finish() {
        take(paragraph, reading);
    }
    Ok(())
}

/// A paragraph while it is read.
#[derive(Default)]
struct Open {
    /// The field whose value is being gathered.
    field: Option<&'static str>,
    value: Vec<u8>,
    paragraph: Paragraph,
}

impl Open {
    fn more(&mut self, value: &[u8]) {
        if self.field.is_some() {
            self.value.extend_from_slice(value);
        }
    }

    fn commit(&mut self) {
        if let Some(field) = self.field.take() {
            self.paragraph.fields.push((field, text(&self.value)));
        }
        self.value.clear();
    }

    /// What was read of the paragraph; `None` between paragraphs.
    fn finish(&mut self) -> Option<Paragraph> {
        self.commit();
        let paragraph = std::mem::take(&mut self.paragraph);
        (paragraph.line != 0).then_some(paragraph)
    }
}

/// The names in a relationship field (`Depends`, `Provides`): every alternative, without versions, architectures
/// and `:any`.
pub(super) fn names(value: &str) -> impl Iterator<Item = String> {
    value.split([',', '|']).filter_map(|relation| {
        let name = relation.trim().split([' ', '\t', '(', '[', '<', ':']).next()?;
        (!name.is_empty()).then(|| name.to_owned())
    })
}
