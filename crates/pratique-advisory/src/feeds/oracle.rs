//! Oracle Linux: its errata as one OVAL document (<https://linux.oracle.com/security/oval/>).
//!
//! ```text
//! AND  Oracle Linux 8 is installed
//!      OR  AND  Oracle Linux arch is x86_64
//!               AND  Module virt:kvm_utils is enabled
//!                    OR  AND  hivex is earlier than 0:1.3.18-21.module+el8.7.0+21037+8ee66348
//!                             hivex is signed with the Oracle Linux 8 key
//! ```
//!
//! The document has some hundred megabytes and lists its tests behind the definitions. Their comments are made by the
//! same program and say all of it, so the comments are read and nothing must be kept.
//!
//! Traps:
//!
//! * Oracle ships a package in up to three flavours: the ordinary one, one that can be patched while it runs (`.ksplice1.`
//!   in its release) and one validated for FIPS 140 (`_fips`). Each has errata of its own, and epochs set them apart
//!   (`2:`, `10:`), so that an ordinary package looks older than the others' fixes. As Oracle's own engineers say (issue 1967
//!   of Trivy), an erratum of a flavour is for packages of that flavour alone; the number behind `ksplice` is a mere
//!   revision. There is an entry for each flavour here, and matching compares it with packages of the same flavour.
//! * Several kernels live side by side under the name `kernel-uek`: 4.14, 5.4, 5.15, … Each has errata of its own, which
//!   say nothing of the others: the range begins where the kernel's own series does (`5.15 <= x < 5.15.0-…`).
//! * One erratum may be for several releases. Versions may differ by architecture, which the database does not know;
//!   all before the highest counts as affected then.
//! * A stream of a module is named in the criteria; matching looks for it in the summary.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    entry, fixes, oval,
    xml::{Element, Elements},
};
use crate::{Feed, FeedError, FeedId, Sink, Source, osv};

const ALL: &str = "com.oracle.elsa-all.xml.bz2";
/// It has some 120 MB expanded.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;

/// Oracle Linux.
pub struct Oracle;

impl Feed for Oracle {
    fn id(&self) -> FeedId {
        FeedId::Oracle
    }

    fn base(&self) -> &'static str {
        "https://linux.oracle.com/security/oval"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let Some(mut document) = Elements::open(from, ALL, "an OVAL document", LARGEST)? else {
            let hint = "it holds all errata of Oracle Linux";
            return Err(FeedError::Missing { path: ALL.to_owned(), hint });
        };
        let mut told = BTreeSet::new();
        while let Some(definition) = document.next(&["definition"])? {
            take(&definition, &mut told, to)?;
        }
        Ok(())
    }
}

/// Where a fix applies: the release, the package, and what kind of it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    ecosystem: String,
    package: &'a str,
    flavour: Flavour,
    /// The first version of the kernel's series, `0` for others.
    introduced: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Flavour {
    Ordinary,
    Ksplice,
    Fips,
}

impl Flavour {
    fn of(evr: &str) -> Flavour {
        if evr.contains(".ksplice") {
            Flavour::Ksplice
        } else if evr.contains("_fips") {
            Flavour::Fips
        } else {
            Flavour::Ordinary
        }
    }
}

fn take(definition: &Element, told: &mut BTreeSet<String>, to: &mut Sink<'_>) -> Result<(), FeedError> {
    let nothing = Element::default();
    let metadata = definition.child("metadata").unwrap_or(&nothing);
    let advisory = metadata.child("advisory").unwrap_or(&nothing);
    let reference = |source: &'static str| {
        metadata.children("reference").filter(move |it| it.attribute("source") == Some(source))
    };
    let name = definition.attribute("id").unwrap_or("a definition");
    let Some(id) = reference("elsa").find_map(|it| it.attribute("ref_id")) else {
        return to.skip(name, "it names no erratum");
    };
    if !told.insert(id.to_owned()) {
        return to.skip(name, "the erratum has a definition already");
    }
    let Some(issued) = advisory.child("issued").and_then(|issued| issued.attribute("date")) else {
        return to.skip(id, "it has no date");
    };

    let mut places: BTreeMap<Place<'_>, BTreeSet<&str>> = BTreeMap::new();
    let mut modules = BTreeSet::new();
    for conjunction in oval::conjunctions(definition) {
        let comments = || conjunction.iter().filter_map(|criterion| criterion.attribute("comment"));
        let release = comments()
            .find_map(|comment| comment.strip_prefix("Oracle Linux ")?.strip_suffix(" is installed"));
        let fix = comments().find_map(|comment| comment.split_once(" is earlier than "));
        let (Some(release), Some((package, evr))) = (release, fix) else {
            let said: Vec<&str> = comments().collect();
            let reason = "no release and package in its criteria, which say: ";
            to.skip(id, &format!("{reason}{}", said.join("; ")))?;
            continue;
        };
        let module = |comment: &'_ str| -> Option<String> {
            Some(comment.strip_prefix("Module ")?.strip_suffix(" is enabled")?.to_owned())
        };
        modules.extend(comments().find_map(module));
        let evr = oval::without_zero_epoch(evr.trim());
        let place = Place {
            ecosystem: format!("Oracle Linux:{release}"),
            package: package.trim(),
            flavour: Flavour::of(evr),
            introduced: series(evr).unwrap_or_else(|| "0".to_owned()),
        };
        places.entry(place).or_default().insert(evr);
    }

    let affected = places.iter().map(|(place, fixed)| {
        let Place { ecosystem, package, introduced, .. } = place;
        let ranges = fixed.iter().map(|fixed| fixes::between(introduced, fixed));
        fixes::within(ecosystem, package, ranges)
    });
    let flaws: BTreeSet<&str> = reference("CVE").filter_map(|it| it.attribute("ref_id")).collect();
    let cves: Vec<&Element> = advisory.children("cve").collect();
    let rating = match cves.as_slice() {
        // Of several flaws the record cannot say whose vector is whose.
        [only] => vectors(only),
        _ => Vec::new(),
    };
    let links = reference("elsa").filter_map(|it| it.attribute("ref_url"));
    let record = osv::Record {
        id: id.to_owned().into(),
        upstream: flaws.into_iter().map(|id| id.to_owned().into()).collect(),
        modified: format!("{issued}T00:00:00Z").into(),
        published: Some(format!("{issued}T00:00:00Z").into()),
        summary: Some(summary(metadata.text_of("title").unwrap_or_default(), id, &modules).into()),
        details: metadata.text_of("description").map(|text| text.to_owned().into()),
        severity: rating,
        affected: affected.collect(),
        references: links.map(|url| entry::reference("ADVISORY", url)).collect(),
        database_specific: osv::Specific {
            severity: advisory.text_of("severity").map(|word| word.to_owned().into()),
            ..osv::Specific::default()
        },
        ..osv::Record::default()
    };
    to.record(&record)
}

/// The CVSS vectors of a flaw: `cvss3="7.8/CVSS:3.1/AV:L/…"`, score in front.
fn vectors(cve: &Element) -> Vec<osv::Rating<'static>> {
    [("cvss2", "CVSS_V2"), ("cvss3", "CVSS_V3"), ("cvss4", "CVSS_V4")]
        .into_iter()
        .filter_map(|(attribute, kind)| {
            let (_, vector) = cve.attribute(attribute)?.split_once('/')?;
            Some(osv::Rating { kind: kind.into(), score: vector.to_owned().into() })
        })
        .collect()
}

/// The series of an Unbreakable Enterprise Kernel: `4.14.35-1902.6.6.el7uek` → `4.14`.
fn series(evr: &str) -> Option<String> {
    let (version, release) = evr.rsplit_once('-')?;
    if !release.contains("uek") {
        return None;
    }
    let mut parts = version.split('.');
    Some(format!("{}.{}", parts.next()?, parts.next()?))
}

/// The title without the erratum's name, with the stream of the module that it is about.
///
/// `ELSA-2023-12342:  virt:kvm_utils security update (IMPORTANT)` → `virt:kvm_utils security update (IMPORTANT)`.
fn summary(title: &str, id: &str, modules: &BTreeSet<String>) -> String {
    let title = title.strip_prefix(id).unwrap_or(title).trim_start_matches([':', ' ']);
    let mut modules_iter = modules.iter();
    match (modules_iter.next(), modules_iter.next()) {
        (None, _) => title.to_owned(),
        (Some(module), None) if title.contains(module.as_str()) => title.to_owned(),
        (Some(module), None) => format!("{module} {title}"),
        // Of several streams none must be taken for the only one.
        (Some(_), Some(_)) => modules
            .iter()
            .fold(title.to_owned(), |title, module| title.replace(module, &module.replace(':', " "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_of_a_series_begin_with_it() {
        assert_eq!(series("4.14.35-1902.6.6.el7uek").as_deref(), Some("4.14"));
        assert_eq!(series("5.15.0-100.96.32.el8uek").as_deref(), Some("5.15"));
        assert_eq!(series("3.10.0-123.13.2.el7"), None);
        assert_eq!(series("uek"), None);
    }

    #[test]
    fn summaries_name_the_stream() {
        let title = "ELSA-2023-12342:  virt:kvm_utils security update (IMPORTANT)";
        let of = |title: &str, modules: &[&str]| {
            let modules = modules.iter().map(ToString::to_string).collect();
            summary(title, "ELSA-2023-12342", &modules)
        };
        assert_eq!(of(title, &["virt:kvm_utils"]), "virt:kvm_utils security update (IMPORTANT)");
        assert_eq!(of("ELSA-2023-12342:  qemu update", &["virt:ol"]), "virt:ol qemu update");
        assert_eq!(of(title, &["virt:kvm_utils", "virt:ol"]), "virt kvm_utils security update (IMPORTANT)");
    }
}
