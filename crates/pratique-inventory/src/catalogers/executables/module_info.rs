//! The text of Go's module list, and the packages it states.
//!
//! Follows Go's `runtime/debug.BuildInfo`: a line each, fields separated by tabs.
//!
//! ```text
//! path  command-line path of the main package
//! mod   main module   version  [sum]
//! dep   module        version  [sum]
//! =>    module        version  [sum]      replaces the line before it
//! build key=value                          since Go 1.18; either side quoted as Go quotes strings
//! ```
//!
//! * A replaced module is not in the program, its replacement is: that is what is stated, and what it stands
//!   in for is a detail. A folder on disk that replaces a module (`./yaml`) has no name and version of its own.
//! * The main module is `(devel)` when it was built in its own working tree. Its version then is, in this
//!   order, what a linker flag sets a variable called `version` to, or the pseudo-version of the commit
//!   (`v0.0.0-TIME-COMMIT`, Go's module reference, "Pseudo-versions"); the detail `version_from` says which.
//!   Texts in the program that look like a version are not asked: they are as likely a dependency's.
//! * The toolchain's version is that of the standard library, module `stdlib`. Behind the first space it
//!   carries experiments (`X:boringcrypto`).

use std::collections::BTreeMap;

use crate::{Fact, PackageKind, Reading, Stated};

/// The licence of Go and its standard library.
const GO_LICENCE: &str = "BSD-3-Clause";

/// The version that stands for "built in its own working tree".
const DEVELOPMENT: &str = "(devel)";

/// Whether a text is what Go's linker states as its version.
pub(super) fn is_version(text: &str) -> bool {
    let known = text.starts_with("go") || text.starts_with("devel ");
    known && text.len() >= 3 && text.len() <= 256 && !text.chars().any(char::is_control)
}

/// States the standard library, where its version is known, and the modules of the list.
pub(super) fn state(version: Option<&str>, list: &[u8], reading: &mut Reading) {
    let text = String::from_utf8_lossy(unframed(list));
    if text.is_empty() {
        // Built in GOPATH mode, as distributions' packages and some vendors' still are.
        reading.problem(
            "it is a Go program without a module list: which modules it was built from is not known",
        );
    }
    let list = ModuleList::parse(&text, reading);
    if let Some(version) = version {
        reading.facts.push(Fact::Package(Box::new(standard_library(version, &list))));
    }
    if let Some(main) = &list.main {
        reading.facts.push(Fact::Package(Box::new(main_module(main, &list))));
    }
    for module in &list.dependencies {
        reading.facts.push(Fact::Package(Box::new(dependency(module))));
    }
}

/// The list without the 16 bytes of mark at either end.
fn unframed(list: &[u8]) -> &[u8] {
    let framed = list.len() >= 33 && list.get(list.len() - 17) == Some(&b'\n');
    if framed { list.get(16..list.len() - 16).unwrap_or_default() } else { &[] }
}

/// A list, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
struct ModuleList<'a> {
    path: &'a str,
    main: Option<Module<'a>>,
    dependencies: Vec<Module<'a>>,
    settings: BTreeMap<String, String>,
}

#[derive(Debug, Default, PartialEq, Eq, Clone)]
struct Module<'a> {
    name: &'a str,
    version: &'a str,
    replaces: Option<(&'a str, &'a str)>,
}

impl<'a> ModuleList<'a> {
    fn parse(text: &'a str, reading: &mut Reading) -> Self {
        let mut list = Self::default();
        for (number, line) in text.lines().enumerate() {
            let (kind, rest) = line.split_once('\t').unwrap_or((line, ""));
            let mut fields = rest.split('\t');
            let name = fields.next().unwrap_or_default();
            let module = Module { name, version: fields.next().unwrap_or_default(), replaces: None };
            match kind {
                "path" => list.path = rest,
                "mod" if !name.is_empty() => list.main = Some(module),
                "dep" if !name.is_empty() => list.dependencies.push(module),
                "=>" if !name.is_empty() && list.replace(&module) => {}
                "build" => match setting(rest) {
                    Some((key, value)) => {
                        list.settings.insert(key, value);
                    }
                    None => reading.problem(format!("line {}: no build setting: {rest:?}", number + 1)),
                },
                "mod" | "dep" | "=>" => {
                    reading
                        .problem(format!("line {} of Go's module list makes no sense: {line:?}", number + 1));
                }
                // Empty lines, and kinds of the future.
                _ => {}
            }
        }
        list
    }

    /// Replaces the module named last.
    fn replace(&mut self, by: &Module<'a>) -> bool {
        let Some(last) = self.dependencies.last_mut().or(self.main.as_mut()) else { return false };
        *last = Module { replaces: Some((last.name, last.version)), ..by.clone() };
        true
    }

    fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// `key=value`, each side quoted or not.
fn setting(line: &str) -> Option<(String, String)> {
    if line.starts_with('"') {
        let (key, rest) = unquote(line)?;
        return Some((key, value(rest.strip_prefix('=')?)?));
    }
    let (key, rest) = line.split_once('=')?;
    Some((key.to_owned(), value(rest)?))
}

fn value(text: &str) -> Option<String> {
    if text.starts_with('"') || text.starts_with('`') {
        return unquote(text).map(|(value, _)| value);
    }
    Some(text.to_owned())
}

/// A string as Go quotes it, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    if let Some(raw) = text.strip_prefix('`') {
        return raw.split_once('`').map(|(value, rest)| (value.to_owned(), rest));
    }
    let body = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, body.get(at + 1..)?)),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                'x' => out.push(code(&mut chars, 2)?),
                'u' => out.push(code(&mut chars, 4)?),
                'U' => out.push(code(&mut chars, 8)?),
                c @ ('"' | '\\' | '\'') => out.push(c),
                _ => return None,
            },
            c => out.push(c),
        }
    }
    None
}

fn code(chars: &mut std::str::CharIndices<'_>, digits: usize) -> Option<char> {
    let mut code = 0_u32;
    for _ in 0..digits {
        code = code.checked_mul(16)? + chars.next()?.1.to_digit(16)?;
    }
    char::from_u32(code)
}

fn standard_library(toolchain: &str, list: &ModuleList<'_>) -> Stated {
    // `devel go1.23-abcdef Tue Jan …` has spaces of its own.
    let (version, rest) = match toolchain.split_once(' ') {
        Some((version, rest)) if version.starts_with("go") => (version, rest),
        _ => (toolchain, ""),
    };
    let mut details = BTreeMap::new();
    if let Some(experiments) = rest.strip_prefix("X:") {
        details.insert("experiments".to_owned(), experiments.to_owned());
    } else if !rest.is_empty() {
        details.insert("toolchain".to_owned(), toolchain.to_owned());
    }
    // A module that replaces the linked cryptography is a matter of the standard library's own code.
    if let Some(module) = list.setting("GOFIPS140") {
        details.insert("fips140".to_owned(), module.to_owned());
    }
    Stated {
        kind: PackageKind::Go,
        name: "stdlib".into(),
        version: version.into(),
        licences: vec![GO_LICENCE.into()],
        details,
        ..Stated::default()
    }
}

/// Settings that say where and for what the main module was built, under the names of our details.
const TOLD: [(&str, &str); 7] = [
    ("vcs.revision", "commit"),
    ("vcs.time", "commit_time"),
    ("vcs.modified", "modified"),
    ("GOOS", "goos"),
    ("GOARCH", "goarch"),
    ("CGO_ENABLED", "cgo"),
    ("-tags", "tags"),
];

fn main_module(main: &Module<'_>, list: &ModuleList<'_>) -> Stated {
    let mut stated = dependency(main);
    let details = &mut stated.details;
    details.insert("main".into(), "true".into());
    if !list.path.is_empty() && list.path != main.name {
        details.insert("path".into(), list.path.into());
    }
    for (setting, detail) in TOLD {
        if let Some(value) = list.setting(setting) {
            details.insert(detail.into(), value.into());
        }
    }
    if stated.version.is_empty() || stated.version == DEVELOPMENT {
        let linked = list.setting("-ldflags").and_then(|flags| linked_version(flags, main.name));
        if let Some((version, variable)) = linked {
            version.clone_into(&mut stated.version);
            details.insert("version_from".into(), format!("linker flag {variable}"));
        } else if let Some(version) = pseudo_version(list) {
            stated.version = version;
            details.insert("version_from".into(), "commit".into());
        }
    }
    stated
}

fn dependency(module: &Module<'_>) -> Stated {
    let mut details = BTreeMap::new();
    if let Some((name, version)) = module.replaces {
        details.insert("replaces".into(), format!("{name}@{version}"));
    }
    Stated {
        kind: PackageKind::Go,
        name: module.name.into(),
        version: module.version.into(),
        details,
        ..Stated::default()
    }
}

/// What `-X VARIABLE=VALUE` sets a variable to whose name says that it is the version of the main module:
/// called `version` or the like, in package `main` or below the main module's path.
fn linked_version<'a>(flags: &'a str, module: &str) -> Option<(&'a str, &'a str)> {
    const NAMES: [&str; 4] = ["version", "buildversion", "gitversion", "appversion"];
    flags.split_whitespace().map(|word| word.trim_matches(['\'', '"'])).find_map(|word| {
        let (variable, value) = word.strip_prefix("-X=").unwrap_or(word).split_once('=')?;
        let (package, name) = variable.rsplit_once('.')?;
        let named = NAMES.iter().any(|known| name.eq_ignore_ascii_case(known));
        let own = package == "main"
            || package.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        (named && own && looks_like_version(value)).then_some((value, variable))
    })
}

/// `1.2.3`, `v1.2.3-rc.1+build`: three numbers, or two, and what may follow them.
fn looks_like_version(value: &str) -> bool {
    let rest = value.strip_prefix('v').unwrap_or(value);
    let numbers = rest.split(['-', '+']).next().unwrap_or_default();
    let mut parts = numbers.split('.');
    let numeric = parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    numeric && (2..=3).contains(&numbers.split('.').count()) && value.len() <= 128
}

/// `v0.0.0-20220808141930-04ef75fd7ff5`, from the commit's time and name.
fn pseudo_version(list: &ModuleList<'_>) -> Option<String> {
    let time = list.setting("vcs.time")?.get(..19)?;
    let revision = list.setting("vcs.revision")?.get(..12)?;
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    (digits.len() == 14).then(|| format!("v0.0.0-{digits}-{revision}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, version and details.
    type Told = (String, String, BTreeMap<String, String>);

    fn stated(version: Option<&str>, text: &str) -> (Vec<Told>, Vec<String>) {
        let framed = format!("{:16}{text}\n{:16}", "", "");
        let mut reading = Reading::nothing();
        state(version, framed.as_bytes(), &mut reading);
        let packages = reading.facts.into_iter().filter_map(|fact| match fact {
            Fact::Package(stated) => Some((stated.name, stated.version, stated.details)),
            _ => None,
        });
        (packages.collect(), reading.problems)
    }

    #[test]
    fn the_main_modules_version_comes_from_the_clearest_source() {
        let main = |rest: &str| {
            let (packages, problems) =
                stated(None, &format!("path\ta.b/c/cmd\nmod\ta.b/c\t(devel)\t\n{rest}"));
            assert_eq!(problems, Vec::<String>::new());
            (packages[0].1.clone(), packages[0].2.get("version_from").cloned().unwrap_or_default())
        };
        let commit = "build\tvcs.revision=04ef75fd7ff5aabbccdd\nbuild\tvcs.time=2022-08-08T14:19:30Z";
        assert_eq!(main(""), ("(devel)".into(), String::new()));
        assert_eq!(main(commit), ("v0.0.0-20220808141930-04ef75fd7ff5".into(), "commit".into()));
        let flags = "build\t-ldflags=\"-s -w -X 'main.version=v1.2.3-rc.1' -X main.date=2020\"";
        let linked = ("v1.2.3-rc.1".into(), "linker flag main.version".into());
        assert_eq!(main(&format!("{flags}\n{commit}")), linked);
        // Another module's version is not ours, and not every value is a version.
        assert_eq!(main("build\t-ldflags=\"-X d.e/f.Version=9.9.9 -X main.version=dirty\"").0, "(devel)");
        assert_eq!(main("build\t-ldflags=\"-X a.b/c/internal.Version=9.9\"").0, "9.9");
    }

    #[test]
    fn replacements_are_what_is_stated() {
        let (packages, problems) = stated(
            Some("go1.21.0 X:boringcrypto"),
            "mod\tm\tv1.0.0\th1:x\ndep\told\tv1.0.0\n=>\tnew\tv2.0.0\th1:y",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(packages[0].0, "stdlib");
        assert_eq!(packages[0].1, "go1.21.0");
        assert_eq!(packages[0].2["experiments"], "boringcrypto");
        assert_eq!(
            (&*packages[2].0, &*packages[2].1, &*packages[2].2["replaces"]),
            ("new", "v2.0.0", "old@v1.0.0")
        );
    }

    #[test]
    fn damage_is_told() {
        let (packages, problems) = stated(None, "=>\tx\tv1\nmod\nbuild\t\"a=b\nwhat\tever");
        assert!(packages.is_empty());
        assert_eq!(problems.len(), 3, "{problems:?}");
    }

    #[test]
    fn unquotes_as_go_quotes() {
        assert_eq!(setting(r#"-gcflags="all=-N \"-l\"\x41""#).unwrap().1, "all=-N \"-l\"A");
        assert_eq!(setting(r#""a=b"=c"#).unwrap(), ("a=b".into(), "c".into()));
        assert_eq!(setting(r#"a="b"#), None);
    }
}
