//! Security databases of distributions that use apk: Alpine's, Wolfi's, Chainguard's.
//!
//! ```text
//! {"distroversion":"v3.20","reponame":"main","packages":[
//!   {"pkg":{"name":"busybox","secfixes":{"1.30.1-r2":["CVE-2019-5747"],"0":["CVE-2021-28831"]}}}]}
//! ```
//!
//! They come out of the comments `# secfixes:` in the build files (<https://wiki.alpinelinux.org/wiki/Secfixes>). `name`
//! is that of the source package. Only what is done is told: a flaw that nobody has fixed yet is not there.
//!
//! Traps, each of which occurs:
//!
//! * The version `0` says that the package never had the flaw.
//! * A flaw is fixed in several versions of one package: a fix was incomplete (`9.26-r1`, `9.26-r2`), was lost with an
//!   update and made again, or fixes of two branches were copied. What lies between may be affected or not; all before
//!   the highest counts as affected. A flaw that stands under `0` and under a version was fixed in that version.
//! * A flaw's text holds several identifiers (`CVE-2016-6258 XSA-182`), a note (`CVE-2018-16300 (BGP)`), a number behind
//!   (`CVE-2017-17434-1`), a misspelling (`CVE_2019-2426`, `CVE 2018-16859`) or a blank (`CVE-????-?????  XSA-295`).
//!   Where there is a CVE it names the flaw, as several CVEs may share an XSA and are several flaws all the same.
//! * `secfixes` lists no flaws (`"2.8.0-r0": {}` or `null`), `packages` is an empty object.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::{entry, expand, fixes};
use crate::{Feed, FeedError, FeedId, Sink, Source, osv};

/// Alpine's `main` of a release has some 150 KB, Wolfi's some 10 MB.
const LARGEST: u64 = 512 * 1024 * 1024;
/// The minor numbers of releases that may be there. Alpine 3.2 is the first with a database.
const RELEASES: RangeInclusive<u32> = 2..=200;
/// From this one on, some in a row that are not there end the search.
const KNOWN: u32 = 24;
const IN_A_ROW: u32 = 3;
/// No package has fixed so many flaws, and no file has so many packages.
const MOST_FIXES: usize = 5_000_000;

/// Alpine Linux, all its releases and `edge`.
pub struct Alpine;

/// Wolfi.
pub struct Wolfi;

/// Chainguard's own packages.
pub struct Chainguard;

impl Feed for Alpine {
    fn id(&self) -> FeedId {
        FeedId::Alpine
    }

    fn base(&self) -> &'static str {
        "https://secdb.alpinelinux.org"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let mut flaws = Flaws::default();
        let mut release = |name: &str, to: &mut Sink<'_>| -> Result<bool, FeedError> {
            let mut found = false;
            for repository in ["main", "community"] {
                let path = format!("{name}/{repository}.json");
                found |= flaws.read(from, &path, &format!("Alpine:{name}"), to)?;
            }
            Ok(found)
        };
        let mut found = release("edge", to)?;
        let mut missing = 0;
        for minor in RELEASES {
            if release(&format!("v3.{minor}"), to)? {
                (found, missing) = (true, 0);
            } else {
                missing += 1;
            }
            if minor >= KNOWN && missing >= IN_A_ROW {
                break;
            }
        }
        if !found {
            return Err(FeedError::Missing {
                path: "v3.20/main.json".to_owned(),
                hint: "a folder for each release of Alpine holds main.json and community.json",
            });
        }
        flaws.tell("ALPINE", to)
    }
}

impl Feed for Wolfi {
    fn id(&self) -> FeedId {
        FeedId::Wolfi
    }

    fn base(&self) -> &'static str {
        "https://packages.wolfi.dev"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        rolling(from, "os/security.json", "Wolfi", "WOLFI", to)
    }
}

impl Feed for Chainguard {
    fn id(&self) -> FeedId {
        FeedId::Chainguard
    }

    fn base(&self) -> &'static str {
        "https://packages.cgr.dev"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        rolling(from, "chainguard/security.json", "Chainguard", "CHAINGUARD", to)
    }
}

/// A distribution without releases: one file.
fn rolling(
    from: &dyn Source,
    path: &str,
    ecosystem: &str,
    prefix: &str,
    to: &mut Sink<'_>,
) -> Result<(), FeedError> {
    let mut flaws = Flaws::default();
    if !flaws.read(from, path, ecosystem, to)? {
        let hint = "the distribution's security database lies beside its packages";
        return Err(FeedError::Missing { path: path.to_owned(), hint });
    }
    flaws.tell(prefix, to)
}

#[derive(Deserialize)]
struct Document {
    #[serde(default, deserialize_with = "or_nothing")]
    packages: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default, deserialize_with = "or_nothing")]
    secfixes: BTreeMap<String, Fixes>,
}

/// An object of which only matters whether it is empty.
type Fields = serde_json::Map<String, serde_json::Value>;

/// The flaws of one version. Written as a list, and as `{}` or `null` where there are none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Fixes {
    Flaws(Vec<String>),
    Null(()),
    Nothing(Fields),
    Other(IgnoredAny),
}

/// Reads `null` and `{}` where something is expected as nothing of it.
fn or_nothing<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<T> {
        Something(T),
        Null(()),
        Empty(Fields),
    }
    match Either::deserialize(deserializer)? {
        Either::Something(it) => Ok(it),
        Either::Null(()) => Ok(T::default()),
        Either::Empty(fields) if fields.is_empty() => Ok(T::default()),
        Either::Empty(_) => Err(serde::de::Error::custom("fields where packages are expected")),
    }
}

/// Where one flaw is fixed: by release and package the versions, of which `0` stands for "never affected".
type Places = BTreeMap<(String, String), BTreeSet<String>>;

#[derive(Default)]
struct Flaws {
    by_id: BTreeMap<String, Flaw>,
    fixes: usize,
}

#[derive(Default)]
struct Flaw {
    places: Places,
    /// Other identifiers that stood beside this one.
    beside: BTreeSet<String>,
}

impl Flaws {
    /// Reads one file; whether it is there.
    fn read(
        &mut self,
        from: &dyn Source,
        path: &str,
        ecosystem: &str,
        to: &mut Sink<'_>,
    ) -> Result<bool, FeedError> {
        let Some(json) = expand::whole(from, path, LARGEST)? else { return Ok(false) };
        let wrong = |reason: String| FeedError::Format {
            path: path.to_owned(),
            expected: "a security database",
            reason,
        };
        let document: Document =
            serde_json::from_slice(&json).map_err(|problem| wrong(problem.to_string()))?;
        for Entry { pkg } in document.packages {
            for (version, fixes) in pkg.secfixes {
                let texts = match fixes {
                    Fixes::Flaws(texts) => texts,
                    Fixes::Null(()) => continue,
                    Fixes::Nothing(fields) if fields.is_empty() => continue,
                    Fixes::Nothing(_) | Fixes::Other(_) => {
                        to.skip(&format!("{path}: {} {version}", pkg.name), "it is no list of flaws")?;
                        continue;
                    }
                };
                for text in texts {
                    let ids = Identifiers::of(&text);
                    if ids.named.is_empty() || version.is_empty() || pkg.name.is_empty() {
                        let entry = format!("{path}: {} {version}: {text}", pkg.name);
                        to.skip(&entry, "no identifier of a flaw is in it")?;
                        continue;
                    }
                    self.fixes += ids.named.len();
                    if self.fixes > MOST_FIXES {
                        return Err(wrong(format!("there are more than {MOST_FIXES} fixes")));
                    }
                    for id in ids.named {
                        let flaw = self.by_id.entry(id).or_default();
                        flaw.beside.extend(ids.beside.iter().cloned());
                        let place = flaw.places.entry((ecosystem.to_owned(), pkg.name.clone())).or_default();
                        place.insert(version.clone());
                    }
                }
            }
        }
        Ok(true)
    }

    /// Makes a record of each flaw, called by the distribution and the flaw, as OSV's Alpine records are.
    fn tell(self, prefix: &str, to: &mut Sink<'_>) -> Result<(), FeedError> {
        for (id, flaw) in self.by_id {
            let details = (!flaw.beside.is_empty()).then(|| {
                let others: Vec<String> = flaw.beside.into_iter().collect();
                format!("Also known as {}.", others.join(", ")).into()
            });
            let affected = flaw.places.iter().map(|((ecosystem, name), versions)| {
                let mut fixed = versions.iter().filter(|version| *version != "0").peekable();
                if fixed.peek().is_none() {
                    return fixes::never(ecosystem, name);
                }
                fixes::within(ecosystem, name, fixed.map(|version| fixes::before(version)))
            });
            let record = osv::Record {
                id: format!("{prefix}-{id}").into(),
                aliases: fixes::aliases(&id),
                upstream: vec![id.clone().into()],
                modified: entry::LONG_AGO.into(),
                details,
                affected: affected.collect(),
                ..osv::Record::default()
            };
            to.record(&record)?;
        }
        Ok(())
    }
}

/// The identifiers in the text that stands for a flaw.
#[derive(Debug, Default, PartialEq)]
struct Identifiers {
    /// Each a flaw of its own.
    named: Vec<String>,
    /// Others of the same.
    beside: Vec<String>,
}

impl Identifiers {
    fn of(text: &str) -> Identifiers {
        // What stands in parentheses is a note.
        let text = text.split('(').next().unwrap_or_default();
        // `CVE 2018-16859`: the year stands alone.
        let text = text.replace("CVE ", "CVE-");
        let words = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';' || c == '/');
        let (mut cves, mut others) = (Vec::new(), Vec::new());
        for word in words {
            if let Some(cve) = cve(word) {
                cves.push(cve);
            } else if is_identifier(word) {
                others.push(word.to_owned());
            }
        }
        cves.dedup();
        if cves.is_empty() {
            let beside = if others.len() > 1 { others.split_off(1) } else { Vec::new() };
            return Identifiers { named: others, beside };
        }
        Identifiers { named: cves, beside: others }
    }
}

/// The CVE that a word begins with, in its right spelling.
fn cve(word: &str) -> Option<String> {
    let rest = word.strip_prefix("CVE")?.strip_prefix(['-', '_'])?;
    let (year, rest) = rest.split_once(['-', '_'])?;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let after = rest.get(number.len()..)?.chars().next();
    let right = year.len() == 4
        && year.bytes().all(|byte| byte.is_ascii_digit())
        && number.len() >= 4
        && !after.is_some_and(char::is_alphanumeric);
    right.then(|| format!("CVE-{year}-{number}"))
}

/// `XSA-182`, `GHSA-jq35-85cj-fj4p`, `TALOS-2019-0844`: letters of a publisher, a hyphen, and what has a digit in it.
fn is_identifier(word: &str) -> bool {
    let Some((publisher, number)) = word.split_once('-') else { return false };
    publisher.len() >= 2
        && publisher != "CVE"
        && publisher.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && number.bytes().any(|byte| byte.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_in_all_their_spellings() {
        for (text, named, beside) in [
            ("CVE-2019-9210", "CVE-2019-9210", ""),
            ("CVE_2019-2426", "CVE-2019-2426", ""),
            ("CVE 2018-16859", "CVE-2018-16859", ""),
            ("CVE-2017-17434-1", "CVE-2017-17434", ""),
            ("CVE-2016-6258 XSA-182", "CVE-2016-6258", "XSA-182"),
            ("CVE-2018-3639   XSA-263", "CVE-2018-3639", "XSA-263"),
            ("CVE-????-?????  XSA-295", "XSA-295", ""),
            ("CVE-2019-5060 TALOS-2019-0844", "CVE-2019-5060", "TALOS-2019-0844"),
            ("CVE-2018-10103 (SMB - partially fixed, CVE-2000-0001)", "CVE-2018-10103", ""),
            ("CVE-2020-0001, CVE-2020-0002", "CVE-2020-0001 CVE-2020-0002", ""),
            ("GHSA-jq35-85cj-fj4p", "GHSA-jq35-85cj-fj4p", ""),
            ("XSA-207", "XSA-207", ""),
            ("CVE-2020-12a34", "", ""),
            ("CVE-20-1234", "", ""),
            ("regression", "", ""),
            ("", "", ""),
        ] {
            let ids = Identifiers::of(text);
            assert_eq!(
                (ids.named.join(" ").as_str(), ids.beside.join(" ").as_str()),
                (named, beside),
                "{text}"
            );
        }
    }
}
