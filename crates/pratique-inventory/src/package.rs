//! Packages, as they are once all layers are laid over each other.

use std::collections::BTreeMap;

use pratique_image::ImagePath;
use pratique_version::Ecosystem;
use serde::{Deserialize, Serialize};

use crate::fact::{Requirement, SourcePackage};

/// Declares [`PackageKind`] with what documents call each kind, so that a kind is one line.
macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident = $name:literal, $purl_type:literal, $ecosystem:expr;)*) => {
        /// The kinds of packages we know, in the order in which they are listed.
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[non_exhaustive]
        pub enum PackageKind {
            $($(#[$meta])* $kind,)*
        }

        impl PackageKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name by which Syft calls this kind, and by which our JSON does.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The purl type.
            pub const fn purl_type(self) -> &'static str {
                match self { $(Self::$kind => $purl_type,)* }
            }

            /// Under which ecosystem its advisories are filed; `None` where the distribution decides, or where
            /// nobody publishes any.
            pub const fn ecosystem(self) -> Option<Ecosystem> {
                match self { $(Self::$kind => $ecosystem,)* }
            }
        }
    };
}

kinds! {
    /// Alpine, Wolfi, Chainguard, Alpaquita.
    Apk = "apk", "apk", None;
    /// Debian and Ubuntu.
    Deb = "deb", "deb", None;
    /// Red Hat's and SUSE's families, Amazon, Photon, Azure Linux.
    Rpm = "rpm", "rpm", None;
    /// Arch Linux's pacman.
    Alpm = "alpm", "alpm", None;
    /// Gentoo's portage.
    Portage = "portage", "ebuild", None;
    /// OpenWrt's and Yocto's opkg.
    Opkg = "opkg", "opkg", None;
    /// Store paths of Nix.
    Nix = "nix", "nix", None;
    /// Snaps.
    Snap = "snap", "snap", None;
    /// Flatpak applications and runtimes.
    Flatpak = "flatpak", "flatpak", None;
    /// Homebrew formulae and casks.
    Homebrew = "homebrew", "brew", None;
    /// Bitnami's components, as their SPDX documents state them.
    Bitnami = "bitnami", "bitnami", Some(Ecosystem::Bitnami);
    /// JavaScript.
    Npm = "npm", "npm", Some(Ecosystem::Npm);
    /// Python.
    Python = "python", "pypi", Some(Ecosystem::PyPI);
    /// Conda packages of any language.
    Conda = "conda", "conda", None;
    /// Go modules, and the standard library as module `stdlib`.
    Go = "go-module", "golang", Some(Ecosystem::Go);
    /// Rust crates.
    Cargo = "rust-crate", "cargo", Some(Ecosystem::CratesIo);
    /// Java archives.
    Maven = "java-archive", "maven", Some(Ecosystem::Maven);
    /// Plugins of Jenkins, which are Maven artifacts too.
    JenkinsPlugin = "jenkins-plugin", "maven", Some(Ecosystem::Maven);
    /// Ruby gems.
    Gem = "gem", "gem", Some(Ecosystem::RubyGems);
    /// PHP's Composer: `vendor/package`.
    Composer = "php-composer", "composer", Some(Ecosystem::Packagist);
    /// PHP's PEAR packages.
    Pear = "php-pear", "pear", None;
    /// PHP's extensions of PECL.
    Pecl = "php-pecl", "pecl", None;
    /// .NET.
    NuGet = "dotnet", "nuget", Some(Ecosystem::NuGet);
    /// Dart and Flutter.
    Pub = "dart-pub", "pub", Some(Ecosystem::Pub);
    /// Elixir and Erlang.
    Hex = "hex", "hex", Some(Ecosystem::Hex);
    /// Applications of Erlang's OTP.
    Otp = "erlang-otp", "otp", None;
    /// Swift packages: the repository's path, `github.com/apple`, is the namespace.
    Swift = "swift", "swift", Some(Ecosystem::SwiftUrl);
    /// CocoaPods.
    CocoaPods = "pod", "cocoapods", None;
    /// C and C++: Conan.
    Conan = "conan", "conan", Some(Ecosystem::Conan);
    /// C and C++: vcpkg.
    Vcpkg = "vcpkg", "vcpkg", None;
    /// Haskell.
    Hackage = "hackage", "hackage", Some(Ecosystem::Hackage);
    /// OCaml.
    Opam = "opam", "opam", Some(Ecosystem::Opam);
    /// R.
    Cran = "R-package", "cran", Some(Ecosystem::Cran);
    /// Julia.
    Julia = "julia", "julia", Some(Ecosystem::Julia);
    /// Lua.
    LuaRocks = "lua-rocks", "luarocks", None;
    /// Perl distributions.
    Cpan = "cpan", "cpan", None;
    /// Packs of SWI-Prolog.
    SwiPl = "swiplpack", "swiplpack", None;
    /// Providers of Terraform and OpenTofu.
    Terraform = "terraform", "terraform", None;
    /// Actions that a GitHub workflow uses: `owner/repository`.
    GitHubAction = "github-action", "github", Some(Ecosystem::GitHubActions);
    /// Workflows that a GitHub workflow calls.
    GitHubWorkflow = "github-action-workflow", "github", Some(Ecosystem::GitHubActions);
    /// Plugins and themes of WordPress, and WordPress itself.
    WordPress = "wordpress-plugin", "wordpress-plugin", None;
    /// Programs without a package, known by what is in them.
    #[default]
    Generic = "binary", "generic", None;
}

impl PackageKind {
    /// Whether the distribution's own package manager installs it.
    pub const fn is_os(self) -> bool {
        matches!(self, Self::Apk | Self::Deb | Self::Rpm | Self::Alpm | Self::Portage | Self::Opkg)
    }

    /// The kind that [`PackageKind::name`] or a purl type names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// A file that states a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// The file's path.
    pub path: ImagePath,
    /// Where inside the file, for an archive in an archive; else empty.
    pub inside: String,
}

/// A package of an image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// Kind of package.
    pub kind: PackageKind,
    /// Name as its ecosystem writes it; for Maven the artifact.
    pub name: String,
    /// Maven group.
    pub namespace: Option<String>,
    /// Version as its ecosystem writes it, epoch included; empty when unknown.
    pub version: String,
    /// The canonical package URL.
    pub purl: String,
    /// Architecture as its ecosystem calls it.
    pub arch: Option<String>,
    /// The package it was built from.
    pub source: Option<SourcePackage>,
    /// Licences as stated, sorted.
    pub licences: Vec<String>,
    /// Every file of this layer that states it, sorted.
    pub locations: Vec<Location>,
    /// Index of the layer in which this version first appeared, counted from 0.
    pub layer: usize,
    /// The operating system package that installed the files which state it, if one did.
    pub owned_by: Option<String>,
    /// Whether every file that states it says it is for development only.
    pub development: bool,
    /// Whether only lock files state it: nothing shows it installed.
    pub locked_only: bool,
    /// What it asks for, as the files that state it tell.
    pub depends: Vec<Requirement>,
    /// Names besides its own under which others ask for it: `so:libssl.so.3`, `mail-transport-agent`.
    pub provides: Vec<String>,
    /// Whether the project asks for it itself (true) or only something that it uses does (false); `None` where no
    /// file tells.
    pub direct: Option<bool>,
    /// Whether all that states it calls it optional.
    pub optional: bool,
    /// More that its ecosystem states: `modularity`, `vendor`, `commit`, …
    pub details: BTreeMap<String, String>,
}

impl Package {
    /// The name under which people and advisories know it: `group:artifact` for Maven, else the name.
    pub fn full_name(&self) -> std::borrow::Cow<'_, str> {
        match &self.namespace {
            Some(group) if self.kind.ecosystem() == Some(Ecosystem::Maven) => {
                format!("{group}:{}", self.name).into()
            }
            Some(host) if self.kind == PackageKind::Swift => format!("{host}/{}", self.name).into(),
            _ => self.name.as_str().into(),
        }
    }
}
