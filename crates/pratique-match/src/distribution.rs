//! Which advisories speak of a distribution release.
//!
//! OSV writes a release behind the distribution's name: `Debian:12`, `Alpine:v3.20`, `Ubuntu:22.04:LTS`
//! (OSV schema, "Defined ecosystems"). `os-release` writes it otherwise, and each family has its own ideas
//! of what a release is. One table, [`FAMILIES`], says all of it.

use pratique_inventory::Distribution;
use pratique_version::Ecosystem;

/// Under whose name a distribution's advisories are filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiledUnder {
    /// The source package, compared with the source package's version: Debian, Ubuntu, Alpine and its kin.
    ///
    /// A binary package may bear the name of another source package, so its own name is asked only where it
    /// has no source of another name.
    Source,
    /// The binary package, compared with its own version: Red Hat's family.
    Binary,
    /// Either: some records name the source, others the binary packages.
    Both,
}

/// A distribution release, as its advisories know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The distribution.
    pub ecosystem: Ecosystem,
    /// OSV names under which its advisories are filed, as in `Debian:12`. A name that ends in `*` stands for
    /// all that begin so: Red Hat files by product, `Red Hat:enterprise_linux:9::baseos`.
    pub names: Vec<String>,
    /// The same for packages from an archive that only subscribers see: `Ubuntu:Pro:14.04:LTS`. They have
    /// versions of their own (`2.19-0ubuntu6.15+esm1`), fixed long after the release's own support ended, and what
    /// a record says there goes before what it says of the release.
    pub subscription: Vec<String>,
    /// Under whose name.
    pub filed_under: FiledUnder,
}

struct Family {
    /// `ID` of os-release.
    id: &'static str,
    ecosystem: Ecosystem,
    filed_under: FiledUnder,
    /// OSV names of the release.
    names: fn(&Distribution) -> Vec<String>,
}

/// Every distribution whose advisories OSV or a feed of its own carries.
const FAMILIES: &[Family] = &[
    Family {
        id: "debian",
        ecosystem: Ecosystem::Debian,
        filed_under: FiledUnder::Source,
        names: |d| release("Debian", major(&d.version)),
    },
    Family { id: "ubuntu", ecosystem: Ecosystem::Ubuntu, filed_under: FiledUnder::Source, names: ubuntu },
    Family { id: "alpine", ecosystem: Ecosystem::Alpine, filed_under: FiledUnder::Source, names: alpine },
    Family {
        id: "wolfi",
        ecosystem: Ecosystem::Wolfi,
        filed_under: FiledUnder::Source,
        names: |_| vec!["Wolfi".into()],
    },
    Family {
        id: "chainguard",
        ecosystem: Ecosystem::Chainguard,
        filed_under: FiledUnder::Source,
        names: |_| vec!["Chainguard".into(), "Wolfi".into()],
    },
    Family {
        id: "alpaquita",
        ecosystem: Ecosystem::Alpaquita,
        filed_under: FiledUnder::Source,
        names: |d| vec![format!("Alpaquita:{}", if d.version.is_empty() { "stream" } else { &d.version })],
    },
    Family {
        id: "bellsoft-hardened-containers",
        ecosystem: Ecosystem::BellSoftHardened,
        filed_under: FiledUnder::Source,
        names: |d| {
            let release = if d.version.is_empty() { "stream" } else { &d.version };
            vec![format!("BellSoft Hardened Containers:{release}")]
        },
    },
    Family {
        id: "minimos",
        ecosystem: Ecosystem::MinimOs,
        filed_under: FiledUnder::Source,
        names: |_| vec!["MinimOS".into()],
    },
    Family {
        id: "cleanstart",
        ecosystem: Ecosystem::CleanStart,
        filed_under: FiledUnder::Both,
        names: |_| vec!["CleanStart".into()],
    },
    Family {
        id: "echo",
        ecosystem: Ecosystem::Echo,
        filed_under: FiledUnder::Source,
        names: |_| vec!["Echo".into()],
    },
    Family {
        id: "rhel",
        ecosystem: Ecosystem::RedHat,
        filed_under: FiledUnder::Binary,
        names: |d| red_hat(&d.version),
    },
    // CentOS Linux rebuilt Red Hat's packages with their versions; its advisories are Red Hat's.
    Family {
        id: "centos",
        ecosystem: Ecosystem::RedHat,
        filed_under: FiledUnder::Binary,
        names: |d| red_hat(&d.version),
    },
    Family {
        id: "almalinux",
        ecosystem: Ecosystem::AlmaLinux,
        filed_under: FiledUnder::Binary,
        names: |d| release("AlmaLinux", major(&d.version)),
    },
    Family {
        id: "rocky",
        ecosystem: Ecosystem::RockyLinux,
        filed_under: FiledUnder::Binary,
        names: |d| release("Rocky Linux", major(&d.version)),
    },
    Family {
        id: "opensuse-leap",
        ecosystem: Ecosystem::OpenSuse,
        filed_under: FiledUnder::Both,
        names: |d| {
            release(
                "openSUSE",
                Some(format!("Leap {}", d.version)).filter(|_| !d.version.is_empty()).as_deref(),
            )
        },
    },
    Family {
        id: "opensuse-tumbleweed",
        ecosystem: Ecosystem::OpenSuse,
        filed_under: FiledUnder::Both,
        names: |_| vec!["openSUSE:Tumbleweed".into()],
    },
    Family { id: "sles", ecosystem: Ecosystem::Suse, filed_under: FiledUnder::Both, names: suse },
    Family {
        id: "mageia",
        ecosystem: Ecosystem::Mageia,
        filed_under: FiledUnder::Both,
        names: |d| release("Mageia", major(&d.version)),
    },
    Family {
        id: "openEuler",
        ecosystem: Ecosystem::OpenEuler,
        filed_under: FiledUnder::Both,
        names: open_euler,
    },
    Family {
        id: "photon",
        ecosystem: Ecosystem::PhotonOs,
        filed_under: FiledUnder::Both,
        names: |d| release("Photon OS", Some(d.version.as_str()).filter(|version| !version.is_empty())),
    },
    Family {
        id: "amzn",
        ecosystem: Ecosystem::Amazon,
        filed_under: FiledUnder::Binary,
        names: |d| release("Amazon Linux", amazon(&d.version)),
    },
    Family {
        id: "ol",
        ecosystem: Ecosystem::Oracle,
        filed_under: FiledUnder::Binary,
        names: |d| release("Oracle Linux", major(&d.version)),
    },
    Family {
        id: "azurelinux",
        ecosystem: Ecosystem::AzureLinux,
        filed_under: FiledUnder::Source,
        names: |d| release("Azure Linux", major(&d.version)),
    },
    Family {
        id: "mariner",
        ecosystem: Ecosystem::AzureLinux,
        filed_under: FiledUnder::Source,
        names: |d| release("Azure Linux", major(&d.version)),
    },
];

/// The release under which advisories for `distribution` are filed; `None` when OSV has no advisories for
/// this distribution at all, or its release is not known: see [`why_unmatched`].
pub fn release_of(distribution: &Distribution) -> Option<Release> {
    let family = FAMILIES.iter().find(|family| family.id == distribution.id)?;
    if is_stream(distribution) {
        return None;
    }
    let names = (family.names)(distribution);
    let subscription = if family.ecosystem == Ecosystem::Ubuntu {
        names.iter().map(|name| name.replacen("Ubuntu:", "Ubuntu:Pro:", 1)).collect()
    } else {
        Vec::new()
    };
    (!names.is_empty()).then_some(Release {
        ecosystem: family.ecosystem,
        names,
        subscription,
        filed_under: family.filed_under,
    })
}

/// CentOS Stream runs ahead of Red Hat Enterprise Linux: its packages are fixed at other times and under other
/// release numbers than Red Hat's advisories name, and it has none of its own. It shares its id with CentOS
/// Linux, which was a rebuild.
fn is_stream(distribution: &Distribution) -> bool {
    distribution.id == "centos" && distribution.name.contains("Stream")
}

/// Why [`release_of`] knows no release: the distribution by its name, and what is missing.
pub fn why_unmatched(distribution: &Distribution) -> String {
    let Distribution { id, version, name, .. } = distribution;
    let named = match (name.is_empty(), version.is_empty()) {
        (false, _) => name.clone(),
        (true, true) => id.clone(),
        (true, false) => format!("{id} {version}"),
    };
    let why = if !FAMILIES.iter().any(|family| family.id == *id) {
        "no advisories for this distribution are supported yet"
    } else if is_stream(distribution) {
        "it runs ahead of Red Hat Enterprise Linux, whose advisories do not fit it, and has none of its own"
    } else if version.is_empty() {
        "the image does not say which release it is, and advisories are filed by release"
    } else {
        "advisories are filed by release, and not for this one"
    };
    format!("{named}: {why}")
}

fn release(name: &str, version: Option<&str>) -> Vec<String> {
    version.map(|version| format!("{name}:{version}")).into_iter().collect()
}

fn major(version: &str) -> Option<&str> {
    version.split(['.', '-', '_']).next().filter(|major| !major.is_empty())
}

/// `VERSION_ID=3.20.3` → `v3.20`; development images (`3.21_alpha20240807`) are edge, for which OSV has no
/// name of its own and Alpine's security database has.
fn alpine(d: &Distribution) -> Vec<String> {
    let mut parts = d.version.split('.');
    let (Some(major), Some(minor)) = (parts.next(), parts.next()) else { return Vec::new() };
    if major.is_empty() {
        return Vec::new();
    }
    if d.version.contains('_') {
        return vec!["Alpine:edge".to_owned()];
    }
    vec![format!("Alpine:v{major}.{minor}")]
}

/// Even years' April releases are long-term and named so; both spellings occur.
fn ubuntu(d: &Distribution) -> Vec<String> {
    let mut parts = d.version.split('.');
    let (Some(year), Some(month)) = (parts.next(), parts.next()) else { return Vec::new() };
    let release = format!("Ubuntu:{year}.{month}");
    let even = year.parse::<u32>().is_ok_and(|year| year % 2 == 0);
    if even && month == "04" { vec![format!("{release}:LTS"), release] } else { vec![release] }
}

/// `VERSION_ID=2023` → `2023`; Amazon Linux 1 counted by months (`2018.03`).
fn amazon(version: &str) -> Option<&str> {
    let release = major(version)?;
    let is_month = release.len() == 4 && version.contains('.') && release <= "2018";
    Some(if is_month { "1" } else { release })
}

fn red_hat(version: &str) -> Vec<String> {
    let Some(major) = major(version) else { return Vec::new() };
    vec![format!("Red Hat:enterprise_linux:{major}::*"), format!("Red Hat:enterprise_linux:{major}")]
}

/// `VERSION_ID=15.3` → `Linux Enterprise Server 15 SP3` and its modules.
fn suse(d: &Distribution) -> Vec<String> {
    let mut parts = d.version.split('.');
    let Some(major) = parts.next().filter(|major| !major.is_empty()) else { return Vec::new() };
    let pack = parts.next().filter(|pack| *pack != "0").map(|pack| format!(" SP{pack}")).unwrap_or_default();
    let product = |name: &str| format!("SUSE:Linux Enterprise {name} {major}{pack}");
    vec![
        product("Server"),
        product("Module for Basesystem"),
        product("Module for Server Applications"),
        product("Module for Development Tools"),
    ]
}

/// `VERSION_ID="22.03"`, `VERSION="22.03 (LTS-SP1)"` → `22.03-LTS-SP1`.
fn open_euler(d: &Distribution) -> Vec<String> {
    if d.version.is_empty() {
        return Vec::new();
    }
    let suffix = d.name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
    match suffix {
        Some(suffix) => vec![format!("openEuler:{}-{suffix}", d.version)],
        None => vec![format!("openEuler:{}", d.version)],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn names(id: &str, version: &str) -> Vec<String> {
        let distribution = Distribution { id: id.into(), version: version.into(), ..Distribution::default() };
        release_of(&distribution).map(|release| release.names).unwrap_or_default()
    }

    #[test]
    fn releases_are_named_as_osv_names_them() {
        for (id, version, want) in [
            ("debian", "12", "Debian:12"),
            ("debian", "11.7", "Debian:11"),
            ("alpine", "3.14.0", "Alpine:v3.14"),
            ("ubuntu", "18.04", "Ubuntu:18.04:LTS"),
            ("ubuntu", "23.10", "Ubuntu:23.10"),
            ("almalinux", "9.3", "AlmaLinux:9"),
            ("rocky", "9.3", "Rocky Linux:9"),
            ("rhel", "8.1", "Red Hat:enterprise_linux:8::*"),
            ("sles", "15.3", "SUSE:Linux Enterprise Server 15 SP3"),
            ("opensuse-leap", "15.1", "openSUSE:Leap 15.1"),
            ("wolfi", "20230201", "Wolfi"),
            ("alpaquita", "23", "Alpaquita:23"),
            ("alpine", "3.21_alpha20240807", "Alpine:edge"),
            ("amzn", "2018.03", "Amazon Linux:1"),
            ("amzn", "2", "Amazon Linux:2"),
            ("amzn", "2023", "Amazon Linux:2023"),
            ("ol", "8.5", "Oracle Linux:8"),
            ("azurelinux", "3.0", "Azure Linux:3"),
            ("mariner", "2.0", "Azure Linux:2"),
            ("photon", "4.0", "Photon OS:4.0"),
        ] {
            let all = names(id, version);
            assert_eq!(all.first().map(String::as_str), Some(want), "{id} {version}");
            // Nobody is told that records under these names match nothing.
            for name in all {
                let prefix = name.trim_end_matches("::*");
                assert_eq!(pratique_advisory::feeds::misfiled(prefix), None);
            }
        }
    }

    #[test]
    fn what_cannot_be_matched_is_named_with_the_reason() {
        let why = |id: &str, version: &str, name: &str| {
            let distribution = Distribution {
                id: id.into(),
                version: version.into(),
                name: name.into(),
                ..Distribution::default()
            };
            assert_eq!(release_of(&distribution), None);
            why_unmatched(&distribution)
        };
        for (id, version, name) in [("fedora", "35", "Fedora Linux 35"), ("arch", "", "Arch Linux")] {
            assert_eq!(
                why(id, version, name),
                format!("{name}: no advisories for this distribution are supported yet")
            );
        }
        assert!(why("centos", "9", "CentOS Stream 9").contains("runs ahead of Red Hat"));
        assert!(why("debian", "", "Debian GNU/Linux trixie/sid").contains("does not say which release"));
        assert!(why("alpine", "3", "Alpine Linux").contains("not for this one"));
        assert_eq!(
            why("nixos", "24.05", ""),
            "nixos 24.05: no advisories for this distribution are supported yet"
        );
    }

    #[test]
    fn subscribers_packages_are_filed_apart() {
        let ubuntu = Distribution { id: "ubuntu".into(), version: "14.04".into(), ..Distribution::default() };
        let release = release_of(&ubuntu).unwrap();
        assert_eq!(release.subscription, ["Ubuntu:Pro:14.04:LTS", "Ubuntu:Pro:14.04"]);
        let debian = Distribution { id: "debian".into(), version: "12".into(), ..Distribution::default() };
        assert_eq!(release_of(&debian).unwrap().subscription, Vec::<String>::new());
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        for (id, version) in [("debian", ""), ("alpine", ""), ("gentoo", "2.15"), ("amzn", ""), ("ol", "")] {
            assert_eq!(names(id, version), Vec::<String>::new(), "{id} {version}");
        }
    }
}
