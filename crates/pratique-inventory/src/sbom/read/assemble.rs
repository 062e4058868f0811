//! From what a document says to packages.

use std::collections::{BTreeMap, HashMap};

use pratique_image::ImagePath;
use pratique_version::purl::PackageUrl;

use super::{
    Document,
    draft::{Described, Draft},
    ownership,
};
use crate::{
    cataloger::Limits,
    catalogers::os::rpm,
    fact::{Distribution, Problem, Requirement, SourcePackage, Stated},
    inventory::Inventory,
    package::{Location, Package, PackageKind},
    resolve,
    sbom::{
        Subject,
        properties::{self, Told},
    },
};

/// Makes an inventory of `draft`.
pub(super) fn document(mut draft: Draft, limits: &Limits) -> Document {
    let components = std::mem::take(&mut draft.components);
    let purls: Vec<_> = components.iter().map(|each| each.purl.as_deref().map(PackageUrl::parse)).collect();
    let distribution = distribution(&draft.distribution, purls.iter().flatten().flatten());
    let is_silent = is_silent(&draft, &components);
    let mut found: Vec<(String, Package)> = Vec::new();
    for (described, purl) in components.into_iter().zip(purls) {
        if found.len() >= limits.records {
            draft.problem(format!("{}: more than {} packages", described.place, limits.records));
            break;
        }
        let purl = match purl {
            Some(Ok(purl)) => Some(purl),
            Some(Err(wrong)) => {
                draft.problem(format!("{}: the purl of {}: {wrong}", described.place, described.name));
                None
            }
            None => None,
        };
        if described.name.is_empty() && purl.is_none() {
            draft.problem(format!("{}: a package without a name", described.place));
            continue;
        }
        let id = described.id.clone();
        let package = package(described, purl.as_ref(), distribution.as_ref(), &draft.subject);
        found.extend(package.map(|package| (id, package)));
    }
    relate(&mut found, &draft);
    let mut packages: Vec<_> = found.into_iter().map(|(_, package)| package).collect();
    let silent = is_silent.then(|| ownership::tell(&mut packages, distribution.as_ref())).flatten();
    let packages = resolve::merged(packages.into_iter());
    let problems = draft
        .problems
        .into_iter()
        .map(|(what, lost)| (None, Problem { path: ImagePath::root(), cataloger: None, what, lost }));
    let problems = problems.chain(silent.map(|problem| (None, problem))).collect();
    Document {
        inventory: Inventory { distribution, packages, problems, ..Inventory::default() },
        subject: draft.subject,
        format: draft.format,
    }
}

/// Whether the document has no word for which language packages the distribution installed. SPDX and Syft's JSON have one, our
/// CycloneDX has, and Trivy leaves such packages out.
fn is_silent(draft: &Draft, components: &[Described]) -> bool {
    let mut names = components.iter().flat_map(|each| &each.properties).map(|(name, _)| name.as_str());
    draft.format.starts_with("CycloneDX")
        && !names.any(|name| properties::is_ours(name) || name.starts_with("aquasecurity:trivy:"))
}

/// Dependencies and owners, by the names of what they point to.
fn relate(found: &mut [(String, Package)], draft: &Draft) {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (at, (id, _)) in found.iter().enumerate() {
        if !id.is_empty() {
            places.entry(id).or_insert(at);
        }
    }
    let find = |id: &String| places.get(id.as_str()).copied();
    let pairs = draft.edges.iter().filter_map(|(from, to)| Some((find(from)?, find(to)?)));
    let edges: Vec<_> = pairs.filter(|(from, to)| from != to).collect();
    let owners: Vec<_> = draft.owners.iter().filter_map(|(of, to)| Some((find(of)?, find(to)?))).collect();
    for (from, to) in edges {
        let requirement = found.get(to).map(|(_, package)| Requirement {
            name: package.full_name().into_owned(),
            version: Some(package.version.clone()).filter(|version| !version.is_empty()),
        });
        if let Some((_, package)) = found.get_mut(from) {
            package.depends.extend(requirement);
        }
    }
    for (owner, owned) in owners {
        let owner =
            found.get(owner).filter(|(_, owner)| owner.kind.is_os()).map(|(_, owner)| owner.name.clone());
        if let Some((_, package)) = found.get_mut(owned).filter(|(_, package)| !package.kind.is_os()) {
            package.owned_by = package.owned_by.take().or(owner);
        }
    }
}

/// What the document says of the operating system, or else what most of the packages' purls say.
fn distribution<'a>(
    told: &Distribution,
    purls: impl Iterator<Item = &'a PackageUrl>,
) -> Option<Distribution> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for purl in purls.filter(|purl| kind_of(purl).is_some_and(PackageKind::is_os)) {
        let distro = purl.qualifier("distro").or(purl.namespace());
        *times.entry(distro.unwrap_or_default().to_owned()).or_default() += 1;
    }
    let most = times.into_iter().max_by_key(|(_, times)| *times).map(|(distro, _)| distro);
    let (id, version) = match most.as_deref().and_then(|distro| distro.rsplit_once('-')) {
        Some((id, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
            (id.to_owned(), version.to_owned())
        }
        _ => (most.unwrap_or_default(), String::new()),
    };
    let mut distribution = told.clone();
    if distribution.id.is_empty() {
        distribution.id = id;
        distribution.version = version;
    }
    let id = os_release_id(&distribution.id).to_owned();
    distribution.id = id;
    if distribution.name.is_empty() {
        let name = format!("{} {}", distribution.id, distribution.version);
        name.trim().clone_into(&mut distribution.name);
    }
    (!distribution.id.is_empty()).then_some(distribution)
}

/// `ID` of os-release for the names that Trivy and purl namespaces have.
fn os_release_id(name: &str) -> &str {
    match name {
        "redhat" => "rhel",
        "amazon" => "amzn",
        "oracle" => "ol",
        "alma" => "almalinux",
        "suse linux enterprise server" | "suse" => "sles",
        "suse linux enterprise micro" => "sl-micro",
        "opensuse.leap" | "opensuse-leap" => "opensuse-leap",
        "opensuse.tumbleweed" => "opensuse-tumbleweed",
        "cbl-mariner" => "mariner",
        name => name,
    }
}

/// The kind that has the type of `purl`.
fn kind_of(purl: &PackageUrl) -> Option<PackageKind> {
    PackageKind::ALL.iter().copied().find(|kind| kind.purl_type() == purl.package_type())
}

/// The package that is described; `None` for what is none.
fn package(
    described: Described,
    purl: Option<&PackageUrl>,
    distribution: Option<&Distribution>,
    subject: &Subject,
) -> Option<Package> {
    let mut told = Told::default();
    let mut foreign = Foreign::default();
    for (name, value) in &described.properties {
        if !told.take(name, value) {
            foreign.take(name, value);
        }
    }
    let known = told.kind.or(foreign.kind).or_else(|| purl.and_then(kind_of));
    let kind = match known {
        Some(kind) => kind,
        // The image itself, in purls of its own type.
        None if purl.is_some_and(|purl| matches!(purl.package_type(), "oci" | "docker")) => return None,
        None if described.is_no_package && purl.is_none() => return None,
        None => PackageKind::Generic,
    };
    let qualifier = |key| purl.and_then(|purl| purl.qualifier(key)).map(str::to_owned);
    let (namespace, name) = if told.kind.is_some() {
        ours(kind, &described, told.namespace.clone())
    } else {
        theirs(kind, &described, purl)
    };
    let mut version = described.version.clone();
    if version.is_empty() {
        purl.and_then(PackageUrl::version).unwrap_or_default().clone_into(&mut version);
    }
    if matches!(kind, PackageKind::Rpm | PackageKind::Deb)
        && let Some(epoch) = qualifier("epoch").filter(|_| !version.contains(':'))
    {
        version = format!("{epoch}:{version}");
    }
    let mut details = told.details.clone();
    let mut detail = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            details.entry(name.to_owned()).or_insert(value);
        }
    };
    detail("vcs_url", qualifier("vcs_url"));
    if kind == PackageKind::Rpm {
        detail(
            "sourcerpm",
            qualifier("upstream")
                .filter(|upstream| upstream.contains(".src.") || upstream.contains(".nosrc.")),
        );
        detail(
            "modularity",
            foreign
                .modularity
                .take()
                .or_else(|| qualifier("rpmmod"))
                .or_else(|| qualifier("modularitylabel")),
        );
    }
    if told.kind.is_none() {
        let supplier = if kind == PackageKind::Rpm { "vendor" } else { "maintainer" };
        detail(supplier, described.supplier.clone().filter(|_| kind.is_os()));
        detail("layer", foreign.layer.clone());
    }
    let arch = told.arch.clone().or_else(|| qualifier("arch").filter(|_| kind.is_os()));
    let source = told
        .source()
        .or_else(|| foreign.source(&version))
        .or_else(|| upstream(kind, &name, &version, qualifier("upstream").as_deref()));
    let stated = Stated {
        kind,
        name,
        version,
        namespace,
        arch,
        source: source.filter(|_| kind.is_os()),
        details,
        ..Stated::default()
    };
    let known_layer = |digest: &String| {
        subject
            .layers
            .iter()
            .position(|l| l.diff_id.as_ref() == Some(digest) || l.digest.as_ref() == Some(digest))
    };
    let layer = told.layer.or_else(|| foreign.layer.as_ref().and_then(known_layer)).unwrap_or(0);
    let places = described.locations.iter().chain(&told.locations).chain(&foreign.locations);
    let purl = match purl {
        Some(purl) => purl.to_string(),
        None => resolve::purl::of(&stated, distribution),
    };
    let mut licences = described.licences;
    licences.extend(foreign.licences);
    Some(Package {
        kind,
        name: stated.name,
        namespace: stated.namespace,
        version: stated.version,
        purl,
        arch: stated.arch,
        source: stated.source,
        licences,
        locations: places.filter_map(|place| location(place)).collect(),
        layer,
        owned_by: told.owned_by,
        development: told.development || foreign.development,
        locked_only: told.locked_only,
        direct: told.direct,
        optional: told.optional,
        details: stated.details,
        ..Package::default()
    })
}

/// Namespace and name as our own documents write them.
fn ours(kind: PackageKind, described: &Described, namespace: Option<String>) -> (Option<String>, String) {
    match (&described.group, kind) {
        (Some(scope), PackageKind::Npm) => (None, format!("{scope}/{}", described.name)),
        (group, _) => (namespace.or_else(|| group.clone()), described.name.clone()),
    }
}

/// Namespace and name as other tools write them: with the scope or path in the name, in the group, or only in the purl.
fn theirs(kind: PackageKind, described: &Described, purl: Option<&PackageUrl>) -> (Option<String>, String) {
    let group = described.group.clone().filter(|group| !group.is_empty());
    let namespace = purl.and_then(PackageUrl::namespace).map(str::to_owned);
    match kind {
        _ if kind.is_os() => (None, described.name.clone()),
        PackageKind::Npm
        | PackageKind::Go
        | PackageKind::Composer
        | PackageKind::GitHubAction
        | PackageKind::GitHubWorkflow => {
            let plain = &described.name;
            let name = match group.or(namespace) {
                Some(group) if !plain.contains('/') && plain != "stdlib" => format!("{group}/{plain}"),
                _ => plain.clone(),
            };
            (None, name)
        }
        // `group:artifact` or `host/owner/name` where the purl has only the name behind its namespace.
        PackageKind::Maven | PackageKind::JenkinsPlugin | PackageKind::Swift => {
            let name = purl.map_or(described.name.as_str(), PackageUrl::name);
            (namespace.or(group), name.to_owned())
        }
        _ => (namespace, described.name.clone()),
    }
}

/// The source package, as the qualifier `upstream` says it.
fn upstream(kind: PackageKind, name: &str, version: &str, upstream: Option<&str>) -> Option<SourcePackage> {
    match (kind, upstream) {
        (PackageKind::Rpm, Some(file)) => {
            let own = version.split_once(':').map_or(version, |(_, rest)| rest);
            rpm::source(file, own, version)
        }
        (PackageKind::Deb | PackageKind::Apk, upstream) => {
            let (source, its_version) = match upstream {
                Some(upstream) => {
                    upstream.split_once('@').map_or((upstream, version), |(name, version)| (name, version))
                }
                None => (name, version),
            };
            Some(SourcePackage { name: source.to_owned(), version: its_version.to_owned() })
        }
        // Only what a document says: pacman's packages name their base, and others' readers do not.
        (PackageKind::Alpm, Some(base)) => {
            let (base, its_version) = base.split_once('@').unwrap_or((base, version));
            Some(SourcePackage { name: base.to_owned(), version: its_version.to_owned() })
        }
        _ => None,
    }
}

/// `outer.jar!/inner.jar` is one in the other.
fn location(place: &str) -> Option<Location> {
    let (path, inside) = place.split_once("!/").unwrap_or((place, ""));
    let (path, _) = ImagePath::clamped(path).ok()?;
    Some(Location { path, inside: inside.to_owned() })
}

/// What the properties of other tools tell.
#[derive(Debug, Default)]
struct Foreign {
    kind: Option<PackageKind>,
    layer: Option<String>,
    locations: Vec<String>,
    licences: Vec<String>,
    development: bool,
    modularity: Option<String>,
    source_name: Option<String>,
    source_version: Option<String>,
    source_release: Option<String>,
    source_epoch: Option<String>,
}

impl Foreign {
    fn take(&mut self, name: &str, value: &str) {
        let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
        if let Some(name) = name.strip_prefix("aquasecurity:trivy:") {
            match name {
                "SrcName" => self.source_name = text(),
                "SrcVersion" => self.source_version = text(),
                "SrcRelease" => self.source_release = text(),
                "SrcEpoch" => self.source_epoch = text(),
                "Modularitylabel" => self.modularity = text(),
                "LayerDiffID" => self.layer = text(),
                "FilePath" => self.locations.push(value.to_owned()),
                _ => {}
            }
        } else if let Some(name) = name.strip_prefix("syft:") {
            match name {
                "package:type" => self.kind = PackageKind::from_name(value),
                "metadata:source" | "metadata:originPackage" => self.source_name = text(),
                "metadata:sourceVersion" => self.source_version = text(),
                "metadata:modularityLabel" => self.modularity = text(),
                "location:0:layerID" => self.layer = text(),
                name if name.starts_with("location:") && name.ends_with(":path") => {
                    self.locations.push(value.to_owned());
                }
                _ => {}
            }
        } else if matches!(name, "cdx:npm:package:development") {
            self.development = value == "true";
        }
    }

    /// The source package, in the version of the package itself (`own`) where no other is told.
    fn source(&self, own: &str) -> Option<SourcePackage> {
        let name = self.source_name.clone()?;
        let Some(mut version) = self.source_version.clone() else {
            return Some(SourcePackage { name, version: own.to_owned() });
        };
        if let Some(release) = &self.source_release {
            version = format!("{version}-{release}");
        }
        if let Some(epoch) = self.source_epoch.as_ref().filter(|epoch| *epoch != "0") {
            version = format!("{epoch}:{version}");
        }
        Some(SourcePackage { name, version })
    }
}
