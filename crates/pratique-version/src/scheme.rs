//! The schemes, and one way to use them all: [`compare`], [`Parsed`], [`Version`].

use std::cmp::Ordering;
use std::fmt;

use crate::alpm::Alpm;
use crate::apk::Apk;
use crate::composer::Composer;
use crate::conan::Conan;
use crate::debian::{self, Debian};
use crate::error::{Flaw, InvalidVersion, MAX_VERSION_BYTES, Reason};
use crate::generic::Generic;
use crate::gentoo::Gentoo;
use crate::maven::Maven;
use crate::nuget::NuGet;
use crate::numeric::Numeric;
use crate::openssl::OpenSsl;
use crate::pep440::Pep440;
use crate::rpm::Rpm;
use crate::rubygems::Gem;
use crate::semver::{BuildOrder, Semver};

macro_rules! schemes {
    ($($(#[$doc:meta])* $scheme:ident = $name:literal $(| $other:literal)*;)*) => {
        /// How versions are ordered.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Scheme {
            $($(#[$doc])* $scheme,)*
        }

        impl Scheme {
            /// Every scheme.
            pub const ALL: &'static [Self] = &[$(Self::$scheme),*];

            /// The scheme's name, in lower case.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$scheme => $name,)* }
            }

            /// The scheme of that name or of one of its other usual names, in any case.
            pub fn from_name(name: &str) -> Option<Self> {
                let is = |known: &str| name.eq_ignore_ascii_case(known);
                $(if is($name) $(|| is($other))* { return Some(Self::$scheme); })*
                None
            }
        }
    };
}

schemes! {
    /// Semantic Versioning 2.0.0, loosely spelt; build metadata has no weight.
    Semver = "semver";
    /// npm: node-semver in loose mode.
    Npm = "npm" | "node";
    /// Cargo: as [`Scheme::Semver`], but build metadata counts.
    Cargo = "cargo" | "crates.io" | "rust";
    /// Python: PEP 440, with setuptools' legacy order below it.
    Pep440 = "pep440" | "pypi" | "python";
    /// dpkg.
    Debian = "debian" | "deb" | "dpkg" | "ubuntu";
    /// rpm: epoch, version, release.
    Rpm = "rpm" | "redhat";
    /// apk-tools.
    Apk = "apk" | "alpine";
    /// Maven's `ComparableVersion`.
    Maven = "maven";
    /// Go modules.
    Go = "go" | "golang";
    /// `Gem::Version`.
    RubyGems = "rubygems" | "gem";
    /// NuGet.
    NuGet = "nuget";
    /// Packagist: Composer's normalised versions.
    Composer = "composer" | "packagist";
    /// Elixir's and Erlang's packages.
    Hex = "hex";
    /// Dart's packages; build metadata counts.
    Pub = "pub" | "dart";
    /// R packages.
    Cran = "cran";
    /// Haskell's packages.
    Hackage = "hackage" | "pvp";
    /// Conan 2.
    Conan = "conan";
    /// pacman.
    Alpm = "alpm" | "arch" | "pacman";
    /// Portage.
    Gentoo = "gentoo" | "ebuild" | "portage";
    /// OpenSSL's own releases.
    OpenSsl = "openssl";
    /// Julia's `VersionNumber`; build metadata counts.
    Julia = "julia";
    /// OCaml's packages: dpkg's order without epoch and revision.
    Opam = "opam";
    /// What has versions but no rule of its own.
    Generic = "generic";
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Orders two versions of one scheme.
///
/// ```
/// use std::cmp::Ordering;
/// use pratique_version::{Scheme, compare};
/// assert_eq!(compare(Scheme::Debian, "1.0~rc1-1", "1.0-1")?, Ordering::Less);
/// assert_eq!(compare(Scheme::Pep440, "1.0", "1.0.post1")?, Ordering::Less);
/// # Ok::<(), pratique_version::InvalidVersion>(())
/// ```
///
/// Nothing is allocated unless a version is invalid or the scheme is Maven or a Python version is a legacy one.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Result<Ordering, InvalidVersion> {
    Ok(Parsed::parse(scheme, a)?.compare_form(&Parsed::parse(scheme, b)?))
}

/// A version cut into its parts, borrowed from its text: parsed once, for many comparisons.
#[derive(Clone, Debug)]
pub struct Parsed<'a> {
    scheme: Scheme,
    text: &'a str,
    form: Form<'a>,
}

#[derive(Clone, Debug)]
pub(crate) enum Form<'a> {
    Semver(Semver<'a>),
    Pep440(Pep440<'a>),
    Debian(Debian<'a>),
    Rpm(Rpm<'a>),
    Apk(Apk<'a>),
    Maven(Maven<'a>),
    Gem(Gem<'a>),
    NuGet(NuGet<'a>),
    Composer(Composer<'a>),
    Numeric(Numeric<'a>),
    Conan(Conan<'a>),
    Alpm(Alpm<'a>),
    Gentoo(Gentoo<'a>),
    OpenSsl(OpenSsl<'a>),
    Opam(&'a [u8]),
    Generic(Generic<'a>),
}

impl<'a> Parsed<'a> {
    /// Reads a version; blanks around it do not matter.
    pub fn parse(scheme: Scheme, text: &'a str) -> Result<Self, InvalidVersion> {
        match Form::parse(scheme, text.trim()) {
            Ok(form) => Ok(Self { scheme, text, form }),
            Err(Flaw { offset, reason }) => {
                Err(InvalidVersion { scheme, version: shortened(text.trim()).to_owned(), offset, reason })
            }
        }
    }

    /// The scheme the version was read by.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The version as it was given.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The order of two versions; `None` when their schemes differ.
    pub fn compare(&self, other: &Parsed<'_>) -> Option<Ordering> {
        (self.scheme == other.scheme).then(|| self.compare_form(other))
    }

    pub(crate) fn form(&self) -> &Form<'a> {
        &self.form
    }

    /// The order of two versions of one scheme.
    pub(crate) fn compare_form(&self, other: &Parsed<'_>) -> Ordering {
        debug_assert_eq!(self.scheme, other.scheme, "versions of two schemes have no order");
        match (&self.form, &other.form) {
            (Form::Semver(a), Form::Semver(b)) => a.compare(b, self.scheme.build_order()),
            (Form::Pep440(a), Form::Pep440(b)) => a.compare(b),
            (Form::Debian(a), Form::Debian(b)) => a.compare(b),
            (Form::Rpm(a), Form::Rpm(b)) => a.compare(b),
            (Form::Apk(a), Form::Apk(b)) => a.compare(b),
            (Form::Maven(a), Form::Maven(b)) => a.compare(b),
            (Form::Gem(a), Form::Gem(b)) => a.compare(b),
            (Form::NuGet(a), Form::NuGet(b)) => a.compare(b),
            (Form::Composer(a), Form::Composer(b)) => a.compare(b),
            (Form::Numeric(a), Form::Numeric(b)) => a.compare(b),
            (Form::Conan(a), Form::Conan(b)) => a.compare(b),
            (Form::Alpm(a), Form::Alpm(b)) => a.compare(b),
            (Form::Gentoo(a), Form::Gentoo(b)) => a.compare(b),
            (Form::OpenSsl(a), Form::OpenSsl(b)) => a.compare(b),
            (Form::Opam(a), Form::Opam(b)) => debian::compare_part(a, b),
            (Form::Generic(a), Form::Generic(b)) => a.compare(b),
            // One scheme has one form.
            _ => self.scheme.cmp(&other.scheme),
        }
    }
}

impl<'a> Form<'a> {
    fn parse(scheme: Scheme, text: &'a str) -> Result<Self, Flaw> {
        if text.is_empty() {
            return Err(Flaw::whole(Reason::Empty));
        }
        if text.len() > MAX_VERSION_BYTES {
            return Err(Flaw::whole(Reason::TooLong { bytes: text.len() }));
        }
        // A blank within a version is never part of it, but after npm's "v" or "=", and in a legacy Python version.
        if !matches!(scheme, Scheme::Npm | Scheme::Semver | Scheme::Pep440)
            && let Some(at) = text.bytes().position(|b| b <= b' ' || b == 0x7f)
        {
            return Err(Flaw::unexpected(text, at));
        }
        Ok(match scheme {
            Scheme::Semver
            | Scheme::Npm
            | Scheme::Cargo
            | Scheme::Go
            | Scheme::Hex
            | Scheme::Pub
            | Scheme::Julia => Self::Semver(Semver::parse(text)?),
            Scheme::Pep440 => Self::Pep440(Pep440::parse(text)),
            Scheme::Debian => Self::Debian(Debian::parse(text)?),
            Scheme::Rpm => Self::Rpm(Rpm::parse(text)?),
            Scheme::Apk => Self::Apk(Apk::parse(text)?),
            Scheme::Maven => Self::Maven(Maven::parse(text)),
            Scheme::RubyGems => Self::Gem(Gem::parse(text)?),
            Scheme::NuGet => Self::NuGet(NuGet::parse(text)?),
            Scheme::Composer => Self::Composer(Composer::parse(text)?),
            Scheme::Cran => Self::Numeric(Numeric::cran(text)?),
            Scheme::Hackage => Self::Numeric(Numeric::hackage(text)?),
            Scheme::Conan => Self::Conan(Conan::parse(text)?),
            Scheme::Alpm => Self::Alpm(Alpm::parse(text)?),
            Scheme::Gentoo => Self::Gentoo(Gentoo::parse(text)?),
            Scheme::OpenSsl => Self::OpenSsl(OpenSsl::parse(text)?),
            Scheme::Opam => Self::Opam(text.as_bytes()),
            Scheme::Generic => Self::Generic(Generic::parse(text)?),
        })
    }
}

impl Scheme {
    fn build_order(self) -> BuildOrder {
        match self {
            Self::Cargo | Self::Pub | Self::Julia => BuildOrder::Counts,
            _ => BuildOrder::Ignored,
        }
    }
}

/// As much of an invalid version as an error message repeats.
fn shortened(text: &str) -> &str {
    let mut end = text.len().min(MAX_VERSION_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A version that owns its text.
///
/// It was parsed when it was made, so comparing cannot fail; the text is walked again for each comparison, which costs
/// less than keeping the parts. For one version against many use [`Version::parsed`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Version {
    scheme: Scheme,
    text: Box<str>,
}

impl Version {
    /// Reads a version; blanks around it do not matter.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, InvalidVersion> {
        Parsed::parse(scheme, text)?;
        Ok(Self { scheme, text: text.into() })
    }

    /// The scheme the version was read by.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The version as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The version's parts.
    pub fn parsed(&self) -> Result<Parsed<'_>, InvalidVersion> {
        Parsed::parse(self.scheme, &self.text)
    }

    /// The order of two versions; `None` when their schemes differ.
    ///
    /// Two versions that are spelt differently can be `Equal` here (`1.0` and `1.0.0` in many schemes) though `==`, which
    /// compares the texts, says they are not the same.
    pub fn cmp_same_scheme(&self, other: &Self) -> Option<Ordering> {
        if self.scheme != other.scheme {
            return None;
        }
        compare(self.scheme, &self.text, &other.text).ok()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_has_a_name_that_leads_back() {
        for scheme in Scheme::ALL {
            assert_eq!(Scheme::from_name(scheme.name()), Some(*scheme));
            assert_eq!(Scheme::from_name(&scheme.name().to_uppercase()), Some(*scheme));
        }
        assert_eq!(Scheme::from_name("cobol"), None);
    }

    #[test]
    fn errors_are_sentences() {
        let error = compare(Scheme::Debian, "1.0", "x:1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`x:1` is not a debian version: its epoch is not a number (at byte 0)."
        );
        let long = "1".repeat(MAX_VERSION_BYTES + 1);
        let error = Version::parse(Scheme::Rpm, &long).unwrap_err();
        assert_eq!(error.reason, Reason::TooLong { bytes: MAX_VERSION_BYTES + 1 });
        assert_eq!(error.version.len(), MAX_VERSION_BYTES);
    }

    #[test]
    fn two_schemes_have_no_order() {
        let a = Version::parse(Scheme::Debian, "1.0").unwrap();
        let b = Version::parse(Scheme::Rpm, "1.0").unwrap();
        assert_eq!(a.cmp_same_scheme(&b), None);
        assert_eq!(a.parsed().unwrap().compare(&b.parsed().unwrap()), None);
        assert_eq!(a.cmp_same_scheme(&a), Some(Ordering::Equal));
    }
}
