//! The package URL of a package: what the file states, and the distribution that the image is.
//!
//! Qualifiers follow the purl specification's type definitions, and where those leave it open what Syft
//! writes, so that documents from both agree: `arch`, `distro` (`debian-12`), `epoch` (rpm), `upstream` (the
//! source package), `vcs_url`.

use pratique_version::purl::PackageUrl;

use crate::{
    fact::{Distribution, Stated},
    package::PackageKind,
};

/// The purl of `stated` in an image of `distribution`.
pub(crate) fn of(stated: &Stated, distribution: Option<&Distribution>) -> String {
    let (namespace, name) = namespace_and_name(stated, distribution);
    let mut qualifiers: Vec<(&str, String)> = Vec::new();
    let mut version = stated.version.as_str();
    if stated.kind.is_os() {
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
    qualifiers.extend(stated.details.get("vcs_url").map(|url| ("vcs_url", url.clone())));
    let mut builder = PackageUrl::builder(stated.kind.purl_type(), name.as_str());
    if let Some(namespace) = namespace {
        builder = builder.namespace(namespace);
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

fn namespace_and_name(stated: &Stated, distribution: Option<&Distribution>) -> (Option<String>, String) {
    match stated.kind {
        kind if kind.is_os() => {
            let id = distribution.map(|d| d.id.as_str()).filter(|id| !id.is_empty());
            // The purl specification names Red Hat by its vendor name.
            let id = id.map(|id| if id == "rhel" { "redhat" } else { id });
            (id.map(str::to_owned), stated.name.clone())
        }
        // Scopes and module paths are namespaces in a purl and part of the name everywhere else.
        PackageKind::Npm
        | PackageKind::Go
        | PackageKind::Composer
        | PackageKind::GitHubAction
        | PackageKind::GitHubWorkflow => match stated.name.rsplit_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
            None => (None, stated.name.clone()),
        },
        _ => (stated.namespace.clone(), stated.name.clone()),
    }
}

fn distro(distribution: &Distribution) -> String {
    match distribution.version.as_str() {
        "" => distribution.id.clone(),
        version => format!("{}-{version}", distribution.id),
    }
}

/// The source package: by its file name for rpm, else by name where that differs, with its version where that
/// differs too.
fn upstream(stated: &Stated) -> Option<String> {
    if stated.kind == PackageKind::Rpm {
        return stated.details.get("sourcerpm").cloned();
    }
    let source = stated.source.as_ref()?;
    match (source.name == stated.name, source.version == stated.version) {
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
