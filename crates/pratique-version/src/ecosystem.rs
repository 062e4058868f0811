//! Where packages come from: the ecosystems of the OSV schema and those it lacks.
//!
//! Follows the OSV schema, "Defined ecosystems" (version 1.7.5). An ecosystem's name there may be followed by a colon and
//! a release (`Debian:12`, `Ubuntu:Pro:16.04:LTS`) or a repository (`Maven:https://…`); an [`Ecosystem`] is the
//! base name alone.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::Scheme;

/// Whether the packages of an ecosystem make up an operating system.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Distribution,
    Other,
}

/// How an ecosystem's names are written in keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    /// Names that differ in a letter's case are different packages, or case never varies.
    Exact,
    /// Case does not matter.
    Lower,
    /// PEP 503: case does not matter, runs of `-`, `_`, `.` are one `-`.
    Pep503,
    /// A repository's address, without scheme and `.git`; case does not matter.
    Repository,
}

macro_rules! ecosystems {
    ($(
        $(#[$doc:meta])*
        $ecosystem:ident = $osv:literal, $scheme:expr, $purl_type:literal $(/ $namespace:literal)?, $kind:ident, $names:ident
        $(, also $($alias:literal)|+)?;
    )*) => {
        /// One of the package ecosystems of the OSV schema, or one that it lacks and scanning needs: the base name,
        /// without release or repository.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Ecosystem {
            $($(#[$doc])* $ecosystem,)*
        }

        const ALL: &[Ecosystem] = &[$(Ecosystem::$ecosystem),*];

        impl Ecosystem {
            /// The name in the OSV schema; for what OSV lacks, one made in its manner.
            pub const fn osv_name(self) -> &'static str {
                match self { $(Self::$ecosystem => $osv,)* }
            }

            /// How the ecosystem orders its versions. This is the one table that says so.
            ///
            /// `None` when versions have no order (commits, container tags) or when the base name does not tell: `Root` and
            /// `Docker Hardened Images` carry the packages of another ecosystem, see [`Ecosystem::scheme_of`].
            pub const fn scheme(self) -> Option<Scheme> {
                match self { $(Self::$ecosystem => $scheme,)* }
            }

            /// The package URL type.
            pub const fn purl_type(self) -> &'static str {
                match self { $(Self::$ecosystem => $purl_type,)* }
            }

            /// The namespace that all package URLs of the ecosystem share, such as `debian` in `pkg:deb/debian/curl`.
            pub const fn purl_namespace(self) -> Option<&'static str> {
                match self { $(Self::$ecosystem => ecosystems!(@optional $($namespace)?),)* }
            }

            const fn kind(self) -> Kind {
                match self { $(Self::$ecosystem => Kind::$kind,)* }
            }

            const fn names(self) -> Names {
                match self { $(Self::$ecosystem => Names::$names,)* }
            }

            const fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$ecosystem => &[$($($alias),+)?],)* }
            }
        }
    };
    (@optional) => { None };
    (@optional $value:literal) => { Some($value) };
}

ecosystems! {
    /// AlmaLinux.
    AlmaLinux = "AlmaLinux", Some(Scheme::Rpm), "rpm" / "almalinux", Distribution, Exact, also "alma";
    /// BellSoft Alpaquita Linux.
    Alpaquita = "Alpaquita", Some(Scheme::Apk), "apk" / "alpaquita", Distribution, Exact, also "bellsoft";
    /// Alpine Linux.
    Alpine = "Alpine", Some(Scheme::Apk), "apk" / "alpine", Distribution, Exact, also "apk";
    /// Amazon Linux (not in OSV).
    Amazon = "Amazon Linux", Some(Scheme::Rpm), "rpm" / "amzn", Distribution, Exact, also "amzn" | "amazon" | "al2" | "al2023";
    /// Android: levels such as `12-next:2021-10-01`, matched by listed versions only.
    Android = "Android", None, "generic", Other, Exact;
    /// Arch Linux (not in OSV).
    Arch = "Arch Linux", Some(Scheme::Alpm), "alpm" / "arch", Distribution, Exact, also "arch" | "alpm" | "pacman" | "archarm";
    /// Azure Linux, once CBL-Mariner.
    AzureLinux = "Azure Linux", Some(Scheme::Rpm), "rpm" / "azurelinux", Distribution, Exact, also "mariner" | "cbl-mariner";
    /// BellSoft Hardened Containers.
    BellSoftHardened = "BellSoft Hardened Containers", Some(Scheme::Apk), "apk" / "bellsoft-hardened-containers", Distribution, Exact, also "bellsoft-hardened";
    /// Bioconductor: biology in R.
    Bioconductor = "Bioconductor", Some(Scheme::Cran), "bioconductor", Other, Exact;
    /// Bitnami's containers.
    Bitnami = "Bitnami", Some(Scheme::Semver), "bitnami", Other, Lower;
    /// CentOS (not in OSV).
    CentOs = "CentOS", Some(Scheme::Rpm), "rpm" / "centos", Distribution, Exact, also "centos-stream";
    /// Chainguard.
    Chainguard = "Chainguard", Some(Scheme::Apk), "apk" / "chainguard", Distribution, Exact;
    /// CleanStart.
    CleanStart = "CleanStart", Some(Scheme::Apk), "apk" / "cleanstart", Distribution, Exact;
    /// ConanCenter: C and C++.
    Conan = "ConanCenter", Some(Scheme::Conan), "conan", Other, Exact, also "conan";
    /// Products by vendor and name, as NVD's CPE dictionary has them (not in OSV).
    Cpe = "CPE", Some(Scheme::Generic), "generic", Other, Exact;
    /// CRAN: R.
    Cran = "CRAN", Some(Scheme::Cran), "cran", Other, Exact, also "r";
    /// crates.io: Rust.
    CratesIo = "crates.io", Some(Scheme::Cargo), "cargo", Other, Exact, also "cargo" | "crates" | "rust";
    /// Debian.
    Debian = "Debian", Some(Scheme::Debian), "deb" / "debian", Distribution, Exact, also "deb" | "dpkg";
    /// Container images by tag (not in OSV).
    Docker = "Docker", None, "docker", Other, Exact, also "oci" | "container";
    /// Docker Hardened Images: packages of Alpine or Debian, `Docker Hardened Images:Alpine:3.23`.
    DockerHardened = "Docker Hardened Images", None, "dhi", Distribution, Exact, also "dhi";
    /// Echo: Debian packages.
    Echo = "Echo", Some(Scheme::Debian), "deb" / "echo", Distribution, Exact;
    /// Fedora (not in OSV).
    Fedora = "Fedora", Some(Scheme::Rpm), "rpm" / "fedora", Distribution, Exact;
    /// FreeBSD: base system, kernel and ports; their order is not known here.
    FreeBsd = "FreeBSD", None, "generic" / "freebsd", Distribution, Exact;
    /// Gentoo (not in OSV).
    Gentoo = "Gentoo", Some(Scheme::Gentoo), "ebuild", Distribution, Exact, also "ebuild" | "portage";
    /// Versioned things of no ecosystem (not in OSV).
    Generic = "Generic", Some(Scheme::Generic), "generic", Other, Exact, also "binary";
    /// The Glasgow Haskell Compiler.
    Ghc = "GHC", Some(Scheme::Hackage), "generic", Other, Exact;
    /// Commits of repositories, which have no order without the repository.
    Git = "GIT", None, "generic", Other, Exact;
    /// GitHub Actions.
    GitHubActions = "GitHub Actions", Some(Scheme::Semver), "github", Other, Lower, also "githubactions" | "github" | "actions";
    /// Go modules, and the Go standard library and toolchain under the names `stdlib` and `toolchain`.
    Go = "Go", Some(Scheme::Go), "golang", Other, Exact, also "golang" | "gomod";
    /// Hackage: Haskell.
    Hackage = "Hackage", Some(Scheme::Hackage), "hackage", Other, Exact, also "haskell" | "cabal";
    /// Hex: Erlang and Elixir.
    Hex = "Hex", Some(Scheme::Hex), "hex", Other, Lower, also "erlang" | "elixir" | "mix";
    /// Julia.
    Julia = "Julia", Some(Scheme::Julia), "julia", Other, Exact;
    /// Kubernetes' own components, by Go module.
    Kubernetes = "Kubernetes", Some(Scheme::Semver), "golang", Other, Exact, also "k8s";
    /// The Linux kernel.
    LinuxKernel = "Linux", Some(Scheme::Semver), "generic", Other, Exact, also "kernel" | "linux-kernel";
    /// Mageia.
    Mageia = "Mageia", Some(Scheme::Rpm), "rpm" / "mageia", Distribution, Exact;
    /// Maven: Java; names are `group:artifact`.
    Maven = "Maven", Some(Scheme::Maven), "maven", Other, Exact, also "java" | "gradle" | "jar";
    /// MinimOS.
    MinimOs = "MinimOS", Some(Scheme::Apk), "apk" / "minimos", Distribution, Exact, also "minimal";
    /// Nix (not in OSV).
    Nix = "Nix", Some(Scheme::Generic), "nix", Distribution, Exact, also "nixpkgs" | "nixos";
    /// npm: JavaScript.
    Npm = "npm", Some(Scheme::Npm), "npm", Other, Exact, also "node" | "javascript" | "yarn" | "pnpm";
    /// NuGet: .NET.
    NuGet = "NuGet", Some(Scheme::NuGet), "nuget", Other, Lower, also "dotnet" | ".net";
    /// opam: OCaml.
    Opam = "opam", Some(Scheme::Opam), "opam", Other, Exact, also "ocaml";
    /// openEuler.
    OpenEuler = "openEuler", Some(Scheme::Rpm), "rpm" / "openeuler", Distribution, Exact;
    /// openSUSE.
    OpenSuse = "openSUSE", Some(Scheme::Rpm), "rpm" / "opensuse", Distribution, Exact, also "opensuse-leap" | "opensuse-tumbleweed";
    /// Oracle Linux (not in OSV).
    Oracle = "Oracle Linux", Some(Scheme::Rpm), "rpm" / "ol", Distribution, Exact, also "oracle" | "ol" | "oraclelinux";
    /// OSS-Fuzz: projects, matched by listed versions only.
    OssFuzz = "OSS-Fuzz", None, "generic", Other, Exact;
    /// Packagist: PHP.
    Packagist = "Packagist", Some(Scheme::Composer), "composer", Other, Lower, also "composer" | "php";
    /// Photon OS.
    PhotonOs = "Photon OS", Some(Scheme::Rpm), "rpm" / "photon", Distribution, Exact, also "photon";
    /// Pub: Dart.
    Pub = "Pub", Some(Scheme::Pub), "pub", Other, Lower, also "dart" | "flutter";
    /// PyPI: Python.
    PyPI = "PyPI", Some(Scheme::Pep440), "pypi", Other, Pep503, also "python" | "pip";
    /// Red Hat.
    RedHat = "Red Hat", Some(Scheme::Rpm), "rpm" / "redhat", Distribution, Exact, also "redhat" | "rhel" | "rpm";
    /// Rocky Linux.
    RockyLinux = "Rocky Linux", Some(Scheme::Rpm), "rpm" / "rocky", Distribution, Exact, also "rocky" | "rocky-linux";
    /// Root: patched packages of other ecosystems, `Root:Alpine:3.18`, `Root:PyPI`.
    Root = "Root", None, "generic" / "root", Other, Exact, also "root.io";
    /// RubyGems: Ruby.
    RubyGems = "RubyGems", Some(Scheme::RubyGems), "gem", Other, Exact, also "ruby" | "gem" | "gems" | "bundler";
    /// SUSE Linux Enterprise.
    Suse = "SUSE", Some(Scheme::Rpm), "rpm" / "suse", Distribution, Exact, also "sles" | "sle";
    /// Swift packages by repository address.
    SwiftUrl = "SwiftURL", Some(Scheme::Semver), "swift", Other, Repository, also "swift";
    /// Ubuntu.
    Ubuntu = "Ubuntu", Some(Scheme::Debian), "deb" / "ubuntu", Distribution, Exact;
    /// Visual Studio Code extensions.
    VsCode = "VSCode", Some(Scheme::Semver), "vscode-extension", Other, Lower, also "vscode-extension" | "openvsx";
    /// Wolfi.
    Wolfi = "Wolfi", Some(Scheme::Apk), "apk" / "wolfi", Distribution, Exact;
}

impl Ecosystem {
    /// Every ecosystem, by name.
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// Reads an ecosystem as OSV records spell it: the base name, and what follows the first colon.
    ///
    /// ```
    /// use pratique_version::Ecosystem;
    /// assert_eq!(Ecosystem::from_osv("Debian:12"), Some((Ecosystem::Debian, Some("12"))));
    /// assert_eq!(Ecosystem::from_osv("Ubuntu:Pro:16.04:LTS"), Some((Ecosystem::Ubuntu, Some("Pro:16.04:LTS"))));
    /// assert_eq!(Ecosystem::from_osv("crates.io"), Some((Ecosystem::CratesIo, None)));
    /// assert_eq!(Ecosystem::from_osv("debian"), None);
    /// ```
    pub fn from_osv(name: &str) -> Option<(Self, Option<&str>)> {
        let (base, release) = match name.split_once(':') {
            Some((base, release)) => (base, Some(release)),
            None => (name, None),
        };
        // Alpaquita was called BellSoft in version 1.6.3 of the schema.
        let ecosystem = match base {
            "BellSoft" => Self::Alpaquita,
            _ => ALL.iter().copied().find(|known| known.osv_name() == base)?,
        };
        Some((ecosystem, release.filter(|release| !release.is_empty())))
    }

    /// How versions are ordered in one release of the ecosystem: as [`Ecosystem::scheme`] says, or, for an ecosystem that
    /// carries another's packages, as that one does (`Root:Alpine:3.18`, `Docker Hardened Images:Debian:trixie`).
    pub fn scheme_of(self, release: Option<&str>) -> Option<Scheme> {
        match (self, release) {
            (Self::Root | Self::DockerHardened, Some(release)) => {
                let (inner, _) = Self::from_osv(release)?;
                inner.scheme()
            }
            _ => self.scheme(),
        }
    }

    /// Whether its packages make up an operating system.
    pub fn is_distribution(self) -> bool {
        self.kind() == Kind::Distribution
    }

    /// The name as database keys hold it: two spellings of one package become one.
    ///
    /// Borrows unless something changes.
    pub fn normalize_name(self, name: &str) -> Cow<'_, str> {
        match self.names() {
            Names::Exact => Cow::Borrowed(name),
            Names::Lower => lower(name),
            Names::Pep503 => pep503(name),
            Names::Repository => {
                let name = name.trim_end_matches('/');
                let name = name.split_once("://").map_or(name, |(_, rest)| rest);
                let name = name.strip_suffix(".git").unwrap_or(name);
                lower(name)
            }
        }
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn pep503(name: &str) -> Cow<'_, str> {
    let changes = |pair| matches!(pair, (b'_' | b'.' | b'A'..=b'Z', _) | (b'-', Some(b'-' | b'_' | b'.')));
    let next = name.bytes().skip(1).map(Some).chain([None]);
    if !name.bytes().zip(next).any(changes) {
        return Cow::Borrowed(name);
    }
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            _ => normal.push(c.to_ascii_lowercase()),
        }
    }
    Cow::Owned(normal)
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.osv_name())
    }
}

/// A name that is no ecosystem's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{name}` is not a known ecosystem; known are {}.", known())]
pub struct UnknownEcosystem {
    /// The name as it was given.
    pub name: String,
}

fn known() -> String {
    let names: Vec<&str> = ALL.iter().map(|ecosystem| ecosystem.osv_name()).collect();
    names.join(", ")
}

/// Reads what people type: the OSV name, the package URL type where one ecosystem has it, or a usual name, in any case
/// and with blanks, hyphens and underscores alike. A release after a colon is ignored.
impl FromStr for Ecosystem {
    type Err = UnknownEcosystem;

    fn from_str(name: &str) -> Result<Self, UnknownEcosystem> {
        let base = name.split(':').next().unwrap_or(name).trim();
        ALL.iter()
            .copied()
            .find(|known| {
                same(known.osv_name(), base) || known.aliases().iter().any(|alias| same(alias, base))
            })
            .ok_or_else(|| UnknownEcosystem { name: name.to_owned() })
    }
}

fn same(a: &str, b: &str) -> bool {
    let letters = |text: &'_ str| -> Vec<u8> {
        text.bytes().filter(|b| !matches!(b, b' ' | b'-' | b'_')).map(|b| b.to_ascii_lowercase()).collect()
    };
    letters(a) == letters(b)
}

impl serde::Serialize for Ecosystem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.osv_name())
    }
}

impl<'de> serde::Deserialize<'de> for Ecosystem {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <Cow<'de, str>>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn osv_names_lead_back() {
        for ecosystem in Ecosystem::all() {
            assert_eq!(Ecosystem::from_osv(ecosystem.osv_name()), Some((*ecosystem, None)));
            assert_eq!(ecosystem.osv_name().parse(), Ok(*ecosystem));
            assert_eq!(ecosystem.osv_name().to_uppercase().parse(), Ok(*ecosystem));
        }
    }

    #[test]
    fn releases() {
        for (name, ecosystem, release) in [
            ("Red Hat:enterprise_linux:9::baseos", Ecosystem::RedHat, Some("enterprise_linux:9::baseos")),
            ("Maven:https://maven.google.com", Ecosystem::Maven, Some("https://maven.google.com")),
            ("Alpine:v3.20", Ecosystem::Alpine, Some("v3.20")),
            ("SUSE:Package Hub 12", Ecosystem::Suse, Some("Package Hub 12")),
            ("Debian:", Ecosystem::Debian, None),
        ] {
            assert_eq!(Ecosystem::from_osv(name), Some((ecosystem, release)), "{name}");
        }
        assert_eq!(Ecosystem::from_osv("[EMPTY]"), None);
        assert_eq!(Ecosystem::Root.scheme_of(Some("Alpine:3.18")), Some(Scheme::Apk));
        assert_eq!(Ecosystem::DockerHardened.scheme_of(Some("Debian:trixie")), Some(Scheme::Debian));
        assert_eq!(Ecosystem::DockerHardened.scheme_of(None), None);
        assert_eq!(Ecosystem::Debian.scheme_of(Some("12")), Some(Scheme::Debian));
    }

    #[test]
    fn what_people_type() {
        for (typed, ecosystem) in [
            ("deb", Ecosystem::Debian),
            ("RHEL", Ecosystem::RedHat),
            ("red-hat", Ecosystem::RedHat),
            ("rpm", Ecosystem::RedHat),
            ("golang", Ecosystem::Go),
            ("github actions", Ecosystem::GitHubActions),
            ("rocky_linux", Ecosystem::RockyLinux),
            ("Debian:12", Ecosystem::Debian),
        ] {
            assert_eq!(typed.parse(), Ok(ecosystem), "{typed}");
        }
        let error = "cobol".parse::<Ecosystem>().unwrap_err().to_string();
        assert!(error.starts_with("`cobol` is not a known ecosystem; known are AlmaLinux, "), "{error}");
    }

    #[test]
    fn names_in_keys() {
        for (ecosystem, name, key) in [
            (Ecosystem::PyPI, "Foo.-_Bar", "foo-bar"),
            (Ecosystem::PyPI, "foo-bar", "foo-bar"),
            (Ecosystem::PyPI, "foo--bar", "foo-bar"),
            (Ecosystem::NuGet, "Newtonsoft.Json", "newtonsoft.json"),
            (Ecosystem::Packagist, "Drupal/Core", "drupal/core"),
            (Ecosystem::Go, "github.com/Masterminds/semver", "github.com/Masterminds/semver"),
            (Ecosystem::SwiftUrl, "https://github.com/Apple/swift-nio.git", "github.com/apple/swift-nio"),
        ] {
            assert_eq!(ecosystem.normalize_name(name), key, "{ecosystem} {name}");
        }
        assert!(matches!(Ecosystem::PyPI.normalize_name("foo-bar2"), Cow::Borrowed(_)));
    }
}
