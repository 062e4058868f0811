//! Where the database lies unless somebody says otherwise.

use std::{env, ffi::OsString, path::PathBuf};

/// Names a database file and goes before everything else.
pub const DATABASE_VARIABLE: &str = "PRATIQUE_DB";

/// The default place of the database: `$PRATIQUE_DB`; else `pratique/db/advisories.pdb` in `$XDG_CACHE_HOME` or
/// `~/.cache`. `None` if the environment names no home either.
///
/// A cache and not a data folder: all of it can be fetched or made again.
pub fn default_path() -> Option<PathBuf> {
    default_path_in(|name| env::var_os(name))
}

fn default_path_in(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let variable = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = variable(DATABASE_VARIABLE) {
        return Some(path);
    }
    // A relative path in this variable must be ignored (XDG Base Directory Specification, section 3).
    let cache = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(variable("HOME")?.join(".cache")));
    #[cfg(windows)]
    let cache = cache.or_else(|| variable("LOCALAPPDATA"));
    cache.map(|cache| cache.join("pratique").join("db").join("advisories.pdb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides() {
        let place = |pairs: &[(&str, &str)]| {
            default_path_in(|name| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
            })
        };
        assert_eq!(place(&[("PRATIQUE_DB", "x.pdb"), ("HOME", "/h")]), Some("x.pdb".into()));
        assert_eq!(
            place(&[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")]),
            Some("/c/pratique/db/advisories.pdb".into())
        );
        assert_eq!(
            place(&[("PRATIQUE_DB", ""), ("XDG_CACHE_HOME", "relative"), ("HOME", "/h")]),
            Some("/h/.cache/pratique/db/advisories.pdb".into())
        );
        assert_eq!(place(&[]), None);
    }
}
