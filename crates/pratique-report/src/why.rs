//! Why a package is there: who asks for it, which file states it, which layer brought it.

use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, Write},
};

use anstyle::Style;
use pratique_inventory::{Graph, Inventory, Location, Package, PackageKind, Scope};
use serde::Serialize;

use crate::{
    json,
    layout::printable,
    model::{PackageRow, SCHEMA_VERSION, TargetInfo},
};

/// Why some packages are there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// Version of the JSON schema.
    pub schema_version: u32,
    /// What was looked at.
    pub target: TargetInfo,
    /// The packages that were asked about.
    pub packages: Vec<Reason>,
}

/// Why one package is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The package.
    pub package: PackageRow,
    /// Whether the project asks for it itself; `None` where no file tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
    /// All that depend on it, directly or not: each once, nearest first.
    pub dependents: Vec<Dependent>,
    /// The shortest way from each root, nearest first: what the project asks for itself, or what nothing else
    /// depends on. Each begins with the root and ends with the package.
    pub paths: Vec<Vec<Named>>,
    /// Roots beyond those of which the way is shown.
    pub more_paths: usize,
}

/// A package by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its package URL.
    pub purl: String,
}

/// A package that depends on the one in question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependent {
    /// The package.
    #[serde(flatten)]
    pub package: Named,
    /// Over how many steps: 1 for one that asks for it itself.
    pub distance: usize,
    /// Which of the dependents it asks for to come nearer, by its place in the list; `None` for the package itself.
    #[serde(skip)]
    towards: Option<usize>,
}

impl Why {
    /// Ways from roots that are shown of one package.
    const MOST_PATHS: usize = 20;

    /// Why those packages of `inventory` in `scope` are there that `query` names: `name`, `name@version` or a package
    /// URL with or without its version and qualifiers.
    pub fn new(target: TargetInfo, inventory: &Inventory, scope: Scope, query: &str) -> Self {
        let graph = inventory.graph();
        let all = inventory.packages.iter().enumerate();
        let asked = all.filter(|(_, package)| scope.includes(package) && is_named(package, query));
        let packages =
            asked.map(|(index, package)| reason(inventory, &graph, index, package, &target)).collect();
        Self { schema_version: SCHEMA_VERSION, target, packages }
    }

    /// Names in `inventory` that are like `query`, for who mistyped one.
    pub fn like(inventory: &Inventory, scope: Scope, query: &str) -> Vec<String> {
        const ENOUGH: usize = 5;
        // Of a package URL the name counts; a scope (`@babel/core`) is part of one.
        let of_purl = query.strip_prefix("pkg:").and_then(|purl| purl.rsplit('/').next());
        let wanted = of_purl.unwrap_or(query);
        let (scoped, rest) = wanted.strip_prefix('@').map_or(("", wanted), |rest| ("@", rest));
        let wanted = format!("{scoped}{}", rest.split('@').next().unwrap_or(rest)).to_lowercase();
        let names: BTreeSet<_> =
            inventory.packages_in(scope).map(|package| package.full_name().into_owned()).collect();
        let mut like: Vec<_> = names
            .into_iter()
            .filter_map(|name| {
                let lower = name.to_lowercase();
                // Part of a name, or a slip of the fingers: a letter in four.
                let slips = strsim::damerau_levenshtein(&lower, &wanted);
                let is_like = lower.contains(&wanted) || slips * 4 <= wanted.chars().count().max(4);
                is_like.then_some((slips, name))
            })
            .collect();
        like.sort();
        like.truncate(ENOUGH);
        like.into_iter().map(|(_, name)| name).collect()
    }

    /// Writes it as indented JSON with a newline at its end.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_json(&self, to: &mut dyn Write) -> io::Result<()> {
        json::write(self, to)
    }

    /// Writes it as trees: below each package who asks for it.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_table(&self, to: &mut dyn Write) -> io::Result<()> {
        for (index, reason) in self.packages.iter().enumerate() {
            if index > 0 {
                writeln!(to)?;
            }
            reason.write(to)?;
        }
        Ok(())
    }
}

/// Whether the project asks for `package` itself; `None` where no file tells.
///
/// What stands in a requirements file is what pip is told to install. Who had it written by pip-compile or uv reads there for
/// whose sake each line is; of others every line is a request, even where `pip freeze` made it.
fn is_asked(package: &Package) -> Option<bool> {
    let is_requirements = |location: &Location| {
        let name = location.path.file_name();
        let is_text = name.ends_with(b".txt");
        let folder = location.path.components().rev().nth(1);
        is_text && (name.windows(12).any(|part| part == b"requirements") || folder == Some(b"requirements"))
    };
    package.direct.or_else(|| {
        let asked = package.kind == PackageKind::Python && package.locations.iter().any(is_requirements);
        asked.then_some(true)
    })
}

/// Whether `query` means this package.
fn is_named(package: &Package, query: &str) -> bool {
    if query.starts_with("pkg:") {
        let rest = package.purl.strip_prefix(query);
        return rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '?', '#']));
    }
    let name = package.full_name();
    let is_name = |text: &str| text.eq_ignore_ascii_case(&name) || text.eq_ignore_ascii_case(&package.name);
    is_name(query)
        || query.rsplit_once('@').is_some_and(|(text, version)| is_name(text) && version == package.version)
}

fn named(package: &Package) -> Named {
    Named {
        name: package.full_name().into_owned(),
        version: package.version.clone(),
        purl: package.purl.clone(),
    }
}

fn reason(
    inventory: &Inventory,
    graph: &Graph,
    index: usize,
    package: &Package,
    target: &TargetInfo,
) -> Reason {
    // Breadth first, so that each dependent is met on its shortest way.
    let mut order: Vec<(usize, usize, Option<usize>)> = vec![(index, 0, None)];
    let mut met = BTreeSet::from([index]);
    let mut open = VecDeque::from([0]);
    while let Some(at) = open.pop_front() {
        let Some(&(of, distance, _)) = order.get(at) else { continue };
        for &dependent in graph.dependents(of) {
            if met.insert(dependent) {
                open.push_back(order.len());
                order.push((dependent, distance + 1, Some(at)));
            }
        }
    }
    let is_root = |of: usize| {
        let direct = inventory.packages.get(of).and_then(is_asked);
        direct == Some(true) || graph.dependents(of).is_empty()
    };
    let roots: Vec<_> =
        (0..order.len()).filter(|&at| order.get(at).is_some_and(|&(of, ..)| is_root(of))).collect();
    let path = |root: usize| {
        let mut path = Vec::new();
        let mut next = Some(root);
        while let Some(&(of, _, towards)) = next.and_then(|at| order.get(at)) {
            path.extend(inventory.packages.get(of).map(named));
            next = towards;
        }
        path
    };
    let paths: Vec<_> = roots.iter().take(Why::MOST_PATHS).map(|&root| path(root)).collect();
    let dependents = order.iter().skip(1).filter_map(|&(of, distance, towards)| {
        let package = named(inventory.packages.get(of)?);
        Some(Dependent { package, distance, towards: towards.and_then(|at| at.checked_sub(1)) })
    });
    Reason {
        package: PackageRow::new(package, &target.layers),
        direct: is_asked(package),
        dependents: dependents.collect(),
        more_paths: roots.len().saturating_sub(paths.len()),
        paths,
    }
}

impl Reason {
    /// Lines of one tree: nobody reads more.
    const MOST_LINES: usize = 60;

    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
        let package = &self.package;
        let line = |label: &str, text: &str, to: &mut dyn Write| {
            writeln!(to, "  {dim}{label:<10}{dim:#}{}", printable(text))
        };
        let name = package.full_name();
        writeln!(
            to,
            "{bold}{} {}{bold:#} {dim}{}{dim:#}",
            printable(&name),
            printable(&package.version),
            package.kind
        )?;
        const PLACES: usize = 3;
        for place in package.locations.iter().take(PLACES) {
            line("stated by", place, to)?;
        }
        if let Some(more) = package.locations.len().checked_sub(PLACES).filter(|more| *more > 0) {
            line("", &format!("and {more} more"), to)?;
        }
        let layer = &package.layer;
        let digest = layer.known_digest().unwrap_or_default();
        line("layer", format!("{} {digest}", layer.index + 1).trim(), to)?;
        if let Some(command) = &layer.created_by {
            line("made by", command.trim(), to)?;
        }
        if let Some(owner) = &package.owned_by {
            line("owned by", owner, to)?;
        }
        let direct = match self.direct {
            Some(true) => "the project itself",
            Some(false) if self.dependents.is_empty() => "something that is not in the image",
            _ if self.dependents.is_empty() => "nothing that is known",
            _ => "",
        };
        if !direct.is_empty() {
            line("asked by", direct, to)?;
        }
        // Who asks for whom, as lists below each.
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); self.dependents.len() + 1];
        for (at, dependent) in self.dependents.iter().enumerate() {
            if let Some(list) = below.get_mut(dependent.towards.map_or(0, |towards| towards + 1)) {
                list.push(at);
            }
        }
        let mut lines = 0;
        // Dependent, and whether each tree above it goes on.
        let first = below.first().into_iter().flatten().rev();
        let last = below.first().and_then(|list| list.last()).copied();
        let mut open: Vec<(usize, Vec<bool>)> = first.map(|&at| (at, vec![Some(at) == last])).collect();
        while let Some((at, ends)) = open.pop() {
            if lines == Self::MOST_LINES {
                return line("", &format!("and {} more", self.dependents.len() - lines), to);
            }
            lines += 1;
            let Some(dependent) = self.dependents.get(at) else { continue };
            let (end, above) = ends.split_last().map_or((true, &[][..]), |(end, above)| (*end, above));
            let stems: String = above.iter().map(|end| if *end { "   " } else { "│  " }).collect();
            let fork = if end { "└─ " } else { "├─ " };
            let Named { name, version, .. } = &dependent.package;
            writeln!(to, "  {dim}{stems}{fork}{dim:#}{} {}", printable(name), printable(version))?;
            let children = below.get(at + 1).map(Vec::as_slice).unwrap_or_default();
            for (place, &child) in children.iter().enumerate().rev() {
                let mut ends = ends.clone();
                ends.push(place + 1 == children.len());
                open.push((child, ends));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pratique_inventory::{PackageKind, Requirement};

    use super::*;

    fn package(name: &str, depends: &[&str]) -> Package {
        Package {
            kind: PackageKind::Deb,
            name: name.into(),
            version: "1".into(),
            purl: format!("pkg:deb/debian/{name}@1?arch=all"),
            depends: depends.iter().map(|&name| Requirement::from(name)).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn shows_each_dependent_once_and_the_ways_from_the_roots() {
        let packages = vec![
            package("app", &["curl", "libssl3"]),
            package("curl", &["libcurl"]),
            package("libcurl", &["libssl3", "curl"]),
            package("libssl3", &[]),
        ];
        let inventory = Inventory { packages, ..Inventory::default() };
        let why = Why::new(TargetInfo::default(), &inventory, Scope::ALL, "LIBSSL3");
        let [reason] = why.packages.as_slice() else { panic!("one") };
        let names: Vec<_> = reason.dependents.iter().map(|d| (d.package.name.as_str(), d.distance)).collect();
        assert_eq!(names, [("app", 1), ("libcurl", 1), ("curl", 2)]);
        let paths: Vec<Vec<_>> =
            reason.paths.iter().map(|path| path.iter().map(|step| step.name.as_str()).collect()).collect();
        assert_eq!(paths, [["app", "libssl3"]]);
        let mut out = anstream::StripStream::new(Vec::new());
        why.write_table(&mut out).unwrap();
        let text = String::from_utf8(out.into_inner()).unwrap();
        assert_eq!(text, "libssl3 1 deb\n  layer     1\n  ├─ app 1\n  └─ libcurl 1\n     └─ curl 1\n");
    }

    #[test]
    fn a_requirements_file_asks() {
        let at = |path: &str, kind| {
            let path = pratique_image::ImagePath::new(path).unwrap();
            let locations = vec![Location { path, inside: String::new() }];
            is_asked(&Package { kind, locations, ..package("flask", &[]) })
        };
        for path in ["app/requirements.txt", "requirements-dev.txt", "requirements/production.txt"] {
            assert_eq!(at(path, PackageKind::Python), Some(true), "{path}");
            assert_eq!(at(path, PackageKind::Npm), None, "{path}");
        }
        assert_eq!(at("usr/lib/python3/dist-packages/flask.egg-info", PackageKind::Python), None);
    }

    #[test]
    fn a_slip_of_the_fingers_is_understood() {
        let packages = ["libssl3", "lodash", "@babel/core", "zlib1g"].map(|name| package(name, &[])).to_vec();
        let inventory = Inventory { packages, ..Inventory::default() };
        let like = |query: &str| Why::like(&inventory, Scope::ALL, query).join(" ");
        assert_eq!(like("libsl3"), "libssl3");
        assert_eq!(like("lodahs@4.17.4"), "lodash");
        assert_eq!(like("@bable/core@7"), "@babel/core");
        assert_eq!(like("pkg:deb/debian/zlib@1"), "zlib1g");
        assert_eq!(like("nothing"), "");
    }

    #[test]
    fn packages_are_named_as_people_name_them() {
        let of = package("zlib", &[]);
        for query in [
            "zlib",
            "Zlib",
            "zlib@1",
            "pkg:deb/debian/zlib",
            "pkg:deb/debian/zlib@1",
            "pkg:deb/debian/zlib@1?arch=all",
        ] {
            assert!(is_named(&of, query), "{query}");
        }
        for query in ["zli", "zlib@2", "pkg:deb/debian/zli", ""] {
            assert!(!is_named(&of, query), "{query}");
        }
    }
}
