//! `ebin/NAME.app`: an application of Erlang's OTP that lies compiled on the disk.
//!
//! Follows `app(4)` of OTP's manual: one term, `{application, Name, [{vsn, "…"}, {applications, […]}, …]}`.
//! OTP's own libraries are such applications (`lib/erlang/lib/ssl-11.1/ebin/ssl.app`), Elixir and its
//! libraries are, and so is everything in a release that rebar3 or Mix made. Whether it was fetched from Hex
//! the file does not say, so all are stated as applications.
//!
//! On macOS an `.app` is a bundle, and a Dart or Swift project may hold one: only those in a folder `ebin`,
//! where OTP demands them, are read.

use pratique_image::EntryHeader;

use super::super::{
    document,
    terms::{self, Dialect, Term},
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Applications of OTP, with their versions.
pub struct ErlangApplication;

/// Longest file that is read, in bytes: one that lists 2000 modules takes 60 kB.
const LONGEST: u64 = 8 << 20;
const FORMAT: &str = "OTP application";

impl Cataloger for ErlangApplication {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/erlang-application", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/ebin/*.app"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let path = file.path.as_bytes();
        path.strip_suffix(file.path.file_name()).is_some_and(|folder| {
            (folder == b"ebin/" || folder.ends_with(b"/ebin/")) && file.path.file_name().ends_with(b".app")
        })
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let terms =
            terms::read(&text, Dialect::Erlang).map_err(|error| Unreadable::malformed(FORMAT, error))?;
        let Some([tag, name, keys, ..]) = terms.first().and_then(Term::tuple) else {
            return Err(Unreadable::malformed(FORMAT, "it is not {application, Name, Keys}"));
        };
        let (Some("application"), Some(name)) = (tag.word(), name.word()) else {
            return Err(Unreadable::malformed(FORMAT, "it names no application"));
        };
        let mut reading = Reading::nothing();
        let version = keys.get("vsn").and_then(Term::word);
        // Some build tools leave their own mark where they should have put the version.
        let version = version.filter(|version| !version.starts_with('%'));
        if version.is_none() {
            reading.problem(format!("the application {name} has no version (`vsn`) that could be read"));
        }
        let mut stated = Stated {
            kind: PackageKind::Otp,
            name: name.to_owned(),
            version: version.unwrap_or_default().to_owned(),
            depends: depends(keys),
            ..Stated::default()
        };
        if let Some(id) = keys.get("id").and_then(Term::word).filter(|id| !id.is_empty()) {
            stated.details.insert("id".into(), id.to_owned());
        }
        reading.extend([stated], file.limits);
        Ok(reading)
    }
}

/// What must be started before it, and what it carries within.
fn depends(keys: &Term) -> Vec<Requirement> {
    let lists = ["applications", "included_applications"].into_iter().filter_map(|key| keys.get(key));
    let names = lists.flat_map(Term::list).filter_map(Term::word);
    names.map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const PATH: &str = "usr/lib/erlang/lib/ssl-11.1/ebin/ssl.app";
    const SSL: &str = r#"%% comment
{application, ssl,
 [{description, "Erlang/OTP" " SSL application"},
  {vsn, "11.1"},
  {id, "git-1"},
  {modules, [ssl, tls_sender]},
  {env, [{limit, -1.5e3}, {char, $\n}, {bin, <<1,2,3>>}]},
  {runtime_dependencies, ["stdlib-4.1"]},
  {applications, [crypto, public_key, kernel, stdlib]}]}.
"#;

    #[test]
    fn where_otp_puts_them() {
        assert!(trial::wants(&ErlangApplication, "ebin/rabbitmq.app"));
        for path in ["app/ebin/x.appup", "Applications/Safari.app", "ebin.app", "webin/a.app"] {
            assert!(!trial::wants(&ErlangApplication, path), "{path}");
        }
    }

    #[test]
    fn states_what_is_there() {
        let found = trial::packages(&ErlangApplication, PATH, SSL);
        assert_eq!(trial::ids(&found), ["ssl 11.1"]);
        assert_eq!(found[0].depends, ["crypto", "kernel", "public_key", "stdlib"]);
        assert_eq!(found[0].details["id"], "git-1");
        assert!(!found[0].locked_only);
    }

    #[test]
    fn says_what_makes_no_sense() {
        let reading = trial::read(&ErlangApplication, PATH, "{application, a, [{vsn, \"%VSN%\"}]}.");
        assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
        for text in ["", "[].", "{release, a, []}."] {
            trial::try_read(&ErlangApplication, PATH, text).unwrap_err();
        }
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&ErlangApplication, PATH, SSL);
        trial::keeps_to_the_limit(&ErlangApplication, PATH, SSL);
    }
}
