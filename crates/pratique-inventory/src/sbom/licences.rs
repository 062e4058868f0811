//! Licences as packages state them, in the words of SPDX.
//!
//! What a package states is an id of the SPDX list (`MIT`), an expression (`MIT OR Apache-2.0`), or anything else
//! (`GPL-2+`, `BSD`, a sentence). Only what reads as SPDX without any goodwill is called SPDX; all else is quoted
//! as it is, by a name or behind a `LicenseRef-`.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// What a stated licence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Licence<'a> {
    /// An id of the SPDX list.
    Id(&'a str),
    /// An SPDX expression of several ids, without references.
    Expression(&'a str),
    /// Anything else.
    Other(&'a str),
}

/// Finds out what `stated` is.
pub fn classify(stated: &str) -> Licence<'_> {
    if spdx::license_id(stated).is_some_and(|id| id.name == stated) {
        Licence::Id(stated)
    } else if !stated.contains("Ref-") && spdx::Expression::parse(stated).is_ok() {
        Licence::Expression(stated)
    } else {
        Licence::Other(stated)
    }
}

/// All licences of a package as one SPDX expression, which holds them all to apply; `None` for no licences. What is no SPDX is
/// named by a reference that `texts` explains: reference → text.
pub fn combine(stated: &[String], texts: &mut BTreeMap<String, String>) -> Option<String> {
    let alone = stated.len() == 1;
    let parts: Vec<_> = stated
        .iter()
        .map(|text| match classify(text) {
            Licence::Id(id) => id.to_owned(),
            Licence::Expression(expression) if alone => expression.to_owned(),
            Licence::Expression(expression) => format!("({expression})"),
            Licence::Other(other) => {
                let reference = reference(other);
                texts.insert(reference.clone(), other.to_owned());
                reference
            }
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

/// A name of our own for a licence that SPDX has none for: what can be kept of its text, and a digest where that
/// is not all of it.
fn reference(text: &str) -> String {
    const LONGEST: usize = 48;
    let mut name = String::new();
    for c in text.chars() {
        match c {
            _ if name.len() >= LONGEST => break,
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_end_matches('-');
    if name == text {
        return format!("LicenseRef-{name}");
    }
    let digest = Sha256::digest(text.as_bytes());
    let digest = digest.iter().take(4).fold(0_u32, |number, &byte| number << 8 | u32::from(byte));
    let dash = if name.is_empty() { "" } else { "-" };
    format!("LicenseRef-{name}{dash}{digest:08x}")
}

/// The licences that `expression` holds to apply all together, with references replaced by the texts they stand
/// for. The counterpart of [`combine`].
pub(crate) fn split(expression: &str, texts: &BTreeMap<String, String>) -> Vec<String> {
    let mut parts = Vec::new();
    let (mut depth, mut part) = (0_usize, Vec::new());
    for word in expression.split_whitespace() {
        if depth == 0 && word.eq_ignore_ascii_case("and") {
            parts.push(std::mem::take(&mut part).join(" "));
            continue;
        }
        depth = (depth + word.matches('(').count()).saturating_sub(word.matches(')').count());
        part.push(word);
    }
    parts.push(part.join(" "));
    // `A AND B OR C` is not split: AND binds closer.
    let is_one = parts.len() > 1 && parts.iter().any(|part| has_or(part));
    let parts = if is_one { vec![expression.trim().to_owned()] } else { parts };
    let plain = parts.iter().map(|part| bare(part).trim());
    let named = plain.map(|part| texts.get(part).cloned().unwrap_or_else(|| part.to_owned()));
    let mut named: Vec<_> =
        named.filter(|part| !matches!(part.as_str(), "" | "NOASSERTION" | "NONE")).collect();
    named.sort();
    named.dedup();
    named
}

/// Whether an OR stands outside of all parentheses.
fn has_or(part: &str) -> bool {
    let mut depth = 0_usize;
    part.split_whitespace().any(|word| {
        depth = (depth + word.matches('(').count()).saturating_sub(word.matches(')').count());
        depth == 0 && word.eq_ignore_ascii_case("or")
    })
}

/// `part` without parentheses around all of it.
fn bare(part: &str) -> &str {
    let Some(inner) = part.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return part };
    let mut depth = 0_usize;
    for c in inner.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return part,
            ')' => depth -= 1,
            _ => {}
        }
    }
    if depth == 0 { inner } else { part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_ids_expressions_and_names() {
        assert_eq!(classify("MIT"), Licence::Id("MIT"));
        assert_eq!(classify("MIT OR Apache-2.0"), Licence::Expression("MIT OR Apache-2.0"));
        for other in ["mit", "GPL-2+", "BSD", "see LICENSE", "", "LicenseRef-x", "MIT/Apache-2.0"] {
            assert_eq!(classify(other), Licence::Other(other));
        }
    }

    #[test]
    fn combines_and_splits() {
        let strings = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        for (stated, want) in [
            (strings(&["MIT"]), "MIT"),
            (strings(&["Apache-2.0 OR MIT"]), "Apache-2.0 OR MIT"),
            (strings(&["(MIT OR X11) AND BSD-3-Clause", "ISC"]), "((MIT OR X11) AND BSD-3-Clause) AND ISC"),
            (strings(&["Apache-2.0 OR MIT", "ISC"]), "(Apache-2.0 OR MIT) AND ISC"),
            (strings(&["BSD", "ISC"]), "LicenseRef-BSD AND ISC"),
            (strings(&["GPL-2+"]), "LicenseRef-GPL-2-f7215fea"),
        ] {
            let mut texts = BTreeMap::new();
            let combined = combine(&stated, &mut texts).unwrap();
            assert_eq!(combined, want);
            assert_eq!(split(&combined, &texts), stated, "{combined}");
        }
        assert_eq!(combine(&[], &mut BTreeMap::new()), None);
        assert_eq!(split("NOASSERTION", &BTreeMap::new()), Vec::<String>::new());
        assert_eq!(split("MIT AND ISC OR X11", &BTreeMap::new()), ["MIT AND ISC OR X11"]);
        for odd in ["((", "))", "AND", "( AND )", ") AND ("] {
            split(odd, &BTreeMap::new());
        }
    }
}
