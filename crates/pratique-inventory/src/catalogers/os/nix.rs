//! Packages of Nix, by the names of their folders in the store.
//!
//! Everything that Nix builds lies in `nix/store/HASH-NAME-VERSION[-OUTPUT]` (Nix manual, "Store path"). The name is
//! all that a store path says of itself: the derivation that made it is seldom shipped, and the database
//! (`nix/var/nix/db`) only knows paths as well.
//!
//! * The hash is 32 characters of Nix's own base 32, which has no `e`, `o`, `t` and `u`.
//! * The version begins at the first dash that no letter follows (Nix manual, `builtins.parseDrvName`). Packages of
//!   a commit say `unstable-2024-03-01`, either behind the name or behind the last release (`0-unstable-…`).
//! * An output other than `out` is the last word, without digits (`bin`, `dev`, `libgcc`). One package's outputs lie
//!   in folders of their own and are told apart by the purl's qualifiers `output` and `outputhash`, as Syft has it.
//!
//! Only folders are packages. Single files in the store are sources, patches, wrappers' hooks and derivations; what
//! has no version (`user-environment`, `source`) is no release of anything.

use pratique_image::ImagePath;

use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable};

/// Reads the names of Nix's store paths.
pub struct NixStore;

impl Cataloger for NixStore {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/nix-store", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["nix/store/*/"]
    }

    fn wants(&self, _: &pratique_image::EntryHeader) -> bool {
        false
    }

    fn read(&self, _: &mut File<'_>) -> Result<Reading, Unreadable> {
        Ok(Reading::nothing())
    }

    fn directory(&self, path: &ImagePath) -> Option<Fact> {
        let name = path.as_bytes().strip_prefix(b"nix/store/")?;
        let path = StorePath::parse(str::from_utf8(name).ok()?)?;
        let details = [("outputhash", path.hash), ("output", path.output)];
        let details = details.into_iter().filter(|(_, value)| !value.is_empty());
        Some(Fact::Package(Box::new(Stated {
            kind: PackageKind::Nix,
            name: path.name.to_owned(),
            version: path.version.to_owned(),
            details: details.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            ..Stated::default()
        })))
    }
}

/// The name of a folder in the store, cut into its parts.
#[derive(Debug, PartialEq, Eq)]
struct StorePath<'a> {
    hash: &'a str,
    name: &'a str,
    version: &'a str,
    /// Empty for `out`.
    output: &'a str,
}

impl<'a> StorePath<'a> {
    /// `None` for what is no store path, or has no version.
    fn parse(folder: &'a str) -> Option<Self> {
        const DIGITS: &[u8] = b"0123456789abcdfghijklmnpqrsvwxyz";
        let (hash, rest) = folder.split_at_checked(32)?;
        let rest = rest.strip_prefix('-')?;
        if rest.contains('/')
            || !hash.bytes().all(|b| DIGITS.contains(&b))
            || rest.as_bytes().ends_with(b".drv")
        {
            return None;
        }
        let starts = rest.match_indices('-').map(|(at, _)| at).filter(|&at| {
            let behind = rest.get(at + 1..).unwrap_or_default();
            let dated = behind.strip_prefix("unstable-").unwrap_or(behind);
            dated.starts_with(|c: char| c.is_ascii_digit())
        });
        let at = starts.min().filter(|&at| at > 0)?;
        let (name, version) = (rest.get(..at)?, rest.get(at + 1..)?);
        let (version, output) = match version.rsplit_once('-') {
            Some((version, last)) if is_output(last) => (version, last),
            _ => (version, ""),
        };
        Some(Self { hash, name, version, output })
    }
}

/// Whether the last word of a name is an output. Versions end in words with digits (`alpha.1`, `p15`).
fn is_output(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "h0cnbmfcn93xm5dg2x27ixhag1cwndga";

    fn parts(name: &str) -> Option<(String, String, String)> {
        let folder = format!("{HASH}-{name}");
        StorePath::parse(&folder).map(|p| (p.name.to_owned(), p.version.to_owned(), p.output.to_owned()))
    }

    #[test]
    fn names_of_nixpkgs() {
        for (folder, name, version, output) in [
            ("glibc-2.34-210-bin", "glibc", "2.34-210", "bin"),
            ("bash-5.2-p15", "bash", "5.2-p15", ""),
            ("python3.11-requests-2.31.0", "python3.11-requests", "2.31.0", ""),
            ("perl5.38.2-URI-5.21", "perl5.38.2-URI", "5.21", ""),
            ("gcc-12.3.0-libgcc", "gcc", "12.3.0", "libgcc"),
            ("tzdata-2023c", "tzdata", "2023c", ""),
            ("vim-unstable-2023-10-01", "vim", "unstable-2023-10-01", ""),
            ("x264-unstable-2019-09-03-lib", "x264", "unstable-2019-09-03", "lib"),
            ("lib-0-unstable-2024-03-01", "lib", "0-unstable-2024-03-01", ""),
            ("rust_foo-bar-1.2.3-alpha.1", "rust_foo-bar", "1.2.3-alpha.1", ""),
            (
                "busybox-static-x86_64-unknown-linux-musl-1.36.1",
                "busybox-static-x86_64-unknown-linux-musl",
                "1.36.1",
                "",
            ),
        ] {
            assert_eq!(parts(folder), Some((name.into(), version.into(), output.into())), "{folder}");
        }
    }

    #[test]
    fn what_is_no_package() {
        for name in ["source", "user-environment", "stdenv-linux", "glibc-2.34-210.drv", "a-1/b", "-1"] {
            assert_eq!(parts(name), None, "{name}");
        }
        assert_eq!(StorePath::parse(&HASH.replace('h', "e")), None);
        assert_eq!(StorePath::parse("short-1.0"), None);
        assert_eq!(StorePath::parse("é0cnbmfcn93xm5dg2x27ixhag1cwndga-a-1"), None);
    }

    #[test]
    fn only_folders_of_the_store() {
        let fact = |path: String| NixStore.directory(&ImagePath::new(path).unwrap());
        let Some(Fact::Package(stated)) = fact(format!("nix/store/{HASH}-openssl-3.0.12-dev")) else {
            panic!()
        };
        assert_eq!((stated.name.as_str(), stated.version.as_str()), ("openssl", "3.0.12"));
        assert_eq!(stated.details["output"], "dev");
        assert_eq!(stated.details["outputhash"], HASH);
        assert_eq!(fact(format!("nix/store/{HASH}-openssl-3.0.12/lib")), None);
        assert_eq!(fact(format!("srv/{HASH}-openssl-3.0.12")), None);
    }
}
