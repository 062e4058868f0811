//! `Gemfile.lock` (and `gems.locked`): the gems that Bundler chose.
//!
//! Bundler's own `Bundler::LockfileParser` is the specification. Sections begin at the margin, two spaces lead to
//! their fields, four to a gem, six to what that gem asks for:
//!
//! ```text
//! GEM
//!   remote: https://rubygems.org/
//!   specs:
//!     nokogiri (1.13.3-x86_64-linux)
//!       racc (~> 1.4)
//! PLATFORMS
//!   x86_64-linux
//! DEPENDENCIES
//!   nokogiri (~> 1.13)
//!   ours!
//! ```
//!
//! * `GIT`, `PATH` and `PLUGIN SOURCE` have the shape of `GEM`. A gem by path is a folder of the project, the detail
//!   `origin: local` says so; one from git has `vcs_url`.
//! * A version may have a platform behind it. No gem's version has a dash in it, so what follows the first one is the
//!   platform: it is the detail `platform`, and no part of the version, since RubyGems reads a dash in a version as
//!   `.pre.` and would take `1.13.3-x86_64-linux` for older than `1.13.3`. A gem locked for several platforms is stated
//!   for each.
//! * `DEPENDENCIES` is what the Gemfile asks for; `!` marks gems that do not come from the default source. Everything
//!   else is there because another gem asks for it. An excerpt without that section says nothing of it.
//! * Groups (`development`, `test`) stand in the Gemfile, never here.
//!
//! A lock file in an installed gem (`gems/NAME-VERSION/`) came with it and says what it was developed with: those are
//! left alone.

use std::collections::{BTreeMap, BTreeSet};

use pratique_image::{EntryHeader, ImagePath};

use super::super::origin;
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Gems that Bundler locked.
pub struct GemfileLock;

/// Longest lock file that is read, in bytes. GitLab's has 60 kB.
const LONGEST: u64 = 32 << 20;

impl Cataloger for GemfileLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/gemfile-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/Gemfile.lock", "**/gems.locked", "**/*.gemfile.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        let named = name == b"gems.locked" || name == b"Gemfile.lock" || name.ends_with(b".gemfile.lock");
        named && !is_in_gem(&file.path)
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let mut lock = Lock::default();
        let mut reading = Reading::nothing();
        for (number, line) in text.lines().enumerate() {
            // Git leaves both sides there; Bundler refuses such a file.
            if line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>") {
                reading.problem(format!("line {}: the marks of an unfinished merge", number + 1));
            } else if !lock.take(line) {
                reading.problem(format!("line {} is no gem: {:?}", number + 1, line.trim()));
            }
        }
        lock.state(&mut reading, file);
        Ok(reading)
    }
}

/// Whether it lies in a gem, installed (`gems/3.1.0/gems/NAME-VERSION`) or fetched by Bundler (`bundler/gems/NAME-COMMIT`).
fn is_in_gem(path: &ImagePath) -> bool {
    let mut parts = path.components();
    let Some(_) = parts.find(|part| *part == b"gems") else { return false };
    // The lock file itself is the last component.
    parts.rev().skip(1).any(|part| {
        let version = memchr::memrchr(b'-', part).and_then(|at| part.get(at + 1..)).unwrap_or_default();
        version.first().is_some_and(u8::is_ascii_hexdigit)
    })
}

/// What a section lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Section {
    Gem,
    Git,
    Path,
    Plugin,
    Dependencies,
    #[default]
    Other,
}

#[derive(Default)]
struct Lock<'a> {
    section: Section,
    /// Whether `specs:` came.
    specs: bool,
    remote: &'a str,
    revision: &'a str,
    gems: Vec<Stated>,
    direct: Option<BTreeSet<&'a str>>,
}

impl<'a> Lock<'a> {
    /// Takes one line; whether it made sense.
    fn take(&mut self, line: &'a str) -> bool {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let content = content.trim_end();
        match (self.section, indent) {
            (_, 0) if !content.is_empty() => {
                self.section = match content {
                    "GEM" => Section::Gem,
                    "GIT" => Section::Git,
                    "PATH" => Section::Path,
                    "PLUGIN SOURCE" => Section::Plugin,
                    "DEPENDENCIES" => Section::Dependencies,
                    _ => Section::Other,
                };
                (self.specs, self.remote, self.revision) = (false, "", "");
                if self.section == Section::Dependencies {
                    self.direct.get_or_insert_default();
                }
            }
            (Section::Dependencies, 2) => {
                let name = content.split(' ').next().unwrap_or_default().trim_end_matches('!');
                self.direct.get_or_insert_default().insert(name);
            }
            // What such sections hold is no gem.
            (Section::Dependencies | Section::Other, _) => {}
            (_, 2) => match content.split_once(':') {
                Some(("specs", _)) => self.specs = true,
                // Of several sources the last is asked first, but which one served a gem is not told.
                Some(("remote", remote)) => self.remote = remote.trim(),
                Some(("revision", revision)) => self.revision = revision.trim(),
                _ => {}
            },
            (_, 4) if self.specs => return self.gem(content),
            (_, 6) if self.specs => {
                let name = content.split(' ').next().unwrap_or_default().trim_end_matches('!');
                if let Some(gem) = self.gems.last_mut() {
                    gem.depends.push(name.into());
                }
            }
            _ => {}
        }
        true
    }

    /// `NAME (VERSION)`, or `NAME (VERSION-PLATFORM)`.
    fn gem(&mut self, content: &str) -> bool {
        let Some((name, version)) = content.split_once(" (") else { return false };
        let Some(version) = version.trim_end_matches('!').strip_suffix(')') else { return false };
        let (version, platform) = match version.split_once('-') {
            Some((version, platform)) => (version, Some(platform)),
            None => (version, None),
        };
        let mut details = BTreeMap::new();
        details.extend(platform.map(|platform| ("platform".to_owned(), platform.to_owned())));
        let detail = match self.section {
            Section::Git => Some((origin::VCS_URL, origin::vcs_url("git", self.remote, self.revision))),
            Section::Path => Some((origin::ORIGIN, "local".to_owned())),
            _ if self.remote.is_empty() || is_rubygems(self.remote) => None,
            _ => Some((origin::REPOSITORY_URL, origin::without_credentials(self.remote))),
        };
        details.extend(detail.map(|(key, value)| (key.to_owned(), value)));
        self.gems.push(Stated {
            kind: PackageKind::Gem,
            name: name.to_owned(),
            version: version.to_owned(),
            locked_only: true,
            details,
            ..Stated::default()
        });
        true
    }

    fn state(self, reading: &mut Reading, file: &File<'_>) {
        // One version of each gem is chosen, whatever the platform.
        let chosen: BTreeMap<String, String> =
            self.gems.iter().map(|gem| (gem.name.clone(), gem.version.clone())).collect();
        for mut gem in self.gems {
            gem.direct = self.direct.as_ref().map(|direct| direct.contains(gem.name.as_str()));
            for requirement in &mut gem.depends {
                let Requirement { name, version } = requirement;
                *version = chosen.get(name).cloned();
            }
            if !reading.package(gem, file.limits) {
                break;
            }
        }
    }
}

fn is_rubygems(remote: &str) -> bool {
    matches!(
        remote.trim_end_matches('/'),
        "https://rubygems.org" | "http://rubygems.org" | "https://www.rubygems.org"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, withstands_damage};

    const EXAMPLE: &str = "PATH\n  remote: .\n  specs:\n    ours (0.1.0)\n      b (>= 1)\n\nGIT\n  \
        remote: https://u:p@h/g.git\n  revision: abc\n  branch: main\n  specs:\n    g (1.0.pre)\n\n\
        GEM\n  remote: https://rubygems.org/\n  specs:\n    b (1.2)\n      c (~> 2.0)\n      gone\n    \
        c (2.1-java)\n    c (2.1-x86_64-linux)\n    odd\n\nPLATFORMS\n  ruby\n  java\n\nDEPENDENCIES\n  b (~> 1.0)\n  \
        g!\n  ours!\n\nCHECKSUMS\n  b (1.2) sha256=00\n\nBUNDLED WITH\n   2.2.28\n";

    #[test]
    fn gems_of_all_sources() {
        let reading = read(&GemfileLock, "app/Gemfile.lock", EXAMPLE);
        let found: Vec<_> = reading.packages().map(|p| (&*p.name, &*p.version, p.direct.unwrap())).collect();
        assert_eq!(
            found,
            [
                ("ours", "0.1.0", true),
                ("g", "1.0.pre", true),
                ("b", "1.2", true),
                ("c", "2.1", false),
                ("c", "2.1", false),
            ]
        );
        let all: Vec<_> = reading.packages().collect();
        assert_eq!(all[0].details["origin"], "local");
        assert_eq!(all[1].details["vcs_url"], "git+https://h/g.git@abc");
        assert_eq!(all[2].depends, [Requirement::exactly("c", "2.1"), "gone".into()]);
        assert_eq!(all[3].details["platform"], "java");
        assert_eq!(all[4].details["platform"], "x86_64-linux");
        assert_eq!(reading.problems.len(), 1);
        assert!(reading.problems[0].contains("\"odd\""));
        let excerpt = "GEM\n  specs:\n    a (1)\n";
        assert_eq!(read(&GemfileLock, "gems.locked", excerpt).packages().next().unwrap().direct, None);
    }

    #[test]
    fn a_gems_own_lock_file_is_left_alone() {
        for (path, expected) in [
            ("usr/lib/ruby/gems/3.1.0/gems/rails-7.0.1/Gemfile.lock", true),
            ("bundle/ruby/3.1.0/bundler/gems/x-0a1b2c3/Gemfile.lock", true),
            ("app/gems/ours/Gemfile.lock", false),
            ("app/Gemfile.lock", false),
        ] {
            assert_eq!(is_in_gem(&ImagePath::new(path).unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&GemfileLock, "Gemfile.lock", EXAMPLE);
    }
}
