//! Azure Linux, once CBL-Mariner: OVAL definitions, a document for each release
//! (<https://github.com/microsoft/AzureLinuxVulnerabilityData>).
//!
//! A definition is one flaw in one source package, and says in a field of its own what is to be done:
//!
//! * `patchable` is `true`: fixed, and the state names the first version that is.
//! * `false`: no fix yet; the state names the version that is there (`less than or equal`).
//! * `Not Applicable`: "either no longer is or was never applicable". Its state still names a version, which means
//!   nothing: the package is not affected.
//!
//! Traps: comments shorten the version (`2.6.7-3` for `2.6.7-3.azl3`), so the tests decide; a flaw of a package may have
//! two definitions, the fix having been made again; versions may have a lower end too (`greater than 0.0.0`); not every
//! definition has a date.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    entry, fixes,
    oval::{self, Operation, Tests},
    xml::{Element, Elements},
};
use crate::{Feed, FeedError, FeedId, Sink, Source, osv};

/// That of 2.0 has some 15 MB.
const LARGEST: u64 = 1024 * 1024 * 1024;
const MOST_DEFINITIONS: usize = 2_000_000;

const RELEASES: [(&str, &str); 3] = [
    ("Azure Linux:1", "cbl-mariner-1.0-oval.xml"),
    ("Azure Linux:2", "cbl-mariner-2.0-oval.xml"),
    ("Azure Linux:3", "azurelinux-3.0-oval.xml"),
];

/// Azure Linux.
pub struct AzureLinux;

impl Feed for AzureLinux {
    fn id(&self) -> FeedId {
        FeedId::AzureLinux
    }

    fn base(&self) -> &'static str {
        "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let mut flaws = BTreeMap::new();
        let mut found = false;
        for (ecosystem, path) in RELEASES {
            found |= document(from, path, ecosystem, &mut flaws, to)?;
        }
        if !found {
            let hint = "there is an OVAL document for each release";
            return Err(FeedError::Missing { path: "azurelinux-3.0-oval.xml".to_owned(), hint });
        }
        tell(flaws, to)
    }
}

/// A definition, before its tests are known.
struct Definition {
    name: String,
    flaw: String,
    patchable: String,
    severity: Option<String>,
    date: Option<String>,
    description: Option<String>,
    /// Criteria, each a way to be affected.
    ways: Vec<Vec<Element>>,
}

/// What is known of a flaw, over all releases.
#[derive(Default)]
struct Flaw {
    /// The newest date that a definition states of it.
    modified: String,
    /// The newest description.
    description: String,
    places: BTreeMap<Place, Statement>,
}

/// Ecosystem and package.
type Place = (String, String);

#[derive(Default)]
struct Statement {
    severity: Option<String>,
    /// For each range its first version, and its end.
    ranges: BTreeSet<(String, End)>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Fixed(String),
    LastAffected(String),
    Open,
}

/// Reads a document; whether it is there.
fn document(
    from: &dyn Source,
    path: &str,
    ecosystem: &str,
    flaws: &mut BTreeMap<String, Flaw>,
    to: &mut Sink<'_>,
) -> Result<bool, FeedError> {
    let expected = "an OVAL document";
    let Some(mut elements) = Elements::open(from, path, expected, LARGEST)? else { return Ok(false) };
    let [test, object, state] = oval::TABLES;
    let (mut made, mut definitions, mut tests) = (None, Vec::new(), Tests::default());
    while let Some(element) = elements.next(&["timestamp", "definition", test, object, state])? {
        match element.name.as_str() {
            "timestamp" => made = entry::time(element.text()).map(|time| time.to_string()),
            "definition" if definitions.len() == MOST_DEFINITIONS => {
                let reason = format!("it has more than {MOST_DEFINITIONS} definitions");
                return Err(FeedError::Format { path: path.to_owned(), expected, reason });
            }
            "definition" => match Definition::of(&element) {
                Ok(definition) => definitions.push(definition),
                Err((name, reason)) => to.skip(&name, reason)?,
            },
            _ => tests.take(&element),
        }
    }
    let made = made.unwrap_or_else(|| entry::LONG_AGO.to_owned());
    for definition in definitions {
        gather(definition, ecosystem, &made, &tests, flaws, to)?;
    }
    Ok(true)
}

impl Definition {
    fn of(element: &Element) -> Result<Definition, (String, &'static str)> {
        let name = element.attribute("id").unwrap_or("a definition").to_owned();
        let nothing = Element::default();
        let metadata = element.child("metadata").unwrap_or(&nothing);
        let reference = metadata.children("reference").find(|it| it.attribute("source") == Some("CVE"));
        let Some(flaw) = reference.and_then(|it| it.attribute("ref_id")).map(str::to_owned) else {
            return Err((name, "it names no flaw"));
        };
        let owned = |field: &str| metadata.text_of(field).map(str::to_owned);
        let (severity, description) = (owned("severity"), owned("description"));
        let patchable = owned("patchable").unwrap_or_default();
        let date = metadata.text_of("advisory_date").and_then(entry::time).map(|time| time.to_string());
        let mut ways = Vec::new();
        for way in oval::conjunctions(element) {
            ways.push(way.into_iter().map(Element::attributes_alone).collect());
        }
        Ok(Definition { name, flaw, patchable, severity, date, description, ways })
    }
}

fn gather(
    definition: Definition,
    ecosystem: &str,
    made: &str,
    tests: &Tests,
    flaws: &mut BTreeMap<String, Flaw>,
    to: &mut Sink<'_>,
) -> Result<(), FeedError> {
    let mut found: BTreeMap<&str, Vec<(String, End)>> = BTreeMap::new();
    for way in &definition.ways {
        let (mut package, mut introduced, mut end) = (None, "0".to_owned(), End::Open);
        for criterion in way {
            let Some((name, operation, evr)) = tests.asked(criterion) else { continue };
            package = Some(name);
            match operation {
                Operation::Less => end = End::Fixed(evr.to_owned()),
                Operation::LessOrEqual => end = End::LastAffected(evr.to_owned()),
                // The bound itself is one version too much for `greater than`, and none too few.
                Operation::Greater | Operation::GreaterOrEqual => evr.clone_into(&mut introduced),
            }
        }
        if let Some(package) = package {
            found.entry(package).or_default().push((introduced, end));
        }
    }
    if found.is_empty() {
        return to.skip(&definition.name, "none of its tests asks for a version");
    }
    let applies = match definition.patchable.to_ascii_lowercase().as_str() {
        "true" | "false" => true,
        "not applicable" => false,
        other => {
            let reason = format!("its field patchable is none of true, false, Not Applicable: {other:?}");
            return to.skip(&definition.name, &reason);
        }
    };
    let flaw = flaws.entry(definition.flaw).or_default();
    let date = definition.date.unwrap_or_else(|| made.to_owned());
    if date > flaw.modified {
        flaw.modified = date;
        flaw.description = definition.description.unwrap_or_default();
    }
    for (package, ranges) in found {
        let statement = flaw.places.entry((ecosystem.to_owned(), package.to_owned())).or_default();
        if applies {
            statement.ranges.extend(ranges);
            statement.severity = definition.severity.clone().or(statement.severity.take());
        }
    }
    Ok(())
}

fn tell(flaws: BTreeMap<String, Flaw>, to: &mut Sink<'_>) -> Result<(), FeedError> {
    for (id, flaw) in flaws {
        let affected = flaw.places.into_iter().map(|((ecosystem, package), statement)| {
            if statement.ranges.is_empty() {
                return fixes::never(&ecosystem, &package);
            }
            let ranges = statement.ranges.into_iter().map(|(introduced, end)| {
                let end = match end {
                    End::Fixed(fixed) => {
                        Some(osv::Event { fixed: Some(fixed.into()), ..osv::Event::default() })
                    }
                    End::LastAffected(last) => {
                        Some(osv::Event { last_affected: Some(last.into()), ..osv::Event::default() })
                    }
                    End::Open => None,
                };
                entry::range([fixes::since(&introduced)].into_iter().chain(end).collect())
            });
            let mut affected = fixes::within(&ecosystem, &package, ranges);
            affected.ecosystem_specific.severity = statement.severity.map(Into::into);
            affected
        });
        let record = osv::Record {
            id: format!("AZL-{id}").into(),
            aliases: fixes::aliases(&id),
            upstream: vec![id.clone().into()],
            modified: flaw.modified.into(),
            details: Some(flaw.description.into()),
            affected: affected.collect(),
            ..osv::Record::default()
        };
        to.record(&record)?;
    }
    Ok(())
}
