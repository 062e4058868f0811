//! `requirements.txt` and its kin: what pip is told to install.
//!
//! Follows pip's documentation, "Requirements File Format". One requirement a line; `\` at the end joins lines,
//! `#` after a blank begins a comment, options begin with `-`. Stated is what is pinned to one version
//! (`==`, `===`), and what has a place in version control or is an archive (`name @ URL`, `-e URL#egg=name`):
//! of `flask>=2` nobody knows what was or will be installed. Other files that are included (`-r`, `-c`) are
//! requirement files of their own and read where they lie.
//!
//! pip-compile and uv write behind each requirement for whose sake it is there (`# via flask`, `# via -r
//! requirements.in`); where they do, that tells what is direct.
//!
//! Names are stated in their normal form: people spell them as they like.
//!
//! A file of this name need not be pip's: it is text of anybody's, often a template, sometimes in UTF-16 (PowerShell's
//! `pip freeze > requirements.txt`). A line that is none of pip's is passed over without a word.

use pratique_image::EntryHeader;

use super::{
    super::origin,
    locked,
    specifier::{Specifier, normal},
};
use crate::{Cataloger, CatalogerId, Fact, File, Limits, Reading, Unreadable};

/// Distributions that requirement files pin.
pub struct Requirements;

/// Longest file that is read, in bytes: with the hashes of all wheels a requirement takes 4 kB.
const LONGEST: u64 = 16 << 20;

impl Cataloger for Requirements {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/python-requirements", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/*requirements*.txt", "**/requirements/*.txt"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        let Some(stem) = name.strip_suffix(b".txt") else { return false };
        memchr::memmem::find(stem, b"requirements").is_some()
            // `requirements/production.txt` is as common; `requirements/README.txt` has no pins.
            || file.path.components().rev().nth(1) == Some(&b"requirements"[..])
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = text(file.bytes_within(LONGEST.min(file.limits.file_bytes))?);
        let mut reading = Reading::nothing();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let mut logical = without_comment(line).trim_end().to_owned();
            let mut via = Vec::new();
            via_of(comment(line), &mut via);
            while logical.ends_with('\\') {
                logical.pop();
                let Some(next) = lines.next() else { break };
                logical.push(' ');
                logical.push_str(without_comment(next).trim());
                via_of(comment(next), &mut via);
            }
            // What stands in lines of comments behind it, with more indentation, is about it too.
            let mut ahead = lines.clone();
            while let Some(alone) =
                ahead.next().filter(|l| l.starts_with([' ', '\t'])).and_then(comment_alone)
            {
                via_of(Some(alone), &mut via);
                lines = ahead.clone();
            }
            if !logical.trim().is_empty() && !requirement(logical.trim(), &via, file.limits, &mut reading) {
                break;
            }
        }
        Ok(reading)
    }
}

/// Text by its byte-order mark, and without one as UTF-8.
fn text(bytes: Vec<u8>) -> String {
    let wide = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().map(|unit| number(*unit));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
    }
}

/// Where the comment of a line begins: a `#` at its beginning or behind a blank. `#egg=` is no comment.
fn comment_at(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    memchr::memchr_iter(b'#', bytes).find(|&at| {
        at.checked_sub(1).and_then(|before| bytes.get(before)).is_none_or(u8::is_ascii_whitespace)
    })
}

fn without_comment(line: &str) -> &str {
    comment_at(line).and_then(|at| line.get(..at)).unwrap_or(line)
}

fn comment(line: &str) -> Option<&str> {
    comment_at(line).and_then(|at| line.get(at + 1..)).map(str::trim)
}

fn comment_alone(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix('#').map(str::trim)
}

/// Adds those for whose sake a requirement is there: `via flask, -r requirements.in`, or one a line below `via`.
fn via_of<'a>(comment: Option<&'a str>, via: &mut Vec<&'a str>) {
    let Some(comment) = comment else { return };
    let named = match comment.strip_prefix("via") {
        Some("") => {
            // What follows is one a line.
            via.push("");
            return;
        }
        Some(rest) if rest.starts_with(' ') => rest,
        _ if via.is_empty() => return,
        _ => comment,
    };
    via.extend(named.split(',').map(str::trim).filter(|name| !name.is_empty()));
}

/// Whether the project asks for it itself, by what the tool wrote of why it is there.
fn direct(via: &[&str]) -> Option<bool> {
    let mut named = via.iter().filter(|name| !name.is_empty()).peekable();
    named.peek()?;
    // A file, or the project by name with the file that describes it in brackets.
    Some(named.any(|name| name.starts_with('-') || name.ends_with(')') || *name == "pyproject.toml"))
}

/// Reads one logical line; false when there is room for no more.
fn requirement(line: &str, via: &[&str], limits: &Limits, reading: &mut Reading) -> bool {
    let editable = ["-e ", "--editable ", "--editable="].iter().find_map(|option| line.strip_prefix(option));
    let line = match editable {
        Some(rest) => rest.trim(),
        None if line.starts_with('-') => return true,
        None => line,
    };
    // Options of one requirement stand behind it: `--hash=sha256:…`.
    let line = line.find(" --").and_then(|at| line.get(..at)).unwrap_or(line).trim();
    let (name, version, url) = match Specifier::parse(line) {
        Some(Specifier { name, url: Some(url), .. }) => (name, "", Some(url)),
        Some(specifier) => match specifier.pin() {
            Some(version) => (specifier.name, version, None),
            None => return true,
        },
        None => match line.split_once("#egg=") {
            Some((url, egg)) => {
                let egg = egg.split(['&', '[', ' ']).next().unwrap_or(egg);
                match Specifier::parse(egg) {
                    Some(Specifier { name, .. }) => (name, "", Some(url)),
                    None => return true,
                }
            }
            None => return true,
        },
    };
    let place = match url.map(place) {
        // A folder, or an address of nothing that is known: nothing to say of it.
        Some(None) => return true,
        Some(place) => place,
        None => None,
    };
    let mut stated = locked::stated(&normal(name), version);
    stated.direct = direct(via);
    stated.details.extend(place.map(|(key, value)| (key.to_owned(), value)));
    // The same pin once more, for another platform, says nothing more.
    let again = reading
        .facts
        .iter()
        .rev()
        .take(8)
        .any(|fact| matches!(fact, Fact::Package(known) if **known == stated));
    again || reading.package(stated, limits)
}

/// Where an address leads: into version control at a revision, or to an archive.
fn place(url: &str) -> Option<(&'static str, String)> {
    let url = url.split('#').next().unwrap_or(url).trim();
    for tool in ["git", "hg", "svn", "bzr"] {
        let Some(rest) = url.strip_prefix(tool).and_then(|rest| rest.strip_prefix('+')) else { continue };
        let (scheme, path) = rest.split_once("://")?;
        // The revision stands behind the last `@` of the path; one before the first `/` parts user and host.
        let slash = path.find('/')?;
        let (address, revision) = match path.rfind('@').filter(|at| *at > slash) {
            Some(at) => (path.get(..at)?, path.get(at + 1..)?),
            None => (path, ""),
        };
        return Some((origin::VCS_URL, origin::vcs_url(tool, &format!("{scheme}://{address}"), revision)));
    }
    let fetched = url.starts_with("https://") || url.starts_with("http://");
    (fetched && locked::is_archive(url)).then(|| (origin::DOWNLOAD_URL, origin::without_credentials(url)))
}

#[cfg(test)]
mod tests;
