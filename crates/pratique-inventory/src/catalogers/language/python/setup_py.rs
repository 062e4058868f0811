//! `setup.py`: what a project asks for, as far as it is written out.
//!
//! It is a program, and only running it tells what it asks for; nobody runs a stranger's program here. But a
//! string that is a pinned requirement as a whole (`"mypy==0.770"`) is hardly anything else, wherever it stands
//! (`install_requires`, `extras_require`, a list with a name of its own). Such strings are stated, as Syft does. What is in comments, in strings
//! of several lines, formatted, or put together of parts is not.

use pratique_image::EntryHeader;

use super::{
    locked,
    specifier::{Specifier, normal},
};
use crate::{Cataloger, CatalogerId, File, Reading, Unreadable};

/// Distributions that `setup.py` pins.
pub struct SetupPy;

/// Longest program that is read, in bytes.
const LONGEST: u64 = 4 << 20;

impl Cataloger for SetupPy {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/python-setup", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/setup.py"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"setup.py"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = file.text_within(LONGEST.min(file.limits.file_bytes))?;
        let mut reading = Reading::nothing();
        for string in strings(&text) {
            let Some(specifier) = Specifier::parse(string) else { continue };
            let Some(version) = specifier.pin() else { continue };
            if !reading.package(locked::stated(&normal(specifier.name), version), file.limits) {
                break;
            }
        }
        Ok(reading)
    }
}

/// The plain string literals of a program: on one line, without escapes, formatted by nothing.
fn strings(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'#' => at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end),
            b'"' | b'\'' => {
                let triple = [byte; 3];
                if bytes[at..].starts_with(&triple) {
                    let rest = bytes.get(at + 3..).unwrap_or_default();
                    at = memchr::memmem::find(rest, &triple).map_or(bytes.len(), |end| at + 6 + end);
                    continue;
                }
                // A letter in front makes it raw, formatted or bytes.
                let prefixed = at
                    .checked_sub(1)
                    .and_then(|before| bytes.get(before))
                    .is_some_and(u8::is_ascii_alphanumeric);
                let mut end = at + 1;
                let mut plain = !prefixed;
                while let Some(&inner) = bytes.get(end) {
                    match inner {
                        b'\\' => {
                            plain = false;
                            end += 1;
                        }
                        b'\n' => {
                            plain = false;
                            break;
                        }
                        inner if inner == byte => break,
                        _ => {}
                    }
                    end += 1;
                }
                let behind = text.get(end + 1..).unwrap_or_default().trim_start_matches([' ', '\t']);
                // `"a==%s" % x`, `"a==" + x`, `"a==1" ".2"`, `"…".format(x)`.
                let alone = !behind.starts_with(['%', '+', '.', '"', '\'']);
                if plain && alone {
                    found.extend(text.get(at + 1..end).filter(|_| end < bytes.len()));
                }
                at = end + 1;
            }
            _ => at += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, withstands_damage};

    const SAMPLE: &str = r#"# "commented==1.0"
"""doc 'string==1.0'"""
setup(
    version="1.0",
    install_requires=["a==1.0", ' b [x] == v2.0 ; python_version < "3"', "c>=1", 'd==1.*'],
    extras_require={"x": ["e==%s" % version, "f==" + "1.0", f"g==1.0", "h==1" ".0", "i==1.0".format(), "j==1\x30"]},
    description='it''s "k==1.0"',
)
"l==1.0
"m==1.0"#;

    #[test]
    fn states_pins_that_are_written_out() {
        assert_eq!(read(&SetupPy, "app/setup.py", SAMPLE).names(), ["a 1.0", "b v2.0"]);
        assert!(read(&SetupPy, "setup.py", "").facts.is_empty());
    }

    #[test]
    fn bears_damage() {
        withstands_damage(&SetupPy, "setup.py", SAMPLE);
        withstands_damage(&SetupPy, "setup.py", "é'''é'\\é\"");
    }
}
