//! Perl: distributions of CPAN, by what they say of themselves, what cpanm installed and what Carton locked.
//!
//! A distribution (`libwww-perl`) holds modules (`LWP::UserAgent`), and everything asks for modules: a module
//! is something that a distribution provides.

pub mod install;
pub mod meta;
pub mod snapshot;

pub use install::PerlInstall;
pub use meta::PerlMeta;
pub use snapshot::PerlSnapshot;

/// `("Class-Inspector", "1.28")` of `Class-Inspector-1.28`: the version begins behind the last dash that a
/// number follows, with a `v` before it or without.
fn name_and_version(distribution: &str) -> Option<(&str, &str)> {
    let mut dashes = distribution.rmatch_indices('-').map(|(at, _)| at);
    let at = dashes.find(|at| {
        let rest = distribution.get(at + 1..).unwrap_or_default();
        rest.strip_prefix('v').unwrap_or(rest).starts_with(|c: char| c.is_ascii_digit())
    })?;
    let (name, version) = (distribution.get(..at)?, distribution.get(at + 1..)?);
    (!name.is_empty()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::name_and_version;

    #[test]
    fn distributions() {
        for (text, want) in [
            ("Class-Inspector-1.28", Some(("Class-Inspector", "1.28"))),
            ("Foo-v1.2.3", Some(("Foo", "v1.2.3"))),
            ("Foo-1.23-TRIAL", Some(("Foo", "1.23-TRIAL"))),
            ("Foo", None),
            ("-1", None),
            ("Foo-", None),
        ] {
            assert_eq!(name_and_version(text), want, "{text}");
        }
    }
}
