//! Photon OS: its CVE metadata, a JSON list for each release.
//!
//! ```text
//! {"cve_id":"CVE-2023-38545","pkg":"curl","cve_score":9.8,
//!  "aff_ver":"all versions before 7.88.1-4.ph4 are vulnerable","res_ver":"7.88.1-4.ph4","status":"Fixed"}
//! ```
//!
//! `pkg` is a binary or a source package. What decides: `Not Affected` clears the package; else the fix is `res_ver`, or, if
//! that says nothing (`NA`), what `aff_ver` says; `all versions are vulnerable` has no fix yet. An entry that names no
//! version at all though its status is `Fixed` (`NA` and `NA`) tells nothing and is passed over. A score is that of CVSS
//! 3, without its vector. There are no dates. Identifiers are not only CVEs (`BDSA-2025-0719`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{entry, expand, fixes};
use crate::{Feed, FeedError, FeedId, Sink, Source, osv};

/// A release's list has some 5 MB.
const LARGEST: u64 = 512 * 1024 * 1024;
const VERSIONS: &str = "photon_versions.json";
/// Where the list of releases is not there.
const KNOWN: [&str; 5] = ["1.0", "2.0", "3.0", "4.0", "5.0"];
const MOST_RELEASES: usize = 100;

/// Photon OS.
pub struct Photon;

impl Feed for Photon {
    fn id(&self) -> FeedId {
        FeedId::Photon
    }

    fn base(&self) -> &'static str {
        "https://packages.vmware.com/photon/photon_cve_metadata"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let mut flaws = BTreeMap::new();
        let mut found = false;
        for release in releases(from)? {
            found |= list(from, &release, &mut flaws, to)?;
        }
        if !found {
            let hint = "there is such a list for each release of Photon OS";
            return Err(FeedError::Missing { path: "cve_data_photon5.0.json".to_owned(), hint });
        }
        tell(flaws, to)
    }
}

#[derive(Deserialize)]
struct Versions {
    branches: Vec<String>,
}

#[derive(Deserialize)]
struct Entry {
    cve_id: Option<String>,
    pkg: Option<String>,
    cve_score: Option<f64>,
    aff_ver: Option<String>,
    res_ver: Option<String>,
    status: Option<String>,
}

#[derive(Default)]
struct Flaw {
    score: Option<f64>,
    places: BTreeMap<Place, Statement>,
}

/// Ecosystem and package.
type Place = (String, String);

/// What all entries of one flaw in one package come to.
#[derive(Default)]
struct Statement {
    fixes: BTreeSet<String>,
    unfixed: bool,
}

fn releases(from: &dyn Source) -> Result<BTreeSet<String>, FeedError> {
    let Some(json) = expand::whole(from, VERSIONS, LARGEST)? else {
        return Ok(KNOWN.map(str::to_owned).into());
    };
    let versions: Versions = parse(&json, VERSIONS, "a list of releases")?;
    let is_release = |name: &String| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    };
    Ok(versions.branches.into_iter().filter(is_release).take(MOST_RELEASES).collect())
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8], path: &str, expected: &'static str) -> Result<T, FeedError> {
    serde_json::from_slice(json).map_err(|problem| FeedError::Format {
        path: path.to_owned(),
        expected,
        reason: problem.to_string(),
    })
}

/// Reads the list of a release; whether it is there.
fn list(
    from: &dyn Source,
    release: &str,
    flaws: &mut BTreeMap<String, Flaw>,
    to: &mut Sink<'_>,
) -> Result<bool, FeedError> {
    let path = format!("cve_data_photon{release}.json");
    let Some(json) = expand::whole(from, &path, LARGEST)? else { return Ok(false) };
    let entries: Vec<Entry> = parse(&json, &path, "a list of flaws")?;
    for entry in entries {
        let stated = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (Some(id), Some(package)) = (stated(entry.cve_id), stated(entry.pkg)) else {
            to.skip(&path, "an entry names no flaw or no package")?;
            continue;
        };
        let status = entry.status.unwrap_or_default();
        let words = entry.aff_ver.as_deref().map(affected);
        let fix = entry.res_ver.as_deref().and_then(version);
        let place = (format!("Photon OS:{release}"), package.trim().to_owned());
        let mut statement = Statement::default();
        match (fix, words) {
            _ if status.eq_ignore_ascii_case("not affected") => {}
            (Some(fix), _) | (None, Some(Words::Before(fix))) => {
                statement.fixes.insert(fix.to_owned());
            }
            (None, Some(Words::All)) => statement.unfixed = true,
            (None, Some(Words::Other) | None) => {
                let entry = format!("{path}: {id} {}", place.1);
                to.skip(&entry, &format!("no version in it, though its status is {status:?}"))?;
                continue;
            }
        }
        let flaw = flaws.entry(id.trim().to_owned()).or_default();
        flaw.score = match (flaw.score, entry.cve_score) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        let known = flaw.places.entry(place).or_default();
        known.fixes.extend(statement.fixes);
        known.unfixed |= statement.unfixed;
    }
    Ok(true)
}

/// What `aff_ver` says.
enum Words<'a> {
    /// `all versions before 7.88.1-4.ph4 are vulnerable`.
    Before(&'a str),
    /// `all versions are vulnerable`.
    All,
    Other,
}

fn affected(text: &str) -> Words<'_> {
    let Some(rest) = text.trim().strip_prefix("all versions ") else { return Words::Other };
    let before = rest.strip_prefix("before ").and_then(|rest| rest.split_whitespace().next());
    match before.and_then(version) {
        Some(fix) => Words::Before(fix),
        None if rest.contains("vulnerable") && !rest.starts_with("before") => Words::All,
        None => Words::Other,
    }
}

/// A version, unless it is `NA` or something else without a digit.
fn version(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_version = text.bytes().any(|byte| byte.is_ascii_digit()) && !text.contains(char::is_whitespace);
    is_version.then_some(text)
}

fn tell(flaws: BTreeMap<String, Flaw>, to: &mut Sink<'_>) -> Result<(), FeedError> {
    for (id, flaw) in flaws {
        let affected = flaw.places.into_iter().map(|((ecosystem, package), statement)| {
            if statement.unfixed {
                return entry::entry(&ecosystem, &package, None, None);
            }
            if statement.fixes.is_empty() {
                return fixes::never(&ecosystem, &package);
            }
            let ranges = statement.fixes.iter().map(|fixed| fixes::before(fixed));
            fixes::within(&ecosystem, &package, ranges)
        });
        let record = osv::Record {
            id: format!("PHOTON-{id}").into(),
            aliases: fixes::aliases(&id),
            upstream: vec![id.clone().into()],
            modified: entry::LONG_AGO.into(),
            affected: affected.collect(),
            database_specific: osv::Specific { cvss_v3: flaw.score, ..osv::Specific::default() },
            ..osv::Record::default()
        };
        to.record(&record)?;
    }
    Ok(())
}
