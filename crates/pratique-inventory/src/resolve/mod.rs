//! From what is left of the facts to packages.
//!
//! Most formats need nothing of their own: a file states packages, and that is what the image has. Two things
//! hold for all of them and are done here: which layer brought a package ([`introducing_layers`]), and that
//! one package stated by several files is one package ([`merge`]). Truth that is spread over several files
//! is put together in a file of its own: [`dotnet`] (assemblies and what accounts for them), [`dpkg`] (status, file
//! lists, copyright), [`maven`] (projects and their parents), [`portage`] (a file a field), [`red_hat`] (what was noted of
//! a layer), [`ownership`] (language packages that the distribution's package manager installed), [`purl`] (package and
//! distribution), [`graph`] (who depends on whom).

mod dotnet;
mod dpkg;
pub mod graph;
mod maven;
pub mod observed;
mod ownership;
mod portage;
pub(crate) mod purl;
mod red_hat;

use std::collections::{BTreeMap, HashSet};

use pratique_image::ImagePath;
use rayon::prelude::*;

use self::ownership::Asked;
use crate::{
    catalogers::os::release,
    fact::{Distribution, Fact, Problem, Requirement, Stated},
    overlay::{Overlay, Sighting},
    package::{Location, Package},
};

/// What an image is made of: its distribution and its packages, sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolved {
    /// Which operating system release this is, if the image says.
    pub distribution: Option<Distribution>,
    /// All packages, sorted by kind, name, version and layer.
    pub packages: Vec<Package>,
    /// What could not be read, with the layer's index. Left out is what an operating system package owns and
    /// something other than its database reader stumbled over: the package speaks for its files.
    pub problems: Vec<(usize, Problem)>,
}

/// Makes packages of all facts that are left.
pub fn resolve(overlay: &Overlay<'_>) -> Resolved {
    let distribution = distribution(overlay);
    let projects = maven::resolve(overlay);
    let mut found = statements(overlay);
    found.extend(projects.packages.iter().map(maven::Used::statement));
    dotnet::leave_out_accounted(&mut found);
    dpkg::add_licences(overlay, &mut found);
    portage::add_fields(overlay, &mut found);
    red_hat::add_builds(overlay, &mut found);
    let stated = found.iter().map(|statement| Asked { path: statement.path, layer: statement.layer });
    let met: Vec<_> = overlay.problems().iter().chain(&projects.problems).collect();
    let unread = met.iter().map(|(layer, problem)| Asked { path: &problem.path, layer: *layer });
    let asked = stated.chain(unread);
    let mut owners = ownership::owners(overlay, &found, asked);
    let count = found.len();
    for (index, statement) in found.iter_mut().enumerate().filter(|(_, s)| !s.stated.kind.is_os()) {
        statement.owned_by = owners.remove(&index);
    }
    let problems = met.into_iter().enumerate();
    let problems =
        problems.filter(|(index, (_, problem))| is_of_os(problem) || !owners.contains_key(&(count + index)));
    let mut problems: Vec<_> = problems.map(|(_, problem)| problem.clone()).collect();
    problems.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let packages = merge(found, distribution.as_ref());
    Resolved { distribution, packages, problems }
}

/// Whether a reader of operating system databases met it, or the reader of the layer itself.
fn is_of_os(problem: &Problem) -> bool {
    problem.cataloger.as_deref().is_none_or(|name| name.starts_with("os/"))
}

/// A package as one file states it, with what the file alone cannot know.
struct Statement<'a> {
    stated: &'a Stated,
    path: &'a ImagePath,
    layer: usize,
    owned_by: Option<String>,
    licences: Vec<String>,
    more: More,
}

/// What other files say of a package.
#[derive(Default)]
struct More {
    depends: Vec<Requirement>,
    details: BTreeMap<String, String>,
    arch: Option<String>,
}

fn distribution(overlay: &Overlay<'_>) -> Option<Distribution> {
    let found = overlay.files().flat_map(|(path, sightings)| {
        let top = sightings.last().into_iter().flat_map(Sighting::facts);
        top.filter_map(move |fact| match fact {
            Fact::Distribution(distribution) => Some((path, distribution)),
            _ => None,
        })
    });
    release::merge(found.collect())
}

fn statements<'a>(overlay: &Overlay<'a>) -> Vec<Statement<'a>> {
    let mut found = Vec::new();
    for (path, sightings) in overlay.files() {
        let Some((top, below)) = sightings.split_last() else { continue };
        let stated: Vec<_> = top.facts().filter_map(package).collect();
        if stated.is_empty() {
            continue;
        }
        let layers = introducing_layers(&stated, top.layer, below);
        found.extend(stated.into_iter().zip(layers).map(|(stated, layer)| Statement {
            stated,
            path,
            layer,
            owned_by: None,
            licences: stated.licences.clone(),
            more: More::default(),
        }));
    }
    found
}

fn package(fact: &Fact) -> Option<&Stated> {
    match fact {
        Fact::Package(stated) => Some(stated),
        _ => None,
    }
}

/// What makes two statements speak of the same installed thing.
type Identity<'a> = (&'a str, Option<&'a str>, &'a str, Option<&'a str>, &'a str);

fn identity(stated: &Stated) -> Identity<'_> {
    (&stated.name, stated.namespace.as_deref(), &stated.version, stated.arch.as_deref(), &stated.inside)
}

/// The layer in which each package of a file first appeared with this version.
///
/// A package manager's database is written again by every layer that installs something, so the layer of the
/// file says little; the lowest layer that states the same package at the same path, without a gap, says who
/// brought it.
fn introducing_layers(stated: &[&Stated], top: usize, below: &[Sighting<'_>]) -> Vec<usize> {
    let mut layers = vec![top; stated.len()];
    let mut open: Vec<usize> = (0..stated.len()).collect();
    for sighting in below.iter().rev() {
        let there: HashSet<_> = sighting.facts().filter_map(package).map(identity).collect();
        open.retain(|&i| there.contains(&identity(stated[i])));
        for &i in &open {
            layers[i] = sighting.layer;
        }
        if open.is_empty() {
            break;
        }
    }
    layers
}

/// Packages that one thread makes at a time.
const AT_ONCE: usize = 128;

/// One package for all statements of the same package in the same layer.
///
/// What only a lock file states joins the installed package of the same purl, in whichever layer that lies:
/// the lock file requested it, the installation is what can be attacked. It never joins a package that the
/// distribution owns: that one is not reported.
fn merge(found: Vec<Statement<'_>>, distribution: Option<&Distribution>) -> Vec<Package> {
    let mut packages: BTreeMap<(String, usize, Option<String>), Package> = BTreeMap::new();
    let mut locked: Vec<(String, Package)> = Vec::new();
    // A purl and a dozen strings each: half of the time of a warm scan, and of two cores one had nothing to do.
    let made: Vec<Package> = found
        .into_par_iter()
        .with_min_len(AT_ONCE)
        .map(|statement| to_package(statement, distribution))
        .collect();
    for package in made {
        if package.locked_only {
            locked.push((package.purl.clone(), package));
            continue;
        }
        join(&mut packages, package);
    }
    for (purl, package) in locked {
        let from = (purl.clone(), 0, None);
        let same = packages.range_mut(from..).take_while(|((other, ..), _)| *other == purl);
        let mut installed = same.filter(|((.., owner), known)| owner.is_none() && !known.locked_only);
        let installed = installed.next();
        match installed {
            Some((_, installed)) => absorb(installed, package),
            None => join(&mut packages, package),
        }
    }
    in_order(packages)
}

/// One package for all that are of the same purl, layer and owner, sorted; as [`merge`] does for what files state.
pub(crate) fn merged(found: impl Iterator<Item = Package>) -> Vec<Package> {
    let mut packages = BTreeMap::new();
    found.for_each(|package| join(&mut packages, package));
    in_order(packages)
}

fn in_order(packages: BTreeMap<(String, usize, Option<String>), Package>) -> Vec<Package> {
    let mut packages: Vec<_> = packages.into_values().collect();
    for package in &mut packages {
        package.locations.sort();
        package.locations.dedup();
        package.licences.sort();
        package.licences.dedup();
        package.depends.sort();
        package.depends.dedup();
        package.provides.sort();
        package.provides.dedup();
    }
    packages.sort_by(|a, b| key(a).cmp(&key(b)));
    packages
}

fn key(p: &Package) -> impl Ord + '_ {
    (p.kind, &p.name, &p.namespace, &p.version, &p.purl, p.layer, &p.owned_by)
}

fn join(packages: &mut BTreeMap<(String, usize, Option<String>), Package>, package: Package) {
    let key = (package.purl.clone(), package.layer, package.owned_by.clone());
    match packages.entry(key) {
        std::collections::btree_map::Entry::Vacant(free) => {
            free.insert(package);
        }
        std::collections::btree_map::Entry::Occupied(mut known) => absorb(known.get_mut(), package),
    }
}

fn absorb(known: &mut Package, other: Package) {
    known.locations.extend(other.locations);
    known.licences.extend(other.licences);
    known.development &= other.development;
    known.locked_only &= other.locked_only;
    for (name, value) in other.details {
        known.details.entry(name).or_insert(value);
    }
    known.depends.extend(other.depends);
    known.provides.extend(other.provides);
    known.optional &= other.optional;
    known.direct = match (known.direct, other.direct) {
        (Some(one), Some(two)) => Some(one || two),
        (one, two) => one.or(two),
    };
}

fn to_package(statement: Statement<'_>, distribution: Option<&Distribution>) -> Package {
    let Statement { stated, path, layer, owned_by, licences, more } = statement;
    let mut details = stated.details.clone();
    details.extend(more.details);
    let mut depends = stated.depends.clone();
    depends.extend(more.depends);
    Package {
        kind: stated.kind,
        name: stated.name.clone(),
        namespace: stated.namespace.clone(),
        version: stated.version.clone(),
        purl: purl::of(stated, distribution),
        arch: stated.arch.clone().or(more.arch),
        source: stated.source.clone(),
        licences,
        locations: vec![Location { path: path.clone(), inside: stated.inside.clone() }],
        layer,
        owned_by,
        development: stated.development,
        locked_only: stated.locked_only,
        depends,
        provides: stated.provides.clone(),
        direct: stated.direct,
        optional: stated.optional,
        details,
    }
}
