//! `uv.lock`: what uv locked, for all platforms at once.
//!
//! Follows uv's documentation, "Locking and syncing", and its writer (`uv-resolver`, `lock`). The project and the
//! members of its workspace are packages too, told by their `source` (`virtual`, `editable`, `directory`), and are
//! not stated; what they ask for is direct. Their `optional-dependencies` are extras, their `dev-dependencies` and
//! the groups of the `manifest` are for development. A dependency has a version only where several are locked, one
//! for each of several platforms. What an extra of a package brings is in that package's own
//! `optional-dependencies`, and is asked for by who asks for the extra.

use std::collections::{BTreeMap, HashMap};

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{
    super::{
        document,
        needs::{Graph, Need},
        one_or_many::OneOrMany,
        origin,
    },
    locked,
};
use crate::{Cataloger, CatalogerId, File, Limits, Reading, Unreadable, fact::Requirement};

/// Distributions that `uv.lock` pins.
pub struct UvLock;

impl Cataloger for UvLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/uv-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/uv.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"uv.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::toml(file, "uv.lock", locked::LONGEST)?;
        let mut reading = Reading::nothing();
        lock.state(file.limits, &mut reading);
        Ok(reading)
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    manifest: Manifest,
    #[serde(default, alias = "distribution")]
    package: Vec<Locked>,
}

/// What a workspace without a project at its root asks for.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Manifest {
    requirements: Vec<Ask>,
    dependency_groups: BTreeMap<String, Vec<Ask>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Locked {
    name: String,
    version: Option<String>,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    dependencies: Vec<Ask>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Ask>>,
    #[serde(default, alias = "dev-dependencies")]
    dependency_groups: BTreeMap<String, Vec<Ask>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    git: Option<String>,
    url: Option<String>,
    directory: Option<String>,
    editable: Option<String>,
    r#virtual: Option<String>,
}

impl Source {
    fn is_own(&self) -> bool {
        self.directory.is_some() || self.editable.is_some() || self.r#virtual.is_some()
    }
}

#[derive(Deserialize)]
struct Ask {
    name: String,
    version: Option<String>,
    /// One name in the first versions.
    #[serde(default)]
    extra: OneOrMany,
}

/// Most versions of one name that answer to a name alone: platforms that were told apart have fewer.
const MOST_VERSIONS: usize = 64;

/// Finds packages, and what their extras bring, by number in the graph.
struct Index<'l> {
    by_name: HashMap<&'l str, Vec<usize>>,
    by_version: HashMap<(&'l str, &'l str), usize>,
    /// An extra of a package stands in the graph like a package of its own.
    extras: HashMap<(usize, &'l str), usize>,
}

impl<'l> Index<'l> {
    fn of(packages: &'l [Locked]) -> Self {
        let (mut by_name, mut by_version) = (HashMap::<_, Vec<_>>::new(), HashMap::new());
        let mut extras = HashMap::new();
        for (at, package) in packages.iter().enumerate() {
            let all = by_name.entry(package.name.as_str()).or_default();
            if all.len() < MOST_VERSIONS {
                all.push(at);
            }
            by_version.insert((package.name.as_str(), package.version.as_deref().unwrap_or_default()), at);
            for extra in package.optional_dependencies.keys() {
                let number = packages.len() + extras.len();
                extras.insert((at, extra.as_str()), number);
            }
        }
        Self { by_name, by_version, extras }
    }

    /// All packages that answer to what is asked for.
    fn packages(&self, ask: &Ask) -> Vec<usize> {
        match &ask.version {
            Some(version) => self.by_version.get(&(&*ask.name, &**version)).copied().into_iter().collect(),
            None => self.by_name.get(&*ask.name).cloned().unwrap_or_default(),
        }
    }

    /// These, and their extras that are asked for.
    fn all(&self, ask: &Ask) -> Vec<usize> {
        let mut all = self.packages(ask);
        for at in all.clone() {
            let extras = ask.extra.as_slice().iter();
            all.extend(extras.filter_map(|extra| self.extras.get(&(at, extra.as_str()))));
        }
        all
    }
}

impl Lock {
    fn state(&self, limits: &Limits, reading: &mut Reading) {
        let index = Index::of(&self.package);
        let mut graph = Graph::new(self.package.len() + index.extras.len());
        let groups = self.manifest.dependency_groups.values().flatten().map(|ask| (ask, Need::Development));
        let mut roots: Vec<_> =
            self.manifest.requirements.iter().map(|ask| (ask, Need::Always)).chain(groups).collect();
        let mut depends = vec![Vec::new(); self.package.len()];
        for (from, package) in self.package.iter().enumerate() {
            if package.source.is_own() {
                roots.extend(package.dependencies.iter().map(|ask| (ask, Need::Always)));
                roots.extend(
                    package.optional_dependencies.values().flatten().map(|ask| (ask, Need::Optional)),
                );
                roots
                    .extend(package.dependency_groups.values().flatten().map(|ask| (ask, Need::Development)));
                continue;
            }
            for (extra, asks) in &package.optional_dependencies {
                let Some(extra) = index.extras.get(&(from, extra)) else { continue };
                for to in asks.iter().flat_map(|ask| index.all(ask)) {
                    graph.ask(*extra, to, false);
                }
            }
            for ask in &package.dependencies {
                for to in index.all(ask) {
                    graph.ask(from, to, false);
                }
                let exactly = |at: usize| {
                    let version = self.package.get(at)?.version.as_ref()?;
                    Some(Requirement::exactly(&ask.name, version))
                };
                let found: Vec<_> = index.packages(ask).into_iter().filter_map(exactly).collect();
                if found.is_empty() {
                    depends[from].push(ask.name.as_str().into());
                }
                depends[from].extend(found);
            }
        }
        for (ask, need) in roots {
            for to in index.all(ask) {
                graph.root(to, need);
            }
        }
        let roles = graph.has_roots().then(|| graph.roles());
        for (at, (package, depends)) in self.package.iter().zip(depends).enumerate() {
            if package.source.is_own() {
                continue;
            }
            let role = roles.as_ref().and_then(|roles| roles.get(at)).copied();
            let mut stated = locked::stated(&package.name, package.version.as_deref().unwrap_or_default());
            stated.depends = depends;
            stated.development = role.is_some_and(|role| role.development);
            stated.optional = role.is_some_and(|role| role.optional);
            stated.direct = role.map(|role| role.direct);
            let Source { git, url, .. } = &package.source;
            if let Some(git) = git {
                let (place, commit) = git.split_once('#').unwrap_or((git, ""));
                stated.details.insert(origin::VCS_URL.into(), origin::vcs_url("git", place, commit));
            }
            if let Some(url) = url {
                stated.details.insert(origin::DOWNLOAD_URL.into(), origin::without_credentials(url));
            }
            if !reading.package(stated, limits) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    const SAMPLE: &str = r#"
version = 1
requires-python = ">=3.9"

[[package]]
name = "app"
version = "1.0.0"
source = { virtual = "." }
dependencies = [
    { name = "a", extra = ["x"] },
    { name = "lib" },
]

[package.optional-dependencies]
web = [{ name = "web" }]

[package.dev-dependencies]
dev = [{ name = "test" }]

[[package]]
name = "lib"
version = "0.1.0"
source = { editable = "packages/lib" }
dependencies = [{ name = "git" }]

[[package]]
name = "a"
version = "1.0"
source = { registry = "https://index.example.org/simple" }
dependencies = [
    { name = "n", version = "1.0", source = { registry = "https://index.example.org/simple" }, marker = "x" },
    { name = "n", version = "2.0", marker = "y" },
    { name = "gone" },
]

[package.optional-dependencies]
x = [{ name = "brought" }]
y = [{ name = "left" }]

[[package]]
name = "brought"
version = "1.0"
source = { registry = "https://index.example.org/simple" }

[[package]]
name = "left"
version = "1.0"

[[package]]
name = "n"
version = "1.0"

[[package]]
name = "n"
version = "2.0"

[[package]]
name = "git"
version = "3.0"
source = { git = "https://token@h/git.git?rev=main#abc" }

[[package]]
name = "web"
version = "4.0"
source = { url = "https://user:pw@h/web.whl" }
dependencies = [{ name = "n", version = "2.0" }]

[[package]]
name = "test"
version = "5.0"
dependencies = [{ name = "a" }]
"#;

    #[test]
    fn tells_why_packages_are_there() {
        let reading = read(&UvLock, "uv.lock", SAMPLE);
        assert!(reading.problems.is_empty());
        let found: Vec<_> = reading.packages().collect();
        let told: Vec<_> = found
            .iter()
            .map(|p| (format!("{}@{}", p.name, p.version), p.development, p.optional, p.direct == Some(true)))
            .collect();
        let line = |id: &str, development, optional, direct| (id.to_owned(), development, optional, direct);
        assert_eq!(
            told,
            [
                line("a@1.0", false, false, true),
                line("brought@1.0", false, false, false),
                line("left@1.0", false, false, false),
                line("n@1.0", false, false, false),
                line("n@2.0", false, false, false),
                line("git@3.0", false, false, true),
                line("web@4.0", false, true, true),
                line("test@5.0", true, false, true),
            ]
        );
        let exactly = Requirement::exactly;
        assert_eq!(found[0].depends, ["gone".into(), exactly("n", "1.0"), exactly("n", "2.0")]);
        assert_eq!(found[5].details["vcs_url"], "git+https://h/git.git@abc");
        assert_eq!(found[6].details["download_url"], "https://h/web.whl");
    }

    #[test]
    fn bears_damage() {
        assert!(try_read(&UvLock, "uv.lock", b"package = 1").is_err());
        withstands_damage(&UvLock, "uv.lock", SAMPLE);
    }
}
