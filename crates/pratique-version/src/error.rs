//! Why a string is no version.

use std::fmt;

use crate::Scheme;

/// A string that its scheme cannot order.
///
/// Its `Display` is a full sentence that names the version, the scheme and the reason, so that it can be shown as
/// the evidence of an `Unknown` match without further words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct InvalidVersion {
    /// The scheme that refused the version.
    pub scheme: Scheme,
    /// The version as it was given; cut where it is longer than [`MAX_VERSION_BYTES`].
    pub version: String,
    /// The byte of `version` at which the trouble is, where it is at one place.
    pub offset: Option<usize>,
    /// What is wrong there.
    pub reason: Reason,
}

/// The longest version that is looked at, in bytes. The longest one in the public advisories has fewer than 200.
pub const MAX_VERSION_BYTES: usize = 1024;

/// What is wrong with a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// There is nothing but white space.
    Empty,
    /// It is longer than [`MAX_VERSION_BYTES`].
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// It must begin with a number and does not.
    NoLeadingNumber,
    /// A character that the scheme's grammar has no place for.
    UnexpectedCharacter(char),
    /// The epoch, before the colon, is no number.
    EpochNotANumber,
    /// A part that may not be empty is.
    EmptyPart(Part),
}

/// A part of a version, for [`Reason::EmptyPart`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Part {
    /// What stands between the epoch and the release or revision.
    Upstream,
    /// A number between dots.
    Number,
    /// A pre-release identifier between dots.
    PreRelease,
}

impl fmt::Display for InvalidVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a {} version: {}", self.version.escape_debug(), self.scheme, self.reason)?;
        if let Some(offset) = self.offset {
            write!(f, " (at byte {offset})")?;
        }
        f.write_str(".")
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::TooLong { bytes } => {
                write!(f, "it has {bytes} bytes, more than the {MAX_VERSION_BYTES} that are read")
            }
            Self::NoLeadingNumber => f.write_str("it does not begin with a number"),
            Self::UnexpectedCharacter(c) => write!(f, "the character {c:?} has no place there"),
            Self::EpochNotANumber => f.write_str("its epoch is not a number"),
            Self::EmptyPart(part) => write!(f, "{part} is empty"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upstream => "the version proper, after the epoch and before the release,",
            Self::Number => "a number between dots",
            Self::PreRelease => "a pre-release identifier",
        })
    }
}

/// What a scheme's parser answers; [`crate::scheme`] adds the scheme and the version to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Flaw {
    pub(crate) offset: Option<usize>,
    pub(crate) reason: Reason,
}

impl Flaw {
    pub(crate) const fn whole(reason: Reason) -> Self {
        Self { offset: None, reason }
    }

    pub(crate) const fn at(offset: usize, reason: Reason) -> Self {
        Self { offset: Some(offset), reason }
    }

    /// The character of `text` at byte `offset` is unexpected.
    pub(crate) fn unexpected(text: &str, offset: usize) -> Self {
        match text.get(offset..).and_then(|rest| rest.chars().next()) {
            Some(c) => Self::at(offset, Reason::UnexpectedCharacter(c)),
            None => Self::at(offset, Reason::EmptyPart(Part::Number)),
        }
    }
}
