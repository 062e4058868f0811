//! What document formats have no field for, as named values.
//!
//! Properties in CycloneDX, annotations in SPDX: [`of_package`] says what is written beside the fields that all
//! formats have, [`Told`] takes it back. The names are a contract with our own readers, and with people who
//! search documents by them.

use std::collections::BTreeMap;

use crate::{
    fact::{Distribution, Problem, SourcePackage},
    package::{Location, Package, PackageKind},
    sbom::Subject,
};

/// Before every name.
const PREFIX: &str = "pratique:";

/// Whether a property of this name is of our documents.
pub fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX)
}
const DETAIL: &str = "detail:";
/// Details that documents do without: a package's names are its dependencies' business, and those are written as
/// relationships.
const LEFT_OUT: &[&str] = &["provides"];

/// A name and its value.
pub type Pair = (String, String);

/// What is said of `package` beside name, version, purl, licences and relationships.
pub fn of_package(package: &Package) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut say = |name: &str, value: &str| pairs.push((format!("{PREFIX}{name}"), value.to_owned()));
    say("package:type", package.kind.name());
    say("layer:index", &package.layer.to_string());
    if let Some(namespace) = &package.namespace {
        say("namespace", namespace);
    }
    if let Some(arch) = &package.arch {
        say("arch", arch);
    }
    if let Some(source) = &package.source {
        say("source:name", &source.name);
        say("source:version", &source.version);
    }
    if let Some(owner) = &package.owned_by {
        say("owned-by", owner);
    }
    for (name, holds) in [
        ("development", package.development),
        ("locked-only", package.locked_only),
        ("optional", package.optional),
    ] {
        if holds {
            say(name, "true");
        }
    }
    if let Some(direct) = package.direct {
        say("direct", if direct { "true" } else { "false" });
    }
    for (name, value) in package.details.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())) {
        say(&format!("{DETAIL}{name}"), value);
    }
    pairs
}

/// Where `package` is stated, in formats that have no field for it.
pub fn locations(package: &Package) -> impl Iterator<Item = Pair> {
    package.locations.iter().map(|location| (format!("{PREFIX}location"), place(location)))
}

/// What is said of the operating system beside its id and version.
pub fn of_distribution(distribution: &Distribution) -> Vec<Pair> {
    let fields = [
        ("id-like", Some(distribution.id_like.join(" "))),
        ("codename", distribution.codename.clone()),
        ("name", Some(distribution.name.clone())),
        ("cpe", distribution.cpe.clone()),
        ("variant", distribution.variant.clone()),
        ("build", distribution.build.clone()),
        ("support-end", distribution.support_end.clone()),
        ("point-release", distribution.point_release.clone()),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .map(|(name, value)| (format!("{PREFIX}distribution:{name}"), value))
        .collect()
}

/// What is said of the image beside its name and digest.
pub fn of_subject(subject: &Subject) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut say = |name: String, value: &Option<String>| {
        pairs.extend(value.as_ref().map(|value| (format!("{PREFIX}{name}"), value.clone())));
    };
    say("image:id".into(), &subject.image_id);
    say("image:platform".into(), &subject.platform);
    say("image:created".into(), &subject.created);
    for (index, layer) in subject.layers.iter().enumerate() {
        say(format!("layer:{index}:digest"), &layer.digest);
        say(format!("layer:{index}:diff-id"), &layer.diff_id);
        say(format!("layer:{index}:created-by"), &layer.created_by);
    }
    pairs
}

/// Takes what one of our own properties says of the image; `false` when it says nothing of it.
pub(crate) fn tell_subject(subject: &mut Subject, name: &str, value: &str) -> bool {
    /// No image has more: a number behind `layer:` is no reason to make room for more.
    const MOST_LAYERS: usize = 1000;
    let Some(name) = name.strip_prefix(PREFIX) else { return false };
    let text = || Some(value.to_owned());
    match name {
        "image:id" => subject.image_id = text(),
        "image:platform" => subject.platform = text(),
        "image:created" => subject.created = text(),
        _ => {
            let Some((index, field)) = name.strip_prefix("layer:").and_then(|rest| rest.split_once(':'))
            else {
                return false;
            };
            let Some(index) = index.parse().ok().filter(|index| *index < MOST_LAYERS) else { return false };
            if subject.layers.len() <= index {
                subject.layers.resize_with(index + 1, Default::default);
            }
            let Some(layer) = subject.layers.get_mut(index) else { return false };
            match field {
                "digest" => layer.digest = text(),
                "diff-id" => layer.diff_id = text(),
                "created-by" => layer.created_by = text(),
                _ => return false,
            }
        }
    }
    true
}

/// What could not be read of the image, in a sentence each.
pub fn of_problems(problems: &[(Option<usize>, Problem)]) -> Vec<Pair> {
    let sentence = |(layer, problem): &(Option<usize>, Problem)| {
        let kind = if problem.lost { "not-read" } else { "note" };
        let place = match layer {
            Some(layer) => format!("{} (layer {layer})", problem.path),
            None => problem.path.to_string(),
        };
        (format!("{PREFIX}coverage:{kind}"), format!("{place}: {}", problem.what))
    };
    problems.iter().map(sentence).collect()
}

/// What one of our own properties says that could not be read of the image, and whether something is lost by it.
pub(crate) fn problem(name: &str, value: &str) -> Option<(String, bool)> {
    match name.strip_prefix(PREFIX)? {
        "coverage:not-read" => Some((value.to_owned(), true)),
        "coverage:note" => Some((value.to_owned(), false)),
        _ => None,
    }
}

/// Where a package is stated, in one string: `outer.jar!/inner.jar`.
pub fn place(location: &Location) -> String {
    match location.inside.as_str() {
        "" => location.path.to_string(),
        inside => format!("{}!/{inside}", location.path),
    }
}

/// What the properties of a document told of a package.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) kind: Option<PackageKind>,
    pub(crate) layer: Option<usize>,
    pub(crate) namespace: Option<String>,
    pub(crate) arch: Option<String>,
    source_name: Option<String>,
    source_version: Option<String>,
    pub(crate) owned_by: Option<String>,
    pub(crate) development: bool,
    pub(crate) locked_only: bool,
    pub(crate) optional: bool,
    pub(crate) direct: Option<bool>,
    pub(crate) locations: Vec<String>,
    pub(crate) details: BTreeMap<String, String>,
}

impl Told {
    /// Takes one of our own properties; `false` when it is none that is known.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> bool {
        let Some(name) = name.strip_prefix(PREFIX) else { return false };
        let text = || Some(value.to_owned());
        match name {
            "package:type" => self.kind = PackageKind::from_name(value),
            "layer:index" => self.layer = value.parse().ok(),
            "location" => self.locations.push(value.to_owned()),
            "namespace" => self.namespace = text(),
            "arch" => self.arch = text(),
            "source:name" => self.source_name = text(),
            "source:version" => self.source_version = text(),
            "owned-by" => self.owned_by = text(),
            "development" => self.development = value == "true",
            "locked-only" => self.locked_only = value == "true",
            "optional" => self.optional = value == "true",
            "direct" => self.direct = Some(value == "true"),
            _ => match name.strip_prefix(DETAIL) {
                Some(detail) => {
                    self.details.insert(detail.to_owned(), value.to_owned());
                }
                None => return false,
            },
        }
        true
    }

    /// The source package, where both its name and its version were told.
    pub(crate) fn source(&self) -> Option<SourcePackage> {
        Some(SourcePackage { name: self.source_name.clone()?, version: self.source_version.clone()? })
    }
}

/// Takes what one of our own properties says of the operating system; `false` when it says nothing of it.
pub(crate) fn tell_distribution(distribution: &mut Distribution, name: &str, value: &str) -> bool {
    let Some(name) = name.strip_prefix(PREFIX).and_then(|name| name.strip_prefix("distribution:")) else {
        return false;
    };
    let text = || Some(value.to_owned());
    match name {
        "id-like" => distribution.id_like = value.split_whitespace().map(str::to_owned).collect(),
        "codename" => distribution.codename = text(),
        "name" => value.clone_into(&mut distribution.name),
        "cpe" => distribution.cpe = text(),
        "variant" => distribution.variant = text(),
        "build" => distribution.build = text(),
        "support-end" => distribution.support_end = text(),
        "point-release" => distribution.point_release = text(),
        _ => return false,
    }
    true
}
