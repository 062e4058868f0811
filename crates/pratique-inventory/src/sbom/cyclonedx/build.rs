//! From an inventory to the model of a document.

use super::model::{
    Component, Composition, Dependency, Document, Evidence, Hash, License, LicenseChoice, Metadata,
    Occurrence, Organization, Property, Tools,
};
use crate::{
    fact::Distribution,
    package::{Package, PackageKind},
    sbom::{
        Contents, Entry, Sbom, Subject, checksums,
        licences::{self, Licence},
        properties::{self, Pair},
        supplier,
    },
};

/// The model of `sbom`, not sealed yet; `contents` says how packages are called in it.
pub fn document(sbom: &Sbom<'_>, contents: &Contents<'_>) -> Document {
    let subject = subject(sbom.subject);
    let root = subject.bom_ref.clone().unwrap_or_default();
    let lost = sbom.inventory.problems.iter().any(|(_, problem)| problem.lost);
    let compositions =
        lost.then(|| Composition { aggregate: "incomplete", assemblies: vec![root.clone()] }).into_iter();
    let system = sbom.inventory.distribution.as_ref().map(operating_system);
    Document {
        schema: String::new(),
        bom_format: "CycloneDX",
        spec_version: String::new(),
        serial_number: None,
        version: 1,
        metadata: Metadata {
            timestamp: sbom.created.map(str::to_owned),
            tools: Tools::Components {
                components: vec![Component {
                    version: sbom.tool_version.to_owned(),
                    ..Component::new("application", "pratique")
                }],
            },
            component: subject,
            properties: listed(properties::of_problems(&sbom.inventory.problems)),
        },
        components: system.into_iter().chain(contents.entries().iter().map(component)).collect(),
        dependencies: dependencies(root, contents),
        compositions: compositions.collect(),
        vulnerabilities: Vec::new(),
    }
}

/// The image depends on the roots; a package that depends on nothing known has no entry, which the specification
/// reads as "not known" rather than "nothing".
fn dependencies(root: String, contents: &Contents<'_>) -> Vec<Dependency> {
    let sorted = |mut references: Vec<String>| {
        references.sort();
        references
    };
    let entries = contents.entries();
    let roots = entries.iter().filter(|entry| entry.is_root).map(|entry| entry.reference.clone());
    let first = Dependency { reference: root, depends_on: sorted(roots.collect()) };
    let others = entries.iter().filter(|entry| !entry.depends.is_empty()).map(|entry| Dependency {
        reference: entry.reference.clone(),
        depends_on: sorted(contents.dependencies(entry).map(|on| on.reference.clone()).collect()),
    });
    std::iter::once(first).chain(others).collect()
}

fn listed(pairs: Vec<Pair>) -> Vec<Property> {
    pairs.into_iter().map(|(name, value)| Property { name, value }).collect()
}

fn subject(subject: &Subject) -> Component {
    Component {
        bom_ref: Some(format!("image:{}", subject.reference())),
        version: subject.digest.clone().unwrap_or_default(),
        properties: listed(properties::of_subject(subject)),
        ..Component::new("container", &subject.name)
    }
}

fn operating_system(distribution: &Distribution) -> Component {
    Component {
        bom_ref: Some(format!("os:{}:{}", distribution.id, distribution.version)),
        version: distribution.version.clone(),
        description: Some(distribution.name.clone()).filter(|name| !name.is_empty()),
        cpe: distribution.cpe.clone().filter(|cpe| is_cpe(cpe)),
        properties: listed(properties::of_distribution(distribution)),
        ..Component::new("operating-system", &distribution.id)
    }
}

/// Whether the schema takes it: os-release has free text here, at times an older or a broken name.
fn is_cpe(text: &str) -> bool {
    let parts = text.strip_prefix("cpe:/").map(|rest| (rest.split(':').count(), rest));
    parts.is_some_and(|(count, rest)| {
        (2..=7).contains(&count)
            && rest.starts_with(['a', 'h', 'o'])
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-~%:".contains(&b))
    })
}

fn component(entry: &Entry<'_>) -> Component {
    let package = entry.package;
    let (group, name) = group_and_name(package);
    let supplier = supplier::of(package);
    let places = package.locations.iter().map(|l| Occurrence { location: properties::place(l) });
    let evidence = Evidence { occurrences: places.collect() };
    Component {
        bom_ref: Some(entry.reference.clone()),
        supplier: supplier.map(|supplier| Organization { name: supplier.name }),
        group,
        version: package.version.clone(),
        scope: package.optional.then_some("optional"),
        hashes: checksums::of(package)
            .into_iter()
            .map(|sum| Hash { alg: sum.algorithm.cyclonedx(), content: sum.hex })
            .collect(),
        licenses: licenses(&package.licences),
        cpe: package.details.get("cpe").cloned().filter(|cpe| is_cpe(cpe) || cpe.starts_with("cpe:2.3:")),
        purl: Some(package.purl.clone()),
        properties: listed(properties::of_package(package)),
        evidence: Some(evidence).filter(|evidence| !evidence.occurrences.is_empty()),
        ..Component::new(kind(package), name)
    }
}

fn kind(package: &Package) -> &'static str {
    match package.kind {
        PackageKind::Generic | PackageKind::Snap | PackageKind::Flatpak | PackageKind::WordPress => {
            "application"
        }
        _ => "library",
    }
}

fn group_and_name(package: &Package) -> (Option<String>, String) {
    match (&package.namespace, package.kind) {
        (Some(group), _) => (Some(group.clone()), package.name.clone()),
        // npm's scope is the group in CycloneDX.
        (None, PackageKind::Npm) => match package.name.split_once('/') {
            Some((scope, name)) => (Some(scope.to_owned()), name.to_owned()),
            None => (None, package.name.clone()),
        },
        (None, _) => (None, package.name.clone()),
    }
}

/// One expression, or a list in which every entry is an id or a name: the format has no list of expressions.
fn licenses(stated: &[String]) -> Vec<LicenseChoice> {
    if let [one] = stated
        && let Licence::Expression(expression) = licences::classify(one)
    {
        return vec![LicenseChoice::Expression { expression: expression.to_owned() }];
    }
    let licence = |stated: &String| match licences::classify(stated) {
        Licence::Id(id) => License::Id(id.to_owned()),
        Licence::Expression(name) | Licence::Other(name) => License::Name(name.to_owned()),
    };
    stated.iter().map(|stated| LicenseChoice::License { license: licence(stated) }).collect()
}
