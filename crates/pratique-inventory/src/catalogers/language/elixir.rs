//! `mix.lock`: the packages that an Elixir project was resolved to.
//!
//! Follows Mix and Hex, which write it (`Mix.Dep.Lock`, `Hex.Utils.lock/1`; there is no other specification):
//! one map from the application's name to a tuple, whose first element says where the package comes from.
//!
//! * `{:hex, :name, "version", "checksum", [managers], [dependencies], "repository", "checksum"}`, of which
//!   older versions of Hex wrote only the first three, four or six. The name is the package's and may differ
//!   from the application's. The repository `hexpm:acme` is the private one of an organisation.
//! * `{:git, "url", "revision", [options]}`: no version, only a commit.
//!
//! A folder (`:path`) is part of the project and no package; Mix does not lock those, but people write them.
//! The file says neither which packages the project asks for itself nor which are only for development.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;

use super::{
    document, origin,
    terms::{self, Dialect, Term},
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Packages that `mix.lock` pins.
pub struct ElixirMixLock;

/// Longest file that is read, in bytes; real ones stay under 200 kB.
const LONGEST: u64 = 8 << 20;
const FORMAT: &str = "mix.lock";

impl Cataloger for ElixirMixLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/elixir-mix-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/mix.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"mix.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let terms =
            terms::read(&text, Dialect::Elixir).map_err(|error| Unreadable::malformed(FORMAT, error))?;
        let locked = terms.first().map(Term::list).unwrap_or_default();
        let chosen: BTreeMap<&str, &str> = locked.iter().filter_map(hex).collect();
        let mut reading = Reading::nothing();
        let mut packages = Vec::new();
        for entry in locked {
            match package(entry, &chosen) {
                Ok(stated) => packages.extend(stated),
                Err(why) => reading.problem(why),
            }
        }
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

/// Name and version of an entry that Hex served.
fn hex(entry: &Term) -> Option<(&str, &str)> {
    match entry.tuple()?.get(1)?.tuple()? {
        [source, name, Term::Text(version), ..] if source.word() == Some("hex") => {
            Some((name.word()?, version))
        }
        _ => None,
    }
}

fn package(entry: &Term, chosen: &BTreeMap<&str, &str>) -> Result<Option<Stated>, String> {
    let Some([application, locked]) = entry.tuple() else {
        return Err("an entry of the lock is no pair of name and package".into());
    };
    let Some(application) = application.word() else {
        return Err("an entry of the lock has no name".into());
    };
    let mut stated = Stated { kind: PackageKind::Hex, locked_only: true, ..Stated::default() };
    if let Some((name, version)) = hex(entry) {
        name.clone_into(&mut stated.name);
        version.clone_into(&mut stated.version);
        let fields = locked.tuple().unwrap_or_default();
        stated.depends = depends(fields.get(5), chosen);
        let repository = fields.get(6).and_then(Term::word);
        match repository.map(|repository| repository.split_once(':').unwrap_or((repository, ""))) {
            None | Some(("hexpm", "")) => {}
            Some(("hexpm", organisation)) => stated.namespace = Some(organisation.to_owned()),
            Some((other, _)) => {
                stated.details.insert(origin::REPOSITORY_URL.to_owned(), other.to_owned());
            }
        }
        return Ok(Some(stated));
    }
    match locked.tuple() {
        Some([source, ..]) if source.word() == Some("path") => Ok(None),
        Some([source, Term::Text(url), Term::Text(revision), ..]) if source.word() == Some("git") => {
            application.clone_into(&mut stated.name);
            stated.details.insert(origin::VCS_URL.to_owned(), origin::vcs_url("git", url, revision));
            Ok(Some(stated))
        }
        _ => {
            Err(format!("the entry of `{application}` is of a form that is not known: neither :hex nor :git"))
        }
    }
}

/// `[{:cowlib, "~> 2.11", [hex: :cowlib, repo: "hexpm", optional: false]}, …]`, as far as they were locked:
/// what is optional and was not chosen is not there.
fn depends(list: Option<&Term>, chosen: &BTreeMap<&str, &str>) -> Vec<Requirement> {
    let list = list.map(Term::list).unwrap_or_default();
    let asked = list.iter().filter_map(|dependency| {
        let [application, _, options] = dependency.tuple()? else { return None };
        let name = options.get("hex").unwrap_or(application).word()?;
        chosen.get(name).map(|version| Requirement::exactly(name, *version))
    });
    asked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const LOCK: &str = r#"%{
  "cowboy": {:hex, :cowboy, "2.9.0", "86", [:make, :rebar3], [{:cowlib, "2.11.0", [hex: :cowlib, repo: "hexpm", optional: false]}, {:absent, "~> 1.0", [hex: :absent, repo: "hexpm", optional: true]}], "hexpm", "2c"},
  "lib" => {:hex, :cowlib, "2.11.0"},
  "ours": {:hex, :ours, "1.0.0", "86", [:mix], [], "hexpm:acme", "2c"},
  "enacl": {:git, "https://token@github.com/aeternity/enacl.git", "2f50ba6", [ref: "2f50ba6"]},
  "local": {:path, "../local", []},
}
"#;

    #[test]
    fn tells_sources_apart() {
        let found = trial::packages(&ElixirMixLock, "app/mix.lock", LOCK);
        assert_eq!(trial::ids(&found), ["cowboy 2.9.0", "cowlib 2.11.0", "ours 1.0.0", "enacl "]);
        assert_eq!(trial::depends(&found[0]), ["cowlib 2.11.0"]);
        assert_eq!(found[2].namespace.as_deref(), Some("acme"));
        assert_eq!(found[3].details["vcs_url"], "git+https://github.com/aeternity/enacl.git@2f50ba6");
        assert!(found.iter().all(|p| p.locked_only && p.kind == PackageKind::Hex));
    }

    #[test]
    fn says_what_makes_no_sense() {
        let reading = trial::read(&ElixirMixLock, "mix.lock", r#"%{"a": {:svn, "x"}, "b": 1, :c}"#);
        assert_eq!(reading.problems.len(), 3);
        assert!(trial::packages(&ElixirMixLock, "mix.lock", "%{}").is_empty());
        assert!(trial::packages(&ElixirMixLock, "mix.lock", "").is_empty());
        let error =
            trial::try_read(&ElixirMixLock, "mix.lock", "%{\n<<<<<<< HEAD\n").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&ElixirMixLock, "mix.lock", LOCK);
        trial::keeps_to_the_limit(&ElixirMixLock, "mix.lock", LOCK);
    }
}
