//! `go.mod`: the modules that a Go module asks for.
//!
//! Follows the Go Modules Reference, section "go.mod files". A line is a verb and its arguments, or a block of
//! arguments; a comment goes from `//` to the end of the line.
//!
//! * `require`: a module at its least version. Since Go 1.17 (`go 1.17` in the file) every module that is needed to
//!   build any package is listed, those that only others need with `// indirect`. Older files leave these out
//!   mostly: that is told as a problem, since packages are missing that nothing in the file names.
//! * `replace`: another module, another version or a folder takes the place. What takes the place is stated, what it
//!   stands in for is the detail `replaces`, as programs state it. A replacement for one version goes before one
//!   for all; one of a version that nobody requires does nothing. A folder has no version.
//! * `exclude`: that version is not used. Go then takes the next higher one that it finds on the network, which
//!   the file does not name; so the module is left out, as Syft does, and told.
//! * `retract` speaks to users of this module, `tool`, `godebug` and `ignore` name no modules.
//! * `go` and `toolchain` are the *least* that may build it. Trivy makes a package `stdlib` of them only when asked
//!   for every conceivable finding (`--detection-priority comprehensive`); its default, and Syft, do not, nor do
//!   we: the standard library that counts is in the program, and the program says its version.
//!
//! The module itself is stated by what is built from it. A `go.mod` in a module cache (`pkg/mod/MODULE@VERSION/`) came
//! with a module that was downloaded and says what that was developed with; the module that is built names all that
//! is used of it, so those are left alone.

use std::collections::{BTreeMap, BTreeSet};

use pratique_image::{EntryHeader, ImagePath};

use super::is_folder;
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Modules that `go.mod` asks for.
pub struct GoMod;

/// Longest `go.mod` that is read, in bytes. Kubernetes' has 20 kB.
const LONGEST: u64 = 16 << 20;

impl Cataloger for GoMod {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/go-mod", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/go.mod"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"go.mod" && !is_in_cache(&file.path)
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let mut reading = Reading::nothing();
        let module = Module::parse(&text, &mut reading);
        if let Some(go) = &module.go
            && is_before_1_17(go)
            && !module.requires.is_empty()
        {
            reading.problem(format!(
                "it is of Go {go}: before 1.17 a go.mod does not list what only the required modules use; run `go \
                 mod tidy -go=1.17`, or scan what is built from it"
            ));
        }
        for required in &module.requires {
            let asked = (required.name, required.version);
            if module.excludes.contains(&asked) {
                reading.problem(format!(
                    "{} {} is required and excluded: which version is used instead only the network knows",
                    required.name, required.version
                ));
                continue;
            }
            if !reading.package(module.stated(required), file.limits) {
                break;
            }
        }
        Ok(reading)
    }
}

/// Whether it came with a downloaded module: Go writes its cache's folders as `pkg/mod/github.com/a/b@v1.0.0`.
fn is_in_cache(path: &ImagePath) -> bool {
    let mut parts = path.components().skip_while(|part| *part != b"mod");
    parts.any(|part| memchr::memmem::find(part, b"@v").is_some())
}

/// A file, taken apart.
#[derive(Debug, Default)]
struct Module<'a> {
    go: Option<&'a str>,
    requires: Vec<Required<'a>>,
    /// Name and version (empty: any) to name and version (empty: a folder).
    replaces: BTreeMap<(&'a str, &'a str), (&'a str, &'a str)>,
    excludes: BTreeSet<(&'a str, &'a str)>,
}

#[derive(Debug, Clone, Copy)]
struct Required<'a> {
    name: &'a str,
    version: &'a str,
    indirect: bool,
}

impl<'a> Module<'a> {
    fn parse(text: &'a str, reading: &mut Reading) -> Self {
        let mut module = Self::default();
        let mut block: Option<&str> = None;
        for (number, line) in text.lines().enumerate() {
            let (code, comment) = line.split_once("//").unwrap_or((line, ""));
            let words = words(code);
            let (verb, arguments) = match (block, &*words) {
                // A line without words, and `retract()`, an empty block.
                (_, []) | (None, [_, "(", ")"]) => continue,
                (Some(_), [")"]) => {
                    block = None;
                    continue;
                }
                (Some(verb), arguments) => (verb, arguments),
                (None, [verb, "("]) => {
                    block = Some(verb);
                    continue;
                }
                (None, [verb, arguments @ ..]) => (*verb, arguments),
            };
            if !module.take(verb, arguments, comment) {
                reading.problem(format!("line {} makes no sense: {:?}", number + 1, line.trim()));
            }
        }
        if block.is_some() {
            reading.problem("it ends inside of a block: what follows is missing");
        }
        module
    }

    /// Takes one line; whether it made sense.
    fn take(&mut self, verb: &str, arguments: &[&'a str], comment: &str) -> bool {
        match (verb, arguments) {
            ("require", &[name, version]) => {
                self.requires.push(Required { name, version, indirect: is_indirect(comment) });
            }
            ("replace", &[name, "=>", new]) => {
                self.replaces.insert((name, ""), (new, ""));
            }
            ("replace", &[name, "=>", new, version]) => {
                self.replaces.insert((name, ""), (new, version));
            }
            ("replace", &[name, old, "=>", new]) => {
                self.replaces.insert((name, old), (new, ""));
            }
            ("replace", &[name, old, "=>", new, version]) => {
                self.replaces.insert((name, old), (new, version));
            }
            ("exclude", &[name, version]) => {
                self.excludes.insert((name, version));
            }
            ("go", &[version]) => self.go = Some(version),
            ("require" | "replace" | "exclude" | "go", _) => return false,
            // Verbs of the future say nothing about what is required, and Go itself passes over those of a
            // dependency.
            _ => {}
        }
        true
    }

    fn stated(&self, required: &Required<'a>) -> Stated {
        let Required { name, version, indirect } = *required;
        let mut stated = Stated {
            kind: PackageKind::Go,
            name: name.to_owned(),
            version: version.to_owned(),
            locked_only: true,
            direct: Some(!indirect),
            ..Stated::default()
        };
        let by = self.replaces.get(&(name, version)).or_else(|| self.replaces.get(&(name, "")));
        if let Some((new, new_version)) = by {
            (*new).clone_into(&mut stated.name);
            stated.version = if is_folder(new) { String::new() } else { (*new_version).to_owned() };
            stated.details.insert("replaces".into(), format!("{name}@{version}"));
        }
        stated
    }
}

/// The words of a line. A word may be quoted, as a string of Go's is; escapes do not occur in paths and versions.
fn words(code: &str) -> Vec<&str> {
    // `require(` is as good as `require (`.
    let mut words = Vec::new();
    for word in code.split_ascii_whitespace() {
        let word = word.trim_matches(['"', '`']);
        match word.strip_suffix('(') {
            Some(verb) if !verb.is_empty() => words.extend([verb, "("]),
            _ => words.push(word),
        }
    }
    words
}

/// `// indirect`, or `// indirect; and why`.
fn is_indirect(comment: &str) -> bool {
    let comment = comment.trim();
    comment == "indirect" || comment.starts_with("indirect;")
}

fn is_before_1_17(go: &str) -> bool {
    let mut numbers = go.split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(1), Some(minor)) => minor < 17,
        (Some(major), _) => major < 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, withstands_damage};

    const EXAMPLE: &str = "module a.b/c // comment\n\ngo 1.21\ntoolchain go1.22.5\n\nrequire d.e/f v1.0.0\n\
        require (\n\td.e/g v1.2.0 // indirect\n\t\"d.e/h\" v2.0.0+incompatible // indirect; why\n\t// d.e/no v1.0.0\n\
        \td.e/i v0.1.0 // indirectly\n\td.e/j v0.2.0\n\td.e/k v0.3.0\n)\n\nreplace (\n\td.e/f => ../f\n\
        \td.e/g v1.2.0 => x.y/g v1.3.0\n\td.e/g => x.y/never v9.0.0\n\td.e/i v9.9.9 => x.y/no v1.0.0\n)\n\
        exclude d.e/k v0.3.0\nexclude d.e/j v0.1.0\nretract [v1.0.0, v1.1.0] // why\ntool d.e/f/cmd\n";

    #[test]
    fn what_is_required_and_what_takes_its_place() {
        let reading = read(&GoMod, "go.mod", EXAMPLE);
        let found: Vec<_> = reading.packages().map(|p| (&*p.name, &*p.version, p.direct.unwrap())).collect();
        assert_eq!(
            found,
            [
                ("../f", "", true),
                ("x.y/g", "v1.3.0", false),
                ("d.e/h", "v2.0.0+incompatible", false),
                ("d.e/i", "v0.1.0", true),
                ("d.e/j", "v0.2.0", true),
            ]
        );
        assert_eq!(reading.packages().next().unwrap().details["replaces"], "d.e/f@v1.0.0");
        assert_eq!(reading.problems.len(), 1);
        assert!(reading.problems[0].contains("excluded"), "{:?}", reading.problems);
    }

    #[test]
    fn a_cache_is_left_alone() {
        for (path, expected) in [
            ("root/go/pkg/mod/github.com/a/b@v1.0.0/go.mod", true),
            ("root/go/pkg/mod/github.com/a/b@v1.0.0/sub/go.mod", true),
            ("src/mod/go.mod", false),
            ("src/a@v1/go.mod", false),
        ] {
            assert_eq!(is_in_cache(&ImagePath::new(path).unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn says_what_is_missing() {
        for (text, what) in [
            ("go 1.16\nrequire a.b/c v1.0.0\n", "before 1.17"),
            ("require a.b/c\n", "line 1"),
            ("require (\na.b/c v1.0.0\n", "inside of a block"),
            ("replace a.b/c v1 v2\n", "line 1"),
        ] {
            assert!(read(&GoMod, "go.mod", text).problems[0].contains(what), "{text}");
        }
        for text in ["", "module x\n", "go 1.16\n", "retract()\nrequire(\n)\n"] {
            assert_eq!(read(&GoMod, "go.mod", text), Reading::nothing(), "{text}");
        }
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&GoMod, "go.mod", EXAMPLE);
    }
}
