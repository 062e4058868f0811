//! Python distributions as pip, setuptools, distutils and what works like them leave them in an image.
//!
//! * [`PythonMetadata`]: what is installed, by the core metadata of each distribution.
//! * [`PythonDirectUrl`]: where a distribution came from that no index served.
//! * [`PythonArchive`]: what lies there as a wheel or an egg.
//! * [`PoetryLock`], [`PdmLock`], [`UvLock`], [`PipfileLock`], [`PyLock`]: what lock files pin.
//! * [`Requirements`], [`SetupPy`]: what is pinned by what people write.
//!
//! Where metadata lies, by age:
//!
//! | what wrote it | where |
//! | --- | --- |
//! | pip and every other installer of wheels | `NAME-VERSION.dist-info/METADATA` |
//! | setuptools | `NAME-VERSION-pyX.Y.egg-info/PKG-INFO`, also `NAME.egg-info/` for `develop` installs |
//! | setuptools, in an unzipped egg | `NAME-VERSION-pyX.Y.egg/EGG-INFO/PKG-INFO` |
//! | distutils, and Debian still | `NAME-VERSION.egg-info`, a file |
//!
//! Follows the PyPA specifications "Recording installed projects", "Core metadata" and "Direct URL data
//! structure". A name is stated as its metadata spell it (`Flask-SQLAlchemy`); that it equals
//! `flask_sqlalchemy` is a matter of comparing ("Names and normalization", formerly PEP 503).

mod archive;
mod direct_url;
mod headers;
mod locked;
mod metadata;
mod pdm;
mod pipfile;
mod poetry;
mod pylock;
mod requirements;
mod setup_py;
mod specifier;
mod uv;

use std::borrow::Cow;

pub use archive::PythonArchive;
pub use direct_url::PythonDirectUrl;
pub use metadata::PythonMetadata;
pub use pdm::PdmLock;
pub use pipfile::PipfileLock;
pub use poetry::PoetryLock;
use pratique_image::ImagePath;
pub use pylock::PyLock;
pub use requirements::Requirements;
pub use setup_py::SetupPy;
pub use uv::UvLock;

/// What a folder or file of metadata is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `NAME-VERSION.dist-info/`
    DistInfo,
    /// `NAME-VERSION-pyX.Y.egg-info/`, or a file of that name.
    EggInfo,
}

/// Which form `name` (of a folder, or of a file) has. The name may be nothing but the ending.
fn form(name: &[u8]) -> Option<Form> {
    // pip renames what it is about to replace, `~ame-1.0.dist-info`; where it was stopped that stays, and
    // Python does not see it.
    if name.starts_with(b"~") {
        return None;
    }
    let ends_with = |ending: &[u8]| {
        let Some(at) = name.len().checked_sub(ending.len()) else { return false };
        name[at..].eq_ignore_ascii_case(ending) && (at == 0 || name[at - 1] == b'.')
    };
    if ends_with(b"dist-info") {
        Some(Form::DistInfo)
    } else if ends_with(b"egg-info") {
        Some(Form::EggInfo)
    } else {
        None
    }
}

/// The name of the folder that holds a file; empty in the root.
fn folder(path: &ImagePath) -> &[u8] {
    path.components().rev().nth(1).unwrap_or_default()
}

/// Name and version by the name of a folder or file of metadata, `NAME-VERSION[-pyX.Y].FORM`, where it has
/// both. In that name each `-` of the distribution's own name is a `_`, and a version has none, so the first
/// one parts them.
fn by_folder(name: &[u8]) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let ending = name.iter().rposition(|&b| b == b'.')?;
    let stem = name.get(..ending)?;
    let mut parts = stem.split(|&b| b == b'-');
    let (name, version) = (parts.next()?, parts.next()?);
    let is_version = version.first().is_some_and(|b| b.is_ascii_digit() || *b == b'v');
    (!name.is_empty() && is_version)
        .then(|| (String::from_utf8_lossy(name), String::from_utf8_lossy(version)))
}

/// A name in its normal form: what two spellings of one name have in common ("Names and normalization").
pub(crate) fn normal_name(name: &str) -> String {
    specifier::normal(name)
}

/// The distribution that a requirement of pip's pins, if it pins one.
pub(super) fn pinned(text: &str) -> Option<crate::Stated> {
    let specifier = specifier::Specifier::parse(text)?;
    Some(locked::stated(&specifier::normal(specifier.name), specifier.pin()?))
}

#[cfg(test)]
mod tests;
