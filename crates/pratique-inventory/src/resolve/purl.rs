//! The package URL of a package: what the file states, and the distribution that the image is.
//!
//! Qualifiers follow the purl specification's type definitions, and where those leave it open what Syft
//! writes, so that documents from both agree: `arch`, `distro` (`debian-12`), `epoch` (rpm), `upstream` (the
//! source package), `vcs_url`, `hosted_url` (Dart), `channel` (Conan), `platform` (gems), `repository_url` of what is in no
//! ecosystem.

use pratique_version::purl::PackageUrl;

use crate::{
    catalogers::language::python,
    fact::{Distribution, Stated},
    package::PackageKind,
};

/// The purl of `stated` in an image of `distribution`.
pub(crate) fn of(stated: &Stated, distribution: Option<&Distribution>) -> String {
    if let Some(purl) = of_program(stated) {
        return purl;
    }
    let (namespace, name, subpath) = path(stated, distribution);
    let mut qualifiers: Vec<(&str, String)> = Vec::new();
    let mut version = stated.version.as_str();
    if stated.kind.is_os() && stated.kind != PackageKind::Portage {
        qualifiers.extend(stated.arch.clone().map(|arch| ("arch", arch)));
        qualifiers.extend(distribution.filter(|d| !d.id.is_empty()).map(|d| ("distro", distro(d))));
        if stated.kind == PackageKind::Rpm
            && let Some((epoch, rest)) = version.split_once(':')
        {
            qualifiers.push(("epoch", epoch.to_owned()));
            version = rest;
        }
        qualifiers.extend(upstream(stated).map(|upstream| ("upstream", upstream)));
    }
    match stated.kind {
        PackageKind::Vcpkg => qualifiers.extend(stated.arch.clone().map(|triplet| ("triplet", triplet))),
        PackageKind::Bitnami => qualifiers.extend(stated.arch.clone().map(|arch| ("arch", arch))),
        _ => {}
    }
    let details = own_qualifiers(stated.kind).iter().chain(&["vcs_url"]);
    qualifiers.extend(details.filter_map(|&key| Some((key, stated.details.get(key)?.clone()))));
    let mut builder = PackageUrl::builder(stated.kind.purl_type(), name.as_str());
    if let Some(namespace) = namespace {
        builder = builder.namespace(namespace);
    }
    if let Some(subpath) = subpath {
        builder = builder.subpath(subpath);
    }
    if !version.is_empty() {
        builder = builder.version(version);
    }
    for (key, value) in qualifiers {
        builder = builder.qualifier(key, value);
    }
    match builder.build() {
        Ok(purl) => purl.to_string(),
        // A name that no purl of its type can hold still needs one of its own to be told apart by.
        Err(_) => format!("pkg:generic/{}@{}", percent(&stated.name), percent(&stated.version)),
    }
}

/// The details that are qualifiers of the kind's purls, under the same name.
fn own_qualifiers(kind: PackageKind) -> &'static [&'static str] {
    match kind {
        PackageKind::Bitnami => &["distro"],
        PackageKind::Conan => &["channel"],
        PackageKind::Gem => &["platform"],
        PackageKind::Generic => &["repository_url"],
        PackageKind::Julia => &["uuid"],
        PackageKind::Nix => &["output", "outputhash"],
        PackageKind::Pub => &["hosted_url"],
        PackageKind::Vcpkg => &["port_version"],
        _ => &[],
    }
}

/// The purl of a program that is known under one of its own, or whose name has several parts (`java/jre`).
fn of_program(stated: &Stated) -> Option<String> {
    if stated.kind != PackageKind::Generic {
        return None;
    }
    let base = stated.details.get("purl").cloned();
    let base = base.or_else(|| stated.name.contains('/').then(|| format!("pkg:generic/{}", stated.name)))?;
    let purl = PackageUrl::parse(&base).ok()?.with_version(Some(&stated.version));
    Some(purl.to_string())
}

/// Namespace, name and subpath.
fn path(stated: &Stated, distribution: Option<&Distribution>) -> (Option<String>, String, Option<String>) {
    match stated.kind {
        // Portage's categories take the namespace's place.
        PackageKind::Portage => match stated.name.split_once('/') {
            Some((category, name)) => (Some(category.to_owned()), name.to_owned(), None),
            None => (None, stated.name.clone(), None),
        },
        kind if kind.is_os() => {
            if stated.namespace.is_some() {
                return (stated.namespace.clone(), stated.name.clone(), None);
            }
            let id = distribution.map(|d| d.id.as_str()).filter(|id| !id.is_empty());
            // The purl specification names Red Hat by its vendor name.
            let id = id.map(|id| if id == "rhel" { "redhat" } else { id });
            (id.map(str::to_owned), stated.name.clone(), None)
        }
        // Scopes and module paths are namespaces in a purl and part of the name everywhere else.
        PackageKind::Npm | PackageKind::Go | PackageKind::Composer | PackageKind::Terraform => {
            match stated.name.rsplit_once('/') {
                Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned(), None),
                None => (None, stated.name.clone(), None),
            }
        }
        // `owner/repository`, and behind it where in the repository.
        PackageKind::GitHubAction | PackageKind::GitHubWorkflow => {
            let mut parts = stated.name.splitn(3, '/').map(str::to_owned);
            match (parts.next(), parts.next(), parts.next()) {
                (owner, Some(name), rest) => (owner, name, rest),
                _ => (None, stated.name.clone(), None),
            }
        }
        // A part of a pod.
        PackageKind::CocoaPods => match stated.name.split_once('/') {
            Some((pod, part)) => (None, pod.to_owned(), Some(part.to_owned())),
            None => (None, stated.name.clone(), None),
        },
        // Metadata spell names as they like; lock files, advisories and Syft's purls have the normal form.
        PackageKind::Python => (None, python::normal_name(&stated.name), None),
        _ => (stated.namespace.clone(), stated.name.clone(), None),
    }
}

fn distro(distribution: &Distribution) -> String {
    match distribution.version.as_str() {
        "" => match &distribution.build {
            Some(build) => format!("{}-{build}", distribution.id),
            None => distribution.id.clone(),
        },
        version => format!("{}-{version}", distribution.id),
    }
}

/// The source package: by its file name for rpm, else by name where that differs, with its version where that
/// differs too.
fn upstream(stated: &Stated) -> Option<String> {
    if stated.kind == PackageKind::Rpm {
        return stated.details.get("sourcerpm").cloned();
    }
    // opkg's list does not tell the source and its control files do: one package must have one purl.
    if stated.kind == PackageKind::Opkg {
        return None;
    }
    let source = stated.source.as_ref()?;
    match (source.name == stated.name, source.version == stated.version) {
        // Arch states the base of every package, and so does its purl.
        (true, true) if stated.kind == PackageKind::Alpm => Some(source.name.clone()),
        (true, true) => None,
        (_, true) => Some(source.name.clone()),
        (_, false) => Some(format!("{}@{}", source.name, source.version)),
    }
}

fn percent(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_are_one_purl() {
        for name in ["Zope.Interface", "zope_interface", "zope-interface", "zope.-interface"] {
            let (kind, name, version) = (PackageKind::Python, name.to_owned(), "5.5.2".to_owned());
            let stated = Stated { kind, name, version, ..Stated::default() };
            assert_eq!(of(&stated, None), "pkg:pypi/zope-interface@5.5.2");
        }
    }

    #[test]
    fn kinds_with_rules_of_their_own() {
        for (kind, namespace, name, details, want) in [
            (PackageKind::CocoaPods, None, "A/B/C", "", "pkg:cocoapods/A@1#B/C"),
            (PackageKind::Conan, Some("u"), "a", "channel", "pkg:conan/u/a@1?channel=x"),
            (PackageKind::GitHubAction, None, "o/r", "", "pkg:github/o/r@1"),
            (PackageKind::GitHubAction, None, "o/r/a/b", "uuid", "pkg:github/o/r@1#a/b"),
            (PackageKind::Hex, Some("acme"), "a", "", "pkg:hex/acme/a@1"),
            (PackageKind::Julia, None, "A", "uuid", "pkg:julia/A@1?uuid=x"),
            (PackageKind::Julia, None, "A", "", "pkg:generic/A@1"),
            (PackageKind::Pub, None, "a", "hosted_url", "pkg:pub/a@1?hosted_url=x"),
            (PackageKind::Swift, Some("h/o"), "A", "commit", "pkg:swift/h/o/A@1"),
            (PackageKind::Terraform, None, "h/o/a", "", "pkg:terraform/h/o/a@1"),
            (PackageKind::Vcpkg, None, "a", "port_version", "pkg:vcpkg/a@1?port_version=x"),
        ] {
            let mut stated = Stated {
                kind,
                name: name.into(),
                version: "1".into(),
                namespace: namespace.map(str::to_owned),
                ..Stated::default()
            };
            if !details.is_empty() {
                stated.details.insert(details.into(), "x".into());
            }
            assert_eq!(of(&stated, None), want);
        }
    }
}
