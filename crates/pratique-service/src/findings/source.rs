//! Who publishes a vulnerability, in Inspector's words, and where.

use crate::scan::Matchable;

/// Name and address of the publisher of `vulnerability`, as far as a package with it is concerned.
pub(crate) fn publisher(vulnerability: &str, package: &Matchable) -> (String, String) {
    let id = vulnerability;
    let is_cve = id.starts_with("CVE-");
    let distribution = package.distribution.as_ref().filter(|_| package.package.kind.is_os());
    let Some(distribution) = distribution else {
        return (source_of(id), address(id));
    };
    if !is_cve {
        return (source_of(id), address(id));
    }
    let year = id.split('-').nth(1).unwrap_or_default();
    let (name, url) = match &*distribution.id {
        "debian" => ("DEBIAN_CVE", format!("https://security-tracker.debian.org/tracker/{id}")),
        "ubuntu" => {
            ("UBUNTU_CVE", format!("https://people.canonical.com/~ubuntu-security/cve/{year}/{id}.html"))
        }
        "rhel" | "centos" => ("REDHAT_CVE", format!("https://access.redhat.com/security/cve/{id}")),
        "alpine" => ("ALPINE_CVE", format!("https://security.alpinelinux.org/vuln/{id}")),
        "amzn" => ("AMAZON_CVE", format!("https://alas.aws.amazon.com/cve/html/{id}.html")),
        "ol" => ("ORACLE_CVE", format!("https://linux.oracle.com/cve/{id}.html")),
        "sles" | "opensuse-leap" | "opensuse-tumbleweed" => {
            ("SUSE_CVE", format!("https://www.suse.com/security/cve/{id}.html"))
        }
        other => {
            let name = super::platform::platform(other);
            return (format!("{name}_CVE"), address(id));
        }
    };
    (name.to_owned(), url)
}

/// Who says something in a record of that id.
pub(crate) fn source_of(record: &str) -> String {
    match record.split('-').next().unwrap_or_default() {
        "" | "CVE" | "NVD" => "NVD".to_owned(),
        "GHSA" => "GITHUB".to_owned(),
        "DEBIAN" | "DSA" | "DLA" => "DEBIAN_CVE".to_owned(),
        "UBUNTU" | "USN" => "UBUNTU_CVE".to_owned(),
        "RHSA" | "RHBA" | "RHEA" | "RHEL" => "REDHAT_CVE".to_owned(),
        "ALPINE" => "ALPINE_CVE".to_owned(),
        "ALAS" | "ALAS2" | "ALAS2023" => "AMAZON_CVE".to_owned(),
        other => super::platform::platform(other),
    }
}

/// Where a vulnerability is described.
fn address(id: &str) -> String {
    match id.split('-').next().unwrap_or_default() {
        "CVE" => format!("https://nvd.nist.gov/vuln/detail/{id}"),
        "GHSA" => format!("https://github.com/advisories/{id}"),
        _ => format!("https://osv.dev/vulnerability/{id}"),
    }
}
