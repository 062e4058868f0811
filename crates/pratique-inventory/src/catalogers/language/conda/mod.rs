//! Packages of conda, mamba, micromamba and pixi.
//!
//! * [`CondaPackage`]: what is installed, by `conda-meta/NAME-VERSION-BUILD.json` of an environment.
//! * [`CondaEnvironment`]: what `environment.yml` asks for.
//!
//! A package of conda may hold anything; one that holds a Python distribution brings that distribution's own
//! metadata along, which are read as such.

mod environment;
mod package;

pub use environment::CondaEnvironment;
pub use package::CondaPackage;

use crate::{PackageKind, Stated};

/// Longest name taken for one, in bytes.
const LONGEST_NAME: usize = 256;

/// Whether conda could have a package of this name (conda's CEP 26: letters, digits, `-`, `_`, `.`).
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn stated(name: &str, version: &str) -> Stated {
    Stated {
        kind: PackageKind::Conda,
        name: name.to_owned(),
        version: version.to_owned(),
        ..Stated::default()
    }
}
