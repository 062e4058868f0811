//! Leaving out of an inventory what nobody asked for: kinds of packages, and paths.
//!
//! It is done after the inventory was taken and not while layers are read: what is remembered of a layer must not depend on
//! what one scan was asked to leave out. What was left out is told in sentences, so that it never looks like "not there".

use pratique_image::ImagePath;
use regex::Regex;

use crate::{inventory::Inventory, package::Location};

/// What is to be left out.
#[derive(Debug, Clone, Default)]
pub struct Exclusion {
    /// Packages of the operating system.
    pub without_os: bool,
    /// Packages of languages and everything else.
    pub without_libraries: bool,
    /// Everything below these directories.
    pub skip_directories: Vec<Glob>,
    /// These files.
    pub skip_files: Vec<Glob>,
}

impl Exclusion {
    /// Takes out of `inventory` what is to be left out, and says what that was, each a sentence.
    pub fn apply(&self, inventory: &mut Inventory) -> Vec<String> {
        let mut told = Vec::new();
        let count = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        for (wanted, is_os, what, option) in [
            (!self.without_os, true, "operating system package", "library"),
            (!self.without_libraries, false, "language package", "os"),
        ] {
            if wanted {
                continue;
            }
            let before = inventory.packages.len();
            inventory.packages.retain(|package| package.kind.is_os() != is_os);
            let left = before - inventory.packages.len();
            told.push(format!("{} (--pkg-types {option})", count(left, what)));
        }
        if self.skip_directories.is_empty() && self.skip_files.is_empty() {
            return told;
        }
        let before = inventory.packages.len();
        inventory.packages.retain_mut(|package| {
            let is_left = |location: &Location| !self.skips(&location.path);
            // A package that other files state too is still there.
            if package.locations.iter().any(is_left) {
                package.locations.retain(is_left);
            }
            package.locations.is_empty() || package.locations.iter().any(is_left)
        });
        let packages = before - inventory.packages.len();
        let before = inventory.problems.len();
        inventory.problems.retain(|(_, problem)| !self.skips(&problem.path));
        let problems = before - inventory.problems.len();
        let patterns = self.skip_directories.iter().map(|glob| format!("--skip-dirs {}", glob.text));
        let patterns: Vec<_> = patterns
            .chain(self.skip_files.iter().map(|glob| format!("--skip-files {}", glob.text)))
            .collect();
        let unread = match problems {
            0 => String::new(),
            n => format!(" and {} about files there", count(n, "warning")),
        };
        told.push(format!("{}{unread} ({})", count(packages, "package"), patterns.join(" ")));
        told
    }

    fn skips(&self, path: &ImagePath) -> bool {
        let text = path.to_string();
        let mut above = text.match_indices('/').map(|(end, _)| text.get(..end).unwrap_or_default());
        self.skip_files.iter().any(|glob| glob.matches(&text))
            || above.any(|directory| self.skip_directories.iter().any(|glob| glob.matches(directory)))
    }
}

/// A pattern for paths, as Trivy and most shells know them: `*` and `?` within a name, `**` across names, `[a-z]`, `{a,b}`.
/// A leading slash says nothing: paths begin at the root.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    regex: Regex,
}

/// A pattern that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no pattern for paths: a bracket or brace is not closed, or it is too large")]
pub struct BadGlob(String);

impl std::str::FromStr for Glob {
    type Err = BadGlob;

    fn from_str(text: &str) -> Result<Self, BadGlob> {
        let bad = || BadGlob(text.to_owned());
        let plain = text.trim_start_matches("./").trim_matches('/');
        if plain.is_empty() {
            return Err(bad());
        }
        let pattern = format!("^{}$", translated(plain).ok_or_else(bad)?);
        let regex = regex::RegexBuilder::new(&pattern).size_limit(1 << 20).build().map_err(|_| bad())?;
        Ok(Self { text: text.to_owned(), regex })
    }
}

impl Glob {
    /// Whether it means `path`, which has no leading slash.
    pub fn matches(&self, path: &str) -> bool {
        self.regex.is_match(path)
    }
}

/// The regular expression that means what `glob` means.
fn translated(glob: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = glob;
    let mut braces = 0_usize;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = match c {
            '*' if rest.starts_with("**/") => {
                out.push_str("(?:[^/]+/)*");
                rest.get(3..).unwrap_or_default()
            }
            '*' if rest.starts_with("**") => {
                out.push_str(".*");
                rest.get(2..).unwrap_or_default()
            }
            '*' => {
                out.push_str("[^/]*");
                after
            }
            '?' => {
                out.push_str("[^/]");
                after
            }
            '[' => {
                let end = after.find(']').filter(|end| *end > 0)?;
                let inside = after.get(..end)?;
                let (not, set) = match inside.strip_prefix(['!', '^']) {
                    Some(set) => ("^/", set),
                    None => ("", inside),
                };
                out.push('[');
                out.push_str(not);
                for c in set.chars() {
                    if matches!(c, '[' | '\\' | '&' | '~' | '^') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out.push(']');
                after.get(end + 1..).unwrap_or_default()
            }
            '{' => {
                braces += 1;
                out.push_str("(?:");
                after
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
                after
            }
            ',' if braces > 0 => {
                out.push('|');
                after
            }
            c => {
                out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
                after
            }
        };
    }
    (braces == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fact::Problem,
        package::{Package, PackageKind},
    };

    fn glob(text: &str) -> Glob {
        text.parse().unwrap()
    }

    #[test]
    fn globs_mean_what_they_mean_elsewhere() {
        for (pattern, path, want) in [
            ("usr/share", "usr/share", true),
            ("/usr/share/", "usr/share", true),
            ("usr/*", "usr/share", true),
            ("usr/*", "usr/share/doc", false),
            ("**/node_modules", "node_modules", true),
            ("**/node_modules", "a/b/node_modules", true),
            ("**/node_modules", "a/xnode_modules", false),
            ("app/**", "app/a/b", true),
            ("app/**/x.json", "app/x.json", true),
            ("*.lock", "Cargo.lock", true),
            ("*.lock", "a/Cargo.lock", false),
            ("a.b", "axb", false),
            ("lib[a-c]?", "libbx", true),
            ("lib[!a]", "liba", false),
            ("{var,opt}/x", "opt/x", true),
        ] {
            assert_eq!(glob(pattern).matches(path), want, "{pattern} {path}");
        }
        for wrong in ["", "/", "a[", "{a,b", "[]"] {
            assert!(wrong.parse::<Glob>().is_err(), "{wrong}");
        }
    }

    fn package(kind: PackageKind, name: &str, paths: &[&str]) -> Package {
        Package {
            kind,
            name: name.to_owned(),
            namespace: None,
            version: "1".to_owned(),
            purl: String::new(),
            arch: None,
            source: None,
            licences: Vec::new(),
            locations: paths
                .iter()
                .map(|path| Location { path: ImagePath::new(path).unwrap(), inside: String::new() })
                .collect(),
            layer: 0,
            owned_by: None,
            development: false,
            locked_only: false,
            depends: Vec::new(),
            provides: Vec::new(),
            direct: None,
            optional: false,
            details: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_left_out_is_told() {
        let lost = Problem::lost(ImagePath::new("skip/broken").unwrap(), None, "broken".to_owned());
        let mut inventory = Inventory {
            packages: vec![
                package(PackageKind::Deb, "os", &["var/lib/dpkg/status"]),
                package(PackageKind::Npm, "skipped", &["skip/package.json"]),
                package(PackageKind::Npm, "both", &["skip/b.json", "kept/b.json"]),
            ],
            problems: vec![(Some(0), lost)],
            ..Inventory::default()
        };
        let exclusion =
            Exclusion { skip_directories: vec![glob("skip")], without_os: true, ..Exclusion::default() };
        let told = exclusion.apply(&mut inventory);
        assert_eq!(
            told,
            [
                "1 operating system package (--pkg-types library)",
                "1 package and 1 warning about files there (--skip-dirs skip)"
            ]
        );
        let [left] = inventory.packages.as_slice() else { panic!("{:?}", inventory.packages) };
        assert_eq!((left.name.as_str(), left.locations.len()), ("both", 1));
        assert!(inventory.problems.is_empty());
    }
}
