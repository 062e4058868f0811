//! Licences: what packages state, as SPDX expressions; which licence a text is.
//!
//! Every ecosystem has its own words: Debian writes `GPL-2+`, old rpm packages `GPLv2+ and LGPLv2+`, Python classifiers
//! `License :: OSI Approved :: MIT License`, Maven's poms whatever their authors like. [`normalise`] turns them into SPDX
//! expressions (SPDX 2.3, annex D) where that can be done without guessing; what cannot be mapped stays as it is stated.
//! `BSD` alone, say, is several licences, and no identifier is made up for it.

mod aliases;
mod texts;

pub use texts::{LicenceTexts, identify};

/// A licence as it was stated, and as SPDX has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Licence {
    /// A valid SPDX expression.
    Spdx(String),
    /// What the package states, where it cannot be mapped.
    Stated(String),
}

impl Licence {
    /// The text of either.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Spdx(text) | Self::Stated(text) => text,
        }
    }
}

/// Longest statement that is looked at, in bytes: what is longer is a licence's text in the wrong place.
const LONGEST: usize = 1000;
/// Deepest nesting of parentheses.
const DEPTH: usize = 20;

/// The SPDX expression for what a package states.
pub fn normalise(stated: &str) -> Licence {
    let text = stated.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || text.len() > LONGEST {
        return Licence::Stated(stated.trim().chars().take(LONGEST).collect());
    }
    let found = exact(&text).or_else(|| expression(&text, DEPTH));
    // What was put together is shown only if SPDX's own grammar takes it.
    match found.filter(|found| spdx::Expression::parse(found).is_ok()) {
        Some(found) => Licence::Spdx(found),
        None => Licence::Stated(text),
    }
}

/// The licences that one package states, each once: all of them hold.
pub fn each(stated: &[String]) -> Vec<Licence> {
    let mut all: Vec<Licence> = stated.iter().map(|text| normalise(text)).collect();
    all.sort();
    all.dedup();
    all
}

/// The expression for licences that all hold.
pub fn join(all: &[Licence]) -> Option<Licence> {
    match all {
        [] => None,
        [one] => Some(one.clone()),
        many if many.iter().all(|licence| matches!(licence, Licence::Spdx(_))) => {
            let parts = many.iter().map(|licence| match licence.as_str() {
                part if part.contains(" OR ") => format!("({part})"),
                part => part.to_owned(),
            });
            Some(Licence::Spdx(parts.collect::<Vec<_>>().join(" AND ")))
        }
        many => {
            let parts: Vec<_> = many.iter().map(Licence::as_str).collect();
            Some(Licence::Stated(parts.join(", ")))
        }
    }
}

/// An SPDX expression as it stands, identifiers in SPDX's own spelling and none that SPDX has given up.
fn exact(text: &str) -> Option<String> {
    let parsed = spdx::Expression::parse(text).ok()?;
    let outdated =
        parsed.requirements().any(|req| req.req.license.id().is_some_and(spdx::LicenseId::is_deprecated));
    (!outdated).then(|| text.to_owned())
}

/// An expression of names that may be aliases.
fn expression(text: &str, depth: usize) -> Option<String> {
    if depth == 0 {
        return None;
    }
    let text = text.trim();
    if let Some(name) = aliases::lookup(text) {
        return Some(name);
    }
    for (operator, joined) in [(Operator::Or, " OR "), (Operator::And, " AND ")] {
        let parts = split(text, operator);
        if parts.len() > 1 {
            let parts: Option<Vec<_>> = parts
                .into_iter()
                .map(|part| {
                    let part = expression(part, depth - 1)?;
                    let nested = matches!(operator, Operator::And) && part.contains(" OR ");
                    Some(if nested && !part.starts_with('(') { format!("({part})") } else { part })
                })
                .collect();
            return parts.map(|parts| parts.join(joined));
        }
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return expression(inner, depth - 1).map(|inner| format!("({inner})"));
    }
    // `GPL-2+ with OpenSSL exception`: only exceptions that SPDX knows.
    let (name, exception) = split_with(text)?;
    let exception = aliases::exception(exception)?;
    Some(format!("{} WITH {exception}", aliases::lookup(name)?))
}

fn split_with(text: &str) -> Option<(&str, &str)> {
    let at = text.to_ascii_lowercase().find(" with ")?;
    Some((text.get(..at)?, text.get(at + " with ".len()..)?))
}

#[derive(Debug, Clone, Copy)]
enum Operator {
    And,
    Or,
}

/// The parts of `text` between its outermost operators. "or later" is no operator.
fn split(text: &str, operator: Operator) -> Vec<&str> {
    let lower = text.to_ascii_lowercase();
    let (words, signs): (&[&str], &[u8]) = match operator {
        Operator::Or => (&[" or "], b"/|"),
        Operator::And => (&[" and "], b"&;,"),
    };
    let mut parts = Vec::new();
    let (mut depth, mut from, mut at) = (0usize, 0, 0);
    while let Some(&byte) = lower.as_bytes().get(at) {
        let rest = lower.get(at..).unwrap_or_default();
        let word = words.iter().find(|word| rest.starts_with(**word)).map(|word| word.len());
        let later = ["later", "newer", "any later", "(at your option)", "above"];
        let is_later = word
            .is_some_and(|length| later.iter().any(|l| rest.get(length..).is_some_and(|r| r.starts_with(l))));
        // A slash within an address is none.
        let sign = (signs.contains(&byte) && !text.contains("://")).then_some(1);
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match word.filter(|_| !is_later).or(sign).filter(|_| depth == 0) {
            Some(length) => {
                parts.extend(text.get(from..at));
                at += length;
                from = at;
            }
            None => at += 1,
        }
    }
    parts.extend(text.get(from..));
    if parts.iter().any(|part| part.trim().is_empty()) { vec![text] } else { parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spdx(text: &str) -> String {
        match normalise(text) {
            Licence::Spdx(found) => found,
            Licence::Stated(stated) => format!("stated {stated}"),
        }
    }

    #[test]
    fn what_ecosystems_write() {
        for (stated, expected) in [
            // SPDX: apk, cargo, npm.
            ("MIT", "MIT"),
            ("(MIT OR Apache-2.0)", "(MIT OR Apache-2.0)"),
            (
                "GPL-2.0-or-later WITH Classpath-exception-2.0",
                "GPL-2.0-or-later WITH Classpath-exception-2.0",
            ),
            ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
            ("GPL-2.0", "GPL-2.0-only"),
            ("GPL-2.0+", "GPL-2.0-or-later"),
            // dpkg.
            ("GPL-2+", "GPL-2.0-or-later"),
            ("LGPL-2.1", "LGPL-2.1-only"),
            ("Expat", "MIT"),
            ("BSD-3-clause", "BSD-3-Clause"),
            ("GFDL-1.3+", "GFDL-1.3-or-later"),
            ("Artistic", "Artistic-1.0-Perl"),
            ("Apache-2", "Apache-2.0"),
            // rpm before 2023.
            ("GPLv2+ and LGPLv2+", "GPL-2.0-or-later AND LGPL-2.0-or-later"),
            ("ASL 2.0", "Apache-2.0"),
            ("(GPLv2+ or LGPLv3+) and MPLv2.0", "(GPL-2.0-or-later OR LGPL-3.0-or-later) AND MPL-2.0"),
            ("LGPLv2+ with exceptions", "stated LGPLv2+ with exceptions"),
            // Python.
            ("License :: OSI Approved :: MIT License", "MIT"),
            (
                "License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)",
                "GPL-3.0-or-later",
            ),
            ("Apache 2.0", "Apache-2.0"),
            ("PSF", "PSF-2.0"),
            // Maven.
            ("The Apache Software License, Version 2.0", "Apache-2.0"),
            ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
            ("Eclipse Public License - v 2.0", "EPL-2.0"),
            ("GNU Lesser General Public License", "stated GNU Lesser General Public License"),
            // Not to be guessed.
            ("BSD", "stated BSD"),
            ("SEE LICENSE IN LICENSE.md", "stated SEE LICENSE IN LICENSE.md"),
            ("", "stated "),
        ] {
            assert_eq!(spdx(stated), expected, "{stated}");
        }
    }

    #[test]
    fn several_statements_all_hold() {
        let join = |stated: &[&str]| join(&each(&stated.iter().map(|&s| s.to_owned()).collect::<Vec<_>>()));
        assert_eq!(
            join(&["GPL-2+", "MIT/Apache-2.0"]),
            Some(Licence::Spdx("GPL-2.0-or-later AND (MIT OR Apache-2.0)".into()))
        );
        assert_eq!(join(&["MIT", "BSD"]), Some(Licence::Stated("MIT, BSD".into())));
        assert_eq!(join(&[]), None);
    }

    #[test]
    fn nothing_breaks_it() {
        let sample = "(GPLv2+ or LGPLv3+) and MPLv2.0 with é exceptions, a/b|c&d; (((";
        for at in 0..sample.len() {
            if let (Some(head), Some(tail)) = (sample.get(..at), sample.get(at..)) {
                normalise(head);
                normalise(tail);
            }
        }
        normalise(&"(".repeat(900));
        normalise(&" or ".repeat(200));
    }
}
