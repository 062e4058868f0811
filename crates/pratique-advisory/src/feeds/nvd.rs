//! The National Vulnerability Database, in its own format 2.0: scores, descriptions and links of every CVE, and the products
//! that it names.
//!
//! `nvdcve-2.0-YYYY.json.gz` has the CVEs of a year (that of 2002 those before it, too), `nvdcve-2.0-modified.json.gz` what
//! changed in the last days; pages of the API have the same shape. A rejected CVE is withdrawn.
//!
//! Products are CPE names, of vendors and not of packages. They are filed under the ecosystem `CPE` and the name
//! `vendor:product`, for matching only where it is asked for:
//!
//! - Of a configuration ("this plugin on that server") only what is marked vulnerable counts; the surroundings that it needs
//!   are not looked at. Hardware is left out, and so is what a negated node names.
//! - `versionStartExcluding` has no event in OSV. The version itself is taken in: one too many rather than a range too few.
//! - A version that is not stated (`*`, `-`) is every version. An update (`8.5.0:beta1`) follows its version: `8.5.0-beta1`.
//! - Edition, language and target software are not looked at.
//!
//! Scores: NVD's own where it has rated the flaw (`Primary`); else those that the CVE's issuer gave it (`Secondary`).
//!
//! Trap: times have no zone; they are of Greenwich. `metrics` has members that are no CVSS (`ssvcV203`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::BufReader,
    mem,
};

use rayon::prelude::*;
use serde::{
    Deserialize, Deserializer as _,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    documents,
    entry::{modified, owned, package, range, reference, time},
    expand,
};
use crate::{Feed, FeedError, FeedId, Sink, Source, osv, osv::Str};

/// A year's CVEs take some 200 MB expanded.
const LARGEST: u64 = 8 * 1024 * 1024 * 1024;
const MODIFIED: &str = "nvdcve-2.0-modified.json.gz";
const FIRST_YEAR: u16 = 2002;
const LAST_YEAR: u16 = 2100;
/// CVEs that are parsed at once.
const BATCH: usize = 1024;

/// The feed.
pub struct Nvd;

impl Feed for Nvd {
    fn id(&self) -> FeedId {
        FeedId::Nvd
    }

    fn base(&self) -> &'static str {
        "https://nvd.nist.gov/feeds/json/cve/2.0"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let (seen, changed) = (BTreeSet::new(), BTreeMap::new());
        let mut taken = Taken { to, seen, changed, hold: true, again: 0, hardware: 0 };
        // What changed is read first and held until the year's file is read: of both, the newer counts.
        if let Some(mut paths) = from.list()? {
            paths.retain(|path| documents::is_json(path));
            let (changes, rest): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.contains("-modified"));
            for path in changes {
                file(from, path, &mut taken)?;
            }
            taken.hold = false;
            for path in rest {
                file(from, path, &mut taken)?;
            }
        } else {
            file(from, MODIFIED, &mut taken)?;
            taken.hold = false;
            for year in FIRST_YEAR..=LAST_YEAR {
                let path = format!("nvdcve-2.0-{year}.json.gz");
                if !file(from, &path, &mut taken)? {
                    if year == FIRST_YEAR {
                        return Err(FeedError::Missing { path, hint: "it has NVD's first CVEs" });
                    }
                    break;
                }
            }
        }
        for record in mem::take(&mut taken.changed).into_values() {
            taken.to.record(&record)?;
        }
        taken.to.leave_out("another file has the CVE, as new or newer", taken.again);
        taken.to.leave_out("they are about hardware", taken.hardware);
        Ok(())
    }
}

/// Reads a file. Whether it is there.
fn file(from: &dyn Source, path: &str, taken: &mut Taken<'_, '_>) -> Result<bool, FeedError> {
    let Some(file) = expand::open(from, path, LARGEST)? else { return Ok(false) };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(file));
    let mut pass = Pass { taken, path, failed: None };
    let read = json.deserialize_map(&mut pass).and_then(|()| json.end());
    match (pass.failed, read) {
        (Some(failed), _) => Err(failed),
        (None, Ok(())) => Ok(true),
        (None, Err(problem)) => Err(FeedError::Format {
            path: path.to_owned(),
            expected: "a file of NVD's CVE feed 2.0",
            reason: problem.to_string(),
        }),
    }
}

/// Takes records, each CVE once.
struct Taken<'to, 'a> {
    to: &'to mut Sink<'a>,
    seen: BTreeSet<String>,
    /// What is held, by CVE.
    changed: BTreeMap<String, osv::Record<'static>>,
    hold: bool,
    again: u64,
    hardware: u64,
}

impl Taken<'_, '_> {
    fn record(&mut self, Parsed { record, hardware }: Parsed) -> Result<(), FeedError> {
        self.hardware += hardware;
        let held = self.changed.remove(&*record.id);
        self.again += u64::from(held.is_some());
        let newer = match held {
            Some(held) if time(&held.modified) >= time(&record.modified) => held,
            _ => record,
        };
        if self.hold {
            self.changed.insert(newer.id.to_string(), newer);
        } else if self.seen.insert(newer.id.to_string()) {
            self.to.record(&newer)?;
        } else {
            self.again += 1;
        }
        Ok(())
    }
}

/// One file on its way through the JSON reader, which knows no errors but its own.
struct Pass<'p, 'to, 'a> {
    taken: &'p mut Taken<'to, 'a>,
    path: &'p str,
    failed: Option<FeedError>,
}

impl Pass<'_, '_, '_> {
    fn take(&mut self, batch: &mut Vec<Box<RawValue>>, first: usize) -> Result<(), FeedError> {
        let parsed: Vec<_> = batch.par_iter().map(|json| Parsed::parse(json.get())).collect();
        batch.clear();
        for (place, parsed) in parsed.into_iter().enumerate() {
            match parsed {
                Ok(parsed) => self.taken.record(parsed)?,
                Err(reason) => {
                    self.taken
                        .to
                        .skip(&format!("{}: vulnerability {}", self.path, first + place), &reason)?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for &mut Pass<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with vulnerabilities")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "vulnerabilities" {
                found = true;
                map.next_value_seed(Vulnerabilities(self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if found { Ok(()) } else { Err(A::Error::missing_field("vulnerabilities")) }
    }
}

struct Vulnerabilities<'v, 'p, 'to, 'a>(&'v mut Pass<'p, 'to, 'a>);

impl<'de> DeserializeSeed<'de> for Vulnerabilities<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Vulnerabilities<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of vulnerabilities")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let (mut batch, mut first) = (Vec::new(), 0);
        loop {
            let next = list.next_element::<Box<RawValue>>()?;
            let end = next.is_none();
            batch.extend(next);
            if end || batch.len() >= BATCH {
                let size = batch.len();
                if let Err(failed) = self.0.take(&mut batch, first) {
                    self.0.failed = Some(failed);
                    return Err(A::Error::custom("not taken"));
                }
                first += size;
            }
            if end {
                return Ok(());
            }
        }
    }
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    cve: Cve<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    published: Str<'a>,
    #[serde(borrow)]
    last_modified: Str<'a>,
    #[serde(borrow, default)]
    vuln_status: Str<'a>,
    #[serde(borrow)]
    descriptions: Vec<Described<'a>>,
    #[serde(borrow, default)]
    metrics: Metrics<'a>,
    #[serde(borrow, default)]
    configurations: Vec<Configuration<'a>>,
    #[serde(borrow, default)]
    references: Vec<Link<'a>>,
}

#[derive(Deserialize)]
struct Described<'a> {
    #[serde(borrow)]
    lang: Str<'a>,
    #[serde(borrow)]
    value: Str<'a>,
}

/// The members of `metrics` that are CVSS.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metrics<'a> {
    #[serde(borrow, rename = "cvssMetricV40")]
    v40: Vec<Metric<'a>>,
    #[serde(borrow, rename = "cvssMetricV31")]
    v31: Vec<Metric<'a>>,
    #[serde(borrow, rename = "cvssMetricV30")]
    v30: Vec<Metric<'a>>,
    #[serde(borrow, rename = "cvssMetricV2")]
    v2: Vec<Metric<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric<'a> {
    #[serde(borrow, rename = "type", default)]
    rank: Str<'a>,
    #[serde(borrow)]
    cvss_data: Cvss<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cvss<'a> {
    #[serde(borrow)]
    vector_string: Str<'a>,
}

#[derive(Deserialize)]
struct Configuration<'a> {
    #[serde(borrow)]
    nodes: Vec<Node<'a>>,
    #[serde(default)]
    negate: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    #[serde(default)]
    negate: bool,
    #[serde(borrow, default)]
    cpe_match: Vec<Match<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match<'a> {
    vulnerable: bool,
    #[serde(borrow)]
    criteria: Str<'a>,
    #[serde(borrow, default)]
    version_start_including: Option<Str<'a>>,
    #[serde(borrow, default)]
    version_start_excluding: Option<Str<'a>>,
    #[serde(borrow, default)]
    version_end_including: Option<Str<'a>>,
    #[serde(borrow, default)]
    version_end_excluding: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct Link<'a> {
    #[serde(borrow)]
    url: Str<'a>,
    #[serde(borrow, default)]
    tags: Vec<Str<'a>>,
}

struct Parsed {
    record: osv::Record<'static>,
    /// Statements about hardware.
    hardware: u64,
}

impl Parsed {
    fn parse(json: &str) -> Result<Parsed, String> {
        let Item { cve } = serde_json::from_str(json).map_err(|problem| problem.to_string())?;
        let (Some(published), Some(_)) = (time(&cve.published), time(&cve.last_modified)) else {
            return Err("published or lastModified is not a time".into());
        };
        let rejected = &*cve.vuln_status == "Rejected";
        let description = cve.descriptions.iter().find(|description| &*description.lang == "en");
        let (affected, hardware) = affected(&cve)?;
        let last = modified([&*cve.last_modified]);
        let record = osv::Record {
            id: owned(&cve.id),
            withdrawn: rejected.then(|| last.clone()),
            modified: last,
            published: Some(published.to_string().into()),
            details: description.map(|description| owned(&description.value)),
            severity: ratings(&cve.metrics),
            affected,
            references: references(&cve.references),
            ..osv::Record::default()
        };
        Ok(Parsed { record, hardware })
    }
}

fn ratings(metrics: &Metrics<'_>) -> Vec<osv::Rating<'static>> {
    let kinds = [
        ("CVSS_V4", &metrics.v40),
        ("CVSS_V3", &metrics.v31),
        ("CVSS_V3", &metrics.v30),
        ("CVSS_V2", &metrics.v2),
    ];
    let all = || kinds.iter().flat_map(|(kind, list)| list.iter().map(move |metric| (*kind, metric)));
    let is_own = |metric: &Metric<'_>| &*metric.rank == "Primary";
    let rated = all().any(|(_, metric)| is_own(metric));
    all()
        .filter(|(_, metric)| !rated || is_own(metric))
        .map(|(kind, metric)| osv::Rating {
            kind: kind.into(),
            score: owned(&metric.cvss_data.vector_string),
        })
        .collect()
}

/// Links, each once: the issuer and NVD list the same ones.
fn references(links: &[Link<'_>]) -> Vec<osv::Reference<'static>> {
    let mut kinds: BTreeMap<&str, &'static str> = BTreeMap::new();
    for link in links {
        let has = |tag: &str| link.tags.iter().any(|it| &**it == tag);
        let kind = if has("Patch") {
            "FIX"
        } else if has("Vendor Advisory") || has("Third Party Advisory") {
            "ADVISORY"
        } else if has("Exploit") {
            "EVIDENCE"
        } else {
            "WEB"
        };
        let held = kinds.entry(&link.url).or_insert(kind);
        if *held == "WEB" {
            *held = kind;
        }
    }
    kinds.into_iter().map(|(url, kind)| reference(kind, url)).collect()
}

/// What the configurations name, and how many of their statements are about hardware.
fn affected(cve: &Cve<'_>) -> Result<(Vec<osv::Affected<'static>>, u64), String> {
    let mut hardware = 0;
    let mut products: BTreeMap<String, osv::Affected<'static>> = BTreeMap::new();
    let nodes = cve.configurations.iter().filter(|it| !it.negate).flat_map(|it| &it.nodes);
    for stated in nodes.filter(|node| !node.negate).flat_map(|node| &node.cpe_match) {
        if !stated.vulnerable {
            continue;
        }
        let name = parts(&stated.criteria).ok_or_else(|| {
            format!("{:?} is not a CPE name", stated.criteria.chars().take(128).collect::<String>())
        })?;
        let [part, vendor, product, version, update] = &name;
        if part == "h" {
            hardware += 1;
            continue;
        }
        let product = format!("{vendor}:{product}");
        let entry = products.entry(product).or_insert_with_key(|name| osv::Affected {
            package: Some(package("CPE", name)),
            ..osv::Affected::default()
        });
        match stated.range() {
            Some(events) => entry.ranges.push(range(events)),
            None if matches!(version.as_str(), "*" | "-") => {
                let all = osv::Event { introduced: Some("0".into()), ..osv::Event::default() };
                entry.ranges.push(range(vec![all]));
            }
            None if matches!(update.as_str(), "*" | "-") => entry.versions.push(version.clone().into()),
            None => entry.versions.push(format!("{version}-{update}").into()),
        }
    }
    Ok((products.into_values().collect(), hardware))
}

impl Match<'_> {
    /// The range that is stated beside the name, if one is.
    fn range(&self) -> Option<Vec<osv::Event<'static>>> {
        let start = self.version_start_including.as_deref().or(self.version_start_excluding.as_deref());
        let fixed = self.version_end_excluding.as_deref();
        let last = self.version_end_including.as_deref();
        if start.is_none() && fixed.is_none() && last.is_none() {
            return None;
        }
        let event = osv::Event::default;
        let introduced = osv::Event { introduced: Some(owned(start.unwrap_or("0"))), ..event() };
        let end = match (fixed, last) {
            (Some(fixed), _) => Some(osv::Event { fixed: Some(owned(fixed)), ..event() }),
            (None, Some(last)) => Some(osv::Event { last_affected: Some(owned(last)), ..event() }),
            (None, None) => None,
        };
        Some([introduced].into_iter().chain(end).collect())
    }
}

/// Part, vendor, product, version and update of a CPE 2.3 name (NISTIR 7695, section 6.2), in which `\` takes the special
/// meaning from the next character.
fn parts(criteria: &str) -> Option<[String; 5]> {
    let rest = criteria.strip_prefix("cpe:2.3:")?;
    let mut parts: [String; 5] = Default::default();
    let mut place = 0;
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' => {
                place += 1;
                if place == parts.len() {
                    break;
                }
            }
            '\\' => parts.get_mut(place)?.push(letters.next()?),
            letter => parts.get_mut(place)?.push(letter),
        }
    }
    let named = parts.get(1..3)?.iter().all(|name| name != "*");
    (named && parts.iter().all(|part| !part.is_empty())).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn names_are_taken_apart() {
        let name = r"cpe:2.3:a:themeisle:wp_\&_coming\:soon:*:*:*:*:*:wordpress:*:*";
        assert_eq!(parts(name), Some(["a", "themeisle", "wp_&_coming:soon", "*", "*"].map(str::to_owned)));
        for broken in
            ["", "cpe:/a:b:c", "cpe:2.3:a:b:*:*:*", "cpe:2.3:a:b", "cpe:2.3:a::c:*:*", "cpe:2.3:a:b:c:*:\\"]
        {
            assert_eq!(parts(broken), None, "{broken}");
        }
    }
}
