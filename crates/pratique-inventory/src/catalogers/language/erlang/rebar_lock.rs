//! `rebar.lock`: the packages that an Erlang project was resolved to.
//!
//! Follows rebar3, which writes it (`rebar_config:consult_lock_file/1`; there is no other specification). Two
//! terms: `{"1.2.0", [lock, …]}.` and the packages' hashes. Before version 3 of rebar it was the list alone.
//! A lock is `{<<"application">>, source, level}`, with level 0 for what the project asks for itself, and the
//! source one of
//!
//! * `{pkg, <<"name">>, <<"version">>}`, in old files with a hash at the end: served by Hex. The package's
//!   name may differ from the application's.
//! * `{git, "url", {ref, "commit"}}`, `{git_subdir, "url", {ref, "commit"}, "folder"}`, `{hg, …}`: no
//!   version.
//!
//! Plugins add sources of their own; a lock with such a source is a problem of the reading. The file does not
//! say who depends on whom.

use pratique_image::EntryHeader;

use super::super::{
    document, origin,
    terms::{self, Dialect, Term},
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Packages that `rebar.lock` pins.
pub struct ErlangRebarLock;

/// Longest file that is read, in bytes; real ones stay under 50 kB.
const LONGEST: u64 = 8 << 20;
const FORMAT: &str = "rebar.lock";

impl Cataloger for ErlangRebarLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/erlang-rebar-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/rebar.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"rebar.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let terms =
            terms::read(&text, Dialect::Erlang).map_err(|error| Unreadable::malformed(FORMAT, error))?;
        let locks = match terms.first() {
            Some(Term::Tuple(versioned)) => versioned.get(1).map(Term::list).unwrap_or_default(),
            Some(list) => list.list(),
            None => &[],
        };
        let mut reading = Reading::nothing();
        let mut packages = Vec::new();
        for lock in locks {
            match package(lock) {
                Ok(stated) => packages.push(stated),
                Err(why) => reading.problem(why),
            }
        }
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

fn package(lock: &Term) -> Result<Stated, String> {
    let Some([application, source, level]) = lock.tuple() else {
        return Err("a lock is no triple of name, source and level".into());
    };
    let application = application.word().unwrap_or_default();
    let fields = source.tuple().unwrap_or_default();
    let mut stated = Stated {
        kind: PackageKind::Hex,
        name: application.to_owned(),
        locked_only: true,
        direct: match level {
            Term::Number(level) => Some(level == "0"),
            _ => None,
        },
        ..Stated::default()
    };
    match (fields.first().and_then(Term::word), fields) {
        (Some("pkg"), [_, name, version, ..]) if name.word().is_some() && version.word().is_some() => {
            name.word().unwrap_or_default().clone_into(&mut stated.name);
            version.word().unwrap_or_default().clone_into(&mut stated.version);
        }
        (Some(tool @ ("git" | "git_subdir" | "hg")), [_, Term::Text(url), reference, ..]) => {
            let tool = tool.strip_suffix("_subdir").unwrap_or(tool);
            let revision = reference.tuple().and_then(|pair| pair.get(1)).and_then(Term::word);
            let place = origin::vcs_url(tool, url, revision.unwrap_or_default());
            stated.details.insert(origin::VCS_URL.to_owned(), place);
        }
        _ => return Err(format!("the lock of `{application}` has a source that is not known")),
    }
    if stated.name.is_empty() { Err("a lock has no name".into()) } else { Ok(stated) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const LOCK: &str = r#"{"1.2.0",
[{<<"certifi">>,{pkg,<<"certifi">>,<<"2.9.0">>},0},
 {<<"app">>,{pkg,<<"other_name">>,<<"1.0.0">>,<<"AA">>},1},
 {<<"enacl">>,{git_subdir,"git@github.com:a/b.git",{ref,"2f50"},"sub"},0}]}.
[
{pkg_hash,[
 {<<"certifi">>, <<"6F">>}]}
].
"#;

    #[test]
    fn both_versions() {
        let found = trial::packages(&ErlangRebarLock, "rebar.lock", LOCK);
        assert_eq!(trial::ids(&found), ["certifi 2.9.0", "other_name 1.0.0", "enacl "]);
        assert_eq!(found.iter().map(|p| p.direct).collect::<Vec<_>>(), [Some(true), Some(false), Some(true)]);
        assert_eq!(found[2].details["vcs_url"], "git+git@github.com:a/b.git@2f50");
        let old = "[{<<\"a\">>,{pkg,<<\"a\">>,<<\"1\">>},0}].";
        assert_eq!(trial::ids(&trial::packages(&ErlangRebarLock, "rebar.lock", old)), ["a 1"]);
        assert!(trial::packages(&ErlangRebarLock, "rebar.lock", "[].").is_empty());
    }

    #[test]
    fn says_what_makes_no_sense() {
        let text = "[{<<\"a\">>,{svn,\"x\"},0}, b, {<<>>,{pkg,<<>>,<<\"1\">>},0}].";
        let reading = trial::read(&ErlangRebarLock, "rebar.lock", text);
        assert_eq!((reading.facts.len(), reading.problems.len()), (0, 3));
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&ErlangRebarLock, "rebar.lock", LOCK);
        trial::keeps_to_the_limit(&ErlangRebarLock, "rebar.lock", LOCK);
    }
}
