//! `specifications/*.gemspec`: gems that are installed.
//!
//! A gemspec is a Ruby program, but the ones that RubyGems writes when it installs a gem
//! (`Gem::Specification#to_ruby`) are always the same lines:
//!
//! ```ruby
//! # stub: rake 13.0.3 ruby lib
//! Gem::Specification.new do |s|
//!   s.name = "rake".freeze
//!   s.version = "13.0.3"
//!   s.licenses = ["MIT".freeze]
//!   s.add_runtime_dependency(%q<rexml>.freeze, [">= 0"])
//! ```
//!
//! Only those are read, in a folder `specifications` or `specifications/default` (the gems that come with Ruby
//! itself). A gemspec anywhere else is a source file that computes its fields, often of a gem that is not installed:
//! a gem unpacked in `gems/NAME-VERSION` has one too.
//!
//! Distributions' packages leave `# stub:` out and write the same fields by hand, at times with `%q{…}`, single
//! quotes or a constant; where name or version is no literal, the file's name `NAME-VERSION.gemspec` says them. A
//! file whose fields disagree with its name is stated by its fields.

use pratique_image::EntryHeader;

use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Gems that are installed.
pub struct Gemspec;

/// Longest gemspec that is read, in bytes. Gems that list their files in it (which RubyGems leaves out since 2.0)
/// reach 300 kB.
const LONGEST: u64 = 4 << 20;

impl Cataloger for Gemspec {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/gemspec", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/specifications/*.gemspec", "**/specifications/default/*.gemspec"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        if !file.path.file_name().ends_with(b".gemspec") {
            return false;
        }
        let mut above = file.path.components().rev().skip(1);
        match above.next() {
            Some(b"specifications") => true,
            Some(b"default") => above.next() == Some(b"specifications"),
            _ => false,
        }
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let mut spec = Spec::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            spec.take(line.trim(), &mut lines);
        }
        let mut reading = Reading::nothing();
        let base = String::from_utf8_lossy(file.path().file_name()).into_owned();
        let named = base.strip_suffix(".gemspec").and_then(split_name);
        // The version before the platform, where only the file's name has it.
        let name = spec.name.or_else(|| named.map(|(name, _)| name.to_owned()));
        let version = spec.version.or_else(|| named.map(|(_, version)| version.to_owned()));
        let (Some(name), Some(version)) = (name, version) else {
            reading.problem("neither its fields nor its own name say which gem it is of");
            return Ok(reading);
        };
        let mut stated = Stated {
            kind: PackageKind::Gem,
            name,
            version,
            licences: spec.licences,
            depends: spec.depends.into_iter().map(Into::into).collect(),
            ..Stated::default()
        };
        stated.details.extend(spec.platform.map(|platform| ("platform".to_owned(), platform)));
        reading.package(stated, file.limits);
        Ok(reading)
    }
}

#[derive(Default)]
struct Spec {
    name: Option<String>,
    version: Option<String>,
    platform: Option<String>,
    licences: Vec<String>,
    depends: Vec<String>,
}

impl Spec {
    fn take<'a>(&mut self, line: &'a str, more: &mut impl Iterator<Item = &'a str>) {
        // `s.`, `spec.`, whatever the block's variable is called.
        let Some((variable, call)) = line.split_once('.') else { return };
        if variable.is_empty() || !variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return;
        }
        let word_end = call.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(call.len());
        let (word, rest) = call.split_at(word_end);
        let rest = rest.trim_start();
        let assigned =
            rest.strip_prefix('=').filter(|rest| !rest.starts_with(['=', '~'])).map(str::trim_start);
        match (word, assigned) {
            ("name", Some(value)) if self.name.is_none() => self.name = literal(value).map(|(text, _)| text),
            ("version", Some(value)) if self.version.is_none() => {
                let value = value.strip_prefix("Gem::Version.new(").unwrap_or(value);
                self.version = literal(value).map(|(text, _)| text);
            }
            ("platform", Some(value)) => {
                self.platform = literal(value).map(|(text, _)| text).filter(|platform| platform != "ruby");
            }
            ("license" | "licenses", Some(value)) => {
                let mut list = value.to_owned();
                // A list may go on over lines.
                while list.starts_with('[') && !list.contains(']') && list.len() < 4096 {
                    let Some(next) = more.next() else { break };
                    list.push_str(next);
                }
                self.licences.extend(literals(&list));
            }
            ("add_runtime_dependency" | "add_dependency", None) => {
                let rest = rest.strip_prefix('(').unwrap_or(rest).trim_start();
                self.depends.extend(literal(rest).map(|(text, _)| text));
            }
            // RubyGems writes all dependencies a second time for versions of itself before 1.2, where development
            // ones cannot be told apart: what follows this line says nothing new.
            ("add_development_dependency", None) => {
                let rest = rest.strip_prefix('(').unwrap_or(rest).trim_start();
                if let Some((name, _)) = literal(rest) {
                    self.depends.retain(|known| *known != name);
                }
            }
            _ => {}
        }
    }
}

/// The literals of a list, or the one that stands alone.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches('[');
    while let Some((text, after)) = literal(rest.trim_start_matches([' ', ','])) {
        found.push(text);
        rest = after.strip_prefix(".freeze").unwrap_or(after);
    }
    found
}

/// The literal at the start of `text`, and what follows it: `"a"`, `'a'`, `%q<a>`, `%q{a}`. Without interpolation: that
/// is no literal.
fn literal(text: &str) -> Option<(String, &str)> {
    let (end, rest) = match text.as_bytes() {
        [b'"', ..] => ('"', text.get(1..)?),
        [b'\'', ..] => ('\'', text.get(1..)?),
        [b'%', b'q' | b'Q', open, ..] => {
            let end = match open {
                b'<' => '>',
                b'{' => '}',
                b'(' => ')',
                b'[' => ']',
                _ => return None,
            };
            (end, text.get(3..)?)
        }
        _ => return None,
    };
    let mut value = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            '#' if end == '"' && rest.get(at + 1..)?.starts_with('{') => return None,
            c if c == end => {
                let value = value.trim().to_owned();
                return (!value.is_empty()).then_some((value, rest.get(at + c.len_utf8()..)?));
            }
            c => value.push(c),
        }
    }
    None
}

/// Name and version of `NAME-VERSION` or `NAME-VERSION-PLATFORM`.
fn split_name(base: &str) -> Option<(&str, &str)> {
    let at = base.match_indices('-').map(|(at, _)| at);
    let at = at
        .into_iter()
        .find(|at| base.get(at + 1..).is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit())))?;
    let version = base.get(at + 1..)?;
    Some((base.get(..at)?, version.split('-').next().unwrap_or(version))).filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, withstands_damage};

    const EXAMPLE: &str = "# -*- encoding: utf-8 -*-\n# stub: rss 0.2.9 ruby lib\n\nGem::Specification.new do |s|\n  \
        s.name = \"rss\".freeze\n  s.version = \"0.2.9\"\n  s.metadata = { \"name\" => \"no\" }\n  \
        s.licenses = [\"BSD-2-Clause\".freeze, \"Ruby\".freeze]\n  s.rubygems_version = \"3.3.7\".freeze\n  \
        s.add_runtime_dependency(%q<rexml>.freeze, [\">= 0\"])\n  s.add_dependency(%q<rake>.freeze, [\">= 0\"])\n  \
        s.add_development_dependency(%q<rake>.freeze, [\">= 0\"])\nend\n";

    #[test]
    fn what_rubygems_writes() {
        let reading =
            read(&Gemspec, "usr/lib/ruby/gems/3.0.0/specifications/default/rss-0.2.9.gemspec", EXAMPLE);
        let found = reading.packages().next().unwrap();
        assert_eq!((&*found.name, &*found.version, found.locked_only), ("rss", "0.2.9", false));
        assert_eq!(found.licences, ["BSD-2-Clause", "Ruby"]);
        assert_eq!(found.depends, ["rexml"]);
    }

    #[test]
    fn what_people_write() {
        for (text, expected) in [
            (
                "Gem::Specification.new do |spec|\n spec.name = 'a'\n spec.version = Gem::Version.new(\"1.2\")\n",
                "a 1.2",
            ),
            ("s.name = %q{a-b}\ns.version = A::VERSION\ns.license = 'MIT'\n", "a-b 3.0.1"),
            ("s.name = \"a#{b}\"\n", "x-y 3.0.1"),
            ("", "x-y 3.0.1"),
        ] {
            let reading = read(&Gemspec, "var/lib/gems/specifications/x-y-3.0.1-java.gemspec", text);
            assert_eq!(reading.names(), [expected], "{text}");
        }
        assert_eq!(read(&Gemspec, "specifications/x.gemspec", "x").problems.len(), 1);
        let list = "s.name = 'a'\ns.version = '1'\ns.licenses = [\n  'MIT',\n  'Ruby'\n]\n";
        let reading = read(&Gemspec, "specifications/x.gemspec", list);
        assert_eq!(reading.packages().next().unwrap().licences, ["MIT", "Ruby"]);
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&Gemspec, "specifications/rss-0.2.9.gemspec", EXAMPLE);
    }
}
