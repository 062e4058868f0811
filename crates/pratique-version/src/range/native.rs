//! The requirement languages of the package managers: `^1.2 || >=2.0 <2.4`, `~=1.4.2`, `[1.0,2.0)`, `~> 2.2.6`.
//!
//! Feeds that are not OSV and rules that people write use them. A requirement is read once into alternatives of
//! comparisons (shorthands such as `^1.2` become two), and then asked about versions. Every language answers as its own
//! package manager does, pre-releases included: npm and Cargo keep them out unless a comparison names one of the same
//! three numbers.

mod cargo;
mod maven;
mod npm;
mod packagist;
mod pypi;
mod rubygems;
mod semver;

use std::cmp::Ordering;

use crate::scheme::Form;
use crate::{InvalidVersion, Parsed, Scheme};

/// The longest requirement that is read, in bytes.
pub const MAX_REQUIREMENT_BYTES: usize = 16 * 1024;

/// A requirement in a package manager's language.
///
/// ```
/// use pratique_version::Scheme;
/// use pratique_version::range::native::Requirement;
///
/// let requirement = Requirement::parse(Scheme::Npm, "^1.2.3 || >=3.0.0 <3.4")?;
/// assert!(requirement.contains("1.9.0")?);
/// assert!(!requirement.contains("3.4.0")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Requirement {
    language: Language,
    text: String,
    /// A version meets the requirement when it meets every comparison of one alternative.
    alternatives: Vec<Vec<Comparison>>,
}

/// Why a string is no requirement.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRequirement {
    /// The scheme has no requirement language here.
    #[error("there is no requirement language for the scheme {0}")]
    NoLanguage(Scheme),
    /// It is longer than [`MAX_REQUIREMENT_BYTES`].
    #[error("the requirement has {bytes} bytes, more than the {MAX_REQUIREMENT_BYTES} that are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A part of it is not in the language.
    #[error("`{part}` in `{requirement}` is not a comparison that {language} knows")]
    Syntax {
        /// The scheme whose language it is.
        language: Scheme,
        /// The whole requirement.
        requirement: String,
        /// The part.
        part: String,
    },
    /// A version in it does not parse.
    #[error("a version in `{requirement}` cannot be compared: {source}")]
    Version {
        /// The whole requirement.
        requirement: String,
        /// What is wrong with the version.
        source: InvalidVersion,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Language {
    Npm,
    Cargo,
    Python,
    Maven,
    Ruby,
    Composer,
}

impl Language {
    fn of(scheme: Scheme) -> Option<Self> {
        Some(match scheme {
            Scheme::Npm => Self::Npm,
            Scheme::Cargo => Self::Cargo,
            Scheme::Pep440 => Self::Python,
            Scheme::Maven => Self::Maven,
            Scheme::RubyGems => Self::Ruby,
            Scheme::Composer => Self::Composer,
            _ => return None,
        })
    }

    /// The scheme versions are compared by; for Cargo without build metadata, which requirements ignore.
    fn scheme(self) -> Scheme {
        match self {
            Self::Npm => Scheme::Npm,
            Self::Cargo => Scheme::Semver,
            Self::Python => Scheme::Pep440,
            Self::Maven => Scheme::Maven,
            Self::Ruby => Scheme::RubyGems,
            Self::Composer => Scheme::Composer,
        }
    }
}

/// How a version must relate to the one in the requirement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
    /// Python's `==1.2.*`.
    Prefix,
    /// Python's `!=1.2.*`.
    NotPrefix,
    /// Python's `===`: the same text.
    SameText,
    /// The upper end of Ruby's `~>`: the numbers before the first word are less.
    ReleaseLess,
}

impl Operator {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less | Self::ReleaseLess => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Equal | Self::Prefix | Self::SameText => order.is_eq(),
            Self::NotEqual | Self::NotPrefix => order.is_ne(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Greater => order.is_gt(),
        }
    }
}

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    version: String,
}

impl Comparison {
    fn new(operator: Operator, version: impl Into<String>) -> Self {
        Self { operator, version: version.into() }
    }
}

/// What a language's parser answers: the alternatives, or the part it does not know.
type Read = Result<Vec<Vec<Comparison>>, String>;

impl Requirement {
    /// Reads a requirement in the language of the scheme's package manager: npm, Cargo, PEP 440, Maven, RubyGems or
    /// Composer.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, InvalidRequirement> {
        let language = Language::of(scheme).ok_or(InvalidRequirement::NoLanguage(scheme))?;
        if text.len() > MAX_REQUIREMENT_BYTES {
            return Err(InvalidRequirement::TooLong { bytes: text.len() });
        }
        let read: Read = match language {
            Language::Npm => npm::read(text),
            Language::Cargo => cargo::read(text),
            Language::Python => pypi::read(text),
            Language::Maven => maven::read(text),
            Language::Ruby => rubygems::read(text),
            Language::Composer => packagist::read(text),
        };
        let alternatives = read.map_err(|part| InvalidRequirement::Syntax {
            language: scheme,
            requirement: text.to_owned(),
            part,
        })?;
        for comparison in alternatives.iter().flatten() {
            if comparison.operator != Operator::SameText {
                Parsed::parse(language.scheme(), &comparison.version)
                    .map_err(|source| InvalidRequirement::Version { requirement: text.to_owned(), source })?;
            }
        }
        Ok(Self { language, text: text.to_owned(), alternatives })
    }

    /// The requirement as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the version meets the requirement.
    pub fn contains(&self, version: &str) -> Result<bool, InvalidVersion> {
        // `Gem::Version.new("")` is version 0.
        let version =
            if self.language == Language::Ruby && version.trim().is_empty() { "0" } else { version };
        let version = Parsed::parse(self.language.scheme(), version)?;
        for alternative in &self.alternatives {
            if self.meets_all(&version, alternative)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn meets_all(&self, version: &Parsed<'_>, comparisons: &[Comparison]) -> Result<bool, InvalidVersion> {
        let mut names_its_numbers = false;
        for comparison in comparisons {
            if comparison.operator == Operator::SameText {
                if !comparison.version.eq_ignore_ascii_case(version.as_str().trim()) {
                    return Ok(false);
                }
                continue;
            }
            let bound = Parsed::parse(self.language.scheme(), &comparison.version)?;
            let holds = match (version.form(), bound.form()) {
                (Form::Pep440(version), Form::Pep440(bound)) => {
                    pypi::holds(comparison.operator, version, bound)
                }
                (Form::Gem(version), Form::Gem(bound)) if comparison.operator == Operator::ReleaseLess => {
                    version.release().compare(bound).is_lt()
                }
                _ => comparison.operator.holds(version.compare_form(&bound)),
            };
            if !holds {
                return Ok(false);
            }
            if let (Form::Semver(version), Form::Semver(bound)) = (version.form(), bound.form()) {
                names_its_numbers |= bound.pre_release.is_some()
                    && crate::semver::compare_numbers(version.core, bound.core).is_eq();
            }
        }
        Ok(match version.form() {
            Form::Semver(version) => version.pre_release.is_none() || names_its_numbers,
            _ => true,
        })
    }
}

/// The number after the one that the digits spell.
fn successor(digits: &str) -> String {
    let mut bytes: Vec<u8> = digits.bytes().collect();
    for byte in bytes.iter_mut().rev() {
        if *byte == b'9' {
            *byte = b'0';
        } else {
            *byte += 1;
            return bytes.into_iter().map(char::from).collect();
        }
    }
    std::iter::once('1').chain(bytes.into_iter().map(char::from)).collect()
}

/// Splits a leading operator off, and blanks after it; the first of `operators` that fits counts.
fn split_operator<'a, T: Copy>(text: &'a str, operators: &[(&str, T)]) -> Option<(T, &'a str)> {
    operators.iter().find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?.trim_start())))
}

/// Cuts at blanks (and commas where `commas`), but not between an operator and its version.
fn tokens(text: &str, commas: bool) -> Vec<&str> {
    let is_sign = |c: char| matches!(c, '<' | '>' | '=' | '~' | '^' | '!');
    let separates = |c: char| c.is_whitespace() || (commas && c == ',');
    let mut tokens = Vec::new();
    let mut rest = text.trim();
    while let Some(start) = rest.find(|c: char| !separates(c)) {
        rest = rest.get(start..).unwrap_or_default();
        let signs = rest.find(|c: char| !is_sign(c) && !c.is_whitespace()).unwrap_or(rest.len());
        // Only blanks behind a sign belong to the token.
        let body = rest.get(signs..).unwrap_or_default();
        let stop = |c: char| separates(c) || matches!(c, '<' | '>');
        let end = signs + body.find(stop).unwrap_or(body.len());
        let (token, tail) = rest.split_at_checked(end.max(1)).unwrap_or((rest, ""));
        tokens.push(token.trim());
        rest = tail;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_successors() {
        for (number, next) in
            [("0", "1"), ("9", "10"), ("199", "200"), ("18446744073709551615", "18446744073709551616")]
        {
            assert_eq!(successor(number), next);
        }
    }

    #[test]
    fn tokens_keep_operators_with_versions() {
        assert_eq!(tokens(" >= 1.2  <2 ^ 3", false), [">= 1.2", "<2", "^ 3"]);
        assert_eq!(tokens("<1.6.6||", false), ["<1.6.6||"]);
        assert_eq!(tokens(">=1,<2.0", true), [">=1", "<2.0"]);
    }

    #[test]
    fn what_is_no_requirement() {
        assert!(matches!(Requirement::parse(Scheme::Debian, "1"), Err(InvalidRequirement::NoLanguage(_))));
        for (scheme, bad) in [
            (Scheme::Npm, "latest"),
            (Scheme::Cargo, "1.2.3.4"),
            (Scheme::Pep440, "1.0"),
            (Scheme::Maven, "[1.0"),
            (Scheme::RubyGems, "~~ 1"),
            (Scheme::Composer, ">=foo"),
        ] {
            assert!(Requirement::parse(scheme, bad).is_err(), "{scheme} {bad}");
        }
    }
}
