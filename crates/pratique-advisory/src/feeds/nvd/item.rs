//! One CVE as NVD states it, and the record it becomes.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::entry::{modified, owned, package, range, reference, time};
use crate::{osv, osv::Str};

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

/// A CVE, read.
pub(super) struct Parsed {
    pub(super) record: osv::Record<'static>,
    /// Statements about hardware.
    pub(super) hardware: u64,
}

impl Parsed {
    pub(super) fn parse(json: &str) -> Result<Parsed, String> {
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
