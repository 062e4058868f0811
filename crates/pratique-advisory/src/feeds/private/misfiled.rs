//! Ecosystems under which nothing is ever looked up: a slip in a record of one's own that would otherwise match nothing for
//! ever, and look as if nothing were affected.
//!
//! OSV writes a release behind a distribution's name (OSV schema, "Defined ecosystems"), each distribution in its own way.
//! `pratique-match` makes those names of what images say, and tests there hold the two together.

use pratique_version::Ecosystem;

/// How a distribution's releases are written.
struct Form {
    ecosystem: Ecosystem,
    example: &'static str,
    is_release: fn(&str) -> bool,
}

const fn form(ecosystem: Ecosystem, example: &'static str, is_release: fn(&str) -> bool) -> Form {
    Form { ecosystem, example, is_release }
}

/// Distributions whose advisories are filed by release.
const FORMS: &[Form] = &[
    form(Ecosystem::AlmaLinux, "AlmaLinux:9", is_number),
    form(Ecosystem::Alpaquita, "Alpaquita:23", |_| true),
    form(Ecosystem::Alpine, "Alpine:v3.20", |release| {
        release == "edge" || release.strip_prefix('v').is_some_and(has_two_numbers)
    }),
    form(Ecosystem::Amazon, "Amazon Linux:2023", is_number),
    form(Ecosystem::AzureLinux, "Azure Linux:3", is_number),
    form(Ecosystem::BellSoftHardened, "BellSoft Hardened Containers:23", |_| true),
    form(Ecosystem::Debian, "Debian:12", is_number),
    form(Ecosystem::Mageia, "Mageia:9", is_number),
    form(Ecosystem::OpenEuler, "openEuler:24.03-LTS", |release| {
        has_two_numbers(release.split('-').next().unwrap_or_default())
    }),
    form(Ecosystem::OpenSuse, "openSUSE:Leap 15.6", |release| {
        release == "Tumbleweed" || release.strip_prefix("Leap ").is_some_and(has_two_numbers)
    }),
    form(Ecosystem::Oracle, "Oracle Linux:9", is_number),
    form(Ecosystem::PhotonOs, "Photon OS:5.0", has_two_numbers),
    form(Ecosystem::RedHat, "Red Hat:enterprise_linux:9", |release| {
        let version = release.strip_prefix("enterprise_linux:").unwrap_or_default();
        is_number(version.split("::").next().unwrap_or_default())
    }),
    form(Ecosystem::RockyLinux, "Rocky Linux:9", is_number),
    form(Ecosystem::Suse, "SUSE:Linux Enterprise Server 15 SP6", |release| {
        release.starts_with("Linux Enterprise ")
    }),
    form(Ecosystem::Ubuntu, "Ubuntu:24.04:LTS", |release| {
        let release = release.strip_prefix("Pro:").unwrap_or(release);
        has_two_numbers(release.strip_suffix(":LTS").unwrap_or(release))
    }),
];

/// Distributions that have no releases.
const ROLLING: [Ecosystem; 5] =
    [Ecosystem::Chainguard, Ecosystem::CleanStart, Ecosystem::Echo, Ecosystem::MinimOs, Ecosystem::Wolfi];

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_two_numbers(text: &str) -> bool {
    text.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// Why nothing is ever looked up under the name of an ecosystem, and what to write instead; `None` if something may be.
pub fn misfiled(ecosystem: &str) -> Option<String> {
    let Some((family, release)) = Ecosystem::from_osv(ecosystem) else {
        let meant = ecosystem.parse::<Ecosystem>().ok().map(example);
        let meant = meant.map(|meant| format!("; write {meant:?}")).unwrap_or_default();
        return Some(format!("{ecosystem:?} is no ecosystem, so that it matches nothing{meant}"));
    };
    if let Some(form) = FORMS.iter().find(|form| form.ecosystem == family) {
        let needs = match release {
            None => "its advisories are filed by release",
            Some(release) if !(form.is_release)(release) => "its releases are written otherwise",
            Some(_) => return None,
        };
        return Some(format!(
            "{ecosystem:?} matches nothing, since {needs}; write it as in {:?}",
            form.example
        ));
    }
    let name = family.osv_name();
    if family.is_distribution() && !ROLLING.contains(&family) {
        return Some(format!("{ecosystem:?} matches nothing: packages of {name} are not matched yet"));
    }
    // Patched packages and levels of Android are named by what follows.
    let is_named_by_release = matches!(family, Ecosystem::Root | Ecosystem::Android);
    (release.is_some() && !is_named_by_release)
        .then(|| format!("{ecosystem:?} matches nothing, since {name} has no releases; write {name:?}"))
}

fn example(family: Ecosystem) -> &'static str {
    let form = FORMS.iter().find(|form| form.ecosystem == family);
    form.map_or(family.osv_name(), |form| form.example)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_nothing_is_told_with_the_remedy() {
        for (written, remedy) in [
            ("Debian", "\"Debian:12\""),
            ("Debian:bookworm", "\"Debian:12\""),
            ("debian:12", "\"Debian:12\""),
            ("Ubuntu", "\"Ubuntu:24.04:LTS\""),
            ("Alpine:3.20", "\"Alpine:v3.20\""),
            ("NPM", "\"npm\""),
            ("npm:1", "\"npm\""),
            ("Wolfi:2023", "\"Wolfi\""),
            ("Fedora:40", "not matched yet"),
            ("Red Hat:9", "\"Red Hat:enterprise_linux:9\""),
        ] {
            let told = misfiled(written).unwrap_or_default();
            assert!(told.contains(remedy) && told.starts_with(&format!("{written:?}")), "{written}: {told}");
        }
        assert_eq!(misfiled("Acme").as_deref(), Some("\"Acme\" is no ecosystem, so that it matches nothing"));
        for form in FORMS {
            assert_eq!(misfiled(form.example), None);
        }
        for good in ["npm", "PyPI", "Ubuntu:22.04", "Ubuntu:Pro:16.04:LTS", "Wolfi", "Alpine:edge", "CPE"] {
            assert_eq!(misfiled(good), None);
        }
    }
}
