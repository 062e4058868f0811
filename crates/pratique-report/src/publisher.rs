//! Whose record that is, by its id, and where it can be read.

/// Who publishes advisories, and what other scanners call them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publisher {
    /// How ids of its records begin.
    prefix: &'static str,
    /// Trivy's id of it, as in `SeveritySource` and `CVSS`.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// Where it says what it publishes.
    pub url: &'static str,
}

const fn publisher(
    prefix: &'static str,
    id: &'static str,
    name: &'static str,
    url: &'static str,
) -> Publisher {
    Publisher { prefix, id, name, url }
}

/// Longer prefixes before shorter ones that begin alike.
const PUBLISHERS: &[Publisher] = &[
    publisher("CVE-", "nvd", "National Vulnerability Database", "https://nvd.nist.gov/"),
    publisher("GHSA-", "ghsa", "GitHub Security Advisory", "https://github.com/advisories"),
    publisher("GO-", "govulndb", "The Go Vulnerability Database", "https://pkg.go.dev/vuln/"),
    publisher(
        "PYSEC-",
        "osv",
        "Python Packaging Advisory Database",
        "https://github.com/pypa/advisory-database",
    ),
    publisher("RUSTSEC-", "osv", "RustSec Advisory Database", "https://rustsec.org/"),
    publisher("DEBIAN-", "debian", "Debian Security Tracker", "https://security-tracker.debian.org/tracker/"),
    publisher("DSA-", "debian", "Debian Security Advisory", "https://www.debian.org/security/"),
    publisher("DLA-", "debian", "Debian LTS Advisory", "https://www.debian.org/lts/security/"),
    publisher("UBUNTU-", "ubuntu", "Ubuntu CVE Tracker", "https://ubuntu.com/security/cves"),
    publisher("USN-", "ubuntu", "Ubuntu Security Notice", "https://ubuntu.com/security/notices"),
    publisher("ALPINE-", "alpine", "Alpine Secdb", "https://secdb.alpinelinux.org/"),
    publisher("RHSA-", "redhat", "Red Hat Security Advisory", "https://access.redhat.com/security/"),
    publisher("RLSA-", "rocky", "Rocky Linux Security Advisory", "https://errata.rockylinux.org/"),
    publisher("ALSA-", "alma", "AlmaLinux Security Advisory", "https://errata.almalinux.org/"),
    publisher(
        "AZL-",
        "azure",
        "Azure Linux Vulnerability Data",
        "https://github.com/microsoft/AzureLinuxVulnerabilityData",
    ),
    publisher("SUSE-", "suse-cvrf", "SUSE Security Update", "https://www.suse.com/support/update/"),
    publisher("openSUSE-", "suse-cvrf", "openSUSE Security Update", "https://www.suse.com/support/update/"),
    publisher(
        "PHSA-",
        "photon",
        "Photon OS Security Advisory",
        "https://github.com/vmware/photon/wiki/Security-Updates",
    ),
    publisher("CGA-", "chainguard", "Chainguard Security Data", "https://images.chainguard.dev/security"),
    publisher("BIT-", "bitnami", "Bitnami Vulnerability Database", "https://github.com/bitnami/vulndb"),
];

/// Who publishes the record `id`; OSV for those that we have no name for.
pub fn of(id: &str) -> Publisher {
    const OTHER: Publisher = publisher("", "osv", "OSV", "https://osv.dev/");
    PUBLISHERS.iter().copied().find(|publisher| id.starts_with(publisher.prefix)).unwrap_or(OTHER)
}

/// Where the record `id` can be read.
pub fn page(id: &str) -> String {
    match id.split_once('-').map(|(prefix, _)| prefix) {
        Some("CVE") => format!("https://nvd.nist.gov/vuln/detail/{id}"),
        Some("GHSA") => format!("https://github.com/advisories/{id}"),
        Some("GO") => format!("https://pkg.go.dev/vuln/{id}"),
        Some("RUSTSEC") => format!("https://rustsec.org/advisories/{id}.html"),
        Some("USN") => format!("https://ubuntu.com/security/notices/{id}"),
        Some("DSA" | "DLA") => format!("https://security-tracker.debian.org/tracker/{id}"),
        Some("RHSA") => format!("https://access.redhat.com/errata/{id}"),
        _ => format!("https://osv.dev/vulnerability/{}", encoded(id)),
    }
}

/// `id` with what has no place in a URL's path percent-encoded: ids come from feeds.
fn encoded(id: &str) -> String {
    crate::markup::percent_encoded(id, b"-._~:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_known_by_their_ids() {
        assert_eq!(of("GHSA-abcd").id, "ghsa");
        assert_eq!(of("XYZ-1").id, "osv");
        assert_eq!(page("PYSEC-2021-1"), "https://osv.dev/vulnerability/PYSEC-2021-1");
        assert_eq!(page("a b/"), "https://osv.dev/vulnerability/a%20b%2F");
    }
}
