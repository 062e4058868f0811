//! Under which keys of the database a package's advisories are filed, and with which version to compare.
//!
//! The database is asked once which ecosystems and releases it has ([`Shelves`]); a package without advisories,
//! as most are, then costs one search in one table and no memory.

use std::borrow::Cow;

use pratique_advisory::{Candidates, Database, EcosystemEntry, Error};
use pratique_inventory::{Distribution, Package, PackageKind};
use pratique_version::{Ecosystem, Scheme, go};

use crate::{
    MatchOptions,
    distribution::{FiledUnder, release_of},
    modular,
};

/// The advisories of one ecosystem or release.
pub(crate) struct Shelf<'db> {
    /// OSV name with the release.
    pub(crate) name: Box<str>,
    pub(crate) ecosystem: Ecosystem,
    /// How versions are ordered here.
    pub(crate) scheme: Scheme,
    /// `None` where the database holds nothing of it.
    pub(crate) entry: Option<&'db EcosystemEntry>,
}

impl<'db> Shelf<'db> {
    /// `None` for a name that no ecosystem has, or one whose versions have no order.
    pub(crate) fn named(name: &str, database: &'db Database) -> Option<Self> {
        let (ecosystem, release) = Ecosystem::from_osv(name)?;
        let scheme = ecosystem.scheme_of(release)?;
        Some(Self { name: name.into(), ecosystem, scheme, entry: database.ecosystem(name) })
    }

    /// The names that begin as `name` does before its `*`, or that name alone.
    fn all_named(names: &[String], database: &'db Database) -> Vec<Self> {
        let mut shelves = Vec::new();
        for name in names {
            match name.strip_suffix('*') {
                None => shelves.extend(Self::named(name, database)),
                Some(prefix) => {
                    let known = database.ecosystems().iter().filter(|entry| entry.name.starts_with(prefix));
                    shelves.extend(known.filter_map(|entry| Self::named(&entry.name, database)));
                }
            }
        }
        shelves
    }
}

/// Everywhere that packages of one image are looked up.
pub(crate) struct Shelves<'db> {
    /// `ID` of the image's distribution.
    distribution: Option<Box<str>>,
    release: Option<ReleaseShelves<'db>>,
    languages: Vec<(PackageKind, Shelf<'db>)>,
    /// NVD's products, where they are to be asked.
    products: Option<Shelf<'db>>,
}

struct ReleaseShelves<'db> {
    filed_under: FiledUnder,
    /// The release's, and before them those of its subscription.
    all: Vec<Shelf<'db>>,
    /// How many of them are the subscription's.
    subscription: usize,
}

impl<'db> Shelves<'db> {
    pub(crate) fn new(
        distribution: Option<&Distribution>,
        database: &'db Database,
        options: MatchOptions,
    ) -> Self {
        let release = distribution.and_then(release_of).map(|release| {
            let mut all = Shelf::all_named(&release.subscription, database);
            let subscription = all.len();
            all.extend(Shelf::all_named(&release.names, database));
            ReleaseShelves { filed_under: release.filed_under, all, subscription }
        });
        let languages = PackageKind::ALL
            .iter()
            .filter_map(|&kind| Some((kind, Shelf::named(kind.ecosystem()?.osv_name(), database)?)));
        let distribution = distribution.map(|distribution| distribution.id.as_str().into());
        let products = options.by_cpe.then(|| Shelf::named("CPE", database)).flatten();
        Self { distribution, release, languages: languages.collect(), products }
    }

    /// Whether `namespace`, a distribution's, is that of the image.
    fn is_of_release(&self, namespace: &str) -> bool {
        self.distribution.as_deref() == Some(namespace)
    }

    /// Whether the distribution's packages can be matched at all.
    pub(crate) fn has_release(&self) -> bool {
        self.release.is_some()
    }

    /// What to ask about `package`.
    pub(crate) fn questions<'a>(&'a self, package: &'a Package) -> Result<Questions<'a, 'db>, Unasked> {
        if package.version.is_empty() { Err(Unasked::Version) } else { self.all_questions(package) }
    }

    /// The same also for a package without a version, about which no record can be judged.
    pub(crate) fn all_questions<'a>(&'a self, package: &'a Package) -> Result<Questions<'a, 'db>, Unasked> {
        if package.kind.is_os() {
            // A snap brings packages of a distribution that need not be the image's.
            if package.namespace.as_deref().is_some_and(|namespace| !self.is_of_release(namespace)) {
                return Err(Unasked::Foreign);
            }
            return Ok(self.release.as_ref().ok_or(Unasked::Release)?.questions(package));
        }
        if let Some(products) = self.products.as_ref().filter(|_| package.kind == PackageKind::Generic) {
            return product_questions(products, package).ok_or(Unasked::Ecosystem);
        }
        let (_, shelf) =
            self.languages.iter().find(|(kind, _)| *kind == package.kind).ok_or(Unasked::Ecosystem)?;
        if shelf.ecosystem == Ecosystem::Maven && package.namespace.is_none() {
            return Err(Unasked::Group);
        }
        let (name, version) = match package.kind {
            PackageKind::Go => (package.full_name(), go_version(package)),
            PackageKind::GitHubAction | PackageKind::GitHubWorkflow => {
                (repository(&package.name).into(), release_of_action(package).ok_or(Unasked::Commit)?.into())
            }
            _ => (package.full_name(), package.version.as_str().into()),
        };
        Ok(Questions {
            shelves: std::slice::from_ref(shelf),
            subscription: 0,
            keys: [Some((name, version)), None],
        })
    }
}

/// What to ask NVD about a program whose CPE names are known: each `vendor:product`, of which the newest come first.
fn product_questions<'a, 'db>(shelf: &'a Shelf<'db>, package: &'a Package) -> Option<Questions<'a, 'db>> {
    let names = package.details.get("cpe")?.split(' ').filter_map(|cpe| {
        let mut fields = cpe.strip_prefix("cpe:2.3:a:")?.split(':');
        Some(format!("{}:{}", fields.next()?, fields.next()?))
    });
    let mut keys = names.map(|name| (name.into(), package.version.as_str().into()));
    let keys = [Some(keys.next()?), keys.next()];
    Some(Questions { shelves: std::slice::from_ref(shelf), subscription: 0, keys })
}

impl<'db> ReleaseShelves<'db> {
    fn questions<'a>(&'a self, package: &'a Package) -> Questions<'a, 'db> {
        // Only what came from the subscription's archive is judged by its advisories.
        let (shelves, subscription) = if package.version.contains("esm") {
            (self.all.as_slice(), self.subscription)
        } else {
            (self.all.get(self.subscription..).unwrap_or_default(), 0)
        };
        let own = Some((package.name.as_str().into(), package.version.as_str().into()));
        let source = package
            .source
            .as_ref()
            .map(|source| (Cow::Borrowed(source.name.as_str()), Cow::Borrowed(source.version.as_str())));
        let keys = match (self.filed_under, source) {
            (FiledUnder::Source, Some(source)) => [Some(source), None],
            (FiledUnder::Both, Some(source)) if source.0 != package.name => [own, Some(source)],
            (FiledUnder::Binary, _) => {
                let in_stream = modular::name_in_stream(package);
                [own, in_stream.map(|name| (name.into(), package.version.as_str().into()))]
            }
            _ => [own, None],
        };
        Questions { shelves, subscription, keys }
    }
}

/// The standard library carries the toolchain's version, which is written its own way.
fn go_version(package: &Package) -> Cow<'_, str> {
    if package.name == "stdlib" {
        let toolchain = package.version.trim_start_matches("go");
        if let Some(semver) = go::toolchain_to_semver(&format!("go{toolchain}")) {
            return semver.into();
        }
    }
    package.version.as_str().into()
}

/// Advisories are filed under the repository: `owner/name` of `owner/name/path/to/action`.
pub(crate) fn repository(action: &str) -> &str {
    let end = action.match_indices('/').nth(1).map_or(action.len(), |(at, _)| at);
    action.get(..end).unwrap_or(action)
}

/// The release that an action is used at, without the `v` that advisories leave out; where it is used at a commit, the
/// one that the comment beside it names. `None` for a bare commit, which has no place in the order of releases.
fn release_of_action(package: &Package) -> Option<&str> {
    let named = package.details.get("tag").unwrap_or(&package.version);
    let is_commit = named.len() >= 40 && named.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!is_commit).then(|| named.strip_prefix('v').unwrap_or(named))
}

/// Why nothing can be asked about a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unasked {
    /// A distribution's package, and no advisories for the distribution.
    Release,
    /// A package of another distribution than the image's, whose release nothing tells.
    Foreign,
    /// A Java archive whose group nothing tells.
    Group,
    /// The version is not stated.
    Version,
    /// An action at a commit, and nothing tells which release that is.
    Commit,
    /// Nobody publishes advisories for this kind of package.
    Ecosystem,
}

/// All that is asked about one package: each name on each shelf.
pub(crate) struct Questions<'a, 'db> {
    shelves: &'a [Shelf<'db>],
    subscription: usize,
    /// Names with the versions to compare.
    keys: [Option<(Cow<'a, str>, Cow<'a, str>)>; 2],
}

/// One question to the database.
pub(crate) struct Question<'q, 'db> {
    pub(crate) shelf: &'q Shelf<'db>,
    /// Package name as the package bears it; the database compares names as the ecosystem does.
    pub(crate) name: &'q str,
    /// Version to compare.
    pub(crate) version: &'q str,
    /// Whether the shelf is a subscription's: its records go before those of the release.
    pub(crate) subscription: bool,
}

impl<'a, 'db> Questions<'a, 'db> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Question<'_, 'db>> {
        self.shelves.iter().enumerate().flat_map(move |(place, shelf)| {
            self.keys.iter().flatten().map(move |(name, version)| Question {
                shelf,
                name,
                version,
                subscription: place < self.subscription,
            })
        })
    }

    /// Where it would be filed, if the database has nothing of any of these ecosystems.
    pub(crate) fn absent(&self) -> Option<&'a str> {
        let first = self.shelves.first()?;
        self.shelves.iter().all(|shelf| shelf.entry.is_none()).then_some(&*first.name)
    }
}

impl<'db> Question<'_, 'db> {
    /// The records that are filed there, if there are any.
    #[inline]
    pub(crate) fn ask(&self, database: &'db Database) -> Result<Option<Candidates<'db>>, Error> {
        self.shelf.entry.map(|entry| database.affected_in(entry, self.name)).transpose()
    }

    /// The name as it is filed.
    pub(crate) fn filed_name(&self) -> String {
        self.shelf.ecosystem.normalize_name(self.name).into_owned()
    }
}
