//! What one of Red Hat's VEX documents says.
//!
//! Each statement is about a package as a component of a product. The product's CPE name is what OSV, too, files Red Hat's
//! advisories by: `cpe:/a:redhat:enterprise_linux:9::appstream` → `Red Hat:enterprise_linux:9::appstream`. Fixes are stated
//! of the repositories of one minor release, everything else of the whole release: `Red Hat:enterprise_linux:9`.
//!
//! Statuses and remediations (CSAF 2.0, sections 3.2.3.9 and 3.2.3.12):
//!
//! - `fixed`: the package's version is the first that does not have the flaw; among several of one product the lowest, for
//!   each of them is said to be fixed.
//! - `known_affected`: the remediation tells more: `no_fix_planned` with "Will not fix" → [`State::WillNotFix`], with "Out of
//!   support scope" → [`State::EndOfLife`]; `none_available` with "Fix deferred" → [`State::Deferred`], with "Affected" nothing.
//! - `under_investigation` → [`State::UnderInvestigation`]; `known_not_affected` → [`State::NotAffected`].
//!
//! Several may be said of one package of one product, of its architectures or of several builds. A fix goes before
//! "affected", that before "under investigation", and "not affected" comes last.
//!
//! Module streams: a package of a stream shares its name with those of other streams and of none. Here it is filed under its
//! stream and name, `redis:6/redis`: what is said of one stream says nothing of another. The package URL has the stream in
//! its qualifier `rpmmod` (`redis:6:8100020250113083959:489197e6`).
//!
//! Trap: documents made before 2025 name but the source package where there is no fix.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry},
};

use pratique_version::{Scheme, compare, purl::PackageUrl};

use super::super::{
    csaf::{Document, Products, Score, Vulnerability},
    entry::{entry, modified, owned, reference, time},
};
use crate::{State, osv};

/// What a document says.
#[derive(Default)]
pub(crate) struct Statements {
    pub(crate) records: Vec<osv::Record<'static>>,
    /// Statements about container images.
    pub(crate) images: u64,
    /// Statements about other things that are no RPM packages.
    pub(crate) others: u64,
    /// Statements about packages of products without a CPE name of Red Hat's.
    pub(crate) foreign: u64,
}

/// What is said of one package of one product, the strongest last.
#[derive(Clone, Debug)]
enum Said {
    NotAffected,
    UnderInvestigation,
    Affected(Option<State>),
    Fixed(String),
}

impl Said {
    fn strength(&self) -> u8 {
        match self {
            Said::NotAffected => 0,
            Said::UnderInvestigation => 1,
            Said::Affected(_) => 2,
            Said::Fixed(_) => 3,
        }
    }

    /// Whether this replaces what was said before.
    fn beats(&self, other: &Said) -> bool {
        match (self, other) {
            (Said::Fixed(new), Said::Fixed(old)) => compare(Scheme::Rpm, new, old).is_ok_and(Ordering::is_lt),
            // That it is affected and nothing else goes before a reason why it is not fixed.
            (Said::Affected(None), Said::Affected(Some(_))) => true,
            _ => self.strength() > other.strength(),
        }
    }
}

/// A package of a product: ecosystem and name.
type Place = (String, String);

/// A component's package URL, read.
enum Component {
    Package { name: String, version: Option<String> },
    Image,
    Other,
}

impl Statements {
    /// Reads a document.
    pub(crate) fn parse(json: &[u8]) -> Result<Statements, String> {
        let document = Document::parse(json).map_err(|problem| problem.to_string())?;
        if &*document.document.category != "csaf_vex" {
            let category: String = document.document.category.chars().take(64).collect();
            return Err(format!("its category is {category:?}, not csaf_vex"));
        }
        if time(&document.document.tracking.current_release_date).is_none() {
            return Err("current_release_date is not a time".into());
        }
        let products = document.products();
        let mut statements = Statements::default();
        for vulnerability in &document.vulnerabilities {
            let affected = statements.affected(vulnerability, &products);
            statements.records.push(record(&document, vulnerability, affected)?);
        }
        if statements.records.is_empty() {
            return Err("it is about no flaw".into());
        }
        Ok(statements)
    }

    fn affected(&mut self, flaw: &Vulnerability<'_>, products: &Products<'_>) -> Vec<osv::Affected<'static>> {
        let reasons = reasons(flaw);
        let assessments = Assessments::of(flaw);
        let mut components: HashMap<&str, Component> = HashMap::new();
        let mut places: BTreeMap<Place, (Said, usize)> = BTreeMap::new();
        for (status, ids) in &flaw.product_status {
            for id in ids {
                let (component, product) = products.component(id).unwrap_or((id, id));
                let read = components.entry(component).or_insert_with(|| {
                    let purl = products.helper(component).and_then(|helper| helper.purl.as_deref());
                    purl.map_or(Component::Other, Component::parse)
                });
                let (name, version) = match read {
                    Component::Package { name, version } => (name, version),
                    Component::Image => {
                        self.images += 1;
                        continue;
                    }
                    Component::Other => {
                        self.others += 1;
                        continue;
                    }
                };
                let cpe = products.helper(product).and_then(|helper| helper.cpe.as_deref());
                let Some(ecosystem) = cpe.and_then(ecosystem) else {
                    self.foreign += 1;
                    continue;
                };
                let said = match (&**status, version) {
                    ("fixed" | "first_fixed", Some(version)) => Said::Fixed(version.clone()),
                    ("known_affected" | "first_affected" | "last_affected", _) => {
                        Said::Affected(reasons.get(&**id).copied())
                    }
                    ("known_not_affected", _) => Said::NotAffected,
                    ("under_investigation", _) => Said::UnderInvestigation,
                    // A recommended version need not be the first fixed one; a fix without version says nothing.
                    _ => {
                        self.others += 1;
                        continue;
                    }
                };
                let assessment = assessments.of_product(id);
                match places.entry((ecosystem, name.clone())) {
                    Entry::Vacant(free) => _ = free.insert((said, assessment)),
                    Entry::Occupied(mut held) if said.beats(&held.get().0) => {
                        held.insert((said, assessment));
                    }
                    Entry::Occupied(_) => {}
                }
            }
        }
        let affected = places.into_iter().map(|((ecosystem, name), (said, assessment))| {
            let mut entry = match said {
                Said::Fixed(version) => entry(&ecosystem, &name, Some(&version), None),
                Said::Affected(state) => entry(&ecosystem, &name, None, state),
                Said::UnderInvestigation => entry(&ecosystem, &name, None, Some(State::UnderInvestigation)),
                Said::NotAffected => return entry(&ecosystem, &name, None, Some(State::NotAffected)),
            };
            assessments.state(assessment, &mut entry);
            entry
        });
        affected.collect()
    }
}

/// Why products that are affected are not fixed.
fn reasons<'d>(flaw: &'d Vulnerability<'_>) -> HashMap<&'d str, State> {
    let mut reasons = HashMap::new();
    for remediation in &flaw.remediations {
        let state = match (&*remediation.category, &*remediation.details) {
            ("no_fix_planned", "Out of support scope") => State::EndOfLife,
            ("no_fix_planned", _) => State::WillNotFix,
            ("none_available", "Fix deferred") => State::Deferred,
            ("none_available", "Under investigation") => State::UnderInvestigation,
            _ => continue,
        };
        reasons.extend(remediation.product_ids.iter().map(|id| (&**id, state)));
    }
    reasons
}

/// How bad the flaw is: mostly the same for all products, and then stated once.
struct Assessments<'d> {
    /// Vector and word, each distinct pair once; the first one is the flaw's own.
    distinct: Vec<(Option<&'d str>, Option<&'d str>)>,
    by_product: HashMap<&'d str, usize>,
}

impl<'d> Assessments<'d> {
    fn of(flaw: &'d Vulnerability<'_>) -> Assessments<'d> {
        let vector = |score: &'d Score<'_>| {
            score.cvss_v3.as_ref().or(score.cvss_v2.as_ref()).map(|cvss| &*cvss.vector)
        };
        let threats = || flaw.threats.iter().filter(|threat| &*threat.category == "impact");
        let most = flaw.scores.iter().max_by_key(|score| score.products.len()).and_then(vector);
        let word = threats().max_by_key(|threat| threat.product_ids.len()).map(|threat| &*threat.details);
        let mut all = Assessments { distinct: vec![(most, word)], by_product: HashMap::new() };
        let same = |score: &Score<'_>| score.cvss_v3.is_none() && score.cvss_v2.is_none();
        if flaw.scores.iter().all(|score| same(score) || vector(score) == most)
            && threats().all(|threat| Some(&*threat.details) == word)
        {
            return all;
        }
        let mut pairs: HashMap<&str, (Option<&str>, Option<&str>)> = HashMap::new();
        for score in &flaw.scores {
            score.products.iter().for_each(|id| pairs.entry(id).or_default().0 = vector(score));
        }
        for threat in threats() {
            threat.product_ids.iter().for_each(|id| pairs.entry(id).or_default().1 = Some(&threat.details));
        }
        for (id, pair) in pairs {
            let place = all.distinct.iter().position(|known| *known == pair).unwrap_or_else(|| {
                all.distinct.push(pair);
                all.distinct.len() - 1
            });
            all.by_product.insert(id, place);
        }
        all
    }

    fn of_product(&self, id: &str) -> usize {
        self.by_product.get(id).copied().unwrap_or_default()
    }

    /// States on an entry what differs from the flaw's own.
    fn state(&self, place: usize, entry: &mut osv::Affected<'static>) {
        let (Some((vector, word)), true) = (self.distinct.get(place), place > 0) else { return };
        entry.severity = vector.map(rating).into_iter().collect();
        entry.ecosystem_specific.severity = word.map(owned);
    }
}

fn rating(vector: &str) -> osv::Rating<'static> {
    let kind = if vector.starts_with("CVSS:4") {
        "CVSS_V4"
    } else if vector.starts_with("CVSS:3") {
        "CVSS_V3"
    } else {
        "CVSS_V2"
    };
    osv::Rating { kind: kind.into(), score: owned(vector) }
}

fn record(
    document: &Document<'_>,
    flaw: &Vulnerability<'_>,
    affected: Vec<osv::Affected<'static>>,
) -> Result<osv::Record<'static>, String> {
    let meta = &document.document;
    let id = flaw.cve.as_deref().or(flaw.ids.first().map(|id| &*id.text));
    let id = id.filter(|id| !id.is_empty()).ok_or("its flaw has no identifier")?;
    let own = Assessments::of(flaw);
    let (vector, word) = own.distinct.first().copied().unwrap_or_default();
    let note = |category: &str| flaw.notes.iter().find(|note| &*note.category == category);
    let title = flaw.title.as_deref().unwrap_or(&meta.title);
    let word = word.or(meta.aggregate_severity.as_ref().map(|severity| &*severity.text));
    // The advisories that fixed it, each once.
    let fixes: BTreeSet<&str> = flaw.remediations.iter().filter_map(|fix| fix.url.as_deref()).collect();
    let links = flaw
        .references
        .iter()
        .map(|link| reference(if &*link.category == "self" { "ADVISORY" } else { "WEB" }, &*link.url));
    let mut record = osv::Record {
        id: format!("REDHAT-{id}").into(),
        modified: modified([&*meta.tracking.current_release_date]),
        published: flaw.release_date.as_deref().and_then(time).map(|time| time.to_string().into()),
        summary: (!title.is_empty()).then(|| owned(title)),
        details: note("description").map(|note| owned(&note.text)),
        severity: vector.map(rating).into_iter().collect(),
        affected,
        references: links.chain(fixes.into_iter().map(|url| reference("ADVISORY", url))).collect(),
        ..osv::Record::default()
    };
    record.database_specific.severity = word.map(owned);
    record.upstream.push(owned(id));
    Ok(record)
}

/// `cpe:/a:redhat:enterprise_linux:9::appstream` → `Red Hat:enterprise_linux:9::appstream`.
fn ecosystem(cpe: &str) -> Option<String> {
    let product = cpe.strip_prefix("cpe:/o:redhat:").or_else(|| cpe.strip_prefix("cpe:/a:redhat:"))?;
    (!product.is_empty()).then(|| format!("Red Hat:{product}"))
}

impl Component {
    fn parse(purl: &str) -> Component {
        let Ok(purl) = PackageUrl::parse(purl) else { return Component::Other };
        match purl.package_type() {
            "oci" | "docker" => return Component::Image,
            "rpm" => {}
            _ => return Component::Other,
        }
        let name = match purl.qualifier("rpmmod").and_then(stream) {
            Some(stream) => format!("{stream}/{}", purl.name()),
            None => purl.name().to_owned(),
        };
        // As OSV and the package database write it: the epoch is always there.
        let epoch = purl.qualifier("epoch").unwrap_or("0");
        let version = purl.version().map(|version| format!("{epoch}:{version}"));
        Component::Package { name, version }
    }
}

/// `redis:6` of `redis:6:8100020250113083959:489197e6`.
fn stream(module: &str) -> Option<&str> {
    let end = module.match_indices(':').nth(1).map_or(module.len(), |(at, _)| at);
    module.get(..end).filter(|stream| stream.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(purl: &str) -> Option<(String, Option<String>)> {
        match Component::parse(purl) {
            Component::Package { name, version } => Some((name, version)),
            _ => None,
        }
    }

    #[test]
    fn components_are_packages_or_not() {
        let plain = "pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=src&epoch=1";
        assert_eq!(package(plain), Some(("openssl".into(), Some("1:3.0.7-27.el9".into()))));
        let modular = "pkg:rpm/redhat/redis@6.2.17-1.module%2Bel8.10.0?arch=src&rpmmod=redis:6:8100020250113083959:489197e6";
        assert_eq!(
            package(modular),
            Some(("redis:6/redis".into(), Some("0:6.2.17-1.module+el8.10.0".into())))
        );
        let unfixed = "pkg:rpm/redhat/sidekiq?arch=src&rpmmod=satellite:el8";
        assert_eq!(package(unfixed), Some(("satellite:el8/sidekiq".into(), None)));
        assert!(matches!(Component::parse("pkg:oci/redis-container?tag=1"), Component::Image));
        assert!(matches!(Component::parse("pkg:gem/nokogiri"), Component::Other));
        assert!(matches!(Component::parse("redis"), Component::Other));
    }

    #[test]
    fn the_strongest_word_and_the_lowest_fix_stay() {
        let fixed = |version: &str| Said::Fixed(version.into());
        assert!(fixed("0:1-9.el9").beats(&fixed("0:1-10.el9")));
        assert!(!fixed("0:1-10.el9").beats(&fixed("0:1-9.el9")));
        assert!(fixed("0:1-1").beats(&Said::Affected(None)));
        assert!(Said::Affected(None).beats(&Said::Affected(Some(State::WillNotFix))));
        assert!(!Said::NotAffected.beats(&Said::UnderInvestigation));
    }
}
