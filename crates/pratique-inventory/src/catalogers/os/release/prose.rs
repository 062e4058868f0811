//! Release files from before `os-release`: a bare version, or a line for people.

use crate::Distribution;

/// How the line of a release file begins, the `ID` of `os-release` that belongs to it, and how many components
/// that distribution's `VERSION_ID` has (0: as many as there are). Longer beginnings first.
const VENDORS: &[(&str, &str, usize)] = &[
    ("Red Hat Enterprise Linux", "rhel", 0),
    ("CentOS", "centos", 0),
    ("Fedora Modular", "fedora-modular", 0),
    ("Fedora", "fedora", 0),
    ("Oracle Linux", "ol", 0),
    ("Enterprise Linux Enterprise Linux", "ol", 0),
    ("Amazon Linux", "amzn", 0),
    ("Rocky Linux", "rocky", 0),
    ("AlmaLinux", "almalinux", 0),
    ("Scientific Linux", "scientific", 0),
    ("VMware Photon", "photon", 2),
    ("CBL-Mariner", "mariner", 2),
    ("Common Base Linux Mariner", "mariner", 2),
    ("Microsoft Azure Linux", "azurelinux", 2),
    ("SUSE Linux Enterprise", "sles", 0),
    ("openSUSE Tumbleweed", "opensuse-tumbleweed", 0),
    ("openSUSE Leap", "opensuse-leap", 0),
    ("openSUSE", "opensuse", 0),
    ("openEuler", "openeuler", 0),
    ("Gentoo", "gentoo", 0),
];

/// A file that holds a version and nothing else.
pub(super) fn bare_version(id: &str, text: &str) -> Option<Distribution> {
    let version = first_line(text)?;
    let name = match id {
        "alpine" => format!("Alpine Linux {version}"),
        _ => format!("{id} {version}"),
    };
    Some(Distribution { id: id.into(), version: version.into(), name, ..Distribution::default() })
}

/// `12.15`, or `trixie/sid` before a release has a number.
pub(super) fn debian_version(text: &str) -> Option<Distribution> {
    let line = first_line(text)?;
    let mut stated =
        Distribution { id: "debian".into(), name: format!("Debian {line}"), ..Distribution::default() };
    if line.starts_with(|c: char| c.is_ascii_digit()) {
        let major = components(line, 1);
        // Up to 3.1 (sarge) a release was two numbers, since then it is one.
        let old = major.parse().is_ok_and(|major: u32| major < 4);
        if old { components(line, 2) } else { major }.clone_into(&mut stated.version);
        if stated.version != line {
            stated.point_release = Some(line.into());
        }
    } else {
        stated.codename = line.split('/').next().map(str::to_owned);
    }
    Some(stated)
}

/// `NAME [release] VERSION [(CODENAME)]`, with SUSE's `VERSION = ` and `PATCHLEVEL = ` lines below.
pub(super) fn sentence(text: &str) -> Option<Distribution> {
    let line = first_line(text)?;
    let known = VENDORS.iter().find(|(begin, _, _)| line.starts_with(begin));
    let (head, codename) = match line.split_once('(') {
        Some((head, rest)) => (head.trim(), rest.split(')').next().map(str::trim)),
        None => (line, None),
    };
    let number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let stated = head.split_whitespace().find(number).unwrap_or_default();
    let version = match (field(text, "VERSION"), field(text, "PATCHLEVEL")) {
        (Some(version), Some(level)) if level != "0" && !version.contains('.') => {
            format!("{version}.{level}")
        }
        (Some(version), _) => version.to_owned(),
        (None, _) => stated.to_owned(),
    };
    let (id, parts) = match known {
        Some((_, id, parts)) => ((*id).to_owned(), *parts),
        // A name that is not known is passed on as `os-release` would spell it.
        None => (spelled(head), 0),
    };
    if id.is_empty() {
        return None;
    }
    let coarse = if parts == 0 { version.as_str() } else { components(&version, parts) };
    // What SUSE has in parentheses is the architecture.
    let codename = field(text, "CODENAME").or(codename.filter(|_| field(text, "VERSION").is_none()));
    Some(Distribution {
        id,
        point_release: (coarse != version).then(|| version.clone()),
        version: coarse.to_owned(),
        codename: codename.filter(|name| !name.is_empty()).map(str::to_owned),
        name: line.to_owned(),
        ..Distribution::default()
    })
}

fn first_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty())
}

/// The value of a `NAME = value` line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    })
}

/// The first `count` components of a dotted version.
fn components(version: &str, count: usize) -> &str {
    let end = version.match_indices('.').nth(count.saturating_sub(1)).map_or(version.len(), |(at, _)| at);
    version.get(..end).unwrap_or(version)
}

/// The words before `release` or the version as an `ID`: lower case, joined with dashes.
fn spelled(head: &str) -> String {
    let words = head.split_whitespace();
    let name = words.take_while(|word| *word != "release" && !word.starts_with(|c: char| c.is_ascii_digit()));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.map(|word| word.chars().filter(|&c| plain(c)).collect::<String>().to_ascii_lowercase())
        .filter(|word| !word.is_empty() && word != "linux")
        .collect::<Vec<_>>()
        .join("-")
}
