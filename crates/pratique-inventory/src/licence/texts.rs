//! Which licence a text is: files such as `LICENSE` and `COPYING`.
//!
//! The texts of SPDX's list and the comparison (the Sørensen–Dice coefficient of word pairs, copyright lines and
//! formatting left out) are those of the `spdx` crate. A text that is of no licence by nine tenths is of none.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use pratique_image::EntryHeader;
use spdx::detection::{Store, TextData, scan::Scanner};
use xxhash_rust::xxh3::xxh3_64;

use crate::{Cataloger, CatalogerId, Fact, File, Reading, Unreadable};

/// How sure a comparison must be.
const SURE: f32 = 0.9;
/// Longest text that is compared, in bytes. GPL-3.0 has 35 000; collections of licences have more, and are not one.
const LONGEST: u64 = 200 << 10;

/// Reads files that hold the text of a licence.
pub struct LicenceTexts;

impl Cataloger for LicenceTexts {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "licence/texts", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/{LICENSE,LICENCE,COPYING,UNLICENSE,MIT-LICENSE}*"]
    }

    fn goes_by_name(&self) -> bool {
        false
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.is_file() && (60..=LONGEST).contains(&file.size) && is_licence_name(file.path.file_name())
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = file.text()?;
        Ok(Reading::of(Fact::LicenceText { licences: identify(&text) }))
    }
}

/// `LICENSE`, `LICENCE.md`, `LICENSE-MIT`, `COPYING.LIB`, `UNLICENSE`; not `license.js`.
fn is_licence_name(name: &[u8]) -> bool {
    let upper = name.to_ascii_uppercase();
    let begins = ["LICENSE", "LICENCE", "COPYING", "UNLICENSE", "MIT-LICENSE"];
    let Some(rest) = begins.iter().find_map(|begin| upper.strip_prefix(begin.as_bytes())) else {
        return false;
    };
    match rest.iter().rposition(|&b| b == b'.') {
        None => rest.first().is_none_or(|b| matches!(b, b'-' | b'_' | b'S')),
        Some(dot) => {
            let ending = rest.get(dot + 1..).unwrap_or_default();
            let is_version = ending.first().is_some_and(u8::is_ascii_digit);
            is_version
                || [&b"TXT"[..], b"MD", b"RST", b"LIB", b"LESSER", b"MIT", b"BSD", b"APACHE", b"GPL"]
                    .contains(&ending)
        }
    }
}

/// The SPDX identifiers of the licence whose text `text` is; empty if it is none that SPDX lists.
pub fn identify(text: &str) -> Vec<String> {
    static STORE: LazyLock<Option<Store>> = LazyLock::new(|| Store::load_inline().ok());
    // Images hold the same few texts a thousand times.
    static KNOWN: LazyLock<Mutex<HashMap<u64, Vec<String>>>> = LazyLock::new(Mutex::default);
    let Some(store) = STORE.as_ref() else { return Vec::new() };
    let key = xxh3_64(essence(text).as_bytes());
    if let Ok(known) = KNOWN.lock()
        && let Some(found) = known.get(&key)
    {
        return found.clone();
    }
    let scanner = Scanner::new(store).confidence_threshold(SURE);
    let result = scanner.scan(&TextData::new(text));
    let found: Vec<String> = result
        .license
        .map(|licence| current(licence.name))
        .filter(|_| result.score >= SURE)
        .into_iter()
        .collect();
    if let Ok(mut known) = KNOWN.lock() {
        known.insert(key, found.clone());
    }
    found
}

/// The identifier that SPDX has now: a text of the GPL does not tell "only" from "or later", and alone says the first.
fn current(id: &str) -> String {
    let outdated = spdx::license_id(id).is_some_and(spdx::LicenseId::is_deprecated);
    let now = format!("{id}-only");
    if outdated && spdx::license_id(&now).is_some() { now } else { id.to_owned() }
}

/// What is left of a text without copyright lines, capitals and spacing: equal for all copies of one licence.
fn essence(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| {
        let begin: String = line.chars().take(9).collect();
        !begin.eq_ignore_ascii_case("copyright")
    });
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIT: &str = "The MIT License (MIT)\n\nCopyright (c) 2020 Somebody\n\nPermission is hereby granted, free of charge, to \
        any person obtaining a copy of this software and associated documentation files (the \"Software\"), to deal in the \
        Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, \
        distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished \
        to do so, subject to the following conditions:\n\nThe above copyright notice and this permission notice shall be \
        included in all copies or substantial portions of the Software.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT \
        WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR \
        A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, \
        DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION \
        WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n";

    #[test]
    fn texts() {
        assert_eq!(identify(MIT), ["MIT"]);
        assert_eq!(identify(&MIT.replace("2020 Somebody", "1999 Another").replace(' ', "  ")), ["MIT"]);
        assert!(identify("All rights reserved. You may not use this at all.").is_empty());
        assert_eq!(essence(MIT), essence(&MIT.replace("2020 Somebody", "1999 Another")));
    }

    #[test]
    fn names() {
        for name in [
            "LICENSE",
            "license.md",
            "LICENSE-MIT",
            "COPYING.LIB",
            "LICENCE.txt",
            "LICENSES.txt",
            "LICENSE-2.0",
        ] {
            assert!(is_licence_name(name.as_bytes()), "{name}");
        }
        for name in ["license.js", "licensee.rb", "LICENSE.png", "copyright", "licensing"] {
            assert!(!is_licence_name(name.as_bytes()), "{name}");
        }
    }
}
